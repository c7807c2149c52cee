/* Tax to pay, period by period: what the registers have, and what is expected to be billed, tax on sales less tax on purchases.
 * What a period has too much of tax on purchases is carried into the next. source: ustawa o VAT art. 87 ust. 1, art. 99 ust. 1
 * i 3, art. 103 ust. 1; Directive 2006/112/EC art. 183, 206, 252 */
#include "invoice/invoice.h"
#include "payment/payment.h"
#include "report/report.h"

static kt_error *registered(kt_tx *tx, const struct tax_period *p, enum vat_register side, kt_dec *sum)
{
    const kt_where where[] = {KT_WHERE(vat_line, side, KT_EQ, side),
        KT_WHERE(vat_line, tax_day, KT_GE, p->start), KT_WHERE(vat_line, tax_day, KT_LE, p->end), {0}};
    *sum = money(0);
    return kt_sum(tx, &(kt_query){&vat_line_shape, where, NULL, 0}, offsetof(struct vat_line, amount), sum);
}

static kt_error *read_period(kt_tx *tx, struct tax_period *p)
{
    kt_dec sales, purchases;
    KT_TRY(registered(tx, p, SALE_REGISTER, &sales));
    KT_TRY(registered(tx, p, PURCHASE_REGISTER, &purchases));
    p->amount = kt_dec_sub(known(sales), known(purchases));
    return NULL;
}

kt_error *tax_periods(kt_tx *tx, kt_date until, struct tax_period **rows, size_t *count)
{
    struct setting s;
    *count = 0;
    *rows = NULL;
    KT_TRY(setting_of(tx, &s));
    if (!s.tax_every)
        return NULL;
    kt_date start = tax_period(s.tax_every, kt_today(tx), -1);
    size_t room = (size_t)((until.day - start.day) / 28 + 2);
    *rows = kt_alloc(tx, sizeof **rows * room);
    if (!*rows)
        return kt_no_memory();
    for (; *count < room; start = tax_period(s.tax_every, start, 1)) {
        kt_date next = tax_period(s.tax_every, start, 1);
        struct tax_period p = {.start = start,
            .end = kt_date_add(next, -1),
            .due = kt_date_add(next, (int32_t)s.tax_due - 1),
            .amount = money(0),
            .from = start};
        if (p.due.day > until.day)
            return NULL;
        if (p.due.day < kt_today(tx).day)
            continue; /* paid, or late: then it is on its account */
        KT_TRY(read_period(tx, &p));
        (*rows)[(*count)++] = p;
    }
    return NULL;
}

kt_error *tax_expect(
    kt_tx *tx, struct tax_period *rows, size_t count, kt_date day, kt_dec tax, enum expected what, kt_id of)
{
    for (size_t i = 0; i < count && tax.coef; i++)
        if (rows[i].start.day <= day.day && day.day <= rows[i].end.day) {
            rows[i].amount = kt_dec_add(rows[i].amount, tax);
            KT_TRY(ids_add(tx, &rows[i].expected[what], of));
        }
    return NULL;
}

kt_error *tax_carry(kt_tx *tx, struct tax_period *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].amount.coef >= 0)
            continue;
        if (i + 1 < count) {
            rows[i + 1].amount = kt_dec_add(rows[i + 1].amount, rows[i].amount);
            rows[i + 1].from = rows[i].from;
            for (size_t what = 0; what < EXPECTED_COUNT; what++)
                KT_TRY(ids_take(tx, &rows[i + 1].expected[what], &rows[i].expected[what]));
        }
        rows[i].amount = money(0);
    }
    return NULL;
}
