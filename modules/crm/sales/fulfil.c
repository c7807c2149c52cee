/* What was delivered and billed of an order: reported by people, or by modules through the service
 * "crm.orders"; both ways end in the same two actions. What happened while this module was off it hears afterwards. */
#include <kontor/orders.h>

#include "sales/sales.h"

struct part {
    kt_record rec;
    int64_t line;
    kt_dec quantity, given_up;
    bool used; /* no field: whoever reports through the service may have taken it off the demand already */
};
#define PART_FIELDS                                                                                          \
    KT_FIELD(part, line, INT, "Line's id", "Id pozycji", .required = true),                                  \
        KT_FIELD(part, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .required = true,                \
            .help = {"Below zero: taken back.", "Poniżej zera: cofnięte."})
static const kt_shape billed_part_shape = KT_SHAPE(part, NULL, PART_FIELDS);
static const kt_shape delivered_part_shape = KT_SHAPE(part, NULL, PART_FIELDS,
    KT_FIELD(part, given_up, QUANTITY, "Given up", "Zrezygnowano", .scale = 4,
        .help = {"Of the rest: so much is neither delivered nor billed any more.",
            "Z reszty: tyle nie będzie już ani dostarczone, ani zafakturowane."}));
struct fulfil { /* the parameters of crm.order.deliver and crm.order.bill */
    kt_record rec;
    kt_date day;
    kt_lines lines;
    bool more;
};
#define FULFIL_FIELDS(parts)                                                                                 \
    KT_FIELD(fulfil, lines, LINES, "Lines", "Pozycje", .lines = &(parts),                                    \
        .help = {"Empty: all that is left.", "Puste: wszystko, co zostało."}),                               \
        KT_FIELD(fulfil, day, DATE, "Day", "Dzień", .initial = "today"),                                     \
        KT_FIELD(fulfil, more, BOOL, "More than ordered", "Więcej niż zamówiono",                            \
            .help = {"Allows more than the order says.", "Pozwala przekroczyć zamówioną ilość."})
const kt_shape deliver_shape = KT_SHAPE(fulfil, NULL, FULFIL_FIELDS(delivered_part_shape));
const kt_shape bill_shape = KT_SHAPE(fulfil, NULL, FULFIL_FIELDS(billed_part_shape));

static const struct part *part_at(const kt_lines *lines, size_t i)
{
    return (const struct part *)(const void *)kt_line(lines, i);
}

static kt_error *add(kt_tx *tx, size_t i, kt_dec *done, kt_dec part, kt_dec ordered, bool more)
{
    kt_dec after = kt_dec_add(*done, part);
    kt_str path = kt_format(tx, "lines[%zu].quantity", i);
    if (ordered.coef >= 0 && after.coef < 0)
        return kt_fail(tx, KT_RULE, path.ptr, "more would be taken back than was reported",
            "cofnięto by więcej, niż zgłoszono");
    if (ordered.coef >= 0 && !more && kt_dec_cmp(after, ordered) > 0)
        return kt_hint(
            kt_fail(tx, KT_RULE, path.ptr, "that is more than was ordered", "to więcej, niż zamówiono"),
            "Amend the order, or say that more is meant.",
            "Zmień zamówienie albo zaznacz, że ma być więcej.");
    *done = after;
    return NULL;
}

/* What of the rest the customer gives up, nobody waits for any more. */
static kt_error *give_up(
    kt_tx *tx, struct sale *s, struct sale_line *line, size_t i, const struct part *part, bool more)
{
    kt_dec open = kt_dec_sub(sale_line_wanted(line), line->delivered);
    if (part->given_up.coef < 0 || (!more && kt_dec_cmp(part->given_up, open) > 0))
        return kt_fail(tx, KT_RULE, kt_format(tx, "lines[%zu].given_up", i).ptr,
            "is not within what is still to be delivered",
            "nie mieści się w tym, co zostało do dostarczenia");
    if (!part->used)
        KT_TRY(order_let_go(tx, s, line, part->given_up));
    line->given_up = kt_dec_add(KT_DEC(0, 4), kt_dec_add(line->given_up, part->given_up));
    return NULL;
}

static kt_error *add_to(kt_tx *tx, struct sale *s, struct sale_line *line, size_t i, const struct part *part,
    const struct fulfil *p, bool billing)
{
    if (!billing) {
        line->actual = part->quantity.coef > 0 ? p->day : line->actual;
        if (!part->used)
            KT_TRY(order_used(tx, s, line, part->quantity));
    }
    KT_TRY(add(tx, i, billing ? &line->invoiced : &line->delivered, part->quantity, sale_line_wanted(line),
        p->more));
    return part->given_up.coef ? give_up(tx, s, line, i, part, p->more) : NULL;
}

static kt_error *fulfil(kt_tx *tx, struct sale *s, const struct fulfil *p, bool billing)
{
    kt_error *all = NULL;
    s->fulfilments++;
    for (size_t i = 0; i < p->lines.count; i++) {
        const struct part *part = part_at(&p->lines, i);
        size_t at = 0;
        while (at < s->lines.count && (int64_t)sale_line_at(&s->lines, at)->rec.id.v != part->line)
            at++;
        if (at == s->lines.count)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, kt_format(tx, "lines[%zu].line", i).ptr,
                              "there is no line %lld", "nie ma pozycji %lld", (long long)part->line));
        else
            kt_also(
                &all, add_to(tx, s, (struct sale_line *)(void *)kt_line(&s->lines, at), i, part, p, billing));
    }
    for (size_t i = 0; i < s->lines.count && !p->lines.count; i++) {
        struct sale_line *line = (struct sale_line *)(void *)kt_line(&s->lines, i);
        const struct part rest = {
            .quantity = kt_dec_sub(sale_line_wanted(line), billing ? line->invoiced : line->delivered)};
        if (rest.quantity.coef && (billing || line->kind == GOODS))
            kt_also(&all, add_to(tx, s, line, i, &rest, p, billing));
    }
    return all;
}

/* Of a closed order goods still come back, and nothing goes out any more. */
static kt_error *check_closed(kt_tx *tx, const struct sale *s, const struct fulfil *p)
{
    bool comes_back = p->lines.count > 0;
    for (size_t i = 0; i < p->lines.count; i++)
        comes_back = comes_back && part_at(&p->lines, i)->quantity.coef < 0;
    if (s->state != O_CLOSED || comes_back)
        return NULL;
    return kt_hint(kt_fail(tx, KT_BAD_STATE, "state", "the order is closed: its goods only come back",
                       "zamówienie jest zamknięte: jego towar może tylko wrócić"),
        "Reopen it to deliver more.", "Otwórz je ponownie, żeby wydać więcej.");
}

kt_error *order_deliver(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct sale *s = (struct sale *)(void *)kt_as(self, &order_shape);
    const struct fulfil *p = (const struct fulfil *)(const void *)kt_see(params, &deliver_shape);
    KT_TRY(check_closed(tx, s, p));
    return fulfil(tx, s, p, false);
}

kt_error *order_bill(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct sale *s = (struct sale *)(void *)kt_as(self, &order_shape);
    return fulfil(tx, s, (const struct fulfil *)(const void *)kt_see(params, &bill_shape), true);
}

/* ---- The service ---- */

static kt_error *report(kt_tx *tx, kt_id order, const kt_order_part *parts, size_t count, kt_date day,
    const char *action, const kt_shape *shape, const kt_shape *part_shape)
{
    struct sale s = {.rec.of = &order_shape};
    struct fulfil p = {.rec.of = shape, .day = day, .more = true};
    KT_TRY(kt_read(tx, order, &s.rec));
    for (size_t i = 0; i < count; i++) {
        struct part part = {.rec.of = part_shape,
            .line = (int64_t)parts[i].line.v,
            .quantity = parts[i].quantity,
            .given_up = parts[i].given_up,
            .used = parts[i].used};
        KT_TRY(kt_line_add(tx, &p.lines, &part.rec));
    }
    return count ? kt_act(tx, &s.rec, action, &p.rec) : NULL;
}

static kt_error *deliver(kt_tx *tx, kt_id order, const kt_order_part *parts, size_t count, kt_date day)
{
    return report(tx, order, parts, count, day, "deliver", &deliver_shape, &delivered_part_shape);
}

static kt_error *bill(kt_tx *tx, kt_id order, const kt_order_part *parts, size_t count, kt_date day)
{
    return report(tx, order, parts, count, day, "bill", &bill_shape, &billed_part_shape);
}

static void show_line(const struct sale_line *line, const struct sale *s, kt_order_line *out)
{
    *out = (kt_order_line){.id = line->rec.id,
        .item = line->item,
        .unit = line->unit,
        .tax_category = line->tax_category,
        .text = line->name,
        .goods = line->kind == GOODS,
        .quantity = line->quantity,
        .delivered = line->delivered,
        .given_up = line->given_up,
        .invoiced = line->invoiced,
        .price = line->price,
        .discount_percent = line->discount_percent,
        .discount_amount = line->discount_amount,
        .day = line->promised.day ? line->promised
               : line->asked.day  ? line->asked
                                  : s->asked};
}

static kt_error *show(kt_tx *tx, kt_id order, kt_order *out)
{
    struct sale s = {.rec.of = &order_shape};
    KT_TRY(kt_read(tx, order, &s.rec));
    *out = (kt_order){.id = order,
        .company = s.rec.company,
        .party = s.bill_to.v ? s.bill_to : s.party,
        .currency = s.currency,
        .position = s.position.v ? s.position : s.tax_position,
        .number = s.rec.number,
        .reference = s.reference,
        .terms = s.terms,
        .day = s.day,
        .open = s.state == O_CONFIRMED || s.state == O_ON_HOLD,
        .closed = s.state == O_CLOSED,
        .tax_included = s.tax_included,
        .rounding = s.rounding,
        .tax_given = s.tax_given,
        .lines = kt_alloc(tx, sizeof *out->lines * (s.lines.count + 1))};
    if (!out->lines)
        return kt_no_memory();
    for (size_t i = 0; i < s.lines.count; i++) {
        const struct sale_line *line = sale_line_at(&s.lines, i);
        if (!line->optional || line->taken)
            show_line(line, &s, &out->lines[out->line_count++]);
    }
    return NULL;
}

struct billing_line {
    kt_record rec;
    enum sold kind;
    kt_dec delivered, invoiced;
};
static const kt_shape billing_line_shape = KT_SHAPE(billing_line, NULL,
    KT_BIND(billing_line, kind, STATE, "kind"), KT_BIND(billing_line, delivered, QUANTITY, "delivered"),
    KT_BIND(billing_line, invoiced, QUANTITY, "invoiced"));
struct billing { /* what a look at many orders needs */
    kt_record rec;
    unsigned state;
    kt_lines lines;
};
static const kt_shape billing_shape = KT_SHAPE(billing, "crm.order", KT_BIND(billing, state, STATE, "state"),
    KT_BIND(billing, lines, LINES, "lines", .lines = &billing_line_shape));
#define NOT_BILLED                                                                                           \
    KT_STR("[[\"billing_status\",\"in\",[\"none\",\"partial\"]],[\"or\",[\"state\",\"=\",\"confirmed\"],"    \
           "[\"and\",[\"state\",\"=\",\"closed\"],[\"delivery_status\",\"!=\",\"none\"]]]]")

/* Of a closed order, is there anything that was delivered and not billed? */
static bool is_to_bill(const struct billing *b)
{
    for (size_t i = 0; i < b->lines.count; i++) {
        const struct billing_line *line = KT_SEE(billing_line, kt_line(&b->lines, i));
        kt_dec none = KT_DEC(0, 4);
        if (line->kind == GOODS && kt_dec_cmp(line->delivered.scale1 ? line->delivered : none,
                                       line->invoiced.scale1 ? line->invoiced : none) > 0)
            return true;
    }
    return b->state != O_CLOSED;
}

static kt_error *unbilled(kt_tx *tx, kt_id after, kt_id *ids, size_t room, size_t *count)
{
    const kt_where where[] = {{offsetof(struct billing, rec.id), KT_GT, (const kt_id[]){after}}, {0}};
    struct billing row = {KT_OF(billing)};
    kt_cursor *cursor;
    *count = 0;
    KT_TRY(kt_open(tx, &(kt_query){&billing_shape, where, "id", 0, NOT_BILLED}, &cursor));
    while (*count < room && kt_next(cursor, &row.rec))
        if (is_to_bill(&row))
            ids[(*count)++] = row.rec.id;
    return kt_close(cursor);
}

/* It is open again: what it could not hear on hold, or closed. */
kt_error *order_hears(kt_tx *tx, const kt_event *event)
{
    return kt_order_hears(tx, kt_any(tx, order_shape.name, event->after->id));
}

const kt_orders orders_service = {.deliver = deliver, .bill = bill, .read = show, .unbilled = unbilled};
