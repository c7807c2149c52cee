#!/usr/bin/env python3
"""Every rule in docs/automation.md is stored, switched on and set off on a running server; none may fail."""
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House, ROOT  # noqa: E402

PASSWORD = "Quiet-River-77-Stone"
text = (ROOT / "docs" / "automation.md").read_text(encoding="utf-8")
examples = re.findall(r"^```lua\n(rule \{.*?^\})\n```$", text, flags=re.S | re.M)
named = set(re.findall(r"`(\w+)[ (]", text))
for function in ("get", "list", "count", "aggregate", "create", "update", "transition", "task", "refuse", "mail", "sms", "chat", "webhook", "notify",
                 "effect", "approve", "head_of", "for_user", "setting", "document", "secret", "log", "after", "dec", "date", "time", "today", "now", "json"):
    assert any(re.search(rf"\b{function}\b", e) for e in examples), f"no example of {function}"
assert len(examples) > 8, len(examples)

with House(modules="base,crm") as house:
    k = house.client()
    admin = k.list("access.role", [["name", "=", "admin"]])["rows"][0]["id"]
    for name in ("ewa", "jan"):
        k.create("access.user", {"name": name, "roles": [admin]})
        k.call("access.password", {"user": name, "new": PASSWORD})
    k.create("document.template", {"name": "lead sheet", "entity": "crm.lead", "kind": "text", "lang": "en", "text": "{{ doc.title }}"})
    for number, example in enumerate(examples):
        checked = k.call("rule.check", {"text": example})
        rule = k.call("automation.rule.create", {"values": {"name": f"example {number}", "text": example}})["id"]
        k.call("automation.rule.enable", {"id": rule})
        values = {"title": f"Lead {number}", "source": "web", "name": "Jan", "amount": "1500.00"}
        if "refuse {" in example:
            try:
                k.call("crm.lead.create", {"values": dict(values, amount="2000000.00")})
                sys.exit("the example of refuse refuses nothing")
            except Exception as error:
                assert "million" in str(error), error
        k.call("crm.lead.create", {"values": values})
        row = k.call("automation.rule.get", {"id": rule})
        assert not row["failures"], (example, row["problem"])
        if checked["moment"] == "transaction" and "refuse" not in example:
            assert k.call("rule.runs", {"id": rule})["runs"], "did nothing:\n" + example
        k.call("automation.rule.disable", {"id": rule})
    kinds = {row["kind"] for row in k.call("outbox.effect.list", {})["rows"]}
    assert kinds >= {"mail", "sms", "chat", "webhook", "fax"}, kinds

    # an approval outlives the server, and the rule goes on
    asked = k.list("base.approval")["rows"]
    assert len(asked) == 1, asked
    k.call("automation.rule.enable", {"id": k.list("automation.rule", [["label", "ilike", "yes of two"]])["rows"][0]["id"]})
    house.signal(9)
    house.start()
    for name in ("ewa", "jan"):
        house.client(name, PASSWORD).call("base.approval.approve", {"id": asked[0]["id"]})
    k = house.client()
    until = time.monotonic() + 300
    while k.call("crm.lead.get", {"id": asked[0]["about"]["id"]})["campaign"] != "large, approved":
        assert time.monotonic() < until, "the rule did not go on"
        time.sleep(0.01)

    # after the commit, by the runner's own thread; and the log tells of it
    after = k.call("automation.rule.create", {"values": {"name": "after", "text":
        "rule { on = 'crm.lead.created', moment = 'after', run = function(lead) lead.campaign = 'seen' end }"}})["id"]
    k.call("automation.rule.enable", {"id": after})
    lead = k.call("crm.lead.create", {"values": {"title": "Late"}})["id"]
    until = time.monotonic() + 300
    while k.call("crm.lead.get", {"id": lead})["campaign"] != "seen":
        assert time.monotonic() < until, "the run after the commit did not come"
        time.sleep(0.01)
    run = k.call("rule.runs", {"id": after})["rows"][0]
    assert run["changes"] == ["campaign"] and run["entity"] == "crm.lead" and run["id"] == lead, run

    # killed at any moment, a queued run happens exactly once
    k.call("automation.rule.update", {"id": after, "values": {"text":
        "rule { on = 'crm.lead.created', moment = 'after', run = function(lead) task {title = lead.title} end }"}})
    made = [k.call("crm.lead.create", {"values": {"title": f"Once {i}"}})["id"] for i in range(30)]
    house.signal(9)
    house.start()
    k = house.client()
    until = time.monotonic() + 300
    while k.call("base.task.count", {"filter": [["title", "starts_with", "Once"]]}) < len(made):
        assert time.monotonic() < until, "runs were lost"
        time.sleep(0.02)
    time.sleep(0.2)
    assert k.call("base.task.count", {"filter": [["title", "starts_with", "Once"]]}) == len(made)
print(f"{len(examples)} examples of docs/automation.md run")
