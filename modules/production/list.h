/* list.h -- an array that grows while it is filled. */
#pragma once
#include <string.h>

#include <kontor.h>

struct list {
    void *items;
    size_t count, room;
};

/* One more, not filled, of memory that `take` gives out of `from`. NULL: there is no memory */
static inline void *list_grow(struct list *l, size_t size, void *(*take)(void *from, size_t size), void *from)
{
    if (l->count == l->room) {
        size_t room = l->room ? l->room * 2 : 64;
        char *larger = take(from, room * size);
        if (!larger)
            return NULL;
        if (l->count)
            memcpy(larger, l->items, l->count * size);
        l->items = larger;
        l->room = room;
    }
    return (char *)l->items + size * l->count++;
}

static inline void *list_memory(void *tx, size_t size)
{
    return kt_alloc(tx, size);
}

/* The same in the transaction's memory. */
static inline void *list_add(kt_tx *tx, struct list *l, size_t size)
{
    return list_grow(l, size, list_memory, tx);
}
