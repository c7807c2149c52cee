#!/usr/bin/env python3
"""The HTTP port: messages, cookies, files, events, and everything that a hostile client may try."""
import gzip
import hashlib
import http.client
import json
import pathlib
import socket
import sys
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parent.parent)]
from house import PASSWORD, House  # noqa: E402
from kontor import Forbidden, Kontor, Validation  # noqa: E402


class HttpPort(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = House(modules="base,crm")
        site = cls.house.home / "site"
        (site / "assets").mkdir(parents=True)
        (site / "index.html").write_text("<!doctype html><title>x</title>")
        (site / "assets" / "app-0123abcd.js").write_text("1")
        (site / "assets" / "app-0123abcd.js.gz").write_bytes(gzip.compress(b"1"))
        conf = cls.house.home / "kontor.lua"
        conf.write_text("limits = { slow_call_ms = 1 }\n")
        cls.house.options += ["--files", str(site), "--conf", str(conf)]
        cls.house.start()
        cls.token = cls.post({"jsonrpc": "2.0", "id": 1, "method": "session.login",
                              "params": {"user": "admin", "password": PASSWORD}})[2]["result"]["token"]

    @classmethod
    def tearDownClass(cls):
        cls.house.__exit__(None)

    @classmethod
    def request(cls, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", cls.house.port, timeout=15)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, data

    @classmethod
    def post(cls, message, headers=None):
        status, head, data = cls.request("POST", "/rpc", json.dumps(message), headers)
        if head.get("content-encoding") == "gzip":
            data = gzip.decompress(data)
        return status, head, json.loads(data) if data else None

    def call(self, method, params=None, headers=None, **members):
        return self.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}, **members},
                         {"Authorization": "Bearer " + self.token, **(headers or {})})

    def test_the_session_cookie_resumes_and_nothing_else(self):
        status, head, answer = self.post({"jsonrpc": "2.0", "id": 1, "method": "session.login",
                                          "params": {"user": "admin", "password": PASSWORD}})
        cookie = head["set-cookie"]
        self.assertIn("HttpOnly", cookie)
        self.assertIn("SameSite=Strict", cookie)
        pair = cookie.split(";")[0]
        resume = {"jsonrpc": "2.0", "id": 1, "method": "session.resume"}
        self.assertIn("result", self.post(resume, {"Cookie": pair, "X-Kontor": "1"})[2])
        self.assertIn("error", self.post(resume, {"Cookie": pair})[2])
        whoami = {"jsonrpc": "2.0", "id": 1, "method": "session.whoami"}
        self.assertIn("error", self.post(whoami, {"Cookie": pair, "X-Kontor": "1"})[2])
        status, head, _ = self.post({"jsonrpc": "2.0", "id": 1, "method": "session.logout"},
                                    {"Authorization": "Bearer " + answer["result"]["token"]})
        self.assertIn("Max-Age=0", head["set-cookie"])
        self.assertIn("error", self.post(resume, {"Cookie": pair, "X-Kontor": "1"})[2])

    def test_an_idempotency_key_may_be_a_header(self):
        values = {"values": {"name": "Once", "kind": "person"}}
        first = self.call("base.party.create", values, {"Idempotency-Key": "h1"})[2]
        again = self.call("base.party.create", values, {"Idempotency-Key": "h1"})[2]
        self.assertEqual(first["result"], again["result"])
        call = {"jsonrpc": "2.0", "id": 1, "method": "base.party.create", "params": values}
        status, _, answer = self.post([call, call], {"Authorization": "Bearer " + self.token, "Idempotency-Key": "h2"})
        self.assertEqual(answer["error"]["data"]["problems"][0]["path"], "Idempotency-Key")
        answer = self.call("base.party.create", values, idempotency_key="")[2]
        self.assertEqual(answer["error"]["data"]["problems"][0]["path"], "idempotency_key")

    def test_large_answers_are_packed_when_asked(self):
        status, head, answer = self.call("system.describe", {"methods": True}, {"Accept-Encoding": "gzip"})
        self.assertEqual(head.get("content-encoding"), "gzip")
        self.assertIn("openrpc", answer["result"])
        self.assertIsNone(self.call("system.describe", {"methods": True})[1].get("content-encoding"))

    def test_statuses(self):
        self.assertEqual(self.request("GET", "/nothing.txt")[0], 404)
        self.assertEqual(self.request("GET", "/rpc")[0], 405)
        self.assertEqual(self.request("DELETE", "/health")[0], 405)
        status, _, data = self.request("POST", "/rpc", "x" * 1_100_000)
        self.assertEqual(status, 413)
        self.assertIn("at most 1048576 bytes", json.loads(data)["error"]["message"])
        status, _, data = self.request("POST", "/rpc", "{")
        self.assertEqual((status, json.loads(data)["error"]["code"]), (200, -32700))
        self.assertEqual(self.request("GET", "/health")[0], 200)
        text = self.request("GET", "/metrics")[2].decode()
        self.assertIn('kontor_calls_total{method="session.login",kind="ok"}', text)
        self.assertIn("kontor_store_commits", text)
        self.assertEqual(self.request("POST", "/rpc", json.dumps({"jsonrpc": "2.0", "method": "system.ping"}))[0], 204)

    def test_a_chunked_body_is_bounded_too(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=15)
        connection.request("POST", "/rpc", iter([b"x" * 100_000] * 12), {"Transfer-Encoding": "chunked"}, encode_chunked=True)
        self.assertEqual(connection.getresponse().status, 413)
        connection.close()

    def test_files_of_the_site_come_from_a_table(self):
        status, head, data = self.request("GET", "/")
        self.assertEqual((status, data[:9]), (200, b"<!doctype"))
        self.assertIn("default-src 'none'", head["content-security-policy"])
        self.assertEqual(self.request("GET", "/crm/deal/5")[0], 200)  # a place of the console
        status, head, data = self.request("GET", "/assets/app-0123abcd.js", headers={"Accept-Encoding": "gzip"})
        self.assertEqual((gzip.decompress(data), head["content-encoding"]), (b"1", "gzip"))
        self.assertIn("immutable", head["cache-control"])
        self.assertEqual(self.request("GET", "/", headers={"If-None-Match": self.request("GET", "/")[1]["etag"]})[0], 304)
        for path in ("/../../../etc/passwd", "/assets/../../password", "/%2e%2e/%2e%2e/etc/passwd.txt", "/assets/%00.js"):
            status, _, data = self.request("GET", path)
            self.assertNotIn(b"root:", data)
            self.assertNotIn(PASSWORD.encode(), data)

    def test_files_go_in_and_come_out_as_downloads(self):
        content = bytes(range(256)) * 2000
        headers = {"Authorization": "Bearer " + self.token, "Content-Type": "text/html",
                   "X-File-Name": "../..%2Fz%C5%82o%C5%9B%C4%87<b>.html"}
        status, _, data = self.request("POST", "/files", content, headers)
        self.assertEqual(status, 201, data)
        made = json.loads(data)
        self.assertEqual((made["sha256"], made["size"]), (hashlib.sha256(content).hexdigest(), len(content)))
        status, head, data = self.request("GET", f"/files/{made['id']}", headers={"Authorization": "Bearer " + self.token})
        self.assertEqual((status, data), (200, content))
        self.assertTrue(head["content-disposition"].startswith("attachment"))
        self.assertIn("z%C5%82o", head["content-disposition"])
        self.assertEqual(head["x-content-type-options"], "nosniff")
        self.assertEqual(head["content-type"], "application/octet-stream")
        for about in ("nonsense", "crm.deal/", "crm.deal/5x", "/5", "base.party/99999"):
            status, _, data = self.request("POST", "/files", b"x", {**headers, "X-About": about})
            self.assertEqual((status, json.loads(data)["error"]["data"]["kind"]), (400, "validation"), about)
        self.assertEqual(self.request("GET", f"/files/{made['id']}")[0], 401)
        self.assertEqual(self.request("POST", "/files", b"x")[0], 401)
        self.assertEqual(self.request("GET", "/files/../../etc/passwd")[0] in (401, 404), True)
        self.assertEqual(self.request("GET", "/files/99999", headers={"Authorization": "Bearer " + self.token})[0], 404)

    def test_a_file_is_read_by_who_may_read_what_it_is_about(self):
        """Neither by the name of its content, nor by taking it away from there."""
        k = Kontor(self.house.url, token=self.token)
        party = k.create("base.party", {"name": "Hidden", "kind": "person"})["id"]
        status, _, data = self.request("POST", "/files", b"for few", {"Authorization": "Bearer " + self.token, "X-File-Name": "few", "X-About": f"base.party/{party}"})
        made = json.loads(data)
        role = k.create("access.role", {"name": "filer", "grants": "base.attachment:*"})["id"]
        user = k.create("access.user", {"name": "filer", "roles": [role]})["id"]
        k.call("access.password", {"user": user, "new": PASSWORD})
        filer = Kontor(self.house.url)
        filer.login("filer", PASSWORD)
        own = {"Authorization": "Bearer " + filer.token}
        self.assertEqual(self.request("GET", f"/files/{made['id']}", headers=own)[0], 404)
        with self.assertRaises(Forbidden):
            filer.update("base.attachment", made["id"], {"about": None})
        with self.assertRaises(Validation) as refused:
            filer.create("base.attachment", {"name": "mine", "sha256": made["sha256"], "size": made["size"]})
        self.assertEqual(sorted(p["path"] for p in refused.exception.problems), ["sha256", "size"])
        self.assertEqual(self.request("GET", f"/files/{made['id']}", headers=own)[0], 404)
        status, _, data = self.request("POST", "/files", b"his own", {**own, "X-File-Name": "own"})
        self.assertEqual(self.request("GET", f"/files/{json.loads(data)['id']}", headers=own)[2], b"his own")
        filer.update("base.attachment", json.loads(data)["id"], {"name": "renamed"})
        k.call("field.define", {"entity": "base.party", "name": "scan", "type": "file"})
        status, _, data = self.request("POST", "/files", b"a scan", {"Authorization": "Bearer " + self.token, "X-File-Name": "scan"})
        scan = json.loads(data)["id"]
        self.assertEqual(self.request("GET", f"/files/{scan}", headers=own)[0], 200)
        k.update("base.party", party, {"scan": scan})
        self.assertEqual(self.request("GET", f"/files/{scan}", headers=own)[0], 404)
        k.update("access.role", role, {"grants": "base.party:read"})
        self.assertEqual(self.request("GET", f"/files/{scan}", headers=own)[0], 403)
        k.update("access.role", role, {"grants": "base.attachment:*; base.party:read"})
        self.assertEqual(self.request("GET", f"/files/{scan}", headers=own)[2], b"a scan")
        self.assertEqual(self.request("GET", f"/files/{made['id']}", headers=own)[2], b"for few")

    def told_of_tags(self, stream, name):
        """What the stream says while tags are made, up to the first word of them."""
        began, text = time.time(), b""
        for i in range(5):
            self.call("base.tag.create", {"values": {"name": f"{name} {i}"}})
        while b"base.tag" not in text:
            text += stream.recv(4096)
        self.assertLess(time.time() - began, 1)
        return text

    def test_events_tell_of_changes_and_end_with_the_session(self):
        own = self.post({"jsonrpc": "2.0", "id": 1, "method": "session.login",
                         "params": {"user": "admin", "password": PASSWORD}})[2]["result"]["token"]
        self.assertEqual(self.request("GET", "/events")[0], 401)
        s = socket.create_connection(("127.0.0.1", self.house.port), 10)
        s.sendall(f"GET /events HTTP/1.1\r\nHost: x\r\nCookie: kontor_session={own}\r\n\r\n".encode())
        text = b""
        while b"\"entities\":[]" not in text:
            text += s.recv(4096)
        self.assertIn(b"text/event-stream", text)
        text = self.told_of_tags(s, "live")
        if b"event: schema" in text:  # a field that another test made a moment ago is told along
            text = self.told_of_tags(s, "later")
        self.assertIn(b"event: change", text)
        self.post({"jsonrpc": "2.0", "id": 1, "method": "session.logout"}, {"Authorization": "Bearer " + own})
        began = time.time()
        while s.recv(4096):
            pass
        self.assertLess(time.time() - began, 2)

    def test_nothing_is_smuggled_behind_a_refused_body(self):
        s = socket.create_connection(("127.0.0.1", self.house.port), 10)
        inner = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
        s.sendall(b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(inner) + inner)
        s.settimeout(2)
        text = b""
        try:
            while part := s.recv(4096):
                text += part
        except TimeoutError:
            pass
        self.assertEqual(text.count(b"HTTP/1.1 "), 1, text)
        for head in (b"Content-Length: -1", b"Content-Length: 5\r\nContent-Length: 6", b"Content-Length: 99999999999999999999"):
            s = socket.create_connection(("127.0.0.1", self.house.port), 5)
            s.sendall(b"POST /rpc HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n{}")
            self.assertNotIn(b" 200 ", s.recv(200).split(b"\r\n")[0])

    def test_a_slow_call_is_logged_with_its_request(self):
        self.post({"jsonrpc": "2.0", "id": 1, "method": "session.login", "params": {"user": "admin", "password": PASSWORD}})
        logged = [line for line in self.house.log.read_text().splitlines() if "slow_call method=session.login" in line]
        self.assertRegex(logged[-1], r" ms=\d+ req=[0-9a-f]{16}$")


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
