"""The demo company looks after its customers: promised times and requests, the log of calls, consents, goods looked at, segments, campaigns, goals."""
import datetime
import random

from names import BIKES, TODAY, ref

PROMISES = [("low", 960, 4800), ("normal", 480, 2400), ("high", 120, 960), ("urgent", 60, 480)]
SUBJECTS = [("complaint", "Pęknięta szprycha"), ("complaint", "Brakuje dzwonka"), ("fault", "Luz w suporcie"), ("question", "Dostępne rozmiary ramy"),
            ("request", "Faktura na inny adres"), ("question", "Termin dostawy"), ("fault", "Bateria ładuje się powoli"), ("request", "Zmiana koloru lakieru")]
# What became of a request, act by act; the first ones are untouched.
FATES = [[], ["start"], ["start", "respond"], ["respond", "wait"], ["respond", "resolve"], ["respond", "resolve", "close"], ["resolve", "reopen"], ["cancel"]]
CALLS = ["completed", "completed", "completed", "no_answer", "busy", "failed", "cancelled"]
SEGMENTS = [("Hurt w Polsce", [["is_customer", "=", True], ["tags.name", "=", "Hurt"]]),
            ("Kupili, a milczą od 90 dni", [["has", "crm.order.party", [["state", "in", ["confirmed", "closed"]]]],
                                            ["not", ["has", "crm.activity.party", [["done_at", ">=", "today-90"]]]]]),
            ("Oglądali rowery, nie kupili", [["has", "crm.interest.party", []], ["not", ["has", "crm.order.party", []]]]),
            ("Zgoda na newsletter", [["has", "crm.consent.party", [["purpose", "=", "newsletter"], ["state", "=", "given"]]]])]
DAY = datetime.timedelta(days=1)


class Service:
    def __init__(self, builder):
        self.b, self.k, self.load, self.random = builder, builder.k, builder.load, random.Random(1968)

    def moment(self, days):
        day = TODAY - self.random.randint(0, days) * DAY
        return f"{day}T{self.random.randint(7, 14):02}:{self.random.randint(0, 59):02}:00Z"

    def firm(self):
        return self.random.choice(self.b.customers)[0]

    def requests(self):
        self.load("crm.sla", [{"external_id": f"demo-sla-{priority}", "priority": priority, "response_minutes": response, "resolution_minutes": resolution}
                              for priority, response, resolution in PROMISES], "promised times")
        rows = []
        for n in range(48 * self.b.factor):
            firm, (kind, subject) = self.firm(), SUBJECTS[n % len(SUBJECTS)]
            rows.append({"external_id": f"demo-z{n}", "kind": kind, "subject": subject, "priority": PROMISES[n % 4][0], "party": ref(firm["external_id"]),
                         "owner": firm["owner"], "received_at": self.moment(9), "item": ref(f"demo-R{n % len(BIKES) + 1}")})
        self.load("crm.request", rows, "requests")
        fresh = {row["external_id"]: row["id"] for row in self.k.each("crm.request", [["state", "=", "new"], ["version", "=", 1]], fields=["id", "external_id"])}
        for n in range(48 * self.b.factor):
            for act in FATES[n % len(FATES)] if f"demo-z{n}" in fresh else []:
                more = {"resolution": "Wysłano część i instrukcję."} if act == "resolve" else {}
                self.k.call(f"crm.request.{act}", {"id": fresh[f"demo-z{n}"], **more})

    def calls(self):
        rows = []
        for n in range(120 * self.b.factor):
            firm, at = self.firm(), self.moment(60)
            row = {"external_id": f"demo-call{n}", "direction": "in" if n % 3 else "out", "party": ref(firm["external_id"]), "owner": firm["owner"],
                   "phone": firm["contacts"][0]["value"], "started_at": at}
            rows.append(row)
        self.load("crm.call", rows, "calls")
        for row in list(self.k.each("crm.call", [["state", "=", "initiated"], ["external_id", "like", "demo-call%"]], fields=["id", "external_id"])):
            n = int(row["external_id"][9:])
            outcome = CALLS[n % len(CALLS)]
            self.k.call("crm.call.finish", {"id": row["id"], "outcome": outcome, **({"duration_s": 40 + n * 37 % 1400} if outcome == "completed" else {})})

    def audience(self):
        chosen = self.random.sample([f[0] for f in self.b.customers], len(self.b.customers) * 2 // 3)
        self.load("crm.consent", [{"external_id": f"demo-c-{f['external_id'][5:]}", "party": ref(f["external_id"]), "purpose": "newsletter", "channel": "email",
                                   "source": "formularz na stronie", "given_at": self.moment(400)} for f in chosen], "consents")
        for row in list(self.k.each("crm.consent", [["state", "=", "given"], ["version", "=", 1], ["external_id", "like", "demo-c-%"]], fields=["id", "external_id"])):
            if int(row["external_id"][8:]) % 9 == 8:
                self.k.call("crm.consent.withdraw", {"id": row["id"], "source": "telefon"})
        seen = {}
        for n in range(400 * self.b.factor):
            firm, bike = self.firm(), self.random.randint(1, len(BIKES))
            kind = self.random.choice(["viewed", "viewed", "viewed", "put_aside", "in_basket"])
            seen.setdefault((firm["external_id"], bike, kind), {
                "external_id": f"demo-i-{firm['external_id'][5:]}-{bike}-{kind}", "party": ref(firm["external_id"]), "item": ref(f"demo-R{bike}"), "kind": kind,
                "times": self.random.randint(1, 9), "last_at": self.moment(40), "source": "sklep internetowy",
                **({} if kind == "viewed" else {"quantity": str(self.random.randint(1, 8))})})
        self.load("crm.interest", list(seen.values()), "goods looked at")
        self.load("crm.segment", [{"external_id": f"demo-s{n}", "name": name, "filter": filter} for n, (name, filter) in enumerate(SEGMENTS)], "segments")

    def campaigns(self):
        self.load("crm.campaign", [{"external_id": f"demo-k-{code}", "name": name, "channel": channel, "starts_on": start, "ends_on": end, "cost": cost,
                                    "currency": ref("PLN")} for code, name, channel, start, end, cost in (
            ("wiosna", "Wiosna 2026", "reklama", "2026-03-01", "2026-05-31", "18500"), ("targi", "Rowertour 2026", "targi", "2026-04-10", "2026-04-13", "42000"))],
                  "campaigns")
        for entity in ("crm.lead", "crm.deal"):
            rows = []
            for source, campaign in (("kampania wiosenna", "Wiosna 2026"), ("targi Rowertour", "Rowertour 2026")):
                rows += [{"external_id": row["external_id"], "campaign": campaign}
                         for row in self.k.each(entity, [["source", "=", source], ["external_id", "like", "demo-%"]], fields=["external_id"]) if row["external_id"]]
            self.load(entity, sorted(rows, key=lambda row: row["external_id"]), f"campaigns of {entity}")

    def goals(self):
        rows = [{"external_id": "demo-plan-year", "period": "year", "starts_on": "2026-01-01", "target": "24000000", "currency": ref("PLN")},
                {"external_id": "demo-plan-funnel", "period": "quarter", "starts_on": "2026-10-01", "scope": "pipeline", "pipeline": ref("demo-sales"),
                 "measure": "count", "target": "60"}]
        rows += [{"external_id": f"demo-plan-{department}", "period": "quarter", "starts_on": "2026-10-01", "scope": "department",
                  "department": ref(f"demo-{department}"), "target": target, "currency": ref("PLN")} for department, target in (("sales", "2500000"), ("export", "1200000"))]
        rows += [{"external_id": f"demo-plan-{login}", "period": "quarter", "starts_on": "2026-10-01", "scope": "employee", "owner": ref(f"demo-{login}"),
                  "target": "900000", "currency": ref("PLN")} for login in ("marek", "ola", "piotr", "tereza")]
        self.load("crm.plan", rows, "goals")
        self.load("crm.assignment", [{"external_id": "demo-turn", "name": "Zapytania ze strony", "entity": "crm.lead", "source": "strona WWW", "on_create": True,
                                      "users": [{"user": ref(f"demo-{login}"), "weight": weight} for login, weight in (("marek", 2), ("ola", 1))]}], "assignment")
        self.load("crm.form", [{"external_id": "demo-form", "name": "Zapytaj o rower", "text": "Napisz, jakiego roweru szukasz. Odpowiadamy tego samego dnia.",
                                "source": "strona WWW", "consent": "Zgadzam się na kontakt w sprawie tego zapytania.",
                                "fields": [{"field": "name", "required": True}, {"field": "email", "required": True}, {"field": "phone"},
                                           {"field": "city"}, {"field": "text", "required": True}]}], "form")


def build(builder):
    service = Service(builder)
    service.requests()
    service.calls()
    service.audience()
    service.campaigns()
    service.goals()


def scripts(k):
    """Two call scripts and a list of customers to call by the first of them."""
    k.call("script.ready", {"language": "pl"})
    script = k.list("script.script", fields=["id"], sort="id")["rows"][0]["id"]
    if not k.count("script.list", [["external_id", "=", "demo-list"]]):
        made = k.create("script.list", {"external_id": "demo-list", "name": "Klienci, którzy milczą", "script": script, "purpose": "service"})["id"]
        k.call("script.list.fill", {"list": made, "filter": [["is_customer", "=", True], ["kind", "=", "organisation"], ["id", "<", 60]]})
