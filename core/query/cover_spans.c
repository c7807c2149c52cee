/* cover_spans.c -- conditions that must hold become spans of an index's keys: values of its first fields, then a range. */
#include "query/cover_spans.h"

#include <stdlib.h>
#include <string.h>

/* The condition on a field that must hold, of a kind; NULL: there is none. */
static const filter_test *must_hold(const query_filter *filter, const model_field *field, test_kind kind)
{
    if (!filter)
        return NULL;
    if (filter->kind == FILTER_TEST)
        return filter->test->kind == kind && filter->test->path.steps[0] == field ? filter->test : NULL;
    const filter_test *found = NULL;
    for (size_t i = 0; filter->kind == FILTER_AND && !found && i < filter->count; i++)
        found = must_hold(filter->items[i], field, kind);
    return found;
}

/* Conditions that must hold; one more than any range proves if there is another kind of condition. */
static size_t count_tests(const query_filter *filter)
{
    size_t n = 0;
    if (!filter)
        return 0;
    if (filter->kind == FILTER_TEST)
        return 1;
    if (filter->kind != FILTER_AND)
        return MODEL_INDEX_FIELDS + 1;
    for (size_t i = 0; i < filter->count; i++)
        n += count_tests(filter->items[i]);
    return n;
}

static void narrow(const model_field *field, const filter_test *test, key *from, key *to)
{
    const key prefix = *from;
    *to = prefix;
    if (test->values[0].set) {
        key_value(from, field, &test->values[0], false);
        if (test->low_open)
            key_after(from);
    } else {
        from->bytes[from->len++] = 1; /* what is not set is in no range */
    }
    if (test->values[1].set)
        key_value(to, field, &test->values[1], false);
    if (!test->values[1].set || !test->high_open)
        key_after(to);
}

static int by_beginning(const void *a, const void *b)
{
    return str_cmp(key_str(&((const cover_span *)a)->from), key_str(&((const cover_span *)b)->from));
}

/* Every prefix with each of the values behind it. */
static void spread(cover_spans *s, const model_field *field, const filter_test *test)
{
    for (size_t p = s->count; p-- > 0;) {
        const key prefix = s->items[p].from;
        for (size_t v = test->count; v-- > 0;) {
            key *from = &s->items[p * test->count + v].from;
            *from = prefix;
            key_value(from, field, &test->values[v], false);
        }
    }
    s->count *= test->count;
}

/* Spans are as large as keys, and most queries have one. */
static kt_error *make_room(cover_spans *s, arena *arena, size_t count)
{
    if (count <= s->room)
        return NULL;
    cover_span *items = arena_bytes(arena, count * sizeof *items);
    if (!items)
        return error_no_memory();
    if (s->items)
        memcpy(items, s->items, s->count * sizeof *items);
    s->items = items;
    s->room = count;
    return NULL;
}

/* In the order of keys, each once: a value may be named twice. */
static void sort(cover_spans *s)
{
    size_t kept = 0;
    qsort(s->items, s->count, sizeof *s->items, by_beginning);
    for (size_t i = 0; i < s->count; i++)
        if (!kept || by_beginning(&s->items[kept - 1], &s->items[i]) != 0)
            s->items[kept++] = s->items[i];
    s->count = kept;
}

kt_error *cover_spans_find(cover_spans *s, arena *arena, const model_entity *entity, const model_index *index,
    const query_filter *of_record, const query_filter *of_line)
{
    size_t used[2] = {0};
    s->count = 0;
    KT_TRY(make_room(s, arena, 1));
    key_index(&s->items[0].from, entity, index);
    s->count = 1;
    bool ranged = false;
    for (size_t i = 0; i < index->count && !ranged; i++) {
        const query_filter *filter = index->inside[i] ? of_line : of_record;
        const filter_test *one = must_hold(filter, index->fields[i], TEST_IN);
        const filter_test *range = must_hold(filter, index->fields[i], TEST_RANGE);
        if (one && one->count && !one->null && one->count <= COVER_SPANS_MAX / s->count) {
            KT_TRY(make_room(s, arena, s->count * one->count));
            spread(s, index->fields[i], one);
            used[index->inside[i]]++;
            continue;
        }
        if (!range)
            break;
        for (size_t k = 0; k < s->count; k++)
            narrow(index->fields[i], range, &s->items[k].from, &s->items[k].to);
        used[index->inside[i]]++;
        ranged = true;
    }
    for (size_t k = 0; k < s->count && !ranged; k++) {
        s->items[k].to = s->items[k].from;
        key_after(&s->items[k].to);
    }
    sort(s);
    s->record_proved = count_tests(of_record) == used[0];
    s->line_proved = count_tests(of_line) == used[1];
    s->held = used[0] + used[1];
    return NULL;
}
