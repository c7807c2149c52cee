/* company_zone.c -- by which clock a company's days go. */
#include "model/model.h"

static kt_error *find_first(kt_tx *tx, const model_entity *companies, uint64_t *id)
{
    static const variant by_id = {.kind = VARIANT_STRING, .as.string = {"id", 2}};
    query_rows *rows;
    model_record record = {0};
    *id = 0;
    KT_TRY(query_open(tx, &(query_request){.entity = companies, .sort = &by_id, .limit = 1}, &rows));
    if (query_next(rows, &record))
        *id = (uint64_t)record.values[MODEL_ID].as.i;
    return query_end(rows);
}

static kt_error *find_zone(kt_tx *tx, uint64_t company, zone **of)
{
    const model_entity *companies = model_entity_find(tx->catalogue, KT_STR("base.company"));
    const model_field *named = companies ? model_field_find(companies, KT_STR("zone")) : NULL;
    model_record record = {0};
    if (!named)
        return NULL;
    if (!company)
        KT_TRY(find_first(tx, companies, &company));
    kt_error *error = company ? model_read(tx, companies, company, &record) : NULL;
    if (error || !company)
        return error && error->first->kind != KT_NOT_FOUND ? error : NULL;
    const model_value *name = &record.values[named->position];
    *of = name->set ? zone_open(name->as.s.ptr) : NULL;
    return NULL;
}

kt_error *model_company_zone(kt_tx *tx, uint64_t company, zone **of)
{
    const model_guard *guard = tx->guard;
    *of = NULL;
    tx->guard = NULL;
    kt_error *error = find_zone(tx, company, of);
    tx->guard = guard;
    return error;
}
