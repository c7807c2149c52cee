/* aggregate_read.c -- what to group by and what to measure, checked as any other use of a field. */
#include "query/aggregate.h"

static const struct {
    const char *name;
    period period;
} periods[] = {
    {"day", PERIOD_DAY},
    {"week", PERIOD_WEEK},
    {"month", PERIOD_MONTH},
    {"quarter", PERIOD_QUARTER},
    {"year", PERIOD_YEAR},
};

static const struct {
    const char *name;
    measure_kind kind;
} kinds[] = {
    {"count", MEASURE_COUNT},
    {"sum", MEASURE_SUM},
    {"avg", MEASURE_AVG},
    {"min", MEASURE_MIN},
    {"max", MEASURE_MAX},
    {"count_distinct", MEASURE_DISTINCT},
    {"median", MEASURE_MEDIAN},
};

static kt_error *wrong(const aggregation *a, const char *at, kt_str name, const char *en, const char *pl)
{
    return error_make(a->tx->arena, KT_VALIDATION, at, "\"%.*s\" %s%.0s", "\"%.*s\" %.0s%s",
        (int)(name.len < 80 ? name.len : 80), name.ptr ? name.ptr : "", en, pl);
}

/* A path whose first step is the unnested lines goes on from each line. */
static void enter_lines(const aggregation *a, const model_path *path, model_path *inner)
{
    *inner = (model_path){0};
    if (!a->lines || path->steps[0] != a->lines || path->count < 2)
        return;
    *inner = (model_path){.name = path->name, .entity = path->entity, .count = path->count - 1};
    for (size_t i = 1; i < path->count; i++) {
        inner->steps[i - 1] = path->steps[i];
        inner->many = inner->many || (i + 1 < path->count && path->steps[i]->type == KT_REFS);
    }
}

/* Groups may go through the lines of one field; then each line is looked at by itself. */
static bool takes_lines(aggregation *a, const model_path *path)
{
    const model_field *first = path->steps[0];
    if (first->type != KT_LINES || path->count < 2 || (a->lines && a->lines != first))
        return false;
    a->lines = first;
    return true;
}

static kt_error *read_by(aggregation *a, const variant *from, const char *at)
{
    if (from->kind != VARIANT_STRING)
        return error_make(a->tx->arena, KT_VALIDATION, at, "expected the name of a field, got %s%.0s",
            "oczekiwano nazwy pola, jest: %.0s%s", VARIANT_KIND(from->kind));
    if (a->by_count == GROUP_BY_MAX)
        return error_make(a->tx->arena, KT_LIMIT, at, "more than %d fields to group by",
            "więcej niż %d pól grupowania", GROUP_BY_MAX);
    kt_str name = from->as.string;
    group_by *by = &a->by[a->by_count];
    *by = (group_by){.name = name};
    const char *colon = name.len ? memchr(name.ptr, ':', name.len) : NULL;
    if (colon) {
        kt_str suffix = {colon + 1, name.len - (size_t)(colon + 1 - name.ptr)};
        for (size_t i = 0; i < sizeof periods / sizeof *periods; i++)
            if (str_is(suffix, periods[i].name))
                by->period = periods[i].period;
        if (!by->period)
            return wrong(a, at, suffix, "is no period: day, week, month, quarter or year",
                "to nie okres: day, week, month, quarter lub year");
        name.len = (size_t)(colon - name.ptr);
    }
    KT_TRY(path_read(a->tx, a->query->entity, name, at, &by->path));
    KT_TRY(mask_refuse(a->tx, &by->path, NULL, at));
    const model_field *field = path_last(&by->path);
    if (takes_lines(a, &by->path))
        enter_lines(a, &by->path, &by->inner);
    bool many = by->inner.count ? by->inner.many : by->path.many;
    if (many || field->type == KT_LINES || field->type == KT_REFS || field->type == KT_JSON ||
        field->type == KT_TEXT)
        return wrong(a, at, name, "cannot be grouped by", "nie nadaje się do grupowania");
    if (by->period && field->type != KT_DATE && field->type != KT_TIME)
        return wrong(a, at, name, "is no date: it has no periods", "nie jest datą: nie ma okresów");
    a->by_count++;
    return NULL;
}

static bool fits(measure_kind kind, const model_field *field)
{
    bool is_number = is_decimal(field->type) || field->type == KT_INT;
    bool is_composed = field->type == KT_LINES || field->type == KT_REFS || field->type == KT_JSON;
    switch (kind) {
    case MEASURE_SUM:
    case MEASURE_AVG:
    case MEASURE_MEDIAN:
        return is_number;
    case MEASURE_MIN:
    case MEASURE_MAX:
        return is_number || field->type == KT_DATE || field->type == KT_TIME || field->type == KT_STRING;
    case MEASURE_DISTINCT:
        return !is_composed && field->type != KT_TEXT;
    case MEASURE_COUNT:
        break;
    }
    return true;
}

static kt_error *read_measure(aggregation *a, kt_str name, const variant *from, const char *at)
{
    if (from->kind != VARIANT_STRING)
        return error_make(a->tx->arena, KT_VALIDATION, at, "expected \"count\" or \"sum:field\", got %s%.0s",
            "oczekiwano \"count\" lub \"sum:pole\", jest: %.0s%s", VARIANT_KIND(from->kind));
    if (a->measure_count == MEASURES_MAX)
        return error_make(
            a->tx->arena, KT_LIMIT, at, "more than %d measures", "więcej niż %d miar", MEASURES_MAX);
    kt_str kind = from->as.string, path = {0};
    const char *colon = kind.len ? memchr(kind.ptr, ':', kind.len) : NULL;
    if (colon) {
        path = (kt_str){colon + 1, kind.len - (size_t)(colon + 1 - kind.ptr)};
        kind.len = (size_t)(colon - kind.ptr);
    }
    measure *m = &a->measures[a->measure_count];
    size_t i = 0, count = sizeof kinds / sizeof *kinds;
    while (i < count && !str_is(kind, kinds[i].name))
        i++;
    if (i == count)
        return wrong(a, at, kind, "is no measure: count, sum, avg, median, min, max or count_distinct",
            "to nie miara: count, sum, avg, median, min, max lub count_distinct");
    *m = (measure){.name = name, .kind = kinds[i].kind, .every = kinds[i].kind == MEASURE_COUNT && !path.ptr};
    if (!m->every) {
        if (!path.ptr)
            return wrong(
                a, at, kind, "needs a field, as in \"sum:amount\"", "wymaga pola, np. \"sum:amount\"");
        KT_TRY(path_read(a->tx, a->query->entity, path, at, &m->path));
        KT_TRY(mask_refuse(a->tx, &m->path, NULL, at));
        enter_lines(a, &m->path, &m->inner);
        if (!fits(m->kind, path_last(&m->path)))
            return wrong(a, at, from->as.string, "does not fit the field's type", "nie pasuje do typu pola");
    }
    a->measure_count++;
    return NULL;
}

static kt_error *read_measures(aggregation *a, const variant *from)
{
    static const variant count = {.kind = VARIANT_STRING, .as.string = {"count", 5}};
    if (!from || from->kind == VARIANT_NULL)
        return read_measure(a, KT_STR("count"), &count, "measures");
    if (from->kind == VARIANT_STRING)
        return read_measure(a, from->as.string, from, "measures");
    kt_error *all = NULL;
    for (size_t i = 0; from->kind == VARIANT_ARRAY && i < from->as.array.count; i++) {
        const variant *item = &from->as.array.items[i];
        kt_str at = arena_format(a->tx->arena, "measures[%zu]", i);
        kt_str name = item->kind == VARIANT_STRING ? item->as.string : (kt_str){0};
        if (!at.ptr)
            return error_no_memory();
        kt_also(&all, read_measure(a, name, item, at.ptr));
    }
    for (size_t i = 0; from->kind == VARIANT_OBJECT && i < from->as.object.count; i++) {
        const variant_member *member = &from->as.object.members[i];
        kt_str at = arena_format(a->tx->arena, "measures.%.*s", STR_ARG(member->name));
        if (!at.ptr)
            return error_no_memory();
        kt_also(&all, read_measure(a, member->name, member->value, at.ptr));
    }
    if (from->kind != VARIANT_ARRAY && from->kind != VARIANT_OBJECT)
        return error_make(a->tx->arena, KT_VALIDATION, "measures", "expected an object, got %s%.0s",
            "oczekiwano obiektu, jest: %.0s%s", VARIANT_KIND(from->kind));
    return all;
}

/* Conditions that a line must meet, in the names of the lines' fields. */
static kt_error *read_lines(aggregation *a, const variant *from)
{
    if (!from || from->kind == VARIANT_NULL)
        return NULL;
    if (!a->lines)
        return kt_hint(error_make(a->tx->arena, KT_VALIDATION, "lines", "no lines are grouped by",
                           "grupowanie nie obejmuje pozycji"),
            "Conditions on records belong into \"filter\".", "Warunki na rekordy podaj w \"filter\".");
    filter_reader r = {.tx = a->tx, .entity = a->query->entity, .of = a->lines->lines};
    return filter_node_read(&r, from, "lines", &a->line_filter);
}

/* Names of the answer's members: of groups and measures. */
static kt_error *read_order(aggregation *a, kt_str name, const char *at)
{
    bool down = name.len && name.ptr[0] == '-';
    name = down ? (kt_str){name.ptr + 1, name.len - 1} : name;
    if (a->sort_count == AGGREGATE_SORT_MAX)
        return error_make(a->tx->arena, KT_LIMIT, at, "more than %d fields to sort by",
            "więcej niż %d pól sortowania", AGGREGATE_SORT_MAX);
    for (size_t i = 0; i < a->by_count + a->measure_count; i++) {
        bool is_measure = i >= a->by_count;
        size_t k = is_measure ? i - a->by_count : i;
        if (!str_eq(name, is_measure ? a->measures[k].name : a->by[k].name))
            continue;
        a->sort[a->sort_count].is_measure = is_measure;
        a->sort[a->sort_count].down = down;
        a->sort[a->sort_count++].at = k;
        return NULL;
    }
    return wrong(a, at, name, "is neither a group nor a measure of this query",
        "nie jest grupą ani miarą tego zapytania");
}

static kt_error *read_sort(aggregation *a, const variant *from)
{
    if (!from || from->kind == VARIANT_NULL)
        return NULL;
    kt_error *all = NULL;
    if (from->kind == VARIANT_STRING) {
        kt_str text = from->as.string;
        for (size_t start = 0, end; text.len && start <= text.len; start = end + 1) {
            const char *comma = memchr(text.ptr + start, ',', text.len - start);
            end = comma ? (size_t)(comma - text.ptr) : text.len;
            kt_also(&all, read_order(a, (kt_str){text.ptr + start, end - start}, "sort"));
        }
        return all;
    }
    bool good = from->kind == VARIANT_ARRAY;
    for (size_t i = 0; good && i < from->as.array.count; i++) {
        const variant *item = &from->as.array.items[i];
        good = item->kind == VARIANT_STRING;
        if (good)
            kt_also(&all, read_order(a, item->as.string, "sort"));
    }
    if (!good)
        kt_also(&all, error_make(a->tx->arena, KT_VALIDATION, "sort", "expected names", "oczekiwano nazw"));
    return all;
}

kt_error *aggregate_read(aggregation *a, const variant *group, const variant *measures)
{
    kt_error *all = NULL;
    if (group && group->kind == VARIANT_STRING) {
        kt_also(&all, read_by(a, group, "group"));
    } else if (group && group->kind == VARIANT_ARRAY) {
        for (size_t i = 0; i < group->as.array.count; i++) {
            kt_str at = arena_format(a->tx->arena, "group[%zu]", i);
            if (!at.ptr)
                return error_no_memory();
            kt_also(&all, read_by(a, &group->as.array.items[i], at.ptr));
        }
    } else if (group && group->kind != VARIANT_NULL) {
        kt_also(
            &all, error_make(a->tx->arena, KT_VALIDATION, "group", "expected an array of names, got %s%.0s",
                      "oczekiwano tablicy nazw, jest: %.0s%s", VARIANT_KIND(group->kind)));
    }
    kt_also(&all, read_measures(a, measures));
    if (!all)
        all = read_lines(a, a->query->lines);
    if (!all) /* else the names to sort by are not all known */
        all = read_sort(a, a->query->sort);
    if (a->query->limit > GROUPS_MAX)
        kt_also(&all, error_make(a->tx->arena, KT_VALIDATION, "limit", "%u groups exceed the %d allowed",
                          "%u grup przekracza dozwolone %d", a->query->limit, GROUPS_MAX));
    return all;
}
