/* reader.h -- files as tables: whatever the format, a reader gives rows of cells under titles.
 *
 * CSV and XLSX state their titles in the first row. JSON Lines, vCard and iCalendar do not: a title is added
 * when it is first met, so that a row may have more cells than the one before. A cell is a variant: text, or
 * what the format itself knows better (a number of a spreadsheet as VARIANT_REAL with its digits, a boolean,
 * any JSON value). VARIANT_NULL is an empty cell.
 *
 * Memory is bounded by the file and by one row, whatever a file claims. A position is good for the same file
 * under the same options. */
#pragma once
#include "exchange/encoding.h"
#include "kit/variant.h"

typedef enum { FORMAT_UNKNOWN, FORMAT_CSV, FORMAT_JSON, FORMAT_XLSX, FORMAT_VCARD, FORMAT_ICAL } format;

enum {
    READER_COLUMNS_MAX = 1000,
    READER_CELL_MAX = 1 << 20, /* bytes */
};

/* "csv", "jsonl" (or "json"), "xlsx", "vcard", "ical" */
format format_named(kt_str name);
const char *format_name(format format);
/* By the first bytes, then by the file's name (which may be not set). */
format format_guess(kt_str bytes, kt_str file_name);

typedef struct {
    format format;     /* UNKNOWN: guessed */
    encoding encoding; /* of text formats; UNKNOWN: guessed */
    char separator;    /* of CSV; 0: guessed */
} reader_options;

typedef struct reader reader;
typedef struct {
    long row; /* as people count: in CSV and XLSX the row of titles is row 1 */
    const variant *cells;
    size_t count;
    bool surplus; /* it had more cells than there are titles: these are not among them */
} reader_row;

/* Opens a file's bytes, which stay the caller's until then. Reads the titles.
 *   options  what was guessed is filled in
 *   memory   errors in arena; the reader ends with the arena */
KT_MUST kt_error *reader_open(arena *arena, kt_str bytes, reader_options *options, reader **reader);
format reader_format(const reader *reader);
size_t reader_column_count(const reader *reader);
kt_str reader_title(const reader *reader, size_t column);
/* The next row that is not empty. false in *more: there is none.
 *   returns  validation: the file is damaged from here on, with the row
 *   memory   cells and errors in arena */
KT_MUST kt_error *reader_next(reader *reader, arena *arena, reader_row *row, bool *more);
/* Where the next row begins. */
typedef struct {
    uint64_t at;
    long row;
} reader_position;
reader_position reader_where(const reader *reader);
KT_MUST kt_error *reader_seek(reader *reader, arena *arena, reader_position position);
