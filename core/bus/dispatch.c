/* dispatch.c -- a name is the core's method, an entity's verb or action, or a module's method, in this order.
 */
#include "bus/dispatch.h"

typedef struct {
    kt_str name;
    const kt_method *found;
} declared_search;

static void match_declared(void *context, const kt_module *module, const kt_method *declared)
{
    declared_search *search = context;
    kt_str prefix = str_of(module->name), name = search->name;
    if (!str_starts(name, prefix) || name.len <= prefix.len || name.ptr[prefix.len] != '.')
        return;
    if (str_is((kt_str){name.ptr + prefix.len + 1, name.len - prefix.len - 1}, declared->name))
        search->found = declared;
}

static bool find_verb(const model_catalogue *catalogue, kt_str name, target *t)
{
    size_t dot = name.len;
    while (dot > 0 && name.ptr[dot - 1] != '.')
        dot--;
    if (dot < 2)
        return false;
    t->entity = model_entity_find(catalogue, (kt_str){name.ptr, dot - 1});
    if (!t->entity || t->entity->lines_only)
        return false;
    kt_str last = {name.ptr + dot, name.len - dot};
    t->right = "login"; /* the rest is judged by the model, record by record */
    for (const verb *v = verbs; v->name; v++)
        if (str_is(last, v->name)) {
            t->verb = v;
            t->mode = v->mode;
            return true;
        }
    t->action = model_action_find(t->entity, last);
    t->rehearsal = t->action && t->action->declared->rehearses;
    if (t->rehearsal)
        t->action = model_action_find(t->entity, str_of(t->action->declared->rehearses));
    t->mode = METHOD_WRITE;
    return t->action != NULL;
}

bool target_find(
    const bus *b, const model_catalogue *catalogue, kt_str name, const variant *params, target *t)
{
    *t = (target){.method = table_find(&b->methods, name)};
    if (t->method) {
        t->mode = t->method->mode;
        t->right = t->method->right;
        if (t->method == &batch_methods[0])
            t->mode = batch_mode(b, catalogue, params);
        return true;
    }
    if (find_verb(catalogue, name, t))
        return true;
    declared_search search = {name, NULL};
    plugins_methods(catalogue, match_declared, &search);
    t->declared = search.found;
    if (!t->declared)
        return false;
    t->mode = t->declared->writes ? METHOD_WRITE : METHOD_READ;
    t->right = t->declared->right;
    return true;
}

kt_str target_names_verb(const char *method)
{
    const char *dot = strrchr(method, '.');
    for (const verb *v = verbs; dot && dot > method && v->name; v++)
        if (strcmp(dot + 1, v->name) == 0)
            return (kt_str){method, (size_t)(dot - method)};
    return (kt_str){0};
}

static kt_error *take_then(kt_tx *tx, kt_str as_of, kt_time *at)
{
    KT_TRY(journal_moment(tx, as_of, at));
    KT_TRY(journal_definitions(tx, *at));
    return access_rejoin(tx);
}

kt_error *target_then(kt_tx *tx, kt_str as_of, kt_time *at)
{
    kt_memory before = kt_lasting_memory(tx);
    return kt_callers_memory(tx, before, take_then(tx, as_of, at));
}

kt_error *target_seek(const bus *b, kt_tx *tx, kt_str name, const variant *params, target *t, bool *found)
{
    *found = target_find(b, tx->catalogue, name, params, t);
    kt_str text = params && params->kind == VARIANT_OBJECT ? variant_get_str(params, "as_of") : (kt_str){0};
    kt_time at;
    if (*found || !text.len || tx->writes)
        return NULL;
    KT_TRY(target_then(tx, text, &at));
    *found = target_find(b, tx->catalogue, name, params, t) && t->verb && t->mode != METHOD_WRITE;
    return NULL;
}

typedef struct {
    kt_str right;
    bool found;
} right_search;

static void match_right(void *context, const kt_module *module, const kt_method *declared)
{
    right_search *search = context;
    (void)module;
    search->found |= str_is(search->right, declared->right);
}

bool target_declares(const bus *b, const model_catalogue *catalogue, kt_str right)
{
    right_search search = {right, false};
    for (size_t i = 0; i < TABLE_SLOTS && !search.found; i++)
        search.found = b->methods.slots[i] && str_is(right, b->methods.slots[i]->right);
    if (!search.found)
        plugins_methods(catalogue, match_right, &search);
    return search.found;
}

static kt_error *run_action(const target *t, kt_tx *tx, const variant *params, json *answer)
{
    static const char *const own[] = {"id", "if_version", NULL};
    uint64_t id = 0, version = 0;
    kt_error *all = NULL;
    if (!params_find(params, "id"))
        all = error_make(tx->arena, KT_VALIDATION, "id", "the parameter \"id\" is required",
            "parametr \"id\" jest wymagany");
    kt_also(&all, variant_read_uint(tx->arena, params, "id", INT64_MAX, &id));
    kt_also(&all, variant_read_uint(tx->arena, params, "if_version", UINT32_MAX, &version));
    if (all)
        return all;
    const variant *rest = params_without(tx->arena, params, own);
    if (!rest)
        return error_no_memory();
    model_record record = {0};
    buffer made;
    buffer_open(&made, CALL_ANSWER_MAX);
    json result = json_to(&made);
    json_object(&result);
    kt_error *error = model_act(tx, t->entity, id, (uint32_t)version, t->action, rest, &record, &result);
    if (!error && made.len > 1) { /* the action's own members */
        json_object_end(&result);
        json_raw(answer, buffer_str(&made));
    } else if (!error) {
        json_object(answer);
        json_member_int(answer, "id", record.values[MODEL_ID].as.i);
        json_member_int(answer, "version", record.values[MODEL_VERSION].as.i);
        if (t->entity->state) {
            json_key(answer, "state");
            model_value_json(
                tx, &record, t->entity->state, &record.values[t->entity->state->position], answer);
        }
        json_object_end(answer);
    }
    buffer_close(&made);
    return error;
}

static kt_error *run_method(const target *t, call *c, kt_tx *tx, const variant *params, json *answer)
{
    arena *arena = c->arena;
    own_call own = {
        .call = {.rooms = &c->bus->rooms,
            .tx = tx,
            .arena = arena,
            .params = params,
            .answer = answer,
            .lang = tx ? tx->lang : c->error_lang,
            .remote = c->exchange->remote,
            .token = c->token,
            .dry_run = c->dry_run},
        .of = c,
    };
    size_t before = answer->out->len;
    KT_TRY(t->method->run(&own.call));
    if (answer->out->len == before && !answer->out->full)
        json_null(answer);
    return NULL;
}

kt_error *target_run(const target *t, call *c, kt_tx *tx, const variant *params, json *answer)
{
    if (t->method) {
        KT_TRY(params_check(c->arena, t->method->params, params));
        return run_method(t, c, tx, params, answer);
    }
    if (t->verb) {
        KT_TRY(params_check(c->arena, t->verb->params, params));
        return t->verb->run(tx, t->entity, params, answer);
    }
    if (t->rehearsal && !c->dry_run)
        return error_make(c->arena, KT_VALIDATION, NULL, "%s is a dry run: it cannot be part of a batch",
            "%s to próba: nie może być częścią paczki", c->method.ptr);
    if (t->action)
        return run_action(t, tx, params, answer);
    json_object(answer);
    KT_TRY(model_call(tx, t->declared, params, answer));
    json_object_end(answer);
    return NULL;
}

kt_error *target_call(call *c, kt_tx *tx, kt_str name, const variant *params, json *answer)
{
    target t;
    bool found = false;
    if (!str_is(name, "system.batch"))
        KT_TRY(target_seek(c->bus, tx, name, params, &t, &found));
    if (!found)
        return error_make(
            c->arena, KT_NOT_FOUND, "method", "there is no method %s", "nie ma metody %s", name.ptr);
    if (t.mode == METHOD_PLAIN || (t.mode == METHOD_SLOW && tx->writes))
        return error_make(c->arena, KT_VALIDATION, "method", "%s cannot be part of such a batch",
            "%s nie może być częścią takiej paczki", name.ptr);
    KT_TRY(access_may_call(tx, t.right));
    return target_run(&t, c, tx, params, answer);
}
