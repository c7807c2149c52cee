/* serve.h -- inside the room: one request of a rule, and who answers it. */
#pragma once
#include "automation/rule.h"

typedef struct {
    serving *s;
    kt_tx *tx;
    arena *arena;
    pack_reader *in;
    buffer *out; /* the answer, 'A' being written */
    size_t rule; /* that asks, as the worker says: all of a run have the same rights */
} asked;

/* The next value of the request; NULL: nil. */
KT_MUST kt_error *serve_value(asked *a, const variant **value);
/* Notes in the run's log what the rule did: {"create": ENTITY, "id": ID}. */
void serve_note(asked *a, const char *what, const model_entity *entity, uint64_t id);
/* Answers {id, version, number}. */
void serve_result(const model_record *record, buffer *out);

/* ---- serve_effects.c: what comes after the commit ---- */

KT_MUST kt_error *serve_effect(asked *a);
KT_MUST kt_error *serve_log(asked *a);
KT_MUST kt_error *serve_after(asked *a);
KT_MUST kt_error *serve_approve(asked *a);
KT_MUST kt_error *serve_setting(asked *a);
KT_MUST kt_error *serve_document(asked *a);

/* ---- people.c ---- */

KT_MUST kt_error *serve_head(asked *a);
KT_MUST kt_error *serve_language(asked *a);
