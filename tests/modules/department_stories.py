#!/usr/bin/env python3
"""The lists that departments work from -- to make, to buy, to receive, to ship, to invoice, missing, late -- each as it is asked for and as a rule is told of
what comes into it (docs/architecture.md, "What each department works from"); days pass by a clock that the test moves."""
import datetime
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from path_stories import company  # noqa: E402
from stories import expect, make, planned, run  # noqa: E402

START = "2026-03-02"
seen = {}
# the list; the events that tell it; what of them is meant
TOLD = [
    ("tick", ["webhook tick"], "nil"),
    ("to make", ["production.order.created"], "nil"),
    ("to buy", ["logistics.purchase_request.created", "logistics.purchase_request enters open"], '{{"state", "=", "open"}}'),
    ("to receive", ["logistics.purchase_order enters approved"], "nil"),
    ("to ship", ["logistics.delivery enters reserved"], "nil"),
    ("to deliver", ["crm.order enters confirmed"], "nil"),
    ("to invoice", ["logistics.delivery enters shipped", "logistics.delivery enters done"], "nil"),
    ("bills to come", ["logistics.receipt enters done"], "nil"),
    ("waits for goods", ["logistics.delivery enters waiting"], "nil"),
    ("missing", ["base.pegging.created", "base.pegging.updated kind"], '{{"kind", "=", "missing"}}'),
    ("at risk", ["base.pegging.created", "base.pegging.updated late"], '{{"late", "=", true}}'),
    ("late sale", ["crm.order.promised + 1 day", "crm.order.asked + 1 day"], '{{"state", "=", "confirmed"}, {"delivery_status", "!=", "full"}}'),
    ("late delivery", ["logistics.delivery.day + 1 day"], '{{"state", "in", {"waiting", "reserved", "picked"}}}'),
    ("late purchase", ["logistics.purchase_order.expected + 1 day"], '{{"state", "=", "approved"}, {"receipt_status", "!=", "full"}}'),
    ("late making", ["production.order.due + 1 day"], '{{"state", "in", {"confirmed", "reserved", "in_progress"}}}'),
    ("promise", ["base.supply.promise"], "nil"),
    ("proposed", ["production.proposal.created"], "nil"),
    ("to be ordered", ["logistics.purchase_request.order_by + 1 day"], '{{"state", "=", "open"}}'),
]


def view(k, entity, name):
    """What a client shows under this view's name."""
    found = [v for v in k.call("system.describe", {"entities": [entity]})["entities"][0]["views"] if v.get("name") == name]
    return [row["id"] for row in k.list(entity, found[0]["filter"], sort="id")["rows"]]


def shop(k):
    if not seen:
        seen.update(company(k, "base,crm,logistics,production,finance"))
        for name, events, when in TOLD:
            on = ", ".join(f'"{event}"' for event in events)
            text = f"""rule {{ on = {{{on}}}, when = {when}, moment = "after", rights = "*:* fields *",
              run = function(r, before, payload) create("base.task", {{title = "{name}", text = "" .. (r and r.id or payload.document and payload.document.id or 0)}}) end }}"""
            k.call("automation.rule.enable", {"id": make(k, "automation.rule", name=name.replace(" ", "_"), text=text)})
    return seen


def told(k, name, id, count=1):
    """Rules run after the commit: waits for what this one has to tell of a record."""
    until = time.monotonic() + 30
    while len(found := [t for t in k.list("base.task", [["title", "=", name]], limit=500)["rows"] if t["text"] == str(id)]) < count:
        assert time.monotonic() < until, (name, id, [(t["title"], t["text"]) for t in k.list("base.task", limit=500)["rows"]],
                                          [(r["name"], r["problem"]) for r in k.list("automation.rule", [["problem", "is_null", False]])["rows"]], k.call("rule.runs", {"id": one(k, "automation.rule", ["name", "=", name.replace(" ", "_")])}))
        time.sleep(0.05)
    return found


def it_is(house, moment):
    """What the clock sets off by then is queued when it returns, for the tick is queued behind it; sessions end meanwhile."""
    house.move_clock(datetime.datetime.fromisoformat(f"{moment}+00:00").timestamp() - time.time())
    k = house.client()
    ticks = k.count("base.task", [["title", "=", "tick"]])
    k.call("rule.webhook", {"name": "tick"})
    told(k, "tick", 0, ticks + 1)
    return k


def one(k, entity, *filter):
    return k.list(entity, list(filter), sort="-id")["rows"][0]["id"]


def what_comes_into_each_list_is_told(k, house):
    s = shop(k)
    sale = make(k, "crm.order", party=s["nowak"], asked="2026-03-20", lines=[{"item": s["BIKE"], "quantity": "2"}])
    k.call("crm.order.confirm", {"id": sale})
    told(k, "to deliver", sale), expect(sale in view(k, "crm.order", "to_deliver"), True)
    bikes = one(k, "production.order", ["item", "=", s["BIKE"]])
    told(k, "to make", bikes), expect(bikes in view(k, "production.order", "to_make"), True)
    wheels = one(k, "logistics.purchase_request", ["item", "=", s["WHEEL"]])
    told(k, "to buy", wheels), expect(wheels in view(k, "logistics.purchase_request", "to_buy"), True)
    expect(wheels in [r["request"] for r in k.call("logistics.purchase.to_buy", {})["requests"]], True)
    sent = one(k, "logistics.delivery", ["document", "=", {"entity": "crm.order", "id": sale}])
    told(k, "waits for goods", sent), expect(sent in view(k, "logistics.delivery", "missing"), True)
    expect(s["BIKE"] in [i["item"] for i in k.call("logistics.missing", {})["items"]], True)
    nobody = make(k, "base.item", code="GEM", name="Gem", unit=s["piece"], price="9", currency=s["pln"])
    gems = make(k, "crm.order", party=s["nowak"], lines=[{"item": nobody, "quantity": "1"}])
    k.call("crm.order.confirm", {"id": gems})
    peg = one(k, "base.pegging", ["demand", "=", {"entity": "crm.order", "id": gems}])
    told(k, "missing", peg), told(k, "at risk", peg)
    expect(peg in view(k, "base.pegging", "late"), True)
    slip = make(k, "logistics.transfer", kind="entry", lines=[{"item": nobody, "quantity": "1", "unit_cost": "5"}])
    k.call("logistics.transfer.post", {"id": slip})
    gem = one(k, "logistics.delivery", ["document", "=", {"entity": "crm.order", "id": gems}])
    told(k, "to ship", gem), expect(gem in view(k, "logistics.delivery", "to_ship"), True)
    k.call("logistics.delivery.ship", {"id": gem})
    told(k, "to invoice", gem)
    expect(gems in [r["order"]["id"] for r in k.call("finance.to_invoice", {})["rows"]], True)
    expect(gems in view(k, "crm.order", "to_bill"), True)
    bought = make(k, "logistics.purchase_order", party=s["rad"], lines=[{"item": nobody, "quantity": "1", "price": "4"}])
    k.call("logistics.purchase_order.approve", {"id": bought})
    told(k, "to receive", bought), expect(bought in view(k, "logistics.purchase_order", "to_receive"), True)
    receipt = make(k, "logistics.receipt", order=bought)
    k.call("logistics.receipt.finish", {"id": receipt})
    told(k, "bills to come", receipt)
    expect(bought in [r["order"]["id"] for r in k.call("finance.to_invoice", {"purchases": True})["rows"]], True)
    k.update("base.item", s["TUBE"], {"safety_stock": "900"})
    planned(k)
    told(k, "proposed", one(k, "production.proposal", ["item", "=", s["TUBE"]]))
    later = k.call("logistics.purchase.order", {"requests": [wheels]})["orders"][0]["order"]
    k.call("logistics.purchase_order.approve", {"id": later})
    k.call("logistics.purchase_order.reschedule", {"id": later, "expected": "2026-03-27", "reason": "late"})
    told(k, "promise", sale)
    s["sale"], s["bikes"], s["sent"], s["bells"] = sale, bikes, sent, one(k, "logistics.purchase_request", ["item", "=", s["BELL"]])


def what_is_late_is_told_when_its_day_has_passed(k, house):
    """A sale of two lines is late when one of them is, whatever day is promised for the other."""
    s = shop(k)
    bell = make(k, "logistics.transfer", kind="entry", lines=[{"item": s["BELL"], "quantity": "50", "unit_cost": "5"}])
    k.call("logistics.transfer.post", {"id": bell})
    early = make(k, "crm.order", party=s["nowak"], asked="2026-03-04", lines=[{"item": s["BELL"], "quantity": "1"}, {"item": s["BELL"], "quantity": "2", "asked": "2026-09-30"}])
    k.call("crm.order.confirm", {"id": early})
    ordered = make(k, "logistics.purchase_order", party=s["rad"], lines=[{"item": s["TUBE"], "quantity": "1", "price": "4", "expected": "2026-03-05"}])
    k.call("logistics.purchase_order.approve", {"id": ordered})
    none = make(k, "base.item", code="NONE", name="None", unit=s["piece"], price="9", currency=s["pln"])
    lost = make(k, "crm.order", party=s["nowak"], asked="2026-03-04", lines=[{"item": none, "quantity": "1"}])
    k.call("crm.order.confirm", {"id": lost})
    half = make(k, "crm.order", party=s["nowak"], asked="2026-03-04", lines=[{"item": s["BELL"], "quantity": "3"}, {"name": "Advice", "asked": "2026-03-03", "price": "1"}])
    k.call("crm.order.confirm", {"id": half})
    later = make(k, "crm.order", party=s["nowak"], asked="2026-09-30", lines=[{"item": s["BELL"], "quantity": "1"}, {"name": "Advice", "asked": "2026-03-03", "price": "1"}])
    k.call("crm.order.confirm", {"id": later})
    expect((view(k, "crm.order", "late"), view(k, "logistics.purchase_order", "late")), ([], []))
    it_is(house, f"{START}T10:30:00")  # dates are looked at once a minute, from the first look on that a rule has seen
    k = it_is(house, "2026-04-13T10:00:00")
    expect(sorted(view(k, "crm.order", "late")), sorted([s["sale"], early, lost, half]))
    told(k, "late sale", s["sale"]), told(k, "late sale", early), told(k, "late sale", lost)
    told(k, "late purchase", ordered), expect(ordered in view(k, "logistics.purchase_order", "late"), True)
    expect(ordered in [r["order"] for r in k.call("logistics.purchase.late", {})["lines"]], True)
    told(k, "late delivery", s["sent"]), expect(s["sent"] in view(k, "logistics.delivery", "late"), True)
    told(k, "late making", s["bikes"]), told(k, "to be ordered", s["bells"])
    gone = one(k, "logistics.delivery", ["document", "=", {"entity": "crm.order", "id": early}])
    line = [row["id"] for row in k.get("logistics.delivery", gone)["lines"] if row["quantity"] == "1.0000"][0]
    k.call("logistics.delivery.ship", {"id": gone, "lines": [{"line": line, "quantity": "1"}]})
    gone = one(k, "logistics.delivery", ["document", "=", {"entity": "crm.order", "id": half}])
    k.call("logistics.delivery.ship", {"id": gone, "lines": [{"line": k.get("logistics.delivery", gone)["lines"][0]["id"], "quantity": "1"}]})
    expect(sorted(view(k, "crm.order", "late")), sorted([s["sale"], lost, half]))


run([what_comes_into_each_list_is_told, what_is_late_is_told_when_its_day_has_passed], modules="base,crm,logistics,production,finance", day=START)
