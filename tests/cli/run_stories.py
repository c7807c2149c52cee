#!/usr/bin/env python3
"""The first command of the README as a newcomer types it, rightly and wrongly: ./run, in a tree that links to this one and has the
build under test in place of its own."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent), str(pathlib.Path(__file__).resolve().parent.parent / "docs")]
from commands import commands  # noqa: E402
from house import PASSWORD, ROOT, free_ports  # noqa: E402
from kontor import Kontor  # noqa: E402

BUILD = pathlib.Path(os.environ.get("KONTOR_BUILD", ROOT / "build" / "check"))


class Tree:
    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="kontor-run-"))
        for entry in ROOT.iterdir():
            if entry.name not in ("build", "var", ".git", "packages.txt"):
                (self.root / entry.name).symlink_to(entry)
        shutil.copy(ROOT / "packages.txt", self.root / "packages.txt")
        release = self.root / "build" / "release"
        release.mkdir(parents=True)
        for entry in BUILD.iterdir():
            if entry.name != "up-to-date":
                (release / entry.name).symlink_to(entry)
        (release / "up-to-date").write_text("-DKONTOR_TESTS=OFF")
        self.port, = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, *options, http=True, env=None):
        self.log = self.root / "log"
        command = [str(self.root / "run"), *(["--http", f"127.0.0.1:{self.port}"] if http else []), *options]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                            env={**os.environ, **(env or {})})
        return self

    def told(self):
        return self.log.read_text(errors="replace")

    def until(self, text, limit_s=120):
        end = time.monotonic() + limit_s
        while text not in self.told():
            assert self.process.poll() is None, f"./run ended with {self.process.returncode}: {self.told()[-2000:]}"
            assert time.monotonic() < end, f"no \"{text}\" within {limit_s} s: {self.told()[-2000:]}"
            time.sleep(0.05)
        return self.told()

    def end(self, number=signal.SIGTERM, group=True):
        (os.killpg if group else os.kill)(self.process.pid, number)
        return self.process.wait(60)

    def refused(self, *options, code, **more):
        """Ends by itself, and says why."""
        self.start(*options, **more)
        assert self.process.wait(60) == code, (self.process.returncode, self.told())
        return self.told()

    def beside(self, *options):
        """What a second ./run says beside the one that runs."""
        done = subprocess.run([str(self.root / "run"), "--http", f"127.0.0.1:{self.port}", *options], capture_output=True, text=True, timeout=60)
        assert done.returncode == 1, done
        return done.stderr

    def alone(self):
        """Nothing that ./run started in this tree is left."""
        left, until = [1], time.monotonic() + 5
        while left and time.monotonic() < until:
            left = subprocess.run(["pgrep", "-s", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        assert not left, subprocess.run(["ps", "-o", "pid,args", "-p", ",".join(left)], capture_output=True, text=True).stdout

    def close(self):
        if sys.exc_info()[0]:
            print("---- ./run said:\n" + self.told()[-3000:], file=sys.stderr)
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.root, ignore_errors=True)

    def client(self, password):
        kontor = Kontor(self.url)
        kontor.login("admin", password)
        return kontor


def census(kontor, *entities):
    return {entity: kontor.count(entity) for entity in ("base.party", "base.item", "base.relation", "base.currency_rate", *entities)}


def tour(tree):
    """The README's tour prints what it shows; where that has days in it, which depend on today's, it begins alike."""
    page = (ROOT / "README.md").read_text(encoding="utf-8").split("## A tour")[1].split("## Documentation")[0].replace("http://127.0.0.1:8080", tree.url)
    shell = {**os.environ, "HOME": str(tree.root), "XDG_CONFIG_HOME": "", "PATH": f"{tree.root}/build/release:{os.environ['PATH']}"}

    def run(command):
        return subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=tree.root, env=shell, capture_output=True, text=True, timeout=60)
    kept = ""
    for command, shown in commands(page, "kontor ", "curl ", "TOKEN="):
        if command.startswith("kontor login"):
            continue
        if command.startswith("TOKEN="):
            kept = command + "\n"
            continue
        done = run(kept + command)
        lines, shown = ([line.rstrip() for line in text.rstrip().splitlines()] for text in (done.stdout + done.stderr, "\n".join(shown)))
        assert done.returncode == (1 if shown and shown[0].startswith("kontor: ") else 0) and '"error"' not in done.stdout, (command, done)
        end = 1 if re.search(r"\d{4}-\d\d-\d\d", "".join(shown)) else len(shown) - 1 if shown and shown[-1] == "..." else max(len(shown), len(lines))
        assert not shown or lines[:end] == shown[:end], (command, lines, shown)
    others = [" ".join(command.split()) for command in re.findall(r"`(kontor [^`]+)`", page)]
    assert len(others) > 8, others
    for command in others:
        if command != "kontor watch":
            done = run(command.replace("/tmp/backup", f"{tree.root}/backup"))
            assert done.returncode == 0, (command, done)


def first_and_second(tree):
    """A company, a log-in that is shown once, the same company again."""
    told = tree.start().until("Ctrl-C stops the server.")
    assert "Building the demo company (small)" in told and told.count("First login: admin / ") == 1, told
    password = re.search(r"First login: admin / (\S+)", told).group(1)
    company = census(tree.client(password), "crm.deal")
    assert company["base.party"] >= 500 and company["crm.deal"] > 100, company
    for line in re.findall(r"^  (build/release/kontor .*)$", told, re.M):
        done = subprocess.run(line, shell=True, cwd=tree.root, input=password + "\n", capture_output=True, text=True,
                              env={**os.environ, "HOME": str(tree.root), "XDG_CONFIG_HOME": ""})
        assert done.returncode == 0 and done.stdout.strip(), (line, done)
    tour(tree)
    company = census(tree.client(password))
    assert tree.end() == 0, tree.told()
    tree.alone()
    assert not (tree.root / "var/data/first-password").exists()
    told = tree.start().until("Ctrl-C stops the server.")
    assert "First login" not in told and "Building" not in told, told
    assert census(tree.client(password)) == company
    assert tree.end(signal.SIGINT) == 0, tree.told()
    tree.alone()


def interrupted(tree):
    """Ctrl-C, and a stop of ./run alone, while the company is loaded: nobody is left behind, and the next start makes it whole."""
    password = tree.root / "password"
    password.write_text(PASSWORD + "\n")
    password.chmod(0o600)
    options = ("--data", str(tree.root / "second"), "--modules", "base")
    tree.start(*options, "--admin-password-file", str(password)).until("parties")
    assert tree.end(signal.SIGINT) == 130 and "goes on" in tree.told(), tree.told()
    tree.alone()
    assert "--admin-password-file" in tree.refused(*options, code=1)
    tree.start(*options, "--admin-password-file", str(password)).until("Building")
    time.sleep(0.5)
    assert tree.end(signal.SIGTERM, group=False) == 143, tree.told()
    tree.alone()
    tree.start(*options, "--admin-password-file", str(password)).until("Ctrl-C stops the server.")
    mended = census(tree.client(PASSWORD))
    assert tree.end() == 0
    tree.alone()
    shutil.rmtree(tree.root / "second")
    tree.start(*options, "--admin-password-file", str(password)).until("Ctrl-C stops the server.")
    assert census(tree.client(PASSWORD)) == mended, mended
    assert tree.end() == 0


def configured(tree):
    """What the configuration says holds where the command line is silent."""
    conf = tree.root / "conf.lua"
    conf.write_text(f'http = "127.0.0.1:{tree.port}"\ndata = "{tree.root}/third"\nadmin_password_file = "{tree.root}/password"\n')
    told = tree.start("--conf", str(conf), "--demo", "none", "--modules", "base", http=False).until("Ctrl-C stops the server.")
    assert "First login" not in told and tree.client(PASSWORD).count("base.party") == 0 and (tree.root / "third/store").is_dir()
    assert "another server answers" in tree.beside("--data", str(tree.root / "fourth"))
    assert tree.end() == 0
    conf.write_text("htpp = 1\n")
    assert "htpp: unknown key" in tree.refused("--conf", str(conf), "--data", str(tree.root / "fourth"), code=2)
    assert not (tree.root / "fourth").exists()


def mistaken(tree):
    """Slips of the pen are named, and the next try, rightly typed, works."""
    assert "unknown option --dta" in tree.refused("--dta", code=2)
    assert "--demo takes none, small or full, not big" in tree.refused("--demo", "big", code=2)
    assert "--data needs a value" in tree.refused("--data", code=2)
    for option in ("--data DIR", "--http HOST:PORT", "--listen URL", "--modules a,b,c", "--demo none|small|full", "--admin-password-file FILE", "--conf FILE"):
        assert option in tree.refused("--help", code=0), option
    deep = tree.root / ("deep" * 20)
    told = tree.start("--data", str(deep), "--demo", "none", "--modules", "base").until("Ctrl-C stops the server.")  # no room for a socket's name
    assert "no ipc:// address" in told and tree.end() == 0, told
    assert "at most" in tree.refused("--data", str(deep), "--demo", "none", "--listen", f"ipc://{deep}/{'x' * 80}", code=1)
    fifth = ("--data", str(tree.root / "fifth"), "--demo", "none")
    assert "cannot be read" in tree.refused(*fifth, "--admin-password-file", "/nowhere/password", code=1)
    (tree.root / "open").write_text(PASSWORD + "\n")
    (tree.root / "open").chmod(0o644)
    assert "anybody may read" in tree.refused(*fifth, "--modules", "base", "--admin-password-file", str(tree.root / "open"), code=1)
    shutil.rmtree(tree.root / "fifth")
    told = tree.refused(*fifth, "--modules", "base,sails", code=1)
    assert 'there is no module "sails"' in told, told
    told = tree.refused(*fifth, "--modules", "crm", code=1)
    assert 'needs the module "base"' in told, told
    assert "at most 65535" in tree.refused(*fifth, "--modules", "base", "--http", "127.0.0.1:99999", http=False, code=2)
    told = tree.start(*fifth, "--modules", "base").until("Ctrl-C stops the server.")
    password = re.search(r"First login: admin / (\S+)", told).group(1)
    assert [m["name"] for m in tree.client(password).call("module.list")["rows"] if m["enabled"] and m["kind"] == "library"] == ["base"]
    assert tree.end() == 0


def not_root(tree):
    """Who is not root is told what is missing, and how to install it."""
    with open(tree.root / "packages.txt", "a") as file:
        file.write("run kontor-no-such-package\n")
    bin = tree.root / "bin"
    bin.mkdir()
    (bin / "id").write_text("#!/bin/sh\necho 1000\n")
    (bin / "id").chmod(0o755)
    told = tree.refused("--data", str(tree.root / "sixth"), code=1, env={"PATH": f"{bin}:{os.environ['PATH']}"})
    assert "These packages are missing: kontor-no-such-package" in told and "apt-get install" in told, told
    assert not (tree.root / "sixth").exists()


def main():
    tree = Tree()
    try:
        first_and_second(tree)
        interrupted(tree)
        configured(tree)
        mistaken(tree)
        not_root(tree)
        print("./run does what it says, and says what it does not")
    finally:
        tree.close()


if __name__ == "__main__":
    main()
