/* check.c -- re-proves the invariants over a whole view: every record has exactly its entries, every counter
 * and word counts right, no reference dangles, ids do not pass their sequence.
 *
 * Each record's entries are looked up one by one; then the tables must hold no more than were found. Memory
 * grows with the number of counters, not of records. */
#include <stdio.h>

#include "model/compile.h"
#include "model/entries.h"
#include "model/internal.h"
#include "query/internal.h"

#define SCRATCH_MAX   ((size_t)512 << 20)
#define RECORDS_CHUNK 256
#define REPORTS_MOST  1000

typedef struct {
    key name;
    uint64_t count;
} expected;

typedef struct {
    kt_tx tx; /* over the view, with memory of its own; no guard */
    arena *keep;
    void (*report)(void *context, const char *finding);
    void *context;
    size_t reported;
    expected *counters; /* hash table */
    size_t slots, used;
    uint64_t entries[MODEL_INDEXES_MAX], words, records, last_id;
} checker;

KT_PRINTF(2, 3) static void tell(checker *c, const char *format, ...)
{
    char text[400];
    va_list arguments;
    if (c->reported++ >= REPORTS_MOST)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    c->report(c->context, text);
}

/* ---- What the counters should say ---- */

static size_t slot_of(const expected *table, size_t slots, const key *name)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < name->len; i++)
        hash = (hash ^ name->bytes[i]) * 1099511628211u;
    size_t at = (size_t)(hash >> 20) & (slots - 1);
    while (table[at].count &&
           (table[at].name.len != name->len || memcmp(table[at].name.bytes, name->bytes, name->len) != 0))
        at = (at + 1) & (slots - 1);
    return at;
}

static kt_error *expect(checker *c, const key *name)
{
    if (c->used * 2 >= c->slots) {
        size_t slots = c->slots ? c->slots * 2 : 64;
        expected *grown = arena_alloc(c->keep, slots * sizeof *grown);
        if (!grown)
            return error_no_memory();
        for (size_t i = 0; i < c->slots; i++)
            if (c->counters[i].count)
                grown[slot_of(grown, slots, &c->counters[i].name)] = c->counters[i];
        c->counters = grown;
        c->slots = slots;
    }
    expected *e = &c->counters[slot_of(c->counters, c->slots, name)];
    if (!e->count++) {
        e->name = *name;
        c->used++;
    }
    return NULL;
}

/* A counter of the entity, of companies, or of an index that is whole; others are on their way in or out. */
static bool counts_now(const model_entity *entity, kt_str name, size_t prefix)
{
    if (name.len < prefix + 2)
        return true;
    unsigned number = (unsigned)((uint8_t)name.ptr[prefix] << 8 | (uint8_t)name.ptr[prefix + 1]);
    bool whole = number == 0;
    for (size_t i = 0; i < entity->index_count; i++)
        whole = whole || entity->indexes[i].number == number;
    return whole;
}

static kt_error *check_counters(checker *c, const model_entity *entity)
{
    key from, to;
    counter_total_key(&from, entity);
    to = from;
    key_after(&to);
    store_cursor *cursor;
    KT_TRY(store_scan(c->tx.view, STORE_DATA, key_str(&from), key_str(&to), false, &cursor));
    size_t found = 0;
    kt_str name, value;
    while (store_next(cursor, &name, &value)) {
        if (!counts_now(entity, name, from.len))
            continue;
        key wanted = {.len = name.len};
        memcpy(wanted.bytes, name.ptr, name.len);
        const expected *e = c->slots ? &c->counters[slot_of(c->counters, c->slots, &wanted)] : NULL;
        uint64_t should = e ? e->count : 0;
        found += should != 0;
        if (key_last_u64(value) != should)
            tell(c, "%s: a counter says %llu, there are %llu", entity->name.ptr,
                (unsigned long long)key_last_u64(value), (unsigned long long)should);
    }
    KT_TRY(store_scan_end(cursor));
    if (found != c->used)
        tell(c, "%s: %zu counters are missing", entity->name.ptr, c->used - found);
    return NULL;
}

/* ---- One record ---- */

static kt_error *check_entries(checker *c, const model_record *record)
{
    const model_entity *entity = record->entity;
    for (size_t i = 0; i < entity->index_count; i++) {
        const model_index *index = &entity->indexes[i];
        entries all;
        KT_TRY(entries_in(&c->tx, index, record, &all));
        for (size_t k = 0; k < all.count; k++) {
            kt_str value;
            KT_TRY(store_get(c->tx.view, STORE_DATA, all.items[k], &value));
            if (!value.ptr || (index->unique && key_last_u64(value) != record_id(record)))
                tell(c, "%s %llu: its entry in the index of %s is missing", entity->name.ptr,
                    (unsigned long long)record_id(record), index->fields[0]->name.ptr);
            else
                c->entries[i]++;
        }
        if (index->counted) {
            key name;
            counter_key(&name, entity, index, record);
            KT_TRY(expect(c, &name));
        }
    }
    return NULL;
}

static kt_error *check_words(checker *c, const model_record *record)
{
    words found;
    if (record->entity->internals->words_filling)
        return NULL; /* some may lack, some be left: fill_words.c */
    KT_TRY(words_of(&c->tx, record, &found));
    for (size_t i = 0; i < found.count; i++) {
        key name;
        kt_str value;
        word_key(&name, found.items[i], record->entity, record_id(record));
        KT_TRY(store_get(c->tx.view, STORE_DATA, key_str(&name), &value));
        if (!value.ptr)
            tell(c, "%s %llu: search does not find its word %.*s", record->entity->name.ptr,
                (unsigned long long)record_id(record), STR_ARG(found.items[i]));
        else
            c->words++;
    }
    return NULL;
}

/* Has the filling not come to the record yet, which clears what leads nowhere of a field that came back? */
static kt_error *is_to_be_filled(checker *c, const model_record *record, const model_field *field, bool *yes)
{
    const model_entity *e = record->entity;
    *yes = false;
    for (size_t i = e->index_count; i < e->index_count + e->filling_count; i++) {
        uint64_t next;
        if (e->indexes[i].fields[0] != field)
            continue;
        KT_TRY(query_unfilled(&c->tx, &(model_referrer){e, field, &e->indexes[i]}, &next));
        *yes = *yes || record_id(record) >= next;
    }
    return NULL;
}

static kt_error *check_reference(
    checker *c, const model_record *record, const model_field *field, const model_entity *target, uint64_t id)
{
    kt_str bytes;
    if (!target || !id)
        return NULL; /* of a module that is not enabled */
    KT_TRY(model_load_bytes(&c->tx, target, id, &bytes));
    if (bytes.ptr)
        return NULL;
    bool later;
    KT_TRY(is_to_be_filled(c, record, field, &later));
    if (!later)
        tell(c, "%s %llu: %s points to %s %llu, which does not exist", record->entity->name.ptr,
            (unsigned long long)record_id(record), field->name.ptr, target->name.ptr, (unsigned long long)id);
    return NULL;
}

static kt_error *check_value(
    checker *c, const model_record *record, const model_field *field, const model_value *value)
{
    if (!value->set)
        return NULL;
    if (field->type == KT_REFS) {
        for (size_t i = 0; i < value->as.refs.count; i++)
            KT_TRY(check_reference(c, record, field, field->target, value->as.refs.ids[i]));
        return NULL;
    }
    if (field->type == KT_LINES) {
        for (size_t i = 0; i < value->as.lines.count; i++)
            for (size_t k = 0; k < field->lines->field_count; k++)
                KT_TRY(check_value(c, record, &field->lines->fields[k], &value->as.lines.items[i].values[k]));
        return NULL;
    }
    if (field->type != KT_REF && field->type != KT_FILE)
        return NULL;
    const model_entity *target = is_any(field) ? model_entity_by_number(c->tx.catalogue, value->as.any.entity)
                                               : field->target;
    return check_reference(c, record, field, target, ref_id(field, value));
}

static kt_error *check_record(checker *c, const model_entity *entity, uint64_t id, kt_str bytes)
{
    model_record record = {0};
    key name;
    kt_error *error = model_record_decode(&c->tx, entity, id, bytes, &record);
    if (error == error_no_memory())
        return error; /* no finding: the record may be sound */
    if (error) {
        tell(c, "%s %llu: %s", entity->name.ptr, (unsigned long long)id, error_text(error));
        return NULL;
    }
    c->records++;
    if (id > c->last_id)
        tell(c, "%s %llu: its id was never given, the last one was %llu", entity->name.ptr,
            (unsigned long long)id, (unsigned long long)c->last_id);
    counter_total_key(&name, entity);
    KT_TRY(expect(c, &name));
    if (!entity->shared) {
        counter_company_key(&name, entity, &record);
        KT_TRY(expect(c, &name));
    }
    KT_TRY(check_entries(c, &record));
    KT_TRY(check_words(c, &record));
    for (size_t i = MODEL_OWN; i < entity->field_count; i++)
        KT_TRY(check_value(c, &record, &entity->fields[i], &record.values[i]));
    return NULL;
}

/* ---- An entity, then all ---- */

static kt_error *check_chunk(checker *c, const model_entity *entity, uint64_t *next)
{
    struct {
        uint64_t id;
        kt_str bytes;
    } rows[RECORDS_CHUNK];
    size_t n = 0;
    key from, to;
    key_record(&from, entity, *next);
    key_open(&to, KEY_RECORD);
    key_u16(&to, entity->number);
    key_after(&to);
    store_cursor *cursor;
    kt_str name, value;
    bool no_memory = false;
    KT_TRY(store_scan(c->tx.view, STORE_DATA, key_str(&from), key_str(&to), false, &cursor));
    while (n < RECORDS_CHUNK && !no_memory && store_next(cursor, &name, &value)) {
        rows[n].id = key_last_u64(name);
        rows[n].bytes = arena_str(c->tx.arena, value);
        no_memory = !rows[n++].bytes.ptr;
    }
    KT_TRY(store_scan_end(cursor));
    for (size_t i = 0; i < n && !no_memory; i++)
        KT_TRY(check_record(c, entity, rows[i].id, rows[i].bytes));
    *next = n < RECORDS_CHUNK ? 0 : rows[n - 1].id + 1;
    return no_memory ? error_no_memory() : NULL;
}

static kt_error *check_surplus(checker *c, const model_entity *entity)
{
    for (size_t i = 0; i < entity->index_count; i++) {
        const model_index *index = &entity->indexes[i];
        key from, to;
        uint64_t count;
        key_index(&from, entity, index);
        to = from;
        key_after(&to);
        KT_TRY(store_count(c->tx.view, STORE_DATA, key_str(&from), key_str(&to), UINT64_MAX, &count));
        if (count > c->entries[i])
            tell(c, "%s: the index of %s has %llu entries too many", entity->name.ptr,
                index->fields[0]->name.ptr, (unsigned long long)(count - c->entries[i]));
    }
    return NULL;
}

static kt_error *check_entity(checker *c, const model_entity *entity)
{
    key name;
    uint64_t next = 1;
    memset(c->entries, 0, sizeof c->entries);
    c->counters = NULL;
    c->slots = c->used = 0;
    arena_reset(c->keep);
    key_open(&name, KEY_SEQUENCE);
    key_u16(&name, entity->number);
    key_u16(&name, 0);
    KT_TRY(counter_read(&c->tx, &name, &c->last_id));
    while (next) {
        KT_TRY(check_chunk(c, entity, &next));
        arena_reset(c->tx.arena);
    }
    KT_TRY(check_surplus(c, entity));
    return check_counters(c, entity);
}

/* Words of entities that no module declares now, or that are being written anew, are left alone. */
static bool is_known(const checker *c, const char *number)
{
    uint16_t n = (uint16_t)((uint8_t)number[0] << 8 | (uint8_t)number[1]);
    const model_entity *entity = model_entity_by_number(c->tx.catalogue, n);
    return entity && !entity->internals->words_filling;
}

/* The vocabulary counts the records of each word; both tables are in the words' order. */
static kt_error *check_vocabulary(checker *c)
{
    key from = {0}, to = {0}, word = {0};
    uint64_t count = 0, all = 0;
    key_open(&from, KEY_TOKEN);
    to = from;
    key_after(&to);
    store_cursor *cursor;
    kt_str name, value;
    KT_TRY(store_scan(c->tx.view, STORE_DATA, key_str(&from), key_str(&to), false, &cursor));
    for (bool more = true; more;) {
        more = store_next(cursor, &name, &value);
        size_t n = more && name.len > 10 ? name.len - 10 : 0;
        all += more && is_known(c, name.ptr + n);
        if (more && word.len == n && memcmp(word.bytes + 1, name.ptr + 1, n - 1) == 0) {
            count++;
            continue;
        }
        if (word.len) {
            uint64_t said;
            KT_TRY(counter_read(&c->tx, &word, &said));
            if (said != count)
                tell(c, "the vocabulary says %llu, there are %llu records of a word",
                    (unsigned long long)said, (unsigned long long)count);
        }
        if (more) {
            key_open(&word, KEY_VOCABULARY);
            memcpy(word.bytes + 1, name.ptr + 1, n - 1);
            word.len = n;
            count = 1;
        }
    }
    KT_TRY(store_scan_end(cursor));
    if (all != c->words)
        tell(c, "search has %llu entries, the records have %llu words", (unsigned long long)all,
            (unsigned long long)c->words);
    return NULL;
}

/* What modules say about all their records together. */
static kt_error *check_modules(checker *c)
{
    for (const kt_module *const *m = c->tx.catalogue->sources.modules; *m; m++) {
        arena_reset(c->tx.arena);
        kt_tx own = c->tx; /* what a module keeps goes with its memory */
        kt_error *found = (*m)->audit ? (*m)->audit(&own) : NULL;
        if (found == error_no_memory() || (found && found->first->kind == KT_LIMIT))
            return found; /* no finding: it could not be looked at */
        for (const problem *p = found ? found->first : NULL; p; p = p->next)
            tell(c, "%s: %s%s%s", (*m)->name, p->path ? p->path : "", p->path ? ": " : "", p->text.en);
    }
    return NULL;
}

kt_error *model_check(kt_tx *tx, void (*report)(void *context, const char *finding), void *context)
{
    checker c = {.tx = *tx, .report = report, .context = context};
    c.tx.arena = arena_open(SCRATCH_MAX);
    c.keep = arena_open(SCRATCH_MAX);
    c.tx.guard = NULL;
    c.tx.company = 0;
    c.tx.deadline_ms = 0; /* however long it takes to look at all */
    kt_error *error = c.tx.arena && c.keep ? NULL : error_no_memory();
    for (size_t i = 0; i < model_entity_count(tx->catalogue) && !error; i++)
        error = check_entity(&c, model_entity_at(tx->catalogue, i));
    if (!error)
        error = check_vocabulary(&c);
    if (!error)
        error = check_modules(&c);
    if (error && error != error_no_memory())
        error = error_make(tx->arena, error->first->kind, NULL, "%s", "%s", error_text(error));
    arena_close(c.tx.arena);
    arena_close(c.keep);
    return error;
}
