#!/usr/bin/env python3
"""A file of many rows through a server on disk: import, the same again (nothing changes), export, undo; rows a second.

  bench/exchange.py [--build build/release] [--rows 100000] [--entity base.party]"""
import argparse
import os
import pathlib
import sys
import time
import urllib.request
import json

ROOT = pathlib.Path(__file__).resolve().parent.parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--build", default="build/release")
parser.add_argument("--rows", type=int, default=100000)
parser.add_argument("--entity", default="base.party", choices=["base.party", "crm.lead", "custom.plain"])
args = parser.parse_args()
os.environ["KONTOR_BUILD"] = str(pathlib.Path(args.build).resolve())
sys.path.insert(0, str(ROOT / "tests"))
from house import House  # noqa: E402

FILES = {
    "base.party": ("external_id,name,kind,website", lambda i: f"x{i},Firma {i} Toruń,organisation,https://firma{i}.pl"),
    "crm.lead": ("external_id,title,name,company_name,amount", lambda i: f"x{i},Lead {i},Jan Kot {i},Kot {i} SA,{i}.50"),
    "custom.plain": ("external_id,name,city,amount,day,note", lambda i: f"x{i},Firma {i},Toruń,12.50,2026-01-02,abc"),
}


def timed(k, what, method, params):
    began = time.monotonic()
    job = k.call(method, params)
    while job["state"] in ("queued", "running"):
        time.sleep(0.05)
        job = k.call("job.get", {"id": job["id"]})
    spent = time.monotonic() - began
    assert job["state"] == "done", job
    print(f"{what:16} {spent:7.2f} s {args.rows / spent:9.0f} rows/s", flush=True)
    return job


with House(modules="base,crm") as house:
    k = house.client()
    if args.entity == "custom.plain":
        k.call("entity.define", {"name": "custom.plain", "fields": [{"name": "name", "type": "string", "required": True}, {"name": "city", "type": "string"},
            {"name": "amount", "type": "money", "scale": 2}, {"name": "day", "type": "date"}, {"name": "note", "type": "text"}]})
    head, row = FILES[args.entity]
    data = (head + "\n" + "\n".join(row(i) for i in range(args.rows)) + "\n").encode()
    request = urllib.request.Request(house.url + "/files", data, {"Authorization": f"Bearer {k.token}", "X-File-Name": "rows.csv"})
    with urllib.request.urlopen(request) as answer:
        file = json.load(answer)["id"]
    what = {"entity": args.entity, "file": file}
    job = timed(k, "import", "import.start", what)
    timed(k, "again, unchanged", "import.start", what)
    timed(k, "export, csv", "export.start", {"entity": args.entity})
    timed(k, "undo", "import.undo", {"job": job["id"]})
    assert k.count(args.entity) == 0
