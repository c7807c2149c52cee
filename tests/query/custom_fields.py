#!/usr/bin/env python3
"""Fields and entities of an integrator's own, everywhere that a module's are: lists, sums, search, rights, files, history, undo, the
feed, the past, rules, documents; and their conditions, kept to and told."""
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "modules")]
from house import PASSWORD  # noqa: E402
from stories import expect, refused, run  # noqa: E402

PERSON = [["kind", "=", "person"]]
FIELDS = (
    {"name": "size", "type": "quantity", "scale": 1, "indexed": True, "label": {"en": "Size", "pl": "Rozmiar"}},
    {"name": "grade", "type": "state", "choices": ["gold", {"name": "silver", "label": {"en": "Silver", "pl": "Srebrny"}}], "initial": "silver"},
    {"name": "seats", "type": "int", "initial": 2},
    {"name": "nick", "type": "string", "max": 20, "searchable": True, "unique": True},
    {"name": "salary", "type": "money", "scale": 2, "group": "pay"},
    {"name": "hotline", "type": "string", "max": 30, "mask": "contact"},
    {"name": "mentor", "type": "ref", "target": "base.party", "on_delete": "clear"},
    {"name": "pets", "type": "lines", "lines": [{"name": "name", "type": "string", "searchable": True}, {"name": "age", "type": "int"}]},
    {"name": "remark", "type": "string", "max": 50, "show_if": PERSON, "required_if": [["kind", "=", "person"], ["size", ">", "50"]],
     "readonly_if": [["remark", "starts_with", "final"]]},
)
made = {}


def fields_of(k, entity="base.party"):
    return {f["name"]: f for f in k.call("system.describe", {"entities": [entity]})["entities"][0]["fields"]}


def ended(k, job):
    until = time.monotonic() + 60
    while job["state"] in ("queued", "running"):
        assert time.monotonic() < until, job
        time.sleep(0.02)
        job = k.call("job.get", {"id": job["id"]})
    return job


def they_are_defined_and_described(k):
    for field in FIELDS:
        k.call("field.define", {"entity": "base.party", **field})
    seen = fields_of(k)
    expect([seen["remark"][name] for name in ("show_if", "required_if", "readonly_if")], [FIELDS[-1][name] for name in ("show_if", "required_if", "readonly_if")])
    expect((seen["seats"]["initial"], seen["salary"]["group"], seen["hotline"]["mask"], seen["size"]["module"]), ("2", "pay", "contact", "custom"))
    expect([c["label"] for c in seen["grade"]["choices"]], ["gold", "Silver"])
    expect(k.call("field.list", {"entity": "base.party"}), sorted(({"entity": "base.party", **f} for f in FIELDS), key=lambda f: f["name"]))


def a_batch_that_uses_what_it_defines_is_told_to_define_it_first(k):
    shoe = ("field.define", {"entity": "base.party", "name": "shoe", "type": "int"})
    visit = ("entity.define", {"name": "custom.visit", "fields": [{"name": "day", "type": "date"}]})
    for first, second, path in (
            (shoe, ("base.party.create", {"values": {"name": "Jan", "shoe": 43}}), "calls[1].shoe"),
            (shoe, ("base.party.list", {"filter": [["shoe", "=", 43]]}), "calls[1].filter[0]"),
            (shoe, ("base.party.list", {"sort": "-shoe"}), "calls[1].sort"),
            (visit, ("custom.visit.create", {"values": {"day": "2026-01-01"}}), "calls[1].method"),
            (visit, ("field.define", {"entity": "custom.visit", "name": "place", "type": "string"}), "calls[1].entity"),
            (("field.define", {"entity": "base.party", **FIELDS[1], "choices": ["gold", "silver", "lead"]}),
             ("base.party.create", {"values": {"name": "Jan", "grade": "lead"}}), "calls[1].grade")):
        calls = [{"method": method, "params": params} for method, params in (first, second)]
        error = refused("not_found" if path.endswith("method") else "validation", lambda: k.call("system.batch", {"atomic": True, "calls": calls}), path)
        assert "own first" in error.problems[0]["hint"], error.problems
    other = [{"method": "base.party.create", "params": {"values": {"nime": "Jan"}}}]
    calls = [{"method": shoe[0], "params": shoe[1]}] + other
    error = refused("validation", lambda: k.call("system.batch", {"atomic": True, "calls": calls}))
    assert not any("own first" in p.get("hint", "") for p in error.problems), error.problems
    expect("shoe" in fields_of(k), False)


def an_entity_that_a_batch_takes_away_gets_no_records_in_it(k):
    k.call("entity.define", {"name": "custom.visit", "fields": [{"name": "day", "type": "date"}]})
    calls = [{"method": "entity.remove", "params": {"name": "custom.visit"}}, {"method": "custom.visit.create", "params": {"values": {}}}]
    for atomic in (True, False):
        refused("conflict", lambda: k.call("system.batch", {"atomic": atomic, "calls": calls}))
    expect(k.count("custom.visit"), 0)
    k.call("entity.remove", {"name": "custom.visit"})


def they_are_written_read_sorted_and_summed(k):
    old = k.create("base.party", {"name": "Jan Stary", "kind": "person", "size": "12.5", "grade": "gold", "salary": "5000.50", "nick": "zbyszek",
                                  "hotline": "600 123 412", "pets": [{"name": "Burek", "age": 3}, {"name": "Mruczek", "age": 5}]})["id"]
    new = k.create("base.party", {"name": "Ewa Nowa", "kind": "person", "size": "44.0", "salary": "6000.25", "mentor": old})["id"]
    made.update(old=old, new=new)
    row = k.get("base.party", new)
    expect((row["size"], row["grade"], row["seats"], row["mentor"]), ("44.0", "silver", 2, old))
    both = [["id", "in", [old, new]]]
    expect([r["id"] for r in k.list("base.party", both, sort="-size")["rows"]], [new, old])
    expect(k.list("base.party", [["mentor.nick", "=", "zbyszek"]], fields=["name", "mentor.size"])["rows"], [{"name": "Ewa Nowa", "mentor.size": "12.5"}])
    expect(k.count("base.party", [["pets", "any", [["name", "=", "Burek"], ["age", ">", 2]]]]), 1)
    expect(k.call("base.party.list", {"filter": [["nick", "=", "zbyszek"]], "explain": True})["scan"], "unique")
    rows = k.aggregate("base.party", {"n": "count", "pay": "sum:salary", "mean": "avg:salary"}, group=["grade"], filter=both)
    expect([(r["grade"], r["n"], r["pay"], r["mean"]) for r in rows], [("gold", 1, "5000.50", "5000.50"), ("silver", 1, "6000.25", "6000.25")])
    rows = k.aggregate("base.party", {"age": "avg:pets.age"}, group=["pets.name"], sort="pets.name")
    expect([(r["pets.name"], r["age"]) for r in rows], [("Burek", "3.00"), ("Mruczek", "5.00")])
    for text, where in (("zbysz", "nick"), ("burek", "pets.name")):
        expect([(r["id"], r["matched"]) for r in k.call("system.search", {"text": text})["rows"]], [(old, where)])
    refused("conflict", lambda: k.update("base.party", new, {"nick": "zbyszek"}), "nick")


def conditions_are_kept_to_in_calls_and_files(k):
    new = made["new"]
    refused("validation", lambda: k.update("base.party", new, {"size": "51"}), "remark")
    k.update("base.party", new, {"size": "51", "remark": "final word"})
    refused("state", lambda: k.update("base.party", new, {"remark": "other"}), "remark")
    text = "external_id,name,kind,Rozmiar,remark\nc1,Big,person,60,\nc2,Small,person,6,\n"
    job = ended(k, k.call("import.start", {"text": text, "entity": "base.party", "problems": "skip"}))
    expect([(p["row"], p["path"], p["message"]) for p in k.call("job.problems", {"id": job["id"]})["problems"]], [(2, "remark", "is required")])
    expect(k.get("base.party", external_id="c2")["size"], "6.0")
    job = ended(k, k.call("export.start", {"entity": "base.party", "filter": [["external_id", "=", "c2"]], "fields": ["name", "size", "seats"]}))
    expect(job["state"], "done")
    rows = k.call("export.read", {"entity": "base.party", "filter": [["external_id", "=", "c2"]], "fields": ["size", "grade"]})["rows"]
    expect([(r["size"], r["grade"]) for r in rows], [("6.0", "silver")])


def rights_groups_and_masks_hold_for_them(k, house):
    role = k.create("access.role", {"name": "looker", "grants": "base.party:read masked contact"})["id"]
    user = k.create("access.user", {"name": "looker", "roles": [role]})["id"]
    k.call("access.password", {"user": user, "new": PASSWORD})
    looker = house.client("looker", PASSWORD)
    row = looker.get("base.party", made["old"])
    expect(("salary" in row, row["hotline"], row["size"]), (False, "*** *** *12", "12.5"))
    expect("salary" in fields_of(looker), False)
    refused("validation", lambda: looker.list("base.party", [["salary", ">", "1"]]))
    refused("validation", lambda: looker.aggregate("base.party", {"s": "sum:salary"}))
    seen = [c["field"] for e in looker.call("base.party.history", {"id": made["old"]})["entries"] for c in e["changes"]]
    expect(("salary" in seen, "size" in seen), (False, True))
    k.update("access.role", role, {"grants": "base.party:read fields pay"})
    expect(looker.get("base.party", made["old"])["salary"], "5000.50")


def employed(k, house, name, grants):
    role = k.create("access.role", {"name": name, "grants": grants})["id"]
    user = k.create("access.user", {"name": name, "roles": [role]})["id"]
    k.call("access.password", {"user": user, "new": PASSWORD})
    return user, house.client(name, PASSWORD)


def what_may_not_be_seen_is_named_nowhere(k, house):
    k.call("field.define", {"entity": "base.party", "name": "perk", "type": "string", "required_if": [["salary", ">", "9000"]]})
    expect(fields_of(k)["perk"]["required_if"], [["salary", ">", "9000"]])
    _, clerk = employed(k, house, "clerk", "base.party:read,update,delete")
    expect("required_if" in fields_of(clerk)["perk"], False)
    expect([f for f in clerk.call("field.list") if f["name"] in ("salary", "perk")], [{"entity": "base.party", "name": "perk", "type": "string"}])
    refused("forbidden", lambda: clerk.call("entity.list"))
    refused("forbidden", lambda: clerk.list("base.party", [["owner", "=", {"number": "U1"}]]), "filter[0]")
    one, two, three = ([k.create("base.party", {"name": "Twin", "kind": "person", **more})["id"] for more in ({"salary": "1"}, {"salary": "2"}, {})])
    error = refused("conflict", lambda: clerk.call("base.party.merge", {"into": one, "ids": [two]}))
    expect([p["path"] for p in error.problems], [None])
    told = clerk.call("base.party.merge", {"into": one, "ids": [two]}, dry_run=True)["result"]["conflicts"]
    expect(told, [{"field": None, "values": [], "taken": one, "chosen": False}])
    error = refused("forbidden", lambda: clerk.call("base.party.merge", {"into": three, "ids": [two], "keep": True}))
    expect(([p["path"] for p in error.problems], "salary" in str(error)), ([None], False))
    clerk.call("base.party.merge", {"into": one, "ids": [two], "keep": True})
    expect(k.get("base.party", one)["salary"], "1.00")
    k.call("field.remove", {"entity": "base.party", "name": "perk"})


def whoever_may_not_read_users_owns_what_they_make(k, house):
    k.call("field.define", {"entity": "base.party", "name": "house", "type": "ref", "target": "base.company", "initial": "company"})
    firm = k.create("base.company", {"name": "House"})["id"]
    user, maker = employed(k, house, "maker", "base.party:read,create")
    k.update("access.user", user, {"companies": [firm]})
    made_by_maker = house.client("maker", PASSWORD).create("base.party", {"name": "Made", "kind": "person"})["id"]
    row = k.get("base.party", made_by_maker)
    expect((row["owner"], row["company"], row["house"]), (user, firm, firm))
    refused("validation", lambda: maker.create("base.party", {"name": "Made", "kind": "person", "owner": 1}), "owner")
    k.create("base.party", {"name": "Ours", "kind": "person", "external_id": "same", "company": firm})
    user, _ = employed(k, house, "stranger", "base.party:*")
    k.update("access.user", user, {"companies": [k.create("base.company", {"name": "Other house"})["id"]]})
    stranger = house.client("stranger", PASSWORD)
    for call in (lambda: stranger.create("base.party", {"name": "Theirs", "kind": "person", "external_id": "same"}),
                 lambda: stranger.upsert("base.party", "same", {"name": "Theirs", "kind": "person"})):
        expect(refused("conflict", call, "external_id").problems[0]["message"], "another record has this value already")
    k.call("field.remove", {"entity": "base.party", "name": "house"})


def days_at_the_end_of_time_are_grouped(k):
    for name, kind in (("until", "date"), ("met", "datetime")):
        k.call("field.define", {"entity": "base.party", "name": name, "type": kind})
    last = k.create("base.party", {"name": "Last", "kind": "person", "until": "9999-12-31", "met": "2026-11-26T10:00:00.123456+01:00"})["id"]
    expect(k.get("base.party", last)["met"], "2026-11-26T09:00:00.123Z")
    expect(fields_of(k)["met"]["type"], "datetime")
    for period in ("day", "week", "month", "quarter", "year"):
        rows = k.aggregate("base.party", {"n": "count"}, group=[f"until:{period}"], filter=[["until", "is_null", False]])
        expect([(r["n"], k.count("base.party", r["filter"])) for r in rows], [(1, 1)])
    for name in ("until", "met"):
        k.call("field.remove", {"entity": "base.party", "name": name})


def the_card_shows_them_to_who_may_see_them(k, house):
    own = k.call("crm.card", {"party": made["old"]})["own"]
    expect(own, {f["name"]: k.get("base.party", made["old"])[f["name"]] for f in FIELDS})
    role = k.create("access.role", {"name": "caller", "grants": "base.party:read masked contact"})["id"]
    user = k.create("access.user", {"name": "caller", "roles": [role]})["id"]
    k.call("access.password", {"user": user, "new": PASSWORD})
    seen = house.client("caller", PASSWORD).call("crm.card", {"party": made["old"]})["own"]
    expect((seen["hotline"], "salary" in seen), ("*** *** *12", False))


def the_journal_knows_them(k):
    old = made["old"]
    seq = k.call("base.party.history", {"id": old})["entries"][0]["seq"]
    k.update("base.party", old, {"size": "13.0"})
    entry = k.call("base.party.history", {"id": old})["entries"][0]
    change = next(c for c in entry["changes"] if c["field"] == "size")
    expect((change["label"], change["before"], change["after"]), ("Size", "12.5", "13.0"))
    fed = [c for e in k.call("journal.since", {"seq": seq})["entries"] for c in e["changes"] if c["entity"] == "base.party" and c["id"] == old]
    expect(len(fed), 1)
    k.call("journal.revert", {"seq": entry["seq"]})
    expect(k.get("base.party", old)["size"], "12.5")


def rules_and_templates_use_them(k):
    rule = k.create("automation.rule", {"name": "big", "text": 'rule { on = "base.party.updated size", when = {{"size", ">=", "100"}},\n'
                                                              '  run = function(party) party.seats = party.seats + 1; party.remark = "huge " .. party.grade end }'})["id"]
    k.call("automation.rule.enable", {"id": rule})
    firm = k.create("base.party", {"name": "Firma", "kind": "organisation"})["id"]
    k.update("base.party", firm, {"size": "100"})
    row = k.get("base.party", firm)
    expect((row["seats"], row["remark"]), (3, "huge silver"))
    template = k.create("document.template", {"name": "custom", "entity": "base.party", "kind": "text", "lang": "pl",
                                              "text": "{{ doc.size }} {{ doc.mentor.nick }} {{ doc.grade }} {% for _, p in ipairs(doc.mentor.pets) do %}{{ p.name }}{% end %}\n"})["id"]
    expect(k.call("document.preview", {"template": template, "id": made["new"]})["text"].split(), ["51,0", "zbyszek", "silver", "BurekMruczek"])


def an_entity_of_ones_own_is_as_good(k):
    k.call("entity.define", {"name": "custom.machine", "title": "name", "number": "M/{seq:3}", "label": {"en": "Machine", "pl": "Maszyna"},
                             "views": [{"kind": "board", "group": "grade"}], "fields": [
        {"name": "name", "type": "string", "required": True, "searchable": True, "label": {"en": "Name", "pl": "Nazwa"}},
        {"name": "grade", "type": "state", "choices": ["good", "bad"]},
        {"name": "reason", "type": "text", "required_if": [["grade", "=", "bad"]]},
        {"name": "keeper", "type": "ref", "target": "base.party"}]})
    refused("validation", lambda: k.create("custom.machine", {"name": "Lathe", "grade": "bad"}), "reason")
    lathe = k.create("custom.machine", {"name": "Lathe", "grade": "good", "keeper": made["old"]})
    expect(lathe["number"], "M/001")
    seen = k.call("system.describe", {"entities": ["custom.machine"]})["entities"][0]
    expect((seen["views"], seen["custom"]), ([{"kind": "board", "group": "grade"}], True))
    expect([r["entity"] for r in k.call("system.search", {"text": "lathe"})["rows"]], ["custom.machine"])
    expect(k.list("custom.machine", [["keeper.nick", "=", "zbyszek"]])["rows"][0]["name"], "Lathe")
    refused("conflict", lambda: k.delete("base.party", made["old"]))
    machine = {"entity": "base.party", "name": "machine", "type": "ref", "target": "custom.machine"}
    k.call("field.define", machine)
    k.update("base.party", made["new"], {"machine": lathe["id"]})
    k.call("field.remove", {"entity": "base.party", "name": "machine"})
    k.delete("custom.machine", lathe["id"])  # nobody asks a field that is away
    k.call("field.define", machine)
    expect(k.get("base.party", made["new"])["machine"], None)
    expect(k.call("base.party.history", {"id": made["new"]})["entries"][0]["origin"], "system")
    expect(k.call("system.check")["sound"], True)
    error = refused("validation", lambda: k.call("entity.remove", {"name": "custom.machine"}), "base.party.machine")
    expect("custom.machine" in str(error), True)


def an_entity_of_ones_own_has_states_and_actions(k):
    k.call("entity.define", {"name": "custom.repair", "title": "what", "label": {"en": "Repair", "pl": "Naprawa"}, "fields": [
        {"name": "what", "type": "string", "required": True}, {"name": "state", "type": "state", "choices": ["open", "done", "off"]}],
        "actions": [{"name": "finish", "right": "finish", "from": "open", "to": "done", "label": {"en": "Finish", "pl": "Zakończ"}},
                    {"name": "reopen", "right": "update", "from": ["done", "off"], "to": "open"}]})
    action = k.call("system.describe", {"entities": ["custom.repair"]})["entities"][0]["actions"][0]
    expect({n: action[n] for n in ("name", "label", "from", "to", "right")},
           {"name": "finish", "label": "Finish", "from": ["open"], "to": "done", "right": "finish"})
    rule = k.create("automation.rule", {"name": "told", "text": 'rule { on = "custom.repair.finish", run = function(r) r.what = r.what .. "!" end }'})["id"]
    k.call("automation.rule.enable", {"id": rule})
    id = k.create("custom.repair", {"what": "Chain"})["id"]
    expect(k.get("custom.repair", id)["allowed_actions"], ["finish"])
    refused("state", lambda: k.update("custom.repair", id, {"state": "done"}), "state")
    expect(k.call("custom.repair.finish", {"id": id})["state"], "done")
    expect(k.get("custom.repair", id, fields=["what", "state"])["what"], "Chain!")
    refused("state", lambda: k.call("custom.repair.finish", {"id": id}))
    refused("validation", lambda: k.call("entity.define", {"name": "custom.bad", "fields": [{"name": "x", "type": "int"}],
                                                            "actions": [{"name": "go", "right": "update", "to": "there"}]}), "actions[0].to")


def a_choice_keeps_its_value_and_what_was_clear_stays_so(k):
    grade = {"entity": "base.party", "name": "grade", "type": "state", "initial": "silver"}
    k.call("field.define", {**grade, "choices": ["platinum", "silver", "gold"]})
    expect([k.get("base.party", made[which])["grade"] for which in ("old", "new")], ["gold", "silver"])
    error = refused("conflict", lambda: k.call("field.define", {**grade, "choices": ["silver"]}), "base.party.grade")
    expect("gold" in str(error), True)
    k.call("field.define", {**grade, "choices": ["silver", "gold"]})
    refused("conflict", lambda: k.call("field.define", {"entity": "base.party", "name": "hotline", "type": "string", "max": 30, "personal": True}),
            "base.party.hotline")


def what_a_condition_names_stays_and_is_checked(k):
    for bad, path in (({"show_if": "garbage"}, "show_if"), ({"required_if": [["amuont", "=", 1]]}, "required_if"),
                      ({"readonly_if": [["kind", "=", "robot"]]}, "readonly_if")):
        refused("validation", lambda: k.call("field.define", {"entity": "base.party", "name": "bad", "type": "int", **bad}), f"base.party.bad.{path}")
    refused("validation", lambda: k.call("field.define", {"entity": "base.party", "name": "bad", "type": "ref", "target": "custom.none"}), "base.party.bad")
    refused("validation", lambda: k.call("field.remove", {"entity": "base.party", "name": "size"}), "base.party.remark.required_if")
    expect("bad" in fields_of(k), False)
    expect(k.call("system.check")["sound"], True)


run((they_are_defined_and_described, a_batch_that_uses_what_it_defines_is_told_to_define_it_first,
     an_entity_that_a_batch_takes_away_gets_no_records_in_it, they_are_written_read_sorted_and_summed, conditions_are_kept_to_in_calls_and_files,
     rights_groups_and_masks_hold_for_them, what_may_not_be_seen_is_named_nowhere, whoever_may_not_read_users_owns_what_they_make,
     days_at_the_end_of_time_are_grouped, the_card_shows_them_to_who_may_see_them, the_journal_knows_them,
     rules_and_templates_use_them, an_entity_of_ones_own_is_as_good,
     an_entity_of_ones_own_has_states_and_actions, a_choice_keeps_its_value_and_what_was_clear_stays_so,
     what_a_condition_names_stays_and_is_checked))
