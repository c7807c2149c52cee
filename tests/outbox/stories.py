#!/usr/bin/env python3
"""What leaves the server: mails to a real SMTP server that fails, stalls and comes back; signed webhooks; files."""
import hashlib
import hmac
import json
import pathlib
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House  # noqa: E402
from kontor import KontorError  # noqa: E402
from letterbox import DEADLINE_S, Receiver, Smtpd, effect, listen, outcome  # noqa: E402


def at_once(kontor, number):
    """Does not wait for the next try."""
    kontor.update("outbox.effect", number, {"due": "2020-01-01T00:00:00Z"})


def a_mail_arrives_as_it_was_meant(house, kontor, smtpd):
    content = "Oferta nr 7\n".encode() * 300
    request = urllib.request.Request(house.url + "/files", data=content, headers={
        "Authorization": "Bearer " + kontor.token, "Content-Type": "text/plain", "X-File-Name": urllib.parse.quote("Oferta żółta.txt")})
    with urllib.request.urlopen(request) as answer:
        attachment = json.load(answer)
    number = effect(kontor, "mail", to=["Zażółć Gęślą <anna@example.com>", "ewa@example.com"], cc="Biuro, \"Łódź\" <biuro@example.com>",
                    bcc="cicho@example.com", subject="Oferta — zażółć gęślą jaźń, po raz setny i jeszcze raz, żeby było długo",
                    text="Dzień dobry,\n\n.kropka na początku\n" + "ą" * 300, html="<p>Dzień dobry</p>", reply_to="odp@example.com",
                    in_reply_to="abc@example.com", unsubscribe="https://example.com/u/1", files=[attachment["id"]])
    mail = smtpd.mail()
    record = outcome(kontor, number, "delivered")
    assert record["attempts"] == 1 and record["code"] == 250, record
    assert mail["to"] == ["anna@example.com", "ewa@example.com", "biuro@example.com", "cicho@example.com"], mail["to"]
    assert mail["from"] == "bounce@example.com"
    headers = mail["headers"]
    assert headers["subject"] == "Oferta — zażółć gęślą jaźń, po raz setny i jeszcze raz, żeby było długo", headers
    assert headers["from"] == '"Nasza firma" <erp@example.com>' or headers["from"] == "Nasza firma <erp@example.com>", headers["from"]
    assert "Zażółć Gęślą <anna@example.com>" in headers["to"] and "cicho" not in mail["raw"], headers
    assert (headers["reply-to"], headers["in-reply-to"]) == ("odp@example.com", "<abc@example.com>"), headers
    assert headers["list-unsubscribe"] == "<https://example.com/u/1>"
    assert headers["message-id"].startswith(f"<kontor-{number}-") and headers["date"].endswith("+0000")
    kinds = [(part["type"], part["name"]) for part in mail["parts"]]
    assert kinds == [("text/plain", None), ("text/html", None), ("text/plain", "Oferta żółta.txt")], kinds
    assert mail["parts"][0]["text"].replace("\r\n", "\n").startswith("Dzień dobry,\n\n.kropka") and "ą" * 300 in mail["parts"][0]["text"]
    assert mail["parts"][2]["text"].encode() == content
    assert max(map(len, mail["raw"].split("\r\n"))) <= 998


def what_is_wrong_is_told_at_once(kontor, smtpd):
    wrong = [({"to": "anna@example.com\r\nBcc: evil@example.com", "subject": "a", "text": "b"}, "to[0]"),
             ({"to": "anna@example.com", "subject": "a\r\nBcc: evil@example.com", "text": "b"}, "subject"),
             ({"to": "nobody", "from": "also nobody", "text": "b"}, "from"),
             ({"to": [], "text": "b"}, "recipients"),
             ({"to": "anna@example.com"}, "nothing in it"),
             ({"to": "anna@example.com", "text": "a", "files": [999]}, "no base.attachment")]
    for params, said in wrong:
        record = outcome(kontor, effect(kontor, "mail", **params), "dead")
        assert said in record["message"], (params, record)
    assert smtpd.none_waits()


def a_server_that_fails_is_tried_again(kontor, smtpd):
    smtpd.mode("later")
    number = effect(kontor, "mail", to="anna@example.com", subject="Raz", text="a")
    record = outcome(kontor, number, "waiting", tries=1)
    assert record["code"] == 451 and record["due"] > record["tried_at"], record
    smtpd.mode("ok")
    at_once(kontor, number)
    first = smtpd.mail()
    assert outcome(kontor, number, "delivered")["attempts"] == 2
    smtpd.mode("never")
    refused = effect(kontor, "mail", to="anna@example.com", subject="Nikt", text="a")
    record = outcome(kontor, refused, "dead")
    assert record["code"] == 550 and "nobody" in record["message"], record
    smtpd.mode("ok")
    kontor.call("outbox.effect.retry", {"id": refused})
    assert smtpd.mail()["headers"]["subject"] == "Nikt" and first["headers"]["subject"] == "Raz"
    outcome(kontor, refused, "delivered")


def an_answer_that_is_lost_repeats_the_mail_under_its_name(kontor, smtpd):
    smtpd.mode("swallow")
    number = effect(kontor, "mail", to="anna@example.com", subject="Dwa", text="a")
    first = smtpd.mail()
    outcome(kontor, number, "waiting", tries=1)
    smtpd.mode("ok")
    at_once(kontor, number)
    second = smtpd.mail()
    assert first["headers"]["message-id"] == second["headers"]["message-id"]
    outcome(kontor, number, "delivered")


def a_server_that_stalls_holds_up_nobody_else(kontor, smtpd, receiver):
    smtpd.mode("stall")
    stalled = [effect(kontor, "mail", to="anna@example.com", subject="Stoi", text="a") for _ in range(6)]
    began = time.monotonic()
    hook = effect(kontor, "webhook", url=receiver, body={"a": 1})
    outcome(kontor, hook, "delivered")
    assert time.monotonic() - began < 10
    Receiver.taken.get(timeout=DEADLINE_S)
    for number in stalled:
        kontor.call("outbox.effect.cancel", {"id": number})
    smtpd.mode("ok")


def a_webhook_is_signed_and_named(kontor, receiver):
    number = effect(kontor, "webhook", url=receiver, body={"order": 7, "name": "Łódź"}, secret={"$secret": "shop"})
    headers, body = Receiver.taken.get(timeout=DEADLINE_S)
    outcome(kontor, number, "delivered")
    assert json.loads(body) == {"order": 7, "name": "Łódź"} and headers["Content-Type"] == "application/json"
    at, signature = (part.split("=")[1] for part in headers["Kontor-Signature"].split(","))
    assert signature == hmac.new(b"hush-hush", f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["Idempotency-Key"].startswith(f"kontor-{number}-")
    assert "hush" not in json.dumps(kontor.get("outbox.effect", number))
    Receiver.status = 503
    later = effect(kontor, "webhook", url=receiver, body={})
    assert outcome(kontor, later, "waiting", tries=1)["code"] == 503
    first = Receiver.taken.get(timeout=DEADLINE_S)[0]["Idempotency-Key"]
    Receiver.status = 200
    at_once(kontor, later)
    assert Receiver.taken.get(timeout=DEADLINE_S)[0]["Idempotency-Key"] == first
    outcome(kontor, later, "delivered")
    for status in (404, 302):
        Receiver.status = status
        record = outcome(kontor, effect(kontor, "webhook", url=receiver, body={}), "dead")
        assert record["code"] == status, record
        Receiver.taken.get(timeout=DEADLINE_S)
    Receiver.status = 200


def messages_go_through_an_adapter(kontor):
    for kind in ("sms", "chat"):
        number = effect(kontor, kind, to="+48500100200", text="Zażółć")
        headers, body = Receiver.taken.get(timeout=DEADLINE_S)
        outcome(kontor, number, "delivered")
        assert json.loads(body) == {"to": "+48500100200", "text": "Zażółć"} and headers["Path"] == "/" + kind, (headers, body)
        assert headers["Idempotency-Key"].startswith(f"kontor-{number}-")


def a_webhook_reaches_no_private_address(kontor, port):
    for url in (f"https://127.0.0.1:{port + 1}/", f"https://localhost:{port + 1}/", f"https://[::1]:{port + 1}/",
                f"https://[::ffff:127.0.0.1]:{port + 1}/", "https://169.254.169.254/latest/meta-data", "https://10.0.0.1/", "https://0x7f000001/",
                "https://2130706433/"):
        record = outcome(kontor, effect(kontor, "webhook", url=url, body={}), "dead")
        assert "public" in record["message"], (url, record)
    for url in ("http://example.com/", "file:///etc/passwd", "gopher://127.0.0.1/", "nonsense", f"http://localhost:{port}/"):
        record = outcome(kontor, effect(kontor, "webhook", url=url, body={}), "dead")
        assert "url" in record["message"], (url, record)


def a_file_is_dropped_whole(kontor, folder):
    outcome(kontor, effect(kontor, "file", name="zamówienie.txt", text="Łódź\n"), "delivered")
    assert (folder / "zamówienie.txt").read_text() == "Łódź\n" and len(list(folder.iterdir())) == 1
    for name in ("../x", ".hidden", "a/b", "", "a\nb"):
        assert "name" in outcome(kontor, effect(kontor, "file", name=name, text="a"), "dead")["message"]


def nothing_is_lost_when_the_server_dies(house, kontor, smtpd):
    smtpd.mode("later")
    for i in range(200):
        effect(kontor, "mail", to="anna@example.com", subject=f"Pewna {i}", text="a")
    smtpd.mode("ok")
    numbers = [row["id"] for row in kontor.list("outbox.effect", [["state", "=", "waiting"]], fields=["id"], limit=500)["rows"]]
    for number in numbers:
        at_once(kontor, number)
    outcome(kontor, numbers[0], "delivered")  # others are on their way, or wait
    house.process.send_signal(signal.SIGKILL)
    house.process.wait()
    house.start()
    again = house.client()
    for number in numbers:
        outcome(again, number, "delivered")
    names = {}
    smtpd.mode("ok")
    for mail in smtpd.mails:
        names.setdefault(mail["headers"]["subject"], set()).add(mail["headers"]["message-id"])
    assert len([s for s in names if s.startswith("Pewna")]) == 200, len(names)
    assert all(len(ids) == 1 for ids in names.values()), "one mail came under two names"
    smtpd.mails.clear()
    return again


def a_kill_between_delivery_and_its_record_repeats_the_mail_under_its_name(house, kontor, smtpd):
    smtpd.mode("late")
    number = effect(kontor, "mail", to="anna@example.com", subject="Późno", text="a")
    first = smtpd.mail()
    assert kontor.get("outbox.effect", number)["state"] == "waiting", "the server has not answered"
    house.signal(signal.SIGKILL)
    smtpd.mode("ok")
    house.start()
    again = house.client()
    second = smtpd.mail()
    assert first["headers"]["message-id"] == second["headers"]["message-id"] and second["headers"]["subject"] == "Późno"
    outcome(again, number, "delivered")
    assert smtpd.none_waits()
    return again


def waiting(kontor):
    return [row["id"] for row in kontor.list("outbox.effect", [["state", "=", "waiting"]], fields=["id"], limit=500)["rows"]]


def attempts(kontor):
    rows = kontor.list("outbox.effect", [["kind", "=", "mail"]], fields=["attempts"], limit=500, sort="-id")["rows"]
    return sum(row["attempts"] or 0 for row in rows)


def hurry(kontor):
    for number in waiting(kontor):
        try:
            at_once(kontor, number)
        except KontorError as error:
            assert error.kind == "conflict", error  # delivered meanwhile


def a_flapping_server_and_kills_lose_none(house, kontor, smtpd):
    """Each mail comes, under one name only: a server that honours it has none twice."""
    for i in range(60):
        effect(kontor, "mail", to="anna@example.com", subject=f"Chwiejna {i}", text="a")
    for turn, mode in enumerate(("later", "swallow", "ok", "later", "swallow")):
        smtpd.mode(mode)
        tried = attempts(kontor)
        hurry(kontor)
        while waiting(kontor) and attempts(kontor) == tried:
            time.sleep(0.01)
        if turn % 2:
            house.signal(signal.SIGKILL)
            house.start()
            kontor = house.client()
    smtpd.mode("ok")
    until = time.monotonic() + DEADLINE_S
    while waiting(kontor):
        assert time.monotonic() < until, "mails still wait"
        hurry(kontor)
        time.sleep(0.2)
    smtpd.mode("ok")
    names = {}
    for mail in smtpd.mails:
        names.setdefault(mail["headers"]["subject"], set()).add(mail["headers"]["message-id"])
    smtpd.mails.clear()
    assert len([s for s in names if s.startswith("Chwiejna")]) == 60, sorted(names)
    assert all(len(ids) == 1 for ids in names.values()), "one mail came under two names"
    return kontor


def the_queue_is_gone_through(kontor):
    """What waits was looked at: what was asked for after it has left, twice."""
    for turn in range(2):
        outcome(kontor, effect(kontor, "file", name=f"turn-{time.monotonic_ns()}.txt", text="a"), "delivered")


def no_more_leave_than_a_limit_allows(house, kontor, smtpd, receiver):
    """Two limits of records: mails wait, what goes elsewhere does not, also after a restart; lifted, the rest leaves."""
    limits = [kontor.create("outbox.limit", {"target": target, "most": most, "per": "hour"})["id"] for target, most in (("mail", 3), ("127.0.0.1", 2))]
    mails = [effect(kontor, "mail", to="anna@example.com", subject=f"Limit {i}", text="a") for i in range(200)]
    hooks = [effect(kontor, "webhook", url=receiver, body={"n": i}) for i in range(4)]
    for number in hooks[:2]:
        outcome(kontor, number, "delivered")
    until = time.monotonic() + DEADLINE_S
    while len(done := [n for n in mails[:40] if kontor.get("outbox.effect", n)["state"] == "delivered"]) < 3:
        assert time.monotonic() < until, done
    the_queue_is_gone_through(kontor)
    states = [kontor.get("outbox.effect", number) for number in mails + hooks]
    assert sum(e["state"] == "delivered" for e in states) == 5, [e["id"] for e in states if e["state"] == "delivered"]
    assert not any(e["attempts"] for e in states if e["state"] == "waiting"), "waiting for a limit is no try"
    for end in (house.stop, house.kill):
        end()
        house.start()
    kontor = house.client()
    the_queue_is_gone_through(kontor)
    done = sum(kontor.get("outbox.effect", number)["state"] == "delivered" for number in mails + hooks)
    assert done == 5, f"what left before a restart counts: {done}"
    for wrong in ({"target": "mail", "most": 5}, {"target": "sms", "most": 0}):
        try:
            kontor.create("outbox.limit", wrong)
            raise AssertionError(f"{wrong} was taken")
        except KontorError as error:
            assert error.kind in ("validation", "conflict"), error
    for number in limits:
        kontor.call("outbox.limit.delete", {"id": number})
    for number in mails + hooks:
        outcome(kontor, number, "delivered")
    while not Receiver.taken.empty():
        Receiver.taken.get()
    smtpd.mode("ok")
    smtpd.mails.clear()
    return kontor


def the_dead_are_listed_and_sent_again(house, kontor, receiver):
    """As a person without administrators' rights: one who may, one who may not."""
    Receiver.status = 404
    number = effect(kontor, "webhook", url=receiver, body={})
    outcome(kontor, number, "dead")
    for name, grants in (("poczta", "outbox.effect:read,update"), ("obcy", "base.party:*")):
        role = kontor.create("access.role", {"name": name, "grants": grants})["id"]
        kontor.create("access.user", {"name": name, "roles": [role]})
        kontor.call("access.password", {"user": name, "new": "Quiet-River-77-Stone"})
    stranger = house.client("obcy", "Quiet-River-77-Stone")
    for call in (lambda: stranger.list("outbox.effect"), lambda: stranger.call("outbox.effect.retry", {"id": number})):
        try:
            call()
            raise AssertionError("a stranger was let in")
        except KontorError as error:
            assert error.kind in ("forbidden", "not_found"), error
    clerk = house.client("poczta", "Quiet-River-77-Stone")
    dead = clerk.list("outbox.effect", [["state", "=", "dead"], ["code", "=", 404]], sort="-id")["rows"]
    assert dead[0]["id"] == number and "404" in dead[0]["message"], dead[0]
    Receiver.status = 503
    clerk.call("outbox.effect.retry", {"id": number})
    assert outcome(kontor, number, "waiting", tries=1)["attempts"] == 1, "all tries are its own again"
    Receiver.status = 200
    at_once(kontor, number)
    outcome(kontor, number, "delivered")
    while not Receiver.taken.empty():
        Receiver.taken.get()


def a_server_that_is_down_is_waited_for(kontor, smtpd):
    port = smtpd.port
    smtpd.stop()
    number = effect(kontor, "mail", to="anna@example.com", subject="Zaraz", text="a")
    record = outcome(kontor, number, "waiting", tries=1)
    assert record["code"] == 0 or record["code"] is None, record
    again = Smtpd("--port", port)
    at_once(kontor, number)
    assert again.mail()["headers"]["subject"] == "Zaraz"
    outcome(kontor, number, "delivered")
    return again


def a_mail_goes_encrypted_and_logged_in():
    house = House(modules="base")
    tool = house.build / "kontor"
    subprocess.run([tool, "tls", "make", house.home / "tls", "localhost"], check=True, capture_output=True)
    tls = house.home / "tls"
    smtpd = Smtpd("--tls", tls / "cert.pem", tls / "key.pem")
    conf = house.home / "kontor.lua"
    conf.write_text(f"""mail = {{url = "smtp://localhost:{smtpd.port}", user = "erp", password = "secret", from = "erp@example.com",
                            certificates = "{tls / 'ca.pem'}"}}""")
    conf.chmod(0o600)
    house.options += ["--conf", str(conf)]
    try:
        with house:
            kontor = house.client()
            number = effect(kontor, "mail", to="anna@example.com", subject="Tajne", text="a")
            assert smtpd.mail()["login"] == "erp"
            outcome(kontor, number, "delivered")
            house.stop()
            conf.write_text(conf.read_text().replace("ca.pem", "key.pem"))  # nobody that is trusted
            house.start()
            kontor = house.client()
            record = outcome(kontor, effect(kontor, "mail", to="anna@example.com", subject="Tajne", text="a"), "waiting", tries=1)
            assert "ertificate" in record["message"] or "SSL" in record["message"], record
            assert smtpd.none_waits()
    finally:
        smtpd.stop()


def main():
    a_mail_goes_encrypted_and_logged_in()
    house = House(modules="base")
    smtpd = Smtpd()
    server, port = listen()
    folder = house.home / "drop"
    folder.mkdir()
    conf = house.home / "kontor.lua"
    conf.write_text(f"""mail = {{url = "smtp://127.0.0.1:{smtpd.port}", plain = true, from = "Nasza firma <erp@example.com>", bounce = "bounce@example.com"}}
webhooks = {{allowed = {{"127.0.0.1:{port}"}}, sms = "http://127.0.0.1:{port}/sms", chat = "http://127.0.0.1:{port}/chat"}}
secrets = {{shop = "hush-hush"}}
drop_directory = "{folder}"
""")
    conf.chmod(0o600)
    house.options += ["--conf", str(conf)]
    receiver = f"http://127.0.0.1:{port}/hook"
    try:
        with house:
            kontor = house.client()
            a_mail_arrives_as_it_was_meant(house, kontor, smtpd)
            what_is_wrong_is_told_at_once(kontor, smtpd)
            a_server_that_fails_is_tried_again(kontor, smtpd)
            an_answer_that_is_lost_repeats_the_mail_under_its_name(kontor, smtpd)
            a_webhook_is_signed_and_named(kontor, receiver)
            messages_go_through_an_adapter(kontor)
            a_webhook_reaches_no_private_address(kontor, port)
            a_file_is_dropped_whole(kontor, folder)
            kontor = no_more_leave_than_a_limit_allows(house, kontor, smtpd, receiver)
            the_dead_are_listed_and_sent_again(house, kontor, receiver)
            kontor = nothing_is_lost_when_the_server_dies(house, kontor, smtpd)
            kontor = a_kill_between_delivery_and_its_record_repeats_the_mail_under_its_name(house, kontor, smtpd)
            kontor = a_flapping_server_and_kills_lose_none(house, kontor, smtpd)
            smtpd = a_server_that_is_down_is_waited_for(kontor, smtpd)
            a_server_that_stalls_holds_up_nobody_else(kontor, smtpd, receiver)
    finally:
        smtpd.stop()
        server.shutdown()
    print("outbox: all stories hold")


if __name__ == "__main__":
    main()
