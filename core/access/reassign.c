/* reassign.c -- access.user.reassign: somebody leaves, and what was theirs needs another owner. */
#include "access/methods.h"

kt_error *user_reassign(method_call *call)
{
    model_reassign_request request = {.entities = variant_get(call->params, "entities")};
    kt_error *all = NULL;
    kt_also(
        &all, error_under(user_param(call->tx, variant_get(call->params, "from"), &request.from), "from"));
    kt_also(&all, error_under(user_param(call->tx, variant_get(call->params, "to"), &request.to), "to"));
    if (all)
        return all;
    json_object(call->answer);
    KT_TRY(model_reassign(call->tx, &request, call->answer));
    json_object_end(call->answer);
    return NULL;
}
