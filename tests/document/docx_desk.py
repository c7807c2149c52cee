"""Makes and reads DOCX files with python-docx, which Debian's own python3 has: docx_desk.py make FILE WHAT | read FILE.

read prints JSON: paragraphs, tables as rows of cells, the header. What python-docx cannot open is an error."""
import io
import json
import struct
import sys
import zlib

import docx


def put(paragraph, *runs):
    """Runs as Word leaves them: cut anywhere, in different looks."""
    for i, text in enumerate(runs):
        paragraph.add_run(text).bold = i % 2 == 1


def png(width, height):
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))  # noqa: E731
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress((b"\0" + b"\xff\0\0" * width) * height)) + chunk(b"IEND", b""))


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


def pictures(d):
    d.sections[0].header.paragraphs[0].text = "{MyCompanyUfLogo}"
    d.add_paragraph("Logo {picture.logo}, pieczęć {MyCompanyUfStamp~30}, nic {picture.none}.")
    place = d.add_picture(io.BytesIO(png(1, 1)), width=docx.shared.Mm(33), height=docx.shared.Mm(11))
    place._inline.docPr.set("descr", "{MyCompanyUfLogo}")
    other = d.add_picture(io.BytesIO(png(2, 2)))
    other._inline.docPr.set("descr", "{picture.none}")


def nested(d):
    put(d.add_paragraph(), "{this.SOUR", "CE.TITLE}: {this.SOURCE.MY_COMPANY.TITLE}, {this.MY_COMPANY.REQUISITE.RQ_INN}")
    table = d.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text = "{parties.index}. {parties.party.name}"
    inner = table.rows[0].cells[1].add_table(rows=1, cols=1)
    inner.rows[0].cells[0].text = "{parties.party.addresses.index}: {parties.party.addresses.city} ({parties.role})"
    for text in ("{#each parties}", "{parties.party.name}:", "{#each parties.party.contacts}", "- {parties.party.contacts.value}", "{/each}", "{/each}",
                 "Klient: {#each party.addresses}{party.addresses.city} {/each}", "{#each list(“base.unit”)}{= line.code} {/each}"):
        d.add_paragraph(text)


def wrong(d):
    d.add_paragraph("{no_such_field} {party.no_such} {lines.name}")
    d.add_paragraph("{#if reference}")
    d.add_paragraph("{/each}")


def hostile(d):
    d.add_paragraph("{name} {= ('x'):rep(10)} {notes}")


def read(path):
    d = docx.Document(path)
    return {"paragraphs": [p.text for p in d.paragraphs], "tables": [[[c.text for c in r.cells] for r in t.rows] for t in d.tables],
            "header": [p.text for p in d.sections[0].header.paragraphs],
            "inner": [[[[c.text for c in r.cells] for r in t.rows] for c in row.cells for t in c.tables] for table in d.tables for row in table.rows],
            "pictures": [[len(d.part.related_parts[s._inline.graphic.graphicData.pic.blipFill.blip.embed].blob), round(s.width.mm), round(s.height.mm)]
                         for s in d.inline_shapes],
            "header_pictures": len(d.sections[0].header._element.xpath(".//pic:pic")), "parts": sorted(str(p.partname) for p in d.part.package.iter_parts())}


if sys.argv[1] == "png":
    sys.stdout.buffer.write(png(int(sys.argv[2]), int(sys.argv[3])))
elif sys.argv[1] == "make":
    document = docx.Document()
    globals()[sys.argv[3]](document)
    document.save(sys.argv[2])
else:
    print(json.dumps(read(sys.argv[2])))
