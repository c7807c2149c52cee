/* discard.h -- contents of files that are given up for good: job kinds, files.sweep, and what person.erase starts. */
#pragma once
#include "exchange/file.h"
#include "job/job.h"

/* Is it the content of a document that was made here? */
KT_MUST kt_error *content_documented(kt_tx *tx, kt_str sha256, bool *documented);
enum { DISCARD_MOST = 400 };
/* Starts a job that destroys at most DISCARD_MOST contents, once this transaction is committed: those that nothing
 * names then. */
KT_MUST kt_error *discard_start(kt_tx *tx, kt_str title, const kt_str *sha256, size_t count, uint64_t *job);

kt_error *discard_prepare(job_run *run);
kt_error *sweep_prepare(job_run *run);
