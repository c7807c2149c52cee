/* value.h -- values whose type is known only at run time, their JSON, and the bus's methods called by name:
 * for modules that speak somebody else's form. A module that knows what it works on uses shapes.
 *
 * Values are read-only once made; whatever makes them takes the transaction's memory. Where that runs out,
 * the transaction is doomed: its request fails at its end, so that builders need not be checked one by one.
 */
#pragma once
#include <kontor.h>

typedef enum {
    KT_VALUE_NULL,
    KT_VALUE_BOOL,
    KT_VALUE_INT,
    KT_VALUE_REAL, /* kept as text: no decimal field takes it */
    KT_VALUE_STRING,
    KT_VALUE_ARRAY,
    KT_VALUE_OBJECT,
} kt_value_kind;

typedef struct kt_value kt_value;
typedef struct {
    kt_str name;
    const kt_value *value;
} kt_value_member;
struct kt_value {
    kt_value_kind kind;
    union {
        bool boolean;
        int64_t integer;
        kt_str string; /* KT_VALUE_STRING, KT_VALUE_REAL; NUL-terminated */
        struct {
            const kt_value *items;
            size_t count;
        } array;
        struct {
            const kt_value_member *members;
            size_t count;
        } object;
    } as;
};

/* ---- Looking ---- */

/* NULL if v is NULL, no object, or has no such member. */
KT_API const kt_value *kt_value_get(const kt_value *v, const char *name);
/* A member's string; not set if it is absent or of another kind. */
KT_API kt_str kt_value_get_str(const kt_value *v, const char *name);
/* How many items an array, or members an object has; 0: none, or another kind. v may be NULL. */
KT_API size_t kt_value_count(const kt_value *v);

/* ---- Making ---- */

KT_API kt_value kt_value_str(kt_str s); /* not set: null */
KT_API kt_value kt_value_int(int64_t i);
KT_API kt_value kt_value_bool(bool b);
/* An object or array that is added to; the value itself is its first member. */
typedef struct {
    kt_value value;
    size_t room;
} kt_maker;
#define KT_MAKE_OBJECT ((kt_maker){.value = {.kind = KT_VALUE_OBJECT}})
#define KT_MAKE_ARRAY  ((kt_maker){.value = {.kind = KT_VALUE_ARRAY}})
/* Adds a member to an object. It must not have one of this name yet. name is borrowed. */
KT_API void kt_put(kt_tx *tx, kt_maker *object, const char *name, kt_value value);
KT_API void kt_put_named(kt_tx *tx, kt_maker *object, kt_str name, kt_value value);
/* Adds an item to an array. */
KT_API void kt_add(kt_tx *tx, kt_maker *array, kt_value item);

/* ---- JSON ---- */

/* Reads one JSON text. returns validation with line and column; limit: too deep, too many elements */
KT_API KT_MUST kt_error *kt_json_read(kt_tx *tx, kt_str text, const kt_value **value);
/* Writes one. returns limit: larger than an answer may be */
KT_API KT_MUST kt_error *kt_json_write(kt_tx *tx, const kt_value *value, kt_str *text);

/* ---- Calls ---- */

/* Calls a method of the bus, "crm.deal.list", in this transaction and under its caller's rights.
 *   params   as on the wire, but for as_of; NULL: none
 *   result   receives what the method answers
 *   returns  not_found: no such method; unavailable: nobody called this transaction over the bus */
KT_API KT_MUST kt_error *kt_call(
    kt_tx *tx, const char *method, const kt_value *params, const kt_value **result);
/* Runs body; what it wrote is taken back if it fails, and the transaction goes on. The error is returned. */
KT_API KT_MUST kt_error *kt_attempt(kt_tx *tx, kt_error *(*body)(kt_tx *tx, void *context), void *context);
