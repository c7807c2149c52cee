#!/usr/bin/env python3
"""Stories of what was rehearsed and then done: the hash of a dry run holds as long as the same would come out."""
import time

from stories import expect, make, refused, run


def pipeline(k):
    """Its stages' ids by name."""
    stages = [{"name": "First", "semantic": "open"}, {"name": "Second", "semantic": "open"},
              {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}]
    id = make(k, "crm.pipeline", name="Sales", initial=True, stages=stages)
    return {s["name"]: s["id"] for s in k.get("crm.pipeline", id)["stages"]}


stage = {}


def rehearsed(k, method, params, meanwhile):
    """Rehearses, lets others work and time go by, and does it."""
    time.sleep(0.01)  # what was made within this millisecond would be set to the same instant again: no change
    hash = k.call(method, params, dry_run=True)["hash"]
    time.sleep(1.1)
    meanwhile()
    return k.call(method, params, if_preview=hash)


def others(k):
    """What others make meanwhile takes the ids and numbers that the rehearsal showed."""
    party = make(k, "base.party", name="Other", kind="person")
    make(k, "base.tag", name=f"tag {time.monotonic_ns()}")
    make(k, "crm.deal", title="Other", party=party)


def a_deal_moves_as_it_was_rehearsed(k):
    stage.update(pipeline(k))
    deal = make(k, "crm.deal", title="Tables", party=make(k, "base.party", name="Nowak", kind="person"))
    rehearsed(k, "crm.deal.update", {"id": deal, "values": {"stage": stage["Second"]}}, lambda: others(k))
    hash = k.call("crm.deal.update", {"id": deal, "values": {"stage": stage["Won"]}}, dry_run=True)["hash"]
    k.update("crm.deal", deal, {"stage": stage["First"]})
    refused("conflict", lambda: k.call("crm.deal.update", {"id": deal, "values": {"stage": stage["Won"]}},
                                       if_preview=hash), "if_preview")


def what_points_to_new_records_in_lists_and_lines_does_not_depend_on_their_ids(k):
    calls = [{"method": "base.tag.create", "params": {"values": {"name": "oak"}}},
             {"method": "base.party.create", "params": {"values": {
                 "name": "Kowal", "kind": "person", "tags": [{"$ref": "0.id"}]}}},
             {"method": "crm.deal.create", "params": {"values": {"title": "Chairs", "party": {"$ref": "1.id"}}}},
             {"method": "base.note.create", "params": {"values": {
                 "text": "soon", "about": {"entity": "crm.deal", "id": {"$ref": "2.id"}}}}}]
    done = rehearsed(k, "system.batch", {"calls": calls, "atomic": True}, lambda: others(k))
    ids = [one["result"]["id"] for one in done["results"]]
    expect(k.get("base.party", ids[1])["tags"], [ids[0]])
    expect(k.get("base.note", ids[3])["about"], {"entity": "crm.deal", "id": ids[2]})


def which_of_the_records_is_meant_stays_part_of_it(k):
    """Two new tags, and the one or the other of them; an old tag, and another one."""
    def calls(which):
        return {"atomic": True, "calls": [
            {"method": "base.tag.create", "params": {"values": {"name": "ash"}}},
            {"method": "base.tag.create", "params": {"values": {"name": "elm"}}},
            {"method": "base.party.create", "params": {"values": {"name": "Kot", "kind": "person", "tags": [which]}}}]}
    old = [make(k, "base.tag", name=f"old {i}") for i in range(2)]
    hashes = {k.call("system.batch", calls(which), dry_run=True)["hash"]
              for which in ({"$ref": "0.id"}, {"$ref": "1.id"}, *old)}
    expect(len(hashes), 4)


def a_lead_is_converted_as_it_was_rehearsed(k):
    lead = make(k, "crm.lead", title="Wardrobe", name="Lis", phone="+48 601 100 200")
    rehearsed(k, "crm.lead.convert", {"id": lead}, lambda: others(k))


def what_was_promised_counts_from_when_it_is_done(k):
    """Terms are so many minutes from the call on; what somebody wrote down is an instant."""
    make(k, "crm.sla", priority="normal", response_minutes=60, resolution_minutes=100000)
    made = rehearsed(k, "crm.request.create", {"values": {"subject": "A leg is loose"}}, lambda: others(k))
    times = k.get("crm.request", made["id"])
    expect(times["response_due"] > times["received_at"], True)
    task = {"values": {"title": "Write", "due": "2030-01-01T10:00:00Z"}}
    rehearsed(k, "base.task.create", task, lambda: others(k))
    hash = k.call("base.task.create", task, dry_run=True)["hash"]
    task["values"]["due"] = "2030-01-01T10:00:01Z"
    refused("conflict", lambda: k.call("base.task.create", task, if_preview=hash), "if_preview")


if __name__ == "__main__":
    run([a_deal_moves_as_it_was_rehearsed, what_points_to_new_records_in_lists_and_lines_does_not_depend_on_their_ids,
         which_of_the_records_is_meant_stays_part_of_it, a_lead_is_converted_as_it_was_rehearsed,
         what_was_promised_counts_from_when_it_is_done])
