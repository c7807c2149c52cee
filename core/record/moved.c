/* moved.c -- a merged record's id leads to the record that it was merged into, for links in letters, other
 * systems and people's heads. Kept beside the records, not in them: it holds exactly while the merged record
 * is gone, so that undoing a merge or travelling to the time before it undoes this too. */
#include "record/moved.h"

enum {
    BY_ID,   /* entity, id -> the id it was merged into */
    BY_INTO, /* entity, the id it was merged into, id -> nothing */
    BY_NAME, /* entity, position of a system field, its value -> id */
    STEPS_MAX = 64,
};

static void open_key(key *out, const model_entity *entity, uint16_t what)
{
    key_open(out, KEY_MOVED);
    key_u16(out, entity->number);
    key_u16(out, what);
}

static void id_key(key *out, const model_entity *entity, uint64_t id)
{
    open_key(out, entity, BY_ID);
    key_u64(out, id);
}

static void into_key(key *out, const model_entity *entity, uint64_t into, uint64_t id)
{
    open_key(out, entity, BY_INTO);
    key_u64(out, into);
    key_u64(out, id);
}

static bool name_key(key *out, const model_entity *entity, size_t position, const model_value *value)
{
    open_key(out, entity, BY_NAME);
    key_u16(out, (uint16_t)position);
    key_value(out, &entity->fields[position], value, true);
    return value->set && !out->full;
}

static kt_error *put_id(kt_tx *tx, const key *name, uint64_t id)
{
    char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(id >> (56 - 8 * i));
    return store_put(tx->view, STORE_DATA, key_str(name), (kt_str){bytes, sizeof bytes});
}

static kt_error *get_id(kt_tx *tx, const key *name, uint64_t *id)
{
    kt_str value;
    KT_TRY(store_get(tx->view, STORE_DATA, key_str(name), &value));
    *id = value.ptr ? key_last_u64(value) : 0;
    return NULL;
}

static const size_t named[] = {MODEL_EXTERNAL_ID, MODEL_NUMBER};

kt_error *moved_note(kt_tx *tx, const model_record *gone, uint64_t into)
{
    const model_entity *entity = gone->entity;
    key name;
    id_key(&name, entity, record_id(gone));
    KT_TRY(put_id(tx, &name, into));
    into_key(&name, entity, into, record_id(gone));
    KT_TRY(store_put(tx->view, STORE_DATA, key_str(&name), KT_STR("")));
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (name_key(&name, entity, named[i], &gone->values[named[i]]))
            KT_TRY(put_id(tx, &name, record_id(gone)));
    return NULL;
}

kt_error *moved_forget(kt_tx *tx, const model_record *record)
{
    const model_entity *entity = record->entity;
    uint64_t id = record_id(record), into, holder;
    key name;
    id_key(&name, entity, id);
    KT_TRY(get_id(tx, &name, &into));
    if (!into)
        return NULL;
    KT_TRY(store_delete(tx->view, STORE_DATA, key_str(&name)));
    into_key(&name, entity, into, id);
    KT_TRY(store_delete(tx->view, STORE_DATA, key_str(&name)));
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        if (!name_key(&name, entity, named[i], &record->values[named[i]]))
            continue;
        KT_TRY(get_id(tx, &name, &holder));
        if (holder == id)
            KT_TRY(store_delete(tx->view, STORE_DATA, key_str(&name)));
    }
    return NULL;
}

kt_error *moved_find(kt_tx *tx, const model_entity *entity, uint64_t id, uint64_t *into)
{
    *into = 0;
    for (int steps = 0; steps < STEPS_MAX; steps++) {
        key name;
        uint64_t next;
        id_key(&name, entity, *into ? *into : id);
        KT_TRY(get_id(tx, &name, &next));
        if (!next)
            return NULL;
        *into = next;
    }
    return NULL;
}

kt_error *moved_find_named(
    kt_tx *tx, const model_entity *entity, size_t position, kt_str text, uint64_t *into)
{
    const model_value value = {.set = text.len != 0, .as.s = text};
    key name;
    uint64_t id = 0;
    *into = 0;
    if (name_key(&name, entity, position, &value))
        KT_TRY(get_id(tx, &name, &id));
    return id ? moved_find(tx, entity, id, into) : NULL;
}

typedef struct {
    kt_error *(*take)(kt_tx *tx, const model_entity *entity, uint64_t id, void *context);
    void *context;
} visitor;

enum { AT_ONCE = 256 };

/* Reads ids of records that were merged into this one, from `least` on. */
static kt_error *read_merged(kt_tx *tx, const model_entity *entity, uint64_t into, uint64_t least,
    uint64_t ids[AT_ONCE], size_t *count)
{
    key from, to;
    kt_str name, unused;
    store_cursor *cursor;
    *count = 0;
    into_key(&from, entity, into, least);
    into_key(&to, entity, into + 1, 0);
    KT_TRY(store_scan(tx->view, STORE_DATA, key_str(&from), key_str(&to), false, &cursor));
    while (*count < AT_ONCE && store_next(cursor, &name, &unused))
        ids[(*count)++] = key_last_u64(name);
    return store_scan_end(cursor);
}

static kt_error *each(kt_tx *tx, const model_entity *entity, uint64_t into, const visitor *visitor, int depth)
{
    uint64_t ids[AT_ONCE], least = 0;
    size_t count;
    do {
        KT_TRY(read_merged(tx, entity, into, least, ids, &count));
        for (size_t i = 0; i < count; i++) {
            KT_TRY(visitor->take(tx, entity, ids[i], visitor->context));
            if (depth < STEPS_MAX)
                KT_TRY(each(tx, entity, ids[i], visitor, depth + 1));
            least = ids[i] + 1;
        }
    } while (count == AT_ONCE);
    return NULL;
}

kt_error *moved_each(kt_tx *tx, const model_entity *entity, uint64_t into,
    kt_error *(*take)(kt_tx *tx, const model_entity *entity, uint64_t id, void *context), void *context)
{
    return each(tx, entity, into, &(visitor){take, context}, 0);
}
