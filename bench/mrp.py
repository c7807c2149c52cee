#!/usr/bin/env python3
"""Requirements planning over the bus: items on five levels, each item above the lowest level made of two of the next one, forecasts
of the items at the top; the run is a job. Told apart: what planning starts from is gathered and the first item planned; the rest,
which is mostly writing the proposals; a run after it with nothing changed; one after a tenth of the forecasts was changed. Processor
time of the server beside the wall clock, and its memory.

  bench/mrp.py [--build build/check] [--items 50000] [--demands 200000] [--period 60] [--routings 0] [--again]"""
import argparse
import datetime
import os
import pathlib
import random
import sys
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--build", default="build/check")
parser.add_argument("--items", type=int, default=50000)
parser.add_argument("--demands", type=int, default=200000)
parser.add_argument("--period", type=int, default=60, help="days for which an item is made or bought at a time")
parser.add_argument("--routings", type=int, default=0, help="so many routings of three steps, over fifty work centres of one shift; what is made is made by one of them")
parser.add_argument("--again", action="store_true", help="runs after the first: nothing changed, a tenth of the forecasts changed")
args = parser.parse_args()
os.environ["KONTOR_BUILD"] = str(pathlib.Path(args.build).resolve())
from harness import cpu_seconds, resident_mb  # noqa: E402
from house import House  # noqa: E402

LEVELS, HORIZON = 5, 360
random.seed(5)


def fill(k):
    width = args.items // LEVELS
    items = [{"external_id": f"i{n}", "code": f"I{n}", "name": f"Item {n}", "standard_cost": "2", "planning": "period", "lot_period": args.period,
              "lead_days": random.randrange(10)} for n in range(width * LEVELS)]
    k.import_rows("base.item", items, mode="create", chunk=1000)
    hours = [{"weekday": d, "from": "06:00", "until": "14:00"} for d in ("monday", "tuesday", "wednesday", "thursday", "friday")]
    shift = k.create("base.calendar", {"name": "One shift", "hours": hours})["id"] if args.routings else None
    centres = [k.create("production.work_centre", {"code": f"C{n}", "name": f"Centre {n}", "calendar": shift})["id"] for n in range(50 if args.routings else 0)]
    for n in range(args.routings):
        k.create("production.routing", {"external_id": f"r{n}", "code": f"R{n}", "name": f"Routing {n}", "steps": [
            {"sequence": 10 * s, "name": f"Step {s}", "centre": random.choice(centres), "setup_minutes": "20", "run_minutes": "1.5"} for s in (1, 2, 3)]})
    routing = lambda n: {"routing": {"external_id": f"r{n % args.routings}"}} if args.routings else {}
    for at in range(0, width * (LEVELS - 1), 50):
        calls = []
        for n in range(at, min(at + 50, width * (LEVELS - 1))):
            below = (n // width + 1) * width
            parts = random.sample(range(below, below + width), 2)
            calls.append({"method": "production.bom.create", "params": {"values": {"item": {"external_id": f"i{n}"}, **routing(n), "lines": [
                {"item": {"external_id": f"i{p}"}, "quantity": str(random.randrange(1, 5))} for p in parts]}}})
        k.call("system.batch", {"calls": calls, "atomic": True})
    k.import_rows("production.forecast", [{"external_id": f"f{n}", "item": f"I{random.randrange(width)}", **wanted()} for n in range(args.demands)], mode="create", chunk=1000)
    return width * LEVELS


def wanted():
    return {"day": (datetime.date.today() + datetime.timedelta(days=random.randrange(60, HORIZON))).isoformat(), "quantity": str(random.randrange(1, 20))}


def plan(house, k, what):
    pid = house.process.pid
    cpu, at, first = cpu_seconds(pid), time.monotonic(), None
    answer = k.call("production.mrp.run", {})
    while (job := k.call("job.get", {"id": answer["job"]}))["state"] in ("queued", "running"):
        if first is None and job.get("done"):
            first = (time.monotonic() - at, cpu_seconds(pid) - cpu)
        time.sleep(0.02)
    if job["state"] != "done":
        sys.exit(f"the run ended {job}")
    wall, spent = time.monotonic() - at, cpu_seconds(pid) - cpu
    row = k.get("production.mrp_run", answer["run"])
    print(f"{what}: {row['items']:,} items, {row['demands']:,} demands, {row['proposals']:,} proposals, {row['added'] or 0:,} new, {row['changed'] or 0:,} changed, {row['removed'] or 0:,} gone: {wall:.1f} s, {spent:.1f} s of processor; "
          f"the first proposals after {first[0]:.1f} s, {first[1]:.1f} of processor; {resident_mb(pid)['RssAnon']:.0f} MB" if first else f"{what}: {job}", flush=True)


with House(modules="base,production") as house:
    k = house.client()
    k.call("session.company", {"company": k.create("base.company", {"name": "Bench", "currency": k.create("base.currency", {"code": "PLN"})["id"]})["id"]})
    began = time.monotonic()
    count = fill(k)
    print(f"{count:,} items and {args.demands:,} forecasts came in in {time.monotonic() - began:.0f} s", flush=True)
    plan(house, k, "planning")
    if args.again:
        plan(house, k, "planning anew, nothing changed")
        k.import_rows("production.forecast", [{"external_id": f"f{n}", **wanted()} for n in range(0, args.demands, 10)], mode="upsert", chunk=1000)
        plan(house, k, "planning anew, a tenth of the forecasts changed")
