/* files.h -- files that a module makes: a workbook of rows, a PDF of HTML. They are made while a work (work.h) prepares,
 * for that may wait, and become a base.attachment when it applies: kt_effect mails them by their ids. */
#pragma once
#include <kontor/work.h>

typedef struct {
    kt_str name, type, sha256; /* type: of the media, "application/pdf" */
    uint64_t size;
} kt_file;

typedef struct {
    const kt_str *titles;
    const bool *numbers; /* by column: decimals, which the workbook counts with */
    size_t columns, rows;
    const kt_str *cells; /* row by row; not set: empty */
} kt_sheet;

/* Puts a workbook (XLSX) of one sheet on disk.
 *   run     the work that prepares; the file's strings last as long as its context
 *   name    "Sales.xlsx"
 *   returns limit: more than a sheet holds
 *   thread  of prepare */
KT_API KT_MUST kt_error *kt_file_workbook(
    kt_tx *tx, kt_work_run *run, kt_str name, const kt_sheet *sheet, kt_file *file);
/* Puts a PDF of an HTML document on disk: as kt_file_workbook. Nothing is loaded from anywhere.
 *   returns validation: it cannot be rendered; unavailable: this server makes no PDF */
KT_API KT_MUST kt_error *kt_file_pdf(kt_tx *tx, kt_work_run *run, kt_str name, kt_str html, kt_file *file);
/* Makes the base.attachment of a file. thread: of apply */
KT_API KT_MUST kt_error *kt_file_attach(kt_tx *tx, const kt_file *file, kt_id *id);
