/* actor.c -- reads a user with roles, teams and departments, once, and makes rights of them that the
 * evaluator can judge by without a look into the store. */
#include <stdlib.h>

#include "access/control.h"
#include "access/factor.h"
#include "access/keys.h"
#include "journal/journal.h"
#include "kit/clock.h"
#include "query/internal.h"

enum { ACTOR_ARENA_MAX = 16 << 20, DEPARTMENTS_MAX = 100000 };

/* ---- Reading as the system ---- */

static bool is_plain(const model_field *field)
{
    return !field->personal && !(field->lines && field->lines->has_personal);
}

/* Rights are known, and everybody may log in, also where the key of personal data was lost. */
kt_error *system_read(kt_tx *tx, const model_entity *entity, uint64_t id, model_record *record, bool *found)
{
    kt_str bytes;
    bool *wanted = ARENA_ARRAY(tx->arena, bool, entity->field_count);
    if (!wanted)
        return error_no_memory();
    for (size_t i = 0; i < entity->field_count; i++)
        wanted[i] = is_plain(&entity->fields[i]);
    KT_TRY(model_load_bytes(tx, entity, id, &bytes));
    *found = bytes.ptr != NULL;
    return *found ? model_record_decode_part(tx, entity, id, bytes, wanted, record) : NULL;
}

kt_error *system_still(kt_tx *tx, const char *entity, uint64_t *id)
{
    kt_str bytes = {0};
    if (*id)
        KT_TRY(model_load_bytes(tx, model_entity_find(tx->catalogue, str_of(entity)), *id, &bytes));
    *id = bytes.ptr ? *id : 0;
    return NULL;
}

/* What is personal of a record, if it can be read: who has no name is called by the login. */
static kt_str personal_str(kt_tx *tx, const model_entity *entity, uint64_t id, const char *field)
{
    model_record whole = {0};
    bool found;
    kt_error *error = model_load(tx, entity, id, &whole, &found);
    return !error && found ? record_str(&whole, field) : (kt_str){0};
}

kt_error *system_ids_only(query_rows *rows)
{
    bool *none;
    KT_TRY(query_rows_fields(rows, &none));
    query_rows_only(rows, none);
    return NULL;
}

const model_value *record_value(const model_record *record, const char *name)
{
    const model_field *field = model_field_find(record->entity, str_of(name));
    return field ? &record->values[field->position] : NULL;
}

kt_str record_str(const model_record *record, const char *field)
{
    const model_value *v = record_value(record, field);
    return v && v->set ? v->as.s : (kt_str){0};
}

int64_t record_int(const model_record *record, const char *field)
{
    const model_value *v = record_value(record, field);
    return v && v->set ? v->as.i : 0;
}

kt_error *system_begin(
    kt_tx *tx, arena *arena, store_view *view, const model_catalogue *catalogue, const uint8_t *master_key)
{
    *tx = (kt_tx){.arena = arena,
        .view = view,
        .catalogue = catalogue,
        .lang = "en",
        .now = clock_now(),
        .origin = MODEL_JOB,
        .master_key = master_key,
        .writes = true};
    return journal_begin(tx);
}

kt_error *system_commit(kt_tx *tx, uint64_t *seq)
{
    KT_TRY(model_commit_checks(tx));
    return tx->doomed ? tx->doomed : journal_append(tx, seq);
}

typedef struct {
    kt_tx *tx;
    const model_guard *guard;
    query_rows *rows;
} system_rows;

/* Iterates records whose field is one of ids; ids NULL: all. */
static kt_error *rows_open(
    system_rows *rows, kt_tx *tx, const char *entity, const char *field, const id_set *ids)
{
    *rows = (system_rows){.tx = tx, .guard = tx->guard};
    const model_entity *e = model_entity_find(tx->catalogue, str_of(entity));
    query_request query = {.entity = e, .right = "read"};
    tx->guard = NULL;
    kt_error *error = NULL;
    if (ids) {
        variant *v = ARENA_ARRAY(tx->arena, variant, ids->count + 5);
        if (!v)
            error = error_no_memory();
        for (size_t i = 0; !error && i < ids->count; i++)
            v[5 + i] = (variant){.kind = VARIANT_INT, .as.integer = (int64_t)ids->ids[i]};
        if (!error) {
            v[2] = (variant){.kind = VARIANT_STRING, .as.string = str_of(field)};
            v[3] = (variant){.kind = VARIANT_STRING, .as.string = KT_STR("in")};
            v[4] = (variant){.kind = VARIANT_ARRAY, .as.array = {v + 5, ids->count}};
            v[1] = (variant){.kind = VARIANT_ARRAY, .as.array = {v + 2, 3}};
            v[0] = (variant){.kind = VARIANT_ARRAY, .as.array = {v + 1, 1}};
            query_filter *filter = NULL;
            error = query_filter_read(tx, e, v, &filter);
            query.filter = filter;
        }
    }
    if (!error)
        error = query_open(tx, &query, &rows->rows);
    if (error)
        tx->guard = rows->guard;
    return error;
}

static kt_error *rows_end(system_rows *rows)
{
    kt_error *error = query_end(rows->rows);
    rows->tx->guard = rows->guard;
    return error;
}

static kt_error *copy_str(arena *arena, kt_str from, kt_str *to)
{
    *to = arena_str(arena, from);
    return from.len && !to->ptr ? error_no_memory() : NULL;
}

/* ---- Sets of ids ---- */

typedef struct {
    arena *arena;
    id_set set;
    size_t room;
} id_list;

static kt_error *list_add(id_list *list, uint64_t id)
{
    if (list->set.count == list->room) {
        size_t more = list->room ? 2 * list->room : 16;
        uint64_t *ids = arena_grow(list->arena, list->set.ids, list->room * sizeof *ids, more * sizeof *ids);
        if (!ids)
            return error_no_memory();
        list->set.ids = ids;
        list->room = more;
    }
    list->set.ids[list->set.count++] = id;
    return NULL;
}

static int compare_ids(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static id_set list_sorted(id_list *list)
{
    if (list->set.count > 1)
        qsort(list->set.ids, list->set.count, sizeof *list->set.ids, compare_ids);
    size_t n = 0;
    for (size_t i = 0; i < list->set.count; i++)
        if (n == 0 || list->set.ids[n - 1] != list->set.ids[i])
            list->set.ids[n++] = list->set.ids[i];
    list->set.count = n;
    return list->set;
}

static kt_error *refs_copy(arena *arena, const model_value *value, id_set *set)
{
    id_list list = {.arena = arena};
    for (size_t i = 0; value && value->set && i < value->as.refs.count; i++)
        KT_TRY(list_add(&list, value->as.refs.ids[i]));
    *set = list_sorted(&list);
    return NULL;
}

/* ---- Teams and departments ---- */

/* Adds every user whose field names one of groups. */
static kt_error *members_add(kt_tx *tx, id_list *users, const char *field, const id_set *groups)
{
    if (groups->count == 0)
        return NULL;
    system_rows rows;
    KT_TRY(rows_open(&rows, tx, "access.user", field, groups));
    model_record user = {0};
    kt_error *error = system_ids_only(rows.rows);
    while (!error && query_next(rows.rows, &user))
        error = list_add(users, (uint64_t)user.values[MODEL_ID].as.i);
    kt_error *end = rows_end(&rows);
    return error ? error : end;
}

static kt_error *team_compile(access_actor *actor, kt_tx *tx, const id_set *teams)
{
    id_list mine = {.arena = tx->arena}, users = {.arena = actor->arena};
    for (size_t i = 0; i < teams->count; i++)
        KT_TRY(list_add(&mine, teams->ids[i]));
    system_rows rows; /* the head of a team sees it without being in it */
    KT_TRY(rows_open(&rows, tx, "access.team", "head", &(id_set){&actor->user, 1}));
    model_record team = {0};
    kt_error *error = NULL;
    while (!error && query_next(rows.rows, &team))
        error = list_add(&mine, (uint64_t)team.values[MODEL_ID].as.i);
    kt_error *end = rows_end(&rows);
    if (error || end)
        return error ? error : end;
    id_set all = list_sorted(&mine);
    KT_TRY(members_add(tx, &users, "teams", &all));
    KT_TRY(list_add(&users, actor->user));
    actor->team = list_sorted(&users);
    return NULL;
}

typedef struct {
    uint64_t id, parent, head;
    bool mine;
} department;

static kt_error *departments_read(kt_tx *tx, department **departments, size_t *count)
{
    size_t room = 0;
    *count = 0;
    *departments = NULL;
    system_rows rows;
    KT_TRY(rows_open(&rows, tx, "access.department", NULL, NULL));
    model_record record = {0};
    kt_error *error = NULL;
    while (!error && *count < DEPARTMENTS_MAX && query_next(rows.rows, &record)) {
        if (*count == room) {
            size_t more = room ? 2 * room : 64;
            department *grown = arena_grow(
                tx->arena, *departments, room * sizeof *grown, more * sizeof *grown);
            if (!grown) {
                error = error_no_memory();
                break;
            }
            *departments = grown;
            room = more;
        }
        (*departments)[(*count)++] = (department){.id = (uint64_t)record.values[MODEL_ID].as.i,
            .parent = (uint64_t)record_int(&record, "parent"),
            .head = (uint64_t)record_int(&record, "head")};
    }
    kt_error *end = rows_end(&rows);
    return error ? error : end;
}

/* The user's own department and those that the user heads, with all that is part of them. */
static kt_error *department_compile(access_actor *actor, kt_tx *tx, uint64_t own)
{
    department *all;
    size_t count;
    KT_TRY(departments_read(tx, &all, &count));
    id_list mine = {.arena = tx->arena}, users = {.arena = actor->arena};
    for (size_t i = 0; i < count; i++)
        all[i].mine = all[i].id == own || all[i].head == actor->user;
    bool more = true;
    for (unsigned depth = 0; more && depth < DEPARTMENT_DEPTH_MAX; depth++) {
        more = false;
        id_list found = {.arena = tx->arena};
        for (size_t i = 0; i < count; i++)
            if (all[i].mine)
                KT_TRY(list_add(&found, all[i].id));
        id_set set = list_sorted(&found);
        for (size_t i = 0; i < count; i++)
            if (!all[i].mine && id_set_has(&set, all[i].parent))
                all[i].mine = more = true;
    }
    for (size_t i = 0; i < count; i++)
        if (all[i].mine)
            KT_TRY(list_add(&mine, all[i].id));
    id_set set = list_sorted(&mine);
    KT_TRY(members_add(tx, &users, "department", &set));
    KT_TRY(list_add(&users, actor->user));
    actor->department = list_sorted(&users);
    return NULL;
}

/* ---- Grants ---- */

/* Spreads the grants over the catalogue's entities, so that a judgement looks at those of one entity only. */
static kt_error *spread(access_actor *actor, kt_tx *tx, ruleset *set)
{
    size_t most = 0, count = model_entity_count(tx->catalogue);
    for (size_t i = 0; i < count; i++) {
        size_t number = model_entity_at(tx->catalogue, i)->number;
        most = number > most ? number : most;
    }
    kt_tx lasting = *tx; /* filters live as long as the actor */
    lasting.arena = actor->arena;
    set->entity_count = most + 1;
    set->entities = ARENA_ARRAY(actor->arena, entity_rules, most + 1);
    if (!set->entities)
        return error_no_memory();
    for (size_t i = 0; i < count; i++) {
        const model_entity *e = model_entity_at(tx->catalogue, i);
        size_t n = 0;
        for (size_t g = 0; g < set->grant_count; g++)
            n += grant_covers(set->grants[g].grant, e->name);
        rule *rules = ARENA_ARRAY(actor->arena, rule, n + 1);
        if (!rules)
            return error_no_memory();
        set->entities[e->number] = (entity_rules){e, rules, n};
        n = 0;
        for (size_t g = 0; g < set->grant_count; g++) {
            if (!grant_covers(set->grants[g].grant, e->name))
                continue;
            rule *r = &rules[n++];
            *r = set->grants[g];
            if (r->grant->condition_count == 0)
                continue;
            const variant *where = grant_filter(actor->arena, r->grant, &actor->caller);
            query_filter *filter = NULL;
            if (!where)
                return error_no_memory();
            kt_error *unfit = query_filter_read(&lasting, e, where, &filter);
            if (unfit && unfit->first->kind != KT_VALIDATION)
                return unfit;
            r->where = filter;
            r->dead = unfit !=
                      NULL; /* "crm.*:read where state = open": entities without a state give nothing */
        }
    }
    return NULL;
}

static kt_error *grants_add(access_actor *actor, ruleset *set, kt_str role, kt_str text)
{
    grant_list list;
    kt_error *bad = grants_parse(actor->arena, text, "grants", &list);
    if (bad && bad->first->kind != KT_VALIDATION)
        return bad;
    if (bad) /* refused when it was written; what cannot be read now gives nothing */
        return NULL;
    rule *rules = ARENA_ARRAY(actor->arena, rule, set->grant_count + list.count + 1);
    kt_str name = arena_str(actor->arena, role);
    if (!rules || (role.ptr && !name.ptr))
        return error_no_memory();
    if (set->grant_count)
        memcpy(rules, set->grants, set->grant_count * sizeof *rules);
    for (size_t i = 0; i < list.count; i++)
        rules[set->grant_count++] = (rule){.grant = &list.items[i], .role = name};
    for (size_t i = 0; i < list.count; i++)
        actor->masks |= list.items[i].mask_count > 0;
    set->grants = rules;
    return NULL;
}

static kt_error *roles_compile(access_actor *actor, kt_tx *tx, const id_set *roles)
{
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("access.role"));
    for (size_t i = 0; i < roles->count; i++) {
        model_record role = {0};
        bool found;
        KT_TRY(system_read(tx, entity, roles->ids[i], &role, &found));
        if (!found)
            continue;
        actor->factor_missing |= record_int(&role, "second_factor") != 0; /* demanded; compile() sees on */
        kt_str name = record_str(&role, "name");
        KT_TRY(grants_add(actor, &actor->rights, name, record_str(&role, "grants")));
        const char *comma = actor->role_names.len ? ", " : "";
        actor->role_names = arena_format(
            actor->arena, "%.*s%s%.*s", STR_ARG(actor->role_names), comma, STR_ARG(name));
        if (!actor->role_names.ptr)
            return error_no_memory();
    }
    return NULL;
}

/* ---- The whole ---- */

static kt_error *zone_compile(access_actor *actor, kt_tx *tx)
{
    bool free = actor->companies.count == 0;
    actor->company = free ? actor->chosen : actor->companies.ids[0];
    if (id_set_has(&actor->companies, actor->chosen))
        actor->company = actor->chosen;
    return model_company_zone(tx, actor->company, &actor->zone);
}

static kt_error *key_compile(access_actor *actor, kt_tx *tx, bool *found)
{
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("access.key"));
    model_record key = {0};
    *found = false;
    if (!entity)
        return NULL;
    KT_TRY(system_read(tx, entity, actor->key, &key, found));
    if (!*found)
        return NULL;
    actor->user = (uint64_t)record_int(&key, "user");
    actor->key_expires.day = (int32_t)record_int(&key, "expires_on");
    kt_str scopes = record_str(&key, "scopes");
    actor->scoped = scopes.len > 0;
    atomic_store(&actor->touched_ms, record_int(&key, "last_used_at"));
    network *networks;
    KT_TRY(networks_read(
        actor->arena, record_str(&key, "networks"), "networks", &networks, &actor->network_count));
    actor->networks = networks;
    return grants_add(actor, &actor->scopes, KT_STR("the key's scopes"), scopes);
}

/* A demanded factor that is missing takes all grants away, so that the caller can log in and set one. */
static kt_error *factor_compile(access_actor *actor, kt_tx *tx)
{
    bool set;
    KT_TRY(factor_is_set(tx->view, actor->user, &set));
    actor->factor_missing = actor->factor_missing && !set;
    if (actor->factor_missing)
        actor->rights.grant_count = 0;
    return NULL;
}

/* Nobody's rights: the grants alone. */
static kt_error *compile_nobody(access_actor *actor, kt_tx *tx, kt_str grants)
{
    KT_TRY(epoch_read(tx->view, &actor->epoch));
    KT_TRY(grants_add(actor, &actor->rights, KT_STR("the rule's rights"), grants));
    actor->company = actor->chosen;
    KT_TRY(zone_compile(actor, tx));
    return spread(actor, tx, &actor->rights);
}

static kt_error *compile(access_actor *actor, kt_tx *tx, kt_str held, bool *found)
{
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("access.user"));
    if (!actor->user && !actor->key) {
        *found = true;
        return compile_nobody(actor, tx, held);
    }
    if (held.len) {
        actor->scoped = true;
        KT_TRY(grants_add(actor, &actor->scopes, KT_STR("the rule's rights"), held));
    }
    *found = entity != NULL;
    if (*found && actor->key)
        KT_TRY(key_compile(actor, tx, found));
    model_record user = {0};
    if (*found)
        KT_TRY(system_read(tx, entity, actor->user, &user, found));
    *found = *found && record_int(&user, "active");
    if (!*found)
        return NULL;
    id_set roles, teams;
    KT_TRY(epoch_read(tx->view, &actor->epoch));
    KT_TRY(refs_copy(tx->arena, record_value(&user, "roles"), &roles));
    KT_TRY(refs_copy(tx->arena, record_value(&user, "teams"), &teams));
    KT_TRY(refs_copy(actor->arena, record_value(&user, "companies"), &actor->companies));
    uint64_t department = (uint64_t)record_int(&user, "department");
    KT_TRY(copy_str(actor->arena, record_str(&user, "name"), &actor->name));
    KT_TRY(copy_str(actor->arena, personal_str(tx, entity, actor->user, "full_name"), &actor->full_name));
    actor->read_limit = record_int(&user, "daily_read_limit");
    actor->reveal_limit = reveal_limit_of(&user);
    actor->reads_extra = record_int(&user, "reads_extra");
    actor->reads_extra_on.day = (int32_t)record_int(&user, "reads_extra_on");
    actor->lang = record_int(&user, "lang") == 2 ? "pl" : "en";
    actor->caller = (grant_caller){
        .me = actor->user, .teams = teams, .roles = roles}; /* in tx's memory: spread() */
    KT_TRY(roles_compile(actor, tx, &roles));
    KT_TRY(factor_compile(actor, tx));
    KT_TRY(team_compile(actor, tx, &teams));
    KT_TRY(department_compile(actor, tx, department));
    KT_TRY(zone_compile(actor, tx));
    KT_TRY(spread(actor, tx, &actor->rights));
    return actor->scoped ? spread(actor, tx, &actor->scopes) : NULL;
}

static kt_error *actor_make(access_control *control, kt_tx *tx, uint64_t user, uint64_t key, uint64_t company,
    kt_str held, access_actor **made)
{
    *made = NULL;
    arena *arena = arena_open(ACTOR_ARENA_MAX);
    access_actor *actor = arena ? ARENA_NEW(arena, access_actor) : NULL;
    if (!actor) {
        arena_close(arena);
        return error_no_memory();
    }
    actor->arena = arena;
    actor->control = control;
    actor->user = user;
    actor->key = key;
    actor->chosen = company;
    actor->lang = "en";
    atomic_init(&actor->held, 1);
    atomic_init(&actor->touched_ms, 0);
    kt_tx system = *tx;
    system.guard = NULL;
    bool found = false;
    kt_error *error = compile(actor, &system, held, &found);
    if (!error && found) {
        actor->catalogue = model_catalogue_hold(tx->catalogue);
        *made = actor;
        return NULL;
    }
    zone_close(actor->zone);
    arena_close(arena);
    return error;
}

kt_error *actor_compile(
    access_control *control, kt_tx *tx, uint64_t user, uint64_t key, uint64_t company, access_actor **made)
{
    return actor_make(control, tx, user, key, company, (kt_str){0}, made);
}

kt_error *actor_compile_held(
    access_control *control, kt_tx *tx, uint64_t user, uint64_t company, kt_str held, access_actor **made)
{
    return actor_make(control, tx, user, 0, company, held, made);
}

access_actor *actor_hold(const access_actor *actor)
{
    access_actor *held = (access_actor *)(uintptr_t)actor; /* only its count changes */
    atomic_fetch_add_explicit(&held->held, 1, memory_order_relaxed);
    return held;
}

const access_actor *access_actor_hold(const access_actor *actor)
{
    return actor_hold(actor);
}

void access_actor_release(const access_actor *actor)
{
    access_actor *held = (access_actor *)(uintptr_t)actor;
    if (!held || atomic_fetch_sub_explicit(&held->held, 1, memory_order_acq_rel) != 1)
        return;
    zone_close(held->zone);
    model_catalogue_release(held->catalogue);
    arena_close(held->arena);
}
