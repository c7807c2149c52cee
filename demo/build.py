#!/usr/bin/env python3
"""Builds the demo company over the public bus: Wicher Rowery of Toruń, who make bicycles and sell them to shops, rental
firms, town halls and couriers in Poland and around it. Deterministic: the same size gives the same company. Every chunk
carries its key, so that an interrupted build goes on where it stopped."""

import argparse
import datetime
import pathlib
import random
import sys
import unicodedata

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "clients" / "python"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from kontor import Kontor  # noqa: E402
import names  # noqa: E402
from names import BIKES, PARTS, RATES, TODAY, ref  # noqa: E402
import books  # noqa: E402
import people  # noqa: E402
import sales  # noqa: E402
import service  # noqa: E402
import workshop  # noqa: E402
import works  # noqa: E402

YEARS = 2
SIZES = {"small": 1, "full": 100}
PARTIES, DEALS, LEADS = 640, 420, 260
PASSWORD = "Rower-2026"
STAFF = [("anna", "Anna", "Wicher", "f", "crm.sales_head", "sales"), ("marek", "Marek", "Sobczak", "m", "crm.sales", "sales"),
         ("ola", "Aleksandra", "Lis", "f", "crm.sales", "sales"), ("piotr", "Piotr", "Zawadzki", "m", "crm.sales", "export"),
         ("tereza", "Tereza", "Dvořáková", "f", "crm.sales", "export"), ("kasia", "Katarzyna", "Mróz", "f", "base.user", "office")]
DEPARTMENTS = [("company", "Wicher Rowery", None), ("trade", "Handel", "company"), ("sales", "Sprzedaż krajowa", "trade"),
               ("export", "Eksport", "trade"), ("office", "Biuro", "company"), ("hall", "Hala produkcyjna", "company")]
MORE_ROLES = {"crm.sales": "script.operator", "crm.sales_head": "script.lead", "base.user": "hr.manager"}
SELF_SERVICE, OF_HEADS = ("hr.employee", "insight.employee"), ("hr.head", "insight.head")
HEADS = [("trade", "anna"), ("export", "piotr")]
STAGES = [("Nowa", "open", "10"), ("Rozmowa o potrzebach", "open", "25"), ("Oferta", "open", "50"), ("Negocjacje", "open", "70"),
          ("Wygrana", "won", "100"), ("Przegrana", "lost", "0")]
SOURCES = ["targi Rowertour", "polecenie", "strona WWW", "telefon", "kampania wiosenna", "stały klient"]
LOST = ["za drogo", "za długi termin", "wybrali konkurencję", "rezygnacja z inwestycji", "brak odpowiedzi"]
UNITS = [("szt", "piece", "sztuka", "count", "1", "pcs"), ("para", "pair", "para", "count", "2", "pairs"), ("kpl", "set", "komplet", "count", "1", "sets"),
         ("kg", "kilogram", "kilogram", "mass", "1"), ("g", "gram", "gram", "mass", "0.001"), ("m", "metre", "metr", "length", "1"),
         ("godz", "hour", "godzina", "time", "1", "h"), ("min", "minute", "minuta", "time", "0.016666667")]
def ascii_of(text):
    flat = unicodedata.normalize("NFKD", text.replace("ł", "l").replace("Ł", "L").replace("ß", "ss"))
    return "".join(c for c in flat if not unicodedata.combining(c)).lower()


class Builder:
    def __init__(self, kontor, size, quiet):
        self.k, self.factor, self.quiet = kontor, SIZES[size], quiet
        self.random = random.Random(1946)
        self.taken = set()

    # ---- talking

    def load(self, entity, rows, what, chunk=500):
        def progress(done, total):
            if not self.quiet:
                end = "\n" if done == total or not sys.stdout.isatty() else "\r"
                if done == total or sys.stdout.isatty():
                    print(f"  {what}: {done} of {total}", end=end, flush=True)
        self.k.import_rows(entity, rows, chunk=chunk, key=f"demo-{self.factor}-{what}", progress=progress,
                           keep_authors=any("created_at" in row for row in rows))
        return rows

    # ---- numbers that check

    def nip(self):
        while True:
            digits = [self.random.randint(1, 9)] + [self.random.randint(0, 9) for _ in range(8)]
            check = sum(d * w for d, w in zip(digits, (6, 5, 7, 2, 3, 4, 5, 6, 7))) % 11
            text = "".join(map(str, digits + [check]))
            if check < 10 and text not in self.taken:
                self.taken.add(text)
                return text

    def regon(self):
        digits = [self.random.randint(0, 9) for _ in range(8)]
        check = sum(d * w for d, w in zip(digits, (8, 9, 2, 3, 4, 5, 6, 7))) % 11 % 10
        return "".join(map(str, digits + [check]))

    def iban(self):
        account = "".join(str(self.random.randint(0, 9)) for _ in range(24))
        check = 98 - int(account + "2521" + "00") % 97
        return f"PL{check:02d}{account}"

    # ---- people, firms, places

    def country(self):
        return self.random.choices(["PL", "CZ", "SK", "DE", "LT", "UA"], [80, 7, 4, 4, 3, 2])[0]

    def person_name(self, country):
        gender = self.random.choice("mf")
        first = self.random.choice(names.FIRST[country][gender].split())
        last = self.random.choice(names.LAST_PL if country == "PL" else names.LAST[country])["mf".index(gender)]
        return first, last, gender

    def address(self, country, use="main"):
        city = self.random.choices(names.CITIES[country], [c[6] for c in names.CITIES[country]])[0]
        spread = lambda degrees: f"{float(degrees) + self.random.uniform(-0.04, 0.04):.6f}"
        prefix = city[3]
        tail = f"-{self.random.randint(0, 999):03d}" if country == "PL" else "".join(str(self.random.randint(0, 9)) for _ in range(5 - len(prefix)))
        street = self.random.choice(names.STREETS[country])
        number = str(self.random.randint(1, 140)) + self.random.choice(["", "", "", "a", "/4", "/12"])
        line = f"ul. {street} {number}" if country == "PL" else f"{street} {number}"
        return {"use": use, "street": line, "city": city[0], "postal_code": prefix + tail, "region_name": city[5],
                "country": ref(country), "latitude": spread(city[1]), "longitude": spread(city[2])}, city

    def phone(self, country, city):
        code = {"PL": "48", "CZ": "420", "SK": "421", "DE": "49", "LT": "370", "UA": "380"}[country]
        if self.random.random() < 0.6:
            return f"+{code} {self.random.randint(500, 799)} {self.random.randint(100, 999)} {self.random.randint(100, 999)}", "mobile"
        return f"+{code} {city[4]} {self.random.randint(200, 999)} {self.random.randint(10, 99)} {self.random.randint(10, 99)}", "work"

    def mail(self, local, domain):
        base = f"{ascii_of(local).replace(' ', '.')}@{domain}"
        mail, n = base, 1
        while mail in self.taken:
            n += 1
            mail = base.replace("@", f"{n}@")
        self.taken.add(mail)
        return mail

    def created(self, first=None):
        day = TODAY - datetime.timedelta(days=self.random.randint(first or 1, 365 * YEARS))
        return datetime.datetime(day.year, day.month, day.day, self.random.randint(6, 15), self.random.randint(0, 59))

    def organisation(self, n):
        country = self.country()
        address, city = self.address(country)
        supplier = self.random.random() < 0.15
        if supplier:
            name = self.random.choice(names.MAKER_A) + self.random.choice(names.MAKER_B)
        else:
            name = f"{self.random.choice(names.SHOP_A)} {self.random.choice(names.SHOP_B)}"
            if self.random.random() < 0.5:
                name += f" {city[0]}"
        legal = self.random.choice(names.LEGAL[country])
        full = f"{name} {legal}".strip()
        while full in self.taken:
            full = f"{name} {self.random.choice(names.STREETS['PL'])} {legal}".strip()
            if full in self.taken:
                name += " " + self.random.choice(names.SHOP_B)
        self.taken.add(full)
        domain = ascii_of(name).replace(" ", "-") + "." + {"PL": "pl", "CZ": "cz", "SK": "sk", "DE": "de", "LT": "lt", "UA": "ua"}[country]
        phone, use = self.phone(country, city)
        row = {"external_id": f"demo-o{n}", "name": full, "kind": "organisation", "legal_name": full, "is_customer": not supplier,
               "is_supplier": supplier, "owner": ref("demo-" + self.random.choice(STAFF[:5] if country == "PL" else STAFF[3:5])[0]),
               "website": f"https://www.{domain}.example", "language": "pl" if country == "PL" else "en",
               "contacts": [{"kind": "phone", "use": use, "value": phone, "primary": True},
                            {"kind": "email", "use": "work", "value": self.mail("biuro", domain + ".example"), "primary": True}],
               "addresses": [address], "created_at": self.created(30).isoformat() + "Z"}
        if country == "PL":
            row.update(tax_id=self.nip(), regon=self.regon(),
                       bank_accounts=[{"iban": self.iban(), "currency": ref("PLN")}])
        if supplier:
            row["credit_rating"] = self.random.randint(1, 5)
        if self.random.random() < 0.3:
            row["addresses"].append(self.address(country, "shipping")[0])
        return row, country, domain, city

    def person(self, n, country, employer=None):
        first, last, gender = self.person_name(country)
        domain = employer[2] + ".example" if employer else "poczta.example"
        city = employer[3] if employer else self.random.choice(names.CITIES[country])
        phone, _ = self.phone(country, city)
        row = {"external_id": f"demo-p{n}", "name": f"{first} {last}", "kind": "person", "first_name": first, "last_name": last,
               "gender": "female" if gender == "f" else "male", "email_consent": self.random.randint(0, 2), "is_customer": employer is None,
               "owner": ref("demo-" + self.random.choice(STAFF[:5])[0]),
               "contacts": [{"kind": "phone", "use": "mobile", "value": phone, "primary": True},
                            {"kind": "email", "use": "work" if employer else "home", "value": self.mail(f"{first} {last}", domain)}],
               "created_at": self.created(30).isoformat() + "Z"}
        if employer:
            row["position"] = self.random.choices([p[0] for p in names.PROFESSIONS], [p[1] for p in names.PROFESSIONS])[0]
            row["parent"] = ref(employer[0]["external_id"])
        else:
            row["addresses"] = [self.address(country, "home")[0]]
        return row

    # ---- the company, step by step

    def basics(self):
        self.load("base.currency", [{"external_id": code, "code": code, "name": name, "decimals": 2, "symbol": symbol} for code, name, symbol in (
            ("PLN", "złoty", "zł"), ("EUR", "euro", "€"), ("CZK", "koruna česká", "Kč"), ("USD", "US dollar", "$"), ("UAH", "hrywna", "₴"))], "currencies")
        self.load("base.country", [{"external_id": code, "code": code, "name": en, "name_pl": pl, "eu": code != "UA"} for code, en, pl in (
            ("PL", "Poland", "Polska"), ("CZ", "Czechia", "Czechy"), ("SK", "Slovakia", "Słowacja"), ("DE", "Germany", "Niemcy"),
            ("LT", "Lithuania", "Litwa"), ("UA", "Ukraine", "Ukraina"))], "countries")
        self.load("base.company", [{"external_id": "demo-wicher", "name": "Wicher Rowery", "legal_name": "Wicher Rowery sp. z o.o.", "tax_id": self.nip(),
                                    "regon": self.regon(), "currency": ref("PLN"), "zone": "Europe/Warsaw", "lang": "pl", "street": "ul. Rowerowa 7",
                                    "postal_code": "87-100", "city": "Toruń", "country": ref("PL"), "email": "biuro@wicher-rowery.example",
                                    "phone": "+48 56 555 01 20", "website": "www.wicher-rowery.example",
                                    "bank_accounts": [{"iban": "PL61109010140000071219812874", "bank": "Bank Toruński", "currency": ref("PLN")},
                                                      {"iban": "PL27114020040000300201355387", "bank": "Bank Toruński", "currency": ref("EUR")}]}], "company")
        self.load("base.unit", [{"external_id": f"demo-{c}", "code": c, "name": en, "name_pl": pl, "category": cat, "factor": f, **({"rounding": "1"} if cat == "count" else {}), **({"symbol": symbol[0]} if symbol else {})}
                                for c, en, pl, cat, f, *symbol in UNITS], "units")
        items = [("R", i + 1, name, price, "good") for i, (name, price) in enumerate(BIKES)] + \
                [("C", i + 1, name, price, "good") for i, (name, price) in enumerate(PARTS)]
        self.load("base.item", [{"external_id": f"demo-{kind}{n}", "code": f"{kind}{n:03d}", "name": name, "unit": ref("demo-szt"), "sold": True,
                                 "made": kind == "R", "bought": kind == "C", "price": f"{price}.00", "currency": ref("PLN")}
                                for kind, n, name, price, _ in items], "items")
        day, rows, rates = TODAY - datetime.timedelta(days=365 * YEARS), [], dict(RATES)
        while day <= TODAY:
            if day.weekday() < 5:
                for code in rates:
                    rates[code] *= 1 + self.random.uniform(-0.004, 0.004)
                    rows.append({"external_id": f"demo-{code}-{day}", "currency": ref("PLN"), "base": ref(code), "day": day.isoformat(),
                                 "rate": f"{rates[code]:.4f}"})
            day += datetime.timedelta(days=1)
        self.load("base.currency_rate", rows, "currency rates")

    def staff(self):
        self.load("access.department", [{"external_id": f"demo-{c}", "name": name, **({"parent": ref(f"demo-{up}")} if up else {})}
                                        for c, name, up in DEPARTMENTS], "departments")
        roles = {r["name"]: r["id"] for r in self.k.each("access.role", fields=["id", "name"])}
        self.load("access.user", [{"external_id": f"demo-{login}", "name": login, "full_name": f"{first} {last}", "lang": "pl", "active": True,
                                   "email": f"{login}@wicher.example", "department": ref(f"demo-{department}"),
                                   "roles": [roles[r] for r in (role, "base.user", MORE_ROLES.get(role), *SELF_SERVICE,
                                                                *(OF_HEADS if login in dict(HEADS).values() else ())) if r in roles]}
                                  for login, first, last, _, role, department in STAFF], "staff")
        for login, *_ in STAFF:
            user = self.k.get("access.user", external_id=f"demo-{login}", fields=["id"])["id"]
            self.k.call("access.password", {"user": user, "new": PASSWORD})
        self.load("access.department", [{"external_id": f"demo-{c}", "head": ref(f"demo-{login}")} for c, login in HEADS], "heads")

    def pipeline(self):
        self.load("crm.pipeline", [{"external_id": "demo-sales", "name": "Sprzedaż", "stages": [
            {"name": name, "semantic": semantic, "probability": probability, "position": i + 1, "colour": colour} for i, ((name, semantic, probability), colour)
            in enumerate(zip(STAGES, ("#8aa4c8", "#6f9bd1", "#4f8fd9", "#3a7ad0", "#2e9e5b", "#b0453f")))]}], "pipeline")
        row = self.k.get("crm.pipeline", external_id="demo-sales")
        self.stages = [(line["id"], line["name"], line["semantic"], line["probability"]) for line in row["stages"]]

    def parties(self):
        firms = [self.organisation(n) for n in range(PARTIES * 5 // 8 * self.factor)]
        self.load("base.party", [firm[0] for firm in firms], "firms")
        people, n = [], 0
        for firm in firms:
            if self.random.random() < 0.45:
                people.append((self.person(n, firm[1], firm), firm))
                n += 1
        while len(firms) + len(people) < PARTIES * self.factor:
            people.append((self.person(n, self.country()), None))
            n += 1
        self.load("base.party", [p for p, _ in people], "people")
        self.load("base.relation", [{"external_id": "demo-r" + p["external_id"][6:], "party": ref(firm[0]["external_id"]), "other": ref(p["external_id"]),
                                     "role": p["position"]} for p, firm in people if firm], "relations")
        self.customers = [f for f in firms if f[0]["is_customer"]]

    def leads(self):
        rows = []
        for n in range(LEADS * self.factor):
            country = self.country()
            first, last, _ = self.person_name(country)
            _, city = self.address(country)
            at = self.created()
            old = (TODAY - at.date()).days > 45
            state = self.random.choices(["new", "contacted", "qualified", "unqualified"], [1, 2, 3, 4] if old else [6, 3, 2, 1])[0]
            row = {"external_id": f"demo-l{n}", "title": f"Zapytanie: {self.random.choice(names.TOPICS)}", "name": f"{first} {last}", "state": state,
                         "company_name": f"{self.random.choice(names.SHOP_A)} {city[0]}", "phone": self.phone(country, city)[0],
                         "email": self.mail(f"{first} {last}", "zapytania.example"), "source": self.random.choice(SOURCES),
                         "owner": ref("demo-" + self.random.choice(STAFF[:5])[0]), "created_at": at.isoformat() + "Z"}
            if state == "unqualified":
                row["unqualified_reason"] = self.random.choice(LOST)
            rows.append(row)
        self.load("crm.lead", rows, "leads")

    def way(self, n, stage, at, closed_at, owner):
        """The stages that a deal went through: a won one all of them, a lost one some, an open one those before its own."""
        dice = random.Random(n)
        opens = [s for s in self.stages if s[2] == "open"]
        known = opens if stage[2] == "won" else opens[:dice.choice([1, 1, 2, 2, 3, 4])] if stage[2] == "lost" else opens[:opens.index(stage) + 1]
        path = known + ([stage] if stage[2] != "open" else [])
        end = datetime.datetime.fromisoformat(closed_at[:-1]) if closed_at else min(at + datetime.timedelta(days=7 * len(path)), datetime.datetime.combine(TODAY, datetime.time()))
        parts = [0] + [dice.uniform(0.5, 1.5) for _ in path[1:]]
        shares = [sum(parts[:i + 1]) / (sum(parts) or 1) for i in range(len(parts))]
        times = [at + max(end - at, datetime.timedelta()) * share for share in shares]
        return [{"at": when.isoformat(timespec="seconds") + "Z", "pipeline": ref("demo-sales"), "stage": s[0], "by": owner} for s, when in zip(path, times)]

    def deals(self):
        deals, activities, tasks, notes = [], [], [], []
        for n in range(DEALS * self.factor):
            firm = self.random.choice(self.customers)
            at = self.created()
            age = (TODAY - at.date()).days
            if age > 120:
                stage = self.random.choices(self.stages, [0, 0, 1, 1, 45, 40])[0]
            else:
                stage = self.random.choices(self.stages, [20, 20, 20, 12, 12, 8])[0]
            bike = self.random.choice(BIKES)
            amount = bike[1] * self.random.randint(1, 40)
            owner = firm[0]["owner"]
            deal = {"external_id": f"demo-d{n}", "title": f"{bike[0]} — {self.random.choice(names.TOPICS)}", "party": ref(firm[0]["external_id"]),
                    "pipeline": ref("demo-sales"), "stage": stage[0], "amount": f"{amount}.00", "currency": ref("PLN"), "owner": owner,
                    "source": self.random.choice(SOURCES), "created_at": at.isoformat() + "Z",
                    "expected_close": (at.date() + datetime.timedelta(days=self.random.randint(20, 120))).isoformat()}
            if stage[2] == "lost":
                deal["lost_reason"] = self.random.choice(LOST)
            if stage[2] != "open":
                now = datetime.datetime.combine(TODAY, datetime.time())
                deal["closed_at"] = max(at, min(at + datetime.timedelta(days=6 + 7 * (n % 9)), now)).isoformat() + "Z"
            deal["history"] = self.way(n, stage, at, deal.get("closed_at"), owner)
            deals.append(deal)
            for step in range(self.random.randint(1, 4)):
                when = at + datetime.timedelta(days=7 * step, hours=self.random.randint(0, 5))
                planned = when.date() > TODAY
                kind = self.random.choice(["call", "call", "meeting", "mail", "note"])
                subject = {"call": "Rozmowa telefoniczna", "meeting": "Spotkanie", "mail": "Wiadomość z ofertą", "note": "Notatka po kontakcie"}[kind]
                row = {"external_id": f"demo-a{n}-{step}", "kind": kind, "direction": self.random.choice(["in", "out"]), "subject": f"{subject}: {bike[0]}",
                       "state": "planned" if planned else "done", "planned_at": when.isoformat() + "Z", "party": ref(firm[0]["external_id"]),
                       "deal": ref(deal["external_id"]), "owner": owner, "created_at": min(when, at + datetime.timedelta(days=7 * step)).isoformat() + "Z"}
                if not planned:
                    row["done_at"] = when.isoformat() + "Z"
                    if kind == "call":
                        row["duration_s"] = self.random.randint(40, 1500)
                activities.append(row)
            if stage[2] == "open" and self.random.random() < 0.6:
                due = TODAY + datetime.timedelta(days=self.random.randint(-6, 21))
                tasks.append({"external_id": f"demo-t{n}", "title": self.random.choice(["Zadzwonić w sprawie oferty", "Przygotować wycenę", "Wysłać katalog", "Umówić jazdę próbną"]),
                              "owner": owner, "due": f"{due}T10:00:00Z", "party": ref(firm[0]["external_id"]), "priority": self.random.choice(["low", "normal", "high"])})
            if self.random.random() < 0.2:
                notes.append({"external_id": f"demo-n{n}", "text": self.random.choice(["Prosi o kontakt po 15:00.", "Płaci zawsze w terminie.", "Zainteresowani leasingiem.",
                                                                                     "Chcą własny kolor ramy.", "Konkurencja dała 5% rabatu."]), "party": ref(firm[0]["external_id"])})
        self.deal_rows = self.load("crm.deal", deals, "deals")
        self.load("crm.activity", activities, "activities")
        self.load("base.task", tasks, "tasks")
        self.load("base.note", notes, "notes")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--password-file", required=True, help="of the user admin")
    parser.add_argument("--size", choices=sorted(SIZES), default="small")
    parser.add_argument("--rules", metavar="DIR", help="also store the rules of this folder and switch them on")
    parser.add_argument("--quiet", action="store_true")
    options = parser.parse_args()
    kontor = Kontor(options.url, timeout=300)
    kontor.login("admin", pathlib.Path(options.password_file).read_text().strip())
    enabled = {m["name"] for m in kontor.call("module.list")["rows"] if m["enabled"]}
    builder = Builder(kontor, options.size, options.quiet)
    print(f"Building the demo company ({options.size})")
    if "base" in enabled:
        builder.basics()
    if {"base", "finance"} <= enabled:
        books.setup(kontor)
    if "base" in enabled:
        builder.staff()
        builder.parties()
    if {"base", "crm"} <= enabled:
        builder.pipeline()
        builder.leads()
        builder.deals()
        sales.build(builder)
        service.build(builder)
    if {"base", "crm", "script"} <= enabled:
        service.scripts(kontor)
    if {"base", "crm", "finance"} <= enabled:
        books.build(builder)
    if "base" in enabled:
        works.build(builder, enabled, PASSWORD)
        people.build(builder, enabled, STAFF)
        workshop.papers(kontor, options.url)
    if options.rules:
        workshop.rules(kontor, options.rules)
    print(f"The demo company is ready: {kontor.count('base.party')} parties." if "base" in enabled else "No module base: nothing to build.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("Stopped while loading; started again it goes on.") from None
