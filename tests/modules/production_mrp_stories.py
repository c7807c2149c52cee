#!/usr/bin/env python3
"""Stories of requirements planning over HTTP: from forecasts and orders to proposals, messages and what they are for."""
import datetime
import random
import time

from stories import expect, make, refused, run

seen, ROUNDS = {}, 8
TODAY = datetime.date.today()


def day(number):
    return (TODAY + datetime.timedelta(days=number)).isoformat()


def planned(k, **params):
    """Runs the planning, and gives its result."""
    answer = k.call("production.mrp.run", params)
    for _ in range(2000):
        job = k.call("job.get", {"id": answer["job"]})
        if job["state"] not in ("queued", "running"):
            break
        time.sleep(0.01)
    row = k.get("production.mrp_run", answer["run"])
    expect((job["state"], job["result"]["run"], row["job"]), ("done", answer["run"], answer["job"]))
    return row


def proposals(k, code, *fields):
    rows = k.list("production.proposal", [["item", "=", seen[code]]], sort="due,id", limit=200)["rows"]
    return [tuple(row[f] for f in fields) for row in rows]


def kits(k):
    """Speaker kits: what A is made of, with the days that each takes."""
    if seen:
        return
    for code, lead in (("A", 1), ("B", 2), ("C", 1), ("D", 1), ("E", 2), ("F", 3), ("G", 2)):
        seen[code] = make(k, "base.item", code=code, name=code, lead_days=lead)
    for parent, rows in (("A", "B2 C3"), ("B", "D2 E2"), ("C", "E2 F2"), ("F", "G1 D2")):
        make(k, "production.bom", item=seen[parent], lines=[{"item": seen[r[0]], "quantity": r[1]} for r in rows.split()])


def a_forecast_is_planned_down_to_the_last_level(k):
    kits(k)
    seen["forecast"] = make(k, "production.forecast", item=seen["A"], day=day(20), quantity="50")
    row = planned(k)
    expect((row["levels"], row["demands"], row["proposals"], row["messages"] or 0), (4, 1, 9, 0))
    expect(proposals(k, "A", "kind", "quantity", "release", "due"), [("make", "50.0000", day(19), day(20))])
    expect(proposals(k, "B", "kind", "quantity", "release", "due"), [("make", "100.0000", day(17), day(19))])
    expect(proposals(k, "E", "kind", "quantity", "release", "due"), [("buy", "200.0000", day(15), day(17)), ("buy", "300.0000", day(16), day(18))])
    expect(proposals(k, "D", "quantity", "due"), [("600.0000", day(15)), ("200.0000", day(17))])
    expect(proposals(k, "G", "quantity", "release"), [("300.0000", day(13))])


def a_proposal_that_is_planned_again_stays(k):
    before = k.list("production.proposal", sort="id")["rows"]
    expect(sorted(r["quantity"] for r in before if r["kind"] == "make"), ["100.0000", "150.0000", "300.0000", "50.0000"])
    row = planned(k)
    expect((row["proposals"], row["added"] or 0, row["changed"] or 0, row["removed"] or 0), (9, 0, 0, 0))
    expect(k.list("production.proposal", sort="id")["rows"], before)
    expect(({len(k.call("production.proposal.history", {"id": r["id"]})["entries"]) for r in before}, k.count("production.order", [])), ({1}, 0))


def what_differs_is_changed_and_keeps_its_history(k):
    before = k.list("production.proposal", sort="id")["rows"]
    k.update("production.forecast", seen["forecast"], {"day": day(25), "quantity": "60"})
    row = planned(k)
    expect((row["added"] or 0, row["changed"], row["removed"] or 0), (0, 9, 0))
    after = k.list("production.proposal", sort="id")["rows"]
    expect([(r["id"], r["serial"], r["version"]) for r in after], [(r["id"], r["serial"], r["version"] + 1) for r in before])
    expect(proposals(k, "A", "quantity", "release", "due"), [("60.0000", day(24), day(25))])
    entries = k.call("production.proposal.history", {"id": before[0]["id"]})["entries"]
    expect(len(entries), 2)
    k.update("production.forecast", seen["forecast"], {"day": day(20), "quantity": "50"})
    planned(k)
    same = lambda rows: [[r[f] for f in ("id", "serial", "item", "quantity", "release", "due", "level")] + [[p[f] for f in ("need", "document", "proposal", "quantity", "day")] for p in r["pegs"]]
                         for r in rows]
    expect(same(k.list("production.proposal", sort="id")["rows"]), same(before))


def what_is_no_longer_needed_goes(k):
    more = make(k, "production.forecast", item=seen["C"], day=day(40), quantity="5")
    row = planned(k)
    expect((row["added"], row["changed"] or 0), (5, 0)) # C, E, F, and of F: G, D
    k.delete("production.forecast", more)
    row = planned(k)
    expect((row["added"] or 0, row["changed"] or 0, row["removed"]), (0, 0, 5))
    spare = make(k, "base.item", code="Z", name="Z")
    make(k, "production.forecast", item=spare, day=day(9), quantity="1")
    expect(planned(k)["added"], 1)
    k.update("base.item", spare, {"active": False})
    expect((planned(k)["removed"], k.count("production.proposal", [["item", "=", spare]])), (1, 0))


def of_a_phantom_its_components_are_planned(k):
    """A kit of four screws that is never made by itself: the screws are traced through it to what needs it."""
    stand, kit, screw = (make(k, "base.item", code=code, name=code) for code in ("STAND", "KIT", "SCREW"))
    seen.update(STAND=stand, KIT=kit, SCREW=screw)
    make(k, "production.bom", item=kit, kind="phantom", lines=[{"item": screw, "quantity": "4"}])
    make(k, "production.bom", item=stand, lines=[{"item": kit, "quantity": "2"}])
    wanted = make(k, "production.forecast", item=stand, day=day(30), quantity="3")
    planned(k)
    expect((proposals(k, "KIT", "id"), proposals(k, "SCREW", "kind", "quantity")), ([], [("buy", "24.0000")]))
    rows = k.call("production.mrp.trace", {"proposal": proposals(k, "SCREW", "id")[0][0]})["rows"]
    expect([(r["item"], r["need"], r["quantity"]) for r in rows], [(screw, "proposal", "24.0000"), (stand, "demand", "3.0000")])
    k.delete("production.forecast", wanted)
    planned(k)


def a_proposal_is_traced_up_to_its_demand(k):
    deepest = k.list("production.proposal", [["item", "=", seen["G"]]])["rows"][0]
    rows = k.call("production.mrp.trace", {"proposal": deepest["id"]})["rows"]
    expect([(r["level"] or 0, r["item"], r["need"]) for r in rows],
           [(0, seen["G"], "proposal"), (1, seen["F"], "proposal"), (2, seen["C"], "proposal"), (3, seen["A"], "demand")])
    expect((rows[-1]["document"], rows[-1]["quantity"]), ({"entity": "production.forecast", "id": seen["forecast"]}, "50.0000"))


def a_firm_proposal_stays(k):
    proposal = k.list("production.proposal", [["item", "=", seen["A"]]])["rows"][0]
    expect(proposal["supply"], None)
    k.call("production.proposal.firm", {"id": proposal["id"]})
    firm = k.get("production.proposal", proposal["id"])
    order = k.get("production.order", firm["supply"]["id"])
    expect((order["state"], order["quantity"], order["due"], order["run"]), ("draft", proposal["quantity"], proposal["due"], proposal["run"]))
    expect((firm["supply"]["entity"], len(order["components"])), ("production.order", 2))
    refused("unavailable", lambda: k.call("production.proposal.firm", {"id": k.list("production.proposal", [["item", "=", seen["G"]]])["rows"][0]["id"]}))
    row = planned(k)
    expect((row["receipts"], row["messages"] or 0, proposals(k, "A", "state")), (1, 0, [("firm",)]))
    expect([q for q, in proposals(k, "B", "quantity")], ["100.0000"]) # its components are still planned


def what_is_open_gets_messages(k):
    order = k.list("production.order", [["state", "=", "draft"]])["rows"][0]["id"]
    k.update("production.forecast", seen["forecast"], {"day": day(10)})
    planned(k)
    row, = k.list("production.message")["rows"]
    expect((row["kind"], row["document"], row["day"], row["needed"]), ("expedite", {"entity": "production.order", "id": order}, day(20), day(10)))
    k.update("production.forecast", seen["forecast"], {"day": day(30)})
    planned(k)
    expect([r["kind"] for r in k.list("production.message")["rows"]], ["defer"])
    expect([planned(k, defer_days=days)["messages"] or 0 for days in (10, 11)], [1, 0]) # it is needed ten days later
    refused("validation", lambda: k.call("production.mrp.run", {"defer_days": 0}), "defer_days")
    k.delete("production.forecast", seen["forecast"])
    planned(k)
    expect([r["kind"] for r in k.list("production.message")["rows"]], ["cancel"])
    k.call("production.order.cancel", {"id": order})


def items_say_how_much_at_a_time(k):
    k.update("base.item", seen["G"], {"planning": "fixed", "lot_size": "250", "safety_stock": "10"})
    make(k, "production.forecast", item=seen["G"], day=day(30), quantity="20")
    planned(k)
    expect(proposals(k, "G", "quantity", "due"), [("250.0000", day(0))])
    k.update("base.item", seen["G"], {"planning": None, "lot_size": None, "safety_stock": None, "lot_multiple": "8"})
    planned(k)
    expect(proposals(k, "G", "quantity", "due"), [("24.0000", day(30))])


def rules_that_cannot_be_followed_are_refused(k):
    wrong = ({"planning": "fixed"}, {"planning": "period", "lot_period": 0}, {"lot_min": "9", "lot_max": "5"}, {"lead_days": -1}, {"safety_stock": "-2", "lot_multiple": "-1"})
    at = (("lot_size",), ("lot_period",), ("lot_min",), ("lead_days",), ("safety_stock", "lot_multiple"))
    for values, paths in zip(wrong, at):
        refused("validation", lambda values=values: k.update("base.item", seen["D"], values), *paths)
        refused("validation", lambda values=values: make(k, "base.item", code="WRONG", name="Wrong", **values), *paths)


def components_of_confirmed_orders_are_needed(k):
    order = make(k, "production.order", item=seen["C"], quantity="10", due=day(40))
    k.call("production.order.confirm", {"id": order})
    planned(k)
    # its own order for F is confirmed with it; E and G are bought
    expect([(q, d) for q, d in proposals(k, "E", "quantity", "due")], [("20.0000", day(39))])
    row = k.list("production.proposal", [["item", "=", seen["E"]]])["rows"][0]
    expect(row["pegs"][0]["document"], {"entity": "production.order", "id": order})


def content(k):
    """All that is proposed and said, whatever the ids: pegs by what the proposal is that they go into."""
    rows = list(k.each("production.proposal", [["state", "=", "planned"]]))
    named = {r["serial"]: (r["item"], r["due"], r["quantity"]) for r in rows}
    expect(len(named), len(rows)) # numbers are used once
    told = sorted(repr(([r[f] or 0 for f in ("item", "kind", "quantity", "release", "due", "late", "level")],
                        [[p["need"], p["document"], p["line"], named.get(p["proposal"]), p["quantity"], p["day"]] for p in r["pegs"]])) for r in rows)
    said = sorted(repr([m[f] for f in ("kind", "item", "document", "quantity", "day", "needed")]) for m in k.each("production.message"))
    return told, said


def shake(k, dice, forecasts):
    """Something that planning starts from changes."""
    made = [seen[code] for code in "ABCDEFG"]
    for _ in range(dice.randint(1, 4)):
        what = dice.choice(("new", "new", "moved", "gone", "rule", "order", "firm", "inactive"))
        if what == "new" or not forecasts:
            forecasts.append(make(k, "production.forecast", item=dice.choice(made), day=day(dice.randint(0, 60)), quantity=str(dice.randint(1, 90))))
        elif what == "moved":
            k.update("production.forecast", dice.choice(forecasts), {"day": day(dice.randint(0, 60)), "quantity": str(dice.randint(1, 90))})
        elif what == "gone":
            k.delete("production.forecast", forecasts.pop(dice.randrange(len(forecasts))))
        elif what == "rule":
            k.update("base.item", dice.choice(made), dice.choice(({"planning": "period", "lot_period": dice.randint(1, 20)}, {"planning": "fixed", "lot_size": str(dice.randint(1, 200))},
                                                                  {"planning": None, "lot_max": dice.choice((None, "40"))}, {"safety_stock": dice.choice((None, "15"))}, {"lead_days": dice.randint(0, 9)})))
        elif what == "order":
            order = make(k, "production.order", item=dice.choice(made[:3]), quantity=str(dice.randint(1, 30)), due=day(dice.randint(1, 50)))
            if dice.random() < 0.5:
                k.call("production.order.confirm", {"id": order})
        elif what == "firm" and (rows := k.list("production.proposal", [["state", "=", "planned"], ["kind", "=", "make"]])["rows"]):
            k.call("production.proposal.firm", {"id": dice.choice(rows)["id"]})
        elif what == "inactive":
            k.update("base.item", seen["G"], {"active": dice.random() < 0.7})


def a_run_after_others_comes_to_what_a_first_one_does(k):
    dice, forecasts = random.Random(11), []
    for _ in range(ROUNDS):
        shake(k, dice, forecasts)
        row = planned(k)
        found = content(k)
        expect(len(found[0]), row["proposals"] or 0)
        for entity in ("production.proposal", "production.message"):
            old = list(k.each(entity, [["state", "=", "planned"]] if entity.endswith("proposal") else [], fields=["id"]))
            k.call("system.batch", {"calls": [{"method": f"{entity}.delete", "params": {"id": one["id"]}} for one in old], "atomic": True})
        planned(k)
        expect(found, content(k))
        shake(k, dice, forecasts)
        planned(k) # so that the next one does not always come after a first one


if __name__ == "__main__":
    run([story for story in list(globals().values()) if callable(story) and getattr(story, "__module__", "") == "__main__"
         and story not in (make, day, planned, proposals, kits, content, shake)], modules="base,production")
