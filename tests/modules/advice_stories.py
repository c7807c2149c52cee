#!/usr/bin/env python3
"""What a refusal says: what was asked for and is not there, in which states it would be possible, and what to do instead."""
import pathlib
import sys

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


STORIES = [an_action_refuses_what_it_does_not_take_and_says_what_it_takes, a_method_and_a_verb_list_what_they_take,
           what_is_not_possible_now_says_in_which_states_it_is]

if __name__ == "__main__":
    run(STORIES, modules="base,crm,logistics,production,finance")
