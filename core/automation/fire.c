/* fire.c -- from an event to the rules that it fires: conditions are judged here, all rules of the event that
 * have the same rights run in one exchange with a worker, and what they assigned is written under those
 * rights. */
#include "automation/rule.h"
#include "kit/calendar.h"
#include "kit/clock.h"
#include "kit/str.h"

enum { RUNS_MAX = 200 }; /* in one transaction: rules that set each other off end here */

#define CANNOT_RUN_HINT                                                                                             \
    "What it guards is refused until it can run; system.health and the log tell more. Whoever may can "             \
    "switch the rule off: automation.rule.disable.",                                                                \
        "To, czego pilnuje, jest odrzucane, dopóki nie może działać; więcej mówią system.health i dziennik " \
        "serwera. Uprawniona osoba może wyłączyć regułę: automation.rule.disable."

/* ---- Whose rights ---- */

typedef struct {
    const model_guard *guard;
    const void *actor;
    const access_actor *own; /* held */
} standing;

static kt_error *make_actor(const ruleset *set, kt_tx *tx, rule *r, const access_actor **actor)
{
    KT_TRY(access_stand_in(set->of->options.errands->access, tx, r->owner, r->company, r->rights, actor));
    pthread_mutex_lock(&set->of->lock);
    const access_actor *old = r->actor;
    r->actor = access_actor_hold(*actor);
    pthread_mutex_unlock(&set->of->lock);
    access_actor_release(old);
    return NULL;
}

/* Puts the rule's declared rights in the caller's place, until stand_back. */
static kt_error *stand_in(kt_tx *tx, const rule *const_rule, standing *before)
{
    rule *r = (rule *)(uintptr_t)const_rule; /* its actor is made at need, under the lock */
    const ruleset *set = ruleset_of(tx);
    const access_actor *actor = NULL;
    *before = (standing){tx->guard, tx->actor, NULL};
    if (r->as_caller)
        return NULL;
    pthread_mutex_lock(&set->of->lock);
    if (r->actor)
        actor = access_actor_hold(r->actor);
    pthread_mutex_unlock(&set->of->lock);
    if (actor && !access_is_current(actor, tx)) {
        access_actor_release(actor);
        actor = NULL;
    }
    if (!actor)
        KT_TRY(make_actor(set, tx, r, &actor));
    before->own = actor;
    tx->guard = &access_guard;
    tx->actor = actor;
    return NULL;
}

static void stand_back(kt_tx *tx, const standing *before)
{
    tx->guard = before->guard;
    tx->actor = before->actor;
    access_actor_release(before->own);
}

/* ---- The exchange ---- */

static void union_of_sent(
    kt_tx *tx, const planned *plans, size_t count, const model_entity *entity, const bool **sent)
{
    *sent = plans[0].trigger->sent;
    if (count == 1 || !entity)
        return;
    bool *all = ARENA_ARRAY(tx->arena, bool, entity->field_count);
    for (size_t i = 0; all && i < count; i++)
        for (size_t k = 0; k < entity->field_count; k++)
            all[k] = all[k] || (plans[i].trigger->sent && plans[i].trigger->sent[k]);
    *sent = all; /* without memory: NULL, everything */
}

static void pack_record(kt_tx *tx, const model_record *record, const bool *sent, buffer *out)
{
    if (record)
        serve_record(tx, record, sent, out);
    else
        pack_nil(out);
}

/* The text of a rule goes out once to each worker. */
static void pack_rule(const ruleset *set, channel *c, const planned *plan)
{
    size_t at = (size_t)(plan->rule - set->rules);
    bool in_set = plan->rule >= set->rules && at < set->count;
    uint64_t bit = (uint64_t)1 << (at % 64);
    bool known = in_set && (c->known[at / 64] & bit);
    pack_int(&c->out, in_set ? (int64_t)at : -1);
    pack_str(&c->out, plan->rule->name);
    pack_str(&c->out, plan->function);
    pack_str(&c->out, known ? (kt_str){0} : plan->rule->text);
    if (in_set)
        c->known[at / 64] |= bit;
}

static void pack_run(
    kt_tx *tx, const ruleset *set, channel *c, const planned *plans, size_t count, const occasion *on)
{
    const bool *sent;
    buffer *out = &c->out;
    if (c->generation != set->generation) {
        memset(c->known, 0, sizeof c->known);
        c->generation = set->generation;
    }
    union_of_sent(tx, plans, count, on->entity, &sent);
    buffer_clear(out);
    buffer_add_char(out, 'R');
    pack_time(out, tx->now);
    pack_date(out, kt_today(tx));
    pack_int(out, (int64_t)zone_offset_s(tx->zone, tx->now) * 1000);
    pack_int(out, set->of->options.steps);
    pack_int(out, (int64_t)set->generation);
    pack_str(out, str_of(on->event));
    pack_bool(out, !on->after); /* a record that is gone can no longer change */
    pack_record(tx, on->after ? on->after : on->before, sent, out);
    pack_record(tx, on->after ? on->before : NULL, sent, out);
    pack_json(out, on->payload);
    pack_int(out, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        pack_rule(set, c, &plans[i]);
}

static kt_error *refusal(kt_tx *tx, pack_reader *in, const rule *r, kt_str text)
{
    kt_str kind = pack_next_str(in), field = pack_next_str(in), pl = pack_next_str(in),
           hint = pack_next_str(in);
    field = arena_str(tx->arena, field);
    if (!str_is(kind, "refuse"))
        return kt_fail(
            tx, KT_RULE, NULL, "rule %s failed: %.*s", "błąd reguły %s: %.*s", r->name.ptr, STR_ARG(text));
    kt_error *error = kt_fail(tx, KT_RULE, field.len ? field.ptr : NULL, "%.*s", "%.*s", STR_ARG(text));
    if (pl.ptr)
        error->first->text.pl = arena_str(tx->arena, pl).ptr;
    if (hint.ptr) {
        const char *kept = arena_str(tx->arena, hint).ptr;
        error = kt_hint(error, kept, kept);
    }
    return error;
}

/* 'E' */
static kt_error *take_error(serving *s, pack_reader *in, size_t *failed)
{
    int64_t index = pack_next_int(in);
    kt_str text = pack_next_str(in);
    *failed = index >= 0 && (size_t)index < s->count ? (size_t)index : 0;
    pack_reader ahead = *in;
    s->reports[*failed].refused = str_is(pack_next_str(&ahead), "refuse");
    return refusal(s->tx, in, s->plans[*failed].rule, text);
}

static kt_error *write_changes(serving *s, size_t i, const variant *changes)
{
    kt_tx *tx = s->tx;
    const model_record *record = s->on->after;
    model_record updated;
    buffer text;
    if (!changes || changes->kind != VARIANT_OBJECT || !changes->as.object.count)
        return NULL;
    if (!record)
        return kt_fail(tx, KT_RULE, NULL, "there is no record to change", "nie ma rekordu do zmiany");
    buffer_open(&text, MODEL_JSON_MAX);
    json j = json_to(&text);
    json_array(&j); /* names alone: a value may be personal */
    for (size_t k = 0; k < changes->as.object.count; k++)
        json_str(&j, changes->as.object.members[k].name);
    json_array_end(&j);
    s->reports[i].changes = arena_str(tx->arena, buffer_str(&text));
    buffer_close(&text);
    return model_update(tx, record->entity, (uint64_t)record->values[MODEL_ID].as.i, 0,
        serve_values(tx, record->entity, changes), &updated);
}

/* 'D': what each rule assigned is written, in the rules' order. */
static kt_error *take_results(serving *s, pack_reader *in, size_t *failed)
{
    const variant *results;
    KT_TRY(pack_next_variant(in, s->tx->arena, &results));
    if (!results || results->kind != VARIANT_ARRAY || results->as.array.count != s->count) {
        channel_kill(s->channel);
        return kt_fail(s->tx, KT_RULE, NULL, "its process sends nonsense", "jej proces przysyła bzdury");
    }
    for (size_t i = 0; i < s->count; i++) {
        *failed = i;
        KT_TRY(write_changes(s, i, variant_get(&results->as.array.items[i], "changes")));
    }
    return NULL;
}

static kt_error *name_rule(const kt_tx *tx, kt_error *error, kt_str name, const char *more)
{
    problem *p = error->first;
    const char *en = arena_format(tx->arena, "rule %s%s: %s", name.ptr, more, p->text.en).ptr;
    const char *pl = arena_format(tx->arena, "reguła %s%s: %s", name.ptr, more, p->text.pl).ptr;
    if (en && pl && error != error_no_memory())
        p->text = (kt_text){en, pl};
    return error;
}

/* Of a run that was cut off only the rules are known, not which of them it was. */
static kt_error *named(const serving *s, kt_error *lost)
{
    return name_rule(s->tx, lost, s->plans[0].rule->name, s->count > 1 ? " .." : "");
}

static kt_error *converse(serving *s, size_t *failed)
{
    for (;;) {
        kt_str said = {0};
        kt_error *lost = channel_exchange(ruleset_of(s->tx)->of->workers, s->channel, s->tx->arena, &said);
        if (lost)
            return named(s, lost);
        pack_reader in = pack_read((kt_str){said.ptr + 1, said.len - 1});
        if (said.ptr[0] == 'D')
            return take_results(s, &in, failed);
        if (said.ptr[0] == 'E')
            return take_error(s, &in, failed);
        if (said.ptr[0] != 'Q')
            in.bad = true;
        kt_error *error = in.bad ? kt_fail(s->tx, KT_RULE, NULL, "its process sends nonsense",
                                       "jej proces przysyła bzdury")
                                 : serve_request(s, &in);
        if (error) { /* the worker waits for an answer that does not come */
            channel_kill(s->channel);
            return error;
        }
    }
}

kt_error *fire_run(
    kt_tx *tx, const planned *plans, size_t count, const occasion *on, run_report *reports, size_t *failed)
{
    const ruleset *set = ruleset_of(tx);
    serving s = {.tx = tx, .set = set, .plans = plans, .count = count, .on = on, .reports = reports};
    standing before;
    *failed = 0;
    KT_TRY(stand_in(tx, plans[0].rule, &before));
    kt_error *error = workers_take(set->of->workers, tx->arena, &s.channel);
    if (error) {
        error = kt_hint(named(&s, error), CANNOT_RUN_HINT);
    } else {
        int64_t began = clock_elapsed_us();
        pack_run(tx, set, s.channel, plans, count, on);
        error = converse(&s, failed);
        for (size_t i = 0; i < count; i++)
            reports[i].us = (clock_elapsed_us() - began) / (int64_t)count;
        workers_give(set->of->workers, s.channel);
    }
    stand_back(tx, &before);
    return error;
}

/* ---- Which rules ---- */

/* Each rule runs at most once for a record and an event in a transaction. */
typedef struct fired_row {
    const trigger *trigger;
    uint64_t id;
    struct fired_row *next;
} fired_row;

fired *fired_of(kt_tx *tx)
{
    if (!tx->watcher)
        tx->watcher = ARENA_NEW(model_lasting(tx), fired);
    return tx->watcher;
}

static bool was_fired(const fired *f, const trigger *t, uint64_t id)
{
    for (const fired_row *row = f->rows; row; row = row->next)
        if (row->trigger == t && row->id == id)
            return true;
    return false;
}

static bool note_fired(kt_tx *tx, fired *f, const trigger *t, uint64_t id)
{
    fired_row *row = ARENA_NEW(model_lasting(tx), fired_row);
    if (row) {
        *row = (fired_row){t, id, f->rows};
        f->rows = row;
        f->runs++;
    }
    return row != NULL;
}

static bool field_changed(const model_seen *seen, const model_field *field)
{
    return !seen->before || !model_value_equal(field, &seen->before->values[field->position],
                                &seen->after->values[field->position]);
}

static bool has_value(const model_record *record, const trigger *t)
{
    return record && model_value_equal(t->field, &record->values[t->field->position], &t->value);
}

bool fire_hits(const trigger *t, const model_seen *seen)
{
    switch (t->kind) {
    case ON_CREATED:
        return seen->kind == MODEL_SEEN_CREATED;
    case ON_DELETED:
        return seen->kind == MODEL_SEEN_DELETED;
    case ON_UPDATED:
        if (seen->kind != MODEL_SEEN_UPDATED)
            return false;
        for (size_t i = 0; i < t->field_count; i++)
            if (field_changed(seen, &seen->entity->fields[t->fields[i]]))
                return true;
        return t->field_count == 0;
    case ON_ACTION:
        return seen->kind == MODEL_SEEN_ACTION && str_is(t->action->name, seen->name);
    case ON_ENTERS:
        return (seen->kind == MODEL_SEEN_CREATED || seen->kind == MODEL_SEEN_UPDATED) &&
               has_value(seen->after, t) && !has_value(seen->before, t);
    case ON_LEAVES:
        return seen->kind == MODEL_SEEN_UPDATED && has_value(seen->before, t) && !has_value(seen->after, t);
    case ON_EVENT:
        return seen->kind == MODEL_SEEN_EVENT && str_is(t->name, seen->name);
    case ON_DATE:
    case ON_SCHEDULE:
    case ON_WEBHOOK:
        return false;
    }
    return false;
}

/* Conditions speak of fields that the caller need not see. */
kt_error *fire_holds(kt_tx *tx, const trigger *t, const model_record *record, bool *holds)
{
    const model_guard *guard = tx->guard;
    *holds = true;
    if (!t->filter || !record)
        return NULL;
    tx->guard = NULL;
    kt_error *error = query_filter_matches(tx, t->filter, record, holds);
    tx->guard = guard;
    return error;
}

static bool same_rights(const rule *a, const rule *b)
{
    return a->as_caller ? b->as_caller
                        : !b->as_caller && a->owner == b->owner && str_eq(a->rights, b->rights);
}

/* ---- A rule's own record ---- */

/* A rule is compiled where it is written: what is wrong with it is told to whoever writes it. */
static kt_error *rule_changed(kt_tx *tx, const model_seen *seen)
{
    fired *past = fired_of(tx);
    if (!past)
        return error_no_memory();
    past->queued = true;
    KT_TRY(ruleset_advance(tx->view));
    if (!seen->after)
        return declared_forget(tx, (uint64_t)seen->before->values[MODEL_ID].as.i);
    const model_field *text = model_field_find(seen->entity, KT_STR("text"));
    const model_field *name = model_field_find(seen->entity, KT_STR("name"));
    if (!field_changed(seen, text) && !field_changed(seen, name))
        return NULL;
    return rule_store_compiled(ruleset_of(tx)->of, tx, (kt_id){(uint64_t)seen->after->values[MODEL_ID].as.i});
}

/* ---- model_watch.seen ---- */

typedef struct {
    kt_tx *tx;
    occasion on;
    planned plans[RULES_IN_RUN];
    size_t count;
} firing;

/* What a run in the transaction did is logged with it; one that did nothing leaves no entry. */
static kt_error *log_all(firing *f, const run_report *reports)
{
    for (size_t i = 0; i < f->count; i++)
        if (reports[i].changes.len || reports[i].effects.len)
            KT_TRY(log_run(f->tx, &f->plans[i], &f->on, &reports[i], "done", NULL));
    return NULL;
}

/* Runs what has gathered. */
static kt_error *flush(firing *f)
{
    size_t failed = 0;
    if (!f->count)
        return NULL;
    run_report *reports = ARENA_ARRAY(f->tx->arena, run_report, f->count);
    if (!reports)
        return error_no_memory();
    for (size_t i = 0; i < f->count; i++)
        buffer_open(&reports[i].effects, 4096);
    kt_error *error = fire_run(f->tx, f->plans, f->count, &f->on, reports, &failed);
    if (!error)
        error = log_all(f, reports);
    else if (error->first->kind == KT_RULE && !reports[failed].refused && !f->tx->rehearsal)
        runner_note_failure(ruleset_of(f->tx)->of, f->plans[failed].rule, error);
    for (size_t i = 0; i < f->count; i++)
        buffer_close(&reports[i].effects);
    f->count = 0;
    return error;
}

static kt_error *plan(firing *f, const subscription *s)
{
    if (f->count == RULES_IN_RUN || (f->count && !same_rights(f->plans[0].rule, s->rule)))
        KT_TRY(flush(f));
    f->plans[f->count++] = (planned){s->rule, s->trigger, KT_STR("run")};
    return NULL;
}

static kt_error *consider(firing *f, const subscription *s, const model_seen *seen, uint64_t id)
{
    bool it_holds;
    fired *past = fired_of(f->tx);
    if (!past)
        return error_no_memory();
    if (!fire_hits(s->trigger, seen) || (past->by == s->rule->id && past->of == id && id))
        return NULL;
    KT_TRY(fire_holds(f->tx, s->trigger, seen->after ? seen->after : seen->before, &it_holds));
    if (!it_holds ||
        was_fired(past, s->trigger, id)) /* what ran is gone through for those few that would run */
        return NULL;
    if (past->runs >= RUNS_MAX)
        return kt_fail(f->tx, KT_LIMIT, NULL, "more than %d rules run in one transaction, at %s",
            "ponad %d reguł w jednej transakcji, przy %s", RUNS_MAX, s->rule->name.ptr);
    if (!note_fired(f->tx, past, s->trigger, id))
        return error_no_memory();
    if (!s->rule->after && s->rule->state == RULE_ON)
        return plan(f, s);
    const planned later = {s->rule, s->trigger, KT_STR("run")};
    return queue_add(f->tx, &later, &f->on, f->tx->now, false);
}

/* What the server itself keeps stays free of a rule that nobody could read: who may come in, and the rules. */
static bool is_of_house(const model_entity *entity)
{
    static const char *const house[] = {"access", "automation", "model", "job", "outbox"};
    for (size_t i = 0; i < sizeof house / sizeof *house; i++)
        if (str_is(entity->module, house[i]))
            return true;
    return false;
}

static kt_error *hold_up(kt_tx *tx, const ruleset *set)
{
    kt_error *error = kt_fail(tx, KT_UNAVAILABLE, NULL, "%s", "%s", set->unread_why.en);
    if (error != error_no_memory())
        error->first->text.pl = set->unread_why.pl;
    return kt_hint(name_rule(tx, error, set->unread, ""), CANNOT_RUN_HINT);
}

kt_error *fire_seen(kt_tx *tx, const model_seen *seen)
{
    const ruleset *set = ruleset_of(tx);
    if (seen->entity && str_is(seen->entity->name, "automation.rule"))
        KT_TRY(rule_changed(tx, seen));
    if (set->approval && seen->entity == set->approval)
        KT_TRY(queue_decided(tx, seen));
    if (tx->origin == MODEL_IMPORT) /* what is brought in from elsewhere has happened already */
        return NULL;
    if (set->unread.ptr && seen->entity && !is_of_house(seen->entity))
        return hold_up(tx, set);
    const subscriptions *list = seen->kind == MODEL_SEEN_EVENT ? &set->others
                                                               : &set->by_entity[seen->entity->number];
    if (seen->kind == MODEL_SEEN_UPDATED && set->waiting[seen->entity->number])
        KT_TRY(queue_cancel(tx, seen));
    if (!list->count)
        return NULL;
    const model_record *record = seen->after ? seen->after : seen->before;
    uint64_t id = record ? (uint64_t)record->values[MODEL_ID].as.i : 0;
    firing f = {.tx = tx, .count = 0};
    kt_str event = seen->kind == MODEL_SEEN_EVENT
                       ? str_of(seen->name)
                       : arena_format(tx->arena, "%s.%s", seen->entity->name.ptr, seen->name);
    f.on = (occasion){event.ptr, seen->entity, id, seen->before, seen->after, seen->payload};
    for (size_t i = 0; i < list->count; i++)
        KT_TRY(consider(&f, &list->items[i], seen, id));
    return flush(&f);
}
