/* hr.results: what came of an employee's work in a time, in one call: time, leave, goals, appraisals, bonuses -- each
 * with the filter that lists its records. What the caller may not read is left out. */
#include <stddef.h>

#include <kontor/goals.h>

#include "hr.h"

struct results {
    kt_record rec;
    kt_id employee;
    kt_date from, until;
};
const kt_shape results_shape = KT_SHAPE(results, NULL,
    KT_FIELD(results, employee, REF, "Employee", "Pracownik", .target = "hr.employee",
        .help = {"Empty: you.", "Puste: Ty."}),
    KT_FIELD(results, from, DATE, "From", "Od",
        .help = {"Empty: the first of this year.", "Puste: początek roku."}),
    KT_FIELD(results, until, DATE, "Until", "Do", .initial = "today"));

struct measure_row {
    kt_record rec;
    kt_str name, label, entity, filter;
    kt_dec value;
};
static const kt_shape measure_row_shape = KT_SHAPE(measure_row, NULL,
    KT_FIELD(measure_row, name, STRING, "Name", "Nazwa"),
    KT_FIELD(measure_row, label, STRING, "Label", "Opis"),
    KT_FIELD(measure_row, value, QUANTITY, "Value", "Wartość", .scale = 2),
    KT_FIELD(measure_row, entity, STRING, "Records of", "Rekordy"),
    KT_FIELD(measure_row, filter, JSON, "Which ones", "Które"));
struct goal_row {
    kt_record rec;
    kt_id goal;
    kt_str title, unit, entity, filter;
    kt_date from, until;
    kt_dec target, actual, reached, weight;
};
static const kt_shape goal_row_shape = KT_SHAPE(goal_row, NULL,
    KT_FIELD(goal_row, goal, REF, "Goal", "Cel", .target = "insight.goal"),
    KT_FIELD(goal_row, title, STRING, "Title", "Nazwa"),
    KT_FIELD(goal_row, unit, STRING, "Unit", "Jednostka",
        .help = {"Empty: the company's currency.", "Puste: waluta firmy."}),
    KT_FIELD(goal_row, from, DATE, "From", "Od"), KT_FIELD(goal_row, until, DATE, "Until", "Do"),
    KT_FIELD(goal_row, target, QUANTITY, "Target", "Plan", .scale = 2),
    KT_FIELD(goal_row, actual, QUANTITY, "Actual", "Wykonanie", .scale = 2),
    KT_FIELD(goal_row, reached, PERCENT, "Reached, %", "Wykonanie, %", .scale = 2),
    KT_FIELD(goal_row, weight, PERCENT, "Weight, %", "Waga, %", .scale = 2),
    KT_FIELD(goal_row, entity, STRING, "Records of", "Rekordy"),
    KT_FIELD(goal_row, filter, JSON, "Which ones", "Które"));
struct results_found {
    kt_record rec;
    kt_id employee, department;
    kt_str name, post;
    kt_date from, until;
    kt_dec score;
    kt_lines measures, goals;
};
const kt_shape results_found_shape = KT_SHAPE(results_found, NULL,
    KT_FIELD(results_found, employee, REF, "Employee", "Pracownik", .target = "hr.employee"),
    KT_FIELD(results_found, name, STRING, "Name", "Imię i nazwisko"),
    KT_FIELD(results_found, post, STRING, "Post", "Stanowisko"),
    KT_FIELD(results_found, department, REF, "Department", "Dział", .target = "access.department"),
    KT_FIELD(results_found, from, DATE, "From", "Od"), KT_FIELD(results_found, until, DATE, "Until", "Do"),
    KT_FIELD(results_found, score, PERCENT, "Goals reached, %", "Wykonanie celów, %", .scale = 2,
        .help = {"The mean by weights.", "Średnia według wag."}),
    KT_FIELD(results_found, measures, LINES, "Figures", "Liczby", .lines = &measure_row_shape),
    KT_FIELD(results_found, goals, LINES, "Goals", "Cele", .lines = &goal_row_shape));

/* ---- Figures ---- */

static const struct figure {
    const char *name;
    kt_text label;
    const char *entity, *measure, *filter, *when;
    int per; /* what it is divided by: minutes into hours */
} figures[] = {
    {"days_worked", {"Days worked", "Dni pracy"}, "hr.attendance", "count", "[\"worked\",\">\",0],", "day",
        1},
    {"hours_worked", {"Hours worked", "Godziny pracy"}, "hr.attendance", "sum:worked", "", "day", 60},
    {"overtime", {"Hours over time", "Nadgodziny"}, "hr.attendance", "sum:overtime", "", "day", 60},
    {"late", {"Days late", "Dni spóźnień"}, "hr.attendance", "count", "[\"late\",\">\",0],", "day", 1},
    {"absent", {"Days absent", "Dni nieobecności"}, "hr.attendance", "count", "[\"state\",\"=\",\"absent\"],",
        "day", 1},
    {"leave_days", {"Days of leave approved", "Dni zatwierdzonego urlopu"}, "hr.leave", "sum:days",
        "[\"state\",\"=\",\"approved\"],", "from", 1},
    {"hours_booked", {"Hours booked on work", "Godziny rozliczone"}, "hr.timesheet", "sum:minutes", "", "day",
        60},
    {"expenses", {"Expenses claimed", "Wydatki do zwrotu"}, "hr.expense", "sum:total",
        "[\"state\",\"!=\",\"rejected\"],", "created_at", 1},
    {"appraisal", {"Appraisal, mean score", "Ocena okresowa, średnia"}, "hr.appraisal", "avg:score",
        "[\"state\",\"=\",\"closed\"],", "closed_at", 1},
    {"bonus", {"Bonuses approved", "Zatwierdzone premie"}, "hr.bonus", "sum:total",
        "[\"state\",\"!=\",\"draft\"],", "month", 1},
};

static kt_str iso(kt_tx *tx, kt_date day)
{
    int y, m, d;
    kt_date_parts(day, &y, &m, &d);
    return kt_format(tx, "%04d-%02d-%02d", y, m, d);
}

static kt_error *add_figure(
    kt_tx *tx, const struct figure *f, const struct results_found *out, kt_lines *rows)
{
    kt_table table;
    struct measure_row row = {KT_OF(measure_row), .name = kt_format(tx, "%s", f->name),
        .label = kt_say(tx, f->label), .entity = kt_format(tx, "%s", f->entity)};
    if (!kt_may(tx, kt_format(tx, "%s:read", f->entity).ptr))
        return NULL;
    row.filter = kt_format(tx, "[%s[\"employee\",\"=\",%llu],[\"%s\",\"between\",[\"%s\",\"%s\"]]]",
        f->filter, (unsigned long long)out->employee.v, f->when, iso(tx, out->from).ptr,
        iso(tx, out->until).ptr);
    KT_TRY(kt_aggregate(tx, f->entity,
        kt_format(tx, "{\"measures\":{\"n\":\"%s\"},\"filter\":%s}", f->measure, row.filter.ptr), &table));
    if (table.rows && table.cells[0].number.scale1)
        row.value = kt_dec_div(table.cells[0].number, KT_DEC(f->per, 0), 2);
    return kt_line_add(tx, rows, &row.rec);
}

/* ---- Goals ---- */

static kt_error *add_goals(kt_tx *tx, kt_id owner, struct results_found *out)
{
    const kt_goals *goals = kt_goals_find(tx);
    const kt_goal_found *found = NULL;
    kt_dec weights = KT_DEC(0, 2), sum = KT_DEC(0, 2);
    size_t count = 0;
    if (!goals || !owner.v || !kt_may(tx, "insight.goal:read"))
        return NULL;
    KT_TRY(goals->of(tx, owner, out->from, out->until, &found, &count));
    for (size_t i = 0; i < count; i++) {
        const kt_goal_found *g = &found[i];
        struct goal_row row = {KT_OF(goal_row), g->goal, g->title, g->unit, g->entity, g->filter, g->from,
            g->until, g->target, g->actual, g->reached, g->weight};
        KT_TRY(kt_line_add(tx, &out->goals, &row.rec));
        if (!g->reached.scale1)
            continue;
        weights = kt_dec_add(weights, g->weight);
        sum = kt_dec_add(sum, kt_dec_mul(g->weight, g->reached, 4));
    }
    if (weights.coef)
        out->score = kt_dec_div(sum, weights, 2);
    return NULL;
}

kt_error *employee_results(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct results *p = KT_SEE(results, params);
    struct results_found *out = KT_AS(results_found, result);
    struct employee e;
    int y, m, d;
    KT_TRY(employee_read(tx, p->employee, &e));
    kt_date_parts(p->until, &y, &m, &d);
    out->employee = e.rec.id;
    out->name = e.name;
    out->post = e.post;
    out->department = e.department;
    out->from = p->from.day ? p->from : kt_date_make(y, 1, 1);
    out->until = p->until;
    if (out->until.day < out->from.day)
        return kt_fail(tx, KT_VALIDATION, "until", "is before the first day", "jest przed pierwszym dniem");
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        KT_TRY(add_figure(tx, &figures[i], out, &out->measures));
    return add_goals(tx, e.owner, out);
}
