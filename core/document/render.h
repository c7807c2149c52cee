/* render.h -- HTML to PDF by a well-kept renderer (WeasyPrint) in processes of its own, which are locked in
 * and can load nothing but what comes with the document. The process is started when there is work and ends
 * by itself when idle. */
#pragma once
#include "kit/error.h"

typedef struct render render;

/* Starts nothing yet.
 *   program  the path of renderer.py
 *   count    processes at most, 0: two, never more than 16; each is started when all others are busy
 *   returns  NULL: no memory */
KT_MUST render *render_open(const char *program, unsigned count);
unsigned render_count(const render *render);
void render_close(render *render);

typedef struct {
    const char *name; /* the document's "asset:NAME" */
    kt_str bytes;
} render_asset;

/* Renders a document.
 *   deadline_ms  the process is killed when it takes longer
 *   assets       images, style sheets and fonts, ended by a NULL name; NULL: none
 *   pdf          receives the file, the arena's
 *   warnings     receives what the renderer complained of, a line each; NULL: not wanted
 *   returns      validation: it cannot be rendered; limit: it took too long, or the answer is too large;
 *                unavailable: the renderer does not start
 *   thread       any but the writer's and the transports': it waits, while all processes are busy for one of them */
KT_MUST kt_error *render_pdf(render *render, arena *arena, kt_str html, const render_asset *assets,
    int deadline_ms, kt_str *pdf, kt_str *warnings);
