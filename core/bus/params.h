/* params.h -- a call's parameters: checked against a method's table, then read by name. */
#pragma once
#include "model/model.h"

/* Checks params (NULL: none) against a table that {0} ends: all problems at once.
 *   returns  validation: an unknown member, a required one absent, a value of another kind */
KT_MUST kt_error *params_check(arena *arena, const method_param *table, const variant *params);

/* NULL if absent or null */
const variant *params_find(const variant *params, const char *name);
/* The object's members except those named; names ends with NULL. */
const variant *params_without(arena *arena, const variant *params, const char *const *names);
