/* merge_values.c -- what one record is to hold that was several. A value that only one side has is kept, yes
 * wins over no, lists and lines are joined without doubles; where two values contradict each other somebody
 * has to choose. Computed fields follow by themselves, a state machine's state stays the first record's. */
#include "model/merge.h"
#include "query/internal.h"

static bool is_joined(const model_entity *entity, const model_field *field)
{
    return !field->computed && !(field == entity->state && entity->internals->has_machine);
}

/* ---- Lists and lines ---- */

static kt_error *join_refs(kt_tx *tx, model_value *a, const model_value *b)
{
    size_t count = a->set ? a->as.refs.count : 0;
    if (!b->set)
        return NULL;
    uint64_t *ids = ARENA_ARRAY(tx->arena, uint64_t, count + b->as.refs.count);
    if (!ids)
        return error_no_memory();
    if (count)
        memcpy(ids, a->as.refs.ids, count * sizeof *ids);
    for (size_t i = 0; i < b->as.refs.count; i++) {
        bool had = false;
        for (size_t k = 0; k < count && !had; k++)
            had = ids[k] == b->as.refs.ids[i];
        if (!had)
            ids[count++] = b->as.refs.ids[i];
    }
    *a = (model_value){.set = true, .as.refs = {ids, count}};
    return NULL;
}

/* A line says nothing new if all that it says stands in the other one too, or if both have the same normal
 * form: a computed, indexed text is what look-ups go by. */
bool merge_line_is_known(const model_record *line, const model_record *other)
{
    bool all = true;
    for (size_t i = 1; i < line->entity->field_count; i++) {
        const model_field *field = &line->entity->fields[i];
        const model_value *value = &line->values[i];
        if (!value->set || (field->type == KT_BOOL && !value->as.i))
            continue;
        bool same = model_value_equal(field, value, &other->values[i]);
        if (same && field->computed && field->indexed && field->type == KT_STRING)
            return true;
        all = all && same;
    }
    return all;
}

static kt_error *join_lines(kt_tx *tx, model_value *a, const model_value *b)
{
    size_t had = a->set ? a->as.lines.count : 0, count = had;
    if (!b->set)
        return NULL;
    model_record *items = ARENA_ARRAY(tx->arena, model_record, had + b->as.lines.count);
    if (!items)
        return error_no_memory();
    if (had)
        memcpy(items, a->as.lines.items, had * sizeof *items);
    for (size_t i = 0; i < b->as.lines.count; i++) {
        bool known = false;
        for (size_t k = 0; k < had && !known; k++)
            known = merge_line_is_known(&b->as.lines.items[i], &items[k]);
        if (known)
            continue;
        KT_TRY(model_record_copy(tx, &b->as.lines.items[i], &items[count]));
        items[count++].values[0] = (model_value){0}; /* it gets an id of its own here */
    }
    a->set = count != 0;
    a->as.lines.items = items;
    a->as.lines.count = (uint32_t)count;
    return NULL;
}

/* ---- Single values ---- */

bool merge_holds(const merge *m, const model_field *field, const model_value *value)
{
    if (field->type != KT_REF || !value->set)
        return false;
    if (is_any(field) ? value->as.any.entity != m->entity->number : field->target != m->entity)
        return false;
    for (size_t i = 0; i < m->count; i++)
        if (ref_id(field, value) == record_id(&m->records[i]))
            return true;
    return false;
}

/* What a record says in a field; NULL: nothing. A reference between the records says nothing any more. */
static const model_value *said(const merge *m, const model_field *field, size_t i)
{
    const model_value *value = &m->records[i].values[field->position];
    return !value->set || merge_holds(m, field, value) ? NULL : value;
}

static kt_error *chosen_record(kt_tx *tx, const merge *m, const model_field *field, size_t *chosen)
{
    const variant *id = m->choose ? variant_get(m->choose, field->name.ptr) : NULL;
    *chosen = SIZE_MAX;
    if (!id)
        return NULL;
    for (size_t i = 0; id->kind == VARIANT_INT && i < m->count; i++)
        if (record_id(&m->records[i]) == (uint64_t)id->as.integer)
            *chosen = i;
    if (*chosen != SIZE_MAX)
        return NULL;
    kt_str path = arena_format(tx->arena, "choose.%s", field->name.ptr);
    return path.ptr ? kt_fail(tx, KT_VALIDATION, path.ptr, "expected the id of one of the joined records",
                          "oczekiwano id jednego z łączonych rekordów")
                    : error_no_memory();
}

static kt_error *note_conflict(kt_tx *tx, merge *m, const model_field *field, size_t taken, bool chosen)
{
    merge_conflict *c = ARENA_NEW(tx->arena, merge_conflict);
    if (!c)
        return error_no_memory();
    *c = (merge_conflict){field, record_id(&m->records[taken]), chosen, NULL};
    if (m->last_conflict)
        m->last_conflict->next = c;
    else
        m->first_conflict = c;
    m->last_conflict = c;
    return NULL;
}

/* That there is something is told, once; what it is, is not. */
static kt_error *note_hidden_conflict(kt_tx *tx, merge *m)
{
    for (const merge_conflict *c = m->first_conflict; c; c = c->next)
        if (!c->field)
            return NULL;
    return note_conflict(tx, m, NULL, 0, false);
}

static kt_error *join_single(kt_tx *tx, merge *m, const model_field *field, model_value *value)
{
    size_t taken = SIZE_MAX, chosen;
    bool differ = false;
    KT_TRY(chosen_record(tx, m, field, &chosen));
    for (size_t i = 0; i < m->count; i++) {
        const model_value *one = said(m, field, i);
        if (one && taken == SIZE_MAX)
            taken = i;
        else if (one && !model_value_equal(field, one, said(m, field, taken)))
            differ = true;
    }
    if (differ && path_field_visible(tx, field, m->entity))
        KT_TRY(note_conflict(tx, m, field, chosen != SIZE_MAX ? chosen : taken, chosen != SIZE_MAX));
    else if (differ)
        KT_TRY(note_hidden_conflict(tx, m));
    if (chosen != SIZE_MAX)
        taken = chosen;
    const model_value *one = taken != SIZE_MAX ? said(m, field, taken) : NULL;
    *value = one ? *one : (model_value){0};
    return NULL;
}

static kt_error *join_field(kt_tx *tx, merge *m, const model_field *field, model_value *value)
{
    if (field->type != KT_REFS && field->type != KT_LINES && field->type != KT_BOOL)
        return join_single(tx, m, field, value);
    for (size_t i = 1; i < m->count; i++) {
        const model_value *other = &m->records[i].values[field->position];
        if (field->type == KT_REFS)
            KT_TRY(join_refs(tx, value, other));
        else if (field->type == KT_LINES)
            KT_TRY(join_lines(tx, value, other));
        else if (other->set && other->as.i)
            *value = *other;
    }
    return NULL;
}

static kt_error *check_choices(kt_tx *tx, const merge *m)
{
    kt_error *all = NULL;
    for (size_t i = 0; m->choose && i < m->choose->as.object.count; i++) {
        kt_str name = m->choose->as.object.members[i].name;
        const model_field *field = model_field_find(m->entity, name);
        kt_str path = arena_format(tx->arena, "choose.%.*s", STR_ARG(name));
        if (!path.ptr)
            return error_no_memory();
        if (!field || !path_field_visible(tx, field, m->entity))
            kt_also(&all, path_unknown(tx, m->entity, m->entity, name, path.ptr));
        else if (field->position < MODEL_OWN || !is_joined(m->entity, field))
            kt_also(&all, kt_fail(tx, KT_VALIDATION, path.ptr, "is set by the server", "ustawia to serwer"));
    }
    return all;
}

static kt_error *may_not_change(kt_tx *tx, const merge *m, const model_field *field, bool *hidden)
{
    if (path_field_visible(tx, field, m->entity))
        return kt_fail(tx, KT_FORBIDDEN, field->name.ptr, "you may not change this field",
            "nie możesz zmieniać tego pola");
    if (*hidden)
        return NULL;
    *hidden = true;
    return kt_fail(tx, KT_FORBIDDEN, NULL, "a value that you may not see would move to the record that stays",
        "wartość, której nie możesz widzieć, przeszłaby do rekordu, który zostaje");
}

kt_error *merge_values(kt_tx *tx, merge *m, model_record *after)
{
    const model_guard *guard = tx->guard;
    bool hidden = false;
    kt_error *all = check_choices(tx, m);
    KT_TRY(model_record_copy(tx, &m->records[0], after));
    for (size_t i = MODEL_OWN; i < m->entity->field_count; i++) {
        const model_field *field = &m->entity->fields[i];
        const model_value *before = &m->records[0].values[i];
        if (!is_joined(m->entity, field))
            continue;
        kt_also(&all, join_field(tx, m, field, &after->values[i]));
        if (guard && guard->field && !model_value_equal(field, before, &after->values[i]) &&
            !merge_holds(m, field, before) && !guard->field(tx, field, m->entity, true))
            kt_also(&all, may_not_change(tx, m, field, &hidden));
    }
    return all;
}
