#!/usr/bin/env python3
"""What fields declare as conditions are filters of their entity, and what they point to is there: of all modules."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House  # noqa: E402

CONDITIONS = ("show_if", "required_if", "readonly_if")

with House() as house:
    k = house.client()
    methods = {m["name"] for m in k.call("system.describe", {"methods": True})["methods"]}
    names = [e["name"] for e in k.call("system.describe")["entities"]]
    seen = {word: 0 for word in (*CONDITIONS, "explain", "counter")}
    for name in names:
        entity = k.call("system.describe", {"entities": [name]})["entities"][0]
        for field in entity["fields"]:
            for word in CONDITIONS:
                if word in field and field[word] is not False:
                    k.list(name, field[word], limit=1)
                    seen[word] += 1
            for one in (field, *field.get("fields", ())):
                if "explain" in one:
                    assert one["explain"] in methods, (name, one)
                    seen["explain"] += 1
        for action in entity["actions"]:
            if "counter" in action:
                assert f"{name}.{action['counter']}" in methods, (name, action)
                seen["counter"] += 1
    assert all(seen[word] for word in seen if word != "readonly_if"), seen  # else this looks at nothing
print(", ".join(f"{count} {word}" for word, count in seen.items()))
