/* sorter.c -- the first keys of many, for orders that no index gives: a heap of as many as the page has, or
 * all of them within the query's memory. */
#include <stdlib.h>

#include "query/internal.h"

enum { ROOM_FIRST = 16 };

struct query_sorter {
    kt_tx *tx;
    const query_sort *sort;
    bool back;
    size_t most, count, room, used;
    query_key *keys; /* a heap, last in order first, while most is not 0 */
};

static int order(const query_sorter *s, const query_key *a, const query_key *b)
{
    int c = query_key_cmp(s->sort, a, b);
    return s->back ? -c : c;
}

static int compare(const void *a, const void *b, void *sorter)
{
    return order(sorter, a, b);
}

kt_error *query_sorter_open(kt_tx *tx, const query_sort *sort, bool back, size_t most, query_sorter **sorter)
{
    query_sorter *made = *sorter = ARENA_NEW(tx->arena, query_sorter);
    if (!made)
        return error_no_memory();
    *made = (query_sorter){.tx = tx, .sort = sort, .back = back, .most = most};
    made->room = most ? most : ROOM_FIRST;
    made->keys = ARENA_ARRAY(tx->arena, query_key, made->room);
    if (!made->keys)
        return error_no_memory();
    for (size_t i = 0; i < most; i++) { /* a place in the heap owns the room for any key */
        made->keys[i].bytes.ptr = arena_bytes(tx->arena, STORE_KEY_MAX);
        if (!made->keys[i].bytes.ptr)
            return error_no_memory();
    }
    return NULL;
}

static void swap(query_sorter *s, size_t a, size_t b)
{
    query_key kept = s->keys[a];
    s->keys[a] = s->keys[b];
    s->keys[b] = kept;
}

static void sift_down(query_sorter *s, size_t i)
{
    for (;;) {
        size_t last = i, left = 2 * i + 1;
        for (size_t child = left; child <= left + 1 && child < s->count; child++)
            if (order(s, &s->keys[child], &s->keys[last]) > 0)
                last = child;
        if (last == i)
            return;
        swap(s, i, last);
        i = last;
    }
}

static void put(query_key *to, const query_key *key, char *bytes)
{
    if (key->bytes.len)
        memcpy(bytes, key->bytes.ptr, key->bytes.len);
    *to = *key;
    to->bytes = (kt_str){bytes, key->bytes.len};
}

static kt_error *add_to_all(query_sorter *s, const query_key *key)
{
    if (s->count == s->room) {
        size_t size = s->room * sizeof *s->keys;
        query_key *grown = arena_grow(s->tx->arena, s->keys, size, 2 * size);
        if (!grown)
            return error_no_memory();
        s->keys = grown;
        s->room *= 2;
    }
    s->used += sizeof *key + key->bytes.len;
    char *bytes = arena_bytes(s->tx->arena, key->bytes.len + 1);
    if (!bytes)
        return error_no_memory();
    put(&s->keys[s->count++], key, bytes);
    if (s->used <= QUERY_HEAP_MAX)
        return NULL;
    return kt_hint(error_make(s->tx->arena, KT_LIMIT, "sort", "more than %zu rows to sort without an index",
                       "ponad %zu wierszy do posortowania bez indeksu", s->count),
        "Add an index on the fields of the sort, or narrow the filter.",
        "Dodaj indeks na polach sortowania albo zawęź filtr.");
}

kt_error *query_sorter_add(query_sorter *s, const query_key *key)
{
    if (!s->most)
        return add_to_all(s, key);
    if (s->count == s->most) {
        if (order(s, key, &s->keys[0]) >= 0)
            return NULL;
        put(&s->keys[0], key, (char *)(uintptr_t)s->keys[0].bytes.ptr);
        sift_down(s, 0);
        return NULL;
    }
    put(&s->keys[s->count], key, (char *)(uintptr_t)s->keys[s->count].bytes.ptr);
    s->count++;
    for (size_t i = s->count - 1; i > 0 && order(s, &s->keys[i], &s->keys[(i - 1) / 2]) > 0; i = (i - 1) / 2)
        swap(s, i, (i - 1) / 2);
    return NULL;
}

const query_key *query_sorter_end(query_sorter *s, size_t *count)
{
    *count = s->count;
    if (s->count > 1)
        qsort_r(s->keys, s->count, sizeof *s->keys, compare, s);
    return s->keys;
}
