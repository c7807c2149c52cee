#!/usr/bin/env python3
"""The daily budget and the log of reads over HTTP: a scraper, a restart, a kill, rows that were kept long enough."""
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from house import House, PASSWORD  # noqa: E402
from kontor import KontorError  # noqa: E402

PEOPLE, LIMIT = 60, 25


def prepared(conf=""):
    """A house with an entity that logs its reads, 60 records in it and a seller who may read 25 of them a day."""
    house = House(modules="base")
    (house.home / "kontor.lua").write_text(conf)
    house.options = ["--conf", str(house.home / "kontor.lua")]
    house.start()
    admin = house.client()
    admin.call("entity.define", {"name": "custom.contact", "label": "Contact", "log_reads": True,
                                 "fields": [{"name": "name", "type": "string", "label": "Name"}]})
    for i in range(PEOPLE):
        admin.create("custom.contact", {"name": f"Person {i:02}"})
    role = admin.create("access.role", {"name": "seller", "grants": "custom.contact:*"})["id"]
    user = admin.create("access.user", {"name": "sold", "roles": [role], "daily_read_limit": LIMIT})["id"]
    admin.call("access.password", {"user": user, "new": PASSWORD})
    return house, admin


def scrape(seller, first=1):
    """One record after the other until it is refused; answers what was got."""
    got = []
    for id in range(first, PEOPLE + 1):
        try:
            got.append(seller.get("custom.contact", id)["name"])
        except KontorError as refused:
            assert refused.kind == "limit", refused
    return got


class Reads(unittest.TestCase):
    def test_a_scraper_is_stopped_and_a_restart_does_not_help(self):
        house, admin = prepared()
        try:
            self.assertEqual(len(scrape(house.client("sold"))), LIMIT)
            self.assertIn("login event=done user=2 remote=127.0.0.1", house.log.read_text())
            self.assertIn("read_budget event=half", house.log.read_text())
            self.assertIn(f"read_budget event=spent user=2 records={LIMIT} limit={LIMIT}", house.log.read_text())
            house.stop()
            house.start()
            seller = house.client("sold")
            self.assertEqual(seller.call("access.reads.show")["seen"], LIMIT)
            self.assertEqual(len(scrape(seller, LIMIT + 1)), 0)
            time.sleep(1)  # longer than rows wait to be written
            house.process.kill()
            house.process.wait()
            house.start()
            seller = house.client("sold")
            self.assertEqual(len(scrape(seller, LIMIT + 1)), 0)
            self.assertEqual(len(scrape(seller)), LIMIT)  # what was seen today is seen again
            house.client().call("access.reads.raise", {"user": "sold", "records": 5})
            self.assertEqual(len(scrape(seller)), LIMIT + 5)
            self.assertEqual(house.client().call("access.readers", {"entity": "custom.contact", "id": 1})["rows"][-1]["login"], "sold")
        finally:
            house.__exit__(None)

    def test_a_card_of_a_customer_is_logged(self):
        with House(modules="base,crm") as house:
            admin = house.client()
            party = admin.create("base.party", {"name": "Rower Plus", "kind": "organisation"})["id"]
            admin.call("crm.card", {"party": party})
            time.sleep(0.6)
            seen = admin.call("access.readers", {"entity": "base.party", "id": party})["rows"]
            self.assertEqual([row["method"] for row in seen if row["method"] == "crm.card"], ["crm.card"])

    def test_reading_costs_few_commits(self):
        house, admin = prepared()
        try:
            seller = house.client("sold")
            before = admin.call("journal.head")["seq"]
            began = time.monotonic()
            for _ in range(400):
                seller.get("custom.contact", 1)
            slices = (time.monotonic() - began) / 0.2 + 2  # a row at most each 0.2 s
            time.sleep(0.5)
            self.assertLess(admin.call("journal.head")["seq"] - before, slices)
            rows = admin.list("access.read_log", [["method", "=", "custom.contact.get"]], fields=["record", "count"])["rows"]
            self.assertTrue(rows and all(row["record"] == 1 for row in rows))
            self.assertLess(len(rows), slices)
        finally:
            house.__exit__(None)

    def test_what_somebody_read_who_was_deleted_at_once_is_logged_and_holds_up_nobody_else(self):
        house, admin = prepared()
        try:
            admin.get("custom.contact", 1)
            house.client("sold").get("custom.contact", 2)
            admin.delete("access.user", 2)
            time.sleep(1)
            admin.get("custom.contact", 3)
            time.sleep(1)
            rows = admin.list("access.read_log", [["method", "=", "custom.contact.get"]], fields=["record", "user"])["rows"]
            self.assertEqual(sorted((row["record"], row["user"]) for row in rows), [(1, 1), (2, None), (3, 1)])
            self.assertNotIn("not_written", house.log.read_text())
        finally:
            house.__exit__(None)

    def test_old_rows_go_as_new_ones_come(self):
        house, admin = prepared("limits = {read_log_days = 30}")
        try:
            old = admin.create("access.read_log", {"entity": "custom.contact", "record": 1, "at": "2020-01-01T00:00:00.000Z"})["id"]
            admin.get("custom.contact", 1)
            time.sleep(1)
            left = admin.list("access.read_log", fields=["id", "at"])["rows"]
            self.assertEqual(len(left), 1)
            self.assertNotEqual(left[0]["id"], old)
        finally:
            house.__exit__(None)


if __name__ == "__main__":
    unittest.main()
