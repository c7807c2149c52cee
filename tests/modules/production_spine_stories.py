#!/usr/bin/env python3
"""Stories of production between sales and the stores: what is sold is made, what it is made of is reserved or bought, and
whatever moves is told upwards."""
import datetime
from decimal import Decimal as D

from stories import expect, make, refused, run

seen = {}
TODAY = datetime.date.today()


def day(number):
    return (TODAY + datetime.timedelta(days=number)).isoformat()


def works(k):
    """Bikes of a frame and two wheels; wheels of a rim and spokes; frames, rims and spokes are bought, 7 days away."""
    if seen:
        return seen
    pl, pln = make(k, "base.country", code="PL", name="Poland", eu=True), make(k, "base.currency", code="PLN", decimals=2)
    make(k, "base.company", name="Wicher", country=pl, currency=pln)
    k.call("base.tax.preset", {"country": "PL"})
    seen["party"], seen["mill"] = make(k, "base.party", name="Nowak"), make(k, "base.party", name="Stalmet", is_supplier=True)
    seen["bench"] = make(k, "production.work_centre", code="BENCH", name="Bench", labour_rate="60", machine_rate="30", slots=4)
    routing = make(k, "production.routing", code="R", name="Assemble", steps=[{"sequence": 10, "name": "Assemble", "centre": seen["bench"], "run_minutes": "10"}])
    for code in ("BIKE", "WHEEL", "FRAME", "RIM", "SPOKE"):
        seen[code] = make(k, "base.item", code=code, name=code.title(), currency=pln, price="100")
    for code, price in (("FRAME", "50"), ("RIM", "8"), ("SPOKE", "0.1")):
        make(k, "logistics.supplier_price", item=seen[code], party=seen["mill"], price=price, currency=pln, lead_days=7)
    make(k, "production.bom", item=seen["BIKE"], lines=[{"item": seen["FRAME"]}, {"item": seen["WHEEL"], "quantity": "2"}], routing=routing, tolerance="50")
    make(k, "production.bom", item=seen["WHEEL"], lines=[{"item": seen["RIM"]}, {"item": seen["SPOKE"], "quantity": "32"}], routing=routing)
    return seen


def put(k, code, quantity, cost, **more):
    made = make(k, "logistics.transfer", kind="entry", lines=[{"item": seen[code], "quantity": quantity, "unit_cost": cost, **more}])
    k.call("logistics.transfer.post", {"id": made})


def sold(k, quantity, **more):
    order = make(k, "crm.order", party=works(k)["party"], lines=[{"item": seen["BIKE"], "quantity": quantity, "price": "500", **more}])
    return order, k.call("crm.order.confirm", {"id": order})


def parts(answer):
    names = {seen[code]: code for code in ("BIKE", "WHEEL", "FRAME", "RIM", "SPOKE")}
    return [(p["level"] or 0, names[p["item"]], p["kind"], D(p["quantity"])) for p in answer["parts"]]


def orders_for(k, order):
    return k.list("production.order", [["demand", "=", {"entity": "crm.order", "id": order}]])["rows"]


def stock(k, code):
    return D(k.call("logistics.availability", {"item": seen[code]})["on_hand"])


# ---- Stories ----

def what_is_sold_is_made_of_what_is_there(k):
    works(k)
    for code, quantity, cost in (("FRAME", "4", "50"), ("RIM", "8", "8"), ("SPOKE", "256", "0.1")):
        put(k, code, quantity, cost)
    preview_of = make(k, "crm.order", party=seen["party"], lines=[{"item": seen["BIKE"], "quantity": "4", "price": "500"}])
    preview = k.call("crm.order.preview", {"id": preview_of})["result"]
    seen["order"], answer = sold(k, "4")
    expect(parts(preview), parts(answer))
    expect((preview["promised"], preview["cost"]), (answer["promised"], answer["cost"]))
    expect(parts(answer), [(0, "BIKE", "make", 4), (1, "FRAME", "stock", 4), (1, "WHEEL", "make", 8), (2, "RIM", "stock", 8), (2, "SPOKE", "stock", 256)])
    # material 4 x 50 + 8 x 8 + 256 x 0.1; 120 minutes of machine and people
    expect((D(answer["cost"]), answer["minutes"]), (D("289.6") + 120 * D("1.5"), 120))
    expect([(o["state"], o["level"]) for o in orders_for(k, seen["order"])], [("confirmed", None)])
    wheel = k.list("production.order", [["item", "=", seen["WHEEL"]]])["rows"][0]
    expect(wheel["state"], "reserved")


def components_go_in_and_lots_come_out(k):
    s = works(k)
    for code in ("WHEEL", "BIKE"):
        k.update("base.item", s[code], {"tracking": "lot"})
    wheel = k.list("production.order", [["item", "=", s["WHEEL"]]])["rows"][0]["id"]
    k.call("production.order.report", {"id": wheel, "produced": "8", "lot": "W-1"})
    k.call("production.order.finish", {"id": wheel})
    expect((stock(k, "RIM"), stock(k, "SPOKE"), stock(k, "WHEEL")), (0, 0, 8))
    bike = orders_for(k, s["order"])[0]
    expect(bike["state"], "reserved") # the wheels are in the stores, and are the bikes' own
    refused("rule", lambda: k.call("production.order.report", {"id": bike["id"], "produced": "1", "used": [{"item": s["WHEEL"], "quantity": "13"}]}),
            "used[0].quantity")
    k.call("production.order.report", {"id": bike["id"], "produced": "3", "lot": "B-1"})
    row = k.get("production.order", bike["id"])
    lots = {r["id"]: r["name"] for r in k.list("logistics.lot")["rows"]}
    expect([(lots[a["lot"]["id"]], D(a["quantity"]), lots[a["into"]["id"]]) for a in row["ancestors"] if a["item"] == s["WHEEL"]], [("W-1", 6, "B-1")])
    k.call("production.order.report", {"id": bike["id"], "produced": "1", "lot": "B-1"})
    k.call("production.order.finish", {"id": bike["id"]})
    row = k.get("production.order", bike["id"])
    expect((row["state"], D(row["material"]), D(row["variance"])), ("done", D(row["planned_material"]), D(0)))
    pegged = k.call("base.supply.explain", {"document": {"entity": "crm.order", "id": s["order"]}})["parts"]
    expect([(p["kind"], D(p["quantity"])) for p in pegged], [("stock", 4)])


def what_is_missing_is_bought_and_its_day_is_told(k):
    order, answer = sold(k, "2")
    expect(parts(answer), [(0, "BIKE", "make", 2), (1, "FRAME", "buy", 2), (1, "WHEEL", "make", 4), (2, "RIM", "buy", 4), (2, "SPOKE", "buy", 128)])
    if not answer["promised"] >= day(7):
        raise AssertionError(answer)
    bike = orders_for(k, order)[0]
    expect((bike["day"], bike["begins"][:10] >= day(7)), (answer["promised"], True))
    seen["late"] = order


def a_change_reaches_every_level(k):
    order = seen["late"]
    line = k.get("crm.order", order)["lines"][0]
    k.call("crm.order.amend", {"id": order, "reason": "Fewer", "lines": [{"line": line["id"], "quantity": "1"}]})
    bike = orders_for(k, order)[0]
    expect((D(bike["quantity"]), {D(c["quantity"]) for c in bike["components"]}), (1, {D(1), D(2)}))
    wheel = k.list("production.order", [["demand", "=", {"entity": "production.order", "id": bike["id"]}]])["rows"][0]
    expect((D(wheel["quantity"]), wheel["state"]), (2, "confirmed"))
    k.call("crm.order.cancel", {"id": order, "reason": "Gone"})
    expect([k.get("production.order", o)["state"] for o in (bike["id"], wheel["id"])], ["cancelled", "cancelled"])
    expect(k.count("base.pegging", [["demand", "=", {"entity": "production.order", "id": bike["id"]}]]), 0)
    expect(k.count("logistics.purchase_request", [["state", "=", "open"]]), 0)


def what_has_begun_stays_and_says_so(k):
    put(k, "FRAME", "1", "50"), put(k, "RIM", "2", "8"), put(k, "SPOKE", "64", "0.1")
    order, _ = sold(k, "1")
    bike = orders_for(k, order)[0]
    wheel = k.list("production.order", [["demand", "=", {"entity": "production.order", "id": bike["id"]}]])["rows"][0]
    k.call("production.order.start", {"id": wheel["id"]})
    k.call("crm.order.cancel", {"id": order, "reason": "Gone"})
    left = k.get("crm.order", order)["leftovers"]
    expect([(r["item"], r["reason"]) for r in left], [(seen["WHEEL"], f"{wheel['number']} has begun")])
    expect((k.get("production.order", bike["id"])["state"], k.get("production.order", wheel["id"])["state"]), ("cancelled", "in_progress"))
    k.call("production.order.report", {"id": wheel["id"], "produced": "2", "lot": "W-2"})
    k.call("production.order.finish", {"id": wheel["id"]})
    expect(stock(k, "WHEEL"), 2)


def work_that_slips_moves_the_promise(k):
    put(k, "RIM", "20", "8"), put(k, "SPOKE", "640", "0.1"), put(k, "FRAME", "9", "50")
    order, answer = sold(k, "4")
    bike = orders_for(k, order)[0]
    wheel = k.list("production.order", [["demand", "=", {"entity": "production.order", "id": bike["id"]}]])["rows"][0]
    k.call("production.order.reschedule", {"id": wheel["id"], "from": day(20), "reason": "The bench is moved"})
    expect(k.get("production.order", wheel["id"])["day"] >= day(20), True)
    bike = k.get("production.order", bike["id"])
    expect((bike["day"] >= day(20), bike["begins"] >= k.get("production.order", wheel["id"])["ends"][:10]), (True, True))
    expect(k.get("crm.order", order)["lines"][0]["promised"], bike["day"])
    expect(answer["promised"] < bike["day"], True)


def the_rest_of_an_order_keeps_its_customer(k):
    order, _ = sold(k, "3")
    bike = orders_for(k, order)[0]
    for wheel in k.list("production.order", [["demand", "=", {"entity": "production.order", "id": bike["id"]}]])["rows"]:
        k.call("production.order.report", {"id": wheel["id"], "produced": wheel["quantity"], "lot": "W-3"})
        k.call("production.order.finish", {"id": wheel["id"]})
    k.call("production.order.report", {"id": bike["id"], "produced": "2", "lot": "B-3"})
    k.call("production.order.finish", {"id": bike["id"], "backorder": True})
    rest = k.list("production.order", [["backorder_of", "=", bike["id"]]])["rows"][0]
    rows = k.call("base.supply.explain", {"document": {"entity": "crm.order", "id": order}})["parts"]
    expect(sorted((r["kind"], D(r["quantity"])) for r in rows if not r["level"]), [("make", 1), ("stock", 2)])
    expect([r["supply"] for r in rows if r["kind"] == "make" and not r["level"]], [{"entity": "production.order", "id": rest["id"]}])


def scrap_is_made_again_at_once_and_moves_the_promise(k):
    """Of three bikes one is scrapped: another order for it is there before the first one ends, and the customer's day follows."""
    order, answer = sold(k, "3")
    bike = orders_for(k, order)[0]
    for wheel in k.list("production.order", [["demand", "=", {"entity": "production.order", "id": bike["id"]}]])["rows"]:
        k.call("production.order.report", {"id": wheel["id"], "produced": wheel["quantity"], "lot": "W-4"})
        k.call("production.order.finish", {"id": wheel["id"]})
    k.call("production.order.report", {"id": bike["id"], "produced": "1", "scrapped": "1", "reason": "Bent", "lot": "B-4"})
    again = [o for o in orders_for(k, order) if o["id"] != bike["id"]]
    expect([(D(o["quantity"]), o["state"]) for o in again], [(1, "confirmed")])
    rows = k.call("base.supply.explain", {"document": {"entity": "crm.order", "id": order}})["parts"]
    expect(sorted((r["kind"], D(r["quantity"])) for r in rows if not r["level"]), [("make", 1), ("make", 1), ("stock", 1)])
    expect((k.get("crm.order", order)["lines"][0]["promised"], again[0]["day"] > answer["promised"]), (again[0]["day"], True))
    k.call("production.order.report", {"id": bike["id"], "produced": "1", "lot": "B-4"})
    k.call("production.order.finish", {"id": bike["id"], "backorder": True})
    expect((k.list("production.order", [["backorder_of", "=", bike["id"]]])["rows"], len(orders_for(k, order))), ([], 2))


def a_plan_knows_the_stores_and_the_customers(k):
    answer = k.call("production.mrp.run", {})
    while k.call("job.get", {"id": answer["job"]})["state"] in ("queued", "running"):
        pass
    row = k.get("production.mrp_run", answer["run"])
    expect((row["proposals"] or 0, row["demands"] > 0), (0, True)) # every open demand is covered already
    make(k, "production.forecast", item=seen["BIKE"], day=day(60), quantity="10")
    answer = k.call("production.mrp.run", {})
    while k.call("job.get", {"id": answer["job"]})["state"] in ("queued", "running"):
        pass
    rows = k.list("production.proposal", [["item", "=", seen["FRAME"]]])["rows"]
    free = D(k.call("logistics.availability", {"item": seen["FRAME"]})["available"])
    expect((rows[0]["kind"], sum(D(r["quantity"]) for r in rows)), ("buy", 10 - free))
    k.call("production.proposal.firm", {"id": rows[0]["id"]})
    request = k.get("production.proposal", rows[0]["id"])["supply"]
    expect(request["entity"], "logistics.purchase_request")


def planned(k):
    answer = k.call("production.mrp.run", {})
    while k.call("job.get", {"id": answer["job"]})["state"] in ("queued", "running"):
        pass
    return k.get("production.mrp_run", answer["run"])


def bought(k, code, lead_days=4, **more):
    """An item that Stalmet sells, in so many days."""
    seen[code] = make(k, "base.item", code=code, name=code.title(), price="10", **more)
    make(k, "logistics.supplier_price", item=seen[code], party=works(k)["mill"], price="2", lead_days=lead_days)
    return seen[code]


def proposed(k, code):
    rows = k.list("production.proposal", [["item", "=", seen[code]], ["state", "=", "planned"]], sort="due,id")["rows"]
    return [(D(r["quantity"]), r["release"], r["due"]) for r in rows]


def messages(k, code):
    rows = k.list("production.message", [["item", "=", seen[code]]], sort="id")["rows"]
    return [(r["kind"], r["document"]["entity"].split(".")[1], D(r["quantity"]), r["day"], r["needed"]) for r in rows]


def what_was_made_firm_is_bought_once(k):
    """From the proposal through the request and its order until the goods are there, planning asks for the twelve valves no second time."""
    valve = bought(k, "VALVE")
    wanted = make(k, "production.forecast", item=valve, day=day(30), quantity="12")
    planned(k)
    expect(proposed(k, "VALVE"), [(12, day(26), day(30))])
    proposal, = k.list("production.proposal", [["item", "=", valve]])["rows"]
    k.call("production.proposal.firm", {"id": proposal["id"]})
    request = k.get("production.proposal", proposal["id"])["supply"]["id"]
    now = lambda: planned(k) and (proposed(k, "VALVE"), messages(k, "VALVE"))
    expect(now(), ([], []))
    order = k.call("logistics.purchase.order", {"requests": [request]})["orders"][0]["order"]
    expect(now(), ([], [])) # a draft
    k.call("logistics.purchase_order.approve", {"id": order})
    expect(now(), ([], []))
    k.update("production.forecast", wanted, {"day": day(20), "quantity": "15"}) # sooner, and three more
    expect(now(), ([(3, day(16), day(20))], [("expedite", "purchase_request", 12, day(30), day(20))]))
    k.call("logistics.purchase_order.reschedule", {"id": order, "expected": day(20), "reason": "Asked for it"})
    expect(now(), ([(3, day(16), day(20))], []))
    line, = k.get("logistics.purchase_order", order)["lines"]
    k.call("logistics.receipt.finish", {"id": make(k, "logistics.receipt", order=order, lines=[{"order_line": line["id"], "quantity": "5"}])})
    expect((stock(k, "VALVE"), now()), (5, ([(3, day(16), day(20))], [])))
    k.delete("production.forecast", wanted)
    expect(now(), ([], [("cancel", "purchase_request", 7, day(20), None)]))


def what_is_ordered_for_stock_comes_on_its_day(k):
    """An order written by hand: ten chains come on day 12. Six are needed on day 30, then two on day 5."""
    chain = bought(k, "CHAIN")
    order = make(k, "logistics.purchase_order", party=seen["mill"], lines=[{"item": chain, "quantity": "10", "price": "2", "expected": day(12)}])
    make(k, "production.forecast", item=chain, day=day(30), quantity="6")
    now = lambda: planned(k) and (proposed(k, "CHAIN"), messages(k, "CHAIN"))
    expect(now(), ([(6, day(26), day(30))], [])) # nobody counts on a draft
    k.call("logistics.purchase_order.approve", {"id": order})
    expect(now(), ([], [("defer", "purchase_request", 10, day(12), day(30))]))
    make(k, "production.forecast", item=chain, day=day(5), quantity="2")
    expect(now(), ([], [("expedite", "purchase_request", 10, day(12), day(5))]))


def what_is_ordered_beyond_a_request_counts_besides(k):
    """One pedal is sold and asked for, eight are ordered: the seven others are there for what is foreseen."""
    pedal = bought(k, "PEDAL", forecast_back="0")
    sale, answer = sold(k, "1", item=pedal)
    request, = [p["supply"]["id"] for p in answer["parts"] if p["kind"] == "buy"]
    order = k.call("logistics.purchase.order", {"requests": [request]})["orders"][0]["order"]
    line, = k.get("logistics.purchase_order", order)["lines"]
    k.update("logistics.purchase_order", order, {"lines": [{"id": line["id"], "quantity": "8"}]})
    k.call("logistics.purchase_order.approve", {"id": order})
    make(k, "production.forecast", item=pedal, day=day(40), until=day(50), quantity="9")
    planned(k)
    expect(proposed(k, "PEDAL"), [(2, day(36), day(40))])
    expect([m[:3] for m in messages(k, "PEDAL")], [("defer", "purchase_request", 7)])
    proposal, = k.list("production.proposal", [["item", "=", pedal]])["rows"]
    k.call("production.proposal.firm", {"id": proposal["id"]}) # two more, beside the seven that planning has counted on
    more = k.get("logistics.purchase_request", k.get("production.proposal", proposal["id"])["supply"]["id"])
    expect((D(more["quantity"]), D(more["free"]), more["origin"]), (2, 2, "plan"))
    planned(k)
    expect(proposed(k, "PEDAL"), [])
    k.call("crm.order.cancel", {"id": sale, "reason": "Gone"})


def what_was_planned_is_for_whoever_orders_it(k):
    """Twelve bells are foreseen and on their way, asked for by planning: five that are sold meanwhile are five of them."""
    bell = bought(k, "BELL", lead_days=10)
    make(k, "production.forecast", item=bell, day=day(15), until=day(40), quantity="12")
    planned(k)
    proposal, = k.list("production.proposal", [["item", "=", bell]])["rows"]
    k.call("production.proposal.firm", {"id": proposal["id"]})
    request = k.get("production.proposal", proposal["id"])["supply"]
    sale, answer = sold(k, "5", item=bell, asked=day(20))
    expect([(p["kind"], D(p["quantity"]), p["supply"], p["day"]) for p in answer["parts"]], [("buy", 5, request, day(15))])
    planned(k)
    expect((proposed(k, "BELL"), messages(k, "BELL"), k.count("logistics.purchase_request", [["item", "=", bell]])), ([], [], 1))
    k.call("crm.order.cancel", {"id": sale, "reason": "Gone"})


def what_planning_buys_is_what_will_be_ordered(k):
    """Stalmet sells at least fifty cables, and by tens. Eleven, thirty and then fourteen are foreseen: the fifty of the first have the
    second and some of the third in them, which takes ten of the next lot, fifty again. Firm, and ordered, it is what was planned."""
    seen["CABLE"] = cable = make(k, "base.item", code="CABLE", name="Cable", price="10")
    make(k, "logistics.supplier_price", item=cable, party=seen["mill"], price="2", lead_days=4, minimum="50", multiple="10")
    wanted = [make(k, "production.forecast", item=cable, day=day(number), quantity=quantity) for number, quantity in ((20, "11"), (25, "30"), (32, "14"))]
    planned(k)
    expect([(row[0], row[2]) for row in proposed(k, "CABLE")], [(50, day(20)), (50, day(32))])
    pegs = [[(p["quantity"], p["document"]["id"]) for p in row["pegs"]] for row in k.list("production.proposal", [["item", "=", cable]], sort="due")["rows"]]
    expect(pegs, [[("11.0000", wanted[0]), ("30.0000", wanted[1]), ("9.0000", wanted[2])], [("5.0000", wanted[2])]])
    requests = []
    for row in k.list("production.proposal", [["item", "=", cable]], sort="due")["rows"]:
        k.call("production.proposal.firm", {"id": row["id"]})
        requests.append(k.get("production.proposal", row["id"])["supply"]["id"])
    expect([(D(r["quantity"]), r["cost"]) for r in (k.get("logistics.purchase_request", id) for id in requests)], [(50, "100.00"), (50, "100.00")])
    planned(k)
    expect((proposed(k, "CABLE"), messages(k, "CABLE")), ([], []))
    order = k.call("logistics.purchase.order", {"requests": requests})["orders"][0]["order"]
    expect([D(line["quantity"]) for line in k.get("logistics.purchase_order", order)["lines"]], [100])
    k.call("logistics.purchase_order.approve", {"id": order})
    planned(k)
    expect((proposed(k, "CABLE"), sum(D(r["quantity"]) for r in k.list("logistics.purchase_request", [["item", "=", cable]])["rows"])), ([], 100))


def the_suppliers_lots_come_on_top_of_the_items_own(k):
    """Crates come by twelve, and for thirty that are bought at once 36. What is made on a day is not bought then."""
    seen["CRATE"] = crate = make(k, "base.item", code="CRATE", name="Crate", price="10", lot_max="30")
    row = make(k, "logistics.supplier_price", item=crate, party=seen["mill"], price="2", lead_days=4, multiple="12")
    make(k, "production.forecast", item=crate, day=day(20), quantity="70")
    lots = lambda: planned(k) and [row[0] for row in proposed(k, "CRATE")]
    expect(lots(), [36, 36])
    k.update("base.item", crate, {"lot_max": None, "lot_min": "80"})
    expect(lots(), [84])
    k.update("logistics.supplier_price", row, {"active": False})
    expect(lots(), [80])
    k.update("logistics.supplier_price", row, {"active": True})
    make(k, "production.bom", item=crate, valid_from=day(15), lines=[{"item": seen["FRAME"]}])
    expect(lots(), [80])


def the_preferred_supplier_says_how_long_buying_takes(k):
    tape, other = bought(k, "TAPE", lead_days=3), make(k, "base.party", name="Taśma", is_supplier=True)
    make(k, "logistics.supplier_price", item=tape, party=other, price="3", lead_days=9)
    make(k, "logistics.supplier_price", item=tape, party=other, price="1", lead_days=30, valid_to=day(-1))
    make(k, "production.forecast", item=tape, day=day(40), quantity="1")
    released = lambda: planned(k) and proposed(k, "TAPE")[0][1]
    expect(released(), day(31))
    fast, = k.list("logistics.supplier_price", [["item", "=", tape], ["lead_days", "=", 3]])["rows"]
    k.update("logistics.supplier_price", fast["id"], {"preferred": True})
    expect(released(), day(37))
    k.update("base.item", tape, {"lead_days": 20})
    expect(released(), day(20))


def what_nobody_asked_for_earlier_is_not_expedited(k):
    """Sold without a day: it is promised when its parts are there, and planning has nothing to say about them."""
    order, answer = sold(k, "1")
    planned = k.call("production.mrp.run", {})
    while k.call("job.get", {"id": planned["job"]})["state"] in ("queued", "running"):
        pass
    bought = [p["supply"] for p in answer["parts"] if p["kind"] == "buy"]
    expect((bool(bought), [m for m in k.list("production.message")["rows"] if m["document"] in bought]), (True, []))
    k.call("crm.order.cancel", {"id": order, "reason": "Gone"})


def work_begins_with_the_components_that_are_there(k):
    """Wheels for two of three bikes: two are made, the third waits for its wheels; what was reserved for it is free once it is cancelled."""
    s = works(k)
    put(k, "FRAME", "3", "50"), put(k, "WHEEL", "4", "12", new_lot="W-P")
    free = {code: D(k.call("logistics.availability", {"item": s[code]})["available"]) for code in ("FRAME", "WHEEL")}
    order = make(k, "production.order", item=s["BIKE"], quantity=str(int(free["WHEEL"]) // 2 + 1))
    preview = k.call("production.order.preview", {"id": order})["result"]
    k.call("production.order.confirm", {"id": order})
    short = [(p["kind"], D(p["quantity"])) for p in preview["parts"] if not p["level"] and p["item"] == s["WHEEL"]]
    expect(short, [("stock", free["WHEEL"]), ("make", 2 - free["WHEEL"] % 2)])
    expect(k.get("production.order", order)["state"], "confirmed")
    k.call("production.order.start", {"id": order})
    k.call("production.order.report", {"id": order, "produced": str(int(free["WHEEL"]) // 2), "lot": "B-P"})
    refused("rule", lambda: k.call("production.order.report", {"id": order, "produced": "1", "lot": "B-P"}), "produced")
    k.call("production.order.finish", {"id": order, "backorder": True})
    rest = k.list("production.order", [["backorder_of", "=", order]])["rows"][0]["id"]
    before = D(k.call("logistics.availability", {"item": s["FRAME"]})["available"])
    k.call("production.order.cancel", {"id": rest, "reason": "Not wanted"})
    expect(D(k.call("logistics.availability", {"item": s["FRAME"]})["available"]), before + 1)


def what_is_not_needed_any_more_is_not_waited_for(k):
    """Lamps wait for a bulb that comes on day 40. A substitute is taken in its place: the lamps are there when that is. Taken
    back to what is on stock by then, neither the bulb's late day nor the substitute's holds them."""
    s, lamp = works(k), make(k, "base.item", code="LAMP", name="Lamp", price="100")
    bulb, spare = bought(k, "BULB"), bought(k, "SPARE", 9)
    make(k, "production.bom", item=lamp, lines=[{"item": bulb}])
    sale, answer = sold(k, "6", item=lamp)
    making, request = (next(p["supply"]["id"] for p in answer["parts"] if p["kind"] == kind) for kind in ("make", "buy"))
    now = lambda: (k.get("crm.order", sale)["promised"], k.get("production.order", making)["day"], k.get("production.order", making)["why"].split(" is there")[0])
    purchase, = [o["order"] for o in k.call("logistics.purchase.order", {"requests": [request]})["orders"]]
    k.call("logistics.purchase_order.approve", {"id": purchase})
    k.call("logistics.purchase_order.reschedule", {"id": purchase, "expected": day(40), "reason": "Broken"})
    expect(now(), (day(40), day(40), "component BULB"))
    amend = lambda *rows: k.call("production.order.amend", {"id": making, "reason": "Other bulbs", "components": [
        {"item": item, "quantity": quantity} for item, quantity in rows]})
    amend((bulb, "0"), (spare, "6"))
    expect(now(), (day(9), day(9), "component SPARE"))
    put(k, "BULB", "4", "2")
    amend((spare, "2"), (bulb, "4"))
    expect(now(), (day(9), day(9), "component SPARE"))
    amend((spare, "0"))
    expect(now()[:2], (day(0), day(0)))
    put(k, "SPARE", "6", "2")
    amend((bulb, "0"), (spare, "6"))
    expect((now()[:2], k.get("production.order", making)["state"]), ((day(0), day(0)), "reserved"))
    k.call("crm.order.cancel", {"id": sale, "reason": "Gone"})
    k.call("logistics.purchase_order.cancel", {"id": purchase, "reason": "Gone"})


def what_has_begun_for_who_is_gone_is_for_the_next_one(k):
    """Three stools are worked on when their order is cancelled. Two of them are for the next order, the third for the one behind it, for
    which one more is made; of what has begun nothing is lessened when the first of these goes."""
    s, stool = works(k), make(k, "base.item", code="STOOL", name="Stool", price="100")
    plank = bought(k, "PLANK")
    make(k, "production.bom", item=stool, lines=[{"item": plank}])
    put(k, "PLANK", "9", "2")
    covers = lambda answer: [(p["kind"], D(p["quantity"]), p["supply"]["id"]) for p in answer["parts"] if p["item"] == stool]
    gone, answer = sold(k, "3", item=stool)
    making = covers(answer)[0][2]
    k.call("production.order.start", {"id": making})
    second, answer = sold(k, "1", item=stool)
    expect(covers(answer)[0][2] != making, True)  # all three are waited for
    k.call("crm.order.cancel", {"id": second, "reason": "Gone"})
    k.call("crm.order.cancel", {"id": gone, "reason": "Gone"})
    first, answer = sold(k, "2", item=stool)
    expect(covers(answer), [("make", D(2), making)])
    last, answer = sold(k, "2", item=stool)
    expect([(kind, quantity, supply == making) for kind, quantity, supply in covers(answer)], [("make", D(1), True), ("make", D(1), False)])
    k.call("crm.order.cancel", {"id": first, "reason": "Gone"})
    expect((k.get("production.order", making)["state"], D(k.get("production.order", making)["quantity"])), ("in_progress", 3))
    k.call("production.order.report", {"id": making, "produced": "3"})
    k.call("production.order.finish", {"id": making})
    row = k.list("base.pegging", [["demand", "=", {"entity": "crm.order", "id": last}]], sort="id")["rows"]
    expect(sorted((p["kind"], D(p["quantity"])) for p in row), [("make", D(1)), ("stock", D(1))])
    k.call("crm.order.cancel", {"id": last, "reason": "Gone"})


def what_is_made_keeps_its_worth_when_its_order_is_changed(k):
    """Components that have no standard cost are planned at what they are worth in the stores, or are bought for: so they are when the order is made
    smaller, larger, or takes more of one; what is made of them is worth that, and no variance is left."""
    s, rack = works(k), make(k, "base.item", code="RACK", name="Rack", price="100")
    tube, hook = bought(k, "TUBE-R"), bought(k, "HOOK")
    make(k, "production.bom", item=rack, lines=[{"item": tube, "quantity": "2"}, {"item": hook}])
    put(k, "TUBE-R", "40", "3"), put(k, "HOOK", "40", "1")
    order = make(k, "production.order", item=rack, quantity="6")
    k.call("production.order.confirm", {"id": order})
    planned = lambda: D(k.get("production.order", order)["planned_cost"])
    told = [planned()]
    for quantity in ("4", "5"):
        k.call("production.order.resize", {"id": order, "quantity": quantity})
        told.append(planned())
    k.call("production.order.amend", {"id": order, "components": [{"item": hook, "quantity": "10"}], "reason": "Two each"})
    expect(told + [planned()], [42, 28, 35, 40])
    k.call("production.order.start", {"id": order})
    k.call("production.order.report", {"id": order, "produced": "5"})
    k.call("production.order.finish", {"id": order})
    row = k.get("production.order", order)
    expect((D(row["received"]), D(row["variance"])), (40, 0))


def an_operator_reports_what_the_stores_know(k, house):
    """Whoever works need not see the moves of the stores that a report makes, nor its costs."""
    s = works(k)
    put(k, "RIM", "6", "8"), put(k, "SPOKE", "192", "0.1")
    role = k.list("access.role", [["name", "=", "production.operator"]])["rows"][0]["id"]
    user = make(k, "access.user", name="olga", full_name="Olga", roles=[role])
    k.call("access.password", {"user": user, "new": "Workshop-2026-x"})
    olga, order = house.client("olga", "Workshop-2026-x"), make(k, "production.order", item=s["WHEEL"], quantity="6")
    k.call("production.order.confirm", {"id": order})
    work = olga.list("production.operation", [["order", "=", order]])["rows"][0]["id"]
    olga.call("production.operation.start", {"id": work})
    olga.call("production.operation.finish", {"id": work})
    olga.call("production.order.issue", {"id": order, "components": [{"item": s["RIM"], "quantity": "2"}]})
    for made in ("4", "2"):
        olga.call("production.order.report", {"id": order, "produced": made, "lot": "W-O"})
    olga.call("production.order.finish", {"id": order})
    row = k.get("production.order", order)
    expect((row["state"], D(row["produced"]), sorted({a["item"] for a in row["ancestors"]}), row["updated_by"]), ("done", 6, sorted((s["RIM"], s["SPOKE"])), user))
    expect([e["by"] for e in k.call("production.order.history", {"id": order, "limit": 2})["entries"]], [user] * 2)
    refused("forbidden", lambda: olga.list("logistics.move"))
    apart = make(k, "production.disassembly", item=s["WHEEL"], quantity="1", order=order, lot=None)
    olga.call("production.disassembly.post", {"id": apart})
    expect(k.get("production.disassembly", apart)["state"], "done")


def a_phantom_that_is_sold_says_why_nobody_makes_it(k):
    s = works(k)
    gift = make(k, "base.item", code="GIFT", name="Gift set", price="100")
    make(k, "production.bom", item=gift, kind="phantom", lines=[{"item": s["RIM"]}])
    order = make(k, "crm.order", party=s["party"], lines=[{"item": gift, "quantity": "1", "price": "9"}])
    parts = k.call("crm.order.confirm", {"id": order})["parts"]
    expect([(p["kind"], p["reason"]) for p in parts], [("missing", "it is a phantom, which is never made by itself, and no supplier is known")])
    k.call("crm.order.cancel", {"id": order, "reason": "as it is"})


def the_workshop_is_sound(k):
    """`kontor check` finds nothing after all that the stories did."""
    expect(k.call("system.check", {})["sound"], True)


if __name__ == "__main__":
    run([story for story in list(globals().values()) if callable(story) and getattr(story, "__module__", "") == "__main__"
         and story not in (make, day, works, put, sold, parts, orders_for, stock, planned, bought, proposed, messages)], modules="base,crm,logistics,production")
