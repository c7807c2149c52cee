/* care.h -- backup, restore and proof of a data directory: the store, the keys, the journal's checkpoints,
 * the files. */
#pragma once
#include "server/server.h"

typedef void (*care_report)(void *context, const char *finding);

/* Proves a data directory that no server uses: checksums, then every invariant of the model, then the
 * journal's chain. Reports each finding. returns the first as an error. memory: not kept. It opens the
 * directory as a server does. */
KT_MUST kt_error *care_check(arena *arena, const server_options *options, care_report report, void *context);
/* Verifies the backup, then copies it into a directory that is absent or empty. */
KT_MUST kt_error *care_restore(arena *arena, const char *backup, const char *directory);

/* backup.create, system.check; ended by {0} */
extern const method care_methods[];
