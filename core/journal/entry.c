/* entry.c -- writes and reads the bytes of a journal entry.
 *
 * Of an update only the record's top-level parts that differ are kept, before and after: a change of one
 * field of a large record costs little, and the record as it was is found by putting the parts back. Lines with
 * personal members are two parts, which are kept together, for either side must read by itself. */
#include "journal/entry.h"

#include <openssl/evp.h>
#include <pthread.h>

#include "kit/buffer.h"

enum { HEAD_BYTES = 1 + 4 + JOURNAL_HASH_BYTES + 8 + 8 + 8 + 1 };

/* ---- Hash ---- */

static EVP_MD *sha256;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

/* Fetching an algorithm costs more than hashing a small entry with it: once per process. */
static void sha256_fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

bool journal_hash(kt_str bytes, uint8_t out[JOURNAL_HASH_BYTES])
{
    pthread_once(&sha256_once, sha256_fetch);
    unsigned len = JOURNAL_HASH_BYTES;
    return sha256 && EVP_Digest(bytes.ptr, bytes.len, out, &len, sha256, NULL) == 1;
}

/* ---- Writing ---- */

static void add_be(buffer *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = bytes; i-- > 0;)
        buffer_add_char(out, (char)(uint8_t)(value >> (8 * i)));
}

static void add_varint(buffer *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        buffer_add_char(out, (char)(uint8_t)(0x80U | (value & 0x7f)));
    buffer_add_char(out, (char)(uint8_t)value);
}

/* A number before what was written from a place on: how many parts differ is known when they are written. */
static void put_in_front(buffer *out, size_t at, uint64_t value)
{
    const size_t end = out->len;
    add_varint(out, value);
    const size_t n = out->len - end;
    uint8_t front[10];
    if (out->starved || out->full)
        return;
    memcpy(front, out->ptr + end, n);
    memmove(out->ptr + at + n, out->ptr + at, end - at);
    memcpy(out->ptr + at, front, n);
}

static void add_str(buffer *out, kt_str s)
{
    add_varint(out, s.len);
    buffer_add_str(out, s);
}

static kt_error *damaged(const kt_tx *tx, const model_change *change)
{
    return error_make(tx->arena, KT_STORAGE, NULL, "the stored bytes of %.*s %llu are damaged",
        "zapisane bajty %.*s %llu są uszkodzone", STR_ARG(change->entity->name),
        (unsigned long long)change->id);
}

/* Finds the part with this tag, looking first where the last one was found: both records hold their parts in the same
 * order, but for those that one of them lacks. false: there is none; *sound tells damage from absence */
static bool part_find(kt_str record, uint32_t tag, size_t *hint, kt_str *part, bool *sound)
{
    size_t at = *hint, until = SIZE_MAX; /* then from the beginning up to the hint */
    uint32_t found = 0;
    for (bool again = at > 0;; again = false, at = 0) {
        while (at < until && model_record_part(record, &at, &found, part))
            if (found == tag) {
                *hint = at;
                return true;
            }
        *sound = at != SIZE_MAX;
        if (!again || !*sound)
            break;
        until = *hint;
    }
    *part = (kt_str){0};
    return false;
}

/* The parts that one side has and the other has not, or has otherwise, are written and counted. halves: those that are
 * half of a value count as different, too. */
typedef struct {
    const model_entity *entity;
    buffer *out;
    uint64_t count;
    bool halves, half_differs;
} differing;

static void take_part(differing *d, uint32_t tag, kt_str before, kt_str after)
{
    d->count++;
    d->half_differs = d->half_differs || model_part_is_half(d->entity, tag);
    add_varint(d->out, tag);
    add_str(d->out, before);
    add_str(d->out, after);
}

/* false: a record is damaged */
static bool parts_differ(kt_str before, kt_str after, differing *d)
{
    size_t at = 0, hint = 0;
    uint32_t tag = 0;
    kt_str part, other;
    bool sound = true;
    while (sound && model_record_part(before, &at, &tag, &part)) {
        bool both = part_find(after, tag, &hint, &other, &sound);
        if (!both || !str_eq(part, other) || (d->halves && model_part_is_half(d->entity, tag)))
            take_part(d, tag, part, other);
    }
    if (!sound || at == SIZE_MAX)
        return false;
    at = hint = 0;
    while (sound && model_record_part(after, &at, &tag, &part))
        if (!part_find(before, tag, &hint, &other, &sound) && sound)
            take_part(d, tag, (kt_str){0}, part);
    return sound && at != SIZE_MAX;
}

static kt_error *add_update(const kt_tx *tx, const model_change *change, buffer *out)
{
    if (!change->before.len || !change->after.len)
        return damaged(tx, change);
    if (change->before.ptr[0] != change->after.ptr[0]) { /* another format: parts cannot be mixed */
        buffer_add_char(out, 0);
        add_str(out, change->before);
        add_str(out, change->after);
        return NULL;
    }
    buffer_add_char(out, change->after.ptr[0]);
    const size_t at = out->len;
    differing d = {.entity = change->entity, .out = out};
    bool sound = parts_differ(change->before, change->after, &d);
    if (sound && d.half_differs) {
        out->len = at;
        d = (differing){.entity = change->entity, .out = out, .halves = true};
        sound = parts_differ(change->before, change->after, &d);
    }
    if (!sound)
        return damaged(tx, change);
    put_in_front(out, at, d.count);
    return NULL;
}

bool journal_is_change(const model_change *change)
{
    if (!change->before.ptr && !change->after.ptr)
        return false;
    return !(change->before.ptr && change->after.ptr && str_eq(change->before, change->after));
}

static kt_error *add_change(const kt_tx *tx, const model_change *change, buffer *out)
{
    model_change_kind kind = !change->before.ptr  ? MODEL_CREATED
                             : !change->after.ptr ? MODEL_DELETED
                                                  : MODEL_UPDATED;
    buffer_add_char(out, (char)kind);
    add_be(out, change->entity->number, 2);
    add_be(out, change->id, 8);
    if (kind == MODEL_UPDATED)
        return add_update(tx, change, out);
    add_str(out, kind == MODEL_CREATED ? change->after : change->before);
    return NULL;
}

kt_error *journal_entry_write(
    const kt_tx *tx, uint64_t seq, const uint8_t previous[JOURNAL_HASH_BYTES], buffer *out)
{
    uint64_t count = 0;
    for (const model_change *c = tx->changes; c; c = c->next)
        count += journal_is_change(c);
    buffer_add_char(out, JOURNAL_FORMAT);
    add_be(out, 0, 4); /* the length, known at the end */
    buffer_add(out, previous, JOURNAL_HASH_BYTES);
    add_be(out, seq, 8);
    add_be(out, (uint64_t)tx->now.ms, 8);
    add_be(out, tx->user, 8);
    buffer_add_char(out, (char)tx->origin);
    add_str(out, tx->request_id);
    add_str(out, tx->unit);
    add_varint(out, count);
    for (const model_change *c = tx->changes; c; c = c->next)
        if (journal_is_change(c))
            KT_TRY(add_change(tx, c, out));
    size_t length = out->len + JOURNAL_HASH_BYTES;
    if (out->starved)
        return error_no_memory();
    if (out->full || length > UINT32_MAX)
        return error_make(tx->arena, KT_LIMIT, NULL,
            "the request changes more than one journal entry can hold",
            "żądanie zmienia więcej, niż mieści jeden wpis dziennika");
    for (unsigned i = 0; i < 4; i++)
        out->ptr[1 + i] = (char)(uint8_t)(length >> (8 * (3 - i)));
    uint8_t hash[JOURNAL_HASH_BYTES];
    if (!journal_hash(buffer_str(out), hash))
        return error_make(
            tx->arena, KT_UNAVAILABLE, NULL, "SHA-256 is not available", "SHA-256 jest niedostępne");
    buffer_add(out, hash, sizeof hash);
    return out->full ? error_no_memory() : NULL;
}

/* ---- Reading ---- */

static bool take(kt_str *from, size_t n, kt_str *out)
{
    if (from->len < n)
        return false;
    *out = (kt_str){from->ptr, n};
    *from = (kt_str){from->ptr + n, from->len - n};
    return true;
}

static bool take_be(kt_str *from, unsigned bytes, uint64_t *out)
{
    kt_str raw;
    if (!take(from, bytes, &raw))
        return false;
    *out = 0;
    for (unsigned i = 0; i < bytes; i++)
        *out = *out << 8 | (uint8_t)raw.ptr[i];
    return true;
}

static bool take_varint(kt_str *from, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint64_t byte = 0;
        if (!take_be(from, 1, &byte) || (shift == 63 && byte > 1))
            return false;
        *out |= (byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool take_str(kt_str *from, kt_str *out)
{
    uint64_t len = 0;
    if (!take_varint(from, &len) || len > from->len)
        return false;
    bool taken = take(from, (size_t)len, out);
    if (taken && len == 0)
        *out = (kt_str){0};
    return taken;
}

size_t journal_entry_length(kt_str start)
{
    uint64_t format = 0, length = 0;
    if (!take_be(&start, 1, &format) || format != JOURNAL_FORMAT || !take_be(&start, 4, &length))
        return 0;
    return (size_t)length;
}

bool journal_entry_open(kt_str bytes, journal_entry *entry)
{
    *entry = (journal_entry){0};
    if (bytes.len < HEAD_BYTES + JOURNAL_HASH_BYTES || journal_entry_length(bytes) != bytes.len)
        return false;
    kt_str rest = {bytes.ptr + 5, bytes.len - 5 - JOURNAL_HASH_BYTES}, previous;
    uint64_t time = 0, origin = 0;
    bool sound = take(&rest, JOURNAL_HASH_BYTES, &previous) && take_be(&rest, 8, &entry->seq) &&
                 take_be(&rest, 8, &time) && take_be(&rest, 8, &entry->user) && take_be(&rest, 1, &origin) &&
                 origin <= MODEL_SYSTEM && take_str(&rest, &entry->request) &&
                 take_str(&rest, &entry->unit) && take_varint(&rest, &entry->count);
    if (!sound)
        return false;
    entry->previous = (const uint8_t *)previous.ptr;
    entry->hash = (const uint8_t *)bytes.ptr + bytes.len - JOURNAL_HASH_BYTES;
    entry->time.ms = (int64_t)time;
    entry->origin = (model_origin)origin;
    entry->rest = rest;
    return true;
}

/* Steps over an update's parts, checking that they are all there. */
static bool take_parts(kt_str *rest, journal_change *change)
{
    uint64_t format = 0;
    if (!take_be(rest, 1, &format))
        return false;
    change->format = (uint8_t)format;
    if (format == 0) {
        change->whole = true;
        return take_str(rest, &change->before) && take_str(rest, &change->after);
    }
    if (!take_varint(rest, &change->count))
        return false;
    change->rest = *rest;
    for (uint64_t i = 0; i < change->count; i++) {
        uint64_t tag;
        kt_str part;
        if (!take_varint(rest, &tag) || !take_str(rest, &part) || !take_str(rest, &part))
            return false;
    }
    change->rest.len -= rest->len;
    return true;
}

bool journal_entry_next(journal_entry *entry, journal_change *change)
{
    memset(change, 0, sizeof *change);
    if (entry->bad || entry->count == 0) {
        entry->bad = entry->bad || entry->rest.len > 0;
        return false;
    }
    uint64_t kind = 0, number = 0;
    entry->bad = true;
    if (!take_be(&entry->rest, 1, &kind) || !take_be(&entry->rest, 2, &number) ||
        !take_be(&entry->rest, 8, &change->id))
        return false;
    change->entity = (uint16_t)number;
    if (kind == MODEL_CREATED || kind == MODEL_DELETED) {
        change->whole = true;
        if (!take_str(&entry->rest, kind == MODEL_CREATED ? &change->after : &change->before))
            return false;
    } else if (kind != MODEL_UPDATED || !take_parts(&entry->rest, change)) {
        return false;
    }
    change->kind = (model_change_kind)kind;
    entry->bad = false;
    entry->count--;
    return true;
}

bool journal_change_next(journal_change *change, journal_part *part)
{
    if (change->whole || change->count == 0)
        return false;
    change->count--;
    return take_varint(&change->rest, &part->tag) && take_str(&change->rest, &part->before) &&
           take_str(&change->rest, &part->after);
}
