/* Parameters and answers, the same for all reports: what a call is about, and its rows as JSON. */
#include <string.h>

#include <kontor/currency.h>
#include <kontor/list.h>

#include "report/report.h"

const kt_shape report_params_shape = KT_SHAPE(report_params, NULL, REPORT_PARAMS(report_params));

struct answer_column {
    kt_record rec;
    kt_str name, label, entity, measure;
};
static const kt_shape answer_column_shape = KT_SHAPE(answer_column, NULL,
    KT_FIELD(answer_column, name, STRING, "Name", "Nazwa"),
    KT_FIELD(answer_column, label, STRING, "Label", "Opis"),
    KT_FIELD(answer_column, entity, STRING, "Records of", "Rekordy encji",
        .help = {"What the figure's filter lists; empty: a ratio, opened by its part.",
            "Co wylicza filtr liczby; puste: iloraz, otwiera go jego część."}),
    KT_FIELD(answer_column, measure, STRING, "Measure", "Miara"));

struct answer_row {
    kt_record rec;
    kt_str label, group, key, figures;
    int64_t rank;
};
static const kt_shape answer_row_shape = KT_SHAPE(answer_row, NULL,
    KT_FIELD(answer_row, label, STRING, "Label", "Opis"),
    KT_FIELD(answer_row, group, STRING, "Group", "Grupa",
        .help = {"The first of two groups.", "Pierwsza z dwóch grup."}),
    KT_FIELD(answer_row, key, JSON, "Values grouped by", "Wartości grupowania"),
    KT_FIELD(answer_row, rank, INT, "Rank", "Miejsce", .help = {"0: none is asked for.", "0: bez rankingu."}),
    KT_FIELD(answer_row, figures, JSON, "Figures", "Liczby",
        .help = {"By name: value, before (of the period before), filter (lists the records).",
            "Według nazw: value, before (poprzedni okres), filter (wylicza rekordy)."}));

struct report_answer {
    kt_record rec;
    kt_str report, label, total, queries, csv, chart;
    kt_date from, to, before_from, before_to;
    kt_id currency;
    kt_lines columns, rows;
    int64_t more;
};
const kt_shape report_answer_shape = KT_SHAPE(report_answer, NULL,
    KT_FIELD(report_answer, report, STRING, "Report", "Raport"),
    KT_FIELD(report_answer, label, STRING, "Label", "Opis"),
    KT_FIELD(report_answer, chart, STRING, "Chart", "Wykres"),
    KT_FIELD(report_answer, from, DATE, "From", "Od"), KT_FIELD(report_answer, to, DATE, "To", "Do"),
    KT_FIELD(report_answer, before_from, DATE, "Before, from", "Poprzednio od"),
    KT_FIELD(report_answer, before_to, DATE, "Before, to", "Poprzednio do"),
    KT_FIELD(report_answer, currency, REF, "Currency of amounts", "Waluta kwot", .target = "base.currency"),
    KT_FIELD(report_answer, columns, LINES, "Columns", "Kolumny", .lines = &answer_column_shape),
    KT_FIELD(report_answer, rows, LINES, "Rows", "Wiersze", .lines = &answer_row_shape, .max = ROWS_MAX),
    KT_FIELD(report_answer, total, JSON, "Total", "Razem"),
    KT_FIELD(report_answer, more, INT, "More rows", "Dalszych wierszy"),
    KT_FIELD(report_answer, queries, JSON, "Queries", "Zapytania"),
    KT_FIELD(report_answer, csv, TEXT, "CSV", "CSV"));

/* ---- What a call is about ---- */

struct money {
    kt_record rec;
    kt_str code;
};
static const kt_shape money_shape = KT_SHAPE(money, "base.currency", KT_BIND(money, code, STRING, "code"));
struct sold {
    kt_record rec;
    kt_id currency;
};
static const kt_shape sold_shapes[] = {
    KT_SHAPE(sold, "crm.deal", KT_BIND(sold, currency, REF, "currency")),
    KT_SHAPE(sold, "crm.order", KT_BIND(sold, currency, REF, "currency")),
};

static kt_error *company_currency(kt_tx *tx, kt_id *currency)
{
    const kt_currencies *currencies = kt_currencies_find(tx);
    *currency = (kt_id){0};
    return currencies ? currencies->own(tx, currency) : NULL;
}

/* Are there deals or orders in another currency? Each is counted in the index that references have. */
static kt_error *others_in_use(kt_tx *tx, kt_id own, bool *yes)
{
    kt_cursor *cursor;
    struct money m = {KT_OF(money)};
    kt_error *error = NULL;
    *yes = false;
    KT_TRY(kt_open(tx, &(kt_query){.of = &money_shape}, &cursor));
    while (!error && !*yes && kt_next(cursor, &m.rec)) {
        const kt_where where[] = {KT_WHERE(sold, currency, KT_EQ, m.rec.id), {0}};
        for (size_t i = 0;
             m.rec.id.v != own.v && !error && !*yes && i < sizeof sold_shapes / sizeof *sold_shapes; i++) {
            uint64_t count = 0;
            error = kt_count(tx, &(kt_query){.of = &sold_shapes[i], .where = where}, &count);
            *yes = count > 0;
        }
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

/* Amounts of different currencies are no sum: where there are several, one is looked at. */
static kt_error *choose_currency(struct report *r)
{
    kt_id own;
    bool several = r->p->currency.v != 0;
    KT_TRY(company_currency(r->tx, &own));
    r->currency = r->p->currency.v ? r->p->currency : own;
    if (!r->currency.v || !kt_may(r->tx, "base.currency:read"))
        return NULL;
    if (!several)
        KT_TRY(others_in_use(r->tx, r->currency, &several));
    if (several)
        r->money = kt_format(r->tx, "[[\"currency\",\"in\",[%llu%s]]]", (unsigned long long)r->currency.v,
            r->currency.v == own.v ? ",null" : "");
    return several && !r->money.ptr ? text_no_memory(r->tx) : NULL;
}

static kt_error *read_by(struct report *r)
{
    kt_str by = r->p->by.len ? r->p->by : r->spec->by ? kt_format(r->tx, "%s", r->spec->by) : (kt_str){0};
    r->unit = unit_named(by);
    r->split = !r->p->by.len && r->spec->rows;
    if (r->unit || r->split || !by.len)
        return NULL;
    for (const char *at = by.ptr; *at;) {
        size_t len = strcspn(at, ", ");
        if (r->by_count == GROUPS_MAX)
            return kt_fail(r->tx, KT_VALIDATION, "by", "a report has at most %d groups",
                "raport ma najwyżej %d grupy", GROUPS_MAX);
        if (strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_.") != len)
            return kt_fail(r->tx, KT_VALIDATION, "by", "\"%s\" is no field and no path",
                "„%s” to nie pole ani ścieżka", by.ptr);
        if (len)
            r->by[r->by_count++] = kt_format(r->tx, "%.*s", (int)len, at);
        at += len + (at[len] != '\0');
    }
    return NULL;
}

/* The day that the report is made on: the day of as_of, were it in the past. */
static kt_error *enter_past(struct report *r)
{
    kt_time at;
    int minute;
    r->today = kt_today(r->tx);
    if (!r->p->as_of.len)
        return NULL;
    KT_TRY(kt_as_of(r->tx, r->p->as_of, &at));
    r->today = kt_local(r->tx, at, &minute);
    return NULL;
}

kt_error *report_open(kt_tx *tx, const struct spec *spec, const struct report_params *p, struct report *r)
{
    *r = (struct report){.tx = tx, .spec = spec, .p = p, .queries = {.tx = tx}};
    for (const struct figure *f = spec->figures; f->name; f++) {
        kt_str right = f->entity ? kt_format(tx, "%s:read", f->entity) : (kt_str){0};
        r->hidden[r->figure_count++] = right.ptr && !kt_may(tx, right.ptr);
    }
    KT_TRY(enter_past(r));
    kt_error *all = NULL;
    kt_str period = p->period.len || p->from.day || p->to.day ? p->period : kt_format(tx, "%s", spec->period);
    kt_also(&all, span_read(tx, period, p->from, p->to, r->today, &r->span));
    kt_also(&all, read_by(r));
    if (p->limit < 1 || p->limit > ROWS_MAX)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "limit", "1 to %d rows are possible",
                          "możliwe jest od 1 do %d wierszy", ROWS_MAX));
    if (p->rank.len && report_figure(r, p->rank.ptr, p->rank.len) == r->figure_count)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "rank", "the report has no figure \"%s\"",
                          "raport nie ma liczby „%s”", p->rank.ptr));
    if (all)
        return all;
    r->before = span_before(&r->span);
    return choose_currency(r);
}

size_t report_figure(const struct report *r, const char *name, size_t len)
{
    size_t i = 0;
    while (i < r->figure_count &&
           (strlen(r->spec->figures[i].name) != len || strncmp(r->spec->figures[i].name, name, len) != 0))
        i++;
    return i;
}

kt_error *report_line(struct report *r, struct line **line)
{
    struct line *lines = kt_grow(r->tx, r->lines, r->line_count, &r->line_room, sizeof **line);
    if (!lines)
        return text_no_memory(r->tx);
    r->lines = lines;
    *line = &r->lines[r->line_count];
    **line = (struct line){.values = kt_alloc(r->tx, r->figure_count * sizeof(struct value))};
    if (!(*line)->values)
        return text_no_memory(r->tx);
    r->line_count++;
    return NULL;
}

kt_error *report_ask(struct report *r, const char *entity, kt_str query, kt_table *table)
{
    text_format(&r->queries, "%s{\"method\":\"%s.aggregate\",\"params\":%s}", r->queries.len ? "," : "",
        entity, query.ptr);
    return kt_aggregate(r->tx, entity, query, table);
}

/* ---- Answers ---- */

static kt_error *figures_json(const struct report *r, const struct line *line, kt_str *made)
{
    struct text t = {.tx = r->tx};
    text_add(&t, KT_STR("{"));
    for (size_t i = 0, n = 0; i < r->figure_count; i++) {
        const struct value *v = &line->values[i];
        if (r->hidden[i] || !v->value.ptr)
            continue;
        text_format(&t, "%s\"%s\":{\"value\":%s", n++ ? "," : "", r->spec->figures[i].name, v->value.ptr);
        if (v->before.ptr)
            text_format(&t, ",\"before\":%s", v->before.ptr);
        if (v->filter.ptr)
            text_format(&t, ",\"filter\":%s", v->filter.ptr);
        text_add(&t, KT_STR("}"));
    }
    text_add(&t, KT_STR("}"));
    return text_end(&t, made);
}

static kt_error *write_row(const struct report *r, const struct line *line, kt_lines *rows)
{
    size_t last = r->by_count > 1 || line->label[1].ptr ? 1 : 0;
    struct answer_row row = {KT_OF(answer_row), .label = line->label[last],
        .group = last ? line->label[0] : (kt_str){0}, .rank = line->rank};
    if (line->key[0].ptr)
        row.key = kt_format(r->tx, "[%s%s%s]", line->key[0].ptr, line->key[1].ptr ? "," : "",
            line->key[1].ptr ? line->key[1].ptr : "");
    KT_TRY(figures_json(r, line, &row.figures));
    return kt_line_add(r->tx, rows, &row.rec);
}

static kt_error *write_columns(const struct report *r, kt_lines *columns)
{
    for (size_t i = 0; i < r->figure_count; i++) {
        const struct figure *f = &r->spec->figures[i];
        if (r->hidden[i])
            continue;
        struct answer_column c = {
            KT_OF(answer_column), .name = kt_format(r->tx, "%s", f->name), .label = kt_say(r->tx, f->label)};
        if (f->entity)
            c.entity = kt_format(r->tx, "%s", f->entity);
        c.measure = f->measure ? kt_format(r->tx, "%s", f->measure) : (kt_str){0};
        KT_TRY(kt_line_add(r->tx, columns, &c.rec));
    }
    return NULL;
}

/* A cell of CSV. What a spreadsheet would take for a formula stays text. */
static void write_cell(struct text *t, kt_str s)
{
    text_add(t, KT_STR("\""));
    if (s.len && strchr("=+-@\t\r", s.ptr[0]))
        text_add(t, KT_STR("'"));
    for (size_t i = 0; i < s.len; i++)
        text_format(t, s.ptr[i] == '"' ? "\"\"" : "%c", s.ptr[i]);
    text_add(t, KT_STR("\""));
}

static void write_number(struct text *t, const struct value *v)
{
    if (v->number.scale1)
        text_add(t, kt_unquoted(v->value));
}

static kt_error *csv(const struct report *r, size_t rows, kt_str *made)
{
    struct text t = {.tx = r->tx};
    write_cell(&t, kt_say(r->tx, r->spec->label));
    for (size_t i = 0; i < r->figure_count; i++)
        if (!r->hidden[i]) {
            text_add(&t, KT_STR(","));
            write_cell(&t, kt_say(r->tx, r->spec->figures[i].label));
        }
    for (size_t k = 0; k < rows + (r->total.values ? 1 : 0); k++) {
        const struct line *line = k < rows ? &r->lines[k] : &r->total;
        const char *between = line->label[1].ptr ? " / " : "";
        text_add(&t, KT_STR("\r\n"));
        write_cell(&t, kt_format(r->tx, "%s%s%s", line->label[0].ptr ? line->label[0].ptr : "", between,
                           line->label[1].ptr ? line->label[1].ptr : ""));
        for (size_t i = 0; i < r->figure_count; i++)
            if (!r->hidden[i]) {
                text_add(&t, KT_STR(","));
                write_number(&t, &line->values[i]);
            }
    }
    text_add(&t, KT_STR("\r\n"));
    return text_end(&t, made);
}

kt_error *report_answer(struct report *r, kt_record *result)
{
    struct report_answer *a = KT_AS(report_answer, result);
    size_t rows = r->line_count < (size_t)r->p->limit ? r->line_count : (size_t)r->p->limit;
    a->report = kt_format(r->tx, "%s", r->spec->name);
    a->label = kt_say(r->tx, r->spec->label);
    a->chart = kt_format(r->tx, "%s", charts[r->spec->chart - 1].name);
    a->from = r->span.from;
    a->to = r->span.to;
    a->before_from = r->p->compare ? r->before.from : (kt_date){0};
    a->before_to = r->p->compare ? r->before.to : (kt_date){0};
    a->currency = r->currency;
    a->more = (int64_t)(r->line_count - rows);
    KT_TRY(write_columns(r, &a->columns));
    for (size_t i = 0; i < rows; i++)
        KT_TRY(write_row(r, &r->lines[i], &a->rows));
    if (r->total.values) {
        r->total.label[0] = kt_say(r->tx, (kt_text){"Total", "Razem"});
        KT_TRY(figures_json(r, &r->total, &a->total));
    }
    if (r->p->explain) {
        kt_str asked;
        KT_TRY(text_end(&r->queries, &asked));
        a->queries = kt_format(r->tx, "[%s]", asked.ptr);
    }
    return r->p->csv ? csv(r, rows, &a->csv) : NULL;
}
