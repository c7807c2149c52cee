/* batch.c -- system.batch: several calls in one transaction, later ones using earlier results. atomic: all or
 * nothing; else a call that fails leaves nothing and the next one goes on. Each has memory of its own, and
 * one that looks at the past brings the transaction back to now. What one defines is not there for those after
 * it: a definition comes into use with the commit that gives it numbers and swaps the catalogue (plugin room), so
 * that nobody writes by an older one after it; who tries is told so. */
#include "bus/dispatch.h"
#include "record/scope.h"

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
    bool *wanted;    /* a later call refers to it */
    kt_str *results; /* text; not set: the call failed, or nobody wants it */
    const variant **decoded;
    size_t count; /* calls before this one */
} refs;

/* The text of {"$ref": ".."}; not set: it is none. */
static kt_str ref_of(const variant *v)
{
    bool is_ref = v->kind == VARIANT_OBJECT && v->as.object.count == 1 &&
                  str_is(v->as.object.members[0].name, "$ref") &&
                  v->as.object.members[0].value->kind == VARIANT_STRING;
    return is_ref ? v->as.object.members[0].value->as.string : (kt_str){0};
}

/* Reads the number that ref begins with. returns its digits, 0: it names no call before this one */
static size_t read_index(kt_str ref, size_t before, size_t *index)
{
    size_t n = 0;
    *index = 0;
    while (n < ref.len && n < 4 && ref.ptr[n] >= '0' && ref.ptr[n] <= '9')
        *index = *index * 10 + (size_t)(ref.ptr[n++] - '0');
    return (n == ref.len || ref.ptr[n] == '.') && *index < before ? n : 0;
}

static void note_wanted(refs *r, const variant *v, size_t before)
{
    size_t index;
    kt_str ref = ref_of(v);
    if (ref.ptr && read_index(ref, before, &index))
        r->wanted[index] = true;
    for (size_t i = 0; v->kind == VARIANT_ARRAY && i < v->as.array.count; i++)
        note_wanted(r, &v->as.array.items[i], before);
    for (size_t i = 0; v->kind == VARIANT_OBJECT && i < v->as.object.count; i++)
        note_wanted(r, v->as.object.members[i].value, before);
}

/* at: where the reference stands, as an error about its value would name it */
static kt_error *resolve_ref(refs *r, kt_str ref, const char *at, const variant **out)
{
    size_t index, n = read_index(ref, r->count, &index);
    if (!n || !r->results[index].ptr)
        return error_make(r->arena, KT_VALIDATION, at, "\"%s\" is no result of an earlier call",
            "\"%s\" nie jest wynikiem wcześniejszego wywołania", ref.ptr);
    if (!r->decoded[index])
        KT_TRY(decode_json(r->arena, r->results[index], &r->of->bus->limits, &r->decoded[index]));
    kt_str path = n < ref.len ? (kt_str){ref.ptr + n + 1, ref.len - n - 1} : (kt_str){0};
    *out = variant_at(r->decoded[index], path);
    if (!*out)
        return error_make(r->arena, KT_VALIDATION, at, "the earlier result has no \"%s\"",
            "wcześniejszy wynik nie ma \"%s\"", ref.ptr);
    return NULL;
}

/* A place in the params. */
typedef struct place {
    const struct place *in; /* NULL: params */
    kt_str member;          /* not set: of an array */
    size_t index;
} place;

/* As other errors name it: a field among the values by its name alone. */
static kt_str place_name(const refs *r, const place *at)
{
    if (!at->in)
        return KT_STR("");
    const bool of_values = at->in->in && !at->in->in->in && str_is(at->in->member, "values");
    const kt_str in = of_values ? KT_STR("") : place_name(r, at->in);
    if (!at->member.ptr)
        return arena_format(r->arena, "%s[%zu]", in.ptr ? in.ptr : "", at->index);
    return arena_format(r->arena, "%s%s%s", in.ptr ? in.ptr : "", in.len ? "." : "", at->member.ptr);
}

/* Copies a value into memory, with every {"$ref": ".."} in it replaced. Depth is bounded by the message's.
 * all: what is wrong with any of them */
static kt_error *substitute(
    refs *r, arena *memory, const variant *from, const place *at, variant *to, kt_error **all)
{
    *to = *from;
    kt_str ref = ref_of(from);
    if (ref.ptr) {
        const variant *found = NULL;
        kt_error *error = resolve_ref(r, ref, place_name(r, at).ptr, &found);
        if (error)
            kt_also(all, error);
        else
            *to = *found;
        return NULL;
    }
    if (from->kind == VARIANT_ARRAY) {
        variant *items = ARENA_ARRAY(memory, variant, from->as.array.count ? from->as.array.count : 1);
        if (!items)
            return error_no_memory();
        for (size_t i = 0; i < from->as.array.count; i++) {
            const place item = {.in = at, .index = i};
            KT_TRY(substitute(r, memory, &from->as.array.items[i], &item, &items[i], all));
        }
        to->as.array.items = items;
    } else if (from->kind == VARIANT_OBJECT) {
        size_t count = from->as.object.count;
        variant_member *members = ARENA_ARRAY(memory, variant_member, count ? count : 1);
        variant *values = ARENA_ARRAY(memory, variant, count ? count : 1);
        if (!members || !values)
            return error_no_memory();
        for (size_t i = 0; i < count; i++) {
            const variant_member *member = &from->as.object.members[i];
            const place named = {.in = at, .member = member->name};
            members[i] = (variant_member){member->name, &values[i]};
            KT_TRY(substitute(r, memory, member->value, &named, &values[i], all));
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

static kt_error *call_one(refs *r, kt_tx *tx, const variant *one, json *answer)
{
    call *c = r->of;
    if (one->kind != VARIANT_OBJECT)
        return error_make(r->arena, KT_VALIDATION, NULL,
            "%s%.0s was given, an object with method and params was expected",
            "podano: %.0s%s, oczekiwano obiektu z method i params", VARIANT_KIND(one->kind));
    KT_TRY(params_check(r->arena, call_members, one));
    const variant *params = params_find(one, "params");
    if (params) {
        variant *ready = ARENA_NEW(tx->arena, variant);
        if (!ready)
            return error_no_memory();
        kt_error *all = NULL;
        KT_TRY(substitute(r, tx->arena, params, &(place){0}, ready, &all));
        if (all)
            return all;
        params = ready;
    }
    return target_call(c, tx, variant_get_str(one, "method"), params, answer);
}

static kt_error *run_one(refs *r, kt_tx *tx, const variant *one, buffer *made)
{
    json result = json_to(made);
    KT_TRY(call_one(r, tx, one, &result));
    if (tx->doomed)
        return tx->doomed;
    if (made->full)
        return error_no_memory();
    if (r->wanted[r->count])
        r->results[r->count] = arena_str(r->arena, buffer_str(made));
    return r->wanted[r->count] && !r->results[r->count].ptr ? error_no_memory() : NULL;
}

/* What a reading left: the past that it looked at. */
static kt_error *come_back(kt_tx *tx, const kt_tx *now, const model_savepoint *save)
{
    if (store_mark_set(tx->view).mark != save->mark.mark)
        KT_TRY(model_savepoint_back(tx, save));
    if (tx->catalogue != now->catalogue) { /* they may know the definitions of then */
        tx->kept = NULL;
        tx->lately = NULL;
    }
    tx->catalogue = now->catalogue;
    tx->actor = now->actor;
    return NULL;
}

/* Writes {"result": ..} or {"error": ..} of a call; an error of an atomic batch is returned instead. */
static kt_error *write_one(refs *r, kt_tx *tx, const variant *one, bool atomic, buffer *made, json *answer)
{
    const kt_tx now = *tx;
    model_savepoint save = {0};
    if (!tx->writes || !atomic)
        KT_TRY(model_savepoint_set(tx, &save));
    kt_error *error = run_one(r, tx, one, made);
    if (error)
        error = model_hint_defined(tx, variant_get_str(one, "method"), error);
    if (error && (atomic || tx->doomed)) {
        kt_str prefix = arena_format(r->arena, "calls[%zu]", r->count);
        return prefix.ptr ? error_under(error, prefix.ptr) : error;
    }
    if (!tx->writes)
        KT_TRY(come_back(tx, &now, &save));
    else if (error)
        KT_TRY(model_savepoint_back(tx, &save));
    json_object(answer);
    if (error) {
        answer_error_member(answer, error, tx->lang, r->of->request_id);
    } else {
        json_key(answer, "result");
        json_raw(answer, buffer_str(made));
    }
    json_object_end(answer);
    return NULL;
}

static kt_error *run_member(refs *r, kt_tx *tx, const variant *one, bool atomic, json *answer)
{
    model_scope scope;
    buffer made;
    KT_TRY(scope_open(tx, &scope));
    buffer_open(&made, CALL_ANSWER_MAX);
    kt_error *error = write_one(r, tx, one, atomic, &made, answer);
    buffer_close(&made);
    return scope_close(tx, &scope, error);
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
        .wanted = ARENA_ARRAY(m->arena, bool, count),
        .results = ARENA_ARRAY(m->arena, kt_str, count),
        .decoded = ARENA_ARRAY(m->arena, const variant *, count)};
    if (!r.wanted || !r.results || !r.decoded)
        return error_no_memory();
    for (size_t i = 0; i < count; i++)
        note_wanted(&r, &calls->as.array.items[i], i);
    bool atomic = variant_get_bool(m->params, "atomic");
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
