#!/usr/bin/env python3
"""One order through all departments, over HTTP: confirmed, made, bought, shipped, billed and paid; and with some of the
departments absent."""
import datetime
import time
from decimal import Decimal as D

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House  # noqa: E402
from stories import expect, make, refused, run  # noqa: E402

TODAY = datetime.date.today()
seen = {}


def day(days):
    return (TODAY + datetime.timedelta(days)).isoformat()


def rows(k, entity, *filter, **more):
    return k.list(entity, list(filter), **more)["rows"]


def company(k, modules):
    """A bicycle maker: bikes are made of frames, made of tubes; wheels and bells are bought."""
    s = {}
    pl, s["pln"] = make(k, "base.country", code="PL", name="Poland", eu=True), make(k, "base.currency", code="PLN", decimals=2)
    make(k, "base.company", name="Wicher", country=pl, currency=s["pln"])
    k.call("base.tax.preset", {"country": "PL"})
    s["piece"] = make(k, "base.unit", code="szt", category="count", rounding="1")
    s["nowak"] = make(k, "base.party", name="Nowak", is_customer=True)
    s["rad"] = make(k, "base.party", name="Rad", is_supplier=True)
    for code, price, cost in (("BIKE", "2000", "900"), ("FRAME", "600", "300"), ("WHEEL", "150", "80"), ("BELL", "20", "8"), ("TUBE", "40", "25")):
        s[code] = make(k, "base.item", code=code, name=code.title(), unit=s["piece"], price=price, standard_cost=cost, currency=s["pln"],
                       made=code in ("BIKE", "FRAME"), bought=code in ("WHEEL", "BELL", "TUBE"))
    s["service"] = make(k, "base.item", code="CHECK", name="Check", kind="service", price="100", currency=s["pln"])
    if "production" in modules:
        hall = s["hall"] = make(k, "production.work_centre", code="HALL", name="Hall", machine_rate="60", labour_rate="40", overhead_rate="20")
        weld = make(k, "production.routing", code="WELD", name="Welding", steps=[{"sequence": 10, "name": "Weld", "centre": hall, "setup_minutes": "30", "run_minutes": "20"}])
        join = make(k, "production.routing", code="JOIN", name="Assembly", steps=[{"sequence": 10, "name": "Assemble", "centre": hall, "run_minutes": "60"}])
        make(k, "production.bom", item=s["FRAME"], routing=weld, lines=[{"item": s["TUBE"], "quantity": "3"}])
        make(k, "production.bom", item=s["BIKE"], routing=join, lines=[{"item": s["FRAME"], "quantity": "1"}, {"item": s["WHEEL"], "quantity": "2"}, {"item": s["BELL"], "quantity": "1"}])
    if "logistics" in modules:
        for code, price, lead in (("WHEEL", "75", 7), ("BELL", "7", 3), ("TUBE", "24", 5)):
            make(k, "logistics.supplier_price", item=s[code], party=s["rad"], price=price, currency=s["pln"], lead_days=lead)
    if "finance" in modules:
        k.call("finance.setup", {"chart": "polish", "year": f"{TODAY.year}-01-01"})
        k.call("finance.setup", {"chart": "polish", "year": f"{TODAY.year + 1}-01-01"})
    return s


def shop(k):
    if not seen:
        seen.update(company(k, "base,crm,logistics,production,finance"))
    return seen


def put(k, of, quantity, cost):
    made = make(k, "logistics.transfer", kind="entry", lines=[{"item": of, "quantity": quantity, "unit_cost": cost}])
    k.call("logistics.transfer.post", {"id": made})


def order(k, *lines, s=None, **more):
    s = s or shop(k)
    return make(k, "crm.order", party=s["nowak"], currency=s["pln"], lines=[{"item": s[code], "quantity": str(quantity)} for code, quantity in lines], **more)


def plan(answer):
    """(level, kind, quantity) of each part, with the item's name."""
    return [(p["level"], p["item_name"], p["kind"], str(D(p["quantity"]).normalize())) for p in answer["parts"]]


def level(k, of):
    found = k.call("logistics.availability", {"item": of})
    return {name: D(found[name]) for name in ("on_hand", "reserved", "available")}


def delivery_of(k, sale):
    return rows(k, "logistics.delivery", ["document", "=", {"entity": "crm.order", "id": sale}], sort="-id")[0]["id"]


def pegged(k, document, entity="crm.order"):
    """By what a document's demands are covered."""
    return [(p["kind"], D(p["quantity"])) for p in rows(k, "base.pegging", ["demand", "=", {"entity": entity, "id": document}], sort="id")]


def held(k, entity, document):
    """What is reserved for a document, of each lot and place."""
    return [D(r["quantity"]) for r in rows(k, "logistics.reservation", ["document", "=", {"entity": entity, "id": document}], sort="id")]


def tracked(k, code, *lots, **more):
    """An item kept by lots, with five of each on stock."""
    s = shop(k)
    s[code] = make(k, "base.item", code=code, name=code.title(), unit=s["piece"], price="2", currency=s["pln"], tracking="lot", **more)
    for lot in lots:
        slip = make(k, "logistics.transfer", kind="entry", lines=[{"item": s[code], "quantity": "5", "unit_cost": "1", "new_lot": lot}])
        k.call("logistics.transfer.post", {"id": slip})
    return s[code], {row["name"]: row["id"] for row in rows(k, "logistics.lot", ["item", "=", s[code]])}


def requests(k, *filter):
    return rows(k, "logistics.purchase_request", *filter, sort="id")


def buy(k, request):
    """Orders what a request asks for, and receives all of it."""
    made = k.call("logistics.purchase.order", {"requests": [r["id"] for r in request]})
    bought = [row for row in rows(k, "logistics.purchase_order", ["state", "in", ["draft", "sent"]])]
    for row in bought:
        k.call("logistics.purchase_order.approve", {"id": row["id"]})
    return made, [row["id"] for row in bought]


def receive(k, bought):
    lines = k.get("logistics.purchase_order", bought)["lines"]
    receipt = make(k, "logistics.receipt", order=bought, lines=[{"order_line": line["id"], "quantity": line["quantity"]} for line in lines])
    k.call("logistics.receipt.finish", {"id": receipt})


def produce(k, made):
    k.call("production.order.start", {"id": made})
    k.call("production.order.report", {"id": made, "produced": k.get("production.order", made)["quantity"]})
    k.call("production.order.finish", {"id": made})


# ---- Stories ----

def the_preview_tells_what_each_department_will_do(k):
    s = shop(k)
    put(k, s["BIKE"], "2", "850")
    put(k, s["BELL"], "10", "7")
    seen["order"] = order(k, ("BIKE", 5), ("service", 1), asked=day(60))
    before = k.list("crm.order", [["id", "=", seen["order"]]])["rows"][0]["version"]
    preview = k.call("crm.order.preview", {"id": seen["order"]})
    preview.update(preview.pop("result"))
    expect(plan(preview), [
        (0, "Bike", "stock", "2"), (0, "Bike", "make", "3"), (1, "Frame", "make", "3"), (2, "Tube", "buy", "9"), (1, "Wheel", "buy", "6"),
        (1, "Bell", "stock", "3")])
    expect(k.get("crm.order", seen["order"])["version"], before)
    expect((rows(k, "production.order"), requests(k), rows(k, "logistics.delivery")), ([], [], []))
    expect([(p["item_name"], p["party"], D(p["unit_cost"])) for p in preview["parts"] if p["kind"] == "buy"], [("Tube", s["rad"], D(24)), ("Wheel", s["rad"], D(75))])
    expect(preview["promised"] >= day(7), True)
    seen["preview"] = preview
    entities = {c["entity"] for c in preview["changes"]}
    expect({"crm.order", "production.order", "logistics.purchase_request", "logistics.reservation", "logistics.delivery"} <= entities, True)


def the_confirmation_does_what_the_preview_told(k):
    s = shop(k)
    done = k.call("crm.order.confirm", {"id": seen["order"]}, if_preview=seen["preview"]["hash"])
    told = {key: value for key, value in seen["preview"].items() if key in ("parts", "promised", "cost", "margin", "margin_percent", "minutes", "net", "cash")}
    for part in told["parts"] + done["parts"]:
        part.pop("supply", None)
    expect({key: done[key] for key in told}, told)
    row = k.get("crm.order", seen["order"])
    expect((row["state"], row["promised"], row["lines"][0]["promised"]), ("confirmed", done["promised"], done["promised"]))
    # two bikes at 850; three of a frame (3 tubes at 24, welding 0.83 h for three), two wheels at 75, a bell at 7, an hour of assembly
    expect(D(done["net"]) - D(done["cost"]), D(done["margin"]))
    orders = {o["item"]: o for o in rows(k, "production.order")}
    expect({i: o["quantity"] for i, o in orders.items()}, {s["BIKE"]: "3.0000", s["FRAME"]: "3.0000"})
    expect({r["item"]: r["quantity"] for r in requests(k)}, {s["TUBE"]: "9.0000", s["WHEEL"]: "6.0000"})
    expect((level(k, s["BIKE"])["reserved"], level(k, s["BELL"])["reserved"]), (D(2), D(3)))
    expect(len(rows(k, "logistics.delivery")), 1)


def the_preview_tells_when_money_comes_and_goes(k):
    """The customer pays by the usual terms from the day of the promise, the suppliers get theirs from the day on which the goods come; both with tax."""
    usual = datetime.timedelta(rows(k, "finance.terms", ["initial", "=", True])[0]["parts"][0]["days"])
    due = lambda text: (datetime.date.fromisoformat(text) + usual).isoformat()
    preview, row = seen["preview"], k.get("crm.order", seen["order"])
    bike, service = row["lines"]
    moved = {}
    bought = [(due(p["day"]), -(D(p["cost"]) * D("1.23")).quantize(D("0.01"))) for p in preview["parts"] if p["kind"] == "buy"]
    for when, amount in [(due(bike["promised"]), D(bike["gross"])), (due(day(60)), D(service["gross"])), *bought]:
        received, paid = moved.get(when, (D(0), D(0)))
        moved[when] = (received + max(amount, D(0)), paid + max(-amount, D(0)))
    expect({c["day"]: (D(c["received"]), D(c["paid"])) for c in preview["cash"]}, moved)
    expect([c["day"] for c in preview["cash"]], sorted(moved))
    expect(D(preview["cash"][-1]["balance"]), D(row["gross"]) + sum(amount for _, amount in bought))


def a_salesman_is_told_no_cost(k, house):
    """He confirms his own order, and sees what it takes; what it costs and brings is told to whoever may know."""
    s = shop(k)
    role = k.list("access.role", [["name", "=", "crm.sales"]])["rows"][0]["id"]
    user = make(k, "access.user", name="rep", full_name="Rep", roles=[role])
    k.call("access.password", {"user": user, "new": "Quiet-River-77-Stone"})
    rep = house.client("rep", "Quiet-River-77-Stone")
    mine = make(rep, "crm.order", party=make(rep, "base.party", name="His own"), currency=s["pln"], lines=[{"item": s["BELL"], "quantity": "2"}, {"item": s["WHEEL"], "quantity": "1"}])
    preview = rep.call("crm.order.preview", {"id": mine})
    done = rep.call("crm.order.confirm", {"id": mine})
    told = rep.call("base.supply.explain", {"document": {"entity": "crm.order", "id": mine}})
    for answer in (preview["result"], done):
        expect([answer[f] for f in ("cost", "margin", "margin_percent", "cash")], [None, None, None, []])
    for parts in (preview["result"]["parts"], done["parts"], told["parts"]):
        expect([(p["kind"], p["cost"]) for p in parts], [("stock", None), ("buy", None)])
    known = {name for change in preview["changes"] for side in ("before", "after") for name, value in (change.get(side) or {}).items() if value is not None}
    expect(known & {"cost", "margin", "unit_cost", "standard_cost"}, set())
    expect([bool(p["cost"]) for p in k.call("base.supply.explain", {"document": {"entity": "crm.order", "id": mine}})["parts"]], [True, True])
    k.call("crm.order.cancel", {"id": mine, "reason": "a test"})


def every_date_says_why(k):
    answer = k.call("base.supply.explain", {"document": {"entity": "crm.order", "id": seen["order"]}, "line": 1})
    tree = [(p["level"], p["item_name"], p["kind"]) for p in answer["parts"]]
    expect(tree, [(0, "Bike", "stock"), (0, "Bike", "make"), (1, "Frame", "make"), (2, "Tube", "buy"), (1, "Wheel", "buy"), (1, "Bell", "stock")])
    expect(all(p["reason"] for p in answer["parts"] if p["kind"] != "stock"), True)
    made = answer["parts"][1]
    expect(made["day"] >= max(p["day"] for p in answer["parts"][2:]), True)
    expect(answer["day"], made["day"])


def a_late_supplier_breaks_a_promise_and_says_whose(k):
    s = shop(k)
    buy(k, requests(k, ["state", "=", "open"]))
    bought = rows(k, "logistics.purchase_order", ["state", "=", "approved"])
    expect(len(bought), 1)
    seen["bought"] = bought[0]["id"]
    was = k.get("crm.order", seen["order"])["promised"]
    wheels = next(line for line in k.get("logistics.purchase_order", seen["bought"])["lines"] if line["item"] == s["WHEEL"])
    k.call("logistics.purchase_order.reschedule", {"id": seen["bought"], "lines": [{"line": wheels["id"], "expected": day(80)}], "reason": "strike at the supplier's"})
    now = k.get("crm.order", seen["order"])["promised"]
    expect((now > was, now >= day(80)), (True, True))
    risks = [r for r in k.call("base.supply.at_risk", {})["demands"] if r["demand"] == {"entity": "crm.order", "id": seen["order"]}]
    expect([(r["kind"], r["needed"], r["day"]) for r in risks], [("make", day(60), now)])
    k.call("logistics.purchase_order.reschedule", {"id": seen["bought"], "lines": [{"line": wheels["id"], "expected": day(6)}], "reason": "the strike is over"})
    expect(k.get("crm.order", seen["order"])["promised"] <= day(60), True)


def what_comes_in_goes_where_it_is_waited_for(k):
    s = shop(k)
    receive(k, seen["bought"])
    expect((level(k, s["TUBE"]), level(k, s["WHEEL"])), ({"on_hand": D(9), "reserved": D(9), "available": D(0)}, {"on_hand": D(6), "reserved": D(6), "available": D(0)}))
    frames, bikes = (rows(k, "production.order", ["item", "=", s[code]])[0]["id"] for code in ("FRAME", "BIKE"))
    produce(k, frames)
    expect((level(k, s["FRAME"])["reserved"], level(k, s["TUBE"])["on_hand"]), (D(3), D(0)))
    produce(k, bikes)
    expect((level(k, s["BIKE"]), level(k, s["FRAME"])["on_hand"], level(k, s["BELL"])["on_hand"]),
           ({"on_hand": D(5), "reserved": D(5), "available": D(0)}, D(0), D(7)))
    kinds = {p["kind"] for p in k.call("base.supply.explain", {"document": {"entity": "crm.order", "id": seen["order"]}})["parts"]}
    expect(kinds, {"stock"})


def it_is_shipped_billed_and_paid(k):
    s = shop(k)
    for delivery in rows(k, "logistics.delivery", ["state", "not_in", ["done", "cancelled"]]):
        k.call("logistics.delivery.ship", {"id": delivery["id"]})
    row = k.get("crm.order", seen["order"])
    expect((row["delivery_status"], level(k, s["BIKE"])["on_hand"]), ("full", D(0)))
    expect(k.call("base.supply.explain", {"document": {"entity": "crm.order", "id": seen["order"]}})["parts"], [])
    made = k.call("finance.invoice.from_order", {"order": {"entity": "crm.order", "id": seen["order"]}})["id"]
    k.call("finance.invoice.post", {"id": made})
    invoice = k.get("finance.invoice", made)
    expect((invoice["net"], invoice["gross"], k.get("crm.order", seen["order"])["billing_status"]), (row["net"], row["gross"], "full"))
    items = rows(k, "finance.open_item", ["party", "=", s["nowak"]])
    paid = make(k, "finance.payment", party=s["nowak"], amount=invoice["gross"], allocations=[{"item": items[0]["id"]}])
    k.call("finance.payment.post", {"id": paid})
    expect(k.get("finance.invoice", made)["payment_status"], "paid")


def a_cancelled_order_undoes_what_can_be_undone(k):
    s = shop(k)
    put(k, s["BELL"], "1", "7")
    free = level(k, s["BELL"])["available"]
    gone = order(k, ("BIKE", 2), ("BELL", 4))
    k.call("crm.order.confirm", {"id": gone})
    expect(level(k, s["BELL"])["available"], free - 6)
    asked = requests(k, ["state", "=", "open"])
    expect({r["item"] for r in asked}, {s["TUBE"], s["WHEEL"]})
    tubes = next(r for r in asked if r["item"] == s["TUBE"])
    buy(k, [tubes])
    k.call("crm.order.cancel", {"id": gone, "reason": "the customer changed his mind"})
    row = k.get("crm.order", gone)
    expect((row["state"], level(k, s["BELL"])["available"]), ("cancelled", free))
    expect({o["state"] for o in rows(k, "production.order", ["created_at", ">=", row["created_at"]])}, {"cancelled"})
    expect({r["item"] for r in requests(k, ["state", "=", "open"])}, set())
    expect([(left["item"], left["kind"], bool(left["reason"])) for left in row["leftovers"]], [(s["TUBE"], "buy", True)])


def an_amendment_asks_for_the_difference_alone(k):
    s = shop(k)
    put(k, s["BELL"], "20", "7")
    bells = order(k, ("BELL", 5))
    k.call("crm.order.confirm", {"id": bells})
    reserved = level(k, s["BELL"])["reserved"]
    k.call("crm.order.amend", {"id": bells, "reason": "more", "lines": [{"line": 1, "quantity": "8"}, {"item": s["WHEEL"], "quantity": "2"}]})
    expect(level(k, s["BELL"])["reserved"], reserved + 3)
    expect([(r["item"], r["quantity"]) for r in requests(k, ["state", "=", "open"])], [(s["WHEEL"], "2.0000")])
    k.call("crm.order.amend", {"id": bells, "reason": "less", "lines": [{"line": 1, "quantity": "1"}, {"line": 2, "remove": True}]})
    expect((level(k, s["BELL"])["reserved"], requests(k, ["state", "=", "open"])), (reserved - 4, []))
    k.call("crm.order.cancel", {"id": bells, "reason": "none at all"})
    expect(level(k, s["BELL"])["reserved"], reserved - 5)


def more_of_what_is_partly_missing_is_promised_for_no_day(k):
    """Two gongs are missing; two more are on the shelf, for another order gave them up."""
    s = shop(k)
    s["GONG"] = make(k, "base.item", code="GONG", name="Gong", unit=s["piece"], price="90", currency=s["pln"])
    put(k, s["GONG"], "2", "50")
    other, mine = order(k, ("GONG", 2)), order(k, ("GONG", 2))
    for one in (other, mine):
        k.call("crm.order.confirm", {"id": one})
    expect(k.get("crm.order", mine)["promised"], None)
    k.call("crm.order.cancel", {"id": other, "reason": "none"})
    k.call("crm.order.amend", {"id": mine, "reason": "more", "lines": [{"line": 1, "quantity": "4"}]})
    expect((level(k, s["GONG"])["reserved"], k.get("crm.order", mine)["lines"][0]["promised"]), (D(2), None))
    k.call("crm.order.cancel", {"id": mine, "reason": "none"})


def what_is_refused_changes_nothing(k):
    s = shop(k)
    much = order(k, ("BIKE", 1), ("BELL", 1))
    k.update("crm.order", much, {"lines": [{"item": s["BIKE"], "quantity": "-1"}, {"item": s["BELL"], "quantity": "1"}]})
    before = (len(rows(k, "production.order", limit=500)), level(k, s["BELL"]))
    k.call("crm.order.preview", {"id": much})
    expect((len(rows(k, "production.order", limit=500)), level(k, s["BELL"])), before)


def each_department_finds_its_work_in_a_list_and_hears_of_it(k):
    """One order for thirty bikes, a bell from stock, and a gem that nobody sells: who makes, buys, ships and bills finds it in a list, and
    the feed of changes tells of it."""
    s = shop(k)
    views = {e["name"]: {v.get("name"): v["filter"] for v in e["views"] if v.get("filter")} for e in k.call(
        "system.describe", {"entities": ["production.order", "logistics.delivery"]})["entities"]}
    gem = make(k, "base.item", code="GEM", name="Gem", unit=s["piece"], price="10", currency=s["pln"], bought=True)
    put(k, s["BELL"], "1", "7")
    before = k.call("journal.head", {})["seq"]
    made = make(k, "crm.order", party=s["nowak"], currency=s["pln"], lines=[
        {"item": s["BIKE"], "quantity": "30"}, {"item": s["BELL"], "quantity": "1"}, {"item": gem, "quantity": "1"}])
    k.call("crm.order.confirm", {"id": made})
    to_make = [r for r in rows(k, "production.order", *views["production.order"]["to_make"]) if r["item"] in (s["BIKE"], s["FRAME"])]
    expect(sorted(r["item"] for r in to_make), sorted([s["BIKE"], s["FRAME"]]))
    to_buy = {r["item"] for r in k.call("logistics.purchase.to_buy", {})["requests"]}
    expect(to_buy >= {s["TUBE"], s["WHEEL"]}, True)
    missing = rows(k, "base.pegging", ["kind", "=", "missing"])
    expect([(p["item"], p["demand"]["id"]) for p in missing], [(gem, made)])
    expect([(r["item"], r["missing"]) for r in k.call("logistics.missing", {})["items"] if r["item"] == gem], [(gem, "1.0000")])
    delivery = rows(k, "logistics.delivery", ["document", "=", {"entity": "crm.order", "id": made}])[0]
    expect(delivery["id"] in {r["id"] for r in rows(k, "logistics.delivery", *views["logistics.delivery"]["missing"])}, True)
    bell = order(k, ("BELL", 1))
    put(k, s["BELL"], "1", "7")
    k.call("crm.order.confirm", {"id": bell})
    ready = rows(k, "logistics.delivery", *views["logistics.delivery"]["to_ship"])
    mine = [r["id"] for r in ready if r["document"] == {"entity": "crm.order", "id": bell}]
    expect(len(mine), 1)
    k.call("logistics.delivery.ship", {"id": mine[0]})
    expect([r["net"] for r in k.call("finance.to_invoice", {})["rows"] if r["order"]["id"] == bell], ["20.00"])
    k.update("logistics.delivery", delivery["id"], {"day": day(-1)})
    expect(delivery["id"] in {r["id"] for r in rows(k, "logistics.delivery", *views["logistics.delivery"]["late"])}, True)
    told = {c["entity"] for e in k.call("journal.since", {"seq": before})["entries"] for c in e["changes"]}
    expect(told >= {"crm.order", "production.order", "production.operation", "logistics.purchase_request", "logistics.reservation", "logistics.delivery", "base.pegging"}, True)
    k.call("crm.order.cancel", {"id": made, "reason": "enough"})


def each_line_has_the_day_asked_promised_and_come(k):
    s = shop(k)
    put(k, s["BELL"], "3", "7")
    made = make(k, "crm.order", party=s["nowak"], currency=s["pln"], lines=[{"item": s["BELL"], "quantity": "3", "asked": day(2)}, {"item": s["service"], "quantity": "1"}])
    k.call("crm.order.confirm", {"id": made})
    line = k.get("crm.order", made)["lines"][0]
    expect((line["asked"], line["promised"], line["actual"]), (day(2), day(0), None))  # it is there today
    d = rows(k, "logistics.delivery", ["document", "=", {"entity": "crm.order", "id": made}])[0]
    k.call("logistics.delivery.pick", {"id": d["id"], "lines": [{"line": d["lines"][0]["id"], "quantity": "2"}]})
    k.call("logistics.delivery.ship", {"id": d["id"], "day": day(-2)})
    row = k.get("crm.order", made)
    expect((row["lines"][0]["actual"], row["delivered_on"], row["delivery_status"], row["late"]), (day(-2), None, "partial", False))
    rest = rows(k, "logistics.delivery", ["document", "=", {"entity": "crm.order", "id": made}], ["state", "=", "reserved"])[0]
    k.call("logistics.delivery.ship", {"id": rest["id"]})
    row = k.get("crm.order", made)
    expect((row["lines"][0]["actual"], row["delivered_on"], row["delivery_status"], row["late"]), (day(0), day(0), "full", False))
    k.call("crm.order.close", {"id": made})


# ---- Goods of a chosen lot, and goods that are free only later ----

def a_lot_chosen_by_hand_leaves_the_rest_of_the_order_reserved(k):
    paint, lots = tracked(k, "PAINT", "X", "Y")
    sale = order(k, ("PAINT", 4))
    k.call("crm.order.confirm", {"id": sale})
    delivery = delivery_of(k, sale)
    refused("validation", lambda: k.call("logistics.delivery.pick", {"id": delivery, "lines": [{"line": 1, "quantity": "1", "lot": lots[lot]} for lot in "XX"]}), "lines[1].lot")
    k.call("logistics.delivery.pick", {"id": delivery, "lines": [{"line": 1, "quantity": "1", "lot": lots["Y"]}]})
    expect((pegged(k, sale), held(k, "crm.order", sale)), ([("stock", D(4))], [D(1), D(3)]))
    k.call("logistics.delivery.ship", {"id": delivery})
    expect((pegged(k, sale), held(k, "crm.order", sale), k.get("logistics.delivery", delivery_of(k, sale))["state"]), ([("stock", D(3))], [D(3)], "reserved"))


def a_component_of_a_chosen_lot_frees_what_was_held_of_another(k):
    resin, lots = tracked(k, "RESIN", "X", "Y")
    s = shop(k)
    s["BOARD"] = make(k, "base.item", code="BOARD", name="Board", unit=s["piece"], made=True, currency=s["pln"])
    make(k, "production.bom", item=s["BOARD"], lines=[{"item": resin, "quantity": "1"}])
    made = make(k, "production.order", item=s["BOARD"], quantity="3")
    k.call("production.order.confirm", {"id": made})
    expect(held(k, "production.order", made), [D(3)])
    k.call("production.order.issue", {"id": made, "components": [{"item": resin, "quantity": "2", "lot": "Y"}]})
    expect((pegged(k, made, "production.order"), held(k, "production.order", made)), ([("stock", D(1))], [D(1)]))
    k.call("production.order.report", {"id": made, "produced": "3"})
    k.call("production.order.finish", {"id": made})
    expect((pegged(k, made, "production.order"), held(k, "production.order", made), level(k, resin)["reserved"]), ([], [], D(0)))


def what_comes_from_another_store_goes_to_those_who_miss_it(k):
    s = shop(k)
    s["LAMP"] = make(k, "base.item", code="LAMP", name="Lamp", unit=s["piece"], price="2", currency=s["pln"])
    usual, other = rows(k, "logistics.warehouse", ["usual", "=", True])[0]["id"], make(k, "logistics.warehouse", code="B", name="Branch")
    sale = order(k, ("LAMP", 4))
    k.call("crm.order.confirm", {"id": sale})
    k.call("logistics.transfer.post", {"id": make(k, "logistics.transfer", kind="entry", warehouse=other, lines=[{"item": s["LAMP"], "quantity": "5", "unit_cost": "1"}])})
    expect(pegged(k, sale), [("missing", D(4))])
    slip = make(k, "logistics.transfer", kind="transfer", warehouse=other, to_warehouse=usual, lines=[{"item": s["LAMP"], "quantity": "5"}])
    k.call("logistics.transfer.send", {"id": slip})
    expect(pegged(k, sale), [("transfer", D(4))])
    k.call("logistics.transfer.receive", {"id": slip})
    expect((pegged(k, sale), held(k, "crm.order", sale)), ([("stock", D(4))], [D(4)]))


def what_comes_blocked_is_missed_until_it_is_unblocked(k):
    glue, lots = tracked(k, "GLUE", "OLD", bought=True)
    s = shop(k)
    make(k, "logistics.supplier_price", item=glue, party=s["rad"], price="1", currency=s["pln"], lead_days=2)
    k.call("logistics.lot.block", {"id": lots["OLD"], "reason": "it smells"})
    sale = order(k, ("GLUE", 3))
    k.call("crm.order.confirm", {"id": sale})
    wanted = requests(k, ["item", "=", glue])
    expect((pegged(k, sale), wanted[0]["state"]), ([("buy", D(3))], "open"))
    k.call("logistics.purchase.order", {"requests": [wanted[0]["id"]]})
    bought = rows(k, "logistics.purchase_order", ["state", "=", "draft"])[0]["id"]
    k.call("logistics.purchase_order.approve", {"id": bought})
    k.call("logistics.receipt.finish", {"id": make(k, "logistics.receipt", order=bought, lines=[{"order_line": 1, "quantity": "3", "lot_name": "OLD"}])})
    expect((pegged(k, sale), requests(k, ["item", "=", glue])[0]["state"], k.get("crm.order", sale)["promised"]), ([("missing", D(3))], "done", None))
    k.call("logistics.lot.unblock", {"id": lots["OLD"]})
    expect((pegged(k, sale), held(k, "crm.order", sale), k.get("crm.order", sale)["promised"]), ([("stock", D(3))], [D(3)], day(0)))


def what_is_found_or_recovered_goes_to_those_who_miss_it(k):
    """A kit is taken apart, and a count finds one more."""
    s = shop(k)
    pearls = make(k, "base.item_category", name="Pearls")
    s["PEARL"], s["SIGNET"] = (make(k, "base.item", code=code, name=code.title(), unit=s["piece"], price="9", currency=s["pln"], standard_cost="4", category=pearls, made=code != "PEARL") for code in ("PEARL", "SIGNET"))
    make(k, "production.bom", item=s["SIGNET"], lines=[{"item": s["PEARL"], "quantity": "2"}])
    put(k, s["SIGNET"], "1", "8")
    sale = order(k, ("PEARL", 3))
    k.call("crm.order.confirm", {"id": sale})
    expect(pegged(k, sale), [("missing", D(3))])
    k.call("production.disassembly.post", {"id": make(k, "production.disassembly", item=s["SIGNET"])})
    expect(pegged(k, sale), [("missing", D(1)), ("stock", D(2))])
    count = make(k, "logistics.count", warehouse=rows(k, "logistics.warehouse", ["usual", "=", True])[0]["id"], category=pearls)
    k.call("logistics.count.start", {"id": count})
    k.call("logistics.count.enter", {"id": count, "lines": [{"item": s["PEARL"], "quantity": "3"}], "finished": True})
    k.call("logistics.count.approve", {"id": count})
    expect((pegged(k, sale), held(k, "crm.order", sale)), ([("stock", D(3))], [D(3)]))


def what_can_be_had_after_all_goes_to_those_who_miss_it(k):
    """Nobody sells or makes it, so orders miss it, and are promised for no day. Each way to it that opens later covers them, who needs
    it first before the others: a supplier's price, a bill, a centre that works again, what is ordered or made for nobody."""
    s = shop(k)
    goods = lambda code, **more: make(k, "base.item", code="AFTER-ALL-" + code, name=code.title(), unit=s["piece"], price="2", currency=s["pln"], **more)
    sell = lambda item, quantity="4", asked=None: make(k, "crm.order", party=s["nowak"], currency=s["pln"], asked=asked, lines=[{"item": item, "quantity": quantity}])

    def missed(item, *asked):
        sales = [sell(item, asked=when) for when in asked or (None,)]
        for sale in sales:
            k.call("crm.order.confirm", {"id": sale})
            expect((pegged(k, sale), k.get("crm.order", sale)["promised"]), ([("missing", D(4))], None))
        return sales

    covered = lambda sale: (pegged(k, sale), k.get("crm.order", sale)["promised"])
    lamp = goods("LAMP")
    sale, = missed(lamp)
    price = make(k, "logistics.supplier_price", item=lamp, party=s["rad"], price="1", currency=s["pln"], lead_days=3, active=False)
    expect(covered(sale), ([("missing", D(4))], None))
    k.update("logistics.supplier_price", price, {"active": True})
    expect(covered(sale), ([("buy", D(4))], day(3)))

    shelf, board = goods("SHELF"), goods("BOARD")
    sale, = missed(shelf)
    k.call("production.bom.create", {"values": {"item": shelf, "lines": [{"item": board}]}})
    expect(covered(sale), ([("make", D(4))], None))  # its board is missing
    make(k, "logistics.supplier_price", item=board, party=s["rad"], price="1", currency=s["pln"], lead_days=5)
    expect(covered(sale), ([("make", D(4))], day(5)))

    plank = goods("PLANK")
    later, sooner = missed(plank, day(30), day(10))
    make(k, "logistics.purchase_request", item=plank, quantity="6", party=s["rad"], needed=day(4))
    expect((pegged(k, sooner), pegged(k, later)), ([("buy", D(4))], [("missing", D(2)), ("buy", D(2))]))
    bought = make(k, "logistics.purchase_order", party=s["rad"], lines=[{"item": plank, "quantity": "3", "price": "1", "expected": day(7)}])
    k.call("logistics.purchase_order.approve", {"id": bought})
    expect(pegged(k, later), [("buy", D(2)), ("buy", D(2))])

    knob = goods("KNOB")
    turning = make(k, "production.routing", code="TURN", name="Turn", steps=[{"sequence": 10, "name": "Turn", "centre": s["hall"], "run_minutes": "1"}])
    k.call("production.bom.create", {"values": {"item": knob, "routing": turning, "lines": [{"item": board}]}})
    k.update("production.work_centre", s["hall"], {"active": False})
    sale, = missed(knob)
    k.update("production.work_centre", s["hall"], {"active": True})
    until = time.monotonic() + 30
    while pegged(k, sale) != [("make", D(4))] and time.monotonic() < until:
        time.sleep(0.02)  # by and by
    expect((pegged(k, sale), covered(sale)[1] is not None), ([("make", D(4))], True))
    expect(k.call("system.check", {})["sound"], True)


def the_whole_house_is_sound(k):
    expect(k.call("system.check", {})["sound"], True)


def with_departments_absent_the_others_do_their_part(k):
    """crm with one of the others, and with each two of them."""
    for modules, kinds in (("base,crm", []), ("base,crm,logistics", [("buy", "3"), ("missing", "2")]), ("base,crm,production", [("make", "2"), ("missing", "3")]),
                           ("base,crm,finance", []), ("base,crm,logistics,finance", [("buy", "3"), ("missing", "2")]),
                           ("base,crm,production,finance", [("make", "2"), ("missing", "3")]), ("base,crm,logistics,production", [("buy", "3"), ("make", "2")])):
        with House(modules=modules) as house:
            other = house.client()
            s = company(other, modules)
            made = order(other, ("WHEEL", 3), ("BIKE", 2), s=s)
            answer = other.call("crm.order.confirm", {"id": made})
            top = sorted((p["kind"], str(D(p["quantity"]).normalize())) for p in answer["parts"] if p["level"] == 0)
            expect((modules, top), (modules, sorted(kinds)))
            expect((modules, bool(answer["cash"])), (modules, "finance" in modules))
            if "finance" in modules:
                bill = other.call("finance.invoice.from_order", {"order": {"entity": "crm.order", "id": made}, "basis": "ordered"})["id"]
                other.call("finance.invoice.post", {"id": bill})
                expect(other.get("crm.order", made)["billing_status"], "full")
            else:
                other.call("crm.order.deliver", {"id": made})
                expect(other.get("crm.order", made)["delivery_status"], "full")


STORIES = [
    the_preview_tells_what_each_department_will_do, the_confirmation_does_what_the_preview_told,
    the_preview_tells_when_money_comes_and_goes, a_salesman_is_told_no_cost, every_date_says_why,
    a_late_supplier_breaks_a_promise_and_says_whose, what_comes_in_goes_where_it_is_waited_for, it_is_shipped_billed_and_paid,
    a_cancelled_order_undoes_what_can_be_undone, an_amendment_asks_for_the_difference_alone,
    more_of_what_is_partly_missing_is_promised_for_no_day, what_is_refused_changes_nothing,
    each_department_finds_its_work_in_a_list_and_hears_of_it, each_line_has_the_day_asked_promised_and_come,
    a_lot_chosen_by_hand_leaves_the_rest_of_the_order_reserved, a_component_of_a_chosen_lot_frees_what_was_held_of_another,
    what_comes_from_another_store_goes_to_those_who_miss_it, what_comes_blocked_is_missed_until_it_is_unblocked,
    what_is_found_or_recovered_goes_to_those_who_miss_it, what_can_be_had_after_all_goes_to_those_who_miss_it,
    the_whole_house_is_sound, with_departments_absent_the_others_do_their_part,
]
if __name__ == "__main__":
    run(STORIES, modules="base,crm,logistics,production,finance")
