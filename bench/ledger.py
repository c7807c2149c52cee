#!/usr/bin/env python3
"""What the ledger costs as it grows: entries of three lines are posted over the bus into 200 accounts, day after day through
three years, each tenth of them up to two months late; at each size the processor time of a posting and of a trial balance of any day are
measured, and the pages that a commit writes.

  bench/ledger.py [ENTRIES]        333,334 entries, a million lines, unless said otherwise; some minutes"""
import datetime
import os
import pathlib
import random
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from house import House  # noqa: E402

ENTRIES = int(sys.argv[1]) if len(sys.argv) > 1 else 333_334
ACCOUNTS, BATCH, WINDOW, TRIALS = 200, 25, 1000, 60
SIZES = [s for s in (1000, 10_000, 100_000, 333_334, 1_000_000) if s <= ENTRIES]
random.seed(5)


def processor_s(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def written(process):
    """Bytes that the server gave to files and sockets."""
    return int(next(line for line in pathlib.Path(f"/proc/{process.pid}/io").read_text().splitlines() if line.startswith("wchar:")).split()[1])


def day(place=None):
    """The day of an entry at its place among all; none: any day."""
    days = random.randrange(1096) if place is None else place * 1096 // ENTRIES
    if place is not None and random.random() < 0.1:
        days = max(0, days - random.randrange(60))
    return (datetime.date(2024, 1, 1) + datetime.timedelta(days=days)).isoformat()


def batch(accounts, place, count):
    """count entries, each created and posted."""
    calls = []
    for at in range(count):
        a, b, c = random.sample(accounts, 3)
        x, y = random.randrange(1, 100000), random.randrange(1, 100000)
        calls.append({"method": "finance.entry.create", "params": {"values": {"day": day(place + at), "text": "Bench", "lines": [
            {"account": a, "debit": f"{(x + y) / 100:.2f}"}, {"account": b, "credit": f"{x / 100:.2f}"}, {"account": c, "credit": f"{y / 100:.2f}"}]}}})
        calls.append({"method": "finance.entry.post", "params": {"id": {"$ref": f"{len(calls) - 1}.id"}}})
    return calls


def post(k, accounts, done, count):
    for at in range(done, count, BATCH):
        k.call("system.batch", {"calls": batch(accounts, at, min(BATCH, count - at)), "atomic": True})


def trials(house, k):
    """Milliseconds of a trial balance of a random day: as the client sees it, and of the server's processor."""
    seen, began = [], processor_s(house.process)
    for _ in range(TRIALS):
        to = day()
        at = time.perf_counter()
        answer = k.call("finance.trial_balance", {"to": to})
        seen.append((time.perf_counter() - at) * 1e3)
        if answer["debit"] != answer["credit"] or answer["closing_debit"] != answer["closing_credit"]:
            sys.exit("the trial balance does not balance")
    return statistics.median(seen), max(seen), (processor_s(house.process) - began) * 1e3 / TRIALS


with House(modules="base,finance") as house:
    k = house.client()
    pln = k.create("base.currency", {"code": "PLN"})["id"]
    k.create("base.company", {"name": "Bench", "currency": pln})
    for year in (2024, 2025, 2026):
        k.call("finance.setup", {"year": f"{year}-01-01"})
    accounts = [k.create("finance.account", {"code": f"7{i:03}", "name": f"Account {i}", "kind": "expense"})["id"] for i in range(ACCOUNTS)]
    done = 0
    for size in SIZES:
        post(k, accounts, done, size - WINDOW)
        cpu, given, at = processor_s(house.process), written(house.process), time.perf_counter()
        post(k, accounts, size - WINDOW, size)
        each = (processor_s(house.process) - cpu) / WINDOW
        pages = (written(house.process) - given) / WINDOW * BATCH / os.sysconf("SC_PAGE_SIZE")
        rate = WINDOW / (time.perf_counter() - at)
        done = size
        p50, worst, cpu_ms = trials(house, k)
        print(f"{size:9,} entries, {size * 3:9,} lines: a posting {each * 1e6:5.0f} us of processor, {rate:5.0f}/s in batches of {BATCH}, {pages:4.0f} pages each; "
              f"trial balance {p50:5.1f} ms, worst {worst:5.1f}, {cpu_ms:5.1f} of processor", flush=True)
