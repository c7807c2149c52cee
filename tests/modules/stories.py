"""Runs the stories of a file on one throw-away server: each is a function that gets the administrator's client."""
import pathlib
import shutil
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House  # noqa: E402
from kontor import KontorError  # noqa: E402


def make(k, entity, /, **values):
    """A record; returns its id. The days of a company are those of UTC, as are those of the stories."""
    if entity == "base.company":
        values.setdefault("zone", "Etc/UTC")
    return k.create(entity, values)["id"]


def expect(got, wanted):
    if got != wanted:
        raise AssertionError(f"expected {wanted!r}, got {got!r}")


def planned(k):
    """Runs the planning, and gives its record."""
    answer = k.call("production.mrp.run", {})
    while (job := k.call("job.get", {"id": answer["job"]}))["state"] in ("queued", "running"):
        time.sleep(0.01)
    expect(job["state"], "done")
    return k.get("production.mrp_run", answer["run"])


def refused(kind, call, *paths):
    """Calls, expects an error of this kind with problems exactly at these paths (any, if none is given); returns it."""
    try:
        answer = call()
    except KontorError as error:
        expect(error.kind, kind)
        if paths:
            expect(sorted(p.get("path") or "" for p in error.problems), sorted(paths))
        for p in error.problems:
            if not p.get("message"):
                raise AssertionError(f"a problem without a text: {p}")
        return error
    raise AssertionError(f"expected {kind}, was answered {answer!r}")


def own_modules(house):
    """A directory of modules beside the build's, to which a story may add its own."""
    house.modules_directory = house.home / "modules"
    house.modules_directory.mkdir()
    for name in house.modules.split(","):
        shutil.copy(house.build / "modules" / f"{name}.so", house.modules_directory)
    house.options += ["--modules-dir", str(house.modules_directory)]


def run(stories, modules="base,crm", prepare=None, day=None):
    """prepare: called with the house before it starts; day: that of its clock, if the stories name days."""
    failed = 0
    house = House(modules=modules)
    if day:
        house.begin_on(day)
    if prepare:
        prepare(house)
    with house:
        k = house.client()
        for story in stories:
            try:
                story(k, house) if story.__code__.co_argcount == 2 else story(k)
                print(f"  ok    {story.__name__.replace('_', ' ')}", flush=True)
            except (AssertionError, KontorError, KeyError, TypeError, IndexError):
                failed += 1
                print(f"  WRONG {story.__name__.replace('_', ' ')}", flush=True)
                traceback.print_exc(limit=-4)
    print(f"{len(stories) - failed} of {len(stories)} stories hold")
    sys.exit(1 if failed else 0)
