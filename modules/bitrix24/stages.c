/* Stages: theirs are codes such as NEW, C2:WON; ours are lines of a pipeline, known by their ids. A stage that was
 * brought along keeps its code. Else the first stage that is open, won or lost has the code that every account has; the
 * others are known by their id, which stays when stages are put in another order. */
#include <string.h>

#include "b24.h"

static const name_pair standard[] = {{"NEW", "open"}, {"WON", "won"}, {"LOSE", "lost"}, {0}};

kt_error *b24_pipelines(b24 *b, const kt_value **rows)
{
    if (!b->pipelines) {
        const kt_value *found;
        kt_maker params = KT_MAKE_OBJECT, fields = KT_MAKE_ARRAY;
        static const char *const names[] = {"id", "name", "stages", "initial", "active", "b24_sort", NULL};
        for (const char *const *n = names; *n; n++)
            kt_add(b->tx, &fields, kt_value_str(kt_format(b->tx, "%s", *n)));
        kt_put(b->tx, &params, "fields", fields.value);
        kt_put(b->tx, &params, "limit", kt_value_int(500));
        KT_TRY(kt_call(b->tx, "crm.pipeline.list", &params.value, &found));
        b->pipelines = kt_value_get(found, "rows");
    }
    *rows = b->pipelines;
    return NULL;
}

static int64_t int_of(const kt_value *of, const char *name)
{
    const kt_value *v = kt_value_get(of, name);
    return v && v->kind == KT_VALUE_INT ? v->as.integer : 0;
}

static bool is_true(const kt_value *of, const char *name)
{
    const kt_value *v = kt_value_get(of, name);
    return v && v->kind == KT_VALUE_BOOL && v->as.boolean;
}

/* The pipeline for new deals: the initial one, else the oldest that is active. 0: there is none. */
static int64_t default_of(const kt_value *rows)
{
    int64_t found = 0;
    for (size_t i = 0; i < kt_value_count(rows); i++) {
        const kt_value *p = &rows->as.array.items[i];
        if (is_true(p, "active") && (is_true(p, "initial") || !found)) {
            found = int_of(p, "id");
            if (is_true(p, "initial"))
                break;
        }
    }
    return found;
}

static const kt_value *pipeline_of(const kt_value *rows, int64_t id)
{
    for (size_t i = 0; i < kt_value_count(rows); i++)
        if (int_of(&rows->as.array.items[i], "id") == id)
            return &rows->as.array.items[i];
    return NULL;
}

/* The first stage of a pipeline with this meaning, by position. */
static const kt_value *first_of(const kt_value *pipeline, const char *semantic)
{
    const kt_value *stages = kt_value_get(pipeline, "stages"), *first = NULL;
    for (size_t i = 0; i < kt_value_count(stages); i++) {
        const kt_value *s = &stages->as.array.items[i];
        if (b24_is(kt_value_get_str(s, "semantic"), semantic) &&
            (!first || int_of(s, "position") < int_of(first, "position")))
            first = s;
    }
    return first;
}

int64_t stage_sort(const kt_value *stages, int64_t position)
{
    enum { STEP = 10 };
    size_t count = kt_value_count(stages);
    for (size_t i = 0; i < count; i++)
        if (int_of(&stages->as.array.items[i], "position") > (int64_t)count)
            return position;
    return position * STEP;
}

kt_error *category_theirs(b24 *b, int64_t pipeline, int64_t *category)
{
    const kt_value *rows;
    KT_TRY(b24_pipelines(b, &rows));
    *category = pipeline == default_of(rows) ? 0 : pipeline;
    return NULL;
}

kt_error *category_ours(b24 *b, int64_t category, int64_t *pipeline)
{
    const kt_value *rows;
    KT_TRY(b24_pipelines(b, &rows));
    *pipeline = category ? category : default_of(rows);
    return NULL;
}

/* "C2:WON" is WON of category 2. */
static kt_str split_code(kt_str code, int64_t *category)
{
    size_t at = 1;
    int64_t number = 0;
    *category = 0;
    if (code.len < 3 || code.ptr[0] != 'C')
        return code;
    for (; at < code.len && at < 12 && code.ptr[at] >= '0' && code.ptr[at] <= '9'; at++)
        number = number * 10 + (code.ptr[at] - '0');
    if (at == 1 || at >= code.len || code.ptr[at] != ':')
        return code;
    *category = number;
    return (kt_str){code.ptr + at + 1, code.len - at - 1};
}

static const kt_value *stage_of(const kt_value *pipeline, int64_t id)
{
    const kt_value *stages = kt_value_get(pipeline, "stages");
    for (size_t i = 0; i < kt_value_count(stages); i++)
        if (int_of(&stages->as.array.items[i], "id") == id)
            return &stages->as.array.items[i];
    return NULL;
}

/* The stage's own code, without the number that its category had elsewhere; not set: it has none. */
static kt_str own_code(const kt_value *stage)
{
    int64_t category;
    kt_str code = kt_value_get_str(stage, "code");
    return code.len ? split_code(code, &category) : (kt_str){0};
}

static const kt_value *stage_coded(const kt_value *pipeline, kt_str plain)
{
    const kt_value *stages = kt_value_get(pipeline, "stages");
    for (size_t i = 0; i < kt_value_count(stages); i++) {
        kt_str own = own_code(&stages->as.array.items[i]);
        if (own.len && own.len == plain.len && memcmp(own.ptr, plain.ptr, own.len) == 0)
            return &stages->as.array.items[i];
    }
    return NULL;
}

kt_error *stage_theirs(b24 *b, int64_t pipeline, int64_t stage, kt_str *code)
{
    const kt_value *rows;
    int64_t category;
    KT_TRY(b24_pipelines(b, &rows));
    KT_TRY(category_theirs(b, pipeline, &category));
    const kt_value *p = pipeline_of(rows, pipeline);
    kt_str plain = kt_format(b->tx, "UC_%lld", (long long)stage);
    for (const name_pair *n = standard; p && n->theirs; n++) {
        const kt_value *first = first_of(p, n->ours);
        if (first && int_of(first, "id") == stage && !stage_coded(p, kt_format(b->tx, "%s", n->theirs)))
            plain = kt_format(b->tx, "%s", n->theirs);
    }
    kt_str own = own_code(stage_of(p, stage));
    plain = own.len ? own : plain;
    *code = category ? kt_format(b->tx, "C%lld:%s", (long long)category, plain.ptr ? plain.ptr : "") : plain;
    return NULL;
}

kt_error *stage_named(b24 *b, int64_t pipeline, int64_t stage, kt_str *name, bool *lost)
{
    const kt_value *rows;
    KT_TRY(b24_pipelines(b, &rows));
    const kt_value *found = stage_of(pipeline_of(rows, pipeline), stage);
    *name = kt_value_get_str(found, "name");
    *lost = b24_is(kt_value_get_str(found, "semantic"), "lost");
    return NULL;
}

kt_error *stage_ours(b24 *b, kt_str code, int64_t within, int64_t *pipeline, int64_t *stage)
{
    const kt_value *rows;
    int64_t category, id = 0;
    kt_str plain = split_code(code, &category);
    KT_TRY(b24_pipelines(b, &rows));
    KT_TRY(category_ours(b, category, pipeline));
    if (!category && within)
        *pipeline = within;
    const kt_value *p = pipeline_of(rows, *pipeline), *found = stage_coded(p, plain);
    for (const name_pair *n = standard; p && !found && n->theirs; n++)
        if (b24_is(plain, n->theirs))
            found = first_of(p, n->ours);
    kt_str number = {plain.ptr + 3, plain.len - 3};
    kt_value text = kt_value_str(number);
    if (!found && plain.len > 3 && strncmp(plain.ptr, "UC_", 3) == 0 && b24_int(&text, &id))
        found = stage_of(p, id);
    *stage = found ? int_of(found, "id") : 0;
    return NULL;
}
