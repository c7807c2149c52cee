/* ruleset.c -- all rules as compiled, for one state of automation.rule and one catalogue. A transaction holds
 * the set that its view tells of, by an epoch that each change of a rule advances in the same commit. */
#include <stdlib.h>

#include "automation/rule.h"
#include "kit/clock.h"
#include "kit/log.h"
#include "kit/str.h"

enum { SET_ARENA_MAX = 64 << 20, READ_AGAIN_MS = 2000 };

/* ---- The epoch ---- */

static const kt_str epoch_key = {"Re", 2};

static kt_error *epoch_read(store_view *view, uint64_t *epoch)
{
    kt_str value;
    KT_TRY(store_get(view, STORE_META, epoch_key, &value));
    *epoch = 0;
    if (value.len == sizeof *epoch)
        memcpy(epoch, value.ptr, sizeof *epoch);
    return NULL;
}

kt_error *ruleset_advance(store_view *view)
{
    uint64_t epoch;
    KT_TRY(epoch_read(view, &epoch));
    epoch++;
    return store_put(view, STORE_META, epoch_key, (kt_str){(const char *)&epoch, sizeof epoch});
}

/* ---- Loading ---- */

static kt_str field_str(const model_record *record, const char *name)
{
    const model_field *field = model_field_find(record->entity, str_of(name));
    const model_value *v = field ? &record->values[field->position] : NULL;
    return v && v->set ? v->as.s : (kt_str){0};
}

static int64_t field_int(const model_record *record, const char *name)
{
    const model_field *field = model_field_find(record->entity, str_of(name));
    const model_value *v = field ? &record->values[field->position] : NULL;
    return v && v->set ? v->as.i : 0;
}

static bool rule_from(ruleset *set, const model_record *record, rule *r)
{
    *r = (rule){.id = (uint64_t)record->values[MODEL_ID].as.i,
        .version = (uint32_t)record->values[MODEL_VERSION].as.i,
        .name = arena_str(set->arena, field_str(record, "name")),
        .text = arena_str(set->arena, field_str(record, "text")),
        .state = (rule_state)field_int(record, "state"),
        .owner = (uint64_t)field_int(record, "owner"),
        .company = (uint64_t)record->values[MODEL_COMPANY].as.i};
    return r->name.ptr && r->text.ptr && (r->state == RULE_ON || r->state == RULE_SHADOW);
}

/* Room for one more behind those there are; nothing points to them yet. */
static rule *next_rule(ruleset *set, size_t *room)
{
    if (set->count == *room) {
        size_t more = *room ? 2 * *room : 16;
        rule *grown = arena_grow(set->arena, set->rules, *room * sizeof *grown, more * sizeof *grown);
        if (!grown)
            return NULL;
        set->rules = grown;
        *room = more;
    }
    return &set->rules[set->count];
}

static bool is_unfit(const kt_error *error)
{
    return error->first->kind == KT_VALIDATION || error->first->kind == KT_FORBIDDEN;
}

/* No worker could tell what the rule declares, and none did before: it may guard anything. */
static bool leave_unread(ruleset *set, const rule *r, const kt_error *error)
{
    if (error->first->kind != KT_UNAVAILABLE && error->first->kind != KT_RULE)
        return false;
    set->partial = true;
    if (r->state == RULE_ON && !set->unread.ptr) {
        kt_str en = arena_str(set->arena, str_of(error->first->text.en));
        kt_str pl = arena_str(set->arena, str_of(error->first->text.pl));
        set->unread_why = (kt_text){en.ptr, pl.ptr};
        set->unread = r->name;
    }
    return !set->unread.ptr || (set->unread_why.en && set->unread_why.pl);
}

/* A rule that no longer fits the catalogue, or whose owner is no longer active, rests until it does. One that
 * nobody could read yet holds up what it may guard. Whatever else hinders fails the transaction. */
static kt_error *load_rules(ruleset *set, kt_tx *tx, const model_entity *entity)
{
    query_rows *rows = NULL;
    const query_request query = {.entity = entity};
    model_record record = {0};
    size_t room = 0;
    KT_TRY(query_open(tx, &query, &rows));
    kt_error *failed = NULL;
    while (!failed && set->count < RULES_MAX && query_next(rows, &record)) {
        rule one;
        if (!rule_from(set, &record, &one))
            continue;
        rule *r = next_rule(set, &room);
        if (r)
            *r = one;
        kt_error *error = !r ? error_no_memory() : rule_compile(set->of, tx, set->arena, r);
        if (!error)
            set->count++;
        else if (is_unfit(error))
            log_line(KT_LOG_WARN, "automation", "rule_rests rule=%llu reason=\"%s\"",
                (unsigned long long)r->id, error_text(error));
        else if (!leave_unread(set, r, error))
            failed = error;
    }
    kt_error *end = query_end(rows);
    return failed ? failed : end;
}

static int by_order(const void *a, const void *b)
{
    const rule *x = a, *y = b;
    int c = (x->order > y->order) - (x->order < y->order);
    c = c ? c : str_cmp(x->name, y->name);
    return c ? c : (x->id > y->id) - (x->id < y->id);
}

/* ---- Who hears what ---- */

static bool is_record_event(const trigger *t)
{
    return t->entity && t->kind <= ON_LEAVES;
}

static kt_error *subscribe(ruleset *set, size_t number, subscriptions *list, bool others)
{
    size_t n = 0;
    for (int pass = 0; pass < 2; pass++) {
        subscription *items = pass ? ARENA_ARRAY(set->arena, subscription, n + 1) : NULL;
        if (pass && !items)
            return error_no_memory();
        n = 0;
        for (size_t i = 0; i < set->count; i++)
            for (size_t k = 0; k < set->rules[i].trigger_count; k++) {
                const trigger *t = &set->rules[i].triggers[k];
                if (others ? is_record_event(t) : !is_record_event(t) || t->entity->number != number)
                    continue;
                if (items)
                    items[n] = (subscription){&set->rules[i], t};
                n++;
            }
        list->items = items;
        list->count = n;
    }
    return NULL;
}

/* What waits for a record has to hear of its changes, too. */
static void note_entity(ruleset *set, const rule *r, const trigger *t, uint8_t *watched)
{
    if (!t->entity)
        return;
    if (is_record_event(t) || r->waits)
        watched[t->entity->number] = 1;
    if (r->waits)
        set->waiting[t->entity->number] = 1;
}

static kt_error *index_rules(ruleset *set, const model_entity *own)
{
    size_t most = 0, count = model_entity_count(set->catalogue);
    for (size_t i = 0; i < count; i++)
        if (model_entity_at(set->catalogue, i)->number > most)
            most = model_entity_at(set->catalogue, i)->number;
    uint8_t *watched = ARENA_ARRAY(set->arena, uint8_t, most + 1);
    set->by_entity = ARENA_ARRAY(set->arena, subscriptions, most + 1);
    set->waiting = ARENA_ARRAY(set->arena, uint8_t, most + 1);
    if (!watched || !set->by_entity || !set->waiting)
        return error_no_memory();
    for (size_t i = 0; i < set->count; i++)
        for (size_t k = 0; k < set->rules[i].trigger_count; k++)
            note_entity(set, &set->rules[i], &set->rules[i].triggers[k], watched);
    for (size_t number = 0; number <= most; number++)
        if (watched[number])
            KT_TRY(subscribe(set, number, &set->by_entity[number], false));
    KT_TRY(subscribe(set, 0, &set->others, true));
    watched[own->number] = 1;
    set->approval = model_entity_find(set->catalogue, KT_STR("base.approval"));
    if (set->approval)
        watched[set->approval->number] = 1;
    for (size_t i = 0; set->unread.ptr && i < count; i++)
        watched[model_entity_at(set->catalogue, i)->number] = 1;
    set->watch = (model_watch){.entities = watched, .entity_count = most + 1, .seen = fire_seen};
    for (size_t i = 0; i < set->others.count; i++)
        set->watch.events = set->watch.events || set->others.items[i].trigger->kind == ON_EVENT;
    return NULL;
}

static kt_error *fill(ruleset *set, kt_tx *tx)
{
    const model_entity *own = model_entity_find(tx->catalogue, KT_STR("automation.rule"));
    kt_tx system = *tx;
    system.guard = NULL;
    system.watch = &set->watch; /* the compiler finds the room by it */
    KT_TRY(load_rules(set, &system, own));
    if (set->count)
        qsort(set->rules, set->count, sizeof *set->rules, by_order);
    return index_rules(set, own);
}

static kt_error *load(automation *a, kt_tx *tx, uint64_t epoch, ruleset **out)
{
    arena *arena = arena_open(SET_ARENA_MAX);
    ruleset *set = arena ? ARENA_NEW(arena, ruleset) : NULL;
    if (!set) {
        arena_close(arena);
        return error_no_memory();
    }
    set->of = a;
    set->arena = arena;
    set->epoch = epoch;
    set->generation = ++a->generations;
    set->made_ms = clock_monotonic_ms();
    set->catalogue = model_catalogue_hold(tx->catalogue);
    atomic_init(&set->held, 1);
    kt_error *error = fill(set, tx);
    if (error) {
        ruleset_release(set);
        return error;
    }
    *out = set;
    return NULL;
}

/* ---- Holding ---- */

void ruleset_release(ruleset *set)
{
    if (!set || atomic_fetch_sub_explicit(&set->held, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < set->count; i++)
        access_actor_release(set->rules[i].actor);
    model_catalogue_release(set->catalogue);
    arena_close(set->arena);
}

static bool is_stale(const ruleset *set, uint64_t epoch, const model_catalogue *catalogue)
{
    return set->epoch != epoch || set->catalogue != catalogue ||
           (set->partial && clock_monotonic_ms() - set->made_ms > READ_AGAIN_MS);
}

kt_error *ruleset_hold(automation *a, kt_tx *tx, ruleset **set)
{
    uint64_t epoch = 0;
    kt_error *error = epoch_read(tx->view, &epoch);
    if (error)
        return error;
    pthread_mutex_lock(&a->lock);
    if (!a->current || is_stale(a->current, epoch, tx->catalogue)) {
        ruleset *fresh = NULL;
        error = load(a, tx, epoch, &fresh);
        if (!error) {
            ruleset_release(a->current);
            a->current = fresh;
        }
    }
    if (!error) {
        *set = a->current;
        atomic_fetch_add_explicit(&(*set)->held, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&a->lock);
    return error;
}

const rule *ruleset_find(const ruleset *set, uint64_t id)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->rules[i].id == id)
            return &set->rules[i];
    return NULL;
}
