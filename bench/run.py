#!/usr/bin/env python3
"""Measures the server against its raw substrate in one run and prints one table: ours, the raw side, their ratio, the bar,
met or short. The raw sides are an nng echo and a libmicrohttpd echo of equal messages, and plain LMDB doing the same puts,
gets and walks on a copy of the same file. Server and raw sides are pinned to one core, the load to the other; candidate
and baseline alternate, figures are medians. Figures in microseconds beside a rate are the server's processor time for one
request. Takes about ten minutes on two idle cores.

  bench/run.py [--build build/check] [--large 1000000] [--rounds 3] [--seconds 2] [--only calls,sizes,profile] [--update]"""

import argparse
import datetime
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack

import profile_call as profile
from harness import FIELDS, LOAD_CORE, ROOT, Bench, Office, median, message, resident_mb, update

LIST = {"filter": [["kind", "=", "organisation"]], "fields": ["id", "name", "kind", "website", "industry", "active"], "limit": 50}
NOTE = {"values": {"text": "Notatka %N%"}}
PARTY = {"values": {"name": "Firma %N% Kowalski i Synowie", "kind": "organisation", "website": "https://firma%N%.example", "industry": "branża 7",
                    "is_customer": True}}
WAIT_S = 60


def get_message(token=None):
    return message("base.party.get", {"id": 7, "fields": FIELDS}, token).replace('"id":7', '"id":%R%')


def list_message(token, **more):
    return message("base.party.list", {**LIST, **more}, token)


def rate(figures):
    return f"{figures['rate']:.0f}/s, {figures['cpu_us']:.1f} µs"


# ---- Calls: 100,000 parties ----

def bench_get(bench, office, token):
    for where in ("ipc", "tcp", "http"):
        name, header, text = ("`POST /rpc`", token, get_message()) if where == "http" else (where, None, get_message(token))
        ours, raw = bench.pair(office, where, text, 8, header)
        ratio = ours["rate"] / raw["rate"]
        bench.row(f"`get`, {name}, 8 clients", rate(ours), rate(raw), ratio, "≥ 0.6", ratio >= 0.6)
        bench.row(f"`get`, {name}, 8 clients: processor time, raw by ours", f"{ours['cpu_us']:.1f} µs", f"{raw['cpu_us']:.1f} µs",
                  raw["cpu_us"] / ours["cpu_us"],
                  "", None)
        if where != "http":
            ours, raw = bench.pair(office, where, text, 64)
            ratio = ours["cpu_us"] / raw["cpu_us"]
            bench.row(f"`get`, {where}, 64 clients: processor time", f"{ours['cpu_us']:.1f} µs", f"{raw['cpu_us']:.1f} µs", ratio, "≤ 2.2",
                      ratio <= 2.2)


def bench_list(bench, office, token):
    ours, echo = bench.pair(office, "ipc", list_message(token), 8)
    walk = statistics.median(bench.raw("list", office.data / "store", office.parties, 5000)["cpu_us"] for _ in range(bench.rounds))
    ratio = ours["cpu_us"] / (walk + echo["cpu_us"])
    bench.row("list of 50 by an index: processor time", f"{ours['cpu_us']:.0f} µs",
              f"walk and gets {walk:.0f}, echo {echo['cpu_us']:.0f} µs", ratio, "≤ 2",
              ratio <= 2)
    page, cursor = office.kontor.call("base.party.list", LIST), None
    for _ in range(min(1000, office.parties // 100)):
        cursor = page["next"]
        page = office.kontor.call("base.party.list", {**LIST, "cursor": cursor})
    first, deep = [], []
    for _ in range(bench.rounds):
        first.append(bench.load(office, "ipc", list_message(token), 8))
        deep.append(bench.load(office, "ipc", list_message(token, cursor=cursor), 8))
    first, deep = median(first), median(deep)
    ratio = deep["cpu_us"] / first["cpu_us"]
    bench.row("page 1,000 of it by cursor against page 1", f"{deep['cpu_us']:.0f} µs", f"{first['cpu_us']:.0f} µs", ratio, "≤ 1.1", ratio <= 1.1)


def bench_counts(bench, office, token):
    get = bench.median_load(office, "ipc", get_message(token), 8)
    for what, filter_ in (("an entity", None), ("one indexed value", [["kind", "=", "organisation"]])):
        count = bench.median_load(office, "ipc", message("base.party.count", {"filter": filter_} if filter_ else {}, token), 8)
        ratio = count["cpu_us"] / get["cpu_us"]
        bench.row(f"count of {what}: processor time", f"{count['cpu_us']:.1f} µs", f"a get {get['cpu_us']:.1f} µs", ratio, "≤ 2", ratio <= 2)
    dry = bench.median_load(office, "ipc", message("base.note.create", NOTE, token, dry_run=True), 8)
    ratio = dry["cpu_us"] / get["cpu_us"]
    bench.row("dry run of a create, its validation and changes included", f"{dry['cpu_us']:.1f} µs", f"a get {get['cpu_us']:.1f} µs", ratio,
              "≤ 1.5", ratio <= 1.5)


def beside(bench, office, token, text, start):
    """A get of one client while 64 others send `text` as fast as they are answered."""
    others = bench.spawn(LOAD_CORE, "load", "--ipc", office.address("ipc"), "--clients", 64, "--from", start, "--random", office.parties,
                         "--seconds", bench.seconds + 1, "--message", text, stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    got = bench.load(office, "ipc", get_message(token), 1, first=True)
    if others.wait(WAIT_S):
        raise RuntimeError("the 64 others failed")
    bench.running.remove(others)
    return got


def bench_reads_while_writing(bench, office, token):
    alone, busy, reading = [], [], []
    for i in range(max(bench.rounds, 5)):
        alone.append(bench.load(office, "ipc", get_message(token), 1, first=True))
        reading.append(beside(bench, office, token, get_message(token), 1))
        busy.append(beside(bench, office, token, message("base.note.create", NOTE, token), 20_000_000 + i * 1_000_000))
    alone, busy, reading = median(alone), median(busy), median(reading)
    ratio = busy["p99_us"] / alone["p99_us"]
    bench.row("p99 of a get while 64 clients write", f"{busy['p99_us']:.0f} µs", f"alone {alone['p99_us']:.0f}, while 64 read {reading['p99_us']:.0f} µs",
              ratio, "≤ 3", ratio <= 3)


def bench_feed(bench, office, token):
    since = office.kontor.call("journal.head")["seq"] - 1000
    feed = bench.median_load(office, "ipc", message("journal.since", {"seq": since, "limit": 1000}, token), 1)
    bench.row("`journal.since` of 1,000 entries: p50", f"{feed['p50_us'] / 1000:.1f} ms, {feed['cpu_us'] / 1000:.1f} ms processor",
              f"{feed['bytes_each'] / 1000:.0f} KB", "", "≤ 5 ms", feed["p50_us"] <= 5000)


def bench_import(bench, office):
    copy = bench.copy(office)
    raw = statistics.median(1e6 / bench.raw("import", copy, office.parties, 20_000, 1000)["us"] for _ in range(bench.rounds))
    bench.row(f"import of {office.parties:,} parties over the bus", f"{office.rate:.0f} rows/s", f"{raw:.0f} rows/s", office.rate / raw, "≥ 20,000/s",
              office.rate >= 20_000)
    bench.row("the same against the same puts in commits of 1,000", f"{office.rate:.0f} rows/s", f"{raw:.0f} rows/s", office.rate / raw, "≥ 0.5",
              office.rate / raw >= 0.5)


def bench_start(bench, office):
    office.stop()
    times, memory = [], []
    for _ in range(5):
        began = time.perf_counter()
        office.start()
        office.client()
        times.append(time.perf_counter() - began)
        memory.append(resident_mb(office.process.pid))
        office.stop()
    seconds, anonymous = statistics.median(times), max(m["RssAnon"] for m in memory)
    bench.row("start to the first answer, log-in included", f"{seconds:.3f} s", "", "", "≤ 0.3 s", seconds <= 0.3)
    bench.row("memory, idle, beside the page cache", f"{anonymous:.1f} MB", f"with mapped files {max(m['VmRSS'] for m in memory):.0f} MB",
              "", "≤ 32 MB",
              anonymous <= 32)


def calls(bench, options):
    with ExitStack() as closing:
        office = Office(options.parties)
        closing.callback(office.close)
        office.open()
        token = office.kontor.token
        bench_import(bench, office)
        bench_get(bench, office, token)
        bench_list(bench, office, token)
        bench_counts(bench, office, token)
        bench_reads_while_writing(bench, office, token)
        bench_feed(bench, office, token)
        memory = resident_mb(office.process.pid)
        bench.row("memory under load, beside the page cache", f"{memory['RssAnon']:.1f} MB", f"with mapped files {memory['VmRSS']:.0f} MB",
                  "", "≤ 64 MB",
                  memory["RssAnon"] <= 64)
        bench_start(bench, office)


# ---- Sizes: 10,000 against 1,000,000 parties, both servers there at once ----

def bench_reads_by_size(bench, small, large):
    def list_from(token):
        return list_message(token, sort="name", start="Firma %R%")
    for what, work, text in (("`get`", "get", get_message), ("filtered list of 50", "list", list_from)):
        few, many = [], []
        for _ in range(max(bench.rounds, 5)):
            few.append(bench.load(small, "ipc", text(small.kontor.token), 1))
            many.append(bench.load(large, "ipc", text(large.kontor.token), 1))
        few, many = median(few), median(many)
        ratio = many["p99_us"] / few["p99_us"]
        raw = [bench.raw(work, office.data / "store", office.parties, 20_000 if work == "get" else 4000) for office in (small, large)]
        bench.row(f"{what}, p99 at {large.parties:,} against {small.parties:,}", f"{many['p99_us']:.0f} against {few['p99_us']:.0f} µs",
                  f"{raw[1]['p99_us']:.1f} against {raw[0]['p99_us']:.1f} µs", ratio, "≤ 1.3", ratio <= 1.3)
        bench.row(f"{what}, p50 likewise", f"{many['p50_us']:.0f} against {few['p50_us']:.0f} µs",
                  f"{raw[1]['p50_us']:.1f} against {raw[0]['p50_us']:.1f} µs",
                  many["p50_us"] / few["p50_us"], "", None)


def bench_count(bench, large):
    count = bench.median_load(large, "ipc", message("base.party.count", {"filter": [["id", ">=", 1]]}, large.kontor.token), 1)
    bench.row(f"count of {large.parties:,} by a range: p50", f"{count['p50_us'] / 1000:.1f} ms", "", "", "≤ 60 ms", count["p50_us"] <= 60_000)


def bench_creates(bench, office, bar, next_name):
    """One client's latency, 64 clients' rate; gives the processor time of one of the 64's creates."""
    text, copy = message("base.party.create", PARTY, office.kontor.token), bench.copy(office)
    ours, raw, echo, group, batched = [], [], [], [], []
    for i in range(bench.rounds):
        ours.append(bench.load(office, "ipc", text, 1, start=next_name + i * 1_000_000))
        raw.append(bench.raw("create", copy, office.parties, 300, 1)["p50_us"])
        echo.append(bench.echo("ipc", text, 1, 60))
        group.append(bench.load(office, "ipc", text, 64, start=next_name + i * 1_000_000 + 500_000))
        batched.append(bench.raw("create", copy, office.parties, 6400, 64))
    ours, echo, group = median(ours), median(echo), median(group)
    commit, each, cpu = statistics.median(raw), *(statistics.median(one[name] for one in batched) for name in ("us", "cpu_us"))
    ratio = ours["p50_us"] / (commit + echo["p50_us"])
    bench.row(f"durable create at {office.parties:,}, 1 client: p50", f"{ours['p50_us']:.0f} µs",
              f"commit {commit:.0f}, echo {echo['p50_us']:.0f} µs", ratio, "≤ 1.3",
              ratio <= 1.3)
    ratio = group["rate"] * each / 1e6
    bench.row(f"durable create at {office.parties:,}, 64 clients", rate(group), f"{1e6 / each:.0f}/s, {cpu:.1f} µs in commits of 64", ratio, f"≥ {bar}",
              ratio >= bar)
    return group["cpu_us"]


def bench_journal(bench, create_us):
    folder = bench.folder / "journal"
    for side in ("with", "without"):
        (folder / side).mkdir(parents=True)
    done = subprocess.run([str(bench.tools / "bench_journal"), str(folder), "6400"], capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(f"bench_journal: {done.stderr}")
    us = json.loads(done.stdout)
    added = us["with_us"] - us["without_us"]
    bench.row("chain, history and feed in a durable create", f"{added:.1f} µs processor",
              f"of {create_us:.0f} µs; store and model alone {us['without_us']:.0f}",
              added / create_us, "≤ 0.1", added <= 0.1 * create_us)


def sizes(bench, options):
    with ExitStack() as closing:
        offices = [Office(10_000), Office(options.large)]
        for office in offices:
            closing.callback(office.close)
            office.open()
        small, large = offices
        bench_reads_by_size(bench, small, large)
        bench_count(bench, large)
        create_us = bench_creates(bench, small, 0.5, 30_000_000)
        bench_creates(bench, large, 0.75, 60_000_000)
        bench_journal(bench, create_us)


# ---- The server's own cost ----

def own_cost(bench, options):
    results = profile.measure(options.build)
    own = profile.own_us(results[0][2])
    bench.row("own cost of a get beside parse, read, encode, transport", f"{own:.1f} µs", f"of {results[0][1]:.1f} µs in the server", "",
              "≤ 3 µs", own <= 3)
    return profile.table(results)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build" / "check"), help="where the server and the programs of bench/ are")
    parser.add_argument("--parties", type=int, default=100_000, help="of the server that most rows are measured on")
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=2, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="of each pair")
    parser.add_argument("--only", default="calls,sizes,profile", help="parts to run")
    parser.add_argument("--update", action="store_true", help="write the table into docs/performance.md")
    options = parser.parse_args()
    parts = options.only.split(",")
    if "profile" in parts and not shutil.which("valgrind"):
        raise SystemExit("bench: valgrind is missing: install it, or leave the profile out with --only")
    os.environ["KONTOR_BUILD"] = options.build
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    began, shares = time.monotonic(), ""
    bench = Bench(options.build, options.seconds, options.rounds)
    try:
        if "calls" in parts:
            calls(bench, options)
        if "sizes" in parts:
            sizes(bench, options)
        if "profile" in parts:
            shares = own_cost(bench, options)
    finally:
        bench.close()
    when = f"{datetime.date.today()}, {os.cpu_count()} processors, load {os.getloadavg()[2]:.1f} over the last quarter of an hour, {time.monotonic() - began:.0f} s"
    text = f"{when}\n\n{bench.table()}\n" + (f"\n```\n{shares}\n```\n" if shares else "")
    print("\n" + text)
    if options.update:
        update(ROOT / "docs" / "performance.md", text)
    barred = [row for row in bench.rows if row[5]]
    short = [row[0] for row in barred if row[5] != "met"]
    print(f"{len(barred) - len(short)} of {len(barred)} bars met" + (": short are " + "; ".join(short) if short else ""))


if __name__ == "__main__":
    main()
