#!/usr/bin/env python3
"""docs/moving-from-bitrix24.md: its commands are run in the order of the page, on the files of tests/exchange/bitrix24,
and print what the page shows. `moving.py --write` puts in what they print now."""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House, ROOT  # noqa: E402

PAGE = ROOT / "docs" / "moving-from-bitrix24.md"


def prepare(folder):
    """Step 2 of the page: the files."""
    for source in ("tests/exchange/bitrix24", "modules/crm/mappings"):
        for path in (ROOT / source).iterdir():
            shutil.copy(path, folder)


def main():
    page = PAGE.read_text(encoding="utf-8")
    with House(modules="base,crm") as house:
        folder = house.home / "files"
        folder.mkdir()
        k = house.client()
        prepare(folder)
        env = {**os.environ, "HOME": str(house.home), "XDG_CONFIG_HOME": "", "KONTOR_URL": house.url, "KONTOR_TOKEN": k.token}

        def block(match):
            lines = []
            for command in re.findall(r"^\$ kontor (.*)$", match.group(1), re.M):
                got = subprocess.run([str(house.build / "kontor"), *shlex.split(command)], cwd=folder, env=env, capture_output=True, text=True, timeout=120)
                shown = got.stdout + got.stderr
                lines += [f"$ kontor {command}", *shown.splitlines()]
            return "```\n" + "\n".join(lines) + "\n```" if lines else match.group(0)

        wanted = re.sub(r"```\n(\$ kontor .*?)\n```", block, page, flags=re.S)
    if "--write" in sys.argv:
        PAGE.write_text(wanted, encoding="utf-8")
    elif wanted != page:
        for old, new in zip(page.splitlines(), wanted.splitlines()):
            if old != new:
                print(f"- {old}\n+ {new}")
        sys.exit("docs/moving-from-bitrix24.md is not what the commands print: run tests/docs/moving.py --write")
    print("docs/moving-from-bitrix24.md: its commands print what it shows")


if __name__ == "__main__":
    main()
