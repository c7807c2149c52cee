#!/usr/bin/env python3
"""Stories of three orders that wait for one thing, over HTTP: when some of it does not come, who needs it last goes without, and what is free goes
to who needs it first. The order that was entered first is the last to need it."""
from decimal import Decimal as D

from stories import expect, make, run
from town import day, seen, town

DAYS = {"late": 60, "early": 20, "middle": 40}


def item(k, code, **more):
    return make(k, "base.item", **{"code": code, "name": code.title(), "unit": town(k)["piece"], "price": "10", "currency": seen["pln"], **more})


def put(k, of, quantity, at="depot", lot=None, **more):
    slip = make(k, "logistics.transfer", kind="entry", warehouse=seen[at], lines=[{"item": of, "quantity": str(quantity), "unit_cost": "3", **({"new_lot": lot} if lot else {})}], **more)
    k.call("logistics.transfer.post", {"id": slip})


def three(k, of, at="depot", days=None, quantity=10):
    """Orders for so many each, the one that needs it last first."""
    orders = {}
    for name, asked in (days or DAYS).items():
        orders[name] = make(k, "crm.order", party=seen["nowak"], warehouse=seen[at], lines=[{"item": of, "quantity": str(quantity), "price": "10", "asked": asked and day(asked)}])
        k.call("crm.order.confirm", {"id": orders[name]})
    return orders


def covers(k, orders):
    """Of each what covers it, and how much of it."""
    parts = lambda order: k.call("base.supply.explain", {"document": {"entity": "crm.order", "id": order}})["parts"]
    return {name: {p["kind"]: D(p["quantity"]) for p in parts(order) if p["level"] == 0} for name, order in orders.items()}


def all_by(kind):
    return {name: {kind: 10} for name in DAYS}


def bought(k, *lines):
    made = make(k, "logistics.purchase_order", party=seen["mill"], lines=[{"item": of, "quantity": str(quantity), "price": "4"} for of, quantity in lines])
    k.call("logistics.purchase_order.approve", {"id": made})
    return made


# ---- Stories ----

def a_purchase_order_is_cancelled(k):
    """Fifteen came in between, which nobody missed while more was on order."""
    bolt = item(k, "bolt")
    order = bought(k, (bolt, 30))
    orders = three(k, bolt)
    expect(covers(k, orders), all_by("buy"))
    put(k, bolt, 15)
    k.call("logistics.purchase_order.cancel", {"id": order, "reason": "too dear"})
    expect(covers(k, orders), {"early": {"stock": 10}, "middle": {"stock": 5, "missing": 5}, "late": {"missing": 10}})


def less_is_bought(k):
    """Of thirty twelve: who needs it last goes without all, the next without some, and has what is free."""
    nut = item(k, "nut")
    order = bought(k, (nut, 30))
    orders = three(k, nut)
    put(k, nut, 4)
    line, = k.get("logistics.purchase_order", order)["lines"]
    k.call("logistics.purchase_order.amend", {"id": order, "reason": "fewer", "lines": [{"line": line["id"], "quantity": "12"}]})
    expect(covers(k, orders), {"early": {"buy": 10}, "middle": {"buy": 2, "stock": 4, "missing": 4}, "late": {"missing": 10}})


def made(k, code):
    """An item of which thirty are to be made, for nobody before three ask."""
    of, part = item(k, code), item(k, code + " part")
    make(k, "production.bom", item=of, lines=[{"item": part, "quantity": "1"}])
    put(k, part, 30)
    order = make(k, "production.order", item=of, quantity="30", due=day(5), warehouse={"entity": "logistics.warehouse", "id": seen["depot"]})
    k.call("production.order.confirm", {"id": order})
    orders = three(k, of)
    expect(covers(k, orders), all_by("make"))
    return of, order, orders


def production_is_cancelled(k):
    gear, order, orders = made(k, "gear")
    put(k, gear, 15)
    k.call("production.order.cancel", {"id": order, "reason": "the drawing is wrong"})
    expect(covers(k, orders), {"early": {"stock": 10}, "middle": {"stock": 5, "make": 5}, "late": {"make": 10}})


def some_of_production_is_scrapped(k):
    """Of thirty eighteen are scrapped, and six are there: of who goes without the middle one has them."""
    cog, order, orders = made(k, "cog")
    put(k, cog, 6)
    k.call("production.order.report", {"id": order, "produced": "12", "scrapped": "18", "reason": "cracked"})
    found = covers(k, orders)
    expect((found["early"], found["middle"]["stock"], "stock" in found["late"]), ({"stock": 10}, 8, False))


def less_is_made_than_planned(k):
    rim, order, orders = made(k, "rim")
    k.call("production.order.report", {"id": order, "produced": "5"})
    expect(covers(k, orders)["early"], {"stock": 5, "make": 5})
    put(k, rim, 12)
    k.call("production.order.finish", {"id": order})
    found = covers(k, orders)
    expect((found["early"], found["middle"]["stock"], "stock" in found["late"]), ({"stock": 10}, 7, False))


def a_transfer_is_cancelled(k):
    """All three are late already, and share a slip; as soon as possible is before any day."""
    cup = item(k, "cup")
    make(k, "logistics.reorder_rule", item=cup, kind="resupply", warehouse=seen["shop"], source=seen["depot"], minimum="0", maximum="1", lead_days=5)
    put(k, cup, 30)
    orders = three(k, cup, "shop", {"late": 2, "early": None, "middle": 1})
    expect(covers(k, orders), all_by("transfer"))
    slip, = k.list("logistics.transfer", [["kind", "=", "transfer"], ["lines.item", "=", cup]])["rows"]
    put(k, cup, 15, "shop")
    k.call("logistics.transfer.cancel", {"id": slip["id"]})
    expect(covers(k, orders), {"early": {"stock": 10}, "middle": {"stock": 5, "missing": 5}, "late": {"missing": 10}})


def a_count_takes_stock_away(k):
    """Two shelves hold ten and twenty that are reserved, a third one fifteen that are free. On the first two nothing is found."""
    pin = item(k, "pin")
    near, far, top = (make(k, "logistics.location", code=code, warehouse=seen["depot"]) for code in ("D-1", "D-2", "D-3"))
    put(k, pin, 20, location=near), put(k, pin, 10, location=far)
    orders = three(k, pin)
    expect(covers(k, orders), all_by("stock"))
    put(k, pin, 15, location=top)
    count = make(k, "logistics.count", warehouse=seen["depot"])
    k.call("logistics.count.start", {"id": count})
    known = [{"item": r["item"], "location": r["location"], "lot": r["lot"], "quantity": "0" if r["location"] in (near, far) else r["expected"]}
             for r in k.list("logistics.count_line", [["count", "=", count]], limit=500)["rows"]]
    k.call("logistics.count.enter", {"id": count, "lines": known, "finished": True})
    k.call("logistics.count.approve", {"id": count})
    expect(covers(k, orders), {"early": {"stock": 10}, "middle": {"stock": 5, "missing": 5}, "late": {"missing": 10}})


def a_lot_is_blocked(k):
    oil = item(k, "oil", tracking="lot")
    put(k, oil, 30, lot="bad")
    orders = three(k, oil)
    put(k, oil, 15, lot="good")
    bad, = k.list("logistics.lot", [["item", "=", oil], ["name", "=", "bad"]])["rows"]
    k.call("logistics.lot.block", {"id": bad["id"], "reason": "smells"})
    expect(covers(k, orders), {"early": {"stock": 10}, "middle": {"stock": 5, "missing": 5}, "late": {"missing": 10}})


def what_a_slip_lost_competes_by_its_day(k):
    """The depot keeps ten for a slip that is sent on the day 18, and ten for an order of its own for the day 30: of ten others the slip has all."""
    ink = item(k, "ink", tracking="lot")
    make(k, "logistics.reorder_rule", item=ink, kind="resupply", warehouse=seen["shop"], source=seen["depot"], minimum="0", maximum="1", lead_days=2)
    put(k, ink, 20, lot="bad")
    own = three(k, ink, days={"late": 30})
    sent = three(k, ink, "shop", {"early": 20})
    put(k, ink, 10, lot="good")
    bad, = k.list("logistics.lot", [["item", "=", ink], ["name", "=", "bad"]])["rows"]
    k.call("logistics.lot.block", {"id": bad["id"], "reason": "dry"})
    expect((covers(k, own), covers(k, sent)), ({"late": {"missing": 10}}, {"early": {"transfer": 10}}))


def who_was_first_to_ask_is_first_of_a_day(k):
    tip = item(k, "tip")
    order = bought(k, (tip, 30))
    orders = three(k, tip, days={"first": 20, "second": 20, "third": 20})
    put(k, tip, 15)
    k.call("logistics.purchase_order.cancel", {"id": order, "reason": "too dear"})
    expect(covers(k, orders), {"first": {"stock": 10}, "second": {"stock": 5, "missing": 5}, "third": {"missing": 10}})


def all_is_sound(k):
    expect(k.call("system.check", {})["sound"], True)


run([a_purchase_order_is_cancelled, less_is_bought, production_is_cancelled, some_of_production_is_scrapped,
     less_is_made_than_planned, a_transfer_is_cancelled, a_count_takes_stock_away, a_lot_is_blocked, what_a_slip_lost_competes_by_its_day,
     who_was_first_to_ask_is_first_of_a_day, all_is_sound], modules="base,crm,logistics,production")
