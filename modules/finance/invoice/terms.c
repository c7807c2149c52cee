/* Terms of payment: parts of the sum, each due some days after the invoice, with a discount for paying early. */
#include "invoice/invoice.h"

const kt_shape part_shape = KT_SHAPE(part, NULL,
    KT_FIELD(part, percent, PERCENT, "Part, %", "Część, %", .scale = 2, .required = true, .initial = "100",
        .priority = 1),
    KT_FIELD(
        part, days, INT, "Days", "Dni", .priority = 2, .help = {"After the invoice.", "Od daty faktury."}),
    KT_FIELD(part, end_of_month, BOOL, "From the end of the month", "Od końca miesiąca", .priority = 3),
    KT_FIELD(part, discount, PERCENT, "Early discount, %", "Skonto, %", .scale = 2, .priority = 4),
    KT_FIELD(part, discount_days, INT, "Paid within days", "Przy zapłacie w dni", .priority = 5));
const kt_shape terms_shape = KT_SHAPE(terms, "finance.terms",
    KT_FIELD(
        terms, code, STRING, "Code", "Kod", .required = true, .max = 20, .searchable = true, .priority = 1),
    KT_FIELD(terms, name, STRING, "Name", "Nazwa", .required = true, .max = 100, .searchable = true,
        .priority = 2),
    KT_FIELD(terms, parts, LINES, "Parts", "Części", .lines = &part_shape, .max = PARTS_MOST),
    KT_FIELD(terms, initial, BOOL, "Unless another is chosen", "Jeśli nie wybrano innych", .indexed = true));
const kt_shape instalment_shape = KT_SHAPE(instalment, NULL,
    KT_FIELD(instalment, due, DATE, "Due", "Termin", .priority = 1),
    KT_FIELD(instalment, amount, MONEY, "Amount", "Kwota", .scale = 4, .priority = 2),
    KT_FIELD(instalment, discount, MONEY, "Early discount", "Skonto", .scale = 4, .priority = 3),
    KT_FIELD(instalment, discount_until, DATE, "Discount until", "Skonto do", .priority = 4));

kt_error *terms_compute(kt_tx *tx, kt_record *self)
{
    const struct terms *t = KT_AS(terms, self);
    KT_TRY(keep_company(tx, self));
    kt_dec sum = KT_DEC(0, 2);
    kt_error *all = NULL;
    for (size_t i = 0; i < t->parts.count; i++) {
        const struct part *p = KT_AS(part, kt_line(&t->parts, i));
        sum = kt_dec_add(sum, p->percent);
        if (p->days < 0 || p->days > 3650)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, kt_format(tx, "parts[%zu].days", i).ptr,
                              "%lld is not within 0 to 3650", "%lld nie mieści się między 0 a 3650",
                              (long long)p->days));
        if (sign_of(p->percent) <= 0)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, kt_format(tx, "parts[%zu].percent", i).ptr,
                              "must be above zero", "musi być większe od zera"));
        if (sign_of(p->discount) < 0 || kt_dec_cmp(p->discount, KT_DEC(100, 0)) >= 0)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, kt_format(tx, "parts[%zu].discount", i).ptr,
                              "a discount is 0 to 100", "skonto to 0 do 100"));
    }
    if (kt_dec_cmp(sum, KT_DEC(100, 0)) != 0)
        kt_also(
            &all, kt_hint(kt_fail(tx, KT_VALIDATION, "parts", "the parts do not sum up to 100 per cent",
                              "części nie dają razem 100 procent"),
                      "Give parts whose percentages sum up to 100.", "Podaj części o sumie 100 procent."));
    return all;
}

static kt_date due_day(kt_date day, const struct part *p)
{
    int year, month, of_month;
    if (p->end_of_month) {
        kt_date_parts(day, &year, &month, &of_month);
        day = kt_date_add(month == 12 ? kt_date_make(year + 1, 1, 1) : kt_date_make(year, month + 1, 1), -1);
    }
    return kt_date_add(day, (int32_t)p->days);
}

size_t terms_cut(const struct terms *t, kt_date day, kt_dec amount, struct due_part *out)
{
    kt_dec weights[PARTS_MOST], each[PARTS_MOST];
    size_t count = t->parts.count < PARTS_MOST ? t->parts.count : PARTS_MOST;
    out[0] = (struct due_part){day, amount, NULL};
    if (!count)
        return 1;
    for (size_t i = 0; i < count; i++)
        weights[i] = KT_AS(part, kt_line(&t->parts, i))->percent;
    kt_dec_split(amount, weights, count, each);
    for (size_t i = 0; i < count; i++) {
        const struct part *p = KT_AS(part, kt_line(&t->parts, i));
        out[i] = (struct due_part){due_day(day, p), each[i], p};
    }
    return count;
}

kt_error *instalments_make(
    kt_tx *tx, kt_id id, kt_date day, kt_dec amount, kt_id currency, kt_lines *instalments)
{
    struct terms t = {KT_OF(terms)};
    struct due_part parts[PARTS_MOST];
    uint8_t digits;
    *instalments = (kt_lines){0};
    if (id.v)
        KT_TRY(kt_read(tx, id, &t.rec));
    KT_TRY(currency_digits(tx, currency, &digits));
    size_t count = terms_cut(&t, day, amount, parts);
    for (size_t i = 0; i < count; i++) {
        const struct part *p = parts[i].of;
        struct instalment row = {KT_OF(instalment), .due = parts[i].due, .amount = parts[i].amount};
        if (p && p->discount.coef) {
            row.discount = kt_dec_div(kt_dec_mul(row.amount, p->discount, 6), KT_DEC(100, 0), digits);
            row.discount_until = kt_date_add(day, (int32_t)p->discount_days);
        }
        KT_TRY(kt_line_add(tx, instalments, &row.rec));
    }
    return NULL;
}

struct payer { /* what this module adds to a party, see limit.c */
    kt_record rec;
    kt_id terms;
};
static const kt_shape payer_shape = KT_SHAPE(
    payer, "base.party", KT_BIND(payer, terms, REF, "payment_terms"));

kt_error *terms_of(kt_tx *tx, kt_id party, kt_id *terms)
{
    struct payer p = {KT_OF(payer)};
    struct terms t = {KT_OF(terms)};
    if (party.v)
        KT_TRY(kt_read(tx, party, &p.rec));
    *terms = p.terms;
    if (p.terms.v)
        return NULL;
    const kt_where where[] = {KT_WHERE(terms, initial, KT_EQ, true), {0}};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){&terms_shape, where, "id", 1}, &cursor));
    if (kt_next(cursor, &t.rec))
        *terms = t.rec.id;
    return kt_close(cursor);
}
