"""The demo company sells: a catalogue with taxes, price lists and limits, quotations for its deals, and orders."""
import datetime
import random

from names import BIKES, PARTS, RATES, TODAY, ref

GROUPS = [("bikes", "Rowery", None), ("city", "Rowery miejskie i składane", "bikes"), ("touring", "Rowery trekkingowe, szosowe i gravel", "bikes"),
          ("electric", "Rowery elektryczne i cargo", "bikes"), ("kids", "Rowery dziecięce", "bikes"), ("parts", "Części i akcesoria", None), ("service", "Usługi", None)]
GROUP_OF = {"Miejski": "city", "Składany": "city", "Trekking": "touring", "Szosa": "touring", "Gravel": "touring", "Elektryczny": "electric", "Cargo": "electric",
            "Dziecięcy": "kids"}
SERVICES = [("U001", "Przegląd roweru", 149), ("U002", "Transport paletowy", 320), ("U003", "Montaż i regulacja", 89)]
PEOPLE = ["Anna Król", "Jan Baran", "Ewa Wilk", "Piotr Mazur", "Maria Lis"]
REASONS = ["za drogo", "za długi termin", "wybrali konkurencję"]
DAY = datetime.timedelta(days=1)


class Sales:
    def __init__(self, builder):
        self.b, self.load, self.random = builder, builder.load, random.Random(1951)
        self.items = [(f"demo-R{i + 1}", price) for i, (_, price) in enumerate(BIKES)] + [(f"demo-C{i + 1}", price) for i, (_, price) in enumerate(PARTS)]

    def catalogue(self):
        self.b.k.call("base.tax.preset", {"country": "PL"})
        self.load("base.item_category", [{"external_id": f"demo-{c}", "name": name, **({"parent": ref(f"demo-{up}")} if up else {})} for c, name, up in GROUPS],
                  "item categories")
        self.load("base.item", [{"external_id": f"demo-R{i + 1}", "category": ref("demo-" + GROUP_OF[name.split()[0]])} for i, (name, _) in enumerate(BIKES)] +
                  [{"external_id": f"demo-C{i + 1}", "category": ref("demo-parts")} for i in range(len(PARTS))], "categories of items")
        self.load("base.item", [{"external_id": f"demo-{code}", "code": code, "name": name, "kind": "service", "unit": ref("demo-szt"), "price": f"{price}.00",
                                 "currency": ref("PLN"), "category": ref("demo-service")} for code, name, price in SERVICES], "services")

    def prices(self):
        self.load("base.tag", [{"external_id": "demo-hurt", "name": "Hurt"}], "tags")
        wholesale = [f for f in self.b.customers if self.random.random() < 0.35]
        self.load("base.party", [{"external_id": f[0]["external_id"], "tags": [ref("demo-hurt")]} for f in wholesale], "wholesale customers")
        self.load("crm.price_list", [{"external_id": "demo-detal", "name": "Detaliczny", "currency": ref("PLN"), "initial": True}], "price lists")
        self.load("crm.price_list", [
            {"external_id": "demo-hurtowy", "name": "Hurtowy", "currency": ref("PLN"), "tags": [ref("demo-hurt")], "base": ref("demo-detal"), "percent": "-15",
             "round_to": "10", "ending": "1"},
            {"external_id": "demo-eur", "name": "Eksport EUR", "currency": ref("EUR"), "initial": True},
            {"external_id": "demo-wiosna", "name": "Wiosna 2026", "currency": ref("PLN"), "initial": True, "priority": 10, "base": ref("demo-detal"),
             "valid_from": "2026-03-15", "valid_to": "2026-05-15"}], "more price lists")
        rows = [{"external_id": f"demo-p-{item[5:]}", "list": ref("demo-detal"), "item": ref(item), "price": f"{price}.00"} for item, price in self.items]
        rows += [{"external_id": f"demo-p10-{item[5:]}", "list": ref("demo-detal"), "item": ref(item), "quantity": "10", "price": f"{price * 94 // 100}.00"}
                 for item, price in self.items[:len(BIKES)]]
        rows += [{"external_id": f"demo-e-{item[5:]}", "list": ref("demo-eur"), "item": ref(item), "price": f"{round(price / RATES['EUR'])}.00"} for item, price in
                 self.items + [(f"demo-{code}", price) for code, _, price in SERVICES]]
        rows += [{"external_id": "demo-w-kids", "list": ref("demo-wiosna"), "category": ref("demo-kids"), "percent": "-10"}]
        self.load("crm.price", rows, "prices")
        roles = {r["name"]: r["id"] for r in self.b.k.each("access.role", fields=["id", "name"])}
        self.load("crm.discount_limit", [{"external_id": f"demo-limit-{role}", "role": roles[f"crm.{role}"], "percent": percent, "over": over}
                                         for role, percent, over in (("sales", "10", "approve"), ("sales_head", "25", "refuse"))], "discount limits")

    def lines(self, deal):
        n = int(deal["external_id"][6:])
        bike = next(i for i, (name, _) in enumerate(BIKES) if deal["title"].startswith(name + " —"))
        lines = [{"item": ref(f"demo-R{bike + 1}"), "quantity": str(self.random.randint(1, 24))}]
        if self.random.random() < 0.3:
            lines[0]["discount_percent"] = str(self.random.choice([2, 3, 5, 7, 10]))
        for _ in range(self.random.randint(0, 3)):
            lines.append({"item": ref(self.random.choice(self.items[len(BIKES):])[0]), "quantity": str(self.random.randint(2, 60))})
        if n % 4 == 0:
            lines.append({"item": ref("demo-U002"), "quantity": "1"})
        return lines

    def documents(self):
        stages = {stage[0]: stage for stage in self.b.stages}
        owners = {f[0]["external_id"]: f for f in self.b.customers}
        quotations, orders = [], []
        for deal in self.b.deal_rows:
            semantic, stage = stages[deal["stage"]][2], stages[deal["stage"]][1]
            if semantic == "open" and stage not in ("Oferta", "Negocjacje") or self.random.random() < 0.25:
                continue
            n, day = deal["external_id"][6:], datetime.date.fromisoformat(deal["created_at"][:10]) + self.random.randint(1, 12) * DAY
            day = min(day, TODAY)
            abroad = owners[deal["party"]["external_id"]][1] != "PL"
            common = {"title": deal["title"], "party": deal["party"], "owner": deal["owner"], "source": deal["source"], "deal": ref(deal["external_id"]),
                      "currency": ref("EUR" if abroad else "PLN")}
            lines, until = self.lines(deal), day + 30 * DAY
            quotation = {**common, "external_id": f"demo-q{n}", "day": str(day), "valid_until": str(until), "created_at": f"{day}T09:00:00Z",
                         "lines": lines + [{"item": ref("demo-U001"), "quantity": "1", "optional": True}]}
            if semantic == "won":
                quotation["state"] = "accepted"
            elif semantic == "lost":
                quotation["state"] = self.random.choice(["rejected", "rejected", "expired"])
                if quotation["state"] == "rejected":
                    quotation["reason"] = self.random.choice(REASONS)
            else:
                quotation["state"] = "sent" if until >= TODAY or self.random.random() < 0.5 else "expired"
            quotations.append(quotation)
            if semantic == "won":
                orders.append(self.order(n, common, lines, min(day + self.random.randint(2, 20) * DAY, TODAY)))
        for n in range(40 * self.b.factor): # regular customers order by telephone
            firm = self.random.choice(self.b.customers)
            day = TODAY - self.random.randint(0, 55) * DAY
            lines = [{"item": ref(self.random.choice(self.items)[0]), "quantity": str(self.random.randint(1, 30))} for _ in range(self.random.randint(1, 4))]
            orders.append(self.order(f"t{n}", {"party": ref(firm[0]["external_id"]), "owner": firm[0]["owner"], "source": "stały klient",
                                               "currency": ref("PLN" if firm[1] == "PL" else "EUR")}, lines, day))
        self.load("crm.quotation", quotations, "quotations", chunk=100)
        self.load("crm.order", orders, "orders", chunk=100)

    def order(self, n, common, lines, day):
        age = (TODAY - day).days
        asked = day + self.random.randint(10, 35) * DAY
        state = "closed" if age > 60 else "confirmed"
        row = {**common, "external_id": f"demo-o{n}", "day": str(day), "asked": str(asked), "state": state,
               "created_at": f"{day}T10:00:00Z", "lines": [dict(line) for line in lines]}
        if "deal" in common:
            row["quotation"] = ref(f"demo-q{n}")
        if age < 3:
            row["state"] = "draft"
            return row
        row["confirmed_at"] = f"{day}T11:00:00Z"
        done = len(lines) if age > 45 else self.random.randint(0, len(lines)) if age > 10 else 0
        for line in row["lines"][:done]:
            line["invoiced"] = line["quantity"]
            if not line["item"]["external_id"].startswith("demo-U"):
                line.update(delivered=line["quantity"], actual=str(min(asked + self.random.randint(-4, 3) * DAY, TODAY)))
        return row

    def recurring(self):
        polish = [f for f in self.b.customers if f[1] == "PL"][:3]
        self.load("crm.order_template", [{"external_id": f"demo-cykl{i}", "name": name, "party": ref(f[0]["external_id"]), "every": every, "interval": interval,
                                          "start": start, "owner": f[0]["owner"], "lines": [{"item": ref(item), "quantity": quantity}]}
                                         for i, (f, (name, every, interval, start, item, quantity)) in enumerate(zip(polish, (
                                             ("Serwis floty", "month", 1, "2026-12-01", "demo-U001", "12"), ("Lampki co kwartał", "month", 3, "2027-01-04", "demo-C9", "100"),
                                             ("Łańcuchy co dwa tygodnie", "week", 2, "2026-11-30", "demo-C5", "40"))))], "recurring orders")


def build(builder):
    sales = Sales(builder)
    sales.catalogue()
    sales.prices()
    sales.documents()
    sales.recurring()
