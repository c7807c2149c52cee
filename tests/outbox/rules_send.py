#!/usr/bin/env python3
"""What rules send: secrets that sign or stand in headers and are readable nowhere, documents that a mail waits for."""
import hashlib
import hmac
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House  # noqa: E402
from kontor import KontorError  # noqa: E402
from letterbox import DEADLINE_S, Receiver, Smtpd, listen, outcome  # noqa: E402

VALUE = "Wielka-Tajemnica-77"
PASSWORD = "Quiet-River-77-Stone"


def rule(kontor, name, text, **more):
    made = kontor.create("automation.rule", {"name": name, "text": text, **more})["id"]
    kontor.call("automation.rule.enable", {"id": made})
    return made


def refused(kind, call):
    try:
        call()
    except KontorError as error:
        assert error.kind == kind, error
        return str(error)
    raise AssertionError(f"was not refused as {kind}")


def effects(kontor, kind, count):
    until = time.monotonic() + DEADLINE_S
    while len(rows := kontor.list("outbox.effect", [["kind", "=", kind]], sort="id")["rows"]) < count:
        assert time.monotonic() < until, f"{len(rows)} of {count} effects of kind {kind}"
        time.sleep(0.02)
    return rows


def a_secret_signs_and_stands_in_headers(kontor, receiver, port):
    kontor.call("outbox.secret.set", {"name": "crm", "value": VALUE, "hosts": f"127.0.0.1:{port} api.example.com"})
    number = rule(kontor, "send", f"""rule {{ on = "crm.lead.created", when = {{{{"title", "=", "send"}}}}, run = function(lead)
      log("by " .. secret "crm" .. " and " .. tostring(secret "crm"))
      webhook {{url = "{receiver}", body = {{title = lead.title}}, secret = secret "crm",
               headers = {{Authorization = {{"Bearer ", secret "crm"}}, ["X-Plain"] = "yes"}}}}
    end }}""")
    kontor.create("crm.lead", {"title": "send"})
    headers, body = Receiver.taken.get(timeout=DEADLINE_S)
    assert headers["Authorization"] == f"Bearer {VALUE}" and headers["X-Plain"] == "yes", headers
    at, signature = (part.split("=")[1] for part in headers["Kontor-Signature"].split(","))
    assert signature == hmac.new(VALUE.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    runs = json.dumps(kontor.call("rule.runs", {"id": number}))
    assert "by (secret crm) and (secret crm)" in runs, runs


def a_secret_goes_nowhere_else(kontor, receiver, port):
    for place in ("text", "subject", "to"):
        text = f"""rule {{ on = "crm.lead.created", when = {{{{"title", "=", "{place}"}}}}, run = function()
          mail {{to = "a@example.com", subject = "s", text = "t", {place} = secret "crm"}} end }}"""
        rule(kontor, "leak " + place, text)
        assert "secret stands" in refused("rule", lambda: kontor.create("crm.lead", {"title": place}))
    rule(kontor, "into a field", """rule { on = "crm.lead.created", when = {{"title", "=", "field"}}, run = function(lead)
      lead.text = secret "crm" end }""")
    refused("validation", lambda: kontor.create("crm.lead", {"title": "field"}))
    rule(kontor, "as json", """rule { on = "crm.lead.created", when = {{"title", "=", "json"}}, run = function(lead)
      lead.text = json.encode {a = secret "crm"} end }""")
    refused("rule", lambda: kontor.create("crm.lead", {"title": "json"}))
    hook = {"url": receiver, "body": {}, "headers": {"X-Key": {"$secret": "crm"}}}
    elsewhere = kontor.create("outbox.effect", {"kind": "webhook", "params": {**hook, "url": f"http://127.0.0.1:{port + 1}/"}})["id"]
    assert "may not be sent" in outcome(kontor, elsewhere, "dead")["message"]
    unknown = kontor.create("outbox.effect", {"kind": "webhook", "params": {"url": receiver, "body": {}, "secret": {"$secret": "none"}}})["id"]
    assert "no secret" in outcome(kontor, unknown, "dead")["message"]
    signs_alone = kontor.create("outbox.effect", {"kind": "webhook", "params": {**hook, "headers": {"X-Key": {"$secret": "shop"}}}})["id"]
    assert "may not be sent" in outcome(kontor, signs_alone, "dead")["message"]
    for header in ({"Host": "evil"}, {"X-A": "a\r\nX-B: b"}, {"X A": "a"}, {"Kontor-Signature": "t=1"}):
        number = kontor.create("outbox.effect", {"kind": "webhook", "params": {"url": receiver, "body": {}, "headers": header}})["id"]
        assert "header" in outcome(kontor, number, "dead")["message"]
    assert Receiver.taken.empty()


def it_is_readable_nowhere(house, kontor):
    secret = kontor.list("outbox.secret")["rows"][0]
    told = [kontor.call(method, {"id": secret["id"]}) for method in ("outbox.secret.get", "outbox.secret.history")]
    told += [kontor.call("journal.since", {"seq": 0, "limit": 1000}), kontor.list("outbox.effect", limit=500), kontor.list("automation.rule"),
             kontor.list("access.read_log", limit=500)]
    assert VALUE not in json.dumps(told) and secret["set_at"]
    refused("validation", lambda: kontor.update("outbox.secret", secret["id"], {"hosts": "evil.example.com"}))
    files = [path for path in house.data.rglob("*") if path.is_file()] + [house.log]
    assert any("store" in str(path) for path in files)
    for path in files:
        assert VALUE.encode() not in path.read_bytes(), path
    kontor.create("access.role", {"name": "integrator", "grants": "automation.rule:*; outbox.secret:read; crm.*:*; base.*:read; access.user:read"})
    role = kontor.list("access.role", [["name", "=", "integrator"]])["rows"][0]["id"]
    kontor.create("access.user", {"name": "iwo", "roles": [role]})
    kontor.call("access.password", {"user": "iwo", "new": PASSWORD})
    iwo = house.client("iwo", PASSWORD)
    refused("forbidden", lambda: iwo.call("outbox.secret.set", {"name": "crm", "value": "x"}))
    assert iwo.list("outbox.secret")["rows"][0]["name"] == "crm"
    for name, value in (("Upper", "x"), ("", "x"), ("crm", "")):
        refused("validation", lambda n=name, v=value: kontor.call("outbox.secret.set", {"name": n, "value": v}))
    return iwo


def a_rule_has_no_more_rights_than_its_writer(kontor, iwo):
    text = """rule { on = "crm.lead.created", when = {{"title", "=", "more"}}, rights = "*:* fields *", run = function() end }"""
    admin = kontor.list("access.user", [["name", "=", "admin"]])["rows"][0]["id"]
    refused("forbidden", lambda: iwo.create("automation.rule", {"name": "as admin", "text": text, "owner": admin}))
    theirs = kontor.create("automation.rule", {"name": "admin's", "text": text})["id"]
    refused("forbidden", lambda: iwo.update("automation.rule", theirs, {"text": text + "\n"}))
    own = iwo.create("automation.rule", {"name": "own", "text": text})["id"]
    refused("forbidden", lambda: iwo.update("automation.rule", own, {"owner": admin}))


def settings_have_names(kontor):
    kontor.create("automation.setting", {"name": "late_fee", "value": "12.50"})
    kontor.create("automation.setting", {"name": "heads", "value": ["ewa", "jan"]})
    refused("conflict", lambda: kontor.create("automation.setting", {"name": "heads", "value": 1}))
    rule(kontor, "settings", """rule { on = "crm.lead.created", when = {{"title", "=", "settings"}}, rights = "crm.lead:read,update", run = function(lead)
      lead.text = tostring(dec(setting "late_fee") * 2) .. " " .. setting("heads")[2] .. " " .. setting("absent", "none") .. tostring(setting "absent")
    end }""")
    lead = kontor.create("crm.lead", {"title": "settings"})["id"]
    assert kontor.get("crm.lead", lead)["text"] == "25.00 jan nonenil", kontor.get("crm.lead", lead)["text"]


def a_document_goes_with_the_mail(house, kontor, smtpd):
    for lang, words in (("en", "Dear"), ("pl", "Szanowny")):
        kontor.create("document.template", {"name": "welcome", "entity": "crm.lead", "kind": "text", "lang": lang, "title": "Welcome",
                                            "text": words + " {{ doc.name }}, {{ doc.source }}"})
    rights = "crm.lead:read; document.template:read; document.document:create; access.user:read; base.party:read"
    text = """rule { on = "crm.lead.created", when = {{"title", "=", "letter"}}, moment = "%s", rights = "%s", run = function(lead)
      mail {to = lead.email, subject = "Welcome", text = "See the file.", files = {document("welcome", lead%s)}}
    end }"""
    number = rule(kontor, "letter", text % ("transaction", rights, ', "pl"'))
    lead = kontor.create("crm.lead", {"title": "letter", "name": "Anna", "email": "anna@example.com", "source": "web"})["id"]
    mail = smtpd.mail()
    assert [part["name"] for part in mail["parts"]][1].startswith("Welcome"), mail["parts"]
    assert mail["parts"][1]["text"].strip() == "Szanowny Anna, web", mail["parts"][1]
    document, = kontor.list("document.document", [["about", "=", {"entity": "crm.lead", "id": lead}]])["rows"]
    assert document["edition"] == 1, document
    effect = effects(kontor, "mail", 1)[-1]
    assert outcome(kontor, effect["id"], "delivered")["attempts"] == 1
    assert len(kontor.list("base.attachment", [["about", "=", {"entity": "crm.lead", "id": lead}]])["rows"]) == 1
    # with fewer rights less is in it, and without the right there is none
    kontor.update("automation.rule", number, {"text": text % ("after", rights.replace("crm.lead:read", "crm.lead:read fields name,title,email"), "")})
    return number, text, rights


def without_the_right_there_is_no_document(kontor, number, text, rights):
    for less, said in ((rights.replace("document.document:create; ", ""), "document"), (rights.replace("document.template:read; ", ""), "template")):
        kontor.update("automation.rule", number, {"text": text % ("transaction", less, "")})
        before = kontor.call("crm.lead.count", {})
        told = refused("rule", lambda: kontor.create("crm.lead", {"title": "letter", "email": "anna@example.com"}))
        assert said in told and kontor.call("crm.lead.count", {}) == before, told
    kontor.update("automation.rule", number, {"text": (text % ("transaction", rights, "")).replace('"welcome", lead', '"nothing", lead')})
    refused("rule", lambda: kontor.create("crm.lead", {"title": "letter", "email": "anna@example.com"}))


def a_document_that_cannot_be_made_gives_its_mail_up(kontor, smtpd):
    kontor.create("document.template", {"name": "broken", "entity": "crm.lead", "kind": "text", "text": "{{ doc.name .. nil }}"})
    rule(kontor, "broken", """rule { on = "crm.lead.created", when = {{"title", "=", "broken"}}, rights = "crm.lead:read; document.*:*", run = function(lead)
      mail {to = "anna@example.com", subject = "Broken", text = "See.", files = {document("broken", lead)}}
    end }""")
    kontor.create("crm.lead", {"title": "broken", "name": "Jan"})
    record = outcome(kontor, effects(kontor, "mail", 2)[-1]["id"], "dead")
    assert "was not made" in record["message"], record
    assert smtpd.none_waits()


def a_rule_attaches_only_what_it_may_read(kontor):
    file = kontor.list("base.attachment")["rows"][0]["id"]
    rule(kontor, "steals", """rule { on = "crm.lead.created", when = {{"title", "=", "steals"}}, rights = "crm.lead:read", run = function(lead)
      mail {to = "evil@example.com", subject = "s", text = "t", files = {%d}}
    end }""" % file)
    refused("rule", lambda: kontor.create("crm.lead", {"title": "steals"}))


def each_document_and_mail_comes_once(house, kontor, smtpd):
    """Killed between the commit and the delivery."""
    number = kontor.list("automation.rule", [["name", "=", "letter"]])["rows"][0]["id"]
    kontor.update("automation.rule", number, {"text": """rule { on = "crm.lead.created", when = {{"title", "=", "letter"}}, rights = "crm.lead:read; document.*:*",
      run = function(lead) mail {to = lead.email, subject = lead.name, text = "See.", files = {document("welcome", lead)}} end }"""})
    for i in range(20):
        kontor.create("crm.lead", {"title": "letter", "name": f"Raz {i}", "email": "anna@example.com"})
    house.signal(9)
    house.start()
    kontor = house.client()
    until = time.monotonic() + DEADLINE_S
    while kontor.list("outbox.effect", [["kind", "=", "mail"], ["state", "=", "waiting"]])["rows"]:
        assert time.monotonic() < until, "mails still wait"
        time.sleep(0.1)
    smtpd.mode("ok")
    ids = {}
    for mail in smtpd.mails:
        ids.setdefault(mail["headers"]["subject"], set()).add(mail["headers"]["message-id"])
        assert len(mail["parts"]) == 2, mail["parts"]
    assert len(ids) == 20 and all(len(one) == 1 for one in ids.values()), ids
    editions = kontor.list("document.document", [["edition", ">", 1]])["rows"]
    assert not editions and len(kontor.list("document.document", limit=100)["rows"]) == 21 + 0, editions
    return kontor


def main():
    house = House(modules="base,crm")
    smtpd = Smtpd()
    server, port = listen()
    conf = house.home / "kontor.lua"
    conf.write_text(f"""mail = {{url = "smtp://127.0.0.1:{smtpd.port}", plain = true, from = "erp@example.com"}}
webhooks = {{allowed = {{"127.0.0.1:{port}"}}}}
secrets = {{shop = "hush-hush"}}
""")
    conf.chmod(0o600)
    house.options += ["--conf", str(conf)]
    receiver = f"http://127.0.0.1:{port}/hook"
    try:
        with house:
            kontor = house.client()
            a_secret_signs_and_stands_in_headers(kontor, receiver, port)
            a_secret_goes_nowhere_else(kontor, receiver, port)
            iwo = it_is_readable_nowhere(house, kontor)
            a_rule_has_no_more_rights_than_its_writer(kontor, iwo)
            settings_have_names(kontor)
            number, text, rights = a_document_goes_with_the_mail(house, kontor, smtpd)
            without_the_right_there_is_no_document(kontor, number, text, rights)
            a_document_that_cannot_be_made_gives_its_mail_up(kontor, smtpd)
            a_rule_attaches_only_what_it_may_read(kontor)
            each_document_and_mail_comes_once(house, kontor, smtpd)
    finally:
        smtpd.stop()
        server.shutdown()
    print("what rules send: all stories hold")


if __name__ == "__main__":
    main()
