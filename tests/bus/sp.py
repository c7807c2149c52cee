"""nng's wire (SP) by hand: a REQ client and a SUB reader over ipc, tcp and ws. Standard library only."""
import base64
import json
import os
import socket
import ssl
import struct

REQ, SUB = b"\x00SP\x00\x000\x00\x00", b"\x00SP\x00\x00!\x00\x00"


def connect(url, timeout=10):
    scheme, rest = url.split("://", 1)
    if scheme == "ipc":
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(timeout)
        s.connect(rest)
    else:
        host, port = rest.split("/")[0].rsplit(":", 1)
        s = socket.create_connection((host, int(port)), timeout)
    if scheme.startswith(("tls", "wss")):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        s = context.wrap_socket(s)
    return scheme, s


class Peer:
    """One connection. hello: what this side speaks."""

    def __init__(self, url, hello=REQ, origin=None, timeout=10):
        self.url = url
        self.scheme, self.socket = connect(url, timeout)
        if self.scheme in ("ws", "wss"):
            self.upgrade(hello, origin)
        else:
            self.socket.sendall(hello)
            self.read(8)

    def upgrade(self, hello, origin):
        path = "/" + self.url.split("://", 1)[1].split("/", 1)[1]
        protocol = "rep.sp.nanomsg.org" if hello == REQ else "pub.sp.nanomsg.org"
        lines = [f"GET {path} HTTP/1.1", "Host: " + self.url.split("/")[2], "Upgrade: websocket", "Connection: Upgrade",
                 "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode(), "Sec-WebSocket-Version: 13",
                 "Sec-WebSocket-Protocol: " + protocol] + ([f"Origin: {origin}"] if origin else [])
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = b""
        while b"\r\n\r\n" not in head:
            byte = self.socket.recv(1)
            if not byte:
                raise ConnectionError("closed in the handshake")
            head += byte
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(head.split(b"\r\n")[0].decode())

    def read(self, n):
        data = b""
        while len(data) < n:
            part = self.socket.recv(n - len(data))
            if not part:
                raise ConnectionError("closed")
            data += part
        return data

    def send(self, body):
        if self.scheme in ("ws", "wss"):
            mask, n = os.urandom(4), len(body)
            size = bytes([0x80 | n]) if n < 126 else b"\xfe" + struct.pack(">H", n) if n < 65536 else b"\xff" + struct.pack(">Q", n)
            masked = bytes(b ^ mask[i % 4] for i, b in enumerate(body))
            self.socket.sendall(b"\x82" + size + mask + masked)
        else:
            self.socket.sendall((b"\x01" if self.scheme == "ipc" else b"") + struct.pack(">Q", len(body)) + body)

    def receive(self):
        if self.scheme in ("ws", "wss"):
            head = self.read(2)
            if head[0] & 15 == 8:
                raise ConnectionError("closed by a frame")
            n = head[1] & 127
            n = struct.unpack(">H", self.read(2))[0] if n == 126 else struct.unpack(">Q", self.read(8))[0] if n == 127 else n
            return self.read(n)
        if self.scheme == "ipc":
            self.read(1)
        return self.read(struct.unpack(">Q", self.read(8))[0])

    def close(self):
        self.socket.close()


class Client:
    def __init__(self, url, token=None, **options):
        self.peer, self.token, self.last = Peer(url, **options), token, 0x80000000

    def message(self, message):
        self.last += 1
        self.peer.send(struct.pack(">I", self.last) + json.dumps(message).encode())
        return self.last

    def answer(self):
        data = self.peer.receive()
        return struct.unpack(">I", data[:4])[0], json.loads(data[4:] or b"null")

    def call(self, method, params=None, **members):
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}, **members}
        if self.token:
            message["auth"] = self.token
        self.message(message)
        answer = self.answer()[1]
        if "error" in answer:
            raise RuntimeError(json.dumps(answer["error"]))
        return answer["result"]

    def login(self, password, user="admin"):
        self.token = self.call("session.login", {"user": user, "password": password})["token"]
        return self

    def close(self):
        self.peer.close()


def subscribe(url):
    """Notices, as they come."""
    return Peer(url, SUB)
