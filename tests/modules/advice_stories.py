#!/usr/bin/env python3
"""What a refusal says: what was asked for and is not there, in which states it would be possible, and what to do instead."""
import pathlib
import sys
from decimal import Decimal as D

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from path_stories import TODAY, company, day, put  # noqa: E402
from stories import expect, make, refused, run  # noqa: E402

seen = {}


def shop(k):
    if not seen:
        seen.update(company(k, "base,crm,logistics,production,finance"), eur=make(k, "base.currency", code="EUR", decimals=2))
    return seen


def sold(k, code="service", **more):
    s = shop(k)
    return make(k, "crm.order", party=s["nowak"], **{"currency": s["pln"], "lines": [{"item": s[code], "quantity": "1", "price": "100"}], **more})


def told(error):
    return [(p.get("path"), p["message"], p.get("hint")) for p in error.problems]


# ---- Parameters ----

def an_action_refuses_what_it_does_not_take_and_says_what_it_takes(k):
    s, order = shop(k), sold(k)
    foo = ("foo", 'there is no such parameter: "foo"', "There are: id, if_version.")
    expect(told(refused("validation", lambda: k.call("crm.order.confirm", {"id": order, "foo": 1}))), [foo])
    expect(told(refused("validation", lambda: k.call("crm.order.confirm", {"id": order, "foo": 1}, dry_run=True))), [foo])
    expect(told(refused("validation", lambda: k.call("crm.order.preview", {"id": order, "foo": 1}))), [foo])
    expect(told(refused("validation", lambda: k.call("crm.order.confirm", {"id": order, "foo": 1}, lang="pl"))),
        [("foo", 'nie ma takiego parametru: "foo"', "Są: id, if_version.")])
    expect(k.get("crm.order", order)["state"], "draft")
    year = k.list("finance.year", [["name", "=", str(TODAY.year)]])["rows"][0]["id"]
    expect(told(refused("validation", lambda: k.call("finance.year.close", {"id": year, "dryrun": True})))[0][:2], ("dryrun", 'there is no such parameter: "dryrun"'))
    # an action that has some lists them too; what stands beside the parameters is not sought in them in silence
    expect(told(refused("validation", lambda: k.call("crm.order.cancel", {"id": order, "reasn": "x"})))[0][2].startswith("There are: id, if_version, reason"), True)
    beside = told(refused("validation", lambda: k.call("crm.order.confirm", {"id": order, "dry_run": True})))
    expect(beside, [("dry_run", 'there is no such parameter: "dry_run"', "It stands beside the params of the message, not in them. There are: id, if_version.")])
    slip = make(k, "logistics.transfer", kind="entry", lines=[{"item": s["BELL"], "quantity": "3", "unit_cost": "5"}])
    refused("validation", lambda: k.call("logistics.transfer.post", {"id": slip, "lines": []}), "lines")
    expect(k.get("logistics.transfer", slip)["state"], "draft")


def a_method_and_a_verb_list_what_they_take(k):
    problem = told(refused("validation", lambda: k.call("base.item.count", {"fliter": []})))
    expect(problem, [("fliter", 'there is no such parameter: "fliter"', "There are: filter, as_of.")])
    problem = told(refused("validation", lambda: k.call("finance.setup", {"charts": "polish"})))
    expect((problem[0][:2], "chart" in problem[0][2]), (("charts", 'there is no such parameter: "charts"'), True))
    batch = [{"method": "crm.order.confirm", "params": {"id": sold(k), "foo": 1}}]
    refused("validation", lambda: k.call("system.batch", {"calls": batch, "atomic": True}), "calls[0].foo")


# ---- States ----

def what_is_not_possible_now_says_in_which_states_it_is(k):
    order = sold(k)
    error = refused("state", lambda: k.call("crm.order.reopen", {"id": order}))
    actions = {a["name"]: a for a in k.call("system.describe", {"entities": ["crm.order"]})["entities"][0]["actions"]}
    expect(error.problems[0]["message"], f"reopen is not possible while the state is draft; possible in: {', '.join(actions['reopen']['from'])}")
    k.call("crm.order.confirm", {"id": order})
    again = refused("state", lambda: k.call("crm.order.confirm", {"id": order}, lang="pl"))
    expect(again.problems[0]["message"], f"confirm nie jest możliwe w stanie confirmed; możliwe w: {', '.join(actions['confirm']['from'])}")


# ---- What to do instead ----

def what_is_reported_is_the_least_that_an_order_makes(k):
    s = shop(k)
    put(k, s["TUBE"], "20", "25")
    order = make(k, "production.order", item=s["FRAME"], quantity="5")
    k.call("production.order.confirm", {"id": order})
    k.call("production.order.report", {"id": order, "produced": "3"})
    error = refused("rule", lambda: k.call("production.order.resize", {"id": order, "quantity": "2"}), "quantity")
    expect((error.problems[0]["message"], "production.order.finish" in error.problems[0]["hint"]), ("more is reported already: 3", True))


def a_cost_by_weight_asks_for_the_weight(k):
    s = shop(k)
    slip = make(k, "logistics.transfer", kind="entry", lines=[{"item": s["BELL"], "quantity": "2", "unit_cost": "8"}])
    k.call("logistics.transfer.post", {"id": slip})
    error = refused("rule", lambda: k.call("logistics.landed", {"amount": "10", "by": "weight", "document": {"entity": "logistics.transfer", "id": slip}}), "by")
    expect(error.problems[0]["hint"], "Enter the weight of the item, or spread the cost by value or by quantity.")


def a_year_is_closed_when_it_is_over(k):
    shop(k)
    year = k.list("finance.year", [["name", "=", str(TODAY.year + 1)]])["rows"][0]["id"]
    error = refused("rule", lambda: k.call("finance.year.close", {"id": year}), "end")
    expect((error.problems[0]["message"], "finance.year.lock" in error.problems[0]["hint"]), (f"the year is not over yet: it ends on {TODAY.year + 1}-12-31", True))


def a_posted_invoice_stays_and_is_corrected(k):
    s = shop(k)
    invoice = make(k, "finance.invoice", party=s["nowak"], lines=[{"name": "Advice", "quantity": "1", "price": "100"}])
    k.call("finance.invoice.post", {"id": invoice})
    error = refused("state", lambda: k.call("finance.invoice.delete", {"id": invoice}))
    expect([(p["message"], p["hint"]) for p in error.problems],
        [("the invoice is posted: it does not change any more", "It stays, and is corrected by a credit note (finance.invoice.credit).")])
    # where nothing but those that point to it is in the way, they are named as before
    error = refused("conflict", lambda: k.call("base.party.delete", {"id": s["nowak"]}))
    expect(error.problems[0]["hint"], "Change or delete them first, or mark this record as no longer active.")


# ---- Rates ----

def what_is_sold_in_a_currency_without_a_rate_has_no_known_receipt(k):
    s = shop(k)
    parts = k.call("crm.order.confirm", {"id": sold(k, "BELL", currency=s["eur"], lines=[{"item": s["BELL"], "quantity": "900", "price": "100"}])})
    paid = [r for r in parts["cash"] if D(r["paid"])]
    expect((len(paid) > 0, {(r["received"], r["balance"]) for r in parts["cash"]}), (True, {(None, None)}))
    expect(parts["cash_lacks"], f"there is no rate of EUR for {TODAY}: what the customer pays is not known; enter one")
    known = k.call("crm.order.confirm", {"id": sold(k)})
    expect((known["cash_lacks"], [D(r["received"]) for r in known["cash"]]), (None, [D("123")]))


def a_supplier_whose_currency_has_no_rate_is_named_and_buys_when_it_has(k):
    s = shop(k)
    lamp = s["lamp"] = make(k, "base.item", code="LAMP", name="Lamp", unit=s["piece"], price="50", currency=s["pln"], bought=True)
    make(k, "logistics.supplier_price", item=lamp, party=s["rad"], price="9", currency=s["eur"], lead_days=3)
    order = sold(k, "lamp")
    parts = k.call("crm.order.confirm", {"id": order})["parts"]
    why = f"Rad asks its price in EUR, of which there is no rate for {TODAY}: enter one"
    expect([(p["kind"], p["reason"]) for p in parts], [("missing", why)])
    document = {"document": {"entity": "crm.order", "id": order}}
    expect(k.call("base.supply.explain", document, lang="pl")["parts"][0]["reason"], f"Rad podaje cenę w EUR, a nie ma jej kursu na {TODAY}: wpisz go")
    make(k, "base.currency_rate", base=s["eur"], currency=s["pln"], day=day(1), rate="4.2")  # not yet in force
    expect([p["kind"] for p in k.call("base.supply.explain", document)["parts"]], ["missing"])
    make(k, "base.currency_rate", base=s["eur"], currency=s["pln"], day=day(-1), rate="4.2")
    expect([(p["kind"], D(p["cost"])) for p in k.call("base.supply.explain", document)["parts"]], [("buy", D("37.8"))])
    receipt = k.call("crm.order.confirm", {"id": sold(k, currency=s["eur"])})
    expect((receipt["cash_lacks"], [D(r["received"]) for r in receipt["cash"]]), (None, [D("516.6")]))


STORIES = [an_action_refuses_what_it_does_not_take_and_says_what_it_takes, a_method_and_a_verb_list_what_they_take,
           what_is_not_possible_now_says_in_which_states_it_is, what_is_reported_is_the_least_that_an_order_makes,
           a_cost_by_weight_asks_for_the_weight, a_year_is_closed_when_it_is_over, a_posted_invoice_stays_and_is_corrected,
           what_is_sold_in_a_currency_without_a_rate_has_no_known_receipt, a_supplier_whose_currency_has_no_rate_is_named_and_buys_when_it_has]

if __name__ == "__main__":
    run(STORIES, modules="base,crm,logistics,production,finance")
