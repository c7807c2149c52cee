/* file.h -- files in the content store, and the base.attachment records that name them. */
#pragma once
#include "model/model.h"

#define FILE_ENTITY "base.attachment"

typedef struct {
    kt_str name, sha256;
    uint64_t size;
} file_ref;

/* The file of an attachment. Whoever may see neither what it is about nor, where it stands in fields of records, one of
 * these, may not see the file; its author sees it where it stands.
 *   returns  not_found     memory  the transaction's */
KT_MUST kt_error *file_find(kt_tx *tx, uint64_t id, file_ref *file);
/* Its bytes. memory: good as long as arena, whose end gives them up */
KT_MUST kt_error *file_map(arena *arena, const char *data_directory, const file_ref *file, kt_str *bytes);
/* Keeps a text as a file, which nobody gives up until arena ends. Blocks. memory: arena */
KT_MUST kt_error *file_keep(arena *arena, const char *data_directory, kt_str text, file_ref *file);
/* The name of what an attachment holds; not set: none. */
kt_str file_content(const model_record *attachment);
/* base.attachment. returns unavailable: the module is off */
KT_MUST kt_error *file_entity(kt_tx *tx, const model_entity **entity);
/* Makes the attachment of a file that is in the content store. */
KT_MUST kt_error *file_attach(kt_tx *tx, const file_ref *file, const char *type, uint64_t *id);
