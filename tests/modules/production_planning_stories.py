#!/usr/bin/env python3
"""Stories of planning between sales and the workshop: customers' orders take the place of what was foreseen."""
import datetime
import time
from decimal import Decimal as D

from stories import expect, make, refused, run

seen = {}
TODAY = datetime.date.today()


def day(number):
    return (TODAY + datetime.timedelta(days=number)).isoformat()


def planned(k):
    """Runs the planning, and gives its record."""
    answer = k.call("production.mrp.run", {})
    while (job := k.call("job.get", {"id": answer["job"]}))["state"] in ("queued", "running"):
        time.sleep(0.01)
    expect(job["state"], "done")
    return k.get("production.mrp_run", answer["run"])


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


def a_time_that_cannot_be_is_refused(k):
    refused("validation", lambda: foreseen(k, 10, 9, "-1"), "until", "quantity")
    refused("validation", lambda: foreseen(k, 10, 10 + 366, "1"), "until")


if __name__ == "__main__":
    run([story for story in list(globals().values()) if callable(story) and getattr(story, "__module__", "") == "__main__"
         and story not in (make, day, planned, house, foreseen, sold, consumption, proposed, needed)], modules="base,crm,production")
