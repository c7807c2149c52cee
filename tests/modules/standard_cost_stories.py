#!/usr/bin/env python3
"""Stories of standard costs by the day from which they hold, and of what the stock is worth by them."""
import datetime
import time
from decimal import Decimal

from stories import expect, make, refused, run

TODAY = datetime.date(2031, 3, 10)
seen = {}


def day(n):
    return str(TODAY + datetime.timedelta(n))


def item(k, code, cost=None, quantity=None):
    """Valued at standard cost; some of it in the stores."""
    if not seen:
        seen["pln"] = make(k, "base.currency", code="PLN", decimals=2)
        make(k, "base.company", name="Wicher", currency=seen["pln"])
    made = make(k, "base.item", code=code, name=code.title(), valuation="standard", **({"standard_cost": cost} if cost else {}))
    if quantity:
        slip = make(k, "logistics.transfer", kind="entry", lines=[{"item": made, "quantity": quantity, "unit_cost": cost}])
        k.call("logistics.transfer.post", {"id": slip})
    return made


def cost(k, of, on, value, **more):
    return make(k, "base.item_cost", item=of, valid_from=on, cost=value, **more)


def card(k, of):
    return k.get("base.item", of)["standard_cost"]


def worth(k, of):
    return Decimal(k.list("logistics.valuation", [["item", "=", of]], fields=["value"])["rows"][0]["value"])


def as_of(k, of, on):
    return k.call("base.item_cost.as_of", {"item": of, "day": on})["cost"]


def todays_cost_is_written_to_the_card_and_the_stock_is_valued_by_it(k):
    of = item(k, "rim", "10", "4")
    cost(k, of, day(0), "12.5")
    expect((card(k, of), worth(k, of)), ("12.5000", Decimal(50)))


def a_history_leaves_the_card_and_the_stock_alone(k):
    of = item(k, "hub", "10", "4")
    for on, value in ((-900, "7"), (-500, "8"), (-100, "11")):
        cost(k, of, day(on), value)
    expect((card(k, of), worth(k, of)), ("10.0000", Decimal(40)))
    expect([as_of(k, of, day(n)) for n in (-901, -900, -501, -500, -101, -100, 0)], [None, "7.0000", "7.0000", "8.0000", "8.0000", "11.0000", "11.0000"])


def a_row_that_comes_late_is_followed_where_the_card_followed_the_one_before(k):
    of = item(k, "fork", quantity=None)
    cost(k, of, day(-400), "20")
    expect(card(k, of), "20.0000")
    cost(k, of, day(-9), "21")
    expect(card(k, of), "21.0000")
    cost(k, of, day(-200), "5")
    expect(card(k, of), "21.0000")


def what_was_written_on_the_card_by_hand_is_newer_than_a_row_of_the_past(k):
    of = item(k, "stem")
    cost(k, of, day(-400), "20")
    k.update("base.item", of, {"standard_cost": "23"})
    cost(k, of, day(-9), "21")
    expect(card(k, of), "23.0000")


def a_cost_has_a_last_day(k):
    of = item(k, "bell", "3")
    cost(k, of, day(-400), "2", valid_to=day(-300))
    cost(k, of, day(-200), "9", valid_to=day(-1))
    expect([as_of(k, of, day(n)) for n in (-400, -300, -299, -200, -1, 0)], ["2.0000", "2.0000", None, "9.0000", "9.0000", None])
    expect(card(k, of), "3.0000")


def a_row_put_right_puts_the_card_right(k):
    of = item(k, "grip", "4", "10")
    row = cost(k, of, day(0), "6")
    k.update("base.item_cost", row, {"cost": "5"})
    expect((card(k, of), worth(k, of)), ("5.0000", Decimal(50)))
    old = cost(k, of, day(-50), "1")
    k.update("base.item_cost", old, {"cost": "2"})
    expect((card(k, of), worth(k, of)), ("5.0000", Decimal(50)))


def an_item_has_one_cost_from_a_day_and_none_below_zero(k):
    of = item(k, "cog", "4")
    cost(k, of, day(5), "6")
    refused("conflict", lambda: cost(k, of, day(5), "7"))
    refused("validation", lambda: cost(k, of, day(6), "-1"), "cost")
    refused("validation", lambda: cost(k, of, day(7), "1", valid_to=day(6)), "valid_to")


def one_to_come_waits_for_its_day_and_then_holds_once(k, house):
    """The night does it; the last story, for the clock goes on."""
    of, late = item(k, "tyre", "10", "4"), item(k, "tube", "1", "4")
    cost(k, of, day(1), "15")
    for on, value in ((1, "2"), (2, "3")):
        cost(k, late, day(on), value)
    expect((card(k, of), worth(k, of), as_of(k, of, day(0)), as_of(k, of, day(1))), ("10.0000", Decimal(40), None, "15.0000"))
    expect(k.call("base.item_cost.apply_due")["rows"], 0)
    house.begin_on(day(2))
    k = house.client()  # the sessions of yesterday are over
    until = time.monotonic() + 60
    while card(k, of) != "15.0000" and time.monotonic() < until:
        time.sleep(0.05)
    expect((card(k, of), worth(k, of)), ("15.0000", Decimal(60)))
    expect((card(k, late), worth(k, late)), ("3.0000", Decimal(12)))
    k.update("base.item", of, {"standard_cost": "16"})
    expect(k.call("base.item_cost.apply_due")["rows"], 0)
    expect(card(k, of), "16.0000")


if __name__ == "__main__":
    run([todays_cost_is_written_to_the_card_and_the_stock_is_valued_by_it, a_history_leaves_the_card_and_the_stock_alone,
         a_row_that_comes_late_is_followed_where_the_card_followed_the_one_before, what_was_written_on_the_card_by_hand_is_newer_than_a_row_of_the_past,
         a_cost_has_a_last_day, a_row_put_right_puts_the_card_right, an_item_has_one_cost_from_a_day_and_none_below_zero,
         one_to_come_waits_for_its_day_and_then_holds_once], modules="base,logistics", day=str(TODAY))
