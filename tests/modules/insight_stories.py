#!/usr/bin/env python3
"""Stories of the indicators, over HTTP: each figure is what its own queries say, under the caller's rights."""
from decimal import Decimal as D

from stories import expect, refused, run

PASSWORD = "Correct-Horse-9-Battery"


def make(k, entity, /, **values):
    return k.create(entity, values)["id"]


def user(k, name, *roles):
    all_roles = {r["name"]: r["id"] for r in k.list("access.role", limit=100)["rows"]}
    made = make(k, "access.user", name=name, roles=[all_roles[r] for r in roles])
    k.call("access.password", {"user": name, "new": PASSWORD, "old": PASSWORD})
    return made


def figures(k, **params):
    return {row["name"]: row for row in k.call("insight.indicators", params)["rows"]}


def deals(k):
    pln = make(k, "base.currency", code="PLN")
    pipeline = make(k, "crm.pipeline", name="Sales", initial=True, stages=[{"name": "New"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}])
    stage = {s["name"]: s["id"] for s in k.get("crm.pipeline", pipeline)["stages"]}
    seller = user(k, "ola", "crm.sales", "base.user")
    for n in range(10):
        deal = make(k, "crm.deal", title=f"Deal {n}", amount=str(100 * (n + 1)), currency=pln, pipeline=pipeline, owner=seller if n % 2 else None)
        if n < 8:
            k.call("crm.deal.move", {"id": deal, "stage": stage["Won" if n < 3 else "Lost"], **({} if n < 3 else {"lost_reason": "price"})})


def each_figure_is_what_its_queries_say(k):
    deals(k)
    found = figures(k)
    expect((found["conversion"]["value"], found["conversion"]["over"], found["conversion"]["under"]), ("37.50", "3.0000", "8.0000"))
    expect(found["average_deal"]["value"], "200.00")
    for row in found.values():
        if row["over"] is not None and row["name"] in ("conversion",):
            expect((k.count(row["entity"], row["filter"]), k.count(row["of_entity"], row["of_filter"])), (int(D(row["over"])), int(D(row["under"]))))
    expect((found["conversion"]["before"], found["conversion"]["change"]), (None, None))
    expect(figures(k, **{"from": "2020-01-01", "until": "2020-12-31"})["conversion"]["value"], None)
    refused("validation", lambda: figures(k, **{"from": "2026-02-01", "until": "2026-01-01"}), "until")


def everybody_sees_their_own(k, house):
    ola = house.client("ola", PASSWORD)
    found = figures(ola)
    expect((found["conversion"]["over"], found["conversion"]["under"]), ("1.0000", "4.0000"))
    expect("margin" in found, False)  # what orders cost is not theirs to see
    mine = figures(k, owner=k.list("access.user", [["name", "=", "ola"]])["rows"][0]["id"])
    expect((mine["conversion"]["over"], mine["conversion"]["under"]), ("1.0000", "4.0000"))


def what_an_absent_module_knows_is_left_out(k):
    expect({"absence", "stock_value", "invoiced", "made_on_time"} & set(figures(k)), set())
    k.call("module.enable", {"name": "hr"})
    expect("absence" in figures(k), True)


def what_stands_today_is_not_shown_for_a_past_period(k):
    expect("supply_at_risk" in figures(k), True)
    expect("supply_at_risk" in figures(k, **{"from": "2020-01-01", "until": "2020-12-31"}), False)


STORIES = [
    each_figure_is_what_its_queries_say, everybody_sees_their_own, what_an_absent_module_knows_is_left_out,
    what_stands_today_is_not_shown_for_a_past_period,
]
if __name__ == "__main__":
    run(STORIES, modules="base,crm,insight")
