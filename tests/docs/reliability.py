#!/usr/bin/env python3
"""Each command of docs/reliability.md is one: ctest finds tests by it, the campaigns know the name. Its scenarios are those that there are."""
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("KONTOR_BUILD", ROOT / "build" / "check"))
page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
commands = sorted(set(re.findall(r"`((?:ctest -[RL]|campaign\.py |server\.py )[^`]+)`", page)))
listed = json.loads(subprocess.run(["ctest", "--test-dir", str(BUILD), "--show-only=json-v1"], capture_output=True, text=True, check=True).stdout)
tests = {test["name"]: next((p["value"] for p in test["properties"] if p["name"] == "LABELS"), []) for test in listed["tests"]}
wrong = []
for command in commands:
    program, *arguments = shlex.split(command)
    if program == "ctest":
        option, expression = arguments
        found = [test for test, labels in tests.items() if any(re.search(expression, text) for text in ([test] if option == "-R" else labels))]
        if not found:
            wrong.append(command)
    elif subprocess.run([sys.executable, str(ROOT / "tests" / "faults" / program), *arguments, "--help"], capture_output=True).returncode:
        wrong.append(command)
# every row of a table of faults or attacks has a command
for row in re.findall(r"^\|.*\|$", page.split("## How long it takes")[0], re.M):
    if not re.search(r"`(ctest|campaign|server)|^\| (failure|attack|---| \|)|^\|[-|]+$|^\| \| quick", row):
        wrong.append(f"no command: {row[:80]}")
# the tables of scenarios name each one of their files, and no other
for path, table in re.findall(r"^\| matter \| scenario in `([^`]+)` \|\n\|[-|]+\|\n((?:\|.*\|\n)+)", page, re.M):
    told = [row.split(" | ")[1].rstrip(" |").split(" (")[0] for row in table.splitlines()]
    there = re.findall(r'^  it\("([^"]+)"', (ROOT / path).read_text(encoding="utf-8"), re.M)
    if told != there:
        wrong += [f"{path}: {name}" for name in set(told) ^ set(there)] or [f"{path}: in another order"]
if wrong or len(commands) < 40:
    sys.exit(f"docs/reliability.md ({len(commands)} commands):\n" + "\n".join(wrong))
print(f"docs/reliability.md: {len(commands)} commands, each finds its tests")
