/* reassign.c -- what one user owns goes to another: a leaver's records, of every entity that has an owner, in one
 * act that can be undone like any other. */
#include "model/internal.h"
#include "query/internal.h"

enum { REASSIGN_MAX = 20000 };

typedef struct {
    const model_reassign_request *request;
    uint64_t left;
} reassigning;

/* Somebody's own settings stay theirs: what goes with its user is no work to be handed over. */
static bool is_work(const model_entity *entity)
{
    const model_field *owner = entity->owner;
    return owner && entity->enabled && !entity->lines_only && !owner->computed && !owner->unique &&
           owner->on_delete != KT_CASCADE;
}

static kt_error *filter_of(
    kt_tx *tx, const model_entity *entity, const variant *given, uint64_t from, const query_filter **filter)
{
    const variant mine[3] = {{VARIANT_STRING, .as.string = entity->owner->name},
        {VARIANT_STRING, .as.string = KT_STR("=")}, {VARIANT_INT, .as.integer = (int64_t)from}};
    const variant own = {VARIANT_ARRAY, .as.array = {mine, 3}};
    query_filter *read = NULL, *more = NULL;
    KT_TRY(query_filter_read(tx, entity, &own, &read));
    *filter = read;
    if (!given || given->kind == VARIANT_BOOL)
        return NULL;
    KT_TRY(error_under(query_filter_read(tx, entity, given, &more), entity->name.ptr));
    const query_filter **both = ARENA_ARRAY(tx->arena, const query_filter *, 2);
    if (!both)
        return error_no_memory();
    both[0] = read;
    both[1] = more;
    return filter_and(tx->arena, both, 2, filter);
}

static kt_error *too_many(kt_tx *tx)
{
    return kt_hint(kt_fail(tx, KT_LIMIT, NULL, "more than %d records would change owner",
                       "ponad %d rekordów zmieniłoby opiekuna", REASSIGN_MAX),
        "Hand them over entity by entity, in one unit.", "Przekaż je encja po encji, w jednej jednostce.");
}

static kt_error *reassign_entity(kt_tx *tx, reassigning *r, const model_entity *entity, const variant *given,
    uint64_t *changed, uint64_t *kept)
{
    query_request query = {.entity = entity, .right = "read", .keep = true};
    query_rows *rows;
    model_record before, after;
    const model_guard *guard = tx->guard;
    KT_TRY(filter_of(tx, entity, given, r->request->from, &query.filter));
    KT_TRY(query_open(tx, &query, &rows));
    kt_error *error = NULL;
    while (!error && query_next(rows, &before)) {
        if (guard && guard->record && !guard->record(tx, &before, "update")) {
            ++*kept;
            continue;
        }
        if (!r->left--) {
            error = too_many(tx);
            break;
        }
        error = model_record_copy(tx, &before, &after);
        if (!error) {
            after.values[entity->owner->position] = (model_value){
                .set = true, .as.i = (int64_t)r->request->to};
            error = model_store_changed(tx, &before, &after);
        }
        ++*changed;
    }
    kt_error *end = query_end(rows);
    return error ? error : end;
}

static kt_error *check(kt_tx *tx, const model_reassign_request *request)
{
    kt_error *all = NULL;
    const variant *entities = request->entities;
    if (request->from == request->to)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "to", "is the same user", "to ten sam użytkownik"));
    for (size_t i = 0; entities && i < entities->as.object.count; i++) {
        kt_str name = entities->as.object.members[i].name;
        const model_entity *entity = model_entity_find(tx->catalogue, name);
        kt_str path = arena_format(tx->arena, "entities.%.*s", STR_ARG(name));
        if (!path.ptr)
            return error_no_memory();
        if (!entity || !entity->owner || !entity->enabled)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, path.ptr, "there is no such entity with an owner",
                              "nie ma takiej encji z opiekunem"));
    }
    return all;
}

static void write_row(const model_entity *entity, uint64_t changed, uint64_t kept, json *answer)
{
    json_object(answer);
    json_member_str(answer, "entity", entity->name);
    json_key(answer, "changed");
    json_uint(answer, changed);
    json_key(answer, "not_yours");
    json_uint(answer, kept);
    json_object_end(answer);
}

kt_error *model_reassign(kt_tx *tx, const model_reassign_request *request, json *answer)
{
    reassigning r = {request, REASSIGN_MAX};
    const model_guard *guard = tx->guard;
    KT_TRY(check(tx, request));
    json_key(answer, "rows");
    json_array(answer);
    for (size_t i = 0; i < model_entity_count(tx->catalogue); i++) {
        const model_entity *entity = model_entity_at(tx->catalogue, i);
        const variant *given = request->entities ? variant_get(request->entities, entity->name.ptr) : NULL;
        uint64_t changed = 0, kept = 0;
        if (request->entities ? !given : !is_work(entity))
            continue;
        if (guard && guard->entity && guard->entity(tx, entity, "update")) {
            if (given)
                KT_TRY(guard->entity(tx, entity, "update")); /* asked for by name: told */
            continue;
        }
        KT_TRY(reassign_entity(tx, &r, entity, given, &changed, &kept));
        if (changed || kept)
            write_row(entity, changed, kept, answer);
    }
    json_array_end(answer);
    return NULL;
}
