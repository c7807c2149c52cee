/* Goals with what was reached, and the bonus they bring: a statement that the employee can check, line by line.
 * How goals become money is the company's: a rule in Lua adds the lines. */
#include "hr.h"

struct goal {
    kt_record rec;
    kt_id employee, owner;
    kt_str title, unit, note;
    kt_date from, until;
    kt_dec target, actual, weight, reached;
};
const kt_shape goal_shape = KT_SHAPE(goal, "hr.goal",
    KT_FIELD(goal, employee, REF, "Employee", "Pracownik", .target = "hr.employee", .required = true,
        .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(goal, owner, REF, "User", "Użytkownik", .target = "access.user", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(goal, title, STRING, "Goal", "Cel", .required = true, .max = 200, .priority = 2),
    KT_FIELD(goal, from, DATE, "From", "Od", .required = true, .priority = 3),
    KT_FIELD(goal, until, DATE, "Until", "Do", .required = true, .priority = 4),
    KT_FIELD(goal, target, QUANTITY, "Target", "Plan", .scale = 2, .required = true, .priority = 5),
    KT_FIELD(goal, actual, QUANTITY, "Reached", "Wykonanie", .scale = 2, .priority = 6),
    KT_FIELD(goal, unit, STRING, "Unit", "Jednostka", .max = 20),
    KT_FIELD(goal, weight, PERCENT, "Weight, %", "Waga, %", .scale = 2, .initial = "100"),
    KT_FIELD(
        goal, reached, PERCENT, "Reached, %", "Wykonanie, %", .scale = 2, .computed = true, .priority = 7),
    KT_FIELD(goal, note, STRING, "Note", "Uwaga", .max = 200));

kt_error *goal_compute(kt_tx *tx, kt_record *self)
{
    struct goal *g = KT_AS(goal, self);
    struct employee e = {KT_OF(employee)};
    if (g->until.day && g->until.day < g->from.day)
        return kt_fail(tx, KT_VALIDATION, "until", "is before the first day", "jest przed pierwszym dniem");
    if (g->target.scale1 && g->target.coef <= 0)
        return kt_fail(tx, KT_VALIDATION, "target", "is above zero", "jest większe od zera");
    g->reached = g->actual.scale1 ? kt_dec_div(kt_dec_mul(g->actual, KT_DEC(100, 0), 4), g->target, 2)
                                  : (kt_dec){0};
    if (!g->employee.v)
        return NULL;
    KT_TRY(kt_read(tx, g->employee, &e.rec));
    g->owner = e.owner;
    return NULL;
}

enum { B_DRAFT = 1, B_APPROVED, B_PAID };
static const kt_choice bonus_states[] = {{B_DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {B_APPROVED, "approved", {"Approved", "Zaakceptowana"}, "won"},
    {B_PAID, "paid", {"Paid", "Wypłacona"}, "won"}, {0}};
struct bonus_line {
    kt_record rec;
    kt_str text;
    kt_id goal;
    kt_dec base, percent, amount;
};
static const kt_shape bonus_line_shape = KT_SHAPE(bonus_line, NULL,
    KT_FIELD(bonus_line, text, STRING, "What for", "Za co", .required = true, .max = 200),
    KT_FIELD(bonus_line, goal, REF, "Goal", "Cel", .target = "hr.goal", .on_delete = KT_CLEAR),
    KT_FIELD(bonus_line, base, MONEY, "Of", "Od kwoty", .scale = 2),
    KT_FIELD(bonus_line, percent, PERCENT, "Per cent", "Procent", .scale = 2),
    KT_FIELD(bonus_line, amount, MONEY, "Amount", "Kwota", .scale = 2,
        .help = {"Empty: the per cent of the amount before it.", "Puste: procent od podanej kwoty."}));
struct bonus {
    kt_record rec;
    kt_id employee, owner, approved_by;
    kt_date month;
    kt_lines lines;
    kt_dec total;
    unsigned state;
};
const kt_shape bonus_shape = KT_SHAPE(bonus, "hr.bonus",
    KT_FIELD(bonus, employee, REF, "Employee", "Pracownik", .target = "hr.employee", .required = true,
        .on_delete = KT_CASCADE, .fixed = true, .priority = 1),
    KT_FIELD(bonus, owner, REF, "User", "Użytkownik", .target = "access.user", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(bonus, month, DATE, "Month", "Miesiąc", .required = true, .fixed = true, .priority = 2,
        .help = {"Its first day.", "Jego pierwszy dzień."}),
    KT_FIELD(bonus, lines, LINES, "Statement", "Rozliczenie", .lines = &bonus_line_shape, .max = 100),
    KT_FIELD(bonus, total, MONEY, "Total", "Razem", .scale = 2, .computed = true, .priority = 3),
    KT_FIELD(bonus, state, STATE, "State", "Stan", .choices = bonus_states, .initial = "draft",
        .indexed = true, .priority = 4),
    KT_FIELD(bonus, approved_by, REF, "Approved by", "Zaakceptował", .target = "access.user",
        .computed = true, .on_delete = KT_CLEAR));

kt_error *bonus_compute(kt_tx *tx, kt_record *self)
{
    struct bonus *b = KT_AS(bonus, self);
    struct employee e = {KT_OF(employee)};
    if (b->state != B_DRAFT || !b->employee.v || !b->month.day)
        return NULL;
    int y, m, d;
    kt_date_parts(b->month, &y, &m, &d);
    b->month = kt_date_make(y, m, 1);
    KT_TRY(kt_read(tx, b->employee, &e.rec));
    b->owner = e.owner;
    b->total = KT_DEC(0, 2);
    for (size_t i = 0; i < b->lines.count; i++) {
        struct bonus_line *l = KT_AS(bonus_line, kt_line(&b->lines, i));
        if (l->base.scale1 && l->percent.scale1)
            l->amount = kt_dec_div(kt_dec_mul(l->base, l->percent, 4), KT_DEC(100, 0), 2);
        if (!l->amount.scale1)
            return kt_fail(tx, KT_VALIDATION, kt_format(tx, "lines[%zu].amount", i).ptr,
                "give an amount, or an amount and a per cent of it",
                "podaj kwotę albo kwotę i procent od niej");
        b->total = kt_dec_add(b->total, l->amount);
    }
    return NULL;
}

static kt_error *approve(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct bonus *b = KT_AS(bonus, self);
    b->approved_by = kt_user(tx);
    return not_own(tx, b->owner);
}

const kt_action bonus_actions[] = {
    {"approve", {"Approve", "Zaakceptuj"}, "approve", .from = KT_IN(B_DRAFT), .to = B_APPROVED,
        .run = approve},
    {"pay", {"Paid", "Wypłacono"}, "pay", .from = KT_IN(B_APPROVED), .to = B_PAID},
    {0},
};
