/* export.c -- export.read: records under the right to export, page by page; export.start: a job that makes a
 * file of them. An export is the list that the wire gives, under another right: the same filters, paths,
 * order and rights hold. */
#include "exchange/cards.h"
#include "exchange/import_job.h"
#include "exchange/params.h"
#include "exchange/watermark.h"
#include "exchange/writer.h"
#include "kit/decode.h"
#include "kit/str.h"

enum { PAGE = 500, COLUMNS_MAX = READER_COLUMNS_MAX };

/* Reads what both take. */
static kt_error *read_query(kt_tx *tx, const variant *params, query_request *query)
{
    const variant *filter = variant_get(params, "filter");
    query_filter *read = NULL;
    *query = (query_request){.limit = PAGE, .right = "export", .cursor = variant_get_str(params, "cursor")};
    KT_TRY(param_entity(tx, params, &query->entity));
    if (filter && filter->kind != VARIANT_NULL)
        KT_TRY(query_filter_read(tx, query->entity, filter, &read));
    const variant *fields = variant_get(params, "fields"), *sort = variant_get(params, "sort");
    query->filter = read;
    query->fields = fields && fields->kind == VARIANT_ARRAY ? fields : NULL;
    query->sort = sort && sort->kind != VARIANT_NULL ? sort : NULL;
    return NULL;
}

static kt_error *run_read(method_call *m)
{
    query_request query;
    uint64_t limit = variant_get_uint(m->params, "limit");
    KT_TRY(read_query(m->tx, m->params, &query));
    if (limit > PAGE)
        return error_make(m->arena, KT_VALIDATION, "limit", "a whole number from 0 to %d was expected",
            "oczekiwano liczby całkowitej od 0 do %d", PAGE);
    query.limit = limit ? (uint32_t)limit : PAGE;
    json_object(m->answer);
    KT_TRY(query_list(m->tx, &query, m->answer));
    json_object_end(m->answer);
    return NULL;
}

/* ---- Columns ---- */

static bool is_seen(kt_tx *tx, const model_entity *entity, const model_field *field)
{
    return !tx->guard || !tx->guard->field || tx->guard->field(tx, field, entity, false);
}

static kt_str title_of(kt_tx *tx, const model_field *field, kt_str path, bool labels)
{
    kt_text label = field ? field->label : (kt_text){0};
    const char *text = tx->lang[0] == 'p' && label.pl ? label.pl : label.en;
    return labels && text && *text ? str_of(text) : path;
}

/* In a file of people every row says whose file it is: so do those that are copied out of it, however few. */
static const kt_str mark_path = {"kontor_export", sizeof "kontor_export" - 1};

static kt_error *mark_rows(arena *arena, kt_str mark, variant *rows, size_t count)
{
    variant *said = ARENA_NEW(arena, variant);
    if (!said)
        return error_no_memory();
    *said = (variant){.kind = VARIANT_STRING, .as.string = mark};
    for (size_t i = 0; i < count; i++) {
        size_t n = rows[i].as.object.count;
        variant_member *members = ARENA_ARRAY(arena, variant_member, n + 1);
        if (!members)
            return error_no_memory();
        if (n)
            memcpy(members, rows[i].as.object.members, n * sizeof *members);
        members[n] = (variant_member){mark_path, said};
        rows[i].as.object.members = members;
        rows[i].as.object.count = n + 1;
    }
    return NULL;
}

/* The fields asked for, else all that the caller may see; of people the mark behind them. memory: lasting */
static kt_error *columns_of(kt_tx *tx, arena *lasting, const query_request *query, bool labels,
    writer_column **columns, size_t *count)
{
    size_t most = query->fields ? query->fields->as.array.count : query->entity->field_count;
    *columns = ARENA_ARRAY(lasting, writer_column, most + 2);
    *count = 0;
    if (!*columns)
        return error_no_memory();
    for (size_t i = 0; i < most && *count < COLUMNS_MAX; i++) {
        const variant *name = query->fields ? &query->fields->as.array.items[i] : NULL;
        const model_field *field = name ? model_field_find(query->entity, name->as.string)
                                        : &query->entity->fields[i];
        if (field && !is_seen(tx, query->entity, field))
            continue;
        kt_str path = name ? name->as.string : field->name;
        writer_column *c = &(*columns)[(*count)++];
        *c = (writer_column){
            arena_str(lasting, path), arena_str(lasting, title_of(tx, field, path, labels)), NULL};
        if (!c->path.ptr || !c->title.ptr)
            return error_no_memory();
    }
    if (query->entity->log_reads)
        (*columns)[(*count)++] = (writer_column){mark_path, mark_path, NULL, NULL};
    return NULL;
}

/* ---- The job ---- */

typedef struct {
    table_writer *writer;
    writer_column *columns;
    size_t count;
    kt_str cursor; /* not set: at the beginning */
    kt_str mark;   /* whose file it is */
    buffer kept;   /* its memory */
    file_ref file;
    format format;
    bool whole;
} exporting;

static bool is_cards(format f)
{
    return f == FORMAT_VCARD || f == FORMAT_ICAL;
}

/* The conditions of the query and those that every record of the mapping fulfils: its values. */
static kt_error *add_values(kt_tx *tx, const variant *filter, const mapping *map, const variant **both)
{
    size_t count = map->constants ? map->constants->as.object.count : 0, n = 0;
    variant *list = ARENA_NEW(tx->arena, variant), *items = ARENA_ARRAY(tx->arena, variant, count + 1);
    variant *parts = ARENA_ARRAY(tx->arena, variant, 3 * count + 1);
    if (!list || !items || !parts)
        return error_no_memory();
    bool given = filter && filter->kind == VARIANT_ARRAY && filter->as.array.count;
    if (given)
        items[n++] = *filter;
    for (size_t i = 0; i < count; i++) {
        const variant_member *m = &map->constants->as.object.members[i];
        parts[3 * i] = (variant){.kind = VARIANT_STRING, .as.string = m->name};
        parts[3 * i + 1] = (variant){.kind = VARIANT_STRING, .as.string = KT_STR("=")};
        parts[3 * i + 2] = *m->value;
        items[n++] = (variant){.kind = VARIANT_ARRAY, .as.array = {&parts[3 * i], 3}};
    }
    *list = (variant){.kind = VARIANT_ARRAY, .as.array = {items, n}};
    *both = list;
    return NULL;
}

/* Cards: fields, columns and conditions are the mapping's. */
static kt_error *read_cards(
    kt_tx *tx, const variant *params, query_request *query, writer_column **columns, size_t *count)
{
    mapping *map = ARENA_NEW(tx->arena, mapping);
    const variant *filter = NULL;
    query_filter *read = NULL;
    if (!map)
        return error_no_memory();
    KT_TRY(import_mapping(tx, variant_get(params, "mapping"), query->entity->name, map));
    KT_TRY(cards_columns(tx->arena, map, columns, count));
    KT_TRY(cards_fields(tx->arena, *columns, *count, &query->fields));
    KT_TRY(add_values(tx, variant_get(params, "filter"), map, &filter));
    if (filter->as.array.count)
        KT_TRY(query_filter_read(tx, query->entity, filter, &read));
    query->filter = read;
    return NULL;
}

/* A file is made in one go: after a stop it begins anew, for nobody has seen it yet. */
kt_error *export_open(job_run *run)
{
    exporting *x = ARENA_NEW(run->lasting, exporting);
    query_request query;
    kt_str separator = variant_get_str(run->params, "separator");
    if (!x)
        return error_no_memory();
    run->context = x;
    buffer_open(&x->kept, 4096);
    x->format = format_named(variant_get_str(run->params, "format"));
    KT_TRY(read_query(run->tx, run->params, &query));
    if (is_cards(x->format))
        KT_TRY(read_cards(run->tx, run->params, &query, &x->columns, &x->count));
    KT_TRY(query_count(run->tx, &query, &run->total));
    run->done = 0;
    if (!is_cards(x->format))
        KT_TRY(columns_of(
            run->tx, run->lasting, &query, variant_get_bool(run->params, "labels"), &x->columns, &x->count));
    KT_TRY(table_begin(run->lasting, run->rooms->data_directory, x->format,
        separator.len ? *separator.ptr : 0, x->columns, x->count, &x->writer));
    char at[TIME_TEXT_MAX + 1] = {0};
    time_text(run->tx->now, at);
    x->mark = arena_format(run->lasting, "Kontor export %llu, user %llu, %s", (unsigned long long)run->id,
        (unsigned long long)run->tx->user, at);
    if (!x->mark.ptr)
        return error_no_memory();
    table_mark(x->writer, x->mark);
    return NULL;
}

void export_close(job_run *run)
{
    exporting *x = run->context;
    table_drop(x->writer);
    buffer_close(&x->kept);
}

static kt_error *read_page(job_run *run, exporting *x, const query_request *query, const variant **page)
{
    static const decode_limits limits = {.depth_max = 64, .elements_max = 20000000};
    buffer text;
    (void)x;
    buffer_open(&text, (size_t)128 << 20);
    json j = json_to(&text);
    json_object(&j);
    kt_error *error = query_list(run->tx, query, &j);
    json_object_end(&j);
    if (!error && text.full)
        error = error_no_memory();
    if (!error)
        error = decode_json(run->arena, buffer_str(&text), &limits, page);
    buffer_close(&text);
    return error;
}

kt_error *export_prepare(job_run *run)
{
    exporting *x = run->context;
    query_request query;
    const variant *page = NULL;
    if (x->whole) /* the record of the file could not be written yet */
        return NULL;
    KT_TRY(read_query(run->tx, run->params, &query));
    if (is_cards(x->format)) {
        KT_TRY(read_cards(run->tx, run->params, &query, &x->columns, &x->count));
        table_columns(x->writer, x->columns, x->count);
    }
    query.cursor = x->cursor;
    KT_TRY(watermark_fields(run->arena, query.fields, &query.fields));
    KT_TRY(read_page(run, x, &query, &page));
    const variant *rows = variant_get(page, "rows");
    variant *own = (variant *)(uintptr_t)rows->as.array.items; /* the page is ours */
    if (!query.sort && rows->as.array.count)
        watermark_rows(run->tx->master_key, run->id, own, rows->as.array.count);
    if (query.entity->log_reads && !is_cards(x->format))
        KT_TRY(mark_rows(run->arena, x->mark, own, rows->as.array.count));
    for (size_t i = 0; i < x->count && !is_cards(x->format); i++) /* of the catalogue of this snapshot */
        x->columns[i].field = model_field_find(query.entity, x->columns[i].path);
    for (size_t i = 0; i < rows->as.array.count; i++)
        KT_TRY(table_row(x->writer, run->arena, &rows->as.array.items[i]));
    run->done += rows->as.array.count;
    if (run->total < run->done)
        run->total = run->done;
    kt_str next = variant_get_str(page, "next");
    buffer_clear(&x->kept);
    buffer_add_str(&x->kept, next);
    buffer_add_char(&x->kept, 0);
    x->cursor = next.len ? (kt_str){x->kept.ptr, next.len} : (kt_str){0};
    if (next.len)
        return NULL;
    KT_TRY(table_finish(x->writer, run->arena, &x->file));
    x->file.sha256 = arena_str(run->lasting, x->file.sha256);
    x->whole = true;
    return NULL;
}

kt_error *export_apply(job_run *run)
{
    exporting *x = run->context;
    uint64_t id = 0;
    run->next = KT_STR("{}");
    if (!x->whole)
        return NULL;
    x->file.name = variant_get_str(run->params, "name");
    KT_TRY(file_attach(run->tx, &x->file, format_media_type(x->format), &id));
    run->finished = true;
    buffer text;
    buffer_open(&text, 2000);
    json j = json_to(&text);
    json_object(&j);
    json_member_int(&j, "file", (int64_t)id);
    json_member_str(&j, "name", x->file.name);
    json_member_int(&j, "size", (int64_t)x->file.size);
    json_member_str(&j, "sha256", x->file.sha256);
    json_member_int(&j, "rows", (int64_t)run->done);
    json_object_end(&j);
    run->result = arena_str(run->arena, buffer_str(&text));
    buffer_close(&text);
    return run->result.ptr ? NULL : error_no_memory();
}

/* ---- export.start ---- */

static kt_error *check_separator(kt_tx *tx, kt_str separator)
{
    return separator.len > 1 || (separator.len && strchr("\"\r\n'", *separator.ptr))
               ? error_make(tx->arena, KT_VALIDATION, "separator", "one character was expected",
                     "oczekiwano jednego znaku")
               : NULL;
}

/* A mapping has a meaning for cards alone; where no format is named, it says which. */
static kt_error *check_mapping(
    kt_tx *tx, const variant *map, const model_entity *entity, bool named, format *f)
{
    mapping *told = map ? ARENA_NEW(tx->arena, mapping) : NULL;
    if (!map)
        return is_cards(*f) ? error_make(tx->arena, KT_VALIDATION, "mapping",
                                  "is required: it says which field is which property",
                                  "jest wymagane: mówi, które pole jest którą właściwością")
                            : NULL;
    if (!told)
        return error_no_memory();
    KT_TRY(import_mapping(tx, map, entity->name, told));
    if (!named && told->reader.format)
        *f = told->reader.format;
    return is_cards(*f)
               ? NULL
               : error_make(tx->arena, KT_VALIDATION, "mapping", "is for vcard and ical alone, this is %s",
                     "służy tylko vcard i ical, a to %s", format_name(*f));
}

static kt_error *run_start(method_call *m)
{
    kt_tx *tx = m->tx;
    query_request query;
    model_path *paths;
    size_t count;
    uint64_t id = 0;
    kt_str named = variant_get_str(m->params, "format"), name = variant_get_str(m->params, "name");
    format f = named.len ? format_named(named) : FORMAT_CSV;
    kt_error *all = format_is_written(f) ? NULL
                                         : error_make(m->arena, KT_VALIDATION, "format",
                                               "csv, jsonl, xlsx, vcard or ical was expected",
                                               "oczekiwano csv, jsonl, xlsx, vcard albo ical");
    kt_also(&all, check_separator(tx, variant_get_str(m->params, "separator")));
    kt_also(&all, read_query(tx, m->params, &query));
    if (all)
        return all;
    KT_TRY(check_mapping(tx, variant_get(m->params, "mapping"), query.entity, named.len > 0, &f));
    if (is_cards(f)) {
        writer_column *columns;
        KT_TRY(read_cards(tx, m->params, &query, &columns, &count));
    }
    KT_TRY(model_paths_resolve(tx, query.entity, query.fields, &paths, &count));
    if (tx->guard && tx->guard->entity)
        KT_TRY(tx->guard->entity(tx, query.entity, "export"));
    if (!name.len)
        name = arena_format(m->arena, "%.*s.%s", STR_ARG(query.entity->name), format_name(f));
    variant format_value = {.kind = VARIANT_STRING, .as.string = str_of(format_name(f))};
    variant name_value = {.kind = VARIANT_STRING, .as.string = name};
    buffer text;
    buffer_open(&text, MODEL_JSON_MAX);
    json j = json_to(&text);
    json_object(&j);
    for (size_t i = 0; i < m->params->as.object.count; i++) {
        const variant_member *member = &m->params->as.object.members[i];
        if (str_is(member->name, "format") || str_is(member->name, "name"))
            continue;
        json_key_str(&j, member->name);
        json_variant(&j, member->value);
    }
    json_key(&j, "format");
    json_variant(&j, &format_value);
    json_key(&j, "name");
    json_variant(&j, &name_value);
    json_object_end(&j);
    bool full = text.full;
    kt_str kept = arena_str(m->arena, buffer_str(&text));
    buffer_close(&text);
    if (full)
        return error_make(
            m->arena, KT_LIMIT, NULL, "filter and fields are too long", "filtr i pola są za długie");
    KT_TRY(job_start(tx, &(job_order){.kind = "export", .title = name, .params = kept}, &id));
    return job_write(tx, id, m->answer);
}

#define WHAT                                                                                                 \
    {"entity", VARIANT_STRING, true, {"what to export", "co eksportować"}},                                  \
        EXCHANGE_OPTIONAL(                                                                                   \
            "filter", VARIANT_NULL, "conditions that all hold", "warunki, które wszystkie zachodzą"),        \
        EXCHANGE_OPTIONAL(                                                                                   \
            "fields", VARIANT_ARRAY, "the fields wanted; absent: all", "żądane pola; brak: wszystkie"),      \
        EXCHANGE_OPTIONAL(                                                                                   \
            "sort", VARIANT_NULL, "fields, - in front for descending", "pola, malejąco z - na początku")
static const method_param read_params[] = {
    WHAT,
    EXCHANGE_OPTIONAL(
        "cursor", VARIANT_STRING, "\"next\" of an earlier answer", "\"next\" z wcześniejszej odpowiedzi"),
    EXCHANGE_OPTIONAL(
        "limit", VARIANT_INT, "rows in one answer, at most 500", "wierszy w odpowiedzi, najwyżej 500"),
    {0},
};
static const method_param start_params[] = {
    WHAT,
    EXCHANGE_OPTIONAL("format", VARIANT_STRING,
        "csv (the default), jsonl, xlsx, vcard or ical; else the mapping's",
        "csv (domyślnie), jsonl, xlsx, vcard albo ical; inaczej według odwzorowania"),
    EXCHANGE_OPTIONAL("mapping", VARIANT_NULL, "of vcard and ical: an object, or the name of a saved one",
        "dla vcard i ical: obiekt albo nazwa zapisanego"),
    EXCHANGE_OPTIONAL("labels", VARIANT_BOOL, "titles are labels, in the caller's language",
        "tytułami są etykiety, w języku wywołującego"),
    EXCHANGE_OPTIONAL(
        "separator", VARIANT_STRING, "of CSV; a comma by default", "w CSV; domyślnie przecinek"),
    EXCHANGE_OPTIONAL("name", VARIANT_STRING, "of the file", "nazwa pliku"),
    {0},
};
const method export_methods[] = {
    {"export.read", "login", METHOD_READ,
        {"Reads records under the right to export.", "Czyta rekordy na prawach eksportu."}, read_params,
        run_read},
    {"export.start", "login", METHOD_WRITE,
        {"Starts a job that makes a file of records.", "Uruchamia zadanie, które tworzy plik z rekordów."},
        start_params, run_start},
    {0},
};
