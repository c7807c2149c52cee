/* decode_fuzz.c -- any bytes: an error or a value, and what the value is written as reads back the same. */
#include <stdint.h>
#include <stdlib.h>

#include "kit/decode.h"
#include "kit/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const decode_limits limits = {.depth_max = 64, .elements_max = 10000};
    arena *arena = arena_open((size_t)16 << 20);
    const variant *value = NULL, *again = NULL;
    if (!arena)
        return 0;
    if (!decode_json(arena, (kt_str){(const char *)data, size}, &limits, &value)) {
        buffer text;
        buffer_open(&text, (size_t)16 << 20);
        json j = json_to(&text);
        json_variant(&j, value);
        if (!text.full && decode_json(arena, buffer_str(&text), &limits, &again) &&
            arena_used(arena) < (size_t)8 << 20)
            abort();
        buffer_close(&text);
    }
    arena_close(arena);
    return 0;
}
