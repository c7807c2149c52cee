/* frame.c -- the checksum that every value carries: engines find no bit rot themselves. It covers the key
 * too, so that an index entry, which is all key, is protected as well. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "store/engine.h"

/* Without XXH3's seed, which costs a new secret for each long value. For a given key every other hash of the
 * value gives another x before its upper half is taken. */
static uint32_t checksum(store_space space, uint64_t key, const char *value, size_t len)
{
    uint64_t k = key + ((uint64_t)space + 1) * 0x9E3779B97F4A7C15U;
    uint64_t v = len ? XXH3_64bits(value, len) : 0;
    uint64_t x = (k ^ (v << 17 | v >> 47)) * 0xD6E8FEB86659FD93U;
    return (uint32_t)(x >> 32);
}

uint64_t frame_key(kt_str key)
{
    return XXH3_64bits(key.ptr, key.len);
}

void frame_seal(store_space space, uint64_t key, char *value_and_room, size_t len)
{
    uint32_t sum = checksum(space, key, value_and_room, len);
    memcpy(value_and_room + len, &sum, FRAME_BYTES);
}

bool frame_open(store_space space, kt_str key, kt_str raw, kt_str *value)
{
    uint32_t sum;
    if (raw.len < FRAME_BYTES)
        return false;
    *value = (kt_str){raw.ptr, raw.len - FRAME_BYTES};
    memcpy(&sum, raw.ptr + value->len, FRAME_BYTES);
    return sum == checksum(space, frame_key(key), value->ptr, value->len);
}
