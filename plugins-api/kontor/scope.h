/* scope.h -- records that are about the company, a department, a pipeline or somebody: a plan, a goal. */
#pragma once
#include <kontor.h>

typedef struct {
    const char *name;
    bool given, wanted, allowed; /* in the record's scope */
} kt_scope_field;

/* Tells every field that the scope lacks, and every one that does not belong to it. */
KT_MUST static inline kt_error *kt_scope_check(kt_tx *tx, const kt_scope_field *fields, size_t count)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < count; i++) {
        if (fields[i].wanted && !fields[i].given)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, fields[i].name, "is required in this scope",
                              "jest wymagane w tym zakresie"));
        if (fields[i].given && !fields[i].allowed)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, fields[i].name, "does not belong to this scope",
                              "nie należy do tego zakresu"));
    }
    return all;
}
