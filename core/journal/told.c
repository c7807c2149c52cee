/* told.c -- what the journal tells of erased records for ever: values from before their field became personal, which no
 * key ever guarded. Records of one import are in one entry: it is read once, and gone through as far as the next. */
#include "journal/past.h"
#include "record/moved.h"

enum { MEMORY_MAX = 128 << 20 };

typedef struct {
    arena *own, *of_entry;
    buffer room;
    journal_entry entry,
        ahead; /* the one that was read last, and what of it was not gone through; seq 0: none */
    bool tells;
} telling;

static kt_error *entry_open(telling *t, kt_tx *tx, uint64_t seq)
{
    if (t->entry.seq == seq)
        return NULL;
    t->entry.seq = 0;
    arena_reset(t->of_entry);
    arena *before = store_read_into(tx->view, t->of_entry);
    kt_error *error = chain_entry(tx->view, tx->arena, seq, &t->room, &t->entry);
    (void)store_read_into(tx->view, before);
    t->ahead = t->entry;
    return error;
}

static bool find(telling *t, const past_place *at, journal_change *change)
{
    if (past_change_find(&t->ahead, at->entity, at->id, change))
        return true;
    t->ahead = t->entry;
    return past_change_find(&t->ahead, at->entity, at->id, change);
}

static bool is_personal(const model_record *side)
{
    return side->values && model_record_is_personal(side);
}

/* Looks at the entry, and goes on to the one before. */
static kt_error *look(telling *t, kt_tx *tx, past_place *at)
{
    journal_change change;
    past_change past;
    KT_TRY(entry_open(t, tx, at->seq));
    if (!find(t, at, &change))
        return chain_bad(tx->arena, at->seq);
    KT_TRY(past_change_read(tx, at->entity, &change, &past));
    t->tells = is_personal(&past.before) || is_personal(&past.after);
    return past_before(tx, at, past.before.entry);
}

static kt_error *record_tells(kt_tx *tx, const model_entity *entity, uint64_t id, void *context)
{
    telling *t = context;
    past_place at;
    KT_TRY(past_newest(tx, entity, id, &at));
    while (at.seq && !t->tells)
        KT_TRY(look(t, tx, &at));
    return NULL;
}

static kt_error *one_tells(telling *t, kt_tx *tx, const model_entity *entity, uint64_t id)
{
    t->tells = false;
    kt_memory before = model_memory_in(tx, t->own);
    kt_error *error = record_tells(tx, entity, id, t);
    if (!error && !t->tells)
        error = moved_each(tx, entity, id, record_tells, t);
    error = model_memory_back(tx, before, error);
    arena_reset(t->own);
    return error;
}

kt_error *journal_tells_personal(
    kt_tx *tx, const model_entity *entity, const uint64_t *ids, size_t count, size_t *told)
{
    telling t = {.own = arena_open(MEMORY_MAX), .of_entry = arena_open(MEMORY_MAX)};
    kt_error *error = t.own && t.of_entry ? NULL : error_no_memory();
    buffer_open(&t.room, (size_t)64 << 20);
    *told = 0;
    for (size_t i = 0; i < count && !error; i++) {
        error = one_tells(&t, tx, entity, ids[i]);
        *told += !error && t.tells;
    }
    buffer_close(&t.room);
    arena_close(t.of_entry);
    arena_close(t.own);
    return error;
}
