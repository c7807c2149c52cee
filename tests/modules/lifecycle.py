#!/usr/bin/env python3
"""A module's life on a running server: made from the template, built out of tree, enabled, disabled, reloaded under load; modules
that are broken in every way are refused with the reason; the example in C and the one in Lua of docs/module-guide.md work."""
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House, ROOT  # noqa: E402
from kontor import KontorError  # noqa: E402


def build(house, source, name, flags=()):
    """Compiles C text to a module in the server's directory, by renaming it into place."""
    work = house.home / "work"
    work.mkdir(exist_ok=True)
    (work / f"{name}.c").write_text(source)
    target = work / f"{name}.so"
    subprocess.run(["gcc", "-std=c17", "-fPIC", "-fvisibility=hidden", "-shared", f"-I{ROOT}/plugins-api", "-o", str(target), str(work / f"{name}.c"),
                    f"-L{house.build}", "-lkontor", *flags], check=True)
    place(house, target, name + ".so")


def place(house, source, name):
    shutil.copy(source, house.modules_directory / (name + ".new"))
    (house.modules_directory / (name + ".new")).rename(house.modules_directory / name)


def refusal(call, *arguments):
    """How a call is refused."""
    try:
        call(*arguments)
    except KontorError as error:
        return error
    raise AssertionError(f"{arguments} was not refused")


def refused(house, kontor, name, expected, hint=None):
    """Enabling it is refused with exactly this. MODULES is the directory; the server loads copies with a number in the name."""
    error = refusal(kontor.call, "module.enable", {"name": name})

    def plain(text):
        text = text.replace(str(house.modules_directory), "MODULES").replace(str(house.data), "DATA")
        return re.sub(r"\.\d+\.\d+\.so", ".so", text)
    assert plain(str(error)) == expected, plain(str(error))
    hints = [plain(p["hint"]) for p in error.problems if p.get("hint")]
    assert hints == ([hint] if hint else []), hints
    listed = kontor.call("module.list")
    assert name not in [m["name"] for m in listed["rows"] if m["enabled"]], listed


def check_template(house, kontor):
    subprocess.run([str(house.build / "kontor"), "module", "new", "repairs"], cwd=house.home, check=True, stdout=subprocess.DEVNULL,
                   env={"PATH": "/usr/bin:/bin", "HOME": str(house.home), "KONTOR_TEMPLATES": str(ROOT / "clients" / "templates" / "module")})
    folder = house.home / "repairs"
    done = subprocess.run(["make", "-s", "check", f"INCLUDE={ROOT}/plugins-api", f"LIB={house.build}", f"MODULES={house.build}/modules",
                           f"KONTORD={house.build}/kontord"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0 and "ok 2 - " in done.stdout and "1..2" in done.stdout, done
    place(house, folder / "repairs.so", "repairs.so")
    kontor.call("module.enable", {"name": "repairs"})
    made = kontor.create("repairs.item", {"title": "Koło", "amount": "120.00"})
    assert kontor.get("repairs.item", made["id"])["allowed_actions"] == ["finish"]
    assert kontor.call("repairs.item.finish", {"id": made["id"]})["state"] == "done"
    error = refusal(kontor.create, "repairs.item", {"title": "X", "amount": "-1.00"})
    assert error.kind == "validation" and [p["path"] for p in error.problems] == ["amount"], error


def check_off_and_on(house, kontor):
    before = kontor.list("repairs.item")["rows"]
    kontor.call("module.disable", {"name": "repairs"})
    (house.modules_directory / "repairs.so").unlink()
    for restarted in (False, True):
        if restarted:
            house.stop()
            house.start()
            kontor = house.client()
        rows = kontor.list("repairs.item")["rows"]
        assert [r["title"] for r in rows] == [r["title"] for r in before], rows
        assert kontor.call("export.read", {"entity": "repairs.item"})["rows"]
        error = refusal(kontor.create, "repairs.item", {"title": "while off"})
        assert (error.kind, str(error)) == ("unavailable", "module repairs of repairs.item is not enabled"), error
    place(house, house.home / "repairs" / "repairs.so", "repairs.so")
    kontor.call("module.enable", {"name": "repairs"})
    assert kontor.list("repairs.item")["rows"] == before
    return kontor


def check_journaled(house, kontor):
    """Who enabled what, and when, is in the journal; it is not undone by an undo, but by the methods."""
    row = kontor.list("model.definition", filter=[["kind", "=", "module"], ["name", "=", "repairs"]])["rows"][0]
    entries = kontor.call("model.definition.history", {"id": row["id"]})["entries"]
    states = [c["after"] for e in entries for c in e["changes"] if c["field"] == "active"]
    assert states == [True, False, True], states
    assert all(e["by_name"] for e in entries), entries
    fed = [c for e in kontor.call("journal.since", {"seq": 0, "filter": {"entities": ["model.definition"]}, "limit": 1000})["entries"]
           for c in e["changes"]]
    assert {"repairs", "base", "crm"} <= {(c["after"] or {}).get("name") for c in fed}, fed
    try:
        answer = kontor.call("journal.revert", {"seq": entries[0]["seq"]})
        raise AssertionError(f"a module was disabled by an undo: {answer}")
    except KontorError as error:
        assert "module.enable" in str(error), error
    assert kontor.call("journal.verify")["sound"]


def check_left_out(house):
    """A module that cannot be had at the start is missed by the server's health until it is there, or off."""
    house.stop()
    (house.modules_directory / "repairs.so").unlink()
    house.start()
    kontor = house.client()
    health = kontor.call("system.health")
    assert (health["status"], [n["about"] for n in health["notices"]]) == ("limited", ["modules"]), health
    assert health["notices"][0]["reason"].startswith("repairs: "), health
    place(house, house.home / "repairs" / "repairs.so", "repairs.so")
    kontor.call("module.enable", {"name": "repairs"})
    assert kontor.call("system.health")["status"] == "ok"
    return kontor


def check_reload_under_load(house, kontor, seconds=3):
    halt, wrong, calls = threading.Event(), [], [0] * 4

    def call(k):
        mine = house.client()
        while not halt.is_set():
            try:
                mine.count("base.party")
                mine.create("base.note", {"text": f"load {k}"})
                calls[k] += 2
            except Exception as error:  # whatever it is, an unrelated call has failed
                wrong.append(repr(error))
                return
    threads = [threading.Thread(target=call, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    changes, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        kontor.call("module.reload", {"name": "repairs"})
        kontor.call("module.disable", {"name": "repairs"})
        kontor.call("module.enable", {"name": "repairs"})
        changes += 3
    halt.set()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[:3]
    assert sum(calls) > 50 and changes > 9, (calls, changes)
    print(f"  {changes} changes of a module under {sum(calls)} calls, none failed")


MODULE = '#include <kontor.h>\nstruct row { kt_record rec; kt_str name; kt_id other; };\n' \
         'static const kt_shape row_shape = KT_SHAPE(row, "%s", KT_FIELD(row, name, STRING, "Name", "Nazwa")%s);\n' \
         'const kt_module kontor_module = KT_MODULE("%s", "1.0.0", "X", "X", .needs = "%s", ' \
         '.entities = KT_LIST(kt_entity, {&row_shape, {"Row", "Wiersz"}, {"Rows", "Wiersze"}, .title = "name"}));\n'


def check_broken(house, kontor):
    (house.modules_directory / "garbage.so").write_bytes(b"this is no shared object" * 50)
    refused(house, kontor, "garbage", "MODULES/garbage.so: cannot be loaded: it is no ELF file")
    whole = (house.modules_directory / "repairs.so").read_bytes()
    (house.modules_directory / "cut.so").write_bytes(whole[:len(whole) // 2])
    refused(house, kontor, "cut", "MODULES/cut.so: cannot be loaded: it is cut short: the section headers lie beyond its end")
    build(house, (MODULE % ("abi.row", "", "abi", "base")).replace("const kt_module kontor_module", "static const kt_module honest") +
          "#undef KT_ABI\nconst kt_module kontor_module = {.abi = {99, {1, 1, 1, 1, 1, 1}}, .name = \"abi\", .version = \"1\"};\n", "abi", ["-Wno-unused-variable"])
    refused(house, kontor, "abi", "MODULES/abi.so: abi: it was built for ABI 99, this server has ABI 1")
    build(house, MODULE % ("missing.row", "", "missing", "base") + "KT_API int kt_no_such(void); KT_API int use(void); int use(void) { return kt_no_such(); }\n",
          "missing", ["-Wl,-z,undefs"])
    refused(house, kontor, "missing", "MODULES/missing.so: cannot be loaded: DATA/modules/missing.so: undefined symbol: kt_no_such")
    build(house, "int nothing;\n", "empty")
    refused(house, kontor, "empty", "MODULES/empty.so: cannot be loaded: DATA/modules/empty.so: undefined symbol: kontor_module")
    build(house, MODULE % ("base.party", "", "clash", "base"), "clash")
    refused(house, kontor, "clash", 'MODULES/clash.so: base.party: the entity\'s name must begin with "clash."')
    build(house, MODULE % ("lost.row", ',\n KT_FIELD(row, other, REF, "Other", "Inny", .target = "base.nobody")', "lost", "base"), "lost")
    refused(house, kontor, "lost", 'lost.row.other: its target "base.nobody" does not exist', "The module's file is MODULES/lost.so.")
    build(house, MODULE % ("needy.row", "", "needy", "base warehouse"), "needy")
    refused(house, kontor, "needy", 'needy: module "needy" needs the module "warehouse", which is not enabled',
            "Enable the needed module first. The module's file is MODULES/needy.so.")
    refused(house, kontor, "absent", 'absent: there is no module "absent" in MODULES')
    assert kontor.call("system.ping") is not None and kontor.count("base.note") > 0


ENDLESS = """#include <kontor.h>
#include <kontor/work.h>
static kt_error *nothing(kt_tx *tx, kt_work_run *run) { (void)tx; (void)run; return NULL; }
static kt_error *on(kt_tx *tx, kt_work_run *run) { (void)tx; run->position++; return NULL; }
static const kt_work walk = {nothing, on};
static kt_error *go(kt_tx *tx, const kt_record *params, kt_record *result) {
    kt_id job; (void)params; (void)result;
    return kt_work_start(tx, "endless.walk", KT_STR("Endless"), KT_STR("{}"), &job); }
const kt_module kontor_module = KT_MODULE("endless", "1.0.0", "Endless", "Bez końca", .needs = "base",
    .methods = KT_LIST(kt_method, {"go", {"Go", "Idź"}, "access.user:read", .writes = true, .run = go}),
    .services = KT_LIST(kt_service, {"endless.walk", 1, &walk}));
"""


def check_work(house, kontor):
    """What a module is at in the background ends when it is disabled, says so, and goes on only if it is told to."""
    def job():
        return kontor.list("job.job", [["title", "=", "Endless"]])["rows"][0]

    def wait(what, holds):
        until = time.monotonic() + 60
        while not holds(job()):
            assert time.monotonic() < until, (what, job())
            time.sleep(0.01)
    build(house, ENDLESS, "endless")
    kontor.call("module.enable", {"name": "endless"})
    kontor.call("endless.go")
    wait("it is at work", lambda job: (job["done"] or 0) > 3)
    kontor.call("module.disable", {"name": "endless"})
    left = job()
    assert left["state"] == "failed" and left["finished_at"] and left["message"] == "the module that does it (endless.walk) is disabled", left
    kontor.call("module.enable", {"name": "endless"})
    assert job() == left, job()
    kontor.call("job.retry", {"id": left["id"]})
    wait("it goes on", lambda job: job["done"] > left["done"])
    kontor.call("module.disable", {"name": "endless"})
    kontor.call("job.retry", {"id": left["id"]})
    wait("it cannot go on", lambda job: job["state"] == "failed")
    assert job()["done"] >= left["done"], job()


def check_examples(house, kontor):
    place(house, house.build / "examples" / "visits.so", "visits.so")
    kontor.call("module.enable", {"name": "visits"})
    party = kontor.create("base.party", {"name": "Gość", "kind": "organisation", "is_customer": True})["id"]
    visit = kontor.list("visits.visit", [["party", "=", party]])["rows"][0]
    assert visit["subject"] == "Welcome Gość" and visit["state"] == "planned", visit
    kontor.update("visits.visit", visit["id"], {"rate": "90.00"})
    kontor.call("visits.visit.hold", {"id": visit["id"], "minutes": 50})
    assert kontor.get("visits.visit", visit["id"])["price"] == "75.00"
    guide = (ROOT / "docs" / "module-guide.md").read_text(encoding="utf-8")
    (house.modules_directory / "rentals.lua").write_text(re.search(r"```lua\n(.*?)```", guide, re.S).group(1), encoding="utf-8")
    kontor.call("module.enable", {"name": "rentals"})
    rental = kontor.create("rentals.rental", {"bike": "Żwir 54", "party": party, "price": "80.00"})["id"]
    assert kontor.call("rentals.rental.hand_over", {"id": rental})["state"] == "out"
    error = refusal(kontor.call, "rentals.rental.hand_over", {"id": rental})
    assert error.kind == "state" and kontor.get("rentals.rental", rental)["state"] == "out", error
    rule = kontor.create("automation.rule", {"name": "rentals go out", "text": re.findall(r"```lua\n(.*?)```", guide, re.S)[1]})["id"]
    kontor.call("automation.rule.enable", {"id": rule})
    free, paid = (kontor.create("rentals.rental", {"bike": "Żwir 56", "party": party, "day": "2026-01-02", **more})["id"] for more in ({}, {"price": "70.00"}))
    error = refusal(kontor.call, "rentals.rental.hand_over", {"id": free})
    assert error.kind == "rule" and "needs a price" in str(error) and kontor.get("rentals.rental", free)["state"] == "booked", error
    kontor.call("rentals.rental.hand_over", {"id": paid})
    assert kontor.get("rentals.rental", paid)["day"] != "2026-01-02"
    with_function = (house.modules_directory / "rentals.lua").read_text().replace("to = \"out\"}", "to = \"out\", run = function() end}")
    (house.modules_directory / "coded.lua").write_text(with_function.replace("rentals", "coded"), encoding="utf-8")
    refused(house, kontor, "coded", 'row 6 MODULES/coded.lua: coded.rental.hand_over: "run" is code, and this file only declares: write a rule for the event, or the module in C')
    (house.modules_directory / "wrong.lua").write_text("return kontor.module {name =\n", encoding="utf-8")
    refused(house, kontor, "wrong", "row 2 MODULES/wrong.lua: wrong.lua:2: unexpected symbol near <eof>")


EXTRAS = """local f = kontor.field
return kontor.module {name = "extras", version = "1.0.0", label = {en = "Extras", pl = "Dodatki"}, needs = {"base"}, entities = {
  {extends = "base.party", fields = {
    f.string {"saddle", en = "Saddle", pl = "Siodło", max = 20, indexed = true,
              required_if = '[["is_customer", "=", true], ["kind", "=", "%s"]]'},
    f.state {"tier", en = "Tier", pl = "Poziom", "low", "high"}}}}}
"""


def check_extension(house, kontor):
    """A Lua file adds a field to another module's entity: a condition that names what is not there is refused, a sound one is kept
    to, and while the module rests the values wait."""
    file = house.modules_directory / "extras.lua"
    file.write_text(EXTRAS % "robot", encoding="utf-8")
    error = refusal(kontor.call, "module.enable", {"name": "extras"})
    assert "base.party.saddle.required_if" in str(error), error
    file.write_text(EXTRAS % "person", encoding="utf-8")
    kontor.call("module.enable", {"name": "extras"})
    error = refusal(kontor.create, "base.party", {"name": "Ada", "kind": "person", "is_customer": True})
    assert [p["path"] for p in error.problems] == ["saddle"], error.problems
    party = kontor.create("base.party", {"name": "Ada", "kind": "person", "is_customer": True, "saddle": "gel"})["id"]
    assert kontor.count("base.party", [["saddle", "=", "gel"]]) == 1
    field = next(f for f in kontor.call("system.describe", {"entities": ["base.party"]})["entities"][0]["fields"] if f["name"] == "saddle")
    assert (field["module"], field["required_if"][1]) == ("extras", ["kind", "=", "person"]), field
    kontor.call("field.define", {"entity": "base.party", "name": "saddle_note", "type": "string", "show_if": [["saddle", "=", "gel"]]})
    error = refusal(kontor.call, "module.disable", {"name": "extras"})
    assert "base.party.saddle_note.show_if" in str(error), error
    kontor.call("field.remove", {"entity": "base.party", "name": "saddle_note"})
    kontor.call("module.disable", {"name": "extras"})
    assert "saddle" not in kontor.get("base.party", party)
    kontor.update("base.party", party, {"name": "Ada L."})
    kontor.call("module.enable", {"name": "extras"})
    assert kontor.get("base.party", party)["saddle"] == "gel"
    kontor.update("base.party", party, {"tier": "high"})
    newer = (EXTRAS % "person").replace("1.0.0", "1.1.0")
    file.write_text(newer.replace('"low", "high"', '"top", "low", "high"'), encoding="utf-8")
    error = refusal(kontor.call, "module.upgrade", {"name": "extras"})
    assert sorted(p["path"] for p in error.problems) == ["base.party.tier"] * 2, error.problems
    file.write_text(newer.replace('"low", "high"', '{"top", value = 3}, {"low", value = 1}, {"high", value = 2}'), encoding="utf-8")
    kontor.call("module.upgrade", {"name": "extras"})
    assert kontor.get("base.party", party)["tier"] == "high"


STOCK = """local f = kontor.field
return kontor.module {name = "boxes", version = "%s", label = {en = "Boxes", pl = "Pudła"}, needs = {}, entities = {
  {name = "box", label = {en = "Box", pl = "Pudło"}, fields = {
      f.string {"code", en = "Code", pl = "Kod", max = 20%s}, f.string {"text", en = "Text", pl = "Tekst"}}}}}
"""


def check_upgrade_refused(house, kontor, many=2500):
    """A version that wants to be unique what is not: refused with the records that are alike, and the old one goes on."""
    file = house.modules_directory / "boxes.lua"
    file.write_text(STOCK % ("1.0.0", ""), encoding="utf-8")
    kontor.call("module.enable", {"name": "boxes"})
    kontor.import_rows("boxes.box", [{"code": f"c{i}"} for i in range(1, many + 1)], mode="create")
    ids = [kontor.create("boxes.box", {"code": code})["id"] for code in ("c7", "c2000")]
    file.write_text(STOCK % ("2.0.0", ", unique = true"), encoding="utf-8")
    error = refusal(kontor.call, "module.upgrade", {"name": "boxes"})
    assert error.kind == "conflict" and sorted(p["message"] for p in error.problems) == [
        f"records {first} and {second} have the same code: it cannot become unique" for first, second in zip((2000, 7), reversed(ids))], error.problems
    row = next(m for m in kontor.call("module.list")["rows"] if m["name"] == "boxes")
    assert row["version"] == "1.0.0" and row["enabled"], row
    for id, code in zip(ids, ("d7", "d2000")):
        kontor.update("boxes.box", id, {"code": code})
    kontor.call("module.upgrade", {"name": "boxes"})
    error = refusal(kontor.create, "boxes.box", {"code": "c1999"})
    assert error.kind == "conflict", error


def main():
    house = House(modules="base,crm")
    house.modules_directory = house.home / "modules"
    house.modules_directory.mkdir()
    for name in ("base.so", "crm.so"):
        shutil.copy(house.build / "modules" / name, house.modules_directory / name)
    house.options = ["--modules-dir", str(house.modules_directory)]
    with house:
        kontor = house.client()
        check_template(house, kontor)
        kontor = check_off_and_on(house, kontor)
        check_journaled(house, kontor)
        kontor = check_left_out(house)
        check_reload_under_load(house, kontor)
        check_broken(house, kontor)
        check_examples(house, kontor)
        check_work(house, kontor)
        check_extension(house, kontor)
        check_upgrade_refused(house, kontor)
        assert kontor.call("system.check")["sound"]
    print("a module's life: as it should be")


if __name__ == "__main__":
    main()
