/* merge.c -- several records become one. The order of writes is that of undoing, backwards: first whatever
 * points to the others, then the others go, then the one that stays takes over what they had. */
#include "model/merge.h"

#include "query/internal.h"
#include "record/moved.h"

/* ---- What is asked for ---- */

static kt_error *load_all(kt_tx *tx, merge *m, const model_merge_request *r)
{
    kt_error *all = NULL;
    m->records = ARENA_ARRAY(tx->arena, model_record, r->count + 1);
    if (!m->records)
        return error_no_memory();
    KT_TRY(model_load_for(tx, m->entity, r->into, r->if_version, "update", &m->records[0]));
    m->count = 1;
    for (size_t i = 0; i < r->count; i++) {
        kt_str path = arena_format(tx->arena, "ids[%zu]", i);
        bool twice = false;
        if (!path.ptr)
            return error_no_memory();
        for (size_t k = 0; k < m->count && !twice; k++)
            twice = record_id(&m->records[k]) == r->ids[i];
        if (twice) {
            kt_also(&all, kt_fail(tx, KT_VALIDATION, path.ptr, "record %llu is named twice",
                              "rekord %llu podano dwa razy", (unsigned long long)r->ids[i]));
            continue;
        }
        kt_error *error = model_load_for(tx, m->entity, r->ids[i], 0, "delete", &m->records[m->count]);
        if (error)
            kt_also(&all, error->first->path
                              ? kt_fail(tx, error->first->kind, path.ptr, "there is no %s with id %llu",
                                    "nie ma %s o id %llu", m->entity->name.ptr, (unsigned long long)r->ids[i])
                              : error_under(error, path.ptr));
        else
            m->count++;
    }
    return all;
}

static kt_error *open_merge(kt_tx *tx, const model_entity *entity, const model_merge_request *r, merge *m)
{
    *m = (merge){.entity = entity, .choose = r->choose};
    if (!r->count || r->count > MERGE_MAX)
        return kt_fail(tx, KT_VALIDATION, "ids", "expected 1 to %d records to join, got %zu",
            "oczekiwano od 1 do %d rekordów do połączenia, jest %zu", MERGE_MAX, r->count);
    for (size_t i = 0; i < model_entity_count(tx->catalogue); i++) {
        size_t number = model_entity_at(tx->catalogue, i)->number;
        m->numbers = number >= m->numbers ? number + 1 : m->numbers;
    }
    m->repointed = ARENA_ARRAY(tx->arena, uint64_t, m->numbers);
    m->dropped = ARENA_ARRAY(tx->arena, uint64_t, m->numbers);
    return m->repointed && m->dropped ? load_all(tx, m, r) : error_no_memory();
}

/* ---- Conflicts ---- */

static kt_error *refuse_hidden(kt_tx *tx)
{
    return kt_hint(kt_fail(tx, KT_CONFLICT, NULL, "the records differ in what you may not see",
                       "rekordy różnią się w tym, czego nie możesz widzieć"),
        "Leave it to somebody who may; or keep: true, which keeps what the record says that stays.",
        "Zostaw to komuś, kto może; albo keep: true, wtedy zostaje to, co mówi rekord, który zostaje.");
}

static kt_error *refuse_field(kt_tx *tx, const merge *m, const model_field *field)
{
    buffer text;
    buffer_open(&text, (size_t)1 << 20);
    for (size_t i = 0; i < m->count; i++) {
        json j = json_to(&text);
        buffer_add_format(&text, "%s%llu: ", i ? ", " : "", (unsigned long long)record_id(&m->records[i]));
        model_value_json(tx, &m->records[i], field, &m->records[i].values[field->position], &j);
    }
    kt_error *error = kt_fail(tx, KT_CONFLICT, field->name.ptr, "the records differ (%.*s)",
        "rekordy się różnią (%.*s)", (int)(text.len > 300 ? 300 : text.len), text.ptr);
    buffer_close(&text);
    return kt_hint(error, "Choose the record whose value is to stay: choose: {field: id}; or keep: true.",
        "Wybierz rekord, którego wartość ma zostać: choose: {pole: id}; albo keep: true.");
}

static kt_error *refuse(kt_tx *tx, const merge *m)
{
    kt_error *all = NULL;
    for (const merge_conflict *c = m->first_conflict; c; c = c->next)
        if (!c->chosen)
            kt_also(&all, c->field ? refuse_field(tx, m, c->field) : refuse_hidden(tx));
    return all;
}

static void write_conflicts(kt_tx *tx, const merge *m, json *answer)
{
    json_key(answer, "conflicts");
    json_array(answer);
    for (const merge_conflict *c = m->first_conflict; c; c = c->next) {
        json_object(answer);
        json_member_str(answer, "field", c->field ? c->field->name : (kt_str){0});
        json_key(answer, "values");
        json_array(answer);
        for (size_t i = 0; c->field && i < m->count; i++) {
            json_object(answer);
            json_member_int(answer, "id", (int64_t)record_id(&m->records[i]));
            json_key(answer, "value");
            model_value_json(tx, &m->records[i], c->field, &m->records[i].values[c->field->position], answer);
            json_object_end(answer);
        }
        json_array_end(answer);
        json_member_int(answer, "taken", (int64_t)c->taken);
        json_member_bool(answer, "chosen", c->chosen);
        json_object_end(answer);
    }
    json_array_end(answer);
}

static void write_counts(kt_tx *tx, const merge *m, const char *name, const uint64_t *counts, json *answer)
{
    json_key(answer, name);
    json_object(answer);
    for (size_t i = 0; i < model_entity_count(tx->catalogue); i++) {
        const model_entity *entity = model_entity_at(tx->catalogue, i);
        if (entity->number >= m->numbers || !counts[entity->number] ||
            (tx->guard && tx->guard->entity && tx->guard->entity(tx, entity, "read")))
            continue;
        json_key_str(answer, entity->name);
        json_uint(answer, counts[entity->number]);
    }
    json_object_end(answer);
}

/* ---- The writes ---- */

/* The one that stays lets go of the others first, so that they may go. */
static kt_error *let_go(kt_tx *tx, const merge *m, model_record *now)
{
    bool any = false;
    model_record loose;
    KT_TRY(model_record_copy(tx, now, &loose));
    for (size_t i = MODEL_OWN; i < m->entity->field_count; i++)
        if (merge_holds(m, &m->entity->fields[i], &loose.values[i])) {
            loose.values[i] = (model_value){0};
            any = true;
        }
    if (!any)
        return NULL;
    KT_TRY(model_store_changed(tx, now, &loose));
    *now = loose;
    return NULL;
}

kt_error *merge_write(kt_tx *tx, merge *m, model_record *after)
{
    model_record now = m->records[0];
    bool found, outer = tx->joining;
    tx->joining = true;
    kt_error *error = merge_repoint(tx, m);
    tx->joining = outer;
    if (error)
        return error;
    KT_TRY(let_go(tx, m, &now));
    for (size_t i = 1; i < m->count; i++) {
        KT_TRY(model_store_gone(tx, &m->records[i]));
        KT_TRY(moved_note(tx, &m->records[i], record_id(after)));
    }
    KT_TRY(model_load(tx, m->entity, record_id(after), &now, &found)); /* handlers may have written to it */
    for (size_t i = 0; i < MODEL_OWN; i++)
        after->values[i] = now.values[i];
    return model_store_changed(tx, &now, after);
}

static kt_error *doom(kt_tx *tx, kt_error *error)
{
    if (error && !tx->doomed)
        tx->doomed = error; /* part of it is written already */
    return error;
}

kt_error *model_merge(kt_tx *tx, const model_entity *entity, const model_merge_request *request, json *answer)
{
    merge m;
    model_record after;
    KT_TRY(model_may_write(tx, entity));
    KT_TRY(open_merge(tx, entity, request, &m));
    KT_TRY(merge_values(tx, &m, &after));
    if (!request->keep && !tx->rehearsal)
        KT_TRY(refuse(tx, &m));
    KT_TRY(doom(tx, merge_write(tx, &m, &after)));
    json_member_int(answer, "id", (int64_t)record_id(&after));
    json_member_int(answer, "version", after.values[MODEL_VERSION].as.i);
    write_conflicts(tx, &m, answer);
    write_counts(tx, &m, "repointed", m.repointed, answer);
    write_counts(tx, &m, "dropped", m.dropped, answer);
    return NULL;
}
