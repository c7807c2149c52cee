#!/usr/bin/env python3
"""Stories of transfers that go, and arrive, in parts: the rest follows on a slip of its own, and who waits for it waits for that."""
from decimal import Decimal as D

from resupply_stories import act, covers, item, level, put, rare, slips, sold
from stories import expect, make, refused, run
from town import day, seen, town


def slip(k, *lines, **more):
    """From the depot to the shop."""
    return make(k, "logistics.transfer", **{"kind": "transfer", "warehouse": seen["depot"], "to_warehouse": seen["shop"], "lines": [
        {"item": of, "quantity": str(quantity), **named} for of, quantity, named in lines], **more})


def rest_of(k, first):
    found, = k.list("logistics.transfer", [["backorder_of", "=", first]], sort="id")["rows"] or [None]
    return found


def lines_of(slip):
    return [(line["item"], D(line["quantity"])) for line in slip["lines"]]


def rows(k, first, *quantities):
    lines = k.get("logistics.transfer", first)["lines"]
    return [{"line": line["id"], "quantity": str(q)} for line, q in zip(lines, quantities) if q is not None]


def lots_of(k, of):
    return {row["name"]: row["id"] for row in k.list("logistics.lot", [["item", "=", of]])["rows"]}


# ---- What goes ----

def what_is_not_sent_goes_later_on_a_slip_of_its_own(k):
    town(k)
    nut, bolt = rare(k, "t-nut", rule=False), rare(k, "t-bolt", rule=False)
    put(k, nut, 10), put(k, bolt, 10)
    first = slip(k, (nut, 6, {}), (bolt, 4, {}), day=day(-3), reason="autumn")
    act(k, first, "send", lines=rows(k, first, 2, 4))
    sent, rest = k.get("logistics.transfer", first), rest_of(k, first)
    expect((sent["state"], lines_of(sent), sent["number"][:3]), ("in_transit", [(nut, 2), (bolt, 4)], "MM/"))
    expect((rest["state"], lines_of(rest), rest["day"], rest["reason"], rest["warehouse"], rest["to_warehouse"]),
           ("draft", [(nut, 4)], day(-3), "autumn", seen["depot"], seen["shop"]))
    expect((level(k, nut, "depot"), level(k, nut, "shop")), ((8, 0, 8), (0, 0, 0)))
    act(k, first, "receive")
    act(k, rest["id"], "send", lines=rows(k, rest["id"], 1))
    act(k, rest["id"], "receive")
    last = rest_of(k, rest["id"])
    act(k, last["id"], "post")
    expect((level(k, nut, "depot"), level(k, nut, "shop"), level(k, bolt, "shop")), ((4, 0, 4), (6, 0, 6), (4, 0, 4)))
    expect([k.get("logistics.transfer", of)["state"] for of in (first, rest["id"], last["id"])], ["done"] * 3)


def too_much_is_refused_at_its_row(k):
    pan = rare(k, "t-pan", rule=False)
    put(k, pan, 9)
    first = slip(k, (pan, 5, {}), (pan, 2, {}))
    error = refused("rule", lambda: act(k, first, "send", lines=rows(k, first, 1, 3)), "lines[1].quantity")
    expect((error.problems[0]["message"], bool(error.problems[0]["hint"])), ('3 of "T-Pan" are more than the 2 on the slip', True))
    refused("validation", lambda: act(k, first, "send", lines=[*rows(k, first, 1), {"line": 999999, "quantity": "1"}]), "lines[1].line")
    refused("validation", lambda: act(k, first, "send", lines=rows(k, first, 1) * 2), "lines[1].line")
    refused("validation", lambda: act(k, first, "send", lines=rows(k, first, "0.5")), "lines[0].quantity")
    refused("rule", lambda: act(k, first, "send", lines=rows(k, first, 0, 0)), "lines")
    expect((k.get("logistics.transfer", first)["state"], level(k, pan, "depot")), ("draft", (9, 0, 9)))
    act(k, first, "send")
    error = refused("rule", lambda: act(k, first, "receive", lines=rows(k, first, 6)), "lines[0].quantity")
    expect((error.problems[0]["message"], bool(error.problems[0]["hint"])), ('6 of "T-Pan" are more than the 5 on the slip', True))
    refused("rule", lambda: act(k, first, "receive", lines=rows(k, first, 0)), "lines")
    act(k, first, "receive")
    expect(level(k, pan, "shop"), (7, 0, 7))


def what_is_there_goes_and_the_rest_by_policy(k):
    """Two of the five lamps are there, which are not reserved for others, and no lid at all."""
    cup, lid = rare(k, "t-cup", rule=False), rare(k, "t-lid", rule=False)
    put(k, cup, 3)
    sold(k, cup, 1, "depot")
    makes = lambda: slip(k, (cup, 2, {}), (cup, 3, {}), (lid, 1, {}))
    first = makes()
    refused("rule", lambda: act(k, first, "send"), "lines[1].quantity", "lines[2].quantity")
    refused("rule", lambda: act(k, first, "send", rest="all_at_once"), "lines[1].quantity", "lines[2].quantity")
    refused("rule", lambda: act(k, first, "send", rest="all_at_once", lines=rows(k, first, 2)), "lines")
    act(k, first, "send", rest="as_available")
    expect((lines_of(k.get("logistics.transfer", first)), lines_of(rest_of(k, first))), ([(cup, 2)], [(cup, 3), (lid, 1)]))
    refused("rule", lambda: act(k, rest_of(k, first)["id"], "send", rest="as_available"), "lines")
    put(k, cup, 1)
    second = makes()
    act(k, second, "send", rest="cancel_rest")
    expect((lines_of(k.get("logistics.transfer", second)), rest_of(k, second)), ([(cup, 1)], None))
    act(k, first, "receive"), act(k, second, "receive")
    expect((level(k, cup, "depot"), level(k, cup, "shop")), ((1, 1, 0), (3, 0, 3)))


def boxes_and_lots_and_pieces_go_in_parts(k):
    """Of a line of two boxes thirteen pieces go; of one of any lot those that are named; of one that names its pieces those that are named again."""
    can, gas, van = rare(k, "t-can", rule=False), rare(k, "t-gas", rule=False, tracking="lot"), rare(k, "t-van", rule=False, tracking="serial")
    box = make(k, "base.unit", code="t-box", category="count")
    make(k, "base.item_unit", item=can, unit=box, factor="10")
    put(k, can, 20), put(k, gas, 5, new_lot="A"), put(k, gas, 5, new_lot="B"), put(k, van, 3, serials="V1\nV2\nV3")
    first = slip(k, (can, 2, {"unit": box}), (gas, 8, {}), (van, 3, {"serials": "V1\nV2\nV3"}))
    can_line, gas_line, van_line = (line["id"] for line in k.get("logistics.transfer", first)["lines"])
    gases = lots_of(k, gas)
    refused("validation", lambda: act(k, first, "send", lines=[{"line": van_line, "quantity": "1"}]), "lines[0].serials")
    act(k, first, "send", lines=[{"line": can_line, "quantity": "13"}, {"line": gas_line, "quantity": "2", "lot": gases["B"]}, {"line": gas_line, "quantity": "1", "lot": gases["A"]},
                                 {"line": van_line, "serials": "V3\nV1"}])
    sent, rest = k.get("logistics.transfer", first), rest_of(k, first)
    expect((lines_of(sent), lines_of(rest), rest["lines"][2]["serials"]),
           ([(can, 13), (gas, 2), (gas, 1), (van, 1), (van, 1)], [(can, 7), (gas, 5), (van, 1)], "V2"))
    on_hand = lambda of, lot: D(k.call("logistics.availability", {"item": of, "lot": lot, "warehouse": seen["depot"]})["on_hand"])
    expect((on_hand(gas, gases["A"]), on_hand(gas, gases["B"]), level(k, van, "depot")[0], level(k, can, "depot")[0]), (4, 3, 1, 7))
    act(k, first, "receive", lines=[{"line": sent["lines"][1]["id"], "quantity": "1"}, {"line": sent["lines"][4]["id"], "serials": "V3"}])
    expect([D(line["received"]) for line in k.get("logistics.transfer", first)["lines"]], [0, 1, 0, 0, 1])
    act(k, rest["id"], "post")
    open_now, = [t for t in k.list("logistics.transfer", [["backorder_of", "=", first], ["state", "=", "in_transit"]])["rows"]]
    names = {number: name for of in (gas, van) for name, number in lots_of(k, of).items()}
    expect([(line["item"], D(line["quantity"]), names.get(line["lot"])) for line in open_now["lines"]], [(can, 13, None), (gas, 1, "B"), (gas, 1, "A"), (van, 1, "V1")])
    act(k, open_now["id"], "receive")
    expect([level(k, of, "shop")[0] for of in (can, gas, van)], [20, 8, 3])


# ---- What arrives ----

def what_did_not_arrive_stays_on_its_way(k):
    """A line of no lot went as two: what of it came is of the first, what comes later names the second."""
    tin = rare(k, "t-tin", rule=False, tracking="lot")
    put(k, tin, 3, new_lot="one", expires="2031-01-01"), put(k, tin, 3, new_lot="two", expires="2032-01-01")
    first = slip(k, (tin, 5, {}))
    act(k, first, "send")
    act(k, first, "receive", lines=rows(k, first, 2))
    rest, lots = rest_of(k, first), lots_of(k, tin)
    expect((k.get("logistics.transfer", first)["state"], rest["state"], rest["number"][:3], rest["number"] != k.get("logistics.transfer", first)["number"]), ("done", "in_transit", "MM/", True))
    expect([(line["lot"], D(line["quantity"])) for line in rest["lines"]], [(lots["one"], 1), (lots["two"], 2)])
    expect((level(k, tin, "shop"), D(k.call("logistics.availability", {"item": tin, "warehouse": seen["shop"]})["incoming"])), ((2, 0, 2), 3))
    act(k, rest["id"], "receive", lines=[{"line": rest["lines"][1]["id"], "quantity": "2"}])
    last = rest_of(k, rest["id"])
    act(k, last["id"], "receive")
    expect((level(k, tin, "shop"), level(k, tin, "depot"), rest_of(k, last["id"])), ((5, 0, 5), (1, 0, 1), None))
    worth = [D(row["value"]) for row in k.list("logistics.valuation", [["item", "=", tin]])["rows"]]
    expect(worth, [D("18.00")])


# ---- Who waits ----

def who_needs_it_last_waits_for_what_is_sent_later(k):
    """Five lamps for one order and three for a later one are on one slip, with two feet: six lamps go."""
    lamp, foot = item(k, "t-lamp", 8), item(k, "t-foot", 2)
    (early, _), (late, _), (feet, _) = sold(k, lamp, 5, asked=day(10)), sold(k, lamp, 3, asked=day(10)), sold(k, foot, 2, asked=day(10))
    (first, _, sent_on, _), = slips(k, lamp)
    promised = k.get("crm.order", late)["promised"]
    act(k, first, "send", lines=rows(k, first, 6))
    rest = rest_of(k, first)
    expect((rest["state"], rest["asked"], rest["day"], lines_of(rest)), ("draft", True, sent_on, [(lamp, 2), (foot, 2)]))
    expect((level(k, lamp, "depot"), level(k, foot, "depot")), ((2, 2, 0), (2, 2, 0)))
    supplies = lambda order: sorted((p["kind"], D(p["quantity"]), (p["supply"] or {}).get("id")) for p in k.call("base.supply.explain", {"document": {"entity": "crm.order", "id": order}})["parts"])
    expect((supplies(early), supplies(late), supplies(feet)), ([("transfer", 5, first)], sorted([("transfer", 1, first), ("transfer", 2, rest["id"])]), [("transfer", 2, rest["id"])]))
    expect(k.get("crm.order", late)["promised"], promised)
    other, _ = sold(k, lamp, 1, "depot") # nobody takes away what is reserved for the rest
    expect([c[0] for c in covers(k, other)], ["buy"])
    act(k, first, "receive", lines=rows(k, first, 4))
    way, = [t for t in k.list("logistics.transfer", [["backorder_of", "=", first], ["state", "=", "in_transit"]])["rows"]]
    number = lambda order: [(kind, q) for kind, q, _ in supplies(order)]
    expect((number(early), number(late), level(k, lamp, "shop")), ([("stock", 4), ("transfer", 1)], [("transfer", 1), ("transfer", 2)], (4, 4, 0)))
    expect({s for of in (early, late) for kind, _, s in supplies(of) if kind == "transfer"}, {way["id"], rest["id"]})
    act(k, way["id"], "receive")
    act(k, rest["id"], "post")
    expect((number(early), number(late), number(feet)), ([("stock", 5)], [("stock", 3)], [("stock", 2)]))
    expect((level(k, lamp, "shop"), level(k, foot, "shop"), level(k, lamp, "depot")), ((8, 8, 0), (2, 2, 0), (0, 0, 0)))


def what_is_not_sent_any_more_comes_in_another_way(k):
    hood = item(k, "t-hood", 5)
    (early, _), (late, _) = sold(k, hood, 3, asked=day(20)), sold(k, hood, 2, asked=day(20))
    (first, _, _, _), = slips(k, hood)
    act(k, first, "send", lines=rows(k, first, 4), rest="cancel_rest")
    expect(([c[:2] for c in covers(k, early)], sorted(c[:2] for c in covers(k, late)), slips(k, hood)), ([("transfer", 3)], [("buy", 1), ("transfer", 1)], []))
    expect((level(k, hood, "depot"), rest_of(k, first)), ((1, 0, 1), None))
    act(k, first, "receive")
    expect(([c[:2] for c in covers(k, early)], sorted(c[:2] for c in covers(k, late))), ([("stock", 3)], [("buy", 1), ("stock", 1)]))


def lots_that_are_named_go_and_others_are_kept_for_the_rest(k):
    """Of two lots of two the first is kept for three that orders wait for, with one of the second: the second goes."""
    wax = item(k, "t-wax", tracking="lot")
    put(k, wax, 2, new_lot="one", expires="2031-01-01"), put(k, wax, 2, new_lot="two", expires="2032-01-01")
    order, _ = sold(k, wax, 3, asked=day(30))
    (first, _, _, _), = slips(k, wax)
    lots = lots_of(k, wax)
    line, = k.get("logistics.transfer", first)["lines"]
    act(k, first, "send", lines=[{"line": line["id"], "lot": lots["two"], "quantity": "1"}, {"line": line["id"], "lot": lots["one"], "quantity": "1"}])
    rest = rest_of(k, first)
    held = [(r["document"]["id"], r["lot"], D(r["quantity"])) for r in k.list("logistics.reservation", [["item", "=", wax]])["rows"]]
    expect((held, sorted(c[:2] for c in covers(k, order))), ([(rest["id"], lots["one"], 1)], [("transfer", 1), ("transfer", 2)]))
    k.call("crm.order.cancel", {"id": order, "reason": "gone"})
    expect((k.get("logistics.transfer", rest["id"])["state"], level(k, wax, "depot")), ("cancelled", (2, 0, 2)))


def pieces_that_are_named_may_be_those_that_are_kept(k):
    """Both saws of the depot are reserved for the slip, which names them by hand."""
    saw = item(k, "t-saw", tracking="serial")
    put(k, saw, 2, serials="S1\nS2")
    order, _ = sold(k, saw, 2, asked=day(40))
    (first, _, _, _), = slips(k, saw)
    line, = k.get("logistics.transfer", first)["lines"]
    k.update("logistics.transfer", first, {"lines": [{**line, "serials": "S1\nS2"}]})
    act(k, first, "post")
    expect(([c[:2] for c in covers(k, order)], level(k, saw, "shop")), ([("stock", 2)], (2, 2, 0)))


# ---- Lists of the day ----

def what_is_to_be_sent_and_what_is_late_is_listed(k):
    pot = rare(k, "t-pot", rule=False)
    today, before = slip(k, (pot, 1, {})), slip(k, (pot, 1, {}), day=day(-1))
    views = {v["name"]: v for v in k.call("system.describe", {"entities": ["logistics.transfer"]})["entities"][0]["views"] if v.get("name")}
    found = lambda name: {row["id"] for row in k.list("logistics.transfer", [*views[name]["filter"], ["lines.item", "=", pot]])["rows"]}
    expect((found("to_send"), found("late")), ({today, before}, {before}))


def the_stores_are_sound(k):
    expect(k.call("system.check", {})["sound"], True)


if __name__ == "__main__":
    run([story for story in list(globals().values()) if callable(story) and getattr(story, "__module__", "") == "__main__"
         and story not in (slip, rest_of, lines_of, rows, lots_of)], modules="base,crm,logistics,production")
