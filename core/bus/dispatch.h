/* dispatch.h -- from a method's name to what runs it. */
#pragma once
#include "bus/call.h"
#include "bus/params.h"

typedef struct verb {
    const char *name;
    method_mode mode;
    const method_param *params;
    kt_text help;
    kt_error *(*run)(kt_tx *tx, const model_entity *entity, const variant *params, json *answer);
} verb;
extern const verb verbs[];                      /* verbs.c; ended by {0} */
extern const method_param verb_action_params[]; /* what every action takes beside its own */

typedef struct {
    const method *method; /* the core's, or */
    const verb *verb;     /* entity.verb, or */
    const model_entity *entity;
    const model_action *action; /* entity.action, or */
    bool rehearsal;             /* the action's name stands for a dry run of it */
    const kt_method *declared;  /* a module's, or */
    const kt_route *route;      /* a module's answer over HTTP */
    method_mode mode;
    const char *right; /* judged before anything runs */
} target;

/* false: no such method in this catalogue. */
bool target_find(
    const bus *bus, const model_catalogue *catalogue, kt_str name, const variant *params, target *target);
/* The same for tx; an entity that is no longer defined is addressed as of a moment when it was, if tx only reads. */
KT_MUST kt_error *target_seek(
    const bus *bus, kt_tx *tx, kt_str name, const variant *params, target *target, bool *found);
/* Does a method declare this right? */
bool target_declares(const bus *bus, const model_catalogue *catalogue, kt_str right);
/* Checks rights and parameters, runs; the answer gets one value. call->tx NULL: METHOD_PLAIN. */
KT_MUST kt_error *target_run(
    const target *target, call *call, kt_tx *tx, const variant *params, json *answer);

/* Runs a method within a call's transaction: finds it, judges who calls it. */
KT_MUST kt_error *target_call(call *call, kt_tx *tx, kt_str name, const variant *params, json *answer);

/* What the bus's own methods get: their method_call is the first member. */
typedef struct {
    method_call call;
    struct call *of;
} own_call;

extern const method system_methods[], batch_methods[], describe_methods[];
/* "crm.deal" of "crm.deal.list"; not set: the name ends in no verb. */
kt_str target_names_verb(const char *method);
/* Reads "as_of", and gives tx, which only reads, the definitions of that moment and the caller's rights over them. */
KT_MUST kt_error *target_then(kt_tx *tx, kt_str as_of, kt_time *at);
/* The members of system.health and /health. false: whoever can should call another server. */
bool system_health(const bus *bus, const char *lang, arena *arena, json *out);

/* batch.c: the mode of a system.batch is that of its calls. */
method_mode batch_mode(const bus *bus, const model_catalogue *catalogue, const variant *params);
