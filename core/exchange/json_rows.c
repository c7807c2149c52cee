/* json_rows.c -- JSON Lines, an array of objects, or answers of a REST service one behind another: objects
 * whose first member "result" holds the rows. Only one row is in memory at a time. */
#include "exchange/format.h"
#include "kit/decode.h"

enum { ROW_MAX = 4 << 20 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The end of the value that begins at `at` with a bracket; 0: it has none. */
static size_t value_end(kt_str text, size_t at)
{
    size_t depth = 0;
    bool quoted = false;
    for (; at < text.len; at++) {
        char c = text.ptr[at];
        if (quoted) {
            if (c == '\\')
                at++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return at + 1;
        }
    }
    return 0;
}

static size_t skip_blank(kt_str text, size_t at)
{
    while (at < text.len && is_blank(text.ptr[at]))
        at++;
    return at;
}

/* Behind `{"name":` and blanks; 0: something else stands here. */
static size_t behind_member(kt_str text, size_t at, const char *name)
{
    size_t n = strlen(name);
    at = skip_blank(text, at + 1);
    if (at + n + 2 > text.len || text.ptr[at] != '"' || memcmp(text.ptr + at + 1, name, n) != 0 ||
        text.ptr[at + n + 1] != '"')
        return 0;
    at = skip_blank(text, at + n + 2);
    return at < text.len && text.ptr[at] == ':' ? skip_blank(text, at + 1) : 0;
}

/* If an answer begins here: the place of its list of rows, "[". */
static size_t rows_of_answer(kt_str text, size_t at)
{
    size_t list = behind_member(text, at, "result");
    if (list && list < text.len && text.ptr[list] == '{') {
        size_t inner = behind_member(text, list, "items");
        list = inner ? inner : 0;
    }
    return list && list < text.len && text.ptr[list] == '[' ? list : 0;
}

static kt_error *damaged(const reader *r, arena *arena, const char *en, const char *pl)
{
    kt_error *error = error_make(arena, KT_VALIDATION, "file", "%s%.0s", "%.0s%s", en, pl);
    return error_at_row(error, r->row);
}

/* Steps to the next object that is a row. Brackets around rows, commas, and what stands behind an answer's
 * list (its total, its time) are passed over. */
static kt_error *to_row(reader *r, arena *arena, bool *more)
{
    kt_str text = r->text;
    for (;;) {
        r->at = skip_blank(text, r->at);
        *more = r->at < text.len;
        if (!*more)
            return NULL;
        char c = text.ptr[r->at];
        if (c == '{') {
            size_t list = rows_of_answer(text, r->at);
            if (!list)
                return NULL;
            r->at = list + 1;
        } else if (c == '[' || c == ',') {
            r->at++;
        } else if (c == ']') { /* of the rows; an answer goes on to its line's end or the next answer */
            r->at++;
            size_t at = skip_blank(text, r->at);
            while (at < text.len && (text.ptr[at] == ',' || text.ptr[at] == '}')) {
                size_t brace = text.ptr[at] == ',' ? skip_blank(text, at + 1) : at;
                if (brace < text.len && text.ptr[brace] == '"') { /* members behind the rows */
                    for (bool quoted = false; brace < text.len && (quoted || text.ptr[brace] != '}');
                         brace++) {
                        if (text.ptr[brace] == '{' && !quoted) {
                            size_t end = value_end(text, brace);
                            brace = end ? end - 1 : text.len - 1;
                        } else if (text.ptr[brace] == '"' && text.ptr[brace - 1] != '\\') {
                            quoted = !quoted;
                        }
                    }
                } else if (text.ptr[at] == ',') {
                    break;
                }
                at = brace < text.len ? brace + (text.ptr[brace] == '}') : text.len;
                at = skip_blank(text, at);
            }
            r->at = at;
        } else {
            r->row++;
            return damaged(r, arena, "an object was expected", "oczekiwano obiektu");
        }
    }
}

static kt_error *next(reader *r, arena *arena, reader_row *row, bool *more)
{
    static const decode_limits limits = {.depth_max = 32, .elements_max = 100000};
    const variant *value = NULL;
    row_cells cells = {0};
    KT_TRY(to_row(r, arena, more));
    if (!*more)
        return NULL;
    r->row++;
    size_t end = value_end(r->text, r->at);
    if (!end || end - r->at > ROW_MAX)
        return damaged(r, arena, "an object is not closed, or larger than 4 MB",
            "obiekt nie jest zamknięty albo jest większy niż 4 MB");
    kt_error *error = decode_json(arena, (kt_str){r->text.ptr + r->at, end - r->at}, &limits, &value);
    if (error)
        return error_at_row(error, r->row);
    r->at = end;
    for (size_t i = 0; i < value->as.object.count; i++) {
        const variant_member *member = &value->as.object.members[i];
        size_t column;
        KT_TRY(reader_column(r, arena, member->name, &column));
        variant *cell = row_cell(&cells, arena, column);
        if (!cell)
            return error_no_memory();
        *cell = *member->value;
    }
    *row = (reader_row){r->row, cells.cells, cells.count};
    return NULL;
}

const reader_kind json_kind = {.name = "jsonl", .open_titles = true, .next = next};
