/* inspect.c -- see inspect.h. */
#include "exchange/inspect.h"

#include "exchange/cells.h"
#include "kit/calendar.h"
#include "kit/decimal.h"
#include "kit/str.h"

enum { ROWS_LOOKED_AT = 200, ROWS_SHOWN = 10, SAMPLES = 3 };

/* What the cells of a column could all be. */
typedef struct {
    const map_column *to;
    size_t filled;
    bool can_int, can_decimal, can_date, can_time, can_bool;
    bool comma, point, day_above_12, month_above_12, slashes, dots; /* signs of the file's habits */
    size_t digits_behind, longest;
    const variant *samples[SAMPLES];
} profile;

typedef struct {
    kt_tx *tx;
    mapping *m;
    reader *r;
    profile *columns;
    size_t count;
    reader_row rows[ROWS_SHOWN];
    size_t row_count;
} inspection;

/* ---- Looking ---- */

static void look_at_number(profile *p, kt_str text)
{
    kt_dec d;
    kt_str plain = text;
    size_t commas = 0, points = 0, behind = 0;
    for (size_t i = 0; i < text.len; i++) {
        commas += text.ptr[i] == ',';
        points += text.ptr[i] == '.';
        if (text.ptr[i] == ',' || text.ptr[i] == '.')
            behind = text.len - i - 1;
    }
    bool number = dec_parse(plain, KT_DEC_SCALE_MAX, &d) == DEC_OK;
    p->can_decimal = p->can_decimal && number;
    p->can_int = p->can_int && number && !memchr(plain.ptr, '.', plain.len) &&
                 !(plain.len > 1 && *plain.ptr == '0'); /* 00123 is a code, no number */
    if (number && behind > p->digits_behind)
        p->digits_behind = behind;
    (void)commas;
    (void)points;
}

static void look_at_text(inspection *in, profile *p, kt_str text)
{
    arena *arena = in->tx->arena;
    kt_date date;
    kt_time time;
    p->longest = text.len > p->longest ? text.len : p->longest;
    bool has_comma = memchr(text.ptr, ',', text.len) != NULL,
         has_point = memchr(text.ptr, '.', text.len) != NULL;
    kt_str day = cell_date(arena, text, DATES_ANY);
    bool is_day = date_parse(day, &date) && text.len <= 10 && text.len >= 8;
    kt_str number = is_day ? text : cell_decimal(arena, text, 0);
    look_at_number(p, number);
    if (p->can_decimal && has_comma != has_point) {
        p->comma = p->comma || has_comma;
        p->point = p->point || has_point;
    }
    p->can_date = p->can_date && is_day;
    kt_str instant = cell_time(arena, text, DATES_ANY, in->tx->zone);
    p->can_time = p->can_time && time_parse(instant, &time) && text.len > 10;
    kt_str yes = cell_bool(arena, text);
    p->can_bool = p->can_bool && (str_is(yes, "true") || str_is(yes, "false"));
    if (date_parse(day, &date) && text.len >= 8 && memchr(text.ptr, '/', text.len)) {
        p->slashes = true;
        int first = 0;
        for (size_t i = 0; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
            first = first * 10 + (text.ptr[i] - '0');
        p->day_above_12 = p->day_above_12 || (first > 12 && first < 32);
        const char *slash = memchr(text.ptr, '/', text.len);
        int second = slash[1] >= '0' && slash[1] <= '9' ? slash[1] - '0' : 0;
        if (slash + 2 < text.ptr + text.len && slash[2] >= '0' && slash[2] <= '9')
            second = second * 10 + slash[2] - '0';
        p->month_above_12 = p->month_above_12 || (second > 12 && second < 32);
    }
}

static kt_error *learn(inspection *in, size_t count)
{
    if (count <= in->count)
        return NULL;
    profile *grown = ARENA_ARRAY(in->tx->arena, profile, count);
    if (!grown)
        return error_no_memory();
    if (in->count)
        memcpy(grown, in->columns, in->count * sizeof *grown);
    in->columns = grown;
    for (; in->count < count; in->count++) {
        profile *p = &in->columns[in->count];
        *p = (profile){
            .can_int = true, .can_decimal = true, .can_date = true, .can_time = true, .can_bool = true};
        KT_TRY(mapping_find(in->tx, in->m, in->r, in->count, &p->to));
    }
    return NULL;
}

static kt_error *look(inspection *in)
{
    bool more = true;
    KT_TRY(learn(in, reader_column_count(in->r)));
    for (size_t n = 0; n < ROWS_LOOKED_AT; n++) {
        reader_row row;
        KT_TRY(reader_next(in->r, in->tx->arena, &row, &more));
        if (!more)
            break;
        KT_TRY(learn(in, row.count));
        if (in->row_count < ROWS_SHOWN)
            in->rows[in->row_count++] = row;
        for (size_t i = 0; i < row.count; i++) {
            profile *p = &in->columns[i];
            const variant *cell = &row.cells[i];
            if (cell->kind == VARIANT_NULL || (cell->kind == VARIANT_STRING && !cell->as.string.len))
                continue;
            if (p->filled < SAMPLES)
                p->samples[p->filled] = cell;
            p->filled++;
            if (cell->kind == VARIANT_STRING || cell->kind == VARIANT_REAL)
                look_at_text(in, p, cell->as.string);
            else
                p->can_date = p->can_time = false;
        }
    }
    return NULL;
}

/* ---- Telling ---- */

static const char *type_of(const profile *p)
{
    if (!p->filled)
        return "string";
    return p->can_bool && !p->can_int ? "bool"
           : p->can_int               ? "int"
           : p->can_decimal           ? "money"
           : p->can_date              ? "date"
           : p->can_time              ? "datetime"
           : p->longest > 200         ? "text"
                                      : "string";
}

/* A title as the name of a field: small ASCII letters, digits, _ */
static kt_str name_of(arena *arena, kt_str title, size_t column)
{
    kt_str folded = title_fold(arena, title);
    char *out = arena_alloc(arena, folded.len + 24);
    size_t n = 0;
    if (!out)
        return (kt_str){0};
    for (size_t i = 0; i < folded.len && n < 40; i++) {
        char c = folded.ptr[i];
        bool fits = (c >= 'a' && c <= 'z') || (n && c >= '0' && c <= '9');
        if (fits)
            out[n++] = c;
        else if (n && out[n - 1] != '_')
            out[n++] = '_';
    }
    n -= n && out[n - 1] == '_';
    out[n] = 0;
    return n ? (kt_str){out, n} : arena_format(arena, "column_%zu", column + 1);
}

static kt_str path_of(arena *arena, const place *p)
{
    if (p->member)
        return arena_format(arena, "%.*s[%.*s].%.*s%s%.*s", STR_ARG(p->field->name), STR_ARG(p->selector),
            STR_ARG(p->member->name), p->by.len ? "." : "", STR_ARG(p->by));
    return arena_format(arena, "%.*s%s%.*s", STR_ARG(p->field->name), p->by.len ? "." : "", STR_ARG(p->by));
}

static void write_custom(inspection *in, const profile *p, size_t i, json *answer)
{
    kt_str title = reader_title(in->r, i);
    json_key(answer, "custom");
    json_object(answer);
    json_member_str(answer, "name", name_of(in->tx->arena, title, i));
    json_member_text(answer, "type", type_of(p));
    json_member_str(answer, "label", title);
    if (strcmp(type_of(p), "money") == 0)
        json_member_int(answer, "scale", p->digits_behind > 2 ? (int64_t)p->digits_behind : 2);
    json_object_end(answer);
}

static void write_columns(inspection *in, json *answer)
{
    json_key(answer, "columns");
    json_array(answer);
    for (size_t i = 0; i < in->count; i++) {
        const profile *p = &in->columns[i];
        json_object(answer);
        json_member_str(answer, "title", reader_title(in->r, i));
        json_key(answer, "field");
        if (p->to && !p->to->ignored)
            json_str(answer, path_of(in->tx->arena, &p->to->place));
        else
            json_null(answer);
        json_member_bool(answer, "ignored", p->to && p->to->ignored);
        json_member_text(answer, "type", type_of(p));
        json_member_int(answer, "filled", (int64_t)p->filled);
        json_key(answer, "samples");
        json_array(answer);
        for (size_t k = 0; k < SAMPLES && p->samples[k]; k++)
            json_variant(answer, p->samples[k]);
        json_array_end(answer);
        if (!p->to)
            write_custom(in, p, i, answer);
        json_object_end(answer);
    }
    json_array_end(answer);
}

/* What the columns together say of decimal sign and order of dates. */
static void write_habits(inspection *in, json *answer)
{
    bool comma = false, point = false, mdy = false, dmy = false;
    for (size_t i = 0; i < in->count; i++) {
        const profile *p = &in->columns[i];
        comma = comma || (p->can_decimal && p->comma);
        point = point || (p->can_decimal && p->point && !p->can_date);
        mdy = mdy || (p->slashes && p->month_above_12);
        dmy = dmy || (p->slashes && p->day_above_12);
    }
    json_member_text(answer, "decimal",
        in->m->decimal == ',' ? ","
        : in->m->decimal      ? "."
        : comma               ? ","
        : point               ? "."
                              : "any");
    json_member_text(answer, "dates",
        in->m->dates == DATES_YMD                    ? "ymd"
        : in->m->dates == DATES_DMY || (dmy && !mdy) ? "dmy"
        : in->m->dates == DATES_MDY || (mdy && !dmy) ? "mdy"
                                                     : "any");
}

static void write_options(inspection *in, json *answer)
{
    const reader_options *o = &in->m->reader;
    json_member_text(answer, "format", format_name(o->format));
    if (o->format != FORMAT_XLSX)
        json_member_text(answer, "encoding", encoding_name(o->encoding));
    if (o->format == FORMAT_CSV)
        json_member_str(answer, "separator", (kt_str){&o->separator, 1});
    write_habits(in, answer);
}

static void write_mapping(inspection *in, json *answer)
{
    json_key(answer, "mapping");
    json_object(answer);
    json_member_str(answer, "entity", in->m->entity->name);
    write_options(in, answer);
    json_key(answer, "columns");
    json_array(answer);
    for (size_t i = 0; i < in->count; i++) {
        const map_column *to = in->columns[i].to;
        if (!to || !to->guessed) /* unknown, or known to the mapping that was given */
            continue;
        json_object(answer);
        json_member_str(answer, "title", reader_title(in->r, i));
        json_key(answer, "field");
        if (to->ignored)
            json_null(answer);
        else
            json_str(answer, path_of(in->tx->arena, &to->place));
        json_object_end(answer);
    }
    json_array_end(answer);
    json_object_end(answer);
}

static void write_rows(const inspection *in, json *answer)
{
    json_key(answer, "rows");
    json_array(answer);
    for (size_t n = 0; n < in->row_count; n++) {
        json_array(answer);
        for (size_t i = 0; i < in->rows[n].count; i++)
            json_variant(answer, &in->rows[n].cells[i]);
        json_array_end(answer);
    }
    json_array_end(answer);
}

kt_error *inspect_write(kt_tx *tx, mapping *m, reader *r, json *answer)
{
    inspection in = {.tx = tx, .m = m, .r = r};
    KT_TRY(look(&in));
    json_object(answer);
    write_options(&in, answer);
    write_columns(&in, answer);
    write_rows(&in, answer);
    write_mapping(&in, answer);
    json_object_end(answer);
    return NULL;
}
