#!/usr/bin/env python3
"""Stories of taxes in the module base, over HTTP: which tax, and why."""
from stories import expect, make, refused, run

seen = {}


def country(k, code, eu):
    if code not in seen:
        seen[code] = make(k, "base.country", code=code, name=code, eu=eu)
    return seen[code]


def explain(k, **params):
    answer = k.call("base.tax.explain", params)
    return [t["label"] for t in answer["taxes"]]


def polish_taxes_are_ready_and_loading_them_again_doubles_nothing(k):
    pl = country(k, "PL", True)
    company = k.list("base.company", [], fields=["id"])["rows"]
    if company:
        k.update("base.company", company[0]["id"], {"country": pl})
    else:
        make(k, "base.company", name="Wicher", country=pl)
    made = k.call("base.tax.preset", {"country": "PL"})
    expect(made, {"taxes": 9, "categories": 5, "positions": 5, "rules": 11})
    k.call("base.tax.preset", {"country": "PL"})
    expect((k.count("base.tax"), k.count("base.tax_rule")), (9, 11))
    refused("not_found", lambda: k.call("base.tax.preset", {"country": "XX"}), "country")


def the_rate_is_the_days(k):
    expect(explain(k, day="2026-11-20"), ["23%"])
    expect(explain(k, day="2011-01-01"), ["23%"])
    expect(explain(k, day="2010-12-31"), ["22%"])


def the_item_decides(k):
    books = k.list("base.tax_category", [["code", "=", "super_reduced"]])["rows"][0]["id"]
    group = make(k, "base.item_category", name="Books", tax_category=books)
    by_group = make(k, "base.item", code="TX-1", name="Atlas", category=group)
    own = make(k, "base.item", code="TX-2", name="Course", category=group,
               tax_category=k.list("base.tax_category", [["code", "=", "exempt"]])["rows"][0]["id"])
    expect((explain(k, item=by_group), explain(k, item=own)), (["5%"], ["zw"]))
    seen["goods"] = make(k, "base.item", code="TX-3", name="Bike")
    seen["service"] = make(k, "base.item", code="TX-4", name="Repair", kind="service")


def the_party_decides(k):
    german = make(k, "base.party", name="Rad GmbH", tax_id="DE136695976", addresses=[{"city": "Berlin", "country": country(k, "DE", True)}])
    private = make(k, "base.party", name="Anke", kind="person", addresses=[{"city": "Berlin", "country": country(k, "DE", True)}])
    ukrainian = make(k, "base.party", name="Weło TOW", addresses=[{"city": "Lwów", "country": country(k, "UA", False)}])
    polish = make(k, "base.party", name="Rower", addresses=[{"city": "Toruń", "country": country(k, "PL", True)}])
    for party, goods, service in ((german, "0%", "oo"), (private, "23%", "23%"), (ukrainian, "0%", "np"), (polish, "23%", "23%")):
        expect((explain(k, party=party, item=seen["goods"]), explain(k, party=party, item=seen["service"])), ([goods], [service]))
    expect(k.call("base.tax.explain", {"party": german, "item": seen["service"]})["note"], "Odwrotne obciążenie / reverse charge")
    exempt = k.list("base.tax_position", [["code", "=", "exempt"]])["rows"][0]["id"]
    k.update("base.party", polish, {"tax_position": exempt})
    expect(explain(k, party=polish, item=seen["goods"]), ["zw"])


def what_is_wrong_with_a_tax_is_told_at_once(k):
    refused("validation", lambda: make(k, "base.tax", code="X", name="X"), "rates")
    refused("validation", lambda: make(k, "base.tax", code="X", name="X", rates=[{"rate": "-1"}, {"rate": "5"}]), "rates[0].rate", "rates[1].valid_from")
    refused("validation", lambda: make(k, "base.tax_rule", valid_from="2026-02-01", valid_to="2026-01-01"), "valid_to", "taxes")


def a_tax_without_a_rate_on_the_day_is_refused(k):
    tax = make(k, "base.tax", code="late", name="Late", rates=[{"rate": "9", "valid_from": "2026-06-01"}])
    category = make(k, "base.tax_category", code="late", name="Late")
    make(k, "base.tax_rule", category=category, taxes=[tax])
    refused("rule", lambda: explain(k, category=category, day="2026-05-31"), "lines[0]")
    expect(explain(k, category=category, day="2026-06-01"), ["9%"])


def a_newer_rule_wins_from_its_day(k):
    tax = k.list("base.tax", [["code", "=", "8"]])["rows"][0]["id"]
    standard = k.list("base.tax_category", [["code", "=", "standard"]])["rows"][0]["id"]
    rule = make(k, "base.tax_rule", category=standard, taxes=[tax], valid_from="2026-03-01", valid_to="2026-03-31")
    expect((explain(k, day="2026-02-28"), explain(k, day="2026-03-31"), explain(k, day="2026-04-01")), (["23%"], ["8%"], ["23%"]))
    k.delete("base.tax_rule", rule)


run([polish_taxes_are_ready_and_loading_them_again_doubles_nothing, the_rate_is_the_days, the_item_decides, the_party_decides,
     what_is_wrong_with_a_tax_is_told_at_once, a_tax_without_a_rate_on_the_day_is_refused, a_newer_rule_wins_from_its_day], modules="base")
