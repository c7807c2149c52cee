/* words.c -- the words that search finds: one key per record and word, one counter per word. */
#include <stdlib.h>

#include "kit/text.h"
#include "model/entries.h"

typedef struct {
    arena *arena;
    kt_str folded; /* of the field at hand */
    kt_str *items;
    size_t count, room;
    bool no_memory;
} collector;

static void take(void *context, kt_str word)
{
    collector *c = context;
    if (c->count == TOKENS_MAX || c->no_memory)
        return;
    if (c->count == c->room) {
        size_t more = c->room ? c->room * 2 : 32;
        kt_str *grown = arena_alloc(c->arena, more * sizeof *grown);
        if (!grown) {
            c->no_memory = true;
            return;
        }
        if (c->count)
            memcpy(grown, c->items, c->count * sizeof *grown);
        c->items = grown;
        c->room = more;
    }
    if (word.len > KEY_TEXT_MAX)
        word.len = KEY_TEXT_MAX;
    if (word.ptr < c->folded.ptr || word.ptr >= c->folded.ptr + c->folded.len) { /* a joined number */
        word = arena_str(c->arena, word);
        c->no_memory |= !word.ptr;
    }
    c->items[c->count++] = word;
}

static void collect(collector *c, const model_record *record)
{
    const model_entity *entity = record->entity;
    for (size_t i = 0; i < entity->field_count && !c->no_memory; i++) {
        const model_field *field = &entity->fields[i];
        const model_value *value = &record->values[i];
        if (!value->set)
            continue;
        if (field->searchable) {
            c->folded = text_fold(c->arena, value->as.s);
            if (c->folded.ptr)
                text_tokens(c->folded, take, c);
            else
                c->no_memory = true;
        }
        for (size_t k = 0; field->lines && field->lines->internals->searchable && k < value->as.lines.count;
             k++)
            collect(c, &value->as.lines.items[k]);
    }
}

static int word_order(const void *a, const void *b)
{
    return str_cmp(*(const kt_str *)a, *(const kt_str *)b);
}

kt_error *words_of(kt_tx *tx, const model_record *record, words *out)
{
    collector c = {.arena = tx->arena};
    if (record->entity->internals->searchable)
        collect(&c, record);
    if (c.no_memory)
        return error_no_memory();
    if (c.count > 1)
        qsort(c.items, c.count, sizeof *c.items, word_order);
    size_t kept = 0;
    for (size_t i = 0; i < c.count; i++)
        if (!kept || !str_eq(c.items[kept - 1], c.items[i]))
            c.items[kept++] = c.items[i];
    *out = (words){c.items, kept};
    return NULL;
}

void word_key(key *out, kt_str word, const model_entity *entity, uint64_t id)
{
    key_open(out, KEY_TOKEN);
    key_bytes(out, word);
    key_u16(out, entity->number);
    key_u64(out, id);
}

void vocabulary_key(key *out, kt_str word)
{
    key_open(out, KEY_VOCABULARY);
    key_bytes(out, word);
}

kt_error *word_change(kt_tx *tx, const model_entity *entity, uint64_t id, kt_str word, bool add)
{
    key name;
    kt_str there;
    word_key(&name, word, entity, id);
    if (entity->internals->words_filling) { /* counted is what stands, whoever put it first */
        KT_TRY(store_get(tx->view, STORE_DATA, key_str(&name), &there));
        if ((there.ptr != NULL) == add)
            return NULL;
    }
    if (add)
        KT_TRY(store_put(tx->view, STORE_DATA, key_str(&name), KT_STR("")));
    else
        KT_TRY(store_delete(tx->view, STORE_DATA, key_str(&name)));
    vocabulary_key(&name, word);
    return counter_add(tx, &name, add ? 1 : -1);
}

static bool is_touched(const model_entity *entity, const bool *changed)
{
    if (!changed)
        return entity->internals->searchable;
    for (size_t i = 0; entity->internals->searchable && i < entity->field_count; i++) {
        const model_field *field = &entity->fields[i];
        if (changed[i] && (field->searchable || (field->lines && field->lines->internals->searchable)))
            return true;
    }
    return false;
}

kt_error *words_write(kt_tx *tx, const model_record *before, const model_record *after, const bool *changed)
{
    const model_entity *entity = before ? before->entity : after->entity;
    if (!is_touched(entity, changed))
        return NULL;
    words old = {0}, new = {0};
    if (before)
        KT_TRY(words_of(tx, before, &old));
    if (after)
        KT_TRY(words_of(tx, after, &new));
    uint64_t id = record_id(before ? before : after);
    for (size_t i = 0, k = 0; i < old.count || k < new.count;) {
        int order = i == old.count ? 1 : k == new.count ? -1 : str_cmp(old.items[i], new.items[k]);
        if (order < 0)
            KT_TRY(word_change(tx, entity, id, old.items[i++], false));
        else if (order > 0)
            KT_TRY(word_change(tx, entity, id, new.items[k++], true));
        else {
            i++;
            k++;
        }
    }
    return NULL;
}

bool word_of_token(kt_str name, uint16_t *entity, kt_str *word)
{
    if (name.len < 13)
        return false;
    const uint8_t *number = (const uint8_t *)name.ptr + name.len - 10;
    *entity = (uint16_t)(number[0] << 8 | number[1]);
    *word = (kt_str){name.ptr + 1, name.len - 13}; /* words hold no NUL: nothing is escaped */
    return true;
}

typedef struct {
    kt_str *items;
    size_t count, room;
} key_list;

static kt_error *find_words(kt_tx *tx, const model_entity *entity, key_list *found)
{
    key from, to;
    key_open(&from, KEY_TOKEN);
    to = from;
    key_after(&to);
    store_cursor *cursor;
    KT_TRY(store_scan(tx->view, STORE_DATA, key_str(&from), key_str(&to), false, &cursor));
    bool no_memory = false;
    kt_str name, value;
    while (!no_memory && store_next(cursor, &name, &value)) {
        uint16_t number;
        kt_str word;
        if (!word_of_token(name, &number, &word) || number != entity->number)
            continue;
        if (found->count == found->room) {
            size_t more = found->room ? found->room * 2 : 64;
            kt_str *grown = arena_grow(
                tx->arena, found->items, found->room * sizeof *grown, more * sizeof *grown);
            no_memory = !grown;
            if (no_memory)
                break;
            found->items = grown;
            found->room = more;
        }
        kt_str copy = arena_str(tx->arena, name);
        no_memory = !copy.ptr;
        found->items[found->count++] = copy;
    }
    KT_TRY(store_scan_end(cursor));
    return no_memory ? error_no_memory() : NULL;
}

kt_error *words_clear(kt_tx *tx, const model_entity *entity)
{
    key_list found = {0};
    KT_TRY(find_words(tx, entity, &found));
    for (size_t i = 0; i < found.count; i++) {
        uint16_t number;
        kt_str word;
        if (word_of_token(found.items[i], &number, &word))
            KT_TRY(word_change(tx, entity, key_last_u64(found.items[i]), word, false));
    }
    return NULL;
}
