/* factor.h -- inside the room: a user's second factor, kept in STORE_META under "Af" user. */
#pragma once
#include "access/control.h"

/* Does the user log in with a code, too? */
KT_MUST kt_error *factor_is_set(store_view *view, uint64_t user, bool *set);
/* Uses a code up: of the authenticator, or for recovery. thread: writer
 *   returns  forbidden at "code": it is wrong or was used already */
KT_MUST kt_error *factor_use(kt_tx *tx, uint64_t user, kt_str code);
KT_MUST kt_error *factor_forget(store_view *view, uint64_t user);
/* forbidden at "code": one is needed */
KT_MUST kt_error *factor_needed(arena *arena);
/* Counts a wrong code like a wrong password. Returns error */
KT_MUST kt_error *factor_failed(access_control *control, kt_str account, kt_str remote, kt_error *error);
