#!/usr/bin/env python3
"""The programs of docs/clients.md: the one in Python is run, the one in C is compiled and run, each against a server."""
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import PASSWORD, ROOT, House  # noqa: E402

PAGE = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")


def block(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.S).group(1)


def python(house, kontor):
    program = block("python").replace("http://127.0.0.1:8080", house.url)
    done = subprocess.run([sys.executable, "-c", f"password = {PASSWORD!r}\n{program}"], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT / "clients" / "python")})
    assert done.returncode == 0 and "Koło i syn" in done.stdout and "tax_id the check digits" in done.stdout, done


def c(house, kontor):
    source, program = house.home / "first.c", house.home / "first"
    source.write_text(block("c"))
    command = re.search(r"^cc -o first first.c (.*)$", PAGE, re.M).group(1).split()
    subprocess.run(["cc", "-std=c17", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/clients/libkontor-client", "-o", program, source,
                    f"-L{house.build}/clients", *command], check=True)
    for url in (house.url, f"ipc://{house.data}/kontor.ipc"):
        done = subprocess.run([program], capture_output=True, text=True, env={**os.environ, "KONTOR_URL": url, "KONTOR_TOKEN": kontor.token})
        made = re.fullmatch(r"party (\d+)\n", done.stdout)
        assert done.returncode == 0 and kontor.get("base.party", int(made.group(1)))["name"] == "Rower Plus", done
    done = subprocess.run([program], capture_output=True, text=True, env={**os.environ, "KONTOR_URL": house.url, "KONTOR_TOKEN": "none"})
    assert done.returncode == 1 and done.stderr == "refused: you are not logged in\n", done


with House(modules="base") as house:
    kontor = house.client()
    kontor.create("base.party", {"name": "Koło i syn", "kind": "organisation"})
    python(house, kontor)
    c(house, kontor)
print("docs/clients.md: its programs work")
