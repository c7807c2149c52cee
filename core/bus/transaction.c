/* transaction.c -- begins, runs and ends a call's transaction. Who calls is judged where the data is read: in
 * a write, inside the writer's own transaction. */
#include "bus/transaction.h"

#include <sodium.h>

#include "bus/kept.h"
#include "bus/preview.h"
#include "bus/web.h"
#include "kit/log.h"
#include "store/answers.h"

static void session_end(session *s)
{
    automation_end(&s->tx);
    if (s->actor)
        access_actor_release(s->actor);
    zone_close(s->zone);
    if (s->catalogue)
        model_catalogue_release(s->catalogue);
    s->zone = NULL;
    s->actor = NULL;
    s->catalogue = NULL;
}

static kt_error *call_within(kt_tx *tx, void *caller, kt_str method, const variant *params, json *answer)
{
    return target_call(caller, tx, method, params, answer);
}

static kt_error *writing_begin(session *s, const call *c)
{
    KT_TRY(journal_begin(&s->tx));
    return automation_begin(c->bus->options.automation, &s->tx);
}

/* Opens a session on a view for the call's caller. who: why the token is not good, or NULL. */
static kt_error *session_begin(session *s, call *c, store_view *view, bool writes, kt_error **who)
{
    const bus *b = c->bus;
    session_end(s);
    *who = NULL;
    KT_TRY(plugins_hold_view(b->options.plugins, c->arena, view, &s->catalogue));
    s->tx = (kt_tx){.arena = c->arena,
        .view = view,
        .catalogue = s->catalogue,
        .guard = &access_guard,
        .lang = "en",
        .now = clock_now(),
        .origin = MODEL_RPC,
        .request_id = str_of(c->request_id),
        .unit = c->unit,
        .brings_file = c->exchange->file,
        .master_key = b->options.master_key,
        .deadline_ms = clock_monotonic_ms() + b->options.request_ms,
        .writes = writes,
        .call = call_within,
        .caller = c};
    model_remember(&s->tx);
    if (c->token.len)
        *who = access_authenticate(b->options.access, &s->tx, c->token, c->exchange->remote, &s->actor);
    access_begin(&s->tx, s->actor);
    if (!s->actor)
        KT_TRY(model_company_zone(&s->tx, 0, &s->zone));
    s->tx.zone = s->actor ? s->tx.zone : s->zone;
    if (c->lang.len)
        s->tx.lang = c->lang.ptr;
    c->error_lang = s->tx.lang[0] == 'p' ? "pl" : "en";
    return writes ? writing_begin(s, c) : NULL;
}

/* Finds the method and judges who calls it. A public method runs also for a token that has expired. */
static kt_error *begin(call *c, store_view *view, bool writes, target *target)
{
    kt_error *who;
    KT_TRY(session_begin(&c->now, c, view, writes, &who));
    bool found = c->web && web_target(c, c->now.catalogue, target);
    if (!c->web)
        KT_TRY(target_seek(c->bus, &c->now.tx, c->method, c->params, target, &found));
    if (!found) {
        c->code = -32601;
        kt_str entity = target_names_verb(c->method.ptr);
        if (entity.len && !c->web)
            return kt_hint(error_make(c->arena, KT_NOT_FOUND, NULL, "there is no entity %.*s",
                               "nie ma encji %.*s", STR_ARG(entity)),
                "system.describe lists those that you may see.",
                "system.describe wymienia te, które możesz widzieć.");
        return error_make(
            c->arena, KT_NOT_FOUND, NULL, "there is no method %s", "nie ma metody %s", c->method.ptr);
    }
    if (c->web)
        c->web->request.stranger = !c->now.actor;
    if (who && strcmp(target->right, "public") != 0)
        return who;
    return access_may_call(&c->now.tx, target->right);
}

/* ---- Exactly once ---- */

static kt_error *digest_of(call *c)
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof c->digest);
    buffer text;
    buffer_open(&text, CALL_ANSWER_MAX);
    json j = json_to(&text);
    json_array(&j);
    json_str(&j, c->method);
    if (c->params)
        json_variant(&j, c->params);
    json_str(&j, c->preview);
    json_array_end(&j);
    crypto_generichash_update(&state, (const unsigned char *)(text.ptr ? text.ptr : ""), text.len);
    crypto_generichash_final(&state, c->digest, sizeof c->digest);
    bool full = text.full; /* a digest of half the request would not know it again */
    buffer_close(&text);
    return full ? error_no_memory() : NULL;
}

/* Binds the key to the user: nobody is answered with another user's result. */
static kt_error *prepare_key(call *c)
{
    if (c->key.len > 200)
        return error_make(c->arena, KT_VALIDATION, "idempotency_key", "the key is longer than 200 bytes",
            "klucz jest dłuższy niż 200 bajtów");
    unsigned char *key = arena_alloc(c->arena, 32);
    if (!key)
        return error_no_memory();
    uint64_t user = c->now.tx.user;
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, 32);
    crypto_generichash_update(&state, (const unsigned char *)&user, sizeof user);
    crypto_generichash_update(&state, (const unsigned char *)c->key.ptr, c->key.len);
    crypto_generichash_final(&state, key, 32);
    c->job.key = (kt_str){(const char *)key, 32};
    return digest_of(c);
}

static kt_error *take_repeated(call *c)
{
    kt_str kept = c->job.answer;
    if (kept.len < sizeof c->digest)
        return error_make(c->arena, KT_STORAGE, "idempotency_key", "the kept answer is damaged",
            "zapamiętana odpowiedź jest uszkodzona");
    if (memcmp(kept.ptr, c->digest, sizeof c->digest) != 0)
        return kt_hint(
            error_make(c->arena, KT_CONFLICT, "idempotency_key",
                "this key was used before for another request", "tego klucza użyto już do innego żądania"),
            "Take a new key for each request; keep it when you repeat the request.",
            "Do każdego żądania użyj nowego klucza; zachowaj go, gdy żądanie powtarzasz.");
    kt_str answer;
    KT_TRY(kept_open(c, kept, &answer));
    buffer_clear(&c->answer);
    buffer_add_str(&c->answer, answer);
    return c->answer.full ? error_no_memory() : NULL;
}

/* ---- Reading ---- */

/* The caller is answered with what the transaction showed. */
static void shown(const call *c, const kt_tx *tx)
{
    access_shown(c->bus->options.access, tx, c->exchange->remote, c->method, c->params);
}

/* Runs the handler and everything that holds at commit but the journal. */
static kt_error *run(call *c, const target *target, json *answer)
{
    kt_error *error = target->route ? web_run(target, c, &c->now.tx)
                                    : target_run(target, c, &c->now.tx, c->params, answer);
    if (c->now.tx.doomed) /* the reason of whatever error came of it */
        return c->now.tx.doomed;
    KT_TRY(error);
    if (c->now.tx.writes)
        KT_TRY(model_commit_checks(&c->now.tx));
    if (c->now.tx.doomed)
        return c->now.tx.doomed;
    return error_of_answer(c->arena, &c->answer);
}

/* A dry run's answer is made of the result's text and what the overlay holds. */
static kt_error *run_dry(call *c, const target *target, store_view *view)
{
    KT_TRY(store_make_writable(view));
    c->now.tx.writes = c->now.tx.rehearsal = true;
    KT_TRY(writing_begin(&c->now, c));
    json answer = json_to(&c->answer);
    json_object(&answer);
    json_key(&answer, "result");
    KT_TRY(run(c, target, &answer));
    KT_TRY(preview_write(&c->now.tx, &answer));
    json_object_end(&answer);
    return c->answer.full ? error_no_memory() : c->now.tx.doomed;
}

void transaction_read(call *c)
{
    store_view *view = NULL;
    c->error = store_read(c->bus->options.store, c->arena, &view);
    if (!c->error) {
        target target;
        c->error = begin(c, view, false, &target);
        if (!c->error && c->dry_run && target.mode == METHOD_WRITE) {
            c->error = run_dry(c, &target, view);
        } else if (!c->error) {
            json answer = json_to(&c->answer);
            c->error = run(c, &target, &answer);
        }
        c->now.tx.catalogue = c->now.catalogue; /* the past may have been read by another */
        if (!c->error)
            shown(c, &c->now.tx);
        store_end(view);
    }
    session_end(&c->now);
    call_end(c);
}

/* What a method without a transaction answered under this key, if it did. Of a secret it answers only that it was given:
 * nothing keeps one. */
static kt_error *take_plain(call *c, kt_str kept)
{
    c->job.answer = kept;
    KT_TRY(take_repeated(c));
    c->repeated = true;
    return kept.len > sizeof c->digest
               ? NULL
               : kt_hint(error_make(c->arena, KT_CONFLICT, "idempotency_key",
                             "the request was done under this key, and its answer is not kept",
                             "żądanie wykonano już z tym kluczem, a odpowiedzi się nie przechowuje"),
                     "Look at what it made; to do it once more take another key.",
                     "Zobacz, co powstało; aby wykonać je jeszcze raz, użyj innego klucza.");
}

static kt_error *find_kept(call *c, store_view *view)
{
    kt_str kept;
    KT_TRY(prepare_key(c));
    KT_TRY(answers_find(view, c->job.key, &kept));
    return kept.ptr ? take_plain(c, arena_str(c->arena, kept)) : NULL;
}

void transaction_plain(call *c)
{
    store_view *view = NULL;
    target target;
    c->error = store_read(c->bus->options.store, c->arena, &view);
    if (!c->error) {
        c->error = begin(c, view, false, &target);
        if (!c->error && c->dry_run)
            c->error = error_make(c->arena, KT_VALIDATION, "dry_run", "%s has no dry run",
                "%s nie ma próbnego wykonania", c->method.ptr);
        if (!c->error && c->key.len && c->now.tx.user && !(target.method && target.method->secret))
            c->error = find_kept(c, view);
        store_end(view);
    }
    /* Its work may wait for the writer or swap the catalogue: it holds neither meanwhile. */
    session_end(&c->now);
    if (!c->error && !c->repeated) {
        json answer = json_to(&c->answer);
        c->error = target_run(&target, c, NULL, c->params, &answer);
        if (c->repeated && c->answer.len) /* by a twin, meanwhile */
            c->error = NULL;
    }
    call_end(c);
}

/* ---- Writing ---- */

static kt_error *write(call *c, store_view *view)
{
    buffer_clear(&c->answer);
    c->code = 0;
    c->seq = 0;
    target target;
    KT_TRY(begin(c, view, true, &target));
    json answer = json_to(&c->answer);
    KT_TRY(run(c, &target, &answer));
    if (c->preview.len) {
        char hash[PREVIEW_HASH_MAX];
        KT_TRY(preview_hash(&c->now.tx, hash));
        if (!str_is(c->preview, hash))
            return kt_hint(error_make(c->arena, KT_CONFLICT, "if_preview",
                               "what this would change is no longer what was shown",
                               "zmiany byłyby już inne niż pokazane"),
                "Run it with dry_run again and look at what differs.",
                "Wykonaj ponownie z dry_run i zobacz, co się różni.");
    }
    KT_TRY(journal_append(&c->now.tx, &c->seq));
    KT_TRY(call_reserve(c));
    return c->key.len ? kept_close(c, buffer_str(&c->answer), &c->job.answer) : NULL;
}

static kt_error *write_body(store_job *job, store_view *view)
{
    call *c = (call *)job;
    log_request(c->request_id);
    kt_error *error = write(c, view);
    log_request(NULL); /* what the writer logs of its own is nobody's */
    return error;
}

static kt_error *unknown_outcome(arena *arena)
{
    return kt_hint(error_make(arena, KT_STORAGE, NULL, "it is not known whether the change was saved",
                       "nie wiadomo, czy zmiana została zapisana"),
        "Repeat the request with the same idempotency_key.", "Powtórz żądanie z tym samym idempotency_key.");
}

/* A definition that turned out not to be possible: records that exist have the same in what should be unique.
 */
typedef struct {
    store_job job;
    call *call;
} taking_back;

static kt_error *take_back_body(store_job *job, store_view *view)
{
    call *c = ((taking_back *)job)->call;
    const model_catalogue *catalogue = NULL;
    KT_TRY(plugins_hold_view(c->bus->options.plugins, job->arena, view, &catalogue));
    kt_tx tx = {.arena = job->arena,
        .view = view,
        .catalogue = catalogue,
        .lang = "en",
        .now = clock_now(),
        .origin = MODEL_SYSTEM,
        .request_id = str_of(c->request_id),
        .master_key = c->bus->options.master_key,
        .writes = true};
    buffer out;
    uint64_t seq;
    buffer_open(&out, CALL_ANSWER_MAX);
    json j = json_to(&out);
    json_object(&j);
    kt_error *error = journal_begin(&tx);
    if (!error)
        error = journal_revert(&tx, (kt_str){0}, c->seq, (kt_str){0}, &j);
    buffer_close(&out);
    if (!error)
        error = model_commit_checks(&tx);
    if (!error)
        error = journal_append(&tx, &seq);
    model_catalogue_release(catalogue);
    return error;
}

static void take_back(call *c)
{
    taking_back t = {.job = {.body = take_back_body, .arena = c->arena}, .call = c};
    kt_error *error = NULL;
    if (store_run(c->bus->options.store, &t.job) != STORE_DONE)
        error = t.job.error;
    if (!error)
        error = plugins_rebuild(c->bus->options.plugins, c->arena);
    if (error)
        log_line(KT_LOG_ERROR, "bus", "definition_left error=\"%s\"", error_text(error));
}

static kt_error *not_in_use(arena *arena, const kt_error *error)
{
    return kt_hint(error_make(arena, KT_UNAVAILABLE, NULL, "the definition is saved, but not in use yet: %s",
                       "definicja jest zapisana, ale jeszcze nie działa: %s", error_text(error)),
        "It comes into use with the next definition, or when the server is started again.",
        "Zacznie działać przy następnej definicji lub po ponownym uruchomieniu serwera.");
}

/* Custom fields and entities are there for whoever calls after the answer, with their indexes. The definition
 * is committed: if the records forbid it, it is taken back; what else fails here, such as memory, gets a
 * second chance, and whoever asked is told that it holds but is not in use. */
static void rebuild(pool_task *task)
{
    call *c = (call *)(void *)((char *)task - offsetof(call, task));
    plugins *plugins = c->bus->options.plugins;
    log_request(c->request_id);
    kt_error *error = plugins_rebuild(plugins, c->arena);
    if (error && error->first->kind == KT_CONFLICT) {
        c->error = error;
        take_back(c);
    } else if (error && (error = plugins_rebuild(plugins, c->arena))) {
        log_line(KT_LOG_ERROR, "bus", "rebuild error=\"%s\"", error_text(error));
        c->error = not_in_use(c->arena, error);
    }
    log_request(NULL);
    call_end(c);
}

static void write_done(store_job *job, store_result result)
{
    call *c = (call *)job;
    bool redefines = result == STORE_DONE && model_redefines(c->now.tx.changes);
    switch (result) {
    case STORE_DONE:
        automation_committed(c->bus->options.automation, &c->now.tx);
        shown(c, &c->now.tx);
        if (c->now.tx.changes) {
            bus_committed(c->bus, c->seq, c->now.tx.changes);
        }
        break;
    case STORE_REPEATED:
        c->error = take_repeated(c);
        break;
    case STORE_REFUSED:
    case STORE_FAILED:
        c->error = job->error ? job->error : error_no_memory();
        if (result == STORE_REFUSED && c->error->first && c->error->first->kind == KT_CONFLICT)
            shown(c, &c->now.tx); /* it tells what the record holds now */
        break;
    case STORE_UNKNOWN:
        c->error = unknown_outcome(c->arena);
        break;
    }
    session_end(&c->now);
    if (redefines) {
        c->task.run = rebuild;
        pool_add_always(c->bus->pool, &c->task);
        return;
    }
    call_end(c);
}

void transaction_write(call *c)
{
    /* Whoever may not call at all never reaches the writer's queue. */
    store_view *view = NULL;
    c->error = store_read(c->bus->options.store, c->arena, &view);
    if (!c->error) {
        target target;
        c->error = begin(c, view, false, &target);
        store_end(view);
        if (!c->error && c->key.len)
            c->error = prepare_key(c);
        session_end(&c->now);
    }
    if (!c->error) {
        c->job.body = write_body;
        c->job.done = write_done;
        c->job.arena = c->arena;
        kt_error *refused = store_submit(c->bus->options.store, &c->job);
        if (!refused)
            return; /* the call is the writer's, and may have ended already */
        c->error = refused;
    }
    call_end(c);
}

/* ---- Transactions for methods that have none ---- */

kt_error *transaction_lend_read(method_call *m, kt_error *(*body)(kt_tx *tx, void *context), void *context)
{
    call *c = ((own_call *)m)->of;
    session now = {0};
    store_view *view = NULL;
    kt_error *who;
    KT_TRY(store_read(c->bus->options.store, c->arena, &view));
    kt_error *error = session_begin(&now, c, view, false, &who);
    if (!error)
        error = body(&now.tx, context);
    if (!error)
        error = now.tx.doomed;
    if (!error)
        shown(c, &now.tx);
    store_end(view);
    session_end(&now);
    return error;
}

typedef struct {
    store_job job;
    call *call;
    session now;
    uint64_t seq;
    kt_error *(*body)(kt_tx *tx, void *context);
    void *context;
} lent_job;

static kt_error *lent_body(store_job *job, store_view *view)
{
    lent_job *l = (lent_job *)job;
    kt_error *who;
    KT_TRY(session_begin(&l->now, l->call, view, true, &who));
    KT_TRY(l->body(&l->now.tx, l->context));
    if (l->now.tx.doomed)
        return l->now.tx.doomed;
    KT_TRY(model_commit_checks(&l->now.tx));
    KT_TRY(journal_append(&l->now.tx, &l->seq));
    if (!l->job.key.len)
        return NULL;
    /* With the effect: what the method has answered so far. */
    return l->call->answer.full ? error_no_memory()
                                : kept_close(l->call, buffer_str(&l->call->answer), &l->job.answer);
}

/* The arena is the writer's while this thread waits. */
kt_error *transaction_lend_write(method_call *m, kt_error *(*body)(kt_tx *tx, void *context), void *context)
{
    call *c = ((own_call *)m)->of;
    const json answered = *m->answer;
    const size_t length = c->answer.len;
    lent_job l = {.job = {.body = lent_body, .arena = c->arena, .key = c->job.key},
        .call = c,
        .body = body,
        .context = context};
    store_result result = store_run(c->bus->options.store, &l.job);
    kt_error *error = NULL;
    if (result == STORE_DONE)
        automation_committed(c->bus->options.automation, &l.now.tx);
    if (result == STORE_DONE && l.now.tx.changes) {
        bus_committed(c->bus, l.seq, l.now.tx.changes);
    } else if (result == STORE_REPEATED) {
        error = take_plain(c, l.job.answer);
        if (!error) /* ends the method; nobody is told it */
            error = error_make(c->arena, KT_BAD_STATE, NULL, "answered before", "odpowiedziano wcześniej");
    } else if (result == STORE_UNKNOWN) {
        error = unknown_outcome(c->arena);
    } else if (result != STORE_DONE) {
        error = l.job.error ? l.job.error : error_no_memory();
    }
    if (error && !c->repeated) { /* what it wrote for its answer is not one */
        *m->answer = answered;
        c->answer.len = length;
    }
    session_end(&l.now);
    return error;
}
