/* What cash was paid for. A bill for a machine is no cash flow, and what pays it is one of investing, though it is posted
 * against the supplier's account. So the flows of what is bought, sold or borrowed on credit are moved to the day and the
 * sum of its payments, between the account that the money was for and the one that it was owed on: of two accounts one
 * gets what the other loses, and the statement's sum stays the change of cash, for any days.
 *
 * 1. Money of an entry -- lines of cash, and open items of operating accounts, which are cash to come -- is for its
 *    other lines, in proportion; lines on the side of the money lessen the largest of those.
 * 2. A debt flows when it is paid: on the day of the cash that it is matched with and by that cash's value; a discount, a
 *    credit note or a rest written off is none. An advance flows for what its final invoice bought.
 * 3. What an entry has beside its money is no flow where it bought an asset for a loan or shares, or took one out of the
 *    books. Costs that become an asset were paid: they are investing.
 * 4. Valuations of currencies flow nowhere; those of cash stand by themselves.
 * Only valuations of the days are looked at, and entries on accounts of investing and financing, whatever their day.
 *
 * source: IAS 7 par. 16 a, 25, 28, 43, 44; ustawa o rachunkowości, zał. nr 1: changes of debts "z wyjątkiem" those of
 * investing */
#include <stdlib.h>
#include <string.h>

#include <kontor/list.h>

#include "invoice/invoice.h"
#include "payment/payment.h"
#include "report/report.h"

struct share { /* of an entry, by account; debit less credit */
    const struct node *node;
    kt_dec value, paid; /* all of it; what the entry's money was for */
};
struct cash { /* that paid a debt */
    kt_date day;
    kt_id entry;
    kt_dec value; /* above zero; below: it came back */
};
typedef struct {
    kt_tx *tx;
    tree *t;
    kt_date from, to;
    struct flow *flows;
} paying;
typedef struct {
    const struct entry *e;
    struct share *parts;
    size_t count;
    kt_dec money, owed;       /* all money of it; of that, open items */
    const struct node *owing; /* their account */
} split;

static enum cash_class class_of(const struct node *n)
{
    return n->account.cash ? n->account.cash : OPERATING;
}

static kt_dec value_of(const struct entry_line *line)
{
    return kt_dec_sub(known(line->debit), known(line->credit));
}

static struct flow *flow_of(const paying *p, const struct node *n)
{
    return &p->flows[n - p->t->nodes];
}

/* Cash in that was told of one account belongs to another. */
static void move(paying *p, const struct node *from, const struct node *to, kt_dec cash, kt_date day)
{
    if (day.day < p->from.day || day.day > p->to.day)
        return;
    struct flow *gives = flow_of(p, from), *gets = flow_of(p, to);
    gives->moved = kt_dec_sub(gives->moved, cash);
    gets->moved = kt_dec_add(gets->moved, cash);
}

/* ---- An entry: its money and what it is for ---- */

static bool is_debt(const struct node *n)
{
    return n->account.open_items && class_of(n) == OPERATING;
}

static void take_line(paying *p, split *s, const struct entry_line *line)
{
    const struct node *n = tree_node(p->t, line->account);
    kt_dec value = value_of(line);
    size_t at = 0;
    if (!n || n->account.kind == OFF_BALANCE)
        return;
    if (class_of(n) == CASH || is_debt(n)) {
        if (s->e->kind == REVALUATION)
            return; /* nothing is owed or there that was not before */
        s->money = kt_dec_add(s->money, value);
        if (is_debt(n)) {
            s->owed = kt_dec_add(s->owed, value);
            s->owing = n;
        }
        return;
    }
    while (at < s->count && s->parts[at].node != n)
        at++;
    if (at == s->count)
        s->parts[s->count++] = (struct share){n, money(0), money(0)};
    s->parts[at].value = kt_dec_add(s->parts[at].value, value);
}

/* Of each part what the money was for. */
static void share_money(split *s)
{
    int side = -sign_of(s->money);
    kt_dec less = money(0);
    for (size_t i = 0; i < s->count && side; i++) {
        if (sign_of(s->parts[i].value) == side)
            s->parts[i].paid = s->parts[i].value;
        else
            less = kt_dec_add(less, s->parts[i].value);
    }
    while (less.coef && side) {
        struct share *largest = &s->parts[0];
        for (size_t i = 1; i < s->count; i++)
            if (kt_dec_cmp(size_of(s->parts[i].paid), size_of(largest->paid)) > 0)
                largest = &s->parts[i];
        kt_dec much = kt_dec_cmp(size_of(less), size_of(largest->paid)) < 0 ? less
                                                                            : kt_dec_neg(largest->paid);
        if (!much.coef)
            return;
        largest->paid = kt_dec_add(largest->paid, much);
        less = kt_dec_sub(less, much);
    }
}

static kt_error *split_entry(paying *p, const struct entry *e, split *s)
{
    *s = (split){.e = e, .money = money(0), .owed = money(0)};
    s->parts = kt_alloc(p->tx, sizeof *s->parts * (e->lines.count + 1));
    if (!s->parts)
        return kt_no_memory();
    for (size_t i = 0; i < e->lines.count; i++)
        take_line(p, s, KT_SEE(entry_line, kt_line(&e->lines, i)));
    share_money(s);
    return NULL;
}

/* ---- What paid a debt ---- */

struct debt { /* the open items of an entry */
    kt_id entry;
    kt_dec owed;
    const struct node *owing;
    struct cash *cash;
    size_t count, room;
};

/* The part of an item's value that is cash: a payment's is all of it. */
static kt_error *cash_in(paying *p, const struct open_item *item, kt_dec value, kt_dec *cash)
{
    struct entry e = {KT_OF(entry)};
    kt_dec there = money(0), items = money(0);
    KT_TRY(kt_read(p->tx, item->entry, &e.rec));
    for (size_t i = 0; i < e.lines.count; i++) {
        const struct entry_line *line = KT_SEE(entry_line, kt_line(&e.lines, i));
        const struct node *n = tree_node(p->t, line->account);
        if (n && class_of(n) == CASH)
            there = kt_dec_add(there, value_of(line));
        else if (n && n->account.open_items)
            items = kt_dec_sub(items, value_of(line));
    }
    bool none = !there.coef || sign_of(there) != sign_of(items);
    bool all = kt_dec_cmp(size_of(there), size_of(items)) >= 0;
    *cash = none ? money(0) : all ? value : share_of(value, size_of(there), size_of(items));
    return NULL;
}

static kt_error *add_cash(paying *p, struct debt *d, kt_id with, kt_dec value)
{
    struct open_item other = {KT_OF(open_item)};
    struct cash c;
    KT_TRY(kt_read(p->tx, with, &other.rec));
    KT_TRY(cash_in(p, &other, value, &c.value));
    if (!c.value.coef)
        return NULL;
    c.day = other.day;
    c.entry = other.entry;
    d->cash = kt_grow(p->tx, d->cash, d->count, &d->room, sizeof c);
    if (!d->cash)
        return kt_no_memory();
    d->cash[d->count++] = c;
    return NULL;
}

/* Of an item on the other side than the whole debt is, cash takes back. */
static kt_error *read_matches(paying *p, struct debt *d, const struct open_item *item)
{
    bool back = sign_of(item->value) != sign_of(d->owed);
    for (int side = 0; side < 2; side++) {
        struct match m = {KT_OF(match)};
        const kt_where debit[] = {
            KT_WHERE(match, debit, KT_EQ, item->rec.id), KT_WHERE(match, undone, KT_EQ, false), {0}};
        const kt_where credit[] = {
            KT_WHERE(match, credit, KT_EQ, item->rec.id), KT_WHERE(match, undone, KT_EQ, false), {0}};
        kt_cursor *cursor;
        kt_error *error = NULL;
        KT_TRY(kt_open(p->tx, &(kt_query){&match_shape, side ? credit : debit, "id", 0}, &cursor));
        while (!error && kt_next(cursor, &m.rec)) {
            kt_dec value = side ? m.debit_value : m.credit_value;
            error = add_cash(p, d, side ? m.debit : m.credit, back ? kt_dec_neg(value) : value);
        }
        kt_also(&error, kt_close(cursor));
        KT_TRY(error);
    }
    return NULL;
}

static int by_day(const void *a, const void *b)
{
    const struct cash *x = a, *y = b;
    int c = (x->day.day > y->day.day) - (x->day.day < y->day.day);
    return c ? c : (x->entry.v > y->entry.v) - (x->entry.v < y->entry.v);
}

/* All that was paid of it, also before the days: shares are cut cumulatively. Nothing, if nothing was within them. */
static kt_error *read_cash(paying *p, struct debt *d)
{
    struct open_item *items;
    size_t count;
    bool lately = false;
    KT_TRY(open_items_by(p->tx, d->entry, &items, &count));
    for (size_t i = 0; i < count; i++)
        lately = lately || items[i].moved.day >= p->from.day; /* cash was there when it was matched */
    for (size_t i = 0; i < count && lately; i++) {
        const struct node *n = tree_node(p->t, items[i].account);
        if (n && is_debt(n))
            KT_TRY(read_matches(p, d, &items[i]));
    }
    if (d->count)
        qsort(d->cash, d->count, sizeof *d->cash, by_day);
    return NULL;
}

/* Moves the payments of so much of a debt to the account that it was for. */
static kt_error *move_payments(paying *p, const struct debt *d, const struct node *to, kt_dec much)
{
    kt_dec paid = money(0), moved = money(0);
    struct flow *f = flow_of(p, to);
    for (size_t i = 0; i < d->count; i++) {
        const struct cash *c = &d->cash[i];
        paid = kt_dec_add(paid, c->value);
        kt_dec until = share_of(much, paid, size_of(d->owed));
        move(p, d->owing, to, kt_dec_sub(moved, until), c->day);
        moved = until;
        if (c->day.day < p->from.day || c->day.day > p->to.day)
            continue;
        f->paid = kt_grow(p->tx, f->paid, f->count, &f->room, sizeof *f->paid);
        if (!f->paid)
            return kt_no_memory();
        f->paid[f->count++] = c->entry;
    }
    return NULL;
}

static bool is_traced(const struct share *part)
{
    return class_of(part->node) != OPERATING;
}

static kt_error *move_debt(paying *p, const split *s)
{
    struct debt d = {.entry = s->e->rec.id, .owed = s->owed, .owing = s->owing};
    if (sign_of(s->owed) * sign_of(s->money) <= 0)
        return NULL;
    bool all = kt_dec_cmp(size_of(s->owed), size_of(s->money)) >= 0;
    KT_TRY(read_cash(p, &d));
    for (size_t i = 0; i < s->count; i++) {
        const struct share *part = &s->parts[i];
        if (!is_traced(part) || !part->paid.coef)
            continue;
        kt_dec owed = all ? part->paid : share_of(part->paid, size_of(s->owed), size_of(s->money));
        move(p, s->owing, part->node, owed, s->e->day);
        KT_TRY(move_payments(p, &d, part->node, owed));
    }
    return NULL;
}

/* ---- Advances ---- */

static kt_dec rest_of(const struct share *part)
{
    return kt_dec_sub(part->value, part->paid);
}

/* So much of two rests on opposite sides as both have, with the sign of the first; it is gone from both. */
static kt_dec take_pair(struct share *a, struct share *b, kt_dec most)
{
    kt_dec x = rest_of(a), y = rest_of(b);
    if (sign_of(x) * sign_of(y) >= 0)
        return money(0);
    kt_dec much = kt_dec_cmp(size_of(x), size_of(y)) < 0 ? x : kt_dec_neg(y);
    if (kt_dec_cmp(size_of(much), most) > 0)
        much = sign_of(much) < 0 ? kt_dec_neg(most) : most;
    a->value = kt_dec_sub(a->value, much);
    b->value = kt_dec_add(b->value, much);
    return much;
}

/* What a final invoice took out of an advance was for the asset: it flows when the advance is paid. The line has the
 * advance's number. */
static kt_error *move_advance(paying *p, split *s, struct share *advance, const struct invoice *of)
{
    struct entry e = {KT_OF(entry)};
    split first;
    kt_dec most = money(0);
    KT_TRY(kt_read(p->tx, of->entry, &e.rec));
    KT_TRY(split_entry(p, &e, &first));
    struct debt d = {.entry = of->entry, .owed = first.owed, .owing = first.owing};
    if (!first.owed.coef)
        return NULL;
    for (size_t i = 0; i < s->e->lines.count; i++) {
        const struct entry_line *line = KT_SEE(entry_line, kt_line(&s->e->lines, i));
        if (line->account.v == advance->node->account.rec.id.v && same_str(line->text, of->rec.number))
            most = kt_dec_add(most, size_of(value_of(line)));
    }
    KT_TRY(read_cash(p, &d));
    for (size_t i = 0; i < s->count; i++) {
        kt_dec much = is_traced(&s->parts[i]) ? take_pair(&s->parts[i], advance, most) : money(0);
        most = kt_dec_sub(most, size_of(much));
        move(p, advance->node, s->parts[i].node, much, s->e->day);
        if (much.coef)
            KT_TRY(move_payments(p, &d, s->parts[i].node, much));
    }
    return NULL;
}

static kt_error *move_advances(paying *p, split *s)
{
    const char *entity = kt_any_entity(p->tx, s->e->origin);
    struct invoice v = {KT_OF(invoice)};
    if (!entity || strcmp(entity, invoice_shape.name) != 0)
        return NULL;
    KT_TRY(kt_read(p->tx, kt_any_id(s->e->origin), &v.rec));
    for (size_t i = 0; i < v.advances.count; i++) {
        struct invoice of = {KT_OF(invoice)};
        kt_id account;
        KT_TRY(kt_read(p->tx, KT_SEE(advance, kt_line(&v.advances, i))->invoice, &of.rec));
        KT_TRY(account_for(p->tx, is_sale(v.kind) ? ADVANCE_IN : ADVANCE_OUT, (kt_id){0}, &account));
        for (size_t k = 0; k < s->count; k++)
            if (s->parts[k].node->account.rec.id.v == account.v)
                KT_TRY(move_advance(p, s, &s->parts[k], &of));
    }
    return NULL;
}

/* ---- Beside the money ---- */

/* Takes out what parts of two classes have against each other; side: of the first, 0: either. */
static void leave_out(paying *p, split *s, enum cash_class of, enum cash_class against, int side)
{
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = 0; k < s->count; k++) {
            struct share *a = &s->parts[i], *b = &s->parts[k];
            bool fits = class_of(a->node) == of && class_of(b->node) == against;
            if (fits && (!side || sign_of(rest_of(a)) == side))
                move(p, b->node, a->node, take_pair(a, b, size_of(rest_of(a))), s->e->day);
        }
}

/* What cash of other currencies is worth more stands beside the flows, not among the gains. source: IAS 7 par. 28 */
static void take_valued(paying *p, split *s)
{
    for (size_t i = 0; i < s->e->lines.count; i++) {
        const struct entry_line *line = KT_SEE(entry_line, kt_line(&s->e->lines, i));
        const struct node *n = tree_node(p->t, line->account);
        struct share cash = {n, value_of(line), money(0)};
        if (!n || class_of(n) != CASH)
            continue;
        for (size_t k = 0; k < s->count; k++) {
            struct share *other = &s->parts[k];
            bool fits = class_of(other->node) == OPERATING;
            kt_dec much = fits ? take_pair(&cash, other, size_of(cash.value)) : money(0);
            flow_of(p, n)->valued = kt_dec_add(flow_of(p, n)->valued, much);
            flow_of(p, other->node)->moved = kt_dec_sub(flow_of(p, other->node)->moved, much);
        }
    }
}

static kt_error *take_entry(paying *p, const struct entry *e)
{
    split s;
    KT_TRY(split_entry(p, e, &s));
    if (e->kind == REVALUATION) {
        take_valued(p, &s);
        leave_out(p, &s, INVESTING, OPERATING, 0);
        leave_out(p, &s, FINANCING, OPERATING, 0);
        return NULL;
    }
    KT_TRY(move_debt(p, &s));
    KT_TRY(move_advances(p, &s));
    leave_out(p, &s, INVESTING, FINANCING, 0);
    leave_out(p, &s, INVESTING, OPERATING, e->reverses.v ? 1 : -1);
    return NULL;
}

static kt_str traced_accounts(const paying *p)
{
    kt_str ids = {0};
    for (size_t i = 0; i < p->t->count; i++) {
        const struct node *n = &p->t->nodes[i];
        if (!n->account.group && class_of(n) != CASH && class_of(n) != OPERATING)
            ids = kt_format(p->tx, "%s%s%llu", ids.ptr ? ids.ptr : "", ids.ptr ? "," : "",
                (unsigned long long)n->account.rec.id.v);
    }
    return ids;
}

static kt_error *take_entries(paying *p, kt_str where)
{
    kt_cursor *cursor;
    struct entry e = {KT_OF(entry)};
    kt_error *error = NULL;
    KT_TRY(kt_open(p->tx, &(kt_query){&entry_shape, NULL, NULL, 0, where}, &cursor));
    while (!error && kt_next(cursor, &e.rec))
        error = take_entry(p, &e);
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *take_all(paying *p)
{
    kt_str accounts = traced_accounts(p);
    if (accounts.ptr)
        KT_TRY(take_entries(p,
            kt_format(p->tx,
                "[[\"state\",\"=\",\"posted\"],[\"kind\",\"=\",\"normal\"],[\"lines.account\",\"in\",[%s]]]",
                accounts.ptr)));
    return take_entries(p, kt_format(p->tx,
                               "[[\"state\",\"=\",\"posted\"],[\"kind\",\"=\",\"revaluation\"],[\"day\","
                               "\"between\",[\"%s\",\"%s\"]]]",
                               iso_date(p->tx, p->from).ptr, iso_date(p->tx, p->to).ptr));
}

kt_error *paid_for(kt_tx *tx, tree *t, kt_date from, kt_date to, struct flow **flows)
{
    paying p = {.tx = tx, .t = t, .from = from, .to = to};
    p.flows = *flows = kt_alloc(tx, sizeof **flows * (t->count + 1));
    if (!*flows)
        return kt_no_memory();
    for (size_t i = 0; i < t->count; i++)
        (*flows)[i].moved = (*flows)[i].valued = money(0);
    kt_authority before = kt_own_authority(tx);
    kt_error *error = take_all(&p);
    kt_callers_authority(tx, before);
    return error;
}
