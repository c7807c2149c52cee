#!/usr/bin/env python3
"""A mail goes through the pipe, as a mail server gives it, onto the customer's card; what came back is counted."""
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import ROOT, House  # noqa: E402

MAIL = """From: =?utf-8?Q?Anna_=C5=BB=C3=B3=C5=82=C4=87?= <Anna@Example.com>
To: erp@example.com
Subject: =?utf-8?Q?Zam=C3=B3wienie?=
Message-ID: <17@example.com>
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: 8bit

<p>Prosz\u0119 o <b>3</b> rowery</p><script>alert(1)</script>
"""
BOUNCE = """From: MAILER-DAEMON@example.com
To: erp@example.com
Subject: Undelivered
Message-ID: <18@example.com>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x
Content-Type: text/plain

It came back.
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; anna@example.com
Action: failed
Status: 5.1.1

--x--
"""


def pipe(house, key, mail):
    return subprocess.run([sys.executable, ROOT / "clients" / "python" / "mailpipe.py"], input=mail.encode(), timeout=60, capture_output=True,
                          env={**os.environ, "KONTOR_URL": house.url, "KONTOR_KEY_FILE": str(key)}).returncode


def soon(what):
    until = time.monotonic() + 20
    while not (found := what()):
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.02)
    return found


with House(modules="base,crm") as house:
    k = house.client()
    key = house.home / "key"
    key.write_text(k.token)
    assert pipe(house, key, MAIL) == 75  # no rule waits yet: the mail server keeps it
    rule = k.create("automation.rule", {"name": "incoming_mail", "text": (ROOT / "scripts/rules/incoming_mail.lua").read_text()})["id"]
    k.call("automation.rule.enable", {"id": rule})
    anna = k.create("base.party", {"name": "Anna", "email_consent": 1, "contacts": [{"kind": "email", "value": "anna@example.com"}]})["id"]
    assert pipe(house, key, MAIL) == 0 and pipe(house, key, MAIL) == 0
    row = soon(lambda: k.list("crm.activity")["rows"])[0]
    assert (row["subject"], row["party"], row["kind"], row["direction"]) == ("Zamówienie", anna, "mail", "in"), row
    assert "Proszę o" in row["text"] and "rowery" in row["text"] and "alert" not in row["text"], row
    segment = k.create("crm.segment", {"name": "All", "filter": [["id", "=", anna]]})["id"]
    mailing = k.create("crm.mailing", {"name": "Autumn", "segment": segment, "subject": "Autumn", "text": "Bikes", "address": "https://erp.example.com"})["id"]
    k.call("crm.mailing.send", {"id": mailing})
    soon(lambda: k.get("crm.mailing", mailing)["letters"])
    assert pipe(house, key, BOUNCE) == 0
    soon(lambda: k.get("crm.mailing", mailing)["bounced"] == 1)
    assert len(k.list("crm.activity")["rows"]) == 1
    assert not k.get("automation.rule", rule)["failures"], k.get("automation.rule", rule)["problem"]
print("mails come in through the pipe")
