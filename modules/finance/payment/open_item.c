/* Open items: what a party owes us or we owe them, one for each line on an account of open items, until it is
 * set off against another. What was open on a day of the past is told by the days of the matches. */
#include <kontor/list.h>

#include "invoice/invoice.h"
#include "payment/payment.h"

const kt_shape open_item_shape = KT_SHAPE(open_item, "finance.open_item",
    KT_FIELD(open_item, party, REF, "Party", "Kontrahent", .target = "base.party", .required = true,
        .computed = true, .priority = 1),
    KT_FIELD(open_item, reference, STRING, "Document", "Dokument", .max = 80, .computed = true,
        .searchable = true, .indexed = true, .priority = 2),
    KT_FIELD(open_item, day, DATE, "Date", "Data", .computed = true, .priority = 3),
    KT_FIELD(open_item, due, DATE, "Due", "Termin", .computed = true, .indexed = true, .priority = 4),
    KT_FIELD(open_item, amount, MONEY, "Amount", "Kwota", .scale = 2, .computed = true, .priority = 5,
        .help = {"Above zero: they owe us; below zero: we owe them.",
            "Powyżej zera: należność; poniżej: zobowiązanie."}),
    KT_FIELD(open_item, open, MONEY, "Open", "Otwarte", .scale = 2, .computed = true, .priority = 6),
    KT_FIELD(open_item, currency, REF, "Currency", "Waluta", .target = "base.currency", .computed = true,
        .priority = 7),
    KT_FIELD(open_item, value, MONEY, "Amount in the company's currency", "Kwota w walucie firmy", .scale = 2,
        .computed = true),
    KT_FIELD(open_item, open_value, MONEY, "Open in the company's currency", "Otwarte w walucie firmy",
        .scale = 2, .computed = true),
    KT_FIELD(open_item, account, REF, "Account", "Konto", .target = "finance.account", .computed = true),
    KT_FIELD(open_item, entry, REF, "Entry", "Zapis", .target = "finance.entry", .computed = true),
    KT_FIELD(open_item, line, INT, "Line of the entry", "Pozycja zapisu", .computed = true),
    KT_FIELD(open_item, document, REF, "Of", "Dokument źródłowy", .target = "*", .computed = true),
    KT_FIELD(open_item, discount, MONEY, "Discount for paying early", "Skonto", .scale = 2, .computed = true),
    KT_FIELD(open_item, discount_until, DATE, "Discount until", "Skonto do", .computed = true),
    KT_FIELD(open_item, closed, DATE, "Closed on", "Zamknięte dnia", .computed = true, .indexed = true),
    KT_FIELD(open_item, moved, DATE, "Last matched on", "Ostatnio rozliczane", .computed = true));

kt_error *open_item_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct open_item *is = after ? KT_SEE(open_item, after) : NULL;
    (void)before;
    if (!is)
        return kt_fail(tx, KT_RULE, NULL, "open items follow the entries: they cannot be deleted",
            "rozrachunki wynikają z zapisów: nie można ich usunąć");
    bool beyond = sign_of(is->open) * sign_of(is->amount) < 0 ||
                  (sign_of(is->amount) > 0 ? kt_dec_cmp(is->open, is->amount) > 0
                                           : kt_dec_cmp(is->open, is->amount) < 0);
    if (beyond || (!is->open.coef != (is->closed.day != 0)))
        return kt_fail(tx, KT_RULE, "open", "an open item has more open than its amount",
            "rozrachunek ma otwarte więcej niż kwota");
    return NULL;
}

/* An opening entry brings many documents: the line's text is the document's number there. */
static kt_str reference_of(const struct entry *e, const struct entry_line *line)
{
    enum { REFERENCE_MAX = 80 };
    if (e->kind == OPENING_ENTRY && line->text.ptr && line->text.len <= REFERENCE_MAX)
        return line->text;
    return e->reference.ptr ? e->reference : e->rec.number;
}

kt_error *open_items_make(kt_tx *tx, const struct entry *e)
{
    for (size_t i = 0; i < e->lines.count; i++) {
        const struct entry_line *line = KT_AS(entry_line, kt_line(&e->lines, i));
        struct account a = {KT_OF(account)};
        if (!line->party.v)
            continue;
        KT_TRY(kt_read(tx, line->account, &a.rec));
        if (!a.open_items)
            continue;
        kt_dec value = kt_dec_sub(known(line->debit), known(line->credit));
        kt_dec amount = line->amount.scale1 ? line->amount : value;
        if (!amount.coef)
            continue;
        struct open_item item = {KT_OF(open_item), .entry = e->rec.id, .line = (int64_t)line->rec.id.v,
            .account = line->account, .party = line->party, .currency = e->currency, .document = e->origin,
            .day = e->day, .due = line->due.day ? line->due : e->day, .amount = amount, .open = amount,
            .value = value, .open_value = value, .discount = line->discount,
            .discount_until = line->discount_until, .reference = reference_of(e, line)};
        KT_TRY(kt_create(tx, &item.rec));
    }
    return NULL;
}

static kt_error *find(
    kt_tx *tx, const kt_where *where, const char *sort, struct open_item **items, size_t *count)
{
    kt_cursor *cursor;
    size_t room = 0;
    bool enough = true;
    *count = 0;
    *items = NULL;
    KT_TRY(kt_open(tx, &(kt_query){&open_item_shape, where, sort, 0}, &cursor));
    struct open_item item = {KT_OF(open_item)};
    while (enough && kt_next(cursor, &item.rec)) {
        *items = kt_grow(tx, *items, *count, &room, sizeof item);
        if ((enough = *items))
            (*items)[(*count)++] = item;
    }
    KT_TRY(kt_close(cursor));
    return enough ? NULL : kt_no_memory();
}

kt_error *open_items_of(kt_tx *tx, kt_id document, struct open_item **items, size_t *count)
{
    const kt_where where[] = {KT_WHERE(open_item, document, KT_EQ, document), {0}};
    return find(tx, where, "due,id", items, count);
}

kt_error *open_items_by(kt_tx *tx, kt_id entry, struct open_item **items, size_t *count)
{
    const kt_where where[] = {KT_WHERE(open_item, entry, KT_EQ, entry), {0}};
    return find(tx, where, NULL, items, count);
}

kt_error *open_item_of(kt_tx *tx, kt_id entry, int64_t line, struct open_item *item)
{
    struct open_item *items;
    size_t count;
    KT_TRY(open_items_by(tx, entry, &items, &count));
    *item = (struct open_item){KT_OF(open_item)};
    for (size_t i = 0; i < count; i++)
        if (items[i].line == line)
            *item = items[i];
    return NULL;
}

/* ---- On a day of the past ---- */

kt_error *open_item_on(kt_tx *tx, const struct open_item *item, kt_date day, kt_dec *open, kt_dec *value)
{
    *open = item->open;
    *value = item->open_value;
    if (!item->moved.day || item->moved.day <= day.day)
        return NULL;
    for (int side = 0; side < 2; side++) {
        struct match m = {KT_OF(match)};
        const kt_where debit[] = {
            KT_WHERE(match, debit, KT_EQ, item->rec.id), KT_WHERE(match, day, KT_GT, day), {0}};
        const kt_where credit[] = {
            KT_WHERE(match, credit, KT_EQ, item->rec.id), KT_WHERE(match, day, KT_GT, day), {0}};
        kt_cursor *cursor;
        KT_TRY(kt_open(tx, &(kt_query){&match_shape, side ? credit : debit, NULL, 0}, &cursor));
        while (kt_next(cursor, &m.rec)) {
            *open = side ? kt_dec_sub(*open, m.credit_amount) : kt_dec_add(*open, m.amount);
            *value = side ? kt_dec_sub(*value, m.credit_value) : kt_dec_add(*value, m.debit_value);
        }
        KT_TRY(kt_close(cursor));
    }
    return NULL;
}

static kt_error *take_on(
    kt_tx *tx, const struct open_item *item, kt_date day, open_item_taker take, void *context)
{
    kt_dec open, value;
    KT_TRY(open_item_on(tx, item, day, &open, &value));
    return open.coef ? take(context, item, open, value) : NULL;
}

/* What is open now, then what was closed after the day. */
kt_error *open_items_on(kt_tx *tx, kt_id party, kt_date day, open_item_taker take, void *context)
{
    for (int closed = 0; closed < 2; closed++) {
        kt_where where[4];
        size_t n = 0;
        if (party.v) /* KT_WHERE's value would be gone behind the branch */
            where[n++] = (kt_where){offsetof(struct open_item, party), KT_EQ, &party};
        where[n++] = closed ? (kt_where)KT_WHERE(open_item, closed, KT_GT, day)
                            : (kt_where)KT_WHERE(open_item, closed, KT_EQ, {0});
        where[n++] = (kt_where)KT_WHERE(open_item, day, KT_LE, day);
        where[n] = (kt_where){0};
        kt_cursor *cursor;
        struct open_item item = {KT_OF(open_item)};
        kt_error *error = NULL;
        KT_TRY(kt_open(tx, &(kt_query){&open_item_shape, where, NULL, 0}, &cursor));
        while (!error && kt_next(cursor, &item.rec))
            error = take_on(tx, &item, day, take, context);
        kt_also(&error, kt_close(cursor));
        KT_TRY(error);
    }
    return NULL;
}

static kt_error *cancel(kt_tx *tx, const struct entry *of, const struct entry *by)
{
    for (size_t i = 0; i < by->lines.count; i++) {
        const struct entry_line *line = KT_AS(entry_line, kt_line(&by->lines, i));
        struct open_item was, is;
        KT_TRY(open_item_of(tx, of->rec.id, line->reverses, &was));
        KT_TRY(open_item_of(tx, by->rec.id, (int64_t)line->rec.id.v, &is));
        if (!was.rec.id.v || !is.rec.id.v || !was.open.coef)
            continue;
        const struct open_item *debit = was.open.coef > 0 ? &was : &is,
                               *credit = was.open.coef > 0 ? &is : &was;
        kt_dec much = was.open.coef > 0 ? was.open : kt_dec_neg(was.open);
        KT_TRY(items_match(tx, debit->rec.id, credit->rec.id, much, much, by->day, (kt_id){0}));
    }
    return NULL;
}

kt_error *open_items_cancel(kt_tx *tx, const struct entry *of, const struct entry *by)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = cancel(tx, of, by);
    kt_callers_authority(tx, before);
    return error;
}
