#!/usr/bin/env python3
"""Stories of figures: beside each other in two periods, and each of them opened to the records that it sums."""
import datetime
from decimal import Decimal as D

from stories import expect, make, refused, run
from books import TODAY, books, entry, seen


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


run([a_trial_balance_stands_beside_the_one_of_other_days, the_card_of_an_account_stands_beside_the_one_of_other_days, wrong_days_to_compare_with_are_named],
    modules="base,crm,logistics,finance")
