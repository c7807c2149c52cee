/* The general ledger of one account: what was posted on it, line by line, with the balance after each; and the report of
 * a cash desk, which is that of its account. */
#include <string.h>

#include "invoice/invoice.h"
#include "report/report.h"

struct ledger {
    kt_record rec;
    kt_id account;
    kt_date from, to, compare_from, compare_to;
    int64_t after, limit;
};
const kt_shape ledger_shape = KT_SHAPE(ledger, NULL,
    KT_FIELD(ledger, account, REF, "Account", "Konto", .target = "finance.account", .required = true),
    KT_FIELD(ledger, from, DATE, "From", "Od",
        .help = {"Empty: the beginning of the fiscal year.", "Puste: początek roku obrotowego."}),
    KT_FIELD(ledger, to, DATE, "To", "Do", .initial = "today"),
    KT_FIELD(ledger, compare_from, DATE, "Compared from", "Porównanie od"),
    KT_FIELD(ledger, compare_to, DATE, "Compared to", "Porównanie do"),
    KT_FIELD(ledger, after, INT, "Behind this entry of the first day", "Za tym zapisem pierwszego dnia",
        .help = {"To go on where an answer with `more` ended: its last row's day and entry.",
            "Aby czytać dalej po odpowiedzi z `more`: dzień i zapis ostatniego wiersza."}),
    KT_FIELD(ledger, limit, INT, "At most", "Najwyżej", .initial = "500",
        .help = {"1 to 5000.", "Od 1 do 5000."}));
struct ledger_row {
    kt_record rec;
    kt_date day;
    kt_id entry, party, origin;
    kt_str number, text, reference;
    kt_dec debit, credit, balance;
};
static const kt_shape ledger_row_shape = KT_SHAPE(ledger_row, NULL,
    KT_FIELD(ledger_row, day, DATE, "Date", "Data"), KT_FIELD(ledger_row, number, STRING, "Number", "Numer"),
    KT_FIELD(ledger_row, text, STRING, "Text", "Opis"),
    KT_FIELD(ledger_row, reference, STRING, "Reference", "Numer dokumentu"),
    KT_FIELD(ledger_row, party, REF, "Party", "Kontrahent", .target = "base.party"),
    KT_FIELD(ledger_row, debit, MONEY, "Debit", "Wn", .scale = 2),
    KT_FIELD(ledger_row, credit, MONEY, "Credit", "Ma", .scale = 2),
    KT_FIELD(ledger_row, balance, MONEY, "Balance", "Saldo", .scale = 2),
    KT_FIELD(ledger_row, entry, REF, "Entry", "Zapis", .target = "finance.entry"),
    KT_FIELD(ledger_row, origin, REF, "Made by", "Dokument źródłowy", .target = "*"));
struct ledger_sums { /* of the days compared with */
    kt_record rec;
    kt_dec opening, debit, credit, closing;
    kt_str filter;
};
static const kt_shape ledger_sums_shape = KT_SHAPE(ledger_sums, NULL,
    KT_FIELD(ledger_sums, opening, MONEY, "Opening balance", "Bilans otwarcia", .scale = 2),
    KT_FIELD(ledger_sums, debit, MONEY, "Debits", "Obroty Wn", .scale = 2),
    KT_FIELD(ledger_sums, credit, MONEY, "Credits", "Obroty Ma", .scale = 2),
    KT_FIELD(ledger_sums, closing, MONEY, "Closing balance", "Saldo", .scale = 2),
    KT_FIELD(ledger_sums, filter, JSON, "Its entries", "Zapisy"));
struct ledger_answer {
    kt_record rec;
    kt_dec opening, debit, credit, closing;
    kt_lines rows, compared;
    bool more;
};
const kt_shape ledger_answer_shape = KT_SHAPE(ledger_answer, NULL,
    KT_FIELD(ledger_answer, opening, MONEY, "Opening balance", "Bilans otwarcia", .scale = 2),
    KT_FIELD(ledger_answer, rows, LINES, "Rows", "Wiersze", .lines = &ledger_row_shape),
    KT_FIELD(
        ledger_answer, closing, MONEY, "Balance after the last row", "Saldo po ostatnim wierszu", .scale = 2),
    KT_FIELD(ledger_answer, debit, MONEY, "Debits of all the days", "Obroty Wn wszystkich dni", .scale = 2),
    KT_FIELD(ledger_answer, credit, MONEY, "Credits of all the days", "Obroty Ma wszystkich dni", .scale = 2),
    KT_FIELD(ledger_answer, compared, LINES, "Compared", "Porównywane", .lines = &ledger_sums_shape,
        .help = {"One row: the sums of the other days. Empty: none were given.",
            "Jeden wiersz: sumy z drugiego okresu. Puste: nie podano go."}),
    KT_FIELD(ledger_answer, more, BOOL, "There are more", "Jest więcej"));

static kt_error *add_entry(
    kt_tx *tx, const struct entry *e, const struct ledger *p, struct ledger_answer *out)
{
    bool passed = e->day.day == p->from.day && (int64_t)e->rec.id.v <= p->after;
    for (size_t i = 0; i < e->lines.count; i++) {
        const struct entry_line *line = KT_AS(entry_line, kt_line(&e->lines, i));
        if (line->account.v != p->account.v)
            continue;
        out->closing = kt_dec_add(out->closing, kt_dec_sub(known(line->debit), known(line->credit)));
        if (passed) {
            out->opening = out->closing;
            continue;
        }
        struct ledger_row row = {KT_OF(ledger_row), .day = e->day, .entry = e->rec.id, .party = line->party,
            .origin = e->origin, .number = e->rec.number, .text = line->text.ptr ? line->text : e->text,
            .reference = e->reference, .debit = line->debit, .credit = line->credit, .balance = out->closing};
        KT_TRY(kt_line_add(tx, &out->rows, &row.rec));
    }
    return NULL;
}

/* Income and expense begin anew with the fiscal year. */
static kt_error *opening_of(kt_tx *tx, kt_id account, kt_date from, kt_dec *opening)
{
    struct account a = {KT_OF(account)};
    kt_date year;
    kt_dec earlier;
    KT_TRY(balance_on(tx, account, kt_date_add(from, -1), opening, NULL));
    KT_TRY(kt_read(tx, account, &a.rec));
    if (a.kind != INCOME && a.kind != EXPENSE)
        return NULL;
    KT_TRY(year_start(tx, from, &year));
    KT_TRY(balance_on(tx, account, kt_date_add(year, -1), &earlier, NULL));
    *opening = kt_dec_sub(*opening, earlier);
    return NULL;
}

static kt_error *read_ledger(kt_tx *tx, const struct ledger *p, struct ledger_answer *out)
{
    KT_TRY(opening_of(tx, p->account, p->from, &out->opening));
    out->closing = out->opening;
    const kt_where where[] = {KT_WHERE(entry, state, KT_EQ, ENTRY_POSTED),
        KT_WHERE(entry, day, KT_GE, p->from), KT_WHERE(entry, day, KT_LE, p->to), {0}};
    kt_str of = kt_format(tx, "[[\"lines.account\",\"=\",%llu]]", (unsigned long long)p->account.v);
    kt_cursor *cursor;
    struct entry e = {KT_OF(entry)};
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){&entry_shape, where, "day,id", 0, of}, &cursor));
    while (!error && !out->more && kt_next(cursor, &e.rec)) {
        out->more = (int64_t)out->rows.count >= p->limit;
        if (!out->more)
            error = add_entry(tx, &e, p, out);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *check_account(kt_tx *tx, kt_id id)
{
    struct account a = {KT_OF(account)};
    KT_TRY(kt_read(tx, id, &a.rec));
    return a.group ? kt_hint(kt_fail(tx, KT_VALIDATION, "account", "account %s is a group",
                                 "konto %s jest grupą", a.code.ptr),
                         "Ask for an account in it; finance.trial_balance sums the group up.",
                         "Zapytaj o konto, które zawiera; grupę sumuje finance.trial_balance.")
                   : NULL;
}

/* What the card of the days compared with would come to: out of the kept balances, however many lines it has. */
static kt_error *compare_ledger(
    kt_tx *tx, const struct ledger *p, const struct asked *days, kt_lines *compared)
{
    struct ledger_sums sums = {KT_OF(ledger_sums)};
    struct turnover moved;
    if (!days->compared.to.day)
        return NULL;
    KT_TRY(opening_of(tx, p->account, days->compared.from, &sums.opening));
    KT_TRY(turnover_of(tx, p->account, days->compared.from, days->compared.to, &moved));
    sums.debit = moved.debit;
    sums.credit = moved.credit;
    sums.closing = kt_dec_add(sums.opening, kt_dec_sub(moved.debit, moved.credit));
    sums.filter = kt_format(tx,
        "[[\"state\",\"=\",\"posted\"],[\"day\",\"between\",[\"%s\",\"%s\"]],[\"lines.account\",\"in\",[%llu]"
        "]]",
        iso_date(tx, days->compared.from).ptr, iso_date(tx, days->compared.to).ptr,
        (unsigned long long)p->account.v);
    return kt_line_add(tx, compared, &sums.rec);
}

kt_error *general_ledger(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct ledger p = *KT_SEE(ledger, params);
    struct ledger_answer *out = KT_AS(ledger_answer, result);
    struct asked days;
    struct turnover moved;
    if (p.limit < 1 || p.limit > 5000)
        return kt_fail(tx, KT_VALIDATION, "limit", "%lld is not within 1 to 5000",
            "%lld nie mieści się między 1 a 5000", (long long)p.limit);
    KT_TRY(days_ask(tx, p.from, p.to, p.compare_from, p.compare_to, &days));
    p.from = days.of.from;
    KT_TRY(check_account(tx, p.account));
    KT_TRY(turnover_of(tx, p.account, p.from, p.to, &moved));
    out->debit = moved.debit;
    out->credit = moved.credit;
    KT_TRY(compare_ledger(tx, &p, &days, &out->compared));
    return read_ledger(tx, &p, out);
}

/* ---- finance.cash_desk ---- */

enum { PAPERS_MAX = 5000 };
struct cash_desk {
    kt_record rec;
    kt_id account;
    kt_date from, to;
};
const kt_shape cash_desk_shape = KT_SHAPE(cash_desk, NULL,
    KT_FIELD(cash_desk, account, REF, "Account", "Konto", .target = "finance.account",
        .help = {"Empty: the cash desk's.", "Puste: konto kasy."}),
    KT_FIELD(
        cash_desk, from, DATE, "From", "Od", .help = {"Empty: that one day.", "Puste: tylko ten dzień."}),
    KT_FIELD(cash_desk, to, DATE, "To", "Do", .initial = "today"));
struct cash_desk_answer {
    kt_record rec;
    kt_id account;
    kt_dec opening, received, paid, closing, sold;
    int64_t receipts;
    kt_lines rows;
};
const kt_shape cash_desk_answer_shape = KT_SHAPE(cash_desk_answer, NULL,
    KT_FIELD(cash_desk_answer, account, REF, "Account", "Konto", .target = "finance.account"),
    KT_FIELD(cash_desk_answer, opening, MONEY, "Was in it", "Stan początkowy", .scale = 2),
    KT_FIELD(cash_desk_answer, received, MONEY, "Came in", "Przychód", .scale = 2),
    KT_FIELD(cash_desk_answer, paid, MONEY, "Went out", "Rozchód", .scale = 2),
    KT_FIELD(cash_desk_answer, closing, MONEY, "Is in it", "Stan końcowy", .scale = 2),
    KT_FIELD(cash_desk_answer, receipts, INT, "Till receipts", "Paragony"),
    KT_FIELD(cash_desk_answer, sold, MONEY, "Sold by till receipts", "Sprzedaż z paragonów", .scale = 2),
    KT_FIELD(cash_desk_answer, rows, LINES, "Papers", "Dowody", .lines = &ledger_row_shape));

static kt_error *add_receipt(kt_tx *tx, const struct ledger_row *row, struct cash_desk_answer *out)
{
    const char *entity = kt_any_entity(tx, row->origin);
    struct invoice v = {KT_OF(invoice)};
    if (!entity || strcmp(entity, invoice_shape.name) != 0)
        return NULL;
    KT_TRY(kt_read(tx, kt_any_id(row->origin), &v.rec));
    if (v.kind != TILL_RECEIPT)
        return NULL;
    out->receipts++;
    out->sold = kt_dec_add(out->sold, v.gross);
    return NULL;
}

static kt_error *cash_desk_within(kt_tx *tx, const struct cash_desk *p, struct cash_desk_answer *out)
{
    struct ledger of = {
        .account = p->account, .from = p->from.day ? p->from : p->to, .to = p->to, .limit = PAPERS_MAX};
    struct ledger_answer found = {KT_OF(ledger_answer)};
    if (!of.account.v)
        KT_TRY(account_for(tx, PETTY_CASH, (kt_id){0}, &of.account));
    KT_TRY(read_ledger(tx, &of, &found));
    if (found.more)
        return kt_hint(kt_fail(tx, KT_LIMIT, "from", "there are more than %d papers",
                           "jest więcej niż %d dowodów", (int)PAPERS_MAX),
            "Ask for fewer days.", "Wybierz krótszy okres.");
    out->account = of.account;
    out->opening = kt_dec_round(found.opening, 2);
    out->closing = kt_dec_round(found.closing, 2);
    out->received = out->paid = out->sold = money(0);
    out->rows = found.rows;
    for (size_t i = 0; i < found.rows.count; i++) {
        const struct ledger_row *row = KT_AS(ledger_row, kt_line(&found.rows, i));
        out->received = kt_dec_add(out->received, known(row->debit));
        out->paid = kt_dec_add(out->paid, known(row->credit));
        KT_TRY(add_receipt(tx, row, out));
    }
    return NULL;
}

/* Whoever takes money there sees what was in it, whoever took it. */
kt_error *cash_desk(kt_tx *tx, const kt_record *params, kt_record *result)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = cash_desk_within(tx, KT_SEE(cash_desk, params), KT_AS(cash_desk_answer, result));
    kt_callers_authority(tx, before);
    return e;
}
