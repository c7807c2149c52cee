#!/usr/bin/env python3
"""Stories of templates and documents, over HTTP: what a template shows, to whom, and what hostile ones cannot do."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "modules"))
from stories import expect, refused, run  # noqa: E402

names = iter(range(1000))
seen = {}


def make(k, entity, **values):
    return k.create(entity, values)["id"]


def shop(k):
    """A maker of bicycles with one quotation."""
    if not seen:
        pl = make(k, "base.country", code="PL", name="Poland", eu=True)
        pln = make(k, "base.currency", code="PLN", decimals=2)
        make(k, "base.company", name="Wicher", legal_name="Wicher sp. z o.o.", tax_id="5261040828", country=pl, currency=pln, street="Kościuszki 7",
             postal_code="90-418", city="Łódź", email="biuro@wicher.example", phone="+48 42 555 01 02", website="https://wicher.example")
        k.call("base.tax.preset", {"country": "PL"})
        piece = make(k, "base.unit", code="szt", category="count")
        bike = make(k, "base.item", code="B1", name="City bike", unit=piece, price="2000", currency=pln)
        lamp = make(k, "base.item", code="L1", name="Lamp", unit=piece, price="55.55", currency=pln)
        nowak = make(k, "base.party", name="Nowak", legal_name="Nowak sp. z o.o.", tax_id="5260250274",
                     addresses=[{"use": "main", "street": "Polna 1", "city": "Toruń", "postal_code": "87-100", "country": pl}])
        lines = [{"item": bike, "quantity": "3"}, {"item": lamp, "quantity": "20"}]
        quotation = make(k, "crm.quotation", party=nowak, lines=lines)
        seen.update(nowak=nowak, bike=bike, lamp=lamp, quotation=k.get("crm.quotation", quotation))
    return seen


def template(k, text, entity="base.party", **more):
    return k.create("document.template", {"name": f"t{next(names)}", "entity": entity, "lang": "pl", "text": text, **more})["id"]


def preview(k, text, id, entity="base.party", **more):
    return k.call("document.preview", {"template": template(k, text, entity, **more), "id": id})["text"]


def a_template_shows_a_record_its_links_and_its_lines(k):
    q = shop(k)["quotation"]
    text = preview(k, """{{ doc.number }} dla {{ doc.party }}, NIP {{ doc.party.tax_id }}
{% for i, line in ipairs(doc.lines) do %}
{{ i }}. {{ line.item.name }} {{ line.quantity }} {{ line.item.unit.code }} {{ money(line.net, doc.currency) }}
{% end %}
{{ money(doc.gross, doc.currency) }}: {{ words(doc.gross, doc.currency) }}
{{ doc.party.addresses[1].country.name }}|{{ doc.deal.title }}|
""", q["id"], "crm.quotation", kind="text")
    lines = text.splitlines()
    expect(lines[0], f"{q['number']} dla Nowak, NIP 5260250274")
    expect(lines[1].startswith("1. City bike 3"), True)
    expect("zł" in lines[1] and "szt" in lines[1], True)
    expect(lines[3], "8746,53\u00a0zł: osiem tysięcy siedemset czterdzieści sześć złotych pięćdziesiąt trzy grosze")
    expect(lines[4], "Poland||")


def a_wrong_template_is_not_saved(k):
    def save(text, **more):
        return lambda: k.create("document.template", {"name": "bad", "text": text, **more})
    error = refused("validation", save("<p>\n<a href={{ doc.name }}>\n{{", entity="base.nothing"), "entity", "text", "text")
    expect([p["row"] for p in error.problems if p["path"] == "text"], [2, 3])
    error = refused("validation", save("<p>\n{% if x %}\n</p>"), "text")
    expect(error.problems[0]["row"], 3)


def a_customers_name_runs_nowhere(k):
    party = k.create("base.party", {"name": "<script>alert(1)</script>", "website": "javascript:alert(1)"})["id"]
    text = preview(k, '<p title="{{ doc.name }}">{{ doc.name }}</p><a href="{{ doc.website }}">x</a>', party)
    expect("<script" in text or "javascript:" in text, False)
    expect("&lt;script&gt;" in text, True)
    expect(preview(k, "{{ doc.name }}", k.create("base.party", {"name": "=cmd()"})["id"], kind="csv"), '"\'=cmd()"')


HOSTILE = [
    ("validation", "{% while true do end %}"),
    ("validation", "{% pcall(function() while true do end end) while true do end %}"),
    ("rule", "{{ ('x'):find(('a?'):rep(40) .. ('a'):rep(40)) }}{{ ('a'):rep(5000):find(('.-'):rep(40) .. 'b') }}"),
    ("validation", "{{ ('x'):rep(1 << 30) }}"),
    ("validation", "{% local s = 'x' for i = 1, 30 do s = s .. s end %}{{ s }}"),
    ("limit", "{% for i = 1, 100 do %}{% pcall(function() %}{{ ('x'):rep(1 << 19) }}{% end) %}{% end %}"),
    ("validation", "{{ io.open('/etc/passwd') }}"),
    ("validation", "{{ os.execute('id') }}"),
    ("validation", "{{ load('return 1')() }}"),
    ("validation", "{{ require('os') }}"),
    ("validation", "{{ x)) os.execute('id') print((1 }}"),
    ("validation", "{% create('base.party', {name = 'made'}) %}"),
    ("validation", "{% call('base.tax.preset', {country = 'PL'}) %}"),
    ("validation", "{% mail {to = 'a@example.com', subject = 'x', text = 'x'} %}"),
    ("validation", "{% error({}) %}"),
    ("validation", "{{ doc.no_such_field }}"),
    ("validation", "{{ dco.name }}"),
    ("validation", "{% include 'nothing' %}"),
    ("validation", "{{ {} }}"),
]


def hostile_templates_end_alone(k):
    party = k.create("base.party", {"name": "Cel"})["id"]
    for kind, text in HOSTILE:
        made = template(k, text, kind="text")
        try:
            refused(kind, lambda: k.call("document.preview", {"template": made, "id": party}))
        except AssertionError as wrong:
            raise AssertionError(f"{text}: {wrong}") from None
    expect(preview(k, "{{ doc.name }}", party), "Cel")
    expect(k.count("base.party", [["name", "=", "made"]]), 0)


STORIES = [a_template_shows_a_record_its_links_and_its_lines, a_wrong_template_is_not_saved, a_customers_name_runs_nowhere,
           hostile_templates_end_alone]

if __name__ == "__main__":
    run(STORIES, modules="base,crm")
