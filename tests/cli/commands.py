#!/usr/bin/env python3
"""Every command of `kontor` against a real server, over HTTP, ipc, tcp and TLS, as a person would type them."""
import base64
import csv
import hmac
import http.server
import io
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House, PASSWORD, ROOT  # noqa: E402


class Shell:
    def __init__(self, house):
        self.house, self.tool = house, str(house.build / "kontor")
        self.environment = {**os.environ, "HOME": str(house.home), "XDG_CONFIG_HOME": "", "KONTOR_URL": "", "KONTOR_TOKEN": ""}

    def run(self, *arguments, code=0, stdin="", cwd=None):
        done = subprocess.run([self.tool, *arguments], input=stdin, capture_output=True, text=True, env=self.environment, timeout=60, cwd=cwd or self.house.home)
        assert done.returncode == code, f"kontor {' '.join(arguments)}: {done.returncode}, expected {code}\n{done.stdout}\n{done.stderr}"
        return done

    def out(self, *arguments, **more):
        return self.run(*arguments, **more).stdout

    def token(self):
        return json.loads((self.house.home / ".config" / "kontor" / "session").read_text())["token"]

    def json(self, *arguments):
        return json.loads(self.out(*arguments, "--json"))


def check_login(sh, house):
    assert "`kontor login`" in sh.run("list", "base.party", "--url", house.url, code=4).stderr
    assert "wrong login" in sh.run("login", "admin", "--url", house.url, stdin="wrong\n", code=4).stderr
    assert "Logged in" in sh.out("login", "admin", "--url", house.url, stdin=PASSWORD + "\n")
    session = house.home / ".config" / "kontor" / "session"
    assert session.stat().st_mode & 0o777 == 0o600
    assert sh.json("whoami")["name"] == "admin"


def check_records(sh):
    made = sh.json("create", "base.party", "name=Rower Plus", "kind=organisation", "tax_id=526-000-12-46", "is_customer=yes",
                   'contacts:=[{"kind":"phone","value":"+48 600 123 456"}]')
    party = str(made["id"])
    got = sh.json("get", "base.party", party)
    assert got["tax_id"] == "5260001246" and got["contacts"][0]["value"] == "+48 600 123 456", got
    refused = sh.run("create", "base.party", "kind=neither", "owner=99", "colour=red", code=1).stderr
    for path in ("kind", "owner", "colour", "name"):
        assert f"{path}: " in refused, refused
    sh.run("update", "base.party", party, "website=https://example.com")
    assert sh.json("get", "base.party", party)["version"] == 2
    assert "Rower Plus" in sh.out("list", "base.party", "name~rower", "is_customer=true", "--fields", "id,name")
    assert sh.out("count", "base.party", "name~rower").strip() == "1"
    assert sh.out("list", "base.party", "--fields", "name", "--csv").splitlines() == ["name", "Rower Plus"]
    assert "index" in sh.out("list", "base.party", "external_id=x", "--explain")
    assert "colour" in sh.run("list", "base.party", "colour=red", code=1).stderr
    assert "Rower Plus" in sh.out("search", "rower")
    assert "created" in sh.out("history", "base.party", party)
    assert "Customer" in sh.out("describe", "base.party") and "base.party" in sh.out("describe")
    head, *fields = sh.out("describe", "crm.order").splitlines()[2:]
    flags = {line.split()[0]: [line[head.index(flag):].startswith("true") for flag in ("required", "in_use")] for line in fields if line.strip()}
    assert (flags["party"], flags["warehouse"]) == ([True, False], [False, True]), flags
    assert sh.json("call", "base.party.count", '{"filter": [["is_customer", "=", true]]}') == 1
    dry = sh.json("create", "base.party", "name=Never", "kind=person", "--dry-run")
    assert dry["changes"] and sh.out("count", "base.party").strip() == "1"
    order = sh.json("create", "crm.order", f"party={party}", 'lines:=[{"name": "Lamp", "price": "5"}]')["id"]
    told = sh.out("call", "crm.order.preview", f"id={order}").splitlines()  # the answer within the answer, line by line
    assert "result:" in told and any(line.split() == ["net", "5.00"] for line in told), told
    note, other = (str(sh.json("create", "base.note", "text=away with it")["id"]) for _ in range(2))
    assert "deleted" in sh.out("delete", "base.note", note, "--dry-run")
    refused = sh.run("delete", "base.note", note, "999", other, code=5).stderr
    assert "no base.note with id 999" in refused and "the 1 before 999 are deleted" in refused, refused
    sh.run("get", "base.note", note, code=5)
    sh.run("get", "base.note", other)
    once = [sh.json("create", "base.note", "text=once", "--key", "the same")["id"] for _ in range(2)]
    assert once[0] == once[1], once


def check_formats(sh):
    """Whatever is shown as a table is there as CSV and as JSON too."""
    row = list(csv.DictReader(io.StringIO(sh.out("get", "base.party", "1", "--csv"))))
    assert len(row) == 1 and row[0]["name"] == "Rower Plus" and json.loads(row[0]["contacts"])[0]["kind"] == "phone", row
    fields = list(csv.DictReader(io.StringIO(sh.out("describe", "base.party", "--csv"))))
    assert {"name", "type", "label"} <= fields[0].keys() and "tax_id" in [f["name"] for f in fields], fields[0]
    assert "base.party" in [row["name"] for row in csv.DictReader(io.StringIO(sh.out("describe", "--csv")))]
    assert sh.json("journal", "verify")["sound"] is True
    assert sh.out("whoami", "--csv").splitlines()[1].split(",")[1] == "admin"
    entries = sh.json("history", "base.party", "1", "--all")
    assert entries[-1]["kind"] == "created" and "seq,at" in sh.out("history", "base.party", "1", "--csv").splitlines()[0]


def check_arguments(sh, house):
    """Options in every form; those that a command does not take, and numbers that are none, are named."""
    assert sh.out("--version").startswith("kontor ")
    assert sh.out("list", "base.party", "--limit=1", "--fields=name", "--csv").splitlines() == ["name", "Rower Plus"]
    assert "rows" in json.loads(sh.out("search", "--json", "--", "--limit"))
    head, row = csv.reader(sh.out("list", "base.party", "--limit=1", "--fields=*,owner.name", "--csv").splitlines())
    assert (row[head.index("name")], row[head.index("owner.name")]) == ("Rower Plus", "admin"), (head, row)
    for command, told in ((["count", "base.party", "--sort", "name"], "takes no --sort"), (["undo", "7", "--dry-run"], "takes no --dry-run"),
                          (["list", "base.party", "--limit=0"], "above zero"), (["list", "base.party", "--all=yes"], "takes no value"),
                          (["readers", "base.party", "first"], "first is no id"), (["user", "raise", "admin", "many"], "many is no number of records"),
                          (["key", "rotate", "shop"], "shop is no id of a key"), (["rule", "backtest", "x.lua", "-3"], "-3 is no number of days"),
                          (["count", "base.party", "--filter", '{"kind": "person"}', "name=x"], "--filter is no list"),
                          (["import", "x.csv", "--entity", "base.party", "--separator", ";;"], "one character or tab")):
        refused = sh.run(*command, code=2).stderr
        assert told in refused, refused
    sh.run("get", "base.party", "99999999999999999999", code=5)
    assert "--explain" in sh.out("help", "list") and "Options" not in sh.out("help", "whoami")
    slash = sh.run("whoami", "--url", house.url + "/")
    assert "admin" in slash.stdout


def check_broken_output(sh, house):
    """What could not be written is no success."""
    for command in (["list", "base.party"], ["describe"], ["help"], ["completion", "bash"], ["export", "base.party"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([sh.tool, *command], stdout=full, stderr=subprocess.PIPE, text=True, env=sh.environment)
        assert done.returncode == 7 and "No space left" in done.stderr, (command, done)


def check_prompt(sh, house):
    """Whoever gives up at the prompt gets a terminal back that shows what is typed."""
    master, slave = pty.openpty()
    shows = lambda: termios.tcgetattr(slave)[3] & termios.ECHO  # noqa: E731
    asking = subprocess.Popen([sh.tool, "login", "admin", "--url", house.url], stdin=slave, stdout=slave, stderr=slave, env=sh.environment)
    until = time.monotonic() + 20
    while shows() and time.monotonic() < until:
        time.sleep(0.01)
    assert not shows(), "the password would be seen"
    asking.send_signal(signal.SIGINT)
    assert asking.wait(20) == -signal.SIGINT and shows()
    os.close(master)
    os.close(slave)


class Damaged(http.server.BaseHTTPRequestHandler):
    """A server whose check finds damage."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "error": {"code": -32008, "message": "2 findings", "data": {
            "kind": "storage", "problems": [{"path": None, "kind": "storage", "message": "2 findings"}]}}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *unused):
        pass


def check_damage(sh):
    with http.server.HTTPServer(("127.0.0.1", 0), Damaged) as stub:
        threading.Thread(target=stub.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{stub.server_port}"
        assert "2 findings" in sh.run("check", "--url", url, code=6).stderr
        sh.run("count", "base.party", "--url", url, code=1)
        stub.shutdown()


def check_transfer(sh, house):
    rows = house.home / "people.csv"
    rows.write_text("\ufeffexternal_id;name;kind;contacts.1.kind;contacts.1.value\n" +
                    "".join(f"p{i};Osoba {i};person;email;p{i}@example.com\n" for i in range(2500)), encoding="utf-8")
    only_csv = house.home / "columns.json"
    only_csv.write_text('{"entity": "base.party", "columns": []}')
    bad = house.home / "bad.csv"
    bad.write_text("external_id,name,kind\nb1,,person\nb2,Dobra,person\nb3,Zła,robot\n")
    refused = sh.run("import", str(bad), "--entity", "base.party", "--dry-run", code=1).stderr
    assert " name " in refused and "one of: person" in refused and "2 refused of 3 rows" in refused, refused
    assert "after 0 rows" in sh.run("import", str(bad), "--entity", "base.party", code=1).stderr
    before = int(sh.out("count", "base.party"))
    assert "contacts[1].value" in sh.out("import", str(rows), "--entity", "base.party", "--explain")
    done = sh.run("import", str(rows), "--entity", "base.party")
    assert "2500 created" in done.stderr and "Undo: " in done.stderr, done.stderr
    again = sh.run("import", str(rows), "--entity", "base.party")
    assert "2500 unchanged" in again.stderr and int(sh.out("count", "base.party")) == before + 2500, again.stderr
    skipped = sh.run("import", str(bad), "--entity", "base.party", "--skip", code=1).stderr
    assert "1 created" in skipped and "2 refused" in skipped, skipped
    assert len(sh.out("list", "base.party", "--limit", "1200", "--csv").splitlines()) == 1201
    lines = sh.out("export", "base.party", "kind=person", "--fields", "external_id,name").splitlines()
    assert lines[0].lstrip("\ufeff") == "external_id,name,kontor_export" and len(lines) == 2502, lines[:2]
    sh.run("create", "base.party", "name==1+1", "kind=person", "external_id=formula")
    assert "\"'=1+1\"" in sh.out("export", "base.party", "external_id=formula", "--fields", "name")
    assert "no saved mapping" in sh.run("export", "base.party", "--mapping", "nosuch", code=5).stderr
    assert "vcard and ical alone" in sh.run("export", "base.party", "--mapping", str(only_csv), code=1).stderr
    sh.run("export", "base.party", "--mapping", str(ROOT / "modules/base/mappings/vcard.json"), "--file", str(house.home / "all.vcf"))
    assert (house.home / "all.vcf").read_text().startswith("BEGIN:VCARD")
    assert "no ordinary file" in sh.run("import", str(house.home), "--entity", "base.party", code=7).stderr
    large = house.home / "large.csv"
    with large.open("wb") as file:
        file.truncate(40 << 20)
    assert "at most 33554432 bytes" in sh.run("import", str(large), "--entity", "base.party", code=1).stderr
    jsonl = sh.out("export", "base.party", "external_id=p7", "--fields", "external_id,name", "--json")
    assert json.loads(jsonl)["name"] == "Osoba 7"
    sheet = house.home / "people.xlsx"
    sh.run("export", "base.party", "external_id~p", "--labels", "--file", str(sheet))
    assert "2500 unchanged" in sh.run("import", str(sheet), "--entity", "base.party").stderr
    once = house.home / "once.csv"
    once.write_text("name,kind\nOnly Once,person\n")
    for _ in range(2):
        assert "1 created" in sh.run("import", str(once), "--entity", "base.party", "--key", "once").stderr
    assert int(sh.out("count", "base.party", "name=Only Once")) == 1
    once.write_text("name,kind\nOnly Twice,person\n")
    assert "used before" in sh.run("import", str(once), "--entity", "base.party", "--key", "once", code=1).stderr
    strange = house.home / "strange.csv"
    strange.write_bytes(b"name,kind\nA\0B,person\n")
    assert "kind" in sh.out("import", str(strange), "--entity", "base.party", "--explain")
    assert "UTF-8" in sh.run("import", str(strange), "--entity", "base.party", "--dry-run", code=1).stderr
    job = done.stderr.split("kontor undo ")[1].split()[0]
    assert "2500 changes undone, 0 left alone" in sh.run("undo", job).stderr
    assert int(sh.out("count", "base.party", "external_id~p")) == 0


def check_administration(sh, house):
    modules = sh.out("module", "list")
    assert "base" in modules and "crm" in modules
    sh.run("module", "disable", "crm")
    assert "crm.lead" not in [e["name"] for e in sh.json("describe")["entities"] if "create" in e.get("may", [])]
    sh.run("module", "enable", "crm")
    sh.run("user", "add", "anna", "full_name=Anna Nowak", "lang=pl", stdin="Zielony-Rower-7\n")
    assert "anna" in sh.out("user", "list")
    sh.run("role", "grant", "anna", "crm.sales")
    assert "crm.sales" in sh.out("role", "list")
    key = sh.json("key", "new", "shop")
    secret = next(v for v in key.values() if isinstance(v, str) and v.startswith("kt_"))
    assert sh.json("whoami", "--token", secret, "--url", house.url)["name"] == "admin"
    assert sh.json("user", "reads", "anna")["limit"] is None
    sh.run("update", "access.user", "2", "daily_read_limit=10")
    assert sh.json("user", "raise", "anna", "5")["limit"] == 15
    assert sh.json("readers", "base.note", "1") == {"rows": []}
    assert "sound" in sh.out("journal", "verify")
    assert sh.json("journal", "checkpoint")["seq"] > 0
    assert sh.json("journal", "head")["seq"] > 0
    assert "true" in sh.out("check")


def code_now(secret):
    """What an authenticator shows (RFC 6238)."""
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1").digest()
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 10**6:06}"


def check_second_factor(sh, house):
    sh.run("login", "anna", "--url", house.url, stdin="Zielony-Rower-7\n")
    setting = subprocess.Popen([sh.tool, "factor", "set"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               text=True, env=sh.environment)
    print("Zielony-Rower-7", file=setting.stdin, flush=True)
    secret = next(line for line in setting.stdout if "secret" in line).split()[1]
    shown = setting.communicate(code_now(secret) + "\n", timeout=60)[0].split()
    assert setting.returncode == 0, shown
    recovery = [word for word in shown if re.fullmatch(r"[a-z2-7]{4}(-[a-z2-7]{4}){3}", word)]
    assert len(recovery) == 10, shown
    assert sh.json("factor", "show") == {"set": True, "recovery_codes_left": 10}
    assert "no code" in sh.run("login", "anna", "--url", house.url, stdin="Zielony-Rower-7\n", code=2).stderr
    assert "the code is wrong" in sh.run("login", "anna", "--url", house.url, stdin="Zielony-Rower-7\n000000\n", code=4).stderr
    assert "Logged in" in sh.out("login", "anna", "--url", house.url, stdin=f"Zielony-Rower-7\n{recovery[0]}\n")
    sh.run("login", "admin", "--url", house.url, stdin=PASSWORD + "\n")
    sh.run("factor", "remove", "anna")
    assert sh.json("factor", "show", "anna") == {"set": False, "recovery_codes_left": 0}
    assert "Logged in" in sh.out("login", "anna", "--url", house.url, stdin="Zielony-Rower-7\n")
    sh.run("login", "admin", "--url", house.url, stdin=PASSWORD + "\n")


def check_files(sh, house):
    backup, restored = house.home / "backup", house.home / "restored"
    parties = sh.out("count", "base.party")
    sh.run("backup", "backup")
    sh.run("restore", str(backup), str(restored))
    assert "not empty" in sh.run("restore", str(backup), str(restored), code=7).stderr
    assert "no backup" in sh.run("restore", str(house.home), str(house.home / "none"), code=7).stderr
    assert "another process" in sh.run("check", str(house.data), code=7).stderr
    assert "no data files" in sh.run("check", str(house.home), code=7).stderr
    assert "sound" in sh.out("check", str(restored))
    other = House(data=restored, modules="base,crm").start()
    try:
        assert other.client().count("base.party") == int(parties)
    finally:
        other.__exit__(None)
    damaged = house.home / "damaged"
    shutil.copytree(backup, damaged)
    with open(damaged / "store" / "data.mdb", "r+b") as f:
        f.truncate(os.path.getsize(damaged / "store" / "data.mdb") // 2)
    sh.run("check", str(damaged), code=6)


def check_cut_short(sh, house):
    """A copy that a full disk cut short is neither a backup nor a company."""
    small, large = house.home / "small", b"x" * (3 << 20)
    small.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", small], capture_output=True).returncode:
        return print("left out: a full disk, for it takes root and a mount")
    try:
        request = urllib.request.Request(house.url + "/files", large, {"Authorization": "Bearer " + sh.token(), "X-File-Name": "large"})
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 201
        assert "No space left" in sh.run("backup", str(small / "copy"), code=1).stderr
        assert "no data files" in sh.run("check", str(small / "copy"), code=7).stderr
        assert "is no backup" in sh.run("restore", str(small / "copy"), str(house.home / "half"), code=7).stderr
        shutil.rmtree(small / "copy")
        sh.run("backup", str(house.home / "whole"))
        assert "No space left" in sh.run("restore", str(house.home / "whole"), str(small / "company"), code=7).stderr
        assert not (small / "company" / "store").exists()
    finally:
        subprocess.run(["umount", small], check=True)


def check_transports(sh, house):
    for url in (f"ipc://{house.data}/kontor.ipc", f"tcp://127.0.0.1:{house.tcp}", f"ws://127.0.0.1:{house.ws}/bus"):
        sh.run("login", "admin", "--url", url, stdin=PASSWORD + "\n")
        assert sh.json("whoami", "--url", url)["name"] == "admin"
    url, authority = f"tls+tcp://localhost:{house.tls}", str(house.home / "tls" / "ca.pem")
    sh.run("login", "admin", "--url", url, "--ca", authority, stdin=PASSWORD + "\n")
    assert sh.json("whoami")["name"] == "admin"
    sh.run("whoami", "--url", "tcp://127.0.0.1:1", "--token", "x", code=3)
    sh.run("login", "admin", "--url", house.url, stdin=PASSWORD + "\n")


def check_watch(sh, house):
    watching = subprocess.Popen([sh.tool, "watch", "base.party", "--json"], stdout=subprocess.PIPE, text=True, env=sh.environment)
    try:
        for attempt in range(100):  # the watch has begun when it shows one of our changes
            sh.run("create", "base.party", f"name=Watched {attempt}", "kind=person")
            if attempt == 0:
                time.sleep(0.3)
            if attempt > 2:
                break
        assert "Watched" in watching.stdout.readline()
    finally:
        watching.kill()
        watching.wait()
    assert 'filter.entities[1]: there is no entity "base.nope"' in sh.run("watch", "base.party", "base.nope", code=1).stderr
    watching = subprocess.Popen([sh.tool, "watch", "base.party", "--csv"], stdout=subprocess.PIPE, text=True, env=sh.environment)
    try:
        time.sleep(0.3)
        made = sh.json("create", "base.party", "name=Watched too", "kind=person")["id"]
        head, row = (next(csv.reader([watching.stdout.readline()])) for _ in range(2))
        row = dict(zip(head, row))
        assert (row["entity"], row["id"], row["kind"], row["by_name"]) == ("base.party", str(made), "created", "admin"), row
    finally:
        watching.kill()
        watching.wait()


COMPLETED = (("mod", "module"), ("module up", "upgrade"), ("role gr", "grant"), ("list base.par", "base.party"), ("call base.party.agg", "base.party.aggregate"),
             ("call system.pi", "system.ping"), ("help descr", "describe"), ("list base.party --fil", "--filter"), ("import x.csv --sep", "--separator"),
             ("whoami --js", "--json"))


class Zsh:
    """A zsh of somebody who has set nothing up, at a terminal."""

    def __init__(self, sh):
        child, self.terminal = pty.fork()
        if not child:
            os.execvpe("zsh", ["zsh", "-f", "-i"], {**sh.environment, "PATH": f"{sh.house.build}:/usr/bin:/bin", "TERM": "dumb"})
        self.child = child

    def type(self, text, until):
        """Types, and reads what the terminal shows until that stands there."""
        os.write(self.terminal, text.encode())
        shown, limit = "", time.monotonic() + 60
        while until not in shown:
            ready, _, _ = select.select([self.terminal], [], [], 1)
            shown += os.read(self.terminal, 65536).decode(errors="replace") if ready else ""
            assert time.monotonic() < limit, (text, until, shown)
        return shown

    def end(self):
        os.kill(self.child, signal.SIGKILL)
        os.waitpid(self.child, 0)
        os.close(self.terminal)


def check_zsh(sh):
    zsh = Zsh(sh)
    try:
        zsh.type("PS1='ready> '\r", "\rready> ")
        told = zsh.type("source <(kontor completion zsh); echo so$((1 + 1))\r", "so2")
        assert "not found" not in told, told
        for words, found in COMPLETED:
            whole = " ".join(["kontor", *words.split()[:-1], found])
            zsh.type(f"\x15kontor {words}\t", f"{whole} ")
    finally:
        zsh.end()


def check_the_rest(sh, house):
    check_zsh(sh)
    done = subprocess.run(["bash", "-n"], input=sh.out("completion", "bash"), text=True)
    assert done.returncode == 0
    complete = 'kontor() { "$0" "$@"; }; COMP_WORDS=(kontor $W); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _kontor; echo "${COMPREPLY[@]}"'
    for words, found in COMPLETED:
        done = subprocess.run(["bash", "-c", sh.out("completion", "bash") + complete, sh.tool], capture_output=True, text=True,
                              env={**sh.environment, "W": words}, timeout=60)
        assert found in done.stdout.split(), (words, done)
    found = subprocess.run(["kontor", "module", "new", "mended"], cwd=house.home, capture_output=True, text=True,
                           env={**sh.environment, "PATH": f"{house.build}:/usr/bin:/bin"})  # as it is called once it is installed
    assert found.returncode == 0 and (house.home / "mended" / "mended.c").exists(), found
    assert "cannot make the folder" in sh.run("module", "new", "mended", code=7).stderr
    sh.run("module", "new", "Not-A-Name", code=2)
    rows = list(csv.DictReader(io.StringIO(sh.out("describe", "--methods", "--csv"))))
    names = [row["name"] for row in rows]
    assert {"base.party.aggregate", "crm.lead.convert", "system.ping", "crm.card"} <= set(names) and len(set(names)) == len(names) and rows[0]["summary"], rows[:3]
    assert [one["name"] for one in sh.json("describe", "--methods")["methods"]] == names
    assert "crm.card" in sh.out("describe", "--methods")
    sh.run("describe", "base.party", "--methods", code=2)
    assert "kontor list" in sh.out("help", "list") == sh.out("list", "--help") == sh.out("list", "-h")
    assert sh.out("--help") == sh.out("help") == sh.out()
    assert "there is no entity base.nope" in sh.run("list", "base.nope", code=5).stderr
    assert "nope" in sh.run("module", "disable", "nope", code=5).stderr
    sh.run("nonsense", code=2)
    sh.run("list", code=2)
    sh.run("list", "base.party", "--limit", "x", code=2)
    sh.run("logout")
    sh.run("whoami", "--url", house.url, code=4)


def check_rules(sh, house):
    """From a file to a rule that runs: checked, tested, tried on the past, stored, switched on, looked at."""
    folder = house.home / "workshop"
    folder.mkdir()
    rule, spec = folder / "mark.lua", folder / "mark_spec.lua"
    rule.write_text('rule { on = "crm.lead.created", when = {{"source", "=", "fair"}}, run = function(lead) lead.campaign = "seen at " .. lead.source end }\n')
    spec.write_text("""describe("mark", function()
      it("marks what came from a fair", function()
        use "mark"
        expect(call("crm.lead.get", {id = call("crm.lead.create", {values = {title = "A", source = "fair"}}).id}).campaign, "seen at fair")
        expect(refusal("finance.invoice.list", {}), "not_found")
      end)
    end)
""")
    sh.run("create", "crm.lead", "title=Early", "source=fair")
    assert "crm.lead.created" in sh.out("rule", "check", str(rule))
    assert "ok 1 - mark: marks what came from a fair" in sh.out("rule", "test", str(spec), str(folder), "base,crm")
    assert "1..1" in sh.out("test", str(folder), str(folder), "base,crm")
    assert "there is no module crn" in sh.run("test", str(folder), str(folder), "base,crn", code=7).stderr
    spec.write_text('it("fails", function() expect(1, 2) end)\n')
    assert "not ok 1" in sh.run("test", str(spec), code=6).stdout
    told = sh.json("rule", "backtest", str(rule), "1")
    assert told["runs"] == 1 and told["rows"][0]["changes"] == ["campaign"] and told["whole"], told
    shown = sh.out("rule", "backtest", str(rule))
    assert "campaign" in shown and re.search(r"runs +1\n", shown) and re.search(r"whole +(yes|true)", shown), shown
    sh.run("rule", "put", str(rule))
    assert sh.json("get", "crm.lead", str(sh.json("create", "crm.lead", "title=B", "source=fair")["id"]))["campaign"] is None  # a draft
    sh.run("rule", "enable", "mark")
    assert sh.json("get", "crm.lead", str(sh.json("create", "crm.lead", "title=C", "source=fair")["id"]))["campaign"] == "seen at fair"
    assert sh.json("rule", "runs", "mark")["runs"] == 1
    rule.write_text(rule.read_text().replace("seen at", "met at"))
    sh.run("rule", "put", str(rule))
    assert sh.json("get", "crm.lead", str(sh.json("create", "crm.lead", "title=D", "source=fair")["id"]))["campaign"] == "met at fair"
    sh.run("rule", "disable", "mark")
    assert "mark" in sh.out("rule", "list") and "cycles" in sh.out("rule", "graph", "--json")
    rule.write_text("rule {\n  on = 'crm.lead.created',\n  run = function(lead) lead.colour = 1 end }")
    assert "colour" in sh.run("rule", "check", str(rule), code=1).stderr
    assert "no rule nobody" in sh.run("rule", "enable", "nobody", code=5).stderr
    sh.run("rule", "check", str(folder / "none.lua"), code=7)


def main():
    house = House(modules="base,crm")
    house.tcp, house.ws, house.tls = house.more_ports
    sh = Shell(house)
    made = sh.out("tls", "make", str(house.home / "tls"), "localhost")
    assert "cert.pem" in made and (house.home / "tls" / "key.pem").stat().st_mode & 0o777 == 0o600
    house.options = ["--listen", f"ipc://{house.data}/kontor.ipc", "--listen", f"tcp://127.0.0.1:{house.tcp}", "--listen", f"ws://127.0.0.1:{house.ws}/bus",
                     "--listen", f"tls+tcp://localhost:{house.tls}", "--tls-dir", str(house.home / "tls")]
    with house:
        check_login(sh, house)
        check_records(sh)
        check_formats(sh)
        check_arguments(sh, house)
        check_broken_output(sh, house)
        check_prompt(sh, house)
        check_damage(sh)
        check_transfer(sh, house)
        check_administration(sh, house)
        check_second_factor(sh, house)
        check_transports(sh, house)
        check_watch(sh, house)
        check_files(sh, house)
        check_cut_short(sh, house)
        check_rules(sh, house)
        check_the_rest(sh, house)
    print("every command worked")


if __name__ == "__main__":
    main()
