#!/usr/bin/env python3
"""A field over many records that becomes unique: refused with the names of those that are alike and taken back; else filled while
others write, and used when it is whole, also after the server was killed."""
import pathlib
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House  # noqa: E402
from kontor import KontorError  # noqa: E402

PARTIES = 6000
BADGE = {"entity": "base.party", "name": "badge", "type": "string", "label": "Badge"}


def definition(kontor):
    return kontor.call("field.list", {"entity": "base.party"})[0]


def check_refusal(kontor, twin):
    try:
        kontor.call("field.define", {**BADGE, "unique": True})
        raise AssertionError("two records alike became unique")
    except KontorError as error:
        assert error.kind == "conflict" and f" {twin} " in str(error) and "badge" in str(error), error
    assert not definition(kontor).get("unique"), definition(kontor)


def check_filling(house, kontor):
    """Others write while the index is filled."""
    done, failed, written = threading.Event(), [], []

    def write(client):
        try:
            while not done.is_set():
                written.append(client.create("base.party", {"name": "Nowa", "badge": f"n{len(written)}"})["id"])
        except KontorError as error:
            failed.append(error)

    writer = threading.Thread(target=write, args=(house.client(),))
    writer.start()
    kontor.call("field.define", {**BADGE, "unique": True, "searchable": False})
    done.set()
    writer.join()
    assert not failed and written, failed
    plan = kontor.call("base.party.list", {"filter": [["badge", "=", "b77"]], "explain": True})
    assert plan["scan"] == "unique", plan
    assert kontor.list("base.party", filter=[["badge", "=", f"n{len(written) - 1}"]])["rows"][0]["id"] == written[-1]


def check_kill(house, kontor, pause_s):
    """Whenever the server dies, the next start goes on: the index is whole in the end, and sound."""
    field = {**BADGE, "name": f"plate_{int(pause_s * 1000)}", "indexed": True}

    def define():
        try:
            kontor.call("field.define", field)
        except (KontorError, OSError):
            pass  # the server died under it

    asking = threading.Thread(target=define)
    asking.start()
    time.sleep(pause_s)
    house.signal(signal.SIGKILL)
    asking.join()
    house.start()
    kontor = house.client()
    if not any(f["name"] == field["name"] for f in kontor.call("field.list", {"entity": "base.party"})):
        kontor.call("field.define", field)  # it had not been stored
    question = {"filter": [[field["name"], "=", "x"]], "explain": True}
    limit = time.monotonic() + 30
    while kontor.call("base.party.list", question)["scan"] != "index":
        assert time.monotonic() < limit, "the index is never whole"
        time.sleep(0.02)
    assert kontor.call("system.check")["sound"]
    return kontor


def main():
    with House(modules="base") as house:
        kontor = house.client()
        kontor.call("field.define", BADGE)
        kontor.import_rows("base.party", [{"external_id": f"o{i}", "name": f"Osoba {i}", "badge": f"b{i}"} for i in range(PARTIES)])
        twin = kontor.get("base.party", external_id=f"o{PARTIES - 10}")["id"]
        kontor.update("base.party", twin, {"badge": "b5"})
        check_refusal(kontor, twin)
        kontor.update("base.party", twin, {"badge": "b-own"})
        check_filling(house, kontor)
        house.stop()
        house.start()
        kontor = house.client()
        assert kontor.call("base.party.list", {"filter": [["badge", "=", "b77"]], "explain": True})["scan"] == "unique"
        for pause_s in (0.005, 0.015, 0.03, 0.05):
            kontor = check_kill(house, kontor, pause_s)
        kontor.call("field.remove", {"entity": "base.party", "name": "badge"})
        assert kontor.call("system.check")["sound"]
    print("fields of many records: as they should be")


if __name__ == "__main__":
    main()
