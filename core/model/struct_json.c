/* struct_json.c -- a C struct's members as JSON, read off its shape alone: what effects and a module's own
 * events carry need not be known to the catalogue. */
#include <string.h>

#include "model/internal.h"

enum { LINES_DEPTH_MAX = 8 };

static void write_members(const kt_tx *tx, const kt_shape *shape, const char *at, unsigned depth, json *out);

static void write_lines(const kt_tx *tx, const kt_field *f, const kt_lines *lines, unsigned depth, json *out)
{
    json_array(out);
    for (size_t i = 0; depth < LINES_DEPTH_MAX && i < lines->count; i++) {
        json_object(out);
        write_members(tx, f->lines, (const char *)lines->items + i * f->lines->size, depth + 1, out);
        json_object_end(out);
    }
    json_array_end(out);
}

static void write_choice(const kt_field *f, unsigned value, json *out)
{
    const char *name = NULL;
    for (const kt_choice *c = f->choices; c && c->name; c++)
        name = c->value == value ? c->name : name;
    json_text(out, name);
}

static void write_refs(const kt_lines *refs, json *out)
{
    const kt_id *ids = refs->items;
    json_array(out);
    for (size_t i = 0; i < refs->count; i++)
        json_uint(out, ids[i].v);
    json_array_end(out);
}

static void write_id(kt_id id, json *out)
{
    if (id.v)
        json_uint(out, id.v);
    else
        json_null(out);
}

/* A reference to any entity, as records have it. */
static void write_any(const kt_tx *tx, kt_id any, json *out)
{
    const char *entity = kt_any_entity(tx, any);
    if (!entity) {
        json_null(out);
        return;
    }
    json_object(out);
    json_key(out, "entity");
    json_text(out, entity);
    json_key(out, "id");
    json_uint(out, kt_any_id(any).v);
    json_object_end(out);
}

static void write_raw(kt_str text, json *out)
{
    if (text.len)
        json_raw(out, text);
    else
        json_null(out);
}

static void write_member(const kt_tx *tx, const kt_field *f, const void *member, unsigned depth, json *out)
{
    switch (f->type) {
    case KT_STRING:
    case KT_TEXT:
        json_str(out, *(const kt_str *)member);
        return;
    case KT_BOOL:
        json_bool(out, *(const bool *)member);
        return;
    case KT_INT:
        json_int(out, *(const int64_t *)member);
        return;
    case KT_MONEY:
    case KT_PRICE:
    case KT_QUANTITY:
    case KT_PERCENT:
    case KT_RATE:
        json_dec(out, *(const kt_dec *)member);
        return;
    case KT_DATE:
        json_date(out, *(const kt_date *)member);
        return;
    case KT_TIME:
        json_time(out, *(const kt_time *)member);
        return;
    case KT_STATE:
        write_choice(f, *(const unsigned *)member, out);
        return;
    case KT_REF:
        if (f->target && strcmp(f->target, "*") == 0) {
            write_any(tx, *(const kt_id *)member, out);
            return;
        }
        write_id(*(const kt_id *)member, out);
        return;
    case KT_FILE:
        write_id(*(const kt_id *)member, out);
        return;
    case KT_REFS:
        write_refs(member, out);
        return;
    case KT_LINES:
        write_lines(tx, f, member, depth, out);
        return;
    case KT_JSON:
        write_raw(*(const kt_str *)member, out);
        return;
    }
}

static void write_members(const kt_tx *tx, const kt_shape *shape, const char *at, unsigned depth, json *out)
{
    for (const kt_field *f = shape->fields; f->name; f++) {
        json_key(out, f->name);
        write_member(tx, f, at + f->at, depth, out);
    }
}

void model_struct_json(const kt_tx *tx, const kt_shape *shape, const kt_record *rec, json *out)
{
    write_members(tx, shape, (const char *)rec, 0, out);
}
