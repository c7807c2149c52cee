/* read_index.c -- see read_index.h. */
#include "access/read_index.h"

enum { LEVELS = 24, FAN_BITS = 2, KEY_BYTES = 21, ENTRIES_MAX = 32 };
#define RECORD_LIMIT (UINT64_C(1) << 48) /* no record has such an id */

typedef struct {
    uint8_t bytes[KEY_BYTES];
} index_key;

static kt_str key_of(index_key *k, const model_entity *entity, unsigned level, uint64_t block, uint64_t row)
{
    memcpy(k->bytes, "Ai", 2);
    k->bytes[2] = (uint8_t)(entity->number >> 8);
    k->bytes[3] = (uint8_t)entity->number;
    k->bytes[4] = (uint8_t)level;
    put_u64(k->bytes + 5, block);
    put_u64(k->bytes + 13, row);
    return (kt_str){(const char *)k->bytes, KEY_BYTES};
}

/* ---- Entering ---- */

typedef struct {
    kt_tx *tx;
    const model_entity *entity;
    uint64_t row;
    bool drop;
} entry;

static kt_error *enter_range(const entry *e, uint64_t first, uint64_t last)
{
    while (first <= last && last < RECORD_LIMIT) {
        unsigned level = 0;
        uint64_t size = 1, wider = size << FAN_BITS;
        while (level + 1 < LEVELS && first % wider == 0 && last - first >= wider - 1) {
            level++;
            size = wider;
            wider = size << FAN_BITS;
        }
        index_key key;
        kt_str name = key_of(&key, e->entity, level, first / size, e->row);
        KT_TRY(e->drop ? store_delete(e->tx->view, STORE_META, name)
                       : store_put(e->tx->view, STORE_META, name, KT_STR("")));
        first += size;
    }
    return NULL;
}

/* How many blocks of a level the ranges begin in. */
static size_t blocks_at(kt_str records, unsigned level)
{
    uint64_t first, last, block = UINT64_MAX;
    size_t count = 0;
    for (size_t at = 0; read_log_range(records, &at, &first, &last);) {
        count += first >> (level * FAN_BITS) != block;
        block = last >> (level * FAN_BITS);
    }
    return count;
}

/* How fine the blocks of a row may be. */
static unsigned floor_of(kt_str records)
{
    unsigned level = 0;
    while (level + 1 < LEVELS && blocks_at(records, level) > ENTRIES_MAX)
        level++;
    return level;
}

static kt_error *enter(entry *e, kt_str entity, uint64_t record, kt_str records)
{
    uint64_t first, last, from = 1, to = 0; /* from and to: what was entered last */
    e->entity = model_entity_find(e->tx->catalogue, entity);
    if (!e->entity)
        return NULL;
    if (record)
        KT_TRY(enter_range(e, record, record));
    uint64_t within = (UINT64_C(1) << (floor_of(records) * FAN_BITS)) - 1;
    for (size_t at = 0; read_log_range(records, &at, &first, &last);) {
        first &= ~within;
        last |= within;
        if (first >= from && first <= to)
            first = to + 1;
        KT_TRY(enter_range(e, first, last));
        from = first;
        to = last;
    }
    return NULL;
}

kt_error *read_index_put(kt_tx *tx, kt_str entity, uint64_t row, uint64_t record, kt_str records)
{
    entry e = {.tx = tx, .row = row};
    uint64_t first;
    uint8_t bytes[8];
    meta_key name;
    KT_TRY(read_index_first(tx, &first));
    if (row < first && first == UINT64_MAX) {
        put_u64(bytes, row);
        KT_TRY(store_put(
            tx->view, STORE_META, meta_name(&name, 'n', "", 0), (kt_str){(const char *)bytes, sizeof bytes}));
    }
    return enter(&e, entity, record, records);
}

kt_error *read_index_drop(kt_tx *tx, kt_str entity, uint64_t row, uint64_t record, kt_str records)
{
    entry e = {.tx = tx, .row = row, .drop = true};
    return enter(&e, entity, record, records);
}

kt_error *read_index_first(kt_tx *tx, uint64_t *row)
{
    meta_key name;
    kt_str value;
    KT_TRY(store_get(tx->view, STORE_META, meta_name(&name, 'n', "", 0), &value));
    *row = value.ptr ? get_u64(value.ptr) : UINT64_MAX;
    return NULL;
}

/* ---- Scanning ---- */

struct read_index_scan {
    store_cursor *cursors[LEVELS];
    uint64_t heads[LEVELS]; /* the next row of each; 0: none */
};

static void step(read_index_scan *s, unsigned level)
{
    kt_str key, value;
    bool more = store_next(s->cursors[level], &key, &value) && key.len == KEY_BYTES;
    s->heads[level] = more ? get_u64(key.ptr + 13) : 0;
}

kt_error *read_index_open(
    kt_tx *tx, const model_entity *entity, uint64_t record, uint64_t below, read_index_scan **scan)
{
    read_index_scan *s = *scan = ARENA_NEW(tx->arena, read_index_scan);
    kt_error *error = s ? NULL : error_no_memory();
    for (unsigned level = 0; !error && level < LEVELS; level++) {
        index_key from, to;
        uint64_t block = record >> (level * FAN_BITS);
        error = store_scan(tx->view, STORE_META, key_of(&from, entity, level, block, 0),
            key_of(&to, entity, level, block, below), true, &s->cursors[level]);
        if (!error)
            step(s, level);
    }
    if (error && s)
        kt_also(&error, read_index_end(s));
    return error;
}

/* A row that names a record twice is told once. */
bool read_index_next(read_index_scan *s, uint64_t *row)
{
    *row = 0;
    for (unsigned level = 0; level < LEVELS; level++)
        *row = s->heads[level] > *row ? s->heads[level] : *row;
    for (unsigned level = 0; *row && level < LEVELS; level++)
        if (s->heads[level] == *row)
            step(s, level);
    return *row != 0;
}

kt_error *read_index_end(read_index_scan *s)
{
    kt_error *error = NULL;
    for (unsigned level = 0; level < LEVELS; level++)
        if (s->cursors[level])
            kt_also(&error, store_scan_end(s->cursors[level]));
    return error;
}
