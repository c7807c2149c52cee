#!/usr/bin/env python3
"""Random files of customers and deals, over and over the same records: what an import leaves is what a mirror in thirty lines says,
a rehearsal foretells it and changes nothing, rows with problems are all named and leave nothing, undone in the other order every record
is what it was, and the store is sound. `import_random.py [rounds [seed]]`."""
import csv
import hashlib
import io
import json
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from dice import SEED  # noqa: E402
from house import House  # noqa: E402

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 8
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else SEED
print(f"seed {SEED}", flush=True)
dice = random.Random(SEED)
STAGES = [{"name": "New"}, {"name": "Offer"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}]
KEYS = {"by id": ("external_id", "external_id"), "by telephone": ("contacts[kind=phone].normal", "phone"), "by tax id": ("tax_id", "tax_id")}
TAX_IDS = ["5260250274", "5260001246", "7740001454", "5213017228", "5272525995"]


def written(digits):
    """A telephone number as somebody might write it."""
    return dice.choice([digits, f"+48 {digits[:3]} {digits[3:6]} {digits[6:]}", f"0048{digits}", f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"])


def ended(k, job):
    while job["state"] in ("queued", "running"):
        time.sleep(0.02)
        job = k.call("job.get", {"id": job["id"]})
    return job


def table(rows, columns):
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, delimiter=dice.choice(",;\t"), lineterminator=dice.choice(["\n", "\r\n"]))
    writer.writeheader()
    writer.writerows(rows)
    return dice.choice(["", "\ufeff"]) + out.getvalue()


class Mirror:
    """What should be there: parties by a number of our own, each a dict of what files say."""

    def __init__(self):
        self.parties, self.made = {}, 0

    def copy(self):
        other = Mirror()
        other.parties, other.made = {n: dict(p) for n, p in self.parties.items()}, self.made
        return other

    def find(self, key, value):
        return [n for n, p in self.parties.items() if value and p.get(key) == value]

    def take(self, key, row):
        """The number of who the row is of: created, updated, unchanged or refused."""
        found = self.find(key, row.get(key))
        if len(found) > 1 or row["industry"] == "x" * 300 or not (row["name"] or found):
            return "refused"
        others = [n for n in self.find("external_id", row.get("external_id")) if n not in found]
        if others:  # an external id has one record
            return "refused"
        if not found:
            self.made += 1
            self.parties[self.made] = {n: v for n, v in row.items() if v}
            return "created"
        party = self.parties[found[0]]
        before = dict(party)
        for name, value in row.items():
            if name == "written" and key == "phone":  # what the row was found by stays as it is written
                continue
            if value:
                party[name] = value
            elif name not in ("phone", "written"):  # an empty cell empties its field; of a list it says nothing
                party.pop(name, None)
        return "unchanged" if party == before else "updated"


def random_row(mirror):
    """Often one that is there already, known by one thing or another."""
    n = dice.randrange(40)
    old = dict(dice.choice(list(mirror.parties.values()))) if mirror.parties and dice.random() < 0.6 else {}
    row = {"external_id": old.get("external_id") or dice.choice(["", f"old-{n}"]), "name": f"Firm {n}", "phone": old.get("phone") or dice.choice(["", f"60{n:07}"]),
           "tax_id": old.get("tax_id") or dice.choice(["", "", dice.choice(TAX_IDS)]), "industry": dice.choice(["", "bikes", "parts", "x" * 300 if dice.random() < 0.1 else "frames"])}
    row = {n: (v if n in ("name", "industry") or dice.random() < 0.8 else "") for n, v in row.items()}
    return {**row, "written": written(row["phone"]) if row["phone"] else ""}  # the same number written otherwise is a change


def seen(k):
    rows = k.list("base.party", [["industry", "is_null", False]], limit=500, fields=["external_id", "name", "tax_id", "industry", "contacts"])["rows"]
    rows += k.list("base.party", [["industry", "is_null", True]], limit=500, fields=["external_id", "name", "tax_id", "industry", "contacts"])["rows"]
    plain = [{"external_id": r["external_id"], "name": r["name"], "tax_id": r["tax_id"], "industry": r["industry"],
              "phone": next((c["normal"].removeprefix("48") for c in r["contacts"] if c["kind"] == "phone"), None)} for r in rows]
    return sorted(json.dumps({n: v for n, v in r.items() if v}, sort_keys=True) for r in plain)


def state(k):
    """Everything of every party and deal but when it was last touched, each with its hash."""
    rows = [(e, row["id"], {n: v for n, v in k.get(e, row["id"]).items() if n not in ("version", "updated_at", "updated_by")})
            for e in ("base.party", "crm.deal") for row in k.each(e, fields=["id"])]
    return {(e, n): (hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest(), row) for e, n, row in rows}


def one_file(k, mirror):
    way, (field, key) = dice.choice(list(KEYS.items()))
    after, counts, rows = mirror.copy(), {"created": 0, "updated": 0, "unchanged": 0, "refused": 0}, []
    for _ in range(dice.randrange(1, 30)):
        row = random_row(after)
        counts[after.take(key, row)] += 1
        rows.append({**{n: v for n, v in row.items() if n != "written"}, "phone": row["written"]})
    mapping = {"key": field, "columns": [{"title": "phone", "field": "contacts[kind=phone].value"}]}
    params = {"text": table(rows, ["external_id", "name", "phone", "tax_id", "industry"]), "entity": "base.party", "mapping": mapping, "problems": "skip"}
    before = state(k)
    rehearsed = ended(k, k.call("import.start", {**params, "rehearse": True}))
    assert state(k) == before, "a rehearsal changed something"
    job = ended(k, k.call("import.start", params))
    for ran in (rehearsed, job):
        result = ran["result"]
        got = {"created": result["created"], "updated": result["updated"], "unchanged": result["unchanged"], "refused": result["failed"]}
        if ran is rehearsed:  # what a rehearsal would have made it cannot compare: changed or not is one
            got["updated"], got["unchanged"] = got["updated"] + got["unchanged"], 0
            assert got == {**counts, "updated": counts["updated"] + counts["unchanged"], "unchanged": 0}, (way, "rehearsed", got, counts, rows)
        else:
            assert got == counts, (way, got, counts, rows)
    problems = {p["row"] for p in k.call("job.problems", {"id": job["id"]})["problems"]}
    assert len(problems) == counts["refused"], (way, problems, counts)
    wanted = sorted(json.dumps({n: v for n, v in p.items() if v and n != "written"}, sort_keys=True) for p in after.parties.values())
    assert seen(k) == wanted, (way, [r for r in seen(k) if r not in wanted], [r for r in wanted if r not in seen(k)])
    return after, job, before


def deals_file(k, mirror):
    """Several rows a deal, with the customers of the last file; twice is once."""
    parties = k.list("base.party", [["external_id", "is_null", False]], limit=50, fields=["external_id"])["rows"]
    rows = []
    for n in range(dice.randrange(1, 8)):
        head = {"external_id": f"deal-{dice.randrange(12)}-{n}", "title": f"Deal {n}", "party": dice.choice(parties)["external_id"] if parties else "", "stage": dice.choice(["New", "Offer", "Won"])}
        rows += [{**head, "product": f"Part {i}", "price": f"{dice.randrange(1, 9999) / 100:.2f}", "quantity": str(dice.randint(1, 9))} for i in range(dice.randint(1, 4))]
    mapping = {"columns": [{"title": "party", "field": "party.external_id"}, {"title": "stage", "field": "stage_name"}, {"title": "product", "field": "lines[].name"},
                           {"title": "price", "field": "lines[].price"}, {"title": "quantity", "field": "lines[].quantity"}]}
    params = {"text": table(rows, ["external_id", "title", "party", "stage", "product", "price", "quantity"]), "entity": "crm.deal", "mapping": mapping}
    before = state(k)
    job = ended(k, k.call("import.start", params))
    assert job["state"] == "done", (job, k.call("job.problems", {"id": job["id"]}))
    for external_id in {r["external_id"] for r in rows}:
        own = [r for r in rows if r["external_id"] == external_id]
        deal = k.get("crm.deal", external_id=external_id)
        cents = sum(round(float(r["price"]) * 100) * int(r["quantity"]) for r in own)
        assert (deal["stage_name"], len(deal["lines"]), round(float(deal["amount"]) * 100)) == (own[0]["stage"], len(own), cents), (deal, own)
    again = ended(k, k.call("import.start", params))["result"]
    assert (again["created"], again["updated"]) == (0, 0), again
    return job, before


def main():
    done = 0
    with House(modules="base,crm") as house:
        k = house.client()
        k.create("base.currency", {"code": "PLN"})
        k.create("crm.pipeline", {"name": "Sales", "initial": True, "stages": STAGES})
        mirror = Mirror()
        for _ in range(ROUNDS):
            taken = []
            start = mirror
            for _ in range(dice.randint(1, 4)):
                mirror, job, before = one_file(k, mirror)
                taken.append((job, before))
            if dice.random() < 0.7:
                taken.append(deals_file(k, mirror))
            done += len(taken)
            if dice.random() < 0.6:
                for job, before in reversed(taken):
                    undone = ended(k, k.call("import.undo", {"job": job["id"]}))
                    assert undone["state"] == "done" and not undone["problems"], (undone, k.call("job.problems", {"id": undone["id"]}))
                    now = state(k)
                    assert now == before, ("undone, but not what it was", [(n, now.get(n), before.get(n)) for n in {*now, *before} if now.get(n) != before.get(n)])
                mirror = start
        found = k.call("system.check", {})
        assert found["sound"], found
    print(f"{done} files, {len(mirror.parties)} customers in the end")


if __name__ == "__main__":
    main()
