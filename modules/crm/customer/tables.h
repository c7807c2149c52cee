/* tables.h -- this folder's rows of the module's tables: crm.c lists them. */
#pragma once
#include "customer/customer.h"

#define CUSTOMER_ENTITIES                                                                                    \
    {&sla_shape, {"Response time", "Czas reakcji"}, {"Response times", "Czasy reakcji"},                     \
        .indexes = "unique priority", .compute = sla_compute, .icon = "timer",                               \
        .views = "[{\"kind\":\"list\",\"columns\":[\"priority\",\"response_minutes\","                       \
                 "\"resolution_minutes\",\"calendar\"],\"sort\":\"priority\"}]"},                            \
        {&call_shape, {"Call", "Rozmowa"}, {"Calls", "Rozmowy"}, .title = "phone",                           \
            .indexes = "owner started_at, party started_at, state started_at", .actions = call_actions,      \
            .compute = call_compute, .icon = "phone-call",                                                   \
            .views = "[{\"kind\":\"list\",\"columns\":[\"started_at\",\"direction\",\"phone\",\"party\","    \
                     "\"state\",\"duration_s\",\"owner\"],\"sort\":\"-started_at\"}]"},                      \
    {                                                                                                        \
        &request_shape, {"Request", "Zgłoszenie"}, {"Requests", "Zgłoszenia"},                               \
            .title = "subject", .number = "R/{year}/{seq:5}",                                                \
            .indexes = "owner state, party received_at, state resolution_due, response_status response_due," \
                       " resolution_status resolution_due, next_status next_due",                            \
            .actions = request_actions, .compute = request_compute, .icon = "life-buoy",                     \
            .views = "[{\"kind\":\"list\",\"columns\":[\"number\",\"subject\",\"kind\",\"priority\","        \
                     "\"state\",\"party\",\"resolution_due\",\"owner\"],\"sort\":\"-id\"},"                  \
                     "{\"kind\":\"kanban\",\"by\":\"state\",\"card\":[\"number\",\"subject\",\"priority\","  \
                     "\"resolution_due\"]}]"                                                                 \
    }

#define CUSTOMER_HANDLERS                                                                                    \
    {"base.note.created", &about_note_shape, about_note},                                                    \
        {"base.task.created", &about_task_shape, about_task},                                                \
    {                                                                                                        \
        "base.attachment.created", &about_file_shape, about_file                                             \
    }

#define CUSTOMER_METHODS                                                                                     \
    {"call.register", {"A call begins", "Początek rozmowy"}, "crm.call:create", true, &call_register_shape,  \
        &caller_shape, call_register},                                                                       \
        {"call.dial", {"Call a customer", "Zadzwoń do klienta"}, "crm.call:create", true, &call_dial_shape,  \
            &call_dialled_shape, call_dial},                                                                 \
        {"call.lookup", {"Who has this number", "Kto ma ten numer"}, "base.party:read", false,               \
            &call_lookup_shape, &caller_shape, call_lookup},                                                 \
        {"request.due", {"Requests with a promise due", "Zgłoszenia z mijającym terminem"},                  \
            "crm.request:read", false, &requests_due_shape, &requests_found_shape, requests_due},            \
    {                                                                                                        \
        "request.fail_due", {"Mark broken promises", "Oznacz niedotrzymane terminy"}, "crm.request:update",  \
            true, &requests_late_shape, &requests_failed_shape, requests_fail                                \
    }

#define CUSTOMER_SELLER "; crm.call:*@own; crm.request:*@own; crm.sla:read; base.calendar:read"
#define CUSTOMER_HEAD   "; crm.call:*@department; crm.request:*@department; crm.sla:*; base.calendar:read"
#define CUSTOMER_READER "; crm.call:read; crm.request:read; crm.sla:read"
/* A telephone exchange logs in with it. */
#define CUSTOMER_EXCHANGE                                                                                    \
    "access.user:read; base.party:read; base.task:read,create; crm.call:read,create,update; "                \
    "crm.deal:read; crm.lead:read,create; crm.sla:read"
