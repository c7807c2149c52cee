/* kept.c -- kept answers:
 *
 *   digest of the request (32 bytes), then 01, nonce (24), ciphertext and tag; or an answer in the clear, as before answers
 *   were sealed; or nothing: it is not kept */
#include "bus/kept.h"

#include <sodium.h>

#include "kit/clock.h"

enum {
    SEALED = 1, /* no JSON begins so */
    KEY_BYTES = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    DIGEST_BYTES = sizeof((call *)0)->digest
};

static void make_secret(const call *c, uint8_t secret[KEY_BYTES])
{
    static const char use[] = "kept answer";
    const uint8_t *master = c->bus->options.master_key;
    crypto_generichash_state state;
    crypto_generichash_init(&state, master, master ? KEY_BYTES : 0, KEY_BYTES);
    crypto_generichash_update(&state, (const unsigned char *)use, sizeof use);
    crypto_generichash_update(&state, (const unsigned char *)c->key.ptr, c->key.len);
    crypto_generichash_final(&state, secret, KEY_BYTES);
}

kt_error *kept_close(const call *c, kt_str answer, kt_str *kept)
{
    uint8_t secret[KEY_BYTES];
    const size_t size = DIGEST_BYTES + (answer.len ? 1 + NONCE_BYTES + answer.len + TAG_BYTES : 0);
    uint8_t *bytes = arena_bytes(c->arena, size);
    if (!bytes)
        return error_no_memory();
    memcpy(bytes, c->digest, DIGEST_BYTES);
    *kept = (kt_str){(const char *)bytes, size};
    if (!answer.len)
        return NULL;
    uint8_t *nonce = bytes + DIGEST_BYTES + 1;
    nonce[-1] = SEALED;
    random_bytes(nonce, NONCE_BYTES);
    make_secret(c, secret);
    crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_BYTES, NULL, (const uint8_t *)answer.ptr,
        answer.len, c->digest, DIGEST_BYTES, NULL, nonce, secret);
    sodium_memzero(secret, sizeof secret);
    return NULL;
}

kt_error *kept_open(const call *c, kt_str kept, kt_str *answer)
{
    const uint8_t *nonce = (const uint8_t *)kept.ptr + DIGEST_BYTES + 1;
    uint8_t secret[KEY_BYTES];
    *answer = (kt_str){kept.ptr + DIGEST_BYTES, kept.len - DIGEST_BYTES};
    if (!answer->len || nonce[-1] != SEALED)
        return NULL;
    const bool whole = answer->len > 1 + NONCE_BYTES + TAG_BYTES;
    const size_t size = whole ? answer->len - 1 - NONCE_BYTES : 0;
    uint8_t *out = whole ? arena_alloc(c->arena, size) : NULL;
    if (whole && !out)
        return error_no_memory();
    make_secret(c, secret);
    const bool good = whole && crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL,
                                   nonce + NONCE_BYTES, size, c->digest, DIGEST_BYTES, nonce, secret) == 0;
    sodium_memzero(secret, sizeof secret);
    *answer = (kt_str){(const char *)out, size - TAG_BYTES};
    return good ? NULL
                : error_make(c->arena, KT_STORAGE, "idempotency_key", "the kept answer is damaged",
                      "zapamiętana odpowiedź jest uszkodzona");
}
