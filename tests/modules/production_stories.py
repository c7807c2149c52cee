#!/usr/bin/env python3
"""Stories of production over HTTP, with base alone beside it: bills of materials, routings, what they come to."""
import decimal
import fractions
import json
import os
import random
import subprocess

from stories import expect, make, refused, run

F = fractions.Fraction
seen = {}


def item(k, code, **values):
    if code not in seen:
        seen[code] = make(k, "base.item", code=code, name=code, **values)
    return seen[code]


def lines(k, *rows):
    return [{"item": item(k, code), "quantity": str(quantity), **(more[0] if more else {})} for code, quantity, *more in rows]


def bom(k, code, *rows, **more):
    return make(k, "production.bom", item=item(k, code), lines=lines(k, *rows), **more)


def plain(number):
    """A decimal without the zeros at its end."""
    return f"{decimal.Decimal(number).normalize():f}"


def tree(k, code, **params):
    return [(r["level"] or 0, r["code"], plain(r["quantity"])) for r in k.call("production.bom.explode", {"item": item(k, code), **params})["rows"]]


def totals(k, code, **params):
    return {t["code"]: plain(t["quantity"]) for t in k.call("production.bom.explode", {"item": item(k, code), **params})["totals"]}


# ---- Bills of materials ----

def a_bill_explodes_to_any_level(k):
    bom(k, "WHEEL", ("RIM", 1), ("SPOKE", 36), ("HUB", 1))
    bom(k, "HUB", ("AXLE", 1), ("BALL", 18))
    bom(k, "BIKE", ("WHEEL", 2), ("FRAME", 1))
    expect(tree(k, "BIKE", levels=1), [(0, "BIKE", "1"), (1, "WHEEL", "2"), (1, "FRAME", "1")])
    expect(tree(k, "BIKE", quantity="10"), [(0, "BIKE", "10"), (1, "WHEEL", "20"), (2, "RIM", "20"), (2, "SPOKE", "720"), (2, "HUB", "20"),
                                            (3, "AXLE", "20"), (3, "BALL", "360"), (1, "FRAME", "10")])
    expect(totals(k, "BIKE"), {"WHEEL": "2", "RIM": "2", "SPOKE": "72", "HUB": "2", "AXLE": "2", "BALL": "36", "FRAME": "1"})


def what_goes_into_itself_is_refused_with_the_path(k):
    error = refused("rule", lambda: bom(k, "AXLE", ("BIKE", 1)), "lines")
    expect(error.problems[0]["message"], "the item goes into itself: AXLE > BIKE > WHEEL > HUB > AXLE")
    refused("rule", lambda: bom(k, "SOLO", ("SOLO", 1)), "lines")


def quantities_are_rounded_once(k):
    bom(k, "CUT", ("ROD", 1), quantity="3")
    bom(k, "SET", ("CUT", 3))
    expect(totals(k, "SET")["ROD"], "1")
    expect(totals(k, "CUT")["ROD"], "0.333333")


def scrap_adds_to_what_is_needed(k):
    bom(k, "BOX", ("BOARD", 2, {"scrap": "5"}))
    expect(totals(k, "BOX", quantity="100")["BOARD"], "210")


def units_convert(k):
    kg, g = make(k, "base.unit", code="kg", category="mass"), make(k, "base.unit", code="g", category="mass", factor="0.001")
    item(k, "FLOUR", unit=kg)
    bom(k, "BREAD", ("FLOUR", 750, {"unit": g}))
    expect(totals(k, "BREAD", quantity="4")["FLOUR"], "3")
    piece = make(k, "base.unit", code="pc", category="count")
    bom(k, "ROLL", ("FLOUR", 1, {"unit": piece}))
    refused("rule", lambda: totals(k, "ROLL"), "to")


def dates_choose_bill_and_lines(k):
    bom(k, "LAMP", ("BULB", 1, {"valid_until": "2026-06-30"}), ("LED", 1, {"valid_from": "2026-07-01"}))
    expect(list(totals(k, "LAMP", day="2026-06-30")), ["BULB"])
    expect(list(totals(k, "LAMP", day="2026-07-01")), ["LED"])
    first = bom(k, "DESK", ("OAK", 1), valid_from="2026-01-01")
    k.call("production.bom.revise", {"id": first, "valid_from": "2027-01-01"})
    second = k.list("production.bom", [["item", "=", item(k, "DESK")], ["revision", "=", 2]])["rows"][0]
    expect(k.get("production.bom", first)["valid_until"], "2026-12-31")
    k.update("production.bom", second["id"], {"lines": [{"item": item(k, "PINE"), "quantity": "1"}]})
    expect((list(totals(k, "DESK", day="2026-12-31")), list(totals(k, "DESK", day="2027-01-01"))), (["OAK"], ["PINE"]))


def alternates_have_an_order_of_choice(k):
    bom(k, "GLUE", ("RESIN", 1))
    refused("rule", lambda: bom(k, "GLUE", ("STARCH", 1)), "priority")
    spare = bom(k, "GLUE", ("STARCH", 1), priority=2)
    expect(list(totals(k, "GLUE")), ["RESIN"])
    k.update("production.bom", spare, {"priority": 0})
    expect(list(totals(k, "GLUE")), ["STARCH"])


def everything_wrong_is_told_at_once(k):
    refused("validation", lambda: bom(k, "BAD", ("X1", "-1"), ("X2", 1, {"scrap": "-5", "valid_from": "2026-02-01", "valid_until": "2026-01-01"}),
                                      quantity="0", tolerance="-1"), "quantity", "tolerance", "lines[0].quantity", "lines[1].scrap", "lines[1].valid_until")


def where_used_climbs(k):
    def used(code, **more):
        return [(r["level"], r["code"], plain(r["quantity"])) for r in k.call("production.bom.where_used", {"item": item(k, code), **more})["rows"]]
    expect(used("BALL"), [(1, "HUB", "18")])
    expect(used("BALL", levels=0), [(1, "HUB", "18"), (2, "WHEEL", "1"), (3, "BIKE", "2")])


def random_bills_explode_as_by_hand(k):
    """Against a brute force in exact fractions, over every path."""
    seed = random.randrange(1 << 30)
    rng = random.Random(seed)
    bills = {}
    for level in range(5):
        for n in range(6):
            code = f"R{level}-{n}"
            if level == 4:
                continue
            rows = []
            for other in rng.sample(range(6), rng.randint(1, 4)):
                rows.append((f"R{rng.randint(level + 1, 4)}-{other}", F(rng.randint(1, 5000), 1000), F(rng.randint(0, 1000), 100)))
            bills[code] = (F(rng.randint(50, 400), 100), rows)

    def paths(code, quantity, sums):
        output, rows = bills.get(code, (1, []))
        for part, each, scrap in rows:
            needed = quantity * each * (1 + scrap / 100) / output
            sums[part] = sums.get(part, 0) + needed
            paths(part, needed, sums)

    def digits(value):
        scaled = value * 10 ** 6
        return str(F(int(scaled + F(1, 2)), 10 ** 6))
    for code, (output, rows) in bills.items():
        bom(k, code, *((part, float(each), {"scrap": f"{float(scrap):.2f}"}) for part, each, scrap in rows), quantity=f"{float(output):.2f}")
    for code in bills:
        sums = {}
        paths(code, F(7, 2), sums)
        ours = {part: str(F(quantity)) for part, quantity in totals(k, code, quantity="3.5").items()}
        expect((seed, code, ours), (seed, code, {part: digits(value) for part, value in sums.items()}))


# ---- Routings and costs ----

def a_routing_says_all_that_is_wrong(k):
    saw = seen["SAW"] = make(k, "production.work_centre", code="SAW", name="Saw", machine_rate="60", labour_rate="30", overhead_rate="12")
    refused("validation", lambda: make(k, "production.work_centre", code="NONE", name="None", slots=0, efficiency="0", machine_rate="-1"),
            "slots", "efficiency", "machine_rate")
    refused("validation", lambda: make(k, "production.routing", code="BAD", name="Bad", steps=[
        {"sequence": 10, "name": "Saw", "centre": saw, "after": "20"}, {"sequence": 10, "name": "Weld", "per": "0", "run_minutes": "-1"}]),
            "steps[0].after", "steps[1].sequence", "steps[1].centre", "steps[1].run_minutes", "steps[1].per")


def the_cost_rolls_up_over_all_levels(k):
    """A bench of two planks, each cut in 5 minutes after 10 of set-up and out of wood for 4.00; screws for 0.05 apiece."""
    cut = make(k, "production.routing", code="CUT", name="Cut", steps=[
        {"sequence": 10, "name": "Saw", "centre": seen["SAW"], "setup_minutes": "10", "run_minutes": "5", "labour_minutes": "6"}])
    item(k, "WOOD", standard_cost="4"), item(k, "SCREW", standard_cost="0.05")
    bom(k, "PLANK", ("WOOD", 1), routing=cut)
    bom(k, "BENCH", ("PLANK", 2), ("SCREW", 8))
    got = k.call("production.bom.cost", {"item": item(k, "BENCH"), "quantity": "10"})
    # 20 planks: machine 10 + 100 = 110 min at 60, people 10 + 120 = 130 min at 30, overhead 110 min at 12
    expect([plain(got[n]) for n in ("material", "machine", "labour", "overhead", "total", "unit_cost")], ["84", "110", "65", "22", "281", "28.1"])
    expect((got["minutes"], got["known"]), (110, True))
    k.call("production.bom.set_standard", {"item": item(k, "BENCH"), "quantity": "10"})
    expect(k.get("base.item", item(k, "BENCH"))["standard_cost"], "28.1000")
    expect(k.call("production.bom.cost", {"item": item(k, "BIKE")})["known"], False)


def by_products_bear_their_share_of_the_cost(k):
    """A board out of wood for 10.00, a tenth of which its shavings bear; two boards go into a shelf."""
    item(k, "LOG", standard_cost="10"), item(k, "SHAVINGS", standard_cost="1")
    bom(k, "BOARD", ("LOG", 1), by_products=[{"item": item(k, "SHAVINGS"), "quantity": "2", "cost_share": "10"}])
    bom(k, "SHELF", ("BOARD", 2))
    cost = lambda code, **more: plain(k.call("production.bom.cost", {"item": item(k, code), **more})["total"])
    expect((cost("BOARD"), cost("SHELF"), cost("SHELF", quantity="5")), ("9", "18", "90"))


def an_alternate_is_exploded_and_costed_before_it_is_chosen(k):
    item(k, "LARCH", standard_cost="3"), item(k, "BEECH", standard_cost="9")
    bom(k, "DOOR", ("LARCH", 2))
    oak = bom(k, "DOOR", ("BEECH", 2), priority=2)
    expect(totals(k, "DOOR"), {"LARCH": "2"})
    expect(totals(k, "DOOR", bom=oak), {"BEECH": "2"})
    cost = lambda **more: plain(k.call("production.bom.cost", {"item": item(k, "DOOR"), **more})["total"])
    expect((cost(), cost(bom=oak)), ("6", "18"))
    refused("validation", lambda: k.call("production.bom.cost", {"item": item(k, "LARCH"), "bom": oak}), "bom")


def the_command_line_shows_all_lists_of_an_answer(k, home):
    """An explosion has rows, and what they sum up to behind them."""
    bom(k, "CASE", ("HINGE", 2))
    call = [str(home.build / "kontor"), "call", "production.bom.explode", json.dumps({"item": seen["CASE"], "quantity": "3"})]
    shown = subprocess.run(call, env={**os.environ, "HOME": str(home.home), "KONTOR_URL": home.url, "KONTOR_TOKEN": k.token}, capture_output=True, text=True, check=True).stdout
    rows, totals = shown.split("totals:\n")
    expect(("CASE" in rows, "HINGE" in rows, "6.000000" in totals), (True, True, True))


if __name__ == "__main__":
    run([story for name, story in list(globals().items()) if callable(story) and getattr(story, "__module__", "") == "__main__"
         and name not in ("make", "item", "lines", "bom", "plain", "tree", "totals")], modules="base,production")
