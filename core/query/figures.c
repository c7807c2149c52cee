/* figures.c -- aggregation for modules: the verb's own parameters in, a table of cells out. What a caller may
 * not see is left out by the query itself, here as on the wire. */
#include "kit/decimal.h"
#include "kit/decode.h"
#include "query/aggregate.h"

enum { ANSWER_MAX = 16 << 20, DEPTH = 24, ELEMENTS = 2000000 };

typedef struct {
    kt_tx *tx;
    const model_entity *entity;
    path_follow *follow;
    const variant *rows;
    model_path paths[GROUP_BY_MAX]; /* count 0: a period, shown as it is */
    size_t groups;
} figures;

/* ---- The query ---- */

static kt_error *known_members(kt_tx *tx, const variant *query)
{
    static const char *const names[] = {"group", "measures", "filter", "lines", "sort", "limit", NULL};
    for (size_t i = 0; i < query->as.object.count; i++) {
        size_t k = 0;
        while (names[k] && !str_is(query->as.object.members[i].name, names[k]))
            k++;
        if (!names[k])
            return kt_fail(tx, KT_VALIDATION, query->as.object.members[i].name.ptr,
                "there is no such parameter", "nie ma takiego parametru");
    }
    return NULL;
}

static kt_error *run(kt_tx *tx, const model_entity *entity, const variant *query, const variant **rows)
{
    static const decode_limits limits = {DEPTH, ELEMENTS};
    query_filter *filter;
    buffer text;
    const variant *answer, *limit = variant_get(query, "limit");
    KT_TRY(known_members(tx, query));
    KT_TRY(query_filter_read(tx, entity, variant_get(query, "filter"), &filter));
    const query_request asked = {.entity = entity,
        .filter = filter,
        .sort = variant_get(query, "sort"),
        .lines = variant_get(query, "lines"),
        .limit = limit && limit->kind == VARIANT_INT ? (uint32_t)limit->as.integer : GROUPS_MAX};
    buffer_open(&text, ANSWER_MAX);
    json out = json_to(&text);
    json_object(&out);
    kt_error *error = query_aggregate(
        tx, &asked, variant_get(query, "group"), variant_get(query, "measures"), &out);
    json_object_end(&out);
    if (!error)
        error = text.full ? error_no_memory() : decode_json(tx->arena, buffer_str(&text), &limits, &answer);
    buffer_close(&text);
    if (!error)
        *rows = variant_get(answer, "rows");
    return error;
}

/* ---- Cells ---- */

static kt_str as_json(kt_tx *tx, const variant *value)
{
    buffer text;
    buffer_open(&text, ANSWER_MAX);
    json out = json_to(&text);
    json_variant(&out, value);
    kt_str made = text.full ? (kt_str){0} : arena_str(tx->arena, buffer_str(&text));
    buffer_close(&text);
    return made;
}

static kt_dec as_number(const variant *value)
{
    kt_dec number = {0};
    if (value->kind == VARIANT_INT)
        return KT_DEC(value->as.integer, 0);
    kt_str s = value->kind == VARIANT_STRING ? value->as.string : (kt_str){0};
    const char *point = s.len ? memchr(s.ptr, '.', s.len) : NULL;
    size_t digits = point ? s.len - (size_t)(point - s.ptr) - 1 : 0;
    if (!s.len || digits > KT_DEC_SCALE_MAX || dec_parse(s, (uint8_t)digits, &number) != DEC_OK)
        return (kt_dec){0};
    return number;
}

static kt_error *title_of(const figures *f, const model_field *field, uint64_t id, kt_str *text)
{
    const model_record *record = NULL;
    if (field->target)
        KT_TRY(path_follow_get(f->tx, f->follow, field->target, id, &record));
    kt_str title = record ? model_title(f->tx, record)
                          : arena_format(f->tx->arena, "#%llu", (unsigned long long)id);
    *text = title.ptr ? arena_str(f->tx->arena, title) : title;
    return text->ptr ? NULL : error_no_memory();
}

static kt_error *shown(const figures *f, const model_path *path, const variant *value, kt_cell *cell)
{
    if (value->kind == VARIANT_NULL)
        return NULL;
    const model_field *field = path->count ? path_last(path) : NULL;
    cell->text = value->kind == VARIANT_STRING ? value->as.string : cell->value;
    if (field && field->type == KT_REF && value->kind == VARIANT_INT)
        return title_of(f, field, (uint64_t)value->as.integer, &cell->text);
    for (const kt_choice *c = field ? field->choices : NULL; c && c->name; c++)
        if (str_is(cell->text, c->name))
            cell->text = kt_say(f->tx, c->label);
    return NULL;
}

static kt_error *fill_row(const figures *f, const variant *row, kt_cell *cells, kt_str *filter)
{
    size_t columns = row->as.object.count - 1; /* the last member is the filter */
    for (size_t i = 0; i < columns; i++) {
        static const model_path none;
        const variant *value = row->as.object.members[i].value;
        cells[i].value = as_json(f->tx, value);
        if (!cells[i].value.ptr)
            return error_no_memory();
        if (i >= f->groups)
            cells[i].number = as_number(value);
        KT_TRY(shown(f, i < f->groups ? &f->paths[i] : &none, value, &cells[i]));
    }
    *filter = as_json(f->tx, row->as.object.members[columns].value);
    return filter->ptr ? NULL : error_no_memory();
}

static kt_error *fill(const figures *f, kt_table *table)
{
    size_t count = f->rows->as.array.count;
    *table = (kt_table){.rows = count};
    if (!count)
        return NULL;
    table->columns = f->rows->as.array.items[0].as.object.count - 1;
    kt_cell *cells = ARENA_ARRAY(f->tx->arena, kt_cell, count * table->columns + 1);
    kt_str *filters = ARENA_ARRAY(f->tx->arena, kt_str, count);
    if (!cells || !filters)
        return error_no_memory();
    for (size_t i = 0; i < count; i++)
        KT_TRY(fill_row(f, &f->rows->as.array.items[i], cells + i * table->columns, &filters[i]));
    table->cells = cells;
    table->filters = filters;
    return NULL;
}

/* The groups' fields, which tell how a value is shown. The query itself was accepted already. */
static kt_error *find_groups(figures *f, const variant *group)
{
    for (size_t i = 0; group && group->kind == VARIANT_ARRAY && i < group->as.array.count; i++) {
        kt_str name = group->as.array.items[i].as.string;
        f->groups++;
        if (!memchr(name.ptr, ':', name.len))
            KT_TRY(path_read(f->tx, f->entity, name, "group", &f->paths[i]));
    }
    return path_follow_open(f->tx, &f->follow);
}

kt_error *kt_aggregate(kt_tx *tx, const char *entity, kt_str query, kt_table *table)
{
    static const decode_limits limits = {DEPTH, ELEMENTS};
    const variant *asked;
    figures f = {.tx = tx, .entity = model_entity_find(tx->catalogue, str_of(entity))};
    if (!f.entity)
        return kt_fail(
            tx, KT_UNAVAILABLE, NULL, "no enabled module has %s", "żaden włączony moduł nie ma %s", entity);
    KT_TRY(decode_json(tx->arena, query, &limits, &asked));
    if (asked->kind != VARIANT_OBJECT)
        return kt_fail(tx, KT_VALIDATION, "query", "expected an object", "oczekiwano obiektu");
    KT_TRY(run(tx, f.entity, asked, &f.rows));
    KT_TRY(find_groups(&f, variant_get(asked, "group")));
    return fill(&f, table);
}
