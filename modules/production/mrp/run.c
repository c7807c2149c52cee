/* A planning run: everything is planned on a snapshot, then written in short chunks. What the run before proposed and
 * nobody made firm goes first. */
#include "mrp/run.h"

#include <stdlib.h>
#include <string.h>

#include <kontor/value.h>

#include "order/order.h"

enum { CHUNK = 50 };

struct kept_order {
    kt_id item;
    int64_t quantity;
    int32_t release, due;
    uint32_t sequence, level, peg_from, peg_count;
    bool made, late;
};
struct kept_peg {
    enum mrp_kind need;
    struct origin origin;
    uint32_t parent; /* number of a proposal; 0: none */
    int64_t quantity;
    int32_t day;
};
struct kept_message {
    kt_id item, document;
    enum mrp_message kind;
    int64_t quantity;
    int32_t day, needed;
};
struct kept {      /* what the chunks write */
    int64_t began; /* the position at which it was planned: what was written before goes */
    kt_id run;
    struct kept_order *orders;
    struct kept_peg *pegs;
    struct kept_message *messages;
    size_t order_count, message_count, items, demands, receipts, levels;
};

static void *take(void *context, size_t size)
{
    return kt_alloc((kt_tx *)context, size);
}

/* ---- From the plan to what is kept ---- */

static struct kept_peg keep_peg(const struct gathered *g, const struct mrp_peg *p)
{
    struct kept_peg kept = {.need = p->need, .quantity = p->quantity, .day = p->day};
    if (p->need == MRP_DEMAND)
        kept.origin = g->demand_of[p->need_index];
    if (p->need == MRP_RECEIPT)
        kept.origin = g->receipt_of[p->need_index];
    if (p->need == MRP_ORDER)
        kept.parent = p->need_index + 1;
    return kept;
}

/* The peggings of each order, one behind the other. */
static kt_error *keep_orders(kt_tx *tx, kt_work_run *run, const struct gathered *g, struct kept *k)
{
    const struct mrp *m = &g->mrp;
    uint32_t *filled = kt_alloc(tx, (m->order_count + 1) * sizeof *filled);
    uint32_t *at = kt_alloc(tx, (m->order_count + 1) * sizeof *at);
    k->orders = run->keep(run, (m->order_count + 1) * sizeof *k->orders);
    k->pegs = run->keep(run, (m->peg_count + 1) * sizeof *k->pegs);
    if (!filled || !at || !k->orders || !k->pegs)
        return kt_no_memory();
    for (size_t i = 0; i < m->peg_count; i++)
        if (m->pegs[i].supply == MRP_ORDER)
            at[m->pegs[i].supply_index + 1]++;
    for (size_t i = 0; i < m->order_count; i++)
        at[i + 1] += at[i];
    for (size_t i = 0; i < m->peg_count; i++)
        if (m->pegs[i].supply == MRP_ORDER) {
            uint32_t order = m->pegs[i].supply_index;
            k->pegs[at[order] + filled[order]++] = keep_peg(g, &m->pegs[i]);
        }
    for (size_t i = 0; i < m->order_count; i++) {
        const struct mrp_order *o = &m->orders[i];
        if (g->phantom[o->item])
            continue; /* it is passed through: its components are proposed */
        k->orders[k->order_count++] = (struct kept_order){.item = g->ids[o->item],
            .quantity = o->quantity,
            .release = o->release,
            .due = o->due,
            .sequence = (uint32_t)i + 1,
            .level = m->items[o->item].level,
            .peg_from = at[i],
            .peg_count = filled[i],
            .made = g->made[o->item],
            .late = o->late};
    }
    return NULL;
}

static kt_error *keep_messages(kt_work_run *run, const struct gathered *g, struct kept *k)
{
    k->messages = run->keep(run, (g->mrp.receipt_count + 1) * sizeof *k->messages);
    if (!k->messages)
        return kt_no_memory();
    for (size_t i = 0; i < g->mrp.receipt_count; i++) {
        const struct mrp_receipt *r = &g->mrp.receipts[i];
        if (r->message == MRP_KEEP || !g->receipt_of[i].document.v)
            continue;
        k->messages[k->message_count++] = (struct kept_message){.item = g->ids[r->item],
            .document = g->receipt_of[i].document,
            .kind = r->message,
            .quantity = r->quantity,
            .day = r->day,
            .needed = r->needed};
    }
    return NULL;
}

static kt_error *read_params(kt_tx *tx, kt_str text, kt_id *run)
{
    const kt_value *params, *id;
    KT_TRY(kt_json_read(tx, text, &params));
    id = kt_value_get(params, "run");
    run->v = id && id->kind == KT_VALUE_INT ? (uint64_t)id->as.integer : 0;
    return NULL;
}

static kt_error *plan(kt_tx *tx, kt_work_run *run, struct kept *k)
{
    struct gathered g;
    const memory of_tx = {take, tx};
    KT_TRY(read_params(tx, run->params, &k->run));
    KT_TRY(mrp_gather(tx, &g));
    switch (mrp_plan(&of_tx, &g.mrp)) {
    case MRP_PLANNED:
        break;
    case MRP_NO_MEMORY:
        return kt_no_memory();
    case MRP_CYCLE:
        return kt_fail(tx, KT_RULE, NULL, "an item goes into itself", "towar wchodzi w samego siebie");
    case MRP_TOO_LARGE:
        return kt_fail(tx, KT_LIMIT, NULL, "a quantity is too large", "ilość jest za duża");
    }
    KT_TRY(keep_orders(tx, run, &g, k));
    KT_TRY(keep_messages(run, &g, k));
    k->items = g.mrp.item_count;
    k->demands = g.mrp.demand_count;
    k->receipts = g.mrp.receipt_count;
    k->levels = g.mrp.levels;
    return NULL;
}

static kt_error *prepare(kt_tx *tx, kt_work_run *run)
{
    if (run->context)
        return NULL;
    struct kept *k = run->keep(run, sizeof *k);
    if (!k)
        return kt_no_memory();
    k->began = run->position;
    kt_authority before = kt_own_authority(tx);
    kt_error *error = plan(tx, run, k);
    kt_callers_authority(tx, before);
    if (error)
        return error;
    run->context = k;
    run->total = k->began + 1 + (int64_t)(k->order_count + k->message_count);
    return NULL;
}

/* ---- Chunks ---- */

/* Deletes what nobody made firm. *count receives how many went. */
static kt_error *drop_proposals(kt_tx *tx, size_t *count)
{
    const kt_where where[] = {KT_WHERE(proposal, state, KT_EQ, PROPOSED), {0}};
    struct proposal old[CHUNK];
    kt_cursor *cursor;
    *count = 0;
    KT_TRY(kt_open(tx, &(kt_query){.of = &proposal_shape, .where = where, .limit = CHUNK}, &cursor));
    for (; *count < CHUNK; (*count)++) {
        old[*count] = (struct proposal){KT_OF(proposal)};
        if (!kt_next(cursor, &old[*count].rec))
            break;
    }
    KT_TRY(kt_close(cursor));
    for (size_t i = 0; i < *count; i++) {
        struct order o = {KT_OF(order)};
        kt_id order = old[i].order;
        KT_TRY(kt_delete(tx, &old[i].rec));
        if (!order.v)
            continue;
        KT_TRY(kt_read(tx, order, &o.rec));
        if (o.state == PLANNED)
            KT_TRY(kt_delete(tx, &o.rec));
    }
    return NULL;
}

static kt_error *drop_messages(kt_tx *tx, size_t *count)
{
    struct message old[CHUNK];
    kt_cursor *cursor;
    *count = 0;
    KT_TRY(kt_open(tx, &(kt_query){.of = &message_shape, .limit = CHUNK}, &cursor));
    for (; *count < CHUNK; (*count)++) {
        old[*count] = (struct message){KT_OF(message)};
        if (!kt_next(cursor, &old[*count].rec))
            break;
    }
    KT_TRY(kt_close(cursor));
    for (size_t i = 0; i < *count; i++)
        KT_TRY(kt_delete(tx, &old[i].rec));
    return NULL;
}

static kt_error *write_proposal(kt_tx *tx, const struct kept *k, const struct kept_order *o)
{
    struct proposal p = {KT_OF(proposal), .item = o->item, .kind = o->made ? TO_MAKE : TO_BUY, .run = k->run,
        .sequence = o->sequence, .level = o->level, .state = PROPOSED, .quantity = KT_DEC(o->quantity, 4),
        .release = {o->release}, .due = {o->due}, .late = o->late};
    for (uint32_t i = 0; i < o->peg_count; i++) {
        const struct kept_peg *peg = &k->pegs[o->peg_from + i];
        struct reason_peg line = {KT_OF(reason_peg), .need = peg->need, .document = peg->origin.document,
            .line = (int64_t)peg->origin.line.v, .parent = peg->parent, .quantity = KT_DEC(peg->quantity, 4)};
        if (peg->need != MRP_SAFETY)
            line.day.day = peg->day;
        KT_TRY(kt_line_add(tx, &p.pegs, &line.rec));
    }
    if (o->made) {
        struct order made = {KT_OF(order), .item = o->item, .quantity = p.quantity, .due = p.due,
            .state = PLANNED, .begins = kt_instant(tx, p.release, 0), .run = (int64_t)k->run.v,
            .owner = kt_user(tx)};
        KT_TRY(kt_create(tx, &made.rec));
        p.order = made.rec.id;
    }
    return kt_create(tx, &p.rec);
}

static kt_error *write_message(kt_tx *tx, const struct kept *k, const struct kept_message *m)
{
    struct message row = {KT_OF(message), .run = k->run, .item = m->item, .document = m->document,
        .kind = m->kind, .quantity = KT_DEC(m->quantity, 4), .day = {m->day}, .needed = {m->needed}};
    return kt_create(tx, &row.rec);
}

static kt_error *end_run(kt_tx *tx, const struct kept *k, kt_work_run *run)
{
    struct mrp_run r = {KT_OF(mrp_run)};
    KT_TRY(kt_read(tx, k->run, &r.rec));
    r.items = (int64_t)k->items;
    r.demands = (int64_t)k->demands;
    r.receipts = (int64_t)k->receipts;
    r.levels = (int64_t)k->levels;
    r.proposals = (int64_t)k->order_count;
    r.messages = (int64_t)k->message_count;
    run->finished = true;
    run->result = kt_format(tx, "{\"run\":%llu,\"proposals\":%zu,\"messages\":%zu}",
        (unsigned long long)k->run.v, k->order_count, k->message_count);
    return kt_update(tx, &r.rec);
}

static kt_error *write_chunk(kt_tx *tx, kt_work_run *run)
{
    const struct kept *k = run->context;
    size_t gone = 0, messages = 0;
    if (run->position == k->began) {
        KT_TRY(drop_proposals(tx, &gone));
        KT_TRY(drop_messages(tx, &messages));
        run->position += gone + messages == 0;
        return NULL;
    }
    for (size_t i = 0; i < CHUNK && run->position < run->total; i++, run->position++) {
        size_t at = (size_t)(run->position - k->began - 1);
        if (at < k->order_count)
            KT_TRY(write_proposal(tx, k, &k->orders[at]));
        else
            KT_TRY(write_message(tx, k, &k->messages[at - k->order_count]));
    }
    return run->position == run->total ? end_run(tx, k, run) : NULL;
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
    kt_id job;
    (void)params;
    kt_authority before = kt_own_authority(tx);
    kt_error *error = kt_create(tx, &r.rec);
    kt_callers_authority(tx, before);
    if (error)
        return error;
    KT_TRY(kt_work_start(tx, "production.mrp",
        kt_say(tx, (kt_text){"Requirements planning", "Planowanie potrzeb"}),
        kt_format(tx, "{\"run\":%llu}", (unsigned long long)r.rec.id.v), &job));
    out->run = (int64_t)r.rec.id.v;
    out->job = (int64_t)job.v;
    return NULL;
}
