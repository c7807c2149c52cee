#!/usr/bin/env python3
"""Measures documents: the ready invoice of 20 lines to HTML beside an empty template, and to PDF by a job beside the renderer
alone, which gets the same HTML. Prints a table and fails where a bar is not met.

  bench/paper.py [--documents 100]"""
import argparse
import datetime
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


def milliseconds(call, times):
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


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
    """Documents a second of one renderer process."""
    part = lambda data: struct.pack(">I", len(data)) + data  # noqa: E731
    request = struct.pack(">I", 1) + part(b"html") + part(html.encode())
    process = subprocess.Popen(["/usr/bin/python3", "-I", str(ROOT / "core" / "document" / "renderer.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for i in range(times + 1):
        if i == 1:  # the first one pays for the start
            start = time.perf_counter()
        process.stdin.write(request)
        process.stdin.flush()
        _, size = struct.unpack(">BI", process.stdout.read(5))
        process.stdout.read(size)
        process.stdout.read(struct.unpack(">I", process.stdout.read(4))[0])
    rate = times / (time.perf_counter() - start)
    process.kill()
    process.wait()
    return rate


def by_job(k, invoice, ids):
    k.call("document.make_all", {"template": invoice, "ids": ids[:RENDERERS]})
    job = k.call("document.make_all", {"template": invoice, "ids": ids})
    start = time.perf_counter()
    while (job := k.call("job.get", {"id": job["id"]}))["state"] not in ("done", "failed"):
        if job["done"] == 0:
            start = time.perf_counter()
        time.sleep(0.01)
    assert (job["state"], job["problems"]) == ("done", 0), job
    return len(ids) / (time.perf_counter() - start)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--documents", type=int, default=100)
    count = arguments.parse_args().documents
    with House(modules="base,crm,finance,logistics,production,hr") as house:
        k = house.client()
        ids = shop(k, count)
        invoice, empty = template(k, "invoice"), make(k, "document.template", name="empty", entity="finance.invoice", text="x")
        preview = lambda t: k.call("document.preview", {"template": t, "id": ids[0]})["text"]  # noqa: E731
        html, base = milliseconds(lambda: preview(invoice), 300), milliseconds(lambda: preview(empty), 300)
        one, job = alone(preview(invoice), count // 2), by_job(k, invoice, ids)
    print(f"invoice of 20 lines to HTML       {html:8.2f} ms a call, an empty template {base:.2f}: {html - base:.2f} ms   bar 1.5")
    print(f"to PDF, kept, by a job            {job:8.1f} a second with {RENDERERS} renderers")
    print(f"to PDF, one renderer alone        {one:8.1f} a second; the job: {job / one:.2f} of it")
    return 0 if html - base <= 1.5 else 1


if __name__ == "__main__":
    sys.exit(main())
