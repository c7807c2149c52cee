#!/usr/bin/env python3
"""Brings a real company, AdventureWorks, in over the public bus and holds what the server then says against the figures
that came with the data. The data is not part of the project: it is looked for beside the checkout (shared/realdata) or
in KONTOR_REALDATA; where it is not, the test says so and is left out (exit code 77).

  load.py [--full] [--url URL --user U --password P]     without --url a throw-away server is started"""

import argparse
import csv
import decimal
import io
import json
import lzma
import os
import pathlib
import subprocess
import sys
import time
import unicodedata

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import House, ROOT  # noqa: E402
from kontor import Kontor  # noqa: E402
import making  # noqa: E402
import plan  # noqa: E402
import purchases  # noqa: E402
import people  # noqa: E402
import sales  # noqa: E402
import turnover  # noqa: E402
from sales import ref  # noqa: E402

ADDRESS_USE = {"1": "billing", "2": "home", "3": "main", "4": "main", "5": "shipping", "6": "other"}
PHONE_USE = {"1": "mobile", "2": "home", "3": "work"}


def find_data(full):
    name = "adventureworks" if full else "adventureworks-small"
    common = subprocess.run(["git", "rev-parse", "--git-common-dir"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    beside = [ROOT.parent, (ROOT / common).resolve().parent.parent] if common else [ROOT.parent]
    places = [pathlib.Path(os.environ["KONTOR_REALDATA"])] if "KONTOR_REALDATA" in os.environ else [b / "shared" / "realdata" for b in beside]
    for place in places:
        if (place / name / "expected.json").exists():
            return place / name
    print(f"LEFT OUT: no {name} in {' or '.join(map(str, places))}; set KONTOR_REALDATA to the folder that holds it")
    sys.exit(77)


class Loader:
    def __init__(self, kontor, folder):
        self.k, self.folder, self.done = kontor, folder, 0

    def table(self, name):
        plain, packed = self.folder / f"{name}.csv", self.folder / f"{name}.csv.xz"
        text = plain.read_text(encoding="utf-8") if plain.exists() else lzma.decompress(packed.read_bytes()).decode("utf-8")
        return list(csv.DictReader(io.StringIO(text)))

    def load(self, entity, rows, what=""):
        rows = [{name: value for name, value in row.items() if value not in ("", None, [])} for row in rows]
        began = time.monotonic()
        self.k.import_rows(entity, rows, chunk=1000, key=f"aw-{what}")
        seconds = time.monotonic() - began
        self.done += len(rows)
        print(f"  {entity}: {len(rows)} rows in {seconds:.2f} s", flush=True)

    def geography(self):
        self.load("base.country", [{"external_id": f"aw-country-{c['CountryRegionCode']}", "code": c["CountryRegionCode"], "name": c["Name"]}
                                   for c in self.table("CountryRegion")])
        self.load("base.territory", [{"external_id": f"aw-territory-{t['TerritoryID']}", "name": t["Name"], "group": t["Group"],
                                      "country": ref("country", t["CountryRegionCode"])} for t in self.table("SalesTerritory")])
        self.load("base.region", [{"external_id": f"aw-region-{s['StateProvinceID']}", "code": s["StateProvinceCode"], "name": s["Name"],
                                   "country": ref("country", s["CountryRegionCode"])} for s in self.table("StateProvince")])
        self.regions = {s["StateProvinceID"]: s for s in self.table("StateProvince")}

    def money(self):
        self.load("base.currency", [{"external_id": f"aw-currency-{c['CurrencyCode']}", "code": c["CurrencyCode"], "name": c["Name"],
                                     "decimals": 4 if c["CurrencyCode"] == "USD" else 2} # the order file has four places
                                    for c in self.table("Currency")])
        self.load("base.currency_rate", [{"external_id": f"aw-rate-{r['CurrencyRateID']}", "base": ref("currency", r["FromCurrencyCode"]),
                                          "currency": ref("currency", r["ToCurrencyCode"]), "day": r["CurrencyRateDate"],
                                          "rate": r["AverageRate"], "closing_rate": r["EndOfDayRate"]} for r in self.table("CurrencyRate")])

    def gather(self):
        """What hangs on a person, store or vendor, by its id."""
        self.contacts, self.addresses, self.territory = {}, {}, {}
        for p in self.table("PersonPhone"):
            self.contacts.setdefault(p["BusinessEntityID"], []).append(
                {"kind": "phone", "use": PHONE_USE[p["PhoneNumberTypeID"]], "value": p["PhoneNumber"]})
        for e in self.table("EmailAddress"):
            self.contacts.setdefault(e["BusinessEntityID"], []).append({"kind": "email", "use": "work", "value": e["EmailAddress"]})
        rows = {a["AddressID"]: a for a in self.table("Address")}
        for link in self.table("BusinessEntityAddress"):
            a = rows[link["AddressID"]]
            region = self.regions[a["StateProvinceID"]]
            line = {"use": ADDRESS_USE[link["AddressTypeID"]], "street": a["AddressLine1"], "street2": a["AddressLine2"], "city": a["City"],
                    "postal_code": a["PostalCode"], "region": ref("region", a["StateProvinceID"]),
                    "country": ref("country", region["CountryRegionCode"]), "latitude": a["Latitude"], "longitude": a["Longitude"]}
            self.addresses.setdefault(link["BusinessEntityID"], []).append({k: v for k, v in line.items() if v})
        for c in self.table("Customer"):
            for side in ("StoreID", "PersonID"):
                if c[side]:
                    self.territory[c[side]] = c["TerritoryID"]

    def party(self, key, values):
        if key in self.territory:
            values["territory"] = ref("territory", self.territory[key])
        return {"external_id": f"aw-party-{key}", "contacts": self.contacts.get(key, []), "addresses": self.addresses.get(key, []), **values}

    def parties(self):
        self.load("base.party", [self.party(s["BusinessEntityID"], {"name": s["Name"], "kind": "organisation", "is_customer": True})
                                 for s in self.table("Store")], "stores")
        self.load("base.party", [self.party(v["BusinessEntityID"], {
            "name": v["Name"], "kind": "organisation", "is_supplier": True, "credit_rating": int(v["CreditRating"]),
            "active": v["ActiveFlag"] == "true", "website": v["PurchasingWebServiceURL"]}) for v in self.table("Vendor")], "vendors")
        self.load("base.party", [self.party(p["BusinessEntityID"], {
            "name": " ".join(filter(None, (p["FirstName"], p["MiddleName"], p["LastName"]))), "kind": "person", "title": p["Title"],
            "first_name": p["FirstName"], "middle_name": p["MiddleName"], "last_name": p["LastName"], "suffix": p["Suffix"],
            "email_consent": int(p["EmailPromotion"]), "is_customer": p["PersonType"] == "IN", "is_employee": p["PersonType"] in ("EM", "SP"),
            "attributes": {"person_type": p["PersonType"]}}) for p in self.table("Person")])
        roles = {r["ContactTypeID"]: r["Name"] for r in self.table("ContactType")}
        self.load("base.relation", [{"external_id": f"aw-relation-{r['BusinessEntityID']}-{r['PersonID']}-{r['ContactTypeID']}",
                                     "party": ref("party", r["BusinessEntityID"]), "other": ref("party", r["PersonID"]), "role": roles[r["ContactTypeID"]]}
                                    for r in self.table("BusinessEntityContact")])


class Table:
    def __init__(self):
        self.wrong = self.equal = 0

    def row(self, what, ours, expected, show=True):
        same = ours == expected
        self.equal += same
        self.wrong += not same
        if show or not same:
            print(f"  {what:<52} {ours!s:>14} {expected!s:>14}  {'equal' if same else 'DIFFERENT'}")


def compare(k, loader, expected):
    table, counts = Table(), expected["row_counts"]
    print(f"  {'figure':<52} {'ours':>14} {'expected':>14}")
    mine = [["external_id", "starts_with", "aw-"]]
    table.row("persons", k.count("base.party", [*mine, ["kind", "=", "person"]]), counts["Person"])
    table.row("stores and vendors", k.count("base.party", [*mine, ["kind", "=", "organisation"]]), counts["Store"] + counts["Vendor"])
    table.row("vendors", k.count("base.party", [*mine, ["is_supplier", "=", True]]), counts["Vendor"])
    table.row("contacts of stores and vendors", k.count("base.relation", mine), counts["BusinessEntityContact"])
    table.row("territories", k.count("base.territory", mine), counts["SalesTerritory"])
    table.row("regions", k.count("base.region", mine), counts["StateProvince"])
    table.row("countries", k.count("base.country", mine), counts["CountryRegion"])
    table.row("currencies", k.count("base.currency", mine), counts["Currency"])
    table.row("currency rates", k.count("base.currency_rate", mine), counts["CurrencyRate"])
    phones = mails = addresses = places = 0
    for party in k.each("base.party", mine, fields=["contacts", "addresses"]):
        phones += sum(c["kind"] == "phone" for c in party["contacts"])
        mails += sum(c["kind"] == "email" for c in party["contacts"])
        addresses += len(party["addresses"])
        places += sum(a.get("latitude") is not None for a in party["addresses"])
    table.row("telephones", phones, counts["PersonPhone"])
    table.row("e-mail addresses", mails, counts["EmailAddress"])
    table.row("addresses", addresses, counts["BusinessEntityAddress"])
    table.row("addresses with a place", places, counts["Address"])
    compare_rates(k, table, expected["currency"])
    compare_people(k, table, loader)
    sales.compare_sales(k, table, loader, expected)
    turnover.compare_turnover(k, table, loader, expected)
    purchases.compare_purchases(k, table, loader, expected)
    people.compare_people(k, table, expected)
    making.compare_making(k, table, loader, expected)
    plan.compare_plan(k, table, loader, expected)
    print(f"{table.equal} figures equal, {table.wrong} different")
    return table.wrong


def compare_rates(k, table, expected):
    for code, number in expected["rates_by_currency"].items():
        table.row(f"rates of {code}", k.count("base.currency_rate", [["currency.code", "=", code]]), number)
    for code, months in expected["average"].items():
        rows = k.aggregate("base.currency_rate", {"days": "count", "average": "avg:rate"}, group=["day:month"],
                           filter=[["currency.code", "=", code]], limit=500)
        ours = {r["day:month"][:7]: (r["days"], decimal.Decimal(r["average"])) for r in rows}
        for month, figure in months.items():
            days, average = ours.get(month, (0, decimal.Decimal(0)))
            table.row(f"{code} {month}: days", days, figure["days"], show=False)
            table.row(f"{code} {month}: average", average.quantize(decimal.Decimal("0.000001"), decimal.ROUND_HALF_UP), decimal.Decimal(figure["average"]), show=False)


def plain_of(name):
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)).lower()


def compare_people(k, table, loader):
    by_city = {}
    for lines in loader.addresses.values():
        for city in {line["city"] for line in lines}:
            by_city[city] = by_city.get(city, 0) + 1
    for city in sorted(by_city, key=by_city.get, reverse=True)[:10]:
        table.row(f"parties with an address in {city}", k.count("base.party", [["addresses.city", "=", city]]), by_city[city])
    people = loader.table("Person")
    for plain in ("sanchez", "muller", "garcia"):
        expected = sum(plain_of(p["LastName"]) == plain for p in people)
        table.row(f"persons whose last name reads {plain}", k.count("base.party", [["last_name", "ilike", plain]]), expected)
    found = {row["title"] for row in k.search("ken sanchez", entities=["base.party"], limit=50)}
    table.row("search for ken sanchez finds Ken J Sánchez", "Ken J Sánchez" in found, True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the whole company, not the small cut")
    parser.add_argument("--url")
    parser.add_argument("--user", default="admin")
    parser.add_argument("--password")
    options = parser.parse_args()
    folder = find_data(options.full)
    expected = json.loads((folder / "expected.json").read_text())
    house = None if options.url else House(modules="base,crm,logistics,production,finance,hr").start()
    wrong = 1
    try:
        if house:
            kontor = house.client()
        else:
            kontor = Kontor(options.url)
            kontor.login(options.user, options.password)
        loader = Loader(kontor, folder)
        began = time.monotonic()
        print(f"Loading {folder.name}")
        loader.geography()
        loader.money()
        loader.gather()
        loader.parties()
        sales.load_sales(loader)
        purchases.load_purchases(loader)
        people.load_people(loader)
        making.load_making(loader)
        plan.load_plan(loader)
        print(f"{loader.done} rows in {time.monotonic() - began:.1f} s")
        wrong = compare(kontor, loader, expected)
    finally:
        if house:
            house.__exit__("wrong" if wrong else None)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
