/* xlsx_write.c -- XLSX by libxlsxwriter, row by row in constant memory. Text is text there: no formula can
 * come of it. Numbers of a spreadsheet are binary floating point with 15 sure digits; a decimal with more
 * digits is written as text, so that what is read back is what was written. */
#include <stdio.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "exchange/table.h"
#include "kit/decimal.h"
#include "kit/str.h"

enum { ROWS_MAX = 1048576, CELL_MAX = 32767, SURE_DIGITS = 15 };

typedef struct {
    lxw_workbook *book;
    lxw_worksheet *sheet;
    lxw_format *head, *date;
    lxw_row_t row;
    kt_str path;
} book;

static kt_error *failed(arena *arena, lxw_error code)
{
    return error_make(arena, KT_STORAGE, NULL, "the workbook cannot be written: %s",
        "nie można zapisać skoroszytu: %s", lxw_strerror(code));
}

static kt_error *begin(table_writer *w, arena *arena)
{
    book *b = ARENA_NEW(arena, book);
    lxw_workbook_options options = {.constant_memory = LXW_TRUE};
    if (!b)
        return error_no_memory();
    w->own = b;
    b->path = arena_format(arena, "%s.xlsx", w->content.path);
    kt_str folder = arena_format(arena, "%s/files/new", w->data_directory);
    if (!b->path.ptr || !folder.ptr)
        return error_no_memory();
    memcpy(&options.tmpdir, &folder.ptr, sizeof options.tmpdir); /* only read */
    b->book = workbook_new_opt(b->path.ptr, &options);
    b->sheet = b->book ? workbook_add_worksheet(b->book, "Data") : NULL;
    if (!b->sheet)
        return failed(arena, LXW_ERROR_MEMORY_MALLOC_FAILED);
    b->head = workbook_add_format(b->book);
    b->date = workbook_add_format(b->book);
    format_set_bold(b->head);
    format_set_num_format(b->date, "yyyy-mm-dd");
    worksheet_freeze_panes(b->sheet, 1, 0);
    for (size_t i = 0; i < w->count; i++)
        worksheet_write_string(b->sheet, 0, (lxw_col_t)i, w->columns[i].title.ptr, b->head);
    b->row = 1;
    return NULL;
}

/* The number of a decimal's text, if a spreadsheet keeps every digit of it. */
static bool is_sure(kt_str text, double *value)
{
    static const double tens[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    const char *point = memchr(text.ptr, '.', text.len);
    size_t scale = point ? text.len - (size_t)(point + 1 - text.ptr) : 0;
    kt_dec d;
    if (scale > KT_DEC_SCALE_MAX || text.len > SURE_DIGITS || dec_parse(text, (uint8_t)scale, &d) != DEC_OK)
        return false;
    *value = (double)d.coef / tens[scale]; /* both exact: the quotient is the nearest there is */
    return true;
}

static lxw_error write_date(book *b, lxw_col_t column, kt_str text)
{
    lxw_datetime day = {0};
    if (sscanf(text.ptr, "%d-%d-%d", &day.year, &day.month, &day.day) != 3 || day.year < 1901)
        return worksheet_write_string(b->sheet, b->row, column, text.ptr, NULL);
    return worksheet_write_datetime(b->sheet, b->row, column, &day, b->date);
}

/* "_x000D_" is how a workbook writes characters that XML cannot hold; text that looks so is escaped too. */
static void escape(buffer *out, kt_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 32 && c != '\n' && c != '\t')
            buffer_add_format(out, "_x%04X_", c);
        else if (c == '_' && i + 6 < text.len && text.ptr[i + 1] == 'x' && text.ptr[i + 6] == '_')
            buffer_add_str(out, KT_STR("_x005F_"));
        else
            buffer_add_char(out, (char)c);
    }
    buffer_add_char(out, 0);
}

static lxw_error write_cell(table_writer *w, book *b, size_t i, const variant *v, bool *too_long)
{
    const model_field *field = w->columns[i].field;
    kt_str text = table_text(&w->scratch, v, field);
    bool number = field && ((field->type >= KT_MONEY && field->type <= KT_RATE) || field->type == KT_INT);
    double value = 0;
    lxw_col_t column = (lxw_col_t)i;
    if (!text.len)
        return LXW_NO_ERROR;
    buffer_add_char(&w->scratch, 0); /* for scanf; the text is what stood before */
    buffer_clear(&w->out);
    escape(&w->out, text);
    if (w->scratch.full || w->out.full)
        return LXW_ERROR_MEMORY_MALLOC_FAILED;
    text.ptr = w->scratch.ptr;
    if (number && is_sure(text, &value))
        return worksheet_write_number(b->sheet, b->row, column, value, NULL);
    if (field && field->type == KT_DATE)
        return write_date(b, column, text);
    *too_long = w->out.len > CELL_MAX;
    return *too_long ? LXW_NO_ERROR : worksheet_write_string(b->sheet, b->row, column, w->out.ptr, NULL);
}

static kt_error *row(table_writer *w, arena *arena, const variant *values)
{
    book *b = w->own;
    if (b->row == ROWS_MAX)
        return error_make(arena, KT_LIMIT, NULL, "a sheet holds at most %d rows: take csv",
            "arkusz mieści najwyżej %d wierszy: wybierz csv", ROWS_MAX);
    for (size_t i = 0; i < w->count; i++) {
        bool too_long = false;
        const variant *v = variant_get(values, w->columns[i].path.ptr);
        lxw_error code = v ? write_cell(w, b, i, v, &too_long) : LXW_NO_ERROR;
        if (too_long)
            return error_make(arena, KT_LIMIT, w->columns[i].path.ptr,
                "a cell of a spreadsheet holds at most %d bytes: take csv",
                "komórka arkusza mieści najwyżej %d bajtów: wybierz csv", CELL_MAX);
        if (code != LXW_NO_ERROR)
            return failed(arena, code);
    }
    buffer_clear(&w->out); /* it was scratch */
    b->row++;
    return NULL;
}

static kt_error *copy_file(table_writer *w, arena *arena, const char *path)
{
    char bytes[65536];
    FILE *in = fopen(path, "rbe");
    kt_error *error = in ? NULL : failed(arena, LXW_ERROR_CREATING_XLSX_FILE);
    for (size_t n; !error && (n = fread(bytes, 1, sizeof bytes, in)) > 0;)
        error = content_add(arena, &w->content, bytes, n);
    if (in)
        fclose(in);
    return error;
}

static kt_error *end(table_writer *w, arena *arena)
{
    book *b = w->own;
    lxw_doc_properties whose = {0};
    if (w->mark.ptr) {
        memcpy(&whose.comments, &w->mark.ptr, sizeof whose.comments); /* only read */
        (void)workbook_set_properties(b->book, &whose);
    }
    lxw_error code = workbook_close(b->book);
    b->book = NULL;
    kt_error *error = code == LXW_NO_ERROR ? copy_file(w, arena, b->path.ptr) : failed(arena, code);
    unlink(b->path.ptr);
    return error;
}

static void drop(table_writer *w)
{
    book *b = w->own;
    if (!b || !b->book)
        return;
    (void)workbook_close(b->book); /* the library's only way to give its memory back */
    unlink(b->path.ptr);
    b->book = NULL;
}

const table_kind xlsx_table = {begin, row, end, drop};
