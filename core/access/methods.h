/* methods.h -- inside the room: what the files of methods share. */
#pragma once
#include "access/control.h"

#define SESSION_ID_MAX                                                                                       \
    17 /* 16 hexadecimal digits of the token's hash: enough to name it, useless as a token */

/* Writes who the actor is. */
void actor_answer(const access_actor *actor, json *j);
/* Must this account or address wait before its next try? returns limit */
KT_MUST kt_error *throttled(access_control *control, arena *arena, kt_str account, kt_str remote);
/* Reads a user named by id or login; from NULL: the caller. returns not_found, also if it may not be seen */
KT_MUST kt_error *user_param(kt_tx *tx, const variant *from, uint64_t *user);
/* The same, for passwords, sessions and keys: another's need the right access.user:password. */
KT_MUST kt_error *credentials_of(kt_tx *tx, const variant *from, uint64_t *user);

/* The caller's own password, in a parameter, against its hash; a wrong one counts. returns forbidden, limit
 */
KT_MUST kt_error *password_prove(method_call *call, kt_str name, const char *hash, const char *param);

/* The methods themselves: methods.c has their names, rights and parameters. */
KT_MUST kt_error *session_login(method_call *call);
KT_MUST kt_error *session_logout(method_call *call);
KT_MUST kt_error *session_resume(method_call *call);
KT_MUST kt_error *session_whoami(method_call *call);
KT_MUST kt_error *session_company(method_call *call);
KT_MUST kt_error *session_list(method_call *call);
KT_MUST kt_error *session_revoke(method_call *call);
KT_MUST kt_error *credentials_password(method_call *call);
KT_MUST kt_error *key_create(method_call *call);
KT_MUST kt_error *key_rotate(method_call *call);
KT_MUST kt_error *factor_enrol(method_call *call);
KT_MUST kt_error *factor_confirm(method_call *call);
KT_MUST kt_error *factor_remove(method_call *call);
KT_MUST kt_error *factor_show(method_call *call);
KT_MUST kt_error *user_reassign(method_call *call);
KT_MUST kt_error *explain_run(method_call *call);
KT_MUST kt_error *readers_run(method_call *call);
KT_MUST kt_error *reads_show(method_call *call);
KT_MUST kt_error *reads_near(method_call *call);
KT_MUST kt_error *reads_unusual(method_call *call);
KT_MUST kt_error *reads_raise(method_call *call);
KT_MUST kt_error *reveal_run(method_call *call);
KT_MUST kt_error *matrix_run(method_call *call);
KT_MUST kt_error *diff_run(method_call *call);
