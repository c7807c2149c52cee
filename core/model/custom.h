/* custom.h -- the methods that define fields and entities at run time; their table is in methods.c. */
#pragma once
#include "model/model.h"

KT_MUST kt_error *custom_field_define(method_call *call);
KT_MUST kt_error *custom_field_remove(method_call *call);
KT_MUST kt_error *custom_field_list(method_call *call);
KT_MUST kt_error *custom_entity_define(method_call *call);
KT_MUST kt_error *custom_entity_remove(method_call *call);
KT_MUST kt_error *custom_entity_list(method_call *call);
