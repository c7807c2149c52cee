/* What quotations and orders have in common: the customer as they were on the day, terms, totals, approval,
 * and that a document which went out does not change any more. */
#include "sales/sales.h"

const kt_choice sale_roundings[] = {
    {KT_TAX_BY_LINE, "line", {"By line", "Na pozycji"}},
    {KT_TAX_BY_DOCUMENT, "document", {"By document", "Na dokumencie"}},
    {0},
};

enum { BILLING = 1, SHIPPING };
static const kt_choice sale_address_uses[] = {
    {BILLING, "billing", {"Buyer", "Nabywca"}},
    {SHIPPING, "shipping", {"Recipient", "Odbiorca"}},
    {0},
};
struct sale_address {
    kt_record rec;
    unsigned use;
    kt_str name, tax_id, street, postal_code, city, country;
};
const kt_shape sale_address_shape = KT_SHAPE(sale_address, NULL,
    KT_FIELD(sale_address, use, STATE, "Use", "Rodzaj", .choices = sale_address_uses, .priority = 1),
    KT_FIELD(sale_address, name, STRING, "Name", "Nazwa", .max = 200, .priority = 2),
    KT_FIELD(sale_address, tax_id, STRING, "Tax id", "NIP / numer VAT", .max = 30),
    KT_FIELD(sale_address, street, STRING, "Street", "Ulica", .max = 410, .priority = 3),
    KT_FIELD(sale_address, postal_code, STRING, "Postal code", "Kod pocztowy", .max = 20, .priority = 4),
    KT_FIELD(sale_address, city, STRING, "City", "Miejscowość", .max = 100, .priority = 5),
    KT_FIELD(sale_address, country, STRING, "Country", "Kraj", .max = 2, .priority = 6));
const kt_shape reason_shape = KT_SHAPE(
    reason, NULL, KT_FIELD(reason, reason, STRING, "Reason", "Powód", .required = true, .max = 200));

/* ---- The customer as they are now ---- */

enum party_address_use { MAIN_ADDRESS = 1, BILLING_ADDRESS, SHIPPING_ADDRESS }; /* as base.party's */
struct party_address {
    kt_record rec;
    enum party_address_use use;
    kt_str street, street2, city, postal_code;
    kt_id country;
};
static const kt_shape party_address_shape = KT_SHAPE(party_address, NULL,
    KT_BIND(party_address, use, STATE, "use"), KT_BIND(party_address, street, STRING, "street"),
    KT_BIND(party_address, street2, STRING, "street2"), KT_BIND(party_address, city, STRING, "city"),
    KT_BIND(party_address, postal_code, STRING, "postal_code"),
    KT_BIND(party_address, country, REF, "country"));
struct buyer {
    kt_record rec;
    kt_str name, legal_name, tax_id;
    kt_lines addresses;
};
static const kt_shape buyer_shape = KT_SHAPE(buyer, "base.party", KT_BIND(buyer, name, STRING, "name"),
    KT_BIND(buyer, legal_name, STRING, "legal_name"), KT_BIND(buyer, tax_id, STRING, "tax_id"),
    KT_BIND(buyer, addresses, LINES, "addresses", .lines = &party_address_shape));
struct land {
    kt_record rec;
    kt_str code;
};
static const kt_shape land_shape = KT_SHAPE(land, "base.country", KT_BIND(land, code, STRING, "code"));
struct position_note {
    kt_record rec;
    kt_str note;
};
static const kt_shape position_note_shape = KT_SHAPE(
    position_note, "base.tax_position", KT_BIND(position_note, note, TEXT, "note"));

/* The address of this use, else the main one, else the first. */
static const struct party_address *address_for(const struct buyer *b, enum party_address_use use)
{
    const struct party_address *best = NULL;
    for (size_t i = 0; i < b->addresses.count; i++) {
        const struct party_address *a = KT_AS(party_address, kt_line(&b->addresses, i));
        if (a->use == use)
            return a;
        if (!best || (a->use == MAIN_ADDRESS && best->use != MAIN_ADDRESS))
            best = a;
    }
    return best;
}

/* A line that says the same again stays the same line. */
static kt_id line_of(const kt_lines *before, unsigned use)
{
    for (size_t i = 0; i < before->count; i++)
        if (KT_AS(sale_address, kt_line(before, i))->use == use)
            return kt_line(before, i)->id;
    return (kt_id){0};
}

static kt_error *add_address(kt_tx *tx, struct sale *s, const kt_lines *before, unsigned use)
{
    kt_id other = use == BILLING ? s->bill_to : s->ship_to, party = other.v ? other : s->party;
    const char *field = !other.v ? "party" : use == BILLING ? "bill_to" : "ship_to";
    struct buyer b = {KT_OF(buyer)};
    KT_TRY(read_ref(tx, field, party, &b.rec));
    struct sale_address row = {KT_OF(sale_address), .rec.id = line_of(before, use), .use = use,
        .tax_id = b.tax_id, .name = b.legal_name.ptr && use == BILLING ? b.legal_name : b.name};
    const struct party_address *a = address_for(&b, use == BILLING ? BILLING_ADDRESS : SHIPPING_ADDRESS);
    if (a) {
        struct land land = {KT_OF(land)};
        if (a->country.v)
            KT_TRY(kt_read(tx, a->country, &land.rec));
        row.street = a->street2.ptr
                         ? kt_format(tx, "%s, %s", a->street.ptr ? a->street.ptr : "", a->street2.ptr)
                         : a->street;
        row.postal_code = a->postal_code;
        row.city = a->city;
        row.country = land.code;
    }
    if (!s->title.ptr && use == BILLING)
        s->title = b.name;
    return kt_line_add(tx, &s->addresses, &row.rec);
}

static kt_error *snapshot(kt_tx *tx, struct sale *s)
{
    if (!s->party.v)
        return NULL; /* the core asks for it */
    const kt_lines before = s->addresses;
    s->addresses = (kt_lines){0};
    KT_TRY(add_address(tx, s, &before, BILLING));
    return add_address(tx, s, &before, SHIPPING);
}

/* ---- What is fixed ---- */

static kt_error *fixed(kt_tx *tx, const char *path)
{
    return kt_hint(kt_fail(tx, KT_BAD_STATE, path, "is fixed: the document is no draft any more",
                       "jest ustalone: dokument nie jest już szkicem"),
        "Make a new version of a quotation (revise), amend an order (amend).",
        "Utwórz nową wersję oferty (revise) albo zmień zamówienie (amend).");
}

static const char *line_changed(const struct sale_line *a, const struct sale_line *b)
{
    return a->item.v != b->item.v                                ? "item"
           : !same_str(a->name, b->name)                         ? "name"
           : !same_dec(a->quantity, b->quantity)                 ? "quantity"
           : a->unit.v != b->unit.v                              ? "unit"
           : !same_dec(a->price, b->price)                       ? "price"
           : !same_dec(a->discount_percent, b->discount_percent) ? "discount_percent"
           : !same_dec(a->discount_amount, b->discount_amount)   ? "discount_amount"
           : a->tax_category.v != b->tax_category.v              ? "tax_category"
           : a->optional != b->optional || a->taken != b->taken  ? "taken"
           : a->asked.day != b->asked.day                        ? "asked"
                                                                 : NULL;
}

static kt_error *check_fixed(kt_tx *tx, const struct sale *s, const struct sale *stored)
{
    const struct {
        const char *path;
        bool same;
    } members[] = {
        {"party", s->party.v == stored->party.v},
        {"bill_to", s->bill_to.v == stored->bill_to.v},
        {"ship_to", s->ship_to.v == stored->ship_to.v},
        {"day", s->day.day == stored->day.day},
        {"currency", s->currency.v == stored->currency.v},
        {"price_list", s->price_list.v == stored->price_list.v},
        {"tax_included", s->tax_included == stored->tax_included},
        {"position", s->position.v == stored->position.v},
        {"tax_given", same_dec(s->tax_given, stored->tax_given)},
        {"terms", same_str(s->terms, stored->terms)},
        {"valid_until", s->valid_until.day == stored->valid_until.day},
        {"lines", s->lines.count == stored->lines.count},
    };
    kt_error *all = NULL;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (!members[i].same)
            kt_also(&all, fixed(tx, members[i].path));
    for (size_t i = 0; i < s->lines.count && i < stored->lines.count; i++) {
        const struct sale_line *line = sale_line_at(&s->lines, i);
        const struct sale_line *was = sale_line_with(&stored->lines, line->rec.id);
        const char *field = was ? line_changed(was, line) : "id";
        if (field)
            kt_also(&all, fixed(tx, kt_format(tx, "lines[%zu].%s", i, field).ptr));
    }
    return all;
}

kt_error *sale_stored(kt_tx *tx, const struct sale *s, struct sale *stored, bool *found)
{
    *stored = (struct sale){.rec.of = s->rec.of};
    *found = s->rec.id.v != 0;
    return *found ? kt_read(tx, s->rec.id, &stored->rec) : NULL;
}

/* ---- Totals ---- */

static kt_error *judge_discount(kt_tx *tx, struct sale *s, const struct terms *t)
{
    bool ask;
    KT_TRY(discount_judge(tx, t, &ask));
    bool enough = s->approved_discount.scale1 && kt_dec_cmp(s->approved_discount, t->discount_most) >= 0;
    s->approval = enough && t->discount_most.coef ? GIVEN : ask ? NEEDED : NOT_NEEDED;
    return NULL;
}

kt_error *sale_compute(kt_tx *tx, struct sale *s, const struct sale *stored, bool open, bool drafted)
{
    if (!open)
        return kt_joining(tx) ? NULL : check_fixed(tx, s, stored);
    kt_error *all = NULL;
    struct terms t = {.company = s->rec.company,
        .party = s->party,
        .currency = s->currency,
        .price_list = s->price_list,
        .position = s->position,
        .day = s->day,
        .rounding = s->rounding,
        .tax_included = s->tax_included,
        .drafted = drafted,
        .given = s->tax_given,
        .lines = &s->lines,
        .taxes = &s->taxes,
        .before = stored ? &stored->lines : NULL};
    KT_TRY(snapshot(tx, s)); /* without the customer nothing below can be found */
    kt_also(&all, terms_compute(tx, &t));
    if (all)
        return all;
    struct position_note note = {KT_OF(position_note)};
    if (t.tax_position.v)
        KT_TRY(kt_read(tx, t.tax_position, &note.rec));
    s->tax_note = note.note;
    s->tax_position = t.tax_position;
    s->rounding = t.rounding;
    s->currency = t.currency;
    s->net = t.net;
    s->tax = t.tax;
    s->gross = t.gross;
    s->discount_most = t.discount_most;
    if (!s->revision)
        s->revision = 1;
    if (drafted || stored) /* what is imported was agreed elsewhere */
        return judge_discount(tx, s, &t);
    s->approval = NOT_NEEDED;
    return NULL;
}

/* ---- Approval ---- */

kt_error *sale_approve(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct sale *s = (struct sale *)(void *)self;
    struct terms t = {.discount_most = s->discount_most};
    bool ask;
    if (s->approval != NEEDED)
        return kt_fail(
            tx, KT_BAD_STATE, "approval", "no discount waits for approval", "żaden rabat nie czeka na zgodę");
    if (s->owner.v == kt_user(tx).v || s->rec.created_by.v == kt_user(tx).v)
        return kt_hint(kt_fail(tx, KT_FORBIDDEN, "approval", "nobody approves a discount of their own",
                           "nikt nie zatwierdza własnego rabatu"),
            "Ask somebody else who may approve it.", "Poproś inną osobę, która może go zatwierdzić.");
    KT_TRY(discount_judge(tx, &t, &ask));
    if (ask)
        return kt_fail(tx, KT_FORBIDDEN, "approval", "the discount is above your own limit too",
            "rabat przekracza także Twój limit");
    s->approved_discount = s->discount_most;
    s->approved_by = kt_user(tx);
    return NULL;
}

kt_error *sale_approved(kt_tx *tx, const struct sale *s)
{
    if (!s->lines.count)
        return kt_hint(
            kt_fail(tx, KT_VALIDATION, "lines", "the document has no lines", "dokument nie ma pozycji"),
            "Add what is sold.", "Dodaj, co jest sprzedawane.");
    if (s->approval != NEEDED)
        return NULL;
    return kt_hint(
        kt_fail(tx, KT_RULE, "approval", "the discount waits for approval", "rabat czeka na zgodę"),
        "Ask somebody who may approve it, or lower the discount.",
        "Poproś kogoś, kto może go zaakceptować, albo zmniejsz rabat.");
}

/* ---- Copies ---- */

kt_error *sale_copy(
    kt_tx *tx, const struct sale *from, struct sale *to, const kt_shape *line_shape, bool untaken)
{
    to->title = from->title;
    to->reference = from->reference;
    to->source = from->source;
    to->terms = from->terms;
    to->party = from->party;
    to->contact = from->contact;
    to->bill_to = from->bill_to;
    to->ship_to = from->ship_to;
    to->owner = from->owner;
    to->deal = from->deal;
    to->currency = from->currency;
    to->price_list = from->price_list;
    to->position = from->position;
    to->rounding = from->rounding;
    to->tax_included = from->tax_included;
    to->tax_given = from->tax_given;
    to->approved_discount = from->approved_discount;
    to->approved_by = from->approved_by;
    to->rec.company = from->rec.company;
    for (size_t i = 0; i < from->lines.count; i++) {
        struct sale_line line = *sale_line_at(&from->lines, i);
        if (line.optional && !line.taken && !untaken)
            continue;
        line.source_line = (int64_t)line.rec.id.v;
        line.rec = (kt_record){.of = line_shape};
        line.list_price = (kt_dec){0};
        KT_TRY(kt_line_add(tx, &to->lines, &line.rec));
    }
    return NULL;
}
