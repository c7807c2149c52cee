#!/usr/bin/env python3
"""Reading as of a time when the definitions were others: an entity that was removed since, a field under its label of
then, one that came later; for an administrator and for a user whose role names the removed entity."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import PASSWORD, House  # noqa: E402
from kontor import Forbidden, NotFound  # noqa: E402

MACHINE = {"name": "custom.machine", "label": {"en": "Machine", "pl": "Maszyna"},
           "fields": [{"name": "code", "type": "string", "label": "Code", "indexed": True},
                      {"name": "rate", "type": "money", "scale": 2, "personal": False}]}


def moment(k):
    time.sleep(0.01)
    now = k.call("system.ping")["time"]
    time.sleep(0.01)
    return now


def refused(kind, k, method, params):
    try:
        k.call(method, params)
    except kind:
        return
    raise AssertionError(f"{method} was not refused")


def user(house, k, name, grants):
    role = k.create("access.role", {"name": name, "grants": grants})["id"]
    made = k.create("access.user", {"name": name, "full_name": name, "roles": [role]})["id"]
    k.call("access.password", {"user": made, "new": PASSWORD})
    return house.client(name)


def fields_of(k, entity, then):
    told = k.call("system.describe", {"entities": [entity], "as_of": then})["entities"][0]
    return {f["name"]: f["label"] for f in told["fields"]}, told["label"]


with House(modules="base") as house:
    k = house.client()
    before = moment(k)
    k.call("entity.define", MACHINE)
    k.call("field.define", {"entity": "base.party", "name": "shoe", "type": "int", "label": "Shoe size"})
    machine = k.create("custom.machine", {"code": "M1", "rate": "10.50"})["id"]
    party = k.create("base.party", {"name": "Anna", "shoe": 44})["id"]
    mechanic = user(house, k, "mechanic", "custom.machine:read where code = M1")
    stranger = user(house, k, "stranger", "base.party:read")
    then = moment(k)
    k.call("entity.define", {**MACHINE, "label": {"en": "Engine", "pl": "Silnik"}})
    k.call("field.define", {"entity": "base.party", "name": "shoe", "type": "int", "label": "Boot"})
    k.call("field.define", {"entity": "base.party", "name": "hat", "type": "int", "label": "Hat"})
    renamed = moment(k)
    k.update("base.party", party, {"shoe": 45, "hat": 7})
    k.call("custom.machine.delete", {"id": machine})
    k.call("entity.remove", {"name": "custom.machine"})
    refused(NotFound, k, "custom.machine.list", {})
    refused(NotFound, k, "custom.machine.list", {"as_of": before})
    refused(NotFound, k, "custom.machine.create", {"values": {"code": "M2"}, "as_of": then})
    for who in (k, mechanic):
        assert who.call("custom.machine.get", {"id": machine, "as_of": then})["rate"] == "10.50"
        rows = who.call("custom.machine.list", {"filter": [["code", "=", "M1"]], "as_of": then})["rows"]
        assert [r["id"] for r in rows] == [machine], rows
        sums = who.call("custom.machine.aggregate", {"measures": {"all": "sum:rate"}, "as_of": then})["rows"]
        assert sums[0]["all"] == "10.50" and who.call("custom.machine.count", {"as_of": then}) == 1, sums
    refused(Forbidden, stranger, "custom.machine.list", {"as_of": then})
    several = [{"method": "custom.machine.count", "params": {"as_of": then}},  # a batch looks back and comes back
               {"method": "custom.machine.count", "params": {}},
               {"method": "base.party.get", "params": {"id": party, "fields": ["name"]}},
               {"method": "base.party.get", "params": {"id": party, "fields": ["name"], "as_of": then}},
               {"method": "base.party.get", "params": {"id": party, "fields": ["name"]}}]
    k.update("base.party", party, {"name": "New name"})
    answers = k.call("system.batch", {"calls": several})["results"]
    assert answers[0]["result"] == 1 and answers[1]["error"]["data"]["kind"] == "not_found", answers
    assert [a["result"]["name"] for a in answers[2:]] == ["New name", "Anna", "New name"], answers
    assert k.call("base.party.list", {"filter": [["shoe", "=", 44]], "fields": ["shoe", "hat"], "as_of": then})["rows"] == [
        {"shoe": 44, "hat": None}]
    assert fields_of(k, "base.party", then)[0]["shoe"] == "Shoe size" and fields_of(k, "base.party", renamed)[0]["shoe"] == "Boot"
    assert (fields_of(k, "custom.machine", then)[1], fields_of(k, "custom.machine", renamed)[1]) == ("Machine", "Engine")
    assert "custom.machine" in [e["name"] for e in k.call("system.describe", {"as_of": then})["entities"]]
    modules = k.call("system.describe", {"as_of": then})["modules_then"]
    assert [m["name"] for m in modules] == ["base"] and modules[0]["version"], modules
    k.call("field.remove", {"entity": "base.party", "name": "shoe"})
    assert k.call("base.party.get", {"id": party, "as_of": then})["shoe"] == 44
    assert "shoe" not in k.get("base.party", party) and k.call("system.check")["sound"]
print("the definitions of then")
