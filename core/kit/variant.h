/* variant.h -- a value whose type is known only at run time: what came in a request. Made by decode.h from
 * JSON, by the Lua rooms from tables; every room below takes it instead of a JSON library's tree. All in one
 * arena. Modules know it as kt_value. */
#pragma once
#include <kontor/value.h>

#include "kit/arena.h"
#include "kit/str.h"

typedef kt_value_kind variant_kind;
#define VARIANT_NULL   KT_VALUE_NULL
#define VARIANT_BOOL   KT_VALUE_BOOL
#define VARIANT_INT    KT_VALUE_INT
#define VARIANT_REAL   KT_VALUE_REAL
#define VARIANT_STRING KT_VALUE_STRING
#define VARIANT_ARRAY  KT_VALUE_ARRAY
#define VARIANT_OBJECT KT_VALUE_OBJECT

typedef kt_value variant;
typedef kt_value_member variant_member;

/* NULL if v is NULL, no object, or has no such member. */
const variant *variant_get(const variant *v, const char *name);
/* The string of a member; not set if absent or of another kind. */
kt_str variant_get_str(const variant *v, const char *name);
/* The number of a member, if it is a whole one above zero; else 0. */
uint64_t variant_get_uint(const variant *v, const char *name);
bool variant_get_bool(const variant *v, const char *name); /* is the member true? */
/* Reads a whole number from 0 to most. A member that is absent or null leaves *out as it was.
 *   returns  validation: it is something else */
KT_MUST kt_error *variant_read_uint(
    arena *arena, const variant *v, const char *name, uint64_t most, uint64_t *out);
/* As variant_read_uint, from 1 on: how many are wanted. */
KT_MUST kt_error *variant_read_limit(
    arena *arena, const variant *v, const char *name, uint64_t most, uint64_t *out);
/* What stands at a path of member names and places in lists, "rows.0.id"; NULL as above, or past a list's end. */
const variant *variant_at(const variant *v, kt_str path);
kt_text variant_kind_text(variant_kind kind); /* "a string", "tekst", for messages */
/* Both, as arguments of error_make: its English format takes them as %s%.0s, its Polish one as %.0s%s. */
#define VARIANT_KIND(kind) variant_kind_text(kind).en, variant_kind_text(kind).pl
