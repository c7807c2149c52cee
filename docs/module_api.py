#!/usr/bin/env python3
"""Writes docs/module-api.md from the comments of plugins-api/kontor.h: one entry a declaration, in the header's order."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER = ROOT / "plugins-api" / "kontor.h"
PAGE = ROOT / "docs" / "module-api.md"


def plain(comment):
    """A comment's text without its frame."""
    lines = [re.sub(r"^\s*\*? ?", "", line) for line in comment.strip()[2:-2].split("\n")]
    return "\n".join(line.rstrip() for line in lines).strip()


TOKEN = re.compile(r"(?P<comment>/\*.*?\*/)|(?P<api>^KT_API\b[^;{]*;)|(?P<other>[^\n]*\n|[^\n]+$)", re.S | re.M)


def entries(text):
    """(part, None, None) for a heading, (None, declaration, text) for a function or variable, in order."""
    above, last = None, None  # the comment in front; the entry that a comment on the same line belongs to
    fresh = True              # at the beginning of a line
    for m in TOKEN.finditer(text):
        if m.group("comment"):
            heading = re.match(r"/\* ---- ([^-]*)", m.group("comment"))
            if heading:
                yield " ".join(heading.group(1).replace("*", "").split()), None, None
                above = None
            elif last and not fresh:
                last[2] = plain(m.group("comment"))
            else:
                above = m.group("comment") if fresh else None
            continue
        if m.group("api"):
            if last:
                yield tuple(last)
            last, fresh = [None, m.group("api"), plain(above) if above else ""], False
            above = None
            continue
        if m.group("other").strip():
            above = None
        elif m.group("other").count("\n") and last and not fresh:
            yield tuple(last)
            last = None
        fresh = m.group("other").endswith("\n")
    if last:
        yield tuple(last)


def page():
    text = HEADER.read_text(encoding="utf-8")
    out = ["# The module API", "", "Made from `plugins-api/kontor.h` by `docs/module_api.py`; the header is the authority and also explains the tables "
           "(`kt_field`, `kt_entity`, `kt_action` ..). [module-guide.md](module-guide.md) shows them at work.", ""]
    heading = None
    for part, declaration, note in entries(text):
        if part:
            heading = part
            continue
        if heading:
            out += [f"## {heading}", ""]
            heading = None
        code = re.sub(r"\s+", " ", re.sub(r"KT_API |KT_MUST |KT_PRINTF\([^)]*\) ", "", declaration)).strip()
        name = re.search(r"(\w+)\(|(\w+);", code)
        out += [f"### {name.group(1) or name.group(2)}", "", "```c", code, "```", ""]
        if note:
            out += [note, ""]
    return "\n".join(out).rstrip() + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv:
        if PAGE.read_text(encoding="utf-8") != page():
            sys.exit("docs/module-api.md is not what plugins-api/kontor.h says: run docs/module_api.py")
        print("docs/module-api.md is current")
    else:
        PAGE.write_text(page(), encoding="utf-8")
