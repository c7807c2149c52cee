/* Who owes how much since when, on any day; and one party's account. What was open on a day of the past is what
 * is open now, and what was matched since. */
#include <stdlib.h>
#include <string.h>

#include "payment/payment.h"
#include "report/report.h"

/* ---- Aging ---- */

enum side { OWED_TO_US = 1, OWED_BY_US };
static const kt_choice sides[] = {
    {OWED_TO_US, "receivable", {"Owed to us", "Należności"}},
    {OWED_BY_US, "payable", {"Owed by us", "Zobowiązania"}},
    {0},
};
struct aging {
    kt_record rec;
    kt_date day;
    enum side side;
    kt_id party;
    int64_t limit, skip;
};
const kt_shape aging_shape = KT_SHAPE(aging, NULL,
    KT_FIELD(aging, day, DATE, "Day", "Dzień", .initial = "today"),
    KT_FIELD(aging, side, STATE, "Side", "Strona", .choices = sides, .initial = "receivable"),
    KT_FIELD(aging, party, REF, "Party", "Kontrahent", .target = "base.party",
        .help = {"Empty: all.", "Puste: wszyscy."}),
    KT_FIELD(aging, limit, INT, "Parties at most", "Najwyżej kontrahentów", .initial = "500",
        .help = {"Who owes most comes first. 1 to 5000.",
            "Najpierw ci, którzy winni są najwięcej. Od 1 do 5000."}),
    KT_FIELD(aging, skip, INT, "Parties left out in front", "Pominięci z przodu",
        .help = {"To go on where an answer with `more` ended.", "Aby czytać dalej po odpowiedzi z `more`."}));
#define BUCKETS(T)                                                                                           \
    KT_FIELD(T, not_due, MONEY, "Not due", "Przed terminem", .scale = 2),                                    \
        KT_FIELD(T, days_30, MONEY, "1 to 30 days", "1 do 30 dni", .scale = 2),                              \
        KT_FIELD(T, days_60, MONEY, "31 to 60 days", "31 do 60 dni", .scale = 2),                            \
        KT_FIELD(T, days_90, MONEY, "61 to 90 days", "61 do 90 dni", .scale = 2),                            \
        KT_FIELD(T, older, MONEY, "More than 90 days", "Ponad 90 dni", .scale = 2),                          \
        KT_FIELD(T, total, MONEY, "Total", "Razem", .scale = 2)
struct aging_row {
    kt_record rec;
    kt_id party;
    kt_str name, filter;
    kt_dec not_due, days_30, days_60, days_90, older, total;
    int64_t items;
};
static const kt_shape aging_row_shape = KT_SHAPE(aging_row, NULL,
    KT_FIELD(aging_row, party, REF, "Party", "Kontrahent", .target = "base.party"),
    KT_FIELD(aging_row, name, STRING, "Name", "Nazwa"), BUCKETS(aging_row),
    KT_FIELD(aging_row, items, INT, "Items", "Pozycje"),
    KT_FIELD(aging_row, filter, JSON, "Its items in finance.open_item", "Pozycje w finance.open_item"));
struct aging_answer {
    kt_record rec;
    kt_lines rows;
    kt_dec not_due, days_30, days_60, days_90, older, total;
    int64_t parties, more;
};
const kt_shape aging_answer_shape = KT_SHAPE(aging_answer, NULL,
    KT_FIELD(aging_answer, rows, LINES, "Parties", "Kontrahenci", .lines = &aging_row_shape),
    BUCKETS(aging_answer), KT_FIELD(aging_answer, parties, INT, "Parties in all", "Kontrahentów razem"),
    KT_FIELD(aging_answer, more, INT, "More parties behind these", "Dalszych kontrahentów"));

typedef struct {
    kt_tx *tx;
    const struct aging *p;
    struct aging_row *rows;
    size_t count, room;
    uint32_t *
        slots; /* by party: the row's place, from 1; open addressing, twice as many as there is room for rows */
} aged;

static kt_dec *bucket_of(struct aging_row *row, int32_t days)
{
    return days <= 0    ? &row->not_due
           : days <= 30 ? &row->days_30
           : days <= 60 ? &row->days_60
           : days <= 90 ? &row->days_90
                        : &row->older;
}

static uint32_t *slot_of(const aged *a, kt_id party)
{
    size_t mask = 2 * a->room - 1, at = (size_t)(party.v * UINT64_C(0x9E3779B97F4A7C15) >> 32) & mask;
    while (a->slots[at] && a->rows[a->slots[at] - 1].party.v != party.v)
        at = (at + 1) & mask;
    return &a->slots[at];
}

static kt_error *make_room(aged *a)
{
    enum { FIRST = 64 };
    size_t room = a->room ? a->room * 2 : FIRST;
    struct aging_row *grown = kt_alloc(a->tx, sizeof *grown * room);
    uint32_t *slots = kt_alloc(a->tx, sizeof *slots * room * 2);
    if (!grown || !slots)
        return kt_no_memory();
    if (a->count)
        memcpy(grown, a->rows, a->count * sizeof *grown);
    a->rows = grown;
    a->room = room;
    a->slots = slots;
    for (size_t i = 0; i < a->count; i++)
        *slot_of(a, grown[i].party) = (uint32_t)i + 1;
    return NULL;
}

static kt_error *row_of(aged *a, kt_id party, struct aging_row **row)
{
    *row = NULL;
    if (a->count == a->room)
        KT_TRY(make_room(a));
    uint32_t *slot = slot_of(a, party);
    if (*slot) {
        *row = &a->rows[*slot - 1];
        return NULL;
    }
    *slot = (uint32_t)a->count + 1;
    *row = &a->rows[a->count];
    kt_dec none = money(0);
    a->rows[a->count++] = (struct aging_row){.rec.of = &aging_row_shape,
        .party = party,
        .not_due = none,
        .days_30 = none,
        .days_60 = none,
        .days_90 = none,
        .older = none,
        .total = none};
    return NULL;
}

/* In the company's currency, above zero on the side that is asked for. */
static kt_error *age(void *context, const struct open_item *item, kt_dec open, kt_dec value)
{
    aged *a = context;
    struct aging_row *row = NULL;
    (void)open;
    if (sign_of(item->amount) != (a->p->side == OWED_TO_US ? 1 : -1))
        return NULL;
    if (a->p->side == OWED_BY_US)
        value = kt_dec_neg(value);
    KT_TRY(row_of(a, item->party, &row));
    kt_dec *bucket = bucket_of(row, a->p->day.day - item->due.day);
    *bucket = kt_dec_add(*bucket, value);
    row->total = kt_dec_add(row->total, value);
    row->items++;
    return NULL;
}

struct named {
    kt_record rec;
    kt_str name;
};
static const kt_shape named_shape = KT_SHAPE(named, "base.party", KT_BIND(named, name, STRING, "name"));

/* The largest first; of equal ones the oldest party. */
static int by_total(const void *x, const void *y)
{
    const struct aging_row *a = x, *b = y;
    int c = kt_dec_cmp(b->total, a->total);
    return c ? c : (a->party.v > b->party.v) - (a->party.v < b->party.v);
}

static kt_error *tell(const aged *a, struct aging_row *row, kt_lines *rows)
{
    kt_tx *tx = a->tx;
    struct named party = {KT_OF(named)};
    KT_TRY(kt_read(tx, row->party, &party.rec));
    row->name = party.name;
    row->filter = kt_format(tx,
        "[[\"party\",\"=\",%llu],[\"day\",\"<=\",\"%s\"],[\"amount\",\"%s\",\"0\"],[\"or\",[\"closed\","
        "\"=\",null],[\"closed\",\">\",\"%s\"]]]",
        (unsigned long long)row->party.v, iso_date(tx, a->p->day).ptr, a->p->side == OWED_TO_US ? ">" : "<",
        iso_date(tx, a->p->day).ptr);
    return kt_line_add(tx, rows, &row->rec);
}

static kt_error *check_page(kt_tx *tx, const struct aging *p)
{
    enum { LIMIT_MAX = 5000 };
    kt_error *wrong = NULL;
    if (p->limit < 1 || p->limit > LIMIT_MAX)
        kt_also(&wrong, kt_fail(tx, KT_VALIDATION, "limit", "1 to %d were expected, not %lld",
                            "oczekiwano od 1 do %d, nie %lld", LIMIT_MAX, (long long)p->limit));
    if (p->skip < 0)
        kt_also(&wrong,
            kt_fail(tx, KT_VALIDATION, "skip", "must not be below zero", "nie może być mniejsze od zera"));
    return wrong;
}

kt_error *aging(kt_tx *tx, const kt_record *params, kt_record *result)
{
    aged a = {.tx = tx, .p = KT_SEE(aging, params)};
    struct aging_answer *out = KT_AS(aging_answer, result);
    kt_dec *const sums[] = {
        &out->not_due, &out->days_30, &out->days_60, &out->days_90, &out->older, &out->total};
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        *sums[i] = money(0);
    KT_TRY(check_page(tx, a.p));
    KT_TRY(open_items_on(tx, a.p->party, a.p->day, age, &a));
    if (a.count)
        qsort(a.rows, a.count, sizeof *a.rows, by_total);
    size_t skip = (size_t)a.p->skip, end = skip + (size_t)a.p->limit;
    out->parties = (int64_t)a.count;
    out->more = end < a.count ? (int64_t)(a.count - end) : 0;
    for (size_t i = 0; i < a.count; i++) {
        struct aging_row *row = &a.rows[i];
        const kt_dec of[] = {row->not_due, row->days_30, row->days_60, row->days_90, row->older, row->total};
        for (size_t k = 0; k < sizeof sums / sizeof *sums; k++)
            *sums[k] = kt_dec_add(*sums[k], of[k]);
        if (i >= skip && i < end)
            KT_TRY(tell(&a, row, &out->rows));
    }
    return NULL;
}

/* ---- A party's account ---- */

struct party_statement {
    kt_record rec;
    kt_id party, currency;
    kt_date from, to;
};
const kt_shape party_statement_shape = KT_SHAPE(party_statement, NULL,
    KT_FIELD(party_statement, party, REF, "Party", "Kontrahent", .target = "base.party", .required = true),
    KT_FIELD(party_statement, from, DATE, "From", "Od",
        .help = {"Empty: the beginning of the fiscal year.", "Puste: początek roku obrotowego."}),
    KT_FIELD(party_statement, to, DATE, "To", "Do", .initial = "today"),
    KT_FIELD(party_statement, currency, REF, "Currency", "Waluta", .target = "base.currency",
        .help = {"Empty: the company's.", "Puste: waluta firmy."}));
struct movement {
    kt_record rec;
    kt_date day, due;
    kt_id item, document;
    kt_str reference;
    kt_dec amount, balance, open;
};
static const kt_shape movement_shape = KT_SHAPE(movement, NULL, KT_FIELD(movement, day, DATE, "Date", "Data"),
    KT_FIELD(movement, reference, STRING, "Document", "Dokument"),
    KT_FIELD(movement, due, DATE, "Due", "Termin"),
    KT_FIELD(movement, amount, MONEY, "Amount", "Kwota", .scale = 2),
    KT_FIELD(movement, balance, MONEY, "Balance", "Saldo", .scale = 2),
    KT_FIELD(movement, open, MONEY, "Open now", "Otwarte teraz", .scale = 2),
    KT_FIELD(movement, item, REF, "Open item", "Rozrachunek", .target = "finance.open_item"),
    KT_FIELD(movement, document, REF, "Made by", "Dokument źródłowy", .target = "*"));
struct other_currency {
    kt_record rec;
    kt_id currency;
    kt_dec closing, open;
};
static const kt_shape other_currency_shape = KT_SHAPE(other_currency, NULL,
    KT_FIELD(other_currency, currency, REF, "Currency", "Waluta", .target = "base.currency"),
    KT_FIELD(other_currency, closing, MONEY, "Balance", "Saldo", .scale = 2),
    KT_FIELD(other_currency, open, MONEY, "Open now", "Otwarte teraz", .scale = 2));
struct party_statement_answer {
    kt_record rec;
    kt_dec opening, closing, open;
    kt_lines rows, others;
};
const kt_shape party_statement_answer_shape = KT_SHAPE(party_statement_answer, NULL,
    KT_FIELD(party_statement_answer, opening, MONEY, "Opening balance", "Bilans otwarcia", .scale = 2),
    KT_FIELD(party_statement_answer, rows, LINES, "Documents", "Dokumenty", .lines = &movement_shape),
    KT_FIELD(party_statement_answer, closing, MONEY, "Balance", "Saldo", .scale = 2),
    KT_FIELD(party_statement_answer, open, MONEY, "Open now", "Otwarte teraz", .scale = 2),
    KT_FIELD(party_statement_answer, others, LINES, "In other currencies", "W innych walutach",
        .lines = &other_currency_shape,
        .help = {"What the party has in other currencies: each has a statement of its own.",
            "Co kontrahent ma w innych walutach: każda ma własny wyciąg."}));

static kt_error *add_others(kt_tx *tx, const struct party_statement *p, kt_lines *others)
{
    const kt_where where[] = {KT_WHERE(open_item, party, KT_EQ, p->party),
        KT_WHERE(open_item, currency, KT_NE, p->currency), KT_WHERE(open_item, day, KT_LE, p->to), {0}};
    kt_cursor *cursor;
    struct open_item item = {KT_OF(open_item)};
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){&open_item_shape, where, "currency,id", 0}, &cursor));
    while (!error && kt_next(cursor, &item.rec)) {
        struct other_currency *last = others->count
                                          ? KT_AS(other_currency, kt_line(others, others->count - 1))
                                          : NULL;
        struct other_currency row = {
            KT_OF(other_currency), .currency = item.currency, .closing = item.amount, .open = item.open};
        if (!last || last->currency.v != item.currency.v) {
            error = kt_line_add(tx, others, &row.rec);
            continue;
        }
        last->closing = kt_dec_add(last->closing, item.amount);
        last->open = kt_dec_add(last->open, item.open);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

kt_error *party_statement(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct party_statement p = *KT_SEE(party_statement, params);
    struct party_statement_answer *out = KT_AS(party_statement_answer, result);
    struct house house;
    KT_TRY(house_of(tx, &house));
    if (!p.currency.v)
        p.currency = house.currency;
    if (!p.from.day)
        KT_TRY(year_start(tx, p.to, &p.from));
    struct named party = {KT_OF(named)};
    KT_TRY(days_check(tx, p.from, p.to));
    KT_TRY(kt_read(tx, p.party, &party.rec));
    out->opening = out->closing = out->open = money(0);
    const kt_where where[] = {KT_WHERE(open_item, party, KT_EQ, p.party),
        KT_WHERE(open_item, currency, KT_EQ, p.currency), KT_WHERE(open_item, day, KT_LE, p.to), {0}};
    kt_cursor *cursor;
    struct open_item item = {KT_OF(open_item)};
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){&open_item_shape, where, "day,id", 0}, &cursor));
    while (!error && kt_next(cursor, &item.rec)) {
        out->closing = kt_dec_add(out->closing, item.amount);
        out->open = kt_dec_add(out->open, item.open);
        if (item.day.day < p.from.day) {
            out->opening = out->closing;
            continue;
        }
        struct movement row = {KT_OF(movement), .day = item.day, .due = item.due, .item = item.rec.id,
            .document = item.document, .reference = item.reference, .amount = item.amount,
            .balance = out->closing, .open = item.open};
        error = kt_line_add(tx, &out->rows, &row.rec);
    }
    kt_also(&error, kt_close(cursor));
    return error ? error : add_others(tx, &p, &out->others);
}
