/* wire_lines.c -- lines from the wire: the array given is the list as it shall be. A line named by its id
 * keeps what is not given of it; one without an id is new; one that is not named is gone. */
#include "query/internal.h"

typedef struct {
    kt_tx *tx;
    const model_entity *entity; /* of the record */
    const model_entity *lines;
    const model_value *before; /* the lines as they are */
} lines_reading;

static bool value_same(const model_field *field, const model_value *a, const model_value *b)
{
    if (!a->set || !b->set)
        return a->set == b->set;
    if (field->type == KT_LINES || field->type == KT_REFS || field->type == KT_JSON)
        return false;
    return filter_value_cmp(field, a, b) == 0;
}

/* The line of that id among those that are there. */
static const model_record *find_line(const lines_reading *r, int64_t id)
{
    for (size_t i = 0; r->before->set && i < r->before->as.lines.count; i++)
        if (r->before->as.lines.items[i].values[MODEL_ID].as.i == id)
            return &r->before->as.lines.items[i];
    return NULL;
}

static kt_error *read_line_id(
    const lines_reading *r, const variant *given, const char *path, model_record *line)
{
    if (!given || given->kind == VARIANT_NULL)
        return NULL;
    kt_str at = arena_format(r->tx->arena, "%s.id", path);
    if (!at.ptr)
        return error_no_memory();
    model_value id = {0};
    KT_TRY(query_value_read(r->tx, r->entity, &r->lines->fields[MODEL_ID], given, at.ptr, &id));
    const model_record *old = find_line(r, id.as.i);
    if (!old)
        return kt_hint(error_make(r->tx->arena, KT_VALIDATION, at.ptr, "the record has no line %lld",
                           "rekord nie ma wiersza %lld", (long long)id.as.i),
            "Leave the id out to add a line.", "Pomiń id, aby dodać wiersz.");
    memcpy(line->values, old->values, sizeof *line->values * r->lines->field_count);
    return NULL;
}

static kt_error *read_member(
    const lines_reading *r, const variant_member *member, const char *path, model_record *line)
{
    kt_str at = arena_format(r->tx->arena, "%s.%.*s", path, STR_ARG(member->name));
    if (!at.ptr)
        return error_no_memory();
    const model_field *field = model_field_find(r->lines, member->name);
    bool writable = field && (!r->tx->guard || !r->tx->guard->field ||
                                 r->tx->guard->field(r->tx, field, r->entity, true));
    if (!field || (!writable && !path_field_visible(r->tx, field, r->entity)))
        return path_unknown(r->tx, r->lines, r->entity, member->name, at.ptr);
    model_value value = line->values[field->position];
    KT_TRY(query_value_read(r->tx, r->entity, field, member->value, at.ptr, &value));
    if (field->mask.len)
        KT_TRY(mask_take_back(r->tx, field, &(const model_record){.entity = r->entity}, at.ptr,
            line->values[field->position], &value));
    if ((field->computed || !writable) && !value_same(field, &value, &line->values[field->position]))
        return error_make(r->tx->arena, field->computed ? KT_VALIDATION : KT_FORBIDDEN, at.ptr,
            "\"%.*s\" cannot be written", "pola \"%.*s\" nie można zmienić", STR_ARG(field->name));
    line->values[field->position] = value;
    return NULL;
}

/* Lines of records have ids; those of parameters have none. */
static bool have_ids(const model_entity *lines)
{
    return lines->fields[MODEL_ID].system;
}

static kt_error *read_line(const lines_reading *r, const variant *from, const char *path, model_record *line)
{
    *line = (model_record){.entity = r->lines};
    line->values = ARENA_ARRAY(r->tx->arena, model_value, r->lines->field_count);
    if (!line->values)
        return error_no_memory();
    if (from->kind != VARIANT_OBJECT)
        return error_make(r->tx->arena, KT_VALIDATION, path, "expected an object, got %s%.0s",
            "oczekiwano obiektu, jest: %.0s%s", VARIANT_KIND(from->kind));
    bool ids = have_ids(r->lines);
    kt_error *all = ids ? read_line_id(r, variant_get(from, "id"), path, line) : NULL;
    for (size_t i = 0; i < from->as.object.count; i++)
        if (!ids || !str_is(from->as.object.members[i].name, "id"))
            kt_also(&all, read_member(r, &from->as.object.members[i], path, line));
    return all;
}

kt_error *query_lines_read(kt_tx *tx, const model_entity *entity, const model_field *field,
    const variant *from, const char *path, model_value *value)
{
    const model_value before = *value;
    const lines_reading r = {tx, entity, field->lines, &before};
    size_t max = field->max ? field->max : MODEL_LINES_MAX;
    *value = (model_value){0};
    if (from->kind == VARIANT_NULL)
        return NULL;
    if (from->kind != VARIANT_ARRAY)
        return error_make(tx->arena, KT_VALIDATION, path, "expected an array of lines, got %s%.0s",
            "oczekiwano tablicy wierszy, jest: %.0s%s", VARIANT_KIND(from->kind));
    size_t count = from->as.array.count;
    if (count == 0)
        return NULL;
    if (count > max)
        return error_make(tx->arena, KT_VALIDATION, path, "%zu lines exceed the %zu allowed",
            "%zu wierszy przekracza dozwolone %zu", count, max);
    model_record *items = ARENA_ARRAY(tx->arena, model_record, count);
    if (!items)
        return error_no_memory();
    kt_error *all = NULL;
    for (size_t i = 0; i < count; i++) {
        kt_str at = arena_format(tx->arena, "%s[%zu]", path, i);
        if (!at.ptr)
            return error_no_memory();
        kt_also(&all, read_line(&r, &from->as.array.items[i], at.ptr, &items[i]));
        int64_t id = items[i].values && have_ids(field->lines) ? items[i].values[MODEL_ID].as.i : 0;
        for (size_t k = 0; id && k < i; k++)
            if (items[k].values && items[k].values[MODEL_ID].as.i == id)
                kt_also(&all, error_make(tx->arena, KT_VALIDATION, at.ptr, "line %lld stands twice",
                                  "wiersz %lld występuje dwa razy", (long long)id));
    }
    if (!all)
        *value = (model_value){.set = true, .as.lines = {items, (uint32_t)count, value->as.lines.last}};
    return all;
}
