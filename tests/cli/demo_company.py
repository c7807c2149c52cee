#!/usr/bin/env python3
"""The demo company, as `./run` makes it: papers lie at each point that they pass through, in the stores, purchasing, planning and the
books, and the books are proven."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from house import House  # noqa: E402

STATES = {
    "production.order": {"draft", "confirmed", "reserved", "in_progress", "done", "closed", "cancelled"},
    "logistics.delivery": {"draft", "waiting", "reserved", "picked", "shipped", "done", "cancelled"},
    "logistics.purchase_order": {"draft", "sent", "approved", "closed"},
    "logistics.rfq": {"draft", "sent"},
    "logistics.count": {"draft", "done"},
    "crm.order": {"draft", "confirmed", "closed", "cancelled", "on_hold"},
    "finance.invoice": {"draft", "posted"},
    "production.proposal": {"planned"},
}
KINDS = {"sale", "sale_credit", "advance", "receipt", "purchase"}
SOME = ("logistics.lot", "logistics.reorder_rule", "logistics.rfq_answer", "logistics.count_line", "production.forecast", "base.item_cost")


def census(k):
    counts = {entity: {row["state"]: row["n"] for row in k.aggregate(entity, {"n": "count"}, group=["state"])} for entity in STATES}
    return counts | {entity: k.count(entity, []) for entity in SOME}


def main():
    with House() as house:
        subprocess.run([sys.executable, str(ROOT / "demo/build.py"), "--url", house.url, "--password-file", str(house.password_file), "--quiet"], check=True)
        k = house.client()
        company = census(k)
        for entity, states in STATES.items():
            assert states <= set(company[entity]), (entity, states - set(company[entity]))
        kinds = {row["kind"] for row in k.aggregate("finance.invoice", {"n": "count"}, group=["kind"], filter=[["state", "=", "posted"]])}
        assert KINDS <= kinds, KINDS - kinds
        assert all(company[entity] for entity in SOME), company
        assert k.count("logistics.purchase_order", [["receipt_status", "=", "partial"]]) and k.count("logistics.lot", [["blocked", "=", True]])
        assert k.call("finance.prove", {})["findings"] == []
        print(company)


if __name__ == "__main__":
    main()
