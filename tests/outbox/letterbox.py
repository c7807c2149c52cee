"""What a test of the outbox has at the other end: an SMTP server and a receiver of webhooks, both real, on loopback."""
import http.server
import json
import pathlib
import queue
import subprocess
import threading
import time

from house import free_ports

HERE = pathlib.Path(__file__).resolve().parent
DEADLINE_S = 300  # of patience with a busy machine: what is waited for is an event


class Smtpd:
    """The SMTP server, in a process of its own: Debian's python3 has aiosmtpd."""

    def __init__(self, *options):
        self.process = subprocess.Popen(["/usr/bin/python3", str(HERE / "smtpd.py"), *map(str, options)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.said, self.mails = queue.Queue(), []
        threading.Thread(target=lambda: [self.said.put(line) for line in self.process.stdout], daemon=True).start()
        self.port = int(self.said.get(timeout=DEADLINE_S).split()[1])

    def mode(self, name):
        self.process.stdin.write(name + "\n")
        self.process.stdin.flush()
        while not (line := self.said.get(timeout=DEADLINE_S)).startswith("mode "):
            self.mails.append(json.loads(line))

    def mail(self):
        return self.mails.pop(0) if self.mails else json.loads(self.said.get(timeout=DEADLINE_S))

    def none_waits(self):
        return not self.mails and self.said.empty()

    def stop(self):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()


class Receiver(http.server.BaseHTTPRequestHandler):
    taken, status = queue.Queue(), 200

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.taken.put((dict(self.headers) | {"Path": self.path}, body))
        self.send_response(self.status)
        if self.status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *unused):
        pass


def listen():
    """A server of Receiver: the server, to be shut down, and its port."""
    port, = free_ports(1)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, port


def effect(kontor, kind, **params):
    return kontor.create("outbox.effect", {"kind": kind, "params": params})["id"]


def outcome(kontor, number, *states, tries=None):
    until = time.monotonic() + DEADLINE_S
    while time.monotonic() < until:
        record = kontor.get("outbox.effect", number)
        if record["state"] in states and (tries is None or (record["attempts"] or 0) >= tries):
            return record
        time.sleep(0.05)
    raise AssertionError(f"effect {number} is {record}, expected {states} after {tries} tries")
