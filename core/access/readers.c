/* readers.c -- who was shown a record: access.readers, kt_readings. Rows of the log are found by their index;
 * those that are older than it are looked through. */
#include <stdlib.h>

#include "access/methods.h"
#include "access/read_index.h"

enum { READERS_DEFAULT = 50, READERS_MAX = 500, SCAN_MAX = 100000 };

/* ---- The rows ---- */

typedef struct {
    kt_tx *tx;
    const model_entity *log, *of;
    uint64_t id;    /* of the record that is asked about */
    uint64_t below; /* only rows before this one */
    size_t most, found;
    uint64_t next; /* where to go on; 0: no more */
    kt_error *(*take)(void *context, const model_record *row);
    void *context;
} search;

/* The row, if the caller may see it. */
static kt_error *row_read(const search *s, uint64_t id, model_record *row, bool *found)
{
    kt_error *error = model_read(s->tx, s->log, id, row);
    *found = !error;
    return error && error->first->kind == KT_NOT_FOUND ? NULL : error;
}

static bool holds(const model_record *row, uint64_t id)
{
    return (uint64_t)record_int(row, "record") == id || read_log_has(record_str(row, "records"), id);
}

static kt_error *search_index(search *s, uint64_t first)
{
    read_index_scan *scan = NULL;
    uint64_t id;
    kt_error *error = NULL;
    KT_TRY(read_index_open(s->tx, s->of, s->id, s->below, &scan));
    for (size_t seen = 0; !error && !s->next && read_index_next(scan, &id) && id >= first; seen++) {
        model_record row = {0};
        bool found = false;
        if (s->found == s->most || seen == SCAN_MAX) {
            s->next = id + 1;
            break;
        }
        error = row_read(s, id, &row, &found);
        if (found && !error && holds(&row, s->id)) {
            s->found++;
            error = s->take(s->context, &row);
        }
    }
    kt_also(&error, read_index_end(scan));
    return error;
}

/* Rows of the entity from before the index, newest first. */
static kt_error *old_open(const search *s, uint64_t below, query_rows **rows)
{
    variant cells[6] = {{.kind = VARIANT_STRING, .as.string = KT_STR("entity")},
        {.kind = VARIANT_STRING, .as.string = KT_STR("=")},
        {.kind = VARIANT_STRING, .as.string = s->of->name},
        {.kind = VARIANT_STRING, .as.string = KT_STR("id")},
        {.kind = VARIANT_STRING, .as.string = KT_STR("<")},
        {.kind = VARIANT_INT, .as.integer = (int64_t)below}};
    variant conditions[2] = {
        {.kind = VARIANT_ARRAY, .as.array = {cells, 3}}, {.kind = VARIANT_ARRAY, .as.array = {cells + 3, 3}}};
    variant all = {.kind = VARIANT_ARRAY, .as.array = {conditions, 2}};
    query_filter *filter = NULL;
    KT_TRY(query_filter_read(s->tx, s->log, &all, &filter));
    static const variant newest = {.kind = VARIANT_STRING, .as.string = {"-id", 3}};
    return query_open(
        s->tx, &(query_request){.entity = s->log, .filter = filter, .sort = &newest, .right = "read"}, rows);
}

static kt_error *search_old(search *s, uint64_t below)
{
    query_rows *rows = NULL;
    model_record row = {0};
    kt_error *error = NULL;
    KT_TRY(old_open(s, below, &rows));
    for (size_t scanned = 0; !error && query_next(rows, &row); scanned++) {
        if (scanned == SCAN_MAX || s->found == s->most) {
            s->next = (uint64_t)row.values[MODEL_ID].as.i + 1;
            break;
        }
        if (!holds(&row, s->id))
            continue;
        s->found++;
        error = s->take(s->context, &row);
    }
    kt_also(&error, query_end(rows));
    return error;
}

static kt_error *search_run(search *s)
{
    uint64_t first;
    s->log = model_entity_find(s->tx->catalogue, KT_STR("access.read_log"));
    KT_TRY(read_index_first(s->tx, &first));
    if (s->below > first)
        KT_TRY(search_index(s, first));
    uint64_t old = s->below < first ? s->below : first;
    return s->next || old <= 1 ? NULL : search_old(s, old < INT64_MAX ? old : INT64_MAX);
}

/* ---- access.readers ---- */

typedef struct {
    kt_tx *tx;
    json *answer;
    const model_entity *user;
} readers;

/* The reader's login, if the caller may see that user. */
static kt_str login_of(kt_tx *tx, const model_entity *entity, uint64_t id)
{
    model_record user = {0};
    kt_error *hidden = id ? model_read(tx, entity, id, &user) : NULL;
    return id && !hidden ? record_str(&user, "name") : (kt_str){0};
}

static kt_error *reader_answer(void *context, const model_record *row)
{
    const readers *r = context;
    json *j = r->answer;
    static const char *const texts[] = {"action", "method", "remote", "filter"};
    uint64_t user = (uint64_t)record_int(row, "user");
    json_object(j);
    json_member_int(j, "reading", row->values[MODEL_ID].as.i);
    json_key(j, "at");
    json_time(j, (kt_time){record_int(row, "at")});
    json_key(j, "user");
    if (user)
        json_uint(j, user);
    else
        json_null(j);
    json_member_str(j, "login", login_of(r->tx, r->user, user));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        kt_str text = record_str(row, texts[i]);
        json_member_str(j, texts[i], text.len ? text : (kt_str){0});
    }
    json_member_int(j, "count", record_int(row, "count"));
    json_object_end(j);
    return NULL;
}

static kt_error *readers_read(method_call *call, search *s)
{
    kt_tx *tx = call->tx;
    const variant *limit = variant_get(call->params, "limit");
    kt_str entity = variant_get_str(call->params, "entity"), cursor = variant_get_str(call->params, "cursor");
    s->of = model_entity_find(tx->catalogue, entity);
    s->id = (uint64_t)variant_get(call->params, "id")->as.integer;
    s->most = limit ? (size_t)limit->as.integer : READERS_DEFAULT;
    s->below = cursor.len ? strtoull(cursor.ptr, NULL, 10) : INT64_MAX;
    kt_error *wrong = NULL;
    if (limit && (limit->as.integer < 1 || limit->as.integer > READERS_MAX))
        kt_also(&wrong, error_make(tx->arena, KT_VALIDATION, "limit", "1 to %d were expected",
                            "oczekiwano od 1 do %d", READERS_MAX));
    if (!s->of)
        kt_also(&wrong, error_make(tx->arena, KT_VALIDATION, "entity", "there is no entity %.*s",
                            "nie ma encji %.*s", STR_ARG(entity)));
    if (!s->below || s->below > INT64_MAX)
        kt_also(&wrong, error_make(tx->arena, KT_VALIDATION, "cursor", "this is no cursor of access.readers",
                            "to nie jest kursor access.readers"));
    return wrong;
}

kt_error *readers_run(method_call *call)
{
    kt_tx *tx = call->tx;
    json *j = call->answer;
    readers r = {tx, j, model_entity_find(tx->catalogue, KT_STR("access.user"))};
    search s = {.tx = tx, .take = reader_answer, .context = &r};
    KT_TRY(readers_read(call, &s));
    json_object(j);
    json_key(j, "rows");
    json_array(j);
    KT_TRY(search_run(&s));
    json_array_end(j);
    if (s.next)
        json_member_str(j, "next", arena_format(tx->arena, "%llu", (unsigned long long)s.next));
    json_object_end(j);
    return NULL;
}

/* ---- For modules ---- */

typedef struct {
    kt_id *ids;
    size_t count;
} taken;

static kt_error *reading_take(void *context, const model_record *row)
{
    taken *t = context;
    t->ids[t->count++] = (kt_id){(uint64_t)row->values[MODEL_ID].as.i};
    return NULL;
}

kt_error *kt_readings(kt_tx *tx, const char *entity, kt_id record, kt_id *rows, size_t most, size_t *count)
{
    taken t = {.ids = rows};
    search s = {.tx = tx,
        .of = model_entity_find(tx->catalogue, str_of(entity)),
        .id = record.v,
        .below = INT64_MAX,
        .most = most,
        .take = reading_take,
        .context = &t};
    *count = 0;
    if (!s.of || !kt_may(tx, "access.read_log:read"))
        return NULL;
    KT_TRY(search_run(&s));
    *count = t.count;
    return NULL;
}
