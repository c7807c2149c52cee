#!/usr/bin/env python3
"""What docs/operators.md has an operator do beside the server: the first log-in out of the log, a log that is rotated, copies that are
proven and restored, damaged files that are put away. The commands are the page's own, with other directories."""
import json
import os
import pathlib
import pwd
import re
import signal
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from commands import plain  # noqa: E402
from house import ROOT, House  # noqa: E402
from kontor import Kontor, KontorError  # noqa: E402

PAGE = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")


class Place:
    """The page's directories, for this house."""

    def __init__(self, house):
        self.house, self.backups = house, house.home / "backups"
        self.backups.mkdir()
        self.env = {**os.environ, "HOME": str(house.home), "XDG_CONFIG_HOME": "", "PATH": f"{house.build}:{os.environ['PATH']}", "KONTOR_URL": house.url}

    def run(self, command, code=0):
        for path, here in (("/var/backups/kontor", self.backups), ("/var/lib/kontor", self.house.data)):
            command = command.replace(path, str(here))
        command = command.replace("chown -R kontor:", f"chown -R {pwd.getpwuid(os.geteuid()).pw_name}:")
        done = subprocess.run(["bash", "-c", command], env=self.env, capture_output=True, text=True, timeout=120)
        assert done.returncode == code, (command, done)
        return done.stdout + done.stderr

    def log_in(self):
        self.env["KONTOR_TOKEN"] = self.house.client().token
        return self.house.client()


def block(section):
    """The commands of a section's first block."""
    return [plain(line) for line in re.search(r"^```\n(.*?)^```", PAGE.split(f"## {section}\n")[1], re.M | re.S).group(1).splitlines()]


def the_first_login_is_in_the_log(house):
    """journalctl -u kontor | grep password"""
    data = house.home / "first"
    port = house.more_ports[0]
    log = house.home / "first-log"
    server = subprocess.Popen([house.build / "kontord", "--data", data, "--http", f"127.0.0.1:{port}", "--modules", "base"], stdout=log.open("w"), stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + 60
        while not (shown := [line for line in log.read_text().splitlines() if "password" in line]):
            assert time.monotonic() < until and server.poll() is None, log.read_text()
            time.sleep(0.05)
        kontor = Kontor(f"http://127.0.0.1:{port}")
        while True:
            try:
                kontor.login("admin", shown[0].split()[-1])
                break
            except OSError:
                assert time.monotonic() < until, shown
                time.sleep(0.05)
        second = subprocess.run([house.build / "kontord", "--data", data, "--http", "none"], capture_output=True, text=True, timeout=60)
        assert second.returncode and "is in use by another server" in second.stderr, second
    finally:
        server.terminate()
        assert server.wait(30) == 0


def a_log_file_is_rotated(house):
    house.stop()
    log, old = house.home / "server.log", house.home / "server.log.1"
    house.options += ["--log", str(log)]
    house.start()
    log.rename(old)
    house.process.send_signal(signal.SIGHUP)
    until = time.monotonic() + 30
    while not log.exists():
        assert time.monotonic() < until, "no new log file"
        time.sleep(0.02)
    house.stop()
    assert "stopped" in log.read_text() and "stopped" not in old.read_text()
    house.start()


def copies_are_proven_and_restored(place, party):
    commands = block("Backup and restore")
    assert [c.split()[1] for c in commands] == ["backup", "--check", "restore"], commands
    for command in commands:
        place.run(command)
    assert "is not empty" in place.run("kontor restore /var/backups/kontor/2026-11-23 /var/lib/kontor-new", code=7)
    half = place.backups / "half"
    half.mkdir()
    (half / "files").mkdir()
    place.run("kontord --check /var/backups/kontor/half", code=2)
    place.run(f"kontord --restore /var/backups/kontor/half --data {place.house.home}/none", code=2)
    other = House(data=f"{place.house.data}-new")
    with other:
        assert other.client().get("base.party", party)["name"] == "Nowak"


def damaged_files_are_put_away(place, party):
    stop, check, put_away, restore, start = block("When it ends by itself")
    assert stop == "systemctl stop kontor" and start.endswith("systemctl start kontor"), (stop, start)
    place.house.stop()
    with open(place.house.data / "store" / "data.mdb", "r+b") as file:
        size = file.seek(0, 2)
        for at in range(2 * 4096, size, 4096):  # behind both of its heads
            file.seek(at + 2000)
            file.write(b"damaged" * 20)
    assert place.run(check, code=1).strip(), "no finding is told"
    place.run(put_away)
    place.run(restore)
    place.run(start.replace("&& systemctl start kontor", ""))
    place.house.start()
    assert place.house.client().get("base.party", party)["name"] == "Nowak"


def a_file_that_is_not_what_it_was_is_found(place):
    """Missing, by the server; of other content, by kontord --check."""
    k = place.house.client()
    request = urllib.request.Request(place.house.url + "/files", b"a paper", {"Authorization": f"Bearer {k.token}", "X-File-Name": "paper"})
    with urllib.request.urlopen(request) as answer:
        name = json.load(answer)["sha256"]
    path = place.house.data / "files" / name[:2] / name
    assert k.call("system.check")["sound"]
    path.rename(path.with_suffix(".away"))
    try:
        raise AssertionError(k.call("system.check"))
    except KontorError as error:
        assert "base.attachment 1: the file is not here" in str(error), error
    path.with_suffix(".away").rename(path)
    place.house.stop()
    path.write_bytes(b"A paper")
    assert "base.attachment 1: the file is not what its name says" in place.run(f"kontord --check {place.house.data}", code=1)
    path.write_bytes(b"a paper")
    place.run(f"kontord --check {place.house.data}")
    place.house.start()
    place.log_in()


def main():
    with House(modules="base") as house:
        place = Place(house)
        party = place.log_in().create("base.party", {"name": "Nowak", "kind": "person"})["id"]
        the_first_login_is_in_the_log(house)
        a_log_file_is_rotated(house)
        place.log_in()
        a_file_that_is_not_what_it_was_is_found(place)
        copies_are_proven_and_restored(place, party)
        damaged_files_are_put_away(place, party)
    print("what the page has an operator do is done")


if __name__ == "__main__":
    main()
