/* fill_words.c -- when what is searchable of an entity with many records changes, its words are written anew a
 * bounded piece at a time, like an index (fill.c).
 *
 * In STORE_META: "model/words/" entity holds how far that is: 'f' and the id from which records still lack
 * words, then 's' and the token's key from which the table still holds words that no field has any more. Each
 * step can be done twice, and writes go on between: as long as it lasts a word is put, or taken away, only
 * if it is not, or is, there. Until then search finds by the old words as well, and shows none that the
 * record does not have. */
#include "model/compile.h"
#include "model/entries.h"

#define WORDS_PREFIX "model/words/"

enum {
    STEP_RECORDS = 500,
    STEP_TOKENS = 500,   /* of the entity, looked at in a step */
    STEP_PASSED = 50000, /* tokens of others, passed over */
    MARK_MAX = STORE_KEY_MAX + 1,
};

typedef struct {
    char bytes[32];
} mark_key;

static kt_str mark_name(mark_key *key, uint16_t entity)
{
    size_t n = sizeof WORDS_PREFIX - 1;
    memcpy(key->bytes, WORDS_PREFIX, n);
    key->bytes[n++] = (char)(entity >> 8);
    key->bytes[n++] = (char)entity;
    return (kt_str){key->bytes, n};
}

kt_error *fill_words_open(store_view *view, uint16_t entity, bool *open)
{
    mark_key name;
    kt_str mark;
    KT_TRY(store_get(view, STORE_META, mark_name(&name, entity), &mark));
    *open = mark.ptr != NULL;
    return NULL;
}

static kt_error *mark_put(store_view *view, uint16_t entity, char phase, kt_str at)
{
    mark_key name;
    char bytes[MARK_MAX];
    bytes[0] = phase;
    memcpy(bytes + 1, at.ptr, at.len);
    return store_put(view, STORE_META, mark_name(&name, entity), (kt_str){bytes, at.len + 1});
}

static kt_error *mark_put_id(store_view *view, uint16_t entity, uint64_t id)
{
    key at = {0};
    key_u64(&at, id);
    return mark_put(view, entity, 'f', key_str(&at));
}

kt_error *fill_words_begin(store_view *view, uint16_t entity)
{
    return mark_put_id(view, entity, 1);
}

/* ---- Putting ---- */

static kt_error *put_words(kt_tx *tx, const model_entity *entity, uint64_t id, kt_str bytes)
{
    model_record record = {0};
    words found;
    KT_TRY(model_record_decode(tx, entity, id, bytes, &record));
    KT_TRY(words_of(tx, &record, &found));
    for (size_t i = 0; i < found.count; i++)
        KT_TRY(word_change(tx, entity, id, found.items[i], true));
    return NULL;
}

static kt_error *put_some(kt_tx *tx, const model_entity *entity, uint64_t next)
{
    fill_rows rows;
    KT_TRY(fill_rows_read(tx, entity, next, STEP_RECORDS, &rows));
    for (size_t i = 0; i < rows.count; i++)
        KT_TRY(put_words(tx, entity, rows.items[i].id, rows.items[i].bytes));
    if (rows.count == STEP_RECORDS)
        return mark_put_id(tx->view, entity->number, rows.items[rows.count - 1].id + 1);
    key from;
    key_open(&from, KEY_TOKEN);
    return mark_put(tx->view, entity->number, 's', key_str(&from));
}

/* ---- Taking away ---- */

static kt_error *still_has(kt_tx *tx, const model_entity *entity, uint64_t id, kt_str word, bool *has)
{
    model_record record;
    words found;
    KT_TRY(model_load(tx, entity, id, &record, has));
    if (!*has)
        return NULL;
    KT_TRY(words_of(tx, &record, &found));
    *has = false;
    for (size_t i = 0; i < found.count && !*has; i++)
        *has = str_eq(found.items[i], word);
    return NULL;
}

/* The next tokens of the entity. *end: where the table goes on; not set: nowhere */
static kt_error *tokens_read(
    kt_tx *tx, const model_entity *entity, kt_str from, kt_str *tokens, size_t *count, kt_str *end)
{
    key to;
    kt_str name, value, word;
    uint16_t number;
    size_t passed = 0;
    store_cursor *cursor;
    bool no_memory = false;
    *count = 0;
    *end = (kt_str){0};
    key_open(&to, KEY_TOKEN);
    key_after(&to);
    KT_TRY(store_scan(tx->view, STORE_DATA, from, key_str(&to), false, &cursor));
    while (!no_memory && store_next(cursor, &name, &value)) {
        if (*count == STEP_TOKENS || passed++ == STEP_PASSED) {
            *end = arena_str(tx->arena, name);
            no_memory = !end->ptr;
            break;
        }
        if (!word_of_token(name, &number, &word) || number != entity->number)
            continue;
        tokens[*count] = arena_str(tx->arena, name);
        no_memory = !tokens[(*count)++].ptr;
    }
    KT_TRY(store_scan_end(cursor));
    return no_memory ? error_no_memory() : NULL;
}

static kt_error *sweep_some(kt_tx *tx, const model_entity *entity, kt_str from)
{
    kt_str *tokens = ARENA_ARRAY(tx->arena, kt_str, STEP_TOKENS), end;
    size_t count;
    if (!tokens)
        return error_no_memory();
    KT_TRY(tokens_read(tx, entity, from, tokens, &count, &end));
    for (size_t i = 0; i < count; i++) {
        uint16_t number;
        kt_str word;
        bool has;
        uint64_t id = key_last_u64(tokens[i]);
        if (!word_of_token(tokens[i], &number, &word))
            continue;
        KT_TRY(still_has(tx, entity, id, word, &has));
        if (!has)
            KT_TRY(word_change(tx, entity, id, word, false));
    }
    mark_key done;
    return end.ptr ? mark_put(tx->view, entity->number, 's', end)
                   : store_delete(tx->view, STORE_META, mark_name(&done, entity->number));
}

kt_error *fill_words_step(kt_tx *tx, bool *worked)
{
    *worked = false;
    for (size_t i = 0; i < model_entity_count(tx->catalogue) && !*worked; i++) {
        const model_entity *entity = model_entity_at(tx->catalogue, i);
        mark_key name;
        kt_str mark;
        if (!entity->internals->words_filling)
            continue;
        KT_TRY(store_get(tx->view, STORE_META, mark_name(&name, entity->number), &mark));
        *worked = mark.len > 1;
        if (*worked && mark.ptr[0] == 'f')
            return put_some(tx, entity, key_last_u64(mark));
        mark = *worked ? arena_str(tx->arena, mark) : mark;
        if (*worked)
            return mark.ptr ? sweep_some(tx, entity, (kt_str){mark.ptr + 1, mark.len - 1})
                            : error_no_memory();
    }
    return NULL;
}
