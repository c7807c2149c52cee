/* methods.h -- inside the room: methods with a file of their own. */
#pragma once
#include "automation/rule.h"

kt_error *rule_graph(method_call *call); /* graph.c */
