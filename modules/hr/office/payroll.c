/* What payroll needs to know of a month: the terms that held, worked, over time, leave by kind, bonus. The pay itself is
 * computed by whoever knows the tax and insurance of the country. */
#include <string.h>

#include "hr.h"

struct payroll {
    kt_record rec;
    kt_date month;
};
const kt_shape payroll_shape = KT_SHAPE(
    payroll, NULL, KT_FIELD(payroll, month, DATE, "A day of the month", "Dzień miesiąca", .required = true));
struct pay_stretch { /* of the month, in which one term holds */
    kt_record rec;
    kt_date from, until;
    kt_dec share, pay, planned;
    kt_id currency;
    enum pay_period period;
};
static const kt_choice pay_periods[] = {
    {A_MONTH, "month", {"A month", "Miesięcznie"}}, {AN_HOUR, "hour", {"An hour", "Za godzinę"}}, {0}};
static const kt_shape pay_stretch_shape = KT_SHAPE(pay_stretch, NULL,
    KT_FIELD(pay_stretch, from, DATE, "From", "Od"), KT_FIELD(pay_stretch, until, DATE, "Until", "Do"),
    KT_FIELD(pay_stretch, share, PERCENT, "Part of full time, %", "Wymiar etatu, %", .scale = 2),
    KT_FIELD(pay_stretch, pay, MONEY, "Pay", "Wynagrodzenie", .scale = 4),
    KT_FIELD(pay_stretch, period, STATE, "Paid", "Wypłacane", .choices = pay_periods),
    KT_FIELD(pay_stretch, currency, REF, "Currency", "Waluta", .target = "base.currency"),
    KT_FIELD(pay_stretch, planned, QUANTITY, "Hours planned", "Godziny planowane", .scale = 2,
        .help = {"Where the month has several: to share a monthly pay out.",
            "Gdy w miesiącu jest kilka: do podziału wynagrodzenia miesięcznego."}));
struct pay_row {
    kt_record rec;
    kt_id employee;
    kt_str name;
    kt_dec share, pay, worked, overtime, double_time, paid_leave, unpaid_leave, sick, unused_leave, bonus;
    int64_t days, late;
    kt_lines terms;
};
#define HOURS(m, en, pl) KT_FIELD(pay_row, m, QUANTITY, en, pl, .scale = 2)
static const kt_shape pay_row_shape = KT_SHAPE(pay_row, NULL,
    KT_FIELD(pay_row, employee, REF, "Employee", "Pracownik", .target = "hr.employee"),
    KT_FIELD(pay_row, name, STRING, "Name", "Imię i nazwisko"),
    KT_FIELD(pay_row, share, PERCENT, "Part of full time, %", "Wymiar etatu, %", .scale = 2),
    KT_FIELD(pay_row, pay, MONEY, "Pay", "Wynagrodzenie", .scale = 4,
        .help = {"As at the end of the month; see the terms.", "Na koniec miesiąca; zobacz warunki."}),
    KT_FIELD(pay_row, terms, LINES, "Terms in the month", "Warunki w miesiącu", .lines = &pay_stretch_shape),
    KT_FIELD(pay_row, days, INT, "Days worked", "Dni pracy", .required = true),
    HOURS(worked, "Hours worked", "Godziny pracy"), HOURS(overtime, "Over time at 50 %", "Nadgodziny 50 %"),
    HOURS(double_time, "Over time at 100 %", "Nadgodziny 100 %"),
    KT_FIELD(pay_row, late, INT, "Minutes late", "Minuty spóźnień", .required = true),
    HOURS(paid_leave, "Paid leave, hours", "Urlop płatny, godziny"),
    HOURS(unpaid_leave, "Unpaid leave, hours", "Urlop bezpłatny, godziny"),
    HOURS(sick, "Sick, hours", "Choroba, godziny"),
    KT_FIELD(pay_row, unused_leave, QUANTITY, "Annual leave to be paid out, hours",
        "Urlop do ekwiwalentu, godziny", .scale = 2,
        .help = {"Of who leaves in the month: what was not taken (art. 171).",
            "Gdy ktoś odchodzi w tym miesiącu: urlop niewykorzystany (art. 171 KP)."}),
    KT_FIELD(pay_row, bonus, MONEY, "Bonus", "Premia", .scale = 2));
struct payroll_found {
    kt_record rec;
    kt_date from, until;
    kt_lines rows;
};
const kt_shape payroll_found_shape = KT_SHAPE(payroll_found, NULL,
    KT_FIELD(payroll_found, from, DATE, "From", "Od"), KT_FIELD(payroll_found, until, DATE, "Until", "Do"),
    KT_FIELD(payroll_found, rows, LINES, "Employees", "Pracownicy", .lines = &pay_row_shape));

struct month {
    kt_date from, until;
};

static kt_dec hours(int64_t minutes)
{
    return kt_dec_div(KT_DEC(minutes, 0), KT_DEC(60, 0), 2);
}

static kt_error *add_attendance(kt_tx *tx, const struct month *m, struct pay_row *row)
{
    const kt_where where[] = {KT_WHERE(attendance, employee, KT_EQ, row->employee),
        KT_WHERE(attendance, day, KT_GE, m->from), KT_WHERE(attendance, day, KT_LE, m->until), {0}};
    struct attendance a = {KT_OF(attendance)};
    int64_t worked = 0, over = 0, twice = 0;
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &attendance_shape, .where = where}, &cursor));
    while (kt_next(cursor, &a.rec)) {
        row->days += a.worked > 0;
        row->late += a.late;
        worked += a.worked;
        over += a.overtime - a.double_time;
        twice += a.double_time;
    }
    row->worked = hours(worked);
    row->overtime = hours(over);
    row->double_time = hours(twice);
    return kt_close(cursor);
}

/* The hours of a leave that fall into the month: by the days that are worked. */
static kt_error *hours_within(
    kt_tx *tx, const struct leave *l, const struct employee *e, const struct month *m, kt_dec *within)
{
    int64_t minutes = 0;
    *within = l->hours;
    if (l->from.day >= m->from.day && l->until.day <= m->until.day)
        return NULL;
    for (kt_date day = l->from.day > m->from.day ? l->from : m->from;
         day.day <= m->until.day && day.day <= l->until.day; day = kt_date_add(day, 1)) {
        int64_t planned;
        KT_TRY(planned_minutes(tx, e->rec.id, day, &planned));
        minutes += planned;
    }
    *within = hours(minutes);
    return NULL;
}

static kt_error *add_leave(
    kt_tx *tx, const struct month *m, const struct employee *e, const struct leave *l, struct pay_row *row)
{
    struct leave_type t = {KT_OF(leave_type)};
    kt_dec within;
    KT_TRY(kt_read(tx, l->type, &t.rec));
    KT_TRY(hours_within(tx, l, e, m, &within));
    kt_dec *to = t.code.len == 4 && memcmp(t.code.ptr, "sick", 4) == 0 ? &row->sick
                 : !t.unpaid                                           ? &row->paid_leave
                                                                       : &row->unpaid_leave;
    *to = kt_dec_add(*to, within);
    return NULL;
}

static kt_error *add_leaves(kt_tx *tx, const struct month *m, const struct employee *e, struct pay_row *row)
{
    const kt_where where[] = {KT_WHERE(leave, employee, KT_EQ, e->rec.id),
        KT_WHERE(leave, from, KT_LE, m->until), KT_WHERE(leave, until, KT_GE, m->from),
        KT_WHERE(leave, state, KT_EQ, L_APPROVED), {0}};
    struct leave l = {KT_OF(leave)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    row->paid_leave = row->unpaid_leave = row->sick = KT_DEC(0, 2);
    KT_TRY(kt_open(tx, &(kt_query){.of = &leave_shape, .where = where}, &cursor));
    while (!error && kt_next(cursor, &l.rec))
        error = add_leave(tx, m, e, &l, row);
    kt_also(&error, kt_close(cursor));
    return error;
}

struct bonus_total {
    kt_record rec;
    kt_id employee;
    kt_date month;
    kt_dec total;
};
static const kt_shape bonus_total_shape = KT_SHAPE(bonus_total, "hr.bonus",
    KT_BIND(bonus_total, employee, REF, "employee"), KT_BIND(bonus_total, month, DATE, "month"),
    KT_BIND(bonus_total, total, MONEY, "total"));

static kt_error *add_bonus(kt_tx *tx, const struct month *m, struct pay_row *row)
{
    const kt_where where[] = {KT_WHERE(bonus_total, employee, KT_EQ, row->employee),
        KT_WHERE(bonus_total, month, KT_EQ, m->from), {0}};
    return kt_sum(tx,
        &(kt_query){
            .of = &bonus_total_shape, .where = where, .filter = KT_STR("[[\"state\",\"!=\",\"draft\"]]")},
        offsetof(struct bonus_total, total), &row->bonus);
}

/* What who leaves in the month did not take of annual leave. */
static kt_error *add_unused(kt_tx *tx, const struct month *m, const struct employee *e, struct pay_row *row)
{
    const kt_where where[] = {KT_WHERE(leave_type, accrual, KT_EQ, POLISH_ANNUAL), {0}};
    kt_found found;
    row->unused_leave = KT_DEC(0, 2);
    if (!e->left.day || e->left.day < m->from.day || e->left.day > m->until.day)
        return NULL;
    KT_TRY(kt_find(tx, &(kt_query){.of = &leave_type_shape, .where = where, .sort = "id"}, 0, &found));
    for (size_t i = 0; i < found.count; i++) {
        kt_dec left;
        KT_TRY(balance_left(tx, e->rec.id, found.ids[i], e->left, &left));
        row->unused_leave = kt_dec_add(row->unused_leave, left);
    }
    return NULL;
}

static kt_error *planned_hours(kt_tx *tx, kt_id employee, struct pay_stretch *s)
{
    int64_t minutes = 0, planned;
    for (kt_date day = s->from; day.day <= s->until.day; day = kt_date_add(day, 1)) {
        KT_TRY(planned_minutes(tx, employee, day, &planned));
        minutes += planned;
    }
    s->planned = hours(minutes);
    return NULL;
}

/* A month in which pay or time changes has a stretch for each of its terms. */
static kt_error *add_terms(kt_tx *tx, const struct month *m, const struct employee *e, struct pay_row *row)
{
    const kt_where where[] = {
        KT_WHERE(term, employee, KT_EQ, e->rec.id), KT_WHERE(term, valid_from, KT_LE, m->until), {0}};
    kt_date first = e->hired.day > m->from.day ? e->hired : m->from,
            last = e->left.day && e->left.day < m->until.day ? e->left : m->until;
    struct term t = {KT_OF(term)};
    kt_found found;
    KT_TRY(kt_find(tx, &(kt_query){.of = &term_shape, .where = where, .sort = "-valid_from"}, 0, &found));
    for (size_t i = 0; i < found.count && last.day >= first.day; i++) { /* the last one first */
        KT_TRY(kt_read(tx, found.ids[i], &t.rec));
        if (t.valid_from.day > last.day)
            continue;
        struct pay_stretch s = {KT_OF(pay_stretch),
            .from = t.valid_from.day > first.day ? t.valid_from : first, .until = last, .share = t.time_share,
            .pay = t.pay, .period = t.period, .currency = t.currency};
        last = kt_date_add(s.from, -1);
        if (row->terms.count || last.day >= first.day)
            KT_TRY(planned_hours(tx, e->rec.id, &s));
        KT_TRY(kt_line_add(tx, &row->terms, &s.rec));
    }
    return NULL;
}

static kt_error *row_of(kt_tx *tx, const struct month *m, kt_id id, kt_lines *rows)
{
    struct employee e = {KT_OF(employee)};
    struct term t;
    bool found;
    KT_TRY(kt_read(tx, id, &e.rec));
    if (e.hired.day > m->until.day || (e.left.day && e.left.day < m->from.day))
        return NULL;
    struct pay_row row = {KT_OF(pay_row), .employee = id, .name = e.name};
    KT_TRY(term_on(tx, id, m->until, &t, &found));
    row.share = t.time_share;
    row.pay = t.pay;
    KT_TRY(add_terms(tx, m, &e, &row));
    KT_TRY(add_attendance(tx, m, &row));
    KT_TRY(add_leaves(tx, m, &e, &row));
    KT_TRY(add_unused(tx, m, &e, &row));
    KT_TRY(add_bonus(tx, m, &row));
    return kt_line_add(tx, rows, &row.rec);
}

kt_error *payroll(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct payroll_found *out = KT_AS(payroll_found, result);
    int y, mo, d;
    kt_date_parts(KT_SEE(payroll, params)->month, &y, &mo, &d);
    const struct month m = {kt_date_make(y, mo, 1),
        kt_date_add(mo == 12 ? kt_date_make(y + 1, 1, 1) : kt_date_make(y, mo + 1, 1), -1)};
    const kt_query query = {.of = &employee_shape, .sort = "name,id"};
    kt_found found;
    out->from = m.from;
    out->until = m.until;
    KT_TRY(kt_find(tx, &query, 0, &found));
    for (size_t i = 0; i < found.count; i++)
        KT_TRY(row_of(tx, &m, found.ids[i], &out->rows));
    return NULL;
}
