#!/usr/bin/env python3
"""The life of a rule that lies in a folder: read, refused with its line, read again while the server runs, kept with versions and
authors, drawn with the others, switched off when it keeps failing. And the report of specs that other programs read."""
import pathlib
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House  # noqa: E402
from kontor import KontorError  # noqa: E402

MARK = 'rule {\n  on = "crm.lead.created",\n  run = function(lead) lead.campaign = "%s" end,\n}\n'
RING = 'rule {on = "crm.lead.updated %s", run = function(lead) lead.%s = lead.%s end}'


def refused(kind, call):
    try:
        call()
    except KontorError as error:
        assert error.kind == kind, error
        return str(error)
    raise AssertionError(f"no {kind}")


def rule_of(k, name):
    return k.list("automation.rule", [["name", "=", name]])["rows"][0]


def campaign(k):
    return k.get("crm.lead", k.create("crm.lead", {"title": "Rower"})["id"])["campaign"]


def a_file_becomes_a_rule_and_a_changed_one_a_version(k, folder):
    mark = rule_of(k, "mark")
    assert mark["state"] == "draft" and campaign(k) is None, mark
    k.call("automation.rule.enable", {"id": mark["id"]})
    assert campaign(k) == "first"
    (folder / "mark.lua").write_text(MARK % "second")
    assert k.call("rule.reload")["changed"] == 1 and k.call("rule.reload")["changed"] == 0
    assert campaign(k) == "second", "it holds from the reload on"
    (folder / "mark.lua").write_text(MARK.replace("lead.campaign", "\n lead.colour") % "third")
    said = refused("validation", lambda: k.call("rule.reload"))
    assert "mark.lua" in said and "colour" in said and "4" in said, said
    assert campaign(k) == "second", "the one before stays"
    (folder / "mark.lua").write_text(MARK % "second")
    k.update("automation.rule", mark["id"], {"text": MARK % "stored"})
    entries = k.call("automation.rule.history", {"id": mark["id"]})["entries"]
    texts = [(entry["by_name"], c["after"]) for entry in entries for c in entry["changes"] if c["field"] == "text"]
    assert texts == [("admin", MARK % "stored"), (None, MARK % "second"), (None, MARK % "first")], texts


def rules_are_drawn_and_a_circle_is_named(k):
    for one, other in (("text", "name"), ("name", "text")):
        made = k.create("automation.rule", {"name": f"ring_{one}", "text": RING % (one, other, one)})["id"]
        k.call("automation.rule.enable", {"id": made})
    graph = k.call("rule.graph")
    assert sorted(graph["cycles"][0])[:2] == ["ring_name", "ring_text"], graph["cycles"]
    dot = k.call("rule.graph", {"format": "dot"})
    assert "ring_name" in str(dot) and "->" in str(dot), dot
    for one in ("text", "name"):
        k.call("automation.rule.disable", {"id": rule_of(k, f"ring_{one}")["id"]})


def one_that_keeps_failing_is_switched_off(k):
    broken = k.create("automation.rule", {"name": "broken", "text": 'rule {on = "crm.lead.created", moment = "after", run = function() error("no") end}'})["id"]
    k.call("automation.rule.enable", {"id": broken})
    for _ in range(5):
        campaign(k)
    until = time.monotonic() + 300
    while (row := k.get("automation.rule", broken))["state"] == "on":
        assert time.monotonic() < until, row
        time.sleep(0.05)
    assert row["failures"] == 5 and "no" in row["problem"], row
    task, = k.list("base.task", [["owner", "=", 1]])["rows"]
    assert "broken" in task["title"] and "no" in task["text"], task


def specs_are_reported_to_others(house):
    folder, report = house.home / "specs", house.home / "report.xml"
    folder.mkdir()
    (folder / "two_spec.lua").write_text('describe("two", function() it("is two", function() expect(1 + 1, 2) end) it("is <three>", function() expect(2, 3) end) end)')
    done = subprocess.run([house.build / "kontord", "--test", folder, "--modules-dir", house.build / "modules", "--modules", "base", "--junit", report],
                          capture_output=True, text=True)
    assert done.returncode == 1 and "not ok 2" in done.stdout and "two_spec.lua:1" in done.stdout, done
    suite = next(ET.parse(report).iter("testsuite"))
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1"), suite.attrib
    assert [case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None] == ["is <three>"]


def main():
    house = House(modules="base,crm")
    folder = house.home / "rules"
    folder.mkdir()
    (folder / "mark.lua").write_text(MARK % "first")
    conf = house.home / "kontor.lua"
    conf.write_text(f'rules_directory = "{folder}"\n')
    conf.chmod(0o600)
    house.options += ["--conf", str(conf)]
    with house:
        k = house.client()
        a_file_becomes_a_rule_and_a_changed_one_a_version(k, folder)
        rules_are_drawn_and_a_circle_is_named(k)
        one_that_keeps_failing_is_switched_off(k)
        specs_are_reported_to_others(house)
    print("the life of a rule: all stories hold")


if __name__ == "__main__":
    main()
