#!/usr/bin/env python3
"""Fault campaigns over a whole server, through its public bus. Each prints one line that begins with "sound" or "BROKEN".

  server.py kill   [--count 3] [--rows 20000]   kill -9 at a random moment, under load, with so many records beside
  server.py memory [--count 3] [--megabytes M]  the kernel kills it for its memory (a control group), under load
  server.py clock                               the machine's clock jumps by -1 h, -3 d, +10 years while it works
  server.py crash  [--count 3]                  a module breaks down (SIGSEGV, abort, exit); a supervisor that does as
                                                conf/kontor.service says starts it again
  server.py damage                              an inner page of the store is damaged: named, and no restarts without end
  server.py migrate [--count 5]                 kill -9 while a module's migration or a field's index is made
  server.py backup [--seconds 6] [--strict]     copies under load: a prefix of what was acknowledged; writers' latency
  server.py export [--rows 20000] [--strict]    all rows read out while others write: the file's growth, their latency
  server.py soak   [--seconds 20] [--strict]    mixed calls for long: memory, descriptors, file, latency

--strict: the figures of docs/reliability.md must hold too; without it they are shown. Exit 77: this machine cannot do it.
"""
import argparse
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parent.parent)]
from house import ROOT, House  # noqa: E402
from load import BROKEN, Writers, percentile, prove  # noqa: E402


FAULTS = pathlib.Path(os.environ.get("KONTOR_FAULTS", "build/check/tests/faults")).resolve()


class Skipped(Exception):
    pass


def verdict(wrong, line):
    return not wrong, f"{line} {wrong}".strip()


def total(numbers):
    return sum(numbers)


# ---- kill -9 ----

def kill(args):
    rng, slowest, repeated = random.Random(args.seed), 0.0, 0
    house = House(modules="base")
    with house:
        fill(house.client(), args.rows)
        with Writers(house) as writers:
            for _ in range(args.count):
                time.sleep(rng.uniform(0.1, 0.6))
                house.kill()
                before = list(writers.acknowledged)
                (house.data / "starts").unlink(missing_ok=True)  # as if it had served a minute: else the third start verifies the files
                began = time.monotonic()
                house.start()
                slowest = max(slowest, time.monotonic() - began)
                until = time.monotonic() + 30
                while writers.acknowledged == before and time.monotonic() < until:
                    time.sleep(0.02)
                repeated += writers.acknowledged != before
            writers.halt.set()
            for thread in writers.threads:
                thread.join()
            found = prove(house, writers.acknowledged)
        rows = house.client().count("base.tag")
    wrong = found if isinstance(found, str) else f"{rows} of {args.rows} rows are there" if rows != args.rows else \
        "the load did not go on" if repeated < args.count else "ready too late" if args.strict and slowest > 1 else ""
    return verdict(wrong, f"kills={args.count} records={args.rows} acknowledged={total(writers.acknowledged)} lost=0 restart_max_s={slowest:.2f}")


# ---- The kernel's own kill ----

class ControlGroup:
    """A memory limit of its own, in whichever version of control groups there is."""

    def __init__(self, megabytes):
        first = pathlib.Path("/sys/fs/cgroup/memory")
        self.old = first.is_dir()
        root = first if self.old else pathlib.Path("/sys/fs/cgroup")
        if os.geteuid() != 0 or not (self.old or "memory" in (root / "cgroup.subtree_control").read_text().split()):
            raise Skipped("memory limits need root and the memory controller of control groups")
        self.path = root / f"kontor-test-{os.getpid()}"
        self.path.mkdir()
        (self.path / ("memory.limit_in_bytes" if self.old else "memory.max")).write_text(str(megabytes << 20))

    def kills(self):
        text = (self.path / ("memory.oom_control" if self.old else "memory.events")).read_text()
        return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("oom_kill ")), 0)

    def command(self):
        return ["sh", "-c", f'echo $$ > {self.path}/cgroup.procs && exec "$0" "$@"']

    def remove(self):
        for _ in range(50):
            try:
                return self.path.rmdir()
            except OSError:
                time.sleep(0.1)


def memory(args):
    group, kills = ControlGroup(args.megabytes), 0
    try:
        house = House(modules="base", prefix=group.command())
        with house, Writers(house) as writers:
            slowest = 0.0
            for cycle in range(args.count):
                time.sleep(0.5)
                greedy = subprocess.Popen([sys.executable, __file__, "greedy", "--url", house.url], stderr=subprocess.DEVNULL)
                status = house.process.wait(120)
                greedy.kill()
                greedy.wait()
                kills += status == -9
                began = time.monotonic()
                house.start()
                slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.3)
            writers.halt.set()
            for thread in writers.threads:
                thread.join()
            found = prove(house, writers.acknowledged)
            by_kernel = group.kills()
            house.stop()
    finally:
        group.remove()
    wrong = found if isinstance(found, str) else "" if kills == by_kernel == args.count else "it was not the kernel that killed it"
    return verdict(wrong, f"limit_mb={args.megabytes} kills={kills} by_the_kernel={by_kernel} acknowledged={total(writers.acknowledged)} "
                          f"lost=0 restart_max_s={slowest:.2f}")


def greedy(args):
    """Large requests from many at once, until the server is gone: a child, for its own memory is large too."""
    import json
    import threading
    import urllib.request
    from house import PASSWORD
    from kontor import Kontor
    kontor = Kontor(args.url)
    kontor.login("admin", PASSWORD)
    body = json.dumps([{"jsonrpc": "2.0", "id": i, "method": "base.country.list", "params": {"limit": 200}, "auth": kontor.token}
                       for i in range(50)]).encode()

    def ask():
        while True:
            urllib.request.urlopen(urllib.request.Request(args.url + "/rpc", body, {"Content-Type": "application/json"})).read()
    threads = [threading.Thread(target=ask) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return True, "the server outlived it"


# ---- The clock ----

GUARD = """rule {on = "base.note.created", when = {{"text", "starts_with", "guarded"}},
    run = function(note) note.text = note.text .. " by a rule" end}"""
DAY_S = 86400


def clock(args):
    house = House()
    house.move_clock(0)
    wrong, ids, seqs, ended = [], [], [], 0
    with house:
        kontor = house.client()
        kontor.call("automation.rule.enable", {"id": kontor.create("automation.rule", {"name": "guard", "text": GUARD})["id"]})
        for jump in (0, -3600, -3 * DAY_S, 0, 3650 * DAY_S, 0, -3600):
            house.move_clock(jump)
            time.sleep(0.2)
            try:
                kontor.call("session.whoami")
            except Exception as error:
                ended += 1
                if jump <= 0:  # only what lies ten years behind may have expired
                    wrong.append(f"after {jump}: {error}")
                kontor = house.client()
            made = [kontor.create("base.note", {"text": f"{jump} {i}"})["id"] for i in range(3)]
            made.append(kontor.create("base.note", {"text": "guarded"})["id"])
            if not kontor.get("base.note", made[-1])["text"].endswith("by a rule"):
                wrong.append(f"after {jump}: a rule did not run")
            times = [kontor.get("base.note", i)["created_at"] for i in made]
            if times != sorted(times):
                wrong.append(f"after {jump}: times go back")
            ids += made
            seqs.append(kontor.call("journal.head")["seq"])
            began = time.monotonic()
            for _ in range(20):
                kontor.call("system.ping")
            if time.monotonic() - began > 2:
                wrong.append(f"after {jump}: calls became slow")
        if ids != sorted(ids) or len(set(ids)) != len(ids) or seqs != sorted(seqs):
            wrong.append("numbers do not rise")
        if not kontor.call("system.check")["sound"] or not kontor.call("journal.verify").get("sound", True):
            wrong.append("the check found something")
        told = house.log.read_text().count("clock.jumped")
        began = time.monotonic()
        house.stop()
        stopped = time.monotonic() - began
        house.env.pop("LD_PRELOAD")  # a repaired clock, ten years before the last entry
        house.start()
        kontor = house.client()
        later = kontor.create("base.note", {"text": "later"})["id"]
        if later <= ids[-1] or not kontor.call("system.check")["sound"]:
            wrong.append("after the restart numbers do not go on")
    if told < 6:
        wrong.append(f"{told} of 6 jumps were logged")
    return verdict("; ".join(wrong), f"jumps=6 logged={told} sessions_ended={ended} numbers_rise=yes stop_s={stopped:.2f}")


# ---- A broken module, and who starts the server again ----

class Supervisor:
    """Starts a house again as conf/kontor.service says."""

    def __init__(self, house):
        text = (ROOT / "conf" / "kontor.service").read_text()
        rules = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
        self.house = house
        self.restart, self.pause_s = rules["Restart"], float(rules["RestartSec"].removesuffix("ms")) / (1000 if "ms" in rules["RestartSec"] else 1)
        self.prevented = [int(n) for n in rules.get("RestartPreventExitStatus", "").split()]
        self.burst, self.interval_s = int(rules["StartLimitBurst"]), float(rules["StartLimitIntervalSec"])
        self.starts = [time.monotonic()]

    def on_end(self):
        """The process has ended. returns whether it runs again"""
        status = self.house.process.wait(30)
        if self.restart == "on-failure" and status == 0 or status in self.prevented:
            return False
        time.sleep(self.pause_s)
        while True:
            now = time.monotonic()
            self.starts = [at for at in self.starts if now - at < self.interval_s]
            if len(self.starts) >= self.burst:
                return False
            self.starts.append(now)
            try:
                self.house.start()
                return True
            except RuntimeError:  # it ended before it answered
                if self.house.process.wait(30) in self.prevented:
                    return False
                time.sleep(self.pause_s)


CRASHER = """#include <kontor.h>
#include <stdlib.h>
struct how { kt_record rec; int64_t way; };
static const kt_shape how_shape = KT_SHAPE(how, NULL, KT_FIELD(how, way, INT, "Way", "Sposób", .required = true));
static kt_error *run_crash(kt_tx *tx, const kt_record *params, kt_record *result)
{
    (void)tx, (void)result;
    const struct how *how = (const struct how *)kt_see(params, &how_shape);
    switch (how->way) {
    case 0: *(volatile int *)8 = 1; break;
    case 1: abort();
    default: exit(0);
    }
    return NULL;
}
const kt_module kontor_module = KT_MODULE("crasher", "1.0.0", "Crasher", "Psuj", .needs = "base",
    .methods = KT_LIST(kt_method, {.name = "crash", .label = {"Crash", "Padnij"}, .right = "login", .params = &how_shape,
                                      .run = run_crash}));
"""


def with_modules(house, **sources):
    """A modules directory of the house's own: base, and what is compiled of these texts."""
    folder = house.home / "modules"
    folder.mkdir(exist_ok=True)
    shutil.copy(house.build / "modules" / "base.so", folder / "base.so")
    for name, source in sources.items():
        (house.home / f"{name}.c").write_text(source)
        subprocess.run(["gcc", "-std=c17", "-fPIC", "-fvisibility=hidden", "-shared", f"-I{ROOT}/plugins-api", "-o", folder / f"{name}.new",
                        house.home / f"{name}.c", f"-L{house.build}", "-lkontor"], check=True)
        (folder / f"{name}.new").rename(folder / f"{name}.so")
    house.options = ["--modules-dir", str(folder)]


def crash(args):
    house = House(modules="base,crasher")
    with_modules(house, crasher=CRASHER)
    slowest, again = 0.0, 0
    with house, Writers(house) as writers:
        supervisor = Supervisor(house)
        supervisor.burst = 3 * args.count + 2  # this many in a row are the test's own
        for i in range(3 * args.count):
            time.sleep(0.3)
            client = house.client()
            client.tries = 1
            began = time.monotonic()
            try:
                client.call("crasher.crash", {"way": i % 3})
                raise AssertionError("the module did not break down")
            except BROKEN:
                pass
            again += supervisor.on_end()
            slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.3)
        writers.halt.set()
        for thread in writers.threads:
            thread.join()
        found = prove(house, writers.acknowledged)
    wrong = found if isinstance(found, str) else "" if slowest < 1 and again == 3 * args.count else "it took too long to come back"
    return verdict(wrong, f"breakdowns={3 * args.count} answered_again={again} after_max_s={slowest:.2f} "
                          f"acknowledged={total(writers.acknowledged)} lost=0")


# ---- A damaged inner page ----

PAGE = 4096
BRANCH = 1


def root_of_data(file):
    """The root page of the database `data`: out of the newer meta page, then the named databases' records."""
    def db(at):  # an MDB_db: flags at 4, root at 40
        return int.from_bytes(file[at + 40:at + 48], "little")
    metas = [n * PAGE + 16 for n in (0, 1)]
    newer = max(metas, key=lambda m: int.from_bytes(file[m + 128:m + 136], "little"))
    main = db(newer + 24 + 48)
    leaf = main * PAGE
    lower = int.from_bytes(file[leaf + 12:leaf + 14], "little")
    for slot in range(leaf + 16, leaf + lower, 2):
        node = leaf + int.from_bytes(file[slot:slot + 2], "little")
        key = file[node + 8:node + 8 + int.from_bytes(file[node + 6:node + 8], "little")]
        if key == b"data":
            return db(node + 8 + len(key))
    raise AssertionError("there is no database called data")


def spoil(path, way, rng):
    """Damages the root of `data`, an inner page, in the file that the server has mapped."""
    content = path.read_bytes()
    page = root_of_data(content)
    flags = int.from_bytes(content[page * PAGE + 10:page * PAGE + 12], "little")
    if not flags & BRANCH:
        raise AssertionError("the store is too small to have inner pages")
    with open(path, "r+b") as file:
        if way == "cut":
            file.truncate(page * PAGE)
        elif way == "zeroed":
            file.seek(page * PAGE)
            file.write(bytes(PAGE))
        elif way == "scrambled":
            file.seek(page * PAGE + 16)
            file.write(rng.randbytes(PAGE - 16))
        else:  # children that are not in the file
            first = int.from_bytes(content[page * PAGE + 16:page * PAGE + 18], "little")
            file.seek(page * PAGE + first)
            file.write(b"\xff\xff\xff\xff")
    return page


def damage(args):
    rng, seen = random.Random(args.seed), []
    for way in ("zeroed", "scrambled", "childless", "cut"):
        house = House(modules="base")
        with house:
            kontor = house.client()
            for start in range(0, 4000, 1000):
                kontor.call("import.run", {"entity": "base.note", "rows": [{"text": f"w0 {start + i + 1}"} for i in range(1000)]})
            backup = house.home / "backup"
            kontor.call("backup.create", {"directory": str(backup)})
            spoil(house.data / "store" / "data.mdb", way, rng)
            supervisor, named, alive, rounds = Supervisor(house), 0, True, 0
            until = time.monotonic() + 20
            while alive and rounds < 12 and time.monotonic() < until:
                rounds += 1
                try:
                    client = house.client()
                    client.tries = 1
                    client.list("base.note", [["text", "=", f"w0 {rounds}"]])
                except BROKEN:
                    alive = supervisor.on_end()
                except Exception as error:
                    said = str(error) + "".join(p.get("hint") or "" for p in getattr(error, "problems", []))
                    named += "damaged" in said and "kontor check" in said
            log = house.log.read_text(errors="replace")
            if alive:
                house.kill()
                if not named:
                    return False, f"{way}: the damage was neither named nor fatal"
            elif "kontord: cannot start" not in log or "kontor restore" not in log.split("cannot start")[-1]:
                return False, f"{way}: it stays down and does not say why: {log[-300:]}"
            shutil.rmtree(house.data)
            subprocess.run([house.build / "kontord", "--restore", backup, "--data", house.data], check=True, capture_output=True)
            house.start()
            if house.client().count("base.note") != 4000:
                return False, f"{way}: the restored store lacks notes"
            seen.append(f"{way}={'named' if alive else 'refused'}/{len(supervisor.starts)}_starts")
    return True, " ".join(seen)


# ---- Killed while definitions change ----

MIGRATING = """#include <kontor.h>
struct row { kt_record rec; kt_str name; int64_t size; };
static const kt_shape row_shape = KT_SHAPE(row, "moving.row", KT_FIELD(row, name, STRING, "Name", "Nazwa"),
    KT_FIELD(row, size, INT, "Size", "Rozmiar"%s));
static kt_error *migrate(kt_tx *tx, const char *from)
{
    if (!from || %d == 1)
        return NULL;
    kt_cursor *rows = NULL;
    kt_error *error = NULL;
    struct row row = {KT_OF(row)};
    KT_TRY(kt_open(tx, &(kt_query){.of = &row_shape}, &rows));
    while (!error && kt_next(rows, &row.rec)) {
        row.size = 2;
        error = kt_update(tx, &row.rec);
    }
    kt_error *end = kt_close(rows);
    return error ? error : end;
}
const kt_module kontor_module = KT_MODULE("moving", "%d.0.0", "Moving", "Ruch", .needs = "base", .migrate = migrate,
    .entities = KT_LIST(kt_entity, {&row_shape, {"Row", "Wiersz"}, {"Rows", "Wiersze"}, .title = "name"}));
"""


def migrate(args):
    rng, rows, torn, moved = random.Random(args.seed), 2000, 0, 0
    house = House(modules="base,moving")
    with_modules(house, moving=MIGRATING % ("", 1, 1))
    with house:
        kontor = house.client()
        for start in range(0, rows, 1000):
            kontor.call("import.run", {"entity": "moving.row", "rows": [{"name": f"n{start + i}", "size": 1} for i in range(1000)]})
        kontor.call("system.ping")
        whole = house.home / "whole"
        kontor.call("backup.create", {"directory": str(whole)})
        with_modules(house, moving=MIGRATING % (", .indexed = true", 2, 2))
        for i in range(args.count):
            house.stop() if house.process.poll() is None else None
            shutil.rmtree(house.data)
            shutil.copytree(whole, house.data)
            house.process = subprocess.Popen([house.build / "kontord", "--data", house.data, "--http", f"127.0.0.1:{house.port}", *house.options],
                                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # upgrades while it starts
            time.sleep(rng.uniform(0.0, args.window_s))
            torn += house.process.poll() is None
            house.kill()
            house.start()
            kontor = house.client()
            sizes = {s: kontor.count("moving.row", [["size", "=", s]]) for s in (1, 2)}
            version = next(m["version"] for m in kontor.call("module.list")["rows"] if m["name"] == "moving")
            moved += sizes[2] == rows
            if version != "2.0.0" or sizes != {1: 0, 2: rows} or not kontor.call("system.check")["sound"]:
                return False, f"after kill {i + 1}: version {version}, sizes {sizes}"
    return True, f"kills={torn} rows={rows} each start ended with the whole migration: {moved}/{args.count}"


# ---- Backup and export under load ----

def latency(writers, first, second, strict, factor=2.0):
    """p99 before and during, and whether it is more than `factor` times worse."""
    alone, beside = writers.p99_ms(*first), writers.p99_ms(*second)
    wrong = strict and beside > factor * alone
    return f"p99_ms={alone:.1f}->{beside:.1f}", f"writers became more than {factor} times slower" if wrong else ""


def fill(kontor, rows):
    for start in range(0, rows, 1000):
        kontor.call("import.run", {"entity": "base.tag", "rows": [{"name": f"tag {start + i}"} for i in range(1000)]})


def backup(args):
    house = House(modules="base")
    with house, Writers(house) as writers:
        kontor = house.client()
        fill(kontor, args.rows)
        time.sleep(1)
        begun = time.monotonic()
        time.sleep(args.seconds)
        middle, copies = time.monotonic(), []
        while time.monotonic() < middle + args.seconds:
            target = house.home / f"copy{len(copies)}"
            before = list(writers.acknowledged)
            took = kontor.call("backup.create", {"directory": str(target)})
            copies.append((target, before, list(writers.acknowledged), took["ms"], took["bytes"]))
            if len(copies) > 20:
                break
        end = time.monotonic()
        writers.halt.set()
        for thread in writers.threads:
            thread.join()
        figures, wrong = latency(writers, (begun, middle), (middle, end), args.strict)
        for target, before, after, _, _ in (copies[0], copies[-1]):
            other = House(data=house.home / "restored", modules="base")
            done = subprocess.run([other.build / "kontord", "--restore", target, "--data", other.data], capture_output=True, text=True)
            if done.returncode:
                return False, f"not restored: {done.stderr}"
            with other:
                found = prove(other, before, after)
            shutil.rmtree(other.data)
            if isinstance(found, str):
                return False, found
    return verdict(wrong, f"copies={len(copies)} mb={copies[-1][4] >> 20} slowest_ms={max(c[3] for c in copies)} {figures} "
                          f"acknowledged={total(writers.acknowledged)} restored=a_prefix")


def export(args):
    house = House(modules="base")
    with house, Writers(house) as writers:
        kontor = house.client()
        fill(kontor, args.rows)
        file = house.data / "store" / "data.mdb"
        time.sleep(1)
        begun = time.monotonic()
        time.sleep(args.seconds)
        middle, size, written = time.monotonic(), file.stat().st_size, total(writers.acknowledged)
        told = subprocess.run([sys.executable, __file__, "reader", "--url", house.url, "--seconds", str(args.seconds)],
                              capture_output=True, text=True, check=True).stdout
        read, passes = (int(n) for n in told.split(":")[1].split())
        end, more = time.monotonic(), file.stat().st_size - size
        during = total(writers.acknowledged) - written
    figures, wrong = latency(writers, (begun, middle), (middle, end), args.strict)
    if read != passes * args.rows:
        wrong = f"{read} rows were read in {passes} passes over {args.rows}"
    if args.strict and more > 0.2 * size + 2000 * during:  # what the writers themselves add
        wrong = "the file grew as if old pages were held"
    return verdict(wrong, f"rows={read} passes={passes} {figures} file_mb={size / 1e6:.1f} growth_mb={more / 1e6:.1f} "
                          f"with_writes={during}")


def reader(args):
    """Reads all tags out, page by page, again and again: a process of its own, which takes no time from the writers'."""
    from house import PASSWORD
    from kontor import Kontor
    kontor = Kontor(args.url)
    kontor.login("admin", PASSWORD)
    read, passes, until = 0, 0, time.monotonic() + args.seconds
    while time.monotonic() < until or not passes:
        cursor = None
        while True:
            page = kontor.call("export.read", {"entity": "base.tag", "limit": 500, **({"cursor": cursor} if cursor else {})})
            read += len(page["rows"])
            cursor = page.get("next")
            if not cursor:
                break
        passes += 1
    return True, f"{read} {passes}"


# ---- For long ----

def slope(points):
    """Least squares: how much the second grows with the first."""
    n = len(points)
    mx, my = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    return sum((x - mx) * (y - my) for x, y in points) / max(1e-9, sum((x - mx) ** 2 for x, _ in points))


def soak(args):
    import threading
    house, halt = House(modules="base"), threading.Event()
    calls, spent, wrong = [0] * 6, [], []

    def work(k):
        client, rng, mine = house.client(), random.Random(args.seed + k), []
        while not halt.is_set():
            began = time.monotonic()
            try:
                what = rng.random()
                if what < 0.2 or not mine:
                    mine.append(client.create("base.note", {"text": f"note {rng.random()}"})["id"])
                elif what < 0.35:
                    client.update("base.note", rng.choice(mine), {"text": f"changed {rng.random()}"})
                elif what < 0.5 and len(mine) > 200:
                    client.call("base.note.delete", {"id": mine.pop(rng.randrange(len(mine)))})
                elif what < 0.75:
                    client.get("base.note", rng.choice(mine))
                elif what < 0.9:
                    client.list("base.note", [["id", ">=", rng.choice(mine)]], limit=20)
                else:
                    client.call("search", {"text": "changed", "limit": 10})
            except Exception as error:
                wrong.append(repr(error))
                return
            spent.append((time.monotonic(), time.monotonic() - began))
            calls[k] += 1
    with house:
        pid, samples = house.process.pid, []
        threads = [threading.Thread(target=work, args=(k,)) for k in range(len(calls))]
        for thread in threads:
            thread.start()
        begun = time.monotonic()
        while time.monotonic() < begun + args.seconds and not wrong:
            time.sleep(args.seconds / 40)
            resident = int(pathlib.Path(f"/proc/{pid}/status").read_text().split("RssAnon:")[1].split()[0]) / 1024
            samples.append((total(calls) / 1e6, resident, len(os.listdir(f"/proc/{pid}/fd"))))
        halt.set()
        for thread in threads:
            thread.join()
        end = time.monotonic()
        kontor = house.client()
        live = kontor.call("backup.create", {"directory": str(house.home / "copy")})["bytes"]
        size = (house.data / "store" / "data.mdb").stat().st_size
        sound = kontor.call("system.check")["sound"]
    later = samples[len(samples) // 3:]
    rise, part = slope([(s[0], s[1]) for s in later]), (end - begun) / 6
    first = percentile([s for at, s in spent if at < begun + part], 0.99) * 1000
    last = percentile([s for at, s in spent if at > end - part], 0.99) * 1000
    descriptors = {s[2] for s in later}
    if args.strict and rise > 1:
        wrong.append("memory grows")
    if max(descriptors) - min(descriptors) > 2:
        wrong.append("descriptors are not flat")
    if args.strict and last > 1.2 * first + 1:
        wrong.append("it becomes slower")
    if args.strict and size > 1.2 * live:
        wrong.append("the file is larger than its content")
    if not sound:
        wrong.append("the check found something")
    return verdict("; ".join(wrong[:3]), f"seconds={end - begun:.0f} calls={total(calls)} anon_mb={samples[0][1]:.1f}->{samples[-1][1]:.1f} "
                   f"mb_per_million_calls={rise:.2f} descriptors={min(descriptors)}-{max(descriptors)} "
                   f"file_mb={size / 1e6:.1f} content_mb={live / 1e6:.1f} p99_ms={first:.1f}->{last:.1f}")


CAMPAIGNS = {f.__name__: f for f in (kill, memory, greedy, clock, crash, damage, migrate, backup, export, reader, soak)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("campaign", choices=CAMPAIGNS)
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=64)
    parser.add_argument("--rows", type=int, default=20000)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--window-s", type=float, default=0.4)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--url")
    args = parser.parse_args()
    try:
        good, line = CAMPAIGNS[args.campaign](args)
    except Skipped as why:
        print(f"skipped {args.campaign}: {why}")
        return 77
    print(f"{'sound' if good else 'BROKEN'} {args.campaign}: {line}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
