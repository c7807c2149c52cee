/* guard.c -- the one evaluator. Grants add up: the first that covers entity, action, scope and condition
 * decides; the company's boundary stands before all of them. What the model asks through model_guard and what
 * access.explain answers is the same function. */
#include "access/alarm.h"
#include "access/control.h"
#include "access/reveal.h"

bool id_set_has(const id_set *set, uint64_t id)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->ids[middle] == id)
            return true;
        if (set->ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

const access_actor *actor_of(const kt_tx *tx)
{
    return tx->guard ? tx->actor : NULL;
}

/* ---- Records ---- */

static uint64_t value_id(const model_record *record, const model_field *field)
{
    const model_value *v = &record->values[field->position];
    return v->set ? (uint64_t)v->as.i : 0;
}

/* Whose record it is: its owner's where the entity has one, else its maker's; a user's record is that user's.
 */
static uint64_t owner_of(const model_record *record)
{
    const model_entity *e = record->entity;
    if (str_is(e->name, "access.user"))
        return value_id(record, &e->fields[MODEL_ID]);
    return value_id(record, e->owner ? e->owner : &e->fields[MODEL_CREATED_BY]);
}

static bool in_scope(const access_actor *actor, grant_scope scope, const model_record *record)
{
    switch (scope) {
    case SCOPE_ALL:
        return true;
    case SCOPE_OWN:
        return owner_of(record) == actor->user;
    case SCOPE_TEAM:
        return id_set_has(&actor->team, owner_of(record));
    case SCOPE_DEPARTMENT:
        return id_set_has(&actor->department, owner_of(record));
    }
    return false;
}

static bool in_company(const access_actor *actor, const model_record *record)
{
    if (record->entity->shared || actor->companies.count == 0)
        return true;
    uint64_t company = value_id(record, &record->entity->fields[MODEL_COMPANY]);
    return company == 0 || id_set_has(&actor->companies, company);
}

/* A grant's condition speaks of fields that its holder need not see. */
static kt_error *where_holds(kt_tx *tx, const query_filter *where, const model_record *record, bool *holds)
{
    const model_guard *guard = tx->guard;
    tx->guard = NULL;
    kt_error *error = query_filter_matches(tx, where, record, holds);
    tx->guard = guard;
    return error;
}

static const entity_rules *rules_of(const ruleset *set, const model_entity *entity)
{
    static const entity_rules none = {0};
    return entity->number < set->entity_count ? &set->entities[entity->number] : &none;
}

static kt_error *judge_rules(kt_tx *tx, const access_actor *actor, const ruleset *set,
    const model_entity *entity, const model_record *record, const char *action, bool *may, verdict *why)
{
    const entity_rules *rules = rules_of(set, entity);
    *may = false;
    for (size_t i = 0; i < rules->count && !*may; i++) {
        const rule *r = &rules->rules[i];
        if (r->dead || !grant_allows(r->grant, action))
            continue;
        if (record && !in_scope(actor, r->grant->scope, record)) {
            *why = (verdict){.nearest = r, .missing = "scope"};
            continue;
        }
        *may = true;
        if (record && r->where)
            KT_TRY(where_holds(tx, r->where, record, may));
        *why = *may ? (verdict){.rule = r} : (verdict){.nearest = r, .missing = "where"};
    }
    if (!*may && !why->missing)
        why->missing = actor->factor_missing ? "factor" : "grant";
    return NULL;
}

/* What modules keep no right of anybody's writes: it would no longer be what follows from the rest. */
static bool is_kept_from_all(const model_entity *entity, const char *action)
{
    return entity->kept &&
           (strcmp(action, "create") == 0 || strcmp(action, "update") == 0 || strcmp(action, "delete") == 0);
}

kt_error *judge(kt_tx *tx, const access_actor *actor, const model_entity *entity, const model_record *record,
    const char *action, bool *may, verdict *why)
{
    *may = false;
    *why = (verdict){0};
    if (is_kept_from_all(entity, action)) {
        why->missing = "kept";
        return NULL;
    }
    if (record && !in_company(actor, record)) {
        why->missing = "company";
        return NULL;
    }
    KT_TRY(judge_rules(tx, actor, &actor->rights, entity, record, action, may, why));
    if (!*may || !actor->scoped)
        return NULL;
    verdict key = {0};
    KT_TRY(judge_rules(tx, actor, &actor->scopes, entity, record, action, may, &key));
    if (!*may)
        *why = (verdict){.nearest = why->rule, .missing = "key"};
    return NULL;
}

/* ---- Fields ---- */

static const rule *shows(const ruleset *set, const model_entity *entity, kt_str group, bool write)
{
    const entity_rules *rules = rules_of(set, entity);
    for (size_t i = 0; i < rules->count; i++) {
        const rule *r = &rules->rules[i];
        bool acts = write ? grant_allows(r->grant, "update") || grant_allows(r->grant, "create")
                          : grant_allows(r->grant, "read") || grant_allows(r->grant, "export");
        if (!r->dead && acts && grant_shows(r->grant, group))
            return r;
    }
    return NULL;
}

bool judge_field(
    const access_actor *actor, const model_entity *entity, const model_field *field, bool write, verdict *why)
{
    *why = (verdict){0};
    if (!field->group.len)
        return true;
    why->rule = shows(&actor->rights, entity, field->group, write);
    if (!why->rule) {
        why->missing = "group";
        return false;
    }
    if (actor->scoped && !shows(&actor->scopes, entity, field->group, write)) {
        *why = (verdict){.nearest = why->rule, .missing = "key"};
        return false;
    }
    return true;
}

/* ---- Masks ---- */

/* Grants add up here too: a grant that does not mask it shows it as it is, in the records that it is for. An
 * entity of which no grant masks it has nothing to judge. */
static kt_error *clear_by(kt_tx *tx, const access_actor *actor, const ruleset *set,
    const model_entity *entity, const model_record *record, kt_str mask, bool *clear, const rule **masking)
{
    const entity_rules *rules = rules_of(set, entity);
    *clear = true;
    for (size_t i = 0; i < rules->count && *clear; i++)
        if (!rules->rules[i].dead && grant_masks(rules->rules[i].grant, mask)) {
            *clear = false;
            *masking = &rules->rules[i];
        }
    for (size_t i = 0; i < rules->count && !*clear; i++) {
        const rule *r = &rules->rules[i];
        bool reads = grant_allows(r->grant, "read") || grant_allows(r->grant, "export");
        if (r->dead || !reads || grant_masks(r->grant, mask))
            continue;
        if (!record)
            *clear = r->grant->scope == SCOPE_ALL && !r->where;
        else if (in_scope(actor, r->grant->scope, record) && in_company(actor, record)) {
            *clear = true;
            if (r->where)
                KT_TRY(where_holds(tx, r->where, record, clear));
        }
    }
    return NULL;
}

/* An answer of a module is of no one entity: masked as soon as any entity is. */
static kt_error *clear_in(kt_tx *tx, const access_actor *actor, const ruleset *set,
    const model_entity *entity, const model_record *record, kt_str mask, bool *clear, const rule **masking)
{
    if (!entity->lines_only)
        return clear_by(tx, actor, set, entity, record, mask, clear, masking);
    *clear = true;
    for (size_t i = 0; i < set->entity_count && *clear; i++)
        if (set->entities[i].entity)
            KT_TRY(clear_by(tx, actor, set, set->entities[i].entity, NULL, mask, clear, masking));
    return NULL;
}

kt_error *judge_clear(kt_tx *tx, const access_actor *actor, const model_entity *entity,
    const model_record *record, kt_str mask, bool *clear, const rule **masking)
{
    const rule *none;
    masking = masking ? masking : &none;
    *clear = true;
    if (!actor->masks)
        return NULL;
    KT_TRY(clear_in(tx, actor, &actor->rights, entity, record, mask, clear, masking));
    return *clear && actor->scoped ? clear_in(tx, actor, &actor->scopes, entity, record, mask, clear, masking)
                                   : NULL;
}

/* ---- Names ---- */

static const rule *names(const ruleset *set, kt_str name, const char *action)
{
    for (size_t i = 0; i < set->grant_count; i++)
        if (grant_covers(set->grants[i].grant, name) && grant_allows(set->grants[i].grant, action))
            return &set->grants[i];
    return NULL;
}

bool judge_name(const access_actor *actor, kt_str name, const char *action, verdict *why)
{
    *why = (verdict){.rule = names(&actor->rights, name, action)};
    if (!why->rule)
        why->missing = actor->factor_missing ? "factor" : "grant";
    else if (actor->scoped && !names(&actor->scopes, name, action))
        *why = (verdict){.nearest = why->rule, .missing = "key"};
    return why->missing == NULL;
}

/* ---- model_guard ---- */

static kt_error *guard_entity(kt_tx *tx, const model_entity *entity, const char *action)
{
    const access_actor *actor = actor_of(tx);
    if (!tx->guard)
        return NULL;
    if (!actor)
        return forbidden_login(tx->arena);
    bool may;
    verdict why;
    KT_TRY(judge(tx, actor, entity, NULL, action, &may, &why));
    if (may)
        return NULL;
    if (is_kept_from_all(entity, action))
        return kt_hint(error_make(tx->arena, KT_FORBIDDEN, NULL, "nobody may %s %.*s: its module keeps it",
                           "nikt nie może: %s %.*s, prowadzi je moduł", action, STR_ARG(entity->name)),
            "It follows from documents: change those.", "Wynika z dokumentów: zmień je.");
    if (actor->factor_missing)
        return forbidden_factor(tx->arena);
    return kt_hint(error_make(tx->arena, KT_FORBIDDEN, NULL, "you may not %s %.*s", "nie masz prawa: %s %.*s",
                       action, STR_ARG(entity->name)),
        "access.explain tells which grant is missing.", "access.explain powie, jakiego uprawnienia brakuje.");
}

static bool guard_record(kt_tx *tx, const model_record *record, const char *action)
{
    if (!tx->guard)
        return true;
    const access_actor *actor = actor_of(tx);
    if (!actor)
        return false;
    bool may;
    verdict why;
    kt_error *error = judge(tx, actor, record->entity, record, action, &may, &why);
    if (error) { /* what cannot be judged is not seen, and the request ends with the reason */
        tx->doomed = tx->doomed ? tx->doomed : error;
        return false;
    }
    return may;
}

static bool guard_field(kt_tx *tx, const model_field *field, const model_entity *entity, bool write)
{
    if (!tx->guard || !field->group.len)
        return true;
    const access_actor *actor = actor_of(tx);
    verdict why;
    return actor && judge_field(actor, entity, field, write, &why);
}

static bool guard_clear(
    kt_tx *tx, const model_field *field, const model_entity *entity, const model_record *record)
{
    const access_actor *actor = actor_of(tx);
    bool clear = !tx->guard;
    kt_error *error = actor ? judge_clear(tx, actor, entity, record, field->mask, &clear, NULL) : NULL;
    if (error && !tx->doomed)
        tx->doomed = error;
    return clear && !error;
}

static bool guard_may(const kt_tx *tx, const char *right)
{
    if (!tx->guard)
        return true;
    const access_actor *actor = actor_of(tx);
    if (strcmp(right, "public") == 0)
        return true;
    if (!actor)
        return false;
    if (strcmp(right, "login") == 0)
        return true;
    const char *colon = strchr(right, ':');
    verdict why;
    return colon && judge_name(actor, (kt_str){right, (size_t)(colon - right)}, colon + 1, &why);
}

kt_error *access_may_call(kt_tx *tx, const char *right)
{
    if (guard_may(tx, right))
        return NULL;
    if (!actor_of(tx))
        return forbidden_login(tx->arena);
    if (actor_of(tx)->factor_missing)
        return forbidden_factor(tx->arena);
    return kt_hint(
        error_make(tx->arena, KT_FORBIDDEN, NULL, "you need the right %s", "potrzebne jest prawo %s", right),
        "access.explain tells which grant is missing.", "access.explain powie, jakiego uprawnienia brakuje.");
}

/* ---- The planner's filter ---- */

/* Is every record of the entity the caller's? Then none need be judged. */
static bool unrestricted(const ruleset *set, const model_entity *entity, const char *action)
{
    const entity_rules *rules = rules_of(set, entity);
    for (size_t i = 0; i < rules->count; i++) {
        const rule *r = &rules->rules[i];
        if (!r->dead && r->grant->scope == SCOPE_ALL && !r->where && grant_allows(r->grant, action))
            return true;
    }
    return false;
}

/* Paths through references are followed under the caller's rights by queries, but not by a grant. */
static bool stays_inside(const grant *grant)
{
    for (size_t i = 0; i < grant->condition_count; i++)
        if (memchr(grant->conditions[i].path.ptr, '.', grant->conditions[i].path.len))
            return false;
    return true;
}

/* The owners in the scopes of all grants; NULL: a grant is not bound to owners, or no memory. A grant's
 * condition alone, if it is the only one, is given in *where. */
static const variant *owners(kt_tx *tx, const access_actor *actor, const entity_rules *rules,
    const char *action, const query_filter **where)
{
    variant *ids = ARENA_ARRAY(tx->arena, variant, actor->team.count + actor->department.count + 1);
    variant *list = ARENA_NEW(tx->arena, variant);
    size_t n = 0, used = 0;
    bool wide = !ids || !list;
    bool seen[SCOPE_DEPARTMENT + 1] = {false};
    for (size_t i = 0; i < rules->count; i++) {
        const rule *r = &rules->rules[i];
        if (r->dead || !grant_allows(r->grant, action))
            continue;
        used++;
        *where = used == 1 && r->grant->scope == SCOPE_ALL && stays_inside(r->grant) ? r->where : NULL;
        wide |= r->grant->scope == SCOPE_ALL;
        if (wide || seen[r->grant->scope])
            continue;
        seen[r->grant->scope] = true;
        const id_set own = {(uint64_t[]){actor->user}, 1};
        const id_set *set = r->grant->scope == SCOPE_OWN    ? &own
                            : r->grant->scope == SCOPE_TEAM ? &actor->team
                                                            : &actor->department;
        for (size_t k = 0; k < set->count; k++)
            ids[n++] = (variant){.kind = VARIANT_INT, .as.integer = (int64_t)set->ids[k]};
    }
    if (wide)
        return NULL;
    *list = (variant){.kind = VARIANT_ARRAY, .as.array = {ids, n}};
    return list;
}

/* Do owners alone decide? */
static bool by_owner_alone(const entity_rules *rules, const char *action)
{
    for (size_t i = 0; i < rules->count; i++) {
        const rule *r = &rules->rules[i];
        if (!r->dead && grant_allows(r->grant, action) && (r->where || r->grant->scope == SCOPE_ALL))
            return false;
    }
    return true;
}

/* NULL means that nothing need be judged record by record; any filter, also an empty one, that guard_record
 * is asked about each record that passes it, unless it is the whole of what guard_record would ask. */
static const struct query_filter *guard_scope(
    kt_tx *tx, const model_entity *entity, const char *action, bool *whole)
{
    const access_actor *actor = actor_of(tx);
    bool all_companies = entity->shared || (actor && actor->companies.count == 0);
    if (!tx->guard || (actor && all_companies && unrestricted(&actor->rights, entity, action) &&
                          (!actor->scoped || unrestricted(&actor->scopes, entity, action))))
        return NULL;
    const query_filter *where = NULL;
    const variant *ids = actor ? owners(tx, actor, rules_of(&actor->rights, entity), action, &where) : NULL;
    if (where)
        return where;
    *whole = ids && all_companies && !actor->scoped &&
             by_owner_alone(rules_of(&actor->rights, entity), action);
    kt_str field = str_is(entity->name, "access.user") ? KT_STR("id")
                   : entity->owner                     ? entity->owner->name
                                                       : KT_STR("created_by");
    variant *v = ARENA_ARRAY(tx->arena, variant, 5);
    query_filter *filter = NULL;
    kt_error *error = v ? NULL : error_no_memory();
    if (v && ids) {
        v[2] = (variant){.kind = VARIANT_STRING, .as.string = field};
        v[3] = (variant){.kind = VARIANT_STRING, .as.string = KT_STR("in")};
        v[4] = *ids;
    }
    if (v) {
        v[1] = (variant){.kind = VARIANT_ARRAY, .as.array = {v + 2, 3}};
        v[0] = (variant){.kind = VARIANT_ARRAY, .as.array = {v + 1, ids != NULL}};
        tx->guard = NULL;
        error = query_filter_read(tx, entity, v, &filter);
        tx->guard = &access_guard;
    }
    if (!filter && !tx->doomed) /* without a filter nothing would be judged: the request must fail */
        tx->doomed = error ? error : error_no_memory();
    return filter;
}

void budget_alarm(
    const kt_tx *tx, const access_actor *actor, budget_kind kind, budget_event event, int64_t limit)
{
    bool reads = kind == BUDGET_READS, half = event == BUDGET_HALF;
    if (event == BUDGET_QUIET)
        return;
    const alarm a = {.kind = reads  ? half ? ALARM_READS_HALF : ALARM_READS_SPENT
                             : half ? ALARM_REVEALS_HALF
                                    : ALARM_REVEALS_SPENT,
        .user = actor->user,
        .key = actor->key,
        .count = half ? (limit + 1) / 2 : limit,
        .most = limit,
        .at = tx->now};
    read_log_alarm(actor->control->reads, tx, &a);
}

static void guard_seen(kt_tx *tx, const model_entity *entity, uint64_t id, const char *action)
{
    const access_actor *actor = actor_of(tx);
    if (!actor)
        return;
    if (strcmp(action, "group") != 0) /* of several records nobody saw this one */
        read_log_seen(tx, entity, id, action);
    if (!actor->read_limit)
        return;
    kt_date today = zone_date(actor->zone, tx->now);
    budget_event event;
    int64_t limit = actor_read_limit(actor, today);
    kt_error *error = read_budget_spend(
        actor->control->budget, tx, BUDGET_READS, today, limit, read_budget_record(entity, id), &event);
    budget_alarm(tx, actor, BUDGET_READS, event, limit);
    if (error && !tx->doomed)
        tx->doomed = error;
}

/* Whoever may have values revealed may also ask for one that is known: it tells as much. Hit or miss, it is
 * counted and logged. */
static kt_error *guard_asked(kt_tx *tx, const model_field *field, const model_entity *entity, kt_str value)
{
    const access_actor *actor = actor_of(tx);
    return actor ? reveal_spend(tx, actor, entity, 0, field, value) : NULL;
}

const model_guard access_guard = {
    .entity = guard_entity,
    .record = guard_record,
    .field = guard_field,
    .clear = guard_clear,
    .asked = guard_asked,
    .may = guard_may,
    .scope = guard_scope,
    .seen = guard_seen,
};
