#!/usr/bin/env python3
"""Stories of the stores in the module logistics, over HTTP."""
from stories import expect, refused, run

seen = {}


def make(k, entity, **values):
    return k.create(entity, values)["id"]


def shop(k):
    if seen:
        return seen
    pln = make(k, "base.currency", code="PLN", decimals=2)
    make(k, "base.company", name="Wicher", currency=pln)
    seen["piece"] = make(k, "base.unit", code="szt", category="count", rounding="1")
    seen["nowak"] = make(k, "base.party", name="Nowak")
    return seen


def item(k, code, **more):
    return make(k, "base.item", code=code, name=code.title(), unit=shop(k)["piece"], **more)


def level(k, of, **more):
    return k.call("logistics.availability", {"item": of, **more})


def what_never_was_there_is_not_there(k):
    bolt = item(k, "bolt")
    expect(level(k, bolt)["on_hand"], "0.0000")
    repair = item(k, "repair", kind="service")
    refused("rule", lambda: level(k, repair), "item")


def nobody_writes_stock_by_hand(k):
    bolt = item(k, "nut")
    refused("validation", lambda: make(k, "logistics.stock", item=bolt, on_hand="5"), "item", "on_hand")
    refused("validation", lambda: make(k, "logistics.move", item=bolt, quantity="5"), "item", "quantity")


run([what_never_was_there_is_not_there, nobody_writes_stock_by_hand], modules="base,crm,logistics")
