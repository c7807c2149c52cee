#!/usr/bin/env python3
"""Stories of figures: beside each other in two periods, and each of them opened to the records that it sums."""
import datetime
from decimal import ROUND_HALF_UP, Decimal as D

from stories import expect, make, refused, run
from books import TODAY, books, entry, invoice, login, order, pay, posted, ship, thing


def moved(k, filter, accounts):
    """Debits and credits on some accounts of the entries that a filter lists."""
    sides, cursor = [D(0), D(0)], None
    while filter:
        page = k.list("finance.entry", filter, fields=["id", "lines"], sort="id", limit=500, **({"cursor": cursor} if cursor else {}))
        for line in (line for row in page["rows"] for line in row["lines"] if line["account"] in accounts):
            sides = [sides[0] + D(line["debit"] or 0), sides[1] + D(line["credit"] or 0)]
        cursor = page.get("next")
        if not cursor:
            break
    return sides


def asked(filter):
    """The accounts that a filter of entries asks for, however deep."""
    if not isinstance(filter, list):
        return set()
    return set(filter[2]) if filter and filter[0] == "lines.account" else set().union(*map(asked, filter))


# ---- Two periods beside each other ----

def entries_of_two_years(k):
    """Opened with 900 in 2025; sales of 70 and 5 taken back there, an account that moves in 2025 alone, one that does in 2026 alone."""
    books(k)
    entry(k, "2025-01-01", ("131", 900), ("010", 300), kind="opening")
    for day, *lines in (("2025-03-04", ("131", 70), ("702", -70)), ("2025-04-01", ("702", 5), ("131", -5)), ("2025-05-06", ("010", 25), ("131", -25)),
                        ("2026-02-02", ("131", 40), ("702", -40)), ("2026-02-03", ("801", 30), ("131", -30)), ("2026-04-05", ("131", 1), ("702", -1))):
        entry(k, day, *lines)


PERIODS = (({"from": "2026-02-01", "to": "2026-02-28"}, {"from": "2025-02-01", "to": "2025-04-30"}),
           ({"to": "2026-04-30"}, {"to": "2025-12-31"}),
           ({"from": "2025-01-01", "to": "2025-03-31"}, {"from": "2026-03-01", "to": "2026-04-30"}))


def compared(days, other):
    return {**days, **{f"compare_{name}": day for name, day in other.items()}}


def a_trial_balance_stands_beside_the_one_of_other_days(k):
    """Each column is what the trial balance of those days alone says, and what the entries say that its filters list."""
    entries_of_two_years(k)
    figures, totals = ("opening", "debit", "credit", "closing"), ("debit", "credit", "closing_debit", "closing_credit", "earlier_result")
    for days, other in PERIODS:
        both = k.call("finance.trial_balance", compared(days, other))
        ones = [k.call("finance.trial_balance", one) for one in (days, other)]
        alone = [{r["account"]: r for r in one["rows"]} for one in ones]
        expect({r["account"] for r in both["rows"]}, set(alone[0]) | set(alone[1]))
        for row in both["rows"]:
            for prefix, one in zip(("", "compared_"), alone):
                own = one.get(row["account"], {})
                expect((row["code"], *(row[prefix + f] for f in figures)), (row["code"], *(own.get(f, "0.00") for f in figures)))
                expect([row[prefix + f] for f in ("filter", "opening_filter")], [own.get("filter", row[prefix + "filter"]), own.get("opening_filter")])
                expect(moved(k, row[prefix + "filter"], asked(row[prefix + "filter"])), [D(row[prefix + f]) for f in ("debit", "credit")])
        for prefix, one in zip(("", "compared_"), ones):
            expect([both[prefix + f] for f in totals], [one[f] for f in totals])
        expect([both["compare_" + f] for f in ("from", "to")], [ones[1][f] for f in ("from", "to")])
        expect({r[f] for r in ones[0]["rows"] for f in r if f.startswith("compared")}, {None})
    whole = k.call("finance.trial_balance", compared({"to": "2026-04-30", "all": True}, {"to": "2025-12-31"}))
    expect(len(whole["rows"]), len(k.call("finance.trial_balance", {"to": "2026-04-30", "all": True})["rows"]))


def the_card_of_an_account_stands_beside_the_one_of_other_days(k):
    """The sums of the days compared with are those of the lines of their own card, opening entries and the year's new beginning with them."""
    account = books(k)["account"]
    for code in ("131", "702", "801", "010"):
        of = {"account": account[code]}
        for days, other in PERIODS:
            both = k.call("finance.general_ledger", {**of, **compared(days, other), "limit": 1})
            card, its = (k.call("finance.general_ledger", {**of, **one}) for one in (days, other))
            summed = [[sum((D(r[side] or 0) for r in one["rows"]), D(0)) for side in ("debit", "credit")] for one in (card, its)]
            row, = both["compared"]
            expect((code, *(D(row[f]) for f in ("opening", "debit", "credit", "closing"))), (code, D(its["opening"]), *summed[1], D(its["closing"])))
            expect(moved(k, row["filter"], {account[code]}), summed[1])
            expect([D(both[f]) for f in ("debit", "credit")], summed[0])
            expect((both["opening"], both["rows"], card["compared"]), (card["opening"], card["rows"][:1], []))


def wrong_days_to_compare_with_are_named(k):
    for method, more in (("trial_balance", {}), ("general_ledger", {"account": books(k)["account"]["131"]})):
        ask = lambda **days: k.call(f"finance.{method}", {"from": "2026-02-01", "to": "2026-02-28", **days, **more})
        refused("validation", lambda: ask(compare_from="2025-01-01"), "compare_to")
        refused("validation", lambda: ask(compare_from="2025-02-01", compare_to="2025-01-01"), "compare_to")
        refused("validation", lambda: ask(to="2026-01-31", compare_from="2025-01-01"), "compare_to", "to")


# ---- What is expected ----

def later(days):
    return (TODAY + datetime.timedelta(days)).isoformat()


def week_of(day):
    monday = TODAY - datetime.timedelta(TODAY.weekday())
    return max(0, (datetime.date.fromisoformat(day) - monday).days // 7)


def share(amount, percent):
    return (D(amount) * D(percent) / 100).quantize(D("0.01"), ROUND_HALF_UP)


def buy(k, party, price, quantity, days):
    bought = make(k, "logistics.purchase_order", party=party, currency=books(k)["PLN"], lines=[{"item": books(k)["bike"], "quantity": quantity, "price": price}])
    k.call("logistics.purchase_order.approve", {"id": bought})
    line = k.get("logistics.purchase_order", bought)["lines"][0]
    k.call("logistics.purchase_order.reschedule", {"id": bought, "lines": [{"line": line["id"], "expected": later(days)}], "reason": "as agreed"})


def plans(k):
    """Customers who pay at once and by 30 and 70 %; their orders, purchases, of which one month has more tax than it sells, deals, wages and rent."""
    s = books(k)
    at_once = make(k, "finance.terms", code="0", name="At once", parts=[{"percent": "100"}])
    halves = make(k, "finance.terms", code="3070", name="30 and 70", parts=[{"percent": "30"}, {"percent": "70", "days": 28}])
    quick, slow, seller = (make(k, "base.party", name=name, payment_terms=terms) for name, terms in (("Quick", at_once), ("Slow", halves), ("Seller", at_once)))
    for party, days, price in ((quick, 8, "100"), (quick, 9, "33.33"), (slow, 8, "1000"), (slow, 40, "77.77"), (quick, 75, "20000")):
        order(k, thing(price), party=party, asked=later(days))
    for price, quantity, days in (("50", "8", 8), ("7.77", "3", 9), ("2000", "9", 36)):
        buy(k, seller, price, quantity, days)
    make(k, "crm.pipeline", name="Sales", initial=True, stages=[{"name": "Offer", "probability": "40"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}])
    for party, amount, days in ((quick, "500", 15), (slow, "999.99", 8)):
        make(k, "crm.deal", title="Perhaps", party=party, currency=s["PLN"], amount=amount, expected_close=later(days))
    for values in ({"name": "Wages", "amount": "1000", "first": "2026-01-31"}, {"name": "Cleaning", "amount": "10", "every": "week", "first": "2026-01-02"},
                   {"name": "Rent", "amount": "300", "direction": "in", "every": "quarter", "first": later(3)}, {"name": "Old", "amount": "1", "active": False}):
        make(k, "finance.regular_payment", **values)
    invoice(k, thing("10000"), day=TODAY.isoformat())
    invoice(k, thing("123.45"), kind="purchase", party=s["steel"], reference="F 1", day=TODAY.isoformat())
    return quick, slow


def paid_in(k, entity, row, gross, week):
    """How much of a record's gross is paid in a week: terms count from its delivery, or its close."""
    terms = k.get("base.party", row["party"])["payment_terms"]
    day = row["expected_close"] if entity == "crm.deal" else row["lines"][0]["expected"] if entity != "crm.order" else row["asked"]
    left, paid = gross, D(0)
    parts = k.get("finance.terms", terms)["parts"]
    for n, part in enumerate(parts):
        amount = left if n == len(parts) - 1 else share(gross, part["percent"])
        left -= amount
        if week_of((datetime.date.fromisoformat(day) + datetime.timedelta(part["days"] or 0)).isoformat()) == week:
            paid += amount
    return paid


EXPECTED = {"orders": "crm.order", "purchases": "logistics.purchase_order", "deals": "crm.deal"}


def listed(k, entity, filter):
    return k.list(entity, filter, limit=500)["rows"] if filter else []


def weight(what):
    return {"orders": lambda row, amount: amount, "purchases": lambda row, amount: -amount, "deals": lambda row, amount: share(amount, row["probability"])}[what]


def deals_tax(row):
    return share(row["amount"], 23)


def gross_and_tax(what, row):
    return (D(row["amount"]) + deals_tax(row), deals_tax(row)) if what == "deals" else (D(row["gross"]), D(row["tax"]))


def what_is_expected_opens_its_records(k):
    """Regular payments, orders, purchases and deals of each week, added up; a week that has none of them has no filter."""
    plans(k)
    weeks = k.call("finance.cash_forecast", {"weeks": 20})["weeks"]
    for n, week in enumerate(weeks):
        regular = listed(k, "finance.regular_payment", week["regular_filter"])
        expect((n, sum((D(r["amount"]) * (1 if r["direction"] == "in" else -1) for r in regular), D(0))), (n, D(week["regular"])))
        for what, entity in EXPECTED.items():
            rows = listed(k, entity, week[what + "_filter"])
            sums = [paid_in(k, entity, row, weight(what)(row, gross_and_tax(what, row)[0]), n) for row in rows]
            expect((n, what, sum(sums, D(0)), all(sums)), (n, what, D(week[what]), True))
    for what in ("regular", *EXPECTED):
        assert {bool(w[what + "_filter"]) for w in weeks} == {True, False} or what == "regular", what


def the_tax_of_a_month_opens_what_it_is_of(k):
    """The rows of the registers, and orders, purchases and deals by their tax; what one month has too much of is in the next one's records."""
    weeks = k.call("finance.cash_forecast", {"weeks": 20})["weeks"]
    filters = ("tax_filter", "tax_orders_filter", "tax_purchases_filter", "tax_deals_filter")
    told = carried = 0
    for n, week in enumerate(weeks):
        rows = listed(k, "finance.vat_line", week["tax_filter"])
        tax = sum((D(r["amount"]) * (1 if r["side"] == "sale" else -1) for r in rows), D(0))
        for what, entity in EXPECTED.items():
            tax += sum((weight(what)(row, gross_and_tax(what, row)[1]) for row in listed(k, entity, week[f"tax_{what}_filter"])), D(0))
        expect((n, -tax), (n, D(week["tax"])))
        told += any(week[f] for f in filters)
        expect(any(week[f] for f in filters), D(week["tax"]) != 0)
        spans = [c[2] for c in week["tax_filter"] or []]
        carried += any(first[:7] != last[:7] for first, last in spans)
    assert told > 2 and carried, weeks


def who_may_not_read_orders_is_told_no_more_than_their_sums(k, house):
    anna = login(k, house, "cashier", "finance.reader")
    for week, own in zip(anna.call("finance.cash_forecast", {"weeks": 20})["weeks"], k.call("finance.cash_forecast", {"weeks": 20})["weeks"]):
        expect({what: week[what] for what in EXPECTED}, {what: own[what] for what in EXPECTED})
        expect({week[tax + what + "_filter"] for what in EXPECTED for tax in ("", "tax_")}, {None})
        expect(week["regular_filter"], own["regular_filter"])


# ---- What was earned ----

def every_margin_opens_its_entries(k, house):
    """Orders of two customers, delivered and billed, one of them by somebody else; one entry by hand with lines of both, an invoice of no order."""
    s = books(k)
    login(k, house, "ewa", "crm.reader")
    owner = k.list("access.user", [["name", "=", "ewa"]])["rows"][0]["id"]
    for party, quantity, more in ((s["nowak"], "2", {}), (s["kowal"], "3", {"owner": owner}), (s["kowal"], "1", {})):
        sale = order(k, {"item": s["bike"], "quantity": quantity}, party=party, **more)
        ship(k, sale, quantity, TODAY.isoformat())
        posted(k, "finance.invoice", k.call("finance.invoice.from_order", {"order": sale})["id"])
    account = s["account"]
    by_hand = make(k, "finance.entry", day=TODAY.isoformat(), lines=[
        {"account": account["702"], "credit": "20", "party": s["nowak"]}, {"account": account["702"], "credit": "30", "party": s["kowal"]}, {"account": account["131"], "debit": "50"}])
    k.call("finance.entry.post", {"id": by_hand})
    purposes = k.list("finance.purpose", [["purpose", "in", ["sales_goods", "sales_services", "cost_of_goods"]]], limit=50)["rows"]
    is_cost = {p["account"]: p["purpose"] == "cost_of_goods" for p in purposes}
    days = {"from": TODAY.isoformat(), "to": TODAY.isoformat()}
    for by in ("order", "party", "owner", "item"):
        answer = k.call("finance.margin", {**days, "by": by})
        assert len(answer["rows"]) > 1, answer
        entries = set()
        for row in answer["rows"]:
            found = listed(k, "finance.entry", row["filter"])
            entries |= {e["id"] for e in found}
            of, sides = (row["of"] or {}).get("id"), [D(0), D(0)]
            for e in found:
                for line in (line for line in e["lines"] if line["account"] in is_cost):
                    other = by == "party" and line["party"] and line["party"] != of or by == "item" and line["item"] != of
                    sides[is_cost[line["account"]]] += 0 if other else D(line["debit"] or 0) - D(line["credit"] or 0)
            expect((by, row["name"], -sides[0], sides[1], sides == [0, 0] and not found), (by, row["name"], D(row["income"]), D(row["cost"]), False))
        expect((by, by_hand in entries), (by, True))


run([a_trial_balance_stands_beside_the_one_of_other_days, the_card_of_an_account_stands_beside_the_one_of_other_days, wrong_days_to_compare_with_are_named,
     what_is_expected_opens_its_records, the_tax_of_a_month_opens_what_it_is_of, who_may_not_read_orders_is_told_no_more_than_their_sums,
     every_margin_opens_its_entries], modules="base,crm,logistics,finance")
