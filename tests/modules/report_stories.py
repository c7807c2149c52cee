#!/usr/bin/env python3
"""Stories of the reports of crm, over HTTP: every figure against the records that its own filter lists, for three callers."""
import random
import time
from decimal import Decimal

from stories import KontorError, expect, make, refused, run
from dice import SEED

STAGES = [{"name": "Talk", "probability": "10"}, {"name": "Offer", "probability": "50"}, {"name": "Deal", "probability": "80"},
          {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}]
PASSWORD = "Correct-Horse-9-Battery"
REPORTS = {"results": ["owner", "month", "department", "owner.department,owner"], "rating": [None], "lost": [None, "owner"],
           "sources": [None, "utm_medium"], "campaigns": [None], "forecast": [None, "owner"], "customers": [None], "idle": [None]}
seen = {}


def world(k):
    """Two departments, one below the other; a head over both, two salesmen; random deals, leads and activities."""
    if seen:
        return seen
    dice = random.Random(SEED)
    print("seed", SEED)
    top = make(k, "access.department", name="Sales")
    low = make(k, "access.department", name="Export", parent=top)
    roles = {r["name"]: r["id"] for r in k.list("access.role", fields=["id", "name"], limit=100)["rows"]}
    users = {}
    for name, department, role in (("head", top, "crm.sales_head"), ("ann", top, "crm.sales"), ("bob", low, "crm.sales")):
        users[name] = make(k, "access.user", name=name, department=department, roles=[roles[role]])
        k.call("access.password", {"user": users[name], "new": PASSWORD})
    k.update("access.department", top, {"head": users["head"]})
    pipeline = make(k, "crm.pipeline", name="Main", stages=STAGES, initial=True)
    parties = [make(k, "base.party", name=f"Party {i}", is_customer=True) for i in range(8)]
    make(k, "crm.campaign", name="spring", cost="250.00", starts_on="2020-01-01")
    make(k, "crm.campaign", name="unseen", cost="10.00")
    owners = list(users.values()) + [None]
    for i in range(90):
        origin = {"source": dice.choice(["web", "fair", None]), "campaign": dice.choice(["spring", "autumn", None]),
                  "utm_medium": dice.choice(["cpc", None])}
        owner = dice.choice(owners)
        deal = make(k, "crm.deal", title=f"Deal {i}", party=dice.choice(parties), owner=owner, amount=f"{dice.randrange(0, 900000) / 100:.2f}",
                    expected_close=f"2026-{dice.randrange(1, 13):02}-{dice.randrange(1, 28):02}", **origin)
        for stage in STAGES[1:dice.randrange(1, 4)]:
            k.call("crm.deal.move", {"id": deal, "stage_name": stage["name"]})
        end = dice.random()
        if end < .35:
            k.call("crm.deal.win", {"id": deal})
        elif end < .55:
            k.call("crm.deal.lose", {"id": deal, "lost_reason": dice.choice(["price", "time"])})
            if dice.random() < .3:
                k.call("crm.deal.reopen", {"id": deal})
        if dice.random() < .5:
            make(k, "crm.activity", subject="A", kind=dice.choice(["call", "meeting"]), deal=deal, owner=owner, duration_s=dice.randrange(900),
                 planned_at=dice.choice(["2020-01-01T10:00:00Z", "2099-01-01T10:00:00Z"]))
        if dice.random() < .4:
            lead = make(k, "crm.lead", title=f"Lead {i}", name=f"Person {i}", owner=owner, **origin)
            if dice.random() < .5:
                k.call("crm.lead.convert", {"id": lead, "create_party": True})
    for row in k.list("crm.activity", limit=500)["rows"][::3]:
        k.call("crm.activity.finish", {"id": row["id"]})
    seen.update(pipeline=pipeline, users=users, top=top, low=low)
    return seen


def callers(k, house):
    world(k)
    return {"admin": k, **{name: house.client(name, PASSWORD) for name in ("head", "ann", "bob")}}


def everything(k, entity, conditions, fields):
    rows, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        answer = k.list(entity, filter=conditions, fields=["id"] + fields, limit=500, **more)
        rows += answer["rows"]
        cursor = answer.get("next")
        if not cursor:
            return rows


def measured(rows, measure, inside):
    """What a measure says of listed records; inside: does a line of a deal's history belong to the row?"""
    kind, _, path = measure.partition(":")
    if not path:
        return len(rows)
    if path.startswith("history."):
        values = [h[path[8:]] for r in rows for h in r["history"] if inside(h)]
    else:
        values = [r[path] for r in rows]
    values = sorted(Decimal(str(v)) for v in values if v is not None)
    if kind == "sum":
        return sum(values, Decimal(0))
    if kind == "count_distinct":
        return len(set(values))
    if not values:
        return None
    middle = (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
    return middle if kind == "median" else sum(values) / len(values)


def opened(k, what, report, inside=lambda row, line: True):
    """Every figure of every row is what its filter lists to this very caller."""
    columns = {c["name"]: c for c in report["columns"]}
    total = [{"figures": report["total"], "key": None, "label": "total"}] if report["total"] else []
    count = 0
    for row in report["rows"] + total:
        for name, figure in row["figures"].items():
            column = columns[name]
            if not column["entity"]:
                continue
            measure = column["measure"]
            path = measure.partition(":")[2]
            rows = everything(k, column["entity"], figure["filter"], [path.split(".")[0]] if path else [])
            wanted = measured(rows, measure, lambda line, row=row: inside(row, line))
            got = None if figure["value"] is None else Decimal(str(figure["value"]))
            if wanted is None or got is None:
                expect((what, row["label"], name, got), (what, row["label"], name, wanted))
            elif abs(got - Decimal(wanted)) > Decimal("0.0051" if measure.startswith(("avg", "median")) else 0):
                raise AssertionError(f"{what} {row['label']} {name}: {got}, its records say {wanted}")
            count += 1
    return count


def every_figure_opens_to_its_records(k, house):
    for name, client in callers(k, house).items():
        figures = 0
        for report, groups in REPORTS.items():
            for by in groups:
                try:
                    answer = client.call(f"crm.report.{report}", {"period": "2026", **({"by": by} if by else {})})
                except KontorError as error:  # whoever may not see departments cannot group by them
                    if name in ("ann", "bob") and error.kind in ("validation", "forbidden") and (report == "rating" or "department" in (by or "")):
                        continue
                    raise
                figures += opened(client, f"{name} {report} {by}", answer)
        print(f"        {name}: {figures} figures")
        expect(figures > 100, True)


def the_funnel_opens_to_its_records(k, house):
    for name, client in callers(k, house).items():
        for basis in ("moved", "created"):
            for by in (None, "owner", "source"):
                answer = client.call("crm.report.funnel", {"period": "2026", "basis": basis, **({"by": by} if by else {})})
                opened(client, f"{name} funnel {by}", answer, lambda row, line: line["stage"] == row["key"][-1])
        empty = client.call("crm.report.funnel", {"period": "2019", "compare": True, "pipeline": world(k)["pipeline"], "filter": [["amount", ">", "0"]]})
        expect([r["figures"]["deals"]["value"] for r in empty["rows"]], [0] * len(STAGES))
        opened(client, "an empty funnel", empty)
    rows = k.call("crm.report.funnel", {"period": "2026"})["rows"]
    expect([r["label"] for r in rows], [s["name"] for s in STAGES])
    deals = [r["figures"]["deals"]["value"] for r in rows]
    for i, row in enumerate(rows[:4]):
        shares = [row["figures"][f]["value"] for f in ("from_before", "from_first")]
        expect(shares[1], f"{Decimal(deals[i]) * 100 / deals[0]:.2f}" if deals[0] else None)
        expect(shares[0] is None, i == 0)
    expect(rows[4]["figures"]["from_before"]["value"], None)


def a_salesman_sees_his_own_and_a_head_the_subtree(k, house):
    clients, w = callers(k, house), world(k)
    for name in ("ann", "bob"):
        keys = [r["key"] for r in clients[name].call("crm.report.results", {"period": "2026"})["rows"]]
        expect(keys, [[w["users"][name]]])
    keys = {r["key"][0] for r in clients["head"].call("crm.report.results", {"period": "2026"})["rows"]}
    expect(keys, set(w["users"].values()))
    rows = {r["label"]: r["figures"]["won_amount"]["value"] for r in clients["head"].call("crm.report.results", {"period": "2026", "by": "department"})["rows"]}
    owners = {r["key"][0]: Decimal(r["figures"]["won_amount"]["value"]) for r in k.call("crm.report.results", {"period": "2026"})["rows"]}
    expect(Decimal(rows["Export"]), owners.get(w["users"]["bob"], Decimal(0)))
    expect(Decimal(rows["Sales"]), sum(owners.get(u, Decimal(0)) for u in w["users"].values()))


def ranks_are_within_the_department(k):
    world(k)
    rows = k.call("crm.report.rating", {"period": "2026", "rank": "won"})["rows"]
    for row in rows:
        same = [r["figures"]["won"]["value"] for r in rows if r["group"] == row["group"]]
        expect(row["rank"], 1 + sum(v > row["figures"]["won"]["value"] for v in same))


def empty_periods_are_shown_and_compared(k):
    world(k)
    answer = k.call("crm.report.results", {"period": "2025", "by": "month", "compare": True})
    expect([r["label"] for r in answer["rows"]], [f"2025-{m:02}" for m in range(1, 13)])
    expect((answer["before_from"], answer["before_to"]), ("2024-01-01", "2024-12-31"))
    for row in answer["rows"]:
        expect((row["figures"]["won"]["value"], row["figures"]["won"]["before"], row["figures"]["mean_deal"]["value"]), (0, 0, None))
    for period, wanted in (("2026-Q1", ("2025-10-01", "2025-12-31")), ("2026-01", ("2025-12-01", "2025-12-31")), ("2024-H1", ("2023-07-01", "2023-12-31"))):
        answer = k.call("crm.report.results", {"period": period, "compare": True})
        expect((answer["before_from"], answer["before_to"]), wanted)
    answer = k.call("crm.report.results", {"from": "2026-03-01", "to": "2026-03-10", "compare": True})
    expect((answer["before_from"], answer["before_to"]), ("2026-02-19", "2026-02-28"))


def wrong_parameters_are_named(k):
    world(k)
    for values, path in (({"period": "2026-Q5"}, "period"), ({"period": "2026", "from": "2026-01-01", "to": "2026-02-01"}, "period"),
                         ({"from": "2026-02-01", "to": "2026-01-01"}, "to"), ({"by": "a\"b"}, "by"), ({"by": "owner,source,party"}, "by"),
                         ({"limit": 0}, "limit"), ({"rank": "nothing"}, "rank"), ({"as_of": "yesterday"}, "as_of"), ({"by": "ownr"}, "group[0]")):
        refused("validation", lambda v=values: k.call("crm.report.results", v), path)
    refused("validation", lambda: k.call("crm.report.funnel", {"basis": "other"}), "basis")


def the_past_is_told_as_it_was_known(k):
    world(k)
    time.sleep(.01)
    moment = k.get("crm.deal", make(k, "crm.deal", title="Clock"))["created_at"]
    before = k.call("crm.report.results", {"period": "2026"})
    time.sleep(.02)
    deal = make(k, "crm.deal", title="Later", amount="1000000.00")
    k.call("crm.deal.win", {"id": deal})
    expect(k.call("crm.report.results", {"period": "2026"}) == before, False)
    expect(k.call("crm.report.results", {"period": "2026", "as_of": moment}), before)
    expect(k.call("crm.report.funnel", {"period": "2026", "as_of": "2026-01-01"})["rows"][0]["figures"]["deals"]["value"]
           if k.call("crm.pipeline.list", {"as_of": "2026-01-01"})["rows"] else 0, 0)


def returning_customers_bought_before(k):
    w = world(k)
    rows = k.call("crm.report.customers", {"period": "2026"})["rows"]
    expect([r["label"] for r in rows], ["New", "Returning"])
    expect(rows[1]["figures"]["won"]["value"], 0)
    del w


def a_campaign_shows_cost_and_return(k):
    world(k)
    rows = {r["label"]: r["figures"] for r in k.call("crm.report.campaigns", {"period": "2026"})["rows"]}
    expect((rows["spring"]["cost"]["value"], rows["unseen"]["cost"]["value"], rows["unseen"]["leads"]["value"]), ("250.00", "10.00", 0))
    expect(rows["spring"]["roi"]["value"], f"{(Decimal(rows['spring']['won_amount']['value']) - 250) * 100 / 250:.2f}")
    expect(rows["unseen"]["roi"]["value"], "-100.00")


def utm_fields_go_from_lead_to_deal(k):
    world(k)
    fields = ["source", "campaign", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"]
    values = {f: f"x-{f}" for f in fields}
    lead = make(k, "crm.lead", title="Clicked", name="Clicker", **values)
    k.call("crm.lead.convert", {"id": lead, "create_party": True})
    deal = k.get("crm.deal", k.get("crm.lead", lead)["deal"])
    expect({f: deal[f] for f in fields}, values)


def plans_do_not_contradict_each_other(k):
    w = world(k)
    plan = make(k, "crm.plan", starts_on="2026-11-17", target="5000")
    row = k.get("crm.plan", plan)
    expect((row["starts_on"], row["ends_on"], row["period"]), ("2026-11-01", "2026-11-30", "month"))
    refused("conflict", lambda: make(k, "crm.plan", starts_on="2026-11-30", target="1"), "starts_on")
    make(k, "crm.plan", starts_on="2026-11-30", period="half_year", target="60000")
    make(k, "crm.plan", starts_on="2026-11-30", measure="count", target="10")
    refused("validation", lambda: make(k, "crm.plan", starts_on="2026-11-30", measure="count", scope="department", target="1.5"), "department", "target")
    refused("validation", lambda: make(k, "crm.plan", starts_on="2026-01-01", scope="pipeline", pipeline=w["pipeline"], of_team=True), "of_team")
    refused("validation", lambda: make(k, "crm.plan", starts_on="2026-01-01", target="0"), "target")


def a_plan_is_measured_by_committed_deals(k, house):
    w, clients = world(k), callers(k, house)
    month = k.call("crm.report.results", {"period": "month"})["from"]
    for name, target in (("ann", "1000"), ("bob", "2000"), ("head", None)):
        make(k, "crm.plan", starts_on=month, scope="employee", owner=w["users"][name], **({"target": target} if target else {"of_team": True}))
    make(k, "crm.plan", starts_on=month, scope="department", department=w["top"], owner=w["users"]["head"], of_team=True)
    make(k, "crm.plan", starts_on=month, scope="pipeline", pipeline=w["pipeline"], target="7")
    answer = k.call("crm.report.plan", {"period": "month"})
    by_label = {}
    for row in answer["rows"]:
        plan = k.get("crm.plan", row["key"][0])
        by_label[plan["scope"], plan["owner"], plan["measure"], plan["period"]] = row["figures"]
        deals = everything(k, "crm.deal", row["figures"]["actual"]["filter"], ["amount"])
        actual = len(deals) if plan["measure"] == "count" else sum(Decimal(d["amount"] or 0) for d in deals)
        expect(Decimal(str(row["figures"]["actual"]["value"])), actual)
        target = sum(Decimal(p["target"]) for p in everything(k, "crm.plan", row["figures"]["plan"]["filter"], ["target"]))
        expect(Decimal(row["figures"]["plan"]["value"]), target)
        expect(row["figures"]["percent"]["value"], f"{round(actual * 100 / target, 4):.2f}" if (actual * 100 / target * 1000) % 10 != 5 else row["figures"]["percent"]["value"])
    expect(Decimal(by_label["employee", w["users"]["head"], "amount", "month"]["plan"]["value"]), 3000)
    expect(Decimal(by_label["department", w["users"]["head"], "amount", "month"]["plan"]["value"]), 3000)
    deal = {"method": "crm.deal.create", "params": {"values": {"title": "Dry", "amount": "5"}}}
    k.call(deal["method"], deal["params"], dry_run=True)
    expect(k.call("crm.report.plan", {"period": "month"})["rows"], answer["rows"])
    expect([r["key"] for r in clients["ann"].call("crm.report.plan", {"period": "month"})["rows"]],
           [[p["id"]] for p in clients["ann"].list("crm.plan", filter=[["owner", "=", "me"]])["rows"]])


def plans_of_each_length_are_measured_by_their_days(k):
    """Deals won in four quarters of a year: month, quarter, half-year and year each count their own, in amount and number."""
    w = world(k)
    pipeline = make(k, "crm.pipeline", name="Lengths", stages=[{"name": "Talk"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}])
    stages = {s["name"]: s["id"] for s in k.get("crm.pipeline", pipeline)["stages"]}
    for month, amount in ((1, 100), (3, 200), (5, 400), (8, 800), (12, 1600)):
        at = f"2019-{month:02}-15T10:00:00Z"
        k.call("import.run", {"entity": "crm.deal", "mode": "create", "keep_authors": True, "rows": [
            {"external_id": f"then{month}", "title": "Won then", "pipeline": pipeline, "amount": str(amount), "history": [{"pipeline": pipeline, "stage": stages["Won"], "at": at}]}]})
    wanted = {("month", "2019-03-01"): (200, 1), ("quarter", "2019-01-01"): (300, 2), ("quarter", "2019-04-01"): (400, 1),
              ("half_year", "2019-01-01"): (700, 3), ("half_year", "2019-07-01"): (2400, 2), ("year", "2019-01-01"): (3100, 5)}
    for period, start in wanted:
        for measure in ("amount", "count"):
            make(k, "crm.plan", period=period, starts_on=start, scope="pipeline", pipeline=pipeline, measure=measure, target="10")
    found = {}
    for row in k.call("crm.report.plan", {"period": "2019"})["rows"]:
        plan = k.get("crm.plan", row["key"][0])
        if plan["pipeline"] == pipeline:
            found.setdefault((plan["period"], plan["starts_on"]), {})[plan["measure"]] = Decimal(str(row["figures"]["actual"]["value"]))
    expect(found, {key: {"amount": Decimal(amount), "count": Decimal(count)} for key, (amount, count) in wanted.items()})


def amounts_of_other_currencies_are_no_part(k):
    world(k)
    pln, eur = (make(k, "base.currency", code=c, name=c) if not k.list("base.currency", filter=[["code", "=", c]])["rows"]
                else k.list("base.currency", filter=[["code", "=", c]])["rows"][0]["id"] for c in ("PLN", "EUR"))
    if not k.list("base.company")["rows"]:
        make(k, "base.company", name="Ours", currency=pln)
    company = k.list("base.company")["rows"][0]
    k.update("base.company", company["id"], {"currency": pln})
    was = k.call("crm.report.results", {"period": "2026"})["total"]
    deal = make(k, "crm.deal", title="Abroad", amount="777.00", currency=eur)
    k.call("crm.deal.win", {"id": deal})
    now = k.call("crm.report.results", {"period": "2026"})
    expect((now["total"]["won_amount"]["value"], now["total"]["won"]["value"]), (was["won_amount"]["value"], was["won"]["value"] + 1))
    opened(k, "currencies", now)
    opened(k, "funnel of currencies", k.call("crm.report.funnel", {"period": "2026"}), lambda row, line: line["stage"] == row["key"][-1])
    expect(k.call("crm.report.results", {"period": "2026", "currency": eur})["total"]["won_amount"]["value"], "777.00")


def people_define_reports(k, house):
    world(k)
    figures = [{"name": "big", "label": "Big deals", "label_pl": "Duże szanse", "entity": "crm.deal", "day": "created_at",
                "filter": [["amount", ">=", "5000"]], "measure": "count"},
               {"name": "every", "entity": "crm.deal", "day": "created_at", "measure": "count"},
               {"name": "share", "part": "big", "whole": "every"}]
    saved = make(k, "crm.report", name="Big deals", by="source", period="year", figures=figures, sort="big")
    for name, client in callers(k, house).items():
        answer = client.call("crm.report.run", {"id": saved})
        opened(client, f"{name} saved", answer)
        expect(answer, client.call("crm.report.run", {"name": "Big deals"}))
    refused("validation", lambda: make(k, "crm.report", name="Bad", figures=[{"name": "A b", "entity": "crm.deal"}, {"name": "r", "part": "x", "whole": "y"}]),
            "figures[0].name", "figures[0].measure", "figures[1].part")
    refused("not_found", lambda: k.call("crm.report.run", {"name": "None"}), "name")


def a_report_tells_its_queries_and_its_csv(k):
    world(k)
    for report in (*REPORTS, "funnel", "plan"):
        answer = k.call(f"crm.report.{report}", {"period": "2026", "compare": True, "csv": True})
        expect(len(answer["csv"].split("\r\n")), len(answer["rows"]) + 2 + bool(answer["total"]))
    answer = k.call("crm.report.sources", {"period": "2026", "explain": True, "csv": True})
    for query in answer["queries"]:
        expect(bool(k.call(query["method"], query["params"])["rows"]), True)
    lines = answer["csv"].split("\r\n")
    expect(len(lines), len(answer["rows"]) + 3)
    expect(lines[1].startswith(f"\"{answer['rows'][0]['label']}\",{answer['rows'][0]['figures']['leads']['value']},"), True)


def the_margin_opens_to_orders_and_lines(k, house):
    world(k)
    unit = make(k, "base.unit", code="szt")
    cheap, dear = (make(k, "base.item", code=code, name=code, unit=unit, price="100", standard_cost=cost) for code, cost in (("cheap", "20"), ("dear", "90")))
    unknown = make(k, "base.item", code="unknown", name="unknown", unit=unit, price="100")
    nowak, lis = (make(k, "base.party", name=name) for name in ("Nowak", "Lis"))
    for party, item, quantity in ((nowak, cheap, "3"), (nowak, dear, "1"), (lis, dear, "2"), (lis, unknown, "7")):
        k.call("crm.order.confirm", {"id": make(k, "crm.order", party=party, lines=[{"item": item, "quantity": quantity, "price": "100"}])})
    of = lambda answer: {r["label"]: tuple(r["figures"][f]["value"] for f in ("net", "margin", "percent")) for r in answer["rows"]}  # noqa: E731
    span = {"period": "year"}
    expect(of(k.call("crm.report.margin", span)), {"Nowak": ("400.00", "250.00", "62.50"), "Lis": ("200.00", "20.00", "10.00")})
    items = k.call("crm.report.margin_of_items", span)
    expect(of(items), {"cheap": ("300.00", "240.00", "80.00"), "dear": ("300.00", "30.00", "10.00")})
    expect(k.count("crm.order", items["rows"][0]["figures"]["margin"]["filter"]), 1)
    expect(len(k.call("crm.report.margin", {**span, "by": "number"})["rows"]), 3)
    ann = house.client("ann", PASSWORD)
    refused("validation", lambda: ann.call("crm.report.margin", span))


run([every_figure_opens_to_its_records, the_funnel_opens_to_its_records, a_salesman_sees_his_own_and_a_head_the_subtree,
     ranks_are_within_the_department, empty_periods_are_shown_and_compared, wrong_parameters_are_named, the_past_is_told_as_it_was_known,
     returning_customers_bought_before, a_campaign_shows_cost_and_return, utm_fields_go_from_lead_to_deal,
     plans_do_not_contradict_each_other, a_plan_is_measured_by_committed_deals, plans_of_each_length_are_measured_by_their_days, amounts_of_other_currencies_are_no_part,
     people_define_reports, the_margin_opens_to_orders_and_lines, a_report_tells_its_queries_and_its_csv], day="2026-11-20")
