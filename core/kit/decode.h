/* decode.h -- JSON text to variants: a strict reader behind one small interface. */
#pragma once
#include "kit/error.h"
#include "kit/variant.h"

typedef struct {
    unsigned depth_max;
    size_t elements_max; /* objects, arrays and the commas between their members */
} decode_limits;

/* Reads one JSON text.
 *   returns   validation with line, column and reason; limit: too deep, too many elements
 *   memory    the values live in arena; text may go at once
 *   thread    any */
KT_MUST kt_error *decode_json(arena *arena, kt_str text, const decode_limits *limits, const variant **value);
