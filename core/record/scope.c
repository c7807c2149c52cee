/* scope.c -- memory within a transaction: what a call needs for its own work goes when it returns, what must last as
 * long as the transaction lies in its first memory. */
#include "record/scope.h"

arena *model_lasting(const kt_tx *tx)
{
    return tx->lasting ? tx->lasting : tx->arena;
}

kt_memory model_memory_in(kt_tx *tx, arena *passing)
{
    kt_memory before = {tx->arena, tx->view ? store_read_into(tx->view, passing) : NULL, tx->lasting};
    tx->lasting = model_lasting(tx);
    tx->arena = passing;
    return before;
}

/* It may lie in memory that goes: the call's, or that of a query within it. */
static kt_error *brought_out(arena *to, kt_error *error)
{
    return error && error->arena != to ? error_copy(to, error) : error;
}

kt_error *model_memory_back(kt_tx *tx, kt_memory before, kt_error *error)
{
    tx->doomed = brought_out(before.now, tx->doomed);
    if (tx->sealed.in == tx->arena)
        tx->sealed = (model_sealed){0};
    tx->arena = before.now;
    tx->lasting = before.lasting;
    if (tx->view)
        store_read_into(tx->view, before.read);
    return brought_out(before.now, error);
}

kt_error *scope_open(kt_tx *tx, model_scope *scope)
{
    *scope = (model_scope){.own = arena_open(arena_left(tx->arena))};
    if (!scope->own)
        return error_no_memory();
    scope->before = model_memory_in(tx, scope->own);
    return NULL;
}

kt_error *scope_close(kt_tx *tx, model_scope *scope, kt_error *error)
{
    error = model_memory_back(tx, scope->before, error);
    arena_close(scope->own);
    return error;
}

kt_memory kt_lasting_memory(kt_tx *tx)
{
    return model_memory_in(tx, model_lasting(tx));
}

kt_error *kt_callers_memory(kt_tx *tx, kt_memory before, kt_error *error)
{
    return model_memory_back(tx, before, error);
}

kt_error *kt_step(kt_tx *tx, kt_error *(*body)(kt_tx *tx, void *context), void *context)
{
    model_scope scope;
    KT_TRY(scope_open(tx, &scope));
    return scope_close(tx, &scope, body(tx, context));
}
