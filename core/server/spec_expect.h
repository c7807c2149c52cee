/* spec_expect.h -- what specs expect of an answer. */
#pragma once
#include "automation/worker.h"

/* expect(actual, expected): figures by their value, of tables what the expected one names, lists as long as they
 * are. Raises an error that names the first difference, and where it is. */
int spec_expect(lua_State *L);
