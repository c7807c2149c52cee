#!/usr/bin/env python3
"""Stories of invoices that stand beside others: for a till receipt, for money paid to a supplier in advance, and with tax that the
buyer accounts for. Figures by hand, as said in each."""
from decimal import Decimal as D

from stories import expect, make, refused, run
from books import balances, books, invoice, proved, register


def gained(k, before, *codes):
    return tuple(now - was for now, was in zip(balances(k, *codes), before))


def rows_of(k, document):
    """(side, label, net, amount) of each row in the registers."""
    return [row[:4] for row in register(k, invoice=document)]


def a_recurring_order_brings_its_invoice(k):
    """Advice at 100, monthly since two months: two orders, each with its draft of 123."""
    s = books(k)
    make(k, "crm.order_template", name="Subscription", party=s["nowak"], start="2026-01-31", until="2026-02-28", confirm=True, bill=True, lines=[{"item": s["advice"]}])
    made = k.call("crm.order_template.run", {})["orders"]
    invoices = [k.get("finance.invoice", m["invoice"]) for m in made]
    expect([(i["state"], i["gross"], i["party"], i["order"]["id"]) for i in invoices], [("draft", "123.00", s["nowak"], m["order"]) for m in made])
    expect([m["period"] for m in made], ["2026-01-31", "2026-02-28"])
    k.call("finance.invoice.post", {"id": invoices[0]["id"]})
    expect([k.get("crm.order", m["order"])["billing_status"] for m in made], ["full", "none"])
    expect(k.call("crm.order_template.run", {})["orders"], [])
    trader = make(k, "base.party", name="Nowak, sole trader", parent=s["nowak"], tax_id="1234563218")
    order = make(k, "crm.order", party=s["nowak"], bill_to=trader, lines=[{"item": s["advice"]}])
    k.call("crm.order.confirm", {"id": order})
    made = k.call("finance.invoice.from_order", {"order": {"entity": "crm.order", "id": order}, "basis": "ordered"})["id"]
    expect(k.get("finance.invoice", made)["party"], trader)


def an_invoice_for_a_receipt_sells_nothing_twice(k):
    """Two pieces at 61.50 with tax: 100 and 23. The invoice has the same figures, and the books what they had."""
    s = books(k)
    receipt = invoice(k, kind="receipt", party=None, day="2026-03-02", tax_included=True, lines=[{"name": "Bell", "quantity": "2", "price": "61.50"}])
    before = balances(k, "100", "200", "702", "221")
    made = k.call("finance.invoice.for_receipt", {"id": receipt["id"], "party": s["nowak"], "day": "2026-03-05"})["made"]
    k.call("finance.invoice.post", {"id": made})
    row = k.get("finance.invoice", made)
    expect((row["net"], row["tax"], row["gross"], row["open"], row["payment_status"], row["entry"], row["receipt"], row["number"][:11]),
           ("100.00", "23.00", "123.00", "0.00", "paid", receipt["entry"], receipt["id"], "FV/2026/03/"))
    expect((row["reference"], row["buyer_tax_id"]), (receipt["number"], "5260250274"))
    expect((balances(k, "100", "200", "702", "221"), rows_of(k, made)), (before, []))
    refused("conflict", lambda: k.call("finance.invoice.for_receipt", {"id": receipt["id"], "party": s["nowak"]}), "receipt")
    refused("rule", lambda: k.call("finance.invoice.for_receipt", {"id": made, "party": s["nowak"]}), "kind")
    note = k.call("finance.invoice.credit", {"id": made, "reason": "one broken", "day": "2026-03-06", "lines": [{"line": row["lines"][0]["id"], "quantity": "1"}]})["made"]
    k.call("finance.invoice.post", {"id": note})
    expect(gained(k, before, "100", "200", "702", "221"), (D(0), D("-61.50"), D("50.00"), D("11.50")))
    proved(k)


def it_must_be_what_the_receipt_sold(k):
    s = books(k)
    receipt = invoice(k, kind="receipt", party=None, day="2026-03-02", lines=[{"name": "Bell", "price": "50"}])
    made = k.call("finance.invoice.for_receipt", {"id": receipt["id"], "party": s["nowak"]})["made"]
    k.update("finance.invoice", made, {"lines": [{"name": "Bell", "price": "40"}]})
    refused("rule", lambda: k.call("finance.invoice.post", {"id": made}), "lines")
    k.call("finance.invoice.cancel", {"id": made})
    expect(k.call("finance.invoice.for_receipt", {"id": receipt["id"], "party": s["nowak"]})["made"] > made, True)


def a_suppliers_advance_is_settled_by_the_final_bill(k):
    """Ten wheels at 100: 1000 and 230. 400 net are paid ahead, taxed at 92; the final bill taxes the other 138 and asks for 738."""
    s = books(k)
    order = make(k, "logistics.purchase_order", party=s["steel"], day="2026-04-01", lines=[{"item": s["wheel"], "quantity": "10", "price": "100"}])
    k.call("logistics.purchase_order.approve", {"id": order})
    of = {"entity": "logistics.purchase_order", "id": order}
    before = balances(k, "204", "222", "201", "300", "340")
    advance = invoice(k, kind="purchase_advance", party=s["steel"], day="2026-04-02", reference="ZAL 1", order=of, lines=[{"name": "Advance", "price": "400"}])
    expect((advance["number"], gained(k, before, "204", "222", "201")), ("ZZ/2026/04/0001", (D("400.00"), D("92.00"), D("-492.00"))))
    k.call("logistics.receipt.finish", {"id": make(k, "logistics.receipt", order=order, day="2026-04-10")})
    made = k.call("finance.invoice.from_order", {"order": of, "reference": "FV 7", "day": "2026-04-11"})
    expect((made["gross"], made["to_pay"]), ("1230.00", "738.00"))
    k.call("finance.invoice.post", {"id": made["id"]})
    expect(gained(k, before, "204", "222", "201", "300", "340"), (D(0), D("230.00"), D("-1230.00"), D(0), D(0)))
    expect(rows_of(k, made["id"]), [("purchase", "23%", "600.00", "138.00")])
    expect(k.get("logistics.purchase_order", order)["billing_status"], "full")
    again = make(k, "finance.invoice", kind="purchase", party=s["steel"], reference="FV 8", lines=[{"name": "x", "price": "900"}], advances=[{"invoice": advance["id"]}])
    refused("rule", lambda: k.call("finance.invoice.post", {"id": again}), "advances[0].invoice")
    proved(k)


def of_what_advances_bore_wholly_the_register_has_no_row(k):
    """100 at 23 % and 50 at 8 %: the 100 are paid ahead, then the 50 too. The first final invoice has what is left at 8 %, the second one row of nothing, for
    it is looked for; a supplier's has none, nor has the tax that the buyer accounts for. Credited, each advance comes back as it was taxed."""
    s = books(k)
    at = lambda price, code: {"name": "Thing", "price": price, "tax_category": s["category"][code]}
    both = [at("100", "standard"), at("50", "reduced")]
    before = balances(k, "203", "221", "702", "200")
    for lines, left in ((both[:1], [("sale", "8%", "50.00", "4.00")]), (both, [("sale", "8%", "0.00", "0.00")])):
        ahead = invoice(k, kind="advance", day="2026-06-10", lines=lines)
        final = invoice(k, day="2026-06-20", lines=both, advances=[{"invoice": ahead["id"]}])
        expect(rows_of(k, final["id"]), left)
        note = k.call("finance.invoice.credit", {"id": final["id"], "reason": "gone", "day": "2026-06-25"})["made"]
        k.call("finance.invoice.post", {"id": note})
        expect(sorted(rows_of(k, note)), [("sale", "23%", "-100.00", "-23.00"), ("sale", "8%", "-50.00", "-4.00")])
    expect(gained(k, before, "203", "221", "702", "200"), (D(0),) * 4)
    for position in (None, s["position"]["domestic_reverse"]):
        supplied = dict(party=s["steel"], position=position, lines=[{"name": "Scrap", "price": "100"}])
        ahead = invoice(k, kind="purchase_advance", day="2026-06-10", reference=f"Z {position}", **supplied)
        final = invoice(k, kind="purchase", day="2026-06-20", reference=f"F {position}", advances=[{"invoice": ahead["id"]}], **supplied)
        expect((rows_of(k, final["id"]), final["to_pay"]), ([], "0.00"))
    proved(k)


def half_an_advance_of_two_rates_is_settled_to_the_cent(k):
    """1261.50 at 23 % and 696.60 at 8 %: 290.15 and 55.73. Half of each tax ends with half a cent; together they are what half of the whole bears, 172.94,
    in zlotys and in euros. What is left is settled by a second final invoice."""
    s = books(k)
    at = lambda price, code: {"name": "Thing", "price": price, "tax_category": s["category"][code]}
    for currency in (s["PLN"], s["EUR"]):
        before = balances(k, "203", "221", "702")
        made = [invoice(k, kind="advance", currency=currency, day="2026-06-10", lines=[at("1261.50", "standard"), at("696.60", "reduced")])["id"]]
        for _ in range(2):
            final = invoice(k, currency=currency, day="2026-06-16", lines=[at("1139.06", "standard")], advances=[{"invoice": made[0], "amount": "1151.99"}])
            made.append(final["id"])
            expect([(part["net"], part["tax"]) for part in final["advances"]], [("979.05", "172.94")])
        advance, tax, sold = gained(k, before, "203", "221", "702")
        expect((advance, tax), (D(0), -sum(D(amount) for document in made for _, _, _, amount in rows_of(k, document))))
        if currency == s["PLN"]:
            expect(sold, -2 * D("1139.06"))
    proved(k)


def a_bill_clears_what_its_own_order_brought(k):
    """Ten wheels at 100 and four at 250 came from one supplier; the four are billed first, and two of them go back: the thousand waits for its bill all the
    while, and no price differs."""
    s = books(k)
    before = balances(k, "300", "340", "310")
    came = []
    for quantity, price in (("10", "100"), ("4", "250")):
        order = make(k, "logistics.purchase_order", party=s["steel"], day="2026-06-01", lines=[{"item": s["wheel"], "quantity": quantity, "price": price}])
        k.call("logistics.purchase_order.approve", {"id": order})
        k.call("logistics.receipt.finish", {"id": make(k, "logistics.receipt", order=order, day="2026-06-02")})
        came.append(order)
    waiting = lambda: gained(k, before, "300", "340")
    expect(waiting(), (D("-2000.00"), D(0)))
    bill = lambda order: k.call("finance.invoice.from_order", {"order": {"entity": "logistics.purchase_order", "id": order}, "reference": f"W {order}", "day": "2026-06-03"})["id"]
    second = bill(came[1])
    k.call("finance.invoice.post", {"id": second})
    expect(waiting(), (D("-1000.00"), D(0)))
    line, = k.get("logistics.purchase_order", came[1])["lines"]
    k.call("logistics.receipt.finish", {"id": make(k, "logistics.receipt", order=came[1], kind="return", day="2026-06-04", lines=[{"order_line": line["id"], "quantity": "2"}])})
    expect(waiting(), (D("-500.00"), D(0)))
    note = k.call("finance.invoice.credit", {"id": second, "reason": "back", "reference": "K 1", "day": "2026-06-05", "lines": [{"line": k.get("finance.invoice", second)["lines"][0]["id"], "quantity": "2"}]})["made"]
    k.call("finance.invoice.post", {"id": note})
    expect(waiting(), (D("-1000.00"), D(0)))
    k.call("finance.invoice.post", {"id": bill(came[0])})
    expect(waiting(), (D(0), D(0)))
    proved(k)


def the_buyer_accounts_for_tax_of_the_union(k):
    """Goods for 100 EUR and a service for 50 EUR at January's 4.00: 400 and 200; 23 % of 600 is 138 on both sides, and 600 are owed."""
    s = books(k)
    before = balances(k, "221", "222", "201")
    bill = invoice(k, kind="purchase", party=s["rad"], currency=s["EUR"], day="2026-05-04", rate_day="2026-01-05", reference="R 1", lines=[
        {"item": s["wheel"], "price": "100"}, {"item": s["advice"], "price": "50"}])
    expect((bill["tax"], bill["to_pay"], bill["base_gross"]), ("0.00", "150.00", "600.00"))
    expect(gained(k, before, "221", "222", "201"), (D("-138.00"), D("138.00"), D("-600.00")))
    expect(rows_of(k, bill["id"]), [("purchase", "23% (buyer's)", "600.00", "138.00"), ("sale", "23% (buyer's)", "600.00", "138.00")])
    sums = k.call("finance.vat_register", {"from": "2026-05-01", "to": "2026-05-31"})
    expect((sums["on_sales"], sums["on_purchases"], sums["to_pay"]), ("138.00", "138.00", "0.00"))
    note = k.call("finance.invoice.credit", {"id": bill["id"], "reason": "bad advice", "reference": "RK 1", "day": "2026-05-06", "lines": [{"line": bill["lines"][1]["id"], "quantity": "1"}]})["made"]
    k.call("finance.invoice.post", {"id": note})
    expect(gained(k, before, "221", "222", "201"), (D("-92.00"), D("92.00"), D("-400.00")))
    expect(rows_of(k, note)[0][2:], ("-200.00", "-46.00"))
    proved(k)


def a_domestic_bill_bears_its_own_tax_and_reverse_charge_at_home_too(k):
    s = books(k)
    bill = invoice(k, kind="purchase", party=s["steel"], day="2026-05-10", reference="S 9", position=s["position"]["domestic_reverse"], lines=[{"name": "Scrap", "price": "10"}])
    expect(rows_of(k, bill["id"]), [("purchase", "23% (buyer's)", "10.00", "2.30"), ("sale", "23% (buyer's)", "10.00", "2.30")])
    plain = invoice(k, kind="purchase", party=s["steel"], day="2026-05-10", reference="S 10", lines=[{"name": "Scrap", "price": "10"}])
    expect(rows_of(k, plain["id"]), [("purchase", "23%", "10.00", "2.30")])
    k.lang = "pl"
    invoice(k, kind="purchase", party=s["steel"], day="2026-05-11", reference="S 11", position=s["position"]["domestic_reverse"], lines=[{"name": "Scrap", "price": "10"}])
    k.lang = None
    rows = k.call("finance.vat_register", {"from": "2026-05-10", "to": "2026-05-31"})["rows"]  # whoever posts, in whatever language
    expect([(r["side"], r["label"], r["kind"], r["net"], r["amount"], k.count("finance.vat_line", r["filter"])) for r in rows], [
        ("sale", "23%", "reverse_charge", "20.00", "4.60", 2), ("purchase", "23%", "charged", "10.00", "2.30", 1), ("purchase", "23%", "reverse_charge", "20.00", "4.60", 2)])
    proved(k)


def an_advance_bears_the_buyers_tax_once(k):
    """100 net in advance, then a final bill of 250: 23 on the advance, 34.50 on the rest."""
    s = books(k)
    advance = invoice(k, kind="purchase_advance", party=s["steel"], day="2026-06-01", reference="Z 5", position=s["position"]["domestic_reverse"], lines=[{"name": "Advance", "price": "100"}])
    final = invoice(k, kind="purchase", party=s["steel"], day="2026-06-05", reference="F 5", position=s["position"]["domestic_reverse"], lines=[{"name": "Scrap", "price": "250"}], advances=[{"invoice": advance["id"]}])
    expect(([r[3] for r in rows_of(k, advance["id"])], [r[3] for r in rows_of(k, final["id"])]), (["23.00"] * 2, ["34.50"] * 2))
    expect(final["to_pay"], "150.00")
    proved(k)


run([a_recurring_order_brings_its_invoice, an_invoice_for_a_receipt_sells_nothing_twice, it_must_be_what_the_receipt_sold,
     a_suppliers_advance_is_settled_by_the_final_bill, of_what_advances_bore_wholly_the_register_has_no_row, half_an_advance_of_two_rates_is_settled_to_the_cent, a_bill_clears_what_its_own_order_brought, the_buyer_accounts_for_tax_of_the_union,
     a_domestic_bill_bears_its_own_tax_and_reverse_charge_at_home_too, an_advance_bears_the_buyers_tax_once], modules="base,crm,logistics,finance")
