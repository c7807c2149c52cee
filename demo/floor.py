"""The last working days in the demo company's hall: frames and bicycles made for stock, with the times of every operation, stops
and their reasons, scrap and material used up: what OEE, the Pareto of stops and the variances of cost are drawn from."""
import datetime
import random

from names import BIKES, PARTS, TODAY, ref

DAYS, LOT, SALES = 15, 7, 5
WINTER = datetime.timezone(datetime.timedelta(hours=1))
PEOPLE = [("bogdan", "Bogdan Kurek", "production.planner"), ("wiktor", "Wiktor Pilch", "production.operator"), ("halina", "Halina Zych", "production.operator")]
# Reason, remark, minutes, weight.
STOPS = [("BREAKDOWN", "Zerwany przewód masy", (30, 75), 3), ("BREAKDOWN", "Pompa lakieru", (40, 90), 2), ("NO_MATERIAL", None, (15, 40), 4), ("TOOL", "Stępiona tarcza", (8, 20), 3),
         ("SETUP", None, (15, 30), 4), ("BREAK", None, (15, 15), 5), ("NO_OPERATOR", "Zwolnienie lekarskie", (20, 60), 2), ("QUALITY", "Porowaty spaw", (10, 30), 2),
         ("MINOR", None, (4, 9), 4), ("CLEANING", None, (10, 15), 2)]
SCRAP = ["Porowaty spaw", "Rysa na lakierze", "Krzywa główka ramy"]


class Floor:
    def __init__(self, works, frames, parts_of, costs):
        self.works, self.k, self.once, self.random = works, works.k, works.once, random.Random(1947)
        self.frames, self.parts_of, self.costs = frames, parts_of, costs

    def people(self, password):
        roles = {r["name"]: r["id"] for r in self.k.each("access.role", fields=["id", "name"])}
        self.works.load("access.user", [{"external_id": f"demo-{login}", "name": login, "full_name": name, "lang": "pl", "active": True, "department": ref("demo-hall"),
                                         "email": f"{login}@wicher.example", "badge": f"W-{n + 1:03d}", "roles": [roles[role], roles["base.user"]]}
                                        for n, (login, name, role) in enumerate(PEOPLE)], "the people of the hall")
        self.hands = [self.k.get("access.user", external_id=f"demo-{login}", fields=["id"])["id"] for login, *_ in PEOPLE]
        for user in self.hands:
            self.k.call("access.password", {"user": user, "new": password})

    def bikes_of(self, n):
        return [(n * 2 + k) * 5 % len(BIKES) for k in (0, 1)]

    def orders(self):
        """Day, item, quantity, components: the bicycles of a day go into the frames of the day before."""
        days = [day for n in range(40, 0, -1) if (day := TODAY - datetime.timedelta(n)).weekday() < 5][-DAYS:]
        frames = {code: (tube, float(each)) for code, _, tube, each in self.frames}
        for n, day in enumerate(days):
            for bike in self.bikes_of(n):
                yield day, f"demo-R{bike + 1}", LOT, [(part, float(each) * LOT) for part, each in self.parts_of(BIKES[bike][0])]
            for bike in self.bikes_of(n + 1) if n + 1 < DAYS else ():
                frame = self.parts_of(BIKES[bike][0])[0][0]
                tube, each = frames[frame]
                yield day, f"demo-{frame}", LOT, [(tube, each * 1.1 * LOT)]

    def material(self):
        """What is used up; of frames, those of the first day, and some in place of scrap."""
        needed, made = {}, {}
        for _, item, quantity, parts in self.orders():
            made[item] = made.get(item, 0) + quantity
            for code, each in parts:
                needed[code] = needed.get(code, 0) + each
        cost = {**self.costs, **{f"C{i + 1:03d}": f"{price * 0.58:.2f}" for i, (_, price) in enumerate(PARTS)}, **{code: "185" for code, *_ in self.frames}}
        lines = [{"item": self.works.item(code), "quantity": str(-int(-(quantity - made[f"demo-{code}"] + LOT if f"demo-{code}" in made else quantity) // 1)), "unit_cost": cost[code]}
                 for code, quantity in sorted(needed.items())]
        self.works.bring_in(lines, "hall-stock")

    def worked(self, operation, begins, scrapped):
        """The calls of one operation, most with a stop in between, and when it ended."""
        dice = self.random
        minutes = float(operation["machine_minutes"]) * dice.uniform(0.9, 1.22)
        stamp = lambda at: at.isoformat(timespec="minutes")
        act = lambda verb, at, **more: {"method": f"production.operation.{verb}", "params": {"id": operation["id"], "at": stamp(at), **more}}
        calls, ends = [act("start", begins, person=dice.choice(self.hands[1:]))], begins + datetime.timedelta(minutes=minutes)
        if dice.random() < 0.75:
            reason, remark, (least, most), _ = dice.choices(STOPS, [weight for *_, weight in STOPS])[0]
            stops = begins + datetime.timedelta(minutes=minutes * dice.uniform(0.3, 0.7))
            lost = datetime.timedelta(minutes=dice.randint(least, most))
            calls += [act("pause", stops, downtime=reason, **({"reason": remark} if remark else {})), act("start", stops + lost)]
            ends += lost
        return calls + [act("finish", ends, **({"scrapped": str(scrapped)} if scrapped else {}))], ends

    def make(self, n, day, item, quantity, parts):
        begun = self.once("system.batch", {"atomic": True, "calls": [
            {"method": "production.order.create", "params": {"values": {"item": ref(item), "quantity": str(quantity), "note": "Na zapas"}}},
            {"method": "production.order.confirm", "params": {"id": {"$ref": "0.id"}}},
            {"method": "production.operation.list", "params": {"filter": [["order", "=", {"$ref": "0.id"}]], "sort": "sequence", "fields": ["id", "machine_minutes"]}}]}, f"hall-{n}")
        order, operations = (begun["results"][0]["result"]["id"], begun["results"][2]["result"]["rows"])
        at = datetime.datetime.combine(day, datetime.time(6, self.random.choice([0, 5, 10])), WINTER)
        scrapped, calls = int(self.random.random() < 0.3), []
        for operation in operations:
            more, at = self.worked(operation, at, scrapped if operation is operations[-1] else 0)
            calls += more
            at += datetime.timedelta(minutes=self.random.randint(2, 12))
        told = {"id": order, "produced": str(quantity - scrapped)}
        if scrapped: # the last operation told how many
            told["reason"] = self.random.choice(SCRAP)
        if len(parts) == 1 and self.random.random() < 0.5:
            told["used"] = [{"item": self.works.item(parts[0][0]), "quantity": f"{parts[0][1] * (quantity - scrapped) / quantity:.1f}"}]
        calls += [{"method": "production.order.report", "params": told}, {"method": "production.order.finish", "params": {"id": order}}]
        self.once("system.batch", {"calls": calls, "atomic": True}, f"hall-made-{n}")

    def history(self):
        self.material()
        for n, order in enumerate(self.orders()):
            self.make(n, *order)

    def sell(self, customers, books):
        """What was made of bicycles is sold, shipped, and billed where there are books."""
        made = {}
        for order in self.k.each("production.order", [["state", "=", "done"], ["item.code", "starts_with", "R"]], fields=["item", "produced"]):
            made[order["item"]] = made.get(order["item"], 0) + float(order["produced"])
        for n, firm in enumerate(customers[3:3 + SALES]):
            lines = [{"item": item, "quantity": str(int(quantity))} for item, quantity in list(made.items())[n::SALES] if quantity >= 1]
            sold = self.once("crm.order.create", {"values": {"party": ref(firm[0]["external_id"]), "owner": firm[0]["owner"], "currency": ref("PLN"), "lines": lines}}, f"hall-sold-{n}")["id"]
            self.once("crm.order.confirm", {"id": sold}, f"hall-sold-confirm-{n}")
            delivery = self.k.list("logistics.delivery", [["document", "=", {"entity": "crm.order", "id": sold}]], fields=["id"])["rows"][0]["id"]
            self.once("logistics.delivery.ship", {"id": delivery}, f"hall-shipped-{n}")
            if books:
                bill = self.once("finance.invoice.from_order", {"order": {"entity": "crm.order", "id": sold}}, f"hall-billed-{n}")["id"]
                self.once("finance.invoice.post", {"id": bill}, f"hall-posted-{n}")
