/* docx_pictures.h -- inside the room: pictures that go into a DOCX: drawn in its text, kept in its archive. */
#pragma once
#include <zip.h>

#include "document/docx.h"
#include "kit/buffer.h"

enum { DOCX_PICTURES_MAX = 32 };
typedef struct {
    arena *arena;
    zip_t *archive;
    const render_asset *assets;    /* ended by a NULL name */
    bool used[DOCX_PICTURES_MAX];  /* by the part at hand */
    bool added[DOCX_PICTURES_MAX]; /* to the archive, at the end */
    unsigned drawn;
    kt_error *error;
} docx_pictures;

/* Writes "dasset:NAME|mm" as a drawing, at most so wide; "rasset:NAME|" as its relationship. */
void docx_picture_put(docx_pictures *p, kt_str what, buffer *out);
/* Writes the relationships of a part's pictures. */
KT_MUST kt_error *docx_pictures_relate(docx_pictures *p, const char *part);
/* Puts the pictures into the archive, and tells of their types. */
KT_MUST kt_error *docx_pictures_add(docx_pictures *p);
