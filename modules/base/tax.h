/* tax.h -- taxes, item categories, fiscal positions and the rules that join them, for the files of this
 * module. */
#pragma once
#include <kontor/tax.h>

struct tax_rate { /* a line of a tax */
    kt_record rec;
    kt_date valid_from;
    kt_dec rate;
};
struct tax {
    kt_record rec;
    kt_str code, name, label;
    kt_tax_kind kind;
    int64_t sequence;
    bool on_taxes, active;
    kt_lines rates;
};
extern const kt_shape tax_rate_shape, tax_shape;
kt_error *tax_check_rates(kt_tx *tx, kt_record *self); /* tax's compute */

struct tax_category {
    kt_record rec;
    kt_str code, name;
    bool initial;
};
extern const kt_shape tax_category_shape;

enum applies { DOMESTIC = 1, EU_BUSINESS, EU_CONSUMER, ABROAD, BY_HAND };
struct tax_position {
    kt_record rec;
    kt_str code, name, note;
    enum applies applies;
};
extern const kt_shape tax_position_shape;

enum sold_kind { SOLD_EITHER, SOLD_GOODS, SOLD_SERVICE }; /* as item.kind */
struct tax_rule {
    kt_record rec;
    kt_id category, position;
    enum sold_kind kind;
    kt_date valid_from, valid_to;
    kt_lines taxes;
};
extern const kt_shape tax_rule_shape;
kt_error *tax_rule_compute(kt_tx *tx, kt_record *self);

/* The service, and what explains it over the bus. */
extern const kt_taxes taxes_service;
extern const kt_shape tax_explain_shape, tax_explained_shape;
kt_error *tax_explain(kt_tx *tx, const kt_record *params, kt_record *result);

/* Ready data of a country. */
extern const kt_shape tax_preset_shape, tax_preset_made_shape;
kt_error *tax_preset(kt_tx *tx, const kt_record *params, kt_record *result);
