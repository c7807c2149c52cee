#!/usr/bin/env python3
"""Stories of Word files filled in place, over HTTP. The files are made and read by python-docx."""
import datetime
import io
import json
import pathlib
import subprocess
import sys
import urllib.request
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "modules"))
from stories import expect, refused, run  # noqa: E402
from shop import make, names, shop  # noqa: E402

DESK = str(pathlib.Path(__file__).resolve().parent / "docx_desk.py")
TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def upload(k, house, content):
    request = urllib.request.Request(house.url + "/files", data=content, headers={"Authorization": "Bearer " + k.token, "Content-Type": TYPE, "X-File-Name": "t.docx"})
    return json.load(urllib.request.urlopen(request))["id"]


def word_file(house, what):
    path = house.home / f"{what}.docx"
    subprocess.run(["/usr/bin/python3", DESK, "make", str(path), what], check=True)
    return path.read_bytes()


def word_template(k, house, content, entity="crm.quotation"):
    return make(k, "document.template", name=f"d{next(names)}", entity=entity, lang="pl", kind="docx", title="Oferta", file=upload(k, house, content))


def filled(k, house, template, id):
    made = k.call("document.make", {"template": template, "id": id})
    path = house.data / "files" / made["sha256"][:2] / made["sha256"]
    answer = subprocess.run(["/usr/bin/python3", DESK, "read", str(path)], check=True, capture_output=True, text=True).stdout
    return made, json.loads(answer.replace("\\u00a0", " ")), path.read_bytes()


def names_are_found_wherever_word_cuts_them(k, house):
    q = shop(k)["quotation"]
    made, d, _ = filled(k, house, word_template(k, house, word_file(house, "offer")), q["id"])
    expect(made["name"], "Oferta Q-2026-00001.docx".replace("2026", q["number"][2:6]))
    day = datetime.date.fromisoformat(q["day"]).strftime("%d.%m.%Y")
    expect(d["header"], [f"Wicher / {q['number']}"])
    expect(d["paragraphs"][:2], [f"Oferta {q['number']} z dnia {day}", "Dla: Nowak, NIP 5260250274 {this stays} {"])
    expect(d["tables"], [[["Lp.", "Nazwa", "Ilość", "Netto"], ["1", "City bike", "3 szt", "6000,00 zł"], ["2", "Lamp", "20 szt", "1111,00 zł"]]])
    expect(d["paragraphs"][2:], ["Razem 8746,53 zł, słownie osiem tysięcy siedemset czterdzieści sześć złotych pięćdziesiąt trzy grosze, 8746,53, 8747",
                                 "bez numeru klienta", "Pozycje: [City bike] [Lamp] koniec, 3 a"])


def bitrix24_templates_work_as_they_are(k, house):
    q = shop(k)["quotation"]
    _, d, _ = filled(k, house, word_template(k, house, word_file(house, "bitrix")), q["id"])
    expect(d["paragraphs"][0].startswith(f"№ {q['number']} ") and "Wicher" in d["paragraphs"][0], True)
    expect(d["paragraphs"][1].startswith("Nowak sp. z o.o., Nowak, "), True)
    expect(d["tables"], [[["1", "City bike", "6000,00 zł"], ["2", "Lamp", "1111,00 zł"]]])
    expect(d["paragraphs"][2], "8746,53 zł 8746,53")


def keep_picture(k, house, name, content, type):
    request = urllib.request.Request(house.url + "/files", data=content, headers={"Authorization": "Bearer " + k.token, "Content-Type": type, "X-File-Name": "p"})
    return make(k, "document.asset", name=name, file=json.load(urllib.request.urlopen(request))["id"])


def pictures_are_drawn_or_take_anothers_place(k, house):
    png = lambda width, height: subprocess.run(["/usr/bin/python3", DESK, "png", str(width), str(height)], capture_output=True, check=True).stdout  # noqa: E731
    q, template = shop(k)["quotation"], word_template(k, house, word_file(house, "pictures"))
    _, d, _ = filled(k, house, template, q["id"])
    expect((d["paragraphs"][0], d["header_pictures"], len(d["pictures"])), ("Logo , pieczęć , nic .", 0, 2))
    logo, stamp = png(300, 50), png(40, 40)
    keep_picture(k, house, "logo", logo, "image/png")
    stamped = keep_picture(k, house, "stamp", stamp, "image/png")
    _, d, content = filled(k, house, template, q["id"])
    expect(d["paragraphs"][0], "Logo , pieczęć , nic .")
    expect(d["pictures"][:3], [[len(logo), 60, 10], [len(stamp), 30, 30], [len(logo), 33, 11]])  # in mm
    expect(d["pictures"][3][0] != len(logo) and d["header_pictures"], 1)
    expect(filled(k, house, template, q["id"])[2] == content, True)
    svg = keep_picture(k, house, "drawn", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml")
    k.update("document.asset", stamped, {"file": k.get("document.asset", svg)["file"]})
    refused("validation", lambda: k.call("document.make", {"template": template, "id": q["id"]}), "file")
    expect("nic" in k.call("document.preview", {"template": template, "id": q["id"]})["text"], True)


def lists_within_lists_and_chains(k, house):
    s = shop(k)
    address = lambda *cities: [{"use": "main", "city": city} for city in cities]  # noqa: E731
    make(k, "crm.pipeline", name="Sprzedaż", initial=True, stages=[{"name": "Nowa"}, {"name": "Wygrana", "semantic": "won"}, {"name": "Przegrana", "semantic": "lost"}])
    one = make(k, "base.party", name="Pierwszy", addresses=address("Gdynia", "Sopot"), contacts=[{"kind": "phone", "value": "+48500100200"}])
    two = make(k, "base.party", name="Drugi", addresses=address("Łódź"))
    deal = make(k, "crm.deal", title="Most", party=s["nowak"], parties=[{"party": one, "role": "decyduje"}, {"party": two, "role": "płaci"}])
    _, d, _ = filled(k, house, word_template(k, house, word_file(house, "nested"), "crm.deal"), deal)
    expect(d["paragraphs"], ["Most: Wicher, 5261040828", "Pierwszy:", "- +48500100200", "Drugi:", "Klient: Toruń ", "szt "])
    expect([[c.strip() for c in row] for row in d["tables"][0]], [["1. Pierwszy", ""], ["2. Drugi", ""]])
    expect(d["inner"], [[[["1: Gdynia (decyduje)"], ["2: Sopot (decyduje)"]]], [[["1: Łódź (płaci)"]]]])


def all_that_is_wrong_is_told_at_once(k, house):
    template = word_template(k, house, word_file(house, "wrong"))
    error = refused("validation", lambda: k.call("document.preview", {"template": template, "id": shop(k)["quotation"]["id"]}), *["file"] * 4)
    said = " | ".join(p["message"] for p in error.problems)
    for part in ("{no_such_field}", "{party.no_such}", "{lines.name}", "{/each}"):
        expect((part, part in said), (part, True))
    refused("validation", lambda: make(k, "document.template", name="none", entity="base.party", kind="docx"), "file")


def what_is_no_word_file_is_refused(k, house):
    party = shop(k)["nowak"]
    bomb, declared = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("word/document.xml", b"<w/>" + b" " * (17 << 20))
    with zipfile.ZipFile(declared, "w") as z:
        z.writestr("word/document.xml", '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]><w>&x;</w>')
    for content in (b"PK nothing", bomb.getvalue(), declared.getvalue(), zipfile_of("other.xml", "<w/>")):
        template = word_template(k, house, content, "base.party")
        refused("validation", lambda: k.call("document.make", {"template": template, "id": party}), "file")


def zipfile_of(name, text):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr(name, text)
    return out.getvalue()


def a_name_stays_text(k, house):
    party = make(k, "base.party", name="</w:t><w:t>&{number} „x”", notes="jeden\ndwa")
    template = word_template(k, house, word_file(house, "hostile"), "base.party")
    _, d, content = filled(k, house, template, party)
    expect(d["paragraphs"], ["</w:t><w:t>&{number} „x” xxxxxxxxxx jeden\ndwa"])
    expect(filled(k, house, template, party)[2] == content, True)
    expect(k.call("document.preview", {"template": template, "id": party})["text"].strip(), "</w:t><w:t>&{number} „x” xxxxxxxxxx jeden\ndwa")


STORIES = [names_are_found_wherever_word_cuts_them, bitrix24_templates_work_as_they_are, pictures_are_drawn_or_take_anothers_place,
           lists_within_lists_and_chains, all_that_is_wrong_is_told_at_once,
           what_is_no_word_file_is_refused, a_name_stays_text]

if __name__ == "__main__":
    run(STORIES, modules="base,crm")
