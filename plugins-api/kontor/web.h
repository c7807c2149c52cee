/* web.h -- HTTP routes: what a module answers on the server's HTTP port in a form of its own. The row stands
 * in kt_module.routes:
 *
 *     static const kt_route routes[] = {{"/rest/", read_request, answer_request, refuse_request}, {0}};
 *
 * The core takes GET and POST under the prefix, holds them to its limits, and then
 *   1. lets `read` find the caller's token and say whether the request writes;
 *   2. authenticates the token and opens a transaction on the caller's behalf, in the writer if it writes;
 *   3. lets `run` answer; what it wrote is checked, journalled and committed before the answer leaves;
 *   4. lets `refuse` phrase whatever error stood in the way.
 * A request that is refused leaves nothing. */
#pragma once
#include <kontor/value.h>

typedef struct {
    kt_str name, value; /* decoded */
} kt_web_pair;

typedef struct {
    bool post;         /* else GET */
    kt_str path;       /* behind the prefix, decoded */
    kt_str type, body; /* type: the header Content-Type */
    const kt_web_pair *query;
    size_t query_count;
    /* set by read */
    kt_str token; /* of a session or an API key */
    bool writes;
    void *data; /* what run goes on with, in the transaction's memory */
    /* set by the core, before refuse */
    bool stranger; /* the token is missing, or no good */
} kt_web_request;

typedef struct {
    unsigned status; /* of HTTP; 0: 200 */
    kt_str type;     /* not set: application/json */
    kt_str body;
} kt_web_response;

/* The pairs of an application/x-www-form-urlencoded body, decoded, in their order; pairs without a name are left out.
 *   returns  limit: more than KT_WEB_PAIRS_MAX
 *   memory   the transaction's */
enum { KT_WEB_PAIRS_MAX = 5000 };
KT_API KT_MUST kt_error *kt_web_form(kt_tx *tx, kt_str body, const kt_web_pair **pairs, size_t *count);

struct kt_route {
    const char *prefix; /* "/rest/": begins and ends with "/"; no other module's */
    /* Looks at the request. tx gives memory, language and errors only: nothing can be read in it. */
    kt_error *(*read)(kt_tx *tx, kt_web_request *request);
    kt_error *(*run)(kt_tx *tx, const kt_web_request *request, kt_web_response *response);
    /* tx as for read. */
    void (*refuse)(
        kt_tx *tx, const kt_web_request *request, const kt_error *error, kt_web_response *response);
    bool open; /* anybody may ask, without a token: run sees nothing but on the module's own authority */
};
