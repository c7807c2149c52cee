/* Cash flow: every entry balances, so cash changed by as much as all other accounts did the other way. What it was opened with
 * did not flow; what was bought or borrowed on credit flows when it is paid (paid_for.c). source: IAS 7 par. 6, 18, 43, 45 */
#include "report/report.h"

struct cash_flow {
    kt_record rec;
    kt_date from, to, compare_from, compare_to;
};
const kt_shape cash_flow_shape = KT_SHAPE(cash_flow, NULL,
    KT_FIELD(cash_flow, from, DATE, "From", "Od",
        .help = {"Empty: the beginning of the fiscal year.", "Puste: początek roku obrotowego."}),
    KT_FIELD(cash_flow, to, DATE, "To", "Do", .initial = "today"),
    KT_FIELD(cash_flow, compare_from, DATE, "Compared from", "Porównanie od"),
    KT_FIELD(cash_flow, compare_to, DATE, "Compared to", "Porównanie do"));
struct cash_row {
    kt_record rec;
    enum cash_class cash;
    kt_id account;
    kt_str code, name, filter, compared_filter;
    kt_dec amount, compared;
};
static const kt_shape cash_row_shape = KT_SHAPE(cash_row, NULL,
    KT_FIELD(cash_row, cash, STATE, "Activity", "Działalność", .choices = cash_classes),
    KT_FIELD(cash_row, account, REF, "Account", "Konto", .target = "finance.account"),
    KT_FIELD(cash_row, code, STRING, "Code", "Numer"), KT_FIELD(cash_row, name, STRING, "Name", "Nazwa"),
    KT_FIELD(
        cash_row, amount, MONEY, "Cash in, or out below zero", "Wpływ, poniżej zera wydatek", .scale = 2),
    KT_FIELD(cash_row, compared, MONEY, "Compared", "Porównywana", .scale = 2),
    KT_FIELD(cash_row, filter, JSON, "Its entries", "Zapisy"),
    KT_FIELD(cash_row, compared_filter, JSON, "Entries compared", "Zapisy porównywane"));
struct cash_sums {
    kt_record rec;
    kt_dec opening, operating, investing, financing, valued, closing;
};
#define CASH_SUMS(T)                                                                                         \
    KT_FIELD(T, opening, MONEY, "Cash at the beginning", "Środki na początek", .scale = 2),                  \
        KT_FIELD(T, operating, MONEY, "Operating", "Działalność operacyjna", .scale = 2),                    \
        KT_FIELD(T, investing, MONEY, "Investing", "Działalność inwestycyjna", .scale = 2),                  \
        KT_FIELD(T, financing, MONEY, "Financing", "Działalność finansowa", .scale = 2),                     \
        KT_FIELD(T, valued, MONEY, "Valuation of cash in other currencies",                                  \
            "Różnice kursowe z wyceny środków", .scale = 2),                                                 \
        KT_FIELD(T, closing, MONEY, "Cash at the end", "Środki na koniec", .scale = 2)
static const kt_shape cash_sums_shape = KT_SHAPE(cash_sums, NULL, CASH_SUMS(cash_sums));
struct cash_answer {
    kt_record rec;
    kt_lines rows, compared;
    kt_dec opening, operating, investing, financing, valued, closing;
};
const kt_shape cash_flow_answer_shape = KT_SHAPE(cash_answer, NULL, CASH_SUMS(cash_answer),
    KT_FIELD(cash_answer, compared, LINES, "Compared", "Porównywane", .lines = &cash_sums_shape,
        .help = {"One row: the same of the other days. Empty: none were given.",
            "Jeden wiersz: to samo z drugiego okresu. Puste: nie podano go."}),
    KT_FIELD(cash_answer, rows, LINES, "Rows", "Wiersze", .lines = &cash_row_shape));

struct flown { /* the accounts, and what flowed through each of them */
    tree t;
    struct flow *flows;
};

static kt_dec cash_of(const struct flown *f, size_t i)
{
    const struct node *n = &f->t.nodes[i];
    return n->account.cash == CASH ? f->flows[i].valued
                                   : kt_dec_add(kt_dec_sub(n->credit, n->debit), f->flows[i].moved);
}

static kt_error *cash_read(kt_tx *tx, kt_date from, kt_date to, struct flown *f, struct cash_sums *out)
{
    *out = (struct cash_sums){KT_OF(cash_sums), money(0), money(0), money(0), money(0), money(0), money(0)};
    kt_dec *const sums[] = {
        [OPERATING] = &out->operating, [INVESTING] = &out->investing, [FINANCING] = &out->financing};
    KT_TRY(tree_read(tx, &f->t));
    KT_TRY(tree_add(tx, &f->t, (kt_date){0}, kt_date_add(from, -1), false, TO_OPENING));
    KT_TRY(tree_add(tx, &f->t, from, to, true, TO_TURNOVER));
    KT_TRY(tree_open(tx, &f->t, from, to));
    KT_TRY(paid_for(tx, &f->t, from, to, &f->flows));
    for (size_t i = 0; i < f->t.count; i++) {
        const struct node *n = &f->t.nodes[i];
        if (n->account.group || n->account.kind == OFF_BALANCE)
            continue;
        if (n->account.cash == CASH) {
            out->valued = kt_dec_add(out->valued, f->flows[i].valued);
            out->opening = kt_dec_add(out->opening, n->opening);
            out->closing = kt_dec_add(out->closing, kt_dec_add(n->opening, kt_dec_sub(n->debit, n->credit)));
        } else {
            kt_dec *sum = sums[n->account.cash ? n->account.cash : OPERATING];
            *sum = kt_dec_add(*sum, cash_of(f, i));
        }
    }
    return NULL;
}

/* The entries on the account, and those that paid what it is for; of cash its valuations. */
static kt_str cash_filter(kt_tx *tx, const struct flown *f, size_t i, kt_date from, kt_date to)
{
    const struct flow *flow = &f->flows[i];
    if (f->t.nodes[i].account.cash == CASH)
        return kt_format(tx,
            "[[\"state\",\"=\",\"posted\"],[\"kind\",\"=\",\"revaluation\"],[\"day\",\"between\",[\"%s\",\"%"
            "s\"]],[\"lines.account\",\"in\",[%llu]]]",
            iso_date(tx, from).ptr, iso_date(tx, to).ptr, (unsigned long long)f->t.nodes[i].account.rec.id.v);
    struct ids ids = {.ids = flow->paid, .count = flow->count, .room = flow->room};
    kt_str of = tree_filter(tx, &f->t, i, from, to, TO_TURNOVER), paid = ids_conditions(tx, &ids);
    return paid.ptr ? kt_format(tx, "[[\"or\",[\"and\",%.*s],%s]]", (int)of.len - 2, of.ptr + 1, paid.ptr)
                    : of;
}

/* other: the days compared with, of the same accounts; NULL: none */
static kt_error *cash_rows(
    kt_tx *tx, const struct flown *f, const struct flown *other, const struct asked *days, kt_lines *rows)
{
    for (size_t i = 0; i < f->t.count; i++) {
        const struct node *n = &f->t.nodes[i];
        struct cash_row row = {.rec.of = &cash_row_shape,
            .cash = n->account.cash ? n->account.cash : OPERATING,
            .account = n->account.rec.id,
            .code = n->account.code,
            .name = account_name(tx, &n->account),
            .amount = cash_of(f, i)};
        if (other)
            row.compared = cash_of(other, i);
        if (n->account.group || n->account.kind == OFF_BALANCE || (!row.amount.coef && !row.compared.coef))
            continue;
        row.filter = cash_filter(tx, f, i, days->of.from, days->of.to);
        if (other)
            row.compared_filter = cash_filter(tx, other, i, days->compared.from, days->compared.to);
        KT_TRY(kt_line_add(tx, rows, &row.rec));
    }
    return NULL;
}

kt_error *cash_flow(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct cash_flow *p = KT_SEE(cash_flow, params);
    struct cash_answer *out = (struct cash_answer *)(void *)kt_as(result, &cash_flow_answer_shape);
    struct asked days;
    struct cash_sums sums, compared;
    struct flown f, other;
    KT_TRY(days_ask(tx, p->from, p->to, p->compare_from, p->compare_to, &days));
    KT_TRY(cash_read(tx, days.of.from, days.of.to, &f, &sums));
    out->opening = sums.opening;
    out->operating = sums.operating;
    out->investing = sums.investing;
    out->financing = sums.financing;
    out->valued = sums.valued;
    out->closing = sums.closing;
    if (days.compared.to.day) {
        KT_TRY(cash_read(tx, days.compared.from, days.compared.to, &other, &compared));
        KT_TRY(kt_line_add(tx, &out->compared, &compared.rec));
    }
    return cash_rows(tx, &f, days.compared.to.day ? &other : NULL, &days, &out->rows);
}
