#!/usr/bin/env python3
"""Invoices and bills of several rates, in two currencies, with advances, credit notes of parts, payments of parts with discounts for paying
early, reversals and valuations, in any order; in the end all that is left of each is credited. Then nothing is left of any rate in the
register but cents, and what is open is the money that was paid. KONTOR_SEED chooses the dice.

  settling_random.py [DOCUMENTS]"""
import calendar
import collections
import datetime
import random
import sys
from decimal import ROUND_DOWN, Decimal as D

from stories import KontorError, expect, make, run
from dice import SEED
from books import balances, books, invoice, items, pay, posted, proved, thing

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 60


class Deal:
    """One invoice or bill and what becomes of it."""

    def __init__(self, k, dice, n, terms):
        s = books(k)
        self.k, self.dice, self.n, self.day, self.log = k, dice, n, dice.randrange(40), []
        self.sale, self.currency = dice.random() < 0.5, dice.choice((s["PLN"], s["PLN"], s["EUR"]))
        self.cent = D("0.02") if self.currency == s["PLN"] else D("0.09")
        self.party = make(k, "base.party", name=f"Party {n}")
        rates = dice.choices((None, s["category"]["reduced"], s["category"]["zero"]), k=dice.randint(1, 4))
        own = {}
        if not self.sale and dice.random() < 0.3:  # tax that the buyer accounts for
            own = {"position": s["position"]["domestic_reverse"]}
        self.lines = [thing(f"{dice.randrange(100, 90000) / 100:.2f}", str(dice.randint(1, 5)), **({"tax_category": rate} if rate else {}),
                            **dice.choice(({}, {}, {"discount_percent": "12.5"}))) for rate in rates]
        self.values = dict(party=self.party, currency=self.currency, terms=dice.choice(terms), tax_included=not own and dice.random() < 0.2, **own)
        self.given = dice.choice((17, 18, 19)) if not own and dice.random() < 0.1 else 0  # per cent, about: another system computed the tax
        self.notes, self.paid, self.advance = [], [], None

    def date(self):
        return (datetime.date(2025, 11, 1) + datetime.timedelta(days=self.day)).isoformat()

    def bill(self, lines, kind, **more):
        later = lambda days: (datetime.date.fromisoformat(self.date()) + datetime.timedelta(days=days)).isoformat()
        if not self.sale:
            more |= {"reference": f"{kind}{self.n}", **self.dice.choice(({}, {"received_on": later(20)}, {"received_on": later(5), "deducted_on": later(60)}))}
        else:
            more |= self.dice.choice(({}, {"tax_day": later(-12)}, {"tax_day": later(25)}))
        if self.given:
            more["tax_given"] = f"{sum(D(line['price']) * D(line['quantity']) for line in lines) * self.given / 100 + D(self.dice.randint(-2, 2)) / 100:.2f}"
        return invoice(self.k, *lines, kind=kind if self.sale else "purchase" + kind.replace("sale", ""), day=self.date(), **self.values, **more)

    def money(self, amount, **more):
        return pay(self.k, party=self.party, direction="in" if self.sale else "out", currency=self.currency, day=self.date(), amount=str(amount), **more)["id"]

    def credit(self, of, lines=None):
        made = self.k.call("finance.invoice.credit", {"id": of["id"], "reason": "dice", "day": self.date(), "lines": lines, "reference": f"N{self.n}-{len(self.notes)}"})["made"]
        self.notes.append(posted(self.k, "finance.invoice", made))

    def credit_some(self, of):
        line = self.dice.choice(self.k.get("finance.invoice", of["id"])["lines"])
        if left := int(D(line["quantity"]) - D(line["credited"] or 0)):
            self.credit(of, [{"line": line["id"], "quantity": str(self.dice.randint(1, left))}])

    def begin(self):
        if self.dice.random() < 0.35:
            parts = [dict(line, price=f"{D(line['price']) * 3 / 10:.2f}") for line in self.lines]
            if self.dice.random() < 0.3:  # at a rate of tax that the invoice need not have
                rate = self.dice.choice(("standard", "reduced", "zero"))
                parts = [dict(part, tax_category=books(self.k)["category"][rate]) for part in parts]
            self.advance = self.bill(parts, "advance") if self.sale else self.bill(parts, "_advance")
            if self.dice.random() < 0.8:
                self.paid.append(self.money(self.advance["open"], oldest=True))
            if len(self.lines) > 1 and self.dice.random() < 0.4:
                self.log.append("note on the advance")
                self.credit_some(self.advance)
            self.day += self.dice.choice((0, 100))  # another rate of exchange
        self.day += 5
        self.made = self.bill(self.lines, "sale", advances=[{"invoice": self.advance["id"]}] if self.advance else [])

    def billed(self):
        """What is not credited, nor was taken off."""
        made = self.k.get("finance.invoice", self.made["id"])
        mine = {i["id"] for i in items(self.k, made["id"])}
        taken = sum(D(a["discount"] or 0) for paid in self.paid for a in self.k.get("finance.payment", paid)["allocations"] if a["item"] in mine)
        return max(D(0), D(made["gross"]) - D(made["credited"] or 0) - taken).quantize(D("0.01"))

    def pay_some(self):
        mine = [i for i in items(self.k, self.made["id"]) if D(i["open"]) and (D(i["open"]) > 0) == self.sale]
        if not mine:
            return
        item = self.dice.choice(mine)
        open, off = abs(D(item["open"])), D(0)
        part = open if self.dice.random() < 0.5 else (open * self.dice.randint(10, 95) / 100).quantize(D("0.01"))
        if item["discount"] and self.dice.random() < 0.8:
            off = min(part, self.billed(), (abs(D(item["discount"])) * part / abs(D(item["amount"]))).quantize(D("0.01"), ROUND_DOWN))
        if part > off:
            self.paid.append(self.money(part - off, allocations=[{"item": item["id"], "amount": str(part - off), "discount": str(off) if off else None}]))

    def step(self):
        self.day += self.dice.randint(0, 25)
        what = self.dice.choice(("note", "pay", "pay", "value", "reverse"))
        self.log.append(what)
        if what == "pay":
            self.pay_some()
        elif what == "value":
            self.k.call("finance.revalue", {"day": self.date()})
        elif what == "reverse" and self.paid:
            self.k.call("finance.payment.reverse", {"id": self.paid.pop(), "day": self.date()})
        elif what == "note":
            self.credit_some(self.made)
        self.both_sides_cancel()

    def papers(self):
        return [self.made, *self.notes] + ([self.advance] if self.advance else [])

    def register(self):
        return [row for paper in self.papers() for row in self.k.list("finance.vat_line", [["invoice", "=", paper["id"]]], limit=200)["rows"]]

    def both_sides_cancel(self):
        """What the buyer accounts for is in both registers alike, rate by rate, day by day."""
        sides = {"purchase": collections.defaultdict(D), "sale": collections.defaultdict(D)}
        for row in self.register():
            if row["kind"] == "reverse_charge" and not self.sale:
                sides[row["side"]][row["label"], row["tax_day"], "net"] += D(row["net"])
                sides[row["side"]][row["label"], row["tax_day"], "tax"] += D(row["amount"])
        expect(sides["purchase"], sides["sale"])

    def nothing_is_booked(self):
        """Of income, cost and advances, but what discounts took off."""
        papers = [self.k.get("finance.invoice", paper["id"]) for paper in self.papers()]
        lines = [line for paper in papers for line in self.k.get("finance.entry", paper["entry"])["lines"]]
        accounts = {row["id"]: row["open_items"] or row["code"] in ("221", "221-1", "222", "222-1") for row in self.k.list("finance.account", [], limit=200)["rows"]}
        off = sum(D(a["discount"] or 0) for paid in self.paid for a in self.k.get("finance.payment", paid)["allocations"])
        booked = collections.defaultdict(D)
        for line in lines:
            if not accounts[line["account"]]:
                booked[line["account"]] += D(line["debit"] or 0) - D(line["credit"] or 0)
        if not off:
            expect({account: sum for account, sum in booked.items() if sum}, {})

    def end(self):
        self.day += 10
        try:
            self.credit(self.made)
        except KontorError as error:  # all of it is credited already
            expect([p["path"] for p in error.problems], ["lines"])
        self.both_sides_cancel()
        most = self.cent * (len(self.papers()) + len(self.paid) + 1) * len(self.lines)
        self.nothing_is_booked()
        register = collections.defaultdict(D)
        for row in self.register():
            register[row["side"], row["label"], "net"] += D(row["net"])
            register[row["side"], row["label"], "tax"] += D(row["amount"])
        expect({key: sum for key, sum in register.items() if sum}, {})  # the last note of a rate takes the rest of it
        open = sum(D(i["open"]) for i in self.k.list("finance.open_item", [["party", "=", self.party], ["closed", "=", None]], limit=200)["rows"])
        money = sum(D(self.k.get("finance.payment", paid)["amount"]) for paid in self.paid)
        assert abs(open + (money if self.sale else -money)) <= most, (open, money)
        expect(self.k.get("finance.invoice", self.made["id"])["payment_status"], "reversed")


def nothing_is_left_of_what_is_credited(k):
    books(k)
    dice = random.Random(SEED)
    for n in range(12):
        make(k, "base.currency_rate", base=books(k)["EUR"], currency=books(k)["PLN"], day=f"2026-{n + 1:02}-20", rate=f"{dice.uniform(3.9, 4.6):.4f}")
    terms = [make(k, "finance.terms", code=f"{off}-{late}", name="Dice", parts=[{"percent": str(100 - late), "days": 90, "discount": str(off), "discount_days": 400}]
                  + ([{"percent": str(late), "days": 100}] if late else [])) for off in (2, 3, 7) for late in (0, 40)]
    for n in range(COUNT):
        deal = Deal(k, dice, n, terms)
        try:
            deal.begin()
            for _ in range(dice.randint(1, 6)):
                deal.step()
            deal.end()
        except Exception:
            print(f"        seed {SEED}, document {n}, {'sale' if deal.sale else 'purchase'}{', with an advance' if deal.advance else ''}: {deal.log}")
            raise
    rows = k.call("finance.vat_register", {"from": "2025-01-01", "to": "2026-12-31"})
    expect([-D(rows["on_sales"]), D(rows["on_purchases"])], balances(k, "221", "222"))
    for month in [f"2025-{n}" for n in (10, 11, 12)] + [f"2026-{n:02}" for n in range(1, 13)]:  # tax waits elsewhere until the month of its register
        days = {"from": f"{month}-01", "to": f"{month}-{calendar.monthrange(int(month[:4]), int(month[5:]))[1]}"}
        of = {row["code"]: D(row["debit"]) - D(row["credit"]) for row in k.call("finance.trial_balance", {**days, "all": True})["rows"]}
        rows = k.call("finance.vat_register", days)
        expect((month, -of["221"], of["222"]), (month, D(rows["on_sales"]), D(rows["on_purchases"])))
    for first, last in (("2025-11-01", "2025-12-31"), ("2026-01-01", "2026-02-15"), ("2025-11-01", "2026-12-31")):
        flow = k.call("finance.cash_flow", {"from": first, "to": last})
        expect(sum(D(flow[part]) for part in ("opening", "operating", "investing", "financing", "valued")), D(flow["closing"]))
    proved(k)


run([nothing_is_left_of_what_is_credited], modules="base,finance")
