/* exchange.h -- data in and out: CSV, JSON Lines, XLSX, vCard and iCalendar into records of any entity, and
 * back. Knows formats, never a business domain: where a format's parts go is a mapping, which a person saved or
 * a file brings; modules ship theirs as data, modules/NAME/mappings. */
#pragma once
#include "job/job.h"

extern const kt_module exchange_module;  /* built in: exchange.mapping, saved mappings */
extern const job_kind exchange_jobs[];   /* import, export, undo, discard, sweep; ended by {0} */
extern const method import_methods[];    /* import.run inspect preview start undo; ended by {0} */
extern const method watermark_methods[]; /* export.trace; ended by {0} */
extern const method export_methods[];    /* export.read start; ended by {0} */
extern const method file_methods[];      /* files.sweep; ended by {0} */
extern const method person_methods[];    /* person.export erase; ended by {0} */
