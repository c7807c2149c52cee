/* list.h -- an array that grows while it is filled. */
#pragma once
#include <kontor/list.h>

struct list {
    void *items;
    size_t count, room;
};

/* One more, not filled, of memory that `take` gives out of `from`. NULL: there is no memory */
static inline void *list_grow(struct list *l, size_t size, void *(*take)(void *from, size_t size), void *from)
{
    void *items = kt_grow_from(take, from, l->items, l->count, &l->room, size);
    if (!items)
        return NULL;
    l->items = items;
    return (char *)items + size * l->count++;
}

/* The same in the transaction's memory. */
static inline void *list_add(kt_tx *tx, struct list *l, size_t size)
{
    return list_grow(l, size, kt_grow_take, tx);
}
