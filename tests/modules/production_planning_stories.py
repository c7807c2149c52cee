#!/usr/bin/env python3
"""Stories of planning between sales and the workshop: customers' orders take the place of what was foreseen."""
import datetime
from decimal import Decimal as D

from stories import expect, make, planned, refused, run

seen = {}
TODAY = datetime.date.today()


def day(number):
    return (TODAY + datetime.timedelta(days=number)).isoformat()


def house(k):
    if seen:
        return
    pl, pln = make(k, "base.country", code="PL", name="Poland", eu=True), make(k, "base.currency", code="PLN", decimals=2)
    make(k, "base.company", name="Wicher", country=pl, currency=pln)
    k.call("base.tax.preset", {"country": "PL"})
    seen["party"] = make(k, "base.party", name="Nowak")
    piece = make(k, "base.unit", code="PIECE", name="Piece", category="count")
    seen["dozen"] = make(k, "base.unit", code="DOZEN", name="Dozen", category="count", factor="12")
    for code in ("LAMP", "SHADE"):
        seen[code] = make(k, "base.item", code=code, name=code.title(), currency=pln, price="100", unit=piece)
    make(k, "production.bom", item=seen["LAMP"], lines=[{"item": seen["SHADE"], "quantity": "2"}])


def foreseen(k, first, last, quantity):
    return make(k, "production.forecast", item=seen["LAMP"], day=day(first), until=last if last is None else day(last), quantity=quantity)


def sold(k, asked, quantity, **more):
    order = make(k, "crm.order", party=seen["party"], lines=[{"item": seen["LAMP"], "quantity": quantity, "price": "100", "asked": day(asked), **more}])
    k.call("crm.order.confirm", {"id": order})
    return order


def consumption(k, **params):
    rows = k.call("production.mrp.consumption", params)["rows"]
    return [(r["forecast"], r["document"] and r["document"]["id"], r["quantity"] and D(r["quantity"]), D(r["left"])) for r in rows]


def proposed(k, code):
    rows = k.list("production.proposal", [["item", "=", seen[code]]], sort="due,id")["rows"]
    return [(r["due"], D(r["quantity"])) for r in rows]


def needed(k):
    """Lamps that are asked for in all: by proposals and by the orders that sales set off."""
    made = k.list("production.order", [["item", "=", seen["LAMP"]], ["state", "=", "confirmed"]])["rows"]
    return sum(q for _, q in proposed(k, "LAMP")) + sum(D(o["quantity"]) for o in made)


def the_greater_of_forecast_and_orders_is_planned(k):
    house(k)
    seen["first"], seen["second"] = foreseen(k, 10, 39, "100"), foreseen(k, 40, 69, "100")
    row = planned(k)
    expect((needed(k), row["consumed"] or 0), (200, 0))
    expect(consumption(k), [(seen["first"], None, None, 100), (seen["second"], None, None, 100)])
    seen["small"] = sold(k, 20, "60")
    row = planned(k)
    expect((needed(k), proposed(k, "LAMP"), row["consumed"]), (200, [(day(20), 40), (day(40), 100)], 1)) # what is made for the order comes before the rest
    seen["large"] = sold(k, 50, "130") # thirty more than was foreseen: they take of the month before
    planned(k)
    expect((needed(k), proposed(k, "LAMP")), (200, [(day(50), 10)]))
    expect(consumption(k, item=seen["LAMP"]), [(seen["first"], seen["small"], 60, 40), (seen["first"], seen["large"], 30, 10), (seen["second"], seen["large"], 100, 0)])
    expect(consumption(k, **{"from": day(40)}), [(seen["second"], seen["large"], 100, 0)])
    expect(consumption(k, until=day(9)), [])


def windows_say_how_far_orders_reach(k):
    k.update("base.item", seen["LAMP"], {"forecast_back": "0"})
    planned(k)
    expect((needed(k), proposed(k, "LAMP")), (230, [(day(50), 40)]))
    k.update("base.item", seen["LAMP"], {"forecast_back": None, "forecast_forward": "5"})
    third = foreseen(k, 72, None, "50")
    early = sold(k, 70, "20") # of the past thirty days nothing is left but the first month's ten, which is too far back
    expect(consumption(k)[-1], (third, early, 20, 30))
    k.call("crm.order.cancel", {"id": early, "reason": "Gone"})
    expect(consumption(k)[-1], (third, None, None, 50))
    k.delete("production.forecast", third)
    k.update("base.item", seen["LAMP"], {"forecast_forward": None})
    refused("validation", lambda: k.update("base.item", seen["LAMP"], {"forecast_back": "-1", "forecast_forward": "93"}), "forecast_back", "forecast_forward")


def what_is_delivered_stays_taken(k):
    k.call("crm.order.deliver", {"id": seen["small"]})
    expect(consumption(k)[0], (seen["first"], seen["small"], 60, 40))
    k.call("crm.order.close", {"id": seen["small"]})
    expect(consumption(k)[0], (seen["first"], seen["small"], 60, 40))
    line = k.get("crm.order", seen["large"])["lines"][0]["id"]
    k.call("crm.order.deliver", {"id": seen["large"], "lines": [{"line": line, "quantity": "50"}]})
    k.call("crm.order.close", {"id": seen["large"]}) # the rest nobody wants any more
    expect(consumption(k), [(seen["first"], seen["small"], 60, 40), (seen["second"], seen["large"], 50, 50)])
    some = sold(k, 46, "20")
    expect(consumption(k)[1], (seen["second"], some, 20, 80))
    line = k.get("crm.order", some)["lines"][0]["id"]
    k.call("crm.order.deliver", {"id": some, "lines": [{"line": line, "quantity": "5", "given_up": "10"}]}) # neither does what is given up take any
    expect(consumption(k)[1], (seen["second"], some, 10, 90))


def orders_take_in_the_items_own_unit_and_only_when_confirmed(k):
    draft = make(k, "crm.order", party=seen["party"], lines=[{"item": seen["LAMP"], "quantity": "2", "price": "1200", "unit": seen["dozen"], "asked": day(15)}])
    expect(consumption(k)[1][0], seen["second"])
    k.call("crm.order.confirm", {"id": draft})
    expect(consumption(k)[:2], [(seen["first"], draft, 24, 76), (seen["first"], seen["small"], 60, 16)])
    k.call("crm.order.cancel", {"id": draft, "reason": "Gone"})


def a_proposal_tells_who_took_of_its_forecast(k):
    planned(k)
    shade = k.list("production.proposal", [["item", "=", seen["SHADE"]]], sort="due")["rows"][0]
    answer = k.call("production.mrp.trace", {"proposal": shade["id"]})
    expect([(r["document"] or {}).get("id") for r in answer["rows"]][-1], seen["first"])
    expect([(r["forecast"], r["document"], D(r["quantity"]), D(r["left"])) for r in answer["consumption"]],
           [(seen["first"], {"entity": "crm.order", "id": seen["small"]}, 60, 40)])


def a_past_forecast_keeps_what_it_was_for(k):
    """An order that was due in a time that is over takes of the forecast of that time, and not of what is still to come."""
    k.update("base.item", seen["LAMP"], {"forecast_forward": "92"})
    past = foreseen(k, -30, -1, "80")
    late = sold(k, -5, "80")
    row = planned(k)
    expect((row["consumed"], consumption(k)[0]), (2, (seen["first"], seen["small"], 60, 40)))
    expect(consumption(k, **{"from": day(-30)})[0], (past, late, 80, 0))
    k.delete("production.forecast", past)
    expect(consumption(k)[0], (seen["first"], late, 80, 20))
    k.call("crm.order.cancel", {"id": late, "reason": "Gone"})


def of_a_component_is_foreseen_what_is_sold_of_it_by_itself(k):
    """Ten feet a month are sold as spare parts. Stands that are sold take two each, none of them foreseen; a foot that is sold is one of the ten."""
    for code in ("STAND", "FOOT"):
        seen[code] = make(k, "base.item", code=code, name=code.title(), price="100", unit=k.get("base.item", seen["LAMP"])["unit"])
    make(k, "production.bom", item=seen["STAND"], lines=[{"item": seen["FOOT"], "quantity": "2"}])
    times = [make(k, "production.forecast", item=seen["FOOT"], day=day(100 + 30 * n), until=day(129 + 30 * n), quantity="10") for n in (0, 1)]
    stands = sold(k, 110, "6", item=seen["STAND"])
    planned(k)
    expect((proposed(k, "FOOT"), consumption(k, item=seen["FOOT"])), ([(day(100), 10), (day(110), 12), (day(130), 10)], [(f, None, None, 10) for f in times]))
    spare = sold(k, 140, "4", item=seen["FOOT"])
    planned(k)
    expect(consumption(k, item=seen["FOOT"]), [(times[0], None, None, 10), (times[1], spare, 4, 6)])
    expect(sum(q for _, q in proposed(k, "FOOT")), 10 + 12 + 6 + 4) # nobody makes or sells them here: the four are to be bought, too
    for order in (stands, spare):
        k.call("crm.order.cancel", {"id": order, "reason": "Gone"})
    for one in times:
        k.delete("production.forecast", one)


def a_time_that_cannot_be_is_refused(k):
    refused("validation", lambda: foreseen(k, 10, 9, "-1"), "until", "quantity")
    refused("validation", lambda: foreseen(k, 10, 10 + 366, "1"), "until")


# ---- How long making takes ----

def workshop(k):
    """A press and two benches of one group work eight hours on weekdays; a lamp base is pressed and turned side by side, then joined."""
    house(k)
    if "press" in seen:
        return
    hours = [{"weekday": d, "from": "06:00", "until": "14:00"} for d in ("monday", "tuesday", "wednesday", "thursday", "friday")]
    seen["shift"] = make(k, "base.calendar", name="One shift", hours=hours)
    seen["press"] = make(k, "production.work_centre", code="PRESS", name="Press", calendar=seen["shift"], efficiency="80")
    seen["benches"] = [make(k, "production.work_centre", code=code, name=code, group="BENCH", calendar=seen["shift"]) for code in ("B1", "B2")]
    for code in ("BASE", "TUBE"):
        seen[code] = make(k, "base.item", code=code, name=code.title(), lead_days=3)
    seen["routing"] = make(k, "production.routing", code="BASE", name="Bases", steps=[
        {"sequence": 10, "name": "Press", "centre": seen["press"], "setup_minutes": "60", "run_minutes": "8"},
        {"sequence": 20, "name": "Turn", "group": "BENCH", "run_minutes": "6", "after": "0"},
        {"sequence": 30, "name": "Join", "group": "BENCH", "setup_minutes": "15", "run_minutes": "5", "after": "10 20"}])
    make(k, "production.bom", item=seen["BASE"], routing=seen["routing"], lines=[{"item": seen["TUBE"]}])


def released(due, quantity):
    """The day on which the longest way through the routing begins, counted back in shifts from the morning of `due`: at 80 % the press
    takes 75 minutes to set up and ten a piece, joining 15 and five."""
    minutes, at = 75 + 10 * quantity + 15 + 5 * quantity, datetime.date.fromisoformat(due)
    while minutes > 0:
        at -= datetime.timedelta(1)
        minutes -= 480 if at.weekday() < 5 else 0
    return at.isoformat()


def releases(k, code):
    rows = k.list("production.proposal", [["item", "=", seen[code]]], sort="due,id")["rows"]
    return [(r["release"], r["due"], D(r["quantity"]), bool(r["late"])) for r in rows]


def what_a_routing_makes_is_released_by_its_time(k):
    workshop(k)
    for quantity in (4, 100, 400):
        wanted = make(k, "production.forecast", item=seen["BASE"], day=day(90), quantity=str(quantity))
        planned(k)
        begins = released(day(90), quantity)
        expect(releases(k, "BASE"), [(begins, day(90), quantity, False)])
        three_before = (datetime.date.fromisoformat(begins) - datetime.timedelta(3)).isoformat()
        expect(releases(k, "TUBE"), [(three_before, begins, quantity, False)]) # what it is made of is needed then, and bought in three days
        k.delete("production.forecast", wanted)


def what_would_have_to_begin_before_today_is_late(k):
    wanted = make(k, "production.forecast", item=seen["BASE"], day=day(3), quantity="1000")
    planned(k)
    expect(releases(k, "BASE"), [(day(0), day(3), 1000, True)])
    k.delete("production.forecast", wanted)
    far = make(k, "production.forecast", item=seen["BASE"], day=day(2500), quantity="10") # farther than calendars are read
    planned(k)
    (begins, due, _, late), = releases(k, "BASE")
    expect((due, late, 0 < (datetime.date.fromisoformat(due) - datetime.date.fromisoformat(begins)).days < 5), (day(2500), False, True))
    k.delete("production.forecast", far)


def a_lead_time_that_is_stated_holds(k):
    make(k, "production.forecast", item=seen["BASE"], day=day(90), quantity="100")
    k.update("base.item", seen["BASE"], {"lead_fixed": True})
    planned(k)
    expect(releases(k, "BASE"), [(day(87), day(90), 100, False)])
    k.update("base.item", seen["BASE"], {"lead_fixed": False})
    planned(k)
    expect(releases(k, "BASE"), [(released(day(90), 100), day(90), 100, False)])


def a_draft_needs_its_components_when_its_routing_begins(k):
    proposal, = k.list("production.proposal", [["item", "=", seen["BASE"]], ["state", "=", "planned"]])["rows"]
    k.call("production.proposal.firm", {"id": proposal["id"]})
    planned(k)
    expect([row[1] for row in releases(k, "TUBE")], [released(day(90), 100)])


def a_revision_to_come_says_how_long_it_takes_then(k):
    """From day 60 on bases are only pressed, an hour each: 75 minutes at 80 %. What is due before takes as long as now; from day 120 on there is no routing, and
    three days hold."""
    for entity in ("production.forecast", "production.order"):
        for row in k.list(entity, [["item", "=", seen["BASE"]]])["rows"]:
            k.delete(entity, row["id"])
    slow = make(k, "production.routing", code="SLOW", name="Slow", steps=[{"sequence": 10, "name": "Press", "centre": seen["press"], "run_minutes": "60"}])
    now, = k.list("production.bom", [["item", "=", seen["BASE"]]])["rows"]
    k.call("production.bom.revise", {"id": now["id"], "valid_from": day(60)})
    later, = k.list("production.bom", [["item", "=", seen["BASE"]], ["valid_from", "=", day(60)]])["rows"]
    k.update("production.bom", later["id"], {"routing": slow, "valid_until": day(119)})
    make(k, "production.bom", item=seen["BASE"], valid_from=day(120), lines=[{"item": seen["TUBE"]}])
    for on in (59, 110, 130):
        make(k, "production.forecast", item=seen["BASE"], day=day(on), quantity="40")
    planned(k)
    minutes, begins = 75 * 40, TODAY + datetime.timedelta(110)
    while minutes > 0:
        begins -= datetime.timedelta(1)
        minutes -= 480 if begins.weekday() < 5 else 0
    expect([row[:2] for row in releases(k, "BASE") if row[2] == 40], [(released(day(59), 40), day(59)), (begins.isoformat(), day(110)), (day(127), day(130))])
    order = make(k, "production.order", item=seen["BASE"], quantity="40", due=day(110))
    k.call("production.order.confirm", {"id": order})
    expect([(o["name"], D(o["machine_minutes"])) for o in k.list("production.operation", [["order", "=", order]])["rows"]], [("Press", 2400)])


if __name__ == "__main__":
    run([story for story in list(globals().values()) if callable(story) and getattr(story, "__module__", "") == "__main__"
         and story not in (make, day, planned, house, foreseen, sold, consumption, proposed, needed, workshop, released, releases)], modules="base,crm,production")
