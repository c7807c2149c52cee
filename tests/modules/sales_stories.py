#!/usr/bin/env python3
"""Stories of selling in the module crm, over HTTP: price lists, discounts, deals with lines, quotations, orders."""
import datetime

from stories import expect, make, refused, run

seen = {}


def one(k, entity, *filter):
    return k.list(entity, list(filter))["rows"][0]


def shop(k):
    """A Polish bicycle maker: taxes, currency, units, items, customers."""
    if seen:
        return seen
    pl = make(k, "base.country", code="PL", name="Poland", eu=True)
    de = make(k, "base.country", code="DE", name="Germany", eu=True)
    for code, decimals in (("PLN", 2), ("EUR", 2), ("JPY", 0), ("BHD", 3)):
        seen[code] = make(k, "base.currency", code=code, decimals=decimals)
    make(k, "base.company", name="Wicher", country=pl, currency=seen["PLN"])
    k.call("base.tax.preset", {"country": "PL"})
    seen["piece"] = make(k, "base.unit", code="szt", category="count")
    seen["bikes"] = make(k, "base.item_category", name="Bikes")
    seen["city"] = make(k, "base.item_category", name="City bikes", parent=seen["bikes"])
    seen["bike"] = make(k, "base.item", code="B1", name="City bike", unit=seen["piece"], category=seen["city"], price="2000", currency=seen["PLN"])
    seen["lamp"] = make(k, "base.item", code="L1", name="Lamp", unit=seen["piece"], price="55.55", currency=seen["PLN"])
    seen["repair"] = make(k, "base.item", code="R1", name="Repair", kind="service", price="100", currency=seen["PLN"])
    seen["dealer"] = make(k, "base.tag", name="dealer")
    seen["nowak"] = make(k, "base.party", name="Nowak", legal_name="Nowak sp. z o.o.", tags=[seen["dealer"]], tax_id="5260250274",
                         addresses=[{"use": "main", "street": "Polna 1", "city": "Toruń", "postal_code": "87-100", "country": pl},
                                    {"use": "shipping", "street": "Leśna 2", "city": "Toruń", "country": pl}])
    seen["rad"] = make(k, "base.party", name="Rad GmbH", tax_id="DE136695976", addresses=[{"city": "Berlin", "country": de}])
    make(k, "crm.pipeline", name="Sales", initial=True, stages=[{"name": "Talk", "probability": "10"}, {"name": "Offer", "probability": "50", "needs": "lines"},
                                                                {"name": "Won", "semantic": "won"}, {"name": "Lost", "semantic": "lost"}])
    return seen


def quotation(k, lines, **more):
    s = shop(k)
    return k.get("crm.quotation", make(k, "crm.quotation", **{"party": s["nowak"], "lines": lines, **more}))


def order(k, lines, **more):
    s = shop(k)
    return make(k, "crm.order", **{"party": s["nowak"], "lines": lines, **more})


def confirmed(k, lines, **more):
    made = order(k, lines, **more)
    k.call("crm.order.confirm", {"id": made})
    return made


def totals(row):
    return row["net"], row["tax"], row["gross"]


def text(price, quantity="1", **more):
    return {"name": "Thing", "price": price, "quantity": quantity, **more}


# ---- Totals ----

def a_tax(k, rate):
    """A category taxed at this rate alone."""
    if f"tax{rate}" not in seen:
        tax = make(k, "base.tax", code=f"T{rate}", name=f"T{rate}", rates=[{"rate": rate}])
        seen[f"tax{rate}"] = make(k, "base.tax_category", code=f"T{rate}", name=f"T{rate}")
        make(k, "base.tax_rule", category=seen[f"tax{rate}"], taxes=[tax])
    return seen[f"tax{rate}"]


# Figures from public issues about totals that did not come out: odoo/odoo 37896, 154861 (a pull request), 36675, 177192, 23125,
# in this order; what is expected is reckoned anew. Of 177192 the text says 17 per cent of its second line, its totals fit 15.
KNOWN = [
    ("22", [("348.35", "16", "4")], ("5350.66", "1177.15"), ("5350.66", "1177.15")),
    ("10", [("54.45", "1", None), ("600", "1", None), ("500", "-1", None)], ("154.45", "15.45"), ("154.45", "15.45")),
    ("23", [("55.55", "1", None), ("11.11", "1", None)], ("66.66", "15.34"), ("66.66", "15.33")),
    ("15", [("30.75", "10", "5"), ("70", "1", "5")], ("358.63", "53.80"), ("358.63", "53.79")),
    ("8.5", [("598.89", "1", None), ("329.84", "1", None), ("59.89", "-1", None), ("32.98", "-1", None)], ("835.86", "71.06"), ("835.86", "71.05")),
]


def the_known_figures_come_out_the_same_in_quotation_and_order(k):
    shop(k)
    for rate, rows, by_line, by_document in KNOWN:
        lines = [text(p, q, tax_category=a_tax(k, rate), **({"discount_percent": d} if d else {})) for p, q, d in rows]
        for rounding, figures in (("line", by_line), ("document", by_document)):
            offer = quotation(k, lines, rounding=rounding)
            expect((rate, rounding, offer["net"], offer["tax"]), (rate, rounding, *figures))
            k.call("crm.quotation.send", {"id": offer["id"]})
            made = k.call("crm.quotation.accept", {"id": offer["id"], "create_order": True})["made"]
            expect(totals(k.get("crm.order", made)), totals(offer))
            sums = [sum(round(float(line[f]) * 100) for line in offer["lines"]) for f in ("net", "tax", "gross")]
            expect([round(float(v) * 100) for v in totals(offer)], sums)


def a_later_setting_does_not_touch_old_documents(k):
    s = shop(k)
    company = one(k, "base.company")["id"]
    lines = [text("55.55"), text("11.11")]
    old = quotation(k, lines)
    expect((old["rounding"], old["tax"]), ("document", "15.33"))
    k.update("base.company", company, {"tax_rounding": "line"})
    expect(quotation(k, lines)["tax"], "15.34")
    k.update("crm.quotation", old["id"], {"title": "Touched"})
    expect(k.get("crm.quotation", old["id"])["tax"], "15.33")
    refused("validation", lambda: k.update("crm.quotation", old["id"], {"rounding": "line"}), "rounding")
    k.update("base.company", company, {"tax_rounding": "document"})
    expect(s["PLN"], k.get("crm.quotation", old["id"])["currency"])


def currencies_have_their_own_digits(k):
    s = shop(k)
    yen = quotation(k, [text("333.5", "3")], currency=s["JPY"])
    expect(totals(yen), ("1001.00", "230.00", "1231.00"))
    dinar = quotation(k, [text("1.0005", "3")], currency=s["BHD"])
    expect(totals(dinar), ("3.002", "0.69", "3.692"))


def prices_with_tax_keep_their_gross(k):
    row = quotation(k, [text("10", tax_category=a_tax(k, "23")) for _ in range(3)], tax_included=True)
    expect(totals(row), ("24.39", "5.61", "30.00"))
    expect([r["label"] for r in row["taxes"]], ["23%"])


def the_customers_country_decides_the_tax(k):
    s = shop(k)
    row = quotation(k, [{"item": s["bike"]}, {"item": s["repair"]}], party=s["rad"])
    expect([line["tax_label"] for line in row["lines"]], ["0%", "oo"])
    expect((row["tax"], row["tax_note"]), ("0.00", "Odwrotne obciążenie / reverse charge"))
    expect(sorted((r["label"], r["net"]) for r in row["taxes"]), [("0%", "2000.00"), ("oo", "100.00")])


def a_tax_from_elsewhere_is_kept_to_the_penny(k):
    row = quotation(k, [text("10"), text("20")], tax_given="1.01")
    expect((totals(row), [line["tax"] for line in row["lines"]]), (("30.00", "1.01", "31.01"), ["0.34", "0.67"]))


# ---- Lines ----

def an_item_brings_name_unit_and_price(k):
    s = shop(k)
    line = quotation(k, [{"item": s["lamp"], "quantity": "2"}])["lines"][0]
    expect((line["name"], line["unit"], line["price"], line["kind"], line["net"]), ("Lamp", s["piece"], "55.5500", "goods", "111.10"))
    service, free = quotation(k, [{"item": s["repair"]}, text("5")])["lines"]
    expect((service["kind"], free["kind"]), ("service", "text"))


def another_item_in_a_line_brings_its_own(k):
    s = shop(k)
    row = quotation(k, [{"item": s["lamp"]}])
    k.update("crm.quotation", row["id"], {"lines": [{"id": row["lines"][0]["id"], "item": s["bike"]}]})
    line = k.get("crm.quotation", row["id"])["lines"][0]
    expect((line["name"], line["price"], line["net"]), ("City bike", "2000.0000", "2000.00"))


def what_is_wrong_with_lines_is_told_at_once(k):
    s = shop(k)
    refused("validation", lambda: quotation(k, [{"quantity": "1"}, text("-1"), text("5", discount_percent="101"),
                                               text("5", discount_percent="1", discount_amount="1")], valid_until="2020-01-01"),
            "lines[0].name", "lines[0].price", "lines[1].price", "lines[2].discount_percent", "lines[3].discount_amount", "valid_until")
    refused("validation", lambda: make(k, "crm.quotation", lines=[text("1")]), "party")
    refused("validation", lambda: quotation(k, [text("1", net="1")]), "lines[0].net")
    refused("limit", lambda: quotation(k, [text("9999999999", "99999999")]))
    expect(s["piece"] > 0, True)


# ---- Prices ----

def the_most_special_list_wins(k):
    s = shop(k)
    everybody = make(k, "crm.price_list", name="Retail", currency=s["PLN"], initial=True)
    make(k, "crm.price", list=everybody, item=s["bike"], price="1990")
    make(k, "crm.price", list=everybody, item=s["bike"], price="1890", quantity="10")
    dealers = make(k, "crm.price_list", name="Dealers", currency=s["PLN"], tags=[s["dealer"]], base=everybody, percent="-10", round_to="1", ending="0.01")
    seen.update(everybody=everybody, dealers=dealers)

    def price(**more):
        answer = k.call("crm.price.explain", {"item": s["bike"], "currency": s["PLN"], **more})
        return answer["price"], [w["step"] for w in answer["why"]]
    expect(price(), ("1990.0000", ["row"]))
    expect(price(quantity="12"), ("1890.0000", ["row"]))
    expect(price(party=s["rad"]), ("1990.0000", ["row"]))
    expect(price(party=s["nowak"]), ("1790.9900", ["row", "formula"]))
    expect(price(party=s["nowak"], quantity="10"), ("1700.9900", ["row", "formula"]))
    own = make(k, "crm.price_list", name="Nowak", currency=s["PLN"], parties=[s["nowak"]], valid_from="2026-01-01", valid_to="2026-12-31")
    make(k, "crm.price", list=own, category=s["bikes"], percent="-25")
    expect(price(party=s["nowak"], day="2026-05-01"), ("1500.0000", ["item", "row"]))
    expect(price(party=s["nowak"], day="2027-01-01"), ("1790.9900", ["row", "formula"]))
    make(k, "crm.price", list=own, item=s["bike"], price="1444", valid_from="2026-06-01")
    expect(price(party=s["nowak"], day="2026-05-31"), ("1500.0000", ["item", "row"]))
    expect(price(party=s["nowak"], day="2026-06-01"), ("1444.0000", ["row"]))
    k.delete("crm.price_list", own)
    expect(k.count("crm.price", [["list", "=", own]]), 0)


def what_no_list_knows_costs_what_its_card_says(k):
    s = shop(k)
    lamp = k.call("crm.price.explain", {"item": s["lamp"], "party": s["rad"], "currency": s["PLN"]})
    expect((lamp["price"], [w["step"] for w in lamp["why"]]), ("55.5500", ["not_here", "item"]))
    euro = k.call("crm.price.explain", {"item": s["lamp"], "currency": s["EUR"]})
    expect((euro["price"], [w["step"] for w in euro["why"]]), (None, ["item", "no_rate"]))
    refused("validation", lambda: quotation(k, [{"item": s["lamp"]}], currency=s["EUR"]), "lines[0].price")


def another_currency_is_converted_by_the_days_rate(k):
    s = shop(k)
    make(k, "base.currency_rate", currency=s["PLN"], base=s["EUR"], day="2026-02-02", rate="4")
    export = make(k, "crm.price_list", name="Export", currency=s["EUR"], initial=True, base=s["everybody"], percent="10")

    def price(item, day, **more):
        answer = k.call("crm.price.explain", {"item": item, "currency": s["EUR"], "day": day, **more})
        return answer["price"], [w["step"] for w in answer["why"]]
    expect(price(s["bike"], "2026-02-02"), ("547.2500", ["row", "converted", "formula"]))
    expect(price(s["lamp"], "2026-02-02", price_list=export), ("15.2763", ["not_here", "item", "converted", "formula"]))
    expect(price(s["lamp"], "2026-02-01"), (None, ["not_here", "item", "no_rate", "formula", "item", "no_rate"]))
    k.delete("crm.price_list", export)


def a_draft_follows_its_list_and_a_written_price_stays(k):
    s = shop(k)
    row = quotation(k, [{"item": s["bike"]}, {"item": s["bike"], "price": "1950"}], party=s["rad"])
    expect([(line["price"], line["list_price"]) for line in row["lines"]], [("1990.0000", "1990.0000"), ("1950.0000", "1990.0000")])
    k.update("crm.quotation", row["id"], {"lines": [{"id": line["id"], "quantity": "10"} for line in row["lines"]]})
    row = k.get("crm.quotation", row["id"])
    expect([(line["price"], line["list_price"]) for line in row["lines"]], [("1890.0000", "1890.0000"), ("1950.0000", "1890.0000")])
    k.call("crm.quotation.send", {"id": row["id"]})
    cheap = make(k, "crm.price", list=s["everybody"], item=s["bike"], price="1", quantity="5", valid_from="2020-01-01")
    k.update("crm.quotation", row["id"], {"title": "Sent"})
    expect(k.get("crm.quotation", row["id"])["lines"][0]["price"], "1890.0000")
    k.delete("crm.price", cheap)


def a_list_with_tax_serves_documents_without(k):
    s = shop(k)
    shelf = make(k, "crm.price_list", name="Shelf", currency=s["PLN"], tax_included=True)
    make(k, "crm.price", list=shelf, item=s["lamp"], price="123")
    expect(quotation(k, [{"item": s["lamp"]}], price_list=shelf)["lines"][0]["price"], "100.0000")
    expect(quotation(k, [{"item": s["lamp"]}], price_list=shelf, tax_included=True)["gross"], "123.00")
    k.delete("crm.quotation", one(k, "crm.quotation", ["price_list", "=", shelf])["id"])


def price_lists_are_checked(k):
    s = shop(k)
    refused("rule", lambda: k.update("crm.price_list", s["everybody"], {"base": s["dealers"]}), "base")
    refused("validation", lambda: make(k, "crm.price", list=s["everybody"], price="1"), "item")
    refused("validation", lambda: make(k, "crm.price", list=s["everybody"], item=s["bike"], valid_from="2026-02-01", valid_to="2026-01-01"), "price", "valid_to")


# ---- Discounts ----

def seller(k, house, name, role, percent=None, over="refuse"):
    if name not in seen:
        roles = [one(k, "access.role", ["name", "=", f"crm.{role}"])["id"]]
        if percent:
            limited = make(k, "access.role", name=f"limit-{name}", label=name, grants="crm.lead:read")
            make(k, "crm.discount_limit", role=limited, percent=percent, over=over)
            roles.append(limited)
        user = make(k, "access.user", name=name, full_name=name, roles=roles)
        k.call("access.password", {"user": user, "new": "Bicycle-2026-x"})
        seen[name] = house.client(name, "Bicycle-2026-x")
    return seen[name]


def a_discount_over_the_limit_is_refused(k, house):
    s = shop(k)
    jan = seller(k, house, "jan", "manager", "10")
    jan.create("crm.quotation", {"party": s["rad"], "lines": [{"item": s["bike"], "discount_percent": "10"}]})
    error = refused("rule", lambda: jan.create("crm.quotation", {"party": s["rad"], "lines": [text("5"), {"item": s["bike"], "discount_percent": "12.5"}]}),
                    "lines[1].discount_percent")
    expect(("12.50%" in error.problems[0]["message"], bool(error.problems[0]["hint"])), (True, True))
    refused("rule", lambda: jan.create("crm.quotation", {"party": s["rad"], "lines": [{"item": s["bike"], "price": "1700"}]}))
    refused("rule", lambda: jan.create("crm.quotation", {"party": s["rad"], "lines": [{"item": s["bike"], "discount_amount": "300"}]}))


def or_waits_for_the_heads_approval(k, house):
    s = shop(k)
    ewa = seller(k, house, "ewa", "manager", "10", "approve")
    head = seller(k, house, "head", "manager", "30", "approve")
    q = ewa.create("crm.quotation", {"party": s["rad"], "lines": [{"item": s["bike"], "discount_percent": "20"}]})["id"]
    expect(k.get("crm.quotation", q)["approval"], "needed")
    refused("rule", lambda: ewa.call("crm.quotation.send", {"id": q}), "approval")
    refused("forbidden", lambda: ewa.call("crm.quotation.approve", {"id": q}), "approval")
    head.call("crm.quotation.approve", {"id": q})
    row = k.get("crm.quotation", q)
    expect((row["approval"], row["approved_discount"]), ("given", "20.00"))
    ewa.update("crm.quotation", q, {"title": "Still the same discount"})
    expect(k.get("crm.quotation", q)["approval"], "given")
    ewa.update("crm.quotation", q, {"lines": [{"item": s["bike"], "discount_percent": "21"}]})
    expect(k.get("crm.quotation", q)["approval"], "needed")
    ewa.update("crm.quotation", q, {"lines": [{"item": s["bike"], "discount_percent": "5"}]})
    ewa.call("crm.quotation.send", {"id": q})


def an_amendment_beyond_the_limit_needs_somebody_else(k, house):
    s = shop(k)
    ewa = seller(k, house, "ewa", "manager", "10", "approve")
    made = confirmed(k, [{"item": s["bike"]}], party=s["rad"])
    line = k.get("crm.order", made)["lines"][0]["id"]
    change = {"id": made, "reason": "please", "lines": [{"line": line, "discount_percent": "15"}]}
    refused("rule", lambda: ewa.call("crm.order.amend", change), "lines")
    k.call("crm.order.amend", change)


def a_seller_sells_with_the_rights_of_the_role(k, house):
    s = shop(k)
    ola = seller(k, house, "ola", "sales")
    mine = ola.create("base.party", {"name": "Ola's"})["id"]
    q = ola.create("crm.quotation", {"party": mine, "lines": [{"item": s["bike"]}]})["id"]
    ola.call("crm.quotation.send", {"id": q})
    made = ola.call("crm.quotation.accept", {"id": q, "create_order": True})["made"]
    ola.call("crm.order.confirm", {"id": made})
    expect(ola.get("crm.order", made)["gross"], "2447.70")
    refused("validation", lambda: ola.create("crm.quotation", {"party": s["nowak"], "lines": [{"item": s["bike"]}]}), "party")
    refused("forbidden", lambda: ola.create("crm.price_list", {"name": "Mine", "currency": s["PLN"]}))
    refused("forbidden", lambda: ola.call("crm.quotation.approve", {"id": q}))


# ---- Deals ----

def what_is_not_for_sale_is_not_offered(k):
    s = shop(k)
    old = make(k, "base.item", code="OLD", name="Old bike", price="5", active=False)
    tube = make(k, "base.item", code="RAW", name="Tube", price="5", sold=False)
    refused("validation", lambda: quotation(k, [{"item": old}, {"item": tube}, {"item": s["lamp"]}]), "lines[0].item", "lines[1].item")


def a_lead_hands_its_lines_to_the_deal(k):
    s = shop(k)
    lead = make(k, "crm.lead", title="Wants lamps", name="Piotr Zych", lines=[{"item": s["lamp"], "quantity": "2"}, text("10")])
    expect(k.get("crm.lead", lead)["amount"], "121.10")
    refused("validation", lambda: k.update("crm.lead", lead, {"amount": "5"}), "amount")
    row = k.get("crm.deal", k.call("crm.lead.convert", {"id": lead})["deal"])
    expect((row["amount"], [line["name"] for line in row["lines"]], row["amount_manual"]), ("121.10", ["Lamp", "Thing"], False))


def the_lines_of_a_deal_make_its_amount(k):
    s = shop(k)
    deal = make(k, "crm.deal", title="Ten bikes", party=s["rad"], lines=[{"item": s["bike"], "quantity": "10"}, text("100", discount_amount="10")])
    row = k.get("crm.deal", deal)
    expect((row["amount"], row["net"], row["weighted"]), ("18990.00", "18990.00", "1899.00"))
    k.update("crm.deal", deal, {"lines": [{"item": s["bike"], "quantity": "1"}]})
    expect(k.get("crm.deal", deal)["amount"], "1990.00")
    refused("validation", lambda: k.update("crm.deal", deal, {"amount": "5"}), "amount")
    k.update("crm.deal", deal, {"amount": "2500", "amount_manual": True})
    expect((k.get("crm.deal", deal)["amount"], k.get("crm.deal", deal)["net"]), ("2500.00", "1990.00"))
    with_tax = make(k, "crm.deal", title="Shop", lines=[text("123")], tax_included=True)
    expect((k.get("crm.deal", with_tax)["amount"], k.get("crm.deal", with_tax)["net"]), ("123.00", "100.00"))


def a_deal_has_parties_with_roles_and_stages_ask_for_lines(k):
    s = shop(k)
    deal = make(k, "crm.deal", title="Many", party=s["nowak"], parties=[{"party": s["rad"], "role": "pays"}])
    expect(k.get("crm.deal", deal)["parties"][0]["role"], "pays")
    expect(k.count("crm.deal", [["parties.party", "=", s["rad"]]]), 1)
    refused("validation", lambda: k.call("crm.deal.move", {"id": deal, "stage_name": "Offer"}), "lines")
    k.update("crm.deal", deal, {"lines": [text("5")]})
    k.call("crm.deal.move", {"id": deal, "stage_name": "Offer"})


def a_deal_becomes_a_quotation(k):
    s = shop(k)
    deal = make(k, "crm.deal", title="To quote", party=s["rad"], lines=[{"item": s["bike"], "discount_percent": "5"}, text("7")])
    made = k.call("crm.deal.quote", {"id": deal})["made"]
    row = k.get("crm.quotation", made)
    expect((row["title"], row["deal"], row["state"], row["net"]), ("To quote", deal, "draft", k.get("crm.deal", deal)["net"]))
    expect([line["name"] for line in row["lines"]], ["City bike", "Thing"])
    refused("validation", lambda: k.call("crm.deal.quote", {"id": make(k, "crm.deal", title="Nobody")}), "party")


# ---- Quotations ----

def optional_lines_count_when_they_are_taken(k):
    row = quotation(k, [text("100"), text("50", optional=True), text("30", optional=True)])
    expect((row["net"], [line["net"] for line in row["lines"]]), ("100.00", ["100.00", "50.00", "30.00"]))
    k.call("crm.quotation.send", {"id": row["id"]})
    refused("validation", lambda: k.call("crm.quotation.accept", {"id": row["id"], "taken": [{"line": row["lines"][0]["id"]}]}), "taken[0].line")
    answer = k.call("crm.quotation.accept", {"id": row["id"], "accepted_by": "Jan Nowak", "taken": [{"line": row["lines"][2]["id"]}], "create_order": True})
    accepted, made = k.get("crm.quotation", row["id"]), k.get("crm.order", answer["made"])
    expect((accepted["net"], accepted["accepted_by"], bool(accepted["accepted_at"]), accepted["order"]), ("130.00", "Jan Nowak", True, made["id"]))
    expect([line["net"] for line in made["lines"]], ["100.00", "30.00"])
    expect((made["net"], made["quotation"]), ("130.00", row["id"]))
    refused("conflict", lambda: k.call("crm.quotation.order", {"id": row["id"]}), "order")


def what_was_sent_stays_as_it_was_sent(k):
    row = quotation(k, [text("100")], valid_until="2099-01-01")
    k.call("crm.quotation.send", {"id": row["id"]})
    line = row["lines"][0]["id"]
    refused("state", lambda: k.update("crm.quotation", row["id"], {"valid_until": "2098-01-01", "lines": [{"id": line, "price": "1"}, text("2")]}),
            "lines", "lines[0].price", "valid_until")
    k.update("crm.quotation", row["id"], {"title": "A title may change"})
    refused("state", lambda: k.update("crm.quotation", row["id"], {"state": "draft"}), "state")


def a_new_version_supersedes_and_shows_what_differs(k):
    row = quotation(k, [text("100"), text("50"), text("7")])
    k.call("crm.quotation.send", {"id": row["id"]})
    made = k.call("crm.quotation.revise", {"id": row["id"]})
    expect((made["state"], k.get("crm.quotation", row["id"])["superseded_by"]), ("cancelled", made["made"]))
    new = k.get("crm.quotation", made["made"])
    expect((new["revision"], new["previous"], new["state"], totals(new)), (2, row["id"], "draft", totals(row)))
    first, second, third = (line["id"] for line in new["lines"])
    k.update("crm.quotation", new["id"], {"lines": [{"id": first, "price": "90"}, {"id": third}, text("1", name="Bell")]})
    answer = k.call("crm.quotation.compare", {"id": new["id"]})
    expect((answer["net_before"], answer["net_after"]), ("157.00", "98.00"))
    rows = [(d["difference"], d["name"], d["field"], d["before"], d["after"]) for d in answer["differences"]]
    expect([r for r in rows if r[2] in ("price", "net")], [
        ("changed", "Thing", "price", "100.00", "90.00"), ("changed", "Thing", "net", "100.00", "90.00"),
        ("removed", "Thing", "price", "50.00", None), ("removed", "Thing", "net", "50.00", None),
        ("added", "Bell", "price", None, "1.00"), ("added", "Bell", "net", None, "1.00")])
    refused("conflict", lambda: k.call("crm.quotation.revise", {"id": row["id"]}), "superseded_by")
    expect(second > first, True)


def a_quotation_expires_by_its_date(k):
    today = datetime.date.today()
    row = quotation(k, [text("5")], day=str(today - datetime.timedelta(days=40)), valid_until=str(today - datetime.timedelta(days=3)))
    refused("rule", lambda: k.call("crm.quotation.send", {"id": row["id"]}), "valid_until")
    k.import_rows("crm.quotation", [{"external_id": "old-q", "party": seen["nowak"], "state": "sent",
           "day": str(today - datetime.timedelta(days=40)), "valid_until": str(today - datetime.timedelta(days=3)), "lines": [text("5")]}], keep_authors=True)
    old = one(k, "crm.quotation", ["external_id", "=", "old-q"])
    refused("rule", lambda: k.call("crm.quotation.accept", {"id": old["id"]}), "valid_until")
    expect(k.call("crm.quotation.expire_due"), {"expired": 1, "more": False})
    expect(k.get("crm.quotation", old["id"])["state"], "expired")
    expect(k.call("crm.quotation.expire_due"), {"expired": 0, "more": False})
    new = k.get("crm.quotation", k.call("crm.quotation.revise", {"id": old["id"]})["made"])
    expect(new["valid_until"], str(today + datetime.timedelta(days=37)))


def a_quotation_is_rejected_with_a_reason(k):
    row = quotation(k, [text("5")])
    refused("state", lambda: k.call("crm.quotation.reject", {"id": row["id"], "reason": "x"}))
    k.call("crm.quotation.send", {"id": row["id"]})
    refused("validation", lambda: k.call("crm.quotation.reject", {"id": row["id"]}), "reason")
    k.call("crm.quotation.reject", {"id": row["id"], "reason": "too dear"})
    expect((k.get("crm.quotation", row["id"])["state"], k.get("crm.quotation", row["id"])["reason"]), ("rejected", "too dear"))
    refused("validation", lambda: k.call("crm.quotation.send", {"id": quotation(k, [])["id"]}), "lines")


# ---- Orders ----

def an_order_keeps_the_customer_as_they_were(k):
    s = shop(k)
    made = confirmed(k, [text("5")])
    row = k.get("crm.order", made)
    expect([(a["use"], a["name"], a["street"], a["city"], a["country"], a["tax_id"]) for a in row["addresses"]],
           [("billing", "Nowak sp. z o.o.", "Polna 1", "Toruń", "PL", "5260250274"), ("shipping", "Nowak", "Leśna 2", "Toruń", "PL", "5260250274")])
    k.update("base.party", s["nowak"], {"legal_name": "Nowak i Syn sp. z o.o."})
    k.update("crm.order", made, {"source": "shop"})
    expect(k.get("crm.order", made)["addresses"][0]["name"], "Nowak sp. z o.o.")
    expect(k.get("crm.order", order(k, [text("5")], ship_to=s["rad"]))["addresses"][1]["city"], "Berlin")
    trader = make(k, "base.party", name="Nowak, sole trader", parent=s["nowak"], tax_id="1234563218", addresses=[{"city": "Kutno"}])
    row = k.get("crm.order", order(k, [text("5")], bill_to=trader))
    expect([(a["name"], a["tax_id"], a["city"]) for a in row["addresses"]], [("Nowak, sole trader", "1234563218", "Kutno"), ("Nowak", "5260250274", "Toruń")])


def a_preview_shows_and_leaves_nothing(k):
    s = shop(k)
    made = order(k, [{"item": s["bike"]}])
    answer = k.call("crm.order.preview", {"id": made})
    expect([(c["entity"], c["after"]["state"]) for c in answer["changes"]], [("crm.order", "confirmed")])
    expect(k.get("crm.order", made)["state"], "draft")
    expect([a for a in ("confirm", "preview", "amend") if a in k.get("crm.order", made)["allowed_actions"]], ["confirm", "preview"])
    k.call("crm.order.confirm", {"id": made})
    refused("state", lambda: k.call("crm.order.preview", {"id": made}), "state")
    refused("validation", lambda: k.call("crm.order.confirm", {"id": order(k, [])}), "lines")


def delivery_and_billing_follow_the_lines(k):
    s = shop(k)
    made = confirmed(k, [{"item": s["bike"], "quantity": "3"}, {"item": s["repair"]}])
    bike, repair = (line["id"] for line in k.get("crm.order", made)["lines"])

    def status():
        row = k.get("crm.order", made)
        return row["delivery_status"], row["billing_status"]
    expect(status(), ("none", "none"))
    k.call("crm.order.deliver", {"id": made, "lines": [{"line": bike, "quantity": "2"}], "day": "2026-02-03"})
    expect(status(), ("partial", "none"))
    expect((k.get("crm.order", made)["lines"][0]["delivered"], k.get("crm.order", made)["lines"][0]["actual"]), ("2.0000", "2026-02-03"))
    refused("rule", lambda: k.call("crm.order.deliver", {"id": made, "lines": [{"line": bike, "quantity": "2"}]}), "lines[0].quantity")
    refused("rule", lambda: k.call("crm.order.deliver", {"id": made, "lines": [{"line": bike, "quantity": "-3"}]}), "lines[0].quantity")
    refused("validation", lambda: k.call("crm.order.deliver", {"id": made, "lines": [{"line": 99, "quantity": "1"}]}), "lines[0].line")
    refused("rule", lambda: k.call("crm.order.cancel", {"id": made, "reason": "x"}), "state")
    k.call("crm.order.deliver", {"id": made})
    expect(status(), ("full", "none"))
    k.call("crm.order.bill", {"id": made, "lines": [{"line": repair, "quantity": "1"}]})
    expect(status(), ("full", "partial"))
    k.call("crm.order.bill", {"id": made})
    expect(status(), ("full", "full"))
    refused("validation", lambda: k.update("crm.order", made, {"lines": [{"id": bike, "delivered": "0"}, {"id": repair}]}), "lines[0].delivered")
    k.call("crm.order.deliver", {"id": made, "lines": [{"line": bike, "quantity": "-1"}]})
    expect(status(), ("partial", "full"))
    k.call("crm.order.close", {"id": made})
    refused("state", lambda: k.call("crm.order.deliver", {"id": made}))


def an_amendment_tells_what_differs_in_the_head(k):
    other = make(k, "base.party", name="Magazyn Zachód", addresses=[{"city": "Poznań"}])
    helper = make(k, "access.user", name="nela", full_name="Nela Wrona")
    made = confirmed(k, [text("5"), {**text("7"), "asked": "2031-01-05"}], asked="2031-01-02")
    refused("validation", lambda: k.call("crm.order.amend", {"id": made, "reason": "nothing"}), "lines")
    answer = k.call("crm.order.amend", {"id": made, "reason": "moved", "asked": "2031-02-03", "ship_to": other, "terms": "14 days", "owner": helper})
    told = {(d["line"], d["field"]): (d["before"], d["after"]) for d in answer["differences"]}
    lines = k.get("crm.order", made)["lines"]
    expect({key: told[key] for key in told if key[0] is None},
           {(None, "ship_to"): (None, "Magazyn Zachód"), (None, "asked"): ("2031-01-02", "2031-02-03"), (None, "terms"): (None, "14 days"),
            (None, "owner"): (told[None, "owner"][0], "Nela Wrona")})
    expect(told[lines[0]["id"], "asked"], ("2031-01-02", "2031-02-03"))
    expect([line["asked"] for line in lines], ["2031-02-03", "2031-01-05"])
    expect([a["city"] for a in k.get("crm.order", made)["addresses"]][-1], "Poznań")


def an_amendment_is_a_revision_with_its_differences(k):
    s = shop(k)
    made = confirmed(k, [{"item": s["bike"], "quantity": "3", "price": "1000"}, text("50")])
    bike, thing = (line["id"] for line in k.get("crm.order", made)["lines"])
    refused("state", lambda: k.update("crm.order", made, {"lines": [{"id": bike, "quantity": "1"}, {"id": thing}]}), "lines[0].quantity")
    k.call("crm.order.deliver", {"id": made, "lines": [{"line": bike, "quantity": "2"}]})
    for change in ({"quantity": "1"}, {"remove": True}):
        refused("validation", lambda: k.call("crm.order.amend", {"id": made, "reason": "less", "lines": [{"line": bike, **change}]}), "lines[0].quantity")
    dry = k.call("crm.order.amend", {"id": made, "reason": "more", "lines": [{"line": bike, "quantity": "5"}]}, dry_run=True)
    expect((dry["result"]["gross"], k.get("crm.order", made)["revision"]), ("6211.50", 1))
    answer = k.call("crm.order.amend", {"id": made, "reason": "asked by phone", "lines": [
        {"line": bike, "quantity": "2"}, {"line": thing, "remove": True}, {"item": s["lamp"], "quantity": "4", "price": "50"}]})
    expect((answer["revision"], answer["net"], answer["gross"]), (2, "2200.00", "2706.00"))
    rows = [(d["difference"], d["name"], d["before"], d["after"], d["reason"]) for d in answer["differences"] if d["field"] == "quantity"]
    expect(rows, [("changed", "City bike", "3", "2", "asked by phone"), ("removed", "Thing", "1", None, "asked by phone"),
                  ("added", "Lamp", None, "4", "asked by phone")])
    row = k.get("crm.order", made)
    expect((row["delivery_status"], row["state"], [line["name"] for line in row["lines"]]), ("partial", "confirmed", ["City bike", "Lamp"]))
    k.call("crm.order.amend", {"id": made, "reason": "again", "lines": [{"line": bike, "discount_percent": "50"}]})
    expect({d["revision"] for d in k.get("crm.order", made)["amendments"]}, {2, 3})


def an_order_is_held_with_a_reason(k):
    made = confirmed(k, [text("5")])
    k.call("crm.order.hold", {"id": made, "reason": "credit limit"})
    row = k.get("crm.order", made)
    expect((row["state"], row["reason"]), ("on_hold", "credit limit"))
    refused("state", lambda: k.call("crm.order.deliver", {"id": made}))
    k.call("crm.order.release", {"id": made})
    expect(k.get("crm.order", made)["reason"], None)
    k.call("crm.order.cancel", {"id": made, "reason": "gone"})
    expect(k.get("crm.order", made)["state"], "cancelled")
    expect(k.get("crm.order", made)["number"].startswith("SO/"), True)


def dates_are_asked_promised_and_actual(k):
    s = shop(k)
    made = confirmed(k, [{"item": s["bike"]}, {"item": s["lamp"], "asked": "2026-05-09"}], asked="2026-05-01")
    bike, lamp = (line["id"] for line in k.get("crm.order", made)["lines"])
    k.update("crm.order", made, {"lines": [{"id": bike, "promised": "2026-05-04"}, {"id": lamp}]})
    k.call("crm.order.deliver", {"id": made, "lines": [{"line": bike, "quantity": "1"}], "day": "2026-05-05"})
    expect([(line["asked"], line["promised"], line["actual"]) for line in k.get("crm.order", made)["lines"]],
           [("2026-05-01", "2026-05-04", "2026-05-05"), ("2026-05-09", None, None)])


def recurring_orders_come_once_each(k):
    s = shop(k)
    start = datetime.date.today() - datetime.timedelta(days=20)
    template = make(k, "crm.order_template", name="Weekly lamps", party=s["rad"], every="week", start=str(start), confirm=True,
                    lines=[{"item": s["lamp"], "quantity": "2"}, {"name": "Transport", "price": "15"}])
    expect(k.get("crm.order_template", template)["next"], str(start))
    made = k.call("crm.order_template.run", {})["orders"]
    expect([m["period"] for m in made], [str(start + datetime.timedelta(days=7 * i)) for i in range(3)])
    rows = [k.get("crm.order", m["order"]) for m in made]
    expect([(r["state"], r["net"], r["template"]) for r in rows], [("confirmed", "126.10", template)] * 3)
    expect(k.call("crm.order_template.run", {})["orders"], [])
    row = k.get("crm.order_template", template)
    expect((row["made"], row["next"], row["last"]), (3, str(start + datetime.timedelta(days=21)), made[-1]["period"]))
    refused("conflict", lambda: make(k, "crm.order", party=s["rad"], template=template, period=str(start), lines=[text("1")]))
    k.update("crm.order_template", template, {"every": "month"})
    expect(k.get("crm.order_template", template)["next"] > row["next"], True)


def recurring_deals_come_once_each(k):
    s = shop(k)
    start = datetime.date.today() - datetime.timedelta(days=35)
    template = make(k, "crm.order_template", name="Yearly service", party=s["rad"], makes="deal", every="day", interval=30, start=str(start),
                    lines=[{"item": s["repair"], "quantity": "4"}])
    made = k.call("crm.order_template.run", {"template": template})["orders"]
    expect([(m["period"], m["order"], bool(m["number"])) for m in made], [(str(start), None, True), (str(start + datetime.timedelta(days=30)), None, True)])
    deal = k.get("crm.deal", made[-1]["deal"])
    expect((deal["title"], deal["party"], deal["amount"], deal["stage_name"], deal["expected_close"]), ("Yearly service", s["rad"], "400.00", "Talk", made[-1]["period"]))
    expect((k.call("crm.order_template.run", {"template": template})["orders"], k.get("crm.order_template", template)["made"]), ([], 2))
    refused("validation", lambda: k.update("crm.order_template", template, {"bill": True}), "bill")
    billed = make(k, "crm.order_template", name="Rent", party=s["rad"], confirm=True, bill=True, lines=[text("5")])
    refused("unavailable", lambda: k.call("crm.order_template.run", {"template": billed}), "bill")  # nobody writes invoices here
    good = make(k, "crm.order_template", name="Lamps", party=s["rad"], lines=[{"item": s["lamp"], "quantity": "1"}])
    for made in ([good], []):  # it holds none of the others up, stays due and says why
        told = k.call("crm.order_template.run", {})
        expect([(r["template"], r["reason"]) for r in told["refused"]], [(billed, "no module writes invoices: bill")])
        expect([m["template"] for m in told["orders"]], made)
    row = k.get("crm.order_template", billed)
    expect((row["refused"], row["made"] or 0, k.count("crm.order", [["template", "=", billed]])), ("no module writes invoices: bill", 0, 0))
    k.update("crm.order_template", billed, {"bill": False})
    expect((len(k.call("crm.order_template.run", {})["orders"]), k.get("crm.order_template", billed)["refused"]), (1, None))


def what_was_put_aside_comes_into_an_offer(k):
    s = shop(k)
    party = make(k, "base.party", name="Undecided")
    row = quotation(k, [{"item": s["repair"]}], party=party)
    refused("rule", lambda: k.call("crm.quotation.add_put_aside", {"id": row["id"]}), "party")
    old = make(k, "base.item", code="GONE", name="Not sold any more", unit=s["piece"], price="1", currency=s["PLN"], active=False)
    k.call("crm.interest.record", {"events": [
        {"party": party, "item": s["bike"], "kind": "put_aside", "quantity": "2", "at": "2026-01-05T10:00:00Z"}, {"party": party, "item": s["lamp"], "at": "2026-01-06T10:00:00Z"},
        {"party": party, "item": s["bike"], "kind": "in_basket", "quantity": "3", "at": "2026-01-07T10:00:00Z"}, {"party": party, "item": old, "kind": "put_aside"},
        {"party": party, "item": s["repair"], "kind": "put_aside"}]})
    k.call("crm.quotation.add_put_aside", {"id": row["id"]})
    listed = k.call("crm.price.explain", {"item": s["bike"], "party": party, "quantity": "3", "currency": s["PLN"]})["price"]
    def lines():
        return [(line["name"], line["quantity"], line["price"]) for line in k.get("crm.quotation", row["id"])["lines"]]
    expect(lines(), [("Repair", "1.0000", "100.0000"), ("City bike", "3.0000", listed)])
    refused("rule", lambda: k.call("crm.quotation.add_put_aside", {"id": row["id"]}), "party")
    k.call("crm.quotation.add_put_aside", {"id": row["id"], "viewed": True})
    expect(lines()[2:], [("Lamp", "1.0000", "55.5500")])
    k.call("crm.quotation.send", {"id": row["id"]})
    refused("state", lambda: k.call("crm.quotation.add_put_aside", {"id": row["id"], "viewed": True}))


def the_last_day_of_a_month_stays_the_last(k):
    s = shop(k)
    template = make(k, "crm.order_template", name="Rent", party=s["rad"], start="2026-01-31", until="2026-05-31", lines=[text("5")])
    made = k.call("crm.order_template.run", {"template": template})["orders"]
    expect([m["period"] for m in made][:2], ["2026-01-31", "2026-02-28"])
    expect([m["period"] for m in made], ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"])
    expect(k.get("crm.order_template", template)["next"], None)


def an_imported_order_keeps_its_state_and_deliveries(k):
    s = shop(k)
    k.import_rows("crm.order", [{"external_id": "old-1", "number": "OLD/7", "party": s["rad"], "state": "closed", "day": "2020-05-05",
           "created_at": "2020-05-05T10:00:00Z", "lines": [{"item": s["bike"], "price": "10", "quantity": "2", "delivered": "2", "invoiced": "1"}], "tax_given": "1.5"}], keep_authors=True)
    row = one(k, "crm.order", ["external_id", "=", "old-1"])
    expect((row["number"], row["state"], row["delivery_status"], row["billing_status"], row["gross"]), ("OLD/7", "closed", "full", "partial", "21.50"))
    refused("validation", lambda: order(k, [text("5", delivered="1")]), "lines[0].delivered")


def the_card_shows_what_was_offered_and_ordered(k):
    party = make(k, "base.party", name="Carded")
    row = quotation(k, [text("100")], party=party)
    k.call("crm.quotation.send", {"id": row["id"]})
    k.call("crm.quotation.accept", {"id": row["id"], "create_order": True})
    draft = quotation(k, [text("7")], party=party)
    card = k.call("crm.card", {"party": party})
    expect([(q["id"], q["state"], q["net"]) for q in card["quotations"]], [(draft["id"], "draft", "7.00")])
    expect([(o["state"], o["gross"]) for o in card["orders"]], [("draft", "123.00")])
    expect(sorted((e["kind"], e["state"]) for e in card["timeline"]),
           [("order", "draft"), ("quotation", "accepted"), ("quotation", "draft"), ("quotation", "draft"), ("quotation", "sent")])


def sums_read_as_money(k):
    made = [order(k, [text(price)], reference="sum", tax_given="0") for price in ("1.25", "2.25")]
    expect(len(made), 2)
    expect(k.aggregate("crm.order", {"net": "sum:net", "gross": "sum:gross"}, filter=[["reference", "=", "sum"]])[0]["net"], "3.50")


def merged_customers_take_their_documents_along(k):
    double = make(k, "base.party", name="Nowak (double)")
    row = quotation(k, [text("100")], party=double)
    k.call("crm.quotation.send", {"id": row["id"]})
    made = confirmed(k, [text("100")], party=double)
    k.call("base.party.merge", {"into": seen["nowak"], "ids": [double], "keep": True})
    for entity, id in (("crm.quotation", row["id"]), ("crm.order", made)):
        after = k.get(entity, id)
        expect((after["party"], after["gross"], after["addresses"][0]["name"]), (seen["nowak"], "123.00", "Nowak (double)"))


def every_entity_describes_itself(k):
    names = ["crm.price_list", "crm.price", "crm.discount_limit", "crm.quotation", "crm.order", "crm.order_template"]
    for lang in ("en", "pl"):
        entities = {e["name"]: e for e in k.call("system.describe", {"entities": names}, lang=lang)["entities"]}
        for name in names:
            fields = {f["name"] for f in entities[name]["fields"]}
            for view in entities[name]["views"]:
                expect([c for c in view.get("columns", []) + view.get("card", []) if c not in fields], [])
    expect(entities["crm.order"]["label"], "Zamówienie")


run([the_known_figures_come_out_the_same_in_quotation_and_order, a_later_setting_does_not_touch_old_documents, currencies_have_their_own_digits,
     prices_with_tax_keep_their_gross, the_customers_country_decides_the_tax, a_tax_from_elsewhere_is_kept_to_the_penny,
     an_item_brings_name_unit_and_price, another_item_in_a_line_brings_its_own, what_is_wrong_with_lines_is_told_at_once,
     the_most_special_list_wins, what_no_list_knows_costs_what_its_card_says, another_currency_is_converted_by_the_days_rate,
     a_draft_follows_its_list_and_a_written_price_stays,
     a_list_with_tax_serves_documents_without, price_lists_are_checked, a_discount_over_the_limit_is_refused, or_waits_for_the_heads_approval,
     an_amendment_beyond_the_limit_needs_somebody_else,
     a_seller_sells_with_the_rights_of_the_role, what_is_not_for_sale_is_not_offered, a_lead_hands_its_lines_to_the_deal, the_lines_of_a_deal_make_its_amount, a_deal_has_parties_with_roles_and_stages_ask_for_lines,
     a_deal_becomes_a_quotation, optional_lines_count_when_they_are_taken, what_was_sent_stays_as_it_was_sent,
     a_new_version_supersedes_and_shows_what_differs, a_quotation_expires_by_its_date, a_quotation_is_rejected_with_a_reason,
     an_order_keeps_the_customer_as_they_were, a_preview_shows_and_leaves_nothing, delivery_and_billing_follow_the_lines,
     an_amendment_tells_what_differs_in_the_head, an_amendment_is_a_revision_with_its_differences, an_order_is_held_with_a_reason, dates_are_asked_promised_and_actual,
     recurring_orders_come_once_each, recurring_deals_come_once_each, what_was_put_aside_comes_into_an_offer, the_last_day_of_a_month_stays_the_last, an_imported_order_keeps_its_state_and_deliveries,
     the_card_shows_what_was_offered_and_ordered, sums_read_as_money, merged_customers_take_their_documents_along, every_entity_describes_itself])
