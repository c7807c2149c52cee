/* Sending, approving, dating, billing, ending a purchase order. */
#include <kontor/plan.h>

#include "purchase/purchase.h"

/* ---- Approving ---- */

struct lead_time {
    kt_record rec;
    int64_t lead_days;
};
static const kt_shape lead_time_shape = KT_SHAPE(
    lead_time, "logistics.supplier_price", KT_BIND(lead_time, lead_days, INT, "lead_days"));

kt_error *po_date_line(kt_tx *tx, struct po_line *line)
{
    struct lead_time row = {KT_OF(lead_time)};
    if (!line->expected.day && line->price_row.v) {
        KT_TRY(kt_read(tx, line->price_row, &row.rec));
        KT_TRY(delivery_day(tx, kt_today(tx), row.lead_days, &line->expected));
    }
    if (line->expected.day < line->asked.day)
        line->expected = line->asked;
    if (!line->first_expected.day)
        line->first_expected = line->expected;
    return NULL;
}

static kt_error *has_lines(kt_tx *tx, const struct po *o)
{
    return o->lines.count ? NULL
                          : kt_hint(kt_fail(tx, KT_VALIDATION, "lines", "the order has no lines",
                                        "zamówienie nie ma pozycji"),
                                "Add what is bought.", "Dodaj, co jest kupowane.");
}

static kt_error *send(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    return has_lines(tx, KT_AS(po, self));
}

static kt_error *approve(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct po *o = KT_AS(po, self);
    (void)params;
    KT_TRY(has_lines(tx, o));
    KT_TRY(po_within_limit(tx, o));
    KT_TRY(po_check_straight(tx, o));
    o->approved_by = kt_user(tx);
    o->approved_at = kt_now(tx);
    o->bookings++;
    for (size_t i = 0; i < o->lines.count; i++) {
        struct po_line *line = po_line_at(&o->lines, i);
        if (line->kind != PO_GOODS)
            continue;
        KT_TRY(po_date_line(tx, line));
        if (line->expected.day)
            KT_TRY(po_moved(tx, o, line, KT_STR("")));
    }
    KT_TRY(po_balance(tx, o));
    return po_expect(tx, o, false);
}

/* ---- Dates ---- */

struct new_day {
    kt_record rec;
    int64_t line;
    kt_date expected;
};
static const kt_shape new_day_shape = KT_SHAPE(new_day, NULL,
    KT_FIELD(new_day, line, INT, "Line's id", "Id pozycji", .required = true),
    KT_FIELD(new_day, expected, DATE, "Expected on", "Spodziewane dnia",
        .help = {"Empty: nobody knows.", "Puste: nie wiadomo."}));
struct po_reschedule {
    kt_record rec;
    kt_date expected;
    kt_lines lines;
    kt_str reason;
};
const kt_shape po_reschedule_shape = KT_SHAPE(po_reschedule, NULL,
    KT_FIELD(po_reschedule, lines, LINES, "Lines", "Pozycje", .lines = &new_day_shape,
        .help = {"Empty: all that is open.", "Puste: wszystkie otwarte."}),
    KT_FIELD(po_reschedule, expected, DATE, "Expected on", "Spodziewane dnia"),
    KT_FIELD(po_reschedule, reason, STRING, "Reason", "Powód", .required = true, .max = 200));

static kt_error *set_day(kt_tx *tx, const struct po *o, struct po_line *line, kt_date day, kt_str reason)
{
    if (line->expected.day == day.day)
        return NULL;
    line->expected = day;
    return po_moved(tx, o, line, reason);
}

kt_error *po_reschedule(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct po *o = KT_AS(po, self);
    const struct po_reschedule *p = KT_SEE(po_reschedule, params);
    kt_error *all = NULL;
    o->bookings++;
    for (size_t i = 0; i < o->lines.count && !p->lines.count; i++) {
        struct po_line *line = po_line_at(&o->lines, i);
        if (po_line_open(line).coef > 0)
            KT_TRY(set_day(tx, o, line, p->expected, p->reason));
    }
    for (size_t i = 0; i < p->lines.count; i++) {
        const struct new_day *n = KT_AS(new_day, kt_line(&p->lines, i));
        struct po_line *line = po_line_with(&o->lines, (kt_id){(uint64_t)n->line});
        kt_also(&all, line ? set_day(tx, o, line, n->expected, p->reason)
                           : kt_fail(tx, KT_VALIDATION, path_of(tx, "lines", i, "line"),
                                 "there is no line %lld", "nie ma pozycji %lld", (long long)n->line));
    }
    return all ? all : po_expect(tx, o, false);
}

/* ---- Bills ---- */

struct billed_part {
    kt_record rec;
    int64_t line;
    kt_dec quantity;
};
static const kt_shape billed_part_shape = KT_SHAPE(billed_part, NULL,
    KT_FIELD(billed_part, line, INT, "Line's id", "Id pozycji", .required = true),
    KT_FIELD(billed_part, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .required = true,
        .help = {"Below zero: taken back.", "Poniżej zera: cofnięte."}));
struct po_bill {
    kt_record rec;
    kt_lines lines;
};
const kt_shape po_bill_shape = KT_SHAPE(po_bill, NULL,
    KT_FIELD(po_bill, lines, LINES, "Lines", "Pozycje", .lines = &billed_part_shape, .required = true));

kt_error *po_bill(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct po *o = KT_AS(po, self);
    const struct po_bill *p = KT_SEE(po_bill, params);
    kt_error *all = NULL;
    o->bookings++;
    for (size_t i = 0; i < p->lines.count; i++) {
        const struct billed_part *part = KT_AS(billed_part, kt_line(&p->lines, i));
        struct po_line *line = po_line_with(&o->lines, (kt_id){(uint64_t)part->line});
        if (!line) {
            kt_also(&all, kt_fail(tx, KT_VALIDATION, path_of(tx, "lines", i, "line"), "there is no line %lld",
                              "nie ma pozycji %lld", (long long)part->line));
            continue;
        }
        line->billed = kt_dec_add(kt_dec_add(ZERO, line->billed), part->quantity);
        if (line->quantity.coef > 0 && line->billed.coef < 0)
            kt_also(&all,
                kt_fail(tx, KT_RULE, path_of(tx, "lines", i, "quantity"),
                    "more would be taken back than was billed", "cofnięto by więcej, niż zafakturowano"));
    }
    return all;
}

kt_error *po_report_bill(kt_tx *tx, kt_id order, const kt_order_part *parts, size_t count)
{
    struct po o = {KT_OF(po)};
    struct po_bill p = {KT_OF(po_bill)};
    KT_TRY(kt_read(tx, order, &o.rec));
    for (size_t i = 0; i < count; i++) {
        struct billed_part part = {
            KT_OF(billed_part), .line = (int64_t)parts[i].line.v, .quantity = parts[i].quantity};
        KT_TRY(kt_line_add(tx, &p.lines, &part.rec));
    }
    return kt_act(tx, &o.rec, "bill", &p.rec);
}

/* ---- The end ---- */

static kt_error *cancel(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct po *o = KT_AS(po, self);
    for (size_t i = 0; i < o->lines.count; i++) {
        const struct po_line *line = po_line_at(&o->lines, i);
        if (line->received.coef || line->billed.coef)
            return kt_hint(kt_fail(tx, KT_RULE, "state", "something was received or billed already",
                               "coś już przyjęto lub zafakturowano"),
                "Close the order, or return the goods first.",
                "Zamknij zamówienie albo najpierw zwróć towar.");
    }
    o->reason = KT_SEE(reason_given, params)->reason;
    KT_TRY(po_expect(tx, o, true));
    return po_let_go(
        tx, o, (kt_id){0}, true, (kt_text){"its order was cancelled", "jego zamówienie zostało anulowane"});
}

/* What did not come by now is not waited for any more. */
static kt_error *close_order(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct po *o = KT_AS(po, self);
    (void)params;
    KT_TRY(po_expect(tx, o, true));
    return po_let_go(tx, o, (kt_id){0}, false,
        (kt_text){"its order was closed before it came", "jego zamówienie zamknięto, zanim przyszło"});
}

static kt_error *reopen(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct po *o = KT_AS(po, self);
    (void)params;
    KT_TRY(po_balance(tx, o));
    return po_expect(tx, o, false);
}

const kt_action po_actions[] = {
    {"send", {"Send", "Wyślij"}, "update", .from = KT_IN(PO_DRAFT), .to = PO_SENT, .run = send},
    {"approve", {"Approve", "Zatwierdź"}, "approve", .from = KT_IN(PO_DRAFT) | KT_IN(PO_SENT),
        .to = PO_APPROVED, .run = approve},
    {"amend", {"Amend", "Zmień"}, "update", .from = KT_IN(PO_SENT) | KT_IN(PO_APPROVED),
        .params = &po_amend_shape, .run = po_amend, .result = &kt_amended_shape, .answer = po_amended,
        .preview = true},
    {"reschedule", {"Change expected dates", "Zmień terminy"}, "update",
        .from = KT_IN(PO_SENT) | KT_IN(PO_APPROVED), .params = &po_reschedule_shape, .run = po_reschedule,
        .result = &kt_rescheduled_shape, .answer = kt_rescheduled_answer, .preview = true},
    {"bill", {"Report a bill", "Zgłoś fakturę"}, "bill", .from = KT_IN(PO_APPROVED) | KT_IN(PO_CLOSED),
        .params = &po_bill_shape, .run = po_bill},
    {"close", {"Close", "Zamknij"}, "update", .from = KT_IN(PO_APPROVED), .to = PO_CLOSED,
        .run = close_order},
    {"reopen", {"Reopen", "Otwórz ponownie"}, "update", .from = KT_IN(PO_CLOSED), .to = PO_APPROVED,
        .run = reopen},
    {"cancel", {"Cancel", "Anuluj"}, "update", .from = KT_IN(PO_DRAFT) | KT_IN(PO_SENT) | KT_IN(PO_APPROVED),
        .to = PO_CANCELLED, .params = &reason_given_shape, .run = cancel},
    {0},
};
