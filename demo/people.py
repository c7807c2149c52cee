"""The demo company's people: files and terms, shifts, leave of the year, and call scripts."""
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
        self.load("access.department", [{"external_id": "demo-hall", "name": "Hala produkcyjna", "parent": ref("demo-company")}], "the hall")
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


def build(builder, enabled, staff):
    if "hr" in enabled:
        people = People(builder, staff)
        people.shifts(people.files())
        people.leave()
    if "script" in enabled:
        builder.k.call("script.ready", {"language": "pl"}, key="demo-scripts")
