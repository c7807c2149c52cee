/* call.h -- inside the room: the bus itself, an exchange (one message with its answer) and its calls.
 *
 * A message arrives in a transport's thread. Its reads run there; its writes go to the store's writer as
 * jobs, which end in the writer's thread; what is slow goes to the pool. Whoever ends an exchange's last
 * running call goes on with it: `pending` counts the running calls and one more for the thread that starts
 * them. */
#pragma once
#include <stdatomic.h>

#include <kontor/web.h>

#include "bus/bus.h"
#include "bus/events.h"
#include "bus/listen.h"
#include "bus/metrics.h"
#include "bus/pool.h"
#include "bus/table.h"
#include "kit/clock.h"
#include "kit/decode.h"
#include "kit/network.h"

#define CALL_ARENA_MAX  ((size_t)64 << 20)
#define CALL_ANSWER_MAX ((size_t)16 << 20)
#define REQUEST_ID_MAX  20
#define FILE_BYTES_MAX  ((size_t)32 << 20)

struct bus {
    bus_options options;
    decode_limits limits;
    arena *arena;
    table methods;
    pool *pool;
    events *events;
    metrics *metrics;
    listeners *listeners;
    struct http *http;    /* http.c's; NULL: none */
    method_rooms rooms;   /* what methods get */
    const char **origins; /* allowed beside the server's own; NULL-terminated, may be NULL */
    network *proxies;     /* their X-Real-IP is believed */
    size_t proxy_count;
    atomic_bool draining;
    atomic_uint running;                  /* exchanges */
    atomic_uint_fast32_t requests, reads; /* reads: answered by the thread that took them */
    uint_fast32_t reads_before;           /* the last batch of writes; the writer's own */
    uint32_t boot;                        /* makes request ids differ between starts */
    int64_t started_ms;
};

/* What a transport knows of a message beside its bytes; all borrowed until bus_exchange returns. */
typedef struct {
    kt_str token, remote;
    kt_str key;    /* an Idempotency-Key header */
    kt_str cookie; /* good for session.resume alone */
    kt_str lang;   /* when the message names none and nobody is logged in */
    bool file;     /* the message tells of a file that was brought, and of nothing else */
    bool fresh;    /* the header that a foreign page cannot set was there: the cookie may be used */
} envelope;

/* What the transport may want to know of the answer; borrowed during the reply. */
typedef struct {
    buffer *of; /* holds the answer; a transport that goes on needing it takes it over. NULL: fixed bytes */
    kt_str session;  /* a token that session.login or .resume gave, or not set */
    bool ended;      /* session.logout succeeded */
    kt_kind kind;    /* of a single call's error; 0: none */
    bool too_large;  /* the message */
    bool throttled;  /* session.login was refused for its rate */
    unsigned status; /* of a route's answer; 0: it is none */
    kt_str type;     /* of a route's answer */
} outcome;
typedef void (*exchange_reply)(void *context, kt_str answer, const outcome *outcome);

/* A transaction with the catalogue that belongs to its view, and whoever calls. */
typedef struct {
    kt_tx tx;
    const access_actor *actor;
    zone *zone; /* of the first company, where nobody calls */
    const model_catalogue *catalogue;
} session;

typedef struct { /* a request for a module's route (web.c) */
    const kt_route *route;
    kt_str path; /* the route's prefix */
    kt_web_request request;
    kt_web_response response;
} web_call;

typedef struct exchange exchange;
typedef struct call {
    store_job job; /* first: the writer hands it back */
    pool_task task;
    exchange *exchange;
    bus *bus;
    arena *arena;
    const variant *id; /* NULL: a notification */
    kt_str method, token, key, lang, preview, unit;
    const variant *params;
    bool dry_run, plain; /* plain: METHOD_PLAIN */
    bool repeated;       /* plain: answered as under this key before */
    enum { CALL_HERE, CALL_WRITER, CALL_POOL } place;
    int code; /* of an error that has no kind; 0: by the kind */
    char request_id[REQUEST_ID_MAX];
    int64_t began_us;
    buffer answer; /* the result's text */
    kt_error *error;
    const char *error_lang;
    session now; /* while it runs */
    uint64_t seq;
    uint8_t digest[32]; /* of the request: what an idempotency key is bound to */
    web_call *web;      /* NULL: JSON-RPC */
} call;

struct exchange {
    pool_task task; /* to go on with in the pool */
    bus *bus;
    arena *arena;
    kt_str remote, token, key, cookie, lang;
    bool batch, fresh, file;
    call *calls;
    size_t count, next;
    size_t reserved; /* bytes of `out` that writes have asked for */
    atomic_size_t pending;
    exchange_reply reply;
    void *context;
    buffer out;
    outcome outcome;
};

/* Handles one message. reply is called once, in this thread or another. thread: any */
void bus_exchange(bus *bus, kt_str message, const envelope *envelope, exchange_reply reply, void *context);

/* Starts the calls of an exchange that can start now. (exchange.c) */
void exchange_go_on(exchange *exchange);
/* Starts a call; it ends with call_end, here or in another thread. */
void call_start(call *call);
/* Finds out where a call runs: call->place. */
void call_place(call *call);
void call_end(call *call); /* exchange.c */
/* Room for the answer of a write, taken before its commit: what is written must not be denied afterwards for
 * lack of memory. thread: writer, which alone touches an exchange's `out` before the last call has ended */
KT_MUST kt_error *call_reserve(call *call);
/* Writes the call's whole response object. */
void answer_call(call *call, buffer *out);
/* A response to a message that no call could be made of. */
void answer_error(buffer *out, const variant *id, int code, const kt_error *error, const char *lang,
    const char *request_id);
/* The member "error" alone, for a call inside another. */
void answer_error_member(json *j, const kt_error *error, const char *lang, const char *request_id);
bool bus_origin_allowed(const bus *bus, kt_str origin);
bool bus_is_proxy(const bus *bus, kt_str remote);
/* Reads a certificate and its key, both in PEM. */
KT_MUST kt_error *bus_read_tls(
    arena *arena, const char *certificate_path, const char *key_path, kt_str *certificate, kt_str *key);
void bus_request_id(bus *bus, char out[REQUEST_ID_MAX]);
