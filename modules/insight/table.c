/* An answer of the bus as a table: of a report its columns, rows and total; of another method its first list. Each
 * figure keeps the filter that lists its records. */
#include <string.h>

#include "mailing.h"

/* A value as people read it; not set: it is none, or no plain one. */
static kt_str plain(kt_tx *tx, const kt_value *v)
{
    if (!v)
        return (kt_str){0};
    if (v->kind == KT_VALUE_INT)
        return kt_format(tx, "%lld", (long long)v->as.integer);
    if (v->kind == KT_VALUE_BOOL)
        return kt_say(tx, v->as.boolean ? (kt_text){"yes", "tak"} : (kt_text){"no", "nie"});
    return v->kind == KT_VALUE_STRING || v->kind == KT_VALUE_REAL ? v->as.string : (kt_str){0};
}

static bool is_number(kt_str s)
{
    size_t digits = 0, points = 0;
    for (size_t i = 0; i < s.len; i++) {
        points += s.ptr[i] == '.';
        digits += s.ptr[i] >= '0' && s.ptr[i] <= '9';
        if (points > 1 || !strchr("-.0123456789", s.ptr[i]) || (s.ptr[i] == '-' && i))
            return false;
    }
    return digits > 0;
}

static kt_error *make_room(kt_tx *tx, table *t)
{
    t->titles = kt_alloc(tx, (t->columns + 1) * sizeof *t->titles);
    t->numbers = kt_alloc(tx, t->columns + 1);
    t->cells = kt_alloc(tx, (t->rows * t->columns + 1) * sizeof *t->cells);
    t->sources = kt_alloc(tx, (t->rows * t->columns + 1) * sizeof *t->sources);
    return t->titles && t->numbers && t->cells && t->sources ? NULL : kt_no_memory();
}

static kt_error *add_source(
    kt_tx *tx, table *t, kt_str row, kt_str column, const kt_value *entity, const kt_value *filter)
{
    kt_str text;
    if (!entity || entity->kind != KT_VALUE_STRING || kt_value_count(filter) == 0)
        return NULL;
    KT_TRY(kt_json_write(tx, filter, &text));
    t->sources[t->source_count++] = (source){row, column, entity->as.string, text};
    return NULL;
}

/* A column counts if each of its cells does. */
static void find_numbers(table *t)
{
    for (size_t i = 0; i < t->columns; i++) {
        bool all = true, any = false;
        for (size_t r = 0; r < t->rows; r++) {
            kt_str cell = t->cells[r * t->columns + i];
            any = any || cell.len;
            all = all && (!cell.len || is_number(cell));
        }
        t->numbers[i] = all && any;
    }
}

/* ---- A report ---- */

static kt_error *figures_row(
    kt_tx *tx, table *t, size_t r, kt_str label, const kt_value *figures, const kt_value *columns)
{
    kt_str *cells = &t->cells[r * t->columns];
    cells[0] = label;
    for (size_t i = 0; i < kt_value_count(columns); i++) {
        const kt_value *column = &columns->as.array.items[i];
        kt_str name = kt_value_get_str(column, "name");
        const kt_value *figure = name.ptr ? kt_value_get(figures, name.ptr) : NULL;
        cells[i + 1] = plain(tx, kt_value_get(figure, "value"));
        KT_TRY(add_source(
            tx, t, label, t->titles[i + 1], kt_value_get(column, "entity"), kt_value_get(figure, "filter")));
    }
    return NULL;
}

static kt_error *report_table(kt_tx *tx, const kt_value *answer, const kt_value *columns, table *t)
{
    const kt_value *rows = kt_value_get(answer, "rows"), *total = kt_value_get(answer, "total");
    const bool has_total = kt_value_count(total) > 0;
    t->columns = kt_value_count(columns) + 1;
    t->rows = kt_value_count(rows) + has_total;
    KT_TRY(make_room(tx, t));
    t->titles[0] = t->title;
    for (size_t i = 0; i + 1 < t->columns; i++)
        t->titles[i + 1] = kt_value_get_str(&columns->as.array.items[i], "label");
    for (size_t r = 0; r < kt_value_count(rows); r++) {
        const kt_value *row = &rows->as.array.items[r];
        kt_str group = kt_value_get_str(row, "group"), label = kt_value_get_str(row, "label");
        if (group.len)
            label = kt_format(tx, "%s / %s", group.ptr, label.ptr ? label.ptr : "");
        KT_TRY(figures_row(tx, t, r, label, kt_value_get(row, "figures"), columns));
    }
    return has_total
               ? figures_row(tx, t, t->rows - 1, kt_say(tx, (kt_text){"Total", "Razem"}), total, columns)
               : NULL;
}

/* ---- Another answer ---- */

static const kt_value *first_list(const kt_value *answer)
{
    for (size_t i = 0; i < kt_value_count(answer) && answer->kind == KT_VALUE_OBJECT; i++) {
        const kt_value *v = answer->as.object.members[i].value;
        if (v->kind == KT_VALUE_ARRAY && v->as.array.count && v->as.array.items[0].kind == KT_VALUE_OBJECT)
            return v;
    }
    return NULL;
}

/* What says which records a figure is made of is no column. */
static bool is_column(const kt_value_member *m)
{
    static const char *const others[] = {"filter", "entity", "of_filter", "of_entity", NULL};
    for (const char *const *o = others; *o; o++)
        if (strcmp(m->name.ptr, *o) == 0)
            return false;
    return m->value->kind != KT_VALUE_ARRAY && m->value->kind != KT_VALUE_OBJECT;
}

static kt_str label_of(kt_tx *tx, const kt_value *row)
{
    static const char *const names[] = {"label", "name", "title", NULL};
    for (const char *const *n = names; *n; n++) {
        kt_str label = plain(tx, kt_value_get(row, *n));
        if (label.len)
            return label;
    }
    return KT_STR("");
}

static kt_error *list_table(kt_tx *tx, const kt_value *list, table *t)
{
    const kt_value *first = &list->as.array.items[0];
    size_t n = 0;
    t->rows = list->as.array.count;
    t->columns = kt_value_count(first);
    KT_TRY(make_room(tx, t));
    for (size_t i = 0; i < kt_value_count(first); i++)
        if (is_column(&first->as.object.members[i]))
            t->titles[n++] = first->as.object.members[i].name;
    t->columns = n;
    for (size_t r = 0; r < t->rows; r++) {
        const kt_value *row = &list->as.array.items[r];
        for (size_t i = 0; i < n; i++)
            t->cells[r * n + i] = plain(tx, kt_value_get(row, t->titles[i].ptr));
        KT_TRY(add_source(
            tx, t, label_of(tx, row), KT_STR(""), kt_value_get(row, "entity"), kt_value_get(row, "filter")));
    }
    return NULL;
}

kt_error *table_of(kt_tx *tx, const kt_value *answer, table *t)
{
    const kt_value *columns = kt_value_get(answer, "columns"), *list = first_list(answer);
    *t = (table){.title = kt_value_get_str(answer, "label"),
        .from = kt_value_get_str(answer, "from"),
        .until = kt_value_get_str(answer, "until")};
    if (!t->until.ptr)
        t->until = kt_value_get_str(answer, "to");
    if (columns && columns->kind == KT_VALUE_ARRAY)
        KT_TRY(report_table(tx, answer, columns, t));
    else if (list)
        KT_TRY(list_table(tx, list, t));
    else
        return kt_fail(tx, KT_RULE, "method", "there is no list in the answer", "w odpowiedzi nie ma listy");
    find_numbers(t);
    return NULL;
}

/* ---- As files ---- */

struct text {
    char *bytes;
    size_t len, room;
};

static void add(kt_tx *tx, struct text *t, const char *s, size_t len)
{
    if (t->len + len + 1 > t->room) {
        size_t room = 2 * (t->len + len + 1);
        char *grown = kt_alloc(tx, room);
        if (grown && t->len)
            memcpy(grown, t->bytes, t->len);
        t->bytes = grown;
        t->room = grown ? room : 0;
    }
    if (!t->bytes)
        return; /* the transaction is doomed: its memory is at an end */
    memcpy(t->bytes + t->len, s, len);
    t->len += len;
    t->bytes[t->len] = 0;
}

static void put(kt_tx *tx, struct text *t, const char *s)
{
    add(tx, t, s, strlen(s));
}

static void put_escaped(kt_tx *tx, struct text *t, kt_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        const char *as = s.ptr[i] == '<'   ? "&lt;"
                         : s.ptr[i] == '>' ? "&gt;"
                         : s.ptr[i] == '&' ? "&amp;"
                                           : NULL;
        if (as)
            put(tx, t, as);
        else
            add(tx, t, &s.ptr[i], 1);
    }
}

static void put_cell(kt_tx *tx, struct text *t, const char *tag, bool number, kt_str s)
{
    put(tx, t, kt_format(tx, "<%s%s>", tag, number ? " class=n" : "").ptr);
    put_escaped(tx, t, s);
    put(tx, t, kt_format(tx, "</%s>", tag).ptr);
}

static void put_sources(kt_tx *tx, struct text *t, const table *of)
{
    put(tx, t, "<h2>");
    put_escaped(tx, t, kt_say(tx, (kt_text){"Records behind the figures", "Rekordy stojące za liczbami"}));
    put(tx, t, "</h2><table class=s>");
    for (size_t i = 0; i < of->source_count; i++) {
        const source *s = &of->sources[i];
        put(tx, t, "<tr>");
        put_cell(tx, t, "td", false, s->row);
        put_cell(tx, t, "td", false, s->column);
        put_cell(tx, t, "td", false, s->entity);
        put_cell(tx, t, "td", false, s->filter);
        put(tx, t, "</tr>");
    }
    put(tx, t, "</table>");
}

kt_error *table_html(kt_tx *tx, const table *of, kt_str name, kt_str reader, kt_str *html)
{
    static const char head[] =
        "<!DOCTYPE html><html><head><meta charset=utf-8><style>@page{size:A4 "
        "landscape;margin:14mm;@bottom-right{"
        "content:counter(page)}}body{font:9pt sans-serif}h1{font-size:14pt}h2{font-size:10pt;margin-top:8mm}"
        "table{border-collapse:collapse;width:100%}th,td{border-bottom:0.2mm solid #bbb;padding:1mm 2mm;"
        "text-align:left;vertical-align:top}th{border-bottom:0.4mm solid #333}.n{text-align:right}"
        ".s{font-size:6.5pt;color:#444}</style></head><body><h1>";
    struct text t = {0};
    put(tx, &t, head);
    put_escaped(tx, &t, name);
    put(tx, &t, "</h1><p>");
    put_escaped(tx, &t,
        kt_format(tx, "%s – %s, %s", of->from.ptr ? of->from.ptr : "", of->until.ptr ? of->until.ptr : "",
            reader.ptr ? reader.ptr : ""));
    put(tx, &t, "</p><table><thead><tr>");
    for (size_t i = 0; i < of->columns; i++)
        put_cell(tx, &t, "th", of->numbers[i], of->titles[i]);
    put(tx, &t, "</tr></thead>");
    for (size_t r = 0; r < of->rows; r++) {
        put(tx, &t, "<tr>");
        for (size_t i = 0; i < of->columns; i++)
            put_cell(tx, &t, "td", of->numbers[i], of->cells[r * of->columns + i]);
        put(tx, &t, "</tr>");
    }
    put(tx, &t, "</table>");
    if (of->source_count)
        put_sources(tx, &t, of);
    put(tx, &t, "</body></html>");
    *html = (kt_str){t.bytes, t.len};
    return t.bytes ? NULL : kt_no_memory();
}

kt_error *table_sheet(kt_tx *tx, const table *t, kt_sheet *sheet)
{
    enum { OF_SOURCES = 4, BETWEEN = 2 };
    const size_t columns = t->columns > OF_SOURCES ? t->columns : OF_SOURCES;
    const size_t rows = t->rows + (t->source_count ? t->source_count + BETWEEN : 0);
    kt_str *titles = kt_alloc(tx, columns * sizeof *titles),
           *cells = kt_alloc(tx, (rows * columns + 1) * sizeof *cells);
    bool *numbers = kt_alloc(tx, columns);
    if (!titles || !cells || !numbers)
        return kt_no_memory();
    for (size_t i = 0; i < t->columns; i++) {
        titles[i] = t->titles[i];
        numbers[i] = t->numbers[i];
    }
    for (size_t r = 0; r < t->rows; r++)
        memcpy(&cells[r * columns], &t->cells[r * t->columns], t->columns * sizeof *cells);
    kt_str *at = &cells[(t->rows + 1) * columns];
    if (t->source_count)
        at[0] = kt_say(tx, (kt_text){"Records behind the figures", "Rekordy stojące za liczbami"});
    for (size_t i = 0; i < t->source_count; i++) {
        const source *s = &t->sources[i];
        kt_str *row = at + (i + 1) * columns;
        row[0] = s->row;
        row[1] = s->column;
        row[2] = s->entity;
        row[3] = s->filter;
    }
    *sheet = (kt_sheet){titles, numbers, columns, rows, cells};
    return NULL;
}
