/* landed.h -- costs that come after the goods. */
#pragma once
#include "stock/stores.h"

extern const kt_shape landed_shape, landed_parts_shape;
kt_error *landed(kt_tx *tx, const kt_record *params, kt_record *result);
