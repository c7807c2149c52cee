/* web.h -- HTTP routes of modules (<kontor/web.h>): a request becomes an exchange of one call, so that token,
 * transaction, commit, metrics and drain are those of any call. */
#pragma once
#include "bus/call.h"
#include "bus/dispatch.h"

/* The row whose prefix the path begins with, among the modules of this catalogue; NULL: none. */
const kt_route *web_route(const model_catalogue *catalogue, kt_str path);
/* Does an enabled module answer there? thread: any */
bool web_serves(bus *bus, const char *path);
/* Answers a request, whose path is still whole. request is borrowed; reply is called once, from any thread.
 */
void web_exchange(
    bus *bus, const kt_web_request *request, const envelope *envelope, exchange_reply reply, void *context);

/* ---- For the room's own files ---- */

/* The target of a web call in this catalogue; false: its module is not enabled any more. */
bool web_target(const call *call, const model_catalogue *catalogue, target *target);
KT_MUST kt_error *web_run(const target *target, call *call, kt_tx *tx);
/* Writes the whole answer and says its status and type. */
void web_answer(call *call, buffer *out, outcome *outcome);
