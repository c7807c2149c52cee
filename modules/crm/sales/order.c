/* Sales orders. Confirming is the moment that other departments hook into: handlers of "crm.order.confirm"
 * run in the same transaction, and what any of them refuses is not confirmed. How far it is delivered and
 * billed is computed from the lines, whoever reports it. */
#include "sales/sales.h"

const kt_choice order_states[] = {
    {O_DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {O_CONFIRMED, "confirmed", {"Confirmed", "Potwierdzone"}, "open"},
    {O_CLOSED, "closed", {"Closed", "Zamknięte"}, "won"},
    {O_CANCELLED, "cancelled", {"Cancelled", "Anulowane"}, "lost"},
    {O_ON_HOLD, "on_hold", {"On hold", "Wstrzymane"}, "blocked"},
    {0},
};
static const kt_choice progresses[] = {
    {NONE, "none", {"Nothing", "Nic"}},
    {PARTIAL, "partial", {"In part", "Częściowo"}},
    {FULL, "full", {"In full", "W całości"}},
    {0},
};
const kt_shape order_line_shape = KT_SHAPE(sale_line, NULL, SALE_LINE_FIELDS,
    KT_FIELD(sale_line, asked, DATE, "Asked for", "Życzony termin",
        .help = {"Empty: the order's.", "Puste: termin zamówienia."}),
    KT_FIELD(sale_line, promised, DATE, "Promised", "Obiecany termin"),
    KT_FIELD(sale_line, first_promised, DATE, "Promised first", "Obiecano najpierw", .computed = true,
        .help = {"What the customer was told; the day that is promised now may be another.",
            "Co powiedziano klientowi; obiecany termin może być teraz inny."}),
    KT_FIELD(sale_line, actual, DATE, "Delivered on", "Dostarczono dnia"),
    KT_FIELD(sale_line, delivered, QUANTITY, "Delivered", "Dostarczono", .scale = 4),
    KT_FIELD(sale_line, given_up, QUANTITY, "Given up", "Zrezygnowano", .scale = 4, .computed = true,
        .help = {"Of the quantity: it is not delivered any more, nor billed.",
            "Z tej ilości: już nie będzie dostarczone ani zafakturowane."}),
    KT_FIELD(sale_line, invoiced, QUANTITY, "Billed", "Zafakturowano", .scale = 4),
    KT_FIELD(sale_line, cost, MONEY, "Cost", "Koszt", .scale = 4, .computed = true, .group = "cost"),
    KT_FIELD(sale_line, margin, MONEY, "Margin", "Marża", .scale = 4, .computed = true, .group = "cost",
        .help = {"Empty: its cost is not known.", "Puste: koszt nie jest znany."}));

const kt_shape order_shape = KT_SHAPE(sale, "crm.order", SALE_FIELDS(order_line_shape),
    KT_FIELD(sale, state, STATE, "State", "Stan", .choices = order_states, .initial = "draft",
        .indexed = true, .priority = 8),
    KT_FIELD(sale, asked, DATE, "Asked for", "Życzony termin", .priority = 9),
    KT_FIELD(sale, warehouse, REF, "Warehouse", "Magazyn", .target = "logistics.warehouse", .in_use = true,
        .readonly_if = "[[\"state\",\"!=\",\"draft\"]]",
        .help = {"From which it goes; empty: the usual one.", "Z którego wychodzi; puste: domyślny."}),
    KT_FIELD(sale, confirmed_at, TIME, "Confirmed at", "Potwierdzono", .indexed = true),
    KT_FIELD(sale, delivery_status, STATE, "Delivered", "Dostarczone", .choices = progresses,
        .computed = true, .indexed = true, .priority = 10),
    KT_FIELD(sale, billing_status, STATE, "Billed", "Zafakturowane", .choices = progresses, .computed = true,
        .indexed = true, .priority = 11),
    KT_FIELD(sale, fulfilments, INT, "Deliveries and bills reported", "Zgłoszone dostawy i faktury",
        .computed = true),
    KT_FIELD(sale, quotation, REF, "Quotation", "Oferta", .target = "crm.quotation", .on_delete = KT_CLEAR),
    KT_FIELD(sale, template, REF, "Recurring order", "Zamówienie cykliczne", .target = "crm.order_template",
        .on_delete = KT_CLEAR),
    KT_FIELD(sale, period, DATE, "Due date of the recurring order", "Termin zamówienia cyklicznego"),
    KT_FIELD(sale, amendments, LINES, "Amendments", "Zmiany", .lines = &kt_revision_shape, .computed = true),
    KT_FIELD(sale, promised, DATE, "Promised for", "Obiecany termin", .computed = true, .indexed = true,
        .help = {"When all of it is there; empty: something is missing.",
            "Kiedy wszystko będzie; puste: czegoś brakuje."}),
    KT_FIELD(sale, delivered_on, DATE, "Delivered on", "Dostarczono dnia", .computed = true, .indexed = true,
        .help = {"When the last of it came.", "Kiedy dotarła ostatnia część."}),
    KT_FIELD(sale, late, BOOL, "Delivered late", "Dostarczone po terminie", .computed = true,
        .help = {"A line came after the day that was promised first, or asked for if that is later.",
            "Pozycja dotarła po terminie obiecanym najpierw albo, jeśli jest późniejszy, życzonym."}),
    KT_FIELD(sale, cost, MONEY, "Cost", "Koszt", .scale = 4, .computed = true, .group = "cost"),
    KT_FIELD(sale, margin, MONEY, "Margin", "Marża", .scale = 4, .computed = true, .group = "cost"),
    KT_FIELD(sale, leftovers, LINES, "Not undone", "Nie cofnięte", .lines = &leftover_shape, .computed = true,
        .help = {"What the last change or the cancelling could not undo any more.",
            "Czego ostatnia zmiana lub anulowanie nie mogły już cofnąć."}));

static struct sale *order_of(kt_record *rec)
{
    return (struct sale *)(void *)kt_as(rec, &order_shape);
}

/* ---- How far it has come ---- */

/* Has as much as was sold? Credits count below zero. */
static bool reached(kt_dec done, kt_dec quantity)
{
    return quantity.coef >= 0 ? kt_dec_cmp(done, quantity) >= 0
                              : done.scale1 && kt_dec_cmp(done, quantity) <= 0;
}

kt_dec sale_line_wanted(const struct sale_line *line)
{
    return kt_dec_sub(line->quantity, line->given_up);
}

static enum progress progress_of(const kt_lines *lines, bool billing)
{
    size_t wanted = 0, begun = 0, full = 0;
    for (size_t i = 0; i < lines->count; i++) {
        const struct sale_line *line = sale_line_at(lines, i);
        kt_dec done = billing ? line->invoiced : line->delivered, wanted_of = sale_line_wanted(line);
        if ((wanted_of.coef == 0 && !done.coef) || (!billing && line->kind != GOODS))
            continue; /* services and free text are not shipped */
        wanted++;
        begun += done.coef != 0;
        full += reached(done.scale1 ? done : KT_DEC(0, 0), wanted_of);
    }
    if (full == wanted)
        return lines->count ? FULL : NONE;
    return begun ? PARTIAL : NONE;
}

/* When the last of it came, once all has; and whether a line came late. */
static void judge_delivery(struct sale *s)
{
    s->delivered_on = (kt_date){0};
    s->late = false;
    for (size_t i = 0; i < s->lines.count; i++) {
        const struct sale_line *line = sale_line_at(&s->lines, i);
        const kt_date by = line->first_promised.day > line->asked.day ? line->first_promised : line->asked;
        s->late = s->late || (by.day && line->actual.day > by.day);
        if (s->delivery_status == FULL && line->actual.day > s->delivered_on.day)
            s->delivered_on = line->actual;
    }
}

static kt_error *check_progress(kt_tx *tx, const struct sale *s, const struct sale *stored)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < s->lines.count; i++) {
        const struct sale_line *line = sale_line_at(&s->lines, i);
        const struct sale_line *was = stored ? sale_line_with(&stored->lines, line->rec.id) : NULL;
        bool moved = line->delivered.coef || line->invoiced.coef;
        bool changed = was && (kt_dec_cmp(line->delivered, was->delivered) != 0 ||
                                  kt_dec_cmp(line->invoiced, was->invoiced) != 0);
        if (stored ? (stored->fulfilments == s->fulfilments && (changed || (!was && moved)))
                   : (s->state == O_DRAFT && moved))
            kt_also(&all,
                kt_hint(kt_fail(tx, KT_VALIDATION, line_path(tx, i, "delivered"),
                            "is reported by deliver and bill", "zgłaszane jest przez deliver i bill"),
                    "Use crm.order.deliver and crm.order.bill.", "Użyj crm.order.deliver i crm.order.bill."));
    }
    return all;
}

/* What is delivered after all, or not wanted at all, is not given up. */
static void give_up_no_more_than_is_left(struct sale_line *line)
{
    kt_dec left = kt_dec_sub(line->quantity, line->delivered);
    if (line->given_up.coef > 0 && kt_dec_cmp(line->given_up, left) > 0)
        line->given_up = left.coef > 0 ? left : (kt_dec){0};
}

/* One revision's differences join those before. */
static kt_error *note_amendment(kt_tx *tx, struct sale *s, const struct sale *stored)
{
    kt_revision mark = {.revision = s->revision, .at = kt_now(tx), .by = kt_user(tx), .reason = s->reason};
    KT_TRY(terms_differ(tx, stored, s, &mark, &s->amendments));
    return lines_differ(tx, &stored->lines, &s->lines, false, &mark, &s->amendments);
}

kt_error *order_compute(kt_tx *tx, kt_record *self)
{
    struct sale *s = order_of(self), stored;
    bool found;
    kt_error *all = NULL;
    KT_TRY(sale_stored(tx, s, &stored, &found));
    bool amended = found && s->revision != stored.revision;
    bool drafted = found ? stored.state == O_DRAFT && s->state == O_DRAFT : s->state == O_DRAFT;
    for (size_t i = 0; i < s->lines.count; i++) {
        struct sale_line *line = (struct sale_line *)(void *)kt_line(&s->lines, i);
        if (!line->asked.day && (drafted || amended))
            line->asked = s->asked;
        if (drafted || !line->first_promised.day)
            line->first_promised = drafted ? (kt_date){0} : line->promised;
        give_up_no_more_than_is_left(line);
    }
    kt_also(&all, sale_compute(tx, s, found ? &stored : NULL, !found || drafted || amended, drafted));
    kt_also(&all, check_progress(tx, s, found ? &stored : NULL));
    s->delivery_status = progress_of(&s->lines, false);
    s->billing_status = progress_of(&s->lines, true);
    judge_delivery(s);
    if (all || !amended)
        return all;
    if (s->approval == NEEDED)
        return kt_hint(
            kt_fail(tx, KT_RULE, "lines", "the discount exceeds your limit", "rabat przekracza Twój limit"),
            "Let somebody with a higher limit amend the order.", "Poproś o zmianę kogoś z wyższym limitem.");
    return note_amendment(tx, s, &stored);
}

/* ---- Actions ---- */

static kt_error *order_confirm(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct sale *s = order_of(self);
    KT_TRY(sale_approved(tx, s));
    s->confirmed_at = kt_now(tx);
    return order_cover(tx, s);
}

static kt_error *order_hold(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    order_of(self)->reason = KT_SEE(reason, params)->reason;
    return NULL;
}

static kt_error *order_resume(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    (void)params;
    order_of(self)->reason = (kt_str){0};
    return NULL;
}

static kt_error *order_cancel(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct sale *s = order_of(self);
    for (size_t i = 0; i < s->lines.count; i++) {
        const struct sale_line *line = sale_line_at(&s->lines, i);
        if (line->delivered.coef || line->invoiced.coef)
            return kt_hint(kt_fail(tx, KT_RULE, "state", "something was delivered or billed already",
                               "coś już dostarczono lub zafakturowano"),
                "Close the order, or take the delivery and the bill back first.",
                "Zamknij zamówienie albo najpierw cofnij dostawę i fakturę.");
    }
    s->reason = KT_SEE(reason, params)->reason;
    return order_release(tx, s);
}

/* What was not delivered any more nobody waits for. */
static kt_error *order_close(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    return order_release(tx, order_of(self));
}

/* Of an order that is closed all that is open is wanted again; of one that is not, what came back. */
static kt_error *order_reopen(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct sale *s = order_of(self);
    const bool closed = s->state == O_CLOSED;
    bool asked;
    (void)params;
    KT_TRY(order_ask_again(tx, s, &asked));
    if (closed || asked)
        return NULL;
    return kt_hint(kt_fail(tx, KT_RULE, "lines", "nothing of it came back that does not go again already",
                       "nic nie wróciło, co nie idzie już ponownie"),
        "Amend the order if the customer wants more.", "Zmień zamówienie, jeśli klient chce więcej.");
}

const kt_action order_actions[] = {
    {"confirm", {"Confirm", "Potwierdź"}, "confirm", .from = KT_IN(O_DRAFT), .to = O_CONFIRMED,
        .run = order_confirm, .result = &planned_order_shape, .answer = order_planned, .preview = true},
    {"preview", {"Preview the confirmation", "Podgląd potwierdzenia"}, "confirm", .from = KT_IN(O_DRAFT),
        .rehearses = "confirm"},
    {"amend", {"Amend", "Zmień"}, "update", .from = KT_IN(O_CONFIRMED) | KT_IN(O_ON_HOLD),
        .params = &amend_shape, .run = order_amend, .result = &kt_amended_shape, .answer = order_amended,
        .preview = true},
    {"hold", {"Put on hold", "Wstrzymaj"}, "update", .from = KT_IN(O_CONFIRMED), .to = O_ON_HOLD,
        .params = &reason_shape, .run = order_hold},
    {"release", {"Release", "Wznów"}, "update", .from = KT_IN(O_ON_HOLD), .to = O_CONFIRMED,
        .run = order_resume},
    {"deliver", {"Report a delivery", "Zgłoś dostawę"}, "deliver",
        .from = KT_IN(O_CONFIRMED) | KT_IN(O_CLOSED), .params = &deliver_shape, .run = order_deliver},
    {"bill", {"Report a bill", "Zgłoś fakturę"}, "bill", .from = KT_IN(O_CONFIRMED) | KT_IN(O_CLOSED),
        .params = &bill_shape, .run = order_bill},
    {"close", {"Close", "Zamknij"}, "update", .from = KT_IN(O_CONFIRMED), .to = O_CLOSED, .run = order_close},
    {"reopen", {"Reopen", "Otwórz ponownie"}, "update", .from = KT_IN(O_CLOSED) | KT_IN(O_CONFIRMED),
        .to = O_CONFIRMED, .run = order_reopen},
    {"cancel", {"Cancel", "Anuluj"}, "update", .from = KT_IN(O_DRAFT) | KT_IN(O_CONFIRMED) | KT_IN(O_ON_HOLD),
        .to = O_CANCELLED, .params = &reason_shape, .run = order_cancel},
    {"approve", {"Approve the discount", "Zaakceptuj rabat"}, "approve", .from = KT_IN(O_DRAFT),
        .run = sale_approve},
    {0},
};
