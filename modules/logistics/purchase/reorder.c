/* Reorder rules: when what there is and what comes falls below a minimum, the rest up to the maximum is asked for: of
 * suppliers, or of another warehouse. What was asked for counts as coming, so that running twice asks once. */
#include "purchase/purchase.h"
#include "stock/transfer.h"

static const kt_choice reorder_kinds[] = {
    {MIN_MAX, "min_max", {"Minimum and maximum", "Minimum i maksimum"}},
    {TO_ORDER, "to_order", {"What is missing", "Tylko brakujące"}},
    {RESUPPLY, "resupply", {"From another warehouse", "Z innego magazynu"}},
    {0},
};
const kt_shape reorder_rule_shape = KT_SHAPE(reorder_rule, "logistics.reorder_rule",
    KT_FIELD(reorder_rule, item, REF, "Item", "Towar", .target = "base.item", .required = true,
        .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(reorder_rule, warehouse, REF, "Warehouse", "Magazyn", .target = "logistics.warehouse",
        .in_use = true, .on_delete = KT_CASCADE, .priority = 2,
        .help = {"Empty: all together.", "Puste: wszystkie razem."}),
    KT_FIELD(reorder_rule, source, REF, "Filled up from", "Uzupełniany z", .target = "logistics.warehouse",
        .in_use = true,
        .help = {"Of a rule that fills up from another warehouse.", "W regule uzupełniania z magazynu."}),
    KT_FIELD(reorder_rule, kind, STATE, "Kind", "Rodzaj", .choices = reorder_kinds, .initial = "min_max",
        .priority = 3),
    KT_FIELD(reorder_rule, minimum, QUANTITY, "Minimum", "Minimum", .scale = 4, .priority = 4,
        .help = {"Below it the item is asked for.", "Poniżej towar jest zamawiany."}),
    KT_FIELD(reorder_rule, maximum, QUANTITY, "Maximum", "Maksimum", .scale = 4, .priority = 5,
        .help = {"Up to this much.", "Do takiej ilości."}),
    KT_FIELD(reorder_rule, lead_days, INT, "Days on the way", "Dni w drodze",
        .help = {"From that warehouse to this one.", "Z tamtego magazynu do tego."}),
    KT_FIELD(reorder_rule, active, BOOL, "Active", "Aktywna", .initial = "true"));

enum { RULE_DAYS_MAX = 365 };

static kt_error *source_gives(kt_tx *tx, kt_id warehouse)
{
    struct warehouse w = {KT_OF(warehouse)};
    KT_TRY(kt_read(tx, warehouse, &w.rec));
    return w.quarantine ? kt_hint(kt_fail(tx, KT_VALIDATION, "source",
                                      "%s is a quarantine: nothing goes from there unasked",
                                      "%s to kwarantanna: nic stamtąd nie idzie samo", w.name.ptr),
                              "Name another warehouse.", "Podaj inny magazyn.")
                        : NULL;
}

kt_error *reorder_rule_compute(kt_tx *tx, kt_record *self)
{
    const struct reorder_rule *r = KT_AS(reorder_rule, self);
    kt_error *all = NULL;
    if (r->kind == TO_ORDER)
        return NULL;
    kt_also(&all, check_whole_of(tx, r->item, r->minimum, (kt_id){0}, "minimum"));
    kt_also(&all, check_whole_of(tx, r->item, r->maximum, (kt_id){0}, "maximum"));
    if (r->lead_days < 0 || r->lead_days > RULE_DAYS_MAX)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "lead_days", "%lld is not within 0 to %d days",
                          "%lld nie mieści się między 0 a %d dni", (long long)r->lead_days, RULE_DAYS_MAX));
    if (r->kind == RESUPPLY && (!r->warehouse.v || !r->source.v || r->warehouse.v == r->source.v))
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "source",
                          "two warehouses are named, one to fill up and another to take from",
                          "wskazuje się dwa magazyny: uzupełniany i inny, z którego się bierze"));
    if (r->kind == RESUPPLY && r->source.v)
        kt_also(&all, source_gives(tx, r->source));
    if (!r->maximum.scale1)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "maximum", "is required", "jest wymagane"));
    kt_also(&all, not_below(tx, "minimum", r->minimum, false));
    if (r->maximum.scale1 && (r->maximum.coef <= 0 || kt_dec_cmp(r->maximum, r->minimum) < 0))
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "maximum", "is above zero and not below the minimum",
                          "jest większe od zera i nie mniejsze niż minimum"));
    return all;
}

/* ---- What there is and what comes ---- */

struct missing_peg { /* what demands miss: base's peggings */
    kt_record rec;
    kt_id missed, warehouse;
    kt_dec quantity;
};
static const kt_shape missing_peg_shape = KT_SHAPE(missing_peg, "base.pegging",
    KT_BIND(missing_peg, missed, REF, "missed"), KT_BIND(missing_peg, warehouse, REF, "warehouse"),
    KT_BIND(missing_peg, quantity, QUANTITY, "quantity"));

static kt_error *asked_for(kt_tx *tx, const struct reorder_rule *rule, kt_dec *free)
{
    const kt_where where[] = {
        KT_WHERE(request, item, KT_EQ, rule->item), KT_WHERE(request, free, KT_GT, ZERO), {0}};
    struct requests coming;
    KT_TRY(requests_find(tx, where, &coming)); /* of what is over nothing is free */
    for (size_t i = 0; i < coming.count; i++) {
        const struct request *r = &coming.items[i];
        struct warehouse to = {KT_OF(warehouse), .active = true};
        bool here = true;
        if (rule->warehouse.v)
            KT_TRY(warehouse_same(tx, r->warehouse, rule->warehouse, &here));
        else if (r->warehouse.v)
            KT_TRY(kt_read(tx, r->warehouse, &to.rec));
        here = here && warehouse_gives(&to);
        if (here)
            *free = kt_dec_add(*free, r->free);
    }
    return NULL;
}

/* Where a demand names no warehouse, it misses at the usual one. */
static kt_error *missed(kt_tx *tx, const struct reorder_rule *rule, kt_dec *lack)
{
    const kt_where missing[] = {KT_WHERE(missing_peg, missed, KT_EQ, rule->item), {0}};
    struct missing_peg peg = {KT_OF(missing_peg)};
    kt_id usual = {0};
    kt_cursor *cursor;
    *lack = ZERO;
    KT_TRY(warehouse_usual(tx, &usual));
    KT_TRY(kt_open(tx, &(kt_query){.of = &missing_peg_shape, .where = missing}, &cursor));
    while (kt_next(cursor, &peg.rec)) {
        const kt_id at = peg.warehouse.v ? kt_any_id(peg.warehouse) : usual;
        if (!rule->warehouse.v || at.v == rule->warehouse.v)
            *lack = kt_dec_add(*lack, peg.quantity);
    }
    return kt_close(cursor);
}

/* What is there and nobody has reserved, and what comes and nobody waits for, less what demands miss. */
static kt_error *projected(kt_tx *tx, const struct reorder_rule *rule, kt_dec *free)
{
    const kt_stock *stock = kt_stock_find(tx);
    kt_stock_level level = {.available = ZERO};
    kt_dec coming, lack;
    if (stock)
        KT_TRY(stock->level(tx, rule->item, rule->warehouse, (kt_id){0}, (kt_date){0}, &level));
    KT_TRY(transfers_coming(tx, rule->warehouse, rule->item, &coming));
    KT_TRY(missed(tx, rule, &lack));
    *free = kt_dec_sub(kt_dec_add(level.available, coming), lack);
    return asked_for(tx, rule, free);
}

/* ---- logistics.reorder.run ---- */

struct reorder_run { /* its parameters */
    kt_record rec;
    kt_id item, warehouse;
};
const kt_shape reorder_run_shape = KT_SHAPE(reorder_run, NULL,
    KT_FIELD(reorder_run, item, REF, "Only this item", "Tylko ten towar", .target = "base.item"),
    KT_FIELD(reorder_run, warehouse, REF, "Only this warehouse", "Tylko ten magazyn",
        .target = "logistics.warehouse"));
struct reorder_row {
    kt_record rec;
    kt_id rule, item, request, party, transfer;
    kt_dec free, quantity;
};
static const kt_shape reorder_row_shape = KT_SHAPE(reorder_row, NULL,
    KT_FIELD(reorder_row, rule, REF, "Rule", "Reguła", .target = "logistics.reorder_rule"),
    KT_FIELD(reorder_row, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(reorder_row, free, QUANTITY, "There and coming", "Jest i przyjdzie", .scale = 4),
    KT_FIELD(reorder_row, quantity, QUANTITY, "Asked for", "Zapotrzebowano", .scale = 4),
    KT_FIELD(reorder_row, request, REF, "Request", "Zapotrzebowanie", .target = "logistics.purchase_request"),
    KT_FIELD(reorder_row, party, REF, "Supplier", "Dostawca", .target = "base.party"),
    KT_FIELD(reorder_row, transfer, REF, "Transfer", "Przesunięcie", .target = "logistics.transfer"));
struct reorder_done {
    kt_record rec;
    int64_t rules;
    kt_lines requests;
};
const kt_shape reorder_done_shape = KT_SHAPE(reorder_done, NULL,
    KT_FIELD(reorder_done, rules, INT, "Rules looked at", "Sprawdzone reguły", .required = true),
    KT_FIELD(reorder_done, requests, LINES, "Requests made", "Utworzone zapotrzebowania",
        .lines = &reorder_row_shape));

/* The transfer between two warehouses that this run has asked for already. */
static kt_error *transfer_of(
    kt_tx *tx, const struct reorder_rule *rule, const struct reorder_done *out, kt_id *transfer)
{
    *transfer = (kt_id){0};
    for (size_t i = 0; i < out->requests.count && !transfer->v; i++) {
        const struct reorder_row *row = KT_AS(reorder_row, kt_line(&out->requests, i));
        struct reorder_rule other = {KT_OF(reorder_rule)};
        if (!row->transfer.v)
            continue;
        KT_TRY(kt_read(tx, row->rule, &other.rec));
        if (other.warehouse.v == rule->warehouse.v && other.source.v == rule->source.v)
            *transfer = row->transfer;
    }
    return NULL;
}

/* No more is taken than the other warehouse has free; what it lacks, a rule of its own asks suppliers for. */
static kt_error *resupply(kt_tx *tx, const struct reorder_rule *rule, struct reorder_done *out)
{
    kt_stock_level here, there;
    kt_dec coming, going, lack;
    kt_id transfer;
    KT_TRY(stock_level(tx, rule->item, rule->warehouse, (kt_id){0}, (kt_date){0}, &here));
    KT_TRY(transfers_coming(tx, rule->warehouse, rule->item, &coming));
    KT_TRY(missed(tx, rule, &lack));
    kt_dec free = kt_dec_sub(kt_dec_add(here.available, coming), lack);
    if (kt_dec_cmp(free, kt_dec_add(ZERO, rule->minimum)) >= 0)
        return NULL;
    KT_TRY(stock_level(tx, rule->item, rule->source, (kt_id){0}, (kt_date){0}, &there));
    KT_TRY(transfers_going(tx, rule->source, rule->item, &going));
    kt_dec take = smaller(kt_dec_sub(rule->maximum, free), kt_dec_sub(there.available, going));
    if (take.coef <= 0)
        return NULL;
    KT_TRY(transfer_of(tx, rule, out, &transfer));
    KT_TRY(transfer_ask(tx, rule->source, rule->warehouse, rule->item, take, &transfer));
    const struct reorder_row row = {KT_OF(reorder_row), .rule = rule->rec.id, .item = rule->item,
        .free = free, .quantity = take, .transfer = transfer};
    return kt_line_add(tx, &out->requests, &row.rec);
}

static kt_error *run_rule(kt_tx *tx, const struct reorder_rule *rule, struct reorder_done *out)
{
    kt_dec free, least = kt_dec_add(ZERO, rule->minimum), up_to = kt_dec_add(ZERO, rule->maximum);
    out->rules++;
    if (rule->kind == RESUPPLY)
        return resupply(tx, rule, out);
    KT_TRY(projected(tx, rule, &free));
    if (rule->kind == TO_ORDER)
        least = up_to = ZERO;
    if (kt_dec_cmp(free, least) >= 0)
        return NULL;
    struct request r = {KT_OF(request), .item = rule->item, .warehouse = rule->warehouse, .origin = BY_RULE};
    KT_TRY(lot_bought(tx, rule->item, (kt_id){0}, kt_dec_sub(up_to, free), &r.quantity));
    KT_TRY(kt_create(tx, &r.rec));
    struct reorder_row row = {KT_OF(reorder_row), .rule = rule->rec.id, .item = rule->item, .free = free,
        .quantity = r.quantity, .request = r.rec.id, .party = r.party};
    return kt_line_add(tx, &out->requests, &row.rec);
}

static kt_error *rules_to_run(kt_tx *tx, const struct reorder_run *p, kt_lines *rules)
{
    kt_where where[4] = {KT_WHERE(reorder_rule, active, KT_EQ, true)};
    size_t conditions = 1;
    struct reorder_rule rule = {KT_OF(reorder_rule)};
    kt_error *e = NULL;
    kt_cursor *cursor;
    if (p->item.v)
        where[conditions++] = (kt_where){offsetof(struct reorder_rule, item), KT_EQ, &p->item};
    if (p->warehouse.v)
        where[conditions] = (kt_where){offsetof(struct reorder_rule, warehouse), KT_EQ, &p->warehouse};
    KT_TRY(kt_open(tx, &(kt_query){.of = &reorder_rule_shape, .where = where}, &cursor));
    while (!e && kt_next(cursor, &rule.rec))
        e = kt_line_add(tx, rules, &rule.rec);
    kt_also(&e, kt_close(cursor));
    return e;
}

kt_error *reorder_run(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct reorder_done *out = KT_AS(reorder_done, result);
    kt_lines rules = {0};
    KT_TRY(rules_to_run(tx, KT_SEE(reorder_run, params), &rules));
    for (size_t i = 0; i < rules.count; i++) {
        const struct reorder_rule *rule = KT_AS(reorder_rule, kt_line(&rules, i));
        bool filled, filling;
        KT_TRY(place_in_use(tx, rule->warehouse, (kt_id){0}, &filled));
        KT_TRY(place_in_use(tx, rule->source, (kt_id){0}, &filling));
        if (filled && filling)
            KT_TRY(run_rule(tx, rule, out));
    }
    return NULL;
}
