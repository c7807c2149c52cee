#!/usr/bin/env python3
"""Stories of work, over HTTP: tasks that repeat and are passed on, who gets what, my day."""
from stories import expect, make, refused, run

PASSWORD = "Correct-Horse-9-Battery"
seen = {}


def user(k, name, *roles):
    """A user who can log in; made once."""
    if name not in seen:
        all_roles = {r["name"]: r["id"] for r in k.list("access.role", limit=100)["rows"]}
        seen[name] = make(k, "access.user", name=name, roles=[all_roles[r] for r in roles])
        k.call("access.password", {"user": name, "new": PASSWORD, "old": PASSWORD})
    return seen[name]


def a_checklist_is_ticked_off(k):
    company = make(k, "base.company", name="Stories", zone="Europe/Warsaw")
    k.call("session.company", {"company": company})
    task = make(k, "base.task", title="Prepare the fair", checklist=[{"text": "stand"}, {"text": "leaflets"}])
    lines = k.get("base.task", task)["checklist"]
    k.call("base.task.check", {"id": task, "line": lines[1]["id"]})
    expect([(c["text"], c["done"], bool(c["done_by"])) for c in k.get("base.task", task)["checklist"]],
           [("stand", False, False), ("leaflets", True, True)])
    k.call("base.task.check", {"id": task, "line": lines[1]["id"], "done": False})
    expect(k.get("base.task", task)["checklist"][1]["done_at"], None)
    refused("validation", lambda: k.call("base.task.check", {"id": task, "line": 99}), "line")


def every_way_to_another_owner_is_on_the_record(k):
    me, ewa, jan = k.list("access.user", [["name", "=", "admin"]])["rows"][0]["id"], user(k, "ewa", "base.user"), user(k, "jan", "base.user")
    task = make(k, "base.task", title="Passed on", observers=[jan])
    k.call("base.task.delegate", {"id": task, "owner": ewa})
    k.update("base.task", task, {"owner": jan})
    row = k.get("base.task", task)
    expect([(d["from"], d["to"], d["by"]) for d in row["delegations"]], [(me, ewa, me), (ewa, jan, me)])
    expect((row["owner"], row["delegated_by"], row["observers"]), (jan, me, [jan]))
    refused("rule", lambda: k.call("base.task.delegate", {"id": task, "owner": jan}), "owner")


def a_task_repeats_from_its_date(k):
    task = make(k, "base.task", title="Stocktaking", due="2020-01-31T09:00:00+01:00", remind_at="2020-01-31T08:00:00+01:00",
                repeat="month", repeat_until="2020-05-01", checklist=[{"text": "count", "done": True}])
    expect(k.call("base.task.recur", {"until": "2020-01-30T00:00:00Z"})["made"], 0)
    expect(k.call("base.task.recur", {"until": "2020-02-15T00:00:00Z"})["made"], 1)
    expect(k.call("base.task.recur", {"until": "2020-02-15T00:00:00Z"})["made"], 0)
    second = k.get("base.task", k.get("base.task", task)["next"])
    expect((second["due"][:16], second["remind_at"][:16], second["checklist"][0]["done"]), ("2020-02-29T08:00", "2020-02-29T07:00", False))
    expect(k.call("base.task.recur", {})["made"], 2)  # March in summer time, April; May would be after the end
    series = k.list("base.task", [["title", "=", "Stocktaking"]], sort="id")["rows"]
    expect([r["due"][:16] for r in series], ["2020-01-31T08:00", "2020-02-29T08:00", "2020-03-29T07:00", "2020-04-29T07:00"])
    k.call("base.task.finish", {"id": series[0]["id"]})
    expect(k.count("base.task", [["title", "=", "Stocktaking"]]), 4)  # its next one was there already
    refused("validation", lambda: make(k, "base.task", title="x", repeat="day", repeat_every=0), "due", "repeat_every")


def a_task_repeats_from_the_day_it_is_done(k):
    task = make(k, "base.task", title="Water the plants", repeat="week", repeat_every=2, repeat_by="done")
    k.call("base.task.finish", {"id": task})
    done = k.get("base.task", task)
    later = k.get("base.task", done["next"])
    expect((later["state"], later["due"][:10] > done["done_at"][:10], later["repeat_every"]), ("todo", True, 2))
    k.call("base.task.reopen", {"id": task})
    k.call("base.task.finish", {"id": task})
    expect(k.count("base.task", [["title", "=", "Water the plants"]]), 2)


def the_day_is_one_call(k):
    jan = user(k, "jan", "base.user")
    firm = make(k, "base.party", name="Daily SA")
    pipeline(k)
    make(k, "crm.sla", priority="urgent", response_minutes=1, resolution_minutes=2)
    make(k, "crm.request", subject="Help", priority="urgent", owner=jan, party=firm)
    late = make(k, "crm.deal", title="Closing", owner=jan, expected_close="2099-05-04")
    make(k, "crm.deal", title="Later", owner=jan, expected_close="2099-05-05")
    make(k, "base.task", title="Long ago", owner=jan, due="2020-01-01T09:00:00Z")
    done = make(k, "base.task", title="Done", owner=jan, due="2020-01-01T08:00:00Z")
    k.call("base.task.finish", {"id": done})
    make(k, "base.task", title="At noon", owner=jan, due="2099-05-04T10:00:00Z")
    make(k, "crm.activity", subject="In the morning", kind="meeting", owner=jan, planned_at="2099-05-04T07:00:00Z", party=firm)
    make(k, "crm.activity", subject="Tomorrow", owner=jan, planned_at="2099-05-04T22:30:00Z")  # after midnight in Warsaw
    make(k, "crm.activity", subject="Somebody else's", planned_at="2099-05-04T07:00:00Z")
    rows = k.call("crm.my_day", {"owner": jan, "day": "2099-05-04"})["rows"]
    mine = [(r["part"], r["kind"], r["title"]) for r in rows if r["title"] not in ("Passed on",)]
    expect(mine, [("overdue", "task", "Long ago"), ("today", "meeting", "In the morning"), ("today", "task", "At noon"),
                  ("requests", "request", "Help"), ("closing", "deal", "Closing")])
    expect(rows[-1]["id"], late)


# ---- who gets what ----

def pipeline(k):
    if "pipeline" not in seen:
        seen["pipeline"] = make(k, "crm.pipeline", name="Sales", initial=True, stages=[
            {"name": "Talk", "probability": "10"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}])
    return seen["pipeline"]


def owners(k, entity, ids):
    return [k.get(entity, i)["owner"] for i in ids]


def leads_go_round_by_share(k):
    pipeline(k)
    ewa, jan, ola = user(k, "ewa", "base.user"), user(k, "jan", "base.user"), user(k, "ola", "base.user")
    seen["turn"] = make(k, "crm.assignment", name="Leads", on_create=True, users=[{"user": ewa}, {"user": jan, "weight": 2}, {"user": ola, "away": True}])
    leads = [make(k, "crm.lead", title=f"Lead {i}") for i in range(7)]
    expect(owners(k, "crm.lead", leads), [ewa, jan, jan, ewa, jan, jan, ewa])
    mine = make(k, "crm.lead", title="For Ola", owner=ola)
    expect(k.get("crm.lead", mine)["owner"], ola)  # somebody was chosen
    refused("validation", lambda: make(k, "crm.assignment", name="x", users=[{"user": ewa, "weight": 0}]), "users[0].weight")
    k.update("crm.assignment", seen["turn"], {"active": False})
    expect(k.get("crm.lead", make(k, "crm.lead", title="Nobody's turn"))["owner"], k.list("access.user", [["name", "=", "admin"]])["rows"][0]["id"])
    refused("rule", lambda: k.call("crm.assign", {"entity": "crm.lead", "id": leads[0]}), "rule")


def a_seller_without_rights_to_the_rule_is_served_by_it(k, house):
    ewa = user(k, "ewa", "base.user")
    user(k, "kasia", "base.user", "crm.sales")
    k.update("crm.assignment", seen["turn"], {"active": True, "source": "fair"})
    kasia = house.client("kasia", PASSWORD)
    lead = kasia.create("crm.lead", {"title": "From the fair", "source": "fair"})["id"]
    other = kasia.create("crm.lead", {"title": "From the street", "source": "street"})["id"]
    expect(k.get("crm.lead", lead)["owner"] in (ewa, user(k, "jan")), True)
    expect(k.get("crm.lead", other)["owner"], user(k, "kasia"))
    refused("not_found", lambda: kasia.get("crm.lead", lead))  # it is not hers any more
    refused("forbidden", lambda: kasia.update("crm.assignment", seen["turn"], {"active": False}))


def deals_go_by_territory_and_load(k):
    ewa, jan, ola = user(k, "ewa"), user(k, "jan"), user(k, "ola")
    north = make(k, "base.territory", name="North")
    torun = make(k, "base.territory", name="Toruń", parent=north)
    south = make(k, "base.territory", name="South")
    rule = make(k, "crm.assignment", name="Areas", entity="crm.deal", way="territory",
                users=[{"user": ewa, "territory": north}, {"user": jan, "territory": south}, {"user": ola}])
    def of(territory):
        deal = make(k, "crm.deal", title="D", party=make(k, "base.party", name="P", territory=territory))
        return k.call("crm.assign", {"entity": "crm.deal", "id": deal, "rule": rule})["owner"]
    expect([of(torun), of(north), of(south), of(None)], [ewa, ewa, jan, ola])
    k.update("crm.assignment", rule, {"way": "load"})
    expect([of(None), of(None), of(None)], [ola, ewa, ola])  # before: ewa 2, jan 3, ola 1 open
    k.update("crm.assignment", rule, {"users": [{"user": ola, "most": 2}]})
    refused("rule", lambda: of(None), "rule")


def a_leavers_records_go_to_others_in_one_act(k):
    leaver, heir = user(k, "leaver", "base.user"), user(k, "heir", "base.user")
    pipeline(k)
    deals = [make(k, "crm.deal", title=f"Left {i}", owner=leaver, amount=str(100 * i)) for i in range(1, 5)]
    k.call("crm.deal.win", {"id": deals[0]})
    tasks = [make(k, "base.task", title="Left task", owner=leaver) for _ in range(3)]
    party = make(k, "base.party", name="Left party", owner=leaver)
    make(k, "base.preference", key="theme", value="dark", owner=leaver)
    ask = {"from": "leaver", "to": "heir", "entities": {"crm.deal": [["semantic", "=", "open"]], "base.task": True, "base.party": True}}
    dry = k.call("access.user.reassign", ask, dry_run=True)["result"]
    expect({r["entity"]: r["changed"] for r in dry["rows"]}, {"crm.deal": 3, "base.task": 3, "base.party": 1})
    expect(owners(k, "crm.deal", deals), [leaver] * 4)
    k.call("access.user.reassign", ask, unit="leaver")
    expect(owners(k, "crm.deal", deals), [leaver] + [heir] * 3)
    expect(owners(k, "base.task", tasks), [heir] * 3)
    expect([(d["from"], d["to"]) for d in k.get("base.task", tasks[0])["delegations"]], [(leaver, heir)])
    everything = k.call("access.user.reassign", {"from": leaver, "to": heir}, dry_run=True)["result"]["rows"]
    expect([(r["entity"], r["changed"]) for r in everything], [("crm.deal", 1)])  # the preference stays with its user
    expect(k.call("journal.revert", {"unit": "leaver"})["conflicts"], [])
    expect(owners(k, "crm.deal", deals) + owners(k, "base.task", tasks) + [k.get("base.party", party)["owner"]], [leaver] * 8)
    refused("validation", lambda: k.call("access.user.reassign", {"from": leaver, "to": leaver, "entities": {"base.unit": True}}), "to", "entities.base.unit")


def what_nobody_plans_is_listed(k):
    me = user(k, "idle", "base.user")
    pipeline(k)
    planned, by_task, idle = [make(k, "crm.deal", title=t, owner=me) for t in ("Planned", "By task", "Idle")]
    lead = make(k, "crm.lead", title="Idle lead", owner=me)
    make(k, "crm.activity", kind="call", subject="x", deal=planned, planned_at="2090-01-01")
    make(k, "base.task", title="x", about={"entity": "crm.deal", "id": by_task})
    done = make(k, "crm.activity", kind="call", subject="x", deal=idle)
    k.call("crm.activity.finish", {"id": done})
    answer = k.call("crm.no_next_activity", {"owner": me})
    expect(([(r["entity"], r["id"]) for r in answer["rows"]], answer["deals"], answer["leads"]), ([("crm.deal", idle), ("crm.lead", lead)], 1, 1))
    refused("validation", lambda: k.call("crm.no_next_activity", {"limit": 0}), "limit")


def a_head_hears_of_what_is_late(k, house):
    head, worker = user(k, "head", "base.reader", "crm.reader"), user(k, "worker", "base.user")
    trade = make(k, "access.department", name="Trade", head=head)
    department = make(k, "access.department", name="Field", parent=trade)  # without a head of its own
    k.update("access.user", worker, {"department": department})
    late = make(k, "base.task", title="Late", due="2020-01-01", owner=worker)
    make(k, "base.task", title="Late elsewhere", due="2020-01-01", owner=user(k, "idle"))
    call = make(k, "crm.activity", kind="call", subject="Late call", planned_at="2020-01-02", owner=worker)
    client = house.client("head", PASSWORD)
    expect([(r["entity"], r["id"], r["owner_name"]) for r in client.call("crm.escalations")["rows"]],
           [("base.task", late, "worker"), ("crm.activity", call, "worker")])
    expect(client.call("crm.escalations", {"hours": 87600})["rows"], [])


STORIES = [
    a_checklist_is_ticked_off, every_way_to_another_owner_is_on_the_record, a_task_repeats_from_its_date,
    a_task_repeats_from_the_day_it_is_done, the_day_is_one_call, leads_go_round_by_share,
    a_seller_without_rights_to_the_rule_is_served_by_it, deals_go_by_territory_and_load, a_leavers_records_go_to_others_in_one_act,
    what_nobody_plans_is_listed, a_head_hears_of_what_is_late,
]
if __name__ == "__main__":
    run(STORIES)
