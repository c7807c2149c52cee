/* key.c -- keys of the data space: tagged, big-endian, in memcmp order of the values. */
#include "record/key.h"

#include <sodium.h>

#include "kit/text.h"

enum { VALUE_UNSET = 0x00, VALUE_SET = 0x01 };
#define RAW_PREFIX 24 /* bytes of a long unique string that stay readable before its hash */
#define RAW_HASH   32

void key_append(key *key, const void *bytes, size_t n)
{
    if (n > STORE_KEY_MAX - key->len) {
        key->full = true;
        return;
    }
    memcpy(key->bytes + key->len, bytes, n);
    key->len += n;
}

static void put_byte(key *key, uint8_t byte)
{
    key_append(key, &byte, 1);
}

void key_open(key *key, key_table table)
{
    key->len = 1;
    key->full = false;
    key->bytes[0] = (uint8_t)table;
}

void key_u16(key *key, uint16_t value)
{
    const uint16_t bytes = htobe16(value);
    key_append(key, &bytes, sizeof bytes);
}

void key_u64(key *key, uint64_t value)
{
    const uint64_t bytes = htobe64(value);
    key_append(key, &bytes, sizeof bytes);
}

void key_index(key *key, const model_entity *entity, const model_index *index)
{
    key_open(key, index->unique ? KEY_UNIQUE : KEY_INDEX);
    key_u16(key, entity->number);
    key_u16(key, index->number);
}

void key_run(key *key, uint64_t run)
{
    key_u16(key, (uint16_t)(run >> 16));
    key_u16(key, (uint16_t)run);
}

/* 0x00 is escaped so that a string orders before every string that it begins, whatever follows in the key. */
void key_bytes(key *key, kt_str bytes)
{
    const char *at = bytes.ptr;
    size_t left = bytes.len;
    while (left) {
        const char *zero = memchr(at, 0, left);
        size_t run = zero ? (size_t)(zero - at) : left;
        key_append(key, at, run);
        at += run;
        left -= run;
        if (left) {
            key_append(key, "\x00\xff", 2);
            at++;
            left--;
        }
    }
    key_append(key, "\x00\x01", 2);
}

static void put_signed(key *key, int64_t value)
{
    key_u64(key, (uint64_t)value ^ (UINT64_C(1) << 63));
}

static void put_raw(key *key, kt_str s)
{
    if (s.len <= KEY_TEXT_MAX) {
        key_bytes(key, s);
        return;
    }
    uint8_t cut[RAW_PREFIX + RAW_HASH];
    memcpy(cut, s.ptr, RAW_PREFIX);
    crypto_generichash(cut + RAW_PREFIX, RAW_HASH, (const uint8_t *)s.ptr, s.len, NULL, 0);
    key_bytes(key, (kt_str){(const char *)cut, sizeof cut});
}

static bool is_ascii(kt_str s)
{
    uint8_t any = 0;
    for (size_t i = 0; i < s.len; i++)
        any |= (uint8_t)s.ptr[i];
    return any < 0x80;
}

static void put_folded(key *key, kt_str s)
{
    if (is_ascii(s)) { /* most strings: no memory needed */
        char low[KEY_TEXT_MAX];
        size_t n = s.len < KEY_TEXT_MAX ? s.len : KEY_TEXT_MAX;
        for (size_t i = 0; i < n; i++)
            low[i] = (char)(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? s.ptr[i] + ('a' - 'A') : s.ptr[i]);
        key_bytes(key, (kt_str){low, n});
        return;
    }
    arena *scratch = arena_open(1 << 20);
    kt_str folded = scratch ? text_fold(scratch, s) : (kt_str){0};
    if (!folded.ptr)
        key->full = true;
    else
        key_bytes(key, (kt_str){folded.ptr, folded.len < KEY_TEXT_MAX ? folded.len : KEY_TEXT_MAX});
    arena_close(scratch);
}

static void put_decimal(key *key, const model_field *field, kt_dec value)
{
    uint8_t scale1 = (uint8_t)(field->scale + 1);
    if (value.scale1 != scale1)
        value = kt_dec_round(value, field->scale);
    if (value.scale1 != scale1)
        key->full = true; /* overflowed: no such value is stored */
    put_signed(key, value.coef);
}

void key_value(key *key, const model_field *field, const model_value *value, bool raw)
{
    if (!value->set && field->type != KT_BOOL) {
        put_byte(key, VALUE_UNSET);
        return;
    }
    put_byte(key, VALUE_SET);
    switch (field->type) {
    case KT_BOOL:
        put_signed(key, value->set && value->as.i != 0);
        break;
    case KT_STRING:
    case KT_TEXT:
    case KT_JSON:
        if (raw)
            put_raw(key, value->as.s);
        else
            put_folded(key, value->as.s);
        break;
    case KT_MONEY:
    case KT_PRICE:
    case KT_QUANTITY:
    case KT_PERCENT:
    case KT_RATE:
        put_decimal(key, field, value->as.d);
        break;
    case KT_REF:
        if (str_is(field->target_name, "*")) {
            key_u16(key, value->as.any.entity);
            put_signed(key, (int64_t)value->as.any.id);
            break;
        }
        put_signed(key, value->as.i);
        break;
    case KT_INT:
    case KT_DATE:
    case KT_TIME:
    case KT_STATE:
    case KT_REFS:
    case KT_FILE:
        put_signed(key, value->as.i);
        break;
    case KT_LINES:
        key->full = true; /* lines have no order; the catalogue refuses such an index */
        break;
    }
}

/* How many bytes a value takes. */
static size_t value_length(const model_field *field, const char *at, const char *end)
{
    if (at == end || *at == VALUE_UNSET)
        return 1;
    if (!(field->type == KT_STRING || field->type == KT_TEXT || field->type == KT_JSON))
        return field->type == KT_REF && str_is(field->target_name, "*") ? 11 : 9;
    const char *p = at + 1;
    while (p + 1 < end && !(p[0] == '\0' && p[1] == '\x01'))
        p += p[0] == '\0' ? 2 : 1;
    return (size_t)(p + 2 - at);
}

void key_read_ref(kt_str key, const model_index *index, size_t i, model_value *value)
{
    const char *at = key_values(key, index), *end = key.ptr + key.len;
    const model_field *field = index->fields[i];
    *value = (model_value){0};
    for (size_t k = 0; k < i && at < end; k++)
        at += value_length(index->fields[k], at, end);
    if (at >= end || *at == VALUE_UNSET)
        return;
    at++;
    value->set = true;
    bool any = str_is(field->target_name, "*");
    uint16_t entity = (uint16_t)((uint8_t)at[0] << 8 | (uint8_t)at[1]);
    at += any ? 2 : 0;
    uint64_t id = key_last_u64((kt_str){at, 8}) ^ (UINT64_C(1) << 63);
    if (any) {
        value->as.any.entity = entity;
        value->as.any.id = id;
    } else {
        value->as.i = (int64_t)id;
    }
}

void key_record(key *key, const model_entity *entity, uint64_t id)
{
    key_open(key, KEY_RECORD);
    key_u16(key, entity->number);
    key_u64(key, id);
}

void key_after(key *key)
{
    while (key->len && key->bytes[key->len - 1] == 0xff)
        key->len--;
    if (key->len)
        key->bytes[key->len - 1]++;
}

kt_str key_str(const key *key)
{
    return (kt_str){(const char *)key->bytes, key->len};
}

uint64_t key_last_u64(kt_str key)
{
    uint64_t bytes;
    if (key.len < sizeof bytes)
        return 0;
    memcpy(&bytes, key.ptr + key.len - sizeof bytes, sizeof bytes);
    return be64toh(bytes);
}
