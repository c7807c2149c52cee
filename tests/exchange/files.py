#!/usr/bin/env python3
"""What files hold is given up for good: with the person they are about, or some days after their attachments were deleted;
never while something names it. Uploads of the same bytes at the same moment, kill -9 in between. Usage: files.py [SEED]"""
import hashlib
import json
import os
import pathlib
import random
import shutil
import sys
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "modules"))
from stories import House, expect, make, refused  # noqa: E402
from kontor import Kontor, KontorError  # noqa: E402
from dice import SEED  # noqa: E402
from house import PASSWORD  # noqa: E402

DAY_S = 86400
GONE = "what the file held was removed for good"


def upload(k, house, content, about=None, name="a file"):
    headers = {"Authorization": f"Bearer {k.token}", "X-File-Name": name, **({"X-About": about} if about else {})}
    with urllib.request.urlopen(urllib.request.Request(house.url + "/files", content, headers)) as answer:
        return json.load(answer)["id"]


def download(k, house, file):
    """The bytes, or (status, sentence)."""
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{house.url}/files/{file}", None, {"Authorization": f"Bearer {k.token}"})) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["error"]["message"]


def path_of(house, content):
    name = hashlib.sha256(content).hexdigest()
    return house.data / "files" / name[:2] / name


def kept(house, content):
    """Are the bytes anywhere in the folder of files?"""
    return any(content in path.read_bytes() for path in (house.data / "files").rglob("*") if path.is_file())


def ended(k, job):
    until = time.monotonic() + 60
    while (now := k.call("job.get", {"id": job}))["state"] in ("queued", "running"):
        assert time.monotonic() < until, f"does not end: {now}"
        time.sleep(0.02)
    return now


def sweep(k, **params):
    return ended(k, k.call("files.sweep", params)["id"])["result"]


def age(house, days):
    """As if all files had been brought so many days ago."""
    for path in (house.data / "files").rglob("*"):
        os.utime(path, (time.time() - days * DAY_S,) * 2)


# ---- A person ----

def an_erasure_tells_what_is_left(k, house):
    person = make(k, "base.party", name="Nowak", kind="person")
    make(k, "base.note", text="calls often", about={"entity": "base.party", "id": person}, party=person)
    scans = [upload(k, house, f"scan {i}".encode(), f"base.party/{person}") for i in range(3)]
    answer = k.call("person.erase", {"entity": "base.party", "id": person})
    expect(sorted((e["entity"], e["count"]) for e in answer["left"]), [("base.attachment", 3), ("base.note", 1)])
    expect("files" in answer, False)
    expect(download(k, house, scans[0]), b"scan 0")


def its_files_go_for_good(k, house):
    person, other = (make(k, "base.party", name=name, kind="person") for name in ("Nowak", "Kowalska"))
    field = "scan_of_id"
    k.call("field.define", {"entity": "base.party", "name": field, "type": "file", "on_delete": "clear"})
    both, alone, standing = b"of both: the contract", b"of one: the photo", b"in a field: the card"
    here = [upload(k, house, content, f"base.party/{person}") for content in (both, alone)]
    there = upload(k, house, both, f"base.party/{other}")
    k.update("base.party", person, {field: upload(k, house, standing)})
    k.update("base.attachment", there, {"party": person})
    expect(k.call("person.erase", {"entity": "base.party", "id": person})["left"], [{"entity": "base.attachment", "count": 4, "personal": 4, "stays": ["name", "type", "sha256"]}])
    answer = k.call("person.erase", {"entity": "base.party", "id": person, "files": True})
    expect((answer["files"]["erased"], answer["left"]), (3, [{"entity": "base.attachment", "count": 1, "personal": 1, "stays": ["name", "type", "sha256"]}]))
    expect([ended(k, job)["state"] for job in answer["files"]["jobs"]], ["done"])
    expect([kept(house, content) for content in (alone, standing, both)], [False, False, True])
    expect(download(k, house, there), both)
    expect(download(k, house, here[0])[0], 404)
    unit = k.call("journal.history", {"entity": "base.attachment", "id": here[1]})["entries"][0]["seq"]
    k.call("journal.revert", {"seq": unit})  # the record comes back, and says what became of the file
    expect(download(k, house, here[1]), (404, GONE))
    expect(k.call("system.check")["sound"], True)
    upload(k, house, alone)  # whoever has the bytes may bring them again
    expect(download(k, house, here[1]), alone)


def hundreds_of_files_are_not_too_many(k, house):
    person = make(k, "base.party", name="Nowak", kind="person")
    rows = [{"name": f"page {i}", "size": 1, "sha256": hashlib.sha256(f"page {i}".encode()).hexdigest(), "about": {"entity": "base.party", "id": person}}
            for i in range(450)]
    k.call("import.run", {"entity": "base.attachment", "rows": rows, "mode": "create", "keep_authors": True})
    files = k.call("person.erase", {"entity": "base.party", "id": person, "files": True})["files"]
    expect((files["erased"], [ended(k, job)["state"] for job in files["jobs"]]), (450, ["done", "done"]))


def the_caller_needs_the_rights(k, house):
    person = make(k, "base.party", name="Nowak", kind="person")
    file = upload(k, house, b"for a clerk", f"base.party/{person}")
    role = make(k, "access.role", name="clerk", grants="base.party:read,update,erase; base.attachment:read")
    user = make(k, "access.user", name="clerk", roles=[role])
    k.call("access.password", {"user": user, "new": PASSWORD})
    clerk = Kontor(house.url)
    clerk.login("clerk", PASSWORD)
    refused("forbidden", lambda: clerk.call("person.erase", {"entity": "base.party", "id": person, "files": True}))
    expect(k.get("base.party", person)["name"], "Nowak")
    expect(clerk.call("person.erase", {"entity": "base.party", "id": person})["left"], [{"entity": "base.attachment", "count": 1, "personal": 1, "stays": ["name", "type", "sha256"]}])
    expect(download(k, house, file), b"for a clerk")
    refused("forbidden", lambda: clerk.call("files.sweep"))


def a_document_keeps_its_file(k, house):
    person = make(k, "base.party", name="Nowak", kind="person")
    template = make(k, "document.template", name="letter", entity="base.party", kind="text", text="Dear {{ doc.name }}")
    made = k.call("document.make", {"template": template, "id": person})
    answer = k.call("person.erase", {"entity": "base.party", "id": person, "files": True})
    expect(answer["files"], {"erased": 0, "readable": 0, "jobs": []})
    expect(sorted((e["entity"], e["count"]) for e in answer["left"]), [("base.attachment", 1), ("document.document", 1)])
    k.delete("document.document", made["document"])
    answer = k.call("person.erase", {"entity": "base.party", "id": person, "files": True})
    expect((answer["files"]["erased"], answer["left"]), (1, []))
    expect(download(k, house, made["file"])[0], 404)


# ---- Damage ----

def bytes_that_come_again_mend_a_file(k, house):
    file = upload(k, house, b"a paper")
    path_of(house, b"a paper").write_bytes(b"A paper")
    expect(download(k, house, file), b"A paper")
    upload(k, house, b"a paper")
    expect(download(k, house, file), b"a paper")
    path_of(house, b"a paper").unlink()
    expect(download(k, house, file), (404, "the file is not here"))
    refused("storage", lambda: k.call("system.check"))  # lost is not given up
    upload(k, house, b"a paper")
    expect(k.call("system.check")["sound"], True)


# ---- A sweep ----

def files_are_swept_days_after_they_were_deleted(house):
    """Forty days ago, by the machine's clock: some files are deleted. Today: another one is."""
    house.move_clock(-40 * DAY_S)
    contents = {name: f"the content {name}".encode() for name in ("stays", "old", "today", "twice")}
    with house:
        k = house.client()
        files = {name: upload(k, house, content) for name, content in contents.items()}
        upload(k, house, contents["twice"], name="the other")
        for name in ("old", "twice"):
            k.delete("base.attachment", files[name])
        house.stop()
        house.move_clock(0)
        house.start()
        k = house.client()
        k.delete("base.attachment", files["today"])
        orphan = path_of(house, b"of a crash")
        orphan.parent.mkdir(exist_ok=True)
        orphan.write_bytes(b"of a crash")
        (house.data / "files" / "new" / "half").write_bytes(b"half of it")
        expect(sweep(k), {"removed": 0, "bytes": 0, "busy": 0})  # they were brought today, for all that is known
        age(house, 40)
        expect(sweep(k, days=50)["removed"], 0)
        expect(sweep(k, days=30), {"removed": 2, "bytes": len(contents["old"]) + len(b"of a crash"), "busy": 0})
        expect({name: kept(house, content) for name, content in contents.items()}, {"stays": True, "old": False, "today": True, "twice": True})
        expect(kept(house, b"half of it"), False)
        expect(sweep(k, days=30)["removed"], 0)
        history = k.call("journal.history", {"entity": "base.attachment", "id": files["old"]})["entries"]
        k.call("journal.revert", {"seq": history[0]["seq"]})
        expect(download(k, house, files["old"]), (404, GONE))
        expect(k.call("system.check")["sound"], True)
        refused("validation", lambda: k.call("files.sweep", {"days": 0}), "days")
        k.call("backup.create", {"directory": str(house.home / "copy")})
        with House(data=house.home / "copy", modules="base") as copy:
            k = copy.client()
            expect(k.call("system.check")["sound"], True)
            expect(download(k, copy, files["old"]), (404, GONE))


# ---- Crashes and uploads at the same moment ----

def bring_again(house, token, contents, brought, stop):
    """Others bring the same bytes, as long as the server lives."""
    k = Kontor(house.url, token=token)
    dice = random.Random(len(contents))
    while not stop.is_set():
        content = dice.choice(contents)
        try:
            brought.append((upload(k, house, content), content))
        except (OSError, KontorError):
            return


def killed_while_files_go(seed):
    dice = random.Random(seed)
    house = House(modules="base")
    house.start()
    brought = []  # what was acknowledged
    try:
        for turn in range(6):
            k = house.client()
            person = make(k, "base.party", name=f"Nowak {turn}", kind="person")
            contents = [f"turn {turn} file {i}".encode() for i in range(12)]
            alone = [f"turn {turn} alone {i}".encode() for i in range(12)]
            for content in contents + alone:
                upload(k, house, content, f"base.party/{person}")
            stop = threading.Event()
            others = [threading.Thread(target=bring_again, args=(house, k.token, contents, brought, stop)) for _ in range(3)]
            for thread in others:
                thread.start()
            time.sleep(0.05)
            job = k.call("person.erase", {"entity": "base.party", "id": person, "files": True})["files"]["jobs"][0]
            time.sleep(dice.random() / 10)
            if turn % 3 != 2:
                house.kill()
            stop.set()
            for thread in others:
                thread.join()
            if turn % 3 != 2:
                house.start()
            k = house.client()
            expect(ended(k, job)["state"], "done")
            expect([content for content in alone if kept(house, content)], [])
            named = {row["sha256"] for row in k.each("base.attachment", fields=["sha256"])}
            there = {content for content in contents if path_of(house, content).exists()}
            wanted = {content for content in contents if hashlib.sha256(content).hexdigest() in named}
            expect(wanted - there, set())
            # An upload that the kill cut off may leave its bytes, which files.sweep takes.
            expect(len(there - wanted) <= (len(others) if turn % 3 != 2 else 0), True)
            for file, content in brought:
                expect(download(k, house, file), content)
            expect(k.call("system.check")["sound"], True)
        print(f"  ok    killed while files go: {len(brought)} uploads of the same bytes")
    finally:
        house.stop()
        shutil.rmtree(house.home, ignore_errors=True)


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else SEED
    print(f"seed {seed}", flush=True)
    with House(modules="base") as house:
        k = house.client()
        for story in (an_erasure_tells_what_is_left, its_files_go_for_good, hundreds_of_files_are_not_too_many, the_caller_needs_the_rights,
                      a_document_keeps_its_file, bytes_that_come_again_mend_a_file):
            story(k, house)
            print(f"  ok    {story.__name__.replace('_', ' ')}", flush=True)
    files_are_swept_days_after_they_were_deleted(House(modules="base"))
    print("  ok    files are swept days after they were deleted", flush=True)
    killed_while_files_go(seed)


if __name__ == "__main__":
    main()
