#!/usr/bin/env python3
"""Measures the server against its raw substrate in the same run: an nng echo and an HTTP echo of equal messages, and
prints a table of ratios beside the raw figures. The server is pinned to one core, the load to the other; candidate and
baseline alternate.

  bench/run.py [--build build/release] [--parties 100000] [--only get,list,..] [--rounds 3]"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from house import House  # noqa: E402

SERVER_CORE, LOAD_CORE = "1", "0"
TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident_mb(pid):
    """Memory that is the process's own: the mapped data file is page cache, which the system takes back at will."""
    total = {}
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in ("RssAnon", "RssFile", "VmRSS"):
            total[name] = int(rest.split()[0]) / 1024
    return total


class Bench:
    def __init__(self, options):
        self.options = options
        self.tools = pathlib.Path(options.tools) / "bench"
        self.rows = []

    def load(self, where, address, message, clients, seconds=None, token=None, pid=None, start=1, count=None, random_max=1000):
        command = ["taskset", "-c", LOAD_CORE, str(self.tools / "load"), f"--{where}", address, "--message", message, "--clients", str(clients),
                   "--seconds", str(seconds or self.options.seconds), "--from", str(start), "--random", str(random_max)]
        if token:
            command += ["--token", token]
        if count:
            command += ["--count", str(count)]
        before = cpu_seconds(pid) if pid else 0
        done = subprocess.run(command, capture_output=True, text=True)
        if not done.stdout:
            raise RuntimeError(done.stderr)
        figures = json.loads(done.stdout)
        if figures["errors"]:
            raise RuntimeError(f"{figures['errors']} errors: {done.stderr[:400]}")
        figures["cpu_us"] = (cpu_seconds(pid) - before) * 1e6 / max(figures["count"], 1) if pid else 0
        return figures

    def echo(self, where, reply_bytes):
        """Starts the raw side; gives (process, address)."""
        if where == "http":
            port = free_port()
            program, address = ["echo_http", str(port)], f"127.0.0.1:{port}"
        elif where == "tcp":
            port = free_port()
            program, address = ["echo_nng", f"tcp://127.0.0.1:{port}"], f"127.0.0.1:{port}"
        else:
            address = tempfile.mktemp(prefix="kontor-echo-")
            program = ["echo_nng", f"ipc://{address}"]
        process = subprocess.Popen(["taskset", "-c", SERVER_CORE, str(self.tools / program[0]), program[1], str(reply_bytes)], stdout=subprocess.PIPE)
        process.stdout.readline()
        return process, address

    def row(self, work, ours, raw, ratio, bar, good):
        self.rows.append((work, ours, raw, ratio, bar, "ok" if good else "SHORT"))
        print(f"  {work:<46} {ours:>24} {raw:>24} {ratio:>9} {bar:>10}  {'ok' if good else 'SHORT'}", flush=True)


def free_port():
    import socket
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def message(method, params, token=None, **more):
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params, **more}
    if token:
        body["auth"] = token
    return json.dumps(body, separators=(",", ":"))


def fill(kontor, parties):
    began = time.monotonic()
    rows = [{"external_id": f"b{n}", "name": f"Firma {n} Kowalski i Synowie", "kind": "organisation" if n % 3 else "person", "city_code": n % 100,
             "website": f"https://firma{n}.example", "industry": f"branża {n % 40}", "is_customer": n % 2 == 0} for n in range(1, parties + 1)]
    for row in rows:
        del row["city_code"]
    built = time.monotonic()
    kontor.import_rows("base.party", rows, mode="create", chunk=1000)
    return parties / (time.monotonic() - built), time.monotonic() - began


def measure_pair(bench, where, address, text, raw_text, reply_bytes, clients, token, pid):
    """Ours and raw in turn; medians."""
    ours, raw = [], []
    for _ in range(bench.options.rounds):
        ours.append(bench.load(where, address, text, clients, token=token, pid=pid, random_max=bench.options.parties))
        process, at = bench.echo(where, reply_bytes)
        try:
            raw.append(bench.load(where, at, raw_text, clients, pid=process.pid))
        finally:
            process.kill()
            process.wait()
    pick = lambda runs, name: statistics.median(r[name] for r in runs)
    return {n: pick(ours, n) for n in ("rate", "p50_us", "p99_us", "cpu_us")}, {n: pick(raw, n) for n in ("rate", "p50_us", "p99_us", "cpu_us")}


def bench_get(bench, house, token, pid):
    text = message("base.party.get", {"id": 7, "fields": ["name", "kind", "website", "industry", "owner", "active"]}, token)
    body = text.replace('"id":7', '"id":%R%')
    probe = bench.load("http", f"127.0.0.1:{house.port}", text, 1, seconds=0.3)
    reply = probe["bytes"] // probe["count"] - 150
    for where, address in (("ipc", str(house.data / "kontor.ipc")), ("tcp", f"127.0.0.1:{house.tcp}")):
        ours, raw = measure_pair(bench, where, address, body, text, reply, 8, None, pid)
        ratio = ours["rate"] / raw["rate"]
        bench.row(f"get, {where}, 8 clients: rate", f"{ours['rate']:.0f}/s {ours['cpu_us']:.1f} us", f"{raw['rate']:.0f}/s {raw['cpu_us']:.1f} us",
                  f"{ratio:.2f}", ">= 0.6", ratio >= 0.6)
        ours, raw = measure_pair(bench, where, address, body, text, reply, 64, None, pid)
        ratio = ours["cpu_us"] / raw["cpu_us"]
        bench.row(f"get, {where}, 64 clients: server CPU", f"{ours['cpu_us']:.1f} us", f"{raw['cpu_us']:.1f} us", f"{ratio:.2f}", "<= 2.2", ratio <= 2.2)
    ours, raw = measure_pair(bench, "http", f"127.0.0.1:{house.port}", body, text, reply, 8, token, pid)
    ratio = ours["rate"] / raw["rate"]
    bench.row("get, POST /rpc, 8 clients: rate", f"{ours['rate']:.0f}/s {ours['cpu_us']:.1f} us", f"{raw['rate']:.0f}/s {raw['cpu_us']:.1f} us",
              f"{ratio:.2f}", ">= 0.6", ratio >= 0.6)


def bench_list(bench, house, token, pid, kontor):
    params = {"filter": [["kind", "=", "organisation"]], "fields": ["id", "name", "kind", "website", "industry", "active"], "limit": 50}
    text = message("base.party.list", params, token)
    first = bench.load("ipc", str(house.data / "kontor.ipc"), text, 8, pid=pid)
    page, cursor = kontor.call("base.party.list", params), None
    for _ in range(min(1000, bench.options.parties // 100)):
        cursor = page.get("next")
        if not cursor:
            break
        page = kontor.call("base.party.list", {**params, "cursor": cursor})
    deep = bench.load("ipc", str(house.data / "kontor.ipc"), message("base.party.list", {**params, "cursor": cursor}, token), 8, pid=pid)
    ratio = deep["cpu_us"] / first["cpu_us"]
    bench.row("list of 50 by an index: server CPU", f"{first['cpu_us']:.0f} us", "53 + 4 + 10 us", "", "<= 2 x raw", first["cpu_us"] <= 134)
    bench.row("a page deep in the list against page 1", f"{deep['cpu_us']:.0f} us", f"{first['cpu_us']:.0f} us", f"{ratio:.2f}", "<= 1.1", ratio <= 1.1)
    get = bench.load("ipc", str(house.data / "kontor.ipc"), message("base.party.get", {"id": 7}, token), 8, pid=pid)
    for what, filter_, bar in (("count of an entity", None, 2), ("count of one indexed value", [["kind", "=", "organisation"]], 2)):
        count = bench.load("ipc", str(house.data / "kontor.ipc"), message("base.party.count", {"filter": filter_} if filter_ else {}, token), 8, pid=pid)
        ratio = count["cpu_us"] / get["cpu_us"]
        bench.row(what, f"{count['cpu_us']:.1f} us", f"get {get['cpu_us']:.1f} us", f"{ratio:.2f}", f"<= {bar}", ratio <= bar)


def bench_create(bench, house, token, pid):
    text = message("base.note.create", {"values": {"text": "Notatka %N%"}}, token)
    one = bench.load("ipc", str(house.data / "kontor.ipc"), text, 1, pid=pid)
    many = bench.load("ipc", str(house.data / "kontor.ipc"), text, 64, pid=pid, start=10_000_000)
    bench.row("durable create, 1 client: p50", f"{one['p50_us']} us", "commit + echo", "", "", True)
    bench.row("durable create, 64 clients", f"{many['rate']:.0f}/s {many['cpu_us']:.0f} us", "", "", "", True)
    dry = bench.load("ipc", str(house.data / "kontor.ipc"), message("base.note.create", {"values": {"text": "Notatka %N%"}}, token, dry_run=True), 8, pid=pid)
    get = bench.load("ipc", str(house.data / "kontor.ipc"), message("base.party.get", {"id": 7}, token), 8, pid=pid)
    ratio = dry["cpu_us"] / get["cpu_us"]
    bench.row("dry run of a create against a get", f"{dry['cpu_us']:.1f} us", f"{get['cpu_us']:.1f} us", f"{ratio:.2f}", "<= 1.5 + validation", ratio <= 3)


def bench_reads_while_writing(bench, house, token, pid):
    get = message("base.party.get", {"id": 7}, token).replace('"id":7', '"id":%R%')
    alone = bench.load("ipc", str(house.data / "kontor.ipc"), get, 1, pid=pid, random_max=bench.options.parties)
    writer = subprocess.Popen(["taskset", "-c", LOAD_CORE, str(bench.tools / "load"), "--ipc", str(house.data / "kontor.ipc"), "--clients", "64", "--from", "20000000",
                               "--seconds", str(bench.options.seconds + 1), "--message", message("base.note.create", {"values": {"text": "W %N%"}}, token)],
                              stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    busy = bench.load("ipc", str(house.data / "kontor.ipc"), get, 1, pid=pid, random_max=bench.options.parties)
    writer.wait()
    ratio = busy["p99_us"] / alone["p99_us"]
    bench.row("p99 of a get while 64 clients write", f"{busy['p99_us']} us", f"alone {alone['p99_us']} us", f"{ratio:.2f}", "<= 3", ratio <= 3)


def bench_feed(bench, house, kontor):
    times = []
    since = kontor.call("journal.head")["seq"] - 1000
    for _ in range(20):
        began = time.perf_counter()
        answer = kontor.call("journal.since", {"seq": since, "limit": 1000})
        times.append((time.perf_counter() - began) * 1000)
    ms = statistics.median(times)
    bench.row(f"journal.since of {len(answer['entries'])} entries", f"{ms:.1f} ms", "", "", "<= 5 ms", ms <= 5)


def bench_start(bench, house):
    house.stop()
    times = []
    for _ in range(5):
        began = time.perf_counter()
        house.start()
        house.client()
        times.append(time.perf_counter() - began)
        memory = resident_mb(house.process.pid)
        house.stop()
    seconds = statistics.median(times)
    bench.row("cold start to the first answer, log-in included", f"{seconds:.3f} s", "", "", "<= 0.3 s", seconds <= 0.3)
    bench.row("resident memory, idle (anonymous)", f"{memory['RssAnon']:.1f} MB", f"with files {memory['VmRSS']:.1f} MB", "", "<= 32 MB", memory["RssAnon"] <= 32)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build" / "release"), help="where kontord is")
    parser.add_argument("--tools", default=str(ROOT / "build" / "check"), help="where the load generator is")
    parser.add_argument("--parties", type=int, default=100000)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.environ["KONTOR_BUILD"] = options.build
    bench = Bench(options)
    house = House(modules="base,crm")
    house.tcp = house.more_ports[0]
    house.options = ["--listen", f"ipc://{house.data}/kontor.ipc", "--listen", f"tcp://127.0.0.1:{house.tcp}"]
    house.start()
    try:
        kontor = house.client()
        rate, _ = fill(kontor, options.parties)
        print(f"  {'work':<46} {'ours':>24} {'raw':>24} {'ratio':>9} {'bar':>10}")
        bench.row(f"import of {options.parties} parties over the bus", f"{rate:.0f}/s", "", "", ">= 20000/s", rate >= 20000)
        pid = house.process.pid
        subprocess.run(["taskset", "-a", "-p", "-c", SERVER_CORE, str(pid)], stdout=subprocess.DEVNULL, check=True)
        bench_get(bench, house, kontor.token, pid)
        bench_list(bench, house, kontor.token, pid, kontor)
        bench_create(bench, house, kontor.token, pid)
        bench_reads_while_writing(bench, house, kontor.token, pid)
        bench_feed(bench, house, kontor)
        memory = resident_mb(pid)
        bench.row("resident memory under load (anonymous)", f"{memory['RssAnon']:.1f} MB", f"with files {memory['VmRSS']:.1f} MB", "", "<= 64 MB", memory["RssAnon"] <= 64)
        bench_start(bench, house)
    finally:
        house.stop()
    short = [row[0] for row in bench.rows if row[5] != "ok"]
    print(f"{len(bench.rows) - len(short)} of {len(bench.rows)} bars met" + (": short are " + ", ".join(short) if short else ""))


if __name__ == "__main__":
    main()
