/* Trial balance, balance sheet, profit and loss: of any days, beside any others, every figure with the filter of the
 * entries behind it. Layouts follow the chart's own tree; on the balance sheet each party stands on its own side.
 * source: IAS 1 par. 32, 54, 82 */
#include "report/report.h"

/* ---- Trial balance ---- */

struct trial {
    kt_record rec;
    kt_date from, to, compare_from, compare_to;
    bool all;
};
const kt_shape trial_shape = KT_SHAPE(trial, NULL,
    KT_FIELD(trial, from, DATE, "From", "Od",
        .help = {"Empty: the beginning of the fiscal year.", "Puste: początek roku obrotowego."}),
    KT_FIELD(trial, to, DATE, "To", "Do", .initial = "today"),
    KT_FIELD(trial, compare_from, DATE, "Compared from", "Porównanie od"),
    KT_FIELD(trial, compare_to, DATE, "Compared to", "Porównanie do"),
    KT_FIELD(trial, all, BOOL, "Accounts without postings too", "Także konta bez zapisów"));
struct trial_row {
    kt_record rec;
    kt_id account;
    kt_str code, name, filter, opening_filter, compared_filter, compared_opening_filter;
    enum account_kind kind;
    bool group;
    int64_t level;
    kt_dec opening, debit, credit, closing;
    kt_dec compared_opening, compared_debit, compared_credit, compared_closing; /* not set: none were asked */
};
static const kt_shape trial_row_shape = KT_SHAPE(trial_row, NULL,
    KT_FIELD(trial_row, account, REF, "Account", "Konto", .target = "finance.account"),
    KT_FIELD(trial_row, code, STRING, "Code", "Numer"), KT_FIELD(trial_row, name, STRING, "Name", "Nazwa"),
    KT_FIELD(trial_row, kind, STATE, "Kind", "Rodzaj", .choices = account_kinds),
    KT_FIELD(trial_row, group, BOOL, "Group", "Grupa"),
    KT_FIELD(trial_row, level, INT, "Level, from 1", "Poziom, od 1"),
    KT_FIELD(trial_row, opening, MONEY, "Opening balance", "Bilans otwarcia", .scale = 2),
    KT_FIELD(trial_row, debit, MONEY, "Debit", "Obroty Wn", .scale = 2),
    KT_FIELD(trial_row, credit, MONEY, "Credit", "Obroty Ma", .scale = 2),
    KT_FIELD(trial_row, closing, MONEY, "Closing balance", "Saldo", .scale = 2),
    KT_FIELD(trial_row, compared_opening, MONEY, "Opening balance compared", "Bilans otwarcia porównywany",
        .scale = 2),
    KT_FIELD(trial_row, compared_debit, MONEY, "Debit compared", "Obroty Wn porównywane", .scale = 2),
    KT_FIELD(trial_row, compared_credit, MONEY, "Credit compared", "Obroty Ma porównywane", .scale = 2),
    KT_FIELD(trial_row, compared_closing, MONEY, "Closing balance compared", "Saldo porównywane", .scale = 2),
    KT_FIELD(trial_row, filter, JSON, "Its entries", "Zapisy"),
    KT_FIELD(trial_row, opening_filter, JSON, "The entries before", "Zapisy wcześniejsze",
        .help = {"Of the opening balance; both make the closing one.",
            "Bilansu otwarcia; razem z zapisami okresu dają saldo."}),
    KT_FIELD(trial_row, compared_filter, JSON, "Entries compared", "Zapisy porównywane"),
    KT_FIELD(trial_row, compared_opening_filter, JSON, "The entries before those compared",
        "Zapisy wcześniejsze od porównywanych"));
struct trial_answer {
    kt_record rec;
    kt_date from, to, compare_from, compare_to;
    kt_lines rows;
    kt_dec debit, credit, closing_debit, closing_credit, earlier_result;
    kt_dec compared_debit, compared_credit, compared_closing_debit, compared_closing_credit,
        compared_earlier_result;
};
const kt_shape trial_answer_shape = KT_SHAPE(trial_answer, NULL,
    KT_FIELD(trial_answer, from, DATE, "From", "Od"), KT_FIELD(trial_answer, to, DATE, "To", "Do"),
    KT_FIELD(trial_answer, compare_from, DATE, "Compared from", "Porównanie od"),
    KT_FIELD(trial_answer, compare_to, DATE, "Compared to", "Porównanie do"),
    KT_FIELD(trial_answer, rows, LINES, "Accounts", "Konta", .lines = &trial_row_shape),
    KT_FIELD(trial_answer, debit, MONEY, "Debits", "Obroty Wn", .scale = 2),
    KT_FIELD(trial_answer, credit, MONEY, "Credits", "Obroty Ma", .scale = 2),
    KT_FIELD(trial_answer, closing_debit, MONEY, "Debit balances", "Salda Wn", .scale = 2),
    KT_FIELD(trial_answer, closing_credit, MONEY, "Credit balances", "Salda Ma", .scale = 2),
    KT_FIELD(trial_answer, earlier_result, MONEY, "Result of earlier years, not closed yet",
        "Wynik wcześniejszych lat, jeszcze niezamkniętych", .scale = 2,
        .help = {"Income and expense begin anew with the fiscal year; this is missing on the credit side.",
            "Przychody i koszty zaczynają się od nowa z rokiem obrotowym; tego brakuje po stronie Ma."}),
    KT_FIELD(trial_answer, compared_debit, MONEY, "Debits compared", "Obroty Wn porównywane", .scale = 2),
    KT_FIELD(trial_answer, compared_credit, MONEY, "Credits compared", "Obroty Ma porównywane", .scale = 2),
    KT_FIELD(trial_answer, compared_closing_debit, MONEY, "Debit balances compared", "Salda Wn porównywane",
        .scale = 2),
    KT_FIELD(trial_answer, compared_closing_credit, MONEY, "Credit balances compared", "Salda Ma porównywane",
        .scale = 2),
    KT_FIELD(trial_answer, compared_earlier_result, MONEY, "Result of years before those compared",
        "Wynik lat sprzed porównywanych", .scale = 2));

kt_str account_name(kt_tx *tx, const struct account *a)
{
    return kt_say(
        tx, (kt_text){a->name.ptr ? a->name.ptr : "", a->name_pl.ptr ? a->name_pl.ptr : a->name.ptr});
}

static kt_dec closing_of(const struct node *n)
{
    return kt_dec_sub(kt_dec_add(n->opening, n->debit), n->credit);
}

static bool is_empty(const struct node *n)
{
    return !n->opening.coef && !n->debit.coef && !n->credit.coef;
}

static void put_side(kt_dec closing, kt_dec *debit, kt_dec *credit)
{
    kt_dec *to = closing.coef > 0 ? debit : credit;
    *to = kt_dec_add(*to, closing.coef > 0 ? closing : kt_dec_neg(closing));
}

/* The same account on the days compared with. */
static void trial_compare(kt_tx *tx, const tree *t, size_t i, const struct asked *days, struct trial_row *row,
    struct trial_answer *out)
{
    const struct node *n = &t->nodes[i];
    row->compared_opening = n->opening;
    row->compared_debit = n->debit;
    row->compared_credit = n->credit;
    row->compared_closing = closing_of(n);
    row->compared_filter = tree_filter(tx, t, i, days->compared.from, days->compared.to, TO_TURNOVER);
    if (n->opening.coef)
        row->compared_opening_filter = tree_opening_filter(tx, t, i, kt_date_add(days->compared.from, -1));
    if (n->account.group)
        return;
    out->compared_debit = kt_dec_add(out->compared_debit, n->debit);
    out->compared_credit = kt_dec_add(out->compared_credit, n->credit);
    put_side(row->compared_closing, &out->compared_closing_debit, &out->compared_closing_credit);
}

/* other: the days compared with, of the same accounts; NULL: none */
static kt_error *trial_rows(kt_tx *tx, const tree *t, const tree *other, bool every, const struct asked *days,
    struct trial_answer *out)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct node *n = &t->nodes[i];
        struct trial_row row = {KT_OF(trial_row), .account = n->account.rec.id, .code = n->account.code,
            .name = account_name(tx, &n->account), .kind = n->account.kind, .group = n->account.group,
            .level = n->level + 1, .opening = n->opening, .debit = n->debit, .credit = n->credit,
            .closing = closing_of(n)};
        if (!every && is_empty(n) && (!other || is_empty(&other->nodes[i])))
            continue;
        row.filter = tree_filter(tx, t, i, days->of.from, days->of.to, TO_TURNOVER);
        if (row.opening.coef)
            row.opening_filter = tree_opening_filter(tx, t, i, kt_date_add(days->of.from, -1));
        if (other)
            trial_compare(tx, other, i, days, &row, out);
        KT_TRY(kt_line_add(tx, &out->rows, &row.rec));
        if (n->account.group)
            continue;
        out->debit = kt_dec_add(out->debit, n->debit);
        out->credit = kt_dec_add(out->credit, n->credit);
        put_side(row.closing, &out->closing_debit, &out->closing_credit);
    }
    return NULL;
}

static kt_error *trial_read(kt_tx *tx, kt_date from, kt_date to, tree *t, kt_dec *earlier)
{
    KT_TRY(tree_read(tx, t));
    KT_TRY(tree_add(tx, t, (kt_date){0}, kt_date_add(from, -1), false, TO_OPENING));
    KT_TRY(tree_results(tx, t, from, earlier));
    KT_TRY(tree_add(tx, t, from, to, false, TO_TURNOVER));
    KT_TRY(tree_open(tx, t, from, to));
    tree_sum(t);
    return NULL;
}

kt_error *trial_balance(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct trial *p = KT_SEE(trial, params);
    struct trial_answer *out = KT_AS(trial_answer, result);
    struct asked days;
    tree t, other;
    KT_TRY(days_ask(tx, p->from, p->to, p->compare_from, p->compare_to, &days));
    out->from = days.of.from;
    out->to = days.of.to;
    out->debit = out->credit = out->closing_debit = out->closing_credit = money(0);
    KT_TRY(trial_read(tx, days.of.from, days.of.to, &t, &out->earlier_result));
    if (!days.compared.to.day)
        return trial_rows(tx, &t, NULL, p->all, &days, out);
    out->compare_from = days.compared.from;
    out->compare_to = days.compared.to;
    out->compared_debit = out->compared_credit = out->compared_closing_debit = out->compared_closing_credit =
        money(0);
    KT_TRY(trial_read(tx, days.compared.from, days.compared.to, &other, &out->compared_earlier_result));
    return trial_rows(tx, &t, &other, p->all, &days, out);
}

/* ---- Balance sheet, profit and loss ---- */

struct days {
    kt_record rec;
    kt_date day, from, to, compare, compare_from, compare_to;
};
const kt_shape balance_sheet_shape = KT_SHAPE(days, NULL,
    KT_FIELD(days, day, DATE, "Day", "Dzień", .initial = "today"),
    KT_FIELD(days, compare, DATE, "Compared with", "Porównany z"));
const kt_shape profit_loss_shape = KT_SHAPE(days, NULL,
    KT_FIELD(days, from, DATE, "From", "Od",
        .help = {"Empty: the beginning of the fiscal year.", "Puste: początek roku obrotowego."}),
    KT_FIELD(days, to, DATE, "To", "Do", .initial = "today"),
    KT_FIELD(days, compare_from, DATE, "Compared from", "Porównanie od"),
    KT_FIELD(days, compare_to, DATE, "Compared to", "Porównanie do"));
struct statement_row {
    kt_record rec;
    kt_id account;
    kt_str code, name, filter, compared_filter;
    enum account_kind kind;
    bool group;
    int64_t level;
    kt_dec amount, compared;
};
static const kt_shape statement_row_shape = KT_SHAPE(statement_row, NULL,
    KT_FIELD(statement_row, account, REF, "Account", "Konto", .target = "finance.account"),
    KT_FIELD(statement_row, code, STRING, "Code", "Numer"),
    KT_FIELD(statement_row, name, STRING, "Name", "Nazwa"),
    KT_FIELD(statement_row, kind, STATE, "Kind", "Rodzaj", .choices = account_kinds),
    KT_FIELD(statement_row, group, BOOL, "Group", "Grupa"),
    KT_FIELD(statement_row, level, INT, "Level, from 1", "Poziom, od 1"),
    KT_FIELD(statement_row, amount, MONEY, "Amount", "Kwota", .scale = 2),
    KT_FIELD(statement_row, compared, MONEY, "Compared", "Porównywana", .scale = 2),
    KT_FIELD(statement_row, filter, JSON, "Its entries", "Zapisy"),
    KT_FIELD(statement_row, compared_filter, JSON, "Entries compared", "Zapisy porównywane"));
struct statement {
    kt_record rec;
    kt_lines rows;
    kt_str result_filter, compared_result_filter;
    kt_dec assets, liabilities, equity, income, expenses, result;
    kt_dec compared_assets, compared_liabilities, compared_equity, compared_income, compared_expenses,
        compared_result;
};
const kt_shape statement_shape = KT_SHAPE(statement, NULL,
    KT_FIELD(statement, rows, LINES, "Rows", "Wiersze", .lines = &statement_row_shape),
    KT_FIELD(statement, assets, MONEY, "Assets", "Aktywa", .scale = 2),
    KT_FIELD(statement, liabilities, MONEY, "Liabilities", "Zobowiązania", .scale = 2),
    KT_FIELD(statement, equity, MONEY, "Equity", "Kapitał własny", .scale = 2),
    KT_FIELD(statement, income, MONEY, "Income", "Przychody", .scale = 2),
    KT_FIELD(statement, expenses, MONEY, "Expenses", "Koszty", .scale = 2),
    KT_FIELD(
        statement, result, MONEY, "Result not carried over yet", "Wynik jeszcze nieprzeniesiony", .scale = 2),
    KT_FIELD(statement, compared_assets, MONEY, "Assets compared", "Aktywa porównywane", .scale = 2),
    KT_FIELD(statement, compared_liabilities, MONEY, "Liabilities compared", "Zobowiązania porównywane",
        .scale = 2),
    KT_FIELD(statement, compared_equity, MONEY, "Equity compared", "Kapitał własny porównywany", .scale = 2),
    KT_FIELD(statement, compared_income, MONEY, "Income compared", "Przychody porównywane", .scale = 2),
    KT_FIELD(statement, compared_expenses, MONEY, "Expenses compared", "Koszty porównywane", .scale = 2),
    KT_FIELD(statement, compared_result, MONEY, "Result compared", "Wynik porównywany", .scale = 2),
    KT_FIELD(statement, result_filter, JSON, "Entries of the result", "Zapisy wyniku"),
    KT_FIELD(statement, compared_result_filter, JSON, "Entries of the result compared",
        "Zapisy wyniku porównywanego"));

/* As statements show it: what increases its kind is above zero. */
static kt_dec shown(enum account_kind kind, kt_dec debit_less_credit)
{
    return kind == ASSET || kind == EXPENSE || kind == OFF_BALANCE ? debit_less_credit
                                                                   : kt_dec_neg(debit_less_credit);
}

static void total(struct statement *out, enum account_kind kind, kt_dec amount, kt_dec compared)
{
    kt_dec *const sums[][2] = {[ASSET] = {&out->assets, &out->compared_assets},
        [LIABILITY] = {&out->liabilities, &out->compared_liabilities},
        [EQUITY] = {&out->equity, &out->compared_equity},
        [INCOME] = {&out->income, &out->compared_income},
        [EXPENSE] = {&out->expenses, &out->compared_expenses}};
    if (kind < ASSET || kind > EXPENSE)
        return;
    *sums[kind][0] = kt_dec_add(*sums[kind][0], amount);
    *sums[kind][1] = kt_dec_add(*sums[kind][1], compared);
}

/* Of an account of parties, what stands on the other side than its kind. */
static kt_error *other_row(kt_tx *tx, const struct node *n, const struct statement_row *own,
    const struct asked *days, struct statement *out)
{
    struct statement_row row = *own;
    row.rec = (kt_record){.of = &statement_row_shape};
    row.kind = n->account.kind == ASSET ? LIABILITY : ASSET;
    row.amount = known(n->other.sum);
    row.compared = known(n->compared_other.sum);
    row.filter = side_filter(tx, n, &n->other, days->of.to);
    row.compared_filter = days->compared.to.day ? side_filter(tx, n, &n->compared_other, days->compared.to)
                                                : (kt_str){0};
    KT_TRY(kt_line_add(tx, &out->rows, &row.rec));
    total(out, row.kind, row.amount, row.compared);
    return NULL;
}

static kt_error *statement_rows(
    kt_tx *tx, const tree *t, uint32_t kinds, const struct asked *days, struct statement *out)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct node *n = &t->nodes[i];
        kt_dec net = kt_dec_sub(n->debit, n->credit);
        struct statement_row row = {KT_OF(statement_row), .account = n->account.rec.id,
            .code = n->account.code, .name = account_name(tx, &n->account), .kind = n->account.kind,
            .group = n->account.group, .level = n->level + 1, .amount = shown(n->account.kind, net),
            .compared = shown(n->account.kind, n->compared)};
        bool both = n->other.count || n->compared_other.count;
        if (!(kinds & KT_IN(n->account.kind)) || (!net.coef && !n->compared.coef && !both))
            continue;
        row.filter = tree_filter(tx, t, i, days->of.from, days->of.to, TO_TURNOVER);
        if (days->compared.to.day)
            row.compared_filter = tree_filter(tx, t, i, days->compared.from, days->compared.to, TO_COMPARED);
        if (net.coef || n->compared.coef)
            KT_TRY(kt_line_add(tx, &out->rows, &row.rec));
        if (!n->account.group)
            total(out, n->account.kind, row.amount, row.compared);
        if (both)
            KT_TRY(other_row(tx, n, &row, days, out));
    }
    return NULL;
}

/* Income less expense of the leaves: what is earned and not in equity yet. */
static kt_dec earned(const tree *t, bool compared)
{
    kt_dec sum = money(0);
    for (size_t i = 0; i < t->count; i++) {
        const struct node *n = &t->nodes[i];
        if (!n->account.group && (n->account.kind == INCOME || n->account.kind == EXPENSE))
            sum = kt_dec_sub(sum, compared ? n->compared : kt_dec_sub(n->debit, n->credit));
    }
    return sum;
}

static kt_error *state(kt_tx *tx, tree *t, uint32_t kinds, const struct asked *days, struct statement *out)
{
    const uint32_t result = KT_IN(INCOME) | KT_IN(EXPENSE);
    out->assets = out->liabilities = out->equity = out->income = out->expenses = money(0);
    out->compared_assets = out->compared_liabilities = out->compared_equity = money(0);
    out->compared_income = out->compared_expenses = money(0);
    out->result = earned(t, false);
    out->compared_result = earned(t, true);
    out->result_filter = tree_kinds_filter(tx, t, result, days->of.from, days->of.to);
    if (days->compared.to.day)
        out->compared_result_filter = tree_kinds_filter(
            tx, t, result, days->compared.from, days->compared.to);
    t->alike = true;
    tree_sum(t);
    return statement_rows(tx, t, kinds, days, out);
}

kt_error *balance_sheet(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct days *p = (const struct days *)(const void *)kt_see(params, &balance_sheet_shape);
    struct statement *out = KT_AS(statement, result);
    const struct asked days = {.of.to = p->day, .compared.to = p->compare};
    tree t;
    KT_TRY(tree_read(tx, &t));
    KT_TRY(tree_add(tx, &t, (kt_date){0}, p->day, false, TO_TURNOVER));
    if (p->compare.day)
        KT_TRY(tree_add(tx, &t, (kt_date){0}, p->compare, false, TO_COMPARED));
    KT_TRY(tree_sides(tx, &t, p->day, false));
    if (p->compare.day)
        KT_TRY(tree_sides(tx, &t, p->compare, true));
    return state(tx, &t, KT_IN(ASSET) | KT_IN(LIABILITY) | KT_IN(EQUITY), &days, out);
}

kt_error *days_ask(
    kt_tx *tx, kt_date from, kt_date to, kt_date compare_from, kt_date compare_to, struct asked *days)
{
    kt_error *all = NULL;
    *days = (struct asked){{from, to}, {compare_from, compare_to}};
    if (!from.day)
        KT_TRY(year_start(tx, to, &days->of.from));
    if (compare_to.day && !compare_from.day)
        KT_TRY(year_start(tx, compare_to, &days->compared.from));
    kt_also(&all, days_check(tx, days->of.from, to));
    if (compare_from.day && !compare_to.day)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "compare_to", "is required with compare_from",
                          "jest wymagane razem z compare_from"));
    else if (days->compared.from.day > compare_to.day)
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, "compare_to", "is before the beginning", "jest przed początkiem"));
    return all;
}

kt_error *profit_loss(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct days *p = (const struct days *)(const void *)kt_see(params, &profit_loss_shape);
    struct asked days;
    tree t;
    KT_TRY(days_ask(tx, p->from, p->to, p->compare_from, p->compare_to, &days));
    KT_TRY(tree_read(tx, &t));
    KT_TRY(tree_add(tx, &t, days.of.from, days.of.to, true, TO_TURNOVER));
    if (days.compared.to.day)
        KT_TRY(tree_add(tx, &t, days.compared.from, days.compared.to, true, TO_COMPARED));
    return state(tx, &t, KT_IN(INCOME) | KT_IN(EXPENSE), &days, KT_AS(statement, result));
}
