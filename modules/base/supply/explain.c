/* Why a date is what it is: what covers a demand, and what covers that in turn; and which promises are at
 * risk. */
#include <kontor/plan.h>

#include "supply/pegging.h"

/* A made part stands before its own components. day: NULL, or receives the last of the demand's own */
static kt_error *walk(
    kt_tx *tx, kt_id demand, int64_t line, unsigned level, unsigned levels, kt_plan *plan, kt_date *day)
{
    struct peggings all;
    size_t at = 0;
    KT_TRY(peggings_of_demand(tx, demand, line, &all));
    if (day)
        *day = peggings_day(&all);
    for (size_t i = 0; i < all.count; i++) {
        const struct pegging *p = &all.items[i];
        KT_TRY(kt_plan_add(tx, plan, &at));
        plan->parts[at] = pegging_part(p);
        plan->parts[at].level = level;
        if (p->kind == KT_FROM_MAKING && !p->beside && p->supply.v && level + 1 < levels)
            KT_TRY(walk(tx, p->supply, 0, level + 1, levels, plan, NULL));
    }
    return NULL;
}

static kt_error *name_suppliers(kt_tx *tx, kt_plan *plan)
{
    kt_error *e = NULL;
    kt_authority before = kt_own_authority(tx);
    for (size_t i = 0; i < plan->count && !e; i++) {
        const kt_source *source = source_of(tx, plan->parts[i].kind);
        if (source && source->name && plan->parts[i].document.v)
            e = source->name(tx, &plan->parts[i]);
    }
    kt_callers_authority(tx, before);
    return e;
}

kt_error *supply_tree(kt_tx *tx, kt_id document, kt_id line, unsigned levels, kt_plan *plan)
{
    enum { LEVELS_MAX = 31 };
    const unsigned most = levels && levels < LEVELS_MAX ? levels : LEVELS_MAX;
    KT_TRY(walk(tx, document, (int64_t)line.v, 0, most, plan, &plan->day));
    if (most > 1)
        KT_TRY(name_suppliers(tx, plan));
    for (size_t i = 0; i < plan->count && !kt_shows(tx, "base.pegging", "cost"); i++)
        plan->parts[i].cost = plan->parts[i].unit_cost = (kt_dec){0};
    return NULL;
}

/* ---- base.supply.explain ---- */

struct supply_explain {
    kt_record rec;
    kt_id document;
    int64_t line;
};
const kt_shape supply_explain_shape = KT_SHAPE(supply_explain, NULL,
    KT_FIELD(supply_explain, document, REF, "Document", "Dokument", .target = "*", .required = true,
        .help = {"A sales order, a production order.", "Zamówienie, zlecenie produkcyjne."}),
    KT_FIELD(supply_explain, line, INT, "Line", "Pozycja", .help = {"Empty: all.", "Puste: wszystkie."}));
struct supply_explained {
    kt_record rec;
    kt_date day;
    kt_lines parts;
};
const kt_shape supply_explained_shape = KT_SHAPE(supply_explained, NULL,
    KT_FIELD(supply_explained, day, DATE, "All is there on", "Wszystko będzie dnia"),
    KT_FIELD(supply_explained, parts, LINES, "Parts", "Części", .lines = &kt_plan_row_shape));

kt_error *supply_explain(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct supply_explain *p = KT_SEE(supply_explain, params);
    struct supply_explained *out = KT_AS(supply_explained, result);
    kt_plan plan = {0};
    KT_TRY(supply_tree(tx, p->document, (kt_id){(uint64_t)p->line}, 0, &plan));
    out->day = plan.day;
    return kt_plan_show(tx, &plan, &out->parts);
}

/* ---- base.supply.at_risk ---- */

struct at_risk {
    kt_record rec;
    int64_t limit;
};
const kt_shape at_risk_shape = KT_SHAPE(
    at_risk, NULL, KT_FIELD(at_risk, limit, INT, "At most", "Najwyżej", .initial = "200"));
struct risk {
    kt_record rec;
    kt_id demand, item, supply;
    int64_t line;
    kt_supply_kind kind;
    kt_dec quantity;
    kt_date needed, day;
    kt_str reason;
};
static const kt_shape risk_shape = KT_SHAPE(risk, NULL,
    KT_FIELD(risk, demand, REF, "Needed for", "Dla czego", .target = "*"),
    KT_FIELD(risk, line, INT, "Line", "Pozycja"),
    KT_FIELD(risk, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(risk, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4),
    KT_FIELD(risk, kind, STATE, "Comes from", "Skąd", .choices = kt_supply_kinds),
    KT_FIELD(risk, supply, REF, "Covered by", "Czym pokryte", .target = "*"),
    KT_FIELD(risk, needed, DATE, "Needed on", "Potrzebne na"),
    KT_FIELD(risk, day, DATE, "There on", "Będzie dnia"), KT_FIELD(risk, reason, STRING, "Why", "Dlaczego"));
struct at_risk_found {
    kt_record rec;
    kt_lines demands;
};
const kt_shape at_risk_found_shape = KT_SHAPE(at_risk_found, NULL,
    KT_FIELD(
        at_risk_found, demands, LINES, "Demands at risk", "Zagrożone zapotrzebowania", .lines = &risk_shape));

kt_error *supply_at_risk(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct at_risk *p = KT_SEE(at_risk, params);
    const kt_where where[] = {KT_WHERE(pegging, late, KT_EQ, true), {0}};
    const kt_query query = {.of = &pegging_shape,
        .where = where,
        .sort = "needed,id",
        .limit = (uint32_t)(p->limit > 0 ? p->limit : 1)};
    struct pegging g = {KT_OF(pegging)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    KT_TRY(kt_open(tx, &query, &cursor));
    while (!e && kt_next(cursor, &g.rec)) {
        struct risk row = {KT_OF(risk), .demand = g.demand, .item = g.item, .supply = g.supply,
            .line = g.line, .kind = g.kind, .quantity = g.quantity, .needed = g.needed, .day = g.day,
            .reason = kt_say(
                tx, (kt_text){g.reason.ptr ? g.reason.ptr : "", g.reason_pl.ptr ? g.reason_pl.ptr : ""})};
        e = kt_line_add(tx, &KT_AS(at_risk_found, result)->demands, &row.rec);
    }
    kt_also(&e, kt_close(cursor));
    return e;
}
