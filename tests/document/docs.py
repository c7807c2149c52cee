#!/usr/bin/env python3
"""Every example of docs/templates.md gives what the page says, on a running server."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "modules"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import House, ROOT  # noqa: E402
from shop import preview, shop  # noqa: E402

page = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
examples = re.findall(r"^```template\n(.*?)^```\n```gives\n(.*?)^```\n", page, flags=re.S | re.M)
assert len(examples) > 8, len(examples)
for helper in ("image", "number", "short", "money", "words", "day", "long_day", "qr", "code128", "ean13", "count"):
    assert any(re.search(rf"\b{helper}\(", text) for text, _ in examples), f"no example of {helper}"

house = House(modules="base,crm")
house.begin_on("2026-11-20")  # the page tells its documents' numbers
with house:
    k = house.client()
    quotation = shop(k)["quotation"]["id"]
    for text, wanted in examples:
        got = preview(k, text, quotation, "crm.quotation").replace("\u00a0", " ")
        same = got.strip() == wanted.strip() if wanted.strip() != "<svg" else got.count("<svg") == 3
        assert same, f"{text}\n-- the page says:\n{wanted}\n-- it gives:\n{got}"
print(f"{len(examples)} examples hold")
