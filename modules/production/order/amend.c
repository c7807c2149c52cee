/* Components other than the bill says, for one order: a substitute, more or less of one, none of it. */
#include <kontor/units.h>

#include "order/order.h"

kt_error *in_whole_steps(kt_tx *tx, kt_id item, kt_dec *quantity)
{
    struct bom_book *book;
    struct bom_entry *entry;
    KT_TRY(bom_book_today(tx, &book));
    KT_TRY(bom_book_find(tx, book, item, &entry));
    *quantity = part_whole(&entry->part, *quantity);
    return NULL;
}

kt_error *check_pieces(kt_tx *tx, kt_id item, kt_dec quantity, const char *path)
{
    struct bom_book *book;
    struct bom_entry *entry;
    if (!item.v)
        return NULL;
    KT_TRY(bom_book_today(tx, &book));
    KT_TRY(bom_book_find(tx, book, item, &entry));
    return kt_check_whole(tx, item, entry->part.name, quantity, entry->part.unit, entry->part.unit, path);
}

/* A line for an item that the order did not take so far; peggings name it before it is written, so it has its id. */
static kt_error *add_line(kt_tx *tx, struct order *o, kt_id item, struct component **line)
{
    struct component c = {KT_OF(component), .item = item, .quantity = KT_DEC(0, 4), .known = true};
    for (size_t i = 0; i < o->components.count; i++)
        if (component_at(o, i)->rec.id.v > c.rec.id.v)
            c.rec.id = component_at(o, i)->rec.id;
    c.rec.id.v++;
    KT_TRY(kt_line_add(tx, &o->components, &c.rec));
    *line = component_at(o, o->components.count - 1);
    return NULL;
}

kt_error *component_in_proportion(
    kt_tx *tx, const struct component *c, kt_dec was, kt_dec quantity, kt_dec *needed)
{
    *needed = ratio_dec(ratio_div(ratio_mul(ratio_of(c->quantity), ratio_of(quantity)), ratio_of(was)), 4);
    return in_whole_steps(tx, c->item, needed);
}

kt_error *order_fill_anew(kt_tx *tx, struct order *o, const struct order *was)
{
    const kt_lines before = was->components;
    const kt_dec quantity = was->quantity;
    const kt_id bom = was->bom;
    KT_TRY(order_fill(tx, o));
    for (size_t i = 0; i < before.count && bom.v == o->bom.v; i++) {
        const struct component *c = KT_SEE(component, kt_line(&before, i));
        struct component *now = order_component(o, c->item),
                         added = {KT_OF(component), .item = c->item, .amended = true};
        kt_dec scaled;
        if (!c->amended)
            continue;
        KT_TRY(component_in_proportion(tx, c, quantity, o->quantity, &scaled));
        if (now) {
            now->quantity = scaled;
            now->amended = true;
            continue;
        }
        added.quantity = scaled;
        KT_TRY(kt_line_add(tx, &o->components, &added.rec));
    }
    return NULL;
}

/* ---- The action ---- */

struct amended {
    kt_record rec;
    kt_id item;
    kt_dec quantity;
};
static const kt_shape amended_shape = KT_SHAPE(amended, NULL,
    KT_FIELD(amended, item, REF, "Component", "Składnik", .target = "base.item", .required = true),
    KT_FIELD(amended, quantity, QUANTITY, "Needed in all", "Potrzeba razem", .scale = 4, .required = true,
        .help = {"0: no more of it than was issued.", "0: nie więcej, niż wydano."}));
struct amend {
    kt_record rec;
    kt_lines components;
    kt_str reason;
};
const kt_shape amend_shape = KT_SHAPE(amend, NULL,
    KT_FIELD(amend, components, LINES, "Components", "Składniki", .lines = &amended_shape, .required = true,
        .max = 1000,
        .help = {"Those that are not named stay as they are.", "Niewymienione zostają bez zmian."}),
    KT_FIELD(amend, reason, STRING, "Reason", "Powód", .max = 300));

static kt_error *check(kt_tx *tx, const struct order *o, const struct amended *a, size_t i)
{
    const struct component *c = order_component(o, a->item);
    const char *path = kt_format(tx, "components[%zu].quantity", i).ptr;
    if (a->item.v == o->item.v)
        return kt_fail(tx, KT_VALIDATION, kt_format(tx, "components[%zu].item", i).ptr,
            "is what the order makes", "jest tym, co zlecenie wytwarza");
    if (a->quantity.coef < 0)
        return kt_fail(tx, KT_VALIDATION, path, "is not below zero", "nie może być ujemne");
    if (a->quantity.coef > 0 && c && kt_dec_cmp(a->quantity, kt_dec_add(KT_DEC(0, 4), c->issued)) < 0)
        return kt_fail(tx, KT_RULE, path, "more is issued already", "wydano już więcej");
    return NULL;
}

static kt_error *amend_one(kt_tx *tx, struct order *o, const struct amended *a)
{
    struct component *c = order_component(o, a->item);
    kt_dec quantity = a->quantity;
    kt_plan left = {0};
    if (!c)
        KT_TRY(add_line(tx, o, a->item, &c));
    KT_TRY(in_whole_steps(tx, a->item, &quantity));
    if (kt_dec_cmp(quantity, kt_dec_add(KT_DEC(0, 4), c->issued)) < 0)
        quantity = c->issued;
    c->amended = true;
    if (o->state != DRAFT)
        return order_resize_component(tx, o, c, quantity, &left);
    c->quantity = quantity;
    return NULL;
}

static kt_error *amend_those(kt_tx *tx, struct order *o, const kt_lines *rows, bool lessened)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct amended *a = KT_SEE(amended, kt_line(rows, i));
        const struct component *c = order_component(o, a->item);
        if ((c && kt_dec_cmp(a->quantity, c->quantity) < 0) == lessened)
            KT_TRY(amend_one(tx, o, a));
    }
    return NULL;
}

/* Less before more: what is given back may move the order, and what is then asked for, in place of something late say, is needed
 * when the others are there. */
static kt_error *amend_all(kt_tx *tx, struct order *o, const kt_lines *rows)
{
    KT_TRY(amend_those(tx, o, rows, true));
    if (o->state != DRAFT)
        KT_TRY(order_begin_when_there(tx, o));
    return amend_those(tx, o, rows, false);
}

static kt_error *amend_within(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct order *o = KT_AS(order, self);
    const struct amend *given = KT_SEE(amend, params);
    kt_error *all = NULL;
    for (size_t i = 0; i < given->components.count; i++)
        kt_also(&all, check(tx, o, KT_SEE(amended, kt_line(&given->components, i)), i));
    if (all)
        return all;
    KT_TRY(amend_all(tx, o, &given->components));
    if (given->reason.len)
        o->reason = given->reason;
    o->steps++;
    if (o->state == DRAFT)
        return NULL;
    KT_TRY(order_recost(tx, o));
    KT_TRY(order_place_anew(tx, o, (kt_date){0}, (kt_text){0}));
    return order_look(tx, o);
}

kt_error *order_amend(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return on_own_authority(tx, amend_within, self, params);
}
