/* discard.c -- contents that nothing names any more are given up for good: at once those of a person who was erased,
 * the others by files.sweep when they were named last so many days ago, until when a deletion is undone whole.
 *
 * Records are looked up behind a look at the file, each time: what is brought anew in between is left (content.h). When
 * a record that named a content went, the journal tells; the file itself tells when it was brought last. */
#include "exchange/discard.h"

#include "exchange/exchange.h"
#include "exchange/params.h"
#include "journal/journal.h"
#include "kit/decode.h"
#include "kit/str.h"
#include "query/internal.h"
#include "store/content.h"

enum { DAYS_DEFAULT = 30, DAYS_MAX = 36500, DAY_MS = 86400000, CHUNK_CONTENTS = 1000 };

/* ---- Who names a content ---- */

struct naming {
    kt_record rec;
    kt_str sha256;
};
static const kt_shape attachment = KT_SHAPE(
    naming, "base.attachment", KT_BIND(naming, sha256, STRING, "sha256"));
static const kt_shape document = KT_SHAPE(
    naming, "document.document", KT_BIND(naming, sha256, STRING, "sha256"));

static kt_error *find_naming(kt_tx *tx, const kt_shape *shape, kt_str sha256, bool *named)
{
    struct naming row = {.rec.of = shape};
    kt_cursor *cursor = NULL;
    const kt_query query = {
        .of = shape, .where = (kt_where[]){KT_WHERE(naming, sha256, KT_EQ, sha256), {0}}, .limit = 1};
    KT_TRY(kt_open(tx, &query, &cursor));
    *named = kt_next(cursor, &row.rec);
    return kt_close(cursor);
}

static kt_error *named_by(kt_tx *tx, const kt_shape *shape, kt_str sha256, bool *named)
{
    const model_guard *guard = tx->guard;
    tx->guard = NULL;
    kt_error *error = find_naming(tx, shape, sha256, named);
    tx->guard = guard;
    return error;
}

kt_error *content_documented(kt_tx *tx, kt_str sha256, bool *documented)
{
    return named_by(tx, &document, sha256, documented);
}

/* By an attachment, a document, or an import that goes on. */
static kt_error *find_out(kt_tx *tx, kt_str sha256, bool *named)
{
    const model_entity *attachments;
    KT_TRY(file_entity(tx, &attachments)); /* without it all would seem to be unnamed */
    KT_TRY(named_by(tx, &attachment, sha256, named));
    if (!*named)
        KT_TRY(content_documented(tx, sha256, named));
    return *named ? NULL : job_mentions(tx, "import", sha256, named);
}

/* Runs a part of a job on a snapshot of now, as the system. */
static kt_error *look(job_run *run, errand_body body, void *context)
{
    const errand e = {
        .rooms = run->rooms->errands, .arena = run->arena, .origin = MODEL_JOB, .request_id = KT_STR("job")};
    return errand_read(&e, body, context);
}

/* ---- At once: the job "discard" ---- */

kt_error *discard_start(kt_tx *tx, kt_str title, const kt_str *sha256, size_t count, uint64_t *job)
{
    buffer text;
    buffer_open(&text, MODEL_JSON_MAX);
    json j = json_to(&text);
    json_object(&j);
    json_key(&j, "contents");
    json_array(&j);
    for (size_t i = 0; i < count; i++)
        json_str(&j, sha256[i]);
    json_array_end(&j);
    json_object_end(&j);
    const kt_str params = text.full ? (kt_str){0} : arena_str(tx->arena, buffer_str(&text));
    buffer_close(&text);
    if (!params.ptr)
        return error_no_memory();
    return job_start(
        tx, &(job_order){.kind = "discard", .title = title, .params = params, .total = count}, job);
}

typedef struct {
    kt_str sha256;
    bool named;
} question;

static kt_error *ask(kt_tx *tx, void *context)
{
    question *q = context;
    return find_out(tx, q->sha256, &q->named);
}

/* All in one chunk: a crash begins anew, and finds less. What is in use now is tried again by the job's own rule. */
kt_error *discard_prepare(job_run *run)
{
    const variant *names = variant_get(run->params, "contents");
    for (size_t i = 0; names && i < names->as.array.count; i++) {
        content_item item;
        question q = {.sha256 = names->as.array.items[i].as.string};
        KT_TRY(content_look(run->arena, run->rooms->data_directory, q.sha256, &item));
        KT_TRY(look(run, ask, &q));
        if (q.named)
            continue;
        KT_TRY(content_discard(run->arena, run->rooms->data_directory, &item));
        KT_TRY(content_flush(run->arena, run->rooms->data_directory, q.sha256));
    }
    run->done = run->total;
    run->finished = true;
    return NULL;
}

/* ---- After some days: the job "sweep" ---- */

typedef struct {
    kt_time before;
    query_table *recent; /* contents that records named which have changed, or gone, since */
    bool begun;
    uint64_t seq; /* up to which the journal was read for them */
    unsigned folder;
    uint64_t removed, bytes, busy;
} sweep;

typedef struct {
    sweep *sweep;
    const content_item *items;
    size_t count, unnamed; /* unnamed: once it was looked, the first ones of items */
    bool behind;           /* the journal goes on: nothing was looked at yet */
} looking;

static kt_error *note_recent(sweep *s, const variant *page)
{
    const variant *entries = variant_get(page, "entries");
    for (size_t i = 0; entries && i < entries->as.array.count; i++) {
        const variant *changes = variant_get(&entries->as.array.items[i], "changes");
        for (size_t k = 0; changes && k < changes->as.array.count; k++) {
            size_t unused;
            bool added;
            const kt_str name = variant_get_str(variant_get(&changes->as.array.items[k], "before"), "sha256");
            if (name.len)
                KT_TRY(query_table_add(s->recent, name, &unused, &added));
        }
    }
    return NULL;
}

/* A page of the journal. *behind: there is more of it. */
static kt_error *read_on(kt_tx *tx, sweep *s, bool *behind)
{
    static const decode_limits limits = {.depth_max = 64, .elements_max = 20000000};
    static const char filter_text[] = "{\"entities\":[\"base.attachment\",\"document.document\"],"
                                      "\"kinds\":[\"updated\",\"deleted\"]}";
    const variant *filter, *page;
    buffer text;
    KT_TRY(decode_json(tx->arena, str_of(filter_text), &limits, &filter));
    if (!s->begun)
        KT_TRY(journal_before(tx->view, tx->arena, s->before, &s->seq));
    s->begun = true;
    buffer_open(&text, (size_t)128 << 20);
    json j = json_to(&text);
    json_object(&j);
    kt_error *error = journal_since(tx, s->seq, filter, 1000, &j);
    json_object_end(&j);
    if (!error)
        error = text.full ? error_no_memory() : decode_json(tx->arena, buffer_str(&text), &limits, &page);
    if (!error)
        error = note_recent(s, page);
    if (!error) {
        s->seq = (uint64_t)variant_get(page, "next")->as.integer;
        *behind = s->seq < (uint64_t)variant_get(page, "head")->as.integer;
    }
    buffer_close(&text);
    return error;
}

/* Which of a folder's contents may go. */
static kt_error *find_unnamed(kt_tx *tx, void *context)
{
    looking *l = context;
    const sweep *s = l->sweep;
    content_item *items = ARENA_ARRAY(tx->arena, content_item, l->count + 1);
    if (!items)
        return error_no_memory();
    KT_TRY(read_on(tx, l->sweep, &l->behind));
    for (size_t i = 0; i < l->count && !l->behind; i++) {
        size_t unused;
        bool named = l->items[i].placed_s >= s->before.ms / 1000 ||
                     query_table_find(s->recent, l->items[i].name, &unused);
        if (!named)
            KT_TRY(find_out(tx, l->items[i].name, &named));
        if (!named)
            items[l->unnamed++] = l->items[i];
    }
    l->items = items;
    return NULL;
}

static kt_error *give_up(job_run *run, sweep *s, const looking *l)
{
    for (size_t i = 0; i < l->unnamed; i++) {
        kt_error *error = content_discard(run->arena, run->rooms->data_directory, &l->items[i]);
        if (error && error->first->kind != KT_UNAVAILABLE)
            return error;
        s->busy += error != NULL;
        s->removed += !error;
        s->bytes += error ? 0 : l->items[i].size;
    }
    return l->unnamed ? content_flush(run->arena, run->rooms->data_directory, l->items[0].name) : NULL;
}

static kt_error *begin_sweep(job_run *run)
{
    sweep *s = run->context = ARENA_NEW(run->lasting, sweep);
    if (!s)
        return error_no_memory();
    *s = (sweep){.before.ms = (int64_t)variant_get_uint(run->params, "before"),
        .removed = variant_get_uint(run->position, "removed"),
        .bytes = variant_get_uint(run->position, "bytes")};
    return query_table_open(run->lasting, &s->recent);
}

/* The next folder, unless the journal must be read on first. *looked: at how many contents */
static kt_error *sweep_folder(job_run *run, sweep *s, size_t *looked)
{
    looking l = {.sweep = s};
    KT_TRY(content_list(run->arena, run->rooms->data_directory, s->folder, &l.items, &l.count));
    KT_TRY(look(run, find_unnamed, &l));
    KT_TRY(give_up(run, s, &l));
    s->folder += !l.behind;
    *looked = l.behind ? CHUNK_CONTENTS : l.count;
    return NULL;
}

kt_error *sweep_prepare(job_run *run)
{
    if (!run->context)
        KT_TRY(begin_sweep(run));
    sweep *s = run->context;
    for (size_t seen = 0, looked; seen < CHUNK_CONTENTS && s->folder < CONTENT_FOLDERS; seen += looked)
        KT_TRY(sweep_folder(run, s, &looked));
    run->done = s->folder;
    run->total = CONTENT_FOLDERS;
    run->finished = s->folder == CONTENT_FOLDERS;
    if (run->finished)
        KT_TRY(content_tidy(run->arena, run->rooms->data_directory, s->before.ms / 1000));
    run->next = run->result = arena_format(run->arena, "{\"removed\":%llu,\"bytes\":%llu,\"busy\":%llu}",
        (unsigned long long)s->removed, (unsigned long long)s->bytes, (unsigned long long)s->busy);
    return run->next.ptr ? NULL : error_no_memory();
}

static kt_error *run_sweep(method_call *call)
{
    kt_tx *tx = call->tx;
    const variant *given = variant_get(call->params, "days");
    const int64_t days = given && given->kind == VARIANT_INT ? given->as.integer : DAYS_DEFAULT;
    const model_entity *attachments;
    uint64_t id;
    if (days < 1 || days > DAYS_MAX)
        return kt_fail(tx, KT_VALIDATION, "days", "is 1 to %d", "wynosi od 1 do %d", (int)DAYS_MAX);
    KT_TRY(file_entity(tx, &attachments));
    const kt_str params = arena_format(
        tx->arena, "{\"before\":%lld}", (long long)(tx->now.ms - days * DAY_MS));
    if (!params.ptr)
        return error_no_memory();
    KT_TRY(job_start(tx,
        &(job_order){.kind = "sweep",
            .title = tx->lang[0] == 'p' ? KT_STR("porządkowanie plików") : KT_STR("sweep of files"),
            .params = params,
            .total = CONTENT_FOLDERS},
        &id));
    return job_write(tx, id, call->answer);
}

static const method_param sweep_params[] = {
    EXCHANGE_OPTIONAL("days", VARIANT_INT, "since when nothing names them; 30 by default",
        "od ilu dni nic ich nie wskazuje; domyślnie 30"),
    {0},
};
const method file_methods[] = {
    {"files.sweep", "files:sweep", METHOD_WRITE,
        {"A job that removes for good what deleted attachments held: files that nothing names since some "
         "days.",
            "Zadanie, które usuwa na zawsze zawartość skasowanych załączników: pliki, których od pewnego "
            "czasu nic "
            "nie wskazuje."},
        sweep_params, run_sweep},
    {0},
};
