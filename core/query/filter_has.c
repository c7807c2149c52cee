/* filter_has.c -- ["has", "crm.deal.party", [..]]: is there a record of another entity that points to this
 * one and matches? It makes history a condition: who bought X, who has no open deal. Record by record the
 * reference's index answers it; where the other side is the smaller one, its records are looked at instead
 * and give the set of those that they point to. */
#include <stdlib.h>

#include "query/internal.h"

/* ---- Reading ---- */

static kt_str place_name(arena *arena, const model_referrer *from)
{
    const model_field *through = from->index->through;
    return arena_format(arena, "%s.%s%s%s", from->entity->name.ptr, through ? through->name.ptr : "",
        through ? "." : "", from->field->name.ptr);
}

static kt_error *find_place(kt_tx *tx, const model_entity *target, kt_str place, const model_referrer **found)
{
    size_t any;
    const model_referrer *lists[2] = {target->internals->referrers, NULL};
    lists[1] = model_any_referrers(tx->catalogue, &any);
    const size_t counts[2] = {target->internals->referrer_count, any};
    *found = NULL;
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < counts[l] && !*found; i++) {
            kt_str name = place_name(tx->arena, &lists[l][i]);
            if (!name.ptr)
                return error_no_memory();
            if (str_eq(name, place))
                *found = &lists[l][i];
        }
    if (!*found)
        return NULL;
    const model_field *field = (*found)->index->through ? (*found)->index->through : (*found)->field;
    bool barred = tx->guard && tx->guard->entity && tx->guard->entity(tx, (*found)->entity, "read");
    if (barred || !path_field_visible(tx, field, (*found)->entity))
        *found = NULL; /* what the caller may not see is not there */
    return NULL;
}

kt_error *filter_has_read(
    filter_reader *r, const variant *items, size_t count, const char *at, const query_filter **out)
{
    static const variant nothing = {.kind = VARIANT_ARRAY};
    kt_tx *tx = r->tx;
    filter_test *test = ARENA_NEW(tx->arena, filter_test);
    query_filter *made = ARENA_NEW(tx->arena, query_filter);
    if (!test || !made)
        return error_no_memory();
    const model_referrer *from = NULL;
    if (count > 1 && items[1].kind == VARIANT_STRING && r->of == r->entity)
        KT_TRY(find_place(tx, r->of, items[1].as.string, &from));
    if (!from || count > 3)
        return kt_hint(error_make(tx->arena, KT_VALIDATION, at,
                           "\"has\" takes an entity with its reference to %s, and conditions",
                           "\"has\" przyjmuje encję z jej odwołaniem do %s i warunki", r->of->name.ptr),
            "Write [\"has\", \"crm.deal.party\", [[\"semantic\", \"=\", \"open\"]]].",
            "Napisz [\"has\", \"crm.deal.party\", [[\"semantic\", \"=\", \"open\"]]].");
    uint64_t unfilled;
    KT_TRY(query_unfilled(tx, from, &unfilled));
    if (unfilled != UINT64_MAX)
        return kt_hint(error_make(tx->arena, KT_UNAVAILABLE, at, "an index of %s is being filled",
                           "indeks encji %s jest właśnie wypełniany", from->entity->name.ptr),
            "Try again in a minute.", "Spróbuj ponownie za minutę.");
    *test = (filter_test){.kind = TEST_HAS, .has = from};
    test->path = (model_path){.name = items[1].as.string, .entity = r->entity, .count = 1};
    test->path.steps[0] = &r->entity->fields[MODEL_ID];
    filter_reader inner = *r;
    inner.entity = inner.of = from->entity;
    kt_str inner_at = arena_format(tx->arena, "%s[2]", at);
    if (!inner_at.ptr)
        return error_no_memory();
    KT_TRY(filter_node_read(&inner, count > 2 ? &items[2] : &nothing, inner_at.ptr, &test->inner));
    r->tests = inner.tests + 1;
    *made = (query_filter){.kind = FILTER_TEST, .test = test};
    *out = made;
    return NULL;
}

/* ---- One record ---- */

kt_error *filter_has_matches(kt_tx *tx, const filter_test *test, uint64_t id, bool *yes)
{
    enum { FIRST = 32 };
    size_t count = 0, seen = 0;
    *yes = false;
    for (size_t most = FIRST; !*yes && seen == count; most = QUERY_COST_MAX) {
        uint64_t *ids;
        KT_TRY(query_pointing(tx, test->has, test->path.entity, id, most, &ids, &count));
        for (; seen < count && !*yes; seen++) {
            const model_record *record;
            KT_TRY(path_follow_get(tx, NULL, test->has->entity, ids[seen], &record));
            if (record)
                KT_TRY(filter_matches(tx, NULL, test->inner, record, yes));
        }
        if (count < most)
            break;
    }
    return NULL;
}

/* ---- The set ---- */

typedef struct {
    kt_tx *tx;
    const filter_test *test;
    uint64_t *ids;
    size_t count, room, most;
    bool full;
} set;

static kt_error *add(void *context, const model_field *field, const model_value *value)
{
    set *s = context;
    if (!value->set || (is_any(field) && value->as.any.entity != s->test->path.entity->number) || s->full)
        return NULL;
    if (s->count == s->room) {
        size_t more = s->room ? 2 * s->room : 256;
        uint64_t *grown = ARENA_ARRAY(s->tx->arena, uint64_t, more);
        if (!grown)
            return error_no_memory();
        if (s->count)
            memcpy(grown, s->ids, s->count * sizeof *grown);
        s->ids = grown;
        s->room = more;
    }
    uint64_t id = ref_id(field, value);
    if (!s->count || s->ids[s->count - 1] != id)
        s->ids[s->count++] = id;
    s->full = s->count > s->most;
    return NULL;
}

/* The value stands in the keys of an index: no record is read. */
static kt_error *add_from_keys(set *s, const query_plan *plan, size_t at)
{
    kt_error *error = NULL;
    for (size_t i = 0; i < plan->range_count && !error && !s->full; i++) {
        store_cursor *cursor;
        kt_str name, unused;
        KT_TRY(store_scan(s->tx->view, STORE_DATA, plan->ranges[i].from, plan->ranges[i].to, false, &cursor));
        while (!error && !s->full && store_next(cursor, &name, &unused)) {
            model_value value;
            key_read_ref(name, plan->index, at, &value);
            error = add(s, plan->index->fields[at], &value);
        }
        kt_error *end = store_scan_end(cursor);
        error = error ? error : end;
    }
    return error;
}

static kt_error *add_from_records(set *s, const query_plan *plan)
{
    const model_referrer *has = s->test->has;
    model_path path = {.entity = has->entity};
    query_rows *rows;
    const model_record *record;
    if (has->index->through)
        path.steps[path.count++] = has->index->through;
    path.steps[path.count++] = has->field;
    path.many = has->index->through || has->field->type == KT_REFS;
    KT_TRY(query_rows_open(s->tx, plan, NULL, &rows));
    kt_error *error = NULL;
    while (!error && !s->full && (record = query_rows_next(rows)))
        error = path_each(s->tx, NULL, &path, record, add, s);
    kt_error *end = query_rows_end(rows);
    return error ? error : end;
}

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

kt_error *query_has_set(
    kt_tx *tx, const filter_test *test, size_t most, uint64_t **ids, size_t *count, bool *whole)
{
    set s = {.tx = tx, .test = test, .most = 4 * most};
    const plan_request request = {.entity = test->has->entity,
        .filter = test->inner,
        .right = "read",
        .wanted = test->has->index->through ? NULL : test->has->field};
    query_plan plan;
    *whole = false;
    KT_TRY(query_plan_make(tx, &request, &plan));
    if (plan.estimate > s.most)
        return NULL;
    size_t at = plan.index && !plan.residual && !plan.check_record ? plan_wanted(&request, plan.index)
                                                                   : SIZE_MAX;
    KT_TRY(at == SIZE_MAX ? add_from_records(&s, &plan) : add_from_keys(&s, &plan, at));
    if (s.count)
        qsort(s.ids, s.count, sizeof *s.ids, compare);
    size_t kept = 0;
    for (size_t i = 0; i < s.count; i++)
        if (!kept || s.ids[kept - 1] != s.ids[i])
            s.ids[kept++] = s.ids[i];
    *ids = s.ids;
    *count = kept;
    *whole = !s.full && kept <= most;
    return NULL;
}
