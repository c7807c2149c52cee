#!/usr/bin/env python3
"""Stories of the module bitrix24: its methods in the forms that their documentation shows, over HTTP, against a server."""
import json
import pathlib
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House  # noqa: E402

STAGES = [{"name": "Talk"}, {"name": "Offer"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}]


def expect(got, wanted):
    if got != wanted:
        raise AssertionError(f"{got!r} instead of {wanted!r}")


class Rest:
    """One caller: an incoming webhook's URL, its user and token in the path."""

    def __init__(self, url, user, token):
        self.base, self.token = f"{url}/rest", token
        self.hook = f"{self.base}/{user}/{token}"

    def ask(self, url, body=None, kind=None):
        request = urllib.request.Request(url, body, {"Content-Type": kind} if kind else {})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def call(self, method, **params):
        status, answer = self.ask(f"{self.hook}/{method}.json", json.dumps(params).encode(), "application/json")
        expect((method, status, answer.get("error_description")), (method, 200, None))
        return answer

    def form(self, method, pairs):
        return self.ask(f"{self.hook}/{method}", urllib.parse.urlencode(pairs).encode(), "application/x-www-form-urlencoded")

    def get(self, method, query):
        return self.ask(f"{self.base}/{method}.json?{query}")


def contacts_are_kept(r):
    made = r.call("crm.contact.add", fields={"NAME": "Anna", "LAST_NAME": "Nowak", "OPENED": "Y",
                  "PHONE": [{"VALUE": "+48 600 100 200", "VALUE_TYPE": "MOBILE"}], "EMAIL": [{"VALUE": "anna@example.com", "VALUE_TYPE": "WORK"}]})["result"]
    row = r.call("crm.contact.get", ID=made)["result"]
    expect((row["ID"], row["NAME"], row["LAST_NAME"], row["COMPANY_ID"], row["OPENED"]), (str(made), "Anna", "Nowak", "0", "Y"))
    expect([(p["VALUE"], p["VALUE_TYPE"], p["TYPE_ID"]) for p in row["PHONE"]], [("+48 600 100 200", "MOBILE", "PHONE")])
    expect(r.call("crm.contact.update", ID=made, fields={"POST": "Buyer", "PHONE": [{"VALUE": "+48 600 100 201"}]})["result"], True)
    row = r.call("crm.contact.get", ID=made)["result"]
    expect((row["POST"], [p["VALUE"] for p in row["PHONE"]], len(row["EMAIL"])), ("Buyer", ["+48 600 100 200", "+48 600 100 201"], 1))
    expect([c["ID"] for c in r.call("crm.contact.list", filter={"EMAIL": "anna@example.com"}, select=["ID"])["result"]], [str(made)])
    expect(r.call("crm.contact.delete", ID=made)["result"], True)
    expect(r.form("crm.contact.get", [("ID", made)])[0:1], (400,))


def what_is_not_written_stays(r, k):
    """An update with one part of what we keep in one place leaves the other parts."""
    whole = {"TITLE": "Lead", "HONORIFIC": "Ms", "NAME": "Anna", "SECOND_NAME": "Maria", "LAST_NAME": "Nowak", "BIRTHDATE": "1990-02-01", "ADDRESS": "Long 1",
             "ADDRESS_2": "flat 2", "ADDRESS_CITY": "Gdynia", "ADDRESS_POSTAL_CODE": "81-001", "ADDRESS_REGION": "Pomorze", "ADDRESS_COUNTRY_CODE": "PL",
             "PHONE": [{"VALUE": "+48 600 100 200", "VALUE_TYPE": "MOBILE"}, {"VALUE": "+48 600 100 201", "VALUE_TYPE": "FAX"}, {"VALUE": "+48 600 100 202"}],
             "EMAIL": [{"VALUE": "anna@example.com", "VALUE_TYPE": "HOME"}, {"VALUE": "work@example.com", "VALUE_TYPE": "WORK"}],
             "WEB": [{"VALUE": "example.com", "VALUE_TYPE": "WORK"}], "IM": [{"VALUE": "@anna", "VALUE_TYPE": "TELEGRAM"}]}
    lists = ("PHONE", "EMAIL", "WEB", "IM")
    for entity in ("crm.lead", "crm.contact"):
        fields = {name: value for name, value in whole.items() if entity == "crm.lead" or name != "TITLE"}
        made = r.call(f"{entity}.add", fields=fields)["result"]

        def seen(of=None):
            row = r.call(f"{entity}.get", ID=of or made)["result"]
            return {**{n: row[n] for n in fields if n not in lists}, **{n: [(i["VALUE"], i["VALUE_TYPE"]) for i in row[n]] for n in lists}}, row

        before, row = seen()
        expect([(entity, name, before[name]) for name in fields if name not in lists],
               [(entity, name, "1990-02-01T00:00:00+00:00" if name == "BIRTHDATE" else fields[name]) for name in fields if name not in lists])
        expect((entity, before["PHONE"]), (entity, [("+48 600 100 200", "MOBILE"), ("+48 600 100 201", "FAX"), ("+48 600 100 202", "WORK")]))
        expect((before["IM"], before["WEB"], len(before["EMAIL"])), ([("@anna", "TELEGRAM")], [("example.com", "WORK")], 2))
        for name in fields:  # each alone
            if name in lists:
                first = row[name][0]
                change = [{"ID": first["ID"], "VALUE": "+48 600 100 209" if name == "PHONE" else "new@example.com"}]
                wanted = {**before, name: [(change[0]["VALUE"], first["VALUE_TYPE"])] + before[name][1:]}
            elif name in ("BIRTHDATE", "ADDRESS_COUNTRY_CODE"):
                change = {"BIRTHDATE": "1991-03-02", "ADDRESS_COUNTRY_CODE": "DE"}[name]
                wanted = {**before, name: {"BIRTHDATE": "1991-03-02T00:00:00+00:00"}.get(name, change)}
            else:
                change = before[name] + "x"
                wanted = {**before, name: change}
            r.call(f"{entity}.update", ID=made, fields={name: change})
            after, row = seen()
            expect((entity, name, after), (entity, name, wanted))
            before = after
        ours = k.get("crm.lead" if entity == "crm.lead" else "base.party", made)
        expect(ours["name"], "Annax Mariax Nowakx" if entity == "crm.lead" else "Annax Nowakx")
        second = row["PHONE"][1]
        r.call(f"{entity}.update", ID=made, fields={"PHONE": [{"ID": second["ID"], "VALUE": ""}, {"VALUE": "+48 600 100 210", "VALUE_TYPE": "HOME"}]})
        expect(seen()[0]["PHONE"], [before["PHONE"][0], before["PHONE"][2], ("+48 600 100 210", "HOME")])
        r.call(f"{entity}.update", ID=made, fields={"PHONE": [{"ID": row["PHONE"][0]["ID"], "VALUE_TYPE": "OTHER"}]})
        expect(seen()[0]["PHONE"][0], (before["PHONE"][0][0], "OTHER"))
        expect([i["ID"] for i in r.call(f"{entity}.list", filter={"PHONE": "+48 600 100 202"}, select=["ID"])["result"]], [str(made)])
        expect(r.form(f"{entity}.update", [("ID", made), ("fields[PHONE]", "+48 1")])[0], 400)
    # a record that has nothing but a name
    lead = k.create("crm.lead", {"title": "Named", "name": "Jan Maria Kot"})["id"]
    person = k.create("base.party", {"kind": "person", "name": "Jan Maria Kot"})["id"]
    for entity, made in (("crm.lead", lead), ("crm.contact", person)):
        r.call(f"{entity}.update", ID=made, fields={"NAME": "Piotr"})
        row = r.call(f"{entity}.get", ID=made)["result"]
        expect((entity, row["NAME"], row["LAST_NAME"]), (entity, "Piotr", "Maria Kot"))
        expect(k.get("crm.lead" if entity == "crm.lead" else "base.party", made)["name"], "Piotr Maria Kot")
    company = r.call("crm.company.add", fields={"TITLE": "Kept", "ADDRESS": "Short 1", "ADDRESS_CITY": "Kutno"})["result"]
    deal = r.call("crm.deal.add", fields={"TITLE": "Kept", "COMPANY_ID": company, "CONTACT_ID": person})["result"]
    expect(r.call("crm.deal.contact.items.get", id=deal)["result"], [{"CONTACT_ID": person, "SORT": 10, "ROLE_ID": 0, "IS_PRIMARY": "Y"}])
    more = r.call("crm.contact.add", fields={"NAME": "More"})["result"]
    expect([r.call("crm.deal.contact.add", id=deal, fields={"CONTACT_ID": more})["result"] for _ in range(2)], [True, False])
    expect([(c["CONTACT_ID"], c["IS_PRIMARY"]) for c in r.call("crm.deal.contact.items.get", id=deal)["result"]], [(person, "Y"), (more, "N")])
    r.call("crm.deal.update", ID=deal, fields={"CONTACT_ID": 0})
    row = r.call("crm.deal.get", ID=deal)["result"]
    expect((row["COMPANY_ID"], row["CONTACT_ID"]), (str(company), "0"))
    r.call("crm.deal.update", ID=deal, fields={"CONTACT_ID": person})
    row = r.call("crm.deal.get", ID=deal)["result"]
    expect((row["COMPANY_ID"], row["CONTACT_ID"]), (str(company), str(person)))


def leads_and_deals_move(r, k):
    lead = r.call("crm.lead.add", fields={"TITLE": "Moves", "NAME": "Olga", "STATUS_ID": "PROCESSED"})["result"]
    seen = []
    for status in ("PROCESSED", "NEW", "IN_PROCESS", "JUNK", "PROCESSED", "IN_PROCESS", "CONVERTED"):
        r.call("crm.lead.update", ID=lead, fields={"STATUS_ID": status})
        seen.append(r.call("crm.lead.get", ID=lead)["result"]["STATUS_ID"])
    expect(seen, ["PROCESSED", "NEW", "IN_PROCESS", "JUNK", "PROCESSED", "IN_PROCESS", "CONVERTED"])
    status, answer = r.form("crm.lead.update", [("ID", lead), ("fields[STATUS_ID]", "NEW"), ("fields[TITLE]", "Not")])
    expect((status, "STATUS_ID" in answer["error_description"], r.call("crm.lead.get", ID=lead)["result"]["TITLE"]), (400, True, "Moves"))
    expect(r.form("crm.lead.update", [("ID", lead), ("fields[STATUS_ID]", "ODD")])[0], 400)

    other = k.create("crm.pipeline", {"name": "Service", "stages": STAGES})["id"]
    stages = {s["name"]: s["id"] for s in k.get("crm.pipeline", other)["stages"]}
    deal = r.call("crm.deal.add", fields={"TITLE": "Moves", "STAGE_ID": f"C{other}:UC_{stages['Offer']}"})["result"]
    seen = []
    for stage in ("NEW", f"C{other}:LOSE", f"C{other}:UC_{stages['Offer']}", "WON"):
        r.call("crm.deal.update", ID=deal, fields={"STAGE_ID": stage})
        row = r.call("crm.deal.get", ID=deal)["result"]
        seen.append((row["CATEGORY_ID"], row["STAGE_ID"], row["CLOSED"]))
    expect(seen, [(str(other), f"C{other}:NEW", "N"), (str(other), f"C{other}:LOSE", "Y"),
                  (str(other), f"C{other}:UC_{stages['Offer']}", "N"), (str(other), f"C{other}:WON", "Y")])
    first = {s["name"]: s["id"] for s in k.list("crm.pipeline", [["initial", "=", True]])["rows"][0]["stages"]}
    # into another pipeline, to the stage that has the same number there
    expect(first["Offer"], stages["Offer"])
    r.call("crm.deal.update", ID=deal, fields={"STAGE_ID": f"C{other}:UC_{stages['Offer']}"})
    r.call("crm.deal.update", ID=deal, fields={"CATEGORY_ID": 0, "STAGE_ID": f"UC_{first['Offer']}"})
    row = r.call("crm.deal.get", ID=deal)["result"]
    expect((row["CATEGORY_ID"], row["STAGE_ID"]), ("0", f"UC_{first['Offer']}"))
    r.call("crm.item.update", entityTypeId=2, id=deal, fields={"categoryId": other})
    expect(r.call("crm.deal.get", ID=deal)["result"]["STAGE_ID"], f"C{other}:NEW")
    expect([len(k.get("crm.deal", deal)["history"]), k.get("crm.deal", deal)["history"][-1]["stage_name"]], [8, "Talk"])
    expect(r.call("crm.deal.update", ID=deal, fields={"CLOSED": "N", "TITLE": "Open"})["result"], True)
    status, answer = r.form("crm.deal.update", [("ID", deal), ("fields[CLOSED]", "Y"), ("fields[TITLE]", "Not")])
    expect((status, "CLOSED" in answer["error_description"], r.call("crm.deal.get", ID=deal)["result"]["TITLE"]), (400, True, "Open"))
    moved = k.create("crm.pipeline", {"name": "Brought along", "stages": [{"name": "First", "code": "C7:NEW"}, {"name": "Second", "code": "C7:PREPARATION"},
        {"name": "Sold", "code": "C7:WON", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}]})["id"]
    known = r.call("crm.deal.add", fields={"TITLE": "By its code", "CATEGORY_ID": moved, "STAGE_ID": f"C{moved}:PREPARATION"})["result"]
    expect((r.call("crm.deal.get", ID=known)["result"]["STAGE_ID"], k.get("crm.deal", known)["stage_name"]), (f"C{moved}:PREPARATION", "Second"))
    expect([s["STATUS_ID"] for s in r.call("crm.dealcategory.stage.list", id=moved)["result"]], [f"C{moved}:{c}" for c in ("NEW", "PREPARATION", "WON", "LOSE")])
    lost = r.call("crm.deal.add", fields={"TITLE": "Lost at once", "STAGE_ID": "LOSE", "CLOSED": "Y"})["result"]
    expect(k.get("crm.deal", lost)["lost_reason"], "Lost")


def deals_speak_of_stages(r):
    company = r.call("crm.company.add", fields={"TITLE": "Rower", "ADDRESS_CITY": "Gdynia"})["result"]
    status, answer = r.form("crm.deal.add", [("fields[TITLE]", "Ten bikes"), ("fields[OPPORTUNITY]", "15000.00"), ("fields[STAGE_ID]", "NEW"),
                            ("fields[CURRENCY_ID]", "PLN"), ("fields[COMPANY_ID]", company)])
    expect((status, answer.get("error_description")), (200, None))
    deal = answer["result"]
    row = r.call("crm.deal.get", ID=deal)["result"]
    expect((row["OPPORTUNITY"], row["CURRENCY_ID"], row["STAGE_ID"], row["CATEGORY_ID"], row["STAGE_SEMANTIC_ID"], row["CLOSED"], row["COMPANY_ID"], row["CONTACT_ID"]),
           ("15000.00", "PLN", "NEW", "0", "P", "N", str(company), "0"))
    r.call("crm.deal.update", ID=deal, fields={"STAGE_ID": "WON"})
    row = r.call("crm.deal.get", ID=deal)["result"]
    expect((row["STAGE_ID"], row["STAGE_SEMANTIC_ID"], row["CLOSED"]), ("WON", "S", "Y"))
    expect([d["ID"] for d in r.call("crm.deal.list", filter={"STAGE_ID": ["WON"], ">=OPPORTUNITY": 15000, "%TITLE": "bikes", "!CURRENCY_ID": "EUR"})["result"]], [str(deal)])
    expect(r.call("crm.deal.list", filter={"<OPPORTUNITY": "15000"})["result"], [])
    item = r.call("crm.item.get", entityTypeId=2, id=deal)["result"]["item"]
    expect((item["id"], item["stageId"], item["opportunity"], item["companyId"]), (deal, "WON", 15000.0, company))
    made = r.call("crm.item.add", entityTypeId=2, fields={"title": "By item", "opportunity": 5})["result"]["item"]
    expect((made["title"], made["opportunity"]), ("By item", 5.0))
    expect([i["id"] for i in r.call("crm.item.list", entityTypeId=2, filter={"title": "By item"})["result"]["items"]], [made["id"]])


def errors_have_their_form(r):
    expect(r.get("crm.deal.list", "auth=kt_wrong")[0], 401)
    expect(r.get("crm.deal.list", "auth=kt_wrong")[1]["error"], "INVALID_CREDENTIALS")
    expect(r.get("crm.deal.list", "")[1]["error"], "NO_AUTH_FOUND")
    status, answer = r.form("crm.nothing.list", [])
    expect((status, answer["error"]), (404, "ERROR_METHOD_NOT_FOUND"))
    status, answer = r.form("crm.deal.get", [("id", 999999)])
    expect((status, answer["error"]), (400, "NOT_FOUND"))
    status, answer = r.form("crm.deal.add", [("fields[TITLE]", "x"), ("fields[UF_CRM_NONE]", "1"), ("fields[ODD]", "1")])
    expect((status, "UF_CRM_NONE" in answer["error_description"], "ODD" in answer["error_description"]), (400, True, True))
    expect(r.call("crm.deal.list", filter={"TITLE": "x"})["total"], 0)


def two_thousand_come_in_pages(r):
    before = r.call("crm.lead.list")["total"]
    for part in range(0, 2000, 50):
        cmd = {f"c{i}": "crm.lead.add?" + urllib.parse.urlencode({"fields[TITLE]": f"Lead {i}", "fields[NAME]": "Jan", "fields[LAST_NAME]": "Kot"})
               for i in range(part, part + 50)}
        answer = r.call("batch", halt=0, cmd=cmd)["result"]
        expect((len(answer["result"]), answer["result_error"]), (50, []))
    seen, start = [], 0
    while start is not None:
        page = r.call("crm.lead.list", order={"ID": "ASC"}, select=["ID", "TITLE"], start=start)
        expect(page["total"], 2000 + before)
        seen += [row["ID"] for row in page["result"]]
        start = page.get("next")
    expect((len(seen), len(set(seen))), (2000 + before, 2000 + before))
    pages = [0, 50, 100, 1000, 150, 1050]  # in one batch: following pages, and others between
    answer = r.call("batch", cmd={f"p{p}": f"crm.lead.list?order[ID]=ASC&select[]=ID&start={p}" for p in pages})["result"]
    expect([[row["ID"] for row in answer["result"][f"p{p}"]] for p in pages], [seen[p:p + 50] for p in pages])
    last, count = 0, 0
    while True:
        page = r.call("crm.lead.list", order={"ID": "ASC"}, filter={">ID": last}, select=["ID"], start=-1)
        expect("total" in page, False)
        if not page["result"]:
            break
        count += len(page["result"])
        last = page["result"][-1]["ID"]
    expect(count, 2000 + before)


def directories_are_read(r, k):
    rows = r.call("crm.status.list", filter={"ENTITY_ID": "STATUS"}, order={"SORT": "ASC"})["result"]
    expect([(s["STATUS_ID"], s["SEMANTICS"]) for s in rows], [("NEW", None), ("IN_PROCESS", None), ("PROCESSED", None), ("CONVERTED", "S"), ("JUNK", "F")])
    expect([s["STATUS_ID"] for s in r.call("crm.status.entity.items", entityId="DEAL_STAGE")["result"]][0::2], ["NEW", "WON"])
    types = [t["ID"] for t in r.call("crm.status.entity.types")["result"]]
    expect({"STATUS", "QUOTE_STATUS", "DEAL_STAGE", "SOURCE", "INDUSTRY"} - set(types), set())
    expect(r.call("crm.status.get", id=rows[1]["ID"])["result"], rows[1])
    expect(r.form("crm.status.get", [("id", 10 ** 6)])[1]["error"], "NOT_FOUND")
    categories = r.call("crm.category.list", entityTypeId=2)["result"]["categories"]
    expect([(c["id"], c["name"], c["isDefault"]) for c in categories][0], (0, "Sales", "Y"))
    expect(r.call("crm.category.get", entityTypeId=2, id=categories[1]["id"])["result"]["category"]["name"], "Service")
    expect(r.form("crm.category.list", [("entityTypeId", 4)])[1]["error"], "ENTITY_TYPE_NOT_SUPPORTED")
    other = categories[1]["id"]
    codes = [s["STATUS_ID"] for s in r.call("crm.dealcategory.stage.list", id=other)["result"]]
    expect(all(c.startswith(f"C{other}:") for c in codes), True)
    expect([c["NAME"] for c in r.call("crm.dealcategory.list")["result"]], [c["name"] for c in categories])


def users_are_read(r, k):
    k.create("access.user", {"name": "ola", "full_name": "Ola Maria Kowal", "email": "ola@example.com"})
    mine = r.call("user.current")["result"]
    expect((mine["ID"], mine["ACTIVE"], r.call("profile")["result"]["ID"]), (str(k.call("session.whoami")["id"]), True, mine["ID"]))
    found = r.call("user.get", FILTER={"EMAIL": "ola@example.com"})
    expect((found["total"], found["result"][0]["NAME"], found["result"][0]["LAST_NAME"]), (1, "Ola Maria", "Kowal"))
    expect([u["ID"] for u in r.call("user.get", ID=mine["ID"])["result"]], [mine["ID"]])
    expect([u["LAST_NAME"] for u in r.call("user.search", FIND="kowal", ACTIVE=True)["result"]], ["Kowal"])
    expect(r.form("user.get", [("FILTER[ODD]", "1")])[0], 400)


def quotes_and_rows_are_kept(r, k):
    party = r.call("crm.company.add", fields={"TITLE": "Quoted"})["result"]
    deal = r.call("crm.deal.add", fields={"TITLE": "With rows", "COMPANY_ID": party, "CURRENCY_ID": "PLN"})["result"]
    rows = [{"PRODUCT_NAME": "Bike", "PRICE": "900", "QUANTITY": 2, "DISCOUNT_TYPE_ID": 2, "DISCOUNT_RATE": 10},
            {"PRODUCT_NAME": "Bell", "PRICE": "9.99", "QUANTITY": "1"}, {"PRODUCT_NAME": "Lock", "PRICE": 40, "DISCOUNT_TYPE_ID": 1, "DISCOUNT_SUM": 5, "QUANTITY": 3}]
    expect(r.call("crm.deal.productrows.set", id=deal, rows=rows)["result"], True)
    got = r.call("crm.deal.productrows.get", id=deal)["result"]
    expect([(p["PRODUCT_NAME"], p["PRICE"], p["PRICE_NETTO"], p["QUANTITY"], p["DISCOUNT_TYPE_ID"], p["DISCOUNT_RATE"], p["DISCOUNT_SUM"]) for p in got],
           [("Bike", 900, 1000, 2, 2, 10, 100), ("Bell", 9.99, 9.99, 1, 2, 0, 0), ("Lock", 40, 45, 3, 1, 11.11, 5)])
    expect(r.call("crm.deal.get", ID=deal)["result"]["OPPORTUNITY"], "1929.99")
    r.call("crm.deal.productrows.set", id=deal, rows=got)  # what was read is written back
    expect([{n: v for n, v in p.items() if n != "ID"} for p in r.call("crm.deal.productrows.get", id=deal)["result"]], [{n: v for n, v in p.items() if n != "ID"} for p in got])
    items = r.call("crm.item.productrow.list", filter={"=ownerType": "D", "=ownerId": deal})
    expect((items["total"], items["result"]["productRows"][0]["productName"], items["result"]["productRows"][0]["priceNetto"]), (3, "Bike", 1000))
    expect([p["productName"] for p in r.call("crm.item.productrow.set", ownerType="D", ownerId=deal, productRows=[{"productName": "One", "price": 5}])["result"]["productRows"]], ["One"])
    expect(r.call("crm.productrow.list", filter={"OWNER_TYPE": "D", "OWNER_ID": deal})["total"], 1)
    status, answer = r.form("crm.deal.productrows.set", [("id", deal), ("rows[0][PRODUCT_NAME]", "x"), ("rows[0][PRICE]", "1x"), ("rows[1][QUANTITY]", "y")])
    expect((status, "rows[0].PRICE" in answer["error_description"], "rows[1].QUANTITY" in answer["error_description"]), (400, True, True))
    expect(r.form("crm.deal.productrows.set", [("id", deal), ("rows[0][PRICE]", "1"), ("rows[0][TAX_RATE]", "7")])[0], 400)
    expect(r.form("crm.contact.productrows.get", [("id", 1)])[1]["error"], "ERROR_METHOD_NOT_FOUND")

    quote = r.call("crm.quote.add", fields={"TITLE": "Offer", "COMPANY_ID": party, "DEAL_ID": deal, "CURRENCY_ID": "PLN", "CLOSEDATE": "2036-12-31"})["result"]
    r.call("crm.quote.productrows.set", id=quote, rows=[{"PRODUCT_NAME": "Bike", "PRICE": "900", "QUANTITY": 2}])
    r.call("crm.quote.update", id=quote, fields={"STATUS_ID": "APPROVED"})
    row = r.call("crm.quote.get", id=quote)["result"]
    expect((row["STATUS_ID"], row["CLOSED"], row["OPPORTUNITY"], row["DEAL_ID"], row["COMPANY_ID"]), ("APPROVED", "Y", "1800.00", str(deal), str(party)))
    expect([q["id"] for q in r.call("crm.item.list", entityTypeId=7, filter={"dealId": deal, "stageId": "APPROVED"})["result"]["items"]], [quote])
    expect(r.form("crm.quote.update", [("id", quote), ("fields[STATUS_ID]", "DRAFT")])[0], 400)
    refused = r.call("crm.quote.add", fields={"TITLE": "No", "COMPANY_ID": party})["result"]
    r.call("crm.quote.productrows.set", id=refused, rows=[{"PRODUCT_NAME": "Bike", "PRICE": "900"}])
    r.call("crm.quote.update", id=refused, fields={"STATUS_ID": "DECLAINED"})
    expect(r.call("crm.quote.get", id=refused)["result"]["STATUS_ID"], "DECLAINED")


def activities_are_about_something(r, k):
    deal = r.call("crm.deal.add", fields={"TITLE": "Talked about"})["result"]
    contact = r.call("crm.contact.add", fields={"NAME": "Iga", "LAST_NAME": "Zych"})["result"]
    call = r.call("crm.activity.add", fields={"OWNER_TYPE_ID": 2, "OWNER_ID": deal, "TYPE_ID": 2, "SUBJECT": "Call back", "DIRECTION": 2, "COMPLETED": "N",
                  "RESPONSIBLE_ID": k.call("session.whoami")["id"], "START_TIME": "2036-01-05T10:00:00+01:00", "DESCRIPTION": "about the price",
                  "COMMUNICATIONS": [{"VALUE": "+48600100200", "ENTITY_ID": contact, "ENTITY_TYPE_ID": 3}]})["result"]
    row = r.call("crm.activity.get", id=call)["result"]
    expect((row["OWNER_ID"], row["OWNER_TYPE_ID"], row["TYPE_ID"], row["COMPLETED"], row["STATUS"], row["START_TIME"]), (str(deal), "2", "2", "N", "1", "2036-01-05T09:00:00+00:00"))
    r.call("crm.activity.update", id=call, fields={"COMPLETED": "Y"})
    expect(r.call("crm.activity.get", id=call)["result"]["STATUS"], "2")
    met = r.call("crm.activity.add", fields={"OWNER_TYPE_ID": 3, "OWNER_ID": contact, "TYPE_ID": 1, "SUBJECT": "Meet", "COMPLETED": "Y"})["result"]
    expect([a["ID"] for a in r.call("crm.activity.list", filter={"OWNER_TYPE_ID": 2, "OWNER_ID": deal}, select=["ID"])["result"]], [str(call)])
    expect([a["ID"] for a in r.call("crm.activity.list", filter={"OWNER_TYPE_ID": 3, "OWNER_ID": contact, "COMPLETED": "Y"}, select=["ID"])["result"]], [str(met)])
    r.call("crm.activity.update", id=met, fields={"OWNER_TYPE_ID": 2, "OWNER_ID": deal})
    row = r.call("crm.activity.get", id=met)["result"]
    expect((row["OWNER_ID"], row["OWNER_TYPE_ID"], row["SUBJECT"]), (str(deal), "2", "Meet"))
    expect(r.form("crm.activity.add", [("fields[OWNER_ID]", deal), ("fields[SUBJECT]", "x")])[0], 400)


def calls_and_duplicates_are_found(r, k):
    contact = r.call("crm.contact.add", fields={"NAME": "Ewa", "LAST_NAME": "Wrona", "PHONE": [{"VALUE": "+48 700 100 200"}], "EMAIL": [{"VALUE": "Ewa@Wrona.pl"}]})["result"]
    lead = r.call("crm.lead.add", fields={"TITLE": "Same", "PHONE": [{"VALUE": "700-100-200"}]})["result"]
    expect(r.call("crm.duplicate.findbycomm", type="PHONE", values=["48700100200"])["result"], {"LEAD": [lead], "CONTACT": [contact]})
    expect(r.call("crm.duplicate.findbycomm", type="EMAIL", values=["ewa@wrona.pl"], entity_type="CONTACT")["result"], {"CONTACT": [contact]})
    expect(r.call("crm.duplicate.findbycomm", type="EMAIL", values=["none@wrona.pl"])["result"], [])
    made = r.call("telephony.externalCall.register", USER_ID=1, PHONE_NUMBER="+48700100200", TYPE=2, CRM_CREATE=1)["result"]
    expect((made["CRM_ENTITY_TYPE"], made["CRM_ENTITY_ID"]), ("CONTACT", contact))
    expect(r.call("telephony.externalCall.register", USER_ID=1, PHONE_NUMBER="+48700100200", TYPE=2)["result"]["CALL_ID"], made["CALL_ID"])
    expect(r.call("telephony.externalCall.register", USER_ID=1, PHONE_NUMBER="700 100 200", TYPE=2)["result"]["CALL_ID"], made["CALL_ID"])
    other = r.call("telephony.externalCall.register", USER_ID=1, PHONE_NUMBER="+48700100999", TYPE=2, CRM_CREATE=1, EXTERNAL_CALL_ID="x1")["result"]
    expect((other["CRM_ENTITY_TYPE"], other["CRM_CREATED_LEAD"], other["CALL_ID"] == made["CALL_ID"]), ("LEAD", other["CRM_ENTITY_ID"], False))
    done = r.call("telephony.externalCall.finish", CALL_ID=made["CALL_ID"], USER_ID=1, DURATION=63, STATUS_CODE="200", RECORD_URL="https://exchange.example/1.mp3")["result"]
    expect((done["CALL_DURATION"], done["PHONE_NUMBER"], done["CRM_ENTITY_ID"]), (63, "+48700100200", contact))
    call = k.get("crm.call", int(made["CALL_ID"].split(".")[1]))
    expect((call["state"], call["duration_s"], call["recording"]), ("completed", 63, "https://exchange.example/1.mp3"))
    expect([(c["CRM_ENTITY_TYPE"], c["NAME"]) for c in r.call("telephony.externalCall.searchCrmEntities", PHONE_NUMBER="700100200")["result"]], [("CONTACT", "Ewa Wrona")])
    expect(r.form("telephony.externalCall.finish", [("CALL_ID", "externalCall.999999")])[1]["error"], "NOT_FOUND")
    expect([r.call(f"telephony.externalCall.{verb}", CALL_ID=made["CALL_ID"], USER_ID=1)["result"] for verb in ("show", "hide")], [True, True])
    expect(r.call("telephony.externalCall.attachRecord", CALL_ID=made["CALL_ID"], FILENAME="1.mp3", RECORD_URL="https://exchange.example/2.mp3")["result"], {"FILE_ID": call["id"]})
    expect(k.get("crm.call", call["id"])["recording"], "https://exchange.example/2.mp3")


def a_trigger_moves_the_stage(r, k):
    """As their webhooks and apps call it; what it does is a rule's."""
    rule = k.create("automation.rule", {"name": "trigger", "text": '''rule {
      label = "Trigger: the other system says paid", on = "webhook crm.automation.trigger",
      rights = "crm.deal:read,update; crm.pipeline:read; crm.lead:read,update; access.user:read",
      run = function(_, _, sent)
        if sent.entity == "crm.deal" and sent.code == "paid" then update("crm.deal", sent.id, {stage_name = "Won"}) end
        if sent.entity == "crm.lead" and sent.code == "good" then transition("crm.lead", sent.id, "contact") end
      end }'''})["id"]
    deal = r.call("crm.deal.add", fields={"TITLE": "Trigger"})["result"]
    lead = r.call("crm.lead.add", fields={"TITLE": "Trigger"})["result"]
    expect(r.form("crm.automation.trigger", [("target", f"DEAL_{deal}"), ("code", "paid")])[1]["error"], "NOT_FOUND")
    k.call("automation.rule.enable", {"id": rule})
    won = k.get("crm.deal", deal)["pipeline"]
    k.update("crm.pipeline", won, {"stages": [{"id": s["id"], "name": "Won" if s["semantic"] == "won" else s["name"]} for s in k.get("crm.pipeline", won)["stages"]]})
    expect(r.form("crm.automation.trigger", [("target", f"DEAL_{deal}"), ("code", "paid")])[1]["result"], True)
    expect(r.call("crm.automation.trigger.add", CODE="good", NAME="Good lead")["result"], True)
    expect(r.call("crm.automation.trigger.execute", CODE="good", OWNER_TYPE_ID=1, OWNER_ID=lead)["result"], True)
    until = time.monotonic() + 20
    while (k.get("crm.deal", deal)["semantic"], k.get("crm.lead", lead)["state"]) != ("won", "contacted"):
        expect(time.monotonic() < until, True)
        time.sleep(0.05)
    for wrong in ({"target": "DEAL_x", "code": "paid"}, {"target": "SHIP_1", "code": "paid"}, {"target": f"DEAL_{deal}"}, {"code": "paid"}):
        expect(r.form("crm.automation.trigger", list(wrong.items()))[1]["error"], "ERROR_ARGUMENT")
    k.call("automation.rule.disable", {"id": rule})


def a_batch_refers_to_earlier_results(r):
    answer = r.call("batch", cmd={"company": "crm.company.add?fields[TITLE]=Chain", "deal": "crm.deal.add?fields[TITLE]=Of+chain&fields[COMPANY_ID]=$result[company]",
                    "wrong": "crm.deal.add?fields[ODD]=1", "get": "crm.deal.get?ID=$result[deal]"})["result"]
    expect(answer["result"]["get"]["COMPANY_ID"], str(answer["result"]["company"]))
    expect((list(answer["result_error"]), "wrong" in answer["result"]), (["wrong"], False))
    numbered = r.call("batch", cmd=["user.current", "crm.deal.get?ID=0", "user.current"])["result"]  # as PHP writes lists
    expect((list(numbered["result"]), list(numbered["result_error"])), (["0", "2"], ["1"]))
    expect(isinstance(r.call("batch", cmd=["user.current", "user.current"])["result"]["result"], list), True)
    halted = r.call("batch", halt=1, cmd=["crm.deal.add?fields[ODD]=1", "crm.company.add?fields[TITLE]=Never"])["result"]
    expect((len(halted["result"]), r.call("crm.company.list", filter={"TITLE": "Never"})["total"]), (0, 0))
    expect(r.form("batch", [(f"cmd[{i}]", "crm.lead.list") for i in range(51)])[1]["error"], "ERROR_BATCH_LENGTH_EXCEEDED")


def custom_fields_are_uf(r, k):
    k.call("field.define", {"entity": "crm.deal", "name": "colour", "type": "string", "label": {"en": "Colour", "pl": "Kolor"}})
    made = r.call("crm.deal.add", fields={"TITLE": "Custom", "UF_CRM_COLOUR": "red"})["result"]
    rows = r.call("crm.deal.list", filter={"UF_CRM_COLOUR": "red"}, select=["ID", "UF_*"])["result"]
    expect(rows, [{"ID": str(made), "UF_CRM_COLOUR": "red"}])
    expect(r.call("crm.item.get", entityTypeId=2, id=made)["result"]["item"]["ufCrmColour"], "red")
    expect(r.call("crm.deal.fields")["result"]["UF_CRM_COLOUR"]["isDynamic"], True)
    fields = r.call("crm.deal.userfield.list", filter={"FIELD_NAME": "UF_CRM_COLOUR"})["result"]
    expect([(f["FIELD_NAME"], f["USER_TYPE_ID"], f["ENTITY_ID"]) for f in fields], [("UF_CRM_COLOUR", "string", "CRM_DEAL")])
    expect(r.call("crm.deal.userfield.get", id=fields[0]["ID"])["result"], fields[0])
    expect(r.form("crm.deal.userfield.get", [("id", 99)])[1]["error"], "ERROR_NOT_FOUND")


def rights_are_those_of_the_key(k, url):
    user = k.create("access.user", {"name": "clerk", "roles": [role(k, "crm.sales")]})["id"]
    key = k.call("access.key.create_secret", {"name": "clerk", "user": user})
    clerk = Rest(url, user, key["secret"])
    expect(clerk.call("crm.lead.list")["total"], 0)
    mine = clerk.call("crm.lead.add", fields={"TITLE": "Mine"})["result"]
    expect([row["ID"] for row in clerk.call("crm.lead.list", select=["ID"])["result"]], [str(mine)])
    born = clerk.call("crm.contact.add", fields={"NAME": "Ala", "LAST_NAME": "Bąk"})["result"]  # BIRTHDATE is not for salesmen
    expect([(row["NAME"], "BIRTHDATE" in row) for row in clerk.call("crm.contact.list", filter={"ID": born})["result"]], [("Ala", False)])
    expect(("BIRTHDATE" in clerk.call("crm.contact.get", ID=born)["result"], "BIRTHDATE" in clerk.call("crm.contact.fields")["result"]), (False, False))
    expect(clerk.call("crm.contact.update", ID=born, fields={"POST": "Buyer"})["result"], True)
    status, refused = clerk.form("crm.contact.add", [("fields[NAME]", "X"), ("fields[BIRTHDATE]", "1990-01-01")])
    expect((status, 'birth_date: base.party has no field "birth_date"' in refused["error_description"]), (400, True))
    expect(Rest(url, user + 1, key["secret"]).form("crm.lead.list", [])[1]["error"], "INVALID_CREDENTIALS")


def role(k, name):
    return k.call("access.role.list", {"filter": [["name", "=", name]]})["rows"][0]["id"]


def main():
    with House() as house:
        k = house.client()
        k.create("base.currency", {"code": "PLN"})
        for code in ("PL", "DE"):
            if not k.list("base.country", [["code", "=", code]])["rows"]:
                k.create("base.country", {"code": code, "name": code})
        k.create("crm.pipeline", {"name": "Sales", "stages": STAGES, "initial": True})
        user = k.call("session.whoami")["id"]
        r = Rest(house.url, user, k.call("access.key.create_secret", {"name": "hook"})["secret"])
        contacts_are_kept(r)
        what_is_not_written_stays(r, k)
        leads_and_deals_move(r, k)
        deals_speak_of_stages(r)
        directories_are_read(r, k)
        users_are_read(r, k)
        quotes_and_rows_are_kept(r, k)
        activities_are_about_something(r, k)
        calls_and_duplicates_are_found(r, k)
        a_trigger_moves_the_stage(r, k)
        errors_have_their_form(r)
        two_thousand_come_in_pages(r)
        a_batch_refers_to_earlier_results(r)
        custom_fields_are_uf(r, k)
        rights_are_those_of_the_key(k, house.url)
    print("bitrix24: all stories hold")


if __name__ == "__main__":
    main()
