#!/usr/bin/env python3
"""The CRM at its full size: a million parties with telephones, addresses and tax ids, half a million deals of five years with
their stage history, activities and orders. Measures what people wait for and prints the table of docs/performance.md.

  bench/customer.py [--build build/check] [--parties 1000000] [--deals 500000] [--keep DIR] [--only PART,..]

--keep DIR fills the data there once and uses it again. Parts: card duplicates search funnel segments import. Each figure is told
as its caller saw it and in processor time of the server, which neighbours on the machine move least."""
import argparse
import datetime
import json
import math
import os
import pathlib
import random
import shutil
import statistics
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--build", default="build/check")
parser.add_argument("--parties", type=int, default=1_000_000)
parser.add_argument("--deals", type=int, default=500_000)
parser.add_argument("--keep")
parser.add_argument("--only", default="card,duplicates,search,funnel,segments,import")
args = parser.parse_args()
os.environ["KONTOR_BUILD"] = str(pathlib.Path(args.build).resolve())
sys.path.insert(0, str(ROOT / "tests"))
from house import PASSWORD, House  # noqa: E402

USERS, TEAM, ITEMS, YEARS, CHUNK = 40, 5, 500, 5, 800
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
FIRST = "Adam Anna Barbara Bartosz Celina Daria Dawid Edyta Ewa Filip Gabriela Grzegorz Hanna Igor Irena Jacek Jan Joanna Kamil Karolina Łukasz Marek Marta Michał Nina Olga Paweł Piotr Rafał Renata Sylwia Tomasz Urszula Wanda Wojciech Zofia".split()
STEMS = "Kowal Nowa Wiśniew Wójci Kamiń Lewandow Zieliń Szymań Woźnia Dąbrow Kozłow Jankow Mazur Krawczy Piotrow Grabow Nowakow Pawłow Michal Król Wieczor Jabłoń Wróblew Dudzi Adamczy Malinow Sikor Walcza Bara Rutkow Ostrow Tomaszew Pietrza Marcinia Wróbel Zalew Jakubow Sadow Chmielew Włodarczy".split()
ENDINGS = "ski czyk ak ewicz ek ka ik owicz".split()
MAKES = "Bud Metal Rol Agro Eko Trans Elektro Drew Auto Termo Hydro Mebl Plast Tech Foto Inter Poli Nord Bio Alu".split()
TRADES = "ex pol max tech mix stal bud system serwis handel instal projekt".split()
CITIES = "Toruń Gdańsk Łódź Kraków Poznań Wrocław Lublin Szczecin Katowice Białystok Kielce Rzeszów Opole Olsztyn Gliwice Elbląg Płock Tarnów Żory Świdnica".split()
FORMS = ["sp. z o.o.", "S.A.", "s.c.", "sp. j.", "i Synowie"]
STAGES = [{"name": "New", "probability": "10"}, {"name": "Contacted", "probability": "25"}, {"name": "Offered", "probability": "50"},
          {"name": "Negotiation", "probability": "75"}, {"name": "Won", "semantic": "won", "probability": "100"},
          {"name": "Lost", "semantic": "lost", "probability": "0"}]


# ---- What is filled in: the same for the same number, whenever it is asked for ----

def dice(kind, n):
    return random.Random(f"{kind} {n}")


def tax_id(n):
    digits = f"{100_000_000 + n * 37 % 899_999_999:09}"
    sum_ = sum(int(d) * w for d, w in zip(digits, (6, 5, 7, 2, 3, 4, 5, 6, 7))) % 11
    return digits + str(sum_) if sum_ < 10 else None


def name_of(r, is_person):
    surname = r.choice(STEMS) + r.choice(ENDINGS)
    if is_person:
        return f"{r.choice(FIRST)} {surname}"
    return f"{r.choice(MAKES)}{r.choice(TRADES)} {r.choice([surname, r.choice(CITIES)])} {r.choice(FORMS)}"


def party(n, users):
    r = dice("party", n)
    is_person = r.random() < 0.3
    made = {"external_id": f"p{n}", "name": name_of(r, is_person), "kind": "person" if is_person else "organisation", "owner": r.choice(users),
            "is_customer": r.random() < 0.8, "industry": f"branch {r.randrange(40)}",
            "contacts": [{"kind": "phone", "value": f"+48 {500_000_000 + n}"}, {"kind": "email", "value": f"office{n}@firm{n % 90_000}.example"}],
            "addresses": [{"street": f"Polna {r.randrange(1, 200)}", "city": r.choice(CITIES), "postal_code": f"{r.randrange(100):02}-{r.randrange(1000):03}"}]}
    number = None if is_person else tax_id(n)
    return {**made, "tax_id": number} if number else made


def some_party(r, parties):
    """Some have very much to do with us, most have little."""
    return parties[int(len(parties) * r.random() ** 3)]


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def deal(n, w):
    r = dice("deal", n)
    at = NOW - datetime.timedelta(seconds=r.randrange(YEARS * 365 * 86400))
    created, owner, stage, moves = at, r.choice(w["users"]), 0, []
    while at < NOW:
        moves.append({"at": stamp(at), "pipeline": w["pipeline"], "stage": w["stages"][stage], "stage_name": STAGES[stage]["name"], "by": owner,
                      "semantic": STAGES[stage].get("semantic", "open")})
        if stage > 3:
            break
        at += datetime.timedelta(seconds=r.randrange(3600, 20 * 86400))
        stage = 5 if r.random() < 0.18 else stage + 1
    made = {"external_id": f"d{n}", "title": f"Deal {n} of {r.choice(MAKES)}", "party": some_party(r, w["parties"]), "pipeline": w["pipeline"], "currency": w["currency"],
            "amount": f"{r.randrange(100, 900_000)}.00", "owner": owner, "source": r.choice(["web", "fair", "call", "partner"]),
            "stage": moves[-1]["stage"], "history": moves, "created_at": stamp(created)}
    return {**made, "lost_reason": r.choice(["price", "time", "silence"])} if moves[-1]["semantic"] == "lost" else made


def activity(n, w):
    r = dice("activity", n)
    at = stamp(NOW - datetime.timedelta(seconds=r.randrange(YEARS * 365 * 86400)))
    state = {"state": "done", "done_at": at} if n % 20 else {"planned_at": stamp(NOW + datetime.timedelta(days=1 + n % 30))}
    return {"kind": r.choice(["call", "mail", "meeting"]), "subject": f"About {r.choice(MAKES)}", "party": some_party(r, w["parties"]), "owner": r.choice(w["users"]),
            "created_at": at, "text": "What was said, in a sentence or two, for whoever reads it later.", **state}


def order(n, w):
    r = dice("order", n)
    day = NOW - datetime.timedelta(days=r.randrange(YEARS * 365))
    return {"party": some_party(r, w["parties"]), "currency": w["currency"], "owner": r.choice(w["users"]), "day": day.date().isoformat(), "state": "confirmed",
            "created_at": stamp(day), "lines": [{"item": int(ITEMS * r.random() ** 2) + w["items"][0], "quantity": "2", "price": "49.00"} for _ in range(1 + n % 2)]}


def take(k, entity, count, make):
    """Brings count rows in, as a company that moves in does: with their times, authors and states. The ids."""
    ids, began = [], time.monotonic()
    for at in range(0, count, CHUNK):
        rows = [make(n) for n in range(at, min(at + CHUNK, count))]
        ids += k.call("import.run", {"entity": entity, "mode": "create", "rows": rows, "keep_authors": True})["ids"]
    spent = time.monotonic() - began
    print(f"  {count:,} of {entity} in {spent:.0f} s, {count / spent:,.0f} rows/s", flush=True)
    return ids


def roles(k):
    for name, scope in (("own", "own"), ("team", "team")):
        role = k.create("access.role", {"name": f"sales {name}", "grants": f"crm.deal: * @{scope}; crm.report: read; crm.pipeline: read; base.*: read; access.user: read"})["id"]
        yield name, role


def fill(k):
    w = {"currency": k.create("base.currency", {"code": "PLN"})["id"]}
    k.create("base.company", {"name": "Bench", "currency": w["currency"]})
    teams = [k.create("access.team", {"name": f"Team {i}"})["id"] for i in range(USERS // TEAM)]
    by_scope = dict(roles(k))
    w["users"] = []
    for n in range(USERS):
        user = k.create("access.user", {"name": f"user{n}", "full_name": f"User {n}", "teams": [teams[n // TEAM]], "roles": [by_scope["own" if n else "team"]]})["id"]
        w["users"].append(user)
        if n < 2:
            k.call("access.password", {"user": user, "new": PASSWORD})
    w["pipeline"] = k.create("crm.pipeline", {"name": "Sales", "initial": True, "stages": STAGES})["id"]
    w["stages"] = [stage["id"] for stage in k.get("crm.pipeline", w["pipeline"])["stages"]]
    unit = k.create("base.unit", {"code": "szt"})["id"]
    w["items"] = take(k, "base.item", ITEMS, lambda n: {"code": f"I{n}", "name": f"Item {n}", "unit": unit})
    w["parties"] = take(k, "base.party", args.parties, lambda n: party(n, w["users"]))
    take(k, "crm.deal", args.deals, lambda n: deal(n, w))
    take(k, "crm.activity", args.deals, lambda n: activity(n, w))
    take(k, "crm.order", args.deals * 2 // 5, lambda n: order(n, w))
    return w


# ---- Measuring ----

class Table:
    def __init__(self, house):
        self.house, self.rows = house, []

    def processor_s(self):
        threads = pathlib.Path(f"/proc/{self.house.process.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9

    def row(self, work, seen, processor, bar):
        self.rows.append((work, seen, processor, bar))
        print("  {:<66} {:>22} {:>22}  {}".format(*self.rows[-1]), flush=True)

    def calls(self, work, bar, call, params, at_99=True):
        """Each of params once, after a first round: nothing here is about a cold disk."""
        for p in params:
            call(p)
        seen, processor = [], []
        for p in params:
            began, at = self.processor_s(), time.perf_counter()
            call(p)
            seen.append((time.perf_counter() - at) * 1e3)
            processor.append((self.processor_s() - began) * 1e3)

        def figures(all_of_them):
            p99 = sorted(all_of_them)[math.ceil(len(all_of_them) * 0.99) - 1]
            return f"{statistics.median(all_of_them):.1f}" + (f", p99 {p99:.1f}" if at_99 else "") + " ms"
        self.row(work, figures(seen), figures(processor), bar)

    def markdown(self):
        lines = ["| work | seen | processor | bar |", "|---|---|---|---|"]
        return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in self.rows])


def cards(t, k, w):
    r = random.Random(1)
    some = [some_party(r, w["parties"]) for _ in range(300)]
    t.calls("card with timeline, of 300 customers", "≤ 5 ms", lambda p: k.call("crm.card", {"party": p}), some)
    t.calls("card of the busiest customers", "≤ 5 ms", lambda p: k.call("crm.card", {"party": p}), w["parties"][:50])


def duplicates(t, k, w):
    def probe(n):
        known = party(n, w["users"])
        name = known["name"][:3] + known["name"][4:]
        return {"name": name, "phone": known["contacts"][0]["value"].replace(" ", "-"), "email": known["contacts"][1]["value"].upper(),
                **({"tax_id": "PL" + known["tax_id"]} if known.get("tax_id") else {})}
    r = random.Random(2)
    some = [probe(r.randrange(args.parties)) for _ in range(300)]
    t.calls("duplicates by a misspelt name, telephone, e-mail, tax id", "≤ 5 ms", lambda p: k.call("base.party.duplicates", p), some)


def typed(r):
    """What the search line holds while somebody types a name, a telephone or a number."""
    n = r.randrange(args.parties)
    known = party(n, [1])
    text = r.choice([known["name"], known["name"].split()[-2], known["contacts"][0]["value"], known["contacts"][1]["value"], known.get("tax_id") or known["name"]])
    return [text[:length] for length in range(2, min(len(text), 14))]


def search(t, k, w):
    r = random.Random(3)
    some = [text for _ in range(60) for text in typed(r)]
    t.calls("search as you type: customers", "p99 ≤ 20 ms", lambda text: k.search(text, entities=["base.party"], limit=20), some)
    t.calls("search as you type: everything", "p99 ≤ 20 ms", lambda text: k.search(text, limit=20), some)


def funnels(t, k, w):
    year = {"from": (NOW - datetime.timedelta(days=365)).date().isoformat(), "to": NOW.date().isoformat()}
    for who, client in (("everything", k), ("the team's deals", t.house.client("user0")), ("own deals", t.house.client("user1"))):
        t.calls(f"funnel of a year, for who sees {who}", "≤ 100 ms", lambda p, client=client: client.call("crm.report.funnel", p), [year] * 15, at_99=False)


SEGMENTS = {
    "customers of an industry": [["is_customer", "=", True], ["industry", "=", "branch 7"]],
    "has an open deal": [["has", "crm.deal.party", [["semantic", "=", "open"]]]],
    "has an open deal above 500,000": [["has", "crm.deal.party", [["semantic", "=", "open"], ["amount", ">", "500000"]]]],
    "bought an item": [["has", "crm.order.party", [["lines.item", "=", 0], ["state", "in", ["confirmed", "closed"]]]]],
    "customers silent for 90 days": [["is_customer", "=", True], ["not", ["has", "crm.activity.party", [["done_at", ">=", "today-90"]]]]],
    "bought an item, silent for 90 days": [["has", "crm.order.party", [["lines.item", "=", 0]]], ["not", ["has", "crm.activity.party", [["done_at", ">=", "today-90"]]]]],
    "customers of an industry, no deal this year": [["is_customer", "=", True], ["industry", "=", "branch 7"], ["not", ["has", "crm.deal.party", [["created_at", ">=", "today-365"]]]]],
}


def segments(t, k, w):
    for name, condition in SEGMENTS.items():
        text = json.dumps(condition).replace('"lines.item", "=", 0', f'"lines.item", "=", {w["items"][250]}')
        at = {"filter": json.loads(text)}
        size = k.call("base.party.count", at)
        t.calls(f"segment: {name} ({size:,})", "≤ 50 ms", lambda p: k.call("base.party.count", p), [at] * 15, at_99=False)


def ended(k, job):
    while job["state"] in ("queued", "running"):
        time.sleep(0.05)
        job = k.call("job.get", {"id": job["id"]})
    if job["state"] != "done":
        raise RuntimeError(job)
    return job


def imports(t, k, w):
    rows = 100_000
    text = "external_id,name,kind,website\n" + "".join(f"x{n},Firma {n} Toruń,organisation,https://firma{n}.pl\n" for n in range(rows))
    request = urllib.request.Request(t.house.url + "/files", text.encode(), {"Authorization": f"Bearer {k.token}", "X-File-Name": "rows.csv"})
    with urllib.request.urlopen(request) as answer:
        file = json.load(answer)["id"]
    for what, bar, method, params in (("import of 100,000 rows, CSV", "≥ 20,000/s", "import.start", lambda: {"entity": "base.party", "file": file}),
                                      ("its undo", "≤ 20 s", "import.undo", lambda: {"job": job["id"]})):
        began, processor = time.monotonic(), t.processor_s()
        job = ended(k, k.call(method, params()))
        spent, processor = time.monotonic() - began, t.processor_s() - processor
        t.row(what, f"{spent:.1f} s, {rows / spent:,.0f}/s", f"{processor:.1f} s", bar)


PARTS = {"card": cards, "duplicates": duplicates, "search": search, "funnel": funnels, "segments": segments, "import": imports}


def main():
    folder = pathlib.Path(args.keep or tempfile.mkdtemp(prefix="kontor-bench-"))
    folder.mkdir(exist_ok=True)
    filled = folder / "filled.json"
    try:
        with House(data=folder / "data", modules="base,crm") as house:
            k = house.client()
            if not filled.exists():
                filled.write_text(json.dumps(fill(k)))
            w = json.loads(filled.read_text())
            t = Table(house)
            for part in args.only.split(","):
                PARTS[part](t, k, w)
            print(t.markdown())
    finally:
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
