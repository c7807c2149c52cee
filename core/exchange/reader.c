/* reader.c -- what all formats have in common. */
#include "exchange/format.h"

enum { READER_ARENA = 256 << 20 };

static const reader_kind *const kinds[] = {
    [FORMAT_CSV] = &csv_kind,
    [FORMAT_JSON] = &json_kind,
    [FORMAT_XLSX] = &xlsx_kind,
    [FORMAT_VCARD] = &vcard_kind,
    [FORMAT_ICAL] = &ical_kind,
};

format format_named(kt_str name)
{
    for (format f = FORMAT_CSV; f <= FORMAT_ICAL; f++)
        if (str_is(name, kinds[f]->name))
            return f;
    return str_is(name, "json") ? FORMAT_JSON : FORMAT_UNKNOWN;
}

const char *format_name(format f)
{
    return f ? kinds[f]->name : "unknown";
}

static bool ends_with(kt_str name, const char *end)
{
    size_t n = strlen(end);
    return name.len >= n && strncasecmp(name.ptr + name.len - n, end, n) == 0;
}

format format_guess(kt_str bytes, kt_str name)
{
    size_t at = str_starts(bytes, KT_STR("\xef\xbb\xbf")) ? 3 : 0;
    while (at < bytes.len && (bytes.ptr[at] == ' ' || bytes.ptr[at] == '\n' || bytes.ptr[at] == '\r'))
        at++;
    kt_str head = {bytes.ptr + at, bytes.len - at};
    if (str_starts(head, KT_STR("PK\x03\x04")))
        return FORMAT_XLSX;
    if (head.len >= 11 && strncasecmp(head.ptr, "BEGIN:VCARD", 11) == 0)
        return FORMAT_VCARD;
    if (head.len >= 15 && strncasecmp(head.ptr, "BEGIN:VCALENDAR", 15) == 0)
        return FORMAT_ICAL;
    if (str_starts(head, KT_STR("{")) || str_starts(head, KT_STR("[")))
        return FORMAT_JSON;
    return ends_with(name, ".jsonl") || ends_with(name, ".json") ? FORMAT_JSON : FORMAT_CSV;
}

/* ---- Titles and cells ---- */

static kt_error *too_many(arena *arena)
{
    return error_make(
        arena, KT_LIMIT, "file", "more than %d columns", "więcej niż %d kolumn", READER_COLUMNS_MAX);
}

static bool find_title(const reader *r, kt_str title, size_t *column)
{
    for (size_t i = 0; i < r->title_count; i++)
        if (str_eq(r->titles[i], title)) {
            *column = i;
            return true;
        }
    return false;
}

kt_error *reader_add_title(reader *r, arena *arena, kt_str title, size_t *column)
{
    kt_str name = title;
    size_t first, same;
    if (r->title_count == READER_COLUMNS_MAX)
        return too_many(arena);
    for (bool again = find_title(r, title, &first); again; again = find_title(r, name, &same)) {
        name = arena_format(r->arena, "%.*s#%d", STR_ARG(title), ++r->repeats[first] + 1);
        if (!name.ptr)
            return error_no_memory();
    }
    if (r->title_count == r->title_room) {
        size_t room = r->title_room ? 2 * r->title_room : 32;
        kt_str *grown = arena_grow(r->arena, r->titles, r->title_room * sizeof *grown, room * sizeof *grown);
        if (!grown)
            return error_no_memory();
        r->titles = grown;
        r->title_room = room;
    }
    *column = r->title_count;
    r->titles[r->title_count] = arena_str(r->arena, name);
    return r->titles[r->title_count++].ptr ? NULL : error_no_memory();
}

kt_error *reader_column(reader *r, arena *arena, kt_str title, size_t *column)
{
    return find_title(r, title, column) ? NULL : reader_add_title(r, arena, title, column);
}

variant *row_cell(row_cells *cells, arena *arena, size_t column)
{
    if (column >= READER_COLUMNS_MAX)
        return NULL;
    if (column >= cells->room) {
        size_t room = cells->room ? cells->room : 16;
        while (room <= column)
            room *= 2;
        variant *grown = arena_grow(arena, cells->cells, cells->room * sizeof *grown, room * sizeof *grown);
        if (!grown)
            return NULL;
        memset(grown + cells->room, 0, (room - cells->room) * sizeof *grown);
        cells->cells = grown;
        cells->room = room;
    }
    if (column >= cells->count)
        cells->count = column + 1;
    return &cells->cells[column];
}

/* ---- Readers ---- */

static void end_reader(void *object)
{
    reader *r = *(reader **)object;
    if (!r)
        return;
    *(reader **)object = NULL;
    if (r->kind->close)
        r->kind->close(r);
    arena_close(r->arena);
}

kt_error *reader_open(arena *for_errors, kt_str bytes, reader_options *options, reader **out)
{
    reader **handle = ARENA_NEW(for_errors, reader *); /* ends the reader with the caller's arena */
    arena *own = arena_open(READER_ARENA);
    reader *r = own ? ARENA_NEW(own, reader) : NULL;
    *out = NULL;
    if (!handle || !r || !arena_at_end(for_errors, end_reader, handle)) {
        arena_close(own);
        return error_no_memory();
    }
    *handle = r;
    if (!options->format)
        options->format = format_guess(bytes, (kt_str){0});
    r->kind = kinds[options->format];
    r->arena = own;
    r->bytes = r->text = bytes;
    r->own = NULL;
    if (options->format != FORMAT_XLSX) {
        if (!options->encoding)
            options->encoding = encoding_guess(bytes);
        KT_TRY(encoding_read(own, bytes, options->encoding, &r->text));
    }
    if (options->format == FORMAT_CSV && !options->separator)
        options->separator = csv_guess_separator(r->text);
    r->separator = options->separator;
    *out = r;
    return r->kind->open ? r->kind->open(r, for_errors) : NULL;
}

format reader_format(const reader *r)
{
    format f = FORMAT_CSV;
    while (f < FORMAT_ICAL && kinds[f] != r->kind)
        f++;
    return f;
}

size_t reader_column_count(const reader *r)
{
    return r->title_count;
}

kt_str reader_title(const reader *r, size_t column)
{
    return r->titles[column];
}

static bool is_empty(const reader_row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        const variant *v = &row->cells[i];
        if (v->kind != VARIANT_NULL && (v->kind != VARIANT_STRING || v->as.string.len))
            return false;
    }
    return true;
}

kt_error *reader_next(reader *r, arena *arena, reader_row *row, bool *more)
{
    do
        KT_TRY(r->kind->next(r, arena, row, more));
    while (*more && is_empty(row));
    return NULL;
}

reader_position reader_where(const reader *r)
{
    return (reader_position){r->at, r->row};
}

kt_error *reader_seek(reader *r, arena *arena, reader_position position)
{
    if (r->kind->seek)
        return r->kind->seek(r, arena, position);
    r->at = position.at < r->text.len ? (size_t)position.at : r->text.len;
    r->row = position.row;
    return NULL;
}
