/* crm.my_day: everything that waits for one person on a day, in the order in which to take it up. */
#include <stdlib.h>

#include "work/work.h"

struct my_day {
    kt_record rec;
    kt_id owner;
    kt_date day;
};
const kt_shape my_day_shape = KT_SHAPE(my_day, NULL,
    KT_FIELD(my_day, owner, REF, "Whose", "Czyj", .target = "access.user", .initial = "me"),
    KT_FIELD(my_day, day, DATE, "Day", "Dzień", .initial = "today"));

enum part { OVERDUE = 1, TODAY, REQUESTS, CLOSING };
static const kt_choice parts[] = {
    {OVERDUE, "overdue", {"Overdue", "Po terminie"}},
    {TODAY, "today", {"Of the day", "W tym dniu"}},
    {REQUESTS, "requests", {"Requests due", "Zgłoszenia z terminem"}},
    {CLOSING, "closing", {"Deals closing", "Zamykane szanse"}},
    {0},
};
struct day_row {
    kt_record rec;
    enum part part;
    kt_str entity, kind, title;
    int64_t id;
    kt_time at;
    kt_date day;
    kt_id party;
};
static const kt_shape day_row_shape = KT_SHAPE(day_row, NULL,
    KT_FIELD(day_row, part, STATE, "Part of the day", "Część dnia", .choices = parts),
    KT_FIELD(day_row, entity, STRING, "Entity", "Encja"), KT_FIELD(day_row, id, INT, "Id", "Id"),
    KT_FIELD(day_row, kind, STRING, "Kind", "Rodzaj"), KT_FIELD(day_row, title, STRING, "Title", "Tytuł"),
    KT_FIELD(day_row, at, TIME, "At", "O której"), KT_FIELD(day_row, day, DATE, "Closes on", "Zamknięcie"),
    KT_FIELD(day_row, party, REF, "Customer", "Klient", .target = "base.party"));
struct my_day_answer {
    kt_record rec;
    kt_lines rows;
};
const kt_shape my_day_answer_shape = KT_SHAPE(my_day_answer, NULL,
    KT_FIELD(my_day_answer, rows, LINES, "What to do", "Do zrobienia", .lines = &day_row_shape));

enum { EACH_MAX = 200 }; /* of one kind, the earliest */

struct day_task {
    kt_record rec;
    kt_str title;
    kt_id owner, party;
    kt_time due;
};
static const kt_shape day_task_shape = KT_SHAPE(day_task, "base.task",
    KT_BIND(day_task, title, STRING, "title"), KT_BIND(day_task, owner, REF, "owner"),
    KT_BIND(day_task, party, REF, "party"), KT_BIND(day_task, due, TIME, "due"));

static enum part timed(kt_tx *tx, kt_time at)
{
    return at.ms < kt_now(tx).ms ? OVERDUE : TODAY;
}

static kt_error *add_activities(kt_tx *tx, const struct my_day *p, kt_time end, kt_lines *rows)
{
    kt_cursor *cursor;
    kt_error *error = NULL;
    const kt_where where[] = {KT_WHERE(activity, owner, KT_EQ, p->owner),
        KT_WHERE(activity, state, KT_EQ, PLANNED), KT_WHERE(activity, planned_at, KT_LT, end), {0}};
    KT_TRY(kt_open(tx, &(kt_query){&activity_shape, where, "planned_at,id", EACH_MAX}, &cursor));
    struct activity a = {KT_OF(activity)};
    while (!error && kt_next(cursor, &a.rec)) {
        const struct day_row row = {KT_OF(day_row), .part = timed(tx, a.planned_at),
            .entity = KT_STR("crm.activity"), .id = (int64_t)a.rec.id.v, .at = a.planned_at,
            .kind = kt_format(tx, "%s", activity_kinds[a.kind - 1].name), .title = a.subject,
            .party = a.party};
        if (a.planned_at.ms)
            error = kt_line_add(tx, rows, &row.rec);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *add_tasks(kt_tx *tx, const struct my_day *p, kt_time end, kt_lines *rows)
{
    kt_cursor *cursor;
    kt_error *error = NULL;
    if (!kt_may(tx, "base.task:read"))
        return NULL;
    const kt_where where[] = {
        KT_WHERE(day_task, owner, KT_EQ, p->owner), KT_WHERE(day_task, due, KT_LT, end), {0}};
    KT_TRY(kt_open(tx,
        &(kt_query){&day_task_shape, where, "due,id", EACH_MAX,
            KT_STR("[[\"state\",\"in\",[\"todo\",\"in_progress\",\"review\"]]]")},
        &cursor));
    struct day_task t = {KT_OF(day_task)};
    while (!error && kt_next(cursor, &t.rec)) {
        const struct day_row row = {KT_OF(day_row), .part = timed(tx, t.due), .entity = KT_STR("base.task"),
            .id = (int64_t)t.rec.id.v, .at = t.due, .kind = KT_STR("task"), .title = t.title,
            .party = t.party};
        if (t.due.ms)
            error = kt_line_add(tx, rows, &row.rec);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *add_requests(kt_tx *tx, const struct my_day *p, kt_time end, kt_lines *rows)
{
    kt_cursor *cursor;
    kt_error *error = NULL;
    if (!kt_may(tx, "crm.request:read"))
        return NULL;
    const kt_where where[] = {KT_WHERE(request, owner, KT_EQ, p->owner), {0}};
    KT_TRY(kt_open(tx,
        &(kt_query){&request_shape, where, "resolution_due,id", 0,
            KT_STR("[[\"state\",\"in\",[\"new\",\"in_progress\"]]]")},
        &cursor));
    struct request r = {KT_OF(request)};
    while (!error && kt_next(cursor, &r.rec)) {
        kt_time due = r.responded_at.ms ? r.resolution_due : r.response_due;
        const struct day_row row = {KT_OF(day_row), .part = REQUESTS, .entity = KT_STR("crm.request"),
            .id = (int64_t)r.rec.id.v, .at = due, .kind = KT_STR("request"), .title = r.subject,
            .party = r.party};
        if (due.ms && due.ms < end.ms)
            error = kt_line_add(tx, rows, &row.rec);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *add_deals(kt_tx *tx, const struct my_day *p, kt_lines *rows)
{
    kt_cursor *cursor;
    kt_error *error = NULL;
    if (!kt_may(tx, "crm.deal:read"))
        return NULL;
    const kt_where where[] = {KT_WHERE(deal, owner, KT_EQ, p->owner), KT_WHERE(deal, semantic, KT_EQ, OPEN),
        KT_WHERE(deal, expected_close, KT_LE, p->day), {0}};
    KT_TRY(kt_open(tx, &(kt_query){&deal_shape, where, "expected_close,id", EACH_MAX}, &cursor));
    struct deal d = {KT_OF(deal)};
    while (!error && kt_next(cursor, &d.rec)) {
        const struct day_row row = {KT_OF(day_row), .part = CLOSING, .entity = KT_STR("crm.deal"),
            .id = (int64_t)d.rec.id.v, .day = d.expected_close, .kind = KT_STR("deal"), .title = d.title,
            .party = d.party};
        if (d.expected_close.day)
            error = kt_line_add(tx, rows, &row.rec);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

static int by_part_and_time(const void *left, const void *right)
{
    const struct day_row *a = left, *b = right;
    if (a->part != b->part)
        return a->part < b->part ? -1 : 1;
    if (a->at.ms != b->at.ms)
        return a->at.ms < b->at.ms ? -1 : 1;
    if (a->day.day != b->day.day)
        return a->day.day < b->day.day ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

kt_error *my_day(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct my_day *p = KT_SEE(my_day, params);
    kt_lines *rows = &KT_AS(my_day_answer, result)->rows;
    kt_time end = kt_instant(tx, kt_date_add(p->day, 1), 0);
    KT_TRY(add_activities(tx, p, end, rows));
    KT_TRY(add_tasks(tx, p, end, rows));
    KT_TRY(add_requests(tx, p, end, rows));
    KT_TRY(add_deals(tx, p, rows));
    if (rows->count)
        qsort(rows->items, rows->count, sizeof(struct day_row), by_part_and_time);
    return NULL;
}
