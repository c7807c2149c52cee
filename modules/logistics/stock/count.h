/* count.h -- counting what is in the stores. */
#pragma once
#include "stock/stores.h"

enum count_state { C_DRAFT = 1, C_COUNTING, C_COUNTED, C_DONE, C_CANCELLED };
struct count {
    kt_record rec;
    kt_id warehouse, location, category;
    enum count_state state;
    kt_date day;
    bool blind;
    kt_str reason;
    int64_t positions, counted, differing;
    kt_dec value;
};
extern const kt_shape count_shape;
extern const kt_action count_actions[];
struct count_line {
    kt_record rec;
    kt_id count, item, location, lot;
    kt_dec expected, counted, difference, value;
};
extern const kt_shape count_line_shape;
/* returns rule at "location": a count goes on there */
KT_MUST kt_error *count_allows(kt_tx *tx, const struct location *l);
