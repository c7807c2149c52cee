#!/usr/bin/env python3
"""Stories of what an order took and does not use, and of scrap that is told where it falls: the stores, the order and the books agree
at every step."""
from decimal import Decimal as D

from books_of_all_stories import balances, enter, house, item, proved, seen
from stories import expect, make, refused, run


def act(k, order, action, **params):
    return k.call(f"production.order.{action}", {"id": order, **params})


def begun(k, quantity="10", goods="frame", **more):
    """An order that is confirmed, the rods for it in the stores."""
    order = make(k, "production.order", item=house(k)[goods], quantity=quantity, **more)
    act(k, order, "confirm")
    return order


def level(k, goods="rod"):
    row = k.call("logistics.availability", {"item": seen[goods]})
    return D(row["on_hand"]), D(row["available"])


def component(k, order, goods="rod"):
    row, = (c for c in k.get("production.order", order)["components"] if c["item"] == seen[goods])
    return tuple(D(row[f] or 0) for f in ("issued", "used", "cost"))


# ---- Back into the stores ----

def what_was_not_used_goes_back_at_what_it_cost(k):
    s = house(k)
    enter(k, s["rod"], "50", "4")
    order = begun(k)
    act(k, order, "issue")
    expect((level(k), component(k, order), balances(k, "310")), ((0, 0), (50, 0, 200), ("0.00",)))
    enter(k, s["rod"], "50", "6")
    act(k, order, "report", produced="3")
    expect(component(k, order), (50, 15, 200))
    refused("rule", lambda: act(k, order, "give_back", components=[{"item": s["rod"], "quantity": "36"}]), "components[0].quantity")
    refused("validation", lambda: act(k, order, "give_back", components=[{"item": s["frame"], "quantity": "1"}, {"item": s["rod"], "quantity": "-1"}]),
            "components[0].item", "components[1].quantity")
    before = balances(k, "310", "500")
    rehearsed = k.call("production.order.give_back", {"id": order, "components": [{"item": s["rod"], "quantity": "20"}]}, dry_run=True)
    expect((bool(rehearsed), balances(k, "310", "500"), component(k, order)), (True, before, (50, 15, 200)))
    act(k, order, "give_back", components=[{"item": s["rod"], "quantity": "20"}], reason="End of the shift")
    expect((component(k, order), level(k)), ((30, 15, 120), (70, 50))) # 80 for the twenty, whatever the average is; they are still this order's
    expect(tuple(D(a) - D(b) for a, b in zip(balances(k, "310", "500"), before)), (80, -80))
    row = k.get("production.order", order)
    expect((row["material"], row["reason"], row["state"]), ("120.00", "End of the shift", "in_progress"))
    move = k.list("logistics.move", [["document", "=", {"entity": "production.order", "id": order}], ["to_place", "=", "stores"], ["item", "=", s["rod"]]])["rows"]
    expect([(D(m["quantity"]), m["value"], m["reason"]) for m in move], [(20, "80.00", "End of the shift")])
    proved(k)
    seen["order"] = order


def the_order_takes_it_again_when_it_needs_it(k):
    order = seen["order"]
    act(k, order, "report", produced="5")
    expect((component(k, order)[:2], level(k)[1]), ((40, 40), 50)) # ten of the twenty that were reserved for it again
    act(k, order, "report", produced="2")
    expect((component(k, order)[:2], level(k)), ((50, 50), (50, 50)))
    refused("rule", lambda: act(k, order, "give_back", components=[{"item": seen["rod"]}]), "components[0].quantity")
    refused("rule", lambda: act(k, order, "give_back"), "components")
    act(k, order, "finish")
    proved(k)


def what_is_over_is_free_for_others_at_once(k):
    """An order that nobody could supply gets what another one gives back beyond its need."""
    s = house(k)
    enter(k, s["rod"], "10", "4")
    bill, = k.list("production.bom", [["item", "=", s["frame"]]])["rows"]
    k.update("production.bom", bill["id"], {"tolerance": "20"})
    one, other = begun(k, "10"), begun(k, "1")
    act(k, one, "issue", components=[{"item": s["rod"], "quantity": "50"}])
    act(k, one, "issue", components=[{"item": s["rod"], "quantity": "5"}])
    expect((component(k, one)[0], level(k)), (55, (5, 0)))
    act(k, one, "report", produced="10")
    act(k, one, "give_back")
    expect((component(k, one)[:2], level(k)), ((50, 50), (10, 5)))
    expect(k.get("production.order", other)["state"], "reserved")
    act(k, one, "finish")
    act(k, other, "report", produced="1"), act(k, other, "finish")
    proved(k)


def after_the_end_the_variance_follows(k):
    """Fifty went in and one frame came out: the 45 rods were a variance until somebody brought them back."""
    s = house(k)
    enter(k, s["rod"], "45", "4")
    order = begun(k, "10")
    act(k, order, "issue")
    act(k, order, "report", produced="1"), act(k, order, "finish")
    row, before = k.get("production.order", order), balances(k, "310", "500", "580") # what an entry brings comes off 500
    act(k, order, "give_back")
    after = k.get("production.order", order)
    brought = D(row["material"]) - D(after["material"])
    expect((after["state"], D(row["variance"]) - D(after["variance"]), D(after["actual_cost"]) - D(after["received"])), ("done", brought, D(after["variance"])))
    expect(tuple(D(a) - D(b) for a, b in zip(balances(k, "310", "500", "580"), before)), (brought, 0, -brought))
    expect((component(k, order)[:2], level(k)[0] == level(k)[1]), ((5, 5), True))
    act(k, order, "close")
    refused("state", lambda: act(k, order, "give_back"), "state")
    proved(k)


def lots_come_back_as_they_went(k):
    s = house(k)
    s["tube"] = item(k, "tube", tracking="lot", standard_cost="2")
    s["pump"] = item(k, "pump", tracking="lot")
    make(k, "production.bom", item=s["pump"], lines=[{"item": s["tube"], "quantity": "2"}])
    for lot, cost in (("T-1", "2"), ("T-2", "3")):
        k.call("logistics.transfer.post", {"id": make(k, "logistics.transfer", kind="entry", lines=[{"item": s["tube"], "quantity": "6", "unit_cost": cost, "new_lot": lot}])})
    order = begun(k, "6", "pump")
    act(k, order, "issue")
    act(k, order, "report", produced="3", lot="P-1")
    refused("validation", lambda: act(k, order, "give_back", components=[{"item": s["tube"], "quantity": "2"}]), "components[0].lot")
    refused("validation", lambda: act(k, order, "give_back"), "components")
    refused("rule", lambda: act(k, order, "give_back", components=[{"item": s["tube"], "quantity": "1", "lot": "T-9"}]), "components[0].lot")
    act(k, order, "give_back", components=[{"item": s["tube"], "quantity": "6", "lot": "T-2"}])
    lots = {r["name"]: r["id"] for r in k.list("logistics.lot", [["item", "=", s["tube"]]])["rows"]}
    expect([(lots["T-1"], 6)], [(a["lot"]["id"], D(a["quantity"])) for a in k.get("production.order", order)["ancestors"]])
    expect([D(k.call("logistics.availability", {"item": s["tube"], "lot": lots[lot]})["on_hand"]) for lot in ("T-1", "T-2")], [0, 6])
    act(k, order, "finish")
    pump = k.list("logistics.lot", [["name", "=", "P-1"]])["rows"][0]["id"]
    expect({m["lot_name"] for m in k.call("logistics.trace", {"lot": pump})["moves"] if m["item"] == s["tube"]}, {"T-1"})
    expect([m["lot_name"] for m in k.call("logistics.trace", {"lot": lots["T-2"]})["moves"] if m["item"] == s["pump"]], [])
    proved(k)


def an_operator_may_give_back(k, home):
    order = begun(k, "1")
    enter(k, seen["rod"], "5", "4")
    act(k, order, "issue")
    role = k.list("access.role", [["name", "=", "production.operator"]])["rows"][0]["id"]
    user, reader = make(k, "access.user", name="olga", full_name="Olga", roles=[role]), make(k, "access.role", name="reader", grants="production.order:read")
    guest = make(k, "access.user", name="gosia", full_name="Gosia", roles=[reader])
    for who in (user, guest):
        k.call("access.password", {"user": who, "new": "Workshop-2026-x"})
    refused("forbidden", lambda: home.client("gosia", "Workshop-2026-x").call("production.order.give_back", {"id": order}))
    home.client("olga", "Workshop-2026-x").call("production.order.give_back", {"id": order})
    expect(component(k, order), (0, 0, 0))
    act(k, order, "finish")
    expect(k.get("production.order", order)["variance"], "0.00")
    proved(k)


# ---- The rest ----

def the_rest_keeps_what_was_reserved_for_it(k):
    """Of ten gates six are made. The bars for the other four stay theirs, though another order has missed as many for longer; what is
    over goes to it."""
    s = house(k)
    s["bar"], s["gate"] = item(k, "bar", standard_cost="2"), item(k, "gate")
    make(k, "production.bom", item=s["gate"], lines=[{"item": s["bar"], "quantity": "5"}])
    enter(k, s["bar"], "50", "4")
    ten, other = begun(k, "10", "gate"), begun(k, "4", "gate")
    covered = lambda order: [(p["kind"], D(p["quantity"])) for p in k.list("base.pegging", [["demand", "=", {"entity": "production.order", "id": order}]], sort="id")["rows"]]
    expect((covered(ten), covered(other)), ([("stock", 50)], [("missing", 20)]))
    act(k, ten, "report", produced="6")
    act(k, ten, "finish", backorder=True)
    rest, = k.list("production.order", [["backorder_of", "=", ten]])["rows"]
    expect((rest["state"], covered(rest["id"]), covered(ten), covered(other)), ("reserved", [("stock", 20)], [], [("missing", 20)]))
    act(k, rest["id"], "resize", quantity="3")
    expect((covered(rest["id"]), covered(other)), ([("stock", 15)], [("missing", 15), ("stock", 5)]))
    act(k, rest["id"], "report", produced="3"), act(k, rest["id"], "finish")
    act(k, other, "cancel")
    proved(k)


def minutes_of_an_operation_that_is_paused_are_refused(k):
    """They were told when it was paused; now nobody works at it."""
    enter(k, house(k)["rod"], "5", "4")
    order = begun(k, "1")
    work = k.list("production.operation", [["order", "=", order]])["rows"][0]["id"]
    k.call("production.operation.start", {"id": work}), k.call("production.operation.pause", {"id": work, "minutes": "10"})
    refused("validation", lambda: k.call("production.operation.finish", {"id": work, "minutes": "25"}), "minutes")
    k.call("production.operation.finish", {"id": work})
    expect(D(k.get("production.operation", work)["actual_minutes"]), 10)
    act(k, order, "report", produced="1"), act(k, order, "finish")


# ---- Scrap ----

def finished_last(k, order, **told):
    """The last operation of an order is worked on and finished."""
    last = k.list("production.operation", [["order", "=", order]], sort="-sequence")["rows"][0]["id"]
    k.call("production.operation.start", {"id": last})
    return k.call("production.operation.finish", {"id": last, "minutes": "40", **told})


def scrap_of_the_last_operation_counts_on_the_order(k):
    s = house(k)
    enter(k, s["rod"], "50", "4")
    order = begun(k)
    finished_last(k, order, scrapped="2", reason="Cracked")
    row = k.get("production.order", order)
    expect((D(row["scrapped"]), row["reason"], component(k, order)[:2]), (2, "Cracked", (10, 10)))
    act(k, order, "report", produced="8")
    act(k, order, "finish")
    row = k.get("production.order", order)
    expect((D(row["produced"]), D(row["scrapped"]), component(k, order)[:2]), (8, 2, (50, 50)))
    proved(k)


def scrap_counts_once_whoever_tells_it(k):
    s = house(k)
    enter(k, s["rod"], "100", "4")
    order = begun(k)
    finished_last(k, order, scrapped="2")
    act(k, order, "report", produced="3", scrapped="1") # one of the two
    refused("rule", lambda: act(k, order, "report", scrapped="1"), "scrapped") # the other one
    expect(D(k.get("production.order", order)["scrapped"]), 2)
    act(k, order, "report", produced="3", scrapped="2") # three in all by now
    expect(D(k.get("production.order", order)["scrapped"]), 3)
    act(k, order, "finish")
    order = begun(k)
    act(k, order, "report", produced="6", scrapped="1") # before the operation ends
    finished_last(k, order, scrapped="3")
    expect((D(k.get("production.order", order)["scrapped"]), component(k, order)[0]), (3, 45))
    act(k, order, "finish")
    proved(k)


def scrap_that_the_order_has_no_room_for_is_refused(k):
    enter(k, house(k)["rod"], "50", "4")
    order = begun(k)
    act(k, order, "report", produced="9")
    refused("rule", lambda: finished_last(k, order, scrapped="2"), "scrapped")
    last = k.list("production.operation", [["order", "=", order]], sort="-sequence")["rows"][0]
    expect((last["state"], D(k.get("production.order", order)["scrapped"] or 0)), ("in_progress", 0))
    k.call("production.operation.finish", {"id": last["id"], "scrapped": "1", "minutes": "40"})
    expect(D(k.get("production.order", order)["scrapped"]), 1)
    act(k, order, "finish")
    proved(k)


def scrap_before_the_last_operation_is_that_operations_own(k):
    s = house(k)
    enter(k, s["rod"], "50", "4")
    routing = make(k, "production.routing", code="RR", name="Two", steps=[{"sequence": n, "name": f"Step {n}", "centre": s["bench"], "run_minutes": "1"} for n in (10, 20)])
    order = begun(k, routing=routing)
    first = k.list("production.operation", [["order", "=", order]], sort="sequence")["rows"][0]["id"]
    k.call("production.operation.start", {"id": first}), k.call("production.operation.finish", {"id": first, "scrapped": "1"})
    expect(k.get("production.order", order)["scrapped"], None)
    finished_last(k, order, scrapped="1")
    expect(D(k.get("production.order", order)["scrapped"]), 1)


if __name__ == "__main__":
    run([story for story in list(globals().values()) if callable(story) and getattr(story, "__module__", "") == "__main__"
         and story not in (act, begun, level, component, finished_last)], modules="base,crm,logistics,production,finance")
