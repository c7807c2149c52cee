#!/usr/bin/env python3
"""What suppliers send straight to customers, past the stores: while departments are off, and in books of an earlier version."""
from decimal import Decimal as D

from lifecycle import build, place
from path_stories import make, order, pegged, rows, shop
from stories import expect, own_modules, run
from switching_stories import Off


def kettle(k, code):
    """An item that is bought, and neither kept nor made."""
    s = shop(k)
    of = make(k, "base.item", code=code, name=code.title(), unit=s["piece"], price="20", currency=s["pln"], bought=True)
    make(k, "logistics.supplier_price", item=of, party=s["rad"], price="8", currency=s["pln"], lead_days=3)
    s[code] = of
    return of


def sent_straight(k, code, *quantities):
    """Orders of Nowak's, and the purchase order by which all of it goes straight to them."""
    of, s = kettle(k, code), shop(k)
    sales = [order(k, (code, quantity)) for quantity in quantities]
    for sale in sales:
        k.call("crm.order.confirm", {"id": sale})
    asked = [r["id"] for r in rows(k, "logistics.purchase_request", ["item", "=", of])]
    bought = k.call("logistics.purchase.order", {"requests": asked})["orders"][0]["order"]
    k.update("logistics.purchase_order", bought, {"ship_to": s["nowak"]})
    k.call("logistics.purchase_order.approve", {"id": bought})
    return of, sales, bought


def receive(k, bought, quantity, kind="receipt"):
    line, = k.get("logistics.purchase_order", bought)["lines"]
    receipt = make(k, "logistics.receipt", order=bought, kind=kind, lines=[{"order_line": line["id"], "quantity": quantity}])
    k.call("logistics.receipt.finish", {"id": receipt})
    return receipt


def delivered(k, sale):
    return D(k.get("crm.order", sale)["lines"][0]["delivered"] or 0)


def for_nobody(k, bought):
    """How much of it the purchaser is told to come to a customer who waits for it no more."""
    found = k.call("logistics.purchase.match", {"order": bought})["exceptions"]
    return [D(e["difference"]) for e in found if e["mismatch"] == "nobody_waits"]


# ---- Stories ----

def what_nobody_waits_for_after_a_time_without_the_stores_the_purchaser_is_told(k):
    """Three orders get theirs straight; while the stores are off one is closed, of which some came, one cancelled, one lowered. The stores come back all the same.
    The purchaser is told how much comes for nobody, and nobody else is promised it."""
    of, (closed, cancelled, lowered), bought = sent_straight(k, "TEAPOT", 5, 4, 3)
    receive(k, bought, "2")
    expect((delivered(k, closed), for_nobody(k, bought)), (2, []))
    with Off(k, "logistics"):
        k.call("crm.order.close", {"id": closed})
        k.call("crm.order.cancel", {"id": cancelled, "reason": "gone"})
        k.call("crm.order.amend", {"id": lowered, "reason": "fewer", "lines": [{"line": 1, "quantity": "1"}]})
    expect((for_nobody(k, bought), pegged(k, lowered)), ([D(9)], [("buy", D(1))]))
    other = order(k, ("TEAPOT", 2))
    k.call("crm.order.confirm", {"id": other})
    asked = rows(k, "logistics.purchase_request", ["item", "=", of], ["state", "=", "open"])
    expect(([D(r["quantity"]) for r in asked], pegged(k, other)), ([D(2)], [("buy", D(2))]))
    line, = k.get("logistics.purchase_order", bought)["lines"]
    k.call("logistics.purchase_order.amend", {"id": bought, "reason": "as agreed", "lines": [{"line": line["id"], "quantity": "4"}]})
    expect(for_nobody(k, bought), [D(1)])
    receive(k, bought, "2")
    expect(([delivered(k, sale) for sale in (closed, cancelled, lowered)], for_nobody(k, bought)), ([2, 0, 1], []))
    expect(k.get("logistics.purchase_order", bought)["receipt_status"], "full")


def what_was_delivered_otherwise_is_nobody_elses(k):
    """Of five that go straight to Nowak two are given to him from elsewhere: what comes for nobody is no other customer's."""
    _, (sale,), bought = sent_straight(k, "URN", 5)
    k.call("crm.order.deliver", {"id": sale, "lines": [{"line": 1, "quantity": "2"}]})
    other = make(k, "crm.order", party=make(k, "base.party", name="Kowal"), currency=shop(k)["pln"], lines=[{"item": shop(k)["URN"], "quantity": "2"}])
    k.call("crm.order.confirm", {"id": other})
    expect(for_nobody(k, bought), [D(2)])
    receive(k, bought, "5")
    expect((delivered(k, sale), delivered(k, other), pegged(k, other)), (5, 0, [("buy", D(2))]))


def what_went_straight_costs_the_order_that_had_it(k):
    """Six and four at 8 go to two orders, in receipts of seven and five, two more than asked for. These two go back, then three of the first's."""
    margins = lambda by: {(row["of"] or {}).get("id"): D(row["cost"]) for row in k.call("finance.margin", {"by": by})["rows"]}
    by = ("order", "party", "owner")
    before = [margins(way) for way in by]
    _, sales, bought = sent_straight(k, "PAIL", 6, 4)
    line, = k.get("logistics.purchase_order", bought)["lines"]
    k.call("logistics.purchase_order.amend", {"id": bought, "reason": "two more", "lines": [{"line": line["id"], "quantity": "12"}]})
    gained = lambda: [{of: cost - before[i].get(of, 0) for of, cost in margins(way).items() if cost != before[i].get(of, 0)} for i, way in enumerate(by)]
    nowak, seller = shop(k)["nowak"], k.get("crm.order", sales[0])["owner"]
    told = []
    for much in (("7",), ("5",), ("2", "return"), ("3", "return")):
        receive(k, bought, *much)
        told.append(gained())
    expect(told, [[{sales[0]: 48, sales[1]: 8}, {nowak: 56}, {seller: 56}], [{sales[0]: 48, sales[1]: 32, None: 16}, {nowak: 80, None: 16}, {seller: 80, None: 16}],
                  [{sales[0]: 48, sales[1]: 32}, {nowak: 80}, {seller: 80}], [{sales[0]: 24, sales[1]: 32}, {nowak: 56}, {seller: 56}]])
    filters = {(row["of"] or {}).get("id"): row["filter"] for row in k.call("finance.margin", {"by": "order"})["rows"]}
    receipts = [row["id"] for row in k.list("logistics.receipt", [["order", "=", bought]], sort="id")["rows"]]
    made_by = lambda of: [e["origin"]["id"] for e in k.list("finance.entry", filters[of], sort="id")["rows"]]
    expect([made_by(sale) for sale in sales], [[receipts[0], receipts[3]], receipts[:2]])


def asked_to_buy(k, of):
    return [D(r["quantity"]) for r in rows(k, "logistics.purchase_request", ["item", "=", of], ["state", "=", "open"])]


def goes_to(k, receipt):
    return [(p["order"]["id"], D(p["quantity"])) for p in k.get("logistics.receipt", receipt)["straight"]]


def what_came_while_its_order_was_closed_is_its_when_that_is_open_again(k):
    """Of five that go straight to Nowak two came; the stores are off when the order is closed; three come when they are back, and nobody waits for them. The
    order is reopened: it has them, at what they cost, buys and delivers nothing, and what goes back to the supplier then is its."""
    cost = lambda sale: next((D(row["cost"]) for row in k.call("finance.margin", {"by": "order"})["rows"] if (row["of"] or {}).get("id") == sale), 0)
    of, (sale,), bought = sent_straight(k, "CREEL", 5)
    receive(k, bought, "2")
    with Off(k, "logistics"):
        k.call("crm.order.close", {"id": sale})
    late = receive(k, bought, "3")
    expect((delivered(k, sale), goes_to(k, late), cost(sale)), (2, [], 16))
    k.call("crm.order.reopen", {"id": sale})
    expect((delivered(k, sale), goes_to(k, late), cost(sale), pegged(k, sale), asked_to_buy(k, of)), (5, [(sale, 3)], 40, [], []))
    expect((k.get("crm.order", sale)["delivery_status"], rows(k, "logistics.delivery", ["document", "=", {"entity": "crm.order", "id": sale}], ["state", "!=", "cancelled"])), ("full", []))
    back = receive(k, bought, "4", "return")
    expect((delivered(k, sale), goes_to(k, back)), (1, [(sale, 2), (sale, 2)]))


def what_is_still_to_come_when_its_order_is_open_again_is_its_when_it_comes(k):
    """Closed and reopened before the goods come, while the stores were off or when they are back; also if sales are off when the goods come."""
    for code, reopened_off, without_sales in (("CRATE", False, False), ("TRUNK", True, False), ("CHEST", False, True)):
        of, (sale,), bought = sent_straight(k, code, 5)
        with Off(k, "logistics"):
            k.call("crm.order.close", {"id": sale})
            if reopened_off:
                k.call("crm.order.reopen", {"id": sale})
        if not reopened_off:
            k.call("crm.order.reopen", {"id": sale})
        expect((for_nobody(k, bought), pegged(k, sale), asked_to_buy(k, of)), ([5], [("buy", D(5))], [5]))
        if without_sales:
            with Off(k, "crm"):
                came = receive(k, bought, "5")
        else:
            came = receive(k, bought, "5")
        expect((delivered(k, sale), goes_to(k, came), pegged(k, sale), asked_to_buy(k, of)), (5, [(sale, 5)], [], []))


def what_came_is_its_also_if_it_is_reopened_without_the_stores(k):
    """And no more of it than the order has not got otherwise."""
    of, (sale,), bought = sent_straight(k, "CASKET", 5)
    with Off(k, "logistics"):
        k.call("crm.order.close", {"id": sale})
    came = receive(k, bought, "5")
    with Off(k, "logistics"):
        k.call("crm.order.reopen", {"id": sale})
        k.call("crm.order.deliver", {"id": sale, "lines": [{"line": 1, "quantity": "1"}]})
    expect((delivered(k, sale), goes_to(k, came), pegged(k, sale), asked_to_buy(k, of)), (5, [(sale, 4)], [], []))


FORGET = """#include <kontor.h>
struct receipt { kt_record rec; kt_lines straight; };
struct part { kt_record rec; };
static const kt_shape part_shape = KT_SHAPE(part, NULL, {0});
static const kt_shape receipt_shape = KT_SHAPE(receipt, "logistics.receipt", KT_BIND(receipt, straight, LINES, "straight", .lines = &part_shape));
static kt_error *go(kt_tx *tx, const kt_record *params, kt_record *result) {
    struct receipt r = {KT_OF(receipt)};
    kt_found found;
    (void)params; (void)result;
    KT_TRY(kt_find(tx, &(kt_query){.of = &receipt_shape}, 0, &found));
    for (size_t i = 0; i < found.count; i++) {
        KT_TRY(kt_read(tx, found.ids[i], &r.rec));
        r.straight = (kt_lines){0};
        KT_TRY(kt_update(tx, &r.rec)); }
    return NULL; }
const kt_module kontor_module = KT_MODULE("forget", "1.0.0", "Forget", "Zapomnij", .needs = "logistics",
    .methods = KT_LIST(kt_method, {"go", {"Go", "Idź"}, "access.user:read", .writes = true, .run = go}));
"""


def of_the_version_before(house):
    """The stores are of the version that did not keep whose goods went straight."""
    own_modules(house)
    text = (house.modules_directory / "logistics.so").read_bytes()
    expect(text.count(b"\x001.2.0\x00"), 1)
    (house.modules_directory / "logistics.so").write_bytes(text.replace(b"\x001.2.0\x00", b"\x001.1.0\x00"))


def receipts_of_an_earlier_version_know_whose_goods_went_straight(k, house):
    """Six and four went straight to two orders, two came back from the first, and five more after the upgrade."""
    _, sales, bought = sent_straight(k, "JUG", 6, 4)
    receipts = [receive(k, bought, *much) for much in (("7",), ("3",), ("2", "return"))]
    straight = lambda: [[(p["order"]["id"], p["line"], D(p["quantity"])) for p in k.get("logistics.receipt", r)["straight"]] for r in receipts]
    told = straight()
    expect(told, [[(sales[0], 1, 6), (sales[1], 1, 1)], [(sales[1], 1, 3)], [(sales[0], 1, 2)]])
    build(house, FORGET, "forget")
    k.call("module.enable", {"name": "forget"})
    k.call("forget.go")
    k.call("module.disable", {"name": "forget"})
    expect(straight(), [[], [], []])
    place(house, house.build / "modules" / "logistics.so", "logistics.so")
    k.call("module.upgrade", {"name": "logistics"})
    expect(straight(), told)
    receipts.append(receive(k, bought, "5", "return"))
    expect((straight()[3], [delivered(k, sale) for sale in sales]), ([(sales[0], 1, 4), (sales[1], 1, 1)], [0, 3]))


def the_whole_house_is_sound(k):
    expect(k.call("system.check", {})["sound"], True)


if __name__ == "__main__":
    run([what_nobody_waits_for_after_a_time_without_the_stores_the_purchaser_is_told, what_was_delivered_otherwise_is_nobody_elses,
         what_went_straight_costs_the_order_that_had_it, what_came_while_its_order_was_closed_is_its_when_that_is_open_again,
         what_is_still_to_come_when_its_order_is_open_again_is_its_when_it_comes, what_came_is_its_also_if_it_is_reopened_without_the_stores,
         receipts_of_an_earlier_version_know_whose_goods_went_straight, the_whole_house_is_sound],
        modules="base,crm,logistics,production,finance", prepare=of_the_version_before)
