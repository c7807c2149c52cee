"""The demo company's people: files and terms, shifts, six weeks of attendance, leave of the year, goals, call scripts."""
import datetime
import random

from names import FIRST, LAST_PL, TODAY, ref

DAY = datetime.timedelta(days=1)
WORKERS = [("Spawacz", 6), ("Lakiernik", 3), ("Monter", 9), ("Magazynier", 3)]


class People:
    def __init__(self, builder, staff):
        self.b, self.k, self.load, self.staff, self.random = builder, builder.k, builder.load, staff, random.Random(1933)

    def files(self):
        employees, terms = [], []
        for login, first, last, _, role, department in self.staff:
            hired = TODAY.replace(year=TODAY.year - self.random.randint(1, 11), month=self.random.randint(1, 12), day=1)
            employees.append({"external_id": f"demo-e{login}", "name": f"{first} {last}", "owner": ref(f"demo-{login}"), "hired": str(hired)})
            terms.append({"external_id": f"demo-w{login}", "employee": ref(f"demo-e{login}"), "valid_from": str(hired), "post": "Kierownik sprzedaży" if role.endswith("head") else "Specjalista",
                          "department": ref(f"demo-{department}"), "pay": f"{self.random.randint(68, 140) * 100}.00"})
        n = 0
        for post, count in WORKERS:
            for _ in range(count):
                gender = self.random.choice("mmf")
                hired = TODAY - self.random.randint(60, 4200) * DAY
                employees.append({"external_id": f"demo-ex{n}", "name": f"{self.random.choice(FIRST['PL'][gender].split())} {self.random.choice(LAST_PL)['mf'.index(gender)]}",
                                  "hired": str(hired), "seniority_from": str(hired - self.random.randint(0, 4000) * DAY)})
                terms.append({"external_id": f"demo-wx{n}", "employee": ref(f"demo-ex{n}"), "valid_from": str(hired), "post": post, "department": ref("demo-hall"),
                              "contract": self.random.choice(["permanent", "permanent", "fixed_term"]), "pay": f"{self.random.randint(52, 88) * 100}.00"})
                n += 1
        self.load("hr.employee", employees, "employees")
        self.load("hr.term", terms, "terms of employment")
        return n

    def shifts(self, workers):
        self.load("hr.shift", [{"external_id": f"demo-s{name}", "name": name, "from": begin, "until": end, "break_minutes": 15} for name, begin, end in (
            ("Rano", "06:00", "14:00"), ("Po południu", "14:00", "22:00"))], "shifts")
        first = TODAY - TODAY.weekday() * DAY
        self.load("hr.roster", [{"external_id": f"demo-g{n}", "employee": ref(f"demo-ex{n}"), "shift": ref("demo-sRano" if n % 2 else "demo-sPo południu"), "from": str(first)}
                                for n in range(workers)], "rosters")

    def leave(self):
        self.k.call("hr.leave_presets", {}, key="demo-leave-presets")
        self.k.call("hr.leave_grant", {"year": TODAY.year}, key=f"demo-leave-{TODAY.year}")

    def weekdays(self):
        return [TODAY - n * DAY for n in range(42, 0, -1) if (TODAY - n * DAY).weekday() < 5]

    def day_of(self, external_id, day, begin, key):
        """One day of somebody: now and then late, at home, longer, or not there."""
        row = {"external_id": f"demo-h{key}-{day}", "employee": ref(external_id), "day": str(day)}
        if self.random.random() < 0.04:
            return {**row, "state": "absent"}
        at = datetime.datetime.combine(day, begin) + datetime.timedelta(minutes=self.random.choice([-4, -2, 0, 0, 1, 3, 18]))
        gone = at + datetime.timedelta(minutes=485 + self.random.choice([0, 0, 0, 5, 70]))
        return {**row, "state": "present", "check_in": f"{at.isoformat()}+01:00", "check_out": f"{gone.isoformat()}+01:00"}

    def attendance(self, workers):
        rows = [self.day_of(f"demo-ex{n}", day, datetime.time(6 if n % 2 else 14), n) for n in range(workers) for day in self.weekdays()]
        rows += [self.day_of(f"demo-e{login}", day, datetime.time(8), login) for login, *_ in self.staff for day in self.weekdays()]
        self.load("hr.attendance", rows, "attendance")
        self.load("hr.timesheet", [{"external_id": f"demo-u{login}-{day}", "employee": ref(f"demo-e{login}"), "day": str(day),
                                    "minutes": self.random.randrange(180, 450, 30), "text": self.random.choice(["oferty", "rozmowy z klientami", "targi", "dokumenty"])}
                                   for login, *_ in self.staff for day in self.weekdays()], "timesheets")
        for row in self.k.list("hr.timesheet", [["state", "=", "draft"]], fields=["id"], limit=500)["rows"]:
            self.k.call("hr.timesheet.submit", {"id": row["id"]}, key=f"demo-sheet-{row['id']}")

    def goals(self):
        first, last = TODAY.replace(month=1, day=1), TODAY.replace(month=12, day=31)
        span = {"from": str(first), "until": str(last)}
        sellers = [s for s in self.staff if s[4].startswith("crm.sales")]
        rows = [{"external_id": f"demo-k{login}", "indicator": "won_amount", "owner": ref(f"demo-{login}"), "target": "1500000", "weight": "70", **span} for login, *_ in sellers]
        rows += [{"external_id": f"demo-kc{login}", "indicator": "conversion", "owner": ref(f"demo-{login}"), "target": "50", "weight": "30", **span} for login, *_ in sellers]
        rows += [{"external_id": f"demo-kd{name}", "indicator": "sales", "scope": "department", "department": ref(f"demo-{name}"), "target": target, **span}
                 for name, target in (("sales", "5000000"), ("export", "3000000"))]
        rows += [{"external_id": f"demo-kf{name}", "indicator": name, "scope": "company", "target": target, **span}
                 for name, target in (("invoiced", "8000000"), ("delivered_on_time", "95"), ("absence", "4"))]
        self.load("insight.goal", rows, "goals")


def build(builder, enabled, staff):
    if "hr" in enabled:
        people = People(builder, staff)
        workers = people.files()
        people.shifts(workers)
        people.leave()
        people.attendance(workers)
    if {"insight", "crm"} <= enabled:
        People(builder, staff).goals()
    if "script" in enabled:
        builder.k.call("script.ready", {"language": "pl"}, key="demo-scripts")
