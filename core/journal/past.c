/* past.c -- journaled changes as records, under the rights of whoever asks. */
#include "journal/past.h"

enum { SCRATCH_MAX = 48 << 20 };

static const char *const origins[] = {"rpc", "rule", "import", "job", "system"};

/* ---- The sides of a change ---- */

/* A record of the parts that stand on one side of an update. */
static kt_error *side_bytes(kt_tx *tx, journal_change change, bool after, kt_str *bytes)
{
    char *at = arena_bytes(tx->arena, change.rest.len + 1);
    if (!at)
        return error_no_memory();
    *bytes = (kt_str){at, 1};
    at[0] = (char)change.format;
    journal_part part;
    while (journal_change_next(&change, &part)) {
        kt_str side = after ? part.after : part.before;
        if (side.len)
            memcpy(at + bytes->len, side.ptr, side.len);
        bytes->len += side.len;
    }
    return NULL;
}

static kt_error *side_read(
    kt_tx *tx, const model_entity *entity, const journal_change *change, bool after, model_record *record)
{
    kt_str bytes = after ? change->after : change->before;
    if (!change->whole)
        KT_TRY(side_bytes(tx, *change, after, &bytes));
    return bytes.len ? model_record_decode(tx, entity, change->id, bytes, record) : NULL;
}

kt_error *past_change_read(
    kt_tx *tx, const model_entity *entity, const journal_change *change, past_change *past)
{
    *past = (past_change){.entity = entity, .id = change->id, .kind = change->kind};
    KT_TRY(side_read(tx, entity, change, false, &past->before));
    return side_read(tx, entity, change, true, &past->after);
}

bool past_change_find(journal_entry *entry, const model_entity *entity, uint64_t id, journal_change *change)
{
    while (journal_entry_next(entry, change))
        if (change->entity == entity->number && change->id == id)
            return true;
    return false;
}

static void whole_end(void *catalogue)
{
    model_catalogue_release(catalogue);
}

/* What was removed may no longer fit what is declared now -- a reference to an entity that is gone too -- and
 * is then not shown; the rest of the history is. */
static kt_error *whole_open(past_view *view)
{
    view->whole_tried = true;
    model_sources sources = *model_catalogue_sources(view->tx->catalogue);
    sources.past = true;
    kt_error *error = model_catalogue_build(view->outer, view->tx->view, &sources, &view->whole);
    if (error)
        return error->first->kind == KT_VALIDATION ? NULL : error;
    if (arena_at_end(view->outer, whole_end, view->whole))
        return NULL;
    model_catalogue_release(view->whole);
    return error_no_memory();
}

kt_error *past_change_read_whole(
    past_view *view, const model_entity *entity, const journal_change *change, past_change *past)
{
    KT_TRY(past_change_read(view->tx, entity, change, past));
    if (!past->before.rest.len && !past->after.rest.len && !past->before.sealed_rest.len &&
        !past->after.sealed_rest.len)
        return NULL;
    if (!view->whole_tried)
        KT_TRY(whole_open(view));
    const model_entity *whole = view->whole ? model_entity_by_number(view->whole, entity->number) : NULL;
    return whole ? past_change_read(view->tx, whole, change, past) : NULL;
}

bool past_field_counts(const model_field *field)
{
    return field->position >= MODEL_OWN || field->position == MODEL_COMPANY ||
           field->position == MODEL_EXTERNAL_ID || field->position == MODEL_NUMBER;
}

bool past_differs(const past_change *past, const model_field *field)
{
    static const model_value unset = {0};
    const model_value *before = past->before.values ? &past->before.values[field->position] : &unset;
    const model_value *after = past->after.values ? &past->after.values[field->position] : &unset;
    return past_field_counts(field) && !model_value_equal(field, before, after);
}

/* ---- Bytes ---- */

/* The part with this tag that the change puts in place of another. */
static bool replaced(journal_change change, uint32_t tag)
{
    journal_part part;
    while (journal_change_next(&change, &part))
        if (part.tag == tag)
            return true;
    return false;
}

kt_error *past_bytes(kt_tx *tx, kt_str bytes, const journal_change *change, bool forward, kt_str *result)
{
    if (change->whole) {
        *result = forward ? change->after : change->before;
        return NULL;
    }
    if (!bytes.len || (uint8_t)bytes.ptr[0] != change->format)
        return error_make(tx->arena, KT_STORAGE, NULL, "record %llu does not follow from the journal",
            "rekord %llu nie wynika z dziennika", (unsigned long long)change->id);
    char *out = arena_bytes(tx->arena, bytes.len + change->rest.len + 1);
    if (!out)
        return error_no_memory();
    size_t n = 1, at = 0;
    uint32_t tag;
    kt_str part;
    out[0] = bytes.ptr[0];
    while (model_record_part(bytes, &at, &tag, &part)) {
        if (replaced(*change, tag))
            continue;
        memcpy(out + n, part.ptr, part.len);
        n += part.len;
    }
    if (at == SIZE_MAX)
        return error_make(tx->arena, KT_STORAGE, NULL, "record %llu is damaged",
            "rekord %llu jest uszkodzony", (unsigned long long)change->id);
    journal_change walk = *change;
    journal_part p;
    while (journal_change_next(&walk, &p)) {
        kt_str side = forward ? p.after : p.before;
        if (side.len)
            memcpy(out + n, side.ptr, side.len);
        n += side.len;
    }
    *result = (kt_str){out, n};
    return NULL;
}

/* ---- For the caller's eyes ---- */

static void enter(past_view *view)
{
    view->before = model_memory_in(view->tx, view->scratch);
    store_read_into(view->tx->view, view->outer); /* a cursor goes on from entry to entry */
}

kt_error *past_view_open(past_view *view, kt_tx *tx)
{
    *view = (past_view){.tx = tx, .outer = tx->arena};
    for (size_t i = 0; i < model_entity_count(tx->catalogue); i++) {
        size_t number = model_entity_at(tx->catalogue, i)->number;
        view->entity_count = number >= view->entity_count ? number + 1 : view->entity_count;
    }
    view->entities = ARENA_ARRAY(tx->arena, uint8_t, view->entity_count + 1);
    view->scratch = view->entities ? arena_open(SCRATCH_MAX) : NULL;
    if (!view->scratch)
        return error_no_memory();
    enter(view);
    return NULL;
}

kt_error *past_view_next(past_view *view)
{
    KT_TRY(model_memory_back(view->tx, view->before, view->tx->doomed));
    arena_reset(view->scratch);
    enter(view);
    return NULL;
}

kt_error *past_view_close(past_view *view, kt_error *error)
{
    error = model_memory_back(view->tx, view->before, error);
    arena_close(view->scratch);
    return error;
}

bool past_entity_visible(past_view *view, const model_entity *entity)
{
    kt_tx *tx = view->tx;
    if (!entity || entity->lines_only || entity->number >= view->entity_count)
        return false;
    uint8_t *known = &view->entities[entity->number];
    if (*known == 0)
        *known = !tx->guard || !tx->guard->entity || !tx->guard->entity(tx, entity, "read") ? 1 : 2;
    return *known == 1;
}

/* ---- From entry to entry ---- */

kt_error *past_before(kt_tx *tx, past_place *at, uint64_t borne)
{
    if (borne >= at->seq)
        return chain_bad(tx->arena, at->seq);
    key from, to;
    key_open(&from, KEY_HISTORY);
    key_u16(&from, at->entity->number);
    key_u64(&from, at->id);
    to = from;
    key_u64(&to, at->seq);
    at->seq = borne;
    if (borne)
        return NULL;
    store_cursor *cursor = NULL;
    KT_TRY(store_scan(tx->view, STORE_DATA, key_str(&from), key_str(&to), true, &cursor));
    kt_str k, v;
    if (store_next(cursor, &k, &v))
        at->seq = key_last_u64(k);
    return store_scan_end(cursor);
}

/* The record as the journal knows it: ahead of what this transaction did to it. */
static kt_error *journaled(kt_tx *tx, const model_entity *entity, uint64_t id, kt_str *bytes)
{
    const model_change *change = model_change_of(tx, entity, id);
    if (change) {
        *bytes = change->before;
        return NULL;
    }
    key name;
    key_record(&name, entity, id);
    return store_get(tx->view, STORE_DATA, key_str(&name), bytes);
}

kt_error *past_newest(kt_tx *tx, const model_entity *entity, uint64_t id, past_place *newest)
{
    kt_str bytes = {0};
    *newest = (past_place){entity, id, UINT64_MAX};
    KT_TRY(journaled(tx, entity, id, &bytes));
    return past_before(tx, newest, bytes.ptr ? model_record_entry(bytes) : 0);
}

/* The record as the last deletion found it. */
static kt_error *last_state(
    kt_tx *tx, const model_entity *entity, uint64_t id, buffer *room, model_record *record)
{
    past_place last;
    KT_TRY(past_newest(tx, entity, id, &last));
    uint64_t seq = last.seq;
    journal_entry entry;
    journal_change change;
    if (!seq)
        return NULL;
    KT_TRY(chain_entry(tx->view, tx->arena, seq, room, &entry));
    while (journal_entry_next(&entry, &change))
        if (change.entity == entity->number && change.id == id && change.kind == MODEL_DELETED)
            return model_record_decode(tx, entity, id, change.before, record);
    return NULL;
}

kt_error *past_record_visible(past_view *view, const model_entity *entity, uint64_t id, bool *visible)
{
    kt_tx *tx = view->tx;
    *visible = !tx->guard;
    if (*visible)
        return NULL;
    model_record record = {0};
    kt_error *error = model_read(tx, entity, id, &record);
    *visible = error == NULL;
    if (!error || error->first->kind != KT_NOT_FOUND)
        return error;
    key key;
    kt_str stored = {0};
    key_record(&key, entity, id);
    KT_TRY(store_get(tx->view, STORE_DATA, key_str(&key), &stored));
    if (stored.ptr) /* it is there, but not for this caller */
        return NULL;
    buffer room;
    buffer_open(&room, (size_t)64 << 20);
    error = last_state(tx, entity, id, &room, &record);
    if (!error && record.values) {
        const model_value *company = &record.values[MODEL_COMPANY];
        bool foreign = tx->company && !entity->shared && company->set &&
                       (uint64_t)company->as.i != tx->company;
        *visible = !foreign && (!tx->guard->record || tx->guard->record(tx, &record, "read"));
    }
    buffer_close(&room);
    return error;
}

static kt_error *name_of(past_view *view, uint64_t user)
{
    kt_tx *tx = view->tx;
    if (view->user == user)
        return NULL;
    view->user = user;
    view->user_name = (kt_str){0};
    const model_entity *first = model_entity_count(tx->catalogue) ? model_entity_at(tx->catalogue, 0) : NULL;
    const model_entity *users = first && first->field_count > MODEL_CREATED_BY
                                    ? first->fields[MODEL_CREATED_BY].target
                                    : NULL;
    if (!users || !user)
        return NULL;
    const model_guard *guard = tx->guard;
    model_record record = {0};
    tx->guard = NULL; /* who changed what one may see is no secret */
    kt_error *error = model_read(tx, users, user, &record);
    if (!error)
        view->user_name = arena_str(view->outer, model_title(tx, &record));
    tx->guard = guard;
    return error && error->first->kind != KT_NOT_FOUND ? error : NULL;
}

kt_error *past_entry_json(past_view *view, const journal_entry *entry, json *j)
{
    KT_TRY(name_of(view, entry->user));
    json_key(j, "seq");
    json_uint(j, entry->seq);
    json_key(j, "at");
    json_time(j, entry->time);
    json_key(j, "by");
    json_uint(j, entry->user);
    json_member_str(j, "by_name", view->user_name);
    json_member_text(j, "origin", origins[entry->origin]);
    json_member_str(j, "request", entry->request);
    json_member_str(j, "unit", entry->unit);
    return NULL;
}

/* Did it take away the personal part, which nobody can read any more? Then what was in it is empty now. */
static bool erases(const past_change *past, const model_field *field)
{
    return past->kind == MODEL_UPDATED && past->before.erased && !past->after.erased &&
           (field->personal || (field->lines && field->lines->has_personal));
}

bool past_tells(kt_tx *tx, const past_change *past, const model_field *field)
{
    return !field->internal && (past_differs(past, field) || erases(past, field)) &&
           (!tx->guard || !tx->guard->field || tx->guard->field(tx, field, past->entity, false));
}

bool past_shows(past_view *view, const past_change *past)
{
    for (size_t i = 0; i < past->entity->field_count; i++) {
        if (past_tells(view->tx, past, &past->entity->fields[i]))
            return true;
    }
    return past->kind != MODEL_UPDATED;
}
