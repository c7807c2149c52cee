/* A planning run: what planning starts from is gathered on one snapshot; then item after item is planned and its
 * proposals are written, in short chunks, so that no plan is too large to be held. What the run before proposed and
 * nobody made firm goes first. */
#include "mrp/run.h"

#include <stdlib.h>
#include <string.h>

#include <kontor/value.h>

#include "order/order.h"

/* Proposals in a commit, as many as an import's rows: a commit writes every page that it touches, so small ones write the
 * same pages over and over. */
enum { CHUNK = 1000, CHUNK_LINES = 10000 }; /* lines: of what they are for */

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
struct kept {      /* from chunk to chunk */
    int64_t began; /* the position at which it was planned: what was written before goes */
    kt_id run;
    struct gathered g;
    struct kept_order *orders; /* planned and not written: those from number `first` on */
    struct kept_peg *pegs;
    struct kept_message *messages;
    size_t first, order_count, order_room, peg_count, peg_room, message_count;
    bool planned; /* all of it */
};

static void *take_lasting(void *context, size_t size)
{
    kt_work_run *run = context;
    return run->keep(run, size);
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

/* Room for more; what was there may go: it is written. */
static bool make_room(kt_work_run *run, void **items, size_t count, size_t *room, size_t wanted, size_t size)
{
    if (count + wanted <= *room)
        return true;
    size_t more = (count + wanted) * 2;
    void *larger = run->keep(run, more * size);
    if (larger && count)
        memcpy(larger, *items, count * size);
    if (larger) {
        *items = larger;
        *room = more;
    }
    return larger != NULL;
}

/* The orders of the item planned last, each with its peggings behind the other's: supplies are used up in their
 * order, so peggings stand in it. */
static kt_error *keep_orders(kt_work_run *run, struct kept *k)
{
    const struct mrp *m = &k->g.mrp;
    size_t at = 0;
    if (!make_room(
            run, (void **)&k->orders, k->order_count, &k->order_room, m->order_count, sizeof *k->orders) ||
        !make_room(run, (void **)&k->pegs, k->peg_count, &k->peg_room, m->peg_count, sizeof *k->pegs))
        return kt_no_memory();
    for (size_t i = 0; i < m->order_count; i++) {
        const struct mrp_order *o = &m->orders[i];
        if (k->g.phantom[o->item])
            continue; /* it is passed through: its components are proposed */
        struct kept_order *kept = &k->orders[k->order_count++];
        *kept = (struct kept_order){.item = k->g.ids[o->item],
            .quantity = o->quantity,
            .release = o->release,
            .due = o->due,
            .sequence = (uint32_t)(m->order_first + i) + 1,
            .level = m->items[o->item].level,
            .peg_from = (uint32_t)k->peg_count,
            .made = k->g.made[o->item],
            .late = o->late};
        while (at < m->peg_count &&
               (m->pegs[at].supply != MRP_ORDER || m->pegs[at].supply_index < m->order_first + i))
            at++;
        for (; at < m->peg_count && m->pegs[at].supply_index == m->order_first + i; at++, kept->peg_count++)
            k->pegs[k->peg_count++] = keep_peg(&k->g, &m->pegs[at]);
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
        break;
    }
    return kt_fail(tx, KT_LIMIT, NULL, "a quantity is too large", "ilość jest za duża");
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
    KT_TRY(read_params(tx, run->params, &k->run));
    KT_TRY(mrp_gather(tx, g));
    if (!last(run, &m->items, m->item_count, sizeof *m->items) ||
        !last(run, &m->links, m->link_count, sizeof *m->links) ||
        !last(run, &m->demands, m->demand_count, sizeof *m->demands) ||
        !last(run, &m->receipts, m->receipt_count, sizeof *m->receipts) ||
        !last(run, &g->ids, m->item_count, sizeof *g->ids) ||
        !last(run, &g->made, m->item_count, sizeof *g->made) ||
        !last(run, &g->phantom, m->item_count, sizeof *g->phantom) ||
        !last(run, &g->demand_of, m->demand_count, sizeof *g->demand_of) ||
        !last(run, &g->receipt_of, m->receipt_count, sizeof *g->receipt_of))
        return kt_no_memory();
    return told(tx, mrp_begin(&lasting, m));
}

/* Plans on until there is a chunk to write, or nothing more to plan. */
static kt_error *plan_on(kt_tx *tx, kt_work_run *run, struct kept *k)
{
    bool more = true;
    k->first += k->order_count;
    k->order_count = k->peg_count = 0;
    while (more && k->order_count < CHUNK) {
        KT_TRY(told(tx, mrp_next(&k->g.mrp, &more)));
        KT_TRY(keep_orders(run, k));
    }
    k->planned = !more;
    return more ? NULL : keep_messages(run, &k->g, k);
}

static int64_t end_of_orders(const struct kept *k)
{
    return k->began + 1 + (int64_t)(k->first + k->order_count);
}

static kt_error *prepare_within(kt_tx *tx, kt_work_run *run)
{
    struct kept *k = run->context;
    if (!k) {
        k = run->keep(run, sizeof *k);
        if (!k)
            return kt_no_memory();
        k->began = run->position;
        KT_TRY(begin(tx, run, k));
        run->context = k;
    }
    if (!k->planned && run->position == end_of_orders(k))
        KT_TRY(plan_on(tx, run, k));
    /* how many orders there will be is known at the end: until then, one for each item */
    run->total = end_of_orders(k) +
                 (int64_t)(k->planned ? k->message_count : k->g.mrp.item_count - k->g.mrp.next + 1);
    return NULL;
}

static kt_error *prepare(kt_tx *tx, kt_work_run *run)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = prepare_within(tx, run);
    kt_callers_authority(tx, before);
    return error;
}

/* ---- Chunks ---- */

/* Deletes what nobody made firm. *count receives how many went. */
/* At most a chunk of them. rec: a struct of the shape asked for, into which they are read one after another. */
static kt_error *drop_some(kt_tx *tx, const kt_where *where, kt_record *rec, size_t *count)
{
    kt_found old;
    KT_TRY(kt_find(tx, &(kt_query){.of = rec->of, .where = where, .limit = CHUNK}, 0, &old));
    *count = old.count;
    for (size_t i = 0; i < old.count; i++) {
        KT_TRY(kt_read(tx, old.ids[i], rec));
        KT_TRY(kt_delete(tx, rec));
    }
    return NULL;
}

static kt_error *drop_old(kt_tx *tx, size_t *count)
{
    const kt_where not_firm[] = {KT_WHERE(proposal, state, KT_EQ, PROPOSED), {0}};
    struct proposal p = {KT_OF(proposal)};
    struct message m = {KT_OF(message)};
    size_t proposals, messages;
    KT_TRY(drop_some(tx, not_firm, &p.rec, &proposals));
    KT_TRY(drop_some(tx, NULL, &m.rec, &messages));
    *count = proposals + messages;
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
    r.items = (int64_t)k->g.mrp.item_count;
    r.demands = (int64_t)k->g.mrp.demand_count;
    r.receipts = (int64_t)k->g.mrp.receipt_count;
    r.levels = (int64_t)k->g.mrp.levels;
    r.proposals = (int64_t)(k->first + k->order_count);
    r.messages = (int64_t)k->message_count;
    run->finished = true;
    run->result = kt_format(tx, "{\"run\":%llu,\"proposals\":%zu,\"messages\":%zu}",
        (unsigned long long)k->run.v, k->first + k->order_count, k->message_count);
    return kt_update(tx, &r.rec);
}

static kt_error *write_chunk(kt_tx *tx, kt_work_run *run)
{
    const struct kept *k = run->context;
    size_t gone = 0;
    if (run->position == k->began) {
        KT_TRY(drop_old(tx, &gone));
        run->position += gone == 0;
        return NULL;
    }
    int64_t orders = end_of_orders(k), end = orders + (int64_t)(k->planned ? k->message_count : 0);
    size_t lines = 0;
    for (size_t i = 0; i < CHUNK && lines < CHUNK_LINES && run->position < end; i++, run->position++) {
        if (run->position >= orders) {
            KT_TRY(write_message(tx, k, &k->messages[run->position - orders]));
            continue;
        }
        const struct kept_order *o = &k->orders[run->position - k->began - 1 - (int64_t)k->first];
        KT_TRY(write_proposal(tx, k, o));
        lines += o->peg_count;
    }
    return k->planned && run->position == end ? end_run(tx, k, run) : NULL;
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
