/* Accounts of parties have two sides: what some of them owe us is not lessened by what we owe others. Each party's balance
 * stands where it belongs, whatever the account's own kind is.
 * source: ustawa o rachunkowości art. 7 ust. 3; IAS 1 par. 32 */
#include <stdio.h>
#include <stdlib.h>

#include <kontor/list.h>

#include "payment/payment.h"
#include "report/report.h"

struct owing { /* a party's balance on an account */
    kt_id account, party;
    kt_dec value;
};
typedef struct {
    kt_tx *tx;
    struct owing *rows;
    size_t count, room;
} owings;

static kt_error *add(owings *all, kt_id account, kt_id party, kt_dec value)
{
    struct owing *rows = kt_grow(all->tx, all->rows, all->count, &all->room, sizeof *rows);
    if (!rows)
        return kt_no_memory();
    all->rows = rows;
    all->rows[all->count++] = (struct owing){account, party, value};
    return NULL;
}

static kt_error *take_item(void *context, const struct open_item *item, kt_dec open, kt_dec value)
{
    (void)open;
    return add(context, item->account, item->party, value);
}

/* What was open in other currencies and valued on the day: that is taken back on the next. */
static kt_error *take_valued(owings *all, kt_date day)
{
    const kt_where where[] = {KT_WHERE(entry, kind, KT_EQ, REVALUATION), KT_WHERE(entry, day, KT_EQ, day),
        KT_WHERE(entry, state, KT_EQ, ENTRY_POSTED), KT_WHERE(entry, reverses, KT_EQ, {0}), {0}};
    struct entry e = {KT_OF(entry)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(all->tx, &(kt_query){&entry_shape, where, "id", 0}, &cursor));
    while (!error && kt_next(cursor, &e.rec))
        for (size_t i = 0; i < e.lines.count && !error; i++) {
            const struct entry_line *line = KT_SEE(entry_line, kt_line(&e.lines, i));
            if (line->party.v)
                error = add(
                    all, line->account, line->party, kt_dec_sub(known(line->debit), known(line->credit)));
        }
    kt_also(&error, kt_close(cursor));
    return error;
}

static int by_party(const void *a, const void *b)
{
    const struct owing *x = a, *y = b;
    int c = (x->account.v > y->account.v) - (x->account.v < y->account.v);
    return c ? c : (x->party.v > y->party.v) - (x->party.v < y->party.v);
}

static void put_together(owings *all)
{
    size_t kept = 0;
    if (all->count)
        qsort(all->rows, all->count, sizeof *all->rows, by_party);
    for (size_t i = 0; i < all->count; i++)
        if (kept && by_party(&all->rows[kept - 1], &all->rows[i]) == 0)
            all->rows[kept - 1].value = kt_dec_add(all->rows[kept - 1].value, all->rows[i].value);
        else
            all->rows[kept++] = all->rows[i];
    all->count = kept;
}

static kt_error *add_party(kt_tx *tx, struct other_side *side, const struct owing *row)
{
    kt_id *parties = kt_grow(tx, side->parties, side->count, &side->room, sizeof *parties);
    if (!parties)
        return kt_no_memory();
    side->parties = parties;
    side->parties[side->count++] = row->party;
    side->sum = kt_dec_add(side->sum, sign_of(row->value) < 0 ? kt_dec_neg(row->value) : row->value);
    return NULL;
}

static kt_error *find_sides(owings *all, tree *t, kt_date day, bool compared)
{
    KT_TRY(open_items_on(all->tx, (kt_id){0}, day, take_item, all));
    KT_TRY(take_valued(all, day));
    put_together(all);
    for (size_t i = 0; i < all->count; i++) {
        struct node *n = tree_node(t, all->rows[i].account);
        int against = !n ? 0 : n->account.kind == ASSET ? -1 : n->account.kind == LIABILITY ? 1 : 0;
        if (n && n->account.open_items && against && sign_of(all->rows[i].value) == against)
            KT_TRY(add_party(all->tx, compared ? &n->compared_other : &n->other, &all->rows[i]));
    }
    return NULL;
}

kt_error *tree_sides(kt_tx *tx, tree *t, kt_date day, bool compared)
{
    owings all = {.tx = tx};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = find_sides(&all, t, day, compared);
    kt_callers_authority(tx, before);
    for (size_t i = 0; i < t->count && !error; i++) {
        struct node *n = &t->nodes[i];
        kt_dec sum = compared ? n->compared_other.sum : n->other.sum;
        if (!sum.coef)
            continue;
        if (compared)
            n->compared = n->account.kind == ASSET ? kt_dec_add(n->compared, sum)
                                                   : kt_dec_sub(n->compared, sum);
        else if (n->account.kind == ASSET)
            n->debit = kt_dec_add(n->debit, sum);
        else
            n->credit = kt_dec_add(n->credit, sum);
    }
    return error;
}

/* "in" takes so many values. */
enum { PARTIES_MOST = 5000, ID_MOST = 21 };

static kt_str parties_from(kt_tx *tx, const struct other_side *side, size_t from)
{
    const size_t end = side->count - from > PARTIES_MOST ? from + PARTIES_MOST : side->count;
    size_t room = (end - from) * ID_MOST + 1, len = 0;
    char *ids = kt_alloc(tx, room);
    for (size_t i = from; i < end && ids; i++)
        len += (size_t)snprintf(
            ids + len, room - len, "%s%llu", i > from ? "," : "", (unsigned long long)side->parties[i].v);
    return (kt_str){ids ? ids : "", len};
}

kt_str side_condition(kt_tx *tx, const struct node *n, const struct other_side *side, bool other)
{
    kt_str parties = {0};
    for (size_t i = 0; i < side->count; i += PARTIES_MOST)
        parties = kt_format(tx, "%s,[\"party\",\"%s\",[%s]]", parties.ptr ? parties.ptr : "",
            other ? "in" : "not_in", parties_from(tx, side, i).ptr);
    if (other && side->count > PARTIES_MOST)
        parties = kt_format(tx, ",[\"or\"%s]", parties.ptr);
    return kt_format(tx, "[\"lines\",\"any\",[[\"account\",\"=\",%llu]%s]]",
        (unsigned long long)n->account.rec.id.v, parties.ptr ? parties.ptr : "");
}

kt_str side_filter(kt_tx *tx, const struct node *n, const struct other_side *side, kt_date day)
{
    return kt_format(tx, "[[\"state\",\"=\",\"posted\"],[\"day\",\"<=\",\"%s\"],%s]", iso_date(tx, day).ptr,
        side_condition(tx, n, side, true).ptr);
}
