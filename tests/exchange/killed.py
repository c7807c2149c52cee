#!/usr/bin/env python3
"""kill -9 in the middle of an import: the next start goes on where it stood; nothing is missing, nothing is there twice,
and the whole is still undone as one. Usage: killed.py [SEED]"""
import pathlib
import random
import shutil
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from dice import SEED  # noqa: E402
from house import House  # noqa: E402

ROWS, CHUNK = 12000, 1000


def expect(got, wanted):
    if got != wanted:
        raise AssertionError(f"expected {wanted!r}, got {got!r}")


def wait(k, job, until, limit_s=90):
    end = time.monotonic() + limit_s
    while not until(job):
        if time.monotonic() > end:
            raise AssertionError(f"does not go on: {job}")
        time.sleep(0.01)
        job = k.call("job.get", {"id": job["id"]})
    return job


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else SEED
    dice = random.Random(seed)
    print(f"seed {seed}", flush=True)
    data = pathlib.Path(tempfile.mkdtemp(prefix="kontor-killed-"))
    # no keys: a row that was taken twice would be two records
    text = "name;contacts[kind=phone,use=work].value\n" + "".join(f"Firm {i};+48 22 {i:07d}\n" for i in range(ROWS))
    kills, seen = 0, []
    try:
        job = {}
        while not job or job["state"] in ("queued", "running"):
            house = House(data=data / "data")
            house.start()
            try:
                k = house.client()
                job = k.call("job.get", {"id": job["id"]}) if job else k.call("import.start", {"text": text, "entity": "base.party"})
                stop_at = (seen[-1] if seen else 0) + dice.randrange(1, 4 * CHUNK)
                job = wait(k, job, lambda j: j["state"] not in ("queued", "running") or (kills < 4 and j["done"] >= stop_at))
                seen.append(job["done"])
                if job["state"] == "running":
                    time.sleep(dice.random() / 20)
                    kills += 1
                    house.kill()
                    continue
                expect((job["state"], job["result"]["created"], job["result"]["failed"]), ("done", ROWS, 0))
                rows = k.call("base.party.count", {"filter": [["name", "starts_with", "Firm "]]})
                expect((rows["count"] if isinstance(rows, dict) else rows), ROWS)
                names = [r["name"] for r in k.each("base.party", [["name", "starts_with", "Firm "]], fields=["name"])]
                expect((len(names), len(set(names))), (ROWS, ROWS))
                undone = wait(k, k.call("import.undo", {"job": job["id"]}), lambda j: j["state"] not in ("queued", "running"))
                expect((undone["state"], k.count("base.party", [["name", "starts_with", "Firm "]])), ("done", 0))
            finally:
                house.stop()
                shutil.rmtree(house.home, ignore_errors=True)
        expect(kills > 0, True)
    finally:
        shutil.rmtree(data, ignore_errors=True)
    print(f"killed {kills} times at {seen[:-1]} of {ROWS} rows: whole, and undone whole")


if __name__ == "__main__":
    main()
