#!/usr/bin/env python3
"""Random merges of customers with links of every module: afterwards no record of any entity leads to one that is gone, nothing is lost that a
merge does not tell of, and undone, every record is what it was. `merge_random.py [rounds [seed]]`."""
import hashlib
import json
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from dice import SEED  # noqa: E402
from house import House  # noqa: E402
from kontor import Conflict  # noqa: E402
from stories import make  # noqa: E402

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 6
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else SEED
print(f"seed {SEED}", flush=True)
dice = random.Random(SEED)


class Company:
    def __init__(self, k):
        self.k, self.made = k, 0
        self.pln = make(k, "base.currency", code="PLN")
        make(k, "base.company", name="Wicher", currency=self.pln)
        k.call("finance.setup", {"chart": "polish"})
        self.items = [make(k, "base.item", code=f"I{i}", name=f"Item {i}", price=str(10 + i), currency=self.pln) for i in range(4)]
        self.tags = [make(k, "base.tag", name=f"tag {i}") for i in range(3)]
        self.segments = [make(k, "crm.segment", name=f"segment {i}") for i in range(2)]
        make(k, "crm.pipeline", name="Sales", initial=True, stages=[{"name": "New"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}])
        names = [e["name"] for e in k.call("system.describe")["entities"]]
        self.entities = [n for n in names if n.split(".")[0] in ("base", "crm", "finance", "logistics", "hr", "script", "production")]
        entities = [e for at in range(0, len(self.entities), 20) for e in k.call("system.describe", {"entities": self.entities[at:at + 20]})["entities"]]
        self.links = [(e["name"], path) for e in entities for path in self.paths(e["fields"])]

    def paths(self, fields, prefix=""):
        """Every field that leads to a party, those of lines too."""
        for field in fields:
            if field.get("fields"):
                yield from self.paths(field["fields"], f"{prefix}{field['name']}.")
            elif field.get("target") == "base.party":
                yield prefix + field["name"]

    def party(self):
        self.made += 1
        pick = lambda *values: dice.choice(values)
        values = {"name": f"Firm {dice.randrange(5)}", "industry": pick(None, "bikes", "sport"), "notes": pick(None, f"note {self.made}"), "is_customer": pick(True, False),
                  "external_id": pick(None, f"shop-{self.made}"), "tags": dice.sample(self.tags, dice.randrange(3)), "position": pick(None, "owner", "buyer"),
                  "contacts": [{"kind": "phone", "value": f"6010000{dice.randrange(10)}0"}] * dice.randrange(2),
                  "addresses": [{"use": "main", "city": pick("Toruń", "Łódź")}] * dice.randrange(2)}
        return make(self.k, "base.party", **{n: v for n, v in values.items() if v is not None})

    def link(self, party, other):
        """Something that leads to the party, of any module."""
        self.made += 1
        n, lines = self.made, [{"item": dice.choice(self.items), "quantity": str(dice.randint(1, 5))}]
        free = [{"name": "Bell", "quantity": "1", "price": "10"}]
        confirmed = lambda: self.k.call("crm.order.confirm", {"id": make(self.k, "crm.order", party=party, lines=free)})
        posted = lambda: self.k.call("finance.invoice.post", {"id": make(self.k, "finance.invoice", kind="sale", party=party, lines=free)})
        dice.choice([
            lambda: make(self.k, "crm.lead", title=f"L{n}", party=party),
            lambda: make(self.k, "crm.deal", title=f"D{n}", party=party, contact=other, parties=[{"party": other, "role": "payer"}, {"party": party, "role": "user"}]),
            lambda: make(self.k, "crm.activity", kind="call", subject=f"A{n}", party=party, contact=other),
            lambda: make(self.k, "crm.quotation", party=party, bill_to=other, lines=lines),
            lambda: make(self.k, "crm.order", party=other, ship_to=party, lines=lines),
            confirmed, posted,
            lambda: make(self.k, "crm.order_template", name=f"T{n}", party=party, lines=lines),
            lambda: make(self.k, "crm.request", subject=f"R{n}", party=party),
            lambda: make(self.k, "crm.call", phone=f"60200{n:04}", party=party),
            lambda: make(self.k, "crm.consent", party=party, purpose=f"purpose {n}"),
            lambda: make(self.k, "crm.interest", party=party, item=self.items[n % 4], kind=dice.choice(["viewed", "put_aside"])),
            lambda: make(self.k, "crm.segment_member", segment=dice.choice(self.segments), party=party),
            lambda: make(self.k, "crm.price_list", name=f"P{n}", currency=self.pln, parties=[party, other]),
            lambda: make(self.k, "base.task", title=f"K{n}", party=party, about={"entity": "base.party", "id": other}),
            lambda: make(self.k, "base.note", text=f"N{n}", about={"entity": "base.party", "id": party}),
            lambda: make(self.k, "base.relation", party=party, other=other, role=f"role {n}"),
            lambda: make(self.k, "logistics.supplier_price", party=party, item=dice.choice(self.items), price=str(n), currency=self.pln),
        ])()

    def records(self):
        """Every record of every module, without versions and stamps of the last change."""
        def plain(value):
            if isinstance(value, dict):
                return {n: plain(v) for n, v in value.items() if n not in ("version", "updated_at", "updated_by", "allowed_actions")}
            return [plain(v) for v in value] if isinstance(value, list) else value
        return {entity: [plain(self.k.get(entity, row["id"])) for row in self.k.each(entity, fields=["id"])] for entity in self.entities}

    def leading_to(self, records, ids):
        """Where a record names one of these parties: by a field of its own, of a line, or as a record of any entity."""
        def values(value, path):
            if isinstance(value, list):
                return [one for part in value for one in values(part, path)]
            if not path:
                return [value]
            return values(value.get(path[0]), path[1:]) if isinstance(value, dict) else []
        def anywhere(value):
            if isinstance(value, dict):
                return value.get("entity") == "base.party" and value.get("id") in ids or any(anywhere(v) for v in value.values())
            return isinstance(value, list) and any(anywhere(v) for v in value)
        found = [(entity, path, row["id"]) for entity, path in self.links for row in records[entity] if set(ids) & {v for v in values(row, path.split(".")) if isinstance(v, int)}]
        return found + [(entity, "*", row["id"]) for entity, rows in records.items() for row in rows if anywhere(row)]


def hashes(records):
    return {entity: hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest() for entity, rows in records.items()}


def one_round(c, k, n):
    parties = [c.party() for _ in range(dice.randint(3, 6))]
    for _ in range(24):
        try:
            c.link(*dice.sample(parties, 2))
        except Conflict:  # the dice made the same thing twice
            pass
    into, *gone = dice.sample(parties, dice.randint(2, len(parties)))
    known = c.records()
    before = hashes(known)
    assert c.leading_to(known, gone), "nothing leads to what goes: the test would prove nothing"
    told = k.call("base.party.merge", {"into": into, "ids": gone, "keep": True}, unit=f"merge-{n}")
    now = c.records()
    left = c.leading_to(now, gone)
    assert not left, f"still lead to what is gone: {left}"
    for entity in c.entities:
        lost = len(known[entity]) - len(now[entity])
        expected = len(gone) if entity == "base.party" else told["dropped"].get(entity, 0)
        assert lost == expected, f"{entity}: {lost} went, the merge tells of {expected}"
    if dice.random() < 0.7:
        undone = k.call("journal.revert", {"unit": f"merge-{n}"})
        assert undone["conflicts"] == [], undone["conflicts"]
        again = hashes(c.records())
        assert again == before, f"not what they were: {[e for e in before if before[e] != again[e]]}"
    return sum(told["repointed"].values())


with House(modules="base,crm,finance,logistics,production,hr,script") as house:
    kontor = house.client()
    company = Company(kontor)
    repointed = sum(one_round(company, kontor, n) for n in range(ROUNDS))
    found = kontor.call("system.check", {})
    assert found["sound"], found
print(f"{ROUNDS} merges, {repointed} links re-pointed over {len(company.links)} kinds of link")
