/* person.h -- the methods person.erase and person.export. */
#pragma once
#include "model/model.h"

#define RELATED_MOST 10000 /* records in one export, or that point from one place */

/* The record that a call's `entity` and `id` name; it may be gone. */
KT_MUST kt_error *person_find(method_call *call, const model_entity **entity, uint64_t *id);
/* params {entity, id, files?, also?}; needs the right "erase" of the entity, of those named in also and, for files, of the
 * attachments, and the right to delete these. Answers which fields are empty now, and what is left that points to the
 * record, or went with it when it was deleted, with how much of it has personal data. */
KT_MUST kt_error *person_erase(method_call *call);
/* params {entity, id}; needs "export". Answers the record and every record that points to it which the caller
 * may export. */
KT_MUST kt_error *person_export(method_call *call);
