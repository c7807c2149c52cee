/* backtest.c -- what would a rule have done? The journal is gone back through in an overlay that nobody
 * applies; at each change that fits, the rule runs on the state of that moment, and what it wrote is taken
 * back. */
#include "automation/methods.h"
#include "journal/journal.h"
#include "kit/str.h"

enum { ENTRIES_DEFAULT = 1000, ENTRIES_MAX = 20000, ROWS_DEFAULT = 100, ROWS_MAX = 1000 };

typedef struct {
    kt_tx *tx;
    ruleset set; /* of this rule alone: no other fires */
    rule rule;
    json *out;
    uint64_t looked, ran, failed;
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

static void write_row(
    backtest *b, const journal_step *step, const trigger *t, const run_report *report, const kt_error *error)
{
    json *j = b->out;
    if (b->rows++ >= b->rows_max)
        return;
    json_object(j);
    json_member_int(j, "seq", (int64_t)step->seq);
    json_key(j, "at");
    json_time(j, step->at);
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
static kt_error *run_at(backtest *b, const journal_step *step, const trigger *t, const model_seen *seen)
{
    kt_tx *tx = b->tx;
    const planned plan = {&b->rule, t, KT_STR("run")};
    const occasion on = {t->text.ptr, step->entity, step->id, seen->before, seen->after, {0}};
    run_report report = {0};
    size_t failed;
    store_mark mark = store_mark_set(tx->view);
    const kt_time now = tx->now;
    tx->now = step->at;
    tx->watcher = NULL;
    tx->changes = tx->last_change = NULL; /* of the unwinding */
    tx->change_table = NULL;
    buffer_open(&report.effects, 4096);
    kt_error *error = fire_run(tx, &plan, 1, &on, &report, &failed);
    buffer_close(&report.effects);
    b->ran++;
    b->failed += error != NULL;
    write_row(b, step, t, &report, error);
    tx->now = now;
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

static kt_error *look(void *context, const journal_step *step)
{
    static const model_seen_kind kinds[] = {[MODEL_CREATED] = MODEL_SEEN_CREATED,
        [MODEL_UPDATED] = MODEL_SEEN_UPDATED,
        [MODEL_DELETED] = MODEL_SEEN_DELETED};
    backtest *b = context;
    model_seen seen = {.kind = kinds[step->kind], .name = "", .entity = step->entity};
    model_record before = {0}, after = {0};
    bool decoded = false;
    b->looked++;
    for (size_t i = 0; i < b->rule.trigger_count; i++) {
        const trigger *t = &b->rule.triggers[i];
        bool holds;
        if (t->entity != step->entity || t->kind > ON_LEAVES)
            continue;
        if (!decoded) {
            KT_TRY(decode(b->tx, step, step->before, &before, &seen.before));
            KT_TRY(decode(b->tx, step, step->after, &after, &seen.after));
            decoded = true;
        }
        if (!(seen.after || seen.kind == MODEL_SEEN_DELETED) || !fits(t, &seen))
            continue;
        KT_TRY(fire_holds(b->tx, t, seen.after ? seen.after : seen.before, &holds));
        if (holds)
            KT_TRY(run_at(b, step, t, &seen));
    }
    return NULL;
}

/* ---- rule.backtest ---- */

static kt_error *read_rule(method_call *call, rule *r)
{
    kt_tx *tx = call->tx;
    const variant *id = variant_get(call->params, "id");
    *r = (rule){.name = KT_STR("rule"),
        .text = variant_get_str(call->params, "text"),
        .owner = tx->user,
        .company = tx->company};
    if (r->text.ptr)
        return NULL;
    struct rule_row row = {KT_OF(rule_row)};
    if (!id || id->kind != VARIANT_INT)
        return kt_fail(
            tx, KT_VALIDATION, "text", "give a text, or the id of a rule", "podaj tekst albo id reguły");
    KT_TRY(kt_read(tx, (kt_id){(uint64_t)id->as.integer}, &row.rec));
    r->name = row.name;
    r->text = row.text;
    r->owner = row.owner.v;
    r->id = row.rec.id.v;
    return NULL;
}

static uint64_t number(const variant *params, const char *name, uint64_t otherwise, uint64_t most)
{
    const variant *v = variant_get(params, name);
    uint64_t n = v && v->kind == VARIANT_INT && v->as.integer > 0 ? (uint64_t)v->as.integer : otherwise;
    return n < most ? n : most;
}

static kt_error *walk(backtest *b, method_call *call)
{
    uint64_t entries = number(call->params, "entries", ENTRIES_DEFAULT, ENTRIES_MAX);
    json *j = call->answer;
    json_object(j);
    json_key(j, "rows");
    json_array(j);
    KT_TRY(journal_walk_back(b->tx, entries, look, b));
    json_array_end(j);
    json_member_int(j, "changes", (int64_t)b->looked);
    json_member_int(j, "runs", (int64_t)b->ran);
    json_member_int(j, "failed", (int64_t)b->failed);
    json_object_end(j);
    return NULL;
}

kt_error *rule_backtest(method_call *call)
{
    kt_tx *tx = call->tx;
    automation *a = call->rooms->automation;
    backtest *b = ARENA_NEW(tx->arena, backtest);
    if (!b)
        return error_no_memory();
    b->tx = tx;
    b->out = call->answer;
    b->rows_max = (uint32_t)number(call->params, "limit", ROWS_DEFAULT, ROWS_MAX);
    KT_TRY(read_rule(call, &b->rule));
    KT_TRY(rule_compile(a, tx, tx->arena, &b->rule));
    b->set = (ruleset){.of = a, .catalogue = tx->catalogue, .rules = &b->rule, .count = 1};
    pthread_mutex_lock(&a->lock);
    b->set.generation = ++a->generations;
    pthread_mutex_unlock(&a->lock);
    KT_TRY(store_make_writable(tx->view));
    const model_watch *watch = tx->watch;
    tx->watch = &b->set.watch;
    tx->writes = tx->rehearsal = true;
    kt_error *error = walk(b, call);
    tx->writes = false;
    tx->watch = watch;
    tx->watcher = NULL;
    tx->changes = NULL;
    access_actor_release(b->rule.actor);
    return error;
}
