"""Two months of AdventureWorks' trade as their papers: every sales order is invoiced, every purchase order that was not rejected is
billed, all of them are paid, and the ledger is what these made of it. That company reckoned in ten-thousandths of a dollar; papers
are in cents, each amount rounded once, and what a month's papers differ by from its orders stays in its entry."""
import decimal
import time
from collections import Counter

from sales import MINE, ref

D = decimal.Decimal
CENT = D("0.01")
MONTHS = ("2014-05", "2014-06") # most of the sales in one, most of the purchases in the other
CUSTOMERS, SUPPLIERS, BANK = "1300", "2100", "1400"


def cents(amount):
    return D(amount).quantize(CENT, decimal.ROUND_HALF_UP)


class Trade:
    """kind of invoice, the orders' table and their details, what its net and its tax are posted on, debit above zero"""

    def __init__(self, kind, head, key, net_on, tax_on, sign):
        self.kind, self.head, self.key, self.net_on, self.tax_on, self.sign = kind, head, key, net_on, tax_on, sign

    def orders(self, loader):
        return [h for h in loader.table(f"{self.head}Header") if h["OrderDate"][:7] in MONTHS and not (self.kind == "purchase" and h["Status"] in "13")]

    def party(self, loader, h):
        if self.kind == "purchase":
            return ref("party", h["VendorID"])
        customer = loader.customers[h["CustomerID"]]
        return ref("party", customer["StoreID"] or customer["PersonID"])


TRADES = {"crm.order": Trade("sale", "SalesOrder", "SalesOrderID", "4100", "2200", -1),
          "logistics.purchase_order": Trade("purchase", "PurchaseOrder", "PurchaseOrderID", "6100", "1320", 1)}


def paper(loader, trade, h, details, account):
    net = lambda d: cents(D(d["OrderQty"]) * D(d["UnitPrice"]) * (1 - D(d.get("UnitPriceDiscount") or 0)))
    lines = [{"name": f"{d['OrderQty']} pieces of {loader.products[d['ProductID']]}", "price": str(net(d))} for d in details]
    left = cents(h["SubTotal"]) - sum(net(d) for d in details)
    if left:
        lines.append({"name": "Rounding", "price": str(abs(left)), "quantity": "1" if left > 0 else "-1"})
    lines.append({"name": "Freight", "price": str(cents(h["Freight"]))})
    return {"external_id": f"aw-{trade.kind}-{h[trade.key]}", "kind": trade.kind, "party": trade.party(loader, h), "day": h["OrderDate"][:10],
            "reference": f"AW/{h[trade.key]}", "tax_given": str(cents(h["TaxAmt"])), "lines": [{**line, "account": account[trade.net_on]} for line in lines]}


def post(k, entity):
    ids = [row["id"] for row in k.each(entity, [MINE, ["state", "=", "draft"]], fields=["id"], sort="day,id")]
    for at in range(0, len(ids), 50):
        k.call("system.batch", {"calls": [{"method": f"{entity}.post", "params": {"id": id}} for id in ids[at:at + 50]], "atomic": True})


def pay(k):
    items = {row["document"]["id"]: row["id"] for row in k.each("finance.open_item", [["closed", "=", None]], fields=["id", "document"])}
    k.import_rows("finance.payment", [
        {"external_id": row["external_id"].replace("aw-", "aw-payment-"), "party": row["party"], "day": row["day"], "amount": row["gross"],
         "direction": "in" if row["kind"] == "sale" else "out", "allocations": [{"item": items[row["id"]]}]}
        for row in k.each("finance.invoice", [MINE], fields=["id", "external_id", "kind", "party", "day", "gross"])], chunk=250, key="aw-payments")
    post(k, "finance.payment")


def load_billing(loader, account):
    """Posts and pays the papers of the months; returns what they come to, net and tax, for each kind of order and month."""
    k, began = loader.k, time.monotonic()
    loader.products = {p["ProductID"]: p["Name"] for p in loader.table("Product")}
    for trade in TRADES.values():
        details = {}
        for d in loader.table(f"{trade.head}Detail"):
            details.setdefault(d[trade.key], []).append(d)
        k.import_rows("finance.invoice", [paper(loader, trade, h, details[h[trade.key]], account) for h in trade.orders(loader)], chunk=250, key=f"aw-{trade.kind}")
    post(k, "finance.invoice")
    pay(k)
    print(f"  papers of {' and '.join(MONTHS)} posted and paid in {time.monotonic() - began:.2f} s", flush=True)
    rows = k.aggregate("finance.invoice", {"net": "sum:net", "tax": "sum:tax"}, group=["kind", "day:month"], filter=[MINE])
    sums = {(row["kind"], row["day:month"][:7]): (D(row["net"]), D(row["tax"])) for row in rows}
    return {(entity, month): sums[trade.kind, month] for entity, trade in TRADES.items() for month in MONTHS}


# ---- Against the orders that came with the data ----

def compare_billing(k, table, loader, expected):
    rows = {row["kind"]: row for row in k.aggregate("finance.invoice", {"papers": "count", "net": "sum:net", "tax": "sum:tax", "gross": "sum:gross", "open": "sum:open"},
                                                    group=["kind"], filter=[MINE])}
    posted, cash = Counter(), D(0)
    for line in (line for e in k.each("finance.entry", [["state", "=", "posted"], ["origin", "is_null", False], ["day", "between", [f"{MONTHS[0]}-01", f"{MONTHS[-1]}-30"]]],
                                      fields=["lines"]) for line in e["lines"]):
        posted[line["account"]] += D(line["debit"] or 0) - D(line["credit"] or 0)
    account = {row["code"]: row["id"] for row in k.list("finance.account", [], limit=500)["rows"]}
    for trade in TRADES.values():
        orders, row = trade.orders(loader), rows[trade.kind]
        net, tax = (sum(cents(h[a]) + (cents(h[b]) if b else 0) for h in orders) for a, b in (("SubTotal", "Freight"), ("TaxAmt", None)))
        what = f"{trade.kind} papers"
        table.row(f"{what}: how many, open", (row["papers"], D(row["open"])), (len(orders), D(0)))
        table.row(f"{what}: net, tax, gross", tuple(D(row[f]) for f in ("net", "tax", "gross")), (net, tax, net + tax))
        table.row(f"{what}: net, tax in the ledger", (posted[account[trade.net_on]], posted[account[trade.tax_on]]), (trade.sign * net, trade.sign * tax))
        cash -= trade.sign * (net + tax)
    told = [expected["sales"]["by_month"][month] for month in MONTHS]
    table.row("sale papers: as many as orders", rows["sale"]["papers"], sum(month["orders"] for month in told))
    differs = abs(D(rows["sale"]["gross"]) - sum(D(month["total_due"]) for month in told))
    table.row("their gross is the orders', but for cents each", differs <= 3 * CENT / 2 * rows["sale"]["papers"], True)
    table.row("in the bank, of customers, of suppliers", tuple(posted[account[code]] for code in (BANK, CUSTOMERS, SUPPLIERS)), (cash, D(0), D(0)))
