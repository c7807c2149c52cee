/* Items as the stores see them: what base.item gets from this module; lots and serial numbers. */
#include <kontor/units.h>

#include "stock/stores.h"
#include "stock/value.h"

enum { GOODS = 1 }; /* as base.item has it */

static const kt_choice trackings[] = {
    {NOT_TRACKED, "none", {"Not tracked", "Bez partii"}},
    {BY_LOT, "lot", {"By lot", "Partie"}},
    {BY_SERIAL, "serial", {"By serial number", "Numery seryjne"}},
    {0},
};
const kt_choice valuations[] = {
    {AVERAGE, "average", {"Moving average", "Średnia ważona"}},
    {BY_FIFO, "fifo", {"First in first out", "FIFO"}},
    {STANDARD, "standard", {"Standard cost", "Koszt standardowy"}},
    {0},
};
const kt_shape goods_shape = KT_SHAPE(goods, "base.item", KT_BIND(goods, code, STRING, "code"),
    KT_BIND(goods, name, STRING, "name"), KT_BIND(goods, kind, STATE, "kind"),
    KT_BIND(goods, unit, REF, "unit"), KT_BIND(goods, category, REF, "category"),
    KT_BIND(goods, standard_cost, PRICE, "standard_cost"), KT_BIND(goods, weight, QUANTITY, "weight"),
    KT_FIELD(goods, tracking, STATE, "Tracked", "Śledzenie", .choices = trackings, .initial = "none"),
    KT_FIELD(
        goods, valuation, STATE, "Valued by", "Wycena zapasu", .choices = valuations, .initial = "average"),
    KT_FIELD(goods, over_percent, PERCENT, "Tolerance above, %", "Tolerancja nadwyżki, %", .scale = 2,
        .help = {"How much more than ordered may be received or shipped; empty: the warehouse's.",
            "O ile więcej niż zamówiono można przyjąć lub wydać; puste: jak w magazynie."}));

kt_error *goods_read(kt_tx *tx, kt_id item, struct goods *g)
{
    *g = (struct goods){KT_OF(goods)};
    KT_TRY(kt_read(tx, item, &g->rec));
    if (g->kind == GOODS)
        return NULL;
    return kt_fail(tx, KT_RULE, "item", "\"%s\" is a service: it is not kept in the stores",
        "„%s” to usługa: nie ma jej w magazynie", g->name.ptr ? g->name.ptr : "");
}

kt_error *check_whole(kt_tx *tx, const struct goods *g, kt_dec quantity, const char *path)
{
    return kt_check_whole(tx, g->rec.id, g->name, quantity, g->unit, g->unit, path);
}

kt_error *check_whole_of(kt_tx *tx, kt_id item, kt_dec quantity, kt_id unit, const char *path)
{
    struct goods g = {KT_OF(goods)};
    kt_authority before = kt_own_authority(tx); /* whoever writes a line need not see the item's card */
    kt_error *e = item.v ? kt_read(tx, item, &g.rec) : NULL;
    if (!e && g.kind == GOODS)
        e = kt_check_whole(tx, item, g.name, quantity, unit, g.unit, path);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- Lots ---- */

kt_error *check_lot_of(kt_tx *tx, const struct goods *g, kt_id id, const char *path)
{
    struct lot lot = {KT_OF(lot)};
    kt_error *unknown = id.v ? kt_read(tx, id, &lot.rec) : NULL;
    if (unknown && kt_problem_at(unknown, 0).kind != KT_NOT_FOUND)
        return unknown;
    if (!id.v || lot.item.v == g->rec.id.v)
        return NULL;
    return kt_hint(kt_fail(tx, KT_VALIDATION, path, "\"%s\" has no lot %llu", "„%s” nie ma partii %llu",
                       g->name.ptr, (unsigned long long)id.v),
        "logistics.stock lists what there is of the item.", "Co jest towaru, pokazuje logistics.stock.");
}

const kt_shape lot_shape = KT_SHAPE(lot, "logistics.lot",
    KT_FIELD(lot, item, REF, "Item", "Towar", .target = "base.item", .required = true, .fixed = true,
        .priority = 2),
    KT_FIELD(lot, name, STRING, "Lot or serial number", "Partia lub numer seryjny", .required = true,
        .max = 60, .searchable = true, .indexed = true, .priority = 1),
    KT_FIELD(lot, supplier_lot, STRING, "Supplier's lot", "Partia dostawcy", .max = 60, .indexed = true),
    KT_FIELD(lot, made, DATE, "Made on", "Data produkcji"),
    KT_FIELD(lot, expires, DATE, "Expires on", "Termin ważności", .indexed = true, .priority = 3,
        .help = {"The last day on which it may be used.", "Ostatni dzień, w którym można jej użyć."}),
    KT_FIELD(lot, blocked, BOOL, "Blocked", "Zablokowana", .computed = true, .indexed = true, .priority = 4),
    KT_FIELD(lot, reason, STRING, "Why", "Dlaczego", .computed = true, .max = 200));

struct block_why {
    kt_record rec;
    kt_str reason;
};
static const kt_shape block_why_shape = KT_SHAPE(
    block_why, NULL, KT_FIELD(block_why, reason, STRING, "Why", "Dlaczego", .required = true, .max = 200));

static kt_error *block(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    KT_AS(lot, self)->blocked = true;
    KT_AS(lot, self)->reason = KT_SEE(block_why, params)->reason;
    return NULL;
}

static kt_error *unblock(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    (void)params;
    KT_AS(lot, self)->blocked = false;
    KT_AS(lot, self)->reason = (kt_str){0};
    return NULL;
}

const kt_action lot_actions[] = {
    {"block", {"Block", "Zablokuj"}, "update", .params = &block_why_shape, .run = block},
    {"unblock", {"Unblock", "Odblokuj"}, "update", .run = unblock},
    {0},
};

bool lot_held(const struct lot *lot, kt_date day)
{
    return lot->blocked || (lot->expires.day && lot->expires.day < day.day);
}

kt_error *lot_find(kt_tx *tx, kt_id item, kt_str name, kt_id *lot)
{
    struct lot l = {KT_OF(lot)};
    const kt_where where[] = {KT_WHERE(lot, item, KT_EQ, item), KT_WHERE(lot, name, KT_EQ, name), {0}};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &lot_shape, .where = where, .limit = 1}, &cursor));
    kt_next(cursor, &l.rec);
    *lot = l.rec.id;
    return kt_close(cursor);
}

kt_error *lot_get(kt_tx *tx, kt_id item, kt_str name, kt_date expires, kt_id *lot)
{
    KT_TRY(lot_find(tx, item, name, lot));
    if (lot->v)
        return NULL;
    struct lot l = {KT_OF(lot), .item = item, .name = name, .expires = expires};
    KT_TRY(kt_create(tx, &l.rec));
    *lot = l.rec.id;
    return NULL;
}

size_t names_most(kt_str text)
{
    size_t most = text.len > 0;
    for (size_t i = 0; i < text.len; i++)
        most += text.ptr[i] == '\n';
    return most;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

bool next_name(kt_tx *tx, kt_str *rest, kt_str *name)
{
    while (rest->len) {
        size_t end = 0, from = 0;
        while (end < rest->len && rest->ptr[end] != '\n')
            end++;
        size_t next = end + (end < rest->len);
        while (from < end && is_blank(rest->ptr[from]))
            from++;
        while (end > from && is_blank(rest->ptr[end - 1]))
            end--;
        *name = kt_format(tx, "%.*s", (int)(end - from), rest->ptr + from);
        *rest = (kt_str){rest->ptr + next, rest->len - next};
        if (name->len)
            return true;
    }
    return false;
}
