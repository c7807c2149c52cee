/* How good a supplier is: how much came by the day agreed first, how much of it was good, how prices went. */
#include <kontor/list.h>

#include "purchase/purchase.h"

struct score { /* the parameters of logistics.supplier.score */
    kt_record rec;
    kt_id party;
    kt_date from, to;
};
const kt_shape score_shape = KT_SHAPE(score, NULL,
    KT_FIELD(score, party, REF, "Supplier", "Dostawca", .target = "base.party",
        .help = {"Empty: all.", "Puste: wszyscy."}),
    KT_FIELD(score, from, DATE, "Ordered from", "Zamówienia od"),
    KT_FIELD(score, to, DATE, "Ordered to", "Zamówienia do"));
struct score_row {
    kt_record rec;
    kt_id party;
    kt_str name;
    int64_t orders, dated, on_time, days_late;
    kt_dec received, rejected;
    kt_dec on_time_percent, rejected_percent, price_percent;
};
static const kt_shape score_row_shape = KT_SHAPE(score_row, NULL,
    KT_FIELD(score_row, party, REF, "Supplier", "Dostawca", .target = "base.party"),
    KT_FIELD(score_row, name, STRING, "Name", "Nazwa"),
    KT_FIELD(score_row, orders, INT, "Orders", "Zamówienia", .required = true),
    KT_FIELD(score_row, dated, INT, "Lines that came or are overdue", "Pozycje przyjęte lub spóźnione",
        .required = true),
    KT_FIELD(score_row, on_time, INT, "On time and in full", "W terminie i w całości", .required = true),
    KT_FIELD(score_row, on_time_percent, PERCENT, "On time, %", "Terminowość, %", .scale = 2),
    KT_FIELD(score_row, days_late, INT, "Days late in all", "Dni opóźnień razem", .required = true),
    KT_FIELD(score_row, received, QUANTITY, "Received", "Przyjęto", .scale = 4),
    KT_FIELD(score_row, rejected, QUANTITY, "Rejected or returned", "Odrzucono lub zwrócono", .scale = 4),
    KT_FIELD(score_row, rejected_percent, PERCENT, "Rejected, %", "Odrzucono, %", .scale = 2),
    KT_FIELD(score_row, price_percent, PERCENT, "Price change, %", "Zmiana cen, %", .scale = 2,
        .help = {
            "Of what was bought more than once: the latest price against the first, by the latest quantity.",
            "Tego, co kupiono więcej niż raz: ostatnia cena wobec pierwszej, według ostatniej ilości. Tylko "
            "gdy podano dostawcę."}));
struct scored {
    kt_record rec;
    kt_lines suppliers;
};
const kt_shape scored_shape = KT_SHAPE(
    scored, NULL, KT_FIELD(scored, suppliers, LINES, "Suppliers", "Dostawcy", .lines = &score_row_shape));

/* ---- What came ---- */

enum { PARTY, ORDERS, CAME, ON_TIME, DAYS_LATE, RECEIVED, REJECTED, COLUMNS };

static int64_t whole(kt_dec number)
{
    return kt_dec_round(number, 0).coef;
}

static kt_str conditions(kt_tx *tx, const struct score *p)
{
    kt_str filter = KT_STR("[\"state\",\"in\",[\"approved\",\"closed\"]]");
    if (p->party.v)
        filter = kt_format(tx, "%s,[\"party\",\"=\",%llu]", filter.ptr, (unsigned long long)p->party.v);
    if (p->from.day)
        filter = kt_format(tx, "%s,[\"day\",\">=\",\"%s\"]", filter.ptr, day_words(tx, p->from));
    if (p->to.day)
        filter = kt_format(tx, "%s,[\"day\",\"<=\",\"%s\"]", filter.ptr, day_words(tx, p->to));
    return kt_format(tx, "[%s]", filter.ptr);
}

static kt_error *sum_orders(kt_tx *tx, kt_str filter, struct scored *out)
{
    kt_table table;
    kt_str query = kt_format(tx,
        "{\"group\":[\"party\"],\"measures\":{\"orders\":\"count\",\"came\":\"sum:came\","
        "\"on_time\":\"sum:on_time\",\"days_late\":\"sum:days_late\",\"received\":\"sum:received\","
        "\"rejected\":\"sum:rejected\"},\"filter\":%s,\"sort\":\"party\",\"limit\":10000}",
        filter.ptr);
    KT_TRY(kt_aggregate(tx, po_shape.name, query, &table));
    for (size_t i = 0; i < table.rows && table.columns == COLUMNS; i++) {
        const kt_cell *cells = &table.cells[i * COLUMNS];
        struct score_row row = {KT_OF(score_row), .party = kt_cell_id(&cells[PARTY]),
            .name = cells[PARTY].text, .orders = whole(cells[ORDERS].number),
            .dated = whole(cells[CAME].number), .on_time = whole(cells[ON_TIME].number),
            .days_late = whole(cells[DAYS_LATE].number), .received = kt_dec_add(ZERO, cells[RECEIVED].number),
            .rejected = kt_dec_add(ZERO, cells[REJECTED].number)};
        KT_TRY(kt_line_add(tx, &out->suppliers, &row.rec));
    }
    return NULL;
}

/* ---- What should have come ---- */

static struct score_row *row_of(const struct scored *out, kt_id party)
{
    for (size_t i = 0; i < out->suppliers.count; i++) {
        struct score_row *row = KT_AS(score_row, kt_line(&out->suppliers, i));
        if (row->party.v == party.v)
            return row;
    }
    return NULL;
}

static void add_overdue(struct score_row *row, const struct po *o, kt_date today)
{
    for (size_t i = 0; i < o->lines.count; i++) {
        const struct po_line *line = po_line_at(&o->lines, i);
        if (po_line_open(line).coef <= 0 || !line->first_expected.day ||
            line->first_expected.day >= today.day)
            continue;
        row->dated++;
        row->days_late += today.day - line->first_expected.day;
    }
}

static kt_error *find_overdue(kt_tx *tx, kt_str filter, struct scored *out)
{
    const kt_where where[] = {
        KT_WHERE(po, state, KT_EQ, PO_APPROVED), KT_WHERE(po, receipt_status, KT_NE, PO_FULL), {0}};
    struct po o = {.rec.of = &po_seen_shape};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &po_seen_shape, .where = where, .filter = filter}, &cursor));
    while (kt_next(cursor, &o.rec)) {
        struct score_row *row = row_of(out, o.party);
        if (row)
            add_overdue(row, &o, kt_today(tx));
    }
    return kt_close(cursor);
}

/* ---- What it cost ---- */

struct paid { /* the first and the latest price of an item */
    kt_id item, unit;
    kt_dec first, last, quantity;
    int64_t times;
};
struct paids {
    struct paid *items;
    size_t count, room;
};

static kt_error *paid_for(kt_tx *tx, struct paids *all, const struct po_line *line, struct paid **paid)
{
    for (size_t i = 0; i < all->count; i++) {
        *paid = &all->items[i];
        if ((*paid)->item.v == line->item.v && (*paid)->unit.v == line->unit.v)
            return NULL;
    }
    struct paid *items = kt_grow(tx, all->items, all->count, &all->room, sizeof **paid);
    if (!items)
        return kt_no_memory();
    all->items = items;
    *paid = &all->items[all->count++];
    **paid = (struct paid){.item = line->item, .unit = line->unit};
    return NULL;
}

static kt_error *note_prices(kt_tx *tx, struct paids *all, const struct po *o)
{
    for (size_t i = 0; i < o->lines.count; i++) {
        const struct po_line *line = po_line_at(&o->lines, i);
        struct paid *paid = NULL;
        kt_dec price;
        if (line->kind != PO_GOODS)
            continue;
        KT_TRY(in_own_currency(tx, line->price, o->currency, o->day, 6, &price));
        if (!price.scale1)
            continue; /* there was no rate on that day */
        KT_TRY(paid_for(tx, all, line, &paid));
        paid->first = paid->times++ ? paid->first : price;
        paid->last = price;
        paid->quantity = line->quantity;
    }
    return NULL;
}

static kt_dec percent_of(kt_dec part, kt_dec whole_of)
{
    return whole_of.coef ? kt_dec_div(kt_dec_mul(part, KT_DEC(100, 0), 6), whole_of, 2) : (kt_dec){0};
}

static kt_error *price_change(kt_tx *tx, kt_str filter, kt_dec *percent)
{
    struct paids paids = {0};
    struct po o = {.rec.of = &po_seen_shape};
    kt_dec first = ZERO, last = ZERO;
    kt_error *e = NULL;
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &po_seen_shape, .sort = "day,id", .filter = filter}, &cursor));
    while (!e && kt_next(cursor, &o.rec))
        e = note_prices(tx, &paids, &o);
    kt_also(&e, kt_close(cursor));
    for (size_t i = 0; i < paids.count; i++) {
        const struct paid *p = &paids.items[i];
        if (p->times < 2)
            continue;
        first = kt_dec_add(first, kt_dec_mul(p->first, p->quantity, 4));
        last = kt_dec_add(last, kt_dec_mul(p->last, p->quantity, 4));
    }
    *percent = percent_of(kt_dec_sub(last, first), first);
    return e;
}

kt_error *supplier_score(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct score *p = KT_SEE(score, params);
    struct scored *out = KT_AS(scored, result);
    kt_str filter = conditions(tx, p);
    KT_TRY(sum_orders(tx, filter, out));
    KT_TRY(find_overdue(tx, filter, out));
    for (size_t i = 0; i < out->suppliers.count; i++) {
        struct score_row *row = KT_AS(score_row, kt_line(&out->suppliers, i));
        row->on_time_percent = percent_of(KT_DEC(row->on_time, 0), KT_DEC(row->dated, 0));
        row->rejected_percent = percent_of(row->rejected, row->received);
        if (p->party.v)
            KT_TRY(price_change(tx, filter, &row->price_percent));
    }
    return NULL;
}
