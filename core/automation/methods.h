/* methods.h -- inside the room: methods with a file of their own. */
#pragma once
#include "automation/rule.h"

kt_error *rule_graph(method_call *call);    /* graph.c */
kt_error *rule_backtest(method_call *call); /* backtest.c */
