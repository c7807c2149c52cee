#!/usr/bin/env python3
"""What `cmake --install` puts into a system works there: the unit is sound, and the installed server does its work as an
unprivileged user under the unit's restrictions, with the installed modules and the sample configuration."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import PASSWORD, ROOT, House  # noqa: E402
from kontor import KontorError  # noqa: E402

CONFINE = pathlib.Path(__file__).resolve().parent / "confine.py"
EXPOSURE_MAX = 20  # tenths; systemd calls up to 4.9 well, from 7.5 on exposed


def check_unit(prefix):
    unit = prefix.parent.parent / "kontor.service"
    unit.write_text((prefix / "share/kontor/kontor.service").read_text().replace("/usr/local/", f"{prefix}/"))
    verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
    assert verified.returncode == 0 and not verified.stderr, verified.stderr
    judged = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", unit], capture_output=True, text=True)
    assert judged.returncode == 0, judged.stdout[-400:]
    named = re.findall(r"kontor backup (/\S+)", (ROOT / "docs" / "operators.md").read_text())
    may = [path.lstrip("-") for path in re.search(r"^ReadWritePaths=(.*)$", unit.read_text(), re.M).group(1).split()]
    assert named and all(any(path.startswith(one + "/") for one in may) for path in named), f"the unit keeps the server out of {named}"
    return re.search(r"exposure level for kontor.service: (\S+)", judged.stdout).group(1)


def configure(house, prefix, path):
    """The sample configuration, for this house's directory and port."""
    text = (prefix / "share/kontor/kontor.lua").read_text()
    text = text.replace("/var/lib/kontor", str(house.data)).replace("127.0.0.1:8080", f"127.0.0.1:{house.port}")
    path.write_text(text)
    done = subprocess.run([prefix / "bin/kontord", "--conf", path, "--check-config"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return path


def work(house):
    kontor = house.client()
    party = kontor.create("base.party", {"name": "Nowak", "kind": "organisation"})["id"]
    deal = kontor.list("crm.deal", limit=1)
    assert kontor.get("base.party", party)["name"] == "Nowak" and deal["rows"] == []
    kontor.call("backup.create", {"directory": str(house.data / "copy")})
    rule = kontor.create("automation.rule", {"name": "seen", "text":  # a worker in its own jail, within ours
                         "rule { on = 'crm.lead.created', run = function(lead) lead.campaign = 'seen' end }"})["id"]
    kontor.call("automation.rule.enable", {"id": rule})
    lead = kontor.create("crm.lead", {"title": "Late"})["id"]
    assert kontor.get("crm.lead", lead)["campaign"] == "seen", kontor.get("automation.rule", rule)
    try:
        kontor.call("backup.create", {"directory": "/usr/local/kontor-test-copy"})
        raise AssertionError("the system could be written to")
    except KontorError as error:
        assert "Read-only" in str(error) or "denied" in str(error), error
    assert kontor.call("system.check")["sound"]
    return party


def write_a_module(house, prefix, home):
    """The first commands of docs/module-guide.md, with what is installed."""
    shell = {**os.environ, "PATH": f"{prefix}/bin:/usr/bin:/bin", "HOME": str(home), "KONTOR_URL": house.url}

    def run(*command, cwd=home, **more):
        done = subprocess.run(command, cwd=cwd, env=shell, capture_output=True, text=True, **more)
        assert done.returncode == 0, (command, done)
        return done.stdout
    run("kontor", "login", "admin", input=PASSWORD + "\n")
    run("kontor", "module", "new", "visits")
    assert "1..2" in run("make", "check", f"INCLUDE={prefix}/include", f"LIB={prefix}/lib", cwd=home / "visits")
    run("cp", "visits.so", f"{prefix}/lib/kontor/modules/", cwd=home / "visits")
    run("kontor", "module", "enable", "visits")
    run("kontor", "create", "visits.item", "title=First")
    assert "First" in run("kontor", "list", "visits.item"), "the new module keeps nothing"


def main():
    if os.geteuid() != 0 or not shutil.which("systemd-analyze"):
        print("left out: the unit's restrictions need root and systemd-analyze")
        return 77
    build = pathlib.Path(os.environ.get("KONTOR_BUILD", ROOT / "build" / "check"))
    root = pathlib.Path(tempfile.mkdtemp(prefix="kontor-install-", dir="/var/tmp"))
    root.chmod(0o755)
    try:
        subprocess.run(["cmake", "--install", build, "--prefix", "/usr/local"], check=True, stdout=subprocess.DEVNULL, env={**os.environ, "DESTDIR": str(root / "system")})
        prefix = root / "system/usr/local"
        missing = {p.name for p in (build / "modules").glob("*.so")} - {p.name for p in (prefix / "lib/kontor/modules").glob("*.so")}
        assert not missing, f"modules are built and not installed: {missing}"
        exposure = check_unit(prefix)
        data = root / "data"
        data.mkdir(mode=0o700)
        os.chown(data, 65534, 65534)
        house = House(data=data, prefix=[sys.executable, CONFINE, data])
        house.build = prefix / "bin"
        house.password_file = root / "password"  # /tmp is another one there
        house.password_file.write_text(PASSWORD + "\n")
        house.password_file.chmod(0o600)
        os.chown(house.password_file, 65534, 65534)
        house.options = ["--conf", str(configure(house, prefix, root / "kontor.lua"))]
        with house:
            party = work(house)
            owner = (house.data / "store" / "data.mdb").stat()
            assert owner.st_uid == 65534 and owner.st_mode & 0o077 == 0, "files are not the user's alone"
            house.stop()
            done = subprocess.run([prefix / "bin/kontord", "--check", house.data], capture_output=True, text=True, user=1, group=1, extra_groups=[])
            assert done.returncode == 2 and "nothing was checked: cannot read" in done.stderr, done  # who may not look finds no damage
            house.start()
            assert house.client().get("base.party", party)["name"] == "Nowak"
            write_a_module(house, prefix, house.home)
        print(f"installed, confined, at work; exposure {exposure} of 10")
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
