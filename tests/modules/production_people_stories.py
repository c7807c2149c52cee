#!/usr/bin/env python3
"""Stories of people and machines: who is away takes capacity from the work centres that need them, and what was promised
moves, with a reason; without qualifications, or without the module hr, nothing changes."""
import datetime
import zoneinfo

from stories import expect, make, refused, run

seen = {}
TODAY = datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Warsaw")).date()
PASSWORD = "Workshop-2026-people"


def day(number):
    return (TODAY + datetime.timedelta(days=number)).isoformat()


def works(k):
    """A press for two at a time that needs Ewa or Jan, from six to two every day; and a bench that anybody may use."""
    pln = make(k, "base.currency", code="PLN", decimals=2)
    company = make(k, "base.company", name="Wicher", currency=pln, zone="Europe/Warsaw")
    k.call("session.company", {"company": company})
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    calendar = make(k, "base.calendar", name="Every day", weekdays="1234567", hours=[{"weekday": d, "from": "06:00", "until": "14:00"} for d in days])
    seen["press"] = make(k, "production.work_centre", code="PRESS", name="Press", slots=2, calendar=calendar)
    seen["bench"] = make(k, "production.work_centre", code="BENCH", name="Bench", calendar=calendar)
    seen["party"] = make(k, "base.party", name="Nowak")
    seen["currency"] = pln
    for code, centre in (("PLATE", "press"), ("BOX", "bench")):
        routing = make(k, "production.routing", code=code, name=code.title(), steps=[
            {"sequence": 10, "name": "Work", "centre": seen[centre], "run_minutes": "480"}])
        seen[code] = make(k, "base.item", code=code, name=code.title(), currency=pln, price="100")
        make(k, "production.bom", item=seen[code], routing=routing, lines=[])
    all_roles = {r["name"]: r["id"] for r in k.list("access.role", limit=100)["rows"]}
    skill = make(k, "hr.skill", name="Pressing")
    for name in ("Ewa", "Jan"):
        user = make(k, "access.user", name=name.lower(), roles=[all_roles["hr.employee"], all_roles["base.user"]])
        seen[name] = make(k, "hr.employee", name=name, hired="2020-01-01", owner=user)
        make(k, "hr.term", employee=seen[name], valid_from="2020-01-01", calendar=calendar)
        make(k, "hr.qualification", employee=seen[name], skill=skill, work_centre={"entity": "production.work_centre", "id": seen["press"]})
    seen["leave"] = make(k, "hr.leave_type", name="Unpaid", code="free", unlimited=True)


def sold(k, code, quantity="1", due=None):
    order = make(k, "crm.order", party=seen["party"], currency=seen["currency"], lines=[
        {"item": seen[code], "quantity": quantity, "price": "500", **({"asked": due} if due else {})}])
    k.call("crm.order.confirm", {"id": order})
    made = k.list("production.order", [["demand", "=", {"entity": "crm.order", "id": order}]])["rows"][0]
    return order, made["id"]


def operation(k, order):
    return k.list("production.operation", [["order", "=", order]])["rows"][0]


def load(k, centre, first, last):
    return {r["day"]: r["available"] for r in k.call("production.capacity.load", {"centre": seen[centre], "from": first, "until": last})["rows"]}


def hour(instant):
    return (datetime.datetime.fromisoformat(instant).astimezone(zoneinfo.ZoneInfo("Europe/Warsaw"))).hour


def away(k, name, first, last, **more):
    leave = make(k, "hr.leave", **{"employee": seen[name], "type": seen["leave"], "from": first, "until": last, **more})
    k.call("hr.leave.submit", {"id": leave})
    k.call("hr.leave.approve", {"id": leave})
    return leave


# ---- Stories ----

def a_centre_works_as_long_as_people_are_there(k):
    works(k)
    expect(load(k, "press", day(30), day(33)), {day(n): 960 for n in range(30, 34)})
    seen["away"] = away(k, "Ewa", day(31), day(32))
    expect(load(k, "press", day(30), day(33)), {day(30): 960, day(31): 480, day(32): 480, day(33): 960})
    expect(load(k, "bench", day(30), day(33)), {day(n): 480 for n in range(30, 34)}) # nobody needs to be qualified there
    k.call("hr.leave.cancel", {"id": seen["away"]})
    expect(load(k, "press", day(31), day(32)), {day(31): 960, day(32): 960})


def half_a_day_off_takes_half_a_day(k):
    """The shift is from six to two: its halves meet at ten."""
    on = day(45)
    leave = away(k, "Ewa", on, on, half="morning")
    expect(load(k, "press", on, on), {on: 720})
    other = away(k, "Jan", on, on, half="morning")
    expect(load(k, "press", on, on), {on: 480})
    sale, made = sold(k, "PLATE", "1")
    k.call("production.order.reschedule", {"id": made, "from": on})
    row = operation(k, made)
    expect((hour(row["begins"]), hour(row["ends"]), row["ends"][:10]), (10, 10, day(46)))  # nobody before ten, and the other half next morning
    for l in (leave, other):
        k.call("hr.leave.cancel", {"id": l})
    leave = away(k, "Ewa", on, on, half="afternoon")
    expect(load(k, "press", on, on), {on: 720})
    k.call("hr.leave.cancel", {"id": leave})
    k.call("crm.order.cancel", {"id": sale, "reason": "Not wanted"})


def some_hours_off_take_these_hours(k):
    """Two hours from nine, by the shift from six to two; without an hour they are the first ones."""
    on = day(46)
    k.update("hr.leave_type", seen["leave"], {"by_hour": True})
    leave = away(k, "Ewa", on, on, asked_hours="2", starts="09:00")
    expect(load(k, "press", on, on), {on: 840})
    other = away(k, "Jan", on, on, asked_hours="3")
    expect(load(k, "press", on, on), {on: 660})
    sale, made = sold(k, "PLATE", "1")
    k.call("production.order.reschedule", {"id": made, "from": on})
    expect(operation(k, made)["begins"] is not None, True)
    k.call("crm.order.cancel", {"id": sale, "reason": "Not wanted"})
    k.call("hr.leave.cancel", {"id": leave})
    expect(load(k, "press", on, on), {on: 780})
    k.call("hr.leave.cancel", {"id": other})
    long = away(k, "Ewa", day(47), day(50))
    expect(load(k, "press", day(47), day(50)), {day(n): 480 for n in range(47, 51)})
    k.call("hr.leave.shorten", {"id": long, "until": day(48)})
    expect(load(k, "press", day(47), day(50)), {day(47): 480, day(48): 480, day(49): 960, day(50): 960})
    k.call("hr.leave.cancel", {"id": long})


def who_may_run_a_machine_decides_what_it_makes(k):
    """Two plates at once as long as two may press; one of them waits when only one may, and comes back with the second."""
    sales, made = zip(*(sold(k, "PLATE", "1", due=day(55)) for _ in range(2)))
    at_once = [operation(k, m)["begins"] for m in made]
    expect(at_once[0], at_once[1])
    jans = k.list("hr.qualification", [["employee", "=", seen["Jan"]]])["rows"][0]["id"]
    k.update("hr.qualification", jans, {"valid_to": day(5)})
    rows = sorted((o["begins"], o["ends"]) for o in (operation(k, m) for m in made))
    expect((rows[0][1] <= rows[1][0], load(k, "press", day(55), day(55))), (True, {day(55): 480}))
    k.update("hr.qualification", jans, {"valid_to": None})
    expect(load(k, "press", day(55), day(55)), {day(55): 960})
    k.call("hr.employee.suspend", {"id": seen["Jan"]})
    more, block = zip(*(sold(k, "PLATE", "2", due=day(2)) for _ in range(2)))
    apart = sorted((o["begins"], o["ends"]) for o in (operation(k, m) for m in block))
    expect((apart[0][1] <= apart[1][0], [k.get("production.order", m)["late"] for m in block]), (True, [False, True]))
    k.call("hr.employee.resume", {"id": seen["Jan"]})
    expect([k.get("production.order", m)["late"] for m in block], [False, False])  # what was late comes sooner
    for sale in sales + more:
        k.call("crm.order.cancel", {"id": sale, "reason": "Not wanted"})


def who_is_away_moves_what_was_promised(k):
    first, first_made = sold(k, "PLATE", "3")
    second, second_made = sold(k, "PLATE", "3")
    other, other_made = sold(k, "BOX", "3")
    before = {o: k.get("production.order", o) for o in (first_made, second_made, other_made)}
    expect(before[first_made]["day"], before[second_made]["day"]) # both at once, on two slots
    starts = before[first_made]["begins"][:10]
    last = (datetime.date.fromisoformat(starts) + datetime.timedelta(days=1)).isoformat()
    seen["away"] = away(k, "Jan", max(starts, day(0)), last)
    after = {o: k.get("production.order", o) for o in before}
    moved = [o for o in (first_made, second_made) if after[o]["day"] != before[o]["day"]]
    expect(len(moved), 1) # one of them can still be made in time
    expect(after[other_made], before[other_made])
    seen["moved"] = moved[0]
    sale = first if moved[0] == first_made else second
    line = k.get("crm.order", sale)["lines"][0]
    expect((line["promised"], line["promised"] > before[moved[0]]["day"]), (after[moved[0]]["day"], True))
    part = k.call("base.supply.explain", {"document": {"entity": "crm.order", "id": sale}})["parts"][0]
    expect((part["day"], part["reason"].startswith("people are away from Press from")), (line["promised"], True))
    rows = sorted((o["begins"], o["ends"]) for o in (operation(k, m) for m in (first_made, second_made)))
    expect(rows[0] != rows[1], True)


def nobody_there_means_nothing_is_made(k):
    both = [away(k, name, day(60), day(69)) for name in ("Ewa", "Jan")]
    _, made = sold(k, "PLATE", "1", due=day(65))
    row = k.get("production.order", made)
    expect((row["day"] < day(60), row["late"]), (True, False)) # before they go
    k.call("production.order.reschedule", {"id": made, "from": day(60)})
    row = k.get("production.order", made)
    expect((row["day"], row["late"]), (day(70), True))
    for leave in both:
        k.call("hr.leave.cancel", {"id": leave})
    row = k.get("production.order", made)
    expect((row["day"] <= day(65), row["late"]), (True, False)) # they are back, and it comes sooner


def a_centre_that_works_less_moves_what_no_longer_fits(k):
    first, second = (sold(k, "PLATE", "1", due=day(50))[1] for _ in range(2))
    expect(operation(k, first)["begins"], operation(k, second)["begins"])
    k.update("production.work_centre", seen["press"], {"slots": 1})
    rows = sorted((o["begins"], o["ends"]) for o in (operation(k, m) for m in (first, second)))
    expect(rows[0][1] <= rows[1][0], True)
    k.update("production.work_centre", seen["press"], {"slots": 2})


def what_has_begun_stays(k):
    _, made = sold(k, "PLATE", "2")
    k.call("production.operation.start", {"id": operation(k, made)["id"]})
    before = operation(k, made)
    ends = before["ends"][:10]
    leave = away(k, "Ewa", ends, ends)
    expect(operation(k, made)["ends"], before["ends"])
    k.call("hr.leave.cancel", {"id": leave})


def without_hr_machines_work_alone(k):
    leave = away(k, "Ewa", day(40), day(41))
    expect(load(k, "press", day(40), day(40)), {day(40): 480})
    k.call("module.disable", {"name": "hr"})
    expect(load(k, "press", day(40), day(40)), {day(40): 960})
    _, made = sold(k, "PLATE")
    expect(k.get("production.order", made)["state"], "confirmed")
    k.call("module.enable", {"name": "hr"})
    expect(load(k, "press", day(40), day(40)), {day(40): 480})
    k.call("hr.leave.cancel", {"id": leave})
    refused("state", lambda: k.call("hr.leave.approve", {"id": leave}))


def the_workshop_is_sound(k):
    """`kontor check` finds nothing after all that the stories did."""
    expect(k.call("system.check", {})["sound"], True)


if __name__ == "__main__":
    run([a_centre_works_as_long_as_people_are_there, half_a_day_off_takes_half_a_day, some_hours_off_take_these_hours, who_may_run_a_machine_decides_what_it_makes, who_is_away_moves_what_was_promised, nobody_there_means_nothing_is_made, a_centre_that_works_less_moves_what_no_longer_fits,
         what_has_begun_stays, without_hr_machines_work_alone, the_workshop_is_sound], modules="base,crm,logistics,production,hr")
