/* action.c -- declared actions: rights, version and state are judged, the module's code runs, the core saves.
 */
#include "model/internal.h"
#include "model/shape.h"

static kt_str state_name(const model_field *state, int64_t value)
{
    for (const kt_choice *choice = state->choices; choice->name; choice++)
        if (choice->value == value)
            return str_of(choice->name);
    return KT_STR("?");
}

static bool state_allows(const model_record *record, const kt_action *action)
{
    if (!action->from || !record->entity->state)
        return true;
    int64_t now = record->values[record->entity->state->position].as.i;
    return now > 0 && now <= KT_STATE_MAX && (action->from & KT_IN((unsigned)now));
}

static kt_error *check_state(kt_tx *tx, const model_record *record, const kt_action *action)
{
    if (state_allows(record, action))
        return NULL;
    const model_field *state = record->entity->state;
    kt_str now = state_name(state, record->values[state->position].as.i), in = KT_STR("");
    for (const kt_choice *choice = state->choices; choice->name; choice++)
        if (choice->value > 0 && choice->value <= KT_STATE_MAX && (action->from & KT_IN(choice->value)))
            in = arena_format(tx->arena, "%s%s%s", in.ptr ? in.ptr : "", in.len ? ", " : "", choice->name);
    return kt_fail(tx, KT_BAD_STATE, state->name.ptr,
        "%s is not possible while the state is %s; possible in: %s",
        "%s nie jest możliwe w stanie %s; możliwe w: %s", action->name, now.ptr, in.ptr ? in.ptr : "?");
}

/* The module's part, on a copy of the record. */
static kt_error *run(kt_tx *tx, const kt_action *action, const kt_record *params, model_record *after)
{
    const kt_shape *shape = after->entity->internals->shape;
    kt_record *self;
    if (!action->run)
        return NULL;
    KT_TRY(shape_fill(tx, shape, after, &self));
    if (tx->depth >= DEPTH_MAX)
        return kt_fail(tx, KT_LIMIT, NULL, "actions call each other more than %d deep",
            "akcje wywołują się głębiej niż %d", DEPTH_MAX);
    tx->depth++;
    kt_error *error = action->run(tx, self, params);
    tx->depth--;
    KT_TRY(error);
    return shape_take(tx, self, after);
}

/* What the action's own code wrote to the record by other ways must not be lost: its copy is laid over what
 * is stored by now. */
static kt_error *save(kt_tx *tx, const model_record *loaded, model_record *after)
{
    model_record now;
    bool found;
    KT_TRY(model_load(tx, after->entity, record_id(after), &now, &found));
    if (!found)
        return NULL; /* the action deleted it */
    if (now.values[MODEL_VERSION].as.i == loaded->values[MODEL_VERSION].as.i)
        return model_store_changed(tx, loaded, after);
    model_record joined;
    KT_TRY(model_record_copy(tx, &now, &joined));
    for (size_t i = MODEL_COMPANY; i < after->entity->field_count; i++)
        if (!model_value_equal(&after->entity->fields[i], &loaded->values[i], &after->values[i]))
            joined.values[i] = after->values[i];
    KT_TRY(model_store_changed(tx, &now, &joined));
    *after = joined;
    return NULL;
}

static kt_error *answer_result(kt_tx *tx, const kt_action *action, const model_record *record, json *out)
{
    kt_record *self;
    if (!action->result || !action->answer || !out)
        return NULL;
    KT_TRY(shape_fill(tx, record->entity->internals->shape, record, &self));
    kt_record *result = kt_alloc(tx, action->result->size);
    if (!result)
        return error_no_memory();
    result->of = action->result;
    KT_TRY(action->answer(tx, self, result));
    return shape_result_json(tx, action->result, result, out);
}

/* An action's code may have written before it failed. */
static kt_error *doom(kt_tx *tx, store_mark mark, const model_change *last, kt_error *error)
{
    if (tx->last_change == last)
        KT_TRY(store_mark_back(tx->view, mark));
    else if (!tx->doomed)
        tx->doomed = error;
    return error;
}

kt_error *model_act_run(kt_tx *tx, const model_entity *entity, uint64_t id, uint32_t if_version,
    const model_action *action, const kt_record *params, model_record *record, json *answer)
{
    const kt_action *declared = action->declared;
    model_record before;
    KT_TRY(model_may_write(tx, entity));
    KT_TRY(model_load_for(tx, entity, id, if_version, declared->right, &before));
    KT_TRY(check_state(tx, &before, declared));
    KT_TRY(model_record_copy(tx, &before, record));
    store_mark mark = store_mark_set(tx->view);
    const model_change *last = tx->last_change;
    kt_error *error = run(tx, declared, params, record);
    if (!error && declared->to)
        record->values[entity->state->position] = (model_value){.set = true, .as.i = declared->to};
    if (!error)
        error = save(tx, &before, record);
    if (error)
        return doom(tx, mark, last, error);
    size_t at = (size_t)(action - entity->actions);
    const model_handlers *handlers = &entity->internals->on_action[at];
    KT_TRY(model_run_handlers(tx, handlers, declared->name, &before, record));
    bool watched = model_is_watched(tx, entity);
    if (watched) {
        const model_seen seen = {MODEL_SEEN_ACTION, declared->name, entity, &before, record, {0}};
        KT_TRY(model_tell(tx, &seen));
    }
    if (handlers->count || watched) {
        bool found;
        model_record now;
        KT_TRY(model_load(tx, entity, record_id(record), &now, &found));
        if (found)
            *record = now;
    }
    return answer_result(tx, declared, record, answer);
}

kt_error *model_act(kt_tx *tx, const model_entity *entity, uint64_t id, uint32_t if_version,
    const model_action *action, const variant *params, model_record *record, json *answer)
{
    kt_record *read = NULL;
    KT_TRY(shape_params_read(tx, action->declared->params, params, NULL, "id, if_version", &read));
    return model_act_run(tx, entity, id, if_version, action, read, record, answer);
}

void model_allowed_actions(kt_tx *tx, const model_record *record, json *out)
{
    const model_entity *entity = record->entity;
    const model_guard *guard = tx->guard;
    json_array(out);
    for (size_t i = 0; i < entity->action_count && entity->enabled; i++) {
        const kt_action *action = entity->actions[i].declared;
        if (!state_allows(record, action))
            continue;
        if (guard && guard->entity && guard->entity(tx, entity, action->right))
            continue;
        if (guard && guard->record && !guard->record(tx, record, action->right))
            continue;
        json_str(out, entity->actions[i].name);
    }
    json_array_end(out);
}
