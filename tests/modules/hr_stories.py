#!/usr/bin/env python3
"""Stories of people, over HTTP: terms, shifts, attendance, leave, standing in, hiring and parting."""
from stories import expect, make, refused, run

PASSWORD = "Correct-Horse-9-Battery"
here = {}


def user(k, name, *roles):
    all_roles = {r["name"]: r["id"] for r in k.list("access.role", limit=100)["rows"]}
    made = make(k, "access.user", name=name, roles=[all_roles[r] for r in roles])
    k.call("access.password", {"user": name, "new": PASSWORD, "old": PASSWORD})
    return made


def employee(k, name, hired="2020-01-01", **more):
    terms = {key: more.pop(key) for key in ("post", "department", "time_share", "pay", "calendar") if key in more}
    made = make(k, "hr.employee", name=name, hired=hired, **more)
    make(k, "hr.term", employee=made, valid_from=hired, **terms)
    return made


def open_house(k):
    company = make(k, "base.company", name="Stories", zone="Europe/Warsaw")
    k.call("session.company", {"company": company})
    here["hall"] = make(k, "access.department", name="Hall")
    here["ewa"] = user(k, "ewa", "hr.employee", "base.user")
    here["jan"] = user(k, "jan", "hr.employee", "base.user")
    here["head"] = user(k, "head", "hr.head", "base.user")
    k.update("access.department", here["hall"], {"head": here["head"]})
    for name in ("ewa", "jan", "head"):
        k.update("access.user", here[name], {"department": here["hall"]})
    here["ewa_file"] = employee(k, "Ewa Lis", owner=here["ewa"], department=here["hall"], post="Fitter")
    here["jan_file"] = employee(k, "Jan Kos", owner=here["jan"], department=here["hall"], post="Fitter")


def terms_hold_from_their_day(k):
    open_house(k)
    anna = employee(k, "Anna Wrona", hired="2019-03-01", post="Clerk", time_share="50")
    make(k, "hr.term", employee=anna, valid_from="2024-01-01", post="Head clerk", time_share="100")
    make(k, "hr.term", employee=anna, valid_from="2035-01-01", post="Director")
    expect([k.call("hr.on", {"employee": anna, "day": day})["post"] for day in ("2018-01-01", "2019-03-01", "2023-12-31", "2024-01-01", "2036-01-01")],
           [None, "Clerk", "Clerk", "Head clerk", "Director"])
    row = k.get("hr.employee", anna)
    expect((row["post"], row["time_share"]), ("Head clerk", "100.00"))
    refused("conflict", lambda: make(k, "hr.term", employee=anna, valid_from="2024-01-01"), "employee")
    refused("validation", lambda: make(k, "hr.term", employee=anna, valid_from="2025-01-01", time_share="120"), "time_share")
    expect(k.call("hr.refresh", {})["employees"], 0)


def pay_is_seen_by_whom_it_concerns(k, house):
    ewa = house.client("ewa", PASSWORD)
    expect([r["name"] for r in ewa.list("hr.employee")["rows"]], ["Ewa Lis"])
    refused("forbidden", lambda: ewa.list("hr.term"))
    head = house.client("head", PASSWORD)
    expect(sorted(r["name"] for r in head.list("hr.employee")["rows"]), ["Ewa Lis", "Jan Kos"])
    expect("pay" in head.list("hr.term")["rows"][0], False)


def a_night_shift_ends_on_the_next_day(k):
    night = make(k, "hr.shift", **{"name": "Night", "from": "22:00", "until": "06:00", "break_minutes": 15})
    make(k, "hr.roster", **{"employee": here["jan_file"], "shift": night, "from": "2026-03-01", "until": "2026-04-30", "weekdays": "1234567"})
    refused("rule", lambda: make(k, "hr.roster", **{"employee": here["jan_file"], "shift": night, "from": "2026-04-30"}), "from")
    jan = {"employee": here["jan_file"]}
    came = k.call("hr.check_in", {**jan, "at": "2026-03-03T22:12:00+01:00"})
    expect((came["day"], came["late"]), ("2026-03-03", 12))
    refused("state", lambda: k.call("hr.check_in", {**jan, "at": "2026-03-03T23:00:00+01:00"}), "employee")
    went = k.call("hr.check_out", {**jan, "at": "2026-03-04T06:00:00+01:00"})
    expect((went["day"], went["worked"], went["early"], went["overtime"]), ("2026-03-03", 453, 0, 0))
    refused("state", lambda: k.call("hr.check_out", {**jan, "at": "2026-03-04T07:00:00+01:00"}), "employee")
    early = k.call("hr.check_in", {**jan, "at": "2026-03-05T21:58:00+01:00"})
    expect((early["day"], early["late"]), ("2026-03-05", 0))
    # the clocks go forward in the night of 28 March: the shift has seven hours
    k.call("hr.check_in", {**jan, "at": "2026-03-28T22:00:00+01:00"})
    expect(k.call("hr.check_out", {**jan, "at": "2026-03-29T06:00:00+02:00"})["worked"], 405)


def a_roster_says_what_is_planned(k, house):
    calendar = make(k, "base.calendar", name="Hall", hours=[{"weekday": d, "from": "08:00", "until": "16:00"} for d in ("monday", "tuesday", "wednesday", "thursday", "friday")])
    k.call("base.calendar.fill_holidays", {"id": calendar, "year": 2026})
    file = employee(k, "Olga Zmiana", calendar=calendar)
    late = make(k, "hr.shift", **{"name": "Long", "from": "10:00", "until": "20:00", "break_minutes": 30})
    make(k, "hr.roster", **{"employee": file, "shift": late, "from": "2026-05-01", "until": "2026-05-31", "weekdays": "3456"})
    planned = lambda day: [d["planned"] for d in k.call("hr.week", {"employee": file, "day": day})["days"]]  # noqa: E731
    expect(planned("2026-04-22"), [480] * 5 + [0, 0])
    expect(planned("2026-05-13"), [0, 0, 570, 570, 570, 570, 0])
    expect(planned("2026-05-01"), [480] * 4 + [0, 570, 0])  # April by the calendar; 1 May is a holiday, Saturday is worked
    unpaid = make(k, "hr.leave_type", code="roster", name="By roster", unpaid=True, unlimited=True)
    leave = make(k, "hr.leave", **{"employee": file, "type": unpaid, "from": "2026-05-11", "until": "2026-05-17"})
    expect((k.get("hr.leave", leave)["hours"], k.get("hr.leave", leave)["days"]), ("38.00", "4.00"))
    k.call("hr.check_in", {"employee": file, "at": "2026-05-18T10:00:00+02:00"})
    free = k.call("hr.check_out", {"employee": file, "at": "2026-05-18T12:00:00+02:00"})
    expect((free["worked"], free["overtime"], k.get("hr.attendance", free["attendance"])["double_time"]), (120, 120, 120))
    feast = make(k, "hr.roster", **{"employee": file, "shift": late, "from": "2026-06-04", "until": "2026-06-04", "weekdays": "4", "holidays": True})
    expect(planned("2026-06-04")[3], 570)  # Corpus Christi
    k.update("hr.roster", feast, {"holidays": False})
    expect(planned("2026-06-04")[3], 0)


def leave_of_half_a_day_halves_the_plan(k):
    file = employee(k, "Ida Pół")
    kind = make(k, "hr.leave_type", code="halves", name="Halves", unlimited=True)
    leave = make(k, "hr.leave", **{"employee": file, "type": kind, "from": "2026-03-10", "until": "2026-03-10", "half": "morning"})
    k.call("hr.leave.submit", {"id": leave})
    k.call("hr.leave.approve", {"id": leave})
    k.call("hr.check_in", {"employee": file, "at": "2026-03-10T12:00:00+01:00"})
    went = k.call("hr.check_out", {"employee": file, "at": "2026-03-10T16:30:00+01:00"})
    row = k.get("hr.attendance", went["attendance"])
    expect((row["state"], row["planned"], row["worked"], row["overtime"], row["leave"]), ("half_day", 240, 270, 30, leave))


def leave_of_some_hours_is_planned_less(k, house):
    file = employee(k, "Iga Dwie")
    kind = make(k, "hr.leave_type", code="hours", name="Hours", unlimited=True, by_hour=True)
    ask = lambda day, **more: make(k, "hr.leave", **{"employee": file, "type": kind, "from": day, "until": day, **more})  # noqa: E731
    refused("validation", lambda: ask("2026-03-10", asked_hours="2", starts="25:00"), "starts")
    refused("validation", lambda: ask("2026-03-10", starts="10:00"), "starts")
    for day in ("2026-03-10", "2026-03-11"):
        leave = ask(day, asked_hours="2", starts="14:00")
        expect((k.get("hr.leave", leave)["hours"]), "2.00")
        k.call("hr.leave.submit", {"id": leave})
        k.call("hr.leave.approve", {"id": leave})
    k.call("hr.check_in", {"employee": file, "at": "2026-03-10T08:00:00+01:00"})
    went = k.call("hr.check_out", {"employee": file, "at": "2026-03-10T14:30:00+01:00"})
    row = k.get("hr.attendance", went["attendance"])
    expect((row["state"], row["planned"], row["worked"], row["overtime"]), ("present", 360, 390, 30))
    k.call("hr.close_day", {"day": "2026-03-11"})  # two hours of leave are no reason not to come
    expect([r["state"] for r in k.list("hr.attendance", [["employee", "=", file], ["day", "=", "2026-03-11"]])["rows"]], ["absent"])


def leave_counts_the_hours_of_the_terms_that_hold_then(k):
    file = employee(k, "Ula Pół", time_share="50")
    make(k, "hr.term", employee=file, valid_from="2027-01-01", time_share="100")
    kind = make(k, "hr.leave_type", code="spans", name="Spans", unlimited=True)
    leave = make(k, "hr.leave", **{"employee": file, "type": kind, "from": "2026-12-30", "until": "2027-01-04"})
    expect((k.get("hr.leave", leave)["hours"], k.get("hr.leave", leave)["days"]), ("24.00", "4.00"))  # two days of 4, two of 8


def over_time_on_a_free_day_counts_double(k):
    ewa = {"employee": here["ewa_file"]}
    k.call("hr.check_in", {**ewa, "at": "2026-03-06T08:00:00+01:00"})
    friday = k.call("hr.check_out", {**ewa, "at": "2026-03-06T18:00:00+01:00"})
    expect((friday["worked"], friday["overtime"]), (600, 120))
    k.call("hr.check_in", {**ewa, "at": "2026-03-08T10:00:00+01:00"})
    k.call("hr.check_out", {**ewa, "at": "2026-03-08T13:00:00+01:00"})
    week = k.call("hr.week", {**ewa, "day": "2026-03-04"})
    expect((week["planned"], week["worked"], week["overtime"], week["double_time"]), (2400, 780, 300, 180))
    expect([d["day"] for d in week["days"]][::6], ["2026-03-02", "2026-03-08"])


def over_time_at_night_counts_double(k):
    """Labour Code art. 151(1) par. 1: a hundred per cent at night, which is eight hours between 21:00 and 7:00, art. 151(7)."""
    file = employee(k, "Nina Nocna")

    def worked(day, came, went):
        k.call("hr.check_in", {"employee": file, "at": f"{day}T{came}:00+01:00"})
        row = k.get("hr.attendance", k.call("hr.check_out", {"employee": file, "at": went})["attendance"])
        return row["overtime"], row["double_time"]
    expect(worked("2026-03-10", "08:00", "2026-03-10T23:00:00+01:00"), (420, 60))
    expect(worked("2026-03-11", "14:00", "2026-03-12T00:30:00+01:00"), (150, 150))
    expect(worked("2026-03-13", "20:00", "2026-03-14T07:00:00+01:00"), (180, 120))  # over time from four to seven
    company = k.list("base.company")["rows"][0]["id"]
    k.update("base.company", company, {"night_from": "21:00"})
    expect(worked("2026-03-16", "08:00", "2026-03-16T23:00:00+01:00"), (420, 120))
    k.update("base.company", company, {"night_from": None})


def a_correction_needs_somebody_else(k, house):
    ewa, head = house.client("ewa", PASSWORD), house.client("head", PASSWORD)
    refused("forbidden", lambda: ewa.call("hr.check_in", {"at": "2026-03-09T08:00:00+01:00"}), "at")
    asked = make(ewa, "hr.correction", employee=here["ewa_file"], day="2026-03-09", check_in="2026-03-09T08:00:00+01:00",
                 check_out="2026-03-09T16:00:00+01:00", reason="the reader was broken")
    refused("forbidden", lambda: ewa.call("hr.correction.approve", {"id": asked}))
    head.call("hr.correction.approve", {"id": asked})
    expect(k.list("hr.attendance", [["employee", "=", here["ewa_file"]], ["day", "=", "2026-03-09"]])["rows"][0]["worked"], 480)
    expect(ewa.call("hr.check_in", {})["day"] is not None, True)


def leave_comes_out_of_the_year_that_expires_first(k, house):
    expect(k.call("hr.leave_presets", {})["types"], 12)
    here["annual"] = k.list("hr.leave_type", [["code", "=", "annual"]])["rows"][0]["id"]
    granted = k.call("hr.leave_grant", {"year": 2025})
    again = k.call("hr.leave_grant", {"year": 2025})
    expect((granted["entries"] > 0, again["entries"], again["corrected"]), (True, 0, 0))
    k.call("hr.leave_grant", {"year": 2026})
    ewa, head = house.client("ewa", PASSWORD), house.client("head", PASSWORD)
    rows = [r for r in ewa.call("hr.leave_balance", {"day": "2026-11-25", "type": here["annual"]})["rows"]]
    expect([(r["year"], r["granted"], r["days"], r["overdue"]) for r in rows], [(2025, "160.00", "20.00", True), (2026, "160.00", "20.00", False)])
    leave = make(ewa, "hr.leave", **{"type": here["annual"], "from": "2026-12-07", "until": "2027-01-08", "substitute": here["jan"]})
    row = ewa.get("hr.leave", leave)
    expect((row["hours"], row["days"]), ("200.00", "25.00"))
    ewa.call("hr.leave.submit", {"id": leave})
    refused("rule", lambda: submit(ewa, "2026-12-10", "2026-12-11"), "from")
    refused("forbidden", lambda: ewa.call("hr.leave.approve", {"id": leave}))
    head.call("hr.leave.approve", {"id": leave})
    rows = ewa.call("hr.leave_balance", {"day": "2026-11-25", "type": here["annual"]})["rows"]
    expect([(r["year"], r["taken"], r["left"]) for r in rows], [(2025, "160.00", "0.00"), (2026, "40.00", "120.00")])
    refused("rule", lambda: submit(ewa, "2027-02-01", "2027-02-28"), "until")
    ewa.call("hr.leave.cancel", {"id": leave})
    rows = ewa.call("hr.leave_balance", {"day": "2026-11-25", "type": here["annual"]})["rows"]
    expect([r["left"] for r in rows], ["160.00", "160.00"])


def submit(client, first, last, **more):
    leave = make(client, "hr.leave", **{"type": here["annual"], "from": first, "until": last, **more})
    client.call("hr.leave.submit", {"id": leave})
    return leave


def leave_follows_a_change_of_working_time(k):
    file = employee(k, "Iza Nowa", hired="2020-01-01", time_share="50")
    k.call("hr.leave_grant", {"year": 2026, "employee": file})
    days = lambda: [(r["granted"], r["days"]) for r in k.call("hr.leave_balance", {"employee": file, "day": "2026-11-25", "type": here["annual"]})["rows"]]  # noqa: E731
    expect(days(), [("80.00", "10.00")])
    make(k, "hr.term", employee=file, valid_from="2026-07-01", time_share="100")
    expect(k.call("hr.leave_grant", {"year": 2026, "employee": file})["corrected"] > 0, True)
    expect(days(), [("120.00", "15.00")])  # six months at a half, 5, and six at full time, 10


def months_of_unpaid_leave_give_no_annual_leave(k):
    file = employee(k, "Róża Wolna")
    unpaid = k.list("hr.leave_type", [["code", "=", "unpaid"]])["rows"][0]["id"]
    days = lambda: [(r["granted"], r["taken"]) for r in k.call("hr.leave_balance", {"employee": file, "day": "2027-12-31", "type": here["annual"]})["rows"] if r["year"] == 2027]  # noqa: E731
    grant = lambda: k.call("hr.leave_grant", {"year": 2027, "employee": file})  # noqa: E731

    def approved(kind, first, last):
        leave = make(k, "hr.leave", **{"employee": file, "type": kind, "from": first, "until": last})
        k.call("hr.leave.submit", {"id": leave})
        k.call("hr.leave.approve", {"id": leave})
    grant()
    expect(days(), [("160.00", "0.00")])
    approved(unpaid, "2027-02-15", "2027-04-20")  # March throughout; February and April in part
    grant()
    expect(days(), [("152.00", "0.00")])  # 20 x 11/12 = 18.33, 19 days
    approved(here["annual"], "2027-05-04", "2027-05-28")  # all that is left
    taken = days()[0][1]
    approved(unpaid, "2027-06-01", "2027-12-15")
    grant()
    expect(days(), [(taken, taken)])  # six months give 10 days; what was taken before stays


def leave_grows_by_the_month_is_kept_and_expires(k):
    kind = make(k, "hr.leave_type", code="foreign", name="By the month", accrual="monthly", days="24", kept_months=3, negative=True)
    strict = make(k, "hr.leave_type", code="strict", name="Not below zero", accrual="yearly", days="10")
    refused("validation", lambda: make(k, "hr.leave_type", code="bad", name="Bad", accrual="yearly"), "days")
    file = employee(k, "Piotr Mies", hired="2027-11-15", time_share="75")
    grant = lambda year, month: k.call("hr.leave_grant", {"year": year, "month": month, "employee": file})  # noqa: E731
    grant(2027, 12)
    grant(2028, 2)
    left = lambda day, of=kind: [(r["year"], r["granted"], r["left"], r["expires"]) for r in k.call("hr.leave_balance", {"employee": file, "day": day, "type": of})["rows"]]  # noqa: E731
    # 24 days a year at three quarters are 1.5 a month, 12 hours: of November and December, January and February
    expect(left("2028-02-29"), [(2027, "24.00", "24.00", "2028-03-31"), (2028, "24.00", "24.00", "2029-03-31")])
    expect(left("2028-04-01"), [(2027, "24.00", "0.00", "2028-03-31"), (2028, "24.00", "24.00", "2029-03-31")])
    expect(left("2027-12-31", strict), [(2027, "60.00", "60.00", "2027-12-31")])
    ask = lambda kind, first, last: make(k, "hr.leave", **{"employee": file, "type": kind, "from": first, "until": last})  # noqa: E731
    over = ask(kind, "2028-02-28", "2028-03-10")  # ten days of six hours, over a 29 February; 48 are left
    k.call("hr.leave.submit", {"id": over})
    k.call("hr.leave.approve", {"id": over})
    expect([r[2] for r in left("2028-02-29")], ["0.00", "-12.00"])
    far = ask(strict, "2028-12-27", "2029-01-12")
    refused("rule", lambda: k.call("hr.leave.submit", {"id": far}), "until")
    expect(k.call("hr.leave_grant", {"year": 2028, "month": 2, "employee": file}), {"entries": 0, "corrected": 0})


def what_leave_refuses(k, house):
    ewa = house.client("ewa", PASSWORD)
    refused("validation", lambda: submit(ewa, "2026-12-11", "2026-12-07"), "until")
    refused("validation", lambda: submit(ewa, "2026-12-07", "2026-12-08", half="morning"), "until")
    refused("validation", lambda: submit(ewa, "2026-12-07", "2026-12-07", asked_hours="3"), "asked_hours")
    refused("rule", lambda: submit(ewa, "2026-12-05", "2026-12-06"), "from")
    refused("validation", lambda: submit(ewa, "2026-12-07", "2026-12-07", substitute=here["ewa"]), "substitute")
    half = submit(ewa, "2026-12-07", "2026-12-07", half="morning")
    expect((ewa.get("hr.leave", half)["hours"], ewa.get("hr.leave", half)["days"]), ("4.00", "0.50"))
    submit(ewa, "2026-12-07", "2026-12-07", half="afternoon")


def a_department_keeps_enough_people(k, house):
    make(k, "hr.absence_limit", department=here["hall"], most=1)
    ewa, jan, head = (house.client(n, PASSWORD) for n in ("ewa", "jan", "head"))
    first, second = submit(ewa, "2026-12-14", "2026-12-18"), submit(jan, "2026-12-16", "2026-12-17")
    head.call("hr.leave.approve", {"id": first})
    refused("rule", lambda: head.call("hr.leave.approve", {"id": second}), "from")
    refused("rule", lambda: submit(jan, "2026-12-14", "2026-12-14", substitute=here["ewa"]), "substitute")
    plan = head.call("hr.team_plan", {"department": here["hall"], "from": "2026-12-14", "until": "2026-12-20"})
    expect([(r["name"], r["approved"]) for r in plan["rows"]], [("Ewa Lis", True), ("Jan Kos", False)])
    head.call("hr.leave.approve", {"id": second, "anyway": True})


def on_some_days_there_is_no_leave(k, house):
    refused("validation", lambda: make(k, "hr.blocked_days", **{"from": "2027-03-05", "until": "2027-03-01", "reason": "stock count"}), "until")
    make(k, "hr.blocked_days", **{"from": "2027-03-01", "until": "2027-03-05", "department": here["hall"], "reason": "stock count"})
    other = make(k, "access.department", name="Office")
    make(k, "hr.blocked_days", **{"from": "2027-03-08", "until": "2027-03-12", "department": other, "reason": "the fair"})
    ewa, head = house.client("ewa", PASSWORD), house.client("head", PASSWORD)
    unpaid = k.list("hr.leave_type", [["code", "=", "unpaid"]])["rows"][0]["id"]
    asked = [make(ewa, "hr.leave", **{"type": unpaid, "from": first, "until": last}) for first, last in (("2027-03-05", "2027-03-05"), ("2027-03-08", "2027-03-08"))]
    for leave in asked:
        ewa.call("hr.leave.submit", {"id": leave})
    said = refused("rule", lambda: head.call("hr.leave.approve", {"id": asked[0]}), "from")
    expect(said.problems[0]["message"], "no leave for 5 days from 2027-03-01: stock count")
    head.call("hr.leave.approve", {"id": asked[1]})
    plan = ewa.call("hr.team_plan", {"department": here["hall"], "from": "2027-03-01", "until": "2027-03-31"})
    expect([(r["from"], r["until"], r["reason"]) for r in plan["blocked"]], [("2027-03-01", "2027-03-05", "stock count")])
    head.call("hr.leave.approve", {"id": asked[0], "anyway": True})


def a_substitute_has_the_tasks_while_it_lasts(k, house):
    ewa, head = house.client("ewa", PASSWORD), house.client("head", PASSWORD)
    task = make(ewa, "base.task", title="Order screws")
    done = make(ewa, "base.task", title="Sweep")
    unpaid = k.list("hr.leave_type", [["code", "=", "unpaid"]])["rows"][0]["id"]
    today = k.call("hr.week", {"employee": here["ewa_file"]})["days"][0]["day"]  # this week's Monday, to its Sunday
    last = k.call("hr.week", {"employee": here["ewa_file"]})["days"][6]["day"]
    leave = make(ewa, "hr.leave", **{"type": unpaid, "from": today, "until": last, "substitute": here["jan"]})
    ewa.call("hr.leave.submit", {"id": leave})
    head.call("hr.leave.approve", {"id": leave, "anyway": True})
    expect([k.get("base.task", t)["owner"] for t in (task, done)], [here["jan"], here["jan"]])
    house.client("jan", PASSWORD).call("base.task.finish", {"id": done})
    head.call("hr.leave.cancel", {"id": leave})
    expect([k.get("base.task", t)["owner"] for t in (task, done)], [here["ewa"], here["ewa"]])


def rights_are_lent_by_who_may_give_them(k, house):
    day = k.call("hr.week", {"employee": here["ewa_file"]})["days"]
    values = {"from": here["head"], "to": here["jan"], "since": day[0]["day"], "until": day[6]["day"], "rights": True, "tasks": False}
    user(k, "clerk", "hr.manager")
    clerk = house.client("clerk", PASSWORD)
    refused("validation", lambda: clerk.create("hr.delegation", values), "rights")
    before = k.get("access.user", here["jan"])["roles"]
    lent = k.create("hr.delegation", values)["id"]
    expect(k.call("hr.delegations_run", {})["changed"], 1)
    expect(len(k.get("access.user", here["jan"])["roles"]), len(before) + 1)
    k.call("hr.delegation.end", {"id": lent})
    expect(k.get("access.user", here["jan"])["roles"], before)


def everybody_lends_their_own_rights_and_no_more(k, house):
    day = k.call("hr.week", {"employee": here["ewa_file"]})["days"]
    span = {"since": day[0]["day"], "until": day[6]["day"], "rights": True, "tasks": False}
    jan = house.client("jan", PASSWORD)
    special = make(k, "access.role", name="buyer", grants="base.item:read,create")
    k.update("access.user", here["ewa"], {"roles": k.get("access.user", here["ewa"])["roles"] + [special]})
    ewa = house.client("ewa", PASSWORD)
    refused("forbidden", lambda: jan.create("hr.delegation", {"from": here["head"], "to": here["jan"], **span}))
    refused("forbidden", lambda: jan.create("base.item", {"code": "b1", "name": "Bolt"}))
    lent = ewa.create("hr.delegation", {"from": here["ewa"], "to": here["jan"], **span})["id"]
    refused("validation", lambda: ewa.update("hr.delegation", lent, {"to": here["head"]}), "to")
    ewa.call("hr.delegation.begin", {"id": lent})
    jan.create("base.item", {"code": "b1", "name": "Bolt"})
    expect([d["id"] for d in jan.list("hr.delegation", [["to", "=", here["jan"]], ["state", "=", "running"]])["rows"]], [lent])
    refused("forbidden", lambda: jan.call("hr.delegation.end", {"id": lent}))
    on = jan.create("hr.delegation", {"from": here["jan"], "to": here["head"], **span})["id"]  # what was lent is not lent on
    jan.call("hr.delegation.begin", {"id": on})
    expect((special in k.get("access.user", here["head"])["roles"], special in k.get("hr.delegation", on)["roles"]), (False, False))
    jan.call("hr.delegation.end", {"id": on})
    ewa.call("hr.delegation.end", {"id": lent})
    refused("forbidden", lambda: jan.create("base.item", {"code": "b2", "name": "Bolt"}))
    expect(special in k.get("access.user", here["ewa"])["roles"], True)


def timesheets_are_approved_by_another(k, house):
    ewa, head = house.client("ewa", PASSWORD), house.client("head", PASSWORD)
    line = make(ewa, "hr.timesheet", day="2026-03-10", minutes=300, text="assembling")
    refused("rule", lambda: make(ewa, "hr.timesheet", day="2026-03-10", minutes=1200), "minutes")
    ewa.call("hr.timesheet.submit", {"id": line})
    head.call("hr.timesheet.approve", {"id": line})
    refused("state", lambda: ewa.update("hr.timesheet", line, {"minutes": 400}), "minutes")
    expect(k.call("hr.week", {"employee": here["ewa_file"], "day": "2026-03-10"})["booked"], 300)


def who_may_run_a_machine_is_known(k):
    welding = make(k, "hr.skill", name="Welding")
    make(k, "hr.qualification", employee=here["ewa_file"], skill=welding, level=4)
    make(k, "hr.qualification", employee=here["jan_file"], skill=welding, level=2, valid_to="2026-06-30")
    rows = k.call("hr.qualified", {"skill": welding, "day": "2026-12-15"})["employees"]
    expect([(r["name"], r["level"], r["away"]) for r in rows], [("Ewa Lis", 4, True)])
    rows = k.call("hr.qualified", {"skill": welding, "day": "2026-06-30", "level": 2})["employees"]
    expect([r["name"] for r in rows], ["Ewa Lis", "Jan Kos"])
    refused("validation", lambda: k.call("hr.qualified", {}), "skill")


def expenses_are_claimed_approved_and_paid(k, house):
    ewa, head = house.client("ewa", PASSWORD), house.client("head", PASSWORD)
    refused("validation", lambda: make(ewa, "hr.expense", title="Fair", lines=[{"day": "2026-03-01", "text": "train", "amount": "-1"}]), "lines[0].amount")
    claim = make(ewa, "hr.expense", title="Fair", lines=[{"day": "2026-03-01", "text": "train", "amount": "120.50"}, {"day": "2026-03-02", "text": "hotel", "amount": "300"}])
    expect(ewa.get("hr.expense", claim)["total"], "420.50")
    ewa.call("hr.expense.submit", {"id": claim})
    refused("forbidden", lambda: ewa.call("hr.expense.approve", {"id": claim}))
    head.call("hr.expense.approve", {"id": claim})
    k.call("hr.expense.pay", {"id": claim})
    expect(k.get("hr.expense", claim)["state"], "paid")


def from_the_opening_to_the_last_day(k, house):
    make(k, "hr.checklist", name="First day", kind="onboarding", points=[{"title": "Desk", "days": -3}, {"title": "Tools", "days": 0}])
    make(k, "hr.checklist", name="Last day", kind="offboarding", points=[{"title": "Take the key back"}])
    opening = make(k, "hr.opening", post="Painter", department=here["hall"])
    who = make(k, "hr.candidate", opening=opening, name="Ola Maj", email="ola@maj.example")
    k.call("hr.candidate.invite", {"id": who})
    ola = user(k, "ola", "hr.employee", "base.user")
    k.call("hr.candidate.hire", {"id": who, "hired": "2026-02-01", "user": ola, "pay": "6500"})
    file = k.get("hr.candidate", who)["employee"]
    row = k.get("hr.employee", file)
    expect((row["name"], row["post"], row["department"]), ("Ola Maj", "Painter", here["hall"]))
    expect((k.get("hr.opening", opening)["state"], k.get("hr.opening", opening)["filled"]), ("closed", 1))
    expect(sorted(t["title"] for t in k.list("base.task", [["about", "=", {"entity": "hr.employee", "id": file}]])["rows"]), ["Desk: Ola Maj", "Tools: Ola Maj"])
    client = house.client("ola", PASSWORD)
    task = make(client, "base.task", title="Varnish")
    refused("validation", lambda: k.call("hr.employee.offboard", {"id": file, "day": "2035-01-01"}), "day")
    k.call("hr.employee.offboard", {"id": file, "to": here["jan"], "reason": "moved away"})
    expect(k.get("base.task", task)["owner"], here["jan"])
    refused("forbidden", lambda: client.list("base.task"))
    expect(k.get("hr.employee", file)["state"], "left")


def who_leaves_lends_nothing_on(k, house):
    day = k.call("hr.week", {"employee": here["ewa_file"]})["days"]
    leaver = user(k, "leaver", "hr.employee", "base.user")
    file = employee(k, "Lech Lewy", owner=leaver)
    special = make(k, "access.role", name="leavers", grants="base.item:read")
    k.update("access.user", leaver, {"roles": k.get("access.user", leaver)["roles"] + [special]})
    client = house.client("leaver", PASSWORD)
    task = make(client, "base.task", title="Count the bells")
    lent = client.create("hr.delegation", {"from": leaver, "to": here["jan"], "since": day[0]["day"], "until": day[6]["day"], "rights": True})["id"]
    client.call("hr.delegation.begin", {"id": lent})
    expect((k.get("base.task", task)["owner"], special in k.get("access.user", here["jan"])["roles"]), (here["jan"], True))
    k.call("hr.employee.offboard", {"id": file, "to": here["ewa"]})
    expect((k.get("base.task", task)["owner"], special in k.get("access.user", here["jan"])["roles"], k.get("hr.delegation", lent)["state"]),
           (here["ewa"], False, "ended"))


def a_month_goes_to_payroll(k):
    make(k, "hr.bonus", employee=here["ewa_file"], month="2026-03-17", lines=[{"text": "target reached", "base": "6000", "percent": "12.5"}, {"text": "fair", "amount": "100"}])
    bonus = k.list("hr.bonus")["rows"][0]
    expect((bonus["month"], bonus["total"]), ("2026-03-01", "850.00"))
    k.call("hr.bonus.approve", {"id": bonus["id"]})
    rows = {r["name"]: r for r in k.call("hr.payroll", {"month": "2026-03-15"})["rows"]}
    ewa = rows["Ewa Lis"]
    expect((ewa["worked"], ewa["overtime"], ewa["double_time"], ewa["bonus"]), ("21.00", "2.00", "3.00", "850.00"))
    december = {r["name"]: r for r in k.call("hr.payroll", {"month": "2026-12-01"})["rows"]}
    expect((december["Ewa Lis"]["paid_leave"], december["Jan Kos"]["paid_leave"]), ("40.00", "16.00"))


def a_month_in_which_pay_changes_has_its_terms(k):
    file = employee(k, "Kaja Nowa", hired="2026-03-03", pay="6000", time_share="50")
    make(k, "hr.term", employee=file, valid_from="2026-03-16", pay="7000", time_share="100")
    row = lambda month: {r["name"]: r for r in k.call("hr.payroll", {"month": month})["rows"]}["Kaja Nowa"]  # noqa: E731
    expect([(t["from"], t["until"], t["share"], t["pay"], t["planned"]) for t in row("2026-03-01")["terms"]],
           [("2026-03-16", "2026-03-31", "100.00", "7000.00", "96.00"), ("2026-03-03", "2026-03-15", "50.00", "6000.00", "36.00")])
    expect([(t["from"], t["until"], t["pay"], t["planned"]) for t in row("2026-04-01")["terms"]], [("2026-04-01", "2026-04-30", "7000.00", None)])


def papers_expire_and_hours_go_into_any_work(k, house):
    for kind, expires in (("medical", "2026-12-15"), ("driving licence", "2031-01-01")):
        make(k, "hr.document", employee=here["ewa_file"], kind=kind, reference="A1", expires=expires)
    expect([r["kind"] for r in k.list("hr.document", [["expires", "<=", "2026-12-31"]])["rows"]], ["medical"])
    ewa = house.client("ewa", PASSWORD)
    k.create("crm.pipeline", {"name": "Sales", "initial": True, "stages": [{"name": "New"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}]})
    deal = k.create("crm.deal", {"title": "Bikes"})["id"]
    order = k.create("crm.order", {"party": k.create("base.party", {"name": "Nowak"})["id"], "currency": k.create("base.currency", {"code": "PLN"})["id"]})["id"]
    for entity, id, minutes in (("crm.deal", deal, 60), ("crm.order", order, 120), ("crm.order", order, 30)):
        k.create("hr.timesheet", {"employee": here["ewa_file"], "day": "2026-03-12", "minutes": minutes, "about": {"entity": entity, "id": id}})
    rows = k.call("hr.timesheet.aggregate", {"group": ["about"], "measures": {"minutes": "sum:minutes"}, "filter": [["day", "=", "2026-03-12"]]})["rows"]
    expect(sorted((r["about"]["entity"], r["minutes"]) for r in rows), [("crm.deal", 60), ("crm.order", 150)])
    expect(ewa.call("hr.week", {"day": "2026-03-12"})["days"][3]["booked"], 210)


def what_is_approved_is_not_written_again(k):
    bonus = k.list("hr.bonus")["rows"][0]["id"]
    refused("state", lambda: k.update("hr.bonus", bonus, {"lines": []}), "lines")
    refused("state", lambda: k.call("hr.bonus.delete", {"id": bonus}), "lines")


def what_was_handed_in_is_not_written_again(k, house):
    """Neither by whoever asked, nor by whoever decided: leave, claims, hours; and nobody writes their own time but by coming and going."""
    ewa, head = house.client("ewa", PASSWORD), house.client("head", PASSWORD)
    unpaid, sick = (k.list("hr.leave_type", [["code", "=", code]])["rows"][0]["id"] for code in ("unpaid", "sick"))
    leave = make(ewa, "hr.leave", **{"type": unpaid, "from": "2028-05-08", "until": "2028-05-09"})
    ewa.update("hr.leave", leave, {"until": "2028-05-10"})
    ewa.call("hr.leave.submit", {"id": leave})
    refused("state", lambda: ewa.update("hr.leave", leave, {"until": "2028-05-12"}), "from")
    head.call("hr.leave.approve", {"id": leave})
    for values in ({"until": "2028-05-31"}, {"from": "2028-05-01"}, {"type": sick}, {"half": "morning"}, {"substitute": here["jan"]}):
        refused("state", lambda: ewa.update("hr.leave", leave, values), "from")
        refused("state", lambda: head.update("hr.leave", leave, values), "from")
    refused("state", lambda: k.call("hr.leave.delete", {"id": leave}), "from")
    ewa.update("hr.leave", leave, {"note": "A wedding"})
    head.call("hr.leave.shorten", {"id": leave, "until": "2028-05-09"})
    expect((k.get("hr.leave", leave)["until"], k.get("hr.leave", leave)["days"]), ("2028-05-09", "2.00"))
    claim = make(ewa, "hr.expense", title="Train", lines=[{"day": "2026-03-01", "text": "train", "amount": "120.50"}])
    ewa.call("hr.expense.submit", {"id": claim})
    head.call("hr.expense.approve", {"id": claim})
    line = ewa.get("hr.expense", claim)["lines"][0]["id"]
    for values in ({"lines": [{"id": line, "amount": "999"}]}, {"advance": "1"}, {"lines": []}):
        refused("state", lambda: ewa.update("hr.expense", claim, values), "lines")
    refused("state", lambda: k.call("hr.expense.delete", {"id": claim}), "lines")
    sheet = make(ewa, "hr.timesheet", day="2028-03-16", minutes=300)
    ewa.call("hr.timesheet.submit", {"id": sheet})
    head.call("hr.timesheet.approve", {"id": sheet})
    refused("state", lambda: ewa.call("hr.timesheet.delete", {"id": sheet}), "minutes")
    refused("forbidden", lambda: make(ewa, "hr.attendance", employee=here["ewa_file"], day="2026-03-17", check_in="2026-03-17T06:00:00+01:00"))
    mine = ewa.list("hr.attendance")["rows"][0]["id"]
    refused("forbidden", lambda: ewa.update("hr.attendance", mine, {"note": "x"}))


def an_appraisal_has_two_parts_and_an_end(k, house):
    form = make(k, "hr.appraisal_form", name="Yearly", questions=[{"text": "Quality of work", "weight": "60"}, {"text": "Team", "weight": "40"}, {"text": "Plans", "kind": "words"}])
    cycle = make(k, "hr.appraisal_cycle", **{"name": "2026", "form": form, "department": here["hall"], "from": "2026-01-01", "until": "2026-12-31"})
    refused("validation", lambda: make(k, "hr.appraisal"), "cycle")
    k.call("hr.appraisal_cycle.start", {"id": cycle})
    ewa, head = house.client("ewa", PASSWORD), house.client("head", PASSWORD)
    mine = ewa.list("hr.appraisal")["rows"]
    expect([(r["employee"], r["state"], len(r["answers"])) for r in mine], [(here["ewa_file"], "self", 3)])
    asked = mine[0]["id"]
    said = lambda *scores: [{"id": a["id"], **s} for a, s in zip(ewa.get("hr.appraisal", asked)["answers"], scores)]  # noqa: E731
    refused("rule", lambda: ewa.call("hr.appraisal.submit", {"id": asked}), "answers[0].own_score", "answers[1].own_score")
    refused("state", lambda: ewa.update("hr.appraisal", asked, {"answers": said({"head_score": 5}, {}, {})}), "answers[0].head_score")
    refused("validation", lambda: ewa.update("hr.appraisal", asked, {"answers": said({"own_score": 6}, {}, {})}), "answers[0].own_score")
    ewa.update("hr.appraisal", asked, {"answers": said({"own_score": 5}, {"own_score": 4}, {"own_words": "Learn to weld aluminium"})})
    refused("forbidden", lambda: head.call("hr.appraisal.submit", {"id": asked}), "state")
    ewa.call("hr.appraisal.submit", {"id": asked})
    refused("state", lambda: ewa.update("hr.appraisal", asked, {"answers": said({"own_score": 1}, {}, {})}), "answers[0].own_score")
    refused("forbidden", lambda: ewa.call("hr.appraisal.close", {"id": asked}))
    head.update("hr.appraisal", asked, {"answers": said({"head_score": 4}, {"head_score": 3}, {}), "summary": "Good"})
    head.call("hr.appraisal.close", {"id": asked})
    row = k.get("hr.appraisal", asked)
    expect((row["state"], row["score"], row["answers"][2]["own_words"]), ("closed", "3.60", "Learn to weld aluminium"))
    refused("state", lambda: k.update("hr.appraisal", asked, {"summary": "Bad"}), "state")


def everything_of_somebody_in_one_call(k, house):
    span = {"from": "2026-01-01", "until": "2026-12-31"}
    found = house.client("ewa", PASSWORD).call("hr.results", span)
    figures = {r["name"]: r for r in found["measures"]}
    expect((found["name"], figures["overtime"]["value"], figures["hours_booked"]["value"], figures["bonus"]["value"], figures["appraisal"]["value"]),
           ("Ewa Lis", "5.00", "8.50", "850.00", "3.60"))
    worked = figures["days_worked"]
    expect(str(k.count(worked["entity"], worked["filter"])) + ".00", worked["value"])
    refused("not_found", lambda: house.client("ewa", PASSWORD).call("hr.results", {"employee": here["jan_file"], **span}))


STORIES = [
    terms_hold_from_their_day, pay_is_seen_by_whom_it_concerns, a_night_shift_ends_on_the_next_day, a_roster_says_what_is_planned,
    leave_of_half_a_day_halves_the_plan, leave_of_some_hours_is_planned_less, leave_counts_the_hours_of_the_terms_that_hold_then, over_time_on_a_free_day_counts_double, over_time_at_night_counts_double,
    a_correction_needs_somebody_else, leave_comes_out_of_the_year_that_expires_first, leave_follows_a_change_of_working_time, leave_grows_by_the_month_is_kept_and_expires,
    months_of_unpaid_leave_give_no_annual_leave,
    what_leave_refuses, a_department_keeps_enough_people, on_some_days_there_is_no_leave,
    a_substitute_has_the_tasks_while_it_lasts, rights_are_lent_by_who_may_give_them, everybody_lends_their_own_rights_and_no_more, timesheets_are_approved_by_another,
    who_may_run_a_machine_is_known, expenses_are_claimed_approved_and_paid, from_the_opening_to_the_last_day, who_leaves_lends_nothing_on, a_month_goes_to_payroll,
    a_month_in_which_pay_changes_has_its_terms, papers_expire_and_hours_go_into_any_work,
    what_is_approved_is_not_written_again, what_was_handed_in_is_not_written_again, an_appraisal_has_two_parts_and_an_end, everything_of_somebody_in_one_call,
]
if __name__ == "__main__":
    run(STORIES, modules="base,crm,hr", day="2026-11-20")
