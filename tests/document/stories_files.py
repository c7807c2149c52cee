"""Files of documents, and the certificates that sign them."""
import os
import pathlib
import subprocess

from house import ROOT


def stored(house, made):
    return house.data / "files" / made["sha256"][:2] / made["sha256"]


def certificates(folder):
    kontor = str(pathlib.Path(os.environ.get("KONTOR_BUILD", ROOT / "build" / "check")) / "kontor")
    subprocess.run([kontor, "tls", "make", str(folder)], check=True, capture_output=True)
    subprocess.run([kontor, "tls", "person", str(folder), "Zofia Żak"], check=True, capture_output=True)
    return [(folder / name).read_text() for name in ("person.key", "person.pem", "ca.pem")]
