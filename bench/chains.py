#!/usr/bin/env python3
"""Order, delivery, invoice, payment, over the bus and durable: 16 clients, each sells one line from stock, ships it, bills it and
takes the money, one chain after the other, each call on its own. Beside it plain LMDB doing the same puts, deletes and commits, on a
copy of the same file: what they are is recorded from a second run of equal chains. The server is pinned to one core, clients and
nothing else to the other; processor time beside the wall clock.

  bench/chains.py [--build build/check] [--clients 16] [--chains 800]"""
import argparse
import json
import multiprocessing
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--build", default="build/check")
parser.add_argument("--clients", type=int, default=16)
parser.add_argument("--chains", type=int, default=800)
args = parser.parse_args()
BUILD = pathlib.Path(args.build).resolve()
os.environ["KONTOR_BUILD"] = str(BUILD)
from harness import LOAD_CORE, SERVER_CORE, cpu_seconds  # noqa: E402
from house import PASSWORD, House  # noqa: E402
from kontor import Kontor  # noqa: E402

ITEMS = 200


def fill(k):
    """What is sold, to whom, and enough of it in the stores."""
    pl, pln = (k.create(entity, values)["id"] for entity, values in (("base.country", {"code": "PL", "name": "Poland", "eu": True}), ("base.currency", {"code": "PLN"})))
    k.call("session.company", {"company": k.create("base.company", {"name": "Bench", "country": pl, "currency": pln})["id"]})
    k.call("base.tax.preset", {"country": "PL"})
    k.call("finance.setup", {"chart": "polish"})
    items = [k.create("base.item", {"code": f"I{n}", "name": f"Item {n}", "price": "20", "currency": pln})["id"] for n in range(ITEMS)]
    slip = k.create("logistics.transfer", {"kind": "entry", "lines": [{"item": of, "quantity": "100000", "unit_cost": "8"} for of in items]})["id"]
    k.call("logistics.transfer.post", {"id": slip})
    return items, [k.create("base.party", {"name": f"Customer {n}", "is_customer": True})["id"] for n in range(ITEMS)]


def chain(k, item, party):
    order = k.create("crm.order", {"party": party, "lines": [{"item": item, "quantity": "1", "price": "20"}]})["id"]
    k.call("crm.order.confirm", {"id": order})
    of = {"entity": "crm.order", "id": order}
    delivery = k.list("logistics.delivery", [["document", "=", of]], fields=["id"])["rows"][0]["id"]
    k.call("logistics.delivery.ship", {"id": delivery})
    bill = k.call("finance.invoice.from_order", {"order": of})
    k.call("finance.invoice.post", {"id": bill["id"]})
    item = k.list("finance.open_item", [["document", "=", {"entity": "finance.invoice", "id": bill["id"]}]], fields=["id"])["rows"][0]["id"]
    paid = k.create("finance.payment", {"party": party, "amount": bill["gross"], "allocations": [{"item": item}]})["id"]
    k.call("finance.payment.post", {"id": paid})


def client(url, company, number, goods, chains, began, times):
    os.sched_setaffinity(0, {int(LOAD_CORE)})
    k = Kontor(url)
    k.login("admin", PASSWORD)
    k.call("session.company", {"company": company})
    items, parties = goods
    began.wait()
    took = []
    for n in range(chains):
        at = time.perf_counter()
        chain(k, items[(number * 37 + n) % ITEMS], parties[(number * 53 + n) % ITEMS])
        took.append(time.perf_counter() - at)
    times.put(took)


def sell(house, goods, company):
    """All chains of all clients: how long they took, what the server's processor spent, each chain's time."""
    began, times = multiprocessing.Barrier(args.clients + 1), multiprocessing.Queue()
    each = args.chains // args.clients
    people = [multiprocessing.Process(target=client, args=(house.url, company, n, goods, each, began, times)) for n in range(args.clients)]
    for one in people:
        one.start()
    began.wait()
    at, cpu = time.perf_counter(), cpu_seconds(house.process.pid)
    took = [t for _ in people for t in times.get()]
    spent = time.perf_counter() - at, cpu_seconds(house.process.pid) - cpu
    for one in people:
        one.join()
    return each * args.clients, *spent, sorted(took)


def pinned(house):
    subprocess.run(["taskset", "-a", "-p", "-c", SERVER_CORE, str(house.process.pid)], stdout=subprocess.DEVNULL, check=True)


with House(modules="base,crm,logistics,finance") as house:
    k = house.client()
    goods = fill(k)
    company = k.list("base.company")["rows"][0]["id"]
    pinned(house)
    sell(house, goods, company)  # warm
    count, wall, cpu, took = sell(house, goods, company)
    before = k.call("system.check", {})["sound"]
    house.stop()
    copy, recording = house.home / "copy", house.home / "recording"
    shutil.copytree(house.data / "store", copy)
    recording.touch()
    house.env.update(LD_PRELOAD=str(BUILD / "bench" / "bench_recorder.so"), RECORDING=str(recording))
    house.start()
    pinned(house)
    recorded, *_ = sell(house, goods, company)
    house.stop()
    done = subprocess.run(["taskset", "-c", SERVER_CORE, str(BUILD / "bench" / "raw_replay"), str(copy), str(recording)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    raw = json.loads(done.stdout)
    house.env.pop("LD_PRELOAD")
    house.start()
    print(f"{args.clients} clients, {count} chains of order, delivery, invoice, payment: {count / wall:.0f}/s, a chain {statistics.median(took) * 1e3:.0f} ms, "
          f"p99 {took[len(took) * 99 // 100] * 1e3:.0f}; {cpu / count * 1e3:.2f} ms of the server's processor each; sound: {before}")
    each = raw["seconds"] / recorded
    print(f"plain LMDB, a chain's {raw['puts'] / recorded:.0f} puts of {raw['bytes'] / recorded / 1000:.0f} kB and {raw['deletes'] / recorded:.0f} deletes, "
          f"{raw['commits'] / recorded:.1f} commits a chain: {1 / each:.0f}/s; {raw['cpu_s'] / recorded * 1e3:.2f} ms of processor each")
    print(f"ratio {count / wall * each:.2f} of the rate, {raw['cpu_s'] / recorded / (cpu / count):.2f} of the processor time")
