/* output.c -- see output.h. */
#include "output.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "csv.h"

enum { CELL_MAX = 60, LAST_MAX = 160 }; /* the last column, often a message, has the rest of the line */
static const char cut_mark[] = "…";

size_t output_width(const char *text)
{
    size_t width = 0;
    for (utf8proc_int32_t c; *text;) {
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)text, -1, &c);
        if (n <= 0)
            return width + strlen(text);
        int w = utf8proc_charwidth(c);
        width += w > 0 ? (size_t)w : 0;
        text += n;
    }
    return width;
}

char *output_cell(const json_t *value)
{
    if (!value || json_is_null(value))
        return strdup("");
    if (json_is_string(value))
        return strdup(json_string_value(value));
    return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

json_t *output_columns(const json_t *rows)
{
    json_t *names = json_array(), *seen = json_object(), *row, *value;
    const char *name;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        json_object_foreach(row, name, value)
        {
            if (json_object_get(seen, name))
                continue;
            json_object_set_new(seen, name, json_true());
            json_array_append_new(names, json_string(name));
        }
    }
    json_decref(seen);
    return names;
}

/* At most so many characters, the last of which says that it is cut, and one line. */
static char *short_cell(const json_t *value, bool last)
{
    char *cell = output_cell(value), *end = cell, *room = cell;
    size_t most = last ? LAST_MAX : CELL_MAX, chars = 0;
    if (!cell)
        return NULL;
    for (char *p = cell; *p; p++)
        if (*p == '\n' || *p == '\t' || *p == '\r')
            *p = ' ';
    for (utf8proc_int32_t c; *end && chars < most; chars++) {
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)end, -1, &c);
        room = chars + 1 < most ? end + (n > 0 ? n : 1) : room;
        end += n > 0 ? n : 1;
    }
    if (!*end)
        return cell;
    char *cut = NULL;
    *room = 0;
    if (asprintf(&cut, "%s%s", cell, cut_mark) < 0)
        cut = NULL;
    free(cell);
    return cut;
}

static void put_padded(FILE *out, const char *text, size_t width, bool last)
{
    fputs(text, out);
    for (size_t w = output_width(text); w < width && !last; w++)
        fputc(' ', out);
    fputs(last ? "\n" : "  ", out);
}

/* "*" among the names stands for whatever the rows have. */
static json_t *names_shown(const json_t *columns, const json_t *rows)
{
    const json_t *name;
    bool all = !columns;
    size_t i;
    json_array_foreach(columns, i, name) all = all || strcmp(json_string_value(name), "*") == 0;
    return all ? output_columns(rows) : json_deep_copy(columns);
}

void output_table(FILE *out, const json_t *rows, const json_t *columns)
{
    json_t *names = names_shown(columns, rows), *row, *name;
    size_t count = json_array_size(names), i, k;
    size_t *widths = calloc(count ? count : 1, sizeof *widths);
    if (!widths || !count) {
        free(widths);
        json_decref(names);
        return;
    }
    json_array_foreach(names, k, name) widths[k] = output_width(json_string_value(name));
    json_array_foreach(rows, i, row)
    {
        json_array_foreach(names, k, name)
        {
            char *cell = short_cell(json_object_get(row, json_string_value(name)), k + 1 == count);
            size_t w = cell ? output_width(cell) : 0;
            widths[k] = w > widths[k] ? w : widths[k];
            free(cell);
        }
    }
    json_array_foreach(names, k, name) put_padded(out, json_string_value(name), widths[k], k + 1 == count);
    for (k = 0; k < count; k++) {
        for (size_t w = 0; w < widths[k]; w++)
            fputc('-', out);
        fputs(k + 1 == count ? "\n" : "  ", out);
    }
    json_array_foreach(rows, i, row)
    {
        json_array_foreach(names, k, name)
        {
            char *cell = short_cell(json_object_get(row, json_string_value(name)), k + 1 == count);
            put_padded(out, cell ? cell : "", widths[k], k + 1 == count);
            free(cell);
        }
    }
    free(widths);
    json_decref(names);
}

void output_csv(FILE *out, const json_t *rows, const json_t *columns, bool head)
{
    json_t *names = names_shown(columns, rows), *row, *name;
    size_t i, k;
    if (head && json_array_size(names)) {
        json_array_foreach(names, k, name) csv_write(out, json_string_value(name), k > 0, false);
        fputs("\r\n", out);
    }
    json_array_foreach(rows, i, row)
    {
        json_array_foreach(names, k, name)
        {
            json_t *value = json_object_get(row, json_string_value(name));
            char *cell = output_cell(value);
            csv_write(out, cell ? cell : "", k > 0, json_is_string(value));
            free(cell);
        }
        fputs("\r\n", out);
    }
    json_decref(names);
}

/* An answer within an answer -- what a preview would be answered -- is too much for one cell. */
static bool has_lists(const json_t *value)
{
    const char *name;
    json_t *member, *members = json_incref((json_t *)(uintptr_t)value);
    bool found = false;
    json_object_foreach(members, name, member)
    {
        found = found || json_is_array(member);
    }
    json_decref(members);
    return found;
}

void output_record(FILE *out, const json_t *record)
{
    const char *name;
    json_t *value;
    size_t width = 0;
    json_t *members = json_incref((json_t *)(uintptr_t)record);
    json_object_foreach(members, name, value)
    {
        size_t w = output_width(name);
        width = w > width ? w : width;
    }
    json_object_foreach(members, name, value)
    {
        if (json_is_array(value) && json_is_object(json_array_get(value, 0))) {
            fprintf(out, "%s:\n", name);
            output_table(out, value, NULL);
            continue;
        }
        if (has_lists(value)) {
            fprintf(out, "%s:\n", name);
            output_record(out, value);
            continue;
        }
        char *cell = output_cell(value);
        put_padded(out, name, width, false);
        fprintf(out, "%s\n", cell ? cell : "");
        free(cell);
    }
    json_decref(members);
}

void output_change(FILE *out, const char *name, const json_t *before, const json_t *after)
{
    char *old = short_cell(before, false), *new = short_cell(after, false);
    if (old && new &&*old)
        fprintf(out, "    %s: %s -> %s\n", name, old, *new ? new : "(empty)");
    else if (old && new)
        fprintf(out, "    %s: %s\n", name, new);
    free(old);
    free(new);
}
