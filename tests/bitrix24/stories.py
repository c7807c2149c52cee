#!/usr/bin/env python3
"""Stories of the module bitrix24: its methods in the forms that their documentation shows, over HTTP, against a server."""
import json
import pathlib
import sys
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
    for part in range(0, 2000, 50):
        cmd = {f"c{i}": "crm.lead.add?" + urllib.parse.urlencode({"fields[TITLE]": f"Lead {i}", "fields[NAME]": "Jan", "fields[LAST_NAME]": "Kot"})
               for i in range(part, part + 50)}
        answer = r.call("batch", halt=0, cmd=cmd)["result"]
        expect((len(answer["result"]), answer["result_error"]), (50, []))
    seen, start = [], 0
    while start is not None:
        page = r.call("crm.lead.list", order={"ID": "ASC"}, select=["ID", "TITLE"], start=start)
        expect(page["total"], 2000)
        seen += [row["ID"] for row in page["result"]]
        start = page.get("next")
    expect((len(seen), len(set(seen))), (2000, 2000))
    last, count = 0, 0
    while True:
        page = r.call("crm.lead.list", order={"ID": "ASC"}, filter={">ID": last}, select=["ID"], start=-1)
        expect("total" in page, False)
        if not page["result"]:
            break
        count += len(page["result"])
        last = page["result"][-1]["ID"]
    expect(count, 2000)


def a_batch_refers_to_earlier_results(r):
    answer = r.call("batch", cmd={"company": "crm.company.add?fields[TITLE]=Chain", "deal": "crm.deal.add?fields[TITLE]=Of+chain&fields[COMPANY_ID]=$result[company]",
                    "wrong": "crm.deal.add?fields[ODD]=1", "get": "crm.deal.get?ID=$result[deal]"})["result"]
    expect(answer["result"]["get"]["COMPANY_ID"], str(answer["result"]["company"]))
    expect((list(answer["result_error"]), "wrong" in answer["result"]), (["wrong"], False))
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


def rights_are_those_of_the_key(k, url):
    user = k.create("access.user", {"name": "clerk", "roles": [role(k, "crm.sales")]})["id"]
    key = k.call("access.key.create_secret", {"name": "clerk", "user": user})
    clerk = Rest(url, user, key["secret"])
    expect(clerk.call("crm.lead.list")["total"], 0)
    mine = clerk.call("crm.lead.add", fields={"TITLE": "Mine"})["result"]
    expect([row["ID"] for row in clerk.call("crm.lead.list", select=["ID"])["result"]], [str(mine)])
    expect(Rest(url, user + 1, key["secret"]).form("crm.lead.list", [])[1]["error"], "INVALID_CREDENTIALS")


def role(k, name):
    return k.call("access.role.list", {"filter": [["name", "=", name]]})["rows"][0]["id"]


def main():
    with House() as house:
        k = house.client()
        k.create("base.currency", {"code": "PLN"})
        k.create("crm.pipeline", {"name": "Sales", "stages": STAGES, "initial": True})
        user = k.call("session.whoami")["id"]
        r = Rest(house.url, user, k.call("access.key.create_secret", {"name": "hook"})["secret"])
        contacts_are_kept(r)
        deals_speak_of_stages(r)
        errors_have_their_form(r)
        two_thousand_come_in_pages(r)
        a_batch_refers_to_earlier_results(r)
        custom_fields_are_uf(r, k)
        rights_are_those_of_the_key(k, house.url)
    print("bitrix24: all stories hold")


if __name__ == "__main__":
    main()
