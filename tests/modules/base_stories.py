#!/usr/bin/env python3
"""Stories of the module base, over HTTP."""
from stories import expect, make, refused, run

PASSWORD = "Quiet-River-77-Stone"
seen = {}


def currency(k, code, decimals=2):
    if code not in seen:
        seen[code] = make(k, "base.currency", code=code, name=code, decimals=decimals)
    return seen[code]


def country(k, code, **more):
    if ("country", code) not in seen:
        seen["country", code] = make(k, "base.country", code=code, name=code, **more)
    return seen["country", code]


def a_person_is_named_by_first_and_last_name(k):
    party = make(k, "base.party", kind="person", first_name="Anna", last_name="Nowak")
    expect(k.get("base.party", party)["name"], "Anna Nowak")


def identifiers_are_brought_into_one_form(k):
    party = make(k, "base.party", name="Ministerstwo", tax_id="pl 526-025-02-74", regon="123-456-785",
                 bank_accounts=[{"iban": "61 1090 1014 0000 0712 1981 2874"}],
                 identifiers=[{"kind": "vat", "value": "de 136695976"}, {"kind": "krs", "value": "0000 123456"}])
    row = k.get("base.party", party)
    expect(row["tax_id"], "PL5260250274")
    expect(row["regon"], "123456785")
    expect(row["bank_accounts"][0]["iban"], "PL61109010140000071219812874")
    expect([i["value"] for i in row["identifiers"]], ["DE136695976", "0000123456"])


def all_wrong_numbers_are_told_at_once(k):
    error = refused("validation", lambda: make(
        k, "base.party", name="X", tax_id="5260250275", regon="123456786", credit_rating=11,
        bank_accounts=[{"iban": "PL61109010140000071219812875"}],
        contacts=[{"kind": "email", "value": "nobody"}, {"kind": "phone", "value": "call me"}],
        addresses=[{"city": "X", "latitude": "91"}],
        identifiers=[{"kind": "regon", "value": "1"}]),
        "tax_id", "regon", "credit_rating", "bank_accounts[0].iban", "contacts[0].value", "contacts[1].value",
        "addresses[0].latitude", "identifiers[0].value")
    expect(all(p.get("hint") for p in error.problems if p["path"] in ("tax_id", "regon", "bank_accounts[0].iban")), True)


def what_cannot_be_read_hides_nothing_else(k):
    error = refused("validation", lambda: make(k, "base.party", kind="person", last_name="Lis", birth_date="31.02.1980", tax_id="123", contacts=[
        {"kind": "phone", "value": "600 700 800"}, {"kind": "email", "value": "nobody"}]), "birth_date", "tax_id", "contacts[1].value")
    expect([p["path"] for p in error.problems][0], "birth_date")  # and nothing of a missing name, which the module makes
    refused("validation", lambda: k.list("base.party", [["nme", "=", "x"]], sort="-nme", fields=["nme"], limit=501), "filter[0]", "sort", "fields[0]", "limit")


def a_pesel_tells_birth_and_gender(k):
    party = make(k, "base.party", kind="person", name="Jan", pesel="44051401359")
    row = k.get("base.party", party)
    expect((row["birth_date"], row["gender"]), ("1944-05-14", "male"))
    refused("validation", lambda: make(k, "base.party", kind="person", name="Jan", pesel="44051401359", birth_date="1950-01-01"), "birth_date")
    refused("validation", lambda: make(k, "base.party", kind="organisation", name="Jan", pesel="44051401359"), "pesel")


def a_foreign_tax_id_is_no_nip(k):
    party = make(k, "base.party", name="Acme", tax_id="12-3456789", addresses=[{"city": "Seattle", "country": country(k, "US")}])
    expect(k.get("base.party", party)["tax_id"], "123456789")


def the_first_contacts_and_place_stand_on_the_party(k):
    pl = country(k, "PL", name_pl="Polska", eu=True)
    party = make(k, "base.party", name="Rower", contacts=[
        {"kind": "phone", "use": "mobile", "value": "600 100 200"}, {"kind": "phone", "value": "+48 22 123 45 67", "primary": True},
        {"kind": "email", "value": "Biuro@Rower.PL"}], addresses=[{"use": "shipping", "city": "Kraków"}, {"use": "main", "city": "Łódź", "country": pl}])
    row = k.get("base.party", party)
    expect((row["phone"], row["email"], row["city"], row["country"]), ("+48 22 123 45 67", "biuro@rower.pl", "Łódź", pl))
    expect([c["normal"] for c in row["contacts"]], ["48600100200", "48221234567", "biuro@rower.pl"])
    expect(k.count("base.party", [["contacts.normal", "=", "48600100200"]]), 1)
    expect(k.list("base.party", [["city", "=", "Łódź"]])["rows"][0]["id"], party)
    refused("validation", lambda: k.update("base.party", party, {"city": "X"}), "city")


def lines_keep_their_ids(k):
    party = make(k, "base.party", name="Lines", contacts=[{"value": "600100200"}, {"value": "600100201"}])
    first, second = k.get("base.party", party)["contacts"]
    k.update("base.party", party, {"contacts": [{"id": second["id"], "note": "only this"}, {"value": "600100203"}]})
    rows = k.get("base.party", party)["contacts"]
    expect([(r["id"], r["value"]) for r in rows], [(second["id"], "600100201"), (max(first["id"], second["id"]) + 1, "600100203")])


def duplicates_are_found_by_any_form(k):
    one = make(k, "base.party", name="Dubel sp. z o.o.", tax_id="7251801126", contacts=[{"kind": "phone", "value": "+48 601 222 333"}, {"kind": "email", "value": "dubel@dubel.pl"}])
    def find(**probe):
        return [(r["party"], r["matched"]) for r in k.call("base.party.duplicates", probe)["rows"]]
    expect(find(tax_id="PL 725-180-11-26"), [(one, "tax_id")])
    expect(find(phone="601222333"), [(one, "phone")])
    expect(find(email="DUBEL@dubel.pl", phone="0048601222333"), [(one, "email")])
    expect(find(name="Dubel sp. z o.o."), [(one, "name")])
    expect(find(name="Dubel sp. z o.o.", party=one), [])
    refused("validation", lambda: find())


def a_party_does_not_belong_to_itself(k):
    a = make(k, "base.party", name="A")
    b = make(k, "base.party", name="B", parent=a)
    refused("rule", lambda: k.update("base.party", a, {"parent": b}), "parent")
    refused("rule", lambda: k.update("base.party", a, {"parent": a}), "parent")


def relations_go_with_their_parties(k):
    firm, person = make(k, "base.party", name="Firma"), make(k, "base.party", kind="person", name="Osoba")
    relation = make(k, "base.relation", party=firm, other=person, role="director", since="2026-01-01")
    refused("validation", lambda: make(k, "base.relation", party=firm, other=firm, role="x"), "other")
    refused("validation", lambda: make(k, "base.relation", party=firm, other=person, role="y", since="2026-01-02", until="2026-01-01"), "until")
    refused("conflict", lambda: make(k, "base.relation", party=firm, other=person, role="director"))
    k.delete("base.party", person)
    refused("not_found", lambda: k.get("base.relation", relation))


def amounts_are_converted_by_the_latest_rate(k):
    pln, eur, usd, jpy = (currency(k, c, d) for c, d in (("PLN", 2), ("EUR", 2), ("USD", 2), ("JPY", 0)))
    for base, other, day, rate in ((eur, pln, "2026-01-05", "4.20"), (eur, pln, "2026-01-07", "4.25"), (usd, pln, "2026-01-05", "4.00"), (usd, jpy, "2026-01-02", "150")):
        make(k, "base.currency_rate", base=base, currency=other, day=day, rate=rate)
    def convert(amount, a, b, day):
        row = k.call("base.currency.convert", {"amount": amount, "from": a, "to": b, "day": day})
        return row["amount"], row["rate_day"]
    expect(convert("100", eur, pln, "2026-01-06"), ("420.00", "2026-01-05"))
    expect(convert("100", eur, pln, "2026-01-31"), ("425.00", "2026-01-07"))
    expect(convert("425", pln, eur, "2026-01-31"), ("100.00", "2026-01-07"))
    expect(convert("100", eur, usd, "2026-01-06"), ("105.00", "2026-01-05"))
    expect(convert("100", pln, jpy, "2026-01-06"), ("3750.00", "2026-01-02"))
    expect(convert("7", eur, eur, "2026-01-06")[0], "7.00")
    refused("not_found", lambda: convert("1", eur, pln, "2026-01-01"))
    refused("conflict", lambda: make(k, "base.currency_rate", base=eur, currency=pln, day="2026-01-05", rate="4.3"))
    refused("validation", lambda: make(k, "base.currency_rate", base=eur, currency=eur, day="2026-01-05", rate="0"), "rate", "rate")
    refused("validation", lambda: make(k, "base.currency", code="zł", decimals=7), "code", "decimals")


def quantities_are_converted_within_a_category(k):
    kg = make(k, "base.unit", code="kg", category="mass", factor="1")
    g = make(k, "base.unit", code="g", category="mass", factor="0.001", rounding="1")
    pcs = make(k, "base.unit", code="pcs", category="count", rounding="1")
    box = make(k, "base.unit", code="box", category="count", factor="12", rounding="1")
    def convert(quantity, a, b):
        return k.call("base.unit.convert", {"quantity": quantity, "from": a, "to": b})["quantity"]
    expect(convert("2.5", kg, g), "2500.000000")
    expect(convert("1", g, kg), "0.001000")
    expect(convert("3", box, pcs), "36.000000")
    expect(k.call("base.unit.convert", {"quantity": "30", "from": pcs, "to": box}), {"quantity": "3.000000", "exact": "2.500000"})
    refused("rule", lambda: convert("1", kg, pcs), "to")
    refused("conflict", lambda: make(k, "base.unit", code="kg"))


def items_have_codes_and_checked_barcodes(k):
    item = make(k, "base.item", code="R-1", name="Rower", barcode="5901234123457", price="1999.99")
    expect(k.get("base.item", item)["price"], "1999.9900")
    refused("validation", lambda: make(k, "base.item", code="R-2", name="Rower", barcode="5901234123458", price="-1"), "barcode", "price")
    refused("validation", lambda: make(k, "base.item", code="R-3", name="Rower", price="1.23456"), "price")
    a = make(k, "base.item_category", name="A")
    b = make(k, "base.item_category", name="B", parent=a)
    refused("rule", lambda: k.update("base.item_category", a, {"parent": b}), "parent")


def working_days_leave_out_weekends_and_holidays(k):
    calendar = make(k, "base.calendar", name="Poland", country=country(k, "PL"), hours=[
        {"weekday": day, "from": "08:00", "until": "16:00"} for day in ("monday", "tuesday", "wednesday", "thursday", "friday")])
    expect(k.get("base.calendar", calendar)["hours_per_week"], "40.00")
    k.call("base.calendar.fill_holidays", {"id": calendar, "year": 2026})
    expect(k.count("base.holiday", [["calendar", "=", calendar]]), 14)
    k.call("base.calendar.fill_holidays", {"id": calendar, "year": 2026})
    expect(k.count("base.holiday", [["calendar", "=", calendar]]), 14)
    german, other = (make(k, "base.calendar", name=code, country=k.list("base.country", [["code", "=", code]])["rows"][0]["id"] if k.count("base.country", [["code", "=", code]]) else make(k, "base.country", code=code, name=code)) for code in ("DE", "FR"))
    k.call("base.calendar.fill_holidays", {"id": german, "year": 2026})
    expect([h["day"] for h in k.list("base.holiday", [["calendar", "=", german]], sort="day")["rows"]][1:6], ["2026-04-03", "2026-04-06", "2026-05-01", "2026-05-14", "2026-05-25"])
    refused("rule", lambda: k.call("base.calendar.fill_holidays", {"id": other, "year": 2026}), "country")

    def add(day, days):
        return k.call("base.calendar.add_days", {"calendar": calendar, "day": day, "days": days})["day"]
    expect(add("2026-04-03", 1), "2026-04-07")   # over Easter
    expect(add("2026-04-07", -1), "2026-04-03")
    expect(add("2026-04-05", 0), "2026-04-07")
    expect(add("2026-12-23", 2), "2026-12-29")
    expect(k.call("base.calendar.working_days", {"calendar": calendar, "from": "2026-05-01", "until": "2026-05-31"}), {"days": 20, "holidays": 1})
    expect(k.call("base.calendar.working_days", {"calendar": calendar, "from": "2026-01-01", "until": "2026-12-31"})["days"], 253)
    refused("validation", lambda: make(k, "base.calendar", name="Odd", weekdays="1189", hours=[{"weekday": "monday", "from": "16:00", "until": "08:00"}]),
            "weekdays", "hours[0].until")
    refused("validation", lambda: make(k, "base.calendar", name="Odd", hours=[{"weekday": "sunday", "from": "08:00", "until": "16:00"}]), "hours[0].weekday")


def a_task_goes_its_way(k):
    me = k.list("access.user")["rows"][0]["id"]
    task = make(k, "base.task", title="Zadzwonić", due="2026-01-10T10:00:00Z", remind_at="2026-01-10T09:00:00Z")
    row = k.get("base.task", task)
    expect((row["state"], row["priority"], row["owner"]), ("todo", "normal", me))
    expect("finish" in row["allowed_actions"], True)
    expect([r["task"] for r in k.call("base.task.reminders", {"until": "2026-01-10T09:30:00Z"})["rows"]], [task])
    expect(k.call("base.task.reminders", {"until": "2026-01-10T08:30:00Z"})["rows"], [])
    expect(k.call("base.task.start", {"id": task})["state"], "in_progress")
    k.call("base.task.submit", {"id": task})
    refused("state", lambda: k.call("base.task.submit", {"id": task}))
    k.call("base.task.finish", {"id": task})
    expect(bool(k.get("base.task", task)["done_at"]), True)
    expect(k.call("base.task.reminders", {})["rows"], [])
    k.call("base.task.reopen", {"id": task})
    expect(k.get("base.task", task)["done_at"], None)
    refused("state", lambda: k.update("base.task", task, {"state": "done"}))
    other = make(k, "access.user", name="helper", full_name="Helper")
    k.call("base.task.delegate", {"id": task, "owner": other})
    row = k.get("base.task", task)
    expect((row["owner"], row["delegated_by"]), (other, me))
    refused("validation", lambda: make(k, "base.task", title="x", due="2026-01-10T10:00:00Z", remind_at="2026-01-11T10:00:00Z"), "remind_at")


def notes_hang_on_any_record(k):
    party = make(k, "base.party", name="Z notatką")
    note = make(k, "base.note", text="Ważne", about={"entity": "base.party", "id": party})
    expect(k.get("base.note", note)["about"], {"entity": "base.party", "id": party})
    k.call("base.note.pin", {"id": note})
    expect(k.get("base.note", note)["pinned"], True)
    refused("validation", lambda: make(k, "base.note", text="x", about={"entity": "base.party", "id": 999999}), "about")
    k.delete("base.party", party)
    refused("not_found", lambda: k.get("base.note", note))


def notices_are_their_readers(k, house):
    role = k.list("access.role", [["name", "=", "base.user"]])["rows"][0]["id"]
    ids = {}
    for name in ("nina", "olga"):
        ids[name] = make(k, "access.user", name=name, roles=[role])
        k.call("access.password", {"user": ids[name], "new": PASSWORD, "old": PASSWORD})
    nina, olga = (house.client(name, PASSWORD) for name in ("nina", "olga"))
    notice = make(nina, "base.notice", owner=ids["olga"], text="Zadzwoń do klienta")
    refused("not_found", lambda: nina.get("base.notice", notice))
    fresh = [["seen_at", "is_null", True]]
    expect([row["text"] for row in olga.list("base.notice", fresh)["rows"]], ["Zadzwoń do klienta"])
    refused("validation", lambda: olga.update("base.notice", notice, {"text": "Nie dzwoń"}), "text")
    olga.call("base.notice.see", {"id": notice})
    expect(olga.count("base.notice", fresh), 0)
    olga.call("base.notice.unsee", {"id": notice})
    expect(olga.count("base.notice", fresh), 1)


def every_entity_describes_itself_in_two_languages(k):
    for lang in ("en", "pl"):
        entities = {e["name"]: e for e in k.call("system.describe", {}, lang=lang)["entities"]}
        names = [n for n in entities if n.startswith("base.")]
        expect(len(names), 30)
    expect(entities["base.party"]["label"], "Kontrahent")
    fields = {f["name"]: f for f in k.call("system.describe", {"entities": ["base.party"]})["entities"][0]["fields"]}
    expect([name for name in ("id", "version", "created_at", "external_id", "number", "name") if not fields[name].get("readonly")],
           ["external_id", "name"])  # what callers set


def search_folds_and_finds_numbers(k):
    party = make(k, "base.party", name="Żółwiopol", contacts=[{"value": "+48 699 888 777"}])
    for text in ("zolwiopol", "ŻÓŁW", "699888777"):
        expect(party in [r["id"] for r in k.search(text)], True)


def companies_are_checked(k):
    refused("validation", lambda: make(k, "base.company", name="C", tax_id="1", regon="2"), "tax_id", "regon")
    company = k.create("base.company", {"name": "Nasza", "tax_id": "5260250274", "currency": currency(k, "PLN")})["id"]
    expect(k.get("base.company", company)["zone"], "Europe/Warsaw")


def a_companys_own_currency_is_paid_with_two_digits_at_most(k):
    """What goods are worth, costs and books are kept with two: dinars of three would be rounded. Yen have none, dollars of four are paid in cents,
    and dinars in use get no third."""
    dinar, yen, dollar = currency(k, "KWD", 3), currency(k, "JPY", 0), currency(k, "USD", 4)
    error = refused("validation", lambda: make(k, "base.company", name="Gulf", currency=dinar), "currency")
    expect(("KWD has 3 digits" in error.problems[0]["message"], bool(error.problems[0]["hint"])), (True, True))
    company = make(k, "base.company", name="Tokyo", currency=yen)
    refused("validation", lambda: k.update("base.company", company, {"currency": dinar}), "currency")
    k.update("base.currency", dinar, {"decimals": 2})
    k.update("base.company", company, {"currency": dinar})
    refused("validation", lambda: k.update("base.currency", dinar, {"decimals": 3}), "decimals")
    k.update("base.company", company, {"currency": dollar})
    k.update("base.currency", dinar, {"decimals": 3})
    k.delete("base.company", company)
    k.update("base.currency", dollar, {"decimals": 2})



def what_a_module_keeps_for_itself_is_shown_where_it_is_named(k):
    made = k.create("base.party", {"name": "Zielona Wierzba"})["id"]
    own = {"name_keys", "place"}
    expect(own & set(k.get("base.party", made)), set())
    expect(own & set(k.list("base.party", [["id", "=", made]])["rows"][0]), set())
    named = k.list("base.party", [["id", "=", made]], fields=["name", "name_keys"])["rows"][0]
    expect(len(named["name_keys"]) > 0, True)
    shown = k.call("base.party.create", {"values": {"name": "Zielona Olcha"}}, dry_run=True)["changes"][0]["after"]
    expect(("name" in shown, own & set(shown)), (True, set()))
    told = {change["field"] for change in k.call("base.party.history", {"id": made})["entries"][0]["changes"]}
    expect(("name" in told, own & told), (True, set()))
    fed = k.call("journal.since", {"seq": 0, "filter": {"entities": ["base.party"], "ids": [made]}})["entries"][0]["changes"][0]["after"]
    expect(("name" in fed, own & set(fed)), (True, set()))


def views_are_shared_with_a_team_or_a_role(k, house):
    teams = [make(k, "access.team", name=name) for name in ("North", "South")]
    user_role = k.list("access.role", [["name", "=", "base.user"]], fields=["id"])["rows"][0]["id"]
    chief_role = make(k, "access.role", name="chief", grants="access.role:read where id in my_roles")
    who = {}
    for name, team, roles in (("ada", teams[:1], [chief_role]), ("ben", teams[:1], []), ("cas", teams[1:], [chief_role]), ("dot", [], [])):
        user = make(k, "access.user", name=name, roles=[user_role] + roles, teams=team)
        k.call("access.password", {"user": user, "new": PASSWORD})
        who[name] = house.client(name, PASSWORD)
    ada = who["ada"]
    view = lambda name, **more: ada.create("base.view", {"name": name, "entity": "base.task", **more})["id"]
    refused("validation", lambda: view("nobody's", shared="team"), "team")
    refused("validation", lambda: view("nobody's", shared="role"), "role")
    refused("validation", lambda: view("theirs", shared="team", team=teams[1]), "team")
    ben = k.list("access.user", [["name", "=", "ben"]], fields=["id"])["rows"][0]["id"]
    ours = view("ours", shared="team", team=teams[0])
    view("the chiefs'", shared="role", role=chief_role)
    view("mine", team=teams[0])
    view("everybody's", shared="all")
    seen = lambda name: {row["name"] for row in who[name].list("base.view", fields=["name"])["rows"]}
    expect([seen(name) for name in who], [{"ours", "the chiefs'", "mine", "everybody's"}, {"ours", "everybody's"}, {"the chiefs'", "everybody's"}, {"everybody's"}])
    expect([[row["name"] for row in who[name].list("access.team")["rows"]] for name in who], [["North"], ["North"], ["South"], []])
    refused("forbidden", lambda: who["ben"].update("base.view", ours, {"name": "stolen"}))
    k.update("access.user", ben, {"teams": teams})
    expect([row["name"] for row in who["ben"].list("access.team")["rows"]], ["North", "South"])
    k.update("access.user", ben, {"teams": []})
    expect(seen("ben"), {"everybody's"})
    k.update("access.user", k.list("access.user", [["name", "=", "ada"]], fields=["id"])["rows"][0]["id"], {"teams": []})
    k.delete("access.team", teams[0])
    expect((ada.get("base.view", ours)["team"], seen("dot")), (None, {"everybody's"}))
    for wrong in ("base.view:read where team = my_teams", "base.view:read where team in (my_teams)"):
        refused("validation", lambda: k.update("access.role", chief_role, {"grants": wrong}), "grants")


def what_is_not_known_of_a_field_is_told_with_what_is(k):
    define = lambda **more: k.call("field.define", {"entity": "base.party", "name": "x", "type": "money", **more})
    expect("0 to 9" in refused("validation", lambda: define(scale=50), "scale").problems[0]["message"], True)
    error = refused("validation", lambda: define(type="lines", lines=[{"name": "a", "typ": "int", "type": "int"}]), "lines[0].typ")
    expect([word in error.problems[0]["message"] for word in ("known are", "target", "lines")], [True] * 3)


def a_field_that_came_with_its_entity_goes_with_a_new_definition(k):
    define = lambda *names: k.call("entity.define", {"name": "custom.crate", "label": "Crate", "fields": [{"name": name, "type": "string"} for name in names]})
    define("code", "colour")
    crate = make(k, "custom.crate", code="C1", colour="red")
    error = refused("not_found", lambda: k.call("field.remove", {"entity": "custom.crate", "name": "colour"}), "name")
    expect("entity.define" in error.problems[0].get("hint", ""), True)
    define("code")
    expect("colour" in k.get("custom.crate", crate), False)
    expect("hint" in refused("not_found", lambda: k.call("field.remove", {"entity": "base.party", "name": "colour"}), "name").problems[0], False)


def what_kind_of_value_came_is_told_in_both_languages(k):
    calls = [("base.party.list", {"filter": [["name", "=", 5]]}, "an integer", "liczba całkowita"), ("base.party.list", {"filter": {"or": True}}, "true or false", "true lub false"),
             ("base.party.list", {"limit": "5"}, "a string", "tekst"), ("base.party.list", {"sort": {}}, "an object", "obiekt"), ("base.party.list", {"fields": [[]]}, "an array", "tablica"),
             ("base.party.create", {"values": []}, "an array was given, an object was expected", "podano: tablica, oczekiwano: obiekt"),
             ("base.party.aggregate", {"group": [None], "measures": {"n": "count"}}, "null", "null"), ("base.party.create", {"values": {"name": "x", "contacts": "y"}}, "a string", "tekst")]
    for method, params, en, pl in calls:
        for lang, word in (("en", en), ("pl", pl)):
            message = refused("validation", lambda: k.call(method, params, lang=lang)).problems[0]["message"]
            expect((word in message, lang == "en" or "an " not in message), (True, True))


def a_batch_gives_the_memory_of_each_call_back(k):
    k.import_rows("base.party", [{"name": f"Party {i}"} for i in range(2500)], chunk=1000)  # 50 times its groups: more than a request may hold
    count = {"method": "base.party.aggregate", "params": {"group": ["name"], "measures": {"n": "count"}, "limit": 10}}
    expect(["result" in one for one in k.call("system.batch", {"calls": [count] * 50})["results"]], [True] * 50)


run([story for name, story in list(globals().items())
     if callable(story) and story.__module__ == "__main__" and name not in ("make", "currency", "country")], modules="base")
