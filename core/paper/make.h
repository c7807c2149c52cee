/* make.h -- inside the room: from a template and a record to a kept document, in three steps, so that the
 * slow ones wait for nobody and the writer does the last alone. */
#pragma once
#include "paper/paper_row.h"

typedef struct {
    /* what is asked for */
    kt_id template;
    uint64_t id;    /* of the record */
    uint64_t ahead; /* documents of the same batch that take their numbers before it */
    /* what the steps find */
    kt_str text, data, file_name, title;     /* in the arena */
    render_asset pictures[PICTURES_MAX + 1]; /* ended by a NULL name; good as long as the text */
    kt_str warnings;                         /* of the renderer, a line each */
    kt_str entity, type;
    kt_str numbers, number; /* the template's pattern, and what it gives; may be not set */
    uint64_t company;       /* whose series it is */
    const char *extension;
    uint64_t party;
    int64_t template_version, edition, size;
    char sha256[65];
    uint64_t document, attachment; /* made */
} making;

/* Runs the template and notes what it was made from. thread: of a transaction that may wait */
KT_MUST kt_error *make_text(papers *p, kt_tx *tx, making *m);
/* Makes the file and puts it on disk, outside of every transaction. */
KT_MUST kt_error *make_file(papers *p, arena *arena, making *m);
/* Puts bytes on disk, under their hash. */
KT_MUST kt_error *make_content(papers *p, arena *arena, kt_str bytes, making *m);
/* A base.attachment of the file, for the record and its party. thread: writer */
KT_MUST kt_error *make_attachment(kt_tx *tx, making *m);
/* Keeps it: a base.attachment of the record and of its party, and a document.document. Who may make documents
 * was judged.
 *   returns  conflict: another edition was made meanwhile
 *   thread   writer */
KT_MUST kt_error *make_keep(kt_tx *tx, making *m);
/* What is seen of a signature. */
typedef struct {
    kt_str name, reason, picture; /* picture: its address; may be not set */
    const render_asset *pictures; /* ended by a NULL name */
    kt_time at;
    int offset_s; /* of the zone that it is shown in, east of UTC */
    int width, height;
} stamp;
/* A PDF page of that size. returns validation at "box". thread: may wait */
KT_MUST kt_error *stamp_make(papers *p, arena *arena, const stamp *s, kt_str *pdf);
void make_answer(const making *m, json *answer);
