#!/usr/bin/env python3
"""docs/reference.md is what a server of this build says of itself. `reference.py --write` renews it."""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House, ROOT  # noqa: E402

PAGE = ROOT / "docs" / "reference.md"

with House() as house:
    text = subprocess.run([sys.executable, str(ROOT / "docs" / "generate.py"), house.url, "admin", str(house.password_file)],
                          capture_output=True, text=True, check=True).stdout
if "--write" in sys.argv:
    PAGE.write_text(text, encoding="utf-8")
elif PAGE.read_text(encoding="utf-8") != text:
    sys.exit("docs/reference.md is not what the server says: run tests/docs/reference.py --write")
print(f"docs/reference.md: {len(text.splitlines())} lines, current")
