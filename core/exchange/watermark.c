/* watermark.c -- see watermark.h. A file that leaked is compared with every export of its entity: each place where
 * two rows stand the wrong way round agrees with a wrong export by chance only every second time. */
#include "exchange/watermark.h"

#include <sodium.h>
#include <stdlib.h>

#include "exchange/exchange.h"
#include "exchange/params.h"
#include "kit/decode.h"
#include "kit/str.h"

enum { VALUES_MAX = 5000, PLACES_MIN = 8, ROWS_MIN = 24, EXPORTS_MAX = 20000 };

/* ---- The order ---- */

static bool changes_places(const uint8_t *key, uint64_t export_id, uint64_t id)
{
    uint8_t hash[16];
    const uint64_t what[2] = {export_id, id};
    crypto_generichash(hash, sizeof hash, (const uint8_t *)what, sizeof what, key, key ? 32 : 0);
    return hash[0] & 1;
}

static uint64_t id_of(const variant *row)
{
    const variant *id = variant_get(row, "id");
    return id && id->kind == VARIANT_INT ? (uint64_t)id->as.integer : 0;
}

void watermark_rows(const uint8_t *key, uint64_t export_id, variant *rows, size_t count)
{
    for (size_t i = 0; count >= ROWS_MIN && i + 1 < count; i++) {
        if (!changes_places(key, export_id, id_of(&rows[i])))
            continue;
        variant first = rows[i];
        rows[i] = rows[i + 1];
        rows[++i] = first;
    }
}

kt_error *watermark_fields(arena *arena, const variant *fields, const variant **with_id)
{
    *with_id = fields;
    for (size_t i = 0; fields && i < fields->as.array.count; i++)
        if (fields->as.array.items[i].kind == VARIANT_STRING &&
            str_is(fields->as.array.items[i].as.string, "id"))
            return NULL;
    if (!fields)
        return NULL;
    size_t count = fields->as.array.count;
    variant *list = ARENA_NEW(arena, variant), *items = ARENA_ARRAY(arena, variant, count + 1);
    if (!list || !items)
        return error_no_memory();
    memcpy(items, fields->as.array.items, count * sizeof *items);
    items[count] = (variant){.kind = VARIANT_STRING, .as.string = KT_STR("id")};
    *list = (variant){.kind = VARIANT_ARRAY, .as.array = {items, count + 1}};
    *with_id = list;
    return NULL;
}

/* ---- The rows of a file that leaked ---- */

/* The record that a value means; 0: none, or several. */
static kt_error *find(kt_tx *tx, const model_entity *entity, kt_str field, const variant *value, uint64_t *id)
{
    variant cells[3] = {{.kind = VARIANT_STRING, .as.string = field},
        {.kind = VARIANT_STRING, .as.string = KT_STR("=")}, *value};
    variant condition = {.kind = VARIANT_ARRAY, .as.array = {cells, 3}},
            all = {.kind = VARIANT_ARRAY, .as.array = {&condition, 1}};
    query_filter *filter = NULL;
    query_rows *rows = NULL;
    model_record record = {0};
    size_t count = 0;
    *id = 0;
    KT_TRY(query_filter_read(tx, entity, &all, &filter));
    KT_TRY(query_open(
        tx, &(query_request){.entity = entity, .filter = filter, .limit = 2, .right = "read"}, &rows));
    for (; query_next(rows, &record); count++)
        *id = count ? 0 : (uint64_t)record.values[MODEL_ID].as.i;
    return query_end(rows);
}

typedef struct {
    const model_entity *entity;
    uint64_t *ids; /* in the file's order */
    size_t count;
} leaked;

static kt_error *read_leaked(method_call *m, leaked *file)
{
    kt_tx *tx = m->tx;
    const variant *values = variant_get(m->params, "values");
    kt_str field = variant_get_str(m->params, "field");
    KT_TRY(param_entity(tx, m->params, &file->entity));
    size_t count = values->as.array.count;
    if (count > VALUES_MAX)
        return error_make(tx->arena, KT_LIMIT, "values", "at most %d values are looked at",
            "sprawdzanych jest najwyżej %d wartości", VALUES_MAX);
    file->ids = ARENA_ARRAY(tx->arena, uint64_t, count + 1);
    if (!file->ids)
        return error_no_memory();
    for (size_t i = 0; i < count; i++) {
        const variant *v = &values->as.array.items[i];
        uint64_t id = !field.len && v->kind == VARIANT_INT ? (uint64_t)v->as.integer : 0;
        if (field.len)
            KT_TRY(find(tx, file->entity, field, v, &id));
        if (id)
            file->ids[file->count++] = id;
    }
    return NULL;
}

/* ---- Exports ---- */

typedef struct {
    uint64_t id, user;
    kt_time at;
    size_t agree;
} candidate;

static size_t places(const leaked *file)
{
    size_t n = 0;
    for (size_t i = 0; i + 1 < file->count; i++)
        n += file->ids[i] > file->ids[i + 1];
    return n;
}

static size_t agreement(const uint8_t *key, uint64_t export_id, const leaked *file)
{
    size_t n = 0;
    for (size_t i = 0; i + 1 < file->count; i++)
        n += file->ids[i] > file->ids[i + 1] && changes_places(key, export_id, file->ids[i + 1]);
    return n;
}

static int better(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    return (x->agree < y->agree) - (x->agree > y->agree);
}

/* Was this job an export of the entity? */
static kt_error *is_export(kt_tx *tx, const model_record *job, kt_str entity, bool *yes)
{
    static const decode_limits limits = {.depth_max = 64, .elements_max = 20000};
    const model_field *field = model_field_find(job->entity, KT_STR("params"));
    const model_value *v = field ? &job->values[field->position] : NULL;
    const variant *params = NULL;
    *yes = false;
    if (!v || !v->set)
        return NULL;
    KT_TRY(decode_json(tx->arena, v->as.s, &limits, &params));
    *yes = str_eq(variant_get_str(params, "entity"), entity);
    return NULL;
}

static kt_error *read_exports(kt_tx *tx, const leaked *file, candidate **found, size_t *count)
{
    static const variant cells[3] = {{.kind = VARIANT_STRING, .as.string = {"kind", 4}},
        {.kind = VARIANT_STRING, .as.string = {"=", 1}},
        {.kind = VARIANT_STRING, .as.string = {"export", 6}}};
    const variant condition = {.kind = VARIANT_ARRAY, .as.array = {cells, 3}},
                  all = {.kind = VARIANT_ARRAY, .as.array = {&condition, 1}};
    static const variant newest = {.kind = VARIANT_STRING, .as.string = {"-id", 3}};
    const model_entity *jobs = model_entity_find(tx->catalogue, KT_STR("job.job"));
    query_filter *filter = NULL;
    query_rows *rows = NULL;
    model_record job = {0};
    *count = 0;
    *found = ARENA_ARRAY(tx->arena, candidate, EXPORTS_MAX);
    if (!*found)
        return error_no_memory();
    KT_TRY(query_filter_read(tx, jobs, &all, &filter));
    KT_TRY(query_open(
        tx, &(query_request){.entity = jobs, .filter = filter, .sort = &newest, .right = "read"}, &rows));
    kt_error *error = NULL;
    while (!error && *count < EXPORTS_MAX && query_next(rows, &job)) {
        bool yes;
        uint64_t id = (uint64_t)job.values[MODEL_ID].as.i;
        error = is_export(tx, &job, file->entity->name, &yes);
        if (!error && yes)
            (*found)[(*count)++] = (candidate){.id = id,
                .user = (uint64_t)job.values[MODEL_CREATED_BY].as.i,
                .at = {job.values[MODEL_CREATED_AT].as.i},
                .agree = agreement(tx->master_key, id, file)};
    }
    kt_error *end = query_end(rows);
    return error ? error : end;
}

/* ---- export.trace ---- */

static void write_candidate(const candidate *c, size_t of, json *j)
{
    json_object(j);
    json_member_int(j, "export", (int64_t)c->id);
    json_member_int(j, "user", (int64_t)c->user);
    json_key(j, "at");
    json_time(j, c->at);
    json_member_int(j, "agree", (int64_t)c->agree);
    json_member_int(j, "of", (int64_t)of);
    json_member_bool(j, "sure", c->agree == of && of >= 2 * PLACES_MIN);
    json_object_end(j);
}

static kt_error *run_trace(method_call *m)
{
    enum { SHOWN_MAX = 5 };
    leaked file = {0};
    candidate *found;
    size_t count;
    json *j = m->answer;
    KT_TRY(read_leaked(m, &file));
    size_t of = places(&file);
    if (of < PLACES_MIN)
        return kt_hint(
            error_make(m->arena, KT_VALIDATION, "values",
                "%zu of the rows are known, and they stand %zu times the other way round: too few to tell",
                "znanych jest %zu wierszy i %zu razy stoją odwrotnie: za mało, by rozstrzygnąć", file.count,
                of),
            "Give more rows, in the file's own order; a file that was sorted tells nothing.",
            "Podaj więcej wierszy, w kolejności z pliku; posortowany plik niczego nie mówi.");
    KT_TRY(read_exports(m->tx, &file, &found, &count));
    qsort(found, count, sizeof *found, better);
    json_object(j);
    json_member_int(j, "rows_known", (int64_t)file.count);
    json_key(j, "exports");
    json_array(j);
    for (size_t i = 0; i < count && i < SHOWN_MAX && 4 * found[i].agree >= 3 * of; i++)
        write_candidate(&found[i], of, j);
    json_array_end(j);
    json_object_end(j);
    return NULL;
}

static const method_param trace_params[] = {
    {"entity", VARIANT_STRING, true, {"whose records the file has", "czyje rekordy są w pliku"}},
    {"values", VARIANT_ARRAY, true,
        {"one of each row, in the file's order", "po jednej z każdego wiersza, w kolejności z pliku"}},
    EXCHANGE_OPTIONAL("field", VARIANT_STRING, "whose values they are; absent: ids",
        "którego pola są to wartości; brak: id"),
    {0},
};
const method watermark_methods[] = {
    {"export.trace", "access.read_log:read", METHOD_SLOW,
        {"Whose export a file is, told by the order of its rows",
            "Czyim eksportem jest plik, według kolejności wierszy"},
        trace_params, run_trace},
    {0},
};
