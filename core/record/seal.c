/* seal.c -- the personal keys, and what is sealed under them.
 *
 *   key 'k' entity id   u8 generation, 24 nonce, 48 wrapped key; or u8 generation alone: destroyed
 *   sealed part         u8 generation, 24 nonce, ciphertext and tag; bound to entity, id and generation
 *
 * The nonce is a keyed hash of the plain bytes (as in SIV, RFC 5297): equal content gives equal bytes, so
 * that an unchanged record does not differ, and no nonce serves two contents. */
#include "record/seal.h"

#include <sodium.h>

#include "kit/clock.h"
#include "record/key.h"

#define KEY_SIZE   32
#define NONCE_SIZE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE   crypto_aead_xchacha20poly1305_ietf_ABYTES
#define WRAPPED    (1 + NONCE_SIZE + KEY_SIZE + TAG_SIZE)
#define BOUND_SIZE 12 /* what a sealed part is bound to */

static void bind(uint8_t out[BOUND_SIZE], const model_entity *entity, uint64_t id, uint8_t generation)
{
    out[0] = (uint8_t)(entity->number >> 8);
    out[1] = (uint8_t)entity->number;
    for (size_t i = 0; i < 8; i++)
        out[2 + i] = (uint8_t)(id >> (56 - 8 * i));
    out[10] = generation;
    out[11] = 0;
}

static void key_name(key *name, const model_entity *entity, uint64_t id)
{
    key_open(name, KEY_PERSONAL);
    key_u16(name, entity->number);
    key_u64(name, id);
}

static kt_error *no_master_key(kt_tx *tx)
{
    return kt_fail(tx, KT_UNAVAILABLE, NULL, "personal data needs the master key, which is not loaded",
        "dane osobowe wymagają klucza głównego, który nie jest wczytany");
}

static kt_error *damaged(kt_tx *tx, const model_entity *entity, uint64_t id)
{
    return kt_fail(tx, KT_STORAGE, NULL, "the personal data of record %llu of %s was changed outside",
        "dane osobowe rekordu %llu encji %s zmieniono z zewnątrz", (unsigned long long)id, entity->name.ptr);
}

static kt_error *make_key(
    kt_tx *tx, const model_entity *entity, uint64_t id, uint8_t generation, uint8_t out[])
{
    uint8_t value[WRAPPED], bound[BOUND_SIZE];
    random_bytes(out, KEY_SIZE);
    value[0] = generation;
    random_bytes(value + 1, NONCE_SIZE);
    bind(bound, entity, id, generation);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        value + 1 + NONCE_SIZE, NULL, out, KEY_SIZE, bound, sizeof bound, NULL, value + 1, tx->master_key);
    key name;
    key_name(&name, entity, id);
    return store_put(tx->view, STORE_DATA, key_str(&name), (kt_str){(const char *)value, sizeof value});
}

/* generation: of the record's key, or the last one's if it was destroyed; 0: there never was one. */
static kt_error *find_key(
    kt_tx *tx, const model_entity *entity, uint64_t id, uint8_t out[], uint8_t *generation, bool *found)
{
    *found = false;
    *generation = 0;
    key name;
    key_name(&name, entity, id);
    kt_str value;
    KT_TRY(store_get(tx->view, STORE_DATA, key_str(&name), &value));
    if (!value.ptr)
        return NULL;
    if (value.len != 1 && value.len != WRAPPED)
        return damaged(tx, entity, id);
    *generation = (uint8_t)value.ptr[0];
    if (value.len == 1)
        return NULL;
    if (!tx->master_key)
        return no_master_key(tx);
    const uint8_t *bytes = (const uint8_t *)value.ptr;
    uint8_t bound[BOUND_SIZE];
    bind(bound, entity, id, *generation);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, bytes + 1 + NONCE_SIZE,
            KEY_SIZE + TAG_SIZE, bound, sizeof bound, bytes + 1, tx->master_key) != 0)
        return damaged(tx, entity, id);
    *found = true;
    return NULL;
}

static bool was_sealed(const kt_tx *tx, const model_entity *entity, uint64_t id, kt_str sealed)
{
    return tx->sealed.entity == entity && tx->sealed.id == id && str_eq(tx->sealed.sealed, sealed);
}

kt_error *seal_close(kt_tx *tx, const model_record *record, kt_str plain, kt_str *sealed)
{
    const model_entity *entity = record->entity;
    const uint64_t id = (uint64_t)record->values[MODEL_ID].as.i;
    if (!tx->master_key)
        return no_master_key(tx);
    uint8_t secret[KEY_SIZE], generation = 0, bound[BOUND_SIZE];
    bool found = false;
    if (!record->drawn)
        KT_TRY(find_key(tx, entity, id, secret, &generation, &found));
    if (!found) {
        if (generation == UINT8_MAX)
            return kt_fail(tx, KT_LIMIT, NULL, "personal data was erased too often here",
                "dane osobowe usuwano tu zbyt wiele razy");
        KT_TRY(make_key(tx, entity, id, ++generation, secret));
    }
    uint8_t *bytes = arena_alloc(tx->arena, 1 + NONCE_SIZE + plain.len + TAG_SIZE);
    if (!bytes) {
        sodium_memzero(secret, sizeof secret);
        return error_no_memory();
    }
    bytes[0] = generation;
    bind(bound, entity, id, generation);
    crypto_generichash(bytes + 1, NONCE_SIZE, (const uint8_t *)plain.ptr, plain.len, secret, sizeof secret);
    crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + 1 + NONCE_SIZE, NULL, (const uint8_t *)plain.ptr,
        plain.len, bound, sizeof bound, NULL, bytes + 1, secret);
    sodium_memzero(secret, sizeof secret);
    *sealed = (kt_str){(char *)bytes, 1 + NONCE_SIZE + plain.len + TAG_SIZE};
    tx->sealed = (model_sealed){entity, id, *sealed, plain, tx->arena};
    return NULL;
}

kt_error *seal_open(kt_tx *tx, const model_entity *entity, uint64_t id, kt_str sealed, kt_str *plain)
{
    *plain = (kt_str){0};
    if (sealed.len < 1 + NONCE_SIZE + TAG_SIZE)
        return damaged(tx, entity, id);
    if (was_sealed(tx, entity, id, sealed)) {
        *plain = tx->sealed.plain;
        return NULL;
    }
    uint8_t secret[KEY_SIZE], generation, bound[BOUND_SIZE];
    bool found;
    KT_TRY(find_key(tx, entity, id, secret, &generation, &found));
    const uint8_t *bytes = (const uint8_t *)sealed.ptr;
    if (!found || bytes[0] != generation)
        return NULL; /* its key is gone */
    size_t size = sealed.len - 1 - NONCE_SIZE - TAG_SIZE;
    uint8_t *out = arena_alloc(tx->arena, size + 1);
    bind(bound, entity, id, generation);
    bool good = out && crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, bytes + 1 + NONCE_SIZE,
                           size + TAG_SIZE, bound, sizeof bound, bytes + 1, secret) == 0;
    sodium_memzero(secret, sizeof secret);
    if (!out)
        return error_no_memory();
    if (!good)
        return damaged(tx, entity, id);
    *plain = (kt_str){(char *)out, size};
    return NULL;
}

kt_error *seal_destroy(kt_tx *tx, const model_entity *entity, uint64_t id, bool *destroyed)
{
    key name;
    key_name(&name, entity, id);
    kt_str value;
    KT_TRY(store_get(tx->view, STORE_DATA, key_str(&name), &value));
    *destroyed = value.ptr && value.len > 1;
    tx->sealed = (model_sealed){0};
    if (!*destroyed)
        return NULL;
    char generation = value.ptr[0];
    return store_put(tx->view, STORE_DATA, key_str(&name), (kt_str){&generation, 1});
}
