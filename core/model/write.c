/* write.c -- the verbs create, update and upsert as they come over the wire. */
#include "model/condition.h"
#include "model/validate.h"
#include "query/internal.h"
#include "record/moved.h"

enum { GIVEN = 1, FAILED }; /* a member of `values` */

/* May this member of `values` be given now? Adds what is wrong. */
static bool may_give(kt_tx *tx, const model_entity *entity, const model_field *field, kt_str name,
    const model_record *before, kt_error **problems)
{
    const model_guard *guard = tx->guard;
    if (!field || (guard && guard->field && !guard->field(tx, field, entity, false) &&
                      !guard->field(tx, field, entity, true))) {
        kt_also(problems, path_unknown(tx, entity, entity, name, name.ptr));
        return false;
    }
    if (guard && guard->field && !guard->field(tx, field, entity, true)) {
        kt_also(problems, kt_fail(tx, KT_FORBIDDEN, name.ptr, "you may not change this field",
                              "nie możesz zmieniać tego pola"));
        return false;
    }
    bool author = field->position >= MODEL_CREATED_AT && field->position <= MODEL_UPDATED_BY;
    bool imported = tx->keep_authors && (author || field->position == MODEL_NUMBER);
    bool placed = field->position == MODEL_COMPANY && !entity->shared && (!before || tx->keep_authors);
    if (field->system && field->position != MODEL_EXTERNAL_ID && !imported && !placed) {
        kt_also(problems, kt_fail(tx, KT_VALIDATION, name.ptr, "is set by the server", "ustawia to serwer"));
        return false;
    }
    if (field->computed && !(field->recorded && (tx->keep_authors || tx->brings_file))) {
        kt_also(problems, kt_fail(tx, KT_VALIDATION, name.ptr, "is computed", "jest wyliczane"));
        return false;
    }
    return true;
}

/* What may not change though it may be given again as it is. */
static kt_error *check_frozen(kt_tx *tx, const model_field *field, const model_record *before,
    const model_record *after, kt_error **problems)
{
    bool frozen = false;
    if (model_value_equal(field, &before->values[field->position], &after->values[field->position]))
        return NULL;
    if (field->fixed)
        kt_also(problems, kt_fail(tx, KT_VALIDATION, field->name.ptr, "is fixed at creation",
                              "jest ustalane przy tworzeniu"));
    if (field->readonly_if.len)
        KT_TRY(condition_met(tx, before, field, field->readonly_if, &frozen));
    if (frozen)
        kt_also(
            problems, kt_fail(tx, KT_BAD_STATE, field->name.ptr, "may not be changed as the record stands",
                          "przy obecnym stanie rekordu nie można go zmieniać"));
    return NULL;
}

/* ---- Records that are in use ---- */

/* May a record be named where one is to be in use? Whether it is there, and seen, is asked when the record is checked. */
static kt_error *check_target_in_use(
    kt_tx *tx, const model_entity *target, uint64_t id, const char *path, kt_error **problems)
{
    const model_field *active = target ? model_field_find(target, KT_STR("active")) : NULL;
    model_record named;
    bool found;
    if (!active || active->type != KT_BOOL)
        return NULL;
    KT_TRY(model_load(tx, target, id, &named, &found));
    if (!found || named.values[active->position].set || !record_visible(tx, &named, "read"))
        return NULL;
    kt_str title = model_title(tx, &named);
    kt_also(problems, kt_hint(kt_fail(tx, KT_VALIDATION, path, "%.*s is not active", "%.*s nie jest w użyciu",
                                  STR_ARG(title)),
                          "Name another record, or set this one active again.",
                          "Wskaż inny rekord albo ustaw ten znowu jako aktywny."));
    return NULL;
}

/* was: what stood there before; NULL: nothing */
static kt_error *check_in_use(kt_tx *tx, const model_field *field, const model_value *was,
    const model_value *value, const char *path, kt_error **problems)
{
    if (!value->set || (was && model_value_equal(field, was, value)))
        return NULL;
    if (field->type == KT_REFS) {
        for (size_t i = 0; i < value->as.refs.count; i++)
            KT_TRY(check_target_in_use(tx, field->target, value->as.refs.ids[i], path, problems));
        return NULL;
    }
    const bool any = str_is(field->target_name, "*");
    return check_target_in_use(tx,
        any ? model_entity_by_number(tx->catalogue, value->as.any.entity) : field->target,
        any ? value->as.any.id : (uint64_t)value->as.i, path, problems);
}

static const model_record *line_with(const model_value *lines, int64_t id)
{
    for (size_t i = 0; id && lines && lines->set && i < lines->as.lines.count; i++)
        if (lines->as.lines.items[i].values[0].as.i == id)
            return &lines->as.lines.items[i];
    return NULL;
}

/* The same of what a caller gives for a field, which may be lines with such fields. */
static kt_error *check_given_in_use(kt_tx *tx, const model_field *field, const model_record *before,
    const model_value *value, kt_error **problems)
{
    const model_value *was = before ? &before->values[field->position] : NULL;
    if (tx->keep_authors)
        return NULL;
    if (field->in_use)
        return check_in_use(tx, field, was, value, field->name.ptr, problems);
    for (size_t i = 0; field->type == KT_LINES && value->set && i < value->as.lines.count; i++) {
        const model_record *line = &value->as.lines.items[i];
        const model_record *old = line_with(was, line->values[0].as.i);
        for (size_t k = 1; k < line->entity->field_count; k++) {
            const model_field *member = &line->entity->fields[k];
            if (!member->in_use)
                continue;
            kt_str path = arena_format(tx->arena, "%s[%zu].%s", field->name.ptr, i, member->name.ptr);
            KT_TRY(
                check_in_use(tx, member, old ? &old->values[k] : NULL, &line->values[k], path.ptr, problems));
        }
    }
    return NULL;
}

static const char *action_names(kt_tx *tx, const model_entity *entity)
{
    kt_str names = KT_STR("");
    for (size_t i = 0; i < entity->action_count; i++)
        if (entity->actions[i].declared->to) {
            names = arena_format(
                tx->arena, "%s%s%s", names.ptr, names.len ? ", " : "", entity->actions[i].name.ptr);
            if (!names.ptr)
                return "";
        }
    return names.ptr;
}

/* A machine's state changes by its actions alone; imports bring records in any state. */
static void check_state(kt_tx *tx, const model_record *before, const model_record *after, kt_error **problems)
{
    const model_entity *entity = after->entity;
    const model_field *state = entity->state;
    if (!state || !entity->internals->has_machine || tx->keep_authors)
        return;
    const model_value *initial = &entity->internals->defaults[state->position].value;
    const model_value *was = before ? &before->values[state->position] : initial;
    if (!model_value_equal(state, was, &after->values[state->position]))
        kt_also(problems, kt_fail(tx, KT_BAD_STATE, state->name.ptr, "changes by actions: %s",
                              "zmienia się przez akcje: %s", action_names(tx, entity)));
}

static kt_error *take_values(kt_tx *tx, const model_record *before, const variant *values,
    model_record *record, uint8_t *given, kt_error **problems)
{
    const model_entity *entity = record->entity;
    if (!values || values->kind != VARIANT_OBJECT)
        return kt_fail(tx, KT_VALIDATION, "values", "must be an object", "musi być obiektem");
    for (size_t i = 0; i < values->as.object.count; i++) {
        const variant_member *member = &values->as.object.members[i];
        const model_field *field = model_field_find(entity, member->name);
        if (!may_give(tx, entity, field, member->name, before, problems)) {
            if (field)
                given[field->position] = FAILED;
            continue;
        }
        given[field->position] = GIVEN;
        model_value *value = &record->values[field->position];
        kt_error *error = query_value_read(tx, entity, field, member->value, field->name.ptr, value);
        if (!error && field->mask.len)
            error = mask_take_back(tx, field, before ? before : record, field->name.ptr,
                before ? before->values[field->position] : (model_value){0}, value);
        if (error) {
            kt_also(problems, error);
            given[field->position] = FAILED;
            continue;
        }
        if (before)
            KT_TRY(check_frozen(tx, field, before, record, problems));
        KT_TRY(check_given_in_use(tx, field, before, value, problems));
    }
    return NULL;
}

typedef struct {
    const model_entity *entity;
    const uint8_t *given;
} reading;

static bool is_of_value_read(const problem *p, const void *context)
{
    const reading *r = context;
    const model_field *field = p->path
                                   ? model_field_find(r->entity, (kt_str){p->path, strcspn(p->path, ".[")})
                                   : NULL;
    return field && r->given[field->position] == GIVEN;
}

/* What the module would have filled in from the other values is not missing, and what it has against them is told; what
 * it has against others may come of those that could not be read. */
static kt_error *ask_module(kt_tx *tx, model_record *record, const uint8_t *given, kt_error **problems)
{
    model_record filled;
    KT_TRY(model_record_copy(tx, record, &filled));
    for (size_t i = MODEL_OWN; i < record->entity->field_count; i++)
        if (given[i] == FAILED && !filled.values[i].set)
            model_fill_default(tx, &record->entity->internals->defaults[i], &filled.values[i]);
    kt_error *error = model_record_compute(tx, &filled);
    for (size_t i = MODEL_OWN; i < record->entity->field_count; i++)
        if (!given[i] && !record->values[i].set)
            record->values[i] = filled.values[i];
    if (error)
        kt_also(problems, error_keep(error, is_of_value_read, &(const reading){record->entity, given}));
    return NULL;
}

/* Values that cannot be read end the request before the record is checked: what is wrong with the others is
 * told with them. */
static kt_error *tell_the_rest(
    kt_tx *tx, const model_record *before, model_record *record, const uint8_t *given, kt_error **problems)
{
    const model_entity *entity = record->entity;
    bool *judged = ARENA_ARRAY(tx->arena, bool, entity->field_count);
    if (!judged)
        return error_no_memory();
    for (size_t i = MODEL_EXTERNAL_ID; i < entity->field_count; i++)
        judged[i] = given[i] != FAILED && !entity->fields[i].computed &&
                    (!before ||
                        !model_value_equal(&entity->fields[i], &before->values[i], &record->values[i]));
    validate_normalise(record);
    model_fill_new_lines(tx, record);
    KT_TRY(ask_module(tx, record, given, problems));
    return validate_record(tx, before, record, judged, problems);
}

static kt_error *create(kt_tx *tx, const model_entity *entity, uint64_t id, kt_str external_id,
    const variant *values, model_record *created)
{
    KT_TRY(model_may_write(tx, entity));
    if (tx->guard && tx->guard->entity)
        KT_TRY(tx->guard->entity(tx, entity, "create"));
    KT_TRY(model_record_new(tx, entity, created));
    uint8_t *given = ARENA_ARRAY(tx->arena, uint8_t, entity->field_count);
    if (!given)
        return error_no_memory();
    kt_error *problems = NULL;
    if (external_id.ptr)
        created->values[MODEL_EXTERNAL_ID] = (model_value){.set = true, .as.s = external_id};
    KT_TRY(take_values(tx, NULL, values, created, given, &problems));
    for (size_t i = MODEL_OWN; i < entity->field_count; i++)
        if (!given[i])
            model_fill_default(tx, &entity->internals->defaults[i], &created->values[i]);
    check_state(tx, NULL, created, &problems);
    if (problems) {
        KT_TRY(tell_the_rest(tx, NULL, created, given, &problems));
        return problems;
    }
    return model_store_filled_as(tx, created, id);
}

kt_error *model_create(kt_tx *tx, const model_entity *entity, const variant *values, model_record *created)
{
    return create(tx, entity, 0, (kt_str){0}, values, created);
}

kt_error *model_create_as(
    kt_tx *tx, const model_entity *entity, uint64_t id, const variant *values, model_record *created)
{
    return create(tx, entity, id, (kt_str){0}, values, created);
}

kt_error *model_rehearse(kt_tx *tx, const model_entity *entity, const variant *values, model_record *record)
{
    kt_error *problems = NULL; /* are told when it is written */
    KT_TRY(model_record_new(tx, entity, record));
    uint8_t *given = ARENA_ARRAY(tx->arena, uint8_t, entity->field_count);
    if (!given)
        return error_no_memory();
    KT_TRY(take_values(tx, NULL, values, record, given, &problems));
    for (size_t i = MODEL_OWN; i < entity->field_count; i++)
        if (!given[i])
            model_fill_default(tx, &entity->internals->defaults[i], &record->values[i]);
    validate_normalise(record);
    kt_also(&problems, model_record_compute(tx, record));
    return tx->doomed ? problems : NULL;
}

/* Somebody was quicker: each field that the caller writes and that differs now is named with both values. */
static kt_error *tell_conflict(
    kt_tx *tx, const model_entity *entity, uint64_t id, const variant *values, kt_error *error)
{
    model_record now, mine;
    bool found;
    KT_TRY(model_load(tx, entity, id, &now, &found));
    KT_TRY(model_record_copy(tx, &now, &mine));
    buffer out;
    buffer_open(&out, 4096);
    for (size_t i = 0; values && values->kind == VARIANT_OBJECT && i < values->as.object.count; i++) {
        const model_field *field = model_field_find(entity, values->as.object.members[i].name);
        if (!field || (tx->guard && tx->guard->field && !tx->guard->field(tx, field, entity, false)))
            continue;
        model_value *value = &mine.values[field->position];
        if (query_value_read(tx, entity, field, values->as.object.members[i].value, field->name.ptr, value) ||
            (field->mask.len &&
                mask_take_back(tx, field, &now, field->name.ptr, now.values[field->position], value)) ||
            model_value_equal(field, value, &now.values[field->position]))
            continue;
        model_shown(tx, entity, id, "read");
        buffer_clear(&out);
        json j = json_to(&out);
        model_value_json(tx, &now, field, value, &j);
        kt_str my_text = arena_str(tx->arena, buffer_str(&out));
        buffer_clear(&out);
        j = json_to(&out);
        model_value_json(tx, &now, field, &now.values[field->position], &j);
        kt_also(&error, kt_fail(tx, KT_CONFLICT, field->name.ptr, "yours is %.*s, it is %.*s now",
                            "Twoje to %.*s, teraz jest %.*s", STR_ARG(my_text), STR_ARG(buffer_str(&out))));
    }
    buffer_close(&out);
    return error;
}

kt_error *model_update(kt_tx *tx, const model_entity *entity, uint64_t id, uint32_t if_version,
    const variant *values, model_record *updated)
{
    model_record before;
    KT_TRY(model_may_write(tx, entity));
    kt_error *error = model_load_for(tx, entity, id, if_version, "update", &before);
    if (error)
        return error->first->kind == KT_CONFLICT ? tell_conflict(tx, entity, id, values, error) : error;
    uint8_t *given = ARENA_ARRAY(tx->arena, uint8_t, entity->field_count);
    if (!given)
        return error_no_memory();
    KT_TRY(model_record_copy(tx, &before, updated));
    kt_error *problems = NULL;
    KT_TRY(take_values(tx, &before, values, updated, given, &problems));
    check_state(tx, &before, updated, &problems);
    if (problems) {
        KT_TRY(tell_the_rest(tx, &before, updated, given, &problems));
        return problems;
    }
    return model_store_changed(tx, &before, updated);
}

kt_error *model_upsert(kt_tx *tx, const model_entity *entity, kt_str external_id, const variant *values,
    model_record *record, bool *created)
{
    *created = false;
    if (!external_id.len)
        return kt_fail(tx, KT_VALIDATION, "external_id", "is required", "jest wymagane");
    model_value value = {.set = true, .as.s = external_id};
    const model_value *key_values[MODEL_INDEX_FIELDS] = {&value};
    uint64_t id = 0;
    for (size_t i = 0; i < entity->index_count; i++)
        if (entity->indexes[i].unique && entity->indexes[i].fields[0]->position == MODEL_EXTERNAL_ID)
            KT_TRY(model_find_unique(tx, entity, &entity->indexes[i], key_values, &id));
    if (!id)
        KT_TRY(moved_find_named(tx, entity, MODEL_EXTERNAL_ID, external_id, &id));
    if (id) {
        kt_error *error = model_update(tx, entity, id, 0, values, record);
        bool hidden = error && error->first && error->first->kind == KT_NOT_FOUND && error->first->path &&
                      strcmp(error->first->path, "id") == 0;
        return hidden ? kt_fail(tx, KT_CONFLICT, "external_id", "another record has this value already",
                            "inny rekord ma już tę wartość")
                      : error;
    }
    *created = true;
    return create(tx, entity, 0, external_id, values, record);
}
