/* listing.c -- a query that is kept for later, as a saved view is: what of it can be asked, and what can not. */
#include "kit/decode.h"
#include "query/aggregate.h"

enum { TEXT_MAX = 1 << 20, DEPTH = 24, ELEMENTS = 20000 };

typedef struct {
    kt_tx *tx;
    const model_entity *entity;
} asked;
typedef kt_error *reader(const asked *a, const variant *from);

static kt_error *read_filter(const asked *a, const variant *from)
{
    query_filter *filter;
    return query_filter_read(a->tx, a->entity, from, &filter);
}

static kt_error *read_sort(const asked *a, const variant *from)
{
    query_sort sort;
    return query_sort_read(a->tx, a->entity, from, &sort);
}

static kt_error *read_columns(const asked *a, const variant *from)
{
    model_path *paths;
    size_t count;
    return paths_read(a->tx, a->entity, from, "columns", &paths, &count);
}

static kt_error *read_group(const asked *a, const variant *from)
{
    aggregation *of = ARENA_NEW(a->tx->arena, aggregation);
    if (!of)
        return error_no_memory();
    of->tx = a->tx;
    of->query = &(const query_request){.entity = a->entity};
    return aggregate_read(of, from, NULL);
}

/* Of a list each of whose items says something for itself, those that can be asked; of anything else nothing. A filter
 * whose items are words is one condition, or has signs that bind the ones behind them. */
static bool sift(const asked *a, reader *read, bool of_words, const variant *from, variant *kept)
{
    size_t count = from->kind == VARIANT_ARRAY ? from->as.array.count : 0, n = 0;
    variant *items = ARENA_ARRAY(a->tx->arena, variant, count + 1);
    for (size_t i = 0; items && i < count; i++) {
        const variant *item = &from->as.array.items[i];
        if ((item->kind == VARIANT_STRING) != of_words)
            return false;
        if (!read(a, &(const variant){.kind = VARIANT_ARRAY, .as.array = {item, 1}}))
            items[n++] = *item;
    }
    *kept = (variant){.kind = VARIANT_ARRAY, .as.array = {items, n}};
    return items && n && !read(a, kept);
}

/* ---- Members that are JSON ---- */

static kt_error *as_text(kt_tx *tx, const variant *value, kt_str *text)
{
    buffer out;
    buffer_open(&out, TEXT_MAX);
    json j = json_to(&out);
    json_variant(&j, value);
    *text = out.full ? (kt_str){0} : arena_str(tx->arena, buffer_str(&out));
    buffer_close(&out);
    return text->ptr ? NULL : error_no_memory();
}

static kt_error *check_json(const asked *a, const char *name, reader *read, bool of_words, kt_str *text)
{
    static const decode_limits limits = {DEPTH, ELEMENTS};
    const variant *from;
    variant kept = {0};
    if (!text->len)
        return NULL;
    kt_error *wrong = decode_json(a->tx->arena, *text, &limits, &from);
    bool is_json = !wrong;
    wrong = wrong ? error_under(wrong, name) : read(a, from);
    if (!wrong)
        return NULL;
    *text = (kt_str){0};
    if (is_json && sift(a, read, of_words, from, &kept))
        KT_TRY(as_text(a->tx, &kept, text));
    return wrong;
}

/* ---- Members that are text ---- */

static kt_error *check_group(const asked *a, kt_str *text)
{
    kt_error *wrong = text->len ? read_group(a, &(variant){.kind = VARIANT_STRING, .as.string = *text})
                                : NULL;
    if (wrong)
        *text = (kt_str){0};
    return wrong;
}

/* "-day,id" with what stands between its commas, each for itself. */
static kt_error *split(kt_tx *tx, kt_str text, variant *list)
{
    variant *items = ARENA_ARRAY(tx->arena, variant, text.len + 1);
    if (!items)
        return error_no_memory();
    size_t n = 0;
    for (size_t from = 0, to; from <= text.len; from = to + 1) {
        const char *comma = memchr(text.ptr + from, ',', text.len - from);
        to = comma ? (size_t)(comma - text.ptr) : text.len;
        while (from < to && text.ptr[from] == ' ')
            from++;
        items[n++] = (variant){.kind = VARIANT_STRING, .as.string = {text.ptr + from, to - from}};
    }
    *list = (variant){.kind = VARIANT_ARRAY, .as.array = {items, n}};
    return NULL;
}

static kt_error *check_sort(const asked *a, kt_str *text)
{
    variant list, kept;
    if (!text->len)
        return NULL;
    kt_error *wrong = read_sort(a, &(variant){.kind = VARIANT_STRING, .as.string = *text});
    if (!wrong)
        return NULL;
    KT_TRY(split(a->tx, *text, &list));
    *text = (kt_str){0};
    if (!sift(a, read_sort, true, &list, &kept))
        return wrong;
    for (size_t i = 0; i < kept.as.array.count; i++)
        *text = arena_format(a->tx->arena, "%.*s%s%.*s", STR_ARG(*text), i ? "," : "",
            STR_ARG(kept.as.array.items[i].as.string));
    return text->ptr ? wrong : error_no_memory();
}

kt_error *kt_listing_check(kt_tx *tx, kt_str entity, kt_listing *listing)
{
    const asked a = {.tx = tx, .entity = model_entity_find(tx->catalogue, entity)};
    const model_guard *guard = tx->guard;
    if (tx->undoing)
        return NULL; /* what comes back with others does not hold them up: it is told when it is asked */
    if (!a.entity || a.entity->lines_only ||
        (guard && guard->entity && guard->entity(tx, a.entity, "read"))) {
        *listing = (kt_listing){0};
        return kt_hint(error_make(tx->arena, KT_VALIDATION, "entity", "there is no entity \"%.*s\"",
                           "nie ma encji \"%.*s\"", STR_ARG(entity)),
            "The entities are in system.describe.", "Encje są w system.describe.");
    }
    kt_error *all = check_json(&a, "filter", read_filter, false, &listing->filter);
    kt_also(&all, check_sort(&a, &listing->sort));
    kt_also(&all, check_json(&a, "columns", read_columns, true, &listing->columns));
    kt_also(&all, check_group(&a, &listing->group));
    return all;
}
