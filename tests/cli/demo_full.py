#!/usr/bin/env python3
"""`./run --demo full`: the whole large company is there, every invariant of it is proven while the server runs and after it has
stopped, and it is there again at the next start."""
import re
import subprocess
import sys

from run_stories import ROOT, Tree, census

sys.path.insert(0, str(ROOT / "demo"))
from build import DEALS, LEADS, PARTIES, SIZES  # noqa: E402

OTHERS = ("crm.deal", "crm.lead", "crm.activity", "crm.order", "finance.entry", "logistics.move", "production.order", "hr.employee")


def kontor(tree, *arguments, stdin=""):
    done = subprocess.run([tree.root / "build/release/kontor", *arguments], input=stdin, capture_output=True, text=True,
                          env={"HOME": str(tree.root), "PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, (arguments, done)
    return done.stdout


def main():
    tree = Tree()
    try:
        told = tree.start("--demo", "full").until("Ctrl-C stops the server.", limit_s=3000)
        password = re.search(r"First login: admin / (\S+)", told).group(1)
        company = census(tree.client(password), *OTHERS)
        for entity, count in (("base.party", PARTIES), ("crm.deal", DEALS), ("crm.lead", LEADS)):
            assert company[entity] == count * SIZES["full"], company
        assert all(company[entity] > 10000 for entity in ("crm.activity", "crm.order", "finance.entry")) and all(company.values()), company
        kontor(tree, "login", "--url", tree.url, "admin", stdin=password + "\n")
        assert "true" in kontor(tree, "check") and "is sound" in kontor(tree, "journal", "verify")
        assert tree.end() == 0, tree.told()
        tree.alone()
        assert "is sound" in kontor(tree, "check", str(tree.root / "var/data"))
        tree.start().until("Ctrl-C stops the server.")
        assert census(tree.client(password), *OTHERS) == company
        assert tree.end() == 0, tree.told()
        print(company)
    finally:
        tree.close()


if __name__ == "__main__":
    main()
