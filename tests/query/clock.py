#!/usr/bin/env python3
"""Stories of days: whose they are, and where a day, a month and a year begin and end."""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "modules"))
from stories import expect, make, run  # noqa: E402

# Around the clock's changes in Poland in 2026, a year's end, and a week over it; the last is of the next day in UTC, too.
INSTANTS = ["2026-03-28T22:59:59.999Z", "2026-03-28T23:00:00.000Z", "2026-03-29T00:59:00.000Z", "2026-03-29T01:00:00.000Z",
            "2026-03-29T21:59:59.999Z", "2026-03-29T22:00:00.000Z", "2026-10-24T21:59:59.999Z", "2026-10-24T22:00:00.000Z",
            "2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z", "2026-10-25T22:59:59.999Z", "2026-10-25T23:00:00.000Z",
            "2026-12-31T22:59:59.999Z", "2026-12-31T23:00:00.000Z", "2027-01-03T23:00:00.000Z"]
seen = {}


def periods(k, period):
    """How many fall into each; the filter of each must find exactly those."""
    rows = k.aggregate("custom.beat", {"beats": "count"}, group=[f"at:{period}"], sort=f"at:{period}")
    for row in rows:
        expect(k.count("custom.beat", row["filter"]), row["beats"])
    return {row[f"at:{period}"]: row["beats"] for row in rows}


def without_a_company_days_are_utc(k):
    k.call("entity.define", {"name": "custom.beat", "title": "name", "fields": [{"name": "name", "type": "string"}, {"name": "at", "type": "time", "indexed": True}]})
    for at in INSTANTS:
        make(k, "custom.beat", at=at)
    expect(periods(k, "year"), {"2026-01-01": 14, "2027-01-01": 1})


def who_works_in_no_company_goes_by_the_clock_of_the_first(k):
    seen["company"] = make(k, "base.company", name="Wicher", zone="Europe/Warsaw")
    make(k, "base.company", name="Far away", zone="Pacific/Auckland")
    expect(k.call("session.whoami")["company"], None)
    expect(periods(k, "day"), {"2026-03-28": 1, "2026-03-29": 4, "2026-03-30": 1, "2026-10-24": 1, "2026-10-25": 4, "2026-10-26": 1,
                               "2026-12-31": 1, "2027-01-01": 1, "2027-01-04": 1})
    expect(periods(k, "week"), {"2026-03-23": 5, "2026-03-30": 1, "2026-10-19": 5, "2026-10-26": 1, "2026-12-28": 2, "2027-01-04": 1})
    expect(periods(k, "quarter"), {"2026-01-01": 6, "2026-10-01": 7, "2027-01-01": 2})
    expect(periods(k, "year"), {"2026-01-01": 13, "2027-01-01": 2})
    expect([k.count("custom.beat", [["at", sign, "2026-10-25"]]) for sign in ("=", "<", "<=", ">", ">=", "!=")], [4, 7, 11, 4, 8, 11])


def a_day_to_start_at_is_all_of_it(k):
    """Upwards from its beginning, downwards from its end."""
    def first(sort):
        return k.list("custom.beat", sort=sort, start="2026-10-25", limit=1, fields=["at"])["rows"][0]["at"]
    expect((first("at"), first("-at")), ("2026-10-24T22:00:00.000Z", "2026-10-25T22:59:59.999Z"))


def a_company_that_moves_takes_the_days_along_at_once(k):
    k.update("base.company", seen["company"], {"zone": "America/New_York"})
    expect(periods(k, "year"), {"2026-01-01": 14, "2027-01-01": 1})
    k.update("base.company", seen["company"], {"zone": "Europe/Warsaw"})
    expect(periods(k, "year"), {"2026-01-01": 13, "2027-01-01": 2})


if __name__ == "__main__":
    run([without_a_company_days_are_utc, who_works_in_no_company_goes_by_the_clock_of_the_first, a_day_to_start_at_is_all_of_it,
         a_company_that_moves_takes_the_days_along_at_once], modules="base")
