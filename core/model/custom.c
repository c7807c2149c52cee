/* custom.c -- custom fields and entities: RPC methods that define them, and their place in a new catalogue.
 *
 * A definition is kept as it came, under STORE_META "model/custom/field/ENTITY/NAME" and
 * "model/custom/entity/NAME". A change is tried by building the next catalogue in the same transaction, which
 * gives the numbers and fills the indexes; after the commit the plugin room builds the generation for good.
 */
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

static kt_error *field_define(method_call *call)
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

static kt_error *field_remove(method_call *call)
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

static kt_error *field_list(method_call *call)
{
    return list(call, FIELDS_PREFIX, variant_get_str(call->params, "entity"));
}

static kt_error *entity_define(method_call *call)
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

static kt_error *entity_remove(method_call *call)
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

static kt_error *entity_list(method_call *call)
{
    return list(call, ENTITIES_PREFIX, (kt_str){0});
}

#define DEFINE_RIGHT "model:define"

static const method_param field_define_params[] = {
    {"entity", VARIANT_STRING, true, {"The entity that gets the field", "Encja, która dostaje pole"}},
    {"name", VARIANT_STRING, true, {"Small letters, digits and _", "Małe litery, cyfry i _"}},
    {"type", VARIANT_STRING, true,
        {"string, text, bool, int, money ..", "string, text, bool, int, money .."}},
    {"label", VARIANT_NULL, false, {"Text or {en, pl}", "Tekst lub {en, pl}"}},
    {"help", VARIANT_NULL, false, {"Text or {en, pl}", "Tekst lub {en, pl}"}},
    {"target", VARIANT_STRING, false, {"Of references: the entity", "Dla odwołań: encja"}},
    {"initial", VARIANT_STRING, false, {"The default", "Wartość domyślna"}},
    {"group", VARIANT_STRING, false, {"The field group of rights", "Grupa pól uprawnień"}},
    {"required", VARIANT_BOOL, false, {"Must be given", "Musi być podane"}},
    {"unique", VARIANT_BOOL, false, {"No two records alike", "Bez powtórzeń"}},
    {"indexed", VARIANT_BOOL, false, {"Filters and sorts quickly", "Szybko filtruje i sortuje"}},
    {"searchable", VARIANT_BOOL, false, {"Found by search", "Znajduje je wyszukiwanie"}},
    {"personal", VARIANT_BOOL, false, {"Personal data: can be erased", "Dane osobowe: można je usunąć"}},
    {"fixed", VARIANT_BOOL, false, {"Given at creation only", "Podawane tylko przy tworzeniu"}},
    {"scale", VARIANT_INT, false, {"Digits after the point", "Cyfry po przecinku"}},
    {"max", VARIANT_INT, false, {"Characters, or lines", "Znaki lub pozycje"}},
    {"on_delete", VARIANT_STRING, false, {"restrict, cascade or clear", "restrict, cascade lub clear"}},
    {"choices", VARIANT_ARRAY, false,
        {"Of states: names, or {name, label}", "Dla stanów: nazwy lub {name, label}"}},
    {"lines", VARIANT_ARRAY, false, {"Of lines: their fields", "Dla pozycji: ich pola"}},
    {"priority", VARIANT_INT, false, {"Order on narrow screens", "Kolejność na wąskich ekranach"}},
    {"show_if", VARIANT_STRING, false, {"A filter", "Filtr"}},
    {0},
};
static const method_param field_remove_params[] = {
    {"entity", VARIANT_STRING, true, {"The entity", "Encja"}},
    {"name", VARIANT_STRING, true, {"The custom field", "Własne pole"}},
    {0},
};
static const method_param field_list_params[] = {
    {"entity", VARIANT_STRING, false, {"Of this entity only", "Tylko tej encji"}},
    {0},
};
static const method_param entity_define_params[] = {
    {"name", VARIANT_STRING, true,
        {"\"custom.\" and small letters, digits and _", "\"custom.\" i małe litery, cyfry, _"}},
    {"label", VARIANT_NULL, false, {"Text or {en, pl}", "Tekst lub {en, pl}"}},
    {"plural", VARIANT_NULL, false, {"Text or {en, pl}", "Tekst lub {en, pl}"}},
    {"title", VARIANT_STRING, false, {"The field that names a record", "Pole, które nazywa rekord"}},
    {"number", VARIANT_STRING, false,
        {"Pattern of numbers: \"M/{year}/{seq:5}\"", "Wzór numerów: \"M/{year}/{seq:5}\""}},
    {"indexes", VARIANT_STRING, false, {"\"party day, unique code\"", "\"party day, unique code\""}},
    {"icon", VARIANT_STRING, false, {"Name for clients", "Nazwa dla klientów"}},
    {"shared", VARIANT_BOOL, false, {"Seen from all companies", "Widoczne ze wszystkich firm"}},
    {"log_reads", VARIANT_BOOL, false, {"Each reading is logged", "Każdy odczyt jest zapisywany"}},
    {"fields", VARIANT_ARRAY, true, {"As in field.define", "Jak w field.define"}},
    {0},
};
static const method_param entity_remove_params[] = {
    {"name", VARIANT_STRING, true, {"The custom entity", "Własna encja"}},
    {0},
};

const method model_methods[] = {
    {"field.define", DEFINE_RIGHT, METHOD_WRITE,
        {"Adds a field to an entity, or changes one that was added so",
            "Dodaje pole do encji lub zmienia dodane"},
        field_define_params, field_define},
    {"field.remove", DEFINE_RIGHT, METHOD_WRITE,
        {"Takes a custom field away; its values stay stored", "Zabiera własne pole; wartości zostają"},
        field_remove_params, field_remove},
    {"field.list", "login", METHOD_READ, {"The custom fields", "Własne pola"}, field_list_params, field_list},
    {"entity.define", DEFINE_RIGHT, METHOD_WRITE,
        {"Makes an entity, or changes one that was made so", "Tworzy encję lub zmienia tak utworzoną"},
        entity_define_params, entity_define},
    {"entity.remove", DEFINE_RIGHT, METHOD_WRITE,
        {"Takes a custom entity without records away", "Usuwa własną encję bez rekordów"},
        entity_remove_params, entity_remove},
    {"entity.list", "login", METHOD_READ, {"The custom entities", "Własne encje"}, NULL, entity_list},
    {0},
};
