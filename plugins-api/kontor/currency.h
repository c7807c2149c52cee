/* currency.h -- the service "base.currency": amounts of one currency in another. */
#pragma once
#include <kontor.h>

typedef struct kt_currencies {
    /* By the latest rate on or before the day, straight, back, or through a third currency.
     *   scale    digits after the point, 0 to 9; rounded once
     *   out      receives the amount; not set: there is no rate
     *   returns  limit: the amount does not fit */
    KT_MUST kt_error *(*convert)(
        kt_tx *tx, kt_dec amount, kt_id from, kt_id to, kt_date day, uint8_t scale, kt_dec *out);
    /* The currency of the caller's company, or where none is chosen of the first; not set: it has none. Whoever
     * asks may know. */
    KT_MUST kt_error *(*own)(kt_tx *tx, kt_id *currency);
} kt_currencies;

/* NULL: no module offers it now. */
static inline const kt_currencies *kt_currencies_find(kt_tx *tx)
{
    return (const kt_currencies *)kt_service_find(tx, "base.currency", 1);
}
