/* frame.c -- the checksum that every value carries: engines find no bit rot themselves. It covers the key
 * too, so that an index entry, which is all key, is protected as well. */
#include <xxhash.h>

#include "store/engine.h"

static uint32_t checksum(store_space space, kt_str key, const char *value, size_t len)
{
    XXH64_hash_t seed = XXH3_64bits_withSeed(key.ptr, key.len, (XXH64_hash_t)space + 1);
    return (uint32_t)XXH3_64bits_withSeed(value, len, seed);
}

void frame_seal(store_space space, kt_str key, char *value_and_room, size_t len)
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
    return sum == checksum(space, key, value->ptr, value->len);
}
