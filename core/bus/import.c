/* import.c -- import.run: many rows of one entity in one transaction, all problems with their row numbers;
 * export.read: everything of an entity that the caller may export, page by page.
 *
 * One transaction is one unit: it is wholly there or not at all, and can be reverted by its name. A client
 * with more rows than one message holds sends several calls with the same `unit`. */
#include "bus/dispatch.h"

#define ROWS_MAX     5000
#define PROBLEMS_MAX 1000

typedef enum { MODE_UPSERT, MODE_CREATE } import_mode;
typedef struct {
    const model_entity *entity;
    const variant *rows;
    import_mode mode;
    uint64_t created, updated;
    long first_row;
    uint64_t *ids; /* of the rows done, in their order */
} import;

static kt_error *read_import(method_call *m, import *i)
{
    kt_str name = variant_get_str(m->params, "entity"), mode = variant_get_str(m->params, "mode");
    kt_error *all = NULL;
    *i = (import){
        .entity = model_entity_find(m->tx->catalogue, name), .rows = variant_get(m->params, "rows")};
    if (!i->entity || i->entity->lines_only)
        kt_also(&all, error_make(m->arena, KT_NOT_FOUND, "entity", "there is no entity \"%s\"",
                          "nie ma encji \"%s\"", name.ptr));
    if (str_is(mode, "create"))
        i->mode = MODE_CREATE;
    else if (mode.len && !str_is(mode, "upsert"))
        kt_also(&all, error_make(m->arena, KT_VALIDATION, "mode", "\"create\" or \"upsert\" was expected",
                          "oczekiwano \"create\" albo \"upsert\""));
    if (i->rows->as.array.count > ROWS_MAX)
        kt_also(&all, error_make(m->arena, KT_LIMIT, "rows", "%zu rows, at most %d are taken in one call",
                          "%zu wierszy, w jednym wywołaniu najwyżej %d", i->rows->as.array.count, ROWS_MAX));
    const variant *first = variant_get(m->params, "first_row");
    i->first_row = first ? (long)first->as.integer : 1;
    i->ids = ARENA_ARRAY(m->arena, uint64_t, i->rows->as.array.count + 1);
    return all || i->ids ? all : error_no_memory();
}

/* A row with an external_id updates the record that has it; without one it makes a new record. */
static kt_error *import_row(kt_tx *tx, import *i, const variant *row)
{
    static const char *const key[] = {"external_id", NULL};
    model_record record = {0};
    bool created = true;
    if (row->kind != VARIANT_OBJECT)
        return error_make(tx->arena, KT_VALIDATION, NULL, "a row is an object, this is %s",
            "wiersz jest obiektem, a to jest %s", variant_kind_name(row->kind));
    kt_str external = variant_get_str(row, "external_id");
    if (i->mode == MODE_UPSERT && external.len) {
        const variant *values = params_without(tx->arena, row, key);
        if (!values)
            return error_no_memory();
        KT_TRY(model_upsert(tx, i->entity, external, values, &record, &created));
    } else {
        KT_TRY(model_create(tx, i->entity, row, &record));
    }
    i->ids[i->created + i->updated] = (uint64_t)record.values[MODEL_ID].as.i;
    i->created += created;
    i->updated += !created;
    return NULL;
}

/* Every row is tried, so that all problems come at once; after the first one nothing more needs saving. */
static kt_error *import_rows(kt_tx *tx, import *i)
{
    kt_error *all = NULL;
    for (size_t row = 0; row < i->rows->as.array.count; row++) {
        kt_error *error = import_row(tx, i, &i->rows->as.array.items[row]);
        if (error)
            kt_also(&all, error_at_row(error, (long)row + i->first_row));
        if (tx->doomed || (all && all->count >= PROBLEMS_MAX))
            break;
    }
    return all;
}

static void write_problems(kt_tx *tx, const kt_error *error, json *out)
{
    bool polish = strcmp(tx->lang, "pl") == 0;
    json_array(out);
    for (const problem *p = error ? error->first : NULL; p; p = p->next) {
        json_object(out);
        if (p->row)
            json_member_int(out, "row", p->row);
        json_member_text(out, "path", p->path);
        json_member_text(out, "kind", kind_name(p->kind));
        json_member_text(out, "message", polish && p->text.pl ? p->text.pl : p->text.en);
        if (p->hint.en)
            json_member_text(out, "hint", polish && p->hint.pl ? p->hint.pl : p->hint.en);
        json_object_end(out);
    }
    json_array_end(out);
}

static kt_error *run_import(method_call *m)
{
import i;
    kt_tx *tx = m->tx;
    KT_TRY(read_import(m, &i));
    tx->origin = MODEL_IMPORT;
    if (params_bool(m->params, "keep_authors")) {
        KT_TRY(access_may_call(tx, "access.user:update")); /* who may say who wrote what */
        tx->keep_authors = true;
    }
    if (!tx->unit.len)
        tx->unit = tx->request_id;
    bool dry = ((own_call *)m)->of->dry_run || params_bool(m->params, "dry_run");
    kt_error *problems = import_rows(tx, &i);
    if (problems && !dry)
        return problems;
    json_object(m->answer);
    json_member_int(m->answer, "rows", (int64_t)i.rows->as.array.count);
    json_member_int(m->answer, "created", (int64_t)i.created);
    json_member_int(m->answer, "updated", (int64_t)i.updated);
    json_member_str(m->answer, "unit", tx->unit);
    json_key(m->answer, "ids");
    json_array(m->answer);
    for (uint64_t k = 0; k < i.created + i.updated; k++)
        json_uint(m->answer, i.ids[k]);
    json_array_end(m->answer);
    if (dry) {
        json_key(m->answer, "problems");
        write_problems(tx, problems, m->answer);
    }
    json_object_end(m->answer);
    return NULL;
}

/* ---- Export ---- */

static kt_error *run_export(method_call *m)
{
    kt_str name = variant_get_str(m->params, "entity");
    const model_entity *entity = model_entity_find(m->tx->catalogue, name);
    uint64_t limit = 500;
    model_filter *filter = NULL;
    if (!entity || entity->lines_only)
        return error_make(
            m->arena, KT_NOT_FOUND, "entity", "there is no entity \"%s\"", "nie ma encji \"%s\"", name.ptr);
    KT_TRY(params_uint(m->arena, m->params, "limit", 500, &limit));
    const variant *from = params_find(m->params, "filter");
    if (from)
        KT_TRY(model_filter_read(m->tx, entity, from, &filter));
    const model_query query = {.entity = entity,
        .filter = filter,
        .fields = params_find(m->params, "fields"),
        .limit = (uint32_t)limit,
        .cursor = variant_get_str(m->params, "cursor"),
        .right = "export"};
    json_object(m->answer);
    KT_TRY(model_list(m->tx, &query, m->answer));
    json_object_end(m->answer);
    return NULL;
}

static const method_param import_params[] = {
    {"entity", VARIANT_STRING, true, {"what the rows are", "czym są wiersze"}},
    {"rows", VARIANT_ARRAY, true,
        {"values by field, with an external_id", "wartości według pól, z external_id"}},
    {"mode", VARIANT_STRING, false,
        {"\"upsert\" (by external_id; the default) or \"create\"",
            "\"upsert\" (według external_id; domyślnie) albo \"create\""}},
    {"dry_run", VARIANT_BOOL, false,
        {"only report: all problems, nothing saved",
            "tylko sprawozdanie: wszystkie problemy, nic nie zapisane"}},
    {"first_row", VARIANT_INT, false,
        {"the number that problems give the first row; 1 by default",
            "numer, który w problemach ma pierwszy wiersz; domyślnie 1"}},
    {"keep_authors", VARIANT_BOOL, false,
        {"rows may give created_at, created_by, updated_at, updated_by",
            "wiersze mogą podać created_at, created_by, updated_at, updated_by"}},
    {0},
};
static const method_param export_params[] = {
    {"entity", VARIANT_STRING, true, {"what to export", "co eksportować"}},
    {"filter", VARIANT_NULL, false, {"conditions that all hold", "warunki, które wszystkie zachodzą"}},
    {"fields", VARIANT_ARRAY, false, {"the fields wanted; absent: all", "żądane pola; brak: wszystkie"}},
    {"cursor", VARIANT_STRING, false,
        {"\"next\" of an earlier answer", "\"next\" z wcześniejszej odpowiedzi"}},
    {"limit", VARIANT_INT, false, {"rows in one answer, at most 500", "wierszy w odpowiedzi, najwyżej 500"}},
    {0},
};
const method import_methods[] = {
    {"import.run", "login", METHOD_WRITE,
        {"Creates or changes many records in one transaction.",
            "Tworzy albo zmienia wiele rekordów w jednej transakcji."},
        import_params, run_import},
    {"export.read", "login", METHOD_READ,
        {"Reads records under the right to export.", "Czyta rekordy na prawach eksportu."}, export_params,
        run_export},
    {0},
};
