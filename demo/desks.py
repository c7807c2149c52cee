"""What lies on the demo company's desks: in the stores, in purchasing, in planning and in the books, a paper or more at each point that it
passes through, and at those where it came to nothing."""
import datetime
import time

from names import TODAY, ref

DAY = datetime.timedelta(days=1)
# Code, name, cost, lots: name, days until it expires, quantity.
CHEMICALS = [("M011", "Smar łożyskowy, tubka 100 g", "11.40", [("SM-2609", 210, "48"), ("SM-2611", 330, "60")]),
             ("M012", "Uszczelniacz do opon 500 ml", "23.50", [("US-2605", 150, "24"), ("US-2610", 360, "36")])]
REORDER = [("C005", "40", "200"), ("C009", "60", "300"), ("M003", "30", "120"), ("M011", "40", "150"), ("M012", "20", "80")]
SEASON = [("R1", "2027-03-01", "60"), ("R4", "2027-03-01", "40"), ("R10", "2027-04-01", "80")]


class Desks:
    def __init__(self, works):
        self.works, self.b, self.k, self.load, self.enabled = works, works.b, works.k, works.load, works.enabled

    def once(self, entity, verb, name, /, **params):
        return self.works.once(f"{entity}.{verb}", params, f"desk-{entity}-{name}-{verb}")

    def paper(self, entity, name, /, *verbs, **values):
        """A document and, one after the other, what is done to it: a word, or a word and what it is told."""
        made = self.once(entity, "create", name, values=values)["id"]
        for verb in verbs:
            verb, more = verb if isinstance(verb, tuple) else (verb, {})
            self.once(entity, verb, name, id=made, **more)
        return made

    def suppliers(self):
        return [row["id"] for row in self.k.list("base.party", [["is_supplier", "=", True], ["tax_id", "is_null", False]], sort="id", limit=4, fields=["id"])["rows"]]

    # ---- the stores

    def chemicals(self):
        self.load("base.item", [{"external_id": f"demo-{code}", "code": code, "name": name, "unit": ref("demo-szt"), "sold": False, "bought": True, "standard_cost": cost,
                                 "currency": ref("PLN"), "tracking": "lot"} for code, name, cost, _ in CHEMICALS], "chemicals")
        self.load("base.item_cost", [{"external_id": f"demo-cost-{code}-{n}", "item": ref(f"demo-{code}"), "valid_from": day, "cost": f"{float(cost) * factor:.2f}"}
                                     for code, _, cost, _ in CHEMICALS for n, (day, factor) in enumerate((("2025-01-01", 0.92), ("2026-01-01", 1), ("2027-01-01", 1.06)))],
                  "standard costs by day")
        self.works.bring_in([{"item": ref(f"demo-{code}"), "quantity": quantity, "unit_cost": cost, "new_lot": lot, "expires": str(TODAY + days * DAY)}
                             for code, _, cost, lots in CHEMICALS for lot, days, quantity in lots], "chemicals")
        doubtful = self.k.list("logistics.lot", [["name", "=", "US-2605"]], fields=["id"])["rows"][0]["id"]
        self.once("logistics.lot", "block", "US-2605", id=doubtful, reason="Reklamacja: uszczelniacz zgęstniał")
        self.load("logistics.reorder_rule", [{"external_id": f"demo-min-{code}", "item": self.works.item(code), "minimum": minimum, "maximum": maximum}
                                             for code, minimum, maximum in REORDER], "reorder rules")

    def count(self):
        """The chemicals' shelf was counted: a tube of grease is missing; the year's count is being prepared."""
        group = self.once("base.item_category", "create", "chemicals", values={"name": "Chemia warsztatowa"})["id"]
        self.load("base.item", [{"external_id": f"demo-{code}", "category": group} for code, *_ in CHEMICALS], "category of chemicals")
        count = self.paper("logistics.count", "count", "start", category=group, reason="Spis kontrolny chemii")
        rows = self.k.list("logistics.count_line", [["count", "=", count]], sort="id", fields=["item", "location", "lot", "expected"])["rows"]
        there = [{"item": row["item"], "location": row["location"], "lot": row["lot"], "quantity": str(int(float(row["expected"])) - (n == 0))} for n, row in enumerate(rows)]
        self.once("logistics.count", "enter", "count", id=count, lines=there, finished=True)
        self.once("logistics.count", "approve", "count", id=count)
        self.paper("logistics.count", "year", reason="Spis roczny 2026", blind=True)

    def deliveries(self):
        """Written by hand for the fair, and two small orders from the shelf."""
        firms = [firm[0] for firm in self.b.customers[:4]]
        lamps, guards = ref("demo-C9"), ref("demo-C10")
        for name, firm, verbs, note in (("fair", firms[0], (), "Wzory na targi Rowertour"), ("lost", firms[1], ("cancel",), "Pomyłka: klient odbierze sam")):
            self.paper("logistics.delivery", name, *verbs, party=ref(firm["external_id"]), note=note, lines=[{"item": lamps, "quantity": "2"}])
        self.works.bring_in([{"item": lamps, "quantity": "40", "unit_cost": "28.42"}, {"item": guards, "quantity": "20", "unit_cost": "40.02"}], "shelf")
        for name, firm, goods, verbs in (("shelf-1", firms[2], lamps, ("ship", "finish")), ("shelf-2", firms[3], guards, ("pick",))):
            order = self.paper("crm.order", name, "confirm", party=ref(firm["external_id"]), owner=firm["owner"], currency=ref("PLN"), source="telefon",
                               lines=[{"item": goods, "quantity": "10"}])
            delivery = self.k.list("logistics.delivery", [["document", "=", {"entity": "crm.order", "id": order}]], fields=["id"])["rows"][0]["id"]
            for verb in verbs:
                self.once("logistics.delivery", verb, name, id=delivery)

    # ---- purchasing

    def inquiry(self):
        asked = self.suppliers()[:3]
        lines = [{"item": ref("demo-M005"), "quantity": "200", "needed": "2027-02-15"}, {"item": ref("demo-M004"), "quantity": "200", "needed": "2027-02-15"}]
        rfq = self.paper("logistics.rfq", "season", "send", title="Napędy i widelce na sezon 2027", suppliers=asked, lines=lines, answer_by="2026-12-11",
                         note="Prosimy o ceny przy odbiorze w dwóch partiach.")
        for n, (drive, bulk, fork, days, charges) in enumerate((("179.00", "171.50", "66.50", 28, "450.00"), ("182.40", "168.00", "64.90", 42, "0"))):
            self.paper("logistics.rfq_answer", f"answer-{n}", rfq=rfq, party=asked[n], currency=ref("PLN"), valid_to="2026-12-31", lead_days=days, charges=charges, lines=[
                {"line": 1, "price": drive}, {"line": 1, "price": bulk, "minimum": "150"}, {"line": 2, "price": fork}])
        self.paper("logistics.rfq", "boxes", title="Kartony wysyłkowe na rowery", suppliers=asked[:2], lines=[{"name": "Karton 1400 x 200 x 800", "quantity": "500"}])

    def purchases(self):
        """A draft, one that is with the supplier, one of which a part came, one that is settled."""
        firms, orders = self.suppliers(), {}
        for name, firm, code, quantity, price, verbs in (("paint", 0, "M003", "60", "9.30", ()), ("tubes", 1, "M001", "200", "13.90", ("send",)),
                                                         ("grease", 2, "M011", "60", "11.40", ("approve",)), ("sealant", 3, "M012", "40", "23.50", ("approve",))):
            orders[name] = self.paper("logistics.purchase_order", name, *verbs, party=firms[firm], currency=ref("PLN"),
                                      lines=[{"item": ref(f"demo-{code}"), "quantity": quantity, "price": price, "expected": "2026-12-04"}])
        for name, quantity, lot, days in (("grease", "24", "SM-2612", 360), ("sealant", "40", "US-2611", 390)):
            line = self.k.get("logistics.purchase_order", orders[name])["lines"][0]["id"]
            self.paper("logistics.receipt", name, "finish", order=orders[name], lines=[{"order_line": line, "quantity": quantity, "lot_name": lot, "expires": str(TODAY + days * DAY)}])
        if "finance" in self.enabled:
            for name, number in (("grease", "1187/11/2026"), ("sealant", "FS 402/2026")):
                bill = self.once("finance.invoice", "from_order", name, order={"entity": "logistics.purchase_order", "id": orders[name]})["id"]
                self.works.once("finance.invoice.update", {"id": bill, "values": {"reference": number}}, f"desk-{name}-number")
                if name == "sealant":
                    self.once("finance.invoice", "post", name, id=bill)
        self.once("logistics.purchase_order", "close", "sealant", id=orders["sealant"])

    # ---- planning

    def plan(self):
        """What came to an end, what did not begin, and what the season's forecast asks for."""
        done = self.k.list("production.order", [["state", "in", ["done", "closed"]]], sort="id", limit=6, fields=["id"])["rows"]
        for n, order in enumerate(done):
            self.once("production.order", "close", f"done-{n}", id=order["id"])
        self.paper("production.order", "prototype", item=ref("demo-R9"), quantity="2", due="2027-01-29", note="Gravel na targi: nowy lakier")
        self.paper("production.order", "dropped", ("cancel", {"reason": "Klient wybrał inny model"}), item=ref("demo-R12"), quantity="5", due="2027-01-15")
        self.load("production.forecast", [{"external_id": f"demo-forecast-{item}", "item": ref(f"demo-{item}"), "day": day, "quantity": quantity} for item, day, quantity in SEASON],
                  "forecasts")
        job = self.once("production.mrp", "run", "mrp")["job"]
        while self.k.call("job.get", {"id": job})["state"] in ("queued", "running"):
            time.sleep(0.05)

    # ---- the books

    def papers(self):
        """A bill of current, an advance, a credit note and a sale at the till."""
        firms = self.suppliers()
        self.paper("finance.invoice", "current", "post", kind="purchase", party=firms[0], reference="E/11/2026/5531", lines=[
            {"name": "Energia elektryczna, listopad", "quantity": "1", "price": "6840.00"}])
        sold = self.k.list("finance.invoice", [["kind", "=", "sale"], ["state", "=", "posted"]], sort="-id", limit=1, fields=["id", "lines"])["rows"][0]
        note = self.once("finance.invoice", "credit", "scratch", id=sold["id"], reason="Zwrot: rysy na lakierze", lines=[{"line": sold["lines"][0]["id"], "quantity": "1"}])
        self.once("finance.invoice", "post", "scratch", id=note["made"])
        asked = self.k.list("crm.order", [["state", "=", "confirmed"], ["source", "=", "targi Rowertour"]], sort="-id", limit=1, fields=["id"])["rows"][0]["id"]
        part = self.once("finance.invoice", "from_order", "advance", order={"entity": "crm.order", "id": asked}, advance="30")["id"]
        self.once("finance.invoice", "post", "advance", id=part)
        self.paper("finance.invoice", "till", "post", kind="receipt", tax_included=True, lines=[
            {"item": ref("demo-U001"), "quantity": "1", "price": "149.00"}, {"item": ref("demo-U003"), "quantity": "1", "price": "89.00"}])


def build(works):
    desks, enabled = Desks(works), works.enabled
    if "logistics" in enabled:
        desks.chemicals()
        desks.count()
        desks.inquiry()
        desks.purchases()
    if {"logistics", "crm"} <= enabled:
        desks.deliveries()
    if {"crm", "logistics", "production"} <= enabled:
        desks.plan()
    if {"crm", "finance"} <= enabled:
        desks.papers()
