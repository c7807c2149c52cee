/* definition_bytes.c -- definitions made at run time as they are stored.
 *
 *   u8 1, then a value: u8 kind and: boolean u8; integer u64; string, real: u32 length, bytes; array: u32 count, values;
 *   object: u32 count, count x {u32 length, name, value}. All big-endian. */
#include "model/definition.h"

#define FORMAT     1
#define DEPTH_MOST 16

static void write_u32(buffer *out, size_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buffer_add_char(out, (char)(value >> shift));
}

static void write_value(buffer *out, const variant *v, unsigned depth)
{
    if (depth > DEPTH_MOST) {
        out->full = true;
        return;
    }
    buffer_add_char(out, (char)v->kind);
    switch (v->kind) {
    case VARIANT_NULL:
        break;
    case VARIANT_BOOL:
        buffer_add_char(out, v->as.boolean);
        break;
    case VARIANT_INT:
        write_u32(out, (size_t)((uint64_t)v->as.integer >> 32));
        write_u32(out, (size_t)((uint64_t)v->as.integer & UINT32_MAX));
        break;
    case VARIANT_REAL:
    case VARIANT_STRING:
        write_u32(out, v->as.string.len);
        buffer_add_str(out, v->as.string);
        break;
    case VARIANT_ARRAY:
        write_u32(out, v->as.array.count);
        for (size_t i = 0; i < v->as.array.count; i++)
            write_value(out, &v->as.array.items[i], depth + 1);
        break;
    case VARIANT_OBJECT:
        write_u32(out, v->as.object.count);
        for (size_t i = 0; i < v->as.object.count; i++) {
            write_u32(out, v->as.object.members[i].name.len);
            buffer_add_str(out, v->as.object.members[i].name);
            write_value(out, v->as.object.members[i].value, depth + 1);
        }
        break;
    }
}

kt_error *definition_write(arena *arena, const variant *from, kt_str *bytes)
{
    buffer out;
    buffer_open(&out, STORE_VALUE_MAX);
    buffer_add_char(&out, FORMAT);
    write_value(&out, from, 0);
    bool full = out.full, starved = out.starved;
    *bytes = full ? (kt_str){0} : arena_str(arena, buffer_str(&out));
    buffer_close(&out);
    if (starved)
        return error_no_memory();
    if (full)
        return error_make(
            arena, KT_LIMIT, NULL, "the definition is too large or too deep", "definicja jest za duża");
    return bytes->ptr ? NULL : error_no_memory();
}

typedef struct {
    arena *arena;
    const uint8_t *at, *end;
    bool bad, no_memory;
} reader;

static uint8_t read_u8(reader *r)
{
    if (r->at == r->end) {
        r->bad = true;
        return 0;
    }
    return *r->at++;
}

static uint32_t read_u32(reader *r)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 8 | read_u8(r);
    return value;
}

static kt_str read_str(reader *r)
{
    uint32_t n = read_u32(r);
    if (n > (size_t)(r->end - r->at)) {
        r->bad = true;
        return (kt_str){0};
    }
    kt_str s = arena_str(r->arena, (kt_str){(const char *)r->at, n});
    r->no_memory |= !s.ptr;
    r->at += n;
    return s;
}

/* A count of things that take at least a byte each. */
static size_t read_count(reader *r)
{
    uint32_t n = read_u32(r);
    r->bad |= n > (size_t)(r->end - r->at);
    return r->bad ? 0 : n;
}

static void read_value(reader *r, variant *v, unsigned depth);

static void read_array(reader *r, variant *v, unsigned depth)
{
    size_t count = read_count(r);
    variant *items = ARENA_ARRAY(r->arena, variant, count);
    r->no_memory |= !items;
    for (size_t i = 0; items && i < count && !r->bad; i++)
        read_value(r, &items[i], depth + 1);
    v->as.array.items = items;
    v->as.array.count = items ? count : 0;
}

static void read_object(reader *r, variant *v, unsigned depth)
{
    size_t count = read_count(r);
    variant_member *members = ARENA_ARRAY(r->arena, variant_member, count);
    variant *values = ARENA_ARRAY(r->arena, variant, count);
    r->no_memory |= !members || !values;
    for (size_t i = 0; members && values && i < count && !r->bad; i++) {
        members[i] = (variant_member){read_str(r), &values[i]};
        read_value(r, &values[i], depth + 1);
    }
    v->as.object.members = members;
    v->as.object.count = members && values ? count : 0;
}

static void read_value(reader *r, variant *v, unsigned depth)
{
    uint64_t high;
    if (depth > DEPTH_MOST) {
        r->bad = true;
        return;
    }
    v->kind = (variant_kind)read_u8(r);
    switch (v->kind) {
    case VARIANT_NULL:
        return;
    case VARIANT_BOOL:
        v->as.boolean = read_u8(r) != 0;
        return;
    case VARIANT_INT:
        high = read_u32(r);
        v->as.integer = (int64_t)(high << 32 | read_u32(r));
        return;
    case VARIANT_REAL:
    case VARIANT_STRING:
        v->as.string = read_str(r);
        return;
    case VARIANT_ARRAY:
        read_array(r, v, depth);
        return;
    case VARIANT_OBJECT:
        read_object(r, v, depth);
        return;
    }
    r->bad = true;
}

kt_error *definition_read(arena *arena, kt_str bytes, const variant **to)
{
    variant *v = ARENA_NEW(arena, variant);
    if (!v)
        return error_no_memory();
    reader r = {
        .arena = arena, .at = (const uint8_t *)bytes.ptr, .end = (const uint8_t *)bytes.ptr + bytes.len};
    r.bad = read_u8(&r) != FORMAT;
    if (!r.bad)
        read_value(&r, v, 0);
    if (r.no_memory)
        return error_no_memory();
    if (r.bad)
        return error_make(arena, KT_STORAGE, NULL, "a stored definition cannot be read",
            "nie można odczytać zapisanej definicji");
    *to = v;
    return NULL;
}
