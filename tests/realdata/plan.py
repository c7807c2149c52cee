"""What AdventureWorks has in its stores is entered, what it sold and bought is posted month by month, of two months by the papers
themselves; then requirements are planned over all of it, the work that is proposed is placed at the work centres, and the statements
are drawn up. What is planned is held against a planning of the same figures by hand, here; stock and turnover against the figures
that came with the data."""
import datetime
import decimal
import time
from collections import Counter, defaultdict

from billing import CENT, cents, compare_billing, load_billing
from sales import MINE, ref

D = decimal.Decimal


# ---- Loading ----

def load_stock(loader):
    """A place for each location, an entry slip (PW) for what lies there, at standard cost."""
    k = loader.k
    k.create("logistics.warehouse", {"external_id": "aw-stores", "code": "AW", "name": "AdventureWorks", "usual": True})
    stores = k.list("logistics.warehouse", [["external_id", "=", "aw-stores"]])["rows"][0]["id"]
    products = {p["ProductID"]: p for p in loader.table("Product")}
    loader.load("base.item", [{"external_id": f"aw-item-{n}", "valuation": "standard"} for n in products], "valuation")
    loader.load("logistics.location", [{"external_id": f"aw-place-{c['LocationID']}", "code": f"aw-{c['LocationID']}", "warehouse": stores, "place": "stores"} for c in loader.table("Location")])
    places = {row["external_id"]: row["id"] for row in k.each("logistics.location", [["external_id", "starts_with", "aw-place-"]], fields=["id", "external_id"])}
    items = {row["external_id"]: row["id"] for row in k.each("base.item", [["external_id", "starts_with", "aw-item-"]], fields=["id", "external_id"])}
    lines = defaultdict(list)
    for row in loader.table("ProductInventory"):
        if D(row["Quantity"]):
            lines[row["LocationID"]].append({"item": items[f"aw-item-{row['ProductID']}"], "quantity": row["Quantity"], "unit_cost": products[row["ProductID"]]["StandardCost"]})
    for place, found in lines.items():
        for at in range(0, len(found), 200):
            slip = k.create("logistics.transfer", {"kind": "entry", "warehouse": stores, "location": places[f"aw-place-{place}"], "lines": found[at:at + 200]})["id"]
            k.call("logistics.transfer.post", {"id": slip})


def by_month(k, entity):
    """Net and tax of the orders that came with the data, of each month, rounded so that they add up over all months."""
    rows = k.aggregate(entity, {"net": "sum:net", "tax": "sum:tax"}, group=["day:month"], filter=[MINE], limit=500)
    so_far, posted = Counter(), Counter()
    for row in sorted(rows, key=lambda row: row["day:month"]):
        amounts = []
        for field in ("net", "tax"):
            so_far[field] += D(row[field])
            amounts.append(so_far[field].quantize(CENT, decimal.ROUND_HALF_UP) - posted[field])
            posted[field] += amounts[-1]
        yield datetime.date.fromisoformat(row["day:month"][:7] + "-28"), amounts


def load_books(loader):
    """What was sold and bought of each month is an entry, less what its papers made; what lies in the stores is posted by its slips."""
    k = loader.k
    if not k.count("base.company", []):
        k.import_rows("base.company", [{"external_id": "aw-company", "name": "AdventureWorks", "country": ref("country", "US"), "currency": ref("currency", "USD"), "zone": "Etc/UTC"}], key="aw-company")
    for year in (2011, 2012, 2013, 2014, datetime.date.today().year):
        k.call("finance.setup", {"chart": "international", "year": f"{year}-01-01"})
    account = {row["code"]: row["id"] for row in k.list("finance.account", [], limit=500)["rows"]}
    billed = load_billing(loader, account)
    for entity, text, net_on, sign in (("crm.order", "Sales", "4100", -1), ("logistics.purchase_order", "Purchases", "6100", 1)):
        for day, (net, tax) in by_month(k, entity):
            papers = billed.get((entity, str(day)[:7]), (D(0), D(0)))
            net, tax = net - papers[0], tax - papers[1]
            lines = [(net_on, sign * net), ("2210", sign * tax), ("1400", -sign * (net + tax))]
            entry = k.create("finance.entry", {"day": str(day), "text": text, "lines": [
                {"account": account[code], "debit" if value > 0 else "credit": str(abs(value))} for code, value in lines if value]})["id"]
            k.call("finance.entry.post", {"id": entry})


def load_plan(loader):
    began = time.monotonic()
    load_books(loader)
    load_stock(loader)
    print(f"  stock and books in {time.monotonic() - began:.2f} s", flush=True)


# ---- By hand ----

def least_bought(loader):
    """What the cheapest vendor of each product sells at least; of several the quicker, then the one known longer."""
    known, best = [v["BusinessEntityID"] for v in loader.table("Vendor")], {}
    for p in loader.table("ProductVendor"):
        offer = (D(p["StandardPrice"]), int(p["AverageLeadTime"]), known.index(p["BusinessEntityID"]), D(p["MinOrderQty"]))
        best[p["ProductID"]] = min(offer, best.get(p["ProductID"], offer))
    return {product: offer[-1] for product, offer in best.items()}


def planned_by_hand(loader):
    """Lot for lot: what safety stocks and what goes into what is planned ask for, less what is there; but what is bought as it is sold."""
    today, needs, there = datetime.date.today().isoformat(), defaultdict(list), Counter()
    products = {p["ProductID"]: p for p in loader.table("Product") if not p["DiscontinuedDate"]}
    for row in loader.table("ProductInventory"):
        there[row["ProductID"]] += D(row["Quantity"])
    for row in loader.table("BillOfMaterials"):
        if row["ProductAssemblyID"] in products and row["StartDate"][:10] <= today and (not row["EndDate"] or row["EndDate"][:10] >= today):
            needs[row["ComponentID"]].append((row["ProductAssemblyID"], D(row["PerAssemblyQty"])))
    known, least = {}, least_bought(loader)

    def planned(product):
        if product not in known:
            gross = sum((planned(parent) * quantity for parent, quantity in needs[product]), D(0))
            short = max(D(0), gross + D(products[product]["SafetyStockLevel"]) - there[product])
            known[product] = max(short, least.get(product, D(0))) if short else short
        return known[product]

    return {f"aw-item-{product}": planned(product) for product in products if planned(product)}


# ---- Against the figures that came with the data ----

def compare_stock(k, table, loader, expected):
    cost = {row["id"]: D(row["standard_cost"] or 0) for row in k.each("base.item", [MINE], fields=["id", "standard_cost"])}
    names = {f"aw-place-{c['LocationID']}": c["Name"] for c in loader.table("Location")}
    quantity, value = Counter(), Counter()
    for row in k.each("logistics.stock", [["location.external_id", "starts_with", "aw-place-"]], fields=["item", "on_hand", "location.external_id"]):
        place = names[row["location.external_id"]]
        quantity[place] += D(row["on_hand"])
        value[place] += D(row["on_hand"]) * cost[row["item"]]
    for place, e in expected["by_location"].items():
        table.row(f"stock at {place}: quantity, value", (quantity[place], value[place]), (D(e["quantity"]), D(e["value"])), show=False)
    table.row("stock in all: quantity, value", (sum(quantity.values()), sum(value.values())), (D(expected["quantity"]), D(expected["value"])), show=False)


def compare_levels(k, table, loader, expected):
    """What is there, of all places, against how much there should always be; the points of reordering are the data's own."""
    there = {row["item.external_id"]: D(row["on_hand"]) for row in k.aggregate("logistics.stock", {"on_hand": "sum:on_hand"}, group=["item.external_id"], filter=[["place", "=", "stores"]], limit=5000)}
    safe = {row["external_id"]: D(row["safety_stock"] or 0) for row in k.each("base.item", [MINE], fields=["external_id", "safety_stock"])}
    products = {f"aw-item-{p['ProductID']}": p for p in loader.table("Product")}
    stocked = {f"aw-item-{row['ProductID']}" for row in loader.table("ProductInventory")}  # some of which there is none now
    table.row("products stocked", len(stocked), expected["products_stocked"])
    level = {item: there.get(item, D(0)) for item in stocked}
    table.row("products of which there is none", sum(not quantity for quantity in level.values()), expected["products_with_zero"])
    table.row("products below their safety stock", sum(level[item] < safe[item] for item in level), expected["products_below_safety_stock"])
    table.row("products below the point of reordering", sum(level[item] < D(products[item]["ReorderPoint"]) for item in level), expected["products_below_reorder_point"])


def wait_for(k, job):
    while (state := k.call("job.get", {"id": job})["state"]) in ("queued", "running"):
        time.sleep(0.05)
    return state


def compare_requirements(k, table, loader):
    began = time.monotonic()
    table.row("the planning run", wait_for(k, k.call("production.mrp.run", {})["job"]), "done", show=False)
    print(f"  planned in {time.monotonic() - began:.2f} s", flush=True)
    ours = {row["item.external_id"]: D(row["quantity"]) for row in k.aggregate("production.proposal", {"quantity": "sum:quantity"}, group=["item.external_id"], limit=2000)}
    theirs = planned_by_hand(loader)
    table.row("items to make or buy", len(ours), len(theirs))
    table.row("how many of them", sum(ours.values()), sum(theirs.values()))
    for item in sorted(set(ours) | set(theirs)):
        table.row(f"to make or buy of {item}", ours.get(item), theirs.get(item), show=False)


def compare_capacity(k, table):
    """Proposed work that has a routing is made firm and confirmed: no operation shares its work centre with another, no day is too full."""
    confirmed = placed = 0
    for row in k.list("production.proposal", [["kind", "=", "make"]], sort="level,id", limit=300, fields=["id"])["rows"]:
        k.call("production.proposal.firm", {"id": row["id"]})
        order = k.get("production.proposal", row["id"])["supply"]["id"]
        if k.get("production.order", order)["routing"]:
            k.call("production.order.confirm", {"id": order})
            confirmed, placed = confirmed + 1, placed + bool(k.get("production.order", order)["begins"])
    at = defaultdict(list)
    for row in k.each("production.operation", [["state", "in", ["blocked", "ready"]]], fields=["centre", "begins", "ends"]):
        at[row["centre"]].append((row["begins"], row["ends"]))
    overlapping = sum(later[0] < earlier[1] for spans in at.values() for earlier, later in zip(sorted(spans), sorted(spans)[1:]))
    table.row("proposals made firm and placed", placed, confirmed)
    table.row(f"operations that overlap, of {sum(map(len, at.values()))} at {len(at)} centres", overlapping, 0)
    last = min(max(end for spans in at.values() for _, end in spans)[:10], str(datetime.date.today() + datetime.timedelta(399)))
    load = k.call("production.capacity.load", {"from": str(datetime.date.today()), "until": last})["rows"]
    table.row(f"days too full, of {len(load)}", sum(row["taken"] > row["available"] for row in load), 0)


def compare_statements(k, table, expected):
    sold = {year: D(e["subtotal"]) + D(e["freight"]) for year, e in expected["sales"]["by_year"].items()}
    for year in sorted(sold):
        last = {f"{year}-01-01": sum((v for y, v in sold.items() if y < year), D(0)), f"{year}-12-31": sum((v for y, v in sold.items() if y <= year), D(0))}
        turnover = cents(last[f"{year}-12-31"]) - cents(last[f"{year}-01-01"])
        rows = {row["code"]: row for row in k.call("finance.profit_loss", {"from": f"{year}-01-01", "to": f"{year}-12-31"})["rows"]}
        table.row(f"profit and loss of {year}: sales", D(rows["4100"]["amount"]), turnover)
    sheet = k.call("finance.balance_sheet", {"day": str(datetime.date.today())})
    stock = next(D(row["amount"]) for row in sheet["rows"] if row["code"] == "1200")
    table.row("balance sheet: stock", stock, cents(sum(D(row["value"]) for row in k.each("logistics.valuation", [], fields=["value"]))))
    table.row("assets are liabilities, equity and result", D(sheet["assets"]), sum(D(sheet[part]) for part in ("liabilities", "equity", "result")))
    table.row("findings of the proof of the books", len(k.call("finance.prove", {})["findings"]), 0)


def compare_plan(k, table, loader, expected):
    compare_stock(k, table, loader, expected["stock"])
    compare_levels(k, table, loader, expected["stock"])
    compare_requirements(k, table, loader)
    compare_capacity(k, table)
    compare_billing(k, table, loader, expected)
    compare_statements(k, table, expected)
