"""A client for Kontor in one file: standard library over HTTP, or nng if pynng is installed.

    from kontor import Kontor
    k = Kontor("http://127.0.0.1:8080")
    k.login("admin", "password")
    new = k.create("base.party", {"name": "Nowak", "kind": "organisation"})
    for party in k.each("base.party", [["name", "starts_with", "Now"]], fields=["id", "name"]):
        print(party["name"])

Decimals are strings and stay strings: hand them to decimal.Decimal. Every write carries an idempotency key, so that a
call whose answer was lost is repeated without a second effect."""

import http.client
import json
import ssl
import time
import urllib.parse
import uuid

__all__ = ["Kontor", "KontorError", "Validation", "NotFound", "Forbidden", "Conflict", "BadState", "Unavailable"]


class KontorError(Exception):
    """What the server answered: .kind, .problems (path, message, hint, row), .request (its id, for the operator)."""

    def __init__(self, error):
        data = error.get("data") or {}
        self.code, self.kind = error.get("code"), data.get("kind", "protocol")
        self.problems, self.request = data.get("problems") or [], data.get("request")
        lines = [self._line(p) for p in self.problems[:20]]
        if len(self.problems) > 20:
            lines.append(f"and {len(self.problems) - 20} more")
        super().__init__("; ".join(lines) or error.get("message", "error"))

    @staticmethod
    def _line(problem):
        where = f"row {problem['row']} " if problem.get("row") else ""
        where += f"{problem['path']}: " if problem.get("path") else ""
        return where + problem.get("message", "")


class Validation(KontorError):
    pass


class NotFound(KontorError):
    pass


class Forbidden(KontorError):
    pass


class Conflict(KontorError):
    pass


class BadState(KontorError):
    pass


class Unavailable(KontorError):
    pass


_KINDS = {"validation": Validation, "not_found": NotFound, "forbidden": Forbidden, "conflict": Conflict,
          "state": BadState, "unavailable": Unavailable}


class _Http:
    """One kept connection."""

    def __init__(self, url, timeout, ca):
        self.address = urllib.parse.urlsplit(url)
        self.timeout = timeout
        self.context = ssl.create_default_context(cafile=ca) if self.address.scheme == "https" else None
        self.connection = None

    def send(self, body):
        if self.connection is None:
            kind, secure = (http.client.HTTPSConnection, {"context": self.context}) if self.context else (http.client.HTTPConnection, {})
            self.connection = kind(self.address.netloc, timeout=self.timeout, **secure)
        try:
            self.connection.request("POST", self.address.path.rstrip("/") + "/rpc", body,
                                    {"Content-Type": "application/json"})
            return self.connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class _Nng:
    """nng's REQ without its own re-sending: we repeat ourselves, with the key."""

    def __init__(self, url, timeout, ca):
        import pynng
        self.pynng, self.socket = pynng, None
        self.options = {"dial": url, "block_on_dial": True, "resend_time": -1, "recv_max_size": 256 << 20,  # nng's own limit is 1 MB
                        "recv_timeout": int(timeout * 1000), "send_timeout": int(timeout * 1000)}
        if ca:
            self.options["tls_config"] = pynng.TLSConfig(pynng.TLSConfig.MODE_CLIENT, ca_files=[ca])

    def send(self, body):
        try:
            if self.socket is None:
                self.socket = self.pynng.Req0(**self.options)
            self.socket.send(body)
            return self.socket.recv()
        except self.pynng.NNGException as e:
            self.close()
            raise OSError(str(e)) from e

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None


class Kontor:
    """A connection: http://, https://, or (with pynng) tcp://, ipc://, tls+tcp://, ws://. ca: a file of certificates to trust."""

    def __init__(self, url="http://127.0.0.1:8080", token=None, lang=None, timeout=60, tries=5, ca=None):
        self.token, self.lang, self.tries = token, lang, tries
        self._wire = (_Http if url.startswith("http") else _Nng)(url, timeout, ca)
        self._next = 0

    def close(self):
        self._wire.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def call(self, method, params=None, *, key=None, dry_run=False, **more):
        """Calls a method and returns its result. key: an idempotency key; made by itself for writes that are repeated."""
        self._next += 1
        message = {"jsonrpc": "2.0", "id": self._next, "method": method, "params": params or {}, **more}
        if self.token:
            message["auth"] = self.token
        if self.lang:
            message["lang"] = self.lang
        if dry_run:
            message["dry_run"] = True
        elif key or not _reads(method):
            message["idempotency_key"] = key or str(uuid.uuid4())
        answer = self._send(json.dumps(message).encode())
        if "error" in answer:
            error = answer["error"]
            raise _KINDS.get((error.get("data") or {}).get("kind"), KontorError)(error)
        return answer["result"]

    def _send(self, body):
        """The same bytes, the same key: however often they go, they take effect once. What is no JSON does not come from
        the server, but from a proxy before it that could not reach it."""
        for attempt in range(self.tries):
            try:
                answer = self._wire.send(body)
                try:
                    return json.loads(answer)
                except ValueError:
                    raise OSError(f"the answer is no JSON-RPC: {answer[:120].decode(errors='replace')}") from None
            except (OSError, http.client.HTTPException):
                if attempt + 1 == self.tries:
                    raise
                time.sleep(min(0.1 * 2 ** attempt, 2))
        raise AssertionError("not reached")

    # ---- the generic verbs

    def login(self, user, password, code=None):
        """`code`: of the second factor, where the user has one (else Forbidden, with the problem at "code")."""
        params = {"user": user, "password": password, **({"code": code} if code else {})}
        self.token = self.call("session.login", params)["token"]
        return self.token

    def create(self, entity, values, **more):
        return self.call(entity + ".create", {"values": values}, **more)

    def get(self, entity, id=None, **params):
        return self.call(entity + ".get", {**({"id": id} if id is not None else {}), **params})

    def list(self, entity, filter=None, **params):
        return self.call(entity + ".list", {**({"filter": filter} if filter else {}), **params})

    def each(self, entity, filter=None, **params):
        """Every matching record, page by page."""
        params.setdefault("limit", 500)
        while True:
            page = self.list(entity, filter, **params)
            yield from page["rows"]
            if not page.get("next"):
                return
            params["cursor"] = page["next"]

    def count(self, entity, filter=None):
        return self.call(entity + ".count", {"filter": filter} if filter else {})

    def aggregate(self, entity, measures, **params):
        return self.call(entity + ".aggregate", {"measures": measures, **params})["rows"]

    def update(self, entity, id, values, if_version=None, **more):
        version = {"if_version": if_version} if if_version is not None else {}
        return self.call(entity + ".update", {"id": id, "values": values, **version}, **more)

    def upsert(self, entity, external_id, values, **more):
        return self.call(entity + ".upsert", {"external_id": external_id, "values": values}, **more)

    def delete(self, entity, id, **more):
        return self.call(entity + ".delete", {"id": id}, **more)

    def search(self, text, **params):
        return self.call("system.search", {"text": text, **params})["rows"]

    def import_rows(self, entity, rows, mode="upsert", chunk=1000, key=None, progress=None, keep_authors=False, unit=None):
        """Brings rows (values with an external_id) in, a transaction a chunk. With a key the whole may be repeated
        after a crash: chunks that were done are not done again. With a unit all of it can be undone as one."""
        done = 0
        for at in range(0, len(rows), chunk):
            part = rows[at:at + chunk]
            self.call("import.run", {"entity": entity, "mode": mode, "rows": part, **({"keep_authors": True} if keep_authors else {})},
                      key=f"{key}-{entity}-{at}" if key else None, **({"unit": unit} if unit else {}))
            done += len(part)
            if progress:
                progress(done, len(rows))
        return done

    def watch(self, since=None, entities=None, pause=0.5):
        """Yields the journal's entries from `since` on (None: from now), without a gap, for ever."""
        seq = self.call("journal.head")["seq"] if since is None else since
        while True:
            answer = self.call("journal.since", {"seq": seq, "filter": {"entities": entities}} if entities else {"seq": seq})
            yield from answer["entries"]
            if answer["next"] == seq:
                time.sleep(pause)
            seq = answer["next"]


_READING = {"get", "list", "count", "aggregate", "history", "describe", "ping", "search", "since", "head", "verify",
            "login", "whoami", "read", "explain", "card", "version", "methods", "limits", "health"}


def _reads(method):
    return method.rsplit(".", 1)[-1] in _READING
