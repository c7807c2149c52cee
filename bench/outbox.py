#!/usr/bin/env python3
"""Measures the outbox: 10,000 mails queued by one transaction, then drained to an SMTP server on loopback, which takes each
at once. Prints a table and fails where a bar is not met.

  bench/outbox.py [--mails 10000]"""
import argparse
import asyncio
import multiprocessing
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
from house import House  # noqa: E402


class Sink(asyncio.Protocol):
    """As much of RFC 5321 as a mail takes; tells how many it has and of how many connections."""

    mails, connections, in_data, rest = None, None, False, b""

    def connection_made(self, transport):
        self.transport = transport
        self.connections.value += 1
        transport.write(b"220 sink\r\n")

    def data_received(self, data):
        self.rest += data
        while self.rest:
            end = b"\r\n.\r\n" if self.in_data else b"\r\n"
            line, found, rest = self.rest.partition(end)
            if not found:
                return
            self.rest = rest
            self.answer(line[:4].upper())

    def answer(self, verb):
        if self.in_data:
            self.in_data = False
            self.mails.value += 1
            self.transport.write(b"250 taken\r\n")
        elif verb == b"DATA":
            self.in_data = True
            self.transport.write(b"354 go on\r\n")
        elif verb == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
        else:
            self.transport.write(b"250 sink\r\n")


def sink(port, mails, connections):
    Sink.mails, Sink.connections = mails, connections

    async def serve():
        server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    asyncio.run(serve())


def wait(for_what, seconds, what):
    until = time.monotonic() + seconds
    while not for_what():
        if time.monotonic() > until:
            sys.exit(f"{what}: not within {seconds} s")
        time.sleep(0.005)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--mails", type=int, default=10000)
    count = arguments.parse_args().mails
    port, mails, connections = (multiprocessing.Value("i", 0) for _ in range(3))
    server = multiprocessing.Process(target=sink, args=(port, mails, connections), daemon=True)
    server.start()
    wait(lambda: port.value, 10, "the SMTP server")
    conf = (f'mail = {{url = "smtp://127.0.0.1:{port.value}", plain = true, from = "erp@example.com"}}\n'
            'limits = {rule_ms = 20000, rule_steps = 100000000}\n')
    house = House(modules="base")
    conf_file = house.home / "kontor.lua"
    conf_file.write_text(conf)
    conf_file.chmod(0o600)
    house.options = ["--conf", str(conf_file)]
    with house:
        k = house.client()
        text = (f'rule {{ on = "webhook many", run = function() for i = 1, {count} do mail {{to = "c" .. i .. "@example.com", '
                'subject = "Autumn prices", text = "Dear customer " .. i .. ",\\nthe list is out.\\n"} end end }')
        rule = k.call("automation.rule.create", {"values": {"name": "many", "text": text}})["id"]
        k.call("automation.rule.enable", {"id": rule})
        began = time.monotonic()
        k.call("rule.webhook", {"name": "many", "payload": {}})
        wait(lambda: k.call("rule.runs", {"id": rule})["runs"], 60, "queueing")
        queued = time.monotonic() - began
        wait(lambda: mails.value >= count, 300, "draining")
        drained = time.monotonic() - began
        wait(lambda: k.call("outbox.effect.count", {"filter": [["state", "=", "delivered"]]}) == count, 60, "putting on record")
        recorded = time.monotonic() - began
    server.kill()
    rows = (("queued by one transaction", f"{queued:.2f} s", "<= 1 s", queued <= 1.0 * count / 10000),
            ("taken by the SMTP server", f"{count / drained:.0f} mails/s", "> 500", count / drained > 500),
            ("on record", f"{count / recorded:.0f} mails/s", "", True),
            ("connections for all of them", f"{connections.value}", "<= 16", connections.value <= 16),
            ("mails taken", f"{mails.value}", f"{count}", mails.value == count))
    for row in rows:
        print(f"| {row[0]} | {row[1]} | {row[2]} | {'met' if row[3] else 'short'} |")
    sys.exit(not all(row[3] for row in rows))


if __name__ == "__main__":
    main()
