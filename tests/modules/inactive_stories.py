#!/usr/bin/env python3
"""Stories of what was taken out of use: new documents do not name it, whatever chooses by itself passes it over, and what is under
way goes on."""
import time
from decimal import Decimal as D

from stories import expect, make, refused, run

seen = {}


def house(k):
    if seen:
        return seen
    pl, pln = make(k, "base.country", code="PL", name="Poland", eu=True), make(k, "base.currency", code="PLN", decimals=2)
    make(k, "base.company", name="Wicher", country=pl, currency=pln)
    k.call("base.tax.preset", {"country": "PL"})
    seen["nowak"], seen["mill"] = make(k, "base.party", name="Nowak"), make(k, "base.party", name="Stalmet", is_supplier=True)
    for code in ("HALL", "YARD"):
        seen[code] = make(k, "logistics.warehouse", code=code, name=code.title(), usual=code == "HALL")
        seen[code, "A"], seen[code, "B"] = (make(k, "logistics.location", code=f"{code}-{n}", warehouse=seen[code]) for n in "AB")
    for code in ("CHAIR", "SEAT", "OAK"):
        seen[code] = make(k, "base.item", code=code, name=code.title(), currency=pln, price="100", lead_days=2)
    seen["price"] = make(k, "logistics.supplier_price", item=seen["OAK"], party=seen["mill"], price="5", currency=pln, lead_days=3)
    seen["saw"], seen["bench"] = (make(k, "production.work_centre", code=code, name=code.title()) for code in ("SAW", "BENCH"))
    seen["routing"] = make(k, "production.routing", code="CHAIR", name="Chairs", steps=[
        {"sequence": 10, "name": "Cut", "centre": seen["saw"], "run_minutes": "6"}, {"sequence": 20, "name": "Join", "centre": seen["bench"], "run_minutes": "6"}])
    seen["bom"] = make(k, "production.bom", item=seen["CHAIR"], routing=seen["routing"], lines=[{"item": seen["OAK"], "quantity": "2"}])
    put(k, "OAK", "40", "HALL", "A")
    return seen


def put(k, item, quantity, warehouse, place):
    slip = make(k, "logistics.transfer", kind="entry", warehouse=seen[warehouse], location=seen[warehouse, place], lines=[{"item": seen[item], "quantity": quantity, "unit_cost": "5"}])
    k.call("logistics.transfer.post", {"id": slip})


def sold(k, quantity, item="CHAIR", **more):
    return make(k, "crm.order", party=seen["nowak"], lines=[{"item": seen[item], "quantity": quantity, "price": "100"}], **more)


def parts(k, order):
    return [(p["kind"], D(p["quantity"])) for p in k.call("crm.order.confirm", {"id": order})["parts"] if not p["level"]]


def reasons(k, order, **more):
    return [p["reason"] for p in k.call("base.supply.explain", {"document": {"entity": "crm.order", "id": order}}, **more)["parts"]]


def covered(k, order):
    return [(p["kind"], D(p["quantity"])) for p in k.call("base.supply.explain", {"document": {"entity": "crm.order", "id": order}})["parts"]]


def retired(k, entity, id, call):
    """What happens while it is out of use."""
    k.update(entity, id, {"active": False})
    try:
        return call()
    finally:
        k.update(entity, id, {"active": True})


def free(k, item, **more):
    return D(k.call("logistics.availability", {"item": seen[item], **more})["available"])


def planned(k):
    answer = k.call("production.mrp.run", {})
    while k.call("job.get", {"id": answer["job"]})["state"] in ("queued", "running"):
        time.sleep(0.01)


# ---- Warehouses and their places ----

def no_new_document_names_a_warehouse_out_of_use(k):
    s = house(k)
    line = [{"item": s["OAK"], "quantity": "1", "price": "5"}]
    ways = {"crm.order": {"party": s["nowak"], "lines": line}, "logistics.delivery": {"party": s["nowak"], "lines": line[:0]}, "logistics.purchase_order": {"party": s["mill"], "lines": line},
            "logistics.purchase_request": {"item": s["OAK"], "quantity": "1"}, "logistics.rfq": {"title": "Oak"}, "logistics.reorder_rule": {"item": s["OAK"], "maximum": "9"},
            "logistics.location": {"code": "Y-9"}, "production.order": {"item": s["CHAIR"]}, "logistics.transfer": {"kind": "entry", "lines": [{"item": s["OAK"], "quantity": "1"}]}}

    def all_refuse():
        for entity, values in ways.items():
            yard = {"entity": "logistics.warehouse", "id": s["YARD"]} if entity == "production.order" else s["YARD"]
            error = refused("validation", lambda: make(k, entity, **values, warehouse=yard), "warehouse")
            expect("ctive" in error.problems[0]["hint"], True)
        refused("validation", lambda: make(k, "logistics.transfer", kind="transfer", warehouse=s["HALL"], to_warehouse=s["YARD"], lines=[{"item": s["OAK"], "quantity": "1"}]), "to_warehouse")

    retired(k, "logistics.warehouse", s["YARD"], all_refuse)


def what_was_written_before_goes_on(k):
    s = house(k)
    order = sold(k, "2", "OAK", warehouse=s["YARD"])
    bought = make(k, "logistics.purchase_order", party=s["mill"], warehouse=s["YARD"], lines=[{"item": s["OAK"], "quantity": "5", "price": "5"}])
    k.call("logistics.purchase_order.approve", {"id": bought})

    def go_on():
        k.update("crm.order", order, {"reference": "N 1", "warehouse": s["YARD"]}) # it stood there
        k.call("crm.order.confirm", {"id": order})
        line = k.get("logistics.purchase_order", bought)["lines"][0]["id"]
        receipt = make(k, "logistics.receipt", order=bought, lines=[{"order_line": line, "quantity": "5"}])
        k.call("logistics.receipt.finish", {"id": receipt})
        delivery, = k.list("logistics.delivery", [["document", "=", {"entity": "crm.order", "id": order}]])["rows"]
        k.call("logistics.delivery.ship", {"id": delivery["id"]})

    retired(k, "logistics.warehouse", s["YARD"], go_on)
    expect((k.get("crm.order", order)["delivery_status"], free(k, "OAK", warehouse=s["YARD"])), ("full", 3))


def choices_pass_over_what_is_out_of_use(k):
    """Three lie in the yard; the hall is the usual one, until it is out of use and the yard takes its place."""
    s = house(k)
    rule = make(k, "logistics.reorder_rule", item=s["OAK"], warehouse=s["YARD"], minimum="100", maximum="200")
    everywhere = free(k, "OAK")
    expect(retired(k, "logistics.warehouse", s["YARD"], lambda: (free(k, "OAK"), free(k, "OAK", warehouse=s["YARD"]), k.call("logistics.reorder.run", {})["rules"])), (everywhere - 3, 3, 0))
    expect(k.call("logistics.reorder.run", {})["rules"], 1)
    k.delete("logistics.reorder_rule", rule)
    order = sold(k, "2", "OAK")
    retired(k, "logistics.warehouse", s["HALL"], lambda: k.call("crm.order.confirm", {"id": order}))
    expect(k.list("logistics.delivery", [["document", "=", {"entity": "crm.order", "id": order}]])["rows"][0]["warehouse"], s["YARD"])
    k.call("crm.order.cancel", {"id": order, "reason": "Gone"})

    def none_left():
        slip = {"kind": "entry", "lines": [{"item": s["OAK"], "quantity": "1", "unit_cost": "1"}]}
        retired(k, "logistics.warehouse", s["YARD"], lambda: refused("rule", lambda: k.call("logistics.transfer.post", {"id": make(k, "logistics.transfer", **slip)})))

    retired(k, "logistics.warehouse", s["HALL"], none_left)
    expect(k.count("logistics.warehouse", []), 2)


def a_place_out_of_use_keeps_its_goods_for_who_names_it(k):
    s = house(k)
    put(k, "SEAT", "4", "HALL", "A"), put(k, "SEAT", "3", "HALL", "B")

    def passed_over():
        expect(free(k, "SEAT"), 3)
        order = sold(k, "5", "SEAT")
        expect([p for p in parts(k, order) if p[0] == "stock"], [("stock", 3)])
        k.call("crm.order.cancel", {"id": order, "reason": "Gone"})
        refused("validation", lambda: put(k, "SEAT", "1", "HALL", "A"), "location")
        refused("validation", lambda: make(k, "logistics.transfer", kind="transfer", warehouse=s["HALL"], location=s["HALL", "B"], to_warehouse=s["HALL"], to_location=s["HALL", "A"],
                                           lines=[{"item": s["SEAT"], "quantity": "1"}]), "to_location")
        out = make(k, "logistics.transfer", kind="transfer", warehouse=s["HALL"], location=s["HALL", "A"], to_warehouse=s["HALL"], to_location=s["HALL", "B"], lines=[{"item": s["SEAT"], "quantity": "4"}])
        k.call("logistics.transfer.post", {"id": out})
        expect(free(k, "SEAT"), 7)

    retired(k, "logistics.location", s["HALL", "A"], passed_over)


def who_misses_goods_gets_them_when_their_place_is_in_use_again(k):
    s = house(k)
    put(k, "SEAT", "2", "HALL", "A")
    free_now = int(free(k, "SEAT"))
    order = retired(k, "logistics.location", s["HALL", "A"], lambda: [order for order in [sold(k, str(free_now), "SEAT")] if parts(k, order)][0])
    expect(covered(k, order), [("stock", free_now)])
    k.call("crm.order.cancel", {"id": order, "reason": "Gone"})


def all_lots_of_a_place_are_handed_out(k):
    """The lot that came last goes out first: who is told of the older one takes it, and the older one is there for the next."""
    s = house(k)
    s["GLUE"] = make(k, "base.item", code="GLUE", name="Glue", tracking="lot", price="9", currency=k.list("base.currency")["rows"][0]["id"])
    for lot, expires in (("G-1", "2999-12-31"), ("G-2", "2999-01-31")):
        k.call("logistics.transfer.post", {"id": make(k, "logistics.transfer", kind="entry", warehouse=s["HALL"], location=s["HALL", "A"],
                                                      lines=[{"item": s["GLUE"], "quantity": "3", "unit_cost": "2", "new_lot": lot, "expires": expires}])})
    orders = retired(k, "logistics.location", s["HALL", "A"], lambda: [order for order in [sold(k, "3", "GLUE"), sold(k, "3", "GLUE")] if parts(k, order) == [("missing", 3)]])
    expect([covered(k, order) for order in orders], [[("stock", 3)]] * 2)
    for order in orders:
        k.call("crm.order.cancel", {"id": order, "reason": "Gone"})


def who_misses_goods_gets_them_when_their_warehouse_is_in_use_again(k):
    """Whichever lots the first one takes, what is left goes to the next; what was not asked for stays free."""
    s = house(k)
    for lot, expires in (("G-3", "2999-12-31"), ("G-4", "2999-01-31")):
        k.call("logistics.transfer.post", {"id": make(k, "logistics.transfer", kind="entry", warehouse=s["HALL"], location=s["HALL", "B"],
                                                      lines=[{"item": s["GLUE"], "quantity": "4", "unit_cost": "2", "new_lot": lot, "expires": expires}])})
    total = int(free(k, "GLUE", warehouse=s["HALL"]))

    def missing():
        orders = [sold(k, quantity, "GLUE") for quantity in ("4", str(total - 6))]
        expect([parts(k, order) for order in orders], [[("missing", 4)], [("missing", total - 6)]])
        return orders

    orders = retired(k, "logistics.warehouse", s["HALL"], missing)
    expect([covered(k, order) for order in orders], [[("stock", 4)], [("stock", total - 6)]])
    expect(free(k, "GLUE", warehouse=s["HALL"]), 2)
    for order in orders:
        k.call("crm.order.cancel", {"id": order, "reason": "Gone"})


def handing_out(k):
    """The jobs that handed out what lies where, once none of them is at work."""
    while k.count("job.job", [["state", "in", ["queued", "running"]]]):
        time.sleep(0.01)
    return [k.count("job.job", [["title", "like", where], ["state", "=", "done"]]) for where in ("at a place that is in use again", "in a warehouse that is in use again")]


def a_large_warehouse_hands_out_step_by_step(k):
    """Of more than 500 lots the first and the last are missed; a job finds who misses them, of the place alone as well."""
    s = house(k)
    for code in ("VARNISH", "WAX"):
        s[code] = make(k, "base.item", code=code, name=code.title(), tracking="lot", price="9", currency=k.list("base.currency")["rows"][0]["id"])
    lots = [{"item": s["WAX" if n == 500 else "VARNISH"], "quantity": "1", "unit_cost": "2", "new_lot": f"V-{n}"} for n in range(501)]
    for at in (0, 250, 500):
        k.call("logistics.transfer.post", {"id": make(k, "logistics.transfer", kind="entry", warehouse=s["HALL"], location=s["HALL", "B"], lines=lots[at:at + 250])})
    for n, what in enumerate((("logistics.warehouse", s["HALL"]), ("logistics.location", s["HALL", "B"]))):
        orders = retired(k, *what, lambda: [order for order in (sold(k, "300", "VARNISH"), sold(k, "1", "WAX"), sold(k, "150", "VARNISH")) if parts(k, order)[0][0] == "missing"])
        expect(handing_out(k), [n, 1])
        expect(([covered(k, order) for order in orders], k.call("system.check", {})["sound"]), ([[("stock", 300)], [("stock", 1)], [("stock", 150)]], True))
        for order in orders:
            k.call("crm.order.cancel", {"id": order, "reason": "Gone"})


def a_small_warehouse_is_not_kept_waiting_by_a_large_one(k):
    """Nor a small place: what lies there is handed out at once."""
    s, jobs = house(k), k.count("job.job", [])
    put(k, "SEAT", "9", "YARD", "A")
    order = retired(k, "logistics.location", s["YARD", "A"], lambda: [order for order in [sold(k, "9", "SEAT", warehouse=s["YARD"])] if parts(k, order)][0])
    retired(k, "logistics.warehouse", s["YARD"], lambda: None)
    expect((covered(k, order), k.count("job.job", [])), ([("stock", 9)], jobs))
    k.call("crm.order.cancel", {"id": order, "reason": "Gone"})


# ---- Bills, routings, work centres ----

def bills_and_routings_out_of_use_are_not_taken(k):
    s = house(k)
    other = make(k, "production.bom", item=s["CHAIR"], priority=5, lines=[{"item": s["OAK"], "quantity": "3"}])
    drafted = make(k, "production.order", item=s["CHAIR"], quantity="1", bom=s["bom"])

    def without_the_bill():
        refused("validation", lambda: make(k, "production.order", item=s["CHAIR"], quantity="1", bom=s["bom"]), "bom")
        refused("validation", lambda: make(k, "production.disassembly", item=s["CHAIR"], quantity="1", bom=s["bom"]), "bom")
        expect(k.get("production.order", make(k, "production.order", item=s["CHAIR"], quantity="1"))["bom"], other)
        k.update("production.order", drafted, {"quantity": "2"})
        k.call("production.order.confirm", {"id": drafted})
        expect((k.get("production.order", drafted)["state"], k.get("production.order", drafted)["bom"]), ("reserved", s["bom"]))

    retired(k, "production.bom", s["bom"], without_the_bill)
    k.call("production.order.resize", {"id": drafted, "quantity": "1"})

    def without_the_routing():
        refused("validation", lambda: make(k, "production.order", item=s["CHAIR"], quantity="1", routing=s["routing"]), "routing")
        refused("validation", lambda: make(k, "production.bom", item=s["SEAT"], routing=s["routing"], lines=[{"item": s["OAK"]}]), "routing")
        expect(k.get("production.order", make(k, "production.order", item=s["CHAIR"], quantity="1"))["routing"], None)
        k.call("production.order.resize", {"id": drafted, "quantity": "3"}) # it has begun its way
        expect(len(k.list("production.operation", [["order", "=", drafted]])["rows"]), 2)

    retired(k, "production.routing", s["routing"], without_the_routing)
    k.call("production.order.cancel", {"id": drafted})
    k.delete("production.bom", other)


def nothing_new_goes_to_a_work_centre_out_of_use(k):
    s = house(k)
    under_way, drafted = (make(k, "production.order", item=s["CHAIR"], quantity="1") for _ in range(2))
    k.call("production.order.confirm", {"id": under_way})
    make(k, "production.forecast", item=s["CHAIR"], day="2999-01-11", quantity="5")

    def without_the_saw():
        error = refused("validation", lambda: make(k, "production.routing", code="NEW", name="New", steps=[{"sequence": 10, "name": "Cut", "centre": s["saw"]}]), "steps[0].centre")
        expect("Saw" in str(error), True)
        k.update("production.routing", s["routing"], {"name": "All chairs"}) # it stood there
        refused("rule", lambda: k.call("production.order.confirm", {"id": drafted}), "routing")
        refused("rule", lambda: k.call("production.capacity.promise", {"item": s["CHAIR"]}), "routing")
        order = sold(k, "1")
        expect(parts(k, order), [("missing", 1)]) # nobody makes it, nobody sells it
        expect(reasons(k, order), ["the work centre of operation 10, Cut, is not active, and no supplier is known"])
        expect(reasons(k, order, lang="pl"), ["stanowisko operacji 10, Cut, nie jest w użyciu, a dostawcy nie ma"])
        nest = make(k, "base.item", code="NEST", name="Nest of tables")
        make(k, "production.bom", item=nest, lines=[{"item": s["CHAIR"], "quantity": "2"}, {"item": make(k, "base.item", code="BOLT", name="Bolt"), "quantity": "2"}])
        tables = make(k, "crm.order", party=s["nowak"], lines=[{"item": nest, "quantity": "1", "price": "10"}])
        k.call("crm.order.confirm", {"id": tables})
        expect(reasons(k, tables)[1:], ["the work centre of operation 10, Cut, is not active, and no supplier is known", "nobody makes it and no supplier is known"])
        k.call("crm.order.cancel", {"id": tables, "reason": "Gone"})
        k.call("crm.order.cancel", {"id": order, "reason": "Gone"})
        planned(k)
        expect([(r["kind"], r["release"]) for r in k.list("production.proposal", [["item", "=", s["CHAIR"]]])["rows"]], [("make", "2999-01-09")]) # by its lead time
        for work in k.list("production.operation", [["order", "=", under_way]], sort="sequence")["rows"]:
            k.call("production.operation.start", {"id": work["id"]}), k.call("production.operation.finish", {"id": work["id"]})
        k.call("production.order.report", {"id": under_way, "produced": "1"}), k.call("production.order.finish", {"id": under_way})

    retired(k, "production.work_centre", s["saw"], without_the_saw)
    expect(k.get("production.order", under_way)["state"], "done")
    planned(k)
    expect([r["release"] for r in k.list("production.proposal", [["item", "=", s["CHAIR"]]])["rows"]], ["2999-01-10"]) # an hour before its day begins
    k.call("production.order.confirm", {"id": drafted})
    expect(k.call("system.check", {})["sound"], True)


def who_asks_is_told_which_references_are_to_be_in_use(k):
    order, = (e for e in k.call("system.describe", {"entities": ["production.order"]})["entities"] if e["name"] == "production.order")
    fields = {f["name"]: f for f in order["fields"]}
    expect((fields["bom"].get("in_use"), fields["demand"].get("in_use") or False), (True, False))


if __name__ == "__main__":
    run([story for story in list(globals().values()) if callable(story) and getattr(story, "__module__", "") == "__main__"
         and story not in (house, put, sold, parts, covered, reasons, retired, free, planned, handing_out)], modules="base,crm,logistics,production")
