#!/usr/bin/env python3
"""Runs every example of docs/query-language.md against a server with the few records below: each block `json call` must
be answered by the block `json answer` (or `json refusal`) that follows it. Cursors may differ. A call with "show" has one
member of its answer shown; one with "as" is another user's.

  tests/query/examples.py [--write]      --write puts the answers of this server into the document"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from house import House  # noqa: E402
from kontor import KontorError  # noqa: E402

DOCUMENT = ROOT / "docs" / "query-language.md"
BLOCK = re.compile(r"```json (call|answer|refusal)\n(.*?)\n?```", re.S)

PARTIES = [
    {"external_id": "P1", "name": "Łódź Meble sp. z o.o.", "kind": "organisation", "is_customer": True, "industry": "furniture",
     "contacts": [{"kind": "phone", "use": "work", "value": "+48 601 234 567"}, {"kind": "email", "use": "work", "value": "biuro@meble.example"}]},
    {"external_id": "P2", "name": "Żabiński i Synowie", "kind": "organisation", "is_customer": True, "industry": "transport"},
    {"external_id": "P3", "name": "José Sánchez", "kind": "person", "industry": "furniture"},
    {"external_id": "P4", "name": "Nowak", "kind": "person", "is_supplier": True},
]
DEALS = [
    ("Oak tables", "P1", "12500.00", "2026-01-15"), ("Chairs", "P1", "3200.50", "2026-02-03"), ("Shelves", "P2", "800.00", "2026-02-20"),
    ("Fleet of vans", "P2", None, "2026-04-01"), ("Wardrobe", "P3", "2100.00", None),
]


def seed(kontor):
    kontor.import_rows("base.party", PARTIES)
    pipeline = kontor.create("crm.pipeline", {"name": "Sales", "stages": [
        {"name": "New", "semantic": "open", "probability": "10", "position": 1}, {"name": "Won", "semantic": "won", "probability": "100", "position": 2},
        {"name": "Lost", "semantic": "lost", "probability": "0", "position": 3}]})
    for n, (title, party, amount, close) in enumerate(DEALS, 1):
        kontor.upsert("crm.deal", f"D{n}", {"title": title, "party": {"external_id": party}, "amount": amount, "expected_close": close,
                                            "pipeline": pipeline["id"]})


def plain(value):
    """Without what differs from run to run."""
    if isinstance(value, dict):
        return {k: "..." if k in ("next", "prev", "request", "at", "number") else plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list) else value


def run(kontor, call):
    try:
        answer = plain(kontor.call(call["method"], call["params"]))
        if "show" in call:  # one member alone; a text by its lines
            answer = answer[call["show"]]
            answer = answer.splitlines() if isinstance(answer, str) else answer
        return "answer", answer
    except KontorError as error:
        return "refusal", {"kind": error.kind, "problems": [{k: v for k, v in p.items() if k != "kind"} for p in error.problems]}


def shown(value):
    if isinstance(value, list):
        return "[\n  " + ",\n  ".join(json.dumps(v, ensure_ascii=False) for v in value) + "]"
    if isinstance(value, dict) and isinstance(value.get("rows"), list) and value["rows"]:
        rows = ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in value["rows"])
        rest = "".join(f',\n "{k}": {json.dumps(v, ensure_ascii=False)}' for k, v in value.items() if k != "rows")
        return f'{{"rows": [\n  {rows}]{rest}}}'
    if isinstance(value, dict) and {"kind", "problems"} <= value.keys():
        problems = ",\n  ".join(json.dumps(p, ensure_ascii=False) for p in value["problems"])
        return f'{{"kind": "{value["kind"]}", "problems": [\n  {problems}]}}'
    return json.dumps(value, ensure_ascii=False)


def main(document=DOCUMENT, seed=seed, modules="base,crm"):
    text = document.read_text()
    wrong = count = 0
    with House(modules=modules) as house:
        kontor = house.client()
        seed(kontor)
        pieces, at, call, others = [], 0, None, {}
        for block in BLOCK.finditer(text):
            kind, body = block.groups()
            if kind == "call":
                call = json.loads(body)
                continue
            who = call.get("as")
            if who and who not in others:
                others[who] = house.client(who)
            got_kind, got = run(others.get(who, kontor), call)
            count += 1
            pieces.append(text[at:block.start()] + f"```json {got_kind}\n{shown(got)}\n```")
            at = block.end()
            if "--write" not in sys.argv and (got_kind != kind or got != json.loads(body)):
                wrong += 1
                print(f"{json.dumps(call)}\n  the document says {kind} {body}\n  the server says {got_kind} {shown(got)}")
        if "--write" in sys.argv:
            document.write_text("".join(pieces) + text[at:])
    print(f"{count} examples, {wrong} wrong")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
