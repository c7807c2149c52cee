#!/usr/bin/env python3
"""The indicators of every department, with all modules at work: each figure is worked out by hand."""
import datetime
from decimal import ROUND_HALF_UP, Decimal as D

from stories import expect, make, refused, run

TODAY = datetime.date.today()
YEAR_AGO = TODAY - datetime.timedelta(364)  # with today: 365 days
seen = {}


def day(days):
    return (TODAY + datetime.timedelta(days)).isoformat()


def at(hour):
    return f"{day(-1)}T{hour:02}:00:00Z"


def figures(k, **params):
    rows = k.call("insight.indicators", {"from": YEAR_AGO.isoformat(), "until": day(0), **params})["rows"]
    return {row["name"]: row for row in rows}


def a_company_with_some_business(k):
    pl, pln = make(k, "base.country", code="PL", name="Poland", eu=True), make(k, "base.currency", code="PLN", decimals=2)
    make(k, "base.company", name="Wicher", country=pl, currency=pln)
    k.call("base.tax.preset", {"country": "PL"})
    for year in (TODAY.year - 1, TODAY.year):
        k.call("finance.setup", {"chart": "polish", "year": f"{year}-01-01"})
    piece = make(k, "base.unit", code="szt", category="count", rounding="1")
    bike = make(k, "base.item", code="BIKE", name="Bike", unit=piece, price="250", currency=pln)
    nowak = make(k, "base.party", name="Nowak", is_customer=True)
    entry = make(k, "logistics.transfer", kind="entry", lines=[{"item": bike, "quantity": "10", "unit_cost": "100"}])
    k.call("logistics.transfer.post", {"id": entry})
    order = make(k, "crm.order", party=nowak, currency=pln, lines=[{"item": bike, "quantity": "2"}])
    k.call("crm.order.confirm", {"id": order})
    for delivery in k.list("logistics.delivery")["rows"]:
        k.call("logistics.delivery.ship", {"id": delivery["id"]})
    seen["bill"] = k.call("finance.invoice.from_order", {"order": {"entity": "crm.order", "id": order}})["id"]
    k.call("finance.invoice.post", {"id": seen["bill"]})


def stock_turns_and_lasts(k):
    found = figures(k)
    expect(found["stock_value"]["value"], "800.00")
    expect((found["stock_turn"]["value"], found["stock_turn"]["over"], found["stock_turn"]["under"]), ("0.25", "200.0000", "800.0000"))
    expect(found["stock_days"]["value"], "1460.00")  # two in a year: eight last four


def customers_owe_what_is_billed(k):
    found = figures(k)
    expect((found["sales"]["value"], found["invoiced"]["value"], found["profit"]["value"], found["margin"]["value"]), ("500.00", "500.00", "300.00", "60.00"))
    expect(found["delivered_on_time"]["value"], "100.00")
    expect(found["receivables_days"]["value"], "365.00")  # all of a year is owed
    bill = k.get("finance.invoice", seen["bill"])
    item = k.list("finance.open_item", [["party", "=", bill["party"]]])["rows"][0]["id"]
    paid = make(k, "finance.payment", party=bill["party"], amount="307.50", allocations=[{"item": item}])
    k.call("finance.payment.post", {"id": paid})
    expect(figures(k)["receivables_days"]["value"], "182.50")  # half of it


def what_is_invoiced_counts_once(k):
    """An advance of 100 of 400 in all, and a receipt of 50 for which an invoice was asked: 450 more."""
    before = D(figures(k)["invoiced"]["value"])
    nowak = k.get("finance.invoice", seen["bill"])["party"]

    def bill(price, **more):
        made = make(k, "finance.invoice", **{"party": nowak, "lines": [{"name": "Service", "price": price}], **more})
        k.call("finance.invoice.post", {"id": made})
        return made
    advance = bill("100", kind="advance")
    expect(D(figures(k)["invoiced"]["value"]) - before, D(100))
    bill("400", advances=[{"invoice": advance}])
    receipt = bill("50", kind="receipt", party=None)
    made = k.call("finance.invoice.for_receipt", {"id": receipt, "party": nowak})["made"]
    k.call("finance.invoice.post", {"id": made})
    expect(D(figures(k)["invoiced"]["value"]) - before, D(450))


def people_are_there_and_busy(k):
    files = []
    for name in ("Ewa", "Jan"):
        user = make(k, "access.user", name=name)
        files.append(make(k, "hr.employee", name=name, hired="2020-01-01", owner=user))
        make(k, "hr.term", employee=files[-1], valid_from="2020-01-01")
    shift = make(k, "hr.shift", **{"name": "Day", "from": "06:00", "until": "14:00"})
    for file in files:
        make(k, "hr.roster", **{"employee": file, "shift": shift, "from": day(-3), "weekdays": "1234567", "holidays": True})
    k.call("hr.check_in", {"employee": files[0], "at": at(6)})
    k.call("hr.check_out", {"employee": files[0], "at": at(16)})
    expect(k.call("hr.close_day", {"day": day(-1)})["absent"], 1)
    sheet = make(k, "hr.timesheet", employee=files[0], day=day(-1), minutes=450, text="assembling")
    k.call("hr.timesheet.submit", {"id": sheet})
    found = figures(k)
    expect((found["absence"]["value"], found["overtime"]["value"], found["utilisation"]["value"]), ("50.00", "20.00", "75.00"))


def a_machine_is_available_quick_and_good(k):
    """OEE by ISO 22400-2: ten planned minutes each, ten made in 125 minutes, eight of them good."""
    hours = [{"weekday": d, "from": "06:00", "until": "14:00"} for d in ("monday", "tuesday", "wednesday", "thursday", "friday")]
    press = make(k, "production.work_centre", code="PRESS", name="Press", slots=2, calendar=make(k, "base.calendar", name="Hall", hours=hours))
    item = make(k, "base.item", code="PLATE", name="Plate")
    routing = make(k, "production.routing", code="PLATE", name="Plate", steps=[{"sequence": 10, "name": "Press", "centre": press, "run_minutes": "10"}])
    make(k, "production.bom", item=item, routing=routing, lines=[])
    order = make(k, "production.order", item=item, quantity="10")
    k.call("production.order.confirm", {"id": order})
    work = k.list("production.operation", [["order", "=", order]])["rows"][0]
    expect(work["machine_minutes"], "100.0000")
    k.call("production.operation.start", {"id": work["id"]})
    k.call("production.operation.finish", {"id": work["id"], "minutes": "125", "good": "8", "scrapped": "2"})
    monday = TODAY - datetime.timedelta(TODAY.weekday() + 7)
    week = {"from": monday.isoformat(), "until": (monday + datetime.timedelta(6)).isoformat()}
    row = k.call("production.oee", {**week, "centre": press})["rows"][0]
    expect((row["busy"], row["availability"], row["performance"], row["quality"], row["oee"]), ("4800.00", "0.00", None, None, None))
    since = {"from": monday.isoformat(), "until": day(0)}
    rows = k.call("production.oee", since)["rows"]
    expect([r["code"] for r in rows], ["PRESS"])
    row = rows[0]
    expect((row["worked"], row["planned"], row["made"], row["good"], row["performance"], row["quality"]), ("125.00", "100.00", "10.0000", "8.0000", "80.00", "80.00"))
    busy = D(row["busy"])
    expect((row["availability"], row["oee"]), tuple(str((D(n) * 100 / busy).quantize(D("0.01"), ROUND_HALF_UP)) for n in (125, 80)))
    expect([r["id"] for r in k.list(row["entity"], row["filter"])["rows"]], [work["id"]])
    refused("validation", lambda: k.call("production.oee", {"from": day(1), "until": day(0)}), "until")


def each_figure_lists_its_records(k):
    for row in figures(k).values():
        for entity, filter in ((row["entity"], row["filter"]), (row["of_entity"], row["of_filter"])):
            if entity:
                k.count(entity, filter)
    row = figures(k)["absence"]
    expect((k.count(row["entity"], row["filter"]), k.count(row["of_entity"], row["of_filter"])), (1, 2))


STORIES = [a_company_with_some_business, stock_turns_and_lasts, customers_owe_what_is_billed, what_is_invoiced_counts_once, people_are_there_and_busy, a_machine_is_available_quick_and_good, each_figure_lists_its_records]
if __name__ == "__main__":
    run(STORIES, modules="base,crm,logistics,finance,production,hr,insight,script")
