#!/usr/bin/env python3
"""Where a key may come from, over real sockets: HTTP, a proxy that is trusted or not, nng over TCP and ipc."""
import json
import os
import pathlib
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House  # noqa: E402

OFFICE, ELSEWHERE = "203.0.113.5", "198.51.100.9"


def call(house, token, real_ip=None, path="/rpc"):
    """None if the call is let in, else the refusal's text."""
    headers = {"Authorization": f"Bearer {token}", **({"X-Real-IP": real_ip} if real_ip else {})}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "session.whoami", "params": {}}).encode() if path == "/rpc" else None
    try:
        with urllib.request.urlopen(urllib.request.Request(house.url + path, body, headers), timeout=20) as answer:
            return None if path != "/rpc" else json.load(answer).get("error", {}).get("message")
    except urllib.error.HTTPError as refused:
        return json.load(refused)["error"]["message"]


def key(house, networks):
    return house.client().call("access.key.create_secret", {"name": "k", "networks": networks})["secret"]


def house_with(conf):
    house = House(modules="base")
    (house.home / "kontor.lua").write_text(conf)
    house.options = ["--conf", str(house.home / "kontor.lua"), "--listen", f"tcp://127.0.0.1:{house.more_ports[0]}",
                     "--listen", f"ipc://{house.home}/bus"]
    return house


class Peers(unittest.TestCase):
    def test_without_a_trusted_proxy_the_peer_is_the_client(self):
        with house_with("") as house:
            office, local = key(house, "203.0.113.0/24"), key(house, "127.0.0.1")
            self.assertEqual(call(house, office, OFFICE), "this key may not be used from 127.0.0.1")
            self.assertIsNone(call(house, local, OFFICE))

    def test_a_trusted_proxy_names_the_client(self):
        with house_with("trusted_proxies = {'127.0.0.1'}") as house:
            office = key(house, "203.0.113.0/24")
            self.assertIsNone(call(house, office, OFFICE))
            self.assertEqual(call(house, office, ELSEWHERE), f"this key may not be used from {ELSEWHERE}")
            self.assertEqual(call(house, office), "this key may not be used from 127.0.0.1")
            self.assertEqual(call(house, office, "no address"), "this key may not be used from 127.0.0.1")
            self.assertEqual(call(house, office, ELSEWHERE, "/events"), "log in first")
            shown = house.client().list("access.key", fields=["last_used_from"])["rows"]
            self.assertEqual([row["last_used_from"] for row in shown], [OFFICE])

    def test_nng_peers_are_held_to_it(self):
        with house_with("") as house:
            local, far = key(house, "127.0.0.0/8"), key(house, "10.0.0.0/8 ::1")
            for url in (f"tcp://127.0.0.1:{house.more_ports[0]}", f"ipc://{house.home}/bus"):
                for token, code in ((local, 0), (far, 4)):
                    done = subprocess.run([house.build / "kontor", "whoami", "--url", url, "--token", token], capture_output=True,
                                          text=True, timeout=60, env={**os.environ, "HOME": str(house.home)})
                    self.assertEqual(done.returncode, code, done.stderr)

    def test_a_wrong_network_stops_the_start(self):
        with self.assertRaises(RuntimeError) as stopped:
            house_with("trusted_proxies = {'localhost'}").start()
        self.assertIn("localhost is no address or network", str(stopped.exception))


if __name__ == "__main__":
    unittest.main()
