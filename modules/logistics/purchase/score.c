/* How good a supplier is: how much came by the day agreed first, how much of it was good, how prices went. */
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
    int64_t orders, lines, dated, on_time, days_late;
    kt_dec received, rejected, first_worth, last_worth;
    kt_dec on_time_percent, rejected_percent, price_percent;
};
static const kt_shape score_row_shape = KT_SHAPE(score_row, NULL,
    KT_FIELD(score_row, party, REF, "Supplier", "Dostawca", .target = "base.party"),
    KT_FIELD(score_row, name, STRING, "Name", "Nazwa"),
    KT_FIELD(score_row, orders, INT, "Orders", "Zamówienia", .required = true),
    KT_FIELD(score_row, lines, INT, "Lines", "Pozycje", .required = true),
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
            "Tego, co kupiono więcej niż raz: ostatnia cena wobec pierwszej, według ostatniej ilości."}));
struct scored {
    kt_record rec;
    kt_lines suppliers;
};
const kt_shape scored_shape = KT_SHAPE(
    scored, NULL, KT_FIELD(scored, suppliers, LINES, "Suppliers", "Dostawcy", .lines = &score_row_shape));

/* ---- One line ---- */

static void judge_day(struct score_row *s, const struct po_line *line, kt_date today)
{
    bool full = po_line_open(line).coef <= 0;
    kt_date came = full ? line->actual : today;
    if (!line->first_expected.day || !came.day || (!full && line->first_expected.day >= today.day))
        return; /* nobody agreed on a day, or it has not come yet */
    s->dated++;
    if (came.day <= line->first_expected.day)
        s->on_time++;
    else
        s->days_late += came.day - line->first_expected.day;
}

struct paid { /* the first and the latest price of an item from a supplier */
    kt_id party, item, unit;
    kt_dec first, last, quantity;
    int64_t times;
};
struct paids {
    struct paid *items;
    size_t count, room;
    kt_id home; /* the company's currency */
};

static kt_error *note_price(kt_tx *tx, struct paids *all, const struct po *o, const struct po_line *line)
{
    kt_dec price = line->price;
    if (o->currency.v != all->home.v)
        KT_TRY(in_own_currency(tx, line->price, o->currency, o->day, 6, &price));
    if (!price.scale1 || !line->item.v || line->quantity.coef <= 0)
        return NULL;
    for (size_t i = 0; i < all->count; i++) {
        struct paid *p = &all->items[i];
        if (p->party.v != o->party.v || p->item.v != line->item.v || p->unit.v != line->unit.v)
            continue;
        p->last = price;
        p->quantity = line->quantity;
        p->times++;
        return NULL;
    }
    if (all->count == all->room) {
        size_t room = all->room ? all->room * 2 : 64;
        struct paid *items = kt_alloc(tx, room * sizeof *items);
        if (!items)
            return kt_fail(tx, KT_LIMIT, NULL, "out of memory", "brak pamięci");
        for (size_t i = 0; i < all->count; i++)
            items[i] = all->items[i];
        all->items = items;
        all->room = room;
    }
    all->items[all->count++] = (struct paid){
        o->party, line->item, line->unit, price, price, line->quantity, 1};
    return NULL;
}

/* ---- All of them ---- */

static kt_error *row_of(kt_tx *tx, struct scored *out, kt_id party, struct score_row **row)
{
    for (size_t i = 0; i < out->suppliers.count; i++) {
        *row = KT_AS(score_row, kt_line(&out->suppliers, i));
        if ((*row)->party.v == party.v)
            return NULL;
    }
    struct score_row fresh = {KT_OF(score_row), .party = party, .received = ZERO, .rejected = ZERO};
    KT_TRY(party_name(tx, party, &fresh.name));
    KT_TRY(kt_line_add(tx, &out->suppliers, &fresh.rec));
    *row = KT_AS(score_row, kt_line(&out->suppliers, out->suppliers.count - 1));
    return NULL;
}

static kt_error *add_order(kt_tx *tx, const struct po *o, struct scored *out, struct paids *paids)
{
    struct score_row *s;
    KT_TRY(row_of(tx, out, o->party, &s));
    s->orders++;
    for (size_t i = 0; i < o->lines.count; i++) {
        const struct po_line *line = po_line_at(&o->lines, i);
        if (line->kind != PO_GOODS)
            continue;
        s->lines++;
        judge_day(s, line, kt_today(tx));
        s->received = kt_dec_add(s->received, line->received);
        s->rejected = kt_dec_add(s->rejected, kt_dec_add(kt_dec_add(ZERO, line->rejected), line->returned));
        KT_TRY(note_price(tx, paids, o, line));
    }
    return NULL;
}

static kt_dec percent_of(kt_dec part, kt_dec whole)
{
    return whole.coef ? kt_dec_div(kt_dec_mul(part, KT_DEC(100, 0), 6), whole, 2) : (kt_dec){0};
}

static void sum_up(struct score_row *s, const struct paids *paids)
{
    for (size_t i = 0; i < paids->count; i++) {
        const struct paid *p = &paids->items[i];
        if (p->party.v != s->party.v || p->times < 2)
            continue;
        s->first_worth = kt_dec_add(s->first_worth, kt_dec_mul(p->first, p->quantity, 4));
        s->last_worth = kt_dec_add(s->last_worth, kt_dec_mul(p->last, p->quantity, 4));
    }
    s->on_time_percent = percent_of(KT_DEC(s->on_time, 0), KT_DEC(s->dated, 0));
    s->rejected_percent = percent_of(s->rejected, s->received);
    s->price_percent = percent_of(kt_dec_sub(s->last_worth, s->first_worth), s->first_worth);
    s->first_worth = s->last_worth = (kt_dec){0};
}

kt_error *supplier_score(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct score *p = KT_SEE(score, params);
    struct scored *out = KT_AS(scored, result);
    kt_where where[4] = {{0}};
    size_t conditions = 0;
    struct paids paids = {0};
    struct po o = {.rec.of = &po_seen_shape};
    kt_error *e = NULL;
    kt_cursor *cursor;
    if (p->party.v)
        where[conditions++] = (kt_where){offsetof(struct po, party), KT_EQ, &p->party};
    if (p->from.day)
        where[conditions++] = (kt_where){offsetof(struct po, day), KT_GE, &p->from};
    if (p->to.day)
        where[conditions] = (kt_where){offsetof(struct po, day), KT_LE, &p->to};
    const kt_query query = {.of = &po_seen_shape,
        .where = where,
        .sort = "day,id",
        .filter = KT_STR("[[\"state\",\"in\",[\"approved\",\"closed\"]]]")};
    KT_TRY(own_currency(tx, &paids.home));
    KT_TRY(kt_open(tx, &query, &cursor));
    while (!e && kt_next(cursor, &o.rec))
        e = add_order(tx, &o, out, &paids);
    kt_also(&e, kt_close(cursor));
    for (size_t i = 0; i < out->suppliers.count; i++)
        sum_up(KT_AS(score_row, kt_line(&out->suppliers, i)), &paids);
    return e;
}
