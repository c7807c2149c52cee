#!/usr/bin/env python3
"""Departments that are switched off and on again: what happened meanwhile, each of them hears when it is back."""
import shutil
import time
from collections import Counter
from decimal import Decimal as D

from path_stories import House, day, delivery_of, held, level, make, order, pegged, put, rows, shop
from stories import expect, run


def settle(k):
    """Waits for the jobs that were begun. Those fail whose module was disabled meanwhile: others do their work when it is back."""
    while rows(k, "job.job", ["state", "in", ["queued", "running"]]):
        time.sleep(0.05)
    expect([job for job in rows(k, "job.job", ["state", "=", "failed"]) if "is disabled" not in job["message"]], [])


class Off:
    """A module is off for as long as the block lasts."""

    def __init__(self, k, name):
        self.k, self.name = k, name

    def __enter__(self):
        self.k.call("module.disable", {"name": self.name})

    def __exit__(self, *unused):
        self.k.call("module.enable", {"name": self.name})
        settle(self.k)


def bells(k, quantity, **more):
    """Of as many bells as are sold all are on stock."""
    s = shop(k)
    put(k, s["BELL"], str(quantity), "7")
    sale = order(k, ("BELL", quantity), **more)
    k.call("crm.order.confirm", {"id": sale})
    return sale


def delivered(k, sale):
    row = k.get("crm.order", sale)
    return row["delivery_status"], D(row["lines"][0]["delivered"] or 0), row["lines"][0]["actual"]


# ---- Stories ----

def what_was_shipped_and_taken_back_without_sales_they_hear_afterwards(k):
    sale = bells(k, 10)
    delivery = delivery_of(k, sale)
    with Off(k, "crm"):
        k.call("logistics.delivery.pick", {"id": delivery, "lines": [{"line": 1, "quantity": "6"}]})
        k.call("logistics.delivery.ship", {"id": delivery})
        k.call("logistics.delivery.return", {"id": delivery, "lines": [{"line": 1, "quantity": "2"}]})
        expect([(r["order"]["id"], r["kind"], [D(p["quantity"]) for p in r["parts"]]) for r in rows(k, "base.order_report", sort="id")],
               [(sale, "delivered", [D(6)]), (sale, "delivered", [D(-2)])])
        expect(pegged(k, sale), [("stock", D(4))])
    status, quantity, actual = delivered(k, sale)
    expect((status, quantity, bool(actual)), ("partial", D(4), True))
    expect((pegged(k, sale), rows(k, "base.order_report")), ([("stock", D(4))], []))
    k.call("logistics.delivery.ship", {"id": delivery_of(k, sale)})
    expect((delivered(k, sale)[1], pegged(k, sale)), (D(8), []))


def an_order_on_hold_hears_it_when_it_goes_on(k):
    sale = bells(k, 3)
    k.call("crm.order.hold", {"id": sale, "reason": "not paid yet"})
    with Off(k, "crm"):
        k.call("logistics.delivery.ship", {"id": delivery_of(k, sale)})
    expect((delivered(k, sale)[1], len(rows(k, "base.order_report"))), (D(0), 1))
    k.call("crm.order.release", {"id": sale})
    expect((delivered(k, sale)[:2], rows(k, "base.order_report")), (("full", D(3)), []))


def a_bill_for_a_cancelled_order_can_be_credited(k):
    """It was drafted before, and posted while nobody could say that the order is cancelled."""
    sale = bells(k, 2)
    bill = k.call("finance.invoice.from_order", {"order": {"entity": "crm.order", "id": sale}, "basis": "ordered"})["id"]
    k.call("crm.order.cancel", {"id": sale, "reason": "changed his mind"})
    with Off(k, "crm"):
        k.call("finance.invoice.post", {"id": bill})
    kept = rows(k, "base.order_report", ["order", "=", {"entity": "crm.order", "id": sale}])
    expect(["cancelled" in r["refused"] for r in kept], [True])
    note = k.call("finance.invoice.credit", {"id": bill, "reason": "no such order"})["made"]
    k.call("finance.invoice.post", {"id": note})
    expect(k.get("finance.invoice", bill)["credited"], k.get("finance.invoice", bill)["gross"])
    for r in rows(k, "base.order_report", ["order", "=", {"entity": "crm.order", "id": sale}]):
        k.call("base.order_report.delete", {"id": r["id"]})


def what_was_billed_and_credited_without_sales_they_hear_afterwards(k):
    sale = bells(k, 5)
    bill = k.call("finance.invoice.from_order", {"order": {"entity": "crm.order", "id": sale}, "basis": "ordered"})["id"]
    with Off(k, "crm"):
        k.call("finance.invoice.post", {"id": bill})
        note = k.call("finance.invoice.credit", {"id": bill, "reason": "too many", "lines": [{"line": 1, "quantity": "2"}]})["made"]
        k.call("finance.invoice.post", {"id": note})
    row = k.get("crm.order", sale)
    expect((row["billing_status"], D(row["lines"][0]["invoiced"])), ("partial", D(3)))


def a_suppliers_bill_without_the_stores_is_on_its_order_afterwards(k):
    s = shop(k)
    bought = make(k, "logistics.purchase_order", party=s["rad"], lines=[{"item": s["BELL"], "quantity": "4", "price": "7"}])
    k.call("logistics.purchase_order.approve", {"id": bought})
    k.call("logistics.receipt.finish", {"id": make(k, "logistics.receipt", order=bought, lines=[{"order_line": 1, "quantity": "4"}])})
    bill = k.call("finance.invoice.from_order", {"order": {"entity": "logistics.purchase_order", "id": bought}, "reference": "R/1"})["id"]
    with Off(k, "logistics"):
        k.call("finance.invoice.post", {"id": bill})
    expect(k.get("logistics.purchase_order", bought)["billing_status"], "full")


def what_is_made_without_stores_lies_ready_and_is_missed_by_them(k):
    """Five frames are ordered and three made while nobody keeps stock; two are handed over at once. The third the stores have not seen:
    it counts as missing from the day they are back, until it is entered."""
    s = shop(k)
    put(k, s["TUBE"], "15", "24")
    sale = order(k, ("FRAME", 5))
    k.call("crm.order.confirm", {"id": sale})
    made = rows(k, "production.order", ["demand", "=", {"entity": "crm.order", "id": sale}])[0]["id"]
    with Off(k, "logistics"):
        k.call("production.order.start", {"id": made})
        k.call("production.order.report", {"id": made, "produced": "3"})
        expect(pegged(k, sale), [("make", D(2)), ("stock", D(3))])
        k.call("crm.order.deliver", {"id": sale, "lines": [{"line": 1, "quantity": "2"}]})
        expect(pegged(k, sale), [("make", D(2)), ("stock", D(1))])
    expect(pegged(k, sale), [("make", D(2)), ("missing", D(1))])
    expect(k.get("crm.order", sale)["promised"], None)
    with Off(k, "production"):
        pass  # what lies there is not made again
    expect(pegged(k, sale), [("make", D(2)), ("missing", D(1))])
    k.call("production.order.report", {"id": made, "produced": "2"})
    expect((pegged(k, sale), k.call("system.check", {})["sound"]), ([("missing", D(1)), ("stock", D(2))], True))
    put(k, s["FRAME"], "2", "90")
    expect((pegged(k, sale), k.get("crm.order", sale)["delivery_status"]), ([("stock", D(3))], "partial"))
    k.call("logistics.delivery.ship", {"id": delivery_of(k, sale)})
    expect((pegged(k, sale), delivered(k, sale)[:2]), ([], ("full", D(5))))


def lamps(k, code, there):
    """A lamp, made of tubes, `there` of it on stock; and a cart that takes one."""
    s = shop(k)
    lamp, cart = (make(k, "base.item", code=f"{name}-{code}", name=name, unit=s["piece"], price="90", currency=s["pln"], made=True) for name in ("LAMP", "CART"))
    make(k, "production.bom", item=lamp, lines=[{"item": s["TUBE"], "quantity": "1"}])
    make(k, "production.bom", item=cart, lines=[{"item": lamp, "quantity": "1"}])
    put(k, lamp, there, "30")
    return lamp, cart


def sell(k, item, quantity):
    sale = make(k, "crm.order", party=shop(k)["nowak"], currency=shop(k)["pln"], lines=[{"item": item, "quantity": quantity}])
    k.call("crm.order.confirm", {"id": sale})
    return sale


def made_for(k, entity, document):
    return rows(k, "production.order", ["demand", "=", {"entity": entity, "id": document}])[0]["id"]


def what_is_used_without_stores_is_what_came_meanwhile(k):
    """Of nine lamps four are in the stores and five made while they are closed; of these three are handed over, and two are to be entered."""
    lamp, _ = lamps(k, "used", "4")
    sale = sell(k, lamp, "9")
    with Off(k, "logistics"):
        k.call("production.order.report", {"id": made_for(k, "crm.order", sale), "produced": "5"})
        k.call("crm.order.deliver", {"id": sale, "lines": [{"line": 1, "quantity": "3"}]})
        expect(pegged(k, sale), [("stock", D(4)), ("stock", D(2))])
    expect((pegged(k, sale), held(k, "crm.order", sale)), ([("stock", D(4)), ("missing", D(2))], [D(4)]))
    put(k, lamp, "2", "30")
    expect((pegged(k, sale), held(k, "crm.order", sale), level(k, lamp)["available"]), ([("stock", D(6))], [D(6)], D(0)))


def what_is_given_back_without_stores_lies_ready(k):
    """Three carts take their lamps while the stores are closed, and give two back: none is made anew, and one goes in again. The stores,
    which have seen nothing of it, hold the other one for them, and have two for others."""
    lamp, cart = lamps(k, "back", "3")
    carts = make(k, "production.order", item=cart, quantity="3")
    k.call("production.order.confirm", {"id": carts})
    with Off(k, "logistics"):
        k.call("production.order.issue", {"id": carts})
        expect(pegged(k, carts, "production.order"), [])
        k.call("production.order.give_back", {"id": carts, "components": [{"item": lamp, "quantity": "2"}]})
        part, = k.call("base.supply.explain", {"document": {"entity": "production.order", "id": carts}})["parts"]
        expect((part["kind"], D(part["quantity"]), part["supply"], part["day"], part["reason"]), ("stock", D(2), None, day(0), "it is there, though nobody keeps stock"))
        expect(rows(k, "production.order", ["item", "=", lamp]), [])
        k.call("production.order.issue", {"id": carts, "components": [{"item": lamp, "quantity": "1"}]})
        expect(pegged(k, carts, "production.order"), [("stock", D(1))])
    expect((pegged(k, carts, "production.order"), held(k, "production.order", carts), level(k, lamp)["available"]), ([("stock", D(1))], [D(1)], D(2)))
    expect((rows(k, "production.order", ["item", "=", lamp]), k.call("system.check", {})["sound"]), ([], True))


def what_is_given_back_without_stores_and_not_needed_goes_to_who_misses_it(k):
    """Nobody makes knobs or sells them. One of two drawers is scrap before its knob is on: another drawer gets it."""
    s = shop(k)
    knob, drawer = (make(k, "base.item", code=code, name=code.title(), unit=s["piece"], price="9", currency=s["pln"]) for code in ("KNOB", "DRAWER"))
    make(k, "production.bom", item=drawer, lines=[{"item": knob, "quantity": "1"}])
    two, one = (make(k, "production.order", item=drawer, quantity=quantity) for quantity in ("2", "1"))
    for order in (two, one):
        k.call("production.order.confirm", {"id": order})
    expect([pegged(k, order, "production.order") for order in (two, one)], [[("missing", D(2))], [("missing", D(1))]])
    with Off(k, "logistics"):
        k.call("production.order.issue", {"id": two})
        k.call("production.order.report", {"id": two, "produced": "1"})
        k.call("production.order.finish", {"id": two})
        k.call("production.order.give_back", {"id": two})
        expect((pegged(k, one, "production.order"), k.get("production.order", one)["state"]), ([("stock", D(1))], "reserved"))
    expect(pegged(k, one, "production.order"), [("missing", D(1))])
    put(k, knob, "1", "2")
    expect((pegged(k, one, "production.order"), held(k, "production.order", one)), ([("stock", D(1))], [D(1)]))


def what_is_given_back_without_stores_keeps_its_cost(k):
    """Nobody makes knobs, or sells them at a price that is known. Ten go in at their standard of 9.00, which is 12.00 afterwards: three that
    come back take 27.00 off the order, whichever order takes them next, and only what goes in besides costs 12.00 apiece."""
    s = shop(k)
    knob, drawer = (make(k, "base.item", code=code, name=code.title(), unit=s["piece"], price="20", currency=s["pln"]) for code in ("PULL", "CHEST"))
    make(k, "production.bom", item=drawer, tolerance="100", lines=[{"item": knob, "quantity": "1"}])
    k.update("base.item", knob, {"standard_cost": "9"})
    five, four = (make(k, "production.order", item=drawer, quantity=quantity) for quantity in ("5", "4"))
    for order in (five, four):
        k.call("production.order.confirm", {"id": order})
    cost = lambda order: (D(k.get("production.order", order)["material"]), [D(c["cost"]) for c in k.get("production.order", order)["components"]])
    ready = lambda order: [(p["kind"], D(p["quantity"]), p["cost"]) for p in rows(k, "base.pegging", ["demand", "=", {"entity": "production.order", "id": order}], sort="id")]
    with Off(k, "logistics"):
        k.call("production.order.issue", {"id": five, "components": [{"item": knob, "quantity": "10"}]})
        k.update("base.item", knob, {"standard_cost": "12"})
        expect(cost(five), (D(90), [D(90)]))
        k.call("production.order.report", {"id": five, "produced": "4"})
        k.call("production.order.give_back", {"id": five, "components": [{"item": knob, "quantity": "6"}]}) # one of them it needs itself
        expect((cost(five), ready(five), ready(four)), ((D(36), [D(36)]), [("stock", D(1), "9.00")], [("stock", D(4), "36.00")]))
        k.call("production.order.issue", {"id": four, "components": [{"item": knob, "quantity": "3"}]})
        expect((cost(four), ready(four)), ((D(27), [D(27)]), [("stock", D(1), "9.00")]))
        k.call("production.order.issue", {"id": four, "components": [{"item": knob, "quantity": "2"}]}) # one more than lies ready
        expect((cost(four), ready(four)), ((D(48), [D(48)]), []))
        k.call("production.order.report", {"id": five, "produced": "1"})
        k.call("production.order.finish", {"id": five})
        expect((cost(five), ready(five)), ((D(45), [D(45)]), []))
    expect(k.call("system.check", {})["sound"], True)


def what_lies_ready_and_is_let_go_is_for_who_misses_it(k):
    """Two knobs come back and lie ready for the first of two orders that miss them; it is cancelled, and the other one has them, at what they cost."""
    s = shop(k)
    knob, drawer = (make(k, "base.item", code=code, name=code.title(), unit=s["piece"], price="20", currency=s["pln"]) for code in ("HANDLE", "DRESSER"))
    make(k, "production.bom", item=drawer, lines=[{"item": knob, "quantity": "1"}])
    k.update("base.item", knob, {"standard_cost": "9"})
    three, first, second = (make(k, "production.order", item=drawer, quantity=quantity) for quantity in ("3", "2", "2"))
    for order in (three, first, second):
        k.call("production.order.confirm", {"id": order})
    ready = lambda order: [(p["kind"], D(p["quantity"]), p["cost"]) for p in rows(k, "base.pegging", ["demand", "=", {"entity": "production.order", "id": order}], sort="id")]
    with Off(k, "logistics"):
        k.call("production.order.issue", {"id": three})
        k.call("production.order.report", {"id": three, "produced": "1"})
        k.call("production.order.finish", {"id": three})
        k.call("production.order.give_back", {"id": three})
        expect((ready(first), ready(second)), ([("stock", D(2), "18.00")], [("missing", D(2), None)]))
        k.call("production.order.cancel", {"id": first, "reason": "Gone"})
        expect((ready(first), ready(second), k.get("production.order", second)["state"]), ([], [("stock", D(2), "18.00")], "reserved"))
        k.call("production.order.cancel", {"id": second, "reason": "Gone"})


def what_is_made_without_stores_goes_on_at_what_it_cost(k):
    """A lamp without a standard cost, made of a tube for 25.00, costs that in the cart, too; three that are due a third of 100.00 each lose no cent."""
    s = shop(k)
    lamp, cart = lamps(k, "cost", "1")
    k.call("production.order.cancel", {"id": make(k, "production.order", item=cart, quantity="1")})
    carts = make(k, "production.order", item=cart, quantity="4")
    k.call("production.order.confirm", {"id": carts})
    with Off(k, "logistics"):
        made = made_for(k, "production.order", carts)
        k.call("production.order.amend", {"id": made, "components": [{"item": s["TUBE"], "quantity": "4"}]}) # 100.00 of tubes for three lamps
        for quantity in ("1", "2"):
            k.call("production.order.report", {"id": made, "produced": quantity})
        k.call("production.order.finish", {"id": made})
        expect([(D(p["quantity"]), p["cost"]) for p in rows(k, "base.pegging", ["demand", "=", {"entity": "production.order", "id": carts}], ["supply", "is_null", True])], [(D(3), "100.00")])
        for material in ("33.33", "66.66", "100.00"):
            k.call("production.order.report", {"id": carts, "produced": "1"})
            expect(k.get("production.order", carts)["material"], material)
        k.call("production.order.finish", {"id": carts})


def what_the_stores_hold_beyond_its_pegging_they_give_to_who_misses_it(k):
    """Thirteen carts have six lamps in the stores, and use four of them while these are closed, before seven more are made. The four that the
    stores still hold go to a sale that has missed two for longer, and then to the carts' own seven, which the stores have not seen."""
    lamp, cart = lamps(k, "held", "6")
    carts = make(k, "production.order", item=cart, quantity="13")
    k.call("production.order.confirm", {"id": carts})
    sale = sell(k, lamp, "2")
    with Off(k, "logistics"):
        k.call("production.order.report", {"id": made_for(k, "crm.order", sale), "produced": "2"})
    expect((pegged(k, sale), held(k, "production.order", carts)), ([("missing", D(2))], [D(6)]))
    with Off(k, "logistics"):
        k.call("production.order.start", {"id": carts})
        k.call("production.order.issue", {"id": carts, "components": [{"item": lamp, "quantity": "4"}]})
        k.call("production.order.report", {"id": made_for(k, "production.order", carts), "produced": "7"})
        expect(pegged(k, carts, "production.order"), [("stock", D(2)), ("stock", D(7))])
    expect((pegged(k, sale), held(k, "crm.order", sale)), ([("stock", D(2))], [D(2)]))
    expect((pegged(k, carts, "production.order"), held(k, "production.order", carts)), ([("stock", D(4)), ("missing", D(5))], [D(4)]))
    put(k, lamp, "5", "30")
    expect((pegged(k, carts, "production.order"), held(k, "production.order", carts), level(k, lamp)["available"]), ([("stock", D(9))], [D(9)], D(0)))


def what_lies_ready_is_let_go_before_the_stores_have_looked_at_it(k):
    """More lamps lie ready than are looked at at once. While a job does it, two carts become one: of its lamps the one goes that no stores hold."""
    lamp, cart = lamps(k, "many", "1")
    carts = make(k, "production.order", item=cart, quantity="2")
    k.call("production.order.confirm", {"id": carts})
    for _ in range(2):
        sale = make(k, "crm.order", party=shop(k)["nowak"], currency=shop(k)["pln"], lines=[{"item": lamp, "quantity": "1"}] * 260)
        k.call("crm.order.confirm", {"id": sale})
    made = [row["id"] for row in k.each("production.order", [["item", "=", lamp]])]
    k.call("module.disable", {"name": "logistics"})
    for one in sorted(made, reverse=True):  # that of the carts last
        k.call("production.order.report", {"id": one, "produced": "1"})
    k.call("module.enable", {"name": "logistics"})
    k.call("production.order.resize", {"id": carts, "quantity": "1"})
    settle(k)
    expect((pegged(k, carts, "production.order"), held(k, "production.order", carts)), ([("stock", D(1))], [D(1)]))
    expect(k.call("base.pegging.count", {"filter": [["item", "=", lamp], ["kind", "=", "missing"]]}), 520)


def orders_of_the_time_without_stores_get_their_goods_and_deliveries(k):
    """One is confirmed, one amended and one cancelled meanwhile."""
    s = shop(k)
    put(k, s["BELL"], "30", "7")
    more, gone = order(k, ("BELL", 2)), order(k, ("BELL", 3))
    for sale in (more, gone):
        k.call("crm.order.confirm", {"id": sale})
    with Off(k, "logistics"):
        new = order(k, ("BELL", 4), ("WHEEL", 1))
        k.call("crm.order.confirm", {"id": new})
        expect([kind for kind, _ in pegged(k, new)], ["missing", "missing"])
        k.call("crm.order.amend", {"id": more, "reason": "more", "lines": [{"line": 1, "quantity": "6"}]})
        k.call("crm.order.cancel", {"id": gone, "reason": "none"})
    expect((pegged(k, new), pegged(k, more), pegged(k, gone)), ([("stock", D(4)), ("buy", D(1))], [("stock", D(6))], []))
    expect([[D(line["quantity"]) for line in k.get("logistics.delivery", delivery_of(k, sale))["lines"]] for sale in (new, more)], [[D(4), D(1)], [D(6)]])
    expect(k.get("logistics.delivery", delivery_of(k, gone))["state"], "cancelled")
    expect(bool(k.get("crm.order", new)["promised"]), True)
    for sale in (new, more):
        k.call("logistics.delivery.ship", {"id": delivery_of(k, sale)})
    expect((delivered(k, new)[0], delivered(k, more)[0]), ("partial", "full"))


def a_rest_that_is_cancelled_gives_up_what_is_still_to_come_first(k):
    """One of three horns is picked when the order grows to six unheard: of the two that do not go none is taken off the shelf."""
    s = shop(k)
    s["HORN"] = make(k, "base.item", code="HORN", name="Horn", unit=s["piece"], price="30", currency=s["pln"], bought=True)
    put(k, s["HORN"], "3", "9")
    sale = order(k, ("HORN", 3), delivery_policy="cancel_rest")
    k.call("crm.order.confirm", {"id": sale})
    k.call("logistics.delivery.pick", {"id": delivery_of(k, sale), "lines": [{"line": 1, "quantity": "1"}]})
    with Off(k, "logistics"):
        k.call("crm.order.amend", {"id": sale, "reason": "more", "lines": [{"line": 1, "quantity": "6"}]})
    k.call("logistics.delivery.ship", {"id": delivery_of(k, sale)})
    held = rows(k, "logistics.reservation", ["document", "=", {"entity": "crm.order", "id": sale}])
    expect((pegged(k, sale), [D(r["quantity"]) for r in held]), ([("stock", D(2)), ("missing", D(1))], [D(2)]))
    k.call("crm.order.close", {"id": sale})
    expect(rows(k, "logistics.reservation", ["document", "=", {"entity": "crm.order", "id": sale}]), [])


def a_rest_that_was_cancelled_is_not_delivered_when_the_stores_come_back(k):
    """Of five horns three go, and two are forgotten: nor does an amended order bring them, but one more that is asked for."""
    put(k, shop(k)["HORN"], "3", "9")
    sale = order(k, ("HORN", 5), delivery_policy="cancel_rest")
    k.call("crm.order.confirm", {"id": sale})
    first = delivery_of(k, sale)
    k.call("logistics.delivery.ship", {"id": first})
    with Off(k, "logistics"):
        pass
    expect([r["id"] for r in rows(k, "logistics.delivery", ["document", "=", {"entity": "crm.order", "id": sale}])], [first])
    k.call("crm.order.amend", {"id": sale, "reason": "one more", "lines": [{"line": 1, "quantity": "6"}]})
    rest = k.get("logistics.delivery", delivery_of(k, sale))
    expect(([D(line["quantity"]) for line in rest["lines"]], pegged(k, sale)), ([D(1)], [("missing", D(1))]))
    k.call("crm.order.close", {"id": sale})


def given_up(k, sale):
    """What of each line is given up, and how far that brings the order."""
    row = k.get("crm.order", sale)
    return [D(line["given_up"] or 0) for line in row["lines"]], row["delivery_status"], row["billing_status"]


def what_the_customer_gave_up_nobody_asks_for_anew(k):
    """Of five horns three go, of the bikes none: whoever was off and is back, makes and buys none of them, nor is any billed. One bike is
    wanted after all; so is a horn, of an order that was told by itself."""
    put(k, shop(k)["HORN"], "3", "9")
    sale, told = order(k, ("HORN", 5), ("BIKE", 2), delivery_policy="cancel_rest"), order(k, ("HORN", 4))
    for one in (sale, told):
        k.call("crm.order.confirm", {"id": one})
    with Off(k, "crm"):
        k.call("logistics.delivery.ship", {"id": delivery_of(k, sale)})
    expect((given_up(k, sale), pegged(k, sale)), (([2, 2], "full", "none"), []))
    k.call("crm.order.deliver", {"id": told, "lines": [{"line": 1, "quantity": "0", "given_up": "4"}]})
    expect((given_up(k, told), pegged(k, told)), (([4], "full", "full"), []))
    for name in ("logistics", "production", "crm"):
        with Off(k, name):
            pass
        expect((pegged(k, sale), pegged(k, told)), ([], []))
    bill = k.call("finance.invoice.from_order", {"order": {"entity": "crm.order", "id": sale}, "basis": "ordered"})["id"]
    expect([D(line["quantity"]) for line in k.get("finance.invoice", bill)["lines"]], [3])
    k.call("finance.invoice.post", {"id": bill})
    expect(given_up(k, sale), ([2, 2], "full", "full"))
    for one, line, quantity in ((sale, 2, "3"), (told, 1, "5")):
        k.call("crm.order.amend", {"id": one, "reason": "after all", "lines": [{"line": line, "quantity": quantity}]})
        expect([D(line["quantity"]) for line in k.get("logistics.delivery", delivery_of(k, one))["lines"]], [1])
    expect((given_up(k, sale)[1], [p[1] for p in pegged(k, sale)], pegged(k, told)), ("partial", [1], [("missing", D(1))]))
    for one in (sale, told):
        k.call("crm.order.close", {"id": one})


def what_came_back_nobody_asks_for_anew(k):
    sale = bells(k, 3)
    k.call("logistics.delivery.ship", {"id": delivery_of(k, sale)})
    k.call("logistics.delivery.return", {"id": delivery_of(k, sale)})
    with Off(k, "logistics"):
        pass
    lines = lambda: [[D(line["quantity"]) for line in d["lines"]] for d in rows(k, "logistics.delivery", ["document", "=", {"entity": "crm.order", "id": sale}], ["state", "!=", "cancelled"], sort="id")]
    expect((delivered(k, sale)[1], pegged(k, sale), lines()), (0, [], [[3]]))
    for amended, wanted in (({"item": shop(k)["BELL"], "quantity": "1"}, [[3], [1]]), ({"line": 1, "quantity": "5"}, [[3], [2, 1]])):
        k.call("crm.order.amend", {"id": sale, "reason": "more", "lines": [amended]})
        expect(lines(), wanted)
    k.call("crm.order.close", {"id": sale})
    k.call("crm.order.reopen", {"id": sale})
    expect(lines(), [[3], [5, 1]])
    k.call("crm.order.close", {"id": sale})


def what_came_from_elsewhere_while_it_was_picked_is_not_held_when_put_back(k):
    sale = bells(k, 4)
    delivery = delivery_of(k, sale)
    k.call("logistics.delivery.pick", {"id": delivery})
    k.call("crm.order.deliver", {"id": sale, "lines": [{"line": 1, "quantity": "3"}]})
    k.call("logistics.delivery.unpick", {"id": delivery})
    expect((pegged(k, sale), held(k, "crm.order", sale)), ([("stock", D(1))], [D(1)]))


def what_came_from_elsewhere_while_it_was_picked_is_not_held_when_the_rest_ships_without_sales(k):
    """Of eight two are picked, and the other six handed over elsewhere; sales are off when the two go out."""
    sale = bells(k, 8)
    delivery = delivery_of(k, sale)
    k.call("logistics.delivery.pick", {"id": delivery, "lines": [{"line": 1, "quantity": "2"}]})
    k.call("crm.order.deliver", {"id": sale, "lines": [{"line": 1, "quantity": "6"}]})
    with Off(k, "crm"):
        k.call("logistics.delivery.ship", {"id": delivery})
        expect((pegged(k, sale), held(k, "crm.order", sale)), ([], []))
    expect(delivered(k, sale)[:2], ("full", D(8)))


def what_the_picker_leaves_behind_is_not_held_beyond_its_pegging(k):
    """Eight bells and two horns are picked, five of the bells handed over elsewhere; then the horns alone go out."""
    s = shop(k)
    put(k, s["BELL"], "8", "7")
    put(k, s["HORN"], "2", "9")
    sale = order(k, ("BELL", 8), ("HORN", 2))
    k.call("crm.order.confirm", {"id": sale})
    k.call("logistics.delivery.pick", {"id": delivery_of(k, sale)})
    k.call("crm.order.deliver", {"id": sale, "lines": [{"line": 1, "quantity": "5"}]})
    k.call("logistics.delivery.ship", {"id": delivery_of(k, sale), "lines": [{"line": 2, "quantity": "2"}]})
    expect((pegged(k, sale), held(k, "crm.order", sale)), ([("stock", D(3))], [D(3)]))
    expect([D(line["reserved"]) for line in k.get("logistics.delivery", delivery_of(k, sale))["lines"]], [D(3)])


def orders_of_the_time_with_sales_alone_are_covered_by_whoever_comes(k):
    s = shop(k)
    put(k, s["BELL"], "5", "7")
    with Off(k, "production"), Off(k, "logistics"):
        sale = order(k, ("BELL", 5))
        k.call("crm.order.confirm", {"id": sale})
        expect(pegged(k, sale), [])
    expect((pegged(k, sale), k.get("logistics.delivery", delivery_of(k, sale))["state"]), ([("stock", D(5))], "reserved"))


def many_orders_are_covered_in_steps_and_once(k):
    """More than are covered at once: a job does it, also when the stores are switched off and on again while it works."""
    s = shop(k)
    s["PIN"] = make(k, "base.item", code="PIN", name="Pin", unit=s["piece"], price="1", currency=s["pln"])
    put(k, s["PIN"], "400", "1")
    with Off(k, "finance"), Off(k, "production"):
        k.call("module.disable", {"name": "logistics"})
        sales = [order(k, ("PIN", 1)) for _ in range(620)]
        for sale in sales:
            k.call("crm.order.confirm", {"id": sale})
        for way in ("enable", "disable", "enable"):
            k.call(f"module.{way}", {"name": "logistics"})
        settle(k)
    of = ["document", "in", [{"entity": "crm.order", "id": sale} for sale in sales]]
    kinds = Counter(kind for sale in sales for kind, _ in pegged(k, sale))
    expect((kinds, level(k, s["PIN"])["reserved"]), ({"stock": 400, "missing": 220}, D(400)))
    expect((k.call("logistics.delivery.count", {"filter": [of]}), k.call("system.check", {})["sound"]), (620, True))
    with Off(k, "crm"):
        pass
    put(k, s["PIN"], "220", "1")
    expect(level(k, s["PIN"])["reserved"], D(620))


def who_needs_it_first_is_covered_first_afterwards(k):
    """Of two orders that are entered while the stores are off the later one is needed first: it has what is there, and costs what that does. So it is whether
    others were asked meanwhile, production say, or nobody was; so it is of many, which a job covers."""
    s = shop(k)
    for code, alone in (("NIB", False), ("NOB", True)):
        s[code] = make(k, "base.item", code=code, name=code.title(), unit=s["piece"], price="9", currency=s["pln"], standard_cost="7")
        put(k, s[code], "6", "1")
        k.call("module.disable", {"name": "finance"})
        if alone:
            k.call("module.disable", {"name": "production"})
        with Off(k, "logistics"):
            late, early = (order(k, (code, 5), asked=day(asked)) for asked in (60, 20))
            for sale in (late, early):
                k.call("crm.order.confirm", {"id": sale})
            expect(pegged(k, early), [] if alone else [("missing", D(5))])
        expect((pegged(k, early), sorted(pegged(k, late))), ([("stock", D(5))], [("missing", D(4)), ("stock", D(1))]))
        expect((k.get("crm.order", early)["promised"], D(k.get("crm.order", early)["cost"])), (day(0), D(5)))
        if alone:
            k.call("module.enable", {"name": "production"})
        k.call("module.enable", {"name": "finance"})
        settle(k) # production has many orders to look at
    s["TAG"] = make(k, "base.item", code="TAG", name="Tag", unit=s["piece"], price="1", currency=s["pln"])
    put(k, s["TAG"], "400", "1")
    with Off(k, "finance"), Off(k, "production"), Off(k, "logistics"):
        sales = [order(k, ("TAG", 1), asked=day(640 - n)) for n in range(620)]
        for sale in sales:
            k.call("crm.order.confirm", {"id": sale})
    expect([kind for sale in sales for kind, _ in pegged(k, sale)], ["missing"] * 220 + ["stock"] * 400)


def what_many_orders_have_not_heard_is_not_asked_for_anew(k):
    """More goes out without sales than they are told at once: an order that is looked at before its turn hears it first."""
    s = shop(k)
    s["CLIP"] = make(k, "base.item", code="CLIP", name="Clip", unit=s["piece"], price="1", currency=s["pln"])
    put(k, s["CLIP"], "1100", "1")
    sales = [order(k, ("CLIP", 1)) for _ in range(520)]
    for sale in sales:
        k.call("crm.order.confirm", {"id": sale})
    of = ["document", "in", [{"entity": "crm.order", "id": sale} for sale in sales]]
    made = [d["id"] for d in k.each("logistics.delivery", [of])]
    with Off(k, "crm"):
        for delivery in made:
            k.call("logistics.delivery.ship", {"id": delivery})
    expect((len(made), k.count("logistics.delivery", [of]), level(k, s["CLIP"])["reserved"]), (520, 520, 0))
    expect((sum(k.get("crm.order", sale)["delivery_status"] == "full" for sale in sales), sum(bool(pegged(k, sale)) for sale in sales)), (520, 0))


def days_that_move_without_sales_or_production_are_promised_afterwards(k):
    s = shop(k)
    sale = order(k, ("BIKE", 1))
    k.call("crm.order.confirm", {"id": sale})
    was = k.get("crm.order", sale)["promised"]
    wheels = rows(k, "logistics.purchase_request", ["state", "=", "open"], ["item", "=", s["WHEEL"]], sort="-id")[0]
    k.call("logistics.purchase.order", {"requests": [wheels["id"]]})
    bought = k.get("logistics.purchase_request", wheels["id"])["order"]
    k.call("logistics.purchase_order.approve", {"id": bought})
    with Off(k, "crm"), Off(k, "production"):
        k.call("logistics.purchase_order.reschedule", {"id": bought, "expected": day(50), "reason": "strike"})
    expect((k.get("crm.order", sale)["promised"] >= day(50), k.get("crm.order", sale)["promised"] > was), (True, True))


def a_module_that_could_not_be_loaded_hears_it_at_the_next_start(k, house):
    sale = bells(k, 2)
    delivery = delivery_of(k, sale)
    there = house.home / "modules"
    shutil.copytree(house.build / "modules", there, ignore=lambda folder, names: [n for n in names if not n.endswith(".so")])
    house.options += ["--modules-dir", str(there)]
    (there / "crm.so").rename(there / "crm.kept")
    house.stop()
    house.start().client().call("logistics.delivery.ship", {"id": delivery})
    (there / "crm.kept").rename(there / "crm.so")
    house.stop()
    back = house.start().client()
    expect((delivered(back, sale)[:2], rows(back, "base.order_report")), (("full", D(2)), []))
    k.token = back.token


def what_is_made_up_for_belongs_to_its_company(k):
    """Of two companies the second one sells while nobody keeps stock; who enables the stores works for none of them."""
    with House(modules="base,crm,logistics") as other:
        one, admin = other.client(), other.client()
        pln = make(one, "base.currency", code="PLN", decimals=2)
        _, mine = (make(one, "base.company", name=name, currency=pln) for name in "AB")
        one.call("session.company", {"company": mine})
        horn = make(one, "base.item", code="HORN", name="Horn", price="5", currency=pln, bought=True)
        rad, nowak = make(one, "base.party", name="Rad", is_supplier=True), make(one, "base.party", name="Nowak")
        make(one, "logistics.warehouse", code="B", name="B", usual=True)
        make(one, "logistics.supplier_price", party=rad, item=horn, price="2", currency=pln)
        with Off(admin, "logistics"):
            one.call("crm.order.confirm", {"id": make(one, "crm.order", party=nowak, lines=[{"item": horn, "quantity": "3"}])})
        for entity in ("base.pegging", "logistics.purchase_request", "logistics.delivery", "logistics.move"):
            expect((entity, [r["company"] for r in rows(admin, entity)]), (entity, [mine]))


def the_whole_house_is_sound(k):
    expect(k.call("system.check", {})["sound"], True)


if __name__ == "__main__":
    run([what_was_shipped_and_taken_back_without_sales_they_hear_afterwards, an_order_on_hold_hears_it_when_it_goes_on,
         a_bill_for_a_cancelled_order_can_be_credited, what_was_billed_and_credited_without_sales_they_hear_afterwards, a_suppliers_bill_without_the_stores_is_on_its_order_afterwards,
         what_is_made_without_stores_lies_ready_and_is_missed_by_them,
         what_is_used_without_stores_is_what_came_meanwhile, what_is_given_back_without_stores_lies_ready,
         what_is_given_back_without_stores_and_not_needed_goes_to_who_misses_it,
         what_is_given_back_without_stores_keeps_its_cost, what_lies_ready_and_is_let_go_is_for_who_misses_it, what_is_made_without_stores_goes_on_at_what_it_cost, what_the_stores_hold_beyond_its_pegging_they_give_to_who_misses_it,
         what_lies_ready_is_let_go_before_the_stores_have_looked_at_it,
         orders_of_the_time_without_stores_get_their_goods_and_deliveries,
         a_rest_that_is_cancelled_gives_up_what_is_still_to_come_first, a_rest_that_was_cancelled_is_not_delivered_when_the_stores_come_back,
         what_the_customer_gave_up_nobody_asks_for_anew, what_came_back_nobody_asks_for_anew,
         what_came_from_elsewhere_while_it_was_picked_is_not_held_when_put_back,
         what_came_from_elsewhere_while_it_was_picked_is_not_held_when_the_rest_ships_without_sales,
         what_the_picker_leaves_behind_is_not_held_beyond_its_pegging, orders_of_the_time_with_sales_alone_are_covered_by_whoever_comes,
         many_orders_are_covered_in_steps_and_once, who_needs_it_first_is_covered_first_afterwards, what_many_orders_have_not_heard_is_not_asked_for_anew,
         days_that_move_without_sales_or_production_are_promised_afterwards, a_module_that_could_not_be_loaded_hears_it_at_the_next_start,
         what_is_made_up_for_belongs_to_its_company, the_whole_house_is_sound],
        modules="base,crm,logistics,production,finance")
