/* shape_call.c -- what a module computes of a record, parameters and results of methods and actions, a module's own events, services. */
#include "model/internal.h"
#include "model/shape.h"
#include "model/validate.h"
#include "record/scope.h"

/* ---- What a module computes ---- */

kt_error *model_record_compute(kt_tx *tx, model_record *record)
{
    const kt_entity *declared = record->entity->declared;
    const shape_binding *binding = NULL;
    kt_record *rec, *was;
    if (!declared || !declared->compute)
        return NULL;
    KT_TRY(shape_fill(tx, declared->shape, record, &rec));
    KT_TRY(shape_bind(tx, declared->shape, &binding));
    if (!(was = arena_bytes(tx->arena, declared->shape->size)))
        return error_no_memory();
    memcpy(was, rec, declared->shape->size);
    kt_error *problems = declared->compute(tx, rec);
    if (binding->flat && memcmp(was, rec, declared->shape->size) == 0)
        return problems; /* what it left as it was need not be taken */
    KT_TRY(shape_take_bound(tx, binding, rec, record));
    validate_normalise(record);
    return problems;
}

/* ---- Parameters ---- */

static const char *param_path(kt_tx *tx, const char *under, kt_str name)
{
    const char
        *path = arena_format(tx->arena, "%s%s%.*s", under ? under : "", under ? "." : "", STR_ARG(name)).ptr;
    return path ? path : "params";
}

static kt_error *missing(kt_tx *tx, const char *path)
{
    return kt_fail(tx, KT_VALIDATION, path, "is required", "jest wymagane");
}

/* Lines of parameters: what is not given takes its default, or is missing. */
static kt_error *lines_complete(kt_tx *tx, const model_field *field, const char *path, model_value *value)
{
    kt_error *all = NULL;
    const model_entity *entity = field->lines;
    for (size_t i = 0; value->set && i < value->as.lines.count; i++) {
        model_value *values = value->as.lines.items[i].values;
        const char *under = arena_format(tx->arena, "%s[%zu]", path, i).ptr;
        for (size_t k = 0; k < entity->field_count; k++) {
            if (!values[k].set)
                model_fill_default(tx, &entity->internals->defaults[k], &values[k]);
            if (!values[k].set && entity->fields[k].required)
                kt_also(&all, missing(tx, param_path(tx, under, entity->fields[k].name)));
        }
    }
    return all;
}

static kt_error *param_read(kt_tx *tx, const model_entity *entity, const model_field *field,
    const variant *params, const char *under, model_value *value)
{
    const variant *given = variant_get(params, field->name.ptr);
    const char *path = param_path(tx, under, field->name);
    if (given)
        KT_TRY(query_value_read(tx, entity, field, given, path, value));
    if (!value->set)
        model_fill_default(tx, &entity->internals->defaults[field->position], value);
    if (!value->set && field->required)
        return missing(tx, path);
    return field->type == KT_LINES ? lines_complete(tx, field, path, value) : NULL;
}

/* What stands beside "params", and is often sought in them. */
static bool is_of_message(kt_str name)
{
    static const char *const members[] = {
        "auth", "idempotency_key", "dry_run", "if_preview", "lang", "unit", NULL};
    for (const char *const *member = members; *member; member++)
        if (str_is(name, *member))
            return true;
    return false;
}

kt_error *model_no_parameter(arena *arena, const char *path, kt_str name, kt_str known)
{
    const char *en = is_of_message(name) ? "It stands beside the params of the message, not in them. " : "";
    const char *pl = is_of_message(name) ? "Stoi obok params w komunikacie, a nie w nich. " : "";
    kt_str hint_en = known.len ? arena_format(arena, "%sThere are: %s.", en, known.ptr)
                               : arena_format(arena, "%sThere are none at all.", en);
    kt_str hint_pl = known.len ? arena_format(arena, "%sSą: %s.", pl, known.ptr)
                               : arena_format(arena, "%sNie ma żadnych.", pl);
    kt_error *error = error_make(arena, KT_VALIDATION, path, "there is no such parameter: \"%.*s\"",
        "nie ma takiego parametru: \"%.*s\"", STR_ARG(name));
    return hint_en.ptr && hint_pl.ptr ? kt_hint(error, hint_en.ptr, hint_pl.ptr) : error;
}

/* beside and the entity's own fields */
static kt_str params_list(kt_tx *tx, const model_entity *entity, const char *beside)
{
    kt_str all = beside ? str_of(beside) : KT_STR("");
    for (size_t i = 0; entity && i < entity->field_count; i++)
        all = arena_format(tx->arena, "%s%s%.*s", all.ptr ? all.ptr : "", all.len ? ", " : "",
            STR_ARG(entity->fields[i].name));
    return all;
}

static kt_error *params_known(
    kt_tx *tx, const model_entity *entity, const variant *params, const char *under, const char *beside)
{
    kt_error *all = NULL;
    kt_str known = {0};
    for (size_t i = 0; params && i < params->as.object.count && (!all || all->count < PARAMS_WRONG_MAX);
         i++) {
        kt_str name = params->as.object.members[i].name;
        if (entity && model_field_find(entity, name))
            continue;
        if (!known.ptr)
            known = params_list(tx, entity, beside);
        kt_also(&all, model_no_parameter(tx->arena, param_path(tx, under, name), name, known));
    }
    return all;
}

kt_error *shape_params_read(kt_tx *tx, const kt_shape *shape, const variant *params, const char *path,
    const char *beside, kt_record **rec)
{
    *rec = NULL;
    if (params && params->kind == VARIANT_NULL)
        params = NULL;
    if (params && params->kind != VARIANT_OBJECT)
        return kt_fail(tx, KT_VALIDATION, path, "%s%.0s was given, an object of parameters expected",
            "podano: %.0s%s, a oczekiwano obiektu z parametrami", VARIANT_KIND(params->kind));
    const model_entity *entity = shape ? model_shape_entity(tx->catalogue, shape) : NULL;
    if (shape && !entity)
        return kt_fail(tx, KT_UNAVAILABLE, path, "the parameters belong to a module that is not enabled",
            "parametry należą do modułu, który nie jest włączony");
    kt_error *all = params_known(tx, entity, params, path, beside);
    if (!shape)
        return all;
    model_record record = {0};
    KT_TRY(model_record_new(tx, entity, &record));
    for (size_t i = 0; i < entity->field_count; i++)
        kt_also(&all, param_read(tx, entity, &entity->fields[i], params, path, &record.values[i]));
    return all ? all : shape_fill(tx, shape, &record, rec);
}

/* In lines zero may mean "not set"; where a number is always there, it is required. */
static void know_zeroes(const model_field *field, model_value *lines)
{
    for (size_t i = 0; lines->set && i < lines->as.lines.count; i++)
        for (size_t k = 0; k < field->lines->field_count; k++) {
            const model_field *member = &field->lines->fields[k];
            model_value *value = &lines->as.lines.items[i].values[k];
            if (member->type == KT_INT && member->required)
                value->set = true;
            if (member->type == KT_LINES)
                know_zeroes(member, value);
        }
}

kt_error *shape_result_json(kt_tx *tx, const kt_shape *shape, const kt_record *rec, json *out)
{
    model_record record = {0};
    const model_entity *entity = model_shape_entity(tx->catalogue, shape);
    if (!entity)
        return kt_fail(tx, KT_UNAVAILABLE, NULL, "the result belongs to a module that is not enabled",
            "wynik należy do modułu, który nie jest włączony");
    KT_TRY(model_record_new(tx, entity, &record));
    KT_TRY(shape_take(tx, rec, &record));
    for (size_t i = 0; i < entity->field_count; i++) {
        const model_field *field = &entity->fields[i];
        if (field->system)
            continue;
        json_key_str(out, field->name);
        if (field->type == KT_LINES)
            know_zeroes(field, &record.values[i]);
        if (field->type == KT_INT)
            record.values[i].set = true; /* an answer's number is known, also if it is 0 */
        model_value_json(tx, &record, field, &record.values[i], out);
    }
    return NULL;
}

kt_error *model_call(kt_tx *tx, const kt_method *method, const variant *params, json *answer)
{
    kt_record *given = NULL, *result = NULL;
    KT_TRY(shape_params_read(tx, method->params, params, NULL, NULL, &given));
    if (method->result) {
        result = arena_alloc(tx->arena, method->result->size);
        if (!result)
            return error_no_memory();
        result->of = method->result;
    }
    KT_TRY(method->run(tx, given, result));
    return result ? shape_result_json(tx, method->result, result, answer) : NULL;
}

/* ---- Services and events ---- */

const void *kt_service_find(kt_tx *tx, const char *name, unsigned version)
{
    return model_service_find(tx->catalogue, name, version);
}

/* Copies the members that have the same name and kind in both shapes, for events without an entity. */
static void copy_named(const kt_record *from, kt_record *to)
{
    static const size_t sizes[] = {[KT_STRING] = sizeof(kt_str),
        [KT_TEXT] = sizeof(kt_str),
        [KT_BOOL] = sizeof(bool),
        [KT_INT] = sizeof(int64_t),
        [KT_MONEY] = sizeof(kt_dec),
        [KT_PRICE] = sizeof(kt_dec),
        [KT_QUANTITY] = sizeof(kt_dec),
        [KT_PERCENT] = sizeof(kt_dec),
        [KT_RATE] = sizeof(kt_dec),
        [KT_DATE] = sizeof(kt_date),
        [KT_TIME] = sizeof(kt_time),
        [KT_STATE] = sizeof(unsigned),
        [KT_REF] = sizeof(kt_id),
        [KT_REFS] = sizeof(kt_lines),
        [KT_JSON] = sizeof(kt_str),
        [KT_FILE] = sizeof(kt_id)};
    const kt_shape *shape = to->of;
    *to = *from;
    to->of = shape;
    for (const kt_field *t = shape->fields; t->type; t++) {
        for (const kt_field *f = from->of->fields; f->type; f++) {
            if (t->type == f->type && t->type != KT_LINES && strcmp(t->name, f->name) == 0)
                memcpy((char *)to + t->at, (const char *)from + f->at, sizes[t->type]);
        }
    }
}

/* A payload without an entity: each handler gets its own struct, by the names of the members. */
static kt_error *emit_plain(
    kt_tx *tx, const model_handlers *handlers, const char *event, const kt_record *payload)
{
    kt_error *e = NULL;
    for (size_t i = 0; !e && i < handlers->count; i++) {
        const kt_handler *handler = handlers->items[i].declared;
        kt_record *mine = arena_alloc(tx->arena, handler->shape ? handler->shape->size : sizeof *mine);
        if (!mine)
            return error_no_memory();
        mine->of = handler->shape;
        if (payload && handler->shape)
            copy_named(payload, mine);
        kt_event announced = {.name = event, .after = mine};
        tx->depth++;
        e = handler->run(tx, &announced);
        tx->depth--;
    }
    return e;
}

/* The record of an event that is about one: as stored, with the payload's members laid over it. */
static kt_error *event_record(kt_tx *tx, const kt_record *payload, model_record *record)
{
    const shape_binding *binding = NULL;
    bool found = false;
    KT_TRY(shape_bind(tx, payload->of, &binding));
    if (payload->id.v)
        KT_TRY(model_load(tx, binding->entity, payload->id.v, record, &found));
    if (!found)
        KT_TRY(model_record_new(tx, binding->entity, record));
    return shape_take_bound(tx, binding, payload, record);
}

static kt_error *tell_event(
    kt_tx *tx, const char *event, const kt_record *payload, const model_record *record)
{
    buffer text;
    model_seen seen = {.kind = MODEL_SEEN_EVENT, .name = event, .after = record};
    seen.entity = record ? record->entity : NULL;
    buffer_open(&text, MODEL_JSON_MAX);
    if (payload && payload->of && !record) {
        json out = json_to(&text);
        json_object(&out);
        model_struct_json(tx, payload->of, payload, &out);
        json_object_end(&out);
        seen.payload = text.full ? (kt_str){0} : arena_str(tx->arena, buffer_str(&text));
    }
    bool fits = !text.full, starved = text.starved;
    buffer_close(&text);
    if (starved)
        return error_no_memory();
    return fits ? model_tell(tx, &seen)
                : kt_fail(tx, KT_LIMIT, NULL, "event %s carries more than %d bytes",
                      "zdarzenie %s niesie więcej niż %d bajtów", event, MODEL_JSON_MAX);
}

static kt_error *emit(kt_tx *tx, const model_handlers *handlers, const char *event, const kt_record *payload)
{
    model_record record = {0};
    bool about = payload && payload->of && payload->of->name;
    if (about)
        KT_TRY(event_record(tx, payload, &record));
    if (handlers->count)
        KT_TRY(about ? model_run_handlers(tx, handlers, event, NULL, &record)
                     : emit_plain(tx, handlers, event, payload));
    bool watched = tx->watch && tx->watch->events;
    return watched ? tell_event(tx, event, payload, about ? &record : NULL) : NULL;
}

kt_error *kt_emit(kt_tx *tx, const char *event, const kt_record *payload)
{
    model_handlers handlers = model_handlers_find(tx->catalogue, str_of(event));
    bool watched = tx->watch && tx->watch->events;
    model_scope scope;
    if (!handlers.count && !watched)
        return NULL;
    if (tx->depth >= DEPTH_MAX)
        return kt_fail(tx, KT_LIMIT, NULL, "events cause each other more than %d deep",
            "zdarzenia wywołują się nawzajem głębiej niż %d poziomów", DEPTH_MAX);
    KT_TRY(scope_open(tx, &scope));
    return scope_close(tx, &scope, emit(tx, &handlers, event, payload));
}
