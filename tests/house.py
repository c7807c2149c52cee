"""A throw-away server for end-to-end tests: kontord of the build in KONTOR_BUILD, on its own data directory and port."""
import datetime
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "clients" / "python"))
from kontor import Kontor  # noqa: E402

PASSWORD = "Correct-Horse-9-Battery"


def free_ports(count):
    """Ports that are free now, each with a free one behind it: nng's notices go out one port above its calls. They lie
    below the range that the system gives to outgoing connections, so that none of these takes one in between."""
    ports, held = [], []
    while len(ports) < count:
        port = random.randrange(10000, 32000, 2)
        pair = socket.socket(), socket.socket()
        try:
            for i, one in enumerate(pair):
                one.bind(("127.0.0.1", port + i))
            ports.append(port)
            held += pair
        except OSError:
            for one in pair:
                one.close()
    for one in held:
        one.close()
    return ports


class House:
    def __init__(self, data=None, modules=None, options=(), env=None, prefix=()):
        """env: more of the server's environment; prefix: a command that starts the server's own."""
        self.build = pathlib.Path(os.environ.get("KONTOR_BUILD", ROOT / "build" / "check"))
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="kontor-house-"))
        self.data = pathlib.Path(data) if data else self.home / "data"
        self.modules, self.options = modules, list(options)
        self.env, self.prefix = {**os.environ, **(env or {})}, list(prefix)
        self.port, *self.more_ports = free_ports(4)
        self.url = f"http://127.0.0.1:{self.port}"
        self.password_file = self.home / "password"
        self.password_file.write_text(PASSWORD + "\n")
        self.password_file.chmod(0o600)
        self.log = self.home / "log"
        self.process = None

    def move_clock(self, seconds):
        """The server's wall clock goes so far ahead: from its start on, and later whenever that changes, at once."""
        moved = self.home / "clock"
        with open(moved, "r+b" if moved.exists() else "wb") as file:  # in place: it is mapped
            file.write(struct.pack("q", round(seconds)))
        self.env.update(LD_PRELOAD=str(self.build.resolve() / "tests" / "faults" / "libfaults_clock.so"), KONTOR_CLOCK=str(moved))

    def begin_on(self, day):
        """Before the start: it is ten o'clock on that day, in UTC."""
        self.move_clock(datetime.datetime.fromisoformat(f"{day}T10:00:00+00:00").timestamp() - time.time())

    def start(self, limit_s=60):
        command = self.prefix + [str(self.build / "kontord"), "--data", str(self.data), "--http", f"127.0.0.1:{self.port}",
                   "--admin-password-file", str(self.password_file)] + self.options
        if self.modules:
            command += ["--modules", self.modules]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            env=self.env)
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"kontord ended with {self.process.returncode}: {self.tail()}")
            try:
                with urllib.request.urlopen(self.url + "/health", timeout=2) as answer:
                    if answer.status == 200:
                        return self
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("kontord does not answer: " + self.tail())

    def client(self, user="admin", password=PASSWORD):
        kontor = Kontor(self.url)
        kontor.login(user, password)
        return kontor

    def tail(self, size=2000):
        return self.log.read_text(errors="replace")[-size:]

    def signal(self, number):
        self.process.send_signal(number)
        return self.process.wait(30)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise RuntimeError("kontord did not stop within 20 s")
            if self.process.returncode:
                raise RuntimeError(f"kontord ended with {self.process.returncode}: {self.tail()}")

    def __enter__(self):
        try:
            return self.start()
        except BaseException:  # then nobody calls __exit__
            if self.process:
                self.kill()
            shutil.rmtree(self.home, ignore_errors=True)
            raise

    def __exit__(self, kind, *unused):
        try:
            self.stop()
        finally:
            if kind:
                print("---- the server's log:\n" + self.tail(), file=sys.stderr)
            shutil.rmtree(self.home, ignore_errors=True)
