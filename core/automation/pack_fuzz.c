/* Any bytes, as a worker that was broken into may send them: reading ends, stays inside the message, and what
 * was read packs and reads again as the same. */
#include <stdlib.h>

#include "automation/pack.h"
#include "kit/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const variant *a, const variant *b)
{
    if (a->kind != b->kind)
        return a->kind == VARIANT_REAL && b->kind == VARIANT_STRING && str_eq(a->as.string, b->as.string);
    switch (a->kind) {
    case VARIANT_NULL:
        return true;
    case VARIANT_BOOL:
        return a->as.boolean == b->as.boolean;
    case VARIANT_INT:
        return a->as.integer == b->as.integer;
    case VARIANT_REAL:
    case VARIANT_STRING:
        return str_eq(a->as.string, b->as.string);
    case VARIANT_ARRAY:
        for (size_t i = 0; i < a->as.array.count; i++)
            if (i >= b->as.array.count || !same(&a->as.array.items[i], &b->as.array.items[i]))
                return false;
        return a->as.array.count == b->as.array.count;
    case VARIANT_OBJECT:
        for (size_t i = 0; i < a->as.object.count; i++)
            if (i >= b->as.object.count ||
                !str_eq(a->as.object.members[i].name, b->as.object.members[i].name) ||
                !same(a->as.object.members[i].value, b->as.object.members[i].value))
                return false;
        return a->as.object.count == b->as.object.count;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena *arena = arena_open((size_t)16 << 20);
    if (!arena)
        return 0;
    pack_reader in = pack_read((kt_str){(const char *)data, size});
    const variant *read, *twice = NULL;
    kt_error *starved = pack_next_variant(&in, arena, &read);
    if (starved && read)
        abort();
    if (in.at > in.end || (size_t)(in.end - in.at) > size)
        abort();
    if (read) {
        buffer out;
        buffer_open(&out, (size_t)1 << 20);
        pack_variant(&out, read);
        pack_reader again = pack_read(buffer_str(&out));
        starved = pack_next_variant(&again, arena, &twice);
        if (!out.full && !starved && (!twice || !same(read, twice)))
            abort();
        buffer_close(&out);
    }
    in = pack_read((kt_str){(const char *)data, size});
    pack_skip(&in);
    arena_close(arena);
    return 0;
}
