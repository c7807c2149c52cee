#!/usr/bin/env python3
"""Stories of prices in the module crm, over HTTP: lists for a segment, prices per another unit, who approves a discount, what a version changes."""
from stories import expect, make, refused, run

seen = {}


def shop(k):
    if seen:
        return seen
    seen["PLN"] = make(k, "base.currency", code="PLN")
    make(k, "base.company", name="Wicher", currency=seen["PLN"])
    for code, category, factor in (("szt", "count", "1"), ("box", "count", "12"), ("kg", "mass", "1"), ("g", "mass", "0.001"), ("m", "length", "1")):
        seen[code] = make(k, "base.unit", code=code, category=category, factor=factor)
    seen["ham"] = make(k, "base.item", code="H", name="Ham", unit=seen["szt"], price="99", currency=seen["PLN"])
    seen["cheese"] = make(k, "base.item", code="C", name="Cheese", unit=seen["kg"], price="40", currency=seen["PLN"])
    seen["rope"] = make(k, "base.item", code="R", name="Rope", unit=seen["szt"], price="5", currency=seen["PLN"])
    make(k, "base.item_unit", item=seen["ham"], unit=seen["kg"], factor="0.4")  # a piece weighs 2.5 kg
    seen["shop"] = make(k, "base.party", name="Corner shop", industry="retail", is_customer=True)
    seen["inn"] = make(k, "base.party", name="Inn", industry="food", is_customer=True)
    return seen


def price(k, item, **more):
    return k.call("crm.price.explain", {"item": item, **more})


def a_list_serves_a_segment(k):
    s = shop(k)
    food = make(k, "crm.segment", name="Food", filter=[["industry", "=", "food"]])
    general = make(k, "crm.price_list", name="All", currency=s["PLN"], initial=True, percent="0")
    special = make(k, "crm.price_list", name="For inns", currency=s["PLN"], segment=food, percent="-10")
    expect([(price(k, s["ham"], party=s[who])["price"], price(k, s["ham"], party=s[who])["price_list"]) for who in ("shop", "inn")],
           [("99.0000", general), ("89.1000", special)])
    k.update("base.party", s["shop"], {"industry": "food"})  # who belongs to it is asked at every moment
    expect(price(k, s["ham"], party=s["shop"])["price"], "89.1000")
    k.update("base.party", s["shop"], {"industry": "retail"})
    make(k, "crm.segment_member", segment=food, party=s["inn"], excluded=True)
    expect(price(k, s["ham"], party=s["inn"])["price"], "99.0000")
    k.update("crm.segment", food, {"active": False})
    named = make(k, "crm.price_list", name="Mine", currency=s["PLN"], parties=[s["inn"]], percent="-50")
    expect(price(k, s["ham"], party=s["inn"])["price_list"], named)
    k.delete("crm.price_list", named)


def a_price_per_kilogram_is_sold_by_the_piece(k):
    s = shop(k)
    by_weight = make(k, "crm.price_list", name="By weight", currency=s["PLN"])
    make(k, "crm.price", list=by_weight, item=s["ham"], unit=s["kg"], price="30")
    make(k, "crm.price", list=by_weight, item=s["ham"], unit=s["kg"], quantity="50", price="24")
    ask = {"price_list": by_weight, "currency": s["PLN"]}
    expect(price(k, s["ham"], **ask)["price"], "75.0000")
    expect([price(k, s["ham"], quantity=q, **ask)["price"] for q in ("19", "20")], ["75.0000", "60.0000"])  # 50 kg are 20 pieces
    expect(price(k, s["ham"], unit=s["box"], **ask)["price"], "900.0000")
    expect(price(k, s["ham"], unit=s["box"], quantity="2", **ask)["price"], "720.0000")
    expect(price(k, s["ham"], unit=s["kg"], **ask)["price"], "30.0000")
    q = k.get("crm.quotation", make(k, "crm.quotation", party=s["inn"], price_list=by_weight, lines=[
        {"item": s["ham"], "quantity": "3"}, {"item": s["cheese"], "unit": s["g"], "quantity": "250"}]))
    expect([(line["price"], line["net"]) for line in q["lines"]], [("75.0000", "225.00"), ("0.0400", "10.00")])
    steps = [step["step"] for step in price(k, s["ham"], **ask)["why"]]
    expect(steps, ["unit", "row"])


def units_that_do_not_convert_are_told(k):
    s = shop(k)
    refused("validation", lambda: make(k, "crm.quotation", party=s["inn"], lines=[{"item": s["ham"]}, {"item": s["rope"], "unit": s["kg"]}]), "lines[1].unit")
    make(k, "crm.quotation", party=s["inn"], lines=[{"item": s["rope"], "unit": s["kg"], "price": "12"}])  # a written price needs no list
    told = price(k, s["ham"], unit=s["m"])
    expect((told["price"], told["why"][-1]["step"]), (None, "other_unit"))


def nobody_approves_their_own_discount(k, house):
    s = shop(k)
    clients = {}
    for name, percent in (("ewa", "10"), ("head", "40")):
        role = k.list("access.role", [["name", "=", "crm.manager"]])["rows"][0]["id"]
        limited = make(k, "access.role", name=f"limit-{name}", label=name, grants="crm.lead:read")
        seen[f"limit-{name}"] = make(k, "crm.discount_limit", role=limited, percent=percent, over="approve")
        user = make(k, "access.user", name=name, full_name=name, roles=[role, limited])
        k.call("access.password", {"user": user, "new": "Bicycle-2026-x"})
        clients[name] = house.client(name, "Bicycle-2026-x")
    q = clients["ewa"].create("crm.quotation", {"party": s["inn"], "lines": [{"item": s["ham"], "discount_percent": "30"}]})["id"]
    expect(k.get("crm.quotation", q)["approval"], "needed")
    k.update("crm.discount_limit", seen["limit-ewa"], {"percent": "50"})  # even if the limit is raised meanwhile
    refused("forbidden", lambda: clients["ewa"].call("crm.quotation.approve", {"id": q}), "approval")
    clients["head"].call("crm.quotation.approve", {"id": q})
    expect(k.get("crm.quotation", q)["approval"], "given")


def a_version_shows_what_its_head_changes(k):
    s = shop(k)
    q = make(k, "crm.quotation", party=s["inn"], title="Feast", terms="Paid in 14 days", valid_until="2099-01-31", lines=[{"item": s["ham"]}])
    k.call("crm.quotation.send", {"id": q})
    new = k.call("crm.quotation.revise", {"id": q})["made"]
    expect([d["field"] for d in k.call("crm.quotation.compare", {"id": new})["differences"] if not d["line"]], [])
    line = k.get("crm.quotation", new)["lines"][0]["id"]
    k.update("crm.quotation", new, {"terms": "Paid in 7 days", "valid_until": "2099-02-28", "ship_to": s["shop"], "reference": "A-7",
                                    "lines": [{"id": line, "discount_percent": "5"}]})
    rows = k.call("crm.quotation.compare", {"id": new})["differences"]
    expect([(d["field"], d["before"], d["after"]) for d in rows if not d["line"]], [
        ("ship_to", None, "Corner shop"), ("reference", None, "A-7"), ("valid_until", "2099-01-31", "2099-02-28"),
        ("terms", "Paid in 14 days", "Paid in 7 days"), ("discount_most", "0", "5")])
    expect([(d["field"], d["after"]) for d in rows if d["line"]], [("discount_percent", "5"), ("net", "94.05")])


run([a_list_serves_a_segment, a_price_per_kilogram_is_sold_by_the_piece, units_that_do_not_convert_are_told,
     nobody_approves_their_own_discount, a_version_shows_what_its_head_changes])
