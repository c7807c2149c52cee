/* Advance invoices and the final ones that settle them, one or several: of each advance as much as its final invoices bear.
 * The parts are cut so that net, tax and value of all of them are the advance's. What was credited of an advance is gone
 * from it, rate by rate: what is settled after a credit note are parts of what it left. source: ustawa o VAT art. 29a
 * ust. 10 pkt 3, art. 106f ust. 3 */
#include <kontor/documents.h>

#include "invoice/invoice.h"

struct settlement { /* of an advance by a posted invoice; entries are numbered in the order of posting */
    kt_id entry;
    kt_dec gross;
};

static kt_error *settled_by(kt_tx *tx, kt_id by, kt_id advance, struct settlement *out)
{
    struct invoice v = {KT_OF(invoice)};
    KT_TRY(kt_read(tx, by, &v.rec));
    *out = (struct settlement){v.entry, money(0)};
    for (size_t i = 0; i < v.advances.count; i++) {
        const struct advance *a = KT_AS(advance, kt_line(&v.advances, i));
        if (a->invoice.v == advance.v)
            out->gross = kt_dec_add(out->gross, known(a->gross));
    }
    return NULL;
}

static kt_error *read_settlements(
    kt_tx *tx, kt_id advance, kt_id but, bool drafts, struct settlement **rows, size_t *count)
{
    kt_found found;
    kt_str by = kt_format(tx, "[[\"advances.invoice\",\"=\",%llu],[\"state\",%s]]",
        (unsigned long long)advance.v, drafts ? "\"!=\",\"cancelled\"" : "\"=\",\"posted\"");
    KT_TRY(kt_find(tx, &(kt_query){.of = &invoice_shape, .sort = "id", .filter = by}, 0, &found));
    *rows = kt_alloc(tx, sizeof **rows * (found.count + 1));
    *count = 0;
    if (!*rows)
        return kt_no_memory();
    for (size_t i = 0; i < found.count; i++)
        if (found.ids[i].v != but.v)
            KT_TRY(settled_by(tx, found.ids[i], advance, &(*rows)[(*count)++]));
    return NULL;
}

kt_error *advance_left(kt_tx *tx, const struct invoice *advance, kt_id but, bool drafts, kt_dec *gross)
{
    struct settlement *rows;
    size_t count;
    KT_TRY(read_settlements(tx, advance->rec.id, but, drafts, &rows, &count));
    *gross = kt_dec_sub(advance->gross, known(advance->credited));
    for (size_t i = 0; i < count; i++)
        *gross = kt_dec_sub(*gross, rows[i].gross);
    return NULL;
}

kt_error *advances_left(kt_tx *tx, kt_id order, kt_dec *gross)
{
    const kt_where where[] = {
        KT_WHERE(invoice, order, KT_EQ, order), KT_WHERE(invoice, state, KT_EQ, POSTED), {0}};
    kt_found found;
    *gross = money(0);
    KT_TRY(kt_find(tx, &(kt_query){.of = &invoice_shape, .where = where, .sort = "id"}, 0, &found));
    for (size_t i = 0; i < found.count; i++) {
        struct invoice v = {KT_OF(invoice)};
        kt_dec left;
        KT_TRY(kt_read(tx, found.ids[i], &v.rec));
        if (!is_advance(v.kind))
            continue;
        KT_TRY(advance_left(tx, &v, (kt_id){0}, false, &left));
        *gross = kt_dec_add(*gross, left);
    }
    return NULL;
}

kt_dec advance_share(const struct advance_part *part, kt_dec figure)
{
    if (!part->of.gross.coef)
        return known(figure);
    return kt_dec_sub(share_of(figure, kt_dec_add(part->before, part->gross), part->of.gross),
        share_of(figure, part->before, part->of.gross));
}

/* Of what rows bear beside a net, as much as belongs to this much of the gross: with the net's share, the whole's. */
static void taxes_until(const struct advance_part *part, kt_dec gross, kt_dec net, const kt_dec *taxes,
    size_t count, kt_dec *shares)
{
    kt_dec sum = money(0), each = money(0);
    bool below = false;
    size_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        sum = kt_dec_add(sum, taxes[i]);
        below = below || sign_of(taxes[i]) < 0;
        shares[i] = share_of(taxes[i], gross, part->of.gross);
        each = kt_dec_add(each, shares[i]);
        if (kt_dec_cmp(size_of(taxes[i]), size_of(taxes[largest])) > 0)
            largest = i;
    }
    const kt_dec whole = kt_dec_sub(
        share_of(kt_dec_add(net, sum), gross, part->of.gross), share_of(net, gross, part->of.gross));
    if (!below && sum.coef)
        kt_dec_split(whole, taxes, count, shares);
    else if (count) /* a row that deducts is no weight: the largest bears the cent */
        shares[largest] = kt_dec_add(shares[largest], kt_dec_sub(whole, each));
}

/* The part's shares of the taxes of several rows beside one net. Each rounded by itself they would not sum up to the part's. */
static kt_error *cut_taxes(
    kt_tx *tx, const struct advance_part *part, kt_dec net, const kt_dec *taxes, size_t count, kt_dec *shares)
{
    kt_dec *before = kt_alloc(tx, sizeof *before * (count + 1));
    if (!before)
        return kt_no_memory();
    for (size_t i = 0; i < count; i++)
        shares[i] = known(taxes[i]);
    if (!part->of.gross.coef)
        return NULL;
    taxes_until(part, part->before, net, taxes, count, before);
    taxes_until(part, kt_dec_add(part->before, part->gross), net, taxes, count, shares);
    for (size_t i = 0; i < count; i++)
        shares[i] = kt_dec_sub(shares[i], before[i]);
    return NULL;
}

kt_error *advance_taxes(kt_tx *tx, const struct advance_part *part, kt_dec **shares)
{
    const size_t count = part->of.taxes.count;
    kt_dec *taxes = kt_alloc(tx, sizeof *taxes * (count + 1));
    if (!taxes || !(*shares = kt_alloc(tx, sizeof **shares * (count + 1))))
        return kt_no_memory();
    for (size_t i = 0; i < count; i++)
        taxes[i] = known(KT_AS(kt_tax_row, kt_line(&part->of.taxes, i))->amount);
    return cut_taxes(tx, part, known(part->of.net), taxes, count, *shares);
}

/* What the buyer accounts for is no part of what is paid. */
static kt_error *booked_taxes(kt_tx *tx, const struct advance_part *part, kt_dec **shares)
{
    const size_t count = part->booked.count;
    kt_dec *taxes = kt_alloc(tx, sizeof *taxes * (count + 1));
    if (!taxes || !(*shares = kt_alloc(tx, sizeof **shares * (count + 1))))
        return kt_no_memory();
    for (size_t i = 0; i < count; i++)
        taxes[i] = is_buyers(&part->booked.at[i]) ? money(0) : known(part->booked.at[i].amount);
    KT_TRY(cut_taxes(tx, part, known(part->of.base_net), taxes, count, *shares));
    for (size_t i = 0; i < count; i++)
        if (is_buyers(&part->booked.at[i]))
            (*shares)[i] = advance_share(part, part->booked.at[i].amount);
    return NULL;
}

/* ---- What is left of an advance ---- */

/* Takes from every figure its share of what was settled before. */
static kt_error *drop_settled(kt_tx *tx, struct advance_part *left)
{
    struct invoice *of = &left->of;
    struct advance_part done = *left;
    kt_dec *taxes, *booked;
    done.before = money(0);
    done.gross = left->before;
    KT_TRY(advance_taxes(tx, &done, &taxes));
    KT_TRY(booked_taxes(tx, &done, &booked));
    for (size_t i = 0; i < of->taxes.count; i++) {
        kt_tax_row *row = KT_AS(kt_tax_row, kt_line(&of->taxes, i));
        row->net = kt_dec_sub(row->net, advance_share(&done, row->net));
        row->amount = kt_dec_sub(row->amount, taxes[i]);
    }
    for (size_t i = 0; i < left->buyers.count; i++) {
        kt_tax_total *row = &left->buyers.rows[i];
        row->net = kt_dec_sub(row->net, advance_share(&done, row->net));
        row->tax = kt_dec_sub(row->tax, advance_share(&done, row->tax));
    }
    for (size_t i = 0; i < left->booked.count; i++) {
        struct vat_line *row = &left->booked.at[i];
        row->net = kt_dec_sub(row->net, advance_share(&done, row->net));
        row->amount = kt_dec_sub(row->amount, booked[i]);
    }
    of->net = kt_dec_sub(of->net, advance_share(&done, of->net));
    of->base_net = kt_dec_sub(of->base_net, advance_share(&done, of->base_net));
    of->gross = kt_dec_sub(of->gross, left->before);
    left->before = money(0);
    return NULL;
}

/* A note of a part of what bore tax as given bears the rates of its lines: it lessens the one row that there is. */
static void drop_from_given(struct register_rows *booked)
{
    size_t kept = 0, given = booked->count;
    for (size_t i = 0; i < booked->count; i++) {
        struct vat_line *row = &booked->at[i];
        if (given < booked->count && !is_buyers(row)) {
            booked->at[given].net = kt_dec_add(booked->at[given].net, row->net);
            booked->at[given].amount = kt_dec_add(booked->at[given].amount, row->amount);
            continue;
        }
        if (!row->tax.v)
            given = kept;
        booked->at[kept++] = *row;
    }
    booked->count = kept;
}

static kt_error *drop_note(kt_tx *tx, const struct house *house, kt_id id, struct advance_part *left)
{
    struct invoice note = {KT_OF(invoice)}, *of = &left->of;
    struct assessed credited;
    KT_TRY(kt_read(tx, id, &note.rec));
    for (size_t i = 0; i < note.taxes.count; i++) {
        const kt_tax_row *less = KT_AS(kt_tax_row, kt_line(&note.taxes, i));
        kt_tax_row *row = tax_row_of(&of->taxes, less);
        if (!row)
            continue;
        row->net = kt_dec_sub(row->net, less->net);
        row->amount = kt_dec_sub(row->amount, less->amount);
    }
    KT_TRY(assess_bill(tx, house, &note, &credited));
    for (size_t i = 0; i < credited.count; i++)
        KT_TRY(assessed_add(tx, &left->buyers, &credited.rows[i], true));
    KT_TRY(register_read(tx, id, register_of(of), false, &left->booked));
    if (tax_is_given(of))
        drop_from_given(&left->booked);
    of->net = kt_dec_sub(of->net, note.net);
    of->base_net = kt_dec_sub(of->base_net, note.base_net);
    of->gross = kt_dec_sub(of->gross, note.gross);
    return NULL;
}

static kt_dec settled_between(const struct settlement *rows, size_t count, kt_id from, kt_id to)
{
    kt_dec sum = money(0);
    for (size_t i = 0; i < count; i++)
        if (rows[i].entry.v > from.v && rows[i].entry.v < to.v)
            sum = kt_dec_add(sum, rows[i].gross);
    return sum;
}

kt_error *advance_read(kt_tx *tx, kt_id advance, kt_id before, struct advance_part *left)
{
    const kt_where noted[] = {
        KT_WHERE(invoice, corrects, KT_EQ, advance), KT_WHERE(invoice, state, KT_EQ, POSTED), {0}};
    const kt_id last = before.v ? before : (kt_id){UINT64_MAX};
    struct house house;
    struct settlement *rows;
    size_t count;
    kt_found notes = {0};
    kt_id since = {0};
    *left = (struct advance_part){.of = {KT_OF(invoice)}};
    KT_TRY(house_of(tx, &house));
    KT_TRY(kt_read(tx, advance, &left->of.rec));
    KT_TRY(assess_bill(tx, &house, &left->of, &left->buyers));
    KT_TRY(register_read(tx, advance, register_of(&left->of), false, &left->booked));
    KT_TRY(read_settlements(tx, advance, (kt_id){0}, false, &rows, &count));
    if (left->of.credited.coef)
        KT_TRY(kt_find(tx, &(kt_query){&invoice_shape, noted, "entry"}, 0, &notes));
    for (size_t i = 0; i < notes.count; i++) {
        struct invoice note = {KT_OF(invoice)};
        KT_TRY(kt_read(tx, notes.ids[i], &note.rec));
        if (note.entry.v >= last.v)
            break;
        left->before = settled_between(rows, count, since, note.entry);
        KT_TRY(drop_settled(tx, left));
        KT_TRY(drop_note(tx, &house, notes.ids[i], left));
        since = note.entry;
    }
    left->before = settled_between(rows, count, since, last);
    return NULL;
}

kt_error *advance_booked(kt_tx *tx, const struct advance_part *part, struct register_rows *rows)
{
    kt_dec *taxes;
    KT_TRY(booked_taxes(tx, part, &taxes));
    for (size_t i = 0; i < part->booked.count; i++) {
        struct vat_line row = part->booked.at[i];
        row.net = advance_share(part, row.net);
        row.amount = taxes[i];
        KT_TRY(register_add(tx, rows, &row));
    }
    return NULL;
}

/* ---- What may be credited of it ---- */

static const kt_text credit_less = {"Credit less of these lines, or by \"price\" a part of it.",
    "Skoryguj mniej z tych pozycji albo część ceny polem \"price\"."};

/* All that is left of an advance, as one part of it. */
static struct advance_part rest_of(const struct advance_part *left)
{
    struct advance_part rest = *left;
    rest.gross = kt_dec_sub(left->of.gross, left->before);
    return rest;
}

static kt_error *check_rate(
    kt_tx *tx, const struct advance_part *left, kt_str label, kt_dec asked, kt_dec open, kt_dec cents)
{
    if (kt_dec_cmp(asked, kt_dec_add(open, cents)) <= 0)
        return NULL;
    return kt_hint(
        kt_fail(tx, KT_RULE, "lines", "of what %s bore %s %s is left: the rest is credited or settled",
            "z tego, co na %s było ze stawką %s, pozostaje %s: reszta jest skorygowana albo rozliczona",
            left->of.rec.number.ptr, label.ptr, kt_dec_text(tx, kt_dec_round(open, 2), 2).ptr),
        credit_less.en, credit_less.pl);
}

static kt_error *check_charged(
    kt_tx *tx, const struct advance_part *left, const kt_tax_row *row, kt_dec cents)
{
    const kt_tax_row *of = tax_row_of(&left->of.taxes, row);
    const struct advance_part rest = rest_of(left);
    kt_dec open = money(0);
    if (tax_is_given(&left->of)) /* of no rate: what is left of all is checked */
        return NULL;
    if (of)
        open = kt_dec_add(advance_share(&rest, of->net), advance_share(&rest, of->amount));
    return check_rate(tx, left, row->label, kt_dec_add(row->net, row->amount), open, cents);
}

/* Of what the buyer accounts for. */
static kt_error *check_assessed(
    kt_tx *tx, const struct advance_part *left, const kt_tax_total *row, kt_dec cents)
{
    const kt_tax_total *of = assessed_at(&left->buyers, row->rate.tax, row->rate.rate);
    const struct advance_part rest = rest_of(left);
    kt_dec open = of ? advance_share(&rest, of->net) : money(0);
    return check_rate(tx, left, row->rate.label, row->net, open, cents);
}

kt_error *advance_credit_check(kt_tx *tx, const struct invoice *note, const struct invoice *of)
{
    struct advance_part left;
    kt_dec cents = money((int64_t)note->lines.count); /* lines are rounded each for itself */
    struct house house;
    struct assessed buyers;
    kt_error *all = NULL;
    if (!is_advance(of->kind))
        return NULL;
    KT_TRY(house_of(tx, &house));
    KT_TRY(advance_read(tx, of->rec.id, (kt_id){0}, &left));
    KT_TRY(assess_bill(tx, &house, note, &buyers));
    for (size_t i = 0; i < note->taxes.count; i++)
        kt_also(&all, check_charged(tx, &left, KT_AS(kt_tax_row, kt_line(&note->taxes, i)), cents));
    for (size_t i = 0; i < buyers.count; i++)
        kt_also(&all, check_assessed(tx, &left, &buyers.rows[i], cents));
    const kt_dec open = kt_dec_sub(left.of.gross, left.before); /* of all rates to the cent */
    if (all || kt_dec_cmp(note->gross, open) <= 0)
        return all;
    return kt_hint(kt_fail(tx, KT_RULE, "lines", "of %s %s is left: the rest is credited or settled",
                       "z %s pozostaje %s: reszta jest skorygowana albo rozliczona", left.of.rec.number.ptr,
                       kt_dec_text(tx, kt_dec_round(open, 2), 2).ptr),
        credit_less.en, credit_less.pl);
}

/* ---- What an invoice settles ---- */

static kt_error *check_advance(kt_tx *tx, const struct invoice *v, const struct invoice *of, size_t i)
{
    bool fits = (v->kind == SALE && of->kind == ADVANCE) ||
                (v->kind == PURCHASE && of->kind == PURCHASE_ADVANCE);
    if (fits && of->state == POSTED && of->party.v == v->party.v && of->currency.v == v->currency.v)
        return NULL;
    return kt_hint(kt_fail(tx, KT_VALIDATION, kt_format(tx, "advances[%zu].invoice", i).ptr,
                       "is no posted advance invoice of this party in this currency",
                       "nie jest zaksięgowaną fakturą zaliczkową tego kontrahenta w tej walucie"),
        "Settle advances on a final invoice of the same party and currency.",
        "Zaliczki rozlicza faktura końcowa tego samego kontrahenta i waluty.");
}

kt_error *advance_too_little(kt_tx *tx, kt_kind kind, const char *path, const struct invoice *of, kt_dec left)
{
    kt_str said = kt_dec_text(tx, kt_dec_round(left.coef > 0 ? left : money(0), 2), 2);
    return kt_fail(tx, kind, path, "of %s %s is left to settle", "z %s pozostaje do rozliczenia %s",
        of->rec.number.ptr ? of->rec.number.ptr : "", said.ptr);
}

static kt_error *take_advance(kt_tx *tx, struct invoice *v, struct advance *a, size_t i)
{
    struct advance_part part;
    const char *path = kt_format(tx, "advances[%zu].amount", i).ptr;
    struct invoice of = {KT_OF(invoice)};
    kt_dec left;
    a->gross = (kt_dec){0};
    KT_TRY(kt_read(tx, a->invoice, &of.rec));
    KT_TRY(check_advance(tx, v, &of, i));
    KT_TRY(advance_read(tx, a->invoice, (kt_id){0}, &part));
    KT_TRY(advance_left(tx, &of, v->rec.id, true, &left));
    kt_dec most = kt_dec_cmp(left, v->to_pay) < 0 ? left : v->to_pay;
    if (a->amount.scale1 && sign_of(a->amount) <= 0)
        return kt_fail(tx, KT_VALIDATION, path, "must be above zero", "musi być większa od zera");
    if (a->amount.scale1 && kt_dec_cmp(a->amount, left) > 0)
        return advance_too_little(tx, KT_VALIDATION, path, &of, left);
    if (a->amount.scale1 && kt_dec_cmp(a->amount, v->to_pay) > 0)
        return kt_fail(tx, KT_VALIDATION, "advances", "the advances are more than the invoice",
            "zaliczki przekraczają fakturę");
    part.gross = a->gross = kt_dec_round(a->amount.scale1 ? a->amount : most.coef > 0 ? most : money(0), 2);
    a->net = advance_share(&part, part.of.net);
    a->tax = kt_dec_sub(a->gross, a->net);
    v->to_pay = kt_dec_sub(v->to_pay, a->gross);
    return NULL;
}

static bool named_before(const struct invoice *v, const struct advance *a, size_t i)
{
    while (i-- > 0)
        if (KT_AS(advance, kt_line(&v->advances, i))->invoice.v == a->invoice.v)
            return true;
    return false;
}

kt_error *advances_take(kt_tx *tx, struct invoice *v)
{
    kt_error *all = NULL;
    v->to_pay = v->gross;
    for (size_t i = 0; i < v->advances.count; i++) {
        struct advance *a = KT_AS(advance, kt_line(&v->advances, i));
        if (a->invoice.v)
            kt_also(&all, named_before(v, a, i)
                              ? kt_fail(tx, KT_VALIDATION, kt_format(tx, "advances[%zu].invoice", i).ptr,
                                    "is named twice", "jest podana dwa razy")
                              : take_advance(tx, v, a, i));
    }
    return all;
}
