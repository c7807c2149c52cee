#!/usr/bin/env python3
"""Stories of work, over HTTP: tasks that repeat and are passed on, who gets what, my day."""
from stories import expect, refused, run

PASSWORD = "Correct-Horse-9-Battery"
seen = {}


def make(k, entity, **values):
    return k.create(entity, values)["id"]


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
    make(k, "crm.pipeline", name="Sales", initial=True, stages=[{"name": "Talk"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}])
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


STORIES = [
    a_checklist_is_ticked_off, every_way_to_another_owner_is_on_the_record, a_task_repeats_from_its_date,
    a_task_repeats_from_the_day_it_is_done, the_day_is_one_call,
]
if __name__ == "__main__":
    run(STORIES)
