/* filter_condition.c -- one condition [path, operator, value] into a test that needs no more looking up.
 *
 * Operators come down to four tests, and negation: so each has one meaning, and "!=" is exactly what "=" is
 * not, also where a value is not set. */
#include <stdlib.h>

#include "kit/text.h"
#include "query/internal.h"

typedef enum {
    OP_EQ,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_IN,
    OP_LIKE,
    OP_ILIKE,
    OP_STARTS,
    OP_BETWEEN,
    OP_NULL,
    OP_ANY,
}
operator;

static const struct {
    const char *name;
    operator op;
    bool negated;
} operators[] = {
    {"=", OP_EQ, false},
    {"==", OP_EQ, false},
    {"!=", OP_EQ, true},
    {"<>", OP_EQ, true},
    {"<", OP_LT, false},
    {"<=", OP_LE, false},
    {">", OP_GT, false},
    {">=", OP_GE, false},
    {"in", OP_IN, false},
    {"not_in", OP_IN, true},
    {"not in", OP_IN, true},
    {"like", OP_LIKE, false},
    {"=like", OP_LIKE, false},
    {"not_like", OP_LIKE, true},
    {"not like", OP_LIKE, true},
    {"ilike", OP_ILIKE, false},
    {"=ilike", OP_ILIKE, false},
    {"not_ilike", OP_ILIKE, true},
    {"not ilike", OP_ILIKE, true},
    {"starts_with", OP_STARTS, false},
    {"between", OP_BETWEEN, false},
    {"is_null", OP_NULL, false},
    {"any", OP_ANY, false},
};

typedef struct {
    filter_reader *r;
    const char *at;
    const model_field *field; /* the path's last */
    filter_test *test;
} condition;

static kt_error *fail(const condition *c, const char *en, const char *pl)
{
    return error_make(c->r->tx->arena, KT_VALIDATION, c->at, "%s%.0s", "%.0s%s", en, pl);
}

bool filter_is_text(const model_field *field)
{
    return field->type == KT_STRING || field->type == KT_TEXT;
}

/* Which operators a type has. */
static bool op_fits(const model_field *field, operator op)
{
    bool is_list = field->type == KT_LINES;
    bool is_record = field->type == KT_REF || field->type == KT_REFS;
    bool is_ordered = filter_is_text(field) || is_decimal(field->type) || field->type == KT_INT ||
                      field->type == KT_DATE || field->type == KT_TIME;
    switch (op) {
    case OP_NULL:
        return true;
    case OP_EQ:
    case OP_IN:
        return !is_list && field->type != KT_JSON;
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
    case OP_BETWEEN:
        return is_ordered || (field->type == KT_REF && field->position == MODEL_ID);
    case OP_LIKE:
    case OP_ILIKE:
    case OP_STARTS:
        return filter_is_text(field);
    case OP_ANY:
        return is_list || (is_record && field->target);
    }
    return false;
}

static kt_error *does_not_fit(const condition *c, kt_str op, kt_str name)
{
    static const char *const spelt[] = {[OP_EQ] = "= !=",
        [OP_LT] = "<",
        [OP_LE] = "<=",
        [OP_GT] = ">",
        [OP_GE] = ">=",
        [OP_IN] = "in not_in",
        [OP_LIKE] = "like not_like",
        [OP_ILIKE] = "ilike not_ilike",
        [OP_STARTS] = "starts_with",
        [OP_BETWEEN] = "between",
        [OP_NULL] = "is_null",
        [OP_ANY] = "any"};
    arena *arena = c->r->tx->arena;
    kt_str fitting = KT_STR("");
    kt_error *error = error_make(arena, KT_VALIDATION, c->at, "\"%.*s\" cannot be used with \"%.*s\"",
        "\"%.*s\" nie pasuje do \"%.*s\"", STR_ARG(op), STR_ARG(name));
    for (operator i = OP_EQ; i <= OP_ANY && fitting.ptr; i++)
        if (op_fits(c->field, i))
            fitting = arena_format(arena, "%s %s", fitting.ptr, spelt[i]);
    kt_str en = arena_format(arena, "It takes%s.", fitting.ptr ? fitting.ptr : "");
    kt_str pl = arena_format(arena, "Można użyć:%s.", fitting.ptr ? fitting.ptr : "");
    return en.ptr && pl.ptr ? kt_hint(error, en.ptr, pl.ptr) : error;
}

/* ---- Values ---- */

/* "today", "today+7", "today-30", "now": what saved views say. */
static bool read_relative(const condition *c, kt_str s, model_value *value)
{
    kt_date today = zone_date(c->r->tx->zone, c->r->tx->now);
    int64_t days = 0;
    if (c->field->type == KT_TIME && str_is(s, "now")) {
        *value = (model_value){.set = true, .as.i = c->r->tx->now.ms};
        return true;
    }
    if (!str_starts(s, KT_STR("today")))
        return false;
    for (size_t i = 6; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9' || i > 11)
            return false;
        days = days * 10 + (s.ptr[i] - '0');
    }
    if (s.len == 6 || (s.len > 6 && s.ptr[5] != '+' && s.ptr[5] != '-'))
        return false;
    kt_date day = kt_date_add(today, (int32_t)(s.len > 6 && s.ptr[5] == '-' ? -days : days));
    if (day.day <= 0)
        return false;
    *value = (model_value){.set = true, .as.i = day.day};
    return true;
}

/* Reads one value. *day: it is a day, where the field holds instants. */
static kt_error *read_value(
    const condition *c, const variant *from, const char *at, model_value *value, bool *day)
{
    kt_tx *tx = c->r->tx;
    model_field one = *c->field;
    kt_date date;
    bool is_text = from->kind == VARIANT_STRING;
    *day = false;
    if (one.type == KT_REFS)
        one.type = KT_REF;
    if (one.type == KT_REF && is_text && str_is(from->as.string, "me") &&
        str_is(one.target_name, "access.user")) {
        *value = (model_value){.set = true, .as.i = (int64_t)tx->user};
        return NULL;
    }
    if ((one.type == KT_DATE || one.type == KT_TIME) && is_text && read_relative(c, from->as.string, value)) {
        *day = one.type == KT_TIME && !str_is(from->as.string, "now");
        return NULL;
    }
    if (one.type == KT_TIME && is_text && date_parse(from->as.string, &date)) {
        *value = (model_value){.set = true, .as.i = date.day};
        *day = true;
        return NULL;
    }
    *value = (model_value){0};
    return query_value_read(tx, c->r->entity, &one, from, at, value);
}

int filter_value_cmp(const model_field *field, const model_value *a, const model_value *b)
{
    if (filter_is_text(field) || field->type == KT_JSON)
        return str_cmp(a->as.s, b->as.s);
    if (is_decimal(field->type))
        return kt_dec_cmp(a->as.d, b->as.d);
    if (is_any(field)) {
        if (a->as.any.entity != b->as.any.entity)
            return a->as.any.entity < b->as.any.entity ? -1 : 1;
        return (a->as.any.id > b->as.any.id) - (a->as.any.id < b->as.any.id);
    }
    return (a->as.i > b->as.i) - (a->as.i < b->as.i);
}

static int compare(const void *a, const void *b, void *field)
{
    return filter_value_cmp(field, a, b);
}

/* Sorts and leaves each value once. */
static void tidy(const condition *c, model_value *values)
{
    size_t kept = 0;
    model_field field = *c->field;
    qsort_r(values, c->test->count, sizeof *values, compare, &field);
    for (size_t i = 0; i < c->test->count; i++)
        if (kept == 0 || filter_value_cmp(&field, &values[kept - 1], &values[i]) != 0)
            values[kept++] = values[i];
    c->test->count = kept;
    c->test->values = values;
}

/* ---- Tests ---- */

static kt_error *set_bound(const condition *c, model_value *bounds, size_t which, const variant *from)
{
    bool day;
    filter_test *t = c->test;
    if (!from || from->kind == VARIANT_NULL)
        return fail(c, "this operator needs a value", "ten operator wymaga wartości");
    KT_TRY(read_value(c, from, c->at, &bounds[which], &day));
    if (!bounds[which].set)
        return fail(c, "this operator needs a value", "ten operator wymaga wartości");
    if (day) { /* a day is from its midnight to the next one, in the company's zone */
        bool next = which == 0 ? t->low_open : !t->high_open;
        kt_date date = {(int32_t)bounds[which].as.i};
        bounds[which].as.i = zone_midnight(c->r->tx->zone, next ? kt_date_add(date, 1) : date).ms;
        if (which == 0)
            t->low_open = false;
        else
            t->high_open = true;
    }
    if (filter_is_text(c->field)) {
        kt_str folded = text_fold(c->r->tx->arena, bounds[which].as.s);
        if (!folded.ptr)
            return error_no_memory();
        *(which == 0 ? &t->low_text : &t->high_text) = folded;
    }
    return NULL;
}

static kt_error *read_range(
    const condition *c, const variant *low, const variant *high, bool has_low, bool has_high, bool is_open)
{
    filter_test *t = c->test;
    model_value *bounds = ARENA_ARRAY(c->r->tx->arena, model_value, 2);
    if (!bounds)
        return error_no_memory();
    t->kind = TEST_RANGE;
    t->values = bounds;
    t->low_open = t->high_open = is_open;
    kt_error *all = NULL;
    if (has_low)
        kt_also(&all, set_bound(c, bounds, 0, low));
    if (has_high)
        kt_also(&all, set_bound(c, bounds, 1, high));
    return all;
}

static kt_error *read_between(const condition *c, const variant *value)
{
    if (!value || value->kind != VARIANT_ARRAY || value->as.array.count != 2)
        return fail(
            c, "\"between\" needs an array of two values", "\"between\" wymaga tablicy dwóch wartości");
    const variant *pair = value->as.array.items;
    return read_range(c, &pair[0], &pair[1], true, true, false);
}

static kt_error *read_equal(const condition *c, const variant *value)
{
    bool day = false;
    filter_test *t = c->test;
    model_value *values = ARENA_NEW(c->r->tx->arena, model_value);
    if (!values)
        return error_no_memory();
    if (!value)
        return fail(c, "this operator needs a value", "ten operator wymaga wartości");
    if (value->kind == VARIANT_ARRAY)
        return kt_hint(
            fail(c, "expected one value, got an array", "oczekiwano jednej wartości, jest tablica"),
            "Use \"in\".", "Użyj \"in\".");
    if (value->kind != VARIANT_NULL)
        KT_TRY(read_value(c, value, c->at, values, &day));
    if (day)
        return read_range(c, value, value, true, true, false);
    t->kind = TEST_IN;
    t->null = !values->set;
    t->count = values->set;
    t->values = values;
    return NULL;
}

static kt_error *read_in(const condition *c, const variant *value)
{
    filter_test *t = c->test;
    t->kind = TEST_IN;
    if (!value || value->kind != VARIANT_ARRAY)
        return fail(c, "\"in\" needs an array", "\"in\" wymaga tablicy");
    if (value->as.array.count > QUERY_VALUES_MAX)
        return error_make(c->r->tx->arena, KT_LIMIT, c->at, "%zu values exceed the %d allowed",
            "%zu wartości przekracza dozwolone %d", value->as.array.count, QUERY_VALUES_MAX);
    model_value *values = ARENA_ARRAY(c->r->tx->arena, model_value, value->as.array.count + 1);
    if (!values)
        return error_no_memory();
    kt_error *all = NULL;
    for (size_t i = 0; i < value->as.array.count; i++) {
        bool day = false;
        kt_str at = arena_format(c->r->tx->arena, "%s[2][%zu]", c->at, i);
        if (!at.ptr)
            return error_no_memory();
        model_value read = {0};
        if (value->as.array.items[i].kind != VARIANT_NULL)
            kt_also(&all, read_value(c, &value->as.array.items[i], at.ptr, &read, &day));
        if (day)
            kt_also(&all, kt_hint(error_make(c->r->tx->arena, KT_VALIDATION, at.ptr,
                                      "expected an instant, got a day", "oczekiwano chwili, jest dzień"),
                              "Use \"between\" for days.", "Dla dni użyj \"between\"."));
        t->null = t->null || !read.set;
        if (read.set)
            values[t->count++] = read;
    }
    tidy(c, values);
    return all;
}

static kt_error *read_pattern(const condition *c, operator op, const variant *value)
{
    c->test->kind = TEST_LIKE;
    if (!value || value->kind != VARIANT_STRING || value->as.string.len == 0)
        return fail(c, "this operator needs a text", "ten operator wymaga tekstu");
    if (value->as.string.len > QUERY_PATTERN_MAX)
        return error_make(c->r->tx->arena, KT_LIMIT, c->at, "the text exceeds %d bytes",
            "tekst przekracza %d bajtów", QUERY_PATTERN_MAX);
    if (!text_is_utf8(value->as.string))
        return fail(c, "not valid UTF-8 text", "niepoprawny tekst UTF-8");
    if (op == OP_STARTS)
        return filter_pattern_starts(c->r->tx->arena, value->as.string, &c->test->pattern);
    return filter_pattern_read(c->r->tx->arena, value->as.string, op == OP_ILIKE, &c->test->pattern);
}

static kt_error *read_any(const condition *c, const variant *value)
{
    filter_reader inner = *c->r;
    if (!value)
        return fail(c, "this operator needs conditions", "ten operator wymaga warunków");
    if (c->field->type == KT_LINES) {
        inner.of = c->field->lines;
        for (size_t i = 0; i + 1 < c->test->path.count; i++) /* lines of a record that is referred to */
            if (c->test->path.steps[i]->target)
                inner.entity = c->test->path.steps[i]->target;
    } else {
        inner.of = inner.entity = c->field->target;
        if (c->r->tx->guard && c->r->tx->guard->entity)
            KT_TRY(error_under(c->r->tx->guard->entity(c->r->tx, inner.of, "read"), c->at));
    }
    c->test->kind = TEST_ANY;
    kt_str at = arena_format(c->r->tx->arena, "%s[2]", c->at);
    if (!at.ptr)
        return error_no_memory();
    KT_TRY(filter_node_read(&inner, value, at.ptr, &c->test->inner));
    c->r->tests = inner.tests;
    return NULL;
}

static kt_error *read_null(const condition *c, const variant *value, bool *negated)
{
    if (value && value->kind != VARIANT_BOOL)
        return fail(c, "\"is_null\" takes true or false", "\"is_null\" przyjmuje true lub false");
    c->test->kind = TEST_IN;
    c->test->null = true;
    *negated = value && !value->as.boolean;
    return NULL;
}

static kt_error *read_operator(const condition *c, operator op, const variant *value, bool *negated)
{
    switch (op) {
    case OP_EQ:
        return read_equal(c, value);
    case OP_LT:
        return read_range(c, NULL, value, false, true, true);
    case OP_LE:
        return read_range(c, NULL, value, false, true, false);
    case OP_GT:
        return read_range(c, value, NULL, true, false, true);
    case OP_GE:
        return read_range(c, value, NULL, true, false, false);
    case OP_IN:
        return read_in(c, value);
    case OP_LIKE:
    case OP_ILIKE:
    case OP_STARTS:
        return read_pattern(c, op, value);
    case OP_BETWEEN:
        return read_between(c, value);
    case OP_NULL:
        return read_null(c, value, negated);
    case OP_ANY:
        return read_any(c, value);
    }
    return NULL;
}

/* ---- The condition ---- */

/* "mine" is the owner's field asked for oneself; a pattern on a reference asks for the title it leads to. */
static kt_error *read_path(condition *c, kt_str name, operator op)
{
    filter_reader *r = c->r;
    model_path *path = &c->test->path;
    KT_TRY(path_read_in(r->tx, r->entity, r->of, name, c->at, path));
    c->field = path_last(path);
    bool is_pattern = op == OP_LIKE || op == OP_ILIKE || op == OP_STARTS;
    if (is_pattern && c->field->type == KT_REF && c->field->target && c->field->target->title) {
        kt_str longer = arena_format(
            r->tx->arena, "%.*s.%.*s", STR_ARG(name), STR_ARG(c->field->target->title->name));
        if (!longer.ptr)
            return error_no_memory();
        KT_TRY(path_read_in(r->tx, r->entity, r->of, longer, c->at, path));
        c->field = path_last(path);
    }
    return NULL;
}

static kt_error *wrap(const condition *c, bool negated, const query_filter **out)
{
    query_filter *made = ARENA_NEW(c->r->tx->arena, query_filter);
    if (!made)
        return error_no_memory();
    *made = (query_filter){.kind = FILTER_TEST, .test = c->test};
    *out = made;
    if (!negated)
        return NULL;
    const query_filter **items = ARENA_NEW(c->r->tx->arena, const query_filter *);
    query_filter *outer = ARENA_NEW(c->r->tx->arena, query_filter);
    if (!items || !outer)
        return error_no_memory();
    *items = made;
    *outer = (query_filter){.kind = FILTER_NOT, .count = 1, .items = items};
    *out = outer;
    return NULL;
}

kt_error *filter_test_read(
    filter_reader *r, kt_str name, kt_str op, const variant *value, const char *at, const query_filter **out)
{
    static const variant me = {.kind = VARIANT_STRING, .as.string = {"me", 2}};
    size_t i = 0, count = sizeof operators / sizeof *operators;
    condition c = {.r = r, .at = at, .test = ARENA_NEW(r->tx->arena, filter_test)};
    if (!c.test)
        return error_no_memory();
    if (++r->tests > QUERY_TESTS_MAX)
        return error_make(r->tx->arena, KT_LIMIT, "filter", "more than %d conditions",
            "więcej niż %d warunków", QUERY_TESTS_MAX);
    while (i < count && !str_is(op, operators[i].name))
        i++;
    if (i == count) {
        kt_error *error = kt_hint(
            error_make(r->tx->arena, KT_VALIDATION, at, "unknown operator \"%.*s\"",
                "nieznany operator \"%.*s\"", (int)(op.len < 40 ? op.len : 40), op.ptr ? op.ptr : ""),
            "Use one of = != < <= > >= in not_in like ilike starts_with between is_null any.",
            "Użyj jednego z = != < <= > >= in not_in like ilike starts_with between is_null any.");
        kt_also(&error, read_path(&c, name, OP_EQ)); /* both may be wrong */
        return error;
    }
    bool negated = operators[i].negated;
    if (str_is(name, "mine") && r->of->owner && !model_field_find(r->of, name) && operators[i].op == OP_EQ &&
        value && value->kind == VARIANT_BOOL) {
        negated = negated == value->as.boolean;
        name = r->of->owner->name;
        value = &me;
    }
    KT_TRY(read_path(&c, name, operators[i].op));
    if (!op_fits(c.field, operators[i].op))
        return does_not_fit(&c, op, name);
    bool also_negated = false;
    operator op_read = operators[i].op;
    if (!r->own && op_read != OP_EQ && op_read != OP_IN && op_read != OP_NULL)
        KT_TRY(mask_refuse(r->tx, &c.test->path, value, at));
    KT_TRY(read_operator(&c, op_read, value, &also_negated));
    if (!r->own && (op_read == OP_EQ || op_read == OP_IN))
        KT_TRY(mask_ask(r->tx, &c.test->path, c.test->values, c.test->count));
    return wrap(&c, negated != also_negated, out);
}
