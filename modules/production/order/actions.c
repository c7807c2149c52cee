/* What people do with production orders. */
#include <kontor/documents.h>
#include <kontor/plan.h>

#include "order/order.h"

/* ---- The plan of an order, as confirm and preview answer it ---- */

struct plan_answer {
    kt_record rec;
    int64_t id, version, minutes;
    unsigned state;
    kt_date day;
    kt_str why;
    kt_dec planned_cost;
    kt_lines parts;
};
static const kt_shape plan_answer_shape = KT_SHAPE(plan_answer, NULL,
    KT_FIELD(plan_answer, id, INT, "Id", "Id"), KT_FIELD(plan_answer, version, INT, "Version", "Wersja"),
    KT_FIELD(plan_answer, state, STATE, "State", "Stan", .choices = order_states),
    KT_FIELD(plan_answer, day, DATE, "Ready on", "Gotowe dnia"),
    KT_FIELD(plan_answer, why, STRING, "Why this day", "Uzasadnienie terminu"),
    KT_FIELD(plan_answer, planned_cost, MONEY, "Planned cost", "Koszt planowany", .scale = 2),
    KT_FIELD(plan_answer, minutes, INT, "Machine minutes", "Minuty maszyn"),
    KT_FIELD(
        plan_answer, parts, LINES, "Components come from", "Skąd składniki", .lines = &kt_plan_row_shape));

static kt_error *order_planned(kt_tx *tx, const kt_record *self, kt_record *result)
{
    const struct order *o = KT_SEE(order, self);
    struct plan_answer *out = KT_AS(plan_answer, result);
    const kt_supply *supply = kt_supply_find(tx);
    struct order seen = {KT_OF(order)}; /* as the caller may see it: with the cost, or without */
    kt_plan plan = {0};
    KT_TRY(kt_read(tx, o->rec.id, &seen.rec));
    out->id = (int64_t)o->rec.id.v;
    out->version = o->rec.version;
    out->state = o->state;
    out->day = o->day;
    out->why = kt_say(tx, say_text(o->why, o->why_pl));
    out->planned_cost = seen.planned_cost;
    out->minutes = o->minutes;
    if (!supply || !kt_may(tx, "base.pegging:read"))
        return NULL;
    KT_TRY(supply->tree(tx, order_any(tx, o), (kt_id){0}, 0, &plan));
    return kt_plan_show(tx, &plan, &out->parts);
}

/* ---- Actions ---- */

static kt_error *confirm_within(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct order *o = KT_AS(order, self);
    struct bom_book *book;
    const struct routing *routing;
    kt_plan plan = {0};
    (void)params;
    o->steps++;
    KT_TRY(bom_book_today(tx, &book));
    KT_TRY(bom_book_routing(tx, book, o->routing, &routing));
    if (routing) /* one that is on its way goes on */
        KT_TRY(routing_check(tx, routing));
    KT_TRY(order_cover(tx, o, &plan));
    o->state = CONFIRMED;
    return order_look(tx, o);
}

static kt_error *order_confirm(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return on_own_authority(tx, confirm_within, self, params);
}

static kt_error *look_within(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    return order_look(tx, KT_AS(order, self));
}

static kt_error *order_reserve(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return on_own_authority(tx, look_within, self, params);
}

static kt_error *order_start(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct order *o = KT_AS(order, self);
    (void)params;
    o->started_at = kt_now(tx);
    o->steps++;
    return NULL;
}

struct reschedule {
    kt_record rec;
    kt_date due, from;
    kt_str reason;
};
static const kt_shape reschedule_shape = KT_SHAPE(reschedule, NULL,
    KT_FIELD(reschedule, due, DATE, "Needed on", "Potrzebne na"),
    KT_FIELD(reschedule, from, DATE, "Not before", "Nie wcześniej niż"),
    KT_FIELD(reschedule, reason, STRING, "Reason", "Powód", .max = 200));

static kt_error *reschedule_within(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct order *o = KT_AS(order, self);
    const struct reschedule *given = KT_SEE(reschedule, params);
    kt_text reason = {0};
    if (given->due.day)
        o->due = given->due;
    if (given->reason.len) {
        o->reason = given->reason;
        reason = say_text(given->reason, given->reason);
    }
    o->steps++;
    return order_place_anew(tx, o, given->from, reason);
}

static kt_error *order_reschedule(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return on_own_authority(tx, reschedule_within, self, params);
}

struct resize {
    kt_record rec;
    kt_dec quantity;
};
static const kt_shape resize_shape = KT_SHAPE(
    resize, NULL, KT_FIELD(resize, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .required = true));

/* Whoever waited for more than the order gives now is covered anew. */
static kt_error *cover_the_rest(kt_tx *tx, struct order *o)
{
    const kt_supply *supply = kt_supply_find(tx);
    kt_dec waited;
    KT_TRY(order_waited_for(tx, o, o->item, &waited));
    kt_dec rest = kt_dec_sub(waited, order_rest(o));
    if (!supply || rest.coef <= 0)
        return NULL;
    kt_text why = say_text(kt_format(tx, "%s makes less now", o->rec.number.ptr),
        kt_format(tx, "%s daje teraz mniej", o->rec.number.ptr));
    KT_TRY(kt_update(tx, &o->rec)); /* before those who waited are covered anew */
    return supply->failed(tx, &(kt_shortfall){order_any(tx, o), o->item, rest}, 1, why);
}

static kt_error *resize_within(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct order *o = KT_AS(order, self);
    kt_dec quantity = KT_SEE(resize, params)->quantity;
    kt_plan left = {0};
    if (quantity.coef <= 0)
        return kt_fail(tx, KT_VALIDATION, "quantity", "must be above zero", "musi być większe od zera");
    KT_TRY(check_pieces(tx, o->item, quantity, "quantity"));
    const kt_dec reported = kt_dec_sub(o->quantity, order_rest(o));
    if (kt_dec_cmp(quantity, reported) < 0)
        return kt_hint(kt_fail(tx, KT_RULE, "quantity", "more is reported already: %s",
                           "zgłoszono już więcej: %s", kt_dec_text(tx, reported, 0).ptr),
            "Give at least that much; if no more is to be made, finish the order (production.order.finish).",
            "Podaj co najmniej tyle; jeśli więcej nie ma powstać, zakończ zlecenie "
            "(production.order.finish).");
    KT_TRY(order_resize(tx, o, quantity, &left));
    KT_TRY(cover_the_rest(tx, o));
    return order_outputs_fail(tx, o);
}

static kt_error *order_resize_call(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return on_own_authority(tx, resize_within, self, params);
}

struct cancel {
    kt_record rec;
    kt_str reason;
};
static const kt_shape cancel_shape = KT_SHAPE(
    cancel, NULL, KT_FIELD(cancel, reason, STRING, "Reason", "Powód", .max = 300));

static kt_error *cancel_within(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct order *o = KT_AS(order, self);
    const kt_supply *supply = kt_supply_find(tx);
    kt_plan left = {0};
    o->reason = KT_SEE(cancel, params)->reason;
    KT_TRY(order_drop(tx, o, &left));
    kt_text why = say_text(kt_format(tx, "%s was cancelled", o->rec.number.ptr),
        kt_format(tx, "%s anulowano", o->rec.number.ptr));
    KT_TRY(kt_update(tx, &o->rec)); /* before those who waited are covered anew */
    if (supply)
        KT_TRY(supply->failed(tx, &(kt_shortfall){order_any(tx, o), o->item, o->quantity}, 1, why));
    return order_outputs_fail(tx, o);
}

static kt_error *order_cancel(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return on_own_authority(tx, cancel_within, self, params);
}

struct assign {
    kt_record rec;
    kt_id person;
};
static const kt_shape assign_shape = KT_SHAPE(assign, NULL,
    KT_FIELD(
        assign, person, REF, "Responsible", "Odpowiedzialny", .target = "access.user", .required = true));

static kt_error *order_assign(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    KT_AS(order, self)->owner = KT_SEE(assign, params)->person;
    return NULL;
}

const kt_action order_actions[] = {
    {"confirm", {"Confirm", "Potwierdź"}, "confirm", .from = KT_IN(DRAFT), .run = order_confirm,
        .result = &plan_answer_shape, .answer = order_planned, .preview = true},
    {"preview", {"Preview the confirmation", "Podgląd potwierdzenia"}, "confirm", .from = KT_IN(DRAFT),
        .rehearses = "confirm"},
    {"reserve", {"Look for components", "Sprawdź składniki"}, "update",
        .from = KT_IN(CONFIRMED) | KT_IN(RESERVED), .run = order_reserve},
    {"start", {"Start", "Rozpocznij"}, "work", .from = KT_IN(CONFIRMED) | KT_IN(RESERVED), .to = IN_PROGRESS,
        .run = order_start},
    {"issue", {"Issue components", "Wydaj składniki"}, "work", .from = OPEN_AT_WORK, .to = IN_PROGRESS,
        .params = &issue_shape, .run = order_issue},
    {"give_back", {"Give components back", "Zwróć składniki"}, "work",
        .from = KT_IN(IN_PROGRESS) | KT_IN(DONE), .params = &give_back_shape, .run = order_give_back,
        .preview = true},
    {"report", {"Report output", "Zgłoś wykonanie"}, "work", .from = OPEN_AT_WORK, .to = IN_PROGRESS,
        .params = &report_shape, .run = order_report},
    {"finish", {"Finish", "Zakończ"}, "work", .from = KT_IN(IN_PROGRESS), .to = DONE, .params = &finish_shape,
        .run = order_finish},
    {"close", {"Close", "Zamknij"}, "update", .from = KT_IN(DONE), .to = CLOSED},
    {"reschedule", {"Reschedule", "Zmień termin"}, "update", .from = OPEN_AT_WORK,
        .params = &reschedule_shape, .run = order_reschedule, .result = &kt_rescheduled_shape,
        .answer = kt_rescheduled_answer, .preview = true},
    {"resize", {"Change the quantity", "Zmień ilość"}, "update", .from = OPEN_AT_WORK,
        .params = &resize_shape, .run = order_resize_call, .preview = true},
    {"amend", {"Change components", "Zmień składniki"}, "update", .from = NOT_BEGUN | KT_IN(IN_PROGRESS),
        .params = &amend_shape, .run = order_amend, .preview = true},
    {"assign", {"Assign", "Przydziel"}, "update", .from = NOT_BEGUN | KT_IN(IN_PROGRESS),
        .params = &assign_shape, .run = order_assign},
    {"cancel", {"Cancel", "Anuluj"}, "update", .from = NOT_BEGUN, .to = CANCELLED, .params = &cancel_shape,
        .run = order_cancel, .preview = true},
    {0},
};
