/* backtest.c -- what would rules have done? The journal is gone back through in an overlay that nobody applies;
 * at each change that fits, and whenever the clock would have set it off, the rule runs on the state of that
 * moment, and what it wrote is taken back.
 *
 * The overlay holds what every record was that changed since: so far back as its memory reaches. */
#include "automation/methods.h"
#include "automation/moments.h"
#include "automation/runner.h"
#include "journal/journal.h"
#include "kit/str.h"

enum {
    ENTRIES_DEFAULT = 1000,
    ENTRIES_MAX = 1000000,
    ROWS_DEFAULT = 100,
    ROWS_MAX = 1000,
    IDS_MAX = 32,
    CLOCK_RUNS_MAX = 100000
};
enum { DAY_MS = 86400000, DAYS_MAX = 36500 };
static const size_t walk_arena_max = (size_t)1 << 30;

typedef struct {
    kt_tx *tx;
    ruleset set; /* of these rules alone: no other fires */
    rule *rules;
    size_t count;
    const ruleset *others; /* that run now */
    clocked clocks[IDS_MAX];
    zone *zones[IDS_MAX];   /* which the clocks go by */
    bool assigned[IDS_MAX]; /* the rule would have changed its own record */
    moments moments;        /* when the clock sets rules off */
    uint64_t clock_runs;
    method_call *call;
    json *out;
    uint64_t seen, last, looked, ran,
        failed;   /* seen, last: the newest and the oldest entry; looked: at changes */
    kt_time back; /* so far */
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
    if (step->seq)
        json_member_int(j, "seq", (int64_t)step->seq);
    json_key(j, "at");
    json_time(j, step->at);
    json_member_str(j, "rule", r->name);
    json_member_str(j, "on", t->text);
    if (step->entity) {
        json_member_str(j, "entity", step->entity->name);
        json_member_int(j, "id", (int64_t)step->id);
    }
    json_key(j, "changes");
    json_raw(j, report->changes.len ? report->changes : KT_STR("[]"));
    write_would(b->tx->changes, j);
    json_key(j, "did");
    json_array(j);
    json_raw(j, buffer_str(&report->effects));
    json_array_end(j);
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
    b->ran++;
    b->failed += error != NULL;
    b->assigned[r - b->rules] = b->assigned[r - b->rules] || (!error && report.changes.len);
    write_row(b, r, step, t, &report, error);
    buffer_close(&report.effects);
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

/* ---- What the clock sets off ---- */

/* The record as it was then, if its date came then: a version before or after may have had another. */
static kt_error *find_reached(backtest *b, const moment *at, model_record *record, bool *reached)
{
    kt_tx *tx = b->tx;
    const model_guard *guard = tx->guard;
    tx->guard = NULL;
    kt_error *error = model_read(tx, at->trigger->entity, at->id, record);
    tx->guard = guard;
    *reached = !error && moment_of(at->of, at->trigger, record).ms == at->at.ms;
    if (error && error->first->kind == KT_NOT_FOUND)
        return NULL;
    return *reached ? fire_holds(tx, at->trigger, record, reached) : error;
}

static kt_error *run_moment(backtest *b, const moment *at)
{
    kt_tx *tx = b->tx;
    model_record record = {0};
    bool reached = true;
    model_seen seen = {.name = "", .entity = at->trigger->entity};
    const journal_step step = {.at = at->at, .entity = at->trigger->entity, .id = at->id};
    const zone *zone = tx->zone;
    const uint64_t company = tx->company;
    tx->zone = at->of->zone;
    tx->company = at->of->rule->company;
    kt_error *error = at->id ? find_reached(b, at, &record, &reached) : NULL;
    seen.after = at->id ? &record : NULL;
    b->clock_runs += reached;
    if (!error && reached)
        error = run_at(b, at->of->rule, &step, at->trigger, &seen);
    tx->zone = zone;
    tx->company = company;
    return error;
}

/* All moments after `since`, while the overlay stands as it was from then on. */
static kt_error *run_moments(backtest *b, kt_time since)
{
    b->back = since;
    for (moment at;;) {
        KT_TRY(moments_take(&b->moments, since, &at));
        if (!at.at.ms || b->clock_runs >= CLOCK_RUNS_MAX)
            return NULL;
        KT_TRY(run_moment(b, &at));
    }
}

static kt_error *open_clocks(backtest *b)
{
    kt_tx *tx = b->tx;
    kt_error *error = NULL;
    b->moments.arena = tx->arena;
    b->back = tx->now;
    for (size_t i = 0; i < b->count && !error; i++) {
        const rule *r = &b->rules[i];
        error = model_company_zone(tx, r->company, &b->zones[i]);
        b->clocks[i] = (clocked){r, b->zones[i]};
        if (!error)
            error = moments_begin(&b->moments, tx, &b->clocks[i], tx->now);
    }
    return error;
}

/* ---- At each change ---- */

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

static kt_error *look_with(backtest *b, const clocked *of, const journal_step *step, looking *l)
{
    const rule *r = of->rule;
    for (size_t i = 0; i < r->trigger_count; i++) {
        const trigger *t = &r->triggers[i];
        model_seen *seen = &l->seen;
        bool holds;
        if (t->entity != step->entity || (t->kind > ON_LEAVES && t->kind != ON_DATE))
            continue;
        if (!l->decoded) {
            KT_TRY(decode(b->tx, step, step->before, &l->before, &seen->before));
            KT_TRY(decode(b->tx, step, step->after, &l->after, &seen->after));
            l->decoded = true;
        }
        if (t->kind == ON_DATE && seen->before)
            KT_TRY(moments_add_version(&b->moments, of, t, seen->before, step->at));
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
    KT_TRY(run_moments(b, step->at));
    b->looked++;
    b->seen = b->seen ? b->seen : step->seq;
    b->last = step->seq;
    for (size_t i = 0; i < b->count; i++)
        KT_TRY(look_with(b, &b->clocks[i], step, &l));
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
    const uint64_t given = variant_get_uint(params, name), n = given ? given : otherwise;
    return n < most ? n : most;
}

/* So far back as was asked, or as the journal's first entry. */
static kt_error *walk_back(backtest *b)
{
    const variant *params = b->call->params;
    const uint64_t days = number(params, "days", 0, DAYS_MAX),
                   entries = number(params, "entries", days ? ENTRIES_MAX : ENTRIES_DEFAULT, ENTRIES_MAX);
    const kt_time since = {days ? b->tx->now.ms - (int64_t)days * DAY_MS : 0};
    KT_TRY(open_clocks(b));
    KT_TRY(journal_walk_back(b->tx, entries, since, look, b));
    bool all = b->last == 1 || b->seen - b->last + 1 >= entries;
    return since.ms && !all ? run_moments(b, since) : NULL;
}

/* The journal tells neither what came from outside nor what a module announced, nor of an action that leaves the
 * state as it is. */
static bool is_silent(const trigger *t)
{
    return t->kind == ON_EVENT || t->kind == ON_WEBHOOK ||
           (t->kind == ON_ACTION && !(t->entity->state && t->action->declared->to));
}

static void write_silent(backtest *b, json *j)
{
    json_key(j, "not_replayed");
    json_array(j);
    for (size_t i = 0; i < b->count; i++)
        for (size_t k = 0; k < b->rules[i].trigger_count; k++)
            if (is_silent(&b->rules[i].triggers[k])) {
                json_object(j);
                json_member_str(j, "rule", b->rules[i].name);
                json_member_str(j, "on", b->rules[i].triggers[k].text);
                json_object_end(j);
            }
    json_array_end(j);
}

static bool share_entity(const rule *a, const rule *b)
{
    for (size_t i = 0; i < a->trigger_count; i++)
        for (size_t k = 0; k < b->trigger_count; k++)
            if (a->triggers[i].entity && a->triggers[i].entity == b->triggers[k].entity)
                return true;
    return false;
}

/* Is the field among the first so many that the rule assigns? */
static bool assigns(const rule *r, size_t count, kt_str field)
{
    size_t i = 0;
    while (i < count && !str_eq(r->writes[i], field))
        i++;
    return i < count;
}

static void write_conflict(json *j, const rule *a, const rule *b)
{
    bool any = false;
    for (size_t i = 0; i < a->write_count; i++) {
        const kt_str field = a->writes[i]; /* once for each place that assigns it */
        if (assigns(a, i, field) || !assigns(b, b->write_count, field))
            continue;
        if (!any) {
            json_object(j);
            json_member_str(j, "rule", a->name);
            json_member_str(j, "with", b->name);
            json_key(j, "fields");
            json_array(j);
        }
        any = true;
        json_str(j, field);
    }
    if (any) {
        json_array_end(j);
        json_object_end(j);
    }
}

/* Rules that would have assigned fields of their record which another one, of these or of those that run now,
 * assigns too: the later in order has the last word. */
static void write_conflicts(backtest *b, json *j)
{
    json_key(j, "conflicts");
    json_array(j);
    for (size_t i = 0; i < b->count; i++) {
        const rule *r = &b->rules[i];
        for (size_t k = 0; b->assigned[i] && k < b->count; k++)
            if (k != i && share_entity(r, &b->rules[k]))
                write_conflict(j, r, &b->rules[k]);
        for (size_t k = 0; b->assigned[i] && b->others && k < b->others->count; k++)
            if (!str_eq(b->others->rules[k].name, r->name) && share_entity(r, &b->others->rules[k]))
                write_conflict(j, r, &b->others->rules[k]);
    }
    json_array_end(j);
}

/* Past its memory the walk ends: what it saw is told, and that it is not all. */
static kt_error *walk(backtest *b)
{
    json *j = b->out;
    json_object(j);
    json_key(j, "rows");
    json_array(j);
    kt_error *error = walk_back(b);
    bool starved = error == error_no_memory();
    json_array_end(j);
    json_key(j, "back_to");
    json_time(j, b->back);
    json_member_int(j, "entries", b->looked ? (int64_t)(b->seen - b->last + 1) : 0);
    json_member_int(j, "changes", (int64_t)b->looked);
    json_member_int(j, "runs", (int64_t)b->ran);
    json_member_int(j, "failed", (int64_t)b->failed);
    json_member_bool(j, "whole", !starved && b->clock_runs < CLOCK_RUNS_MAX);
    write_silent(b, j);
    write_conflicts(b, j);
    json_object_end(j);
    return starved ? NULL : error;
}

static kt_error *backtest_in(kt_tx *tx, void *context)
{
    backtest *b = context;
    automation *a = b->set.of;
    const model_watch *watch = tx->watch;
    b->tx = tx;
    b->others = (const ruleset *)watch;
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
    for (size_t i = 0; i < b->count; i++) {
        access_actor_release(b->rules[i].actor);
        zone_close(b->zones[i]);
    }
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
