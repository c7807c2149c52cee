/* hr.h -- what the folders of this module show each other: the records and what is asked of them. */
#pragma once
#include <kontor.h>
#include <kontor/staff.h>

enum { LEAVE_DAY_HOURS = 8 }; /* of a day of leave. source: Kodeks pracy art. 154(2) par. 2 */

/* ---- people/ ---- */

enum employee_state { ACTIVE = 1, ON_LEAVE, SUSPENDED, GONE };
struct employee {
    kt_record rec;
    kt_str name, post, grade, national_id;
    kt_id owner, party, department, head, calendar;
    enum employee_state state;
    kt_date hired, left, seniority_from, birth;
    kt_dec time_share;
    bool first_job, counted_elsewhere;
};
extern const kt_shape employee_shape;
extern const kt_action employee_actions[];
kt_error *employee_compute(kt_tx *tx, kt_record *self);
enum contract { PROBATION = 1, FIXED_TERM, PERMANENT, MANDATE, CONTRACTOR };
enum pay_period { A_MONTH = 1, AN_HOUR };
struct term { /* what holds from a day on */
    kt_record rec;
    kt_id employee, department, head, calendar, currency;
    kt_date valid_from;
    enum contract contract;
    kt_str post, grade, note;
    kt_dec time_share, pay;
    enum pay_period period;
};
extern const kt_shape term_shape;
kt_error *term_compute(kt_tx *tx, kt_record *self);
kt_error *term_changed(kt_tx *tx, const kt_event *event);
/* What holds for an employee on a day; *found is false before the first term. */
KT_MUST kt_error *term_on(kt_tx *tx, kt_id employee, kt_date day, struct term *t, bool *found);
/* The caller's own employee record. returns rule at "employee": there is none. */
KT_MUST kt_error *employee_me(kt_tx *tx, struct employee *e);
/* The one named, or the caller's own if id is not set. */
KT_MUST kt_error *employee_read(kt_tx *tx, kt_id id, struct employee *e);
bool text_same(kt_str a, kt_str b);
/* Refuses whoever decides on a request of their own. */
KT_MUST kt_error *not_own(kt_tx *tx, kt_id owner);
extern const kt_shape on_shape, on_answer_shape, refresh_shape, refreshed_shape;
kt_error *employee_on(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *employees_refresh(kt_tx *tx, const kt_record *params, kt_record *result);

struct qualification {
    kt_record rec;
    kt_id employee, skill, work_centre;
    int64_t level;
    kt_date valid_from, valid_to;
};
extern const kt_shape skill_shape, qualification_shape, paper_shape, qualified_shape, qualified_found_shape;
kt_error *qualified(kt_tx *tx, const kt_record *params, kt_record *result);
extern const kt_staff staff_service;

/* ---- time/ ---- */

struct shift {
    kt_record rec;
    kt_str name, from, until;
    int64_t break_minutes, grace_late, grace_early;
};
struct roster {
    kt_record rec;
    kt_id employee, shift;
    kt_date from, until;
    kt_str weekdays;
    bool holidays;
};
extern const kt_shape shift_shape, roster_shape;
kt_error *shift_compute(kt_tx *tx, kt_record *self);
kt_error *roster_compute(kt_tx *tx, kt_record *self);
struct duty {      /* what the rosters say of a day */
    bool rostered; /* one holds for it: it is worked as it says, not as the calendar does */
    bool works;
    struct shift shift; /* where it is worked */
};
KT_MUST kt_error *duty_on(kt_tx *tx, kt_id employee, kt_date day, struct duty *d);
/* The minutes that are planned for an employee on a day, by the roster, else by the calendar and the part of full time
 * of the terms that hold then; 0: free. Leave does not make them fewer. */
KT_MUST kt_error *planned_minutes(kt_tx *tx, kt_id employee, kt_date day, int64_t *minutes);
/* When a day's work begins: its shift, else its calendar, else at eight. */
KT_MUST kt_error *work_begins(kt_tx *tx, kt_id employee, kt_date day, kt_time *at);
/* "08:30" in minutes of the day; -1: no time of day. */
int minutes_of(kt_str s);
/* When a shift of this day begins and ends: past midnight on the next one. */
void shift_times(kt_tx *tx, const struct shift *s, kt_date day, kt_time *begin, kt_time *end);

enum presence { PRESENT = 1, ABSENT, AWAY, HALF_DAY, AT_HOME };
struct attendance {
    kt_record rec;
    kt_id employee, owner, shift, leave;
    kt_date day;
    enum presence state;
    kt_time check_in, check_out;
    int64_t planned, worked, late, early, overtime, double_time;
    kt_str note;
};
extern const kt_shape attendance_shape, correction_shape, night_company_shape;
extern const kt_action correction_actions[];
kt_error *correction_compute(kt_tx *tx, kt_record *self);
kt_error *attendance_compute(kt_tx *tx, kt_record *self);
extern const kt_shape check_shape, checked_shape, close_day_shape, day_closed_shape;
kt_error *check_in(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *check_out(kt_tx *tx, const kt_record *params, kt_record *result);
/* The attendance of a day; *found is false where there is none. */
KT_MUST kt_error *attendance_on(kt_tx *tx, kt_id employee, kt_date day, struct attendance *a, bool *found);
extern const kt_shape closed_day_shape;
kt_error *close_day(kt_tx *tx, const kt_record *params, kt_record *result);

enum sheet_state { S_DRAFT = 1, S_SUBMITTED, S_APPROVED, S_BILLED };
struct timesheet {
    kt_record rec;
    kt_id employee, owner, about, approved_by;
    kt_date day;
    int64_t minutes;
    kt_str text;
    enum sheet_state state;
};
extern const kt_shape timesheet_shape;
extern const kt_action timesheet_actions[];
kt_error *timesheet_compute(kt_tx *tx, kt_record *self);
kt_error *timesheet_check(kt_tx *tx, const kt_record *before, const kt_record *after);
extern const kt_shape week_shape, week_found_shape;
kt_error *week(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- leave/ ---- */

enum accrual { NO_ACCRUAL = 1, YEARLY, MONTHLY, POLISH_ANNUAL };
struct leave_type {
    kt_record rec;
    kt_str code, name, name_pl;
    bool unpaid, unlimited, negative, by_hour, keeps_annual, active;
    enum accrual accrual;
    kt_id part_of; /* the leave that it is taken out of */
    kt_dec days;
    int64_t kept_months;
};
extern const kt_shape leave_type_shape;
kt_error *leave_type_compute(kt_tx *tx, kt_record *self);
enum entry_kind { GRANTED = 1, CARRIED, EXPIRED, TAKEN, RETURNED, CORRECTED };
struct leave_entry { /* of the ledger */
    kt_record rec;
    kt_id employee, owner, type, leave;
    int64_t year, month;
    kt_date day, expires;
    kt_dec hours;
    enum entry_kind kind;
    kt_str note;
};
extern const kt_shape leave_entry_shape;
enum leave_state { L_DRAFT = 1, L_SUBMITTED, L_APPROVED, L_REJECTED, L_CANCELLED };
enum half { WHOLE = 1, MORNING, AFTERNOON };
struct leave {
    kt_record rec;
    kt_id employee, owner, type, substitute, approved_by, department;
    kt_date from, until;
    enum half half;
    kt_dec asked_hours, hours, days; /* asked_hours set: by the hour */
    enum leave_state state;
    kt_time decided_at;
    kt_str reason, note, starts;
};
extern const kt_shape leave_shape;
extern const kt_action leave_actions[];
kt_error *leave_compute(kt_tx *tx, kt_record *self);
kt_error *leave_check(kt_tx *tx, const kt_record *before, const kt_record *after);
/* The approved leave that covers a day; *found is false if the employee is there. */
KT_MUST kt_error *leave_on(kt_tx *tx, kt_id employee, kt_date day, struct leave *l, bool *found);
/* Refuses a leave of which more is asked than there is, day by day: nothing is taken before it is there, nor after it
 * expired. returns rule */
KT_MUST kt_error *balance_check(kt_tx *tx, const struct leave *l);
/* Takes the hours of an approved leave, from the years that expire first. returns as balance_check */
KT_MUST kt_error *balance_take(kt_tx *tx, const struct leave *l);
/* Gives back what was taken. */
KT_MUST kt_error *balance_return(kt_tx *tx, const struct leave *l);
/* Hours left of a type on a day: what is there by then and has not expired. */
KT_MUST kt_error *balance_left(kt_tx *tx, kt_id employee, kt_id type, kt_date day, kt_dec *hours);
extern const kt_shape balance_shape, balance_found_shape, grant_shape, granted_shape, presets_shape,
    presets_made_shape;
kt_error *leave_balance(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *leave_grant(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *leave_presets(kt_tx *tx, const kt_record *params, kt_record *result);
extern const kt_shape absence_limit_shape, blocked_days_shape, team_plan_shape, team_plan_found_shape;
/* How many of a department may be away at once, and how many are. limit 0: any number. */
KT_MUST kt_error *absence_most(kt_tx *tx, const struct leave *l, int64_t *limit, int64_t *away, kt_date *on);
kt_error *blocked_days_compute(kt_tx *tx, kt_record *self);
/* Refuses leave on days that are closed to it for the department, or for all. */
KT_MUST kt_error *blocked_days_check(kt_tx *tx, const struct leave *l);
kt_error *team_plan(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- office/ ---- */

enum delegation_state { D_PLANNED = 1, D_RUNNING, D_ENDED };
struct delegation {
    kt_record rec;
    kt_id from, to, owner, leave;
    kt_date since, until;
    bool tasks, rights;
    enum delegation_state state;
    kt_lines roles, moved;
};
extern const kt_shape delegation_shape;
extern const kt_action delegation_actions[];
kt_error *delegation_compute(kt_tx *tx, kt_record *self);
extern const kt_shape delegations_run_shape, delegations_ran_shape;
kt_error *delegations_run(kt_tx *tx, const kt_record *params, kt_record *result);
/* Begins and ends what is due today of one delegation. */
KT_MUST kt_error *delegation_step(kt_tx *tx, struct delegation *d);
/* Ends at once whatever a user, who leaves, lends or was lent. */
KT_MUST kt_error *delegations_cut(kt_tx *tx, kt_id user);

extern const kt_shape expense_shape;
extern const kt_action expense_actions[];
kt_error *expense_compute(kt_tx *tx, kt_record *self);
kt_error *expense_check(kt_tx *tx, const kt_record *before, const kt_record *after);

extern const kt_shape opening_shape, candidate_shape, checklist_shape, offboard_shape;
extern const kt_action opening_actions[], candidate_actions[];
/* Tasks of all checklists of a kind, for an employee. */
enum checklist_kind { ONBOARDING = 1, OFFBOARDING };
KT_MUST kt_error *checklist_run(kt_tx *tx, enum checklist_kind kind, const struct employee *e, kt_date day);
kt_error *employee_offboard(kt_tx *tx, kt_record *self, const kt_record *params);

extern const kt_shape bonus_shape, bonuses_open_shape, bonuses_opened_shape;
extern const kt_action bonus_actions[];
kt_error *bonus_compute(kt_tx *tx, kt_record *self);
kt_error *bonus_check(kt_tx *tx, const kt_record *before, const kt_record *after);
kt_error *bonuses_open(kt_tx *tx, const kt_record *params, kt_record *result);
extern const kt_shape appraisal_form_shape, appraisal_cycle_shape, appraisal_shape;
extern const kt_action appraisal_cycle_actions[], appraisal_actions[];
kt_error *appraisal_compute(kt_tx *tx, kt_record *self);
extern const kt_shape results_shape, results_found_shape;
kt_error *employee_results(kt_tx *tx, const kt_record *params, kt_record *result);
extern const kt_shape payroll_shape, payroll_found_shape;
kt_error *payroll(kt_tx *tx, const kt_record *params, kt_record *result);
