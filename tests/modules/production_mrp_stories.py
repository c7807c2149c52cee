#!/usr/bin/env python3
"""Stories of requirements planning over HTTP: from forecasts and orders to proposals, messages and what they are for."""
import datetime
import time

from stories import expect, refused, run

seen = {}
TODAY = datetime.date.today()


def make(k, entity, **values):
    return k.create(entity, values)["id"]


def day(number):
    return (TODAY + datetime.timedelta(days=number)).isoformat()


def planned(k):
    """Runs the planning, and gives its result."""
    answer = k.call("production.mrp.run", {})
    for _ in range(2000):
        job = k.call("job.get", {"id": answer["job"]})
        if job["state"] not in ("queued", "running"):
            break
        time.sleep(0.01)
    expect((job["state"], job["result"]["run"]), ("done", answer["run"]))
    return k.get("production.mrp_run", answer["run"])


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


def proposals_are_replaced_by_the_next_run_and_take_no_order_numbers(k):
    expect(sorted(r["quantity"] for r in k.list("production.proposal", [["kind", "=", "make"]])["rows"]), ["100.0000", "150.0000", "300.0000", "50.0000"])
    before = {r["id"] for r in k.list("production.proposal")["rows"]}
    planned(k)
    after = {r["id"] for r in k.list("production.proposal")["rows"]}
    expect((len(after), before & after, k.count("production.order", [])), (9, set(), 0))


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


def components_of_confirmed_orders_are_needed(k):
    order = make(k, "production.order", item=seen["C"], quantity="10", due=day(40))
    k.call("production.order.confirm", {"id": order})
    planned(k)
    # its own order for F is confirmed with it; E and G are bought
    expect([(q, d) for q, d in proposals(k, "E", "quantity", "due")], [("20.0000", day(39))])
    row = k.list("production.proposal", [["item", "=", seen["E"]]])["rows"][0]
    expect(row["pegs"][0]["document"], {"entity": "production.order", "id": order})


if __name__ == "__main__":
    run([story for story in list(globals().values()) if callable(story) and getattr(story, "__module__", "") == "__main__"
         and story not in (make, day, planned, proposals, kits)], modules="base,production")
