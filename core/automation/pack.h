/* pack.h -- values between the server and its workers: compact, length-prefixed, read with suspicion.
 *
 *   'N' nil  'T' true  'F' false
 *   'I' i64  'R' u64 bits of a double  'D' i64 coefficient, u8 scale + 1  'd' i32 day  't' i64 milliseconds
 *   'S' u32 length, bytes: text  'J' the same: JSON text  'X' the same: the name of a secret
 *   'L' u32 count, values  'M' u32 count, (u16 length, bytes: name; value)
 * Integers are little-endian. A message is one byte that says what it is, then values. */
#pragma once
#include "kit/buffer.h"
#include "kit/error.h"
#include "kit/variant.h"

#define PACK_DEPTH_MAX 32

/* ---- Writing: into a buffer that has a maximum; look at buffer.full once, at the end ---- */

void pack_nil(buffer *out);
void pack_bool(buffer *out, bool value);
void pack_int(buffer *out, int64_t value);
void pack_real(buffer *out, uint64_t bits);
void pack_dec(buffer *out, kt_dec value);   /* not set: nil */
void pack_date(buffer *out, kt_date value); /* not set: nil */
void pack_time(buffer *out, kt_time value); /* not set: nil */
void pack_str(buffer *out, kt_str value);   /* ptr NULL: nil */
void pack_json(buffer *out, kt_str value);  /* ptr NULL: nil */
void pack_secret(buffer *out, kt_str name);
void pack_list(buffer *out, uint32_t count); /* then count values */
void pack_map(buffer *out, uint32_t count);  /* then count times pack_name and a value */
void pack_name(buffer *out, kt_str name);    /* at most 65535 bytes */
size_t pack_open(buffer *out, char kind);    /* 'L' or 'M' whose count is not known yet */
void pack_close(buffer *out, size_t at, uint32_t count);
void pack_variant(buffer *out, const variant *value);

/* ---- Reading ---- */

typedef struct {
    const uint8_t *at, *end;
    bool bad; /* what was read last does not fit: stop */
} pack_reader;
typedef struct {
    char kind; /* as above; 0: bad */
    int64_t i; /* 'I', 'd', 't' */
    uint64_t bits;
    kt_dec d;
    kt_str s;       /* 'S', 'J', 'X': into the message */
    uint32_t count; /* 'L', 'M': values follow, at least a byte each */
} pack_item;
static inline pack_reader pack_read(kt_str bytes)
{
    return (pack_reader){(const uint8_t *)bytes.ptr, (const uint8_t *)bytes.ptr + bytes.len, false};
}
/* One value, or the head of a list or map. */
pack_item pack_next(pack_reader *in);
/* The name in front of a map's value. */
kt_str pack_next_name(pack_reader *in);
/* Shorthands: another kind is bad. */
int64_t pack_next_int(pack_reader *in);
kt_str pack_next_str(pack_reader *in); /* 'S', or nil: not set */
/* A whole value in the arena: decimals, days and times become text as on the wire, a secret
 * {"$secret": name}.
 *   value    NULL: bad, or deeper than PACK_DEPTH_MAX
 *   returns  limit: no memory */
KT_MUST kt_error *pack_next_variant(pack_reader *in, arena *arena, const variant **value);
/* Goes over one whole value. */
void pack_skip(pack_reader *in);
