#!/usr/bin/env python3
"""Writes docs/reference.md from a running server's system.describe.

    docs/generate.py http://127.0.0.1:8080 admin PASSWORD-FILE > docs/reference.md
"""
import json
import sys
import urllib.request


class Server:
    def __init__(self, url, user, password):
        self.url, self.token = url.rstrip("/") + "/rpc", None
        self.token = self.call("session.login", {"user": user, "password": password})["token"]

    def call(self, method, params=None):
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}, "lang": "en"}
        if self.token:
            message["auth"] = self.token
        request = urllib.request.Request(self.url, json.dumps(message).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
        if "error" in answer:
            raise SystemExit(f"{method}: {json.dumps(answer['error'])}")
        return answer["result"]


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def field_type(field):
    text = field["type"]
    if field.get("target"):
        text += f" → {field['target']}"
    if "scale" in field:
        text += f"({field['scale']})"
    if field.get("choices"):
        text += ": " + " ".join(choice["name"] for choice in field["choices"])
    return text


def field_notes(field):
    flags = [name.replace("_", " ") for name in ("required", "unique", "indexed", "searchable", "personal", "computed", "fixed", "in_use") if field.get(name)]
    notes = ", ".join(flags)
    return "; ".join(part for part in (field.get("label", ""), notes, field.get("help", "")) if part)


def write_fields(fields, prefix=""):
    for field in fields:
        if field.get("system"):
            continue
        print(f"| `{prefix}{field['name']}` | {cell(field_type(field))} | {cell(field_notes(field))} |")
        if field.get("fields"):
            write_fields(field["fields"], f"{prefix}{field['name']}.")


def write_entity(entity):
    print(f"\n### {entity['name']}\n\n{entity.get('label', entity['name'])}", end="")
    print(f"; numbered `{entity['number']}`." if entity.get("number") else ".")
    print("\n| field | type | |\n|---|---|---|")
    write_fields(entity["fields"])
    if entity.get("actions"):
        print("\n| action | from | to | right | parameters |\n|---|---|---|---|---|")
        for action in entity["actions"]:
            params = ", ".join(f"`{p['name']}`" for p in action["params"] if not p.get("system"))
            print(f"| `{action['name']}` {cell(action.get('label', ''))} | {' '.join(action['from']) or 'any'} "
                  f"| {action.get('to', '')} | {action['right']} | {params} |")


def write_methods(openrpc, entities):
    names = {entity["name"] for entity in entities}
    print("\n| method | right | parameters | |\n|---|---|---|---|")
    for method in sorted(openrpc["methods"], key=lambda m: m["name"]):
        if method["name"].rsplit(".", 1)[0] in names:
            continue  # verbs and actions stand with their entity
        params = ", ".join(f"`{p['name']}`" + ("" if p["required"] else "?") for p in method["params"])
        kind = "; writes" if method.get("x-writes") else ""
        print(f"| `{method['name']}` | {cell(method['x-right'])}{kind} | {params} | {cell(method.get('summary', ''))} |")


def main():
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    with open(sys.argv[3], encoding="utf-8") as file:
        server = Server(sys.argv[1], sys.argv[2], file.readline().rstrip("\n"))
    index = server.call("system.describe")
    entities = []
    for i in range(0, len(index["entities"]), 20):
        names = [entity["name"] for entity in index["entities"][i:i + 20]]
        entities += server.call("system.describe", {"entities": names})["entities"]
    print("# Reference\n\nWritten by `docs/generate.py` from `system.describe`; do not edit. "
          "The frame is explained in [protocol.md](protocol.md).")
    print("\n## Methods on no single entity")
    write_methods(server.call("system.describe", {"methods": True}), entities)
    print("\n## Entities\n\nEach has the verbs `create get list count aggregate update upsert delete history` and the fields "
          "`id version created_at created_by updated_at updated_by company external_id number`.")
    for entity in entities:
        write_entity(entity)


if __name__ == "__main__":
    main()
