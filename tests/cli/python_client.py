#!/usr/bin/env python3
"""clients/python/kontor.py over every kind of address: calls, large answers, refusals, an outage in between. Over nng it uses pynng
where that is installed, else a stand-in with its arguments over the same library."""
import http.server
import pathlib
import subprocess
import sys
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import PASSWORD, House  # noqa: E402
from kontor import Forbidden, Kontor, KontorError, NotFound, Validation  # noqa: E402

try:
    import pynng  # noqa: F401
except ImportError:
    sys.path.append(str(pathlib.Path(__file__).resolve().parent / "stand_in"))


def refusal(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError("was not refused")


def verbs(k, name):
    made = k.create("base.party", {"name": f"Over {name}", "kind": "person", "external_id": name})
    assert k.get("base.party", made["id"], fields=["name"])["name"] == f"Over {name}"
    assert k.update("base.party", made["id"], {"notes": "x" * 1000}, if_version=1)["version"] == 2
    assert not k.upsert("base.party", name, {"website": "https://example.com"})["created"]
    assert k.count("base.party", [["external_id", "=", name]]) == 1
    assert k.aggregate("base.party", {"n": "count"}, filter=[["external_id", "=", name]])[0]["n"] == 1
    assert k.search(f"over {name}")[0]["id"] == made["id"]
    once = [k.create("base.note", {"text": name}, key=f"once {name}") for _ in range(2)]
    assert once[0] == once[1]
    assert k.create("base.note", {"text": "never"}, dry_run=True)["changes"]
    error = refusal(Validation, lambda: k.create("base.party", {"kind": "nobody"}))
    assert sorted(p["path"] for p in error.problems) == ["kind", "name"] and error.request and "name: " in str(error), error
    refusal(NotFound, lambda: k.get("base.party", 99999))
    refusal(KontorError, lambda: k.call("no.such.method"))
    assert sum(len(row["text"]) for row in k.list("base.note", [["text", "starts_with", "long"]], limit=100)["rows"]) > 1 << 20  # more than nng takes by itself
    k.delete("base.party", made["id"])


def pages(k):
    done = []
    k.import_rows("base.tag", [{"external_id": f"t{i}", "name": f"tag {i}"} for i in range(1200)], key="tags", progress=lambda n, of: done.append((n, of)))
    assert done == [(1000, 1200), (1200, 1200)], done
    k.import_rows("base.tag", [{"external_id": f"t{i}", "name": f"tag {i}"} for i in range(1200)], key="tags")
    assert len(list(k.each("base.tag", fields=["name"]))) == 1200
    seen = next(k.watch(since=0, entities=["base.tag"]))
    assert seen["changes"][0]["entity"] == "base.tag", seen


def outage(house, k, name):
    """A call that is made while the server is away is answered when it is back, and takes effect once."""
    house.stop()
    answers = []
    k.tries = 12
    asking = threading.Thread(target=lambda: answers.append(k.create("base.note", {"text": f"outage {name}"})))
    asking.start()
    time.sleep(0.3)
    house.start()
    asking.join(60)
    assert answers and k.count("base.note", [["text", "=", f"outage {name}"]]) == 1, answers
    k.tries = 1
    refusal(Forbidden, lambda: Kontor(k.url, token="none", ca=k.ca).count("base.note"))


class Proxy(http.server.BaseHTTPRequestHandler):
    """A proxy that does not reach the server at first: its own page is no answer of the server's."""
    left = 2
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if Proxy.left:
            Proxy.left -= 1
            status, answer = 502, b"<html><h1>502 Bad Gateway</h1></html>"
        else:
            with urllib.request.urlopen(urllib.request.Request(Proxy.url + self.path, body)) as served:
                status, answer = served.status, served.read()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *unused):
        pass


def behind_a_proxy(house, token):
    Proxy.url = house.url
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        with Kontor(f"http://127.0.0.1:{proxy.server_port}", token=token) as k:
            k.create("base.note", {"text": "through a proxy"})
            assert k.count("base.note", [["text", "=", "through a proxy"]]) == 1 and Proxy.left == 0
            Proxy.left, k.tries = 5, 2
            assert "502 Bad Gateway" in str(refusal(OSError, lambda: k.count("base.note")))
        proxy.shutdown()


def main():
    house = House(modules="base")
    tcp, ws, tls = house.more_ports
    subprocess.run([house.build / "kontor", "tls", "make", house.home / "tls", "localhost"], check=True, stdout=subprocess.DEVNULL)
    urls = {"http": house.url, "ipc": f"ipc://{house.home}/k.ipc", "tcp": f"tcp://127.0.0.1:{tcp}", "ws": f"ws://127.0.0.1:{ws}/bus",
            "tls": f"tls+tcp://localhost:{tls}"}
    for name in list(urls)[1:]:
        house.options += ["--listen", urls[name]]
    house.options += ["--tls-dir", str(house.home / "tls")]
    with house:
        house.client().import_rows("base.note", [{"text": f"long {'x' * 20000}"} for _ in range(60)], mode="create", chunk=30)
        for name, url in urls.items():
            ca = str(house.home / "tls" / "ca.pem") if name == "tls" else None
            with Kontor(url, ca=ca) as k:
                k.url, k.ca = url, ca
                k.login("admin", PASSWORD)
                verbs(k, name)
                if name in ("http", "tcp"):
                    outage(house, k, name)
        pages(house.client())
        behind_a_proxy(house, house.client().token)
        k = Kontor("https://localhost:1", ca=str(house.home / "tls" / "ca.pem"), tries=1)
        refusal(OSError, lambda: k.call("system.ping"))
        refusal(OSError, lambda: Kontor("https://localhost:1", ca="/nowhere/ca.pem"))
    print("the client in Python works over", ", ".join(urls))


if __name__ == "__main__":
    main()
