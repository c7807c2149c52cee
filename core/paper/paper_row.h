/* paper_row.h -- inside the room: its records as structs, and the steps that its files share. */
#pragma once
#include "document/docx.h"
#include "document/render.h"
#include "paper/paper.h"

struct papers {
    papers_options options;
    render *render;
};

enum { TEMPLATE_ROW_HTML = 1, TEMPLATE_ROW_TEXT, TEMPLATE_ROW_XML, TEMPLATE_ROW_CSV, TEMPLATE_ROW_DOCX };
enum { ROW_POLISH = 1, ROW_ENGLISH };

struct template_row {
    kt_record rec;
    kt_str name, entity, text, title, numbers;
    unsigned kind, lang;
    kt_id file;
};
extern const kt_shape template_row_shape;

struct document_row {
    kt_record rec;
    kt_str name, sha256, data, reference;
    kt_id template, about, party;
    int64_t template_version, edition, size, attachment, signatures;
};
extern const kt_shape document_row_shape;

extern const kt_shape link_row_shape;

struct key_row {
    kt_record rec;
    kt_str name, subject, issuer, certificate;
    kt_id owner;
};
extern const kt_shape key_row_shape;

struct asset_row {
    kt_record rec;
    kt_str name;
    kt_id file, whose;
};
extern const kt_shape asset_row_shape;

/* The chunk of a template's text. */
KT_MUST kt_error *paper_compile(arena *arena, const struct template_row *row, kt_str *lua);
template_kind paper_kind(const struct template_row *row);

enum { PICTURES_MAX = 20 };

/* A template's text for a record. */
typedef struct {
    struct template_row row;
    model_record about;
    buffer text; /* yours to close */
    docx *docx;  /* the text is to be put into; NULL: it is whole */
    papers *papers;
    render_asset pictures[PICTURES_MAX + 1]; /* that the text names; ended by a NULL name */
    size_t picture_count;
} written;
/* Runs the template for record id of its entity, under the transaction's rights.
 *   facts  JSON object: what the template sees as `document` */
KT_MUST kt_error *paper_write(papers *p, kt_tx *tx, written *w, kt_id template, uint64_t id, kt_str facts);
/* What names mean in a DOCX for an entity: docx_names.resolve, context: paper_names. */
typedef struct {
    const kt_tx *tx;
    const model_entity *entity;
} paper_names;
docx_name paper_name(arena *arena, const void *context, kt_str name);
/* automation_template.picture; context: the written. */
KT_MUST kt_error *paper_picture(kt_tx *tx, void *context, kt_str name, uint64_t id, kt_str *address);
/* The text with its pictures inside, for whoever has nothing but the text. */
KT_MUST kt_error *paper_pictures_inside(arena *arena, const written *w, kt_str text, buffer *out);
