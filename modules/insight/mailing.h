/* mailing.h -- answers as tables, sent by mail. */
#pragma once
#include <kontor/files.h>
#include <kontor/value.h>

#include "insight.h"

/* ---- table.c: an answer of any reading method as a table ---- */

/* A figure of the table, and the records behind it. */
typedef struct {
    kt_str row, column, entity, filter;
} source;
typedef struct {
    kt_str title, from, until;
    kt_str *titles, *cells; /* cells row by row; not set: empty */
    bool *numbers;          /* by column */
    size_t columns, rows;
    source *sources;
    size_t source_count;
} table;
/* Of a report's answer: its columns, rows and total; of another: the first list of objects in it.
 *   returns  rule: there is no list in it */
KT_MUST kt_error *table_of(kt_tx *tx, const kt_value *answer, table *t);
/* The table as an HTML document, for a PDF. */
KT_MUST kt_error *table_html(kt_tx *tx, const table *t, kt_str name, kt_str reader, kt_str *html);
/* The table with the list of its sources below, as a sheet. */
KT_MUST kt_error *table_sheet(kt_tx *tx, const table *t, kt_sheet *sheet);

/* ---- mailing.c ---- */

extern const kt_shape subscription_shape, send_due_shape, sent_due_shape;
extern const kt_action subscription_actions[];
kt_error *subscription_compute(kt_tx *tx, kt_record *self);
kt_error *send_due(kt_tx *tx, const kt_record *params, kt_record *result);
extern const kt_work mailing_work;
