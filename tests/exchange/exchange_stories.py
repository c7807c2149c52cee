#!/usr/bin/env python3
"""Stories of import and export, over HTTP: files as other programs make them."""
import json
import pathlib
import sys
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "modules"))
from stories import expect, refused, run  # noqa: E402
from kontor import Kontor  # noqa: E402


def ended(k, job):
    until = time.monotonic() + 60
    while job["state"] in ("queued", "running"):
        if time.monotonic() > until:
            raise AssertionError(f"does not end: {job}")
        time.sleep(0.02)
        job = k.call("job.get", {"id": job["id"]})
    return job


def problems(k, job):
    return k.call("job.problems", {"id": job["id"]})["problems"]


def take_in(k, text, entity=None, state="done", **more):
    params = {"text": text, **({"entity": entity} if entity else {}), **more}
    job = ended(k, k.call("import.start", params))
    if job["state"] != state:
        raise AssertionError(f"expected {state}: {job} {problems(k, job)[:3]}")
    return job


def upload(k, house, name, data):
    request = urllib.request.Request(house.url + "/files", data, {"Authorization": f"Bearer {k.token}", "X-File-Name": name,
                                                                 "Content-Type": "application/octet-stream"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["id"]


def download(k, house, file):
    request = urllib.request.Request(f"{house.url}/files/{file}", None, {"Authorization": f"Bearer {k.token}"})
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def ready(module, name):
    return json.loads((ROOT / "modules" / module / "mappings" / f"{name}.json").read_text(encoding="utf-8"))


def everything_wrong_with_a_row_is_told_at_once(k):
    text = "title;currency;amount;expected_close\nTen bikes;QQQ;12x;31.02.2026\n;QQQ;1;\nOne bell;;1;\n"
    for rehearse in (True, False):
        job = take_in(k, text, "crm.deal", state="done" if rehearse else "failed", rehearse=rehearse)
        expect(sorted((p["row"], p["column"]) for p in problems(k, job) if p["row"] < 4),
               [(2, "amount"), (2, "currency"), (2, "expected_close"), (3, "currency"), (3, "title")])
    undoing = ended(k, k.call("import.undo", {"job": job["id"]}))
    expect((undoing["state"], undoing["message"]), ("failed", "it changed nothing that you may see: nothing can be taken back"))
    expect(k.count("crm.deal", [["title", "=", "Ten bikes"]]), 0)


def encodings_separators_and_decimal_signs_are_guessed(k, house):
    text = "Nazwa;Kwota;Dzień przyjęcia\r\nZażółć gęślą jaźń;1 234,50 zł;31.12.2026\r\nŁódź ŚĆŹŻ;7,5;01.02.2026\r\n"
    for encoding, name in (("utf-8-sig", "utf-8"), ("utf-16", "utf-16le"), ("cp1250", "windows-1250"), ("iso-8859-2", "iso-8859-2")):
        seen = k.call("import.inspect", {"file": upload(k, house, "a.csv", text.encode(encoding)), "entity": "base.party"})
        expect((seen["encoding"], seen["separator"], seen["decimal"], seen["rows"][0][0]), (name, ";", ",", "Zażółć gęślą jaźń"))
        expect([(c["field"], c.get("custom", {}).get("type")) for c in seen["columns"]],
               [("name", None), (None, "money"), (None, "date")])
    seen = k.call("import.inspect", {"file": upload(k, house, "a.csv", "Name,Größe\nCafé Müller voilà crème,3\n".encode("cp1252")), "entity": "base.party"})
    expect((seen["encoding"], seen["separator"], seen["columns"][1]["title"]), ("windows-1252", ",", "Größe"))


def a_title_that_many_columns_have_is_numbered(k):
    def titles(*given):
        return [c["title"] for c in k.call("import.inspect", {"text": ";".join(given) + "\n", "entity": "base.party"})["columns"]]
    expect(titles("a", "b", "a", "a#2", "a", "b"), ["a", "b", "a#2", "a#2#2", "a#3", "b#2"])
    expect(titles("c#2", "c", "c", "c"), ["c#2", "c", "c#3", "c#4"])
    long = "x" * 940
    expect(titles(*[long] * 1000)[-1], f"{long}#1000")  # each is not tried against all numbers before


def unknown_columns_become_custom_fields(k):
    text = "name;Rabat;Od kiedy\nPierwsza;12,5;31.01.2026\n"
    for column in k.call("import.inspect", {"text": text, "entity": "base.party"})["columns"]:
        if "custom" in column:
            k.call("field.define", {"entity": "base.party", **column["custom"]})
    take_in(k, text, "base.party")
    row = k.list("base.party", [["name", "=", "Pierwsza"]])["rows"][0]
    expect((row["rabat"], row["od_kiedy"]), ("12.50", "2026-01-31"))


def a_rehearsal_tells_everything_and_saves_nothing(k):
    text = "name,kind,email_consent,tax_id\n,person,x,1\nGood,person,1,\nBad,robot,2,5260001245\n"
    before = k.count("base.party")
    job = take_in(k, text, "base.party", rehearse=True)
    found = problems(k, job)
    expect(sorted((p["row"], p["column"]) for p in found if "column" in p), [(2, "email_consent"), (2, "name"), (2, "tax_id"), (4, "kind"), (4, "tax_id")])
    expect((job["result"]["failed"], job["result"]["created"], k.count("base.party")), (2, 1, before))
    preview = k.call("import.preview", {"text": text, "entity": "base.party", "limit": 1})
    expect((preview["rows"], preview["failed"], preview["records"], preview["next"]["row"]), (1, 1, [], 2))
    preview = k.call("import.preview", {"text": text, "entity": "base.party"})
    expect([(r["action"], r["record"]["name"], r["record"]["kind"]) for r in preview["records"]], [("create", "Good", "person")])
    refused("not_found", lambda: k.get("base.party", preview["records"][0]["record"]["id"]))
    stopped = take_in(k, text, "base.party", state="failed")
    expect((k.count("base.party"), bool(stopped["message"])), (before, True))
    skipped = take_in(k, text, "base.party", problems="skip")
    expect((skipped["result"]["created"], skipped["result"]["failed"], k.count("base.party")), (1, 2, before + 1))


def a_rehearsal_sees_what_earlier_chunks_would_bring(k):
    """Rows further apart than a chunk: the rehearsal counts and refuses as the import does."""
    filler = "".join(f"F{i},filler {i}\n" for i in range(1100))
    text = "external_id,name\nfirst,One\n" + filler + "first,Two\n"
    tags = "name\nsame far away\n" + "".join(f"tag {i}\n" for i in range(1100)) + "same far away\n"
    rehearsed = take_in(k, text, "base.party", rehearse=True)["result"]
    done = take_in(k, text, "base.party")["result"]
    expect([rehearsed[n] for n in ("created", "updated", "failed")], [done[n] for n in ("created", "updated", "failed")])
    expect((done["created"], done["updated"]), (1101, 1))
    rehearsed = take_in(k, tags, "base.tag", rehearse=True)
    expect([(p["row"], p["path"]) for p in problems(k, rehearsed)], [(1103, "name")])
    done = take_in(k, tags, "base.tag", problems="skip")
    expect([(p["row"], p["path"]) for p in problems(k, done)], [(1103, "name")])
    expect([rehearsed["result"][n] for n in ("created", "failed")], [done["result"][n] for n in ("created", "failed")])


def a_row_with_more_cells_than_titles_is_one_problem(k):
    text = "name;kind;\nBefore;person;\nKowalski; Jan;person;surplus\nAfter;person;;;\n"
    job = take_in(k, text, "base.party", problems="skip")
    expect((job["result"]["created"], job["result"]["failed"], [(p["row"], p["path"]) for p in problems(k, job)]), (2, 1, [(3, "file")]))
    take_in(k, text, "base.party", state="failed")
    expect(k.count("base.party", [["name", "in", ["Before", "After"]]]), 2)
    expect(k.call("import.preview", {"text": text, "entity": "base.party"})["failed"], 1)


def an_import_that_is_started_again_under_its_key_is_the_same(k, house):
    params = {"text": "name,kind\nOnly one,person\n", "entity": "base.party", "mapping": {"mode": "create"}}
    jobs, starts = [], [threading.Thread(target=lambda: jobs.append(Kontor(house.url, token=k.token).call("import.start", params, key="once")["id"])) for _ in range(8)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    jobs.append(k.call("import.start", params, key="once")["id"])
    expect((len(jobs), len(set(jobs))), (9, 1))
    ended(k, k.call("job.get", {"id": jobs[0]}))
    expect(k.count("base.party", [["name", "=", "Only one"]]), 1)
    refused("conflict", lambda: k.call("import.start", {**params, "entity": "crm.lead"}, key="once"), "idempotency_key")
    refused("validation", lambda: k.call("import.start", {"entity": "base.party"}, key="other"), "file")
    expect(ended(k, k.call("import.start", {**params, "rehearse": True}, key="other"))["state"], "done")


def an_import_is_undone_whole(k):
    text = "external_id,name\n" + "".join(f"u{i},Undone {i}\n" for i in range(2300))
    job = take_in(k, text, "base.party")
    expect((job["result"]["created"], job["done"], job["total"]), (2300, 2300, 2300))
    again = take_in(k, text.replace("Undone 7\n", "Other 7\n"), "base.party")
    expect((again["result"]["updated"], again["result"]["unchanged"]), (1, 2299))
    back = ended(k, k.call("import.undo", {"job": again["id"]}))
    expect((back["result"]["reverted"], k.list("base.party", [["external_id", "=", "u7"]])["rows"][0]["name"]), (1, "Undone 7"))
    mine = k.list("base.party", [["external_id", "=", "u9"]])["rows"][0]["id"]
    k.update("base.party", mine, {"name": "Kept by hand"})
    back = ended(k, k.call("import.undo", {"job": job["id"]}))
    expect((k.count("base.party", [["name", "like", "Undone %"]]), k.get("base.party", mine)["name"]), (0, "Kept by hand"))
    expect(back["problems"] > 0, True)
    refused("not_found", lambda: k.call("import.undo", {"job": 99999}))


def records_are_found_by_chosen_keys(k):
    take_in(k, "name,tax_id,industry\nKey firm,5260001246,old\n", "base.party")
    mapping = {"key": "tax_id"}
    job = take_in(k, "tax_id,industry\n5260001246,new\n", "base.party", mapping=mapping)
    expect(job["result"]["updated"], 1)
    added = take_in(k, "name,tax_id\nKey firm,5260001246\n", "base.party", mapping={"key": "tax_id", "mode": "add"})
    expect(added["result"]["skipped"], 1)
    job = take_in(k, "tax_id,industry\n1111111111,new\n", "base.party", state="failed", mapping={"key": "tax_id", "mode": "update"})
    expect("to update" in job["message"], True)
    k.create("crm.pipeline", {"name": "Sales", "initial": True, "stages": [{"name": "New"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}]})
    take_in(k, "title,party.tax_id,owner\nDeal of key firm,5260001246,admin\n", "crm.deal")
    deal = k.list("crm.deal", [["title", "=", "Deal of key firm"]], fields=["party.name", "owner.name"])["rows"][0]
    expect((deal["party.name"], deal["owner.name"]), ("Key firm", "admin"))


def records_are_found_by_telephone_and_mail(k):
    """However a number is written: the key is its normal form. What the record has stays as it is written there."""
    k.create("base.party", {"name": "Called", "contacts": [{"kind": "phone", "value": "+48 22 111 22 33", "use": "work"}, {"kind": "phone", "value": "601 222 333", "use": "mobile"},
             {"kind": "email", "value": "Biuro@Called.pl"}]})
    phone = {"key": "contacts[kind=phone].normal", "columns": [{"title": "Phone", "field": "contacts[kind=phone].value"}, {"title": "Mobile", "field": "contacts[kind=phone,use=mobile].value"}]}
    rows = "name,Phone,industry\nAnother name,0048601222333,bikes\nNew one,602 000 111,parts\nNo number,,parts\n"
    rehearsed = take_in(k, rows + "New again,+48602000111,parts\n", "base.party", mapping=phone, rehearse=True)["result"]
    expect((rehearsed["created"], rehearsed["updated"]), (2, 2))
    done = take_in(k, rows, "base.party", mapping=phone)["result"]
    expect((done["created"], done["updated"]), (2, 1))
    found = k.list("base.party", [["industry", "=", "bikes"]], fields=["name", "contacts"])["rows"]
    expect([(p["name"], [c["value"] for c in p["contacts"]]) for p in found], [("Another name", ["+48 22 111 22 33", "601 222 333", "Biuro@Called.pl"])])
    again = take_in(k, "name,Phone,Mobile\nAnother name,+48221112233,+48 601-222-333\nNew one,,602000111\n", "base.party", mapping=phone)["result"]
    expect((again["created"], again["updated"], again["unchanged"]), (0, 0, 2))
    moved = take_in(k, "name,Phone,Mobile\nAnother name,+48221112233,+48 609 000 000\n", "base.party", mapping=phone)["result"]  # one of two is new
    expect((moved["updated"], sorted(c["value"] for c in k.list("base.party", [["industry", "=", "bikes"]], fields=["contacts"])["rows"][0]["contacts"])),
           (1, ["+48 22 111 22 33", "+48 609 000 000", "Biuro@Called.pl"]))
    mail = {"key": "contacts[kind=email].normal", "columns": [{"title": "E-mail", "field": "contacts[kind=email].value"}]}
    expect(take_in(k, "name,E-mail,industry\nAnother name,BIURO@called.pl,frames\n", "base.party", mapping={**mail, "mode": "update"})["result"]["updated"], 1)
    k.create("base.party", {"name": "Twin", "contacts": [{"kind": "email", "value": "biuro@called.pl"}]})
    job = take_in(k, "name,E-mail\nAnother name,biuro@called.pl\n", "base.party", state="failed", mapping=mail)
    expect("several records have this key" in problems(k, job)[0]["message"], True)
    lead = {"key": "phone_normal", "columns": [{"title": "Phone", "field": "phone"}]}
    take_in(k, "title,Phone\nFirst,603 100 100\n", "crm.lead", mapping=lead)
    expect(take_in(k, "title,Phone\nAgain,+48 603100100\n", "crm.lead", mapping=lead)["result"]["updated"], 1)
    refused("validation", lambda: k.call("import.start", {"entity": "base.party", "text": "name\nx\n", "mapping": {"key": ["name", "contacts[kind=phone].normal"]}}), "mapping.key")
    refused("validation", lambda: k.call("import.start", {"entity": "base.party", "text": "name\nx\n", "mapping": {"key": "contacts"}}), "mapping.key")


def mappings_are_saved_and_used_by_name(k):
    k.create("exchange.mapping", {"name": "shop", "entity": "base.party",
                                 "mapping": {"entity": "base.party", "columns": [{"title": "Who", "field": "name"}, {"title": "Junk", "field": None}]}})
    take_in(k, "Who,Junk\nBy mapping,x\n", mapping="shop")
    expect(k.count("base.party", [["name", "=", "By mapping"]]), 1)
    refused("not_found", lambda: k.call("import.start", {"text": "a\n1\n", "mapping": "nobody"}), "mapping")
    refused("validation", lambda: k.call("import.start", {"text": "a\n1\n", "entity": "base.party", "mapping": {
        "mode": "odd", "colour": 1, "columns": [{"title": "a", "field": "nothing"}]}}), "mapping.mode", "mapping.colour", "mapping.columns[0].field")


def bitrix24_moves(k):
    companies = "ID;Company Name;Work Phone;Work E-mail;Address;City;Responsible\n11;Rowery Toruń sp. z o.o.;+48 56 600 70 80;biuro@rowery.pl;Szeroka 1;Toruń;admin\n"
    take_in(k, companies, mapping=ready("crm", "bitrix24-companies"))
    contacts = "ID;Imię;Nazwisko;Firma;Telefon komórkowy;Służbowy e-mail\n5;Ewa;Lis;Rowery Toruń sp. z o.o.;600700801;ewa@rowery.pl\n"
    take_in(k, contacts, mapping=ready("crm", "bitrix24-contacts"))
    person = k.list("base.party", [["external_id", "=", "C_5"]], fields=["name", "parent.name", "phone"])["rows"][0]
    expect((person["name"], person["parent.name"]), ("Ewa Lis", "Rowery Toruń sp. z o.o."))
    leads = "ID;Lead Title;Stage;First Name;Last Name;Work Phone;Mobile;City;Amount;Currency;Source\n" \
        "3;Asked for bikes;In Progress;Jan;Kot;+48 56 600 70 81;600700802;Toruń;1 500,00;PLN;Web\n4;Nonsense;Junk Lead;;;;;;;;\n"
    k.create("base.currency", {"code": "PLN", "name": "Polish zloty"})
    take_in(k, leads, mapping={**ready("crm", "bitrix24-leads"), "keep": True})
    lead = k.list("crm.lead", [["external_id", "=", "bitrix24:3"]])["rows"][0]
    expect((lead["state"], lead["amount"], lead["source"]), ("contacted", "1500.00", "Web"))
    lead = k.get("crm.lead", lead["id"])
    expect((lead["name"], lead["last_name"], lead["phone"], lead["city"]), ("Jan Kot", "Kot", "+48 56 600 70 81", "Toruń"))
    expect([(c["kind"], c["use"], c["value"]) for c in lead["contacts"]], [("phone", "mobile", "600700802")])
    deals = "ID;Deal Name;Company;Product;Price;Quantity;Close Date\n70;Ten bikes;Rowery Toruń sp. z o.o.;Bike;1200,00;10;31.12.2026\n70;Ten bikes;Rowery Toruń sp. z o.o.;Lock;45,50;10;31.12.2026\n71;One bell;Nobody yet;Bell;9,99;1;\n"
    for _ in range(2):  # taken in twice: the same deals
        take_in(k, deals, mapping=ready("crm", "bitrix24-deals"))
    rows = k.list("crm.deal", [["external_id", "starts_with", "bitrix24:"]], fields=["title", "amount", "lines", "party.name", "expected_close"], sort="id")["rows"]
    expect([(r["title"], [l["name"] for l in r["lines"]], r["party.name"]) for r in rows],
           [("Ten bikes", ["Bike", "Lock"], "Rowery Toruń sp. z o.o."), ("One bell", ["Bell"], "Nobody yet")])
    staged = "ID;Deal Name;Deal Stage;Pipeline;Lead;Created By;Tax Rate;Source Description\n80;Sold;WON;No such;Asked for bikes;admin;23;fair\n81;Gone;lost;;;nobody;;\n82;Under way;New;;;;;\n"
    for result in ("created", "unchanged"):
        expect(take_in(k, staged, mapping=ready("crm", "bitrix24-deals"))["result"][result], 3)
    rows = k.list("crm.deal", [["external_id", "in", ["bitrix24:80", "bitrix24:81", "bitrix24:82"]]], fields=["stage_name", "semantic", "lost_reason", "lead.title", "campaign"], sort="id")["rows"]
    expect([[r[f] for f in ("stage_name", "semantic", "lost_reason", "lead.title", "campaign")] for r in rows],
           [["Won", "won", None, "Asked for bikes", "fair"], ["Lost", "lost", "Bitrix24", None, None], ["New", "open", None, None, None]])
    rest = json.dumps({"result": [{"ID": "9", "TITLE": "By REST", "STATUS_ID": "NEW", "OPPORTUNITY": "15000.00", "CURRENCY_ID": "PLN", "ASSIGNED_BY_ID": "1", "COMMENTS": ""}],
                       "next": 50, "total": 2, "time": {"start": 1.5}}) + "\n" + json.dumps({"result": [{"ID": "10", "TITLE": "By REST too"}], "total": 2})
    job = take_in(k, rest, mapping=ready("crm", "bitrix24-leads"))
    expect((job["result"]["created"], k.list("crm.lead", [["external_id", "=", "bitrix24:9"]])["rows"][0]["amount"]), (2, "15000.00"))


def bitrix24_answers_bring_stages_and_telephones(k):
    """A dump of REST answers: stages first, then contacts, leads and deals by their codes."""
    def answers(*rows):
        return json.dumps({"result": list(rows), "total": len(rows)})
    stage = lambda category, code, name, sort, semantics=None: {"ID": str(sort), "ENTITY_ID": f"DEAL_STAGE_{category}" if category else "DEAL_STAGE",
        "STATUS_ID": f"C{category}:{code}" if category else code, "NAME": name, "SORT": str(sort), "CATEGORY_ID": str(category), "COLOR": "#39A8EF", "SEMANTICS": semantics}
    main = [stage(0, "NEW", "Na początku", 10), stage(0, "UC_A1", "Próbki", 20), stage(0, "WON", "Sprzedane", 30, "S"), stage(0, "LOSE", "Stracone", 40, "F")]
    second = [stage(3, "NEW", "Erstkontakt", 10), stage(3, "EXECUTING", "In Arbeit", 20, "P"), stage(3, "WON", "Gewonnen", 30, "S"), stage(3, "LOSE", "Verloren", 40, "F")]
    for result in ("created", "unchanged"):
        expect(take_in(k, answers(*main) + answers(*second), mapping=ready("crm", "bitrix24-stages"))["result"][result], 2)
    row = k.get("crm.pipeline", k.list("crm.pipeline", [["external_id", "=", "DEAL_STAGE_3"]])["rows"][0]["id"])
    expect([(s["name"], s["code"], s["semantic"]) for s in row["stages"]],
           [("Erstkontakt", "C3:NEW", "open"), ("In Arbeit", "C3:EXECUTING", "open"), ("Gewonnen", "C3:WON", "won"), ("Verloren", "C3:LOSE", "lost")])
    deals = answers({"ID": "501", "TITLE": "Samples", "CATEGORY_ID": "0", "STAGE_ID": "UC_A1", "STAGE_SEMANTIC_ID": "P"},
                    {"ID": "502", "TITLE": "Gone", "CATEGORY_ID": "3", "STAGE_ID": "C3:LOSE"}, {"ID": "503", "TITLE": "At work", "CATEGORY_ID": "3", "STAGE_ID": "C3:EXECUTING"},
                    {"ID": "504", "TITLE": "Sold", "CATEGORY_ID": "0", "STAGE_ID": "WON"}, {"ID": "505", "TITLE": "New", "CATEGORY_ID": "0", "STAGE_ID": "NEW"})
    for result in ("created", "unchanged"):
        expect(take_in(k, deals, mapping=ready("crm", "bitrix24-deals"))["result"][result], 5)
    rows = k.list("crm.deal", [["external_id", "in", [f"bitrix24:{n}" for n in range(501, 506)]]], fields=["pipeline.name", "stage_name", "semantic"], sort="id")["rows"]
    expect([(r["pipeline.name"], r["stage_name"], r["semantic"]) for r in rows],
           [("DEAL_STAGE", "Próbki", "open"), ("DEAL_STAGE_3", "Verloren", "lost"), ("DEAL_STAGE_3", "In Arbeit", "open"), ("DEAL_STAGE", "Sprzedane", "won"), ("DEAL_STAGE", "Na początku", "open")])
    k.create("crm.deal", {"title": "By meaning", "stage_name": "lost", "lost_reason": "price"})  # whatever the stage is called
    unknown = take_in(k, answers({"ID": "506", "TITLE": "Odd", "CATEGORY_ID": "3", "STAGE_ID": "C3:UC_X"}), mapping=ready("crm", "bitrix24-deals"), rehearse=True)
    expect([(p["column"], p["hint"]) for p in problems(k, unknown)], [("STAGE_ID", "Its stages are: Erstkontakt, In Arbeit, Gewonnen, Verloren")])
    reach = {"PHONE": [{"ID": "1", "VALUE_TYPE": "WORK", "VALUE": "+48 22 100 20 31", "TYPE_ID": "PHONE"}, {"ID": "2", "VALUE_TYPE": "MOBILE", "VALUE": "600 700 901", "TYPE_ID": "PHONE"},
                       {"ID": "5", "VALUE_TYPE": "WORK", "VALUE": "+48 22 100 20 32", "TYPE_ID": "PHONE"}],
             "EMAIL": [{"ID": "3", "VALUE_TYPE": "WORK", "VALUE": "rest@example.com", "TYPE_ID": "EMAIL"}], "IM": [{"ID": "4", "VALUE_TYPE": "TELEGRAM", "VALUE": "@rest", "TYPE_ID": "IM"}]}
    contact = answers({"ID": "61", "NAME": "Rest", "LAST_NAME": "Answer", **reach})
    for result in ("created", "unchanged"):
        expect(take_in(k, contact, mapping=ready("crm", "bitrix24-contacts"))["result"][result], 1)
    person = k.get("base.party", k.list("base.party", [["external_id", "=", "C_61"]])["rows"][0]["id"])
    expect([(c["kind"], c["use"], c["value"]) for c in person["contacts"]],
           [("phone", "work", "+48 22 100 20 31"), ("phone", "mobile", "600 700 901"), ("phone", "work", "+48 22 100 20 32"), ("email", "work", "rest@example.com"), ("messenger", "other", "@rest")])
    take_in(k, answers({"ID": "62", "TITLE": "By REST", "STATUS_ID": "IN_PROCESS", **reach}), mapping={**ready("crm", "bitrix24-leads"), "keep": True})
    lead = k.get("crm.lead", k.list("crm.lead", [["external_id", "=", "bitrix24:62"]])["rows"][0]["id"])
    expect((lead["phone"], lead["email"], [(c["kind"], c["value"]) for c in lead["contacts"]]),
           ("+48 22 100 20 31", "rest@example.com", [("phone", "600 700 901"), ("phone", "+48 22 100 20 32"), ("messenger", "@rest")]))


def bitrix24_titles_in_polish(k):
    """The columns of an account in Polish, as its lists call them."""
    def mapped(name, titles):
        return {c["title"]: c["field"] for c in k.call("import.inspect", {"text": ";".join(titles) + "\n", "mapping": ready("crm", name)})["columns"]}
    person = mapped("bitrix24-contacts", ["ID", "Pozdrowienia", "Imię", "Drugie Imię", "Nazwisko", "Data urodzin", "Stanowisko", "Firma", "Telefon Służbowy", "Telefon Komórkowy", "Inny Numer Telefonu",
                                          "E-mail Służbowy", "E-mail Domowy", "Inny E-mail", "Strona Wspólna", "Ulica, nr", "Lokal / Budynek", "Miasto", "Województwo / Gmina", "Kod pocztowy", "Kraj",
                                          "Odpowiedzialny", "Komentarz", "Utworzony", "Utworzony przez", "Zmodyfikowany", "Zmodyfikowane przez"])
    expect([t for t, f in person.items() if not f and not t.startswith(("Utworzon", "Zmodyfikowan"))], [])
    expect([person[t] for t in ("E-mail Służbowy", "Inny Numer Telefonu", "Województwo / Gmina")],
           ["contacts[kind=email,use=work].value", "contacts[kind=phone,use=other].value", "addresses[use=main].region_name"])
    deal = mapped("bitrix24-deals", ["ID", "Nazwa deala", "Lejek", "Etap", "Przychód", "Waluta", "Prawdopodobieństwo, %", "Zakładana data zamknięcia", "Firma", "Kontakt", "Źródło", "Informacja o źródle",
                                     "Produkt", "Cena", "Ilość", "Odpowiedzialny", "Komentarz"])
    expect([t for t, f in deal.items() if not f], [])
    leads = "ID;Nazwa leada;Status;Pełna nazwa;Nazwa firmy;Telefon Służbowy;E-mail Służbowy;Razem;Waluta\n91;Rowery;Lead śmieciowy;Jan Lis;Lis s.c.;22 100 20 41;lis@example.com;1 200,50;PLN\n92;Inne;Nieprzydzielony;;;;;;\n"
    take_in(k, leads, mapping={**ready("crm", "bitrix24-leads"), "keep": True})
    rows = k.list("crm.lead", [["external_id", "in", ["bitrix24:91", "bitrix24:92"]]], sort="id")["rows"]
    expect([(r["state"], r["name"], r["amount"], r["email"]) for r in rows], [("unqualified", "Jan Lis", "1200.50", "lis@example.com"), ("new", None, None, None)])


def other_systems_hand_over_what_they_export(k):
    """CSV as Odoo and ERPNext write it, with their titles or their technical names."""
    contacts = "External ID,Name,Is a Company,Related Company,Tax ID,Phone,Mobile,Email,Street,Zip,City,Job Position\n" \
        "__export__.p1,Odo Works,True,,PL5260250995,+48 22 555 10 10,,works@odo.example,Polna 5,87-100,Toruń,\n__export__.p2,Ewa Odo,False,Odo Works,,,600 222 333,ewa@odo.example,,,,Buyer\n"
    for result in ("created", "unchanged"):
        expect(take_in(k, contacts, mapping=ready("crm", "odoo-contacts"))["result"][result], 2)
    ewa = k.get("base.party", k.list("base.party", [["external_id", "=", "odoo:__export__.p2"]])["rows"][0]["id"])
    firm = k.get("base.party", ewa["parent"])
    expect((ewa["kind"], ewa["position"], ewa["email"], firm["name"], firm["kind"], firm["city"]), ("person", "Buyer", "ewa@odo.example", "Odo Works", "organisation", "Toruń"))
    deals = "id,name,partner_id,stage_id,expected_revenue,date_deadline,lost_reason_id\nd1,Fleet,Odo Works,Won,12500.50,2026-12-01,\nd2,Trial,Odo Works,Lost,10,,Too dear\n"
    take_in(k, deals, mapping=ready("crm", "odoo-deals"))
    rows = k.list("crm.deal", [["external_id", "in", ["odoo:d1", "odoo:d2"]]], fields=["title", "party.name", "semantic", "amount", "lost_reason"], sort="id")["rows"]
    expect([(r["title"], r["party.name"], r["semantic"], r["amount"], r["lost_reason"]) for r in rows], [("Fleet", "Odo Works", "won", "12500.50", None), ("Trial", "Odo Works", "lost", "10.00", "Too dear")])
    take_in(k, "ID,Customer Name,Customer Type,Tax ID,Email Id,Mobile No\nCUST-1,Erp Next Sp,Company,,a@erpnext.example,600 333 444\n", mapping=ready("crm", "erpnext-customers"))
    row = k.list("base.party", [["external_id", "=", "erpnext:CUST-1"]], fields=["name", "is_customer", "email", "phone"])["rows"][0]
    expect((row["name"], row["is_customer"], row["email"], row["phone"]), ("Erp Next Sp", True, "a@erpnext.example", "600 333 444"))
    take_in(k, "ID,Title,Full Name,Organization Name,Email,Status,Source\nLEAD-1,Asks,Jo Next,Next Ltd,jo@next.example,Replied,Fair\n", mapping={**ready("crm", "erpnext-leads"), "keep": True})
    row = k.list("crm.lead", [["external_id", "=", "erpnext:LEAD-1"]])["rows"][0]
    expect((row["title"], row["name"], row["company_name"], row["state"], row["source"]), ("Asks", "Jo Next", "Next Ltd", "contacted", "Fair"))


def everyday_titles_are_known_in_three_languages(k):
    def fields(entity, titles):
        return [c["field"] for c in k.call("import.inspect", {"text": titles + "\n", "entity": entity})["columns"]]
    reach = ["contacts[kind=phone,use=work].value", "contacts[kind=email,use=work].value", "addresses[use=main].street", "addresses[use=main].postal_code", "addresses[use=main].city", "tax_id", "industry"]
    for titles in ("Name;Phone;E-mail;Street;Postal code;City;VAT number;Industry", "Nazwa;Telefon;Adres e-mail;Ulica;Kod pocztowy;Miejscowość;NIP;Branża",
                   "Name;Telefon;E-Mail;Straße;PLZ;Ort;USt-IdNr.;Branche", "name,phone,email,Address,ZIP,city,Tax number,industry"):
        expect(fields("base.party", titles), ["name"] + reach)
    for titles in ("Subject;Company;Full name;Phone;Source;Amount", "Temat;Firma;Imię i nazwisko;Telefon;Źródło;Kwota", "Betreff;Unternehmen;Ansprechpartner;Telefonnummer;Quelle;Betrag"):
        expect(fields("crm.lead", titles), ["title", "company_name", "name", "phone", "source", "amount"])
    for titles in ("Deal;Customer;Stage;Amount;Close date", "Nazwa szansy;Klient;Etap;Kwota;Data zamknięcia", "Titel;Kunde;Phase;Wert;Abschlussdatum"):
        expect(fields("crm.deal", titles), ["title", "party", "stage_name", "amount", "expected_close"])
    for titles in ("SKU;Product;Unit price", "Symbol;Nazwa towaru;Cena netto", "Artikelnummer;Bezeichnung;Nettopreis"):
        expect(fields("base.item", titles), ["code", "name", "price"])
    take_in(k, "Name;Telefon;E-Mail;Straße;PLZ;Ort\nMüller GmbH;+49 30 123456;a@mueller.example;Hauptstr. 1;10115;Berlin\n", "base.party")
    row = k.list("base.party", [["name", "=", "Müller GmbH"]], fields=["phone", "email", "city"])["rows"][0]
    expect((row["phone"], row["email"], row["city"]), ("+49 30 123456", "a@mueller.example", "Berlin"))


def lines_that_a_file_does_not_speak_of_stay(k):
    kept = {"external_id": "kept", "name": "Kept", "contacts": [{"kind": "email", "use": "work", "value": "kept@example.com"},
            {"kind": "phone", "use": "work", "value": "+48221002030"}, {"kind": "phone", "use": "mobile", "value": "+48600100200", "note": "evenings"}],
            "addresses": [{"use": "billing", "street": "Long 1"}, {"use": "main", "street": "Short 2", "city": "Kutno"}]}
    made = k.create("base.party", kept)["id"]
    mapping = {"columns": [{"title": "Mobile", "field": "contacts[kind=phone,use=mobile].value"}, {"title": "Home", "field": "contacts[kind=phone,use=home].value"},
                           {"title": "City", "field": "addresses[use=main].city"}, {"title": "First street", "field": "addresses[1].street"}]}
    take_in(k, "external_id;Mobile;Home;City;First street\nkept;600100209;221002039;Gdynia;Longer 1\n", entity="base.party", mapping=mapping)
    row = k.get("base.party", made)
    expect([(c["kind"], c["use"], c["value"], c["note"]) for c in row["contacts"]],
           [("email", "work", "kept@example.com", None), ("phone", "work", "+48221002030", None), ("phone", "mobile", "600100209", "evenings"), ("phone", "home", "221002039", None)])
    expect([(a["use"], a["street"], a["city"]) for a in row["addresses"]], [("billing", "Longer 1", None), ("main", "Short 2", "Gdynia")])
    job = take_in(k, "external_id;Mobile;Home;City;First street\nkept;600100209;221002039;Gdynia;Longer 1\n", entity="base.party", mapping=mapping)
    expect(job["result"]["unchanged"], 1)


def cards_and_calendars_go_out_and_come_back(k, house):
    people = [{"kind": "person", "first_name": "Zoë; the, 1st", "last_name": "Żółć", "title": "dr", "position": "Head", "birth_date": "1985-04-12", "notes": "two\nlines, \\ and more " * 8,
               "contacts": [{"kind": "email", "use": "work", "value": "zoe@example.com"}, {"kind": "phone", "use": "mobile", "value": "+48600100901", "note": "a"},
                            {"kind": "phone", "use": "mobile", "value": "+48600100902", "note": "b"}, {"kind": "phone", "use": "work", "value": "+48600100903"},
                            {"kind": "messenger", "use": "work", "value": "@zoe"}],
               "addresses": [{"use": "billing", "street": "Other 3"}, {"use": "main", "street": "Długa 1, m. 2", "city": "Łódź", "postal_code": "90-001"}]},
              {"kind": "person", "first_name": "Only", "last_name": "Named", "external_id": "card-9"}]
    for person in people:
        k.create("base.party", person)
    party = k.list("base.party", [["last_name", "=", "Żółć"]])["rows"][0]["id"]
    deal_of = k.create("crm.activity", {"kind": "meeting", "subject": "Visit, long", "planned_at": "2036-01-05T09:00:00.000Z", "text": "at\nten", "party": party})["id"]
    k.create("base.task", {"title": "Write; soon", "due": "2036-02-01T12:30:00.000Z", "priority": "urgent", "party": party, "checklist": [{"text": "one"}]})
    k.call("base.task.start", {"id": k.create("base.task", {"title": "Begun", "text": "x"})["id"]})
    for entity, module, name, fmt, filters in (("base.party", "base", "vcard", "vcard", [["last_name", "in", ["Żółć", "Named"]]]), ("crm.activity", "crm", "icalendar", "ical", []),
                                               ("base.task", "base", "tasks", "ical", [])):
        mapping = ready(module, name)
        before = k.list(entity, filters, sort="id", limit=500)["rows"]
        job = ended(k, k.call("export.start", {"entity": entity, "format": fmt, "mapping": mapping, "filter": filters}))
        expect((entity, job["state"], job["result"]["rows"] > 0), (entity, "done", True))
        text = download(k, house, job["result"]["file"]).decode()
        expect(max(len(line.encode()) for line in text.split("\r\n")) <= 75, True)
        back = take_in(k, text, mapping=mapping)
        expect((entity, back["result"]["unchanged"], back["result"]["created"], back["result"]["updated"]), (entity, job["result"]["rows"], 0, 0))
        expect(k.list(entity, filters, sort="id", limit=500)["rows"], before)
        other = text.replace("X-KONTOR-ID", "X-OTHER").replace("X-KONTOR-VERSION", "X-OTHER-V").replace("UID:kontor:", "UID:far-")
        made = take_in(k, other, mapping={**mapping, "keep": True})
        expect((entity, made["result"]["failed"], made["result"]["created"] > 0), (entity, 0, True))
    far = k.list("base.party", [["external_id", "=", f"far-{party}"]])["rows"][0]
    mine = k.get("base.party", party)
    far = k.get("base.party", far["id"])
    same = ("name", "first_name", "last_name", "title", "position", "birth_date", "notes")
    expect([far[n] for n in same], [mine[n] for n in same])
    expect(sorted((c["kind"], c["use"], c["value"]) for c in far["contacts"]), sorted((c["kind"], c["use"], c["value"]) for c in mine["contacts"] if c["kind"] != "messenger"))
    expect([(a["street"], a["city"], a["postal_code"]) for a in far["addresses"]], [("Długa 1, m. 2", "Łódź", "90-001")])
    event = k.list("crm.activity", [["external_id", "=", f"far-{deal_of}"]])["rows"][0]
    expect((event["subject"], event["planned_at"]), ("Visit, long", "2036-01-05T09:00:00.000Z"))
    tasks = k.list("base.task", [["external_id", "starts_with", "far-"]], sort="id")["rows"]
    expect([(t["title"], t["due"], t["priority"], t["state"]) for t in tasks], [("Write; soon", "2036-02-01T12:30:00.000Z", "urgent", "todo"), ("Begun", None, "normal", "in_progress")])
    refused("validation", lambda: k.call("export.start", {"entity": "base.party", "format": "vcard"}), "mapping")


def cards_and_calendars_come_in(k):
    cards = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:card-1\r\nFN:Anna Nowak\r\nN:Nowak;Anna;;dr;\r\nORG:Nowak i S\r\n ynowie;Sales\r\nTEL;TYPE=CELL,VOICE:+48 600 100 200\r\n" \
        "TEL;TYPE=WORK:+48 22 100 20 30\r\nEMAIL;TYPE=INTERNET:anna@nowak.pl\r\nADR;TYPE=WORK:;;Długa 1\\, m. 2;Łódź;;90-001;Polska\r\nBDAY:1985-04-12\r\nNOTE:two\\nlines\r\nEND:VCARD\r\n"
    take_in(k, cards, mapping=ready("base", "vcard"))
    row = k.list("base.party", [["external_id", "=", "card-1"]])["rows"][0]
    full = k.get("base.party", row["id"])
    expect((full["name"], full["title"], full["notes"], full["birth_date"]), ("Anna Nowak", "dr", "two\nlines", "1985-04-12"))
    expect(sorted((c["kind"], c["use"]) for c in full["contacts"]), [("email", "work"), ("phone", "mobile"), ("phone", "work")])
    expect((full["addresses"][0]["street"], full["addresses"][0]["city"]), ("Długa 1, m. 2", "Łódź"))
    calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:e1\r\nSUMMARY:Visit\r\nDTSTART;TZID=Europe/Warsaw:20260105T100000\r\nBEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    take_in(k, calendar, mapping=ready("crm", "icalendar"))
    row = k.list("crm.activity", [["external_id", "=", "e1"]])["rows"][0]
    expect((row["subject"], row["kind"], row["planned_at"]), ("Visit", "meeting", "2026-01-05T09:00:00.000Z"))


def what_is_no_table_is_refused(k, house):
    import io
    import zipfile
    refused("validation", lambda: k.call("import.inspect", {"text": "PK\x03\x04 not a zip", "entity": "base.party"}), "file")
    def workbook(sheet):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr("xl/worksheets/sheet1.xml", sheet)
        return upload(k, house, "a.xlsx", out.getvalue())
    bomb = workbook("<worksheet><sheetData><row><c t='inlineStr'><is><t>" + "a" * 40_000_000 + "</t></is></c></row></sheetData></worksheet>")
    error = refused("validation", lambda: k.call("import.inspect", {"file": bomb, "entity": "base.party"}), "file")
    expect("unpacks" in error.problems[0]["message"], True)
    laughs = workbook("<!DOCTYPE w [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><worksheet><sheetData><row><c t='inlineStr'><is><t>&b;</t></is></c></row></sheetData></worksheet>")
    error = refused("validation", lambda: k.call("import.inspect", {"file": laughs, "entity": "base.party"}), "file")
    expect("document type" in error.problems[0]["message"], True)
    refused("validation", lambda: k.call("import.start", {"entity": "base.party"}), "file")
    refused("validation", lambda: k.call("import.start", {"text": "name\nGood\n"}), "entity")
    job = ended(k, k.call("import.start", {"text": "name\nGood\n\"open\n", "entity": "base.party"}))
    expect((job["state"], problems(k, job)[0]["row"]), ("failed", 3))


def problems_are_told_in_the_language_of_the_call(k):
    wrong = {"text": "name,kind\n,animal\n", "entity": "base.party"}
    said = {}
    for lang in ("en", "pl"):
        for rehearse in (True, False):
            job = ended(k, k.call("import.start", {**wrong, "rehearse": rehearse}, lang=lang))
            said.setdefault(lang, []).append([p["message"] for p in problems(k, job)] + ([] if rehearse else [job["message"]]))
    expect([any("oczekiwano" in text for text in texts) for texts in said["pl"]], [True, True])
    expect([any("expected" in text for text in texts) for texts in said["en"]], [True, True])
    expect(set(said["pl"][1]) & set(said["en"][1]), set())


if __name__ == "__main__":
    run([everything_wrong_with_a_row_is_told_at_once, encodings_separators_and_decimal_signs_are_guessed,
         a_title_that_many_columns_have_is_numbered, unknown_columns_become_custom_fields, a_rehearsal_tells_everything_and_saves_nothing,
         a_rehearsal_sees_what_earlier_chunks_would_bring,
         a_row_with_more_cells_than_titles_is_one_problem, an_import_that_is_started_again_under_its_key_is_the_same, an_import_is_undone_whole, records_are_found_by_chosen_keys,
         records_are_found_by_telephone_and_mail, mappings_are_saved_and_used_by_name, bitrix24_moves,
         bitrix24_answers_bring_stages_and_telephones, bitrix24_titles_in_polish, other_systems_hand_over_what_they_export, everyday_titles_are_known_in_three_languages,
         lines_that_a_file_does_not_speak_of_stay, cards_and_calendars_come_in, cards_and_calendars_go_out_and_come_back, what_is_no_table_is_refused,
         problems_are_told_in_the_language_of_the_call])
