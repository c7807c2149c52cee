/* codec.h -- the bytes of a record; README.md has the layout. */
#pragma once
#include "record/internal.h"

enum { CODEC_FORMAT = 1 };
typedef enum {
    WIRE_NUMBER,  /* varint, zigzag */
    WIRE_TEXT,    /* varint length, bytes, NUL */
    WIRE_DECIMAL, /* u8 scale, varint coefficient, zigzag */
    WIRE_REFS,    /* varint length, varints */
    WIRE_LINES,   /* length, varint count, count x {length, parts} */
    WIRE_ANY,     /* varint entity, varint id */
    WIRE_SEALED,  /* varint length, bytes: see seal.c */
} codec_wire;
#define CODEC_LENGTH_SIZE 3 /* groups of seven bits: 2 MB, more than a record may have */
