/* lookup.c -- see lookup.h. */
#include "exchange/lookup.h"

#include "kit/str.h"

/* ---- A set of texts ---- */

#define REMOVED UINT64_MAX /* what was put behind it is still found */

uint64_t text_hash(kt_str text)
{
    uint64_t h = 14695981039346656037U;
    for (size_t i = 0; i < text.len; i++)
        h = (h ^ (uint8_t)text.ptr[i]) * 1099511628211U;
    return h == 0 || h == REMOVED ? 1 : h;
}

static bool put(uint64_t *slots, size_t size, uint64_t hash)
{
    size_t at = (hash ^ hash >> 32) & (size - 1);
    while (slots[at] && slots[at] != hash)
        at = (at + 1) & (size - 1);
    bool is_new = !slots[at];
    slots[at] = hash;
    return is_new;
}

bool seen_add(seen *s, kt_str text)
{
    if (s->used * 2 >= s->size) {
        size_t size = s->size ? 2 * s->size : 1024;
        uint64_t *slots = ARENA_ARRAY(s->arena, uint64_t, size);
        if (!slots)
            return true;
        for (size_t i = 0; i < s->size; i++)
            if (s->slots[i] && s->slots[i] != REMOVED)
                (void)put(slots, size, s->slots[i]);
        s->slots = slots;
        s->size = size;
    }
    bool is_new = put(s->slots, s->size, text_hash(text));
    s->used += is_new;
    return is_new;
}

static uint64_t *slot_of(const seen *s, kt_str text)
{
    uint64_t hash = text_hash(text);
    for (size_t at = (hash ^ hash >> 32) & (s->size - 1); s->size && s->slots[at];
         at = (at + 1) & (s->size - 1))
        if (s->slots[at] == hash)
            return &s->slots[at];
    return NULL;
}

bool seen_has(const seen *s, kt_str text)
{
    return slot_of(s, text) != NULL;
}

void seen_remove(seen *s, kt_str text)
{
    uint64_t *slot = slot_of(s, text);
    if (slot)
        *slot = REMOVED;
}

/* ---- Records ---- */

static variant condition(variant cells[3], kt_str name, const char *op, variant value)
{
    cells[0] = text_variant(name);
    cells[1] = text_variant(str_of(op));
    cells[2] = value;
    return (variant){.kind = VARIANT_ARRAY, .as.array = {cells, 3}};
}

/* The ids of at most two records for which all of this holds. */
static kt_error *first_two(
    kt_tx *tx, const model_entity *target, const variant *all, uint64_t ids[2], size_t *count)
{
    query_filter *filter = NULL;
    query_rows *found = NULL;
    model_record record = {0};
    *count = 0;
    KT_TRY(query_filter_read(tx, target, all, &filter));
    KT_TRY(query_open(tx, &(query_request){.entity = target, .filter = filter, .limit = 2}, &found));
    while (*count < 2 && query_next(found, &record))
        ids[(*count)++] = (uint64_t)record.values[MODEL_ID].as.i;
    return query_end(found);
}

kt_error *lookup_by(kt_tx *tx, const model_entity *target, const model_field *const *fields,
    const variant *values, size_t n, uint64_t ids[2], size_t *count)
{
    variant cells[KEY_FIELDS_MAX][3], rows[KEY_FIELDS_MAX];
    for (size_t i = 0; i < n; i++)
        rows[i] = condition(cells[i], fields[i]->name, "=", values[i]);
    const variant all = {.kind = VARIANT_ARRAY, .as.array = {rows, n}};
    return first_two(tx, target, &all, ids, count);
}

kt_error *lookup_by_line(kt_tx *tx, const model_entity *target, const model_field *lines,
    const variant_member *members, size_t n, uint64_t ids[2], size_t *count)
{
    variant(*cells)[3] = arena_alloc(tx->arena, (n + 1) * sizeof *cells), one[3];
    variant *rows = ARENA_ARRAY(tx->arena, variant, n + 1);
    if (!cells || !rows)
        return error_no_memory();
    for (size_t i = 0; i < n; i++)
        rows[i] = condition(cells[i], members[i].name, "=", *members[i].value);
    variant any = condition(one, lines->name, "any", (variant){.kind = VARIANT_ARRAY, .as.array = {rows, n}});
    const variant all = {.kind = VARIANT_ARRAY, .as.array = {&any, 1}};
    return first_two(tx, target, &all, ids, count);
}

kt_error *lookup_one(
    kt_tx *tx, const model_entity *target, const model_field *field, kt_str text, uint64_t *id)
{
    uint64_t ids[2] = {0};
    size_t count = 0;
    *id = 0;
    if (field->position == MODEL_EXTERNAL_ID)
        return model_find_external(tx, target, text, id);
    if (field->position == MODEL_NUMBER)
        return model_find_number(tx, target, text, id);
    const variant value = text_variant(text);
    kt_error *error = lookup_by(tx, target, &field, &value, 1, ids, &count);
    if (error) /* a value that the field cannot have: nobody has it */
        return error->first->kind == KT_VALIDATION ? NULL : error;
    if (count > 1)
        return error_make(tx->arena, KT_CONFLICT, NULL, "several records of %s have %s \"%.*s\"",
            "kilka rekordów %s ma %s \"%.*s\"", target->name.ptr, field->name.ptr, STR_ARG(text));
    *id = count ? ids[0] : 0;
    return NULL;
}

/* How people name a record, from the strictest: external id, number, what is unique, title, then any other
 * line of text that search knows it by (a user's full name). */
kt_error *lookup_any(kt_tx *tx, const model_entity *target, kt_str text, uint64_t *id)
{
    *id = 0;
    KT_TRY(model_find_external(tx, target, text, id));
    if (!*id)
        KT_TRY(model_find_number(tx, target, text, id));
    for (int round = 0; round < 3 && !*id; round++) {
        for (size_t i = MODEL_OWN; i < target->field_count && !*id; i++) {
            const model_field *field = &target->fields[i];
            bool fits = field->type == KT_STRING && !field->personal &&
                        (round == 0      ? field->unique
                            : round == 1 ? field == target->title
                                         : field->searchable && field != target->title);
            bool seen = !tx->guard || !tx->guard->field || tx->guard->field(tx, field, target, false);
            if (fits && seen)
                KT_TRY(lookup_one(tx, target, field, text, id));
        }
    }
    return NULL;
}

kt_error *lookup_make(kt_tx *tx, const model_entity *target, const model_field *by, kt_str text, uint64_t *id)
{
    variant_member members[2];
    variant values[2] = {text_variant(text), text_variant(text)};
    size_t n = 0;
    model_record made;
    if (by)
        members[n++] = (variant_member){by->name, &values[0]};
    if (target->title && target->title != by)
        members[n++] = (variant_member){target->title->name, &values[1]};
    const variant all = {.kind = VARIANT_OBJECT, .as.object = {members, n}};
    KT_TRY(model_create(tx, target, &all, &made));
    *id = (uint64_t)made.values[MODEL_ID].as.i;
    return NULL;
}
