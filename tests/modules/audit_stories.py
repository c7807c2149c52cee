#!/usr/bin/env python3
"""What `kontor check` finds: a module that writes past every rule spoils one fact of healthy books at a time, and each time the
audit of production, of the stores or of the books names it; mended again, nothing is found."""
import datetime
import re
import shutil
import subprocess
import sys

from stories import expect, make
from house import House, ROOT
from kontor import KontorError

SPOILER = r"""
#include <string.h>

#include <kontor.h>

struct part { kt_record rec; kt_id item; kt_dec issued; };
static const kt_shape part_shape = KT_SHAPE(part, NULL, KT_BIND(part, item, REF, "item"), KT_BIND(part, issued, QUANTITY, "issued"));
struct went { kt_record rec; kt_id item; kt_dec quantity; };
static const kt_shape went_shape = KT_SHAPE(went, NULL, KT_BIND(went, item, REF, "item"), KT_BIND(went, quantity, QUANTITY, "quantity"));
struct order { kt_record rec; kt_dec quantity, produced; unsigned state; int64_t steps; kt_lines components, ancestors; };
static const kt_shape order_shape = KT_SHAPE(order, "production.order", KT_BIND(order, quantity, QUANTITY, "quantity"),
    KT_BIND(order, produced, QUANTITY, "produced"), KT_BIND(order, state, STATE, "state"), KT_BIND(order, steps, INT, "steps"),
    {KT_AT(order, components, LINES), .name = "components", .lines = &part_shape},
    {KT_AT(order, ancestors, LINES), .name = "ancestors", .lines = &went_shape});
struct operation { kt_record rec; unsigned state; kt_time begins, ends; };
static const kt_shape operation_shape = KT_SHAPE(operation, "production.operation", KT_BIND(operation, state, STATE, "state"),
    KT_BIND(operation, begins, TIME, "begins"), KT_BIND(operation, ends, TIME, "ends"));
struct pegging { kt_record rec; kt_dec quantity; };
static const kt_shape pegging_shape = KT_SHAPE(pegging, "base.pegging", KT_BIND(pegging, quantity, QUANTITY, "quantity"));
struct stock { kt_record rec; kt_dec on_hand; };
static const kt_shape stock_shape = KT_SHAPE(stock, "logistics.stock", KT_BIND(stock, on_hand, QUANTITY, "on_hand"));
struct pool { kt_record rec; kt_dec quantity, value; };
static const kt_shape pool_shape = KT_SHAPE(pool, "logistics.valuation", KT_BIND(pool, quantity, QUANTITY, "quantity"),
    KT_BIND(pool, value, MONEY, "value"));
struct balance { kt_record rec; kt_dec debit; };
static const kt_shape balance_shape = KT_SHAPE(balance, "finance.balance", KT_BIND(balance, debit, MONEY, "debit"));

struct spoil { kt_record rec; kt_str what; int64_t id, other; kt_dec by; };
static const kt_shape spoil_shape = KT_SHAPE(spoil, NULL, KT_FIELD(spoil, what, STRING, "What", "Co", .required = true),
    KT_FIELD(spoil, id, INT, "Of which record", "Czego", .required = true), KT_FIELD(spoil, other, INT, "Like which", "Jak"),
    KT_FIELD(spoil, by, QUANTITY, "By how much", "O ile", .scale = 4));
struct nothing { kt_record rec; };
static const kt_shape nothing_shape = KT_SHAPE(nothing, NULL, {0});

#define IS(name) (strcmp(p->what.ptr, name) == 0)
#define ADD(field) field = kt_dec_add(field, kt_dec_round(p->by, (uint8_t)(field.scale1 ? field.scale1 - 1 : 2)))

static kt_error *spoil_order(kt_tx *tx, const struct spoil *p)
{
    struct order o = {KT_OF(order)};
    KT_TRY(kt_read(tx, (kt_id){(uint64_t)p->id}, &o.rec));
    o.steps++;
    if (IS("produced"))
        ADD(o.produced);
    if (IS("state"))
        o.state = (unsigned)p->other;
    if (IS("issued") || IS("moves"))
        ADD(KT_AS(part, kt_line(&o.components, 0))->issued);
    if (IS("moves"))
        ADD(KT_AS(went, kt_line(&o.ancestors, 0))->quantity);
    return kt_update(tx, &o.rec);
}

static kt_error *spoil_operation(kt_tx *tx, const struct spoil *p)
{
    struct operation o = {KT_OF(operation)}, like = o;
    KT_TRY(kt_read(tx, (kt_id){(uint64_t)p->id}, &o.rec));
    if (IS("operation"))
        o.state = (unsigned)p->other;
    if (IS("place")) {
        KT_TRY(kt_read(tx, (kt_id){(uint64_t)p->other}, &like.rec));
        o.begins = like.begins;
        o.ends = like.ends;
    }
    return kt_update(tx, &o.rec);
}

#define SPOIL(name, T, field)                                                                                                    \
    if (IS(name)) {                                                                                                              \
        struct T r = {KT_OF(T)};                                                                                                 \
        KT_TRY(kt_read(tx, (kt_id){(uint64_t)p->id}, &r.rec));                                                                   \
        ADD(r.field);                                                                                                            \
        return kt_update(tx, &r.rec);                                                                                            \
    }

static kt_error *spoil_some(kt_tx *tx, const struct spoil *p)
{
    if (IS("produced") || IS("state") || IS("issued") || IS("moves"))
        return spoil_order(tx, p);
    if (IS("operation") || IS("place"))
        return spoil_operation(tx, p);
    SPOIL("pegging", pegging, quantity)
    SPOIL("on_hand", stock, on_hand)
    SPOIL("pool", pool, quantity)
    SPOIL("worth", pool, value)
    SPOIL("balance", balance, debit)
    return kt_fail(tx, KT_VALIDATION, "what", "is nothing that it spoils", "tego nie psuje");
}

static kt_error *spoil(kt_tx *tx, const kt_record *params, kt_record *result)
{
    (void)result;
    const kt_authority before = kt_own_authority(tx);
    kt_error *e = spoil_some(tx, KT_SEE(spoil, params));
    kt_callers_authority(tx, before);
    return e;
}

static const kt_method methods[] = {{"spoil", {"Spoil", "Zepsuj"}, "server:check", true, &spoil_shape, &nothing_shape, spoil}, {0}};
KT_API const kt_module kontor_module = KT_MODULE("spoiler", "1.0.0", "Spoiler", "Psuj", .methods = methods);
"""
CONFIRMED, DONE, READY = 3, 6, 2
MODULES = "base,crm,logistics,production,finance"


def open_house(house):
    """A server whose directory of modules has the spoiler beside ours."""
    directory = house.home / "modules"
    directory.mkdir()
    for name in MODULES.split(","):
        shutil.copy(house.build / "modules" / f"{name}.so", directory)
    (house.home / "spoiler.c").write_text(SPOILER)
    subprocess.run(["gcc", "-std=c17", "-fPIC", "-fvisibility=hidden", "-shared", f"-I{ROOT}/plugins-api", "-o", str(directory / "spoiler.so"),
                    str(house.home / "spoiler.c"), f"-L{house.build}", "-lkontor"], check=True)
    house.options = ["--modules-dir", str(directory)]


def healthy(k):
    """Something of everything: made, begun, waiting, taken apart, on stock and in the books."""
    pl, pln = make(k, "base.country", code="PL", name="Poland", eu=True), make(k, "base.currency", code="PLN")
    make(k, "base.company", name="Wicher", country=pl, currency=pln)
    k.call("base.tax.preset", {"country": "PL"})
    k.call("finance.setup", {"chart": "polish"})
    rod, frame = (make(k, "base.item", code=code, name=code.title(), currency=pln, price="100", standard_cost=cost) for code, cost in (("rod", "4"), ("frame", "30")))
    bench = make(k, "production.work_centre", code="B", name="Bench", labour_rate="60")
    routing = make(k, "production.routing", code="R", name="Weld", steps=[{"sequence": 10, "name": "Weld", "centre": bench, "run_minutes": "60"}])
    make(k, "production.bom", item=frame, lines=[{"item": rod, "quantity": "5"}], routing=routing)
    slip = make(k, "logistics.transfer", kind="entry", lines=[{"item": rod, "quantity": "500", "unit_cost": "4"}])
    k.call("logistics.transfer.post", {"id": slip})
    seen = {"rod": rod, "frame": frame}
    for name, quantity in (("done", "10"), ("begun", "4")):
        seen[name] = make(k, "production.order", item=frame, quantity=quantity)
        k.call("production.order.confirm", {"id": seen[name]})
        k.call("production.order.report", {"id": seen[name], "produced": quantity if name == "done" else "1"})
    k.call("production.order.finish", {"id": seen["done"]})
    seen["apart"] = make(k, "production.disassembly", item=frame, quantity="2", order=seen["done"])
    k.call("production.disassembly.post", {"id": seen["apart"]})
    sold = make(k, "crm.order", party=make(k, "base.party", name="Nowak"), lines=[{"item": frame, "quantity": "40", "price": "100"}])
    k.call("crm.order.confirm", {"id": sold})
    due = (datetime.date.today() + datetime.timedelta(days=40)).isoformat()
    for name in ("open", "other"):
        seen[name] = make(k, "production.order", item=frame, quantity="3", due=due)
        k.call("production.order.confirm", {"id": seen[name]})
    return seen


def operation(k, order):
    return k.list("production.operation", [["order", "=", order]])["rows"][0]["id"]


def finding(k):
    """The first that the check finds; None: all is sound."""
    try:
        return None if k.call("system.check", {})["sound"] else "unsound"
    except KontorError as error:
        return str(error)


def main():
    house = House(modules=MODULES + ",spoiler")
    open_house(house)
    with house:
        k = house.client()
        s = healthy(k)
        expect(finding(k), None)
        pegged = k.list("base.pegging", [["kind", "=", "make"], ["item", "=", s["frame"]]])["rows"][0]["id"]
        on_hand = k.list("logistics.stock", [["item", "=", s["rod"]], ["place", "=", "stores"]])["rows"][0]["id"]
        pool = k.list("logistics.valuation", [["item", "=", s["rod"]]])["rows"][0]["id"]
        balance = k.list("finance.balance", [["debit", ">", "0"]])["rows"][0]["id"]
        cases = [
            ("produced", s["begun"], {"by": "9"}, {"by": "-9"}, r"production\.order\.produced: MO/\S+: more is reported than was ordered"),
            ("issued", s["begun"], {"by": "1"}, {"by": "-1"}, r"production\.order\.ancestors: MO/\S+: what was issued is not what went in"),
            ("moves", s["done"], {"by": "1"}, {"by": "-1"}, r"production\.order\.issued: MO/\S+: the moves of a component differ from what was issued"),
            ("pegging", pegged, {"by": "100"}, {"by": "-100"}, r"production\.order\.pegging: MO/\S+: more waits for it than it still gives"),
            ("state", s["open"], {"other": DONE}, {"other": CONFIRMED}, r"production\.operation\.state: MO/\S+: it has ended, and operations of it are open"),
            ("operation", operation(k, s["open"]), {"other": 3}, {"other": READY}, r"production\.order\.state: MO/\S+: it is worked on, but has not begun"),
            ("place", operation(k, s["open"]), {"other": operation(k, s["other"])}, None, r"production\.work_centre\.slots: B is placed with 2 operations at once, it works on 1"),
            ("on_hand", on_hand, {"by": "1"}, {"by": "-1"}, r"logistics\.stock\.on_hand: \d+ says \S+, it should be \S+"),
            ("pool", pool, {"by": "1"}, {"by": "-1"}, r"logistics\.valuation\.quantity: \d+ says \S+, it should be \S+"),
            ("worth", pool, {"by": "1"}, {"by": "-1"}, r"the accounts of stock are not what the stores are worth"),
            ("balance", balance, {"by": "1"}, {"by": "-1"}, r"the balances of account \d+ are not the sum of its lines"),
        ]
        wrong = 0
        for what, record, how, back, expected in cases:
            k.call("spoiler.spoil", {"what": what, "id": record, **how})
            found = finding(k)
            hit = found and re.search(expected, found)
            wrong += not hit
            print(f"  ok    {what}" if hit else f"  WRONG {what}: {found}", flush=True)
            if back:
                k.call("spoiler.spoil", {"what": what, "id": record, **back})
            else:
                k.call("production.capacity.level", {})
            expect((what, finding(k)), (what, None))
    print(f"{len(cases) - wrong} of {len(cases)} are found")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
