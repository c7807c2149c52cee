/* backfill.c -- indexes that are new, or no longer declared, are brought in step with the records that exist:
 * of few records in the transaction that brings the new catalogue, of many in steps after it (fill.c). Nobody
 * ever reads a half-filled index. */
#include <sodium.h>

#include "model/compile.h"
#include "model/entries.h"
#include "record/fill_mark.h"

#define SCRATCH_MAX   (256u << 20)
#define RECORDS_CHUNK 256

/* The searchable fields, as the spec of one more "index". */
static kt_str words_spec(builder *b, const model_entity *entity)
{
    crypto_generichash_state state;
    uint8_t hash[16];
    char text[40] = "w ";
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    for (size_t i = MODEL_OWN; i < entity->field_count; i++) {
        const model_field *field = &entity->fields[i];
        uint16_t tags[2] = {field->tag, 0};
        if (field->searchable)
            crypto_generichash_update(&state, (const uint8_t *)tags, sizeof tags);
        for (size_t k = 0; field->lines && k < field->lines->field_count; k++) {
            tags[1] = field->lines->fields[k].tag;
            if (field->lines->fields[k].searchable)
                crypto_generichash_update(&state, (const uint8_t *)tags, sizeof tags);
        }
    }
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(text + 2, sizeof text - 2, hash, sizeof hash);
    return build_str(b, text);
}

static stored_index *find_spec(numbers *n, kt_str spec)
{
    for (size_t i = 0; i < n->index_count; i++)
        if (str_eq(n->indexes[i].spec, spec))
            return &n->indexes[i];
    return NULL;
}

/* Whether the words must be written anew: what is searchable is not what it was. Of many records it is left
 * to the filling. */
static kt_error *note_words(builder *b, draft *d, bool many, bool *anew)
{
    kt_str spec = words_spec(b, d->entity);
    if (!spec.ptr)
        return error_no_memory();
    stored_index *known = find_spec(&d->numbers, spec);
    *anew = !known || !known->active;
    if (!*anew)
        return NULL;
    for (size_t i = 0; i < d->numbers.index_count; i++)
        if (d->numbers.indexes[i].spec.ptr[0] == 'w')
            d->numbers.indexes[i].active = INDEX_UNUSED;
    if (!known) {
        stored_index *grown = build_grow(
            b, d->numbers.indexes, &d->numbers.index_count, &d->numbers.index_room, sizeof *grown);
        if (!grown)
            return error_no_memory();
        d->numbers.indexes = grown;
        known = &grown[d->numbers.index_count - 1];
        *known = (stored_index){.spec = spec};
    }
    known->active = INDEX_WHOLE;
    d->numbers.changed = true;
    if (many)
        KT_TRY(fill_words_begin(b->view, d->entity->number));
    return NULL;
}

static kt_error *drop_range(builder *b, key_table table, uint16_t entity, uint16_t index)
{
    key from, to;
    key_open(&from, table);
    key_u16(&from, entity);
    key_u16(&from, index);
    to = from;
    key_after(&to);
    for (;;) { /* in pieces: a cursor need not see what is deleted under it */
        kt_str found[RECORDS_CHUNK], value;
        size_t n = 0;
        store_cursor *cursor;
        KT_TRY(store_scan(b->view, STORE_DATA, key_str(&from), key_str(&to), false, &cursor));
        bool no_memory = false;
        while (n < RECORDS_CHUNK && !no_memory && store_next(cursor, &found[n], &value)) {
            found[n] = arena_str(b->arena, found[n]);
            no_memory = !found[n++].ptr;
        }
        KT_TRY(store_scan_end(cursor));
        if (no_memory)
            return error_no_memory();
        for (size_t i = 0; i < n; i++)
            KT_TRY(store_delete(b->view, STORE_DATA, found[i]));
        if (n < RECORDS_CHUNK)
            return NULL;
    }
}

static bool is_declared(const model_entity *entity, uint16_t number)
{
    for (size_t i = 0; i < entity->index_count + entity->filling_count; i++)
        if (entity->indexes[i].number == number)
            return true;
    return false;
}

static kt_error *record_count(builder *b, const draft *d, uint64_t *count)
{
    key name;
    kt_tx tx = {.arena = b->arena, .view = b->view};
    counter_total_key(&name, d->entity);
    return counter_read(&tx, &name, count);
}

static kt_error *drop_old(builder *b, draft *d, bool many)
{
    for (size_t i = 0; i < d->numbers.index_count; i++) {
        stored_index *index = &d->numbers.indexes[i];
        if (!index->number || !index->active || index->active == INDEX_LEAVING ||
            is_declared(d->entity, index->number))
            continue;
        bool unique = index->spec.ptr[0] == 'u';
        d->numbers.changed = true;
        KT_TRY(fill_mark_remove(b->view, d->entity->number, index->number));
        index->active = many ? INDEX_LEAVING : INDEX_UNUSED;
        if (many) {
            KT_TRY(fill_leave(b->view, d->entity->number, index->number, unique));
            continue;
        }
        KT_TRY(drop_range(b, unique ? KEY_UNIQUE : KEY_INDEX, d->entity->number, index->number));
        KT_TRY(drop_range(b, KEY_COUNTER, d->entity->number, index->number));
    }
    return NULL;
}

static void set_state(draft *d, uint16_t number, uint8_t state)
{
    for (size_t i = 0; i < d->numbers.index_count; i++) {
        stored_index *index = &d->numbers.indexes[i];
        if (index->number != number || index->active == state)
            continue;
        index->active = state;
        d->numbers.changed = true;
    }
}

/* Takes up what the catalogue says of each index. */
static kt_error *take_states(builder *b, draft *d)
{
    const model_entity *e = d->entity;
    for (size_t i = 0; i < e->index_count; i++) {
        if (index_fills(d->states[i]))
            KT_TRY(fill_mark_remove(b->view, e->number, e->indexes[i].number));
        set_state(d, e->indexes[i].number, INDEX_WHOLE);
    }
    for (size_t i = e->index_count; i < e->index_count + e->filling_count; i++) {
        if (d->states[i] == INDEX_UNUSED)
            KT_TRY(fill_mark_write(b->view, e->number, e->indexes[i].number, 1));
        set_state(d, e->indexes[i].number, e->indexes[i].seeking ? INDEX_SEEKING : INDEX_FILLING);
    }
    return NULL;
}

static kt_error *fill_record(draft *d, kt_tx *tx, uint64_t id, kt_str bytes, bool words)
{
    model_record record = {0};
    KT_TRY(model_record_decode(tx, d->entity, id, bytes, &record));
    for (size_t i = 0; i < d->entity->index_count; i++) {
        if (d->states[i] != INDEX_UNUSED)
            continue;
        const model_index *index = &d->entity->indexes[i];
        KT_TRY(entries_fill(tx, index, &record));
    }
    return words ? words_write(tx, NULL, &record, NULL) : NULL;
}

/* Goes through the records in chunks: their bytes are copied, then indexed. next: where to go on; 0: done. */
static kt_error *fill_chunk(builder *b, draft *d, arena *scratch, bool words, uint64_t *next)
{
    kt_tx tx = {.arena = scratch, .view = b->view, .catalogue = b->catalogue, .master_key = b->master_key};
    struct {
        uint64_t id;
        kt_str bytes;
    } rows[RECORDS_CHUNK];
    size_t n = 0;
    key from, to;
    key_record(&from, d->entity, *next);
    key_open(&to, KEY_RECORD);
    key_u16(&to, d->entity->number);
    key_after(&to);
    store_cursor *cursor;
    KT_TRY(store_scan(b->view, STORE_DATA, key_str(&from), key_str(&to), false, &cursor));
    kt_str name, value;
    bool no_memory = false;
    while (n < RECORDS_CHUNK && !no_memory && store_next(cursor, &name, &value)) {
        rows[n].id = key_last_u64(name);
        rows[n].bytes = arena_str(scratch, value);
        no_memory = !rows[n++].bytes.ptr;
    }
    KT_TRY(store_scan_end(cursor));
    if (no_memory)
        return error_no_memory();
    for (size_t i = 0; i < n; i++)
        KT_TRY(fill_record(d, &tx, rows[i].id, rows[i].bytes, words));
    *next = n < RECORDS_CHUNK ? 0 : rows[n - 1].id + 1;
    return NULL;
}

static kt_error *fill(builder *b, draft *d, bool words)
{
    arena *scratch = arena_open(SCRATCH_MAX);
    if (!scratch)
        return error_no_memory();
    kt_error *error = NULL;
    if (words) {
        kt_tx tx = {.arena = scratch, .view = b->view, .catalogue = b->catalogue};
        error = words_clear(&tx, d->entity);
    }
    for (uint64_t next = 1; next && !error; arena_reset(scratch))
        if ((error = fill_chunk(b, d, scratch, words, &next)) != NULL) {
            error = error_copy(b->arena, error);
            break;
        }
    arena_close(scratch);
    return error;
}

/* Before anything is written of it, and of many records too: what cannot become unique is refused whole. */
static kt_error *check_unique(builder *b, const draft *d)
{
    kt_tx tx = {.arena = b->arena, .view = b->view, .catalogue = b->catalogue, .master_key = b->master_key};
    kt_error *problems = NULL;
    for (size_t i = 0; i < d->entity->index_count + d->entity->filling_count; i++)
        if (d->states[i] == INDEX_UNUSED && d->entity->indexes[i].unique &&
            build_was_stored(d, &d->entity->indexes[i]) && !build_was_defined(b, &d->entity->indexes[i]))
            KT_TRY(unique_check(&tx, d->entity, &d->entity->indexes[i], &problems));
    return problems;
}

kt_error *build_backfill(builder *b, draft *d)
{
    bool words = false, any = false;
    uint64_t count;
    KT_TRY(record_count(b, d, &count));
    KT_TRY(drop_old(b, d, count > FILL_AT_ONCE));
    bool *filling = &d->internals->words_filling;
    KT_TRY(fill_words_open(b->view, d->entity->number, filling));
    KT_TRY(note_words(b, d, *filling || count > FILL_AT_ONCE, &words));
    KT_TRY(fill_words_open(b->view, d->entity->number, filling));
    words = words && !*filling;
    for (size_t i = 0; i < d->entity->index_count; i++)
        any |= d->states[i] == INDEX_UNUSED;
    if (count)
        KT_TRY(check_unique(b, d));
    KT_TRY(take_states(b, d));
    return count && (any || words) ? fill(b, d, words) : NULL;
}
