/* The proof of the books: everything that is kept is summed anew from the entries, and must be the same. Balances
 * of all three spans, open items against their matches and their accounts, and the accounts of stock against what
 * the stores say they are worth. `kontor check` asks for it as well as finance.prove. */
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
    int64_t entries;
    kt_dec stock_ledger, stock_goods;
    kt_lines findings;
};
const kt_shape proof_answer_shape = KT_SHAPE(proof_answer, NULL,
    KT_FIELD(proof_answer, entries, INT, "Entries", "Zapisy"),
    KT_FIELD(proof_answer, stock_ledger, MONEY, "Stock in the ledger", "Zapasy w księdze", .scale = 2),
    KT_FIELD(proof_answer, stock_goods, MONEY, "Stock in the stores", "Zapasy w magazynie", .scale = 2,
        .help = {"Not set: no module keeps stock.", "Puste: żaden moduł nie prowadzi magazynu."}),
    KT_FIELD(proof_answer, findings, LINES, "Findings", "Uwagi", .lines = &finding_shape));

typedef struct { /* of one account: debit less credit, by each way of summing */
    kt_id account;
    bool open_items;
    kt_dec lines, spans[DAILY + 1], made, matched, open;
} account_sums;
typedef struct {
    kt_tx *tx;
    account_sums *accounts; /* by id */
    size_t count;
    kt_error *found;
    int64_t entries;
    kt_dec stock_ledger, stock_goods;
} proving;

static account_sums *sums_of(proving *p, kt_id account)
{
    size_t low = 0, high = p->count;
    while (low < high) {
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
        return kt_no_memory();
    KT_TRY(kt_open(p->tx, &(kt_query){&account_shape, NULL, "id", 0}, &cursor));
    while (p->count < count && kt_next(cursor, &a.rec)) {
        kt_dec none = money(0);
        p->accounts[p->count++] = (account_sums){
            a.rec.id, a.open_items, none, {none, none, none, none}, none, none, none};
    }
    return kt_close(cursor);
}

static kt_dec cell(const kt_table *table, size_t row, size_t column)
{
    const kt_cell *c = &table->cells[row * table->columns + column];
    return c->number.scale1 ? kt_dec_round(c->number, 2) : money(0);
}

/* The sums of the rows' account, which stands in the first column; NULL: nobody's. */
static account_sums *row_sums(proving *p, const kt_table *table, size_t row)
{
    return sums_of(p, kt_cell_id(&table->cells[row * table->columns]));
}

static kt_error *sum_entries(proving *p)
{
    kt_table table;
    const kt_where where[] = {KT_WHERE(entry, state, KT_EQ, ENTRY_POSTED), {0}};
    uint64_t count;
    KT_TRY(kt_count(p->tx, &(kt_query){&entry_shape, where, NULL, 0}, &count));
    p->entries = (int64_t)count;
    KT_TRY(kt_aggregate(p->tx, "finance.entry",
        KT_STR("{\"group\":[\"lines.account\"],\"filter\":[[\"state\",\"=\",\"posted\"]],\"limit\":10000,"
               "\"measures\":"
               "{\"debit\":\"sum:lines.debit\",\"credit\":\"sum:lines.credit\"}}"),
        &table));
    for (size_t i = 0; i < table.rows; i++) {
        account_sums *s = row_sums(p, &table, i);
        if (s)
            s->lines = kt_dec_sub(cell(&table, i, 1), cell(&table, i, 2));
    }
    return NULL;
}

static kt_error *sum_balances(proving *p)
{
    static const char *const spans[] = {[YEARLY] = "year", [MONTHLY] = "month", [DAILY] = "day"};
    for (enum span span = YEARLY; span <= DAILY; span++) {
        kt_table table;
        KT_TRY(kt_aggregate(p->tx, "finance.balance",
            kt_format(p->tx,
                "{\"group\":[\"account\"],\"filter\":[[\"span\",\"=\",\"%s\"]],\"limit\":10000,\"measures\":{"
                "\"debit\":"
                "\"sum:debit\",\"credit\":\"sum:credit\"}}",
                spans[span]),
            &table));
        for (size_t i = 0; i < table.rows; i++) {
            account_sums *s = row_sums(p, &table, i);
            if (s)
                s->spans[span] = kt_dec_sub(cell(&table, i, 1), cell(&table, i, 2));
        }
    }
    return NULL;
}

static kt_error *sum_items(proving *p)
{
    kt_table table;
    KT_TRY(kt_aggregate(p->tx, "finance.open_item",
        KT_STR("{\"group\":[\"account\"],\"limit\":10000,\"measures\":{\"value\":\"sum:value\",\"open\":"
               "\"sum:open_value\"}}"),
        &table));
    for (size_t i = 0; i < table.rows; i++) {
        account_sums *s = row_sums(p, &table, i);
        if (!s)
            continue;
        s->made = cell(&table, i, 1);
        s->open = cell(&table, i, 2);
    }
    KT_TRY(kt_aggregate(p->tx, "finance.match",
        KT_STR("{\"group\":[\"debit.account\"],\"limit\":10000,\"measures\":{\"debit\":\"sum:debit_value\","
               "\"credit\":"
               "\"sum:credit_value\"}}"),
        &table));
    for (size_t i = 0; i < table.rows; i++) {
        account_sums *s = row_sums(p, &table, i);
        if (s)
            s->matched = kt_dec_sub(cell(&table, i, 1), cell(&table, i, 2));
    }
    return NULL;
}

static kt_error *prove_accounts(proving *p)
{
    for (size_t i = 0; i < p->count; i++) {
        const account_sums *s = &p->accounts[i];
        unsigned long long id = (unsigned long long)s->account.v;
        for (enum span span = YEARLY; span <= DAILY; span++)
            if (!same_dec(s->lines, s->spans[span]))
                kt_also(&p->found,
                    kt_fail(p->tx, KT_RULE, NULL, "the balances of account %llu are not the sum of its lines",
                        "salda konta %llu nie są sumą jego pozycji", id));
        if (!same_dec(kt_dec_sub(s->made, s->matched), s->open))
            kt_also(&p->found, kt_fail(p->tx, KT_RULE, NULL,
                                   "open items of account %llu are not their amounts less their matches",
                                   "rozrachunki konta %llu to nie kwoty pomniejszone o rozliczenia", id));
        if (s->open_items && !same_dec(s->lines, s->open))
            kt_also(&p->found, kt_fail(p->tx, KT_RULE, NULL, "open items of account %llu are not its balance",
                                   "rozrachunki konta %llu nie dają jego salda", id));
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
    bool *seen = kt_alloc(p->tx, p->count + 1);
    uint64_t named = 0;
    if (!seen)
        return kt_no_memory();
    KT_TRY(kt_open(p->tx, &(kt_query){&purpose_row_shape, where, NULL, 0}, &cursor));
    while (kt_next(cursor, &row.rec)) {
        const account_sums *s = sums_of(p, row.account);
        named++;
        if (!s || seen[s - p->accounts])
            continue;
        seen[s - p->accounts] = true;
        p->stock_ledger = kt_dec_add(p->stock_ledger, s->lines);
    }
    KT_TRY(kt_close(cursor));
    if (!named || !kt_any(p->tx, "logistics.valuation", (kt_id){1}).v)
        return NULL;
    KT_TRY(kt_aggregate(
        p->tx, "logistics.valuation", KT_STR("{\"measures\":{\"value\":\"sum:value\"}}"), &table));
    p->stock_goods = table.rows ? cell(&table, 0, 0) : money(0);
    if (!same_dec(p->stock_ledger, p->stock_goods))
        kt_also(&p->found,
            kt_hint(kt_fail(p->tx, KT_RULE, NULL, "the accounts of stock are not what the stores are worth",
                        "konta zapasów nie są warte tyle, co magazyny"),
                "Goods moved while the books were off, or before them: finance.align_stock takes them over.",
                "Towar przesuwano bez ksiąg albo przed nimi: przejmuje go finance.align_stock."));
    return NULL;
}

/* The counter at a number's end, "FV/2026/11/0007". */
static uint64_t counter_of(kt_str number)
{
    size_t at = number.len;
    uint64_t count = 0;
    while (at && number.ptr[at - 1] >= '0' && number.ptr[at - 1] <= '9')
        at--;
    for (; at < number.len; at++)
        count = count * 10 + (uint64_t)(number.ptr[at] - '0');
    return count;
}

/* As many numbers as the last of a series says. Series that outgrew their digits no longer sort by them. */
static kt_error *prove_series(
    proving *p, const char *entity, const char *query, size_t groups, uint64_t digits_max)
{
    kt_table table;
    KT_TRY(kt_aggregate(p->tx, entity, kt_format(p->tx, "%s", query), &table));
    for (size_t i = 0; i < table.rows; i++) {
        const kt_cell *cells = &table.cells[i * table.columns];
        uint64_t count = (uint64_t)cells[groups].number.coef;
        if (count > digits_max || counter_of(cells[groups + 1].text) == count)
            continue;
        kt_also(
            &p->found, kt_fail(p->tx, KT_RULE, NULL, "the numbers of %s up to %s have a gap: there are %llu",
                           "numeracja %s do %s ma lukę: jest ich %llu", entity, cells[groups + 1].text.ptr,
                           (unsigned long long)count));
    }
    return NULL;
}

static kt_error *prove_numbers(proving *p)
{
    enum { INVOICES_MAX = 9999, ENTRIES_MAX = 999999 };
    KT_TRY(prove_series(p, "finance.invoice",
        "{\"group\":[\"company\",\"kind\",\"day:month\"],\"filter\":[[\"state\",\"=\",\"posted\"]],\"limit\":"
        "10000,"
        "\"measures\":{\"count\":\"count\",\"last\":\"max:number\"}}",
        3, INVOICES_MAX));
    return prove_series(p, "finance.entry",
        "{\"group\":[\"company\",\"journal\",\"day:year\"],\"filter\":[[\"state\",\"=\",\"posted\"],["
        "\"journal.pattern\",\"=\","
        "null]],\"limit\":10000,\"measures\":{\"count\":\"count\",\"last\":\"max:number\"}}",
        3, ENTRIES_MAX);
}

static kt_error *prove_all(proving *p)
{
    kt_error *(*const steps[])(proving *) = {
        read_accounts, sum_entries, sum_balances, sum_items, prove_accounts, prove_stock, prove_numbers};
    kt_authority before = kt_own_authority(p->tx);
    kt_error *error = NULL;
    p->stock_ledger = money(0);
    for (size_t i = 0; !error && i < sizeof steps / sizeof *steps; i++)
        error = steps[i](p);
    kt_callers_authority(p->tx, before);
    return error;
}

kt_error *books_audit(kt_tx *tx)
{
    proving p = {.tx = tx};
    KT_TRY(prove_all(&p));
    return p.found;
}

kt_error *prove(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct proof *q = KT_SEE(proof, params);
    struct proof_answer *out = KT_AS(proof_answer, result);
    proving p = {.tx = tx};
    if (q->limit < 1 || q->limit > 1000)
        return kt_fail(tx, KT_VALIDATION, "limit", "%lld is not within 1 to 1000",
            "%lld nie mieści się między 1 a 1000", (long long)q->limit);
    KT_TRY(prove_all(&p));
    out->entries = p.entries;
    out->stock_ledger = p.stock_ledger;
    out->stock_goods = p.stock_goods;
    for (size_t i = 0; p.found && (int64_t)i < q->limit; i++) {
        kt_problem problem = kt_problem_at(p.found, i);
        if (!problem.kind)
            break;
        struct finding f = {KT_OF(finding), .text = kt_say(tx, problem.text)};
        KT_TRY(kt_line_add(tx, &out->findings, &f.rec));
    }
    return NULL;
}
