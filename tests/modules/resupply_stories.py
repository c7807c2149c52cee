#!/usr/bin/env python3
"""Stories of two warehouses, over HTTP: what a shop misses that a rule fills up from the depot comes from there, before it is made or bought."""
import datetime
from decimal import Decimal as D

from stories import expect, make, planned, refused, run
from town import day, seen, town


def item(k, code, depot=0, lead_days=2, **more):
    """With so many in the depot."""
    town(k)
    made = make(k, "base.item", **{"code": code, "name": code.title(), "unit": seen["piece"], "price": "10", "currency": seen["pln"], **more})
    make(k, "logistics.supplier_price", item=made, party=seen["mill"], price="4", currency=seen["pln"], lead_days=5)
    make(k, "logistics.reorder_rule", item=made, kind="resupply", warehouse=seen["shop"], source=seen["depot"], minimum="0", maximum="1", lead_days=lead_days)
    if depot:
        put(k, made, depot)
    return made


def rare(k, code, rule=True, **more):
    """Nobody sells it."""
    town(k)
    made = make(k, "base.item", code=code, name=code.title(), unit=seen["piece"], price="10", currency=seen["pln"], **more)
    if rule:
        fill_up(k, made)
    return made


def fill_up(k, of, **more):
    return make(k, "logistics.reorder_rule", item=of, kind="resupply", warehouse=seen["shop"], source=seen["depot"], minimum="0", maximum="1", **more)


def put(k, of, quantity, at="depot", **more):
    slip = make(k, "logistics.transfer", kind="entry", warehouse=seen[at], lines=[{"item": of, "quantity": str(quantity), "unit_cost": "3", **more}])
    k.call("logistics.transfer.post", {"id": slip})


def sold(k, of, quantity, at="shop", **more):
    made = make(k, "crm.order", party=seen["nowak"], warehouse=at and seen[at], lines=[{"item": of, "quantity": str(quantity), "price": "10"}], **more)
    return made, k.call("crm.order.confirm", {"id": made})


def covers(k, order):
    return [(p["kind"], D(p["quantity"]), p["day"]) for p in k.call("base.supply.explain", {"document": {"entity": "crm.order", "id": order}})["parts"] if p["level"] == 0]


def slips(k, of, *states):
    found = k.list("logistics.transfer", [["kind", "=", "transfer"], ["lines.item", "=", of], ["state", "in", list(states or ("draft",))]], sort="id")["rows"]
    return [(t["id"], t["state"], t["day"], [(line["item"], D(line["quantity"])) for line in t["lines"]]) for t in found]


def level(k, of, at):
    found = k.call("logistics.availability", {"item": of, "warehouse": seen[at]})
    return D(found["on_hand"]), D(found["reserved"]), D(found["available"])


def bought(k, of, quantity, asked):
    """On order for the depot."""
    made = make(k, "logistics.purchase_order", party=seen["mill"], warehouse=seen["depot"], asked=asked, lines=[{"item": of, "quantity": str(quantity), "price": "4"}])
    k.call("logistics.purchase_order.approve", {"id": made})
    return made


def received(k, order, quantity):
    row = k.get("logistics.purchase_order", order)
    k.call("logistics.receipt.finish", {"id": make(k, "logistics.receipt", order=order, lines=[{"order_line": row["lines"][0]["id"], "quantity": str(quantity)}])})


def act(k, slip, action, **params):
    return k.call(f"logistics.transfer.{action}", {"id": slip, **params})


# ---- Stories ----

def what_the_shop_misses_comes_from_the_depot(k):
    """Of five that are sold in the shop one is there and three are free in the depot: they are kept for it, and only the fifth is bought."""
    lamp = item(k, "lamp", 3)
    put(k, lamp, 1, "shop")
    preview = k.call("crm.order.preview", {"id": make(k, "crm.order", party=seen["nowak"], warehouse=seen["shop"], lines=[{"item": lamp, "quantity": "5", "price": "10"}])})["result"]
    order, answer = sold(k, lamp, 5)
    told = lambda answer: [(p["kind"], D(p["quantity"]), p["day"], p["cost"]) for p in answer["parts"]]
    there = answer["parts"][1]["day"]
    expect((told(preview), there >= day(2)), (told(answer), True)) # it ends on a working day
    expect(told(answer), [("stock", 1, day(0), "3.00"), ("transfer", 3, there, "9.00"), ("buy", 1, answer["parts"][2]["day"], "4.00")])
    (slip, state, sent, lines), = slips(k, lamp)
    expect((state, sent, lines), ("draft", (datetime.date.fromisoformat(there) - datetime.timedelta(2)).isoformat(), [(lamp, 3)]))
    expect((level(k, lamp, "depot"), level(k, lamp, "shop")), ((3, 3, 0), (1, 1, 0)))
    other, _ = sold(k, lamp, 1, "depot") # nobody takes them away
    expect([c[0] for c in covers(k, other)], ["buy"])
    act(k, slip, "send")
    act(k, slip, "receive")
    expect((level(k, lamp, "depot"), level(k, lamp, "shop"), [c[:2] for c in covers(k, order)]), ((0, 0, 0), (4, 4, 0), [("stock", 4), ("buy", 1)]))


def what_a_slip_leaves_behind_goes_on_another(k):
    """A shelf of the depot that is out of use has two, which nobody gets unasked. The slip for the first order takes them instead of those that were kept
    for it: these are for the second order, and go on a slip of their own."""
    ruby, shelf = rare(k, "ruby"), make(k, "logistics.location", code="D-9", warehouse=seen["depot"])
    entry = make(k, "logistics.transfer", kind="entry", warehouse=seen["depot"], location=shelf, lines=[{"item": ruby, "quantity": "2"}])
    k.call("logistics.transfer.post", {"id": entry})
    k.update("logistics.location", shelf, {"active": False})
    first, _ = sold(k, ruby, 2)
    put(k, ruby, 2)
    second, _ = sold(k, ruby, 2)
    (slip, _, _, _), = slips(k, ruby)
    expect(([c[:2] for c in covers(k, first)], [c[:2] for c in covers(k, second)]), ([("transfer", 2)], [("missing", 2)]))
    k.update("logistics.transfer", slip, {"location": shelf})
    act(k, slip, "post")
    (other, _, _, lines), = slips(k, ruby)
    expect(([c[:2] for c in covers(k, first)], [c[:2] for c in covers(k, second)], lines), ([("stock", 2)], [("transfer", 2)], [(ruby, 2)]))
    expect((level(k, ruby, "depot"), other != slip), ((2, 2, 0), True))
    act(k, other, "post")


def orders_of_a_day_share_a_slip_and_later_ones_wait(k):
    bulb, plug = item(k, "bulb", 9), item(k, "plug", 9)
    party = seen["nowak"]
    make_order = lambda *lines, **more: k.call("crm.order.confirm", {"id": make(k, "crm.order", party=party, warehouse=seen["shop"], lines=[
        {"item": of, "quantity": str(q), "price": "10"} for of, q in lines], **more)})
    make_order((bulb, 2), (plug, 1)), make_order((bulb, 3))
    make_order((bulb, 1), asked=day(40))
    first, later = slips(k, bulb)
    expect((first[3], later[2:]), ([(bulb, 5), (plug, 1)], (day(38), [(bulb, 1)])))
    rule, = k.list("logistics.reorder_rule", [["item", "=", bulb]])["rows"]
    k.update("logistics.reorder_rule", rule["id"], {"active": False})
    made, _ = sold(k, bulb, 1)
    expect([c[0] for c in covers(k, made)], ["buy"]) # no rule says so
    k.update("logistics.reorder_rule", rule["id"], {"active": True})
    k.update("logistics.warehouse", seen["depot"], {"active": False})
    made, _ = sold(k, bulb, 1)
    expect([c[0] for c in covers(k, made)], ["buy"])
    k.update("logistics.warehouse", seen["depot"], {"active": True})


def who_needs_it_no_more_lets_it_lie(k):
    cord = item(k, "cord", 8)
    first, _ = sold(k, cord, 4, asked=day(50))
    second, _ = sold(k, cord, 2, asked=day(50))
    k.call("crm.order.amend", {"id": first, "reason": "fewer", "lines": [{"line": 1, "quantity": "1"}]})
    expect((slips(k, cord)[0][3], level(k, cord, "depot")), ([(cord, 3)], (8, 3, 5)))
    k.call("crm.order.cancel", {"id": first, "reason": "gone"})
    (slip, _, _, lines), = slips(k, cord)
    expect(lines, [(cord, 2)])
    act(k, slip, "send")
    k.call("crm.order.cancel", {"id": second, "reason": "gone"})
    left = k.get("crm.order", second)["leftovers"]
    expect([(row["kind"], D(row["quantity"]), row["reason"]) for row in left], [("transfer", 2, "it is on its way already")])
    act(k, slip, "receive")
    expect((level(k, cord, "shop"), slips(k, cord)), ((2, 0, 2), []))
    third, _ = sold(k, cord, 3, asked=day(50))
    k.call("crm.order.cancel", {"id": third, "reason": "gone"})
    expect((slips(k, cord), slips(k, cord, "cancelled")[-1][1], level(k, cord, "depot")), ([], "cancelled", (6, 0, 6)))


def a_slip_that_orders_wait_for_goes_as_it_says_or_not_at_all(k):
    """More may be put on it. Cancelled, it is not proposed again: the order buys; what is free in the depot then is for others."""
    hook, nail = item(k, "hook", 3), item(k, "nail", 3)
    order, _ = sold(k, hook, 3, asked=day(60))
    (slip, _, _, _), = slips(k, hook)
    row = k.get("logistics.transfer", slip)
    expect(row["asked"], True)
    refused("rule", lambda: k.update("logistics.transfer", slip, {"lines": [{**row["lines"][0], "quantity": "2"}]}), "lines[0].quantity")
    refused("rule", lambda: k.update("logistics.transfer", slip, {"lines": [{"item": nail, "quantity": "1"}]}), "lines")
    refused("rule", lambda: k.update("logistics.transfer", slip, {"to_warehouse": seen["depot"], "warehouse": seen["shop"]}), "to_warehouse", "warehouse")
    refused("conflict", lambda: k.delete("logistics.transfer", slip))
    k.update("logistics.transfer", slip, {"lines": [row["lines"][0], {"item": nail, "quantity": "1"}]})
    act(k, slip, "cancel")
    expect(([c[:2] for c in covers(k, order)], slips(k, hook), level(k, hook, "depot")), ([("buy", 3)], [], (3, 0, 3)))
    other, _ = sold(k, hook, 3, "depot")
    expect([c[:2] for c in covers(k, other)], [("stock", 3)])


def what_is_lost_in_the_depot_comes_in_another_way(k):
    """Of two lots of two the one that is kept is blocked: the other goes in its place, and what that is short of is bought."""
    paint = item(k, "paint", tracking="lot")
    put(k, paint, 2, new_lot="old", expires="2031-01-01"), put(k, paint, 2, new_lot="new", expires="2032-01-01")
    order, _ = sold(k, paint, 3, asked=day(70))
    old, = k.list("logistics.lot", [["item", "=", paint], ["name", "=", "old"]])["rows"]
    k.call("logistics.lot.block", {"id": old["id"], "reason": "cracked"})
    expect(([c[:2] for c in covers(k, order)], slips(k, paint)[0][3], level(k, paint, "depot")), ([("transfer", 2), ("buy", 1)], [(paint, 2)], (4, 2, 0)))
    slip = slips(k, paint)[0][0]
    act(k, slip, "post")
    lots = {r["id"]: r["name"] for r in k.list("logistics.lot", [["item", "=", paint]])["rows"]}
    expect([(lots[r["lot"]], D(r["quantity"])) for r in k.list("logistics.reservation", [["item", "=", paint]])["rows"]], [("new", 2)])


def another_lot_than_the_one_that_is_kept_may_go(k):
    wax = item(k, "wax", tracking="lot")
    put(k, wax, 2, new_lot="one", expires="2031-01-01"), put(k, wax, 2, new_lot="two", expires="2032-01-01")
    order, _ = sold(k, wax, 2, asked=day(80))
    (slip, _, _, _), = slips(k, wax)
    two, = k.list("logistics.lot", [["item", "=", wax], ["name", "=", "two"]])["rows"]
    k.update("logistics.transfer", slip, {"lines": [{**k.get("logistics.transfer", slip)["lines"][0], "lot": two["id"]}]})
    act(k, slip, "post")
    expect(([(r["lot"], D(r["quantity"])) for r in k.list("logistics.reservation", [["item", "=", wax]])["rows"]], level(k, wax, "depot")), ([(two["id"], 2)], (2, 0, 2)))
    expect([c[:2] for c in covers(k, order)], [("stock", 2)])


def components_come_from_the_depot_too(k):
    """Stands are made in the shop, of two feet each; of those the depot has three."""
    foot, stand = item(k, "foot", 3), make(k, "base.item", code="STAND", name="Stand", unit=seen["piece"])
    make(k, "production.bom", item=stand, lines=[{"item": foot, "quantity": "2"}])
    made = make(k, "production.order", item=stand, quantity="2", warehouse={"entity": "logistics.warehouse", "id": seen["shop"]})
    answer = k.call("production.order.confirm", {"id": made})
    expect([(p["kind"], D(p["quantity"])) for p in answer["parts"]], [("transfer", 3), ("buy", 1)])
    act(k, slips(k, foot)[0][0], "post")
    k.call("production.order.issue", {"id": made, "components": [{"item": foot, "quantity": "2"}]})
    expect(level(k, foot, "shop"), (1, 1, 0))


def a_rule_fills_up_beside_what_orders_wait_for(k):
    """Two of ten are on a slip for an order: they do not fill up the shop, and are not taken for it twice."""
    chain = item(k, "chain", 10)
    rule, = k.list("logistics.reorder_rule", [["item", "=", chain]])["rows"]
    k.update("logistics.reorder_rule", rule["id"], {"minimum": "3", "maximum": "20"})
    sold(k, chain, 2)
    rows = k.call("logistics.reorder.run", {"item": chain})["requests"]
    expect([(D(r["free"]), D(r["quantity"])) for r in rows], [(0, 8)])
    expect(k.call("logistics.reorder.run", {"item": chain})["requests"], [])
    refused("validation", lambda: k.update("logistics.reorder_rule", rule["id"], {"lead_days": -1}), "lead_days")


def what_is_on_order_for_the_depot_is_sent_on(k):
    """Six come to the depot on the day 30 for nobody yet. Who needs five in the shop on the day 60 waits for them; who needs one at once buys it."""
    disc = item(k, "disc")
    order = bought(k, disc, 6, day(30))
    there = k.get("logistics.purchase_order", order)["lines"][0]["expected"]
    first, answer = sold(k, disc, 5, asked=day(60))
    part, = answer["parts"]
    expect((part["kind"], D(part["quantity"]), part["day"], part["reason"].split(", ")[-1]), ("buy", 5, day(60), "then sent on from Depot"))
    at_once, _ = sold(k, disc, 1)
    request, = k.list("logistics.purchase_request", [["item", "=", disc], ["warehouse", "=", seen["shop"]]])["rows"]
    expect((D(request["quantity"]), k.list("logistics.purchase_request", [["item", "=", disc], ["free", ">", "0"]])["rows"][0]["day"]), (1, there))
    received(k, order, 2)
    expect((covers(k, first), level(k, disc, "depot")), ([("buy", 3, day(60)), ("transfer", 2, day(60))], (2, 2, 0)))
    received(k, order, 4)
    (slip, _, sent, lines), = slips(k, disc)
    expect((sorted(covers(k, first)), level(k, disc, "depot"), sent, lines), ([("transfer", 2, day(60)), ("transfer", 3, day(60))], (6, 5, 1), day(58), [(disc, 5)]))
    act(k, slip, "post")
    expect(covers(k, first), [("stock", 5, day(0))])


def what_is_sent_on_comes_later_when_its_order_does(k):
    """Behind the day of the purchase order come the days on the way; when it is cancelled, the shop buys."""
    hub = item(k, "hub")
    order = bought(k, hub, 4, day(30))
    first, _ = sold(k, hub, 4, asked=day(50))
    k.call("logistics.purchase_order.reschedule", {"id": order, "reason": "strike", "expected": day(49)})
    (_, _, there), = covers(k, first)
    expect((day(51) <= there <= day(54), k.get("crm.order", first)["promised"]), (True, there))
    k.call("logistics.purchase_order.reschedule", {"id": order, "reason": "settled", "expected": day(40)})
    expect(covers(k, first), [("buy", 4, day(50))])
    k.call("logistics.purchase_order.cancel", {"id": order, "reason": "too dear"})
    request, = k.list("logistics.purchase_request", [["item", "=", hub], ["state", "=", "open"]])["rows"]
    expect((D(request["waiting"]), request["warehouse"]), (4, seen["shop"]))


def what_comes_to_the_depot_is_shared_by_need(k):
    """Ten come for an order of the depot's own for the day 60 and one of the shop's for the day 40. Of the first six the shop has five."""
    reel = item(k, "reel")
    order = bought(k, reel, 10, day(20))
    own, _ = sold(k, reel, 5, "depot", asked=day(60))
    shops, _ = sold(k, reel, 5, asked=day(40))
    received(k, order, 6)
    expect(([c[:2] for c in covers(k, shops)], sorted(c[:2] for c in covers(k, own))), ([("transfer", 5)], [("buy", 4), ("stock", 1)]))


def what_is_made_in_the_depot_is_sent_on(k):
    """Eight are being made there for nobody, by an order that names no warehouse. Who orders three of the depot by its name has of them, as has the shop
    for a day on which they can be there; for a day on which they cannot others are made."""
    part, lid = make(k, "base.item", code="BLANK", name="Blank", unit=town(k)["piece"]), item(k, "lid")
    make(k, "production.bom", item=lid, lines=[{"item": part, "quantity": "1"}])
    put(k, part, 20)
    ahead = make(k, "production.order", item=lid, quantity="8", due=day(30))
    k.call("production.order.confirm", {"id": ahead})
    there = k.get("production.order", ahead)["day"]
    covered_by = lambda answer: [(p["supply"] == {"entity": "production.order", "id": ahead}, D(p["quantity"]), p["day"]) for p in answer["parts"] if p["level"] == 0]
    own, answer = sold(k, lid, 3, "depot", asked=day(60))
    expect(covered_by(answer), [(True, 3, there)])
    first, answer = sold(k, lid, 4, asked=day(50))
    expect((covered_by(answer), answer["parts"][0]["reason"].split(", ")[-1]), ([(True, 4, day(50))], "then sent on from there"))
    too_soon, answer = sold(k, lid, 1, asked=there)
    expect([found for found, _, _ in covered_by(answer)], [False])
    k.call("production.order.report", {"id": ahead, "produced": "5"})
    expect((covers(k, first), sorted(c[:2] for c in covers(k, own))), ([("transfer", 4, day(50))], [("make", 2), ("stock", 1)]))
    k.call("production.order.report", {"id": ahead, "produced": "3"})
    expect(([c[:2] for c in covers(k, own)], level(k, lid, "depot")), ([("stock", 3)], (8, 7, 1)))


def who_needs_it_no_more_leaves_what_is_on_order_to_others(k):
    knob = item(k, "knob")
    order = bought(k, knob, 4, day(20))
    first, _ = sold(k, knob, 4, asked=day(60))
    k.call("crm.order.cancel", {"id": first, "reason": "gone"})
    request, = k.list("logistics.purchase_request", [["item", "=", knob]])["rows"]
    expect((D(request["waiting"]), D(request["free"])), (0, 4))
    second, _ = sold(k, knob, 4, asked=day(60))
    rule, = k.list("logistics.reorder_rule", [["item", "=", knob]])["rows"]
    k.update("logistics.reorder_rule", rule["id"], {"active": False})
    received(k, order, 4) # nobody says any more that it is sent on
    expect(([c[:2] for c in covers(k, second)], level(k, knob, "depot")), ([("buy", 4)], (4, 0, 4)))


def what_is_freed_in_the_depot_is_kept_for_who_misses_it_in_the_shop(k):
    """What comes to the depot, or is given back there, goes at once to who misses some there or in the shop, those who need it first before the others."""
    gem = rare(k, "gem")
    (late, _), (early, _), (own, _) = sold(k, gem, 2, asked=day(40)), sold(k, gem, 3, asked=day(20)), sold(k, gem, 2, "depot", asked=day(30))
    parts = lambda: [[c[:2] for c in covers(k, order)] for order in (early, own, late)]
    put(k, gem, 4)
    expect((parts(), level(k, gem, "depot")), ([[("transfer", 3)], [("missing", 1), ("stock", 1)], [("missing", 2)]], (4, 4, 0)))
    k.call("crm.order.cancel", {"id": early, "reason": "gone"})
    expect(parts()[1:], [[("stock", 2)], [("transfer", 2)]])
    part, = k.call("base.supply.explain", {"document": {"entity": "crm.order", "id": late}})["parts"]
    expect(part["freed_by"]["entity"], "logistics.transfer")
    expect(k.call("logistics.reorder.run", {"item": gem})["requests"], [])
    act(k, slips(k, gem)[0][0], "post")
    expect((parts()[2], level(k, gem, "depot"), level(k, gem, "shop")), ([("stock", 2)], (2, 2, 0), (2, 2, 0)))


def a_slip_written_by_hand_has_what_no_order_misses(k):
    """Of five that come to the depot the order of the shop has two, the delivery written there by hand the rest."""
    jet = rare(k, "jet")
    by_hand = make(k, "logistics.delivery", party=seen["nowak"], warehouse=seen["depot"], lines=[{"item": jet, "quantity": "9"}])
    k.call("logistics.delivery.confirm", {"id": by_hand})
    order, _ = sold(k, jet, 2)
    put(k, jet, 5)
    expect(([c[:2] for c in covers(k, order)], level(k, jet, "depot"), D(k.get("logistics.delivery", by_hand)["missing"])), ([("transfer", 2)], (5, 5, 0), 6))


def a_rule_that_is_new_brings_what_orders_miss(k):
    """Five lie in the depot when the shop's order for two comes, and no rule brings them; one made later does, as does one that is switched on again."""
    for code, switched_on in (("onyx", False), ("opal", True)):
        stone = rare(k, code, rule=False)
        rule = fill_up(k, stone, active=False) if switched_on else None
        put(k, stone, 5)
        order, _ = sold(k, stone, 2)
        expect([c[:2] for c in covers(k, order)], [("missing", 2)])
        k.update("logistics.reorder_rule", rule, {"active": True}) if rule else fill_up(k, stone)
        expect(([c[:2] for c in covers(k, order)], level(k, stone, "depot")), ([("transfer", 2)], (5, 2, 3)))


def what_came_for_the_shop_and_is_blocked_is_brought_from_the_depot(k):
    """The shop's order waits for a purchase; meanwhile others come to the depot, which nobody misses. What is bought comes in a lot that is blocked."""
    glue = item(k, "glue", tracking="lot")
    order, _ = sold(k, glue, 2)
    put(k, glue, 1, "depot", new_lot="bad", expires="2031-01-01"), put(k, glue, 5, "depot", new_lot="good", expires="2032-01-01")
    bad, = k.list("logistics.lot", [["item", "=", glue], ["name", "=", "bad"]])["rows"]
    k.call("logistics.lot.block", {"id": bad["id"], "reason": "cracked"})
    expect([c[:2] for c in covers(k, order)], [("buy", 2)])
    request, = k.list("logistics.purchase_request", [["item", "=", glue]])["rows"]
    bought, = k.call("logistics.purchase.order", {"requests": [request["id"]]})["orders"]
    k.call("logistics.purchase_order.approve", {"id": bought["order"]})
    line, = k.get("logistics.purchase_order", bought["order"])["lines"]
    k.call("logistics.receipt.finish", {"id": make(k, "logistics.receipt", order=bought["order"], lines=[{"order_line": line["id"], "quantity": "2", "lot_name": "bad"}])})
    expect(([c[:2] for c in covers(k, order)], level(k, glue, "depot")), ([("transfer", 2)], (6, 2, 3)))


def what_another_line_is_picked_of_is_missed(k):
    """Five of a lot are reserved for an order's first line; the picker takes three of them for its second one, and none for the first, which has two left."""
    resin = rare(k, "resin", rule=False, tracking="lot")
    put(k, resin, 5, new_lot="amber")
    amber, = k.list("logistics.lot", [["item", "=", resin]])["rows"]
    order = make(k, "crm.order", party=seen["nowak"], warehouse=seen["depot"], lines=[{"item": resin, "quantity": n, "price": "10"} for n in ("5", "3")])
    k.call("crm.order.confirm", {"id": order})
    delivery, = k.list("logistics.delivery", [["document", "=", {"entity": "crm.order", "id": order}]])["rows"]
    k.call("logistics.delivery.pick", {"id": delivery["id"], "lines": [
        {"line": line["id"], "lot": amber["id"], "quantity": n} for line, n in zip(delivery["lines"], ("0", "3"))]})
    parts = k.call("base.supply.explain", {"document": {"entity": "crm.order", "id": order}})["parts"]
    expect(sorted((p["line"], p["kind"], D(p["quantity"])) for p in parts if p["line"] == 1), [(1, "missing", 3), (1, "stock", 2)])
    k.call("logistics.delivery.ship", {"id": delivery["id"]})
    expect(level(k, resin, "depot"), (2, 2, 0))


def what_is_on_its_way_and_what_is_kept_go_together_to_who_misses_it(k):
    """Of four that an order asked for two are on their way and two are kept in the depot when it is cancelled. Another one misses five since what came for
    it is blocked: it gets all four, and nothing lies there that is missed."""
    putty = item(k, "putty", tracking="lot")
    put(k, putty, 4, new_lot="white")
    gone = make(k, "crm.order", party=seen["nowak"], warehouse=seen["shop"], lines=[{"item": putty, "quantity": "2", "price": "10", "asked": day(n)} for n in (10, 40)])
    k.call("crm.order.confirm", {"id": gone})
    act(k, slips(k, putty)[0][0], "send")
    order, _ = sold(k, putty, 5)
    request, = k.list("logistics.purchase_request", [["item", "=", putty]])["rows"]
    bought, = k.call("logistics.purchase.order", {"requests": [request["id"]]})["orders"]
    k.call("logistics.purchase_order.approve", {"id": bought["order"]})
    line, = k.get("logistics.purchase_order", bought["order"])["lines"]
    put(k, putty, 1, "shop", new_lot="grey")
    grey, = k.list("logistics.lot", [["item", "=", putty], ["name", "=", "grey"]])["rows"]
    k.call("logistics.lot.block", {"id": grey["id"], "reason": "dry"})
    k.call("logistics.receipt.finish", {"id": make(k, "logistics.receipt", order=bought["order"], lines=[{"order_line": line["id"], "quantity": "5", "lot_name": "grey"}])})
    expect((covers(k, order), level(k, putty, "depot")), ([("missing", 5, None)], (2, 2, 0)))
    k.call("crm.order.cancel", {"id": gone, "reason": "gone"})
    expect((sorted(c[:2] for c in covers(k, order)), level(k, putty, "depot")), ([("missing", 1), ("transfer", 2), ("transfer", 2)], (2, 2, 0)))


def what_is_on_its_way_for_nobody_is_for_who_asks_next(k):
    """Of four on their way to the shop one is still for the order that asked for them: the next one has two of the rest, and what it lacks is sent or bought."""
    reed = item(k, "reed", 6)
    first, _ = sold(k, reed, 4)
    (slip, _, _, _), = slips(k, reed)
    act(k, slip, "send")
    k.call("crm.order.amend", {"id": first, "reason": "fewer", "lines": [{"line": 1, "quantity": "1"}]})
    second, answer = sold(k, reed, 2)
    part, = answer["parts"]
    number = k.get("logistics.transfer", slip)["number"]
    expect((part["kind"], D(part["quantity"]), part["supply"]["id"], part["cost"], part["reason"]), ("transfer", 2, slip, "6.00", f"on its way already from Depot, by {number}"))
    third, answer = sold(k, reed, 4)
    expect([(p["kind"], D(p["quantity"]), p["supply"]["id"] == slip) for p in answer["parts"]], [("transfer", 1, True), ("transfer", 2, False), ("buy", 1, False)])
    act(k, slip, "receive")
    expect(([[c[:2] for c in covers(k, order)] for order in (first, second)], covers(k, third)[-1][:2]), ([[("stock", 1)], [("stock", 2)]], ("stock", 1)))
    expect(level(k, reed, "shop"), (4, 4, 0))
    other, = slips(k, reed)
    act(k, other[0], "post")


def who_misses_what_is_on_its_way_for_nobody_hears_of_it(k):
    """Nobody sells it, and the depot had but three, which are on their way for another order. When that is cancelled, who waits has its promise."""
    tile = rare(k, "tile")
    put(k, tile, 3)
    first, _ = sold(k, tile, 3)
    (slip, _, _, _), = slips(k, tile)
    act(k, slip, "send")
    (late, _), (early, _) = sold(k, tile, 2, asked=day(40)), sold(k, tile, 2, asked=day(20))
    expect([c[:2] for c in covers(k, early)], [("missing", 2)])
    k.call("crm.order.cancel", {"id": first, "reason": "gone"})
    expect(([c[:2] for c in covers(k, early)], sorted(c[:2] for c in covers(k, late))), ([("transfer", 2)], [("missing", 1), ("transfer", 1)]))
    expect(k.get("crm.order", early)["promised"], day(0))
    act(k, slip, "receive")
    expect(([c[:2] for c in covers(k, early)], level(k, tile, "shop")), ([("stock", 2)], (3, 3, 0)))


def who_misses_what_is_on_order_for_nobody_hears_of_it(k):
    """Its supplier sells no more of it: what is on order for another order is for who misses it when that is cancelled; so is what is being made."""
    yarn = item(k, "yarn")
    order, _ = sold(k, yarn, 3)
    request, = k.list("logistics.purchase_request", [["item", "=", yarn]])["rows"]
    made = k.call("logistics.purchase.order", {"requests": [request["id"]]})["orders"][0]["order"]
    k.call("logistics.purchase_order.approve", {"id": made})
    price, = k.list("logistics.supplier_price", [["item", "=", yarn]])["rows"]
    k.update("logistics.supplier_price", price["id"], {"active": False})
    other, _ = sold(k, yarn, 2)
    expect([c[:2] for c in covers(k, other)], [("missing", 2)])
    k.call("crm.order.cancel", {"id": order, "reason": "gone"})
    expect([c[:2] for c in covers(k, other)], [("buy", 2)])
    bar = make(k, "base.item", code="BAR", name="Bar", unit=seen["piece"])
    hook = rare(k, "peg")
    bill = make(k, "production.bom", item=hook, lines=[{"item": bar, "quantity": "1"}])
    put(k, bar, 9, "shop")
    order, answer = sold(k, hook, 3)
    made = answer["parts"][0]["supply"]["id"]
    k.call("production.order.issue", {"id": made})
    k.update("production.bom", bill, {"active": False})
    other, _ = sold(k, hook, 2)
    expect([c[:2] for c in covers(k, other)], [("missing", 2)])
    k.call("crm.order.cancel", {"id": order, "reason": "gone"})
    expect([c[:2] for c in covers(k, other)], [("make", 2)])


def what_a_slip_by_hand_brings_is_for_who_asks(k):
    """Five of two lots are on their way; one is blocked. Who waits when a slip is sent hears of it, too."""
    dye = rare(k, "dye", rule=False, tracking="lot")
    put(k, dye, 3, new_lot="red"), put(k, dye, 2, new_lot="blue")
    red, blue = (row["id"] for row in k.list("logistics.lot", [["item", "=", dye]], sort="id")["rows"])
    slip = make(k, "logistics.transfer", kind="transfer", warehouse=seen["depot"], to_warehouse=seen["shop"],
                lines=[{"item": dye, "quantity": "3", "lot": red}, {"item": dye, "quantity": "2", "lot": blue}])
    act(k, slip, "send")
    k.call("logistics.lot.block", {"id": blue, "reason": "faded"})
    order, _ = sold(k, dye, 4)
    expect((sorted(c[:2] for c in covers(k, order)), k.get("logistics.transfer", slip)["asked"]), ([("missing", 1), ("transfer", 3)], True))
    act(k, slip, "receive")
    expect((sorted(c[:2] for c in covers(k, order)), level(k, dye, "shop")), ([("missing", 1), ("stock", 3)], (5, 3, 0)))
    fern = rare(k, "fern", rule=False)
    put(k, fern, 3)
    order, _ = sold(k, fern, 2)
    slip = make(k, "logistics.transfer", kind="transfer", warehouse=seen["depot"], to_warehouse=seen["shop"], lines=[{"item": fern, "quantity": "3"}])
    expect([c[:2] for c in covers(k, order)], [("missing", 2)])
    act(k, slip, "send")
    expect([c[:2] for c in covers(k, order)], [("transfer", 2)])


def of_many_who_miss_it_only_those_are_touched_who_get_some(k):
    """Of forty who miss one each the first two get what a slip by hand brings; what is known of the others stays as it is."""
    agate = rare(k, "agate", rule=False)
    put(k, agate, 2)
    order = make(k, "crm.order", party=seen["nowak"], warehouse=seen["shop"], lines=[{"item": agate, "quantity": "1", "price": "10"}] * 40)
    k.call("crm.order.confirm", {"id": order})
    missing = lambda: [p["id"] for p in k.list("base.pegging", [["item", "=", agate], ["kind", "=", "missing"]], sort="id", limit=100)["rows"]]
    before = missing()
    slip = make(k, "logistics.transfer", kind="transfer", warehouse=seen["depot"], to_warehouse=seen["shop"], lines=[{"item": agate, "quantity": "2"}])
    act(k, slip, "send")
    expect((len(before), missing()), (40, before[2:]))
    act(k, slip, "receive")
    expect((missing(), level(k, agate, "shop")), (before[2:], (2, 2, 0)))


def what_comes_covers_who_waits_beside_what_is_on_its_way(k):
    """Two of a blocked lot are on their way when it is found to be good; then five come to the depot: who needs them first has the two, the other all five."""
    silk = rare(k, "silk", tracking="lot")
    put(k, silk, 2, new_lot="blue")
    blue, = k.list("logistics.lot", [["item", "=", silk]])["rows"]
    slip = make(k, "logistics.transfer", kind="transfer", warehouse=seen["depot"], to_warehouse=seen["shop"], lines=[{"item": silk, "quantity": "2", "lot": blue["id"]}])
    act(k, slip, "send")
    k.call("logistics.lot.block", {"id": blue["id"], "reason": "faded"})
    (early, _), (late, _) = sold(k, silk, 2, asked=day(20)), sold(k, silk, 5, asked=day(40))
    k.call("logistics.lot.unblock", {"id": blue["id"]})
    expect([[c[:2] for c in covers(k, order)] for order in (early, late)], [[("missing", 2)], [("missing", 5)]])
    put(k, silk, 5, new_lot="red")
    expect([[c[:2] for c in covers(k, order)] for order in (early, late)], [[("transfer", 2)], [("transfer", 5)]])


def planning_takes_all_warehouses_together(k):
    """Of a lens the depot has six, and two are on their way to the shop: nothing of eight that are needed there is made or bought, by a rule or without
    one. Of the ninth one is bought, wherever it is needed."""
    lens, case = item(k, "lens", 8), make(k, "base.item", code="CASE", name="Case", unit=seen["piece"])
    make(k, "production.bom", item=case, lines=[{"item": lens, "quantity": "1"}])
    moved = make(k, "logistics.transfer", kind="transfer", warehouse=seen["depot"], to_warehouse=seen["shop"], lines=[{"item": lens, "quantity": "2"}])
    act(k, moved, "send")

    def proposed():
        planned(k)
        return [(p["kind"], D(p["quantity"])) for p in k.list("production.proposal", [["item", "=", lens]])["rows"]]
    order, _ = sold(k, lens, 4, asked=day(20))
    expect((covers(k, order)[0][0], proposed()), ("transfer", []))
    draft = make(k, "production.order", item=case, quantity="4", due=day(30), warehouse={"entity": "logistics.warehouse", "id": seen["shop"]})
    rule, = k.list("logistics.reorder_rule", [["item", "=", lens]])["rows"]
    k.update("logistics.reorder_rule", rule["id"], {"active": False})
    expect(proposed(), [])
    k.update("production.order", draft, {"quantity": "5"})
    expect(proposed(), [("buy", 1)])
    k.delete("production.order", draft)
    act(k, moved, "receive")
    other, _ = sold(k, lens, 4, asked=day(40)) # no rule brings what the depot has: four are bought, of which planning says that they are not needed
    expect([c[:2] for c in covers(k, other)], [("buy", 4)])
    expect((proposed(), [m["kind"] for m in k.list("production.message", [["item", "=", lens]])["rows"]]), ([], ["cancel"]))


def what_is_in_quarantine_nobody_gets_who_does_not_name_it(k):
    """Of ten vials three are in quarantine, and four more on their way there. An order has them neither, nor a rule, nor does planning reckon with them: of nine needed in the shop two
    are bought. Who sells from there has them; when it is no quarantine any more, they are for who misses some."""
    vial = item(k, "vial", 7)
    ward = make(k, "logistics.warehouse", code="WARD", name="Ward", quarantine=True)
    refused("validation", lambda: k.update("logistics.warehouse", ward, {"usual": True}), "quarantine")
    refused("validation", lambda: make(k, "logistics.reorder_rule", item=vial, kind="resupply", warehouse=seen["depot"], source=ward, minimum="0", maximum="1"), "source")
    seen["ward"] = ward
    put(k, vial, 3, "ward"), put(k, vial, 4)
    slip = make(k, "logistics.transfer", kind="transfer", warehouse=seen["depot"], to_warehouse=ward, lines=[{"item": vial, "quantity": "4"}])
    act(k, slip, "send")
    bought_for_it = make(k, "logistics.purchase_order", party=seen["mill"], warehouse=ward, lines=[{"item": vial, "quantity": "5", "price": "4"}])
    k.call("logistics.purchase_order.approve", {"id": bought_for_it})
    everywhere = k.call("logistics.availability", {"item": vial})
    expect((D(everywhere["on_hand"]), D(everywhere["available"]), D(everywhere["incoming"]), D(everywhere["promised"]), level(k, vial, "ward")), (10, 7, 0, 7, (3, 0, 3)))
    draft = make(k, "crm.order", party=seen["nowak"], warehouse=seen["shop"], lines=[{"item": vial, "quantity": "9", "price": "10", "asked": day(30)}])
    made = make(k, "production.forecast", item=vial, day=day(30), quantity="9")
    planned(k)
    expect([(p["kind"], D(p["quantity"])) for p in k.list("production.proposal", [["item", "=", vial]])["rows"]], [("buy", 2)])
    k.delete("production.forecast", made)
    k.call("crm.order.confirm", {"id": draft})
    expect([c[:2] for c in covers(k, draft)], [("transfer", 7), ("buy", 2)])
    planned(k)
    expect((k.list("production.proposal", [["item", "=", vial]])["rows"], k.list("production.message", [["item", "=", vial]])["rows"]), ([], []))
    own, _ = sold(k, vial, 3, "ward")
    expect([c[:2] for c in covers(k, own)], [("stock", 3)])
    k.call("crm.order.cancel", {"id": own, "reason": "gone"})
    ruby = rare(k, "beryl")
    make(k, "logistics.reorder_rule", item=ruby, kind="min_max", minimum="1", maximum="2")
    put(k, ruby, 5, "ward")
    missed, _ = sold(k, ruby, 2, None)
    expect([c[:2] for c in covers(k, missed)], [("missing", 2)])
    act(k, slip, "receive")
    moved = make(k, "logistics.transfer", kind="transfer", warehouse=ward, to_warehouse=seen["depot"], lines=[{"item": ruby, "quantity": "2"}])
    act(k, moved, "post")
    expect([c[:2] for c in covers(k, missed)], [("stock", 2)])
    k.call("logistics.purchase_order.cancel", {"id": bought_for_it, "reason": "enough"})
    k.update("logistics.warehouse", ward, {"quarantine": False})
    expect(D(k.call("logistics.availability", {"item": vial})["available"]), 7)


def who_left_while_the_stores_were_off_is_missed(k):
    belt = item(k, "belt", 5)
    order, _ = sold(k, belt, 4)
    k.call("module.disable", {"name": "logistics"})
    k.call("crm.order.cancel", {"id": order, "reason": "gone"})
    k.call("module.enable", {"name": "logistics"})
    expect((slips(k, belt), level(k, belt, "depot")), ([], (5, 0, 5)))


def the_stores_are_sound(k):
    expect(k.call("system.check", {})["sound"], True)


if __name__ == "__main__":
    run([story for story in list(globals().values()) if callable(story) and getattr(story, "__module__", "") == "__main__"
         and story not in (make, planned, day, town, item, rare, fill_up, put, bought, received, sold, covers, slips, level, act)], modules="base,crm,logistics,production")
