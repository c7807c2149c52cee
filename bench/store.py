#!/usr/bin/env python3
"""core/store against plain LMDB doing the same puts in the same group sizes, the same gets and list gets: candidate and
baseline alternate, pinned to one core; medians and their ratio.

  bench/store.py [--build build] [--records 100000] [--rounds 3]"""
import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import tempfile

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--build", default="build")
parser.add_argument("--records", type=int, default=100000)
parser.add_argument("--rounds", type=int, default=3)
args = parser.parse_args()
TOOLS = pathlib.Path(args.build) / "bench"
folder = pathlib.Path(tempfile.mkdtemp(prefix="kontor-bench-"))
base = {"raw": args.records, "store": args.records}


def run(side, work, *more):
    program = "raw_lmdb" if side == "raw" else "bench_store"
    command = ["taskset", "-c", "1", TOOLS / program, work, folder / side, str(base[side]), *map(str, more)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def compare(name, work, count, *more, grows=False):
    raw, ours = [], []
    for _ in range(args.rounds):
        for side, results in (("raw", raw), ("store", ours)):
            results.append(run(side, "create" if side == "raw" and work == "import" else work, count, *more))
            base[side] += count if grows else 0
    us = [statistics.median(r["us"] for r in results) for results in (raw, ours)]
    cpu = [statistics.median(r["cpu_us"] for r in results) for results in (raw, ours)]
    print(f"{name:34} {us[0]:10.2f} {us[1]:10.2f} {us[1] / us[0]:6.2f}   {cpu[0]:10.2f} {cpu[1]:10.2f} {cpu[1] / cpu[0]:6.2f}", flush=True)


try:
    print(f"{args.records} records, {args.rounds} rounds, medians{'':4} raw us   store us  ratio    raw CPU us  store CPU  ratio")
    for side in ("raw", "store"):
        filled = run(side, "fill")
        print(f"fill, {side}: {filled['us']:.2f} us a create")
    alone = run("store", "read", 1000000)
    dry = run("store", "dry", 100000)
    print(f"a snapshot opened and ended: {alone['us']:.3f} us; a create as a dry run: {dry['us']:.2f} us")
    compare("get", "get", 1000000)
    compare("list: index page and 50 gets", "list", 20000)
    compare("count of an index range", "count", 10)
    for group, count in ((1, 1000), (8, 4000), (64, 16000), (256, 32000)):
        compare(f"create, {group} in a commit", "create", count, group, grows=True)
    compare("import, 1000 rows in a job", "import", 50000, 1000, grows=True)
finally:
    shutil.rmtree(folder)
