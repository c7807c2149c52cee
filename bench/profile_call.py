#!/usr/bin/env python3
"""Where a call's time goes inside the server, transport left out: bench_call measures it in processor time and runs
again under callgrind, which counts instructions; each part's share of them is its share of the time. What the C library
and libsodium do counts for whoever called them.

  bench/profile_call.py [--build build/check]"""
import argparse
import collections
import json
import pathlib
import re
import statistics
import subprocess
import tempfile

# The first pattern that a function's source file or library matches names its part.
PARTS = (("parse the request", r"kit/decode\.c|libjansson"), ("write the answer", r"kit/json\.c|model/wire\.c|model/codec_read\.c|bus/answer\.c"),
         ("read the store", r"core/store/|liblmdb|xxhash"), ("token and rights", r"core/access/"),
         ("query: names, plan, visibility", r"core/query/|core/record/|core/model/|core/journal/"), ("dispatch: method, snapshot, reply", r"core/"))
OWN = ("token and rights", "query: names, plan, visibility", "dispatch: method, snapshot, reply")
BORROWED = re.compile(r"libc\.so|libsodium|libpthread|ld-linux|libm\.so|vdso")


def part_of(where):
    return next((name for name, pattern in PARTS if re.search(pattern, where)), None)


def costs(profile):
    """(object, file, function, called object or None, called file, called function, instructions) of each line."""
    at, called, is_call = {}, {}, False
    for line in profile.read_text(errors="replace").splitlines():
        name, is_set, value = line.partition("=")
        if is_set and name in ("ob", "fl", "fn"):
            at[name] = value
        elif is_set and name in ("cob", "cfi", "cfl", "cfn"):
            called["cfl" if name == "cfi" else name] = value
        elif is_set and name == "calls":
            is_call = True
        elif re.match(r"[0-9+*-]", line):
            there = (called.get("cob", at["ob"]), called.get("cfl", at["fl"]), called["cfn"]) if is_call else (None, None, None)
            yield at["ob"], at["fl"], at["fn"], *there, int(line.split()[-1])
            if is_call:
                called, is_call = {}, False


def instructions(profile):
    """{part: instructions} of a callgrind file written without compressed names."""
    lines, shares = list(costs(profile)), collections.Counter()
    stubs = {(ob, fn): cob for ob, fl, fn, cob, _, _, _ in lines if cob and fl == "???" and ob != cob}  # of the linker
    for ob, fl, fn, cob, cfl, cfn, n in lines:
        if BORROWED.search(ob) or (ob, fn) in stubs:
            continue
        is_borrowed = cob and BORROWED.search(stubs.get((cob, cfn), cob))
        if cob is None or is_borrowed:
            part = part_of(f"{ob} {fl}")
            shares.update({part: n} if part else {})
    return shares


def counted_calls(program, folder, work, count):
    out = folder / f"{work}.callgrind"
    subprocess.run(["valgrind", "--tool=callgrind", "--compress-strings=no", "--compress-pos=no", f"--callgrind-out-file={out}",
                    program, str(folder), work, str(count)], check=True, capture_output=True)
    return instructions(out)


def profile(build, work, count, counted, folder):
    """(processor microseconds of a call, {part: microseconds}, {part: instructions})"""
    program = str(pathlib.Path(build) / "bench" / "bench_call")
    runs = [json.loads(subprocess.run([program, str(folder), work, str(count)], check=True, capture_output=True, text=True).stdout)
            for _ in range(5)]
    us = statistics.median(run["cpu_us"] for run in runs)
    shares = counted_calls(program, folder, work, 2 * counted)
    shares.subtract(counted_calls(program, folder, work, counted))  # what is left is the calls, in whichever thread they ran
    whole = sum(shares.values())
    return us, {part: us * n / whole for part, n in shares.items()}, {part: n / counted for part, n in shares.items()}


def measure(build):
    """[(work, microseconds, {part: microseconds}, {part: instructions})] of a get and a list of 50."""
    with tempfile.TemporaryDirectory(prefix="kontor-profile-") as name:
        folder = pathlib.Path(name)
        subprocess.run([str(pathlib.Path(build) / "bench" / "bench_call"), name, "fill", "10000"], check=True, capture_output=True)
        return [(work, *profile(build, work, count, counted, folder)) for work, count, counted in (("get", 50000, 1000), ("list", 2000, 200))]


def table(results):
    lines = [f"{'microseconds (instructions)':<36}" + "".join(f"{work:>22}" for work, *_ in results)]
    for part, _ in PARTS:
        lines.append(f"{part:<36}" + "".join(f"{f'{us.get(part, 0):.2f} ({n.get(part, 0):,.0f})':>22}" for _, _, us, n in results))
    lines.append(f"{'whole':<36}" + "".join(f"{f'{whole:.2f} ({sum(n.values()):,.0f})':>22}" for _, whole, _, n in results))
    return "\n".join(lines)


def own_us(us):
    return sum(us.get(part, 0) for part in OWN)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/check")
    print(table(measure(parser.parse_args().build)))
