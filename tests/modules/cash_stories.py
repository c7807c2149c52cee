#!/usr/bin/env python3
"""Stories of cash: a statement of cash flow that tells what money was for on the day it was paid, and desks that hold nothing less than
nothing. Figures by hand, as said in each."""
from decimal import Decimal as D

from stories import expect, make, refused, run
from books import books, credit, entry, invoice, items, pay, posted, proved, seen, thing

CASH = ("100", "131", "139", "132")
MONTHS = {"jan": ("2026-01-01", "2026-01-31"), "feb": ("2026-02-01", "2026-02-28"), "mar": ("2026-03-01", "2026-03-31"),
          "apr": ("2026-04-01", "2026-04-30"), "may": ("2026-05-01", "2026-05-31"), "year": ("2026-01-01", "2026-12-31")}


def flow(k, first, last):
    """[operating, investing, financing, valuation of cash]; the sum is the change of cash to the cent, and that of the rows."""
    told = k.call("finance.cash_flow", {"from": first, "to": last})
    parts = [D(told[f]) for f in ("operating", "investing", "financing", "valued")]
    cash = {r["code"]: r for r in k.call("finance.trial_balance", {"from": first, "to": last, "all": True})["rows"]}
    opening, closing = (sum(D(cash[code][f]) for code in CASH if code in cash) for f in ("opening", "closing"))
    expect((D(told["opening"]), D(told["closing"]), sum(parts)), (opening, closing, closing - opening))
    for part, name in zip(parts, ("operating", "investing", "financing", "cash")):
        expect((name, sum(D(r["amount"]) for r in told["rows"] if r["cash"] == name)), (name, part))
    return parts


class Flowed:
    """What flows of months gain while its body runs: name -> [operating, investing, financing], and the valuation of cash if there
    is one."""

    def __init__(self, k):
        self.k = k

    def all(self):
        return {name: flow(self.k, *days) for name, days in MONTHS.items()}

    def __enter__(self):
        self.before = self.all()
        return self

    def __exit__(self, *unused):
        gained = {name: [b - a for a, b in zip(self.before[name], parts)] for name, parts in self.all().items()}
        for i in range(4):  # what the months say, the year says
            expect(sum(parts[i] for name, parts in gained.items() if name != "year"), gained["year"][i])
        self.now = {name: [str(x) for x in (parts if parts[3] else parts[:3])] for name, parts in gained.items() if any(parts) and name != "year"}


def machine(k, *lines, **more):
    s = books(k)
    bought = lambda price, **extra: thing(price, account=s["account"]["010"], **extra)
    return invoice(k, *(lines or (bought("1000"),)), **{"kind": "purchase", "party": s["steel"], "reference": f"M {len(made)}", **more})


made = []


def asset(price, quantity="1", **more):
    made.append(price)
    return thing(price, quantity, account=seen["account"]["010"], **more)


def out(k, amount, day, *allocations, **more):
    return pay(k, **{"party": seen["steel"], "direction": "out", "amount": amount, "day": day,
                     "allocations": [{"item": i, **extra} for i, extra in allocations], **more})


def owed(k, bill):
    return items(k, bill["id"])[0]["id"]


# ---- The statement of cash flow ----

def a_machine_flows_when_it_is_paid(k):
    """1000 and 230 of tax, billed in February, paid by thirds of 410: each pays 333.33 or .34 of the machine; tax is operating."""
    books(k)
    with Flowed(k) as flowed:
        bill = machine(k, asset("1000"), day="2026-02-10")
    expect(flowed.now, {})
    with Flowed(k) as flowed:
        for day in ("2026-03-05", "2026-04-05", "2026-05-05"):
            paid = out(k, "410", day, (owed(k, bill), {}))
    expect(flowed.now, {"mar": ["-76.67", "-333.33", "0.00"], "apr": ["-76.66", "-333.34", "0.00"], "may": ["-76.67", "-333.33", "0.00"]})
    row = next(r for r in k.call("finance.cash_flow", {"from": "2026-05-01", "to": "2026-05-31"})["rows"] if r["code"] == "010")
    expect((row["cash"], row["amount"]), ("investing", "-333.33"))
    expect([e["id"] for e in k.list("finance.entry", row["filter"])["rows"]], [paid["entry"]])
    for first, last in (("2026-02-10", "2026-03-05"), ("2026-03-06", "2026-05-05"), ("2025-01-01", "2026-04-05"), ("2026-05-06", "2026-05-06")):
        flow(k, first, last)


def what_was_paid_before_its_bill_flows_when_it_is_known(k):
    books(k)
    with Flowed(k) as flowed:
        paid = out(k, "1230", "2026-02-03")
    expect(flowed.now, {"feb": ["-1230.00", "0.00", "0.00"]})
    with Flowed(k) as flowed:
        bill = machine(k, asset("1000"), day="2026-03-03")
    expect(flowed.now, {})
    with Flowed(k) as flowed:
        k.call("finance.match_items", {"debit": items(k, paid["id"], "finance.payment")[0]["id"], "credit": owed(k, bill), "day": "2026-03-04"})
    expect(flowed.now, {"feb": ["1000.00", "-1000.00", "0.00"]})
    with Flowed(k) as flowed:
        k.call("finance.payment.reverse", {"id": paid["id"], "day": "2026-03-20"})
    expect(flowed.now, {"feb": ["-1000.00", "1000.00", "0.00"], "mar": ["1230.00", "0.00", "0.00"]})


def an_advance_flows_for_what_its_final_invoice_bought(k):
    """1000 and 230 in advance, paid in February; the machine of 2000 comes in March; the rest, 1230, is paid in April."""
    s = books(k)
    with Flowed(k) as flowed:
        advance = machine(k, thing("1000"), kind="purchase_advance", reference="ADV 1", day="2026-02-04")
        out(k, "1230", "2026-02-10", (owed(k, advance), {}))
    expect(flowed.now, {"feb": ["-1230.00", "0.00", "0.00"]})
    with Flowed(k) as flowed:
        final = machine(k, asset("2000"), day="2026-03-04", advances=[{"invoice": advance["id"]}])
        expect(final["open"], "1230.00")
    expect(flowed.now, {"feb": ["1000.00", "-1000.00", "0.00"]})
    with Flowed(k) as flowed:
        out(k, "1230", "2026-04-10", (owed(k, final), {}))
    expect(flowed.now, {"apr": ["-230.00", "-1000.00", "0.00"]})
    with Flowed(k) as flowed:  # an advance that is not paid when the machine comes is no flow yet, all of it borne by advances
        later = machine(k, thing("500"), kind="purchase_advance", reference="ADV 2", day="2026-02-04")
        machine(k, asset("500"), day="2026-03-04", advances=[{"invoice": later["id"]}])
    expect(flowed.now, {})
    with Flowed(k) as flowed:
        out(k, "307.50", "2026-05-10", (owed(k, later), {}))
    expect(flowed.now, {"may": ["-57.50", "-250.00", "0.00"]})


def what_is_taken_off_the_price_is_no_flow(k):
    """A tenth goes back to the supplier: 1107 are paid, 900 for the machine; 2 % for paying early: 1205.40, of which 980."""
    books(k)
    terms = make(k, "finance.terms", code="c2/10", name="2 % in 10 days", parts=[{"days": 30, "discount": "2", "discount_days": 10}])
    with Flowed(k) as flowed:
        bill = machine(k, asset("100", "10"), day="2026-02-10")
        credit(k, bill, "2026-02-12", (0, "1"), reference="CN 1")
        out(k, "1107", "2026-03-05", (owed(k, bill), {}))
    expect(flowed.now, {"mar": ["-207.00", "-900.00", "0.00"]})
    with Flowed(k) as flowed:
        early = machine(k, asset("1000"), day="2026-02-25", terms=terms)
        out(k, "1205.40", "2026-03-02", (owed(k, early), {"discount": "24.60"}))
    expect(flowed.now, {"mar": ["-225.40", "-980.00", "0.00"]})
    with Flowed(k) as flowed:  # what is credited after it was paid comes back
        note = credit(k, early, "2026-04-02", reference="CN 2")
        pay(k, party=seen["steel"], direction="in", amount="1205.40", day="2026-05-02", allocations=[{"item": owed(k, note)}])
    expect(flowed.now, {"may": ["225.40", "980.00", "0.00"]})
    proved(k)


def a_machine_in_euros_costs_what_was_paid(k):
    """1000 euros at 4.10, paid at 4.30: 4300 flowed, whatever the books had it in for."""
    s = books(k)
    with Flowed(k) as flowed:
        bill = machine(k, asset("1000", tax_category=s["category"]["zero"]), day="2026-03-15", currency=s["EUR"])
        out(k, "400", "2026-03-20", (owed(k, bill), {}), currency=s["EUR"])
        k.call("finance.revalue", {"day": "2026-03-31"})
        out(k, "600", "2026-04-05", (owed(k, bill), {}), currency=s["EUR"])
    expect(flowed.now, {"mar": ["0.00", "-1640.00", "0.00"], "apr": ["0.00", "-2580.00", "0.00"]})


def what_cash_is_worth_more_flowed_nowhere(k):
    """1000 euros come in at 4.10 and are worth 200 more at the end of March, with 100 that a supplier is owed: 20 less. April takes it back."""
    s = books(k)
    bank = make(k, "finance.account", code="132", name="Euro account", kind="asset", cash="cash", currency=s["EUR"], parent=s["account"]["1"])
    journal = make(k, "finance.journal", code="BE", name="Euro bank", kind="bank", account=bank, currency=s["EUR"])
    with Flowed(k) as flowed:
        pay(k, journal=journal, day="2026-03-20", amount="1000")
        invoice(k, thing("100", account=s["account"]["402"], tax_category=s["category"]["zero"]), kind="purchase", party=s["steel"], reference="V 1", day="2026-03-20", currency=s["EUR"])
        made = k.call("finance.revalue", {"day": "2026-03-31"})["entry"]
    expect(flowed.now, {"mar": ["4100.00", "0.00", "0.00", "200.00"], "apr": ["0.00", "0.00", "0.00", "-200.00"]})
    row = next(r for r in k.call("finance.cash_flow", {"from": "2026-03-01", "to": "2026-03-31"})["rows"] if r["code"] == "132")
    expect((row["cash"], row["amount"], [e["id"] for e in k.list("finance.entry", row["filter"])["rows"]]), ("cash", "200.00", [made]))


def what_needs_no_cash_is_no_flow(k):
    """A loan that pays the supplier, a machine that is scrapped, one that is paid with a claim; costs that become an asset are investing."""
    s = books(k)
    acc, party = s["account"], s["steel"]
    by_hand = lambda day, *lines: posted(k, "finance.entry", make(k, "finance.entry", day=day, lines=[
        {"account": acc[code], "debit" if v > 0 else "credit": str(abs(v)), "party": party if code in ("200", "201") else None} for code, v in lines]))
    with Flowed(k) as flowed:
        by_hand("2026-02-05", ("010", 800), ("134", -800))
        by_hand("2026-02-06", ("070", 600), ("761", 400), ("010", -1000))
        bill = machine(k, asset("1000"), day="2026-02-07")
        set_off = by_hand("2026-02-08", ("201", 1230), ("200", -1230))
        mine = lambda entry: [i for i in k.list("finance.open_item", [["entry", "=", entry["id"]]])["rows"] if D(i["amount"]) > 0][0]["id"]
        k.call("finance.match_items", {"debit": mine(set_off), "credit": owed(k, bill), "day": "2026-02-08"})
        other = machine(k, asset("1000"), day="2026-02-09")
        lent = by_hand("2026-02-10", ("201", 1230), ("134", -1230))
        k.call("finance.match_items", {"debit": mine(lent), "credit": owed(k, other), "day": "2026-02-10"})
    expect(flowed.now, {})
    with Flowed(k) as flowed:
        entry(k, "2026-03-05", ("134", 900), ("755", 50), ("131", -950))
        entry(k, "2026-03-06", ("080", 300), ("521", -300))
    expect(flowed.now, {"mar": ["250.00", "-300.00", "-900.00"]})
    with Flowed(k) as flowed:
        taken_back = entry(k, "2026-04-06", ("080", 300), ("521", -300))
        k.call("finance.entry.reverse", {"id": taken_back["id"], "day": "2026-04-07"})
    expect(flowed.now, {})


def one_payment_of_a_machine_and_of_costs(k):
    """A machine for 1000 and advice for 500 on one bill, costs of 300 on another: one payment of all 2214."""
    s = books(k)
    with Flowed(k) as flowed:
        both = machine(k, asset("1000"), thing("500", account=s["account"]["402"]), day="2026-02-15")
        costs = machine(k, thing("300", account=s["account"]["402"]), reference="C 1", day="2026-02-15")
        out(k, "2214", "2026-04-15", (owed(k, both), {}), (owed(k, costs), {}))
    expect(flowed.now, {"apr": ["-1214.00", "-1000.00", "0.00"]})


def a_machine_that_is_sold_on_credit(k):
    """What it brings goes to an account of investing: 500 of 615, when the buyer pays."""
    s = books(k)
    sold = make(k, "finance.account", code="764", name="Assets sold", kind="income", cash="investing", parent=s["account"]["7"])
    with Flowed(k) as flowed:
        row = invoice(k, thing("500", account=sold), day="2026-02-20")
        pay(k, amount="615", day="2026-05-20", allocations=[{"item": owed(k, row)}])
    expect(flowed.now, {"may": ["115.00", "500.00", "0.00"]})


# ---- Cash desks ----

def told(error):
    return error.problems[0]["message"]


def a_desk_holds_nothing_less_than_nothing(k):
    """100 on the 10th, 60 out on the 15th: 50 on the 12th leave -10 on the 15th, 101 on the 10th -1 at once."""
    s = books(k)
    desk = make(k, "finance.account", code="101", name="Second desk", kind="asset", cash="cash", parent=s["account"]["1"])
    s["account"]["101"] = desk
    journal = make(k, "finance.journal", code="CS2", name="Second desk", kind="cash", account=desk)
    by_hand = lambda day, *lines: make(k, "finance.entry", day=day, lines=[
        {"account": s["account"][code], "debit" if v > 0 else "credit": str(abs(v))} for code, v in lines])
    post = lambda made: k.call("finance.entry.post", {"id": made})
    first = by_hand("2026-06-10", ("101", 100), ("131", -100))
    post(first)
    post(by_hand("2026-06-15", ("403", 60), ("101", -60)))
    early = by_hand("2026-06-12", ("403", 50), ("101", -50))
    expect(told(refused("rule", lambda: post(early), "lines[1].credit")), "cash desk 101 would hold -10.00 on 2026-06-15")
    before = by_hand("2026-06-09", ("403", 1), ("101", -1))
    expect(told(refused("rule", lambda: post(before), "lines[1].credit")), "cash desk 101 would hold -1.00 on 2026-06-09")
    paid = make(k, "finance.payment", party=s["steel"], direction="out", journal=journal, amount="40.01", day="2026-06-20")
    expect(told(refused("rule", lambda: k.call("finance.payment.post", {"id": paid}), "amount")), "cash desk 101 would hold -0.01 on 2026-06-20")
    expect(told(refused("rule", lambda: k.call("finance.entry.reverse", {"id": first, "day": "2026-06-16"}), "day")), "cash desk 101 would hold -60.00 on 2026-06-16")
    k.update("finance.payment", paid, {"amount": "40"})
    k.call("finance.payment.post", {"id": paid})
    post(by_hand("2026-06-20", ("403", 5), ("101", -5), ("101", 5), ("131", -5)))  # what goes through it takes nothing
    received = pay(k, journal=journal, amount="30", day="2026-06-21")
    post(by_hand("2026-06-22", ("403", 30), ("101", -30)))
    expect(told(refused("rule", lambda: k.call("finance.payment.reverse", {"id": received["id"], "day": "2026-06-21"}), "day")), "cash desk 101 would hold -30.00 on 2026-06-22")
    post(by_hand("2026-06-01", ("131", -1000000), ("403", 1000000)))  # a bank may be overdrawn
    k.call("finance.entry.reverse", {"id": k.list("finance.entry", [["day", "=", "2026-06-01"], ["total", "=", "1000000"]])["rows"][0]["id"], "day": "2026-06-01"})


def a_desk_of_euros_counts_its_coins(k):
    """100 euros come in at 4.00 and go out at 4.30: nothing is left, though their value was less."""
    s = books(k)
    desk = make(k, "finance.account", code="102", name="Euros", kind="asset", cash="cash", currency=s["EUR"], parent=s["account"]["1"])
    journal = make(k, "finance.journal", code="CSE", name="Euros", kind="cash", account=desk, currency=s["EUR"])
    pay(k, journal=journal, amount="100", day="2026-02-09")
    pay(k, journal=journal, party=s["steel"], direction="out", amount="100", day="2026-04-09")
    more = make(k, "finance.payment", party=s["steel"], direction="out", journal=journal, amount="0.01", day="2026-04-09")
    expect(told(refused("rule", lambda: k.call("finance.payment.post", {"id": more}), "amount")), "cash desk 102 would hold -0.01 on 2026-04-09")


def the_papers_of_a_desk_have_no_gap(k):
    """Whatever the bank gets between them."""
    s = books(k)
    desk = make(k, "finance.account", code="103", name="Third desk", kind="asset", cash="cash", parent=s["account"]["1"])
    journal = make(k, "finance.journal", code="K3", name="Third desk", kind="cash", account=desk)
    numbers = [pay(k, amount="10", day="2026-08-03", **more)["number"] for more in ({"journal": journal}, {}, {"journal": journal}, {"journal": journal, "direction": "out", "party": s["steel"]})]
    expect([n for n in numbers if "/K3/" in n], ["KP/K3/2026/000001", "KP/K3/2026/000002", "KW/K3/2026/000001"])
    assert numbers[1].startswith("KP/BNK/2026/"), numbers


def a_till_gives_back_what_is_in_it(k):
    s = books(k)
    row = invoice(k, thing("123"), kind="receipt", party=None, tax_included=True, day="2026-07-06")
    held = D(k.call("finance.cash_desk", {"to": "2026-07-06"})["closing"])
    entry(k, "2026-07-07", ("131", str(held)), ("100", str(-held)))
    note = k.call("finance.invoice.credit", {"id": row["id"], "reason": "back", "day": "2026-07-08"})["made"]
    expect(told(refused("rule", lambda: k.call("finance.invoice.post", {"id": note}), "day")), "cash desk 100 would hold -123.00 on 2026-07-08")
    entry(k, "2026-07-08", ("100", "123"), ("131", "-123"))
    posted(k, "finance.invoice", note)
    proved(k)


run([a_machine_flows_when_it_is_paid, what_was_paid_before_its_bill_flows_when_it_is_known, an_advance_flows_for_what_its_final_invoice_bought,
     what_is_taken_off_the_price_is_no_flow, a_machine_in_euros_costs_what_was_paid, what_cash_is_worth_more_flowed_nowhere, what_needs_no_cash_is_no_flow,
     one_payment_of_a_machine_and_of_costs, a_machine_that_is_sold_on_credit, a_desk_holds_nothing_less_than_nothing,
     a_desk_of_euros_counts_its_coins, the_papers_of_a_desk_have_no_gap, a_till_gives_back_what_is_in_it], modules="base,finance")
