#!/usr/bin/env python3
"""Stories of persons who want to be forgotten: what was written about them, and how their files were called."""
import json
import pathlib
import subprocess
import sys
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "modules"))
from stories import expect, make, own_modules, refused, run  # noqa: E402
from house import PASSWORD, House  # noqa: E402
from kontor import Kontor  # noqa: E402


def upload(k, house, content, about, name):
    headers = {"Authorization": f"Bearer {k.token}", "X-File-Name": urllib.parse.quote(name), "X-About": about}
    with urllib.request.urlopen(urllib.request.Request(house.url + "/files", content, headers)) as answer:
        return json.load(answer)["id"]


def person(k, **more):
    return make(k, "base.party", name="Nowak", kind="person", **more)


def erase(k, entity, id, **more):
    return k.call("person.erase", {"entity": entity, "id": id, **more})


def told(k):
    """All that the journal tells."""
    pages, seq = [], 0
    while True:
        page = k.call("journal.since", {"seq": seq})
        pages.append(json.dumps(page["entries"], ensure_ascii=False))
        seq = page["next"]
        if seq >= page["head"]:
            return "".join(pages)


def sound(k, house):
    """The server's own look, and the stand-alone verifier on a copy, which is returned."""
    expect((k.call("system.check")["sound"], k.call("journal.verify")["sound"]), (True, True))
    copy = house.home / f"copy-{time.monotonic_ns()}"
    k.call("backup.create", {"directory": str(copy)})
    subprocess.run([house.build / "tools" / "journal_verify", copy], check=True, stdout=subprocess.DEVNULL)
    return copy


def holds(directory, *words):
    """Which of the words stand in the bytes of the files there."""
    everything = b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file()).lower()
    return [word for word in words if word.lower().encode() in everything]


# ---- Files ----

def how_a_file_was_called_goes_with_it(k, house):
    who = person(k)
    kept = upload(k, house, b"a list", "base.party/" + str(person(k)), "Pricelist.pdf")
    file = upload(k, house, b"a life", f"base.party/{who}", "CV Jarzebinski.pdf")
    k.update("base.attachment", file, {"name": "CV Jarzebinska.pdf"})
    expect(all(name in told(k) for name in ("CV Jarzebinski.pdf", "CV Jarzebinska.pdf", "Pricelist.pdf")), True)
    erase(k, "base.party", who, files=True)
    expect([word for word in ("Jarzebinsk", "Pricelist.pdf") if word in told(k)], ["Pricelist.pdf"])
    history = k.call("journal.history", {"entity": "base.attachment", "id": file})["entries"]
    expect("Jarzebinsk" in json.dumps(history), False)
    expect(k.call("search", {"text": "Jarzebinsk"})["rows"], [])
    copy = sound(k, house)
    expect(holds(copy, "Jarzebinsk", "pricelist"), ["pricelist"])
    k.call("journal.revert", {"seq": history[0]["seq"]})
    expect(k.get("base.attachment", file)["name"], None)
    expect(k.get("base.attachment", kept)["name"], "Pricelist.pdf")
    sound(k, house)


# ---- Texts ----

def notes_are_told_and_go_when_they_are_named(k, house):
    who = person(k, notes="Haemophilia")
    note = make(k, "base.note", text="Divorced in spring", about={"entity": "base.party", "id": who})
    both = make(k, "base.note", text="Divorced indeed", about={"entity": "base.party", "id": who}, party=who)
    other = make(k, "base.note", text="Divorced as well", party=person(k))
    moment = k.get("base.note", both)["created_at"]
    expect(erase(k, "base.party", who)["left"], [{"entity": "base.note", "count": 2, "personal": 2, "stays": ["text"]}])
    expect("Haemophilia" in told(k), False)
    expect(k.get("base.note", note)["text"], "Divorced in spring")
    answer = erase(k, "base.party", who, also=["base.note"])
    expect(answer["also"], [{"entity": "base.note", "count": 2, "readable": 0}])
    expect(answer["left"], [{"entity": "base.note", "count": 2, "personal": 0, "stays": []}])
    expect([k.get("base.note", id)["text"] for id in (note, both, other)], [None, None, "Divorced as well"])
    expect(k.call("base.note.get", {"id": both, "as_of": moment})["text"], None)
    expect([word for word in ("Divorced in spring", "Divorced indeed", "Divorced as well") if word in told(k)], ["Divorced as well"])
    expect(len(k.list("base.note", [["text", "ilike", "%divorced%"]])), 1)
    copy = sound(k, house)
    expect(holds(copy, "haemophilia", "divorced in", "indeed", "divorced as well"), [])
    k.call("base.note.pin", {"id": note})
    k.call("journal.revert", {"seq": k.call("journal.history", {"entity": "base.note", "id": note})["entries"][0]["seq"]})
    k.update("base.note", note, {"text": "Wants to be left alone"})
    expect(erase(k, "base.party", who)["left"], [{"entity": "base.note", "count": 2, "personal": 1, "stays": ["text"]}])


def what_was_deleted_before_goes_by_its_number(k, house):
    note = make(k, "base.note", text="Pays late", party=person(k))
    k.delete("base.note", note)
    expect("Pays late" in told(k), True)
    erase(k, "base.note", note)
    expect("Pays late" in told(k), False)
    sound(k, house)


def what_went_with_a_deleted_person_is_told_and_goes_too(k, house):
    who, other = person(k), person(k)
    note = make(k, "base.note", text="Owed a fortune", about={"entity": "base.party", "id": who})
    beside = make(k, "base.note", text="Somebody else", party=other)
    file = upload(k, house, b"a confession", f"base.party/{who}", "Confession.pdf")
    k.delete("base.party", who)
    deletion = k.call("journal.history", {"entity": "base.party", "id": who})["entries"][0]["seq"]
    expect([word for word in ("Owed a fortune", "Confession.pdf") if word in told(k)], ["Owed a fortune", "Confession.pdf"])
    left = [("base.attachment", 1, 1), ("base.note", 1, 1)]
    tell = lambda answer: sorted((e["entity"], e["count"], e["personal"]) for e in answer["left"])
    expect(tell(erase(k, "base.party", who)), left)
    expect(tell(erase(k, "base.party", who)), left)
    answer = erase(k, "base.party", who, also=["base.note"], files=True)
    expect((answer["also"], answer["files"]["erased"], answer["left"]), ([{"entity": "base.note", "count": 1, "readable": 0}], 1, []))
    while k.call("job.get", {"id": answer["files"]["jobs"][0]})["state"] in ("queued", "running"):
        time.sleep(0.02)
    expect([word for word in ("Owed a fortune", "Confession.pdf", "Somebody else") if word in told(k)], ["Somebody else"])
    expect(holds(sound(k, house), "owed a fortune", "confession"), [])
    refused("not_found", lambda: erase(k, "base.party", who))
    refused("not_found", lambda: erase(k, "base.party", 999999))
    k.call("journal.revert", {"seq": deletion})
    expect([k.get(entity, id)[field] for entity, id, field in (("base.note", note, "text"), ("base.attachment", file, "name"), ("base.note", beside, "text"))],
           [None, None, "Somebody else"])
    sound(k, house)


def what_is_named_must_have_personal_fields(k):
    who = person(k)
    make(k, "base.note", text="stays", party=who)
    for wrong in (["base.note", "base.currency"], ["base.notes"], [7]):
        refused("validation", lambda: erase(k, "base.party", who, also=wrong), "also")
    refused("validation", lambda: erase(k, "base.party", who, also="base.note"), "also")
    expect(erase(k, "base.party", who)["left"], [{"entity": "base.note", "count": 1, "personal": 1, "stays": ["text"]}])
    expect(erase(k, "base.party", who, also=["base.attachment"])["also"], [{"entity": "base.attachment", "count": 0, "readable": 0}])


def the_caller_needs_the_right_to_erase_them(k, house):
    who = person(k)
    note = make(k, "base.note", text="for the eyes of some", party=who)
    file = upload(k, house, b"a scan", f"base.party/{who}", "scan.pdf")
    role = make(k, "access.role", name="clerk", grants="base.party:read,update,erase; base.note:read; base.attachment:read,delete")
    user = make(k, "access.user", name="clerk", roles=[role])
    k.call("access.password", {"user": user, "new": PASSWORD})
    clerk = Kontor(house.url)
    clerk.login("clerk", PASSWORD)
    refused("forbidden", lambda: erase(clerk, "base.party", who, also=["base.note"]))
    refused("forbidden", lambda: erase(clerk, "base.party", who, files=True))
    k.update("access.role", role, {"grants": "base.party:read,update,erase"})
    expect(erase(clerk, "base.party", who, also=["base.note"])["also"], [{"entity": "base.note", "count": 0, "readable": 0}])
    expect((k.get("base.note", note)["text"], k.get("base.attachment", file)["name"]), ("for the eyes of some", "scan.pdf"))


def thousands_of_notes_are_not_too_many(k):
    who = person(k)
    k.call("import.run", {"entity": "base.note", "rows": [{"text": f"Remark {i}", "party": who} for i in range(4000)], "mode": "create"})
    answer = erase(k, "base.party", who, also=["base.note"])
    expect((answer["also"], answer["left"]), ([{"entity": "base.note", "count": 4000, "readable": 0}], [{"entity": "base.note", "count": 4000, "personal": 0, "stays": []}]))


def what_was_noted_of_a_candidate_goes_with_the_name(k, house):
    opening = make(k, "hr.opening", post="Clerk")
    who = make(k, "hr.candidate", opening=opening, name="Ola Maj", note="Hard of hearing")
    file = upload(k, house, b"ola's life", f"hr.candidate/{who}", "Ola Maj.pdf")
    k.update("hr.candidate", who, {"file": file})
    answer = erase(k, "hr.candidate", who, files=True)
    expect(answer["files"]["erased"], 1)
    expect(answer["left"], [])
    expect([word for word in ("Hard of hearing", "Ola Maj") if word in told(k)], [])
    expect(holds(sound(k, house), "hard of hearing", "ola maj"), [])


def what_a_document_was_made_from_goes_and_its_file_stays(k, house):
    who = make(k, "base.party", name="Nowak", kind="person", pesel="44051401359")
    template = make(k, "document.template", name="letter", title="Letter to {{ doc.pesel }}", entity="base.party", kind="text", text="Dear {{ doc.name }}")
    made = k.call("document.make", {"template": template, "id": who})
    expect("44051401359" in json.dumps(k.get("document.document", made["document"])["data"]), True)
    answer = erase(k, "base.party", who, also=["document.document", "base.attachment"], files=True)
    expect((answer["files"]["erased"], sorted((e["entity"], e["count"], e["personal"]) for e in answer["left"])),
           (0, [("base.attachment", 1, 0), ("document.document", 1, 0)]))
    expect(("44051401359" in told(k), holds(sound(k, house) / "store", "44051401359")), (False, []))


def a_message_that_was_sent_goes_by_its_number(k, house):
    letter = {"to": "ola@maj.example", "subject": "Your operation", "text": "Dear Ola"}
    message = make(k, "outbox.effect", kind="mail", params=letter, due="2090-01-01T00:00:00Z")
    expect(k.get("outbox.effect", message)["params"], letter)
    erase(k, "outbox.effect", message)
    expect([word for word in ("ola@maj.example", "Your operation") if word in told(k)], [])
    sound(k, house)


def what_was_written_of_a_lead_goes_too(k, house):
    who = person(k)
    lead = make(k, "crm.lead", title="Wants a loan", text="Insolvent", party=who)
    make(k, "crm.activity", subject="Visit", text="Insolvent, said the neighbour", party=who)
    make(k, "crm.call", phone="+48 600 100 200", text="Insolvent, said the wife", party=who)
    erase(k, "base.party", who, also=["crm.lead", "crm.activity", "crm.call"])
    expect(k.get("crm.lead", lead)["title"], "Wants a loan")
    expect(("Insolvent" in told(k), holds(sound(k, house), "insolvent")), (False, []))


def what_people_wrote_of_somebody_goes_too(k, house):
    """Tasks, what was talked about, what a deal is about, what was to be decided: all but the names of deals and leads."""
    who = person(k, contacts=[{"kind": "phone", "value": "+48 601 100 200", "note": "Bankrupt aunt"}])
    pipeline = make(k, "crm.pipeline", name="Loans", initial=True, stages=[{"name": one, "semantic": one, "probability": 10} for one in ("open", "won", "lost")])
    deal = make(k, "crm.deal", title="A loan", text="Bankrupt customer", pipeline=pipeline, party=who, parties=[{"party": who, "role": "other", "note": "Bankrupt himself"}])
    task = make(k, "base.task", title="Call the bankrupt one", text="Bankrupt since May", party=who, checklist=[{"text": "Bankrupt, too?"}])
    activity = make(k, "crm.activity", subject="Bankrupt visitor", party=who)
    k.call("crm.activity.finish", {"id": activity, "outcome": "Bankrupt for good"})
    request = make(k, "crm.request", subject="Bankrupt complainer", party=who)
    make(k, "base.notice", text="Bankrupt somebody", owner=1, about={"entity": "base.party", "id": who})
    role = make(k, "access.role", name="judge", grants="base.*:read,create,update,decide")
    judge = Kontor(house.url)
    user = make(k, "access.user", name="judge", roles=[role])
    k.call("access.password", {"user": user, "new": PASSWORD})
    judge.login("judge", PASSWORD)
    approval = make(k, "base.approval", title="Bankrupt or not", text="Bankrupt, they say", approvers=[user], about={"entity": "base.party", "id": who})
    judge.call("base.approval.approve", {"id": approval, "remark": "Bankrupt indeed"})
    expect([row["id"] for row in k.list("base.task", [["title", "ilike", "%bankrupt%"]], sort="title")["rows"]][-1], task)
    expect("bankrupt" in told(k).lower(), True)
    answer = erase(k, "base.party", who, also=["base.task", "crm.activity", "crm.deal", "crm.request", "base.notice", "base.approval"])
    expect({one["entity"]: (one["personal"], one["stays"]) for one in answer["left"]},
           {"base.task": (0, []), "crm.activity": (0, []), "crm.deal": (0, ["title", "parties", "stage_name", "history"]), "crm.request": (0, []), "base.notice": (0, []), "base.approval": (0, [])})
    expect([k.get("base.task", task)[field] for field in ("title", "text")], [None, None])
    expect(erase(k, "base.approval", approval, also=["base.task"])["also"], [{"entity": "base.task", "count": 1, "readable": 0}])  # the judge's task
    expect((k.get("crm.deal", deal)["title"], k.get("crm.activity", activity)["outcome"]), ("A loan", None))
    k.call("base.task.finish", {"id": task})
    k.call("crm.request.start", {"id": request})
    expect(([word for word in ("bankrupt",) if word in told(k).lower()], holds(sound(k, house), "bankrupt"), k.search("bankrupt")), ([], [], []))
    expect(k.list("base.task", [], sort="title")["rows"][0]["title"], None)


def what_stays_is_told(k):
    who = person(k, first_name="Jan", pesel="44051401359", contacts=[{"kind": "email", "value": "jan@nowak.example"}],
                 addresses=[{"street": "Długa 1", "city": "Łódź"}])
    expect(erase(k, "base.party", who)["stays"], ["name", "first_name", "city", "addresses", "name_keys"])
    k.delete("base.party", who)
    refused("not_found", lambda: erase(k, "base.party", who))


def a_user_who_left_is_a_login_alone(k, house):
    role = make(k, "access.role", name="fitter", grants="base.note:read,create")
    user = make(k, "access.user", name="u117", full_name="Zenobia Wilk", email="zenobia@wilk.example", roles=[role])
    k.call("access.password", {"user": user, "new": PASSWORD})
    other = Kontor(house.url)
    other.login("u117", PASSWORD)
    expect(other.call("session.whoami")["full_name"], "Zenobia Wilk")
    expect([row["name"] for row in k.list("access.user", [["full_name", "ilike", "%zenobia%"]], sort="full_name")["rows"]], ["u117"])
    answer = erase(k, "access.user", user)
    expect((answer["erased"], answer["stays"]), (["full_name", "email"], ["name"]))
    expect(([word for word in ("Zenobia", "wilk.example") if word in told(k)], holds(sound(k, house), "zenobia", "wilk.example")), ([], []))
    expect((other.call("session.whoami")["name"], other.call("session.whoami")["full_name"]), ("u117", None))


def who_may_log_in_does_not_depend_on_the_key_of_personal_data(k):
    """It was lost: names and addresses cannot be read, and all else goes on."""
    with House(modules="base") as house:
        chief = Kontor(house.url)
        chief.login("admin", PASSWORD)
        team = make(chief, "access.team", name="Fitters")
        role = make(chief, "access.role", name="fitter", grants="base.note:*@team")
        for name in ("ewa", "jan"):
            user = make(chief, "access.user", name=name, full_name=name.title(), roles=[role], teams=[team])
            chief.call("access.password", {"user": user, "new": PASSWORD})
        house.stop()
        (house.data / "master.key").unlink()
        house.start()
        ewa, jan = Kontor(house.url), Kontor(house.url)
        ewa.login("ewa", PASSWORD)
        with urllib.request.urlopen(urllib.request.Request(house.url + "/events", headers={"Authorization": f"Bearer {ewa.token}"}), timeout=10) as events:
            expect(events.status, 200)
        expect((ewa.call("session.whoami")["name"], ewa.call("session.whoami")["full_name"]), ("ewa", None))
        note = make(ewa, "base.note", text="Still here")
        jan.login("jan", PASSWORD)
        expect(jan.get("base.note", note)["text"], "Still here")


# ---- Jobs ----

def ended(k, job):
    while k.call("job.get", {"id": job})["state"] in ("queued", "running"):
        time.sleep(0.02)
    return k.call("job.get", {"id": job})


def what_a_job_was_told_to_do_goes_by_its_number(k, house):
    job = k.call("export.start", {"entity": "base.note", "filter": [["text", "ilike", "%Hieronim%"]], "name": "Hieronim.csv"})["id"]
    expect(ended(k, job)["title"], "Hieronim.csv")
    wrong = k.call("import.start", {"entity": "base.party", "text": "name,credit_rating\nX,Hieronim\n", "problems": "skip"})["id"]
    ended(k, wrong)
    expect("Hieronim" in json.dumps(k.call("job.problems", {"id": wrong})), True)
    for one in (job, wrong):
        erase(k, "job.job", one)
    expect(k.call("job.problems", {"id": wrong})["problems"], [])
    for file in k.list("base.attachment", [["name", "ilike", "%hieronim%"]])["rows"]:
        erase(k, "base.attachment", file["id"])
    expect((k.call("job.get", {"id": job})["title"], "Hieronim" in told(k)), (None, False))
    expect(holds(sound(k, house) / "store", "hieronim"), [])


# ---- What is kept of a call ----

def what_was_answered_under_a_key_is_readable_with_the_key_alone(k, house):
    calls = {"atomic": True, "calls": [
        {"method": "base.party.create", "params": {"values": {"name": "Nowak", "kind": "person", "notes": "Wets the bed"}}},
        {"method": "base.party.get", "params": {"id": {"$ref": "0.id"}, "fields": ["id", "notes"]}}]}
    answer = k.call("system.batch", calls, key="told once")
    expect(answer["results"][1]["result"]["notes"], "Wets the bed")
    erase(k, "base.party", answer["results"][1]["result"]["id"])
    expect(holds(sound(k, house), "wets the bed"), [])
    expect(k.call("system.batch", calls, key="told once"), answer)
    refused("conflict", lambda: k.call("system.batch", {**calls, "atomic": False}, key="told once"), "idempotency_key")


# ---- What others are told ----

def who_follows_the_feed_hears_of_an_erasure(k):
    """A mirror that takes what each change says is then as the record is."""
    who = person(k, first_name="Jan", birth_date="1980-05-01", contacts=[{"kind": "phone", "value": "+48 601 100 200"}])
    begin = k.call("journal.head")["seq"]
    mirror = k.get("base.party", who)
    erase(k, "base.party", who)
    k.update("base.party", who, {"first_name": "Ian"})
    for entry in k.call("journal.since", {"seq": begin, "filter": {"entities": ["base.party"]}})["entries"]:
        for change in entry["changes"]:
            mirror.update(change["after"], version=change["version"], updated_at=entry["at"])
    expect(mirror, k.get("base.party", who))
    first = k.call("base.party.history", {"id": who})["entries"][1]
    expect((first["kind"], first["by_name"]), ("updated", "admin"))
    expect({"birth_date", "contacts"} <= {c["field"] for c in first["changes"]}, True)
    clerk = make(k, "access.role", name="mirror", grants="base.note:read")
    user = make(k, "access.user", name="mirror", roles=[clerk])
    k.call("access.password", {"user": user, "new": PASSWORD})
    other = Kontor(k._wire.address.geturl())
    other.login("mirror", PASSWORD)
    expect([e for e in other.call("journal.since", {"seq": begin})["entries"] if "base.party" in json.dumps(e)], [])


def hundreds_that_were_merged_into_one_go_with_it(k):
    who = person(k)
    for part in range(10):
        ids = [person(k, notes=f"Owes {part}-{i}") for i in range(30)]
        k.call("base.party.merge", {"into": who, "ids": ids, "keep": True})
    expect("Owes 9-29" in told(k), True)
    answer = erase(k, "base.party", who)
    expect("Owes" in told(k), False)
    expect(answer["readable"], False)


# ---- What was not personal when it was written ----

DIARY = """local f = kontor.field
return kontor.module {name = "diary", version = "%s", label = {en = "Diary", pl = "Dziennik"}, needs = {"base"}, entities = {
  {name = "page", label = {en = "Page", pl = "Strona"}, fields = {
      f.reference {"party", en = "Party", pl = "Kontrahent", target = "base.party"},
      f.text {"text", en = "Text", pl = "Tekst", searchable = true%s}, f.string {"code", en = "Code", pl = "Kod", personal = true}}}}}
"""


def what_was_written_before_is_told_and_does_not_come_back(k, house):
    file = house.modules_directory / "diary.lua"
    file.write_text(DIARY % ("1.0.0", ""), encoding="utf-8")
    k.call("module.enable", {"name": "diary"})
    who = person(k)
    old, changed, gone = (make(k, "diary.page", text=f"Smokes {i}", party=who) for i in range(3))
    k.delete("diary.page", gone)
    file.write_text(DIARY % ("2.0.0", ", personal = true"), encoding="utf-8")
    k.call("module.upgrade", {"name": "diary"})
    expect([row["text"] for row in k.list("diary.page", [["text", "ilike", "smokes"]])["rows"]], ["Smokes 0", "Smokes 1"])
    k.update("diary.page", changed, {"text": "Smokes no more"})
    new = make(k, "diary.page", text="Smokes again", party=who)
    answer = erase(k, "base.party", who, also=["diary.page"])
    expect(answer["also"], [{"entity": "diary.page", "count": 3, "readable": 2}])
    expect((answer["readable"], answer["left"]), (False, [{"entity": "diary.page", "count": 3, "personal": 0, "stays": []}]))
    expect(k.search("smokes"), [])
    expect(erase(k, "diary.page", gone)["readable"], True)
    refused("not_found", lambda: erase(k, "diary.page", new + 1), "id")
    head = k.call("journal.head")["seq"]
    erased = k.call("journal.history", {"entity": "diary.page", "id": old})["entries"][0]
    expect("Smokes" in json.dumps(erased), False)
    k.call("journal.revert", {"seq": erased["seq"]})
    expect([k.get("diary.page", id)["text"] for id in (old, changed, new)], [None, None, None])
    expect("Smokes" in json.dumps(k.call("journal.since", {"seq": head})), False)
    sound(k, house)


def what_went_with_a_person_when_nothing_was_personal_is_told(k, house):
    file = house.modules_directory / "blog.lua"
    blog = DIARY.replace("diary", "blog").replace('target = "base.party"', 'target = "base.party", on_delete = "cascade"')
    file.write_text(blog % ("1.0.0", ""), encoding="utf-8")
    k.call("module.enable", {"name": "blog"})
    who = make(k, "base.party", name="Kruk", kind="person")
    make(k, "blog.page", text="Gambles", party=who)
    k.delete("base.party", who)
    file.write_text(blog % ("2.0.0", ", personal = true"), encoding="utf-8")
    k.call("module.upgrade", {"name": "blog"})
    answer = erase(k, "base.party", who, also=["blog.page"])
    expect((answer["readable"], answer["also"]), (False, [{"entity": "blog.page", "count": 1, "readable": 1}]))
    expect(answer["left"], [{"entity": "blog.page", "count": 1, "personal": 1, "stays": ["text"]}])
    sound(k, house)


def what_is_erased_and_deleted_at_once_is_not_told_anew(k, house):
    file = house.modules_directory / "album.lua"
    file.write_text(DIARY.replace("diary", "album") % ("1.0.0", ""), encoding="utf-8")
    k.call("module.enable", {"name": "album"})
    page = make(k, "album.page", text="Snores", party=person(k))
    file.write_text(DIARY.replace("diary", "album") % ("2.0.0", ", personal = true"), encoding="utf-8")
    k.call("module.upgrade", {"name": "album"})
    head = k.call("journal.head")["seq"]
    k.call("system.batch", {"atomic": True, "calls": [
        {"method": "album.page.update", "params": {"id": page, "values": {"text": "Snores loudly"}}},
        {"method": "person.erase", "params": {"entity": "album.page", "id": page}},
        {"method": "album.page.delete", "params": {"id": page}}]})
    expect("Snores" in json.dumps(k.call("journal.since", {"seq": head})), False)
    sound(k, house)


def logged(k, method, count):
    """The rows of the log that tell of such calls with something asked for: they are written a moment after."""
    for _ in range(100):
        rows = k.list("access.read_log", [["method", "=", method], ["filter", "is_null", False]], fields=["id", "filter", "user", "record"])["rows"]
        if len(rows) >= count:
            break
        time.sleep(0.1)
    expect(len(rows), count)
    return rows


def what_was_asked_for_to_find_somebody_is_told_and_goes(k, house):
    who = make(k, "base.party", name="Brzęczyszczykiewicz", kind="person", contacts=[{"kind": "phone", "value": "+48 601 777 123"}])
    make(k, "base.party", name="Wiśniewski", kind="person")
    k.list("base.party", [["name", "=", "Brzęczyszczykiewicz"]])
    k.list("base.party", [["name", "=", "Wiśniewski"]])
    k.call("system.search", {"text": "601777123"})
    k.get("base.party", who)
    logged(k, "base.party.list", 2)
    logged(k, "system.search", 1)
    left = [one for one in erase(k, "base.party", who)["left"] if one["entity"] == "access.read_log"]
    expect([(one["count"], one["personal"], "filter" in one["stays"]) for one in left], [(2, 2, True)])
    answer = erase(k, "base.party", who, also=["access.read_log"])
    expect((answer["also"], answer["left"]), ([{"entity": "access.read_log", "count": 2, "readable": 0}], []))
    expect(["Wiśniewski" in row["filter"] for row in logged(k, "base.party.list", 1)], [True])
    rows = k.call("access.readers", {"entity": "base.party", "id": who})["rows"]
    expect((len(rows) >= 3, {row["login"] for row in rows}), (True, {"admin"}))  # who looked at it is known as before
    log = k.call("journal.since", {"seq": 0, "filter": {"entities": ["access.read_log"]}, "limit": 500})["entries"]
    expect([word in json.dumps(log, ensure_ascii=False) for word in ("Wiśniewski", "Brzęczyszczykiewicz", "601777123")], [True, False, False])
    expect(holds(sound(k, house), "601777123"), [])  # a party's name is no personal field


if __name__ == "__main__":
    run([how_a_file_was_called_goes_with_it, notes_are_told_and_go_when_they_are_named, what_was_deleted_before_goes_by_its_number,
         what_went_with_a_deleted_person_is_told_and_goes_too,
         what_is_named_must_have_personal_fields, the_caller_needs_the_right_to_erase_them, thousands_of_notes_are_not_too_many,
         what_was_noted_of_a_candidate_goes_with_the_name, what_a_document_was_made_from_goes_and_its_file_stays,
         a_message_that_was_sent_goes_by_its_number, what_was_written_of_a_lead_goes_too,
         what_people_wrote_of_somebody_goes_too, what_stays_is_told, a_user_who_left_is_a_login_alone,
         who_may_log_in_does_not_depend_on_the_key_of_personal_data, what_a_job_was_told_to_do_goes_by_its_number,
         what_was_answered_under_a_key_is_readable_with_the_key_alone, who_follows_the_feed_hears_of_an_erasure, hundreds_that_were_merged_into_one_go_with_it,
         what_was_written_before_is_told_and_does_not_come_back,
         what_went_with_a_person_when_nothing_was_personal_is_told, what_is_erased_and_deleted_at_once_is_not_told_anew,
         what_was_asked_for_to_find_somebody_is_told_and_goes],
        modules="base,crm,hr", prepare=own_modules)
