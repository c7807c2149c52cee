/* record.c -- jobs as records: rights, queries and the journal hold for them. Everything that decides what a
 * job does, and for whom, is computed: nobody makes or changes one but job_start and the runner. */
#include "job/record.h"

#include <kontor/list.h>

#include "kit/decode.h"

static const kt_choice job_states[] = {
    {JOB_QUEUED, "queued", {"Queued", "W kolejce"}, "open"},
    {JOB_RUNNING, "running", {"Running", "W toku"}, "open"},
    {JOB_DONE, "done", {"Done", "Zakończone"}, "won"},
    {JOB_FAILED, "failed", {"Failed", "Nieudane"}, "lost"},
    {JOB_CANCELLED, "cancelled", {"Cancelled", "Anulowane"}, "lost"},
    {0},
};

const kt_shape job_shape = KT_SHAPE(job, "job.job",
    KT_FIELD(
        job, title, STRING, "Title", "Tytuł", .max = 200, .personal = true, .computed = true, .priority = 1),
    KT_FIELD(job, kind, STRING, "Kind", "Rodzaj", .required = true, .max = 60, .computed = true,
        .indexed = true, .priority = 4),
    KT_FIELD(job, state, STATE, "State", "Stan", .choices = job_states, .initial = "queued", .computed = true,
        .priority = 2),
    KT_FIELD(job, done, INT, "Done", "Wykonano", .computed = true, .priority = 3),
    KT_FIELD(job, total, INT, "Of", "Z", .computed = true,
        .help = {"0: not known beforehand.", "0: nie wiadomo z góry."}),
    KT_FIELD(job, problems, INT, "Problems", "Problemy", .computed = true,
        .help = {"How many there are; job.problems lists them.", "Ile ich jest; job.problems je wymienia."}),
    KT_FIELD(job, message, TEXT, "Message", "Komunikat", .personal = true, .computed = true,
        .help = {"Why it failed.", "Dlaczego się nie powiodło."}),
    KT_FIELD(job, result, JSON, "Result", "Wynik", .personal = true, .computed = true),
    KT_FIELD(job, unit, STRING, "Unit", "Jednostka", .max = 200, .computed = true, .indexed = true,
        .help = {"What its changes can be undone by.", "Po niej można cofnąć jego zmiany."}),
    KT_FIELD(job, owner, REF, "Started by", "Uruchomił", .target = "access.user", .computed = true,
        .on_delete = KT_CLEAR, .priority = 5),
    KT_FIELD(job, key, INT, "API key", "Klucz API", .computed = true,
        .help = {"The id of the key whose scopes hold it.", "Id klucza, którego zakres je ogranicza."}),
    KT_FIELD(job, params, JSON, "Parameters", "Parametry", .personal = true, .computed = true),
    KT_FIELD(job, position, JSON, "Position", "Pozycja", .personal = true, .computed = true,
        .help = {"Where it goes on.", "Miejsce, od którego idzie dalej."}),
    KT_FIELD(job, lang, STRING, "Language", "Język", .max = 2, .computed = true,
        .help = {"That of the call: its problems are told in it.",
            "Język wywołania: w nim podane są problemy."}),
    KT_FIELD(job, started_at, TIME, "Started", "Rozpoczęto", .computed = true),
    KT_FIELD(job, finished_at, TIME, "Finished", "Zakończono", .computed = true));

static const kt_action job_actions[] = {
    {"cancel", {"Cancel", "Anuluj"}, "update", KT_IN(JOB_QUEUED) | KT_IN(JOB_RUNNING), JOB_CANCELLED},
    {"retry", {"Go on", "Wznów"}, "update", KT_IN(JOB_FAILED) | KT_IN(JOB_CANCELLED), JOB_QUEUED},
    {0},
};

/* ---- Problems: pages of a JSON array's members in STORE_META, "Bp" job page ---- */

#define PAGE_BYTES 60000

typedef struct {
    char bytes[2 + 8 + 8];
} page_key;

static kt_str problems_key(page_key *key, uint64_t job, uint64_t page)
{
    key->bytes[0] = 'B';
    key->bytes[1] = 'p';
    for (int i = 0; i < 8; i++) {
        key->bytes[2 + i] = (char)(job >> (56 - 8 * i));
        key->bytes[10 + i] = (char)(page >> (56 - 8 * i));
    }
    return (kt_str){key->bytes, sizeof key->bytes};
}

/* Problems are few against a page: the pages of one job are scanned, never counted. */
static kt_error *last_page(kt_tx *tx, uint64_t job, uint64_t *page, kt_str *text)
{
    page_key from, to;
    store_cursor *cursor = NULL;
    kt_str key, value;
    *page = 0;
    *text = (kt_str){0};
    KT_TRY(store_scan(tx->view, STORE_META, problems_key(&from, job, 0), problems_key(&to, job, UINT64_MAX),
        true, &cursor));
    if (store_next(cursor, &key, &value)) {
        for (size_t i = key.len - 8; i < key.len; i++)
            *page = *page << 8 | (unsigned char)key.ptr[i];
        *text = arena_str(tx->arena, value);
    }
    return store_scan_end(cursor);
}

static kt_error *put_page(kt_tx *tx, uint64_t job, uint64_t page, buffer *text)
{
    page_key key;
    if (text->full)
        return error_no_memory();
    return text->len ? store_put(tx->view, STORE_META, problems_key(&key, job, page), buffer_str(text))
                     : NULL;
}

kt_error *job_keep_problems(kt_tx *tx, struct job *job, const kt_error *problems)
{
    uint64_t page;
    kt_str old;
    buffer text, one;
    KT_TRY(last_page(tx, job->rec.id.v, &page, &old));
    buffer_open(&text, 2 * PAGE_BYTES);
    buffer_open(&one, PAGE_BYTES);
    buffer_add_str(&text, old);
    kt_error *error = NULL;
    for (const problem *p = problems ? problems->first : NULL; p && !error; p = p->next) {
        json j = json_to(&one);
        buffer_clear(&one);
        json_problem(&j, p, tx->lang);
        if (text.len && text.len + one.len + 1 > PAGE_BYTES) {
            error = put_page(tx, job->rec.id.v, page++, &text);
            buffer_clear(&text);
        }
        if (text.len)
            buffer_add_char(&text, ',');
        buffer_add_str(&text, buffer_str(&one));
        job->problems++;
    }
    if (!error)
        error = put_page(tx, job->rec.id.v, page, &text);
    buffer_close(&text);
    buffer_close(&one);
    return error;
}

static kt_error *forget_problems(kt_tx *tx, uint64_t job)
{
    page_key from, to;
    store_cursor *cursor = NULL;
    kt_str key, value;
    kt_error *error = NULL;
    KT_TRY(store_scan(tx->view, STORE_META, problems_key(&from, job, 0), problems_key(&to, job, UINT64_MAX),
        false, &cursor));
    while (!error && store_next(cursor, &key, &value))
        error = store_delete(tx->view, STORE_META, arena_str(tx->arena, key));
    kt_error *end = store_scan_end(cursor);
    return error ? error : end;
}

static kt_error *job_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    return before && !after ? forget_problems(tx, before->id.v) : NULL;
}

const kt_module job_module = KT_MODULE("job", "1.0.0", "Jobs", "Zadania w tle",
    .handlers = KT_LIST(kt_handler, {"module.disabled", NULL, works_left}),
    .entities = KT_LIST(kt_entity,
        {&job_shape, {"Job", "Zadanie w tle"}, {"Jobs", "Zadania w tle"}, .title = "title",
            .actions = job_actions, .indexes = "state, owner", .check = job_check, .icon = "clock"}));

/* ---- Reading and writing as the system ---- */

kt_error *job_read(kt_tx *tx, uint64_t id, struct job *job)
{
    const model_guard *guard = tx->guard;
    *job = (struct job){KT_OF(job)};
    tx->guard = NULL;
    kt_error *error = kt_read(tx, (kt_id){id}, &job->rec);
    tx->guard = guard;
    return error;
}

kt_error *job_save(kt_tx *tx, struct job *job)
{
    const model_guard *guard = tx->guard;
    tx->guard = NULL;
    kt_error *error = kt_update(tx, &job->rec);
    tx->guard = guard;
    return error;
}

kt_error *job_fail(kt_tx *tx, struct job *job, const kt_error *why)
{
    const problem *first = why->first;
    bool polish = tx->lang[0] == 'p';
    KT_TRY(job_keep_problems(tx, job, why));
    job->state = JOB_FAILED;
    job->finished_at = tx->now;
    job->message = arena_str(tx->arena, str_of(polish && first->text.pl ? first->text.pl : first->text.en));
    return job_save(tx, job);
}

kt_error *job_start(kt_tx *tx, const job_order *order, uint64_t *id)
{
    access_identity who = order->who ? *order->who : access_identity_of(tx);
    struct job job = {KT_OF(job), .kind = str_of(order->kind), .title = order->title, .params = order->params,
        .unit = order->unit, .state = JOB_QUEUED, .total = (int64_t)order->total, .owner.v = who.user,
        .key = (int64_t)who.key, .lang = order->who ? (kt_str){0} : str_of(tx->lang)};
    const model_guard *guard = tx->guard;
    tx->guard = NULL;
    kt_error *error = kt_create(tx, &job.rec);
    if (!error && !job.unit.len) {
        job.unit = kt_format(tx, "job:%llu", (unsigned long long)job.rec.id.v);
        error = job.unit.ptr ? kt_update(tx, &job.rec) : error_no_memory();
    }
    tx->guard = guard;
    *id = job.rec.id.v;
    return error;
}

/* ---- Methods: whoever started a job sees it and may end it, without any grant ---- */

static kt_error *read_own(kt_tx *tx, uint64_t id, struct job *job)
{
    kt_error *error = job_read(tx, id, job);
    if (error)
        return error;
    if (!tx->guard || job->owner.v == tx->user)
        return NULL;
    *job = (struct job){KT_OF(job)};
    return kt_read(tx, (kt_id){id}, &job->rec); /* under the caller's rights */
}

static void write_raw(json *answer, const char *name, kt_str text)
{
    json_key(answer, name);
    json_raw(answer, text.len ? text : KT_STR("null"));
}

static void write_time(json *answer, const char *name, kt_time time)
{
    json_key(answer, name);
    json_time(answer, time);
}

static void write_job(const struct job *job, json *answer)
{
    json_object(answer);
    json_member_int(answer, "id", (int64_t)job->rec.id.v);
    json_member_str(answer, "kind", job->kind);
    json_member_str(answer, "title", job->title);
    json_member_text(answer, "state", job_states[job->state - 1].name);
    json_member_int(answer, "done", job->done);
    json_member_int(answer, "total", job->total);
    json_member_int(answer, "problems", job->problems);
    json_member_str(answer, "message", job->message);
    write_raw(answer, "result", job->result);
    json_member_str(answer, "unit", job->unit);
    json_member_int(answer, "owner", (int64_t)job->owner.v);
    write_time(answer, "created_at", job->rec.created_at);
    write_time(answer, "started_at", job->started_at);
    write_time(answer, "finished_at", job->finished_at);
    json_object_end(answer);
}

kt_error *job_write(kt_tx *tx, uint64_t id, json *answer)
{
    struct job job;
    KT_TRY(read_own(tx, id, &job));
    write_job(&job, answer);
    return NULL;
}

kt_error *job_look(kt_tx *tx, uint64_t id, job_view *view)
{
    struct job job;
    KT_TRY(read_own(tx, id, &job));
    *view = (job_view){.kind = job.kind,
        .title = job.title,
        .unit = job.unit,
        .state = str_of(job_states[job.state - 1].name),
        .message = job.message,
        .result = job.result,
        .done = (uint64_t)job.done};
    return NULL;
}

kt_error *job_params(arena *arena, kt_str text, const variant **value)
{
    static const decode_limits limits = {.depth_max = 64, .elements_max = 100000};
    *value = NULL;
    return text.len ? decode_json(arena, text, &limits, value) : NULL;
}

kt_error *jobs_not_ended(kt_tx *tx, const char *kind, struct job **jobs, size_t *count)
{
    size_t room = 0;
    *jobs = NULL;
    *count = 0;
    for (unsigned state = JOB_QUEUED; state <= JOB_RUNNING; state++) {
        struct job job = {KT_OF(job)};
        bool enough = true;
        kt_cursor *cursor = NULL;
        const kt_query query = {
            .of = &job_shape, .where = (kt_where[]){{offsetof(struct job, state), KT_EQ, &state}, {0}}};
        KT_TRY(kt_open(tx, &query, &cursor));
        while (enough && kt_next(cursor, &job.rec)) {
            if (!str_is(job.kind, kind))
                continue;
            *jobs = kt_grow(tx, *jobs, *count, &room, sizeof job);
            if ((enough = *jobs != NULL))
                (*jobs)[(*count)++] = job;
        }
        KT_TRY(kt_close(cursor));
        if (!enough)
            return error_no_memory();
    }
    return NULL;
}

kt_error *job_mentions(kt_tx *tx, const char *kind, kt_str text, bool *found)
{
    struct job *jobs;
    size_t count;
    *found = false;
    KT_TRY(jobs_not_ended(tx, kind, &jobs, &count));
    for (size_t i = 0; i < count && !*found; i++)
        *found = memmem(jobs[i].params.ptr, jobs[i].params.len, text.ptr, text.len);
    return NULL;
}

kt_error *job_erase_beside(kt_tx *tx, uint64_t id)
{
    struct job job;
    kt_error *error = job_read(tx, id, &job);
    if (error && error->first->kind == KT_NOT_FOUND)
        return NULL; /* it was deleted, and they with it */
    if (error)
        return error;
    if (job.state == JOB_QUEUED || job.state == JOB_RUNNING)
        return kt_hint(kt_fail(tx, KT_BAD_STATE, "id", "the job has not ended, and needs its parameters",
                           "zadanie się nie zakończyło i potrzebuje swoich parametrów"),
            "Cancel it first, or wait until it is done.",
            "Najpierw je anuluj albo poczekaj, aż się zakończy.");
    return forget_problems(tx, id);
}

static kt_error *get_run(method_call *call)
{
    return job_write(call->tx, variant_get_uint(call->params, "id"), call->answer);
}

static kt_error *list_run(method_call *call)
{
    kt_tx *tx = call->tx;
    kt_cursor *cursor = NULL;
    struct job job = {KT_OF(job)};
    uint64_t limit = variant_get_uint(call->params, "limit");
    kt_query query = {.of = &job_shape,
        .where = (kt_where[]){KT_WHERE(job, owner, KT_EQ, {tx->user}), {0}},
        .sort = "-id",
        .limit = limit && limit < 500 ? (uint32_t)limit
                 : limit              ? 500
                                      : 50};
    const model_guard *guard = tx->guard;
    tx->guard = NULL;
    kt_error *error = kt_open(tx, &query, &cursor);
    json_object(call->answer);
    json_key(call->answer, "rows");
    json_array(call->answer);
    while (!error && kt_next(cursor, &job.rec))
        write_job(&job, call->answer);
    if (!error)
        error = kt_close(cursor);
    tx->guard = guard;
    json_array_end(call->answer);
    json_object_end(call->answer);
    return error;
}

/* Runs an action on one's own job as the system, on another's under the caller's rights. */
static kt_error *act_on(method_call *call, const char *action)
{
    kt_tx *tx = call->tx;
    struct job job;
    uint64_t id = variant_get_uint(call->params, "id");
    KT_TRY(read_own(tx, id, &job));
    const model_guard *guard = tx->guard;
    if (job.owner.v == tx->user)
        tx->guard = NULL;
    kt_error *error = kt_act(tx, &job.rec, action, NULL);
    tx->guard = guard;
    return error ? error : job_write(tx, id, call->answer);
}

static kt_error *cancel_run(method_call *call)
{
    return act_on(call, "cancel");
}

static kt_error *retry_run(method_call *call)
{
    return act_on(call, "retry");
}

/* One page of problems; `next` is the number of the next page. */
static kt_error *problems_run(method_call *call)
{
    kt_tx *tx = call->tx;
    struct job job;
    page_key from, to;
    store_cursor *cursor = NULL;
    kt_str key, value;
    KT_TRY(read_own(tx, variant_get_uint(call->params, "id"), &job));
    uint64_t page = variant_get_uint(call->params, "page");
    json *answer = call->answer;
    json_object(answer);
    json_key(answer, "problems");
    KT_TRY(store_scan(tx->view, STORE_META, problems_key(&from, job.rec.id.v, page),
        problems_key(&to, job.rec.id.v, UINT64_MAX), false, &cursor));
    kt_str text = store_next(cursor, &key, &value) ? arena_format(tx->arena, "[%.*s]", STR_ARG(value))
                                                   : KT_STR("[]");
    bool more = text.len > 2 && store_next(cursor, &key, &value);
    KT_TRY(store_scan_end(cursor));
    if (!text.ptr)
        return error_no_memory();
    json_raw(answer, text);
    if (more)
        json_member_int(answer, "next", (int64_t)(page + 1));
    json_object_end(answer);
    return NULL;
}

static const method_param id_params[] = {
    {"id", VARIANT_INT, true, {"of the job", "zadania"}},
    {0},
};
static const method_param list_params[] = {
    {"limit", VARIANT_INT, false, {"at most 500; 50 by default", "najwyżej 500; domyślnie 50"}},
    {0},
};
static const method_param problems_params[] = {
    {"id", VARIANT_INT, true, {"of the job", "zadania"}},
    {"page", VARIANT_INT, false, {"\"next\" of an earlier answer", "\"next\" z wcześniejszej odpowiedzi"}},
    {0},
};
const method job_methods[] = {
    {"job.get", "login", METHOD_READ,
        {"How far a job is, and what came of it.", "Jak daleko jest zadanie i co z niego wynikło."},
        id_params, get_run},
    {"job.list", "login", METHOD_READ,
        {"The caller's own jobs, newest first.", "Własne zadania wywołującego, od najnowszych."}, list_params,
        list_run},
    {"job.cancel", "login", METHOD_WRITE,
        {"Ends a job after its present chunk; what is done stays.",
            "Kończy zadanie po bieżącej porcji; to, co zrobione, zostaje."},
        id_params, cancel_run},
    {"job.retry", "login", METHOD_WRITE,
        {"Lets a failed or cancelled job go on where it stood.",
            "Wznawia nieudane albo anulowane zadanie tam, gdzie stanęło."},
        id_params, retry_run},
    {"job.problems", "login", METHOD_READ,
        {"What a job found wrong, page by page.", "Co zadanie uznało za błędne, strona po stronie."},
        problems_params, problems_run},
    {0},
};
