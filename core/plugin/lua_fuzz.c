/* lua_fuzz.c -- Lua declarations of any text: bounded, never more than an error. */
#include "plugin/loader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    loaded *made = NULL;
    arena *arena = arena_open((size_t)64 << 20);
    if (!arena)
        return 0;
    kt_error *e = lua_module_read(arena, "fuzz.lua", "visits", (kt_str){(const char *)data, size}, &made);
    if (!e)
        arena_close(made->arena);
    arena_close(arena);
    return 0;
}
