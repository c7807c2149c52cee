/* rate.h -- inside the room: how much may leave for a target within a minute, an hour or a day. */
#pragma once
#include "outbox/outbox.h"

enum { RATES_MAX = 64, RATE_SLICES = 60, RATE_TARGET_MAX = 64 };

typedef struct {
    char target[RATE_TARGET_MAX]; /* "mail", "webhook", a host */
    uint32_t most;
    int64_t window_ms;
    /* what left in each sixtieth of the window, by time; slice: of the newest */
    int64_t slice;
    uint32_t sent[RATE_SLICES];
} rate;

typedef struct {
    rate list[RATES_MAX];
    size_t count;
} rates;

extern const kt_shape limit_row_shape; /* outbox.limit */

/* What a list of rates had counted when it was kept last; nothing, where it never was. */
KT_MUST kt_error *rates_recall(kt_tx *tx, const outbox_rate *list, size_t count, int64_t now_ms, rates *kept);
/* Keeps the counts over a restart. */
KT_MUST kt_error *rates_keep(const rates *rates, store_view *view, kt_time now);
/* Sets what holds from now on: the configuration's and the records'. What was counted stays; of those that are new it
 * is what was recalled. thread: any, under the owner's lock */
void rates_set(rates *all, const rates *recalled);
/* Reads outbox.limit behind the configuration's. memory: the transaction's */
KT_MUST kt_error *rates_read(kt_tx *tx, const outbox_options *options, outbox_rate **list, size_t *count);
/* May one more leave for this target, or by this kind? In no window of the given length there are more. */
bool rates_may(const rates *rates, const char *target, int64_t now_ms);
void rates_note(rates *rates, const char *target, int64_t now_ms);
KT_MUST kt_error *limit_check(kt_tx *tx, const kt_record *before, const kt_record *after);
