#!/usr/bin/env python3
"""Days go by, and what was promised does not come: nobody is promised it any more, whoever waits hears of it, and work is late that
nobody touched."""
from decimal import Decimal as D

from path_stories import day, make, order, rows, shop
from stories import expect, planned, refused, run

passed = 0  # days


def days_go_by(k, house, days):
    """The night's upkeep runs, by itself or because it is called: it finds nothing the second time."""
    global passed
    passed += days
    house.move_clock(passed * 86400)
    k.login("admin", house.password_file.read_text().strip())
    k.call("base.supply.review", {})
    k.call("production.overdue", {})


def now(days=0):
    return day(passed + days)


def bought_for(k, code, quantity, **more):
    """An order of a customer, and the purchase order by which what it needs comes."""
    sale = order(k, (code, quantity), **more)
    k.call("crm.order.confirm", {"id": sale})
    asked = rows(k, "logistics.purchase_request", ["item", "=", shop(k)[code]], ["state", "=", "open"])
    bought = k.call("logistics.purchase.order", {"requests": [r["id"] for r in asked]})["orders"][0]["order"]
    k.call("logistics.purchase_order.approve", {"id": bought})
    return sale, bought


def at_risk(k, sale):
    return [(r["kind"], r["day"]) for r in k.call("base.supply.at_risk", {})["demands"] if r["demand"] == {"entity": "crm.order", "id": sale}]


def what_is_overdue_is_promised_to_nobody(k, house):
    """Ten bells are to come in three days; ten days later they have not. The order that waits is promised no day, and says why; it is
    at risk. A new one is not promised what is overdue, but bought anew. When the supplier names another day, both keep what they have."""
    bell = shop(k)["BELL"]
    sale, bought = bought_for(k, "BELL", 10)
    promised = k.get("crm.order", sale)["promised"]
    expect((promised > now(), at_risk(k, sale)), (True, []))
    days_go_by(k, house, 10)
    expect((k.get("crm.order", sale)["promised"], at_risk(k, sale)), (None, [("buy", None)]))
    reason = k.call("base.supply.explain", {"document": {"entity": "crm.order", "id": sale}})["parts"][0]["reason"]
    expect(reason, f"was to be there on {promised} and is not: nobody knows when it comes")
    expect(D(k.call("logistics.availability", {"item": bell, "day": now(1)})["promised"]), D(0))
    k.call("logistics.purchase_order.amend", {"id": bought, "reason": "some more", "lines": [{"line": k.get("logistics.purchase_order", bought)["lines"][0]["id"], "quantity": "14"}]})
    other = order(k, ("BELL", 3))
    answer = k.call("crm.order.confirm", {"id": other})
    part, = answer["parts"]
    expect((answer["promised"] >= now(), "delivers within" in part["reason"]), (True, True))
    k.call("logistics.purchase_order.reschedule", {"id": bought, "expected": now(4), "reason": "found in the depot"})
    expect((k.get("crm.order", sale)["promised"], k.get("crm.order", other)["promised"]), (now(4), answer["promised"]))


def who_moves_a_supply_is_told_whose_promises_that_moves(k, house):
    """An order without a day of its own was promised one. The purchase order comes 60 days later: the answer names the order, its line, the
    day before and the day now, and why. The customer was told another day: the order is at risk, and late when it goes."""
    sale, bought = bought_for(k, "TUBE", 4)
    first = k.get("crm.order", sale)["promised"]
    answer = k.call("logistics.purchase_order.reschedule", {"id": bought, "expected": now(60), "reason": "strike"})
    row, = answer["promises"]
    number = k.get("logistics.purchase_order", bought)["number"]
    expect((row["document"], row["line"], row["was"], row["day"], row["reason"]),
           ({"entity": "crm.order", "id": sale}, 1, first, now(60), f"order {number} comes on another day: strike"))
    line, = k.get("crm.order", sale)["lines"]
    expect((line["first_promised"], line["promised"], at_risk(k, sale)), (first, now(60), [("buy", now(60))]))
    answer = k.call("logistics.purchase_order.reschedule", {"id": bought, "expected": first, "reason": "they work again"})
    expect(([(r["was"], r["day"]) for r in answer["promises"]], at_risk(k, sale)), ([(now(60), first)], []))
    k.call("logistics.purchase_order.reschedule", {"id": bought, "expected": now(8), "reason": "one more strike"})
    days_go_by(k, house, 8)
    po_line, = k.get("logistics.purchase_order", bought)["lines"]
    receipt = make(k, "logistics.receipt", order=bought, lines=[{"order_line": po_line["id"], "quantity": po_line["quantity"]}])
    k.call("logistics.receipt.finish", {"id": receipt})
    delivery, = rows(k, "logistics.delivery", ["document", "=", {"entity": "crm.order", "id": sale}])
    k.call("logistics.delivery.pick", {"id": delivery["id"]})
    k.call("logistics.delivery.ship", {"id": delivery["id"]})
    done = k.get("crm.order", sale)
    expect((done["delivery_status"], done["late"]), ("full", True))


def work_that_nobody_does_is_late(k, house):
    """A frame is to be made within three days, and nobody begins: order and operation are late, and a customer's order that waits for it
    is promised no day."""
    s = shop(k)
    slip = make(k, "logistics.transfer", kind="entry", lines=[{"item": s["TUBE"], "quantity": "60", "unit_cost": "25"}])
    k.call("logistics.transfer.post", {"id": slip})
    sale = order(k, ("FRAME", 1), asked=now(3))
    k.call("crm.order.confirm", {"id": sale})
    made, = rows(k, "production.order", ["demand", "=", {"entity": "crm.order", "id": sale}])
    expect((made["late"], k.get("crm.order", sale)["promised"] <= now(3)), (False, True))
    days_go_by(k, house, 6)
    expect(k.get("production.order", made["id"])["late"], True)
    expect([o["late"] for o in rows(k, "production.operation", ["order", "=", made["id"]], ["deadline", "<", now()])],
           [True] * len(rows(k, "production.operation", ["order", "=", made["id"]], ["deadline", "<", now()])))
    expect((k.get("crm.order", sale)["promised"], at_risk(k, sale)), (None, [("make", None)]))
    expect((k.call("base.supply.review", {})["supplies"], k.call("production.overdue", {})["orders"]), (0, 0))
    answer = k.call("production.order.reschedule", {"id": made["id"], "due": now(5)})
    moved = [(r["was"], r["day"] is not None) for r in answer["promises"] if r["document"] == {"entity": "crm.order", "id": sale}]
    expect((moved, k.get("crm.order", sale)["promised"] >= now()), ([(None, True)], True))


def planning_names_what_is_overdue(k, house):
    """Nothing but the purchase of the wheels is late: the planning says to see to it."""
    sale, bought = bought_for(k, "WHEEL", 2, asked=now(30))
    k.call("logistics.purchase_order.reschedule", {"id": bought, "expected": now(2), "reason": "sooner"})
    days_go_by(k, house, 12)
    planned(k)
    request, = rows(k, "logistics.purchase_request", ["order", "=", bought])
    told = [m["kind"] for m in rows(k, "production.message", ["document", "=", {"entity": "logistics.purchase_request", "id": request["id"]}])]
    expect(told, ["expedite"])


def limits_are_told(k):
    refused("validation", lambda: k.call("base.supply.review", {"limit": 0}), "limit")
    refused("validation", lambda: k.call("production.overdue", {"limit": 10001}), "limit")


if __name__ == "__main__":
    run([what_is_overdue_is_promised_to_nobody, who_moves_a_supply_is_told_whose_promises_that_moves, work_that_nobody_does_is_late,
         planning_names_what_is_overdue, limits_are_told], modules="base,crm,logistics,production,finance", prepare=lambda house: house.move_clock(0))
