#!/usr/bin/env python3
"""Random forms, references of batches and JSON against the module's route: every one is answered with JSON of their form and
no status above 499, and the server still answers. The seed is printed. Usage: hostile.py [SEED] [ROUNDS]"""
import http.client
import json
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from dice import SEED  # noqa: E402
from house import House  # noqa: E402
from stories import STAGES  # noqa: E402

SEEDS = [
    "fields[TITLE]=Ten+bikes&fields[OPPORTUNITY]=15000.00&fields[PHONE][0][VALUE]=%2B48600100200&fields[PHONE][0][VALUE_TYPE]=WORK",
    "filter[>=ID]=5&filter[0][LOGIC]=OR&filter[0][%25TITLE]=x&select[]=ID&select[]=UF_*&order[ID]=DESC&start=50",
    "id=1&fields[STAGE_ID]=C2:WON&fields[CATEGORY_ID]=0&fields[CLOSED]=Y&fields[CONTACT_ID]=-1",
    "halt=1&cmd[a]=crm.company.add%3Ffields%5BTITLE%5D%3DChain&cmd[b]=crm.deal.get%3Fid%3D%24result%5Ba%5D%5B0%5D%5Bx%5D",
    "cmd[0]=crm.deal.list%3Ffilter%5BID%5D%3D%24result%5B&cmd[1]=user.current&cmd[2]=crm.deal.get%3Fid%3D%24result%5B1%5D%5BID%5D",
    "entityTypeId=2&fields[title]=x&fields[opportunity]=1e9&id=18446744073709551616",
    "id=1&rows[0][PRICE]=9.99&rows[0][QUANTITY]=-1&rows[0][TAX_RATE]=23&rows[1][DISCOUNT_RATE]=100",
    "type=PHONE&values[]=+&values[]=48600100200&entity_type=LEAD", "CALL_ID=externalCall.-1&DURATION=x", "FILTER[ID][]=1&FILTER[ACTIVE]=Y&sort=ID",
]
PIECES = ["[", "]", "[]", "[[", "%", "%0", "%00", "%ff", "=", "&", "$result", "$result[", "[0]", "?", "+", "..", "-1", "0", "99999999999999999999", "C0:", "C:", "UC_", "\u0142",
          "><", "!@", "LOGIC", "fields", "x" * 300, "[a]" * 20, "2026-13-45T99:99:99+99:99", ".", "1.2.3", "-", "N", "Y", '"', "{}", "null"]


def changed(dice, text):
    for _ in range(dice.randrange(1, 6)):
        at = dice.randrange(len(text) + 1)
        kind = dice.randrange(4)
        if kind == 0:
            text = text[:at] + dice.choice(PIECES) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + dice.randrange(1, 8):]
        elif kind == 2:
            text = text[:at] + chr(dice.randrange(33, 127)) + text[at + 1:]
        else:
            text = text + "&" + changed(dice, dice.choice(SEEDS)) if len(text) < 2000 else text
    return text


def as_json(dice, depth=0):
    if depth > 3 or dice.random() < 0.4:
        return dice.choice([None, True, -1, 0, 2 ** 62, 1.5, "", "0", "Y", *PIECES])
    if dice.random() < 0.4:
        return [as_json(dice, depth + 1) for _ in range(dice.randrange(4))]
    names = ["fields", "filter", "select", "order", "id", "ID", "cmd", "rows", "start", "TITLE", "PHONE", "VALUE", "NAME", "STAGE_ID", "0", "LOGIC", ">ID", "entityTypeId", "halt"]
    return {dice.choice(names): as_json(dice, depth + 1) for _ in range(dice.randrange(5))}


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else SEED
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 1500
    dice = random.Random(seed)
    print(f"seed {seed}", flush=True)
    kinds = {}
    with House() as house:
        k = house.client()
        k.create("base.currency", {"code": "PLN"})
        k.create("crm.pipeline", {"name": "Sales", "stages": STAGES, "initial": True})
        hook = f"/rest/{k.call('session.whoami')['id']}/{k.call('access.key.create_secret', {'name': 'hook'})['secret']}"
        line = http.client.HTTPConnection("127.0.0.1", house.port, timeout=30)

        def ask(method, body, kind):
            line.request("POST", f"{hook}/{method}", body, {"Content-Type": kind})
            answer = line.getresponse()
            return answer.status, answer.read()

        methods = json.loads(ask("methods", b"", "application/json")[1])["result"]
        for _ in range(rounds):
            method = dice.choice(methods)
            form = dice.random() < 0.7
            body = changed(dice, dice.choice(SEEDS)).encode() if form else json.dumps(as_json(dice)).encode()
            status, text = ask(method, body, "application/x-www-form-urlencoded" if form else "application/json")
            answer = json.loads(text)
            sound = status < 500 and ("result" in answer if status == 200 else isinstance(answer.get("error"), str) and "error_description" in answer)
            if not sound:
                raise AssertionError(f"{method} {body!r}: {status} {text[:500]!r}")
            kinds[answer.get("error", "answered")] = kinds.get(answer.get("error", "answered"), 0) + 1
        assert json.loads(ask("user.current", b"", "application/json")[1])["result"]["ID"]
    print(f"{rounds} requests:", ", ".join(f"{n} {what}" for what, n in sorted(kinds.items())))
    assert kinds["answered"] > rounds / 20, "hardly any request is understood: this tests too little"


if __name__ == "__main__":
    main()
