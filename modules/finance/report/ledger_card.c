/* The general ledger of one account: what was posted on it, line by line, with the balance after each. */
#include "report/report.h"

struct ledger {
    kt_record rec;
    kt_id account;
    kt_date from, to;
    int64_t after, limit;
};
const kt_shape ledger_shape = KT_SHAPE(ledger, NULL,
    KT_FIELD(ledger, account, REF, "Account", "Konto", .target = "finance.account", .required = true),
    KT_FIELD(ledger, from, DATE, "From", "Od",
        .help = {"Empty: the beginning of the fiscal year.", "Puste: początek roku obrotowego."}),
    KT_FIELD(ledger, to, DATE, "To", "Do", .initial = "today"),
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
struct ledger_answer {
    kt_record rec;
    kt_dec opening, closing;
    kt_lines rows;
    bool more;
};
const kt_shape ledger_answer_shape = KT_SHAPE(ledger_answer, NULL,
    KT_FIELD(ledger_answer, opening, MONEY, "Opening balance", "Bilans otwarcia", .scale = 2),
    KT_FIELD(ledger_answer, rows, LINES, "Rows", "Wiersze", .lines = &ledger_row_shape),
    KT_FIELD(
        ledger_answer, closing, MONEY, "Balance after the last row", "Saldo po ostatnim wierszu", .scale = 2),
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

kt_error *general_ledger(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct ledger p = *KT_SEE(ledger, params);
    struct ledger_answer *out = KT_AS(ledger_answer, result);
    if (p.limit < 1 || p.limit > 5000)
        return kt_fail(tx, KT_VALIDATION, "limit", "%lld is not within 1 to 5000",
            "%lld nie mieści się między 1 a 5000", (long long)p.limit);
    if (!p.from.day)
        KT_TRY(year_start(tx, p.to, &p.from));
    KT_TRY(balance_on(tx, p.account, kt_date_add(p.from, -1), &out->opening));
    out->closing = out->opening;
    const kt_where where[] = {KT_WHERE(entry, state, KT_EQ, ENTRY_POSTED),
        KT_WHERE(entry, day, KT_GE, p.from), KT_WHERE(entry, day, KT_LE, p.to), {0}};
    kt_str of = kt_format(tx, "[[\"lines.account\",\"=\",%llu]]", (unsigned long long)p.account.v);
    kt_cursor *cursor;
    struct entry e = {KT_OF(entry)};
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){&entry_shape, where, "day,id", 0, of}, &cursor));
    while (!error && !out->more && kt_next(cursor, &e.rec)) {
        out->more = (int64_t)out->rows.count >= p.limit;
        if (!out->more)
            error = add_entry(tx, &e, &p, out);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}
