/* Asking for indicators. Amounts in other currencies are converted to the company's by the rate of the period's last
 * day: sums of different currencies are none. */
#include <stdlib.h>

#include <kontor/currency.h>
#include <kontor/departments.h>
#include <kontor/value.h>

#include "insight.h"

enum {
    GROUPS_MAX = 10000,
    UNKNOWN = 255, /* scale1 of a number that nobody knows, as of an overflow */
};

/* ---- A period ---- */

kt_error *period_read(kt_tx *tx, kt_date from, kt_date until, period *p)
{
    int y, m, d;
    *p = (period){from, until.day ? until : kt_today(tx)};
    kt_date_parts(p->until, &y, &m, &d);
    if (!p->from.day)
        p->from = kt_date_make(y, m, 1);
    return p->until.day < p->from.day
               ? kt_fail(tx, KT_VALIDATION, "until", "is before the first day", "jest przed pierwszym dniem")
               : NULL;
}

int64_t period_days(const period *p)
{
    return (int64_t)p->until.day - p->from.day + 1;
}

kt_str day_text(kt_tx *tx, kt_date day)
{
    int y, m, d;
    kt_date_parts(day, &y, &m, &d);
    return kt_format(tx, "%04d-%02d-%02d", y, m, d);
}

/* ---- Whose ---- */

/* A condition, or nothing; *fits is false if the records are of nobody of the kind that is asked for. */
static kt_error *whose_condition(
    kt_tx *tx, const struct measure *m, const whose *w, kt_str *condition, bool *fits)
{
    kt_departments all;
    *condition = KT_STR("");
    *fits = w->owner.v || w->department.v ? m->owner != NULL : !w->pipeline.v || m->pipeline != NULL;
    if (!*fits)
        return NULL;
    if (w->owner.v) {
        *condition = kt_format(tx, "[\"%s\",\"=\",%llu]", m->owner, (unsigned long long)w->owner.v);
    } else if (w->department.v) {
        KT_TRY(kt_departments_read(tx, &all));
        *condition = kt_format(tx, "[\"%s.department\",\"in\",[%s]]", m->owner,
            kt_departments_below(tx, &all, w->department).ptr);
    } else if (w->pipeline.v) {
        *condition = kt_format(tx, "[\"%s\",\"=\",%llu]", m->pipeline, (unsigned long long)w->pipeline.v);
    }
    return NULL;
}

/* ---- One measure ---- */

struct asked {
    const struct measure *m;
    kt_str query;
    kt_table table;
};

/* In an attempt: what the caller may not read, or whose module is absent, is no error. */
static kt_error *ask(kt_tx *tx, void *context)
{
    struct asked *a = context;
    return kt_aggregate(tx, a->m->entity, a->query, &a->table);
}

static kt_str filter_of(kt_tx *tx, const struct measure *m, const period *p, kt_str condition)
{
    kt_str when = m->when ? kt_format(tx, "[\"%s\",\"between\",[\"%s\",\"%s\"]]", m->when,
                                day_text(tx, p->from).ptr, day_text(tx, p->until).ptr)
                          : KT_STR("");
    const char *parts[] = {m->filter, condition.ptr, when.ptr};
    kt_str made = KT_STR("[");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i] && *parts[i])
            made = kt_format(tx, "%s%s%s", made.ptr, made.len > 1 ? "," : "", parts[i]);
    return kt_format(tx, "%s]", made.ptr);
}

/* group: a path, or NULL. Amounts are grouped by their currency too. */
static bool run(kt_tx *tx, struct asked *a, const char *group, kt_str filter)
{
    const char *paths[] = {group, a->m->money};
    kt_str groups = KT_STR("");
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (paths[i])
            groups = kt_format(tx, "%s%s\"%s\"", groups.ptr, groups.len ? "," : "", paths[i]);
    a->query = kt_format(tx, "{\"group\":[%s],\"measures\":{\"n\":\"%s\"},\"filter\":%s,\"limit\":%d}",
        groups.ptr, a->m->what, filter.ptr, GROUPS_MAX);
    return kt_attempt(tx, ask, a) == NULL;
}

/* The number of a row, in the company's currency; *known is false where there is no rate. */
static kt_error *number_of(
    kt_tx *tx, const struct asked *a, size_t row, const period *p, kt_dec *number, bool *known)
{
    const kt_currencies *currencies = kt_currencies_find(tx);
    const kt_cell *cells = &a->table.cells[row * a->table.columns];
    kt_id own = {0}, from = a->m->money ? kt_cell_id(&cells[a->table.columns - 2]) : (kt_id){0};
    *number = cells[a->table.columns - 1].number;
    *known = true;
    if (!from.v || !currencies || !number->scale1)
        return NULL;
    KT_TRY(currencies->own(tx, &own));
    if (!own.v || own.v == from.v)
        return NULL;
    KT_TRY(currencies->convert(tx, *number, from, own, p->until, INSIGHT_SCALE, number));
    *known = number->scale1 != 0;
    return NULL;
}

/* The filter with one more condition. */
static kt_str narrowed(kt_tx *tx, kt_str filter, const char *condition)
{
    return kt_format(tx, "%.*s%s%s]", (int)filter.len - 1, filter.ptr, filter.len > 2 ? "," : "", condition);
}

/* Adds the rows up; *known is false where one of them has no rate. */
static kt_error *total_of(kt_tx *tx, const struct asked *a, const period *p, kt_dec *total, bool *known)
{
    *total = (kt_dec){0};
    for (size_t i = 0; i < a->table.rows; i++) {
        kt_dec one;
        bool has_rate;
        KT_TRY(number_of(tx, a, i, p, &one, &has_rate));
        *known = *known && has_rate;
        *total = kt_dec_add(*total, one);
    }
    return NULL;
}

static kt_error *measure_ask(kt_tx *tx, const struct measure *m, const period *p, const whose *w,
    kt_dec *number, kt_str *filter, bool *seen)
{
    struct asked all = {.m = m}, against = {.m = m};
    kt_dec minus = {0};
    kt_str condition;
    bool fits, known = true;
    *number = (kt_dec){0};
    KT_TRY(whose_condition(tx, m, w, &condition, &fits));
    *filter = filter_of(tx, m, p, condition);
    *seen = fits && run(tx, &all, NULL, *filter) &&
            (!m->against || run(tx, &against, NULL, narrowed(tx, *filter, m->against)));
    if (!*seen)
        return NULL;
    KT_TRY(total_of(tx, &all, p, number, &known));
    KT_TRY(total_of(tx, &against, p, &minus, &known));
    if (minus.scale1) /* they are among all of them, too */
        *number = kt_dec_sub(*number, kt_dec_add(minus, minus));
    if (!known)
        *number = (kt_dec){0, UNKNOWN};
    return NULL;
}

/* ---- One indicator ---- */

static bool is_known(kt_dec d)
{
    return d.scale1 != UNKNOWN;
}

static kt_dec zeroed(kt_dec d)
{
    return d.scale1 ? d : KT_DEC(0, 0);
}

static kt_dec work_out(const struct indicator *i, const figure *f, const period *p)
{
    enum { YEAR_DAYS = 365 };
    kt_dec days = KT_DEC(period_days(p), 0), over = zeroed(f->over);
    if (!is_known(f->over) || !is_known(f->under))
        return (kt_dec){0};
    if (i->form == PLAIN)
        return kt_dec_round(over, INSIGHT_SCALE);
    if (!f->under.scale1 || !f->under.coef)
        return (kt_dec){0};
    if (i->form == A_YEAR)
        return kt_dec_div(
            kt_dec_div(kt_dec_mul(over, KT_DEC(YEAR_DAYS, 0), 4), days, 4), f->under, INSIGHT_SCALE);
    kt_dec times = i->form == SHARE ? KT_DEC(100, 0) : i->form == PER_DAY ? days : KT_DEC(1, 0);
    return kt_dec_div(kt_dec_mul(over, times, 4), f->under, INSIGHT_SCALE);
}

kt_error *indicator_ask(
    kt_tx *tx, const struct indicator *i, const period *p, const whose *w, figure *f, bool *seen)
{
    *f = (figure){0};
    KT_TRY(measure_ask(tx, &i->over, p, w, &f->over, &f->filter, seen));
    if (*seen && i->under.entity)
        KT_TRY(measure_ask(tx, &i->under, p, w, &f->under, &f->of_filter, seen));
    if (*seen)
        f->value = work_out(i, f, p);
    return NULL;
}

/* ---- Of every employee ---- */

struct share {
    uint64_t owner;
    kt_dec number;
};
struct shares {
    struct share *items;
    size_t count;
};
struct by_owner {
    const struct indicator *i;
    period p;
    struct shares over, under;
};

static int compare(const void *a, const void *b)
{
    uint64_t x = ((const struct share *)a)->owner, y = ((const struct share *)b)->owner;
    return (x > y) - (x < y);
}

/* Rows of one owner, of which each currency has its own, become one. */
static void join(struct shares *s)
{
    size_t n = 0;
    if (s->count)
        qsort(s->items, s->count, sizeof *s->items, compare);
    for (size_t k = 0; k < s->count; k++) {
        if (n && s->items[n - 1].owner == s->items[k].owner)
            s->items[n - 1].number = kt_dec_add(s->items[n - 1].number, s->items[k].number);
        else
            s->items[n++] = s->items[k];
    }
    s->count = n;
}

/* Rows by owner; times: -2 takes those that count against the others, and are among them, away. */
static kt_error *take_shares(kt_tx *tx, const struct asked *a, const period *p, int times, struct shares *out)
{
    for (size_t i = 0; i < a->table.rows; i++) {
        kt_id owner = kt_cell_id(&a->table.cells[i * a->table.columns]);
        bool known;
        kt_dec number;
        KT_TRY(number_of(tx, a, i, p, &number, &known));
        if (number.scale1)
            number = kt_dec_mul(number, KT_DEC(times, 0), (uint8_t)(number.scale1 - 1));
        if (owner.v)
            out->items[out->count++] = (struct share){owner.v, known ? number : (kt_dec){0, UNKNOWN}};
    }
    return NULL;
}

static kt_error *shares_ask(
    kt_tx *tx, const struct measure *m, const period *p, struct shares *out, bool *seen)
{
    struct asked all = {.m = m}, against = {.m = m};
    const kt_str filter = filter_of(tx, m, p, KT_STR(""));
    *seen = m->owner && run(tx, &all, m->owner, filter) &&
            (!m->against || run(tx, &against, m->owner, narrowed(tx, filter, m->against)));
    if (!*seen)
        return NULL;
    out->items = kt_alloc(tx, (all.table.rows + against.table.rows + 1) * sizeof *out->items);
    if (!out->items)
        return kt_no_memory();
    KT_TRY(take_shares(tx, &all, p, 1, out));
    KT_TRY(take_shares(tx, &against, p, -2, out));
    join(out);
    return NULL;
}

kt_error *indicator_ask_all(
    kt_tx *tx, const struct indicator *i, const period *p, const by_owner **all, bool *seen)
{
    by_owner *made = kt_alloc(tx, sizeof *made);
    if (!made)
        return kt_no_memory();
    *made = (by_owner){.i = i, .p = *p};
    *all = made;
    KT_TRY(shares_ask(tx, &i->over, p, &made->over, seen));
    return *seen && i->under.entity ? shares_ask(tx, &i->under, p, &made->under, seen) : NULL;
}

static kt_dec share_of(const struct shares *s, kt_id owner)
{
    const struct share key = {.owner = owner.v},
                       *found = s->count ? bsearch(&key, s->items, s->count, sizeof key, compare) : NULL;
    return found ? found->number : (kt_dec){0};
}

kt_error *by_owner_figure(kt_tx *tx, const by_owner *all, kt_id owner, figure *f)
{
    const struct indicator *i = all->i;
    const whose w = {.owner = owner};
    kt_str condition;
    bool fits;
    *f = (figure){.over = share_of(&all->over, owner), .under = share_of(&all->under, owner)};
    f->value = work_out(i, f, &all->p);
    KT_TRY(whose_condition(tx, &i->over, &w, &condition, &fits));
    f->filter = filter_of(tx, &i->over, &all->p, condition);
    if (!i->under.entity)
        return NULL;
    KT_TRY(whose_condition(tx, &i->under, &w, &condition, &fits));
    f->of_filter = filter_of(tx, &i->under, &all->p, condition);
    return NULL;
}
