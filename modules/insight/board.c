/* The board of goals: plan and actual of everybody in one call, and the ratings that come of them. What was reached is
 * asked of the records, in one query for all employees of an indicator and a period. */
#include <stdlib.h>

#include <kontor/departments.h>
#include <kontor/goals.h>
#include <kontor/value.h>

#include "insight.h"

struct board {
    kt_record rec;
    kt_date from, until;
    kt_id department, owner, goal;
};
const kt_shape board_shape = KT_SHAPE(board, NULL,
    KT_FIELD(board, from, DATE, "From", "Od",
        .help = {"Goals that touch the period. Empty: the first of this month.",
            "Cele, które obejmują okres. Puste: pierwszy dzień miesiąca."}),
    KT_FIELD(board, until, DATE, "Until", "Do", .initial = "today"),
    KT_FIELD(board, department, REF, "Of one department", "Jednego działu", .target = "access.department",
        .help = {"Its own goals and those of its people.", "Cele działu i jego pracowników."}),
    KT_FIELD(board, owner, REF, "Of one employee", "Jednego pracownika", .target = "access.user"),
    KT_FIELD(board, goal, REF, "One goal", "Jeden cel", .target = "insight.goal"));

struct board_row {
    kt_record rec;
    kt_id goal, owner, department, pipeline;
    unsigned indicator;
    enum scope scope;
    kt_str title, name, unit, entity, filter, of_entity, of_filter;
    kt_date from, until;
    kt_dec target, actual, reached, expected, weight;
};
#define NUMBER(T, m, en, pl) KT_FIELD(T, m, QUANTITY, en, pl, .scale = INSIGHT_SCALE)
static const kt_shape board_row_shape = KT_SHAPE(board_row, NULL,
    KT_FIELD(board_row, goal, REF, "Goal", "Cel", .target = "insight.goal"),
    KT_FIELD(board_row, title, STRING, "Title", "Nazwa"),
    KT_FIELD(board_row, scope, STATE, "For", "Dla", .choices = goal_scopes),
    KT_FIELD(board_row, owner, REF, "Employee", "Pracownik", .target = "access.user"),
    KT_FIELD(board_row, department, REF, "Department", "Dział", .target = "access.department"),
    KT_FIELD(board_row, pipeline, REF, "Pipeline", "Lejek", .target = "crm.pipeline"),
    KT_FIELD(board_row, name, STRING, "Whose", "Czyj"),
    KT_FIELD(board_row, indicator, STATE, "Indicator", "Wskaźnik", .choices = indicator_names),
    KT_FIELD(board_row, unit, STRING, "Unit", "Jednostka",
        .help = {"Empty: the company's currency.", "Puste: waluta firmy."}),
    KT_FIELD(board_row, from, DATE, "From", "Od"), KT_FIELD(board_row, until, DATE, "Until", "Do"),
    NUMBER(board_row, target, "Target", "Plan"), NUMBER(board_row, actual, "Actual", "Wykonanie"),
    KT_FIELD(board_row, reached, PERCENT, "Reached, %", "Wykonanie, %", .scale = 2),
    NUMBER(board_row, expected, "Target up to today", "Plan do dziś"),
    KT_FIELD(board_row, weight, PERCENT, "Weight, %", "Waga, %", .scale = 2),
    KT_FIELD(board_row, entity, STRING, "Records of", "Rekordy"),
    KT_FIELD(board_row, filter, JSON, "Which ones", "Które"),
    KT_FIELD(board_row, of_entity, STRING, "Over records of", "Przez rekordy"),
    KT_FIELD(board_row, of_filter, JSON, "Over which", "Przez które"));
struct rating {
    kt_record rec;
    enum scope scope;
    kt_id owner, department, pipeline;
    kt_str name;
    kt_dec score, weights, weighted;
    int64_t goals, rank;
};
static const kt_shape rating_shape = KT_SHAPE(rating, NULL,
    KT_FIELD(rating, scope, STATE, "Of", "Kto", .choices = goal_scopes),
    KT_FIELD(rating, owner, REF, "Employee", "Pracownik", .target = "access.user"),
    KT_FIELD(rating, department, REF, "Department", "Dział", .target = "access.department"),
    KT_FIELD(rating, pipeline, REF, "Pipeline", "Lejek", .target = "crm.pipeline"),
    KT_FIELD(rating, name, STRING, "Name", "Nazwa"),
    KT_FIELD(rating, score, PERCENT, "Goals reached, %", "Wykonanie celów, %", .scale = 2,
        .help = {"The mean by weights.", "Średnia według wag."}),
    KT_FIELD(rating, goals, INT, "Goals", "Cele", .required = true),
    KT_FIELD(rating, rank, INT, "Place", "Miejsce"));
struct board_found {
    kt_record rec;
    kt_date from, until;
    kt_lines goals, ratings;
};
const kt_shape board_found_shape = KT_SHAPE(board_found, NULL,
    KT_FIELD(board_found, from, DATE, "From", "Od"), KT_FIELD(board_found, until, DATE, "Until", "Do"),
    KT_FIELD(board_found, goals, LINES, "Goals", "Cele", .lines = &board_row_shape, .max = 10000),
    KT_FIELD(board_found, ratings, LINES, "Ratings", "Ranking", .lines = &rating_shape, .max = 10000));

/* ---- Goals that are asked for ---- */

struct named_goal {
    kt_record rec;
    kt_str title, login, name, department_name;
    unsigned indicator;
    enum scope scope;
    kt_id department, pipeline, owner;
    kt_date from, until;
    kt_dec target, weight;
};
static const kt_shape named_goal_shape = KT_SHAPE(named_goal, "insight.goal",
    KT_BIND(named_goal, title, STRING, "title"), KT_BIND(named_goal, indicator, STATE, "indicator"),
    KT_BIND(named_goal, scope, STATE, "scope"), KT_BIND(named_goal, department, REF, "department"),
    KT_BIND(named_goal, pipeline, REF, "pipeline"), KT_BIND(named_goal, owner, REF, "owner"),
    KT_BIND(named_goal, from, DATE, "from"), KT_BIND(named_goal, until, DATE, "until"),
    KT_BIND(named_goal, target, QUANTITY, "target"), KT_BIND(named_goal, weight, PERCENT, "weight"),
    KT_BIND(named_goal, login, STRING, "owner.name"), KT_BIND(named_goal, name, STRING, "owner.full_name"),
    KT_BIND(named_goal, department_name, STRING, "department.name"));

struct chosen {
    struct named_goal *goals;
    size_t count;
};

/* Strings of a cursor's record last until its next one. */
static kt_str copied(kt_tx *tx, kt_str s)
{
    return s.ptr ? kt_format(tx, "%s", s.ptr) : s;
}

static kt_error *read_goals(kt_tx *tx, const kt_query *query, struct chosen *c)
{
    struct named_goal g = {KT_OF(named_goal)};
    uint64_t room;
    kt_cursor *cursor;
    KT_TRY(kt_count(tx, query, &room));
    c->goals = kt_alloc(tx, (room + 1) * sizeof *c->goals);
    if (!c->goals)
        return kt_no_memory();
    KT_TRY(kt_open(tx, query, &cursor));
    while (c->count < room && kt_next(cursor, &g.rec)) {
        g.title = copied(tx, g.title);
        g.login = copied(tx, g.login);
        g.name = copied(tx, g.name);
        g.department_name = copied(tx, g.department_name);
        c->goals[c->count++] = g;
    }
    return kt_close(cursor);
}

static kt_error *choose(kt_tx *tx, const struct board *p, const period *within, struct chosen *c)
{
    kt_str filter = {0};
    *c = (struct chosen){0};
    if (p->goal.v)
        filter = kt_format(tx, "[[\"id\",\"=\",%llu]]", (unsigned long long)p->goal.v);
    else if (p->owner.v)
        filter = kt_format(
            tx, "[[\"owner\",\"=\",%llu],[\"scope\",\"=\",\"employee\"]]", (unsigned long long)p->owner.v);
    else if (p->department.v) {
        kt_departments all;
        KT_TRY(kt_departments_read(tx, &all));
        kt_str list = kt_departments_below(tx, &all, p->department);
        filter = kt_format(tx,
            "[[\"or\",[\"department\",\"in\",[%s]],[[\"scope\",\"=\",\"employee\"],[\"owner.department\","
            "\"in\",[%s]]]]]",
            list.ptr, list.ptr);
    }
    const kt_where where[] = {KT_WHERE(named_goal, until, KT_GE, within->from),
        KT_WHERE(named_goal, from, KT_LE, within->until), {0}};
    return read_goals(tx,
        &(kt_query){.of = &named_goal_shape,
            .where = p->goal.v ? NULL : where,
            .filter = filter,
            .sort = "from,indicator,id"},
        c);
}

/* ---- Figures ---- */

/* What is known already: goals come in the order of their periods and indicators. One employee's are asked for by
 * themselves. */
struct known {
    bool one;
    unsigned indicator;
    period p;
    const by_owner *all; /* NULL: it is not seen */
};

static kt_error *figure_of(kt_tx *tx, struct known *k, const struct named_goal *g, figure *f, bool *seen)
{
    const struct indicator *i = indicator_of(g->indicator);
    const period p = {g->from, g->until};
    if (k->one || g->scope != OF_EMPLOYEE) {
        const whose w = {.owner = g->scope == OF_EMPLOYEE ? g->owner : (kt_id){0},
            .department = g->department,
            .pipeline = g->pipeline};
        return indicator_ask(tx, i, &p, &w, f, seen);
    }
    if (k->indicator != g->indicator || k->p.from.day != p.from.day || k->p.until.day != p.until.day) {
        *k = (struct known){.indicator = g->indicator, .p = p};
        KT_TRY(indicator_ask_all(tx, i, &p, &k->all, seen));
        k->all = *seen ? k->all : NULL;
    }
    *f = (figure){0};
    *seen = k->all != NULL;
    return *seen ? by_owner_figure(tx, k->all, g->owner, f) : NULL;
}

/* Of the target, per cent. Where less is better, the target is 100 % and nothing at all 200 %. */
static kt_dec reached(const struct indicator *i, kt_dec actual, kt_dec target)
{
    enum { FULL = 100 };
    if (!actual.scale1)
        return (kt_dec){0};
    kt_dec percent = kt_dec_div(kt_dec_mul(actual, KT_DEC(FULL, 0), 4), target, 2);
    if (!i->less)
        return percent;
    percent = kt_dec_sub(KT_DEC(2 * FULL, 0), percent);
    return percent.coef < 0 ? KT_DEC(0, 2) : percent;
}

/* What adds up day by day has a share of its target for the days that are gone. */
static kt_dec expected(kt_tx *tx, const struct indicator *i, const struct named_goal *g)
{
    const period p = {g->from, g->until};
    int64_t days = period_days(&p), gone = (int64_t)kt_today(tx).day - g->from.day + 1;
    gone = gone < 0 ? 0 : gone > days ? days : gone;
    return i->form == PLAIN && i->over.when
               ? kt_dec_div(kt_dec_mul(g->target, KT_DEC(gone, 0), 2), KT_DEC(days, 0), 2)
               : (kt_dec){0};
}

/* A name that the caller may not read, or of a module that is absent, is none. */
struct pipeline {
    kt_record rec;
    kt_str name;
};
static const kt_shape pipeline_shape = KT_SHAPE(
    pipeline, "crm.pipeline", KT_BIND(pipeline, name, STRING, "name"));

static kt_error *read_pipeline(kt_tx *tx, void *context)
{
    struct pipeline *p = context;
    return kt_read(tx, p->rec.id, &p->rec);
}

static kt_str name_of(kt_tx *tx, const struct named_goal *g)
{
    struct pipeline p = {.rec = {.of = &pipeline_shape, .id = g->pipeline}};
    if (g->scope == OF_DEPARTMENT)
        return g->department_name;
    if (g->scope == OF_PIPELINE)
        return kt_attempt(tx, read_pipeline, &p) ? (kt_str){0} : p.name;
    return g->name.len ? g->name : g->login;
}

static kt_error *row_of(kt_tx *tx, struct known *k, const struct named_goal *g, struct board_row *row)
{
    const struct indicator *i = indicator_of(g->indicator);
    figure f;
    bool seen;
    KT_TRY(figure_of(tx, k, g, &f, &seen));
    *row = (struct board_row){KT_OF(board_row), .goal = g->rec.id, .title = g->title, .scope = g->scope,
        .owner = g->owner, .department = g->department, .pipeline = g->pipeline, .name = name_of(tx, g),
        .indicator = g->indicator, .unit = indicator_unit(tx, i), .from = g->from, .until = g->until,
        .target = g->target, .weight = g->weight, .expected = expected(tx, i, g)};
    if (!seen)
        return NULL;
    row->actual = f.value;
    row->reached = reached(i, f.value, g->target);
    row->entity = kt_format(tx, "%s", i->over.entity);
    row->filter = f.filter;
    if (i->under.entity) {
        row->of_entity = kt_format(tx, "%s", i->under.entity);
        row->of_filter = f.of_filter;
    }
    return NULL;
}

/* ---- Ratings ---- */

struct ratings {
    struct rating *items;
    size_t count;
};

static int by_whose(const void *a, const void *b)
{
    const struct rating *x = a, *y = b;
    const uint64_t xs[] = {x->scope, x->department.v, x->pipeline.v, x->owner.v};
    const uint64_t ys[] = {y->scope, y->department.v, y->pipeline.v, y->owner.v};
    for (size_t i = 0; i < sizeof xs / sizeof *xs; i++)
        if (xs[i] != ys[i])
            return xs[i] < ys[i] ? -1 : 1;
    return 0;
}

static int by_score(const void *a, const void *b)
{
    const struct rating *x = a, *y = b;
    int c = x->scope == y->scope ? kt_dec_cmp(y->score, x->score) : x->scope < y->scope ? -1 : 1;
    return c ? c : by_whose(a, b);
}

static void rate(struct ratings *r, const struct board_row *row)
{
    bool employee = row->scope == OF_EMPLOYEE;
    if (row->reached.scale1 && row->weight.coef > 0)
        r->items[r->count++] = (struct rating){KT_OF(rating), .scope = row->scope,
            .owner = employee ? row->owner : (kt_id){0}, .department = row->department,
            .pipeline = row->pipeline, .name = row->name, .goals = 1, .weights = row->weight,
            .weighted = kt_dec_mul(row->weight, row->reached, 4)};
}

/* Equal scores share a place, the next one counts them all. */
static void give_places(struct ratings *r)
{
    size_t first = 0;
    for (size_t i = 0; i < r->count; i++) {
        bool fresh = i == 0 || r->items[i - 1].scope != r->items[i].scope;
        first = fresh ? i : first;
        bool same = !fresh && kt_dec_cmp(r->items[i - 1].score, r->items[i].score) == 0;
        r->items[i].rank = same ? r->items[i - 1].rank : (int64_t)(i - first + 1);
    }
}

static kt_error *write_ratings(kt_tx *tx, struct ratings *r, kt_lines *lines)
{
    size_t n = 0;
    if (r->count)
        qsort(r->items, r->count, sizeof *r->items, by_whose);
    for (size_t i = 0; i < r->count; i++) {
        struct rating *last = n ? &r->items[n - 1] : NULL, one = r->items[i];
        if (!last || by_whose(last, &one) != 0) {
            r->items[n++] = one;
            continue;
        }
        last->goals++;
        last->weights = kt_dec_add(last->weights, one.weights);
        last->weighted = kt_dec_add(last->weighted, one.weighted);
    }
    r->count = n;
    for (size_t i = 0; i < n; i++)
        r->items[i].score = kt_dec_div(r->items[i].weighted, r->items[i].weights, 2);
    if (n)
        qsort(r->items, n, sizeof *r->items, by_score);
    give_places(r);
    for (size_t i = 0; i < n; i++)
        KT_TRY(kt_line_add(tx, lines, &r->items[i].rec));
    return NULL;
}

/* ---- insight.board, and the service ---- */

kt_error *board(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct board *p = KT_SEE(board, params);
    struct board_found *out = KT_AS(board_found, result);
    struct known k = {.one = p->owner.v || p->goal.v};
    struct chosen c;
    period within;
    KT_TRY(period_read(tx, p->from, p->until, &within));
    KT_TRY(choose(tx, p, &within, &c));
    struct ratings r = {.items = kt_alloc(tx, (c.count + 1) * sizeof *r.items)};
    if (!r.items)
        return kt_no_memory();
    out->from = within.from;
    out->until = within.until;
    for (size_t i = 0; i < c.count; i++) {
        struct board_row row;
        KT_TRY(row_of(tx, &k, &c.goals[i], &row));
        rate(&r, &row);
        KT_TRY(kt_line_add(tx, &out->goals, &row.rec));
    }
    return write_ratings(tx, &r, &out->ratings);
}

static kt_error *goals_of(
    kt_tx *tx, kt_id user, kt_date from, kt_date until, const kt_goal_found **found, size_t *count)
{
    const struct board p = {KT_OF(board), .owner = user};
    const period within = {from, until};
    struct known k = {.one = true};
    struct chosen c;
    KT_TRY(choose(tx, &p, &within, &c));
    kt_goal_found *made = kt_alloc(tx, (c.count + 1) * sizeof *made);
    if (!made)
        return kt_no_memory();
    for (size_t i = 0; i < c.count; i++) {
        struct board_row row;
        KT_TRY(row_of(tx, &k, &c.goals[i], &row));
        made[i] = (kt_goal_found){row.goal, row.title, row.unit, row.entity, row.filter, row.from, row.until,
            row.target, row.weight, row.actual, row.reached};
    }
    *found = made;
    *count = c.count;
    return NULL;
}

const kt_goals goals_service = {goals_of};
