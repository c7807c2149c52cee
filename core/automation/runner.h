/* runner.h -- inside the room: its own transactions. */
#pragma once
#include "automation/rule.h"

/* An errand of the system in the name of rules. */
errand rule_errand(const automation *automation, arena *arena);
