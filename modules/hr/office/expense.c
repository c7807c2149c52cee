/* Expense claims: what an employee paid for the company, approved by somebody else, then paid back. */
#include <kontor/currency.h>

#include "hr.h"

enum { X_DRAFT = 1, X_SUBMITTED, X_APPROVED, X_REJECTED, X_PAID };
static const kt_choice expense_states[] = {{X_DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {X_SUBMITTED, "submitted", {"Submitted", "Złożone"}, "open"},
    {X_APPROVED, "approved", {"Approved", "Zaakceptowane"}, "won"},
    {X_REJECTED, "rejected", {"Rejected", "Odrzucone"}, "lost"},
    {X_PAID, "paid", {"Paid", "Wypłacone"}, "won"}, {0}};
struct expense_line {
    kt_record rec;
    kt_date day;
    kt_str text, category;
    kt_dec amount, own;
    kt_id currency, file;
};
static const kt_shape expense_line_shape = KT_SHAPE(expense_line, NULL,
    KT_FIELD(expense_line, day, DATE, "Day", "Dzień", .required = true),
    KT_FIELD(expense_line, text, STRING, "What for", "Za co", .required = true, .max = 200),
    KT_FIELD(expense_line, category, STRING, "Category", "Kategoria", .max = 60),
    KT_FIELD(expense_line, amount, MONEY, "Amount", "Kwota", .scale = 2, .required = true),
    KT_FIELD(expense_line, currency, REF, "Currency", "Waluta", .target = "base.currency",
        .help = {"Empty: the company's.", "Puste: waluta firmy."}),
    KT_FIELD(expense_line, own, MONEY, "In the company's currency", "W walucie firmy", .scale = 2,
        .computed = true),
    KT_FIELD(
        expense_line, file, FILE, "Receipt", "Paragon", .target = "base.attachment", .on_delete = KT_CLEAR));
struct expense {
    kt_record rec;
    kt_id employee, owner, decided_by, about;
    kt_str title, note;
    kt_lines lines;
    kt_dec total, advance;
    unsigned state;
    kt_date paid_on;
};
const kt_shape expense_shape = KT_SHAPE(expense, "hr.expense",
    KT_FIELD(expense, title, STRING, "Title", "Tytuł", .required = true, .max = 200, .priority = 1),
    KT_FIELD(expense, employee, REF, "Employee", "Pracownik", .target = "hr.employee", .priority = 2,
        .help = {"Empty: you.", "Puste: Ty."}),
    KT_FIELD(expense, owner, REF, "User", "Użytkownik", .target = "access.user", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(expense, about, REF, "On", "Dotyczy", .target = "*", .on_delete = KT_CLEAR),
    KT_FIELD(expense, lines, LINES, "Lines", "Pozycje", .lines = &expense_line_shape, .max = 200),
    KT_FIELD(expense, total, MONEY, "Total", "Razem", .scale = 2, .computed = true, .priority = 3),
    KT_FIELD(expense, advance, MONEY, "Advance paid", "Wypłacona zaliczka", .scale = 2),
    KT_FIELD(expense, state, STATE, "State", "Stan", .choices = expense_states, .initial = "draft",
        .indexed = true, .priority = 4),
    KT_FIELD(expense, decided_by, REF, "Decided by", "Zdecydował", .target = "access.user", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(expense, paid_on, DATE, "Paid on", "Wypłacono dnia", .computed = true),
    KT_FIELD(expense, note, STRING, "Note", "Uwaga", .max = 200));

static kt_error *own_amount(kt_tx *tx, struct expense_line *l, size_t i)
{
    const kt_currencies *currencies = kt_currencies_find(tx);
    kt_id own = {0};
    l->own = l->amount;
    if (!currencies || !l->currency.v)
        return NULL;
    KT_TRY(currencies->own(tx, &own));
    if (!own.v || own.v == l->currency.v)
        return NULL;
    KT_TRY(currencies->convert(tx, l->amount, l->currency, own, l->day, 2, &l->own));
    return l->own.scale1
               ? NULL
               : kt_fail(tx, KT_RULE, kt_format(tx, "lines[%zu].currency", i).ptr,
                     "there is no rate on or before this day", "nie ma kursu z tego dnia ani wcześniejszego");
}

kt_error *expense_compute(kt_tx *tx, kt_record *self)
{
    struct expense *x = KT_AS(expense, self);
    struct employee e;
    kt_error *all = NULL;
    if (x->state > X_SUBMITTED)
        return NULL;
    KT_TRY(employee_read(tx, x->employee, &e));
    x->employee = e.rec.id;
    x->owner = e.owner;
    x->total = KT_DEC(0, 2);
    for (size_t i = 0; i < x->lines.count; i++) {
        struct expense_line *l = KT_AS(expense_line, kt_line(&x->lines, i));
        if (l->amount.scale1 && l->amount.coef <= 0)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, kt_format(tx, "lines[%zu].amount", i).ptr,
                              "is above zero", "jest większe od zera"));
        kt_also(&all, own_amount(tx, l, i));
        x->total = kt_dec_add(x->total, l->own);
    }
    return all;
}

static bool same_lines(const kt_lines *a, const kt_lines *b)
{
    for (size_t i = 0; a->count == b->count && i < a->count; i++) {
        const struct expense_line *x = KT_SEE(expense_line, kt_line(a, i)),
                                  *y = KT_SEE(expense_line, kt_line(b, i));
        if (kt_dec_cmp(x->amount, y->amount) != 0 || x->currency.v != y->currency.v ||
            x->day.day != y->day.day || x->file.v != y->file.v || !text_same(x->text, y->text) ||
            !text_same(x->category, y->category))
            return false;
    }
    return a->count == b->count;
}

kt_error *expense_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct expense *was = before ? KT_SEE(expense, before) : NULL,
                         *is = after ? KT_SEE(expense, after) : NULL;
    if (!was || was->state <= X_SUBMITTED || was->state == X_REJECTED || kt_joining(tx) ||
        (is && was->employee.v == is->employee.v && kt_dec_cmp(was->advance, is->advance) == 0 &&
            same_lines(&was->lines, &is->lines)))
        return NULL;
    return kt_fail(tx, KT_BAD_STATE, "lines", "is approved and stays as it is",
        "jest zaakceptowane i pozostaje bez zmian");
}

static kt_error *submit(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    return KT_AS(expense, self)->lines.count
               ? NULL
               : kt_fail(tx, KT_RULE, "lines", "the claim has no lines", "rozliczenie nie ma pozycji");
}

static kt_error *decide(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct expense *x = KT_AS(expense, self);
    x->decided_by = kt_user(tx);
    return not_own(tx, x->owner);
}

static kt_error *pay(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    KT_AS(expense, self)->paid_on = kt_today(tx);
    return NULL;
}

const kt_action expense_actions[] = {
    {"submit", {"Submit", "Złóż"}, "update", .from = KT_IN(X_DRAFT), .to = X_SUBMITTED, .run = submit},
    {"approve", {"Approve", "Zaakceptuj"}, "approve", .from = KT_IN(X_SUBMITTED), .to = X_APPROVED,
        .run = decide},
    {"reject", {"Reject", "Odrzuć"}, "approve", .from = KT_IN(X_SUBMITTED), .to = X_REJECTED, .run = decide},
    {"pay", {"Paid", "Wypłacono"}, "pay", .from = KT_IN(X_APPROVED), .to = X_PAID, .run = pay},
    {0},
};
