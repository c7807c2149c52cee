#!/usr/bin/env python3
"""The commands of the guides, as they are printed there, typed into a shell beside a server: `$ kontor ..` must print what the page
shows below it, other lines that begin with `kontor` must be understood. What a page takes for given (files, users) is made before.

  tests/docs/commands.py README|integrators|operators|clients|access|import-export"""
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import ROOT, House  # noqa: E402

FILES = {
    "customers.csv": "external_id,name,kind\nc1,Nowak,person\n", "people.csv": "external_id,name,kind\np1,Lis,person\n",
    "leads.csv": "external_id,title\nl1,Fair\n",
    "rules/greet.lua": 'rule { on = "crm.lead.created", run = function(lead) lead.campaign = "greeted" end }\n',
    "specs/greet_spec.lua": 'it("greets", function() use "greet"; expect(call("crm.lead.get", {id = call("crm.lead.create", '
                            '{values = {title = "A"}}).id}).campaign, "greeted") end)\n',
}
FILES["vcard.json"] = (ROOT / "modules/base/mappings/vcard.json").read_text()
# What the example's ids, names and passwords stand for: there is no such record here, or another password.
STANDS_FOR_ANOTHER = re.compile(r"there is no [a-z_.]+ with id|no (job|user|access\.user)\b|the password has less than")
INTERACTIVE = ("kontor login", "kontor factor", "kontor watch", "kontor logout", "kontor user password", "kontor restore", "kontor tls", "kontor module")


def commands(page, *starts):
    """(command, what the page shows of its output or None), in order; starts: how a command may begin."""
    found = []
    for block in re.findall(r"^```(?:sh)?\n(.*?)^```", page, re.M | re.S) + re.findall(r"(?:^    kontor .*\n)+", page, re.M):
        lines = [line.removeprefix("    ") if block.startswith("    ") else line for line in block.splitlines()]
        shown = None
        while lines:
            line = lines.pop(0)
            is_shown, command = line.startswith("$ "), line.removeprefix("$ ")
            if not (is_shown or command.startswith("kontor ")) or (starts and not command.startswith(starts)):
                if shown is not None:
                    shown.append(line)
                continue
            while lines and subprocess.run(["bash", "-n", "-c", command], capture_output=True).returncode or command.endswith("\\"):
                command += "\n" + lines.pop(0)
            shown = [] if is_shown else None
            found.append((command, shown))
    return found


def plain(command):
    """Without what explains it."""
    command = re.sub(r"\s+#.*$", "", command)
    return re.sub(r"(?<=\S)\s{3,}[a-z][^'\"]*$", "", command) if "\n" not in command else command


def run(house, shell, command):
    return subprocess.run(["bash", "-c", command], cwd=shell["folder"], env=shell["env"], input="Zielony-Rower-7\n", capture_output=True,
                          text=True, timeout=120)


def check(house, shell, command, shown):
    """returns: what is wrong with it, or nothing"""
    told = run(house, shell, plain(command))
    if shown is not None:
        wanted, got = ("\n".join(line.rstrip() for line in text.rstrip().splitlines()) for text in ("\n".join(shown), told.stdout + told.stderr))
        return "" if not wanted or got == wanted else f"{command}\n  shows\n{got}\n  not\n{wanted}"
    fine = told.returncode in (0, 5) and not re.search(r"no (method|entity|command)\b", told.stderr) or STANDS_FOR_ANOTHER.search(told.stderr)
    return "" if fine else f"{command}\n  exit code {told.returncode}: {told.stdout[-300:]}{told.stderr}"


def prepare(house):
    folder = house.home / "work"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    env = {**os.environ, "HOME": str(house.home), "XDG_CONFIG_HOME": "", "PATH": f"{house.build}:{os.environ['PATH']}", "KONTOR_URL": house.url,
           "KONTOR_TOKEN": house.client().token}
    return {"folder": folder, "env": env}


def main(name):
    page = (ROOT / (f"{name}.md" if name == "README" else f"docs/{name}.md")).read_text(encoding="utf-8")
    page = page.replace("/var/backups/kontor", "$HOME").replace("http://127.0.0.1:8080", "$KONTOR_URL")
    count, wrong = 0, []
    with House(modules="base,crm") as house:
        shell = prepare(house)
        for command, shown in commands(page):
            if not plain(command).startswith("kontor ") or plain(command).startswith(INTERACTIVE):
                continue
            if "/var/lib/kontor" in command:  # on files that no server uses
                continue
            count += 1
            wrong += filter(None, [check(house, shell, command, shown)])
    if wrong or not count:
        sys.exit("\n".join(wrong) or f"docs/{name}.md has no commands")
    print(f"{name}: {count} commands do what the page says")


if __name__ == "__main__":
    main(sys.argv[1])
