/* hr.close_day: what each morning writes down of the days before it -- who was on leave, who was simply not there. A day
 * that is closed is on record, so that those of mornings that were missed are closed too. */
#include "hr.h"

struct closed_day {
    kt_record rec;
    kt_date day;
    int64_t absent, on_leave;
};
const kt_shape closed_day_shape = KT_SHAPE(closed_day, "hr.closed_day",
    KT_FIELD(closed_day, day, DATE, "Day", "Dzień", .required = true, .fixed = true, .unique = true,
        .priority = 1),
    KT_FIELD(closed_day, absent, INT, "Absent", "Nieobecni", .computed = true, .priority = 2),
    KT_FIELD(closed_day, on_leave, INT, "On leave", "Na urlopie", .computed = true, .priority = 3));

struct close_day {
    kt_record rec;
    kt_date day;
};
const kt_shape close_day_shape = KT_SHAPE(close_day, NULL,
    KT_FIELD(close_day, day, DATE, "Day", "Dzień",
        .help = {"Empty: those up to yesterday that are not closed yet, one of them a call.",
            "Puste: dni do wczoraj jeszcze nie zamknięte, po jednym na wywołanie."}));
struct day_closed {
    kt_record rec;
    kt_date day;
    int64_t absent, on_leave;
    bool more;
};
const kt_shape day_closed_shape = KT_SHAPE(day_closed, NULL,
    KT_FIELD(day_closed, day, DATE, "Day", "Dzień",
        .help = {"Empty: all were closed.", "Puste: wszystkie były zamknięte."}),
    KT_FIELD(day_closed, absent, INT, "Absent", "Nieobecni", .required = true),
    KT_FIELD(day_closed, on_leave, INT, "On leave", "Na urlopie", .required = true),
    KT_FIELD(day_closed, more, BOOL, "There are more days", "Są dalsze dni", .required = true));

/* ---- A day ---- */

static kt_error *close_one(kt_tx *tx, kt_id employee, struct closed_day *c)
{
    struct employee e = {KT_OF(employee)};
    struct attendance a;
    struct leave l;
    bool known, away;
    int64_t planned;
    KT_TRY(kt_read(tx, employee, &e.rec));
    if (e.left.day && e.left.day < c->day.day)
        return NULL;
    KT_TRY(attendance_on(tx, employee, c->day, &a, &known));
    if (known)
        return NULL;
    KT_TRY(planned_minutes(tx, employee, c->day, &planned));
    if (!planned)
        return NULL;
    KT_TRY(leave_on(tx, employee, c->day, &l, &away));
    a.employee = employee;
    a.day = c->day;
    away = away && !l.asked_hours.scale1; /* some hours of leave are no reason not to come */
    a.state = away ? AWAY : ABSENT;
    a.leave = away ? l.rec.id : (kt_id){0};
    c->on_leave += away;
    c->absent += !away;
    return kt_create(tx, &a.rec);
}

static kt_error *close(kt_tx *tx, struct closed_day *c)
{
    const kt_where where[] = {KT_WHERE(employee, hired, KT_LE, c->day), {0}};
    kt_found found;
    KT_TRY(kt_find(tx, &(kt_query){.of = &employee_shape, .where = where, .sort = "id"}, 0, &found));
    for (size_t i = 0; i < found.count; i++)
        KT_TRY(close_one(tx, found.ids[i], c));
    return c->rec.id.v ? kt_update(tx, &c->rec) : kt_create(tx, &c->rec);
}

/* ---- Which ---- */

enum { LOOK_BACK_DAYS = 92 };

static kt_error *first_closed(kt_tx *tx, kt_date *day)
{
    struct closed_day c = {KT_OF(closed_day)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &closed_day_shape, .sort = "day", .limit = 1}, &cursor));
    *day = kt_next(cursor, &c.rec) ? c.day : (kt_date){0};
    return kt_close(cursor);
}

/* The first day that was missed since days are closed, at most a quarter ago; where none ever was, yesterday. */
static kt_error *first_open(kt_tx *tx, kt_date yesterday, kt_date *open)
{
    kt_date first, since = kt_date_add(yesterday, -LOOK_BACK_DAYS);
    struct closed_day c = {KT_OF(closed_day)};
    kt_cursor *cursor;
    KT_TRY(first_closed(tx, &first));
    *open = !first.day ? yesterday : first.day > since.day ? first : since;
    const kt_where where[] = {KT_WHERE(closed_day, day, KT_GE, *open), {0}};
    KT_TRY(kt_open(tx, &(kt_query){.of = &closed_day_shape, .where = where, .sort = "day"}, &cursor));
    while (kt_next(cursor, &c.rec) && c.day.day == open->day)
        *open = kt_date_add(*open, 1);
    return kt_close(cursor);
}

static kt_error *read_closed(kt_tx *tx, kt_date day, struct closed_day *c)
{
    const kt_where where[] = {KT_WHERE(closed_day, day, KT_EQ, day), {0}};
    kt_cursor *cursor;
    *c = (struct closed_day){KT_OF(closed_day)};
    KT_TRY(kt_open(tx, &(kt_query){.of = &closed_day_shape, .where = where, .limit = 1}, &cursor));
    if (!kt_next(cursor, &c->rec))
        c->day = day;
    return kt_close(cursor);
}

kt_error *close_day(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct day_closed *out = KT_AS(day_closed, result);
    kt_date day = KT_SEE(close_day, params)->day, yesterday = kt_date_add(kt_today(tx), -1);
    bool named = day.day != 0;
    struct closed_day c;
    if (day.day > yesterday.day)
        return kt_fail(tx, KT_VALIDATION, "day", "is not over yet", "jeszcze się nie skończył");
    if (!named)
        KT_TRY(first_open(tx, yesterday, &day));
    if (day.day > yesterday.day)
        return NULL;
    KT_TRY(read_closed(tx, day, &c));
    int64_t absent = c.absent, on_leave = c.on_leave;
    KT_TRY(close(tx, &c));
    out->day = day;
    out->absent = c.absent - absent;
    out->on_leave = c.on_leave - on_leave;
    out->more = !named && day.day < yesterday.day;
    return NULL;
}
