/* vault.c -- see vault.h. XChaCha20-Poly1305 of libsodium: nonce, then the sealed bytes and their tag. */
#include "access/vault.h"

#include <sodium.h>

#include "kit/clock.h"

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES   crypto_aead_xchacha20poly1305_ietf_ABYTES
_Static_assert(VAULT_SEAL_BYTES == NONCE_BYTES + TAG_BYTES, "the room of a seal");

static kt_error *sealing_key(kt_tx *tx, const char *purpose, uint8_t key[32])
{
    if (!tx->master_key)
        return kt_fail(tx, KT_UNAVAILABLE, NULL, "what is sealed needs the master key, which is not loaded",
            "zaszyfrowane wartości wymagają klucza głównego, który nie jest wczytany");
    crypto_generichash(key, 32, (const uint8_t *)purpose, strlen(purpose) + 1, tx->master_key, 32);
    return NULL;
}

kt_error *vault_seal(kt_tx *tx, const char *purpose, kt_str bound, kt_str plain, uint8_t *sealed)
{
    uint8_t key[32];
    KT_TRY(sealing_key(tx, purpose, key));
    random_bytes(sealed, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE_BYTES, NULL, (const uint8_t *)plain.ptr,
        plain.len, (const uint8_t *)bound.ptr, bound.len, NULL, sealed, key);
    sodium_memzero(key, sizeof key);
    return NULL;
}

kt_error *vault_open(kt_tx *tx, const char *purpose, kt_str bound, kt_str sealed, uint8_t *plain)
{
    uint8_t key[32];
    KT_TRY(sealing_key(tx, purpose, key));
    bool good = sealed.len >= VAULT_SEAL_BYTES &&
                crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL,
                    (const uint8_t *)sealed.ptr + NONCE_BYTES, sealed.len - NONCE_BYTES,
                    (const uint8_t *)bound.ptr, bound.len, (const uint8_t *)sealed.ptr, key) == 0;
    sodium_memzero(key, sizeof key);
    return good ? NULL
                : kt_fail(tx, KT_STORAGE, NULL, "a sealed value was changed outside",
                      "zaszyfrowaną wartość zmieniono z zewnątrz");
}

kt_error *vault_put(kt_tx *tx, const char *purpose, kt_str name, kt_str plain)
{
    uint8_t sealed[VAULT_PLAIN_MAX + VAULT_SEAL_BYTES];
    if (plain.len > VAULT_PLAIN_MAX)
        return kt_fail(tx, KT_LIMIT, NULL, "longer than %d bytes", "dłuższe niż %d bajtów", VAULT_PLAIN_MAX);
    KT_TRY(vault_seal(tx, purpose, name, plain, sealed));
    return store_put(
        tx->view, STORE_META, name, (kt_str){(const char *)sealed, plain.len + VAULT_SEAL_BYTES});
}

kt_error *vault_get(kt_tx *tx, const char *purpose, kt_str name, kt_str *plain)
{
    kt_str sealed = {0};
    *plain = (kt_str){0};
    KT_TRY(store_get(tx->view, STORE_META, name, &sealed));
    if (!sealed.ptr)
        return NULL;
    size_t n = sealed.len > VAULT_SEAL_BYTES ? sealed.len - VAULT_SEAL_BYTES : 0;
    uint8_t *out = arena_alloc(tx->arena, n + 1);
    if (!out)
        return error_no_memory();
    KT_TRY(vault_open(tx, purpose, name, sealed, out));
    *plain = (kt_str){(const char *)out, n};
    return NULL;
}
