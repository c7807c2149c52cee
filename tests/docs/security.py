#!/usr/bin/env python3
"""Whatever docs/security.md names as showing a row is there: a test of this build, or a file; and each file of the core."""
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("KONTOR_BUILD", ROOT / "build" / "check"))
listed = subprocess.run(["ctest", "--test-dir", str(BUILD), "-N"], capture_output=True, text=True, check=True).stdout
tests = set(re.findall(r"Test +#\d+: (\S+)", listed))
rows = [line.split("|") for line in (ROOT / "docs" / "security.md").read_text(encoding="utf-8").splitlines() if re.match(r"\| V\d", line)]
named, wrong = 0, []
for row in rows:
    if len(row) != 6:  # what does not hold has two columns
        continue
    shown = re.findall(r"`([^`]+)`", row[4])
    named += len(shown)
    wrong += [f"{row[2].strip()}: {name}" for name in shown or ["nothing"]
              if not ((ROOT / name).is_file() if "/" in name else name in tests)]
    wrong += [f"{row[2].strip()}: {name}" for name in re.findall(r"`(core/[^`]+)`", row[3]) if not (ROOT / name).is_file()]
if wrong or named < 40:
    sys.exit(f"docs/security.md names what is not there ({named} names):\n" + "\n".join(wrong))
print(f"docs/security.md: {named} tests and files, all there")
