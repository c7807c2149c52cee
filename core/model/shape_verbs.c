/* shape_verbs.c -- the verbs of kontor.h over C structs. Rights are judged below, in model_store_new and
 * model_load_for, by the transaction's guard. What a verb needs on the way is given back when it returns: the caller's
 * memory gets the struct's texts and lines alone. */
#include "model/ahead.h"
#include "model/custom.h"
#include "model/internal.h"
#include "model/sequence.h"
#include "model/shape.h"
#include "record/scope.h"

/* The binding of a record's shape, which must be a whole entity's. */
static kt_error *bind_record(kt_tx *tx, const kt_record *rec, const shape_binding **binding)
{
    if (!rec->of || !rec->of->name)
        return kt_fail(tx, KT_RULE, NULL, "the struct's shape names no entity (KT_OF was left out?)",
            "kształt struktury nie podaje encji (brak KT_OF?)");
    return shape_bind(tx, rec->of, binding);
}

static kt_error *close_with(
    kt_tx *tx, model_scope *scope, const shape_binding *binding, const model_record *record, kt_record *rec)
{
    return scope_close(tx, scope, shape_fill_bound(tx, binding, record, scope->before.now, rec));
}

/* A module's caller knows what that asks for; of a field of the integrator's own, which the module knows nothing of, the
 * record that it made has to be told as well. */
static kt_error *tell_whose(const model_entity *entity, kt_error *error)
{
    for (problem *p = error && error->arena ? error->first : NULL; p; p = p->next) {
        const kt_str name = {p->path, p->path ? strcspn(p->path, ".[") : 0};
        const model_field *field = name.len ? model_field_find(entity, name) : NULL;
        kt_str path = {0};
        if (field && str_is(field->module, CUSTOM_MODULE))
            path = arena_format(error->arena, "%s.%s", entity->name.ptr, p->path);
        p->path = path.ptr ? path.ptr : p->path;
    }
    return error;
}

static kt_error *create(kt_tx *tx, const shape_binding *binding, const kt_record *rec, model_record *record)
{
    KT_TRY(model_record_new(tx, binding->entity, record));
    KT_TRY(shape_take_bound(tx, binding, rec, record));
    const uint64_t ahead = rec->id.v && ahead_is_taken(tx, binding->entity, rec->id.v) ? rec->id.v : 0;
    KT_TRY(tell_whose(binding->entity, model_store_new_as(tx, record, ahead)));
    if (ahead)
        ahead_created(tx, binding->entity, ahead);
    return NULL;
}

kt_error *kt_create(kt_tx *tx, kt_record *rec)
{
    const shape_binding *binding = NULL;
    model_record record = {0};
    model_scope scope;
    KT_TRY(bind_record(tx, rec, &binding));
    KT_TRY(scope_open(tx, &scope));
    kt_error *error = create(tx, binding, rec, &record);
    return error ? scope_close(tx, &scope, error) : close_with(tx, &scope, binding, &record, rec);
}

kt_error *kt_reserve_id(kt_tx *tx, kt_record *rec)
{
    const shape_binding *binding = NULL;
    KT_TRY(bind_record(tx, rec, &binding));
    KT_TRY(model_may_write(tx, binding->entity));
    return ahead_take(tx, binding->entity, &rec->id.v);
}

kt_error *kt_read(kt_tx *tx, kt_id id, kt_record *rec)
{
    const shape_binding *binding = NULL;
    const model_record *record = NULL;
    model_scope scope;
    KT_TRY(bind_record(tx, rec, &binding));
    KT_TRY(scope_open(tx, &scope));
    kt_error *error = model_look(tx, binding->entity, id.v, &record);
    if (error)
        return scope_close(tx, &scope, error);
    if (!tx->writes) /* a method that only reads reads for its caller */
        model_shown(tx, binding->entity, id.v, "read");
    return close_with(tx, &scope, binding, record, rec);
}

static kt_error *update(kt_tx *tx, const shape_binding *binding, uint64_t id, uint32_t version,
    const kt_record *rec, model_record *after)
{
    model_record before = {0};
    KT_TRY(model_load_for(tx, binding->entity, id, version, "update", &before));
    KT_TRY(model_record_copy(tx, &before, after));
    KT_TRY(shape_take_bound(tx, binding, rec, after));
    return tell_whose(binding->entity, model_store_changed(tx, &before, after));
}

static kt_error *change(
    kt_tx *tx, const shape_binding *binding, uint64_t id, uint32_t version, kt_record *rec)
{
    model_record after = {0};
    model_scope scope;
    KT_TRY(scope_open(tx, &scope));
    kt_error *error = update(tx, binding, id, version, rec, &after);
    return error ? scope_close(tx, &scope, error) : close_with(tx, &scope, binding, &after, rec);
}

kt_error *kt_update(kt_tx *tx, kt_record *rec)
{
    const shape_binding *binding = NULL;
    KT_TRY(bind_record(tx, rec, &binding));
    return change(tx, binding, rec->id.v, rec->version, rec);
}

kt_error *kt_upsert(kt_tx *tx, kt_record *rec)
{
    const shape_binding *binding = NULL;
    uint64_t id = 0;
    KT_TRY(bind_record(tx, rec, &binding));
    if (!rec->external_id.len)
        return kt_fail(tx, KT_VALIDATION, "external_id", "is needed to find the record",
            "jest potrzebny, żeby znaleźć rekord");
    KT_TRY(model_find_external(tx, binding->entity, rec->external_id, &id));
    return id ? change(tx, binding, id, 0, rec) : kt_create(tx, rec);
}

kt_error *kt_delete(kt_tx *tx, kt_record *rec)
{
    const shape_binding *binding = NULL;
    model_scope scope;
    KT_TRY(bind_record(tx, rec, &binding));
    KT_TRY(scope_open(tx, &scope));
    return scope_close(tx, &scope, model_delete(tx, binding->entity, rec->id.v, rec->version));
}

kt_error *kt_act(kt_tx *tx, kt_record *rec, const char *action, const kt_record *params)
{
    const shape_binding *binding = NULL;
    model_record record = {0};
    model_scope scope;
    KT_TRY(bind_record(tx, rec, &binding));
    const model_action *found = model_action_find(binding->entity, str_of(action));
    if (!found)
        return kt_fail(tx, KT_NOT_FOUND, NULL, "%.*s has no action \"%s\"", "%.*s nie ma akcji „%s”",
            STR_ARG(binding->entity->name), action);
    kt_record *none = NULL; /* an action that takes parameters is never run without a record of them */
    if (!params && found->declared->params)
        KT_TRY(shape_params_read(tx, found->declared->params, NULL, NULL, NULL, &none));
    KT_TRY(scope_open(tx, &scope));
    kt_error *error = model_act_run(
        tx, binding->entity, rec->id.v, rec->version, found, params ? params : none, &record, NULL);
    return error ? scope_close(tx, &scope, error) : close_with(tx, &scope, binding, &record, rec);
}

kt_error *kt_number(kt_tx *tx, kt_record *rec, const char *pattern, kt_date day)
{
    const shape_binding *binding = NULL;
    model_record record = {0};
    KT_TRY(bind_record(tx, rec, &binding));
    kt_str series = pattern ? str_of(pattern) : binding->entity->number_pattern;
    if (!binding->entity->numbered_later || !sequence_pattern_is_good(series))
        return kt_fail(tx, KT_RULE, "number", "%s gives no numbers by \"%s\"", "%s nie nadaje numerów „%s”",
            binding->entity->name.ptr, series.ptr ? series.ptr : "");
    KT_TRY(model_may_write(tx, binding->entity));
    KT_TRY(model_record_new(tx, binding->entity, &record));
    uint64_t company = rec->company.v ? rec->company.v : tx->company;
    if (!binding->entity->shared)
        record.values[MODEL_COMPANY] = (model_value){.set = company != 0, .as.i = (int64_t)company};
    KT_TRY(sequence_series(tx, &record, series, day));
    rec->number = record.values[MODEL_NUMBER].as.s;
    return NULL;
}
