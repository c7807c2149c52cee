/* backtest.c -- what would rules have done? The journal is gone back through in an overlay that nobody applies;
 * at each change that fits, the rule runs on the state of that moment, and what it wrote is taken back.
 *
 * The overlay holds what every record was that changed since: so far back as its memory reaches. */
#include "automation/methods.h"
#include "automation/runner.h"
#include "journal/journal.h"
#include "kit/str.h"

enum { ENTRIES_DEFAULT = 1000, ENTRIES_MAX = 1000000, ROWS_DEFAULT = 100, ROWS_MAX = 1000, IDS_MAX = 32 };
static const size_t walk_arena_max = (size_t)1 << 30;

typedef struct {
    kt_tx *tx;
    ruleset set; /* of these rules alone: no other fires */
    rule *rules;
    size_t count;
    method_call *call;
    json *out;
    uint64_t seen, last, looked, ran,
        failed; /* seen, last: the newest and the oldest entry; looked: at changes */
    uint32_t rows, rows_max;
} backtest;

/* ---- One run ---- */

static void write_would(const model_change *changes, json *j)
{
    static const char *const kinds[] = {
        [MODEL_CREATED] = "create", [MODEL_UPDATED] = "update", [MODEL_DELETED] = "delete"};
    json_key(j, "would");
    json_array(j);
    for (const model_change *c = changes; c; c = c->next) {
        json_object(j);
        json_member_text(j, "kind", kinds[c->kind]);
        json_member_str(j, "entity", c->entity->name);
        if (c->kind != MODEL_CREATED) /* the id of what was not made says nothing */
            json_member_int(j, "id", (int64_t)c->id);
        json_object_end(j);
    }
    json_array_end(j);
}

static void write_row(backtest *b, const rule *r, const journal_step *step, const trigger *t,
    const run_report *report, const kt_error *error)
{
    json *j = b->out;
    if (b->rows++ >= b->rows_max)
        return;
    json_object(j);
    json_member_int(j, "seq", (int64_t)step->seq);
    json_key(j, "at");
    json_time(j, step->at);
    json_member_str(j, "rule", r->name);
    json_member_str(j, "on", t->text);
    json_member_str(j, "entity", step->entity->name);
    json_member_int(j, "id", (int64_t)step->id);
    json_key(j, "changes");
    json_raw(j, report->changes.len ? report->changes : KT_STR("[]"));
    write_would(b->tx->changes, j);
    if (error)
        json_member_text(j, "error", error_text(error));
    json_object_end(j);
}

/* What the run wrote into the overlay goes; what it was is told. */
static kt_error *run_at(
    backtest *b, const rule *r, const journal_step *step, const trigger *t, const model_seen *seen)
{
    kt_tx *tx = b->tx;
    const planned plan = {r, t, KT_STR("run")};
    const occasion on = {t->text.ptr, step->entity, step->id, seen->before, seen->after, {0}};
    run_report report = {0};
    size_t failed;
    store_mark mark = store_mark_set(tx->view);
    const kt_time now = tx->now;
    tx->now = step->at;
    tx->writes = true;
    tx->watcher = NULL;
    tx->changes = tx->last_change = NULL; /* of the unwinding */
    tx->change_table = NULL;
    buffer_open(&report.effects, 4096);
    kt_error *error = fire_run(tx, &plan, 1, &on, &report, &failed);
    buffer_close(&report.effects);
    b->ran++;
    b->failed += error != NULL;
    write_row(b, r, step, t, &report, error);
    tx->now = now;
    tx->writes = false;
    tx->watcher = NULL;
    tx->changes = tx->last_change = NULL;
    tx->change_table = NULL;
    tx->doomed = NULL;
    return store_mark_back(tx->view, mark);
}

/* The journal knows what changed, not which action did it: an action's event is its state being reached. */
static bool fits(const trigger *t, const model_seen *seen)
{
    if (t->kind != ON_ACTION)
        return fire_hits(t, seen);
    const model_field *state = seen->entity->state;
    return seen->kind == MODEL_SEEN_UPDATED && state && t->action->declared->to &&
           seen->after->values[state->position].as.i == t->action->declared->to &&
           !model_value_equal(
               state, &seen->before->values[state->position], &seen->after->values[state->position]);
}

static kt_error *decode(
    kt_tx *tx, const journal_step *step, kt_str bytes, model_record *record, const model_record **side)
{
    *side = NULL;
    if (!bytes.ptr)
        return NULL;
    KT_TRY(model_record_decode(tx, step->entity, step->id, bytes, record));
    *side = record;
    return NULL;
}

typedef struct {
    model_record before, after;
    model_seen seen;
    bool decoded;
} looking;

static kt_error *look_with(backtest *b, const rule *r, const journal_step *step, looking *l)
{
    for (size_t i = 0; i < r->trigger_count; i++) {
        const trigger *t = &r->triggers[i];
        model_seen *seen = &l->seen;
        bool holds;
        if (t->entity != step->entity || t->kind > ON_LEAVES)
            continue;
        if (!l->decoded) {
            KT_TRY(decode(b->tx, step, step->before, &l->before, &seen->before));
            KT_TRY(decode(b->tx, step, step->after, &l->after, &seen->after));
            l->decoded = true;
        }
        if (!(seen->after || seen->kind == MODEL_SEEN_DELETED) || !fits(t, seen))
            continue;
        KT_TRY(fire_holds(b->tx, t, seen->after ? seen->after : seen->before, &holds));
        if (holds)
            KT_TRY(run_at(b, r, step, t, seen));
    }
    return NULL;
}

static kt_error *look(void *context, const journal_step *step)
{
    static const model_seen_kind kinds[] = {[MODEL_CREATED] = MODEL_SEEN_CREATED,
        [MODEL_UPDATED] = MODEL_SEEN_UPDATED,
        [MODEL_DELETED] = MODEL_SEEN_DELETED};
    backtest *b = context;
    looking l = {.seen = {.kind = kinds[step->kind], .name = "", .entity = step->entity}};
    b->looked++;
    b->seen = b->seen ? b->seen : step->seq;
    b->last = step->seq;
    for (size_t i = 0; i < b->count; i++)
        KT_TRY(look_with(b, &b->rules[i], step, &l));
    return NULL;
}

/* ---- rule.backtest ---- */

static kt_error *read_rule(kt_tx *tx, uint64_t id, rule *r)
{
    struct rule_row row = {KT_OF(rule_row)};
    KT_TRY(kt_read(tx, (kt_id){id}, &row.rec));
    *r = (rule){
        .id = id, .name = row.name, .text = row.text, .owner = row.owner.v, .company = row.rec.company.v};
    return NULL;
}

static kt_error *read_rules(backtest *b, kt_tx *tx)
{
    const variant *params = b->call->params, *id = variant_get(params, "id"),
                  *ids = variant_get(params, "ids");
    const variant *list = ids && ids->kind == VARIANT_ARRAY ? ids->as.array.items : id;
    const kt_str text = variant_get_str(params, "text");
    b->count = ids && ids->kind == VARIANT_ARRAY ? ids->as.array.count : 1;
    if (b->count > IDS_MAX)
        return kt_fail(
            tx, KT_LIMIT, "ids", "at most %d rules at once", "najwyżej %d reguł naraz", (int)IDS_MAX);
    b->rules = ARENA_ARRAY(tx->arena, rule, b->count + 1);
    if (!b->rules)
        return error_no_memory();
    if (text.ptr) {
        b->count = 1;
        b->rules[0] = (rule){.name = KT_STR("rule"), .text = text, .owner = tx->user, .company = tx->company};
    }
    for (size_t i = 0; i < b->count; i++) {
        if (!text.ptr && (!list || list[i].kind != VARIANT_INT))
            return kt_fail(tx, KT_VALIDATION, "text", "give a text, or the id of a rule, or ids of several",
                "podaj tekst, id reguły albo ids kilku");
        if (!text.ptr)
            KT_TRY(read_rule(tx, (uint64_t)list[i].as.integer, &b->rules[i]));
        KT_TRY(rule_compile(b->set.of, tx, tx->arena, &b->rules[i]));
    }
    b->set.rules = b->rules;
    b->set.count = b->count;
    return NULL;
}

static uint64_t number(const variant *params, const char *name, uint64_t otherwise, uint64_t most)
{
    const variant *v = variant_get(params, name);
    uint64_t n = v && v->kind == VARIANT_INT && v->as.integer > 0 ? (uint64_t)v->as.integer : otherwise;
    return n < most ? n : most;
}

/* Past its memory the walk ends: what it saw is told, and that it is not all. */
static kt_error *walk(backtest *b)
{
    json *j = b->out;
    json_object(j);
    json_key(j, "rows");
    json_array(j);
    kt_error *error = journal_walk_back(
        b->tx, number(b->call->params, "entries", ENTRIES_DEFAULT, ENTRIES_MAX), look, b);
    bool starved = error == error_no_memory();
    json_array_end(j);
    json_member_int(j, "entries", b->looked ? (int64_t)(b->seen - b->last + 1) : 0);
    json_member_int(j, "changes", (int64_t)b->looked);
    json_member_int(j, "runs", (int64_t)b->ran);
    json_member_int(j, "failed", (int64_t)b->failed);
    json_member_bool(j, "whole", !starved);
    json_object_end(j);
    return starved ? NULL : error;
}

static kt_error *backtest_in(kt_tx *tx, void *context)
{
    backtest *b = context;
    automation *a = b->set.of;
    const model_watch *watch = tx->watch;
    b->tx = tx;
    tx->writes = false;
    b->set.catalogue = tx->catalogue;
    KT_TRY(read_rules(b, tx));
    pthread_mutex_lock(&a->lock);
    b->set.generation = ++a->generations;
    pthread_mutex_unlock(&a->lock);
    tx->watch = &b->set.watch;
    kt_error *error = walk(b);
    tx->watch = watch;
    tx->watcher = NULL;
    tx->changes = NULL;
    for (size_t i = 0; i < b->count; i++)
        access_actor_release(b->rules[i].actor);
    return error;
}

kt_error *rule_backtest(method_call *call)
{
    const access_identity who = access_identity_of(call->tx);
    backtest b = {.set.of = call->rooms->automation,
        .call = call,
        .out = call->answer,
        .rows_max = (uint32_t)number(call->params, "limit", ROWS_DEFAULT, ROWS_MAX)};
    arena *own = arena_open(walk_arena_max);
    if (!own)
        return error_no_memory();
    errand e = rule_errand(b.set.of, own);
    e.who = &who;
    kt_error *error = errand_rehearse(&e, backtest_in, &b);
    if (error) /* told in memory that stays */
        error = error_copy(call->arena, error);
    arena_close(own);
    return error;
}
