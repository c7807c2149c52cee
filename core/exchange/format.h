/* format.h -- inside the room: what a format gives to reader.c. */
#pragma once
#include "exchange/reader.h"
#include "kit/str.h"

typedef struct reader_kind {
    const char *name;
    bool open_titles; /* titles are met, not stated */
    kt_error *(*open)(reader *r, arena *arena);
    kt_error *(*next)(reader *r, arena *arena, reader_row *row, bool *more);
    kt_error *(*seek)(reader *r, arena *arena, reader_position position); /* NULL: at and row are set */
    void (*close)(reader *r);
} reader_kind;

struct reader {
    const reader_kind *kind;
    arena *arena;       /* its own */
    kt_str bytes, text; /* text: in UTF-8 */
    size_t at;          /* in text */
    long row;           /* that was read last */
    char separator;
    kt_str *titles;
    size_t title_count, title_room;
    uint16_t repeats[READER_COLUMNS_MAX]; /* of each title: how many after it are the same */
    void *own;
};

/* Adds a title; a second one of the same name gets "#2" behind it. */
KT_MUST kt_error *reader_add_title(reader *r, arena *arena, kt_str title, size_t *column);
/* The column of a title that is met in a row: added if it is new. */
KT_MUST kt_error *reader_column(reader *r, arena *arena, kt_str title, size_t *column);

/* A row under construction: cells by column. */
typedef struct {
    variant *cells;
    size_t count, room;
} row_cells;
/* The cell of a column; those between are empty. NULL: no memory, or more columns than allowed */
variant *row_cell(row_cells *cells, arena *arena, size_t column);

extern const reader_kind csv_kind, json_kind, xlsx_kind, vcard_kind, ical_kind;
/* The separator of a CSV text. */
char csv_guess_separator(kt_str text);
