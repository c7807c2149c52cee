#!/usr/bin/env python3
"""Measures documents: the ready invoice of 20 lines to HTML beside an empty template, and to PDF by a job beside the renderer
alone, which gets the same HTML. Prints a table and fails where a bar is not met. Bars are on processor time, of the server and
of all its processes, which neighbours on the machine move least.

  bench/paper.py [--documents 100]"""
import argparse
import datetime
import os
import pathlib
import statistics
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "document"))
from house import House, ROOT  # noqa: E402
from papers import company, make  # noqa: E402

RENDERERS = 2


def processor_seconds(process):
    """Of a process and all below it, also those that have ended."""
    rows = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, rest = stat.read_text().split(" (", 1)
        except OSError:
            continue
        fields = rest.rsplit(") ", 1)[1].split()
        rows[int(pid)] = (int(fields[1]), sum(map(int, fields[11:15])))
    family = {process}
    while more := {pid for pid, (parent, _) in rows.items() if parent in family} - family:
        family |= more
    return sum(rows[pid][1] for pid in family if pid in rows) / os.sysconf("SC_CLK_TCK")


def cost(process, call, times):
    """Milliseconds a call: by the clock, median; and of processors."""
    taken = []
    call()
    before = processor_seconds(process)
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken), (processor_seconds(process) - before) * 1000 / times


def shop(k, documents):
    s = company(k)
    invoices = []
    for i in range(documents):
        lines = [{"item": s["bike"], "quantity": str(n + 1), "price": f"{100 + i + n}.99"} for n in range(20)]
        invoices.append(make(k, "finance.invoice", party=s["nowak"], day=datetime.date.today().isoformat(), lines=lines))
    k.call("finance.invoice.post", {"id": invoices[0]})
    k.call("document.presets", {})
    return invoices


def template(k, name):
    return k.list("document.template", [["name", "=", name], ["lang", "=", "pl"]])["rows"][0]["id"]


def alone(html, times):
    """Documents a second of one renderer process, and processor seconds of each."""
    part = lambda data: struct.pack(">I", len(data)) + data  # noqa: E731
    request = struct.pack(">I", 1) + part(b"html") + part(html.encode())
    process = subprocess.Popen(["/usr/bin/python3", "-I", str(ROOT / "core" / "document" / "renderer.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for i in range(times + 1):
        if i == 1:  # the first one pays for the start
            start, before = time.perf_counter(), processor_seconds(process.pid)
        process.stdin.write(request)
        process.stdin.flush()
        _, size = struct.unpack(">BI", process.stdout.read(5))
        process.stdout.read(size)
        process.stdout.read(struct.unpack(">I", process.stdout.read(4))[0])
    rate, each = times / (time.perf_counter() - start), (processor_seconds(process.pid) - before) / times
    process.kill()
    process.wait()
    return rate, each


def wait_for(k, job):
    while (job := k.call("job.get", {"id": job["id"]}))["state"] not in ("done", "failed"):
        time.sleep(0.02)
    assert (job["state"], job["problems"]) == ("done", 0), job


def by_job(house, k, invoice, ids):
    wait_for(k, k.call("document.make_all", {"template": invoice, "ids": ids[:RENDERERS]}))  # the renderers have started
    start, before = time.perf_counter(), processor_seconds(house.process.pid)
    wait_for(k, k.call("document.make_all", {"template": invoice, "ids": ids}))
    return len(ids) / (time.perf_counter() - start), (processor_seconds(house.process.pid) - before) / len(ids)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--documents", type=int, default=100)
    count = arguments.parse_args().documents
    with House(modules="base,crm,finance,logistics,production,hr") as house:
        k = house.client()
        ids = shop(k, count)
        invoice, empty = template(k, "invoice"), make(k, "document.template", name="empty", entity="finance.invoice", text="x")
        preview = lambda t: k.call("document.preview", {"template": t, "id": ids[0]})["text"]  # noqa: E731
        html, html_cpu = cost(house.process.pid, lambda: preview(invoice), 300)
        base, base_cpu = cost(house.process.pid, lambda: preview(empty), 300)
        one, one_cpu = alone(preview(invoice), count)
        job, job_cpu = by_job(house, k, invoice, ids)
    print(f"invoice of 20 lines to HTML   {html - base:6.2f} ms, {html_cpu - base_cpu:.2f} of processors, beside {base:.2f} and {base_cpu:.2f} of an empty template   bar 1.5")
    print(f"to PDF, kept, by a job        {job:6.1f} a second with {RENDERERS} renderers, {job_cpu * 1000:.0f} ms of processors each")
    print(f"to PDF, one renderer alone    {one:6.1f} a second, {one_cpu * 1000:.0f} ms each: the job takes {job_cpu / one_cpu:.2f} of that")
    return 0 if html_cpu - base_cpu <= 1.5 else 1


if __name__ == "__main__":
    sys.exit(main())
