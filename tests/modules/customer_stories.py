#!/usr/bin/env python3
"""Stories of customers, over HTTP: found twice, joined, near, in segments, asked, called, served."""
import random
import time

from stories import expect, make, refused, run

seen = {}


def company(k):
    """The stories happen in Warsaw's time."""
    if "company" not in seen:
        seen["company"] = make(k, "base.company", name="Stories", zone="Europe/Warsaw")
        k.call("session.company", {"company": seen["company"]})
        make(k, "crm.pipeline", name="Sales", initial=True, stages=[
            {"name": "Talk", "probability": "10"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}])
    return seen["company"]


def party(k, name, **values):
    return make(k, "base.party", name=name, **values)


def phone(number):
    return {"kind": "phone", "value": number}


# ---- duplicates ----

def the_same_firm_is_found_however_it_is_written(k):
    company(k)
    firm = party(k, "Rowery Nowak sp. z o.o.", tax_id="1280265621",
                 contacts=[phone("+48 600 111 222"), {"kind": "email", "value": "biuro@nowak.example"}])
    def found(**probe):
        return {(r["party"], r["matched"]) for r in k.call("base.party.duplicates", probe)["rows"]}
    expect(found(phone="600-111-222"), {(firm, "phone")})
    expect(found(email="BIURO@Nowak.example"), {(firm, "email")})
    expect(found(tax_id="PL 128-026-56-21"), {(firm, "tax_id")})
    expect(found(name="NOWAK ROWERY SPÓŁKA Z OGRANICZONĄ ODPOWIEDZIALNOŚCIĄ"), {(firm, "name")})
    expect(found(name="Novak Rowery"), {(firm, "similar")})
    expect(found(name="Piekarnia Zieliński"), set())
    expect(found(name="Rowery Nowak", party=firm), set())
    refused("validation", lambda: k.call("base.party.duplicates", {}))
    rows = k.call("base.party.duplicates", {"name": "Rowery Nowaki", "phone": "600111222"})["rows"]
    expect([r["matched"] for r in rows], ["phone"])  # one party, its strongest reason


# ---- merging ----

def two_customers_become_one(k):
    a = party(k, "Szlak Sport", external_id="shop-1", industry="bikes", contacts=[phone("601 000 001")])
    b = make(k, "base.party", name="SZLAK SPORT SC", external_id="shop-2", industry="sport", is_customer=True,
             contacts=[phone("+48601000001"), {"kind": "email", "value": "szlak@sport.example"}])
    boss = party(k, "Jan Szlak", kind="person", parent=b)
    make(k, "base.relation", party=a, other=boss, role="owner")
    make(k, "base.relation", party=b, other=boss, role="owner")
    make(k, "base.relation", party=a, other=b, role="branch")
    task = make(k, "base.task", title="Visit", party=b, about={"entity": "base.party", "id": b})
    deal = make(k, "crm.deal", title="Helmets", party=b)
    error = refused("conflict", lambda: k.call("base.party.merge", {"into": a, "ids": [b]}), "name", "industry")
    expect("bikes" in str(error.problems) and "sport" in str(error.problems), True)
    dry = k.call("base.party.merge", {"into": a, "ids": [b]}, dry_run=True)["result"]
    expect([(c["field"], c["taken"], c["chosen"]) for c in dry["conflicts"]], [("name", a, False), ("industry", a, False)])
    expect(dry["repointed"]["crm.deal"], 1)
    expect(dry["dropped"], {"base.relation": 2})
    expect(k.get("base.party", b)["name"], "SZLAK SPORT SC")  # nothing happened
    before = whole(k, a, b, boss, task, deal)
    k.call("base.party.merge", {"into": a, "ids": [b], "choose": {"industry": b}, "keep": True}, unit="merge-szlak")
    row = k.get("base.party", a)
    expect((row["name"], row["industry"], row["is_customer"]), ("Szlak Sport", "sport", True))
    expect([c["value"] for c in row["contacts"]], ["601 000 001", "szlak@sport.example"])
    expect(k.get("base.party", b)["id"], a)
    expect(k.call("base.party.get", {"external_id": "shop-2"})["id"], a)
    expect(k.call("base.party.upsert", {"external_id": "shop-2", "values": {"notes": "by its old key"}})["id"], a)
    k.update("base.party", a, {"notes": None})
    expect((k.get("crm.deal", deal)["party"], k.get("base.task", task)["party"]), (a, a))
    expect(k.get("base.task", task)["about"]["id"], a)
    expect(k.get("base.party", boss)["parent"], a)
    expect(k.count("base.relation", [["other", "=", boss]]), 1)
    expect(k.get("crm.deal", make(k, "crm.deal", title="By the old id", party=b))["party"], a)
    k.delete("crm.deal", k.list("crm.deal", [["title", "=", "By the old id"]])["rows"][0]["id"])
    undone = k.call("journal.revert", {"unit": "merge-szlak"})
    expect(undone["conflicts"], [])
    expect(whole(k, a, b, boss, task, deal), before)


def whole(k, *ids):
    """What is known of the records, without versions and stamps."""
    def plain(value):
        if isinstance(value, dict):
            return {n: plain(v) for n, v in value.items() if n not in ("version", "updated_at", "updated_by")}
        return [plain(v) for v in value] if isinstance(value, list) else value
    a, b, boss, task, deal = ids
    return [plain(k.get("base.party", i)) for i in (a, b, boss)] + [plain(k.get("base.task", task)), plain(k.get("crm.deal", deal)),
            plain(k.list("base.relation", [["party", "in", [a, b]]], sort="id")["rows"])]


def many_random_merges_leave_a_proved_house(k):
    rng = random.Random(41)
    ids = [party(k, f"Random {rng.randrange(9)}", contacts=[phone(f"70000{rng.randrange(10):04}")]) for _ in range(16)]
    deals = [make(k, "crm.deal", title=f"D{i}", party=rng.choice(ids)) for i in range(12)]
    owner = {d: k.get("crm.deal", d)["party"] for d in deals}
    for _ in range(5):
        chosen = rng.sample(ids, 3)
        k.call("base.party.merge", {"into": chosen[0], "ids": chosen[1:], "keep": True})
        for gone in chosen[1:]:
            ids.remove(gone)
            owner = {d: chosen[0] if p == gone else p for d, p in owner.items()}
    expect({d: k.get("crm.deal", d)["party"] for d in deals}, owner)
    expect(k.count("crm.deal", [["id", "in", deals], ["party", "in", ids]]), 12)


# ---- places ----

def parties_are_found_by_where_they_are(k):
    def at(name, latitude, longitude, **more):
        return party(k, name, addresses=[{"use": "main", "city": name, "latitude": latitude, "longitude": longitude}], **more)
    torun, bydgoszcz = at("Toruń Hub", "53.013790", "18.598444"), at("Bydgoszcz Hub", "53.123482", "18.008438", is_customer=True)
    warsaw = at("Warszawa Hub", "52.229676", "21.012229")
    near = k.call("base.party.near", {"latitude": "53.01", "longitude": "18.60", "km": "60"})
    expect([r["party"] for r in near["rows"]], [torun, bydgoszcz])
    expect(near["rows"][0]["distance_m"] < 1000 and 39000 < near["rows"][1]["distance_m"] < 43000, True)
    far = k.call("base.party.near", {"latitude": "53.01", "longitude": "18.60", "km": "300"})
    expect([r["party"] for r in far["rows"]], [torun, bydgoszcz, warsaw])
    only = k.call("base.party.near", {"latitude": "53.01", "longitude": "18.60", "km": "300", "filter": [["is_customer", "=", True]]})
    expect([r["party"] for r in only["rows"]], [bydgoszcz])
    one = k.call("base.party.near", {"latitude": "53.01", "longitude": "18.60", "km": "300", "limit": 1})
    expect(([r["party"] for r in one["rows"]], one["more"]), ([torun], True))
    box = k.call("base.party.within", {"corners": [{"latitude": "52", "longitude": "20"}, {"latitude": "53", "longitude": "22"}]})
    expect([r["party"] for r in box["rows"]], [warsaw])
    triangle = [{"latitude": "52", "longitude": "18"}, {"latitude": "54", "longitude": "18"}, {"latitude": "52", "longitude": "22"}]
    inside = k.call("base.party.within", {"corners": triangle})["rows"]
    expect({r["party"] for r in inside}, {torun, bydgoszcz, warsaw})
    k.update("base.party", warsaw, {"addresses": []})
    expect(k.call("base.party.within", {"corners": [{"latitude": "52", "longitude": "20"}, {"latitude": "53", "longitude": "22"}]})["rows"], [])
    refused("validation", lambda: k.call("base.party.near", {"latitude": "99", "longitude": "0", "km": "-1", "limit": 0}), "latitude", "km", "limit")
    refused("validation", lambda: k.call("base.party.within", {"corners": [{"latitude": "1", "longitude": "1"}]}), "corners")


def a_relation_is_seen_from_both_sides(k):
    firm, old, new = party(k, "Relations SA"), party(k, "Old Boss", kind="person"), party(k, "New Boss", kind="person")
    make(k, "base.relation", party=firm, other=old, role="director", until="2020-12-31")
    make(k, "base.relation", party=firm, other=new, role="director", since="2021-01-01", primary=True)
    rows = k.call("base.party.relations", {"party": firm})["rows"]
    expect([(r["party"], r["role"], r["side"], r["primary"]) for r in rows], [(new, "director", "has", True)])
    rows = k.call("base.party.relations", {"party": firm, "former": True})["rows"]
    expect([(r["name"], r["current"]) for r in rows], [("Old Boss", False), ("New Boss", True)])
    rows = k.call("base.party.relations", {"party": firm, "day": "2020-06-01"})["rows"]
    expect([r["name"] for r in rows], ["Old Boss"])
    rows = k.call("base.party.relations", {"party": new})["rows"]
    expect([(r["party"], r["side"]) for r in rows], [(firm, "is")])


def working_minutes_leave_out_nights_weekends_and_holidays(k):
    calendar = make(k, "base.calendar", name="Service desk", weekdays="12345",
                    hours=[{"weekday": d, "from": "08:00", "until": "16:00"} for d in ("monday", "tuesday", "wednesday", "thursday", "friday")])
    make(k, "base.holiday", calendar=calendar, day="2026-11-11", name="Independence Day")
    def add(at, minutes):
        return k.call("base.calendar.add_minutes", {"calendar": calendar, "from": at, "minutes": minutes})["at"][:16]
    expect(add("2026-11-09T08:00:00Z", 60), "2026-11-09T09:00")  # 09:00 in Warsaw is 08:00 UTC
    expect(add("2026-11-10T14:30:00Z", 60), "2026-11-12T07:30")  # half an hour on Tuesday, the holiday, half on Thursday
    expect(add("2026-11-13T20:00:00Z", 0), "2026-11-16T07:00")   # Friday night: Monday morning
    expect(add("2026-10-23T13:00:00Z", 120), "2026-10-26T08:00")  # over the weekend when the clocks go back
    count = lambda a, b: k.call("base.calendar.working_minutes", {"calendar": calendar, "from": a, "until": b})["minutes"]
    expect(count("2026-11-09T00:00:00Z", "2026-11-14T00:00:00Z"), 4 * 480)
    expect(count("2026-11-10T14:30:00Z", "2026-11-12T07:30:00Z"), 60)
    expect(count("2026-11-12T07:30:00Z", "2026-11-10T14:30:00Z"), 0)


# ---- requests ----

def a_request_has_its_promised_times(k):
    make(k, "crm.sla", priority="normal", response_minutes=60, resolution_minutes=480)
    refused("validation", lambda: make(k, "crm.sla", priority="low", response_minutes=0, resolution_minutes=-1),
            "response_minutes", "resolution_minutes")
    calendar = k.list("base.calendar", [["name", "=", "Service desk"]])["rows"][0]["id"]
    sla = k.list("crm.sla")["rows"][0]
    k.update("crm.sla", sla["id"], {"calendar": calendar})
    firm = party(k, "Asking SA")
    asked = make(k, "crm.request", subject="Bell is missing", kind="complaint", party=firm, received_at="2026-11-10T14:30:00Z")
    row = k.get("crm.request", asked)
    expect((row["response_due"][:16], row["resolution_due"][:16]), ("2026-11-12T07:30", "2026-11-12T14:30"))
    expect((row["state"], row["response_status"]), ("new", "failed"))  # long ago
    late = k.call("crm.request.due", {})["rows"]
    expect([(r["request"], r["promise"], r["status"]) for r in late], [(asked, "response", "failed")])
    k.call("crm.request.wait", {"id": asked})
    row = k.get("crm.request", asked)
    expect((row["state"], bool(row["responded_at"]), bool(row["waiting_since"])), ("waiting", True, True))
    expect(k.call("crm.request.due", {})["rows"], [])  # it stands still
    k.call("crm.request.resume", {"id": asked})
    refused("state", lambda: k.call("crm.request.close", {"id": asked}))
    k.call("crm.request.resolve", {"id": asked, "resolution": "sent"})
    expect(k.get("crm.request", asked)["resolution_status"], "failed")
    soon = make(k, "crm.request", subject="When?", party=firm)
    k.call("crm.request.resolve", {"id": soon, "resolution": "tomorrow"})
    row = k.get("crm.request", soon)
    expect((row["response_status"], row["resolution_status"]), ("fulfilled", "fulfilled"))
    k.call("crm.request.close", {"id": soon})
    k.call("crm.request.reopen", {"id": soon})
    expect(k.get("crm.request", soon)["resolution_status"], "due")
    expect([e["title"] for e in k.call("crm.card", {"party": firm})["timeline"] if e["kind"] == "request"],
           ["When?", "Bell is missing"])
    free = make(k, "crm.request", subject="No promise", priority="low")
    expect(k.get("crm.request", free)["resolution_due"], None)
    expect(k.call("crm.request.fail_due", {})["failed"], 0)
    k.call("crm.request.cancel", {"id": free})
    refused("validation", lambda: make(k, "crm.request", subject="Of a lot", lot=1), "lot")  # no stores here


def later_answers_have_their_own_time(k):
    sla = make(k, "crm.sla", priority="urgent", response_minutes=60, next_response_minutes=30, resolution_minutes=100000)
    refused("validation", lambda: k.update("crm.sla", sla, {"next_response_minutes": -1}), "next_response_minutes")
    asked = make(k, "crm.request", subject="It creaks", priority="urgent")
    k.call("crm.request.ask", {"id": asked})  # the first answer is waited for already
    expect(k.get("crm.request", asked)["later"], [])
    k.call("crm.request.respond", {"id": asked})
    k.call("crm.request.ask", {"id": asked})
    k.call("crm.request.ask", {"id": asked})  # the same question still waits
    row = k.get("crm.request", asked)
    expect(([(l["status"], l["answered_at"]) for l in row["later"]], row["next_due"], row["next_status"]), ([("due", None)], row["later"][0]["due"], "due"))
    minutes = k.call("base.calendar.working_minutes", {"from": row["later"][0]["asked_at"], "until": row["next_due"]})["minutes"]
    expect(minutes, 30)
    due = [r for r in k.call("crm.request.due", {"until": "2099-01-01T00:00:00Z"})["rows"] if r["request"] == asked]
    expect([(r["promise"], r["due"]) for r in due], [("response", row["next_due"])])
    k.call("crm.request.wait", {"id": asked})  # asking back is an answer
    row = k.get("crm.request", asked)
    expect((row["later"][0]["status"], row["next_due"], row["next_status"], row["state"]), ("fulfilled", None, "fulfilled", "waiting"))
    k.call("crm.request.ask", {"id": asked})
    expect((k.get("crm.request", asked)["state"], len(k.get("crm.request", asked)["later"])), ("in_progress", 2))
    k.call("crm.request.resolve", {"id": asked, "resolution": "oiled"})
    row = k.get("crm.request", asked)
    expect(([l["status"] for l in row["later"]], row["next_status"]), (["fulfilled"] * 2, "fulfilled"))


# ---- calls ----

def an_exchange_reports_its_calls(k):
    company(k)
    firm = party(k, "Ringing SA", contacts=[phone("+48 602 333 444")])
    deal = make(k, "crm.deal", title="Bells", party=firm)
    who = k.call("crm.call.lookup", {"number": "602-333-444"})
    expect((who["party"], who["name"], [d["deal"] for d in who["deals"]]), (firm, "Ringing SA", [deal]))
    person = party(k, "Ring Ringer", kind="person", contacts=[phone("602 333 455")])
    k.update("crm.deal", deal, {"contact": person})
    expect([d["deal"] for d in k.call("crm.call.lookup", {"number": "602333455"})["deals"]], [deal])  # a firm's deal is their contact's too
    refused("validation", lambda: k.call("crm.call.lookup", {"number": "bell"}), "number")
    begun = k.call("crm.call.register", {"external_id": "pbx-1", "number": "602333444", "at": "2026-03-02T10:00:00Z", "lead": True})
    expect((begun["party"], begun["made"], begun.get("lead")), (firm, True, None))
    again = k.call("crm.call.register", {"external_id": "pbx-1", "number": "602333444"})
    expect((again["call"], again.get("made", False)), (begun["call"], False))
    k.call("crm.call.answer", {"id": begun["call"], "at": "2026-03-02T10:00:08Z"})
    refused("validation", lambda: k.call("crm.call.finish", {"id": begun["call"], "outcome": "ringing"}), "outcome")
    k.call("crm.call.finish", {"id": begun["call"], "at": "2026-03-02T10:02:08Z", "recording": "rec/1.ogg"})
    row = k.get("crm.call", begun["call"])
    expect((row["state"], row["duration_s"], row["recording"], row["task"]), ("completed", 120, "rec/1.ogg", None))
    refused("state", lambda: k.call("crm.call.finish", {"id": begun["call"]}))
    expect([(e["kind"], e["state"]) for e in k.call("crm.card", {"party": firm})["timeline"] if e["entity"] == "crm.call"],
           [("call", "completed")])
    missed = k.call("crm.call.register", {"external_id": "pbx-2", "number": "+48 600 999 888", "lead": True})
    expect((missed.get("party"), k.get("crm.lead", missed["lead"])["phone_normal"]), (None, "48600999888"))
    k.call("crm.call.finish", {"id": missed["call"]})
    row = k.get("crm.call", missed["call"])
    task = k.get("base.task", row["task"])
    expect((row["state"], task["title"], task["about"]["id"]), ("no_answer", "Call back: +48 600 999 888", row["id"]))


# ---- whom one may approach, who belongs together ----

def nobody_is_approached_against_their_will(k):
    firm = party(k, "Asked SA")
    def may(channel="email", purpose="newsletter"):
        answer = k.call("crm.may_contact", {"party": firm, "channel": channel, "purpose": purpose})
        return answer["allowed"], answer["reason"]
    expect(may(), (False, "no_consent"))
    expect(may(purpose="service"), (True, "contract"))
    consent = make(k, "crm.consent", party=firm, purpose="newsletter", channel="email", source="form", evidence="I agree to ..")
    expect((may(), may("phone"), may(purpose="survey")), ((True, "consent"), (False, "no_consent"), (False, "no_consent")))
    refused("conflict", lambda: make(k, "crm.consent", party=firm, purpose="newsletter", channel="email"), "party")
    k.call("crm.consent.withdraw", {"id": consent, "source": "letter"})
    row = k.get("crm.consent", consent)
    expect((row["state"], bool(row["withdrawn_at"]), row["source"]), ("withdrawn", True, "letter"))
    expect(may(), (False, "withdrawn"))
    make(k, "crm.consent", party=firm, purpose="newsletter", channel="any")
    expect(may(), (False, "withdrawn"))  # the refusal for this channel outweighs
    expect(may("sms"), (True, "consent"))
    k.call("crm.consent.give", {"id": consent})
    expect(may(), (True, "consent"))
    k.update("base.party", firm, {"do_not_contact": True, "preferred_channel": "phone", "contact_hours": "9-12"})
    expect((may(), may(purpose="service")), ((False, "do_not_contact"), (True, "contract")))
    past = make(k, "crm.consent", party=party(k, "Expired SA"), purpose="newsletter", valid_until="2020-01-01")
    other = k.get("crm.consent", past)["party"]
    expect(k.call("crm.may_contact", {"party": other, "channel": "email", "purpose": "newsletter"})["reason"], "expired")
    expect(k.count("base.party", [["has", "crm.consent.party", [["state", "=", "given"], ["purpose", "=", "newsletter"]]],
                                  ["do_not_contact", "=", False]]), 1)


def what_customers_look_at_is_kept_short(k):
    unit = make(k, "base.unit", code="pc", name="piece")
    items = [make(k, "base.item", code=f"B{i}", name=f"Bike {i}", unit=unit) for i in range(3)]
    firm = party(k, "Looking SA", external_id="shop-77")
    def events(*rows):
        return k.call("crm.interest.record", {"events": [dict({"party": {"external_id": "shop-77"}}, **r) for r in rows]})
    done = events({"item": items[0]}, {"item": items[0], "at": "2020-01-01"}, {"item": items[1], "kind": "put_aside", "quantity": "2"})
    expect((done["created"], done["updated"], done["removed"]), (2, 1, 0))
    rows = k.list("crm.interest", [["party", "=", firm]], sort="id")["rows"]
    expect([(r["item"], r["kind"], r["times"], r["first_at"][:4]) for r in rows], [(items[0], "viewed", 2, "2019"), (items[1], "put_aside", 1, rows[1]["first_at"][:4])])
    expect(events({"item": items[1], "kind": "put_aside", "quantity": "0"})["removed"], 1)
    many = [make(k, "base.item", code=f"M{i}", name=f"Many {i}", unit=unit) for i in range(205)]
    done = events(*[{"item": i, "at": f"2021-01-01T00:{n // 60:02}:{n % 60:02}Z"} for n, i in enumerate(many)])
    expect((done["created"], k.count("crm.interest", [["party", "=", firm]])), (205, 200))
    expect(k.count("crm.interest", [["party", "=", firm], ["item", "=", items[0]]]), 1)  # the newest of all stayed
    expect(k.count("base.party", [["has", "crm.interest.party", [["item", "=", items[0]]]]]), 1)


def the_card_tells_what_they_agreed_to_and_looked_at(k, house):
    firm = party(k, "Curious SA", external_id="shop-78")
    item = make(k, "base.item", code="CUR", name="Curiosity")
    given = make(k, "crm.consent", party=firm, purpose="newsletter", channel="email", given_at="2021-02-01T10:00:00Z")
    k.call("crm.consent.withdraw", {"id": given, "at": "2021-03-01T10:00:00Z"})
    k.call("crm.interest.record", {"events": [{"party": firm, "item": item, "kind": "put_aside", "quantity": "2", "at": "2021-02-15T10:00:00Z"}]})
    card = k.call("crm.card", {"party": firm})
    expect([(c["purpose"], c["channel"], c["state"]) for c in card["consents"]], [("newsletter", "email", "withdrawn")])
    expect([(i["item"], i["name"], i["kind"], i["times"], i["quantity"]) for i in card["interests"]], [(item, "Curiosity", "put_aside", 1, "2.000")])
    expect([(e["kind"], e["title"], e["state"], e["at"][:10]) for e in card["timeline"]], [
        ("consent", "newsletter", "withdrawn", "2021-03-01"), ("interest", "Curiosity", "put_aside", "2021-02-15"), ("consent", "newsletter", "given", "2021-02-01")])
    role = make(k, "access.role", name="narrow", label="narrow", grants="base.party:read; crm.deal:read")
    user = make(k, "access.user", name="narrow", roles=[role])
    k.call("access.password", {"user": user, "new": "Bicycle-2026-x"})
    card = house.client("narrow", "Bicycle-2026-x").call("crm.card", {"party": firm})
    expect((card["consents"], card["interests"], card["timeline"]), ([], [], []))


def a_segment_is_a_query(k):
    pl = [party(k, f"Segment {i}", industry="segments", is_customer=i < 3) for i in range(5)]
    make(k, "crm.deal", title="x", party=pl[0])
    won = make(k, "crm.deal", title="x", party=pl[1])
    k.call("crm.deal.win", {"id": won})
    call = make(k, "crm.activity", kind="call", subject="x", party=pl[2])
    k.call("crm.activity.finish", {"id": call})
    base = ["industry", "=", "segments"]
    def members(name, filter):
        segment = make(k, "crm.segment", name=name, filter=filter)
        query = k.call("crm.segment.query", {"segment": segment})
        rows = k.list(query["entity"], query["filter"], fields=["id"], sort="id")["rows"]
        expect(k.call("crm.segment.size", {"segment": segment})["count"], len(rows))
        return segment, [r["id"] for r in rows]
    silent, ids = members("Silent", [base, ["not", ["has", "crm.activity.party", [["done_at", ">=", "today-90"]]]]])
    expect(ids, [pl[0], pl[1], pl[3], pl[4]])
    expect(members("No open deal", [base, ["not", ["has", "crm.deal.party", [["semantic", "=", "open"]]]]])[1], pl[1:])
    expect(members("Bought", [base, ["has", "crm.deal.party", [["semantic", "=", "won"]]]])[1], [pl[1]])
    outsider = party(k, "By hand")
    make(k, "crm.segment_member", segment=silent, party=outsider)
    make(k, "crm.segment_member", segment=silent, party=pl[0], excluded=True)
    query = k.call("crm.segment.query", {"segment": silent})["filter"]
    expect([r["id"] for r in k.list("base.party", query, sort="id")["rows"]], [pl[1], pl[3], pl[4], outsider])
    by_hand = make(k, "crm.segment", name="Only by hand")
    expect(k.call("crm.segment.size", {"segment": by_hand})["count"], 0)
    make(k, "crm.segment_member", segment=by_hand, party=outsider)
    sizes = {r["name"]: r["count"] for r in k.call("crm.segment.sizes")["rows"]}
    expect((sizes["Silent"], sizes["Only by hand"], sizes["Bought"]), (4, 1, 1))
    refused("validation", lambda: make(k, "crm.segment", name="Odd", filter=[["nothing", "=", 1]]), "filter[0]")


STORIES = [
    the_same_firm_is_found_however_it_is_written, two_customers_become_one, many_random_merges_leave_a_proved_house,
    parties_are_found_by_where_they_are, a_relation_is_seen_from_both_sides, working_minutes_leave_out_nights_weekends_and_holidays,
    a_request_has_its_promised_times, later_answers_have_their_own_time, an_exchange_reports_its_calls,
    nobody_is_approached_against_their_will, what_customers_look_at_is_kept_short,
    the_card_tells_what_they_agreed_to_and_looked_at, a_segment_is_a_query,
]
if __name__ == "__main__":
    run(STORIES)
