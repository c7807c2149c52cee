#!/usr/bin/env python3
"""Stories of mailings, over HTTP: who gets one, the links in it, who wants no more, how fast they leave."""
import datetime
import re
import time
import urllib.error
import urllib.request

from stories import expect, make, refused, run

seen = {}


def customer(k, name, email=True, consent=True, **values):
    contacts = [{"kind": "email", "value": f"{name.lower().split('<')[0]}@example.com"}] if email else []
    made = make(k, "base.party", name=name, contacts=contacts, industry=seen["industry"], **values)
    if consent:
        make(k, "crm.consent", party=made, purpose="marketing", channel="email")
    return made


def audience(k, industry):
    """A segment that is this industry alone."""
    seen["industry"] = industry
    return make(k, "crm.segment", name=industry, filter=[["industry", "=", industry]])


def mailing(k, segment, **more):
    values = {"name": "Autumn", "segment": segment, "subject": "For {name}", "text": "Dear {name}, see {link}", "html": "<p>{name}: {link}</p>",
              "link": "https://shop.example.com/autumn", "address": "https://erp.example.com", "a_minute": 100000}
    return make(k, "crm.mailing", **{**values, **more})


def sent(k, number):
    k.call("crm.mailing.send", {"id": number})
    until = time.monotonic() + 30
    while (row := k.get("crm.mailing", number))["state"] == "sending":
        if time.monotonic() > until:
            raise AssertionError(f"still sending: {row}")
        time.sleep(0.02)
    return row


def mails(k):
    return {row["params"]["to"]: row for row in k.list("outbox.effect", [["kind", "=", "mail"]], limit=500)["rows"]}


def visit(house, path, post=False):
    try:
        with urllib.request.urlopen(urllib.request.Request(house.url + path, data=b"" if post else None), timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read()


def a_mailing_reaches_whom_it_may(k):
    segment = audience(k, "Bikes")
    seen["anna"] = customer(k, 'Anna<b>"')
    customer(k, "Nomail", email=False)
    customer(k, "Silent", consent=False)
    customer(k, "Shy", do_not_contact=True)
    number = seen["mailing"] = mailing(k, segment, track=True)
    row = sent(k, number)
    expect((row["state"], row["looked_at"], row["letters"], row["skipped"]), ("sent", 4, 1, 3))
    (to, mail), = mails(k).items()
    params = mail["params"]
    seen["path"] = re.search(r"/m/x/(\w{32})", params["text"])[1]
    expect(params["subject"], 'For Anna<b>"')
    expect(params["text"].startswith('Dear Anna<b>", see https://erp.example.com/m/c/' + seen["path"]), True)
    expect("<p>Anna&lt;b&gt;&quot;: https://erp.example.com/m/c/" in params["html"], True)
    expect(params["unsubscribe"], "https://erp.example.com/m/x/" + seen["path"])
    refused("state", lambda: k.call("crm.mailing.send", {"id": number}))


def its_links_count_once_and_need_no_login(k, house):
    def counts():
        row = k.get("crm.mailing", seen["mailing"])
        return row["opened"], row["clicked"], row["opted_out"]
    expect(visit(house, "/m/o/" + seen["path"])[:2], (200, "image/gif"))
    expect(visit(house, "/m/o/" + seen["path"])[0], 200)
    status, kind, page = visit(house, "/m/c/" + seen["path"])
    expect((status, b"url=https://shop.example.com/autumn" in page, counts()), (200, True, (1, 1, 0)))
    expect(visit(house, "/m/c/" + "0" * 32)[0], 404)
    expect(visit(house, "/m/z/" + seen["path"])[0], 404)
    expect(visit(house, "/m/")[0], 404)


def whoever_wants_no_more_gets_no_more(k, house):
    status, kind, page = visit(house, "/m/x/" + seen["path"])  # what a program that follows links does
    expect((status, b"<form" in page), (200, True))
    expect(k.call("crm.may_contact", {"party": seen["anna"], "channel": "email"})["allowed"], True)
    for _ in range(2):
        expect(visit(house, "/m/x/" + seen["path"], post=True)[0], 200)
    said = k.call("crm.may_contact", {"party": seen["anna"], "channel": "email"})
    expect((said["allowed"], said["reason"]), (False, "withdrawn"))
    expect(k.get("crm.mailing", seen["mailing"])["opted_out"], 1)
    segment = k.list("crm.segment", [["name", "=", "Bikes"]])["rows"][0]["id"]
    expect(sent(k, mailing(k, segment))["letters"], 0)


def a_consent_on_the_card_is_refused_too(k, house):
    segment = audience(k, "Boats")
    ola = customer(k, "Ola", consent=False, email_consent=1)
    expect(sent(k, mailing(k, segment))["letters"], 1)
    token = re.search(r"/m/x/(\w{32})", mails(k)["ola@example.com"]["params"]["text"])[1]
    expect(visit(house, "/m/x/" + token, post=True)[0], 200)
    expect(k.call("crm.may_contact", {"party": ola, "channel": "email"})["reason"], "withdrawn")


def many_letters_leave_at_their_rate_and_each_once(k):
    segment = audience(k, "Many")
    for i in range(450):
        customer(k, f"Many{i}", consent=False, email_consent=1)
    row = sent(k, mailing(k, segment, a_minute=10))
    expect((row["letters"], row["skipped"]), (450, 0))
    expect(k.call("crm.letter.count", {"filter": [["mailing", "=", row["id"]]]}), 450)
    due = sorted(datetime.datetime.fromisoformat(r["due"]) for r in
                 k.list("outbox.effect", [["kind", "=", "mail"]], sort="-id", limit=450)["rows"])
    expect(44 * 60 <= (due[-1] - due[0]).total_seconds() <= 46 * 60, True)


def text_messages_go_to_whom_they_may(k, house):
    segment = audience(k, "Sms")
    jan = make(k, "base.party", name="Jan", industry="Sms", contacts=[{"kind": "phone", "value": "+48 600 100 555"}])
    make(k, "base.party", name="Silent", industry="Sms", contacts=[{"kind": "phone", "value": "+48 600 100 556"}])
    customer(k, "Mailonly")  # by mail, and without a telephone
    make(k, "crm.consent", party=jan, purpose="marketing", channel="sms")
    values = {"name": "Short", "segment": segment, "channel": "sms", "text": "{name}, bikes at {link}", "link": "https://shop.example.com", "address": "https://erp.example.com"}
    row = sent(k, make(k, "crm.mailing", **values))
    expect((row["letters"], row["skipped"]), (1, 2))
    params = k.list("outbox.effect", [["kind", "=", "sms"]])["rows"][0]["params"]
    token = re.search(r"/m/x/(\w{32})", params["text"])[1]
    expect((params["to"], params["text"]), ("+48 600 100 555", f"Jan, bikes at https://erp.example.com/m/c/{token} STOP: https://erp.example.com/m/x/{token}"))
    visit(house, "/m/x/" + token, post=True)
    expect(k.call("crm.may_contact", {"party": jan, "channel": "sms", "purpose": "marketing"})["reason"], "withdrawn")
    refused("validation", lambda: make(k, "crm.mailing", **{**values, "html": "<p>x</p>"}), "html")
    refused("validation", lambda: make(k, "crm.mailing", **{**values, "channel": "email"}), "subject")


def what_is_wrong_is_told(k):
    segment = audience(k, "None")
    refused("validation", lambda: mailing(k, segment, link="javascript:alert(1)"), "link")
    refused("validation", lambda: mailing(k, segment, link='https://a.example/"><script>'), "link")
    refused("validation", lambda: mailing(k, segment, a_minute=0), "a_minute")
    letter = k.list("crm.letter", limit=1)["rows"][0]["id"]
    refused("validation", lambda: k.update("crm.letter", letter, {"token": "mine"}), "token")
    k.call("crm.letter.reply", {"id": letter})
    k.call("crm.letter.bounce", {"id": letter})
    row = k.get("crm.mailing", k.get("crm.letter", letter)["mailing"])
    expect((row["replied"], row["bounced"]), (1, 1))


STORIES = [a_mailing_reaches_whom_it_may, its_links_count_once_and_need_no_login, whoever_wants_no_more_gets_no_more,
           a_consent_on_the_card_is_refused_too, many_letters_leave_at_their_rate_and_each_once, text_messages_go_to_whom_they_may, what_is_wrong_is_told]
if __name__ == "__main__":
    run(STORIES)
