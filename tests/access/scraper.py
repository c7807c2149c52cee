#!/usr/bin/env python3
"""A client that wants the whole customer base: stopped, told of, and traced."""
import csv
import io
import json
import pathlib
import sys
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from guard import PHONE, clean, customer, user  # noqa: E402
from house import PASSWORD  # noqa: E402
from kontor import Kontor, KontorError  # noqa: E402
from stories import expect, refused, run  # noqa: E402

CUSTOMERS, LIMIT = 120, 40
SELLER = ("base.*:read,create,update,reveal masked *; base.party:export masked *; crm.*:read masked *; journal:read;"
          " access.user:read; job.job:read,create")
seen = {}


def ready(k):
    """120 customers, three canaries among them, a head of sales who is told."""
    if seen:
        return seen
    seen["ids"] = [customer(k, f"Customer {i:03}", f"+48 601 {i:03} 000", f"c{i}@example.pl") for i in range(CUSTOMERS)]
    seen["head"] = user(k, "head", "base.task:*; access.alarm:read; access.user:read")
    seen["watcher"] = user(k, "watcher", "base.task:*; access.alarm:read")
    seen["department"] = k.create("access.department", {"name": "Sales", "head": seen["head"]})["id"]
    seen["canaries"] = [seen["ids"][i] for i in (20, 60, 100)]
    for id in seen["canaries"]:
        k.create("access.canary", {"entity": "base.party", "record": id, "watchers": [seen["watcher"]], "note": "trap"})
    return seen


def seller(k, house, name, **values):
    made = user(k, name, SELLER, department=ready(k)["department"], **{"daily_read_limit": LIMIT, **values})
    return made, house.client(name)


def alarms(k, who, kind=None):
    time.sleep(0.7)  # rows of the log are written within 0.2 s
    return k.list("access.alarm", [["user", "=", who]] + ([["kind", "=", kind]] if kind else []), sort="id")["rows"]


def by_cursor(s, got):
    cursor = None
    while True:
        page = s.call("base.party.list", {"limit": 10, "fields": ["id", "name", "phone"], **({"cursor": cursor} if cursor else {})})
        got.update(row["id"] for row in clean(page)["rows"])
        cursor = page.get("next")
        if not cursor:
            return


def one_by_one(s, got):
    for id in seen["ids"]:
        got.add(clean(s.get("base.party", id))["id"])


def by_search(s, got):
    for i in range(CUSTOMERS):
        rows = clean(s.call("system.search", {"text": f"customer {i:03}", "entities": ["base.party"]}))["rows"]
        got.update(row["id"] for row in rows)


def by_feed(s, got):
    seq = 0
    while True:
        page = clean(s.call("journal.since", {"seq": seq, "limit": 5, "filter": {"entities": ["base.party"]}}))
        for entry in page["entries"]:
            got.update(c["id"] for c in entry["changes"] if c["entity"] == "base.party")
        if page["next"] == seq:
            return
        seq = page["next"]


def by_export(s, got):
    cursor = None
    while True:
        page = clean(s.call("export.read", {"entity": "base.party", "limit": 10, **({"cursor": cursor} if cursor else {})}))
        got.update(row["id"] for row in page["rows"])
        cursor = page.get("next")
        if not cursor:
            return


def by_batch(s, got):
    for at in range(0, CUSTOMERS, 10):
        calls = [{"method": "base.party.get", "params": {"id": id}} for id in seen["ids"][at:at + 10]]
        for one in clean(s.call("system.batch", {"calls": calls}))["results"]:
            if "error" in one:
                raise KontorError(one["error"])
            got.add(one["result"]["id"])


def by_card(s, got):
    for id in seen["ids"]:
        clean(s.call("crm.card", {"party": id}))
        got.add(id)


def by_bitrix(s, got):
    start, token = 0, s.token
    while True:
        url = f"{s.url}/rest/crm.contact.list.json?auth={token}&start={start}&select[]=ID&select[]=NAME&select[]=PHONE&select[]=EMAIL"
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                page = json.load(answer)
        except urllib.error.HTTPError as error:
            body = error.read().decode()
            raise KontorError({"message": body, "data": {"kind": "limit" if "limit" in body.lower() else body}}) from error
        got.update(int(row["ID"]) for row in clean(page)["result"])
        if "next" not in page:
            return
        start = page["next"]


def the_base_is_not_read_whole_by_any_way(k, house):
    ready(k)
    for way in (by_cursor, one_by_one, by_search, by_feed, by_export, by_batch, by_card, by_bitrix):
        who, s = seller(k, house, way.__name__)
        s.url = house.url
        got = set()
        try:
            way(s, got)
            raise AssertionError(f"{way.__name__}: not stopped, {len(got)} customers")
        except KontorError as error:
            if error.kind not in ("limit",):
                raise AssertionError(f"{way.__name__}: {error.kind}: {error}")
        customers = got & set(seen["ids"])
        if not len(customers) <= LIMIT:
            raise AssertionError(f"{way.__name__}: {len(customers)} customers")
        expect((way.__name__, "reads_spent" in {a["kind"] for a in alarms(k, who)}), (way.__name__, True))


def several_keys_are_one_user(k, house):
    who, s = seller(k, house, "keys")
    got = set()
    clients = [s]
    for i in range(3):
        secret = s.call("access.key.create_secret", {"name": f"k{i}"})["secret"]
        clients.append(Kontor(house.url))
        clients[-1].token = secret
    for n, id in enumerate(seen["ids"]):
        try:
            got.add(clients[n % 4].get("base.party", id)["id"])
        except KontorError as error:
            expect(error.kind, "limit")
    expect(len(got), LIMIT)


def the_head_is_told_before_it_is_too_late(k, house):
    who, s = seller(k, house, "warned")
    for id in seen["ids"][:LIMIT // 2]:
        s.get("base.party", id)
    got = alarms(k, who)
    expect([(a["kind"], a["count"], a["most"], a["told"]) for a in got], [("reads_half", LIMIT // 2, LIMIT, [seen["head"]])])
    tasks = house.client("head").list("base.task", [["owner", "=", seen["head"]], ["title", "starts_with", "warned:"]])["rows"]
    expect([t["title"] for t in tasks], ["warned: half of a day's records were read"])
    near = k.call("access.reads.near", {"percent": 50})["rows"]
    expect([(r["login"], r["limit"], r["seen"], r["percent"]) for r in near if r["login"] == "warned"], [("warned", LIMIT, LIMIT // 2, 50)])
    expect(near, sorted(near, key=lambda r: -r["percent"]))
    refused("forbidden", lambda: s.call("access.reads.near"))


def a_canary_that_is_exported_or_revealed_is_an_alarm(k, house):
    who, s = seller(k, house, "exporter", daily_read_limit=1000)
    canary = seen["canaries"][0]
    s.call("base.party.list", {"filter": [["id", "in", [canary, canary + 1]]]})
    expect(alarms(k, who), [])  # a page that it stands on is nobody's fault
    s.call("export.read", {"entity": "base.party", "filter": [["id", "<=", canary]]})
    got = alarms(k, who)
    expect([(a["kind"], a["entity"], a["record"], a["action"], a["method"], a["remote"]) for a in got],
           [("canary", "base.party", canary, "export", "export.read", "127.0.0.1")])
    expect(sorted(got[0]["told"]), sorted([seen["head"], seen["watcher"]]))
    s.call("access.reveal", {"entity": "base.party", "id": canary, "field": "phone"})
    expect([a["action"] for a in alarms(k, who, "canary")], ["export", "reveal"])
    told = house.client("watcher").list("base.task", [["owner", "=", seen["watcher"]], ["title", "starts_with", "exporter:"]])["rows"]
    expect(len(told), 2)
    expect("alarm event=canary" in house.log.read_text(), True)


def who_pages_through_everything_meets_the_canaries(k, house):
    who, s = seller(k, house, "pager", daily_read_limit=1000)
    by_cursor(s, set())
    got = alarms(k, who, "canary")
    expect([(a["action"], a["count"]) for a in got], [("read", 3)])
    by_cursor(s, set())
    expect(len(alarms(k, who, "canary")), 1)


def nothing_tells_a_canary_by_reading(k, house):
    who, s = seller(k, house, "curious", daily_read_limit=1000)
    canary, other = seen["canaries"][1], seen["ids"][61]
    refused("forbidden", lambda: s.call("access.canary.list", {}))
    refused("forbidden", lambda: s.call("access.alarm.list", {}))
    a, b = s.get("base.party", canary), s.get("base.party", other)
    expect((set(a), a["allowed_actions"]), (set(b), b["allowed_actions"]))
    own = {"id", "name", "phone", "email", "contacts", "name_keys", "created_at", "updated_at"}
    expect({f: v for f, v in a.items() if f not in own}, {f: v for f, v in b.items() if f not in own})
    expect(s.call("base.party.count", {"filter": [["id", "in", [canary, other]]]}), 2)
    expect(s.call("base.party.aggregate", {"filter": [["id", "in", [canary, other]]], "measures": {"n": "count"}})["rows"][0]["n"], 2)
    names = {e["name"] for e in s.call("system.describe")["entities"]}
    expect(names & {"access.canary", "access.alarm"}, set())


def exported(k, house, s, **more):
    job = s.call("export.start", {"entity": "base.party", "fields": ["name", "city"], **more})["id"]
    for _ in range(100):
        row = k.get("job.job", job)
        if row["state"] in ("done", "failed"):
            break
        time.sleep(0.05)
    expect(row["state"], "done")
    request = urllib.request.Request(f"{house.url}/files/{row['result']['file']}", headers={"Authorization": f"Bearer {s.token}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return job, answer.read()


def a_file_that_leaked_tells_whose_it_was(k, house):
    people = [seller(k, house, f"leak{i}", daily_read_limit=10000) for i in range(4)]
    made = []
    for who, s in people:
        job, content = exported(k, house, k, filter=[["is_customer", "=", True]])
        made.append((job, [row["name"] for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))]))
    expect([sorted(names) for job, names in made], [sorted(made[0][1])] * len(made))
    for job, names in made:
        kept = [n for i, n in enumerate(names) if i % 7]  # some rows were left out
        found = k.call("export.trace", {"entity": "base.party", "field": "name", "values": kept})
        expect((found["exports"][0]["export"], found["exports"][0]["sure"]), (job, True))
        expect([e["export"] for e in found["exports"] if e["sure"]], [job])
    refused("validation", lambda: k.call("export.trace", {"entity": "base.party", "field": "name", "values": sorted(made[0][1])}), "values")


def a_row_that_was_copied_out_tells_too(k, house):
    who, s = seller(k, house, "copier", daily_read_limit=10000)
    job = s.call("export.start", {"entity": "base.party", "fields": ["name"], "filter": [["id", "<=", seen["ids"][2]]], "format": "jsonl"})["id"]
    for _ in range(100):
        row = k.get("job.job", job)
        if row["state"] in ("done", "failed"):
            break
        time.sleep(0.05)
    request = urllib.request.Request(f"{house.url}/files/{row['result']['file']}", headers={"Authorization": f"Bearer {s.token}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        lines = [json.loads(line) for line in answer.read().decode().splitlines()]
    expect(len(lines) < 24, True)
    expect({tuple(line) for line in lines}, {("name", "kontor_export")})
    expect({line["kontor_export"].rsplit(", ", 1)[0] for line in lines}, {f"Kontor export {job}, user {who}"})
    job, content = exported(k, house, k)
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    expect({row["kontor_export"].split(",")[0] for row in rows}, {f"Kontor export {job}"})
    tag = k.create("base.tag", {"name": "plain"})["id"]
    job = k.call("export.start", {"entity": "base.tag", "fields": ["name"], "format": "csv"})["id"]
    for _ in range(100):
        row = k.get("job.job", job)
        if row["state"] in ("done", "failed"):
            break
        time.sleep(0.05)
    request = urllib.request.Request(f"{house.url}/files/{row['result']['file']}", headers={"Authorization": f"Bearer {k.token}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        expect(answer.read().decode("utf-8-sig").splitlines()[0], "name")  # of no people


def a_role_in_place_of_another_is_told_mask_by_mask(k, house):
    k.create("access.role", {"name": "narrow", "grants": "base.party:read masked contact"})
    k.create("access.role", {"name": "wide", "grants": "base.party:read fields personal"})
    rows = k.call("access.diff", {"from": "narrow", "to": "wide"})["rows"]
    expect([(r["entity"], r["action"], r.get("group"), r["change"]) for r in rows],
           [("base.party", "read", None, "opens"), ("base.party", "read", "personal", "opens")])
    expect((rows[0]["from"]["masked"], rows[0]["to"]["masked"]), (True, False))
    back = k.call("access.diff", {"from": "wide", "to": "narrow"})["rows"]
    expect([r["change"] for r in back], ["closes", "closes"])


class Stream(threading.Thread):
    """An open /events; `ended` is when the server closed it."""

    def __init__(self, house, token):
        super().__init__(daemon=True)
        request = urllib.request.Request(f"{house.url}/events", headers={"Authorization": f"Bearer {token}"})
        self.answer, self.ended = urllib.request.urlopen(request, timeout=20), None
        self.answer.readline()
        self.start()

    def run(self):
        while self.answer.readline():
            pass
        self.ended = time.monotonic()


def who_leaves_is_cut_off_within_a_second_and_hands_over(k, house):
    who, s = seller(k, house, "leaver")
    heir, _ = seller(k, house, "heir")
    mine = customer(k, "Of the leaver", owner=who)
    lead = k.create("crm.lead", {"title": "Of the leaver", "owner": who})["id"]
    secret = s.call("access.key.create_secret", {"name": "own"})["secret"]
    keyed = Kontor(house.url)
    keyed.token = secret
    keyed.call("session.whoami")
    streams = [Stream(house, s.token), Stream(house, secret)]
    began = time.monotonic()
    k.call("system.batch", {"atomic": True, "calls": [
        {"method": "access.user.update", "params": {"id": who, "values": {"active": False}}},
        {"method": "access.user.reassign", "params": {"from": who, "to": heir}}]})
    for client in (s, keyed):
        refused("forbidden", lambda: client.call("session.whoami"))
    refused("forbidden", lambda: house.client("leaver"))
    for stream in streams:
        stream.join(3)
        if not stream.ended or stream.ended - began > 1.2:
            raise AssertionError(f"a stream went on for {(stream.ended or time.monotonic()) - began:.1f} s")
    expect((k.get("base.party", mine)["owner"], k.get("crm.lead", lead)["owner"]), (heir, heir))
    seq = k.call("journal.head")["seq"]
    k.call("journal.revert", {"seq": k.call("base.party.history", {"id": mine})["entries"][0]["seq"]})
    expect((k.get("base.party", mine)["owner"], k.get("access.user", who)["active"]), (who, True))
    expect(k.call("journal.head")["seq"] > seq, True)


STORIES = [the_base_is_not_read_whole_by_any_way, several_keys_are_one_user, the_head_is_told_before_it_is_too_late,
           a_canary_that_is_exported_or_revealed_is_an_alarm, who_pages_through_everything_meets_the_canaries,
           nothing_tells_a_canary_by_reading, a_file_that_leaked_tells_whose_it_was, a_row_that_was_copied_out_tells_too,
           a_role_in_place_of_another_is_told_mask_by_mask, who_leaves_is_cut_off_within_a_second_and_hands_over]

if __name__ == "__main__":
    run(STORIES, modules="base,crm,bitrix24")
