"""The demo company's books: its fiscal years until now, what it began with, rent and wages, an invoice for every order that was billed, and
the payments of customers who pay in time, late, in part, or not yet."""
import datetime
import decimal
import random

from names import TODAY, ref

DAY = datetime.timedelta(days=1)
OPENING = [("131", "900000"), ("010", "350000"), ("801", "-600000")]
IN_PROGRESS = "500"
MONTHLY = [("401", "240000", "Materiały i energia"), ("409", "9200", "Czynsz"), ("404", "64000", "Wynagrodzenia"), ("402", "7400", "Usługi obce")]


def setup(kontor):
    """Before anything is bought, moved or sold, so that the ledger has it all."""
    tomorrow = datetime.date.today() + DAY  # what is entered now has a year, too, wherever midnight is
    for year in range(TODAY.year - 2, max(TODAY.year, tomorrow.year) + 1):
        kontor.call("finance.setup", {"chart": "polish", "year": f"{year}-01-01"}, key=f"demo-books-{year}")


class Books:
    def __init__(self, builder):
        self.b, self.k, self.random = builder, builder.k, random.Random(1494)
        self.company = self.k.list("base.company", fields=["id"])["rows"][0]["id"]

    def account(self, code):
        return {"external_id": f"setup-{self.company}-polish-{code}"}

    def posted(self, entity, name, values):
        """Made and posted once, however often the demo is built."""
        row = self.k.call(f"{entity}.upsert", {"external_id": name, "values": values}, key=f"demo-made-{name}") if not self.known(entity, name) else None
        if row:
            self.k.call(f"{entity}.post", {"id": row["id"]}, key=f"demo-posted-{name}")
        return self.k.get(entity, external_id=name)

    def known(self, entity, name):
        return self.k.count(entity, [["external_id", "=", name], ["state", "!=", "draft"]])

    def entry(self, name, day, text, lines, **more):
        self.posted("finance.entry", name, {"day": str(day), "text": text, "lines": [
            {"account": self.account(code), ("debit" if float(amount) > 0 else "credit"): amount.lstrip("-")} for code, amount in lines if float(amount)], **more})

    def entries(self):
        first = datetime.date(TODAY.year - 2, 12, 1)
        self.entry("demo-bo", first, "Bilans otwarcia", OPENING, kind="opening")
        month = first
        while month <= TODAY:
            for code, amount, text in MONTHLY:
                self.entry(f"demo-k{code}-{month:%Y%m}", min(month + 27 * DAY, TODAY), f"{text} {month:%m/%Y}", [(code, amount), ("131", f"-{amount}")])
            month = (month + 32 * DAY).replace(day=1)

    def open_stock(self, name, slip):
        account = self.k.get("finance.account", external_id=self.account(IN_PROGRESS)["external_id"])["id"]
        lines = [line for entry in self.k.each("finance.entry", [["origin", "=", slip]]) for line in entry["lines"] if line["account"] == account]
        value = sum(decimal.Decimal(line["credit"] or 0) - decimal.Decimal(line["debit"] or 0) for line in lines)
        self.entry(name, TODAY, "Bilans otwarcia: zapasy", [(IN_PROGRESS, str(value))], kind="opening")

    def billed(self):
        """Orders with lines that were billed, in the order of their bills."""
        rows = []
        for order in self.k.each("crm.order", [["state", "in", ["confirmed", "closed"]], ["billing_status", "!=", "none"]], sort="id"):
            lines = [line for line in order["lines"] if line["invoiced"] and float(line["invoiced"])]
            days = [line["actual"] for line in lines if line["actual"]]
            if lines:
                rows.append((max(days, default=order["day"]), order, lines))
        return sorted(rows, key=lambda row: (row[0], row[1]["id"]))

    def invoices(self):
        rows = self.billed()
        for n, (day, order, lines) in enumerate(rows, 1):
            copied = [{k: line[k] for k in ("item", "name", "quantity", "unit", "price", "discount_percent", "discount_amount", "tax_category") if line[k] is not None}
                      for line in lines]
            made = self.posted("finance.invoice", f"demo-fv{order['id']}", {
                "party": order["bill_to"] or order["party"], "day": day, "currency": order["currency"], "tax_included": order["tax_included"], "title": order["title"],
                "reference": order["number"], "order": {"entity": "crm.order", "id": order["id"]}, "lines": copied})
            self.pay(made)
            if not self.b.quiet and n == len(rows):
                print(f"  invoices: {n}")

    def pay(self, invoice):
        due = datetime.date.fromisoformat(invoice["due"])
        day = due + self.random.choice((-5, -2, 0, 0, 1, 3, 9, 25, 60, 200)) * DAY
        share = self.random.choices((1, 0.5, 0), (20, 2, 1))[0]
        if day > TODAY or not share or not float(invoice["open"]):
            return
        self.posted("finance.payment", f"demo-kp{invoice['id']}", {
            "party": invoice["party"], "day": str(max(day, datetime.date.fromisoformat(invoice["day"]))), "currency": invoice["currency"],
            "amount": f"{float(invoice['to_pay']) * share:.2f}", "text": f"Zapłata za {invoice['number']}",
            "allocations": [{"item": self.k.list("finance.open_item", [["document", "=", {"entity": "finance.invoice", "id": invoice["id"]}]])["rows"][0]["id"]}]})


def build(builder):
    books = Books(builder)
    books.entries()
    books.invoices()
