/* bus.h -- JSON-RPC 2.0: decoding, dispatch, transactions, batches, exactly once, dry run, limits; and the
 * transports that carry it: nng REP and PUB, HTTP by libmicrohttpd. */
#pragma once
#include "access/access.h"
#include "automation/automation.h"
#include "job/job.h"
#include "journal/journal.h"
#include "plugin/plugin.h"

typedef struct bus bus;

typedef struct {
    store *store;
    access_control *access;
    plugins *plugins;
    automation *automation; /* NULL: no rules run */
    jobs *jobs;             /* what job.* speaks of; may be NULL */
    struct papers *papers;  /* what document.* speaks of; may be NULL */
    /* Told of every commit, after caches and listeners. May be NULL. thread: any; must not block */
    void (*changed)(void *context, const model_change *changes);
    void *context;
    const char *data_directory; /* attachments, keys */
    const uint8_t *master_key;
    size_t message_max;                          /* 0: 1 MB */
    unsigned batch_max, depth_max, slow_threads; /* 0: 50, 64, 2 */
    int64_t request_ms, slow_call_ms;            /* 0: 30 s, 200 ms */
} bus_options;
KT_MUST kt_error *bus_open(arena *arena, const bus_options *options, bus **bus);
/* Adds a room's methods; refuses one without a right, a name taken twice. Before the first listener. */
KT_MUST kt_error *bus_methods(bus *bus, arena *arena, const method *methods);
/* Could the server listen there? What is wrong with an address, and with the certificate that it needs. */
KT_MUST kt_error *bus_listen_check(arena *arena, const char *url, const char *tls_directory);
KT_MUST kt_error *bus_http_check(arena *arena, const char *host_port);
/* ipc://, tcp://, tls+tcp://, ws:// (nng); a second URL with PUB is opened beside it: see docs/protocol.md.
 */
KT_MUST kt_error *bus_listen(bus *bus, arena *arena, const char *url, const char *tls_directory);
KT_MUST kt_error *bus_http(bus *bus, arena *arena, const char *host_port, const char *files_directory);
/* The store answers a batch of writes, or has: for store_options.answering. thread: the writer */
void bus_answering(bus *bus, bool begin);
/* A room beside the bus committed these changes: caches and subscribers are told. thread: any */
void bus_committed(bus *bus, uint64_t seq, const model_change *changes);
/* Handles one message; reply is called once, from any thread, with the answer (borrowed during the call). */
typedef void (*bus_reply)(void *context, kt_str answer);
void bus_handle(bus *bus, kt_str message, kt_str token, kt_str remote, bus_reply reply, void *context);
/* Refuses new calls, finishes running ones, waits at most limit_ms. false: calls still run: do not close. */
bool bus_drain(bus *bus, int64_t limit_ms);
void bus_close(bus *bus);
/* Pages that may open a WebSocket here, "https://erp.example.com"; NULL-terminated. Before the first
 * listener.
 */
KT_MUST kt_error *bus_origins(bus *bus, const char *const *origins);
/* Networks of proxies whose X-Real-IP names the client, "127.0.0.1"; NULL-terminated. Without them the peer
 * itself is the client. Before the first listener. */
KT_MUST kt_error *bus_proxies(bus *bus, arena *arena, const char *const *networks);
/* The port that bus_http bound, for "127.0.0.1:0"; 0: none. */
unsigned bus_http_port(const bus *bus);
