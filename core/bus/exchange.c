/* exchange.c -- one message in, one answer out: decoding, the calls of a batch in order, the reply.
 *
 * The calls of a batch take effect in their order. Neighbouring writes are queued together, so that they
 * share a commit; a read behind a write waits for it. */
#include "bus/transaction.h"
#include "bus/web.h"
#include "kit/log.h"

static const char *const lang_names[] = {"en", "pl"};

void bus_request_id(bus *bus, char out[REQUEST_ID_MAX])
{
    static const char digits[] = "0123456789abcdef";
    uint64_t n = (uint64_t)bus->boot << 32 | (uint32_t)atomic_fetch_add(&bus->requests, 1);
    for (int i = 15; i >= 0; i--, n >>= 4)
        out[i] = digits[n & 15];
    out[16] = 0;
}

static void exchange_end(exchange *x)
{
    bus *b = x->bus;
    if (x->batch && x->out.len)
        buffer_add_char(&x->out, ']');
    if (x->out.full) { /* each answer has its own limit; together they passed the message's */
        char id[REQUEST_ID_MAX];
        bool starved = x->out.starved;
        bus_request_id(b, id);
        buffer_close(&x->out);
        buffer_open(&x->out, CALL_ANSWER_MAX);
        answer_error(&x->out, NULL, -32006,
            starved ? error_no_memory()
                    : error_make(x->arena, KT_LIMIT, NULL, "the answers together are too large",
                          "odpowiedzi razem są za duże"),
            "en", id);
    }
    x->outcome.of = &x->out;
    x->reply(x->context, buffer_str(&x->out), &x->outcome);
    for (size_t i = 0; i < x->count; i++) {
        buffer_close(&x->calls[i].answer);
        if (x->calls[i].arena != x->arena)
            arena_close(x->calls[i].arena);
    }
    buffer_close(&x->out);
    arena_close(x->arena);
    atomic_fetch_sub(&b->running, 1);
}

/* A session's token that the answer gives: the HTTP side makes a cookie of it. */
static void note_session(exchange *x, const call *c)
{
    bool opens = str_is(c->method, "session.login") || str_is(c->method, "session.resume");
    if (str_is(c->method, "session.logout"))
        x->outcome.ended = true;
    if (!opens || x->batch)
        return;
    const variant *result = NULL;
    kt_error *error = decode_json(x->arena, buffer_str(&c->answer), &x->bus->limits, &result);
    if (!error)
        x->outcome.session = variant_get_str(result, "token");
}

static void take_answer(exchange *x, call *c)
{
    int64_t spent_us = c->began_us ? clock_monotonic_us() - c->began_us
                                   : 0; /* a message that is no call never began */
    kt_kind kind = c->error && c->error->first ? c->error->first->kind : 0;
    metrics_call(x->bus->metrics, c->code == -32601 ? KT_STR("unknown") : c->method, kind, spent_us);
    if (spent_us > x->bus->options.slow_call_ms * 1000)
        log_line(
            KT_LOG_WARN, "bus", "slow_call method=%s ms=%lld", c->method.ptr, (long long)(spent_us / 1000));
    if (c->error && kind == KT_STORAGE)
        log_line(KT_LOG_ERROR, "bus", "storage method=%s error=\"%s\"", c->method.ptr, error_text(c->error));
    if (!c->error)
        note_session(x, c);
    if (!x->batch)
        x->outcome.kind = kind;
    x->outcome.throttled = !x->batch && kind == KT_LIMIT && str_is(c->method, "session.login");
    if (c->web) {
        web_answer(c, &x->out, &x->outcome);
        return;
    }
    if (!c->id)
        return;
    if (x->batch)
        buffer_add_char(&x->out, x->out.len ? ',' : '[');
    answer_call(c, &x->out);
}

static void go_on_task(pool_task *task)
{
    exchange_go_on((exchange *)task);
}

/* Gives up one of `pending`; the last one goes on. here: in the thread that starts calls. */
static void exchange_release(exchange *x, bool here)
{
    if (atomic_fetch_sub(&x->pending, 1) != 1)
        return;
    if (x->next < x->count && here) {
        exchange_go_on(x);
        return;
    }
    if (x->next < x->count) { /* this is the writer, or a pool's thread: reads are not its work */
        x->task.run = go_on_task;
        pool_add_always(x->bus->pool, &x->task);
        return;
    }
    for (size_t i = 0; i < x->count; i++) {
        log_request(x->calls[i].request_id);
        take_answer(x, &x->calls[i]);
    }
    log_request(NULL);
    if (here)
        atomic_fetch_add_explicit(&x->bus->reads, 1, memory_order_relaxed);
    exchange_end(x);
}

void call_end(call *c)
{
    exchange_release(c->exchange, false);
}

void exchange_go_on(exchange *x)
{
    atomic_store(&x->pending, 1);
    bool waiting = false; /* a call is running elsewhere: only writes may join it */
    while (x->next < x->count) {
        call *c = &x->calls[x->next];
        if (c->error) {
            x->next++;
            continue;
        }
        call_place(c);
        if (waiting && c->place != CALL_WRITER)
            break;
        x->next++;
        waiting = c->place != CALL_HERE;
        bool alone = c->place == CALL_POOL;
        atomic_fetch_add(&x->pending, 1);
        call_start(c);
        if (alone)
            break;
    }
    exchange_release(x, true);
}

kt_error *call_reserve(call *c)
{
    enum { ENVELOPE = 64, ID_BYTES = 40 };
    exchange *x = c->exchange;
    size_t id = c->id && c->id->kind == VARIANT_STRING ? 6 * c->id->as.string.len : 0; /* all escaped */
    x->reserved += ENVELOPE + ID_BYTES + id + c->answer.len;
    if (buffer_room(&x->out, x->reserved))
        return NULL;
    buffer_clear(&x->out); /* the error has to go into it */
    return error_no_memory();
}

/* ---- Where calls run ---- */

static void pooled(pool_task *task)
{
    call *c = (call *)(void *)((char *)task - offsetof(call, task));
    log_request(c->request_id);
    if (c->plain)
        transaction_plain(c);
    else
        transaction_read(c);
    log_request(NULL);
}

void call_place(call *c)
{
    const model_catalogue *catalogue = plugins_hold(c->bus->options.plugins);
    target target;
    bool found = c->web ? web_target(c, catalogue, &target)
                        : target_find(c->bus, catalogue, c->method, c->params, &target);
    model_catalogue_release(catalogue);
    method_mode mode = found ? target.mode : METHOD_READ;
    c->plain = mode == METHOD_PLAIN;
    c->dry_run = c->dry_run || (found && target.rehearsal);
    if (mode == METHOD_WRITE && !c->dry_run)
        c->place = CALL_WRITER;
    else if (mode == METHOD_SLOW || (c->dry_run && target.method) || mode == METHOD_PLAIN ||
             (found && metrics_is_slow(c->bus->metrics, c->method)))
        c->place = CALL_POOL;
    else
        c->place = CALL_HERE;
}

void call_start(call *c)
{
    c->began_us = clock_monotonic_us();
    switch (c->place) {
    case CALL_HERE:
        log_request(c->request_id);
        transaction_read(c);
        log_request(NULL);
        break;
    case CALL_WRITER:
        transaction_write(c);
        break;
    case CALL_POOL:
        c->task.run = pooled;
        if (!pool_add(c->bus->pool, &c->task)) {
            c->error = error_make(c->arena, KT_UNAVAILABLE, NULL, "the server is busy: try again in a moment",
                "serwer jest zajęty: spróbuj za chwilę");
            call_end(c);
        }
        break;
    }
}

/* ---- Reading a message ---- */

static const method_param members[] = {
    {"jsonrpc", VARIANT_STRING, true, {0}},
    {"id", VARIANT_NULL, false, {0}},
    {"method", VARIANT_STRING, true, {0}},
    {"params", VARIANT_NULL, false, {0}},
    {"auth", VARIANT_STRING, false, {0}},
    {"idempotency_key", VARIANT_STRING, false, {0}},
    {"dry_run", VARIANT_BOOL, false, {0}},
    {"if_preview", VARIANT_STRING, false, {0}},
    {"lang", VARIANT_STRING, false, {0}},
    {"unit", VARIANT_STRING, false, {0}},
    {0},
};

static kt_error *read_lang(call *c, const variant *from)
{
    kt_str lang = variant_get_str(from, "lang");
    if (!lang.len)
        return NULL;
    for (size_t i = 0; i < sizeof lang_names / sizeof *lang_names; i++)
        if (str_is(lang, lang_names[i])) {
            c->lang = str_of(lang_names[i]);
            return NULL;
        }
    return error_make(c->arena, KT_VALIDATION, "lang", "\"%s\" is no language here: en, pl",
        "\"%s\" nie jest tu językiem: en, pl", lang.ptr);
}

static kt_error *read_members(call *c, const variant *from)
{
    if (from->kind != VARIANT_OBJECT)
        return error_make(c->arena, KT_VALIDATION, NULL, "a call is an object, this is %s%.0s",
            "wywołanie to obiekt, a to jest %.0s%s", VARIANT_KIND(from->kind));
    const variant *id = variant_get(from, "id");
    if (id && id->kind != VARIANT_STRING && id->kind != VARIANT_INT && id->kind != VARIANT_REAL &&
        id->kind != VARIANT_NULL)
        return error_make(c->arena, KT_VALIDATION, "id", "an id is a string or a number",
            "identyfikator to napis albo liczba");
    c->id = id;
    KT_TRY(params_check(c->arena, members, from));
    if (!str_is(variant_get_str(from, "jsonrpc"), "2.0"))
        return error_make(c->arena, KT_VALIDATION, "jsonrpc", "\"2.0\" was expected", "oczekiwano \"2.0\"");
    const variant *params = variant_get(from, "params");
    if (params && params->kind != VARIANT_OBJECT && params->kind != VARIANT_NULL)
        return error_make(c->arena, KT_VALIDATION, "params", "parameters go by name, in an object",
            "parametry podaje się po nazwach, w obiekcie");
    kt_error *all = read_lang(c, from);
    c->params = params && params->kind == VARIANT_OBJECT ? params : NULL;
    c->unit = variant_get_str(from, "unit");
    if (c->unit.len > 64)
        kt_also(&all, error_make(c->arena, KT_VALIDATION, "unit", "a unit's name has at most 64 bytes",
                          "nazwa jednostki ma najwyżej 64 bajty"));
    if (variant_get(from, "idempotency_key") && !variant_get_str(from, "idempotency_key").len)
        kt_also(&all, error_make(c->arena, KT_VALIDATION, "idempotency_key", "an empty key protects nothing",
                          "pusty klucz niczego nie chroni"));
    c->preview = variant_get_str(from, "if_preview");
    c->dry_run = variant_get_bool(from, "dry_run");
    return all;
}

/* Methods that take `dry_run` among their parameters mean the same by it. */
static bool asks_for_dry_run(const bus *b, const call *c)
{
    const method *method = table_find(&b->methods, c->method);
    for (const method_param *p = method ? method->params : NULL; p && p->name; p++)
        if (strcmp(p->name, "dry_run") == 0)
            return variant_get_bool(c->params, "dry_run");
    return false;
}

static void read_call(exchange *x, call *c, const variant *from)
{
    c->exchange = x;
    c->bus = x->bus;
    c->arena = x->arena;
    c->lang = x->lang;
    c->error_lang = x->lang.len ? x->lang.ptr : "en";
    c->method = KT_STR("invalid");
    buffer_open(&c->answer, CALL_ANSWER_MAX);
    bus_request_id(x->bus, c->request_id);
    if (x->batch) {
        c->arena = arena_open(CALL_ARENA_MAX);
        if (!c->arena) {
            c->arena = x->arena;
            c->error = error_no_memory();
            return;
        }
    }
    static const variant null_id = {.kind = VARIANT_NULL};
    c->id = &null_id; /* what is no call is answered too */
    c->error = read_members(c, from);
    if (c->lang.len)
        c->error_lang = c->lang.ptr;
    if (c->error) {
        c->code = -32600;
        c->id = c->id ? c->id : &null_id;
        return;
    }
    c->method = variant_get_str(from, "method");
    kt_str auth = variant_get_str(from, "auth"), key = variant_get_str(from, "idempotency_key");
    c->token = auth.len ? auth : x->token;
    c->key = key.len ? key : x->key;
    if (asks_for_dry_run(x->bus, c))
        c->dry_run = true;
    if (!auth.len && x->cookie.len && x->fresh && str_is(c->method, "session.resume"))
        c->token = x->cookie;
    if (atomic_load(&x->bus->draining))
        c->error = error_make(
            c->arena, KT_UNAVAILABLE, NULL, "the server is stopping", "serwer właśnie się zatrzymuje");
}

static kt_error *read_message(exchange *x, kt_str message)
{
    const variant *value = NULL;
    KT_TRY(decode_json(x->arena, message, &x->bus->limits, &value));
    x->batch = value->kind == VARIANT_ARRAY;
    size_t count = x->batch ? value->as.array.count : 1;
    if (x->batch && x->key.len)
        return kt_hint(
            error_make(x->arena, KT_VALIDATION, "Idempotency-Key", "one key does not do for a batch of calls",
                "jeden klucz nie wystarcza paczce wywołań"),
            "Give each call an idempotency_key of its own.",
            "Nadaj każdemu wywołaniu własny idempotency_key.");
    if (count == 0)
        return error_make(x->arena, KT_VALIDATION, NULL, "an empty batch", "pusta paczka wywołań");
    if (count > x->bus->options.batch_max)
        return error_make(x->arena, KT_LIMIT, NULL, "a batch of %zu calls, at most %u are taken",
            "paczka %zu wywołań, przyjmowanych jest najwyżej %u", count, x->bus->options.batch_max);
    x->calls = ARENA_ARRAY(x->arena, call, count);
    if (!x->calls)
        return error_no_memory();
    for (size_t i = 0; i < count; i++) {
        read_call(x, &x->calls[i], x->batch ? &value->as.array.items[i] : value);
        x->count = i + 1;
    }
    return NULL;
}

static kt_str keep(arena *arena, kt_str s)
{
    return s.len ? arena_str(arena, s) : (kt_str){0};
}

/* Where no memory is left for an answer: fixed bytes. */
static const kt_str no_memory_answer = {
    "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32007,\"message\":\"out of memory\","
    "\"data\":{\"kind\":\"unavailable\",\"request\":\"\",\"problems\":[]}}}",
    sizeof "{'jsonrpc':'2.0','id':null,'error':{'code':-32007,'message':'out of memory',"
           "'data':{'kind':'unavailable','request':'','problems':[]}}}" -
        1};

static void handle(bus *b, kt_str message, const envelope *e, exchange_reply reply, void *context)
{
    arena *arena = arena_open(CALL_ARENA_MAX);
    exchange *x = arena ? ARENA_NEW(arena, exchange) : NULL;
    if (!x) {
        arena_close(arena);
        reply(context, no_memory_answer, &(outcome){.kind = KT_UNAVAILABLE});
        return;
    }
    atomic_fetch_add(&b->running, 1);
    x->bus = b;
    x->arena = arena;
    x->reply = reply;
    x->context = context;
    x->fresh = e->fresh;
    x->file = e->file;
    x->token = keep(arena, e->token);
    x->remote = keep(arena, e->remote);
    x->key = keep(arena, e->key);
    x->cookie = keep(arena, e->cookie);
    x->lang = keep(arena, e->lang);
    buffer_open(&x->out, 2 * CALL_ANSWER_MAX);
    kt_error *error = message.len > b->options.message_max
                          ? error_make(arena, KT_LIMIT, NULL,
                                "the message has %zu bytes, at most %zu are taken",
                                "komunikat ma %zu bajtów, przyjmowanych jest najwyżej %zu", message.len,
                                b->options.message_max)
                          : read_message(x, message);
    if (!error) {
        exchange_go_on(x);
        return;
    }
    char id[REQUEST_ID_MAX];
    bus_request_id(b, id);
    kt_kind kind = error->first ? error->first->kind : KT_LIMIT;
    x->outcome.kind = kind;
    x->outcome.too_large = message.len > b->options.message_max;
    metrics_call(b->metrics, KT_STR("invalid"), kind, 0);
    answer_error(&x->out, NULL,
        x->batch                ? -32600
        : kind == KT_VALIDATION ? -32700
                                : 0,
        error, x->lang.len ? x->lang.ptr : "en", id);
    x->batch = false; /* one answer, no list */
    exchange_end(x);
}

/* ---- The public form ---- */

typedef struct {
    bus_reply reply;
    void *context;
    arena *arena; /* its own: it goes after the exchange */
} plain_reply;

static void reply_plain(void *context, kt_str answer, const outcome *outcome)
{
    (void)outcome;
    plain_reply *plain = context;
    plain->reply(plain->context, answer);
    arena_close(plain->arena);
}

void bus_exchange(bus *bus, kt_str message, const envelope *envelope, exchange_reply reply, void *context)
{
    handle(bus, message, envelope, reply, context);
}

void bus_handle(bus *bus, kt_str message, kt_str token, kt_str remote, bus_reply reply, void *context)
{
    arena *arena = arena_open(1024);
    plain_reply *plain = arena ? ARENA_NEW(arena, plain_reply) : NULL;
    if (!plain) {
        arena_close(arena);
        reply(context, no_memory_answer);
        return;
    }
    *plain = (plain_reply){reply, context, arena};
    handle(bus, message, &(envelope){.token = token, .remote = remote}, reply_plain, plain);
}
