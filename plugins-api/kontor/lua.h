/* lua.h -- a company's expressions in Lua, "record.amount > 10000 and input.size == 'big'": worked out in the confined
 * process that rules run in, which only reads, under the caller's rights. For conditions and formulas that filters
 * cannot say; what a filter can say is better asked by kt_query.filter. */
#pragma once
#include <kontor/value.h>

typedef struct {
    kt_str text;        /* one expression */
    const char *entity; /* of the record that it calls `record`, with all that is linked to it */
    kt_id id;
    const char *name; /* by which it knows the facts: "input"; NULL: "facts" */
    kt_str facts;     /* JSON object; not set: {} */
} kt_expression;

/* Works an expression out.
 *   value    receives what it came to; a null for nil
 *   returns  rule: it failed, with Lua's words, or took longer than a rule may; not_found: there is no such record;
 *            unavailable: nothing is written in this transaction, so no rules are there
 *   thread   of a transaction that writes, or rehearses */
KT_API KT_MUST kt_error *kt_evaluate(kt_tx *tx, const kt_expression *expression, const kt_value **value);
/* Is it an expression at all? Looks without running it; where no rules are there it finds nothing wrong.
 *   returns  validation, with Lua's words */
KT_API KT_MUST kt_error *kt_expression_check(kt_tx *tx, kt_str text);
/* What Lua takes for true: anything but nil and false. */
static inline bool kt_value_holds(const kt_value *v)
{
    return v && v->kind != KT_VALUE_NULL && (v->kind != KT_VALUE_BOOL || v->as.boolean);
}
