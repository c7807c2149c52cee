/* pack.c -- see pack.h. */
#include "automation/pack.h"

#include <endian.h>
#include <stdio.h>

#include "kit/calendar.h"
#include "kit/decimal.h"
#include "kit/str.h"
#include "kit/text.h"

/* ---- Writing ---- */

static inline void put(buffer *out, char kind, uint64_t value, size_t bytes)
{
    char *at = buffer_room(out, bytes + 1);
    if (!at)
        return;
    const uint64_t little = htole64(value);
    at[0] = kind;
    memcpy(at + 1, &little, bytes);
    out->len += bytes + 1;
}

static void put_text(buffer *out, char kind, kt_str value)
{
    if (!value.ptr) {
        pack_nil(out);
        return;
    }
    put(out, kind, value.len, 4);
    buffer_add(out, value.ptr, value.len);
}

void pack_nil(buffer *out)
{
    buffer_add_char(out, 'N');
}

void pack_bool(buffer *out, bool value)
{
    buffer_add_char(out, value ? 'T' : 'F');
}

void pack_int(buffer *out, int64_t value)
{
    put(out, 'I', (uint64_t)value, 8);
}

void pack_real(buffer *out, uint64_t bits)
{
    put(out, 'R', bits, 8);
}

void pack_dec(buffer *out, kt_dec value)
{
    if (!value.scale1) {
        pack_nil(out);
        return;
    }
    put(out, 'D', (uint64_t)value.coef, 8);
    buffer_add_char(out, (char)value.scale1);
}

void pack_date(buffer *out, kt_date value)
{
    if (value.day)
        put(out, 'd', (uint32_t)value.day, 4);
    else
        pack_nil(out);
}

void pack_time(buffer *out, kt_time value)
{
    if (value.ms)
        put(out, 't', (uint64_t)value.ms, 8);
    else
        pack_nil(out);
}

void pack_str(buffer *out, kt_str value)
{
    put_text(out, 'S', value);
}

void pack_json(buffer *out, kt_str value)
{
    put_text(out, 'J', value);
}

void pack_secret(buffer *out, kt_str name)
{
    put_text(out, 'X', name);
}

void pack_list(buffer *out, uint32_t count)
{
    put(out, 'L', count, 4);
}

void pack_map(buffer *out, uint32_t count)
{
    put(out, 'M', count, 4);
}

void pack_name(buffer *out, kt_str name)
{
    uint16_t n = name.len > UINT16_MAX ? UINT16_MAX : (uint16_t)name.len;
    buffer_add_char(out, (char)(uint8_t)n);
    buffer_add_char(out, (char)(uint8_t)(n >> 8));
    buffer_add(out, name.ptr, n);
}

size_t pack_open(buffer *out, char kind)
{
    size_t at = out->len;
    put(out, kind, 0, 4);
    return at;
}

void pack_close(buffer *out, size_t at, uint32_t count)
{
    for (size_t i = 0; i < 4 && !out->full; i++)
        out->ptr[at + 1 + i] = (char)(uint8_t)(count >> (8 * i));
}

void pack_variant(buffer *out, const variant *v)
{
    switch (v ? v->kind : VARIANT_NULL) {
    case VARIANT_NULL:
        pack_nil(out);
        return;
    case VARIANT_BOOL:
        pack_bool(out, v->as.boolean);
        return;
    case VARIANT_INT:
        pack_int(out, v->as.integer);
        return;
    case VARIANT_REAL: /* its text: exact */
    case VARIANT_STRING:
        pack_str(out, v->as.string);
        return;
    case VARIANT_ARRAY:
        pack_list(out, (uint32_t)v->as.array.count);
        for (size_t i = 0; i < v->as.array.count; i++)
            pack_variant(out, &v->as.array.items[i]);
        return;
    case VARIANT_OBJECT:
        pack_map(out, (uint32_t)v->as.object.count);
        for (size_t i = 0; i < v->as.object.count; i++) {
            pack_name(out, v->as.object.members[i].name);
            pack_variant(out, v->as.object.members[i].value);
        }
        return;
    }
}

/* ---- Reading ---- */

static inline uint64_t take(pack_reader *in, size_t bytes)
{
    uint64_t value = 0;
    if (in->bad || (size_t)(in->end - in->at) < bytes) {
        in->bad = true;
        return 0;
    }
    memcpy(&value, in->at, bytes);
    in->at += bytes;
    return le64toh(value);
}

static kt_str take_bytes(pack_reader *in, size_t n)
{
    if (in->bad || (size_t)(in->end - in->at) < n) {
        in->bad = true;
        return (kt_str){0};
    }
    kt_str s = {(const char *)in->at, n};
    in->at += n;
    return s;
}

static void take_dec(pack_reader *in, pack_item *item)
{
    item->d.coef = (int64_t)take(in, 8);
    item->d.scale1 = (uint8_t)take(in, 1);
    if (item->d.scale1 < 1 || item->d.scale1 > KT_DEC_SCALE_MAX + 1)
        in->bad = true;
}

pack_item pack_next(pack_reader *in)
{
    pack_item item = {.kind = (char)take(in, 1)};
    switch (item.kind) {
    case 'N':
    case 'T':
    case 'F':
        break;
    case 'I':
    case 't':
        item.i = (int64_t)take(in, 8);
        break;
    case 'R':
        item.bits = take(in, 8);
        break;
    case 'd':
        item.i = (int32_t)(uint32_t)take(in, 4);
        break;
    case 'D':
        take_dec(in, &item);
        break;
    case 'S':
    case 'J':
    case 'X':
        item.s = take_bytes(in, (size_t)take(in, 4));
        break;
    case 'L':
    case 'M':
        item.count = (uint32_t)take(in, 4);
        if (item.count > (size_t)(in->end - in->at) / (item.kind == 'M' ? 3 : 1))
            in->bad = true;
        break;
    default:
        in->bad = true;
    }
    return in->bad ? (pack_item){0} : item;
}

kt_str pack_next_name(pack_reader *in)
{
    return take_bytes(in, (size_t)take(in, 2));
}

int64_t pack_next_int(pack_reader *in)
{
    pack_item item = pack_next(in);
    if (item.kind != 'I')
        in->bad = true;
    return item.i;
}

kt_str pack_next_str(pack_reader *in)
{
    pack_item item = pack_next(in);
    if (item.kind != 'S' && item.kind != 'N')
        in->bad = true;
    return item.s;
}

static void skip(pack_reader *in, unsigned depth)
{
    pack_item item = pack_next(in);
    if (depth > PACK_DEPTH_MAX)
        in->bad = true;
    for (uint32_t i = 0; i < item.count && !in->bad; i++) {
        if (item.kind == 'M')
            (void)pack_next_name(in);
        skip(in, depth + 1);
    }
}

void pack_skip(pack_reader *in)
{
    skip(in, 0);
}

/* ---- As variants ---- */

static bool fill(pack_reader *in, arena *arena, unsigned depth, variant *v);

/* The model takes its text for well-formed UTF-8 without NUL, as JSON's is. */
static bool text(arena *arena, kt_str s, variant_kind kind, variant *v)
{
    if (!text_is_utf8(s) || (s.len && memchr(s.ptr, 0, s.len)))
        return false;
    *v = (variant){.kind = kind, .as.string = arena_str(arena, s)};
    return v->as.string.ptr != NULL;
}

static bool fill_list(pack_reader *in, arena *arena, unsigned depth, uint32_t count, variant *v)
{
    variant *items = ARENA_ARRAY(arena, variant, count + 1U);
    *v = (variant){.kind = VARIANT_ARRAY, .as.array = {items, count}};
    for (uint32_t i = 0; items && i < count; i++)
        if (!fill(in, arena, depth + 1, &items[i]))
            return false;
    return items != NULL;
}

static bool fill_map(pack_reader *in, arena *arena, unsigned depth, uint32_t count, variant *v)
{
    variant_member *members = ARENA_ARRAY(arena, variant_member, count + 1U);
    variant *values = ARENA_ARRAY(arena, variant, count + 1U);
    *v = (variant){.kind = VARIANT_OBJECT, .as.object = {members, count}};
    for (uint32_t i = 0; members && values && i < count; i++) {
        variant name;
        if (!text(arena, pack_next_name(in), VARIANT_STRING, &name))
            return false;
        members[i] = (variant_member){name.as.string, &values[i]};
        if (!fill(in, arena, depth + 1, &values[i]))
            return false;
    }
    return members && values;
}

/* Its name stands one level deeper than it does itself. */
static bool fill_secret(pack_reader *in, arena *arena, unsigned depth, kt_str name, variant *v)
{
    in->bad = depth == PACK_DEPTH_MAX;
    if (in->bad)
        return false;
    variant_member *member = ARENA_NEW(arena, variant_member);
    variant *value = ARENA_NEW(arena, variant);
    if (!member || !value || !text(arena, name, VARIANT_STRING, value))
        return false;
    *member = (variant_member){KT_STR("$secret"), value};
    *v = (variant){.kind = VARIANT_OBJECT, .as.object = {member, 1}};
    return true;
}

static bool fill_real(arena *arena, uint64_t bits, variant *v)
{
    double value;
    char digits[40];
    memcpy(&value, &bits, sizeof value);
    int n = snprintf(digits, sizeof digits, "%.17g", value);
    return text(arena, (kt_str){digits, (size_t)n}, VARIANT_REAL, v);
}

static bool fill(pack_reader *in, arena *arena, unsigned depth, variant *v)
{
    char out[TIME_TEXT_MAX > DEC_TEXT_MAX ? TIME_TEXT_MAX : DEC_TEXT_MAX];
    pack_item item = pack_next(in);
    if (depth > PACK_DEPTH_MAX)
        in->bad = true;
    if (in->bad)
        return false;
    switch (item.kind) {
    case 'T':
    case 'F':
        *v = (variant){.kind = VARIANT_BOOL, .as.boolean = item.kind == 'T'};
        return true;
    case 'I':
        *v = (variant){.kind = VARIANT_INT, .as.integer = item.i};
        return true;
    case 'R':
        return fill_real(arena, item.bits, v);
    case 'D':
        return text(arena, (kt_str){out, dec_text(item.d, out)}, VARIANT_STRING, v);
    case 'd':
        return text(arena, (kt_str){out, date_text((kt_date){(int32_t)item.i}, out)}, VARIANT_STRING, v);
    case 't':
        return text(arena, (kt_str){out, time_text((kt_time){item.i}, out)}, VARIANT_STRING, v);
    case 'S':
    case 'J':
        return text(arena, item.s, VARIANT_STRING, v);
    case 'X':
        return fill_secret(in, arena, depth, item.s, v);
    case 'L':
        return fill_list(in, arena, depth, item.count, v);
    case 'M':
        return fill_map(in, arena, depth, item.count, v);
    default:
        *v = (variant){.kind = VARIANT_NULL};
        return true;
    }
}

kt_error *pack_next_variant(pack_reader *in, arena *arena, const variant **value)
{
    variant *v = ARENA_NEW(arena, variant);
    *value = v && fill(in, arena, 0, v) ? v : NULL;
    return *value || in->bad ? NULL : error_no_memory();
}
