/* keep.c -- writes what a rule's text declares into its record, for whoever looks at the list. */
#include "automation/rule.h"

static kt_str join_triggers(kt_tx *tx, const rule *r)
{
    kt_str all = KT_STR("");
    for (size_t i = 0; i < r->trigger_count; i++)
        all = arena_format(tx->arena, "%s%s%.*s", all.ptr ? all.ptr : "", i ? "\n" : "",
            (int)r->triggers[i].text.len, r->triggers[i].text.ptr);
    return all;
}

kt_error *rule_store_compiled(automation *a, kt_tx *tx, kt_id id)
{
    struct rule_row row = {KT_OF(rule_row)};
    const model_guard *guard = tx->guard;
    tx->guard = NULL; /* who may write the rule was judged */
    kt_error *error = kt_read(tx, id, &row.rec);
    rule r = {.id = id.v,
        .version = row.rec.version,
        .name = row.name,
        .text = row.text,
        .owner = row.owner.v,
        .company = row.rec.company.v};
    if (!error)
        error = rule_compile(a, tx, tx->arena, &r);
    if (!error) {
        row.label = r.label;
        row.on = join_triggers(tx, &r);
        row.moment = r.after ? KT_STR("after") : KT_STR("transaction");
        row.rights = r.as_caller ? KT_STR("caller") : r.rights;
        row.order = r.order;
        row.failures = 0;
        row.problem = (kt_str){0};
        error = kt_update(tx, &row.rec);
    }
    tx->guard = guard;
    return error;
}
