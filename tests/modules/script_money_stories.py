#!/usr/bin/env python3
"""What a call brought, with stores and books at work: the margin of a script is planned when the customer orders, and the
real one once goods have left at what they cost and are billed; what comes back takes it away again."""
import datetime

from stories import expect, make, run

YEAR = datetime.date.today().year
seen = {}
SCRIPT = "step offer\n  say We have bicycles.\n  show goods\n  answer yes -> done\n  answer no -> lost\nobjection price\n  say Compared with what?\n  answer fine -> return\nend done won\nend lost lost\n"


def put(k, item, quantity, cost):
    entry = make(k, "logistics.transfer", kind="entry", lines=[{"item": item, "quantity": quantity, "unit_cost": cost}])
    k.call("logistics.transfer.post", {"id": entry})


def talk(k, party, *answers):
    at = k.call("script.session.start", {"script": seen["script"], "subject": {"entity": "base.party", "id": party}})
    for given in answers:
        method, what = ("object", "objection") if given == "price" else ("answer", "answer")
        at = k.call(f"script.session.{method}", {"id": at["session"], "step": at["step"], what: given})
    return at["session"]


def money(k, session):
    row = k.get("script.session", session)
    return row["revenue"], row["invoiced"], row["margin"]


def by(k, kind, key="key"):
    return {r[key]: r for r in k.call("script.stats", {"script": seen["script"], "by": kind})["rows"]}


def a_shop_with_bicycles_of_two_costs(k):
    pl, pln = make(k, "base.country", code="PL", name="Poland", eu=True), make(k, "base.currency", code="PLN", decimals=2)
    make(k, "base.company", name="Wicher", country=pl, currency=pln)
    k.call("base.tax.preset", {"country": "PL"})
    for year in (YEAR, YEAR + 1):
        k.call("finance.setup", {"chart": "polish", "year": f"{year}-01-01"})
    piece = make(k, "base.unit", code="szt", category="count", rounding="1")
    seen.update(pln=pln, bike=make(k, "base.item", code="BIKE", name="Bike", unit=piece, price="2000", standard_cost="900", currency=pln))
    seen["nowak"], seen["lis"] = (make(k, "base.party", name=name, is_customer=True) for name in ("Nowak", "Lis"))
    put(k, seen["bike"], "2", "1000")
    put(k, seen["bike"], "8", "1250")  # 1200 each on average
    seen["script"] = make(k, "script.script", code="bikes", name="Bikes", source=SCRIPT)
    k.call("script.script.publish", {"id": seen["script"]})


def the_margin_is_planned_until_goods_leave_and_are_billed(k):
    seen["refused"] = talk(k, seen["lis"], "no")
    seen["call"] = talk(k, seen["nowak"], "price", "fine", "yes")
    seen["order"] = make(k, "crm.order", party=seen["nowak"], currency=seen["pln"], lines=[{"item": seen["bike"], "quantity": "3"}])
    k.call("crm.order.confirm", {"id": seen["order"]})
    revenue, invoiced, planned = money(k, seen["call"])
    expect((revenue, invoiced), ("6000.00", None))
    expect(planned, "2400.00")
    put(k, seen["bike"], "10", "1100")  # cheaper ones come in before goods leave: 1150 on average
    for delivery in k.list("logistics.delivery", [["state", "not_in", ["done", "cancelled"]]])["rows"]:
        k.call("logistics.delivery.ship", {"id": delivery["id"]})
    expect(money(k, seen["call"])[2], planned)  # nothing is billed yet
    seen["bill"] = k.call("finance.invoice.from_order", {"order": {"entity": "crm.order", "id": seen["order"]}})["id"]
    expect(money(k, seen["call"])[1:], ("0.00", planned))  # a draft is no invoice
    k.call("finance.invoice.post", {"id": seen["bill"]})
    expect(money(k, seen["call"]), ("6000.00", "6000.00", "2550.00"))  # three at 2000 that cost 1150
    expect(money(k, seen["refused"]), (None, None, None))


def every_step_answer_and_objection_tells_what_it_brought(k):
    for rows in (by(k, "step", "step"), by(k, "answer"), by(k, "objection")):
        for name in {"offer", "yes", "price"} & set(rows):
            expect((name, rows[name]["orders"], rows[name]["invoiced"], rows[name]["margin"]), (name, 1, "6000.00", "2550.00"))
    expect(by(k, "answer")["no"]["margin"], None)
    row, = k.call("script.compare", {"script": seen["script"]})["rows"]
    expect((row["calls"], row["orders"], row["revenue"], row["invoiced"], row["margin"]), (2, 1, "6000.00", "6000.00", "2550.00"))


def what_comes_back_takes_its_margin_away(k):
    delivery = k.list("logistics.delivery", [["state", "in", ["shipped", "done"]]])["rows"][0]
    k.call("logistics.delivery.return", {"id": delivery["id"], "lines": [{"line": delivery["lines"][0]["id"], "quantity": "1"}]})
    expect(money(k, seen["call"]), ("6000.00", "6000.00", "3700.00"))  # it is back in stores, and still billed
    note = k.call("finance.invoice.credit", {"id": seen["bill"], "reason": "came back", "lines": [{"line": k.get("finance.invoice", seen["bill"])["lines"][0]["id"], "quantity": "1"}]})["made"]
    k.call("finance.invoice.post", {"id": note})
    expect(money(k, seen["call"]), ("6000.00", "4000.00", "1700.00"))
    expect(by(k, "operator")["1"]["margin"], "1700.00")


def the_operator_sees_what_is_in_stock(k):
    deal = make(k, "crm.deal", title="Bikes", party=seen["lis"], lines=[{"item": seen["bike"], "quantity": "1"}], **pipeline(k))
    at = k.call("script.session.start", {"script": seen["script"], "subject": {"entity": "crm.deal", "id": deal}})
    expect([(row["name"], row["price"], row["available"]) for row in at["goods"]], [("Bike", "2000.0000", "18.0000")])


def pipeline(k):
    return {"pipeline": make(k, "crm.pipeline", name="Sales", initial=True, stages=[{"name": "New"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}])}


STORIES = [a_shop_with_bicycles_of_two_costs, the_margin_is_planned_until_goods_leave_and_are_billed,
           every_step_answer_and_objection_tells_what_it_brought, what_comes_back_takes_its_margin_away, the_operator_sees_what_is_in_stock]
if __name__ == "__main__":
    run(STORIES, modules="base,crm,logistics,finance,script")
