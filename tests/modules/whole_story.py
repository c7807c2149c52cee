#!/usr/bin/env python3
"""One firm's day over all modules, in the order in which it happens: contacts come from Bitrix24, a call by script brings a
deal, the deal a quotation on paper, the quotation an order that every department sees at once; it is made, shipped in two
parts, billed and paid; goals and bonus move; a rule is tried on what happened and switched on; a machinist's leave moves the
promise and sales get a task; the journal is verified; people are switched off and on while orders come in."""
import datetime
import sys
import threading
import time
import urllib.request
from decimal import Decimal as D

import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "exchange"))
from exchange_stories import ended, problems, ready  # noqa: E402
from path_stories import TODAY, company, day, make, produce, put, receive, rows  # noqa: E402
from stories import expect, run  # noqa: E402

MODULES = "base,crm,script,logistics,production,finance,hr,insight"
CONTACTS = 5000
YEAR = {"from": f"{TODAY.year}-01-01", "until": f"{TODAY.year}-12-31"}
seen = {}

SCRIPT = """
step greet "Greeting"
  say Good morning, {name}. Do you still sell bicycles?
  answer yes "Yes" -> need
  answer no "No more" -> refused
step need "What they need"
  say How many a year?
  ask amount money "Amount a year" required min 0 save amount
  -> size
branch size
  when [["amount", ">=", "5000"]] -> meet
  else -> refused
step meet "An offer"
  say May I send you an offer?
  answer yes "Yes" -> agreed
  answer no "No" -> refused
end agreed "Offer wanted" won
  task "Send the offer to {name}" in 1 day
end refused "Not interested" lost
"""

RULE = """rule {on = "crm.order.updated promised", moment = "after", rights = "crm.order:read; base.task:create; access.user:read",
    run = function(order, before)
        if before.promised and order.promised and order.promised > before.promised then
            task {title = "Tell the customer: " .. order.number .. " comes on " .. tostring(order.promised), owner = order.owner}
        end
    end}"""


def the_firm(k, house):
    seen.update(company(k, MODULES), house=house)
    roles = {r["name"]: r["id"] for r in k.list("access.role", limit=100)["rows"]}
    seen["ola"] = make(k, "access.user", name="ola", roles=[roles["crm.sales"], roles["hr.employee"], roles["base.user"]])
    seen["file"] = make(k, "hr.employee", name="Ola Maj", hired=f"{TODAY.year}-01-01", owner=seen["ola"])
    make(k, "hr.term", employee=seen["file"], valid_from=f"{TODAY.year}-01-01", pay="7000")
    seen["jan"] = make(k, "hr.employee", name="Jan Lis", hired=f"{TODAY.year}-01-01")
    make(k, "hr.term", employee=seen["jan"], valid_from=f"{TODAY.year}-01-01")
    hall = k.list("production.work_centre")["rows"][0]["id"]
    make(k, "hr.qualification", employee=seen["jan"], skill=make(k, "hr.skill", name="Machines"), work_centre={"entity": "production.work_centre", "id": hall})
    seen["free"] = make(k, "hr.leave_type", name="Unpaid", code="free", unlimited=True)
    seen["stages"] = k.get("crm.pipeline", make(k, "crm.pipeline", name="Sales", initial=True, stages=[
        {"name": "New"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}]))["stages"]
    seen["goal"] = make(k, "insight.goal", indicator="sales", owner=seen["ola"], target="10000", weight="100", **YEAR)


def five_thousand_contacts_are_rehearsed_and_come(k):
    wrong = {17: ("birth", "31.02.1980"), 800: ("mail", "no address"), 1204: ("mail", "two@@example.pl"), 2999: ("birth", "yesterday"),
             3000: ("birth", "1980-13-01"), 4001: ("mail", "a b@example.pl"), 4990: ("birth", "99")}

    def text(mistakes):
        lines = ["ID;Imię;Nazwisko;Data urodzenia;Telefon komórkowy;Służbowy e-mail"]
        for n in range(1, CONTACTS + 1):
            field, value = mistakes.get(n, (None, None))
            birth, mail = value if field == "birth" else "14.03.1980", value if field == "mail" else f"jan{n}@example.pl"
            lines.append(f"{n};Jan;Kowal {n};{birth};+48 600 {n // 100:03} {n % 100:03};{mail}")
        return "\n".join(lines) + "\n"

    job = ended(k, k.call("import.start", {"text": text(wrong), "mapping": ready("crm", "bitrix24-contacts"), "rehearse": True}))
    found = problems(k, job)
    expect([(p["row"], p["column"]) for p in found],
           [(n + 1, "Data urodzenia" if field == "birth" else "Służbowy e-mail") for n, (field, _) in sorted(wrong.items())])
    job = ended(k, k.call("import.start", {"text": text({}), "mapping": ready("crm", "bitrix24-contacts")}))
    expect((job["state"], job["result"]["created"], k.count("base.party", [["external_id", "starts_with", "C_"]])), ("done", CONTACTS, CONTACTS))


def a_call_by_script_brings_a_deal(k):
    script = make(k, "script.script", code="bikes", name="Bicycles", source=SCRIPT)
    k.call("script.script.publish", {"id": script})
    segment = make(k, "crm.segment", name="Kowal 1..", filter=[["external_id", "in", ["C_1", "C_2", "C_3"]]])
    calls = make(k, "script.list", name="Autumn", script=script, purpose="service", from_minute=0, until_minute=1440)
    expect(k.call("script.list.fill", {"list": calls, "filter": k.call("crm.segment.query", {"segment": segment})["filter"]})["added"], 3)
    first = k.call("script.list.next", {"list": calls})
    seen["party"] = first["party"]
    seen["deal"] = make(k, "crm.deal", title="Bicycles for Kowal", party=seen["party"], currency=seen["pln"], owner=seen["ola"], lines=[
        {"item": seen["BIKE"], "quantity": "6", "price": "2000"}, {"item": seen["service"], "quantity": "1", "price": "100"}])
    at = k.call("script.session.start", {"script": script, "member": first["member"], "subject": {"entity": "crm.deal", "id": seen["deal"]}})
    for answer, inputs in (("yes", None), (None, {"amount": "12100"}), ("yes", None)):
        params = {"id": at["session"], "step": at["step"], **({"answer": answer} if answer else {}), **({"inputs": inputs} if inputs else {})}
        at = k.call("script.session.answer", params)
    expect((at["state"], at["outcome"]), ("finished", "agreed"))
    expect([t["title"].startswith("Send the offer") for t in rows(k, "base.task")], [True])
    k.call("crm.deal.win", {"id": seen["deal"]})


def the_deal_becomes_a_quotation_on_paper(k, house):
    seen["quotation"] = k.call("crm.deal.quote", {"id": seen["deal"]})["id"]
    k.call("document.presets")
    template = k.list("document.template", [["name", "=", "quotation"], ["lang", "=", "pl"]])["rows"][0]["id"]
    made = k.call("document.make", {"template": template, "id": seen["quotation"]})
    request = urllib.request.Request(f"{house.url}/files/{made['file']}", None, {"Authorization": f"Bearer {k.token}"})
    with urllib.request.urlopen(request) as answer:
        expect(answer.read(5), b"%PDF-")
    k.call("crm.quotation.send", {"id": seen["quotation"]})
    seen["order"] = k.call("crm.quotation.accept", {"id": seen["quotation"], "create_order": True})["made"]


def what_is_previewed_is_confirmed_and_every_department_sees_it(k):
    put(k, seen["BIKE"], "2", "900")
    told = k.call("crm.order.preview", {"id": seen["order"]})["result"]
    expect((told["promised"] > day(0), D(told["margin"]) > 0, told["minutes"] > 0), (True, True, True))
    confirmed = k.call("crm.order.confirm", {"id": seen["order"]})
    same = ("promised", "net", "cost", "margin", "minutes")
    expect([confirmed[name] for name in same], [told[name] for name in same])
    expect([(p["kind"], p["quantity"]) for p in confirmed["parts"] if p["item_name"] == "Bike"], [("stock", "2.0000"), ("make", "4.0000")])
    made = rows(k, "production.order", ["state", "=", "confirmed"], sort="id")
    expect([D(m["quantity"]) for m in made], [D(4), D(4)])  # the bicycles and their frames
    expect(len(rows(k, "logistics.purchase_request", ["state", "=", "open"])), 3)
    expect([d["document"] for d in rows(k, "logistics.delivery")], [{"entity": "crm.order", "id": seen["order"]}])


def it_is_made_and_shipped_in_two_parts(k):
    deliveries = lambda *more: rows(k, "logistics.delivery", ["state", "not_in", ["shipped", "done", "cancelled"]], *more)
    k.call("logistics.delivery.ship", {"id": deliveries()[0]["id"]})  # the two that lie there
    order = k.get("crm.order", seen["order"])
    expect((order["delivery_status"], len(deliveries())), ("partial", 1))
    k.call("logistics.purchase.order", {"requests": [r["id"] for r in rows(k, "logistics.purchase_request", ["state", "=", "open"])]})
    bought = rows(k, "logistics.purchase_order", ["state", "in", ["draft", "sent"]])
    for row in bought:
        k.call("logistics.purchase_order.approve", {"id": row["id"]})
        receive(k, row["id"])
    for code in ("FRAME", "BIKE"):
        produce(k, rows(k, "production.order", ["item", "=", seen[code]])[0]["id"])
    k.call("logistics.delivery.ship", {"id": deliveries()[0]["id"]})
    expect((k.get("crm.order", seen["order"])["delivery_status"], len(rows(k, "logistics.delivery", ["state", "=", "shipped"]))), ("full", 2))


def it_is_billed_and_paid_and_the_books_agree(k):
    made = k.call("finance.invoice.from_order", {"order": {"entity": "crm.order", "id": seen["order"]}})["id"]
    k.call("finance.invoice.post", {"id": made})
    invoice, order = k.get("finance.invoice", made), k.get("crm.order", seen["order"])
    expect((invoice["net"], order["billing_status"]), (order["net"], "full"))
    owed = rows(k, "finance.open_item", ["party", "=", seen["party"]])[0]["id"]
    k.call("finance.payment.post", {"id": make(k, "finance.payment", party=seen["party"], amount=invoice["gross"], allocations=[{"item": owed}])})
    expect(k.get("finance.invoice", made)["payment_status"], "paid")
    balance = k.call("finance.trial_balance", {"to": day(0)})
    expect((balance["debit"], D(balance["debit"]) > 0), (balance["credit"], True))
    card = k.call("crm.card", {"party": seen["party"]})
    expect({"crm.deal", "crm.order", "finance.payment"} <= {entry["entity"] for entry in card["timeline"]}, True)


def soon(what):
    until = time.monotonic() + 60
    while not (found := what()):
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)
    return found


def goal_and_bonus_move(k):
    goal = next(g for g in k.call("insight.board", {**YEAR, "owner": seen["ola"]})["goals"] if g["goal"] == seen["goal"])
    expect((goal["actual"], goal["reached"]), ("12100.00", "121.00"))
    text = (pathlib.Path(__file__).resolve().parents[2] / "scripts" / "rules" / "goal_bonus.lua").read_text()
    k.call("automation.rule.enable", {"id": make(k, "automation.rule", name="goal_bonus", text=text)})
    k.call("hr.bonuses_open", {"month": day(0)})
    bonus = soon(lambda: next((b for b in rows(k, "hr.bonus", ["employee", "=", seen["file"]]) if b["lines"]), None))
    expect((bonus["lines"][0]["percent"], D(bonus["total"])), ("12.10", D("847.00")))


def a_rule_is_tried_on_what_happened_and_switched_on(k):
    told = k.call("rule.backtest", {"text": RULE, "entries": 10000})
    expect((told["whole"], told["failed"]), (True, 0))
    seen["rule"] = make(k, "automation.rule", name="tell_the_customer", text=RULE)
    k.call("automation.rule.enable", {"id": seen["rule"]})


def the_machinists_leave_moves_a_promise_and_sales_get_a_task(k):
    other = make(k, "crm.order", party=seen["party"], currency=seen["pln"], owner=seen["ola"], lines=[{"item": seen["FRAME"], "quantity": "20"}])
    k.call("crm.order.confirm", {"id": other})
    before = k.get("crm.order", other)
    leave = make(k, "hr.leave", **{"employee": seen["jan"], "type": seen["free"], "from": day(0), "until": day(30)})
    k.call("hr.leave.submit", {"id": leave})
    k.call("hr.leave.approve", {"id": leave})
    after = k.get("crm.order", other)
    expect(after["promised"] > before["promised"], True)
    task = soon(lambda: rows(k, "base.task", ["title", "starts_with", "Tell the customer"]))
    expect((task[0]["owner"], after["promised"] in task[0]["title"], before["number"] in task[0]["title"]), (seen["ola"], True, True))
    expect({run.get("error") for run in k.call("rule.runs", {"id": seen["rule"]})["rows"]}, {None})


def people_are_switched_off_and_on_while_orders_come_in(k, house):
    stop, made, failed = threading.Event(), [], []

    def sell():
        client = house.client()
        while not stop.is_set():
            try:
                order = make(client, "crm.order", party=seen["party"], currency=seen["pln"], lines=[{"item": seen["BELL"], "quantity": "1"}])
                client.call("crm.order.confirm", {"id": order})
                made.append(order)
            except Exception as error:  # told below, whatever it was
                failed.append(repr(error))

    sellers = [threading.Thread(target=sell) for _ in range(4)]
    for seller in sellers:
        seller.start()
    for _ in range(3):
        count = len(made)
        k.call("module.disable", {"name": "hr"})
        soon(lambda: failed or len(made) > count + 8)
        k.call("module.enable", {"name": "hr"})
        count = len(made)
        soon(lambda: failed or len(made) > count + 8)
    stop.set()
    for seller in sellers:
        seller.join()
    expect(failed, [])
    expect(k.count("crm.order", [["id", "in", made], ["state", "=", "confirmed"]]), len(made))
    expect(k.get("hr.employee", seen["jan"])["name"], "Jan Lis")


def the_journal_and_the_house_are_sound(k):
    expect((k.call("journal.verify")["sound"], k.call("system.check", {})["sound"]), (True, True))
    expect(k.call("finance.prove", {})["findings"], [])


if __name__ == "__main__":
    run([the_firm, five_thousand_contacts_are_rehearsed_and_come, a_call_by_script_brings_a_deal, the_deal_becomes_a_quotation_on_paper,
         what_is_previewed_is_confirmed_and_every_department_sees_it, it_is_made_and_shipped_in_two_parts, it_is_billed_and_paid_and_the_books_agree,
         goal_and_bonus_move, a_rule_is_tried_on_what_happened_and_switched_on, the_machinists_leave_moves_a_promise_and_sales_get_a_task,
         people_are_switched_off_and_on_while_orders_come_in, the_journal_and_the_house_are_sound], MODULES)
