/* limit.h -- what a party owes, and how much it may. */
#pragma once
#include "finance.h"

extern const kt_shape debtor_shape, confirmed_shape;
/* What is open of a party, in the company's currency: above zero they owe us. */
KT_MUST kt_error *party_owes(kt_tx *tx, kt_id party, kt_dec *sum);
kt_error *order_confirmed(kt_tx *tx, const kt_event *event);
kt_error *order_amended(kt_tx *tx, const kt_event *event);
