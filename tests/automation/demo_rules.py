#!/usr/bin/env python3
"""The demo company with all modules, and the ready rules switched on together: days pass by a clock that the test moves, and
each of the rules is seen to act. Mails go to a real SMTP server on loopback."""
import datetime
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parent / "outbox"))
from house import ROOT, House  # noqa: E402
from letterbox import Smtpd  # noqa: E402

DAY_S, PATIENCE_S = 86400, 300
STAFF_PASSWORD = "Rower-2026"


class Days:
    """The server's calendar, so many seconds ahead of the machine's: a day begins in the morning, whenever the test is run, for
    what happens twice in a day must not fall on two."""

    def __init__(self, house):
        now = datetime.datetime.now(datetime.timezone.utc)
        self.ahead = int((now.replace(hour=8, minute=0, second=0) - now).total_seconds())
        house.move_clock(self.ahead)

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.ahead)

    def pass_by(self, days, house, tick):
        """What is due by then has been run when it returns: the tick waits behind it in the queue."""
        ticks = house.client().call("rule.runs", {"id": tick})["runs"]
        self.ahead += int(days * DAY_S)
        house.move_clock(self.ahead)
        kontor = house.client()  # sessions ended meanwhile
        kontor.call("rule.webhook", {"name": "tick"})  # whoever waits for the clock looks at it
        end = time.monotonic() + PATIENCE_S
        while kontor.call("rule.runs", {"id": tick})["runs"] == ticks:
            assert time.monotonic() < end, "the day did not pass"
            time.sleep(0.05)
        return kontor


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def until(kontor, rules, name, look):
    end = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < end, f"{name}: nothing happened: {kontor.call('rule.runs', {'id': rules[name]})}"
        time.sleep(0.1)
    return found


def done_by(kontor, rules, made, name):
    """What the rule did, if anything; none of its runs failed."""
    row = kontor.get("automation.rule", rules[name], fields=["state", "failures", "problem"])
    assert row["state"] == "on" and not row["failures"], (name, row)
    runs = kontor.call("rule.runs", {"id": rules[name]})["rows"]
    assert not [r for r in runs if r["outcome"] != "done"], (name, runs)
    if name == "low_stock":  # what a method of a module makes is not the rule's own doing
        return kontor.list("logistics.purchase_request", [["item", "=", made["stock"]], ["created_at", ">=", made["began"]]])["rows"]
    if name == "goal_bonus":
        return kontor.list("hr.bonus", [["rule", "=", "goal_bonus"], ["created_at", ">=", made["began"]]])["rows"]
    return [r for r in runs if r["did"] or r["changes"]]


def one(kontor, entity, *conditions, **more):
    return kontor.list(entity, list(conditions), limit=1, **more)["rows"][0]


def what_people_do(house, kontor, days):
    """A day's work by which rules are set off at once, or later by the clock."""
    began = stamp(days.now())
    users = {u["name"]: u for u in kontor.each("access.user")}
    marek, anna = users["marek"], users["anna"]
    party = one(kontor, "base.party", ["is_customer", "=", True], ["language", "=", "pl"], ["tax_id", "is_null", False], ["email", "is_null", False], sort="id")["id"]
    item = one(kontor, "base.item", ["code", "=", "R001"])["id"]
    kontor.call("rule.webhook", {"name": "lead", "payload": {"subject": "Rowery dla gminy", "name": "Jan Nowy", "email": "jan.nowy@example.com"}})
    kontor.call("rule.webhook", {"name": "mail", "payload": {"from": "obcy@example.com", "name": "Obcy", "subject": "Pytanie o ceny", "text": "Ile?",
                                                            "message_id": "1@x", "automatic": False}})
    stage = {s["semantic"]: s["id"] for s in kontor.get("crm.pipeline", external_id="demo-sales")["stages"]}
    deal = kontor.create("crm.deal", {"title": "Flota miejska", "party": party, "owner": marek["id"], "lines": [{"item": item, "quantity": "4", "price": "1000"}]})["id"]
    kontor.update("crm.deal", deal, {"stage": stage["won"]})
    quotation = kontor.create("crm.quotation", {"party": party, "owner": marek["id"], "lines": [{"item": item, "quantity": "1", "price": "1000", "discount_percent": "20"}]})["id"]
    kontor.create("crm.deal", {"title": "Cisza", "party": party, "owner": marek["id"], "amount": "100"})
    kontor.create("base.task", {"title": "Zaległe zadanie", "owner": marek["id"], "due": stamp(days.now() + datetime.timedelta(hours=1))})
    kontor.create("crm.activity", {"kind": "call", "subject": "Zadzwonić do Nowaka", "owner": marek["id"], "planned_at": stamp(days.now() + datetime.timedelta(hours=1))})
    invoice = kontor.create("finance.invoice", {"party": party, "owner": marek["id"], "lines": [{"item": item, "quantity": "1", "price": "1000"}]})["id"]
    kontor.call("finance.invoice.post", {"id": invoice})
    order = kontor.create("crm.order", {"party": party, "lines": [{"item": item, "quantity": "1", "price": "1000"}]})["id"]
    kontor.call("crm.order.confirm", {"id": order})
    stock = one(kontor, "logistics.stock", ["free", ">", "1"], ["item.sold", "=", True], sort="id")
    if not kontor.count("logistics.reorder_rule", [["item", "=", stock["item"]]]):
        kontor.create("logistics.reorder_rule", {"item": stock["item"], "minimum": stock["free"], "maximum": "100000"})
    sold = kontor.create("crm.order", {"party": party, "lines": [{"item": stock["item"], "quantity": stock["free"], "price": "100"}]})["id"]
    kontor.call("crm.order.confirm", {"id": sold})
    person = one(kontor, "hr.employee", ["state", "=", "active"], ["owner", "!=", anna["id"]], sort="id")["id"]
    kind = kontor.create("hr.leave_type", {"name": "Bezpłatny", "code": "X-UNPAID", "unlimited": True})["id"]
    first = days.now().date() + datetime.timedelta(days=40)
    leave = kontor.create("hr.leave", {"employee": person, "type": kind, "from": str(first), "until": str(first + datetime.timedelta(days=4)), "substitute": anna["id"]})["id"]
    kontor.call("hr.leave.submit", {"id": leave})
    kontor.call("hr.leave.approve", {"id": leave})
    leaver = kontor.create("access.role", {"name": "exports", "grants": "base.party:export"})["id"]
    tereza = kontor.get("access.user", users["tereza"]["id"])
    kontor.update("access.user", tereza["id"], {"roles": tereza["roles"] + [leaver]})
    seller = house.client("tereza", STAFF_PASSWORD)
    for times in (1, 2):
        seller.call("export.read", {"entity": "base.party", "limit": 5})
        end = time.monotonic() + PATIENCE_S  # equal calls that follow each other at once are one
        while kontor.count("access.read_log", [["action", "=", "export"]]) < times:
            assert time.monotonic() < end, "the exports were not written down"
            time.sleep(0.1)
    return {"began": began, "stock": stock["item"], "quotation": quotation, "deal": deal, "anna": anna["id"], "marek": marek["id"]}


def main():
    smtpd = Smtpd()
    house = House()
    days = Days(house)
    conf = house.home / "kontor.lua"
    conf.write_text(f'mail = {{url = "smtp://127.0.0.1:{smtpd.port}", plain = true, from = "biuro@wicher.example"}}\nlimits = {{rule_ms = 2000}}\n')
    conf.chmod(0o600)
    house.options += ["--conf", str(conf)]
    try:
        with house:
            subprocess.run([sys.executable, str(ROOT / "demo/build.py"), "--url", house.url, "--password-file", str(house.password_file),
                            "--rules", str(ROOT / "scripts/rules"), "--quiet"], check=True)
            kontor = house.client()
            rules = {r["name"]: r["id"] for r in kontor.each("automation.rule", fields=["id", "name", "state"]) if r["state"] == "on"}
            wanted = {f.stem for f in (ROOT / "scripts/rules").glob("*.lua")}
            assert wanted <= set(rules), f"not switched on: {wanted - set(rules)}"
            tick = kontor.create("automation.rule", {"name": "tick", "text": 'rule {on = "webhook tick", run = function() end}'})["id"]
            kontor.call("automation.rule.enable", {"id": tick})
            made = what_people_do(house, kontor, days)
            assert kontor.call("rule.graph")["cycles"] == []
            at_once = ("web_lead", "greet_lead", "incoming_mail", "won_deal", "discount_approval", "order_status", "low_stock", "leave_cover")
            for name in at_once:
                until(kontor, rules, name, lambda name=name: done_by(kontor, rules, made, name))
            order = one(kontor, "crm.order", ["deal", "=", made["deal"]])
            assert order["state"] == "draft" and order["lines"][0]["quantity"] == "4.0000", order
            asked = one(kontor, "base.approval", ["about", "=", {"entity": "crm.quotation", "id": made["quotation"]}])
            assert asked["state"] == "pending", asked
            for step in (0.02, 0.1, 1, 1, 1, 3, 4, 10, 20, 20):
                kontor = days.pass_by(step, house, tick)
            for name in sorted(wanted):
                until(kontor, rules, name, lambda name=name: done_by(kontor, rules, made, name))
            titles = [t["title"] for t in kontor.each("base.task", [["owner", "=", made["anna"]]], fields=["title"])]
            assert any("Zaległe zadanie" in t for t in titles), titles
            smtpd.mode("ok")
            subjects = [m["headers"]["subject"] for m in smtpd.mails]
            for part in ("Dziękujemy za zaufanie", "Przypomnienie", "Drugie przypomnienie", "jest potwierdzone", "Dziś:"):
                assert any(part in s for s in subjects), (part, sorted(set(subjects)))
            assert kontor.call("system.check")["sound"]
            print(f"{len(wanted)} rules act in the demo company: {len(subjects)} mails, {kontor.count('base.task')} tasks")
    finally:
        smtpd.stop()


if __name__ == "__main__":
    main()
