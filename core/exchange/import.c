/* import.c -- import.*: a file is looked at, rehearsed, taken in by a job, and taken back. import.run takes
 * rows that a program has at hand, in one transaction.
 *
 * A unit is wholly undoable by its name. A client of import.run with more rows than one message holds sends
 * several calls with the same `unit`. */
#include "exchange/inspect.h"
#include "exchange/params.h"
#include "kit/str.h"
#include "record/path.h"

enum { ROWS_MAX = 5000, PROBLEMS_MAX = 1000, PREVIEW_ROWS = 1000 };

kt_error *param_entity(kt_tx *tx, const variant *params, const model_entity **entity)
{
    return mapping_entity(tx, variant_get_str(params, "entity"), entity);
}

/* ---- import.run ---- */

typedef struct {
    const model_entity *entity;
    const variant *rows;
    bool create;
    uint64_t created, updated;
    long first_row;
    uint64_t *ids; /* of the rows done, in their order */
} direct;

static kt_error *read_direct(method_call *m, direct *d)
{
    kt_str mode = variant_get_str(m->params, "mode");
    kt_error *all = NULL;
    *d = (direct){.rows = variant_get(m->params, "rows")};
    kt_also(&all, param_entity(m->tx, m->params, &d->entity));
    d->create = str_is(mode, "create");
    if (mode.len && !d->create && !str_is(mode, "upsert"))
        kt_also(&all, error_make(m->arena, KT_VALIDATION, "mode", "\"create\" or \"upsert\" was expected",
                          "oczekiwano \"create\" albo \"upsert\""));
    if (d->rows->as.array.count > ROWS_MAX)
        kt_also(&all, error_make(m->arena, KT_LIMIT, "rows", "%zu rows, at most %d are taken in one call",
                          "%zu wierszy, w jednym wywołaniu najwyżej %d", d->rows->as.array.count, ROWS_MAX));
    const variant *first = variant_get(m->params, "first_row");
    d->first_row = first ? (long)first->as.integer : 1;
    d->ids = ARENA_ARRAY(m->arena, uint64_t, d->rows->as.array.count + 1);
    return all || d->ids ? all : error_no_memory();
}

static const variant *without_external_id(arena *arena, const variant *row)
{
    variant *rest = ARENA_NEW(arena, variant);
    variant_member *members = ARENA_ARRAY(arena, variant_member, row->as.object.count + 1);
    if (!rest || !members)
        return NULL;
    *rest = (variant){.kind = VARIANT_OBJECT, .as.object = {members, 0}};
    for (size_t i = 0; i < row->as.object.count; i++)
        if (!str_is(row->as.object.members[i].name, "external_id"))
            members[rest->as.object.count++] = row->as.object.members[i];
    return rest;
}

/* A row with an external_id updates the record that has it; without one it makes a new record. */
static kt_error *direct_row(kt_tx *tx, direct *d, const variant *row)
{
    model_record record = {0};
    bool created = true;
    if (row->kind != VARIANT_OBJECT)
        return error_make(tx->arena, KT_VALIDATION, NULL, "a row is an object, this is %s%.0s",
            "wiersz jest obiektem, a to jest %.0s%s", VARIANT_KIND(row->kind));
    kt_str external = variant_get_str(row, "external_id");
    if (!d->create && external.len) {
        const variant *values = without_external_id(tx->arena, row);
        if (!values)
            return error_no_memory();
        KT_TRY(model_upsert(tx, d->entity, external, values, &record, &created));
    } else {
        KT_TRY(model_create(tx, d->entity, row, &record));
    }
    d->ids[d->created + d->updated] = (uint64_t)record.values[MODEL_ID].as.i;
    d->created += created;
    d->updated += !created;
    return NULL;
}

/* Every row is tried, so that all problems come at once; after the first one nothing more needs saving. */
static kt_error *direct_rows(kt_tx *tx, direct *d)
{
    kt_error *all = NULL;
    for (size_t row = 0; row < d->rows->as.array.count; row++) {
        kt_error *error = direct_row(tx, d, &d->rows->as.array.items[row]);
        if (error)
            kt_also(&all, error_at_row(error, (long)row + d->first_row));
        if (tx->doomed || (all && all->count >= PROBLEMS_MAX))
            break;
    }
    return all;
}

static void write_problems(kt_tx *tx, const kt_error *error, json *out)
{
    json_key(out, "problems");
    json_array(out);
    for (const problem *p = error ? error->first : NULL; p; p = p->next)
        json_problem(out, p, tx->lang);
    json_array_end(out);
}

static kt_error *keep_authors(kt_tx *tx, bool keep)
{
    if (keep)
        KT_TRY(access_may_call(tx, "access.user:update")); /* who may say who wrote what */
    tx->keep_authors = keep;
    return NULL;
}

static kt_error *run_direct(method_call *m)
{
    direct d;
    kt_tx *tx = m->tx;
    KT_TRY(read_direct(m, &d));
    tx->origin = MODEL_IMPORT;
    KT_TRY(keep_authors(tx, variant_get_bool(m->params, "keep_authors")));
    if (!tx->unit.len)
        tx->unit = tx->request_id;
    bool dry = m->dry_run || variant_get_bool(m->params, "dry_run");
    kt_error *problems = direct_rows(tx, &d);
    if (problems && !dry)
        return problems;
    json_object(m->answer);
    json_member_int(m->answer, "rows", (int64_t)d.rows->as.array.count);
    json_member_int(m->answer, "created", (int64_t)d.created);
    json_member_int(m->answer, "updated", (int64_t)d.updated);
    json_member_str(m->answer, "unit", tx->unit);
    json_key(m->answer, "ids");
    json_array(m->answer);
    for (uint64_t k = 0; k < d.created + d.updated; k++)
        json_uint(m->answer, d.ids[k]);
    json_array_end(m->answer);
    if (dry)
        write_problems(tx, problems, m->answer);
    json_object_end(m->answer);
    return NULL;
}

/* ---- Files ---- */

/* The bytes of "text", or of the attachment "file". */
static kt_error *read_source(method_call *m, kt_tx *tx, kt_str *bytes, file_ref *file)
{
    const variant *text = variant_get(m->params, "text");
    uint64_t id = variant_get_uint(m->params, "file");
    *file = (file_ref){0};
    if ((text != NULL) == (id != 0))
        return error_make(m->arena, KT_VALIDATION, "file",
            "either file (an attachment's id) or text is expected",
            "oczekiwano file (id załącznika) albo text");
    if (text) {
        *bytes = text->as.string;
        return NULL;
    }
    KT_TRY(file_find(tx, id, file));
    return file_map(m->arena, m->rooms->data_directory, file, bytes);
}

static kt_error *open_source(method_call *m, kt_tx *tx, mapping *map, kt_str *bytes, reader **r)
{
    file_ref file;
    kt_error *all = import_mapping(
        tx, variant_get(m->params, "mapping"), variant_get_str(m->params, "entity"), map);
    kt_also(&all, read_source(m, tx, bytes, &file));
    if (all)
        return all;
    if (!map->reader.format)
        map->reader.format = format_guess(*bytes, file.name);
    return reader_open(m->arena, *bytes, &map->reader, r);
}

static kt_error *run_inspect(method_call *m)
{
    mapping map;
    kt_str bytes;
    reader *r;
    KT_TRY(open_source(m, m->tx, &map, &bytes, &r));
    return inspect_write(m->tx, &map, r, m->answer);
}

static void write_counts(const intake_counts *c, json *answer)
{
    json_member_int(answer, "created", (int64_t)c->created);
    json_member_int(answer, "updated", (int64_t)c->updated);
    json_member_int(answer, "unchanged", (int64_t)c->unchanged);
    json_member_int(answer, "skipped", (int64_t)c->skipped);
    json_member_int(answer, "failed", (int64_t)c->failed);
}

/* What the first rows would become: values as the records would show them. */
static kt_error *write_records(kt_tx *tx, const mapping *map, json *answer)
{
    size_t shown = 0;
    json_key(answer, "records");
    json_array(answer);
    for (const model_change *c = tx->changes; c && shown < 10; c = c->next) {
        model_record record = {0};
        if (c->entity != map->entity || c->kind == MODEL_DELETED)
            continue;
        KT_TRY(model_record_decode(tx, c->entity, c->id, c->after, &record));
        model_path *paths;
        size_t count;
        KT_TRY(model_paths_resolve(tx, c->entity, NULL, &paths, &count));
        json_object(answer);
        json_member_text(answer, "action", c->kind == MODEL_CREATED ? "create" : "update");
        json_key(answer, "record");
        KT_TRY(record_write(tx, NULL, &record, paths, count, "read", answer));
        json_object_end(answer);
        shown++;
    }
    json_array_end(answer);
    return NULL;
}

/* One window of a rehearsal, on an overlay that nobody applies. */
static kt_error *run_preview(method_call *m)
{
    kt_tx *tx = m->tx;
    mapping map;
    kt_str bytes;
    reader *r;
    import_batch batch;
    intake_counts counts = {0};
    kt_error *problems = NULL;
    size_t taken;
    uint64_t limit = variant_get_uint(m->params, "limit");
    KT_TRY(open_source(m, tx, &map, &bytes, &r));
    const variant *from = variant_get(m->params, "from");
    if (from)
        KT_TRY(reader_seek(r, m->arena,
            (reader_position){variant_get_uint(from, "at"), (long)variant_get_uint(from, "row")}));
    KT_TRY(import_batch_read(tx, &map, r, limit && limit < PREVIEW_ROWS ? limit : PREVIEW_ROWS, &batch));
    KT_TRY(store_make_writable(tx->view));
    tx->writes = true;
    tx->origin = MODEL_IMPORT;
    KT_TRY(keep_authors(tx, map.keep));
    KT_TRY(import_batch_take(tx, &map, r, NULL, &batch, &counts, &problems, &taken));
    if (!tx->doomed)
        kt_also(&problems, model_commit_checks(tx));
    tx->doomed = NULL;
    tx->writes = false;
    json_object(m->answer);
    json_member_int(m->answer, "rows", (int64_t)batch.count);
    write_counts(&counts, m->answer);
    write_problems(tx, problems, m->answer);
    KT_TRY(write_records(tx, &map, m->answer));
    if (!batch.last) {
        reader_position at = reader_where(r);
        json_key(m->answer, "next");
        json_object(m->answer);
        json_member_int(m->answer, "at", (int64_t)at.at);
        json_member_int(m->answer, "row", at.row);
        json_object_end(m->answer);
    }
    json_object_end(m->answer);
    return NULL;
}

/* ---- import.start ---- */

typedef struct {
    method_call *m;
    file_ref file;
    kt_str entity;
} starting;

/* Is everything that can be known now as it should be? */
static kt_error *check_start(kt_tx *tx, void *context)
{
    starting *s = context;
    mapping map;
    kt_str bytes;
    reader *r;
    kt_error *all = import_mapping(
        tx, variant_get(s->m->params, "mapping"), variant_get_str(s->m->params, "entity"), &map);
    kt_also(&all, read_source(s->m, tx, &bytes, &s->file));
    if (all)
        return all;
    s->entity = map.entity->name;
    if (tx->guard && tx->guard->entity)
        KT_TRY(tx->guard->entity(tx, map.entity, map.mode == MODE_UPDATE ? "update" : "create"));
    if (map.keep)
        KT_TRY(access_may_call(tx, "access.user:update"));
    if (!map.reader.format)
        map.reader.format = format_guess(bytes, s->file.name);
    return reader_open(s->m->arena, bytes, &map.reader, &r);
}

static kt_error *order_import(kt_tx *tx, void *context)
{
    starting *s = context;
    const variant *params = s->m->params;
    kt_str mapping_text, name = s->file.name.len ? s->file.name : KT_STR("text");
    uint64_t id = 0;
    buffer text;
    KT_TRY(import_mapping_text(tx, variant_get(params, "mapping"), &mapping_text));
    buffer_open(&text, MODEL_JSON_MAX);
    json j = json_to(&text);
    json_object(&j);
    json_member_str(&j, "entity", s->entity);
    json_member_str(&j, "sha256", s->file.sha256);
    json_member_int(&j, "size", (int64_t)s->file.size);
    json_member_bool(&j, "dry_run", variant_get_bool(params, "rehearse"));
    json_member_bool(&j, "skip", str_is(variant_get_str(params, "problems"), "skip"));
    json_key(&j, "mapping");
    json_raw(&j, mapping_text);
    json_object_end(&j);
    bool full = text.full;
    kt_str kept = arena_str(tx->arena, buffer_str(&text));
    buffer_close(&text);
    if (full || !kept.ptr)
        return error_no_memory();
    bool polish = tx->lang[0] == 'p';
    KT_TRY(job_start(tx,
        &(job_order){.kind = "import",
            .title = arena_format(tx->arena, polish ? "%.*s do %.*s" : "%.*s into %.*s",
                name.len < 100 ? (int)name.len : 100, name.ptr, STR_ARG(s->entity)),
            .params = kept},
        &id));
    return job_write(tx, id, s->m->answer);
}

static kt_error *run_start(method_call *m)
{
    starting s = {.m = m};
    kt_str problems = variant_get_str(m->params, "problems");
    if (problems.len && !str_is(problems, "stop") && !str_is(problems, "skip"))
        return error_make(m->arena, KT_VALIDATION, "problems", "\"stop\" or \"skip\" was expected",
            "oczekiwano \"stop\" albo \"skip\"");
    KT_TRY(m->rooms->read(m, check_start, &s));
    if (!s.file.sha256.len)
        KT_TRY(file_keep(m->arena, m->rooms->data_directory, variant_get_str(m->params, "text"), &s.file));
    return m->rooms->write(m, order_import, &s);
}

/* ---- import.undo ---- */

static kt_error *run_undo(method_call *m)
{
    kt_tx *tx = m->tx;
    uint64_t id = 0;
    job_view job;
    KT_TRY(job_look(tx, variant_get_uint(m->params, "job"), &job));
    if (str_is(job.state, "queued") || str_is(job.state, "running"))
        return error_make(tx->arena, KT_BAD_STATE, "job", "it still runs: cancel it first",
            "jeszcze trwa: najpierw je anuluj");
    kt_str params = arena_format(tx->arena, "{\"unit\":\"%.*s\"}", STR_ARG(job.unit));
    bool polish = tx->lang[0] == 'p';
    kt_str title = arena_format(tx->arena, polish ? "cofnięcie: %.*s" : "undo: %.*s", STR_ARG(job.title));
    kt_str unit = arena_format(tx->arena, "undo:%.*s", STR_ARG(job.unit));
    if (!params.ptr || !title.ptr || !unit.ptr)
        return error_no_memory();
    KT_TRY(job_start(tx,
        &(job_order){.kind = "undo", .title = title, .params = params, .unit = unit, .total = job.done},
        &id));
    return job_write(tx, id, m->answer);
}

/* ---- Tables ---- */

static const method_param direct_params[] = {
    {"entity", VARIANT_STRING, true, {"what the rows are", "czym są wiersze"}},
    {"rows", VARIANT_ARRAY, true,
        {"values by field, with an external_id", "wartości według pól, z external_id"}},
    EXCHANGE_OPTIONAL("mode", VARIANT_STRING, "\"upsert\" (by external_id; the default) or \"create\"",
        "\"upsert\" (według external_id; domyślnie) albo \"create\""),
    EXCHANGE_OPTIONAL("dry_run", VARIANT_BOOL, "only report: all problems, nothing saved",
        "tylko sprawozdanie: wszystkie problemy, nic nie zapisane"),
    EXCHANGE_OPTIONAL("first_row", VARIANT_INT, "the number that problems give the first row; 1 by default",
        "numer, który w problemach ma pierwszy wiersz; domyślnie 1"),
    EXCHANGE_OPTIONAL("keep_authors", VARIANT_BOOL,
        "rows may give created_at, created_by, updated_at, updated_by",
        "wiersze mogą podać created_at, created_by, updated_at, updated_by"),
    {0},
};
#define SOURCE                                                                                               \
    EXCHANGE_OPTIONAL("file", VARIANT_INT, "the id of an attachment that was uploaded, or",                  \
        "id przesłanego załącznika albo"),                                                                   \
        EXCHANGE_OPTIONAL("text", VARIANT_STRING, "the file's text", "tekst pliku"),                         \
        EXCHANGE_OPTIONAL("entity", VARIANT_STRING, "what the rows are; the mapping may say it",             \
            "czym są wiersze; może to mówić mapowanie"),                                                     \
        EXCHANGE_OPTIONAL("mapping", VARIANT_NULL,                                                           \
            "an object, or the name of a saved one; absent: by titles",                                      \
            "obiekt albo nazwa zapisanego; brak: według tytułów")
static const method_param inspect_params[] = {SOURCE, {0}};
static const method_param preview_params[] = {
    SOURCE,
    EXCHANGE_OPTIONAL(
        "from", VARIANT_OBJECT, "\"next\" of an earlier answer", "\"next\" z wcześniejszej odpowiedzi"),
    EXCHANGE_OPTIONAL("limit", VARIANT_INT, "rows, at most 1000", "wierszy, najwyżej 1000"),
    {0},
};
static const method_param start_params[] = {
    SOURCE,
    EXCHANGE_OPTIONAL("rehearse", VARIANT_BOOL, "a rehearsal: all problems, nothing saved",
        "próba: wszystkie problemy, nic nie zapisane"),
    EXCHANGE_OPTIONAL("problems", VARIANT_STRING,
        "\"stop\" at the first chunk with some (the default), or \"skip\" those records",
        "\"stop\" na pierwszej porcji z problemami (domyślnie) albo \"skip\": pomiń te rekordy"),
    {0},
};
static const method_param undo_params[] = {
    {"job", VARIANT_INT, true, {"the import's job", "zadanie importu"}},
    {0},
};
const method import_methods[] = {
    {"import.run", "login", METHOD_WRITE,
        {"Creates or changes many records in one transaction.",
            "Tworzy albo zmienia wiele rekordów w jednej transakcji."},
        direct_params, run_direct},
    {"import.inspect", "login", METHOD_SLOW,
        {"Looks at a file: format, columns, the fields they seem to be.",
            "Ogląda plik: format, kolumny i pola, którymi się wydają."},
        inspect_params, run_inspect},
    {"import.preview", "login", METHOD_SLOW,
        {"Rehearses a window of rows: what would become of them, and all problems.",
            "Próbuje część wierszy: co by z nich powstało i wszystkie problemy."},
        preview_params, run_preview},
    {"import.start", "login", METHOD_PLAIN,
        {"Starts a job that takes a file in.", "Uruchamia zadanie, które wczytuje plik."}, start_params,
        run_start},
    {"import.undo", "login", METHOD_WRITE,
        {"Starts a job that takes an import back.", "Uruchamia zadanie, które cofa import."}, undo_params,
        run_undo},
    {0},
};
