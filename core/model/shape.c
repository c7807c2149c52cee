/* shape.c -- values between records and C structs.
 *
 * A struct says "not set" by all-zero bytes, but a bool and an int have no such value: zero in the struct
 * where the record's value is not set leaves it not set, so that defaults hold. */
#include "model/shape.h"

#include <stdlib.h>

#define ANY_SHIFT 48 /* a reference to any entity in one kt_id: the entity's number above, its id below */
#define ANY_IDS   (((uint64_t)1 << ANY_SHIFT) - 1)

static void *member(kt_record *rec, size_t at)
{
    return (char *)rec + at;
}

static const void *member_of(const kt_record *rec, size_t at)
{
    return (const char *)rec + at;
}

/* Capacity of an array of lines that holds count: see kt_line_add. */
static size_t lines_room(size_t count)
{
    size_t room = 4;
    while (room < count)
        room *= 2;
    return room;
}

/* ---- From a record into a struct ---- */

typedef struct {
    kt_tx *tx;
    arena *copy_to;         /* NULL: texts stay where they are */
    const model_record *of; /* the record whose values are filled in, or whose lines */
    struct {
        const model_entity *entity;
        uint64_t id;
        const model_record *record; /* NULL: there is none */
    } followed[SHAPE_FOLLOW_MAX];
    size_t next;
} filling;

static kt_error *fill_str(filling *f, kt_str s, kt_str *out)
{
    *out = s;
    if (!f->copy_to || !s.ptr)
        return NULL;
    *out = arena_str(f->copy_to, s);
    return out->ptr ? NULL : error_no_memory();
}

static kt_error *follow(filling *f, const model_entity *entity, uint64_t id, const model_record **record)
{
    for (size_t i = 0; i < SHAPE_FOLLOW_MAX; i++) {
        if (f->followed[i].entity == entity && f->followed[i].id == id) {
            *record = f->followed[i].record;
            return NULL;
        }
    }
    bool found = false;
    model_record *loaded = ARENA_NEW(f->tx->arena, model_record);
    if (!loaded)
        return error_no_memory();
    KT_TRY(model_load(f->tx, entity, id, loaded, &found));
    *record = found ? loaded : NULL;
    f->followed[f->next].entity = entity;
    f->followed[f->next].id = id;
    f->followed[f->next].record = *record;
    f->next = (f->next + 1) % SHAPE_FOLLOW_MAX;
    return NULL;
}

static kt_error *fill_struct(
    filling *f, const shape_binding *binding, const model_record *record, kt_record *rec);

static kt_error *fill_refs(filling *f, const model_value *value, kt_lines *out)
{
    size_t count = value->as.refs.count;
    kt_id *ids = ARENA_ARRAY(f->copy_to ? f->copy_to : f->tx->arena, kt_id, lines_room(count));
    if (!ids)
        return error_no_memory();
    for (size_t i = 0; i < count; i++)
        ids[i].v = value->as.refs.ids[i];
    *out = (kt_lines){NULL, ids, count};
    return NULL;
}

static kt_error *fill_lines(filling *f, const shape_binding *binding, const model_value *value, kt_lines *out)
{
    size_t count = value->set ? value->as.lines.count : 0, size = binding->shape->size;
    *out = (kt_lines){binding->shape, NULL, 0};
    if (!count)
        return NULL;
    char *items = arena_alloc(f->copy_to ? f->copy_to : f->tx->arena, size * lines_room(count));
    if (!items)
        return error_no_memory();
    *out = (kt_lines){binding->shape, items, count};
    for (size_t i = 0; i < count; i++)
        KT_TRY(fill_struct(f, binding, &value->as.lines.items[i], kt_line(out, i)));
    return NULL;
}

/* A method that only reads reads for its caller, and sees no more; one that writes must write what is there. */
static kt_str seen_text(const filling *f, const model_field *field, kt_str text)
{
    return f->tx->writes || !field->mask.len ? text : model_seen_text(f->tx, field, f->of, text);
}

/* A value that is copied as it is. */
static inline kt_error *fill_plain(filling *f, shape_way way, const model_value *value, void *at)
{
    static const model_value none;
    const model_value *v = value->set ? value : &none;
    switch (way) {
    case WAY_BOOL:
        *(bool *)at = v->as.i;
        return NULL;
    case WAY_CHOICE:
        *(unsigned *)at = (unsigned)v->as.i;
        return NULL;
    case WAY_DAY:
        *(kt_date *)at = (kt_date){(int32_t)v->as.i};
        return NULL;
    case WAY_64:
        memcpy(at, &v->as.i, sizeof v->as.i);
        return NULL;
    case WAY_ANY:
        *(kt_id *)at = (kt_id){(uint64_t)v->as.any.entity << ANY_SHIFT | v->as.any.id};
        return NULL;
    case WAY_DECIMAL:
        *(kt_dec *)at = v->as.d;
        return NULL;
    case WAY_TEXT:
        return fill_str(f, v->as.s, at);
    case WAY_SEEN:
    case WAY_REFS:
    case WAY_LINES:
        break;
    }
    abort(); /* fill_member's */
}

static kt_error *fill_member(
    filling *f, const shape_row *row, const model_field *field, const model_value *value, void *at)
{
    static const model_value none;
    if (!value)
        value = &none;
    switch (row->way) {
    case WAY_SEEN:
        return fill_str(f, value->set ? seen_text(f, field, value->as.s) : (kt_str){NULL, 0}, at);
    case WAY_REFS:
        *(kt_lines *)at = (kt_lines){0};
        return value->set ? fill_refs(f, value, at) : NULL;
    case WAY_LINES:
        return fill_lines(f, row->lines, value, at);
    case WAY_BOOL:
    case WAY_CHOICE:
    case WAY_DAY:
    case WAY_64:
    case WAY_ANY:
    case WAY_DECIMAL:
    case WAY_TEXT:
        break;
    }
    return fill_plain(f, row->way, value, at);
}

static kt_error *fill_row(filling *f, const shape_row *row, const model_record *record, void *at)
{
    const model_record *own = f->of;
    if (row->condition)
        return fill_member(f, row, row->steps[row->count - 1], NULL, at);
    for (size_t i = 0; i + 1 < row->count; i++) {
        const model_value *ref = &record->values[row->steps[i]->position];
        if (!ref->set)
            return fill_member(f, row, row->steps[row->count - 1], NULL, at);
        KT_TRY(follow(f, row->steps[i]->target, (uint64_t)ref->as.i, &record));
        if (!record)
            return fill_member(f, row, row->steps[row->count - 1], NULL, at);
    }
    const model_field *field = row->steps[row->count - 1];
    f->of = row->count > 1 ? record : own;
    kt_error *error = fill_member(f, row, field, &record->values[field->position], at);
    f->of = own;
    return error;
}

static kt_error *fill_header(filling *f, const model_record *record, kt_record *rec)
{
    const model_value *v = record->values;
    if (record->entity->lines_only) {
        const model_field *id = model_field_find(record->entity, KT_STR("id"));
        rec->id.v = id && v[id->position].set ? (uint64_t)v[id->position].as.i : 0;
        return NULL;
    }
    rec->id.v = (uint64_t)v[MODEL_ID].as.i;
    rec->version = (uint32_t)v[MODEL_VERSION].as.i;
    rec->company.v = (uint64_t)v[MODEL_COMPANY].as.i;
    rec->created_by.v = (uint64_t)v[MODEL_CREATED_BY].as.i;
    rec->updated_by.v = (uint64_t)v[MODEL_UPDATED_BY].as.i;
    rec->created_at.ms = v[MODEL_CREATED_AT].as.i;
    rec->updated_at.ms = v[MODEL_UPDATED_AT].as.i;
    KT_TRY(fill_str(f, v[MODEL_NUMBER].as.s, &rec->number));
    return fill_str(f, v[MODEL_EXTERNAL_ID].as.s, &rec->external_id);
}

static kt_error *fill_struct(
    filling *f, const shape_binding *binding, const model_record *record, kt_record *rec)
{
    *rec = (kt_record){.of = binding->shape};
    KT_TRY(fill_header(f, record, rec));
    for (size_t i = 0; i < binding->cell_count; i++) {
        const shape_cell cell = binding->cells[i];
        KT_TRY(fill_plain(f, cell.way, &record->values[cell.position], member(rec, cell.at)));
    }
    for (size_t i = 0; i < binding->other_count; i++)
        KT_TRY(fill_row(f, binding->others[i], record, member(rec, binding->others[i]->declared->at)));
    return NULL;
}

kt_error *shape_fill_bound(
    kt_tx *tx, const shape_binding *binding, const model_record *record, arena *copy_to, kt_record *rec)
{
    filling f = {.tx = tx, .copy_to = copy_to, .of = record};
    return fill_struct(&f, binding, record, rec);
}

/* The binding of a shape for a record: by its name, or over these lines or parameters. */
static kt_error *bind_for(
    kt_tx *tx, const kt_shape *shape, const model_entity *entity, const shape_binding **binding)
{
    return shape->name ? shape_bind(tx, shape, binding) : shape_bind_to(tx, shape, entity, binding);
}

kt_error *shape_fill(kt_tx *tx, const kt_shape *shape, const model_record *record, kt_record **rec)
{
    const shape_binding *binding = NULL;
    KT_TRY(bind_for(tx, shape, record->entity, &binding));
    *rec = arena_alloc(tx->arena, shape->size);
    return *rec ? shape_fill_bound(tx, binding, record, NULL, *rec) : error_no_memory();
}

/* ---- From a struct into a record ---- */

static kt_error *take_struct(
    kt_tx *tx, const shape_binding *binding, const kt_record *rec, model_record *record, bool *changed);

/* A decimal at the field's scale; digits are never dropped in silence. */
static kt_error *take_dec(kt_tx *tx, const model_field *field, kt_dec from, model_value *value)
{
    *value = (model_value){0};
    if (from.scale1 == 0)
        return NULL;
    kt_dec to = kt_dec_round(from, field->scale);
    if (to.scale1 == UINT8_MAX)
        return kt_fail(tx, KT_LIMIT, arena_str(tx->arena, field->name).ptr, "the value is too large",
            "wartość jest zbyt duża");
    if (kt_dec_cmp(to, from) != 0)
        return kt_fail(tx, KT_VALIDATION, arena_str(tx->arena, field->name).ptr,
            "more than %d digits after the point", "więcej niż %d cyfr po przecinku", field->scale);
    value->set = true;
    value->as.d = to;
    return NULL;
}

bool shape_any(const kt_tx *tx, kt_id any, model_value *value)
{
    value->as.any.entity = (uint16_t)(any.v >> ANY_SHIFT);
    value->as.any.id = any.v & ANY_IDS;
    return model_entity_by_number(tx->catalogue, value->as.any.entity) != NULL;
}

static kt_error *take_any(kt_tx *tx, const model_field *field, kt_id from, model_value *value)
{
    if (!shape_any(tx, from, value))
        return kt_fail(tx, KT_VALIDATION, arena_str(tx->arena, field->name).ptr,
            "the reference names no entity: make it with kt_any",
            "odwołanie nie podaje encji: utwórz je przez kt_any");
    return NULL;
}

static kt_error *take_refs(kt_tx *tx, const kt_lines *from, model_value *value)
{
    const kt_id *ids = from->items;
    uint64_t *copy = ARENA_ARRAY(tx->arena, uint64_t, from->count + 1);
    if (!copy)
        return error_no_memory();
    for (size_t i = 0; i < from->count; i++)
        copy[i] = ids[i].v;
    value->set = from->count != 0;
    value->as.refs.ids = copy;
    value->as.refs.count = from->count;
    return NULL;
}

static const model_record *line_find(const model_value *lines, const model_field *id, uint64_t wanted)
{
    for (size_t i = 0; lines->set && i < lines->as.lines.count; i++) {
        const model_value *v = &lines->as.lines.items[i].values[id->position];
        if (v->set && (uint64_t)v->as.i == wanted)
            return &lines->as.lines.items[i];
    }
    return NULL;
}

static kt_error *take_line(kt_tx *tx, const shape_row *row, const model_value *old, const kt_record *rec,
    size_t i, model_record *line, bool *changed)
{
    const model_field *field = row->steps[0];
    const model_field *id = model_field_find(field->lines, KT_STR("id"));
    bool numbered = id && id->system; /* lines of results have no ids of their own */
    const model_record *before = numbered && rec->id.v ? line_find(old, id, rec->id.v) : NULL;
    if (numbered && rec->id.v && !before && (int64_t)rec->id.v <= model_last_line_id(old)) {
        kt_str path = arena_format(tx->arena, "%.*s[%zu]", STR_ARG(field->name), i);
        return kt_fail(tx, KT_VALIDATION, path.ptr, "there is no line %llu", "nie ma pozycji %llu",
            (unsigned long long)rec->id.v);
    }
    KT_TRY(before ? model_record_copy(tx, before, line) : model_record_new(tx, field->lines, line));
    if (numbered && rec->id.v && !before) /* a new one, which the module names itself */
        line->values[id->position] = (model_value){.set = true, .as.i = (int64_t)rec->id.v};
    kt_error *e = take_struct(tx, row->lines, rec, line, changed);
    return e ? error_under(e, arena_format(tx->arena, "%.*s[%zu]", STR_ARG(field->name), i).ptr) : NULL;
}

/* Lines keep what the shape does not bind. *changed is set if anything differs from the old ones. */
static kt_error *take_lines(kt_tx *tx, const shape_row *row, const kt_lines *from, const model_value *old,
    model_value *value, bool *changed)
{
    size_t old_count = old->set ? old->as.lines.count : 0;
    *changed = from->count != old_count;
    if (from->count && from->of != row->declared->lines)
        return kt_fail(tx, KT_RULE, arena_str(tx->arena, row->steps[0]->name).ptr,
            "the lines are of another shape", "pozycje mają inny kształt");
    model_record *items = ARENA_ARRAY(tx->arena, model_record, from->count + 1);
    if (!items)
        return error_no_memory();
    kt_error *all = NULL;
    for (size_t i = 0; i < from->count; i++) {
        const kt_record *rec = kt_line(from, i);
        const model_field *id = model_field_find(row->steps[0]->lines, KT_STR("id"));
        if (i >= old_count || !rec->id.v || !id || !id->system ||
            (uint64_t)old->as.lines.items[i].values[id->position].as.i != rec->id.v)
            *changed = true;
        kt_also(&all, take_line(tx, row, old, rec, i, &items[i], changed));
    }
    value->set = from->count != 0;
    value->as.lines.items = items;
    value->as.lines.count = (uint32_t)from->count;
    return all;
}

/* The member as a value; *same: it must be left alone. */
static kt_error *take_member(
    kt_tx *tx, const shape_row *row, const void *at, const model_value *old, model_value *value, bool *same)
{
    const model_field *field = row->steps[0];
    *value = (model_value){0};
    switch (field->type) {
    case KT_STRING:
    case KT_TEXT:
    case KT_JSON:
        value->as.s = *(const kt_str *)at;
        value->set = value->as.s.ptr && value->as.s.len;
        break;
    case KT_BOOL:
        value->as.i = *(const bool *)at;
        value->set = value->as.i || old->set;
        break;
    case KT_INT:
        value->as.i = *(const int64_t *)at;
        value->set = value->as.i || old->set;
        break;
    case KT_MONEY:
    case KT_PRICE:
    case KT_QUANTITY:
    case KT_PERCENT:
    case KT_RATE:
        KT_TRY(take_dec(tx, field, *(const kt_dec *)at, value));
        break;
    case KT_DATE:
        value->as.i = ((const kt_date *)at)->day;
        value->set = value->as.i;
        break;
    case KT_TIME:
        value->as.i = ((const kt_time *)at)->ms;
        value->set = value->as.i;
        break;
    case KT_STATE:
        value->as.i = *(const unsigned *)at;
        value->set = value->as.i;
        break;
    case KT_REF:
    case KT_FILE:
        value->set = ((const kt_id *)at)->v;
        if (value->set && is_any(field))
            KT_TRY(take_any(tx, field, *(const kt_id *)at, value));
        else
            value->as.i = (int64_t)((const kt_id *)at)->v;
        break;
    case KT_REFS:
        KT_TRY(take_refs(tx, at, value));
        break;
    case KT_LINES: {
        bool changed = false;
        KT_TRY(take_lines(tx, row, at, old, value, &changed));
        *same = !changed;
        return NULL;
    }
    }
    *same = model_value_equal(field, old, value);
    return NULL;
}

static inline bool set_number(model_value *old, int64_t number, bool *changed)
{
    if (number && !(old->set && old->as.i == number)) {
        *old = (model_value){.set = true, .as.i = number};
        *changed = true;
    }
    return number || !old->set;
}

/* Takes a member in as it is. returns false: take_row has to look at it */
static inline bool take_plain(shape_way way, const void *at, model_value *old, bool *changed)
{
    int64_t number;
    switch (way) {
    case WAY_BOOL:
        return *(const bool *)at == (old->set && old->as.i);
    case WAY_CHOICE:
        return set_number(old, *(const unsigned *)at, changed);
    case WAY_DAY:
        return set_number(old, ((const kt_date *)at)->day, changed);
    case WAY_64:
        memcpy(&number, at, sizeof number);
        return set_number(old, number, changed);
    case WAY_ANY:
        return !old->set && !((const kt_id *)at)->v;
    case WAY_DECIMAL: {
        const kt_dec *dec = at;
        return old->set ? dec->scale1 == old->as.d.scale1 && dec->coef == old->as.d.coef : !dec->scale1;
    }
    case WAY_TEXT:
        return !old->set && !((const kt_str *)at)->len;
    case WAY_SEEN:
    case WAY_REFS:
    case WAY_LINES:
        break; /* no cells */
    }
    return false;
}

static kt_error *take_row(
    kt_tx *tx, const shape_row *row, const void *at, model_record *record, bool *changed)
{
    model_value value, *old = &record->values[row->steps[0]->position];
    bool same = true;
    KT_TRY(take_member(tx, row, at, old, &value, &same));
    if (!same) {
        *old = value;
        *changed = true;
    }
    return NULL;
}

static kt_error *take_struct(
    kt_tx *tx, const shape_binding *binding, const kt_record *rec, model_record *record, bool *changed)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < binding->cell_count; i++) {
        const shape_cell cell = binding->cells[i];
        const void *at = member_of(rec, cell.at);
        if (cell.taken && !take_plain(cell.way, at, &record->values[cell.position], changed))
            kt_also(&all, take_row(tx, &binding->rows[cell.row], at, record, changed));
    }
    for (size_t i = 0; i < binding->other_count; i++) {
        const shape_row *row = binding->others[i];
        if (row->count == 1 && !row->steps[0]->system) /* what a path brought is only looked at */
            kt_also(&all, take_row(tx, row, member_of(rec, row->declared->at), record, changed));
    }
    return all;
}

kt_error *shape_take_bound(
    kt_tx *tx, const shape_binding *binding, const kt_record *rec, model_record *record)
{
    bool changed = false;
    if (!record->entity->lines_only) {
        model_value *external = &record->values[MODEL_EXTERNAL_ID];
        if (!str_eq(external->set ? external->as.s : (kt_str){NULL, 0}, rec->external_id))
            *external = (model_value){.set = rec->external_id.len != 0, .as.s = rec->external_id};
        if (rec->company.v && !record->values[MODEL_COMPANY].set && !record->entity->shared)
            record->values[MODEL_COMPANY] = (model_value){.set = true, .as.i = (int64_t)rec->company.v};
        if (record->entity->numbered_later && rec->number.len) /* by kt_number */
            record->values[MODEL_NUMBER] = (model_value){.set = true, .as.s = rec->number};
    }
    return take_struct(tx, binding, rec, record, &changed);
}

kt_error *shape_take(kt_tx *tx, const kt_record *rec, model_record *record)
{
    const shape_binding *binding = NULL;
    KT_TRY(bind_for(tx, rec->of, record->entity, &binding));
    return shape_take_bound(tx, binding, rec, record);
}

/* ---- References to any entity ---- */

kt_id kt_any(const kt_tx *tx, const char *entity, kt_id id)
{
    const model_entity *e = model_entity_find(tx->catalogue, str_of(entity));
    return (kt_id){e && id.v && id.v <= ANY_IDS ? (uint64_t)e->number << ANY_SHIFT | id.v : 0};
}

const char *kt_any_entity(const kt_tx *tx, kt_id any)
{
    const model_entity *e = any.v ? model_entity_by_number(tx->catalogue, (uint16_t)(any.v >> ANY_SHIFT))
                                  : NULL;
    return e ? e->name.ptr : NULL;
}

kt_id kt_any_id(kt_id any)
{
    return (kt_id){any.v & ANY_IDS};
}

/* ---- Lines and casts ---- */

kt_record *kt_line(const kt_lines *lines, size_t i)
{
    if (i >= lines->count || !lines->of)
        abort(); /* a module's own mistake, before it reads beyond the array */
    return (kt_record *)(void *)((char *)lines->items + i * lines->of->size);
}

/* Arrays of lines have room for the power of two above their count (at least 4): no room is noted anywhere,
 * the array is full when its count is such a number. */
kt_error *kt_line_add(kt_tx *tx, kt_lines *lines, const kt_record *line)
{
    if (lines->count && lines->of != line->of)
        return kt_fail(tx, KT_RULE, NULL, "the line is of another shape", "pozycja ma inny kształt");
    size_t size = line->of->size, count = lines->count;
    if (!count || lines_room(count) == count) {
        char *items = arena_bytes(tx->arena, size * lines_room(count + 1));
        if (!items)
            return error_no_memory();
        if (count)
            memcpy(items, lines->items, size * count);
        lines->items = items;
    }
    lines->of = line->of;
    memcpy((char *)lines->items + size * count, line, size);
    lines->count++;
    return NULL;
}

kt_record *kt_as(kt_record *rec, const kt_shape *shape)
{
    if (!rec || rec->of != shape)
        abort(); /* a record of another shape: reading on would read other members */
    return rec;
}

const kt_record *kt_see(const kt_record *rec, const kt_shape *shape)
{
    if (!rec || rec->of != shape)
        abort();
    return rec;
}
