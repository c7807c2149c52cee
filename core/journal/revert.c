/* revert.c -- undoing a unit of changes, newest first, as ordinary writes of whoever asks: what nobody
 * changed since goes back, the rest is reported and left alone. The undoing is a unit itself. */
#include "journal/past.h"
#include "model/internal.h" /* model_store_changed: an undo writes filled records, as actions do */

/* A step ends after so many changes, or when it has taken so much of the request's memory. Changes of one
 * transaction are undone so many together. */
enum { STEP_CHANGES = 5000, SLICE = 1000, STEP_MEMORY = 24 << 20, ENTRY_ROOM = 64 << 20 };

typedef struct {
    kt_tx *tx;
    json *j;
    uint64_t reverted, seen;
    size_t begun;  /* memory used when the step began */
    bool postpone; /* what is refused is not told: it is tried again when others have gone back */
    bool postponed;
    bool deletes;                  /* the entry being undone deleted records, as a merge does */
    const journal_change *waiting; /* that are tried again; an entity of 0: done. NULL: none count as there */
    size_t waiting_count;
} undo;

/* ---- Conflicts ---- */

static void conflict_open(undo *u, const model_entity *entity, uint64_t id, const model_record *now)
{
    json_object(u->j);
    json_member_str(u->j, "entity", entity->name);
    json_key(u->j, "id");
    json_uint(u->j, id);
    json_member_str(u->j, "title", now ? model_title(u->tx, now) : (kt_str){0});
}

static void conflict_field(undo *u, const past_change *past, const model_field *field,
    const model_record *now, const model_record *wanted)
{
    if (u->tx->guard && u->tx->guard->field && !u->tx->guard->field(u->tx, field, past->entity, false))
        return;
    conflict_open(u, past->entity, past->id, now);
    json_member_str(u->j, "field", field->name);
    json_key(u->j, "now");
    model_value_json(u->tx, now, field, &now->values[field->position], u->j);
    json_key(u->j, "wanted");
    if (wanted->values)
        model_value_json(u->tx, wanted, field, &wanted->values[field->position], u->j);
    else
        json_null(u->j);
    json_object_end(u->j);
}

static void conflict_text(
    undo *u, const model_entity *entity, uint64_t id, const model_record *now, const char *path, kt_text text)
{
    conflict_open(u, entity, id, now);
    json_member_text(u->j, "field", path);
    json_member_text(u->j, "message", strcmp(u->tx->lang, "pl") == 0 ? text.pl : text.en);
    json_object_end(u->j);
}

/* A refusal becomes a conflict; what broke the transaction or the store is returned. */
static kt_error *refused(undo *u, const past_change *past, const model_record *now, kt_error *error)
{
    if (u->tx->doomed)
        return u->tx->doomed;
    if (error->first->kind == KT_STORAGE || error->first->kind == KT_LIMIT ||
        error->first->kind == KT_UNAVAILABLE)
        return error;
    u->postponed = u->postpone;
    for (const problem *p = error->first; p && !u->postpone; p = p->next)
        conflict_text(u, past->entity, past->id, now, p->path, p->text);
    return NULL;
}

/* ---- One change ---- */

static kt_error *undo_created(undo *u, const past_change *past, const model_record *now)
{
    bool same = true;
    for (size_t i = 0; i < past->entity->field_count; i++) {
        const model_field *field = &past->entity->fields[i];
        if (!past_field_counts(field) || field->computed ||
            model_value_equal(field, &now->values[i], &past->after.values[i]))
            continue;
        conflict_field(u, past, field, now, &past->before);
        same = false;
    }
    if (!same)
        return NULL;
    kt_error *error = model_delete(u->tx, past->entity, past->id, 0);
    u->reverted += !error;
    return error ? refused(u, past, now, error) : NULL;
}

/* Will it be there again when all that is tried has gone back? */
static bool is_waiting(const undo *u, const model_entity *entity, uint64_t id)
{
    for (size_t i = 0; i < u->waiting_count; i++)
        if (u->waiting[i].kind == MODEL_DELETED && u->waiting[i].entity == entity->number &&
            u->waiting[i].id == id)
            return true;
    return false;
}

/* Does everything that the record points to still exist? */
static kt_error *dangles(const undo *u, const model_record *record, const char **path)
{
    kt_tx *tx = u->tx;
    for (size_t i = 0; i < record->entity->field_count && !*path; i++) {
        const model_field *field = &record->entity->fields[i];
        const model_value *value = &record->values[i];
        if (field->type == KT_LINES && value->set) {
            for (size_t k = 0; k < value->as.lines.count && !*path; k++)
                KT_TRY(dangles(u, &value->as.lines.items[k], path));
            continue;
        }
        size_t n = field->type == KT_REFS && value->set ? value->as.refs.count : field->type == KT_REF;
        for (size_t k = 0; k < n && !*path; k++) {
            uint64_t id = field->type == KT_REFS ? value->as.refs.ids[k] : ref_id(field, value);
            const model_entity *target = is_any(field) && value->set
                                             ? model_entity_by_number(tx->catalogue, value->as.any.entity)
                                             : field->target;
            bool found = true;
            model_record other;
            if (id && target)
                KT_TRY(model_load(tx, target, id, &other, &found));
            found = found || is_waiting(u, target, id);
            *path = found ? NULL : field->name.ptr;
        }
    }
    return NULL;
}

static kt_error *undo_deleted(undo *u, const past_change *past, const journal_change *change)
{
    kt_tx *tx = u->tx;
    const char *path = NULL;
    if (tx->guard && tx->guard->entity) {
        kt_error *error = tx->guard->entity(tx, past->entity, "create");
        if (error)
            return refused(u, past, &past->before, error);
    }
    if (tx->guard && tx->guard->record && !tx->guard->record(tx, &past->before, "create"))
        return NULL; /* not the caller's to know */
    KT_TRY(dangles(u, &past->before, &path));
    if (path && u->postpone) {
        u->postponed = true;
        return NULL;
    }
    if (path) {
        conflict_text(u, past->entity, past->id, &past->before, path,
            (kt_text){
                "it refers to a record that is no longer there", "wskazuje na rekord, którego już nie ma"});
        return NULL;
    }
    kt_error *error = model_restore(tx, past->entity, past->id, change->before);
    u->reverted += !error;
    return error ? refused(u, past, &past->before, error) : NULL;
}

static bool leads(const model_field *field)
{
    return field->type == KT_REF || field->type == KT_REFS;
}

/* What the server computes follows by itself, but for what it keeps of what happened, such as the ways of a deal, and
 * for a reference that a merge has led elsewhere: what nobody writes, nobody leads back either. */
static bool goes_back(const undo *u, const model_field *field)
{
    return !field->computed || field->recorded || (u->deletes && leads(field));
}

/* The fields that somebody changed since, or that the caller may not put back. */
static void tell_fields(undo *u, const past_change *past, const model_record *now, const bool *back)
{
    for (size_t i = 0; i < past->entity->field_count; i++) {
        const model_field *field = &past->entity->fields[i];
        if (!back[i] && past_differs(past, field) && goes_back(u, field) && !field->recorded &&
            !model_value_equal(field, &now->values[i], &past->before.values[i]))
            conflict_field(u, past, field, now, &past->before);
    }
}

/* Did anything change that is not computed from the rest, or by the server about itself? */
static bool is_undoable(const undo *u, const past_change *past)
{
    for (size_t i = 0; i < past->entity->field_count; i++)
        if (past_differs(past, &past->entity->fields[i]) && goes_back(u, &past->entity->fields[i]))
            return true;
    return false;
}

/* Do two lists of lines differ by what their references lead to alone? */
static bool lines_lead_elsewhere(const model_field *field, const model_value *a, const model_value *b)
{
    if (!a->set || !b->set || a->as.lines.count != b->as.lines.count)
        return false;
    for (size_t i = 0; i < a->as.lines.count; i++)
        for (size_t k = 0; k < field->lines->field_count; k++) {
            const model_field *member = &field->lines->fields[k];
            if (!leads(member) &&
                !model_value_equal(member, &a->as.lines.items[i].values[k], &b->as.lines.items[i].values[k]))
                return false;
        }
    return true;
}

/* Did a merge re-point the record, and do nothing else to it? Then what nobody may change is re-pointed back as it
 * was then. */
static bool is_repointed(const undo *u, const past_change *past)
{
    for (size_t i = 0; i < past->entity->field_count; i++) {
        const model_field *field = &past->entity->fields[i];
        if (!past_differs(past, field) || field->computed || leads(field))
            continue;
        if (field->type != KT_LINES ||
            !lines_lead_elsewhere(field, &past->before.values[i], &past->after.values[i]))
            return false;
    }
    return u->deletes;
}

static kt_error *undo_updated(undo *u, const past_change *past)
{
    kt_tx *tx = u->tx;
    model_record now, wanted;
    bool any = false;
    if (!is_undoable(u, past))
        return NULL;
    kt_error *error = model_load_for(tx, past->entity, past->id, 0, "update", &now);
    if (error)
        return error->first->kind == KT_NOT_FOUND ? NULL : refused(u, past, NULL, error);
    KT_TRY(model_record_copy(tx, &now, &wanted));
    bool *back = ARENA_ARRAY(tx->arena, bool, past->entity->field_count);
    if (!back)
        return error_no_memory();
    for (size_t i = 0; i < past->entity->field_count; i++) {
        const model_field *field = &past->entity->fields[i];
        if (!past_differs(past, field) || !goes_back(u, field) ||
            model_value_equal(field, &now.values[i], &past->before.values[i]))
            continue;
        bool may = !tx->guard || !tx->guard->field || tx->guard->field(tx, field, past->entity, true);
        back[i] = may && model_value_equal(field, &now.values[i], &past->after.values[i]);
        if (back[i])
            wanted.values[i] = past->before.values[i];
        any = any || back[i];
    }
    const model_record found = now;
    const bool outer = tx->joining;
    tx->joining = outer || is_repointed(u, past);
    error = any ? model_store_changed(tx, &now, &wanted) : NULL;
    tx->joining = outer;
    u->reverted += any && !error;
    if (error)
        KT_TRY(refused(u, past, &now, error));
    if (!u->postponed)
        tell_fields(u, past, &found, back);
    return NULL;
}

static kt_error *undo_change(undo *u, const model_entity *entity, const journal_change *change)
{
    kt_tx *tx = u->tx;
    past_change past;
    model_record now = {0};
    bool found;
    KT_TRY(past_change_read(tx, entity, change, &past));
    KT_TRY(model_load(tx, entity, change->id, &now, &found));
    bool may_read = !tx->guard || !tx->guard->record ||
                    tx->guard->record(tx,
                        found                ? &now
                        : past.before.values ? &past.before
                                             : &past.after,
                        "read");
    if (!may_read)
        return NULL;
    u->seen++;
    switch (change->kind) {
    case MODEL_CREATED:
        return found ? undo_created(u, &past, &now) : NULL; /* it is gone: as wanted */
    case MODEL_DELETED:
        if (!found)
            return undo_deleted(u, &past, change);
        conflict_text(u, entity, change->id, &now, NULL, (kt_text){"it exists again", "istnieje ponownie"});
        return NULL;
    case MODEL_UPDATED:
        if (found)
            return undo_updated(u, &past);
        conflict_text(u, entity, change->id, NULL, NULL,
            (kt_text){"it was deleted since", "został od tamtej pory usunięty"});
        return NULL;
    }
    return NULL;
}

/* ---- Entries ---- */

/* Where an undoing stands: the entry, and how many of its changes (from the first) are still to be undone. */
typedef struct {
    uint64_t seq, left, start; /* start: in the name of the undoing's unit */
} position;

/* Tries all that still wait, last first; *done: how many went back or are past hope. */
static kt_error *try_all(undo *u, journal_change *changes, size_t count, size_t *done)
{
    *done = 0;
    for (size_t i = count; i-- > 0;) {
        const model_entity *entity = model_entity_by_number(u->tx->catalogue, changes[i].entity);
        u->postponed = false;
        if (entity)
            KT_TRY(undo_change(u, entity, &changes[i]));
        if (changes[i].entity && !u->postponed) {
            changes[i].entity = 0;
            ++*done;
        }
    }
    return NULL;
}

/* Records that came back trusting that others would follow, which did not, go again. */
static kt_error *take_back(undo *u, const journal_change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const model_entity *entity = model_entity_by_number(u->tx->catalogue, changes[i].entity);
        const char *path = NULL;
        model_record now;
        bool found;
        if (!entity || changes[i].kind != MODEL_DELETED)
            continue;
        KT_TRY(model_load(u->tx, entity, changes[i].id, &now, &found));
        if (found)
            KT_TRY(dangles(u, &now, &path));
        if (!path)
            continue;
        KT_TRY(model_restore(u->tx, entity, changes[i].id, (kt_str){0}));
        u->reverted--;
        conflict_text(u, entity, changes[i].id, &now, path,
            (kt_text){
                "it refers to a record that is no longer there", "wskazuje na rekord, którego już nie ma"});
    }
    return NULL;
}

/* Undoes changes of one transaction. One may need another to go back first: a reference its record, a unique
 * value that whoever has it now gives it up. So what is refused is tried again as long as anything moves;
 * then records that wait for each other are trusted to come all; what is refused after that is a conflict. */
static kt_error *slice_undo(undo *u, const journal_change *changes, size_t count)
{
    size_t done, left = count;
    bool trusted = false;
    journal_change *waiting = ARENA_ARRAY(u->tx->arena, journal_change, count + 1);
    if (!waiting)
        return error_no_memory();
    if (count)
        memcpy(waiting, changes, count * sizeof *waiting);
    u->postpone = true;
    do {
        KT_TRY(try_all(u, waiting, count, &done));
        left -= done;
        bool stuck = left && !done && !trusted;
        u->waiting = stuck ? waiting : NULL;
        u->waiting_count = stuck ? count : 0;
        trusted = trusted || stuck;
        done += stuck;
    } while (left && done);
    u->postpone = false;
    u->waiting_count = 0;
    KT_TRY(try_all(u, waiting, count, &done));
    return trusted ? take_back(u, changes, count) : NULL;
}

/* Undoes the first `left` changes of an entry, last first; room: changes of this step. */
static kt_error *entry_undo(undo *u, position *at, size_t *room)
{
    kt_tx *tx = u->tx;
    buffer bytes;
    journal_entry entry;
    buffer_open(&bytes, ENTRY_ROOM);
    kt_error *error = chain_entry(tx->view, tx->arena, at->seq, &bytes, &entry);
    size_t count = error ? 0 : at->left < entry.count ? (size_t)at->left : (size_t)entry.count;
    size_t whole = error ? 0 : (size_t)entry.count; /* which falls as they are read */
    journal_change *changes = ARENA_ARRAY(tx->arena, journal_change, whole + 1);
    if (!changes)
        error = error_no_memory();
    u->deletes = false;
    for (size_t i = 0; !error && i < whole; i++) {
        if (!journal_entry_next(&entry, &changes[i]))
            error = chain_bad(tx->arena, at->seq);
        else
            u->deletes |= changes[i].kind == MODEL_DELETED;
    }
    while (!error && count > 0 && *room > 0) {
        size_t slice = count < SLICE ? count : SLICE;
        slice = slice < *room ? slice : *room;
        error = slice_undo(u, changes + count - slice, slice);
        count -= slice;
        *room -= slice;
        if (arena_used(tx->arena) - u->begun > STEP_MEMORY)
            *room = 0;
    }
    at->left = count;
    buffer_close(&bytes);
    return error;
}

/* The newest entry of the unit up to `most`; 0: none. */
static kt_error *entry_find(kt_tx *tx, kt_str unit, uint64_t most, uint64_t *seq)
{
    chain_key from, to;
    store_cursor *cursor = NULL;
    *seq = 0;
    if (!unit.len || unit.len > CHAIN_UNIT_MAX || memchr(unit.ptr, 0, unit.len))
        return NULL;
    KT_TRY(store_scan(tx->view, STORE_META, chain_meta_key(&from, "Ju", unit, 0),
        chain_meta_key(&to, "Ju", unit, most + (most < UINT64_MAX)), true, &cursor));
    kt_str key, value;
    if (store_next(cursor, &key, &value))
        *seq = key_last_u64(key);
    return store_scan_end(cursor);
}

static kt_error *position_read(kt_tx *tx, kt_str cursor, position *at)
{
    uint64_t *const numbers[] = {&at->seq, &at->left, &at->start};
    size_t n = 0;
    for (size_t i = 0; i < cursor.len && n < 3; i++) {
        char c = cursor.ptr[i];
        if (c >= '0' && c <= '9' && *numbers[n] < UINT64_MAX / 20)
            *numbers[n] = *numbers[n] * 10 + (uint64_t)(c - '0');
        else if (c == ':')
            n++;
        else
            n = 3;
    }
    return n == 2 && at->seq
               ? NULL
               : error_make(tx->arena, KT_VALIDATION, "cursor", "it is not of an earlier answer",
                     "nie pochodzi z wcześniejszej odpowiedzi");
}

static kt_error *begin(kt_tx *tx, kt_str unit, uint64_t seq, kt_str cursor, position *at)
{
    *at = (position){0};
    if (cursor.len)
        return position_read(tx, cursor, at);
    chain_head head;
    KT_TRY(chain_head_read(tx->view, &head));
    *at = (position){.seq = seq <= head.seq ? seq : 0, .left = UINT32_MAX, .start = head.seq + 1};
    if (unit.len)
        KT_TRY(entry_find(tx, unit, head.seq, &at->seq));
    return at->seq
               ? NULL
               : error_make(tx->arena, KT_NOT_FOUND, unit.len ? "unit" : "seq",
                     "the journal has no such unit or entry", "dziennik nie ma takiej jednostki ani wpisu");
}

static kt_error *steps(undo *u, kt_str unit, position *at)
{
    size_t room = STEP_CHANGES;
    while (at->seq) {
        KT_TRY(entry_undo(u, at, &room));
        if (at->left > 0)
            return NULL; /* the step is full */
        uint64_t below = at->seq - 1;
        at->seq = 0;
        at->left = UINT32_MAX;
        if (unit.len && below)
            KT_TRY(entry_find(u->tx, unit, below, &at->seq));
        if (room == 0)
            return NULL;
    }
    return NULL;
}

kt_error *journal_revert(kt_tx *tx, kt_str unit, uint64_t seq, kt_str cursor, json *answer)
{
    position at;
    undo u = {.tx = tx, .j = answer, .begun = arena_used(tx->arena)};
    KT_TRY(begin(tx, unit, seq, cursor, &at));
    tx->undoing = true;
    if (!tx->unit.ptr) {
        tx->unit = unit.len && unit.len < CHAIN_UNIT_MAX / 2
                       ? arena_format(
                             tx->arena, "undo:%.*s:%llu", STR_ARG(unit), (unsigned long long)at.start)
                       : arena_format(tx->arena, "undo:#%llu:%llu", (unsigned long long)seq,
                             (unsigned long long)at.start);
        if (!tx->unit.ptr)
            return error_no_memory();
    }
    json_key(answer, "conflicts");
    json_array(answer);
    KT_TRY(steps(&u, unit, &at));
    json_array_end(answer);
    if (u.seen == 0 && !at.seq && !cursor.len)
        return error_make(tx->arena, KT_NOT_FOUND, unit.len ? "unit" : "seq",
            "the journal has no such unit or entry", "dziennik nie ma takiej jednostki ani wpisu");
    json_key(answer, "reverted");
    json_uint(answer, u.reverted);
    json_member_str(answer, "unit", tx->unit);
    if (at.seq)
        json_member_str(answer, "next",
            arena_format(tx->arena, "%llu:%llu:%llu", (unsigned long long)at.seq, (unsigned long long)at.left,
                (unsigned long long)at.start));
    return NULL;
}
