/* decode_alike_fuzz.c -- any bytes: the reader and the JSON library take the same texts, with the same
 * values. */
#include <stdint.h>
#include <stdlib.h>

#include "kit/decode_test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const decode_limits limits = {.depth_max = 64, .elements_max = 10000};
    arena *arena = arena_open((size_t)16 << 20);
    kt_str text = {(const char *)data, size};
    const variant *value = NULL;
    if (!arena)
        return 0;
    kt_error *error = decode_json(arena, text, &limits, &value);
    if (!decoded_as_by_the_library(text, error, value))
        abort();
    arena_close(arena);
    return 0;
}
