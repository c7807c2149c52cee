/* import_job.h -- inside the room: what the methods and the job of an import share. */
#pragma once
#include "exchange/exchange.h"
#include "exchange/file.h"
#include "exchange/intake.h"

enum { IMPORT_CHUNK_ROWS = 1000 };

/* Rows of whole records. */
typedef struct {
    reader_row *rows;
    size_t count;
    size_t *starts; /* of each record in rows, and behind the last one */
    size_t record_count;
    bool last; /* no more rows follow */
} import_batch;

/* Reads about `most` rows, up to the end of a record.
 *   memory  the transaction's */
KT_MUST kt_error *import_batch_read(
    kt_tx *tx, const mapping *mapping, reader *reader, size_t most, import_batch *batch);
/* Takes all records; problems are collected in *problems. After an error that dooms the transaction, *taken
 * says how many records were tried. */
KT_MUST kt_error *import_batch_take(kt_tx *tx, const mapping *mapping, reader *reader, seen *seen,
    const import_batch *batch, intake_counts *counts, kt_error **problems, size_t *taken);
/* Finds a mapping: an object, the name of a saved one, or nothing but the entity.
 *   from  NULL, an object, or a string */
KT_MUST kt_error *import_mapping(kt_tx *tx, const variant *from, kt_str entity, mapping *mapping);
/* The JSON of a saved mapping, or of the object given; "null": none. */
KT_MUST kt_error *import_mapping_text(kt_tx *tx, const variant *from, kt_str *text);
/* The parts of the kinds of jobs: exchange_jobs. */
kt_error *import_open(job_run *run);
kt_error *import_prepare(job_run *run);
kt_error *import_apply(job_run *run);
void import_close(job_run *run);
kt_error *undo_apply(job_run *run);
kt_error *export_open(job_run *run);
kt_error *export_prepare(job_run *run);
kt_error *export_apply(job_run *run);
void export_close(job_run *run);
