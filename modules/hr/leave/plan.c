/* The plan of a department: who is away when, how many may be at once, and when nobody may. */
#include "hr.h"

struct absence_limit {
    kt_record rec;
    kt_id department;
    int64_t most;
};
const kt_shape absence_limit_shape = KT_SHAPE(absence_limit, "hr.absence_limit",
    KT_FIELD(absence_limit, department, REF, "Department", "Dział", .target = "access.department",
        .required = true, .unique = true, .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(absence_limit, most, INT, "Away at once, at most", "Najwięcej nieobecnych naraz",
        .required = true, .priority = 2));

static kt_error *limit_of(kt_tx *tx, kt_id department, int64_t *limit)
{
    const kt_where where[] = {KT_WHERE(absence_limit, department, KT_EQ, department), {0}};
    struct absence_limit l = {KT_OF(absence_limit)};
    kt_cursor *cursor;
    *limit = 0;
    if (!department.v)
        return NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &absence_limit_shape, .where = where, .limit = 1}, &cursor));
    if (kt_next(cursor, &l.rec))
        *limit = l.most;
    return kt_close(cursor);
}

enum { SPAN_MAX = 1101 };

static kt_error *count_days(kt_tx *tx, const struct leave *l, int64_t *away)
{
    const kt_where where[] = {KT_WHERE(leave, department, KT_EQ, l->department),
        KT_WHERE(leave, from, KT_LE, l->until), KT_WHERE(leave, until, KT_GE, l->from),
        KT_WHERE(leave, state, KT_EQ, L_APPROVED), {0}};
    struct leave other = {KT_OF(leave)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &leave_shape, .where = where}, &cursor));
    while (kt_next(cursor, &other.rec))
        for (kt_date day = l->from;
             day.day <= l->until.day && other.rec.id.v != l->rec.id.v && !other.asked_hours.scale1;
             day = kt_date_add(day, 1))
            away[day.day - l->from.day] += day.day >= other.from.day && day.day <= other.until.day;
    return kt_close(cursor);
}

static kt_error *find_most(kt_tx *tx, const struct leave *l, int64_t *limit, int64_t *most, kt_date *on)
{
    size_t days = (size_t)(l->until.day - l->from.day) + 1;
    *most = 0;
    *on = l->from;
    KT_TRY(limit_of(tx, l->department, limit));
    if (!*limit || days > SPAN_MAX || l->asked_hours.scale1) /* some hours are no absence */
        return NULL;
    int64_t *away = kt_alloc(tx, days * sizeof *away);
    if (!away)
        return kt_no_memory();
    KT_TRY(count_days(tx, l, away));
    for (size_t i = 0; i < days; i++)
        if (away[i] > *most) {
            *most = away[i];
            *on = kt_date_add(l->from, (int32_t)i);
        }
    return NULL;
}

kt_error *absence_most(kt_tx *tx, const struct leave *l, int64_t *limit, int64_t *most, kt_date *on)
{
    kt_authority before = kt_own_authority(tx); /* how many, not who */
    kt_error *e = find_most(tx, l, limit, most, on);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- Days without leave ---- */

struct blocked_days {
    kt_record rec;
    kt_id department;
    kt_date from, until;
    kt_str reason;
};
const kt_shape blocked_days_shape = KT_SHAPE(blocked_days, "hr.blocked_days",
    KT_FIELD(blocked_days, department, REF, "Department", "Dział", .target = "access.department",
        .on_delete = KT_CASCADE, .priority = 3, .help = {"Empty: the whole company.", "Puste: cała firma."}),
    KT_FIELD(blocked_days, from, DATE, "From", "Od", .required = true, .priority = 1),
    KT_FIELD(blocked_days, until, DATE, "Until", "Do", .required = true, .indexed = true, .priority = 2),
    KT_FIELD(blocked_days, reason, STRING, "Reason", "Powód", .required = true, .max = 200, .priority = 4,
        .help = {"Told to whoever asks for leave then.", "Podawany temu, kto prosi wtedy o urlop."}));

kt_error *blocked_days_compute(kt_tx *tx, kt_record *self)
{
    const struct blocked_days *b = KT_AS(blocked_days, self);
    return b->until.day && b->until.day < b->from.day
               ? kt_fail(tx, KT_VALIDATION, "until", "is before the first day", "jest przed pierwszym dniem")
               : NULL;
}

/* Those that touch a time, of a department and of all. */
static kt_error *open_blocked(kt_tx *tx, kt_id department, kt_date from, kt_date until, kt_cursor **cursor)
{
    const kt_where where[] = {
        KT_WHERE(blocked_days, from, KT_LE, until), KT_WHERE(blocked_days, until, KT_GE, from), {0}};
    kt_str filter = KT_STR("[[\"department\",\"is_null\",true]]");
    if (department.v)
        filter = kt_format(tx, "[[\"or\",[\"department\",\"is_null\",true],[\"department\",\"=\",%llu]]]",
            (unsigned long long)department.v);
    return kt_open(tx,
        &(kt_query){.of = &blocked_days_shape, .where = where, .sort = "from,id", .filter = filter}, cursor);
}

kt_error *blocked_days_check(kt_tx *tx, const struct leave *l)
{
    struct blocked_days b = {KT_OF(blocked_days)};
    kt_cursor *cursor;
    kt_error *all = NULL;
    KT_TRY(open_blocked(tx, l->department, l->from, l->until, &cursor));
    while (kt_next(cursor, &b.rec)) {
        int y, m, d;
        kt_date_parts(b.from, &y, &m, &d);
        kt_also(&all,
            kt_hint(kt_fail(tx, KT_RULE, "from", "no leave for %d days from %04d-%02d-%02d: %s",
                        "bez urlopów przez %d dni od %04d-%02d-%02d: %s", b.until.day - b.from.day + 1, y, m,
                        d, b.reason.ptr),
                "Choose other days, or approve with anyway.", "Wybierz inne dni albo zaakceptuj z anyway."));
    }
    kt_also(&all, kt_close(cursor));
    return all;
}

/* ---- hr.team_plan ---- */

struct team_plan {
    kt_record rec;
    kt_id department;
    kt_date from, until;
};
const kt_shape team_plan_shape = KT_SHAPE(team_plan, NULL,
    KT_FIELD(team_plan, department, REF, "Department", "Dział", .target = "access.department",
        .help = {"Empty: all that you may see.", "Puste: wszystko, co widzisz."}),
    KT_FIELD(team_plan, from, DATE, "From", "Od", .initial = "today"),
    KT_FIELD(team_plan, until, DATE, "Until", "Do", .required = true));
struct plan_row {
    kt_record rec;
    kt_id leave, employee, type, substitute;
    kt_str name;
    kt_date from, until;
    bool approved;
};
static const kt_shape plan_row_shape = KT_SHAPE(plan_row, NULL,
    KT_FIELD(plan_row, leave, REF, "Request", "Wniosek", .target = "hr.leave"),
    KT_FIELD(plan_row, employee, REF, "Employee", "Pracownik", .target = "hr.employee"),
    KT_FIELD(plan_row, name, STRING, "Name", "Imię i nazwisko"), KT_FIELD(plan_row, from, DATE, "From", "Od"),
    KT_FIELD(plan_row, until, DATE, "Until", "Do"),
    KT_FIELD(plan_row, type, REF, "Leave", "Rodzaj urlopu", .target = "hr.leave_type"),
    KT_FIELD(plan_row, substitute, REF, "Stands in", "Zastępca", .target = "access.user"),
    KT_FIELD(plan_row, approved, BOOL, "Approved", "Zaakceptowany"));
struct blocked_row {
    kt_record rec;
    kt_date from, until;
    kt_str reason;
};
static const kt_shape blocked_row_shape = KT_SHAPE(blocked_row, NULL,
    KT_FIELD(blocked_row, from, DATE, "From", "Od"), KT_FIELD(blocked_row, until, DATE, "Until", "Do"),
    KT_FIELD(blocked_row, reason, STRING, "Reason", "Powód"));
struct team_plan_found {
    kt_record rec;
    int64_t limit;
    kt_lines rows, blocked;
};
const kt_shape team_plan_found_shape = KT_SHAPE(team_plan_found, NULL,
    KT_FIELD(team_plan_found, limit, INT, "Away at once, at most", "Najwięcej nieobecnych naraz",
        .required = true),
    KT_FIELD(team_plan_found, rows, LINES, "Absences", "Nieobecności", .lines = &plan_row_shape),
    KT_FIELD(team_plan_found, blocked, LINES, "Days without leave", "Dni bez urlopów",
        .lines = &blocked_row_shape));

static kt_error *add_blocked(kt_tx *tx, const struct team_plan *p, kt_lines *rows)
{
    struct blocked_days b = {KT_OF(blocked_days)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    KT_TRY(open_blocked(tx, p->department, p->from, p->until, &cursor));
    while (!e && kt_next(cursor, &b.rec)) {
        struct blocked_row row = {KT_OF(blocked_row), .from = b.from, .until = b.until, .reason = b.reason};
        e = kt_line_add(tx, rows, &row.rec);
    }
    kt_also(&e, kt_close(cursor));
    return e;
}

static kt_error *add_row(kt_tx *tx, const struct leave *l, kt_lines *rows)
{
    struct employee e = {KT_OF(employee)};
    KT_TRY(kt_read(tx, l->employee, &e.rec));
    struct plan_row row = {KT_OF(plan_row), .leave = l->rec.id, .employee = l->employee, .type = l->type,
        .substitute = l->substitute, .name = e.name, .from = l->from, .until = l->until,
        .approved = l->state == L_APPROVED};
    return kt_line_add(tx, rows, &row.rec);
}

kt_error *team_plan(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct team_plan *p = KT_SEE(team_plan, params);
    struct team_plan_found *out = KT_AS(team_plan_found, result);
    const kt_where of_department[] = {KT_WHERE(leave, department, KT_EQ, p->department),
        KT_WHERE(leave, from, KT_LE, p->until), KT_WHERE(leave, until, KT_GE, p->from), {0}};
    struct leave l = {KT_OF(leave)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    KT_TRY(limit_of(tx, p->department, &out->limit));
    KT_TRY(add_blocked(tx, p, &out->blocked));
    KT_TRY(kt_open(tx,
        &(kt_query){.of = &leave_shape,
            .where = p->department.v ? of_department : of_department + 1,
            .sort = "from,id",
            .filter = KT_STR("[[\"state\",\"in\",[\"submitted\",\"approved\"]]]")},
        &cursor));
    while (!e && kt_next(cursor, &l.rec))
        e = add_row(tx, &l, &out->rows);
    kt_also(&e, kt_close(cursor));
    return e;
}
