#include "mrp/consume.h"

#include <stdlib.h>

#include <kontor/list.h>

struct consuming {
    const memory *memory;
    struct foreseen *forecasts;
    const struct ordered *orders;
    struct consumed *taken;
    size_t taken_count, taken_room;
    bool no_memory;
};

static int compare(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_ids(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int by_item_and_day(const void *left, const void *right)
{
    const struct foreseen *a = left, *b = right;
    int order = compare(a->item, b->item);
    order = order ? order : compare(a->from, b->from);
    return order ? order : compare_ids(a->id, b->id);
}

static int by_due_day(const void *left, const void *right)
{
    const struct ordered *a = left, *b = right;
    int order = compare(a->item, b->item);
    order = order ? order : compare(a->day, b->day);
    order = order ? order : compare_ids(a->document, b->document);
    return order ? order : compare_ids(a->line, b->line);
}

static void take(struct consuming *c, size_t forecast, size_t order, int64_t *rest)
{
    struct foreseen *f = &c->forecasts[forecast];
    int64_t quantity = f->left < *rest ? f->left : *rest;
    if (quantity <= 0 || c->no_memory)
        return;
    struct consumed *taken = kt_grow_from(
        c->memory->take, c->memory->context, c->taken, c->taken_count, &c->taken_room, sizeof *taken);
    c->no_memory = !taken;
    if (!taken)
        return;
    c->taken = taken;
    f->left -= quantity;
    *rest -= quantity;
    c->taken[c->taken_count++] = (struct consumed){forecast, order, quantity, f->left};
}

/* Of one item's forecasts, `from` to `until` of the sorted ones. */
static void consume(
    struct consuming *c, size_t order, size_t from, size_t until, const struct consume_window *window)
{
    const struct ordered *o = &c->orders[order];
    int64_t rest = o->quantity;
    for (size_t i = from; i < until && rest > 0 && c->forecasts[i].from <= o->day; i++)
        if (c->forecasts[i].until >= o->day)
            take(c, i, order, &rest);
    for (size_t i = until; i-- > from && rest > 0;)
        if (c->forecasts[i].until < o->day && c->forecasts[i].until >= o->day - window->back)
            take(c, i, order, &rest);
    for (size_t i = from; i < until && rest > 0; i++)
        if (c->forecasts[i].from > o->day && c->forecasts[i].from <= o->day + window->forward)
            take(c, i, order, &rest);
}

bool consume_forecasts(const memory *memory, struct foreseen *forecasts, size_t forecast_count,
    struct ordered *orders, size_t order_count, const struct consume_window *windows, struct consumed **taken,
    size_t *taken_count)
{
    struct consuming c = {.memory = memory, .forecasts = forecasts, .orders = orders};
    size_t from = 0, until = 0;
    for (size_t i = 0; i < forecast_count; i++)
        forecasts[i].left = forecasts[i].quantity;
    if (forecast_count > 1)
        qsort(forecasts, forecast_count, sizeof *forecasts, by_item_and_day);
    if (order_count > 1)
        qsort(orders, order_count, sizeof *orders, by_due_day);
    for (size_t i = 0; i < order_count; i++) {
        while (from < forecast_count && forecasts[from].item < orders[i].item)
            from++;
        until = until < from ? from : until;
        while (until < forecast_count && forecasts[until].item == orders[i].item)
            until++;
        if (until > from && forecasts[from].item == orders[i].item)
            consume(&c, i, from, until, &windows[orders[i].item]);
    }
    *taken = c.taken;
    *taken_count = c.taken_count;
    return !c.no_memory;
}
