/* What differs between two versions of a document: its own fields, then line by line. */
#include "sales/sales.h"

static const kt_choice differences[] = {
    {ADDED, "added", {"Added", "Dodano"}},
    {REMOVED, "removed", {"Removed", "Usunięto"}},
    {CHANGED, "changed", {"Changed", "Zmieniono"}},
    {0},
};
const kt_shape amendment_shape = KT_SHAPE(amendment, NULL,
    KT_FIELD(amendment, revision, INT, "Revision", "Wersja", .priority = 1),
    KT_FIELD(amendment, line, INT, "Line's id", "Id pozycji"),
    KT_FIELD(amendment, name, STRING, "Line", "Pozycja", .max = 400, .priority = 2),
    KT_FIELD(amendment, difference, STATE, "Difference", "Różnica", .choices = differences, .priority = 3),
    KT_FIELD(amendment, field, STRING, "Field", "Pole", .max = 40, .priority = 4),
    KT_FIELD(amendment, before, STRING, "Before", "Przedtem", .max = 400, .priority = 5),
    KT_FIELD(amendment, after, STRING, "After", "Teraz", .max = 400, .priority = 6),
    KT_FIELD(amendment, reason, STRING, "Reason", "Powód", .max = 200),
    KT_FIELD(amendment, at, TIME, "At", "Kiedy"),
    KT_FIELD(amendment, by, REF, "By", "Kto", .target = "access.user", .on_delete = KT_CLEAR));

/* With no more digits than it has, but at least so many. */
static kt_str dec_text(kt_tx *tx, kt_dec value, int least)
{
    if (!value.scale1)
        return (kt_str){0};
    int digits = value.scale1 - 1;
    int64_t coef = value.coef, power = 1;
    for (; digits > least && coef % 10 == 0; digits--)
        coef /= 10;
    for (int i = 0; i < digits; i++)
        power *= 10;
    const char *sign = coef < 0 ? "-" : "";
    unsigned long long size = (unsigned long long)(coef < 0 ? -coef : coef), unit = (unsigned long long)power;
    if (!digits)
        return kt_format(tx, "%s%llu", sign, size);
    return kt_format(tx, "%s%llu.%0*llu", sign, size / unit, digits, size % unit);
}

static kt_str date_text(kt_tx *tx, kt_date date)
{
    int year, month, day;
    if (!date.day)
        return (kt_str){0};
    kt_date_parts(date, &year, &month, &day);
    return kt_format(tx, "%04d-%02d-%02d", year, month, day);
}

typedef struct {
    const char *field;
    kt_str before, after;
} pair;

static kt_error *add_pairs(kt_tx *tx, const pair *pairs, size_t count, struct amendment *mark, kt_lines *rows)
{
    for (size_t i = 0; i < count; i++) {
        if (same_str(pairs[i].before, pairs[i].after))
            continue;
        mark->field = kt_format(tx, "%s", pairs[i].field);
        mark->before = pairs[i].before;
        mark->after = pairs[i].after;
        KT_TRY(kt_line_add(tx, rows, &mark->rec));
    }
    return NULL;
}

static kt_error *line_differs(
    kt_tx *tx, const struct sale_line *a, const struct sale_line *b, struct amendment *mark, kt_lines *rows)
{
    static const struct sale_line none;
    mark->difference = a && b ? CHANGED : b ? ADDED : REMOVED;
    mark->line = (int64_t)(a ? a : b)->rec.id.v;
    mark->name = b ? b->name : a->name;
    a = a ? a : &none;
    b = b ? b : &none;
    const pair pairs[] = {
        {"name", a->name, b->name},
        {"quantity", dec_text(tx, a->quantity, 0), dec_text(tx, b->quantity, 0)},
        {"price", dec_text(tx, a->price, 2), dec_text(tx, b->price, 2)},
        {"discount_percent", dec_text(tx, a->discount_percent, 0), dec_text(tx, b->discount_percent, 0)},
        {"discount_amount", dec_text(tx, a->discount_amount, 2), dec_text(tx, b->discount_amount, 2)},
        {"tax_label", a->tax_label, b->tax_label},
        {"optional", a->optional ? KT_STR("true") : (kt_str){0}, b->optional ? KT_STR("true") : (kt_str){0}},
        {"asked", date_text(tx, a->asked), date_text(tx, b->asked)},
        {"promised", date_text(tx, a->promised), date_text(tx, b->promised)},
        {"net", dec_text(tx, a->net, 2), dec_text(tx, b->net, 2)},
    };
    return add_pairs(tx, pairs, sizeof pairs / sizeof *pairs, mark, rows);
}

/* In a copy of a document a line names the one that it was copied from. */
static kt_id origin(const struct sale_line *line, bool copied)
{
    return copied ? (kt_id){(uint64_t)line->source_line} : line->rec.id;
}

kt_error *lines_differ(kt_tx *tx, const kt_lines *before, const kt_lines *after, bool copied,
    struct amendment *mark, kt_lines *rows)
{
    for (size_t i = 0; i < before->count; i++) {
        const struct sale_line *was = sale_line_at(before, i), *is = NULL;
        for (size_t k = 0; k < after->count && !is; k++)
            if (origin(sale_line_at(after, k), copied).v == was->rec.id.v)
                is = sale_line_at(after, k);
        KT_TRY(line_differs(tx, was, is, mark, rows));
    }
    for (size_t k = 0; k < after->count; k++)
        if (!sale_line_with(before, origin(sale_line_at(after, k), copied)))
            KT_TRY(line_differs(tx, NULL, sale_line_at(after, k), mark, rows));
    return NULL;
}

/* ---- The document's own fields ---- */

struct named { /* a customer, a price list, a currency: each by what people call it */
    kt_record rec;
    kt_str name, login;
};
static const kt_shape named_party_shape = KT_SHAPE(named, "base.party", KT_BIND(named, name, STRING, "name"));
static const kt_shape named_list_shape = KT_SHAPE(
    named, "crm.price_list", KT_BIND(named, name, STRING, "name"));
static const kt_shape named_user_shape = KT_SHAPE(
    named, "access.user", KT_BIND(named, name, STRING, "full_name"), KT_BIND(named, login, STRING, "name"));
static const kt_shape named_currency_shape = KT_SHAPE(
    named, "base.currency", KT_BIND(named, name, STRING, "code"));

/* Whoever sees the document sees whom and what it names, as it is called. */
static kt_error *name_of(kt_tx *tx, const kt_shape *shape, kt_id id, kt_str *name)
{
    struct named n = {.rec.of = shape};
    *name = (kt_str){0};
    if (!id.v)
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *error = kt_read(tx, id, &n.rec);
    kt_callers_authority(tx, before);
    *name = n.name.ptr ? n.name : n.login;
    return error;
}

static kt_error *refs_differ(
    kt_tx *tx, const struct sale *a, const struct sale *b, struct amendment *mark, kt_lines *rows)
{
    const struct {
        const char *field;
        const kt_shape *shape;
        kt_id before, after;
    } refs[] = {
        {"party", &named_party_shape, a->party, b->party},
        {"contact", &named_party_shape, a->contact, b->contact},
        {"bill_to", &named_party_shape, a->bill_to, b->bill_to},
        {"ship_to", &named_party_shape, a->ship_to, b->ship_to},
        {"currency", &named_currency_shape, a->currency, b->currency},
        {"price_list", &named_list_shape, a->price_list, b->price_list},
        {"owner", &named_user_shape, a->owner, b->owner},
    };
    for (size_t i = 0; i < sizeof refs / sizeof *refs; i++) {
        pair p = {.field = refs[i].field};
        if (refs[i].before.v == refs[i].after.v)
            continue;
        KT_TRY(name_of(tx, refs[i].shape, refs[i].before, &p.before));
        KT_TRY(name_of(tx, refs[i].shape, refs[i].after, &p.after));
        KT_TRY(add_pairs(tx, &p, 1, mark, rows));
    }
    return NULL;
}

/* A text of any length, as far as a row holds it. */
static kt_str shortened(kt_tx *tx, kt_str text)
{
    return text.len <= 400 ? text : kt_format(tx, "%.380s ...", text.ptr);
}

kt_error *terms_differ(
    kt_tx *tx, const struct sale *a, const struct sale *b, struct amendment *mark, kt_lines *rows)
{
    mark->difference = CHANGED;
    mark->line = 0;
    mark->name = (kt_str){0};
    KT_TRY(refs_differ(tx, a, b, mark, rows));
    const pair pairs[] = {
        {"title", a->title, b->title},
        {"reference", a->reference, b->reference},
        {"day", date_text(tx, a->day), date_text(tx, b->day)},
        {"asked", date_text(tx, a->asked), date_text(tx, b->asked)},
        {"valid_until", date_text(tx, a->valid_until), date_text(tx, b->valid_until)},
        {"terms", shortened(tx, a->terms), shortened(tx, b->terms)},
        {"tax_included", a->tax_included ? KT_STR("true") : KT_STR("false"),
            b->tax_included ? KT_STR("true") : KT_STR("false")},
        {"tax_given", dec_text(tx, a->tax_given, 2), dec_text(tx, b->tax_given, 2)},
        {"discount_most", dec_text(tx, a->discount_most, 0), dec_text(tx, b->discount_most, 0)},
    };
    return add_pairs(tx, pairs, sizeof pairs / sizeof *pairs, mark, rows);
}
