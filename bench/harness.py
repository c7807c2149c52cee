"""What bench/run.py measures with: servers, load, raw sides, pinned to their cores; rows of the table."""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from house import House, free_ports  # noqa: E402

SERVER_CORE, LOAD_CORE = "1", "0"
TICK = os.sysconf("SC_CLK_TCK")
FIELDS = ["name", "kind", "website", "industry", "owner", "active"]
BEGIN, END = "<!-- written by bench/run.py --update -->", "<!-- end -->"


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


def message(method, params, token=None, **more):
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params, **more}
    if token:
        body["auth"] = token
    return json.dumps(body, separators=(",", ":"))


def party(n):
    return {"external_id": f"b{n}", "name": f"Firma {n} Kowalski i Synowie", "kind": "organisation" if n % 3 else "person",
            "website": f"https://firma{n}.example", "industry": f"branża {n % 40}", "is_customer": n % 2 == 0}


def median(runs):
    return {name: statistics.median(run[name] for run in runs) for name in ("rate", "p50_us", "p99_us", "cpu_us", "bytes_each")}


class Office(House):
    """A server with parties in it, listening on ipc and tcp, its threads on the server's core."""

    def __init__(self, parties):
        super().__init__(modules="base,crm")
        self.parties, self.tcp, self.rate = parties, self.more_ports[0], 0
        self.options = ["--listen", f"ipc://{self.data}/kontor.ipc", "--listen", f"tcp://127.0.0.1:{self.tcp}"]

    def open(self):
        self.start()
        self.kontor = self.client()
        rows, spent = 20_000, 0
        for at in range(0, self.parties, rows):
            part = [party(n) for n in range(at + 1, min(at + rows, self.parties) + 1)]
            began = time.monotonic()
            self.kontor.import_rows("base.party", part, mode="create", chunk=1000)
            spent += time.monotonic() - began
        self.rate = self.parties / spent
        self.pin()
        return self

    def pin(self):
        subprocess.run(["taskset", "-a", "-p", "-c", SERVER_CORE, str(self.process.pid)], stdout=subprocess.DEVNULL, check=True)

    def address(self, where):
        return {"http": f"127.0.0.1:{self.port}", "tcp": f"127.0.0.1:{self.tcp}", "ipc": f"{self.data}/kontor.ipc"}[where]

    def close(self):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.home, ignore_errors=True)


class Bench:
    def __init__(self, build, seconds, rounds):
        self.tools, self.seconds, self.rounds = pathlib.Path(build) / "bench", seconds, rounds
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kontor-bench-"))
        self.rows, self.running = [], []
        missing = [name for name in ("load", "echo_nng", "echo_http", "raw_party", "bench_call", "bench_journal") if not (self.tools / name).exists()]
        if missing:
            raise SystemExit(f"bench: {self.tools} lacks {', '.join(missing)}: build it first")

    def spawn(self, core, program, *arguments, **more):
        process = subprocess.Popen(["taskset", "-c", core, str(self.tools / program), *map(str, arguments)], **more)
        self.running.append(process)
        return process

    def end(self, process):
        process.kill()
        process.wait()
        self.running.remove(process)

    def close(self):
        for process in list(self.running):
            self.end(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- Measuring ----

    def load_at(self, where, address, text, clients, pid, token=None, seconds=None, start=1, random_max=1000, spin=True,
                first=False):
        more = (["--token", token] if token else []) + ["--spin", int(spin and not first), "--first", int(first)]
        before = cpu_seconds(pid)
        process = self.spawn(LOAD_CORE, "load", f"--{where}", address, "--message", text, "--clients", clients, "--seconds", seconds or self.seconds,
                             "--from", start, "--random", random_max, *more, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        out, err = process.communicate(timeout=120)
        self.running.remove(process)
        figures = json.loads(out) if out else None
        if not figures or figures["errors"] or not figures["count"]:
            raise RuntimeError(f"load over {where} failed: {err[:500] or out}")
        figures["cpu_us"] = (cpu_seconds(pid) - before) * 1e6 / figures["count"]
        figures["bytes_each"] = figures["bytes"] / figures["count"]
        return figures

    def load(self, office, where, text, clients, **more):
        return self.load_at(where, office.address(where), text, clients, office.process.pid, random_max=office.parties, **more)

    def median_load(self, *arguments, **more):
        return median([self.load(*arguments, **more) for _ in range(self.rounds)])

    def echo(self, where, text, clients, body_bytes, token=None):
        """The raw side: an echo that answers the same message with as many bytes."""
        address = f"127.0.0.1:{free_ports(1)[0]}" if where != "ipc" else str(self.folder / "echo.ipc")
        argument = address.rsplit(":", 1)[1] if where == "http" else f"{where}://{address}"
        process = self.spawn(SERVER_CORE, "echo_http" if where == "http" else "echo_nng", argument, body_bytes, stdout=subprocess.PIPE)
        try:
            if not process.stdout.readline():
                raise RuntimeError(f"the echo over {where} does not start")
            return self.load_at(where, address, text, clients, process.pid, token=token)
        finally:
            self.end(process)

    def pair(self, office, where, text, clients, token=None):
        """Ours and an echo of equal messages in turn; medians."""
        ours, raw = [], []
        probe = self.load(office, where, text, 1, seconds=0.3, token=token)
        head = {"http": 199, "tcp": 12, "ipc": 13}[where]
        for _ in range(self.rounds):
            ours.append(self.load(office, where, text, clients, token=token))
            raw.append(self.echo(where, text, clients, int(probe["bytes_each"]) - head, token))
        return median(ours), median(raw)

    def raw(self, work, directory, records, count, *more):
        done = subprocess.run(["taskset", "-c", SERVER_CORE, str(self.tools / "raw_party"), work, str(directory), str(records), str(count),
                              *map(str, more)],
                              capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise RuntimeError(f"raw_party {work}: {done.stderr}")
        return json.loads(done.stdout)

    def copy(self, office):
        """A copy of the office's data file, for the raw side to write into."""
        to = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        subprocess.run([str(self.tools / "raw_party"), "copy", str(office.data / "store"), str(to)], check=True, timeout=300)
        return to

    # ---- The table ----

    def row(self, work, ours, raw, ratio, bar, met):
        """met: true, false, or None where there is no bar."""
        word = "" if met is None else "met" if met else "**short**"
        self.rows.append((work, ours, raw, ratio if isinstance(ratio, str) else f"{ratio:.2f}", bar, word))
        print("  {:<52} {:>24} {:>30} {:>6} {:>10}  {}".format(*self.rows[-1]), flush=True)

    def table(self):
        lines = ["| work | ours | raw | ratio | bar | |", "|---|---|---|---|---|---|"]
        return "\n".join(lines + ["| " + " | ".join(cell or "–" for cell in row[:5]) + f" | {row[5]} |" for row in self.rows])


def update(page, text):
    """Puts text between the marks of the page."""
    whole = page.read_text()
    if BEGIN not in whole or END not in whole:
        raise SystemExit(f"bench: {page} lacks the marks {BEGIN} and {END}")
    page.write_text(whole[:whole.index(BEGIN)] + BEGIN + "\n" + text + "\n" + whole[whole.index(END):])
