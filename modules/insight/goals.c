/* Goals: who is to reach how much of which indicator in which time. What was reached is not in them: it is asked of
 * the records each time, so nobody can type it in. */
#include <kontor/scope.h>

#include "insight.h"

const kt_choice goal_scopes[] = {
    {OF_COMPANY, "company", {"Company", "Firma"}},
    {OF_DEPARTMENT, "department", {"Department", "Dział"}},
    {OF_PIPELINE, "pipeline", {"Pipeline", "Lejek"}},
    {OF_EMPLOYEE, "employee", {"Employee", "Pracownik"}},
    {0},
};
const kt_shape goal_shape = KT_SHAPE(goal, "insight.goal",
    KT_FIELD(goal, title, STRING, "Goal", "Cel", .max = 200, .searchable = true, .priority = 1,
        .help = {"Empty: the indicator's name.", "Puste: nazwa wskaźnika."}),
    KT_FIELD(goal, indicator, STATE, "Indicator", "Wskaźnik", .choices = indicator_names, .required = true,
        .priority = 2),
    KT_FIELD(goal, scope, STATE, "For", "Dla", .choices = goal_scopes, .initial = "employee", .priority = 3),
    KT_FIELD(goal, department, REF, "Department", "Dział", .target = "access.department",
        .show_if = "[[\"scope\",\"=\",\"department\"]]", .on_delete = KT_CASCADE,
        .help = {"With those below it.", "Razem z podległymi."}),
    KT_FIELD(goal, pipeline, REF, "Pipeline", "Lejek", .target = "crm.pipeline", .on_delete = KT_CASCADE,
        .show_if = "[[\"scope\",\"=\",\"pipeline\"]]"),
    KT_FIELD(goal, owner, REF, "Employee", "Pracownik", .target = "access.user", .on_delete = KT_CASCADE,
        .priority = 4,
        .help = {"Whose goal it is; of another scope: who answers for it.",
            "Czyj to cel; w innym zakresie: kto za niego odpowiada."}),
    KT_FIELD(goal, from, DATE, "From", "Od", .required = true, .priority = 5),
    KT_FIELD(goal, until, DATE, "Until", "Do", .required = true, .priority = 6),
    KT_FIELD(goal, target, QUANTITY, "Target", "Plan", .scale = 2, .required = true, .priority = 7,
        .help = {"In the indicator's unit.", "W jednostce wskaźnika."}),
    KT_FIELD(goal, weight, PERCENT, "Weight, %", "Waga, %", .scale = 2, .initial = "100",
        .help = {"In the rating, beside other goals.", "W ocenie, obok innych celów."}),
    KT_FIELD(goal, note, STRING, "Note", "Uwaga", .max = 200));

static kt_error *check_scope(kt_tx *tx, const struct goal *g)
{
    const kt_scope_field fields[] = {
        {"department", g->department.v != 0, g->scope == OF_DEPARTMENT, g->scope == OF_DEPARTMENT},
        {"pipeline", g->pipeline.v != 0, g->scope == OF_PIPELINE, g->scope == OF_PIPELINE},
        {"owner", g->owner.v != 0, g->scope == OF_EMPLOYEE, true},
    };
    return kt_scope_check(tx, fields, sizeof fields / sizeof *fields);
}

/* What stands now is nobody's merit of a period, and records of nobody have no employee. */
static kt_error *check_indicator(kt_tx *tx, const struct goal *g)
{
    const struct indicator *i = indicator_of(g->indicator);
    const bool somebody = g->scope == OF_EMPLOYEE || g->scope == OF_DEPARTMENT;
    if (!i)
        return NULL; /* the core says that it is required */
    const struct measure *under = i->under.entity ? &i->under : &i->over;
    if ((somebody && (!i->over.owner || !under->owner)) ||
        (g->scope == OF_PIPELINE && (!i->over.pipeline || !under->pipeline)))
        return kt_hint(kt_fail(tx, KT_VALIDATION, "indicator", "is not known of this scope",
                           "nie jest znany w tym zakresie"),
            "Make it a goal of the company.", "Ustaw go jako cel firmy.");
    return NULL;
}

kt_error *goal_compute(kt_tx *tx, kt_record *self)
{
    struct goal *g = KT_AS(goal, self);
    kt_error *all = NULL;
    if (g->until.day && g->from.day && g->until.day < g->from.day)
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, "until", "is before the first day", "jest przed pierwszym dniem"));
    if (g->target.scale1 && g->target.coef <= 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "target", "is above zero", "jest większe od zera"));
    if (g->weight.scale1 && g->weight.coef < 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "weight", "is not below zero", "nie jest ujemna"));
    kt_also(&all, check_scope(tx, g));
    kt_also(&all, check_indicator(tx, g));
    for (const kt_choice *c = indicator_names; !g->title.len && c->name; c++)
        if (c->value == g->indicator)
            g->title = kt_say(tx, c->label);
    return all;
}
