#!/usr/bin/env python3
"""Documents as large as they get, with all departments on and the books kept: what each line of them sets off is in the same
transaction, which keeps to the memory of one request.

  large_stories.py [positions of the count] [orders that one receipt serves]"""
import sys

import books_of_all_stories as books
from stories import expect, run

POSITIONS, ORDERS = (int(n) for n in sys.argv[1:3]) if __name__ == "__main__" and len(sys.argv) > 2 else (5000, 200)
MODULES = "base,crm,logistics,production,finance,hr,script,insight"
PAGE, BATCH = 500, 50
SERIALS, ROW = 12000, 4000


def every(k, entity, filter):
    rows, cursor = [], None
    while True:
        page = k.list(entity, filter, limit=PAGE, **({"cursor": cursor} if cursor else {}))
        rows += page["rows"]
        cursor = page.get("next")
        if not cursor:
            return rows


def batch(k, method, all_params):
    for at in range(0, len(all_params), BATCH):
        k.call("system.batch", {"atomic": True, "calls": [{"method": method, "params": p} for p in all_params[at:at + BATCH]]})


def counted(k, positions):
    """A count that waits for approval: every position differs, by one too few or two too many."""
    seen = books.house(k)
    batch(k, "base.item.create", [{"values": {"code": f"C{n}", "name": f"Part {n}", "unit": seen["piece"], "currency": seen["pln"]}}
                                  for n in range(positions)])
    items = [row["id"] for row in every(k, "base.item", [["code", "starts_with", "C"]])]
    expect(len(items), positions)
    for at in range(0, positions, PAGE):
        lines = [{"item": of, "quantity": "10", "unit_cost": "2.5"} for of in items[at:at + PAGE]]
        k.call("logistics.transfer.post", {"id": books.make(k, "logistics.transfer", kind="entry", lines=lines)})
    count = books.make(k, "logistics.count")
    k.call("logistics.count.start", {"id": count})
    lines = [{"item": of, "quantity": "9" if n % 2 else "12"} for n, of in enumerate(items)]
    k.call("logistics.count.enter", {"id": count, "lines": lines, "finished": True})
    expect(k.get("logistics.count", count)["differing"], positions)
    return count


def a_count_differs_at_every_position(k):
    count = counted(k, POSITIONS)
    k.call("logistics.count.approve", {"id": count})
    done = k.get("logistics.count", count)
    expect((done["state"], done["value"]), ("done", f"{POSITIONS // 2 * 5 - POSITIONS // 2 * 2.5:.2f}"))
    expect(k.count("logistics.move", [["document", "=", {"entity": "logistics.count", "id": count}]]), POSITIONS)
    books.proved(k)


def a_receipt_serves_many_orders(k):
    seen = books.house(k)
    goods = books.item(k, "bearing", price="9")
    books.make(k, "logistics.supplier_price", item=goods, party=seen["stalmet"], price="5", currency=seen["pln"])
    batch(k, "crm.order.create", [{"values": {"party": seen["nowak"], "lines": [{"item": goods, "quantity": "2", "price": "9"}]}}
                                  for _ in range(ORDERS)])
    orders = [row["id"] for row in every(k, "crm.order", [["state", "=", "draft"]])]
    expect(len(orders), ORDERS)
    for of in orders:
        k.call("crm.order.confirm", {"id": of})
    requests = [row["id"] for row in every(k, "logistics.purchase_request", [["item", "=", goods]])]
    expect(len(requests), ORDERS)
    bought = k.call("logistics.purchase.order", {"requests": requests})["orders"][0]["order"]
    k.call("logistics.purchase_order.approve", {"id": bought})
    receipt = books.make(k, "logistics.receipt", order=bought)
    k.call("logistics.receipt.receive", {"id": receipt})
    k.call("logistics.receipt.finish", {"id": receipt})
    expect(k.get("logistics.purchase_order", bought)["receipt_status"], "full")
    expect(k.count("logistics.delivery", [["state", "=", "reserved"]]), ORDERS)
    books.proved(k)


def thousands_of_serial_numbers_come_and_go_back(k):
    seen = books.house(k)
    saw = books.item(k, "saw", tracking="serial")
    bought = books.make(k, "logistics.purchase_order", party=seen["stalmet"], lines=[{"item": saw, "quantity": str(SERIALS), "price": "3"}])
    k.call("logistics.purchase_order.approve", {"id": bought})
    rows = [{"order_line": 1, "quantity": str(ROW), "serials": "\n".join(f"S{n}" for n in range(at, at + ROW))} for at in range(0, SERIALS, ROW)]
    for kind, there in (("receipt", SERIALS), ("return", 0)):
        slip = books.make(k, "logistics.receipt", order=bought, kind=kind, lines=rows)
        k.call("logistics.receipt.finish", {"id": slip})
        expect(float(k.call("logistics.availability", {"item": saw})["on_hand"]), there)
    books.proved(k)


if __name__ == "__main__":
    run([a_count_differs_at_every_position, a_receipt_serves_many_orders, thousands_of_serial_numbers_come_and_go_back], MODULES)
