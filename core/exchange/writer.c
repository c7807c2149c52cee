/* writer.c -- CSV and JSON Lines; xlsx_write.c does the third. Text that a spreadsheet would take for a
 * formula gets an apostrophe in front, which an import takes away again. */
#include "exchange/cells.h"
#include "exchange/table.h"
#include "kit/str.h"

/* ---- Cells as text ---- */

static kt_error *add_refs(buffer *out, const variant *list)
{
    for (size_t i = 0; i < list->as.array.count; i++)
        buffer_add_format(out, "%s%lld", i ? ";" : "", (long long)list->as.array.items[i].as.integer);
    return NULL;
}

/* What a cell shows, without quotes or guard. */
static void add_text(buffer *out, const variant *v)
{
    const variant *entity = variant_get(v, "entity"), *id = variant_get(v, "id");
    json j = json_to(out);
    switch (v->kind) {
    case VARIANT_NULL:
        return;
    case VARIANT_BOOL:
        buffer_add_str(out, v->as.boolean ? KT_STR("true") : KT_STR("false"));
        return;
    case VARIANT_INT:
        buffer_add_format(out, "%lld", (long long)v->as.integer);
        return;
    case VARIANT_REAL:
    case VARIANT_STRING:
        buffer_add_str(out, v->as.string);
        return;
    case VARIANT_ARRAY:
    case VARIANT_OBJECT:
        break;
    }
    bool ids = v->kind == VARIANT_ARRAY && v->as.array.count;
    for (size_t i = 0; ids && i < v->as.array.count; i++)
        ids = v->as.array.items[i].kind == VARIANT_INT;
    if (ids)
        (void)add_refs(out, v);
    else if (v->kind == VARIANT_OBJECT && v->as.object.count == 2 && entity && id &&
             entity->kind == VARIANT_STRING && id->kind == VARIANT_INT)
        buffer_add_format(out, "%.*s:%lld", STR_ARG(entity->as.string), (long long)id->as.integer);
    else
        json_variant(&j, v);
}

kt_str table_text(buffer *scratch, const variant *v, const model_field *field)
{
    buffer_clear(scratch);
    if (v && field && field->type == KT_JSON && v->kind != VARIANT_NULL) {
        json j = json_to(scratch);
        json_variant(&j, v);
    } else if (v) {
        add_text(scratch, v);
    }
    return buffer_str(scratch);
}

/* ---- CSV ---- */

static void csv_cell(table_writer *w, kt_str text)
{
    bool guard = cell_is_formula(text), quote = guard;
    for (size_t i = 0; !quote && i < text.len; i++)
        quote = text.ptr[i] == w->separator || strchr("\"\r\n,;\t", text.ptr[i]);
    if (!quote) {
        buffer_add_str(&w->out, text);
        return;
    }
    buffer_add_str(&w->out, guard ? KT_STR("\"'") : KT_STR("\""));
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            buffer_add_char(&w->out, '"');
        buffer_add_char(&w->out, text.ptr[i]);
    }
    buffer_add_char(&w->out, '"');
}

static kt_error *csv_begin(table_writer *w, arena *arena)
{
    (void)arena;
    buffer_add_str(&w->out, KT_STR("\xef\xbb\xbf"));
    for (size_t i = 0; i < w->count; i++) {
        if (i)
            buffer_add_char(&w->out, w->separator);
        csv_cell(w, w->columns[i].title);
    }
    buffer_add_str(&w->out, KT_STR("\r\n"));
    return NULL;
}

static kt_error *csv_row(table_writer *w, arena *arena, const variant *row)
{
    (void)arena;
    for (size_t i = 0; i < w->count; i++) {
        if (i)
            buffer_add_char(&w->out, w->separator);
        csv_cell(w, table_text(&w->scratch, variant_get(row, w->columns[i].path.ptr), w->columns[i].field));
    }
    buffer_add_str(&w->out, KT_STR("\r\n"));
    return NULL;
}

/* ---- JSON Lines ---- */

static kt_error *json_row(table_writer *w, arena *arena, const variant *row)
{
    (void)arena;
    json j = json_to(&w->out);
    json_object(&j);
    for (size_t i = 0; i < w->count; i++) {
        const variant *v = variant_get(row, w->columns[i].path.ptr);
        json_key_str(&j, w->columns[i].title);
        if (v)
            json_variant(&j, v);
        else
            json_null(&j);
    }
    json_object_end(&j);
    buffer_add_char(&w->out, '\n');
    return NULL;
}

/* ---- Files ---- */

static const struct {
    const char *media_type;
    const table_kind *kind;
} kinds[] = {
    [FORMAT_CSV] = {"text/csv", &(const table_kind){csv_begin, csv_row, NULL, NULL}},
    [FORMAT_JSON] = {"application/jsonl", &(const table_kind){NULL, json_row, NULL, NULL}},
    [FORMAT_XLSX] = {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &xlsx_table},
    [FORMAT_VCARD] = {"text/vcard", &vcard_table},
    [FORMAT_ICAL] = {"text/calendar", &ical_table},
};

const char *format_media_type(format f)
{
    return kinds[f].media_type;
}

bool format_is_written(format f)
{
    return f != FORMAT_UNKNOWN && kinds[f].kind;
}

kt_error *table_begin(arena *arena, const char *data_directory, format f, char separator,
    const writer_column *columns, size_t count, table_writer **out)
{
    table_writer *w = ARENA_NEW(arena, table_writer);
    *out = NULL;
    if (!w)
        return error_no_memory();
    *w = (table_writer){.kind = kinds[f].kind,
        .data_directory = data_directory,
        .separator = separator ? separator : ',',
        .columns = columns,
        .count = count};
    w->content.fd = -1;
    buffer_open(&w->out, (size_t)128 << 20);
    buffer_open(&w->scratch, (size_t)16 << 20);
    *out = w;
    KT_TRY(content_begin(arena, data_directory, &w->content));
    return w->kind->begin ? w->kind->begin(w, arena) : NULL;
}

void table_mark(table_writer *w, kt_str mark)
{
    w->mark = mark;
}

void table_columns(table_writer *w, const writer_column *columns, size_t count)
{
    w->columns = columns;
    w->count = count;
}

kt_error *table_flush(table_writer *w, arena *arena)
{
    if (w->out.full || w->scratch.full)
        return error_make(
            arena, KT_LIMIT, NULL, "a row is larger than 16 MB", "wiersz jest większy niż 16 MB");
    kt_error *error = w->out.len ? content_add(arena, &w->content, w->out.ptr, w->out.len) : NULL;
    buffer_clear(&w->out);
    return error;
}

kt_error *table_row(table_writer *w, arena *arena, const variant *row)
{
    KT_TRY(w->kind->row(w, arena, row));
    return w->out.len > 1 << 18 || w->out.full || w->scratch.full ? table_flush(w, arena) : NULL;
}

kt_error *table_finish(table_writer *w, arena *arena, file_ref *file)
{
    if (w->kind->end)
        KT_TRY(w->kind->end(w, arena));
    KT_TRY(table_flush(w, arena));
    uint64_t size = w->content.size;
    KT_TRY(content_finish(arena, w->data_directory, &w->content));
    *file = (file_ref){.sha256 = arena_str(arena, str_of(w->content.name)), .size = size};
    return file->sha256.ptr ? NULL : error_no_memory();
}

void table_drop(table_writer *w)
{
    if (!w)
        return;
    if (w->kind->drop)
        w->kind->drop(w);
    content_drop(&w->content);
    buffer_close(&w->out);
    buffer_close(&w->scratch);
}
