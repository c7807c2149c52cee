/* What differs between two versions of a document: its own fields, then line by line. */
#include "sales/sales.h"

static kt_str flag_text(bool flag)
{
    return flag ? KT_STR("true") : KT_STR("false");
}

static kt_error *line_differs(
    kt_tx *tx, const struct sale_line *a, const struct sale_line *b, kt_revision *mark, kt_lines *rows)
{
    static const struct sale_line none;
    mark->difference = a && b ? KT_CHANGED : b ? KT_ADDED : KT_REMOVED;
    mark->line = (int64_t)(a ? a : b)->rec.id.v;
    mark->name = b ? b->name : a->name;
    a = a ? a : &none;
    b = b ? b : &none;
    const kt_two_versions fields[] = {
        {"name", a->name, b->name},
        {"quantity", kt_dec_text(tx, a->quantity, 0), kt_dec_text(tx, b->quantity, 0)},
        {"price", kt_dec_text(tx, a->price, 2), kt_dec_text(tx, b->price, 2)},
        {"discount_percent", kt_dec_text(tx, a->discount_percent, 0),
            kt_dec_text(tx, b->discount_percent, 0)},
        {"discount_amount", kt_dec_text(tx, a->discount_amount, 2), kt_dec_text(tx, b->discount_amount, 2)},
        {"tax_label", a->tax_label, b->tax_label},
        {"optional", flag_text(a->optional), flag_text(b->optional)},
        {"asked", kt_date_text(tx, a->asked), kt_date_text(tx, b->asked)},
        {"promised", kt_date_text(tx, a->promised), kt_date_text(tx, b->promised)},
        {"net", kt_dec_text(tx, a->net, 2), kt_dec_text(tx, b->net, 2)},
    };
    return kt_revision_add(tx, mark, fields, sizeof fields / sizeof *fields, rows);
}

/* In a copy of a document a line names the one that it was copied from. */
static kt_id origin(const struct sale_line *line, bool copied)
{
    return copied ? (kt_id){(uint64_t)line->source_line} : line->rec.id;
}

kt_error *lines_differ(
    kt_tx *tx, const kt_lines *before, const kt_lines *after, bool copied, kt_revision *mark, kt_lines *rows)
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
    kt_tx *tx, const struct sale *a, const struct sale *b, kt_revision *mark, kt_lines *rows)
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
        kt_two_versions p = {.field = refs[i].field};
        if (refs[i].before.v == refs[i].after.v)
            continue;
        KT_TRY(name_of(tx, refs[i].shape, refs[i].before, &p.before));
        KT_TRY(name_of(tx, refs[i].shape, refs[i].after, &p.after));
        KT_TRY(kt_revision_add(tx, mark, &p, 1, rows));
    }
    return NULL;
}

kt_error *terms_differ(
    kt_tx *tx, const struct sale *a, const struct sale *b, kt_revision *mark, kt_lines *rows)
{
    mark->difference = KT_CHANGED;
    mark->line = 0;
    mark->name = (kt_str){0};
    KT_TRY(refs_differ(tx, a, b, mark, rows));
    const kt_two_versions fields[] = {
        {"title", a->title, b->title},
        {"reference", a->reference, b->reference},
        {"day", kt_date_text(tx, a->day), kt_date_text(tx, b->day)},
        {"asked", kt_date_text(tx, a->asked), kt_date_text(tx, b->asked)},
        {"valid_until", kt_date_text(tx, a->valid_until), kt_date_text(tx, b->valid_until)},
        {"terms", a->terms, b->terms},
        {"tax_included", flag_text(a->tax_included), flag_text(b->tax_included)},
        {"tax_given", kt_dec_text(tx, a->tax_given, 2), kt_dec_text(tx, b->tax_given, 2)},
        {"discount_most", kt_dec_text(tx, a->discount_most, 0), kt_dec_text(tx, b->discount_most, 0)},
    };
    return kt_revision_add(tx, mark, fields, sizeof fields / sizeof *fields, rows);
}
