/* describe.h -- what there is, in the caller's language and within the caller's rights. */
#pragma once
#include "bus/dispatch.h"

/* May the caller at all see this entity, this field? */
bool describe_entity_seen(kt_tx *tx, const model_entity *entity);
bool describe_field_seen(kt_tx *tx, const model_entity *entity, const model_field *field);
const char *describe_text(const kt_tx *tx, kt_text text);
const char *describe_type(kt_type type); /* the wire's name */
/* A member that is left out if the text is not set. */
void describe_member(const kt_tx *tx, json *out, const char *name, kt_text text);

/* openrpc.c: the whole as an OpenRPC document with JSON Schemas. */
KT_MUST kt_error *openrpc_write(call *call, kt_tx *tx, json *out);
