#!/usr/bin/env python3
"""Random operations of purchasing over the bus: whatever is refused or done, at each look requests, what demands wait for,
orders, what the stores expect and what they have agree. `purchase_random.py [steps [seed]] [books]`: with books, the suppliers'
bills are posted too, some of them dearer, and what is received and not billed is what the ledger says."""
import datetime
import pathlib
import sys
from collections import defaultdict
from decimal import Decimal as D

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House  # noqa: E402
from stories import make  # noqa: E402
from walk import arguments, walk  # noqa: E402

STEPS, dice, words = arguments(400)
BOOKS = "books" in words
TODAY = datetime.date.today()


def day(days):
    return (TODAY + datetime.timedelta(days)).isoformat()


class Buyers:
    def __init__(self, k):
        self.k = k
        pln, eur = (make(k, "base.currency", code=code, decimals=2) for code in ("PLN", "EUR"))
        make(k, "base.currency_rate", base=eur, currency=pln, day=day(-9), rate="4.3")
        make(k, "base.company", name="Wicher", currency=pln)
        if BOOKS:
            k.call("finance.setup", {"chart": "polish"})
        piece = make(k, "base.unit", code="szt", category="count", rounding="1")
        box = make(k, "base.unit", code="kart", category="count", factor="6", rounding="1")
        self.suppliers = [make(k, "base.party", name=f"Supplier {n}", is_supplier=True) for n in range(3)]
        self.customer = make(k, "base.party", name="Nowak")
        self.items = [make(k, "base.item", code=f"I{n}", name=f"Item {n}", unit=piece, price="10", currency=pln, over_percent="20") for n in range(4)]
        for n, item in enumerate(self.items):
            for party in self.suppliers[:n]: # nobody sells the first
                make(k, "logistics.supplier_price", party=party, item=item, price=str(dice.randint(100, 900) / D(100)), currency=dice.choice((pln, eur)),
                     unit=dice.choice((piece, box, None)), minimum=dice.choice((None, "2", "10")), multiple=dice.choice((None, "1", "5")), lead_days=dice.randint(0, 9))
            make(k, "logistics.reorder_rule", item=item, minimum="3", maximum=str(dice.randint(5, 30)))

    def pick(self, entity, *filter):
        return dice.choice(self.k.list(entity, list(filter), limit=500)["rows"])

    def sell(self):
        order = make(self.k, "crm.order", party=self.customer, asked=dice.choice((None, day(dice.randint(0, 20)))), lines=[
            {"item": item, "quantity": str(dice.randint(1, 15)), "price": "10"} for item in dice.sample(self.items, dice.randint(1, 3))])
        self.k.call("crm.order.confirm", {"id": order})

    def sell_less(self):
        order = self.pick("crm.order", ["state", "=", "confirmed"])
        line = dice.choice(order["lines"])
        self.k.call("crm.order.amend", {"id": order["id"], "reason": "dice", "lines": [{"line": line["id"], "quantity": str(dice.randint(1, 20))}]})

    def sell_not(self):
        self.k.call("crm.order.cancel", {"id": self.pick("crm.order", ["state", "=", "confirmed"])["id"], "reason": "dice"})

    def ask(self):
        make(self.k, "logistics.purchase_request", item=dice.choice(self.items), quantity=str(dice.randint(1, 12)), needed=day(dice.randint(0, 9)))

    def ask_other(self):
        self.k.update("logistics.purchase_request", self.pick("logistics.purchase_request")["id"], {"quantity": str(dice.randint(1, 12))})

    def ask_not(self):
        self.k.call("logistics.purchase_request.cancel", {"id": self.pick("logistics.purchase_request", ["state", "=", "open"])["id"], "reason": "dice"})

    def reorder(self):
        self.k.call("logistics.reorder.run", {})
        assert not self.k.call("logistics.reorder.run", {})["requests"], "a second run asked for more"

    def order(self):
        open_ones = [r["id"] for r in self.k.list("logistics.purchase_request", [["state", "=", "open"]], limit=500)["rows"]]
        self.k.call("logistics.purchase.order", {"requests": dice.sample(open_ones, dice.randint(1, len(open_ones)))})

    def order_by_hand(self):
        make(self.k, "logistics.purchase_order", party=dice.choice(self.suppliers), lines=[{"item": dice.choice(self.items), "quantity": str(dice.randint(1, 9)), "price": "3"}])

    def approve(self):
        self.k.call("logistics.purchase_order.approve", {"id": self.pick("logistics.purchase_order", ["state", "in", ["draft", "sent"]])["id"]})

    def reschedule(self):
        order = self.pick("logistics.purchase_order", ["state", "=", "approved"])
        self.k.call("logistics.purchase_order.reschedule", {"id": order["id"], "expected": dice.choice((None, day(dice.randint(0, 30)))), "reason": "dice"})

    def amend(self):
        order = self.pick("logistics.purchase_order", ["state", "=", "approved"])
        line = dice.choice(order["lines"])["id"]
        change = {"line": line, "remove": True} if dice.random() < 0.2 else {"line": line, "quantity": str(dice.randint(1, 15))}
        self.k.call("logistics.purchase_order.amend", {"id": order["id"], "reason": "dice", "lines": [change]})

    def receive(self):
        order = self.pick("logistics.purchase_order", ["state", "=", "approved"], ["receipt_status", "!=", "full"])
        rows = [{"order_line": line["id"], "quantity": str(q), "rejected": str(dice.randint(0, q) if dice.random() < 0.3 else 0)}
                for line in order["lines"] for q in [dice.randint(1, 12)] if dice.random() < 0.8]
        receipt = make(self.k, "logistics.receipt", order=order["id"], lines=rows)
        self.k.call("logistics.receipt.finish", {"id": receipt})

    def receive_all(self):
        receipt = make(self.k, "logistics.receipt", order=self.pick("logistics.purchase_order", ["state", "=", "approved"], ["receipt_status", "!=", "full"])["id"])
        self.k.call("logistics.receipt.finish", {"id": receipt})

    def give_back(self):
        order = self.pick("logistics.purchase_order", ["state", "in", ["approved", "closed"]])
        receipt = make(self.k, "logistics.receipt", order=order["id"], kind="return", lines=[
            {"order_line": dice.choice(order["lines"])["id"], "quantity": str(dice.randint(1, 3))}])
        self.k.call("logistics.receipt.finish", {"id": receipt})

    def bill(self):
        order = self.pick("logistics.purchase_order", ["state", "=", "approved"])
        self.k.call("logistics.purchase_order.bill", {"id": order["id"], "lines": [{"line": dice.choice(order["lines"])["id"], "quantity": str(dice.randint(-2, 5))}]})

    def close(self):
        self.k.call("logistics.purchase_order.close", {"id": self.pick("logistics.purchase_order", ["state", "=", "approved"])["id"]})

    def cancel(self):
        self.k.call("logistics.purchase_order.cancel", {"id": self.pick("logistics.purchase_order", ["state", "in", ["draft", "approved"]])["id"], "reason": "dice"})

    def post_bill(self):
        order = self.pick("logistics.purchase_order", ["state", "in", ["approved", "closed"]])
        made = self.k.call("finance.invoice.from_order", {"order": {"entity": "logistics.purchase_order", "id": order["id"]}, "reference": f"B{dice.random()}"})["id"]
        if dice.random() < 0.4:
            lines = [{**{f: line[f] for f in ("id", "item", "unit", "quantity", "order_line")}, "price": str(D(line["price"]) + D("0.01"))}
                     for line in self.k.get("finance.invoice", made)["lines"]]
            self.k.update("finance.invoice", made, {"lines": lines})
        self.k.call("finance.invoice.post", {"id": made})

    def credit_bill(self):
        bill = self.pick("finance.invoice", ["state", "=", "posted"], ["kind", "=", "purchase"])
        note = self.k.call("finance.invoice.credit", {"id": bill["id"], "reason": "dice", "reference": f"C{dice.random()}",
                                                      "lines": [{"line": dice.choice(bill["lines"])["id"], "quantity": "1"}]})["made"]
        self.k.call("finance.invoice.post", {"id": note})

    # ---- What must agree

    def look_at_books(self):
        proof = self.k.call("finance.prove")
        assert not proof["findings"] and proof["stock_ledger"] == proof["stock_goods"], proof
        rows = {r["code"]: D(r["closing"]) for r in self.k.call("finance.trial_balance", {"all": True})["rows"]}
        left = sum(D(r["left_value"]) for r in self.k.each("finance.received", []))
        assert rows["300"] == -left, (rows["300"], left)

    def look_at_requests(self):
        waits = defaultdict(D)
        for p in self.k.each("base.pegging", [["kind", "=", "buy"]]):
            waits[p["supply"]["id"]] += D(p["quantity"])
        for r in self.k.each("logistics.purchase_request", []):
            quantity, received, waiting, free = (D(r[f]) for f in ("quantity", "received", "waiting", "free"))
            state = "cancelled" if r["cancelled"] else "done" if r["finished"] or received >= quantity else "ordered" if r["order"] else "open"
            assert r["state"] == state, r
            assert waits.pop(r["id"], 0) == waiting, f"{r} but its peggings say otherwise"
            assert state in ("done", "cancelled") or quantity == received + waiting + free and free >= 0, r
        assert not waits, waits

    def look_at_demands(self):
        pegged = defaultdict(D)
        for p in self.k.each("base.pegging", []):
            pegged[p["demand"]["id"], p["line"]] += D(p["quantity"])
        for order in self.k.each("crm.order", [["state", "=", "confirmed"]]):
            for line in order["lines"]:
                assert pegged.pop((order["id"], line["id"]), 0) == D(line["quantity"]), (order, line)
        assert not pegged, pegged

    def look_at_goods(self):
        coming, there, units = defaultdict(D), defaultdict(D), {u["id"]: D(u["factor"]) for u in self.k.each("base.unit", [])}
        for m in self.k.each("logistics.move", [["from_place", "=", "supplier"], ["state", "=", "confirmed"]]):
            coming[m["document"]["id"], m["line"]] += D(m["quantity"])
        worth = defaultdict(D)
        for r in self.k.each("logistics.receipt", [["state", "=", "done"], ["kind", "=", "receipt"]]):
            for row in r["lines"]:
                worth[r["order"], row["order_line"]] += D(row["value"] or 0)
        carried = defaultdict(D)
        for r in self.k.each("logistics.purchase_request", [["state", "=", "ordered"]]):
            carried[r["order"], r["order_line"]] += D(r["quantity"]) - D(r["received"])
        for o in self.k.each("logistics.purchase_order", []):
            for line in o["lines"]:
                received, rejected, returned = (D(line[f] or 0) for f in ("received", "rejected", "returned"))
                kept, quantity, factor = received - rejected - returned, D(line["quantity"]), units[line["unit"]]
                there[line["item"]] += kept * factor
                still = max(D(0), quantity - kept) * factor if o["state"] == "approved" else D(0)
                assert coming.pop((o["id"], line["id"]), 0) == still, (o, line)
                assert o["state"] != "approved" or carried[o["id"], line["id"]] == still, (o, line, carried[o["id"], line["id"]])
                if kept == quantity and not returned and o["revision"] == 1 and o["net_own"] and len(o["lines"]) == 1:
                    assert worth[o["id"], line["id"]] == D(o["net_own"]), (o, worth[o["id"], line["id"]])
        assert not coming, coming
        for item in self.items:
            level = self.k.call("logistics.availability", {"item": item})
            assert D(level["on_hand"]) == there[item], (item, level, there[item])

    def look(self):
        self.look_at_requests()
        self.look_at_demands()
        self.look_at_goods()
        assert self.k.call("system.check", {})["sound"]
        if BOOKS:
            self.look_at_books()


with House(modules="base,crm,logistics" + (",finance" if BOOKS else "")) as house:
    b = Buyers(house.client())
    steps = {b.sell: 6, b.sell_less: 2, b.sell_not: 1, b.ask: 2, b.ask_other: 1, b.ask_not: 1, b.reorder: 1, b.order: 4, b.order_by_hand: 2, b.approve: 5,
             b.reschedule: 1, b.amend: 3, b.receive: 5, b.receive_all: 2, b.give_back: 1, b.bill: 1, b.close: 1, b.cancel: 1}
    if BOOKS:
        steps.update({b.post_bill: 8, b.credit_bill: 1})
    done = walk(dice, STEPS, steps, b.look)
assert sum(bool(done[step.__name__]) for step in steps) >= len(steps) - 2, "steps were always refused"
