/* variant.h -- a value whose type is known only at run time: what came in a request. Made by decode.h from
 * JSON, by the Lua rooms from tables; every room below takes it instead of a JSON library's tree. All in one
 * arena. */
#pragma once
#include "kit/arena.h"
#include "kit/str.h"

typedef enum {
    VARIANT_NULL,
    VARIANT_BOOL,
    VARIANT_INT,
    VARIANT_REAL, /* kept as text: no decimal field takes it */
    VARIANT_STRING,
    VARIANT_ARRAY,
    VARIANT_OBJECT,
} variant_kind;

typedef struct variant variant;
typedef struct {
    kt_str name;
    const variant *value;
} variant_member;
struct variant {
    variant_kind kind;
    union {
        bool boolean;
        int64_t integer;
        kt_str string; /* VARIANT_STRING, VARIANT_REAL; NUL-terminated */
        struct {
            const variant *items;
            size_t count;
        } array;
        struct {
            const variant_member *members;
            size_t count;
        } object;
    } as;
};

/* NULL if v is NULL, no object, or has no such member. */
const variant *variant_get(const variant *v, const char *name);
/* The string of a member; not set if absent or of another kind. */
kt_str variant_get_str(const variant *v, const char *name);
const char *variant_kind_name(variant_kind kind); /* "a string", for messages */
