#!/usr/bin/env python3
"""Random operations of a whole company, over the bus: it sells, buys, stores, makes, bills, pays, takes back and changes its mind, in
two currencies, while modules are switched off and on. After each of them the state is rebuilt from the journal (mirror.py), and what
must hold of stock, ledger, tax, open items, numbers and references is asked of it; at a chapter's end what the journal tells is
held against what there is, record by record, and `kontord --check` proves the files. A chapter is a company of its own, from its own seed.
One of an even seed waits for each planning run, so that its seed repeats it; in one of an odd seed a run's steps fall between what else is done.

  company_random.py --operations 1000000 [--seed 1] [--chapter 2500] [--first 0] [--jobs 2]     goes on with chapter --first"""
import argparse
import concurrent.futures
import datetime
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter, deque
from decimal import ROUND_HALF_UP, Decimal as D

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from dice import SEED  # noqa: E402
from house import House  # noqa: E402
from kontor import KontorError  # noqa: E402
from mirror import Broken, Mirror, hold, number, today  # noqa: E402

MODULES = "base,crm,logistics,production,finance"
REFUSALS = {"rule", "validation", "state", "conflict", "unavailable"}


class NothingToDo(Exception):
    """The dice ask for what there is none of."""


class Wire:
    """One kept connection, and no more of HTTP than a million calls need."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answers = self.socket.makefile("rb")

    def send(self, body):
        self.socket.sendall(b"POST /rpc HTTP/1.1\r\nHost: house\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        if not self.answers.readline().startswith(b"HTTP/1.1 "):  # refusals have bodies, too
            raise OSError("the server does not answer")
        while (head := self.answers.readline().lower()) != b"\r\n":
            if head.startswith(b"content-length:"):
                length = int(head[15:])
        return self.answers.read(length)

    def close(self):
        self.socket.close()


def regular_days(payment, last):
    """On the same day of each month, or on the last one of a shorter month."""
    first, times = datetime.date.fromisoformat(payment["first"]), 0
    last = min(last, datetime.date.fromisoformat(payment["until"] or "9999-12-31"))
    while True:
        if payment["every"] == "week":
            when = first + datetime.timedelta(7 * times)
        else:
            months = first.year * 12 + first.month - 1 + times * {"month": 1, "quarter": 3, "year": 12}[payment["every"]]
            year, month = months // 12, months % 12 + 1
            end = (datetime.date(year + month // 12, month % 12 + 1, 1) - datetime.timedelta(1)).day
            when = datetime.date(year, month, min(first.day, end))
        if when > last:
            return
        yield when
        times += 1


def day(days):
    return (today() + datetime.timedelta(days)).isoformat()


class Company:
    def __init__(self, k, seed):
        self.k, self.dice = k, random.Random(seed)
        self.done, self.refused, self.off, self.unaligned = Counter(), Counter(), [], False
        self.waits, self.trail = seed % 2 == 0, deque(maxlen=60)  # the trail: what was done last, to be told when it breaks
        self.found()
        self.mirror = Mirror(k)
        self.mirror.follow()

    # ---- The company ----

    def make(self, entity, /, **values):
        return self.k.create(entity, {f: v for f, v in values.items() if v is not None})["id"]

    def found(self):
        """A maker of bicycles with two stores, three suppliers, and goods of every valuation and tracking."""
        k, dice = self.k, self.dice
        pl, de = self.make("base.country", code="PL", name="Poland", eu=True), self.make("base.country", code="DE", name="Germany", eu=True)
        self.pln, self.eur = (self.make("base.currency", code=code, decimals=2) for code in ("PLN", "EUR"))
        self.make("base.currency_rate", base=self.eur, currency=self.pln, day=day(-400), rate="4.3")
        self.make("base.company", name="Wicher", country=pl, currency=self.pln, tax_rounding=dice.choice(("line", "document")), over_percent="10")
        k.call("base.tax.preset", {"country": "PL"})
        for year in (today().year - 1, today().year, today().year + 1):
            k.call("finance.setup", {"chart": dice.choice(("polish",)), "year": f"{year}-01-01"})
        self.terms = [t["id"] for t in k.list("finance.terms")["rows"]] + [self.make("finance.terms", code="D", name="2 % in 10 days, two parts", parts=[
            {"percent": "30", "discount": "2", "discount_days": 10}, {"percent": "70", "days": 30}])]
        self.piece = self.make("base.unit", code="szt", category="count", rounding="1")
        self.box = self.make("base.unit", code="kart", category="count", factor="6", rounding="1")
        self.customers = [self.make("base.party", name=f"Customer {n}", is_customer=True, payment_terms=dice.choice(self.terms), credit_limit="90000" if n == 3 else None,
                                    tax_id="DE136695976" if n == 2 else None, addresses=[{"city": "Berlin" if n == 2 else "Toruń", "country": de if n == 2 else pl}]) for n in range(4)]
        self.suppliers = [self.make("base.party", name=f"Supplier {n}", is_supplier=True, tax_id="DE811569869" if n == 2 else None,
                                    addresses=[{"city": "Essen" if n == 2 else "Opole", "country": de if n == 2 else pl}]) for n in range(3)]
        self.stores = [self.make("logistics.warehouse", code=c, name=c, usual=c == "A", negative=c == "B") for c in "AB"]
        self.make("logistics.location", code="A-2", warehouse=self.stores[0], place="stores")
        self.quarantine = self.make("logistics.warehouse", code="Q", name="Quarantine", quarantine=True)
        self.places = [*self.stores, self.quarantine]
        self.bought = [self.item(f"{method}-{tracking}", bought=True, valuation=method, tracking=tracking, standard_cost="5")
                       for method in ("average", "fifo", "standard") for tracking in ("none", "lot")]
        self.lotted = set(self.bought[1::2])
        self.service = self.make("base.item", code="CHECK", name="Check", kind="service", price="80", currency=self.pln)
        for item in self.bought[:5]:  # nobody sells the last
            for party in dice.sample(self.suppliers, 2):
                self.make("logistics.supplier_price", party=party, item=item, price=str(D(dice.randint(100, 900)) / 100), currency=dice.choice((self.pln, self.eur)),
                          unit=dice.choice((self.piece, self.box, None)), minimum=dice.choice((None, "2", "10")), multiple=dice.choice((None, "1", "5")), lead_days=dice.randint(0, 9))
            self.make("logistics.reorder_rule", item=item, minimum="3", maximum=str(dice.randint(5, 30)))
        for item in self.bought[:4]:
            self.make("logistics.reorder_rule", item=item, kind="resupply", warehouse=self.stores[1], source=self.stores[0], minimum="2", maximum=str(dice.randint(3, 9)))
        hall = self.make("production.work_centre", code="HALL", name="Hall", slots=8, machine_rate="60", labour_rate="40", overhead_rate="20")
        work = self.make("production.routing", code="W", name="Work", steps=[{"sequence": 10, "name": "Weld", "centre": hall, "setup_minutes": "5", "run_minutes": "2"},
                                                                           {"sequence": 20, "name": "Paint", "centre": hall, "run_minutes": "1"}])
        self.made, offcut = [], self.item("offcut", standard_cost="1")
        for n, (parts, over) in enumerate(((self.bought[:2], "0"), (self.bought[2:4], "10"), (self.bought[4:6], "0"))):
            self.made.append(self.item(f"made-{n}", made=True, standard_cost="30", valuation=("average", "fifo", "standard")[n]))
            inner = [self.made[n - 1]] if n else []
            self.make("production.bom", item=self.made[-1], routing=work, tolerance=over, lines=[{"item": part, "quantity": str(dice.randint(1, 3))} for part in parts + inner],
                      by_products=[{"item": offcut, "quantity": "1", "cost_share": "5"}] if n == 1 else [])
        self.goods = [*self.bought, *self.made, offcut]
        for n, item in enumerate(self.goods):  # what one store misses comes from the other; above for B, with more than that
            for here, there in (self.stores, self.stores[::-1]) if item not in self.bought[:4] else (self.stores,):
                self.make("logistics.reorder_rule", item=item, kind="resupply", warehouse=here, source=there, minimum="0", maximum="1", lead_days=n % 3)

    def item(self, code, **more):
        return self.make("base.item", code=code, name=code, unit=self.piece, price="20", currency=self.pln, over_percent="20", **more)

    # ---- What the dice choose from ----

    def some(self, entity, test=lambda row: True):
        """A record that passes, the newer the likelier."""
        ids, rows = self.mirror.ids[entity], self.mirror.rows[entity]
        for _ in range(40 if ids else 0):
            row = rows.get(ids[-1 - int(len(ids) * self.dice.random() ** 3)])
            if row and test(row):
                return row
        raise NothingToDo(entity)

    def in_state(self, entity, *states, **more):
        return self.some(entity, lambda row: row["state"] in states and all(row.get(f) == v for f, v in more.items()))

    def quantity(self, most=12):
        return str(self.dice.randint(1, most))

    def money(self, most=90000):
        return f"{self.dice.randint(1, most) / 100:.2f}"

    def past(self, days=40):
        return self.dice.choice((None, day(-self.dice.randint(0, days))))

    def act(self, entity, action, id, **params):
        return self.k.call(f"{entity}.{action}", {"id": id, **{f: v for f, v in params.items() if v is not None}})

    def reference(self):
        return f"N{self.dice.random()}"

    # ---- Sales ----

    def sell(self):
        dice = self.dice
        lines = [{"item": dice.choice(self.goods + [self.service]), "quantity": self.quantity(), **dice.choice(({}, {"unit": self.box}, {"price": self.money(5000)},
                  {"price": "19.99", "discount_percent": "7.5"}, {}))} for _ in range(dice.randint(1, 4))]
        self.make("crm.order", party=dice.choice(self.customers), lines=lines, currency=dice.choice((None, self.pln, self.eur)), tax_included=dice.random() < 0.2,
                  day=self.past(), asked=dice.choice((None, day(dice.randint(0, 30)))), delivery_policy=dice.choice((None, "as_available", "all_at_once", "cancel_rest")))

    def change_draft(self):
        self.k.update("crm.order", self.in_state("crm.order", "draft")["id"], self.dice.choice((
            {"currency": self.eur}, {"currency": self.pln}, {"tax_included": True}, {"party": self.dice.choice(self.customers)})))

    def confirm(self):
        order = self.in_state("crm.order", "draft")
        if self.dice.random() < 0.2:
            self.k.update("crm.order", order["id"], {"warehouse": self.dice.choice(self.stores)})
        self.act("crm.order", "confirm", order["id"])

    def amend(self):
        order = self.in_state("crm.order", "confirmed", "on_hold")
        line = self.dice.choice(order["lines"])["id"]
        change = self.dice.choice(({"line": line, "quantity": self.quantity(20)}, {"line": line, "quantity": self.quantity(20)}, {"line": line, "remove": True},
                                   {"item": self.dice.choice(self.goods), "quantity": self.quantity()}, {"line": line, "price": self.money(4000)}))
        self.act("crm.order", "amend", order["id"], reason="dice", lines=[change])

    def preview(self):
        """What would come of it leaves no trace."""
        order = self.in_state("crm.order", "draft")
        made = {entity: len(self.mirror.ids[entity]) for entity in ("base.pegging", "production.order", "logistics.delivery", "logistics.reservation")}
        self.act("crm.order", "preview", order["id"])
        self.mirror.follow()
        hold(self.mirror.rows["crm.order"][order["id"]] == order, "a preview changes its order", order)
        hold(all(len(self.mirror.ids[entity]) == count for entity, count in made.items()), "a preview makes something", made)

    def turn_order(self):
        action, *states = self.dice.choice((("hold", "confirmed"), ("release", "on_hold"), ("release", "on_hold"), ("close", "confirmed"), ("reopen", "closed", "confirmed"), ("reopen", "closed"),
                                            ("cancel", "draft", "confirmed", "on_hold")))
        self.act("crm.order", action, self.in_state("crm.order", *states)["id"], reason="dice" if action in ("hold", "cancel") else None)

    def deliver_elsewhere(self):
        order = self.in_state("crm.order", "confirmed")
        self.hand_over(order["id"], self.dice.choice(order["lines"])["id"], self.quantity(3))

    def hand_over(self, order, line, quantity):
        self.act("crm.order", "deliver", order, lines=[{"line": line, "quantity": quantity}])
        self.mirror.elsewhere["crm.order", order, line] += int(quantity)

    # ---- The stores ----

    def slip(self, **values):
        made = self.make("logistics.transfer", warehouse=self.dice.choice(self.places), **values)
        self.done["slip"] += 1
        self.act("logistics.transfer", "post", made)

    def stores_line(self, **more):
        return {"item": self.dice.choice(self.goods), "quantity": self.quantity(), **more}

    def enter_goods(self):
        line = self.stores_line(unit_cost=self.money(2000), **self.dice.choice(({}, {}, {"unit": self.box})))
        if line["item"] in self.lotted:
            line.update(new_lot=f"L{self.dice.randint(1, 9)}", expires=self.dice.choice((None, day(self.dice.randint(-5, 90)))))
        self.slip(kind="entry", lines=[{f: v for f, v in line.items() if v is not None}], day=self.past())

    def issue_goods(self):
        self.slip(kind="issue", lines=[self.stores_line()], against=self.dice.choice(("production", "loss", "customer", "supplier")), day=self.past(10))

    def transfer(self):
        here, there = self.dice.sample(self.places, 2)
        self.make("logistics.transfer", kind="transfer", warehouse=here, to_warehouse=there, lines=[self.stores_line()])

    def lift_quarantine(self):
        """What lies there is for whoever misses it, until it is one again."""
        self.k.update("logistics.warehouse", self.quarantine, {"quarantine": not self.mirror.rows["logistics.warehouse"][self.quarantine]["quarantine"]})

    def turn_transfer(self):
        """Done at once, called off, or sent and received, all of it or in parts."""
        slip, dice = self.in_state("logistics.transfer", "draft", "in_transit"), self.dice
        action = dice.choice(("post", "send", "send", "send", "cancel") if slip["state"] == "draft" else ("receive",))
        some = [{"line": line["id"], "quantity": str(min(D(dice.randint(0, 9)), D(line["quantity"])))} for line in slip["lines"] if dice.random() < 0.8]
        how = {"lines": some} if action in ("send", "receive") and slip["kind"] == "transfer" and dice.random() < 0.4 else {}
        if action == "send" and dice.random() < 0.5:
            how["rest"] = dice.choice(("as_available", "as_available", "cancel_rest", "all_at_once"))
        self.act("logistics.transfer", action, slip["id"], **how)

    def lot_of(self, item, field="id"):
        """Now and then a lot is chosen by hand."""
        lots = [lot[field] for lot in self.mirror.rows["logistics.lot"].values() if lot["item"] == item] if item in self.lotted else []
        return {"lot": self.dice.choice(lots)} if lots and self.dice.random() < 0.3 else {}

    def pick(self):
        d = self.in_state("logistics.delivery", "reserved", "waiting")
        self.act("logistics.delivery", "pick", d["id"], lines=self.chosen(d) if self.dice.random() < 0.5 else None)

    def chosen(self, d):
        """Of a line so much of any lot, of one, or of several."""
        rows = [{"line": line["id"], "quantity": str(self.dice.randint(0, int(number(line["quantity"])) + 1)), **self.lot_of(line["item"])} for line in d["lines"] if self.dice.random() < 0.7]
        rows += [{**row, "quantity": "1", "lot": lot["id"]} for row in rows if "lot" in row for lot in self.mirror.rows["logistics.lot"].values()
                 if lot["item"] == self.mirror.rows["logistics.lot"][row["lot"]]["item"] and lot["id"] != row["lot"] and self.dice.random() < 0.5]
        return rows or None

    def ship(self):
        d = self.in_state("logistics.delivery", "reserved", "picked", "waiting")
        self.act("logistics.delivery", "ship", d["id"], day=self.past(3), lines=self.chosen(d) if self.dice.random() < 0.2 else None)

    def turn_delivery(self):
        action, *states = self.dice.choice((("unpick", "picked"), ("finish", "shipped"), ("reserve", "waiting"), ("cancel", "waiting", "reserved"), ("reopen", "cancelled")))
        self.act("logistics.delivery", action, self.in_state("logistics.delivery", *states)["id"])

    def deliver_by_hand(self):
        made = self.make("logistics.delivery", party=self.dice.choice(self.customers), warehouse=self.dice.choice(self.places), lines=[self.stores_line() for _ in range(self.dice.randint(1, 2))])
        self.done["delivery by hand"] += 1
        self.act("logistics.delivery", "confirm", made)

    def take_back(self):
        d = self.in_state("logistics.delivery", "shipped", "done")
        self.act("logistics.delivery", "return", d["id"], reason="dice", warehouse=self.dice.choice((None, None, None, *self.places)), lines=[{"line": self.dice.choice(d["lines"])["id"], "quantity": self.quantity(4)}])

    def count_goods(self):
        self.act("logistics.count", "start", self.make("logistics.count", warehouse=self.dice.choice(self.places), blind=self.dice.random() < 0.5))

    def enter_count(self):
        c = self.in_state("logistics.count", "counting", "counted")
        if c["state"] == "counted" or self.dice.random() < 0.2:
            self.act("logistics.count", self.dice.choice(("approve", "approve", "cancel")) if c["state"] == "counted" else "cancel", c["id"])
            return
        rows = [row for row in self.mirror.rows["logistics.count_line"].values() if row["count"] == c["id"]]
        self.act("logistics.count", "enter", c["id"], finished=True, lines=[
            {**{f: row[f] for f in ("item", "lot", "location")}, "quantity": str(max(0, number(row["expected"]) + self.dice.choice((0, 0, 0, 1, -1))))} for row in rows])

    def change_goods(self):
        item = self.dice.choice(self.goods)
        self.k.update("base.item", item, self.dice.choice(({"standard_cost": self.quantity(9)}, {"standard_cost": self.money(3000)}, {"valuation": self.dice.choice(("average", "fifo", "standard"))})))

    def block_lot(self):
        action, params = self.dice.choice((("block", {"reason": "dice"}), ("unblock", {}), ("unblock", {})))
        self.act("logistics.lot", action, self.some("logistics.lot")["id"], **params)

    def burden(self):
        r = self.in_state("logistics.receipt", "done", kind="receipt")
        self.k.call("logistics.landed", {"amount": self.dice.choice(("", "-")) + self.money(3000), "by": self.dice.choice(("value", "quantity")), "document": {"entity": "logistics.receipt", "id": r["id"]}, "reason": "freight"})

    # ---- Purchasing ----

    def ask(self):
        self.make("logistics.purchase_request", item=self.dice.choice(self.bought), quantity=self.quantity(), needed=day(self.dice.randint(0, 9)))

    def turn_request(self):
        r = self.in_state("logistics.purchase_request", "open")
        if self.dice.random() < 0.5:
            self.k.update("logistics.purchase_request", r["id"], {"quantity": self.quantity()})
        else:
            self.act("logistics.purchase_request", "cancel", r["id"], reason="dice")

    def reorder(self):
        """A store is filled up from another to its maximum, and with what is missing, but with no more than is free there; asked again at once, nothing
        more is wanted."""
        if self.dice.random() < 0.5:
            self.k.call("logistics.purchase.review", {})
            return
        filled = [row for row in self.k.call("logistics.reorder.run", {})["requests"] if row["transfer"]]
        self.mirror.follow()
        for row in filled:
            rule = self.mirror.rows["logistics.reorder_rule"][row["rule"]]
            free = {w: number(self.k.call("logistics.availability", {"item": row["item"], "warehouse": w})["available"]) for w in self.stores}
            going = self.mirror.on_its_way(row["item"], "warehouse", rule["source"], "draft") - number(row["quantity"])
            coming = self.mirror.on_its_way(row["item"], "to_warehouse", rule["warehouse"], "draft", "in_transit") - number(row["quantity"])
            missed = sum(number(p["quantity"]) for p in self.mirror.rows["base.pegging"].values() if p["kind"] == "missing" and p["item"] == row["item"]
                         and (p["warehouse"]["id"] if p.get("warehouse") else self.stores[0]) == rule["warehouse"])
            hold(number(row["free"]) == free[rule["warehouse"]] + coming - missed < number(rule["minimum"]), "a store is filled up that needs nothing", row, free, coming, missed)
            hold(number(row["quantity"]) == min(number(rule["maximum"]) - number(row["free"]), free[rule["source"]] - going) > 0, "a store is filled up with another quantity", row, free, going)
        again = self.k.call("logistics.reorder.run", {})["requests"]
        hold(not again, "what was asked for is asked for again", again)

    def order_requests(self):
        found = list({self.in_state("logistics.purchase_request", "open")["id"] for _ in range(self.dice.randint(1, 6))})
        self.k.call("logistics.purchase.order", {"requests": found})

    def inquire(self):
        dice = self.dice
        wanted = self.in_state("logistics.purchase_request", "open")["id"] if dice.random() < 0.6 else None
        lines = [{"request": wanted}] if wanted else [{"item": dice.choice(self.bought), "quantity": self.quantity()}]
        self.make("logistics.rfq", title="Inquiry", suppliers=dice.sample(self.suppliers, 2), lines=lines)

    def turn_inquiry(self):
        rfq, dice = self.in_state("logistics.rfq", "draft", "sent"), self.dice
        action = dice.choice(("send", "send", "cancel") if rfq["state"] == "draft" else ("answer", "answer", "answer", "award", "award", "cancel"))
        if action == "answer":
            self.make("logistics.rfq_answer", rfq=rfq["id"], party=dice.choice(rfq["suppliers"]), currency=dice.choice((None, self.pln, self.eur)), lead_days=dice.randint(0, 9), lines=[
                {"line": line["id"], "price": self.money(900), **dice.choice(({}, {"minimum": "10"}, {"multiple": "4"}))} for line in rfq["lines"]])
        else:
            self.act("logistics.rfq", action, rfq["id"])

    def order_by_hand(self):
        dice, party = self.dice, self.dice.choice(self.suppliers)
        lines = [{"item": dice.choice(self.bought + [self.service]), "quantity": self.quantity(), "price": self.money(900)} for _ in range(dice.randint(1, 3))]
        self.make("logistics.purchase_order", party=party, lines=lines, currency=dice.choice((None, self.pln, self.eur)), day=self.past(20),
                  ship_to=dice.choice((None, None, None, None, dice.choice(self.customers))))

    def approve(self):
        self.act("logistics.purchase_order", "approve", self.in_state("logistics.purchase_order", "draft", "sent")["id"])

    def turn_purchase(self):
        order, dice = self.in_state("logistics.purchase_order", "draft", "sent", "approved", "closed"), self.dice
        line = dice.choice(order["lines"])["id"]
        action, params = dice.choice((("reschedule", {"expected": dice.choice((None, day(dice.randint(0, 30)))), "reason": "dice"}), ("send", {}), ("close", {}), ("reopen", {}), ("reopen", {}),
                                      ("amend", {"reason": "dice", "lines": [{"line": line, "remove": True}]}), ("cancel", {"reason": "dice"}),
                                      ("amend", {"reason": "dice", "lines": [{"line": line, "quantity": self.quantity(15)}]}),
                                      ("amend", {"reason": "dice", "lines": [{"line": line, "price": self.money(900)}]})))
        self.act("logistics.purchase_order", action, order["id"], **params)

    def receive(self):
        order, dice = self.some("logistics.purchase_order", lambda o: o["state"] == "approved" and o["receipt_status"] != "full"), self.dice
        rows = [{"order_line": line["id"], "quantity": str(q), "rejected": str(dice.randint(0, q) if dice.random() < 0.2 else 0),
                 **({"lot_name": f"R{dice.randint(1, 9)}"} if line["item"] in self.lotted else {})} for line in order["lines"] for q in [dice.randint(1, 12)] if dice.random() < 0.8]
        self.make("logistics.receipt", order=order["id"], lines=rows or None, day=self.past(5))

    def give_back(self):
        order = self.in_state("logistics.purchase_order", "approved", "closed")
        self.make("logistics.receipt", order=order["id"], kind="return", lines=[{"order_line": self.dice.choice(order["lines"])["id"], "quantity": self.quantity(3)}])

    def finish_receipt(self):
        self.act("logistics.receipt", self.dice.choice(("finish",) * 9 + ("cancel",)), self.in_state("logistics.receipt", "draft", "received")["id"])

    def supplier_price(self):
        self.k.update("logistics.supplier_price", self.some("logistics.supplier_price")["id"], {"price": self.money(900)})

    # ---- Production ----

    def make_goods(self):
        self.make("production.order", item=self.dice.choice(self.made), quantity=self.quantity(9), due=self.dice.choice((None, day(self.dice.randint(0, 40)))))

    def turn_making(self):
        action, states, params = self.dice.choice((("confirm", ("planned", "draft"), {}), ("confirm", ("planned", "draft"), {}), ("reserve", ("confirmed", "reserved"), {}), ("start", ("confirmed", "reserved"), {}),
                                                   ("issue", ("reserved", "in_progress"), {}), ("resize", ("confirmed", "reserved", "in_progress"), {"quantity": self.quantity(9)}),
                                                   ("reschedule", ("confirmed", "reserved"), {"due": day(self.dice.randint(0, 40)), "reason": "dice"}), ("close", ("done",), {}),
                                                   ("cancel", ("planned", "draft", "confirmed", "reserved"), {"reason": "dice"})))
        self.act("production.order", action, self.in_state("production.order", *states)["id"], **params)

    def retire(self):
        """Something is taken out of use for a while: a place of the stores, a bill, a routing, a work centre."""
        entity = self.dice.choice(("logistics.location", "production.bom", "production.routing", "production.work_centre"))
        idle = [row["id"] for row in self.mirror.rows[entity].values() if not row["active"]]
        row = self.some(entity, lambda row: row["active"] and row.get("place", "stores") == "stores")
        self.k.update(entity, idle[0] if idle else row["id"], {"active": bool(idle)})

    def amend_making(self):
        order = self.in_state("production.order", "draft", "confirmed", "reserved", "in_progress")
        rows = [{"item": line["item"], "quantity": str(self.dice.randint(0, int(number(line["quantity"])) + 3))} for line in order["components"] if self.dice.random() < 0.4]
        self.act("production.order", "amend", order["id"], components=rows + [{"item": self.dice.choice(self.goods), "quantity": self.quantity(4)}], reason="dice")

    def report(self):
        order = self.in_state("production.order", "reserved", "in_progress", "confirmed")
        self.act("production.order", "report", order["id"], produced=str(self.dice.randint(0, int(number(order["quantity"])))), scrapped=self.dice.choice((None, None, "1")), reason="dice")

    def issue_some(self):
        order = self.in_state("production.order", "reserved", "in_progress")
        item = self.dice.choice(order["components"])["item"]
        self.act("production.order", "issue", order["id"], components=[{"item": item, "quantity": self.quantity(3), **self.lot_of(item, "name")}])

    def put_back(self):
        """Of one component some, or all that was not used."""
        order = self.in_state("production.order", "in_progress", "done")
        item = self.dice.choice(order["components"])["item"]
        self.act("production.order", "give_back", order["id"], components=self.dice.choice((None, [{"item": item, "quantity": self.quantity(3), **self.lot_of(item, "name")}])), reason="dice")

    def finish_making(self):
        self.act("production.order", "finish", self.in_state("production.order", "in_progress")["id"], backorder=self.dice.random() < 0.4, reason="dice")

    def operate(self):
        action, *states = self.dice.choice((("start", "ready", "paused"), ("pause", "in_progress"), ("finish", "in_progress")))
        told = {"pause": {"downtime": self.dice.choice((None, "BREAKDOWN", "SETUP", "BREAK"))}, "finish": {"scrapped": self.dice.choice((None, None, "1"))}}.get(action, {})
        self.act("production.operation", action, self.in_state("production.operation", *states)["id"], **told)

    def plan_all(self):
        self.k.call("production.mrp.run", {})
        if self.waits:
            self.settle()

    def take_apart(self):
        """What was made, as its order or its bill says, all of it or a part recovered."""
        dice = self.dice
        order = self.in_state("production.order", "done", "closed", "in_progress") if dice.random() < 0.5 else None
        made = self.make("production.disassembly", item=order["item"] if order else dice.choice(self.made), order=order and order["id"], quantity=self.quantity(3))
        self.done["disassembly"] += 1
        lines = [{"item": line["item"], "recovered": str(dice.randint(0, int(number(line["quantity"])))), **({"lot": f"D{dice.randint(1, 5)}"} if line["item"] in self.lotted else {})}
                 for line in self.k.get("production.disassembly", made)["lines"] if dice.random() < 0.8 or line["item"] in self.lotted]
        self.k.update("production.disassembly", made, {"lines": lines})
        self.act("production.disassembly", dice.choice(("post",) * 9 + ("cancel",)), made)

    # ---- The books ----

    def bill(self):
        order = self.in_state("crm.order", "confirmed", "closed")
        self.k.call("finance.invoice.from_order", {"order": {"entity": "crm.order", "id": order["id"]}, "basis": self.dice.choice(("delivered", "delivered", "ordered")), "day": self.past() or day(0), **self.dice.choice(({}, {}, {}, {"advance": self.quantity(60)}))})

    def bill_by_hand(self):
        dice, kind = self.dice, self.dice.choice(("sale", "sale", "advance", "receipt", "purchase", "purchase"))
        order = self.some("crm.order", lambda o: o["state"] == "confirmed") if kind == "advance" else None
        lines = [{"name": "Thing", "quantity": self.quantity(), "price": self.money(9000), **dice.choice(({}, {"item": dice.choice(self.bought)}, {"item": self.service}))} for _ in range(1 if order else dice.randint(1, 4))]
        party = order["party"] if order else None if kind == "receipt" else dice.choice(self.suppliers if kind == "purchase" else self.customers)
        self.make("finance.invoice", kind=kind, party=party, lines=lines if not order else [{"name": "Advance", "price": self.money(3000)}], day=self.past(), tax_included=dice.random() < 0.3,
                  tax_day=dice.choice((None, None, day(dice.randint(-40, 40)))) if kind in ("sale", "advance") else None,  # in another month, often
                  currency=order["currency"] if order else self.pln if kind == "receipt" else dice.choice((None, self.pln, self.eur)), order={"entity": "crm.order", "id": order["id"]} if order else None,
                  reference=self.reference() if kind == "purchase" else None)

    def advance_purchase(self):
        order = self.in_state("logistics.purchase_order", "approved")
        self.make("finance.invoice", kind="purchase_advance", party=order["party"], lines=[{"name": "Advance", "price": self.money(2000)}], day=self.past(9), currency=order["currency"],
                  order={"entity": "logistics.purchase_order", "id": order["id"]}, reference=self.reference())

    def bill_receipt(self):
        receipt = self.in_state("finance.invoice", "posted", kind="receipt")
        self.act("finance.invoice", "for_receipt", receipt["id"], party=self.dice.choice(self.customers))

    def bill_purchase(self):
        order = self.in_state("logistics.purchase_order", "approved", "closed")
        made = self.k.call("finance.invoice.from_order", {"order": {"entity": "logistics.purchase_order", "id": order["id"]}, "reference": self.reference(), "day": self.past(9) or day(0)})["id"]
        if self.dice.random() < 0.3:  # in another month, often
            self.k.update("finance.invoice", made, {"received_on": day(self.dice.randint(0, 20)), "deducted_on": self.dice.choice((None, day(self.dice.randint(20, 80))))})
        if self.dice.random() < 0.3:
            self.mirror.follow()
            lines = [{**{f: line[f] for f in ("id", "item", "name", "unit", "quantity", "order_line")}, "price": str(number(line["price"]) + D("0.01"))} for line in self.mirror.rows["finance.invoice"][made]["lines"]]
            self.k.update("finance.invoice", made, {"lines": lines})

    def post_invoice(self):
        self.act("finance.invoice", self.dice.choice(("post",) * 12 + ("cancel",)), self.in_state("finance.invoice", "draft")["id"])

    def credit(self):
        v = self.some("finance.invoice", lambda v: v["state"] == "posted" and v["kind"] in ("sale", "purchase", "advance", "receipt"))
        lines = None if self.dice.random() < 0.3 else [{"line": self.dice.choice(v["lines"])["id"], **self.dice.choice(({"quantity": self.quantity(2)}, {"quantity": self.quantity(2)}, {"price": self.money(300)}))}]
        self.act("finance.invoice", "credit", v["id"], reason="dice", lines=lines, reference=self.reference() if v["kind"] == "purchase" else None)

    def pay(self):
        dice = self.dice
        item = self.some("finance.open_item", lambda i: not i["closed"])
        owed = number(item["open"])
        allocation = {"item": item["id"], **dice.choice(({}, {}, {"write_off": True}, {"amount": str(min(abs(owed), D(self.money())))}, {"discount": item["discount"]} if item["discount"] else {}))}
        amount = dice.choice((abs(owed), abs(owed), D(self.money()), abs(owed) + D("0.07"), max(abs(owed) - D("0.50"), D("0.01"))))
        self.make("finance.payment", party=item["party"], direction="in" if owed > 0 else "out", amount=str(amount), day=self.past(9),
                  currency=dice.choice((item["currency"], item["currency"], self.pln, self.eur)), **dice.choice(({"allocations": [allocation]}, {"oldest": True}, {})))

    def post_payment(self):
        self.act("finance.payment", "post", self.in_state("finance.payment", "draft")["id"])

    def reverse_payment(self):
        self.act("finance.payment", "reverse", self.in_state("finance.payment", "posted", "reconciled")["id"], day=self.past(3) or day(0))

    def set_off(self):
        debit = self.some("finance.open_item", lambda i: not i["closed"] and number(i["open"]) > 0)
        credit = self.some("finance.open_item", lambda i: not i["closed"] and number(i["open"]) < 0 and i["party"] == debit["party"])
        self.k.call("finance.match_items", {"debit": debit["id"], "credit": credit["id"]})

    def clear_both(self):
        """A set-off of what is named: of the oldest there is seldom any, as few customers are suppliers."""
        debit = self.some("finance.open_item", lambda i: not i["closed"] and number(i["open"]) > 0)
        credit = self.some("finance.open_item", lambda i: not i["closed"] and number(i["open"]) < 0 and (i["party"], i["currency"]) == (debit["party"], debit["currency"]))
        made = self.make("finance.set_off", party=debit["party"], currency=debit["currency"], day=max(debit["day"], credit["day"], self.past(3) or day(0)),
                         allocations=[{"item": debit["id"]}, {"item": credit["id"]}], amount=self.dice.choice((None, str(min(D(self.money()), number(debit["open"]), -number(credit["open"]))))))
        self.act("finance.set_off", "post", made)

    def reverse_set_off(self):
        self.act("finance.set_off", "reverse", self.in_state("finance.set_off", "posted")["id"])

    def take_match_back(self):
        self.act("finance.match", "undo", self.some("finance.match", lambda m: not m["undone"])["id"])

    def write_entry(self):
        a, b = self.dice.sample([r["id"] for r in self.mirror.rows["finance.account"].values() if not r["group"] and not r["open_items"] and r["code"][0] in "4578"], 2)
        amount = self.money()
        made = self.make("finance.entry", day=self.past(200), text="By hand", lines=[{"account": a, "debit": amount}, {"account": b, "credit": amount}])
        self.done["write_entry draft"] += 1
        self.act("finance.entry", "post", made)

    def reverse_entry(self):
        self.act("finance.entry", "reverse", self.some("finance.entry", lambda e: e["state"] == "posted" and not e["origin"] and not e["reversed_by"])["id"])

    def value_open(self):
        self.k.call("finance.revalue", {"day": day(-self.dice.randint(1, 30))})

    def close_month(self):
        year = self.some("finance.year", lambda y: y["state"] == "open" and y["start"] <= day(-200))
        self.act("finance.year", "lock", year["id"], until=day(-self.dice.randint(60, 300)), lock=self.dice.choice(("soft", "hard")))

    def close_year(self):
        self.act("finance.year", "close", self.some("finance.year", lambda y: y["state"] == "open" and y["end"] < day(-300))["id"])

    def overdue(self):
        self.k.call("finance.invoice.mark_overdue", {})

    def pay_regularly(self):
        dice = self.dice
        ended = day(dice.randint(-20, 300))
        if dice.random() < 0.3:
            self.k.update("finance.regular_payment", self.some("finance.regular_payment")["id"], dice.choice(({"active": False}, {"active": True}, {"amount": self.money()}, {"until": ended})))
        else:
            self.make("finance.regular_payment", name="Rent", direction=dice.choice(("in", "out")), amount=self.money(), currency=dice.choice((None, self.pln, self.eur)),
                      first=day(dice.randint(-500, 60)), every=dice.choice(("week", "month", "quarter", "year")), until=dice.choice((None, None, ended)))

    def foresee(self):
        """Week by week: what is owed, and what is paid regularly."""
        weeks, now = self.dice.randint(1, 104), today()
        monday = now - datetime.timedelta(now.weekday())
        answer = self.k.call("finance.cash_forecast", {"weeks": weeks})
        self.mirror.follow()
        wanted = Counter()
        rate = max((r["day"], number(r["rate"])) for r in self.mirror.rows["base.currency_rate"].values() if r["day"] <= day(0))[1]
        for item in self.mirror.rows["finance.open_item"].values():
            if not item["closed"]:
                value = (number(item["open"]) * rate).quantize(D("0.01"), ROUND_HALF_UP) if item["currency"] == self.eur else number(item["open_value"])
                wanted[max(0, (datetime.date.fromisoformat(item["due"]) - monday).days // 7), "receivable" if value > 0 else "payable"] += value
        for r in self.mirror.rows["finance.regular_payment"].values():
            value = number(r["amount"]) * (-1 if r["direction"] == "out" else 1) * (rate if r["currency"] == self.eur else 1)
            for when in regular_days(r, monday + datetime.timedelta(7 * weeks - 1)) if r["active"] else ():
                if when >= now:
                    wanted[(when - monday).days // 7, "regular"] += value.quantize(D("0.01"), ROUND_HALF_UP)
        for n, week in enumerate(answer["weeks"]):
            for part in ("receivable", "payable", "regular"):
                hold(number(week[part]) == wanted[n, part], "the forecast of cash is another", n, part, week, wanted[n, part])

    def recur(self):
        """Recurring orders: each period's once, also of the time that was slept through."""
        dice = self.dice
        if dice.random() < 0.5:
            self.make("crm.order_template", name="Each time", party=dice.choice(self.customers), start=day(-dice.randint(0, 40)), interval=dice.randint(1, 3), every=dice.choice(("week", "month")),
                      until=dice.choice((None, day(dice.randint(0, 60)))), confirm=dice.random() < 0.5, lines=[{"item": dice.choice(self.goods + [self.service]), "quantity": self.quantity(4)}])
            self.done["template"] += 1
        self.k.call("crm.order_template.run", {})
        self.mirror.follow()
        for t in self.mirror.rows["crm.order_template"].values():
            periods = [o["period"] for o in self.mirror.rows["crm.order"].values() if o["template"] == t["id"]]
            hold(len(set(periods)) == len(periods) == number(t["made"]), "a period's order is not made once", t, periods)
            hold(t["refused"] or not t["active"] or not t["next"] or t["next"] > day(0), "a recurring order is due and not made", t)

    def new_rate(self):
        when, rate = day(-self.dice.randint(0, 60)), str(D(self.dice.randint(40000, 46000)) / 10000)
        known = [r["id"] for r in self.mirror.rows["base.currency_rate"].values() if r["day"] == when]
        if known:
            self.k.update("base.currency_rate", known[0], {"rate": rate})
        else:
            self.make("base.currency_rate", base=self.eur, currency=self.pln, day=when, rate=rate)

    # ---- Modules ----

    def switch(self):
        """Some modules are off for a while, and come back in any order."""
        if self.off and self.dice.random() < (0.7, 0.8, 0.9, 1)[len(self.off) - 1]:
            self.enable(self.dice.choice(self.off))
            return
        self.disable(self.dice.choice([m for m in ("crm", "logistics", "production", "finance") if m not in self.off]))

    def disable(self, name):
        self.off.append(name)
        self.k.call("module.disable", {"name": name})
        self.mirror.follow()
        self.mirror.learn()

    def enable(self, name):
        """What the stores did while the books were off is then taken over by the accountant."""
        self.off.remove(name)
        self.k.call("module.enable", {"name": name})
        self.settle()
        self.unaligned |= name == "finance"
        if self.unaligned and not {"finance", "logistics"} & set(self.off):
            self.k.call("finance.align_stock", {})
            self.unaligned = False
            self.mirror.follow()
        self.mirror.learn()
        self.mirror.everything()

    def go_without_stores(self):
        """The stores are closed for a while: of a demand that has some of an item there, or bought, and waits for more that is made, some
        comes and some is used, in any order."""
        waits = self.some("base.pegging", lambda p: p["kind"] == "make" and len(self.mirror.covers[p["demand"]["entity"], p["demand"]["id"], p["line"]]) > 1)
        if {"logistics", waits["demand"]["entity"].partition(".")[0]} & set(self.off):
            raise NothingToDo("a demand that has its stores and its module")
        self.disable("logistics")
        for _ in range(self.dice.randint(2, 7)):
            self.attempt("without stores", lambda: self.meanwhile(waits["item"], waits["supply"]["id"], waits["demand"], waits["line"]))
        self.enable("logistics")

    def meanwhile(self, item, making, demand, line):
        if self.dice.random() < 0.4:
            self.act("production.order", "report", making, produced=self.quantity(6))
        elif demand["entity"] == "crm.order":
            self.hand_over(demand["id"], line, self.quantity(4))
        else:
            some = [{"item": item, "quantity": self.quantity(6)}]
            action, params = self.dice.choice((("start", {}), ("issue", {"components": some}), ("issue", {"components": some}), ("report", {"produced": "1"}), ("amend", {"components": some, "reason": "dice"})))
            self.act("production.order", action, demand["id"], **params)

    STEPS = {"sell": 10, "change_draft": 1, "preview": 0.5, "confirm": 10, "amend": 3, "turn_order": 2, "deliver_elsewhere": 1, "recur": 0.3,
             "enter_goods": 8, "issue_goods": 3, "transfer": 2, "turn_transfer": 3, "pick": 5, "ship": 10, "turn_delivery": 2, "deliver_by_hand": 1, "take_back": 2, "count_goods": 0.3, "enter_count": 1,
             "change_goods": 1, "block_lot": 0.3, "burden": 0.7, "lift_quarantine": 0.2,
             "ask": 2, "turn_request": 1, "inquire": 0.7, "turn_inquiry": 2, "reorder": 0.5, "order_requests": 4, "order_by_hand": 3, "approve": 6, "turn_purchase": 2, "receive": 7, "give_back": 1, "finish_receipt": 8, "supplier_price": 0.5,
             "make_goods": 2, "turn_making": 7, "report": 4, "issue_some": 1, "put_back": 1, "finish_making": 2, "operate": 2, "amend_making": 1, "retire": 0.5, "plan_all": 0.1, "take_apart": 1,
             "bill": 8, "bill_by_hand": 6, "bill_purchase": 6, "advance_purchase": 1, "bill_receipt": 1, "post_invoice": 16, "credit": 3, "pay": 9, "post_payment": 9, "reverse_payment": 1, "set_off": 1, "clear_both": 1, "reverse_set_off": 0.3, "take_match_back": 0.5,
             "write_entry": 2, "reverse_entry": 0.5, "value_open": 0.3, "close_month": 0.1, "close_year": 0.02, "overdue": 0.2, "pay_regularly": 0.3, "foresee": 0.3, "new_rate": 1, "switch": 1, "go_without_stores": 2}
    OF = dict.fromkeys("sell change_draft preview confirm amend turn_order deliver_elsewhere recur".split(), "crm") | dict.fromkeys(
        "enter_goods issue_goods transfer lift_quarantine turn_transfer pick ship turn_delivery deliver_by_hand take_back count_goods enter_count block_lot burden ask turn_request inquire turn_inquiry reorder order_requests order_by_hand "
        "approve turn_purchase receive give_back finish_receipt supplier_price".split(), "logistics") | dict.fromkeys(
        "make_goods turn_making report issue_some put_back finish_making operate amend_making retire plan_all take_apart go_without_stores".split(), "production") | dict.fromkeys(
        "bill bill_by_hand bill_purchase advance_purchase bill_receipt post_invoice credit pay post_payment reverse_payment set_off clear_both reverse_set_off take_match_back write_entry reverse_entry value_open close_month close_year overdue pay_regularly foresee".split(), "finance")

    def draw(self):
        """What to do: of a module that is off nothing, but now and then the lack of it brings it back."""
        while True:
            name = self.dice.choices(list(self.STEPS), list(self.STEPS.values()))[0]
            if self.OF.get(name) not in self.off:
                return name
            if self.dice.random() < 0.05:
                return "switch"

    def step(self):
        name = self.draw()
        self.attempt(name, getattr(self, name))

    def attempt(self, name, do):
        self.name = name
        self.trail.append(f"after {self.mirror.seq}: {name}")
        try:
            do()
        except (NothingToDo, IndexError):
            self.refused[name, "nothing to do"] += 1
            self.trail.pop()
            return
        except KontorError as error:
            gone = error.kind == "not_found" and not self.waits  # a planning run took its proposal back meanwhile
            hold((error.kind in REFUSALS or gone) and name not in ("switch", "go_without_stores"), f"{name} is answered by {error.kind}", error)
            self.refused[name, str(error)[:100]] += 1
            self.trail[-1] += f", refused: {error}"[:120]
        else:
            self.done[name] += 1
        self.mirror.follow()

    def settle(self):
        """Waits for the jobs that were begun."""
        self.mirror.follow()
        while any(job["state"] in ("queued", "running") for job in self.mirror.rows["job.job"].values()):
            time.sleep(0.05)
            self.mirror.follow()


def say(text):
    print(text, flush=True)


def proved(house):
    """What nothing but the files tells."""
    house.stop()
    check = subprocess.run([str(house.build / "kontord"), "--check", str(house.data)], capture_output=True, text=True)
    hold(check.returncode == 0, "kontord --check", check.stdout[-2000:], check.stderr[-2000:])


def chapter(number_of, seed, count):
    # what a power cut would take is no matter here: the files are where there are quick ones
    quick = tempfile.TemporaryDirectory(dir="/dev/shm" if pathlib.Path("/dev/shm").is_dir() else None)
    with quick as data, House(data=pathlib.Path(data) / "data", modules=MODULES) as house:
        began, steps = time.monotonic(), 0
        client = house.client()
        client._wire = Wire(house.port)
        c = Company(client, seed)
        try:
            while c.done.total() < count:
                steps += 1
                c.step()
            for name in list(c.off):
                c.enable(name)
            c.name = "the comparison"
            c.settle()
            same = c.mirror.compare()
            hold(c.k.call("journal.verify")["sound"], "the journal's chain")
            found = c.k.call("system.check", {})
            hold(found["sound"], "kontor check", found)
        except Exception as error:
            say(f"chapter {number_of}, seed {seed}: broken at step {steps}, {c.name}, after {c.done.total()} operations; the last commit:")
            for change in c.k.call("journal.since", {"seq": c.mirror.seq - 1, "limit": 1})["entries"][0]["changes"]:
                say(f"  {change['entity']} {change['id']} {change['kind']}: {change['before']} -> {change['after']}")
            say("what was done last, each after which entry, without " + ", ".join(c.off or ["none of the modules"]) + ":\n  " + "\n  ".join(c.trail))
            raise Broken(f"{type(error).__name__}: {error}") from None  # of a kind that goes from process to process
        spent = time.monotonic() - began
        say(f"chapter {number_of}, seed {seed}: {c.done.total()} operations, {c.refused.total()} refused, {c.mirror.commits} commits, {same} records the same, "
            f"{c.done.total() / spent:.0f} a second")
        proved(house)
        return c.done, c.refused


def chapters(args):
    """Several at a time, each with a server of its own. Yields what each of them did, in order."""
    wanted = [min(args.chapter, args.operations - at) for at in range(0, args.operations, args.chapter)]
    began = time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
        running = []
        while wanted or running:
            while wanted and len(running) < args.jobs and not (args.seconds and time.monotonic() - began > args.seconds):
                at = args.first + args.begun
                running.append(pool.submit(chapter, at, args.seed + at, wanted.pop(0)))
                args.begun += 1
            if not running:
                return
            concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for done in [r for r in running if r.done()]:
                running.remove(done)
                yield done.result()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operations", type=int, default=500)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--chapter", type=int, default=2500)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="chapters at a time")
    parser.add_argument("--seconds", type=int, default=0, help="begin no chapter after so many")
    parser.add_argument("--often", default="", help="operations to be drawn ten times as often: names with commas")
    parser.add_argument("--tell", action="store_true", help="what was done and refused, and why")
    args = parser.parse_args()
    for name in filter(None, args.often.split(",")):
        Company.STEPS[name] *= 10
    done, refused, args.begun = Counter(), Counter(), 0
    for some, others in chapters(args):
        done, refused = done + some, refused + others
    print(f"{done.total()} operations in {args.begun} chapters, every commit in order; go on with --seed {args.seed} --first {args.first + args.begun}")
    if args.tell:
        for counter in (done, refused):
            print("\n".join(f"{n:6} {what if isinstance(what, str) else ': '.join(what)}" for what, n in sorted(counter.items(), key=lambda p: -p[1])), "\n")


if __name__ == "__main__":
    try:
        main()
    except (Broken, KontorError):
        traceback.print_exc(limit=-6)
        sys.exit(1)
