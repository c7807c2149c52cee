/* chain.c -- entries in the store: appended by the writer, joined from their parts by readers. */
#include "journal/chain.h"

#include <assert.h>

enum { ENTRY_KEY_BYTES = 10, ENTRY_BYTES_MAX = 512 << 20 };

uint64_t chain_u64(const char *bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | (uint8_t)bytes[i];
    return value;
}

void chain_put_u64(uint8_t *bytes, uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        bytes[i] = (uint8_t)value;
}

kt_str chain_meta_key(chain_key *key, const char *letters, kt_str text, uint64_t seq)
{
    key->bytes[0] = (uint8_t)letters[0];
    key->bytes[1] = (uint8_t)letters[1];
    key->len = 2;
    if (text.ptr) {
        memcpy(key->bytes + 2, text.ptr, text.len);
        key->bytes[2 + text.len] = 0;
        key->len += text.len + 1;
    }
    chain_put_u64(key->bytes + key->len, seq);
    key->len += 8;
    return (kt_str){(const char *)key->bytes, key->len};
}

kt_str chain_entry_key(chain_key *key, uint64_t seq, unsigned part)
{
    chain_put_u64(key->bytes, seq);
    key->bytes[8] = (uint8_t)(part >> 8);
    key->bytes[9] = (uint8_t)part;
    return (kt_str){(const char *)key->bytes, key->len = ENTRY_KEY_BYTES};
}

kt_error *chain_head_read(store_view *view, chain_head *head)
{
    *head = (chain_head){0};
    kt_str value = {0};
    KT_TRY(store_get(view, STORE_META, KT_STR("Jh"), &value));
    if (value.len == 8 + JOURNAL_HASH_BYTES) {
        head->seq = chain_u64(value.ptr);
        memcpy(head->hash, value.ptr + 8, JOURNAL_HASH_BYTES);
    }
    return NULL;
}

kt_error *chain_bad(arena *arena, uint64_t seq)
{
    return kt_hint(error_make(arena, KT_STORAGE, NULL, "entry %llu of the journal is damaged",
                       "wpis %llu dziennika jest uszkodzony", (unsigned long long)seq),
        "Run journal.verify, and restore the data from a backup.",
        "Uruchom journal.verify i odtwórz dane z kopii zapasowej.");
}

/* ---- Appending ---- */

static kt_error *put_parts(kt_tx *tx, uint64_t seq, kt_str bytes)
{
    chain_key key;
    unsigned part = 0;
    for (size_t at = 0; at < bytes.len; at += JOURNAL_PART_BYTES, part++) {
        size_t left = bytes.len - at;
        kt_str value = {bytes.ptr + at, left < JOURNAL_PART_BYTES ? left : JOURNAL_PART_BYTES};
        KT_TRY(store_put(tx->view, STORE_JOURNAL, chain_entry_key(&key, seq, part), value));
    }
    return NULL;
}

/* What leads from a record to its entries is the record itself, and from each entry to the one before what it was ahead
 * of it: a key is needed where there is no record any more. */
static kt_error *put_deleted(kt_tx *tx, uint64_t seq)
{
    for (const model_change *c = tx->changes; c; c = c->next) {
        if (!c->before.ptr || c->after.ptr)
            continue;
        key key;
        key_open(&key, KEY_HISTORY);
        key_u16(&key, c->entity->number);
        key_u64(&key, c->id);
        key_u64(&key, seq);
        KT_TRY(store_put(tx->view, STORE_DATA, key_str(&key), KT_STR("")));
    }
    return NULL;
}

static kt_error *put_unit(kt_tx *tx, uint64_t seq)
{
    if (!tx->unit.ptr)
        return NULL;
    if (tx->unit.len > CHAIN_UNIT_MAX || memchr(tx->unit.ptr, 0, tx->unit.len))
        return error_make(tx->arena, KT_VALIDATION, "unit", "a unit's name has at most %d bytes",
            "nazwa jednostki zmian ma najwyżej %d bajtów", CHAIN_UNIT_MAX);
    chain_key key;
    return store_put(tx->view, STORE_META, chain_meta_key(&key, "Ju", tx->unit, seq), KT_STR(""));
}

static bool has_changes(const kt_tx *tx)
{
    for (const model_change *c = tx->changes; c; c = c->next)
        if (journal_is_change(c))
            return true;
    return false;
}

kt_error *journal_begin(kt_tx *tx)
{
    KT_TRY(journal_head(tx->view, &tx->entry));
    tx->entry++;
    return NULL;
}

kt_error *journal_append(kt_tx *tx, uint64_t *seq)
{
    *seq = 0;
    if (!has_changes(tx))
        return NULL;
    chain_head head;
    KT_TRY(chain_head_read(tx->view, &head));
    assert(tx->entry == head.seq + 1);
    buffer bytes;
    buffer_open(&bytes, ENTRY_BYTES_MAX);
    kt_error *error = journal_entry_write(tx, head.seq + 1, head.hash, &bytes);
    if (!error)
        error = put_parts(tx, head.seq + 1, buffer_str(&bytes));
    uint8_t value[8 + JOURNAL_HASH_BYTES];
    if (!error) {
        chain_put_u64(value, head.seq + 1);
        memcpy(value + 8, bytes.ptr + bytes.len - JOURNAL_HASH_BYTES, JOURNAL_HASH_BYTES);
    }
    buffer_close(&bytes);
    if (error)
        return error;
    KT_TRY(store_put(tx->view, STORE_META, KT_STR("Jh"), (kt_str){(const char *)value, sizeof value}));
    KT_TRY(put_deleted(tx, head.seq + 1));
    KT_TRY(put_unit(tx, head.seq + 1));
    *seq = head.seq + 1;
    return NULL;
}

kt_error *journal_head(store_view *view, uint64_t *seq)
{
    chain_head head;
    KT_TRY(chain_head_read(view, &head));
    *seq = head.seq;
    return NULL;
}

/* ---- Reading ---- */

kt_error *chain_begin(chain_reader *reader, store_view *view, arena *arena, uint64_t first)
{
    *reader = (chain_reader){.arena = arena, .view = view, .expected = first};
    buffer_open(&reader->joined, ENTRY_BYTES_MAX);
    chain_key key;
    return store_scan(
        view, STORE_JOURNAL, chain_entry_key(&key, first, 0), (kt_str){0}, false, &reader->cursor);
}

/* Joins the parts of the entry whose first part was just read. */
static bool join(chain_reader *r, kt_str *bytes, size_t length)
{
    buffer_clear(&r->joined);
    buffer_add_str(&r->joined, r->value);
    for (unsigned part = 1; r->joined.len < length; part++) {
        chain_key key;
        if (!store_next(r->cursor, &r->key, &r->value) ||
            !str_eq(r->key, chain_entry_key(&key, r->expected, part)) || r->value.len == 0)
            return false;
        buffer_add_str(&r->joined, r->value);
        if (r->joined.full)
            return false;
    }
    *bytes = buffer_str(&r->joined);
    return bytes->len == length;
}

bool chain_next(chain_reader *reader, journal_entry *entry, kt_str *bytes)
{
    if (reader->error || !store_next(reader->cursor, &reader->key, &reader->value))
        return false;
    chain_key key;
    bool sound = str_eq(reader->key, chain_entry_key(&key, reader->expected, 0));
    size_t length = sound ? journal_entry_length(reader->value) : 0;
    *bytes = reader->value;
    if (sound && length != reader->value.len)
        sound = length > reader->value.len && join(reader, bytes, length);
    sound = sound && journal_entry_open(*bytes, entry) && entry->seq == reader->expected;
    if (!sound)
        reader->error = reader->joined.full ? error_no_memory() : chain_bad(reader->arena, reader->expected);
    reader->expected++;
    return sound;
}

kt_error *chain_end(chain_reader *reader)
{
    buffer_close(&reader->joined);
    kt_error *scan = reader->cursor ? store_scan_end(reader->cursor) : NULL;
    reader->cursor = NULL;
    return scan ? scan : reader->error;
}

kt_error *chain_entry(store_view *view, arena *arena, uint64_t seq, buffer *out, journal_entry *entry)
{
    chain_key key;
    kt_str value = {0};
    KT_TRY(store_get(view, STORE_JOURNAL, chain_entry_key(&key, seq, 0), &value));
    size_t length = value.ptr ? journal_entry_length(value) : 0;
    kt_str bytes = value;
    if (length > value.len) {
        buffer_clear(out);
        buffer_add_str(out, value);
        for (unsigned part = 1; out->len < length && !out->full; part++) {
            KT_TRY(store_get(view, STORE_JOURNAL, chain_entry_key(&key, seq, part), &value));
            if (!value.len)
                break;
            buffer_add_str(out, value);
        }
        if (out->full)
            return error_no_memory();
        bytes = buffer_str(out);
    }
    if (length == 0 || bytes.len != length || !journal_entry_open(bytes, entry) || entry->seq != seq)
        return chain_bad(arena, seq);
    return NULL;
}

kt_error *journal_before(store_view *view, arena *arena, kt_time at, uint64_t *seq)
{
    uint64_t last;
    buffer bytes;
    kt_error *error = NULL;
    *seq = 0;
    KT_TRY(journal_head(view, &last));
    buffer_open(&bytes, (size_t)64 << 20);
    while (*seq < last && !error) { /* times never fall */
        const uint64_t middle = last - (last - *seq) / 2;
        journal_entry entry = {0};
        error = chain_entry(view, arena, middle, &bytes, &entry);
        if (entry.time.ms < at.ms)
            *seq = middle;
        else
            last = middle - 1;
    }
    buffer_close(&bytes);
    return error;
}
