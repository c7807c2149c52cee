#!/usr/bin/env python3
"""The stores without sales: slips, deliveries made by hand, a count."""
from decimal import Decimal

from stories import expect, run


def a_delivery_made_by_hand_ships_and_leaves_its_rest(k):
    piece = k.create("base.unit", {"code": "szt"})["id"]
    nail = k.create("base.item", {"code": "N", "name": "Nail", "unit": piece})["id"]
    party = k.create("base.party", {"name": "Nowak"})["id"]
    slip = k.create("logistics.transfer", {"kind": "entry", "lines": [{"item": nail, "quantity": "10", "unit_cost": "1"}]})["id"]
    k.call("logistics.transfer.post", {"id": slip})
    d = k.create("logistics.delivery", {"party": party, "lines": [{"item": nail, "quantity": "14"}]})["id"]
    k.call("logistics.delivery.confirm", {"id": d})
    expect((k.get("logistics.delivery", d)["state"], k.get("logistics.delivery", d)["missing"]), ("waiting", "4.0000"))
    line = k.get("logistics.delivery", d)["lines"][0]["id"]
    k.call("logistics.delivery.pick", {"id": d, "lines": [{"line": line, "quantity": "7"}]})
    k.call("logistics.delivery.ship", {"id": d})
    rest = k.get("logistics.delivery", k.list("logistics.delivery", [["backorder_of", "=", d]])["rows"][0]["id"])
    expect((Decimal(rest["lines"][0]["quantity"]), Decimal(rest["lines"][0]["reserved"])), (7, 3))
    there = k.call("logistics.availability", {"item": nail})
    expect((there["on_hand"], there["reserved"], there["outgoing"]), ("3.0000", "3.0000", "7.0000"))
    k.call("logistics.delivery.cancel", {"id": rest["id"]})
    expect(k.call("logistics.availability", {"item": nail})["available"], "3.0000")


def the_stores_are_sound(k):
    expect(k.call("system.check", {})["sound"], True)


run([a_delivery_made_by_hand_ships_and_leaves_its_rest, the_stores_are_sound], modules="base,logistics")
