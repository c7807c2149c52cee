/* protocol.h -- what server and worker say to each other over their SOCK_SEQPACKET pair. Every message is a
 * byte, then packed values (pack.h). The server asks for a run and answers the worker's requests until the
 * worker says that it is done.
 *
 *   server  'R' run      now t, today d, offset I, steps I, generation I, event S, frozen T|F, record M|N,
 *                        before M|N, payload any, count I, then each rule: key I, name S, function S, text S|N
 *           'C' compile  name S, text S, steps I
 *           'T' template now t, today d, offset I, steps I, kind I, language S, name S, chunk S, check T|F, then,
 *                        unless it is to be checked alone: doc M, company M, document any
 *           'A' answer   one value
 *           'F' failure  kind S, text S: raised as an error where the request was made
 *   worker  'Q' request  index of the rule I, operation I, values as in serve.c
 *           'D' done     L of M {changes M, steps I}, one a rule in the order of the run
 *                        of a template: L of nothing; its text went out by ASK_TEXT
 *           'K' compiled M; of a template: nil
 *           'E' error    index of the rule I, text S, kind S: "error" or "refuse", path S|N, Polish S|N, hint S|N
 *
 * The text of a rule is sent once to each worker: it keeps the compiled chunk under the key, until the
 * generation is another. A frozen record's fields cannot be assigned. */
#pragma once

#define MESSAGE_MAX   ((size_t)160 << 10)
#define RULE_TEXT_MAX ((size_t)32000)
#define RULES_IN_RUN  64

typedef enum {
    ASK_GET = 1,    /* entity S, id I | external_id/number M */
    ASK_LIST,       /* entity S, options M */
    ASK_COUNT,      /* entity S, filter */
    ASK_AGGREGATE,  /* entity S, options M */
    ASK_SETTING,    /* name S; what stands above here a template may ask, too */
    ASK_CREATE,     /* entity S, values M */
    ASK_UPDATE,     /* entity S, id I, values M */
    ASK_TRANSITION, /* entity S, id I, action S, params M|N */
    ASK_CALL,       /* method S, params M|N */
    ASK_EFFECT,     /* kind S, params M, due t|N */
    ASK_LOG,        /* S */
    ASK_AFTER,      /* function S, due t */
    ASK_APPROVE,    /* values M of a base.approval */
    ASK_DOCUMENT,   /* template S, record M or id I, language S|N */
    ASK_HEAD,       /* user I: its head I, or nil */
    ASK_LANGUAGE,   /* user I: S */
    ASK_TEXT,       /* S: what a template wrote */
    ASK_INCLUDE,    /* name S: the chunk of another template */
    ASK_PICTURE,    /* name S | id of a base.attachment I: its address S, or nil */
    ASK_LAST,
} ask;
