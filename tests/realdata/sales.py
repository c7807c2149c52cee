"""AdventureWorks' sales: the catalogue with its dated prices and offers, taxes, sales people, and every sales order. What
that company computed itself is brought over to the last digit: tax as a given amount, freight as a line, and where a
subtotal was rounded once for many lines of six digits, the difference as a line."""
import decimal
import time

D = decimal.Decimal


def ref(kind, key):
    return {"external_id": f"aw-{kind}-{key}"}


def to4(value):
    return value.quantize(D("0.0001"), decimal.ROUND_HALF_UP)


def catalogue(loader):
    load, table = loader.load, loader.table
    load("base.item_category", [{"external_id": f"aw-category-{c['ProductCategoryID']}", "name": c["Name"]} for c in table("ProductCategory")])
    load("base.item_category", [{"external_id": f"aw-subcategory-{c['ProductSubcategoryID']}", "name": c["Name"],
                                 "parent": ref("category", c["ProductCategoryID"])} for c in table("ProductSubcategory")], "sub")
    load("base.item", [{"external_id": f"aw-item-{p['ProductID']}", "code": p["ProductNumber"], "name": p["Name"], "price": p["ListPrice"],
                        "currency": ref("currency", "USD"), "made": p["MakeFlag"] == "true", "bought": p["MakeFlag"] != "true",
                        "sold": p["FinishedGoodsFlag"] == "true", "active": not p["DiscontinuedDate"],
                        "category": ref("subcategory", p["ProductSubcategoryID"]) if p["ProductSubcategoryID"] else None} for p in table("Product")])
    load("base.tax", [{"external_id": f"aw-tax-{t['SalesTaxRateID']}", "code": f"aw-{t['SalesTaxRateID']}", "name": t["Name"],
                       "rates": [{"rate": t["TaxRate"]}]} for t in table("SalesTaxRate")])


def prices(loader):
    load, table = loader.load, loader.table
    load("crm.price_list", [{"external_id": "aw-list-catalogue", "name": "AdventureWorks", "currency": ref("currency", "USD"), "initial": True}])
    load("crm.price_list", [{"external_id": f"aw-list-{kind}", "name": f"AdventureWorks: {kind}", "currency": ref("currency", "USD"),
                             "base": ref("list", "catalogue")} for kind in ("Customer", "Reseller")], "offers")
    load("crm.price", [{"external_id": f"aw-price-{p['ProductID']}-{p['StartDate'][:10]}", "list": ref("list", "catalogue"), "item": ref("item", p["ProductID"]),
                        "price": p["ListPrice"], "valid_from": p["StartDate"][:10], "valid_to": p["EndDate"][:10]} for p in table("ProductListPriceHistory")])
    offers = {o["SpecialOfferID"]: o for o in table("SpecialOffer")}
    rows = []
    for link in table("SpecialOfferProduct"):
        o = offers[link["SpecialOfferID"]]
        if D(o["DiscountPct"]) and o["Category"] in ("Customer", "Reseller"):
            rows.append({"external_id": f"aw-offer-{o['SpecialOfferID']}-{link['ProductID']}", "list": ref("list", o["Category"]),
                         "item": ref("item", link["ProductID"]), "percent": str(-100 * D(o["DiscountPct"]).normalize()), "quantity": o["MinQty"] if o["MinQty"] != "0" else None,
                         "valid_from": o["StartDate"][:10], "valid_to": o["EndDate"][:10]})
    load("crm.price", rows, "offers")


def sales_people(loader):
    names = {p["BusinessEntityID"]: p for p in loader.table("Person")}
    loader.load("access.user", [{"external_id": f"aw-user-{s['BusinessEntityID']}", "name": f"aw-{s['BusinessEntityID']}", "active": False,
                                 "full_name": " ".join(filter(None, (names[s["BusinessEntityID"]][f] for f in ("FirstName", "MiddleName", "LastName"))))}
                                for s in loader.table("SalesPerson")])


def line_of(detail, day):
    percent = (100 * D(detail["UnitPriceDiscount"])).normalize()
    line = {"item": ref("item", detail["ProductID"]), "quantity": detail["OrderQty"], "price": detail["UnitPrice"],
            "delivered": detail["OrderQty"], "invoiced": detail["OrderQty"], "actual": day}
    if percent:
        line["discount_percent"] = f"{percent:f}"
    exact = D(detail["OrderQty"]) * D(detail["UnitPrice"]) * (1 - D(detail["UnitPriceDiscount"]))
    return line, to4(exact)


def order_of(loader, h, details):
    day, shipped = h["OrderDate"][:10], h["ShipDate"][:10]
    made = [line_of(d, shipped) for d in details]
    lines, left = [line for line, _ in made], D(h["SubTotal"]) - sum(net for _, net in made)
    if left: # 207 subtotals of the whole company were rounded once for many lines
        lines.append({"name": "Rounding", "price": str(abs(left)), "quantity": "1" if left > 0 else "-1", "invoiced": "1" if left > 0 else "-1"})
    lines.append({"name": f"Freight: {loader.ships[h['ShipMethodID']]}", "price": h["Freight"], "invoiced": "1"})
    customer = loader.customers[h["CustomerID"]]
    party = customer["StoreID"] or customer["PersonID"]
    return {"external_id": f"aw-order-{h['SalesOrderID']}", "number": h["SalesOrderNumber"], "party": ref("party", party),
            "contact": ref("party", customer["PersonID"]) if customer["StoreID"] and customer["PersonID"] else None, "state": "closed", "day": day,
            "asked": h["DueDate"][:10], "reference": h["PurchaseOrderNumber"], "source": "online" if h["OnlineOrderFlag"] == "true" else "reseller",
            "owner": ref("user", h["SalesPersonID"]) if h["SalesPersonID"] else None, "currency": ref("currency", "USD"), "tax_given": h["TaxAmt"],
            "exchange": ref("rate", h["CurrencyRateID"]) if h["CurrencyRateID"] else None,
            "created_at": f"{day}T12:00:00Z", "confirmed_at": f"{day}T12:00:00Z", "lines": lines}


def orders(loader):
    loader.k.call("field.define", {"entity": "crm.order", "name": "exchange", "type": "ref", "target": "base.currency_rate",
                                   "label": {"en": "Rate of the customer's currency", "pl": "Kurs waluty klienta"}})
    loader.ships = {s["ShipMethodID"]: s["Name"] for s in loader.table("ShipMethod")}
    loader.customers = {c["CustomerID"]: c for c in loader.table("Customer")}
    by_order = {}
    for d in loader.table("SalesOrderDetail"):
        by_order.setdefault(d["SalesOrderID"], []).append(d)
    rows = [order_of(loader, h, by_order[h["SalesOrderID"]]) for h in loader.table("SalesOrderHeader")]
    rows = [{name: value for name, value in row.items() if value not in ("", None)} for row in rows]
    began = time.monotonic()
    loader.k.import_rows("crm.order", rows, chunk=250, key="aw-orders", keep_authors=True)
    seconds = time.monotonic() - began
    loader.done += len(rows)
    print(f"  crm.order: {len(rows)} orders with {sum(len(r['lines']) for r in rows)} lines in {seconds:.2f} s, {len(rows) / seconds:.0f} a second", flush=True)


def load_sales(loader):
    catalogue(loader)
    prices(loader)
    sales_people(loader)
    orders(loader)


MEASURES = {"orders": "count", "net": "sum:net", "tax": "sum:tax", "gross": "sum:gross"}
MINE = ["external_id", "starts_with", "aw-"]


def figures(row):
    return row["orders"], D(row["net"]), D(row["tax"]), D(row["gross"])


def expected_figures(e):
    return e["orders"], D(e["subtotal"]) + D(e["freight"]), D(e["tax"]), D(e["total_due"])


def compare_groups(k, table, what, group, key, expected, more=()):
    rows = k.aggregate("crm.order", MEASURES, group=[group], filter=[MINE, *more], limit=500)
    ours = {key(row[group]): figures(row) for row in rows}
    for name, e in expected.items():
        table.row(f"orders {what} {name}: count, net, tax, gross", ours.get(name), expected_figures(e), show=False)


def compare_sales(k, table, loader, expected):
    sales = expected["sales"]
    table.row("standard costs by day", k.count("base.item_cost", [MINE]), expected["row_counts"]["ProductCostHistory"])
    table.row("items", k.count("base.item", [MINE]), expected["row_counts"]["Product"])
    table.row("sales taxes", k.count("base.tax", [MINE]), expected["row_counts"]["SalesTaxRate"])
    table.row("sales orders", k.count("crm.order", [MINE]), expected["row_counts"]["SalesOrderHeader"])
    table.row("lines, without freight and rounding", sum(sum(line["item"] is not None for line in row["lines"]) for row in
              k.each("crm.order", [MINE], fields=["lines"])), sales["line_count"])
    whole = k.aggregate("crm.order", MEASURES, filter=[MINE])[0]
    for name, ours, theirs in zip(("count", "net with freight", "tax", "gross"), figures(whole), expected_figures(sales["all"])):
        table.row(f"all orders: {name}", ours, theirs)
    compare_groups(k, table, "of", "day:year", lambda d: d[:4], sales["by_year"])
    compare_groups(k, table, "of", "day:month", lambda d: d[:7], sales["by_month"])
    compare_groups(k, table, "of", "party.territory.name", str, sales["by_territory"])
    compare_groups(k, table, "by", "source", str, sales["by_channel"])
    compare_groups(k, table, "of", "owner.full_name", str, sales["by_sales_person"], more=[["source", "=", "reseller"]])
    for row in k.list("crm.order", [MINE, ["delivery_status", "!=", "full"]], limit=5)["rows"]:
        table.row(f"{row['number']} is delivered", row["delivery_status"], "full")
    for name, days in expected["prices_as_of"].items():
        item = k.list("base.item", [["name", "=", name], MINE], fields=["id"])["rows"][0]["id"]
        for day, e in days.items():
            answer = k.call("crm.price.explain", {"item": item, "day": day})
            ours = answer["price"] if answer["row"] else None # a card's price is today's
            table.row(f"price of {name} on {day}", ours and D(ours), e["ListPrice"] and D(e["ListPrice"]), show=False)
            cost = k.call("base.item_cost.as_of", {"item": item, "day": day})["cost"]
            table.row(f"standard cost of {name} on {day}", cost and D(cost), e["StandardCost"] and D(e["StandardCost"]))
