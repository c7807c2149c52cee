#!/usr/bin/env python3
"""Stories of the module crm, over HTTP."""
import threading
import time

from stories import expect, make, refused, run
from house import House

STAGES = [{"name": "First talk", "probability": "10"}, {"name": "Offer", "probability": "50", "needs": "party amount"},
          {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}]
seen = {}


def pipeline(k):
    if "pipeline" not in seen:
        seen["pipeline"] = make(k, "crm.pipeline", name="Sales", stages=STAGES, initial=True)
    return seen["pipeline"]


def stages(k):
    return {s["name"]: s["id"] for s in k.get("crm.pipeline", pipeline(k))["stages"]}


def a_pipeline_has_all_meanings(k):
    refused("validation", lambda: make(k, "crm.pipeline", name="Odd", stages=[{"name": "A"}, {"name": "A", "probability": "101"}]),
            "stages", "stages[1].name", "stages[1].probability")
    row = k.get("crm.pipeline", pipeline(k))
    expect([s["probability"] for s in row["stages"]], ["10.00", "50.00", "100.00", "0.00"])


def a_deal_begins_on_the_first_stage(k):
    pipeline(k)
    deal = make(k, "crm.deal", title="Ten bikes", amount="1000")
    row = k.get("crm.deal", deal)
    expect((row["stage_name"], row["semantic"], row["probability"], row["weighted"]), ("First talk", "open", "10.00", "100.00"))
    expect([h["stage_name"] for h in row["history"]], ["First talk"])
    expect(row["number"].startswith("D/"), True)


def a_deal_is_written_to_a_stage_by_its_name(k):
    ids = stages(k)
    deal = make(k, "crm.deal", title="By name", stage_name="won")
    row = k.get("crm.deal", deal)
    expect((row["stage"], row["stage_name"], row["semantic"]), (ids["Won"], "Won", "won"))
    refused("validation", lambda: k.update("crm.deal", deal, {"stage_name": "Nowhere"}), "stage_name")
    refused("validation", lambda: k.update("crm.deal", deal, {"stage_name": "Lost"}), "lost_reason")
    k.update("crm.deal", deal, {"stage_name": "First talk"})
    lines = k.get("crm.pipeline", pipeline(k))["stages"]
    for name in ("Talk", "Chat"):  # a stage called otherwise is the same stage
        k.update("crm.pipeline", pipeline(k), {"stages": [{"id": s["id"], **({"name": name} if s["name"] == "First talk" else {})} for s in lines]})
        k.update("crm.deal", deal, {"title": name})
        row = k.get("crm.deal", deal)
        expect((row["stage"], row["stage_name"], [h["stage_name"] for h in row["history"]]), (ids["First talk"], name, ["Won", name]))
    k.update("crm.pipeline", pipeline(k), {"stages": [{"id": s["id"], "name": s["name"]} for s in lines]})


def a_deal_moves_by_the_rules(k):
    ids, party = stages(k), make(k, "base.party", name="Buyer")
    deal = make(k, "crm.deal", title="Move me")
    refused("validation", lambda: k.call("crm.deal.move", {"id": deal, "stage": ids["Offer"]}), "party", "amount")
    refused("validation", lambda: k.call("crm.deal.move", {"id": deal, "stage": 99}), "stage")
    refused("validation", lambda: k.call("crm.deal.move", {"id": deal}), "stage")
    k.update("crm.deal", deal, {"party": party, "amount": "200"})
    k.call("crm.deal.move", {"id": deal, "stage": ids["Offer"]})
    row = k.get("crm.deal", deal)
    expect((row["stage_name"], row["probability"], row["weighted"]), ("Offer", "50.00", "100.00"))
    refused("state", lambda: k.call("crm.deal.move", {"id": deal, "stage_name": "Offer"}), "stage")
    refused("validation", lambda: k.call("crm.deal.move", {"id": deal, "stage_name": "Lost"}), "lost_reason")
    expect(k.get("crm.deal", deal)["stage_name"], "Offer")
    k.call("crm.deal.move", {"id": deal, "stage_name": "Lost", "lost_reason": "price"})
    row = k.get("crm.deal", deal)
    expect((row["semantic"], row["lost_reason"], bool(row["closed_at"])), ("lost", "price", True))
    k.call("crm.deal.reopen", {"id": deal})
    expect(k.get("crm.deal", deal)["lost_reason"], None)
    k.call("crm.deal.win", {"id": deal})
    refused("state", lambda: k.call("crm.deal.win", {"id": deal}))
    row = k.get("crm.deal", deal)
    expect([h["stage_name"] for h in row["history"]], ["First talk", "Offer", "Lost", "First talk", "Won"])
    expect((row["semantic"], row["lost_reason"], row["weighted"]), ("won", None, "200.00"))
    refused("validation", lambda: k.update("crm.deal", deal, {"history": []}), "history")


def a_stage_needs_any_field(k):
    """Custom ones too; a word that is no field is refused, not passed over."""
    stage = lambda needs: [{"name": "Talk"}, {"name": "Measured", "needs": needs}, {"name": "Sold", "semantic": "won"}, {"name": "Gone", "semantic": "lost"}]  # noqa: E731
    for wrong in ("prty", "party frame_size", "party.name", 'x"'):
        refused("validation", lambda: make(k, "crm.pipeline", name="Needy", stages=stage(wrong)), "stages[1].needs")
    k.call("field.define", {"entity": "crm.deal", "name": "frame_size", "type": "int"})
    needy = make(k, "crm.pipeline", name="Needy", stages=stage("amount, frame_size campaign"))
    ids = {s["name"]: s["id"] for s in k.get("crm.pipeline", needy)["stages"]}
    deal = make(k, "crm.deal", title="Sized", pipeline=needy)
    refused("validation", lambda: k.call("crm.deal.move", {"id": deal, "stage": ids["Measured"]}), "amount")
    k.update("crm.deal", deal, {"amount": "10"})
    refused("validation", lambda: k.call("crm.deal.move", {"id": deal, "stage": ids["Measured"]}), "campaign", "frame_size")
    expect(k.get("crm.deal", deal)["stage_name"], "Talk")
    k.update("crm.deal", deal, {"frame_size": 54, "campaign": "spring"})
    k.call("crm.deal.move", {"id": deal, "stage": ids["Measured"]})
    k.update("crm.deal", deal, {"frame_size": None})  # met when it was entered
    refused("validation", lambda: make(k, "crm.deal", title="At once", pipeline=needy, stage=ids["Measured"], amount="1", campaign="x"), "frame_size")
    k.call("field.remove", {"entity": "crm.deal", "name": "frame_size"})
    make(k, "crm.deal", title="No more", pipeline=needy, stage=ids["Measured"], amount="1", campaign="x")


def editing_the_stage_is_a_move_too(k):
    ids = stages(k)
    deal = make(k, "crm.deal", title="Edited", amount="1", party=make(k, "base.party", name="E"))
    k.update("crm.deal", deal, {"stage": ids["Offer"]})
    expect([h["stage_name"] for h in k.get("crm.deal", deal)["history"]], ["First talk", "Offer"])
    refused("validation", lambda: k.update("crm.deal", deal, {"stage": ids["Lost"]}), "lost_reason")
    other = make(k, "crm.pipeline", name="Service", stages=[{"name": "Asked"}, {"name": "Yes", "semantic": "won"}, {"name": "No", "semantic": "lost"}])
    k.update("crm.deal", deal, {"pipeline": other})
    expect(k.get("crm.deal", deal)["stage_name"], "Asked")


def an_import_brings_the_stage_history(k):
    ids = stages(k)
    past = [{"at": "2024-03-01T08:00:00Z", "pipeline": pipeline(k), "stage": ids["First talk"], "stage_name": "First talk", "semantic": "open"},
            {"at": "2024-03-11T08:00:00Z", "pipeline": pipeline(k), "stage": ids["Won"]}]
    rows = [{"external_id": "moved-in", "title": "Moved in", "amount": "700", "created_at": "2024-03-01T08:00:00Z", "history": past}]
    refused("validation", lambda: k.call("import.run", {"entity": "crm.deal", "rows": rows}), "history", "created_at")
    backwards = [{**rows[0], "history": past[::-1]}]
    refused("validation", lambda: k.call("import.run", {"entity": "crm.deal", "rows": backwards, "keep_authors": True}), "history[1].at")
    k.call("import.run", {"entity": "crm.deal", "rows": rows, "keep_authors": True})
    row = k.get("crm.deal", external_id="moved-in")
    expect([(h["at"], h["stage_name"], h["semantic"], h["stayed"]) for h in row["history"]],
           [("2024-03-01T08:00:00.000Z", "First talk", "open", "864000"), ("2024-03-11T08:00:00.000Z", "Won", "won", None)])
    expect((row["stage_name"], row["semantic"], row["stage_since"], row["closed_at"], row["cycle_days"]),
           ("Won", "won", "2024-03-11T08:00:00.000Z", "2024-03-11T08:00:00.000Z", "10.00"))
    funnel = k.call("crm.report.funnel", {"period": "2024-03"})
    expect({r["label"]: r["figures"]["deals"]["value"] for r in funnel["rows"]}, {"First talk": 1, "Offer": 0, "Won": 1, "Lost": 0})
    k.call("crm.deal.reopen", {"id": row["id"]})
    expect([h["stage_name"] for h in k.get("crm.deal", row["id"])["history"]], ["First talk", "Won", "First talk"])


def a_stage_with_deals_stays(k):
    ids = stages(k)
    deal = make(k, "crm.deal", title="Holds the stage")
    rest = [{"id": i} for name, i in ids.items() if name != "First talk"] + [{"name": "New first"}]
    refused("rule", lambda: k.update("crm.pipeline", pipeline(k), {"stages": rest}), "stages")
    refused("conflict", lambda: k.delete("crm.pipeline", pipeline(k)))
    k.delete("crm.deal", deal)


def a_lead_goes_its_way(k):
    lead = make(k, "crm.lead", title="Asked for a price", name="Jan Kot", phone="600 700 800", email="Jan@Kot.PL")
    row = k.get("crm.lead", lead)
    expect((row["state"], row["email"], row["phone_normal"]), ("new", "jan@kot.pl", "48600700800"))
    k.call("crm.lead.contact", {"id": lead})
    k.call("crm.lead.qualify", {"id": lead})
    refused("state", lambda: k.call("crm.lead.contact", {"id": lead}))
    refused("validation", lambda: k.call("crm.lead.disqualify", {"id": lead}), "reason")
    k.call("crm.lead.disqualify", {"id": lead, "reason": "no budget"})
    expect(k.get("crm.lead", lead)["unqualified_reason"], "no budget")
    refused("state", lambda: k.call("crm.lead.convert", {"id": lead}))
    k.call("crm.lead.reopen", {"id": lead})
    expect(k.get("crm.lead", lead)["unqualified_reason"], None)
    refused("validation", lambda: make(k, "crm.lead", title="x", phone="nine", email="nobody"), "phone", "email")


def a_lead_becomes_firm_person_and_deal_in_one_act(k):
    pipeline(k)
    lead = make(k, "crm.lead", title="Fleet of bikes", name="Ewa Lis", company_name="Lisy SA", phone="601 601 601", email="ewa@lisy.pl",
                position="buyer", city="Toruń", amount="5000", source="fair")
    call = make(k, "crm.activity", kind="call", subject="First call", lead=lead)
    made = k.call("crm.lead.convert", {"id": lead})
    expect(made["state"], "converted")
    firm, deal = k.get("base.party", made["party"]), k.get("crm.deal", made["deal"])
    expect((firm["name"], firm["kind"], firm["is_customer"], firm["city"]), ("Lisy SA", "organisation", True, "Toruń"))
    expect((deal["title"], deal["amount"], deal["party"], deal["lead"], deal["source"]), ("Fleet of bikes", "5000.00", made["party"], lead, "fair"))
    row = k.get("crm.lead", lead)
    expect((row["party"], row["deal"], bool(row["converted_at"])), (made["party"], made["deal"], True))
    people = k.list("base.party", [["parent", "=", made["party"]]])["rows"]
    expect([(p["name"], p["position"], p["email"]) for p in people], [("Ewa Lis", "buyer", "ewa@lisy.pl")])
    expect(k.count("base.relation", [["party", "=", made["party"]], ["other", "=", people[0]["id"]]]), 1)
    activity = k.get("crm.activity", call)
    expect((activity["party"], activity["deal"]), (made["party"], made["deal"]))
    refused("state", lambda: k.call("crm.lead.convert", {"id": lead}))
    expect(k.count("crm.deal", [["lead", "=", lead]]), 1)


def duplicates_are_offered_at_conversion(k):
    pipeline(k)
    known = make(k, "base.party", name="Known", contacts=[{"kind": "phone", "value": "602 602 602"}])
    lead = make(k, "crm.lead", title="Again", company_name="Known Ltd", phone="+48602602602")
    before = k.count("base.party")
    error = refused("conflict", lambda: k.call("crm.lead.convert", {"id": lead}), "party")
    expect(str(known) in error.problems[0]["message"] and bool(error.problems[0]["hint"]), True)
    expect((k.count("base.party"), k.get("crm.lead", lead)["state"]), (before, "new"))
    made = k.call("crm.lead.convert", {"id": lead, "party": known, "create_deal": False})
    expect((made["party"], made["deal"], k.count("base.party")), (known, None, before))
    expect(k.get("base.party", known)["is_customer"], True)
    again = make(k, "crm.lead", title="Yet again", company_name="Known Ltd", phone="+48602602602")
    expect(k.call("crm.lead.convert", {"id": again, "create_party": True})["party"] != known, True)


def a_lead_converts_once_even_at_the_same_instant(k, house):
    pipeline(k)
    lead, answers = make(k, "crm.lead", title="Race", name="Racer"), []
    def convert():
        try:
            answers.append(house.client().call("crm.lead.convert", {"id": lead})["deal"])
        except Exception as error:
            answers.append(getattr(error, "kind", repr(error)))
    threads = [threading.Thread(target=convert) for _ in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    expect(sorted(str(a) for a in answers if a == "state"), ["state"] * 5)
    expect(k.count("crm.deal", [["lead", "=", lead]]), 1)


def converting_dry_leaves_nothing(k):
    pipeline(k)
    lead = make(k, "crm.lead", title="Dry", name="Dry Person")
    before = (k.count("base.party"), k.count("crm.deal"))
    answer = k.call("crm.lead.convert", {"id": lead}, dry_run=True)
    entities = sorted(c["entity"] for c in answer["changes"])
    expect(entities, ["base.party", "crm.deal", "crm.lead"])
    expect((k.count("base.party"), k.count("crm.deal"), k.get("crm.lead", lead)["state"]), (*before, "new"))


def an_activity_is_planned_and_done(k):
    party = make(k, "base.party", name="Visited")
    pipeline(k)
    deal = make(k, "crm.deal", title="With visit", party=party)
    visit = make(k, "crm.activity", kind="meeting", subject="Visit", deal=deal, planned_at="2026-02-01T10:00:00Z", remind_at="2026-02-01T09:00:00Z")
    expect(k.get("crm.activity", visit)["party"], party)
    expect([r["activity"] for r in k.call("crm.activity.reminders", {"until": "2026-02-01T09:30:00Z"})["rows"]], [visit])
    k.call("crm.activity.reschedule", {"id": visit, "planned_at": "2026-02-02T10:00:00Z"})
    expect(k.get("crm.activity", visit)["remind_at"], "2026-02-02T09:00:00.000Z")
    expect(k.call("crm.activity.reminders", {"until": "2026-02-01T12:00:00Z"})["rows"], [])
    k.call("crm.activity.finish", {"id": visit, "done_at": "2026-02-02T11:00:00Z", "duration_s": 3600, "outcome": "wants an offer"})
    row = k.get("crm.activity", visit)
    expect((row["state"], row["done_at"], row["outcome"]), ("done", "2026-02-02T11:00:00.000Z", "wants an offer"))
    refused("state", lambda: k.call("crm.activity.cancel", {"id": visit}))
    refused("validation", lambda: make(k, "crm.activity", subject="x", duration_s=-1, planned_at="2026-01-01T00:00:00Z", remind_at="2026-01-02T00:00:00Z"),
            "duration_s", "remind_at")


def the_card_shows_everything_in_one_order(k):
    ids = stages(k)
    firm = make(k, "base.party", name="Whole Card SA", tax_id="5260250274", contacts=[{"kind": "email", "value": "a@card.pl"}], addresses=[{"city": "Gdynia"}])
    person = make(k, "base.party", kind="person", name="Card Person", contacts=[{"value": "603603603"}])
    make(k, "base.relation", party=firm, other=person, role="director")
    deal = make(k, "crm.deal", title="Card deal", party=firm, amount="10")
    won = make(k, "crm.deal", title="Old deal", party=firm, amount="10")
    k.call("crm.deal.win", {"id": won})
    call = make(k, "crm.activity", subject="Called", party=firm)
    k.call("crm.activity.finish", {"id": call, "done_at": "2026-03-01T10:00:00Z"})
    plan = make(k, "crm.activity", subject="Visit", kind="meeting", deal=deal, planned_at="2099-01-01T10:00:00Z")
    note = make(k, "base.note", text="About the deal", about={"entity": "crm.deal", "id": deal}, pinned=True)
    both = make(k, "base.note", text="Both ways", about={"entity": "base.party", "id": firm}, party=firm)
    task = make(k, "base.task", title="Send offer", party=firm, due="2026-03-02T10:00:00Z")
    lead = make(k, "crm.lead", title="Card lead", party=firm)
    k.call("crm.deal.move", {"id": deal, "stage": ids["Offer"]})
    card = k.call("crm.card", {"party": firm})
    expect((card["name"], card["city"], card["email"]), ("Whole Card SA", "Gdynia", "a@card.pl"))
    expect([(r["party"], r["role"], r["phone"]) for r in card["related"]], [(person, "director", "603603603")])
    expect(([d["id"] for d in card["deals"]], card["deals_open"], card["deals_won"]), ([deal], 1, 1))
    expect([row["id"] for row in card["leads"]], [lead])
    expect([(p["entity"], p["id"], p["overdue"]) for p in card["planned"]], [("base.task", task, True), ("crm.activity", plan, False)])
    expect((card["last_contact_at"], card["next_activity_at"]), ("2026-03-01T10:00:00.000Z", "2026-03-02T10:00:00.000Z"))
    line = [(e["kind"], e["entity"], e["id"]) for e in card["timeline"]]
    for entry in (("call", "crm.activity", call), ("meeting", "crm.activity", plan), ("note", "base.note", note), ("note", "base.note", both),
                  ("task", "base.task", task), ("lead", "crm.lead", lead), ("deal", "crm.deal", deal), ("stage", "crm.deal", deal)):
        expect(line.count(entry), 1)
    times = [e["at"] for e in card["timeline"]]
    expect(times, sorted(times, reverse=True))
    expect([e["pinned"] for e in card["timeline"] if e["id"] == note and e["kind"] == "note"], [True])
    expect(card["timeline"][-1]["id"], call)
    part = k.call("crm.card", {"party": firm, "limit": 3})
    expect((len(part["timeline"]), part["more"]), (3, True))
    rest = k.call("crm.card", {"party": firm, "before": times[-1]})
    expect(rest["timeline"], [])
    refused("not_found", lambda: k.call("crm.card", {"party": 999999}))
    refused("validation", lambda: k.call("crm.card", {"party": firm, "limit": 0}), "limit")


def the_card_counts_all_deals(k):
    """More than the card shows: the figures are of all of them."""
    party = make(k, "base.party", name="Busy")
    rows = [{"title": f"Busy {i}", "party": party, "stage_name": "won" if i % 5 == 0 else "open"} for i in range(520)]
    k.call("import.run", {"entity": "crm.deal", "mode": "create", "rows": rows})
    card = k.call("crm.card", {"party": party})
    expect((card["deals_open"], card["deals_won"], card["deals_lost"]), (416, 104, 0))


def the_card_reaches_what_is_long_closed(k):
    """More closed deals than one page looks at: what is written about an old one is on the card, and paging comes to all."""
    party = make(k, "base.party", name="Old friend")
    rows = [{"title": f"Closed {i}", "party": party, "stage_name": "won", "created_at": f"{2001 + i // 12}-{i % 12 + 1:02d}-01T08:00:00Z"} for i in range(180)]
    ids = k.call("import.run", {"entity": "crm.deal", "mode": "create", "rows": rows, "keep_authors": True})["ids"]
    of = {"about": {"entity": "crm.deal", "id": ids[0]}}
    note = make(k, "base.note", text="still true", **of)
    time.sleep(0.002)  # of one millisecond neither is the newer
    task = make(k, "base.task", title="Ask again", due="2026-03-02T10:00:00Z", **of)
    expect((k.get("base.note", note)["party"], k.get("base.task", task)["party"]), (party, party))
    other = make(k, "base.party", name="Somebody else")
    expect(k.get("base.note", make(k, "base.note", text="of another", party=other, **of))["party"], other)
    card = k.call("crm.card", {"party": party})
    expect([(e["kind"], e["id"]) for e in card["timeline"] if e["kind"] in ("note", "task")], [("task", task), ("note", note)])
    expect([(p["entity"], p["id"]) for p in card["planned"]], [("base.task", task)])
    seen, before = set(), None
    while True:
        page = k.call("crm.card", {"party": party, "limit": 50, **({"before": before} if before else {})})
        expect(page["deals_won"], 180)
        seen |= {e["id"] for e in page["timeline"] if e["kind"] == "deal"}
        if not page["timeline"]:
            break
        before = page["timeline"][-1]["at"]
    expect(len(seen), 180)


def a_salesman_sees_his_own(k, house):
    pipeline(k)
    roles = {r["name"]: r["id"] for r in k.list("access.role", limit=100)["rows"]}
    sales = [roles[n] for n in ("crm.sales", "base.user")]
    clients = []
    for name in ("adam", "beata"):
        user = make(k, "access.user", name=name, full_name=name.title(), roles=sales)
        k.call("access.password", {"user": user, "new": "Long-Enough-Password-1"})
        clients.append(house.client(name, "Long-Enough-Password-1"))
    adam, beata = clients
    party = make(adam, "base.party", name="Adam's customer")
    deal = make(adam, "crm.deal", title="Adam's deal", party=party)
    make(adam, "base.note", text="mine", party=party)
    expect(adam.call("crm.card", {"party": party})["deals_open"], 1)
    refused("not_found", lambda: beata.call("crm.card", {"party": party}))
    refused("not_found", lambda: beata.get("crm.deal", deal))
    expect(beata.count("crm.deal"), 0)
    lead = make(beata, "crm.lead", title="Beata's", name="Her Lead")
    refused("not_found", lambda: adam.call("crm.lead.convert", {"id": lead}))
    expect(beata.call("crm.lead.convert", {"id": lead})["state"], "converted")
    refused("validation", lambda: make(beata, "crm.deal", title="Stolen", party=party), "party")


def a_deal_that_was_closed_bears_the_taxes_of_the_companys_day(k):
    """At twenty past midnight, in Warsaw, of 1 January 2011, when 22 % became 23: in UTC it was the old year yet."""
    with House(modules="base,crm") as house:
        k = house.client()
        pl, pln = make(k, "base.country", code="PL", name="Poland", eu=True), make(k, "base.currency", code="PLN")
        k.call("session.company", {"company": make(k, "base.company", name="Wicher", country=pl, currency=pln, zone="Europe/Warsaw")})
        k.call("base.tax.preset", {"country": "PL"})
        pipe = make(k, "crm.pipeline", name="Sales", stages=STAGES, initial=True)
        stage = {s["name"]: s["id"] for s in k.get("crm.pipeline", pipe)["stages"]}

        def gross(external, closed):
            past = [{"at": "2010-12-01T08:00:00Z", "pipeline": pipe, "stage": stage["First talk"]}, {"at": closed, "pipeline": pipe, "stage": stage["Won"]}]
            k.call("import.run", {"entity": "crm.deal", "keep_authors": True, "rows": [
                {"external_id": external, "title": "Old", "currency": pln, "created_at": "2010-12-01T08:00:00Z", "history": past, "lines": [{"name": "Thing", "quantity": "1", "price": "100"}]}]})
            return k.get("crm.deal", external_id=external)["gross"]
        expect((gross("a", "2010-12-31T22:59:59Z"), gross("b", "2010-12-31T23:20:00Z")), ("122.00", "123.00"))


run([story for name, story in list(globals().items())
     if callable(story) and story.__module__ == "__main__" and name not in ("House", "make", "pipeline", "stages")])
