#!/usr/bin/env python3
"""Random definitions of fields and entities, with records written under them: whatever is defined, changed, taken away, brought back or
undone, all that is stored stays sound, a choice keeps its name, and a reference leads somewhere. KONTOR_SEED repeats a run,
KONTOR_STEPS makes it longer."""
import os
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from dice import SEED  # noqa: E402
from house import House  # noqa: E402
from kontor import KontorError  # noqa: E402

STEPS = int(os.environ.get("KONTOR_STEPS", "300"))
ENTITIES = ("base.tag", "base.note", "custom.alpha", "custom.beta")
NAMES = ("one", "two", "three", "four", "five")
WORDS = ("red", "green", "blue", "gold", "tin", "lead", "iron")
REFUSALS = {"validation", "conflict", "not_found", "state", "rule", "limit"}
dice = random.Random(SEED)
meant = {}  # (entity, id, field) of a state: the choice that was written
done = {"yes": 0, "no": 0}


def attempt(call, *args, **more):
    """The answer, or None where it was refused, which may be right; nothing else may go wrong."""
    try:
        answer = call(*args, **more)
        done["yes"] += 1
        return answer if answer is not None else True
    except KontorError as error:
        assert error.kind in REFUSALS, error
        done["no"] += 1
        return None


def condition(names):
    return dice.choice(([["id", ">", dice.randrange(5)]], [[dice.choice(names), "is_null", dice.random() < 0.5]], [["created_by", "=", "me"]]))


def a_field(name, inside=False):
    kind = dice.choice(("string", "int", "state", "ref", "refs", "quantity", "bool", "date", "json") + (() if inside else ("lines",)))
    field = {"name": name, "type": kind}
    if kind == "state":
        field["choices"] = dice.sample(WORDS, dice.randint(1, 4))
    if kind in ("ref", "refs"):
        field["target"] = dice.choice(ENTITIES)
        field["on_delete"] = dice.choice(("restrict", "clear", "cascade"))
    if kind == "quantity":
        field["scale"] = dice.randint(0, 3)
    if kind == "lines":
        field["lines"] = [a_field(n, True) for n in dice.sample(NAMES, dice.randint(1, 3))]
    for flag, odds in (("indexed", 0.3), ("unique", 0.1), ("required", 0.1), ("personal", 0.2), ("searchable", 0.2)):
        if dice.random() < odds:
            field[flag] = True
    for word in ("show_if", "required_if", "readonly_if"):
        if dice.random() < 0.1:
            field[word] = condition(NAMES)
    return field


def a_value(k, field):
    kind = field["type"]
    if kind == "state":
        return dice.choice(field["choices"])["name"]
    if kind in ("ref", "refs"):
        rows = (attempt(k.list, field["target"], limit=5, fields=["id"]) or {"rows": []})["rows"]
        some = [row["id"] for row in dice.sample(rows, min(len(rows), dice.randint(1, 2)))]
        return some if kind == "refs" else (some or [None])[0]
    if kind == "lines":
        return [{f["name"]: a_value(k, f) for f in field["fields"] if not f.get("system")} for _ in range(dice.randint(0, 2))]
    return {"string": dice.choice(WORDS), "int": dice.randint(0, 9), "quantity": str(dice.randint(0, 9)), "bool": dice.random() < 0.5,
            "date": f"2026-01-{dice.randint(1, 28):02}", "json": {"n": dice.randint(0, 9)}}[kind]


def fields_of(k, entity):
    seen = attempt(k.call, "system.describe", {"entities": [entity]})
    return [f for f in seen["entities"][0]["fields"] if f["name"] in NAMES] if seen else []


def write(k, entity):
    fields = fields_of(k, entity)
    values = {f["name"]: a_value(k, f) for f in dice.sample(fields, dice.randint(0, len(fields)))}
    rows = (attempt(k.list, entity, limit=500, fields=["id"]) or {"rows": []})["rows"]
    if rows and dice.random() < 0.6:
        id = dice.choice(rows)["id"]
        made = attempt(k.update, entity, id, values)
    else:
        own = {"base.tag": {"name": f"t{done['yes']}"}, "base.note": {"text": "n"}}.get(entity, {})
        made = attempt(k.create, entity, {**own, **values})
        id = made["id"] if made else 0
    for f in fields if made else ():
        if f["type"] == "state" and f["name"] in values:
            meant[entity, id, f["name"]] = values[f["name"]]


def delete(k, entity):
    rows = (attempt(k.list, entity, limit=500, fields=["id"]) or {"rows": []})["rows"]
    if rows:
        attempt(k.delete, entity, dice.choice(rows)["id"])


def undo(k):
    head = k.call("journal.head")["seq"]
    entries = k.call("journal.since", {"seq": max(0, head - 30)})["entries"]
    ours = [e["seq"] for e in entries if all(c["entity"] in (*ENTITIES, "model.definition") for c in e["changes"])]
    if ours:
        attempt(k.call, "journal.revert", {"seq": dice.choice(ours)})
    meant.clear()  # what records held may be otherwise now


def define_entity(k):
    attempt(k.call, "entity.define", {"name": dice.choice(ENTITIES[2:]), "fields": [a_field(n) for n in dice.sample(NAMES, dice.randint(1, 4))]})


def define_field(k):
    attempt(k.call, "field.define", {"entity": dice.choice(ENTITIES), **a_field(dice.choice(NAMES))})


def remove(k):
    if dice.random() < 0.8:
        attempt(k.call, "field.remove", {"entity": dice.choice(ENTITIES), "name": dice.choice(NAMES)})
    else:
        attempt(k.call, "entity.remove", {"name": dice.choice(ENTITIES[2:])})


def sound(k, step):
    answer = k.call("system.check")
    assert answer["sound"], (step, answer)
    for entity in ENTITIES:
        fields = [f["name"] for f in fields_of(k, entity) if f["type"] == "state"]
        for row in k.list(entity, limit=500, fields=["id", *fields])["rows"] if fields else ():
            for name in fields:
                wanted = meant.get((entity, row["id"], name), row[name])
                assert row[name] == wanted and not isinstance(row[name], int), (step, entity, row, wanted)


def main():
    print(f"KONTOR_SEED={SEED}", flush=True)
    with House(modules="base") as house:
        k = house.client()
        ways = [(define_field, 25), (define_entity, 6), (remove, 10), (undo, 4), (write, 40), (delete, 8)]
        for step in range(STEPS):
            way = dice.choices([w for w, _ in ways], [n for _, n in ways])[0]
            way(k, dice.choice(ENTITIES)) if way in (write, delete) else way(k)
            if step % 25 == 24:
                sound(k, step)
            if step % 150 == 149:
                house.stop()
                house.start()
                k = house.client()
        sound(k, STEPS)
    print(f"{done['yes']} done, {done['no']} refused: sound")


if __name__ == "__main__":
    main()
