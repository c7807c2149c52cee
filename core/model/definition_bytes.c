/* definition_bytes.c -- definitions made at run time as they are stored.
 *
 *   u8 1, then a value: u8 kind and: boolean u8; integer u64; string, real: u32 length, bytes; array: u32 count, values;
 *   object: u32 count, count x {u32 length, name, value}. All big-endian. */
#include "model/byte_reader.h"
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
    byte_reader from;
    bool no_memory;
} reader;

static uint8_t read_u8(reader *r)
{
    return (uint8_t)byte_number(&r->from, 1);
}

static uint32_t read_u32(reader *r)
{
    return (uint32_t)byte_number(&r->from, 4);
}

static kt_str read_str(reader *r)
{
    kt_str run = byte_run(&r->from, read_u32(r));
    if (r->from.bad)
        return run;
    kt_str s = arena_str(r->arena, run);
    r->no_memory |= !s.ptr;
    return s;
}

/* A count of things that take at least a byte each. */
static size_t read_count(reader *r)
{
    uint32_t n = read_u32(r);
    r->from.bad |= n > (size_t)(r->from.end - r->from.at);
    return r->from.bad ? 0 : n;
}

static void read_value(reader *r, variant *v, unsigned depth);

static void read_array(reader *r, variant *v, unsigned depth)
{
    size_t count = read_count(r);
    variant *items = ARENA_ARRAY(r->arena, variant, count);
    r->no_memory |= !items;
    for (size_t i = 0; items && i < count && !r->from.bad; i++)
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
    for (size_t i = 0; members && values && i < count && !r->from.bad; i++) {
        members[i] = (variant_member){read_str(r), &values[i]};
        read_value(r, &values[i], depth + 1);
    }
    v->as.object.members = members;
    v->as.object.count = members && values ? count : 0;
}

static void read_value(reader *r, variant *v, unsigned depth)
{
    if (depth > DEPTH_MOST) {
        r->from.bad = true;
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
        v->as.integer = (int64_t)byte_number(&r->from, 8);
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
    r->from.bad = true;
}

kt_error *definition_read(arena *arena, kt_str bytes, const variant **to)
{
    variant *v = ARENA_NEW(arena, variant);
    if (!v)
        return error_no_memory();
    reader r = {.arena = arena, .from = byte_reader_of(bytes)};
    r.from.bad = read_u8(&r) != FORMAT;
    if (!r.from.bad)
        read_value(&r, v, 0);
    if (r.no_memory)
        return error_no_memory();
    if (r.from.bad)
        return error_make(arena, KT_STORAGE, NULL, "a stored definition cannot be read",
            "nie można odczytać zapisanej definicji");
    *to = v;
    return NULL;
}
