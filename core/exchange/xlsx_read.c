/* xlsx_read.c -- the first sheet of a workbook, row by row: libzip unpacks, libxml2 parses as bytes come, so
 * that memory holds the shared strings and one chunk of rows, however large the sheet is.
 *
 * A workbook comes from outside: an archive that unpacks to more than it should (a zip bomb) is refused by
 * its own figures and by what really comes out; a document type declaration is refused, so that no entity can
 * expand; nothing is ever fetched. */
#include <libxml/parser.h>
#include <zip.h>

#include "exchange/format.h"
#include "kit/buffer.h"
#include "kit/calendar.h"
#include "kit/decimal.h"

enum {
    ENTRIES_MAX = 5000,
    PART_MAX = 1 << 30,      /* bytes of the sheet, unpacked */
    STRINGS_MAX = 128 << 20, /* bytes of all shared strings, unpacked */
    RATIO_MAX = 400,         /* unpacked to packed, beyond a megabyte */
    STYLES_MAX = 65536,
    BLOCK = 16384,
};

typedef struct {
    kt_str *items;
    size_t count, room;
} strings;

/* What is parsed now decides what the handlers do. */
typedef enum { PART_WORKBOOK, PART_RELATIONS, PART_STYLES, PART_STRINGS, PART_SHEET } part;

typedef struct book {
    reader *r;
    zip_t *zip;
    zip_source_t *source;
    zip_file_t *file; /* of the sheet */
    uint64_t unpacked, packed;
    xmlParserCtxtPtr parser;
    const char *trouble_en, *trouble_pl;
    part part;
    /* of the workbook */
    kt_str sheet_id, sheet_path;
    bool epoch_1904;
    bool *date_styles; /* by cell style: is it a date? */
    size_t style_count;
    bool *date_formats; /* by id of a number format of its own */
    bool in_cell_styles;
    strings shared;
    buffer text; /* between tags */
    bool takes_text;
    /* of the sheet */
    arena *rows_arena, *spare; /* of the rows that wait; spare: empty */
    reader_row *rows;
    size_t row_count, row_room, row_next;
    row_cells cells;
    long row;
    size_t column;
    char cell_type; /* s shared, i inline, t text, b boolean, n number, e error */
    bool cell_date, ended;
} book;

#define FORMATS_MAX 1000

static void trouble(book *b, const char *en, const char *pl)
{
    if (!b->trouble_en) {
        b->trouble_en = en;
        b->trouble_pl = pl;
    }
    if (b->parser)
        xmlStopParser(b->parser);
}

/* ---- Attributes and text ---- */

static kt_str attribute(const xmlChar **list, int count, const char *name)
{
    for (int i = 0; i < count; i++, list += 5)
        if (strcmp((const char *)list[0], name) == 0)
            return (kt_str){(const char *)list[3], (size_t)(list[4] - list[3])};
    return (kt_str){0};
}

static size_t number_of(kt_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len && i < 9 && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
        n = n * 10 + (size_t)(s.ptr[i] - '0');
    return n;
}

/* "BC12" -> 54 */
static size_t column_of(kt_str reference)
{
    size_t n = 0;
    for (size_t i = 0; i < reference.len && i < 4 && reference.ptr[i] >= 'A' && reference.ptr[i] <= 'Z'; i++)
        n = n * 26 + (size_t)(reference.ptr[i] - 'A' + 1);
    return n ? n - 1 : SIZE_MAX;
}

static void on_text(void *context, const xmlChar *text, int length)
{
    book *b = context;
    if (!b->takes_text)
        return;
    buffer_add(&b->text, text, (size_t)length);
    if (b->text.full)
        trouble(b, "a cell of more than 1 MB", "komórka większa niż 1 MB");
}

/* "_x000D_" stands for a character that XML cannot hold or would change. */
static kt_str unescaped(arena *arena, kt_str s)
{
    char *out = arena_alloc(arena, s.len + 1);
    size_t n = 0;
    if (!out)
        return (kt_str){0};
    for (size_t i = 0; i < s.len; i++) {
        unsigned code = 0;
        bool escape = i + 7 <= s.len && s.ptr[i] == '_' && s.ptr[i + 1] == 'x' && s.ptr[i + 6] == '_';
        for (size_t k = 2; escape && k < 6; k++) {
            const char *digits = "0123456789abcdef", *at = strchr(digits, s.ptr[i + k] | 32);
            escape = s.ptr[i + k] && at && *at;
            code = escape ? code * 16 + (unsigned)(at - digits) : 0;
        }
        if (escape && code && (code < 128)) {
            out[n++] = (char)code;
            i += 6;
        } else {
            out[n++] = s.ptr[i];
        }
    }
    out[n] = 0;
    return (kt_str){out, n};
}

/* ---- The small parts ---- */

/* A format that shows days or hours: y, m, d, h or s outside quotes and brackets. */
static bool is_date_code(kt_str code)
{
    bool quoted = false, bracket = false;
    for (size_t i = 0; i < code.len; i++) {
        char c = code.ptr[i];
        if (c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (c == '[' || c == ']')
            bracket = c == '[';
        else if (!quoted && !bracket && strchr("yYdDhHmM", c))
            return true;
    }
    return false;
}

static bool is_date_format(const book *b, size_t id)
{
    return (id >= 14 && id <= 22) || (id >= 45 && id <= 47) ||
           (id < FORMATS_MAX && b->date_formats && b->date_formats[id]);
}

static void start_workbook(book *b, const char *name, const xmlChar **attributes, int count)
{
    if (strcmp(name, "sheet") == 0 && !b->sheet_id.ptr)
        b->sheet_id = arena_str(b->r->arena, attribute(attributes, count, "id"));
    if (strcmp(name, "workbookPr") == 0) {
        kt_str flag = attribute(attributes, count, "date1904");
        b->epoch_1904 = str_is(flag, "1") || str_is(flag, "true");
    }
}

static void start_relations(book *b, const char *name, const xmlChar **attributes, int count)
{
    kt_str target = attribute(attributes, count, "Target");
    if (strcmp(name, "Relationship") != 0 || !str_eq(attribute(attributes, count, "Id"), b->sheet_id))
        return;
    b->sheet_path = target.len && *target.ptr == '/'
                        ? arena_str(b->r->arena, (kt_str){target.ptr + 1, target.len - 1})
                        : arena_format(b->r->arena, "xl/%.*s", STR_ARG(target));
}

static void start_styles(book *b, const char *name, const xmlChar **attributes, int count)
{
    size_t id = number_of(attribute(attributes, count, "numFmtId"));
    if (strcmp(name, "numFmt") == 0 && id < FORMATS_MAX && b->date_formats)
        b->date_formats[id] = is_date_code(attribute(attributes, count, "formatCode"));
    if (strcmp(name, "cellXfs") == 0)
        b->in_cell_styles = true;
    if (strcmp(name, "xf") == 0 && b->in_cell_styles && b->style_count < STYLES_MAX && b->date_styles)
        b->date_styles[b->style_count++] = is_date_format(b, id);
}

static void keep_string(book *b)
{
    strings *s = &b->shared;
    if (s->count == s->room) {
        size_t room = s->room ? 2 * s->room : 1024;
        kt_str *grown = arena_grow(b->r->arena, s->items, s->room * sizeof *grown, room * sizeof *grown);
        if (!grown) {
            trouble(b, "too many texts", "za dużo tekstów");
            return;
        }
        s->items = grown;
        s->room = room;
    }
    s->items[s->count] = unescaped(b->r->arena, buffer_str(&b->text));
    if (!s->items[s->count].ptr)
        trouble(b, "too many texts", "za dużo tekstów");
    s->count++;
}

/* ---- The sheet ---- */

typedef struct {
    char digits[40];
    size_t count;
    long point; /* 0.DIGITS times ten to the power of this */
    bool minus;
} figure;

/* "-1.234E-2"; false: it is none */
static bool read_figure(kt_str text, figure *f)
{
    bool behind = false;
    size_t i;
    *f = (figure){.minus = text.len && *text.ptr == '-'};
    for (i = f->minus; i < text.len && text.ptr[i] != 'E' && text.ptr[i] != 'e'; i++) {
        char c = text.ptr[i];
        if (c == '.' && !behind) {
            behind = true;
            continue;
        }
        if (c < '0' || c > '9' || f->count == sizeof f->digits)
            return false;
        if (f->count || c != '0')
            f->digits[f->count++] = c;
        else
            f->point -= behind; /* a zero in front */
        f->point += !behind && f->count;
    }
    if (i == text.len)
        return true;
    bool down = i + 1 < text.len && text.ptr[i + 1] == '-';
    size_t at = i + 1 + (i + 1 < text.len && (down || text.ptr[i + 1] == '+'));
    uint64_t exponent = number_of((kt_str){text.ptr + at, text.len - at});
    long power = exponent < 1000 ? (long)exponent : 1000;
    f->point += down ? -power : power;
    return true;
}

/* To 15 digits: what stands behind them is noise of the binary form. */
static void round_figure(figure *f)
{
    enum { DIGITS = 15 };
    bool up = f->count > DIGITS && f->digits[DIGITS] >= '5';
    f->count = f->count > DIGITS ? DIGITS : f->count;
    for (size_t k = f->count; up && k-- > 0;) {
        up = f->digits[k] == '9';
        f->digits[k] = up ? '0' : (char)(f->digits[k] + 1);
    }
    if (up) {
        f->digits[0] = '1';
        f->point++;
    }
    while (f->count && f->digits[f->count - 1] == '0')
        f->count--;
}

/* 1.234E-2 -> 0.01234; what is no number, or would be too long, as it is */
static kt_str plain_number(arena *arena, kt_str text)
{
    enum { POINT_MAX = 40, ROOM = 100 };
    figure f;
    if (!read_figure(text, &f))
        return text;
    round_figure(&f);
    if (!f.count)
        return KT_STR("0");
    char *out = f.point < -POINT_MAX || f.point > POINT_MAX ? NULL : arena_alloc(arena, ROOM);
    if (!out)
        return text;
    size_t w = 0;
    if (f.minus)
        out[w++] = '-';
    if (f.point <= 0)
        out[w++] = '0';
    for (long k = 0; k < f.point; k++)
        out[w++] = k < (long)f.count ? f.digits[k] : '0';
    if (f.point < (long)f.count) {
        out[w++] = '.';
        for (long k = f.point; k < 0; k++)
            out[w++] = '0';
        for (size_t k = f.point > 0 ? (size_t)f.point : 0; k < f.count; k++)
            out[w++] = f.digits[k];
    }
    out[w] = 0;
    return (kt_str){out, w};
}

/* A day's serial number, with the part of the day behind the point. */
static kt_str date_of_serial(const book *b, arena *arena, kt_str number)
{
    kt_dec serial;
    if (dec_parse(number, KT_DEC_SCALE_MAX, &serial) == DEC_BAD || !dec_is_set(serial))
        return number;
    kt_dec day = kt_dec_round(kt_dec_sub(serial, KT_DEC(499999999, 9)), 0); /* down */
    kt_dec ms = kt_dec_mul(kt_dec_sub(serial, day), KT_DEC(86400000, 0), 0);
    int64_t days = day.coef, left = ms.coef;
    if (left >= 86400000) {
        days++;
        left -= 86400000;
    }
    /* 1900 is a leap year there, which it was not: day 60 never was */
    kt_date begin = b->epoch_1904 ? kt_date_make(1904, 1, 1) : kt_date_make(1899, 12, days < 60 ? 31 : 30);
    kt_date date = kt_date_add(begin, (int32_t)days);
    char text[DATE_TEXT_MAX];
    if (days < 0 || days > 2958465 || date_text(date, text) == 0)
        return number;
    int seconds = (int)((left + 500) / 1000);
    kt_str out = left ? arena_format(
                            arena, "%s %02d:%02d:%02d", text, seconds / 3600, seconds / 60 % 60, seconds % 60)
                      : arena_str(arena, str_of(text));
    return out.ptr ? out : number;
}

static void take_cell(book *b)
{
    variant *cell = row_cell(&b->cells, b->rows_arena, b->column);
    kt_str text = arena_str(b->rows_arena, buffer_str(&b->text));
    if (!cell || !text.ptr) {
        trouble(b, "more than 1000 columns, or a row that is too large",
            "więcej niż 1000 kolumn albo za duży wiersz");
        return;
    }
    cell->kind = VARIANT_STRING;
    switch (b->cell_type) {
    case 's': {
        size_t index = number_of(text);
        cell->as.string = index < b->shared.count ? b->shared.items[index] : KT_STR("");
        return;
    }
    case 'b':
        *cell = (variant){.kind = VARIANT_BOOL, .as.boolean = str_is(text, "1")};
        return;
    case 'n':
        cell->as.string = plain_number(b->rows_arena, text);
        if (b->cell_date)
            cell->as.string = date_of_serial(b, b->rows_arena, cell->as.string);
        else
            cell->kind = VARIANT_REAL;
        return;
    default:
        cell->as.string = unescaped(b->rows_arena, text);
    }
}

static void take_row(book *b)
{
    if (b->row_count == b->row_room) {
        size_t room = b->row_room ? 2 * b->row_room : 64;
        reader_row *grown = arena_grow(
            b->rows_arena, b->rows, b->row_room * sizeof *grown, room * sizeof *grown);
        if (!grown) {
            trouble(b, "rows that are too large", "za duże wiersze");
            return;
        }
        b->rows = grown;
        b->row_room = room;
    }
    b->rows[b->row_count++] = (reader_row){b->row, b->cells.cells, b->cells.count};
    b->cells = (row_cells){0};
}

static void start_sheet(book *b, const char *name, const xmlChar **attributes, int count)
{
    if (strcmp(name, "row") == 0) {
        size_t row = number_of(attribute(attributes, count, "r"));
        b->row = row ? (long)row : b->row + 1;
        b->column = SIZE_MAX;
    } else if (strcmp(name, "c") == 0) {
        kt_str type = attribute(attributes, count, "t"), style = attribute(attributes, count, "s");
        size_t column = column_of(attribute(attributes, count, "r")), s = number_of(style);
        b->column = column == SIZE_MAX ? b->column + 1 : column;
        b->cell_type = !type.len                   ? 'n'
                       : str_is(type, "inlineStr") ? 'i'
                       : str_is(type, "str")       ? 't'
                       : str_is(type, "d")         ? 't'
                                                   : *type.ptr;
        b->cell_date = s < b->style_count && b->date_styles[s];
        buffer_clear(&b->text);
    } else if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0) {
        b->takes_text = true;
    }
}

static void end_sheet(book *b, const char *name)
{
    if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0)
        b->takes_text = false;
    else if (strcmp(name, "c") == 0 && b->text.len)
        take_cell(b);
    else if (strcmp(name, "row") == 0)
        take_row(b);
}

/* ---- The parser's handlers ---- */

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
    int namespaces, const xmlChar **namespace_list, int count, int defaulted, const xmlChar **attributes)
{
    book *b = context;
    const char *tag = (const char *)name;
    (void)prefix;
    (void)uri;
    (void)namespaces;
    (void)namespace_list;
    (void)defaulted;
    switch (b->part) {
    case PART_WORKBOOK:
        start_workbook(b, tag, attributes, count);
        break;
    case PART_RELATIONS:
        start_relations(b, tag, attributes, count);
        break;
    case PART_STYLES:
        start_styles(b, tag, attributes, count);
        break;
    case PART_STRINGS:
        if (strcmp(tag, "si") == 0)
            buffer_clear(&b->text);
        b->takes_text = strcmp(tag, "t") == 0;
        break;
    case PART_SHEET:
        start_sheet(b, tag, attributes, count);
        break;
    }
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    book *b = context;
    const char *tag = (const char *)name;
    (void)prefix;
    (void)uri;
    if (b->part == PART_SHEET)
        end_sheet(b, tag);
    if (b->part == PART_STYLES && strcmp(tag, "cellXfs") == 0)
        b->in_cell_styles = false;
    if (b->part == PART_STRINGS && strcmp(tag, "t") == 0)
        b->takes_text = false;
    if (b->part == PART_STRINGS && strcmp(tag, "si") == 0)
        keep_string(b);
}

static void on_document_type(
    void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    (void)name;
    (void)external;
    (void)system;
    trouble(context, "it declares a document type, which no spreadsheet does",
        "deklaruje typ dokumentu, czego arkusze nie robią");
}

static void on_error(void *context, const char *message, ...)
{
    (void)message;
    trouble(context, "a part of the workbook is no sound XML", "część skoroszytu nie jest poprawnym XML");
}

static xmlParserCtxtPtr parser_open(book *b, part part)
{
    static xmlSAXHandler handler;
    handler = (xmlSAXHandler){.initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .cdataBlock = on_text,
        .internalSubset = on_document_type,
        .fatalError = on_error};
    b->part = part;
    b->takes_text = false;
    buffer_clear(&b->text);
    b->parser = xmlCreatePushParserCtxt(&handler, b, NULL, 0, NULL);
    if (b->parser)
        xmlCtxtUseOptions(b->parser, XML_PARSE_NONET | XML_PARSE_NOWARNING);
    return b->parser;
}

static void parser_close(book *b)
{
    if (b->parser)
        xmlFreeParserCtxt(b->parser);
    b->parser = NULL;
}

/* ---- The archive ---- */

static zip_file_t *part_open(book *b, const char *name, uint64_t most)
{
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat(b->zip, name, 0, &stat) != 0)
        return NULL;
    if (stat.size > most || (stat.size > 1 << 20 && stat.size / RATIO_MAX > stat.comp_size)) {
        trouble(
            b, "it unpacks to more than is taken", "rozpakowuje się do większej objętości niż przyjmowana");
        return NULL;
    }
    b->unpacked = 0;
    b->packed = stat.size;
    return zip_fopen(b->zip, name, 0);
}

/* Parses the next block. returns false: the part has ended, or there is trouble */
static bool part_step(book *b, zip_file_t *file, uint64_t most)
{
    char block[BLOCK];
    zip_int64_t n = zip_fread(file, block, sizeof block);
    if (n < 0) {
        trouble(b, "the archive is damaged", "archiwum jest uszkodzone");
        return false;
    }
    b->unpacked += (uint64_t)n;
    if (b->unpacked > most) {
        trouble(
            b, "it unpacks to more than is taken", "rozpakowuje się do większej objętości niż przyjmowana");
        return false;
    }
    if (xmlParseChunk(b->parser, block, (int)n, n == 0) != 0 && !b->trouble_en)
        trouble(b, "a part of the workbook is no sound XML", "część skoroszytu nie jest poprawnym XML");
    return n > 0 && !b->trouble_en;
}

static void part_read(book *b, const char *name, part part, uint64_t most)
{
    zip_file_t *file = b->trouble_en ? NULL : part_open(b, name, most);
    if (file && parser_open(b, part))
        while (part_step(b, file, most))
            continue;
    parser_close(b);
    if (file)
        zip_fclose(file);
}

static kt_error *damaged(const book *b, arena *arena)
{
    kt_error *error = error_make(arena, KT_VALIDATION, "file", "this is no workbook that can be read: %s%.0s",
        "tego skoroszytu nie da się przeczytać: %.0s%s", b->trouble_en, b->trouble_pl);
    return b->row ? error_at_row(error, b->row) : error;
}

static void sheet_open(book *b)
{
    b->file = part_open(b, b->sheet_path.ptr, PART_MAX);
    if (!b->file)
        trouble(b, "it has no sheet", "nie ma arkusza");
    else if (!parser_open(b, PART_SHEET))
        trouble(b, "no memory", "brak pamięci");
}

static void sheet_close(book *b)
{
    parser_close(b);
    if (b->file)
        zip_fclose(b->file);
    b->file = NULL;
    b->row_count = b->row_next = b->row_room = 0;
    b->rows = NULL;
    b->cells = (row_cells){0};
    b->row = 0;
    b->ended = false;
    arena_reset(b->rows_arena);
}

/* The rows are read: their memory is free again, but for the row that has just begun. */
static void forget_rows(book *b)
{
    row_cells begun = b->cells;
    arena *full = b->rows_arena;
    b->rows_arena = b->spare;
    b->spare = full;
    b->cells = (row_cells){0};
    for (size_t i = 0; i < begun.count; i++) {
        variant *cell = row_cell(&b->cells, b->rows_arena, i);
        if (!cell) {
            trouble(b, "a row that is too large", "za duży wiersz");
            break;
        }
        *cell = begun.cells[i];
        bool text = cell->kind == VARIANT_STRING || cell->kind == VARIANT_REAL;
        if (text)
            cell->as.string = arena_str(b->rows_arena, cell->as.string);
    }
    arena_reset(full);
    b->rows = NULL;
    b->row_count = b->row_next = b->row_room = 0;
}

static kt_error *next_row(reader *r, arena *arena, reader_row *row, bool *more)
{
    book *b = r->own;
    *more = false;
    while (b->row_next == b->row_count && !b->ended && !b->trouble_en) {
        forget_rows(b);
        b->ended = !part_step(b, b->file, PART_MAX);
    }
    if (b->row_next == b->row_count)
        return b->trouble_en ? damaged(b, arena) : NULL;
    *row = b->rows[b->row_next++];
    variant *cells = ARENA_ARRAY(arena, variant, row->count + 1);
    if (!cells)
        return error_no_memory();
    for (size_t i = 0; i < row->count; i++) {
        cells[i] = row->cells[i];
        if (cells[i].kind == VARIANT_STRING || cells[i].kind == VARIANT_REAL)
            cells[i].as.string = arena_str(arena, cells[i].as.string);
    }
    row->cells = cells;
    r->row = row->row;
    r->at++;
    *more = true;
    return NULL;
}

static kt_error *read_titles(reader *r, arena *arena)
{
    reader_row row;
    bool more;
    KT_TRY(next_row(r, arena, &row, &more));
    for (size_t i = 0; more && i < row.count; i++) {
        size_t column;
        const variant *cell = &row.cells[i];
        kt_str title = cell->kind == VARIANT_STRING || cell->kind == VARIANT_REAL ? cell->as.string
                                                                                  : (kt_str){0};
        if (!title.len)
            title = arena_format(arena, "column %zu", i + 1);
        KT_TRY(reader_add_title(r, arena, title, &column));
    }
    return NULL;
}

static kt_error *open(reader *r, arena *arena)
{
    book *b = ARENA_NEW(r->arena, book);
    if (!b)
        return error_no_memory();
    r->own = b;
    b->r = r;
    buffer_open(&b->text, READER_CELL_MAX);
    b->rows_arena = arena_open((size_t)64 << 20);
    b->spare = arena_open((size_t)64 << 20);
    b->date_styles = ARENA_ARRAY(r->arena, bool, STYLES_MAX);
    b->date_formats = ARENA_ARRAY(r->arena, bool, FORMATS_MAX);
    if (!b->rows_arena || !b->spare || !b->date_styles || !b->date_formats)
        return error_no_memory();
    b->source = zip_source_buffer_create(r->bytes.ptr, r->bytes.len, 0, NULL);
    b->zip = b->source ? zip_open_from_source(b->source, ZIP_RDONLY, NULL) : NULL;
    if (!b->zip)
        trouble(b, "it is no archive", "to nie archiwum");
    else if (zip_get_num_entries(b->zip, 0) > ENTRIES_MAX)
        trouble(b, "it has too many parts", "ma za dużo części");
    if (!b->trouble_en) {
        b->sheet_path = KT_STR("xl/worksheets/sheet1.xml");
        part_read(b, "xl/workbook.xml", PART_WORKBOOK, 16 << 20);
        part_read(b, "xl/_rels/workbook.xml.rels", PART_RELATIONS, 16 << 20);
        part_read(b, "xl/styles.xml", PART_STYLES, 64 << 20);
        part_read(b, "xl/sharedStrings.xml", PART_STRINGS, STRINGS_MAX);
    }
    if (!b->trouble_en)
        sheet_open(b);
    return b->trouble_en ? damaged(b, arena) : read_titles(r, arena);
}

/* A sheet can only be read from its beginning: `at` counts its rows. */
static kt_error *seek(reader *r, arena *for_errors, reader_position position)
{
    book *b = r->own;
    reader_row row;
    bool more = true;
    if (position.at < r->at) {
        sheet_close(b);
        r->at = 0;
        sheet_open(b);
        if (b->trouble_en)
            return damaged(b, for_errors);
    }
    arena *scratch = arena_open((size_t)64 << 20);
    kt_error *error = scratch ? NULL : error_no_memory();
    while (!error && more && r->at < position.at) {
        if (r->at % 256 == 0)
            arena_reset(scratch);
        error = next_row(r, scratch, &row, &more);
    }
    if (error && b->trouble_en)
        error = damaged(b, for_errors);
    arena_close(scratch);
    return error;
}

static void close(reader *r)
{
    book *b = r->own;
    if (!b)
        return;
    if (b->rows_arena)
        sheet_close(b);
    if (b->zip)
        zip_discard(b->zip);
    else if (b->source)
        zip_source_free(b->source);
    buffer_close(&b->text);
    arena_close(b->rows_arena);
    arena_close(b->spare);
}

const reader_kind xlsx_kind = {.name = "xlsx", .open = open, .next = next_row, .seek = seek, .close = close};
