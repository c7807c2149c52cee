#!/usr/bin/env python3
"""Stories of the indicators, over HTTP: each figure is what its own queries say, under the caller's rights."""
import time
import zipfile
from decimal import Decimal as D

from stories import expect, make, refused, run

PASSWORD = "Correct-Horse-9-Battery"


def user(k, name, *roles):
    all_roles = {r["name"]: r["id"] for r in k.list("access.role", limit=100)["rows"]}
    made = make(k, "access.user", name=name, roles=[all_roles[r] for r in roles])
    k.call("access.password", {"user": name, "new": PASSWORD, "old": PASSWORD})
    return made


def figures(k, **params):
    return {row["name"]: row for row in k.call("insight.indicators", params)["rows"]}


def deals(k):
    pln = make(k, "base.currency", code="PLN")
    pipeline = make(k, "crm.pipeline", name="Sales", initial=True, stages=[{"name": "New"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}])
    stage = {s["name"]: s["id"] for s in k.get("crm.pipeline", pipeline)["stages"]}
    seller = user(k, "ola", "crm.sales", "base.user")
    for n in range(10):
        deal = make(k, "crm.deal", title=f"Deal {n}", amount=str(100 * (n + 1)), currency=pln, pipeline=pipeline, owner=seller if n % 2 else None)
        if n < 8:
            k.call("crm.deal.move", {"id": deal, "stage": stage["Won" if n < 3 else "Lost"], **({} if n < 3 else {"lost_reason": "price"})})


def each_figure_is_what_its_queries_say(k):
    deals(k)
    found = figures(k)
    expect((found["conversion"]["value"], found["conversion"]["over"], found["conversion"]["under"]), ("37.50", "3.0000", "8.0000"))
    expect(found["average_deal"]["value"], "200.00")
    for row in found.values():
        if row["over"] is not None and row["name"] in ("conversion",):
            expect((k.count(row["entity"], row["filter"]), k.count(row["of_entity"], row["of_filter"])), (int(D(row["over"])), int(D(row["under"]))))
    expect((found["conversion"]["before"], found["conversion"]["change"]), (None, None))
    expect(figures(k, **{"from": "2020-01-01", "until": "2020-12-31"})["conversion"]["value"], None)
    refused("validation", lambda: figures(k, **{"from": "2026-02-01", "until": "2026-01-01"}), "until")


def everybody_sees_their_own(k, house):
    ola = house.client("ola", PASSWORD)
    found = figures(ola)
    expect((found["conversion"]["over"], found["conversion"]["under"]), ("1.0000", "4.0000"))
    expect("margin" in found, False)  # what orders cost is not theirs to see
    mine = figures(k, owner=k.list("access.user", [["name", "=", "ola"]])["rows"][0]["id"])
    expect((mine["conversion"]["over"], mine["conversion"]["under"]), ("1.0000", "4.0000"))


def what_an_absent_module_knows_is_left_out(k):
    expect({"absence", "stock_value", "invoiced", "made_on_time"} & set(figures(k)), set())
    k.call("module.enable", {"name": "hr"})
    expect("absence" in figures(k), True)


def what_stands_today_is_not_shown_for_a_past_period(k):
    expect("supply_at_risk" in figures(k), True)
    expect("supply_at_risk" in figures(k, **{"from": "2020-01-01", "until": "2020-12-31"}), False)


def amounts_of_other_currencies_are_converted(k):
    pln, eur = k.list("base.currency", [["code", "=", "PLN"]])["rows"][0]["id"], make(k, "base.currency", code="EUR")
    company = make(k, "base.company", name="Stories", currency=pln, zone="Europe/Warsaw")
    k.call("session.company", {"company": company})
    won = next(s["id"] for s in k.list("crm.pipeline")["rows"][0]["stages"] if s["semantic"] == "won")
    before = D(figures(k)["won_amount"]["value"])
    k.call("crm.deal.move", {"id": make(k, "crm.deal", title="Abroad", amount="1000", currency=eur), "stage": won})
    expect(figures(k)["won_amount"]["value"], None)  # nobody knows what it is in the company's currency
    make(k, "base.currency_rate", base=eur, currency=pln, rate="4.25", day="2020-01-01")
    expect(D(figures(k)["won_amount"]["value"]) - before, D("4250.00"))


def year(k, **values):
    today = k.call("insight.indicators", {})["until"]
    return {"from": f"{today[:4]}-01-01", "until": f"{today[:4]}-12-31", **values}


def board(k, **params):
    return k.call("insight.board", params)


def goals_are_reached_by_records_alone(k, house):
    ola = k.list("access.user", [["name", "=", "ola"]])["rows"][0]["id"]
    jan = user(k, "jan", "crm.sales", "insight.employee", "base.user")
    trade = make(k, "access.department", name="Trade")
    home = make(k, "access.department", name="Home", parent=trade)
    k.update("access.user", ola, {"department": home, "roles": k.get("access.user", ola)["roles"] + [r["id"] for r in k.list("access.role", [["name", "=", "insight.employee"]])["rows"]]})
    k.update("access.user", jan, {"department": trade})
    refused("validation", lambda: make(k, "insight.goal", **year(k, indicator="won_deals", target="4")), "owner")
    refused("validation", lambda: make(k, "insight.goal", **year(k, indicator="stock_value", owner=ola, target="4")), "indicator")
    refused("validation", lambda: make(k, "insight.goal", **year(k, indicator="won_deals", owner=ola, target="4", actual="4")), "actual")
    mine = make(k, "insight.goal", **year(k, indicator="won_deals", owner=ola, target="4", weight="75"))
    make(k, "insight.goal", **year(k, indicator="conversion", owner=ola, target="50", weight="25"))
    make(k, "insight.goal", **year(k, indicator="won_deals", owner=jan, target="2"))
    make(k, "insight.goal", **year(k, indicator="won_deals", scope="department", department=trade, target="4"))
    make(k, "insight.goal", **year(k, indicator="cycle_time", scope="company", target="10"))
    rows = {(r["indicator"], r["scope"], r["name"]): r for r in board(k)["goals"]}
    first = rows["won_deals", "employee", "ola"]
    expect((first["actual"], first["reached"], first["entity"]), ("1.00", "25.00", "crm.deal"))
    expect(k.count(first["entity"], first["filter"]), 1)
    expect((rows["conversion", "employee", "ola"]["actual"], rows["conversion", "employee", "ola"]["reached"]), ("25.00", "50.00"))
    expect((rows["won_deals", "employee", "jan"]["actual"], rows["won_deals", "employee", "jan"]["reached"]), ("0.00", "0.00"))
    expect((rows["won_deals", "department", "Trade"]["actual"], rows["won_deals", "department", "Trade"]["reached"]), ("1.00", "25.00"))
    expect(rows["cycle_time", "company", None]["reached"], "200.00")  # won on the day they came: less is better
    ratings = [(r["name"], r["score"], r["rank"]) for r in board(k)["ratings"] if r["scope"] == "employee"]
    expect(ratings, [("ola", "31.25", 1), ("jan", "0.00", 2)])
    expect([r["name"] for r in board(k, department=home)["goals"]], ["ola", "ola"])
    expect([(r["goal"], r["title"]) for r in board(k, goal=mine)["goals"]], [(mine, "Deals won")])
    expect([r["name"] for r in board(house.client("ola", PASSWORD))["goals"]], ["ola", "ola"])
    expect(board(k, **{"from": "2020-01-01", "until": "2020-12-31"})["goals"], [])


def departments_and_pipelines_are_rated_too(k):
    one = k.list("crm.pipeline", [["name", "=", "Sales"]])["rows"][0]
    other = make(k, "crm.pipeline", name="Service", stages=[{"name": "New"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}])
    for pipeline, target in ((one["id"], "8"), (other, "2")):
        make(k, "insight.goal", **year(k, indicator="won_deals", scope="pipeline", pipeline=pipeline, target=target))
    won = next(s["id"] for s in k.get("crm.pipeline", other)["stages"] if s["semantic"] == "won")
    k.call("crm.deal.move", {"id": make(k, "crm.deal", title="Repair", amount="10", pipeline=other), "stage": won})
    home = k.list("access.department", [["name", "=", "Home"]])["rows"][0]["id"]
    make(k, "insight.goal", **year(k, indicator="won_deals", scope="department", department=home, target="1"))
    refused("validation", lambda: make(k, "insight.goal", **year(k, indicator="won_deals", scope="pipeline", target="1")), "pipeline")
    told = {scope: sorted((r["name"], r["score"], r["rank"]) for r in board(k)["ratings"] if r["scope"] == scope) for scope in ("pipeline", "department")}
    expect(told, {"pipeline": [("Sales", "50.00", 1), ("Service", "50.00", 1)], "department": [("Home", "100.00", 1), ("Trade", "25.00", 2)]})


def finished(k, count=None):
    """Waits until all works, so many of them, are done."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        jobs = k.list("job.job", [["kind", "=", "work"]], fields=["state", "message", "owner"])["rows"]
        if len(jobs) == (count or len(jobs)) and all(j["state"] not in ("queued", "running") for j in jobs):
            return jobs
        time.sleep(0.05)
    raise AssertionError(f"the works are not done: {jobs}")


def sheet(house, k, file):
    digest = k.get("base.attachment", file)["sha256"]
    path = next(p for p in (house.data / "files").rglob(f"*{digest}*") if p.is_file())
    with zipfile.ZipFile(path) as book:
        return b"".join(book.read(n) for n in book.namelist() if n.endswith(("sheet1.xml", "sharedStrings.xml"))).decode()


def a_report_is_sent_to_each_as_they_may_see_it(k, house):
    ola = k.list("access.user", [["name", "=", "ola"]])["rows"][0]["id"]
    k.update("access.user", ola, {"email": "ola@stories.example"})
    k.create("crm.report", {"name": "Won", "by": "owner", "period": "year", "figures": [{"name": "won", "label": "Deals won", "entity": "crm.deal", "day": "closed_at", "filter": [["semantic", "=", "won"]], "measure": "count"}]})
    refused("validation", lambda: make(k, "insight.subscription", name="Won", receivers=[ola], params=[1]), "params")
    made = make(k, "insight.subscription", name="Won deals", receivers=[1, ola], params={"name": "Won"}, every="month")
    k.call("insight.subscription.send", {"id": made})
    jobs = finished(k, 2)
    expect([(j["state"], j["message"]) for j in jobs if j["owner"] == 1], [("failed", "admin has no e-mail address")])
    mail, = k.list("outbox.effect", [["kind", "=", "mail"]])["rows"]
    expect((mail["params"]["to"], mail["params"]["subject"], len(mail["params"]["files"])), ("ola@stories.example", "Won deals", 2))
    book = sheet(house, k, mail["params"]["files"][0])
    expect(("ola" in book, "admin" in book, "semantic" in book), (True, False, True))  # her own row, and the records behind it
    expect([k.get("base.attachment", f)["type"] for f in mail["params"]["files"]][1], "application/pdf")


def a_subscription_has_its_days_and_never_writes(k, house):
    ola = k.list("access.user", [["name", "=", "ola"]])["rows"][0]["id"]
    made = make(k, "insight.subscription", name="Month", receivers=[ola], params={"name": "Won"}, every="month", starts_on="2020-01-31", **{"as": "xlsx"})
    today = k.call("insight.indicators", {})["until"]
    expect(k.get("insight.subscription", made)["next"] >= today, True)
    make(k, "insight.subscription", name="Bad", receivers=[ola], method="crm.report.none", every="day")
    writes = make(k, "insight.subscription", name="Writes", receivers=[ola], method="module.enable", every="day")
    before = k.count("insight.subscription", [["next", "<=", "today"], ["active", "=", True]])
    expect(k.call("insight.send_due", {})["mails"] >= before, True)
    expect(k.count("insight.subscription", [["next", "<=", "today"], ["active", "=", True]]), 0)
    finished(k)
    expect(k.list("job.job", [["title", "=", "Writes"]])["rows"][0]["state"], "failed")
    expect(k.get("insight.subscription", writes)["next"] > today, True)


STORIES = [
    each_figure_is_what_its_queries_say, everybody_sees_their_own, what_an_absent_module_knows_is_left_out,
    what_stands_today_is_not_shown_for_a_past_period, amounts_of_other_currencies_are_converted, goals_are_reached_by_records_alone,
    departments_and_pipelines_are_rated_too,
    a_report_is_sent_to_each_as_they_may_see_it, a_subscription_has_its_days_and_never_writes,
]
if __name__ == "__main__":
    run(STORIES, modules="base,crm,insight")
