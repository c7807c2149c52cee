#!/usr/bin/env python3
"""Public clients of Bitrix24, unmodified, against a server: only their URL is ours. They are installed by npm into the
build folder at the versions of clients/package.json; without node, npm or its registry the test is left out and says so."""
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House, ROOT  # noqa: E402
from stories import STAGES  # noqa: E402

SOURCE = ROOT / "tests" / "bitrix24" / "clients"
PLACE = pathlib.Path(os.environ.get("KONTOR_BUILD", ROOT / "build" / "check")) / "bitrix24-clients"


def left_out(why):
    print(f"left out: {why}")
    sys.exit(77)


def install():
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            left_out(f"there is no {tool} (Debian: nodejs npm)")
    wanted = (SOURCE / "package.json").read_text()
    kept = PLACE / "package.json"
    done = PLACE / "installed"
    PLACE.mkdir(parents=True, exist_ok=True)
    if not done.exists() or kept.read_text() != wanted:
        kept.write_text(wanted)
        done.unlink(missing_ok=True)
        got = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--fetch-retries=1"],
                             cwd=PLACE, capture_output=True, text=True, timeout=240)
        if got.returncode:
            left_out("npm cannot install the clients: " + got.stderr.strip()[-300:])
        done.touch()
    for script in SOURCE.glob("*.js"):
        shutil.copy(script, PLACE / script.name)


def certify():
    """A certificate for 127.0.0.1, as a proxy in front of the server has one."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-keyout", "key.pem",
                    "-out", "cert.pem", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], cwd=PLACE, check=True, capture_output=True)
    return {**os.environ, "NODE_EXTRA_CA_CERTS": str(PLACE / "cert.pem")}


def main():
    install()
    env = certify()
    with House() as house:
        k = house.client()
        k.create("base.currency", {"code": "PLN"})
        k.create("crm.pipeline", {"name": "Sales", "stages": STAGES, "initial": True})
        user = k.call("session.whoami")["id"]
        hook = f"{house.url}/rest/{user}/{k.call('access.key.create_secret', {'name': 'hook'})['secret']}"
        for script in sorted(SOURCE.glob("*.js")):
            subprocess.run(["node", script.name, hook], cwd=PLACE, env=env, check=True, timeout=120)


if __name__ == "__main__":
    main()
