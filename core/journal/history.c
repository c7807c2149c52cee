/* history.c -- one record's entries, newest first, field by field. */
#include "journal/past.h"

enum { HISTORY_LIMIT = 50, HISTORY_LIMIT_MAX = 500, ENTRY_ROOM = 64 << 20 };

static const char *const kinds[] = {"", "created", "updated", "deleted"};

static void value_json(kt_tx *tx, const model_record *side, const model_field *field, json *j)
{
    if (side->values)
        model_value_json(tx, side, field, &side->values[field->position], j);
    else
        json_null(j);
}

static void fields_json(kt_tx *tx, const model_entity *entity, const past_change *past, json *j)
{
    bool polish = strcmp(tx->lang, "pl") == 0;
    json_key(j, "changes");
    json_array(j);
    for (size_t i = 0; i < past->entity->field_count; i++) {
        const model_field *field = &past->entity->fields[i];
        if (!past_tells(tx, past, field))
            continue;
        json_object(j);
        json_member_str(j, "field", field->name);
        json_member_text(j, "label", polish ? field->label.pl : field->label.en);
        if (past->entity != entity && !model_field_find(entity, field->name))
            json_member_bool(j, "removed", true);
        json_key(j, "before");
        value_json(tx, &past->before, field, j);
        json_key(j, "after");
        value_json(tx, &past->after, field, j);
        json_object_end(j);
    }
    json_array_end(j);
}

/* Writes the entry, unless it changed nothing that the caller is told of, and finds the one before. */
static kt_error *entry_write(past_view *view, past_place *at, buffer *room, json *j, bool *shown)
{
    journal_entry entry;
    journal_change change;
    past_change past = {0};
    KT_TRY(past_view_next(view));
    KT_TRY(chain_entry(view->tx->view, view->outer, at->seq, room, &entry));
    if (!past_change_find(&entry, at->entity, at->id, &change))
        return chain_bad(view->outer, at->seq);
    KT_TRY(past_change_read_whole(view, at->entity, &change, &past));
    *shown = past_shows(view, &past);
    if (*shown) {
        json_object(j);
        KT_TRY(past_entry_json(view, &entry, j));
        json_member_text(j, "kind", kinds[past.kind]);
        fields_json(view->tx, at->entity, &past, j);
        json_object_end(j);
    }
    return past_before(view->tx, at, past.before.entry);
}

/* Writes entries from there on; *next: where the next page begins, 0: there is none. */
static kt_error *entries_write(past_view *view, past_place at, uint32_t limit, json *j, uint64_t *next)
{
    buffer room;
    kt_error *error = NULL;
    buffer_open(&room, ENTRY_ROOM);
    while (!error && at.seq && limit > 0) {
        bool shown = false;
        error = entry_write(view, &at, &room, j, &shown);
        limit -= !error && shown;
    }
    *next = at.seq;
    buffer_close(&room);
    return error;
}

/* Where an earlier answer ended: at an entry of this record. */
static kt_error *cursor_read(kt_tx *tx, kt_str cursor, past_place *at)
{
    chain_head head;
    journal_entry entry;
    journal_change change;
    buffer room;
    bool sound = cursor.len < 20;
    at->seq = 0;
    for (size_t i = 0; sound && i < cursor.len; i++) {
        sound = cursor.ptr[i] >= '0' && cursor.ptr[i] <= '9';
        at->seq = at->seq * 10 + (uint64_t)(cursor.ptr[i] - '0');
    }
    KT_TRY(chain_head_read(tx->view, &head));
    buffer_open(&room, ENTRY_ROOM);
    sound = sound && at->seq && at->seq <= head.seq;
    kt_error *error = sound ? chain_entry(tx->view, tx->arena, at->seq, &room, &entry) : NULL;
    sound = sound && !error && past_change_find(&entry, at->entity, at->id, &change);
    buffer_close(&room);
    if (!sound && !error)
        error = error_make(tx->arena, KT_VALIDATION, "cursor", "it is not of an earlier answer",
            "nie pochodzi z wcześniejszej odpowiedzi");
    return error;
}

/* Refuses as model_read does, so that a record which may not be seen answers like one that never was. */
static kt_error *admit(past_view *view, const model_entity *entity, uint64_t id)
{
    kt_tx *tx = view->tx;
    if (tx->guard && tx->guard->entity)
        KT_TRY(tx->guard->entity(tx, entity, "read"));
    bool visible;
    KT_TRY(past_record_visible(view, entity, id, &visible));
    model_record record = {0};
    kt_error *missing = model_read(tx, entity, id, &record);
    if (visible && missing && missing->first->kind == KT_NOT_FOUND) {
        past_place last;
        KT_TRY(past_newest(tx, entity, id, &last));
        if (last.seq)
            return NULL; /* it was deleted */
    }
    return missing;
}

kt_error *journal_history(
    kt_tx *tx, const model_entity *entity, uint64_t id, uint32_t limit, kt_str cursor, json *answer)
{
    past_place at = {.entity = entity, .id = id};
    uint64_t next = 0;
    past_view view;
    limit = limit == 0 ? HISTORY_LIMIT : limit > HISTORY_LIMIT_MAX ? HISTORY_LIMIT_MAX : limit;
    KT_TRY(past_view_open(&view, tx));
    kt_error *error = admit(&view, entity, id);
    if (!error) {
        model_shown(tx, entity, id, "read");
        json_key(answer, "entries");
        json_array(answer);
        error = cursor.len ? cursor_read(tx, cursor, &at) : past_newest(tx, entity, id, &at);
    }
    if (!error)
        error = entries_write(&view, at, limit, answer, &next);
    KT_TRY(past_view_close(&view, error));
    json_array_end(answer);
    if (next)
        json_member_str(answer, "next", arena_format(tx->arena, "%llu", (unsigned long long)next));
    return NULL;
}
