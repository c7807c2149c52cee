#!/usr/bin/env python3
"""The code of docs/module-guide.md is the code that is compiled, and docs/module-api.md says what the header says."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
guide = (ROOT / "docs" / "module-guide.md").read_text(encoding="utf-8")
shown = re.search(r"```c\n(.*?)```", guide, re.S).group(1)
if shown != (ROOT / "modules" / "examples" / "visits" / "visits.c").read_text(encoding="utf-8"):
    sys.exit("docs/module-guide.md does not show modules/examples/visits/visits.c as it is")
print("the guide shows what is compiled")
sys.exit(subprocess.run([sys.executable, str(ROOT / "docs" / "module_api.py"), "--check"]).returncode)
