#!/usr/bin/env python3
"""The stores over the bus, one client, no raw side: how much of an item there is among many moves, a confirmed order of 20
lines, a delivery shipped, and a count of 5,000 positions entered, finished and approved, each in one call. Then serial numbers on
one line that come, are picked by name, go, and come back; and, with all modules and the books, a count that differs at every
position: processor time of the server.

  bench/stock.py [--build build/check] [--positions 5000] [--moves 20000] [--serials 2000]"""
import argparse
import os
import pathlib
import statistics
import sys
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--build", default="build/check")
parser.add_argument("--positions", type=int, default=5000)
parser.add_argument("--moves", type=int, default=20000)
parser.add_argument("--serials", type=int, default=2000)
args = parser.parse_args()
os.environ["KONTOR_BUILD"] = str(pathlib.Path(args.build).resolve())
TESTS = pathlib.Path(__file__).resolve().parent.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "modules")]
import large_stories  # noqa: E402
from house import House  # noqa: E402


def timed(call, *arguments):
    began = time.perf_counter()
    answer = call(*arguments)
    return (time.perf_counter() - began) * 1000, answer


def tell(what, ms, bar=""):
    print(f"{what:70} {ms:10.2f} ms  {bar}", flush=True)


def processor_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def slip(k, lines, **more):
    made = k.create("logistics.transfer", {"kind": "entry", "lines": lines, **more})["id"]
    return timed(k.call, "logistics.transfer.post", {"id": made})[0]


with House(modules="base,crm,logistics") as house:
    k = house.client()
    piece = k.create("base.unit", {"code": "szt"})["id"]
    party = k.create("base.party", {"name": "Nowak"})["id"]
    items = [k.create("base.item", {"code": f"I{n}", "name": f"Item {n}", "unit": piece})["id"] for n in range(args.positions)]
    goods = [{"item": of, "quantity": "1000", "unit_cost": "2.5"} for of in items]
    each = [slip(k, goods[at:at + 500]) for at in range(0, len(goods), 500)]
    tell("an entry of 500 lines", statistics.median(each))
    busy = items[0]
    for at in range(0, args.moves, 500):
        slip(k, [{"item": busy, "quantity": "1", "unit_cost": "2.5"}] * 500)
    level = [timed(k.call, "logistics.availability", {"item": busy})[0] for _ in range(300)]
    tell(f"availability of an item with {args.moves} moves", statistics.median(level))
    orders = [k.create("crm.order", {"party": party, "lines": [{"item": of, "quantity": "3", "price": "9"} for of in items[n:n + 20]]})["id"]
              for n in range(40)]
    tell("an order of 20 lines confirmed, all on stock", statistics.median(timed(k.call, "crm.order.confirm", {"id": of})[0] for of in orders),
         "<= 10 ms")
    ready = [row["id"] for row in k.list("logistics.delivery", [["state", "=", "reserved"]], limit=100)["rows"]]
    tell("a delivery of 20 lines shipped", statistics.median(timed(k.call, "logistics.delivery.ship", {"id": of})[0] for of in ready))
    count = k.create("logistics.count", {})["id"]
    tell(f"a count of {args.positions} positions started", timed(k.call, "logistics.count.start", {"id": count})[0])
    there = {row["item"]: row["on_hand"] for n in range(0, len(items), 500)
             for row in k.list("logistics.stock", [["place", "=", "stores"], ["item", "in", items[n:n + 500]]], limit=500)["rows"]}
    lines = [{"item": of, "quantity": str(float(there[of]) - (n % 10 == 0))} for n, of in enumerate(items)]
    tell("  entered", timed(k.call, "logistics.count.enter", {"id": count, "lines": lines, "finished": True})[0], "<= 1000 ms")
    tell("  approved, one in ten differing", timed(k.call, "logistics.count.approve", {"id": count})[0], "<= 1000 ms")
    tell("kontor check over all of it", timed(k.call, "system.check", {})[0])

with House(modules="base,crm,logistics") as house:
    k = house.client()
    pln = k.create("base.currency", {"code": "PLN", "decimals": 2})["id"]
    k.create("base.company", {"name": "Wicher", "currency": pln})
    mill, nowak = (k.create("base.party", {"name": name})["id"] for name in ("Mill", "Nowak"))
    saw = k.create("base.item", {"code": "SAW", "name": "Saw", "tracking": "serial"})["id"]
    size, names = str(args.serials), "\n".join(f"S{n}" for n in range(args.serials))
    order = k.create("logistics.purchase_order", {"party": mill, "currency": pln, "lines": [{"item": saw, "quantity": size, "price": "3"}]})["id"]
    k.call("logistics.purchase_order.approve", {"id": order})
    receipt = k.create("logistics.receipt", {"order": order, "lines": [{"order_line": 1, "quantity": size, "serials": names}]})["id"]
    going = k.create("logistics.delivery", {"party": nowak, "lines": [{"item": saw, "quantity": size}]})["id"]
    rows = {"lines": [{"line": 1, "serials": names}]}
    for what, method, params in (("received", "logistics.receipt.finish", {"id": receipt}), ("reserved", "logistics.delivery.confirm", {"id": going}),
                                 ("picked by name", "logistics.delivery.pick", {"id": going, **rows}), ("shipped", "logistics.delivery.ship", {"id": going}),
                                 ("taken back by name", "logistics.delivery.return", {"id": going, **rows})):
        began = processor_s(house.process.pid)
        k.call(method, params)
        tell(f"{args.serials} serial numbers on a line {what}: processor time", (processor_s(house.process.pid) - began) * 1000)

with House(modules=large_stories.MODULES) as house:
    k = house.client()
    count = large_stories.counted(k, args.positions)
    began = processor_s(house.process.pid)
    k.call("logistics.count.approve", {"id": count})
    tell(f"a count of {args.positions} positions approved, all differing, in the books: processor time",
         (processor_s(house.process.pid) - began) * 1000, "<= 1000 ms")
