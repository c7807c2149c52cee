#!/usr/bin/env python3
"""Every nng transport carries calls and notices; what is too large or foreign is refused; a stop under load answers."""
import json
import pathlib
import signal
import struct
import subprocess
import sys
import threading
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parent.parent)]
import sp  # noqa: E402
from house import PASSWORD, House, free_ports  # noqa: E402


class Transports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = House(modules="base")
        tls = cls.house.home / "tls"
        tls.mkdir()
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                               "-keyout", tls / "key.pem", "-out", tls / "cert.pem"], capture_output=True)
        tcp, ws, tls_port = free_ports(3)
        cls.urls = {"ipc": f"ipc://{cls.house.home}/k.ipc", "tcp": f"tcp://127.0.0.1:{tcp}", "ws": f"ws://127.0.0.1:{ws}/bus"}
        if made.returncode == 0:
            cls.urls["tls"] = f"tls+tcp://127.0.0.1:{tls_port}"
        for url in cls.urls.values():
            cls.house.options += ["--listen", url]
        conf = cls.house.home / "conf.lua"
        conf.write_text('origins = {"https://erp.example.com"}\n')
        cls.house.options += ["--tls-dir", str(tls), "--conf", str(conf)]
        cls.house.start()

    @classmethod
    def tearDownClass(cls):
        cls.house.__exit__(None)

    def test_each_transport_carries_calls(self):
        for name, url in self.urls.items():
            with self.subTest(name):
                client = sp.Client(url).login(PASSWORD)
                made = client.call("base.party.create", {"values": {"name": f"By {name}", "kind": "organisation"}})
                self.assertEqual(client.call("base.party.get", {"id": made["id"]})["name"], f"By {name}")
                client.close()

    def test_many_calls_of_one_connection_are_all_answered(self):
        client = sp.Client(self.urls["tcp"]).login(PASSWORD)
        sent = set()
        for i in range(300):
            method = "base.party.count" if i % 3 else "base.tag.create"
            params = {} if i % 3 else {"values": {"name": f"tag {i}"}}
            sent.add(client.message({"jsonrpc": "2.0", "id": i, "method": method, "params": params, "auth": client.token}))
        got = set()
        for _ in range(300):
            number, answer = client.answer()
            self.assertIn("result", answer)
            got.add(number)
        self.assertEqual(sent, got)

    def test_notices_say_how_far_the_journal_is(self):
        pubs = {"ipc": self.urls["ipc"] + ".pub", "ws": self.urls["ws"].replace("/bus", "/events"),
                "tcp": "tcp://127.0.0.1:%d" % (int(self.urls["tcp"].rsplit(":", 1)[1]) + 1)}
        client = sp.Client(self.urls["ipc"]).login(PASSWORD)
        for name, url in pubs.items():
            with self.subTest(name):
                notices = sp.subscribe(url)
                time.sleep(0.1)
                client.call("base.tag.create", {"values": {"name": f"noticed {name}"}})
                until, seen = time.time() + 5, None
                while time.time() < until:
                    seen = json.loads(notices.receive())
                    if "base.tag" in seen["entities"]:
                        break
                self.assertIn("base.tag", seen["entities"])
                head = seen["seq"]
                again = json.loads(notices.receive())  # repeated within a second or so
                self.assertGreaterEqual(again["seq"], head)

    def test_a_foreign_page_gets_no_socket(self):
        with self.assertRaises((ConnectionError, OSError)):
            client = sp.Client(self.urls["ws"], origin="https://evil.example.com")
            client.call("system.ping")
        client = sp.Client(self.urls["ws"], origin="https://erp.example.com")
        self.assertIn("time", client.call("system.ping"))

    def test_too_large_a_message_closes_the_connection(self):
        for name in ("tcp", "ipc", "ws"):
            with self.subTest(name):
                client = sp.Client(self.urls[name])
                with self.assertRaises((ConnectionError, OSError)):
                    client.call("system.ping", {"x": "y" * 2_000_000})
                self.assertIn("time", sp.Client(self.urls[name]).call("system.ping"))
        peer = sp.Peer(self.urls["tcp"])  # 1 GB claimed
        peer.socket.sendall(struct.pack(">Q", 1 << 30) + b"x" * 1000)
        with self.assertRaises((ConnectionError, OSError)):
            peer.receive()


class Stop(unittest.TestCase):
    def test_a_stop_under_load_answers_what_runs_and_loses_nothing(self):
        house = House(modules="base")
        url = f"ipc://{house.home}/k.ipc"
        house.options += ["--listen", url]
        house.start()
        acked, refused, broken, lock = set(), [], [], threading.Lock()

        def writer(k):
            client = sp.Client(url).login(PASSWORD)
            for i in range(100000):
                ref = f"w{k}-{i}"
                try:
                    client.call("base.tag.create", {"values": {"name": ref, "external_id": ref}})
                    with lock:
                        acked.add(ref)
                except RuntimeError as e:
                    with lock:
                        refused.append(str(e))
                    return
                except OSError as e:
                    with lock:
                        broken.append(str(e))
                    return

        threads = [threading.Thread(target=writer, args=(k,)) for k in range(8)]
        for t in threads:
            t.start()
        time.sleep(1)
        began = time.time()
        code = house.signal(signal.SIGTERM)
        took = time.time() - began
        for t in threads:
            t.join()
        self.assertEqual(code, 0)
        self.assertLess(took, 5)
        for text in refused:
            self.assertEqual(json.loads(text)["data"]["kind"], "unavailable")
        self.assertEqual(broken, [])
        house.start()
        client = house.client()
        self.assertEqual(client.call("base.tag.count", {}), len(acked))
        house.__exit__(None)


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
