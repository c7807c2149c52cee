/* work.h -- what this folder shows the module: the day of one employee, who gets what, what nobody sees to. */
#pragma once
#include "customer/customer.h"

extern const kt_shape my_day_shape, my_day_answer_shape;
kt_error *my_day(kt_tx *tx, const kt_record *params, kt_record *result);

extern const kt_shape assignment_shape, assign_shape, assigned_shape;
extern const kt_shape assign_lead_shape, assign_deal_shape, assign_request_shape;
kt_error *assignment_compute(kt_tx *tx, kt_record *self);
kt_error *assign(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *assign_new_lead(kt_tx *tx, const kt_event *event);
kt_error *assign_new_deal(kt_tx *tx, const kt_event *event);
kt_error *assign_new_request(kt_tx *tx, const kt_event *event);

extern const kt_shape idle_shape, idle_found_shape, escalations_shape, escalations_found_shape;
kt_error *no_next_activity(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *escalations(kt_tx *tx, const kt_record *params, kt_record *result);

#define WORK_ENTITIES                                                                                        \
    {                                                                                                        \
        &assignment_shape, {"Assignment rule", "Reguła przydziału"},                                         \
            {"Assignment rules", "Reguły przydziału"}, .title = "name", .compute = assignment_compute,       \
                                                       .icon = "shuffle"                                     \
    }

#define WORK_METHODS                                                                                         \
    {"my_day", {"What the day asks for", "Co jest do zrobienia w tym dniu"}, "crm.activity:read", false,     \
        &my_day_shape, &my_day_answer_shape, my_day},                                                        \
        {"assign", {"Give a record to whose turn it is", "Przydziel rekord"}, "login", true, &assign_shape,  \
            &assigned_shape, assign},                                                                        \
        {"no_next_activity", {"Deals and leads that nobody plans", "Szanse i leady bez planu"}, "login",     \
            false, &idle_shape, &idle_found_shape, no_next_activity},                                        \
    {                                                                                                        \
        "escalations", {"Late work of one's people", "Spóźnienia podwładnych"}, "login", false,              \
            &escalations_shape, &escalations_found_shape, escalations                                        \
    }

#define WORK_HANDLERS                                                                                        \
    {"crm.lead.created", &assign_lead_shape, assign_new_lead},                                               \
        {"crm.deal.created", &assign_deal_shape, assign_new_deal},                                           \
    {                                                                                                        \
        "crm.request.created", &assign_request_shape, assign_new_request                                     \
    }

#define WORK_SELLER "; crm.assignment:read"
#define WORK_HEAD   "; crm.assignment:*"
#define WORK_READER "; crm.assignment:read"
