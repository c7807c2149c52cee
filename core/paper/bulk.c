/* bulk.c -- documents for many records: a job that makes one after another. A record whose document cannot be
 * made is a problem of the job and keeps nobody else waiting. */
#include "kit/str.h"
#include "paper/make.h"
#include "paper/methods.h"

static kt_error *bulk_open(job_run *run)
{
    run->context = arena_alloc(run->lasting, sizeof(making));
    return run->context ? NULL : error_no_memory();
}

static const variant *id_at(const job_run *run, int64_t at)
{
    const variant *ids = variant_get(run->params, "ids");
    return ids && ids->kind == VARIANT_ARRAY && at >= 0 && (size_t)at < ids->as.array.count
               ? &ids->as.array.items[at]
               : NULL;
}

/* A rule's document is made with the rule's rights, which are less than those of its owner. */
static kt_error *make_text_held(papers *p, job_run *run, making *m)
{
    kt_tx *tx = run->tx;
    const kt_str rights = variant_get_str(run->params, "rights");
    const model_guard *guard = tx->guard;
    const void *actor = tx->actor;
    const access_actor *held = NULL;
    if (!rights.ptr)
        return make_text(p, tx, m);
    KT_TRY(access_stand_in(run->rooms->errands->access, tx, tx->user, tx->company, rights, &held));
    tx->guard = &access_guard;
    tx->actor = held;
    kt_error *error = make_text(p, tx, m);
    tx->guard = guard;
    tx->actor = actor;
    access_actor_release(held);
    return error;
}

static kt_error *bulk_prepare(job_run *run)
{
    papers *p = run->rooms->papers;
    making *m = run->context;
    const int64_t at = (int64_t)paper_id(run->position, "at");
    const variant *id = id_at(run, at);
    *m = (making){.template = {paper_id(run->params, "template")},
        .id = id && id->kind == VARIANT_INT ? (uint64_t)id->as.integer : 0};
    run->next = arena_format(run->arena, "{\"at\":%lld}", (long long)at + 1);
    run->done = (uint64_t)at + 1;
    run->finished = !id_at(run, at + 1);
    kt_error *wrong = make_text_held(p, run, m);
    if (!wrong)
        wrong = make_file(p, run->arena, m);
    if (wrong)
        m->id = 0;
    run->problems = wrong ? error_at_row(wrong, (long)at + 1) : NULL;
    return run->next.ptr ? NULL : error_no_memory();
}

static kt_error *bulk_apply(job_run *run)
{
    making *m = run->context;
    if (!m->id)
        return NULL;
    KT_TRY(make_keep(run->tx, m));
    run->result = arena_format(run->arena, "{\"document\":%llu,\"file\":%llu}",
        (unsigned long long)m->document, (unsigned long long)m->attachment);
    return run->result.ptr ? NULL : error_no_memory();
}

const job_kind paper_jobs[] = {
    {.name = "document.make",
        .label = {"Making documents", "Tworzenie dokumentów"},
        .origin = MODEL_JOB,
        .open = bulk_open,
        .prepare = bulk_prepare,
        .apply = bulk_apply},
    {0},
};

/* ---- document.make_all ---- */

enum { RECORDS_MAX = 2000 };

kt_error *paper_make_all(method_call *call)
{
    kt_tx *tx = call->tx;
    uint64_t job = 0;
    struct template_row row = {KT_OF(template_row)};
    const variant *ids = variant_get(call->params, "ids");
    kt_error *all = NULL;
    KT_TRY(kt_read(tx, (kt_id){paper_id(call->params, "template")}, &row.rec));
    if (!ids || !ids->as.array.count || ids->as.array.count > RECORDS_MAX)
        return kt_fail(
            tx, KT_VALIDATION, "ids", "1 to %d ids were expected", "oczekiwano od 1 do %d id", RECORDS_MAX);
    for (size_t i = 0; i < ids->as.array.count; i++)
        if (ids->as.array.items[i].kind != VARIANT_INT)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, kt_format(tx, "ids[%zu]", i).ptr, "an id was expected",
                              "oczekiwano id"));
    if (all)
        return all;
    buffer text;
    buffer_open(&text, MODEL_JSON_MAX);
    json j = json_to(&text);
    json_variant(&j, call->params);
    kt_error *error = text.full ? error_no_memory() : NULL;
    if (!error)
        error = job_start(tx,
            &(job_order){.kind = "document.make",
                .title = row.title.len ? row.title : row.name,
                .params = buffer_str(&text),
                .total = ids->as.array.count},
            &job);
    buffer_close(&text);
    return error ? error : job_write(tx, job, call->answer);
}
