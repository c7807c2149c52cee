#!/usr/bin/env python3
"""Stories of the pages that need no login, as a browser opens them: forms whose answers become leads, offers that a customer accepts."""
import re
import urllib.error
import urllib.parse
import urllib.request

from stories import expect, make, refused, run


def visit(house, path, lang="en", **fields):
    """GET, or POST of the fields as a browser sends them."""
    data = urllib.parse.urlencode(fields).encode() if fields else None
    request = urllib.request.Request(house.url + path, data, {"Accept-Language": lang})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def address(k, form):
    return "/f/" + k.get("crm.form", form)["token"]


def a_form_shows_its_fields_and_makes_a_lead(k, house):
    form = make(k, "crm.form", name="Ask us", text="Tell us <what> you need.")
    path = address(k, form)
    status, page = visit(house, path)
    expect((status, re.findall(r'<(?:input|textarea)[^>]* ?name="(\w+)"', page)), (200, ["name", "email", "phone", "text", "website"]))
    expect(("Tell us &lt;what&gt; you need." in page, "Send" in page, "Wyślij" in visit(house, path, "pl")[1]), (True, True, True))
    status, page = visit(house, path + "?utm_source=search&utm_campaign=spring", name="Jan Łoś & syn", email="JAN@Example.com", phone="600 100 200", text="A bike,\nplease",
                         owner="1", state="converted")
    expect((status, "Thank you" in page), (200, True))
    lead = k.get("crm.lead", k.list("crm.lead", sort="-id", limit=1)["rows"][0]["id"])
    expect([lead[f] for f in ("title", "name", "email", "phone", "text", "source", "campaign", "utm_source", "utm_campaign", "state", "owner")],
           ["Ask us: Jan Łoś & syn", "Jan Łoś & syn", "jan@example.com", "600 100 200", "A bike,\nplease", "web form", "spring", "search", "spring", "new", None])
    expect(k.get("crm.form", form)["received"], 1)


def what_is_wrong_is_told_to_whoever_fills_it_in(k, house):
    path = address(k, make(k, "crm.form", name="Strict", consent="I agree to be called.", forward="https://example.com/thanks?a=1&b=2", fields=[
        {"field": "company_name", "label": "Your firm", "required": True}, {"field": "email"}, {"field": "subject"}]))
    before = k.count("crm.lead")
    status, page = visit(house, path, email="not an address")
    expect((status, "company_name: is required" in page, "consent" in page, "Go back" in page), (400, True, True, True))
    status, page = visit(house, path, company_name="Firm", email="not an address", consent="1")
    expect((status, "is no e-mail address" in page, k.count("crm.lead")), (400, True, before))
    expect("to nie adres e-mail" in visit(house, path, "pl", company_name="Firm", email="not an address", consent="1")[1], True)
    status, page = visit(house, path, company_name="Firm", subject="Ten bikes", consent="1")
    expect((status, "url=https://example.com/thanks?a=1&amp;b=2" in page), (200, True))
    lead = k.list("crm.lead", sort="-id", limit=1)["rows"][0]
    expect((lead["title"], lead["company_name"], k.get("crm.lead", lead["id"])["text"]), ("Ten bikes", "Firm", "[x] I agree to be called."))
    refused("validation", lambda: make(k, "crm.form", name="Odd", forward="javascript:alert(1)", an_hour=0), "forward", "an_hour")


def programs_and_floods_get_nowhere(k, house):
    form = make(k, "crm.form", name="Small", an_hour=2, fields=[{"field": "text", "required": True}])
    path, before = address(k, form), k.count("crm.lead")
    expect(visit(house, path, text="Buy pills", website="http://pills.example")[0], 200)  # it is not told that nothing came of it
    expect(k.count("crm.lead"), before)
    expect([visit(house, path, text=f"Message {i}")[0] for i in range(3)], [200, 200, 429])
    expect((k.count("crm.lead"), k.get("crm.form", form)["received"]), (before + 2, 2))
    k.update("crm.form", form, {"active": False})
    expect([visit(house, p, text="x")[0] for p in (path, "/f/", "/f/nothing")], [404, 404, 404])
    many = "&".join(f"a{i}=1" for i in range(6000))
    request = urllib.request.Request(house.url + path, many.encode())
    try:
        urllib.request.urlopen(request, timeout=10)
        raise AssertionError("6000 fields were taken")
    except urllib.error.HTTPError as error:
        expect(error.code, 429)


def a_customer_accepts_an_offer_without_a_login(k, house):
    pln = make(k, "base.currency", code="PLN", decimals=2)
    pl = make(k, "base.country", code="PL", name="Poland", eu=True)
    k.call("session.company", {"company": make(k, "base.company", name="Ours", currency=pln, country=pl)})
    k.call("base.tax.preset", {"country": "PL"})
    firm = make(k, "base.party", name="Rower <Plus>")
    def offer(**more):
        made = make(k, "crm.quotation", party=firm, lines=[{"name": "City & bike", "quantity": "2", "price": "1000", "discount_percent": "5"}, {"name": "Lock", "price": "50", "optional": True}], **more)
        k.call("crm.quotation.send", {"id": made})
        return made, "/q/" + k.get("crm.quotation", made)["token"]
    draft = make(k, "crm.quotation", party=firm, lines=[{"name": "x", "price": "1"}])
    expect((k.get("crm.quotation", draft)["token"], visit(house, "/q/")[0], visit(house, "/q/nothing")[0]), (None, 404, 404))
    made, path = offer(valid_until="2099-12-31")
    status, page = visit(house, path)
    expect((status, [t in page for t in ("Rower &lt;Plus&gt;", "City &amp; bike", "1900.00", "437.00", "2337.00", "PLN", "valid until 2099-12-31", "Accept")]), (200, [True] * 8))
    expect("ważna do 2099-12-31" in visit(house, path, "pl")[1], True)
    lock = k.get("crm.quotation", made)["lines"][1]["id"]
    expect(visit(house, path, do="accept")[0], 400)
    status, page = visit(house, path, do="accept", accepted_by="Jan Nowak", **{f"take_{lock}": "1"})
    row = k.get("crm.quotation", made)
    expect((status, row["state"], row["accepted_by"], row["net"], row["lines"][1]["taken"], "Jan Nowak" in page, "<form" in page), (200, "accepted", "Jan Nowak", "1950.00", True, True, False))
    visit(house, path, do="reject", reason="Changed my mind")  # too late: it stands as it is
    expect(k.get("crm.quotation", made)["state"], "accepted")
    other, path = offer()
    expect(visit(house, path, do="reject")[0], 400)
    visit(house, path, do="reject", reason="Too dear")
    expect((k.get("crm.quotation", other)["state"], k.get("crm.quotation", other)["reason"]), ("rejected", "Too dear"))


def a_rule_gives_the_leads_away(k, house):
    turn = make(k, "access.user", name="turn", roles=[r["id"] for r in k.list("access.role", [["name", "=", "crm.sales"]])["rows"]])
    make(k, "crm.assignment", name="From the web", source="spring fair", on_create=True, users=[{"user": turn}])
    path = address(k, make(k, "crm.form", name="Fair", source="spring fair", fields=[{"field": "text"}]))
    visit(house, path, text="Hello")
    boss = k.list("access.user", [["name", "=", "admin"]])["rows"][0]["id"]
    owned = address(k, make(k, "crm.form", name="Owned", source="spring fair", owner=boss, fields=[{"field": "text"}]))
    visit(house, owned, text="Hello")
    expect([r["owner"] for r in k.list("crm.lead", sort="-id", limit=2)["rows"]], [boss, turn])


run([a_form_shows_its_fields_and_makes_a_lead, what_is_wrong_is_told_to_whoever_fills_it_in, programs_and_floods_get_nowhere, a_rule_gives_the_leads_away,
     a_customer_accepts_an_offer_without_a_login])
