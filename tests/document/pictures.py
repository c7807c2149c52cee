#!/usr/bin/env python3
"""Documents as they are seen: pages become pixels by pdftoppm, barcodes are read by zbar, signatures judged by pdfsig."""
import json
import pathlib
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "modules"))
from stories import expect, refused, run  # noqa: E402
from shop import make, shop, template  # noqa: E402
from stories_files import certificates, stored  # noqa: E402

STAMP = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><rect width="10" height="10" fill="#ff0000"/></svg>'


def page(file, number=1):
    """Width, height and pixels at 72 dots an inch: a dot is a point."""
    ppm = subprocess.run(["pdftoppm", "-r", "72", "-f", str(number), "-l", str(number), str(file)], capture_output=True, check=True).stdout
    _, size, _, pixels = ppm.split(b"\n", 3)
    width, height = map(int, size.split())
    return width, height, pixels


def inked(file, box, number=1, colour=None):
    """How many pixels of a box (x, y, width, height, from the lower left corner) are not white, or of a colour."""
    width, height, pixels = page(file, number)
    x, y, w, h = box
    found = 0
    for row in range(height - y - h, height - y):
        for column in range(x, x + w):
            pixel = pixels[3 * (row * width + column):3 * (row * width + column) + 3]
            found += pixel == colour if colour else pixel != b"\xff\xff\xff"
    return found


def barcodes_are_read_by_another_program(k, house):
    wanted = ["CODE-128:RM-28/A 2026", "EAN-13:5901234123457", "QR-Code:https://wicher.example/o/7?q=zażółć"]
    text = '<div>{{ qr("https://wicher.example/o/7?q=zażółć") }}</div><br><br><div>{{ code128("RM-28/A 2026") }}</div><br><br><div>{{ ean13("590123412345") }}</div>'
    made = k.call("document.make", {"template": template(k, "<style>svg{height:40mm}</style>" + text), "id": shop(k)["nowak"]})
    png = house.home / "codes"
    subprocess.run(["pdftoppm", "-r", "200", "-png", "-singlefile", str(stored(house, made)), str(png)], check=True)
    read = subprocess.run(["zbarimg", "-q", f"{png}.png"], capture_output=True, text=True).stdout
    expect(sorted(read.split("\n")[:-1]), wanted)


def signatures_are_seen_where_they_were_put(k, house):
    key, certificate, _ = certificates(house.home / "pki")
    mine = k.call("document.key.import", {"name": "mine", "key": key, "certificate": certificate})["id"]
    request = urllib.request.Request(house.url + "/files", data=STAMP,
                                     headers={"Authorization": "Bearer " + k.token, "Content-Type": "image/svg+xml", "X-File-Name": "s.svg"})
    make(k, "document.asset", name="stamp", file=json.load(urllib.request.urlopen(request))["id"])
    made = k.call("document.make", {"template": template(k, '<p>jeden</p><p style="break-before: page">dwa</p>'), "id": shop(k)["nowak"]})
    k.update("base.company", k.list("base.company")["rows"][0]["id"], {"zone": "Asia/Kolkata"})
    first, second = (300, 100, 200, 60), (60, 400, 150, 40)
    place = lambda box, number: dict(zip(("page", "x", "y", "width", "height"), (number, *box)))  # noqa: E731
    sign = lambda **more: k.call("document.sign", {"document": made["document"], "key": mine, **more})  # noqa: E731
    expect(inked(stored(house, made), first, 2), 0)
    once = sign(box=place(first, 2), reason="Zażółć gęślą jaźń", picture="stamp")
    twice = sign(box=place(second, 1))
    for file, count in ((once, 1), (twice, 2)):
        signed = house.home / "seen.pdf"
        signed.write_bytes(stored(house, file).read_bytes())
        report = subprocess.run(["pdfsig", "-nocert", str(signed)], capture_output=True, text=True, cwd=house.home).stdout
        expect((report.count("Signature is Valid"), report.count("Signature #")), (count, count))
        expect(subprocess.run(["qpdf", "--check", str(signed)], capture_output=True).returncode if pathlib.Path("/usr/bin/qpdf").exists() else 0, 0)
    expect(inked(signed, first, 2) > 300 and inked(signed, first, 2, b"\xff\0\0") > 1000, True)
    expect(inked(signed, second, 1) > 150, True)
    expect((inked(signed, (0, 0, 595, 100), 2), inked(signed, (60, 441, 150, 200), 1)), (0, 0))
    found = k.call("document.signatures", {"document": made["document"]})["signatures"]
    expect([(f["field"], f["intact"], f["whole"]) for f in found], [("Signature1", True, False), ("Signature2", True, True)])
    flat = house.home / "flat.pdf"  # what is drawn there as text
    subprocess.run(["pdftocairo", "-pdf", str(signed), str(flat)], check=True)
    shown = subprocess.run(["pdftotext", "-layout", str(flat), "-"], capture_output=True, text=True, check=True).stdout
    expect((shown.count(" +05:30"), "UTC" in shown, "Zażółć gęślą jaźń" in shown), (2, False, True))
    refused("validation", lambda: sign(box=place((0, 0, 5, 5), 1)), "box")
    refused("not_found", lambda: sign(box=place(first, 1), picture="none"), "picture")


STORIES = [barcodes_are_read_by_another_program, signatures_are_seen_where_they_were_put]

if __name__ == "__main__":
    run(STORIES, modules="base,crm")
