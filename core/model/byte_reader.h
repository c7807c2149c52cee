/* byte_reader.h -- stored bytes, read with suspicion: numbers are big-endian. */
#pragma once
#include "kit/str.h"

typedef struct {
    const uint8_t *at, *end;
    bool bad; /* it ended too early */
} byte_reader;

static inline byte_reader byte_reader_of(kt_str bytes)
{
    return (byte_reader){(const uint8_t *)bytes.ptr, (const uint8_t *)bytes.ptr + bytes.len, false};
}
/* A run of bytes, where it stands; not set: bad. */
static inline kt_str byte_run(byte_reader *r, size_t n)
{
    kt_str run = {(const char *)r->at, n};
    r->bad |= n > (size_t)(r->end - r->at);
    if (r->bad)
        return (kt_str){0};
    r->at += n;
    return run;
}
/* A number of n bytes, 8 at most; 0: bad. */
static inline uint64_t byte_number(byte_reader *r, size_t n)
{
    uint64_t value = 0;
    kt_str run = byte_run(r, n);
    for (size_t i = 0; i < run.len; i++)
        value = value << 8 | (uint8_t)run.ptr[i];
    return value;
}
