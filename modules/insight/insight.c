/* The module insight: how the company does and what its people were to reach, out of what its other modules have on
 * record. What belongs to a module that is not enabled, or that the caller may not see, is left out. */
#include "insight.h"

#include <kontor/goals.h>
#include <kontor/rules.h>

#include "mailing.h"

/* ---- insight.indicators ---- */

struct asked_for {
    kt_record rec;
    kt_date from, until;
    kt_id owner, department, pipeline;
};
static const kt_shape asked_for_shape = KT_SHAPE(asked_for, NULL,
    KT_FIELD(asked_for, from, DATE, "From", "Od",
        .help = {"Empty: the first of this month.", "Puste: pierwszy dzień tego miesiąca."}),
    KT_FIELD(asked_for, until, DATE, "Until", "Do", .initial = "today"),
    KT_FIELD(asked_for, owner, REF, "Of one employee", "Jednego pracownika", .target = "access.user"),
    KT_FIELD(asked_for, department, REF, "Of one department", "Jednego działu", .target = "access.department",
        .help = {"With those below it.", "Razem z podległymi."}),
    KT_FIELD(asked_for, pipeline, REF, "Of one pipeline", "Jednego lejka", .target = "crm.pipeline"));
struct row {
    kt_record rec;
    kt_str name, label, unit, entity, filter, of_entity, of_filter;
    kt_dec value, before, over, under, change;
    bool less;
};
static const kt_shape row_shape = KT_SHAPE(row, NULL, KT_FIELD(row, name, STRING, "Indicator", "Wskaźnik"),
    KT_FIELD(row, label, STRING, "Label", "Opis"),
    KT_FIELD(row, value, MONEY, "Value", "Wartość", .scale = INSIGHT_SCALE),
    KT_FIELD(row, before, MONEY, "In the period before", "W poprzednim okresie", .scale = INSIGHT_SCALE),
    KT_FIELD(row, change, MONEY, "Change", "Zmiana", .scale = INSIGHT_SCALE),
    KT_FIELD(row, unit, STRING, "Unit", "Jednostka",
        .help = {"Empty: the company's currency.", "Puste: waluta firmy."}),
    KT_FIELD(row, less, BOOL, "Less is better", "Mniej znaczy lepiej"),
    KT_FIELD(row, over, QUANTITY, "Number", "Liczba", .scale = 4),
    KT_FIELD(row, under, QUANTITY, "Over", "Przez", .scale = 4),
    KT_FIELD(row, entity, STRING, "Records of", "Rekordy"),
    KT_FIELD(row, filter, JSON, "Which ones", "Które"),
    KT_FIELD(row, of_entity, STRING, "Over records of", "Przez rekordy"),
    KT_FIELD(row, of_filter, JSON, "Over which", "Przez które"));
struct found {
    kt_record rec;
    kt_date from, until, before_from, before_until;
    kt_lines rows;
};
static const kt_shape found_shape = KT_SHAPE(found, NULL, KT_FIELD(found, from, DATE, "From", "Od"),
    KT_FIELD(found, until, DATE, "Until", "Do"),
    KT_FIELD(found, before_from, DATE, "Period before, from", "Poprzedni okres od"),
    KT_FIELD(found, before_until, DATE, "Until", "Do"),
    KT_FIELD(found, rows, LINES, "Indicators", "Wskaźniki", .lines = &row_shape));

static kt_dec to4(kt_dec d)
{
    return d.scale1 && d.scale1 != 255 ? kt_dec_round(d, 4) : (kt_dec){0};
}

/* Of what stands now, not of what happened in a period. */
static bool stands(const struct indicator *i)
{
    return !i->over.when || (i->under.entity && !i->under.when);
}

static kt_error *add_row(
    kt_tx *tx, const kt_choice *name, const period *now, const period *past, const whose *w, kt_lines *rows)
{
    const struct indicator *i = indicator_of(name->value);
    figure f, before = {0};
    bool seen;
    if (stands(i) && now->until.day < kt_today(tx).day)
        return NULL; /* what stood then is not known from what stands now */
    KT_TRY(indicator_ask(tx, i, now, w, &f, &seen));
    if (!seen)
        return NULL;
    if (!stands(i))
        KT_TRY(indicator_ask(tx, i, past, w, &before, &seen));
    struct row row = {KT_OF(row), .name = kt_format(tx, "%s", name->name), .label = kt_say(tx, name->label),
        .unit = indicator_unit(tx, i), .less = i->less, .value = f.value, .before = before.value,
        .over = to4(f.over), .under = to4(f.under), .entity = kt_format(tx, "%s", i->over.entity),
        .filter = f.filter, .of_filter = f.of_filter};
    if (i->under.entity)
        row.of_entity = kt_format(tx, "%s", i->under.entity);
    if (f.value.scale1 && before.value.scale1)
        row.change = kt_dec_sub(f.value, before.value);
    return kt_line_add(tx, rows, &row.rec);
}

static kt_error *run(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct asked_for *p = KT_SEE(asked_for, params);
    const whose w = {p->owner, p->department, p->pipeline};
    struct found *out = KT_AS(found, result);
    period now, past;
    KT_TRY(period_read(tx, p->from, p->until, &now));
    past.until = kt_date_add(now.from, -1); /* as many days, just before */
    past.from = kt_date_add(now.from, now.from.day - now.until.day - 1);
    *out = (struct found){.rec = out->rec,
        .from = now.from,
        .until = now.until,
        .before_from = past.from,
        .before_until = past.until};
    for (const kt_choice *name = indicator_names; name->name; name++)
        KT_TRY(add_row(tx, name, &now, &past, &w, &out->rows));
    return NULL;
}

static const kt_entity entities[] = {
    {&goal_shape, {"Goal", "Cel"}, {"Goals", "Cele"}, .title = "title", .indexes = "until, owner until",
        .compute = goal_compute, .icon = "target",
        .views = "[{\"kind\":\"list\",\"columns\":[\"title\",\"scope\",\"owner\",\"department\",\"from\","
                 "\"until\",\"target\",\"weight\"],\"sort\":\"-until\"}]"},
    {&subscription_shape, {"Report by mail", "Raport pocztą"}, {"Reports by mail", "Raporty pocztą"},
        .title = "name", .actions = subscription_actions, .compute = subscription_compute, .icon = "mail",
        .views =
            "[{\"kind\":\"list\",\"columns\":[\"name\",\"method\",\"every\",\"next\",\"active\"],\"sort\":"
            "\"next\"}]"},
    {0},
};

static const kt_method methods[] = {
    {"indicators", {"How the company does", "Wskaźniki firmy"}, "login", false, &asked_for_shape,
        &found_shape, run},
    {"board", {"Goals, what was reached, and who reached most", "Cele, wykonanie i ranking"},
        "insight.goal:read", false, &board_shape, &board_found_shape, board},
    {"send_due", {"Send the reports that are due", "Wyślij raporty, których termin nadszedł"},
        "insight.subscription:update", true, &send_due_shape, &sent_due_shape, send_due},
    {0},
};

static const kt_service services[] = {
    {"insight.goals", 1, &goals_service}, {"insight.mailing", 1, &mailing_work}, {0}};

static const kt_role roles[] = {
    {"employee", {"Employee: own goals", "Pracownik: własne cele"}, "insight.goal:read@own"},
    {"head", {"Head: goals of a department", "Kierownik: cele działu"},
        "insight.goal:*@department; access.user:read; access.department:read"},
    {"manager", {"Manager: all goals", "Zarząd: wszystkie cele"},
        "insight.*:*; access.user:read; access.department:read"},
    {0},
};

/* What the company expects to happen by itself. */
static const kt_rule upkeep[] = {
    KT_UPKEEP("insight", "send_due", "Reports by mail", "every day at 6:30", "*:read; insight.subscription:*",
        "send_due"),
    {0},
};

static kt_error *migrate(kt_tx *tx, const char *from_version)
{
    (void)from_version;
    return kt_rules_bring(tx, upkeep);
}

const kt_module kontor_module = KT_MODULE("insight", "1.0.0", "Indicators", "Wskaźniki", .needs = "base",
    .entities = entities, .methods = methods, .services = services, .roles = roles, .migrate = migrate);
