/* Calls of the bus in short, and the values that they are made of. */
#include <string.h>

#include "b24.h"

kt_value b24_str(const char *text)
{
    return kt_value_str((kt_str){text, strlen(text)});
}

kt_value b24_in(b24 *b, const char *name, kt_value value)
{
    kt_maker made = KT_MAKE_OBJECT;
    kt_put(b->tx, &made, name, value);
    return made.value;
}

kt_value b24_words(kt_tx *tx, const char *words)
{
    kt_maker list = KT_MAKE_ARRAY;
    while (*words) {
        size_t n = strcspn(words, " ");
        kt_add(tx, &list, kt_value_str(kt_format(tx, "%.*s", (int)n, words)));
        words += n + (words[n] == ' ');
    }
    return list.value;
}

kt_error *b24_get(b24 *b, const char *entity, int64_t id, const char *fields, const kt_value **record)
{
    kt_maker p = KT_MAKE_OBJECT;
    kt_put(b->tx, &p, "id", kt_value_int(id));
    kt_put(b->tx, &p, "fields", b24_words(b->tx, fields));
    return kt_call(b->tx, kt_format(b->tx, "%s.get", entity).ptr, &p.value, record);
}

kt_error *b24_list(b24 *b, const char *entity, kt_value filter, const char *fields, const kt_value **rows)
{
    enum { LIMIT = 500 };
    kt_maker p = KT_MAKE_OBJECT;
    const kt_value *page;
    kt_put(b->tx, &p, "filter", filter);
    kt_put(b->tx, &p, "fields", b24_words(b->tx, fields));
    kt_put(b->tx, &p, "sort", kt_value_str(KT_STR("id")));
    kt_put(b->tx, &p, "limit", kt_value_int(LIMIT));
    KT_TRY(kt_call(b->tx, kt_format(b->tx, "%s.list", entity).ptr, &p.value, &page));
    *rows = kt_value_get(page, "rows");
    return NULL;
}

int64_t b24_int_at(const kt_value *of, const char *name)
{
    const kt_value *v = kt_value_get(of, name);
    return v && v->kind == KT_VALUE_INT ? v->as.integer : 0;
}

bool b24_bool_at(const kt_value *of, const char *name)
{
    const kt_value *v = kt_value_get(of, name);
    return v && v->kind == KT_VALUE_BOOL && v->as.boolean;
}

kt_value b24_number(const b24 *b, int64_t n)
{
    return b->items ? kt_value_int(n) : kt_value_str(kt_format(b->tx, "%lld", (long long)n));
}

/* A parameter as text, in either form of its name; not set: not given or empty. */
kt_str b24_given(b24 *b, const kt_value *params, const char *name)
{
    const kt_value *v = b24_param(params, name);
    kt_str text = v ? b24_text(b->tx, v) : (kt_str){0};
    return text.len ? text : (kt_str){0};
}

kt_error *b24_page(b24 *b, const kt_value *params, kt_value all, answer *a)
{
    enum { PAGE = 50 };
    const kt_value *from = b24_param(params, "start");
    int64_t start = 0, count = (int64_t)kt_value_count(&all);
    kt_maker page = KT_MAKE_ARRAY;
    if (from && (!b24_int(from, &start) || start < -1))
        return b24_fail(b->tx, "ERROR_ARGUMENT", "start is -1, 0, 50, 100 ..", "start to -1, 0, 50, 100 ..");
    int64_t first = start < 0 ? 0 : start;
    for (int64_t i = first; i < count && i < first + PAGE; i++)
        kt_add(b->tx, &page, all.as.array.items[i]);
    a->result = page.value;
    a->total = start < 0 ? -1 : count;
    a->next = start >= 0 && first + PAGE < count ? first + PAGE : -1;
    return NULL;
}
