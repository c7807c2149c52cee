/* declared.c -- what a rule's text declares, as a worker told it when the text was first read. It is kept beside
 * the rule, so that the rules of a database are known, and what they guard, while no worker can be started.
 *
 *   "Rd" rule (u64, big-endian)  a digest of the text that it is of; what the worker said */
#include <sodium.h>

#include "automation/rule.h"
#include "kit/str.h"

enum { DIGEST_BYTES = 16, KEPT_MAX = 64 << 10 };

/* Part of the digest: a release whose workers tell more asks again. */
static const unsigned char form = 1;

static kt_str key_of(store_meta_key *key, uint64_t rule)
{
    return store_meta_name(key, "Rd", rule);
}

static void digest_of(kt_str text, unsigned char digest[DIGEST_BYTES])
{
    (void)crypto_generichash(
        digest, DIGEST_BYTES, (const unsigned char *)text.ptr, text.len, &form, sizeof form);
}

kt_error *declared_find(kt_tx *tx, arena *arena, const rule *r, kt_str *told)
{
    store_meta_key key;
    unsigned char digest[DIGEST_BYTES];
    kt_str kept;
    *told = (kt_str){0};
    KT_TRY(store_get(tx->view, STORE_META, key_of(&key, r->id), &kept));
    digest_of(r->text, digest);
    if (kept.len <= DIGEST_BYTES || memcmp(kept.ptr, digest, DIGEST_BYTES) != 0)
        return NULL;
    *told = arena_str(arena, (kt_str){kept.ptr + DIGEST_BYTES, kept.len - DIGEST_BYTES});
    return told->ptr ? NULL : error_no_memory();
}

kt_error *declared_keep(kt_tx *tx, const rule *r, kt_str told)
{
    store_meta_key key;
    unsigned char digest[DIGEST_BYTES];
    if (told.len > KEPT_MAX)
        return kt_fail(tx, KT_LIMIT, "text", "declares more than %d bytes", "deklaruje więcej niż %d bajtów",
            (int)KEPT_MAX);
    char *value = arena_alloc(tx->arena, DIGEST_BYTES + told.len);
    if (!value)
        return error_no_memory();
    digest_of(r->text, digest);
    memcpy(value, digest, DIGEST_BYTES);
    memcpy(value + DIGEST_BYTES, told.ptr, told.len);
    return store_put(tx->view, STORE_META, key_of(&key, r->id), (kt_str){value, DIGEST_BYTES + told.len});
}

kt_error *declared_forget(kt_tx *tx, uint64_t rule)
{
    store_meta_key key;
    return store_delete(tx->view, STORE_META, key_of(&key, rule));
}
