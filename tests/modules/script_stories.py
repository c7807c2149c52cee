#!/usr/bin/env python3
"""Call scripts over the bus: written, checked, published, walked; call lists; what the calls' journals say."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from stories import expect, refused, run  # noqa: E402

TEXT = """
step greet "Greeting"
  say Good morning, {name}. This is {me.name}; {nothing} is left as it is.
  answer yes "Go on" -> need
  answer no "Not interested" -> refused
step need "What they need"
  say How much do you buy in a year?
  ask amount money "Amount a year" required min 0 save amount
  ask kind one "What" "bikes" "frames"
  ask day date "From when"
  -> size
branch size
  when [["amount", ">=", "10000"]] -> big
  else -> small
objection price "Too expensive"
  say Compared with what?
  answer listens -> return
  answer firm -> refused
run big big_firm -> done
step small "Small"
  say We have a shop for that.
  answer fine -> done
  answer no -> refused
end done "Agreed" won
  set source "script"
  task "Send the offer to {name}" in 2 days
end refused "Not interested" lost
  do_not_contact
"""
BIG = """
step director "The director"
  say May I speak to the director?
  answer yes -> met
  answer later -> later
end met won
end later neutral
  callback in 1 day
"""


def publish(k, code, text):
    made = k.create("script.script", {"code": code, "name": code, "source": text})["id"]
    k.call("script.script.publish", {"id": made})
    return made


def lead(k, title="Nowak", **more):
    return k.create("crm.lead", {"title": title, "name": title, **more})["id"]


def about(lead_id):
    return {"entity": "crm.lead", "id": lead_id}


def start(k, script, lead_id, **more):
    return k.call("script.session.start", {"script": script, "subject": about(lead_id), **more})


def answer(k, at, answer=None, inputs=None):
    params = {"id": at["session"], "step": at["step"]}
    if answer:
        params["answer"] = answer
    if inputs:
        params["inputs"] = inputs
    return k.call("script.session.answer", params)


def every_mistake_of_a_text_is_told_at_once(k):
    problems = [p["text"] for p in k.call("script.check", {"source": """step a
  say Hello
  answer x -> nowhere
  ask q colour "Which"
  flie
  answer x "again" -> a
branch b
  say no
end c maybe
"""})["problems"]]
    expect(problems, [
        'line 4: expected text, number, money, date, yes_no, one, many or items, not "colour"',
        'line 5: nobody knows the word "flie"', 'line 6: there are two answers "x"',
        'line 8: does not belong here: "say"', 'line 9: an end is won, lost or neutral "c"'])
    graph = """step a
  say Hello
  answer x -> b
step b
  say Round
  answer y -> c
step c
  say and round
  answer z -> b
step alone
  say Nobody comes here
  answer q -> done
step dead
  say End
branch open
  when [["id", ">", 1]] -> done
end done won
  set source no quotes
"""
    problems = [p["text"] for p in k.call("script.check", {"source": graph})["problems"]]
    expect(problems, [
        'line 1: a circle without a way out begins at "a"', 'line 4: a circle without a way out begins at "b"',
        'line 7: a circle without a way out begins at "c"', 'line 10: nothing leads to "alone"',
        'line 13: nothing leads on from "dead"', 'line 13: nothing leads to "dead"', 'line 15: nothing leads to "open"',
        'line 15: there is no "else" in "open"', 'line 18: no JSON: "no quotes"', 'line 17: nothing leads to "done"'])
    expect(k.call("script.check", {"source": BIG})["problems"], [])
    made = k.create("script.script", {"code": "bad", "name": "Bad", "source": "step a\n  say x\n  answer y -> z\n"})["id"]
    refused("validation", lambda: k.call("script.script.publish", {"id": made}), "source")
    refused("rule", lambda: start(k, made, lead(k)), "script")


def a_call_walks_the_graph_and_writes_on_its_way(k):
    publish(k, "big_firm", BIG)
    script = publish(k, "first", TEXT)
    who = lead(k, "Kowalska")
    at = start(k, script, who)
    expect((at["step"], at["say"][:46]), ("greet", "Good morning, Kowalska. This is Administrator;"))
    expect("{nothing} is left" in at["say"], True)
    expect([a["name"] for a in at["answers"]], ["yes", "no"])
    expect([o["name"] for o in at["objections"]], ["price"])
    at = answer(k, at, "yes")
    expect((at["step"], [a["name"] for a in at["asks"]]), ("need", ["amount", "kind", "day"]))
    wrong = refused("validation", lambda: answer(k, at, inputs={"kind": "cars", "day": "2026-02-30", "colour": 1}))
    expect(sorted(p["path"] for p in wrong.problems), ["inputs.amount", "inputs.colour", "inputs.day", "inputs.kind"])
    small = answer(k, at, inputs={"amount": "900.00", "kind": "bikes"})
    expect((small["step"], k.get("crm.lead", who)["amount"]), ("small", "900.00"))
    back = k.call("script.session.back", {"id": at["session"], "step": "small"})
    expect(back["step"], "need")
    big = answer(k, back, inputs={"amount": "25000"})
    expect((big["step"], big["say"]), ("director", "May I speak to the director?"))
    refused("rule", lambda: k.call("script.session.back", {"id": at["session"], "step": "director"}), "step")
    end = answer(k, big, "yes")
    expect((end["state"], end["result"], end["outcome"]), ("finished", "won", "done"))
    expect((k.get("crm.lead", who)["amount"], k.get("crm.lead", who)["source"]), ("25000.00", "script"))
    task = k.list("base.task", [["about", "=", about(who)]])["rows"]
    expect([t["title"] for t in task], ["Send the offer to Kowalska"])
    moves = k.get("script.session", at["session"])["moves"]
    expect([(m["step"], m["kind"]) for m in moves], [
        ("greet", "answered"), ("need", "answered"), ("size", "branched"), ("small", "back"), ("need", "answered"),
        ("size", "branched"), ("big", "entered"), ("director", "answered"), ("met", "reached"), ("done", "reached")])


def an_objection_returns_to_the_step_that_was_left(k):
    script = publish(k, "objecting", TEXT.replace("run big big_firm -> done\n", "step big\n  say Fine\n  answer ok -> done\n"))
    at = answer(k, start(k, script, lead(k)), "yes")
    objected = k.call("script.session.object", {"id": at["session"], "step": "need", "objection": "price"})
    expect((objected["step"], objected["say"]), ("price", "Compared with what?"))
    expect(answer(k, objected, "listens")["step"], "need")
    k.call("script.session.no_answer", {"id": at["session"], "step": "need", "text": "asks for our address"})
    expect(k.get("script.session", at["session"])["moves"][-1]["text"], "asks for our address")
    done = answer(k, {**at, "step": "need"}, inputs={"amount": "20000"})
    answer(k, done, "ok")
    rows = k.call("script.stats", {"script": script, "by": "objection"})["rows"]
    expect([(r["key"], r["reached"], r["won"], r["conversion"]) for r in rows], [("price", 1, 1, "100.00")])
    ways = {(r["step"], r["key"]): r["reached"] for r in k.call("script.stats", {"script": script, "by": "path"})["rows"]}
    expect(ways, {("greet", "need"): 1, ("need", "price"): 1, ("price", "need"): 1, ("need", "size"): 1, ("size", "big"): 1, ("big", "done"): 1})


def a_move_that_comes_twice_is_made_once(k):
    script = publish(k, "twice", TEXT.replace("run big big_firm -> done\n", "step big\n  say Fine\n  answer ok -> done\n"))
    at = start(k, script, lead(k))
    params = {"id": at["session"], "step": "greet", "answer": "yes"}
    first = k.call("script.session.answer", params, key="r-1")
    again = k.call("script.session.answer", params, key="r-1")
    expect((first["step"], again["step"], again["version"]), ("need", "need", first["version"]))
    refused("conflict", lambda: k.call("script.session.answer", params), "step")


def running_calls_end_on_their_version(k):
    script = publish(k, "versions", "step a\n  say One\n  answer go -> done\nend done won\n")
    old = start(k, script, lead(k))
    k.update("script.script", script, {"source": "step b\n  say Two\n  answer go -> done\nend done won\n"})
    k.call("script.script.publish", {"id": script, "note": "another greeting"})
    expect(start(k, script, lead(k))["say"], "Two")
    expect(answer(k, old, "go")["state"], "finished")
    refused("validation", lambda: k.update("script.version", k.list("script.version", [["script", "=", script]])["rows"][0]["id"],
                                           {"source": "step x"}), "source")


def a_call_list_calls_back_and_gives_up(k):
    script = publish(k, "listed", "step a\n  say Hello\n  answer go -> done\n  answer later -> later\nend done won\nend later neutral\n  callback in 1 hours\n")
    names = [k.create("base.party", {"name": f"Listed {i}", "is_customer": True})["id"] for i in range(3)]
    for name in names:
        k.create("crm.consent", {"party": name, "purpose": "marketing", "channel": "phone", "source": "form"})
    k.update("base.party", names[2], {"do_not_contact": True})
    calls = k.create("script.list", {"name": "November", "script": script, "attempts_max": 2, "from_minute": 0, "until_minute": 1440})["id"]
    filled = k.call("script.list.fill", {"list": calls, "filter": [["name", "starts_with", "Listed"]]})
    expect((filled["added"], filled["there"], filled["excluded"]), (2, 0, 1))
    expect(k.call("script.list.fill", {"list": calls, "filter": [["name", "starts_with", "Listed"]]})["there"], 2)
    one = k.call("script.list.next", {"list": calls})
    two = k.call("script.list.next", {"list": calls})
    expect((one["party"], two["party"], two["waiting"]), (names[0], names[1], 0))
    expect(k.call("script.list.next", {"list": calls})["member"], None)
    k.call("script.member.missed", {"id": one["member"], "outcome": "busy"})
    expect((k.get("script.member", one["member"])["state"], k.get("script.member", one["member"])["attempts"]), ("waiting", 1))
    at = k.call("script.session.start", {"script": script, "subject": {"entity": "base.party", "id": names[1]}, "member": two["member"]})
    answer(k, at, "later")
    member = k.get("script.member", two["member"])
    expect((member["state"], member["outcome"], member["session"]), ("callback", "later", at["session"]))


def variants_are_sticky_and_statistics_count(k):
    script = publish(k, "split", "step a\n  say A\n  answer yes -> done\n  answer no -> lost\nend done won\nend lost lost\n")
    k.update("script.script", script, {"source": "step b\n  say B\n  answer yes -> done\n  answer no -> lost\nend done won\nend lost lost\n"})
    k.call("script.script.publish", {"id": script})
    refused("validation", lambda: k.update("script.script", script, {"variants": [{"edition": 3}]}), "variants[0].edition")
    k.update("script.script", script, {"variants": [{"edition": 1, "weight": 1}, {"edition": 2, "weight": 1}]})
    seen = {1: 0, 2: 0}
    for i in range(60):
        who = lead(k, f"L{i}")
        at, again = start(k, script, who), start(k, script, who)
        expect(at["step"], again["step"])
        version = 1 if at["step"] == "a" else 2
        seen[version] += 1
        answer(k, at, "yes" if version == 2 or i % 3 == 0 else "no")
        k.call("script.session.finish", {"id": again["session"], "outcome": "double"})
    expect(min(seen.values()) > 15, True)
    rows = {r["edition"]: r for r in k.call("script.compare", {"script": script})["rows"]}
    expect((rows[1]["calls"] + rows[2]["calls"], rows[2]["won"]), (120, seen[2]))
    expect(float(rows[1]["low"]) < float(rows[1]["share"]) < float(rows[1]["high"]), True)
    steps = {r["step"]: r for r in k.call("script.stats", {"script": script, "by": "step"})["rows"]}
    expect((steps["a"]["reached"], steps["a"]["left"], steps["b"]["won"]), (2 * seen[1], seen[1], seen[2]))
    versions = {r["key"]: r for r in k.call("script.stats", {"script": script, "by": "version"})["rows"]}
    expect(versions["2"]["won"], seen[2])


def the_losing_variant_stops_itself(k):
    script = publish(k, "loser", "step a\n  say A\n  answer yes -> done\n  answer no -> lost\nend done won\nend lost lost\n")
    k.call("script.script.publish", {"id": script})
    k.update("script.script", script, {"variants": [{"edition": 1, "weight": 1}, {"edition": 2, "weight": 1}]})
    for i in range(400):
        at = start(k, script, lead(k, f"M{i}"))
        version = k.get("script.session", at["session"])["edition"]
        answer(k, at, "yes" if i % (2 if version == 2 else 10) == 0 else "no")
        variants = k.get("script.script", script)["variants"]
        if variants[0]["weight"] == 0:
            break
    expect((variants[0]["weight"], variants[1]["weight"], bool(variants[0]["stopped_at"])), (0, 1, True))


def an_order_is_counted_for_the_last_call(k):
    script = publish(k, "sold", "step a\n  say A\n  answer yes -> done\nend done won\n")
    pln = k.create("base.currency", {"code": "PLN"})["id"]
    party = k.create("base.party", {"name": "Buyer"})["id"]
    at = k.call("script.session.start", {"script": script, "subject": {"entity": "base.party", "id": party}})
    answer(k, at, "yes")
    order = k.create("crm.order", {"party": party, "currency": pln, "lines": [{"name": "Bike", "quantity": "2", "price": "500"}]})["id"]
    k.call("crm.order.confirm", {"id": order})
    expect(k.get("script.session", at["session"])["revenue"], "1000.00")
    expect(k.call("script.compare", {"script": script})["rows"][0]["orders"], 1)
    pipeline = k.create("crm.pipeline", {"name": "Sales", "initial": True, "stages": [{"name": "New"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}]})["id"]
    deal = k.create("crm.deal", {"title": "Bikes", "party": party, "pipeline": pipeline})["id"]
    k.call("crm.deal.win", {"id": deal})
    row = k.call("script.stats", {"script": script, "by": "answer"})["rows"][0]
    expect((row["key"], row["deals"], row["orders"], row["revenue"], row["margin"]), ("yes", 1, 1, "1000.00", "1000.00"))


def ready_scripts_are_whole_in_both_languages(k):
    for language in ("en", "pl"):
        expect(k.call("script.ready", {"language": language})["scripts"], 2)
        expect(k.call("script.ready", {"language": language})["scripts"], 2)
    expect(k.call("script.choose", {})["script"], None)
    script = k.list("script.script", [["code", "=", "first_call"]])["rows"][0]["id"]
    k.update("script.script", script, {"entries": [{"number": "+48221234567"}]})
    expect(k.call("script.choose", {"number": "+48221234567"})["code"], "first_call")
    busy, idle = k.create("base.party", {"name": "Busy"})["id"], k.create("base.party", {"name": "Idle"})["id"]
    k.create("crm.deal", {"title": "Open", "party": busy})
    goes_on = publish(k, "goes_on", "step a\n  say Your order?\n  answer yes -> done\nend done won\n")
    k.update("script.script", goes_on, {"entries": [{"number": "+48221234567", "open_deal": True}]})
    expect([k.call("script.choose", {"number": "+48221234567", "party": p})["code"] for p in (busy, idle)], ["goes_on", "first_call"])
    at = start(k, script, lead(k, "Firma"))
    expect((at["timer_s"], at["hint"]), (20, "Smile: it is heard."))


def a_paused_call_is_resumed_or_expires(k):
    script = publish(k, "paused", "step a\n  say A\n  answer yes -> done\nend done won\n")
    at = start(k, script, lead(k))
    k.call("script.session.pause", {"id": at["session"], "note": "asked to wait"})
    refused("state", lambda: answer(k, at, "yes"))
    expect(k.call("script.session.resume", {"id": at["session"]})["step"], "a")
    expect(k.call("script.session.expire_due", {})["abandoned"], 0)


LUA = """
step need
  say How many?
  ask many number "Bikes" required
  -> size
branch size
  when lua (record.amount or dec "0") * 2 > 10000 and tonumber(input.many) >= 5 -> big
  when lua record.party and record.party.name == "Slow" and (function() while true do end end)() -> big
  when lua nil -> big
  else -> small
step big
  say Big
  answer ok -> won
step small
  say Small
  answer ok -> won
end won won
"""


def a_branch_asks_lua_about_the_record_and_the_answers(k):
    script = k.create("script.script", {"code": "lua", "name": "lua", "source": LUA.replace("record.amount", "record.amount or")})["id"]
    refused("validation", lambda: k.call("script.script.publish", {"id": script}), "source")
    k.update("script.script", script, {"source": LUA})
    k.call("script.script.publish", {"id": script})
    for amount, many, step in (("6000", "5", "big"), ("6000", "4", "small"), ("5000", "5", "small"), (None, "9", "small")):
        at = start(k, script, lead(k, amount=amount))
        expect(answer(k, at, inputs={"many": many})["step"], step)
    slow = k.create("base.party", {"name": "Slow"})["id"]
    at = start(k, script, lead(k, party=slow))
    refused("rule", lambda: answer(k, at, inputs={"many": "1"}))
    expect(k.get("script.session", at["session"])["step"], "need")  # an expression without an end ends; the call stands where it stood
    wrong = publish(k, "wrong", LUA.replace("record.amount", "record.nothing"))
    at = start(k, wrong, lead(k))
    refused("rule", lambda: answer(k, at, inputs={"many": "1"}))


def products_are_asked_for_and_become_lines(k):
    script = publish(k, "products", "step what\n  say Which ones?\n  ask goods items \"Products\" required save lines\n  -> done\nend done won\n")
    piece = k.create("base.unit", {"code": "szt", "category": "count"})["id"]
    bike, bell = (k.create("base.item", {"code": code, "name": code, "unit": piece, "price": price})["id"] for code, price in (("BIKE", "900"), ("BELL", "20")))
    who = lead(k)
    at = start(k, script, who)
    expect((at["asks"][0]["kind"], at["asks"][0]["required"]), ("items", True))
    for wrong in ("bikes", [bike], [{"item": bike}], [{"item": bike, "quantity": "0"}], [{"item": "BIKE", "quantity": "1"}]):
        refused("validation", lambda: answer(k, at, inputs={"goods": wrong}), "inputs.goods")
    answer(k, at, inputs={"goods": [{"item": bike, "quantity": "2"}, {"item": bell, "quantity": "3.5", "price": "18"}]})
    expect([(r["item"], r["quantity"], r["price"]) for r in k.get("crm.lead", who)["lines"]], [(bike, "2.0000", "900.0000"), (bell, "3.5000", "18.0000")])


def steps_stand_in_groups_and_show_goods_and_orders(k):
    text = "group \"Opening\"\nstep hello\n  say Hello\n  show orders\n  answer yes -> what\ngroup \"Needs\"\nstep what\n  say Which?\n  ask goods items \"Products\"\n  -> offer\nstep offer\n  say These?\n  show goods\n  answer yes -> done\nend done won\n"
    points = k.call("script.check", {"source": text})
    expect([(p["name"], p["kind"], p["group"]) for p in points["points"]], [("hello", "step", "Opening"), ("what", "step", "Needs"), ("offer", "step", "Needs"), ("done", "end", "Needs")])
    expect([p["text"] for p in k.call("script.check", {"source": "group\nstep a\n  show weather\n  say A\n  answer x -> z\nend z won\n"})["problems"]],
           ["line 1: a group needs its title in quotation marks", 'line 3: goods or orders are shown, not "weather"'])
    script = publish(k, "grouped", text)
    item = k.list("base.item", [["code", "=", "BIKE"]])["rows"][0]
    pln = k.list("base.currency")["rows"][0]["id"]
    party = k.create("base.party", {"name": "Buys Again"})["id"]
    orders = [k.create("crm.order", {"party": party, "currency": pln, "lines": [{"name": "Bell", "quantity": "1", "price": "20"}]})["id"] for _ in range(2)]
    k.call("crm.order.confirm", {"id": orders[0]})
    deal = k.create("crm.deal", {"title": "More", "party": party, "lines": [{"item": item["id"], "quantity": "1"}]})["id"]
    at = k.call("script.session.start", {"script": script, "subject": {"entity": "crm.deal", "id": deal}})
    expect((at["group"], [(o["order"], o["net"]) for o in at["orders"]], at["goods"]), ("Opening", [(orders[0], "20.00")], []))
    bell = k.list("base.item", [["code", "=", "BELL"]])["rows"][0]["id"]
    at = answer(k, answer(k, at, "yes"), inputs={"goods": [{"item": bell, "quantity": "2"}]})
    expect((at["group"], [(g["name"], g["price"], g["available"]) for g in at["goods"]]), ("Needs", [("BIKE", "900.0000", None), ("BELL", "20.0000", None)]))


def what_no_answer_fits_is_collected_for_the_author(k):
    script = publish(k, "unforeseen", "step a\n  say A\n  answer yes -> done\nobjection dear\n  say Dear?\n  answer ok -> return\nobjection far\n  say Far?\n  answer ok -> return\nend done won\n")
    for i in range(3):
        at = start(k, script, lead(k))
        for objection in ("far",) if i < 2 else ("dear",):
            k.call("script.session.object", {"id": at["session"], "step": "a", "objection": objection})
            k.call("script.session.answer", {"id": at["session"], "step": objection, "answer": "ok"})
        k.call("script.session.no_answer", {"id": at["session"], "step": "a", "text": "who are you" if i else "wants a catalogue"})
        k.call("script.session.answer", {"id": at["session"], "step": "a", "answer": "yes"})
    rows = k.call("script.stats", {"script": script, "by": "unanswered"})["rows"]
    expect([(r["step"], r["key"], r["unanswered"]) for r in rows], [("a", "who are you", 2), ("a", "wants a catalogue", 1)])
    expect([(r["key"], r["reached"]) for r in k.call("script.stats", {"script": script, "by": "objection"})["rows"]], [("far", 2), ("dear", 1)])


def an_incoming_call_finds_its_script(k):
    """By the number called, the source, the customer's tag; what fits more conditions goes before, and a priority before all."""
    tag = k.create("base.tag", {"name": "wholesale"})["id"]
    party = k.create("base.party", {"name": "Wholesaler", "tags": [tag]})["id"]
    for code, entry in (("by_number", {"number": "+48 32 100 00 00"}), ("by_source", {"number": "+48 32 100 00 00", "source": "radio"}),
                        ("by_tag", {"number": "+48 32 100 00 00", "tag": tag}), ("urgent", {"number": "+48 32 200 00 00", "priority": 5}), ("usual", {"number": "+48 32 200 00 00", "tag": tag})):
        k.update("script.script", publish(k, code, "step a\n  say A\n  answer yes -> done\nend done won\n"), {"entries": [entry]})
    found = lambda **asked: k.call("script.choose", asked)["code"]  # noqa: E731
    expect((found(number="+48 32 100 00 00"), found(number="+48 32 100 00 00", source="radio"), found(number="+48 32 100 00 00", party=party), found(number="+48 32 200 00 00", party=party)),
           ("by_number", "by_source", "by_tag", "urgent"))


def an_outcome_moves_the_stage_and_writes_the_task(k):
    pipeline = k.create("crm.pipeline", {"name": "Called", "stages": [{"name": "New"}, {"name": "Offer"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}]})["id"]
    stage = {s["name"]: s["id"] for s in k.get("crm.pipeline", pipeline)["stages"]}
    script = publish(k, "staged", f'step a\n  say A\n  answer offer -> offer\n  answer no -> gone\nend offer neutral\n  do move {{"stage": {stage["Offer"]}}}\n  task "Write the offer" in 1 day\n'
                     f'end gone lost\n  do move {{"stage": {stage["Lost"]}, "lost_reason": "price"}}\n')
    deals = [k.create("crm.deal", {"title": "Staged", "pipeline": pipeline})["id"] for _ in range(2)]
    for deal, said in zip(deals, ("offer", "no")):
        answer(k, k.call("script.session.start", {"script": script, "subject": {"entity": "crm.deal", "id": deal}}), said)
    expect([(d["stage"], d["semantic"]) for d in (k.get("crm.deal", deal) for deal in deals)], [(stage["Offer"], "open"), (stage["Lost"], "lost")])
    expect([t["title"] for t in k.list("base.task", [["about", "=", {"entity": "crm.deal", "id": deals[0]}]])["rows"]], ["Write the offer"])


def an_operator_may_answer_and_not_all_else(k, house):
    roles = {r["name"]: r["id"] for r in k.list("access.role", limit=100)["rows"]}
    me = k.create("access.user", {"name": "ola", "roles": [roles["script.operator"], roles["crm.sales"]]})["id"]
    other = k.create("access.role", {"name": "caller", "grants": "script.script:read; script.version:read; script.session:read,create,update@own; crm.lead:*; access.user:read"})["id"]
    k.create("access.user", {"name": "jan", "roles": [other]})
    for name in ("ola", "jan"):
        k.call("access.password", {"user": name, "new": "Correct-Horse-9-Battery"})
    ola, jan = (house.client(name, "Correct-Horse-9-Battery") for name in ("ola", "jan"))
    script = publish(k, "rights", "step a\n  say A\n  answer yes -> b\nstep b\n  say B\n  answer yes -> done\nend done won\n")
    mine = ola.create("crm.lead", {"title": "Mine", "name": "Mine"})["id"]
    at = answer(ola, start(ola, script, mine), "yes")
    expect(ola.call("script.session.back", {"id": at["session"], "step": "b"})["step"], "a")
    refused("forbidden", lambda: ola.call("script.session.finish", {"id": at["session"], "outcome": "bored"}))
    theirs = answer(jan, start(jan, script, lead(jan)), "yes")
    refused("forbidden", lambda: jan.call("script.session.back", {"id": theirs["session"], "step": "b"}))
    refused("not_found", lambda: jan.get("script.session", at["session"]))  # nor anybody else's call
    refused("forbidden", lambda: ola.call("script.script.publish", {"id": script}))
    # of the calls that she had, this one followed a script
    for i in range(3):
        done = ola.create("crm.activity", {"kind": "call", "subject": "A call", "lead": mine})["id"]
        ola.call("crm.activity.finish", {"id": done})
    rows = {r["label"]: r for r in k.call("script.stats", {"script": script, "by": "operator"})["rows"]}
    expect((rows["ola"]["reached"], rows["ola"]["spoken"], rows["ola"]["share"]), (1, 3, "33.33"))
    expect((rows["jan"]["reached"], rows["jan"]["spoken"], rows["jan"]["share"]), (1, 1, "100.00"))
    done = k.call("script.session.finish", {"id": theirs["session"], "outcome": "bored", "note": "hung up"})
    expect((done["state"], done["outcome"]), ("finished", "bored"))


def a_text_knows_the_customer_of_a_deal(k):
    if not k.count("crm.pipeline"):
        k.create("crm.pipeline", {"name": "Sales", "stages": [{"name": "Talk"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}], "initial": True})
    script = publish(k, "customer", "step hello\n  say Hello, {name} of {city}, about {title}; {nothing}.\n  answer yes -> done\nend done won\n")
    party = k.create("base.party", {"name": "Rower Plus", "addresses": [{"use": "main", "city": "Kutno"}]})["id"]
    deal = k.create("crm.deal", {"title": "Bikes", "party": party})["id"]
    at = k.call("script.session.start", {"script": script, "subject": {"entity": "crm.deal", "id": deal}})
    expect(at["say"], "Hello, Rower Plus of Kutno, about Bikes; {nothing}.")


STORIES = [
    every_mistake_of_a_text_is_told_at_once, a_call_walks_the_graph_and_writes_on_its_way,
    an_objection_returns_to_the_step_that_was_left, a_move_that_comes_twice_is_made_once, running_calls_end_on_their_version,
    a_call_list_calls_back_and_gives_up, variants_are_sticky_and_statistics_count, the_losing_variant_stops_itself,
    an_order_is_counted_for_the_last_call, ready_scripts_are_whole_in_both_languages, a_paused_call_is_resumed_or_expires,
    a_branch_asks_lua_about_the_record_and_the_answers, a_text_knows_the_customer_of_a_deal,
    products_are_asked_for_and_become_lines, steps_stand_in_groups_and_show_goods_and_orders, what_no_answer_fits_is_collected_for_the_author, an_incoming_call_finds_its_script, an_outcome_moves_the_stage_and_writes_the_task, an_operator_may_answer_and_not_all_else,
]
if __name__ == "__main__":
    run(STORIES, modules="base,crm,script")
