/* What planning leaves for people: proposals with what needs them, and messages about what is open already. */
#include <string.h>

#include <kontor/supply.h>

#include "mrp/run.h"
#include "order/order.h"

static const kt_choice policies[] = {
    {MRP_AS_NEEDED, "as_needed", {"As needed", "Na potrzebę"}},
    {MRP_FIXED, "fixed", {"Fixed lots", "Stała partia"}},
    {MRP_PERIOD, "period", {"For a period", "Na okres"}},
    {0},
};
#define LOT_FIELD(m, en, pl) KT_FIELD(planned_item, m, QUANTITY, en, pl, .scale = 4)
const kt_shape planned_item_shape = KT_SHAPE(planned_item, "base.item",
    KT_BIND(planned_item, kind, STATE, "kind"), KT_BIND(planned_item, active, BOOL, "active"),
    KT_FIELD(planned_item, planning, STATE, "Lots", "Partie", .choices = policies,
        .help = {"How much is made or bought at a time; empty: as needed.",
            "Ile naraz się robi lub kupuje; puste: na potrzebę."}),
    LOT_FIELD(lot_size, "Lot", "Wielkość partii"), LOT_FIELD(lot_min, "Least lot", "Partia najmniejsza"),
    LOT_FIELD(lot_max, "Greatest lot", "Partia największa"),
    LOT_FIELD(lot_multiple, "Multiple of", "Wielokrotność"),
    LOT_FIELD(safety_stock, "Safety stock", "Zapas bezpieczeństwa"),
    KT_FIELD(planned_item, forecast_back, QUANTITY, "Forecasts taken back, days", "Prognozy wstecz, dni",
        .scale = 0,
        .help = {"An order takes of the forecast of its time, then of those that ended at most so many days "
                 "before. "
                 "Empty: 30.",
            "Zamówienie zużywa prognozę swojego okresu, potem te, które skończyły się najwyżej tyle dni "
            "wcześniej. "
            "Puste: 30."}),
    KT_FIELD(planned_item, forecast_forward, QUANTITY, "Forecasts taken ahead, days", "Prognozy w przód, dni",
        .scale = 0,
        .help = {"At last of those that begin at most so many days later. Empty: none.",
            "Na końcu te, które zaczynają się najwyżej tyle dni później. Puste: żadne."}),
    KT_FIELD(planned_item, lot_period, INT, "Period, days", "Okres, dni"),
    KT_FIELD(planned_item, lead_days, INT, "Lead time, days", "Czas realizacji, dni",
        .help = {"From the release of an order until it is there. Of what a routing makes its time counts "
                 "instead; empty, of what is bought: its suppliers'.",
            "Od zlecenia do przyjęcia. Dla wyrobu z marszrutą liczy się zamiast tego jej czas; puste dla "
            "kupowanego: czas dostawców."}),
    KT_FIELD(planned_item, lead_fixed, BOOL, "Lead time holds with a routing, too",
        "Czas realizacji także z marszrutą",
        .help = {"Planning releases by the days above, not by the time of the routing.",
            "Planowanie zleca według podanych dni, a nie czasu marszruty."}));

static void not_negative(kt_tx *tx, const char *path, bool below, kt_error **all)
{
    if (below)
        kt_also(all, kt_fail(tx, KT_VALIDATION, path, "is not below zero", "nie może być ujemne"));
}

static kt_error *lots_fit(kt_tx *tx, const struct planned_item *i)
{
    kt_error *all = NULL;
    if (i->planning == MRP_FIXED && i->lot_size.coef <= 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "lot_size", "fixed lots need a lot above zero",
                          "stała partia wymaga wielkości większej od zera"));
    if (i->planning == MRP_PERIOD && i->lot_period <= 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "lot_period", "lots for a period need days above zero",
                          "partie na okres wymagają liczby dni większej od zera"));
    if (i->lot_max.coef > 0 && i->lot_min.coef > 0 && kt_dec_cmp(i->lot_min, i->lot_max) > 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "lot_min", "is above the greatest lot",
                          "jest większa od partii największej"));
    return all;
}

static void window_fits(kt_tx *tx, const char *path, kt_dec days, kt_error **all)
{
    if (days.coef < 0 || kt_dec_cmp(days, KT_DEC(WINDOW_MAX, 0)) > 0)
        kt_also(all, kt_fail(tx, KT_VALIDATION, path, "is not within 0 to %d days",
                         "nie mieści się między 0 a %d dni", WINDOW_MAX));
}

kt_error *planning_rules_check(kt_tx *tx, const kt_event *event)
{
    const struct planned_item *i = KT_SEE(planned_item, event->after);
    kt_error *all = lots_fit(tx, i);
    not_negative(tx, "lot_size", i->lot_size.coef < 0, &all);
    not_negative(tx, "lot_min", i->lot_min.coef < 0, &all);
    not_negative(tx, "lot_max", i->lot_max.coef < 0, &all);
    not_negative(tx, "lot_multiple", i->lot_multiple.coef < 0, &all);
    not_negative(tx, "safety_stock", i->safety_stock.coef < 0, &all);
    window_fits(tx, "forecast_back", i->forecast_back, &all);
    window_fits(tx, "forecast_forward", i->forecast_forward, &all);
    not_negative(tx, "lot_period", i->lot_period < 0, &all);
    not_negative(tx, "lead_days", i->lead_days < 0, &all);
    return all;
}

const kt_shape mrp_run_shape = KT_SHAPE(mrp_run, "production.mrp_run",
    KT_FIELD(mrp_run, day, DATE, "Day", "Dzień", .computed = true, .priority = 1),
    KT_FIELD(mrp_run, items, INT, "Items", "Towary", .computed = true),
    KT_FIELD(mrp_run, levels, INT, "Levels", "Poziomy", .computed = true),
    KT_FIELD(mrp_run, demands, INT, "Demands", "Zapotrzebowania", .computed = true, .priority = 2),
    KT_FIELD(mrp_run, consumed, INT, "Forecasts taken of", "Prognozy zużyte", .computed = true,
        .help = {"By customers' orders, all or some of them: production.mrp.consumption tells which.",
            "Przez zamówienia, w całości lub części: production.mrp.consumption pokazuje które."}),
    KT_FIELD(mrp_run, receipts, INT, "Open receipts", "Otwarte dostawy", .computed = true),
    KT_FIELD(mrp_run, proposals, INT, "Proposals", "Propozycje", .computed = true, .priority = 3),
    KT_FIELD(mrp_run, added, INT, "New proposals", "Propozycje nowe", .computed = true),
    KT_FIELD(mrp_run, changed, INT, "Changed proposals", "Propozycje zmienione", .computed = true),
    KT_FIELD(mrp_run, removed, INT, "Removed proposals", "Propozycje usunięte", .computed = true),
    KT_FIELD(mrp_run, messages, INT, "Messages", "Komunikaty", .computed = true, .priority = 4),
    KT_FIELD(mrp_run, job, INT, "Job", "Zadanie", .computed = true));

static const kt_choice needs[] = {
    {MRP_DEMAND, "demand", {"A demand", "Zapotrzebowanie"}},
    {MRP_ORDER, "proposal", {"A proposal", "Propozycja"}},
    {MRP_RECEIPT, "order", {"An open order", "Otwarte zlecenie"}},
    {MRP_STOCK, "stock", {"Stock", "Zapas"}},
    {MRP_SAFETY, "safety", {"Safety stock", "Zapas bezpieczeństwa"}},
    {0},
};
const kt_shape reason_peg_shape = KT_SHAPE(reason_peg, NULL,
    KT_FIELD(reason_peg, need, STATE, "Needed for", "Na co", .choices = needs),
    KT_FIELD(reason_peg, document, REF, "Document", "Dokument", .target = "*", .on_delete = KT_CLEAR),
    KT_FIELD(reason_peg, line, INT, "Line", "Pozycja"),
    KT_FIELD(reason_peg, proposal, INT, "Proposal number", "Numer propozycji",
        .help = {"Of the proposal into which this goes.", "Propozycji, do której to wchodzi."}),
    KT_FIELD(reason_peg, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4),
    KT_FIELD(reason_peg, day, DATE, "Day", "Dzień"));

static const kt_choice proposal_kinds[] = {
    {TO_MAKE, "make", {"Make", "Wyprodukować"}}, {TO_BUY, "buy", {"Buy", "Kupić"}}, {0}};
static const kt_choice proposal_states[] = {{PROPOSED, "planned", {"Planned", "Planowana"}, "open"},
    {FIRMED, "firm", {"Firm", "Zatwierdzona"}, "won"}, {0}};
const kt_shape proposal_shape = KT_SHAPE(proposal, "production.proposal",
    KT_FIELD(proposal, item, REF, "Item", "Towar", .target = "base.item", .computed = true,
        .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(proposal, kind, STATE, "What to do", "Co zrobić", .choices = proposal_kinds, .computed = true,
        .priority = 2),
    KT_FIELD(proposal, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .computed = true, .priority = 3),
    KT_FIELD(proposal, release, DATE, "Release on", "Zlecić dnia", .computed = true, .indexed = true,
        .priority = 4),
    KT_FIELD(proposal, due, DATE, "Needed on", "Potrzebne na", .computed = true, .priority = 5),
    KT_FIELD(proposal, late, BOOL, "Too late", "Za późno", .computed = true, .indexed = true, .priority = 6,
        .help = {"It should have been released before.", "Należało zlecić wcześniej."}),
    KT_FIELD(proposal, state, STATE, "State", "Stan", .choices = proposal_states, .initial = "planned",
        .computed = true, .priority = 7),
    KT_FIELD(proposal, level, INT, "Low-level code", "Kod najniższego poziomu", .computed = true),
    KT_FIELD(proposal, run, REF, "Run", "Przebieg", .target = "production.mrp_run", .on_delete = KT_CLEAR,
        .computed = true,
        .help = {"That proposed it as it is now; later ones left it so.",
            "Który zaproponował ją taką, jaka jest; późniejsze jej nie zmieniły."}),
    KT_FIELD(proposal, serial, INT, "Number", "Numer", .computed = true, .indexed = true),
    KT_FIELD(
        proposal, supply, REF, "Became", "Stała się", .target = "*", .on_delete = KT_CLEAR, .computed = true),
    KT_FIELD(proposal, pegs, LINES, "What needs it", "Na co potrzebna", .lines = &reason_peg_shape,
        .computed = true));

static const kt_choice message_kinds[] = {
    {MRP_EXPEDITE, "expedite", {"Expedite", "Przyspieszyć"}},
    {MRP_DEFER, "defer", {"Defer", "Odłożyć"}},
    {MRP_CANCEL, "cancel", {"Cancel", "Anulować"}},
    {0},
};
const kt_shape message_shape = KT_SHAPE(message, "production.message",
    KT_FIELD(message, kind, STATE, "What to do", "Co zrobić", .choices = message_kinds, .computed = true,
        .indexed = true, .priority = 1),
    KT_FIELD(message, item, REF, "Item", "Towar", .target = "base.item", .computed = true, .indexed = true,
        .on_delete = KT_CASCADE, .priority = 2),
    KT_FIELD(message, document, REF, "Document", "Dokument", .target = "*", .on_delete = KT_CASCADE,
        .computed = true, .priority = 3),
    KT_FIELD(message, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .computed = true, .priority = 4),
    KT_FIELD(message, day, DATE, "Comes on", "Będzie dnia", .computed = true, .priority = 5),
    KT_FIELD(message, needed, DATE, "Needed on", "Potrzebne na", .computed = true, .priority = 6),
    KT_FIELD(message, run, REF, "Run", "Przebieg", .target = "production.mrp_run", .on_delete = KT_CLEAR,
        .computed = true, .indexed = true));

/* ---- Planned becomes firm ---- */

static kt_error *buy(kt_tx *tx, struct proposal *p)
{
    const kt_source *source = kt_service_find(tx, "supply.buy", 7);
    kt_dec rest = p->quantity;
    kt_plan plan = {0};
    const kt_demand demand = {.item = p->item, .quantity = p->quantity, .day = p->due};
    if (source)
        KT_TRY(source->cover(tx, &demand, &rest, &plan));
    if (rest.coef > 0)
        return kt_hint(kt_fail(tx, KT_UNAVAILABLE, "item", "nobody buys it here", "nikt tu tego nie kupuje"),
            "Enable the module logistics, and enter a supplier.", "Włącz moduł logistics i podaj dostawcę.");
    p->supply = plan.count ? plan.parts[0].document : (kt_id){0};
    return NULL;
}

static kt_error *firm_within(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct proposal *p = KT_AS(proposal, self);
    (void)params;
    if (p->kind == TO_BUY)
        return buy(tx, p);
    struct order o = {KT_OF(order), .item = p->item, .quantity = p->quantity, .due = p->due, .state = DRAFT,
        .begins = kt_instant(tx, p->release, 0), .run = (int64_t)p->run.v, .owner = kt_user(tx)};
    KT_TRY(kt_create(tx, &o.rec));
    p->supply = order_any(tx, &o);
    return NULL;
}

static kt_error *proposal_firm(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return on_own_authority(tx, firm_within, self, params);
}

const kt_action proposal_actions[] = {
    {"firm", {"Firm", "Zatwierdź"}, "firm", .from = KT_IN(PROPOSED), .to = FIRMED, .run = proposal_firm,
        .preview = true},
    {0},
};

/* ---- production.mrp.trace: up to the demands that a proposal is for ---- */

struct trace {
    kt_record rec;
    kt_id proposal;
};
const kt_shape trace_shape = KT_SHAPE(trace, NULL,
    KT_FIELD(
        trace, proposal, REF, "Proposal", "Propozycja", .target = "production.proposal", .required = true));
struct trace_row {
    kt_record rec;
    int64_t level, line;
    unsigned need;
    kt_id item, document;
    kt_dec quantity;
    kt_date day;
};
static const kt_shape trace_row_shape = KT_SHAPE(trace_row, NULL,
    KT_FIELD(trace_row, level, INT, "Levels up", "Poziomów wyżej"),
    KT_FIELD(trace_row, need, STATE, "Needed for", "Na co", .choices = needs),
    KT_FIELD(trace_row, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(trace_row, document, REF, "Document", "Dokument", .target = "*"),
    KT_FIELD(trace_row, line, INT, "Line", "Pozycja"),
    KT_FIELD(trace_row, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4),
    KT_FIELD(trace_row, day, DATE, "Day", "Dzień"));
struct trace_answer {
    kt_record rec;
    kt_lines rows, consumption;
};
const kt_shape trace_answer_shape = KT_SHAPE(trace_answer, NULL,
    KT_FIELD(
        trace_answer, rows, LINES, "Up to the demand", "Aż do zapotrzebowania", .lines = &trace_row_shape),
    KT_FIELD(trace_answer, consumption, LINES, "The forecasts at its end", "Prognozy na końcu",
        .lines = &consumption_row_shape,
        .help = {"And which orders took of them, as they stand now.",
            "Oraz zamówienia, które je zużyły, według stanu teraz."}));

enum { TRACE_MAX = 2000 };

static kt_error *proposal_numbered(kt_tx *tx, int64_t serial, struct proposal *p, bool *found)
{
    const kt_where where[] = {KT_WHERE(proposal, serial, KT_EQ, serial), {0}};
    kt_cursor *cursor;
    *p = (struct proposal){KT_OF(proposal)};
    KT_TRY(kt_open(tx, &(kt_query){.of = &proposal_shape, .where = where, .limit = 1}, &cursor));
    *found = kt_next(cursor, &p->rec);
    return kt_close(cursor);
}

static kt_error *trace_up(kt_tx *tx, const struct proposal *p, unsigned level, kt_lines *rows)
{
    for (size_t i = 0; i < p->pegs.count && rows->count < TRACE_MAX && level < 50; i++) {
        const struct reason_peg *peg = KT_SEE(reason_peg, kt_line(&p->pegs, i));
        struct trace_row row = {KT_OF(trace_row), .level = level, .need = peg->need, .item = p->item,
            .document = peg->document, .line = peg->line, .quantity = peg->quantity, .day = peg->day};
        struct proposal up;
        bool found = false;
        KT_TRY(kt_line_add(tx, rows, &row.rec));
        if (peg->proposal)
            KT_TRY(proposal_numbered(tx, peg->proposal, &up, &found));
        if (found)
            KT_TRY(trace_up(tx, &up, level + 1, rows));
    }
    return NULL;
}

/* Of the forecasts among the rows, each once, what is left and who took the rest. */
static kt_error *trace_forecasts(kt_tx *tx, struct trace_answer *out)
{
    for (size_t i = 0; i < out->rows.count; i++) {
        const struct trace_row *row = KT_SEE(trace_row, kt_line(&out->rows, i));
        const char *entity = kt_any_entity(tx, row->document);
        bool again = false;
        for (size_t n = 0; n < i; n++)
            again = again || KT_SEE(trace_row, kt_line(&out->rows, n))->document.v == row->document.v;
        if (!again && entity && strcmp(entity, forecast_shape.name) == 0)
            KT_TRY(consumption_tell(
                tx, (kt_id){0}, (kt_date){0}, (kt_date){0}, kt_any_id(row->document), &out->consumption));
    }
    return NULL;
}

kt_error *mrp_trace(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct trace_answer *out = KT_AS(trace_answer, result);
    struct proposal p = {KT_OF(proposal)};
    KT_TRY(kt_read(tx, KT_SEE(trace, params)->proposal, &p.rec));
    KT_TRY(trace_up(tx, &p, 0, &out->rows));
    return trace_forecasts(tx, out);
}
