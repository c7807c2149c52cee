/* trace.h -- where a lot came from and where it went; what is missing. */
#pragma once
#include "stock/stores.h"

extern const kt_shape trace_shape, traced_all_shape;
kt_error *trace(kt_tx *tx, const kt_record *params, kt_record *result);
extern const kt_shape missing_shape, missing_found_shape;
kt_error *missing(kt_tx *tx, const kt_record *params, kt_record *result);
