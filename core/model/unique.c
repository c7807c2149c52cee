/* unique.c -- what stands in the way of an index that shall become unique: the records that share a value. */
#include <stdlib.h>

#include "model/compile.h"
#include "model/entries.h"

#define SCRATCH_MAX (64u << 20)
#define STANDS_MAX  ((size_t)1 << 30)
enum {
    RECORDS_CHUNK = 500,
    TOLD_MOST = 20, /* pairs */
};

/* Where a record would stand. */
typedef struct {
    uint64_t hash, id;
} stand;

typedef struct {
    kt_tx *tx; /* its arena is scratch */
    const model_entity *entity;
    const model_index *index;
    stand *stands;
    size_t count, room;
} census;

static uint64_t key_hash(const key *name) /* FNV-1a: what is alike is compared whole */
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < name->len; i++)
        hash = (hash ^ name->bytes[i]) * 0x100000001b3u;
    return hash;
}

static kt_error *take(census *c, arena *keep, uint64_t id, kt_str bytes)
{
    model_record record = {0};
    key name;
    KT_TRY(model_record_decode(c->tx, c->entity, id, bytes, &record));
    if (!entry_key(c->index, &record, &name))
        return NULL;
    if (c->count == c->room) {
        size_t more = c->room ? c->room * 2 : 1024;
        stand *grown = arena_grow(keep, c->stands, c->room * sizeof *grown, more * sizeof *grown);
        if (!grown)
            return error_no_memory();
        c->stands = grown;
        c->room = more;
    }
    c->stands[c->count++] = (stand){key_hash(&name), id};
    return name.full ? error_no_memory() : NULL;
}

static kt_error *take_all(census *c, arena *keep)
{
    for (uint64_t next = 1; next;) {
        fill_rows rows;
        KT_TRY(fill_rows_read(c->tx, c->entity, next, RECORDS_CHUNK, &rows));
        for (size_t i = 0; i < rows.count; i++)
            KT_TRY(take(c, keep, rows.items[i].id, rows.items[i].bytes));
        next = rows.count < RECORDS_CHUNK ? 0 : rows.items[rows.count - 1].id + 1;
        arena_reset(c->tx->arena);
    }
    return NULL;
}

static int stand_order(const void *a, const void *b)
{
    const stand *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static kt_error *key_of(census *c, uint64_t id, key *name)
{
    model_record record;
    bool found;
    KT_TRY(model_load(c->tx, c->entity, id, &record, &found));
    *name = (key){0};
    if (found)
        (void)entry_key(c->index, &record, name); /* it has one: it was counted */
    return NULL;
}

kt_error *unique_problem(
    arena *arena, const model_entity *entity, const model_index *index, uint64_t a, uint64_t b)
{
    const char *name = index->fields[0]->name.ptr;
    return kt_hint(error_make(arena, KT_CONFLICT, entity->name.ptr,
                       "records %llu and %llu have the same %s: it cannot become unique",
                       "rekordy %llu i %llu mają takie samo %s: nie może stać się niepowtarzalne",
                       (unsigned long long)a, (unsigned long long)b, name),
        "Change one of them, and try again.", "Zmień jeden z nich i spróbuj ponownie.");
}

static kt_error *name_pairs(census *c, arena *arena, kt_error **problems)
{
    size_t told = 0;
    for (size_t i = 1; i < c->count && told < TOLD_MOST; i++) {
        key one, other;
        if (c->stands[i - 1].hash != c->stands[i].hash)
            continue;
        KT_TRY(key_of(c, c->stands[i - 1].id, &one));
        KT_TRY(key_of(c, c->stands[i].id, &other));
        if (one.len != other.len || memcmp(one.bytes, other.bytes, one.len) != 0)
            continue;
        told++;
        kt_also(problems, unique_problem(arena, c->entity, c->index, c->stands[i - 1].id, c->stands[i].id));
    }
    return NULL;
}

kt_error *unique_check(
    const kt_tx *tx, const model_entity *entity, const model_index *index, kt_error **problems)
{
    kt_tx inner = *tx;
    arena *keep = arena_open(STANDS_MAX);
    inner.arena = arena_open(SCRATCH_MAX);
    census c = {.tx = &inner, .entity = entity, .index = index};
    kt_error *error = keep && inner.arena ? take_all(&c, keep) : error_no_memory();
    if (!error && c.count)
        qsort(c.stands, c.count, sizeof *c.stands, stand_order);
    if (!error)
        error = name_pairs(&c, tx->arena, problems);
    if (error) /* it may lie in scratch */
        error = error_copy(tx->arena, error);
    arena_close(inner.arena);
    arena_close(keep);
    return error;
}
