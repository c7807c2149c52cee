/* list.h -- an array that grows while it is filled, in the transaction's memory. */
#pragma once
#include <string.h>

#include <kontor.h>

struct list {
    void *items;
    size_t count, room;
};

/* One more, not filled. NULL: there is no memory */
static inline void *list_add(kt_tx *tx, struct list *l, size_t size)
{
    if (l->count == l->room) {
        size_t room = l->room ? l->room * 2 : 64;
        char *larger = kt_alloc(tx, room * size);
        if (!larger)
            return NULL;
        if (l->count)
            memcpy(larger, l->items, l->count * size);
        l->items = larger;
        l->room = room;
    }
    return (char *)l->items + size * l->count++;
}
