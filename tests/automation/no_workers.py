#!/usr/bin/env python3
"""No process for Lua can be started: the kernel refuses to confine one, as under a container's profile that knows no
landlock. What a rule guards is refused by the rule's name and nothing else is; an administrator comes in, is told why,
and switches the rule off. What runs after the commit waits, and runs once the cause is mended."""
import json
import pathlib
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import PASSWORD, House, Kontor  # noqa: E402
from kontor import KontorError  # noqa: E402

REFUSES_LANDLOCK = """
import ctypes, os, struct, sys
LANDLOCK_CREATE_RULESET, EPERM = 444, 1
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, LANDLOCK_CREATE_RULESET), (0x06, 0, 0, 0x00050000 | EPERM), (0x06, 0, 0, 0x7fff0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *s) for s in steps))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0, ctypes.get_errno()
os.execv(sys.argv[1], sys.argv[1:])
"""
CONFINED = [sys.executable, "-c", REFUSES_LANDLOCK]

GUARD = """rule {on = "base.note.created", when = {{"text", "starts_with", "guarded"}},
    run = function(note) if note.text:find("bad") then refuse("no bad notes") end end}"""
LATER = """rule {on = "base.note.created", moment = "after", when = {{"text", "starts_with", "later"}}, rights = "base.tag:create; base.note:read",
    run = function(note) create("base.tag", {name = "seen " .. note.text}) end}"""
ABOUT_RULES = """rule {on = "automation.rule.updated", run = function() refuse("nobody changes rules") end}"""


def soon(what):
    until = time.monotonic() + 30
    while not (found := what()):
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)
    return found


def refused(call, *words):
    try:
        call()
    except KontorError as error:
        text = str(error) + "".join(p.get("hint") or "" for p in error.problems)
        assert error.kind == "unavailable" and all(w in text for w in words), (error.kind, text)
        return
    raise AssertionError("it was not refused")


def health(house):
    with urllib.request.urlopen(house.url + "/health", timeout=5) as answer:
        return json.load(answer)


def add(k, name, text):
    rule = k.create("automation.rule", {"name": name, "text": text})["id"]
    k.call("automation.rule.enable", {"id": rule})
    return rule


def again(house, prefix):
    house.stop()
    house.prefix = prefix
    house.start()
    return house.client()


# ---- Rules that were read while workers could be started ----

with House(modules="base,crm") as house:
    k = house.client()
    guard, later = add(k, "guard", GUARD), add(k, "later", LATER)
    assert health(house)["status"] == "ok" and "notices" not in health(house)
    try:
        add(k, "about rules", ABOUT_RULES)
        raise AssertionError("a rule could keep rules from being switched off")
    except KontorError as error:
        assert error.problems[0]["path"] == "moment", error.problems

    k = again(house, CONFINED)  # a log-in is a write
    told = soon(lambda: health(house).get("notices"))[0]
    assert health(house)["status"] == "limited" and told["about"] == "rules" and "landlock" in told["reason"], told
    assert "automation.rule.disable" in told["hint"] and "rules_cannot_run" in house.log.read_text()
    k.lang = "pl"
    assert k.call("system.health")["notices"][0]["hint"].startswith("Usuń")
    k.lang = None
    refused(lambda: k.create("base.note", {"text": "guarded good"}), "rule guard", "landlock", "automation.rule.disable")
    refused(lambda: k.create("base.note", {"text": "guarded bad"}), "rule guard")
    refused(lambda: k.create("automation.rule", {"name": "new", "text": LATER}), "landlock")
    k.create("base.note", {"text": "free"})  # the rule's condition does not hold
    k.create("base.note", {"text": "later one"})
    user = k.create("access.user", {"name": "anna", "full_name": "Anna", "roles": []})["id"]
    k.call("access.password", {"user": user, "new": PASSWORD})
    Kontor(house.url).login("anna", PASSWORD)
    k.update("access.user", user, {"active": False})
    k.call("automation.rule.disable", {"id": guard})
    k.create("base.note", {"text": "guarded bad"})  # whoever may has said so
    assert k.count("base.tag") == 0 and k.call("system.check")["sound"]

    k = again(house, [])
    soon(lambda: k.count("base.tag", [["name", "=", "seen later one"]]) == 1)
    assert health(house)["status"] == "ok"
    row = k.get("automation.rule", later)
    assert row["state"] == "on" and row["failures"] in (None, 0), row  # its waiting was no failure
    k.call("automation.rule.enable", {"id": guard})
    k.create("base.note", {"text": "guarded good"})

# ---- A new database: nobody has read the rules that modules brought ----

with House(modules="base,crm", prefix=CONFINED) as house:
    k = house.client()
    refused(lambda: k.create("base.note", {"text": "who knows"}), "rule ", "landlock", "automation.rule.disable")
    k.create("access.user", {"name": "anna", "full_name": "Anna", "roles": []})
    for row in k.list("automation.rule", [["state", "=", "on"]], limit=500)["rows"]:
        k.call("automation.rule.disable", {"id": row["id"]})
    k.create("base.note", {"text": "no rule is on"})

print("what a rule guards waits for the rule, and nothing else does")
