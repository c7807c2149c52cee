"""How AdventureWorks' sales fall upon carriers, currencies, customers and sales people, and the moves that its orders made: asked of
what was brought in by grouped queries, and held against the figures that came with the data. The moves themselves are not brought in
(they do not sum up to what lies in the stores): those of sales are the lines of orders, those of work the production orders;
those of purchases, of which the data has not all, are left out."""
import decimal
from collections import Counter

from sales import MEASURES, MINE, figures, expected_figures

D = decimal.Decimal
FREIGHT, GOODS = [["name", "starts_with", "Freight: "]], [["item", "is_null", False]]


def subtotals(k, group, filter=()):
    """Orders, and net without freight, of each value of a field."""
    condition = [MINE, *filter]
    freight = Counter()
    for row in k.aggregate("crm.order", {"net": "sum:lines.net"}, group=[group, "lines.name"], filter=condition, lines=FREIGHT, limit=10000):
        freight[row[group]] += D(row["net"])
    rows = k.aggregate("crm.order", {"orders": "count", "net": "sum:net"}, group=[group], filter=condition, limit=10000)
    return {row[group]: (row["orders"], D(row["net"]) - freight[row[group]]) for row in rows}


def compare_carriers(k, table, expected):
    rows = k.aggregate("crm.order", MEASURES, group=["lines.name"], filter=[MINE], lines=FREIGHT)
    ours = {row["lines.name"].removeprefix("Freight: "): figures(row) for row in rows}
    table.row("carriers", sorted(ours), sorted(expected), show=False)
    for name, e in expected.items():
        table.row(f"orders carried by {name}: count, net, tax, gross", ours.get(name), expected_figures(e), show=False)
        table.row(f"orders carried by {name}", ours[name][0], e["orders"])


def compare_currencies(k, table, expected):
    rows = k.aggregate("crm.order", {"orders": "count"}, group=["exchange.currency.code"], filter=[MINE])
    ours = {row["exchange.currency.code"] or "USD": row["orders"] for row in rows}
    table.row("currencies of orders", sorted(ours), sorted(expected), show=False)
    for code, count in expected.items():
        table.row(f"orders of customers who pay in {code}", ours.get(code), count)


def compare_customers(k, table, loader, expected):
    ours, known = {}, {}
    for t in loader.table("SalesTerritory"):  # the customers of all are more groups than one query may have
        ours |= subtotals(k, "party.external_id", [["party.territory.external_id", "=", f"aw-territory-{t['TerritoryID']}"]])
    for c in loader.table("Customer"):
        party = f"aw-party-{c['StoreID'] or c['PersonID']}"
        known[party] = min(known.get(party, int(c["CustomerID"])), int(c["CustomerID"]))
    names = {row["external_id"]: row["name"] for row in k.each("base.party", [MINE, ["is_customer", "=", True]], fields=["external_id", "name"])}
    ranked = sorted(ours, key=lambda party: (-ours[party][1], known[party]))
    table.row("customers with orders", len(ours), expected["customers_with_orders"])
    table.row("customers with more than one order", sum(orders > 1 for orders, _ in ours.values()), expected["customers_with_more_than_one_order"])
    for party, e in zip(ranked, expected["top_customers"], strict=False):
        table.row(f"sold to {e['name'].strip()}: orders, net", (names[party], *ours[party]), (e["name"], e["orders"], D(e["subtotal"])), show=False)
        table.row(f"sold to {e['name'].strip()}", ours[party][1], D(e["subtotal"]))


def compare_sales_people(k, table, loader, expected):
    """Quotas and rates of commission are not Kontor's: what is asked of it is what was sold, all in all and in each period of a quota."""
    resold = ["source", "=", "reseller"]
    ours = subtotals(k, "owner.full_name", [resold])
    for name, e in expected.items():
        sold = ours.get(name, (0, D(0)))[1]
        table.row(f"sold by {name}", sold, D(e["sold_total"]))
        commission = (sold * D(e["commission_pct"])).quantize(D("0.01"), decimal.ROUND_HALF_UP)
        table.row(f"commission of {name}", commission, D(e["commission_on_total_2_places"]), show=False)
    days = sorted({period["from"] for e in expected.values() for period in e["quota_periods"]})
    for day, until in zip(days, [*days[1:], "9999-12-31"]):
        sold = subtotals(k, "owner.full_name", [resold, ["day", ">=", day], ["day", "<", until]])
        theirs = {name: D(p["sold"]) for name, e in expected.items() for p in e["quota_periods"] if p["from"] == day}
        for name, amount in theirs.items():
            table.row(f"sold by {name} from {day}", sold.get(name, (0, D(0)))[1], amount, show=False)
        table.row(f"sold for the quotas from {day}", sum(sold.get(name, (0, D(0)))[1] for name in theirs), sum(theirs.values()))


def compare_moves(k, table, expected):
    sold = k.aggregate("crm.order", {"moves": "count:lines.item", "quantity": "sum:lines.quantity"}, group=["day:month", "lines.item.kind"], filter=[MINE], lines=GOODS, limit=500)
    made = k.aggregate("production.order", {"moves": "count", "quantity": "sum:quantity"}, group=["started_at:month"], filter=[MINE], limit=500)
    ours = {f"{row['day:month'][:7]} S": (row["moves"], D(row["quantity"])) for row in sold}
    ours |= {f"{row['started_at:month'][:7]} W": (row["moves"], D(row["quantity"])) for row in made}
    months = {month: (e["moves"], D(e["quantity"])) for month, e in expected["by_month_and_type"].items() if month[-1] != "P"}
    for month, e in months.items():
        table.row(f"moves of {month}: count, quantity", ours.get(month), e, show=False)
    for kind, name in (("S", "sales"), ("W", "work")):
        of = [ours.get(month, (0, D(0))) for month in months if month[-1] == kind]
        e = expected["by_type"][kind]
        table.row(f"moves of {name}", sum(moves for moves, _ in of), e["moves"])
        table.row(f"moves of {name}: quantity", sum(quantity for _, quantity in of), D(e["quantity"]))


def compare_turnover(k, table, loader, expected):
    sales = expected["sales"]
    compare_carriers(k, table, sales["by_ship_method"])
    compare_currencies(k, table, sales["orders_by_currency"])
    compare_customers(k, table, loader, sales)
    compare_sales_people(k, table, loader, expected["sales_people"])
    compare_moves(k, table, expected["stock_moves"])
