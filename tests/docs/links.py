#!/usr/bin/env python3
"""Every link between the project's pages leads somewhere."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
pages = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
dead = []
for page in pages:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", (ROOT / page).read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:", "mailto:")) and not (ROOT / page).parent.joinpath(target).exists():
            dead.append(f"{page}: {target}")
print("\n".join(dead) or f"{len(pages)} pages, every link leads somewhere")
sys.exit(1 if dead else 0)
