/* testing.h -- a whole server in the test's own process: on "mem:", on a virtual clock, called without a
 * transport. For cmocka specs of anything that a client can see. */
#pragma once
#include "server/server.h"

#define HOUSE_PASSWORD "Correct-Horse-9-Battery"

typedef struct house house;

/* Opens a server with the administrator "admin", logged in; modules beside the core's own, NULL-terminated.
 * Ends the process if it cannot: a test has nothing to do then. */
house *house_open(const kt_module *const *modules);
/* The same; its rules may run so long, 0: the default. */
house *house_open_patient(const kt_module *const *modules, unsigned rule_ms);
/* The same on the real clock and on a data directory that stays: what kontord left there, or a new one. */
house *house_open_files(const char *directory, const char *modules_directory);
void house_close(house *house);

/* Sends one message as it is; token "" : nobody. The answer is good until house_close. thread: any */
kt_str house_send(house *house, kt_str token, kt_str message);
/* Calls a method. params and more are JSON: "{\"id\":1}", "\"dry_run\":true"; either may be NULL. The decoded
 * answer: an object with "result" or "error". */
KT_PRINTF(4, 5)
const variant *house_call(house *house, const char *method, const char *more, const char *params, ...);
/* The same, and its result; fails the process with the answer's text if it is an error. */
KT_PRINTF(3, 4) const variant *house_result(house *house, const char *method, const char *params, ...);
/* The same, and the kind of its error, "validation"; NULL: it succeeded. */
KT_PRINTF(3, 4) const char *house_refusal(house *house, const char *method, const char *params, ...);

/* Later calls of this house come from this token. */
void house_as(house *house, kt_str token);
/* Later calls of this house seem to come from this address; at first "test". */
void house_from(house *house, const char *remote);
kt_str house_token(const house *house);
kt_str house_login(house *house, const char *user, const char *password);
/* Runs all rules that wait and are due by the virtual clock, and those that follow from them: how many. */
unsigned house_settle(house *house);
/* A hash over every key and value of the store, but for sessions: equal if nothing was written. */
uint64_t house_digest(house *house);
/* How often anything was committed; as much as before: nothing was written. Much cheaper than a digest. */
uint64_t house_commits(house *house);
/* Do these bytes stand in any key or value of the store? */
bool house_holds(house *house, kt_str bytes);
server *house_server(house *house);
const char *house_directory(const house *house); /* its data directory */
arena *house_arena(house *house);

/* A value inside an answer: "error.data.problems.0.path". NULL: none. */
const variant *house_at(const variant *value, const char *path);
int64_t house_int(const variant *value, const char *path);      /* -1: none */
const char *house_text(const variant *value, const char *path); /* "": none */
