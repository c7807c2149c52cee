#!/usr/bin/env python3
"""Stories of production orders over HTTP, with base alone beside production: from the plan to the cost."""
import datetime

from stories import expect, make, refused, run

seen = {}


def act(k, order, action, **params):
    return k.call(f"production.order.{action}", {"id": order, **params})


def operations(k, order):
    return k.list("production.operation", [["order", "=", order]], sort="sequence")["rows"]


def workshop(k):
    """A joiner: a saw for two, a bench for one, both from 06:00 to 14:00 on weekdays; tables of four legs and a top."""
    if seen:
        return seen
    seen["calendar"] = make(k, "base.calendar", name="One shift", hours=[{"weekday": d, "from": "06:00", "until": "14:00"} for d in
                                                                         ("monday", "tuesday", "wednesday", "thursday", "friday")])
    seen["saw"] = make(k, "production.work_centre", code="SAW", name="Saw", slots=2, calendar=seen["calendar"], machine_rate="60", labour_rate="30", overhead_rate="12")
    seen["bench"] = make(k, "production.work_centre", code="BENCH", name="Bench", calendar=seen["calendar"], labour_rate="36")
    for code, cost in (("TABLE", None), ("LEG", None), ("TOP", "40"), ("WOOD", "4"), ("GLUE", "10"), ("OFFCUT", None)):
        seen[code] = make(k, "base.item", code=code, name=code.title(), standard_cost=cost)
    cut = make(k, "production.routing", code="LEG", name="Legs", steps=[
        {"sequence": 10, "name": "Cut", "centre": seen["saw"], "setup_minutes": "30", "run_minutes": "3"}])
    join = make(k, "production.routing", code="TABLE", name="Tables", steps=[
        {"sequence": 10, "name": "Sand", "centre": seen["bench"], "run_minutes": "10"},
        {"sequence": 20, "name": "Drill", "centre": seen["saw"], "run_minutes": "5", "after": "0"},
        {"sequence": 30, "name": "Join", "centre": seen["bench"], "setup_minutes": "15", "run_minutes": "20", "after": "10 20"}])
    seen["leg bom"] = make(k, "production.bom", item=seen["LEG"], lines=[{"item": seen["WOOD"], "quantity": "0.5"}], routing=cut)
    seen["table bom"] = make(k, "production.bom", item=seen["TABLE"], routing=join, tolerance="10", lines=[
        {"item": seen["LEG"], "quantity": "4"}, {"item": seen["TOP"]}, {"item": seen["GLUE"], "quantity": "0.1", "scrap": "10"}],
        by_products=[{"item": seen["OFFCUT"], "quantity": "0.2"}])
    return seen


def confirmed(k, item="TABLE", quantity="10", **more):
    order = make(k, "production.order", item=workshop(k)[item], quantity=quantity, **more)
    act(k, order, "confirm")
    return order


def instants(rows):
    return [(datetime.datetime.fromisoformat(r["begins"]), datetime.datetime.fromisoformat(r["ends"])) for r in rows]


# ---- Planning ----

def an_order_takes_its_bill(k):
    s = workshop(k)
    row = k.get("production.order", make(k, "production.order", item=s["TABLE"], quantity="10"))
    expect([(c["item"], c["quantity"]) for c in row["components"]], [(s["LEG"], "40.0000"), (s["TOP"], "10.0000"), (s["GLUE"], "1.1000")])
    expect((row["state"], row["bom"], [o["quantity"] for o in row["outputs"]]), ("draft", s["table bom"], ["2.0000"]))
    k.update("production.order", row["id"], {"quantity": "5"})
    expect(k.get("production.order", row["id"])["components"][0]["quantity"], "20.0000")
    refused("validation", lambda: make(k, "production.order", item=s["TABLE"], quantity="0"), "quantity")
    refused("validation", lambda: make(k, "production.order", item=s["TABLE"], produced="1"), "produced")


def half_a_piece_is_neither_ordered_nor_reported(k):
    """What is made counts in its unit; what goes into it is rounded up, as before."""
    s = workshop(k)
    piece = make(k, "base.unit", code="each", category="each", rounding="1")
    stool = make(k, "base.item", code="STOOL", name="Stool", unit=piece)
    steps = [{"sequence": 10, "name": "Join", "centre": s["bench"], "run_minutes": "1"}]
    by = make(k, "production.routing", code="STOOL", name="Stools", steps=steps)
    make(k, "production.bom", item=stool, lines=[{"item": s["WOOD"], "quantity": "0.3"}], routing=by)
    error = refused("validation", lambda: make(k, "production.order", item=stool, quantity="0.5"), "quantity")
    expect(error.problems[0]["message"], 'there is no part of "Stool" like 0.5 of its unit')
    order = make(k, "production.order", item=stool, quantity="3")
    refused("validation", lambda: k.update("production.order", order, {"quantity": "2.5"}), "quantity")
    act(k, order, "confirm")
    refused("validation", lambda: act(k, order, "resize", quantity="2.5"), "quantity")
    act(k, order, "start")
    refused("validation", lambda: act(k, order, "report", produced="0.5", scrapped="0.5"), "produced", "scrapped")
    join = operations(k, order)[0]["id"]
    k.call("production.operation.start", {"id": join})
    refused("validation", lambda: k.call("production.operation.finish", {"id": join, "good": "2.5", "scrapped": "0.5"}), "good")
    act(k, order, "report", produced="3")
    refused("validation", lambda: make(k, "production.disassembly", item=stool, order=order, quantity="0.5"), "quantity")


def phantoms_are_exploded_through(k):
    s = workshop(k)
    kit = make(k, "base.item", code="KIT", name="Kit")
    make(k, "production.bom", item=kit, kind="phantom", lines=[{"item": s["GLUE"], "quantity": "2"}, {"item": s["TOP"]}])
    desk = make(k, "base.item", code="DESK", name="Desk")
    make(k, "production.bom", item=desk, lines=[{"item": kit, "quantity": "3"}, {"item": s["TOP"]}])
    row = k.get("production.order", make(k, "production.order", item=desk, quantity="2"))
    expect([(c["item"], c["quantity"]) for c in row["components"]], [(s["GLUE"], "12.0000"), (s["TOP"], "8.0000")])


def the_preview_is_what_the_confirmation_does(k):
    s = workshop(k)
    order = make(k, "production.order", item=s["TABLE"], quantity="10")
    before = k.get("production.order", order)
    preview = act(k, order, "preview")["result"]
    expect((k.get("production.order", order), operations(k, order)), (before, []))
    answer = act(k, order, "confirm")
    for name in ("day", "planned_cost", "minutes", "state"):
        expect((name, preview[name]), (name, answer[name]))
    rows = operations(k, order)
    expect([(r["name"], r["state"], r["machine_minutes"]) for r in rows],
           [("Sand", "ready", "100.0000"), ("Drill", "ready", "50.0000"), ("Join", "blocked", "215.0000")])
    (sand, drill, join) = instants(rows)
    if not (sand[1] <= join[0] and drill[1] <= join[0]):
        raise AssertionError((sand, drill, join))
    # legs: wood 80, saw 150 min with people and overhead 255; tops 400, glue 11. Bench 315 min at 36, saw 50 at 30
    row = k.get("production.order", order)
    expect((row["planned_material"], row["planned_labour"]), ("746.00", "214.00"))


def operations_never_overlap_at_their_centre(k):
    for _ in range(6):
        confirmed(k, quantity="7")
    busy = instants(k.list("production.operation", [["centre", "=", seen["bench"]], ["state", "in", ["ready", "blocked"]]], limit=200)["rows"])
    busy.sort()
    for (_, end), (begin, _) in zip(busy, busy[1:]):
        if begin < end:
            raise AssertionError(f"{begin} is before {end}")
    load = k.call("production.capacity.load", {"centre": seen["bench"]})["rows"]
    expect({r["available"] for r in load if r["available"]}, {480})
    if any(r["taken"] > r["available"] for r in load):
        raise AssertionError(load)


def any_machine_of_a_group_will_do(k):
    """The one where the work ends first: the quick one while it is free, then the other."""
    always = make(k, "base.calendar", name="Around the clock", weekdays="1234567", hours=[{"weekday": d, "from": "00:00", "until": "24:00"} for d in  # whatever the hour is now
                                                                     ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")])
    slow, quick = (make(k, "production.work_centre", code=code, name=code, group="lathes", calendar=always, efficiency=speed)
                   for code, speed in (("OLD", "50"), ("NEW", "100")))
    turning = make(k, "production.routing", code="TURN", name="Turning", steps=[{"sequence": 10, "name": "Turn", "group": "lathes", "run_minutes": "60"}])
    bowl = make(k, "base.item", code="BOWL", name="Bowl")
    make(k, "production.bom", item=bowl, routing=turning, lines=[])
    made = []
    for _ in range(3):
        order = make(k, "production.order", item=bowl, quantity="2")
        act(k, order, "confirm")
        made.append(operations(k, order)[0])
    minutes = [(e - b).total_seconds() / 60 for b, e in instants(made)]
    expect([(o["centre"], m) for o, m in zip(made, minutes)], [(quick, 120), (quick, 120), (slow, 240)])
    expect((made[1]["begins"], made[2]["begins"]), (made[0]["ends"], made[0]["begins"]))
    k.update("production.work_centre", quick, {"active": False})
    order = make(k, "production.order", item=bowl, quantity="1")
    act(k, order, "confirm")
    expect(operations(k, order)[0]["centre"], slow)


def a_day_is_kept_by_starting_late_enough(k):
    due = (datetime.date.today() + datetime.timedelta(days=60)).isoformat()
    row = k.get("production.order", confirmed(k, quantity="3", due=due))
    if not row["begins"][:10] > (datetime.date.today() + datetime.timedelta(days=50)).isoformat():
        raise AssertionError(row["begins"])
    expect((row["late"], row["day"] <= due), (False, True))
    past = k.get("production.order", confirmed(k, quantity="3", due=datetime.date.today().isoformat()))
    expect(past["late"], past["day"] > past["due"])


def a_promise_counts_the_machines(k):
    answer = k.call("production.capacity.promise", {"item": seen["TABLE"], "quantity": "1"})
    expect([s["name"] for s in answer["steps"]], ["Sand", "Drill", "Join"])
    expect(answer["day"] >= datetime.date.today().isoformat(), True)
    refused("rule", lambda: k.call("production.capacity.promise", {"item": seen["WOOD"]}), "item")


def levelling_keeps_every_operation(k):
    """Also beside one that needs no work centre, and so has no place in the plan."""
    open_order = k.list("production.order", [["state", "in", ["confirmed", "reserved"]]], limit=1)["rows"][0]["id"]
    drawing = make(k, "production.operation", order=open_order, name="Read the drawing", sequence=5)
    before = k.count("production.operation", [["state", "in", ["ready", "blocked"]], ["centre", "is_null", False]])
    answer = k.call("production.capacity.level", {"rounds": 300})
    expect(answer["operations"], before)
    if answer["late"] > answer["late_before"]:
        raise AssertionError(answer)
    busy = sorted(instants(k.list("production.operation", [["centre", "=", seen["bench"]], ["state", "in", ["ready", "blocked"]]], limit=200)["rows"]))
    for (_, end), (begin, _) in zip(busy, busy[1:]):
        if begin < end:
            raise AssertionError(f"{begin} is before {end}")
    for order in k.list("production.order", [["state", "in", ["confirmed", "reserved"]], ["day", "is_null", False]], limit=200)["rows"]:
        expect(order["day"] in order["why"], True) # what it says is what holds now
    expect(k.get("production.operation", drawing)["begins"], None)
    k.call("production.operation.delete", {"id": drawing})


def quantities_are_what_their_units_allow(k):
    piece, box = make(k, "base.unit", code="pcs", category="count", rounding="1"), make(k, "base.unit", code="box", category="packing", rounding="1")
    chair, screw = make(k, "base.item", code="CHAIR", name="Chair", unit=piece), make(k, "base.item", code="SCREW", name="Screw", unit=piece)
    make(k, "base.item_unit", item=screw, unit=box, factor="100")
    make(k, "production.bom", item=chair, quantity="3", lines=[{"item": screw, "quantity": "0.25", "unit": box}])
    order = make(k, "production.order", item=chair, quantity="2")
    expect(k.get("production.order", order)["components"][0]["quantity"], "17.0000") # a box is of 100: 16.67, and nobody takes a part of one
    act(k, order, "confirm")
    act(k, order, "report", produced="1")
    expect(k.get("production.order", order)["components"][0]["issued"], "9.0000")
    act(k, order, "report", produced="1")
    expect(k.get("production.order", order)["components"][0]["issued"], "17.0000")
    rows = k.call("production.bom.explode", {"item": chair, "quantity": "2"})["rows"]
    expect([r["quantity"] for r in rows if r["item"] == screw], ["16.666667"])


# ---- Working ----

def operations_are_started_paused_and_finished(k):
    order = confirmed(k, quantity="2")
    sand, drill, join = (r["id"] for r in operations(k, order))
    refused("state", lambda: k.call("production.operation.start", {"id": join}), "state")
    k.call("production.operation.start", {"id": sand})
    expect(k.get("production.order", order)["state"], "in_progress")
    k.call("production.operation.pause", {"id": sand, "reason": "Tool broke", "minutes": "12"})
    k.call("production.operation.start", {"id": sand})
    k.call("production.operation.finish", {"id": sand, "minutes": "8", "scrapped": "1"})
    row = k.get("production.operation", sand)
    expect((row["state"], row["actual_minutes"], row["good"], [s["reason"] for s in row["stints"]]), ("done", "20.0000", "1.0000", ["Tool broke", None]))
    expect(row["cost"], "12.00") # 20 minutes of people at 36 an hour
    expect(k.get("production.operation", join)["state"], "blocked")
    k.call("production.operation.start", {"id": drill})
    k.call("production.operation.finish", {"id": drill, "minutes": "10"})
    expect(k.get("production.operation", join)["state"], "ready")
    order = k.get("production.order", order)
    expect((order["machine"], order["labour"], order["overhead"]), ("10.00", "17.00", "2.00"))


def a_badge_and_a_work_card_begin_pause_and_finish(k, house):
    """One terminal for all: the badge says who."""
    order = confirmed(k, quantity="2")
    card, (sand, drill, join) = k.get("production.order", order)["number"], (r["id"] for r in operations(k, order))
    role = k.list("access.role", [["name", "=", "production.operator"]])["rows"][0]["id"]
    anna, bert = (make(k, "access.user", name=name, full_name=name, badge=f"B-{name}", roles=[role]) for name in ("anna", "bert"))
    k.call("access.password", {"user": anna, "new": "Workshop-2026-x"})
    terminal = house.client("anna", "Workshop-2026-x")

    def scanned(**more):
        answer = terminal.call("production.scan", {"code": card, **more})
        return answer["operation"], answer["state"], answer["person"]

    expect([scanned(badge="B-anna"), scanned(badge="B-bert")], [(sand, "in_progress", anna), (drill, "in_progress", bert)])
    expect([scanned(badge="B-bert"), scanned(badge="B-anna", reason="Tool broke")], [(drill, "done", bert), (sand, "paused", anna)])
    expect([scanned(), scanned(reason="breakdown"), scanned(), scanned(scrapped="1")], [(sand, "in_progress", anna), (sand, "paused", anna), (sand, "in_progress", anna), (sand, "done", anna)])
    expect([(s["person"], s["reason"], bool(s["downtime"])) for s in k.get("production.operation", sand)["stints"]],
           [(anna, "Tool broke", False), (anna, None, True), (anna, None, False)])
    expect(scanned(code=f"{card}:30", badge="B-bert"), (join, "in_progress", bert))
    refused("rule", lambda: scanned(code=f"{card}:20", badge="B-anna", reason="breakdown"), "reason")
    refused("validation", lambda: scanned(badge="B-nobody"), "badge")
    refused("validation", lambda: scanned(code="MO/1"), "code")
    refused("rule", lambda: scanned(badge="B-anna"), "code")


def stops_have_reasons_and_are_counted(k):
    """Sanded on Monday and Tuesday of last week, and told later: the night between is no stop."""
    s, order = workshop(k), confirmed(k, quantity="2")
    sand = operations(k, order)[0]["id"]
    monday = datetime.date.today() - datetime.timedelta(datetime.date.today().weekday() + 7)
    at = lambda days, clock: f"{monday + datetime.timedelta(days)}T{clock}:00Z"
    work = lambda verb, **told: k.call(f"production.operation.{verb}", {"id": sand, **told})
    for day, begins, pauses, told in ((0, "06:00", "07:00", {"downtime": "BREAKDOWN", "reason": "Belt"}), (0, "07:50", "13:30", {"reason": "no material"}),
                                      (1, "06:30", "08:00", {"downtime": "BREAK"}), (1, "08:15", "09:00", {})):
        work("start", at=at(day, begins))
        work("pause", at=at(day, pauses), **told)
    refused("validation", lambda: work("start", at=at(1, "08:59")), "at")
    work("start", at=at(1, "09:05"))
    refused("validation", lambda: work("finish", at=at(20, "09:00")), "at")
    work("finish", at=at(1, "10:00"))
    reasons = {r["code"]: r["id"] for r in k.each("production.downtime_reason")}
    row = k.get("production.operation", sand)
    expect([(st["minutes"], st["downtime"], st["reason"]) for st in row["stints"]],
           [("60.00", reasons["BREAKDOWN"], "Belt"), ("340.00", reasons["NO_MATERIAL"], None), ("90.00", reasons["BREAK"], None), ("45.00", None, None), ("55.00", None, None)])
    expect((row["started_at"][:16], row["finished_at"][:16], row["actual_minutes"]), (at(0, "06:00")[:16], at(1, "10:00")[:16], "590.0000"))
    answer = k.call("production.oee", {"from": str(monday), "until": str(monday + datetime.timedelta(6)), "centre": s["bench"]})
    row = answer["rows"][0]
    expect((row["busy"], row["worked"], row["availability"]), ("2385.00", "590.00", "24.74"))
    expect((row["unplanned_stops"], row["planned_stops"], row["schedule_loss"]), ("115.00", "0.00", "15.00"))
    expect([(r["code"], r["kind"], r["count"], r["minutes"], r["percent"], r["cumulative"]) for r in answer["stops"]],
           [("NO_MATERIAL", "unplanned", 1, "60.00", "46.15", "46.15"), ("BREAKDOWN", "unplanned", 1, "50.00", "38.46", "84.62"),
            ("BREAK", "schedule_loss", 1, "15.00", "11.54", "96.15"), (None, "unplanned", 1, "5.00", "3.85", "100.00")])
    expect([[r["id"] for r in k.list(stop["entity"], stop["filter"])["rows"]] for stop in answer["stops"][:3]], [[sand]] * 3)


def what_is_no_reason_any_more_is_not_chosen(k):
    reasons = {r["code"]: r["id"] for r in k.each("production.downtime_reason")}
    k.update("production.downtime_reason", reasons["TOOL"], {"active": False})
    sand = operations(k, confirmed(k, quantity="2"))[0]["id"]
    k.call("production.operation.start", {"id": sand})
    refused("validation", lambda: k.call("production.operation.pause", {"id": sand, "downtime": "TOOL"}), "downtime")
    refused("conflict", lambda: k.delete("production.downtime_reason", reasons["BREAKDOWN"]))


def stops_of_which_only_a_remark_is_known_get_reasons(k):
    """As where there were no reasons yet: what the remark names, else another one; the remark stays."""
    sand = operations(k, confirmed(k, quantity="2"))[0]["id"]
    meeting = k.list("production.downtime_reason", [["code", "=", "MEETING"]])["rows"][0]["id"]
    k.delete("production.downtime_reason", meeting)
    for remark in ("Szkolenie lub zebranie", "The belt tore"):
        k.call("production.operation.start", {"id": sand})
        k.call("production.operation.pause", {"id": sand, "reason": remark})
    expect([st["downtime"] for st in k.get("production.operation", sand)["stints"]], [None, None])
    expect(k.call("production.downtime_presets", {})["reasons"], 1)
    reasons = {r["code"]: r["id"] for r in k.each("production.downtime_reason")}
    expect([(st["downtime"], st["reason"]) for st in k.get("production.operation", sand)["stints"]],
           [(reasons["MEETING"], "Szkolenie lub zebranie"), (reasons["OTHER"], "The belt tore")])
    expect(k.count("production.operation", [["stints", "any", [["reason", "is_null", False], ["downtime", "is_null", True]]]]), 0)


def output_and_consumption_are_reported_in_parts(k):
    s = workshop(k)
    order = confirmed(k, quantity="10")
    refused("rule", lambda: act(k, order, "report", produced="11"), "produced")
    refused("validation", lambda: act(k, order, "report"), "produced")
    act(k, order, "report", produced="4")
    row = k.get("production.order", order)
    expect([c["issued"] for c in row["components"]], ["16.0000", "4.0000", "0.4400"])
    expect((row["state"], row["produced"], row["outputs"][0]["received"]), ("in_progress", "4.0000", "0.8000"))
    refused("rule", lambda: act(k, order, "report", produced="1", used=[{"item": s["TOP"], "quantity": "7.1"}]), "used[0].quantity")
    refused("validation", lambda: act(k, order, "issue", components=[{"item": s["WOOD"], "quantity": "1"}, {"item": s["TOP"], "quantity": "-1"}]),
            "components[0].item", "components[1].quantity")
    act(k, order, "report", produced="5", scrapped="1", reason="Cracked", used=[{"item": s["TOP"], "quantity": "7"}])
    row = k.get("production.order", order)
    expect([c["issued"] for c in row["components"]], ["40.0000", "11.0000", "1.1000"])
    expect((row["scrapped"], row["reason"]), ("1.0000", "Cracked"))
    refused("validation", lambda: k.update("production.order", order, {"produced": "2"}), "produced")
    refused("validation", lambda: k.update("production.order", order, {"quantity": "2"}), "quantity")


def what_an_order_cost_is_known_when_it_is_done(k):
    order = confirmed(k, quantity="10")
    act(k, order, "report", produced="10")
    act(k, order, "finish")
    row = k.get("production.order", order)
    # tops 400, glue 11; legs have no standard cost of their own and cost what their bill comes to: 20 of wood 80, 150 minutes 255
    expect((row["state"], row["material"], row["machine"], row["labour"], row["overhead"]), ("done", "746.00", "50.00", "214.00", "10.00"))
    expect((row["received"], row["variance"]), (row["planned_cost"], "0.00"))
    cents = {n: round(float(row[n]) * 100) for n in ("actual_cost", "received", "variance")}
    expect(cents["variance"], cents["actual_cost"] - cents["received"])
    expect({r["state"] for r in operations(k, order)}, {"done"})
    act(k, order, "close")
    expect(k.get("production.order", order)["state"], "closed")


def each_variance_is_told_and_they_add_up(k):
    """Ten gears of two steel at 10.00, set up in 20 minutes and made in five: 200 of steel, 70 minutes at 60, 30 and 12 an hour. Then steel costs
    11.00, people 36 and overhead 15; of eight good ones and a scrapped one 20 steel are used and 80 minutes worked."""
    steel, gear = make(k, "base.item", code="STEEL", name="Steel", standard_cost="10"), make(k, "base.item", code="GEAR", name="Gear")
    lathe = make(k, "production.work_centre", code="LATHE", name="Lathe", machine_rate="60", labour_rate="30", overhead_rate="12")
    turn = make(k, "production.routing", code="GEAR", name="Gears", steps=[{"sequence": 10, "name": "Turn", "centre": lathe, "setup_minutes": "20", "run_minutes": "5"}])
    make(k, "production.bom", item=gear, routing=turn, tolerance="20", lines=[{"item": steel, "quantity": "2"}])
    order = make(k, "production.order", item=gear, quantity="10")
    act(k, order, "confirm")
    expect(k.get("production.order", order)["planned_cost"], "319.00")
    k.update("base.item", steel, {"standard_cost": "11"})
    k.update("production.work_centre", lathe, {"labour_rate": "36", "overhead_rate": "15"})
    work = operations(k, order)[0]["id"]
    k.call("production.operation.start", {"id": work}), k.call("production.operation.finish", {"id": work, "minutes": "80"})
    act(k, order, "report", produced="8", scrapped="1", used=[{"item": steel, "quantity": "20"}])
    refused("rule", lambda: k.call("production.variances", {"order": order}), "order")
    act(k, order, "finish")
    row, told = k.get("production.order", order), k.call("production.variances", {"order": order})
    expect((row["actual_cost"], row["received"], row["variance"], told["total"]), ("368.00", "255.20", "112.80", "112.80"))
    expect([(r["kind"], r["item"] or r["operation"], r["amount"]) for r in told["rows"]], [
        ("price", steel, "20.00"), ("usage", steel, "20.00"), # 20 x (11 - 10); 20 of the 18 that nine take
        ("efficiency", work, "22.50"), ("lot_size", work, "3.40"), # 80 minutes, not 65, at 1.50; two of the set-up at 1.70
        ("rate", None, "8.00"), ("overhead", None, "7.00"), ("scrap", None, "31.90")]) # 80 x 0.10; 20.00 for 65 minutes at 0.20; a tenth of 319.00
    unreported = make(k, "production.order", item=gear, quantity="10")
    act(k, unreported, "confirm"), act(k, unreported, "report", produced="5"), act(k, unreported, "finish")
    told = k.call("production.variances", {"order": unreported}) # the set-up is made once, of ten or five: half of it, 10 x (1 + 0.60 + 0.25), is on fewer
    expect([(r["kind"], r["amount"]) for r in told["rows"]], [("lot_size", "18.50")])
    expect(k.get("production.order", unreported)["variance"], "18.50")


def the_rest_becomes_an_order_of_its_own(k):
    order = confirmed(k, quantity="10")
    act(k, order, "report", produced="6")
    act(k, order, "finish", backorder=True)
    rest = k.list("production.order", [["backorder_of", "=", order]])["rows"]
    expect([(r["quantity"], r["state"]) for r in rest], [("4.0000", "confirmed")])
    expect(len(operations(k, rest[0]["id"])), 3)


def an_order_is_resized_and_cancelled(k):
    order = confirmed(k, quantity="10")
    act(k, order, "resize", quantity="4")
    row = k.get("production.order", order)
    expect((row["quantity"], [c["quantity"] for c in row["components"]]), ("4.0000", ["16.0000", "4.0000", "0.4400"]))
    expect({r["quantity"] for r in operations(k, order)}, {"4.0000"})
    act(k, order, "cancel", reason="Not wanted")
    expect((k.get("production.order", order)["state"], {r["state"] for r in operations(k, order)}), ("cancelled", {"cancelled"}))
    refused("state", lambda: act(k, order, "confirm"), "state")


def an_order_that_has_begun_makes_more_or_less(k):
    s, order = workshop(k), confirmed(k, quantity="4")
    sand = operations(k, order)[0]["id"]
    k.call("production.operation.start", {"id": sand})
    act(k, order, "report", produced="2")
    refused("rule", lambda: act(k, order, "report", produced="3"), "produced")
    refused("rule", lambda: act(k, order, "resize", quantity="1"), "quantity")
    act(k, order, "resize", quantity="6")
    expect({(r["quantity"], r["machine_minutes"]) for r in operations(k, order) if r["id"] == sand}, {("6.0000", "60.0000")})
    act(k, order, "report", produced="3")
    act(k, order, "resize", quantity="5")
    row = k.get("production.order", order)
    expect((row["produced"], [(c["item"], c["quantity"], c["issued"]) for c in row["components"]][:2]), ("5.0000", [(s["LEG"], "20.0000", "20.0000"), (s["TOP"], "5.0000", "5.0000")]))
    k.call("production.operation.finish", {"id": sand, "minutes": "50"})
    act(k, order, "finish")
    expect((k.get("production.order", order)["state"], k.list("production.order", [["backorder_of", "=", order]])["rows"]), ("done", []))


def one_order_takes_other_components(k):
    """Oak in place of the top, less glue; twice as many tables take twice as much of it; the bill is what it was."""
    s = workshop(k)
    oak = make(k, "base.item", code="OAK", name="Oak", standard_cost="90")
    wanted = {"components": [{"item": s["TOP"], "quantity": "0"}, {"item": oak, "quantity": "2"}, {"item": s["GLUE"], "quantity": "0.1"}]}
    needs = lambda order: {c["item"]: (c["quantity"], bool(c["amended"])) for c in k.get("production.order", order)["components"]}
    amended = {s["LEG"]: ("8.0000", False), s["TOP"]: ("0.0000", True), s["GLUE"]: ("0.1000", True), oak: ("2.0000", True)}
    draft, order = make(k, "production.order", item=s["TABLE"], quantity="2"), confirmed(k, quantity="2")
    for one in (draft, order):
        act(k, one, "amend", reason="A dear customer", **wanted)
        expect(needs(one), amended)
    expect(k.get("production.order", order)["planned_material"], "288.80") # legs 16 of wood and 54 minutes at 1.70, glue 1.00, oak 180
    doubled = {item: (f"{2 * float(quantity):.4f}", other) for item, (quantity, other) in amended.items()}
    k.update("production.order", draft, {"quantity": "4"})
    act(k, order, "resize", quantity="4")
    expect([needs(draft), needs(order)], [doubled, doubled])
    expect(needs(confirmed(k, quantity="2"))[s["TOP"]], ("2.0000", False))
    act(k, order, "report", produced="1")
    expect([(c["item"], c["issued"]) for c in k.get("production.order", order)["components"] if c["item"] in (oak, s["TOP"])], [(s["TOP"], None), (oak, "1.0000")])
    refused("rule", lambda: act(k, order, "amend", components=[{"item": oak, "quantity": "0.5"}]), "components[0].quantity")
    refused("validation", lambda: act(k, order, "amend", components=[{"item": s["TABLE"], "quantity": "1"}]), "components[0].item")
    act(k, order, "finish", backorder=True)
    rest = k.list("production.order", [["backorder_of", "=", order]])["rows"][0]["id"]
    expect(needs(rest)[oak], ("3.0000", True))
    act(k, rest, "cancel"), act(k, draft, "cancel")


def an_order_is_changed_as_its_state_allows(k):
    s = workshop(k)
    for code, kind in (("CARE", "service"), ("SETS", "goods")):
        s[code] = make(k, "base.item", code=code, name=code, kind=kind)
    make(k, "production.bom", item=s["SETS"], kind="phantom", lines=[{"item": s["TOP"]}])
    for code in ("CARE", "SETS"):
        refused("rule", lambda code=code: make(k, "production.order", item=s[code], quantity="1"), "item")
    draft = make(k, "production.order", item=s["TABLE"], quantity="1")
    refused("state", lambda: act(k, draft, "reschedule", due="2031-01-01"), "state")
    expect(operations(k, draft), [])
    k.update("production.order", draft, {"due": "2031-01-01"})
    act(k, draft, "confirm")
    refused("validation", lambda: k.update("production.order", draft, {"due": "2031-01-02"}), "due")
    refused("validation", lambda: k.update("production.operation", operations(k, draft)[0]["id"], {"actual_minutes": "5", "cost": "9"}), "actual_minutes", "cost")
    act(k, draft, "reschedule", due="2031-01-02")
    expect((k.get("production.order", draft)["due"], len(operations(k, draft))), ("2031-01-02", 3))
    act(k, draft, "cancel")


def an_order_that_has_ended_gets_no_more_work(k):
    ended, gone, order = (confirmed(k, quantity="1") for _ in range(3))
    more = lambda order: make(k, "production.operation", order=order, name="Polish", sequence=40)
    act(k, ended, "report", produced="1"), act(k, ended, "finish"), act(k, gone, "cancel")
    for one in (ended, gone):
        refused("state", lambda one=one: more(one), "order")
    act(k, ended, "close")
    refused("state", lambda: more(ended), "order")
    polish = more(order)
    act(k, order, "cancel")
    expect(k.get("production.operation", polish)["state"], "cancelled")


def another_bill_brings_its_routing(k):
    s = workshop(k)
    dry = make(k, "production.routing", code="DRY", name="Dry", steps=[{"sequence": 10, "name": "Dry", "centre": s["bench"], "run_minutes": "1"}])
    other = make(k, "production.bom", item=s["TABLE"], routing=dry, priority=9, lines=[{"item": s["TOP"]}])
    draft = make(k, "production.order", item=s["TABLE"], quantity="1")
    k.update("production.order", draft, {"bom": other})
    row = k.get("production.order", draft)
    expect((row["routing"], [c["item"] for c in row["components"]]), (dry, [s["TOP"]]))
    k.delete("production.order", draft)


def who_waited_for_more_is_covered_anew(k):
    table = confirmed(k, quantity="10")
    legs = [o["id"] for o in k.list("production.order", [["item", "=", seen["LEG"]]])["rows"] if o["demand"] == {"entity": "production.order", "id": table}]
    act(k, legs[0], "resize", quantity="15")
    parts = [p for p in k.list("base.pegging", [["item", "=", seen["LEG"]]])["rows"] if p["demand"] == {"entity": "production.order", "id": table}]
    expect([(p["supply"]["id"] == legs[0], p["quantity"], p["kind"]) for p in parts], [(True, "15.0000", "make"), (False, "25.0000", "make")])
    act(k, legs[0], "resize", quantity="20")  # nobody waits for the five
    expect(k.get("base.pegging", parts[0]["id"])["quantity"], "15.0000")
    act(k, legs[0], "resize", quantity="15")
    expect(k.get("base.pegging", parts[0]["id"])["quantity"], "15.0000")


def work_moves_to_another_day(k):
    order = confirmed(k, quantity="2")
    later = (datetime.date.today() + datetime.timedelta(days=30)).isoformat()
    act(k, order, "reschedule", **{"from": later, "reason": "Holidays"})
    row = k.get("production.order", order)
    expect((row["begins"][:10] >= later, row["reason"]), (True, "Holidays"))


def what_was_made_is_taken_apart(k):
    """Without stores what it is worth is its standard: here what its bill comes to, and what is recovered has its share of it."""
    s = workshop(k)
    made = make(k, "production.disassembly", item=s["TABLE"], quantity="2", reason="Returned, scratched")
    row = k.get("production.disassembly", made)
    expect((row["state"], row["bom"], [(l["item"], l["quantity"], l["recovered"]) for l in row["lines"]]),
           ("draft", s["table bom"], [(s["LEG"], "8.0000", "8.0000"), (s["TOP"], "2.0000", "2.0000"), (s["GLUE"], "0.2000", "0.2000")]))  # no scrap
    refused("validation", lambda: k.update("production.disassembly", made, {"lines": [
        {"item": s["LEG"], "recovered": "9"}, {"item": s["WOOD"], "recovered": "1"}]}), "lines[0].recovered", "lines[1].item")
    k.update("production.disassembly", made, {"lines": [{"item": s["GLUE"], "recovered": "0"}]})
    preview = k.call("production.disassembly.post", {"id": made}, dry_run=True)
    k.call("production.disassembly.post", {"id": made})
    row = k.get("production.disassembly", made)
    lines = {l["item"]: l for l in row["lines"]}
    expect((preview["result"]["state"], row["state"], lines[s["GLUE"]]["value"]), ("done", "done", "0.00"))
    cents = {i: round(float(l["value"]) * 100) for i, l in lines.items()}
    expect(sum(cents.values()) + round(float(row["lost"]) * 100), round(float(row["value"]) * 100))
    expect(float(row["lost"]) > 0, True)
    refused("state", lambda: k.update("production.disassembly", made, {"reason": "Other"}), "state")
    refused("state", lambda: k.call("production.disassembly.post", {"id": made}), "state")
    refused("rule", lambda: make(k, "production.disassembly", item=s["WOOD"]), "item")
    refused("validation", lambda: make(k, "production.disassembly", item=s["TABLE"], quantity="0"), "quantity")
    gone = make(k, "production.disassembly", item=s["TABLE"])
    k.call("production.disassembly.cancel", {"id": gone})
    expect(k.get("production.disassembly", gone)["state"], "cancelled")


def a_holiday_moves_what_was_to_be_made_on_it(k):
    monday = datetime.date.today() + datetime.timedelta(days=98 - datetime.date.today().weekday())
    hours = [{"weekday": d, "from": "06:00", "until": "14:00"} for d in ("monday", "tuesday", "wednesday", "thursday", "friday")]
    calendar = make(k, "base.calendar", name="Mill", hours=hours)
    mill = make(k, "production.work_centre", code="MILL", name="Mill", calendar=calendar)
    routing = make(k, "production.routing", code="MILL", name="Milling", steps=[{"sequence": 10, "name": "Mill", "centre": mill, "run_minutes": "480"}])
    cog = make(k, "base.item", code="COG", name="Cog")
    make(k, "production.bom", item=cog, lines=[], routing=routing)
    order = make(k, "production.order", item=cog, quantity="1", due=monday.isoformat())
    act(k, order, "confirm")
    row = k.get("production.order", order)
    expect((row["begins"][:10], row["late"]), (monday.isoformat(), False))
    holiday = make(k, "base.holiday", calendar=calendar, day=monday.isoformat(), name="Harvest")
    row = k.get("production.order", order)
    expect((row["begins"][:10], row["late"]), ((monday - datetime.timedelta(days=3)).isoformat(), False))  # the Friday before
    k.call("production.order.reschedule", {"id": order, "from": monday.isoformat()})
    expect((k.get("production.order", order)["begins"][:10], k.get("production.order", order)["late"]), ((monday + datetime.timedelta(days=1)).isoformat(), True))
    k.call("base.holiday.delete", {"id": holiday})
    expect(k.get("production.order", order)["late"], False)
    k.update("base.calendar", calendar, {"hours": [{"weekday": "wednesday", "from": "06:00", "until": "14:00"}]})
    day = datetime.date.fromisoformat(k.get("production.order", order)["begins"][:10])
    expect(day.weekday(), 2)


def an_operator_works_and_plans_nothing(k, house):
    order = confirmed(k, quantity="2")
    role = k.list("access.role", [["name", "=", "production.operator"]])["rows"][0]["id"]
    user = make(k, "access.user", name="olga", full_name="Olga", roles=[role])
    k.call("access.password", {"user": user, "new": "Workshop-2026-x"})
    olga = house.client("olga", "Workshop-2026-x")
    first = operations(olga, order)[0]
    olga.call("production.operation.start", {"id": first["id"]})
    olga.call("production.operation.finish", {"id": first["id"], "minutes": "30"})
    expect(k.get("production.operation", first["id"])["cost"], "18.00")
    refused("forbidden", lambda: act(olga, order, "cancel"))
    refused("forbidden", lambda: olga.call("production.capacity.level", {}))
    expect("cost" in olga.get("production.operation", first["id"]), False)


def lists_show_what_to_make_and_what_is_late(k):
    described = {e["name"]: e for e in k.call("system.describe", {"entities": ["production.order", "production.operation", "production.bom"]})["entities"]}
    for entity in described.values():
        fields = {f["name"] for f in entity["fields"]}
        for view in entity["views"]:
            expect([c for c in view.get("columns", []) + view.get("card", []) if c not in fields | {"number"}], [])
    views = {v.get("name"): v for v in described["production.order"]["views"]}
    for name in ("to_make", "late"):
        k.list("production.order", views[name]["filter"], limit=5)


def what_goes_into_an_order_is_made_before_it_begins(k):
    """Legs before tables, whichever way they were placed and moved: as early as can be, as late as may be, later, levelled."""
    s = workshop(k)
    day = lambda n: (datetime.date.today() + datetime.timedelta(n)).isoformat()
    legs_of = lambda table: k.list("production.order", [["demand", "=", {"entity": "production.order", "id": table}]])["rows"][0]
    begins = lambda order: min(begin for begin, _ in instants([r for r in operations(k, order) if r["state"] != "cancelled"]))
    ends = lambda order: max(end for _, end in instants([r for r in operations(k, order) if r["state"] != "cancelled"]))
    early, late = confirmed(k, quantity="20"), confirmed(k, quantity="6", due=day(40))
    for table in (early, late):
        expect(ends(legs_of(table)["id"]) <= begins(table), True)
    expect((k.get("production.order", late)["day"] <= day(40), k.get("production.order", late)["late"]), (True, False))
    act(k, legs_of(late)["id"], "reschedule", **{"from": day(50)})
    expect((ends(legs_of(late)["id"]) <= begins(late), begins(late).date().isoformat() >= day(50)), (True, True))
    k.call("production.capacity.level", {"rounds": 200})
    for order in k.list("production.order", [["state", "in", ["confirmed", "reserved"]]], limit=200)["rows"]:
        below = k.list("production.order", [["demand", "=", {"entity": "production.order", "id": order["id"]}], ["state", "in", ["confirmed", "reserved", "in_progress"]]])["rows"]
        for leg in below:
            if operations(k, order["id"]) and operations(k, leg["id"]):
                expect(ends(leg["id"]) <= begins(order["id"]), True)


def the_workshop_is_sound(k):
    """`kontor check` finds nothing after all that the stories did."""
    expect(k.call("system.check", {})["sound"], True)


if __name__ == "__main__":
    run([story for story in list(globals().values()) if callable(story) and getattr(story, "__module__", "") == "__main__"
         and story not in (make, act, operations, workshop, confirmed, instants)], modules="base,production")
