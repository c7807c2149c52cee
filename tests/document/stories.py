#!/usr/bin/env python3
"""Stories of templates and documents, over HTTP: what a template shows, to whom, and what hostile ones cannot do."""
import datetime
import hashlib
import json
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "modules"))
from house import ROOT  # noqa: E402
from stories import expect, refused, run  # noqa: E402
from shop import make, preview, shop, template  # noqa: E402
from stories_files import certificates, stored  # noqa: E402

YEAR = time.strftime("%Y")


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


def only_what_one_may_read_is_shown(k, house):
    s = shop(k)
    k.call("access.role.create", {"values": {"name": "clerk", "grants": "document.template:read; base.party:read; document.document:create,read"}})
    clerk = person(k, house, "clerk", "clerk")
    of_party, of_sale = template(k, "{{ doc.name }}|{{ doc.owner.name }}|{{ company.name }}"), template(k, "{{ doc.number }}", "crm.quotation")
    expect(clerk.call("document.preview", {"template": of_party, "id": s["nowak"]})["text"], "Nowak||")
    for method in ("document.preview", "document.make"):
        try:
            refused("forbidden", lambda: clerk.call(method, {"template": of_sale, "id": s["quotation"]["id"]}))
        except AssertionError:
            refused("not_found", lambda: clerk.call(method, {"template": of_sale, "id": s["quotation"]["id"]}))
    refused("forbidden", lambda: clerk.call("document.template.create", {"values": {"name": "mine", "text": "x"}}))
    refused("forbidden", lambda: clerk.call("document.presets", {}))
    seller = person(k, house, "seller", "base.user", "crm.sales")
    party = make(seller, "base.party", name="Klient sprzedawcy")
    sale = make(seller, "crm.quotation", party=party, lines=[{"item": s["bike"], "quantity": "1"}])
    expect(seller.call("document.make", {"template": of_sale, "id": sale})["edition"], 1)


def what_is_masked_is_masked_on_paper_too(k, house):
    party = make(k, "base.party", name="Zofia Maj", notes="Rings from 600 123 412", tax_id="5260250995",
                 contacts=[{"kind": "phone", "value": "+48 600 123 412"}, {"kind": "email", "value": "zofia@maj.pl"}])
    k.call("access.role.create", {"values": {"name": "masked", "grants": "document.template:read; document.document:create,read; base.party:read masked *"}})
    clerk = person(k, house, "masked clerk", "masked")
    letter = template(k, "{{ doc.phone }}|{{ doc.contacts[2].value }}|{{ doc.tax_id }}|{{ doc.notes }}")
    expect(k.call("document.preview", {"template": letter, "id": party})["text"], "+48 600 123 412|zofia@maj.pl|5260250995|Rings from 600 123 412")
    expect(clerk.call("document.preview", {"template": letter, "id": party})["text"], "+48 *** *** *12|z***@***.pl|********95|Rings from *** *** *12")
    made = clerk.call("document.make", {"template": letter, "id": party})
    text = subprocess.run(["pdftotext", "-layout", str(stored(house, made)), "-"], capture_output=True, text=True, check=True).stdout
    expect(("+48 *** *** *12|z***@***.pl|********95|Rings from *** *** *12" in text, "600" in text), (True, False))
    expect([s for s in ("600123412", "600 123", "zofia@", "5260250995") if s in json.dumps(k.get("document.document", made["document"]))], [])


def person(k, house, name, *roles):
    ids = [k.list("access.role", [["name", "=", role]])["rows"][0]["id"] for role in roles]
    user = make(k, "access.user", name=name, roles=ids)
    k.call("access.password", {"user": user, "new": "Zupa-Pomidorowa-7"})
    return house.client(name, "Zupa-Pomidorowa-7")


def a_document_is_kept_and_the_next_one_beside_it(k, house):
    s = shop(k)
    expect(k.call("document.presets", {})["created"] > 8, True)
    expect(k.call("document.presets", {})["created"], 0)
    quotation = k.list("document.template", [["name", "=", "quotation"], ["lang", "=", "pl"]])["rows"][0]["id"]
    first = k.call("document.make", {"template": quotation, "id": s["quotation"]["id"]})
    bytes_first = stored(house, first).read_bytes()
    expect(bytes_first[:5], b"%PDF-")
    text = subprocess.run(["pdftotext", "-layout", str(stored(house, first)), "-"], capture_output=True, text=True, check=True).stdout
    for part in (f"Oferta Q/{YEAR}/00001", "Nowak sp. z o.o.", "8746,53", "osiem tysięcy siedemset czterdzieści sześć złotych", "Łódź", "1/1"):
        expect(part if part in text else text, part)
    k.update("crm.quotation", s["quotation"]["id"], {"title": "Zmieniona"})
    second = k.call("document.make", {"template": quotation, "id": s["quotation"]["id"]})
    expect((first["edition"], second["edition"]), (1, 2))
    expect(stored(house, first).read_bytes(), bytes_first)
    kept = k.get("document.document", first["document"])
    expect(kept["sha256"], hashlib.sha256(bytes_first).hexdigest())
    expect(kept["data"]["title"], "Nowak")
    expect(k.get("document.document", second["document"])["data"]["title"], "Zmieniona")
    timeline = k.call("crm.card", {"party": s["nowak"]})["timeline"]
    expect(f"Oferta Q-{YEAR}-00001.pdf" in str(timeline), True)


def a_document_takes_nothing_from_the_server(k, house):
    party = make(k, "base.party", name="file:///etc/passwd")
    thief = template(k, '<img src="file:///etc/passwd"><link rel="attachment" href="file:///etc/passwd"><img src="{{ doc.name }}">'
                        '<iframe src="http://127.0.0.1:1/"></iframe><p>{{ doc.name }}</p>')
    pdf = str(stored(house, k.call("document.make", {"template": thief, "id": party})))
    files = subprocess.run(["pdfdetach", "-list", pdf], capture_output=True, text=True, check=True).stdout
    text = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True, check=True).stdout
    expect((files.strip(), "root:" in text), ("0 embedded files", False))


PIXEL = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0000003010100"
                      "18dd8db00000000049454e44ae426082")


def upload(k, house, content, type, name="logo.png"):
    request = urllib.request.Request(house.url + "/files", data=content, headers={"Authorization": "Bearer " + k.token, "Content-Type": type, "X-File-Name": name})
    return json.load(urllib.request.urlopen(request))["id"]


def a_kept_picture_stands_in_every_letter(k, house):
    s, text = shop(k), '<div>{{ image("logo") or company.name }}</div>'
    expect(preview(k, text, s["nowak"]), "<div>Wicher</div>")
    logo = upload(k, house, PIXEL, "image/png")
    k.create("document.asset", {"name": "logo", "file": logo})
    expect('<img alt="" src="data:image/png;base64,iVBORw0KGgo' in preview(k, text, s["nowak"]), True)
    made = k.call("document.make", {"template": template(k, text), "id": s["nowak"]})
    images = subprocess.run(["pdfimages", "-list", str(stored(house, made))], capture_output=True, text=True, check=True).stdout
    expect((len(images.splitlines()), made["warnings"]), (3, []))
    shown = k.call("document.make", {"template": template(k, '<p>{{ image(get("base.attachment", %d)) }}</p>' % logo), "id": s["nowak"]})
    expect(shown["warnings"], [])


def what_is_no_picture_is_refused(k, house):
    party = shop(k)["nowak"]
    for content, type, kind in ((b"text", "text/plain", "validation"), (b"x" * ((1 << 20) + 1), "image/png", "limit")):
        file = upload(k, house, content, type)
        refused(kind, lambda: k.create("document.asset", {"name": "other", "file": file}), "file")
    k.create("document.asset", {"name": "liar", "file": upload(k, house, b"GIF89a", "image/png")})
    refused("validation", lambda: k.call("document.preview", {"template": template(k, '{{ image("liar") }}'), "id": party}), "text")
    expect(preview(k, '{{ image("no such one") }}{{ image("../../etc/passwd") }}|', party), "|")
    refused("validation", lambda: k.call("document.preview", {"template": template(k, '<a title="{{ image(\'logo\') }}">'), "id": party}))


def what_the_renderer_complains_of_is_told(k):
    made = k.call("document.make", {"template": template(k, '<p>Zażółć</p><p>&#x10c80;</p><img src="asset:none.png">'), "id": shop(k)["nowak"]})
    expect([any(word in line for line in made["warnings"]) for word in ("no font has all letters of: \U00010c80", "only its own assets", "Zażółć")], [True, True, False])


def documents_are_numbered_by_their_template(k):
    parties = [make(k, "base.party", name=f"Adresat {i}") for i in range(4)]
    refused("validation", lambda: template(k, "x", numbers="L/{year}"), "numbers")
    letter = template(k, "{{ document.number }} {{ doc.name }}", kind="text", title="List", numbers="L/{year}/{seq:3}")
    expect(preview_number(k, letter, parties[0]), "")
    made = [k.call("document.make", {"template": letter, "id": party}) for party in (parties[0], parties[1], parties[0])]
    expect([(m["number"], m["edition"], m["name"]) for m in made],
           [(f"L/{YEAR}/001", 1, f"List L-{YEAR}-001.txt"), (f"L/{YEAR}/002", 1, f"List L-{YEAR}-002.txt"), (f"L/{YEAR}/001", 2, f"List L-{YEAR}-001 v2.txt")])
    refused("validation", lambda: k.call("document.make", {"template": template(k, "{{ doc.nothing }}", numbers="L/{year}/{seq:3}"), "id": parties[2]}))
    job = k.call("document.make_all", {"template": letter, "ids": [parties[1], 999999, parties[2], parties[3]]})
    until = time.monotonic() + 300
    while (job := k.call("job.get", {"id": job["id"]}))["state"] not in ("done", "failed"):
        expect(time.monotonic() < until, True)
        time.sleep(0.05)
    expect((job["state"], job["done"], job["problems"]), ("done", 4, 1))
    kept = k.list("document.document", [["template", "=", letter]], sort="id", fields=["reference", "edition"])["rows"]
    expect([(d["reference"][-3:], d["edition"]) for d in kept], [("001", 1), ("002", 1), ("001", 2), ("002", 2), ("003", 1), ("004", 1)])


def preview_number(k, letter, party):
    return k.call("document.preview", {"template": letter, "id": party})["text"].split(" ")[0]


def many_are_made_by_a_job_and_one_wrong_record_stops_nothing(k):
    parties = [make(k, "base.party", name=f"Klient {i}") for i in range(3)]
    letter = template(k, "Dzień dobry, {{ doc.name }}", kind="text", title="List")
    job = k.call("document.make_all", {"template": letter, "ids": [parties[0], 999999, *parties[1:]]})
    until = time.monotonic() + 300
    while (job := k.call("job.get", {"id": job["id"]}))["state"] not in ("done", "failed"):
        expect(time.monotonic() < until, True)
        time.sleep(0.05)
    expect((job["state"], job["done"], job["problems"]), ("done", 4, 1))
    expect(k.count("document.document", [["template", "=", letter]]), 3)


def a_document_about_nothing_is_refused_as_any_other(k):
    refused("not_found", lambda: k.call("document.sign", {"document": make(k, "document.document"), "key": 999999}))


def a_signature_holds_until_a_byte_is_changed(k, house):
    key, certificate, authority = certificates(house.home / "pki")
    refused("validation", lambda: k.call("document.key.import", {"name": "mine", "key": key, "certificate": authority}))
    imported = k.call("document.key.import", {"name": "mine", "key": key, "certificate": certificate})
    expect(imported["subject"], "Zofia Żak")
    secret = key.splitlines()[1]
    expect(secret in str(k.get("document.key", imported["id"])) or secret in str(k.list("document.key")), False)
    letter = template(k, "<p>Zażółć {{ doc.name }}</p>")
    made = k.call("document.make", {"template": letter, "id": shop(k)["nowak"]})
    expect(k.call("document.signatures", {"document": made["document"]}), {"unchanged": True, "signatures": []})
    once = k.call("document.sign", {"document": made["document"], "key": imported["id"], "reason": "Zgoda", "place": "Łódź"})
    twice = k.call("document.sign", {"document": made["document"], "key": imported["id"]})
    found = k.call("document.signatures", {"document": made["document"], "roots": authority})
    expect(found["unchanged"], True)
    expect([(f["name"], f["intact"], f["whole"], f["trusted"]) for f in found["signatures"]],
           [("Zofia Żak", True, False, True), ("Zofia Żak", True, True, True)])
    expect(stored(house, twice).read_bytes().startswith(stored(house, once).read_bytes()), True)
    signed = house.home / "signed.pdf"
    signed.write_bytes(stored(house, twice).read_bytes())
    report = subprocess.run(["pdfsig", "-nocert", str(signed)], capture_output=True, text=True, cwd=house.home).stdout
    expect(report.count("Signature is Valid"), 2)
    k.call("access.role.create", {"values": {"name": "signer", "grants": "document.document:*; document.key:read"}})
    other = person(k, house, "other", "signer")
    refused("forbidden", lambda: other.call("document.signatures", {"document": made["document"]}))
    refused("forbidden", lambda: other.call("document.sign", {"document": made["document"], "key": imported["id"]}))
    k.call("access.role.create", {"values": {"name": "looker", "grants": "base.party:read"}})
    another = person(k, house, "another", "signer", "looker")
    refused("not_found", lambda: another.call("document.sign", {"document": made["document"], "key": imported["id"]}))
    changed = bytearray(stored(house, twice).read_bytes())
    changed[60] ^= 1
    stored(house, twice).chmod(0o600)
    stored(house, twice).write_bytes(changed)
    found = k.call("document.signatures", {"document": made["document"]})
    expect(found["unchanged"] or any(f["intact"] for f in found["signatures"]), False)


def a_link_shows_one_document_until_it_ends(k, house):
    """Whoever has the link reads the document, and nothing else; each visit is noted."""
    made = k.call("document.make", {"template": template(k, "<p>Oferta dla {{ doc.name }}</p>", title="Oferta"), "id": shop(k)["nowak"]})
    link = k.call("document.share", {"document": made["document"], "recipient": "Jan Nowak", "days": 7})
    until = time.time() + 7 * 86400

    def visit(path):
        try:
            with urllib.request.urlopen(house.url + path) as answer:  # no token
                return answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.headers
    status, content, headers = visit(link["path"])
    expect((status, content), (200, stored(house, made).read_bytes()))
    expect(("Oferta" in headers["Content-Disposition"], headers["X-Content-Type-Options"]), (True, "nosniff"))
    visit(link["path"])
    row = k.get("document.link", link["id"])
    expect((row["opened"], len(row["visits"]), row["recipient"], row["visits"][0]["at"] == row["last_opened"]), (1, 1, "Jan Nowak", True))
    expect(abs(datetime.datetime.fromisoformat(row["expires"].replace("Z", "+00:00")).timestamp() - until) < 60, True)
    secret = link["path"].rsplit("/", 1)[1]
    expect(secret in json.dumps(k.call("document.link.history", {"id": link["id"]})) or secret in json.dumps(row), False)
    for wrong in ("/files/link/", "/files/link/x", link["path"] + "x", link["path"][:-1], "/files/link/" + row["hash"], f"/files/{made['file']}"):
        expect(visit(wrong)[0] in (401, 404), True)
    k.update("document.link", link["id"], {"expires": "2020-01-01T00:00:00Z"})
    expect(visit(link["path"])[0], 404)
    k.update("document.link", link["id"], {"expires": "2090-01-01T00:00:00Z"})
    expect(visit(link["path"])[0], 200)
    k.call("document.link.delete", {"id": link["id"]})
    expect(visit(link["path"])[0], 404)
    refused("validation", lambda: k.call("document.share", {"document": made["document"], "days": 100000}), "days")
    refused("not_found", lambda: k.call("document.share", {"document": 99999}))
    user = make(k, "access.user", name="looker", roles=[make(k, "access.role", name="look", label="look", grants="document.document:read; base.*:read")])
    k.call("access.password", {"user": user, "new": "Quiet-River-77-Stone"})
    refused("forbidden", lambda: house.client("looker", "Quiet-River-77-Stone").call("document.share", {"document": made["document"]}))


STORIES = [a_template_shows_a_record_its_links_and_its_lines, a_wrong_template_is_not_saved, a_customers_name_runs_nowhere,
           hostile_templates_end_alone, only_what_one_may_read_is_shown, what_is_masked_is_masked_on_paper_too, a_document_is_kept_and_the_next_one_beside_it,
           a_document_takes_nothing_from_the_server, a_kept_picture_stands_in_every_letter, what_is_no_picture_is_refused,
           what_the_renderer_complains_of_is_told, documents_are_numbered_by_their_template, many_are_made_by_a_job_and_one_wrong_record_stops_nothing, a_signature_holds_until_a_byte_is_changed, a_link_shows_one_document_until_it_ends]

if __name__ == "__main__":
    run(STORIES, modules="base,crm")
