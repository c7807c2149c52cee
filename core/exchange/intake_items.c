/* intake_items.c -- a cell that holds an array of objects, as answers of REST services do: telephones with their types.
 * Each becomes a line, told by what it says beside its value, so that the same file twice changes nothing. */
#include "exchange/intake_parts.h"
#include "kit/str.h"

/* What an item says of a member of the line, translated; not set: nothing. */
static kt_str said(const building *b, const column *c, const variant *item, const char *name)
{
    kt_str text = intake_text(b->in->tx->arena, variant_get(item, name));
    const variant *own = text.len && c->to->values ? variant_get(c->to->values, text.ptr) : NULL;
    return own && own->kind == VARIANT_STRING ? own->as.string : text;
}

/* "kind=phone" and what else the item says: "kind=phone,use=mobile". */
static kt_str selector_of(const building *b, const column *c, const variant *item)
{
    const place *p = &c->to->place;
    kt_str selector = p->selector;
    for (size_t i = 0; i < c->to->items->as.object.count; i++) {
        const variant_member *m = &c->to->items->as.object.members[i];
        kt_str value = said(b, c, item, m->name.ptr);
        if (value.len && !str_eq(m->value->as.string, p->member->name))
            selector = arena_format(b->in->tx->arena, "%.*s%s%.*s=%.*s", STR_ARG(selector),
                selector.len ? "," : "", STR_ARG(m->value->as.string), STR_ARG(value));
    }
    return selector;
}

static const variant *value_of(const column *c, const variant *item)
{
    const variant *value = NULL;
    for (size_t i = 0; i < c->to->items->as.object.count && !value; i++)
        if (str_eq(c->to->items->as.object.members[i].value->as.string, c->to->place.member->name))
            value = variant_get(item, c->to->items->as.object.members[i].name.ptr);
    return value;
}

static kt_error *take_item(building *b, column *c, const variant *item, bool first)
{
    arena *arena = b->in->tx->arena;
    const variant *from = item->kind == VARIANT_OBJECT ? value_of(c, item) : NULL;
    variant *value = ARENA_NEW(arena, variant);
    line *l = NULL;
    if (!value)
        return error_no_memory();
    if (!from)
        return NULL;
    KT_TRY(intake_cell(b->in, c, from, value));
    if (value->kind == VARIANT_NULL)
        return NULL;
    if (first && c->to->first)
        return intake_add(arena, &b->values, c->to->first->name, value);
    kt_str selector = selector_of(b, c, item);
    if (c->to->place.selector.len && !selector.ptr)
        return error_no_memory();
    KT_TRY(intake_line(b, c->to->place.field, selector, 0, &l));
    l->given = true;
    return intake_add(arena, &l->members, c->to->place.member->name, value);
}

kt_error *intake_items(building *b, column *c, const variant *cell)
{
    for (size_t i = 0; i < cell->as.array.count; i++)
        KT_TRY(take_item(b, c, &cell->as.array.items[i], i == 0));
    return NULL;
}
