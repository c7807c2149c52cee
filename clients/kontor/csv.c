/* csv.c -- see csv.h. */
#include "csv.h"

#include <stdlib.h>
#include <string.h>

static char guess_separator(const char *text, const char *end)
{
    size_t counts[3] = {0};
    static const char separators[] = ",;\t";
    bool quoted = false;
    for (; text < end && (quoted || (*text != '\n' && *text != '\r')); text++) {
        if (*text == '"')
            quoted = !quoted;
        const char *which = quoted || !*text ? NULL : strchr(separators, *text);
        if (which)
            counts[which - separators]++;
    }
    size_t best = counts[1] > counts[0] ? 1 : 0;
    return separators[counts[2] > counts[best] ? 2 : best];
}

void csv_open(csv_reader *r, const char *text, size_t len, char separator)
{
    *r = (csv_reader){.at = text, .end = text + len};
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        r->at += 3;
    r->separator = separator ? separator : guess_separator(r->at, r->end);
}

void csv_close(csv_reader *r)
{
    free(r->cell);
    free(r->starts);
    *r = (csv_reader){0};
}

static bool put(csv_reader *r, char c)
{
    if (r->used == r->size) {
        size_t size = r->size ? 2 * r->size : 1024;
        char *grown = realloc(r->cell, size);
        if (!grown) {
            r->trouble = "out of memory";
            return false;
        }
        r->cell = grown;
        r->size = size;
    }
    r->cell[r->used++] = c;
    return true;
}

static bool start_cell(csv_reader *r)
{
    if (r->count == r->starts_size) {
        size_t size = r->starts_size ? 2 * r->starts_size : 32;
        size_t *grown = realloc(r->starts, size * sizeof *grown);
        if (!grown) {
            r->trouble = "out of memory";
            return false;
        }
        r->starts = grown;
        r->starts_size = size;
    }
    r->starts[r->count++] = r->used;
    return true;
}

static bool read_quoted(csv_reader *r)
{
    for (r->at++; r->at < r->end; r->at++) {
        if (*r->at != '"') {
            if (!put(r, *r->at))
                return false;
        } else if (r->at + 1 < r->end && r->at[1] == '"') {
            if (!put(r, '"'))
                return false;
            r->at++;
        } else {
            r->at++;
            return true;
        }
    }
    r->trouble = "a quoted cell is not closed";
    return false;
}

static bool read_cell(csv_reader *r)
{
    if (!start_cell(r))
        return false;
    if (r->at < r->end && *r->at == '"' && !read_quoted(r))
        return false;
    for (; r->at < r->end && *r->at != r->separator && *r->at != '\n' && *r->at != '\r'; r->at++)
        if (!put(r, *r->at))
            return false;
    return put(r, 0);
}

bool csv_next(csv_reader *r)
{
    while (r->at < r->end && (*r->at == '\n' || *r->at == '\r'))
        r->at++;
    if (r->at >= r->end || r->trouble)
        return false;
    r->used = r->count = 0;
    r->row++;
    for (;;) {
        if (!read_cell(r))
            return false;
        if (r->at >= r->end || *r->at != r->separator)
            return true;
        r->at++;
    }
}

const char *csv_cell(const csv_reader *r, size_t i)
{
    return i < r->count ? r->cell + r->starts[i] : "";
}

static bool looks_like_formula(const char *cell)
{
    if (!*cell || !strchr("=+-@\t\r", *cell))
        return false;
    size_t digits = strspn(cell + 1, "0123456789., ");
    return !(strchr("+-", *cell) && digits && !cell[1 + digits]);
}

void csv_write(FILE *out, const char *cell, bool comma, bool text)
{
    if (comma)
        fputc(',', out);
    bool formula = text && looks_like_formula(cell);
    if (!formula && !cell[strcspn(cell, ",;\"\t\r\n")]) {
        fputs(cell, out);
        return;
    }
    fputs(formula ? "\"'" : "\"", out);
    for (; *cell; cell++) {
        if (*cell == '"')
            fputc('"', out);
        fputc(*cell, out);
    }
    fputc('"', out);
}
