/* filter_match.c -- does a record match? The one meaning of a filter: the planner may only skip records that
 * this says no to, and rights, lists, counts, rules all ask here.
 *
 * Not set: "=" null, is_null and "in" with null match it, all else does not; a negation matches whatever its
 * inside does not. A path through lines or a list of references matches if any of the values does. */
#include "kit/text.h"
#include "query/internal.h"

typedef struct {
    kt_tx *tx;
    path_follow *follow;
} match;

static bool in_values(const filter_test *t, const model_field *field, const model_value *value)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = filter_value_cmp(field, &t->values[middle], value);
        if (c == 0)
            return true;
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static kt_error *in_range(
    const match *m, const filter_test *t, const model_field *field, const model_value *value, bool *yes)
{
    int low = 1, high = -1;
    if (filter_is_text(field)) {
        kt_str folded = text_fold(m->tx->arena, value->as.s);
        if (!folded.ptr)
            return error_no_memory();
        low = t->values[0].set ? str_cmp(folded, t->low_text) : 1;
        high = t->values[1].set ? str_cmp(folded, t->high_text) : -1;
    } else {
        low = t->values[0].set ? filter_value_cmp(field, value, &t->values[0]) : 1;
        high = t->values[1].set ? filter_value_cmp(field, value, &t->values[1]) : -1;
    }
    *yes = (t->low_open ? low > 0 : low >= 0) && (t->high_open ? high < 0 : high <= 0);
    return NULL;
}

/* One value at the path's end. */
static kt_error *test_value(
    const match *m, const filter_test *t, const model_field *field, const model_value *value, bool *yes)
{
    static const model_value no = {.set = true};
    if (field->type == KT_BOOL && !value->set)
        value = &no;
    if (!value->set) {
        *yes = t->kind == TEST_IN && t->null;
        return NULL;
    }
    switch (t->kind) {
    case TEST_IN:
        *yes = in_values(t, field, value);
        return NULL;
    case TEST_RANGE:
        return in_range(m, t, field, value, yes);
    case TEST_LIKE: {
        kt_str text = value->as.s;
        if (t->pattern.folded && !(text = text_fold(m->tx->arena, text)).ptr)
            return error_no_memory();
        *yes = filter_pattern_matches(&t->pattern, text);
        return NULL;
    }
    case TEST_ANY:
    case TEST_HAS:
        break;
    }
    *yes = false;
    return NULL;
}

static kt_error *any_inside(
    const match *m, const filter_test *t, const model_field *field, const model_value *value, bool *yes)
{
    size_t count = field->type == KT_LINES  ? value->as.lines.count
                   : field->type == KT_REFS ? value->as.refs.count
                                            : 1;
    for (size_t i = 0; value->set && !*yes && i < count; i++) {
        const model_record *inside = NULL;
        if (field->type == KT_LINES)
            inside = &value->as.lines.items[i];
        else
            KT_TRY(path_follow_get(m->tx, m->follow, field->target,
                field->type == KT_REFS ? value->as.refs.ids[i] : (uint64_t)value->as.i, &inside));
        if (inside)
            KT_TRY(filter_matches(m->tx, m->follow, t->inner, inside, yes));
    }
    return NULL;
}

static kt_error *test_end(
    const match *m, const filter_test *t, const model_field *field, const model_value *value, bool *yes)
{
    if (t->kind == TEST_HAS)
        return filter_has_matches(m->tx, t, (uint64_t)value->as.i, yes);
    if (t->kind == TEST_ANY)
        return any_inside(m, t, field, value, yes);
    if (field->type == KT_REFS || field->type == KT_LINES) {
        size_t count = !value->set              ? 0
                       : field->type == KT_REFS ? value->as.refs.count
                                                : value->as.lines.count;
        *yes = count == 0 && t->null;
        for (size_t i = 0; field->type == KT_REFS && !*yes && i < count; i++) {
            model_value id = {.set = true, .as.i = (int64_t)value->as.refs.ids[i]};
            *yes = in_values(t, field, &id);
        }
        return NULL;
    }
    return test_value(m, t, field, value, yes);
}

/* Goes along the path from step i of record. record NULL: a reference led nowhere. */
static kt_error *test_from(
    const match *m, const filter_test *t, const model_record *record, size_t i, bool *yes)
{
    static const model_value not_set;
    const model_field *field = t->path.steps[i];
    const model_value *value = record ? &record->values[field->position] : &not_set;
    if (i + 1 == t->path.count)
        return test_end(m, t, field, value, yes);
    size_t count = field->type == KT_LINES  ? value->as.lines.count
                   : field->type == KT_REFS ? value->as.refs.count
                                            : 1;
    if (field->type != KT_REF && !value->set)
        return NULL;
    for (size_t k = 0; !*yes && k < count; k++) {
        const model_record *next = NULL;
        if (field->type == KT_LINES)
            next = &value->as.lines.items[k];
        else if (value->set)
            KT_TRY(path_follow_get(m->tx, m->follow, field->target,
                field->type == KT_REFS ? value->as.refs.ids[k] : (uint64_t)value->as.i, &next));
        KT_TRY(test_from(m, t, next, i + 1, yes));
    }
    return NULL;
}

kt_error *filter_matches(
    kt_tx *tx, path_follow *follow, const query_filter *filter, const model_record *record, bool *matches)
{
    const match m = {tx, follow};
    bool inside = false;
    switch (filter->kind) {
    case FILTER_TEST:
        *matches = false;
        return test_from(&m, filter->test, record, 0, matches);
    case FILTER_NOT:
        KT_TRY(filter_matches(tx, follow, filter->items[0], record, &inside));
        *matches = !inside;
        return NULL;
    case FILTER_AND:
    case FILTER_OR:
        break;
    }
    bool stop_at = filter->kind == FILTER_OR;
    *matches = !stop_at;
    for (size_t i = 0; i < filter->count && *matches != stop_at; i++)
        KT_TRY(filter_matches(tx, follow, filter->items[i], record, matches));
    return NULL;
}

kt_error *query_filter_matches(
    kt_tx *tx, const query_filter *filter, const model_record *record, bool *matches)
{
    return filter_matches(tx, NULL, filter, record, matches);
}
