/* What was to come on a day that is past has not come: nobody knows when it will, and whoever waits for it hears so. */
#include <kontor/documents.h>
#include <kontor/plan.h>
#include <kontor/rules.h>

#include "supply/pegging.h"

struct supply_review {
    kt_record rec;
    int64_t limit;
};
const kt_shape supply_review_shape = KT_SHAPE(supply_review, NULL,
    KT_FIELD(supply_review, limit, INT, "Supplies at most", "Najwyżej tylu dostaw", .initial = "500"));
struct supply_reviewed {
    kt_record rec;
    int64_t supplies;
    bool more;
    kt_lines promises;
};
const kt_shape supply_reviewed_shape = KT_SHAPE(supply_reviewed, NULL,
    KT_FIELD(
        supply_reviewed, supplies, INT, "Supplies that are overdue", "Dostawy po terminie", .required = true),
    KT_FIELD(supply_reviewed, more, BOOL, "There are more", "Jest ich więcej", .required = true),
    KT_FIELD(supply_reviewed, promises, LINES, "Promises that broke", "Niedotrzymane obietnice",
        .lines = &kt_promise_row_shape));

static const kt_supply_kind coming[] = {KT_FROM_TRANSFER, KT_FROM_MAKING, KT_FROM_BUYING};
enum { COMING = sizeof coming / sizeof *coming };

/* One that waits for what is overdue; found: not set: there is none. */
static kt_error *find_overdue(kt_tx *tx, kt_supply_kind kind, bool late, struct pegging *found)
{
    static const kt_date first = {1}; /* what has no day is no more awaited on one */
    const kt_date today = kt_today(tx);
    const kt_where where[] = {KT_WHERE(pegging, late, KT_EQ, late), KT_WHERE(pegging, kind, KT_EQ, kind),
        KT_WHERE(pegging, day, KT_GE, first), KT_WHERE(pegging, day, KT_LT, today), {0}};
    kt_cursor *cursor;
    *found = (struct pegging){KT_OF(pegging)};
    KT_TRY(kt_open(tx, &(kt_query){.of = &pegging_shape, .where = where, .limit = 1}, &cursor));
    if (!kt_next(cursor, &found->rec))
        *found = (struct pegging){KT_OF(pegging)};
    return kt_close(cursor);
}

static kt_error *break_one(kt_tx *tx, void *context)
{
    const struct pegging *p = context;
    const kt_str day = kt_date_text(tx, p->day);
    return supply_moved(tx, p->supply, (kt_date){0},
        (kt_text){kt_format(tx, "was to be there on %s and is not: nobody knows when it comes", day.ptr).ptr,
            kt_format(tx, "miało być %s, a nie ma: nie wiadomo, kiedy będzie", day.ptr).ptr});
}

static kt_error *review_within(kt_tx *tx, int64_t limit, struct supply_reviewed *out)
{
    for (size_t i = 0; i < 2 * COMING; i++) {
        struct pegging p;
        KT_TRY(find_overdue(tx, coming[i / 2], i % 2, &p));
        for (; p.rec.id.v; out->supplies++) {
            if ((out->more = out->supplies == limit))
                return NULL;
            KT_TRY(kt_step(tx, break_one, &p));
            KT_TRY(find_overdue(tx, coming[i / 2], i % 2, &p));
        }
    }
    return NULL;
}

kt_error *supply_review(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct supply_review *p = KT_SEE(supply_review, params);
    struct supply_reviewed *out = KT_AS(supply_reviewed, result);
    KT_TRY(kt_upkeep_limit(tx, p->limit));
    kt_authority before = kt_own_authority(tx);
    kt_error *e = review_within(tx, p->limit, out);
    kt_callers_authority(tx, before);
    return e ? e : kt_promises_show(tx, &out->promises);
}
