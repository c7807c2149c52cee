/* listen.c -- one REP socket with many contexts per URL. Nothing here ever blocks: a handler that sleeps in a
 * callback would stop all of the process's traffic.
 *
 * Every listener bounds what it receives: without the option one client made the library take 180 MB. */
#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/supplemental/tls/tls.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "bus/call.h"
#include "bus/slice.h"
#include "kit/give_way.h"
#include "kit/log.h"

#define CONTEXTS 256 /* calls of one listener that may wait for the writer at once */

typedef struct endpoint endpoint;
typedef struct slot {
    endpoint *endpoint;
    nng_ctx ctx;
    nng_aio *aio;
    bool sending;
    char remote[64];
    struct slot *next; /* among those gathered */
} slot;

struct endpoint {
    bus *bus;
    listeners *all;
    nng_socket rep, pub;
    bool has_pub, network;
    kt_str url;
    slot *slots;
    size_t slot_count;
    events_listener notices;
    endpoint *next;
};

/* A batch's answers leave together, from as many of the library's own threads as it has. Sent one by one by
 * the writer, each would wake one of those threads, which then waits for the very lock that the writer holds:
 * seventeen switches a write. While all of them send, what the sends complete only queues up behind them. One
 * answer alone the writer sends itself: to wake a thread for it takes longer.
 *
 * Where others read, one thread sends, a few answers at a time, and gives way between: those who are answered ask
 * again at once, and who reads would wait behind the whole batch's answers and then behind its questions. */
enum { SENDERS_MAX = 16, FEW = 8 };
typedef struct {
    listeners *all;
    nng_aio *aio;
    bool running, gently; /* under the lock */
    give_way_state way;   /* of who sends gently */
} sender;

struct listeners {
    endpoint *first;
    atomic_uint sending;
    pthread_mutex_t lock; /* of gathered */
    slot *gathered, **gathered_end;
    unsigned gathered_count;
    sender senders[SENDERS_MAX];
    unsigned sender_count;
};

static _Thread_local bool gathering; /* this is the writer, amid the answers of a batch */

static kt_error *fail(arena *arena, const char *url, int code)
{
    enum { PATH_MOST = sizeof((struct sockaddr_un *)0)->sun_path - sizeof ".pub" };
    if (code == NNG_EADDRINVAL && strncmp(url, "ipc://", 6) == 0 && strlen(url + 6) > PATH_MOST)
        return error_make(arena, KT_VALIDATION, "listen", "%s: the path of a socket has at most %d bytes",
            "%s: ścieżka gniazda ma najwyżej %d bajtów", url, PATH_MOST);
    return error_make(arena, KT_UNAVAILABLE, "listen", "%s: %s", "%s: %s", url, nng_strerror(code));
}

/* ---- Calls ---- */

static void slot_receive(slot *s)
{
    s->sending = false;
    nng_ctx_recv(s->ctx, s->aio);
}

/* From any thread: the transport's, the writer's, the pool's. */
static void slot_reply(void *context, kt_str answer, const outcome *outcome)
{
    (void)outcome;
    slot *s = context;
    nng_msg *message = NULL;
    if (nng_msg_alloc(&message, answer.len) != 0) { /* no memory: the client repeats its request */
        slot_receive(s);
        return;
    }
    if (answer.len)
        memcpy(nng_msg_body(message), answer.ptr, answer.len);
    atomic_fetch_add(&s->endpoint->all->sending, 1);
    s->sending = true;
    nng_aio_set_msg(s->aio, message);
    if (!gathering) {
        nng_ctx_send(s->ctx, s->aio);
        return;
    }
    listeners *all = s->endpoint->all;
    pthread_mutex_lock(&all->lock);
    s->next = NULL;
    *all->gathered_end = s;
    all->gathered_end = &s->next;
    all->gathered_count++;
    pthread_mutex_unlock(&all->lock);
}

/* NULL: there is none. Under the lock. */
static slot *first_gathered(listeners *all)
{
    slot *s = all->gathered;
    if (!s)
        return NULL;
    if (!(all->gathered = s->next))
        all->gathered_end = &all->gathered;
    all->gathered_count--;
    return s;
}

/* The next answer to send; NULL: there is none, and the sender may be started anew. */
static slot *take_gathered(sender *me)
{
    pthread_mutex_lock(&me->all->lock);
    slot *s = first_gathered(me->all);
    me->running = s != NULL;
    pthread_mutex_unlock(&me->all->lock);
    return s;
}

/* In one of the library's threads. What came meanwhile has its turn before the next few. */
static void send_gathered(void *context)
{
    sender *me = context;
    unsigned sent = 0;
    for (slot *s; (s = take_gathered(me));) {
        nng_ctx_send(s->ctx, s->aio);
        bool others = me->gently && ++sent % FEW == 0 && give_way(&me->way);
        if (others && nng_aio_begin(me->aio)) {
            nng_aio_finish(me->aio, 0);
            return;
        }
    }
}

void listeners_gather(listeners *all)
{
    if (!all)
        return;
    pthread_mutex_lock(&all->lock);
    gathering = all->sender_count > 0;
    pthread_mutex_unlock(&all->lock);
}

/* Under the lock. */
static void start_senders(listeners *all, bool gently)
{
    unsigned wanted = gently ? all->gathered_count > 0 : all->gathered_count;
    for (unsigned i = 0; i < wanted && i < all->sender_count; i++) { /* they begin together */
        sender *one = &all->senders[i];
        if (!one->running && nng_aio_begin(one->aio)) {
            one->running = true;
            one->gently = gently;
            nng_aio_finish(one->aio, 0);
        }
    }
}

void listeners_send(listeners *all, bool gently)
{
    gathering = false;
    if (!all)
        return;
    pthread_mutex_lock(&all->lock);
    slot *alone = all->gathered_count == 1 ? first_gathered(all) : NULL;
    start_senders(all, gently);
    pthread_mutex_unlock(&all->lock);
    if (alone)
        nng_ctx_send(alone->ctx, alone->aio);
}

static kt_str remote_of(slot *s, nng_msg *message)
{
    nng_sockaddr address;
    if (!s->endpoint->network || nng_pipe_get_addr(nng_msg_get_pipe(message), NNG_OPT_REMADDR, &address) != 0)
        return KT_STR("ipc");
    int n = -1;
    if (address.s_family == NNG_AF_INET) {
        uint8_t a[4];
        memcpy(a, &address.s_in.sa_addr, sizeof a);
        n = snprintf(s->remote, sizeof s->remote, "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
    } else if (address.s_family == NNG_AF_INET6) {
        const uint8_t *a = address.s_in6.sa_addr;
        n = 0;
        for (size_t i = 0; i < 16; i += 2)
            n += snprintf(s->remote + n, sizeof s->remote - (size_t)n, i ? ":%x" : "%x",
                (unsigned)(a[i] << 8 | a[i + 1]));
    }
    return n > 0 ? (kt_str){s->remote, (size_t)n} : KT_STR("unknown");
}

static void slot_event(void *context)
{
    slot *s = context;
    int result = nng_aio_result(s->aio);
    if (s->sending) {
        atomic_fetch_sub(&s->endpoint->all->sending, 1);
        if (result != 0)
            nng_msg_free(nng_aio_get_msg(s->aio));
        if (result == NNG_ECLOSED || result == NNG_ECANCELED)
            return;
        slot_receive(s);
        return;
    }
    if (result == NNG_ECLOSED || result == NNG_ECANCELED)
        return;
    if (result != 0) {
        slot_receive(s);
        return;
    }
    nng_msg *message = nng_aio_get_msg(s->aio);
    kt_str body = {nng_msg_body(message), nng_msg_len(message)};
    envelope e = {.remote = remote_of(s, message)};
    bus_exchange(s->endpoint->bus, body, &e, slot_reply, s);
    nng_msg_free(message); /* the slot may already be on its next one */
}

/* ---- Origins ---- */

/* A browser may open a WebSocket to any host: only pages of the listener's own host and those allowed may. */
static void check_origin(nng_pipe pipe, nng_pipe_ev event, void *context)
{
    endpoint *e = context;
    char *headers = NULL;
    (void)event;
    if (nng_pipe_get_string(pipe, "ws:request-headers", &headers) != 0)
        return;
    const char *at = strcasestr(headers, "\nOrigin:");
    at = at ? at + 8 : strncasecmp(headers, "Origin:", 7) == 0 ? headers + 7 : NULL;
    if (at) {
        while (*at == ' ')
            at++;
        size_t n = strcspn(at, "\r\n");
        if (!bus_origin_allowed(e->bus, (kt_str){at, n})) {
            metrics_event(e->bus->metrics, "origin_refused");
            nng_pipe_close(pipe);
        }
    }
    nng_strfree(headers);
}

/* ---- Opening ---- */

static bool is_encrypted(const char *url)
{
    return strncmp(url, "tls+", 4) == 0 || strncmp(url, "wss:", 4) == 0;
}

static kt_error *read_certificate(arena *arena, const char *tls_directory, kt_str *certificate, kt_str *key)
{
    const char *directory = tls_directory ? tls_directory : "tls";
    *certificate = arena_format(arena, "%s/cert.pem", directory);
    *key = arena_format(arena, "%s/key.pem", directory);
    return bus_read_tls(arena, certificate->ptr, key->ptr, certificate, key);
}

kt_error *bus_listen_check(arena *arena, const char *url, const char *tls_directory)
{
    static const char *const transports[] = {"ipc://", "tcp://", "tls+tcp://", "ws://", "wss://"};
    bool known = false;
    for (size_t i = 0; i < sizeof transports / sizeof *transports; i++)
        known = known || strncmp(url, transports[i], strlen(transports[i])) == 0;
    if (!known)
        return error_make(arena, KT_VALIDATION, "listen",
            "%s: ipc://, tcp://, tls+tcp://, ws:// or wss:// was expected",
            "%s: oczekiwano ipc://, tcp://, tls+tcp://, ws:// lub wss://", url);
    if (!is_encrypted(url))
        return NULL;
    kt_str certificate, key;
    KT_TRY(read_certificate(arena, tls_directory, &certificate, &key));
    explicit_bzero((void *)(uintptr_t)key.ptr, key.len);
    return NULL;
}

static kt_error *listen_on(
    arena *arena, bus *b, nng_socket socket, const char *url, const char *tls_directory)
{
    nng_listener listener;
    int code = nng_listener_create(&listener, socket, url);
    if (code != 0)
        return fail(arena, url, code);
    code = nng_listener_set_size(listener, NNG_OPT_RECVMAXSZ, b->options.message_max + 1024);
    if (code == 0 && strncmp(url, "ipc://", 6) == 0)
        code = nng_listener_set_int(listener, NNG_OPT_IPC_PERMISSIONS, 0660);
    if (code == 0 && is_encrypted(url)) {
        nng_tls_config *config = NULL;
        kt_str certificate, key;
        kt_error *error = read_certificate(arena, tls_directory, &certificate, &key);
        if (error) {
            nng_listener_close(listener);
            return error;
        }
        code = nng_tls_config_alloc(&config, NNG_TLS_MODE_SERVER);
        if (code == 0)
            code = nng_tls_config_own_cert(config, certificate.ptr, key.ptr, NULL);
        if (code == 0)
            code = nng_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG, config);
        if (config)
            nng_tls_config_free(config); /* the listener holds its own reference */
        explicit_bzero((void *)(uintptr_t)key.ptr, key.len);
    }
    if (code == 0)
        code = nng_listener_start(listener, 0);
    if (code != 0) {
        nng_listener_close(listener);
        return fail(arena, url, code);
    }
    return NULL;
}

static void publish(void *context, uint64_t seq, kt_str notice, bool schema)
{
    endpoint *e = context;
    (void)seq;
    (void)schema;
    nng_msg *message = NULL;
    if (nng_msg_alloc(&message, notice.len) != 0)
        return;
    memcpy(nng_msg_body(message), notice.ptr, notice.len);
    if (nng_sendmsg(e->pub, message, NNG_FLAG_NONBLOCK) != 0)
        nng_msg_free(message);
}

/* ipc: ".pub" behind the path; ws: the path "/events"; tcp: the next port. */
static kt_str pub_url(arena *arena, const char *url)
{
    if (strncmp(url, "ipc://", 6) == 0)
        return arena_format(arena, "%s.pub", url);
    const char *host = strstr(url, "://");
    if (!host)
        return (kt_str){0};
    host += 3;
    if (strncmp(url, "ws", 2) == 0)
        return arena_format(arena, "%.*s/events", (int)(strcspn(host, "/") + (size_t)(host - url)), url);
    const char *colon = strrchr(host, ':');
    unsigned port = 0;
    for (const char *d = colon ? colon + 1 : ""; *d >= '0' && *d <= '9' && port < 65535; d++)
        port = port * 10 + (unsigned)(*d - '0');
    if (port == 0 || port >= 65535)
        return (kt_str){0};
    return arena_format(arena, "%.*s:%u", (int)(colon - url), url, port + 1);
}

static kt_error *open_pub(arena *arena, endpoint *e, const char *tls_directory)
{
    kt_str url = pub_url(e->bus->arena, e->url.ptr);
    if (!url.ptr)
        return error_make(arena, KT_VALIDATION, "listen", "no address for notices beside %s",
            "brak adresu powiadomień obok %s", e->url.ptr);
    int code = nng_pub0_open(&e->pub);
    if (code != 0)
        return fail(arena, url.ptr, code);
    e->has_pub = true;
    nng_pipe_notify(e->pub, NNG_PIPE_EV_ADD_PRE, check_origin, e);
    KT_TRY(listen_on(arena, e->bus, e->pub, url.ptr, tls_directory));
    e->notices = (events_listener){.take = publish, .context = e, .every_ms = 10, .repeat_ms = 1000};
    events_add(e->bus->events, &e->notices);
    return NULL;
}

static kt_error *open_slots(arena *arena, endpoint *e)
{
    e->slots = ARENA_ARRAY(e->bus->arena, slot, CONTEXTS);
    if (!e->slots)
        return error_no_memory();
    for (; e->slot_count < CONTEXTS; e->slot_count++) {
        slot *s = &e->slots[e->slot_count];
        s->endpoint = e;
        int code = nng_ctx_open(&s->ctx, e->rep);
        if (code == 0)
            code = nng_aio_alloc(&s->aio, slot_event, s);
        if (code != 0)
            return fail(arena, e->url.ptr, code);
    }
    return NULL;
}

kt_error *listeners_open(arena *arena, listeners **made)
{
    listeners *all = ARENA_NEW(arena, listeners);
    if (!all)
        return error_no_memory();
    pthread_mutex_init(&all->lock, NULL);
    all->gathered_end = &all->gathered;
    *made = all;
    return NULL;
}

/* As many as the library has threads. Fewer do as well; without any the writer sends. */
static void open_senders(listeners *all)
{
    long wanted = 2 * sysconf(_SC_NPROCESSORS_ONLN);
    pthread_mutex_lock(&all->lock);
    while (all->sender_count < SENDERS_MAX && all->sender_count < wanted) {
        sender *one = &all->senders[all->sender_count];
        one->all = all;
        if (nng_aio_alloc(&one->aio, send_gathered, one) != 0)
            break;
        all->sender_count++;
    }
    pthread_mutex_unlock(&all->lock);
}

kt_error *bus_listen(bus *b, arena *arena, const char *url, const char *tls_directory)
{
    uint64_t slice = slice_shorten(); /* the first use of the library starts its threads */
    open_senders(b->listeners);
    slice_restore(slice);
    endpoint *e = ARENA_NEW(b->arena, endpoint);
    if (!e)
        return error_no_memory();
    *e = (endpoint){.bus = b, .all = b->listeners, .url = arena_str(b->arena, str_of(url))};
    e->network = strncmp(url, "ipc://", 6) != 0;
    int code = nng_rep0_open(&e->rep);
    if (code != 0)
        return fail(arena, url, code);
    e->next = b->listeners->first; /* from here on listeners_close ends it */
    b->listeners->first = e;
    nng_pipe_notify(e->rep, NNG_PIPE_EV_ADD_PRE, check_origin, e);
    KT_TRY(open_slots(arena, e));
    KT_TRY(listen_on(arena, b, e->rep, url, tls_directory));
    KT_TRY(open_pub(arena, e, tls_directory));
    for (size_t i = 0; i < e->slot_count; i++)
        slot_receive(&e->slots[i]);
    log_line(KT_LOG_INFO, "bus", "listening url=%s", url);
    return NULL;
}

/* ---- Ending ---- */

void listeners_drain(listeners *all, int64_t until_ms)
{
    if (!all)
        return;
    struct timespec nap = {.tv_nsec = 5000000};
    while (atomic_load(&all->sending) > 0 && clock_monotonic_ms() < until_ms)
        nanosleep(&nap, NULL);
    /* A send that is complete has been handed to its connection; that the peer has it needs a moment more. */
    nap.tv_nsec = 300000000;
    if (all->first)
        nanosleep(&nap, NULL);
}

void listeners_close(listeners *all)
{
    if (!all)
        return;
    pthread_mutex_lock(&all->lock);
    unsigned count = all->sender_count;
    all->sender_count = 0;
    pthread_mutex_unlock(&all->lock);
    for (unsigned i = 0; i < count; i++)
        nng_aio_free(all->senders[i].aio); /* waits for its callback */
    for (endpoint *e = all->first; e; e = e->next) {
        nng_close(e->rep);
        for (size_t i = 0; i < e->slot_count; i++) {
            nng_aio_stop(e->slots[i].aio);
            nng_aio_free(e->slots[i].aio);
        }
        if (e->has_pub)
            nng_close(e->pub);
    }
}
