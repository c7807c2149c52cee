/* generation.h -- the current catalogue and how it is replaced. Inside the room only.
 *
 * Two locks. `manage` is held through a whole change: one at a time, in a thread that may wait. `lock` guards
 * the three generations below and is held for a few instructions; manage before lock, and neither across a
 * call that comes back into this room. */
#pragma once
#include <pthread.h>
#include <stdatomic.h>

#include "plugin/loader.h"

enum { STUCK_MAX = 400 };

typedef struct {
    uint64_t number; /* as in the store; 0: none */
    const model_catalogue *catalogue;
} generation;

typedef struct failure { /* a module that should be enabled and cannot */
    char name[MODULE_NAME_MAX + 1];
    const char *text;
    struct failure *next;
} failure;

struct plugins {
    arena *arena; /* grows with each load: nothing loaded is ever given back */
    store *store;
    const char *directory, *private_directory;
    const kt_module *const *built_in;
    const uint8_t *master_key;
    void (*changed)(void *context, uint64_t seq, const model_change *changes);
    void *context;

    pthread_mutex_t manage;
    const kt_module *active[MODULES_MAX]; /* enabled modules, without those built in */
    size_t active_count;
    loaded *loaded;
    struct sleeper { /* disabled modules' declarations, read once */
        const kt_module *module;
        struct sleeper *next;
    } * asleep;
    failure *failures;
    unsigned copies;
    pthread_t filler;     /* goes on with what was left undone */
    pthread_cond_t again; /* of manage: it has something to do */
    bool fills;
    atomic_bool closing;
    uint64_t user; /* on whose behalf modules are being changed; 0: the system */

    store_memo number; /* of the generation that the store has */
    pthread_rwlock_t lock;
    generation current, pending, previous;
    char stuck[STUCK_MAX]; /* why an index cannot become whole; "": all can */
};

/* Builds a generation of these modules in one transaction of the writer, and makes it current.
 *   entering  the modules of them whose version, migration, roles and declaration are looked at
 *   leaving   the name of a module that is to be remembered as disabled, or NULL */
KT_MUST kt_error *generation_change(plugins *p, arena *arena, const kt_module *const *modules, size_t count,
    const kt_module *const *entering, size_t entering_count, const char *leaving);
/* As generation_change, on a snapshot, with nothing kept: what would be wrong with them? */
KT_MUST kt_error *generation_try(plugins *p, arena *arena, const kt_module *const *modules, size_t count);
/* Does what the current generation still has to do over large entities, step by step, each in a job of the
 * writer, until nothing is left or the room closes. *worked: a new generation is due. Under manage. */
KT_MUST kt_error *generation_fill(plugins *p, arena *arena, bool *worked);
/* Loads the file of a module. */
KT_MUST kt_error *plugins_load(plugins *p, arena *arena, const char *name, const kt_module **module);
/* Names of every NAME.so and NAME.lua in the modules directory, up to MODULES_MAX, added to names; a
 * directory that is not there holds none. */
KT_MUST kt_error *plugins_files(plugins *p, arena *arena, const char **names, size_t *count);
