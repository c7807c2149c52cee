#!/usr/bin/env python3
"""One order through all departments, the books among them, over the bus, one client, no raw side: an order of 20 lines
whose goods have bills of four levels is previewed and confirmed among many open moves; half of what it is made of is on
stock, the rest is bought. The server's processor time in a call, and how long its client waited for the answer.

  bench/path.py [--build build/check] [--moves 100000] [--orders 20] [--lines 20]"""
import argparse
import os
import pathlib
import statistics
import sys
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--build", default="build/check")
parser.add_argument("--moves", type=int, default=100000)
parser.add_argument("--orders", type=int, default=20)
parser.add_argument("--lines", type=int, default=20)
args = parser.parse_args()
os.environ["KONTOR_BUILD"] = str(pathlib.Path(args.build).resolve())
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
from house import House  # noqa: E402

LEVELS = 4


def processor_ms(pid):
    """To the nanosecond, of all threads; the kernel tells what a thread has run so far only when it rests."""
    time.sleep(0.003)
    return sum(int(one.read_text().split()[0]) for one in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e6


def tell(house, k, what, method, orders):
    spent, seen, send = [], [], k._wire.send

    def timed(body):
        began = time.perf_counter()
        answer = send(body)
        seen.append((time.perf_counter() - began) * 1000)
        return answer

    k._wire.send = timed
    for of in orders:
        before = processor_ms(house.process.pid)
        k.call(method, {"id": of})
        spent.append(processor_ms(house.process.pid) - before)
    k._wire.send = send
    print(f"{what:72} processor {statistics.median(spent):6.2f} ms, least {min(spent):6.2f}, most {max(spent):6.2f} (bar 10); "
          f"seen {statistics.median(seen):6.2f}, most {max(seen):6.2f}", flush=True)


class Shop:
    def __init__(self, k):
        self.k, self.n = k, 0
        self.pln = k.create("base.currency", {"code": "PLN"})["id"]
        k.create("base.company", {"name": "Wicher", "currency": self.pln})
        self.piece = k.create("base.unit", {"code": "szt"})["id"]
        self.nowak, self.rad = k.create("base.party", {"name": "Nowak"})["id"], k.create("base.party", {"name": "Rad", "is_supplier": True})["id"]
        hall = k.create("production.work_centre", {"code": "HALL", "name": "Hall", "slots": 50, "machine_rate": "60"})["id"]
        self.routing = k.create("production.routing", {"code": "R", "name": "Work", "steps": [
            {"sequence": 10, "name": "Work", "centre": hall, "run_minutes": "1"}]})["id"]
        self.bought = []

    def item(self, level):
        """Goods of a bill with so many levels below: each is made of one that is made in turn, and one that is bought."""
        self.n += 1
        made = self.k.create("base.item", {"code": f"I{self.n}", "name": f"Item {self.n}", "unit": self.piece, "price": "10", "standard_cost": "4",
                                           "currency": self.pln, "made": level > 0, "bought": level == 0})["id"]
        if level:
            parts = [self.item(level - 1), self.item(0)]
            self.k.create("production.bom", {"item": made, "routing": self.routing, "lines": [{"item": part, "quantity": "1"} for part in parts]})
        else:
            self.k.create("logistics.supplier_price", {"item": made, "party": self.rad, "price": "2", "currency": self.pln, "lead_days": 5})
            self.bought.append(made)
        return made

    def put(self, lines):
        slip = self.k.create("logistics.transfer", {"kind": "entry", "lines": lines})["id"]
        self.k.call("logistics.transfer.post", {"id": slip})


with House(modules="base,crm,logistics,production,finance") as house:
    k = house.client()
    shop = Shop(k)
    k.call("finance.setup", {"chart": "polish"})
    goods = [shop.item(LEVELS) for _ in range(args.lines)]
    shop.put([{"item": of, "quantity": "1000000", "unit_cost": "2"} for of in shop.bought[::2]])
    began = time.perf_counter()
    for _ in range(args.moves // 500):  # moves that are still to come
        slip = k.create("logistics.transfer", {"kind": "entry", "lines": [
            {"item": shop.bought[n % len(shop.bought)], "quantity": "1", "unit_cost": "2"} for n in range(500)]})["id"]
        k.call("logistics.transfer.post", {"id": slip})
    print(f"{args.moves} moves in {time.perf_counter() - began:.1f} s, {shop.n} items")

    def ask(what):
        orders = [k.create("crm.order", {"party": shop.nowak, "currency": shop.pln, "lines": [{"item": of, "quantity": "1"} for of in goods]})["id"]
                  for _ in range(args.orders)]
        tell(house, k, f"preview, {what}", "crm.order.preview", orders)
        tell(house, k, f"confirm, {what}", "crm.order.confirm", orders)

    ask(f"{args.lines} lines, bills of {LEVELS} levels, all made")
    shop.put([{"item": of, "quantity": "100000", "unit_cost": "5"} for of in goods])
    ask("the same, all on stock")
