/* verify.c -- recomputes the chain. Chunks have a snapshot each, so that hours of verifying hold no old
 * pages; the chain only grows, so what was sound in one snapshot is sound in the next. */
#include "journal/checkpoint.h"

enum { CHUNK_ENTRIES = 5000 };

typedef struct {
    store *store;
    journal_verdict *verdict;
    uint64_t next; /* entry */
    uint8_t hash[JOURNAL_HASH_BYTES];
    chain_head head; /* at the start: later entries are another run's */
} walk;

static void bad(walk *w, uint64_t seq, const char *reason)
{
    if (w->verdict->first_bad)
        return;
    w->verdict->first_bad = seq;
    w->verdict->reason = reason;
}

/* What is wrong with this entry? NULL: nothing. */
static const char *entry_fault(const walk *w, journal_entry *entry, kt_str bytes)
{
    uint8_t hash[JOURNAL_HASH_BYTES];
    if (memcmp(entry->previous, w->hash, sizeof w->hash) != 0)
        return "it does not continue the entry before it";
    if (!journal_hash((kt_str){bytes.ptr, bytes.len - JOURNAL_HASH_BYTES}, hash))
        return "SHA-256 is not available";
    if (memcmp(hash, entry->hash, sizeof hash) != 0)
        return "its bytes do not have its hash";
    journal_change change;
    while (journal_entry_next(entry, &change))
        continue;
    return entry->bad ? "its changes cannot be read" : NULL;
}

/* The checkpoints of this entry: seq is signed once at most, later signatures replace it. */
static kt_error *checkpoint_check(walk *w, store_view *view, checkpoint *next, bool *more, bool *good)
{
    while (*more && next->seq < w->next)
        KT_TRY(checkpoint_find(view, next->seq + 1, next, more, good));
    if (!*more || next->seq != w->next)
        return NULL;
    w->verdict->checkpoints++;
    if (!*good)
        bad(w, w->next, "its checkpoint's signature does not hold");
    else if (memcmp(next->hash, w->hash, sizeof w->hash) != 0)
        bad(w, w->next, "its checkpoint signs another hash");
    return NULL;
}

static kt_error *walk_chunk(walk *w, store_view *view, arena *arena)
{
    chain_reader reader;
    KT_TRY(chain_begin(&reader, view, arena, w->next));
    checkpoint next = {0};
    bool more = false, good = false;
    bool missing = false;
    kt_error *error = checkpoint_find(view, w->next, &next, &more, &good);
    for (unsigned n = 0; !error && n < CHUNK_ENTRIES && w->next <= w->head.seq; n++) {
        journal_entry entry;
        kt_str bytes;
        if (!chain_next(&reader, &entry, &bytes)) {
            missing = true;
            break;
        }
        const char *fault = entry_fault(w, &entry, bytes);
        memcpy(w->hash, entry.hash, sizeof w->hash);
        if (!fault)
            error = checkpoint_check(w, view, &next, &more, &good);
        else
            bad(w, w->next, fault);
        if (w->verdict->first_bad)
            break;
        w->next++;
        w->verdict->entries++;
    }
    kt_error *end = chain_end(&reader);
    if (end && end->first->kind != KT_STORAGE) /* no memory: nothing is known of the entry */
        return error ? error : end;
    if (missing)
        bad(w, w->next, "it is missing, or its bytes are damaged");
    return error;
}

/* A checkpoint past the head tells of entries that were cut off. */
static kt_error *tail_check(walk *w, store_view *view)
{
    checkpoint c;
    bool found, good;
    KT_TRY(checkpoint_find(view, w->head.seq + 1, &c, &found, &good));
    chain_head now;
    KT_TRY(chain_head_read(view, &now));
    if (found && c.seq > now.seq)
        bad(w, now.seq + 1, "a checkpoint signed it, but it is missing");
    if (!w->verdict->first_bad && memcmp(w->head.hash, w->hash, sizeof w->hash) != 0)
        bad(w, w->head.seq, "the head record has another hash");
    return NULL;
}

/* Entries after the head: somebody set the head back. */
static kt_error *beyond_check(walk *w, store_view *view)
{
    chain_head now;
    KT_TRY(chain_head_read(view, &now));
    chain_key key;
    store_cursor *cursor = NULL;
    KT_TRY(
        store_scan(view, STORE_JOURNAL, chain_entry_key(&key, now.seq + 1, 0), (kt_str){0}, false, &cursor));
    kt_str k, v;
    if (store_next(cursor, &k, &v))
        bad(w, now.seq + 1, "it stands after the head record");
    return store_scan_end(cursor);
}

kt_error *journal_verify(store *store, arena *arena, journal_verdict *verdict,
    void (*progress)(void *context, uint64_t done), void *context)
{
    *verdict = (journal_verdict){0};
    walk w = {.store = store, .verdict = verdict, .next = 1};
    bool first = true;
    do {
        store_view *view = NULL;
        KT_TRY(store_read(store, arena, &view));
        kt_error *error = first ? chain_head_read(view, &w.head) : NULL;
        if (!error)
            error = walk_chunk(&w, view, arena);
        if (!error && !verdict->first_bad && w.next > w.head.seq) {
            error = tail_check(&w, view);
            if (!error && !verdict->first_bad)
                error = beyond_check(&w, view);
        }
        store_end(view);
        if (error)
            return error;
        first = false;
        if (progress)
            progress(context, verdict->entries);
    } while (!verdict->first_bad && w.next <= w.head.seq);
    memcpy(verdict->head_hash, w.hash, sizeof w.hash);
    return NULL;
}
