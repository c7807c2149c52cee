/* verbs.c -- the verbs that every entity has: they read parameters and call the model, which judges rights.
 */
#include "bus/dispatch.h"

#define OPTIONAL(name, kind, en, pl)                                                                         \
    {                                                                                                        \
        name, kind, false,                                                                                   \
        {                                                                                                    \
            en, pl                                                                                           \
        }                                                                                                    \
    }
#define REQUIRED(name, kind, en, pl)                                                                         \
    {                                                                                                        \
        name, kind, true,                                                                                    \
        {                                                                                                    \
            en, pl                                                                                           \
        }                                                                                                    \
    }
#define AS_OF                                                                                                \
    OPTIONAL("as_of", VARIANT_STRING, "instant or day: the state as it was then; a day means its end",       \
        "chwila lub dzień: stan z tamtego czasu; dzień oznacza jego koniec")
#define FILTER                                                                                               \
    OPTIONAL("filter", VARIANT_NULL, "conditions that all hold", "warunki, które wszystkie zachodzą")
#define ID     OPTIONAL("id", VARIANT_INT, "the record's id", "identyfikator rekordu")
#define VALUES REQUIRED("values", VARIANT_OBJECT, "values by field", "wartości według pól")
#define VERSION                                                                                              \
    OPTIONAL("if_version", VARIANT_INT, "refuse if the record has another version",                          \
        "odmów, jeśli rekord ma inną wersję")
#define PAGE                                                                                                 \
    OPTIONAL("limit", VARIANT_INT, "rows in one answer, at most 500", "wierszy w odpowiedzi, najwyżej 500"), \
        OPTIONAL("cursor", VARIANT_STRING, "\"next\" or \"prev\" of an earlier answer",                      \
            "\"next\" lub \"prev\" z wcześniejszej odpowiedzi")

/* ---- Reading parameters ---- */

enum { ROWS_MAX = 500, GROUPS_MAX = 10000, STEPS_MAX = 6 };

static kt_error *read_query(
    kt_tx *tx, const model_entity *entity, const variant *params, uint64_t limit_max, query_request *query)
{
    uint64_t limit = 0, skip = 0;
    query_filter *filter = NULL;
    *query = (query_request){.entity = entity, .right = "read"};
    kt_error *all = variant_read_limit(tx->arena, params, "limit", limit_max, &limit);
    kt_also(&all, variant_read_uint(tx->arena, params, "skip", QUERY_SKIP_MAX, &skip));
    const variant *from = params_find(params, "filter");
    if (from)
        kt_also(&all, query_filter_read(tx, entity, from, &filter));
    query->limit = (uint32_t)limit;
    query->skip = (uint32_t)skip;
    query->filter = filter;
    query->sort = params_find(params, "sort");
    query->fields = params_find(params, "fields");
    query->start = params_find(params, "start");
    query->lines = params_find(params, "lines");
    query->cursor = variant_get_str(params, "cursor");
    if (all)
        kt_also(&all, query_names(tx, query));
    return all;
}

static kt_error *read_version(kt_tx *tx, const variant *params, uint32_t *version)
{
    uint64_t wanted = 0;
    KT_TRY(variant_read_uint(tx->arena, params, "if_version", UINT32_MAX, &wanted));
    *version = (uint32_t)wanted;
    return NULL;
}

static kt_error *not_found(kt_tx *tx, const char *path, kt_str value)
{
    return error_make(tx->arena, KT_NOT_FOUND, path, "there is no record with %s \"%s\"",
        "nie ma rekordu z %s \"%s\"", path, value.ptr);
}

/* By id, external_id or number: exactly one of them. */
static kt_error *read_id(kt_tx *tx, const model_entity *entity, const variant *params, uint64_t *id)
{
    kt_str external = variant_get_str(params, "external_id"), number = variant_get_str(params, "number");
    bool by_id = params_find(params, "id") != NULL;
    *id = 0;
    if (by_id + (external.len > 0) + (number.len > 0) != 1)
        return error_make(tx->arena, KT_VALIDATION, "id",
            "exactly one of id, external_id and number is wanted",
            "potrzebne jest dokładnie jedno z: id, external_id, number");
    if (by_id)
        return variant_read_uint(tx->arena, params, "id", INT64_MAX, id);
    if (external.len)
        KT_TRY(model_find_external(tx, entity, external, id));
    else
        KT_TRY(model_find_number(tx, entity, number, id));
    if (!*id)
        return not_found(tx, external.len ? "external_id" : "number", external.len ? external : number);
    return NULL;
}

/* The most steps that a path takes in what is asked for. */
static unsigned steps_of(const variant *v)
{
    unsigned most = 0;
    if (v->kind == VARIANT_STRING)
        for (size_t i = 0; i < v->as.string.len && most < STEPS_MAX; i++)
            most += v->as.string.ptr[i] == '.';
    for (size_t i = 0; v->kind == VARIANT_ARRAY && i < v->as.array.count; i++) {
        unsigned n = steps_of(&v->as.array.items[i]);
        most = n > most ? n : most;
    }
    for (size_t i = 0; v->kind == VARIANT_OBJECT && i < v->as.object.count; i++) {
        unsigned n = steps_of(v->as.object.members[i].value);
        most = n > most ? n : most;
    }
    return most;
}

/* The names of what is referred to are part of an answer, and may be references again: two more steps. */
static kt_error *travel(kt_tx *tx, const model_entity **entity, uint64_t id, const variant *params)
{
    kt_str text = variant_get_str(params, "as_of");
    kt_time at;
    if (!text.len)
        return NULL;
    KT_TRY(target_then(tx, text, &at));
    *entity = model_entity_find(tx->catalogue, (*entity)->name);
    return journal_travel(tx, at, *entity, id, 2 + steps_of(params));
}

/* ---- Verbs ---- */

static void write_version(json *answer, const model_record *record)
{
    json_member_int(answer, "id", record->values[MODEL_ID].as.i);
    json_member_int(answer, "version", record->values[MODEL_VERSION].as.i);
}

static kt_error *run_create(kt_tx *tx, const model_entity *entity, const variant *params, json *answer)
{
    model_record record = {0};
    KT_TRY(model_create(tx, entity, variant_get(params, "values"), &record));
    json_object(answer);
    write_version(answer, &record);
    if (record.values[MODEL_NUMBER].set)
        json_member_str(answer, "number", record.values[MODEL_NUMBER].as.s);
    json_object_end(answer);
    return NULL;
}

static kt_error *run_get(kt_tx *tx, const model_entity *entity, const variant *params, json *answer)
{
    uint64_t id;
    model_path *paths = NULL;
    size_t count = 0;
    bool past = variant_get_str(params, "as_of").len > 0;
    if (past && !params_find(params, "id"))
        KT_TRY(travel(tx, &entity, 0, params));
    KT_TRY(read_id(tx, entity, params, &id));
    if (past && params_find(params, "id"))
        KT_TRY(travel(tx, &entity, id, params));
    model_record record = {0};
    KT_TRY(model_read(tx, entity, id, &record));
    const variant *fields = params_find(params, "fields");
    KT_TRY(model_paths_resolve(tx, entity, fields, &paths, &count));
    json_object(answer);
    KT_TRY(model_record_members(tx, &record, paths, count, answer));
    if (!past) {
        json_key(answer, "allowed_actions");
        model_allowed_actions(tx, &record, answer);
    }
    json_object_end(answer);
    return NULL;
}

static kt_error *run_list(kt_tx *tx, const model_entity *entity, const variant *params, json *answer)
{
    query_request query;
    KT_TRY(travel(tx, &entity, 0, params));
    KT_TRY(read_query(tx, entity, params, ROWS_MAX, &query));
    json_object(answer);
    if (variant_get_bool(params, "explain"))
        KT_TRY(query_explain(tx, &query, answer));
    else
        KT_TRY(query_list(tx, &query, answer));
    json_object_end(answer);
    return NULL;
}

static kt_error *run_count(kt_tx *tx, const model_entity *entity, const variant *params, json *answer)
{
    query_request query;
    uint64_t count = 0;
    KT_TRY(travel(tx, &entity, 0, params));
    KT_TRY(read_query(tx, entity, params, ROWS_MAX, &query));
    KT_TRY(query_count(tx, &query, &count));
    json_uint(answer, count);
    return NULL;
}

static kt_error *run_aggregate(kt_tx *tx, const model_entity *entity, const variant *params, json *answer)
{
    query_request query;
    KT_TRY(travel(tx, &entity, 0, params));
    KT_TRY(read_query(tx, entity, params, GROUPS_MAX, &query));
    json_object(answer);
    KT_TRY(
        query_aggregate(tx, &query, params_find(params, "group"), variant_get(params, "measures"), answer));
    json_object_end(answer);
    return NULL;
}

static kt_error *run_update(kt_tx *tx, const model_entity *entity, const variant *params, json *answer)
{
    uint64_t id;
    uint32_t version;
    KT_TRY(read_id(tx, entity, params, &id));
    KT_TRY(read_version(tx, params, &version));
    model_record record = {0};
    KT_TRY(model_update(tx, entity, id, version, variant_get(params, "values"), &record));
    json_object(answer);
    write_version(answer, &record);
    json_object_end(answer);
    return NULL;
}

static kt_error *run_upsert(kt_tx *tx, const model_entity *entity, const variant *params, json *answer)
{
    model_record record = {0};
    bool created = false;
    KT_TRY(model_upsert(tx, entity, variant_get_str(params, "external_id"), variant_get(params, "values"),
        &record, &created));
    json_object(answer);
    write_version(answer, &record);
    json_member_bool(answer, "created", created);
    json_object_end(answer);
    return NULL;
}

static kt_error *run_delete(kt_tx *tx, const model_entity *entity, const variant *params, json *answer)
{
    uint64_t id;
    uint32_t version;
    KT_TRY(read_id(tx, entity, params, &id));
    KT_TRY(read_version(tx, params, &version));
    KT_TRY(model_delete(tx, entity, id, version));
    json_object(answer);
    json_object_end(answer);
    return NULL;
}

static kt_error *run_merge(kt_tx *tx, const model_entity *entity, const variant *params, json *answer)
{
    const variant *from = variant_get(params, "ids");
    model_merge_request request = {
        .choose = params_find(params, "choose"), .keep = variant_get_bool(params, "keep")};
    kt_error *all = variant_read_uint(tx->arena, params, "into", INT64_MAX, &request.into);
    kt_also(&all, read_version(tx, params, &request.if_version));
    uint64_t *ids = ARENA_ARRAY(tx->arena, uint64_t, from->as.array.count + 1);
    if (!ids)
        return error_no_memory();
    for (size_t i = 0; i < from->as.array.count; i++) {
        const variant *id = &from->as.array.items[i];
        kt_str path = arena_format(tx->arena, "ids[%zu]", i);
        if (!path.ptr)
            return error_no_memory();
        if (id->kind != VARIANT_INT || id->as.integer < 1)
            kt_also(&all, error_make(tx->arena, KT_VALIDATION, path.ptr, "expected the id of a record",
                              "oczekiwano id rekordu"));
        else
            ids[request.count++] = (uint64_t)id->as.integer;
    }
    request.ids = ids;
    if (all)
        return all;
    json_object(answer);
    KT_TRY(model_merge(tx, entity, &request, answer));
    json_object_end(answer);
    return NULL;
}

static kt_error *run_history(kt_tx *tx, const model_entity *entity, const variant *params, json *answer)
{
    uint64_t id = 0, limit = 50;
    KT_TRY(variant_read_uint(tx->arena, params, "id", INT64_MAX, &id));
    KT_TRY(variant_read_limit(tx->arena, params, "limit", ROWS_MAX, &limit));
    json_object(answer);
    KT_TRY(journal_history(tx, entity, id, (uint32_t)limit, variant_get_str(params, "cursor"), answer));
    json_object_end(answer);
    return NULL;
}

/* ---- Tables ---- */

#define FIELDS                                                                                               \
    OPTIONAL("fields", VARIANT_ARRAY, "the fields wanted, also through references: \"party.name\"",          \
        "żądane pola, także przez odwołania: \"party.name\"")
#define BY_NAME                                                                                              \
    OPTIONAL("external_id", VARIANT_STRING, "the record's key in another system",                            \
        "klucz rekordu w innym systemie"),                                                                   \
        OPTIONAL("number", VARIANT_STRING, "the record's human number", "numer rekordu")

static const method_param create_params[] = {VALUES, {0}};
static const method_param get_params[] = {ID, BY_NAME, FIELDS, AS_OF, {0}};
static const method_param list_params[] = {FILTER, FIELDS,
    OPTIONAL("sort", VARIANT_NULL, "\"-day,id\" or a list of names", "\"-day,id\" albo lista nazw"), PAGE,
    OPTIONAL("start", VARIANT_NULL, "begin at this value of the first sort field",
        "zacznij od tej wartości pierwszego pola sortowania"),
    OPTIONAL("skip", VARIANT_INT, "rows left out in front; \"cursor\" is quicker",
        "tyle wierszy pomiń na początku; szybszy jest \"cursor\""),
    OPTIONAL(
        "explain", VARIANT_BOOL, "answer with the plan instead of rows", "odpowiedz planem zamiast wierszy"),
    AS_OF, {0}};
static const method_param count_params[] = {FILTER, AS_OF, {0}};
static const method_param aggregate_params[] = {
    OPTIONAL("group", VARIANT_ARRAY, "fields to group by, also of lines; days also as \"day:month\"",
        "pola grupowania, także pozycji; dni także jako \"day:month\""),
    REQUIRED("measures", VARIANT_OBJECT, "{\"n\": \"count\", \"total\": \"sum:amount\"}",
        "{\"n\": \"count\", \"total\": \"sum:amount\"}"),
    FILTER,
    OPTIONAL("lines", VARIANT_NULL, "conditions that a line must meet, where lines are grouped by",
        "warunki, które musi spełnić pozycja, gdy grupuje się według pozycji"),
    OPTIONAL("sort", VARIANT_NULL, "groups or measures to sort by", "grupy lub miary sortowania"),
    OPTIONAL(
        "limit", VARIANT_INT, "groups in the answer, at most 10000", "grup w odpowiedzi, najwyżej 10000"),
    AS_OF, {0}};
static const method_param update_params[] = {ID, BY_NAME, VALUES, VERSION, {0}};
static const method_param upsert_params[] = {
    REQUIRED("external_id", VARIANT_STRING, "the record's key in another system",
        "klucz rekordu w innym systemie"),
    VALUES, {0}};
static const method_param delete_params[] = {ID, BY_NAME, VERSION, {0}};
static const method_param merge_params[] = {
    REQUIRED("into", VARIANT_INT, "the record that stays", "rekord, który zostaje"),
    REQUIRED("ids", VARIANT_ARRAY, "the records that become part of it", "rekordy, które się z nim łączą"),
    OPTIONAL("choose", VARIANT_OBJECT, "where they differ: {field: id of the record whose value stays}",
        "gdzie się różnią: {pole: id rekordu, którego wartość zostaje}"),
    OPTIONAL("keep", VARIANT_BOOL, "where they differ and nothing is chosen the first value stays",
        "gdzie się różnią i nic nie wybrano, zostaje pierwsza wartość"),
    VERSION, {0}};
static const method_param history_params[] = {
    REQUIRED("id", VARIANT_INT, "the record's id", "identyfikator rekordu"), PAGE, {0}};
const method_param verb_action_params[] = {
    REQUIRED("id", VARIANT_INT, "the record's id", "identyfikator rekordu"), VERSION, {0}};

const verb verbs[] = {
    {"create", METHOD_WRITE, create_params, {"Creates a record.", "Tworzy rekord."}, run_create},
    {"get", METHOD_READ, get_params, {"Reads one record.", "Czyta jeden rekord."}, run_get},
    {"list", METHOD_READ, list_params, {"Reads records, page by page.", "Czyta rekordy, strona po stronie."},
        run_list},
    {"count", METHOD_READ, count_params, {"Counts records.", "Liczy rekordy."}, run_count},
    {"aggregate", METHOD_READ, aggregate_params,
        {"Counts, sums, averages by groups.", "Liczy, sumuje, uśrednia w grupach."}, run_aggregate},
    {"update", METHOD_WRITE, update_params, {"Changes fields of a record.", "Zmienia pola rekordu."},
        run_update},
    {"upsert", METHOD_WRITE, upsert_params,
        {"Creates the record with this external_id, or changes it.",
            "Tworzy rekord o tym external_id albo go zmienia."},
        run_upsert},
    {"delete", METHOD_WRITE, delete_params, {"Deletes a record.", "Usuwa rekord."}, run_delete},
    {"merge", METHOD_WRITE, merge_params,
        {"Joins records into one; all that points to them follows.",
            "Łączy rekordy w jeden; wszystko, co na nie wskazuje, podąża za nim."},
        run_merge},
    {"history", METHOD_READ, history_params,
        {"Who changed what in a record, newest first.", "Kto co zmienił w rekordzie, od najnowszych."},
        run_history},
    {0},
};
