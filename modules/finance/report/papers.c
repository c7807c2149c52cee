/* The service "finance.accounts": a party's papers for its card, and what is open of it. */
#include <stdlib.h>

#include <kontor/accounts.h>

#include "invoice/invoice.h"
#include "invoice/limit.h"
#include "payment/payment.h"
#include "report/report.h"

struct list {
    kt_account_paper *rows;
    size_t count;
};

static const char *name_in(const kt_choice *choices, unsigned value)
{
    return value ? choices[value - 1].name : "";
}

static kt_error *add_invoices(kt_tx *tx, kt_id party, uint32_t most, struct list *list)
{
    const kt_where where[] = {
        KT_WHERE(invoice, party, KT_EQ, party), KT_WHERE(invoice, state, KT_EQ, POSTED), {0}};
    kt_cursor *cursor;
    struct invoice v = {KT_OF(invoice)};
    if (!kt_may(tx, "finance.invoice:read"))
        return NULL;
    KT_TRY(kt_open(tx, &(kt_query){&invoice_shape, where, "-day,-id", most}, &cursor));
    while (kt_next(cursor, &v.rec))
        list->rows[list->count++] = (kt_account_paper){kt_any(tx, "finance.invoice", v.rec.id), v.currency,
            name_in(invoice_kinds, v.kind), name_in(payment_statuses, v.payment_status), v.rec.number, v.day,
            v.due, v.gross, v.open};
    return kt_close(cursor);
}

static kt_error *add_payments(kt_tx *tx, kt_id party, uint32_t most, struct list *list)
{
    const kt_where where[] = {
        KT_WHERE(payment, party, KT_EQ, party), KT_WHERE(payment, state, KT_NE, PAYMENT_DRAFT), {0}};
    kt_cursor *cursor;
    struct payment p = {KT_OF(payment)};
    if (!kt_may(tx, "finance.payment:read"))
        return NULL;
    KT_TRY(kt_open(tx, &(kt_query){&payment_shape, where, "-day,-id", most}, &cursor));
    while (kt_next(cursor, &p.rec))
        list->rows[list->count++] = (kt_account_paper){kt_any(tx, "finance.payment", p.rec.id), p.currency,
            p.direction == MONEY_IN ? "in" : "out", name_in(payment_states, p.state), p.rec.number, p.day,
            {0}, p.amount, p.open};
    return kt_close(cursor);
}

static kt_error *add_set_offs(kt_tx *tx, kt_id party, uint32_t most, struct list *list)
{
    const kt_where where[] = {
        KT_WHERE(set_off, party, KT_EQ, party), KT_WHERE(set_off, state, KT_NE, SET_OFF_DRAFT), {0}};
    kt_cursor *cursor;
    struct set_off s = {KT_OF(set_off)};
    if (!kt_may(tx, "finance.set_off:read"))
        return NULL;
    KT_TRY(kt_open(tx, &(kt_query){&set_off_shape, where, "-day,-id", most}, &cursor));
    while (kt_next(cursor, &s.rec))
        list->rows[list->count++] = (kt_account_paper){kt_any(tx, "finance.set_off", s.rec.id), s.currency,
            "set_off", name_in(set_off_states, s.state), s.rec.number, s.day, {0}, s.amount, KT_DEC(0, 2)};
    return kt_close(cursor);
}

static int newest_first(const void *a, const void *b)
{
    const kt_account_paper *x = a, *y = b;
    if (x->day.day != y->day.day)
        return x->day.day < y->day.day ? 1 : -1;
    return (x->document.v < y->document.v) - (x->document.v > y->document.v);
}

static kt_error *papers(kt_tx *tx, kt_id party, uint32_t most, kt_account_paper **rows, size_t *count)
{
    struct list list = {.rows = kt_alloc(tx, sizeof *list.rows * 3 * ((size_t)most + 1))};
    if (!list.rows)
        return kt_no_memory();
    KT_TRY(add_invoices(tx, party, most, &list));
    KT_TRY(add_payments(tx, party, most, &list));
    KT_TRY(add_set_offs(tx, party, most, &list));
    if (list.count)
        qsort(list.rows, list.count, sizeof *list.rows, newest_first);
    *rows = list.rows;
    *count = list.count;
    return NULL;
}

static kt_error *owes(kt_tx *tx, kt_id party, kt_dec *sum)
{
    *sum = (kt_dec){0};
    return kt_may(tx, "finance.open_item:read") ? party_owes(tx, party, sum) : NULL;
}

static kt_error *find_due(
    kt_tx *tx, kt_id party, const kt_account_due *billed, size_t count, kt_account_due **due, size_t *n)
{
    struct terms t = {KT_OF(terms)};
    struct due_part parts[PARTS_MOST];
    kt_id id;
    KT_TRY(terms_of(tx, party, &id));
    if (id.v)
        KT_TRY(kt_read(tx, id, &t.rec));
    *due = kt_alloc(tx, sizeof **due * (count * (t.parts.count + 1) + 1));
    *n = 0;
    if (!*due)
        return kt_no_memory();
    for (size_t i = 0; i < count; i++) {
        size_t cut = terms_cut(&t, billed[i].day, billed[i].amount, parts);
        for (size_t k = 0; k < cut; k++)
            (*due)[(*n)++] = (kt_account_due){parts[k].due, parts[k].amount};
    }
    return NULL;
}

static kt_error *expected(
    kt_tx *tx, kt_id party, const kt_account_due *billed, size_t count, kt_account_due **due, size_t *n)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = find_due(tx, party, billed, count, due, n);
    kt_callers_authority(tx, before);
    return error;
}

const kt_accounts accounts_service = {
    .papers = papers, .owes = owes, .bill_order = bill_order, .expected = expected};
