/* transaction.h -- the two ways in which a call meets the store: a snapshot, or a job of the writer. */
#pragma once
#include "bus/dispatch.h"

/* Runs a reading call, or the dry run of a writing one, on a snapshot in this thread. */
void transaction_read(call *call);
/* Runs a call that has no transaction of its own (METHOD_PLAIN) in this thread. */
void transaction_plain(call *call);
/* Transactions for such a call: method_rooms.read and .write. */
KT_MUST kt_error *transaction_lend_read(
    method_call *call, kt_error *(*body)(kt_tx *tx, void *context), void *context);
KT_MUST kt_error *transaction_lend_write(
    method_call *call, kt_error *(*body)(kt_tx *tx, void *context), void *context);
/* Queues a writing call; it ends in the writer's thread. */
void transaction_write(call *call);
