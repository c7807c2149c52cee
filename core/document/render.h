/* render.h -- HTML to PDF by a well-kept renderer (WeasyPrint) in a process of its own, which is locked in
 * and can load nothing but what comes with the document. The process is started when there is work and ends
 * by itself when idle. */
#pragma once
#include "kit/error.h"

typedef struct render render;

/* program: the path of renderer.py. Starts nothing yet. returns NULL: no memory */
KT_MUST render *render_open(const char *program);
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
 *   thread       any but the writer's and the transports': it waits. One document at a time */
KT_MUST kt_error *render_pdf(render *render, arena *arena, kt_str html, const render_asset *assets,
    int deadline_ms, kt_str *pdf, kt_str *warnings);
