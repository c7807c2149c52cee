#!/usr/bin/env python3
"""An endless rule: how soon it is stopped, and what other callers notice. One client sets it off again and again while
others read; the same readers alone are the baseline, in turns of the same run.

  bench/endless.py [--build build/check] [--rounds 5] [--seconds 2]"""

import argparse
import json
import os
import statistics
import subprocess
import threading
import time

from harness import Office, message

DEADLINE_MS = 100
RULE = "rule { on = 'crm.lead.created', when = {{'title', '=', 'endless'}}, run = function() while true do end end }"


def load(office, seconds, text):
    out = subprocess.run([office.build / "bench" / "load", "--ipc", f"{office.data}/kontor.ipc", "--clients", "4", "--seconds", str(seconds),
                          "--message", text], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)["p99_us"]


def endless(office, ended, took):
    kontor = office.client()
    while not ended.is_set():
        began = time.monotonic()
        try:
            kontor.call("crm.lead.create", {"values": {"title": "endless"}})
        except Exception as error:
            assert "rule" in str(error), error
            took.append((time.monotonic() - began) * 1000)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--build", default="build/check")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=2)
    given = options.parse_args()
    os.environ["KONTOR_BUILD"] = os.path.abspath(given.build)
    office = Office(0)
    conf = office.home / "kontor.lua"
    conf.write_text(f"limits = {{rule_ms = {DEADLINE_MS}, rule_steps = 1000000000}}\n")  # steps would end it sooner
    office.options += ["--conf", str(conf)]
    office.start()
    try:
        kontor = office.client()
        party = kontor.create("base.party", {"name": "Nowak"})["id"]
        kontor.call("automation.rule.enable", {"id": kontor.create("automation.rule", {"name": "endless", "text": RULE})["id"]})
        text = message("base.party.get", {"id": party}, kontor.token)
        alone, beside, took = [], [], []
        for _ in range(given.rounds):
            alone.append(load(office, given.seconds, text))
            ended = threading.Event()
            calls = threading.Thread(target=endless, args=(office, ended, took))
            calls.start()
            beside.append(load(office, given.seconds, text))
            ended.set()
            calls.join()
            # five failures in a row switch a rule off: it goes on for the next round
            rule = kontor.list("automation.rule", [["name", "=", "endless"]])["rows"][0]
            if rule["state"] != "on":
                kontor.call("automation.rule.enable", {"id": rule["id"]})
        stopped = [t for t in took if t > DEADLINE_MS / 2]
        print(json.dumps({"stopped": len(stopped), "stopped_ms": round(statistics.median(stopped), 1), "stopped_most_ms": round(max(stopped), 1),
                          "alone_p99_us": statistics.median(alone), "beside_p99_us": statistics.median(beside),
                          "ratio": round(statistics.median(beside) / statistics.median(alone), 2)}))
    finally:
        office.stop()


if __name__ == "__main__":
    main()
