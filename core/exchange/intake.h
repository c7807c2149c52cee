/* intake.h -- rows of a file into records, within a transaction. */
#pragma once
#include "exchange/lookup.h"

/* What goes on over all chunks of one import. */
typedef struct {
    uint64_t created, updated, unchanged, skipped, failed;
} intake_counts;

typedef struct intake intake;
/* Begins a chunk. seen: of a rehearsal, the keys and titles that earlier rows bring; else NULL */
KT_MUST kt_error *intake_open(kt_tx *tx, const mapping *mapping, reader *reader, seen *seen, intake **intake);
/* The key of a row's record, as text; not set: the row has none. Rows with the key of the row before, or
 * without one, go on with its record if the mapping has lines by row. */
KT_MUST kt_error *intake_key(intake *intake, const reader_row *row, kt_str *key);
/* Makes or changes the record of these rows. A refusal leaves nothing but records that were made for
 * references (MISSING_CREATE).
 *   returns  problems with row, path and column */
KT_MUST kt_error *intake_take(intake *intake, const reader_row *rows, size_t count, intake_counts *counts);
