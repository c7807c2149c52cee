/* person_export.c -- all that is kept about a person (GDPR art. 15 and 20): the record, and those that point to it. */
#include "exchange/person.h"
#include "query/internal.h"

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
    KT_TRY(person_find(call, &entity, &id));
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
