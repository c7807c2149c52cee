#!/usr/bin/env python3
"""Stories of bills of materials at work: what planning and orders take of them on which day, through phantoms, with alternates, scrap
and by-products."""
import datetime
from decimal import Decimal as D

from stories import expect, make, planned, refused, run

seen = {}
TODAY = datetime.date.today()


def day(number):
    return (TODAY + datetime.timedelta(days=number)).isoformat()


def items(k, *codes, **more):
    """Items, counted in whole pieces."""
    if not seen:
        pl, seen["pln"] = make(k, "base.country", code="PL", name="Poland", eu=True), make(k, "base.currency", code="PLN", decimals=2)
        make(k, "base.company", name="Wicher", country=pl, currency=seen["pln"])
        seen["piece"] = make(k, "base.unit", code="PIECE", name="Piece", category="count", rounding="1")
        k.call("base.tax.preset", {"country": "PL"})
    for code in codes:
        seen[code] = make(k, "base.item", code=code, name=code.title(), unit=seen["piece"], currency=seen["pln"], price="10", **more)
    return [seen[code] for code in codes]


def bill(k, code, *lines, **more):
    return make(k, "production.bom", item=seen[code], lines=[{"item": seen[c], "quantity": str(q), **(rest[0] if rest else {})} for c, q, *rest in lines], **more)


def order(k, code, quantity, **more):
    return make(k, "production.order", item=seen[code], quantity=str(quantity), **more)


def act(k, of, action, **params):
    return k.call(f"production.order.{action}", {"id": of, **params})


def takes(k, of):
    names = {id: code for code, id in seen.items() if code.isupper()}
    return {names[c["item"]]: D(c["quantity"]) for c in k.get("production.order", of)["components"]}


def proposed(k, code):
    rows = k.list("production.proposal", [["item", "=", seen[code]], ["state", "=", "planned"]], sort="due,id")["rows"]
    return [(r["kind"], D(r["quantity"]), r["release"], r["due"]) for r in rows]


def put(k, code, quantity, cost="1", **more):
    k.call("logistics.transfer.post", {"id": make(k, "logistics.transfer", kind="entry", lines=[{"item": seen[code], "quantity": str(quantity), "unit_cost": cost, **more}])})


# ---- On which day ----

def what_is_due_takes_the_revision_of_that_day(k):
    """Boxes take 15 days. From day 30 on they are of pine: of pine, too, are those that are begun before and due then."""
    items(k, "OAK", "PINE", "WAX"), items(k, "BOX", lead_days=15)
    old = bill(k, "BOX", ("OAK", 2), ("WAX", 1, {"valid_until": day(9)}))
    k.call("production.bom.revise", {"id": old, "valid_from": day(30)})
    new, = k.list("production.bom", [["item", "=", seen["BOX"]], ["revision", "=", 2]])["rows"]
    k.update("production.bom", new["id"], {"lines": [{"item": seen["PINE"], "quantity": "3"}]})
    seen["first"], seen["second"] = old, new["id"]
    for number, quantity in ((20, "5"), (29, "1"), (30, "7")):
        make(k, "production.forecast", item=seen["BOX"], day=day(number), quantity=quantity)
    planned(k)
    expect(proposed(k, "OAK"), [("buy", 10, day(5), day(5)), ("buy", 2, day(14), day(14))])
    expect((proposed(k, "PINE"), proposed(k, "WAX")), ([("buy", 21, day(15), day(15))], []))
    made = []
    for row in k.list("production.proposal", [["item", "=", seen["BOX"]]], sort="due")["rows"]:
        k.call("production.proposal.firm", {"id": row["id"]})
        made.append(k.get("production.proposal", row["id"])["supply"]["id"])
    expect([(k.get("production.order", o)["bom"], takes(k, o)) for o in made], [(old, {"OAK": 10}), (old, {"OAK": 2}), (new["id"], {"PINE": 21})])
    planned(k) # the drafts take what was planned for them
    expect((proposed(k, "PINE"), [row[1] for row in proposed(k, "OAK")]), ([("buy", 21, day(15), day(15))], [10, 2]))
    act(k, made[2], "confirm")
    expect([r["item"] for r in k.list("base.pegging", [["demand", "=", {"entity": "production.order", "id": made[2]}]])["rows"]], [seen["PINE"]])


def an_order_keeps_the_bill_of_its_day(k):
    now, soon, later = order(k, "BOX", 2), order(k, "BOX", 2, due=day(20)), order(k, "BOX", 2, due=day(30))
    expect([takes(k, o) for o in (now, soon, later)], [{"OAK": 4, "WAX": 2}, {"OAK": 4}, {"PINE": 6}])
    k.update("production.order", soon, {"due": day(31)})
    expect((k.get("production.order", soon)["bom"], takes(k, soon)), (seen["second"], {"PINE": 6}))
    k.update("production.order", soon, {"due": day(5)})
    expect((k.get("production.order", soon)["bom"], takes(k, soon)), (seen["first"], {"OAK": 4, "WAX": 2}))
    k.update("production.order", soon, {"quantity": "3", "due": day(12)})
    expect(takes(k, soon), {"OAK": 6})
    act(k, now, "confirm"), act(k, now, "reschedule", due=day(12))
    act(k, now, "resize", quantity="5") # wax it takes still, though its bill says none on its new day
    expect(takes(k, now), {"OAK": 10, "WAX": 5})
    for o in (now, soon, later):
        act(k, o, "cancel")


def what_has_a_bill_from_a_day_on_is_bought_before(k):
    items(k, "REED"), items(k, "BASKET", lead_days=2)
    bill(k, "BASKET", ("REED", 9), valid_from=day(10))
    for number in (9, 10):
        make(k, "production.forecast", item=seen["BASKET"], day=day(number), quantity="1")
    planned(k)
    expect((proposed(k, "BASKET"), proposed(k, "REED")), ([("buy", 1, day(7), day(9)), ("make", 1, day(8), day(10))], [("buy", 9, day(8), day(8))]))


# ---- Which bill, and through what ----

def a_draft_of_an_alternate_is_planned_by_it(k):
    items(k, "BRASS", "STEEL", "BELL")
    bill(k, "BELL", ("BRASS", 2))
    steel = bill(k, "BELL", ("STEEL", 3), priority=2)
    draft = order(k, "BELL", 4, due=day(6), bom=steel)
    planned(k)
    expect((proposed(k, "BRASS"), proposed(k, "STEEL")), ([], [("buy", 12, day(6), day(6))]))
    k.update("production.order", draft, {"due": day(8)}) # it was given its bill, and keeps it
    planned(k)
    expect((takes(k, draft), proposed(k, "STEEL")), ({"STEEL": 12}, [("buy", 12, day(8), day(8))]))
    peg, = k.list("production.proposal", [["item", "=", seen["STEEL"]]])["rows"][0]["pegs"]
    expect(peg["document"], {"entity": "production.order", "id": draft})
    act(k, draft, "cancel")


def phantoms_in_phantoms_are_rounded_once(k):
    """Seven lamps of a kit with 2 % lost, of two sets each with 4 % lost; a bill of three sets has five screws, 10 % lost:
    7 x 1.02 x 2 x 1.04 x 5 x 1.1 / 3 = 27.2272, so 28 screws, and no kit and no set."""
    items(k, "SCREW", "SETS", "KIT", "LAMP")
    bill(k, "SETS", ("SCREW", 5, {"scrap": "10"}), kind="phantom", quantity="3")
    bill(k, "KIT", ("SETS", 2, {"scrap": "4"}), kind="phantom")
    bill(k, "LAMP", ("KIT", 1, {"scrap": "2"}))
    shown = k.call("production.bom.explode", {"item": seen["LAMP"], "quantity": "7"})["totals"]
    expect([(t["code"], D(t["quantity"])) for t in shown], [("KIT", D("7.14")), ("SETS", D("14.8512")), ("SCREW", D("27.2272"))])
    wanted = make(k, "production.forecast", item=seen["LAMP"], day=day(50), quantity="7")
    planned(k)
    expect([proposed(k, code) for code in ("KIT", "SETS", "SCREW")], [[], [], [("buy", 28, day(50), day(50))]])
    k.delete("production.forecast", wanted)
    lamps = order(k, "LAMP", 7, due=day(50))
    expect(takes(k, lamps), {"SCREW": 28})
    planned(k)
    expect(proposed(k, "SCREW"), [("buy", 28, day(50), day(50))])
    act(k, lamps, "cancel")


def a_phantom_has_no_work_of_its_own(k):
    centre = make(k, "production.work_centre", code="BENCH", name="Bench")
    routing = make(k, "production.routing", code="R", name="R", steps=[{"sequence": 10, "name": "Join", "centre": centre, "run_minutes": "1"}])
    items(k, "FRAME")
    wrong = {"routing": routing, "by_products": [{"item": seen["SCREW"]}]}
    refused("validation", lambda: bill(k, "FRAME", ("SCREW", 1), kind="phantom", **wrong), "routing", "by_products")
    made = bill(k, "FRAME", ("SCREW", 1), **wrong)
    refused("validation", lambda: k.update("production.bom", made, {"kind": "phantom"}), "routing", "by_products")


def a_bill_that_changes_moves_what_goes_in_below(k):
    """Wire went into lamps alone; once it goes into springs, which go into clips, it is planned behind both."""
    items(k, "WIRE", "SPRING", "CLIP")
    bill(k, "CLIP", ("SPRING", 1))
    wanted = [make(k, "production.forecast", item=seen[code], day=day(70), quantity="4") for code in ("WIRE", "CLIP")]
    planned(k)
    row, = k.list("production.proposal", [["item", "=", seen["WIRE"]]])["rows"]
    expect((row["level"] or 0, proposed(k, "WIRE")), (0, [("buy", 4, day(70), day(70))]))
    bill(k, "SPRING", ("WIRE", 3))
    planned(k)
    row, = k.list("production.proposal", [["item", "=", seen["WIRE"]]])["rows"]
    expect((row["level"], proposed(k, "WIRE")), (2, [("buy", 16, day(70), day(70))]))
    for one in wanted:
        k.delete("production.forecast", one)


# ---- Made ahead ----

def made_of(k, code):
    return k.list("production.order", [["item", "=", seen[code]], ["state", "!=", "cancelled"]], sort="id")["rows"]


def what_was_planned_ahead_is_made_once(k):
    """Five machines are foreseen, of two gearboxes each. Once both are firm and confirmed, the machines wait for those gearboxes, and nothing
    is left to be planned, cancelled or moved."""
    items(k, "MACHINE", lead_days=3), items(k, "GEARBOX", lead_days=5)
    bill(k, "GEARBOX"), bill(k, "MACHINE", ("GEARBOX", 2))
    make(k, "production.forecast", item=seen["MACHINE"], day=day(40), until=day(60), quantity="5")
    planned(k)
    for code in ("GEARBOX", "MACHINE"):
        proposal, = k.list("production.proposal", [["item", "=", seen[code]]])["rows"]
        k.call("production.proposal.firm", {"id": proposal["id"]})
        act(k, k.get("production.proposal", proposal["id"])["supply"]["id"], "confirm")
    boxes, machines = made_of(k, "GEARBOX"), made_of(k, "MACHINE")
    expect([(D(o["quantity"]), o["due"]) for o in boxes + machines], [(10, day(37)), (5, day(40))])
    peg, = k.list("base.pegging", [["demand", "=", {"entity": "production.order", "id": machines[0]["id"]}]])["rows"]
    expect((peg["kind"], D(peg["quantity"]), peg["supply"]["id"], peg["day"]), ("make", 10, boxes[0]["id"], day(37)))
    planned(k)
    expect([(proposed(k, code), k.count("production.message", [["item", "=", seen[code]]])) for code in ("GEARBOX", "MACHINE")], [([], 0), ([], 0)])
    seen["ahead"] = machines[0]["id"]


def who_orders_takes_of_what_is_made_ahead(k):
    """Three machines are sold for day 45: they are three of the five. Of four more two are, and two are made besides; when the first order is
    cancelled, its three are for the next one, and none is made less."""
    party = make(k, "base.party", name="Nowak", is_customer=True)
    def sale(quantity, **more):
        sold = make(k, "crm.order", party=party, lines=[{"item": seen["MACHINE"], "quantity": quantity, "price": "9", **more}])
        return sold, [(p["kind"], D(p["quantity"]), p["supply"]["id"]) for p in k.call("crm.order.confirm", {"id": sold})["parts"] if not p["level"]]
    first, parts = sale("3", asked=day(45))
    expect(parts, [("make", 3, seen["ahead"])])
    second, parts = sale("4", asked=day(45))
    more = made_of(k, "MACHINE")[-1]["id"]
    expect((parts, len(made_of(k, "MACHINE"))), ([("make", 2, seen["ahead"]), ("make", 2, more)], 2))
    expect(sale("1", asked=day(39))[1][0][2] in (seen["ahead"], more), False) # sooner than it is there
    k.call("crm.order.cancel", {"id": first, "reason": "Gone"})
    expect((D(k.get("production.order", seen["ahead"])["quantity"]), k.get("production.order", seen["ahead"])["state"]), (5, "confirmed"))
    expect(sale("3", asked=day(50))[1], [("make", 3, seen["ahead"])])
    k.call("crm.order.cancel", {"id": second, "reason": "Gone"}) # the two that were made for it alone are not made
    expect((D(k.get("production.order", seen["ahead"])["quantity"]), k.get("production.order", more)["state"]), (5, "cancelled"))
    expect(sale("1")[1][0][2] == seen["ahead"], False) # as soon as possible: it has not begun
    act(k, seen["ahead"], "start")
    expect(sale("1")[1], [("make", 1, seen["ahead"])])


def what_is_made_ahead_and_fails_covers_nobody(k):
    """Of five clocks made ahead all are waited for: one is scrapped, and made by another order; so is what the first one does not make."""
    items(k, "CLOCK"), bill(k, "CLOCK"), items(k, "TOWER"), bill(k, "TOWER", ("CLOCK", 5))
    clocks, tower = order(k, "CLOCK", 5, due=day(3)), order(k, "TOWER", 1, due=day(9))
    act(k, clocks, "confirm"), act(k, tower, "confirm")
    waits = lambda: [(p["kind"], D(p["quantity"]), p["supply"]["id"]) for p in k.list("base.pegging", [["demand", "=", {"entity": "production.order", "id": tower}]], sort="id")["rows"]]
    expect(waits(), [("make", 5, clocks)])
    act(k, clocks, "report", produced="1", scrapped="1")
    again = made_of(k, "CLOCK")[-1]["id"]
    expect(sorted(waits())[:2], [("make", 1, again), ("make", 3, clocks)])
    act(k, clocks, "finish")
    last = made_of(k, "CLOCK")[-1]["id"]
    expect((sorted(waits())[:2], len({clocks, again, last})), ([("make", 1, again), ("make", 3, last)], 3))
    expect(k.call("system.check", {})["sound"], True)


# ---- By-products ----

def by_products_come_in_whole_pieces_and_none_is_lost(k):
    """Of ten boards three offcuts come, however many are reported at a time; they bear a tenth of the cost to the cent."""
    items(k, "LOG", standard_cost="10"), items(k, "OFFCUT", "BOARD")
    bill(k, "BOARD", ("LOG", 1), quantity="10", by_products=[{"item": seen["OFFCUT"], "quantity": "3", "cost_share": "10"}]) # ten boards of one log
    put(k, "LOG", 10, "10")
    made = order(k, "BOARD", 10)
    act(k, made, "confirm")
    expect(k.get("production.order", made)["planned_cost"], "10.00")
    out = []
    for quantity in (1, 1, 1, 3, 2, 2):
        act(k, made, "report", produced=str(quantity))
        out.append(D(k.get("production.order", made)["outputs"][0]["received"] or 0))
    expect(out, [0, 0, 0, 1, 2, 3])
    act(k, made, "finish")
    row = k.get("production.order", made)
    expect((row["material"], row["received"], row["variance"]), ("10.00", "10.00", "0.00"))
    value = lambda code: sum(D(m["value"]) for m in k.list("logistics.move", [["item", "=", seen[code]], ["from_place", "=", "production"]])["rows"])
    expect((value("OFFCUT"), value("BOARD")), (D("1.00"), D("9.00")))


def by_products_that_came_stay_told_when_the_order_grows(k):
    made = order(k, "BOARD", 20)
    act(k, made, "confirm")
    act(k, made, "report", produced="10")
    act(k, made, "resize", quantity="30")
    row = k.get("production.order", made)
    expect([(D(o["quantity"]), D(o["received"])) for o in row["outputs"]], [(9, 3)])
    act(k, made, "report", produced="20")
    expect([D(o["received"]) for o in k.get("production.order", made)["outputs"]], [9])
    act(k, made, "finish")


def by_products_are_expected_when_the_order_is_ready(k):
    """Thirty planks leave six slats, on the day on which they are made, as long as they are to be made: fewer of fewer, none of scrap and of none."""
    items(k, "SLAT", "PLANK")
    bill(k, "PLANK", ("LOG", 1), quantity="10", by_products=[{"item": seen["SLAT"], "quantity": "2"}])
    put(k, "LOG", 10, "10")
    coming = lambda **until: D(k.call("logistics.availability", {"item": seen["SLAT"], **until})["incoming"])
    made = order(k, "PLANK", 30, due=day(20))
    expect(coming(), 0)
    act(k, made, "confirm")
    expect((coming(), coming(day=day(19)), coming(day=day(20))), (6, 0, 6))
    act(k, made, "reschedule", due=day(30))
    expect((coming(day=day(29)), coming(day=day(30))), (0, 6))
    act(k, made, "resize", quantity="20")
    expect(coming(), 4)
    act(k, made, "report", produced="5")
    expect(coming(), 3)
    act(k, made, "report", produced="4", scrapped="6") # of fourteen good ones two slats come
    expect(coming(), 1)
    act(k, made, "finish")
    expect((coming(), D(k.call("logistics.availability", {"item": seen["SLAT"]})["on_hand"])), (0, 1))
    gone = order(k, "PLANK", 30, due=day(20))
    act(k, gone, "confirm"), act(k, gone, "cancel")
    expect(coming(), 0)


def by_products_are_not_bought_as_well(k):
    """Ten planks leave two slats. Of five slats on day 25 four come with the planks of day 10 and 20, be they proposed, firm or confirmed; of three on day 5 none do."""
    k.call("logistics.transfer.post", {"id": make(k, "logistics.transfer", kind="issue", lines=[{"item": seen["PLANK"], "quantity": "9"}])})
    for on in (10, 20):
        make(k, "production.forecast", item=seen["PLANK"], day=day(on), quantity="10")
    for on, quantity in ((5, "3"), (25, "5")):
        make(k, "production.forecast", item=seen["SLAT"], day=day(on), quantity=quantity)
    planned(k)
    there = 1 # of the story before
    expect([row[1::2] for row in proposed(k, "SLAT")], [(3 - there, day(5)), (1, day(25))])
    first = k.list("production.proposal", [["item", "=", seen["PLANK"]], ["due", "=", day(10)]])["rows"][0]["id"]
    for firm in (lambda: k.call("production.proposal.firm", {"id": first}), lambda: act(k, k.get("production.proposal", first)["supply"]["id"], "confirm")):
        firm()
        planned(k)
        expect([row[1::2] for row in proposed(k, "SLAT")], [(3 - there, day(5)), (1, day(25))])
        expect(k.count("production.message", [["item", "=", seen["SLAT"]]]), 0)
    act(k, k.get("production.proposal", first)["supply"]["id"], "cancel")
    planned(k)
    expect([row[1::2] for row in proposed(k, "SLAT")], [(3 - there, day(5)), (1, day(25))]) # the planks are planned anew
    for row in k.list("production.forecast", [["item", "in", [seen["PLANK"], seen["SLAT"]]]])["rows"]:
        k.delete("production.forecast", row["id"])


def sold(k, code, quantity, asked=None, **more):
    s = k.call("crm.order.confirm", {"id": (made := make(k, "crm.order", party=party(k), lines=[{"item": seen[code], "quantity": str(quantity), "price": "10"}], asked=asked, **more))})
    return made, s


def party(k):
    if "party" not in seen:
        seen["party"], seen["mill"] = make(k, "base.party", name="Nowak"), make(k, "base.party", name="Stalmet", is_supplier=True)
    return seen["party"]


def covers(k, order):
    parts = k.call("base.supply.explain", {"document": {"entity": "crm.order", "id": order}})["parts"]
    return [(p["kind"], D(p["quantity"]), p["supply"]["id"] if p["kind"] == "make" else None, p["day"]) for p in parts if not p["level"]]


def by_products_are_for_whoever_needs_them_later(k):
    """Knobs come with doors, one with each, and cost a tenth of these; without them they are bought in five days. Three that are asked for behind the
    doors take three of their four; one that is asked for before is bought, the next takes the last, and another one is bought."""
    party(k)
    items(k, "DOOR", "KNOB"), items(k, "WOOD", standard_cost="10")
    make(k, "logistics.supplier_price", item=seen["KNOB"], party=seen["mill"], price="4", currency=seen["pln"], lead_days=5)
    bill(k, "DOOR", ("WOOD", 1), by_products=[{"item": seen["KNOB"], "quantity": "1", "cost_share": "10"}])
    put(k, "WOOD", 40, "10")
    seen["doors"] = doors = order(k, "DOOR", 4, due=day(20))
    act(k, doors, "confirm")
    seen["first"], answer = sold(k, "KNOB", 3, day(25))
    expect([(p["kind"], D(p["quantity"]), p["supply"], p["day"], p["cost"]) for p in answer["parts"]],
           [("make", 3, {"entity": "production.order", "id": doors}, day(20), "3.00")])
    early, _ = sold(k, "KNOB", 1, day(19))
    expect(covers(k, early)[0][0], "buy")
    seen["second"], _ = sold(k, "KNOB", 2, day(30))
    expect([c[:3] for c in covers(k, seen["second"])], [("make", 1, doors), ("buy", 1, None)])
    planned(k)
    expect(proposed(k, "KNOB"), [])
    k.call("crm.order.cancel", {"id": early, "reason": "Gone"})


def what_comes_with_less_is_covered_in_another_way(k):
    """Doors that are made later come later, knobs and all; of three doors there are three knobs, and who needs his last does without; of one that is scrapped none comes."""
    doors, first, second = seen["doors"], seen["first"], seen["second"]
    act(k, doors, "reschedule", due=day(24))
    expect(covers(k, first), [("make", 3, doors, day(24))])
    act(k, doors, "resize", quantity="3")
    expect(([c[:3] for c in covers(k, first)], [c[:3] for c in covers(k, second)]), ([("make", 3, doors)], [("buy", 1, None), ("buy", 1, None)]))
    act(k, doors, "report", produced="1")
    expect([c[:3] for c in covers(k, first)], [("make", 2, doors), ("stock", 1, None)])
    act(k, doors, "report", produced="1", scrapped="1")
    expect(sorted(c[:3] for c in covers(k, first)), [("buy", 1, None), ("stock", 2, None)])
    act(k, doors, "finish")
    expect(k.call("system.check", {})["sound"], True)


def what_comes_with_an_order_goes_with_it(k):
    """Cancelled by hand, or with whom it was made for -- be it the same customer's order, whatever line comes first."""
    k.call("logistics.transfer.post", {"id": make(k, "logistics.transfer", kind="issue", lines=[{"item": seen["DOOR"], "quantity": "2"}])})
    doors = order(k, "DOOR", 5, due=day(20))
    act(k, doors, "confirm")
    knobs, _ = sold(k, "KNOB", 4, day(40))
    expect([c[:3] for c in covers(k, knobs)], [("make", 4, doors)])
    act(k, doors, "cancel")
    expect([c[:2] for c in covers(k, knobs)], [("buy", 4)])
    k.call("crm.order.cancel", {"id": knobs, "reason": "Gone"})
    for lines in (("KNOB", "DOOR"), ("DOOR", "KNOB")):
        doors, _ = sold(k, "DOOR", 3, day(20))
        made = made_of(k, "DOOR")[-1]["id"]
        others, _ = sold(k, "KNOB", 1, day(40))
        both = make(k, "crm.order", party=seen["party"], asked=day(40), lines=[{"item": seen[code], "quantity": "2" if code == "DOOR" else "1", "price": "10"} for code in lines])
        k.call("crm.order.confirm", {"id": both})
        of_both = made_of(k, "DOOR")[-1]["id"]
        expect(sorted(c[1:3] for c in covers(k, both)), [(1, made), (2, of_both)])
        k.call("crm.order.cancel", {"id": doors, "reason": "Gone"})
        expect(([c[:3] for c in covers(k, others)], sorted(c[1:3] for c in covers(k, both))), ([("make", 1, of_both)], [(1, of_both), (2, of_both)]))
        k.call("crm.order.cancel", {"id": both, "reason": "Gone"})
        expect((covers(k, both), [c[:2] for c in covers(k, others)], k.get("production.order", of_both)["state"]), ([], [("buy", 1)], "cancelled"))
        k.call("crm.order.cancel", {"id": others, "reason": "Gone"})
    expect(k.call("system.check", {})["sound"], True)


def nothing_waits_for_what_waits_for_it(k):
    """Putty is made of chalk, and chalk comes with the sashes that take it: that of a sash is for other putty than its own."""
    items(k, "SASH", "PUTTY"), items(k, "CHALK", standard_cost="1")
    make(k, "logistics.supplier_price", item=seen["CHALK"], party=seen["mill"], price="4", currency=seen["pln"], lead_days=5)
    bill(k, "PUTTY", ("CHALK", 1))
    bill(k, "SASH", ("PUTTY", 1), by_products=[{"item": seen["CHALK"], "quantity": "1"}])
    sashes, other = order(k, "SASH", 3, due=day(20)), order(k, "SASH", 3, due=day(30))
    for one in (sashes, other):
        act(k, one, "confirm")
    chalk = lambda of: sorted((p["kind"], D(p["quantity"]), p["supply"]["id"] if p["kind"] == "make" else None) for p in
                             k.call("base.supply.explain", {"document": {"entity": "production.order", "id": of}})["parts"] if p["item"] == seen["CHALK"])
    expect((chalk(sashes), chalk(other)[-1]), ([("buy", 3, None)], ("make", 3, sashes)))
    putty = next(o["id"] for o in made_of(k, "PUTTY") if o["demand"]["id"] == sashes)
    act(k, putty, "resize", quantity="1") # the sashes ask for more of it, and that for chalk
    expect([kind for kind, _, supply in chalk(sashes) if supply == sashes], [])
    for one in (other, sashes):
        act(k, one, "cancel")
    expect(k.call("system.check", {})["sound"], True)


def by_products_come_in_a_lot_of_the_reports_name(k):
    items(k, "SHEET", standard_cost="3"), items(k, "DUST", tracking="lot"), items(k, "PANEL")
    bill(k, "PANEL", ("SHEET", 1), by_products=[{"item": seen["DUST"], "quantity": "2"}, {"item": seen["OFFCUT"]}])
    put(k, "SHEET", 5, "3")
    made = order(k, "PANEL", 5)
    act(k, made, "confirm")
    refused("validation", lambda: act(k, made, "report", produced="1"), "lot")
    act(k, made, "report", produced="3", lot="D-1"), act(k, made, "report", produced="2", lot="D-2")
    lots = {r["id"]: r["name"] for r in k.list("logistics.lot", [["item", "=", seen["DUST"]]])["rows"]}
    moves = k.list("logistics.move", [["document", "=", {"entity": "production.order", "id": made}], ["from_place", "=", "production"]], sort="id")["rows"]
    expect([(m["item"], lots.get(m["lot"]), D(m["quantity"])) for m in moves if m["item"] != seen["PANEL"]],
           [(seen["DUST"], "D-1", 6), (seen["OFFCUT"], None, 3), (seen["DUST"], "D-2", 4), (seen["OFFCUT"], None, 2)])
    act(k, made, "finish")


def a_lot_is_traced_to_those_it_is_in(k):
    """Two units, each in a lot of its own: the paint of one is not in the other; of the parts that both have each has its lot. Chips that came
    with them are of all of it."""
    items(k, "PAINT", "PART", "UNIT", "CHIPS", tracking="lot")
    bill(k, "UNIT", ("PART", 1), ("PAINT", 1), by_products=[{"item": seen["CHIPS"], "quantity": "1"}])
    for code, lots in (("PAINT", ("RED", "BLUE")), ("PART", ("P-1",))):
        for lot in lots:
            put(k, code, 2, new_lot=lot)
    made = order(k, "UNIT", 2)
    act(k, made, "confirm")
    for paint, unit in (("RED", "U-1"), ("BLUE", "U-2")):
        act(k, made, "report", produced="1", lot=unit, used=[{"item": seen["PAINT"], "quantity": "1", "lot": paint}])
    act(k, made, "finish")
    lots = {(r["item"], r["name"]): r["id"] for r in k.list("logistics.lot", limit=200)["rows"]}
    def traced(code, name, way):
        moves = k.call("logistics.trace", {"lot": lots[seen[code], name]})["moves"]
        return {(m["item_name"], m["lot_name"]) for m in moves if m["way"] == way and m["level"] and m["lot"] != lots[seen[code], name]}
    chips = {("Chips", "U-1"), ("Chips", "U-2")}
    expect(traced("PAINT", "RED", "to"), {("Unit", "U-1")} | chips)
    expect(traced("PART", "P-1", "to"), {("Unit", "U-1"), ("Unit", "U-2")} | chips)
    expect(traced("UNIT", "U-2", "from"), {("Paint", "BLUE"), ("Part", "P-1")})
    expect(traced("CHIPS", "U-1", "from"), {("Paint", "RED"), ("Paint", "BLUE"), ("Part", "P-1")})


def the_house_is_sound(k):
    expect(k.call("system.check", {})["sound"], True)


if __name__ == "__main__":
    run([story for story in list(globals().values()) if callable(story) and getattr(story, "__module__", "") == "__main__"
         and story not in (day, planned, sold, party, covers, items, bill, order, act, takes, proposed, put, made_of)], modules="base,crm,logistics,production")
