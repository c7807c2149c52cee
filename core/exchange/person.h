/* person.h -- the methods person.erase and person.export. */
#pragma once
#include "model/model.h"

/* params {entity, id, files?}; needs the entity's right "erase", and for files the right to delete attachments. Answers
 * which fields are empty now, and what is left that points to the record. */
KT_MUST kt_error *person_erase(method_call *call);
/* params {entity, id}; needs "export". Answers the record and every record that points to it which the caller
 * may export. */
KT_MUST kt_error *person_export(method_call *call);
