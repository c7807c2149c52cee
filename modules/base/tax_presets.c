/* Ready tax data of a country: taxes, categories, positions and rules, each by an external id, so that
 * loading them again repairs and adds, and never doubles. source: ustawa o VAT (Dz.U. 2004 nr 54 poz. 535)
 * art. 41, 43, 146ef; 28b, 42, 100: 23 and 8 since 2011, 22 and 7 before; supplies within the EU and exports
 * of goods at 0, services to foreign firms taxed where they are */
#include <string.h>

#include "tax.h"

typedef struct {
    const char *code, *name, *label;
    kt_tax_kind kind;
    struct {
        int year;
        int64_t rate;
    } rates[2];
} preset_tax;
typedef struct {
    const char *code, *name;
} preset_category;
typedef struct {
    const char *code, *name, *note;
    enum applies applies;
} preset_position;
typedef struct {
    const char *position, *category;
    enum sold_kind kind;
    const char *tax;
} preset_rule;

static const preset_tax polish_taxes[] = {
    {"23", "VAT 23%", NULL, KT_TAX_CHARGED, {{0, 22}, {2011, 23}}},
    {"8", "VAT 8%", NULL, KT_TAX_CHARGED, {{0, 7}, {2011, 8}}},
    {"5", "VAT 5%", NULL, KT_TAX_CHARGED, {{0, 3}, {2011, 5}}},
    {"0", "VAT 0% w kraju", "0%", KT_TAX_CHARGED, {{0, 0}}},
    {"0 WDT", "VAT 0%, dostawa wewnątrz UE", "0%", KT_TAX_CHARGED, {{0, 0}}},
    {"0 EX", "VAT 0%, eksport", "0%", KT_TAX_CHARGED, {{0, 0}}},
    {"zw", "Zwolnione z VAT", "zw", KT_TAX_EXEMPT, {{0}}},
    {"np", "Niepodlegające VAT w kraju", "np", KT_TAX_OUTSIDE, {{0}}},
    {"oo", "Odwrotne obciążenie", "oo", KT_TAX_REVERSED, {{0}}},
    {0},
};
static const preset_category polish_categories[] = {
    {"standard", "Stawka podstawowa"},
    {"reduced", "Stawka obniżona 8%"},
    {"super_reduced", "Stawka obniżona 5%"},
    {"zero", "Stawka 0%"},
    {"exempt", "Zwolnione"},
    {0},
};
static const preset_position polish_positions[] = {
    {"domestic", "Krajowy", NULL, DOMESTIC},
    {"eu_business", "Firma z UE", "Odwrotne obciążenie / reverse charge", EU_BUSINESS},
    {"export", "Spoza UE", NULL, ABROAD},
    {"domestic_reverse", "Krajowe odwrotne obciążenie", "Odwrotne obciążenie", BY_HAND},
    {"exempt", "Zwolniony", "Zwolnienie z VAT", BY_HAND},
    {0},
};
static const preset_rule polish_rules[] = {
    {NULL, "standard", SOLD_EITHER, "23"},
    {NULL, "reduced", SOLD_EITHER, "8"},
    {NULL, "super_reduced", SOLD_EITHER, "5"},
    {NULL, "zero", SOLD_EITHER, "0"},
    {NULL, "exempt", SOLD_EITHER, "zw"},
    {"eu_business", NULL, SOLD_GOODS, "0 WDT"},
    {"eu_business", NULL, SOLD_SERVICE, "oo"},
    {"export", NULL, SOLD_GOODS, "0 EX"},
    {"export", NULL, SOLD_SERVICE, "np"},
    {"domestic_reverse", NULL, SOLD_EITHER, "oo"},
    {"exempt", NULL, SOLD_EITHER, "zw"},
    {0},
};

struct tax_preset { /* the parameters of base.tax.preset */
    kt_record rec;
    kt_str country;
};
const kt_shape tax_preset_shape = KT_SHAPE(tax_preset, NULL,
    KT_FIELD(tax_preset, country, STRING, "Country", "Kraj", .required = true, .max = 2,
        .help = {"PL is ready.", "Gotowe są dane dla PL."}));
struct tax_preset_made {
    kt_record rec;
    int64_t taxes, categories, positions, rules;
};
const kt_shape tax_preset_made_shape = KT_SHAPE(tax_preset_made, NULL,
    KT_FIELD(tax_preset_made, taxes, INT, "Taxes", "Podatki"),
    KT_FIELD(tax_preset_made, categories, INT, "Categories", "Kategorie"),
    KT_FIELD(tax_preset_made, positions, INT, "Positions", "Pozycje"),
    KT_FIELD(tax_preset_made, rules, INT, "Rules", "Reguły"));

/* The place of a code in a table of rows that begin with it. */
#define PLACE(table, wanted) place(&(table)[0].code, sizeof *(table), wanted)
static size_t place(const char *const *first, size_t size, const char *wanted)
{
    size_t i = 0;
    while (strcmp(*(const char *const *)(const void *)((const char *)first + i * size), wanted) != 0)
        i++;
    return i;
}

static kt_error *make_taxes(kt_tx *tx, kt_id *ids)
{
    for (size_t i = 0; polish_taxes[i].code; i++) {
        const preset_tax *p = &polish_taxes[i];
        struct tax t = {KT_OF(tax), .code = kt_format(tx, "%s", p->code),
            .name = kt_format(tx, "%s", p->name), .kind = p->kind, .sequence = 1, .active = true};
        if (p->label)
            t.label = kt_format(tx, "%s", p->label);
        t.rec.external_id = kt_format(tx, "pl-tax-%s", p->code);
        for (size_t k = 0; k < 2 && (k == 0 || p->rates[k].year); k++) {
            struct tax_rate rate = {KT_OF(tax_rate), .rate = KT_DEC(p->rates[k].rate, 0)};
            if (p->rates[k].year)
                rate.valid_from = kt_date_make(p->rates[k].year, 1, 1);
            if (p->kind == KT_TAX_CHARGED)
                KT_TRY(kt_line_add(tx, &t.rates, &rate.rec));
        }
        KT_TRY(kt_upsert(tx, &t.rec));
        ids[i] = t.rec.id;
    }
    return NULL;
}

static kt_error *make_categories(kt_tx *tx, kt_id *ids)
{
    for (size_t i = 0; polish_categories[i].code; i++) {
        struct tax_category c = {KT_OF(tax_category), .code = kt_format(tx, "%s", polish_categories[i].code),
            .name = kt_format(tx, "%s", polish_categories[i].name), .initial = i == 0};
        c.rec.external_id = kt_format(tx, "pl-category-%s", polish_categories[i].code);
        KT_TRY(kt_upsert(tx, &c.rec));
        ids[i] = c.rec.id;
    }
    return NULL;
}

static kt_error *make_positions(kt_tx *tx, kt_id *ids)
{
    for (size_t i = 0; polish_positions[i].code; i++) {
        const preset_position *p = &polish_positions[i];
        struct tax_position t = {KT_OF(tax_position), .code = kt_format(tx, "%s", p->code),
            .name = kt_format(tx, "%s", p->name), .applies = p->applies};
        if (p->note)
            t.note = kt_format(tx, "%s", p->note);
        t.rec.external_id = kt_format(tx, "pl-position-%s", p->code);
        KT_TRY(kt_upsert(tx, &t.rec));
        ids[i] = t.rec.id;
    }
    return NULL;
}

static kt_error *make_rules(kt_tx *tx, kt_id *taxes, const kt_id *categories, const kt_id *positions)
{
    for (size_t i = 0; polish_rules[i].tax; i++) {
        const preset_rule *p = &polish_rules[i];
        struct tax_rule r = {KT_OF(tax_rule), .kind = p->kind, .taxes = {NULL, NULL, 1}};
        r.taxes.items = &taxes[PLACE(polish_taxes, p->tax)];
        if (p->category)
            r.category = categories[PLACE(polish_categories, p->category)];
        if (p->position)
            r.position = positions[PLACE(polish_positions, p->position)];
        r.rec.external_id = kt_format(tx, "pl-rule-%zu", i + 1);
        KT_TRY(kt_upsert(tx, &r.rec));
    }
    return NULL;
}

kt_error *tax_preset(kt_tx *tx, const kt_record *params, kt_record *result)
{
    enum { TAXES = sizeof polish_taxes / sizeof *polish_taxes };
    const struct tax_preset *p = KT_SEE(tax_preset, params);
    struct tax_preset_made *out = KT_AS(tax_preset_made, result);
    kt_id taxes[TAXES], categories[sizeof polish_categories / sizeof *polish_categories],
        positions[sizeof polish_positions / sizeof *polish_positions];
    if (strcmp(p->country.ptr, "PL") != 0)
        return kt_hint(kt_fail(tx, KT_NOT_FOUND, "country", "there is no ready tax data for %s",
                           "nie ma gotowych danych podatkowych dla %s", p->country.ptr),
            "Ready is PL. Others: enter base.tax, base.tax_category, base.tax_position and base.tax_rule.",
            "Gotowe są dane PL. Inne: wpisz base.tax, base.tax_category, base.tax_position i base.tax_rule.");
    KT_TRY(make_taxes(tx, taxes));
    KT_TRY(make_categories(tx, categories));
    KT_TRY(make_positions(tx, positions));
    KT_TRY(make_rules(tx, taxes, categories, positions));
    out->taxes = TAXES - 1;
    out->categories = sizeof polish_categories / sizeof *polish_categories - 1;
    out->positions = sizeof polish_positions / sizeof *polish_positions - 1;
    out->rules = sizeof polish_rules / sizeof *polish_rules - 1;
    return NULL;
}
