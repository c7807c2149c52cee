#!/usr/bin/env python3
"""Leave by the Polish Labour Code, worked out by hand: each story names its article. Year ends, leap years, part-time, changes within the year."""
from stories import expect, make, refused, run

here = {}


def employee(k, name, hired, share="100", **more):
    if not here:
        k.call("session.company", {"company": make(k, "base.company", name="Stories", zone="Europe/Warsaw")})
        k.call("hr.leave_presets", {})
        here.update({row["code"]: row["id"] for row in k.list("hr.leave_type", limit=50)["rows"]})
    file = make(k, "hr.employee", name=name, hired=hired, **more)
    make(k, "hr.term", employee=file, valid_from=hired, time_share=share)
    return file


def grant(k, file, *years):
    for year in years:
        k.call("hr.leave_grant", {"year": year, "employee": file})


def left(k, file, day, code="annual"):
    """Days that may be taken on a day, by year."""
    rows = k.call("hr.leave_balance", {"employee": file, "day": day, "type": here[code]})["rows"]
    return {row["year"]: row["days"] for row in rows}


def ask(k, file, code, first, last, **more):
    leave = make(k, "hr.leave", **{"employee": file, "type": here[code], "from": first, "until": last, **more})
    k.call("hr.leave.submit", {"id": leave})
    return leave


def take(k, file, code, first, last, **more):
    leave = ask(k, file, code, first, last, **more)
    k.call("hr.leave.approve", {"id": leave})
    return leave


def leave_of_a_year_is_there_from_its_first_day(k):
    """Art. 153 par. 2: each further leave in each further calendar year."""
    file = employee(k, "Next Year", "2020-01-01", seniority_from="2019-01-01")
    grant(k, file, 2026, 2027)
    expect(left(k, file, "2026-12-31"), {2026: "20.00"})
    expect(left(k, file, "2027-01-01"), {2026: "20.00", 2027: "20.00"})
    take(k, file, "annual", "2026-06-01", "2026-06-26")  # twenty days
    refused("rule", lambda: ask(k, file, "annual", "2026-12-30", "2026-12-31"), "until")
    refused("rule", lambda: ask(k, file, "annual", "2026-12-31", "2027-01-08"), "until")
    over = take(k, file, "annual", "2027-01-01", "2027-01-08")
    rows = k.list("hr.leave_entry", [["leave", "=", over]])["rows"]
    expect([(row["year"], row["hours"]) for row in rows], [(2027, "-48.00")])


def leave_over_the_end_of_a_year_is_taken_from_both(k):
    file = employee(k, "Both Years", "2020-01-01", seniority_from="2019-01-01")
    grant(k, file, 2026, 2027)
    take(k, file, "annual", "2026-06-01", "2026-06-24")  # eighteen days
    over = take(k, file, "annual", "2026-12-30", "2027-01-06")  # two days in December, four in January
    rows = k.list("hr.leave_entry", [["leave", "=", over]], sort="year")["rows"]
    expect([(row["year"], row["hours"]) for row in rows], [(2026, "-16.00"), (2027, "-32.00")])


def the_first_job_earns_month_by_month(k):
    """Art. 153 par. 1: hired on 18 May, a twelfth of twenty days after each month of work, so seven by the end of the year."""
    file = employee(k, "First Job", "2026-05-18", first_job=True)
    grant(k, file, 2026, 2027)
    expect([left(k, file, day) for day in ("2026-06-17", "2026-06-18", "2026-07-18", "2026-12-31")],
           [{}, {2026: "1.67"}, {2026: "3.33"}, {2026: "11.67"}])
    refused("rule", lambda: ask(k, file, "annual", "2026-06-22", "2026-06-23"), "until")
    take(k, file, "annual", "2026-06-22", "2026-06-22")
    expect(left(k, file, "2027-01-01"), {2026: "10.67", 2027: "20.00"})
    hours = k.call("hr.leave_entry.aggregate", {"measures": {"h": "sum:hours"}, "filter": [["employee", "=", file], ["year", "=", 2026], ["kind", "=", "granted"], ["type", "=", here["annual"]]]})["rows"]
    expect(hours[0]["h"], "93.33")  # 7/12 of 160
    k.update("hr.employee", file, {"first_job": False})
    grant(k, file, 2026)
    expect(left(k, file, "2026-12-31"), {2026: "13.00"})  # eight months begun, 13.33 so 14, less the day taken


def the_longer_leave_is_due_from_its_day(k):
    """Art. 158: ten years of seniority are over with 14 September 2026; six days more from then on."""
    file = employee(k, "Ten Years", "2020-01-01", seniority_from="2016-09-15")
    grant(k, file, 2026)
    expect([left(k, file, day) for day in ("2026-09-13", "2026-09-14")], [{2026: "20.00"}, {2026: "26.00"}])
    k.update("hr.employee", file, {"seniority_from": "2016-11-15"})
    grant(k, file, 2026)
    expect([left(k, file, day) for day in ("2026-09-14", "2026-11-14")], [{2026: "20.00"}, {2026: "26.00"}])
    half = employee(k, "Half Time", "2020-01-01", "50", seniority_from="2016-01-01")
    grant(k, half, 2025, 2026)
    expect([left(k, half, day) for day in ("2025-12-30", "2025-12-31", "2026-01-01")],
           [{2025: "10.00"}, {2025: "13.00"}, {2025: "13.00", 2026: "13.00"}])  # with the year itself


def who_changes_employers_within_a_month_is_not_counted_twice(k):
    """Art. 155(2a) par. 3."""
    file = employee(k, "From Elsewhere", "2026-05-18", counted_elsewhere=True)
    grant(k, file, 2026)
    expect(left(k, file, "2026-12-31"), {2026: "12.00"})  # June to December: 20 x 7/12 = 11.67


def a_change_of_working_time_counts_by_months(k):
    """Art. 154 par. 2, 155(2a), 155(3): a quarter until 10 August, then three quarters."""
    file = employee(k, "More Hours", "2020-01-01", "25")
    make(k, "hr.term", employee=file, valid_from="2028-08-10", time_share="75")
    grant(k, file, 2028)
    expect(left(k, file, "2028-12-31"), {2028: "10.00"})  # 5 x 7/12 = 2.92 so 3; August to December 15 x 5/12 = 6.25 so 7


def unpaid_leave_lessens_the_year_and_child_raising_leave_does_not(k):
    """Art. 155(2): par. 2 names unpaid leave, and not child-raising leave, of those that begin within the year."""
    unpaid, child = (employee(k, name, "2020-01-01") for name in ("Unpaid", "Child"))
    for file, code in ((unpaid, "unpaid"), (child, "parental_unpaid")):
        grant(k, file, 2027)
        take(k, file, code, "2027-03-01", "2027-05-31")
        grant(k, file, 2027)
    expect((left(k, unpaid, "2027-12-31"), left(k, child, "2027-12-31")), ({2027: "15.00"}, {2027: "20.00"}))
    # over the end of the year: the one in which it began keeps its leave, the next one has nine months
    take(k, child, "parental_unpaid", "2027-10-01", "2028-03-31")
    grant(k, child, 2027, 2028)
    expect(left(k, child, "2028-12-31"), {2027: "20.00", 2028: "15.00"})
    whole = employee(k, "All Year", "2020-01-01")
    take(k, whole, "unpaid", "2027-11-15", "2029-01-14")
    grant(k, whole, 2027, 2028, 2029)
    expect(left(k, whole, "2029-12-30"), {2027: "20.00", 2029: "20.00"})


def leave_on_demand_is_four_days_of_the_annual_leave(k):
    """Art. 167(2): at most four days a calendar year, out of the annual leave."""
    file = employee(k, "On Demand", "2020-01-01")
    grant(k, file, 2027, 2028)
    take(k, file, "on_demand", "2027-02-01", "2027-02-03")
    expect((left(k, file, "2027-12-31"), left(k, file, "2027-12-31", "on_demand")), ({2027: "17.00"}, {}))
    said = refused("rule", lambda: ask(k, file, "on_demand", "2027-03-01", "2027-03-02"), "until")
    expect(said.problems[0]["message"], "with this request 5 days of the year; at most 4 may be")
    last = take(k, file, "on_demand", "2027-03-01", "2027-03-01")
    take(k, file, "on_demand", "2028-02-28", "2028-03-02")  # four days over a leap day
    k.call("hr.leave.cancel", {"id": last})
    expect(left(k, file, "2028-12-31"), {2027: "13.00", 2028: "20.00"})
    refused("validation", lambda: k.update("hr.leave_type", here["annual"], {"part_of": here["annual"]}), "part_of")


def who_falls_ill_on_leave_has_the_rest_later(k):
    """Art. 166: leave not taken because of illness is given later; art. 167: who is called back has the rest, too."""
    file = employee(k, "Falls Ill", "2020-01-01")
    grant(k, file, 2027)
    leave = take(k, file, "annual", "2027-07-05", "2027-07-16")
    expect(left(k, file, "2027-12-31"), {2027: "10.00"})
    refused("rule", lambda: ask(k, file, "sick", "2027-07-08", "2027-07-20"), "from")
    refused("validation", lambda: k.call("hr.leave.shorten", {"id": leave, "until": "2027-07-16"}), "until")
    k.call("hr.leave.shorten", {"id": leave, "until": "2027-07-07"})
    take(k, file, "sick", "2027-07-08", "2027-07-20")
    expect((left(k, file, "2027-12-31"), k.get("hr.leave", leave)["days"]), ({2027: "17.00"}, "3.00"))
    k.call("hr.leave.cancel", {"id": leave})
    expect(left(k, file, "2027-12-31"), {2027: "20.00"})


def by_the_hour_an_hour_begun_is_an_hour(k):
    """Art. 148(1) par. 4: sixteen hours, of a third of full time 5.33, so six; care of a relative, art. 173(1), is in days."""
    file = employee(k, "A Third", "2020-01-01", "33.33")
    grant(k, file, 2027)
    rows = k.call("hr.leave_balance", {"employee": file, "day": "2027-01-01", "type": here["force_majeure"]})["rows"]
    expect([row["left"] for row in rows], ["6.00"])


def what_was_entered_by_hand_stays(k):
    """Art. 155(1) par. 2: leave taken in excess with the former employer is less here; no later grant gives it back."""
    file = employee(k, "By Hand", "2026-05-01")
    grant(k, file, 2026)
    make(k, "hr.leave_entry", employee=file, type=here["annual"], year=2026, hours="-16", note="two days too many elsewhere")
    grant(k, file, 2026)
    expect(left(k, file, "2026-12-31"), {2026: "12.00"})  # 20 x 8/12 = 13.33 so 14


def who_leaves_is_paid_what_is_left(k):
    """Art. 155(1) par. 1 and 171: leaving in February 2026, two of twelve months, less what was taken."""
    file = employee(k, "Leaves", "2020-01-01", seniority_from="2010-01-01")
    grant(k, file, 2025, 2026)
    take(k, file, "annual", "2025-06-02", "2025-07-04")  # 25 days
    k.call("hr.employee.offboard", {"id": file, "day": "2026-02-10"})
    grant(k, file, 2026)
    pay = {row["name"]: row["unused_leave"] for row in k.call("hr.payroll", {"month": "2026-02-01"})["rows"]}
    expect((pay["Leaves"], pay["By Hand"] if "By Hand" in pay else "0.00"), ("48.00", "0.00"))  # a day of 2025 and five of 2026: 26 x 2/12 = 4.33
    expect({row["name"]: row["unused_leave"] for row in k.call("hr.payroll", {"month": "2026-01-01"})["rows"]}["Leaves"], "0.00")


def leave_expires_three_years_after_it_should_have_been_taken(k):
    """Art. 168 and 291: leave of 2022 until 30 September 2023, and gone after 30 September 2026."""
    file = employee(k, "Overdue", "2020-01-01")
    grant(k, file, 2022)
    overdue = lambda day: [(r["left"], r["overdue"]) for r in k.call("hr.leave_balance", {"employee": file, "day": day, "type": here["annual"]})["rows"]]  # noqa: E731
    expect([overdue(day) for day in ("2023-09-30", "2023-10-01", "2026-09-30", "2026-10-01")],
           [[("160.00", False)], [("160.00", True)], [("160.00", True)], [("0.00", False)]])
    refused("rule", lambda: ask(k, file, "annual", "2026-09-29", "2026-10-02"), "until")  # two of the four days come too late
    take(k, file, "annual", "2026-09-29", "2026-09-30")


STORIES = [
    leave_of_a_year_is_there_from_its_first_day, leave_over_the_end_of_a_year_is_taken_from_both, the_first_job_earns_month_by_month,
    the_longer_leave_is_due_from_its_day, who_changes_employers_within_a_month_is_not_counted_twice, a_change_of_working_time_counts_by_months,
    unpaid_leave_lessens_the_year_and_child_raising_leave_does_not, leave_on_demand_is_four_days_of_the_annual_leave,
    who_falls_ill_on_leave_has_the_rest_later, by_the_hour_an_hour_begun_is_an_hour, what_was_entered_by_hand_stays,
    who_leaves_is_paid_what_is_left, leave_expires_three_years_after_it_should_have_been_taken,
]
if __name__ == "__main__":
    run(STORIES, modules="base,hr")
