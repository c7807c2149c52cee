/* merge.h -- what joining records is made of: their values (merge_values.c), what points to them (repoint.c).
 */
#pragma once
#include "model/internal.h"

enum {
    MERGE_MAX = 50,        /* records joined into one at a time */
    REPOINTED_MAX = 50000, /* records changed with them */
    MERGE_DEPTH_MAX = 8,   /* of joins that a join makes necessary */
};

/* A field in which the records differ. */
typedef struct merge_conflict {
    const model_field *field; /* NULL: one or more that the caller may not see */
    uint64_t taken;           /* the record whose value is taken */
    bool chosen;              /* by the caller */
    struct merge_conflict *next;
} merge_conflict;

typedef struct {
    const model_entity *entity;
    model_record *records; /* the first one stays, the others go */
    size_t count;
    const variant *choose; /* {field: id}; NULL: nothing */
    merge_conflict *first_conflict, *last_conflict;
    uint64_t *repointed, *dropped; /* by the entity's number: records changed, records that became doubles */
    size_t numbers;                /* of entities that the two have room for */
    uint64_t changed;
    unsigned depth;
} merge;

/* Fills after, a copy of the first record, with what the records have between them; collects the conflicts.
 *   returns  validation at "choose..", forbidden: a field that the caller may not change would change */
KT_MUST kt_error *merge_values(kt_tx *tx, merge *m, model_record *after);
/* Says a line nothing that the other one does not say? */
bool merge_line_is_known(const model_record *line, const model_record *other);

/* Lets all that points to the records that go point to the one that stays. */
KT_MUST kt_error *merge_repoint(kt_tx *tx, merge *m);
/* The join itself, past rights: values in after, references, the records that go, where they went. */
KT_MUST kt_error *merge_write(kt_tx *tx, merge *m, model_record *after);
/* Does a value of a reference hold one of the records? */
bool merge_holds(const merge *m, const model_field *field, const model_value *value);
