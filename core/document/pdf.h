/* pdf.h -- inside the room: the parts of a PDF file that signatures touch. qpdf reads and rewrites; the
 * update that carries a signature is written here, because qpdf never appends. */
#pragma once
#include "document/cms.h"
#include "kit/buffer.h"

enum { PDF_MAX = 64 * 1024 * 1024 };

/* The file in the plain form that an update can follow: cross-reference tables, no object streams. A file
 * that bears signatures is given back as it is: rewriting it would break them. */
KT_MUST kt_error *pdf_plain(arena *arena, kt_str pdf, kt_str *plain);

/* Appends an update with an empty signature to the file in out.
 *   gap  receives the place of the signature's hexadecimal digits, brackets included: what it does not cover
 */
typedef struct {
    size_t start, end;
} pdf_gap;
KT_MUST kt_error *pdf_add_signature(arena *arena, const sign_options *options, buffer *out, pdf_gap *gap);

typedef struct {
    kt_str field, time, der;
    int64_t range[4];
} pdf_signature;
KT_MUST kt_error *pdf_signatures(arena *arena, kt_str pdf, const pdf_signature **signatures, size_t *count);
