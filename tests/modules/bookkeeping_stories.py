#!/usr/bin/env python3
"""Stories of a bookkeeper's exacting day, over HTTP: what is posted stays, locks hold, discounts take their tax along,
valuations of any day, advances settled in parts, notes on the price, returns to the till, the three-way match, credit
limits, statements whose every figure opens to its entries."""
import datetime
from decimal import Decimal as D

from stories import expect, make, refused, run
from house import House

seen = {}
TODAY = datetime.date.today()


def books(k):
    """A Polish company with books of 2025 and 2026 and of this year, a customer, a supplier, a bike, and rates of the euro."""
    if seen:
        return seen
    pl = make(k, "base.country", code="PL", name="Poland", eu=True)
    for code in ("PLN", "EUR"):
        seen[code] = make(k, "base.currency", code=code)
    make(k, "base.company", name="Wicher", country=pl, currency=seen["PLN"])
    for day, rate in (("2025-01-01", "4.00"), ("2026-02-10", "4.20"), ("2026-03-10", "4.10"), ("2026-03-31", "4.30")):
        make(k, "base.currency_rate", base=seen["EUR"], currency=seen["PLN"], day=day, rate=rate)
    k.call("base.tax.preset", {"country": "PL"})
    for year in sorted({2025, 2026, TODAY.year}):
        k.call("finance.setup", {"chart": "polish", "year": f"{year}-01-01"})
    seen["account"] = {a["code"]: a["id"] for a in k.list("finance.account", [], limit=200)["rows"]}
    seen["category"] = {c["code"]: c["id"] for c in k.list("base.tax_category", [])["rows"]}
    seen["nowak"] = make(k, "base.party", name="Nowak", tax_id="5260250274", is_customer=True)
    seen["steel"] = make(k, "base.party", name="Steel Works", is_supplier=True)
    seen["piece"] = make(k, "base.unit", code="szt", category="count")
    seen["bike"] = make(k, "base.item", code="B1", name="City bike", unit=seen["piece"], price="100", currency=seen["PLN"])
    slip = make(k, "logistics.transfer", kind="entry", lines=[{"item": seen["bike"], "quantity": "100", "unit_cost": "50"}])
    k.call("logistics.transfer.post", {"id": slip})
    return seen


def posted(k, entity, made):
    k.call(entity + ".post", {"id": made})
    return k.get(entity, made)


def draft(k, *lines, **more):
    return make(k, "finance.invoice", **{"party": books(k)["nowak"], "lines": list(lines), **more})


def invoice(k, *lines, **more):
    return posted(k, "finance.invoice", draft(k, *lines, **more))


def thing(price, quantity="1", **more):
    return {"name": "Thing", "price": price, "quantity": quantity, **more}


def entry(k, day, *lines, **more):
    acc = books(k)["account"]
    return posted(k, "finance.entry", make(k, "finance.entry", day=day, lines=[
        {"account": acc[code], "debit" if value > 0 else "credit": str(abs(value))} for code, value in lines], **more))


def pay(k, **values):
    return posted(k, "finance.payment", make(k, "finance.payment", **{"party": books(k)["nowak"], **values}))


def items(k, document, entity="finance.invoice"):
    return k.list("finance.open_item", [["document", "=", {"entity": entity, "id": document}]], sort="due,id")["rows"]


def balances(k, *codes, day=None):
    day = day or f"{TODAY.year}-12-31"
    rows = {r["code"]: r["closing"] for r in k.call("finance.trial_balance", {"from": "2025-01-01", "to": day, "all": True})["rows"]}
    return [D(rows[c]) for c in codes]


class Gained:
    """What balances gain while its body runs."""

    def __init__(self, k, *codes, **more):
        self.k, self.codes, self.more = k, codes, more

    def __enter__(self):
        self.before = balances(self.k, *self.codes, **self.more)
        return self

    def __exit__(self, *unused):
        self.now = [b - a for a, b in zip(self.before, balances(self.k, *self.codes, **self.more))]


def login(k, house, name, *roles):
    ids = [k.list("access.role", [["name", "=", role]])["rows"][0]["id"] for role in roles]
    user = make(k, "access.user", name=name, full_name=name, roles=ids)
    k.call("access.password", {"user": user, "new": "Quiet-River-77-Stone"})
    return house.client(name, "Quiet-River-77-Stone")


def order(k, *lines, **more):
    made = make(k, "crm.order", **{"party": books(k)["nowak"], "lines": list(lines), **more})
    k.call("crm.order.confirm", {"id": made})
    return {"entity": "crm.order", "id": made}


def ship(k, sale, quantity, day):
    found = k.list("logistics.delivery", [["document", "=", sale], ["state", "not_in", ["shipped", "done", "cancelled"]]])["rows"][0]
    k.call("logistics.delivery.pick", {"id": found["id"], "lines": [{"line": found["lines"][0]["id"], "quantity": quantity}]})
    k.call("logistics.delivery.ship", {"id": found["id"], "day": day})


def register(k, **where):
    rows = k.list("finance.vat_line", [[name, "=", value] for name, value in where.items()], sort="id")["rows"]
    return [(r["side"], r["label"], r["net"], r["amount"], r["tax_day"]) for r in rows]


def proved(k):
    expect([f["text"] for f in k.call("finance.prove")["findings"]], [])


# ---- What is posted stays ----

def nothing_of_a_posted_document_changes(k):
    s = books(k)
    row = invoice(k, thing("100"), day="2026-01-10")
    line = {"id": row["lines"][0]["id"], **thing("100")}
    for field, value in (("title", "x"), ("reason", "x"), ("rate_day", "2026-01-02"), ("order", {"entity": "base.party", "id": s["nowak"]}),
                         ("corrects", row["id"]), ("journal", 1), ("tax_given", "5"), ("reference", "x"), ("day", "2026-01-11")):
        refused("state", lambda: k.update("finance.invoice", row["id"], {field: value}), field)
    for field, value in (("discount_percent", "10"), ("unit", s["piece"]), ("order_line", 7), ("source_line", 1), ("quantity", "2"), ("name", "y")):
        refused("state", lambda: k.update("finance.invoice", row["id"], {"lines": [{**line, field: value}]}), f"lines[0].{field}")
    refused("state", lambda: k.update("finance.invoice", row["id"], {"lines": [line, thing("1")]}), "lines")
    k.update("finance.invoice", row["id"], {"owner": None})  # who looks after it is no part of the document
    advances = [invoice(k, thing("10"), kind="advance", day="2026-01-10")["id"] for _ in range(2)]
    final = invoice(k, thing("100"), day="2026-01-10", advances=[{"invoice": advances[0]}])
    refused("state", lambda: k.update("finance.invoice", final["id"], {"advances": [{"id": final["advances"][0]["id"], "invoice": advances[1]}]}), "advances[0].invoice")
    written = entry(k, "2026-01-10", ("131", 5), ("801", -5))
    lines = [{key: line[key] for key in ("id", "account", "debit", "credit")} for line in written["lines"]]
    for field, value in (("item", s["bike"]), ("discount", "1"), ("discount_until", "2026-01-12"), ("due", "2026-02-01"), ("text", "x")):
        refused("state", lambda: k.update("finance.entry", written["id"], {"lines": [{**lines[0], field: value}, lines[1]]}), f"lines[0].{field}")
    refused("state", lambda: k.update("finance.entry", written["id"], {"document_day": "2026-01-01"}), "document_day")
    paid = pay(k, day="2026-01-10", amount="50")
    for field, value in (("text", "x"), ("reference", "x"), ("amount", "51"), ("allocations", [{"item": items(k, row["id"])[0]["id"]}])):
        refused("state", lambda: k.update("finance.payment", paid["id"], {field: value}), field)
    refused("conflict", lambda: k.delete("finance.payment", paid["id"]))


def locks_hold_whatever_posts(k, house):
    """January is locked softly: whoever may not pass reverses, values and ships nothing into it. Then for good."""
    s = books(k)
    written = entry(k, "2026-01-11", ("131", 5), ("801", -5))
    year = k.list("finance.year", [["name", "=", "2026"]])["rows"][0]["id"]
    k.call("finance.year.lock", {"id": year, "until": "2026-01-31", "lock": "soft"})
    anna = login(k, house, "anna", "finance.accountant")
    refused("rule", lambda: anna.call("finance.entry.reverse", {"id": written["id"], "day": "2026-01-12"}), "day")
    refused("rule", lambda: anna.call("finance.revalue", {"day": "2026-01-31"}), "day")
    refused("rule", lambda: anna.call("finance.revalue", {"day": "2025-12-31"}), "day")  # it is taken back on the next day
    refused("rule", lambda: anna.call("finance.align_stock", {"day": "2026-01-31"}), "day")
    sale = order(k, {"item": s["bike"], "quantity": "1"})
    error = refused("rule", lambda: ship(k, sale, "1", "2026-01-20"))
    assert "2026-01 is locked" in str(error), error
    picked = k.list("logistics.delivery", [["document", "=", sale]])["rows"][0]["id"]
    k.call("logistics.delivery.ship", {"id": picked})  # today it may go
    late = draft(anna, thing("100"), day="2026-02-03", tax_day="2026-01-20")
    refused("rule", lambda: anna.call("finance.invoice.post", {"id": late}), "tax_day")
    k.call("finance.entry.reverse", {"id": written["id"], "day": "2026-01-12"})  # the chief may
    k.call("finance.year.lock", {"id": year, "until": "2026-01-31", "lock": "hard"})
    refused("rule", lambda: k.call("finance.invoice.post", {"id": late}), "tax_day")
    k.update("finance.invoice", late, {"tax_day": "2026-02-01"})
    k.call("finance.invoice.post", {"id": late})


def a_year_whose_periods_are_locked_is_closed(k):
    entry(k, "2025-06-01", ("131", 100), ("702", -100))
    entry(k, "2025-06-02", ("403", 30), ("131", -30))
    year = k.list("finance.year", [["name", "=", "2025"]])["rows"][0]["id"]
    before = k.call("finance.profit_loss", {"from": "2025-01-01", "to": "2025-12-31"})
    k.call("finance.year.lock", {"id": year, "until": "2025-12-31", "lock": "hard"})
    expect(k.call("finance.year.close", {"id": year})["state"], "closed")
    after = k.call("finance.profit_loss", {"from": "2025-01-01", "to": "2025-12-31"})
    expect((before["result"], after["result"], after["rows"]), ("70.00", "70.00", before["rows"]))
    expect(k.call("finance.balance_sheet", {"day": "2025-12-31"})["result"], "0.00")


# ---- Statements ----

def summed(k, filter, accounts):
    """Debit less credit on some accounts of the entries that a filter lists."""
    total, cursor = D(0), None
    while True:
        page = k.list("finance.entry", filter, fields=["id", "lines"], sort="id", limit=500, **({"cursor": cursor} if cursor else {}))
        for line in (line for row in page["rows"] for line in row["lines"] if line["account"] in accounts):
            total += D(line["debit"] or 0) - D(line["credit"] or 0)
        cursor = page.get("next")
        if not cursor:
            return total


def named(filter):
    return next(c[2] for c in filter if c[0] == "lines.account")


def every_figure_opens_to_its_entries(k):
    """Of a closed year and of an open one, beside each other; a figure is what the entries behind its filter say."""
    books(k)
    entry(k, "2026-02-02", ("131", 40), ("702", -40))
    entry(k, "2026-02-03", ("010", 25), ("131", -25))
    days = {"from": "2026-02-01", "to": "2026-02-28", "compare_from": "2025-01-01", "compare_to": "2025-12-31"}
    sheet = k.call("finance.balance_sheet", {"day": "2026-02-28", "compare": "2025-12-31"})
    result = k.call("finance.profit_loss", days)
    flow = k.call("finance.cash_flow", days)
    expect((result["compared_result"], flow["compared"]), ("70.00", [
        {"opening": "0.00", "operating": "70.00", "investing": "0.00", "financing": "0.00", "closing": "70.00"}]))
    sign = {"asset": 1, "expense": 1, "liability": -1, "equity": -1, "income": -1}
    for answer in (sheet, result):
        assert answer["rows"], answer
        for row in answer["rows"]:
            for figure, filter in (("amount", "filter"), ("compared", "compared_filter")):
                got = summed(k, row[filter], named(row[filter]))
                expect((row["code"], figure, sign[row["kind"]] * got), (row["code"], figure, D(row[figure])))
        for figure, filter in (("result", "result_filter"), ("compared_result", "compared_result_filter")):
            expect((figure, -summed(k, answer[filter], named(answer[filter]))), (figure, D(answer[figure])))
    for row in flow["rows"]:
        for figure, filter in (("amount", "filter"), ("compared", "compared_filter")):
            expect((row["code"], figure, -summed(k, row[filter], named(row[filter]))), (row["code"], figure, D(row[figure])))
    for row in k.call("finance.trial_balance", {"from": "2026-02-01", "to": "2026-02-28"})["rows"]:
        moved = summed(k, row["filter"], named(row["filter"]))
        opening = summed(k, row["opening_filter"], named(row["opening_filter"])) if row["opening_filter"] else D(0)
        expect((row["code"], moved, opening, opening + moved), (row["code"], D(row["debit"]) - D(row["credit"]), D(row["opening"]), D(row["closing"])))
    refused("validation", lambda: k.call("finance.profit_loss", {"from": "2026-02-01", "to": "2026-01-01", "compare_from": "2025-01-01"}), "compare_to", "to")
    refused("validation", lambda: k.call("finance.cash_flow", {"from": "2026-02-01", "to": "2026-01-01"}), "to")


# ---- Paying early ----

def a_discount_takes_its_tax_along(k):
    """2 % of 1230: 24.60, of which 4.60 is tax. A third of the sum has a third of it, and nobody takes it twice."""
    books(k)
    terms = make(k, "finance.terms", code="2/10", name="2 % in 10 days", parts=[{"days": 30, "discount": "2", "discount_days": 10}])
    row = invoice(k, thing("1000"), terms=terms, day="2026-03-01")
    item = items(k, row["id"])[0]["id"]
    taking = {"day": "2026-03-05", "allocations": [{"item": item, "amount": "401.80", "discount": "8.20"}]}
    much = make(k, "finance.payment", party=seen["nowak"], **{**taking, "amount": "401.80", "allocations": [{"item": item, "amount": "401.80", "discount": "8.21"}]})
    refused("rule", lambda: k.call("finance.payment.post", {"id": much}), "allocations[0].discount")
    with Gained(k, "753", "221", "200", "131") as gained:
        third = pay(k, amount="401.80", **taking)
    expect(gained.now, [D("6.67"), D("1.53"), D("-410.00"), D("401.80")])
    expect(register(k, payment=third["id"]), [("sale", "23%", "-6.67", "-1.53", "2026-03-05")])
    rest = pay(k, day="2026-03-11", amount="803.60", allocations=[{"item": item, "discount": "16.40"}])
    expect((rest["state"], k.get("finance.invoice", row["id"])["payment_status"]), ("reconciled", "paid"))
    expect([D(r["amount"]) for r in k.call("finance.vat_register", {"from": "2026-03-01", "to": "2026-03-31"})["rows"] if r["label"] == "23%"], [D("225.40")])
    with Gained(k, "753", "221", "200") as gained:
        k.call("finance.payment.reverse", {"id": third["id"], "day": "2026-03-12"})
    expect(gained.now, [D("-6.67"), D("-1.53"), D("410.00")])
    expect(register(k, payment=third["id"])[1:], [("sale", "23%", "6.67", "1.53", "2026-03-12")])
    late = make(k, "finance.payment", party=seen["nowak"], day="2026-03-12", amount="401.80", allocations=[{"item": item, "discount": "8.20"}])
    refused("rule", lambda: k.call("finance.payment.post", {"id": late}), "allocations[0].discount")
    proved(k)


def a_discount_of_a_bill_in_euros(k):
    """1000 euros and tax of two rates from a supplier at 4.10, paid at 4.30: the tax comes down at 4.10, the gap is an exchange loss."""
    s = books(k)
    row = invoice(k, thing("600"), thing("400", tax_category=s["category"]["reduced"]), kind="purchase", party=s["steel"], reference="E 1",
                  currency=s["EUR"], day="2026-03-25", terms=k.list("finance.terms", [["code", "=", "2/10"]])["rows"][0]["id"])
    rates = {t["label"]: (D(t["net"]), D(t["amount"])) for t in row["taxes"]}
    off = D(items(k, row["id"])[0]["discount"])
    paid = pay(k, party=s["steel"], direction="out", day="2026-03-31", currency=s["EUR"], amount=str(D(row["gross"]) - off),
               allocations=[{"item": items(k, row["id"])[0]["id"], "discount": str(off)}])
    expect(k.get("finance.invoice", row["id"])["payment_status"], "paid")
    got = {label: (D(net), D(amount)) for side, label, net, amount, _ in register(k, payment=paid["id"]) if side == "purchase"}
    for label, (net, amount) in rates.items():
        for figure, whole in zip(got[label], (net, amount)):
            assert abs(figure + whole * off / D(row["gross"]) * D("4.10")) <= D("0.05"), (label, got, rates)
    proved(k)


def a_note_does_not_give_a_discount_back(k):
    """Of 1230 less 24.60 two of ten come back, then the rest: in all 1205.40 are credited, and no tax is left of the sale."""
    books(k)
    row = invoice(k, thing("100", "10"), terms=k.list("finance.terms", [["code", "=", "2/10"]])["rows"][0]["id"], day="2026-07-01")
    pay(k, day="2026-07-02", amount="1205.40", allocations=[{"item": items(k, row["id"])[0]["id"], "discount": "24.60"}])
    notes = []
    for quantity in ("2", "8"):
        made = k.call("finance.invoice.credit", {"id": row["id"], "reason": "came back", "day": "2026-07-03", "lines": [{"line": row["lines"][0]["id"], "quantity": quantity}]})["made"]
        if quantity == "8":
            draft_line = k.get("finance.invoice", made)["lines"][0]
            k.update("finance.invoice", made, {"lines": [{"id": draft_line["id"], "price": "100"}]})
            refused("rule", lambda: k.call("finance.invoice.post", {"id": made}), "lines")
            k.update("finance.invoice", made, {"lines": [{"id": draft_line["id"], "price": "98"}]})
        notes.append(posted(k, "finance.invoice", made))
    expect([(n["gross"], n["open"]) for n in notes], [("241.08", "241.08"), ("964.32", "964.32")])
    tax = k.call("finance.vat_register", {"from": "2026-07-01", "to": "2026-07-31"})
    expect((tax["on_sales"], k.get("finance.invoice", row["id"])["payment_status"]), ("0.00", "reversed"))
    proved(k)


# ---- Currencies ----

def a_valuation_is_of_its_day_and_may_be_repeated(k):
    s = books(k)
    row = invoice(k, thing("1000", tax_category=s["category"]["zero"]), currency=s["EUR"], day="2026-02-05")
    first = k.call("finance.revalue", {"day": "2026-02-28"})
    expect((first["items"], first["gain"], first["loss"]), (1, "200.00", "0.00"))
    again = k.call("finance.revalue", {"day": "2026-02-28"})
    expect((again["gain"], again["loss"], again["entry"]), ("0.00", "0.00", 0))
    late = invoice(k, thing("500", tax_category=s["category"]["zero"]), currency=s["EUR"], day="2026-02-06")
    expect(k.call("finance.revalue", {"day": "2026-02-28"})["gain"], "100.00")
    for one in (row, late):
        pay(k, day="2026-03-15", currency=s["EUR"], amount=one["gross"], allocations=[{"item": items(k, one["id"])[0]["id"]}])
    with Gained(k, "750", "751", "200", day="2026-02-27") as before, Gained(k, "750", "751", "200", day="2026-02-20") as gained:
        past = k.call("finance.revalue", {"day": "2026-02-20"})  # both were open then
    expect((past["items"], past["gain"], gained.now, before.now), (2, "300.00", [D(-300), D(0), D(300)], [D(0), D(0), D(0)]))
    proved(k)


def an_account_in_euros_is_valued_too(k):
    """1000 euros come in at 4.10, 400 go out at 4.30: 600 are left, in the books for 2380; at 4.30 they are worth 200 more."""
    s = books(k)
    bank = make(k, "finance.account", code="132", name="Euro account", kind="asset", cash="cash", currency=s["EUR"], parent=s["account"]["1"])
    journal = make(k, "finance.journal", code="BEUR", name="Euro bank", kind="bank", account=bank, currency=s["EUR"])
    pay(k, journal=journal, day="2026-03-20", amount="1000")
    pay(k, journal=journal, direction="out", party=s["steel"], day="2026-04-02", amount="400")
    expect(balances(k, "132", day="2026-04-02"), [D(2380)])
    k.call("finance.revalue", {"day": "2026-04-30"})
    expect((balances(k, "132", day="2026-04-30"), balances(k, "132", day="2026-05-01")), ([D(2580)], [D(2380)]))
    k.call("finance.revalue", {"day": "2026-04-30"})
    expect(balances(k, "132", day="2026-04-30"), [D(2580)])
    proved(k)


# ---- Advances ----

def an_advance_is_settled_by_several_invoices(k):
    """615 in advance of 1230: the first delivery is worth 369 and needs no money, the second one settles the rest."""
    s = books(k)
    sale = order(k, {"item": s["bike"], "quantity": "10", "price": "100"})
    with Gained(k, "203", "221", "701", "200") as gained:
        advance = invoice(k, thing("500"), kind="advance", order=sale, day="2026-03-04")
        ship(k, sale, "3", "2026-03-05")
        first = k.call("finance.invoice.from_order", {"order": sale, "day": "2026-03-06"})
        expect((first["gross"], first["to_pay"]), ("369.00", "0.00"))
        ship(k, sale, "7", "2026-03-09")
        both = k.call("finance.invoice.from_order", {"order": sale, "day": "2026-03-10"})
        row = posted(k, "finance.invoice", first["id"])
        expect((row["payment_status"], row["advances"][0]["gross"], row["advances"][0]["net"]), ("paid", "369.00", "300.00"))
        k.call("finance.invoice.cancel", {"id": both["id"]})
        second = k.call("finance.invoice.from_order", {"order": sale, "day": "2026-03-10"})
        expect((second["gross"], second["to_pay"]), ("861.00", "615.00"))
        row = posted(k, "finance.invoice", second["id"])
        expect((row["advances"][0]["gross"], row["advances"][0]["tax"]), ("246.00", "46.00"))
    expect(gained.now, [D(0), D(-230), D(-1000), D(1230)])
    expect(register(k, invoice=row["id"]), [("sale", "23%", "500.00", "115.00", "2026-03-09")])  # the tax point is the delivery's
    refused("validation", lambda: draft(k, thing("10"), day="2026-03-11", advances=[{"invoice": advance["id"], "amount": "1"}]), "advances[0].amount")
    proved(k)


def an_accountant_asks_for_an_advance_of_an_order(k, house):
    """30 % of an order of two rates, by somebody who sees no orders; the final invoice takes it into account, rate by rate."""
    s = books(k)
    sale = order(k, {"item": s["bike"], "quantity": "2", "price": "100"}, thing("100", tax_category=s["category"]["reduced"]))
    ola = login(k, house, "ola", "finance.accountant")
    for percent in ("0", "101"):
        refused("validation", lambda: ola.call("finance.invoice.from_order", {"order": sale, "advance": percent}), "advance")
    made = ola.call("finance.invoice.from_order", {"order": sale, "advance": "30", "day": "2026-04-13"})
    ola.call("finance.invoice.post", {"id": made["id"]})
    advance = ola.get("finance.invoice", made["id"])
    expect((advance["kind"], advance["gross"], sorted((t["label"], t["net"], t["amount"]) for t in advance["taxes"])),
           ("advance", "106.20", [("23%", "60.00", "13.80"), ("8%", "30.00", "2.40")]))
    expect(k.get("crm.order", sale["id"])["billing_status"], "none")
    final = ola.call("finance.invoice.from_order", {"order": sale, "basis": "ordered", "day": "2026-04-14"})
    expect((final["gross"], final["to_pay"]), ("354.00", "247.80"))
    ola.call("finance.invoice.post", {"id": final["id"]})
    expect(sorted(row[1:4] for row in register(k, invoice=final["id"])), [("23%", "140.00", "32.20"), ("8%", "70.00", "5.60")])
    proved(k)


def cents_of_an_advance_are_not_lost(k):
    """100 and 23 of tax settled in three parts that do not divide; two drafts want the same advance, the second finds less."""
    books(k)
    advance = invoice(k, thing("100"), kind="advance", day="2026-03-12")
    with Gained(k, "203", "221") as gained:
        for gross in ("33.33", "33.33", "56.34"):
            row = invoice(k, thing("1000"), day="2026-03-13", advances=[{"invoice": advance["id"], "amount": gross}])
            expect((row["to_pay"], D(row["advances"][0]["net"]) + D(row["advances"][0]["tax"])), (f"{D(1230) - D(gross):.2f}", D(gross)))
    expect(gained.now, [D(100), D(-667)])
    other = invoice(k, thing("100"), kind="advance", day="2026-03-12")
    drafts = [draft(k, thing("80"), day="2026-03-14", advances=[{"invoice": other["id"]}]) for _ in range(2)]
    expect([k.get("finance.invoice", d)["to_pay"] for d in drafts], ["0.00", "73.80"])
    for d in drafts:
        k.call("finance.invoice.post", {"id": d})
    refused("validation", lambda: draft(k, thing("100"), day="2026-03-14", advances=[{"invoice": advance["id"], "amount": "-1"}]), "advances[0].amount")
    proved(k)


def an_advance_of_another_rate_gives_its_tax_back(k):
    """The advance bore 23 %; what is delivered bears 8 %: the final bill takes the 23 out of the register."""
    s = books(k)
    advance = invoice(k, thing("100"), kind="advance", day="2026-03-16")
    row = invoice(k, thing("1000", tax_category=s["category"]["reduced"]), day="2026-03-17", advances=[{"invoice": advance["id"]}])
    expect(sorted(register(k, invoice=row["id"]))[0][:4], ("sale", "23%", "-100.00", "-23.00"))
    expect(sum(D(r[3]) for r in register(k, invoice=row["id"])), D("80") - D("23"))
    proved(k)


# ---- Notes ----

def a_note_on_the_price_leaves_the_goods_billed(k):
    """Ten at 100; the price goes down by 1 each. Then three come back, and the order still knows what is billed."""
    s = books(k)
    sale = order(k, {"item": s["bike"], "quantity": "10", "price": "100"})
    row = posted(k, "finance.invoice", k.call("finance.invoice.from_order", {"order": sale, "basis": "ordered", "day": "2026-03-18"})["id"])
    line = row["lines"][0]["id"]
    refused("validation", lambda: k.call("finance.invoice.credit", {"id": row["id"], "reason": "x", "lines": [{"line": line, "price": "101"}, {"line": 9}]}), "lines[0].price", "lines[1].line")
    made = k.call("finance.invoice.credit", {"id": row["id"], "reason": "agreed later", "day": "2026-03-19", "lines": [{"line": line, "price": "1"}]})["made"]
    note = posted(k, "finance.invoice", made)
    now = k.get("finance.invoice", row["id"])
    expect((note["gross"], note["lines"][0]["source_line"], now["open"], now["payment_status"], now["lines"][0]["credited"]), ("12.30", line, "1217.70", "overdue", None))
    expect(k.get("crm.order", sale["id"])["billing_status"], "full")
    back = k.call("finance.invoice.credit", {"id": row["id"], "reason": "came back", "day": "2026-03-20", "lines": [{"line": line, "quantity": "3"}]})["made"]
    posted(k, "finance.invoice", back)
    expect((k.get("finance.invoice", row["id"])["lines"][0]["credited"], k.get("crm.order", sale["id"])["lines"][0]["invoiced"]), ("3.0000", "7.0000"))
    much = k.call("finance.invoice.credit", {"id": row["id"], "reason": "too much", "day": "2026-03-20", "lines": [{"line": line, "price": "100"}]})["made"]
    refused("rule", lambda: k.call("finance.invoice.post", {"id": much}), "lines")
    k.call("finance.invoice.cancel", {"id": much})
    proved(k)


def a_suppliers_note_on_the_price_is_a_variance(k):
    s = books(k)
    bought = make(k, "logistics.purchase_order", party=s["steel"], currency=s["PLN"], lines=[{"item": s["bike"], "quantity": "10", "price": "50"}])
    k.call("logistics.purchase_order.approve", {"id": bought})
    line = k.get("logistics.purchase_order", bought)["lines"][0]["id"]
    receipt = make(k, "logistics.receipt", order=bought, lines=[{"order_line": line, "quantity": "10"}])
    k.call("logistics.receipt.finish", {"id": receipt})
    with Gained(k, "300", "340", "222", "201") as gained:
        ref = {"entity": "logistics.purchase_order", "id": bought}
        row = posted(k, "finance.invoice", k.call("finance.invoice.from_order", {"order": ref, "reference": "P 1"})["id"])
        made = k.call("finance.invoice.credit", {"id": row["id"], "reason": "rebate", "reference": "P 1/K", "lines": [{"line": row["lines"][0]["id"], "price": "2"}]})["made"]
        posted(k, "finance.invoice", made)
    expect(gained.now, [D(500), D(-20), D("110.40"), D("-590.40")])
    expect(D(k.get("logistics.purchase_order", bought)["lines"][0]["billed"]), D(10))
    proved(k)


def a_return_to_the_till_takes_money_and_tax_out(k):
    books(k)
    row = invoice(k, thing("61.50", "2"), kind="receipt", party=None, tax_included=True, day="2026-03-23")
    with Gained(k, "100", "221", "702") as gained:
        made = k.call("finance.invoice.credit", {"id": row["id"], "reason": "did not fit", "day": "2026-03-24", "lines": [{"line": row["lines"][0]["id"], "quantity": "1"}]})["made"]
        note = posted(k, "finance.invoice", made)
    expect((gained.now, note["payment_status"], items(k, made)), ([D("-61.50"), D("11.50"), D(50)], "paid", []))
    expect(register(k, invoice=made), [("sale", "23%", "-50.00", "-11.50", "2026-03-24")])
    refused("state", lambda: k.call("finance.invoice.for_receipt", {"id": row["id"], "party": seen["nowak"]}), "credited")
    other = invoice(k, thing("61.50"), kind="receipt", party=None, tax_included=True, day="2026-03-23")
    k.call("finance.invoice.for_receipt", {"id": other["id"], "party": seen["nowak"], "day": "2026-03-24"})
    refused("conflict", lambda: k.call("finance.invoice.credit", {"id": other["id"], "reason": "x"}), "receipt")
    proved(k)


# ---- Order, receipt and bill ----

def a_bill_is_held_against_order_and_receipt_in_all_its_parts(k, house):
    """Ten at 100 less a tenth are ordered and received. What an accountant posts is that, within two per cent."""
    s = books(k)
    bought = make(k, "logistics.purchase_order", party=s["steel"], currency=s["PLN"], lines=[{"item": s["bike"], "quantity": "10", "price": "100", "discount_percent": "10"}])
    k.call("logistics.purchase_order.approve", {"id": bought})
    line = k.get("logistics.purchase_order", bought)["lines"][0]["id"]
    receipt = make(k, "logistics.receipt", order=bought, lines=[{"order_line": line, "quantity": "10"}])
    k.call("logistics.receipt.finish", {"id": receipt})
    jan = login(k, house, "jan", "finance.accountant")
    number = iter(range(100))

    def bill(*lines, **more):
        made = draft(jan, *lines, kind="purchase", party=s["steel"], order={"entity": "logistics.purchase_order", "id": bought},
                     reference=f"T {next(number)}", day="2026-05-04", **more)
        return lambda: jan.call("finance.invoice.post", {"id": made})
    goods = {"item": s["bike"], "order_line": line, "price": "100", "discount_percent": "10"}
    refused("rule", bill({**goods, "quantity": "1", "discount_percent": "0"}), "lines[0].price")
    refused("rule", bill({**goods, "quantity": "6"}, {**goods, "quantity": "6"}), "lines[1].quantity")
    refused("rule", bill({**goods, "quantity": "1"}, currency=s["EUR"]), "currency")
    refused("rule", bill({**goods, "quantity": "1"}, tax_included=True), "tax_included")
    refused("rule", bill({**goods, "quantity": "1", "order_line": None}), "lines[0].order_line")
    dozen = make(k, "base.unit", code="5szt", category="count", factor="5")
    expect(bill({**goods, "quantity": "1", "unit": dozen, "price": "508"}, thing("30"))()["state"], "posted")  # five at 101.60, and freight
    expect(bill({**goods, "quantity": "5", "price": "91", "discount_percent": None})()["state"], "posted")
    refused("rule", bill({**goods, "quantity": "1"}), "lines[0].quantity")
    proved(k)


# ---- Cash to come ----

def the_forecast_knows_terms_purchases_and_deals(k):
    """An order of 1000 to be paid by 30 % and, four weeks later, 70 %; goods of 400 from a supplier who is paid at once; a deal by its
    probability."""
    s = books(k)
    monday = TODAY - datetime.timedelta(TODAY.weekday())
    day = lambda days: (TODAY + datetime.timedelta(days)).isoformat()
    week = lambda text: (datetime.date.fromisoformat(text) - monday).days // 7
    halves = make(k, "finance.terms", code="30+70", name="30+70", parts=[{"percent": "30"}, {"percent": "70", "days": 28}])
    at_once = make(k, "finance.terms", code="0", name="At once", parts=[{"percent": "100"}])
    buyer, seller = make(k, "base.party", name="Buyer", payment_terms=halves), make(k, "base.party", name="Seller", is_supplier=True, payment_terms=at_once)
    before = k.call("finance.cash_forecast", {"weeks": 12})["weeks"]
    order(k, thing("525", "2", discount_amount="50"), party=buyer, asked=day(8))
    bought = make(k, "logistics.purchase_order", party=seller, currency=s["PLN"], lines=[{"item": s["bike"], "quantity": "8", "price": "50"}])
    k.call("logistics.purchase_order.approve", {"id": bought})
    line = k.get("logistics.purchase_order", bought)["lines"][0]
    k.call("logistics.purchase_order.reschedule", {"id": bought, "lines": [{"line": line["id"], "expected": day(15)}], "reason": "as agreed"})
    make(k, "crm.pipeline", name="Sales", initial=True, stages=[{"name": "Offer", "probability": "40"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}])
    deal = k.get("crm.deal", make(k, "crm.deal", title="Perhaps", party=buyer, amount="500", currency=s["PLN"], expected_close=day(22)))
    after = k.call("finance.cash_forecast", {"weeks": 12})
    wanted = {"orders": {}, "purchases": {}, "deals": {}}
    for part, when, amount in (("orders", day(8), D(300)), ("orders", day(36), D(700)), ("purchases", day(15), D(-400)),
                               ("deals", day(22), D(500) * D(deal["probability"]) / 100)):
        wanted[part][week(when)] = wanted[part].get(week(when), D(0)) + amount
    assert D(deal["probability"]) > 0, deal
    for part, of in wanted.items():
        gained = [D(b[part]) - D(a[part]) for a, b in zip(before, after["weeks"])]
        expect((part, {n: amount for n, amount in enumerate(gained) if amount}), (part, of))
    expect((after["deals"], D(k.call("finance.cash_forecast", {"weeks": 12, "deals": False})["weeks"][3]["deals"])), (True, D(0)))


# ---- What is asked or entered wrongly ----

def wrong_days_accounts_and_sums_are_named(k):
    s = books(k)
    acc = s["account"]
    refused("validation", lambda: k.call("finance.vat_register", {"from": "2026-05-01", "to": "2026-04-01"}), "to")
    refused("validation", lambda: k.call("finance.party_statement", {"party": s["nowak"], "from": "2026-05-01", "to": "2026-04-01"}), "to")
    refused("validation", lambda: k.call("finance.general_ledger", {"account": acc["131"], "from": "2026-05-01", "to": "2026-04-01"}), "to")
    refused("validation", lambda: k.call("finance.general_ledger", {"account": acc["7"]}), "account")
    refused("not_found", lambda: k.call("finance.general_ledger", {"account": 99999}))
    refused("not_found", lambda: k.call("finance.party_statement", {"party": 99999}))
    nothing = draft(k, thing("100", "0"), day="2026-05-05")
    refused("rule", lambda: k.call("finance.invoice.post", {"id": nothing}), "lines")
    for code in ("7", "200"):
        wrong = draft(k, thing("1"), thing("5", account=acc[code]), day="2026-05-05")
        refused("validation", lambda: k.call("finance.invoice.post", {"id": wrong}), "lines[1].account")
    foreign = make(k, "finance.entry", day="2026-05-05", currency=s["EUR"], lines=[
        {"account": acc["200"], "party": s["nowak"], "debit": "410"}, {"account": acc["801"], "credit": "410"}])
    refused("validation", lambda: k.call("finance.entry.post", {"id": foreign}), "lines[0].amount")
    refused("conflict", lambda: k.update("finance.account", acc["131"], {"currency": s["EUR"]}))
    k.call("finance.setup", {"chart": "polish", "year": "2023-01-01"})
    entry(k, "2023-06-01", ("131", 5), ("801", -5))
    year = k.list("finance.year", [["name", "=", "2023"]])["rows"][0]
    refused("conflict", lambda: k.delete("finance.year", year["id"]))
    refused("conflict", lambda: k.update("finance.year", year["id"], {"end": "2023-05-31", "periods": year["periods"][:5]}), "end")
    k.update("finance.year", year["id"], {"end": "2023-06-30", "periods": year["periods"][:6]})


def an_instalment_past_its_day_makes_the_invoice_overdue(k):
    """30 % at once, the rest in two years: the invoice is overdue until the first part is paid, then it is paid in part."""
    terms = make(k, "finance.terms", code="30/70", name="30 % now", parts=[{"percent": "30"}, {"percent": "70", "days": 730}])
    row = invoice(k, thing("100"), terms=terms, day="2026-05-06")
    expect((row["due"], row["payment_status"]), ("2026-05-06", "overdue"))
    paid = pay(k, day="2026-05-07", amount="36.90", allocations=[{"item": items(k, row["id"])[0]["id"]}])
    now = k.get("finance.invoice", row["id"])
    expect((now["due"], now["payment_status"], now["open"]), ("2028-05-05", "partial", "86.10"))
    k.call("finance.payment.reverse", {"id": paid["id"], "day": "2026-05-08"})
    now = k.get("finance.invoice", row["id"])
    expect((now["due"], now["payment_status"]), ("2026-05-06", "overdue"))


def a_closed_order_is_billed_for_what_went_out(k):
    """Two of four are delivered, four of ten received; both orders are closed then, and still wait for their bills."""
    s = books(k)
    sale = order(k, {"item": s["bike"], "quantity": "4", "price": "100"})
    bought = make(k, "logistics.purchase_order", party=s["steel"], currency=s["PLN"], lines=[{"item": s["bike"], "quantity": "10", "price": "50"}])
    purchase = {"entity": "logistics.purchase_order", "id": bought}
    k.call("logistics.purchase_order.approve", {"id": bought})
    empty = order(k, {"item": s["bike"], "quantity": "1", "price": "100"})
    ship(k, sale, "2", TODAY.isoformat())
    line = k.get("logistics.purchase_order", bought)["lines"][0]["id"]
    k.call("logistics.receipt.finish", {"id": make(k, "logistics.receipt", order=bought, lines=[{"order_line": line, "quantity": "4"}])})
    k.call("logistics.purchase_order.close", {"id": bought})
    for of in (sale, empty):
        k.call("crm.order.close", {"id": of["id"]})
    listed = lambda of, **more: [r["net"] for r in k.call("finance.to_invoice", more)["rows"] if r["order"] == of]
    expect((listed(sale), listed(sale, basis="ordered"), listed(empty), listed(purchase, purchases=True)), (["200.00"], ["200.00"], [], ["200.00"]))
    for of, more in ((sale, {"basis": "ordered"}), (purchase, {"reference": "C 1"})):
        made = k.call("finance.invoice.from_order", {"order": of, **more})
        expect(made["gross"], "246.00")
        posted(k, "finance.invoice", made["id"])
    expect((listed(sale), listed(purchase, purchases=True)), ([], []))
    refused("rule", lambda: k.call("finance.invoice.from_order", {"order": sale}), "order")
    refused("rule", lambda: k.call("finance.invoice.from_order", {"order": empty, "basis": "ordered"}), "order")
    proved(k)


def parts_of_a_box_are_billed_as_they_are(k):
    """What the bill says in the order's own unit the order hears, to the last digit."""
    s = books(k)
    box = make(k, "base.unit", code="box3", category="count", factor="3", rounding="1")
    sale = order(k, {"item": s["bike"], "quantity": "11", "unit": box, "price": "300"})
    line = k.get("crm.order", sale["id"])["lines"][0]["id"]
    invoice(k, {"item": s["bike"], "unit": box, "quantity": "10.9999", "price": "300", "order_line": line}, order=sale, day="2026-08-03")
    expect(k.get("crm.order", sale["id"])["lines"][0]["invoiced"], "10.9999")


# ---- The credit limit ----

def a_credit_limit_counts_what_is_ordered(k, house):
    """Of 1000, 615 are ordered: a second such order is stopped, and so is more of the first; a bill or a payment of it frees nothing
    but what is paid, an advance is counted once."""
    seller = login(k, house, "seller", "crm.sales_head")
    poor = make(seller, "base.party", name="Poor")
    k.update("base.party", poor, {"credit_limit": "1000"})
    orders = [make(seller, "crm.order", party=poor, lines=[thing("500")]) for _ in range(2)]
    seller.call("crm.order.confirm", {"id": orders[0]})
    error = refused("rule", lambda: seller.call("crm.order.confirm", {"id": orders[1]}), "party")
    assert "1230.00" in error.problems[0]["message"], error.problems
    refused("rule", lambda: seller.call("crm.order.amend", {"id": orders[0], "reason": "more", "lines": [{"line": 1, "quantity": "2"}]}), "party")
    seller.call("crm.order.amend", {"id": orders[0], "reason": "less", "lines": [{"line": 1, "price": "400"}]})
    advance = invoice(k, thing("100"), party=poor, kind="advance", order={"entity": "crm.order", "id": orders[0]})
    error = refused("rule", lambda: seller.call("crm.order.confirm", {"id": orders[1]}), "party")
    assert "1107.00" in error.problems[0]["message"], error.problems
    pay(k, party=poor, amount=advance["gross"], oldest=True)
    seller.call("crm.order.confirm", {"id": orders[1]})  # 984 now
    k.update("base.party", poor, {"credit_limit": "10"})
    seller.call("crm.order.amend", {"id": orders[1], "reason": "less", "lines": [{"line": 1, "price": "450"}]})  # less is always taken
    refused("rule", lambda: seller.call("crm.order.amend", {"id": orders[1], "reason": "more", "lines": [{"line": 1, "price": "451"}]}), "party")


def the_books_need_base_alone(k):
    """A bill, a payment, a statement, without sales, stores and production."""
    with House(modules="base,finance") as house:
        other = house.client()
        currency = make(other, "base.currency", code="EUR")
        make(other, "base.company", name="Alone", currency=currency)
        other.call("finance.setup", {"year": f"{TODAY.year}-01-01"})
        party = make(other, "base.party", name="One", credit_limit="5")
        item = make(other, "base.item", code="X", name="X", price="10", currency=currency)
        row = posted(other, "finance.invoice", make(other, "finance.invoice", party=party, lines=[{"item": item, "quantity": "3", "price": "10"}]))
        paid = make(other, "finance.payment", party=party, amount="30", oldest=True)
        posted(other, "finance.payment", paid)
        expect(other.get("finance.invoice", row["id"])["payment_status"], "paid")
        posted(other, "finance.invoice", make(other, "finance.invoice", kind="purchase", party=party, reference="A", lines=[{"item": item, "quantity": "1", "price": "4"}]))
        expect(other.call("finance.profit_loss")["result"], "26.00")
        expect((other.call("finance.to_invoice")["rows"], other.call("finance.cash_forecast", {"weeks": 2})["orders"]), ([], False))
        refused("unavailable", lambda: other.call("finance.align_stock"))
        proved(other)


run([nothing_of_a_posted_document_changes, locks_hold_whatever_posts, a_year_whose_periods_are_locked_is_closed,
     a_valuation_is_of_its_day_and_may_be_repeated, every_figure_opens_to_its_entries, a_discount_takes_its_tax_along, a_discount_of_a_bill_in_euros, a_note_does_not_give_a_discount_back,
     an_account_in_euros_is_valued_too, an_advance_is_settled_by_several_invoices, an_accountant_asks_for_an_advance_of_an_order, cents_of_an_advance_are_not_lost,
     an_advance_of_another_rate_gives_its_tax_back, a_note_on_the_price_leaves_the_goods_billed, a_suppliers_note_on_the_price_is_a_variance,
     a_return_to_the_till_takes_money_and_tax_out, a_bill_is_held_against_order_and_receipt_in_all_its_parts,
     the_forecast_knows_terms_purchases_and_deals, wrong_days_accounts_and_sums_are_named, an_instalment_past_its_day_makes_the_invoice_overdue, a_closed_order_is_billed_for_what_went_out, parts_of_a_box_are_billed_as_they_are,
     a_credit_limit_counts_what_is_ordered, the_books_need_base_alone], modules="base,crm,logistics,finance")
