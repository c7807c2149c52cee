#!/usr/bin/env python3
"""Every method of every module as every role: what system.describe declares -- a right, or an action on an entity -- against a
second, simple reading of the roles' grants. Who is refused is refused as forbidden, whoever is let in is not, and nothing is
written: all calls are rehearsals."""
import json
import pathlib
import re
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House  # noqa: E402

WORD = "Blue-Harbour-17-matrix"
NO_RECORD = 999_999_999
BATCH = 50


def value_of(schema):
    """Something of the type that is asked for."""
    if "$ref" in schema:
        return {}
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") in ("date", "date-time"):
        return {"date": "2026-11-25", "date-time": "2026-11-25T12:00:00Z"}[schema["format"]]
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "array":
        return [value_of(schema.get("items", {"type": "integer"}))]
    if kind == "object":
        return {name: value_of(one) for name, one in schema.get("properties", {}).items() if name != "id"}
    return {"integer": NO_RECORD, "boolean": True, "number": 1}.get(kind, "1")


def params_of(method):
    """Enough for the call to come to the question of rights; no record is named that exists."""
    given = {p["name"]: value_of(p["schema"]) for p in method["params"] if p["required"]}
    if method["name"].rsplit(".", 1)[1] == "aggregate":
        given["measures"] = {"n": "count"}
    elif any(p["name"] == "id" for p in method["params"]):
        given["id"] = NO_RECORD
    return given


def grants_of(text):
    """[(entity, actions)]; scopes and conditions narrow which records, not whether the method is there."""
    return [(m[1], m[2].split(",")) for m in re.finditer(r"(?:^|;)\s*([\w.*]+):([\w,*]+)", text)]


def covered(grants, entity, action):
    return any((e in ("*", entity) or (e.endswith(".*") and entity.startswith(e[:-1]))) and (action in actions or "*" in actions)
               for e, actions in grants)


def expected(grants, method):
    """grants None: nobody is logged in."""
    right = method["x-right"]
    if right == "public":
        return True
    if grants is None:
        return False
    if right == "login":
        return True
    if ":" in right:
        return covered(grants, *right.split(":"))
    return covered(grants, method["name"].rsplit(".", 1)[0], right)


def answers(house, token, methods, entities):
    """How each method was answered: an error, or {}."""
    kinds = {}
    for at in range(0, len(methods), BATCH):
        part = methods[at:at + BATCH]
        body = [{"jsonrpc": "2.0", "id": i, "method": m["name"], "dry_run": True,
                 "params": params_of(m) if m["name"].rsplit(".", 1)[0] in entities else {}} for i, m in enumerate(part)]
        request = urllib.request.Request(house.url + "/rpc", json.dumps(body).encode(), {"Authorization": f"Bearer {token}"} if token else {})
        with urllib.request.urlopen(request, timeout=120) as answer:
            for one in json.load(answer):
                kinds[part[one["id"]]["name"]] = one.get("error", {})
    return kinds


def is_let_in(method, error, anybody, entities):
    """A method that was let in may still be refused what it reads; that says what may not be read."""
    if error.get("data", {}).get("kind") != "forbidden":
        return True
    judged_by_record = method["name"].rsplit(".", 1)[0] in entities and ":" not in method["x-right"] and method["x-right"] != "login"
    return anybody and not judged_by_record and error["message"] != f"you need the right {method['x-right']}"


def explained(house, token, user, rights):
    """What access.explain says of each right of a user: its answer, or the error."""
    said = {}
    for at in range(0, len(rights), BATCH):
        part = rights[at:at + BATCH]
        body = [{"jsonrpc": "2.0", "id": i, "method": "access.explain", "params": {"user": user, "entity": entity, "action": action}}
                for i, (entity, action) in enumerate(part)]
        request = urllib.request.Request(house.url + "/rpc", json.dumps(body).encode(), {"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            for one in json.load(answer):
                said[part[one["id"]]] = one.get("result") or one["error"]
    return said


def is_explained(grants, role, right, said):
    """Allowed by a grant of this role that covers the right, or refused for want of one."""
    if said.get("allowed") != covered(grants_of(grants), *right):
        return False
    because = said["because"]
    if not said["allowed"]:
        return because is None and said["missing"] == "grant" and bool(said["reason"])
    return because["role"] == role and covered(grants_of(because["grant"]), *right)


def token_of(kontor, name, roles):
    user = kontor.create("access.user", {"name": name, "roles": roles})["id"]
    kontor.call("access.password", {"user": user, "new": WORD})
    return kontor.call("session.login", {"user": name, "password": WORD})["token"]


def main():
    house = House()
    house.modules = None
    with house:
        kontor = house.client()
        methods = [m for m in kontor.call("system.describe", {"methods": True})["methods"] if m["name"] != "session.logout"]
        entities = {m["name"].rsplit(".", 1)[0] for m in methods if m["name"].endswith(".aggregate")}
        roles = {r["name"]: r for r in kontor.list("access.role", fields=["id", "name", "grants"], limit=500)["rows"]}
        callers = {"nobody": (None, None), "without a role": ("", [])}
        callers.update({name: (r["grants"], [r["id"]]) for name, r in roles.items()})
        rights = sorted({tuple(m["x-right"].split(":")) if ":" in m["x-right"] else (m["name"].rsplit(".", 1)[0], m["x-right"])
                         for m in methods if m["x-right"] not in ("public", "login")})
        wrong, calls, refused, told = [], 0, 0, 0
        for number, (name, (grants, ids)) in enumerate(callers.items()):
            token = None if ids is None else token_of(kontor, f"matrix{number}", ids)
            head = kontor.call("journal.head")
            kinds = answers(house, token, methods, entities)
            if kontor.call("journal.head") != head:
                wrong.append(f"{name}: something was written")
            for method in methods:
                error = kinds[method["name"]]
                let_in = is_let_in(method, error, ids is not None, entities)
                calls, refused = calls + 1, refused + (not let_in)
                if let_in != expected(None if grants is None else grants_of(grants), method):
                    wrong.append(f"{method['name']} as {name}: {error.get('message', 'let in')}, its right is {method['x-right']}")
            for right, said in ({} if ids is None else explained(house, kontor.token, f"matrix{number}", rights)).items():
                told += 1
                if not is_explained(grants, name, right, said):
                    wrong.append(f"{right} of {name} is explained by {said}")
        if wrong:
            raise AssertionError(f"{len(wrong)} differ:\n  " + "\n  ".join(wrong[:60]))
        assert refused and refused < calls
        print(f"{len(methods)} methods as {len(callers)} callers: {calls} calls, {refused} refused, as declared; {told} explanations agree")


if __name__ == "__main__":
    main()
