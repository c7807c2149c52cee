/* writer.h -- rows of values into a file of a format. */
#pragma once
#include "exchange/file.h"
#include "exchange/reader.h"

typedef struct {
    kt_str path;                   /* of the field, as it is listed */
    kt_str title;                  /* in the first row */
    const model_field *field;      /* NULL: a path through a reference */
    const struct map_column *from; /* of cards: where in the field it stands */
} writer_column;

typedef struct table_writer table_writer;
/* Begins a file.
 *   memory  arena, until table_finish or table_drop; columns are borrowed until then */
KT_MUST kt_error *table_begin(arena *arena, const char *data_directory, format format, char separator,
    const writer_column *columns, size_t count, table_writer **writer);
/* Whose file it is, in the properties of a workbook; borrowed until table_finish. */
void table_mark(table_writer *writer, kt_str mark);
/* Appends a row: an object whose members are named by the columns' paths. */
KT_MUST kt_error *table_row(table_writer *writer, arena *arena, const variant *row);
/* The columns as another transaction sees them. They are borrowed until the next ones. */
void table_columns(table_writer *writer, const writer_column *columns, size_t count);
/* Puts the file into the content store. Blocks. */
KT_MUST kt_error *table_finish(table_writer *writer, arena *arena, file_ref *file);
void table_drop(table_writer *writer); /* harmless after table_finish; may be NULL */
const char *format_media_type(format format);
/* Can this format be written? */
bool format_is_written(format format);
