#!/usr/bin/env python3
"""The house rules, as a test: who includes whom, how long a file and a function may be, which calls are banned, labels
in both languages, a doc block on every public function. Prints each finding as FILE:LINE: what."""
import pathlib
import re
import subprocess
import sys

ROOMS = re.search(r"foreach\(room ([a-z ]+)\)", pathlib.Path("CMakeLists.txt").read_text()).group(1).split()
FILE_LINES, FUNCTION_LINES = 800, 70
# strcpy and its kin have no bound; the rest take time, locale or zone from outside the one clock.
BANNED = re.compile(r"(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atof|strtod|gets|localtime|gmtime|mktime|system|"
                    r"rand|srand|time)\s*\(")
MALLOC = re.compile(r"(?<![\w.>])(malloc)\s*\(")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
findings = []


def find(path, line, what):
    findings.append(f"{path}:{line}: {what}")


def without_comments(text):
    blank = lambda m: re.sub(r"[^\n]", " ", m.group(0))
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"", blank, text, flags=re.S)


def check_includes(path, text):
    parts = path.parts
    for number, line in enumerate(text.split("\n"), 1):
        m = re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', line)
        if not m:
            continue
        target = m.group(1)
        if parts[0] == "modules":
            own = (pathlib.Path(*parts[:2]) / target).exists()
            if "/" in target and not target.startswith("kontor/") and not own and line.strip().startswith('#include "'):
                find(path, number, f"a module includes {target}: plugins-api alone")
        elif parts[0] == "core":
            room = target.split("/")[0] if "/" in target else None
            test = path.stem.endswith(("_test", "_fuzz")) # a room's tests may stand on what is built above it
            if room in ROOMS and not test and ROOMS.index(room) > ROOMS.index(parts[1]):
                find(path, number, f"{parts[1]} includes {target}, which stands above it")
        if target == "jansson.h" and parts[0] == "core" and not str(path).startswith("core/kit/decode"):
            find(path, number, "jansson belongs to core/kit/decode.c and its tests")


def check_functions(path, code):
    lines = code.split("\n")
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{" and start is None:
            start = number
        elif line == "}" and start is not None:
            if number - start - 1 > FUNCTION_LINES:
                find(path, start, f"a function of {number - start - 1} lines: at most {FUNCTION_LINES}")
            start = None


def check_labels(path, text):
    for m in re.finditer(r"KT_FIELD\(([^;]*?)\)\s*[,)]", text, flags=re.S):
        if len(re.findall(r'"(?:\\.|[^"\\])*"', m.group(1))) < 2:
            find(path, text.count("\n", 0, m.start()) + 1, "a field without a Polish label")


def check_header(path, text):
    """Every prototype has a comment above it or beside it."""
    lines = text.split("\n")
    depth = 0
    covered = False
    for number, line in enumerate(lines, 1):
        if line.strip() == "":
            covered = False
        if "*/" in line or "/*" in line or "//" in line:
            covered = True
        if depth == 0 and re.match(r"^[A-Za-z_].*\b\w+\(", line) and not line.startswith(("#", "typedef", "static", "struct")) \
                and "__attribute__" not in line and not line.rstrip().endswith("\\"):
            if not covered:
                find(path, number, "a public function without its doc block")
        depth += line.count("{") - line.count("}")


def check(path):
    text = path.read_text(encoding="utf-8")
    code = without_comments(text)
    if text.count("\n") > FILE_LINES:
        find(path, 1, f"{text.count(chr(10))} lines: at most {FILE_LINES}")
    test = path.name.endswith(("_test.c", "_fuzz.c")) or path.parts[0] in ("tests", "bench")
    for number, line in enumerate(code.split("\n"), 1):
        if not test and (m := BANNED.search(line)):
            find(path, number, f"banned call {m.group(1)}")
        if path.parts[0] in ("core", "modules") and not test and str(path) != "core/kit/memory.c" and MALLOC.search(line):
            find(path, number, "malloc: use the arena, or calloc for what outlives a request")
    for comment in re.finditer(r"/\*.*?\*/|//[^\n]*", text, flags=re.S):
        if UNFINISHED.search(comment.group(0)):
            find(path, text.count("\n", 0, comment.start()) + 1, "unfinished work in a comment")
    check_includes(path, text)
    if not test: # a table of cases makes a test long, not hard to read
        check_functions(path, code)
    if path.parts[0] == "modules":
        check_labels(path, text)
    public = path.parts[0] == "plugins-api" or (path.parts[0] == "core" and path.parts[1] in ("kit", path.stem))
    if path.suffix == ".h" and public:
        check_header(path, text)


files = subprocess.run(["git", "ls-files", "*.c", "*.h"], capture_output=True, text=True, check=True).stdout.split()
for name in files:
    check(pathlib.Path(name))
for line in findings:
    print(line)
print(f"{len(files)} files, {len(findings)} findings")
sys.exit(1 if findings else 0)
