/* table.h -- inside the room: what a format gives to writer.c. */
#pragma once
#include "exchange/writer.h"
#include "store/content.h"

typedef struct {
    kt_error *(*begin)(table_writer *w, arena *arena); /* may be NULL, like end and drop */
    kt_error *(*row)(table_writer *w, arena *arena, const variant *row);
    kt_error *(*end)(table_writer *w, arena *arena);
    void (*drop)(table_writer *w);
} table_kind;

struct table_writer {
    const table_kind *kind;
    const char *data_directory;
    content_writer content;
    buffer out, scratch;
    char separator;
    const writer_column *columns;
    size_t count;
    kt_str mark; /* whose it is, where the format has a place for it */
    void *own;
};

/* A cell as text. memory: scratch */
kt_str table_text(buffer *scratch, const variant *value, const model_field *field);
/* Appends what stands in out to the file. */
KT_MUST kt_error *table_flush(table_writer *w, arena *arena);

extern const table_kind xlsx_table, vcard_table, ical_table;
