/* kept.h -- what an idempotency key is answered with again. It may have personal data in it, and outlasts their erasure by
 * days, in backups too: so it is sealed under the key, which only its client knows. */
#pragma once
#include "bus/call.h"

/* The digest of the request, and behind it, sealed, what was answered to it. In the call's arena. */
KT_MUST kt_error *kept_close(const call *c, kt_str answer, kt_str *kept);
/* What was answered. returns storage: it is damaged */
KT_MUST kt_error *kept_open(const call *c, kt_str kept, kt_str *answer);
