#!/usr/bin/env python3
"""Random documents: in every presentation -- net or gross prices, rounding by line or by document, discounts, options, currencies of 0 to 3 digits,
domestic and foreign customers -- the lines sum up to the totals, the summary by rate to the tax, and deal, quotation, its next version and the order
come to the same. `totals_random.py [documents [seed]]`."""
import pathlib
import random
import sys
from decimal import Decimal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from dice import SEED  # noqa: E402
from house import House  # noqa: E402
from stories import make  # noqa: E402

DOCUMENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 120
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else SEED
print(f"seed {SEED}", flush=True)
dice = random.Random(SEED)
DIGITS = {"PLN": 2, "JPY": 0, "BHD": 3}


class Shop:
    def __init__(self, k):
        self.k = k
        pl, de = make(k, "base.country", code="PL", name="Poland", eu=True), make(k, "base.country", code="DE", name="Germany", eu=True)
        self.currencies = {code: make(k, "base.currency", code=code, decimals=digits) for code, digits in DIGITS.items()}
        self.company = make(k, "base.company", name="Wicher", country=pl, currency=self.currencies["PLN"])
        k.call("base.tax.preset", {"country": "PL"})
        self.categories = [row["id"] for row in k.each("base.tax_category", fields=["id"])]
        self.parties = [make(k, "base.party", name="Nowak", addresses=[{"city": "Toruń", "country": pl}]),
                        make(k, "base.party", name="Rad GmbH", tax_id="DE136695976", addresses=[{"city": "Berlin", "country": de}])]
        make(k, "crm.pipeline", name="Sales", initial=True, stages=[{"name": "Talk"}, {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}])

    def line(self):
        whole = dice.choice([0, 1, 2, 4])
        line = {"name": "Thing", "quantity": f"{dice.randint(1, 9999) / 10 ** dice.choice([0, 1, 3]):.4f}", "price": f"{dice.randint(0, 999999) / 10 ** whole:.4f}",
                "tax_category": dice.choice([None, *self.categories])}
        if dice.random() < 0.3:
            line["discount_percent"] = f"{dice.randint(0, 10000) / 100:.2f}"
        return {n: v for n, v in line.items() if v is not None}


def amounts(row):
    return tuple(Decimal(row[n]) for n in ("net", "tax", "gross"))


def adds_up(row, currency, what):
    counted = [line for line in row["lines"] if not line.get("optional") or line.get("taken")]
    totals = amounts(row)
    assert tuple(sum(parts, Decimal(0)) for parts in zip(*map(amounts, counted))) == totals, f"{what}: lines {counted} and totals {totals}"
    for net, tax, gross in [totals, *map(amounts, row["lines"])]:
        assert net + tax == gross, what
        assert all(-part.as_tuple().exponent <= 4 and part == round(part, DIGITS[currency]) for part in (net, tax, gross)), f"{what}: {net} {tax} {gross} in {currency}"
    if "taxes" in row:
        assert sum((Decimal(t["amount"]) for t in row["taxes"]), Decimal(0)) == totals[1], f"{what}: {row['taxes']}"
    return totals


def one_document(s, n):
    k, currency = s.k, dice.choice(list(DIGITS))
    k.update("base.company", s.company, {"tax_rounding": dice.choice(["line", "document"])})
    terms = {"party": dice.choice(s.parties), "currency": s.currencies[currency], "tax_included": dice.random() < 0.5}
    lines = [s.line() for _ in range(dice.randint(1, 7))]
    deal = k.get("crm.deal", make(k, "crm.deal", title=f"D{n}", lines=lines, **terms))
    agreed = adds_up(deal, currency, "deal")
    offer = k.call("crm.deal.quote", {"id": deal["id"]})["made"]
    row = k.get("crm.quotation", offer)
    assert adds_up(row, currency, "quotation") == agreed, f"deal {agreed}, quotation {amounts(row)}"
    k.update("crm.quotation", offer, {"lines": [{"id": line["id"]} for line in row["lines"]] + [{**s.line(), "optional": True} for _ in range(dice.randint(0, 2))]})
    assert adds_up(k.get("crm.quotation", offer), currency, "quotation with options") == agreed
    k.call("crm.quotation.send", {"id": offer})
    new = k.call("crm.quotation.revise", {"id": offer})["made"]
    row = k.get("crm.quotation", new)
    assert adds_up(row, currency, "next version") == agreed
    k.call("crm.quotation.send", {"id": new})
    taken = [{"line": line["id"]} for line in row["lines"] if line["optional"] and dice.random() < 0.5]
    order = k.call("crm.quotation.accept", {"id": new, "taken": taken, "create_order": True})["made"]
    accepted = adds_up(k.get("crm.quotation", new), currency, "accepted")
    assert taken or accepted == agreed
    assert adds_up(k.get("crm.order", order), currency, "order") == accepted
    k.call("crm.order.confirm", {"id": order})
    assert adds_up(k.get("crm.order", order), currency, "confirmed order") == accepted


with House(modules="base,crm") as house:
    shop = Shop(house.client())
    for number in range(DOCUMENTS):
        one_document(shop, number)
print(f"{DOCUMENTS} deals became quotations, versions and orders, each to the penny")
