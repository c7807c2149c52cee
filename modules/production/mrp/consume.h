/* consume.h -- forecast consumption: customers' orders take the place of what was foreseen, so that planning meets
 * the greater of the two and never their sum. Days are numbers, quantities whole numbers of ten-thousandths. Pure.
 *
 * Orders of an item take, those due first before the others: what is foreseen for a time that holds their day; what
 * was foreseen before it, the latest first, at most `back` days; what is foreseen behind it, the first first, at most
 * `forward` days. What is left of a forecast is needed besides the orders.
 * source: the APICS Dictionary has consuming the forecast as reducing it by customers' orders; backward before forward
 * within windows of days is SAP's consumption mode 2. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"

struct foreseen { /* a forecast */
    uint32_t item;
    int32_t from, until; /* its first and last day */
    uint64_t id;
    int64_t quantity, left; /* left: receives what no order took */
};
struct ordered { /* a line of a customer's order */
    uint32_t item;
    int32_t day; /* on which it is due */
    uint64_t document, line;
    int64_t quantity;
};
struct consume_window { /* of an item, in days */
    int32_t back, forward;
};
struct consumed {           /* which order took how much of which forecast */
    size_t forecast, order; /* indexes as they are sorted now */
    int64_t quantity, left; /* left: of the forecast then */
};
/* Sorts both by item, day and id, and matches them.
 *   windows  of each item
 *   taken    receives what was taken by each order in turn
 * false: there is no memory */
bool consume_forecasts(const memory *memory, struct foreseen *forecasts, size_t forecast_count,
    struct ordered *orders, size_t order_count, const struct consume_window *windows, struct consumed **taken,
    size_t *taken_count);
