"""Makes and reads DOCX files with python-docx, which Debian's own python3 has: docx_desk.py make FILE WHAT | read FILE.

read prints JSON: paragraphs, tables as rows of cells, the header. What python-docx cannot open is an error."""
import json
import sys

import docx


def put(paragraph, *runs):
    """Runs as Word leaves them: cut anywhere, in different looks."""
    for i, text in enumerate(runs):
        paragraph.add_run(text).bold = i % 2 == 1


def offer(d):
    d.sections[0].header.paragraphs[0].text = "{company.name} / {number}"
    put(d.add_heading("", 1), "Oferta {num", "b", "er} z dnia {day", "~d.m.Y}")
    put(d.add_paragraph(), "Dla: {par", "ty.na", "me}, NIP {party.tax_id} {this stays} {")
    table = d.add_table(rows=2, cols=4)
    for cell, text in zip(table.rows[0].cells, ("Lp.", "Nazwa", "Ilość", "Netto")):
        cell.text = text
    for cell, text in zip(table.rows[1].cells, ("{lines.index}", "{lines.name}", "{lines.quantity} {lines.unit.code}", "{lines.net}")):
        cell.text = text
    put(d.add_paragraph(), "Razem {gross}, słow", "nie {gross~wo", "rds}, {gross~NS=Y}, {gross~0}")
    d.add_paragraph("{#if reference}")
    d.add_paragraph("Numer klienta: {reference}")
    d.add_paragraph("{else}")
    d.add_paragraph("bez numeru klienta")
    d.add_paragraph("{/if}")
    put(d.add_paragraph(), "Pozycje: {#each li", "nes}[{line", "s.name}] {/each}koniec, {= 1 + 2} {= “a”}")


def bitrix(d):
    d.add_paragraph("№ {DocumentNumber} {DocumentCreateTime~d.m.Y} {MyCompanyTitle} {MyCompanyUfLogo}")
    d.add_paragraph("{RequisiteRqCompanyName}, {CompanyTitle}, {AssignedFormattedName}")
    table = d.add_table(rows=1, cols=3)
    for cell, text in zip(table.rows[0].cells, ("{ProductsIndex}", "{ProductsProductName}", "{ProductsProductPriceRawSum~WZ=Y}")):
        cell.text = text
    d.add_paragraph("{TotalSum} {TotalSum~NS=Y}")


def wrong(d):
    d.add_paragraph("{no_such_field} {party.no_such} {lines.name}")
    d.add_paragraph("{#if reference}")
    d.add_paragraph("{/each}")


def hostile(d):
    d.add_paragraph("{name} {= ('x'):rep(10)} {notes}")


def read(path):
    d = docx.Document(path)
    return {"paragraphs": [p.text for p in d.paragraphs], "tables": [[[c.text for c in r.cells] for r in t.rows] for t in d.tables],
            "header": [p.text for p in d.sections[0].header.paragraphs]}


if sys.argv[1] == "make":
    document = docx.Document()
    globals()[sys.argv[3]](document)
    document.save(sys.argv[2])
else:
    print(json.dumps(read(sys.argv[2])))
