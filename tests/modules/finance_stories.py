#!/usr/bin/env python3
"""Stories of the books in the module finance, over HTTP: ledger, invoices, payments, currencies, statements."""
from decimal import Decimal as D
from fractions import Fraction

from stories import expect, make, refused, run
from books import books, draft, entry, invoice, items, login, pay, posted, seen, thing, written


def account(k, code):
    return books(k)["account"][code]


def balance(k, code):
    """What the entries say, summed line by line."""
    total = D(0)
    for row in k.list("finance.entry", [["state", "=", "posted"]], limit=500)["rows"]:
        for line in row["lines"]:
            if line["account"] == account(k, code):
                total += D(line["debit"] or 0) - D(line["credit"] or 0)
    return total


# ---- Ledger ----

def an_entry_that_does_not_balance_is_refused_and_one_that_does_is_numbered(k):
    made = written(k, "2026-01-05", ("131", "100"), ("801", "-90"))
    error = refused("rule", lambda: k.call("finance.entry.post", {"id": made}), "lines")
    assert "10.00" in error.problems[0]["message"], error.problems
    k.update("finance.entry", made, {"lines": [{"account": account(k, "131"), "debit": "100"}, {"account": account(k, "801"), "credit": "100"}]})
    first = posted(k, "finance.entry", made)
    second = entry(k, "2026-01-05", ("131", "5"), ("801", "-5"))
    expect([first["number"], second["number"]], ["GEN/2026/000001", "GEN/2026/000002"])
    expect(entry_of_last_year(k)["number"], "GEN/2025/000001")


def entry_of_last_year(k):
    return entry(k, "2025-12-30", ("131", "7"), ("801", "-7"))


def all_that_is_wrong_with_an_entry_is_told_at_once(k):
    made = make(k, "finance.entry", day="2031-01-01", lines=[{"account": account(k, "1"), "debit": "5"}, {"account": account(k, "200"), "credit": "5"}])
    refused("validation", lambda: k.call("finance.entry.post", {"id": made}), "lines[0].account", "lines[1].party", "day")


def opening_balances_come_account_by_account(k):
    row = entry(k, "2025-01-01", ("131", "500"), ("010", "200"), kind="opening")
    expect([(l["account"], l["credit"]) for l in row["lines"][2:]], [(account(k, "809"), "700.00")])
    expect((row["number"], row["total"]), ("OPN/2025/000001", "700.00"))


def what_is_posted_stays_and_is_reversed_line_by_line(k):
    made = entry(k, "2026-01-06", ("131", "40"), ("801", "-40"))["id"]
    refused("state", lambda: k.update("finance.entry", made, {"text": "other"}), "text")
    refused("conflict", lambda: k.call("finance.entry.delete", {"id": made}))
    back = k.get("finance.entry", k.call("finance.entry.reverse", {"id": made, "day": "2026-01-07"})["made"])
    expect([(l["reverses"], l["debit"], l["credit"]) for l in back["lines"]], [(1, None, "40.00"), (2, "40.00", None)])
    expect((back["reverses"], k.get("finance.entry", made)["reversed_by"]), (made, back["id"]))
    refused("state", lambda: k.call("finance.entry.reverse", {"id": made}))


def locked_periods_refuse(k):
    year = k.list("finance.year", [["name", "=", "2026"]])["rows"][0]["id"]
    k.call("finance.year.lock", {"id": year, "until": "2026-01-31", "lock": "hard"})
    made = written(k, "2026-01-20", ("131", "1"), ("801", "-1"))
    refused("rule", lambda: k.call("finance.entry.post", {"id": made}), "day")
    rows = k.get("finance.year", year)["periods"]
    expect([p["lock"] for p in rows[:2]], ["hard", "open"])
    rows[0]["lock"] = "open"
    refused("state", lambda: k.update("finance.year", year, {"periods": rows}))


def balances_and_open_items_cannot_be_written_by_hand(k):
    refused("forbidden", lambda: k.create("finance.balance", {"account": account(k, "131"), "debit": "5"}))
    row = k.list("finance.balance", [], limit=1)["rows"][0]["id"]
    refused("forbidden", lambda: k.call("finance.balance.delete", {"id": row}))
    refused("validation", lambda: k.create("finance.open_item", {"party": books(k)["nowak"]}))


# ---- Invoices ----

# As tests/modules/sales_stories.py has them for quotation and order, with their sources: odoo/odoo 37896, 154861, 36675, 177192, 23125
KNOWN = [
    ("22", [("348.35", "16", "4")], ("5350.66", "1177.15"), ("5350.66", "1177.15")),
    ("10", [("54.45", "1", None), ("600", "1", None), ("500", "-1", None)], ("154.45", "15.45"), ("154.45", "15.45")),
    ("23", [("55.55", "1", None), ("11.11", "1", None)], ("66.66", "15.34"), ("66.66", "15.33")),
    ("15", [("30.75", "10", "5"), ("70", "1", "5")], ("358.63", "53.80"), ("358.63", "53.79")),
    ("8.5", [("598.89", "1", None), ("329.84", "1", None), ("59.89", "-1", None), ("32.98", "-1", None)], ("835.86", "71.06"), ("835.86", "71.05")),
]


def a_tax(k, rate):
    if f"tax{rate}" not in seen:
        tax = make(k, "base.tax", code=f"T{rate}", name=f"T{rate}", rates=[{"rate": rate}])
        seen[f"tax{rate}"] = make(k, "base.tax_category", code=f"T{rate}", name=f"T{rate}")
        make(k, "base.tax_rule", category=seen[f"tax{rate}"], taxes=[tax])
    return seen[f"tax{rate}"]


def the_known_figures_come_out_in_order_and_invoice(k):
    s = books(k)
    for rate, rows, by_line, by_document in KNOWN:
        lines = [thing(p, q, tax_category=a_tax(k, rate), **({"discount_percent": d} if d else {})) for p, q, d in rows]
        for rounding, figures in (("line", by_line), ("document", by_document)):
            order = make(k, "crm.order", party=s["nowak"], lines=lines, rounding=rounding)
            k.call("crm.order.confirm", {"id": order})
            made = k.call("finance.invoice.from_order", {"order": {"entity": "crm.order", "id": order}, "basis": "ordered", "day": "2026-02-02"})
            row = posted(k, "finance.invoice", made["id"])
            expect((rate, rounding, row["net"], row["tax"]), (rate, rounding, *figures))
            expect(k.get("crm.order", order)["billing_status"], "full")
            expect((row["base_net"], row["base_tax"]), figures)
            k.call("finance.invoice.credit", {"id": row["id"], "reason": "a test", "day": "2026-02-02"})
            note = k.list("finance.invoice", [["corrects", "=", row["id"]]])["rows"][0]
            expect((note["net"], note["tax"]), figures)
            note = posted(k, "finance.invoice", note["id"])
            expect((k.get("finance.invoice", row["id"])["payment_status"], note["open"]), ("reversed", "0.00"))
            expect(k.get("crm.order", order)["billing_status"], "none")


def numbers_have_no_gap_and_follow_the_documents_month(k):
    a = invoice(k, thing("10"), day="2026-03-01")["number"]
    make(k, "finance.invoice", party=books(k)["nowak"], day="2026-03-01", lines=[thing("10")])
    b = invoice(k, thing("10"), day="2026-03-02")["number"]
    expect([a, b], ["FV/2026/03/0001", "FV/2026/03/0002"])
    expect(invoice(k, thing("10"), day="2026-04-02")["number"], "FV/2026/04/0001")


def a_posted_invoice_is_fixed(k):
    row = invoice(k, thing("10"), day="2026-03-03")
    refused("state", lambda: k.update("finance.invoice", row["id"], {"reference": "x"}), "reference")
    refused("state", lambda: k.call("finance.invoice.cancel", {"id": row["id"]}), "state")
    draft = make(k, "finance.invoice", party=books(k)["nowak"], lines=[thing("10")])
    k.call("finance.invoice.cancel", {"id": draft})


def an_invoice_bills_what_was_delivered_and_no_more(k):
    s = books(k)
    order = make(k, "crm.order", party=s["nowak"], lines=[{"item": s["bike"], "quantity": "5", "price": "100"}])
    ref = {"entity": "crm.order", "id": order}
    k.call("crm.order.confirm", {"id": order})
    refused("rule", lambda: k.call("finance.invoice.from_order", {"order": ref}), "order")
    line = k.get("crm.order", order)["lines"][0]["id"]
    k.call("crm.order.deliver", {"id": order, "lines": [{"line": line, "quantity": "2"}]})
    expect([(r["number"], r["net"]) for r in k.call("finance.to_invoice")["rows"] if r["order"]["id"] == order],
           [(k.get("crm.order", order)["number"], "200.00")])
    made = k.call("finance.invoice.from_order", {"order": ref, "day": "2026-03-03"})
    expect(made["gross"], "246.00")
    posted(k, "finance.invoice", made["id"])
    expect((k.get("crm.order", order)["billing_status"], k.get("crm.order", order)["lines"][0]["invoiced"]), ("partial", "2.0000"))
    refused("rule", lambda: k.call("finance.invoice.from_order", {"order": ref}), "order")


def a_final_invoice_takes_the_advance_into_account(k):
    s = books(k)
    before = {c: balance(k, c) for c in ("203", "221", "702", "200")}
    order = make(k, "crm.order", party=s["nowak"], lines=[thing("1000", "1")])
    k.call("crm.order.confirm", {"id": order})
    ref = {"entity": "crm.order", "id": order}
    invoice(k, thing("300"), kind="advance", order=ref, day="2026-03-04")
    expect(balance(k, "203") - before["203"], D("-300"))
    made = k.call("finance.invoice.from_order", {"order": ref, "basis": "ordered", "day": "2026-03-05"})
    expect((made["gross"], made["to_pay"]), ("1230.00", "861.00"))
    final = posted(k, "finance.invoice", made["id"])
    expect({c: balance(k, c) - before[c] for c in before}, {"203": D(0), "221": D("-230"), "702": D("-1000"), "200": D("1230")})
    rows = k.list("finance.vat_line", [["invoice", "=", final["id"]]])["rows"]
    expect([(r["net"], r["amount"]) for r in rows], [("700.00", "161.00")])


def a_credit_note_never_exceeds_what_was_billed(k):
    row = invoice(k, thing("100", "3"), thing("50", "1"), day="2026-03-05")
    line = row["lines"][0]["id"]
    note = k.call("finance.invoice.credit", {"id": row["id"], "reason": "damaged", "day": "2026-03-06", "lines": [{"line": line, "quantity": "2"}]})["made"]
    posted(k, "finance.invoice", note)
    now = k.get("finance.invoice", row["id"])
    expect((now["open"], now["payment_status"], now["lines"][0]["credited"]), ("184.50", "overdue", "2.0000"))
    other = k.call("finance.invoice.credit", {"id": row["id"], "reason": "damaged", "day": "2026-03-06", "lines": [{"line": line, "quantity": "2"}]})["made"]
    refused("rule", lambda: k.call("finance.invoice.post", {"id": other}), "lines", "lines[0].quantity")
    expect(items(k, note)[0]["open"], "0.00")


def a_till_receipt_is_paid_at_once(k):
    row = invoice(k, thing("123", tax_category=a_tax(k, "23")), kind="receipt", party=None, tax_included=True, day="2026-03-06")
    expect((row["number"], row["payment_status"], row["net"], row["tax"]), ("PAR/2026/03/0001", "paid", "100.00", "23.00"))
    expect(items(k, row["id"]), [])


def the_cash_desk_tells_what_came_and_went(k, house):
    """A float is put in, two receipts are sold, a bill is paid out of it; a second day begins with what the first left."""
    kasa = account(k, "100")
    entry(k, "2026-04-13", ("100", "500"), ("131", "-500"), text="Float")
    for price in ("123", "61.50"):
        invoice(k, thing(price, tax_category=a_tax(k, "23")), kind="receipt", party=None, tax_included=True, day="2026-04-13")
    entry(k, "2026-04-14", ("403", "80"), ("100", "-80"), text="Stamps")
    before = balance(k, "100") - D("604.50")
    first, both = k.call("finance.cash_desk", {"to": "2026-04-13"}), k.call("finance.cash_desk", {"account": kasa, "from": "2026-04-13", "to": "2026-04-14"})
    told = [[D(answer[f]) for f in ("opening", "received", "paid", "closing", "sold")] + [answer["receipts"], len(answer["rows"])] for answer in (first, both)]
    expect(told, [[before, D("684.50"), D(0), before + D("684.50"), D("184.50"), 2, 3], [before, D("684.50"), D(80), before + D("604.50"), D("184.50"), 2, 4]])
    expect([(r["text"], r["debit"], r["credit"]) for r in both["rows"]][::3], [("Float", "500.00", None), ("Stamps", None, "80.00")])
    till = login(k, house, "till", "finance.cashier")
    expect(till.call("finance.cash_desk", {"to": "2026-04-13"})["closing"], first["closing"])


def a_suppliers_number_is_taken_once(k):
    s = books(k)
    bill = dict(kind="purchase", party=s["steel"], reference="F 77", day="2026-03-06")
    row = invoice(k, thing("400"), **bill)
    expect((row["number"], items(k, row["id"])[0]["open"]), ("ZK/2026/03/0001", "-492.00"))
    again = make(k, "finance.invoice", lines=[thing("400")], **bill)
    refused("conflict", lambda: k.call("finance.invoice.post", {"id": again}), "reference")


# ---- Payments ----

def instalments_and_a_discount_for_paying_early(k):
    """30 % now with 2 % off within 10 days, 70 % in 30 days."""
    terms = make(k, "finance.terms", code="3070", name="30/70", parts=[{"percent": "30", "discount": "2", "discount_days": 10}, {"percent": "70", "days": 30}])
    row = invoice(k, thing("1000"), terms=terms, day="2026-03-10")
    parts = items(k, row["id"])
    expect([(i["due"], i["amount"], i["discount"]) for i in parts], [("2026-03-10", "369.00", "7.38"), ("2026-04-09", "861.00", None)])
    late = make(k, "finance.payment", party=seen["nowak"], day="2026-03-25", amount="361.62", allocations=[{"item": parts[0]["id"], "discount": "7.38"}])
    refused("rule", lambda: k.call("finance.payment.post", {"id": late}), "allocations[0].discount")
    paid = pay(k, day="2026-03-20", amount="361.62", allocations=[{"item": parts[0]["id"], "discount": "7.38"}])
    expect((paid["state"], k.get("finance.invoice", row["id"])["open"]), ("reconciled", "861.00"))


def a_debt_is_paid_off_in_even_instalments(k):
    """1,000 at 6 per cent in three years: the table in Brigham and Houston, Fundamentals of Financial Management; the others by the
    formula in exact fractions."""
    plan = k.call("finance.amortise", {"amount": "1000", "rate": "6", "count": 3, "every": "year", "first": "2027-01-31"})
    expect([(r["payment"], r["interest"], r["principal"], r["left"]) for r in plan["rows"]],
           [("374.11", "60.00", "314.11", "685.89"), ("374.11", "41.15", "332.96", "352.93"), ("374.11", "21.18", "352.93", "0.00")])
    expect((plan["paid"], plan["interest"]), ("1122.33", "122.33"))
    for amount, rate, count, every, periods in (("100000", "6", 360, "month", 12), ("9999999999.99", "3.75", 40, "quarter", 4),
                                                ("250", "99.9999", 600, "month", 12), ("1", "0", 7, "month", 12), ("52000", "5.2", 104, "week", 52), ("0.05", "12", 6, "month", 12)):
        plan = k.call("finance.amortise", {"amount": amount, "rate": rate, "count": count, "every": every, "first": "2027-01-31"})
        rows, i = plan["rows"], Fraction(rate) / 100 / periods
        exact = Fraction(amount) * (i / (1 - (1 + i) ** -count) if i else Fraction(1, count))
        assert abs(Fraction(rows[0]["payment"]) - exact) <= Fraction(1, 100), (rows[0], float(exact))
        expect((len(rows), rows[-1]["left"], sum(map(D, (r["principal"] for r in rows)))), (count, "0.00", D(amount)))
        expect(sum(D(r["payment"]) for r in rows), D(amount) + D(plan["interest"]))
    expect([r["due"] for r in k.call("finance.amortise", {"amount": "3", "rate": "0", "count": 3, "first": "2027-01-31"})["rows"]],
           ["2027-01-31", "2027-02-28", "2027-03-31"])
    falling = k.call("finance.amortise", {"amount": "1200", "rate": "12", "count": 12, "even": "principal", "first": "2027-01-01"})["rows"]
    expect([(falling[at]["payment"], falling[at]["principal"]) for at in (0, 1, 11)], [("112.00", "100.00"), ("111.00", "100.00"), ("101.00", "100.00")])
    refused("validation", lambda: k.call("finance.amortise", {"amount": "0", "rate": "-1", "count": 0}))


def one_payment_for_many_and_the_rest_is_a_credit(k):
    kowal = books(k)["kowal"]
    rows = [invoice(k, thing(p), party=kowal, day="2026-03-0%d" % d) for d, p in ((1, "100"), (2, "200"))]
    paid = pay(k, party=kowal, day="2026-03-11", amount="400", oldest=True)
    expect((paid["state"], paid["open"]), ("posted", "31.00"))
    expect([k.get("finance.invoice", r["id"])["payment_status"] for r in rows], ["paid", "paid"])
    later = invoice(k, thing("100"), party=kowal, day="2026-03-12")
    credit = items(k, paid["id"], "finance.payment")[0]["id"]
    k.call("finance.match_items", {"debit": items(k, later["id"])[0]["id"], "credit": credit, "day": "2026-03-12"})
    expect((k.get("finance.invoice", later["id"])["open"], k.get("finance.payment", paid["id"])["state"]), ("92.00", "reconciled"))


def a_small_rest_is_written_off_a_large_one_not(k, house):
    row = invoice(k, thing("100"), day="2026-03-12")
    item = items(k, row["id"])[0]["id"]
    clerk = login(k, house, "clerk", "finance.accountant")
    much = make(clerk, "finance.payment", party=seen["nowak"], day="2026-03-12", amount="120", allocations=[{"item": item, "write_off": True}])
    refused("rule", lambda: clerk.call("finance.payment.post", {"id": much}), "allocations[0].write_off")
    paid = make(clerk, "finance.payment", party=seen["nowak"], day="2026-03-12", amount="122.50", allocations=[{"item": item, "write_off": True}])
    clerk.call("finance.payment.post", {"id": paid})
    expect(k.get("finance.invoice", row["id"])["payment_status"], "paid")
    expect(balance(k, "761"), D("0.50"))


def a_reversed_payment_leaves_everything_open_again(k):
    row = invoice(k, thing("100"), day="2026-03-13")
    paid = pay(k, day="2026-03-14", amount="122.50", allocations=[{"item": items(k, row["id"])[0]["id"], "write_off": True}])
    expect(k.get("finance.invoice", row["id"])["open"], "0.00")
    before = balance(k, "200")
    k.call("finance.payment.reverse", {"id": paid["id"], "day": "2026-03-15"})
    expect((k.get("finance.invoice", row["id"])["open"], balance(k, "200") - before), ("123.00", D(123)))
    expect(k.get("finance.payment", paid["id"])["state"], "reversed")


def currencies_realised_and_unrealised(k):
    """IAS 21: booked at 4.00, valued at 4.20 and taken back, paid at 4.10: 0.10 gained for each euro."""
    s = books(k)
    row = invoice(k, thing("1000", tax_category=a_tax(k, "0")), currency=s["EUR"], day="2026-02-05")
    expect((row["gross"], row["base_gross"]), ("1000.00", "4000.00"))
    made = k.call("finance.revalue", {"day": "2026-02-28"})
    expect((made["items"], made["gain"], made["loss"]), (1, "200.00", "0.00"))
    expect(balance(k, "750"), D(0))
    pay(k, day="2026-03-15", amount="400", currency=s["EUR"], allocations=[{"item": items(k, row["id"])[0]["id"]}])
    expect((balance(k, "750"), k.get("finance.invoice", row["id"])["open"]), (D("-40"), "600.00"))
    pay(k, day="2026-03-15", amount="2460", allocations=[{"item": items(k, row["id"])[0]["id"], "amount": "2460"}])
    expect((balance(k, "750"), k.get("finance.invoice", row["id"])["open"]), (D("-100"), "0.00"))
    expect(k.get("finance.invoice", row["id"])["payment_status"], "paid")


def what_makes_no_open_items_is_the_houses(k):
    """A difference of a match by hand is taken back with the match; nobody writes such an entry, or reverses it alone."""
    invoice(k, thing("100"), currency=books(k)["EUR"], day="2026-02-10", terms=None)
    owed = [i for i in k.list("finance.open_item", [["closed", "=", None], ["currency", "=", books(k)["EUR"]]], sort="-id")["rows"]][0]
    paid = pay(k, amount=owed["open"], currency=books(k)["EUR"], day="2026-03-10")
    credit = items(k, paid["id"], "finance.payment")[0]
    k.call("finance.match_items", {"debit": owed["id"], "credit": credit["id"], "day": "2026-03-10"})
    made = k.list("finance.entry", [["kind", "=", "difference"]], sort="-id")["rows"][0]
    refused("rule", lambda: k.call("finance.entry.reverse", {"id": made["id"]}), "origin")
    refused("validation", lambda: entry(k, "2026-03-10", ("131", "5"), ("801", "-5"), kind="difference"), "kind")
    k.call("finance.match.undo", {"id": k.list("finance.match", [], sort="-id")["rows"][0]["id"], "day": "2026-03-10"})
    expect(k.call("finance.prove")["findings"], [])


def a_polish_invoice_takes_the_rate_of_the_day_before(k):
    s = books(k)
    for day, value in (("2026-03-09", "420.00"), ("2026-03-10", "420.00"), ("2026-03-11", "410.00")):
        row = invoice(k, thing("100", tax_category=a_tax(k, "0")), currency=s["EUR"], day=day)
        expect((day, row["base_gross"]), (day, value))
    note = k.call("finance.invoice.credit", {"id": row["id"], "reason": "late", "day": "2026-04-05"})["made"]  # at 4.30 by now
    expect(posted(k, "finance.invoice", note)["base_gross"], "410.00")
    by_hand = invoice(k, thing("100", tax_category=a_tax(k, "0")), currency=s["EUR"], day="2026-03-10", rate_day="2026-03-10")
    expect(by_hand["base_gross"], "410.00")


def the_customers_card_shows_their_papers(k, house):
    row = invoice(k, thing("10"), party=books(k)["kowal"], day="2026-03-20")
    card = k.call("crm.card", {"party": seen["kowal"]})
    expect([(p["kind"], p["number"], p["state"], p["amount"], p["open"]) for p in card["papers"][:1]], [("sale", row["number"], "overdue", "12.30", "12.30")])
    expect([p["kind"] for p in card["papers"]].count("in"), 1)
    told = [(e["kind"], e["title"], e["state"]) for e in card["timeline"] if e["entity"].startswith("finance.")]
    expect(sorted(told), sorted((p["kind"], p["number"], p["state"]) for p in card["papers"]))
    expect(card["owes"], "104.30")  # with the rest of an earlier one
    seller = login(k, house, "rep", "crm.sales_head")
    k.update("base.party", seen["kowal"], {"owner": None})
    own = make(seller, "base.party", name="His own")
    expect((seller.call("crm.card", {"party": own})["papers"], seller.call("crm.card", {"party": own})["owes"]), ([], None))


def an_invoice_is_printed(k):
    k.call("document.presets", {})
    row = invoice(k, thing("1000"), {"item": books(k)["bike"], "price": "10"}, day="2026-03-21", reference="PO 7")
    for lang, words in (("pl", ["Faktura " + row["number"], "Termin płatności", "1242,30", "5260250274"]), ("en", ["Invoice " + row["number"], "PO 7"])):
        chosen = k.list("document.template", [["name", "=", "invoice"], ["lang", "=", lang]])["rows"][0]["id"]
        text = k.call("document.preview", {"template": chosen, "id": row["id"]})["text"].replace("\u00a0", " ").replace("<br>", "")
        for word in words:
            assert word in text, (word, text[-3000:])


def an_accountant_bills_orders_and_a_cashier_takes_money(k, house):
    s = books(k)
    anna, adam, ewa = (login(k, house, name, f"finance.{name}") for name in ("accountant", "cashier", "reader"))
    order = make(k, "crm.order", party=s["kowal"], lines=[thing("100")])
    k.call("crm.order.confirm", {"id": order})
    made = anna.call("finance.invoice.from_order", {"order": {"entity": "crm.order", "id": order}, "basis": "ordered", "day": "2026-06-01"})["id"]
    anna.call("finance.invoice.post", {"id": made})
    refused("forbidden", lambda: anna.get("crm.order", order))
    paid = make(adam, "finance.payment", party=s["kowal"], day="2026-06-02", amount="50", allocations=[{"item": items(k, made)[0]["id"]}])
    adam.call("finance.payment.post", {"id": paid})
    refused("forbidden", lambda: adam.call("finance.payment.reverse", {"id": paid}))
    refused("forbidden", lambda: adam.call("finance.trial_balance"))
    expect(adam.count("finance.entry"), 1)  # what he posted
    anna.call("finance.payment.reverse", {"id": paid, "day": "2026-06-03"})
    expect(ewa.call("finance.trial_balance", {"to": "2026-06-30"})["debit"], k.call("finance.trial_balance", {"to": "2026-06-30"})["debit"])
    refused("forbidden", lambda: ewa.call("finance.revalue", {"day": "2026-06-03"}))
    refused("validation", lambda: anna.update("base.party", s["kowal"], {"credit_limit": "5"}), "credit_limit")


def lines_are_told_apart_by_project_and_department(k):
    """Two invoices and the cost of one of them on a project; the margin by dimension is the project's, and a credit note keeps it."""
    bridge = make(k, "finance.dimension", code="P1", name="Bridge", kind="project")
    north = make(k, "finance.dimension", code="D1", name="North", kind="department")
    row = invoice(k, {**thing("400"), "dimension": bridge, "dimension2": north}, thing("50"), day="2026-05-04")
    posted(k, "finance.entry", make(k, "finance.entry", day="2026-05-05", text="Steel of the bridge", lines=[
        {"account": account(k, "711"), "debit": "150", "dimension": bridge}, {"account": account(k, "201"), "party": seen["steel"], "credit": "150"}]))
    rows = {r["name"]: r for r in k.call("finance.margin", {"from": "2026-05-01", "to": "2026-05-31", "by": "dimension"})["rows"]}
    expect([(n, r["income"], r["cost"], r["margin"], r["percent"]) for n, r in rows.items()],
           [("Bridge", "400.00", "150.00", "250.00", "62.50"), (None, "50.00", "0.00", "50.00", "100.00")])
    expect(k.count("finance.entry", rows["Bridge"]["filter"]), 2)
    by_department = k.call("finance.entry.aggregate", {"group": ["lines.dimension2"], "lines": [["dimension2", "=", north]], "measures": {"income": "sum:lines.credit"}})
    expect([(r["lines.dimension2"], r["income"]) for r in by_department["rows"]], [(north, "400.00")])
    note = k.call("finance.invoice.credit", {"id": row["id"], "reason": "damaged", "day": "2026-05-06", "lines": [{"line": row["lines"][0]["id"], "quantity": "1"}]})["made"]
    posted(k, "finance.invoice", note)
    rows = {r["name"]: r for r in k.call("finance.margin", {"from": "2026-05-01", "to": "2026-05-31", "by": "dimension"})["rows"]}
    expect((rows["Bridge"]["income"], rows["Bridge"]["margin"], rows["Bridge"]["percent"]), ("0.00", "-150.00", None))
    refused("validation", lambda: k.call("finance.margin", {"by": "weather"}), "by")


def each_company_has_books_of_its_own(k, house):
    s = books(k)
    first = k.list("base.company", [])["rows"][0]["id"]
    second = make(k, "base.company", name="Second", currency=s["EUR"])
    role = k.list("access.role", [["name", "=", "finance.chief_accountant"]])["rows"][0]["id"]
    user = make(k, "access.user", name="both", full_name="Both", roles=[role], companies=[first, second])
    k.call("access.password", {"user": user, "new": "Quiet-River-77-Stone"})
    both = house.client("both", "Quiet-River-77-Stone")
    both.call("session.company", {"company": first})
    refused("conflict", lambda: both.call("finance.setup", {"year": "2026-01-01"}), "chart")
    both.call("session.company", {"company": second})
    both.call("finance.setup", {"year": "2026-01-01"})
    expect(both.call("finance.trial_balance", {"to": "2026-12-31"})["rows"], [])
    made = make(both, "finance.invoice", party=s["nowak"], day="2026-05-05", lines=[thing("10")])
    both.call("finance.invoice.post", {"id": made})
    row = both.get("finance.invoice", made)
    expect((row["number"], row["currency"], row["company"]), ("FV/2026/05/0001", s["EUR"], second))
    expect(both.call("finance.trial_balance", {"to": "2026-12-31"})["debit"], row["gross"])
    expect(both.call("finance.prove")["findings"], [])
    k.call("session.company", {"company": first})


def a_credit_limit_stops_an_order_but_not_whoever_may_pass_it(k, house):
    s = books(k)
    poor = make(k, "base.party", name="Poor", credit_limit="100")
    order = make(k, "crm.order", party=poor, lines=[thing("100")])
    seller = login(k, house, "seller", "crm.sales_head")
    mine = make(seller, "crm.order", party=make(seller, "base.party", name="Poorer"), lines=[thing("100")])
    k.update("base.party", k.get("crm.order", mine)["party"], {"credit_limit": "100"})
    error = refused("rule", lambda: seller.call("crm.order.confirm", {"id": mine}), "party")
    assert "123.00" in error.problems[0]["message"], error.problems
    k.call("crm.order.confirm", {"id": order})


run([an_entry_that_does_not_balance_is_refused_and_one_that_does_is_numbered, all_that_is_wrong_with_an_entry_is_told_at_once,
     opening_balances_come_account_by_account, what_is_posted_stays_and_is_reversed_line_by_line, locked_periods_refuse,
     balances_and_open_items_cannot_be_written_by_hand, the_known_figures_come_out_in_order_and_invoice,
     numbers_have_no_gap_and_follow_the_documents_month, a_posted_invoice_is_fixed, an_invoice_bills_what_was_delivered_and_no_more,
     a_final_invoice_takes_the_advance_into_account, a_credit_note_never_exceeds_what_was_billed, a_till_receipt_is_paid_at_once,
     the_cash_desk_tells_what_came_and_went, a_suppliers_number_is_taken_once, instalments_and_a_discount_for_paying_early,
     a_debt_is_paid_off_in_even_instalments, one_payment_for_many_and_the_rest_is_a_credit, a_small_rest_is_written_off_a_large_one_not,
     a_reversed_payment_leaves_everything_open_again, currencies_realised_and_unrealised, what_makes_no_open_items_is_the_houses,
     a_polish_invoice_takes_the_rate_of_the_day_before, the_customers_card_shows_their_papers, an_invoice_is_printed,
     a_credit_limit_stops_an_order_but_not_whoever_may_pass_it, an_accountant_bills_orders_and_a_cashier_takes_money,
     lines_are_told_apart_by_project_and_department, each_company_has_books_of_its_own], modules="base,crm,finance")
