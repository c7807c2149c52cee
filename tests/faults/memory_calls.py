#!/usr/bin/env python3
"""A valid call of every method a server has, out of what it describes of itself; then each with allocations that fail.

    memory_calls.py [--sample N] [--seconds S] [--jobs J]

Each method loses N of its allocations; then, for S seconds, each place in the code that no method has lost one at loses
one. J servers share the methods.

Methods of the core have their parameters in a table here; those of entities and modules are made from the described
fields. A call that is refused as it stands (a made-up value that a rule forbids) counts as such."""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import PASSWORD, House  # noqa: E402
from kontor import KontorError  # noqa: E402

FAULTS = pathlib.Path(os.environ.get("KONTOR_FAULTS", "build/check/tests/faults")).resolve()
VERBS = "create get list count aggregate update upsert delete history".split()
PARTY = ("base.party.create", {"values": {"name": "Nowak $N", "kind": "organisation"}})
NOTE = ("base.note.create", {"values": {"text": "first"}})


def size(name, **more):
    return {"name": name, "type": "int", "label": {"en": "Size", "pl": "Rozmiar"}, **more}


def custom(name):
    return {"name": name, "label": {"en": "Thing", "pl": "Rzecz"}, "plural": {"en": "Things", "pl": "Rzeczy"}, "fields": [size("size")]}


# method: parameters, and what makes the record they speak of; None: left out, and why
CORE = {
    "journal.history": ({"entity": "base.party", "id": "$ID"}, PARTY),
    "journal.revert": ({"seq": "$SEQ"}, NOTE),
    "journal.since": ({"seq": 0, "limit": 50}, None),
    "person.export": ({"entity": "base.party", "id": "$ID"}, PARTY),
    "person.erase": ({"entity": "base.party", "id": "$ID", "also": ["base.note"], "files": True}, PARTY),
    "field.define": (size("x_size_$N", entity="base.note"), None),
    "field.remove": ({"entity": "base.note", "name": "x_gone_$N"}, ("field.define", size("x_gone_$N", entity="base.note"))),
    "entity.define": (custom("custom.thing_$N"), None),
    "entity.remove": ({"name": "custom.gone_$N"}, ("entity.define", custom("custom.gone_$N"))),
    "field.list": ({"entity": "base.note"}, None),
    "access.diff": ({"from": 1, "to": 2}, None),
    "access.matrix": ({"role": 1}, None),
    "access.explain": ({"entity": "base.party", "action": "read"}, None),
    "access.key.create_secret": ({"name": "key $N"}, None),
    "access.password": ({"user": "admin", "old": PASSWORD, "new": PASSWORD}, None),
    "session.login": ({"user": "admin", "password": PASSWORD}, None),
    "session.revoke": ({"id": 0}, None),
    "session.company": ({}, None),
    "import.run": ({"entity": "base.note", "rows": [{"text": "a $N"}, {"text": "b $N"}]}, None),
    "export.read": ({"entity": "base.country", "limit": 50}, None),
    "search": ({"text": "pol"}, None),
    "system.search": ({"text": "pol"}, None),
    "system.batch": ({"atomic": True, "calls": [{"method": NOTE[0], "params": NOTE[1]}, {"method": "system.ping"}]}, None),
    "module.enable": ({"name": "crm"}, None),
    "module.disable": ({"name": "crm"}, None),
    "module.reload": ({"name": "crm"}, None),
    "module.upgrade": ({"name": "crm"}, None),
}
LEFT_OUT = {"session.logout": "it ends the session of all later calls", "backup.create": "it wants a new directory each time",
            "session.revoke": "it ends the session of all later calls"}

class Maker:
    """Values for the fields of an entity; records that references may point to."""

    def __init__(self, kontor, entities):
        self.kontor, self.records = kontor, {}
        self.fields = {e["name"]: [f for f in e["fields"] if not f.get("system")] for e in entities}

    def value(self, field, number):
        kind, choices = field["type"], field.get("choices")
        if choices:
            return choices[0]["name"] if isinstance(choices[0], dict) else choices[0]
        plain = {"int": 1, "bool": True, "date": "$DAY", "datetime": "2026-11-23T10:00:00Z", "json": {}, "object": {}}
        if kind in plain:
            return plain[kind]
        if kind in ("money", "price", "quantity", "percent", "rate", "decimal"):
            return "1"
        if kind == "ref" and field["target"] == "*":
            return {"entity": "base.party", "id": self.record("base.party")}
        if kind == "ref":
            return self.record(field["target"])
        if kind == "refs":
            return [self.record(field["target"])]
        if kind == "lines":
            return []
        return f"v{number}"[: field.get("max") or 40]

    def values(self, entity, number="$N"):
        return {f["name"]: self.value(f, number) for f in self.fields[entity] if f.get("required") and not f.get("readonly")}

    def record(self, entity):
        """The id of some record; made if there is none. 0: it cannot be made so simply."""
        if entity not in self.records:
            self.records[entity] = 0  # two that need each other
            rows = self.kontor.list(entity, limit=1, fields=["id"])["rows"]
            try:
                self.records[entity] = rows[0]["id"] if rows else self.kontor.call(f"{entity}.create", json.loads(json.dumps({"values": self.values(entity, 7)}).replace("$DAY", "2026-11-23")))["id"]
            except KontorError:
                pass
        return self.records[entity]


def verb_call(maker, entity, verb):
    values = maker.values(entity)
    make = (f"{entity}.create", {"values": values})
    try:
        maker.kontor.call(make[0], json.loads(json.dumps(make[1]).replace("$N", "probe").replace("$DAY", "2026-11-23")), dry_run=True)
        some = "$ID"
    except KontorError:  # not made by generic values: whatever is there
        make, some = None, maker.record(entity)
    if verb == "create":
        return {"values": values}, None
    if verb == "upsert":
        return {"external_id": "key $N", "values": values}, None
    if verb == "aggregate":
        return {"measures": {"n": "count"}}, None
    if verb in ("list", "count"):
        return {}, None
    return ({"id": some, "values": {}} if verb == "update" else {"id": some}), make


def calls_of(kontor):
    methods = kontor.call("system.describe", {"methods": True})["methods"]
    names = [e["name"] for e in kontor.call("system.describe")["entities"]]
    maker = Maker(kontor, kontor.call("system.describe", {"entities": names})["entities"])
    for method in methods:
        name = method["name"]
        owner, verb = name.rsplit(".", 1) if "." in name else ("", name)
        if name in LEFT_OUT:
            continue
        if name in CORE:
            params, make = CORE[name]
        elif owner in maker.fields and verb in VERBS:
            params, make = verb_call(maker, owner, verb)
        else:
            params, make = {}, None
            for p in method["params"]:
                kind = p["schema"].get("x-type") or {"integer": "int", "boolean": "bool"}.get(p["schema"].get("type"), "string")
                target = p["schema"].get("x-target")
                if p["name"] == "id":
                    params, make = verb_call(maker, owner, "get") if owner in maker.fields else ({"id": 1}, None)
                elif p["required"]:
                    params = {**params, p["name"]: maker.value({"type": "ref" if target else kind, "target": target or owner}, 1)
                              if target or kind != "ref" else 1}
        yield name, params, make, not method["x-writes"]


def line_of(name, params, make, reads):
    parts = ["-" * reads + name, json.dumps(params, ensure_ascii=False)] + ([make[0], json.dumps(make[1], ensure_ascii=False)] if make else [])
    return "\t".join(parts).replace('"$ID"', "$ID").replace('"$SEQ"', "$SEQ") + "\n"


def strike(house, calls, args, job):
    """One server on a copy of the data, with every J-th call."""
    data, written = house.home / f"data{job}", house.home / f"calls{job}"
    shutil.copytree(house.data, data)
    written.write_text("".join(line_of(*c) for c in calls[job::args.jobs]), encoding="utf-8")
    return subprocess.Popen([*os.environ.get("KONTOR_UNDER", "").split(), FAULTS / "faults_memory", data, house.build / "modules",
                             written, str(args.sample), str(args.seconds)], stdout=subprocess.PIPE, text=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", help="methods whose name begins so")
    args = parser.parse_args()
    with House() as house:
        kontor = house.client()
        kontor.call("entity.define", custom("custom.kept"))
        calls = [c for c in calls_of(kontor) if not args.only or c[0].startswith(args.only)]
        house.stop()
        servers = [strike(house, calls, args, job) for job in range(args.jobs)]
        for server in servers:
            print(server.communicate()[0], end="")
        broken = [server.returncode for server in servers if server.returncode]
        if broken:
            print(f"BROKEN memory: ended with {broken}")
    return 1 if broken else 0


sys.exit(main())
