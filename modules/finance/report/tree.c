/* The chart of accounts with figures on it, summed up the tree. The figures are kept balances: what a statement
 * costs grows with the number of accounts, not of entries. */
#include <kontor/list.h>

#include "report/report.h"

kt_str iso_date(kt_tx *tx, kt_date day)
{
    int year, month, of_month;
    kt_date_parts(day, &year, &month, &of_month);
    return kt_format(tx, "%04d-%02d-%02d", year, month, of_month);
}

static void set_levels(tree *t)
{
    for (size_t i = 0; i < t->count; i++) {
        struct node *n = &t->nodes[i];
        n->parent = t->count;
        for (size_t k = 0; n->account.parent.v && k < t->count; k++)
            if (t->nodes[k].account.rec.id.v == n->account.parent.v)
                n->parent = k;
    }
    for (size_t i = 0; i < t->count; i++)
        for (size_t up = t->nodes[i].parent; up < t->count && t->nodes[i].level < 20;
             up = t->nodes[up].parent)
            t->nodes[i].level++;
}

kt_error *tree_read(kt_tx *tx, tree *t)
{
    kt_cursor *cursor;
    size_t room = 0;
    bool enough = true;
    struct account a = {KT_OF(account)};
    *t = (tree){0};
    KT_TRY(kt_open(tx, &(kt_query){&account_shape, NULL, "code", 0}, &cursor));
    while (enough && kt_next(cursor, &a.rec)) {
        t->nodes = kt_grow(tx, t->nodes, t->count, &room, sizeof *t->nodes);
        if ((enough = t->nodes))
            t->nodes[t->count++] = (struct node){.account = a,
                .opening = money(0),
                .debit = money(0),
                .credit = money(0),
                .compared = money(0)};
    }
    KT_TRY(kt_close(cursor));
    if (!enough)
        return kt_no_memory();
    set_levels(t);
    return NULL;
}

static void put(struct node *n, kt_dec debit, kt_dec credit, tree_column column)
{
    if (column == TO_TURNOVER) {
        n->debit = kt_dec_add(n->debit, debit);
        n->credit = kt_dec_add(n->credit, credit);
        return;
    }
    kt_dec *to = column == TO_OPENING ? &n->opening : &n->compared;
    *to = kt_dec_add(*to, kt_dec_sub(debit, credit));
}

struct node *tree_node(const tree *t, kt_id account)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->nodes[i].account.rec.id.v == account.v)
            return &t->nodes[i];
    return NULL;
}

/* Takes what entries of a kind posted within the days out of a column, and into the opening balances if that is asked. */
static kt_error *take_out(
    kt_tx *tx, tree *t, enum entry_kind kind, kt_date from, kt_date to, tree_column column, bool open)
{
    kt_where where[5];
    size_t n = 0;
    where[n++] = (kt_where)KT_WHERE(entry, kind, KT_EQ, kind);
    where[n++] = (kt_where)KT_WHERE(entry, state, KT_EQ, ENTRY_POSTED);
    if (from.day)
        where[n++] = (kt_where){offsetof(struct entry, day), KT_GE, &from};
    where[n++] = (kt_where)KT_WHERE(entry, day, KT_LE, to);
    where[n] = (kt_where){0};
    kt_cursor *cursor;
    struct entry e = {KT_OF(entry)};
    KT_TRY(kt_open(tx, &(kt_query){&entry_shape, where, NULL, 0}, &cursor));
    while (kt_next(cursor, &e.rec))
        for (size_t i = 0; i < e.lines.count; i++) {
            const struct entry_line *line = KT_AS(entry_line, kt_line(&e.lines, i));
            struct node *node = tree_node(t, line->account);
            if (!node)
                continue;
            put(node, kt_dec_neg(known(line->debit)), kt_dec_neg(known(line->credit)), column);
            if (open) {
                put(node, known(line->debit), known(line->credit), TO_OPENING);
                t->opened = to;
            }
        }
    return kt_close(cursor);
}

kt_error *tree_add(kt_tx *tx, tree *t, kt_date from, kt_date to, bool result, tree_column column)
{
    struct turnover *rows;
    size_t count;
    KT_TRY(turnovers(tx, from, to, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        struct node *n = tree_node(t, rows[i].account);
        if (n)
            put(n, rows[i].debit, rows[i].credit, column);
    }
    t->earned = t->earned || result;
    /* the closing of a year moves its result: no income and no expense of any day */
    return result ? take_out(tx, t, CLOSING_ENTRY, from, to, column, false) : NULL;
}

kt_error *tree_open(kt_tx *tx, tree *t, kt_date from, kt_date to)
{
    return take_out(tx, t, OPENING_ENTRY, from, to, TO_TURNOVER, true);
}

static bool is_result(const struct account *a)
{
    return a->kind == INCOME || a->kind == EXPENSE;
}

kt_error *tree_results(kt_tx *tx, tree *t, kt_date from, kt_dec *earlier)
{
    tree before;
    *earlier = money(0);
    KT_TRY(year_start(tx, from, &t->year));
    KT_TRY(tree_read(tx, &before));
    KT_TRY(tree_add(tx, &before, (kt_date){0}, kt_date_add(t->year, -1), false, TO_OPENING));
    for (size_t i = 0; i < t->count; i++) {
        struct node *n = &t->nodes[i];
        if (n->account.group || !is_result(&n->account))
            continue;
        n->opening = kt_dec_sub(n->opening, before.nodes[i].opening);
        *earlier = kt_dec_sub(*earlier, before.nodes[i].opening);
    }
    return NULL;
}

void tree_sum(tree *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct node *n = &t->nodes[i];
        if (n->account.group)
            continue;
        for (size_t up = n->parent; up < t->count; up = t->nodes[up].parent) {
            struct node *to = &t->nodes[up];
            if (t->alike && to->account.kind != n->account.kind)
                continue;
            to->opening = kt_dec_add(to->opening, n->opening);
            to->debit = kt_dec_add(to->debit, n->debit);
            to->credit = kt_dec_add(to->credit, n->credit);
            to->compared = kt_dec_add(to->compared, n->compared);
        }
    }
}

static bool is_within(const tree *t, size_t node, size_t group)
{
    while (node < t->count && node != group)
        node = t->nodes[node].parent;
    return node == group;
}

static kt_str and_account(kt_tx *tx, kt_str accounts, const struct account *a)
{
    return kt_format(tx, "%s%s%llu", accounts.ptr ? accounts.ptr : "", accounts.ptr ? "," : "",
        (unsigned long long)a->rec.id.v);
}

/* Conditions on the kinds of entries: closings count for no result, openings for no turnover. */
static const char *kinds_left(const tree *t, bool opening)
{
    bool opened = t->opened.day && !opening;
    return t->earned && opened ? "[\"kind\",\"not_in\",[\"closing\",\"opening\"]],"
           : t->earned         ? "[\"kind\",\"!=\",\"closing\"],"
           : opened            ? "[\"kind\",\"!=\",\"opening\"],"
                               : "";
}

/* opening: of an opening balance, to which entries of kind opening belong that were posted later */
static kt_str conditions(kt_tx *tx, const tree *t, kt_str lines, kt_date from, kt_date to, bool opening)
{
    const char *last = iso_date(tx, to).ptr;
    kt_str days = from.day
                      ? kt_format(tx, "[\"day\",\"between\",[\"%s\",\"%s\"]]", iso_date(tx, from).ptr, last)
                      : kt_format(tx, "[\"day\",\"<=\",\"%s\"]", last);
    if (opening && t->opened.day)
        days = kt_format(tx, "[\"or\",%s,[\"and\",[\"kind\",\"=\",\"opening\"],[\"day\",\"<=\",\"%s\"]]]",
            days.ptr, iso_date(tx, t->opened).ptr);
    return kt_format(tx, "%s,%s%s", days.ptr, kinds_left(t, opening), lines.ptr);
}

static kt_str on_accounts(kt_tx *tx, kt_str accounts)
{
    return kt_format(tx, "[\"lines.account\",\"in\",[%s]]", accounts.ptr ? accounts.ptr : "");
}

static kt_str posted(kt_tx *tx, kt_str conditions)
{
    return kt_format(tx, "[[\"state\",\"=\",\"posted\"],%s]", conditions.ptr);
}

/* Is it an account whose figure is in the node's? */
static bool is_summed(const tree *t, size_t leaf, size_t node)
{
    const struct account *a = &t->nodes[leaf].account;
    return !a->group && is_within(t, leaf, node) && (!t->alike || a->kind == t->nodes[node].account.kind);
}

static void gather(kt_tx *tx, const tree *t, size_t node, kt_str *results, kt_str *others)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct account *a = &t->nodes[i].account;
        if (!is_summed(t, i, node))
            continue;
        kt_str *to = results && is_result(a) ? results : others;
        *to = and_account(tx, *to, a);
    }
}

kt_str tree_filter(kt_tx *tx, const tree *t, size_t node, kt_date from, kt_date to, tree_column column)
{
    kt_str accounts = {0}, sides = {0};
    for (size_t i = 0; i < t->count; i++) {
        const struct node *n = &t->nodes[i];
        const struct other_side *other = column == TO_COMPARED ? &n->compared_other : &n->other;
        if (!is_summed(t, i, node))
            continue;
        if (other->count)
            sides = kt_format(
                tx, "%s,%s", sides.ptr ? sides.ptr : "", side_condition(tx, n, other, false).ptr);
        else
            accounts = and_account(tx, accounts, &n->account);
    }
    kt_str lines = on_accounts(tx, accounts);
    if (sides.ptr && accounts.ptr)
        lines = kt_format(tx, "[\"or\",%s%s]", lines.ptr, sides.ptr);
    else if (sides.ptr)
        lines = kt_format(tx, "[\"or\"%s]", sides.ptr);
    return posted(tx, conditions(tx, t, lines, from, to, !from.day));
}

kt_str tree_opening_filter(kt_tx *tx, const tree *t, size_t node, kt_date to)
{
    kt_str results = {0}, others = {0};
    gather(tx, t, node, &results, &others);
    kt_str of_results = conditions(tx, t, on_accounts(tx, results), t->year, to, true);
    kt_str of_others = conditions(tx, t, on_accounts(tx, others), (kt_date){0}, to, true);
    if (results.ptr && others.ptr)
        return posted(tx, kt_format(tx, "[\"or\",[\"and\",%s],[\"and\",%s]]", of_results.ptr, of_others.ptr));
    return posted(tx, results.ptr ? of_results : of_others);
}

kt_str tree_kinds_filter(kt_tx *tx, const tree *t, uint32_t kinds, kt_date from, kt_date to)
{
    kt_str accounts = {0};
    for (size_t i = 0; i < t->count; i++)
        if (!t->nodes[i].account.group && kinds & KT_IN(t->nodes[i].account.kind))
            accounts = and_account(tx, accounts, &t->nodes[i].account);
    return posted(tx, conditions(tx, t, on_accounts(tx, accounts), from, to, !from.day));
}
