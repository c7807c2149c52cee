/* Which taxes a line bears: the most telling rule for the position of the party, the category of the item and
 * whether it is goods or a service; then each tax's rate on the day. A document reads the master data once.
 */
#include <stdlib.h>
#include <string.h>

#include "tax.h"
#include "tax_compute.h"

/* What is looked at elsewhere in this module. */
struct seen_country {
    kt_record rec;
    bool eu;
};
static const kt_shape seen_country_shape = KT_SHAPE(
    seen_country, "base.country", KT_BIND(seen_country, eu, BOOL, "eu"));
struct seen_company {
    kt_record rec;
    kt_id country, currency;
    kt_tax_rounding tax_rounding;
};
static const kt_shape seen_company_shape = KT_SHAPE(seen_company, "base.company",
    KT_BIND(seen_company, country, REF, "country"), KT_BIND(seen_company, currency, REF, "currency"),
    KT_BIND(seen_company, tax_rounding, STATE, "tax_rounding"));
struct seen_party {
    kt_record rec;
    kt_id country, tax_position;
    kt_str tax_id;
};
static const kt_shape seen_party_shape = KT_SHAPE(seen_party, "base.party",
    KT_BIND(seen_party, country, REF, "country"), KT_BIND(seen_party, tax_position, REF, "tax_position"),
    KT_BIND(seen_party, tax_id, STRING, "tax_id"));
struct seen_currency {
    kt_record rec;
    int64_t decimals;
};
static const kt_shape seen_currency_shape = KT_SHAPE(
    seen_currency, "base.currency", KT_BIND(seen_currency, decimals, INT, "decimals"));
struct seen_item {
    kt_record rec;
    kt_id tax_category, group_category;
    enum sold_kind kind;
};
static const kt_shape seen_item_shape = KT_SHAPE(seen_item, "base.item",
    KT_BIND(seen_item, tax_category, REF, "tax_category"),
    KT_BIND(seen_item, group_category, REF, "category.tax_category"),
    KT_BIND(seen_item, kind, STATE, "kind"));

/* ---- The party's position ---- */

static kt_error *position_for(kt_tx *tx, enum applies applies, kt_id *position)
{
    const kt_where where[] = {KT_WHERE(tax_position, applies, KT_EQ, applies), {0}};
    struct tax_position found = {KT_OF(tax_position)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){&tax_position_shape, where, "id", 1}, &cursor));
    if (kt_next(cursor, &found.rec))
        *position = found.rec.id;
    return kt_close(cursor);
}

static kt_error *find_position(kt_tx *tx, const struct seen_company *company, kt_id party, kt_id *position)
{
    struct seen_party p = {KT_OF(seen_party)};
    struct seen_country home = {KT_OF(seen_country)}, theirs = {KT_OF(seen_country)};
    enum applies applies = DOMESTIC;
    if (party.v)
        KT_TRY(kt_read(tx, party, &p.rec));
    *position = p.tax_position;
    if (position->v)
        return NULL;
    if (p.country.v && company->country.v && p.country.v != company->country.v) {
        KT_TRY(kt_read(tx, company->country, &home.rec));
        KT_TRY(kt_read(tx, p.country, &theirs.rec));
        applies = !home.eu || !theirs.eu ? ABROAD : p.tax_id.ptr ? EU_BUSINESS : EU_CONSUMER;
    }
    KT_TRY(position_for(tx, applies, position));
    if (!position->v && applies == EU_CONSUMER) /* taxed as at home until somebody says otherwise */
        return position_for(tx, DOMESTIC, position);
    return NULL;
}

/* ---- Rules and rates ---- */

typedef struct {
    kt_tx *tx;
    const kt_tax_document *document;
    kt_lines rules; /* those that hold on the day */
    kt_id initial;  /* the category for what names none */
} book;

static kt_error *read_rules(book *b)
{
    kt_date day = b->document->day;
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(b->tx, &(kt_query){&tax_rule_shape, NULL, "id", 0}, &cursor));
    struct tax_rule rule = {KT_OF(tax_rule)};
    while (!error && kt_next(cursor, &rule.rec))
        if (rule.valid_from.day <= day.day && (!rule.valid_to.day || rule.valid_to.day >= day.day))
            error = kt_line_add(b->tx, &b->rules, &rule.rec);
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *find_initial(book *b)
{
    const kt_where where[] = {KT_WHERE(tax_category, initial, KT_EQ, true), {0}};
    struct tax_category found = {KT_OF(tax_category)};
    kt_cursor *cursor;
    KT_TRY(kt_open(b->tx, &(kt_query){&tax_category_shape, where, "id", 1}, &cursor));
    if (kt_next(cursor, &found.rec))
        b->initial = found.rec.id;
    return kt_close(cursor);
}

/* The rule that says most: position before category before kind; among equals the one valid since later. */
static const struct tax_rule *choose(const book *b, kt_id category, enum sold_kind kind)
{
    const struct tax_rule *best = NULL;
    int best_score = -1;
    for (size_t i = 0; i < b->rules.count; i++) {
        const struct tax_rule *r = KT_AS(tax_rule, kt_line(&b->rules, i));
        if ((r->position.v && r->position.v != b->document->position.v) ||
            (r->category.v && r->category.v != category.v) || (r->kind && r->kind != kind))
            continue;
        int score = (r->position.v ? 4 : 0) + (r->category.v ? 2 : 0) + (r->kind ? 1 : 0);
        if (score > best_score || (score == best_score && best && r->valid_from.day > best->valid_from.day)) {
            best = r;
            best_score = score;
        }
    }
    return best;
}

/* 23.000 is printed as 23%, 8.875 as it is. */
static kt_str rate_label(kt_tx *tx, kt_dec rate)
{
    int64_t coef = kt_dec_round(rate, 3).coef;
    int digits = 3;
    while (digits && coef % 10 == 0) {
        coef /= 10;
        digits--;
    }
    long long whole = coef, power = 1;
    for (int i = 0; i < digits; i++)
        power *= 10;
    if (!digits)
        return kt_format(tx, "%lld%%", whole);
    return kt_format(tx, "%lld.%0*lld%%", whole / power, digits, whole % power);
}

static kt_error *rate_on_day(book *b, kt_id id, size_t line, kt_tax_rate *rate)
{
    struct tax t = {KT_OF(tax)};
    KT_TRY(kt_read(b->tx, id, &t.rec));
    const struct tax_rate *valid = NULL;
    for (size_t i = 0; i < t.rates.count; i++) {
        const struct tax_rate *r = KT_AS(tax_rate, kt_line(&t.rates, i));
        if (r->valid_from.day <= b->document->day.day &&
            (!valid || r->valid_from.day > valid->valid_from.day))
            valid = r;
    }
    if (!valid && t.kind == KT_TAX_CHARGED)
        return kt_hint(
            kt_fail(b->tx, KT_RULE, kt_format(b->tx, "lines[%zu]", line).ptr,
                "tax %s has no rate on this day", "podatek %s nie ma stawki na ten dzień", t.code.ptr),
            "Add the rate in base.tax.", "Dodaj stawkę w base.tax.");
    *rate = (kt_tax_rate){.tax = id,
        .kind = t.kind,
        .rate = t.kind == KT_TAX_CHARGED ? valid->rate : KT_DEC(0, 3),
        .sequence = t.sequence,
        .on_taxes = t.on_taxes};
    rate->label = t.label.ptr ? t.label : rate_label(b->tx, rate->rate);
    return NULL;
}

static int by_sequence(const void *a, const void *b)
{
    const kt_tax_rate *x = a, *y = b;
    if (x->sequence != y->sequence)
        return x->sequence < y->sequence ? -1 : 1;
    return (x->tax.v > y->tax.v) - (x->tax.v < y->tax.v);
}

static kt_error *assign_line(book *b, size_t i, const kt_tax_line *above)
{
    kt_tax_line *line = &b->document->lines[i];
    struct seen_item item = {KT_OF(seen_item), .kind = SOLD_SERVICE};
    if (line->item.v)
        KT_TRY(kt_read(b->tx, line->item, &item.rec));
    kt_id category = line->category.v        ? line->category
                     : item.tax_category.v   ? item.tax_category
                     : item.group_category.v ? item.group_category
                                             : b->initial;
    const struct tax_rule *rule = choose(b, category, item.kind ? item.kind : SOLD_GOODS);
    line->rate_count = 0;
    line->rule = rule ? rule->rec.id : (kt_id){0};
    if (above && above->rule.v == line->rule.v) { /* most documents have one rate */
        memcpy(line->rates, above->rates, sizeof line->rates);
        line->rate_count = above->rate_count;
        return NULL;
    }
    const kt_id *taxes = rule ? rule->taxes.items : NULL;
    for (size_t k = 0; rule && k < rule->taxes.count && k < KT_TAXES_MAX; k++)
        KT_TRY(rate_on_day(b, taxes[k], i, &line->rates[line->rate_count++]));
    qsort(line->rates, line->rate_count, sizeof *line->rates, by_sequence);
    return NULL;
}

/* The document's company; where none is chosen, the only one there is. */
static kt_error *read_company(kt_tx *tx, kt_id id, struct seen_company *company)
{
    kt_cursor *cursor;
    if (id.v)
        return kt_read(tx, id, &company->rec);
    KT_TRY(kt_open(tx, &(kt_query){&seen_company_shape, NULL, "id", 2}, &cursor));
    bool first = kt_next(cursor, &company->rec);
    struct seen_company other = {KT_OF(seen_company)};
    if (first && kt_next(cursor, &other.rec))
        *company = (struct seen_company){KT_OF(seen_company)};
    return kt_close(cursor);
}

static kt_error *assign(kt_tx *tx, kt_tax_document *d)
{
    struct seen_company company = {KT_OF(seen_company)};
    struct seen_currency currency = {KT_OF(seen_currency), .decimals = 2};
    book b = {.tx = tx, .document = d};
    kt_error *all = NULL;
    KT_TRY(read_company(tx, d->company, &company));
    if (!d->rounding)
        d->rounding = company.tax_rounding ? company.tax_rounding : KT_TAX_BY_DOCUMENT;
    if (!d->currency.v)
        d->currency = company.currency;
    if (d->currency.v)
        KT_TRY(kt_read(tx, d->currency, &currency.rec));
    d->scale = (uint8_t)currency.decimals;
    if (d->given.scale1)
        return NULL; /* nothing is looked up for a tax that was computed elsewhere */
    if (!d->position.v)
        KT_TRY(find_position(tx, &company, d->party, &d->position));
    KT_TRY(read_rules(&b));
    KT_TRY(find_initial(&b));
    for (size_t i = 0; i < d->line_count; i++)
        kt_also(&all, assign_line(&b, i, i ? &d->lines[i - 1] : NULL));
    return all;
}

static kt_error *compute(kt_tx *tx, kt_tax_document *d)
{
    size_t wrong = 0;
    tax_share *work = kt_alloc(tx, sizeof *work * (d->line_count + 1));
    d->totals = kt_alloc(tx, sizeof *d->totals * (d->line_count * KT_TAXES_MAX + 1));
    if (!work || !d->totals)
        return kt_no_memory();
    if (tax_compute(d, work, &wrong))
        return NULL;
    return kt_fail(tx, KT_LIMIT, kt_format(tx, "lines[%zu]", wrong).ptr, "the amount is too large",
        "kwota jest za duża");
}

const kt_taxes taxes_service = {.assign = assign, .compute = compute};

/* ---- Why ---- */

struct tax_explain { /* the parameters of base.tax.explain */
    kt_record rec;
    kt_id item, category, party, position;
    kt_date day;
};
const kt_shape tax_explain_shape = KT_SHAPE(tax_explain, NULL,
    KT_FIELD(tax_explain, item, REF, "Item", "Towar lub usługa", .target = "base.item"),
    KT_FIELD(
        tax_explain, category, REF, "Tax category", "Kategoria podatkowa", .target = "base.tax_category"),
    KT_FIELD(tax_explain, party, REF, "Party", "Kontrahent", .target = "base.party"),
    KT_FIELD(
        tax_explain, position, REF, "Fiscal position", "Pozycja podatkowa", .target = "base.tax_position"),
    KT_FIELD(tax_explain, day, DATE, "Day", "Dzień", .initial = "today"));
struct explained_tax {
    kt_record rec;
    kt_id tax;
    kt_str label;
    kt_dec rate;
};
static const kt_shape explained_tax_shape = KT_SHAPE(explained_tax, NULL,
    KT_FIELD(explained_tax, tax, REF, "Tax", "Podatek", .target = "base.tax"),
    KT_FIELD(explained_tax, label, STRING, "On documents", "Na dokumentach"),
    KT_FIELD(explained_tax, rate, PERCENT, "Rate, %", "Stawka, %", .scale = 3));
struct tax_explained {
    kt_record rec;
    kt_id position, rule;
    kt_str note;
    kt_lines taxes;
};
const kt_shape tax_explained_shape = KT_SHAPE(tax_explained, NULL,
    KT_FIELD(
        tax_explained, position, REF, "Fiscal position", "Pozycja podatkowa", .target = "base.tax_position"),
    KT_FIELD(tax_explained, rule, REF, "Rule", "Reguła", .target = "base.tax_rule"),
    KT_FIELD(tax_explained, note, TEXT, "Note on documents", "Adnotacja na dokumentach"),
    KT_FIELD(tax_explained, taxes, LINES, "Taxes", "Podatki", .lines = &explained_tax_shape));

kt_error *tax_explain(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct tax_explain *p = KT_SEE(tax_explain, params);
    struct tax_explained *out = KT_AS(tax_explained, result);
    kt_tax_line line = {.item = p->item, .category = p->category};
    kt_tax_document d = {.company = kt_company(tx),
        .party = p->party,
        .position = p->position,
        .day = p->day,
        .lines = &line,
        .line_count = 1};
    KT_TRY(assign(tx, &d));
    struct tax_position position = {KT_OF(tax_position)};
    if (d.position.v)
        KT_TRY(kt_read(tx, d.position, &position.rec));
    out->position = d.position;
    out->note = position.note;
    out->rule = line.rule;
    for (size_t k = 0; k < line.rate_count; k++) {
        struct explained_tax row = {KT_OF(explained_tax), .tax = line.rates[k].tax,
            .label = line.rates[k].label, .rate = line.rates[k].rate};
        KT_TRY(kt_line_add(tx, &out->taxes, &row.rec));
    }
    return NULL;
}
