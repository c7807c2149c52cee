/* Balances kept with every posting: what an account got on a day, in a month, in a year. A sum over any days is
 * then a few rows of each kind: a month that is needed nearly whole is taken whole, less its last days.
 *
 * A balance is never written but by a posting, in its transaction; `kontor check` sums the entries anew. */
#include <stdlib.h>

#include "finance.h"

static const kt_choice spans[] = {
    {YEARLY, "year", {"Year", "Rok"}},
    {MONTHLY, "month", {"Month", "Miesiąc"}},
    {DAILY, "day", {"Day", "Dzień"}},
    {0},
};
const kt_shape balance_shape = KT_SHAPE(balance, "finance.balance",
    KT_FIELD(balance, account, REF, "Account", "Konto", .target = "finance.account", .required = true,
        .computed = true, .priority = 1),
    KT_FIELD(balance, span, STATE, "Span", "Odcinek", .choices = spans, .computed = true, .priority = 2),
    KT_FIELD(balance, start, DATE, "From", "Od", .computed = true, .priority = 3),
    KT_FIELD(balance, debit, MONEY, "Debit", "Wn", .scale = 2, .computed = true, .priority = 4),
    KT_FIELD(balance, credit, MONEY, "Credit", "Ma", .scale = 2, .computed = true, .priority = 5),
    KT_FIELD(balance, amount, MONEY, "Amount in the account's currency", "Kwota w walucie konta", .scale = 2,
        .computed = true));

kt_error *balance_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    (void)before;
    return after ? NULL
                 : kt_fail(tx, KT_RULE, NULL, "balances follow the entries: they cannot be deleted",
                       "salda wynikają z zapisów: nie można ich usunąć");
}

static kt_date span_start(enum span span, kt_date day)
{
    int year, month, of_month;
    kt_date_parts(day, &year, &month, &of_month);
    return span == DAILY ? day : kt_date_make(year, span == MONTHLY ? month : 1, 1);
}

static kt_error *add_to(kt_tx *tx, enum span span, kt_date day, const struct turnover *t)
{
    kt_date start = span_start(span, day);
    const kt_where where[] = {KT_WHERE(balance, account, KT_EQ, t->account),
        KT_WHERE(balance, span, KT_EQ, span), KT_WHERE(balance, start, KT_EQ, start), {0}};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){&balance_shape, where, NULL, 1}, &cursor));
    struct balance b = {KT_OF(balance)};
    bool found = kt_next(cursor, &b.rec);
    KT_TRY(kt_close(cursor));
    if (!found)
        b = (struct balance){KT_OF(balance), .account = t->account, .span = span, .start = start,
            .debit = money(0), .credit = money(0)};
    b.debit = kt_dec_add(b.debit, t->debit);
    b.credit = kt_dec_add(b.credit, t->credit);
    if (t->amount.scale1)
        b.amount = kt_dec_add(known(b.amount), t->amount);
    return found ? kt_update(tx, &b.rec) : kt_create(tx, &b.rec);
}

kt_error *balances_add(kt_tx *tx, const struct entry *e)
{
    struct turnover *each = kt_alloc(tx, sizeof *each * (e->lines.count + 1));
    size_t count = 0;
    if (!each)
        return kt_no_memory();
    for (size_t i = 0; i < e->lines.count; i++) {
        const struct entry_line *line = KT_AS(entry_line, kt_line(&e->lines, i));
        size_t at = 0;
        while (at < count && each[at].account.v != line->account.v)
            at++;
        if (at == count)
            each[count++] = (struct turnover){line->account, money(0), money(0), {0}};
        each[at].debit = kt_dec_add(each[at].debit, line->debit);
        each[at].credit = kt_dec_add(each[at].credit, line->credit);
        if (line->amount.scale1)
            each[at].amount = kt_dec_add(known(each[at].amount), line->amount);
    }
    for (size_t i = 0; i < count; i++)
        for (enum span span = YEARLY; span <= DAILY; span++)
            KT_TRY(add_to(tx, span, e->day, &each[i]));
    return NULL;
}

/* ---- Sums over days ---- */

typedef struct {
    kt_tx *tx;
    struct turnover *rows; /* open addressing by account */
    size_t size, used;
    kt_id only; /* one account; not set: all */
} gathering;

static struct turnover *slot_for(struct turnover *rows, size_t size, kt_id account)
{
    size_t at = (size_t)(account.v * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (size - 1);
    while (rows[at].account.v && rows[at].account.v != account.v)
        at = (at + 1) & (size - 1);
    return &rows[at];
}

static kt_error *take(gathering *g, const struct balance *b, bool less)
{
    if (g->used * 2 >= g->size) {
        size_t size = g->size ? g->size * 2 : 256;
        struct turnover *grown = kt_alloc(g->tx, sizeof *grown * size);
        if (!grown)
            return kt_no_memory();
        for (size_t i = 0; i < g->size; i++)
            if (g->rows[i].account.v)
                *slot_for(grown, size, g->rows[i].account) = g->rows[i];
        g->rows = grown;
        g->size = size;
    }
    struct turnover *t = slot_for(g->rows, g->size, b->account);
    if (!t->account.v) {
        *t = (struct turnover){b->account, money(0), money(0), {0}};
        g->used++;
    }
    t->debit = kt_dec_add(t->debit, less ? kt_dec_neg(b->debit) : b->debit);
    t->credit = kt_dec_add(t->credit, less ? kt_dec_neg(b->credit) : b->credit);
    if (b->amount.scale1)
        t->amount = kt_dec_add(known(t->amount), less ? kt_dec_neg(b->amount) : b->amount);
    return NULL;
}

/* Adds, or takes away, all rows of a span that begin within these days; from not set: the beginning. */
static kt_error *gather(gathering *g, enum span span, kt_date from, kt_date to, bool less)
{
    kt_where where[5];
    size_t n = 0;
    if (to.day < from.day)
        return NULL;
    if (g->only.v)
        where[n++] = (kt_where){offsetof(struct balance, account), KT_EQ, &g->only};
    where[n++] = (kt_where){offsetof(struct balance, span), KT_EQ, &span};
    if (from.day)
        where[n++] = (kt_where){offsetof(struct balance, start), KT_GE, &from};
    where[n++] = (kt_where){offsetof(struct balance, start), KT_LE, &to};
    where[n] = (kt_where){0};
    kt_cursor *cursor;
    KT_TRY(kt_open(g->tx, &(kt_query){&balance_shape, where, g->only.v ? NULL : "span,start", 0}, &cursor));
    struct balance b = {KT_OF(balance)};
    kt_error *error = NULL;
    while (!error && kt_next(cursor, &b.rec))
        error = take(g, &b, less);
    kt_also(&error, kt_close(cursor));
    return error;
}

/* Everything up to the end of a day, or all of it taken away. */
static kt_error *gather_to(gathering *g, kt_date day, bool less)
{
    enum { HALF_YEAR = 7, HALF_MONTH = 16 };
    int year, month, of_month;
    kt_date_parts(day, &year, &month, &of_month);
    kt_date new_year = kt_date_make(year, 1, 1), next_year = kt_date_make(year + 1, 1, 1);
    kt_date first = kt_date_make(year, month, 1);
    kt_date next = month == 12 ? next_year : kt_date_make(year, month + 1, 1);
    bool nearly = of_month >= HALF_MONTH; /* the month is taken whole, less its last days */
    kt_date months_until = nearly ? next : first;
    bool most = month >= HALF_YEAR;
    KT_TRY(gather(g, YEARLY, (kt_date){0}, kt_date_add(most ? next_year : new_year, -1), less));
    if (most)
        KT_TRY(gather(g, MONTHLY, months_until, kt_date_add(next_year, -1), !less));
    else
        KT_TRY(gather(g, MONTHLY, new_year, kt_date_add(months_until, -1), less));
    return nearly ? gather(g, DAILY, kt_date_add(day, 1), kt_date_add(next, -1), !less)
                  : gather(g, DAILY, first, day, less);
}

static int by_account(const void *a, const void *b)
{
    const struct turnover *x = a, *y = b;
    return (x->account.v > y->account.v) - (x->account.v < y->account.v);
}

static kt_error *gather_all(gathering *g, kt_date from, kt_date to)
{
    kt_authority before = kt_own_authority(g->tx);
    kt_error *error = gather_to(g, to, false);
    if (!error && from.day)
        error = gather_to(g, kt_date_add(from, -1), true);
    kt_callers_authority(g->tx, before);
    return error;
}

kt_error *turnovers(kt_tx *tx, kt_date from, kt_date to, struct turnover **rows, size_t *count)
{
    gathering g = {.tx = tx};
    KT_TRY(gather_all(&g, from, to));
    *count = 0;
    for (size_t i = 0; i < g.size; i++)
        if (g.rows[i].debit.coef || g.rows[i].credit.coef || g.rows[i].amount.coef)
            g.rows[(*count)++] = g.rows[i];
    *rows = g.rows;
    if (*count)
        qsort(*rows, *count, sizeof **rows, by_account);
    return NULL;
}

kt_error *turnover_of(kt_tx *tx, kt_id account, kt_date from, kt_date to, struct turnover *sum)
{
    gathering g = {.tx = tx, .only = account};
    *sum = (struct turnover){account, money(0), money(0), {0}};
    KT_TRY(gather_all(&g, from, to));
    if (g.size && slot_for(g.rows, g.size, account)->account.v)
        *sum = *slot_for(g.rows, g.size, account);
    return NULL;
}

kt_error *balance_on(kt_tx *tx, kt_id account, kt_date day, kt_dec *balance, kt_dec *amount)
{
    struct turnover sum;
    KT_TRY(turnover_of(tx, account, (kt_date){0}, day, &sum));
    *balance = kt_dec_sub(sum.debit, sum.credit);
    if (amount)
        *amount = known(sum.amount);
    return NULL;
}

static kt_dec net_of(const struct balance *b, bool own)
{
    return own ? known(b->amount) : kt_dec_sub(b->debit, b->credit);
}

static kt_error *sum_years(kt_tx *tx, kt_id account, bool own, kt_dec *sum)
{
    const kt_where where[] = {
        KT_WHERE(balance, account, KT_EQ, account), KT_WHERE(balance, span, KT_EQ, YEARLY), {0}};
    struct balance b = {KT_OF(balance)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){&balance_shape, where, NULL, 0}, &cursor));
    while (kt_next(cursor, &b.rec))
        *sum = kt_dec_add(*sum, net_of(&b, own));
    return kt_close(cursor);
}

/* From the last day back: who posts on it reads a few years and no day. */
kt_error *balance_below(
    kt_tx *tx, kt_id account, bool own, kt_date from, kt_dec change, kt_date *day, kt_dec *balance)
{
    const kt_where later[] = {KT_WHERE(balance, account, KT_EQ, account),
        KT_WHERE(balance, span, KT_EQ, DAILY), KT_WHERE(balance, start, KT_GT, from), {0}};
    struct balance b = {KT_OF(balance)};
    kt_dec at = change;
    kt_cursor *cursor;
    *day = from;
    *balance = money(0);
    KT_TRY(sum_years(tx, account, own, &at));
    KT_TRY(kt_open(tx, &(kt_query){&balance_shape, later, "-start", 0}, &cursor));
    while (kt_next(cursor, &b.rec)) {
        if (sign_of(at) < 0) {
            *day = b.start;
            *balance = at;
        }
        at = kt_dec_sub(at, net_of(&b, own));
    }
    if (sign_of(at) < 0) {
        *day = from;
        *balance = at;
    }
    return kt_close(cursor);
}
