#!/usr/bin/env python3
"""What a flood meets: slow connections end, deep and giant messages are refused cheaply, others go on."""
import json
import pathlib
import socket
import sys
import threading
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parent.parent)]
from house import House  # noqa: E402

SLOW = 500


def resident_mb(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6


class Overload(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = House(modules="base").start()

    @classmethod
    def tearDownClass(cls):
        cls.house.__exit__(None)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.house.port), 15)

    def p99(self, seconds):
        client, times, until = self.house.client(), [], time.time() + seconds
        while time.time() < until:
            began = time.perf_counter()
            client.call("system.ping")
            times.append(time.perf_counter() - began)
            time.sleep(0.002)
        return sorted(times)[int(len(times) * 0.99)] * 1000

    def test_slow_requests_are_closed_and_harm_nobody(self):
        alone = self.p99(1)
        slow = []
        for i in range(SLOW):
            s = self.connect()
            s.sendall(b"POST /rpc HTTP/1.1\r\nHost: x\r\n" if i % 2 else b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            slow.append(s)
        began = time.time()

        def drip():  # one byte a second keeps a plain time-out from ever coming
            while time.time() - began < 8:
                for s in slow:
                    try:
                        s.sendall(b"x")
                    except OSError:
                        pass
                time.sleep(1)

        dripping = threading.Thread(target=drip)
        dripping.start()
        crowded = self.p99(3)
        dripping.join()
        open_still = 0
        for s in slow:
            s.settimeout(max(0.01, 11.5 - (time.time() - began)))
            try:
                while s.recv(1000):
                    pass
            except TimeoutError:
                open_still += 1
            except OSError:
                pass
        took = time.time() - began
        print(f"    {SLOW} slow connections gone after {took:.1f} s; p99 {alone:.1f} ms alone, {crowded:.1f} ms beside them")
        self.assertEqual(open_still, 0)
        self.assertLess(took, 12)

    def test_an_idle_connection_may_be_used_again_later(self):
        s = self.connect()
        for pause in (0, 11):
            time.sleep(pause)
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "system.ping"}).encode()
            s.sendall(b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            self.assertIn(b" 200 ", s.recv(4096).split(b"\r\n")[0])

    def test_giant_and_deep_messages_cost_little(self):
        before = resident_mb(self.house.process.pid)
        s = self.connect()
        s.sendall(b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 100000)
        self.assertIn(b" 413 ", s.recv(4096).split(b"\r\n")[0])
        bodies = [b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
                  b"[" + b"{}," * 300_000 + b"{}]", b"{" + b",".join(b'"k%d":1' % i for i in range(80_000)) + b"}",
                  b'{"jsonrpc":"2.0","id":1,"method":"base.party.list","params":{"filter":' + b"[" * 60 + b"]" * 60 + b"}}"]
        for body in bodies * 5:
            s = self.connect()
            s.sendall(b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            head = s.recv(65536)
            self.assertIn(b"error", head)
        after = resident_mb(self.house.process.pid)
        print(f"    resident {before:.0f} MB before, {after:.0f} MB after")
        self.assertLess(after - before, 32)


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
