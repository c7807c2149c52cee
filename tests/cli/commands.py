#!/usr/bin/env python3
"""Every command of `kontor` against a real server, over HTTP, ipc, tcp and TLS, as a person would type them."""
import base64
import hmac
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House, PASSWORD  # noqa: E402


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
    assert sh.json("call", "base.party.count", '{"filter": [["is_customer", "=", true]]}') == 1
    dry = sh.json("create", "base.party", "name=Never", "kind=person", "--dry-run")
    assert dry["changes"] and sh.out("count", "base.party").strip() == "1"
    order = sh.json("create", "crm.order", f"party={party}", 'lines:=[{"name": "Lamp", "price": "5"}]')["id"]
    told = sh.out("call", "crm.order.preview", f"id={order}").splitlines()  # the answer within the answer, line by line
    assert "result:" in told and any(line.split() == ["net", "5.00"] for line in told), told
    note = str(sh.json("create", "base.note", "text=away with it")["id"])
    sh.run("delete", "base.note", note)
    sh.run("get", "base.note", note, code=5)


def check_transfer(sh, house):
    rows = house.home / "people.csv"
    rows.write_text("\ufeffexternal_id;name;kind;contacts.1.kind;contacts.1.value\n" +
                    "".join(f"p{i};Osoba {i};person;email;p{i}@example.com\n" for i in range(2500)), encoding="utf-8")
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
    lines = sh.out("export", "base.party", "kind=person", "--fields", "external_id,name").splitlines()
    assert lines[0].lstrip("\ufeff") == "external_id,name,kontor_export" and len(lines) == 2502, lines[:2]
    sh.run("create", "base.party", "name==1+1", "kind=person", "external_id=formula")
    assert "\"'=1+1\"" in sh.out("export", "base.party", "external_id=formula", "--fields", "name")
    jsonl = sh.out("export", "base.party", "external_id=p7", "--fields", "external_id,name", "--json")
    assert json.loads(jsonl)["name"] == "Osoba 7"
    sheet = house.home / "people.xlsx"
    sh.run("export", "base.party", "external_id~p", "--labels", "--file", str(sheet))
    assert "2500 unchanged" in sh.run("import", str(sheet), "--entity", "base.party").stderr
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
    assert "not empty" in sh.run("restore", str(backup), str(restored), code=6).stderr
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


def check_the_rest(sh, house):
    for shell in ("bash", "zsh"):
        script = sh.out("completion", shell)
        assert "complete -F _kontor kontor" in script
    done = subprocess.run(["bash", "-n"], input=sh.out("completion", "bash"), text=True)
    assert done.returncode == 0
    complete = 'kontor() { "$0" "$@"; }; COMP_WORDS=(kontor $W); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _kontor; echo "${COMPREPLY[@]}"'
    for words, found in (("mod", "module"), ("module up", "upgrade"), ("role gr", "grant"), ("list base.par", "base.party"),
                         ("help li", "list"), ("list base.party --fil", "--filter")):
        done = subprocess.run(["bash", "-c", sh.out("completion", "bash") + complete, sh.tool], capture_output=True, text=True,
                              env={**sh.environment, "W": words}, timeout=60)
        assert found in done.stdout.split(), (words, done)
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
    assert "no rule nobody" in sh.run("rule", "enable", "nobody", code=1).stderr
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
        check_transfer(sh, house)
        check_administration(sh, house)
        check_second_factor(sh, house)
        check_transports(sh, house)
        check_watch(sh, house)
        check_files(sh, house)
        check_rules(sh, house)
        check_the_rest(sh, house)
    print("every command worked")


if __name__ == "__main__":
    main()
