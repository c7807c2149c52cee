/* csv.c -- CSV (RFC 4180) as spreadsheets make it: comma, semicolon, tab or bar; quotes; CR LF. */
#include "exchange/format.h"

static const char separators[] = ",;\t|";

/* ---- One record ---- */

typedef struct {
    const char *at, *end;
    const char *trouble; /* why the record is none */
} scan;

/* Steps over a cell; its text, quotes and all, is [*from, *to). */
static void scan_cell(scan *s, char separator, const char **from, const char **to)
{
    *from = s->at;
    if (s->at < s->end && *s->at == '"') {
        for (s->at++; s->at < s->end; s->at++) {
            if (*s->at != '"')
                continue;
            if (s->at + 1 >= s->end || s->at[1] != '"')
                break;
            s->at++;
        }
        if (s->at >= s->end) {
            s->trouble = "quote";
            return;
        }
        s->at++;
    }
    while (s->at < s->end && *s->at != separator && *s->at != '\n' && *s->at != '\r')
        s->at++;
    *to = s->at;
}

static void skip_break(scan *s)
{
    if (s->at < s->end && *s->at == '\r')
        s->at++;
    if (s->at < s->end && *s->at == '\n')
        s->at++;
}

/* ---- The separator ---- */

/* How many records of the beginning have as many cells as the first, and how many cells that is. */
static void try_separator(kt_str text, char separator, size_t *alike, size_t *cells)
{
    scan s = {.at = text.ptr, .end = text.ptr + text.len};
    *alike = *cells = 0;
    for (int record = 0; record < 20 && s.at < s.end; record++) {
        size_t n = 1;
        const char *from, *to = NULL;
        for (;; n++) {
            scan_cell(&s, separator, &from, &to);
            if (s.trouble)
                return;
            if (s.at >= s.end || *s.at != separator)
                break;
            s.at++;
        }
        skip_break(&s);
        if (record == 0)
            *cells = n;
        *alike += n == *cells;
    }
}

char csv_guess_separator(kt_str text)
{
    if (text.len > 5 && strncasecmp(text.ptr, "sep=", 4) == 0) /* what Excel writes for itself */
        return text.ptr[4];
    size_t best_alike = 0, best_cells = 1;
    char best = ',';
    for (const char *p = separators; *p; p++) {
        size_t alike, cells;
        try_separator(text, *p, &alike, &cells);
        if (cells > 1 && (alike > best_alike || (alike == best_alike && cells > best_cells))) {
            best = *p;
            best_alike = alike;
            best_cells = cells;
        }
    }
    return best;
}

/* ---- Reading ---- */

/* Copies a cell without its quotes. */
static char *unquote(char *out, const char *from, const char *to)
{
    bool quoted = from < to && *from == '"';
    from += quoted;
    for (; from < to; from++) {
        if (quoted && *from == '"') {
            if (from + 1 >= to || from[1] != '"') {
                quoted = false; /* what stands behind the quote belongs to the cell */
                continue;
            }
            from++;
        }
        *out++ = *from;
    }
    *out++ = 0;
    return out;
}

static kt_error *damaged(const reader *r, arena *arena, const char *en, const char *pl)
{
    kt_error *error = error_make(arena, KT_VALIDATION, "file", "%s%.0s", "%.0s%s", en, pl);
    return error_at_row(error, r->row);
}

static kt_error *next(reader *r, arena *arena, reader_row *row, bool *more)
{
    scan s = {.at = r->text.ptr + r->at, .end = r->text.ptr + r->text.len};
    row_cells cells = {0};
    *more = s.at < s.end;
    if (!*more)
        return NULL;
    r->row++;
    const char *from, *to = NULL, *record = s.at;
    for (size_t n = 0;; n++) {
        scan_cell(&s, r->separator, &from, &to);
        if (s.trouble)
            return damaged(
                r, arena, "a quoted cell is not closed", "komórka w cudzysłowie nie jest zamknięta");
        size_t length = (size_t)(to - from);
        if (length > READER_CELL_MAX)
            return damaged(r, arena, "a cell of more than 1 MB", "komórka większa niż 1 MB");
        variant *cell = row_cell(&cells, arena, n);
        char *text = cell ? arena_alloc(arena, length + 1) : NULL;
        if (n >= READER_COLUMNS_MAX)
            return damaged(r, arena, "more than 1000 cells", "więcej niż 1000 komórek");
        if (!text)
            return error_no_memory();
        const char *end = unquote(text, from, to) - 1;
        *cell = (variant){.kind = VARIANT_STRING, .as.string = {text, (size_t)(end - text)}};
        if (s.at >= s.end || *s.at != r->separator)
            break;
        s.at++;
    }
    skip_break(&s);
    r->at += (size_t)(s.at - record);
    *row = (reader_row){.row = r->row, .cells = cells.cells, .count = cells.count};
    return NULL;
}

static kt_error *open(reader *r, arena *arena)
{
    reader_row row = {0};
    bool more = false;
    if (r->text.len > 5 && strncasecmp(r->text.ptr, "sep=", 4) == 0) {
        scan s = {.at = r->text.ptr + 5, .end = r->text.ptr + r->text.len};
        skip_break(&s);
        r->at = (size_t)(s.at - r->text.ptr);
        r->row = 1;
    }
    KT_TRY(next(r, arena, &row, &more));
    for (size_t i = 0; more && i < row.count; i++) {
        size_t column;
        kt_str title = row.cells[i].as.string;
        if (!title.len)
            title = arena_format(arena, "column %zu", i + 1);
        KT_TRY(reader_add_title(r, arena, title, &column));
    }
    return NULL;
}

static kt_error *next_row(reader *r, arena *arena, reader_row *row, bool *more)
{
    KT_TRY(next(r, arena, row, more));
    size_t used = *more ? row->count : 0;
    while (used > r->title_count && !row->cells[used - 1].as.string.len)
        used--;
    row->surplus = used > r->title_count;
    row->count = row->surplus ? r->title_count : used;
    return NULL;
}

const reader_kind csv_kind = {.name = "csv", .open = open, .next = next_row};
