/* Where a lot came from and where it went, through production too: what an order took in went into what it made, into one
 * lot of it where the order knows into which. */
#include "stock/trace.h"

#include <string.h>

enum { LEVELS_MOST = 20, ROWS_MOST = 5000 };
enum way { BACK = 1, ONWARD };

static const kt_choice ways[] = {
    {BACK, "from", {"Came from", "Skąd"}}, {ONWARD, "to", {"Went to", "Dokąd"}}, {0}};

struct trace {
    kt_record rec;
    kt_id lot;
};
const kt_shape trace_shape = KT_SHAPE(
    trace, NULL, KT_FIELD(trace, lot, REF, "Lot", "Partia", .target = "logistics.lot", .required = true));

struct traced { /* one move of a lot */
    kt_record rec;
    enum way way;
    int64_t level;
    kt_id move, item, lot, party, document, paper;
    kt_str item_name, lot_name;
    kt_stock_place from, to;
    kt_dec quantity, returned;
    kt_date day;
};
static const kt_shape traced_shape = KT_SHAPE(traced, NULL,
    KT_FIELD(traced, way, STATE, "Way", "Kierunek", .choices = ways),
    KT_FIELD(traced, level, INT, "Level", "Poziom", .required = true),
    KT_FIELD(traced, move, REF, "Move", "Ruch", .target = "logistics.move"),
    KT_FIELD(traced, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(traced, item_name, STRING, "Name", "Nazwa"),
    KT_FIELD(traced, lot, REF, "Lot", "Partia", .target = "logistics.lot"),
    KT_FIELD(traced, lot_name, STRING, "Lot's name", "Nazwa partii"),
    KT_FIELD(traced, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4),
    KT_FIELD(traced, returned, QUANTITY, "Came back", "Wróciło", .scale = 4),
    KT_FIELD(traced, from, STATE, "From", "Skąd", .choices = place_names),
    KT_FIELD(traced, to, STATE, "To", "Dokąd", .choices = place_names),
    KT_FIELD(traced, party, REF, "Party", "Kontrahent", .target = "base.party"),
    KT_FIELD(traced, document, REF, "Document", "Dokument", .target = "*"),
    KT_FIELD(traced, paper, REF, "Slip", "Dowód", .target = "*"),
    KT_FIELD(traced, day, DATE, "Day", "Dzień"));
struct traced_all {
    kt_record rec;
    kt_lines moves;
};
const kt_shape traced_all_shape = KT_SHAPE(
    traced_all, NULL, KT_FIELD(traced_all, moves, LINES, "Moves", "Ruchy", .lines = &traced_shape));

static kt_error *show(kt_tx *tx, const struct move *m, enum way way, int64_t level, kt_lines *rows)
{
    struct goods goods = {KT_OF(goods)};
    struct lot lot = {KT_OF(lot)};
    if (rows->count >= ROWS_MOST)
        return kt_fail(tx, KT_LIMIT, "lot", "it went through more than %d moves",
            "przeszła przez więcej niż %d ruchów", ROWS_MOST);
    KT_TRY(kt_read(tx, m->item, &goods.rec));
    if (m->lot.v)
        KT_TRY(kt_read(tx, m->lot, &lot.rec));
    const struct traced row = {KT_OF(traced), .way = way, .level = level, .move = m->rec.id, .item = m->item,
        .lot = m->lot, .party = m->party, .document = m->document, .paper = m->paper, .item_name = goods.name,
        .lot_name = lot.name, .from = m->from_place, .to = m->to_place, .quantity = m->quantity,
        .returned = m->returned, .day = m->day};
    return kt_line_add(tx, rows, &row.rec);
}

static bool is_shown(const kt_lines *rows, kt_id move, enum way way)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct traced *row = KT_AS(traced, kt_line(rows, i));
        if (row->move.v == move.v && row->way == way)
            return true;
    }
    return false;
}

/* ---- What of an order went into which lot of its goods ---- */

struct went_in {
    kt_record rec;
    kt_id into, move;
};
static const kt_shape went_in_shape = KT_SHAPE(
    went_in, NULL, KT_BIND(went_in, into, REF, "into"), KT_BIND(went_in, move, REF, "move"));
struct made_by {
    kt_record rec;
    kt_lines ancestors;
};
static const kt_shape made_by_shape = KT_SHAPE(
    made_by, "production.order", KT_BIND(made_by, ancestors, LINES, "ancestors", .lines = &went_in_shape));
struct passing {           /* through an order */
    const struct move *of; /* the move that led to it */
    struct made_by order;
};

static kt_error *pass_through(kt_tx *tx, const struct move *of, struct passing *p)
{
    const char *entity = kt_any_entity(tx, of->document);
    *p = (struct passing){of, {KT_OF(made_by)}};
    if (!entity || strcmp(entity, made_by_shape.name) != 0)
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = kt_read(tx, kt_any_id(of->document), &p->order.rec);
    kt_callers_authority(tx, before);
    return e;
}

/* Not set: nobody knows. */
static kt_id into_of(const struct passing *p, kt_id move)
{
    for (size_t i = 0; i < p->order.ancestors.count; i++) {
        const struct went_in *w = KT_AS(went_in, kt_line(&p->order.ancestors, i));
        if (kt_any_id(w->move).v == move.v)
            return kt_any_id(w->into);
    }
    return (kt_id){0};
}

/* By-products came of the same, whatever lot of the goods it went into. */
static kt_error *belongs(kt_tx *tx, const struct passing *p, const struct move *m, enum way way, bool *yes)
{
    const struct move *in = way == BACK ? m : p->of, *out = way == BACK ? p->of : m;
    const kt_id into = into_of(p, in->rec.id);
    struct lot lot = {KT_OF(lot)};
    *yes = !into.v || into.v == out->lot.v;
    if (*yes)
        return NULL;
    KT_TRY(kt_read(tx, into, &lot.rec));
    *yes = lot.item.v != out->item.v;
    return NULL;
}

/* ---- From move to move ---- */

static kt_error *follow(kt_tx *tx, const kt_where *where, const struct passing *through, enum way way,
    int64_t level, kt_lines *rows);

static kt_error *follow_lot(kt_tx *tx, kt_id lot, enum way way, int64_t level, kt_lines *rows)
{
    const kt_where back[] = {
        KT_WHERE(move, lot, KT_EQ, lot), KT_WHERE(move, to_place, KT_EQ, KT_AT_STORES), {0}};
    const kt_where onward[] = {
        KT_WHERE(move, lot, KT_EQ, lot), KT_WHERE(move, from_place, KT_EQ, KT_AT_STORES), {0}};
    return follow(tx, way == BACK ? back : onward, NULL, way, level, rows);
}

/* What the order that made it, or that it went into, took in or gave out. */
static kt_error *follow_order(kt_tx *tx, const struct move *of, enum way way, int64_t level, kt_lines *rows)
{
    const kt_where taken[] = {KT_WHERE(move, document, KT_EQ, of->document),
        KT_WHERE(move, to_place, KT_EQ, KT_AT_PRODUCTION), {0}};
    const kt_where made[] = {KT_WHERE(move, document, KT_EQ, of->document),
        KT_WHERE(move, from_place, KT_EQ, KT_AT_PRODUCTION), {0}};
    struct passing through;
    if (!of->document.v)
        return NULL;
    KT_TRY(pass_through(tx, of, &through));
    return follow(tx, way == BACK ? taken : made, &through, way, level, rows);
}

/* Is it goods that were issued and not used, on their way back or out in vain? */
static bool came_back(const struct move *m)
{
    return m->returns.v || (m->returned.coef > 0 && kt_dec_cmp(m->returned, m->quantity) >= 0);
}

static kt_error *follow_move(kt_tx *tx, const struct move *m, enum way way, int64_t level, kt_lines *rows)
{
    bool outside = (way == BACK ? m->to_place : m->from_place) !=
                   KT_AT_STORES; /* of an order: its goods' own story */
    kt_stock_place other = way == BACK ? m->from_place : m->to_place;
    if (m->state != MOVED || other == KT_AT_TRANSIT || is_shown(rows, m->rec.id, way))
        return NULL;
    if (outside && came_back(m)) /* nothing of it is in what was made */
        return NULL;
    KT_TRY(show(tx, m, way, level, rows));
    if (level >= LEVELS_MOST)
        return NULL;
    if (outside)
        return m->lot.v ? follow_lot(tx, m->lot, way, level + 1, rows) : NULL;
    return other == KT_AT_PRODUCTION && !came_back(m) ? follow_order(tx, m, way, level + 1, rows) : NULL;
}

static kt_error *follow(kt_tx *tx, const kt_where *where, const struct passing *through, enum way way,
    int64_t level, kt_lines *rows)
{
    struct move m = {KT_OF(move)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &move_shape, .where = where, .sort = "id"}, &cursor));
    while (!e && kt_next(cursor, &m.rec)) {
        bool yes = true;
        e = through ? belongs(tx, through, &m, way, &yes) : NULL;
        if (!e && yes)
            e = follow_move(tx, &m, way, level, rows);
    }
    kt_also(&e, kt_close(cursor));
    return e;
}

kt_error *trace(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct trace *p = KT_SEE(trace, params);
    kt_lines *rows = &KT_AS(traced_all, result)->moves;
    struct lot lot = {KT_OF(lot)};
    KT_TRY(kt_read(tx, p->lot, &lot.rec));
    KT_TRY(follow_lot(tx, p->lot, BACK, 0, rows));
    return follow_lot(tx, p->lot, ONWARD, 0, rows);
}
