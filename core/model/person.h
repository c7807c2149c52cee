/* person.h -- the methods person.erase and person.export; their table is in methods.c. */
#pragma once
#include "model/model.h"

/* params {entity, id}; needs the entity's right "erase". Answers which fields are empty now. */
KT_MUST kt_error *person_erase(method_call *call);
/* params {entity, id}; needs "export". Answers the record and every record that points to it which the caller
 * may export. */
KT_MUST kt_error *person_export(method_call *call);
