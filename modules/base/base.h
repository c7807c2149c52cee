/* base.h -- what the files of this module show each other: the shapes and functions that base.c's tables
 * name. */
#pragma once
#include <kontor.h>
#include <kontor/work.h>

extern const kt_shape company_shape;
kt_error *company_compute(kt_tx *tx, kt_record *self);
kt_error *company_deleted(kt_tx *tx, const kt_event *event);
/* A currency that gets so many decimals: a company's own is not paid in more than two. returns validation at "decimals" */
KT_MUST kt_error *company_keeps_currency(kt_tx *tx, kt_id currency, kt_str code, int64_t decimals);
/* The company in which the transaction runs, or else the first; not set if there is none. */
KT_MUST kt_error *company_own(kt_tx *tx, kt_id *company);

extern const kt_shape country_shape, region_shape, territory_shape;
kt_error *country_compute(kt_tx *tx, kt_record *self);
kt_error *territory_check(kt_tx *tx, const kt_record *before, const kt_record *after);
/* The code of a country, "PL"; not set if there is none. */
KT_MUST kt_error *country_code(kt_tx *tx, kt_id country, kt_str *code);

extern const kt_shape currency_shape, currency_rate_shape;
extern const kt_shape currency_convert_shape, currency_converted_shape;
kt_error *currency_compute(kt_tx *tx, kt_record *self);
kt_error *currency_rate_compute(kt_tx *tx, kt_record *self);
kt_error *currency_convert(kt_tx *tx, const kt_record *params, kt_record *result);
extern const struct kt_currencies currencies_service;

extern const kt_shape unit_shape, item_category_shape, item_shape, item_unit_shape;
extern const kt_shape unit_convert_shape, unit_converted_shape;
kt_error *item_unit_compute(kt_tx *tx, kt_record *self);
/* As kt_units has of_item. */
KT_MUST kt_error *convert_of_item(
    kt_tx *tx, kt_id item, kt_dec quantity, kt_id from, kt_id to, kt_dec *exact, kt_dec *rounded);
extern const struct kt_units units_service;
kt_error *unit_compute(kt_tx *tx, kt_record *self);
kt_error *unit_convert(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *item_category_check(kt_tx *tx, const kt_record *before, const kt_record *after);
kt_error *item_compute(kt_tx *tx, kt_record *self);

extern const kt_shape item_cost_shape;
extern const kt_shape cost_asked_shape, cost_told_shape, costs_due_shape, costs_applied_shape;
kt_error *item_cost_compute(kt_tx *tx, kt_record *self);
kt_error *item_cost_changed(kt_tx *tx, const kt_event *event);
kt_error *item_cost_as_of(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *item_costs_apply_due(kt_tx *tx, const kt_record *params, kt_record *result);

extern const kt_shape calendar_shape, holiday_shape;
extern const kt_action calendar_actions[];
extern const kt_shape days_add_shape, days_added_shape, days_count_shape, days_counted_shape;
kt_error *calendar_compute(kt_tx *tx, kt_record *self);
kt_error *calendar_add_days(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *calendar_working_days(kt_tx *tx, const kt_record *params, kt_record *result);

extern const kt_shape minutes_add_shape, minutes_added_shape, minutes_count_shape, minutes_counted_shape;
kt_error *calendar_add_minutes(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *calendar_working_minutes(kt_tx *tx, const kt_record *params, kt_record *result);

extern const kt_shape party_shape, relation_shape, tag_shape;
extern const char party_columns[], item_columns[]; /* columns.c */
extern const kt_shape duplicates_shape, duplicates_found_shape;
kt_error *party_compute(kt_tx *tx, kt_record *self);
kt_error *party_check(kt_tx *tx, const kt_record *before, const kt_record *after);
kt_error *party_duplicates(kt_tx *tx, const kt_record *params, kt_record *result);
extern const kt_shape near_shape, within_shape, places_shape;
kt_error *party_near(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *party_within(kt_tx *tx, const kt_record *params, kt_record *result);
extern const kt_shape relations_shape, relations_found_shape;
kt_error *party_relations(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *relation_check(kt_tx *tx, const kt_record *before, const kt_record *after);

extern const kt_shape task_shape;
extern const kt_action task_actions[];
kt_error *task_compute(kt_tx *tx, kt_record *self);
extern const kt_shape tasks_due_shape, tasks_due_found_shape;
extern const kt_shape recur_shape, recurred_shape;
kt_error *task_recur(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *tasks_due(kt_tx *tx, const kt_record *params, kt_record *result);

extern const kt_shape note_shape, attachment_shape;
kt_error *attachment_check(kt_tx *tx, const kt_record *before, const kt_record *after);
extern const kt_action note_actions[];
extern const kt_shape notice_shape;
extern const kt_action notice_actions[];
extern const kt_shape approval_shape, alarm_shape;
extern const kt_action approval_actions[];
KT_MUST kt_error *approval_compute(kt_tx *tx, kt_record *self);
KT_MUST kt_error *approval_asked(kt_tx *tx, const kt_event *event);

/* ---- alarm.c ---- */

KT_MUST kt_error *alarm_told(kt_tx *tx, const kt_event *event);
extern const kt_shape order_report_shape;
extern const struct kt_order_reports order_reports_service;
extern const kt_work order_reports_catch_up;
kt_error *order_reports_told(kt_tx *tx, const kt_event *event);

extern const kt_shape view_shape, preference_shape, import_log_shape;
extern const kt_shape view_open_shape, view_opened_shape;
kt_error *view_check(kt_tx *tx, const kt_record *before, const kt_record *after);
kt_error *view_open(kt_tx *tx, const kt_record *params, kt_record *result);
