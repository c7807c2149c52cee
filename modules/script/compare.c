/* Versions of a script against each other: how many calls, goals, orders; and the one that is surely worse
 * gets no more calls. */
#include "compare.h"

#include "script.h"

enum { CALLS_LEAST = 100 }; /* of each before one is stopped */

/* ---- Counting ---- */

static kt_error *count(kt_tx *tx, kt_id script, int64_t edition, enum result result, int64_t *n)
{
    const kt_where all[] = {KT_WHERE(session, script, KT_EQ, script),
        KT_WHERE(session, edition, KT_EQ, edition), KT_WHERE(session, state, KT_EQ, FINISHED), {0}};
    const kt_where some[] = {KT_WHERE(session, script, KT_EQ, script),
        KT_WHERE(session, edition, KT_EQ, edition), KT_WHERE(session, state, KT_EQ, FINISHED),
        KT_WHERE(session, result, KT_EQ, result), {0}};
    uint64_t found;
    KT_TRY(
        kt_count(tx, &(kt_query){.of = &session_shape, .where = result == NO_RESULT ? all : some}, &found));
    *n = (int64_t)found;
    return NULL;
}

static kt_error *arm_of(kt_tx *tx, kt_id script, int64_t edition, struct arm *a)
{
    KT_TRY(count(tx, script, edition, NO_RESULT, &a->calls));
    return count(tx, script, edition, WON, &a->won);
}

/* ---- The loser stops ---- */

static double share(struct arm a)
{
    return a.calls ? (double)a.won / (double)a.calls : 0;
}

/* others: how many are compared with the best one; they share the chance of an error (Bonferroni). */
static bool surely_worse(struct arm a, struct arm best, size_t others)
{
    return a.calls >= CALLS_LEAST && best.calls >= CALLS_LEAST && share(a) < share(best) &&
           arms_alike(a, best) * (double)others < 0.05;
}

static kt_error *settle(kt_tx *tx, struct script *s)
{
    struct arm *arms = kt_alloc(tx, (s->variants.count + 1) * sizeof *arms), best = {0, 0};
    bool changed = false;
    if (!arms)
        return kt_no_memory();
    for (size_t i = 0; i < s->variants.count; i++) {
        const struct variant *v = KT_AS(variant, kt_line(&s->variants, i));
        KT_TRY(arm_of(tx, s->rec.id, v->edition, &arms[i]));
        if (v->weight && arms[i].calls >= CALLS_LEAST && share(arms[i]) >= share(best))
            best = arms[i];
    }
    for (size_t i = 0; i < s->variants.count; i++) {
        struct variant *v = KT_AS(variant, kt_line(&s->variants, i));
        if (!v->weight || !surely_worse(arms[i], best, s->variants.count - 1))
            continue;
        v->weight = 0;
        v->stopped_at = kt_now(tx);
        v->why = kt_format(tx, "%lld/%lld, %lld/%lld", (long long)arms[i].won, (long long)arms[i].calls,
            (long long)best.won, (long long)best.calls);
        changed = true;
    }
    return changed ? kt_update(tx, &s->rec) : NULL;
}

kt_error *compare_settle(kt_tx *tx, const struct session *session)
{
    struct script s = {.rec.of = &script_shape};
    if (session->state != FINISHED)
        return NULL;
    kt_authority before = kt_own_authority(tx); /* the rule stops a variant, not the operator */
    kt_error *e = kt_read(tx, session->script, &s.rec);
    if (!e && s.auto_stop && s.variants.count > 1)
        e = settle(tx, &s);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- script.compare ---- */

struct compare {
    kt_record rec;
    kt_id script;
};
const kt_shape compare_shape = KT_SHAPE(compare, NULL,
    KT_FIELD(compare, script, REF, "Script", "Skrypt", .target = "script.script", .required = true));
struct compared_row {
    kt_record rec;
    int64_t edition, weight, calls, won, orders;
    kt_dec share, low, high, alike, revenue, invoiced, margin;
    bool stopped;
};
#define SHARE(m, en, pl) KT_FIELD(compared_row, m, PERCENT, en, pl, .scale = 2)
static const kt_shape compared_row_shape = KT_SHAPE(compared_row, NULL,
    KT_FIELD(compared_row, edition, INT, "Version", "Wersja"),
    KT_FIELD(compared_row, weight, INT, "Weight", "Waga", .required = true),
    KT_FIELD(compared_row, calls, INT, "Calls", "Rozmowy", .required = true),
    KT_FIELD(compared_row, won, INT, "Goals", "Cele", .required = true), SHARE(share, "Goals, %", "Cele, %"),
    SHARE(low, "At least, % (95 %)", "Co najmniej, % (95 %)"),
    SHARE(high, "At most, % (95 %)", "Najwyżej, % (95 %)"),
    KT_FIELD(compared_row, alike, RATE, "Chance that it is as good as the best",
        "Szansa, że jest równa najlepszej", .scale = 6),
    KT_FIELD(compared_row, orders, INT, "Orders", "Zamówienia", .required = true),
    KT_FIELD(compared_row, revenue, MONEY, "Revenue", "Przychód", .scale = 2),
    KT_FIELD(compared_row, invoiced, MONEY, "Invoiced, net", "Zafakturowano, netto", .scale = 2),
    KT_FIELD(compared_row, margin, MONEY, "Margin", "Marża", .scale = 2),
    KT_FIELD(compared_row, stopped, BOOL, "Stopped", "Zatrzymana"));
struct compared {
    kt_record rec;
    kt_lines rows;
};
const kt_shape compared_shape = KT_SHAPE(
    compared, NULL, KT_FIELD(compared, rows, LINES, "Variants", "Wersje", .lines = &compared_row_shape));

static kt_dec rounded(double x, uint8_t scale)
{
    double times = 1;
    for (uint8_t i = 0; i < scale; i++)
        times *= 10;
    return KT_DEC((int64_t)(x * times + 0.5), scale);
}

/* Orders that followed calls of this edition. */
static kt_error *sales_of(kt_tx *tx, kt_id script, struct compared_row *row)
{
    const kt_where where[] = {KT_WHERE(session, script, KT_EQ, script),
        KT_WHERE(session, edition, KT_EQ, row->edition), KT_WHERE(session, state, KT_EQ, FINISHED), {0}};
    const kt_query query = {
        .of = &session_shape, .where = where, .filter = KT_STR("[[\"order\",\"is_null\",false]]")};
    uint64_t orders;
    KT_TRY(kt_count(tx, &query, &orders));
    row->orders = (int64_t)orders;
    KT_TRY(kt_sum(tx, &query, offsetof(struct session, revenue), &row->revenue));
    KT_TRY(kt_sum(tx, &query, offsetof(struct session, invoiced), &row->invoiced));
    return kt_may(tx, "script.session:read fields cost")
               ? kt_sum(tx, &query, offsetof(struct session, margin), &row->margin)
               : NULL;
}

static kt_error *row_of(kt_tx *tx, const struct script *s, int64_t edition, int64_t weight, bool stopped,
    struct compared_row *row)
{
    struct arm a;
    double p, low, high;
    KT_TRY(arm_of(tx, s->rec.id, edition, &a));
    arm_interval(a, &p, &low, &high);
    *row = (struct compared_row){KT_OF(compared_row), .edition = edition, .weight = weight,
        .stopped = stopped, .calls = a.calls, .won = a.won, .share = rounded(p * 100, 2),
        .low = rounded(low * 100, 2), .high = rounded(high * 100, 2)};
    return sales_of(tx, s->rec.id, row);
}

static kt_error *rows_of(kt_tx *tx, const struct script *s, struct compared_row *rows, size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < s->variants.count; i++) {
        const struct variant *v = KT_AS(variant, kt_line(&s->variants, i));
        KT_TRY(row_of(tx, s, v->edition, v->weight, v->stopped_at.ms != 0, &rows[(*n)++]));
    }
    for (int64_t edition = 1; !s->variants.count && edition <= s->published && *n < 50; edition++)
        KT_TRY(row_of(tx, s, edition, edition == s->published, false, &rows[(*n)++]));
    return NULL;
}

kt_error *script_compare(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct script s = {.rec.of = &script_shape};
    size_t n, best = 0;
    KT_TRY(kt_read(tx, KT_SEE(compare, params)->script, &s.rec));
    struct compared_row *rows = kt_alloc(tx, (s.variants.count + 51) * sizeof *rows);
    if (!rows)
        return kt_no_memory();
    KT_TRY(rows_of(tx, &s, rows, &n));
    for (size_t i = 1; i < n; i++)
        if (share((struct arm){rows[i].calls, rows[i].won}) >
            share((struct arm){rows[best].calls, rows[best].won}))
            best = i;
    for (size_t i = 0; i < n; i++) {
        const struct arm a = {rows[i].calls, rows[i].won}, b = {rows[best].calls, rows[best].won};
        rows[i].alike = rounded(i == best ? 1 : arms_alike(a, b), 6);
        KT_TRY(kt_line_add(tx, &KT_AS(compared, result)->rows, &rows[i].rec));
    }
    return NULL;
}
