/* wire.c -- records as JSON, written straight into the answer: no tree stands between (building one costs 27
 * times as much as writing). */
#include "record/path.h"

static void write_any(kt_tx *tx, const model_value *value, json *out)
{
    const model_entity *entity = model_entity_by_number(tx->catalogue, value->as.any.entity);
    json_object(out);
    json_key(out, "entity");
    if (entity)
        json_str(out, entity->name);
    else
        json_null(out);
    json_key(out, "id");
    json_uint(out, value->as.any.id);
    json_object_end(out);
}

static void write_lines(kt_tx *tx, const model_record *of, const model_value *value, json *out)
{
    json_array(out);
    for (size_t i = 0; value->set && i < value->as.lines.count; i++) {
        const model_record *line = &value->as.lines.items[i];
        json_object(out);
        for (size_t f = 0; f < line->entity->field_count; f++) {
            const model_field *field = &line->entity->fields[f];
            if (!path_field_visible(tx, field, of->entity))
                continue;
            json_key_str(out, field->name);
            model_value_json(tx, of, field, &line->values[f], out);
        }
        json_object_end(out);
    }
    json_array_end(out);
}

static void write_refs(const model_value *value, json *out)
{
    json_array(out);
    for (size_t i = 0; value->set && i < value->as.refs.count; i++)
        json_uint(out, value->as.refs.ids[i]);
    json_array_end(out);
}

static void write_state(const model_field *field, const model_value *value, json *out)
{
    for (const kt_choice *c = field->choices; c && c->name; c++) {
        if ((int64_t)c->value == value->as.i) {
            json_text(out, c->name);
            return;
        }
    }
    json_int(out, value->as.i); /* a choice that a newer declaration dropped */
}

/* Money reads as people write it: two digits after the point, more only where they say something, for a field
 * has room for currencies of three digits and for prices of four. */
static kt_dec plain_money(kt_dec value)
{
    enum { USUAL = 2 };
    while (value.scale1 > USUAL + 1 && value.scale1 <= KT_DEC_SCALE_MAX + 1 && value.coef % 10 == 0) {
        value.coef /= 10;
        value.scale1--;
    }
    return value;
}

void model_value_json(
    kt_tx *tx, const model_record *of, const model_field *field, const model_value *value, json *out)
{
    if (field->type == KT_LINES) {
        write_lines(tx, of, value, out);
        return;
    }
    if (field->type == KT_REFS) {
        write_refs(value, out);
        return;
    }
    if (field->type == KT_BOOL) {
        json_bool(out, value->set && value->as.i);
        return;
    }
    if (!value->set) {
        json_null(out);
        return;
    }
    switch (field->type) {
    case KT_STRING:
    case KT_TEXT:
        json_str(out, model_seen_text(tx, field, of, value->as.s));
        break;
    case KT_JSON:
        json_raw(out, model_seen_text(tx, field, of, value->as.s));
        break;
    case KT_MONEY:
        json_dec(out, plain_money(value->as.d));
        break;
    case KT_PRICE:
    case KT_QUANTITY:
    case KT_PERCENT:
    case KT_RATE:
        json_dec(out, value->as.d);
        break;
    case KT_DATE:
        json_date(out, (kt_date){(int32_t)value->as.i});
        break;
    case KT_TIME:
        json_time(out, (kt_time){value->as.i});
        break;
    case KT_STATE:
        write_state(field, value, out);
        break;
    case KT_REF:
        if (is_any(field))
            write_any(tx, value, out);
        else
            json_int(out, value->as.i);
        break;
    case KT_INT:
    case KT_FILE:
    case KT_BOOL:
    case KT_REFS:
    case KT_LINES:
        json_int(out, value->as.i);
        break;
    }
}

/* ---- Which members ---- */

/* Fields that would only be null in every record of the entity are left out. */
static bool is_shown(kt_tx *tx, const model_entity *entity, const model_field *field)
{
    if (field->position == MODEL_NUMBER && !entity->number_pattern.ptr)
        return false;
    if (field->position == MODEL_COMPANY && entity->shared)
        return false;
    return path_field_visible(tx, field, entity);
}

/* What is named twice is written once. */
static bool is_named(const model_path *paths, size_t count, kt_str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(paths[i].name, name))
            return true;
    return false;
}

/* What is there for the module's own use, such as a key of similar names, is written where it is named. */
static void own_paths(kt_tx *tx, const model_entity *entity, model_path *paths, size_t *count)
{
    const size_t named = *count;
    for (size_t i = 0; i < entity->field_count; i++) {
        const model_field *field = &entity->fields[i];
        if (!is_shown(tx, entity, field) || field->internal || is_named(paths, named, field->name))
            continue;
        paths[(*count)++] = (model_path){
            .name = field->name, .entity = entity, .record = entity, .count = 1, .steps = {field}};
    }
}

static kt_error *read_name(
    kt_tx *tx, const model_entity *entity, const variant *name, model_path *paths, size_t *count)
{
    if (name->kind != VARIANT_STRING)
        return error_make(tx->arena, KT_VALIDATION, NULL, "expected the name of a field, got %s%.0s",
            "oczekiwano nazwy pola, jest: %.0s%s", VARIANT_KIND(name->kind));
    if (str_is(name->as.string, "*")) {
        own_paths(tx, entity, paths, count);
        return NULL;
    }
    model_path *path = &paths[*count];
    KT_TRY(path_read(tx, entity, name->as.string, NULL, path));
    if (path->many && path->count > 1)
        return kt_hint(error_make(tx->arena, KT_VALIDATION, NULL, "\"%.*s\" leads to several values",
                           "\"%.*s\" prowadzi do wielu wartości", STR_ARG(path->name)),
            "Ask for the list itself.", "Wybierz samą listę.");
    *count += !is_named(paths, *count, path->name);
    return NULL;
}

kt_error *paths_read(kt_tx *tx, const model_entity *entity, const variant *names, const char *at,
    model_path **paths, size_t *count)
{
    enum { NAMES_MAX = 500 };
    *count = 0;
    size_t given = names && names->kind == VARIANT_ARRAY ? names->as.array.count : 1;
    if (given > NAMES_MAX)
        return error_make(tx->arena, KT_LIMIT, at, "%zu fields exceed the %d that may be asked for",
            "%zu pól przekracza dozwolone %d", given, NAMES_MAX);
    size_t stars = 0;
    for (size_t i = 0; names && names->kind == VARIANT_ARRAY && i < given; i++) {
        const variant *name = &names->as.array.items[i];
        stars += name->kind == VARIANT_STRING && str_is(name->as.string, "*");
    }
    if (stars > 1)
        return error_make(
            tx->arena, KT_VALIDATION, at, "\"*\" stands more than once", "\"*\" występuje więcej niż raz");
    bool whole = !names || names->kind == VARIANT_NULL || stars;
    *paths = ARENA_ARRAY(tx->arena, model_path, given + (whole ? entity->field_count : 0));
    if (!*paths)
        return error_no_memory();
    if (!names || names->kind == VARIANT_NULL) {
        own_paths(tx, entity, *paths, count);
        return NULL;
    }
    if (names->kind != VARIANT_ARRAY)
        return error_make(tx->arena, KT_VALIDATION, at, "expected an array of names, got %s%.0s",
            "oczekiwano tablicy nazw, jest: %.0s%s", VARIANT_KIND(names->kind));
    kt_error *all = NULL;
    for (size_t i = 0; i < given; i++) {
        kt_error *error = read_name(tx, entity, &names->as.array.items[i], *paths, count);
        if (error)
            kt_also(&all, error_under(error, arena_format(tx->arena, "%s[%zu]", at, i).ptr));
    }
    return all;
}

kt_error *model_paths_resolve(
    kt_tx *tx, const model_entity *entity, const variant *names, model_path **paths, size_t *count)
{
    return paths_read(tx, entity, names, "fields", paths, count);
}

/* ---- Records ---- */

void model_shown(kt_tx *tx, const model_entity *entity, uint64_t id, const char *action)
{
    if (entity->log_reads && tx->guard && tx->guard->seen)
        tx->guard->seen(tx, entity, id, action);
}

static kt_error *write_members(kt_tx *tx, path_follow *follow, const model_record *record,
    const model_path *paths, size_t count, const char *right, json *out)
{
    model_shown(tx, record->entity, (uint64_t)record->values[MODEL_ID].as.i, right);
    for (size_t i = 0; i < count; i++) {
        const model_value *value;
        const model_record *of = record;
        if (paths[i].count == 1)
            value = &record->values[paths[i].steps[0]->position];
        else
            KT_TRY(path_value(tx, follow, &paths[i], record, right, &value, &of));
        json_key_str(out, paths[i].name);
        model_value_json(tx, of, path_last(&paths[i]), value, out);
    }
    return NULL;
}

kt_error *record_write(kt_tx *tx, path_follow *follow, const model_record *record, const model_path *paths,
    size_t count, const char *right, json *out)
{
    json_object(out);
    KT_TRY(write_members(tx, follow, record, paths, count, right, out));
    json_object_end(out);
    return NULL;
}

kt_error *model_record_members(
    kt_tx *tx, const model_record *record, const model_path *paths, size_t count, json *out)
{
    if (paths)
        return write_members(tx, NULL, record, paths, count, "read", out);
    model_path *own;
    KT_TRY(model_paths_resolve(tx, record->entity, NULL, &own, &count));
    return write_members(tx, NULL, record, own, count, "read", out);
}
