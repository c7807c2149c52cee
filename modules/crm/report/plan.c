/* plan.c -- sales plans, and what became of them: the actual figure is what committed deals say, asked anew
 * at each call; nothing of it is kept. */
#include <string.h>

#include <kontor/scope.h>

#include "report/report.h"

enum plan_unit { MONTH = 1, QUARTER, HALF_YEAR, YEAR };
static const kt_choice plan_units[] = {
    {MONTH, "month", {"Month", "Miesiąc"}},
    {QUARTER, "quarter", {"Quarter", "Kwartał"}},
    {HALF_YEAR, "half_year", {"Half-year", "Półrocze"}},
    {YEAR, "year", {"Year", "Rok"}},
    {0},
};
static const int unit_months[] = {[MONTH] = 1, [QUARTER] = 3, [HALF_YEAR] = 6, [YEAR] = 12};
enum plan_scope { COMPANY = 1, DEPARTMENT, PIPELINE, EMPLOYEE };
static const kt_choice plan_scopes[] = {
    {COMPANY, "company", {"Company", "Firma"}},
    {DEPARTMENT, "department", {"Department", "Dział"}},
    {PIPELINE, "pipeline", {"Pipeline", "Lejek"}},
    {EMPLOYEE, "employee", {"Employee", "Pracownik"}},
    {0},
};
enum plan_measure { BY_AMOUNT = 1, BY_COUNT };
static const kt_choice plan_measures[] = {
    {BY_AMOUNT, "amount", {"Amount won", "Kwota wygranych"}},
    {BY_COUNT, "count", {"Deals won", "Liczba wygranych"}},
    {0},
};

struct plan {
    kt_record rec;
    kt_str name;
    enum plan_unit period;
    enum plan_scope scope;
    enum plan_measure measure;
    kt_date starts_on, ends_on;
    kt_id department, pipeline, owner, currency;
    kt_dec target;
    bool of_team;
};
const kt_shape plan_shape = KT_SHAPE(plan, "crm.plan",
    KT_FIELD(plan, name, STRING, "Name", "Nazwa", .max = 200, .searchable = true, .priority = 1,
        .help = {"Empty: made of period and scope.", "Puste: z okresu i zakresu."}),
    KT_FIELD(
        plan, period, STATE, "Period", "Okres", .choices = plan_units, .initial = "month", .priority = 2),
    KT_FIELD(plan, starts_on, DATE, "Starts on", "Początek", .required = true, .priority = 3,
        .help = {"Any day of the period; its first one is kept.",
            "Dowolny dzień okresu; zapisuje się pierwszy."}),
    KT_FIELD(plan, ends_on, DATE, "Ends on", "Koniec", .computed = true),
    KT_FIELD(plan, scope, STATE, "For", "Dla", .choices = plan_scopes, .initial = "company", .indexed = true,
        .priority = 4),
    KT_FIELD(plan, department, REF, "Department", "Dział", .target = "access.department",
        .show_if = "[[\"scope\",\"=\",\"department\"]]",
        .help = {"With those below it.", "Razem z podległymi."}),
    KT_FIELD(plan, pipeline, REF, "Pipeline", "Lejek", .target = "crm.pipeline",
        .show_if = "[[\"scope\",\"=\",\"pipeline\"]]"),
    KT_FIELD(plan, owner, REF, "Owner", "Opiekun", .target = "access.user", .priority = 5,
        .help = {"Whose plan it is; of another scope: who answers for it.",
            "Czyj to plan; w innym zakresie: kto za niego odpowiada."}),
    KT_FIELD(
        plan, measure, STATE, "Of", "Miara", .choices = plan_measures, .initial = "amount", .priority = 6),
    KT_FIELD(plan, target, MONEY, "Target", "Cel", .scale = 2, .priority = 7),
    KT_FIELD(plan, currency, REF, "Currency", "Waluta", .target = "base.currency",
        .help = {"Empty: the company's.", "Puste: waluta firmy."}),
    KT_FIELD(plan, of_team, BOOL, "Sum of the team's plans", "Suma planów zespołu",
        .help = {"The target is the sum of the employees' plans of the same period.",
            "Celem jest suma planów pracowników na ten sam okres."}));

/* ---- Checks ---- */

static kt_error *check_scope(kt_tx *tx, const struct plan *p)
{
    const kt_scope_field fields[] = {
        {"department", p->department.v != 0, p->scope == DEPARTMENT, p->scope == DEPARTMENT},
        {"pipeline", p->pipeline.v != 0, p->scope == PIPELINE, p->scope == PIPELINE},
        {"owner", p->owner.v != 0, p->scope == EMPLOYEE, true},
    };
    return kt_scope_check(tx, fields, sizeof fields / sizeof *fields);
}

static kt_error *check_target(kt_tx *tx, const struct plan *p)
{
    if (p->of_team && (p->target.scale1 || p->scope == PIPELINE))
        return kt_fail(tx, KT_VALIDATION, p->target.scale1 ? "target" : "of_team",
            "the sum of a team's plans has no target of its own, and a pipeline no team",
            "suma planów zespołu nie ma własnego celu, a lejek nie ma zespołu");
    if (!p->of_team && (!p->target.scale1 || kt_dec_cmp(p->target, KT_DEC(0, 0)) <= 0))
        return kt_fail(
            tx, KT_VALIDATION, "target", "a plan has a target above zero", "plan ma cel powyżej zera");
    if (p->measure == BY_COUNT && p->target.scale1 && kt_dec_cmp(p->target, kt_dec_round(p->target, 0)) != 0)
        return kt_fail(
            tx, KT_VALIDATION, "target", "a number of deals is whole", "liczba szans jest całkowita");
    return NULL;
}

/* A month may lie within a planned quarter; two plans of one month for the same target contradict. */
static kt_error *check_overlap(kt_tx *tx, const struct plan *p)
{
    kt_cursor *cursor;
    struct plan other = {KT_OF(plan)};
    const kt_where where[] = {KT_WHERE(plan, starts_on, KT_EQ, p->starts_on),
        KT_WHERE(plan, scope, KT_EQ, p->scope), KT_WHERE(plan, period, KT_EQ, p->period),
        KT_WHERE(plan, measure, KT_EQ, p->measure), {0}};
    kt_id found = {0};
    KT_TRY(kt_open(tx, &(kt_query){.of = &plan_shape, .where = where}, &cursor));
    while (kt_next(cursor, &other.rec))
        if (other.rec.id.v != p->rec.id.v && other.department.v == p->department.v &&
            other.pipeline.v == p->pipeline.v && other.currency.v == p->currency.v &&
            (p->scope != EMPLOYEE || other.owner.v == p->owner.v))
            found = other.rec.id;
    KT_TRY(kt_close(cursor));
    return !found.v
               ? NULL
               : kt_hint(kt_fail(tx, KT_CONFLICT, "starts_on", "plan %llu is for the same period and target",
                             "plan %llu dotyczy tego samego okresu i zakresu", (unsigned long long)found.v),
                     "Change that one.", "Zmień tamten plan.");
}

kt_error *plan_compute(kt_tx *tx, kt_record *self)
{
    struct plan *p = KT_AS(plan, self);
    kt_error *all = NULL;
    if (!p->starts_on.day || !p->period)
        return NULL; /* the core says what is required */
    span s = span_around(p->starts_on, unit_months[p->period]);
    p->starts_on = s.from;
    p->ends_on = s.to;
    if (!p->name.len) {
        int year, month, day;
        kt_date_parts(s.from, &year, &month, &day);
        p->name = kt_format(tx, "%04d-%02d %s, %s", year, month,
            kt_say(tx, plan_units[p->period - 1].label).ptr, kt_say(tx, plan_scopes[p->scope - 1].label).ptr);
    }
    kt_also(&all, check_scope(tx, p));
    kt_also(&all, check_target(tx, p));
    if (!all)
        all = check_overlap(tx, p);
    return all;
}

/* ---- The report ---- */

enum { TARGET, ACTUAL, PERCENT, EXPECTED, OPEN_DEALS, FORECAST, FORECAST_PERCENT, PACE };
static const struct figure plan_figures[] = {
    [TARGET] = {.name = "plan", .label = {"Plan", "Plan"}, .entity = "crm.plan", .measure = "sum:target"},
    [ACTUAL] = {.name = "actual",
        .label = {"Actual", "Wykonanie"},
        .entity = "crm.deal",
        .measure = "sum:amount"},
    [PERCENT] = {.name = "percent", .label = {"Done, %", "Wykonanie, %"}},
    [EXPECTED] = {.name = "expected", .label = {"Plan up to today", "Plan do dziś"}},
    [OPEN_DEALS] = {.name = "open",
        .label = {"Open deals, weighted", "Otwarte szanse, ważone"},
        .entity = "crm.deal",
        .measure = "sum:weighted"},
    [FORECAST] = {.name = "forecast",
        .label = {"Forecast: actual and open", "Prognoza: wykonanie i otwarte"}},
    [FORECAST_PERCENT] = {.name = "forecast_percent", .label = {"Forecast, %", "Prognoza, %"}},
    [PACE] = {.name = "pace", .label = {"At this pace", "W tym tempie"}},
    {0},
};
static const struct spec plan_spec = {
    "plan", {"Plan and actual", "Plan i wykonanie"}, NULL, "month", plan_figures, .chart = BARS};

/* Conditions on the owner: of the people whom a team's plan is about. */
static kt_error *team_filter(kt_tx *tx, const struct plan *p, kt_str *filter)
{
    kt_str headed;
    if (p->scope == COMPANY) {
        *filter = (kt_str){0};
        return NULL;
    }
    if (p->scope == DEPARTMENT)
        return department_filter(tx, p->department, filter);
    KT_TRY(headed_filter(tx, p->owner, &headed));
    *filter = kt_format(
        tx, "[[\"or\",[\"owner\",\"=\",%llu],%s]]", (unsigned long long)p->owner.v, headed.ptr);
    return filter->ptr ? NULL : text_no_memory(tx);
}

static kt_error *scope_filter(kt_tx *tx, const struct plan *p, kt_str *filter)
{
    if (p->of_team || p->scope == COMPANY || p->scope == DEPARTMENT)
        return team_filter(tx, p, filter);
    *filter = p->scope == PIPELINE
                  ? kt_format(tx, "[[\"pipeline\",\"=\",%llu]]", (unsigned long long)p->pipeline.v)
                  : kt_format(tx, "[[\"owner\",\"=\",%llu]]", (unsigned long long)p->owner.v);
    return filter->ptr ? NULL : text_no_memory(tx);
}

static kt_str iso(kt_tx *tx, kt_date day)
{
    int y, m, d;
    kt_date_parts(day, &y, &m, &d);
    return kt_format(tx, "%04d-%02d-%02d", y, m, d);
}

static void set(kt_tx *tx, struct value *v, kt_dec number)
{
    v->number = number;
    v->value = text_dec(tx, number);
}

/* One measure over the records that meet all of the conditions; one that is not set asks nothing. */
static kt_error *ask(struct report *r, const char *entity, const char *measure, const kt_str *conditions,
    size_t count, struct value *v)
{
    kt_table table;
    struct text t = {.tx = r->tx};
    kt_str query;
    text_format(&t, "{\"measures\":{\"n\":\"%s\"},\"filter\":[", measure);
    for (size_t i = 0; i < count; i++)
        text_condition(&t, conditions[i]);
    text_add(&t, KT_STR("]}"));
    KT_TRY(text_end(&t, &query));
    KT_TRY(report_ask(r, entity, query, &table));
    *v = (struct value){
        .value = table.cells[0].value, .filter = table.filters[0], .number = table.cells[0].number};
    return NULL;
}

static kt_error *ask_target(struct report *r, const struct plan *p, struct value *v)
{
    kt_tx *tx = r->tx;
    kt_str team;
    if (!p->of_team) {
        const kt_str own = kt_format(tx, "[\"id\",\"=\",%llu]", (unsigned long long)p->rec.id.v);
        return ask(r, "crm.plan", "sum:target", &own, 1, v);
    }
    KT_TRY(team_filter(tx, p, &team));
    const kt_str conditions[] = {
        KT_STR("[\"scope\",\"=\",\"employee\"],[\"of_team\",\"=\",false]"),
        kt_format(tx, "[\"period\",\"=\",\"%s\"],[\"measure\",\"=\",\"%s\"],[\"starts_on\",\"=\",\"%s\"]",
            plan_units[p->period - 1].name, plan_measures[p->measure - 1].name, iso(tx, p->starts_on).ptr),
        p->currency.v ? kt_format(tx, "[\"currency\",\"=\",%llu]", (unsigned long long)p->currency.v)
                      : KT_STR("[\"currency\",\"is_null\",true]"),
        team,
    };
    return ask(r, "crm.plan", "sum:target", conditions, sizeof conditions / sizeof *conditions, v);
}

/* Deals won in the period, and open ones that are expected to be won in what is left of it. */
static kt_error *ask_deals(struct report *r, const struct plan *p, struct line *line)
{
    enum { WHICH, WHOSE, MONEY, MORE, CONDITIONS };
    kt_tx *tx = r->tx;
    bool counts = p->measure == BY_COUNT;
    kt_date from = r->today.day > p->starts_on.day ? r->today : p->starts_on;
    kt_str conditions[CONDITIONS] = {[MORE] = r->p->filter};
    KT_TRY(scope_filter(tx, p, &conditions[WHOSE]));
    if (!counts)
        conditions[MONEY] = p->currency.v && p->currency.v != r->currency.v
                                ? kt_format(
                                      tx, "[[\"currency\",\"=\",%llu]]", (unsigned long long)p->currency.v)
                                : r->money;
    conditions[WHICH] = kt_format(tx,
        "[\"semantic\",\"=\",\"won\"],[\"closed_at\",\"between\",[\"%s\",\"%s\"]]", iso(tx, p->starts_on).ptr,
        iso(tx, p->ends_on).ptr);
    KT_TRY(
        ask(r, "crm.deal", counts ? "count" : "sum:amount", conditions, CONDITIONS, &line->values[ACTUAL]));
    conditions[WHICH] = kt_format(tx,
        "[\"semantic\",\"=\",\"open\"],[\"expected_close\",\">=\",\"%s\"],[\"expected_close\",\"<=\",\"%s\"]",
        iso(tx, from).ptr, iso(tx, p->ends_on).ptr);
    KT_TRY(ask(r, "crm.deal", counts ? "sum:probability" : "sum:weighted", conditions, CONDITIONS,
        &line->values[OPEN_DEALS]));
    if (counts) /* the number of deals to be expected of so many probabilities */
        set(tx, &line->values[OPEN_DEALS], kt_dec_div(line->values[OPEN_DEALS].number, KT_DEC(100, 0), 2));
    return NULL;
}

static kt_error *plan_line(struct report *r, const struct plan *p)
{
    struct line *line;
    kt_tx *tx = r->tx;
    const span of = {p->starts_on, p->ends_on, 0};
    int64_t days = span_days(&of), gone = (int64_t)r->today.day - p->starts_on.day + 1;
    gone = gone < 0 ? 0 : gone > days ? days : gone;
    KT_TRY(report_line(r, &line));
    line->label[0] = p->name;
    line->key[0] = kt_format(tx, "%llu", (unsigned long long)p->rec.id.v);
    KT_TRY(ask_target(r, p, &line->values[TARGET]));
    KT_TRY(ask_deals(r, p, line));
    kt_dec target = line->values[TARGET].number, actual = line->values[ACTUAL].number;
    kt_dec forecast = kt_dec_add(actual, line->values[OPEN_DEALS].number);
    set(tx, &line->values[PERCENT], percent_of(actual, target));
    set(tx, &line->values[EXPECTED], kt_dec_div(kt_dec_mul(target, KT_DEC(gone, 0), 2), KT_DEC(days, 0), 2));
    set(tx, &line->values[FORECAST], forecast);
    set(tx, &line->values[FORECAST_PERCENT], percent_of(forecast, target));
    set(tx, &line->values[PACE],
        gone ? kt_dec_div(kt_dec_mul(actual, KT_DEC(days, 0), 2), KT_DEC(gone, 0), 2) : (kt_dec){0});
    line->values[PERCENT].filter = line->values[ACTUAL].filter;
    return NULL;
}

kt_error *report_plan(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct report r;
    kt_cursor *cursor;
    if (!kt_may(tx, "crm.plan:read"))
        return kt_fail(tx, KT_FORBIDDEN, NULL, "you may not read plans", "nie wolno czytać planów");
    KT_TRY(report_open(tx, &plan_spec, KT_SEE(report_params, params), &r));
    const kt_where where[] = {
        KT_WHERE(plan, starts_on, KT_LE, r.span.to), KT_WHERE(plan, ends_on, KT_GE, r.span.from), {0}};
    KT_TRY(kt_open(tx,
        &(kt_query){.of = &plan_shape, .where = where, .sort = "starts_on,scope,id", .limit = ROWS_MAX},
        &cursor));
    struct plan p = {KT_OF(plan)};
    kt_error *error = NULL;
    while (!error && kt_next(cursor, &p.rec))
        error = plan_line(&r, &p);
    kt_also(&error, kt_close(cursor));
    return error ? error : report_answer(&r, result);
}
