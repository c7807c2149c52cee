/* paper_row.h -- inside the room: its records as structs, and the steps that its files share. */
#pragma once
#include "document/render.h"
#include "paper/paper.h"

struct papers {
    papers_options options;
    render *render;
};

enum { TEMPLATE_ROW_HTML = 1, TEMPLATE_ROW_TEXT, TEMPLATE_ROW_XML, TEMPLATE_ROW_CSV };
enum { ROW_POLISH = 1, ROW_ENGLISH };

struct template_row {
    kt_record rec;
    kt_str name, entity, text, title;
    unsigned kind, lang;
};
extern const kt_shape template_row_shape;

struct document_row {
    kt_record rec;
    kt_str name, sha256, data;
    kt_id template, about, party;
    int64_t template_version, edition, size, attachment, signatures;
};
extern const kt_shape document_row_shape;

struct key_row {
    kt_record rec;
    kt_str name, subject, issuer, certificate;
    kt_id owner;
};
extern const kt_shape key_row_shape;

/* The chunk of a template's text. */
KT_MUST kt_error *paper_compile(arena *arena, const struct template_row *row, kt_str *lua);
template_kind paper_kind(const struct template_row *row);

/* A template's text for a record. */
typedef struct {
    struct template_row row;
    model_record about;
    buffer text; /* yours to close */
} written;
/* Runs the template for record id of its entity, under the transaction's rights.
 *   facts  JSON object: what the template sees as `document` */
KT_MUST kt_error *paper_write(papers *p, kt_tx *tx, written *w, kt_id template, uint64_t id, kt_str facts);
