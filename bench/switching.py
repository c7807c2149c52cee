#!/usr/bin/env python3
"""What it takes to switch a module off and on while many orders are open: each of them is looked at by whoever was away, as a job. Some
wait for goods, some for work, some miss what nobody sells. Then what it takes to begin: orders of the time with sales alone are covered.
Time until the call is answered and until its jobs are done, the longest that another call waited meanwhile, processor time of the server.

  bench/switching.py [--build build/check] [--orders 20000]"""
import argparse
import os
import pathlib
import sys
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--build", default="build/check")
parser.add_argument("--orders", type=int, default=20000)
args = parser.parse_args()
os.environ["KONTOR_BUILD"] = str(pathlib.Path(args.build).resolve())
from harness import cpu_seconds  # noqa: E402
from house import House  # noqa: E402


def fill(k):
    """Of four items one lies in the stores, one is bought, one is made of a bought part, and one nobody sells."""
    make = lambda entity, **values: k.create(entity, values)["id"]  # noqa: E731
    pl, pln = make("base.country", code="PL", name="Poland", eu=True), make("base.currency", code="PLN")
    make("base.company", name="Bench", country=pl, currency=pln)
    k.call("base.tax.preset", {"country": "PL"})
    party = make("base.party", name="Customer", is_customer=True, is_supplier=True)
    stocked, bought, made, rare = (make("base.item", code=code, name=code, price="20", currency=pln, made=code == "made", bought=code == "bought") for code in ("stocked", "bought", "made", "rare"))
    make("logistics.supplier_price", item=bought, party=party, price="5", currency=pln, lead_days=5)
    make("production.bom", item=made, lines=[{"item": bought, "quantity": "2"}])
    k.call("logistics.transfer.post", {"id": make("logistics.transfer", kind="entry", lines=[{"item": stocked, "quantity": str(args.orders), "unit_cost": "8"}])})
    return party, (stocked, bought, made, rare)


def jobs(k):
    return k.list("job.job", [["state", "in", ["queued", "running"]]], fields=["id"])["rows"]


def switch(house, k, module, way):
    before, began = cpu_seconds(house.process.pid), time.perf_counter()
    slowest = 0
    k.call(f"module.{way}", {"name": module})
    answered = time.perf_counter() - began
    while jobs(k):
        at = time.perf_counter()
        k.create("base.party", {"name": "Meanwhile"})
        slowest = max(slowest, time.perf_counter() - at)
        time.sleep(0.05)
    print(f"{module + ' ' + way + 'd':22} answered in {answered:5.2f} s, done in {time.perf_counter() - began:6.2f} s, {cpu_seconds(house.process.pid) - before:6.2f} s of processor, "
          f"another call waited {slowest * 1000:4.0f} ms", flush=True)


def sell(k, party, items):
    began = time.perf_counter()
    for n in range(args.orders):
        order = k.create("crm.order", {"party": party, "lines": [{"item": items[n % 4], "quantity": "1"}]})["id"]
        k.call("crm.order.confirm", {"id": order})
    print(f"{args.orders} orders confirmed in {time.perf_counter() - began:.0f} s")


def sound(k):
    """Every order is covered and has its delivery."""
    covered = k.call("base.pegging.count", {"filter": []})
    deliveries, failed = k.call("logistics.delivery.count", {"filter": []}), k.list("job.job", [["state", "=", "failed"]])["rows"]
    found = k.call("system.check", {})
    print(f"{covered} peggings, {deliveries} deliveries, {'sound' if found['sound'] else found}", *failed, sep="\n")


def main():
    with House(modules="base,crm,logistics,production,finance") as house:
        k = house.client()
        party, items = fill(k)
        sell(k, party, items)
        for module in ("crm", "production", "logistics", "finance"):
            switch(house, k, module, "disable")
            switch(house, k, module, "enable")
        sound(k)
        print("With sales alone:")
        for module in ("logistics", "production", "finance"):
            switch(house, k, module, "disable")
        sell(k, party, items)
        for module in ("production", "logistics", "finance"):
            switch(house, k, module, "enable")
        sound(k)


if __name__ == "__main__":
    sys.exit(main())
