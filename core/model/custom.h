/* custom.h -- the methods that define fields and entities at run time; their table is in methods.c. */
#pragma once
#include "model/model.h"

#define CUSTOM_MODULE "custom" /* the module of all that is defined at run time */

/* Stores a field's definition and tries the catalogue that follows from it. */
KT_MUST kt_error *custom_field_define(method_call *call);
/* Takes a definition back; the field's values stay in the records. */
KT_MUST kt_error *custom_field_remove(method_call *call);
/* Writes the definitions, of one entity or of all, as they were given. */
KT_MUST kt_error *custom_field_list(method_call *call);
/* Stores an entity's definition, with its fields. */
KT_MUST kt_error *custom_entity_define(method_call *call);
/* Takes an entity away that has no records. */
KT_MUST kt_error *custom_entity_remove(method_call *call);
/* Writes the definitions as they were given. */
KT_MUST kt_error *custom_entity_list(method_call *call);
