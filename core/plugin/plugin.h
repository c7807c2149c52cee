/* plugin.h -- finds, checks, loads and replaces modules: shared objects, or Lua files that declare entities.
 * One generation of the catalogue is current; callers hold it while they run. */
#pragma once
#include "model/model.h"

typedef struct plugins plugins;

typedef struct {
    const char *directory;            /* of NAME.so and NAME.lua */
    const char *private_directory;    /* for the loaded copies: 0700 */
    const kt_module *const *built_in; /* access and the like; NULL-terminated */
    const uint8_t *master_key;        /* for migrations that write personal fields; may be NULL */
} plugin_options;
/* Loads the modules that the store says are enabled; at the first start those named (NULL: all found). */
KT_MUST kt_error *plugins_open(
    arena *arena, store *store, const plugin_options *options, const char *const *enable, plugins **plugins);
void plugins_close(plugins *plugins);
/* The current generation, held: release it when the call ends. thread: any */
const model_catalogue *plugins_hold(plugins *plugins);
/* The generation that belongs to this snapshot, held: a catalogue that is newer than its snapshot would look
 * for entries of indexes that are not there yet, an older one would not keep them. Open the view first; in a
 * write, call it within the job. returns unavailable: the catalogue changed twice meanwhile; try again with a
 * new snapshot. thread: any */
KT_MUST kt_error *plugins_hold_view(
    plugins *plugins, arena *arena, store_view *view, const model_catalogue **catalogue);
/* Builds and swaps in a new generation; unrelated calls go on. Names every unmet need. What changed is an
 * entry of the journal, by this user (0: the system). thread: any but the writer */
KT_MUST kt_error *plugins_enable(plugins *plugins, arena *arena, uint64_t user, const char *name);
KT_MUST kt_error *plugins_disable(plugins *plugins, arena *arena, uint64_t user, const char *name);
KT_MUST kt_error *plugins_reload(
    plugins *plugins, arena *arena, uint64_t user, const char *name); /* also: upgrade, with migrations */
/* A module's roles become records, once. */
KT_MUST kt_error *plugins_roles_make(kt_tx *tx, const kt_module *module);
/* A new generation after run-time definitions (custom fields, entities) changed. */
KT_MUST kt_error *plugins_rebuild(plugins *plugins, arena *arena);
/* Is there an index that cannot become whole, for records are alike? *why names them. It is tried again until
 * somebody has changed one. thread: any */
bool plugins_stuck(plugins *plugins, arena *arena, kt_str *why);
/* Are there modules that should be enabled and cannot be? why: which, and for what reason. thread: any */
bool plugins_failed(plugins *plugins, arena *arena, kt_str *why);
/* changed is told of each new generation, and of the records that were written with it, in which entry of the journal. */
void plugins_on_change(plugins *plugins,
    void (*changed)(void *context, uint64_t seq, const model_change *changes), void *context);
/* Calls each for every method of the enabled modules. */
void plugins_methods(const model_catalogue *catalogue,
    void (*each)(void *context, const kt_module *module, const kt_method *method), void *context);

extern const method plugin_methods[]; /* module.list enable disable upgrade reload; ended by {0} */
