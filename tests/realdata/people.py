"""AdventureWorks' people: departments, employees with every change of department and pay, shifts, hours of leave."""
import datetime
import decimal

from sales import MINE, ref

D = decimal.Decimal
EVER = datetime.date(2014, 6, 30)  # the day of the figures


def shifts(loader):
    loader.load("access.department", [{"external_id": f"aw-group-{d['GroupName']}", "name": d["GroupName"]} for d in
                                      {d["GroupName"]: d for d in loader.table("Department")}.values()])
    loader.load("access.department", [{"external_id": f"aw-department-{d['DepartmentID']}", "name": d["Name"], "parent": ref("group", d["GroupName"])}
                                      for d in loader.table("Department")], "sub")
    loader.load("hr.shift", [{"external_id": f"aw-shift-{s['ShiftID']}", "name": s["Name"], "from": s["StartTime"][:5], "until": s["EndTime"][:5]}
                             for s in loader.table("Shift")])
    loader.load("hr.leave_type", [{"external_id": "aw-leave-vacation", "code": "aw_vacation", "name": "Vacation"},
                                  {"external_id": "aw-leave-sick", "code": "aw_sick", "name": "Sick leave"}])


def terms_of(e, places, rates):
    """What held for an employee, by the day from which it did."""
    days = sorted({p["StartDate"][:10] for p in places} | {r["RateChangeDate"][:10] for r in rates})
    for day in days:
        place = [p for p in places if p["StartDate"][:10] <= day][-1:]
        rate = [r for r in rates if r["RateChangeDate"][:10] <= day][-1:]
        yield {"external_id": f"aw-term-{e['BusinessEntityID']}-{day}", "employee": ref("employee", e["BusinessEntityID"]), "valid_from": day,
               "post": e["JobTitle"], "period": "hour", "pay": rate[0]["Rate"] if rate else None,
               "department": ref("department", place[0]["DepartmentID"]) if place else None,
               "head": ref("employee", e["ManagerID"]) if e["ManagerID"] else None}


def by_employee(rows, day):
    found = {}
    for row in sorted(rows, key=lambda r: r[day]):
        found.setdefault(row["BusinessEntityID"], []).append(row)
    return found


def load_people(loader):
    shifts(loader)
    employees = loader.table("Employee")
    names = {p["BusinessEntityID"]: " ".join(filter(None, (p["FirstName"], p["MiddleName"], p["LastName"]))) for p in loader.table("Person")}
    loader.load("hr.employee", [{"external_id": f"aw-employee-{e['BusinessEntityID']}", "name": names[e["BusinessEntityID"]], "hired": e["HireDate"][:10],
                                 "party": ref("party", e["BusinessEntityID"]), "birth": e["BirthDate"][:10], "national_id": e["NationalIDNumber"]} for e in employees])
    places = by_employee(loader.table("EmployeeDepartmentHistory"), "StartDate")
    rates = by_employee(loader.table("EmployeePayHistory"), "RateChangeDate")
    loader.load("hr.term", [t for e in employees for t in terms_of(e, places[e["BusinessEntityID"]], rates[e["BusinessEntityID"]])])
    loader.load("hr.roster", [{"external_id": f"aw-roster-{p['BusinessEntityID']}-{p['StartDate'][:10]}", "employee": ref("employee", p["BusinessEntityID"]),
                               "shift": ref("shift", p["ShiftID"]), "from": p["StartDate"][:10],
                               "until": str(datetime.date.fromisoformat(p["EndDate"][:10]) - datetime.timedelta(1)) if p["EndDate"] else None}
                              for rows in places.values() for p in rows])
    loader.load("hr.leave_entry", [{"external_id": f"aw-hours-{kind}-{e['BusinessEntityID']}", "employee": ref("employee", e["BusinessEntityID"]),
                                    "type": ref("leave", kind), "year": EVER.year, "kind": "carried", "day": str(EVER), "hours": e[column]}
                                   for e in employees for kind, column in (("vacation", "VacationHours"), ("sick", "SickLeaveHours")) if int(e[column])])


# ---- Against the figures that came with the data

def compare_departments(k, table, expected):
    departments = {row["id"]: row["name"] for row in k.each("access.department", [MINE], fields=["id", "name"])}
    ours = {departments[row["department"]]: row["n"] for row in k.aggregate("hr.employee", {"n": "count"}, group=["department"], filter=[MINE])}
    table.row("employees by department", ours, expected["by_department_now"], show=False)
    pay, of = {row["employee"]: D(row["pay"]) for row in k.call("hr.payroll", {"month": str(EVER)})["rows"]}, {}
    for row in k.each("hr.employee", [MINE], fields=["id", "department"]):
        of.setdefault(departments[row["department"]], []).append(pay[row["id"]])
    average = {name: str((sum(rates) / len(rates)).quantize(D("0.0001"), decimal.ROUND_HALF_UP)) for name, rates in of.items()}
    table.row("average rate by department", average, expected["average_rate_by_department_now_4_places"], show=False)
    print(f"  {len(ours)} departments: employees and average rates")


def changed(k, field):
    """Employees with more than one value of a field of their terms."""
    seen = {}
    for row in k.each("hr.term", [MINE], fields=["employee", field]):
        seen.setdefault(row["employee"], set()).add(row[field])
    return sum(len(values) > 1 for values in seen.values())


def compare_people(k, table, expected):
    expected = expected["hr"]
    table.row("employees", k.count("hr.employee", [MINE]), expected["employees"])
    compare_departments(k, table, expected)
    now = [MINE, ["from", "<=", str(EVER)], ["until", "is_null", True]]
    shift = {row["id"]: row["name"] for row in k.each("hr.shift", [MINE], fields=["id", "name"])}
    table.row("employees by shift", {shift[row["shift"]]: row["n"] for row in k.aggregate("hr.roster", {"n": "count"}, group=["shift"], filter=now)}, expected["by_shift_now"])
    hired = {row["hired:year"][:4]: row["n"] for row in k.aggregate("hr.employee", {"n": "count"}, group=["hired:year"], filter=[MINE])}
    table.row("hired by year", hired, expected["hired_by_year"], show=False)
    for year, count in expected["headcount_at_year_end"].items():
        table.row(f"employees at the end of {year}", k.count("hr.employee", [MINE, ["hired", "<=", f"{year}-12-31"]]), count, show=False)
    heads = sorted(((row["n"], row["head"]) for row in k.aggregate("hr.employee", {"n": "count"}, group=["head"], filter=[MINE, ["head", "is_null", False]])), reverse=True)
    table.row("heads", len(heads), expected["managers"])
    most = [(k.get("hr.employee", head)["name"], n) for n, head in heads[:2]]
    table.row("most direct reports", most, [(m["name"], m["reports"]) for m in expected["most_direct_reports"][:2]], show=False)
    table.row("changed their department", changed(k, "department"), expected["employees_who_changed_department"])
    table.row("had a raise", changed(k, "pay"), expected["employees_with_a_raise"])
    for code, what in (("aw_vacation", "vacation_hours"), ("aw_sick", "sick_leave_hours")):
        hours = k.aggregate("hr.leave_entry", {"hours": "sum:hours"}, filter=[["type.code", "=", code]])
        table.row(what.replace("_", " "), D(hours[0]["hours"]), D(expected[what]))
