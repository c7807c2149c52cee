/* What happened to orders while the module that keeps them was off. Whoever delivers or bills reports it here: an order
 * whose module is there hears it at once, any other as soon as its module is enabled again, once. */
#include <kontor/orders.h>
#include <kontor/walk.h>

#include "base.h"

struct report_part {
    kt_record rec;
    int64_t line;
    kt_dec quantity, given_up;
    bool used;
};
static const kt_shape report_part_shape = KT_SHAPE(report_part, NULL,
    KT_FIELD(report_part, line, INT, "Line of the order", "Pozycja zamówienia", .required = true),
    KT_FIELD(report_part, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .required = true),
    KT_FIELD(report_part, used, BOOL, "Taken off the demand", "Zdjęte z zapotrzebowania"),
    KT_FIELD(report_part, given_up, QUANTITY, "Given up", "Zrezygnowano", .scale = 4));

enum report_kind { DELIVERED = 1, BILLED };
static const kt_choice report_kinds[] = {
    {DELIVERED, "delivered", {"Delivered", "Dostarczono"}},
    {BILLED, "billed", {"Billed", "Zafakturowano"}},
    {0},
};
struct report {
    kt_record rec;
    kt_id order;
    enum report_kind kind;
    kt_date day;
    kt_str refused;
    kt_lines parts;
};
const kt_shape order_report_shape = KT_SHAPE(report, "base.order_report",
    KT_FIELD(report, order, REF, "Order", "Zamówienie", .target = "*", .required = true, .fixed = true,
        .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(report, kind, STATE, "What happened", "Co się stało", .choices = report_kinds, .required = true,
        .fixed = true, .priority = 2),
    KT_FIELD(report, day, DATE, "Day", "Dzień", .fixed = true, .priority = 3),
    KT_FIELD(report, refused, STRING, "Why it still waits", "Dlaczego wciąż czeka", .max = 400, .priority = 4,
        .help = {"Empty: the order's module is off.", "Puste: moduł zamówienia jest wyłączony."}),
    KT_FIELD(report, parts, LINES, "Lines", "Pozycje", .lines = &report_part_shape, .fixed = true));

static kt_error *tell_now(kt_tx *tx, const kt_orders *orders, kt_id order, enum report_kind kind,
    const kt_order_part *parts, size_t count, kt_date day)
{
    return kind == BILLED ? orders->bill(tx, kt_any_id(order), parts, count, day)
                          : orders->deliver(tx, kt_any_id(order), parts, count, day);
}

/* An order on hold, or closed, hears it when it goes on: its module must not stay off for it. */
static bool may_wait(const kt_error *error)
{
    kt_kind kind = kt_problem_at(error, 0).kind;
    return kind == KT_BAD_STATE || kind == KT_RULE || kind == KT_VALIDATION;
}

static kt_error *keep(kt_tx *tx, kt_id order, enum report_kind kind, const kt_order_part *parts, size_t count,
    kt_date day, const kt_error *refusal)
{
    struct report r = {.rec.of = &order_report_shape,
        .order = order,
        .kind = kind,
        .day = day,
        .refused = kt_why(tx, refusal)};
    for (size_t i = 0; i < count; i++) {
        struct report_part part = {KT_OF(report_part), .line = (int64_t)parts[i].line.v,
            .quantity = parts[i].quantity, .used = parts[i].used, .given_up = parts[i].given_up};
        KT_TRY(kt_line_add(tx, &r.parts, &part.rec));
    }
    kt_authority before = kt_own_authority(tx);
    kt_error *e = kt_create(tx, &r.rec);
    kt_callers_authority(tx, before);
    return e;
}

static bool takes_back(const kt_order_part *parts, size_t count)
{
    size_t back = 0;
    while (back < count && parts[back].quantity.coef < 0)
        back++;
    return back == count;
}

/* What is taken back of something that the order refused to hear of waits behind it. */
static kt_error *keep_behind(kt_tx *tx, kt_id order, enum report_kind kind, const kt_order_part *parts,
    size_t count, kt_date day, kt_error *refusal)
{
    const kt_where where[] = {
        KT_WHERE(report, order, KT_EQ, order), KT_WHERE(report, kind, KT_EQ, kind), {0}};
    uint64_t kept = 0;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = kt_count(tx, &(kt_query){.of = &order_report_shape, .where = where}, &kept);
    kt_callers_authority(tx, before);
    if (e)
        return e;
    return kept ? keep(tx, order, kind, parts, count, day, refusal) : refusal;
}

static kt_error *report(
    kt_tx *tx, kt_id order, enum report_kind kind, const kt_order_part *parts, size_t count, kt_date day)
{
    const kt_orders *orders = kt_orders_of(tx, order);
    if (!count || !kt_orders_keeper(tx, order))
        return NULL;
    if (!orders)
        return keep(tx, order, kind, parts, count, day, NULL);
    kt_error *e = tell_now(tx, orders, order, kind, parts, count, day);
    return e && may_wait(e) && takes_back(parts, count) ? keep_behind(tx, order, kind, parts, count, day, e)
                                                        : e;
}

static kt_error *deliver(kt_tx *tx, kt_id order, const kt_order_part *parts, size_t count, kt_date day)
{
    return report(tx, order, DELIVERED, parts, count, day);
}

static kt_error *bill(kt_tx *tx, kt_id order, const kt_order_part *parts, size_t count, kt_date day)
{
    return report(tx, order, BILLED, parts, count, day);
}

/* ---- Afterwards ---- */

static kt_error *tell_kept(kt_tx *tx, kt_id id)
{
    struct report r = {.rec.of = &order_report_shape};
    KT_TRY(kt_read(tx, id, &r.rec));
    const kt_orders *orders = kt_orders_of(tx, r.order);
    if (!orders)
        return NULL;
    kt_order_part *parts = kt_alloc(tx, (r.parts.count + 1) * sizeof *parts);
    if (!parts)
        return kt_no_memory();
    for (size_t i = 0; i < r.parts.count; i++) {
        const struct report_part *part = KT_AS(report_part, kt_line(&r.parts, i));
        parts[i] = (kt_order_part){{(uint64_t)part->line}, part->quantity, part->used, part->given_up};
    }
    kt_error *e = tell_now(tx, orders, r.order, r.kind, parts, r.parts.count, r.day);
    if (!e)
        return kt_delete(tx, &r.rec);
    r.refused = kt_why(tx, e);
    return may_wait(e) ? kt_update(tx, &r.rec) : e;
}

static kt_error *tell_all(kt_tx *tx, const kt_where *where)
{
    kt_found kept = {0};
    kt_authority before = kt_own_authority(tx);
    kt_error *e = kt_find(tx, &(kt_query){.of = &order_report_shape, .where = where, .sort = "id"}, 0, &kept);
    for (size_t i = 0; i < kept.count && !e; i++)
        e = tell_kept(tx, kept.ids[i]);
    kt_callers_authority(tx, before);
    return e;
}

static kt_error *tell(kt_tx *tx, kt_id order)
{
    const kt_where where[] = {KT_WHERE(report, order, KT_EQ, order), {0}};
    return tell_all(tx, where);
}

const kt_order_reports order_reports_service = {deliver, bill, tell};

static kt_error *tell_one(kt_tx *tx, kt_record *rec)
{
    return tell_kept(tx, rec->id);
}

static const kt_walk walks[] = {
    {{"Orders hear what happened to them", "Zamówienia dowiadują się, co się z nimi stało"},
        &order_report_shape, NULL, tell_one}};

static kt_error *walk_on(kt_tx *tx, kt_work_run *run)
{
    return kt_walk_on(tx, walks, sizeof walks / sizeof *walks, run);
}

const kt_work order_reports_catch_up = {kt_walk_prepare, walk_on};

kt_error *order_reports_told(kt_tx *tx, const kt_event *event)
{
    (void)event;
    return kt_walk_begin(tx, "base.reports_catch_up", walks, 0);
}
