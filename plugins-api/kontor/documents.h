/* documents.h -- what orders, offers and invoices of all modules have in common: the summary of tax by rate, and what a
 * revision changed. The shapes are the core's, so that a row reads the same wherever it stands. */
#pragma once
#include <kontor/tax.h>

/* ---- Tax by rate ---- */

typedef struct kt_tax_row { /* a line of the document's summary */
    kt_record rec;
    kt_id tax;
    kt_str label;
    kt_tax_kind kind;
    kt_dec rate, net, amount;
} kt_tax_row;
extern KT_API const kt_shape kt_tax_row_shape;
extern KT_API const kt_choice kt_tax_kinds[];
/* Makes the rows out of a document that was computed. A row of the same tax stays the same row.
 *   rows  what they were, receives what they are */
KT_API KT_MUST kt_error *kt_tax_rows(kt_tx *tx, const kt_tax_document *document, kt_lines *rows);

/* ---- Revisions ---- */

typedef enum { KT_ADDED = 1, KT_REMOVED, KT_CHANGED } kt_difference;
typedef struct kt_revision { /* a line of the document's amendments: one field that one revision changed */
    kt_record rec;
    int64_t revision, line; /* line 0: the document's own field */
    kt_time at;
    kt_id by;
    kt_str reason, name, field, before, after; /* name: of the line */
    kt_difference difference;
} kt_revision;
extern KT_API const kt_shape kt_revision_shape;

typedef struct { /* a field in two versions, as text; not set: empty */
    const char *field;
    kt_str before, after;
} kt_two_versions;
/* Adds a row for each field whose versions differ.
 *   mark  what the rows have in common: revision, at, by, reason, difference, line and its name */
KT_API KT_MUST kt_error *kt_revision_add(
    kt_tx *tx, const kt_revision *mark, const kt_two_versions *fields, size_t count, kt_lines *rows);
typedef struct kt_amended { /* the answer of an amendment */
    kt_record rec;
    int64_t id, version, revision;
    kt_dec net, gross;
    kt_lines differences;
} kt_amended;
extern KT_API const kt_shape kt_amended_shape;
/* Fills the answer in.
 *   figures    revision, net and gross of the document
 *   revisions  all its rows: those of this revision are shown, without their ids */
KT_API KT_MUST kt_error *kt_amended_answer(kt_tx *tx, const kt_record *document, const kt_amended *figures,
    const kt_lines *revisions, kt_record *result);
/* An id that no line of the document has, and none had that a revision speaks of. */
KT_API kt_id kt_revision_next_line(const kt_lines *lines, const kt_lines *revisions);
/* The lines without the one of this id. */
KT_API KT_MUST kt_error *kt_lines_without(kt_tx *tx, kt_lines *lines, kt_id id);

/* A number with no more digits than it has, but at least so many behind the point: 2 of a price. Not set: not set. */
KT_API kt_str kt_dec_text(kt_tx *tx, kt_dec value, int least);
/* "2026-11-25". Not set: not set. */
KT_API kt_str kt_date_text(kt_tx *tx, kt_date date);
