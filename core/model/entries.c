/* entries.c -- index entries, unique keys and counters follow their record. */
#include "model/entries.h"

#include <stdlib.h>
#include <string.h>

#include "model/compile.h"
#include "record/fill_mark.h"
#include "record/path.h"

static void index_open(key *out, const model_record *record, const model_index *index)
{
    key_index(out, record->entity, index);
    if (index->in_runs)
        key_run(out, record_id(record) / KEY_RUN);
}

/* first: a value in place of that of the first field, which has several; NULL: none */
static bool field_key(
    const model_index *index, const model_record *record, const model_value *first, key *out)
{
    index_open(out, record, index);
    for (size_t k = 0; k < index->count; k++) {
        const model_field *field = index->fields[k];
        const model_value *value = k == 0 && first ? first : &record->values[field->position];
        if (index->sparse && k == 0 && !value->set)
            return false;
        if (index->unique && !value->set && field->position != MODEL_COMPANY && field->type != KT_BOOL)
            return false;
        key_value(out, field, value, index->unique);
    }
    if (!index->unique)
        key_u64(out, record_id(record));
    return true;
}

bool entry_key(const model_index *index, const model_record *record, key *out)
{
    return field_key(index, record, NULL, out);
}

/* ---- Several entries of a record ---- */

static bool has_several(const model_index *index)
{
    return index->through || index->fields[0]->type == KT_REFS;
}

static bool line_key(const model_index *index, const model_record *record, size_t i, key *out)
{
    const model_value *lines = &record->values[index->through->position];
    const model_value *value = &lines->as.lines.items[i].values[index->fields[0]->position];
    if (index->sparse && !value->set)
        return false;
    index_open(out, record, index);
    key_value(out, index->fields[0], value, false);
    key_u64(out, record_id(record));
    return true;
}

/* Without what tells it from others that are alike, and the id. */
static void cover_key(const model_index *index, const model_record *record, size_t i, key *out)
{
    const model_record *line = &record->values[index->through->position].as.lines.items[i];
    index_open(out, record, index);
    for (size_t f = 0; f < index->count; f++) {
        const model_record *from = index->inside[f] ? line : record;
        key_value(out, index->fields[f], &from->values[index->fields[f]->position], false);
    }
}

static bool several_key(const model_index *index, const model_record *record, size_t i, key *out)
{
    if (index->covering)
        cover_key(index, record, i, out);
    else if (index->through)
        return line_key(index, record, i, out);
    else {
        const kt_id id = {record->values[index->fields[0]->position].as.refs.ids[i]};
        return field_key(index, record, &(model_value){.set = true, .as.i = (int64_t)id.v}, out);
    }
    return true;
}

static size_t most_entries(const model_index *index, const model_record *record)
{
    const model_field *several = index->through ? index->through : index->fields[0];
    const model_value *value = &record->values[several->position];
    return !value->set ? 0 : index->through ? value->as.lines.count : value->as.refs.count;
}

static int key_order(const void *a, const void *b)
{
    return str_cmp(*(const kt_str *)a, *(const kt_str *)b);
}

/* Each line has an entry of its own: of those that are alike, how many stand before it tells them apart. */
static kt_error *tell_apart(kt_tx *tx, const model_record *record, entries *all)
{
    kt_str before = {0};
    uint16_t alike = 0;
    for (size_t i = 0; i < all->count; i++) {
        const kt_str shared = all->items[i];
        key name = {.len = shared.len};
        memcpy(name.bytes, shared.ptr, shared.len);
        alike = i && str_eq(before, shared) ? (uint16_t)(alike + 1) : 0;
        key_u16(&name, alike);
        key_u64(&name, record_id(record));
        before = shared;
        all->items[i] = name.full ? (kt_str){0} : arena_str(tx->arena, key_str(&name));
        if (!all->items[i].ptr)
            return error_no_memory();
    }
    return NULL;
}

static void keep_each_once(entries *all)
{
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++)
        if (!kept || !str_eq(all->items[kept - 1], all->items[i]))
            all->items[kept++] = all->items[i];
    all->count = kept;
}

kt_error *entries_in(kt_tx *tx, const model_index *index, const model_record *record, entries *all)
{
    const size_t most = has_several(index) ? most_entries(index, record) : 0;
    key name;
    *all = (entries){.items = ARENA_ARRAY(tx->arena, kt_str, most + 1)};
    if (!all->items)
        return error_no_memory();
    for (size_t i = 0; i < (most ? most : !index->through); i++) {
        if (!(most ? several_key(index, record, i, &name) : entry_key(index, record, &name)))
            continue;
        if (name.full || !(all->items[all->count] = arena_str(tx->arena, key_str(&name))).ptr)
            return error_no_memory();
        all->count++;
    }
    if (all->count > 1)
        qsort(all->items, all->count, sizeof *all->items, key_order);
    if (index->covering)
        return tell_apart(tx, record, all);
    keep_each_once(all);
    return NULL;
}

static bool is_touched(const model_index *index, const bool *changed)
{
    if (!changed)
        return true;
    if (index->through && changed[index->through->position])
        return true;
    for (size_t i = 0; i < index->count; i++)
        if ((!index->through || (index->covering && !index->inside[i])) &&
            changed[index->fields[i]->position])
            return true;
    return false;
}

/* A key that could not be made (no memory to fold a text) must not be taken for one that is not there. */
static kt_error *whole(const key *name)
{
    return name->full ? error_no_memory() : NULL;
}

static kt_error *put_entry(kt_tx *tx, const model_index *index, const model_record *record, kt_str name)
{
    char id[8];
    uint64_t value = record_id(record);
    for (size_t i = 0; i < sizeof id; i++)
        id[i] = (char)(value >> (56 - 8 * i));
    return store_put(tx->view, STORE_DATA, name, index->unique ? (kt_str){id, sizeof id} : KT_STR(""));
}

kt_error *counter_add(kt_tx *tx, const key *name, int64_t change)
{
    uint64_t count;
    return store_add(tx->view, STORE_DATA, key_str(name), change, &count);
}

kt_error *counter_write(kt_tx *tx, const key *name, uint64_t count)
{
    if (!count)
        return store_delete(tx->view, STORE_DATA, key_str(name));
    char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(count >> (56 - 8 * i));
    return store_put(tx->view, STORE_DATA, key_str(name), (kt_str){bytes, sizeof bytes});
}

void counter_company_key(key *out, const model_entity *entity, const model_record *record)
{
    counter_total_key(out, entity);
    key_u16(out, 0);
    key_value(out, &entity->fields[MODEL_COMPANY], &record->values[MODEL_COMPANY], false);
}

void counter_key(key *out, const model_entity *entity, const model_index *index, const model_record *record)
{
    counter_total_key(out, entity);
    key_u16(out, index->number);
    key_value(out, index->fields[0], &record->values[index->fields[0]->position], false);
}

static bool keys_equal(const key *a, const key *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static kt_error *move_counter(kt_tx *tx, const key *from, const key *to)
{
    if (from && to && keys_equal(from, to))
        return NULL;
    if (from)
        KT_TRY(counter_add(tx, from, -1));
    return to ? counter_add(tx, to, 1) : NULL;
}

static kt_error *write_counters(kt_tx *tx, const model_record *before, const model_record *after)
{
    const model_entity *entity = before ? before->entity : after->entity;
    key from, to;
    if (!before || !after) {
        counter_total_key(&to, entity);
        KT_TRY(counter_add(tx, &to, after ? 1 : -1));
    }
    if (entity->shared)
        return NULL;
    if (before)
        counter_company_key(&from, entity, before);
    if (after)
        counter_company_key(&to, entity, after);
    return move_counter(tx, before ? &from : NULL, after ? &to : NULL);
}

/* Takes a record's entry away. While a unique index is being filled another record may stand there, which the
 * filling will meet. */
static kt_error *delete_entry(
    kt_tx *tx, const model_index *index, const model_record *record, const key *name, bool filling)
{
    kt_str value;
    if (filling && index->unique) {
        KT_TRY(store_get(tx->view, STORE_DATA, key_str(name), &value));
        if (!value.ptr || key_last_u64(value) != record_id(record))
            return NULL;
    }
    return store_delete(tx->view, STORE_DATA, key_str(name));
}

/* The usual index: one entry before, one after. */
static kt_error *move_single(
    kt_tx *tx, const model_index *index, const model_record *before, const model_record *after, bool filling)
{
    key from, to;
    bool had = before && entry_key(index, before, &from);
    bool has = after && entry_key(index, after, &to);
    if (had)
        KT_TRY(whole(&from));
    if (has)
        KT_TRY(whole(&to));
    if (had && has && keys_equal(&from, &to))
        return NULL;
    if (had)
        KT_TRY(delete_entry(tx, index, before, &from, filling));
    return has ? put_entry(tx, index, after, key_str(&to)) : NULL;
}

static kt_error *move_many(
    kt_tx *tx, const model_index *index, const model_record *before, const model_record *after)
{
    entries old = {0}, new = {0};
    if (before)
        KT_TRY(entries_in(tx, index, before, &old));
    if (after)
        KT_TRY(entries_in(tx, index, after, &new));
    for (size_t i = 0, k = 0; i < old.count || k < new.count;) {
        int order = i == old.count ? 1 : k == new.count ? -1 : str_cmp(old.items[i], new.items[k]);
        if (order < 0)
            KT_TRY(store_delete(tx->view, STORE_DATA, old.items[i]));
        else if (order > 0)
            KT_TRY(put_entry(tx, index, after, new.items[k]));
        i += order <= 0;
        k += order >= 0;
    }
    return NULL;
}

static kt_error *move_counts(
    kt_tx *tx, const model_index *index, const model_record *before, const model_record *after)
{
    key from, to;
    const model_entity *entity = before ? before->entity : after->entity;
    if (before)
        counter_key(&from, entity, index, before);
    if (after)
        counter_key(&to, entity, index, after);
    return move_counter(tx, before ? &from : NULL, after ? &to : NULL);
}

/* Entries are kept from the first on; counters count the records that the filling has passed. */
static kt_error *is_passed(
    kt_tx *tx, const model_entity *entity, const model_index *index, uint64_t id, bool *passed)
{
    uint64_t next;
    bool found;
    KT_TRY(fill_mark_read(tx->view, entity->number, index->number, &found, &next));
    *passed = found && id < next;
    return NULL;
}

kt_error *entries_write(kt_tx *tx, const model_record *before, const model_record *after, const bool *changed)
{
    const model_entity *entity = before ? before->entity : after->entity;
    KT_TRY(write_counters(tx, before, after));
    for (size_t i = 0; i < entity->index_count + entity->filling_count; i++) {
        const model_index *index = &entity->indexes[i];
        bool filling = i >= entity->index_count, passed = true;
        if (!is_touched(index, changed))
            continue;
        if (has_several(index))
            KT_TRY(move_many(tx, index, before, after));
        else
            KT_TRY(move_single(tx, index, before, after, filling));
        if (index->counted && filling)
            KT_TRY(is_passed(tx, entity, index, record_id(before ? before : after), &passed));
        if (index->counted && passed)
            KT_TRY(move_counts(tx, index, before, after));
    }
    return words_write(tx, before, after, changed);
}

kt_error *entries_fill(kt_tx *tx, const model_index *index, const model_record *record)
{
    key name;
    entries all;
    KT_TRY(entries_in(tx, index, record, &all));
    for (size_t i = 0; i < all.count; i++)
        KT_TRY(put_entry(tx, index, record, all.items[i]));
    if (!index->counted)
        return NULL;
    counter_key(&name, record->entity, index, record);
    return counter_add(tx, &name, 1);
}

/* Which record it is, is told to who may see it. */
static kt_error *tell_taken(
    kt_tx *tx, const model_entity *entity, const model_index *index, uint64_t id, kt_error **problems)
{
    const bool alone = index->count == 1 || index->fields[0]->position == MODEL_NUMBER;
    const char *field = index->fields[0]->name.ptr;
    model_record other;
    bool found;
    KT_TRY(model_load(tx, entity, id, &other, &found));
    if (!found || !record_visible(tx, &other, "read"))
        kt_also(problems, alone
                              ? kt_fail(tx, KT_CONFLICT, field, "another record has this value already",
                                    "inny rekord ma już tę wartość")
                              : kt_fail(tx, KT_CONFLICT, field, "another record has this combination already",
                                    "inny rekord ma już takie połączenie"));
    else
        kt_also(problems, alone ? kt_fail(tx, KT_CONFLICT, field, "record %llu has this value already",
                                      "rekord %llu ma już tę wartość", (unsigned long long)id)
                                : kt_fail(tx, KT_CONFLICT, field, "record %llu has this combination already",
                                      "rekord %llu ma już takie połączenie", (unsigned long long)id));
    return NULL;
}

kt_error *entries_check_unique(kt_tx *tx, const model_record *after, const bool *changed, kt_error **problems)
{
    const model_entity *entity = after->entity;
    for (size_t i = 0; i < entity->index_count + entity->filling_count; i++) {
        const model_index *index = &entity->indexes[i];
        key name;
        kt_str value;
        if (!index->unique || !is_touched(index, changed) || !entry_key(index, after, &name))
            continue;
        KT_TRY(whole(&name));
        KT_TRY(store_get(tx->view, STORE_DATA, key_str(&name), &value));
        if (!value.ptr || key_last_u64(value) == record_id(after))
            continue;
        KT_TRY(tell_taken(tx, entity, index, key_last_u64(value), problems));
    }
    return NULL;
}
