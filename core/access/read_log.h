/* read_log.h -- inside the room: who read or exported what, where an entity asks for it. */
#pragma once
#include "model/model.h"

typedef struct read_log read_log;

#define READ_LOG_MAX 8192 /* readings that wait to be written */

/* returns NULL: no memory */
KT_MUST read_log *read_log_open(arena *arena, store *store);
/* Waits until all is written. Before the store closes. */
void read_log_close(read_log *log);
/* Notes a reading; a store job writes it soon. thread: any; never waits */
void read_log_note(
    read_log *log, const kt_tx *tx, const model_entity *entity, uint64_t id, const char *action);
