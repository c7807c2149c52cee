"""The demo company's works: what bicycles are made of, the hall and its machines, who supplies the parts, what lies in the stores,
and a few orders on their way through all departments, each at another point of it."""
import datetime
import random

import books
import desks
import floor
from names import BIKES, PARTS, TODAY, ref

DAY = datetime.timedelta(days=1)
# Code, name, cost; what the parts that are sold do not cover.
MATERIALS = [("M001", "Rura stalowa 28 mm", "14.20"), ("M002", "Rura aluminiowa 34 mm", "22.80"), ("M003", "Lakier proszkowy, porcja", "9.50"), ("M004", "Widelec 28", "68.00"),
             ("M005", "Napęd 8-biegowy", "184.00"), ("M006", "Silnik 250 W", "1240.00"), ("M007", "Bateria 500 Wh", "1390.00"), ("M008", "Koło 16 komplet", "92.00"),
             ("M009", "Skrzynia ładunkowa", "310.00"), ("M010", "Zawias ramy", "54.00")]
FRAMES = [("F001", "Rama stalowa spawana", "M001", "4"), ("F002", "Rama aluminiowa spawana", "M002", "4"), ("F003", "Rama dziecięca", "M001", "2"),
          ("F004", "Rama cargo", "M001", "7"), ("F005", "Rama składana", "M002", "3")]
CENTRES = [("SPAW", "Spawalnia", 2, "48", "52", "18"), ("LAK", "Lakiernia", 1, "75", "46", "30"), ("MONT", "Montaż", 2, "12", "50", "15"), ("PAK", "Pakowanie", 1, "6", "42", "10")]
SUPPLIERS = 4


def frame_of(bike):
    kind = bike.split()[0]
    return {"Dziecięcy": "F003", "Cargo": "F004", "Składany": "F005", "Miejski": "F001", "Trekking": "F001"}.get(kind, "F002")


def parts_of(bike):
    """Code and quantity of what a bicycle is put together from."""
    kind, parts = bike.split()[0], [(frame_of(bike), "1"), ("M003", "1")]
    parts += [("M008", "1")] if kind == "Dziecięcy" else [("C001", "1"), ("C002", "1"), ("M004", "1"), ("M005", "1")]
    parts += [("C005", "1"), ("C007", "1")] + ([] if kind == "Dziecięcy" else [("C006", "2")])
    parts += [("M006", "1"), ("M007", "1")] if kind in ("Elektryczny", "Cargo") else []
    parts += [("M009", "1")] if kind == "Cargo" else [("M010", "1")] if kind == "Składany" else []
    return parts + ([("C008", "1"), ("C009", "1"), ("C010", "1")] if kind in ("Miejski", "Trekking", "Cargo") else [])


def item(code):
    return ref(f"demo-{code[0]}{int(code[1:])}") if code[0] in "RC" else ref(f"demo-{code}")


class Works:
    def __init__(self, builder, enabled):
        self.b, self.k, self.load, self.enabled, self.random = builder, builder.k, builder.load, enabled, random.Random(1920)

    item = staticmethod(item)

    def once(self, method, params, name):
        return self.k.call(method, params, key=f"demo-works-{name}")

    # ---- what there is

    def goods(self):
        self.load("base.item", [{"external_id": f"demo-{code}", "code": code, "name": name, "unit": ref("demo-m" if name.startswith("Rura") else "demo-szt"),
                                 "sold": False, "bought": True,
                                 "standard_cost": cost, "currency": ref("PLN")} for code, name, cost in MATERIALS], "materials")
        self.load("base.item", [{"external_id": f"demo-{code}", "code": code, "name": name, "unit": ref("demo-szt"), "sold": False, "made": True,
                                 "standard_cost": "190", "currency": ref("PLN")} for code, name, *_ in FRAMES], "frames")
        self.load("base.item", [{"external_id": f"demo-R{i + 1}", "standard_cost": f"{price * 52 // 100}.00"} for i, (_, price) in enumerate(BIKES)] +
                  [{"external_id": f"demo-C{i + 1}", "standard_cost": f"{price * 58 // 100}.00"} for i, (_, price) in enumerate(PARTS)], "costs of items")

    def hall(self):
        self.load("base.calendar", [{"external_id": "demo-hall-hours", "name": "Hala, dwie zmiany", "hours": [
            {"weekday": day, "from": "06:00", "until": "22:00"} for day in ("monday", "tuesday", "wednesday", "thursday", "friday")]}], "hours of the hall")
        self.load("production.work_centre", [{"external_id": f"demo-{code}", "code": code, "name": name, "slots": slots, "calendar": ref("demo-hall-hours"), "machine_rate": machine, "labour_rate": labour,
                                              "overhead_rate": overhead} for code, name, slots, machine, labour, overhead in CENTRES], "work centres")
        centre = {row["code"]: row["id"] for row in self.k.list("production.work_centre", fields=["id", "code"])["rows"]}
        step = lambda number, name, code, setup, run: {"sequence": number, "name": name, "centre": centre[code], "setup_minutes": setup, "run_minutes": run}
        self.load("production.routing", [
            {"external_id": "demo-frame", "code": "RAMA", "name": "Spawanie ramy", "steps": [step(10, "Cięcie i spawanie", "SPAW", "25", "38"), step(20, "Szlifowanie", "SPAW", "0", "9")]},
            {"external_id": "demo-bike", "code": "ROWER", "name": "Lakier i montaż", "steps": [
                step(10, "Lakierowanie", "LAK", "40", "12"), step(20, "Montaż", "MONT", "10", "55"), step(30, "Regulacja i pakowanie", "PAK", "0", "15")]}], "routings")
        self.load("production.bom", [{"external_id": f"demo-b{code}", "item": ref(f"demo-{code}"), "routing": ref("demo-frame"), "tolerance": "10", "lines": [
            {"item": ref(f"demo-{tube}"), "quantity": quantity, "scrap": "4"}]} for code, _, tube, quantity in FRAMES], "bills of frames")
        self.load("production.bom", [{"external_id": f"demo-bR{i + 1}", "item": ref(f"demo-R{i + 1}"), "routing": ref("demo-bike"), "lines": [
            {"item": item(code), "quantity": quantity} for code, quantity in parts_of(name)]} for i, (name, _) in enumerate(BIKES)], "bills of bicycles")

    def supply(self):
        suppliers = [row["id"] for row in self.k.list("base.party", [["is_supplier", "=", True], ["tax_id", "is_null", False]], sort="id", limit=SUPPLIERS, fields=["id"])["rows"]]
        rows = []
        for n, (code, cost) in enumerate([(code, float(cost)) for code, _, cost in MATERIALS] + [(f"C{i + 1:03d}", price * 0.58) for i, (_, price) in enumerate(PARTS)]):
            for k in range(2):
                rows.append({"external_id": f"demo-sp{code}-{k}", "item": item(code), "party": suppliers[(n + k) % len(suppliers)], "currency": ref("PLN"),
                             "price": f"{cost * (1 + 0.06 * k):.2f}", "lead_days": 4 + (n * 5 + k * 3) % 12, "multiple": "10" if cost < 100 else "1"})
        self.load("logistics.supplier_price", rows, "suppliers' prices")

    def stock(self):
        lines = [{"item": item(code), "quantity": str(self.random.randint(0, 4) * 10), "unit_cost": cost} for code, _, cost in MATERIALS] + \
                [{"item": ref(f"demo-C{i + 1}"), "quantity": str(self.random.randint(0, 20) * 4), "unit_cost": f"{price * 0.58:.2f}"} for i, (_, price) in enumerate(PARTS)] + \
                [{"item": ref(f"demo-R{i + 1}"), "quantity": str(self.random.randint(0, 9)), "unit_cost": f"{price * 0.52:.2f}"} for i, (_, price) in enumerate(BIKES)] + \
                [{"item": ref(f"demo-{code}"), "quantity": str(self.random.randint(0, 8)), "unit_cost": "185"} for code, *_ in FRAMES]
        self.bring_in(lines, "stock")

    def bring_in(self, lines, name):
        """Goods that were there when the books began: the slip takes their value out of production, the opening puts it back there."""
        slip = self.once("logistics.transfer.create", {"values": {"kind": "entry", "lines": [line for line in lines if line["quantity"] != "0"]}}, name)["id"]
        self.once("logistics.transfer.post", {"id": slip}, f"{name}-posted")
        if "finance" in self.enabled:
            books.Books(self.b).open_stock(f"demo-bo-{name}", {"entity": "logistics.transfer", "id": slip})

    # ---- orders on their way

    def order(self, n):
        firm = self.b.customers[(n * 37 + 11) % len(self.b.customers)]
        bike = (n * 5 + 2) % len(BIKES)
        lines = [{"item": ref(f"demo-R{bike + 1}"), "quantity": str(3 + n * 4 % 11)}] + ([{"item": ref(f"demo-C{n % len(PARTS) + 1}"), "quantity": str(4 + n)}] if n % 2 else [])
        made = self.once("crm.order.create", {"values": {"party": ref(firm[0]["external_id"]), "owner": firm[0]["owner"], "currency": ref("PLN"), "source": "targi Rowertour",
                                                         "asked": str(TODAY + (18 + n * 2) * DAY), "lines": lines}}, f"order-{n}")["id"]
        if n < 20:
            self.once("crm.order.confirm", {"id": made}, f"confirm-{n}")
        return made

    def buy(self):
        """Half of what is requested is ordered; the first orders have come."""
        asked = [row["id"] for row in self.k.list("logistics.purchase_request", [["state", "=", "open"]], sort="id", fields=["id"], limit=200)["rows"]]
        self.once("logistics.purchase.order", {"requests": asked[:len(asked) // 2 + 1]}, "purchases")
        drafts = [row["id"] for row in self.k.list("logistics.purchase_order", [["state", "=", "draft"]], sort="id", fields=["id"])["rows"]]
        for n, order in enumerate(drafts):
            self.once("logistics.purchase_order.approve", {"id": order}, f"approve-{order}")
            if n == 0:
                lines = self.k.get("logistics.purchase_order", order)["lines"]
                receipt = self.once("logistics.receipt.create", {"values": {"order": order, "lines": [
                    {"order_line": line["id"], "quantity": line["quantity"]} for line in lines]}}, f"receipt-{order}")
                self.once("logistics.receipt.finish", {"id": receipt["id"]}, f"received-{order}")

    def make(self):
        """What has all its parts is begun, the first of it is finished."""
        ready = self.k.list("production.order", [["state", "=", "reserved"]], sort="begins,id", fields=["id", "quantity"])["rows"]
        for n, order in enumerate(ready[:4]):
            self.once("production.order.start", {"id": order["id"]}, f"start-{order['id']}")
            if n >= 2:
                first = self.k.list("production.operation", [["order", "=", order["id"]]], sort="sequence", fields=["id"], limit=1)["rows"][0]["id"]
                self.once("production.operation.start", {"id": first, "person": ref("demo-wiktor" if n == 2 else "demo-halina")}, f"work-{first}")
            if n == 3:
                self.once("production.operation.pause", {"id": first, "downtime": "NO_OPERATOR"}, f"stop-{first}")
            if n < 2:
                self.once("production.order.report", {"id": order["id"], "produced": order["quantity"]}, f"report-{order['id']}")
                self.once("production.order.finish", {"id": order["id"]}, f"finish-{order['id']}")

    def assign(self):
        """Who is to do what is ready next."""
        for n, work in enumerate(self.k.list("production.operation", [["state", "=", "ready"]], sort="begins,id", fields=["id"], limit=6)["rows"]):
            self.once("production.operation.assign", {"id": work["id"], "person": ref(("demo-wiktor", "demo-halina")[n % 2])}, f"assign-{work['id']}")

    def ship(self):
        ready = self.k.list("logistics.delivery", [["state", "=", "reserved"]], sort="id", fields=["id"])["rows"]
        for delivery in ready[:2]:
            self.once("logistics.delivery.ship", {"id": delivery["id"]}, f"ship-{delivery['id']}")

    def turn(self, waiting, gone):
        """One waits for the customer's word, one came to nothing."""
        self.once("crm.order.hold", {"id": waiting, "reason": "czekamy na przedpłatę"}, "hold")
        self.once("crm.order.cancel", {"id": gone, "reason": "klient zrezygnował"}, "cancel")


def build(builder, enabled, password):
    works = Works(builder, enabled)
    works.goods()
    if "production" in enabled:
        works.hall()
    if "logistics" in enabled:
        works.supply()
        works.stock()
    if {"logistics", "production"} <= enabled:
        hall = floor.Floor(works, FRAMES, parts_of, {code: cost for code, _, cost in MATERIALS})
        hall.people(password)
        hall.history()
        if "crm" in enabled:
            hall.sell(builder.customers, "finance" in enabled)
    if {"crm", "logistics", "production"} <= enabled:
        orders = [works.order(n) for n in range(25)]
        works.buy()
        works.make()
        works.assign()
        works.ship()
        works.turn(orders[18], orders[24])
    desks.build(works)
