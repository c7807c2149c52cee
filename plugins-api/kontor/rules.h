/* rules.h -- automation rules that a module brings along, such as its daily upkeep. They are ordinary records of
 * automation.rule: the administrator sees them, changes them, switches them off, reads their log. */
#pragma once
#include <kontor.h>

typedef struct {
    const char *name; /* "crm.quotations_expire" */
    const char
        *text; /* Lua, as docs/automation.md has it; with needs = "MODULE", so that it rests while the module
                         is not enabled */
} kt_rule;

struct kt_rule_row {
    kt_record rec;
    kt_str name, text, source;
};
static const kt_shape kt_rule_row_shape = KT_SHAPE(kt_rule_row, "automation.rule",
    KT_BIND(kt_rule_row, name, STRING, "name"), KT_BIND(kt_rule_row, text, TEXT, "text"),
    KT_BIND(kt_rule_row, source, STRING, "source"));

/* Makes and switches on those that there are none of yet; ended by {0}. For a module's `migrate`. What a company
 * made of a rule stays. */
KT_MUST static inline kt_error *kt_rules_bring(kt_tx *tx, const kt_rule *rules)
{
    for (const kt_rule *r = rules; r->name; r++) {
        struct kt_rule_row row = {KT_OF(kt_rule_row), .name = kt_format(tx, "%s", r->name),
            .text = kt_format(tx, "%s", r->text), .source = KT_STR("module")};
        const kt_where where[] = {KT_WHERE(kt_rule_row, name, KT_EQ, row.name), {0}};
        uint64_t known;
        KT_TRY(kt_count(tx, &(kt_query){.of = &kt_rule_row_shape, .where = where}, &known));
        if (known)
            continue;
        KT_TRY(kt_create(tx, &row.rec));
        KT_TRY(kt_act(tx, &row.rec, "enable", NULL));
    }
    return NULL;
}

/* One line of upkeep: a method that is called on a schedule. Where it answers `more`, it did what fits a transaction
 * and is called again, in the next one, until all is done. */
#define KT_UPKEEP(module, rule, english, schedule, rights, method)                                           \
    {                                                                                                        \
        module "." rule, "rule {\n  label = \"" english "\",\n  on = \"" schedule "\",\n  needs = \"" module \
                         "\",\n  rights = \"" rights "\",\n  run = function()\n    if call(\"" module        \
                         "." method "\", {}).more then after(now(), \"run\") end\n  end,\n}\n"               \
    }

/* How much upkeep does in one transaction at most, as its parameter `limit` says.
 *   returns  validation at "limit": not within 1 to 10000 */
KT_MUST static inline kt_error *kt_upkeep_limit(kt_tx *tx, int64_t limit)
{
    return limit >= 1 && limit <= 10000 ? NULL
                                        : kt_fail(tx, KT_VALIDATION, "limit", "%lld is not within 1 to 10000",
                                              "%lld nie mieści się między 1 a 10000", (long long)limit);
}
