/* json.h -- a JSON writer: straight into a buffer, no tree. Commas are its business; nesting is the caller's.
 */
#pragma once
#include "kit/buffer.h"
#include "kit/str.h"
#include "kit/variant.h"

typedef struct {
    buffer *out;
    bool comma; /* the next value needs one in front */
} json;

static inline json json_to(buffer *out)
{
    return (json){out, false};
}
void json_object(json *j); /* { */
void json_object_end(json *j);
void json_array(json *j); /* [ */
void json_array_end(json *j);
void json_key(json *j, const char *name);
void json_key_str(json *j, kt_str name);
void json_null(json *j);
void json_bool(json *j, bool value);
void json_int(json *j, int64_t value);
void json_uint(json *j, uint64_t value);
void json_str(json *j, kt_str value); /* not set: null; invalid UTF-8 becomes U+FFFD */
void json_text(json *j, const char *value);
void json_raw(json *j, kt_str text); /* one ready value */
void json_variant(json *j, const variant *value);
void json_dec(json *j, kt_dec value);   /* "1234.50"; not set: null */
void json_date(json *j, kt_date value); /* "2026-11-23" */
void json_time(json *j, kt_time value); /* "2026-11-23T10:00:00.000Z" */
/* {path, row, column, kind, message, hint}: texts in lang, "en" or "pl". */
struct problem;
void json_problem(json *j, const struct problem *problem, const char *lang);
/* key and value in one */
void json_member_str(json *j, const char *name, kt_str value);
void json_member_text(json *j, const char *name, const char *value);
void json_member_int(json *j, const char *name, int64_t value);
void json_member_bool(json *j, const char *name, bool value);
