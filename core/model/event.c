/* event.c -- handlers of other modules run in the transaction of what they hear of. */
#include "model/internal.h"
#include "record/scope.h"

/* Two handlers that cause each other's event would go on for ever. */
static kt_error *too_deep(kt_tx *tx, const char *event)
{
    return kt_fail(tx, KT_LIMIT, NULL, "events cause each other more than %d deep, at %s",
        "zdarzenia wywołują się nawzajem głębiej niż %d, przy %s", DEPTH_MAX, event);
}

static kt_error *run_one(
    kt_tx *tx, const model_handler *handler, const model_record *before, const model_record *after)
{
    const kt_handler *declared = handler->declared;
    kt_event event = {.name = declared->event};
    kt_record *rec;
    if (before && declared->shape) {
        KT_TRY(shape_fill(tx, declared->shape, before, &rec));
        event.before = rec;
    }
    if (after && declared->shape) {
        KT_TRY(shape_fill(tx, declared->shape, after, &rec));
        event.after = rec;
    }
    return declared->run(tx, &event);
}

kt_error *model_run_handlers(kt_tx *tx, const model_handlers *handlers, const char *event,
    const model_record *before, const model_record *after)
{
    if (!handlers->count)
        return NULL;
    if (tx->depth >= DEPTH_MAX)
        return too_deep(tx, event);
    tx->depth++;
    kt_error *error = NULL;
    for (size_t i = 0; i < handlers->count && !error; i++) {
        model_scope scope;
        error = scope_open(tx, &scope);
        if (!error)
            error = scope_close(tx, &scope, run_one(tx, &handlers->items[i], before, after));
    }
    tx->depth--;
    if (error && !tx->doomed)
        tx->doomed = error; /* part of it is written: nothing of the transaction may stay */
    return error;
}

kt_error *model_tell(kt_tx *tx, const model_seen *seen)
{
    if (tx->depth >= DEPTH_MAX)
        return too_deep(tx, seen->name);
    tx->depth++;
    model_scope scope;
    kt_error *error = scope_open(tx, &scope);
    if (!error)
        error = scope_close(tx, &scope, tx->watch->seen(tx, seen));
    tx->depth--;
    if (error && !tx->doomed)
        tx->doomed = error;
    return error;
}
