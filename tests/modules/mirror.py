"""A company as its journal tells it: every record is rebuilt from the change feed alone, and after each commit what must hold of
the whole company is asked of what has changed. Nothing is read but the feed, so that at the end the two can be held together."""
import datetime
import zoneinfo
from collections import Counter, defaultdict
from decimal import Decimal as D

ZONE = zoneinfo.ZoneInfo("Europe/Warsaw")  # the company's
STANDING = {"version", "updated_at", "updated_by"}  # of a posted document only these change, and what the table below says
POSTED = {"finance.entry": {"reversed_by"}, "finance.invoice": {"open", "due", "payment_status", "credited", "lines"},
          "finance.payment": {"open", "state"}, "finance.set_off": {"state"}, "finance.vat_line": set()}
UNSET = {"lines": [], "refs": [], "bool": False}  # how a field reads that nobody wrote; others are null
CREDITED = {"credited"}  # of a posted invoice's lines


def number(text):
    return D(text) if text not in (None, "") else D(0)


def today():
    """The company's: a walk may go on over its midnight."""
    return datetime.datetime.now(ZONE).date()


class Broken(AssertionError):
    """What must hold does not."""


def hold(true, what, *more):
    if not true:
        raise Broken(f"{what}: " + ", ".join(map(str, more)))


class Mirror:
    def __init__(self, k):
        self.k, self.seq, self.commits, self.enabled = k, 0, 0, set()
        self.rows, self.pointers, self.paths, self.blank = defaultdict(dict), Counter(), {}, {}
        self.ids = defaultdict(list)      # in the order in which they were made: the dice's, to choose from
        self.ledger, self.spans = Counter(), Counter()          # by account; by account, span, first day
        self.owed, self.settled = Counter(), Counter()          # open items: by account; by item, in amount and value
        self.advanced = Counter()                               # by advance invoice and figure: what final ones settled
        self.goods, self.held, self.worth = Counter(), Counter(), D(0)
        self.stocked, self.waiting, self.making, self.carrying, self.taxes, self.unbilled = Counter(), Counter(), Counter(), Counter(), Counter(), D(0)
        self.shipped, self.elsewhere, self.billed, self.unheard, self.in_boxes = Counter(), Counter(), Counter(), Counter(), set()  # of orders
        self.missed, self.places = defaultdict(set), defaultdict(set)  # by item: peggings, stock
        self.dropped = Counter()  # of orders: what deliveries left behind for good
        self.called_off, self.left_behind = {}, set()  # when a slip of this way, or the rest of one, was cancelled; peggings that it was to bring something to
        self.ready = set()  # peggings of what came while nobody kept stock
        self.covers = defaultdict(dict)  # days of what covers a sales order's line
        self.series = Counter()
        self.learn()

    # ---- The records ----

    def learn(self):
        """Which fields are references, of each entity."""
        names = [e["name"] for e in self.k.call("system.describe")["entities"]]
        for at in range(0, len(names), 20):
            for entity in self.k.call("system.describe", {"entities": names[at:at + 20]})["entities"]:
                self.paths[entity["name"]] = list(self.find_paths(entity["fields"]))
                self.blank[entity["name"]] = {field["name"]: UNSET.get(field["type"]) for field in entity["fields"]}
        self.enabled = {m["name"] for m in self.k.call("module.list")["rows"] if m["enabled"]}

    def find_paths(self, fields):
        for field in fields:
            if field["type"] in ("ref", "refs"):
                yield field["name"], field.get("target", "*"), None
            elif field["type"] == "lines":
                inner = list(self.find_paths(field["fields"]))
                if inner:
                    yield field["name"], None, inner

    def references(self, row, paths):
        for name, target, inner in paths:
            value = row.get(name)
            for one in value if isinstance(value, list) else [value] if value else []:
                if inner:
                    yield from self.references(one, inner)
                elif isinstance(one, dict):
                    yield one["entity"], one["id"]
                elif one:
                    yield target, one

    def follow(self):
        """Takes what was committed since; after each commit the laws are asked."""
        while True:
            page = self.k.call("journal.since", {"seq": self.seq, "limit": 1000})
            for entry in page["entries"]:
                hold(entry["seq"] == self.seq + 1, "the journal has a gap", self.seq, entry["seq"])
                self.seq = entry["seq"]
                try:
                    self.take(entry["changes"], {"updated_at": entry["at"], "updated_by": entry["by"] or None})
                except Broken as error:
                    raise Broken(f"entry {self.seq}: {error}") from error
                self.commits += 1
            hold(page["next"] == self.seq or page["entries"], "the feed passes over entries", self.seq, page["next"])
            if self.seq >= page["head"]:
                return

    def take(self, changes, stamp):
        touched = [self.change(c, stamp) for c in changes]
        for entity, old, new in touched:
            if new:
                for target in self.references(new, self.paths.get(entity, ())):
                    hold(target[1] in self.rows[target[0]], "a reference dangles", entity, new["id"], target)
        for entity, id, old, new in [(e, (o or n)["id"], o, n) for e, o, n in touched if not n]:
            hold(not self.pointers[entity, id], "what is deleted is still referred to", entity, id)
        self.ask = set()
        for entity, old, new in touched:
            law = LAWS.get(entity)
            if law:
                law(self, old, new)
        for law, *of in sorted(self.ask, key=str):
            getattr(self, law)(*of)
        self.totals({entity for entity, _, _ in touched})

    def change(self, c, stamp):
        entity, id = c["entity"], c["id"]
        rows, paths = self.rows[entity], self.paths.get(entity, ())
        old = rows.get(id)
        hold((old is None) == (c["kind"] == "created"), "a record is made twice, or changed before it is made", c)
        if old:
            for field, value in c["before"].items():
                hold(old.get(field) == value, "the journal's before is not the after before", entity, id, field, old.get(field), value)
            self.pointers.subtract(self.references(old, paths))
        if c["kind"] == "deleted":
            del rows[id]
            return entity, old, None
        new = rows[id] = {**(old or self.fresh(entity, id, stamp)), **c["after"], "version": c.get("version"), **stamp}
        if not old:
            self.ids[entity].append(id)
        self.pointers.update(self.references(new, paths))
        return entity, old, new

    def fresh(self, entity, id, stamp):
        return {**self.blank.get(entity, {}), "id": id, "created_at": stamp["updated_at"], "created_by": stamp["updated_by"]}

    def compare(self):
        """Is what the journal tells what there is? Returns how many records are the same."""
        count = 0
        for entity in sorted(self.rows):
            if entity.startswith(("access.", "model.")) or entity not in self.paths:
                continue
            there = {row["id"]: row for row in self.k.each(entity, [])}
            hold(set(there) == set(self.rows[entity]), "records of the journal and of the store differ", entity,
                 sorted(set(there) ^ set(self.rows[entity]))[:5])
            for id, row in there.items():
                told = self.rows[entity][id]
                # a record written twice in one commit, the second time as it was, has a new version and no change to tell
                differing = {f: (told[f], row[f]) for f in told if f in row and f not in STANDING and told[f] != row[f]}
                hold(not differing, "the journal tells another record", entity, id, differing)
                count += 1
        return count

    # ---- Laws of one record: each adds to the sums, and names what is to be asked when the whole commit is taken ----

    def unchanged(self, entity, old, new):
        """A posted document, and what may still change of it."""
        hold(new, "a posted document is deleted", entity, old["id"])
        changed = {f for f in new if new[f] != old.get(f)} - STANDING - POSTED[entity]
        hold(not changed, "a posted document changes", entity, old["id"], changed)
        for was, now in zip(old.get("lines") or [], new.get("lines") or []):
            changed = {f for f in now if now[f] != was.get(f)} - CREDITED
            hold(not changed, "a line of a posted document changes", entity, old["id"], changed)

    def numbered(self, row, entity):
        series, _, count = row["number"].rpartition("/")
        self.series[entity, series] += 1
        self.ask.add(("numbers_have_no_gap", entity, series, int(count)))

    def numbers_have_no_gap(self, entity, series, count):
        hold(count <= self.series[entity, series], "a number is left out", entity, series, count, self.series[entity, series])

    def entry(self, old, new):
        if old and old["state"] == "posted":
            return self.unchanged("finance.entry", old, new)
        if not new or new["state"] != "posted":
            return None
        lines = new["lines"]
        debit, credit = (sum((number(line.get(side)) for line in lines), D(0)) for side in ("debit", "credit"))
        hold(debit == credit and debit == number(new["total"]), "an entry does not balance", new)
        hold(not sum((number(line.get("amount")) for line in lines), D(0)), "an entry does not balance in its currency", new)
        self.ask.add(("is_in_an_open_period", new["day"]))
        self.numbered(new, "finance.entry")
        for line in lines:
            value = number(line.get("debit")) - number(line.get("credit"))
            self.ledger[line["account"]] += value
            self.ask.add(("items_are_the_balance", line["account"]))
            for span, start in (("year", new["day"][:4] + "-01-01"), ("month", new["day"][:7] + "-01"), ("day", new["day"])):
                self.spans[line["account"], span, start] += value
                self.ask.add(("balance_is_its_entries", line["account"], span, start))
        return None

    def is_in_an_open_period(self, day):
        for year in self.rows["finance.year"].values():
            for period in year["periods"]:
                if period["start"] <= day <= period["end"]:
                    hold(period["lock"] != "hard" or year["state"] == "closed" and day == year["end"], "posted into a closed period", day)
                    return
        hold(False, "posted into no period", day)

    def balance(self, old, new):
        hold(new, "a balance is deleted", old)
        self.spans[new["account"], new["span"], new["start"], "kept"] = number(new["debit"]) - number(new["credit"])
        self.ask.add(("balance_is_its_entries", new["account"], new["span"], new["start"]))

    def balance_is_its_entries(self, *of):
        hold(self.spans[of] == self.spans[(*of, "kept")], "a balance is not the sum of its entries", of, self.spans[of], self.spans[(*of, "kept")])

    def open_item(self, old, new):
        hold(new, "an open item is deleted", old)
        self.owed[new["account"]] += number(new["open_value"]) - (number(old["open_value"]) if old else 0)
        self.ask.add(("item_is_what_is_not_matched", new["id"]))
        self.ask.add(("items_are_the_balance", new["account"]))

    def match(self, old, new):
        hold(new, "a match is deleted", old)
        if old:
            return
        for side, amount, value, sign in (("debit", "amount", "debit_value", 1), ("credit", "credit_amount", "credit_value", -1)):
            self.settled[new[side], "amount"] += sign * number(new[amount])
            self.settled[new[side], "value"] += sign * number(new[value])
            self.ask.add(("item_is_what_is_not_matched", new[side]))

    def item_is_what_is_not_matched(self, id):
        item = self.rows["finance.open_item"][id]
        for of, open in (("amount", "open"), ("value", "open_value")):
            hold(number(item[of]) - self.settled[id, of] == number(item[open]), "an open item is not what is left of it", item, of, self.settled[id, of])
        hold((number(item["open"]) == 0) == bool(item["closed"]), "an open item is closed, or not", item)

    def items_are_the_balance(self, account):
        if self.rows["finance.account"][account]["open_items"]:
            hold(self.owed[account] == self.ledger[account], "open items are not their account's balance", account, self.owed[account], self.ledger[account])

    def invoice(self, old, new):
        if old and old["state"] == "posted":
            return self.unchanged("finance.invoice", old, new)
        if not new or new["state"] != "posted":
            return None
        net, tax, gross = (number(new[f]) for f in ("net", "tax", "gross"))
        hold(net + tax == gross, "an invoice's net and tax are not its gross", new)
        for field, sum_of in (("net", net), ("tax", tax), ("gross", gross)):
            hold(sum((number(line[field]) for line in new["lines"]), D(0)) == sum_of, "an invoice's lines are not its totals", field, new)
        self.numbered(new, "finance.invoice")
        if new["corrects"] and "advance" in self.rows["finance.invoice"][new["corrects"]]["kind"]:
            self.ask.add(("an_advance_is_settled_to_the_cent", new["corrects"]))
        for part in new.get("advances") or []:
            for figure in ("net", "tax", "gross"):
                self.advanced[part["invoice"], figure] += number(part[figure])
            self.ask.add(("an_advance_is_settled_to_the_cent", part["invoice"]))
        if new["order"] and "advance" not in new["kind"] and not new["receipt"]:
            of = new["order"]["entity"], new["order"]["id"]
            for line in (line for line in new["lines"] if not line.get("price_only")):  # of these the price alone is credited
                self.billed[(*of, line["order_line"])] += number(line["quantity"]) * (-1 if "credit" in new["kind"] else 1)
            self.ask.add(("order_has_heard", *of))
        return None

    def an_advance_is_settled_to_the_cent(self, id):
        of, (net, tax, gross) = self.rows["finance.invoice"][id], (self.advanced[id, f] for f in ("net", "tax", "gross"))
        notes = [n for n in self.rows["finance.invoice"].values() if n["corrects"] == id and n["state"] == "posted"]
        left = {f: number(of[f]) - sum(number(n[f]) for n in notes) for f in ("net", "gross")}
        hold(net + tax == gross and gross <= max(left["gross"], D(0)), "more is settled of an advance than there is", of, net, tax, gross, left)
        hold(gross < left["gross"] or net == left["net"] or not gross, "what is settled of an advance is not its net and tax", of, net, tax, left)

    def payment(self, old, new):
        if old and old["state"] != "draft":
            self.unchanged("finance.payment", old, new)
        elif new and new["state"] != "draft":
            self.numbered(new, "finance.payment")

    def set_off(self, old, new):
        if old and old["state"] != "draft":
            self.unchanged("finance.set_off", old, new)
        elif new and new["state"] != "draft":
            self.numbered(new, "finance.set_off")
            hold(sum(number(a["amount"]) for a in new["allocations"]) == 2 * number(new["amount"]), "both sides of a set-off are not its amount", new)

    def vat_line(self, old, new):
        hold(not old and new, "the register of tax changes", old, new)
        self.taxes[new["side"]] += number(new["amount"])

    def received(self, old, new):
        self.unbilled += number(new["left_value"] if new else 0) - number(old["left_value"] if old else 0)

    def move(self, old, new):
        if old and old["state"] == "done":
            hold(new and new["state"] == "done", "a move that is done changes", old, new)
            changed = {f for f in new if new[f] != old.get(f)} - STANDING - {"left", "left_value", "open", "returned", "later"}
            hold(not changed, "a move that is done changes", new["id"], changed)
        elif new and new["state"] == "done":
            for place, sign in (("from", -1), ("to", 1)):
                at = new["item"], new[place], new["lot"]
                self.goods[at] += sign * number(new["quantity"])
                self.ask.add(("stock_is_its_moves", *at))

    def reservation(self, old, new):
        for row, sign in ((old, -1), (new, 1)):
            if row:
                at = row["item"], row["location"], row["lot"]
                self.held[at] += sign * number(row["quantity"])
                self.ask.add(("stock_is_its_moves", *at))
                self.of_demand(row["document"], row, sign)

    def of_demand(self, document, row, sign):
        """What is reserved for a demand is what its pegging to the stores says; deliveries written by hand have none."""
        if document and document["entity"] in ("crm.order", "production.order"):
            of = document["entity"], document["id"], row["line"], row["item"]
            self.stocked[of] += sign * number(row["quantity"])
            self.ask.add(("demand_has_what_is_pegged", *of))

    def demand_has_what_is_pegged(self, *of):
        hold(self.stocked[of] >= 0, "more is pegged to the stores than is reserved there: reserved less pegged", of, self.stocked[of])
        if "logistics" not in self.enabled:
            return
        document = {"entity": of[0], "id": of[1]}
        if any(d["state"] == "picked" and d["document"] == document for d in self.rows["logistics.delivery"].values()):
            return  # the picker has in hand what he took
        hold(self.stocked[of] == 0, "what is reserved for a demand is not what is pegged to it: reserved less pegged", of, self.stocked[of])

    def lot(self, old, new):
        if new:
            self.ask.add(("nobody_misses_what_is_free", new["item"]))

    def nobody_misses_what_is_free(self, item):
        """What is free, and good on the day on which it is needed, is reserved for those who miss it where it is, or whose warehouse a rule fills up from there."""
        judged = {"crm", "logistics", "production"} <= self.enabled and not any(job["state"] in ("queued", "running") for job in self.rows["job.job"].values())
        usual = min((not w["usual"], w["id"]) for w in self.rows["logistics.warehouse"].values())[1]
        for pegging in [self.rows["base.pegging"][id] for id in self.missed[item]]:
            here, when = pegging["warehouse"]["id"] if pegging["warehouse"] else usual, max(pegging["needed"] or "", today().isoformat())
            sent_from = {r["source"] for r in self.rows["logistics.reorder_rule"].values() if r["kind"] == "resupply" and r["active"] and (r["item"], r["warehouse"]) == (item, here)
                         and self.rows["logistics.warehouse"][r["source"]]["active"]}
            for at in self.places[item]:
                b = self.rows["logistics.stock"][at]
                called_off = self.called_off.get((b["warehouse"], here)) == self.seq  # it is not brought again at once
                if called_off:
                    self.left_behind.add(pegging["id"])
                brought = b["warehouse"] in sent_from and not b["lot"] and pegging["id"] not in self.left_behind  # a lot may be past its day when it is there
                where = b["warehouse"] if brought else here
                lot = self.rows["logistics.lot"].get(b["lot"], {})
                held = lot.get("blocked") or (lot.get("expires") or "9999") < when or not self.rows["logistics.location"][b["location"]]["active"]
                hold(not judged or held or b["place"] != "stores" or b["warehouse"] != where or number(b["on_hand"]) <= number(b["reserved"]), "what is free is missed", pegging, b)

    def nobody_misses_what_is_on_its_way(self, item):
        """What a slip brings that nobody waits for is for who misses it where that goes."""
        if not {"crm", "logistics", "production"} <= self.enabled or any(job["state"] in ("queued", "running") for job in self.rows["job.job"].values()):
            return
        usual = min((not w["usual"], w["id"]) for w in self.rows["logistics.warehouse"].values())[1]
        for pegging in [self.rows["base.pegging"][id] for id in self.missed[item]]:
            here = pegging["warehouse"]["id"] if pegging["warehouse"] else usual
            spare = {t["id"]: sum((number(line["quantity"]) for line in t["lines"] if line["item"] == item), D(0)) - self.carrying[t["id"], item]
                     for t in self.rows["logistics.transfer"].values() if t["state"] == "in_transit" and (t["to_warehouse"] or t["warehouse"]) == here}
            hold(pegging["came"] or self.rows["base.item"][item]["tracking"] != "none" or not any(spare.values()), "what is on its way for nobody is missed", pegging, spare)

    def stock(self, old, new):
        hold(new, "a stock's row is deleted", old)
        self.places[new["item"]].add(new["id"])
        self.ask.add(("nobody_misses_what_is_free", new["item"]))
        at = new["item"], new["location"], new["lot"]
        self.goods[(*at, "kept")], self.held[(*at, "kept")] = number(new["on_hand"]), number(new["reserved"])
        self.ask.add(("stock_is_its_moves", *at))

    def stock_is_its_moves(self, *at):
        hold(self.goods[at] == self.goods[(*at, "kept")], "stock is not the sum of its moves", at, self.goods[at], self.goods[(*at, "kept")])
        hold(self.held[at] == self.held[(*at, "kept")], "what is reserved is not the sum of its reservations", at, self.held[at])
        place = self.rows["logistics.location"][at[1]]
        if place["place"] == "stores":
            hold(0 <= self.held[at] <= max(self.goods[at], 0), "more is reserved than is on hand", at, self.held[at], self.goods[at])
            negative = place["warehouse"] and self.rows["logistics.warehouse"][place["warehouse"]]["negative"]
            hold(self.goods[at] >= 0 or negative, "stock is below zero", at, self.goods[at])

    # ---- Orders: what was delivered and billed of them they know, whatever was off meanwhile ----

    def delivery(self, old, new):
        for row, sign in ((old, -1), (new, 1)):
            if not row or not row["document"]:
                continue
            of = row["document"]["entity"], row["document"]["id"]
            self.ask.add(("order_has_heard", *of))
            for line in row["lines"]:
                if of[0] == "crm.order":  # it may be in the picker's hand no more
                    self.ask.add(("demand_has_what_is_pegged", *of, line["order_line"], line["item"]))
                self.shipped[(*of, line["order_line"])] += sign * (number(line["shipped"]) - number(line["returned"]))
                if row["policy"] == "cancel_rest" and row["state"] in ("shipped", "done"):
                    self.dropped[(*of, line["order_line"])] += sign * max(number(line["quantity"]) - number(line["shipped"]), D(0))
                if line["quantity"] != line["order_quantity"]:
                    self.in_boxes.add((*of, line["order_line"]))

    def report(self, old, new):
        of = (new or old)["order"]["entity"], (new or old)["order"]["id"]
        self.unheard[of] += (1 if new else 0) - (1 if old else 0)
        self.ask.add(("order_has_heard", *of))

    def sales_order(self, old, new):
        if new:
            self.ask.add(("order_has_heard", "crm.order", new["id"]))
            self.ask.add(("promises_can_be_kept", "crm.order", new["id"]))

    def purchase_order(self, old, new):
        if new:
            self.ask.add(("order_has_heard", "logistics.purchase_order", new["id"]))

    def order_has_heard(self, *of):
        order = self.rows[of[0]].get(of[1])
        if not order or of[0].partition(".")[0] not in self.enabled:
            return
        deaf = [r for r in self.rows["base.order_report"].values() if (r["order"]["entity"], r["order"]["id"]) == of and not r["refused"]]
        hold(not deaf, "an order has not heard what happened to it, and does not say why", of, order["state"], deaf)
        for line in order["lines"] if not self.unheard[of] else []:
            at = (*of, line["id"])
            billed = number(line["invoiced" if of[0] == "crm.order" else "billed"])
            hold(billed == self.billed[at], "what was billed of an order is not what it knows", at, billed, self.billed[at])
            if of[0] == "crm.order" and at not in self.in_boxes:
                there, told = number(line["delivered"]), self.shipped[at] + self.elsewhere[at]
                hold(there == told, "what was delivered of an order is not what it knows", at, there, self.shipped[at], self.elsewhere[at])
                given_up, open_now = number(line["given_up"]), number(line["quantity"]) - there
                hold(0 <= given_up <= self.dropped[at], "more of an order is given up than was left behind", at, given_up, self.dropped[at])
                waited_for = sum((number(self.rows["base.pegging"][p]["quantity"]) for p in self.covers[at]), D(0))
                in_own_unit = not line["item"] or line["unit"] == self.rows["base.item"][line["item"]]["unit"]
                hold(not in_own_unit or waited_for <= max(open_now - given_up, D(0)), "more is kept for an order than it still wants", at, waited_for, open_now, given_up)

    def on_its_way(self, item, side, warehouse, *states):
        """What slips between stores move of an item, to or from one of them, and no demand waits for."""
        slips = [t for t in self.rows["logistics.transfer"].values() if t["kind"] == "transfer" and t["state"] in states and t[side] == warehouse]
        return sum((number(line["quantity"]) for t in slips for line in t["lines"] if line["item"] == item), D(0)) - sum((self.carrying[t["id"], item] for t in slips), D(0))

    def transfer(self, old, new):
        for item in {line["item"] for line in new["lines"]} if new else ():
            self.ask.add(("nobody_misses_what_is_on_its_way", item))
        brings = lambda slip: sum((number(line["quantity"]) for line in slip["lines"]), D(0))
        rest_cancelled = old and new and old["state"] == "draft" and new["state"] == "in_transit" and brings(new) < brings(old)
        if new and (new["state"] == "cancelled" or rest_cancelled):
            self.called_off[new["warehouse"], new["to_warehouse"]] = self.seq
        if new and new["asked"]:
            for item in {line["item"] for line in new["lines"]}:
                self.ask.add(("slip_brings_what_waits", new["id"], item))

    def slip_brings_what_waits(self, id, item):
        """Till it is sent, that is reserved for it; once it is there, nobody waits for it."""
        t, waited = self.rows["logistics.transfer"].get(id), self.carrying[id, item]
        if "logistics" not in self.enabled:
            return
        state = t["state"] if t else "deleted"
        held = sum((number(r["quantity"]) for r in self.rows["logistics.reservation"].values()
                    if r["document"] == {"entity": "logistics.transfer", "id": id} and r["item"] == item), D(0))
        hold(held == (waited if state == "draft" else 0), "what is reserved for a slip is not what waits for it", t, item, held, waited)
        on_it = sum((number(line["quantity"]) for line in t["lines"] if line["item"] == item), D(0)) if state in ("draft", "in_transit") else 0
        hold(waited <= on_it, "more waits for a slip than it brings", t, item, waited)

    def disassembly(self, old, new):
        """What is taken apart is worth what is recovered of it and what is lost."""
        if not new or new["state"] != "done":
            return
        hold(not old or old["state"] == "draft", "what was taken apart changes", old, new)
        hold(number(new["value"]) == number(new["lost"]) + sum((number(line["value"]) for line in new["lines"]), D(0)), "worth comes or goes in taking apart", new)
        hold(all(0 <= number(line["recovered"]) <= number(line["quantity"]) for line in new["lines"]), "more is recovered than went in", new)

    def valuation(self, old, new):
        self.worth += number(new["value"] if new else 0) - number(old["value"] if old else 0)

    def pegging(self, old, new):
        for row, sign in ((old, -1), (new, 1)):
            if row:
                of = row["demand"]["entity"], row["demand"]["id"]
                self.covers[(*of, row["line"])][row["id"]] = row["day"] or "unknown"
                if sign < 0:
                    del self.covers[(*of, row["line"])][row["id"]]
                self.ask.add(("promises_can_be_kept", *of))
            if row and row["kind"] == "stock" and row["supply"]:
                self.of_demand(row["demand"], row, -sign)
            elif row and row["kind"] == "stock":
                (self.ready.add if sign > 0 else self.ready.discard)(row["id"])
            if row and row["kind"] == "missing":
                (self.missed[row["item"]].add if sign > 0 else self.missed[row["item"]].discard)(row["id"])
                self.ask.add(("nobody_misses_what_is_free", row["item"]))
                self.ask.add(("nobody_misses_what_is_on_its_way", row["item"]))
            if row and row["kind"] == "buy":
                self.waiting[row["supply"]["id"]] += sign * number(row["quantity"])
                self.ask.add(("request_is_what_waits", row["supply"]["id"]))
            if row and row["kind"] == "transfer":
                self.carrying[row["supply"]["id"], row["item"]] += sign * number(row["quantity"])
                self.ask |= {("slip_brings_what_waits", row["supply"]["id"], row["item"]), ("nobody_misses_what_is_on_its_way", row["item"])}
            if row and row["kind"] == "make":
                self.making[row["supply"]["id"], row["item"]] += sign * number(row["quantity"])
                self.ask.add(("order_gives_what_waits", row["supply"]["id"], row["item"]))

    def promises_can_be_kept(self, *of):
        """No line is promised, and no work counts on a component, for a day before all that covers it is there."""
        order = self.rows[of[0]].get(of[1])
        if not order or not {of[0].partition(".")[0], "logistics"} <= self.enabled or order["state"] not in ("confirmed", "on_hold", "reserved", "in_progress"):
            return
        for line in order["lines" if of[0] == "crm.order" else "components"]:
            last = max(self.covers[(*of, line["id"])].values(), default="")
            told = line["promised"] if of[0] == "crm.order" else line["known"] and line["day"]
            hold(last <= (told or "unknown"), "what covers a demand comes after the day that is counted on", of, line["id"], told, last)

    def making_order(self, old, new):
        if new:
            self.ask.add(("promises_can_be_kept", "production.order", new["id"]))
            for item in {new["item"], *(out["item"] for out in new["outputs"])}:
                self.ask.add(("order_gives_what_waits", new["id"], item))

    def order_gives_what_waits(self, id, item):
        """What it makes; and of by-products, in whole pieces, what belongs to what is not scrapped."""
        o, waited, rest = self.rows["production.order"].get(id), self.making[id, item], D(0)
        if "production" not in self.enabled or not waited:
            return
        if o and o["state"] not in ("done", "closed", "cancelled"):
            good = number(o["quantity"]) - number(o["scrapped"])
            rest = sum((number(out["quantity"]) * good / number(o["quantity"]) - number(out["received"]) for out in o["outputs"] if out["item"] == item), D(0))
            rest += good - number(o["produced"]) if o["item"] == item else 0
        hold(waited <= rest, "more waits for an order than it still gives", o, item, waited)

    def request(self, old, new):
        if new:
            self.ask.add(("request_is_what_waits", new["id"]))

    def request_is_what_waits(self, id):
        r = self.rows["logistics.purchase_request"].get(id)
        if "logistics" not in self.enabled:
            return
        hold(r or not self.waiting[id], "a demand waits for no request", id)
        if not r:
            return
        quantity, received, waiting, free = (number(r[f]) for f in ("quantity", "received", "waiting", "free"))
        hold(waiting == self.waiting[id], "a request is not waited for as it says", r, self.waiting[id])
        if r["state"] in ("open", "ordered"):
            hold(quantity == received + waiting + free and free >= 0, "a request's parts are not its quantity", r)

    # ---- Laws of the whole ----

    def everything(self):
        """What no law could be asked of while a module was off."""
        for of in list(self.stocked):
            self.demand_has_what_is_pegged(*of)
        hold("logistics" not in self.enabled or not self.ready, "what came while nobody kept stock is not missed by the stores", self.ready)
        for at in list(self.making):
            self.order_gives_what_waits(*at)
        for at in list(self.carrying):
            self.slip_brings_what_waits(*at)
        for id in list(self.waiting):
            self.request_is_what_waits(id)
        for item in list(self.missed):
            self.nobody_misses_what_is_free(item)
        for entity in ("crm.order", "logistics.purchase_order"):
            for id in self.rows[entity]:
                self.order_has_heard(entity, id)
        for entity in ("crm.order", "production.order"):
            for id in self.rows[entity]:
                self.promises_can_be_kept(entity, id)
        self.totals({"finance.entry"})

    def of_purpose(self, purpose):
        return {row["account"] for row in self.rows["finance.purpose"].values() if row["purpose"] == purpose}

    def totals(self, touched):
        if not {"finance", "logistics"} <= self.enabled or not touched & {"finance.entry", "logistics.valuation", "finance.received"}:
            return
        stock = sum((self.ledger[a] for a in self.of_purpose("stock")), D(0))
        hold(stock == self.worth, "the accounts of stock are not what the stores are worth", stock, self.worth)
        waiting = sum((self.ledger[a] for a in self.of_purpose("not_invoiced")), D(0))
        hold(waiting == -self.unbilled, "goods not invoiced are not their account's balance", waiting, self.unbilled)
        for side, purpose, sign in (("sale", "tax_sale", -1), ("purchase", "tax_purchase", 1)):
            there = sum((self.ledger[a] for a in self.of_purpose(purpose)), D(0))
            hold(there == sign * self.taxes[side], "the register of tax is not its account", side, there, self.taxes[side])


LAWS = {"finance.entry": Mirror.entry, "finance.balance": Mirror.balance, "finance.open_item": Mirror.open_item, "finance.match": Mirror.match,
        "finance.invoice": Mirror.invoice, "finance.payment": Mirror.payment, "finance.set_off": Mirror.set_off, "finance.vat_line": Mirror.vat_line, "finance.received": Mirror.received,
        "logistics.move": Mirror.move, "logistics.reservation": Mirror.reservation, "logistics.stock": Mirror.stock, "logistics.lot": Mirror.lot, "logistics.valuation": Mirror.valuation,
        "crm.order": Mirror.sales_order, "logistics.purchase_order": Mirror.purchase_order, "logistics.delivery": Mirror.delivery, "base.order_report": Mirror.report,
        "logistics.purchase_request": Mirror.request, "base.pegging": Mirror.pegging, "logistics.transfer": Mirror.transfer, "production.order": Mirror.making_order, "production.disassembly": Mirror.disassembly}
