/* evaluate.c -- expressions of modules (<kontor/lua.h>): each is a template that writes one value, run as a rule is:
 * with its deadline, its steps, and reading alone. */
#include <kontor/lua.h>

#include "automation/rule.h"
#include "kit/str.h"

enum { EXPRESSION_MAX = 4000 };

static kt_error *chunk_of(kt_tx *tx, const kt_expression *e, kt_str *lua)
{
    const char *name = e->name ? e->name : "facts";
    if (e->text.len > EXPRESSION_MAX)
        return kt_fail(tx, KT_LIMIT, NULL, "an expression has at most %d characters",
            "wyrażenie ma najwyżej %d znaków", EXPRESSION_MAX);
    *lua = arena_format(tx->arena,
        "local _as = ... local record, %s = doc, document local _value = (%.*s\n) "
        "_as.write(json.encode {value = _value})",
        name, STR_ARG(e->text));
    return lua->ptr ? NULL : error_no_memory();
}

/* Lua's words without the template's name. */
static kt_error *worded(kt_tx *tx, kt_kind kind, const kt_error *lua)
{
    kt_text text = lua->first->text;
    return kt_fail(tx, kind, NULL, "the expression: %s", "wyrażenie: %s", text.en);
}

kt_error *kt_evaluate(kt_tx *tx, const kt_expression *e, const kt_value **value)
{
    const ruleset *set = ruleset_of(tx);
    const model_entity *entity = model_entity_find(tx->catalogue, str_of(e->entity ? e->entity : ""));
    model_record record = {0};
    automation_template t = {.name = KT_STR("expression"),
        .kind = TEMPLATE_TEXT,
        .about = &record,
        .language = WORDS_ENGLISH,
        .facts = e->facts.ptr ? e->facts : KT_STR("{}")};
    if (!set)
        return kt_fail(
            tx, KT_UNAVAILABLE, NULL, "expressions are not worked out here", "tutaj nie oblicza się wyrażeń");
    if (!entity || !entity->enabled)
        return kt_fail(tx, KT_NOT_FOUND, NULL, "there is no such record", "nie ma takiego rekordu");
    KT_TRY(chunk_of(tx, e, &t.lua));
    KT_TRY(model_read(tx, entity, e->id.v, &record));
    buffer text;
    buffer_open(&text, MODEL_JSON_MAX);
    kt_error *error = write_run(set->of->workers, set->of->options.steps, tx, &t, &text);
    if (error)
        error = worded(tx, error->first->kind == KT_UNAVAILABLE ? KT_UNAVAILABLE : KT_RULE, error);
    const kt_value *object = NULL;
    if (!error)
        error = kt_json_read(tx, arena_str(tx->arena, buffer_str(&text)), &object);
    buffer_close(&text);
    static const kt_value nothing = {.kind = KT_VALUE_NULL};
    const kt_value *found = kt_value_get(object, "value");
    *value = found ? found : &nothing;
    return error;
}

kt_error *kt_expression_check(kt_tx *tx, kt_str text)
{
    kt_str lua;
    KT_TRY(chunk_of(tx, &(kt_expression){.text = text}, &lua));
    kt_error *error = automation_check(tx, KT_STR("expression"), lua);
    return error ? worded(tx, error->first->kind, error) : NULL;
}
