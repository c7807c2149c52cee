/* run.c -- a report's figures: one query for all that share entity, filter and group, joined by what they are
 * grouped by; once for the rows, once for the totals, and both again for the period before. */
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

typedef struct {
    struct report *r;
    uint32_t *slots; /* 1 + number of a line, by key */
    size_t slot_count;
} run;
enum { SLOTS = 32768 }; /* above twice ROWS_MAX, a power of two */

/* ---- Queries ---- */

static bool is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Does it add up amounts of a currency? */
static bool is_money(const struct figure *f)
{
    static const char *const fields[] = {
        ":amount", ":weighted", ":cost", ":net", ":margin", ":lines.net", ":lines.cost", ":lines.margin"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *colon = strchr(f->measure, ':');
        if (colon && strcmp(colon, fields[i]) == 0)
            return true;
    }
    return false;
}

static bool can_share(const struct figure *a, const struct figure *b)
{
    return b->entity && is_same(a->entity, b->entity) && is_same(a->when, b->when) &&
           is_same(a->filter, b->filter) && is_same(a->group, b->group) && is_money(a) == is_money(b);
}

static void add_day(struct text *t, kt_date day)
{
    int year, month, number;
    kt_date_parts(day, &year, &month, &number);
    text_format(t, "\"%04d-%02d-%02d\"", year, month, number);
}

static void add_conditions(struct text *t, const char *filter, const span *of)
{
    text_next(t);
    for (const char *at = filter; *at;) {
        size_t plain = strcspn(at, "$");
        bool from = strncmp(at + plain, "$from", 5) == 0, to = strncmp(at + plain, "$to", 3) == 0;
        text_add(t, (kt_str){at, plain});
        at += plain;
        if (from || to)
            add_day(t, from ? of->from : of->to);
        else if (*at)
            text_add(t, KT_STR("$"));
        at += from ? 5 : to ? 3 : *at ? 1 : 0;
    }
}

/* All that a figure asks of its records, without the brackets around; line NULL: of no row. */
static void add_filter(
    const struct report *r, const struct figure *f, const span *of, const struct line *line, struct text *t)
{
    if (f->filter)
        add_conditions(t, f->filter, of);
    if (f->when) {
        text_next(t);
        text_format(t, "[\"%s\",\"between\",[", f->when);
        add_day(t, of->from);
        text_add(t, KT_STR(","));
        add_day(t, of->to);
        text_add(t, KT_STR("]]"));
    }
    text_condition(t, r->p->filter);
    if (r->p->pipeline.v && strcmp(f->entity, "crm.deal") == 0)
        text_condition(
            t, kt_format(r->tx, "[\"pipeline\",\"=\",%llu]", (unsigned long long)r->p->pipeline.v));
    if (is_money(f))
        text_condition(t, r->money);
    if (line)
        text_condition(t, line->filter);
}

static const char *path_of(const struct report *r, const struct figure *f, size_t i)
{
    return f->group ? f->group : r->by[i].ptr;
}

/* Has the figure's entity anything to group by? */
static bool has_group(const struct report *r, const struct figure *f)
{
    if (r->unit)
        return f->when != NULL;
    return !f->group || (r->by_count == 1 && r->spec->by && strcmp(r->by[0].ptr, r->spec->by) == 0);
}

static void add_group(const struct report *r, const struct figure *f, struct text *t)
{
    if (r->unit)
        text_format(t, "\"%s:%s\"", f->when, unit_name(r->unit));
    for (size_t i = 0; i < r->by_count; i++)
        text_format(t, "%s\"%s\"", i ? "," : "", path_of(r, f, i));
}

/* ---- Lines ---- */

static size_t slot_of(const run *x, const kt_str *key, size_t *line)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (size_t k = 0; k < GROUPS_MAX; k++)
        for (size_t i = 0; i < key[k].len; i++)
            hash = (hash ^ (unsigned char)key[k].ptr[i]) * 1099511628211u;
    for (size_t at = hash % x->slot_count;; at = (at + 1) % x->slot_count) {
        *line = x->slots[at];
        if (!*line)
            return at;
        const struct line *l = &x->r->lines[*line - 1];
        if (is_same(l->key[0].ptr, key[0].ptr) && is_same(l->key[1].ptr, key[1].ptr))
            return at;
    }
}

static kt_error *line_of(run *x, const kt_str *key, struct line **line)
{
    size_t number, at = slot_of(x, key, &number);
    if (number) {
        *line = &x->r->lines[number - 1];
        return NULL;
    }
    if (x->r->line_count == ROWS_MAX)
        return kt_hint(kt_fail(x->r->tx, KT_LIMIT, "by", "more than %d rows", "ponad %d wierszy", ROWS_MAX),
            "Group by something coarser.", "Grupuj według czegoś ogólniejszego.");
    KT_TRY(report_line(x->r, line));
    x->slots[at] = (uint32_t)x->r->line_count;
    for (size_t k = 0; k < GROUPS_MAX; k++)
        (*line)->key[k] = key[k];
    return NULL;
}

static kt_str unit_label(const struct report *r, kt_date first)
{
    int year, month, day;
    kt_date_parts(first, &year, &month, &day);
    if (r->unit == UNIT_YEAR)
        return kt_format(r->tx, "%04d", year);
    if (r->unit == UNIT_QUARTER)
        return kt_format(r->tx, "%04d-Q%d", year, (month - 1) / 3 + 1);
    if (r->unit == UNIT_MONTH)
        return kt_format(r->tx, "%04d-%02d", year, month);
    return kt_format(r->tx, "%04d-%02d-%02d", year, month, day);
}

static kt_error *day_key(const struct report *r, kt_date day, kt_str *key)
{
    struct text t = {.tx = r->tx};
    add_day(&t, day);
    return text_end(&t, key);
}

/* Periods without records are rows too. */
static kt_error *unit_lines(run *x)
{
    struct report *r = x->r;
    for (kt_date at = unit_first(r->unit, r->span.from); at.day <= r->span.to.day;
         at = unit_next(r->unit, at)) {
        kt_str key[GROUPS_MAX] = {{0}};
        struct line *line;
        KT_TRY(day_key(r, at, &key[0]));
        KT_TRY(line_of(x, key, &line));
        line->label[0] = unit_label(r, at);
    }
    return NULL;
}

/* The part of the period before takes the place of the one as far from its beginning. */
static kt_error *unit_shift(const struct report *r, kt_str *key)
{
    kt_date now = unit_first(r->unit, r->span.from), then = unit_first(r->unit, r->before.from);
    for (; now.day <= r->span.to.day; now = unit_next(r->unit, now), then = unit_next(r->unit, then)) {
        kt_str was;
        KT_TRY(day_key(r, then, &was));
        if (strcmp(was.ptr, key->ptr) == 0)
            return day_key(r, now, key);
    }
    *key = (kt_str){0};
    return NULL;
}

/* ---- A pass ---- */

typedef struct {
    run *x;
    const span *span;
    bool before;
    struct line *line; /* NULL: a row for each group */
    const size_t *figures;
    size_t count;
} pass;

static void take_value(const pass *p, struct line *line, size_t figure, const kt_cell *cell, kt_str filter)
{
    struct value *v = &line->values[figure];
    if (p->before) {
        v->before = cell->value;
        v->before_number = cell->number;
    } else {
        v->value = cell->value;
        v->number = cell->number;
        v->filter = filter;
    }
}

static kt_error *take_row(const pass *p, const kt_table *table, size_t row)
{
    struct report *r = p->x->r;
    const kt_cell *cells = &table->cells[row * table->columns];
    size_t groups = p->line ? 0 : r->unit ? 1 : r->by_count;
    struct line *line = p->line;
    if (!line) {
        kt_str key[GROUPS_MAX] = {{0}};
        for (size_t i = 0; i < groups; i++)
            key[i] = cells[i].value;
        if (p->before && r->unit)
            KT_TRY(unit_shift(r, &key[0]));
        if (groups && !key[0].ptr)
            return NULL;
        KT_TRY(line_of(p->x, key, &line));
        for (size_t i = 0; i < groups && !r->unit; i++)
            line->label[i] = cells[i].text.ptr ? cells[i].text : kt_say(r->tx, (kt_text){"(none)", "(brak)"});
    }
    for (size_t i = 0; i < p->count; i++)
        take_value(p, line, p->figures[i], &cells[groups + i], table->filters[row]);
    return NULL;
}

static kt_error *ask(const pass *p)
{
    struct report *r = p->x->r;
    const struct figure *first = &r->spec->figures[p->figures[0]];
    struct text t = {.tx = r->tx};
    kt_str query;
    kt_table table;
    text_add(&t, KT_STR("{\"group\":["));
    if (!p->line)
        add_group(r, first, &t);
    text_add(&t, KT_STR("],\"measures\":{"));
    for (size_t i = 0; i < p->count; i++) {
        const struct figure *f = &r->spec->figures[p->figures[i]];
        text_format(&t, "%s\"%s\":\"%s\"", i ? "," : "", f->name, f->measure);
    }
    text_add(&t, KT_STR("},\"filter\":["));
    add_filter(r, first, p->span, p->line, &t);
    text_add(&t, KT_STR("]}"));
    KT_TRY(text_end(&t, &query));
    KT_TRY(report_ask(r, first->entity, query, &table));
    for (size_t i = 0; i < table.rows; i++)
        KT_TRY(take_row(p, &table, i));
    return NULL;
}

/* What is so at any time was not otherwise in the period before. */
static bool has_past(const struct figure *f)
{
    return f->when || (f->filter && strchr(f->filter, '$'));
}

/* One query after the other, until every figure was asked for. line NULL: rows by group. */
static kt_error *ask_all(run *x, bool before, struct line *line)
{
    struct report *r = x->r;
    bool asked[FIGURES_MAX] = {false};
    for (size_t i = 0; i < r->figure_count; i++) {
        const struct figure *f = &r->spec->figures[i];
        size_t figures[FIGURES_MAX] = {i}, count = 0;
        if (asked[i] || r->hidden[i] || !f->entity || (!line && !has_group(r, f)) || (before && !has_past(f)))
            continue;
        for (size_t k = i; k < r->figure_count; k++)
            if (!r->hidden[k] && can_share(f, &r->spec->figures[k])) {
                figures[count++] = k;
                asked[k] = true;
            }
        const pass p = {x, before ? &r->before : &r->span, before, line, figures, count};
        KT_TRY(ask(&p));
    }
    return NULL;
}

/* ---- What no record stands behind, and what is computed ---- */

/* Nothing of it: none counted, a sum of nothing, no average. */
static kt_str zero_of(const struct report *r, const struct figure *f, kt_dec total)
{
    int digits = total.scale1 ? total.scale1 - 1 : 0;
    if (strncmp(f->measure, "count", 5) != 0 && strncmp(f->measure, "sum", 3) != 0)
        return KT_STR("null");
    return digits ? kt_format(r->tx, "\"0.%0*d\"", digits, 0) : KT_STR("0");
}

static void add_key(const struct report *r, const struct figure *f, const struct line *line, struct text *t)
{
    for (size_t i = 0; i < r->by_count; i++) {
        bool none = strcmp(line->key[i].ptr, "null") == 0;
        text_next(t);
        text_format(t, "[\"%s\",\"%s\",%s]", path_of(r, f, i), none ? "is_null" : "=",
            none ? "true" : line->key[i].ptr);
    }
}

/* The empty part of a period has its own two days for the filter. */
static span unit_span(const struct report *r, const struct line *line)
{
    kt_date at = unit_first(r->unit, r->span.from);
    for (const struct line *l = r->lines; l < line; l++)
        at = unit_next(r->unit, at);
    span s = {at, kt_date_add(unit_next(r->unit, at), -1), 0};
    s.from = s.from.day < r->span.from.day ? r->span.from : s.from;
    s.to = s.to.day > r->span.to.day ? r->span.to : s.to;
    return s;
}

static kt_error *fill_value(const struct report *r, struct line *line, size_t i)
{
    const struct figure *f = &r->spec->figures[i];
    struct value *v = &line->values[i];
    kt_dec total = r->total.values[i].number;
    kt_str zero = zero_of(r, f, total);
    kt_dec number = zero.ptr[0] == 'n' ? (kt_dec){0} : KT_DEC(0, total.scale1 ? total.scale1 - 1 : 0);
    if (r->p->compare && has_past(f) && !v->before.ptr) {
        v->before = zero;
        v->before_number = number;
    }
    if (v->value.ptr)
        return NULL;
    struct text t = {.tx = r->tx};
    span s = r->unit ? unit_span(r, line) : r->span;
    v->value = zero;
    v->number = number;
    text_add(&t, KT_STR("["));
    add_filter(r, f, &s, line, &t);
    if (!r->unit && line->key[0].ptr)
        add_key(r, f, line, &t);
    text_add(&t, KT_STR("]"));
    return text_end(&t, &v->filter);
}

kt_dec percent_of(kt_dec part, kt_dec whole)
{
    if (!part.scale1 || !whole.scale1 || kt_dec_cmp(whole, KT_DEC(0, 0)) == 0)
        return (kt_dec){0};
    return kt_dec_div(kt_dec_mul(part, KT_DEC(100, 0), (uint8_t)(part.scale1 - 1)), whole, 2);
}

static kt_dec ratio(const struct figure *f, kt_dec part, kt_dec whole)
{
    bool known = part.scale1 && whole.scale1;
    return percent_of(f->gain && known ? kt_dec_sub(part, whole) : part, whole);
}

void report_ratios(struct report *r, struct line *line, const struct line *total)
{
    for (size_t i = 0; i < r->figure_count; i++) {
        const struct figure *f = &r->spec->figures[i];
        if (f->entity || !f->part)
            continue;
        size_t part = report_figure(r, f->part, strlen(f->part));
        size_t whole = report_figure(r, f->whole, strlen(f->whole));
        const struct line *all = f->of_total ? total : line;
        struct value *v = &line->values[i];
        if (r->hidden[part] || r->hidden[whole]) {
            r->hidden[i] = true;
            continue;
        }
        v->number = ratio(f, line->values[part].number, all->values[whole].number);
        v->value = text_dec(r->tx, v->number);
        v->filter = line->values[part].filter;
        if (!r->p->compare || !line->values[part].before.ptr)
            continue;
        v->before_number = ratio(f, line->values[part].before_number, all->values[whole].before_number);
        v->before = text_dec(r->tx, v->before_number);
    }
}

/* ---- Order ---- */

static int compare_text(kt_str a, kt_str b)
{
    return strcmp(a.ptr ? a.ptr : "", b.ptr ? b.ptr : "");
}

typedef struct {
    size_t figure, groups;
} order;

static int compare(const void *x, const void *y, void *context)
{
    const struct line *a = x, *b = y;
    const order *o = context;
    int c = o->groups > 1 ? compare_text(a->label[0], b->label[0]) : 0;
    c = c ? c : kt_dec_cmp(b->values[o->figure].number, a->values[o->figure].number);
    c = c ? c : compare_text(a->label[o->groups > 1], b->label[o->groups > 1]);
    return c ? c : compare_text(a->key[o->groups > 1], b->key[o->groups > 1]);
}

/* Equal figures share a rank; the next one counts them all. */
static void give_ranks(struct report *r, const order *o)
{
    size_t first = 0;
    for (size_t i = 0; i < r->line_count; i++) {
        struct line *line = &r->lines[i];
        const struct line *above = i ? line - 1 : NULL;
        if (above && o->groups > 1 && compare_text(above->key[0], line->key[0]) != 0) {
            first = i;
            above = NULL;
        }
        bool same = above && kt_dec_cmp(above->values[o->figure].number, line->values[o->figure].number) == 0;
        line->rank = same ? above->rank : (int64_t)(i - first + 1);
    }
}

static void sort_lines(struct report *r)
{
    const char *rank = r->p->rank.len ? r->p->rank.ptr : r->spec->rank;
    const char *by = rank ? rank : r->spec->sort;
    order o = {by ? report_figure(r, by, strlen(by)) : 0, r->by_count};
    if (r->unit || r->split || !by || o.figure == r->figure_count || !r->line_count)
        return;
    qsort_r(r->lines, r->line_count, sizeof *r->lines, compare, &o);
    if (rank)
        give_ranks(r, &o);
}

/* ---- The whole ---- */

static kt_error *split_lines(run *x)
{
    struct report *r = x->r;
    for (const struct row_filter *f = r->spec->rows; f->filter; f++) {
        struct line *line;
        struct text t = {.tx = r->tx};
        KT_TRY(report_line(r, &line));
        line->label[0] = kt_say(r->tx, f->label);
        add_conditions(&t, f->filter, &r->span);
        KT_TRY(text_end(&t, &line->filter));
    }
    return NULL;
}

static kt_error *fill_lines(run *x)
{
    struct report *r = x->r;
    bool departments = r->by_count == 1 && strcmp(r->by[0].ptr, "department") == 0;
    if (r->unit)
        KT_TRY(unit_lines(x));
    if (departments) {
        r->by_count = 0;
        r->split = true;
        KT_TRY(department_lines(r));
    } else if (r->split) {
        KT_TRY(split_lines(x));
    } else if (r->unit || r->by_count) {
        KT_TRY(ask_all(x, false, NULL));
        if (r->p->compare)
            KT_TRY(ask_all(x, true, NULL));
    }
    for (size_t i = 0; r->split && i < r->line_count; i++) {
        KT_TRY(ask_all(x, false, &r->lines[i]));
        if (r->p->compare)
            KT_TRY(ask_all(x, true, &r->lines[i]));
    }
    return NULL;
}

kt_error *report_run_spec(
    kt_tx *tx, const struct spec *spec, const struct report_params *p, kt_record *result)
{
    struct report r;
    KT_TRY(report_open(tx, spec, p, &r));
    run x = {&r, kt_alloc(tx, SLOTS * sizeof(uint32_t)), SLOTS};
    r.total.values = kt_alloc(tx, (r.figure_count + 1) * sizeof(struct value));
    if (!x.slots || !r.total.values)
        return text_no_memory(tx);
    KT_TRY(ask_all(&x, false, &r.total));
    if (p->compare)
        KT_TRY(ask_all(&x, true, &r.total));
    KT_TRY(fill_lines(&x));
    for (size_t i = 0; i < r.figure_count; i++)
        r.hidden[i] = r.hidden[i] ||
                      (spec->figures[i].entity && !r.split && !has_group(&r, &spec->figures[i]));
    for (size_t k = 0; k < r.line_count; k++)
        for (size_t i = 0; i < r.figure_count; i++)
            if (!r.hidden[i] && spec->figures[i].entity)
                KT_TRY(fill_value(&r, &r.lines[k], i));
    report_ratios(&r, &r.total, &r.total);
    for (size_t k = 0; k < r.line_count; k++)
        report_ratios(&r, &r.lines[k], &r.total);
    sort_lines(&r);
    return report_answer(&r, result);
}
