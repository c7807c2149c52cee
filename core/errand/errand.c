/* errand.c -- see errand.h. */
#include "errand/errand.h"

#include "journal/journal.h"
#include "kit/clock.h"
#include "kit/str.h"

typedef struct {
    kt_tx tx; /* first: errand_act_for finds the stay by it */
    const errand *errand;
    const model_catalogue *catalogue;
    const access_actor *actor;
    zone *zone; /* of the system itself */
} stay;

static void stay_end(stay *s)
{
    const errand_rooms *rooms = s->errand->rooms;
    if (s->catalogue && rooms->unwatch)
        rooms->unwatch(&s->tx);
    if (s->actor)
        access_actor_release(s->actor);
    zone_close(s->zone);
    if (s->catalogue)
        model_catalogue_release(s->catalogue);
    s->zone = NULL;
    s->actor = NULL;
    s->catalogue = NULL;
}

/* ---- Methods of modules ---- */

typedef struct {
    kt_str name;
    const kt_method *found;
} method_search;

static void match_method(void *context, const kt_module *module, const kt_method *method)
{
    method_search *search = context;
    size_t n = strlen(module->name);
    if (search->name.len > n + 1 && memcmp(search->name.ptr, module->name, n) == 0 &&
        search->name.ptr[n] == '.' &&
        str_is((kt_str){search->name.ptr + n + 1, search->name.len - n - 1}, method->name))
        search->found = method;
}

kt_error *errand_call(kt_tx *tx, void *caller, kt_str method, const variant *params, json *answer)
{
    method_search search = {.name = method};
    (void)caller;
    plugins_methods(tx->catalogue, match_method, &search);
    if (!search.found)
        return kt_fail(tx, KT_VALIDATION, NULL, "there is no method \"%.*s\" of a module",
            "nie ma metody „%.*s” modułu", STR_ARG(method));
    if (search.found->writes && !tx->writes)
        return kt_fail(tx, KT_VALIDATION, NULL, "%.*s writes, and nothing can be written here",
            "%.*s zapisuje, a tu nie można zapisywać", STR_ARG(method));
    if (tx->guard)
        KT_TRY(access_may_call(tx, search.found->right));
    json_object(answer);
    KT_TRY(model_call(tx, search.found, params, answer));
    json_object_end(answer);
    return NULL;
}

static kt_error *stay_begin(stay *s, store_view *view, bool writes)
{
    const errand *e = s->errand;
    stay_end(s); /* the body of a write may run again */
    s->tx = (kt_tx){0};
    KT_TRY(plugins_hold_view(e->rooms->plugins, e->arena, view, &s->catalogue));
    s->tx = (kt_tx){.arena = e->arena,
        .view = view,
        .catalogue = s->catalogue,
        .lang = "en",
        .now = clock_now(),
        .origin = e->origin,
        .request_id = e->request_id,
        .unit = e->unit,
        .master_key = e->rooms->master_key,
        .writes = writes,
        .call = errand_call};
    model_remember(&s->tx);
    if (e->who)
        KT_TRY(errand_act_for(&s->tx, e->who));
    else
        KT_TRY(model_company_zone(&s->tx, 0, &s->zone));
    s->tx.zone = e->who ? s->tx.zone : s->zone;
    if (writes)
        KT_TRY(journal_begin(&s->tx));
    return writes && e->rooms->watch ? e->rooms->watch(e->rooms->context, &s->tx) : NULL;
}

kt_error *errand_act_for(kt_tx *tx, const access_identity *who)
{
    stay *s = (stay *)tx;
    KT_TRY(access_act_for(s->errand->rooms->access, tx, who, &s->actor));
    access_begin(tx, s->actor);
    return NULL;
}

static kt_error *on_snapshot(const errand *e, bool rehearsal, errand_body body, void *context)
{
    stay s = {.errand = e};
    store_view *view = NULL;
    KT_TRY(store_read(e->rooms->store, e->arena, &view));
    kt_error *error = rehearsal ? store_make_writable(view) : NULL;
    if (!error)
        error = stay_begin(&s, view, rehearsal);
    s.tx.rehearsal = rehearsal;
    if (!error)
        error = body(&s.tx, context);
    if (!error)
        error = s.tx.doomed;
    store_end(view);
    stay_end(&s);
    return error;
}

kt_error *errand_read(const errand *e, errand_body body, void *context)
{
    return on_snapshot(e, false, body, context);
}

kt_error *errand_rehearse(const errand *e, errand_body body, void *context)
{
    return on_snapshot(e, true, body, context);
}

typedef struct {
    store_job job;
    stay stay;
    errand_body body;
    void *context;
    uint64_t seq;
} writing;

static kt_error *write_body(store_job *job, store_view *view)
{
    writing *w = (writing *)job;
    kt_tx *tx = &w->stay.tx;
    w->seq = 0;
    KT_TRY(stay_begin(&w->stay, view, true));
    KT_TRY(w->body(tx, w->context));
    if (tx->doomed)
        return tx->doomed;
    KT_TRY(model_commit_checks(tx));
    if (tx->doomed)
        return tx->doomed;
    return journal_append(tx, &w->seq);
}

static kt_error *result_error(const store_job *job, store_result result)
{
    if (result == STORE_DONE)
        return NULL;
    if (result == STORE_UNKNOWN)
        return error_make(job->arena, KT_STORAGE, NULL, "it is not known whether the change was saved",
            "nie wiadomo, czy zmiana została zapisana");
    return job->error ? job->error : error_no_memory();
}

kt_error *errand_write(const errand *e, errand_body body, void *context)
{
    const errand_rooms *rooms = e->rooms;
    writing w = {
        .job = {.body = write_body, .arena = e->arena}, .stay.errand = e, .body = body, .context = context};
    store_result result = store_run(rooms->store, &w.job);
    kt_error *error = result_error(&w.job, result);
    if (!error && rooms->watched)
        rooms->watched(rooms->context, &w.stay.tx);
    if (!error && w.stay.tx.changes)
        rooms->committed(rooms->context, w.seq, w.stay.tx.changes);
    stay_end(&w.stay);
    return error;
}
