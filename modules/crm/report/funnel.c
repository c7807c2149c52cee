/* funnel.c -- the funnel of a pipeline from its deals' stage history: how many came to each stage, not how
 * many stand there. One query groups the lines of the history by stage; only the order of stages, and what
 * follows from one to the next, is computed here. */
#include <stdlib.h>
#include <string.h>

#include "crm.h"
#include "report/report.h"

enum { DEALS, AMOUNT, FROM_BEFORE, FROM_FIRST, MEAN, MEDIAN };
static const struct figure funnel_figures[] = {
    [DEALS] = {.name = "deals", .label = {"Deals", "Szanse"}, .entity = "crm.deal", .measure = "count"},
    [AMOUNT] = {.name = "amount",
        .label = {"Amount", "Kwota"},
        .entity = "crm.deal",
        .measure = "sum:amount"},
    [FROM_BEFORE] = {.name = "from_before", .label = {"Of the stage before, %", "Z poprzedniego etapu, %"}},
    [FROM_FIRST] = {.name = "from_first", .label = {"Of the first stage, %", "Z pierwszego etapu, %"}},
    [MEAN] = {.name = "mean_s",
        .label = {"Time on the stage, mean, s", "Czas na etapie, średni, s"},
        .entity = "crm.deal",
        .measure = "avg:history.stayed"},
    [MEDIAN] = {.name = "median_s",
        .label = {"Time on the stage, median, s", "Czas na etapie, mediana, s"},
        .entity = "crm.deal",
        .measure = "median:history.stayed"},
    {0},
};
static const struct spec funnel = {
    "funnel", {"Funnel", "Lejek"}, NULL, "month", funnel_figures, .chart = FUNNEL};

typedef struct {
    struct report *r;
    struct pipeline pipeline;
    const struct stage **stages; /* open ones by position, then won, then lost */
    size_t stage_count;
    bool created; /* deals created in the period, whenever they moved */
} work;

/* ---- Stages ---- */

static int compare_stages(const void *x, const void *y)
{
    const struct stage *a = *(const struct stage *const *)x, *b = *(const struct stage *const *)y;
    if (a->semantic != b->semantic)
        return a->semantic < b->semantic ? -1 : 1;
    return (a->position > b->position) - (a->position < b->position);
}

static kt_error *read_stages(work *w)
{
    kt_tx *tx = w->r->tx;
    w->pipeline.rec.of = &pipeline_shape;
    kt_id id = w->r->p->pipeline;
    if (!id.v)
        KT_TRY(pipeline_default(tx, &id));
    if (!id.v)
        return kt_fail(tx, KT_RULE, "pipeline", "there is no pipeline", "nie ma żadnego lejka");
    KT_TRY(kt_read(tx, id, &w->pipeline.rec));
    w->stage_count = w->pipeline.stages.count;
    w->stages = kt_alloc(tx, (w->stage_count + 1) * sizeof(struct stage *));
    if (!w->stages)
        return text_no_memory(tx);
    for (size_t i = 0; i < w->stage_count; i++)
        w->stages[i] = KT_AS(stage, kt_line(&w->pipeline.stages, i));
    qsort(w->stages, w->stage_count, sizeof(struct stage *), compare_stages);
    return NULL;
}

/* ---- The query ---- */

static void add_between(struct text *t, const char *field, const span *of)
{
    int y[2], m[2], d[2];
    kt_date_parts(of->from, &y[0], &m[0], &d[0]);
    kt_date_parts(of->to, &y[1], &m[1], &d[1]);
    text_next(t);
    text_format(t, "[\"%s\",\"between\",[\"%04d-%02d-%02d\",\"%04d-%02d-%02d\"]]", field, y[0], m[0], d[0],
        y[1], m[1], d[1]);
}

static kt_error *make_query(const work *w, const span *of, bool money, kt_str *query)
{
    const struct report *r = w->r;
    struct text t = {.tx = r->tx};
    text_add(&t, KT_STR("{\"group\":["));
    for (size_t i = 0; i < r->by_count; i++)
        text_format(&t, "\"%s\",", r->by[i].ptr);
    text_add(&t, KT_STR("\"history.stage\"],\"measures\":{"));
    bool first = true;
    for (size_t i = 0; i < r->figure_count; i++)
        if (funnel_figures[i].measure && (!r->money.ptr || money == (i == AMOUNT))) {
            text_format(
                &t, "%s\"%s\":\"%s\"", first ? "" : ",", funnel_figures[i].name, funnel_figures[i].measure);
            first = false;
        }
    text_format(&t, "},\"lines\":[[\"pipeline\",\"=\",%llu]", (unsigned long long)w->pipeline.rec.id.v);
    if (!w->created)
        add_between(&t, "at", of);
    text_add(&t, KT_STR("],\"filter\":["));
    if (w->created)
        add_between(&t, "created_at", of);
    text_condition(&t, r->p->filter);
    if (money)
        text_condition(&t, r->money);
    text_add(&t, KT_STR("]}"));
    return text_end(&t, query);
}

/* ---- Rows ---- */

/* The row of a stage in the block of a group; a block has a row for every stage. */
static kt_error *block_line(work *w, const kt_cell *group, kt_str stage, struct line **line)
{
    struct report *r = w->r;
    *line = NULL;
    for (size_t i = 0; i < r->line_count; i += w->stage_count) {
        const struct line *l = &r->lines[i];
        if (group && (!l->key[1].ptr || strcmp(l->key[0].ptr, group->value.ptr) != 0))
            continue;
        for (size_t k = 0; k < w->stage_count; k++)
            if (strcmp(r->lines[i + k].key[group ? 1 : 0].ptr, stage.ptr) == 0)
                *line = &r->lines[i + k];
        return NULL;
    }
    size_t begun = r->line_count;
    for (size_t k = 0; k < w->stage_count; k++) {
        struct line *made;
        KT_TRY(report_line(r, &made));
        size_t at = group ? 1 : 0;
        if (group) {
            made->key[0] = group->value;
            made->label[0] = group->text.ptr ? group->text : kt_say(r->tx, (kt_text){"(none)", "(brak)"});
        }
        made->key[at] = kt_format(r->tx, "%llu", (unsigned long long)w->stages[k]->rec.id.v);
        made->label[at] = w->stages[k]->name;
        if (!made->key[at].ptr)
            return text_no_memory(r->tx);
    }
    return r->line_count > begun ? block_line(w, group, stage, line) : NULL;
}

static kt_error *take_table(work *w, const kt_table *table, bool before, bool money)
{
    struct report *r = w->r;
    for (size_t row = 0; row < table->rows; row++) {
        const kt_cell *cells = &table->cells[row * table->columns];
        struct line *line;
        KT_TRY(block_line(w, r->by_count ? &cells[0] : NULL, cells[r->by_count].value, &line));
        if (!line) /* a stage that the pipeline has no more */
            continue;
        size_t column = r->by_count + 1;
        for (size_t i = 0; i < r->figure_count; i++) {
            struct value *v = &line->values[i];
            if (!funnel_figures[i].measure || (r->money.ptr && money != (i == AMOUNT)))
                continue;
            const kt_cell *cell = &cells[column++];
            if (before) {
                v->before = cell->value;
                v->before_number = cell->number;
            } else {
                *v = (struct value){
                    cell->value, table->filters[row], v->before, cell->number, v->before_number};
            }
        }
    }
    return NULL;
}

static kt_error *ask(work *w, bool before, bool money)
{
    kt_str query;
    kt_table table;
    KT_TRY(make_query(w, before ? &w->r->before : &w->r->span, money, &query));
    KT_TRY(report_ask(w->r, "crm.deal", query, &table));
    return take_table(w, &table, before, money);
}

static kt_error *ask_all(work *w)
{
    for (int before = 0; before <= (w->r->p->compare ? 1 : 0); before++) {
        KT_TRY(ask(w, before, false));
        if (w->r->money.ptr)
            KT_TRY(ask(w, before, true));
    }
    struct line *ignored;
    return w->r->by_count || w->r->line_count ? NULL : block_line(w, NULL, KT_STR("0"), &ignored);
}

/* ---- What no deal reached; from stage to stage ---- */

static kt_error *empty_filter(const work *w, const struct line *line, bool money, kt_str *filter)
{
    const struct report *r = w->r;
    struct text t = {.tx = r->tx};
    text_add(&t, KT_STR("["));
    if (w->created)
        add_between(&t, "created_at", &r->span);
    text_condition(&t, r->p->filter);
    if (money)
        text_condition(&t, r->money);
    if (r->by_count) {
        bool none = strcmp(line->key[0].ptr, "null") == 0;
        text_next(&t);
        text_format(
            &t, "[\"%s\",\"%s\",%s]", r->by[0].ptr, none ? "is_null" : "=", none ? "true" : line->key[0].ptr);
    }
    text_next(&t);
    text_format(
        &t, "[\"history\",\"any\",[[\"pipeline\",\"=\",%llu]", (unsigned long long)w->pipeline.rec.id.v);
    if (!w->created)
        add_between(&t, "at", &r->span);
    text_format(&t, ",[\"stage\",\"=\",%s]]]]", line->key[r->by_count ? 1 : 0].ptr);
    return text_end(&t, filter);
}

static kt_error *fill_line(const work *w, struct line *line)
{
    static const struct {
        const char *json;
        kt_dec number;
    } nothing[] = {[DEALS] = {"0", {0, 1}},
        [AMOUNT] = {"\"0.00\"", {0, 3}},
        [MEAN] = {"null", {0, 0}},
        [MEDIAN] = {"null", {0, 0}}};
    for (size_t i = 0; i < w->r->figure_count; i++) {
        struct value *v = &line->values[i];
        if (!funnel_figures[i].measure)
            continue;
        kt_str json = kt_format(w->r->tx, "%s", nothing[i].json);
        if (w->r->p->compare && !v->before.ptr) {
            v->before = json;
            v->before_number = nothing[i].number;
        }
        if (v->value.ptr)
            continue;
        v->value = json;
        v->number = nothing[i].number;
        KT_TRY(empty_filter(w, line, i == AMOUNT, &v->filter));
    }
    return NULL;
}

static void share(const work *w, struct line *line, size_t figure, const struct line *of)
{
    struct value *v = &line->values[figure];
    kt_tx *tx = w->r->tx;
    v->number = percent_of(
        of ? line->values[DEALS].number : (kt_dec){0}, of ? of->values[DEALS].number : (kt_dec){0});
    v->value = text_dec(tx, v->number);
    v->filter = line->values[DEALS].filter;
    if (!w->r->p->compare)
        return;
    v->before_number = percent_of(of ? line->values[DEALS].before_number : (kt_dec){0},
        of ? of->values[DEALS].before_number : (kt_dec){0});
    v->before = text_dec(tx, v->before_number);
}

/* A lost stage follows from no stage before; won follows from the last open one. */
static kt_error *finish(work *w)
{
    struct report *r = w->r;
    for (size_t i = 0; i < r->line_count; i++)
        KT_TRY(fill_line(w, &r->lines[i]));
    for (size_t i = 0; i < r->line_count; i++) {
        size_t at = i % w->stage_count;
        struct line *line = &r->lines[i];
        bool follows = at && w->stages[at]->semantic != LOST;
        share(w, line, FROM_BEFORE, follows ? line - 1 : NULL);
        share(w, line, FROM_FIRST, line - at);
    }
    return NULL;
}

struct funnel_params {
    kt_record rec;
    REPORT_MEMBERS;
    kt_str basis;
};
const kt_shape funnel_params_shape = KT_SHAPE(funnel_params, NULL, REPORT_PARAMS(funnel_params),
    KT_FIELD(funnel_params, basis, STRING, "Which deals", "Które szanse", .initial = "moved", .max = 10,
        .help = {"moved: that came to a stage in the period; created: those created in the period, however "
                 "far they came since.",
            "moved: które weszły na etap w okresie; created: utworzone w okresie, dokądkolwiek doszły."}));

kt_error *report_funnel(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct funnel_params *f = KT_SEE(funnel_params, params);
    const struct report_params p = {KT_OF(report_params), f->period, f->by, f->filter, f->as_of, f->rank,
        f->from, f->to, f->pipeline, f->currency, f->limit, f->compare, f->explain, f->csv};
    struct report r;
    bool created = strcmp(f->basis.ptr, "created") == 0;
    if (!created && strcmp(f->basis.ptr, "moved") != 0)
        return kt_fail(tx, KT_VALIDATION, "basis", "\"%s\" is neither moved nor created",
            "„%s” to ani moved, ani created", f->basis.ptr);
    KT_TRY(report_open(tx, &funnel, &p, &r));
    work w = {.r = &r, .created = created};
    if (r.by_count > 1 || r.unit)
        return kt_fail(tx, KT_VALIDATION, "by", "a funnel is split by one field",
            "lejek dzieli się według jednego pola");
    KT_TRY(read_stages(&w));
    KT_TRY(ask_all(&w));
    KT_TRY(finish(&w));
    return report_answer(&r, result);
}
