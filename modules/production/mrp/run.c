/* A planning run: what planning starts from is gathered on one snapshot; then item after item is planned, compared with
 * what is proposed already, and what differs is written, in short chunks, so that no plan is too large to be held. */
#include "mrp/run.h"

#include <stdlib.h>
#include <string.h>

#include <kontor/value.h>

#include "mrp/chunk.h"
#include "order/order.h"

/* Proposals in a commit, as many as an import's rows: a commit writes every page that it touches, so small ones write the
 * same pages over and over. A batch is planned and compared at a time; a chunk looks at so many items at most. */
enum { CHUNK = 1000, CHUNK_LINES = 10000, CHUNK_ITEMS = 5000, BATCH = 1000, BATCH_ITEMS = 500 };

static void *take_lasting(void *context, size_t size)
{
    kt_work_run *run = context;
    return run->keep(run, size);
}

/* ---- The beginning ---- */

static kt_error *read_params(kt_tx *tx, kt_str text, struct kept *k)
{
    const kt_value *params, *id, *days;
    KT_TRY(kt_json_read(tx, text, &params));
    id = kt_value_get(params, "run");
    days = kt_value_get(params, "defer_days");
    k->run.v = id && id->kind == KT_VALUE_INT ? (uint64_t)id->as.integer : 0;
    k->defer_days = days && days->kind == KT_VALUE_INT ? days->as.integer : 1;
    return NULL;
}

static kt_error *told(kt_tx *tx, enum mrp_end end)
{
    switch (end) {
    case MRP_PLANNED:
        return NULL;
    case MRP_NO_MEMORY:
        return kt_no_memory();
    case MRP_CYCLE:
        return kt_fail(tx, KT_RULE, NULL, "an item goes into itself", "towar wchodzi w samego siebie");
    case MRP_TOO_LARGE:
    case MRP_UNTOLD: /* whoever could not tell says why */
        break;
    }
    return kt_fail(tx, KT_LIMIT, NULL, "a quantity is too large", "ilość jest za duża");
}

static bool is_made(const struct gathered *g, uint32_t item, int32_t due)
{
    for (uint32_t i = g->made_from[item]; i < g->made_from[item + 1]; i++)
        if (g->made[i].from <= due && (!g->made[i].until || g->made[i].until >= due))
            return true;
    return false;
}

/* As struct mrp asks for it. */
static bool how_much_to_buy(void *from, uint32_t item, int64_t quantity, int32_t due, int64_t *bought)
{
    struct buying *b = from;
    const kt_source *source = kt_service_find(b->tx, "supply.buy", 7);
    kt_dec lot;
    *bought = quantity;
    if (!source || !source->lot || is_made(b->g, item, due))
        return true;
    b->error = source->lot(b->tx, b->g->ids[item], KT_DEC(quantity, 4), &lot);
    if (!b->error)
        *bought = kt_dec_round(lot, 4).coef;
    return !b->error;
}

/* Moves an array into memory that lasts. false: there is no more */
static bool last(kt_work_run *run, void *array, size_t count, size_t size)
{
    void **at = array;
    void *copy = run->keep(run, (count + 1) * size);
    if (copy && count)
        memcpy(copy, *at, count * size);
    *at = copy;
    return copy != NULL;
}

static kt_error *begin(kt_tx *tx, kt_work_run *run, struct kept *k)
{
    const memory lasting = {take_lasting, run};
    struct gathered *g = &k->g;
    struct mrp *m = &g->mrp;
    KT_TRY(read_params(tx, run->params, k));
    KT_TRY(mrp_gather(tx, &lasting, g));
    if (!last(run, &m->items, m->item_count, sizeof *m->items) ||
        !last(run, &m->links, m->link_count, sizeof *m->links) ||
        !last(run, &m->demands, m->demand_count, sizeof *m->demands) ||
        !last(run, &m->receipts, m->receipt_count, sizeof *m->receipts) ||
        !last(run, &g->ids, m->item_count, sizeof *g->ids) ||
        !last(run, &g->idle, g->idle_count, sizeof *g->idle) ||
        !last(run, &g->made, g->made_from[m->item_count], sizeof *g->made) ||
        !last(run, &g->made_from, m->item_count + 1, sizeof *g->made_from) ||
        !last(run, &g->demand_of, m->demand_count, sizeof *g->demand_of) ||
        !last(run, &g->receipt_of, m->receipt_count, sizeof *g->receipt_of))
        return kt_no_memory();
    k->buying.g = g;
    m->buy = how_much_to_buy;
    m->buy_from = &k->buying;
    return told(tx, mrp_begin(&lasting, m));
}

/* ---- From the plan to a batch ---- */

static kt_error *add_peg(kt_tx *tx, const struct gathered *g, struct batch *b, const struct mrp_peg *p)
{
    struct planned_peg *peg = list_add(tx, &b->pegs, sizeof *peg);
    if (!peg)
        return kt_no_memory();
    *peg = (struct planned_peg){.need = p->need, .quantity = p->quantity};
    if (p->need != MRP_SAFETY)
        peg->day = p->day;
    if (p->need == MRP_DEMAND)
        peg->origin = g->demand_of[p->need_index];
    if (p->need == MRP_ORDER)
        peg->parent = p->need_index;
    return NULL;
}

static bool is_of_later(const struct mrp *m, const struct mrp_peg *peg, size_t order)
{
    return peg->supply == MRP_ORDER && peg->supply_index > m->order_first + order;
}

/* Of the item planned last, each order with its peggings behind the other's: supplies are used up in their order, so
 * peggings stand in it, among them some to what comes with other orders. */
static kt_error *add_orders(kt_tx *tx, const struct gathered *g, struct batch *b)
{
    const struct mrp *m = &g->mrp;
    size_t at = 0;
    for (size_t i = 0; i < m->order_count; i++) {
        const struct mrp_order *o = &m->orders[i];
        struct planned_order *order = list_add(tx, &b->orders, sizeof *order);
        if (!order)
            return kt_no_memory();
        *order = (struct planned_order){.item = g->ids[o->item],
            .quantity = o->quantity,
            .release = o->release,
            .due = o->due,
            .level = m->items[o->item].level,
            .peg_from = (uint32_t)b->pegs.count,
            .made = is_made(g, o->item, o->due),
            .late = o->late};
        for (; at < m->peg_count && !is_of_later(m, &m->pegs[at], i); at++) {
            if (m->pegs[at].supply != MRP_ORDER || m->pegs[at].supply_index < m->order_first)
                continue;
            KT_TRY(add_peg(tx, g, b, &m->pegs[at]));
            order->peg_count++;
        }
    }
    return NULL;
}

static kt_error *add_messages(kt_tx *tx, const struct kept *k, struct batch *b)
{
    const struct gathered *g = &k->g;
    const struct mrp *m = &g->mrp;
    for (size_t i = 0; i < m->item_receipt_count; i++) {
        const struct mrp_receipt *r = &m->receipts[m->item_receipts[i]];
        const kt_id document = g->receipt_of[m->item_receipts[i]].document;
        bool soon = r->message == MRP_DEFER && r->needed - r->day < k->defer_days;
        if (r->message == MRP_KEEP || soon || !document.v)
            continue;
        struct planned_message *message = list_add(tx, &b->messages, sizeof *message);
        if (!message)
            return kt_no_memory();
        *message = (struct planned_message){.item = g->ids[r->item],
            .document = document,
            .kind = r->message,
            .quantity = r->quantity,
            .day = r->day,
            .needed = r->needed};
    }
    return NULL;
}

static kt_error *add_item(kt_tx *tx, struct batch *b, kt_id id, struct batch_item **item)
{
    *item = list_add(tx, &b->items, sizeof **item);
    if (!*item)
        return kt_no_memory();
    **item = (struct batch_item){.id = id, .order_from = b->orders.count, .message_from = b->messages.count};
    return NULL;
}

static kt_error *add_planned(kt_tx *tx, const struct kept *k, struct batch *b)
{
    const struct gathered *g = &k->g;
    struct batch_item *item;
    KT_TRY(add_item(tx, b, g->ids[g->mrp.item], &item));
    KT_TRY(add_orders(tx, g, b));
    KT_TRY(add_messages(tx, k, b));
    item->order_count = b->orders.count - item->order_from;
    item->message_count = b->messages.count - item->message_from;
    return NULL;
}

struct batch_step {
    kt_work_run *run;
    struct kept *k;
};

static kt_error *plan_batch(kt_tx *tx, void *context)
{
    struct batch_step *step = context;
    struct kept *k = step->k;
    struct batch b = {0};
    while (b.orders.count + b.messages.count < BATCH && b.items.count < BATCH_ITEMS && !k->planned) {
        struct batch_item *idle;
        bool more;
        k->buying.tx = tx;
        const enum mrp_end end = mrp_next(&k->g.mrp, &more);
        KT_TRY(k->buying.error);
        KT_TRY(told(tx, end));
        if (more)
            KT_TRY(add_planned(tx, k, &b));
        else if (k->idle_next < k->g.idle_count)
            KT_TRY(add_item(tx, &b, k->g.idle[k->idle_next++], &idle));
        else
            k->planned = true;
    }
    k->items += b.items.count;
    return batch_compare(tx, step->run, k, &b);
}

/* ---- Chunks ---- */

static int64_t end_of_changes(const struct kept *k)
{
    return k->first + (int64_t)(k->orders.count + k->messages.count);
}

/* A chunk moves on by what it writes and by the items that it looked at. */
static int64_t end_of_chunk(const struct kept *k)
{
    return end_of_changes(k) + (int64_t)k->items;
}

/* Plans on until there is a chunk to write, or nothing more to plan. */
static kt_error *plan_on(kt_tx *tx, kt_work_run *run, struct kept *k)
{
    struct batch_step step = {run, k};
    k->first = run->position;
    k->items = k->orders.count = k->pegs.count = k->messages.count = 0;
    KT_TRY(compare_begin(tx, k));
    while (!k->planned && k->items < CHUNK_ITEMS && k->orders.count + k->messages.count < CHUNK &&
           k->pegs.count < CHUNK_LINES)
        KT_TRY(kt_step(tx, plan_batch, &step));
    return NULL;
}

static kt_error *prepare_within(kt_tx *tx, kt_work_run *run)
{
    struct kept *k = run->context;
    if (!k) {
        k = run->keep(run, sizeof *k);
        if (!k)
            return kt_no_memory();
        k->first = run->position;
        k->next_serial = 1;
        KT_TRY(begin(tx, run, k));
        run->context = k;
    }
    if (!k->planned && run->position == end_of_chunk(k))
        KT_TRY(plan_on(tx, run, k));
    run->total = end_of_chunk(k) +
                 (int64_t)(k->g.mrp.item_count - k->g.mrp.next + k->g.idle_count - k->idle_next);
    return NULL;
}

static kt_error *prepare(kt_tx *tx, kt_work_run *run)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = prepare_within(tx, run);
    kt_callers_authority(tx, before);
    return error;
}

/* Somebody may have deleted it since it was compared. */
static kt_error *read_again(kt_tx *tx, kt_id id, kt_record *rec, bool *found)
{
    kt_error *error = id.v ? kt_read(tx, id, rec) : NULL;
    *found = id.v && !error;
    return error && kt_problem_at(error, 0).kind == KT_NOT_FOUND ? NULL : error;
}

/* A line that says the same stays, with its id. */
static kt_error *put_pegs(kt_tx *tx, const struct planned_peg *pegs, size_t count, kt_lines *lines)
{
    for (size_t i = 0; i < count; i++) {
        const struct reason_peg line = {KT_OF(reason_peg), .need = pegs[i].need,
            .document = pegs[i].origin.document, .line = (int64_t)pegs[i].origin.line.v,
            .proposal = pegs[i].proposal, .quantity = KT_DEC(pegs[i].quantity, 4), .day = {pegs[i].day}};
        struct reason_peg *there = i < lines->count ? KT_AS(reason_peg, kt_line(lines, i)) : NULL;
        if (!there)
            KT_TRY(kt_line_add(tx, lines, &line.rec));
        else if (!same_peg(&pegs[i], there))
            *there = line;
    }
    lines->count = count;
    return NULL;
}

static kt_error *write_proposal(kt_tx *tx, const struct kept *k, const struct planned_order *o)
{
    struct proposal p = {KT_OF(proposal)};
    bool there;
    KT_TRY(read_again(tx, o->was, &p.rec, &there));
    if (there && p.state != PROPOSED) { /* or made it firm */
        p = (struct proposal){KT_OF(proposal)};
        there = false;
    }
    if (o->gone)
        return there ? kt_delete(tx, &p.rec) : NULL;
    p.item = o->item;
    p.kind = o->made ? TO_MAKE : TO_BUY;
    p.state = PROPOSED;
    p.run = k->run;
    p.serial = o->serial;
    p.level = o->level;
    p.quantity = KT_DEC(o->quantity, 4);
    p.release.day = o->release;
    p.due.day = o->due;
    p.late = o->late;
    KT_TRY(put_pegs(tx, (const struct planned_peg *)k->pegs.items + o->peg_from, o->peg_count, &p.pegs));
    return there ? kt_update(tx, &p.rec) : kt_create(tx, &p.rec);
}

static kt_error *write_message(kt_tx *tx, const struct kept *k, const struct planned_message *m)
{
    struct message row = {KT_OF(message)};
    bool there;
    KT_TRY(read_again(tx, m->was, &row.rec, &there));
    if (m->gone)
        return there ? kt_delete(tx, &row.rec) : NULL;
    row.run = k->run;
    row.item = m->item;
    row.document = m->document;
    row.kind = m->kind;
    row.quantity = KT_DEC(m->quantity, 4);
    row.day.day = m->day;
    row.needed.day = m->needed;
    return there ? kt_update(tx, &row.rec) : kt_create(tx, &row.rec);
}

static kt_error *end_run(kt_tx *tx, const struct kept *k, kt_work_run *run)
{
    struct mrp_run r = {KT_OF(mrp_run)};
    KT_TRY(kt_read(tx, k->run, &r.rec));
    r.items = (int64_t)k->g.mrp.item_count;
    r.demands = (int64_t)k->g.mrp.demand_count;
    r.consumed = k->g.consumed;
    r.receipts = (int64_t)k->g.mrp.receipt_count;
    r.levels = (int64_t)k->g.mrp.levels;
    r.proposals = (int64_t)k->serials.count;
    r.added = k->added;
    r.changed = k->changed;
    r.removed = k->removed;
    r.messages = k->message_count;
    run->finished = true;
    run->result = kt_format(tx, "{\"run\":%llu,\"proposals\":%zu,\"messages\":%lld}",
        (unsigned long long)k->run.v, k->serials.count, (long long)k->message_count);
    return kt_update(tx, &r.rec);
}

static kt_error *write_chunk(kt_tx *tx, kt_work_run *run)
{
    const struct kept *k = run->context;
    const struct planned_order *orders = k->orders.items;
    const struct planned_message *messages = k->messages.items;
    size_t lines = 0;
    for (size_t i = 0; i < 2 * CHUNK && lines < 2 * CHUNK_LINES && run->position < end_of_changes(k);
         i++, run->position++) {
        size_t at = (size_t)(run->position - k->first);
        if (at >= k->orders.count) {
            KT_TRY(write_message(tx, k, &messages[at - k->orders.count]));
            continue;
        }
        KT_TRY(write_proposal(tx, k, &orders[at]));
        lines += orders[at].peg_count;
    }
    if (run->position == end_of_changes(k))
        run->position = end_of_chunk(k);
    return k->planned && run->position == end_of_chunk(k) ? end_run(tx, k, run) : NULL;
}

static kt_error *apply(kt_tx *tx, kt_work_run *run)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = write_chunk(tx, run);
    kt_callers_authority(tx, before);
    return error;
}

const kt_work mrp_work = {prepare, apply};

/* ---- production.mrp.run ---- */

struct mrp_run_ask {
    kt_record rec;
    int64_t defer_days;
};
const kt_shape mrp_run_ask_shape = KT_SHAPE(mrp_run_ask, NULL,
    KT_FIELD(mrp_run_ask, defer_days, INT, "Least days to defer by", "Odkładać najmniej o dni",
        .initial = "1",
        .help = {"An open order that is needed by fewer days later than it comes is left alone.",
            "Otwarte zlecenie potrzebne o mniej dni później, niż będzie, zostaje bez komunikatu."}));
struct mrp_run_answer {
    kt_record rec;
    int64_t run, job;
};
const kt_shape mrp_run_answer_shape = KT_SHAPE(mrp_run_answer, NULL,
    KT_FIELD(mrp_run_answer, run, INT, "Run", "Przebieg"),
    KT_FIELD(mrp_run_answer, job, INT, "Job", "Zadanie",
        .help = {"job.get tells how far it is.", "job.get pokazuje postęp."}));

kt_error *mrp_run_call(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct mrp_run_answer *out = KT_AS(mrp_run_answer, result);
    struct mrp_run r = {KT_OF(mrp_run), .day = kt_today(tx)};
    int64_t days = KT_SEE(mrp_run_ask, params)->defer_days;
    kt_id job;
    if (days < 1)
        return kt_fail(tx, KT_VALIDATION, "defer_days", "must be above zero", "musi być większe od zera");
    kt_authority before = kt_own_authority(tx);
    kt_error *error = kt_create(tx, &r.rec);
    kt_callers_authority(tx, before);
    if (error)
        return error;
    KT_TRY(kt_work_start(tx, "production.mrp",
        kt_say(tx, (kt_text){"Requirements planning", "Planowanie potrzeb"}),
        kt_format(tx, "{\"run\":%llu,\"defer_days\":%lld}", (unsigned long long)r.rec.id.v, (long long)days),
        &job));
    out->run = (int64_t)r.rec.id.v;
    out->job = r.job = (int64_t)job.v;
    before = kt_own_authority(tx);
    error = kt_update(tx, &r.rec);
    kt_callers_authority(tx, before);
    return error;
}
