/* paper.h -- documents as records: templates that are checked when they are saved, texts and PDF files that
 * are made from them for any record, kept by version, and signed. */
#pragma once
#include "automation/automation.h"
#include "job/job.h"

typedef struct papers papers;

extern const kt_module paper_module; /* built in: document.template, document.document */
extern const job_kind paper_jobs[];  /* ended by {0} */
extern const method paper_methods[]; /* document.*; ended by {0} */

typedef struct {
    automation *automation;
    const char *data_directory;
    const char *renderer;  /* path of renderer.py; NULL: no PDF can be made */
    unsigned renderers;    /* processes that make PDF, 0: two */
    const char *templates; /* folder of the ready templates; NULL: there are none */
} papers_options;

/* Starts nothing yet. memory: lives in arena until papers_close */
KT_MUST kt_error *papers_open(arena *arena, const papers_options *options, papers **papers);
void papers_close(papers *papers);
