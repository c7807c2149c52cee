/* read_log.h -- inside the room: who was shown what, where an entity asks for it.
 *
 * While a call runs, what it shows gathers in its transaction; when it has been answered, one row per entity
 * waits to be written: who, when, from where, by which method and filter, and the records themselves. Rows
 * are written many at a time by a thread of their own, READ_LOG_DELAY_MS after the first at the latest;
 * equal calls that come meanwhile share a row. */
#pragma once
#include "access/access.h"
#include "access/read_budget.h"

typedef struct read_log read_log;

#define READ_LOG_MAX      8192 /* rows that wait to be written */
#define READ_LOG_DELAY_MS 200
#define READ_LOG_IDS_MAX  4000 /* records in one row: more make more rows */

/* keep_days  rows older than that are deleted as new ones come; 0: none is
 * returns    NULL: no memory */
KT_MUST read_log *read_log_open(arena *arena, store *store, read_budget *budget, unsigned keep_days);
/* Waits until all is written. Before the store closes. */
void read_log_close(read_log *log);
/* Waits until what was noted is written. */
void read_log_settle(read_log *log);

/* Who hears of alarms, besides the log; NULL: nobody, from here on. */
void read_log_listen(read_log *log, const access_listeners *listeners);
/* An alarm that no row tells of waits to be written; it has no texts. */
struct alarm;
void read_log_alarm(read_log *log, const kt_tx *tx, const struct alarm *alarm);

/* Begins to gather in tx what it shows. */
KT_MUST kt_error *read_log_begin(kt_tx *tx);
/* A record is shown. action: a literal, "read", "export" or "reveal" */
void read_log_seen(kt_tx *tx, const model_entity *entity, uint64_t id, const char *action);
/* What tx showed by this call waits to be written. key: 0, or the access.key that was used */
void read_log_note(
    read_log *log, const kt_tx *tx, uint64_t key, kt_str remote, kt_str method, const variant *params);

/* "3-17,21": rising ids as ranges. Not set: no memory */
kt_str read_log_ranges(arena *arena, const uint64_t *ids, size_t count);
/* The next range, from *at on; false: no more. */
bool read_log_range(kt_str ranges, size_t *at, uint64_t *first, uint64_t *last);
/* Is the id in these ranges? */
bool read_log_has(kt_str ranges, uint64_t id);
