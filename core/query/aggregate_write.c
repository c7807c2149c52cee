/* aggregate_write.c -- groups as rows. Each carries the filter that lists its records, so that every figure
 * can be opened. */
#include <stdlib.h>

#include "kit/decimal.h"
#include "query/aggregate.h"

/* ---- Order ---- */

static int compare_tallies(const measure *m, const tally *a, const tally *b)
{
    const model_field *field = m->every ? NULL : path_last(&m->path);
    switch (m->kind) {
    case MEASURE_SUM:
        return (a->sum > b->sum) - (a->sum < b->sum);
    case MEASURE_MEDIAN:
        if (!a->count || !b->count)
            return (a->count > 0) - (b->count > 0);
        return (a->sum > b->sum) - (a->sum < b->sum);
    case MEASURE_AVG: { /* a group without values is least; else by cross products: exact */
        if (!a->count || !b->count)
            return (a->count > 0) - (b->count > 0);
        int128 x = a->sum * (int128)b->count, y = b->sum * (int128)a->count;
        return (x > y) - (x < y);
    }
    case MEASURE_MIN:
    case MEASURE_MAX:
        if (!a->value.set || !b->value.set)
            return (a->value.set > b->value.set) - (a->value.set < b->value.set);
        return filter_value_cmp(field, &a->value, &b->value);
    case MEASURE_DISTINCT: {
        size_t x = a->distinct ? query_table_count(a->distinct) : 0;
        size_t y = b->distinct ? query_table_count(b->distinct) : 0;
        return (x > y) - (x < y);
    }
    case MEASURE_COUNT:
        break;
    }
    return (a->count > b->count) - (a->count < b->count);
}

static int compare(const void *x, const void *y, void *context)
{
    const aggregation *a = context;
    const group *const *p = x, *const *q = y;
    for (size_t i = 0; i < a->sort_count; i++) {
        size_t at = a->sort[i].at;
        int c = a->sort[i].is_measure
                    ? compare_tallies(&a->measures[at], &(*p)->tallies[at], &(*q)->tallies[at])
                    : str_cmp((*p)->order[at], (*q)->order[at]);
        if (c)
            return a->sort[i].down ? -c : c;
    }
    for (size_t i = 0; i < a->by_count; i++) {
        int c = str_cmp((*p)->order[i], (*q)->order[i]);
        if (c)
            return c;
    }
    return 0;
}

/* ---- Exact numbers ---- */

static void write_scaled(int128 value, uint8_t scale, json *out)
{
    char text[64];
    size_t at = sizeof text;
    bool negative = value < 0;
    unsigned digit = 0;
    for (size_t n = 0; n <= scale || value != 0; n++) {
        if (n == scale && scale)
            text[--at] = '.';
        digit = (unsigned)(negative ? -(value % 10) : value % 10);
        text[--at] = (char)('0' + digit);
        value /= 10;
    }
    if (negative)
        text[--at] = '-';
    json_str(out, (kt_str){text + at, sizeof text - at});
}

/* The digits that a sum of the field shows: of money two, as it reads everywhere, more only where they say something. */
static uint8_t digits_of(const model_field *field, int128 sum)
{
    enum { OF_MONEY = 2 };
    uint8_t digits = is_decimal(field->type) ? field->scale : 0;
    for (; field->type == KT_MONEY && digits > OF_MONEY && sum % 10 == 0; digits--)
        sum /= 10;
    return digits;
}

static int128 power_of_ten(unsigned n)
{
    int128 power = 1;
    while (n--)
        power *= 10;
    return power;
}

static void write_sum(const model_field *field, int128 sum, json *out)
{
    uint8_t digits = digits_of(field, sum);
    if (is_decimal(field->type))
        write_scaled(sum / power_of_ten((unsigned)(field->scale - digits)), digits, out);
    else if (sum >= INT64_MIN && sum <= INT64_MAX)
        json_int(out, (int64_t)sum);
    else
        write_scaled(sum, 0, out); /* beyond what a JSON number holds exactly */
}

/* A mean or a median: sum / count with the digits that the sum shows, of whole numbers two; rounded once, half away from
 * zero. */
static void write_quotient(const model_field *field, int128 sum, uint64_t number, json *out)
{
    enum { OF_WHOLE = 2 };
    if (!number) {
        json_null(out);
        return;
    }
    bool whole = !is_decimal(field->type);
    uint8_t digits = whole ? OF_WHOLE : digits_of(field, sum);
    int128 above = sum * (whole ? power_of_ten(OF_WHOLE) : 1);
    int128 below = (int128)number * (whole ? 1 : power_of_ten((unsigned)(field->scale - digits)));
    int128 rounded = ((above < 0 ? -above : above) * 2 + below) / (2 * below);
    write_scaled(above < 0 ? -rounded : rounded, digits, out);
}

static void write_tally(const aggregation *a, const measure *m, const tally *t, json *out)
{
    const model_field *field = m->every ? NULL : path_last(&m->path);
    json_key_str(out, m->name);
    switch (m->kind) {
    case MEASURE_COUNT:
        json_uint(out, t->count);
        break;
    case MEASURE_SUM:
        write_sum(field, t->sum, out);
        break;
    case MEASURE_AVG:
        write_quotient(field, t->sum, t->count, out);
        break;
    case MEASURE_MEDIAN:
        if (t->count % 2) /* it is one of the values, and the sum that value twice */
            write_quotient(field, t->sum / 2, 1, out);
        else
            write_quotient(field, t->sum, t->count ? 2 : 0, out);
        break;
    case MEASURE_MIN:
    case MEASURE_MAX:
        model_value_json(a->tx, &(const model_record){.entity = m->path.record}, field, &t->value, out);
        break;
    case MEASURE_DISTINCT:
        json_uint(out, t->distinct ? query_table_count(t->distinct) : 0);
        break;
    }
}

/* ---- Groups ---- */

/* The last day of the period that begins on first. */
static kt_date period_end(kt_date first, period period)
{
    int year, month, day;
    kt_date_parts(first, &year, &month, &day);
    switch (period) {
    case PERIOD_DAY:
        return first;
    case PERIOD_WEEK:
        return kt_date_add(first, 6);
    case PERIOD_MONTH:
        month += 1;
        break;
    case PERIOD_QUARTER:
        month += 3;
        break;
    case PERIOD_YEAR:
        month += 12;
        break;
    }
    year += (month - 1) / 12;
    month = (month - 1) % 12 + 1;
    return kt_date_add(kt_date_make(year, month, 1), -1);
}

static void write_value(const aggregation *a, const group_by *by, const model_value *value, json *out)
{
    if (by->period && value->set)
        json_date(out, (kt_date){(int32_t)value->as.i});
    else
        model_value_json(
            a->tx, &(const model_record){.entity = by->path.record}, path_last(&by->path), value, out);
}

static void write_condition(
    const aggregation *a, const group_by *by, kt_str name, const model_value *value, json *out)
{
    json_array(out);
    json_str(out, name);
    if (!value->set) {
        json_text(out, "is_null");
        json_bool(out, true);
    } else if (by->period) {
        kt_date first = {(int32_t)value->as.i}, last = period_end(first, by->period);
        json_text(out, "between");
        json_array(out);
        json_date(out, first);
        json_date(out, last.day ? last : kt_date_make(9999, 12, 31)); /* where days end */
        json_array_end(out);
    } else {
        json_text(out, "=");
        write_value(a, by, value, out);
    }
    json_array_end(out);
}

static void write_given(const variant *source, json *out)
{
    bool is_list = source && source->kind == VARIANT_ARRAY &&
                   (source->as.array.count == 0 || source->as.array.items[0].kind != VARIANT_STRING);
    for (size_t i = 0; is_list && i < source->as.array.count; i++)
        json_variant(out, &source->as.array.items[i]);
    if (source && !is_list)
        json_variant(out, source);
}

/* One line must meet all that was asked of lines, and grouped by. */
static void write_line_condition(const aggregation *a, const group *g, json *out)
{
    json_array(out);
    json_str(out, a->lines->name);
    json_text(out, "any");
    json_array(out);
    write_given(a->query->lines, out);
    for (size_t i = 0; i < a->by_count; i++) {
        kt_str name = a->by[i].path.name;
        size_t skip = a->lines->name.len + 1;
        if (a->by[i].inner.count)
            write_condition(a, &a->by[i], (kt_str){name.ptr + skip, name.len - skip}, &g->values[i], out);
    }
    json_array_end(out);
    json_array_end(out);
}

static void write_filter(const aggregation *a, const group *g, json *out)
{
    json_key(out, "filter");
    json_array(out);
    write_given(a->query->filter ? a->query->filter->source : NULL, out);
    for (size_t i = 0; i < a->by_count; i++)
        if (!a->by[i].inner.count)
            write_condition(a, &a->by[i], a->by[i].path.name, &g->values[i], out);
    if (a->lines)
        write_line_condition(a, g, out);
    json_array_end(out);
}

kt_error *aggregate_write(aggregation *a, json *answer)
{
    size_t count = query_table_count(a->table);
    size_t most = a->query->limit ? a->query->limit : GROUPS_DEFAULT;
    qsort_r(a->groups, count, sizeof *a->groups, compare, a);
    json_key(answer, "rows");
    json_array(answer);
    for (size_t i = 0; i < count && i < most; i++) {
        const group *g = a->groups[i];
        json_object(answer);
        if (g->records == 1) /* a group of one shows that record */
            model_shown(a->tx, a->query->entity, g->last, "read");
        else if (g->last && a->by_count) /* one of several tells as much as a record would, but of none */
            model_shown(a->tx, a->query->entity, g->last, "group");
        for (size_t k = 0; k < a->by_count; k++) {
            json_key_str(answer, a->by[k].name);
            write_value(a, &a->by[k], &g->values[k], answer);
        }
        for (size_t k = 0; k < a->measure_count; k++)
            write_tally(a, &a->measures[k], &g->tallies[k], answer);
        write_filter(a, g, answer);
        json_object_end(answer);
    }
    json_array_end(answer);
    if (count > most) { /* how many groups the limit left out */
        json_key(answer, "more");
        json_uint(answer, count - most);
    }
    return NULL;
}
