/* batch: up to 50 commands, later ones with values of earlier results as $result[id][field]. All in one
 * transaction; a command that fails leaves nothing and, without halt, the next one goes on. */
#include <string.h>

#include "b24.h"
#include "form.h"

enum { COMMANDS_MAX = 50 };

/* Follows [id][field].. in the results; *at moves behind the last bracket. */
static kt_str follow(kt_tx *tx, const kt_value *results, kt_str text, size_t *at)
{
    const kt_value *v = results;
    while (*at < text.len && text.ptr[*at] == '[') {
        size_t from = ++*at;
        while (*at < text.len && text.ptr[*at] != ']')
            ++*at;
        kt_str step = kt_format(tx, "%.*s", (int)(*at - from), text.ptr + from);
        *at += *at < text.len;
        kt_value name = kt_value_str(step);
        int64_t i;
        if (v && v->kind == KT_VALUE_ARRAY)
            v = b24_int(&name, &i) && i >= 0 && (size_t)i < v->as.array.count ? &v->as.array.items[i] : NULL;
        else
            v = step.ptr ? kt_value_get(v, step.ptr) : NULL;
    }
    return v ? b24_text(tx, v) : (kt_str){0};
}

static kt_str put_results(kt_tx *tx, const kt_value *results, kt_str text)
{
    static const char mark[] = "$result";
    kt_str made = KT_STR("");
    size_t from = 0;
    for (size_t i = 0; i + sizeof mark - 1 <= text.len && made.ptr; i++) {
        if (memcmp(text.ptr + i, mark, sizeof mark - 1) != 0)
            continue;
        size_t at = i + sizeof mark - 1;
        kt_str found = follow(tx, results, text, &at);
        made = kt_format(
            tx, "%s%.*s%s", made.ptr, (int)(i - from), text.ptr + from, found.ptr ? found.ptr : "");
        from = at;
        i = at - 1;
    }
    return from ? kt_format(tx, "%s%.*s", made.ptr ? made.ptr : "", (int)(text.len - from), text.ptr + from)
                : text;
}

static kt_value substitute(kt_tx *tx, const kt_value *results, const kt_value *v)
{
    kt_maker made = v->kind == KT_VALUE_ARRAY ? KT_MAKE_ARRAY : KT_MAKE_OBJECT;
    if (v->kind == KT_VALUE_STRING)
        return kt_value_str(put_results(tx, results, v->as.string));
    if (v->kind != KT_VALUE_ARRAY && v->kind != KT_VALUE_OBJECT)
        return *v;
    for (size_t i = 0; i < kt_value_count(v); i++) {
        kt_value one = substitute(tx, results, b24_item(v, i));
        if (v->kind == KT_VALUE_ARRAY)
            kt_add(tx, &made, one);
        else
            kt_put_named(tx, &made, v->as.object.members[i].name, one);
    }
    return made.value;
}

typedef struct {
    kt_str command;
    const kt_value *results;
    answer made;
    page_end *page;
} step;

static kt_error *run_step(kt_tx *tx, void *context)
{
    step *s = context;
    size_t end = 0;
    form *f = form_open(tx);
    while (end < s->command.len && s->command.ptr[end] != '?')
        end++;
    if (f && end < s->command.len)
        KT_TRY(form_read(f, (kt_str){s->command.ptr + end + 1, s->command.len - end - 1}));
    kt_value given = f ? form_value(f) : KT_MAKE_OBJECT.value;
    kt_value params = substitute(tx, s->results, &given);
    kt_str name = {s->command.ptr, end};
    if (b24_is(name, "batch"))
        return b24_fail(tx, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage",
            "Metody nie można użyć w paczce");
    return b24_run(tx, s->page, name, &params, &s->made);
}

/* As PHP writes it: an object whose members are 0, 1, 2 .. or none is a list. */
static kt_value or_list(kt_tx *tx, kt_maker m)
{
    kt_maker list = KT_MAKE_ARRAY;
    for (size_t i = 0; i < m.value.as.object.count; i++) {
        if (!b24_is(m.value.as.object.members[i].name, kt_format(tx, "%zu", i).ptr))
            return m.value;
        kt_add(tx, &list, *m.value.as.object.members[i].value);
    }
    return list.value;
}

static kt_error *batch(b24 *b, const kt_value *params, answer *a)
{
    const kt_value *cmd = b24_param(params, "cmd"), *halt = b24_param(params, "halt");
    kt_maker results = KT_MAKE_OBJECT, errors = KT_MAKE_OBJECT, totals = KT_MAKE_OBJECT,
             nexts = KT_MAKE_OBJECT;
    bool stops = halt && (b24_is(b24_text(b->tx, halt), "1") || b24_is(b24_text(b->tx, halt), "Y"));
    size_t count = kt_value_count(cmd);
    if (count > COMMANDS_MAX)
        return b24_fail(
            b->tx, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded", "Paczka jest za długa");
    for (size_t i = 0; i < count; i++) {
        const kt_value *one = b24_item(cmd, i);
        kt_str name = cmd->kind == KT_VALUE_ARRAY ? kt_format(b->tx, "%zu", i)
                                                  : cmd->as.object.members[i].name;
        step s = {one->kind == KT_VALUE_STRING ? one->as.string : KT_STR(""), &results.value, {.total = -1},
            b->page};
        kt_error *error = kt_attempt(b->tx, run_step, &s);
        if (error) {
            kt_put_named(b->tx, &errors, name, b24_error(b->tx, error));
            if (stops)
                break;
            continue;
        }
        kt_put_named(b->tx, &results, name, s.made.result);
        if (s.made.total >= 0)
            kt_put_named(b->tx, &totals, name, kt_value_int(s.made.total));
        if (s.made.next >= 0)
            kt_put_named(b->tx, &nexts, name, kt_value_int(s.made.next));
    }
    kt_maker all = KT_MAKE_OBJECT;
    kt_put(b->tx, &all, "result", or_list(b->tx, results));
    kt_put(b->tx, &all, "result_error", or_list(b->tx, errors));
    kt_put(b->tx, &all, "result_total", or_list(b->tx, totals));
    kt_put(b->tx, &all, "result_next", or_list(b->tx, nexts));
    kt_put(b->tx, &all, "result_time", KT_MAKE_ARRAY.value);
    a->result = all.value;
    return NULL;
}

const method batch_methods[] = {
    {"batch", false, batch},
    {0},
};
