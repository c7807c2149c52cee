/* The proof of the books: everything that is kept is summed anew from the entries, and must be the same. Balances,
 * open items and their matches, numbers without gaps, and the account of stock against what the stores say.  */
#include "payment/payment.h"
#include "report/report.h"

struct proof {
    kt_record rec;
    int64_t limit;
};
const kt_shape proof_shape = KT_SHAPE(proof, NULL,
    KT_FIELD(proof, limit, INT, "At most so many findings", "Najwyżej tyle uwag", .initial = "100",
        .help = {"1 to 1000.", "Od 1 do 1000."}));
struct finding {
    kt_record rec;
    kt_str text;
};
static const kt_shape finding_shape = KT_SHAPE(
    finding, NULL, KT_FIELD(finding, text, STRING, "Finding", "Uwaga", .max = 400));
struct proof_answer {
    kt_record rec;
    int64_t entries, lines, items, matches;
    kt_dec stock_ledger, stock_goods;
    kt_lines findings;
};
const kt_shape proof_answer_shape = KT_SHAPE(proof_answer, NULL,
    KT_FIELD(proof_answer, entries, INT, "Entries", "Zapisy"),
    KT_FIELD(proof_answer, lines, INT, "Lines", "Pozycje"),
    KT_FIELD(proof_answer, items, INT, "Open items", "Rozrachunki"),
    KT_FIELD(proof_answer, matches, INT, "Matches", "Rozliczenia"),
    KT_FIELD(proof_answer, stock_ledger, MONEY, "Stock in the ledger", "Zapasy w księdze", .scale = 2),
    KT_FIELD(proof_answer, stock_goods, MONEY, "Stock in the stores", "Zapasy w magazynie", .scale = 2,
        .help = {"Not set: no module keeps stock.", "Puste: żaden moduł nie prowadzi magazynu."}),
    KT_FIELD(proof_answer, findings, LINES, "Findings", "Uwagi", .lines = &finding_shape));

typedef struct { /* of one account */
    kt_id account;
    bool open_items;
    kt_dec lines, year, month, day, items; /* debit less credit, by each way of summing */
} account_sums;
typedef struct {
    kt_tx *tx;
    struct proof_answer *out;
    account_sums *accounts;
    size_t count, limit;
} proving;

static kt_error *tell(proving *p, kt_str text)
{
    struct finding f = {KT_OF(finding), .text = text};
    return p->out->findings.count < p->limit ? kt_line_add(p->tx, &p->out->findings, &f.rec) : NULL;
}

static account_sums *sums_of(proving *p, kt_id account)
{
    size_t low = 0, high = p->count;
    while (low < high) { /* by id */
        size_t middle = (low + high) / 2;
        if (p->accounts[middle].account.v < account.v)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->count && p->accounts[low].account.v == account.v ? &p->accounts[low] : NULL;
}

static kt_error *read_accounts(proving *p)
{
    uint64_t count;
    kt_cursor *cursor;
    struct account a = {KT_OF(account)};
    KT_TRY(kt_count(p->tx, &(kt_query){&account_shape, NULL, NULL, 0}, &count));
    p->accounts = kt_alloc(p->tx, sizeof *p->accounts * (count + 1));
    if (!p->accounts)
        return no_memory(p->tx);
    KT_TRY(kt_open(p->tx, &(kt_query){&account_shape, NULL, "id", 0}, &cursor));
    while (p->count < count && kt_next(cursor, &a.rec)) {
        kt_dec none = money(0);
        p->accounts[p->count++] = (account_sums){a.rec.id, a.open_items, none, none, none, none, none};
    }
    return kt_close(cursor);
}

static kt_error *sum_entry(proving *p, const struct entry *e)
{
    kt_dec gap = money(0);
    for (size_t i = 0; i < e->lines.count; i++) {
        const struct entry_line *line = KT_AS(entry_line, kt_line(&e->lines, i));
        kt_dec value = kt_dec_sub(known(line->debit), known(line->credit));
        account_sums *sums = sums_of(p, line->account);
        gap = kt_dec_add(gap, value);
        p->out->lines++;
        if (sums)
            sums->lines = kt_dec_add(sums->lines, value);
    }
    p->out->entries++;
    return gap.coef ? tell(p, kt_format(p->tx, "entry %s does not balance", e->rec.number.ptr)) : NULL;
}

static kt_error *sum_entries(proving *p)
{
    const kt_where where[] = {KT_WHERE(entry, state, KT_EQ, ENTRY_POSTED), {0}};
    kt_cursor *cursor;
    struct entry e = {KT_OF(entry)};
    kt_error *error = NULL;
    KT_TRY(kt_open(p->tx, &(kt_query){&entry_shape, where, NULL, 0}, &cursor));
    while (!error && kt_next(cursor, &e.rec))
        error = sum_entry(p, &e);
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *sum_balances(proving *p)
{
    kt_cursor *cursor;
    struct balance b = {KT_OF(balance)};
    KT_TRY(kt_open(p->tx, &(kt_query){&balance_shape, NULL, NULL, 0}, &cursor));
    while (kt_next(cursor, &b.rec)) {
        account_sums *s = sums_of(p, b.account);
        kt_dec *to = !s ? NULL : b.span == YEARLY ? &s->year : b.span == MONTHLY ? &s->month : &s->day;
        if (to)
            *to = kt_dec_add(*to, kt_dec_sub(b.debit, b.credit));
    }
    return kt_close(cursor);
}

/* What is open of an item is its amount less all its matches. */
static kt_error *prove_item(proving *p, const struct open_item *item)
{
    kt_dec open = item->amount, value = item->open_value;
    for (int side = 0; side < 2; side++) {
        struct match m = {KT_OF(match)};
        const kt_where debit[] = {KT_WHERE(match, debit, KT_EQ, item->rec.id), {0}};
        const kt_where credit[] = {KT_WHERE(match, credit, KT_EQ, item->rec.id), {0}};
        kt_cursor *cursor;
        KT_TRY(kt_open(p->tx, &(kt_query){&match_shape, side ? credit : debit, NULL, 0}, &cursor));
        while (kt_next(cursor, &m.rec)) {
            open = side ? kt_dec_add(open, m.credit_amount) : kt_dec_sub(open, m.amount);
            p->out->matches += side;
        }
        KT_TRY(kt_close(cursor));
    }
    account_sums *sums = sums_of(p, item->account);
    if (sums)
        sums->items = kt_dec_add(sums->items, value);
    p->out->items++;
    return same_dec(open, item->open)
               ? NULL
               : tell(p, kt_format(p->tx, "open item %llu is not its amount less its matches",
                             (unsigned long long)item->rec.id.v));
}

static kt_error *prove_items(proving *p)
{
    kt_cursor *cursor;
    struct open_item item = {KT_OF(open_item)};
    kt_error *error = NULL;
    KT_TRY(kt_open(p->tx, &(kt_query){&open_item_shape, NULL, NULL, 0}, &cursor));
    while (!error && kt_next(cursor, &item.rec))
        error = prove_item(p, &item);
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *prove_accounts(proving *p)
{
    for (size_t i = 0; i < p->count; i++) {
        const account_sums *s = &p->accounts[i];
        unsigned long long id = (unsigned long long)s->account.v;
        if (!same_dec(s->lines, s->year) || !same_dec(s->lines, s->month) || !same_dec(s->lines, s->day))
            KT_TRY(
                tell(p, kt_format(p->tx, "the balances of account %llu are not the sum of its lines", id)));
        if (s->open_items && !same_dec(s->lines, s->items))
            KT_TRY(tell(p, kt_format(p->tx, "the open items of account %llu are not its balance", id)));
    }
    return NULL;
}

/* The stores say what they are worth; the accounts of stock must say the same. */
static kt_error *prove_stock(proving *p)
{
    const kt_where where[] = {KT_WHERE(purpose_row, purpose, KT_EQ, STOCK), {0}};
    kt_cursor *cursor;
    kt_table table;
    struct purpose_row row = {KT_OF(purpose_row)};
    uint64_t seen[64];
    size_t count = 0;
    p->out->stock_ledger = money(0);
    KT_TRY(kt_open(p->tx, &(kt_query){&purpose_row_shape, where, NULL, 0}, &cursor));
    while (kt_next(cursor, &row.rec)) {
        const account_sums *s = sums_of(p, row.account);
        size_t at = 0;
        while (at < count && seen[at] != row.account.v)
            at++;
        if (!s || at < count || count == sizeof seen / sizeof *seen)
            continue;
        seen[count++] = row.account.v;
        p->out->stock_ledger = kt_dec_add(p->out->stock_ledger, s->lines);
    }
    KT_TRY(kt_close(cursor));
    if (!kt_any(p->tx, "logistics.valuation", (kt_id){1}).v)
        return NULL;
    KT_TRY(kt_aggregate(
        p->tx, "logistics.valuation", KT_STR("{\"measures\":{\"value\":\"sum:value\"}}"), &table));
    p->out->stock_goods = table.rows && table.cells[0].number.scale1 ? kt_dec_round(table.cells[0].number, 2)
                                                                     : money(0);
    return same_dec(p->out->stock_ledger, p->out->stock_goods)
               ? NULL
               : tell(p, KT_STR("the accounts of stock are not what the stores are worth"));
}

kt_error *prove(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct proof *q = KT_SEE(proof, params);
    proving p = {.tx = tx, .out = KT_AS(proof_answer, result), .limit = (size_t)q->limit};
    if (q->limit < 1 || q->limit > 1000)
        return kt_fail(tx, KT_VALIDATION, "limit", "%lld is not within 1 to 1000",
            "%lld nie mieści się między 1 a 1000", (long long)q->limit);
    kt_authority before = kt_own_authority(tx);
    kt_error *error = read_accounts(&p);
    kt_error *(*const steps[])(proving *) = {
        sum_entries, sum_balances, prove_items, prove_accounts, prove_stock};
    for (size_t i = 0; !error && i < sizeof steps / sizeof *steps; i++)
        error = steps[i](&p);
    kt_callers_authority(tx, before);
    return error;
}
