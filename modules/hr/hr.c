/* The module hr: people, their time, their leave, and the office around it. */
#include "hr.h"

#include <kontor/rules.h>

#define LIST(columns, sort) "[{\"kind\":\"list\",\"columns\":[" columns "],\"sort\":\"" sort "\"}]"
static const kt_entity entities[] = {
    {&employee_shape, {"Employee", "Pracownik"}, {"Employees", "Pracownicy"}, .title = "name",
        .number = "E/{seq:5}", .actions = employee_actions, .compute = employee_compute, .icon = "user",
        .log_reads = true,
        .views = LIST("\"number\",\"name\",\"post\",\"department\",\"state\",\"hired\"", "name")},
    {&term_shape, {"Terms of employment", "Warunki zatrudnienia"},
        {"Terms of employment", "Warunki zatrudnienia"}, .indexes = "unique employee valid_from, valid_from",
        .compute = term_compute, .icon = "file-text",
        .views = LIST("\"employee\",\"valid_from\",\"contract\",\"post\",\"department\",\"time_share\"",
            "-valid_from")},
    {&skill_shape, {"Skill", "Umiejętność"}, {"Skills", "Umiejętności"}, .title = "name", .icon = "award"},
    {&qualification_shape, {"Qualification", "Kwalifikacja"}, {"Qualifications", "Kwalifikacje"},
        .indexes = "employee skill, skill level, work_centre level", .icon = "award",
        .views = LIST("\"employee\",\"skill\",\"level\",\"work_centre\",\"valid_to\"", "valid_to")},
    {&paper_shape, {"Document of an employee", "Dokument pracownika"},
        {"Documents of employees", "Dokumenty pracowników"}, .title = "kind", .icon = "file",
        .views = LIST("\"employee\",\"kind\",\"reference\",\"expires\"", "expires")},
    {&shift_shape, {"Shift", "Zmiana"}, {"Shifts", "Zmiany"}, .title = "name", .compute = shift_compute,
        .icon = "clock"},
    {&roster_shape, {"Roster", "Grafik"}, {"Rosters", "Grafiki"}, .indexes = "employee from",
        .compute = roster_compute, .icon = "calendar",
        .views = LIST("\"employee\",\"shift\",\"from\",\"until\",\"weekdays\"", "-from")},
    {&attendance_shape, {"Attendance", "Obecność"}, {"Attendance", "Obecności"},
        .indexes = "unique employee day, day state worked late overtime employee",
        .compute = attendance_compute, .icon = "log-in",
        .views = LIST(
            "\"employee\",\"day\",\"state\",\"check_in\",\"check_out\",\"worked\",\"late\",\"overtime\"",
            "-day")},
    {&night_company_shape},
    {&closed_day_shape, {"Day closed", "Dzień zamknięty"}, {"Days closed", "Dni zamknięte"}, .icon = "check",
        .views = LIST("\"day\",\"absent\",\"on_leave\"", "-day")},
    {&correction_shape, {"Correction of attendance", "Korekta obecności"},
        {"Corrections of attendance", "Korekty obecności"}, .actions = correction_actions,
        .compute = correction_compute, .icon = "edit",
        .views = LIST("\"employee\",\"day\",\"check_in\",\"check_out\",\"reason\",\"state\"", "-id")},
    {&timesheet_shape, {"Timesheet line", "Pozycja ewidencji czasu"}, {"Timesheets", "Ewidencja czasu"},
        .indexes = "employee day, about day", .actions = timesheet_actions, .compute = timesheet_compute,
        .check = timesheet_check, .icon = "watch",
        .views = LIST("\"employee\",\"day\",\"minutes\",\"about\",\"text\",\"state\"", "-day")},
    {&leave_type_shape, {"Kind of leave", "Rodzaj urlopu"}, {"Kinds of leave", "Rodzaje urlopów"},
        .title = "name", .compute = leave_type_compute, .icon = "sun"},
    {&leave_entry_shape, {"Leave ledger entry", "Zapis urlopowy"}, {"Leave ledger", "Ewidencja urlopów"},
        .indexes = "employee type year month, leave", .icon = "list",
        .views = LIST("\"employee\",\"type\",\"year\",\"kind\",\"day\",\"hours\",\"expires\"", "-id")},
    {&leave_shape, {"Leave", "Urlop"}, {"Leave", "Urlopy"},
        .indexes = "employee until, department from, state from", .actions = leave_actions,
        .compute = leave_compute, .check = leave_check, .icon = "sun",
        .views = "[{\"kind\":\"list\",\"columns\":[\"employee\",\"type\",\"from\",\"until\",\"days\","
                 "\"state\",\"substitute\"],\"sort\":\"-from\"},"
                 "{\"kind\":\"calendar\",\"start\":\"from\",\"end\":\"until\"},{\"kind\":\"list\",\"name\":"
                 "\"to_decide\",\"label\":{\"en\":\"To decide\",\"pl\":\"Do decyzji\"},"
                 "\"filter\":[[\"state\",\"=\",\"submitted\"]],\"columns\":[\"employee\",\"type\",\"from\","
                 "\"until\",\"days\"],\"sort\":\"from\"}]"},
    {&absence_limit_shape, {"Limit of absences", "Limit nieobecności"},
        {"Limits of absences", "Limity nieobecności"}, .icon = "users"},
    {&blocked_days_shape, {"Days without leave", "Dni bez urlopów"},
        {"Days without leave", "Dni bez urlopów"}, .title = "reason", .compute = blocked_days_compute,
        .icon = "slash", .views = LIST("\"from\",\"until\",\"department\",\"reason\"", "-from")},
    {&delegation_shape, {"Delegation", "Zastępstwo"}, {"Delegations", "Zastępstwa"},
        .indexes = "state since, leave", .actions = delegation_actions, .compute = delegation_compute,
        .icon = "repeat", .views = LIST("\"from\",\"to\",\"since\",\"until\",\"state\"", "-since")},
    {&expense_shape, {"Expense claim", "Rozliczenie wydatków"}, {"Expense claims", "Rozliczenia wydatków"},
        .title = "title", .number = "EX/{year}/{seq:4}", .actions = expense_actions,
        .compute = expense_compute, .check = expense_check, .icon = "credit-card",
        .views = LIST("\"number\",\"title\",\"employee\",\"total\",\"state\"", "-id")},
    {&opening_shape, {"Opening", "Rekrutacja"}, {"Openings", "Rekrutacje"}, .title = "post",
        .actions = opening_actions, .icon = "briefcase"},
    {&candidate_shape, {"Candidate", "Kandydat"}, {"Candidates", "Kandydaci"}, .title = "name",
        .actions = candidate_actions, .icon = "user-plus",
        .views = "[{\"kind\":\"kanban\",\"by\":\"state\",\"card\":[\"name\",\"opening\",\"source\"]}]",
        .log_reads = true},
    {&checklist_shape, {"Checklist", "Lista czynności"}, {"Checklists", "Listy czynności"}, .title = "name",
        .icon = "check-square"},
    {&bonus_shape, {"Bonus", "Premia"}, {"Bonuses", "Premie"}, .indexes = "unique employee month",
        .actions = bonus_actions, .compute = bonus_compute, .check = bonus_check, .icon = "gift",
        .views = LIST("\"employee\",\"month\",\"total\",\"state\"", "-month")},
    {&appraisal_form_shape, {"Appraisal form", "Formularz oceny"}, {"Appraisal forms", "Formularze ocen"},
        .title = "name", .icon = "file-text"},
    {&appraisal_cycle_shape, {"Appraisal cycle", "Cykl ocen"}, {"Appraisal cycles", "Cykle ocen"},
        .title = "name", .actions = appraisal_cycle_actions, .icon = "refresh-cw"},
    {&appraisal_shape, {"Appraisal", "Ocena pracownika"}, {"Appraisals", "Oceny pracowników"},
        .indexes = "cycle state, employee closed_at", .actions = appraisal_actions,
        .compute = appraisal_compute, .icon = "clipboard",
        .views = LIST("\"employee\",\"cycle\",\"state\",\"score\",\"goals\"", "-id")},
    {0},
};

static const kt_method methods[] = {
    {"on", {"What holds for an employee on a day", "Warunki pracownika w dniu"}, "hr.term:read", false,
        &on_shape, &on_answer_shape, employee_on},
    {"refresh", {"Let terms begin that begin today", "Uruchom warunki od dziś"}, "hr.employee:update", true,
        &refresh_shape, &refreshed_shape, employees_refresh},
    {"qualified", {"Who can and may", "Kto umie i może"}, "hr.qualification:read", false, &qualified_shape,
        &qualified_found_shape, qualified},
    {"check_in", {"Come to work", "Wejście"}, "hr.attendance:check", true, &check_shape, &checked_shape,
        check_in},
    {"check_out", {"Go home", "Wyjście"}, "hr.attendance:check", true, &check_shape, &checked_shape,
        check_out},
    {"close_day", {"Who was not there", "Zamknij dzień"}, "hr.attendance:correct", true, &close_day_shape,
        &day_closed_shape, close_day},
    {"week", {"An employee's week", "Tydzień pracownika"}, "hr.attendance:read", false, &week_shape,
        &week_found_shape, week},
    {"leave_balance", {"How much leave is left", "Ile zostało urlopu"}, "hr.leave_entry:read", false,
        &balance_shape, &balance_found_shape, leave_balance},
    {"leave_grant", {"Grant the leave of a year", "Przyznaj urlop za rok"}, "hr.leave_entry:create", true,
        &grant_shape, &granted_shape, leave_grant},
    {"leave_presets", {"Load ready kinds of leave", "Wczytaj rodzaje urlopów"}, "hr.leave_type:create", true,
        &presets_shape, &presets_made_shape, leave_presets},
    {"team_plan", {"Who is away when", "Plan nieobecności"}, "hr.leave:read", false, &team_plan_shape,
        &team_plan_found_shape, team_plan},
    {"delegations_run", {"Begin and end delegations", "Rozpocznij i zakończ zastępstwa"},
        "hr.delegation:update", true, &delegations_run_shape, &delegations_ran_shape, delegations_run},
    {"bonuses_open", {"Begin the bonuses of a month", "Rozpocznij premie za miesiąc"}, "hr.bonus:create",
        true, &bonuses_open_shape, &bonuses_opened_shape, bonuses_open},
    {"results", {"An employee's results", "Wyniki pracownika"}, "hr.employee:read", false, &results_shape,
        &results_found_shape, employee_results},
    {"payroll", {"A month for payroll", "Miesiąc do płac"}, "hr.employee:payroll", false, &payroll_shape,
        &payroll_found_shape, payroll},
    {0},
};

static const kt_handler handlers[] = {
    {"hr.term.created", &term_shape, term_changed},
    {"hr.term.updated", &term_shape, term_changed},
    {"hr.term.deleted", &term_shape, term_changed},
    {0},
};

static const kt_service services[] = {{"hr.staff", 1, &staff_service}, {0}};

#define LOOKUPS                                                                                              \
    "; hr.skill:read; hr.shift:read; hr.leave_type:read; hr.absence_limit:read; hr.blocked_days:read; "      \
    "access.user:read; "                                                                                     \
    "access.department:read; base.calendar:read; base.holiday:read"
static const kt_role roles[] = {
    {"employee", {"Employee", "Pracownik"},
        "hr.employee:read@own; hr.attendance:read,check@own; hr.correction:read,create@own; "
        "hr.timesheet:read,create,update,delete@own; "
        "hr.leave:read,create,update@own; hr.leave_entry:read@own; hr.expense:read,create,update@own; "
        "hr.bonus:read@own; hr.appraisal:read,update@own; hr.appraisal_cycle:read; "
        "hr.opening:read; hr.delegation:read,create,update@own fields rights; hr.delegation:read where to = "
        "me" LOOKUPS},
    {"head", {"Head of a department", "Kierownik działu"},
        "hr.employee:read@department; hr.term:read; hr.qualification:*; hr.roster:*; "
        "hr.attendance:read@department; hr.correction:read,approve@department; "
        "hr.timesheet:read,approve@department; hr.leave:read,approve,update@department; "
        "hr.leave_entry:read@department; hr.expense:read,approve@department; "
        "hr.bonus:read,create,update@department; hr.appraisal:read,update,approve@department; "
        "hr.appraisal_cycle:read; hr.appraisal_form:read; hr.candidate:read,update; "
        "hr.opening:read" LOOKUPS},
    {"manager", {"Keeper of personnel", "Kadry"},
        "hr.*:* fields personal, pay; access.user:read; access.department:read; base.calendar:read; "
        "base.holiday:read; base.party:read,create,update; base.task:read,create"},
    {0},
};

/* What the company expects to happen by itself. */
static const kt_rule upkeep[] = {
    KT_UPKEEP("hr", "terms_begin", "Terms of employment that begin today", "every day at 0:15",
        "*:read; hr.*:* fields *", "refresh"),
    KT_UPKEEP("hr", "delegations_run", "Delegations begin and end", "every day at 0:20",
        "*:read; hr.*:*; base.task:*", "delegations_run"),
    KT_UPKEEP("hr", "day_close", "Who was not there on the days before", "every day at 4:00",
        "*:read; hr.*:*", "close_day"),
    {0},
};

static kt_error *migrate(kt_tx *tx, const char *from_version)
{
    (void)from_version;
    return kt_rules_bring(tx, upkeep);
}

const kt_module kontor_module = KT_MODULE("hr", "1.0.0", "People", "Kadry", .needs = "base",
    .entities = entities, .methods = methods, .handlers = handlers, .services = services, .roles = roles,
    .migrate = migrate);
