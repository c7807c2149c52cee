#!/usr/bin/env python3
"""conf/nginx.conf as it stands, before a server: TLS, foreign pages, events, uploads, what stays inside."""
import hashlib
import http.client
import json
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parent.parent)]
from house import PASSWORD, ROOT, House, free_ports  # noqa: E402

HOST = "erp.example.com"


class Edge(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = House(modules="base").start()
        home = cls.house.home
        cls.port, = free_ports(1)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
                        "-keyout", home / "key.pem", "-out", home / "cert.pem"], capture_output=True, check=True)
        text = (ROOT / "conf" / "nginx.conf").read_text()
        for old, new in ((" [::]:443 ssl http2", f" 127.0.0.2:{cls.port} ssl http2"), (" 443 ssl http2", f" 127.0.0.1:{cls.port} ssl http2"),
                         ("127.0.0.1:8080", f"127.0.0.1:{cls.house.port}"), ("/etc/kontor/tls", str(home))):
            assert old in text, old
            text = text.replace(old, new)
        (home / "edge.conf").write_text(text)
        (home / "nginx.conf").write_text(f"""pid {home}/nginx.pid; error_log {home}/nginx.log; daemon off; worker_processes 1;
            events {{ worker_connections 512; }}
            http {{ access_log off; client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/f;
                    uwsgi_temp_path {home}/u; scgi_temp_path {home}/s; include {home}/edge.conf; }}""")
        cls.nginx = subprocess.Popen(["nginx", "-p", str(home), "-c", str(home / "nginx.conf")], stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", cls.port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        _, _, data = cls.request("POST", "/rpc", json.dumps({"jsonrpc": "2.0", "id": 1, "method": "session.login",
                                                              "params": {"user": "admin", "password": PASSWORD}}))
        cls.token = json.loads(data)["result"]["token"]

    @classmethod
    def tearDownClass(cls):
        cls.nginx.terminate()
        cls.nginx.wait(10)
        cls.house.__exit__(None)

    @classmethod
    def context(cls):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    @classmethod
    def request(cls, method, path, body=None, headers=None):
        connection = http.client.HTTPSConnection("127.0.0.1", cls.port, timeout=15, context=cls.context())
        connection.request(method, path, body, {"Host": HOST, **(headers or {})})
        answer = connection.getresponse()
        data = answer.read()
        head = {k.lower(): v for k, v in answer.getheaders()}
        connection.close()
        return answer.status, head, data

    def test_calls_pass_by_tls_and_the_cookie_is_secure(self):
        status, head, data = self.request("POST", "/rpc", json.dumps({"jsonrpc": "2.0", "id": 1, "method": "session.login",
                                                                      "params": {"user": "admin", "password": PASSWORD}}))
        self.assertEqual(status, 200)
        self.assertIn("Secure", head["set-cookie"])
        self.assertIn("max-age", head["strict-transport-security"])
        with socket.create_connection(("127.0.0.1", self.port)) as raw, self.context().wrap_socket(raw) as tls:
            self.assertEqual(tls.version(), "TLSv1.3")

    def test_foreign_pages_are_refused(self):
        ping = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "system.ping"})
        self.assertEqual(self.request("POST", "/rpc", ping, {"Origin": "https://evil.example.com"})[0], 403)
        self.assertEqual(self.request("POST", "/rpc", ping, {"Origin": f"https://{HOST}"})[0], 200)

    def test_metrics_stay_inside(self):
        self.assertEqual(self.request("GET", "/metrics")[0], 403)
        self.assertEqual(self.request("GET", "/health")[0], 200)

    def test_uploads_have_their_own_limit(self):
        content = b"x" * 3_000_000
        status, _, data = self.request("POST", "/files", content, {"Authorization": "Bearer " + self.token, "X-File-Name": "big"})
        self.assertEqual(status, 201, data)
        self.assertEqual(json.loads(data)["sha256"], hashlib.sha256(content).hexdigest())
        self.assertEqual(self.request("POST", "/rpc", b"x" * 1_200_000)[0], 413)

    def test_events_are_not_held_back(self):
        raw = socket.create_connection(("127.0.0.1", self.port), 10)
        tls = self.context().wrap_socket(raw)
        tls.sendall(f"GET /events HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {self.token}\r\n\r\n".encode())
        text = b""
        while b'"entities":[]' not in text:
            text += tls.recv(4096)
        began = time.time()
        self.request("POST", "/rpc", json.dumps({"jsonrpc": "2.0", "id": 1, "method": "base.tag.create", "auth": self.token,
                                                 "params": {"values": {"name": "edge"}}}))
        while b"base.tag" not in text:
            text += tls.recv(4096)
        self.assertLess(time.time() - began, 1)
        tls.close()

    def test_half_a_request_is_closed(self):
        raw = socket.create_connection(("127.0.0.1", self.port), 10)
        tls = self.context().wrap_socket(raw)
        tls.sendall(b"POST /rpc HTTP/1.1\r\nHost:")
        began = time.time()
        while tls.recv(1000):
            pass
        self.assertLess(time.time() - began, 8)
        tls.close()


if __name__ == "__main__":
    if not shutil.which("nginx"):
        print("left out: nginx is not installed")
        sys.exit(77)
    unittest.main(verbosity=2, warnings="ignore")
