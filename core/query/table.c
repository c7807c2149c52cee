/* table.c -- numbers distinct byte strings: a hash table with open addressing, for groups and for counting
 * what is distinct. */
#include "query/internal.h"

typedef struct {
    uint32_t hash;
    kt_str bytes;
} entry;

struct query_table {
    arena *arena;
    entry *entries;
    uint32_t *slots; /* 0: free, else the entry's number + 1 */
    size_t count, room, slot_count;
};

static uint32_t hash_of(kt_str s)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (uint8_t)s.ptr[i]) * 16777619u;
    return hash ^ hash >> 15;
}

kt_error *query_table_open(arena *arena, query_table **table)
{
    enum { ROOM = 8 };
    query_table *made = *table = ARENA_NEW(arena, query_table);
    if (!made)
        return error_no_memory();
    *made = (query_table){.arena = arena, .room = ROOM, .slot_count = 2 * ROOM};
    made->entries = ARENA_ARRAY(arena, entry, made->room);
    made->slots = ARENA_ARRAY(arena, uint32_t, made->slot_count);
    return made->entries && made->slots ? NULL : error_no_memory();
}

static kt_error *grow(query_table *t)
{
    entry *entries = arena_grow(
        t->arena, t->entries, t->room * sizeof *t->entries, 2 * t->room * sizeof *t->entries);
    uint32_t *slots = ARENA_ARRAY(t->arena, uint32_t, 2 * t->slot_count);
    if (!entries || !slots)
        return error_no_memory();
    t->entries = entries;
    t->slots = slots;
    t->room *= 2;
    t->slot_count *= 2;
    for (size_t i = 0; i < t->count; i++) {
        size_t at = t->entries[i].hash & (t->slot_count - 1);
        while (slots[at])
            at = (at + 1) & (t->slot_count - 1);
        slots[at] = (uint32_t)i + 1;
    }
    return NULL;
}

/* The slot that holds bytes, or the free one that would. */
static size_t slot_of(const query_table *t, kt_str bytes, uint32_t hash)
{
    size_t at = hash & (t->slot_count - 1);
    for (; t->slots[at]; at = (at + 1) & (t->slot_count - 1)) {
        const entry *e = &t->entries[t->slots[at] - 1];
        if (e->hash == hash && str_eq(e->bytes, bytes))
            break;
    }
    return at;
}

kt_error *query_table_add(query_table *t, kt_str bytes, size_t *index, bool *added)
{
    uint32_t hash = hash_of(bytes);
    size_t at = slot_of(t, bytes, hash);
    *added = !t->slots[at];
    if (!*added) {
        *index = t->slots[at] - 1;
        return NULL;
    }
    kt_str kept = bytes.len ? arena_str(t->arena, bytes) : KT_STR("");
    if (!kept.ptr)
        return error_no_memory();
    *index = t->count;
    t->entries[t->count++] = (entry){hash, kept};
    t->slots[at] = (uint32_t)t->count;
    return t->count == t->room ? grow(t) : NULL;
}

bool query_table_find(const query_table *t, kt_str bytes, size_t *index)
{
    size_t at = slot_of(t, bytes, hash_of(bytes));
    *index = t->slots[at] - 1; /* if it is there */
    return t->slots[at] != 0;
}

size_t query_table_count(const query_table *table)
{
    return table->count;
}
