/* custom.c -- custom fields and entities: RPC methods that define them, and their place in a new catalogue.
 *
 * A definition is kept as it came, under STORE_META "model/custom/field/ENTITY/NAME" and
 * "model/custom/entity/NAME". A change is tried by building the next catalogue in the same transaction, which
 * gives the numbers and fills the indexes; after the commit the plugin room builds the generation for good.
 */
#include "model/custom.h"

#include "model/compile.h"
#include "model/definition.h"

#define FIELDS_PREFIX   "model/custom/field/"
#define ENTITIES_PREFIX "model/custom/entity/"
#define CUSTOM_MODULE   "custom"

typedef struct row {
    kt_str key;
    const variant *definition;
    struct row *next;
} row;

/* All definitions of a kind, in order of their keys. */
static kt_error *load(arena *arena, store_view *view, const char *prefix, row **rows)
{
    kt_str from = str_of(prefix);
    char *end = arena_str(arena, from).ptr ? arena_alloc(arena, from.len + 1) : NULL;
    if (!end)
        return error_no_memory();
    memcpy(end, from.ptr, from.len);
    end[from.len - 1]++;
    store_cursor *cursor;
    KT_TRY(store_scan(view, STORE_META, from, (kt_str){end, from.len}, false, &cursor));
    kt_str key, value;
    kt_error *error = NULL;
    while (!error && store_next(cursor, &key, &value)) {
        row *r = ARENA_NEW(arena, row);
        kt_str name = arena_str(arena, key);
        if (!r || !name.ptr) {
            error = error_no_memory();
            break;
        }
        r->key = (kt_str){name.ptr + from.len, name.len - from.len};
        error = definition_read(arena, value, &r->definition);
        *rows = r;
        rows = &r->next;
    }
    *rows = NULL;
    kt_error *scan = store_scan_end(cursor);
    return error ? error : scan;
}

kt_error *custom_load(builder *b)
{
    row *rows;
    KT_TRY(load(b->own, b->view, ENTITIES_PREFIX, &rows));
    for (row *r = rows; r; r = r->next) {
        kt_entity *entity = build_alloc(b, sizeof *entity);
        if (!entity)
            return error_no_memory();
        kt_error *problems = definition_entity(b->own, r->definition, r->key.ptr, entity);
        if (problems)
            kt_also(&b->problems, problems);
        else
            build_entity(b, entity, CUSTOM_MODULE, true, true);
    }
    KT_TRY(load(b->own, b->view, FIELDS_PREFIX, &rows));
    for (row *r = rows; r; r = r->next) {
        kt_str entity = variant_get_str(r->definition, "entity");
        draft *d = entity.ptr ? build_draft_find(b, entity.ptr) : NULL;
        if (!d)
            continue; /* its module is not enabled: the definition waits */
        kt_field *field = build_alloc(b, sizeof *field);
        field_source *grown = build_grow(b, d->sources, &d->source_count, &d->source_room, sizeof *grown);
        if (!field || !grown)
            return error_no_memory();
        d->sources = grown;
        kt_also(&b->problems, definition_field(b->own, r->definition, r->key.ptr, field));
        grown[d->source_count - 1] = (field_source){field, KT_STR(CUSTOM_MODULE)};
    }
    return NULL;
}

/* ---- Methods ---- */

/* Builds the next catalogue in this transaction, to see whether it can be. */
static kt_error *try_build(kt_tx *tx)
{
    model_sources sources = *model_catalogue_sources(tx->catalogue);
    sources.master_key = tx->master_key;
    model_catalogue *next;
    KT_TRY(model_catalogue_build(tx->arena, tx->view, &sources, &next));
    model_catalogue_release(next);
    return NULL;
}

static kt_error *put_definition(kt_tx *tx, kt_str key, const variant *definition)
{
    kt_str bytes;
    if (!key.ptr)
        return error_no_memory();
    KT_TRY(definition_write(tx->arena, definition, &bytes));
    KT_TRY(store_put(tx->view, STORE_META, key, bytes));
    return try_build(tx);
}

static kt_error *entity_param(method_call *call, const char *name, const model_entity **entity)
{
    kt_str wanted = variant_get_str(call->params, name);
    *entity = wanted.ptr ? model_entity_find(call->tx->catalogue, wanted) : NULL;
    if (!*entity)
        return kt_fail(call->tx, KT_VALIDATION, name, "there is no entity \"%.*s\"", "nie ma encji \"%.*s\"",
            STR_ARG(wanted));
    return NULL;
}

static void answer_name(json *j, kt_str entity, kt_str field)
{
    json_object(j);
    json_member_str(j, "entity", entity);
    if (field.ptr)
        json_member_str(j, "name", field);
    json_object_end(j);
}

kt_error *custom_field_define(method_call *call)
{
    const model_entity *entity;
    KT_TRY(entity_param(call, "entity", &entity));
    kt_field row;
    KT_TRY(definition_field(call->arena, call->params, NULL, &row));
    const model_field *known = model_field_find(entity, str_of(row.name));
    if (known && !str_is(known->module, CUSTOM_MODULE))
        return kt_fail(call->tx, KT_CONFLICT, "name", "the entity has a field \"%s\" already",
            "encja ma już pole \"%s\"", row.name);
    KT_TRY(put_definition(
        call->tx, kt_format(call->tx, FIELDS_PREFIX "%s/%s", entity->name.ptr, row.name), call->params));
    answer_name(call->answer, entity->name, str_of(row.name));
    return NULL;
}

kt_error *custom_field_remove(method_call *call)
{
    kt_tx *tx = call->tx;
    const model_entity *entity;
    KT_TRY(entity_param(call, "entity", &entity));
    kt_str name = variant_get_str(call->params, "name");
    kt_str key = kt_format(tx, FIELDS_PREFIX "%s/%.*s", entity->name.ptr, STR_ARG(name)), found;
    if (!key.ptr)
        return error_no_memory();
    KT_TRY(store_get(tx->view, STORE_META, key, &found));
    if (!found.ptr)
        return kt_fail(tx, KT_NOT_FOUND, "name", "%s has no custom field \"%.*s\"",
            "%s nie ma własnego pola \"%.*s\"", entity->name.ptr, STR_ARG(name));
    KT_TRY(store_delete(tx->view, STORE_META, key));
    KT_TRY(try_build(tx));
    answer_name(call->answer, entity->name, name);
    return NULL;
}

static kt_error *list(method_call *call, const char *prefix, kt_str entity)
{
    row *rows;
    KT_TRY(load(call->arena, call->tx->view, prefix, &rows));
    json_array(call->answer);
    for (; rows; rows = rows->next)
        if (!entity.ptr || str_eq(variant_get_str(rows->definition, "entity"), entity))
            json_variant(call->answer, rows->definition);
    json_array_end(call->answer);
    return NULL;
}

kt_error *custom_field_list(method_call *call)
{
    return list(call, FIELDS_PREFIX, variant_get_str(call->params, "entity"));
}

kt_error *custom_entity_define(method_call *call)
{
    kt_tx *tx = call->tx;
    kt_entity entity;
    KT_TRY(definition_entity(call->arena, call->params, NULL, &entity));
    kt_str name = str_of(entity.shape->name);
    const model_entity *known = model_entity_find(tx->catalogue, name);
    if (known && !known->custom)
        return kt_fail(
            tx, KT_CONFLICT, "name", "a module declares \"%s\"", "moduł deklaruje \"%s\"", name.ptr);
    KT_TRY(put_definition(tx, kt_format(tx, ENTITIES_PREFIX "%s", name.ptr), call->params));
    answer_name(call->answer, name, (kt_str){0});
    return NULL;
}

static kt_error *count_records(kt_tx *tx, const model_entity *entity, uint64_t *count)
{
    key from, to;
    key_record(&from, entity, 0);
    key_open(&to, KEY_RECORD);
    key_u16(&to, entity->number);
    key_after(&to);
    return store_count(tx->view, STORE_DATA, key_str(&from), key_str(&to), 1, count);
}

kt_error *custom_entity_remove(method_call *call)
{
    kt_tx *tx = call->tx;
    const model_entity *entity;
    KT_TRY(entity_param(call, "name", &entity));
    if (!entity->custom)
        return kt_fail(tx, KT_VALIDATION, "name", "%s is declared by a module",
            "%s jest zadeklarowane przez moduł", entity->name.ptr);
    uint64_t count;
    KT_TRY(count_records(tx, entity, &count));
    if (count)
        return kt_hint(kt_fail(tx, KT_CONFLICT, "name", "%s still has records", "%s ma jeszcze rekordy",
                           entity->name.ptr),
            "Delete or export them first.", "Najpierw je usuń lub wyeksportuj.");
    kt_str key = kt_format(tx, ENTITIES_PREFIX "%s", entity->name.ptr);
    if (!key.ptr)
        return error_no_memory();
    KT_TRY(store_delete(tx->view, STORE_META, key));
    KT_TRY(try_build(tx));
    answer_name(call->answer, entity->name, (kt_str){0});
    return NULL;
}

kt_error *custom_entity_list(method_call *call)
{
    return list(call, ENTITIES_PREFIX, (kt_str){0});
}
