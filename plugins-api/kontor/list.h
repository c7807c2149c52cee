/* list.h -- an array that grows while it is filled: it doubles when it is full.
 *
 *     struct bill *bills = kt_grow(tx, all->bills, all->count, &all->room, sizeof *bills);
 *     if (!bills)
 *         return kt_no_memory();
 *     all->bills = bills;
 *     all->bills[all->count++] = bill; */
#pragma once
#include <string.h>

#include <kontor.h>

/* Makes room for one more.
 *   items    the array; NULL at first
 *   count    how many are in it
 *   room     for how many there is room, 0 at first; set if a larger array is returned
 *   size     of one
 *   returns  the array, or a larger one with the same in it, zeroed behind; NULL: there is no memory,
 *            and nothing has changed
 *   memory   what `take` gives out of `from`, zeroed; the smaller array stays where it is */
static inline void *kt_grow_from(
    void *(*take)(void *from, size_t size), void *from, void *items, size_t count, size_t *room, size_t size)
{
    enum { FIRST = 4 };
    if (count < *room)
        return items;
    size_t doubled = *room ? *room * 2 : FIRST;
    void *larger = take(from, doubled * size);
    if (!larger)
        return NULL;
    if (count)
        memcpy(larger, items, count * size);
    *room = doubled;
    return larger;
}

static inline void *kt_grow_take(void *tx, size_t size)
{
    return kt_alloc((kt_tx *)tx, size);
}

/* The same in the transaction's memory. */
static inline void *kt_grow(kt_tx *tx, void *items, size_t count, size_t *room, size_t size)
{
    return kt_grow_from(kt_grow_take, tx, items, count, room, size);
}
