/* goals.h -- the service "insight.goals": what somebody was to reach, and what the records say of it. */
#pragma once
#include <kontor.h>

typedef struct {
    kt_id goal;
    kt_str title, unit;    /* unit not set: the company's currency */
    kt_str entity, filter; /* that list the records behind the figure */
    kt_date from, until;
    kt_dec target, weight;
    kt_dec actual, reached; /* reached: per cent; not set: nothing is to be told, or not to this caller */
} kt_goal_found;

typedef struct kt_goals {
    /* The goals of a user that touch a period, under the caller's rights.
     *   found  receives `count` of them; the transaction's */
    KT_MUST kt_error *(*of)(
        kt_tx *tx, kt_id user, kt_date from, kt_date until, const kt_goal_found **found, size_t *count);
} kt_goals;

/* NULL: no module offers it now. */
static inline const kt_goals *kt_goals_find(kt_tx *tx)
{
    return (const kt_goals *)kt_service_find(tx, "insight.goals", 1);
}
