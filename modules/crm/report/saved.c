/* saved.c -- reports that people define: the same data as those that come with the module; and campaigns,
 * whose cost a report sets against what they brought. */
#include <string.h>

#include "report/report.h"

struct campaign {
    kt_record rec;
    kt_str name, channel, text;
    kt_date starts_on, ends_on;
    kt_dec cost;
    kt_id currency, owner;
};
const kt_shape campaign_shape = KT_SHAPE(campaign, "crm.campaign",
    KT_FIELD(campaign, name, STRING, "Name", "Nazwa", .required = true, .unique = true, .max = 80,
        .searchable = true, .priority = 1,
        .help = {"What leads and deals name in their field campaign.",
            "To, co leady i szanse mają w polu kampania."}),
    KT_FIELD(campaign, channel, STRING, "Channel", "Kanał", .max = 80, .priority = 2),
    KT_FIELD(campaign, starts_on, DATE, "Starts on", "Początek", .indexed = true, .priority = 3),
    KT_FIELD(campaign, ends_on, DATE, "Ends on", "Koniec", .priority = 4),
    KT_FIELD(campaign, cost, MONEY, "Cost", "Koszt", .scale = 2, .priority = 5),
    KT_FIELD(campaign, currency, REF, "Currency", "Waluta", .target = "base.currency"),
    KT_FIELD(campaign, owner, REF, "Owner", "Opiekun", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR),
    KT_FIELD(campaign, text, TEXT, "Description", "Opis"));

struct column {
    kt_record rec;
    kt_str name, label, label_pl, entity, day, filter, measure, part, whole;
    bool of_total, gain;
};
static const kt_shape column_shape = KT_SHAPE(column, NULL,
    KT_FIELD(column, name, STRING, "Name", "Nazwa", .required = true, .max = 40, .priority = 1),
    KT_FIELD(column, label, STRING, "Label", "Opis", .max = 80, .priority = 2),
    KT_FIELD(column, label_pl, STRING, "Label in Polish", "Opis po polsku", .max = 80),
    KT_FIELD(column, entity, STRING, "Records of", "Rekordy encji", .max = 100, .priority = 3,
        .help = {"crm.deal; empty: a ratio of two figures.", "crm.deal; puste: iloraz dwóch liczb."}),
    KT_FIELD(column, day, STRING, "Day", "Dzień", .max = 100, .priority = 4,
        .help = {"The field that the period is about: closed_at. Empty: at any time.",
            "Pole, którego dotyczy okres: closed_at. Puste: kiedykolwiek."}),
    KT_FIELD(column, filter, JSON, "Filter", "Filtr",
        .help = {"Conditions as in a list.", "Warunki jak na liście."}),
    KT_FIELD(column, measure, STRING, "Measure", "Miara", .max = 120, .priority = 5,
        .help = {"count, sum:amount, avg, median, min, max, count_distinct",
            "count, sum:amount, avg, median, "
            "min, max, count_distinct"}),
    KT_FIELD(column, part, STRING, "Part", "Część", .max = 40,
        .help = {"Of a ratio: a figure's name.", "Ilorazu: nazwa liczby."}),
    KT_FIELD(column, whole, STRING, "Whole", "Całość", .max = 40),
    KT_FIELD(column, of_total, BOOL, "Of all rows", "Ze wszystkich wierszy"),
    KT_FIELD(column, gain, BOOL, "Part less whole", "Część minus całość"));

struct saved {
    kt_record rec;
    kt_str name, label_pl, by, period, rank, sort, text;
    enum chart chart;
    kt_id owner;
    kt_lines figures;
};
const kt_shape saved_shape = KT_SHAPE(saved, "crm.report",
    KT_FIELD(saved, name, STRING, "Name", "Nazwa", .required = true, .unique = true, .max = 80,
        .searchable = true, .priority = 1),
    KT_FIELD(saved, label_pl, STRING, "Name in Polish", "Nazwa po polsku", .max = 80, .priority = 2),
    KT_FIELD(saved, by, STRING, "By", "Według", .max = 200, .priority = 3,
        .help =
            {"A field or a path, two with a comma between them; day, week, month, quarter, year; department.",
                "Pole albo ścieżka, dwa po przecinku; day, week, month, quarter, year; department."}),
    KT_FIELD(saved, period, STRING, "Period", "Okres", .max = 20, .initial = "month"),
    KT_FIELD(saved, figures, LINES, "Figures", "Liczby", .lines = &column_shape, .required = true,
        .max = FIGURES_MAX - 1),
    KT_FIELD(saved, sort, STRING, "Sort by", "Sortuj według", .max = 40),
    KT_FIELD(saved, rank, STRING, "Rank by", "Ranking według", .max = 40),
    KT_FIELD(saved, chart, STATE, "Chart", "Wykres", .choices = charts, .initial = "table", .priority = 4),
    KT_FIELD(saved, owner, REF, "Owner", "Opiekun", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR),
    KT_FIELD(saved, text, TEXT, "Description", "Opis"));

/* ---- Checks ---- */

static bool is_name(const char *s)
{
    size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return len && !s[len];
}

/* Paths, entities and measures stand in a query's text: no more than their letters. */
static bool is_path(kt_str s, const char *more)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr(more, c)))
            return false;
    }
    return true;
}

static bool has_figure(const struct saved *s, kt_str name)
{
    for (size_t i = 0; i < s->figures.count; i++) {
        const struct column *c = KT_AS(column, kt_line(&s->figures, i));
        if (c->entity.ptr && c->name.ptr && strcmp(c->name.ptr, name.ptr) == 0)
            return true;
    }
    return false;
}

static void check_column(kt_tx *tx, const struct saved *s, size_t i, kt_error **all)
{
    const struct column *c = KT_AS(column, kt_line(&s->figures, i));
    const char *at = kt_format(tx, "figures[%zu]", i).ptr;
    if (c->name.ptr && !is_name(c->name.ptr))
        kt_also(all, kt_fail(tx, KT_VALIDATION, kt_format(tx, "%s.name", at).ptr,
                         "small letters, digits and _ only", "tylko małe litery, cyfry i _"));
    for (size_t k = 0; k < i; k++)
        if (strcmp(KT_AS(column, kt_line(&s->figures, k))->name.ptr, c->name.ptr) == 0)
            kt_also(all, kt_fail(tx, KT_VALIDATION, kt_format(tx, "%s.name", at).ptr,
                             "\"%s\" is another figure's name", "„%s” to nazwa innej liczby", c->name.ptr));
    if (c->entity.ptr && (!c->measure.ptr || !is_path(c->measure, "_.:")))
        kt_also(all, kt_fail(tx, KT_VALIDATION, kt_format(tx, "%s.measure", at).ptr,
                         "a figure of records has a measure: count, sum:amount",
                         "liczba rekordów ma miarę: count, sum:amount"));
    if (!is_path(c->entity, "_.") || !is_path(c->day, "_."))
        kt_also(all,
            kt_fail(tx, KT_VALIDATION, kt_format(tx, "%s.entity", at).ptr, "is no name", "to nie nazwa"));
    if (!c->entity.ptr &&
        (!c->part.ptr || !c->whole.ptr || !has_figure(s, c->part) || !has_figure(s, c->whole)))
        kt_also(all, kt_fail(tx, KT_VALIDATION, kt_format(tx, "%s.part", at).ptr,
                         "a ratio has a part and a whole: names of figures with records",
                         "iloraz ma część i całość: nazwy liczb z rekordami"));
}

kt_error *report_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    (void)before;
    if (!after)
        return NULL;
    const struct saved *s = KT_SEE(saved, after);
    kt_error *all = NULL;
    span ignored;
    for (size_t i = 0; i < s->figures.count; i++)
        check_column(tx, s, i, &all);
    if (s->period.len)
        kt_also(&all, span_read(tx, s->period, (kt_date){0}, (kt_date){0}, kt_today(tx), &ignored));
    return all;
}

/* ---- Running ---- */

static const char *text_of(kt_str s)
{
    return s.len ? s.ptr : NULL;
}

static kt_error *spec_of(kt_tx *tx, const struct saved *s, struct spec *spec)
{
    struct figure *figures = kt_alloc(tx, (s->figures.count + 1) * sizeof *figures);
    if (!figures)
        return text_no_memory(tx);
    for (size_t i = 0; i < s->figures.count; i++) {
        const struct column *c = KT_AS(column, kt_line(&s->figures, i));
        const char *en = c->label.len ? c->label.ptr : c->name.ptr;
        figures[i] = (struct figure){.name = c->name.ptr,
            .label = {en, c->label_pl.len ? c->label_pl.ptr : en},
            .entity = text_of(c->entity),
            .when = text_of(c->day),
            .filter = text_of(c->filter),
            .measure = text_of(c->measure),
            .part = text_of(c->part),
            .whole = text_of(c->whole),
            .of_total = c->of_total,
            .gain = c->gain};
    }
    *spec = (struct spec){.name = s->name.ptr,
        .label = {s->name.ptr, s->label_pl.len ? s->label_pl.ptr : s->name.ptr},
        .by = text_of(s->by),
        .period = s->period.len ? s->period.ptr : "month",
        .figures = figures,
        .rank = text_of(s->rank),
        .sort = text_of(s->sort),
        .chart = s->chart ? s->chart : TABLE};
    return NULL;
}

struct run_params {
    kt_record rec;
    REPORT_MEMBERS;
    kt_id id;
    kt_str name;
};
const kt_shape run_params_shape = KT_SHAPE(run_params, NULL, REPORT_PARAMS(run_params),
    KT_FIELD(run_params, id, REF, "Report", "Raport", .target = "crm.report"),
    KT_FIELD(run_params, name, STRING, "Its name", "Jego nazwa", .max = 80,
        .help = {"Instead of the id.", "Zamiast id."}));

static kt_error *find(kt_tx *tx, const struct run_params *f, struct saved *s)
{
    if (f->id.v)
        return kt_read(tx, f->id, &s->rec);
    if (!f->name.len)
        return kt_fail(tx, KT_VALIDATION, "id", "is required: a report's id, or name",
            "jest wymagane: id raportu albo name");
    kt_cursor *cursor;
    const kt_where where[] = {KT_WHERE(saved, name, KT_EQ, f->name), {0}};
    KT_TRY(kt_open(tx, &(kt_query){.of = &saved_shape, .where = where, .limit = 1}, &cursor));
    bool found = kt_next(cursor, &s->rec);
    KT_TRY(kt_close(cursor));
    return found ? NULL
                 : kt_fail(tx, KT_NOT_FOUND, "name", "there is no report \"%s\"", "nie ma raportu „%s”",
                       f->name.ptr);
}

kt_error *report_run(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct run_params *f = KT_SEE(run_params, params);
    const struct report_params p = {KT_OF(report_params), f->period, f->by, f->filter, f->as_of, f->rank,
        f->from, f->to, f->pipeline, f->currency, f->limit, f->compare, f->explain, f->csv};
    struct saved s = {.rec.of = &saved_shape};
    struct spec spec;
    KT_TRY(find(tx, f, &s));
    KT_TRY(spec_of(tx, &s, &spec));
    return report_run_spec(tx, &spec, &p, result);
}
