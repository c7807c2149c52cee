#!/usr/bin/env python3
"""People over the bus, one client, no raw side: a step of a call script, a month's attendance of many employees added up, the
board of goals of a company. Server times are what the server itself counted (/metrics).

  bench/people.py [--build build/check] [--employees 10000] [--goals 500] [--calls 200]"""
import argparse
import datetime
import os
import pathlib
import re
import statistics
import sys
import time
import urllib.request

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--build", default="build/check")
parser.add_argument("--employees", type=int, default=10000)
parser.add_argument("--goals", type=int, default=500)
parser.add_argument("--calls", type=int, default=200)
args = parser.parse_args()
os.environ["KONTOR_BUILD"] = str(pathlib.Path(args.build).resolve())
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
from house import House  # noqa: E402

SCRIPT = """step greet "Greeting"
  say Good morning, {name}.
  answer yes "Go on" -> need
  answer no "No" -> lost
step need "Need"
  say How much do you buy in a year?
  ask amount money "Amount" save amount
  -> size
branch size
  when [["amount", ">", "10000"]] -> big
  else -> small
step big "Big"
  say A meeting?
  answer ok "Agreed" -> won
step small "Small"
  say An offer by mail?
  answer ok "Agreed" -> won
end won "Won" won
end lost "Lost" lost
"""


class Clock:
    """Of a call: as the client sees it, and what the server counted for it."""

    def __init__(self, house):
        self.house = house

    def counted(self, method):
        text = urllib.request.urlopen(self.house.url + "/metrics").read().decode()
        rows = re.findall(r'^(\S*seconds_sum|\S*seconds_count)\{[^}]*method="' + re.escape(method) + r'"[^}]*\} (\S+)$', text, re.M)
        return {name.rsplit("_", 1)[1]: float(value) for name, value in rows}

    def tell(self, what, method, calls, bar):
        before, seen = self.counted(method), []
        for call in calls:
            began = time.perf_counter()
            call()
            seen.append((time.perf_counter() - began) * 1000)
        after = self.counted(method)
        done = after.get("count", 0) - before.get("count", 0)
        server = f"{(after['sum'] - before.get('sum', 0)) / done * 1000:8.2f} ms at the server, mean" if done else ""
        print(f"{what:64} {statistics.median(seen):8.2f} ms, most {max(seen):8.2f} ms {server}  {bar}", flush=True)


def steps(k, clock):
    script = k.create("script.script", {"code": "bench", "name": "Bench", "source": SCRIPT})["id"]
    k.call("script.script.publish", {"id": script})
    leads = [k.create("crm.lead", {"title": f"Lead {n}", "name": f"Client {n}"})["id"] for n in range(args.calls)]
    calls = [k.call("script.session.start", {"script": script, "subject": {"entity": "crm.lead", "id": lead}})["session"] for lead in leads]
    answer = lambda step, **more: [lambda c=c: k.call("script.session.answer", {"id": c, "step": step, **more}) for c in calls]  # noqa: E731
    clock.tell("a step of a script: an answer", "script.session.answer", answer("greet", answer="yes"), "<= 1 ms at the server")
    clock.tell("a step of a script: a question saved, a branch", "script.session.answer", answer("need", inputs={"amount": "24000"}), "")


def days(k):
    first = datetime.date(2026, 10, 1)
    return [first + datetime.timedelta(days=n) for n in range(31) if (first + datetime.timedelta(days=n)).weekday() < 5]


def attendance(k, clock):
    k.import_rows("hr.employee", [{"external_id": f"e{n}", "name": f"Employee {n}", "hired": "2020-01-01"} for n in range(args.employees)], chunk=1000)
    rows = ({"external_id": f"a{n}-{d}", "employee": {"external_id": f"e{n}"}, "day": str(d), "check_in": f"{d}T08:00:00Z", "check_out": f"{d}T16:0{n % 10}:00Z"}
            for n in range(args.employees) for d in days(k))
    k.import_rows("hr.attendance", list(rows), chunk=1000)
    month = [["day", ">=", "2026-10-01"], ["day", "<=", "2026-10-31"]]
    sums = {"days": "count", "worked": "sum:worked", "late": "sum:late", "overtime": "sum:overtime"}
    clock.tell(f"a month's attendance of {args.employees} employees, added up", "hr.attendance.aggregate",
               [lambda: k.call("hr.attendance.aggregate", {"measures": sums, "filter": month})] * 5, "<= 200 ms")
    clock.tell("the same by state", "hr.attendance.aggregate",
               [lambda: k.call("hr.attendance.aggregate", {"group": ["state"], "measures": sums, "filter": month})] * 5, "")
    clock.tell("the same by employee (the first 1000 of the answer)", "hr.attendance.aggregate",
               [lambda: k.call("hr.attendance.aggregate", {"group": ["employee"], "measures": sums, "filter": month})] * 3, "")


def board(k, clock):
    pipeline = k.create("crm.pipeline", {"name": "Sales", "initial": True, "stages": [{"name": "New"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}]})["id"]
    stage = {s["name"]: s["id"] for s in k.get("crm.pipeline", pipeline)["stages"]}
    k.import_rows("access.user", [{"external_id": f"u{n}", "name": f"u{n}"} for n in range(args.goals)], chunk=500)
    k.import_rows("crm.deal", [{"external_id": f"d{n}", "title": f"Deal {n}", "amount": "1200", "owner": {"external_id": f"u{n % args.goals}"},
                                "stage": stage["Won" if n % 3 else "Lost"], **({} if n % 3 else {"lost_reason": "price"})} for n in range(20 * args.goals)], chunk=1000)
    goals = [{"external_id": f"g{kind}{n}", "indicator": kind, "owner": {"external_id": f"u{n}"}, "from": "2026-01-01", "until": "2030-12-31", "target": target}
             for n in range(args.goals) for kind, target in (("won_amount", "20000"), ("conversion", "50"))]
    k.import_rows("insight.goal", goals, chunk=500)
    asked = {"from": "2026-01-01", "until": "2030-12-31"}
    clock.tell(f"the board: {args.goals} employees, {2 * args.goals} goals, {20 * args.goals} deals", "insight.board",
               [lambda: k.call("insight.board", asked)] * 5, "<= 100 ms")


with House(modules="base,crm,hr,script,insight") as house:
    kontor, clock = house.client(), Clock(house)
    kontor.create("base.company", {"name": "Bench", "zone": "Europe/Warsaw"})
    steps(kontor, clock)
    board(kontor, clock)
    attendance(kontor, clock)
