/* read_index.h -- inside the room: which rows of the log of reads hold a record, so that who looked at a customer
 * is told at once, however long the log is. A row names single records and ranges of them; a range is entered as
 * the fewest aligned blocks of 1, 4, 4^2, ... ids that make it up, so that a long one costs little. Where a row names
 * so many scattered records that they would cost an entry each, its blocks are coarser and hold others too: the row
 * itself tells whether it holds a record. A record is in at most one block of each size.
 *
 *   STORE_META  "Ai" entity u16, level u8, block u64, row u64   empty
 *               "An"   the first row that was entered: those before it are older than the index */
#pragma once
#include "access/control.h"

/* Enters a row, or takes it out.
 *   record   0: none
 *   records  ranges as of read_log_ranges; may be empty */
KT_MUST kt_error *read_index_put(kt_tx *tx, kt_str entity, uint64_t row, uint64_t record, kt_str records);
KT_MUST kt_error *read_index_drop(kt_tx *tx, kt_str entity, uint64_t row, uint64_t record, kt_str records);

/* The first row that was entered; all below it, if any, are not. UINT64_MAX: none was */
KT_MUST kt_error *read_index_first(kt_tx *tx, uint64_t *row);

/* The rows that may hold a record, newest first. */
typedef struct read_index_scan read_index_scan;
/* below: only rows before this one. memory: tx->arena; ends with read_index_end */
KT_MUST kt_error *read_index_open(
    kt_tx *tx, const model_entity *entity, uint64_t record, uint64_t below, read_index_scan **scan);
bool read_index_next(read_index_scan *scan, uint64_t *row);
KT_MUST kt_error *read_index_end(read_index_scan *scan);
