/* made.c -- workbooks and attachments of works that modules do (<kontor/files.h>). */
#include <kontor/files.h>

#include "exchange/table.h"
#include "job/job.h"
#include "kit/str.h"

enum { SHEET_COLUMNS_MAX = READER_COLUMNS_MAX };

static const model_field number_field = {.type = KT_QUANTITY};

static kt_error *write_rows(kt_tx *tx, table_writer *w, const kt_sheet *s, const writer_column *columns)
{
    variant *cells = ARENA_ARRAY(tx->arena, variant, s->columns + 1);
    variant_member *members = ARENA_ARRAY(tx->arena, variant_member, s->columns + 1);
    if (!cells || !members)
        return error_no_memory();
    for (size_t r = 0; r < s->rows; r++) {
        for (size_t i = 0; i < s->columns; i++) {
            kt_str text = s->cells[r * s->columns + i];
            cells[i] = (variant){.kind = text.ptr ? VARIANT_STRING : VARIANT_NULL, .as.string = text};
            members[i] = (variant_member){columns[i].path, &cells[i]};
        }
        const variant row = {.kind = VARIANT_OBJECT, .as.object = {members, s->columns}};
        KT_TRY(table_row(w, tx->arena, &row));
    }
    return NULL;
}

kt_error *kt_file_workbook(kt_tx *tx, kt_work_run *run, kt_str name, const kt_sheet *s, kt_file *file)
{
    const job_rooms *rooms = run->rooms;
    writer_column *columns = ARENA_ARRAY(tx->arena, writer_column, s->columns + 1);
    table_writer *writer = NULL;
    file_ref made = {0};
    if (s->columns > SHEET_COLUMNS_MAX)
        return error_make(tx->arena, KT_LIMIT, NULL, "a sheet has at most %d columns",
            "arkusz ma najwyżej %d kolumn", SHEET_COLUMNS_MAX);
    if (!columns)
        return error_no_memory();
    for (size_t i = 0; i < s->columns; i++)
        columns[i] = (writer_column){.path = arena_format(tx->arena, "c%zu", i),
            .title = s->titles[i].ptr ? s->titles[i] : KT_STR(""),
            .field = s->numbers[i] ? &number_field : NULL};
    KT_TRY(table_begin(tx->arena, rooms->data_directory, FORMAT_XLSX, 0, columns, s->columns, &writer));
    kt_error *error = write_rows(tx, writer, s, columns);
    if (!error)
        error = table_finish(writer, tx->arena, &made);
    if (!error)
        error = content_hold(run->memory, &writer->content);
    table_drop(writer);
    *file = (kt_file){
        work_keep(run, name), str_of(format_media_type(FORMAT_XLSX)), work_keep(run, made.sha256), made.size};
    return error || (file->name.ptr && file->sha256.ptr) ? error : error_no_memory();
}

kt_error *kt_file_attach(kt_tx *tx, const kt_file *file, kt_id *id)
{
    const file_ref ref = {.name = file->name, .sha256 = file->sha256, .size = file->size};
    return file_attach(tx, &ref, file->type.ptr, &id->v);
}
