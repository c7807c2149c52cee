/* path.c -- dotted paths: "party.country.code", "lines.item".
 *
 * A path is resolved once per request against what the caller may see: a hidden field answers exactly like an
 * unknown one, also in the hint, so that nobody learns of it by guessing. A record that a reference leads to
 * counts only if the caller may read it: else the path's value is not set. */
#include "record/path.h"

enum { FOLLOW_SLOTS = 64, FOLLOW_BYTES = 4 << 20, NAME_MAX = 64 };

typedef struct {
    const model_entity *entity;
    uint64_t id;
    bool found;
    model_record record;
} kept_record;
struct path_follow {
    arena *home;  /* lives as long as the query */
    arena *arena; /* of the kept records alone: emptied when it is full; NULL: nothing was followed yet */
    uint64_t cost;
    kept_record *slots;
};

bool path_field_visible(kt_tx *tx, const model_field *field, const model_entity *entity)
{
    return !tx->guard || !tx->guard->field || tx->guard->field(tx, field, entity, false);
}

bool record_visible(kt_tx *tx, const model_record *record, const char *right)
{
    if (tx->company && !record->entity->shared && record->entity->field_count > MODEL_COMPANY) {
        const model_value *company = &record->values[MODEL_COMPANY];
        if (company->set && company->as.i != (int64_t)tx->company)
            return false;
    }
    return !tx->guard || !tx->guard->record || tx->guard->record(tx, record, right);
}

/* ---- Names ---- */

/* Levenshtein's distance, for names as short as fields'. */
static size_t distance(kt_str a, kt_str b)
{
    size_t row[NAME_MAX + 1];
    if (a.len > NAME_MAX || b.len > NAME_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
            best = row[j] + 1 < best ? row[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[b.len];
}

/* The visible field whose name is nearest, if it is near at all. */
static const model_field *nearest(kt_tx *tx, const model_entity *of, const model_entity *entity, kt_str name)
{
    const model_field *found = NULL;
    size_t least = 1 + name.len / 4;
    for (size_t i = 0; i < of->field_count; i++) {
        size_t d = distance(name, of->fields[i].name);
        if (d <= least && path_field_visible(tx, &of->fields[i], entity)) {
            least = d ? d - 1 : 0;
            found = &of->fields[i];
        }
    }
    return found;
}

kt_error *path_unknown(
    kt_tx *tx, const model_entity *of, const model_entity *entity, kt_str name, const char *at)
{
    kt_str owner = of->lines_only ? entity->name : of->name;
    kt_error *error = error_make(tx->arena, KT_VALIDATION, at, "%.*s has no field \"%.*s\"",
        "%.*s nie ma pola \"%.*s\"", STR_ARG(owner), (int)(name.len < NAME_MAX ? name.len : NAME_MAX),
        name.ptr ? name.ptr : "");
    const model_field *near = nearest(tx, of, entity, name);
    if (near) {
        kt_str en = arena_format(tx->arena, "Did you mean \"%.*s\"?", STR_ARG(near->name));
        kt_str pl = arena_format(tx->arena, "Czy chodziło o \"%.*s\"?", STR_ARG(near->name));
        if (en.ptr && pl.ptr)
            error = kt_hint(error, en.ptr, pl.ptr);
    }
    return error;
}

/* ---- Reading ---- */

typedef struct {
    kt_tx *tx;
    const model_entity *of;     /* what the next name is a field of */
    const model_entity *record; /* the record it is stored in: for rights */
    const char *at;
    model_path *path;
} walk;

/* Goes from the field that was found to what it leads to, for the name behind the dot. */
static kt_error *enter(walk *w, const model_field *field)
{
    arena *a = w->tx->arena;
    if (field->type == KT_LINES) {
        w->path->many = true;
        w->of = field->lines;
        return NULL;
    }
    if (field->type != KT_REF && field->type != KT_REFS)
        return error_make(a, KT_VALIDATION, w->at, "\"%.*s\" is no reference: nothing follows it",
            "\"%.*s\" nie jest odwołaniem: nic po nim nie następuje", STR_ARG(field->name));
    if (!field->target)
        return error_make(a, KT_VALIDATION, w->at,
            "\"%.*s\" leads to different entities: it cannot be followed",
            "\"%.*s\" prowadzi do różnych encji: nie można za nim pójść", STR_ARG(field->name));
    if (w->tx->guard && w->tx->guard->entity)
        KT_TRY(error_under(w->tx->guard->entity(w->tx, field->target, "read"), w->at));
    if (field->type == KT_REFS)
        w->path->many = true;
    w->of = w->record = field->target;
    return NULL;
}

static kt_error *step(walk *w, kt_str name, bool last)
{
    model_path *path = w->path;
    if (path->count == PATH_STEPS_MAX)
        return error_make(w->tx->arena, KT_LIMIT, w->at, "a path has at most %d names",
            "ścieżka ma najwyżej %d nazw", PATH_STEPS_MAX);
    const model_field *field = model_field_find(w->of, name);
    if (!field || !path_field_visible(w->tx, field, w->record))
        return path_unknown(w->tx, w->of, w->record, name, w->at);
    path->steps[path->count++] = field;
    path->record = w->record;
    return last ? NULL : enter(w, field);
}

kt_error *path_read_in(kt_tx *tx, const model_entity *entity, const model_entity *lines, kt_str name,
    const char *at, model_path *path)
{
    *path = (model_path){.name = name, .entity = entity};
    walk w = {tx, lines, entity, at, path};
    const char *from = name.ptr, *end = name.ptr + name.len;
    for (;;) {
        const char *dot = from < end ? memchr(from, '.', (size_t)(end - from)) : NULL;
        const char *to = dot ? dot : end;
        KT_TRY(step(&w, (kt_str){from, (size_t)(to - from)}, !dot));
        if (!dot)
            return NULL;
        from = dot + 1;
    }
}

kt_error *path_read(kt_tx *tx, const model_entity *entity, kt_str name, const char *at, model_path *path)
{
    return path_read_in(tx, entity, entity, name.ptr ? name : KT_STR(""), at, path);
}

/* ---- Following ---- */

static void close_arena(void *object)
{
    arena_close(object);
}

kt_error *path_follow_open(kt_tx *tx, path_follow **follow)
{
    *follow = ARENA_NEW(tx->arena, path_follow);
    if (!*follow)
        return error_no_memory();
    (*follow)->home = tx->arena;
    return NULL;
}

/* Most queries follow nothing: room for what is kept is made when the first record is. */
static kt_error *make_room(path_follow *follow)
{
    kept_record *slots = ARENA_ARRAY(follow->home, kept_record, FOLLOW_SLOTS);
    arena *kept = slots ? arena_open(FOLLOW_BYTES) : NULL;
    if (!kept)
        return error_no_memory();
    if (!arena_at_end(follow->home, close_arena, kept)) {
        arena_close(kept);
        return error_no_memory();
    }
    follow->slots = slots;
    follow->arena = kept;
    return NULL;
}

uint64_t path_follow_cost(const path_follow *follow)
{
    return follow ? follow->cost : 0;
}

/* Reads a record into tx->arena; *found only if the caller may see it. */
static kt_error *fetch(kt_tx *tx, const model_entity *entity, uint64_t id, model_record *record, bool *found)
{
    key at;
    kt_str bytes;
    *found = false;
    key_record(&at, entity, id);
    KT_TRY(store_get(tx->view, STORE_DATA, key_str(&at), &bytes));
    if (!bytes.ptr)
        return NULL;
    *record = (model_record){.entity = entity};
    KT_TRY(model_record_decode(tx, entity, id, bytes, record));
    *found = record_visible(tx, record, "read");
    return NULL;
}

kt_error *path_follow_get(
    kt_tx *tx, path_follow *follow, const model_entity *entity, uint64_t id, const model_record **record)
{
    *record = NULL;
    if (!follow) {
        bool found = false;
        model_record *made = ARENA_NEW(tx->arena, model_record);
        if (!made)
            return error_no_memory();
        KT_TRY(fetch(tx, entity, id, made, &found));
        *record = found ? made : NULL;
        return NULL;
    }
    if (!follow->arena)
        KT_TRY(make_room(follow));
    size_t at = (size_t)((id * 31 + entity->number) % FOLLOW_SLOTS);
    if (follow->slots[at].entity != entity || follow->slots[at].id != id) {
        if (arena_used(follow->arena) > FOLLOW_BYTES / 2) {
            arena_reset(follow->arena);
            memset(follow->slots, 0, sizeof *follow->slots * FOLLOW_SLOTS);
        }
        follow->slots[at].entity = NULL;
        kt_memory before = model_memory_in(tx, follow->arena);
        KT_TRY(model_memory_back(
            tx, before, fetch(tx, entity, id, &follow->slots[at].record, &follow->slots[at].found)));
        follow->slots[at].entity = entity;
        follow->slots[at].id = id;
        follow->cost++;
    }
    *record = follow->slots[at].found ? &follow->slots[at].record : NULL;
    return NULL;
}

kt_error *path_value(kt_tx *tx, path_follow *follow, const model_path *path, const model_record *record,
    const char *shown, const model_value **value, const model_record **of)
{
    static const model_value not_set;
    for (size_t i = 0;; i++) {
        const model_field *field = path->steps[i];
        const model_value *v = &record->values[field->position];
        if (of)
            *of = record;
        if (i + 1 == path->count || !v->set) {
            *value = v->set || i + 1 == path->count ? v : &not_set;
            return NULL;
        }
        KT_TRY(path_follow_get(tx, follow, field->target, (uint64_t)v->as.i, &record));
        if (!record) {
            *value = &not_set;
            return NULL;
        }
        if (shown)
            model_shown(tx, record->entity, (uint64_t)record->values[MODEL_ID].as.i, shown);
    }
}

typedef struct {
    kt_tx *tx;
    path_follow *follow;
    const model_path *path;
    kt_error *(*take)(void *context, const model_field *field, const model_value *value);
    void *context;
} visit;

static kt_error *each_from(const visit *v, const model_record *record, size_t i)
{
    const model_field *field = v->path->steps[i];
    const model_value *value = &record->values[field->position];
    if (i + 1 == v->path->count)
        return v->take(v->context, field, value);
    size_t count = !value->set               ? 0
                   : field->type == KT_LINES ? value->as.lines.count
                   : field->type == KT_REFS  ? value->as.refs.count
                                             : 1;
    for (size_t k = 0; k < count; k++) {
        const model_record *next = NULL;
        if (field->type == KT_LINES)
            next = &value->as.lines.items[k];
        else
            KT_TRY(path_follow_get(v->tx, v->follow, field->target,
                field->type == KT_REFS ? value->as.refs.ids[k] : (uint64_t)value->as.i, &next));
        if (next)
            KT_TRY(each_from(v, next, i + 1));
    }
    return NULL;
}

kt_error *path_each(kt_tx *tx, path_follow *follow, const model_path *path, const model_record *record,
    kt_error *(*take)(void *context, const model_field *field, const model_value *value), void *context)
{
    const visit v = {tx, follow, path, take, context};
    return each_from(&v, record, 0);
}
