/* customer.h -- what the files of this folder show the module: requests with their promised times, calls. */
#pragma once
#include "crm.h"

/* ---- about.c ---- */

extern const kt_shape about_note_shape, about_task_shape, about_file_shape;
kt_error *about_note(kt_tx *tx, const kt_event *event);
kt_error *about_task(kt_tx *tx, const kt_event *event);
kt_error *about_file(kt_tx *tx, const kt_event *event);

/* ---- request.c, request_due.c ---- */

enum request_priority { REQUEST_LOW = 1, REQUEST_NORMAL, REQUEST_HIGH, REQUEST_URGENT };
enum promise { PROMISE_NONE, PROMISE_DUE, PROMISE_FAILED, PROMISE_FULFILLED };
extern const kt_choice promises[];
struct sla { /* how soon a request of one priority is answered and resolved */
    kt_record rec;
    enum request_priority priority;
    int64_t response_minutes, next_response_minutes, resolution_minutes;
    kt_id calendar;
};
extern const kt_shape sla_shape;
kt_error *sla_compute(kt_tx *tx, kt_record *self);

enum request_state { R_NEW = 1, R_IN_PROGRESS, R_WAITING, R_RESOLVED, R_CLOSED, R_CANCELLED };
extern const kt_choice request_states[];
#define REQUEST_OPEN "[[\"state\",\"in\",[\"new\",\"in_progress\",\"waiting\"]]]"
struct later_answer { /* a line of a request: the customer wrote again */
    kt_record rec;
    kt_time asked_at, due, answered_at;
    enum promise status;
};
extern const kt_shape later_answer_shape;
struct request {
    kt_record rec;
    unsigned kind;
    enum request_priority priority;
    enum request_state state;
    kt_str subject, text, resolution;
    kt_id party, contact, order, item, lot, owner;
    kt_time received_at, responded_at, resolved_at, waiting_since, response_due, next_due, resolution_due;
    int64_t waited_minutes;
    enum promise response_status, next_status, resolution_status;
    kt_lines later;
};
extern const kt_shape request_shape;
extern const kt_action request_actions[];
kt_error *request_compute(kt_tx *tx, kt_record *self);
/* The promise that comes next, and its name: the answer, then the resolution. */
kt_time request_next_due(const struct request *r, kt_str *promise);
/* How a promise stands now. */
enum promise request_promise(kt_time now, kt_time due, kt_time done);
extern const kt_shape requests_due_shape, requests_found_shape, requests_late_shape, requests_failed_shape;
kt_error *requests_due(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *requests_fail(kt_tx *tx, const kt_record *params, kt_record *result);
/* The customer's requests on the timeline. */
KT_MUST kt_error *timeline_requests(kt_tx *tx, timeline *t, kt_id party);

/* ---- call.c ---- */

enum call_state {
    C_INITIATED = 1,
    C_RINGING,
    C_IN_PROGRESS,
    C_COMPLETED,
    C_FAILED,
    C_BUSY,
    C_NO_ANSWER,
    C_QUEUED,
    C_CANCELLED
};
#define CALL_OPEN (KT_IN(C_INITIATED) | KT_IN(C_RINGING) | KT_IN(C_IN_PROGRESS) | KT_IN(C_QUEUED))
extern const kt_choice call_states[];
struct call {
    kt_record rec;
    enum call_state state;
    enum direction direction;
    kt_str phone, phone_normal, recording, text;
    kt_id party, deal, lead, owner, task;
    kt_time started_at, answered_at, ended_at;
    int64_t duration_s;
};
extern const kt_shape call_shape;
extern const kt_action call_actions[];
kt_error *call_compute(kt_tx *tx, kt_record *self);
struct call_lookup {
    kt_record rec;
    kt_str number;
};
struct call_register {
    kt_record rec;
    kt_str external_id, number;
    enum direction direction;
    kt_time at;
    kt_id owner;
    bool lead;
};
struct caller_deal {
    kt_record rec;
    kt_id deal, owner;
    kt_str title, stage_name;
};
struct caller { /* who is on the line */
    kt_record rec;
    kt_id call, party, owner, lead;
    kt_str name;
    kt_lines deals;
    bool made;
};
extern const kt_shape call_lookup_shape, call_register_shape, caller_shape;
kt_error *call_lookup(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *call_register(kt_tx *tx, const kt_record *params, kt_record *result);
/* ---- dial.c ---- */

struct call_dial {
    kt_record rec;
    kt_id party, lead, deal;
    int64_t contact;
};
struct call_dialled {
    kt_record rec;
    kt_id call;
};
extern const kt_shape call_dial_shape, call_dialled_shape;
kt_error *call_dial(kt_tx *tx, const kt_record *params, kt_record *result);
/* The customer's calls on the timeline. */
KT_MUST kt_error *timeline_calls(kt_tx *tx, timeline *t, kt_id party);
