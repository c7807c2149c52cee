/* server.h -- a whole server in one process: store, access, modules, bus. kontord runs one until a signal; a
 * test opens one on "mem:". */
#pragma once
#include "bus/bus.h"
#include "outbox/outbox.h"
#include "paper/paper.h"

typedef struct server server;

typedef struct {
    const char *store_url;            /* NULL: "lmdb:DATA/store" */
    const char *data_directory;       /* made, 0700, if absent */
    const char *modules_directory;    /* NULL: only what is built in */
    const char *const *modules;       /* to enable at the first start; NULL: all found */
    const kt_module *const *built_in; /* beside the core's own; NULL-terminated, may be NULL */
    bool by_hand;                     /* what waits runs by automation_run_due alone: tests */
    bool relaxed;                     /* durability: see store.h */
    papers_options papers;            /* renderer and templates; the rest is filled in */
    automation_options rules;         /* their limits and folder; the rest is filled in */
    access_options access;            /* 0: the defaults */
    bool idle;                        /* nothing runs by itself: jobs and effects wait */
    outbox_options outbox;            /* its targets and limits; the rest is filled in */
    bus_options bus;                  /* its limits; the rest is filled in */
} server_options;

/* Opens every room on one data directory. memory: yours to end with server_close */
KT_MUST kt_error *server_open(arena *arena, const server_options *options, server **server);
/* Runs body on a snapshot as the system itself, to whom no rights apply. */
KT_MUST kt_error *server_read(
    server *server, arena *arena, kt_error *(*body)(kt_tx *tx, void *context), void *context);
/* Runs body in the writer as the system itself, rules watching, and waits until it is on disk. */
KT_MUST kt_error *server_write(
    server *server, arena *arena, kt_error *(*body)(kt_tx *tx, void *context), void *context);
/* Is there no user yet? Then server_bootstrap makes the administrator. */
KT_MUST kt_error *server_is_new(server *server, arena *arena, bool *is_new);
KT_MUST kt_error *server_bootstrap(server *server, arena *arena, kt_str password);
bus *server_bus(server *server);
store *server_store(server *server);
access_control *server_access(server *server);
automation *server_automation(server *server);
/* It has run well for a while: starts before this one no longer count against it. */
void server_settle(server *server);
/* Refuses new calls, answers running ones within limit_ms, closes everything. false: calls were still running
 * and the process has to end as it is. server may be NULL. */
bool server_close(server *server, int64_t limit_ms);

/* kontord's main */
KT_API int kontor_main(int argc, char **argv);
