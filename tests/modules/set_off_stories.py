#!/usr/bin/env python3
"""Set-offs: what a party owes and is owed is cleared against one another, up to the smaller sum, in one currency; in part, by name, and back."""
from decimal import Decimal as D

from stories import expect, make, refused, run
from books import Gained, balances, books, credit, invoice, items, login, pay, posted, proved, thing


def set_off(k, party, **more):
    return posted(k, "finance.set_off", make(k, "finance.set_off", party=party, **more))


def both(k, name, ours, theirs, currency=None, **more):
    """A party that was billed, and billed us; values with tax."""
    party = make(k, "base.party", name=name)
    own = {"party": party, "currency": currency, "tax_included": True}
    sales = [invoice(k, thing(price), day=day, **own, **more) for day, price in ours]
    bills = [invoice(k, thing(price), day=day, kind="purchase", reference=f"{name}/{n}", **own, **more) for n, (day, price) in enumerate(theirs)]
    return party, sales, bills


def opened(k, *papers):
    return [k.get("finance.invoice", paper["id"])["open"] for paper in papers]


def the_smaller_sum_is_cleared_oldest_first(k):
    """They owe 100 and 200, we owe 250: 250 are cleared, 50 of the younger invoice stay. On the day, statement and aging know."""
    party, sales, bills = both(k, "Wełna", [("2026-03-02", "200"), ("2026-03-01", "100")], [("2026-03-03", "250")])
    with Gained(k, "200", "201", "751", "750") as gained:
        made = set_off(k, party, day="2026-03-10")
    expect((made["number"], made["state"], made["amount"]), ("KOMP/2026/000001", "posted", "250.00"))
    expect(gained.now, [D(-250), D(250), D(0), D(0)])
    expect(opened(k, *sales, *bills), ["50.00", "0.00", "0.00"])
    expect([k.get("finance.invoice", v["id"])["payment_status"] for v in (sales[1], bills[0])], ["paid", "paid"])
    expect([(a["amount"]) for a in made["allocations"]], ["100.00", "150.00", "250.00"])
    entry = k.get("finance.entry", made["entry"])
    expect((entry["reference"], entry["text"], entry["origin"]), ("KOMP/2026/000001", "Set-off", {"entity": "finance.set_off", "id": made["id"]}))
    rows = k.call("finance.party_statement", {"party": party, "from": "2026-03-10", "to": "2026-03-31"})
    expect([(row["reference"], row["amount"], row["open"]) for row in rows["rows"]], [("KOMP/2026/000001", a, "0.00") for a in ("-100.00", "-150.00", "250.00")])
    expect((rows["opening"], rows["closing"], rows["open"]), ("50.00", "50.00", "50.00"))
    of = lambda day: [(row["total"], row["items"]) for row in k.call("finance.aging", {"party": party, "day": day})["rows"]]
    expect(of("2026-03-10"), [("50.00", 1)])
    expect(k.call("finance.aging", {"party": party, "day": "2026-03-09"})["rows"][0]["items"], 2)
    proved(k)


def what_is_named_is_cleared_in_part(k):
    party, sales, bills = both(k, "Bawełna", [("2026-03-01", "100"), ("2026-03-02", "200")], [("2026-03-03", "250"), ("2026-03-04", "80")])
    item = lambda v: items(k, v["id"])[0]["id"]
    named = [{"item": item(sales[1]), "amount": "60"}, {"item": item(bills[1])}]
    made = set_off(k, party, day="2026-03-10", allocations=named)
    expect((made["amount"], [a["amount"] for a in made["allocations"]], opened(k, *sales, *bills)), ("60.00", ["60.00", "60.00"], ["100.00", "140.00", "250.00", "20.00"]))
    made = set_off(k, party, day="2026-03-11", amount="120")
    expect(([a["amount"] for a in made["allocations"]], opened(k, *sales, *bills)), (["100.00", "20.00", "120.00"], ["0.00", "120.00", "130.00", "20.00"]))
    proved(k)


def a_reversed_set_off_leaves_both_open_again(k):
    party, sales, bills = both(k, "Len", [("2026-03-01", "100")], [("2026-03-03", "250")])
    with Gained(k, "200", "201") as gained:
        made = set_off(k, party, day="2026-03-10")
        refused("rule", lambda: k.call("finance.set_off.reverse", {"id": made["id"], "day": "2026-03-09"}), "day")
        refused("state", lambda: k.update("finance.set_off", made["id"], {"amount": "1"}), "amount")
        refused("rule", lambda: k.call("finance.entry.reverse", {"id": made["entry"], "day": "2026-03-12"}), "origin")
        k.call("finance.set_off.reverse", {"id": made["id"], "day": "2026-03-12"})
        refused("state", lambda: k.call("finance.set_off.reverse", {"id": made["id"], "day": "2026-03-12"}))
    expect((gained.now, opened(k, *sales, *bills)), ([D(0)] * 2, ["100.00", "250.00"]))
    expect(k.get("finance.set_off", made["id"])["state"], "reversed")
    of = lambda day: [row["total"] for row in k.call("finance.aging", {"party": party, "day": day})["rows"]]
    expect((of("2026-03-09"), of("2026-03-11"), of("2026-03-12")), (["100.00"], [], ["100.00"]))
    expect(set_off(k, party, day="2026-03-13")["amount"], "100.00")
    proved(k)


def in_another_currency_the_difference_of_rates_is_realised(k):
    """100 euros owed at 4.20, 100 of 150 owed by us at 4.10: 10 zloty less come in than were booked. And back."""
    s = books(k)
    party, sales, bills = both(k, "Jedwab", [("2026-02-20", "100")], [("2026-03-15", "150")], s["EUR"])
    with Gained(k, "200", "201", "751") as gained:
        made = set_off(k, party, day="2026-03-20", currency=s["EUR"])
    expect(gained.now, [D(-420), D(410), D(10)])
    expect([(i["open"], i["open_value"]) for i in items(k, bills[0]["id"])], [("-50.00", "-205.00")])
    expect(k.list("finance.match", [["document", "=", {"entity": "finance.set_off", "id": made["id"]}], ["entry", "!=", None]])["rows"], [])
    with Gained(k, "200", "201", "751", "750") as gained:
        k.call("finance.set_off.reverse", {"id": made["id"], "day": "2026-03-22"})
    expect((gained.now, opened(k, *sales, *bills)), ([D(420), D(-410), D(-10), D(0)], ["100.00", "150.00"]))
    proved(k)


def no_cash_flows_by_a_set_off(k):
    """Not for the machine either that was bought for it."""
    party, _, _ = both(k, "Juta", [("2026-03-01", "369")], [("2026-03-03", "123")])
    invoice(k, thing("200", account=books(k)["account"]["010"]), kind="purchase", party=party, day="2026-03-04", reference="Juta/M")
    flow = lambda: [k.call("finance.cash_flow", {"from": "2026-01-01", "to": "2026-12-31"})[part] for part in ("operating", "investing", "financing", "closing")]
    before = flow()
    set_off(k, party, day="2026-03-10")
    expect(flow(), before)


def what_cannot_be_cleared_is_told(k):
    s = books(k)
    party, sales, bills = both(k, "Sizal", [("2026-03-01", "100")], [("2026-03-05", "50")])
    other = both(k, "Kokos", [("2026-03-01", "100")], [])
    item = lambda v: items(k, v["id"])[0]["id"]
    ask = lambda **more: lambda: set_off(k, **{"party": party, "day": "2026-03-10", **more})
    assert "they owe 100.00, we owe 0.00" in refused("rule", ask(day="2026-03-04"), "allocations").problems[0]["message"]
    refused("rule", ask(party=other[0]), "allocations")
    refused("rule", ask(currency=s["EUR"]), "allocations")
    refused("rule", ask(amount="50.01"), "amount")
    refused("validation", ask(amount="0"), "amount")
    refused("rule", ask(allocations=[{"item": item(other[1][0])}, {"item": item(bills[0])}]), "allocations[0].item")
    refused("rule", ask(day="2026-03-02", allocations=[{"item": item(sales[0])}, {"item": item(bills[0])}]), "allocations[1].item")
    refused("validation", ask(allocations=[{"item": item(sales[0])}, {"item": item(sales[0])}]), "allocations[1].item")
    refused("rule", ask(allocations=[{"item": item(sales[0]), "amount": "60"}, {"item": item(bills[0])}]), "allocations[0].amount")
    refused("rule", ask(allocations=[{"item": item(sales[0]), "amount": "101"}, {"item": item(bills[0])}]), "allocations[0].amount")
    expect(opened(k, *sales, *bills), ["100.00", "50.00"])


def an_accountant_sets_off_and_a_cashier_does_not(k, house):
    party, sales, bills = both(k, "Konopie", [("2026-03-01", "100")], [("2026-03-05", "50")])
    refused("forbidden", lambda: make(login(k, house, "till", "finance.cashier"), "finance.set_off", party=party))
    expect(set_off(login(k, house, "zofia", "finance.accountant"), party, day="2026-03-10")["amount"], "50.00")
    expect(opened(k, *sales, *bills), ["50.00", "0.00"])


def a_credit_note_of_what_was_set_off_is_owed_to_them(k):
    """All of 100 was set off; the invoice is credited: we owe 100, which the next set-off does not take for a receivable."""
    party, sales, _ = both(k, "Ramia", [("2026-03-01", "100")], [("2026-03-05", "100")])
    made = set_off(k, party, day="2026-03-10")
    credit(k, sales[0], "2026-03-12")
    refused("rule", lambda: set_off(k, party, day="2026-03-13"), "allocations")
    pay(k, party=party, direction="out", amount="100", day="2026-03-14", account=books(k)["account"]["200"], oldest=True)
    k.call("finance.set_off.reverse", {"id": made["id"], "day": "2026-03-15"})
    expect(sum(D(i["open"]) for i in k.list("finance.open_item", [["party", "=", party]])["rows"]), D(0))
    proved(k)


run([the_smaller_sum_is_cleared_oldest_first, what_is_named_is_cleared_in_part, a_reversed_set_off_leaves_both_open_again,
     in_another_currency_the_difference_of_rates_is_realised, no_cash_flows_by_a_set_off, what_cannot_be_cleared_is_told,
     an_accountant_sets_off_and_a_cashier_does_not, a_credit_note_of_what_was_set_off_is_owed_to_them], modules="base,finance,access")
