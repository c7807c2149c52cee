"""AdventureWorks' buying: what vendors ask, every purchase order, and what came of it. Orders come over as that company had
them: tax as a given amount, freight as a line; what waits for approval there is sent here, what was rejected is cancelled."""
import decimal
import time

from sales import MINE, ref

D = decimal.Decimal
STATES = {"1": "sent", "2": "approved", "3": "cancelled", "4": "closed"}


def supplier_prices(loader):
    loader.load("logistics.supplier_price", [
        {"external_id": f"aw-vendor-{p['BusinessEntityID']}-{p['ProductID']}", "party": ref("party", p["BusinessEntityID"]),
         "item": ref("item", p["ProductID"]), "price": p["StandardPrice"], "currency": ref("currency", "USD"),
         "minimum": p["MinOrderQty"], "lead_days": int(p["AverageLeadTime"])} for p in loader.table("ProductVendor")])


def load_rows(loader, entity, rows, key):
    rows = [{name: value for name, value in row.items() if value not in ("", None)} for row in rows]
    began = time.monotonic()
    loader.k.import_rows(entity, rows, chunk=250, key=key, keep_authors=True)
    seconds = time.monotonic() - began
    loader.done += len(rows)
    print(f"  {entity}: {len(rows)} with {sum(len(r['lines']) for r in rows)} lines in {seconds:.2f} s, {len(rows) / seconds:.0f} a second", flush=True)


def order_of(loader, h, details):
    day = h["OrderDate"][:10]
    lines = [{"item": ref("item", d["ProductID"]), "quantity": d["OrderQty"], "price": d["UnitPrice"], "asked": d["DueDate"][:10],
              "expected": d["DueDate"][:10], "received": d["ReceivedQty"], "rejected": d["RejectedQty"]} for d in details]
    lines.append({"name": f"Freight: {loader.ships[h['ShipMethodID']]}", "price": h["Freight"]})
    return {"external_id": f"aw-purchase-{h['PurchaseOrderID']}", "number": f"AW/{h['PurchaseOrderID']}", "party": ref("party", h["VendorID"]),
            "state": STATES[h["Status"]], "day": day, "currency": ref("currency", "USD"), "tax_given": h["TaxAmt"],
            "created_at": f"{day}T12:00:00Z", "lines": lines}


def receipt_of(h, details):
    rows = [{"order_line": n + 1, "quantity": d["ReceivedQty"], "rejected": d["RejectedQty"]} for n, d in enumerate(details) if D(d["ReceivedQty"])]
    return {"external_id": f"aw-receipt-{h['PurchaseOrderID']}", "number": f"AW/PZ/{h['PurchaseOrderID']}", "order": ref("purchase", h["PurchaseOrderID"]),
            "state": "done", "day": h["ShipDate"][:10], "lines": rows}


def orders(loader):
    loader.ships = {s["ShipMethodID"]: s["Name"] for s in loader.table("ShipMethod")}
    by_order = {}
    for d in loader.table("PurchaseOrderDetail"):
        by_order.setdefault(d["PurchaseOrderID"], []).append(d)
    heads = loader.table("PurchaseOrderHeader")
    load_rows(loader, "logistics.purchase_order", [order_of(loader, h, by_order[h["PurchaseOrderID"]]) for h in heads], "aw-purchases")
    receipts = [receipt_of(h, by_order[h["PurchaseOrderID"]]) for h in heads]
    load_rows(loader, "logistics.receipt", [r for r in receipts if r["lines"]], "aw-receipts")


def load_purchases(loader):
    supplier_prices(loader)
    orders(loader)


# ---- Against the figures that came with the data

def compare_money(k, table, expected):
    rows = k.aggregate("logistics.purchase_order", {"orders": "count", "net": "sum:net", "tax": "sum:tax", "gross": "sum:gross"},
                       group=["day:year"], filter=[MINE])
    ours = {row["day:year"][:4]: (row["orders"], D(row["net"]), D(row["tax"]), D(row["gross"])) for row in rows}
    for year, e in expected["by_year"].items():
        table.row(f"purchases of {year}: count, net, tax, gross", ours.get(year), (
            e["orders"], D(e["subtotal"]) + D(e["freight"]), D(e["tax"]), D(e["total_due"])), show=False)
    for status, number in expected["by_status"].items():
        table.row(f"purchase orders {STATES[status]}", k.count("logistics.purchase_order", [MINE, ["state", "=", STATES[status]]]), number)


def compare_goods(k, table, expected):
    sums, by_vendor, lines = {"quantity": D(0), "received": D(0), "rejected": D(0)}, {}, 0
    for order in k.each("logistics.purchase_order", [MINE], fields=["party", "lines"]):
        goods = [line for line in order["lines"] if line["item"]]
        lines += len(goods)
        for name in sums:
            sums[name] += sum(D(line[name] or 0) for line in goods)
        count, net = by_vendor.get(order["party"], (0, D(0)))
        by_vendor[order["party"]] = count + 1, net + sum(D(line["net"]) for line in goods)
    table.row("lines of purchase orders", lines, expected["lines"])
    table.row("ordered", sums["quantity"], D(expected["ordered"]))
    table.row("received", sums["received"], D(expected["received"]))
    table.row("rejected", sums["rejected"], D(expected["rejected"]))
    table.row("put into stock", sums["received"] - sums["rejected"], D(expected["stocked"]))
    received = sum(D(line["quantity"]) - D(line["rejected"] or 0) for r in k.each("logistics.receipt", [MINE], fields=["lines"]) for line in r["lines"])
    table.row("put into stock, by receipts", received, D(expected["stocked"]))
    vendors = {row["id"]: row for row in k.each("base.party", [MINE, ["is_supplier", "=", True]], fields=["id", "external_id", "name"])}
    table.row("vendors without orders", len(set(vendors) - set(by_vendor)), expected["vendors_without_orders"])
    ranked = sorted(by_vendor, key=lambda party: (-by_vendor[party][1], int(vendors[party]["external_id"].rpartition("-")[2])))
    for party, e in zip(ranked, expected["top_vendors"]):
        table.row(f"purchases from {e['name']}: count, net", (vendors[party]["name"], *by_vendor[party]), (e["name"], e["orders"], D(e["subtotal"])), show=False)
    scored = [row for row in k.call("logistics.supplier.score", {})["suppliers"] if row["party"] in vendors]
    done = [o for o in k.each("logistics.purchase_order", [MINE, ["state", "in", ["approved", "closed"]]], fields=["lines"])]
    for name in ("received", "rejected"):
        table.row(f"{name}, by the suppliers' scores", sum(D(row[name]) for row in scored),
                  sum(D(line[name] or 0) for o in done for line in o["lines"] if line["item"]))


def compare_vendors(k, table, expected):
    rows = k.aggregate("logistics.supplier_price", {"vendors": "count"}, group=["item"], filter=[MINE], limit=1000)
    table.row("products with a vendor", len(rows), expected["products_with_a_vendor"])
    table.row("products with several vendors", sum(row["vendors"] > 1 for row in rows), expected["products_with_several_vendors"])
    items = {row["external_id"]: row["id"] for row in k.each("base.item", [MINE], fields=["id", "external_id"])}
    vendors = {row["id"]: int(row["external_id"].rpartition("-")[2]) for row in k.each("base.party", [MINE, ["is_supplier", "=", True]], fields=["id", "external_id"])}
    for product, e in expected["cheapest_vendor_by_product"].items():
        best = k.call("logistics.supplier.best", {"item": items[f"aw-item-{product}"]})["offers"][0]
        table.row(f"cheapest vendor of product {product}: vendor, price, days", (vendors[best["party"]], D(best["price"]), best["lead_days"]),
                  (e["vendor_id"], D(e["price"]), e["lead_days"]), show=False)


def compare_purchases(k, table, loader, expected):
    purchasing = expected["purchasing"]
    table.row("vendors' prices", k.count("logistics.supplier_price", [MINE]), expected["row_counts"]["ProductVendor"])
    table.row("purchase orders", k.count("logistics.purchase_order", [MINE]), expected["row_counts"]["PurchaseOrderHeader"])
    compare_money(k, table, purchasing)
    compare_goods(k, table, purchasing)
    compare_vendors(k, table, purchasing)
