/* batch.c -- system.batch: several calls in one transaction, later ones using earlier results. atomic: all or
 * nothing; else a call that fails leaves nothing and the next one goes on. */
#include "bus/dispatch.h"

static const variant *calls_of(const variant *params)
{
    const variant *calls = variant_get(params, "calls");
    return calls && calls->kind == VARIANT_ARRAY ? calls : NULL;
}

method_mode batch_mode(const bus *b, const model_catalogue *catalogue, const variant *params)
{
    const variant *calls = calls_of(params);
    bool slow = false;
    for (size_t i = 0; calls && i < calls->as.array.count; i++) {
        const variant *one = &calls->as.array.items[i];
        kt_str name = variant_get_str(one, "method");
        target t;
        if (str_is(name, "system.batch") || !target_find(b, catalogue, name, variant_get(one, "params"), &t))
            continue; /* reported where it runs */
        if (t.mode == METHOD_WRITE)
            return METHOD_WRITE;
        slow = slow || t.mode == METHOD_SLOW;
    }
    return slow ? METHOD_SLOW : METHOD_READ;
}

/* ---- References to earlier results ---- */

typedef struct {
    call *of;
    arena *arena;
    kt_str *results; /* text; not set: the call failed */
    const variant **decoded;
    size_t count; /* calls before this one */
} refs;

static kt_error *resolve_ref(refs *r, kt_str ref, const variant **out)
{
    size_t index = 0, n = 0;
    while (n < ref.len && n < 4 && ref.ptr[n] >= '0' && ref.ptr[n] <= '9')
        index = index * 10 + (size_t)(ref.ptr[n++] - '0');
    bool shaped = n > 0 && (n == ref.len || ref.ptr[n] == '.');
    if (!shaped || index >= r->count || !r->results[index].ptr)
        return error_make(r->arena, KT_VALIDATION, "$ref", "\"%s\" is no result of an earlier call",
            "\"%s\" nie jest wynikiem wcześniejszego wywołania", ref.ptr);
    if (!r->decoded[index])
        KT_TRY(decode_json(r->arena, r->results[index], &r->of->bus->limits, &r->decoded[index]));
    kt_str path = n < ref.len ? (kt_str){ref.ptr + n + 1, ref.len - n - 1} : (kt_str){0};
    *out = variant_at(r->decoded[index], path);
    if (!*out)
        return error_make(r->arena, KT_VALIDATION, "$ref", "the earlier result has no \"%s\"",
            "wcześniejszy wynik nie ma \"%s\"", ref.ptr);
    return NULL;
}

/* Copies a value with every {"$ref": ".."} in it replaced. Depth is bounded by the message's. */
static kt_error *substitute(refs *r, const variant *from, variant *to)
{
    *to = *from;
    if (from->kind == VARIANT_OBJECT && from->as.object.count == 1 &&
        str_is(from->as.object.members[0].name, "$ref") &&
        from->as.object.members[0].value->kind == VARIANT_STRING) {
        const variant *found = NULL;
        KT_TRY(resolve_ref(r, from->as.object.members[0].value->as.string, &found));
        *to = *found;
        return NULL;
    }
    if (from->kind == VARIANT_ARRAY) {
        variant *items = ARENA_ARRAY(r->arena, variant, from->as.array.count ? from->as.array.count : 1);
        if (!items)
            return error_no_memory();
        for (size_t i = 0; i < from->as.array.count; i++)
            KT_TRY(substitute(r, &from->as.array.items[i], &items[i]));
        to->as.array.items = items;
    } else if (from->kind == VARIANT_OBJECT) {
        size_t count = from->as.object.count;
        variant_member *members = ARENA_ARRAY(r->arena, variant_member, count ? count : 1);
        variant *values = ARENA_ARRAY(r->arena, variant, count ? count : 1);
        if (!members || !values)
            return error_no_memory();
        for (size_t i = 0; i < count; i++) {
            members[i] = (variant_member){from->as.object.members[i].name, &values[i]};
            KT_TRY(substitute(r, from->as.object.members[i].value, &values[i]));
        }
        to->as.object.members = members;
    }
    return NULL;
}

/* ---- Running ---- */

static const method_param call_members[] = {
    {"method", VARIANT_STRING, true, {0}},
    {"params", VARIANT_OBJECT, false, {0}},
    {"id", VARIANT_NULL, false, {0}},
    {0},
};

static kt_error *run_one(refs *r, kt_tx *tx, const variant *one, json *answer)
{
    call *c = r->of;
    KT_TRY(params_check(r->arena, call_members, one));
    const variant *params = params_find(one, "params");
    if (params) {
        variant *ready = ARENA_NEW(r->arena, variant);
        if (!ready)
            return error_no_memory();
        KT_TRY(substitute(r, params, ready));
        params = ready;
    }
    return target_call(c, tx, variant_get_str(one, "method"), params, answer);
}

/* Writes {"result": ..} or {"error": ..} of call i; an error of an atomic batch is returned instead. */
static kt_error *run_member(refs *r, kt_tx *tx, const variant *one, bool atomic, json *answer)
{
    size_t i = r->count;
    model_savepoint save = {0};
    if (tx->writes && !atomic)
        KT_TRY(model_savepoint_set(tx, &save));
    buffer made;
    buffer_open(&made, CALL_ANSWER_MAX);
    json result = json_to(&made);
    kt_error *error = run_one(r, tx, one, &result);
    if (!error && tx->doomed)
        error = tx->doomed;
    if (!error && made.full)
        error = error_no_memory();
    if (!error) {
        r->results[i] = arena_str(r->arena, buffer_str(&made));
        error = r->results[i].ptr ? NULL : error_no_memory();
    }
    buffer_close(&made);
    if (!error) {
        json_object(answer);
        json_key(answer, "result");
        json_raw(answer, r->results[i]);
        json_object_end(answer);
        return NULL;
    }
    if (atomic || tx->doomed) {
        kt_str prefix = arena_format(r->arena, "calls[%zu]", i);
        return prefix.ptr ? error_under(error, prefix.ptr) : error;
    }
    if (tx->writes)
        KT_TRY(model_savepoint_back(tx, &save));
    json_object(answer);
    answer_error_member(answer, error, tx->lang, r->of->request_id);
    json_object_end(answer);
    return NULL;
}

static kt_error *run_batch(method_call *m)
{
    call *c = ((own_call *)m)->of;
    const variant *calls = calls_of(m->params);
    size_t count = calls->as.array.count;
    if (count == 0 || count > c->bus->options.batch_max)
        return error_make(m->arena, KT_LIMIT, "calls", "1 to %u calls were expected, these are %zu",
            "oczekiwano od 1 do %u wywołań, jest %zu", c->bus->options.batch_max, count);
    refs r = {.of = c,
        .arena = m->arena,
        .results = ARENA_ARRAY(m->arena, kt_str, count),
        .decoded = ARENA_ARRAY(m->arena, const variant *, count)};
    if (!r.results || !r.decoded)
        return error_no_memory();
    bool atomic = params_bool(m->params, "atomic");
    json_object(m->answer);
    json_key(m->answer, "results");
    json_array(m->answer);
    for (; r.count < count; r.count++)
        KT_TRY(run_member(&r, m->tx, &calls->as.array.items[r.count], atomic, m->answer));
    json_array_end(m->answer);
    json_object_end(m->answer);
    return NULL;
}

static const method_param batch_params[] = {
    {"calls", VARIANT_ARRAY, true,
        {"calls as {method, params}; {\"$ref\": \"0.id\"} stands for a value of an earlier result",
            "wywołania {method, params}; {\"$ref\": \"0.id\"} oznacza wartość z wcześniejszego wyniku"}},
    {"atomic", VARIANT_BOOL, false, {"all or nothing", "wszystko albo nic"}},
    {0},
};
const method batch_methods[] = {
    {"system.batch", "public", METHOD_READ,
        {"Several calls in one transaction.", "Kilka wywołań w jednej transakcji."}, batch_params, run_batch},
    {0},
};
