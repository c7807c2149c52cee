/* person.h -- the methods person.erase and person.export. */
#pragma once
#include "model/model.h"

/* params {entity, id, files?, also?}; needs the right "erase" of the entity, of those named in also and, for files, of the
 * attachments, and the right to delete these. Answers which fields are empty now, and what is left that points to the
 * record, or went with it when it was deleted, with how much of it has personal data. */
KT_MUST kt_error *person_erase(method_call *call);
/* params {entity, id}; needs "export". Answers the record and every record that points to it which the caller
 * may export. */
KT_MUST kt_error *person_export(method_call *call);
