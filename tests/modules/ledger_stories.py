#!/usr/bin/env python3
"""Stories of statements, of goods in the ledger and of the proof of the books. KONTOR_SEED chooses the random walk.

  ledger_stories.py [STEPS]      of the walk; 250 unless said otherwise"""
import contextlib
import datetime
import decimal
import os
import pathlib
import random
import shutil
import sys
import tempfile
import traceback

from stories import expect, make, refused
from dice import SEED
from house import House, ROOT
from kontor import KontorError

D = decimal.Decimal
seen = {}
TODAY = datetime.date(2026, 11, 20)  # the books have four years
build = pathlib.Path(os.environ.get("KONTOR_BUILD", ROOT / "build" / "check"))


def books(k):
    """A company with the international chart and the years 2023 to 2026."""
    if seen:
        return seen
    for code in ("USD", "EUR"):
        seen[code] = make(k, "base.currency", code=code)
    make(k, "base.company", name="Printing Plus", currency=seen["USD"])
    for month in range(1, 13):
        make(k, "base.currency_rate", base=seen["EUR"], currency=seen["USD"], day=f"2024-{month:02}-01", rate=f"1.{month:02}")
    for year in (2023, 2024, 2025, 2026):
        k.call("finance.setup", {"year": f"{year}-01-01"})
    seen["account"] = {a["code"]: a["id"] for a in k.list("finance.account", [], limit=200)["rows"]}
    for name in ("one", "two", "three"):
        seen[name] = make(k, "base.party", name=name)
    tax = make(k, "base.tax", code="T20", name="T20", rates=[{"rate": "20"}])
    seen["taxed"] = make(k, "base.tax_category", code="T20", name="T20", initial=True)
    make(k, "base.tax_rule", category=seen["taxed"], taxes=[tax])
    seen["unit"] = make(k, "base.unit", code="pc", category="count")
    seen["special"] = make(k, "base.item_category", name="Special")
    seen["paper"] = make(k, "base.item", code="P", name="Paper", unit=seen["unit"], category=make(k, "base.item_category", name="Paper", parent=seen["special"]))
    return seen


def entry(k, day, *lines, **more):
    acc = books(k)["account"]
    made = make(k, "finance.entry", day=day, lines=[
        {"account": acc[code], "debit" if value > 0 else "credit": str(abs(value)), "party": seen["one"] if code in ("1300", "2100") else None}
        for code, value in lines], **more)
    k.call("finance.entry.post", {"id": made})
    return made


def trial(k, **days):
    answer = k.call("finance.trial_balance", days)
    return answer, {r["code"]: r for r in answer["rows"]}


def invoice(k, party, price, day, **more):
    made = make(k, "finance.invoice", party=books(k)[party], day=day, lines=[{"name": "Thing", "price": str(price)}], **more)
    k.call("finance.invoice.post", {"id": made})
    return k.get("finance.invoice", made)


def items(k, document, entity="finance.invoice"):
    return k.list("finance.open_item", [["document", "=", {"entity": entity, "id": document}]], sort="due")["rows"]


def the_textbooks_trial_balance(k):
    """OpenStax, Principles of Accounting, Volume 1, chapter 3: the twelve transactions of Printing Plus in January and the
    unadjusted trial balance of 34,000 dollars."""
    for day, debit, credit, amount in (
            ("03", "1400", "3100", 20000), ("05", "1100", "2100", 3500), ("09", "1400", "2120", 4000), ("10", "1300", "4200", 5500),
            ("12", "6300", "1400", 300), ("14", "3200", "1400", 100), ("17", "1400", "4200", 2800), ("18", "2100", "1400", 3500),
            ("20", "6200", "1400", 3600), ("23", "1400", "1300", 5500), ("27", "1300", "4200", 1200), ("30", "6100", "2100", 500)):
        entry(k, f"2023-01-{day}", (debit, amount), (credit, -amount))
    answer, rows = trial(k, to="2023-01-31")
    expect((answer["closing_debit"], answer["closing_credit"]), ("34000.00", "34000.00"))
    expect({c: rows[c]["closing"] for c in ("1400", "1300", "1100", "2100", "2120", "3100", "4200", "6200", "6300")},
           {"1400": "24800.00", "1300": "1200.00", "1100": "3500.00", "2100": "-500.00", "2120": "-4000.00", "3100": "-20000.00",
            "4200": "-9500.00", "6200": "3600.00", "6300": "300.00"})
    expect(rows["14"]["closing"], "24800.00")  # a group
    entries = k.list("finance.entry", rows["1300"]["filter"], fields=["day", "lines"], sort="day")["rows"]
    expect([e["day"][-2:] for e in entries], ["10", "23", "27"])
    early, rows = trial(k, **{"from": "2023-01-10", "to": "2023-01-18"})
    expect((rows["1400"]["opening"], rows["1400"]["debit"], rows["1400"]["credit"], rows["1400"]["closing"]), ("24000.00", "2800.00", "3900.00", "22900.00"))
    expect((early["debit"], early["credit"]), ("12200.00", "12200.00"))


def statements_say_what_the_entries_say(k):
    books(k)
    sheet = k.call("finance.balance_sheet", {"day": "2023-01-31", "compare": "2023-01-09"})
    expect((sheet["assets"], sheet["liabilities"], sheet["equity"], sheet["result"]), ("29500.00", "4500.00", "19900.00", "5100.00"))
    row = [r for r in sheet["rows"] if r["code"] == "1400"][0]
    expect((row["amount"], row["compared"]), ("24800.00", "24000.00"))
    result = k.call("finance.profit_loss", {"from": "2023-01-01", "to": "2023-01-31", "compare_from": "2023-01-01", "compare_to": "2023-01-12"})
    expect((result["income"], result["expenses"], result["result"], result["compared_result"]), ("9500.00", "4400.00", "5100.00", "5200.00"))
    bought, paid = (k.list("finance.open_item", [["account", "=", seen["account"]["2100"]], ["day", "=", day]])["rows"][0]["id"] for day in ("2023-01-05", "2023-01-18"))
    k.call("finance.match_items", {"debit": paid, "credit": bought, "day": "2023-01-18"})  # the equipment, and what paid it
    flow = k.call("finance.cash_flow", {"from": "2023-01-04", "to": "2023-01-31"})
    expect((flow["opening"], flow["operating"], flow["investing"], flow["financing"], flow["closing"]), ("20000.00", "8400.00", "-3500.00", "-100.00", "24800.00"))
    card = k.call("finance.general_ledger", {"account": seen["account"]["1400"], "from": "2023-01-10", "to": "2023-01-18", "limit": 2})
    expect((card["opening"], [(r["debit"], r["credit"], r["balance"]) for r in card["rows"]], card["more"]),
           ("24000.00", [(None, "300.00", "23700.00"), (None, "100.00", "23600.00")], True))
    last = card["rows"][-1]
    rest = k.call("finance.general_ledger", {"account": seen["account"]["1400"], "from": last["day"], "after": last["entry"], "to": "2023-01-18"})
    expect((rest["opening"], rest["closing"], rest["more"]), ("23600.00", "22900.00", False))


def a_year_is_closed_into_its_result(k):
    books(k)
    year = k.list("finance.year", [["name", "=", "2023"]])["rows"][0]["id"]
    entry(k, "2023-12-31", ("6200", 1000), ("1400", -1000))
    before = k.call("finance.profit_loss", {"from": "2023-01-01", "to": "2023-12-31"})
    k.call("finance.year.close", {"id": year})
    after = k.call("finance.profit_loss", {"from": "2023-01-01", "to": "2023-12-31"})
    expect((before["result"], after["result"]), ("4100.00", "4100.00"))
    sheet = k.call("finance.balance_sheet", {"day": "2023-12-31"})
    expect((sheet["assets"], sheet["liabilities"], sheet["equity"], sheet["result"]), ("28500.00", "4500.00", "24000.00", "0.00"))
    made = make(k, "finance.entry", day="2023-06-01", lines=[{"account": seen["account"]["1400"], "debit": "1"}, {"account": seen["account"]["3100"], "credit": "1"}])
    refused("rule", lambda: k.call("finance.entry.post", {"id": made}), "day")
    _, rows = trial(k, to="2024-01-01")
    expect(rows["1400"]["opening"], "23800.00")
    assert "4200" not in rows, rows["4200"]


def aging_on_any_day(k):
    books(k)
    first = invoice(k, "two", 100, "2024-01-01")  # due on the 15th
    invoice(k, "two", 200, "2024-02-20")
    paid = make(k, "finance.payment", party=seen["two"], day="2024-03-20", amount="120", allocations=[{"item": items(k, first["id"])[0]["id"]}])
    k.call("finance.payment.post", {"id": paid})

    def buckets(day):
        rows = [r for r in k.call("finance.aging", {"day": day})["rows"] if r["party"] == seen["two"]]
        return [rows[0][b] for b in ("not_due", "days_30", "days_60", "days_90", "older", "total")] if rows else None
    expect(buckets("2023-12-31"), None)
    expect(buckets("2024-01-15"), ["120.00", "0.00", "0.00", "0.00", "0.00", "120.00"])
    expect(buckets("2024-02-01"), ["0.00", "120.00", "0.00", "0.00", "0.00", "120.00"])
    expect(buckets("2024-03-10"), ["0.00", "240.00", "120.00", "0.00", "0.00", "360.00"])
    expect(buckets("2024-03-20"), ["0.00", "240.00", "0.00", "0.00", "0.00", "240.00"])
    expect(buckets("2024-12-31"), ["0.00", "0.00", "0.00", "0.00", "240.00", "240.00"])
    whole = k.call("finance.aging", {"day": "2024-03-10"})
    row = [r for r in whole["rows"] if r["party"] == seen["two"]][0]
    pages = [k.call("finance.aging", {"day": "2024-03-10", "limit": 1, "skip": n}) for n in range(whole["parties"] + 1)]
    expect([r["party"] for page in pages for r in page["rows"]], [r["party"] for r in whole["rows"]])
    expect([page["more"] for page in pages], [*range(whole["parties"] - 1, -1, -1), 0])
    expect({page["total"] for page in pages}, {whole["total"]})
    refused("validation", lambda: k.call("finance.aging", {"limit": 0, "skip": -1}), "limit", "skip")
    expect(k.count("finance.open_item", row["filter"]), 2)
    account = k.call("finance.party_statement", {"party": seen["two"], "from": "2024-02-01", "to": "2024-12-31"})
    expect((account["opening"], [r["balance"] for r in account["rows"]], account["closing"], account["open"]), ("120.00", ["360.00", "240.00"], "240.00", "240.00"))


def cash_by_week(k):
    books(k)
    today = TODAY
    monday = today - datetime.timedelta(days=today.weekday())
    row = invoice(k, "three", 100, today.isoformat())
    order = make(k, "crm.order", party=seen["three"], asked=(today + datetime.timedelta(days=20)).isoformat(), lines=[{"name": "Later", "price": "500"}])
    k.call("crm.order.confirm", {"id": order})
    answer = k.call("finance.cash_forecast", {"weeks": 8})
    weeks = answer["weeks"]
    expect((len(weeks), weeks[0]["start"], answer["orders"], answer["purchases"]), (8, monday.isoformat(), True, True))
    due = (datetime.date.fromisoformat(row["due"]) - monday).days // 7
    assert D(weeks[due]["receivable"]) >= 120, weeks[due]
    expect(sum(D(w["orders"]) for w in weeks), D(600))
    expect(D(weeks[-1]["balance"]), D(answer["cash"]) + sum(D(w[c]) for w in weeks for c in ("receivable", "payable", "orders", "purchases", "deals")))


def what_is_paid_regularly_is_counted_on(k):
    """Wages on the last day of each month, a licence of 10 every week that ends after the second time, rent received each quarter."""
    books(k)
    today = TODAY
    monday = today - datetime.timedelta(days=today.weekday())
    before = k.call("finance.cash_forecast", {"weeks": 30})["weeks"]
    wages = make(k, "finance.regular_payment", name="Wages", amount="1000", first="2026-01-31")
    for values in ({"name": "Licence", "amount": "10", "every": "week", "first": today.isoformat(), "until": (today + datetime.timedelta(days=7)).isoformat()},
                   {"name": "Rent", "amount": "300", "direction": "in", "every": "quarter", "first": (today - datetime.timedelta(days=1)).isoformat()}):
        make(k, "finance.regular_payment", **values)
    refused("validation", lambda: make(k, "finance.regular_payment", name="Wrong", amount="-1", first="2026-05-01", until="2026-04-01"), "amount", "until")
    weeks = k.call("finance.cash_forecast", {"weeks": 30})["weeks"]
    expected = [D(0)] * 30
    day = today.replace(day=1)
    while (day - monday).days < 220:  # the last day of each month
        after = (day.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)
        last = after - datetime.timedelta(days=1)
        if last >= today and (last - monday).days // 7 < 30:
            expected[(last - monday).days // 7] -= 1000
        day = after
    expected[(today - monday).days // 7] -= 10
    expected[(today - monday).days // 7 + 1] -= 10
    rent = [w for w, (a, b) in enumerate(zip(weeks, expected)) if D(a["regular"]) != b]
    expect([D(weeks[w]["regular"]) - expected[w] for w in rent], [D(300)] * 2)
    expect(D(weeks[-1]["balance"]) - D(before[-1]["balance"]), sum(D(w["regular"]) for w in weeks))
    k.update("finance.regular_payment", wages, {"active": False})
    expect(min(D(w["regular"]) for w in k.call("finance.cash_forecast", {"weeks": 30})["weeks"]) >= -20, True)


# ---- Goods ----

def move(k, value, source, target, quantity="10", day="2024-05-01", **more):
    books(k)
    k.call("mover.move", {"item": seen["paper"], "category": k.get("base.item", seen["paper"])["category"], "quantity": quantity, "value": value, "from": source,
                          "to": target, "day": day, "party": seen["three"] if "supplier" in (source, target) else None, **more})


def balances(k, *codes, day="2024-12-31"):
    _, rows = trial(k, **{"from": "2024-01-01", "to": day, "all": True})
    return [rows[c]["closing"] for c in codes]


def every_move_of_goods_is_in_the_ledger(k):
    books(k)
    move(k, "500", "supplier", "stores")
    expect(balances(k, "1200", "2110"), ["500.00", "-500.00"])
    move(k, "100", "stores", "customer", "2")
    move(k, "50", "stores", "production", "1")
    k.call("mover.cost", {"kind": "labour", "amount": "30", "day": "2024-05-02"})
    move(k, "75", "production", "stores", "1")
    k.call("mover.cost", {"kind": "variance", "amount": "5", "day": "2024-05-02"})
    move(k, "25", "stores", "loss", "1")
    expect(balances(k, "1200", "5100", "1210", "5300", "5210", "5400"), ["400.00", "100.00", "0.00", "25.00", "5.00", "-30.00"])
    refused("rule", lambda: move(k, "1", "stores", "moon"), "to")
    refused("rule", lambda: move(k, "1", "stores", "customer", day="2023-05-01"), "day")


def a_category_may_have_accounts_of_its_own(k):
    books(k)
    special = make(k, "finance.account", code="1201", name="Special stock", kind="asset", parent=seen["account"]["12"])
    row = make(k, "finance.purpose", purpose="stock", category=seen["special"], account=special)
    move(k, "40", "supplier", "stores", "1")
    expect(balances(k, "1201", "1200"), ["40.00", "400.00"])
    refused("conflict", lambda: k.delete("finance.purpose", row))  # goods are on it


def a_bill_clears_what_was_received_and_shows_the_difference(k):
    """540 received in two receipts of 10 for 500 and 1 for 40; ten are billed for 520."""
    books(k)
    made = make(k, "finance.invoice", kind="purchase", party=seen["three"], reference="B 1", day="2024-05-05",
                lines=[{"item": seen["paper"], "quantity": "10", "price": "52"}])
    k.call("finance.invoice.post", {"id": made})
    expect(balances(k, "2110", "5200", "1320"), ["-40.00", "20.00", "104.00"])
    left = k.list("finance.received", [["left", ">", "0"]])["rows"]
    expect([(r["left"], r["left_value"]) for r in left], [("1.0000", "40.00")])


def goods_that_go_back_wait_for_a_credit_note(k):
    """Two of the ten come back at 50 each; the supplier credits 52 each: four dollars of the variance are taken back."""
    books(k)
    made = k.list("finance.invoice", [["reference", "=", "B 1"]])["rows"][0]
    move(k, "40", "stores", "supplier", "1", day="2024-05-06")  # never billed
    expect(balances(k, "2110"), ["0.00"])
    move(k, "100", "stores", "supplier", "2", day="2024-05-06")
    expect(balances(k, "2110"), ["100.00"])
    note = k.call("finance.invoice.credit", {"id": made["id"], "reason": "returned", "reference": "C 1", "day": "2024-05-07",
                                             "lines": [{"line": made["lines"][0]["id"], "quantity": "2"}]})["made"]
    k.call("finance.invoice.post", {"id": note})
    expect(balances(k, "2110", "5200"), ["0.00", "16.00"])
    expect(k.list("finance.received", [["left", "!=", "0"]])["rows"], [])


# ---- The proof ----

class Walk:
    """Random work of an accounts department, checked against a few sums of our own."""

    def __init__(self, k, seed):
        self.k, self.random = k, random.Random(seed)
        self.invoices, self.payments, self.entries = [], [], []
        self.done = {}

    def day(self, first="2024-06-01"):
        """One of 500 days, but none before the first."""
        return max(first, (datetime.date(2024, 6, 1) + datetime.timedelta(days=self.random.randrange(500))).isoformat())

    def money(self, most=100000):
        return f"{self.random.randrange(1, most) / 100:.2f}"

    def party(self):
        return seen[self.random.choice(("one", "two", "three"))]

    def currency(self):
        return seen[self.random.choice(("USD", "USD", "EUR"))]

    def write_entry(self):
        codes = self.random.sample(["1100", "1400", "1410", "2100", "2400", "3100", "4900", "6200", "6300"], 3)
        a, b = D(self.money()), D(self.money())
        with self.desk():
            self.entries.append(entry(self.k, self.day(), (codes[0], a + b), (codes[1], -a), (codes[2], -b)))

    def reverse_entry(self):
        if self.entries:
            of = self.entries.pop(self.random.randrange(len(self.entries)))
            with self.desk():
                self.k.call("finance.entry.reverse", {"id": of, "day": self.day(self.k.get("finance.entry", of)["day"])})

    @contextlib.contextmanager
    def desk(self):
        """What a cash desk refuses, it refuses."""
        try:
            yield
        except KontorError as error:
            if [p["message"].split(" would hold ")[0] for p in error.problems] != ["cash desk 1410"]:
                raise
            self.done["refused by the desk"] = self.done.get("refused by the desk", 0) + 1

    def write_invoice(self):
        kind = self.random.choice(("sale", "sale", "purchase"))
        lines = [{"name": "Thing", "quantity": str(self.random.randrange(1, 9)), "price": self.money(9000), **self.random.choice(({}, {}, {"account": seen["account"]["1100"]}))}
                 for _ in range(self.random.randrange(1, 5))]
        made = make(self.k, "finance.invoice", kind=kind, party=self.party(), day=self.day(), currency=self.currency(), lines=lines,
                    rounding=self.random.choice(("line", "document")), **({"reference": f"R{len(self.invoices)}-{self.random.random()}"} if kind == "purchase" else {}))
        self.k.call("finance.invoice.post", {"id": made})
        self.invoices.append((made, kind))

    def credit_invoice(self):
        if not self.invoices:
            return
        made, kind = self.random.choice(self.invoices)
        row = self.k.get("finance.invoice", made)
        line = self.random.choice(row["lines"])
        left = D(line["quantity"]) - D(line["credited"] or 0)
        if left <= 0:
            return
        note = self.k.call("finance.invoice.credit", {"id": made, "reason": "walk", "day": self.day(row["day"]), "reference": f"C{self.random.random()}",
                                                      "lines": [{"line": line["id"], "quantity": str(self.random.randrange(1, int(left) + 1))}]})["made"]
        self.k.call("finance.invoice.post", {"id": note})

    def pay(self):
        if not self.invoices:
            return
        made, kind = self.random.choice(self.invoices)
        row = self.k.get("finance.invoice", made)
        currency = row["currency"] if self.random.random() < 0.8 else self.currency()
        chosen = items(self.k, made)
        if not chosen or D(chosen[0]["open"]) == 0:
            return
        values = {"oldest": True} if self.random.random() < 0.3 else {"allocations": [{"item": chosen[0]["id"]}]}
        paid = make(self.k, "finance.payment", party=row["party"], direction="in" if kind == "sale" else "out", day=self.day(), currency=currency,
                    amount=self.money(40000), **values)
        self.k.call("finance.payment.post", {"id": paid})
        self.payments.append(paid)

    def reverse_payment(self):
        if self.payments:
            of = self.payments.pop(self.random.randrange(len(self.payments)))
            self.k.call("finance.payment.reverse", {"id": of, "day": self.day(self.k.get("finance.payment", of)["day"])})

    def revalue(self):
        self.k.call("finance.revalue", {"day": self.day()})

    def move_goods(self):
        places = self.random.sample(["supplier", "stores", "production", "customer", "loss", "transit"], 2)
        move(self.k, self.money(), *places, day=self.day())

    def step(self):
        work = self.random.choices((self.write_entry, self.reverse_entry, self.write_invoice, self.credit_invoice, self.pay, self.reverse_payment,
                                    self.revalue, self.move_goods), (4, 1, 6, 2, 6, 1, 0.3, 2))[0]
        self.done[work.__name__] = self.done.get(work.__name__, 0) + 1
        work()


def brute_force(k, until):
    """Income and expense of the year, everything else from the beginning."""
    sums, cursor = {}, None
    results = {a["id"] for a in k.list("finance.account", [["kind", "in", ["income", "expense"]]], limit=200)["rows"]}
    while True:
        page = k.list("finance.entry", [["state", "=", "posted"], ["day", "<=", until]], fields=["lines", "id", "day"], sort="id", limit=500, **({"cursor": cursor} if cursor else {}))
        for row in page["rows"]:
            for line in (line for line in row["lines"] if line["account"] not in results or row["day"][:4] == until[:4]):
                sums[line["account"]] = sums.get(line["account"], D(0)) + D(line["debit"] or 0) - D(line["credit"] or 0)
        cursor = page.get("next")
        if not cursor:
            return {a: v for a, v in sums.items() if v}


def flows_add_up(k, days):
    """What flowed is the change of cash, of any days; what flowed in two stretches flowed in both together."""
    parts = ("operating", "investing", "financing", "valued")
    cash = lambda day: sum(D(r["closing"]) for r in trial(k, to=day)[1].values() if r["code"] in ("1400", "1410"))
    told = lambda first, last: [D(k.call("finance.cash_flow", {"from": first, "to": last})[p]) for p in parts]
    next_day = lambda day: (datetime.date.fromisoformat(day) + datetime.timedelta(days=1)).isoformat()
    stretches = [told(next_day(a), b) for a, b in zip(days, days[1:])]
    for (a, b), flows in zip(zip(days, days[1:]), stretches):
        expect((a, b, sum(flows)), (a, b, cash(b) - cash(a)))
    expect(told(next_day(days[0]), days[-1]), [sum(column) for column in zip(*stretches)])
    assert any(flows[1] for flows in stretches), stretches


def the_books_prove_after_a_random_walk(k):
    books(k)
    seed = SEED
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 250
    walk = Walk(k, seed)
    for step in range(steps):
        try:
            walk.step()
        except KontorError as error:
            raise AssertionError(f"seed {seed}, step {step}: {error} {error.problems}") from error
    print(f"        seed {seed}: {walk.done}")
    proof = k.call("finance.prove")
    expect([f["text"] for f in proof["findings"] if "stores" not in f["text"]], [])
    assert proof["entries"] > steps / 2 and k.count("finance.match", []), proof
    for day in (walk.day() for _ in range(12)):
        _, rows = trial(k, to=day)
        expect({r["account"]: D(r["closing"]) for r in rows.values() if not r["group"] and D(r["closing"])}, brute_force(k, day))
        owed = [D(k.call("finance.aging", {"day": day, "side": side})["total"]) for side in ("receivable", "payable")]
        if not k.count("finance.entry", [["kind", "=", "revaluation"], ["day", "=", day]]):  # what is open is told as it was booked
            expect((day, owed[0] - owed[1]), (day, sum(D(rows[code]["closing"]) for code in ("1300", "2100") if code in rows)))
    desk = k.call("finance.general_ledger", {"account": seen["account"]["1410"], "from": "2023-01-01", "to": "2026-12-31", "limit": 5000})["rows"]
    assert desk and min(D(balance) for balance in {r["day"]: r["balance"] for r in desk}.values()) >= 0, desk
    flows_add_up(k, sorted({walk.day() for _ in range(8)}))
    numbers = {}
    for row in k.list("finance.invoice", [["state", "=", "posted"]], fields=["number"], limit=500)["rows"]:
        series, number = row["number"].rsplit("/", 1)
        numbers.setdefault(series, set()).add(int(number))
    for series, given in numbers.items():
        expect((series, given), (series, set(range(1, len(given) + 1))))


STORIES = [the_textbooks_trial_balance, statements_say_what_the_entries_say, a_year_is_closed_into_its_result, aging_on_any_day, cash_by_week, what_is_paid_regularly_is_counted_on,
           every_move_of_goods_is_in_the_ledger, a_category_may_have_accounts_of_its_own, a_bill_clears_what_was_received_and_shows_the_difference,
           goods_that_go_back_wait_for_a_credit_note,
           the_books_prove_after_a_random_walk]
failed = 0
with tempfile.TemporaryDirectory() as modules:
    for path in [build / "modules" / f"{name}.so" for name in ("base", "crm", "logistics", "finance")] + [build / "examples" / "mover.so"]:
        shutil.copy(path, modules)
    house = House(modules="base,crm,logistics,finance,mover", options=["--modules-dir", modules])
    house.begin_on(TODAY)
    with house:
        kontor = house.client()
        for story in STORIES:
            try:
                story(kontor)
                print(f"  ok    {story.__name__.replace('_', ' ')}", flush=True)
            except (AssertionError, KontorError, KeyError, TypeError, IndexError):
                failed += 1
                print(f"  WRONG {story.__name__.replace('_', ' ')}", flush=True)
                traceback.print_exc(limit=-4)
print(f"{len(STORIES) - failed} of {len(STORIES)} stories hold")
raise SystemExit(1 if failed else 0)
