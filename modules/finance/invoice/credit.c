/* Credit notes: made of a posted invoice line by line, never for more than was billed, and set off against what
 * is still open of it. The tax is computed by the rates of the invoice's own tax point. */
#include "invoice/invoice.h"
#include "payment/payment.h"

struct credit_line {
    kt_record rec;
    int64_t line;
    kt_dec quantity, price;
};
static const kt_shape credit_line_shape = KT_SHAPE(credit_line, NULL,
    KT_FIELD(credit_line, line, INT, "Line's id", "Id pozycji", .required = true),
    KT_FIELD(credit_line, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4,
        .help = {"Empty: all that is not credited yet.", "Puste: wszystko, czego jeszcze nie skorygowano."}),
    KT_FIELD(credit_line, price, PRICE, "Price down by", "Cena niższa o", .scale = 4,
        .help = {"Nothing comes back: the quantity stays billed at a price lower by this.",
            "Nic nie wraca: ilość pozostaje zafakturowana po cenie niższej o tyle."}));
struct credit {
    kt_record rec;
    kt_str reason, reference;
    kt_date day;
    kt_lines lines;
};
const kt_shape credit_shape = KT_SHAPE(credit, NULL,
    KT_FIELD(credit, reason, STRING, "Reason", "Przyczyna", .required = true, .max = 200),
    KT_FIELD(credit, day, DATE, "Date", "Data", .initial = "today"),
    KT_FIELD(credit, reference, STRING, "Their number", "Numer obcy", .max = 80,
        .help = {"Of a supplier's credit note.", "Korekty otrzymanej od dostawcy."}),
    KT_FIELD(credit, lines, LINES, "Lines", "Pozycje", .lines = &credit_line_shape, .max = 500,
        .help = {"Empty: all of the invoice.", "Puste: cała faktura."}));
const kt_shape credit_made_shape = KT_SHAPE(credit_made, NULL, KT_FIELD(credit_made, id, INT, "Id", "Id"),
    KT_FIELD(credit_made, made, INT, "Id of what was made", "Id utworzonego dokumentu"));

static struct invoice_line *line_with(const struct invoice *v, int64_t id)
{
    for (size_t i = 0; i < v->lines.count; i++)
        if ((int64_t)invoice_line_at(&v->lines, i)->rec.id.v == id)
            return invoice_line_at(&v->lines, i);
    return NULL;
}

struct invoice_line credit_line_of(const struct invoice_line *of)
{
    return (struct invoice_line){KT_OF(invoice_line), .item = of->item, .unit = of->unit, .goods = of->goods,
        .tax_category = of->tax_category, .account = of->account, .name = of->name,
        .discount_percent = of->discount_percent, .order_line = of->order_line,
        .source_line = (int64_t)of->rec.id.v, .dimension = of->dimension, .dimension2 = of->dimension2};
}

/* price  not set: so much comes back; set: so much stays, and the price goes down by it */
static kt_error *add_line(
    kt_tx *tx, const struct invoice_line *of, kt_dec quantity, kt_dec price, struct invoice *note)
{
    struct invoice_line line = credit_line_of(of);
    line.quantity = quantity;
    line.price_only = price.scale1 != 0;
    line.price = line.price_only ? price : of->price;
    if (!line.price_only)
        line.discount_amount = of->discount_amount;
    if (line.discount_amount.coef &&
        !same_dec(quantity, of->quantity)) /* its part of a discount off the line */
        line.discount_amount = kt_dec_share(of->discount_amount, quantity, of->quantity, 4);
    return quantity.coef ? kt_line_add(tx, &note->lines, &line.rec) : NULL;
}

static kt_error *add_asked(
    kt_tx *tx, const struct invoice *v, const struct credit_line *c, size_t i, struct invoice *note)
{
    const struct invoice_line *of = line_with(v, c->line);
    if (!of)
        return kt_fail(tx, KT_VALIDATION, kt_format(tx, "lines[%zu].line", i).ptr, "there is no line %lld",
            "nie ma pozycji %lld", (long long)c->line);
    if (c->price.scale1 && (sign_of(c->price) <= 0 || kt_dec_cmp(c->price, of->price) > 0))
        return kt_fail(tx, KT_VALIDATION, invoice_path(tx, i, "price"),
            "must be above zero and not above the price that was billed",
            "musi być większa od zera i nie większa niż zafakturowana");
    if (c->quantity.scale1 && sign_of(c->quantity) != sign_of(of->quantity))
        return kt_hint(kt_fail(tx, KT_VALIDATION, invoice_path(tx, i, "quantity"),
                           "is not of the sign that was billed", "ma inny znak niż zafakturowana"),
            "Give how much of it is credited, as it was billed; what was credited too much is billed again.",
            "Podaj, ile z tego skorygować, tak jak zafakturowano; co skorygowano za bardzo, zafakturuj "
            "ponownie.");
    kt_dec left = kt_dec_sub(of->quantity, known(of->credited));
    return add_line(tx, of, c->quantity.scale1 ? c->quantity : left, c->price, note);
}

static kt_error *add_lines(kt_tx *tx, const struct invoice *v, const struct credit *p, struct invoice *note)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < p->lines.count; i++)
        kt_also(&all, add_asked(tx, v, KT_AS(credit_line, kt_line(&p->lines, i)), i, note));
    for (size_t i = 0; i < v->lines.count && !p->lines.count; i++) {
        const struct invoice_line *of = invoice_line_at(&v->lines, i);
        KT_TRY(add_line(tx, of, kt_dec_sub(of->quantity, of->credited), (kt_dec){0}, note));
    }
    return all;
}

static bool comes_to_nothing(const struct invoice *note)
{
    for (size_t i = 0; i < note->lines.count; i++) {
        const struct invoice_line *line = invoice_line_at(&note->lines, i);
        if (line->net.coef || line->tax.coef)
            return false;
    }
    return true;
}

kt_error *invoice_credit(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct invoice *v = KT_AS(invoice, self);
    const struct credit *p = KT_SEE(credit, params);
    bool as_billed;
    if (is_credit(v->kind))
        return kt_hint(kt_fail(tx, KT_RULE, "kind", "a credit note is made of an invoice",
                           "korektę wystawia się do faktury"),
            "Credit more of the invoice itself; what a note took off too much is billed by another invoice.",
            "Skoryguj dalej samą fakturę; co korekta zmniejszyła za bardzo, ujmij na kolejnej fakturze.");
    KT_TRY(receipt_has_no_invoice(tx, v));
    struct invoice note = {KT_OF(invoice), .kind = is_sale(v->kind) ? SALE_CREDIT : PURCHASE_CREDIT,
        .party = v->party, .corrects = v->rec.id, .reason = p->reason, .day = p->day,
        .tax_day = later_of(p->day, v->tax_day), .reference = p->reference, .rate_day = v->rate_day,
        .currency = v->currency, .rounding = v->rounding, .tax_included = v->tax_included,
        .position = v->tax_position, .order = v->order, .title = v->title, .terms = v->terms,
        .journal = v->journal, .state = DRAFT};
    KT_TRY(add_lines(tx, v, p, &note));
    kt_authority before = kt_own_authority(tx);
    kt_error *error = note_prices(tx, v, !p->lines.count, &note, &as_billed);
    if (!error && note.lines.count && tax_is_given(v))
        error = note_tax_given(tx, v, &note);
    else if (!p->lines.count && as_billed)
        note.tax_given = v->tax_given;
    kt_callers_authority(tx, before);
    KT_TRY(error);
    if (!note.lines.count)
        return kt_hint(kt_fail(tx, KT_RULE, "lines", "all of the invoice is credited already",
                           "całą fakturę już skorygowano"),
            "Of lines that are credited more can come off by \"price\" alone; name no lines for all that is "
            "left.",
            "Skorygowanym pozycjom można jeszcze obniżyć cenę polem \"price\"; bez pozycji koryguje się "
            "wszystko, co zostało.");
    before = kt_own_authority(tx);
    error = kt_create(tx, &note.rec);
    kt_callers_authority(tx, before);
    if (error || !comes_to_nothing(&note))
        return error;
    return kt_hint(kt_fail(tx, KT_RULE, "lines", "nothing is left to credit", "nie ma już czego korygować"),
        "What these lines billed is credited already, or was taken off for paying early, or was free of "
        "charge.",
        "To, co zafakturowano w tych pozycjach, już skorygowano albo odliczono skontem, albo było "
        "bezpłatne.");
}

kt_error *invoice_made(kt_tx *tx, const kt_record *self, const kt_where *where, kt_record *result)
{
    struct credit_made *out = KT_AS(credit_made, result);
    kt_cursor *cursor;
    struct invoice note = {KT_OF(invoice)};
    out->id = (int64_t)self->id.v;
    KT_TRY(kt_open(tx, &(kt_query){&invoice_shape, where, "-id", 1}, &cursor));
    if (kt_next(cursor, &note.rec))
        out->made = (int64_t)note.rec.id.v;
    return kt_close(cursor);
}

kt_error *invoice_credited(kt_tx *tx, const kt_record *self, kt_record *result)
{
    const kt_where where[] = {KT_WHERE(invoice, corrects, KT_EQ, self->id), {0}};
    return invoice_made(tx, self, where, result);
}

kt_error *credit_left(kt_tx *tx, const struct invoice *of, kt_dec *left, kt_dec *cents)
{
    const kt_where where[] = {
        KT_WHERE(invoice, corrects, KT_EQ, of->rec.id), KT_WHERE(invoice, state, KT_EQ, POSTED), {0}};
    uint64_t notes;
    kt_dec taken;
    KT_TRY(kt_count(tx, &(kt_query){&invoice_shape, where, NULL, 0}, &notes));
    KT_TRY(discounts_taken(tx, of->rec.id, &taken));
    *left = kt_dec_sub(kt_dec_sub(of->gross, taken), known(of->credited));
    *cents = money((int64_t)((notes + 1) * of->lines.count));
    return NULL;
}

/* What is credited of a line of the invoice before this line of a note. */
static kt_dec credited_before(const struct invoice *note, size_t line, const struct invoice_line *source)
{
    kt_dec sum = known(source->credited);
    for (size_t i = 0; i < line; i++) {
        const struct invoice_line *of = invoice_line_at(&note->lines, i);
        if (of->source_line == (int64_t)source->rec.id.v && !of->price_only)
            sum = kt_dec_add(sum, of->quantity);
    }
    return sum;
}

/* More than all of a quantity, or of the other sign than it. */
static bool is_beyond(kt_dec part, kt_dec whole)
{
    return sign_of(whole) < 0 ? kt_dec_cmp(part, whole) < 0 || part.coef > 0
                              : kt_dec_cmp(part, whole) > 0 || part.coef < 0;
}

kt_error *credit_check(kt_tx *tx, const struct invoice *v)
{
    kt_dec left, cents;
    struct invoice of = {KT_OF(invoice)};
    kt_error *all = NULL;
    if (!is_credit(v->kind))
        return NULL;
    KT_TRY(kt_read(tx, v->corrects, &of.rec));
    if (of.state != POSTED || of.party.v != v->party.v || is_sale(of.kind) != is_sale(v->kind) ||
        is_credit(of.kind))
        return kt_fail(tx, KT_RULE, "corrects", "is no posted invoice of this party",
            "nie jest zaksięgowaną fakturą tego kontrahenta");
    kt_also(&all, not_before(tx, v->day, of.day));
    if (v->tax_day.day < of.tax_day.day)
        kt_also(&all, kt_hint(kt_fail(tx, KT_RULE, "tax_day", "is before the tax point of what it corrects",
                                  "jest przed datą obowiązku podatkowego korygowanej faktury"),
                          "Tax that is not due yet is not lessened either.",
                          "Podatku, który jeszcze nie powstał, nie można zmniejszyć."));
    if (of.currency.v != v->currency.v)
        kt_also(&all, kt_fail(tx, KT_RULE, "currency", "is not the invoice's", "jest inna niż faktury"));
    KT_TRY(credit_left(tx, &of, &left, &cents));
    if (kt_dec_cmp(v->gross, kt_dec_add(left, cents)) > 0)
        kt_also(&all, kt_hint(kt_fail(tx, KT_RULE, "lines", "more would be credited than was billed",
                                  "skorygowano by więcej, niż zafakturowano"),
                          "What was taken off for paying early counts as not billed.",
                          "Udzielone skonto liczy się jako niezafakturowane."));
    kt_also(&all, advance_credit_check(tx, v, &of));
    for (size_t i = 0; i < v->lines.count; i++) {
        const struct invoice_line *line = invoice_line_at(&v->lines, i);
        const struct invoice_line *source = line->source_line ? line_with(&of, line->source_line) : NULL;
        kt_dec before = source && !line->price_only ? credited_before(v, i, source) : KT_DEC(0, 4);
        if (line->source_line && (!source || is_beyond(kt_dec_add(before, line->quantity), source->quantity)))
            kt_also(&all, kt_fail(tx, KT_RULE, invoice_path(tx, i, "quantity"),
                              "is more than was billed and not credited",
                              "jest większa niż zafakturowana i nieskorygowana"));
    }
    return all;
}

/* ---- After posting ---- */

static kt_error *note_on_source(kt_tx *tx, const struct invoice *note, struct invoice *of)
{
    KT_TRY(kt_read(tx, note->corrects, &of->rec));
    of->credited = kt_dec_add(known(of->credited), note->gross);
    for (size_t i = 0; i < note->lines.count; i++) {
        const struct invoice_line *line = invoice_line_at(&note->lines, i);
        struct invoice_line *source = line_with(of, line->source_line);
        if (source && !line->price_only)
            source->credited = kt_dec_add(known(source->credited), line->quantity);
    }
    return kt_update(tx, &of->rec);
}

/* What is open of the invoice is set off against the note, oldest instalment first; the rest stays a credit. */
static kt_error *set_off(kt_tx *tx, const struct invoice *note)
{
    struct open_item *ours, *theirs;
    size_t our_count, their_count;
    kt_id self = kt_any(tx, "finance.invoice", note->rec.id);
    KT_TRY(open_items_of(tx, self, &ours, &our_count));
    KT_TRY(open_items_of(tx, kt_any(tx, "finance.invoice", note->corrects), &theirs, &their_count));
    for (size_t i = 0; i < our_count; i++)
        for (size_t k = 0; k < their_count && ours[i].open.coef; k++) {
            kt_dec a = size_of(ours[i].open), b = size_of(theirs[k].open);
            kt_dec much = kt_dec_cmp(a, b) < 0 ? a : b;
            if (!much.coef || sign_of(ours[i].open) == sign_of(theirs[k].open))
                continue;
            bool we_owe = ours[i].open.coef < 0;
            KT_TRY(items_match(tx, we_owe ? theirs[k].rec.id : ours[i].rec.id,
                we_owe ? ours[i].rec.id : theirs[k].rec.id, much, much, note->day, self));
            ours[i].open = we_owe ? kt_dec_add(ours[i].open, much) : kt_dec_sub(ours[i].open, much);
            theirs[k].open = we_owe ? kt_dec_sub(theirs[k].open, much) : kt_dec_add(theirs[k].open, much);
        }
    return invoice_follow(tx, note->corrects);
}

static kt_error *after_posting(kt_tx *tx, const struct invoice *v)
{
    if (is_credit(v->kind)) {
        struct invoice of = {KT_OF(invoice)};
        KT_TRY(note_on_source(tx, v, &of));
        KT_TRY(set_off(tx, v));
    }
    return v->receipt.v ? NULL : order_report(tx, v); /* the receipt has told the order */
}

kt_error *invoice_posted(kt_tx *tx, const kt_event *event)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = after_posting(tx, KT_SEE(invoice, event->after));
    kt_callers_authority(tx, before);
    return error;
}
