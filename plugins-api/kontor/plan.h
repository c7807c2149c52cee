/* plan.h -- a plan as answers show it: one row for each part of what covers a demand, alike for orders of customers,
 * orders of production and whoever asks why a date is what it is. */
#pragma once
#include <kontor/supply.h>

static const kt_choice kt_supply_kinds[] = {
    {KT_FROM_STOCK, "stock", {"On stock", "Z zapasu"}},
    {KT_FROM_TRANSFER, "transfer", {"From another warehouse", "Z innego magazynu"}},
    {KT_FROM_MAKING, "make", {"Made", "Z produkcji"}},
    {KT_FROM_BUYING, "buy", {"Bought", "Z zakupu"}},
    {KT_MISSING, "missing", {"Missing", "Brakuje"}},
    {0},
};

struct kt_plan_row {
    kt_record rec;
    int64_t level, line, minutes;
    kt_supply_kind kind;
    kt_id item, supply, freed_by, party;
    kt_str item_name, reason;
    kt_dec quantity, cost, unit_cost;
    kt_date needed, day;
    bool late;
};
static const kt_shape kt_plan_row_shape = KT_SHAPE(kt_plan_row, NULL,
    KT_FIELD(kt_plan_row, level, INT, "Level", "Poziom", .required = true),
    KT_FIELD(kt_plan_row, line, INT, "Line", "Pozycja"),
    KT_FIELD(kt_plan_row, kind, STATE, "Comes from", "Skąd", .choices = kt_supply_kinds),
    KT_FIELD(kt_plan_row, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(kt_plan_row, item_name, STRING, "Name", "Nazwa"),
    KT_FIELD(kt_plan_row, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4),
    KT_FIELD(kt_plan_row, needed, DATE, "Needed on", "Potrzebne na"),
    KT_FIELD(kt_plan_row, day, DATE, "There on", "Będzie dnia"),
    KT_FIELD(kt_plan_row, late, BOOL, "Late", "Opóźnione"),
    KT_FIELD(kt_plan_row, supply, REF, "Covered by", "Czym pokryte", .target = "*"),
    KT_FIELD(kt_plan_row, freed_by, REF, "Was reserved for", "Było zarezerwowane dla", .target = "*"),
    KT_FIELD(kt_plan_row, party, REF, "Supplier", "Dostawca", .target = "base.party"),
    KT_FIELD(
        kt_plan_row, unit_cost, PRICE, "Price in the company's currency", "Cena w walucie firmy", .scale = 6),
    KT_FIELD(kt_plan_row, cost, MONEY, "Cost", "Koszt", .scale = 2),
    KT_FIELD(kt_plan_row, minutes, INT, "Working minutes", "Minuty pracy"),
    KT_FIELD(kt_plan_row, reason, STRING, "Why", "Dlaczego"));

struct kt_plan_item {
    kt_record rec;
    kt_str name;
};
static const kt_shape kt_plan_item_shape = KT_SHAPE(
    kt_plan_item, "base.item", KT_BIND(kt_plan_item, name, STRING, "name"));

/* It is missing, nobody knows when it comes, or it comes after it is needed; what is needed on no day, after the day that was promised
 * first. */
static inline bool kt_cover_late(const kt_cover *part)
{
    const kt_date by = part->needed.day ? part->needed : part->promised;
    return part->kind == KT_MISSING || !part->day.day || (by.day && part->day.day > by.day);
}

/* Adds a row of kt_plan_row_shape for each part, in the order of the plan. */
KT_MUST static inline kt_error *kt_plan_show(kt_tx *tx, const kt_plan *plan, kt_lines *rows)
{
    for (size_t i = 0; i < plan->count; i++) {
        const kt_cover *part = &plan->parts[i];
        struct kt_plan_item item = {KT_OF(kt_plan_item)};
        KT_TRY(kt_read(tx, part->item, &item.rec));
        struct kt_plan_row row = {KT_OF(kt_plan_row), .level = part->level, .line = (int64_t)part->line.v,
            .minutes = part->minutes, .kind = part->kind, .item = part->item, .supply = part->document,
            .freed_by = part->freed_by, .item_name = item.name, .reason = kt_say(tx, part->reason),
            .party = part->party, .unit_cost = part->unit_cost, .quantity = part->quantity,
            .cost = part->cost, .needed = part->needed, .day = part->day, .late = kt_cover_late(part)};
        KT_TRY(kt_line_add(tx, rows, &row.rec));
    }
    return NULL;
}

/* ---- What an action did to promises ---- */

struct kt_promise_row {
    kt_record rec;
    kt_id document;
    int64_t line;
    kt_date was, day;
    kt_str reason;
};
static const kt_shape kt_promise_row_shape = KT_SHAPE(kt_promise_row, NULL,
    KT_FIELD(kt_promise_row, document, REF, "Document", "Dokument", .target = "*"),
    KT_FIELD(kt_promise_row, line, INT, "Line", "Pozycja"),
    KT_FIELD(kt_promise_row, was, DATE, "Promised before", "Obiecano przedtem"),
    KT_FIELD(kt_promise_row, day, DATE, "Promised now", "Obiecano teraz",
        .help = {"Empty: nobody knows.", "Puste: nie wiadomo."}),
    KT_FIELD(kt_promise_row, reason, STRING, "Why", "Dlaczego"));

/* Adds a row for each promise that moved in this transaction, if the caller may read what covers demands. */
KT_MUST static inline kt_error *kt_promises_show(kt_tx *tx, kt_lines *rows)
{
    const kt_supply *supply = kt_supply_find(tx);
    const kt_promise *all = NULL;
    size_t count = 0;
    if (supply && kt_may(tx, "base.pegging:read"))
        KT_TRY(supply->told(tx, &all, &count));
    for (size_t i = 0; i < count; i++) {
        const struct kt_promise_row row = {KT_OF(kt_promise_row), .document = all[i].document,
            .line = (int64_t)all[i].line.v, .was = all[i].was, .day = all[i].day,
            .reason = kt_say(tx, all[i].reason)};
        KT_TRY(kt_line_add(tx, rows, &row.rec));
    }
    return NULL;
}

struct kt_rescheduled { /* the answer of an action that moves a supply */
    kt_record rec;
    int64_t id, version;
    kt_lines promises;
};
static const kt_shape kt_rescheduled_shape = KT_SHAPE(kt_rescheduled, NULL,
    KT_FIELD(kt_rescheduled, id, INT, "Id", "Id"),
    KT_FIELD(kt_rescheduled, version, INT, "Version", "Wersja"),
    KT_FIELD(kt_rescheduled, promises, LINES, "Promises that moved", "Zmienione obietnice",
        .lines = &kt_promise_row_shape));

/* Who the record is, and the promises that moved. */
KT_MUST static inline kt_error *kt_rescheduled_answer(kt_tx *tx, const kt_record *self, kt_record *result)
{
    struct kt_rescheduled *out = KT_AS(kt_rescheduled, result);
    out->id = (int64_t)self->id.v;
    out->version = self->version;
    return kt_promises_show(tx, &out->promises);
}
