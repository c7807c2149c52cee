/* person.c -- what a person may demand: all that is kept about them (person.export, GDPR art. 15 and 20) and
 * its erasure (person.erase, art. 17). Which records hold a person's data follows from the declarations. */
#include "model/person.h"

#include <stdio.h>

#include "model/internal.h"
#include "query/internal.h"

#define RELATED_MOST 10000 /* records in one export */

static kt_error *find_record(method_call *call, const model_entity **entity, uint64_t *id)
{
    kt_str name = variant_get_str(call->params, "entity");
    const variant *number = variant_get(call->params, "id");
    *entity = model_entity_find(call->tx->catalogue, name);
    if (!*entity)
        return kt_fail(call->tx, KT_VALIDATION, "entity", "there is no entity \"%.*s\"",
            "nie ma encji \"%.*s\"", STR_ARG(name));
    if (!number || number->kind != VARIANT_INT || number->as.integer < 1)
        return kt_fail(call->tx, KT_VALIDATION, "id", "must be a record's id", "musi być id rekordu");
    *id = (uint64_t)number->as.integer;
    return NULL;
}

/* ---- Erasing ---- */

static void list_personal(const model_entity *entity, const char *under, json *out)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        const model_field *field = &entity->fields[i];
        char path[128];
        int n = snprintf(path, sizeof path, "%s%s%s", under, *under ? "." : "", field->name.ptr);
        if (n < 0 || (size_t)n >= sizeof path)
            continue;
        if (field->personal)
            json_text(out, path);
        if (field->lines && !*under)
            list_personal(field->lines, field->name.ptr, out);
    }
}

kt_error *person_erase(method_call *call)
{
    const model_entity *entity;
    uint64_t id = 0;
    KT_TRY(find_record(call, &entity, &id));
    KT_TRY(model_erase(call->tx, entity, id));
    json *j = call->answer;
    json_object(j);
    json_member_str(j, "entity", entity->name);
    json_member_int(j, "id", (int64_t)id);
    json_key(j, "erased");
    json_array(j);
    list_personal(entity, "", j);
    json_array_end(j);
    json_object_end(j);
    return NULL;
}

/* ---- Exporting ---- */

typedef struct {
    kt_tx *tx;
    json *out;
    size_t count;
} export;

static kt_error *write_record(kt_tx *tx, const model_record *record, json *out)
{
    json_key(out, "record");
    json_object(out);
    KT_TRY(model_record_members(tx, record, NULL, 0, out));
    json_object_end(out);
    return NULL;
}

static kt_error *write_related(export *x, const model_entity *entity, uint64_t id)
{
    model_record record;
    bool found;
    KT_TRY(model_load(x->tx, entity, id, &record, &found));
    if (!found || !record_visible(x->tx, &record, "export"))
        return NULL;
    if (x->count++ == RELATED_MOST)
        return kt_fail(x->tx, KT_LIMIT, NULL, "more than %d records are related",
            "powiązanych jest ponad %d rekordów", RELATED_MOST);
    json_object(x->out);
    json_member_str(x->out, "entity", entity->name);
    KT_TRY(write_record(x->tx, &record, x->out));
    json_object_end(x->out);
    return NULL;
}

static kt_error *write_referrers(
    export *x, const model_referrer *list, size_t count, const model_entity *target, uint64_t id)
{
    for (size_t i = 0; i < count; i++) {
        const model_guard *guard = x->tx->guard;
        if (guard && guard->entity && guard->entity(x->tx, list[i].entity, "export"))
            continue; /* not the caller's to see */
        uint64_t *ids;
        size_t found;
        KT_TRY(query_pointing(x->tx, &list[i], target, id, RELATED_MOST + 1, &ids, &found));
        for (size_t k = 0; k < found; k++)
            KT_TRY(write_related(x, list[i].entity, ids[k]));
    }
    return NULL;
}

kt_error *person_export(method_call *call)
{
    const model_entity *entity;
    uint64_t id = 0;
    model_record record;
    KT_TRY(find_record(call, &entity, &id));
    KT_TRY(model_load_for(call->tx, entity, id, 0, "export", &record));
    export x = {.tx = call->tx, .out = call->answer};
    size_t any;
    const model_referrer *list = model_any_referrers(call->tx->catalogue, &any);
    json_object(x.out);
    json_member_str(x.out, "entity", entity->name);
    KT_TRY(write_record(call->tx, &record, x.out));
    json_key(x.out, "related");
    json_array(x.out);
    KT_TRY(write_referrers(&x, entity->internals->referrers, entity->internals->referrer_count, entity, id));
    KT_TRY(write_referrers(&x, list, any, entity, id));
    json_array_end(x.out);
    json_object_end(x.out);
    return NULL;
}
