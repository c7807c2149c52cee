"""One company's books for stories: made once for each file of stories by `books`, and what an accountant does in a line. The bookkeeping,
finance, invoice and settling stories begin here."""
import datetime
from decimal import Decimal as D

from stories import expect, make

TODAY = datetime.date.today()
RATES = (("2025-01-01", "4.00"), ("2026-02-10", "4.20"), ("2026-03-10", "4.10"), ("2026-03-31", "4.30"))  # of the euro
seen = {}


def books(k):
    """A Polish company with the Polish chart and books of 2025, 2026 and this year; two customers, two suppliers, one of them in Berlin;
    a bike, a wheel, advice; a hundred bikes at 50 in the stores, where there are any."""
    if seen:
        return seen
    pl, de = (make(k, "base.country", code=code, name=name, eu=True) for code, name in (("PL", "Poland"), ("DE", "Germany")))
    for code in ("PLN", "EUR"):
        seen[code] = make(k, "base.currency", code=code)
    make(k, "base.company", name="Wicher", country=pl, currency=seen["PLN"])
    for day, rate in RATES:
        make(k, "base.currency_rate", base=seen["EUR"], currency=seen["PLN"], day=day, rate=rate)
    k.call("base.tax.preset", {"country": "PL"})
    for year in sorted({2025, 2026, TODAY.year}):
        k.call("finance.setup", {"chart": "polish", "year": f"{year}-01-01"})
    seen["account"] = {a["code"]: a["id"] for a in k.list("finance.account", [], limit=200)["rows"]}
    seen["category"] = {c["code"]: c["id"] for c in k.list("base.tax_category", [])["rows"]}
    seen["position"] = {p["code"]: p["id"] for p in k.list("base.tax_position", [])["rows"]}
    seen["nowak"] = make(k, "base.party", name="Nowak", tax_id="5260250274", is_customer=True)
    seen["kowal"] = make(k, "base.party", name="Kowal")
    seen["steel"] = make(k, "base.party", name="Steel Works", is_supplier=True)
    seen["rad"] = make(k, "base.party", name="Rad GmbH", is_supplier=True, tax_id="DE136695976", addresses=[{"city": "Berlin", "country": de}])
    seen["piece"] = make(k, "base.unit", code="szt", category="count")
    for name, full, more in (("bike", "City bike", {}), ("wheel", "Wheel", {"bought": True}), ("advice", "Advice", {"kind": "service", "unit": None})):
        seen[name] = make(k, "base.item", **{"code": name, "name": full, "unit": seen["piece"], "price": "100", "currency": seen["PLN"], **more})
    if any(m["name"] == "logistics" and m["enabled"] for m in k.call("module.list")["rows"]):
        slip = make(k, "logistics.transfer", kind="entry", lines=[{"item": seen["bike"], "quantity": "100", "unit_cost": "50"}])
        k.call("logistics.transfer.post", {"id": slip})
    return seen


def posted(k, entity, made):
    k.call(entity + ".post", {"id": made})
    return k.get(entity, made)


def thing(price, quantity="1", **more):
    return {"name": "Thing", "price": price, "quantity": quantity, **more}


def draft(k, *lines, **more):
    return make(k, "finance.invoice", **{"party": books(k)["nowak"], "lines": list(lines), **more})


def invoice(k, *lines, **more):
    return posted(k, "finance.invoice", draft(k, *lines, **more))


def credit(k, of, day, *lines, **more):
    """A posted credit note of an invoice: of all of it, or of (line's number, quantity)."""
    asked = [{"line": of["lines"][line]["id"], "quantity": quantity} for line, quantity in lines]
    made = k.call("finance.invoice.credit", {"id": of["id"], "reason": "agreed", "day": day, **({"lines": asked} if asked else {}), **more})["made"]
    return posted(k, "finance.invoice", made)


def written(k, day, *lines, **more):
    """A draft entry; lines are (account's code, debit less credit)."""
    acc = books(k)["account"]
    return make(k, "finance.entry", day=day, lines=[
        {"account": acc[code], "debit" if D(value) > 0 else "credit": str(abs(D(value)))} for code, value in lines], **more)


def entry(k, day, *lines, **more):
    return posted(k, "finance.entry", written(k, day, *lines, **more))


def early_terms(k, code, days):
    return make(k, "finance.terms", code=code, name=code, parts=[{"days": 90, "discount": "2", "discount_days": days}])


def pay(k, **values):
    return posted(k, "finance.payment", make(k, "finance.payment", **{"party": books(k)["nowak"], **values}))


def items(k, document, entity="finance.invoice"):
    return k.list("finance.open_item", [["document", "=", {"entity": entity, "id": document}]], sort="due,id")["rows"]


def balances(k, *codes, day=None):
    day = day or f"{TODAY.year}-12-31"
    rows = {r["code"]: r["closing"] for r in k.call("finance.trial_balance", {"from": "2025-01-01", "to": day, "all": True})["rows"]}
    return [D(rows[c]) for c in codes]


class Gained:
    """What balances gain while its body runs."""

    def __init__(self, k, *codes, **more):
        self.k, self.codes, self.more = k, codes, more

    def __enter__(self):
        self.before = balances(self.k, *self.codes, **self.more)
        return self

    def __exit__(self, *unused):
        self.now = [b - a for a, b in zip(self.before, balances(self.k, *self.codes, **self.more))]


def login(k, house, name, *roles):
    ids = [k.list("access.role", [["name", "=", role]])["rows"][0]["id"] for role in roles]
    user = make(k, "access.user", name=name, full_name=name, roles=ids)
    k.call("access.password", {"user": user, "new": "Quiet-River-77-Stone"})
    return house.client(name, "Quiet-River-77-Stone")


def order(k, *lines, **more):
    made = make(k, "crm.order", **{"party": books(k)["nowak"], "lines": list(lines), **more})
    k.call("crm.order.confirm", {"id": made})
    return {"entity": "crm.order", "id": made}


def ship(k, sale, quantity, day):
    found = k.list("logistics.delivery", [["document", "=", sale], ["state", "not_in", ["shipped", "done", "cancelled"]]])["rows"][0]
    k.call("logistics.delivery.pick", {"id": found["id"], "lines": [{"line": found["lines"][0]["id"], "quantity": quantity}]})
    k.call("logistics.delivery.ship", {"id": found["id"], "day": day})


def register(k, **where):
    """(side, label, net, amount, tax point) of each row; the label of what the buyer accounts for is marked so."""
    rows = k.list("finance.vat_line", [[name, "=", value] for name, value in where.items()], sort="id")["rows"]
    buyers = lambda r: r["kind"] == "reverse_charge" and D(r["rate"])
    return [(r["side"], r["label"] + (" (buyer's)" if buyers(r) else ""), r["net"], r["amount"], r["tax_day"]) for r in rows]


def proved(k):
    expect([f["text"] for f in k.call("finance.prove")["findings"]], [])
