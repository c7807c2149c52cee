/* The service "hr.staff": how many of those who may run a work centre are there, day by day; who is away. */
#include <string.h>

#include "hr.h"

/* ---- At a work centre ---- */

struct days { /* of one employee: is there, and may run the centre */
    kt_date from;
    size_t count;
    bool *there; /* two for each day: its halves */
    kt_present *all;
};

static kt_error *add_gap(kt_tx *tx, kt_present *p, kt_gap gap)
{
    const size_t n = p->gap_count;
    if ((n & (n - 1)) == 0) { /* a power of two: full */
        kt_gap *more = kt_alloc(tx, (n ? 2 * n : 1) * sizeof *more);
        if (!more)
            return kt_no_memory();
        if (n)
            memcpy(more, p->gaps, n * sizeof *more);
        p->gaps = more;
    }
    p->gaps[p->gap_count++] = gap;
    return NULL;
}

/* Of a day on which the employee would be there. */
static kt_error *mark_hours(kt_tx *tx, const struct leave *l, struct days *d)
{
    const int32_t i = l->from.day - d->from.day;
    kt_time begins;
    if (i < 0 || (size_t)i >= d->count || (!d->there[2 * i] && !d->there[2 * i + 1]))
        return NULL;
    if (l->starts.ptr)
        begins = kt_instant(tx, l->from, minutes_of(l->starts));
    else
        KT_TRY(work_begins(tx, l->employee, l->from, &begins));
    const int64_t minutes = kt_dec_mul(l->asked_hours, KT_DEC(60, 0), 0).coef;
    return add_gap(tx, d->all, (kt_gap){begins, {begins.ms + minutes * 60000}});
}

static void mark(struct days *d, kt_date from, kt_date until, enum half half, bool there)
{
    for (size_t i = 0; i < d->count; i++) {
        int32_t day = d->from.day + (int32_t)i;
        if (day < from.day || (until.day && day > until.day))
            continue;
        if (half != AFTERNOON)
            d->there[2 * i] = there;
        if (half != MORNING)
            d->there[2 * i + 1] = there;
    }
}

static kt_error *mark_leaves(kt_tx *tx, kt_id employee, struct days *d)
{
    const kt_where where[] = {KT_WHERE(leave, employee, KT_EQ, employee),
        KT_WHERE(leave, state, KT_EQ, L_APPROVED), {offsetof(struct leave, until), KT_GE, &d->from}, {0}};
    struct leave l = {KT_OF(leave)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &leave_shape, .where = where}, &cursor));
    while (!e && kt_next(cursor, &l.rec)) {
        if (l.asked_hours.scale1)
            e = mark_hours(tx, &l, d);
        else
            mark(d, l.from, l.until, l.half, false);
    }
    kt_also(&e, kt_close(cursor));
    return e;
}

static kt_error *add_employee(kt_tx *tx, kt_id employee, struct days *d)
{
    struct employee e = {KT_OF(employee)};
    KT_TRY(kt_read(tx, employee, &e.rec));
    if (e.state == GONE || e.state == SUSPENDED)
        return NULL;
    KT_TRY(mark_leaves(tx, employee, d));
    for (size_t i = 0; i < 2 * d->count; i++)
        d->all->halves[i] += d->there[i];
    return NULL;
}

/* Employees one after the other: each may have several qualifications for the centre. */
static kt_error *count_present(kt_tx *tx, kt_id work_centre, kt_date from, size_t days, kt_present *all)
{
    const kt_where where[] = {KT_WHERE(qualification, work_centre, KT_EQ, work_centre), {0}};
    const kt_query query = {.of = &qualification_shape, .where = where, .sort = "employee,id"};
    struct qualification q = {KT_OF(qualification)};
    size_t size = 2 * days * sizeof(bool);
    struct days d = {from, days, kt_alloc(tx, size + 1), all};
    kt_id last = {0};
    kt_cursor *cursor;
    kt_error *e = NULL;
    *all = (kt_present){.halves = kt_alloc(tx, (2 * days + 1) * sizeof *all->halves)};
    if (!d.there || !all->halves)
        return kt_no_memory();
    memset(all->halves, 0, 2 * days * sizeof *all->halves);
    KT_TRY(kt_open(tx, &query, &cursor));
    while (!e && kt_next(cursor, &q.rec)) {
        if (last.v && q.employee.v != last.v) {
            e = add_employee(tx, last, &d);
            memset(d.there, 0, size);
        }
        last = q.employee;
        mark(&d, q.valid_from, q.valid_to, WHOLE, true);
    }
    kt_also(&e, kt_close(cursor));
    all->needed = last.v != 0;
    return !e && last.v ? add_employee(tx, last, &d) : e;
}

static kt_error *present(kt_tx *tx, kt_id work_centre, kt_date from, size_t days, kt_present *all)
{
    kt_authority before = kt_own_authority(tx); /* how many, not who */
    kt_error *e = count_present(tx, work_centre, from, days, all);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- A user ---- */

static kt_error *find_away(kt_tx *tx, kt_id user, kt_date day, bool *yes, kt_id *substitute)
{
    const kt_where where[] = {KT_WHERE(employee, owner, KT_EQ, user), {0}};
    struct employee e = {KT_OF(employee)};
    struct leave l;
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &employee_shape, .where = where, .limit = 1}, &cursor));
    bool found = kt_next(cursor, &e.rec);
    KT_TRY(kt_close(cursor));
    *yes = false;
    *substitute = (kt_id){0};
    if (!found)
        return NULL;
    KT_TRY(leave_on(tx, e.rec.id, day, &l, yes));
    *yes = *yes && !l.asked_hours.scale1;
    *substitute = *yes ? l.substitute : (kt_id){0};
    return NULL;
}

static kt_error *away(kt_tx *tx, kt_id user, kt_date day, bool *yes, kt_id *substitute)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = find_away(tx, user, day, yes, substitute);
    kt_callers_authority(tx, before);
    return e;
}

const kt_staff staff_service = {present, away};
