/* What is planned against what is proposed already: a proposal that is planned again stays as it is; one that differs
 * is changed, so that it keeps its number and its history; what is no longer planned goes, what is new comes.
 * source: planning that adapts planned orders in place of making all of them anew is SAP's planning mode 1. */
#include <stdlib.h>
#include <string.h>

#include "mrp/chunk.h"

static void *keep_memory(void *run, size_t size)
{
    kt_work_run *of = run;
    return of->keep(of, size);
}

void *keep_add(kt_work_run *run, struct list *l, size_t size)
{
    return list_grow(l, size, keep_memory, run);
}

struct numbered {
    kt_record rec;
    int64_t serial;
};
static const kt_shape numbered_shape = KT_SHAPE(
    numbered, "production.proposal", KT_BIND(numbered, serial, INT, "serial"));

kt_error *compare_begin(kt_tx *tx, struct kept *k)
{
    const kt_where where[] = {KT_WHERE(numbered, serial, KT_GE, k->next_serial), {0}};
    const kt_query query = {.of = &numbered_shape, .where = where, .sort = "-serial", .limit = 1};
    struct numbered n = {KT_OF(numbered)};
    uint64_t proposals, messages;
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &query, &cursor));
    if (kt_next(cursor, &n.rec))
        k->next_serial = n.serial + 1;
    KT_TRY(kt_close(cursor));
    KT_TRY(kt_count(tx, &(kt_query){.of = &proposal_shape}, &proposals));
    KT_TRY(kt_count(tx, &(kt_query){.of = &message_shape}, &messages));
    k->no_proposals = proposals == (uint64_t)k->added;
    k->no_messages = messages == (uint64_t)k->said;
    return NULL;
}

/* ---- What is proposed already ---- */

/* rec: a struct of the shape asked for; where: whose item it is */
static kt_error *read_old(kt_tx *tx, kt_record *rec, const kt_where *where, struct list *old)
{
    kt_cursor *cursor;
    bool room = true;
    KT_TRY(kt_open(tx, &(kt_query){.of = rec->of, .where = where}, &cursor));
    while (room && kt_next(cursor, rec)) {
        void *one = list_add(tx, old, rec->of->size);
        room = one != NULL;
        if (room)
            memcpy(one, rec, rec->of->size);
    }
    KT_TRY(kt_close(cursor));
    return room ? NULL : kt_no_memory();
}

static int compare(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int by_day(const void *left, const void *right)
{
    const struct proposal *a = left, *b = right;
    int order = compare(a->due.day, b->due.day);
    return order ? order : compare((int64_t)a->rec.id.v, (int64_t)b->rec.id.v);
}

/* Those of an item that nobody made firm, by day. */
static kt_error *read_proposals(kt_tx *tx, kt_id item, struct list *old)
{
    const kt_where where[] = {
        KT_WHERE(proposal, item, KT_EQ, item), KT_WHERE(proposal, state, KT_EQ, PROPOSED), {0}};
    struct proposal p = {KT_OF(proposal)};
    KT_TRY(read_old(tx, &p.rec, where, old));
    if (old->count > 1)
        qsort(old->items, old->count, sizeof p, by_day);
    return NULL;
}

static int by_document(const void *left, const void *right)
{
    const struct message *a = left, *b = right;
    int order = compare((int64_t)a->document.v, (int64_t)b->document.v);
    order = order ? order : compare(a->day.day, b->day.day);
    return order ? order : compare((int64_t)a->rec.id.v, (int64_t)b->rec.id.v);
}

static kt_error *read_messages(kt_tx *tx, kt_id item, struct list *old)
{
    const kt_where where[] = {KT_WHERE(message, item, KT_EQ, item), {0}};
    struct message m = {KT_OF(message)};
    KT_TRY(read_old(tx, &m.rec, where, old));
    if (old->count > 1)
        qsort(old->items, old->count, sizeof m, by_document);
    return NULL;
}

/* ---- Proposals ---- */

struct pairing { /* of one item: both in the order of days */
    struct planned_order *orders;
    const struct proposal *old, **was; /* was: of each order; NULL: none */
    size_t count, old_count;
    bool *taken; /* of each old one */
};

/* First those for the same day, then the others in their order. */
static void pair(struct pairing *p)
{
    for (size_t i = 0, n = 0; i < p->count && n < p->old_count;) {
        int order = compare(p->orders[i].due, p->old[n].due.day);
        if (order == 0) {
            p->was[i] = &p->old[n];
            p->taken[n] = true;
        }
        i += order <= 0;
        n += order >= 0;
    }
    for (size_t i = 0, n = 0; i < p->count; i++) {
        if (p->was[i])
            continue;
        while (n < p->old_count && p->taken[n])
            n++;
        if (n == p->old_count)
            return;
        p->was[i] = &p->old[n];
        p->taken[n] = true;
    }
}

bool same_peg(const struct planned_peg *peg, const struct reason_peg *line)
{
    return line->need == (unsigned)peg->need && line->document.v == peg->origin.document.v &&
           line->line == (int64_t)peg->origin.line.v && line->proposal == peg->proposal &&
           line->day.day == peg->day && kt_dec_cmp(line->quantity, KT_DEC(peg->quantity, 4)) == 0;
}

static bool same_order(
    const struct planned_order *o, const struct planned_peg *pegs, const struct proposal *p)
{
    bool same = p->serial && p->kind == (o->made ? TO_MAKE : TO_BUY) && p->level == (int64_t)o->level &&
                p->release.day == o->release && p->due.day == o->due && p->late == o->late &&
                kt_dec_cmp(p->quantity, KT_DEC(o->quantity, 4)) == 0 && p->pegs.count == o->peg_count;
    for (size_t i = 0; same && i < o->peg_count; i++)
        same = same_peg(&pegs[i], KT_SEE(reason_peg, kt_line(&p->pegs, i)));
    return same;
}

static kt_error *write_later(
    kt_work_run *run, struct kept *k, const struct planned_order *o, const struct planned_peg *pegs)
{
    struct planned_order *to_write = keep_add(run, &k->orders, sizeof *to_write);
    if (!to_write)
        return kt_no_memory();
    *to_write = *o;
    to_write->peg_from = (uint32_t)k->pegs.count;
    for (size_t i = 0; i < o->peg_count; i++) {
        struct planned_peg *peg = keep_add(run, &k->pegs, sizeof *peg);
        if (!peg)
            return kt_no_memory();
        *peg = pegs[i];
    }
    return NULL;
}

/* Orders are compared in the order of planning: whatever they are for has its number. */
static kt_error *compare_order(kt_work_run *run, struct kept *k, struct planned_order *o,
    struct planned_peg *pegs, const struct proposal *was)
{
    int64_t *serial = keep_add(run, &k->serials, sizeof *serial);
    if (!serial)
        return kt_no_memory();
    *serial = o->serial = was && was->serial ? was->serial : k->next_serial++;
    for (size_t i = 0; i < o->peg_count; i++)
        if (pegs[i].need == MRP_ORDER)
            pegs[i].proposal = ((const int64_t *)k->serials.items)[pegs[i].parent];
    if (was && same_order(o, pegs, was))
        return NULL;
    o->was = was ? was->rec.id : (kt_id){0};
    k->added += !was;
    k->changed += was != NULL;
    return write_later(run, k, o, pegs);
}

static kt_error *compare_orders(
    kt_tx *tx, kt_work_run *run, struct kept *k, const struct batch *b, const struct batch_item *item)
{
    struct list old = {0};
    if (!k->no_proposals)
        KT_TRY(read_proposals(tx, item->id, &old));
    struct pairing p = {.orders = (struct planned_order *)b->orders.items + item->order_from,
        .count = item->order_count,
        .old = old.items,
        .old_count = old.count};
    p.was = kt_alloc(tx, (p.count + 1) * sizeof *p.was);
    p.taken = kt_alloc(tx, (p.old_count + 1) * sizeof *p.taken);
    if (!p.was || !p.taken)
        return kt_no_memory();
    pair(&p);
    for (size_t i = 0; i < p.count; i++)
        KT_TRY(compare_order(
            run, k, &p.orders[i], (struct planned_peg *)b->pegs.items + p.orders[i].peg_from, p.was[i]));
    for (size_t n = 0; n < p.old_count; n++) {
        const struct planned_order gone = {.was = p.old[n].rec.id, .gone = true};
        if (p.taken[n])
            continue;
        k->removed++;
        KT_TRY(write_later(run, k, &gone, NULL));
    }
    return NULL;
}

/* ---- Messages ---- */

static int planned_by_document(const void *left, const void *right)
{
    const struct planned_message *a = left, *b = right;
    int order = compare((int64_t)a->document.v, (int64_t)b->document.v);
    return order ? order : compare(a->day, b->day);
}

static bool same_message(const struct planned_message *m, const struct message *old)
{
    return old->kind == (unsigned)m->kind && old->day.day == m->day && old->needed.day == m->needed &&
           kt_dec_cmp(old->quantity, KT_DEC(m->quantity, 4)) == 0;
}

static kt_error *say_later(kt_work_run *run, struct kept *k, const struct planned_message *m)
{
    struct planned_message *to_write = keep_add(run, &k->messages, sizeof *to_write);
    if (!to_write)
        return kt_no_memory();
    *to_write = *m;
    return NULL;
}

static kt_error *compare_messages(
    kt_tx *tx, kt_work_run *run, struct kept *k, const struct batch *b, const struct batch_item *item)
{
    struct planned_message *new = (struct planned_message *)b->messages.items + item->message_from;
    size_t count = item->message_count, i = 0, n = 0;
    struct list old = {0};
    if (!k->no_messages)
        KT_TRY(read_messages(tx, item->id, &old));
    const struct message *was = old.items;
    if (count > 1)
        qsort(new, count, sizeof *new, planned_by_document);
    k->message_count += (int64_t)count;
    while (i < count || n < old.count) {
        int order = i == count       ? 1
                    : n == old.count ? -1
                                     : compare((int64_t) new[i].document.v, (int64_t)was[n].document.v);
        struct planned_message m = order <= 0 ? new[i] : (struct planned_message){.gone = true};
        if (order >= 0)
            m.was = was[n].rec.id;
        k->said += (order < 0) - (order > 0);
        if (order != 0 || !same_message(&m, &was[n]))
            KT_TRY(say_later(run, k, &m));
        i += order <= 0;
        n += order >= 0;
    }
    return NULL;
}

/* ---- A batch ---- */

kt_error *batch_compare(kt_tx *tx, kt_work_run *run, struct kept *k, const struct batch *b)
{
    const struct batch_item *items = b->items.items;
    for (size_t i = 0; i < b->items.count; i++) {
        KT_TRY(compare_orders(tx, run, k, b, &items[i]));
        KT_TRY(compare_messages(tx, run, k, b, &items[i]));
    }
    return NULL;
}
