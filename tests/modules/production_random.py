#!/usr/bin/env python3
"""Random operations of planning and production over the bus: sales, forecasts, planning runs, what they propose made firm, orders
confirmed, changed, worked on, ended and cancelled, purchases received. Whatever is refused or done, at each look nobody waits for
what does not come, the variances of each order add up to its variance, what is in progress is what the ledger says, and planning
twice changes nothing. `production_random.py [steps [seed]]`"""
import datetime
import pathlib
import sys
import time
from decimal import Decimal as D

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House  # noqa: E402
from stories import expect, make  # noqa: E402
from walk import arguments, walk  # noqa: E402

STEPS, dice, _ = arguments(150)
TODAY = datetime.date.today()


def day(days):
    return (TODAY + datetime.timedelta(days)).isoformat()


def maybe(chance, **values):
    return values if dice.random() < chance else {}


class Planners:
    """Machines of two sets and a kit of nuts; sets of rods, of which some is lost, and a nut, with chips that bear some of the cost."""

    def __init__(self, k):
        self.k, self.entered = k, D(0)
        pln = make(k, "base.currency", code="PLN", decimals=2)
        make(k, "base.company", name="Wicher", currency=pln)
        for year in (TODAY.year, TODAY.year + 1):
            k.call("finance.setup", {"chart": "polish", "year": f"{year}-01-01"})
        piece = make(k, "base.unit", code="szt", category="count", rounding="1")
        self.customer, mill = make(k, "base.party", name="Nowak", is_customer=True), make(k, "base.party", name="Stalmet", is_supplier=True)
        self.machine, self.set, self.kit, self.rod, self.nut, self.chips = (
            make(k, "base.item", code=code, name=code.title(), unit=piece, price="90", currency=pln) for code in ("MACHINE", "SET", "KIT", "ROD", "NUT", "CHIPS"))
        make(k, "logistics.supplier_price", item=self.rod, party=mill, price="2", lead_days=4)
        make(k, "logistics.supplier_price", item=self.nut, party=mill, price="0.3", lead_days=6, minimum="50")
        make(k, "logistics.supplier_price", item=self.chips, party=mill, price="1", lead_days=3)
        self.bench = make(k, "production.work_centre", code="BENCH", name="Bench", slots=3, machine_rate="20", labour_rate="30", overhead_rate="5")
        routing = make(k, "production.routing", code="R", name="R", steps=[{"sequence": 10, "name": "Join", "centre": self.bench, "setup_minutes": "10", "run_minutes": "2"}])
        make(k, "production.bom", item=self.set, routing=routing, lines=[{"item": self.rod, "quantity": "2", "scrap": "10"}, {"item": self.nut}],
             by_products=[{"item": self.chips, "quantity": "0.4", "cost_share": "5"}])
        make(k, "production.bom", item=self.kit, kind="phantom", lines=[{"item": self.nut, "quantity": "3"}])
        make(k, "production.bom", item=self.machine, routing=routing, tolerance="20", lines=[{"item": self.set, "quantity": "2"}, {"item": self.kit}, {"item": self.chips}])
        make(k, "production.bom", item=self.rod, lines=[{"item": self.chips, "quantity": "0.5"}], valid_from=day(20)) # chips come with sets of rods
        for item, quantity, cost in ((self.rod, 150, 2), (self.nut, 200, 1), (self.set, 3, 9)):
            slip = make(k, "logistics.transfer", kind="entry", lines=[{"item": item, "quantity": str(quantity), "unit_cost": str(cost)}])
            k.call("logistics.transfer.post", {"id": slip})
            self.entered += quantity * cost

    def pick(self, entity, *filter):
        return dice.choice(self.k.list(entity, list(filter), limit=500)["rows"])

    def order(self, *states):
        return self.pick("production.order", ["state", "in", list(states)])

    def act(self, order, action, **params):
        self.k.call(f"production.order.{action}", {"id": order["id"], **params})

    def goods(self):
        return dice.choice((self.machine, self.set))

    def wanted(self):
        return dice.choice((self.machine, self.set, self.chips))

    # ---- Steps ----

    def sell(self):
        lines = [{"item": self.wanted(), "quantity": str(dice.randint(1, 8)), "price": "90", **maybe(0.7, asked=day(dice.randint(0, 40)))}]
        self.k.call("crm.order.confirm", {"id": make(self.k, "crm.order", party=self.customer, lines=lines)})

    def sell_not(self):
        self.k.call("crm.order.cancel", {"id": self.pick("crm.order", ["state", "=", "confirmed"])["id"], "reason": "Gone"})

    def foresee(self):
        make(self.k, "production.forecast", item=self.wanted(), day=day(dice.randint(5, 40)), quantity=str(dice.randint(1, 15)))

    def plan(self):
        answer = self.k.call("production.mrp.run", {})
        while self.k.call("job.get", {"id": answer["job"]})["state"] in ("queued", "running"):
            time.sleep(0.01)
        return self.k.get("production.mrp_run", answer["run"])

    def make_firm(self):
        self.k.call("production.proposal.firm", {"id": self.pick("production.proposal", ["state", "=", "planned"])["id"]})

    def enter(self):
        make(self.k, "production.order", item=self.goods(), quantity=str(dice.randint(1, 9)), **maybe(0.7, due=day(dice.randint(3, 40))))

    def confirm(self):
        self.act(self.order("draft"), "confirm")

    def resize(self):
        self.act(self.order("confirmed", "reserved", "in_progress"), "resize", quantity=str(dice.randint(1, 15)))

    def reschedule(self):
        self.act(self.order("confirmed", "reserved"), "reschedule", due=day(dice.randint(1, 50)))

    def amend(self):
        self.act(self.order("draft", "confirmed", "reserved", "in_progress"), "amend",
                 components=[{"item": dice.choice((self.rod, self.nut, self.set)), "quantity": str(dice.randint(0, 12))}])

    def cancel(self):
        self.act(self.order("draft", "confirmed", "reserved"), "cancel", reason="Gone")

    def issue(self):
        self.act(self.order("reserved", "in_progress"), "issue")

    def give_back(self):
        self.act(self.order("in_progress"), "give_back")

    def work(self):
        at = self.pick("production.operation", ["state", "=", "ready"])["id"]
        self.k.call("production.operation.start", {"id": at})
        self.k.call("production.operation." + dice.choice(("pause", "finish")), {"id": at, "minutes": str(dice.randint(1, 60))})

    def report(self):
        order = self.order("reserved", "in_progress")
        left = int(D(order["quantity"]) - D(order["produced"] or 0) - D(order["scrapped"] or 0))
        made = dice.randint(0, left)
        self.act(order, "report", produced=str(made), **maybe(0.3, scrapped=str(dice.randint(0, left - made))))

    def finish(self):
        self.act(self.order("in_progress"), "finish", backorder=dice.random() < 0.5)

    def pay_more(self):
        self.k.update("production.work_centre", self.bench, {"labour_rate": str(dice.randint(20, 40))})

    def buy(self):
        wanted = [r["id"] for r in self.k.list("logistics.purchase_request", [["state", "=", "open"]], limit=500)["rows"]]
        made = self.k.call("logistics.purchase.order", {"requests": dice.sample(wanted, dice.randint(1, len(wanted)))})
        for one in made["orders"]:
            self.k.call("logistics.purchase_order.approve", {"id": one["order"]})

    def receive(self):
        order = self.pick("logistics.purchase_order", ["state", "=", "approved"], ["receipt_status", "!=", "full"])
        rows = [{"order_line": line["id"], "quantity": str(dice.randint(1, int(D(line["quantity"]))))} for line in order["lines"]]
        self.k.call("logistics.receipt.finish", {"id": make(self.k, "logistics.receipt", order=order["id"], lines=rows)})

    def ship(self):
        self.k.call("logistics.delivery.ship", {"id": self.pick("logistics.delivery", ["state", "=", "reserved"])["id"]})

    # ---- What holds ----

    def look(self):
        expect(self.k.call("system.check", {})["sound"], True)
        spent = D(0)
        for order in self.k.each("production.order", [["state", "in", ["in_progress", "done"]]]):
            costs = sum(D(order[f] or 0) for f in ("material", "machine", "labour", "overhead")) - D(order["received"] or 0)
            spent += costs - D(order["variance"] or 0)
            if order["state"] == "done":
                rows = self.k.call("production.variances", {"order": order["id"]})["rows"]
                expect((order["number"], sum(D(r["amount"]) for r in rows)), (order["number"], D(order["variance"])))
        books = {r["code"]: D(r["closing"]) for r in self.k.call("finance.trial_balance", {"all": True})["rows"]}
        expect(books["500"], spent - self.entered)
        self.plan()
        again = self.plan()
        expect([again[f] or 0 for f in ("added", "changed", "removed")], [0, 0, 0])


with House(modules="base,crm,logistics,production,finance") as house:
    p = Planners(house.client())
    steps = {p.sell: 4, p.sell_not: 1, p.foresee: 2, p.plan: 1, p.make_firm: 4, p.enter: 2, p.confirm: 4, p.resize: 2, p.reschedule: 2, p.amend: 2, p.cancel: 1,
             p.issue: 3, p.give_back: 3, p.work: 2, p.report: 6, p.finish: 2, p.pay_more: 1, p.buy: 3, p.receive: 6, p.ship: 2}
    done = walk(dice, STEPS, steps, p.look)
assert sum(bool(done[step.__name__]) for step in steps) >= len(steps) - 2, "steps were always refused"
