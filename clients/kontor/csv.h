/* csv.h -- reading and writing CSV (RFC 4180) as spreadsheets make it: comma, semicolon or tab, quotes, a
 * BOM, CR LF. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct {
    const char *at, *end; /* of the text, which the reader does not own */
    char separator;
    long row;   /* of the record last read, from 1: the header */
    char *cell; /* the record's cells, one after another, each NUL-terminated */
    size_t size, used;
    size_t *starts, starts_size, count; /* offsets of the cells */
    const char *trouble;                /* why csv_next gave false, if it is no plain end */
} csv_reader;

/* separator 0: guessed from the first line. A BOM is passed over. */
void csv_open(csv_reader *reader, const char *text, size_t len, char separator);
void csv_close(csv_reader *reader);
/* The next record; blank lines are passed over. */
bool csv_next(csv_reader *reader);
/* Cell i of the record, "" behind its last one. */
const char *csv_cell(const csv_reader *reader, size_t i);
/* Writes one cell, with a comma in front unless it is the first. text: a cell that a spreadsheet would take
 * for a formula
 * (= + - @ tab, but no plain number) gets an apostrophe in front. */
void csv_write(FILE *out, const char *cell, bool comma, bool text);
