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

static kt_error *entry_write(
    past_view *view, const model_entity *entity, uint64_t id, journal_entry *entry, json *j, bool *shown)
{
    journal_change change;
    past_change past = {0};
    *shown = false;
    while (!*shown && journal_entry_next(entry, &change))
        *shown = change.entity == entity->number && change.id == id;
    if (!*shown)
        return chain_bad(view->outer, entry->seq);
    KT_TRY(past_change_read_whole(view, entity, &change, &past));
    *shown = past_shows(view, &past);
    if (!*shown)
        return NULL;
    json_object(j);
    KT_TRY(past_entry_json(view, entry, j));
    json_member_text(j, "kind", kinds[past.kind]);
    fields_json(view->tx, entity, &past, j);
    json_object_end(j);
    return NULL;
}

/* Writes entries below `below`; *next: where the next page begins, 0: there is none. */
static kt_error *entries_write(past_view *view, const model_entity *entity, uint64_t id, uint64_t below,
    uint32_t limit, json *j, uint64_t *next)
{
    key from, to;
    key_open(&from, KEY_HISTORY);
    key_u16(&from, entity->number);
    key_u64(&from, id);
    to = from;
    key_u64(&to, below);
    store_cursor *cursor = NULL;
    buffer room;
    buffer_open(&room, ENTRY_ROOM);
    KT_TRY(store_scan(view->tx->view, STORE_DATA, key_str(&from), key_str(&to), true, &cursor));
    kt_error *error = NULL;
    kt_str key, value;
    *next = 0;
    while (!error && store_next(cursor, &key, &value)) {
        journal_entry entry;
        bool shown = false;
        uint64_t seq = key_last_u64(key);
        if (limit == 0) { /* one more: so there is a next page */
            *next = seq + 1;
            break;
        }
        error = past_view_next(view);
        if (!error)
            error = chain_entry(view->tx->view, view->outer, seq, &room, &entry);
        if (!error)
            error = entry_write(view, entity, id, &entry, j, &shown);
        limit -= !error && shown;
    }
    kt_error *end = store_scan_end(cursor);
    buffer_close(&room);
    return error ? error : end;
}

static kt_error *cursor_read(kt_tx *tx, kt_str cursor, uint64_t *below)
{
    *below = UINT64_MAX;
    if (!cursor.len)
        return NULL;
    *below = 0;
    for (size_t i = 0; i < cursor.len && i < 19; i++)
        *below = *below * 10 +
                 (uint64_t)(cursor.ptr[i] >= '0' && cursor.ptr[i] <= '9' ? cursor.ptr[i] - '0' : 0);
    return *below ? NULL
                  : error_make(tx->arena, KT_VALIDATION, "cursor", "it is not of an earlier answer",
                        "nie pochodzi z wcześniejszej odpowiedzi");
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
        key from, to;
        key_open(&from, KEY_HISTORY);
        key_u16(&from, entity->number);
        key_u64(&from, id);
        to = from;
        key_after(&to);
        uint64_t count = 0;
        KT_TRY(store_count(tx->view, STORE_DATA, key_str(&from), key_str(&to), 1, &count));
        if (count)
            return NULL; /* it was deleted */
    }
    return missing;
}

kt_error *journal_history(
    kt_tx *tx, const model_entity *entity, uint64_t id, uint32_t limit, kt_str cursor, json *answer)
{
    uint64_t below, next = 0;
    past_view view;
    KT_TRY(cursor_read(tx, cursor, &below));
    limit = limit == 0 ? HISTORY_LIMIT : limit > HISTORY_LIMIT_MAX ? HISTORY_LIMIT_MAX : limit;
    KT_TRY(past_view_open(&view, tx));
    kt_error *error = admit(&view, entity, id);
    if (!error) {
        model_shown(tx, entity, id, "read");
        json_key(answer, "entries");
        json_array(answer);
        error = entries_write(&view, entity, id, below, limit, answer, &next);
    }
    KT_TRY(past_view_close(&view, error));
    json_array_end(answer);
    if (next)
        json_member_str(answer, "next", arena_format(tx->arena, "%llu", (unsigned long long)next));
    return NULL;
}
