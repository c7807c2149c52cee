/* custom.c -- custom fields and entities: RPC methods that define them, and their place in a new catalogue.
 *
 * A definition is kept as it came, under STORE_META "model/custom/field/ENTITY/NAME" and
 * "model/custom/entity/NAME"; a removed field's under "model/removed/field/..", so that the past can be read;
 * and each that ever was under "model/defined/" and the hash of its text, so that a change can be undone.
 * What is defined is also a record of model.definition, whose check brings the definitions in step if the
 * record is changed by itself, as an undo does. A change is tried by building the next catalogue in the same
 * transaction, which gives the numbers and fills the indexes; after the commit the plugin room builds the
 * generation for good.
 */
#include "model/custom.h"

#include <sodium.h>

#include "model/compile.h"
#include "model/condition.h"
#include "model/earlier.h"
#include "record/path.h"

#define REMOVED_PREFIX  "model/removed/field/"
#define TEXTS_PREFIX    "model/defined/"
#define FIELDS_PREFIX   "model/custom/field/"
#define ENTITIES_PREFIX "model/custom/entity/"

typedef enum { DEFINES_FIELD = 1, DEFINES_ENTITY, DEFINES_MODULE } defines;

/* All definitions of a kind, in order of their keys. */
static kt_error *load(arena *arena, store_view *view, const char *prefix, definition_row **rows)
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
        definition_row *r = ARENA_NEW(arena, definition_row);
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

static kt_str text_key(arena *arena, kt_str text)
{
    uint8_t hash[16];
    char hex[2 * sizeof hash + 1];
    crypto_generichash(hash, sizeof hash, (const uint8_t *)text.ptr, text.len, NULL, 0);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    return arena_format(arena, TEXTS_PREFIX "%s", hex);
}

/* Puts what was in force at another time in the place of today's rows, or behind them. */
static kt_error *put_then(builder *b, definition_row **rows, bool fields)
{
    const model_then *then = b->catalogue->sources.then;
    for (; then && then->key.ptr; then++) {
        definition_row **at = rows;
        kt_str key = text_key(b->own, then->text), bytes;
        if (then->field != fields)
            continue;
        KT_TRY(key.ptr ? store_get(b->view, STORE_META, key, &bytes) : error_no_memory());
        if (!bytes.ptr)
            continue; /* of a release that did not keep it */
        while (*at && !str_eq((*at)->key, then->key))
            at = &(*at)->next;
        if (!*at) {
            *at = build_alloc(b, sizeof **at);
            if (!*at)
                return error_no_memory();
            (*at)->key = then->key;
        }
        KT_TRY(definition_read(b->own, bytes, &(*at)->definition));
    }
    return NULL;
}

static kt_error *add_fields(builder *b, const definition_row *rows)
{
    for (const definition_row *r = rows; r; r = r->next) {
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

static kt_error *add_entities(builder *b, const definition_row *rows)
{
    for (const definition_row *r = rows; r; r = r->next) {
        kt_entity *entity = build_alloc(b, sizeof *entity);
        if (!entity)
            return error_no_memory();
        kt_error *problems = definition_entity(b->own, r->definition, r->key.ptr, entity);
        if (problems)
            kt_also(&b->problems, problems);
        else
            build_entity(b, entity, CUSTOM_MODULE, true, true);
    }
    return NULL;
}

kt_error *custom_load(builder *b)
{
    definition_row *rows;
    const model_sources *sources = &b->catalogue->sources;
    KT_TRY(load(b->own, b->view, ENTITIES_PREFIX, &rows));
    KT_TRY(put_then(b, &rows, false));
    KT_TRY(add_entities(b, rows));
    KT_TRY(load(b->own, b->view, FIELDS_PREFIX, &rows));
    KT_TRY(put_then(b, &rows, true));
    KT_TRY(add_fields(b, rows));
    if (!sources->past || sources->then)
        return NULL;
    KT_TRY(load(b->own, b->view, REMOVED_PREFIX, &rows));
    return add_fields(b, rows);
}

/* ---- Trying ---- */

/* Builds the next catalogue in this transaction, to see whether it can be, and takes back what that wrote:
 * the transaction that swaps the catalogue in writes it, so that nobody keeps to the old one after it. */
static kt_error *try_build(kt_tx *tx)
{
    model_sources sources = *model_catalogue_sources(tx->catalogue);
    sources.master_key = tx->master_key;
    sources.starting = false;
    model_catalogue *next;
    store_mark mark = store_mark_set(tx->view);
    KT_TRY(model_catalogue_build(tx->arena, tx->view, &sources, &next));
    kt_error *error = model_catalogue_check(tx, next, tx->catalogue);
    model_catalogue_release(next);
    KT_TRY(error);
    return store_mark_back(tx->view, mark);
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

static kt_error *entity_is_empty(kt_tx *tx, kt_str name)
{
    uint64_t count = 0;
    const model_entity *entity = model_entity_find(tx->catalogue, name);
    if (entity)
        KT_TRY(count_records(tx, entity, &count));
    return !count ? NULL
                  : kt_hint(kt_fail(tx, KT_CONFLICT, "name", "%s still has records", "%s ma jeszcze rekordy",
                                name.ptr),
                        "Delete or export them first.", "Najpierw je usuń lub wyeksportuj.");
}

/* ---- What is stored ---- */

/* Where a definition is kept; removed: where a field's stays when it is taken away. */
static kt_str stored_key(kt_tx *tx, defines kind, const char *entity, const char *name, bool removed)
{
    if (kind == DEFINES_ENTITY)
        return kt_format(tx, ENTITIES_PREFIX "%s", entity);
    return kt_format(tx, "%s%s/%s", removed ? REMOVED_PREFIX : FIELDS_PREFIX, entity, name);
}

/* Stores a definition, or takes it away: bytes not set. Then tries the catalogue that follows. */
static kt_error *store_definition(kt_tx *tx, defines kind, const char *entity, const char *name, kt_str bytes)
{
    kt_str key = stored_key(tx, kind, entity, name, false), aside = stored_key(tx, kind, entity, name, true),
           was;
    if (!key.ptr || !aside.ptr)
        return error_no_memory();
    KT_TRY(store_get(tx->view, STORE_META, key, &was));
    if (kind == DEFINES_FIELD && bytes.ptr)
        KT_TRY(store_delete(tx->view, STORE_META, aside));
    else if (kind == DEFINES_FIELD && was.ptr)
        KT_TRY(store_put(tx->view, STORE_META, aside, was));
    KT_TRY(bytes.ptr ? store_put(tx->view, STORE_META, key, bytes) : store_delete(tx->view, STORE_META, key));
    return try_build(tx);
}

/* ---- The records ---- */

static const kt_choice kinds[] = {{DEFINES_FIELD, "field", {"Field", "Pole"}, NULL},
    {DEFINES_ENTITY, "entity", {"Entity", "Encja"}, NULL},
    {DEFINES_MODULE, "module", {"Module", "Moduł"}, NULL}, {0}};

struct definition {
    kt_record rec;
    unsigned kind;
    kt_str entity, name, text, release;
    bool active;
};
static const kt_shape definition_shape = KT_SHAPE(definition, "model.definition",
    KT_FIELD(definition, kind, STATE, "Kind", "Rodzaj", .choices = kinds, .required = true, .fixed = true,
        .indexed = true, .priority = 1),
    KT_FIELD(definition, entity, STRING, "Entity", "Encja", .max = 100, .fixed = true, .indexed = true,
        .priority = 2),
    KT_FIELD(definition, name, STRING, "Name", "Nazwa", .required = true, .max = 100, .fixed = true,
        .searchable = true, .priority = 3),
    KT_FIELD(definition, active, BOOL, "In force", "Obowiązuje", .priority = 4),
    KT_FIELD(definition, release, STRING, "Version", "Wersja", .max = 40, .priority = 5),
    KT_FIELD(definition, text, TEXT, "Definition", "Definicja",
        .help = {"As field.define or entity.define took it.",
            "Tak, jak przyjęło ją field.define lub entity.define."}));

/* One record of "model.definition" says what is defined now; so every change of it is in the journal. Where the catalogue
 * has no such entity there is nothing to note.
 *   entity, name  of a field both; else twice the same
 *   text          of a field or entity: its definition as JSON; of a module: its version; not set: the last one stays */
static kt_error *note(kt_tx *tx, defines kind, const char *entity, const char *name, kt_str text, bool active)
{
    struct definition d = {KT_OF(definition)};
    const model_entity *records = model_entity_find(tx->catalogue, KT_STR("model.definition"));
    if (!records)
        return NULL;
    const model_guard *guard = tx->guard;
    uint64_t id = 0;
    tx->guard = NULL; /* whoever may define may do what goes with it */
    d.rec.external_id = kt_format(tx, "%s:%s%s%s", kinds[kind - 1].name, entity,
        kind == DEFINES_FIELD ? "." : "", kind == DEFINES_FIELD ? name : "");
    kt_error *error = d.rec.external_id.ptr ? model_find_external(tx, records, d.rec.external_id, &id)
                                            : error_no_memory();
    if (!error && id)
        error = kt_read(tx, (kt_id){id}, &d.rec);
    d.kind = kind;
    d.entity = str_of(entity);
    d.name = str_of(name);
    d.active = active;
    if (text.ptr && kind == DEFINES_MODULE)
        d.release = text;
    else if (text.ptr)
        d.text = text;
    if (!error)
        error = id ? kt_update(tx, &d.rec) : kt_create(tx, &d.rec);
    tx->guard = guard;
    return error;
}

/* ---- Defining ---- */

/* The definition as JSON text, and its bytes kept under that. */
static kt_error *keep_text(kt_tx *tx, const variant *definition, kt_str *text, kt_str *bytes)
{
    buffer out;
    KT_TRY(definition_write(tx->arena, definition, bytes));
    buffer_open(&out, MODEL_JSON_MAX);
    json j = json_to(&out);
    json_variant(&j, definition);
    *text = out.full ? (kt_str){0} : arena_str(tx->arena, buffer_str(&out));
    bool full = out.full && !out.starved;
    buffer_close(&out);
    if (full)
        return kt_fail(tx, KT_LIMIT, NULL, "the definition is longer than %d bytes",
            "definicja jest dłuższa niż %d bajtów", MODEL_JSON_MAX);
    kt_str key = text->ptr ? text_key(tx->arena, *text) : (kt_str){0};
    return key.ptr ? store_put(tx->view, STORE_META, key, *bytes) : error_no_memory();
}

static kt_error *define(
    kt_tx *tx, defines kind, const char *entity, const char *name, const variant *definition)
{
    kt_str text, bytes;
    definition_row *ever;
    KT_TRY(load(tx->arena, tx->view, TEXTS_PREFIX, &ever));
    KT_TRY(earlier_bind(tx, str_of(entity), ever, definition, &definition));
    KT_TRY(keep_text(tx, definition, &text, &bytes));
    KT_TRY(store_definition(tx, kind, entity, name, bytes));
    return note(tx, kind, entity, name, text, true);
}

static kt_error *take_away(kt_tx *tx, defines kind, const char *entity, const char *name)
{
    KT_TRY(store_definition(tx, kind, entity, name, (kt_str){0}));
    return note(tx, kind, entity, name, (kt_str){0}, false);
}

/* ---- Changes of the records ---- */

kt_error *model_note_module(kt_tx *tx, const char *name, kt_str version, bool active)
{
    return note(tx, DEFINES_MODULE, name, name, version, active);
}

/* An undo, or a write to the record itself: what is stored follows. */
static kt_error *follow(kt_tx *tx, const struct definition *d, bool active)
{
    kt_str key = stored_key(tx, (defines)d->kind, d->entity.ptr, d->name.ptr, false), now, wanted = {0};
    if (!key.ptr)
        return error_no_memory();
    KT_TRY(store_get(tx->view, STORE_META, key, &now));
    if (active) {
        kt_str text = text_key(tx->arena, d->text);
        KT_TRY(text.ptr ? store_get(tx->view, STORE_META, text, &wanted) : error_no_memory());
        if (!wanted.ptr)
            return kt_fail(tx, KT_VALIDATION, "text",
                "is no definition that was ever made: use field.define or entity.define",
                "nie jest definicją, którą kiedykolwiek utworzono: użyj field.define lub entity.define");
    }
    if (!active && d->kind == DEFINES_ENTITY) /* since it was taken away the transaction may have made some */
        KT_TRY(entity_is_empty(tx, d->entity));
    if (now.ptr ? wanted.ptr && str_eq(now, wanted) : !wanted.ptr)
        return NULL;
    return store_definition(tx, (defines)d->kind, d->entity.ptr, d->name.ptr, wanted);
}

static kt_error *definition_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct definition *d = KT_SEE(definition, after ? after : before);
    if (d->kind != DEFINES_MODULE)
        return follow(tx, d, after && d->active);
    return tx->origin == MODEL_SYSTEM
               ? NULL
               : kt_fail(tx, KT_CONFLICT, NULL, "modules are changed by module.enable, disable and upgrade",
                     "moduły zmienia się przez module.enable, disable i upgrade");
}

const kt_module model_module = KT_MODULE("model", "1.0.0", "Definitions", "Definicje",
    .entities = KT_LIST(
        kt_entity, {&definition_shape, {"Definition", "Definicja"}, {"Definitions", "Definicje"},
                       .title = "name", .check = definition_check, .icon = "puzzle", .shared = true}));

static bool is_definition(const model_change *change)
{
    return change->entity->declared && change->entity->declared->shape == &definition_shape;
}

bool model_redefines(const model_change *changes)
{
    for (; changes; changes = changes->next)
        if (is_definition(changes))
            return true;
    return false;
}

/* ---- What is not in use yet ---- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool mentions(const char *text, kt_str name)
{
    for (const char *at = text; at && (at = strstr(at, name.ptr)); at++)
        if ((at == text || !is_word(at[-1])) && !is_word(at[name.len]))
            return true;
    return false;
}

/* A definition that a change makes, or not. */
static kt_error *read_defined(kt_tx *tx, const model_change *change, struct definition *d)
{
    kt_record *rec = NULL;
    model_record record = {0};
    KT_TRY(model_record_decode(tx, change->entity, change->id, change->after, &record));
    KT_TRY(shape_fill(tx, &definition_shape, &record, &rec));
    *d = *KT_SEE(definition, rec);
    return NULL;
}

kt_error *model_hint_defined(kt_tx *tx, kt_str method, kt_error *error)
{
    static const kt_text not_yet = {
        "An earlier call of this batch defines it: it comes into use when the batch is saved. Define it in a "
        "call of its own first.",
        "Definiuje to wcześniejsze wywołanie tej paczki: wchodzi w użycie, gdy paczka zostanie zapisana. "
        "Najpierw zdefiniuj to osobnym wywołaniem."};
    for (const model_change *c = tx->changes; c && error->arena; c = c->next) {
        struct definition d;
        if (!is_definition(c) || !c->after.ptr)
            continue;
        KT_TRY(read_defined(tx, c, &d));
        bool called = d.kind == DEFINES_ENTITY && mentions(method.ptr, d.name);
        for (problem *p = d.active ? error->first : NULL; p; p = p->next)
            if (called || mentions(p->path, d.name) || mentions(p->text.en, d.name))
                p->hint = not_yet;
    }
    return error;
}

/* ---- Methods ---- */

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

/* Was the field defined by itself? Else it is a module's, or part of its entity's definition. */
static kt_error *is_by_itself(kt_tx *tx, const model_entity *entity, const char *name, bool *yes)
{
    kt_str key = stored_key(tx, DEFINES_FIELD, entity->name.ptr, name, false), bytes = {0};
    KT_TRY(key.ptr ? store_get(tx->view, STORE_META, key, &bytes) : error_no_memory());
    *yes = bytes.ptr != NULL;
    return NULL;
}

kt_error *custom_field_define(method_call *call)
{
    kt_tx *tx = call->tx;
    const model_entity *entity;
    kt_field row;
    bool own;
    KT_TRY(entity_param(call, "entity", &entity));
    KT_TRY(definition_field(call->arena, call->params, NULL, &row));
    KT_TRY(is_by_itself(tx, entity, row.name, &own));
    const model_field *known = model_field_find(entity, str_of(row.name));
    if (known && !own) {
        kt_error *error = kt_fail(tx, KT_CONFLICT, "name", "the entity has a field \"%s\" already",
            "encja ma już pole \"%s\"", row.name);
        return str_is(known->module, CUSTOM_MODULE)
                   ? kt_hint(error, "Change it by entity.define.", "Zmień je przez entity.define.")
                   : error;
    }
    KT_TRY(define(tx, DEFINES_FIELD, entity->name.ptr, row.name, call->params));
    answer_name(call->answer, entity->name, str_of(row.name));
    return NULL;
}

/* One that was defined with its entity goes as it came. */
static kt_error *no_such_field(kt_tx *tx, const model_entity *entity, kt_str name)
{
    kt_error *error = kt_fail(tx, KT_NOT_FOUND, "name", "%s has no custom field \"%.*s\"",
        "%s nie ma własnego pola \"%.*s\"", entity->name.ptr, STR_ARG(name));
    return entity->custom && model_field_find(entity, name)
               ? kt_hint(error, "It came with the entity: repeat entity.define without it.",
                     "Pochodzi z definicji encji: powtórz entity.define bez niego.")
               : error;
}

kt_error *custom_field_remove(method_call *call)
{
    kt_tx *tx = call->tx;
    const model_entity *entity;
    KT_TRY(entity_param(call, "entity", &entity));
    bool own;
    kt_str name = variant_get_str(call->params, "name");
    KT_TRY(is_by_itself(tx, entity, name.ptr ? name.ptr : "", &own));
    if (!own)
        return no_such_field(tx, entity, name);
    KT_TRY(take_away(tx, DEFINES_FIELD, entity->name.ptr, name.ptr));
    answer_name(call->answer, entity->name, name);
    return NULL;
}

static bool is_seen(kt_tx *tx, const model_entity *entity, const model_field *field)
{
    const model_guard *guard = tx->guard;
    return path_field_visible(tx, field, entity) &&
           (!guard || !guard->entity || !guard->entity(tx, entity, "read"));
}

/* The definition of a field but for conditions on what the caller may not see. */
static void write_seen(
    kt_tx *tx, const model_entity *entity, const model_field *field, const variant *definition, json *out)
{
    const struct {
        const char *name;
        kt_str condition;
    } conditions[] = {{"show_if", field->show_if}, {"required_if", field->required_if},
        {"readonly_if", field->readonly_if}};
    json_object(out);
    for (size_t i = 0; i < definition->as.object.count; i++) {
        const variant_member *m = &definition->as.object.members[i];
        bool seen = true;
        for (size_t k = 0; k < sizeof conditions / sizeof *conditions; k++)
            if (str_is(m->name, conditions[k].name))
                seen = condition_visible(tx, entity, conditions[k].condition);
        if (!seen)
            continue;
        json_key_str(out, m->name);
        json_variant(out, m->value);
    }
    json_object_end(out);
}

kt_error *custom_field_list(method_call *call)
{
    kt_tx *tx = call->tx;
    kt_str only = variant_get_str(call->params, "entity");
    const model_entity *entity;
    definition_row *rows;
    if (only.ptr)
        KT_TRY(entity_param(call, "entity", &entity));
    KT_TRY(load(call->arena, tx->view, FIELDS_PREFIX, &rows));
    json_array(call->answer);
    for (; rows; rows = rows->next) {
        kt_str of = variant_get_str(rows->definition, "entity");
        entity = model_entity_find(tx->catalogue, of);
        const model_field *field = entity
                                       ? model_field_find(entity, variant_get_str(rows->definition, "name"))
                                       : NULL;
        if (field && (!only.ptr || str_eq(of, only)) && is_seen(tx, entity, field))
            write_seen(tx, entity, field, rows->definition, call->answer);
    }
    json_array_end(call->answer);
    return NULL;
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
    KT_TRY(define(tx, DEFINES_ENTITY, name.ptr, name.ptr, call->params));
    answer_name(call->answer, name, (kt_str){0});
    return NULL;
}

kt_error *custom_entity_remove(method_call *call)
{
    kt_tx *tx = call->tx;
    const model_entity *entity;
    KT_TRY(entity_param(call, "name", &entity));
    if (!entity->custom)
        return kt_fail(tx, KT_VALIDATION, "name", "%s is declared by a module",
            "%s jest zadeklarowane przez moduł", entity->name.ptr);
    KT_TRY(entity_is_empty(tx, entity->name));
    KT_TRY(take_away(tx, DEFINES_ENTITY, entity->name.ptr, entity->name.ptr));
    answer_name(call->answer, entity->name, (kt_str){0});
    return NULL;
}

kt_error *custom_entity_list(method_call *call)
{
    definition_row *rows;
    KT_TRY(load(call->arena, call->tx->view, ENTITIES_PREFIX, &rows));
    json_array(call->answer);
    for (; rows; rows = rows->next)
        json_variant(call->answer, rows->definition);
    json_array_end(call->answer);
    return NULL;
}
