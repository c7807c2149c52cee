/* Taxes with dated rates, the categories of what is sold, the fiscal positions of who buys, and the rules
 * that say which taxes meet where. */
#include "tax.h"

#include <stdio.h>

#include <kontor/documents.h>

static const kt_choice applications[] = {
    {DOMESTIC, "domestic", {"Parties of the company's country", "Kontrahenci krajowi"}},
    {EU_BUSINESS, "eu_business", {"EU parties with a VAT number", "Kontrahenci z UE z numerem VAT"}},
    {EU_CONSUMER, "eu_consumer", {"EU parties without one", "Kontrahenci z UE bez numeru VAT"}},
    {ABROAD, "abroad", {"Parties outside the EU", "Kontrahenci spoza UE"}},
    {BY_HAND, "by_hand", {"Only where chosen", "Tylko wskazani"}},
    {0},
};
static const kt_choice sold_kinds[] = {
    {SOLD_GOODS, "goods", {"Goods", "Towar"}},
    {SOLD_SERVICE, "service", {"Service", "Usługa"}},
    {0},
};

const kt_shape tax_rate_shape = KT_SHAPE(tax_rate, NULL,
    KT_FIELD(tax_rate, valid_from, DATE, "Valid from", "Obowiązuje od", .priority = 1,
        .help = {"Empty: from the beginning.", "Puste: od początku."}),
    KT_FIELD(tax_rate, rate, PERCENT, "Rate, %", "Stawka, %", .scale = 3, .required = true, .priority = 2));

const kt_shape tax_shape = KT_SHAPE(tax, "base.tax",
    KT_FIELD(tax, code, STRING, "Code", "Kod", .required = true, .unique = true, .max = 20,
        .searchable = true, .priority = 1),
    KT_FIELD(
        tax, name, STRING, "Name", "Nazwa", .required = true, .max = 100, .searchable = true, .priority = 2),
    KT_FIELD(
        tax, kind, STATE, "Kind", "Rodzaj", .choices = kt_tax_kinds, .initial = "charged", .priority = 3),
    KT_FIELD(tax, label, STRING, "On documents", "Na dokumentach", .max = 20, .priority = 4,
        .help = {"As it is printed: zw, np. Empty: the rate with a %.",
            "Jak się drukuje: zw, np. Puste: stawka ze znakiem %."}),
    KT_FIELD(tax, rates, LINES, "Rates", "Stawki", .lines = &tax_rate_shape, .max = 60, .priority = 5,
        .help = {"The latest one that is valid on the day holds.",
            "Obowiązuje ostatnia, która weszła w życie do danego dnia."}),
    KT_FIELD(tax, sequence, INT, "Order", "Kolejność", .initial = "1",
        .help = {"Several taxes of a line are computed in this order.",
            "W tej kolejności liczy się kilka podatków jednej pozycji."}),
    KT_FIELD(tax, on_taxes, BOOL, "On the taxes before", "Od poprzednich podatków",
        .help = {"Its base is the net amount with the taxes before it: tax on tax.",
            "Podstawą jest kwota netto z wcześniejszymi podatkami: podatek od podatku."}),
    KT_FIELD(tax, active, BOOL, "Active", "Aktywny", .initial = "true"));

const kt_shape tax_category_shape = KT_SHAPE(tax_category, "base.tax_category",
    KT_FIELD(tax_category, code, STRING, "Code", "Kod", .required = true, .unique = true, .max = 40,
        .searchable = true, .priority = 1),
    KT_FIELD(tax_category, name, STRING, "Name", "Nazwa", .required = true, .max = 100, .searchable = true,
        .priority = 2),
    KT_FIELD(tax_category, initial, BOOL, "For items without one", "Dla towarów bez kategorii",
        .help = {"Items and free text that name no category are taxed as this one.",
            "Tak opodatkowane są towary i opisy bez własnej kategorii."}));

const kt_shape tax_position_shape = KT_SHAPE(tax_position, "base.tax_position",
    KT_FIELD(tax_position, code, STRING, "Code", "Kod", .required = true, .unique = true, .max = 40,
        .searchable = true, .priority = 1),
    KT_FIELD(tax_position, name, STRING, "Name", "Nazwa", .required = true, .max = 100, .searchable = true,
        .priority = 2),
    KT_FIELD(tax_position, applies, STATE, "Applies to", "Dotyczy", .choices = applications,
        .initial = "by_hand", .priority = 3,
        .help = {"Which parties are in this position unless their card says another.",
            "Którzy kontrahenci są w tej pozycji, jeśli ich karta nie mówi inaczej."}),
    KT_FIELD(tax_position, note, TEXT, "Note on documents", "Adnotacja na dokumentach",
        .help = {"What the law wants printed: reverse charge.",
            "Czego wymaga prawo na wydruku: odwrotne obciążenie."}));

const kt_shape tax_rule_shape = KT_SHAPE(tax_rule, "base.tax_rule",
    KT_FIELD(tax_rule, position, REF, "Fiscal position", "Pozycja podatkowa", .target = "base.tax_position",
        .priority = 1, .help = {"Empty: any.", "Puste: dowolna."}),
    KT_FIELD(tax_rule, category, REF, "Tax category", "Kategoria podatkowa", .target = "base.tax_category",
        .priority = 2, .help = {"Empty: any.", "Puste: dowolna."}),
    KT_FIELD(tax_rule, kind, STATE, "Goods or service", "Towar czy usługa", .choices = sold_kinds,
        .priority = 3,
        .help = {"Empty: both. Free text counts as a service.",
            "Puste: oba. Pozycja opisowa liczy się jako usługa."}),
    KT_FIELD(tax_rule, taxes, REFS, "Taxes", "Podatki", .target = "base.tax", .required = true,
        .max = KT_TAXES_MAX, .priority = 4),
    KT_FIELD(tax_rule, valid_from, DATE, "Valid from", "Obowiązuje od", .priority = 5),
    KT_FIELD(tax_rule, valid_to, DATE, "Valid to", "Obowiązuje do", .priority = 6));

kt_error *tax_check_rates(kt_tx *tx, kt_record *self)
{
    const struct tax *t = KT_AS(tax, self);
    kt_error *all = NULL;
    if (t->kind == KT_TAX_CHARGED && !t->rates.count)
        kt_also(&all, kt_hint(kt_fail(tx, KT_VALIDATION, "rates", "a tax that is charged has a rate",
                                  "podatek naliczany ma stawkę"),
                          "Add a rate; zero is one too.", "Dodaj stawkę; zero też nią jest."));
    for (size_t i = 0; i < t->rates.count; i++) {
        const struct tax_rate *rate = KT_AS(tax_rate, kt_line(&t->rates, i));
        char path[40];
        (void)snprintf(path, sizeof path, "rates[%zu].rate", i);
        if (rate->rate.scale1 &&
            (kt_dec_cmp(rate->rate, KT_DEC(0, 0)) < 0 || kt_dec_cmp(rate->rate, KT_DEC(1000, 0)) > 0))
            kt_also(&all, kt_fail(tx, KT_VALIDATION, path, "a rate is 0 to 1000", "stawka to 0 do 1000"));
        (void)snprintf(path, sizeof path, "rates[%zu].valid_from", i);
        for (size_t k = 0; k < i; k++)
            if (KT_AS(tax_rate, kt_line(&t->rates, k))->valid_from.day == rate->valid_from.day)
                kt_also(&all, kt_fail(tx, KT_VALIDATION, path, "another rate is valid from this day too",
                                  "inna stawka obowiązuje od tego samego dnia"));
    }
    return all;
}

kt_error *tax_rule_compute(kt_tx *tx, kt_record *self)
{
    const struct tax_rule *r = KT_AS(tax_rule, self);
    if (r->valid_to.day && r->valid_to.day < r->valid_from.day)
        return kt_fail(tx, KT_VALIDATION, "valid_to", "ends before it begins", "kończy się przed początkiem");
    return NULL;
}
