/* explain.c -- why somebody may or may not: the same judgement as the guard's, told; and what roles give. */
#include "access/methods.h"

/* ---- What can be done with an entity ---- */

static const char *const verbs[] = {"read", "create", "update", "delete", "export", NULL};

/* Calls each once for every action of rights that the entity knows. */
static void each_action(
    const model_entity *entity, void (*each)(void *context, const char *action), void *context)
{
    for (const char *const *verb = verbs; *verb; verb++)
        each(context, *verb);
    for (size_t i = 0; i < entity->action_count; i++) {
        const kt_action *action = entity->actions[i].declared;
        bool again = !action || !action->right;
        for (const char *const *verb = verbs; !again && *verb; verb++)
            again = strcmp(*verb, action->right) == 0;
        for (size_t k = 0; !again && k < i; k++)
            again = entity->actions[k].declared && entity->actions[k].declared->right &&
                    strcmp(entity->actions[k].declared->right, action->right) == 0;
        if (!again)
            each(context, action->right);
    }
}

/* ---- access.explain ---- */

static void rule_answer(const rule *r, json *j)
{
    if (!r) {
        json_null(j);
        return;
    }
    json_object(j);
    json_member_str(j, "role", r->role);
    json_member_str(j, "grant", r->grant->text);
    json_member_text(j, "scope", grant_scope_names[r->grant->scope]);
    json_member_bool(j, "condition", r->grant->condition_count > 0);
    json_object_end(j);
}

/* The grant that came nearest says whose records it is for. */
static kt_text scope_text(grant_scope scope)
{
    static const kt_text texts[] = {
        [SCOPE_OWN] = {"the grant is for the user's own records, and this one is somebody else's",
            "uprawnienie dotyczy własnych rekordów użytkownika, a ten należy do kogoś innego"},
        [SCOPE_TEAM] = {"the grant is for records of the user's team, and this one's owner is not in it",
            "uprawnienie dotyczy rekordów zespołu użytkownika, a właściciel tego do niego nie należy"},
        [SCOPE_DEPARTMENT] =
            {"the grant is for records of the user's department, and this one's owner is not in it",
                "uprawnienie dotyczy rekordów działu użytkownika, a właściciel tego do niego nie należy"},
    };
    return texts[scope];
}

static kt_text reason_text(const verdict *why)
{
    const char *missing = why->missing;
    if (missing && why->nearest && strcmp(missing, "scope") == 0)
        return scope_text(why->nearest->grant->scope);
    static const struct {
        const char *name;
        kt_text text;
    } reasons[] = {
        {"grant", {"no grant of the user's roles covers it",
                      "nie obejmuje tego żadne uprawnienie ról użytkownika"}},
        {"where",
            {"the record does not meet the grant's condition", "rekord nie spełnia warunku uprawnienia"}},
        {"company", {"the record belongs to a company the user does not work in",
                        "rekord należy do firmy, w której użytkownik nie pracuje"}},
        {"key", {"the key's scopes do not cover it", "nie obejmuje tego zakres klucza"}},
        {"group", {"no grant names the field's group", "żadne uprawnienie nie wymienia grupy pola"}},
        {"factor", {"a role demands a second factor, and none is set",
                       "rola wymaga drugiego składnika, a żaden nie jest ustawiony"}},
        {"kept", {"its module alone writes it", "zapisuje je wyłącznie moduł"}},
        {"active", {"the user is not active", "użytkownik jest nieaktywny"}},
    };
    for (size_t i = 0; missing && i < sizeof reasons / sizeof *reasons; i++)
        if (strcmp(reasons[i].name, missing) == 0)
            return reasons[i].text;
    return (kt_text){NULL, NULL};
}

typedef struct {
    const access_actor *actor;
    const model_entity *entity; /* NULL: a name without one */
    const model_field *field;
    model_record record;
    bool has_record;
    bool masked; /* allowed, but the field is seen masked */
    kt_str name;
    const char *action;
} question;

static kt_error *unknown(kt_tx *tx, const char *path, kt_str name)
{
    return error_make(tx->arena, KT_VALIDATION, path, "there is no %.*s", "nie ma %.*s", STR_ARG(name));
}

typedef struct {
    const char *wanted;
    buffer *list;
    bool found;
} action_search;

static void match_action(void *context, const char *action)
{
    action_search *search = context;
    search->found |= strcmp(action, search->wanted) == 0;
    buffer_add_format(search->list, "%s%s", search->list->len ? ", " : "", action);
}

/* Does a module's role name it? Modules ask for rights of their own. */
static bool is_granted_by_name(kt_tx *tx, const question *q)
{
    const model_sources *sources = model_catalogue_sources(tx->catalogue);
    for (const kt_module *const *m = sources->modules; m && *m; m++)
        for (const kt_role *role = (*m)->roles; role && role->name; role++) {
            grant_list grants;
            if (grants_parse(tx->arena, str_of(role->grants), "grants", &grants))
                continue; /* told when its module was enabled */
            for (size_t i = 0; i < grants.count; i++)
                for (size_t k = 0; k < grants.items[i].action_count; k++)
                    if (grant_covers(&grants.items[i], q->name) &&
                        str_is(grants.items[i].actions[k], q->action))
                        return true;
        }
    return false;
}

/* "*" covers whatever is written there: what nothing knows must not be said to be allowed. */
static kt_error *question_action(method_call *call, const question *q)
{
    static const char *const others[] = {"erase", "reveal", NULL};
    kt_tx *tx = call->tx;
    buffer list;
    buffer_open(&list, 4096);
    action_search search = {q->action, &list, false};
    if (q->entity)
        each_action(q->entity, match_action, &search);
    for (const char *const *other = others; q->entity && *other; other++)
        match_action(&search, *other);
    kt_str right = arena_format(tx->arena, "%.*s:%s", STR_ARG(q->name), q->action);
    kt_str known = list.len ? arena_str(tx->arena, buffer_str(&list)) : KT_STR("");
    buffer_close(&list);
    if (!right.ptr || !known.ptr)
        return error_no_memory();
    if (search.found || is_granted_by_name(tx, q) ||
        call->rooms->declares(call->rooms->bus, tx->catalogue, right))
        return NULL;
    kt_error *error = error_make(tx->arena, KT_VALIDATION, "action", "%.*s knows no action \"%s\"",
        "%.*s nie zna akcji \"%s\"", STR_ARG(q->name), q->action);
    return known.len ? kt_hint(error, arena_format(tx->arena, "It knows %s.", known.ptr).ptr,
                           arena_format(tx->arena, "Zna: %s.", known.ptr).ptr)
                     : error;
}

/* The caller must be able to see the record: an explanation is no way to learn that one exists. */
static kt_error *question_read(method_call *call, question *q)
{
    kt_tx *tx = call->tx;
    const variant *id = variant_get(call->params, "id");
    kt_str field = variant_get_str(call->params, "field");
    q->name = variant_get_str(call->params, "entity");
    q->action = variant_get_str(call->params, "action").ptr;
    q->entity = model_entity_find(tx->catalogue, q->name);
    bool entity_meant = field.len || id || memchr(q->name.ptr, '.', q->name.len);
    if (!q->entity && entity_meant) /* misspelt: no grant could be missing */
        return unknown(tx, "entity", q->name);
    KT_TRY(question_action(call, q));
    if (field.len && !(q->field = model_field_find(q->entity, field)))
        return unknown(tx, "field", field);
    if (!id)
        return NULL;
    KT_TRY(model_read(tx, q->entity, (uint64_t)id->as.integer, &q->record));
    q->has_record = true;
    return NULL;
}

static kt_error *question_judge(kt_tx *tx, question *q, bool *may, verdict *why)
{
    *why = (verdict){.missing = "active"};
    *may = false;
    if (!q->actor)
        return NULL;
    if (!q->entity) {
        *may = judge_name(q->actor, q->name, q->action, why);
        return NULL;
    }
    KT_TRY(judge(tx, q->actor, q->entity, q->has_record ? &q->record : NULL, q->action, may, why));
    if (*may && q->field && q->field->group.len) {
        bool write = strcmp(q->action, "read") != 0 && strcmp(q->action, "export") != 0;
        *may = judge_field(q->actor, q->entity, q->field, write, why);
    }
    if (!*may || !q->field || !q->field->mask.len)
        return NULL;
    bool clear;
    KT_TRY(judge_clear(
        tx, q->actor, q->entity, q->has_record ? &q->record : NULL, q->field->mask, &clear, &why->nearest));
    q->masked = !clear;
    return NULL;
}

kt_error *explain_run(method_call *call)
{
    kt_tx *tx = call->tx;
    const access_actor *caller = actor_of(tx);
    question q = {0};
    uint64_t user;
    KT_TRY(user_param(tx, variant_get(call->params, "user"), &user));
    KT_TRY(question_read(call, &q));
    access_actor *other = NULL;
    if (user != caller->user)
        KT_TRY(actor_compile(caller->control, tx, user, 0, 0, &other));
    q.actor = user == caller->user ? caller : other;
    bool may;
    verdict why;
    kt_error *error = question_judge(tx, &q, &may, &why);
    if (!error) {
        json *j = call->answer;
        json_object(j);
        json_member_bool(j, "allowed", may);
        json_key(j, "because");
        rule_answer(why.rule, j);
        json_member_text(j, "missing", may ? NULL : why.missing);
        kt_text text = reason_text(&why);
        json_member_text(j, "reason", may ? NULL : strcmp(tx->lang, "pl") == 0 ? text.pl : text.en);
        json_key(j, "nearest");
        rule_answer(may && !q.masked ? NULL : why.nearest, j);
        if (q.field && q.field->mask.len)
            json_member_bool(j, "masked", q.masked);
        json_object_end(j);
    }
    access_actor_release(other);
    return error;
}

/* ---- Roles ---- */

static kt_error *role_read(kt_tx *tx, const variant *from, const char *path, grant_list *grants, kt_str *name)
{
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("access.role"));
    model_record role = {0};
    if (from && from->kind == VARIANT_INT) {
        KT_TRY(model_read(tx, entity, (uint64_t)from->as.integer, &role));
    } else {
        variant cells[3] = {{.kind = VARIANT_STRING, .as.string = KT_STR("name")},
            {.kind = VARIANT_STRING, .as.string = KT_STR("=")}, {0}};
        variant row = {.kind = VARIANT_ARRAY, .as.array = {cells, 3}};
        variant all = {.kind = VARIANT_ARRAY, .as.array = {&row, 1}};
        if (!from || from->kind != VARIANT_STRING)
            return error_make(
                tx->arena, KT_VALIDATION, path, "an id or a name is expected", "oczekiwano id lub nazwy");
        cells[2] = *from;
        query_filter *filter = NULL;
        query_rows *rows = NULL;
        KT_TRY(query_filter_read(tx, entity, &all, &filter));
        KT_TRY(query_open(
            tx, &(query_request){.entity = entity, .filter = filter, .limit = 1, .right = "read"}, &rows));
        model_record found = {0};
        uint64_t id = query_next(rows, &found) ? (uint64_t)found.values[MODEL_ID].as.i : 0;
        KT_TRY(query_end(rows));
        if (!id)
            return error_make(tx->arena, KT_NOT_FOUND, path, "there is no role %.*s", "nie ma roli %.*s",
                STR_ARG(from->as.string));
        KT_TRY(model_read(tx, entity, id, &role)); /* a cursor's record does not outlive it */
    }
    *name = record_str(&role, "name");
    return grants_parse(tx->arena, record_str(&role, "grants"), path, grants);
}

/* What one cell of the matrix says: the widest scope, and whether a condition holds it back. */
typedef struct {
    bool granted, conditional, masked; /* masked: it shows some fields so */
    grant_scope scope;
    kt_str grant;
} cell;

/* own < team < department < all */
static unsigned width(const cell *c)
{
    static const unsigned widths[] = {
        [SCOPE_ALL] = 4, [SCOPE_DEPARTMENT] = 3, [SCOPE_TEAM] = 2, [SCOPE_OWN] = 1};
    return c->granted ? 4 * widths[c->scope] + (c->conditional ? 0 : 2) + (c->masked ? 0 : 1) : 0;
}

static cell cell_of(const grant_list *grants, kt_str entity, const char *action)
{
    cell best = {0};
    for (size_t i = 0; i < grants->count; i++) {
        const grant *g = &grants->items[i];
        if (!grant_covers(g, entity) || !grant_allows(g, action))
            continue;
        const cell c = {true, g->condition_count > 0, g->mask_count > 0, g->scope, g->text};
        if (width(&c) > width(&best))
            best = c;
    }
    return best;
}

static void cell_answer(const cell *c, json *j)
{
    if (!c->granted) {
        json_null(j);
        return;
    }
    json_object(j);
    json_member_text(j, "scope", grant_scope_names[c->scope]);
    json_member_bool(j, "condition", c->conditional);
    json_member_bool(j, "masked", c->masked);
    json_member_str(j, "grant", c->grant);
    json_object_end(j);
}

typedef struct {
    const model_entity *entity;
    const grant_list *from, *to; /* to NULL: a matrix of one role */
    json *j;
    bool differs;
} report;

static void matrix_cell(void *context, const char *action)
{
    const report *r = context;
    const cell c = cell_of(r->from, r->entity->name, action);
    json_key(r->j, action);
    cell_answer(&c, r->j);
}

static void diff_cell(void *context, const char *action)
{
    report *r = context;
    const cell from = cell_of(r->from, r->entity->name, action), to = cell_of(r->to, r->entity->name, action);
    bool alike = !(from.conditional || from.masked) || str_eq(from.grant, to.grant);
    if (width(&from) == width(&to) && alike)
        return;
    json_object(r->j);
    json_member_str(r->j, "entity", r->entity->name);
    json_member_text(r->j, "action", action);
    json_key(r->j, "from");
    cell_answer(&from, r->j);
    json_key(r->j, "to");
    cell_answer(&to, r->j);
    json_member_text(r->j, "change",
        width(&to) > width(&from)   ? "opens"
        : width(&to) < width(&from) ? "closes"
                                    : "differs");
    json_object_end(r->j);
}

static bool shows_group(const grant_list *grants, const model_entity *entity, kt_str group)
{
    for (size_t i = 0; i < grants->count; i++) {
        const grant *g = &grants->items[i];
        bool reads = grant_allows(g, "read") || grant_allows(g, "export");
        if (reads && grant_covers(g, entity->name) && grant_shows(g, group))
            return true;
    }
    return false;
}

/* Groups of fields that one of the roles sees and the other does not; each once. */
static void diff_groups(const report *r)
{
    for (size_t i = 0; i < r->entity->field_count; i++) {
        kt_str group = r->entity->fields[i].group;
        bool again = !group.len;
        for (size_t k = 0; k < i && !again; k++)
            again = str_eq(group, r->entity->fields[k].group);
        bool from = !again && shows_group(r->from, r->entity, group);
        bool to = !again && shows_group(r->to, r->entity, group);
        if (from == to)
            continue;
        json_object(r->j);
        json_member_str(r->j, "entity", r->entity->name);
        json_member_text(r->j, "action", "read");
        json_member_str(r->j, "group", group);
        json_member_bool(r->j, "from", from);
        json_member_bool(r->j, "to", to);
        json_member_text(r->j, "change", to ? "opens" : "closes");
        json_object_end(r->j);
    }
}

static kt_error *sees(kt_tx *tx, const model_entity *entity, bool *may)
{
    verdict why;
    *may = false;
    return entity->lines_only ? NULL : judge(tx, actor_of(tx), entity, NULL, "read", may, &why);
}

kt_error *matrix_run(method_call *call)
{
    grant_list grants;
    kt_str name;
    kt_tx *tx = call->tx;
    json *j = call->answer;
    KT_TRY(role_read(tx, variant_get(call->params, "role"), "role", &grants, &name));
    json_object(j);
    json_member_str(j, "role", name);
    json_key(j, "entities");
    json_object(j);
    for (size_t i = 0; i < model_entity_count(tx->catalogue); i++) {
        report r = {.entity = model_entity_at(tx->catalogue, i), .from = &grants, .j = j};
        bool may;
        KT_TRY(sees(tx, r.entity, &may));
        if (!may)
            continue;
        json_key_str(j, r.entity->name);
        json_object(j);
        each_action(r.entity, matrix_cell, &r);
        json_object_end(j);
    }
    json_object_end(j);
    json_key(j, "unused"); /* grants on what is not enabled, or misspelt */
    json_array(j);
    for (size_t g = 0; g < grants.count; g++) {
        bool used = false;
        for (size_t i = 0; !used && i < model_entity_count(tx->catalogue); i++)
            used = grant_covers(&grants.items[g], model_entity_at(tx->catalogue, i)->name);
        if (!used && memchr(grants.items[g].entity.ptr, '.', grants.items[g].entity.len))
            json_str(j, grants.items[g].text);
    }
    json_array_end(j);
    json_object_end(j);
    return NULL;
}

kt_error *diff_run(method_call *call)
{
    grant_list from, to;
    kt_str from_name, to_name;
    kt_tx *tx = call->tx;
    json *j = call->answer;
    KT_TRY(role_read(tx, variant_get(call->params, "from"), "from", &from, &from_name));
    KT_TRY(role_read(tx, variant_get(call->params, "to"), "to", &to, &to_name));
    json_object(j);
    json_member_str(j, "from", from_name);
    json_member_str(j, "to", to_name);
    json_key(j, "rows");
    json_array(j);
    for (size_t i = 0; i < model_entity_count(tx->catalogue); i++) {
        report r = {.entity = model_entity_at(tx->catalogue, i), .from = &from, .to = &to, .j = j};
        bool may;
        KT_TRY(sees(tx, r.entity, &may));
        if (!may)
            continue;
        each_action(r.entity, diff_cell, &r);
        diff_groups(&r);
    }
    json_array_end(j);
    json_object_end(j);
    return NULL;
}
