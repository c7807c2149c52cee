/* work.h -- what this folder shows the module: the day of one employee. */
#pragma once
#include "customer/customer.h"

extern const kt_shape my_day_shape, my_day_answer_shape;
kt_error *my_day(kt_tx *tx, const kt_record *params, kt_record *result);

#define WORK_METHODS                                                                                         \
    {                                                                                                        \
        "my_day", {"What the day asks for", "Co jest do zrobienia w tym dniu"}, "crm.activity:read", false,  \
            &my_day_shape, &my_day_answer_shape, my_day                                                      \
    }
