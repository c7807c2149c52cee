#include "mrp/mrp.h"

#include <stdlib.h>
#include <string.h>

#include <kontor/list.h>

__extension__ typedef __int128 wide;

enum { NEEDS_BLOCK = 1 << 14 };
struct need {          /* a gross requirement */
    int64_t quantity;  /* below zero: so much comes of it, with what `index` plans */
    int32_t day, made; /* made: when what it goes into is due */
    enum mrp_kind kind;
    uint32_t index, next; /* next: of the item's list */
};
struct supply {
    int64_t left;
    enum mrp_kind kind;
    uint32_t index;
    int32_t day;
};

struct planning {
    memory own; /* a copy: the caller's may not last */
    const memory *memory;
    struct mrp *mrp;
    uint32_t *links_from; /* of each parent, into links by parent */
    uint32_t *links;
    uint32_t *by_level;                 /* items, the top first */
    uint32_t *receipts_from, *receipts; /* of each item, by day */
    uint32_t *need_head;                /* of each item */
    struct need **blocks;               /* of needs, which stay where they are */
    size_t block_count, block_room, need_count;
    uint32_t need_free; /* a list of those that are planned */
    struct need *sorted;
    size_t sorted_room;
    struct supply *supplies, *yields; /* yields: by-products, by day */
    size_t supply_count, supply_room, supply_next, yield_count, yield_room, yield_next;
    bool circling; /* by-products go into what they come with */
    enum mrp_end end;
};

/* Doubles an array. false: no memory; the end is set */
static bool grow(struct planning *p, void **items, size_t count, size_t *room, size_t size)
{
    void *grown = kt_grow_from(p->memory->take, p->memory->context, *items, count, room, size);
    if (grown)
        *items = grown;
    else
        p->end = MRP_NO_MEMORY;
    return grown;
}
#define GROW(p, items, count, room) grow((p), (void **)&(items), (count), &(room), sizeof *(items))

/* ---- Low-level codes: an item stands below all that it goes into, and that it comes with ---- */

static void link_up(struct planning *p, uint32_t *waiting)
{
    const struct mrp *m = p->mrp;
    for (size_t i = 0; i < m->link_count; i++) {
        p->links_from[m->links[i].parent + 1]++;
        waiting[m->links[i].component]++;
    }
    for (size_t i = 0; i < m->item_count; i++)
        p->links_from[i + 1] += p->links_from[i];
    for (size_t i = m->link_count; i-- > 0;) {
        uint32_t parent = m->links[i].parent;
        p->links[--p->links_from[parent + 1]] = (uint32_t)i;
    }
    /* each links_from[n + 1] is now where parent n begins: shift back */
    for (size_t i = 0; i < m->item_count; i++)
        p->links_from[i] = p->links_from[i + 1];
    p->links_from[m->item_count] = (uint32_t)m->link_count;
}

/* Those that all they wait for stand above, from *head on.
 *   waiting  of each item: for how many links; MRP_NOTHING: it stands in p->by_level */
static void level_down(struct planning *p, uint32_t *waiting, size_t *head, size_t *tail)
{
    struct mrp *m = p->mrp;
    while (*head < *tail) {
        uint32_t item = p->by_level[(*head)++];
        waiting[item] = MRP_NOTHING;
        for (uint32_t i = p->links_from[item]; i < p->links_from[item + 1]; i++) {
            const struct mrp_link *link = &m->links[p->links[i]];
            struct mrp_item *component = &m->items[link->component];
            if (link->usage < 0 && p->circling)
                continue;
            if (component->level <= m->items[item].level)
                component->level = m->items[item].level + 1;
            if (component->level + 1 > m->levels)
                m->levels = component->level + 1;
            if (--waiting[link->component] == 0)
                p->by_level[(*tail)++] = link->component;
        }
    }
}

/* What circles does so by what comes with it alone, for nothing goes into itself: of the items that are left none waits for
 * what it comes with. What comes behind it is not counted on until it is ordered. */
static void let_circle(struct planning *p, uint32_t *waiting, size_t *tail)
{
    const struct mrp *m = p->mrp;
    p->circling = true;
    for (size_t i = 0; i < m->link_count; i++) {
        const struct mrp_link *link = &m->links[i];
        if (link->usage < 0 && waiting[link->parent] != MRP_NOTHING && --waiting[link->component] == 0)
            p->by_level[(*tail)++] = link->component;
    }
}

static bool find_levels(struct planning *p)
{
    struct mrp *m = p->mrp;
    uint32_t *waiting = MEMORY_ARRAY(p->memory, uint32_t, m->item_count);
    size_t head = 0, tail = 0;
    if (!waiting) {
        p->end = MRP_NO_MEMORY;
        return false;
    }
    link_up(p, waiting);
    for (size_t i = 0; i < m->item_count; i++) {
        m->items[i].level = 0;
        if (!waiting[i])
            p->by_level[tail++] = (uint32_t)i;
    }
    level_down(p, waiting, &head, &tail);
    if (tail < m->item_count) {
        let_circle(p, waiting, &tail);
        level_down(p, waiting, &head, &tail);
    }
    p->end = tail == m->item_count ? p->end : MRP_CYCLE;
    return p->end == MRP_PLANNED;
}

/* ---- Requirements and supplies ---- */

static struct need *need_at(const struct planning *p, uint32_t at)
{
    return &p->blocks[at / NEEDS_BLOCK][at % NEEDS_BLOCK];
}

static bool add_block(struct planning *p)
{
    if (!GROW(p, p->blocks, p->block_count, p->block_room))
        return false;
    p->blocks[p->block_count] = MEMORY_ARRAY(p->memory, struct need, NEEDS_BLOCK);
    if (!p->blocks[p->block_count]) {
        p->end = MRP_NO_MEMORY;
        return false;
    }
    p->block_count++;
    return true;
}

static bool add_need(struct planning *p, uint32_t item, struct need need)
{
    uint32_t at = p->need_free;
    if (need.quantity == 0)
        return true;
    if (at != MRP_NOTHING) {
        p->need_free = need_at(p, at)->next;
    } else {
        if (p->need_count == p->block_count * NEEDS_BLOCK && !add_block(p))
            return false;
        at = (uint32_t)p->need_count++;
    }
    need.next = p->need_head[item];
    p->need_head[item] = at;
    *need_at(p, at) = need;
    return true;
}

static int by_day(const void *left, const void *right)
{
    const struct need *a = left, *b = right;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    if (a->kind != b->kind) /* customers before what is planned */
        return a->kind < b->kind ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static bool add_yield(struct planning *p, struct supply supply)
{
    if (!GROW(p, p->yields, p->yield_count, p->yield_room))
        return false;
    p->yields[p->yield_count++] = supply;
    return true;
}

static bool sort_needs(struct planning *p, uint32_t item, size_t *count)
{
    *count = p->yield_count = 0;
    for (uint32_t at = p->need_head[item], next; at != MRP_NOTHING; at = next) {
        struct need *need = need_at(p, at);
        if (need->quantity < 0) {
            if (!add_yield(p, (struct supply){-need->quantity, MRP_ORDER, need->index, need->day}))
                return false;
        } else {
            if (!GROW(p, p->sorted, *count, p->sorted_room))
                return false;
            p->sorted[(*count)++] = *need;
        }
        next = need->next;
        need->next = p->need_free;
        p->need_free = at;
    }
    p->need_head[item] = MRP_NOTHING;
    if (*count > 1) /* of none there is nothing to sort, nor a place for it */
        qsort(p->sorted, *count, sizeof *p->sorted, by_day);
    return true;
}

static bool add_supply(struct planning *p, struct supply supply)
{
    if (supply.left <= 0)
        return true;
    if (!GROW(p, p->supplies, p->supply_count, p->supply_room))
        return false;
    p->supplies[p->supply_count++] = supply;
    return true;
}

static int yields_by_day(const void *left, const void *right)
{
    const struct supply *a = left, *b = right;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* Behind sort_needs, which finds what comes with planned orders. */
static bool begin_supplies(struct planning *p, uint32_t item)
{
    const struct mrp *m = p->mrp;
    p->supply_count = p->supply_next = p->yield_next = 0;
    if (!add_supply(p, (struct supply){m->items[item].on_hand, MRP_STOCK, MRP_NOTHING, m->today}))
        return false;
    for (uint32_t i = p->receipts_from[item]; i < p->receipts_from[item + 1]; i++) {
        const struct mrp_receipt *r = &m->receipts[p->receipts[i]];
        const struct supply supply = {r->quantity, MRP_RECEIPT, p->receipts[i], r->day};
        if (!(r->fixed ? add_yield(p, supply) : add_supply(p, supply)))
            return false;
    }
    if (p->yield_count > 1)
        qsort(p->yields, p->yield_count, sizeof *p->yields, yields_by_day);
    return true;
}

static bool index_receipts(struct planning *p)
{
    struct mrp *m = p->mrp;
    for (size_t i = 0; i < m->receipt_count; i++) {
        p->receipts_from[m->receipts[i].item + 1]++;
        m->receipts[i].message = m->receipts[i].fixed ? MRP_KEEP : MRP_CANCEL;
        m->receipts[i].needed = 0;
    }
    for (size_t i = 0; i < m->item_count; i++)
        p->receipts_from[i + 1] += p->receipts_from[i];
    uint32_t *filled = MEMORY_ARRAY(p->memory, uint32_t, m->item_count);
    if (!filled) {
        p->end = MRP_NO_MEMORY;
        return false;
    }
    for (size_t i = 0; i < m->receipt_count;
         i++) { /* each item's receipts by day: few, so they are inserted */
        uint32_t item = m->receipts[i].item, at = p->receipts_from[item] + filled[item]++;
        while (at > p->receipts_from[item] && m->receipts[p->receipts[at - 1]].day > m->receipts[i].day) {
            p->receipts[at] = p->receipts[at - 1];
            at--;
        }
        p->receipts[at] = (uint32_t)i;
    }
    return true;
}

/* ---- What a component's parent asks for ---- */

static bool goes_into(const struct mrp_link *link, int32_t made)
{
    return link->from <= made && (!link->until || link->until >= made);
}

static int64_t raised(int64_t quantity, int64_t step)
{
    return step > 0 ? (quantity + step - 1) / step * step : quantity;
}

/* Comes in whole steps, too, and on the day on which what it comes with is due. */
static struct need yielded(
    const struct mrp *m, const struct mrp_link *link, const struct need *with, wide quantity)
{
    const int64_t step = m->items[link->component].step,
                  whole = (int64_t)(step > 0 ? quantity - quantity % step : quantity);
    return (struct need){-whole, with->made, with->made, with->kind, with->index, 0};
}

/* For `need` of what it goes into. */
static bool ask_components(struct planning *p, uint32_t parent, const struct need *need)
{
    const struct mrp *m = p->mrp;
    for (uint32_t i = p->links_from[parent]; i < p->links_from[parent + 1]; i++) {
        const struct mrp_link *link = &m->links[p->links[i]];
        struct need of_one = *need;
        if (!goes_into(link, need->made))
            continue;
        const int64_t usage = link->usage < 0 ? -link->usage : link->usage;
        wide needed = ((wide)need->quantity * usage + MRP_USAGE / 2) / MRP_USAGE;
        if (needed > INT64_MAX / 4) {
            p->end = MRP_TOO_LARGE;
            return false;
        }
        of_one.quantity = raised((int64_t)needed, m->items[link->component].step);
        if (link->usage < 0)
            of_one = yielded(m, link, need, needed);
        if (!add_need(p, link->component, of_one))
            return false;
    }
    return true;
}

/* ---- Planned orders ---- */

bool mrp_release(const struct mrp *m, uint32_t item, int64_t quantity, int32_t due, int32_t *day)
{
    *day = due - m->items[item].lead;
    return !m->items[item].routed || m->release(m->release_from, item, quantity, due, day);
}

static bool plan_order(struct planning *p, uint32_t item, int64_t quantity, int32_t due)
{
    struct mrp *m = p->mrp;
    if (!GROW(p, m->orders, m->order_count, m->order_room))
        return false;
    struct mrp_order o = {.item = item, .quantity = quantity, .due = due};
    if (!mrp_release(m, item, quantity, due, &o.release)) {
        p->end = MRP_NO_MEMORY;
        return false;
    }
    o.late = o.release < m->today;
    o.release = o.late ? m->today : o.release;
    uint32_t index = (uint32_t)(m->order_first + m->order_count);
    m->orders[m->order_count++] = o;
    return add_supply(p, (struct supply){quantity, MRP_ORDER, index, due}) &&
           ask_components(p, item, &(struct need){quantity, o.release, due, MRP_ORDER, index, 0});
}

/* The suppliers' lots are those of what is bought, whatever the item's own. */
static bool find_bought(struct planning *p, uint32_t item, int64_t quantity, int32_t due, int64_t *bought)
{
    const struct mrp *m = p->mrp;
    *bought = quantity;
    if (!m->items[item].bought || m->buy(m->buy_from, item, quantity, due, bought))
        return true;
    p->end = MRP_UNTOLD;
    return false;
}

/* Of what comes by itself, what may still be taken by who needs something on a day; NULL: nothing. */
static struct supply *yield_by(const struct planning *p, size_t *at, int32_t day)
{
    day = day < p->mrp->today ? p->mrp->today : day;
    while (*at < p->yield_count && p->yields[*at].left == 0)
        (*at)++;
    return *at < p->yield_count && p->yields[*at].day <= day ? &p->yields[*at] : NULL;
}

/* What needs from `first` until a day are short of, beside what comes by itself in time. */
static int64_t short_of(const struct planning *p, size_t first, size_t count, int32_t last)
{
    int64_t sum = 0, spare = 0;
    size_t at = p->yield_next;
    const struct supply *yield;
    for (size_t n = first; n < count && p->sorted[n].day <= last; n++) {
        const int64_t needed = p->sorted[n].quantity;
        for (; (yield = yield_by(p, &at, p->sorted[n].day)); at++)
            spare += yield->left;
        sum += needed > spare ? needed - spare : 0;
        spare -= needed > spare ? spare : needed;
    }
    return sum;
}

/* Orders for what is short from need `first` on. */
static bool plan_lots(struct planning *p, uint32_t item, size_t first, size_t count)
{
    const struct mrp_item *i = &p->mrp->items[item];
    int32_t day = p->sorted[first].day < p->mrp->today ? p->mrp->today : p->sorted[first].day;
    int32_t last = i->policy == MRP_PERIOD && i->period > 0 ? day + i->period - 1 : day;
    int64_t quantity = short_of(p, first, count, last);
    const int64_t lot = i->policy == MRP_FIXED ? raised(i->lot, i->multiple) : i->multiple,
                  step = lot > 0 ? raised(lot, i->step)
                                 : i->step; /* a lot of two and a half pieces is three */
    const int64_t least = raised(i->min, step);
    quantity = raised(quantity < least ? least : quantity, step);
    int64_t most = i->max > 0 ? i->max : quantity;
    if (step > 0 && most >= step)
        most -= most % step;
    while (quantity > 0) {
        int64_t part = quantity < most ? quantity : most;
        if (!find_bought(p, item, part < least && least <= most ? least : part, day, &part) ||
            !plan_order(p, item, part, day))
            return false;
        quantity -= part;
    }
    return true;
}

/* ---- One item ---- */

static bool peg(
    struct planning *p, uint32_t item, const struct need *need, const struct supply *s, int64_t quantity)
{
    struct mrp *m = p->mrp;
    if (s->kind == MRP_RECEIPT && !m->receipts[s->index].fixed) {
        struct mrp_receipt *r = &m->receipts[s->index];
        int32_t day = need->kind == MRP_SAFETY ? r->day : need->day < m->today ? m->today : need->day;
        if (!r->needed || day < r->needed) {
            r->needed = day;
            r->message = r->overdue || day < r->day ? MRP_EXPEDITE /* what is overdue is to be seen to */
                         : day > r->day             ? MRP_DEFER
                                                    : MRP_KEEP;
        }
    }
    if (!GROW(p, m->pegs, m->peg_count, m->peg_room))
        return false;
    m->pegs[m->peg_count++] = (struct mrp_peg){.need = need->kind,
        .need_index = need->index,
        .supply = s->kind,
        .supply_index = s->index,
        .item = item,
        .day = need->day,
        .quantity = quantity};
    return true;
}

/* Covers need i with what comes by itself, else with what there is, may be moved or is planned. */
static bool cover(struct planning *p, uint32_t item, size_t i, size_t count)
{
    struct need *need = &p->sorted[i];
    while (need->quantity > 0) {
        struct supply *s = yield_by(p, &p->yield_next, need->day);
        if (!s && p->supply_next == p->supply_count && p->mrp->items[item].phantom)
            return ask_components(p, item, need);
        if (!s && p->supply_next == p->supply_count && !plan_lots(p, item, i, count))
            return false;
        s = s ? s : &p->supplies[p->supply_next];
        int64_t take = need->quantity < s->left ? need->quantity : s->left;
        if (!peg(p, item, need, s, take))
            return false;
        need->quantity -= take;
        s->left -= take;
        p->supply_next += p->supply_next < p->supply_count && p->supplies[p->supply_next].left == 0;
    }
    return true;
}

static bool plan_item(struct planning *p, uint32_t item)
{
    size_t count;
    if (p->mrp->items[item].safety > 0 &&
        !add_need(p, item,
            (struct need){p->mrp->items[item].safety, INT32_MIN, INT32_MIN, MRP_SAFETY, MRP_NOTHING, 0}))
        return false;
    if (!sort_needs(p, item, &count) || !begin_supplies(p, item))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!cover(p, item, i, count))
            return false;
    return true;
}

/* ---- All ---- */

static bool open_planning(struct planning *p)
{
    const struct mrp *m = p->mrp;
    p->links_from = MEMORY_ARRAY(p->memory, uint32_t, m->item_count + 1);
    p->links = MEMORY_ARRAY(p->memory, uint32_t, m->link_count);
    p->by_level = MEMORY_ARRAY(p->memory, uint32_t, m->item_count);
    p->receipts_from = MEMORY_ARRAY(p->memory, uint32_t, m->item_count + 1);
    p->receipts = MEMORY_ARRAY(p->memory, uint32_t, m->receipt_count);
    p->need_head = MEMORY_ARRAY(p->memory, uint32_t, m->item_count);
    if (!p->links_from || !p->links || !p->by_level || !p->receipts_from || !p->receipts || !p->need_head) {
        p->end = MRP_NO_MEMORY;
        return false;
    }
    memset(p->need_head, 0xff, m->item_count * sizeof *p->need_head);
    return true;
}

enum mrp_end mrp_begin(const memory *memory, struct mrp *m)
{
    struct planning *p = MEMORY_ARRAY(memory, struct planning, 1);
    if (!p)
        return MRP_NO_MEMORY;
    *p = (struct planning){.own = *memory, .mrp = m, .need_free = MRP_NOTHING, .end = MRP_PLANNED};
    p->memory = &p->own;
    m->orders = NULL;
    m->pegs = NULL;
    m->order_count = m->peg_count = m->order_room = m->peg_room = m->order_first = m->next = 0;
    m->levels = m->item_count > 0;
    m->planning = p;
    if (!open_planning(p) || !find_levels(p) || !index_receipts(p))
        return p->end;
    for (size_t i = 0; i < m->demand_count; i++)
        if (!add_need(p, m->demands[i].item,
                (struct need){m->demands[i].quantity, m->demands[i].day, m->demands[i].day, MRP_DEMAND,
                    (uint32_t)i, 0}))
            return p->end;
    return p->end;
}

enum mrp_end mrp_next(struct mrp *m, bool *more)
{
    struct planning *p = m->planning;
    m->order_first += m->order_count;
    m->order_count = m->peg_count = 0;
    *more = m->next < m->item_count;
    if (!*more)
        return p->end;
    m->item = p->by_level[m->next++];
    m->item_receipts = p->receipts + p->receipts_from[m->item];
    m->item_receipt_count = p->receipts_from[m->item + 1] - p->receipts_from[m->item];
    (void)plan_item(p, m->item); /* p->end tells */
    return p->end;
}

enum mrp_end mrp_plan(const memory *memory, struct mrp *m)
{
    enum mrp_end end = mrp_begin(memory, m);
    struct planning *p = m->planning;
    for (size_t i = 0; end == MRP_PLANNED && i < m->item_count; i++)
        if (!plan_item(p, p->by_level[i]))
            end = p->end;
    return end;
}
