#!/usr/bin/env python3
"""Stories of what is settled: discounts for paying early take their tax along, advances are settled in parts, notes on quantity and on
price, returns to the till. Figures by hand, as said in each."""
from decimal import Decimal as D

from stories import expect, make, refused, run
from books import Gained, balances, books, credit, draft, early_terms, entry, invoice, items, login, order, pay, posted, proved, register, seen, ship, thing


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
    paid = pay(k, party=s["steel"], direction="out", day="2026-04-01", currency=s["EUR"], amount=str(D(row["gross"]) - off),
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


def what_a_discount_that_is_taken_back_had_spared_a_note_is_credited(k):
    """1230 less 24.60 are paid and all credited: 1205.40. The payment is taken back: 24.60 are billed still, and either paid and credited, as 2.00
    of each of the ten, or taken off again."""
    terms = early_terms(k, "t10", 10)
    tax = lambda papers: [sum(D(r[i]) for paper in papers for r in register(k, invoice=paper["id"])) for i in (2, 3)]
    def taken_back():
        row = invoice(k, thing("100", "10"), terms=terms, day="2026-05-02")
        item = items(k, row["id"])[0]["id"]
        paid = pay(k, day="2026-05-04", amount="1205.40", allocations=[{"item": item, "discount": "24.60"}])
        note = credit(k, row, "2026-05-06")
        expect((note["gross"], k.get("finance.invoice", row["id"])["payment_status"]), ("1205.40", "reversed"))
        k.call("finance.payment.reverse", {"id": paid["id"], "day": "2026-05-07"})
        row = k.get("finance.invoice", row["id"])
        expect((row["payment_status"], row["open"], tax([row, note])), ("overdue", "1230.00", [D(20), D("4.60")]))
        return row, note, item
    row, note, item = taken_back()
    pay(k, day="2026-06-20", amount="1230", allocations=[{"item": item}])
    rest = credit(k, row, "2026-06-21")
    expect([(line["price_only"], line["quantity"], line["price"]) for line in rest["lines"]], [(True, "10.0000", "2.0000")])
    expect((rest["gross"], k.get("finance.invoice", row["id"])["payment_status"], tax([row, note, rest])), ("24.60", "reversed", [D(0), D(0)]))
    refused("rule", lambda: credit(k, row, "2026-06-21"), "lines")
    row, note, item = taken_back()
    paid = pay(k, day="2026-05-09", amount="1205.40", allocations=[{"item": item, "discount": "24.60"}])
    expect(register(k, payment=paid["id"]), [("sale", "23%", "-20.00", "-4.60", "2026-05-09")])
    expect((k.get("finance.invoice", row["id"])["payment_status"], tax([row, note])), ("reversed", [D(0), D(0)]))
    refused("rule", lambda: credit(k, row, "2026-06-21"), "lines")
    # six of ten come back at 98 and the payment is taken back: the other four come back at 100, and 2.00 of each of the six
    row = invoice(k, thing("100", "10"), terms=terms, day="2026-05-02")
    paid = pay(k, day="2026-05-04", amount="1205.40", allocations=[{"item": items(k, row["id"])[0]["id"], "discount": "24.60"}])
    notes = [credit(k, row, "2026-05-06", (0, "6"))]
    k.call("finance.payment.reverse", {"id": paid["id"], "day": "2026-05-07"})
    notes.append(credit(k, row, "2026-05-08"))
    expect([(line["price_only"], line["quantity"], line["price"]) for line in notes[1]["lines"]], [(False, "4.0000", "100.0000"), (True, "6.0000", "2.0000")])
    expect((k.get("finance.invoice", row["id"])["payment_status"], tax([row, *notes])), ("reversed", [D(0), D(0)]))
    proved(k)


def a_cent_that_a_note_did_not_give_back_is_credited_with_all_the_rest(k):
    """0.50 and 1000 at two rates less 2 %: the first comes back less 0.01, then the payment is taken back. Its cent is credited with the others,
    and after that nothing. Of 1.03 euros less 0.02 all 1.25 that are left come back, and no cent stays to be credited."""
    s = books(k)
    terms = early_terms(k, "cent", 10)
    tax = lambda papers: [sum(D(r[i]) for paper in papers for r in register(k, invoice=paper["id"])) for i in (2, 3)]
    row = invoice(k, thing("0.50"), thing("1000", tax_category=s["category"]["reduced"]), terms=terms, day="2026-05-02")
    item = items(k, row["id"])[0]
    paid = pay(k, day="2026-05-04", amount=str(D(row["gross"]) - D(item["discount"])), allocations=[{"item": item["id"], "discount": item["discount"]}])
    notes = [credit(k, row, "2026-05-05", (0, "1"))]
    expect(notes[0]["net"], "0.49")
    k.call("finance.payment.reverse", {"id": paid["id"], "day": "2026-05-06"})
    notes.append(credit(k, row, "2026-05-07"))
    expect([(line["price_only"], line["net"]) for line in notes[1]["lines"]], [(False, "1000.00"), (True, "0.01")])
    expect((k.get("finance.invoice", row["id"])["payment_status"], tax([row, *notes])), ("reversed", [D(0), D(0)]))
    refused("rule", lambda: credit(k, row, "2026-05-08"), "lines")
    row = invoice(k, thing("1.03"), currency=s["EUR"], rate_day="2026-02-10", terms=terms, day="2026-05-02")
    pay(k, day="2026-05-04", currency=s["EUR"], amount="1.25", allocations=[{"item": items(k, row["id"])[0]["id"], "discount": "0.02"}])
    note = credit(k, row, "2026-05-05")
    expect((note["gross"], k.get("finance.invoice", row["id"])["payment_status"], tax([row, note])), ("1.25", "reversed", [D(0), D(0)]))
    refused("rule", lambda: credit(k, row, "2026-05-08"), "lines")
    proved(k)


def what_notes_and_a_discount_took_together_is_all_credited(k):
    """Of 1242.30 that are paid 1230 come back. The payment is taken back, and what is left, 12.30, is all taken off the next: nothing is left."""
    row = invoice(k, thing("1000"), thing("10"), terms=early_terms(k, "all", 10), day="2026-05-02")
    item = items(k, row["id"])[0]["id"]
    paid = pay(k, day="2026-05-03", amount="1242.30", allocations=[{"item": item}])
    note = credit(k, row, "2026-05-04", (0, "1"))
    k.call("finance.payment.reverse", {"id": paid["id"], "day": "2026-05-05"})
    pay(k, day="2026-05-06", amount="1230", allocations=[{"item": item, "discount": "12.30"}])
    expect([sum(D(r[i]) for paper in (row, note) for r in register(k, invoice=paper["id"])) for i in (2, 3)], [D(0), D(0)])
    expect((note["gross"], k.get("finance.invoice", row["id"])["payment_status"]), ("1230.00", "reversed"))
    refused("rule", lambda: credit(k, row, "2026-05-07"), "lines")
    proved(k)


def a_cent_has_one_instalment(k):
    """Two at 0.01 euros at 4.30 are 0.09, due in two parts: the first comes back for 0.04 and the last for 0.05, none of it for no euros."""
    s = books(k)
    halves = make(k, "finance.terms", code="60-40", name="60, then 40", parts=[{"percent": "60", "days": 10}, {"percent": "40", "days": 20}])
    row = invoice(k, thing("0.01", "2", tax_category=s["category"]["zero"]), currency=s["EUR"], rate_day="2026-03-31", terms=halves, day="2026-05-02")
    notes = [credit(k, row, "2026-05-03", (0, "1")) for _ in range(2)]
    expect([[(i["amount"], i["value"]) for i in items(k, note["id"])] for note in notes], [[("-0.01", "-0.04")], [("-0.01", "-0.05")]])
    proved(k)


def a_note_has_the_price_that_a_note_before_it_left(k):
    """Ten at 100 that cost 90 each since a first note: three come back at 90, and then all the others."""
    row = invoice(k, thing("100", "10"), thing("100", "2"), day="2026-05-02")
    made = k.call("finance.invoice.credit", {"id": row["id"], "reason": "agreed", "day": "2026-05-03", "lines": [{"line": row["lines"][0]["id"], "price": "10"}]})["made"]
    posted(k, "finance.invoice", made)
    expect([line["price"] for line in credit(k, row, "2026-05-04", (0, "3"), (1, "1"))["lines"]], ["90.0000", "100.0000"])
    expect([(line["price"], line["quantity"]) for line in credit(k, row, "2026-05-05")["lines"]], [("90.0000", "7.0000"), ("100.0000", "1.0000")])
    expect((k.get("finance.invoice", row["id"])["credited"], k.get("finance.invoice", row["id"])["payment_status"]), ("1476.00", "reversed"))
    proved(k)


def a_note_credits_as_it_was_billed(k):
    """Ten at 100 less a deduction of two at 50: of both so much as was billed, and of its sign."""
    row = invoice(k, thing("100", "10"), thing("50", "-2"), day="2026-05-02")
    ask = lambda line, quantity: k.call("finance.invoice.credit", {"id": row["id"], "reason": "x", "day": "2026-05-03", "lines": [
        {"line": row["lines"][0]["id"], "quantity": "5"}, {"line": row["lines"][line]["id"], "quantity": quantity}]})["made"]
    for line, quantity in ((0, "-1"), (1, "1"), (1, "0")):
        refused("validation", lambda: ask(line, quantity), "lines[1].quantity")
    much = ask(1, "-3")
    refused("rule", lambda: k.call("finance.invoice.post", {"id": much}), "lines[1].quantity")
    expect(posted(k, "finance.invoice", ask(1, "-1"))["net"], "450.00")
    expect(credit(k, row, "2026-05-04")["net"], "450.00")
    proved(k)


def the_last_note_takes_the_rest_to_the_cent(k):
    """Four at 0.33 have 0.30 of tax together, one has 0.08: the last one gets 0.06 back. A third of 100.01 is 33.34, and the last 33.33. Of 25000 at
    0.0153 less 3 % all that was paid comes back, though no price of four digits tells it; of euros nothing is left in zlotys."""
    s = books(k)
    def all_credited(row, *notes):
        rows = [r for paper in (row, *notes) for r in register(k, invoice=paper["id"])]
        expect([sum(D(r[i]) for r in rows) for i in (2, 3)], [D(0), D(0)])
        expect((k.get("finance.invoice", row["id"])["payment_status"], [items(k, note["id"])[0]["open"] for note in notes if not paid]), ("reversed", ["0.00"] * (0 if paid else len(notes))))
        return [(note["net"], note["tax"]) for note in notes]
    paid = None
    row = invoice(k, *[thing("0.33")] * 4, rounding="document", day="2026-05-02")
    expect(all_credited(row, *[credit(k, row, "2026-05-03", (line, "1")) for line in range(4)]), [("0.33", "0.08")] * 3 + [("0.33", "0.06")])
    row = invoice(k, thing("33.335", "3"), day="2026-05-02")
    expect(all_credited(row, *[credit(k, row, "2026-05-03", (0, "1")) for _ in range(3)]), [("33.34", "7.67")] * 2 + [("33.33", "7.66")])
    row = invoice(k, *[thing("10.03", "3")] * 2, currency=s["EUR"], rate_day="2026-02-10", day="2026-05-02")
    all_credited(row, *[credit(k, row, "2026-05-03", (line, "1")) for line in (0, 1) for _ in range(3)])
    three = make(k, "finance.terms", code="3/10", name="3/10", parts=[{"days": 90, "discount": "3", "discount_days": 10}])
    row = invoice(k, thing("0.0153", "25000"), day="2026-05-02", terms=three)
    paid = pay(k, day="2026-05-03", amount="456.37", allocations=[{"item": items(k, row["id"])[0]["id"], "discount": "14.11"}])
    expect(all_credited(row, credit(k, row, "2026-05-06")), [("371.03", "85.34")])
    proved(k)


def a_discount_of_a_reverse_charge_bill_lessens_both_sides(k):
    """1000 of scrap, 230 accounted for by the buyer: 2 % off is 20 and 4.60 on both sides, a quarter of it first; taken back, it is all there again;
    when the rest of the bill is credited, nothing of the tax is left."""
    s = books(k)
    terms = k.list("finance.terms", [["code", "=", "2/10"]])["rows"][0]["id"]
    with Gained(k, "221", "222", "201", "752") as all_of_it:
        row = invoice(k, thing("100", "10"), kind="purchase", party=s["steel"], position=s["position"]["domestic_reverse"], reference="RC 1", day="2026-06-01", terms=terms)
        item = items(k, row["id"])[0]["id"]
        out = {"party": s["steel"], "direction": "out", "day": "2026-06-03"}
        with Gained(k, "221", "222", "201", "752") as gained:
            quarter = pay(k, amount="245", allocations=[{"item": item, "amount": "245", "discount": "5"}], **out)
        expect(gained.now, [D("1.15"), D("-1.15"), D(250), D(-5)])
        expect(register(k, payment=quarter["id"]), [(side, "23% (buyer's)", "-5.00", "-1.15", "2026-06-03") for side in ("purchase", "sale")])
        with Gained(k, "221", "222", "201", "752") as gained:
            k.call("finance.payment.reverse", {"id": quarter["id"], "day": "2026-06-04"})
        expect(gained.now, [D("-1.15"), D("1.15"), D(-250), D(5)])
        pay(k, amount="980", allocations=[{"item": item, "discount": "20"}], **out)
        sums = k.call("finance.vat_register", {"from": "2026-06-01", "to": "2026-06-30"})
        expect((sums["on_sales"], sums["on_purchases"]), ("225.40", "225.40"))
        expect(credit(k, row, "2026-06-05", (0, "4"), reference="RC 1/1")["gross"], "392.00")
        credit(k, row, "2026-06-06", (0, "6"), reference="RC 1/2")
    sums = k.call("finance.vat_register", {"from": "2026-06-01", "to": "2026-06-30"})
    expect((sums["on_sales"], sums["on_purchases"], all_of_it.now[:2]), ("0.00", "0.00", [D(0), D(0)]))
    proved(k)


def a_discount_of_a_bill_from_the_union_is_at_its_own_rate(k):
    """Wheels for 1000 euros at 4.00 and goods at 8 per cent for 500: 920 and 160 on both sides. Paid at 4.20, 30 euros less: 18.40 and 3.20."""
    s = books(k)
    terms = k.list("finance.terms", [["code", "=", "2/10"]])["rows"][0]["id"]
    row = invoice(k, {"item": s["wheel"], "price": "100", "quantity": "10"}, thing("500", tax_category=s["category"]["reduced"]), kind="purchase", party=s["rad"],
                  currency=s["EUR"], reference="RC 2", day="2026-02-01", rate_day="2026-01-30", terms=terms)
    with Gained(k, "221", "222") as gained:
        paid = pay(k, party=s["rad"], direction="out", currency=s["EUR"], day="2026-02-10", amount="1470", allocations=[{"item": items(k, row["id"])[0]["id"], "discount": "30"}])
    expect(gained.now, [D("21.60"), D("-21.60")])
    expect(sorted(row[:4] for row in register(k, payment=paid["id"]) if "buyer" in row[1]), [
        (side, label, net, amount) for side in ("purchase", "sale") for label, net, amount in (("23% (buyer's)", "-80.00", "-18.40"), ("8% (buyer's)", "-40.00", "-3.20"))])
    expect([row for row in register(k, payment=paid["id"]) if "buyer" not in row[1]], [])
    proved(k)


# ---- Advances ----

def a_discount_is_of_what_a_note_left(k):
    """1000 at 23 % and 1000 at 8 %, the second line credited: 24.60 off 1230 are 20 and 4.60 of the first rate alone. The rest comes back at
    the prices that were paid: 980 and 225.40. Nothing is left of either rate."""
    s = books(k)
    row = invoice(k, thing("1000"), thing("1000", tax_category=s["category"]["reduced"]), terms=early_terms(k, "e10", 10), day="2026-04-01")
    credit(k, row, "2026-04-02", (1, "1"))
    paid = pay(k, day="2026-04-05", amount="1205.40", allocations=[{"item": items(k, row["id"])[0]["id"], "discount": "24.60"}])
    expect(register(k, payment=paid["id"]), [("sale", "23%", "-20.00", "-4.60", "2026-04-05")])
    rest = credit(k, row, "2026-04-20")
    expect((rest["net"], rest["tax"]), ("980.00", "225.40"))
    # the other way round: both rates are discounted, then each line comes back at its price
    row = invoice(k, thing("1000"), thing("1000", tax_category=s["category"]["reduced"]), terms=early_terms(k, "f10", 10), day="2026-04-01")
    pay(k, day="2026-04-05", amount="2263.80", allocations=[{"item": items(k, row["id"])[0]["id"], "discount": "46.20"}])
    expect([credit(k, row, "2026-04-21", (line, "1"))["gross"] for line in (1, 0)], ["1058.40", "1205.40"])
    # with half of both asked for in advance, 75 are left of the first rate; of the second, less than nothing: it has no part of the 1.50
    both = lambda price: (thing(price), thing(price, tax_category=s["category"]["reduced"]))
    advance = invoice(k, *both("500"), kind="advance", day="2026-04-01")
    row = invoice(k, *both("1000"), terms=early_terms(k, "h10", 10), day="2026-04-02", advances=[{"invoice": advance["id"]}])
    notes = [credit(k, row, "2026-04-03", (1, "1"))]
    paid = pay(k, day="2026-04-05", amount="73.50", allocations=[{"item": items(k, row["id"])[0]["id"], "discount": "1.50"}])
    expect(register(k, payment=paid["id"]), [("sale", "23%", "-1.22", "-0.28", "2026-04-05")])
    notes.append(credit(k, row, "2026-04-20"))
    expect((notes[1]["net"], notes[1]["tax"]), ("998.78", "229.72"))
    rows = [r for one in (advance, row, *notes) for r in register(k, invoice=one["id"])]
    expect({label: [sum(D(r[i]) for r in rows if r[1] == label) for i in (2, 3)] for label in ("23%", "8%")}, {"23%": [D(0), D(0)], "8%": [D(0), D(0)]})
    proved(k)


def a_discount_of_what_notes_left_of_the_whole(k):
    """Ten pieces at 100, 300 of it in advance; eight come back, more than was left to bill, and the payment is taken back. Whoever pays again
    in time lessens the tax of what is left of the whole: 2.00 are 1.63 and 0.37. In the end nothing is left of the rate."""
    advance = invoice(k, thing("30", "10"), kind="advance", day="2026-04-01")
    row = invoice(k, thing("100", "10"), terms=early_terms(k, "w20", 20), day="2026-04-02", advances=[{"invoice": advance["id"]}])
    item = items(k, row["id"])[0]["id"]
    first = pay(k, day="2026-04-03", amount="843.78", allocations=[{"item": item, "discount": "17.22"}])
    notes = [credit(k, row, "2026-04-04", (0, "8"))]
    k.call("finance.payment.reverse", {"id": first["id"], "day": "2026-04-05"})
    paid = pay(k, day="2026-04-06", amount="100.00", allocations=[{"item": item, "amount": "100.00", "discount": "2.00"}])
    expect(register(k, payment=paid["id"]), [("sale", "23%", "-1.63", "-0.37", "2026-04-06")])
    notes.append(credit(k, row, "2026-04-20"))
    rows = [r for one in (advance, row, *notes) for r in register(k, invoice=one["id"])]
    expect([sum(D(r[i]) for r in rows) for i in (2, 3)], [D(0), D(0)])
    proved(k)


def a_discount_of_what_the_buyer_accounts_for_is_of_what_a_note_left(k):
    """1000 of scrap at 23 % and 1000 at 8 %, the second line credited: 20 off the other 1000 are of the first rate alone, and it comes back at 980.
    Nothing is left of either rate on either side."""
    s = books(k)
    row = invoice(k, thing("1000"), thing("1000", tax_category=s["category"]["reduced"]), kind="purchase", party=s["steel"], reference="RC 3",
                  position=s["position"]["domestic_reverse"], terms=early_terms(k, "k10", 10), day="2026-04-01")
    notes = [credit(k, row, "2026-04-02", (1, "1"), reference="RC 3/1")]
    paid = pay(k, party=s["steel"], direction="out", day="2026-04-05", amount="980", allocations=[{"item": items(k, row["id"])[0]["id"], "discount": "20"}])
    expect(register(k, payment=paid["id"]), [(side, "23% (buyer's)", "-20.00", "-4.60", "2026-04-05") for side in ("purchase", "sale")])
    notes.append(credit(k, row, "2026-04-20", reference="RC 3/2"))
    expect(notes[1]["net"], "980.00")
    # the other way round: the advance bore 23 % alone, so that most of the discount is of the second rate; each line comes back at its price
    advance = invoice(k, thing("500"), kind="purchase_advance", party=s["steel"], reference="RC 4", position=s["position"]["domestic_reverse"], day="2026-04-01")
    both = invoice(k, thing("1000"), thing("1000", tax_category=s["category"]["reduced"]), kind="purchase", party=s["steel"], reference="RC 5",
                   position=s["position"]["domestic_reverse"], terms=early_terms(k, "l10", 10), day="2026-04-02", advances=[{"invoice": advance["id"]}])
    pay(k, party=s["steel"], direction="out", day="2026-04-05", amount="1470", allocations=[{"item": items(k, both["id"])[0]["id"], "discount": "30"}])
    notes += [credit(k, both, "2026-04-21", (line, "1"), reference=f"RC 5/{line}") for line in (1, 0)]
    expect([note["gross"] for note in notes[2:]], ["980.00", "990.00"])
    rows = [r for one in (row, advance, both, *notes) for r in register(k, invoice=one["id"])]
    sums = {(side, rate): [sum(D(r[i]) for r in rows if r[:2] == (side, f"{rate} (buyer's)")) for i in (2, 3)] for side in ("purchase", "sale") for rate in ("23%", "8%")}
    expect(set(map(tuple, sums.values())), {(D(0), D(0))})
    proved(k)


def discounts_of_parts_are_that_of_the_whole(k):
    """3 % of 493.99 in three thirds, 14.80 in all: of 76.67 and 6.22 of tax 2.30 and 0.19 come down, not three times what is rounded."""
    s = books(k)
    terms = make(k, "finance.terms", code="3/10", name="3/10", parts=[{"days": 30, "discount": "3", "discount_days": 10}])
    row = invoice(k, thing("333.33"), thing("77.77", tax_category=s["category"]["reduced"]), terms=terms, day="2026-06-01")
    item, off = items(k, row["id"])[0]["id"], {"23%": D(0), "8%": D(0)}
    for amount, discount in (("159.73", "4.93"), ("159.73", "4.93"), ("159.73", "4.94")):
        paid = pay(k, day="2026-06-05", amount=amount, allocations=[{"item": item, "amount": amount, "discount": discount}])
        for _, label, _, tax, _ in register(k, payment=paid["id"]):
            off[label] += D(tax)
    expect((off, k.get("finance.invoice", row["id"])["payment_status"]), ({"23%": D("-2.30"), "8%": D("-0.19")}, "paid"))
    proved(k)


def a_discount_is_not_taken_before_its_invoice(k):
    """Paid on the 2nd what is invoiced on the 10th: the discount is the 10th's, in the ledger and in the register."""
    books(k)
    row = invoice(k, thing("1000"), terms=early_terms(k, "g10", 10), day="2026-05-10")
    with Gained(k, "753", day="2026-05-09") as before, Gained(k, "753", day="2026-05-10") as gained:
        paid = pay(k, day="2026-05-02", amount="1205.40", allocations=[{"item": items(k, row["id"])[0]["id"], "discount": "24.60"}])
    expect((before.now, gained.now, register(k, payment=paid["id"])), ([D(0)], [D(20)], [("sale", "23%", "-20.00", "-4.60", "2026-05-10")]))
    proved(k)


def a_discount_of_a_noted_invoice_in_euros_over_the_year_end(k):
    """12300 euros at 4.00, a fifth credited: 9840 are open for 39360. Valued at the year's end at 4.00, paid at 4.20 less 2 %: 196.80 off at the
    4.00 of the invoice, 640.00 and 147.20 of tax, in the ledger as in the register; on 9643.20 of money 0.20 each is gained."""
    s = books(k)
    row = invoice(k, thing("1000", "10"), currency=s["EUR"], terms=early_terms(k, "e60", 60), day="2025-12-20")
    credit(k, row, "2025-12-28", (0, "2"))
    k.call("finance.revalue", {"day": "2025-12-31"})
    with Gained(k, "200", "131", "753", "221", "750", "751") as gained:
        paid = pay(k, day="2026-02-15", currency=s["EUR"], amount="9643.20", allocations=[{"item": items(k, row["id"])[0]["id"], "discount": "196.80"}])
    expect(gained.now, [D("-39360.00"), D("40501.44"), D("640.00"), D("147.20"), D("-1928.64"), D(0)])
    expect(register(k, payment=paid["id"]), [("sale", "23%", "-640.00", "-147.20", "2026-02-15")])
    expect(k.get("finance.invoice", row["id"])["payment_status"], "paid")
    proved(k)


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


def what_a_note_left_of_an_advance_is_settled_rate_by_rate(k):
    """123 at 23 % and 216 at 8 % in advance; the first is 49.20 too much and is credited. Of the 289.80 that are left 100 are settled, then the
    other 189.80: in all what was left at each rate, and nothing stays on the account of advances."""
    s = books(k)
    with Gained(k, "203") as gained:
        advance = invoice(k, thing("100"), thing("200", tax_category=s["category"]["reduced"]), kind="advance", day="2026-06-08")
        early = draft(k, thing("1000"), day="2026-06-09", advances=[{"invoice": advance["id"]}])  # of all of it
        made = k.call("finance.invoice.credit", {"id": advance["id"], "reason": "too much", "day": "2026-06-09", "lines": [{"line": advance["lines"][0]["id"], "price": "40"}]})["made"]
        expect(posted(k, "finance.invoice", made)["gross"], "49.20")
        told = refused("rule", lambda: k.call("finance.invoice.post", {"id": early}), "advances[0].invoice")
        assert "289.80" in told.problems[0]["message"], told.problems
        k.call("finance.invoice.cancel", {"id": early})
        more = lambda amount, **values: draft(k, thing("1000"), day="2026-06-10", advances=[{"invoice": advance["id"], "amount": amount}], **values)
        told = refused("validation", lambda: more("289.81"), "advances[0].amount")
        assert "289.80" in told.problems[0]["message"], told.problems
        refused("validation", lambda: draft(k, thing("1000"), advances=[{"invoice": advance["id"], "amount": "1"}] * 2), "advances[1].invoice")
        first, rest = posted(k, "finance.invoice", more("100")), posted(k, "finance.invoice", more(None))
    expect([(i["to_pay"], i["advances"][0]["gross"]) for i in (first, rest)], [("1130.00", "100.00"), ("1040.20", "189.80")])
    borne = {"23%": [D(2000), D(460)], "8%": [D(0), D(0)]}
    for label, left in (("23%", ("60", "13.80")), ("8%", ("200", "16"))):
        rows = [row for i in (first, rest) for row in register(k, invoice=i["id"]) if row[1] == label]
        expect((label, [sum(D(row[n]) for row in rows) for n in (2, 3)]), (label, [whole - D(had) for whole, had in zip(borne[label], left)]))
    expect(gained.now, [D(0)])
    refused("rule", lambda: k.call("finance.invoice.post", {"id": k.call("finance.invoice.credit", {"id": advance["id"], "reason": "all"})["made"]}), "lines", "lines")
    proved(k)


def an_advance_goes_where_the_final_invoice_finds_it(k):
    s = books(k)
    made = draft(k, thing("1000", account=s["account"]["080"]), kind="purchase_advance", party=s["steel"], reference="ADV 9", day="2026-05-04")
    refused("validation", lambda: k.call("finance.invoice.post", {"id": made}), "lines[0].account")


def paying_an_advance_early_earns_no_discount(k):
    """2 % in 10 days are of the final bill: 1230 in advance are 1230, and of the other 1230 it is 24.60."""
    books(k)
    terms = k.list("finance.terms", [["code", "=", "2/10"]])["rows"][0]["id"]
    advance = invoice(k, thing("1000"), kind="advance", terms=terms, day="2026-06-15")
    row = invoice(k, thing("2000"), terms=terms, day="2026-06-16", advances=[{"invoice": advance["id"]}])
    told = [[(i["discount"], i["discount_until"]) for i in items(k, of["id"])] for of in (advance, row)]
    expect(told, [[(None, None)], [("24.60", "2026-06-26")]])
    expect(advance["instalments"][0]["discount"], None)
    pay(k, day="2026-06-17", amount="1205.40", allocations=[{"item": items(k, row["id"])[0]["id"], "discount": "24.60"}])
    expect(credit(k, row, "2026-06-18")["gross"], "2435.40")
    proved(k)


def an_advance_is_settled_credited_and_settled_again(k):
    """Of 400 + 92 in advance of an order 246 are settled; of the other 246 the customer gets 123 back, no more, and the last invoice finds 123."""
    s = books(k)
    sale = order(k, {"item": s["bike"], "quantity": "3", "price": "200"})
    with Gained(k, "203", "221", "701") as gained:
        advance = invoice(k, thing("400"), kind="advance", order=sale, day="2026-06-11")
        ship(k, sale, "1", "2026-06-12")
        posted(k, "finance.invoice", k.call("finance.invoice.from_order", {"order": sale, "day": "2026-06-12"})["id"])
        down = lambda price: k.call("finance.invoice.credit", {"id": advance["id"], "reason": "back", "day": "2026-06-13", "lines": [{"line": advance["lines"][0]["id"], "price": price}]})["made"]
        much = down("201")
        told = refused("rule", lambda: k.call("finance.invoice.post", {"id": much}), "lines")
        assert "246.00" in told.problems[0]["message"], told.problems
        posted(k, "finance.invoice", down("100"))
        ship(k, sale, "2", "2026-06-14")
        last = k.call("finance.invoice.from_order", {"order": sale, "day": "2026-06-14"})
        expect((last["gross"], last["to_pay"]), ("492.00", "369.00"))
        row = posted(k, "finance.invoice", last["id"])
        expect((row["advances"][0]["net"], row["advances"][0]["tax"]), ("100.00", "23.00"))
    expect(gained.now, [D(0), D(-138), D(-600)])
    refused("validation", lambda: draft(k, thing("10"), advances=[{"invoice": advance["id"], "amount": "0.01"}]), "advances[0].amount")
    cent = down("0.01")
    told = refused("rule", lambda: k.call("finance.invoice.post", {"id": cent}), "lines")
    assert "0.00 is left" in told.problems[0]["message"], told.problems
    proved(k)


def a_suppliers_credited_advance_leaves_the_buyers_tax_of_the_rest(k):
    """200 euros of scrap in advance at 4.00, 46 of tax for the buyer; 50 come back. The bill of 500 at 4.20 settles 150: 80.50 of tax are left,
    115 of the 500 in all, and the 600 zloty that the rest of the advance cost are cost of the scrap now."""
    s = books(k)
    bill = {"party": s["steel"], "currency": s["EUR"], "position": s["position"]["domestic_reverse"]}
    with Gained(k, "204") as gained:
        advance = invoice(k, thing("50", "4"), kind="purchase_advance", reference="ZR 1", day="2026-02-03", rate_day="2026-02-02", **bill)
        expect(credit(k, advance, "2026-02-04", (0, "1"), reference="ZR 1/K")["base_net"], "200.00")
        final = invoice(k, thing("500"), kind="purchase", reference="FR 1", day="2026-02-12", rate_day="2026-02-11", advances=[{"invoice": advance["id"]}], **bill)
    expect((final["to_pay"], gained.now), ("350.00", [D(0)]))
    expect(register(k, invoice=final["id"]), [(side, "23% (buyer's)", "1470.00", "338.10", "2026-02-12") for side in ("purchase", "sale")])
    proved(k)


def what_an_advance_bore_comes_back_at_its_rate_of_exchange(k):
    """500 euros in advance at 4.00, the other 500 of two pieces at 4.10: each piece comes back at 4.05, and of tax and income nothing is left."""
    s = books(k)
    with Gained(k, "203", "221", "702") as gained:
        advance = invoice(k, thing("500"), kind="advance", currency=s["EUR"], day="2026-02-05")
        row = invoice(k, thing("500", "2"), currency=s["EUR"], day="2026-03-15", advances=[{"invoice": advance["id"]}])
        expect([register(k, invoice=one["id"])[0][2:4] for one in (advance, row)], [("2000.00", "460.00"), ("2050.00", "471.50")])
        notes = [credit(k, row, "2026-04-02", (0, "1")) for _ in range(2)]
    expect([register(k, invoice=note["id"])[0][2:4] for note in notes], [("-2025.00", "-465.75")] * 2)
    expect((notes[0]["base_gross"], gained.now), ("2490.75", [D(0), D(0), D(0)]))
    proved(k)


def a_note_takes_back_what_was_booked_rate_by_rate(k):
    """100 euros at 23 % in advance at 4.00; 200 at 23 % and 333.33 at 8 % at 4.10: what is at 8 % comes back at 4.10, what is at 23 % at 4.05.
    All of it at once goes against what is open of the invoice without a difference of exchange; what the advance paid is owed at 4.00."""
    s = books(k)
    reduced = {"tax_category": s["category"]["reduced"]}

    def billed():
        advance = invoice(k, thing("100"), kind="advance", currency=s["EUR"], day="2026-02-05")
        return invoice(k, thing("200"), thing("333.33", **reduced), currency=s["EUR"], day="2026-03-15", advances=[{"invoice": advance["id"]}])

    with Gained(k, "203", "221", "702", "750", "751") as gained:
        row = billed()
        parts = [credit(k, row, "2026-04-02", (line, "1")) for line in (1, 0)]
        expect([register(k, invoice=note["id"])[0][1:4] for note in parts], [("8%", "-1366.65", "-109.35"), ("23%", "-810.00", "-186.30")])
    expect(gained.now[:3], [D(0)] * 3)
    with Gained(k, "203", "221", "702", "750", "751") as gained:
        row = billed()
        whole = credit(k, row, "2026-04-02")
        expect([(i["amount"], i["open"], i["value"], i["open_value"]) for i in items(k, whole["id"])],
               [("-483.00", "0.00", "-1980.30", "0.00"), ("-123.00", "-123.00", "-492.00", "-492.00")])
    expect(gained.now, [D(0)] * 5)
    proved(k)


def an_advance_of_another_rate_comes_back_at_its_rate_of_exchange(k):
    """100 euros at 23 % in advance at 4.00, and what is sold bears 8 %: the advance's 400 and 92 zloty come off the register as they are there."""
    s = books(k)
    advance = invoice(k, thing("100"), kind="advance", currency=s["EUR"], day="2026-02-05")
    final = invoice(k, thing("200", tax_category=s["category"]["reduced"]), currency=s["EUR"], day="2026-03-15", advances=[{"invoice": advance["id"]}])
    expect([row[1:4] for row in register(k, invoice=final["id"])], [("8%", "820.00", "65.60"), ("23%", "-400.00", "-92.00")])
    proved(k)


def tax_that_an_advance_gives_back_is_set_off_at_the_rate_of_the_day(k):
    """100 euros at 23 % in advance at 4.00; 200 at 8 % at 4.10: of income 100 are 400 zloty and 100 are 410. The 23 euros of tax come out of the register
    for 92 and are set off for 94.30: 2.30 are realised. Half of it is credited, then the rest: at each step what was booked."""
    s = books(k)
    accounts = "203", "204", "221", "222", "402", "702", "750", "751"
    reduced = thing("100", "2", tax_category=s["category"]["reduced"])
    at = lambda day, **more: {"currency": s["EUR"], "day": day, **more}
    figures = lambda row: [row[name] for name in ("base_net", "base_tax", "base_gross", "base_exchange")]
    for kind, party, side in (("sale", s["nowak"], 1), ("purchase", s["steel"], -1)):
        own = lambda number: {"party": party, **({} if side > 0 else {"reference": f"{number} set off"})}
        with Gained(k, *accounts) as whole:
            with Gained(k, *accounts) as gained:
                advance = invoice(k, thing("100"), kind="advance" if side > 0 else "purchase_advance", **at("2026-02-05", **own("Z")))
                row = invoice(k, reduced, kind=kind, advances=[{"invoice": advance["id"]}], **at("2026-03-15", **own("F")))
            expect(figures(row), ["410.00", "-26.40", "381.30", "-2.30" if side > 0 else "2.30"])
            expect(gained.now, [D(0), D(0)] + ([D("-65.60"), D(0), D(0), D(-810), D(0), D("2.30")] if side > 0 else [D(0), D("65.60"), D(810), D(0), D("-2.30"), D(0)]))
            expect([r[1:4] for r in register(k, invoice=row["id"]) if r[0] == kind], [("8%", "820.00", "65.60"), ("23%", "-400.00", "-92.00")])
            pay(k, party=party, direction="in" if side > 0 else "out", amount="93", allocations=[{"item": items(k, row["id"])[0]["id"]}], **at("2026-03-15"))
            notes = [credit(k, row, "2026-04-02", (0, "1"), reference=f"N {n} set off") for n in range(2)]
            expect([figures(note) for note in notes], [["405.00", "32.80", "436.65", "1.15" if side > 0 else "-1.15"]] * 2)
            expect([[(i["amount"], i["value"]) for i in items(k, note["id"])] for note in notes],
                   [[(f"{-side * D('46.5'):.2f}", f"{-side * D('190.65'):.2f}"), (f"{-side * D('61.5'):.2f}", f"{-side * 246:.2f}")]] * 2)
        expect(whole.now, [D(0)] * len(accounts))
    proved(k)


def what_an_advance_paid_is_income_of_its_lines_and_comes_back_from_them(k):
    """100 euros at 23 % in advance at 4.00; 200 of advice at 23 % and 300 of goods at 8 % at 4.10: the advance is of the first. So is what is credited."""
    s = books(k)
    goods = thing("300", tax_category=s["category"]["reduced"], account=s["account"]["701"])
    with Gained(k, "203", "221", "701", "702", "750", "751") as whole:
        advance = invoice(k, thing("100"), kind="advance", currency=s["EUR"], day="2026-02-05")
        with Gained(k, "701", "702") as gained:
            row = invoice(k, thing("200"), goods, currency=s["EUR"], day="2026-03-15", advances=[{"invoice": advance["id"]}])
        expect(gained.now, [D(-1230), D(-810)])
        pay(k, amount=row["open"], currency=s["EUR"], day="2026-03-15", allocations=[{"item": items(k, row["id"])[0]["id"]}])
        for line in (1, 0):
            credit(k, row, "2026-04-02", (line, "1"))
    expect(whole.now, [D(0)] * 6)
    # an advance at a rate that nothing is sold at: its lines bear what it was at another rate of exchange by what they come to
    with Gained(k, "203", "221", "701", "702", "750", "751") as whole:
        advance = invoice(k, thing("100"), kind="advance", currency=s["EUR"], day="2026-02-05")
        with Gained(k, "701", "702", "751") as gained:
            row = invoice(k, thing("100", tax_category=s["category"]["zero"]), goods, currency=s["EUR"], day="2026-03-15", advances=[{"invoice": advance["id"]}])
        expect(gained.now, [D("-1222.50"), D("-407.50"), D("2.30")])
        pay(k, amount=row["open"], currency=s["EUR"], day="2026-03-15", allocations=[{"item": items(k, row["id"])[0]["id"]}])
        for line in (1, 0):
            credit(k, row, "2026-04-02", (line, "1"))
    expect(whole.now, [D(0)] * 6)
    proved(k)


def tax_as_given_of_an_advance_is_deducted_once(k):
    """A supplier's 100 in advance with 23.02 of tax as his system has it; of the bill's 200 and 46.01 the rest is deducted, 22.99. A second advance is
    credited by half before its bill: the tax of that is at its rate, and of the rest as given. Then each bill is credited."""
    s = books(k)
    own = lambda number, **more: {"party": s["steel"], "reference": f"given {number}", **more}
    paid = lambda number, tax, *lines, **more: invoice(k, *lines, **own(number, tax_given=tax, day="2026-06-10", **more))
    tax = lambda *papers: [row[1:4] for paper in papers for row in register(k, invoice=paper["id"])]
    with Gained(k, "204", "222", "402") as gained:
        advance = paid(1, "23.02", thing("100"), kind="purchase_advance")
        with Gained(k, "204", "222", "402", "201") as billed:
            row = paid(2, "46.01", thing("200"), kind="purchase", advances=[{"invoice": advance["id"]}])
        expect((billed.now, tax(advance, row)), ([D(-100), D("22.99"), D(200), D("-122.99")], [("as given", "100.00", "23.02"), ("as given", "100.00", "22.99")]))
        expect(tax(credit(k, row, "2026-06-12", reference="given 2/K")), [("as given", "-200.00", "-46.01")])
    expect(gained.now, [D(0)] * 3)
    with Gained(k, "204", "222", "402") as gained:
        advance = paid(3, "46.03", thing("100", "2"), kind="purchase_advance")
        back = {"lines": [{"line": advance["lines"][0]["id"], "quantity": "1"}], "reason": "less", "day": "2026-06-11", "reference": "given 3/K"}
        note = k.call("finance.invoice.credit", {"id": advance["id"], **back})["made"]
        k.update("finance.invoice", note, {"tax_given": None})
        expect(tax(posted(k, "finance.invoice", note)), [("23%", "-100.00", "-23.00")])
        row = paid(4, "23.00", thing("100"), kind="purchase", advances=[{"invoice": advance["id"], "amount": "61.50"}])
        rest = invoice(k, thing("1000"), **own(5, kind="purchase", day="2026-06-12", advances=[{"invoice": advance["id"]}]))
        expect((rest["advances"][0]["gross"], tax(row, rest)), ("61.53", [("as given", "50.01", "11.49"), ("23%", "1000.00", "230.00"), ("as given", "-50.01", "-11.52")]))
        expect([tax(credit(k, of, "2026-06-13", reference=f"{of['reference']}/K")) for of in (row, rest)], [[("as given", "-100.00", "-23.00")], [("23%", "-1000.00", "-230.00")]])
    expect(gained.now, [D(0)] * 3)
    proved(k)


def an_advance_that_deducts_at_another_rate_is_settled_in_parts(k):
    """200 at 23 % less 50 at 8 % in advance are 192 euros. 100 of them are 78.13 and 21.87 of tax, which rounded rate by rate is 23.96 less 2.08: the larger
    bears the cent."""
    s = books(k)
    reduced = {"tax_category": s["category"]["reduced"]}
    with Gained(k, "203", "221", "702", "750", "751") as whole:
        advance = invoice(k, thing("200"), thing("50", "-1", **reduced), kind="advance", currency=s["EUR"], day="2026-02-05")
        finals = [invoice(k, thing(price), thing("100", **reduced), currency=s["EUR"], day="2026-02-05", advances=[{"invoice": advance["id"], "amount": amount}])
                  for price, amount in (("500", "100"), ("20", "92"))]
        expect([(row["advances"][0]["net"], row["advances"][0]["tax"]) for row in finals], [("78.13", "21.87"), ("71.87", "20.13")])
        for row in finals:
            credit(k, row, "2026-02-07")
    expect(whole.now, [D(0)] * 5)
    proved(k)


def notes_have_their_part_of_tax_as_given(k):
    """A bill of 200 with 40.01 of tax as given is credited by half, then the rest; another, when 2 % of it was taken off for paying early. In zlotys and euros."""
    s = books(k)
    terms = early_terms(k, "g20", 20)
    for currency in (s["PLN"], s["EUR"]):
        own = {"party": s["steel"], "currency": currency, "kind": "purchase", "day": "2026-06-10", "tax_given": "40.01", "terms": terms}
        with Gained(k, "222", "402") as gained:
            row = invoice(k, thing("100", "2"), reference=f"part {currency}", **own)
            notes = [credit(k, row, "2026-06-12", *of, reference=f"part {currency} {len(of)}") for of in ([(0, "1")], [])]
        expect(([(note["net"], note["tax"]) for note in notes], gained.now), ([("100.00", "20.01"), ("100.00", "20.00")], [D(0)] * 2))
        with Gained(k, "222", "402", "752") as gained:
            row = invoice(k, thing("100", "2"), reference=f"off {currency}", **own)
            item = items(k, row["id"])[0]
            pay(k, party=s["steel"], direction="out", currency=currency, day="2026-06-11", amount="235.21", allocations=[{"item": item["id"], "discount": "4.80"}])
            note = credit(k, row, "2026-06-12", reference=f"off {currency} 1")
        expect((note["gross"], gained.now[0], sum(gained.now[1:])), ("235.21", D(0), D(0)))
        expect(k.get("finance.invoice", row["id"])["payment_status"], "reversed")
    with Gained(k, "222", "402") as gained:  # three quarters of 776.58 are 582.44, one is 194.15: a cent more than was billed
        row = invoice(k, thing("221.88", "4", discount_percent="12.5"), reference="rest", **{**own, "currency": s["PLN"], "tax_given": "144.47"})
        notes = [credit(k, row, "2026-06-12", *of, reference=f"rest {len(of)}") for of in ([(0, "3")], [])]
        expect([note["net"] for note in notes], ["582.44", "194.14"])
    expect(gained.now, [D(0)] * 2)
    proved(k)


def a_suppliers_advance_is_credited_rate_by_rate(k):
    """100 of scrap at 23 % and 100 at 8 % in advance, half of it settled: of the first rate 50 are left to credit."""
    s = books(k)
    bill = {"party": s["steel"], "position": s["position"]["domestic_reverse"]}
    advance = invoice(k, thing("100"), thing("100", tax_category=s["category"]["reduced"]), kind="purchase_advance", reference="ZR 2", day="2026-06-03", **bill)
    invoice(k, thing("500"), kind="purchase", reference="FR 2", day="2026-06-04", advances=[{"invoice": advance["id"], "amount": "100"}], **bill)
    down = lambda price: k.call("finance.invoice.credit", {"id": advance["id"], "reason": "less", "day": "2026-06-05", "reference": "ZR 2/K", "lines": [{"line": advance["lines"][0]["id"], "price": price}]})["made"]
    much = down("60")
    told = refused("rule", lambda: k.call("finance.invoice.post", {"id": much}), "lines")
    assert "bore 23% 50.00 is left" in told.problems[0]["message"], told.problems
    expect(register(k, invoice=posted(k, "finance.invoice", down("50"))["id"]), [(side, "23% (buyer's)", "-50.00", "-11.50", "2026-06-05") for side in ("purchase", "sale")])
    proved(k)


# ---- Days ----

def a_payment_names_what_it_cannot_settle(k):
    """One item twice, for more than there is of it; an item on another account than the first."""
    s = books(k)
    row = invoice(k, thing("1000", tax_category=s["category"]["zero"]), day="2026-03-01")
    item = items(k, row["id"])[0]["id"]
    other = make(k, "finance.account", code="249", name="Others", kind="asset", open_items=True, parent=s["account"]["2"])
    claim = posted(k, "finance.entry", make(k, "finance.entry", day="2026-03-01", lines=[
        {"account": other, "debit": "50", "party": s["nowak"]}, {"account": s["account"]["760"], "credit": "50"}]))
    claimed = k.list("finance.open_item", [["entry", "=", claim["id"]]])["rows"][0]["id"]
    for amount, more, path in (("700", {"item": item, "amount": "700"}, "allocations[1].amount"), ("50", {"item": claimed}, "allocations[1].item")):
        made = make(k, "finance.payment", party=s["nowak"], day="2026-03-02", amount="1400", allocations=[{"item": item, "amount": "600"}, more])
        refused("rule", lambda: k.call("finance.payment.post", {"id": made}), path)
    pay(k, day="2026-03-02", amount="1000", allocations=[{"item": item, "amount": "600"}, {"item": item}])
    expect(k.get("finance.invoice", row["id"])["payment_status"], "paid")


def money_comes_at_the_rate_of_the_day_before(k):
    """On the 10th of March the euro fell from 4.20 to 4.10: what comes on that day comes at 4.20, unless somebody says otherwise."""
    s = books(k)
    row = invoice(k, thing("1000", tax_category=s["category"]["zero"]), currency=s["EUR"], day="2026-03-02")
    item = items(k, row["id"])[0]["id"]
    euros = dict(day="2026-03-10", currency=s["EUR"], amount="500", allocations=[{"item": item}])
    with Gained(k, "131", "200", "751") as gained:
        expect(pay(k, **euros)["rate_day"], "2026-03-09")
    expect(gained.now, [D("2100.00"), D("-2100.00"), D(0)])
    with Gained(k, "131", "200", "751") as gained:
        pay(k, rate_day="2026-03-10", **euros)
    expect(gained.now, [D("2050.00"), D("-2100.00"), D("50.00")])
    proved(k)


def a_bank_has_its_own_rate(k, house):
    """1000 euros that are in the books for 4200: the bank made 4150 zlotys of them, 50 are lost. Who may not write off may not call any sum so."""
    s = books(k)
    row = invoice(k, thing("1000", tax_category=s["category"]["zero"]), currency=s["EUR"], day="2026-03-02")
    item = items(k, row["id"])[0]["id"]
    clerk = login(k, house, "ewa", "finance.accountant")
    paying = lambda k, amount, settles, currency="PLN": make(k, "finance.payment", party=s["nowak"], day="2026-03-05", currency=s[currency], amount=amount,
                                                             allocations=[{"item": item, "settles": settles}])
    for amount, settles, currency in (("3780", "1000", "PLN"), ("500", "600", "EUR"), ("4150", "-1", "PLN")):
        made = paying(clerk, amount, settles, currency)
        refused("rule", lambda: clerk.call("finance.payment.post", {"id": made}), "allocations[0].settles")
    made = paying(clerk, "4150", "1000.01")
    refused("rule", lambda: clerk.call("finance.payment.post", {"id": made}), "allocations[0].amount")
    with Gained(k, "131", "200", "751") as gained:
        posted(clerk, "finance.payment", paying(clerk, "4150", "1000"))
    expect((gained.now, k.get("finance.invoice", row["id"])["payment_status"]), ([D("4150.00"), D("-4200.00"), D("50.00")], "paid"))
    proved(k)


def a_yen_has_no_hundredths(k):
    """2 % of 30 and of 71 yen are 1 and 1; nobody pays 10.55; what zlotys settle are whole yen. A dinar of Kuwait has a thousand fils, of which
    the books have tens: what does not fit is told as soon as it is billed, with what is kept, and not as debits that differ from credits."""
    s = books(k)
    yen, dinar = make(k, "base.currency", code="JPY", decimals=0), make(k, "base.currency", code="KWD", decimals=3)
    for of, rate in ((yen, "0.0265"), (dinar, "13.1")):
        make(k, "base.currency_rate", base=of, currency=s["PLN"], day="2025-01-01", rate=rate)
    party = make(k, "base.party", name="Yen")
    terms = make(k, "finance.terms", code="yen", name="Yen", parts=[{"percent": "30", "discount": "2", "discount_days": 90}, {"percent": "70", "days": 90, "discount": "2", "discount_days": 90}])
    row = invoice(k, thing("82"), party=party, currency=yen, day="2026-03-02", terms=terms)
    first, second = items(k, row["id"])
    expect([(i["amount"], i["discount"]) for i in (first, second)], [("30.00", "1.00"), ("71.00", "1.00")])
    paid = lambda **more: pay(k, party=party, currency=yen, day="2026-03-03", **more)
    refused("validation", lambda: paid(amount="10.55", oldest=True), "amount")
    refused("validation", lambda: paid(amount="10", allocations=[{"item": second["id"], "amount": "10", "discount": "0.15"}]), "allocations[0].discount")
    paid(amount="29", allocations=[{"item": first["id"], "discount": "1"}])
    pay(k, party=party, currency=s["PLN"], day="2026-03-03", amount="1", allocations=[{"item": second["id"]}])  # 37.7 yen
    expect([i["open"] for i in items(k, row["id"])], ["0.00", "33.00"])
    half = {"account": s["account"]["200"], "party": party}
    by_hand = make(k, "finance.entry", day="2026-03-03", currency=yen, lines=[{**half, "debit": "0.28", "amount": "10.55"}, {**half, "credit": "0.28", "amount": "-10.55"}])
    refused("validation", lambda: k.call("finance.entry.post", {"id": by_hand}), "lines[0].amount", "lines[1].amount")
    owed = invoice(k, kind="purchase", party=party, currency=yen, day="2026-03-02", reference="YEN 1", lines=[thing("10")])
    debit, credit = (next(i["id"] for i in items(k, of["id"]) if D(i["open"])) for of in (row, owed))
    refused("validation", lambda: k.call("finance.match_items", {"debit": debit, "credit": credit, "amount": "1.5", "day": "2026-03-04"}), "amount")
    cleared = dict(party=party, currency=yen, day="2026-03-04")
    for more, path in (({"amount": "1.5"}, "amount"), ({"allocations": [{"item": debit, "amount": "1.5"}, {"item": credit}]}, "allocations[0].amount")):
        refused("validation", lambda: k.call("finance.set_off.post", {"id": make(k, "finance.set_off", **cleared, **more)}), path)
    error = refused("validation", lambda: draft(k, thing("10.005", "3"), party=party, currency=dinar, day="2026-03-02"), "currency")
    expect(error.problems[0]["message"], "36.918 in KWD cannot be booked: the books keep 2 digits after the point")
    expect("KWD, BHD" in error.problems[0]["hint"], True)
    late = draft(k, thing("10", "3"), party=party, currency=dinar, day="2026-03-02")
    refused("validation", lambda: k.update("finance.invoice", late, {"tax_given": "6.901"}), "currency")
    k.call("finance.invoice.cancel", {"id": late})
    expect(invoice(k, thing("10", "3"), party=party, currency=dinar, day="2026-03-02")["base_gross"], "483.39")
    proved(k)


def what_is_paid_back_settles_what_was_paid_too_much(k):
    """Nowak paid, and all was credited: the money goes back to him, the oldest first, on the account where it stands, and Steel Works' comes
    back; where a bill of his waits too, that is paid first."""
    s = books(k)
    party = make(k, "base.party", name="Both", is_customer=True, is_supplier=True)
    for kind, way, back, account in (("sale", "in", "out", "200"), ("purchase", "out", "in", "201")):
        row = invoice(k, thing("100"), kind=kind, party=party, day="2026-03-02", reference=f"PB {kind}")
        pay(k, party=party, direction=way, day="2026-03-03", amount="123", oldest=True)
        credit(k, row, "2026-03-04", reference=f"PB {kind} 1")
        with Gained(k, account) as gained:
            paid = pay(k, party=party, direction=back, day="2026-03-05", amount="123", oldest=True)
        expect((paid["state"], gained.now), ("reconciled", [D(123 if account == "200" else -123)]))
    expect(k.list("finance.open_item", [["party", "=", party], ["closed", "=", None]])["rows"], [])
    row = invoice(k, thing("100"), party=party, day="2026-03-02")
    pay(k, party=party, day="2026-03-03", amount="123", oldest=True)
    credit(k, row, "2026-03-04")
    invoice(k, thing("100"), kind="purchase", party=party, day="2026-03-04", reference="PB 2")
    with Gained(k, "200", "201") as gained:
        pay(k, party=party, direction="out", day="2026-03-05", amount="123", oldest=True)
    expect(gained.now, [0, D(123)])
    proved(k)


def a_debt_is_not_settled_before_it_is_there(k):
    """Paid on the 10th, billed on the 20th: between them the customer has 123 to his credit, on the account and among what is open."""
    s = books(k)
    early = make(k, "base.party", name="Early")

    def stands(day):
        owed, owing = (D(k.call("finance.aging", {"day": day, "party": early, "side": side})["total"]) for side in ("receivable", "payable"))
        return owed - owing

    account = balances(k, "200", day="2026-08-09")[0]
    row = invoice(k, thing("100"), party=early, day="2026-08-20")
    paid = pay(k, party=early, day="2026-08-10", amount="123", allocations=[{"item": items(k, row["id"])[0]["id"]}])
    days = ("2026-08-09", "2026-08-10", "2026-08-19", "2026-08-20")
    expect([stands(day) for day in days], [D(0), D(-123), D(-123), D(0)])
    expect([balances(k, "200", day=day)[0] - account for day in days], [D(0), D(-123), D(-123), D(0)])
    refused("rule", lambda: k.call("finance.payment.reverse", {"id": paid["id"], "day": "2026-08-09"}), "day")
    k.call("finance.payment.reverse", {"id": paid["id"], "day": "2026-08-15"})
    expect([stands(day) for day in (*days, "2026-08-21")], [D(0), D(-123), D(0), D(123), D(123)])
    expect([balances(k, "200", day=day)[0] - account for day in (*days, "2026-08-21")], [D(0), D(-123), D(0), D(123), D(123)])
    free = pay(k, party=early, day="2026-08-11", amount="123")
    made = k.call("finance.match_items", {"debit": items(k, row["id"])[0]["id"], "credit": items(k, free["id"], "finance.payment")[0]["id"], "day": "2026-08-12"})
    expect((made["left"], stands("2026-08-12"), stands("2026-08-20")), ("0.00", D(-246), D(0)))
    proved(k)


def what_was_open_on_a_day_does_not_depend_on_the_order_of_payments(k):
    """The payment of September is entered first, then the one of August: at the end of August 100 of 123 are open."""
    late = make(k, "base.party", name="Late")
    row = invoice(k, thing("100"), party=late, day="2026-08-20")
    for day, amount in (("2026-09-10", "100"), ("2026-08-25", "23")):
        pay(k, party=late, day=day, amount=amount, allocations=[{"item": items(k, row["id"])[0]["id"], "amount": amount}])
    expect([k.call("finance.aging", {"day": day, "party": late})["total"] for day in ("2026-08-24", "2026-08-31", "2026-09-10")], ["123.00", "100.00", "0.00"])
    expect(items(k, row["id"])[0]["closed"], "2026-09-10")


def a_reversed_set_off_leaves_both_sides_open_again(k):
    """Who owes 123 and is owed 73.80: an entry sets them off. Reversed, both are open as before, and the entry's own items are closed."""
    s, acc = books(k), books(k)["account"]
    both = make(k, "base.party", name="Both")
    sale, bill = invoice(k, thing("100"), party=both, day="2026-08-01"), invoice(k, thing("60"), kind="purchase", party=both, reference="SO 1", day="2026-08-02")
    made = posted(k, "finance.entry", make(k, "finance.entry", day="2026-08-10", text="Set off", lines=[
        {"account": acc["201"], "party": both, "debit": "73.80"}, {"account": acc["200"], "party": both, "credit": "73.80"}]))
    item = {(i["account"], i["amount"]): i["id"] for i in k.list("finance.open_item", [["party", "=", both]])["rows"]}
    for account, owed in (("200", "123.00"), ("201", "73.80")):
        k.call("finance.match_items", {"debit": item[acc[account], owed], "credit": item[acc[account], "-73.80"], "day": "2026-08-10"})
    opens = lambda: [k.get("finance.invoice", i["id"])["open"] for i in (sale, bill)]
    expect(opens(), ["49.20", "0.00"])
    back = k.call("finance.entry.reverse", {"id": made["id"], "day": "2026-08-11"})["made"]
    expect(opens(), ["123.00", "73.80"])
    expect([i["open"] for i in k.list("finance.open_item", [["entry", "in", [made["id"], back]]])["rows"]], ["0.00"] * 4)
    owed = lambda day: k.call("finance.aging", {"day": day, "party": both})["total"]
    expect([owed(day) for day in ("2026-08-09", "2026-08-10", "2026-08-11")], ["123.00", "49.20", "123.00"])
    proved(k)


def nothing_is_taken_back_before_it_was(k):
    s = books(k)
    row = invoice(k, thing("100"), day="2026-08-20")
    made = k.call("finance.invoice.credit", {"id": row["id"], "reason": "x", "day": "2026-08-19"})["made"]
    told = refused("rule", lambda: k.call("finance.invoice.post", {"id": made}), "day")
    assert "2026-08-20" in told.problems[0]["message"], told.problems
    k.update("finance.invoice", made, {"day": "2026-08-20"})
    expect(posted(k, "finance.invoice", made)["state"], "posted")
    written = entry(k, "2026-08-20", ("131", 5), ("801", -5))
    refused("rule", lambda: k.call("finance.entry.reverse", {"id": written["id"], "day": "2026-08-19"}), "day")
    k.call("finance.entry.reverse", {"id": written["id"], "day": "2026-08-20"})


def a_note_bears_the_rates_of_what_it_corrects(k):
    """22 % until the end of August, 23 % since: what was sold at 122 is credited at 122, and what the buyer accounted for alike."""
    s = books(k)
    tax = make(k, "base.tax", code="V", name="V", rates=[{"rate": "22"}, {"rate": "23", "valid_from": "2026-09-01"}])
    category = make(k, "base.tax_category", code="V", name="V")
    make(k, "base.tax_rule", category=category, taxes=[tax])
    row = invoice(k, thing("100", "2", tax_category=category), day="2026-08-28")
    notes = [credit(k, row, day, *lines) for day, lines in (("2026-08-30", [(0, "1")]), ("2026-09-02", []))]
    expect(([n["gross"] for n in notes], notes[1]["tax_day"], k.get("finance.invoice", row["id"])["payment_status"]), (["122.00", "122.00"], "2026-09-02", "reversed"))
    bill = invoice(k, thing("100", tax_category=category), kind="purchase", party=s["steel"], position=s["position"]["domestic_reverse"], reference="RT", day="2026-08-28")
    back = credit(k, bill, "2026-09-02", reference="RT/K")
    expect([r[3] for r in register(k, invoice=back["id"])], [r[3].replace("22", "-22") for r in register(k, invoice=bill["id"])])
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


def a_payment_that_is_reversed_takes_back_what_was_matched_by_hand(k):
    """1300 for a bill of 1230, matched by hand; the 70 that are left were given back. Reversed, both the bill and what was given back are open."""
    books(k)
    row = invoice(k, thing("1000"), day="2026-03-01")
    paid = pay(k, amount="1300", day="2026-03-05")
    own = items(k, paid["id"], "finance.payment")[0]["id"]
    k.call("finance.match_items", {"debit": items(k, row["id"])[0]["id"], "credit": own, "day": "2026-03-06"})
    back = pay(k, direction="out", amount="70", day="2026-03-07", allocations=[{"item": own}])
    expect((k.get("finance.invoice", row["id"])["payment_status"], k.get("finance.payment", paid["id"])["open"], back["state"]), ("paid", "0.00", "reconciled"))
    k.call("finance.payment.reverse", {"id": paid["id"], "day": "2026-03-10"})
    expect((k.get("finance.invoice", row["id"])["open"], k.get("finance.payment", paid["id"])["state"]), ("1230.00", "reversed"))
    expect([(k.get("finance.payment", back["id"])[f]) for f in ("open", "state")], ["70.00", "posted"])
    expect([i["open"] for i in k.list("finance.open_item", [["document", "=", {"entity": "finance.payment", "id": paid["id"]}]])["rows"]], ["0.00", "0.00"])
    proved(k)


run([a_discount_takes_its_tax_along, a_discount_of_a_reverse_charge_bill_lessens_both_sides,
     a_discount_of_a_bill_from_the_union_is_at_its_own_rate, a_discount_of_a_bill_in_euros, a_discount_is_of_what_a_note_left, a_discount_of_what_notes_left_of_the_whole, a_discount_of_what_the_buyer_accounts_for_is_of_what_a_note_left, a_discount_is_not_taken_before_its_invoice, discounts_of_parts_are_that_of_the_whole,
     a_discount_of_a_noted_invoice_in_euros_over_the_year_end, a_note_does_not_give_a_discount_back, what_a_discount_that_is_taken_back_had_spared_a_note_is_credited,
     a_cent_that_a_note_did_not_give_back_is_credited_with_all_the_rest, what_notes_and_a_discount_took_together_is_all_credited, a_cent_has_one_instalment,
     a_note_has_the_price_that_a_note_before_it_left, a_note_credits_as_it_was_billed, the_last_note_takes_the_rest_to_the_cent, an_advance_is_settled_by_several_invoices,
     an_accountant_asks_for_an_advance_of_an_order, cents_of_an_advance_are_not_lost, an_advance_of_another_rate_gives_its_tax_back,
     what_a_note_left_of_an_advance_is_settled_rate_by_rate, an_advance_is_settled_credited_and_settled_again,
     an_advance_goes_where_the_final_invoice_finds_it, paying_an_advance_early_earns_no_discount,
     a_suppliers_credited_advance_leaves_the_buyers_tax_of_the_rest, a_suppliers_advance_is_credited_rate_by_rate, what_an_advance_bore_comes_back_at_its_rate_of_exchange,
     a_note_takes_back_what_was_booked_rate_by_rate, an_advance_of_another_rate_comes_back_at_its_rate_of_exchange,
     tax_that_an_advance_gives_back_is_set_off_at_the_rate_of_the_day, what_an_advance_paid_is_income_of_its_lines_and_comes_back_from_them, tax_as_given_of_an_advance_is_deducted_once, notes_have_their_part_of_tax_as_given,
     an_advance_that_deducts_at_another_rate_is_settled_in_parts,
     a_payment_names_what_it_cannot_settle, money_comes_at_the_rate_of_the_day_before, a_bank_has_its_own_rate, a_yen_has_no_hundredths, what_is_paid_back_settles_what_was_paid_too_much, a_debt_is_not_settled_before_it_is_there, what_was_open_on_a_day_does_not_depend_on_the_order_of_payments,
     a_reversed_set_off_leaves_both_sides_open_again, nothing_is_taken_back_before_it_was, a_note_bears_the_rates_of_what_it_corrects,
     a_note_on_the_price_leaves_the_goods_billed, a_suppliers_note_on_the_price_is_a_variance, a_return_to_the_till_takes_money_and_tax_out,
     a_payment_that_is_reversed_takes_back_what_was_matched_by_hand],
     modules="base,crm,logistics,finance")
