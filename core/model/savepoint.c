/* savepoint.c -- going back to an earlier point of a transaction: a part of it may fail, the rest stands. */
#include <kontor/value.h>

#include "model/ahead.h"

kt_error *model_savepoint_set(kt_tx *tx, model_savepoint *save)
{
    *save = (model_savepoint){
        .mark = store_mark_set(tx->view), .first = tx->changes, .last = tx->last_change, .ahead = tx->ahead};
    for (const model_change *c = tx->changes; c; c = c->next)
        save->count++;
    save->copies = ARENA_ARRAY(tx->arena, model_change, save->count ? save->count : 1);
    if (!save->copies)
        return error_no_memory();
    size_t i = 0;
    for (const model_change *c = tx->changes; c; c = c->next)
        save->copies[i++] = *c;
    return NULL;
}

kt_error *model_savepoint_back(kt_tx *tx, const model_savepoint *save)
{
    KT_TRY(store_mark_back(tx->view, save->mark));
    /* The table of changes goes on knowing what is taken back; empty, it is listed again when its id comes
     * back. */
    for (model_change *c = tx->changes; c; c = c->next)
        c->before = c->after = (kt_str){0};
    model_change *at = save->first;
    for (size_t i = 0; i < save->count; i++) {
        model_change *next = save->copies[i].next;
        *at = save->copies[i];
        at = next;
    }
    tx->changes = save->first;
    tx->last_change = save->last;
    tx->kept = NULL; /* it may know of what was taken back */
    return ahead_back(tx, save->ahead);
}

kt_error *kt_attempt(kt_tx *tx, kt_error *(*body)(kt_tx *tx, void *context), void *context)
{
    model_savepoint save = {0};
    if (tx->writes)
        KT_TRY(model_savepoint_set(tx, &save));
    kt_error *error = body(tx, context);
    if (!error || tx->doomed)
        return error;
    if (tx->writes) {
        kt_error *worse = model_savepoint_back(tx, &save);
        if (worse)
            tx->doomed = worse;
    }
    return error;
}
