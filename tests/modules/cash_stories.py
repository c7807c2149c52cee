#!/usr/bin/env python3
"""Stories of cash: a statement of cash flow that tells what money was for on the day it was paid. Figures by hand, as said in each."""
from decimal import Decimal as D

from stories import expect, make, run
from books import books, credit, entry, invoice, items, pay, posted, proved, seen, thing

CASH = ("100", "131", "139")
MONTHS = {"jan": ("2026-01-01", "2026-01-31"), "feb": ("2026-02-01", "2026-02-28"), "mar": ("2026-03-01", "2026-03-31"),
          "apr": ("2026-04-01", "2026-04-30"), "may": ("2026-05-01", "2026-05-31"), "year": ("2026-01-01", "2026-12-31")}


def flow(k, first, last):
    """[operating, investing, financing]; the sum is the change of cash to the cent, and that of the rows."""
    told = k.call("finance.cash_flow", {"from": first, "to": last})
    parts = [D(told[f]) for f in ("operating", "investing", "financing")]
    cash = {r["code"]: r for r in k.call("finance.trial_balance", {"from": first, "to": last, "all": True})["rows"]}
    opening, closing = (sum(D(cash[code][f]) for code in CASH) for f in ("opening", "closing"))
    expect((D(told["opening"]), D(told["closing"]), sum(parts)), (opening, closing, closing - opening))
    for part, name in zip(parts, ("operating", "investing", "financing")):
        expect((name, sum(D(r["amount"]) for r in told["rows"] if r["cash"] == name)), (name, part))
    return parts


class Flowed:
    """What flows of months gain while its body runs: name -> [operating, investing, financing]."""

    def __init__(self, k):
        self.k = k

    def all(self):
        return {name: flow(self.k, *days) for name, days in MONTHS.items()}

    def __enter__(self):
        self.before = self.all()
        return self

    def __exit__(self, *unused):
        gained = {name: [b - a for a, b in zip(self.before[name], parts)] for name, parts in self.all().items()}
        for i in range(3):  # what the months say, the year says
            expect(sum(parts[i] for name, parts in gained.items() if name != "year"), gained["year"][i])
        self.now = {name: [str(x) for x in parts] for name, parts in gained.items() if any(parts) and name != "year"}


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


run([a_machine_flows_when_it_is_paid, what_was_paid_before_its_bill_flows_when_it_is_known, an_advance_flows_for_what_its_final_invoice_bought,
     what_is_taken_off_the_price_is_no_flow, a_machine_in_euros_costs_what_was_paid, what_needs_no_cash_is_no_flow,
     one_payment_of_a_machine_and_of_costs, a_machine_that_is_sold_on_credit], modules="base,finance")
