/* bulk.c -- documents for many records: a job that makes as many at a time as there are renderers. A record whose
 * document cannot be made is a problem of the job and keeps nobody else waiting. */
#include <pthread.h>

#include "kit/str.h"
#include "paper/make.h"
#include "paper/methods.h"

enum { BATCH_MAX = 16, FILE_MEMORY = 128 << 20 };

typedef struct {
    papers *papers;
    making making;
    arena *arena; /* of its file alone */
    kt_error *wrong;
    pthread_t thread;
    bool runs;
} bulk_item;
typedef struct {
    bulk_item items[BATCH_MAX];
    size_t count;
} batch;

static kt_error *bulk_open(job_run *run)
{
    run->context = ARENA_NEW(run->lasting, batch);
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

static void *make_its_file(void *context)
{
    bulk_item *item = context;
    item->wrong = make_file(item->papers, item->arena, &item->making);
    return NULL;
}

/* Files are made side by side, each with memory of its own; a thread that does not start does not matter. */
static void make_files(batch *all)
{
    for (size_t i = 0; i < all->count; i++) {
        bulk_item *item = &all->items[i];
        if (item->wrong)
            continue;
        item->arena = arena_open(FILE_MEMORY);
        if (!item->arena)
            item->wrong = error_no_memory();
        else if (i + 1 < all->count)
            item->runs = pthread_create(&item->thread, NULL, make_its_file, item) == 0;
        if (item->arena && !item->runs)
            make_its_file(item);
    }
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].runs)
            pthread_join(all->items[i].thread, NULL);
}

/* What is to outlive the file's own memory. A warning is a problem of a document that was made. */
static void tell(job_run *run, bulk_item *item, long row)
{
    kt_error *wrong = item->wrong;
    if (wrong && wrong != error_no_memory())
        wrong = error_make(run->arena, wrong->first->kind, wrong->first->path, "%s%.0s", "%.0s%s",
            wrong->first->text.en, wrong->first->text.pl);
    else if (!wrong && item->making.warnings.len)
        wrong = error_make(run->arena, KT_VALIDATION, NULL, "it was made, but: %.*s", "powstał, ale: %.*s",
            STR_ARG(item->making.warnings));
    if (item->wrong)
        item->making.id = 0;
    if (wrong)
        kt_also(&run->problems, error_at_row(wrong, row));
    arena_close(item->arena);
    item->arena = NULL;
}

static bool is_among(const batch *all, const variant *id)
{
    for (size_t i = 0; i < all->count; i++)
        if (id->kind == VARIANT_INT && all->items[i].making.id == (uint64_t)id->as.integer)
            return true;
    return false;
}

/* Behind a document that failed the numbers would be others than those that were written: these are made again. */
static void leave_no_gap(batch *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].wrong && all->items[i].making.numbers.len) {
            for (size_t k = i + 1; k < all->count; k++)
                arena_close(all->items[k].arena);
            all->count = i + 1;
        }
}

static kt_error *bulk_prepare(job_run *run)
{
    papers *p = run->rooms->papers;
    batch *all = run->context;
    const int64_t at = (int64_t)variant_get_uint(run->position, "at");
    const unsigned most = render_count(p->render);
    uint64_t numbered = 0;
    all->count = 0;
    for (const variant *id;
         all->count < most && all->count < BATCH_MAX && (id = id_at(run, at + (int64_t)all->count));) {
        if (is_among(all, id)) /* its next edition follows this one */
            break;
        bulk_item *item = &all->items[all->count++];
        *item = (bulk_item){.papers = p,
            .making = {.template = {variant_get_uint(run->params, "template")},
                .id = id->kind == VARIANT_INT ? (uint64_t)id->as.integer : 0}};
        item->making.ahead = numbered;
        item->wrong = make_text_held(p, run, &item->making);
        numbered += !item->wrong && item->making.numbers.len && item->making.edition == 1;
    }
    make_files(all);
    leave_no_gap(all);
    for (size_t i = 0; i < all->count; i++)
        tell(run, &all->items[i], (long)(at + (int64_t)i) + 1);
    run->done = (uint64_t)at + all->count;
    run->next = arena_format(run->arena, "{\"at\":%lld}", (long long)run->done);
    run->finished = !id_at(run, (int64_t)run->done);
    return run->next.ptr ? NULL : error_no_memory();
}

static kt_error *bulk_apply(job_run *run)
{
    batch *all = run->context;
    for (size_t i = 0; i < all->count; i++) {
        making *m = &all->items[i].making;
        if (!m->id)
            continue;
        KT_TRY(make_keep(run->tx, m));
        run->result = arena_format(run->arena, "{\"document\":%llu,\"file\":%llu}",
            (unsigned long long)m->document, (unsigned long long)m->attachment);
        if (!run->result.ptr)
            return error_no_memory();
    }
    return NULL;
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
    KT_TRY(kt_read(tx, (kt_id){variant_get_uint(call->params, "template")}, &row.rec));
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
