#!/usr/bin/env python3
"""Stories of a bookkeeper's exacting day, over HTTP: what is posted stays, locks hold, valuations of any day, the three-way
match, credit limits, statements whose every figure opens to its entries."""
import datetime
from decimal import ROUND_HALF_UP, Decimal as D

from stories import expect, make, refused, run
from books import Gained, TODAY, balances, books, credit, draft, early_terms, entry, invoice, items, login, order, pay, posted, proved, register, seen, ship, thing
from house import House


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
    refused("state", lambda: k.delete("finance.payment", paid["id"]))


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


def tax_is_deducted_with_the_bill_in_hand(k):
    """Delivered in October 2024, billed in November: deducted in November, also when October is locked; what the buyer accounts for is October's."""
    s = books(k)
    k.call("finance.setup", {"chart": "polish", "year": "2024-01-01"})
    year = k.list("finance.year", [["name", "=", "2024"]])["rows"][0]["id"]
    late = dict(kind="purchase", party=s["steel"], day="2024-11-05", tax_day="2024-10-20")
    registered = lambda row: [(r["side"], r["tax_day"]) for r in k.list("finance.vat_line", [["invoice", "=", row["id"]]], sort="id")["rows"]]
    expect(registered(invoice(k, thing("100"), reference="H 1", **late)), [("purchase", "2024-11-05")])
    own = dict(late, position=s["position"]["domestic_reverse"])
    expect(registered(invoice(k, thing("100"), reference="H 2", **own)), [("purchase", "2024-10-20"), ("sale", "2024-10-20")])
    expect(registered(invoice(k, thing("100"), reference="H 3", **dict(late, tax_day="2024-11-20"))), [("purchase", "2024-11-20")])
    k.call("finance.year.lock", {"id": year, "until": "2024-10-31", "lock": "hard"})
    expect(registered(invoice(k, thing("100"), reference="H 4", **late)), [("purchase", "2024-11-05")])
    refused("rule", lambda: posted(k, "finance.invoice", draft(k, thing("100"), reference="H 5", **own)), "tax_day")


def a_draft_of_an_order_that_gets_another_day_has_its_tax_point_and_rate(k):
    """Drafted today, and then it is seen that the supplier's bill of 100 euro is of 1 March: at 4.20."""
    s = books(k)
    made = make(k, "logistics.purchase_order", party=s["steel"], currency=s["EUR"], lines=[{"item": s["wheel"], "quantity": "10", "price": "10"}])
    k.call("logistics.purchase_order.approve", {"id": made})
    bill = k.call("finance.invoice.from_order", {"order": {"entity": "logistics.purchase_order", "id": made}, "basis": "ordered"})["id"]
    k.update("finance.invoice", bill, {"day": "2026-03-01", "reference": "M/1"})
    with Gained(k, "201") as gained:
        row = posted(k, "finance.invoice", bill)
    expect((row["tax_day"], row["rate_day"], gained.now), ("2026-03-01", "2026-02-28", [D("-516.60")]))


def a_bill_of_a_closed_period_is_booked_in_an_open_one(k):
    """October 2024 is closed for good. A bill of the 30th that comes in November is November's, in the ledger and in the register; its date and its
    due day stay. What was delivered in November is November's income, though it is invoiced in December."""
    s = books(k)
    late = draft(k, thing("100"), kind="purchase", party=s["steel"], day="2024-10-30", reference="BO 1", terms=make(k, "finance.terms", code="n7", name="7 days", parts=[{"days": 7}]))
    told = refused("rule", lambda: k.call("finance.invoice.post", {"id": late}), "day")
    assert "booked_on" in told.problems[0]["hint"], told.problems
    k.update("finance.invoice", late, {"booked_on": "2024-11-04"})
    told = refused("rule", lambda: k.call("finance.invoice.post", {"id": late}), "tax_day")
    assert "deducted_on" in told.problems[0]["hint"], told.problems
    k.update("finance.invoice", late, {"received_on": "2024-11-04"})
    row = posted(k, "finance.invoice", late)
    expect((row["day"], row["due"], row["number"][:11], k.get("finance.entry", row["entry"])["day"]), ("2024-10-30", "2024-11-06", "ZK/2024/10/", "2024-11-04"))
    expect([r[4] for r in register(k, invoice=late)], ["2024-11-04"])
    expect((items(k, late)[0]["day"], items(k, late)[0]["due"]), ("2024-11-04", "2024-11-06"))
    sale = invoice(k, thing("100"), day="2024-12-03", tax_day="2024-11-29", booked_on="2024-11-29")
    expect((k.get("finance.entry", sale["entry"])["day"], [r[4] for r in register(k, invoice=sale["id"])]), ("2024-11-29", ["2024-11-29"]))
    refused("validation", lambda: draft(k, thing("100"), day="2024-12-03", tax_day="2024-11-29", booked_on="2024-11-28"), "booked_on")
    refused("validation", lambda: draft(k, thing("100"), day="2024-12-03", booked_on="2024-12-04", kind="receipt", party=None), "booked_on")
    proved(k)


def moved(k, month, *codes):
    """What the books have of accounts in a month, debit less credit."""
    rows = {r["code"]: D(r["debit"]) - D(r["credit"]) for r in k.call("finance.trial_balance", {"from": f"{month}-01", "to": f"{month}-28", "all": True})["rows"]}
    return [rows[code] for code in codes]


def input_tax_of_another_month_waits_on_an_account_of_its_own(k):
    """Dated in May, received in June, put off to July: until then its tax is on 222-1; each month the account of input tax is
    its register. A note and a discount that lessen it wait there too; what the buyer accounts for is met where its tax point is before."""
    s = books(k)
    months = ("2026-05", "2026-06", "2026-07", "2026-08")
    declared = lambda: [D(k.call("finance.vat_register", {"from": f"{month}-01", "to": f"{month}-28"})["on_purchases"]) for month in months]
    booked = lambda: [moved(k, month, "222", "222-1") for month in months]
    before, register_before = booked(), declared()

    def gained():
        sums = [[b - a for a, b in zip(was, now)] for was, now in zip(before, booked())]
        expect([one[0] for one in sums], [b - a for a, b in zip(register_before, declared())])
        return sums

    bill = lambda n, day, **more: invoice(k, thing("100"), kind="purchase", party=s["steel"], day=day, reference=f"W {n}", **more)
    row = bill(1, "2026-05-20", received_on="2026-06-02", deducted_on="2026-07-25", terms=early_terms(k, "w", 90))
    put_off = [[0, 23], [0, 0], [23, -23], [0, 0]]
    expect(gained(), put_off)
    entries = k.list("finance.entry", [["origin", "=", {"entity": "finance.invoice", "id": row["id"]}]], sort="id")["rows"]
    expect([(e["day"], e["reference"]) for e in entries], [("2026-05-20", row["number"]), ("2026-07-25", row["number"])])
    paid = pay(k, party=s["steel"], direction="out", day="2026-06-10", amount="60.27", allocations=[{"item": items(k, row["id"])[0]["id"], "discount": "1.23"}])
    expect(gained(), [[0, 23], [0, D("-0.23")], [D("22.77"), D("-22.77")], [0, 0]])
    k.call("finance.payment.reverse", {"id": paid["id"], "day": "2026-06-20"})
    expect(gained(), put_off)
    credit(k, row, "2026-06-12", reference="W 1/1")
    expect(gained(), [[0, 23], [0, -23], [0, 0], [0, 0]])
    bill(2, "2026-08-03", received_on="2026-08-20")
    invoice(k, thing("200"), kind="purchase", party=s["steel"], day="2026-06-06", tax_day="2026-05-28", reference="W 3", position=s["position"]["domestic_reverse"])
    expect(gained(), [[46, 23 - 46], [0, -23 + 46], [0, 0], [23, 0]])
    proved(k)


def output_tax_of_another_month_waits_on_an_account_of_its_own(k):
    """Delivered in June and billed in July, or billed in June before the delivery of July: tax is due at the tax point, until or since then it
    is on 221-1; each month the account of output tax is its register. So with notes, discounts, and what a buyer accounts for."""
    s = books(k)
    months = ("2026-05", "2026-06", "2026-07", "2026-08")
    declared = lambda: [-D(k.call("finance.vat_register", {"from": f"{month}-01", "to": f"{month}-28"})["on_sales"]) for month in months]
    booked = lambda: [moved(k, month, "221", "221-1") for month in months]
    before, register_before = booked(), declared()

    def gained():
        sums = [[b - a for a, b in zip(was, now)] for was, now in zip(before, booked())]
        expect([one[0] for one in sums], [b - a for a, b in zip(register_before, declared())])
        return sums

    row = invoice(k, thing("100"), day="2026-07-06", tax_day="2026-06-28", terms=early_terms(k, "v", 90))
    billed_after = [[0, 0], [-23, 23], [0, -23], [0, 0]]
    expect(gained(), billed_after)
    entries = k.list("finance.entry", [["origin", "=", {"entity": "finance.invoice", "id": row["id"]}]], sort="id")["rows"]
    expect([(e["day"], e["reference"]) for e in entries], [("2026-07-06", row["number"]), ("2026-06-28", row["number"])])
    paid = pay(k, day="2026-07-10", amount="60.27", allocations=[{"item": items(k, row["id"])[0]["id"], "discount": "1.23"}])
    expect(gained(), [[0, 0], [-23, 23], [D("0.23"), -23], [0, 0]])
    k.call("finance.payment.reverse", {"id": paid["id"], "day": "2026-07-20"})
    expect(gained(), billed_after)
    credit(k, row, "2026-07-22")
    expect(gained(), [[0, 0], [-23, 23], [23, -23], [0, 0]])
    early = invoice(k, thing("200"), day="2026-06-08", tax_day="2026-08-10", terms=early_terms(k, "z", 90))
    expect(gained(), [[0, 0], [-23, 23 - 46], [23, -23], [-46, 46]])
    pay(k, day="2026-06-10", amount="241.08", allocations=[{"item": items(k, early["id"])[0]["id"], "discount": "4.92"}])
    expect(gained(), [[0, 0], [-23, D("-22.08")], [23, -23], [D("-45.08"), D("45.08")]])  # no discount lessens what is not due yet
    invoice(k, thing("300"), day="2026-07-02", tax_day="2026-05-28", booked_on="2026-05-28")
    expect(gained()[0], [-69, 0])  # booked in the month of its tax point
    invoice(k, thing("100"), kind="purchase", party=s["steel"], day="2026-06-06", tax_day="2026-05-28", reference="V 1", position=s["position"]["domestic_reverse"])
    expect(gained()[:2], [[D(-92), 23], [-23, D("-45.08")]])
    proved(k)


def where_no_account_is_named_for_it_tax_is_on_its_own_at_once(k):
    s = books(k)
    named = lambda: k.list("finance.purpose", [["purpose", "in", ["tax_purchase_later", "tax_sale_other_month"]]])["rows"]
    for purpose in named():
        k.call("finance.purpose.delete", {"id": purpose["id"]})
    before = moved(k, "2026-05", "222", "221")
    invoice(k, thing("100"), kind="purchase", party=s["steel"], day="2026-05-20", reference="X 1", received_on="2026-06-02")
    invoice(k, thing("100"), day="2026-05-20", tax_day="2026-04-28")
    expect([b - a for a, b in zip(before, moved(k, "2026-05", "222", "221"))], [23, -23])
    k.call("finance.setup", {"chart": "polish", "year": "2026-01-01"})
    expect(len(named()), 2)
    proved(k)


def tax_is_deducted_when_the_bill_is_received_or_put_off(k):
    """Delivered and dated in May, received in June: deducted in June, or put off, three months or two quarters at most. What lessens it does so
    not before; what the buyer accounts for stays at its tax point."""
    s = books(k)
    bill = lambda n, **more: draft(k, thing("100"), kind="purchase", party=s["steel"], day="2026-05-29", tax_day="2026-05-28", reference=f"R {n}", **more)
    deducted = lambda **where: [(r[0], r[3], r[4]) for r in register(k, **where)]
    of = lambda made: deducted(invoice=posted(k, "finance.invoice", made)["id"])
    sum_of = lambda month: k.call("finance.vat_register", {"from": f"2026-{month}-01", "to": f"2026-{month}-30"})["on_purchases"]
    before = [D(sum_of(month)) for month in ("05", "06")]
    expect(of(bill(1, received_on="2026-06-12")), [("purchase", "23.00", "2026-06-12")])
    expect([D(sum_of(month)) - was for month, was in zip(("05", "06"), before)], [D(0), D(23)])
    expect(of(bill(2)), [("purchase", "23.00", "2026-05-29")])
    expect(k.list("finance.invoice", [["reference", "=", "R 2"]])["rows"][0]["received_on"], "2026-05-29")
    expect(of(bill(3, received_on="2026-06-12", position=s["position"]["domestic_reverse"])), [(side, "23.00", "2026-05-28") for side in ("purchase", "sale")])

    refused("validation", lambda: bill(4, received_on="2026-05-28"), "received_on")
    refused("validation", lambda: draft(k, thing("100"), received_on="2026-06-12"), "received_on")
    late = dict(received_on="2026-06-12", terms=early_terms(k, "r10", 90))
    told = refused("validation", lambda: bill(4, deducted_on="2026-06-11", **late), "deducted_on")
    assert "before 2026-06-12" in told.problems[0]["message"], told.problems
    told = refused("validation", lambda: bill(4, deducted_on="2026-10-01", **late), "deducted_on")
    assert "after 2026-09-30" in told.problems[0]["message"], told.problems
    put_off = bill(4, deducted_on="2026-09-30", **late)
    expect(of(put_off), [("purchase", "23.00", "2026-09-30")])
    paid = pay(k, party=s["steel"], direction="out", day="2026-07-10", amount="120.54", allocations=[{"item": items(k, put_off)[0]["id"], "discount": "2.46"}])
    expect(deducted(payment=paid["id"]), [("purchase", "-0.46", "2026-09-30")])
    k.call("finance.payment.reverse", {"id": paid["id"], "day": "2026-08-10"})
    expect(deducted(payment=paid["id"])[1], ("purchase", "0.46", "2026-09-30"))
    note = credit(k, k.get("finance.invoice", put_off), "2026-07-12", reference="R 4/1")
    expect(deducted(invoice=note["id"]), [("purchase", "-23.00", "2026-09-30")])

    setting = k.list("finance.setting", [])["rows"][0]["id"]
    k.update("finance.setting", setting, {"tax_every": "quarter"})
    expect(of(bill(5, deducted_on="2026-12-31", **late)), [("purchase", "23.00", "2026-12-31")])
    refused("validation", lambda: bill(6, deducted_on="2027-01-01", **late), "deducted_on")
    k.update("finance.setting", setting, {"tax_every": "month"})
    proved(k)


def income_and_expense_begin_anew_with_the_year(k):
    """100 earned and 30 spent in 2025, which is not closed yet: in 2026 neither is opened with anything, and 70 are told beside."""
    entry(k, "2025-06-01", ("131", 100), ("702", -100))
    entry(k, "2025-06-02", ("403", 30), ("131", -30))
    ask = lambda day: k.call("finance.trial_balance", {"from": day, "to": "2026-12-31", "all": True})
    def opened(day):
        answer = ask(day)
        rows = {r["code"]: r for r in answer["rows"]}
        leaves = sum(D(r["opening"]) for r in answer["rows"] if not r["group"])
        return [D(rows[code]["opening"]) for code in ("131", "702", "403", "4")] + [D(answer["earlier_result"]), leaves]
    expect(opened("2026-01-01"), [D(70), D(0), D(0), D(0), D(70), D(70)])
    expect(opened("2025-07-01"), [D(70), D(-100), D(30), D(30), D(0), D(0)])
    card = lambda code, day: k.call("finance.general_ledger", {"account": seen["account"][code], "from": day, "to": "2026-12-31"})["opening"]
    expect((card("702", "2026-01-01"), card("702", "2025-07-01"), card("131", "2026-01-01")), ("0.00", "-100.00", "70.00"))


def a_year_whose_periods_are_locked_is_closed(k):
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


def conditions(filter, name):
    """Those on a name, however deep."""
    if filter and filter[0] == name:
        return [filter]
    return [c for part in filter if isinstance(part, list) for c in conditions(part, name)]


def named(filter):
    return next(c[2] for c in filter if c[0] == "lines.account")


def what_the_books_are_opened_with_is_no_turnover(k):
    """1000 in the bank and machines for 500 are opened with on the first of February: no cash flowed, and the month's turnover is the 40 of its sale."""
    month = {"from": "2026-02-01", "to": "2026-02-28"}
    told = lambda: ({r["code"]: [D(r[f]) for f in ("opening", "debit", "closing")] for r in k.call("finance.trial_balance", {**month, "all": True})["rows"]},
                    [D(k.call("finance.cash_flow", month)[f]) for f in ("opening", "operating", "investing", "financing", "closing")])
    before, flowed = told()
    entry(k, "2026-02-01", ("131", 1000), ("010", 500), kind="opening")
    taken_back = entry(k, "2026-02-01", ("131", 7), kind="opening")["id"]
    k.call("finance.entry.reverse", {"id": taken_back, "day": "2026-02-01"})
    entry(k, "2026-02-02", ("131", 40), ("702", -40))
    after, flows = told()
    gained = lambda code: [b - a for a, b in zip(before[code], after[code])]
    expect((gained("131"), gained("010"), gained("809")), ([D(1000), D(40), D(1040)], [D(500), D(0), D(500)], [D(-1500), D(0), D(-1500)]))
    expect([b - a for a, b in zip(flowed, flows)], [D(1000), D(40), D(0), D(0), D(1040)])


def branches(filter):
    """The filters of what a figure sums: where a group has accounts of balance and of result, those begin with the year."""
    parts = next((c[1:] for c in filter if c[0] == "or" and c[1][0] == "and"), None)
    return [[*(c for c in filter if c[0] != "or"), *part[1:]] for part in parts] if parts else [filter]


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
        {"opening": "0.00", "operating": "70.00", "investing": "0.00", "financing": "0.00", "valued": "0.00", "closing": "70.00"}]))
    sign = {"asset": 1, "expense": 1, "liability": -1, "equity": -1, "income": -1}
    for answer in (sheet, result):
        assert answer["rows"], answer
        for row in answer["rows"]:
            for figure, filter in (("amount", "filter"), ("compared", "compared_filter")):
                got = summed(k, row[filter], named(row[filter]))
                expect((row["code"], figure, sign[row["kind"]] * got), (row["code"], figure, D(row[figure])))
        for figure, filter in (("result", "result_filter"), ("compared_result", "compared_result_filter")):
            expect((figure, -summed(k, answer[filter], named(answer[filter]))), (figure, D(answer[figure])))
    for answer, day in ((sheet, "2026-02-28"), (k.call("finance.balance_sheet", {"day": "2025-12-31"}), "2025-12-31")):
        expect((day, D(answer["assets"])), (day, sum(D(answer[f]) for f in ("liabilities", "equity", "result"))))
    for one, days in ((k.call("finance.balance_sheet", {"day": "2025-12-31"}), sheet), (k.call("finance.profit_loss", {"from": "2025-01-01", "to": "2025-12-31"}), result)):
        for total in ("assets", "liabilities", "equity", "income", "expenses", "result"):
            expect((total, days[f"compared_{total}"]), (total, one[total]))
    for row in flow["rows"]:
        for figure, filter in (("amount", "filter"), ("compared", "compared_filter")):
            expect((row["code"], figure, -summed(k, row[filter], named(row[filter]))), (row["code"], figure, D(row[figure])))
    trials = [row for month in ({"from": "2026-02-01", "to": "2026-02-28"}, {"from": "2026-03-01", "to": "2026-03-31"}) for row in k.call("finance.trial_balance", month)["rows"]]
    for row in trials:
        moved = summed(k, row["filter"], named(row["filter"]))
        opening = sum((summed(k, part, named(part)) for part in branches(row["opening_filter"])), D(0)) if row["opening_filter"] else D(0)
        expect((row["code"], moved, opening, opening + moved), (row["code"], D(row["debit"]) - D(row["credit"]), D(row["opening"]), D(row["closing"])))
    refused("validation", lambda: k.call("finance.profit_loss", {"from": "2026-02-01", "to": "2026-01-01", "compare_from": "2025-01-01"}), "compare_to", "to")
    refused("validation", lambda: k.call("finance.cash_flow", {"from": "2026-02-01", "to": "2026-01-01"}), "to")


def each_party_stands_on_its_own_side(k):
    """Nowak owes 1000, Kowal has paid 300 too much: the balance sheet shows 1000 among assets and 300 among liabilities, not 700. A supplier who
    got 40 in advance owes it; in euros, valued on the day, too."""
    s = books(k)
    invoice(k, thing("1000", tax_category=s["category"]["zero"]), day="2026-09-02")
    pay(k, party=s["kowal"], day="2026-09-02", amount="300")
    pay(k, party=s["rad"], direction="out", day="2026-09-02", amount="10", currency=s["EUR"], rate_day="2026-02-15")
    invoice(k, thing("500", tax_category=s["category"]["zero"]), kind="purchase", party=s["steel"], reference="TS", day="2026-09-02")
    k.call("finance.revalue", {"day": "2026-09-03"})
    sheet = k.call("finance.balance_sheet", {"day": "2026-09-03", "compare": "2026-09-01"})
    gained = {(r["code"], r["kind"]): D(r["amount"]) - D(r["compared"]) for r in sheet["rows"]}
    expect([gained[row] for row in (("200", "asset"), ("200", "liability"), ("201", "liability"), ("201", "asset"))], [D(1000), D(300), D(500), D(43)])
    for day in ("", "compared_"):
        expect(D(sheet[day + "assets"]), sum(D(sheet[day + f]) for f in ("liabilities", "equity", "result")))
    net = balances(k, "200", "201", day="2026-09-03")
    amounts = {(r["code"], r["kind"]): D(r["amount"]) for r in sheet["rows"]}
    expect([amounts["200", "asset"] - amounts["200", "liability"], amounts["201", "asset"] - amounts["201", "liability"]], net)
    row = next(r for r in sheet["rows"] if (r["code"], r["kind"]) == ("200", "liability"))
    parties = {line["party"] for e in k.list("finance.entry", row["filter"], limit=200)["rows"] for line in e["lines"] if line["account"] == s["account"]["200"]}
    assert s["kowal"] in parties and s["nowak"] not in parties, parties
    # a group has them neither: it is what the entries behind it say
    group = next(r for r in sheet["rows"] if (r["code"], r["kind"], r["group"]) == ("2", "asset", True))
    kinds = {a["id"]: a["kind"] for a in k.list("finance.account", [["code", "starts_with", "2"], ["group", "=", False]], limit=200)["rows"]}
    for figure, filter in (("amount", "filter"), ("compared", "compared_filter")):
        others = {(of[2][0][2], party) for of in conditions(group[filter], "lines") for party in of[2][1][2]}
        behind = k.list("finance.entry", group[filter], limit=500)["rows"]
        lines = [line for e in behind for line in e["lines"] if kinds.get(line["account"]) == "asset" and (line["account"], line["party"]) not in others]
        expect(sum(D(line["debit"] or 0) - D(line["credit"] or 0) for line in lines), D(group[figure]))
    behind = {e["id"] for e in k.list("finance.entry", group["filter"], limit=500)["rows"]}
    paid = {e["id"] for e in k.list("finance.entry", [["lines", "any", [["account", "=", s["account"]["200"]], ["party", "=", s["kowal"]]]]], limit=500)["rows"]}
    assert paid and not paid & behind, (paid, behind)


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
    """1000 euros come in at 4.10, 400 go out at 4.30: 80 are gained on them, 600 are left for 2460; at 4.30 they are worth 120 more. All of them
    go: no zloty is left. 50 too many are overdrawn at 4.30, and come back at that, whatever the day's rate is."""
    s = books(k)
    bank = make(k, "finance.account", code="132", name="Euro account", kind="asset", cash="cash", currency=s["EUR"], parent=s["account"]["1"])
    journal = make(k, "finance.journal", code="BEUR", name="Euro bank", kind="bank", account=bank, currency=s["EUR"])
    out = lambda day, amount: pay(k, journal=journal, direction="out", party=s["steel"], day=day, amount=amount)
    with Gained(k, "201", "750", "751") as gained:
        pay(k, journal=journal, day="2026-03-20", amount="1000")
        out("2026-04-02", "400")
    expect((balances(k, "132", day="2026-04-02"), gained.now), ([D(2460)], [D(1720), D(-80), D(0)]))
    k.call("finance.revalue", {"day": "2026-04-30"})
    expect((balances(k, "132", day="2026-04-30"), balances(k, "132", day="2026-05-01")), ([D(2580)], [D(2460)]))
    k.call("finance.revalue", {"day": "2026-04-30"})
    expect(balances(k, "132", day="2026-04-30"), [D(2580)])
    with Gained(k, "201", "750", "751") as gained:
        last = out("2026-04-30", "650")  # on the day that was valued: not at what it was valued at
    expect((balances(k, "132", day="2026-05-01"), gained.now), ([D(-215)], [D(2795), D(-120), D(0)]))
    with Gained(k, "132", "200", "750") as gained:
        back = pay(k, journal=journal, day="2026-05-02", rate_day="2026-03-15", amount="50")
    expect(gained.now, [D(215), D(-205), D(-10)])
    k.call("finance.payment.reverse", {"id": back["id"], "day": "2026-05-03"})
    k.call("finance.payment.reverse", {"id": last["id"], "day": "2026-05-03"})
    expect(balances(k, "132", day="2026-05-03"), [D(2460)])
    proved(k)


# ---- Order, receipt and bill ----

def serial_numbers_wait_for_their_bill_together(k):
    """A hundred chips with serial numbers at 3.33 and ten at 5, on one receipt: two rows wait for the bill. Forty go back; what is billed then clears
    the other seventy for 249.80."""
    s = books(k)
    chip = make(k, "base.item", code="chip", name="Chip", unit=s["piece"], tracking="serial", bought=True, currency=s["PLN"])
    order = {"entity": "logistics.purchase_order", "id": make(k, "logistics.purchase_order", party=s["steel"], currency=s["PLN"],
             lines=[{"item": chip, "quantity": "100", "price": "3.33"}, {"item": chip, "quantity": "10", "price": "5"}])}
    k.call("logistics.purchase_order.approve", {"id": order["id"]})
    lines = [line["id"] for line in k.get("logistics.purchase_order", order["id"])["lines"]]
    names = [f"CH{n:03}" for n in range(110)]
    move = lambda kind, *parts: k.call("logistics.receipt.finish", {"id": make(k, "logistics.receipt", order=order["id"], kind=kind, lines=[
        {"order_line": of, "quantity": str(len(part)), "serials": "\n".join(part)} for of, part in parts])})
    waits = lambda: [(r["left"], r["left_value"]) for r in k.list("finance.received", [["item", "=", chip], ["left", "!=", "0"]], sort="id")["rows"]]
    move("receipt", (lines[0], names[:100]), (lines[1], names[100:]))
    expect(waits(), [("100.0000", "333.00"), ("10.0000", "50.00")])
    move("return", (lines[0], names[:40]))
    expect(waits(), [("60.0000", "199.80"), ("10.0000", "50.00")])
    oldest = {"filter": [["item", "=", chip], ["party", "=", s["steel"]], ["waits_for", "=", "bill"]], "sort": "id"}
    expect(k.count("finance.received", oldest["filter"]), 2)
    found = k.call("finance.received.list", {**oldest, "explain": True})  # the first one that an index gives, however often what is left changed
    expect((found["index"], found["sort"]), (["item", "party", "waits_for"], "index"))
    with Gained(k, "300") as gained:
        row = invoice(k, kind="purchase", party=s["steel"], order=order, reference="CH 1", day=TODAY.isoformat(), lines=[
            {"item": chip, "quantity": quantity, "price": price, "order_line": of} for of, quantity, price in ((lines[0], "60", "3.33"), (lines[1], "10", "5"))])
    expect((row["net"], gained.now, waits()), ("249.80", [D("249.80")], []))
    proved(k)


def what_went_back_to_a_supplier_waits_for_a_credit_note(k):
    """Of ten wheels that are billed four go back: the bill is listed with four to credit, until they are. Goods that are billed and did not come yet
    wait for no note."""
    s = books(k)
    def bought(reference):
        made = make(k, "logistics.purchase_order", party=s["steel"], currency=s["PLN"], lines=[{"item": s["wheel"], "quantity": "10", "price": "100"}])
        k.call("logistics.purchase_order.approve", {"id": made})
        line = k.get("logistics.purchase_order", made)["lines"][0]["id"]
        bill = lambda: invoice(k, {"item": s["wheel"], "quantity": "10", "price": "100", "order_line": line}, kind="purchase", party=s["steel"],
                               order={"entity": "logistics.purchase_order", "id": made}, reference=reference, day=TODAY.isoformat())
        move = lambda kind, quantity: k.call("logistics.receipt.finish", {"id": make(k, "logistics.receipt", order=made, kind=kind, lines=[{"order_line": line, "quantity": quantity}])})
        return bill, move
    asked = lambda: [(r["invoice"], r["lines"]) for r in k.call("finance.to_credit", {})["rows"] if r["party"] == s["steel"]]
    bought("WB 0")[0]()
    bill, move = bought("WB 1")
    move("receipt", "10")
    row = bill()
    expect(asked(), [])
    move("return", "4")
    expect(asked(), [(row["id"], [{"line": row["lines"][0]["id"], "quantity": "4.0000"}])])
    note = k.call("finance.invoice.credit", {"id": row["id"], "reason": "bent", "reference": "WB 1/1", "lines": asked()[0][1]})["made"]
    expect(posted(k, "finance.invoice", note)["net"], "400.00")
    expect(asked(), [])
    proved(k)


def what_went_straight_back_from_the_customer_waits_for_a_credit_note(k):
    """Eight wheels go straight to Nowak and are billed to him; three go straight back: his invoice is listed with three to credit,
    until they are."""
    s = books(k)
    make(k, "logistics.supplier_price", item=s["wheel"], party=s["steel"], price="60", currency=s["PLN"], preferred=True)
    asked = lambda: [(r["invoice"], [line["quantity"] for line in r["lines"]]) for r in k.call("finance.to_credit", {})["rows"] if r["party"] == s["nowak"]]
    before = asked()
    wanted = make(k, "logistics.purchase_request", item=s["wheel"], quantity="8", party=s["steel"])
    free = D(k.call("logistics.availability", {"item": s["wheel"]})["available"])
    sale = order(k, {"item": s["wheel"], "quantity": str(free + 8), "price": "100"})
    made = k.call("logistics.purchase.order", {"requests": [wanted]})["orders"][0]["order"]
    k.update("logistics.purchase_order", made, {"ship_to": s["nowak"]})
    k.call("logistics.purchase_order.approve", {"id": made})
    line = k.get("logistics.purchase_order", made)["lines"][0]["id"]
    move = lambda kind, quantity: k.call("logistics.receipt.finish", {"id": make(k, "logistics.receipt", order=made, kind=kind, lines=[{"order_line": line, "quantity": quantity}])})
    move("receipt", "8")
    billed = posted(k, "finance.invoice", k.call("finance.invoice.from_order", {"order": sale, "day": TODAY.isoformat()})["id"])
    expect((D(billed["lines"][0]["quantity"]), asked()), (8, before))
    move("return", "3")
    expect([row for row in asked() if row not in before], [(billed["id"], ["3.0000"])])
    posted(k, "finance.invoice", k.call("finance.invoice.credit", {"id": billed["id"], "reason": "bent", "lines": [{"line": billed["lines"][0]["id"], "quantity": "3"}]})["made"])
    expect(asked(), before)
    proved(k)


def nothing_is_left_to_credit_of_what_came_back_in_parts_of_a_unit(k):
    """Two and a half kilograms are seven hams of 350 g, billed whole or as they went, in kilograms, hams or pounds; they come back in twos and
    threes. What each time is asked for can be credited; in the end all is, and the order hears no more nor less of it than it heard billed."""
    s = books(k)
    whole = make(k, "base.unit", code="ham", category="count", rounding="1")
    kg = k.list("base.unit", [["code", "=", "kg"]])["rows"] or [{"id": make(k, "base.unit", code="kg", category="weight")}]
    pound = make(k, "base.unit", code="lb", category="weight", factor="0.45359237")
    ham = make(k, "base.item", code="ham", name="Ham", unit=whole, price="60", currency=s["PLN"])
    make(k, "base.item_unit", item=ham, unit=kg[0]["id"], factor="2.857143")
    make(k, "base.item_unit", item=ham, unit=pound, factor="1.295978")
    slip = make(k, "logistics.transfer", kind="entry", lines=[{"item": ham, "quantity": "100", "unit_cost": "10"}])
    k.call("logistics.transfer.post", {"id": slip})
    line = lambda sale: k.get("crm.order", sale["id"])["lines"][0]
    asked = lambda sale: [r for r in k.call("finance.to_credit", {})["rows"] if r["order"]["id"] == sale["id"]]

    def bill(sale, unit, quantity):
        if not unit:
            return posted(k, "finance.invoice", k.call("finance.invoice.from_order", {"order": sale, "day": TODAY.isoformat()})["id"])
        return invoice(k, {"item": ham, "unit": unit, "quantity": quantity, "price": "21", "order_line": line(sale)["id"]}, order=sale, day=TODAY.isoformat())

    def credit_what_is_asked(sale):
        for row in asked(sale):
            posted(k, "finance.invoice", k.call("finance.invoice.credit", {"id": row["invoice"], "reason": "salty", "lines": row["lines"]})["made"])

    for unit, sold, went, billed, parts in ((kg[0]["id"], "2.5", (7,), (None,), (2, 3, 1, 1)), (kg[0]["id"], "2.5", (3, 4), (None, None), (2, 2, 3)),
                                            (kg[0]["id"], "2.5", (7,), ((whole, "7"),), (1, 1, 1, 1, 1, 1, 1)), (kg[0]["id"], "2.5", (7,), ((pound, "5.5116"),), (2, 5)),
                                            (pound, "5.5", (7,), ((kg[0]["id"], "2.4948"),), (3, 3, 1)), (whole, "7", (7,), ((kg[0]["id"], "2.45"),), (1,) * 7)):
        sale = order(k, {"item": ham, "quantity": sold, "unit": unit, "price": "60"})
        bills = []
        for count, how in zip(went, billed):
            ship(k, sale, str(count), TODAY.isoformat())
            bills.append(bill(sale, *(how or (None, None))))
        heard = D(line(sale)["invoiced"])
        expect(asked(sale), [])
        for part in parts:
            sent = [d for d in k.list("logistics.delivery", [["document", "=", sale]], sort="-id")["rows"] if d["state"] in ("shipped", "done")]
            for d in sent:
                can = min(D(part), D(d["lines"][0]["shipped"] or 0) - D(d["lines"][0]["returned"] or 0))
                if can > 0:
                    k.call("logistics.delivery.return", {"id": d["id"], "lines": [{"line": d["lines"][0]["id"], "quantity": str(can)}]})
                    part -= can
            credit_what_is_asked(sale)
            expect(asked(sale), [])
            now = line(sale)
            assert 0 <= D(now["invoiced"]) <= heard and abs(D(now["invoiced"]) - D(now["delivered"])) <= abs(heard - D(sold)) + D("0.0003"), (now, heard)
        left = [k.get("finance.invoice", row["id"]) for row in bills]
        if heard == D(sold):  # all that was billed went, and came back
            expect([(row["gross"], row["lines"][0]["quantity"], row["open"]) for row in left], [(row["credited"], row["lines"][0]["credited"], "0.00") for row in left])
        for row in left:
            if D(row["lines"][0]["credited"] or 0) < D(row["lines"][0]["quantity"]):
                credit(k, row, TODAY.isoformat())
        expect(D(line(sale)["invoiced"]), 0)
    proved(k)


def no_more_is_credited_than_was_billed_by_whatever_lines(k):
    """Ten of two lines: a note of six and six of the first is refused as a whole."""
    row = invoice(k, thing("100", "10"), thing("100", "10"), day="2026-08-10")
    first = {"line": row["lines"][0]["id"], "quantity": "6"}
    note = k.call("finance.invoice.credit", {"id": row["id"], "reason": "x", "day": "2026-08-11", "lines": [first, first]})["made"]
    refused("rule", lambda: k.call("finance.invoice.post", {"id": note}), "lines[1].quantity")
    row = invoice(k, thing("100", "10"), day="2026-08-10")
    credit(k, row, "2026-08-12", (0, "10"))
    refused("rule", lambda: credit(k, row, "2026-08-12"), "lines")


def where_nothing_is_left_no_note_is_drafted(k):
    """Made cheaper by all of its price, taken off, or free of charge from the start: that is told at once, and no draft is left."""
    row = invoice(k, thing("100", "10"), day="2026-08-10")
    drafts = lambda: k.call("finance.invoice.count", {"filter": [["state", "=", "draft"]]})
    before = drafts()
    down = k.call("finance.invoice.credit", {"id": row["id"], "reason": "x", "day": "2026-08-11", "lines": [{"line": row["lines"][0]["id"], "price": "100"}]})["made"]
    expect(posted(k, "finance.invoice", down)["gross"], "1230.00")
    for lines in (None, [{"line": row["lines"][0]["id"], "quantity": "3"}]):
        told = refused("rule", lambda: k.call("finance.invoice.credit", {"id": row["id"], "reason": "x", "day": "2026-08-12", "lines": lines}), "lines")
        assert "nothing is left to credit" in str(told), told
    gift = invoice(k, thing("0", "3"), thing("50"), day="2026-08-10")
    refused("rule", lambda: k.call("finance.invoice.credit", {"id": gift["id"], "reason": "x", "day": "2026-08-12", "lines": [{"line": gift["lines"][0]["id"], "quantity": "3"}]}), "lines")
    expect(credit(k, gift, "2026-08-12")["gross"], "61.50")
    expect(drafts(), before)


def a_note_lessens_no_tax_before_it_is_due(k):
    """Billed in June for July: a note of June is July's too."""
    row = invoice(k, thing("100"), day="2026-06-08", tax_day="2026-07-02")
    note = credit(k, row, "2026-06-12")
    expect(register(k, invoice=note["id"]), [("sale", "23%", "-100.00", "-23.00", "2026-07-02")])
    row = invoice(k, thing("100"), day="2026-06-08", tax_day="2026-07-02")
    made = k.call("finance.invoice.credit", {"id": row["id"], "reason": "x", "day": "2026-06-12"})["made"]
    k.update("finance.invoice", made, {"tax_day": "2026-06-30"})
    refused("rule", lambda: k.call("finance.invoice.post", {"id": made}), "tax_day")
    k.call("finance.invoice.cancel", {"id": made})
    proved(k)


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


# ---- The next year ----

def opening_the_next_year_leaves_alone_what_is_there(k):
    """An account with a name of the house's own, another account for sales, other usual terms, a row of the house's own for discounts."""
    s, acc = books(k), books(k)["account"]
    sales, given = (k.list("finance.purpose", [["purpose", "=", purpose]])["rows"][0] for purpose in ("sales_services", "discount_given"))
    k.update("finance.account", acc["131"], {"name": "Bank of the house"})
    k.update("finance.purpose", sales["id"], {"account": acc["760"]})
    k.delete("finance.purpose", given["id"])
    make(k, "finance.purpose", purpose="discount_given", account=acc["761"])
    net14 = k.list("finance.terms", [["code", "=", "net14"]])["rows"][0]["id"]
    k.update("finance.terms", net14, {"initial": False})
    made = k.call("finance.setup", {"chart": "polish", "year": f"{TODAY.year + 1}-01-01"})
    expect(made, {"accounts": 0, "journals": 0, "purposes": 0, "terms": 0, "years": 1})
    of = {p["purpose"]: p["account"] for p in k.list("finance.purpose", [], limit=100)["rows"]}
    expect((k.get("finance.account", acc["131"])["name"], of["sales_services"], of["discount_given"], k.get("finance.terms", net14)["initial"]),
           ("Bank of the house", acc["760"], acc["761"], False))
    spare = acc["755"]
    k.delete("finance.account", spare)
    expect(k.call("finance.setup", {"chart": "polish", "year": f"{TODAY.year + 1}-01-01"})["accounts"], 1)
    k.update("finance.purpose", sales["id"], {"account": sales["account"]})
    k.update("finance.terms", net14, {"initial": True})


# ---- A party's account ----

def an_opening_item_has_its_own_number_and_a_statement_tells_of_other_currencies(k):
    """Two invoices of the years before, 500 zloty and 100 euros at 4.00; a statement in one currency names what is in the others."""
    s = books(k)
    old = make(k, "base.party", name="Old customer")
    for currency, amount, more in ((s["PLN"], "500", {}), (s["EUR"], "400", {"amount": "100"})):
        posted(k, "finance.entry", make(k, "finance.entry", day="2026-04-01", kind="opening", currency=currency, lines=[
            {"account": s["account"]["200"], "party": old, "debit": amount, "due": "2026-04-20", "text": f"FV {amount}/2024", **more}]))
    told = [(i["reference"], i["amount"], i["due"]) for i in k.list("finance.open_item", [["party", "=", old]], sort="id")["rows"]]
    expect(told, [("FV 500/2024", "500.00", "2026-04-20"), ("FV 400/2024", "100.00", "2026-04-20")])
    ask = lambda **more: k.call("finance.party_statement", {"party": old, "from": "2026-01-01", "to": "2026-04-30", **more})
    expect((ask()["closing"], ask()["others"]), ("500.00", [{"currency": s["EUR"], "closing": "100.00", "open": "100.00"}]))
    expect((ask(currency=s["EUR"])["closing"], ask(currency=s["EUR"])["others"]), ("100.00", [{"currency": s["PLN"], "closing": "500.00", "open": "500.00"}]))
    expect(ask(to="2026-03-31")["others"], [])
    proved(k)


# ---- The stores' accounts ----

def the_accounts_of_stock_are_the_stores(k):
    """No entry, bill or payment of the books' own is posted where the value of goods stands, and no balance comes or goes with a purpose."""
    s = books(k)
    acc = s["account"]
    for more in ({}, {"kind": "opening"}):
        written = make(k, "finance.entry", day="2026-05-05", lines=[{"account": acc["310"], "debit": "5"}, {"account": acc["801"], "credit": "5"}], **more)
        refused("rule", lambda: k.call("finance.entry.post", {"id": written}), "lines[0].account")
    bill = draft(k, thing("50"), thing("50", account=acc["310"]), kind="purchase", party=s["steel"], reference="ST 1", day="2026-05-05")
    refused("rule", lambda: k.call("finance.invoice.post", {"id": bill}), "lines[1].account")
    for account in ("310", "402"):
        paid = make(k, "finance.payment", party=s["nowak"], day="2026-05-05", amount="5", account=acc[account])
        refused("rule", lambda: k.call("finance.payment.post", {"id": paid}), "account")
    usual = k.list("finance.purpose", [["purpose", "=", "stock"]])["rows"][0]["id"]
    for change in ({"account": acc["330"]}, {"purpose": "losses", "category": make(k, "base.item_category", name="Odd")}):
        refused("conflict", lambda: k.update("finance.purpose", usual, change), "account")
    refused("conflict", lambda: k.delete("finance.purpose", usual))
    frames = make(k, "base.item_category", name="Frames")
    refused("conflict", lambda: k.create("finance.purpose", {"purpose": "stock", "category": frames, "account": acc["131"]}), "account")
    own = make(k, "finance.account", code="311", name="Frames", kind="asset", parent=k.get("finance.account", acc["310"])["parent"])
    row = make(k, "finance.purpose", purpose="stock", category=frames, account=own)
    k.update("base.item", s["bike"], {"category": frames})
    with Gained(k, "310", "311") as gained:
        expect(k.call("finance.align_stock", {})["difference"], "0.00")
    assert gained.now[1] > 0 and sum(gained.now) == 0, gained.now
    refused("conflict", lambda: k.delete("finance.purpose", row))
    k.update("base.item", s["bike"], {"category": None})
    k.call("finance.align_stock", {})
    k.delete("finance.purpose", row)
    proved(k)


# ---- Cash to come ----

def foreseen(k, more, parts=("receivable", "payable", "orders", "purchases", "deals")):
    """What the weeks of the forecast gain by a function: {column: {week: amount}}."""
    before = k.call("finance.cash_forecast", {"weeks": 16})["weeks"]
    more()
    after = k.call("finance.cash_forecast", {"weeks": 16})["weeks"]
    gained = {part: {n: D(b[part]) - D(a[part]) for n, (a, b) in enumerate(zip(before, after))} for part in parts}
    return {part: {n: amount for n, amount in of.items() if amount} for part, of in gained.items() if any(of.values())}


def in_weeks(*dated):
    """{week: amount} of (days from today, amount)."""
    monday, of = TODAY - datetime.timedelta(TODAY.weekday()), {}
    for days, amount in dated:
        week = (TODAY + datetime.timedelta(days) - monday).days // 7
        of[week] = of.get(week, D(0)) + D(amount).quantize(D("0.01"), ROUND_HALF_UP)
    return of


def later(days):
    return (TODAY + datetime.timedelta(days)).isoformat()


def buy(k, party, goods, price, quantity, days, currency="PLN"):
    s = books(k)
    bought = make(k, "logistics.purchase_order", party=party, currency=s[currency], lines=[{"item": goods, "quantity": quantity, "price": price}])
    k.call("logistics.purchase_order.approve", {"id": bought})
    line = k.get("logistics.purchase_order", bought)["lines"][0]
    k.call("logistics.purchase_order.reschedule", {"id": bought, "lines": [{"line": line["id"], "expected": later(days)}], "reason": "as agreed"})


def the_forecast_knows_terms_purchases_and_deals(k):
    """An order of 1000 and 100, 230 and 8 of tax, is paid by 30 % and, four weeks later, 70 %; 400 and 92 go to a supplier who is paid at once; 100
    euros at 4.30 without tax to one in the union."""
    s = books(k)
    halves = seen["halves"] = make(k, "finance.terms", code="30+70", name="30+70", parts=[{"percent": "30"}, {"percent": "70", "days": 28}])
    at_once = make(k, "finance.terms", code="0", name="At once", parts=[{"percent": "100"}])
    buyer, seller = (make(k, "base.party", name=name, payment_terms=terms) for name, terms in (("Buyer", halves), ("Seller", at_once)))
    k.update("base.party", s["rad"], {"payment_terms": at_once})
    seen["buyer"] = buyer
    reduced = thing("100", tax_category=s["category"]["reduced"])
    expect(foreseen(k, lambda: order(k, thing("525", "2", discount_amount="50"), reduced, party=buyer, asked=later(8))),
           {"orders": in_weeks((8, "401.40"), (36, "936.60"))})
    expect(foreseen(k, lambda: buy(k, seller, s["bike"], "50", "8", 15)), {"purchases": in_weeks((15, -492))})
    expect(foreseen(k, lambda: buy(k, s["rad"], s["wheel"], "10", "10", 22, "EUR")), {"purchases": in_weeks((22, -430))})


def the_forecast_has_other_currencies_at_todays_rate(k):
    """Billed at 4.00, worth 4.30 now; a bill too."""
    s = books(k)
    expect(foreseen(k, lambda: invoice(k, thing("100"), currency=s["EUR"], day="2026-02-05", rate_day="2026-02-05", tax_day=TODAY.isoformat())), {"receivable": in_weeks((0, "528.90"))})
    expect(foreseen(k, lambda: invoice(k, thing("100"), kind="purchase", party=s["steel"], reference="RATE 1", currency=s["EUR"], day="2026-02-05", rate_day="2026-02-05")),
           {"payable": in_weeks((0, "-528.90"))})


def the_preview_of_an_order_tells_what_the_forecast_will(k):
    """100 euros and 23 of tax at 4.30 by 30 and 70 %; a wheel of it is bought of a supplier at home, another of one in the union, who charges no tax."""
    s, buyer = books(k), seen["buyer"]
    goods = {}
    for supplier in ("steel", "rad"):
        goods[supplier] = make(k, "base.item", code=f"of {supplier}", name="Part", unit=s["piece"], price="50", currency=s["PLN"], bought=True)
        make(k, "logistics.supplier_price", item=goods[supplier], party=s[supplier], price="20", currency=s["PLN"], lead_days=3)
    made = make(k, "crm.order", party=buyer, currency=s["EUR"], asked=later(20), lines=[{"item": of, "quantity": "1", "price": "50"} for of in goods.values()])
    preview = k.call("crm.order.preview", {"id": made})["result"]
    told = lambda answer: [(c["received"], c["paid"]) for c in answer["cash"]]
    days = sum(D(received) for received, _ in told(preview)), sum(D(paid) for _, paid in told(preview))
    expect(days, (D("528.90"), D("44.60")))  # 24.60 and 20
    gained = foreseen(k, lambda: expect(k.call("crm.order.confirm", {"id": made})["cash"], preview["cash"]))
    received = in_weeks(*(((datetime.date.fromisoformat(c["day"]) - TODAY).days, c["received"]) for c in preview["cash"] if D(c["received"])))
    expect((gained["orders"], sorted(received.values())), (received, [D("158.67"), D("370.23")]))


def who_needs_it_first_pays_the_least_quantity(k):
    """Brakes at 20 and 4.60 of tax are sold to us by fives: who orders two pays five, who has a third of these pays for it, and the first one for it no more."""
    s, buyer = books(k), seen["buyer"]
    brake = make(k, "base.item", code="BRAKE", name="Brake", unit=s["piece"], price="50", currency=s["PLN"], bought=True)
    make(k, "logistics.supplier_price", item=brake, party=s["steel"], price="20", currency=s["PLN"], lead_days=3, multiple="5")
    sale = lambda quantity: make(k, "crm.order", party=buyer, asked=later(20), lines=[{"item": brake, "quantity": quantity, "price": "50"}])
    paid = lambda answer: sum(D(c["paid"]) for c in answer["cash"])
    first, second = sale("2"), sale("1")
    expect(paid(k.call("crm.order.preview", {"id": first})["result"]), D(123))
    expect((paid(k.call("crm.order.confirm", {"id": first})), paid(k.call("crm.order.confirm", {"id": second}))), (D(123), D("24.60")))


def the_forecast_counts_deals_with_tax_by_their_probability(k):
    """500 and 115 of tax by the stage's 40 %, 30 % of it at the close; lines with 8 %; an amount that has its tax in it already."""
    s, buyer = books(k), seen["buyer"]
    make(k, "crm.pipeline", name="Sales", initial=True, stages=[{"name": "Offer", "probability": "40"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}])
    deal = lambda **more: make(k, "crm.deal", **{"title": "Perhaps", "party": buyer, "currency": s["PLN"], "expected_close": later(22), **more})
    for more, gross in (({"amount": "500"}, "615"), ({"lines": [thing("250", "2", tax_category=s["category"]["reduced"])]}, "540"),
                        ({"amount": "1000", "tax_included": True}, "1000"), ({"amount": "100", "currency": s["EUR"]}, "528.9")):
        likely = D(gross) * 40 / 100
        expect(foreseen(k, lambda: deal(**more)), {"deals": in_weeks((22, likely * 30 / 100), (50, likely * 70 / 100))})
    late = deal(amount="100", expected_close=later(-40))
    expect(foreseen(k, lambda: k.update("crm.deal", late, {"stage_name": "Won"})), {"deals": in_weeks((0, "-14.76"), (28, "-34.44"))})
    expect(D(k.call("finance.cash_forecast", {"weeks": 12, "deals": False})["weeks"][3]["deals"]), D(0))


def the_forecast_pays_the_tax_of_each_month(k):
    """On the 25th of the month after: the tax of what is billed, ordered, bought and perhaps sold; too much of tax on purchases goes into the next month."""
    s, buyer = books(k), seen["buyer"]

    def due(days):
        day = (TODAY + datetime.timedelta(days)).replace(day=28) + datetime.timedelta(4)
        return (day.replace(day=25) - TODAY).days
    tax = lambda more: foreseen(k, more, ("tax",)).get("tax", {})
    invoice(k, thing("10000"), day=TODAY.isoformat())
    expect(tax(lambda: order(k, thing("10000"), party=buyer, asked=later(8))), in_weeks((due(8), -2300)))
    expect(tax(lambda: invoice(k, thing("100"), day=TODAY.isoformat())), in_weeks((due(0), -23)))
    expect(tax(lambda: buy(k, s["steel"], s["bike"], "50", "8", 8)), in_weeks((due(8), 92)))
    expect(tax(lambda: buy(k, s["rad"], s["wheel"], "10", "10", 8, "EUR")), {})  # the buyer accounts for it, on both sides
    expect(tax(lambda: make(k, "crm.deal", title="Perhaps", party=buyer, currency=s["PLN"], amount="500", expected_close=later(8))), in_weeks((due(8), -46)))
    before = k.call("finance.cash_forecast", {"weeks": 16})["weeks"]
    buy(k, s["steel"], s["bike"], "10000", "100", 8)
    after = k.call("finance.cash_forecast", {"weeks": 16})["weeks"]
    week = next(iter(in_weeks((due(8), 1))))
    expect([w["tax"] for w in after], [w["tax"] if n < week else "0.00" for n, w in enumerate(before)])
    setting = k.list("finance.setting", [])["rows"][0]["id"]
    refused("validation", lambda: k.update("finance.setting", setting, {"tax_due": 29}), "tax_due")
    k.update("finance.setting", setting, {"tax_every": None})
    expect({w["tax"] for w in k.call("finance.cash_forecast", {"weeks": 16})["weeks"]}, {"0.00"})
    k.update("finance.setting", setting, {"tax_every": "month"})


def the_forecast_counts_an_advance_once(k):
    """369 of 1230 are asked for in advance: they are owed now, and the order brings 861. 122.99 of it are credited: the order brings them."""
    buyer, made = seen["buyer"], {}
    made["order"] = order(k, thing("1000"), party=buyer, asked=later(8))
    gained = foreseen(k, lambda: made.update(advance=invoice(k, thing("300"), kind="advance", party=buyer, order=made["order"])))
    expect((gained["orders"], sum(gained["receivable"].values())), (in_weeks((8, "-110.70"), (36, "-258.30")), D(369)))
    gained = foreseen(k, lambda: credit(k, made["advance"], TODAY.isoformat(), (0, "0.3333")))
    expect(sum(gained["orders"].values()), D("122.99"))


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
    refused("conflict", lambda: k.create("finance.account", {"code": "131", "name": "Another", "kind": "asset"}), "code")
    bank = k.list("finance.journal", [["kind", "=", "bank"]], sort="id")["rows"][0]
    refused("conflict", lambda: k.create("finance.journal", {**{f: bank[f] for f in ("code", "kind", "account")}, "name": "Another"}), "code")
    for code in ("200", "1"):
        refused("validation", lambda: k.update("finance.journal", bank["id"], {"account": acc[code]}), "account")
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


run([nothing_of_a_posted_document_changes, locks_hold_whatever_posts, income_and_expense_begin_anew_with_the_year, a_year_whose_periods_are_locked_is_closed,
     a_valuation_is_of_its_day_and_may_be_repeated, what_the_books_are_opened_with_is_no_turnover,
     every_figure_opens_to_its_entries, each_party_stands_on_its_own_side, an_account_in_euros_is_valued_too,
     serial_numbers_wait_for_their_bill_together, what_went_back_to_a_supplier_waits_for_a_credit_note,
     what_went_straight_back_from_the_customer_waits_for_a_credit_note, nothing_is_left_to_credit_of_what_came_back_in_parts_of_a_unit,
     no_more_is_credited_than_was_billed_by_whatever_lines, where_nothing_is_left_no_note_is_drafted, a_note_lessens_no_tax_before_it_is_due, a_bill_is_held_against_order_and_receipt_in_all_its_parts, opening_the_next_year_leaves_alone_what_is_there,
     an_opening_item_has_its_own_number_and_a_statement_tells_of_other_currencies,
     the_accounts_of_stock_are_the_stores,
     the_forecast_knows_terms_purchases_and_deals, the_forecast_has_other_currencies_at_todays_rate, the_preview_of_an_order_tells_what_the_forecast_will, who_needs_it_first_pays_the_least_quantity,
     the_forecast_counts_deals_with_tax_by_their_probability,
     the_forecast_counts_an_advance_once, the_forecast_pays_the_tax_of_each_month, wrong_days_accounts_and_sums_are_named,
     an_instalment_past_its_day_makes_the_invoice_overdue, a_closed_order_is_billed_for_what_went_out, parts_of_a_box_are_billed_as_they_are,
     a_credit_limit_counts_what_is_ordered, tax_is_deducted_with_the_bill_in_hand, a_bill_of_a_closed_period_is_booked_in_an_open_one, tax_is_deducted_when_the_bill_is_received_or_put_off,
     input_tax_of_another_month_waits_on_an_account_of_its_own, output_tax_of_another_month_waits_on_an_account_of_its_own, where_no_account_is_named_for_it_tax_is_on_its_own_at_once,
     a_draft_of_an_order_that_gets_another_day_has_its_tax_point_and_rate, the_books_need_base_alone], modules="base,crm,logistics,finance")
