/* Bonuses: a statement that the employee can check, line by line -- what for, by which formula, out of which figures,
 * and the filter that lists the records behind them. How goals become money is the company's: a rule in Lua writes the
 * lines (scripts/rules/goal_bonus.lua). */
#include <string.h>

#include "hr.h"

enum { B_DRAFT = 1, B_APPROVED, B_PAID };
static const kt_choice bonus_states[] = {{B_DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {B_APPROVED, "approved", {"Approved", "Zaakceptowana"}, "won"},
    {B_PAID, "paid", {"Paid", "Wypłacona"}, "won"}, {0}};
struct bonus_line {
    kt_record rec;
    kt_str text, formula, inputs, entity, filter;
    kt_id goal;
    kt_dec base, percent, amount;
};
static const kt_shape bonus_line_shape = KT_SHAPE(bonus_line, NULL,
    KT_FIELD(bonus_line, text, STRING, "What for", "Za co", .required = true, .max = 200),
    KT_FIELD(bonus_line, formula, STRING, "Formula", "Wzór", .max = 400,
        .help = {"In words and figures, so that it can be worked out again.",
            "Słowami i liczbami, tak by można było policzyć ponownie."}),
    KT_FIELD(bonus_line, inputs, JSON, "Figures used", "Użyte liczby"),
    KT_FIELD(bonus_line, goal, REF, "Goal", "Cel", .target = "insight.goal", .on_delete = KT_CLEAR),
    KT_FIELD(bonus_line, entity, STRING, "Records of", "Rekordy", .max = 100),
    KT_FIELD(bonus_line, filter, JSON, "Which ones", "Które",
        .help = {"Lists the records behind the figure.", "Wylicza rekordy stojące za liczbą."}),
    KT_FIELD(bonus_line, base, MONEY, "Of", "Od kwoty", .scale = 2),
    KT_FIELD(bonus_line, percent, PERCENT, "Per cent", "Procent", .scale = 2),
    KT_FIELD(bonus_line, amount, MONEY, "Amount", "Kwota", .scale = 2,
        .help = {"Empty: the per cent of the amount before it.", "Puste: procent od podanej kwoty."}));
struct bonus {
    kt_record rec;
    kt_id employee, owner, approved_by;
    kt_date month;
    kt_str rule;
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
    KT_FIELD(bonus, rule, STRING, "Worked out by", "Obliczona przez", .max = 120),
    KT_FIELD(bonus, lines, LINES, "Statement", "Rozliczenie", .lines = &bonus_line_shape, .max = 100),
    KT_FIELD(bonus, total, MONEY, "Total", "Razem", .scale = 2, .computed = true, .priority = 3),
    KT_FIELD(bonus, state, STATE, "State", "Stan", .choices = bonus_states, .initial = "draft",
        .indexed = true, .priority = 4),
    KT_FIELD(bonus, approved_by, REF, "Approved by", "Zaakceptował", .target = "access.user",
        .computed = true, .on_delete = KT_CLEAR));

static kt_error *sum_up(kt_tx *tx, struct bonus *b)
{
    kt_error *all = NULL;
    b->total = KT_DEC(0, 2);
    for (size_t i = 0; i < b->lines.count; i++) {
        struct bonus_line *l = KT_AS(bonus_line, kt_line(&b->lines, i));
        if (l->base.scale1 && l->percent.scale1)
            l->amount = kt_dec_div(kt_dec_mul(l->base, l->percent, 4), KT_DEC(100, 0), 2);
        if (!l->amount.scale1)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, kt_format(tx, "lines[%zu].amount", i).ptr,
                              "give an amount, or an amount and a per cent of it",
                              "podaj kwotę albo kwotę i procent od niej"));
        b->total = kt_dec_add(b->total, l->amount);
    }
    return all;
}

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
    return sum_up(tx, b);
}

static bool same_lines(const kt_lines *a, const kt_lines *b)
{
    for (size_t i = 0; a->count == b->count && i < a->count; i++) {
        const struct bonus_line *x = KT_SEE(bonus_line, kt_line(a, i)),
                                *y = KT_SEE(bonus_line, kt_line(b, i));
        if (kt_dec_cmp(x->amount, y->amount) != 0 || kt_dec_cmp(x->base, y->base) != 0 ||
            kt_dec_cmp(x->percent, y->percent) != 0 || !text_same(x->text, y->text) ||
            !text_same(x->formula, y->formula) || !text_same(x->inputs, y->inputs) ||
            !text_same(x->filter, y->filter))
            return false;
    }
    return a->count == b->count;
}

kt_error *bonus_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct bonus *was = before ? KT_SEE(bonus, before) : NULL,
                       *is = after ? KT_SEE(bonus, after) : NULL;
    if (!was || was->state == B_DRAFT || (is && same_lines(&was->lines, &is->lines)))
        return NULL;
    return kt_hint(kt_fail(tx, KT_BAD_STATE, "lines", "was approved and stays as it is",
                       "jest zaakceptowana i pozostaje bez zmian"),
        "What is wrong is put right in a later month.", "Poprawki ujmij w późniejszym miesiącu.");
}

static kt_error *approve(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct bonus *b = KT_AS(bonus, self);
    b->approved_by = kt_user(tx);
    return not_own(tx, b->owner);
}

/* The rule does it: it waits for this. */
static kt_error *work_out(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    (void)params;
    KT_AS(bonus, self)->lines = (kt_lines){0};
    return NULL;
}

const kt_action bonus_actions[] = {
    {"work_out", {"Work out", "Oblicz"}, "update", .from = KT_IN(B_DRAFT), .run = work_out},
    {"approve", {"Approve", "Zaakceptuj"}, "approve", .from = KT_IN(B_DRAFT), .to = B_APPROVED,
        .run = approve},
    {"pay", {"Paid", "Wypłacono"}, "pay", .from = KT_IN(B_APPROVED), .to = B_PAID},
    {0},
};

/* ---- hr.bonuses_open ---- */

struct bonuses_open {
    kt_record rec;
    kt_date month;
};
const kt_shape bonuses_open_shape = KT_SHAPE(bonuses_open, NULL,
    KT_FIELD(bonuses_open, month, DATE, "A day of the month", "Dzień miesiąca",
        .help = {"Empty: the month that is over.", "Puste: miniony miesiąc."}));
struct bonuses_opened {
    kt_record rec;
    int64_t made, there;
};
const kt_shape bonuses_opened_shape = KT_SHAPE(bonuses_opened, NULL,
    KT_FIELD(bonuses_opened, made, INT, "Made", "Utworzone", .required = true),
    KT_FIELD(bonuses_opened, there, INT, "There already", "Już były", .required = true));

static kt_date month_of(kt_tx *tx, kt_date given)
{
    int y, m, d;
    kt_date_parts(given.day ? given : kt_today(tx), &y, &m, &d);
    if (!given.day)
        m--;
    return m ? kt_date_make(y, m, 1) : kt_date_make(y - 1, 12, 1);
}

static kt_date last_of(kt_date month)
{
    int y, m, d;
    kt_date_parts(month, &y, &m, &d);
    return kt_date_add(m == 12 ? kt_date_make(y + 1, 1, 1) : kt_date_make(y, m + 1, 1), -1);
}

static kt_error *open_one(kt_tx *tx, kt_id employee, kt_date month, struct bonuses_opened *out)
{
    const kt_where where[] = {
        KT_WHERE(bonus, employee, KT_EQ, employee), KT_WHERE(bonus, month, KT_EQ, month), {0}};
    struct bonus b = {KT_OF(bonus), .employee = employee, .month = month, .state = B_DRAFT};
    uint64_t known;
    KT_TRY(kt_count(tx, &(kt_query){.of = &bonus_shape, .where = where}, &known));
    out->there += known > 0;
    out->made += !known;
    return known ? NULL : kt_create(tx, &b.rec);
}

/* Of whoever has a user, for goals are users'; the rules fill the drafts. */
kt_error *bonuses_open(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const kt_date month = month_of(tx, KT_SEE(bonuses_open, params)->month), last = last_of(month);
    const kt_query query = {.of = &employee_shape,
        .sort = "id",
        .filter = KT_STR("[[\"state\",\"!=\",\"left\"],[\"owner\",\"is_null\",false]]")};
    struct employee e = {KT_OF(employee)};
    uint64_t count, n = 0;
    kt_cursor *cursor;
    KT_TRY(kt_count(tx, &query, &count));
    kt_id *ids = kt_alloc(tx, (count + 1) * sizeof *ids);
    if (!ids)
        return kt_no_memory();
    KT_TRY(kt_open(tx, &query, &cursor));
    while (n < count && kt_next(cursor, &e.rec))
        if (e.hired.day <= last.day)
            ids[n++] = e.rec.id;
    KT_TRY(kt_close(cursor));
    for (uint64_t i = 0; i < n; i++)
        KT_TRY(open_one(tx, ids[i], month, KT_AS(bonuses_opened, result)));
    return NULL;
}
