/* production.oee: overall equipment effectiveness of a work centre in a time, out of the operations that were finished
 * in it. source: ISO 22400-2: availability is actual production time over planned busy time, effectiveness (here
 * performance) planned run time of what was produced over actual production time, quality the good of what was
 * produced; OEE is their product. Planned busy time is the centre's calendar, for as many as it can do at once, less the
 * stops in which no work was planned. */
#include <string.h>

#include <kontor/calendars.h>

#include "order/order.h"

struct oee {
    kt_record rec;
    kt_date from, until;
    kt_id centre;
};
const kt_shape oee_shape = KT_SHAPE(oee, NULL,
    KT_FIELD(oee, from, DATE, "From", "Od",
        .help = {"Empty: the first of the month of the last day.",
            "Puste: początek miesiąca ostatniego dnia."}),
    KT_FIELD(oee, until, DATE, "Until", "Do", .initial = "today"),
    KT_FIELD(oee, centre, REF, "Work centre", "Stanowisko", .target = "production.work_centre",
        .help = {"Empty: all active ones.", "Puste: wszystkie aktywne."}));
struct oee_row {
    kt_record rec;
    kt_id centre;
    kt_str code, name, entity, filter;
    kt_dec busy, worked, planned, made, good, availability, performance, quality, oee;
    kt_dec unplanned_stops, planned_stops, schedule_loss;
};
#define MINUTES(m, en, pl)  KT_FIELD(oee_row, m, QUANTITY, en ", minutes", pl ", minuty", .scale = 2)
#define PERCENTS(m, en, pl) KT_FIELD(oee_row, m, PERCENT, en ", %", pl ", %", .scale = 2)
static const kt_shape oee_row_shape = KT_SHAPE(oee_row, NULL,
    KT_FIELD(oee_row, centre, REF, "Work centre", "Stanowisko", .target = "production.work_centre"),
    KT_FIELD(oee_row, code, STRING, "Code", "Kod"), KT_FIELD(oee_row, name, STRING, "Name", "Nazwa"),
    PERCENTS(oee, "OEE", "OEE"), PERCENTS(availability, "Availability", "Dostępność"),
    PERCENTS(performance, "Performance", "Wydajność"), PERCENTS(quality, "Quality", "Jakość"),
    MINUTES(busy, "Planned busy", "Planowany czas pracy"), MINUTES(worked, "Worked", "Przepracowane"),
    MINUTES(planned, "Planned for what was made", "Plan na to, co wykonano"),
    MINUTES(unplanned_stops, "Unplanned stops", "Przestoje nieplanowane"),
    MINUTES(planned_stops, "Planned stops", "Przestoje planowane"),
    MINUTES(schedule_loss, "Schedule loss", "Poza planem pracy"),
    KT_FIELD(oee_row, made, QUANTITY, "Made, with scrap", "Wykonano z brakami", .scale = 4),
    KT_FIELD(oee_row, good, QUANTITY, "Good", "Dobre", .scale = 4),
    KT_FIELD(oee_row, entity, STRING, "Records of", "Rekordy"),
    KT_FIELD(oee_row, filter, JSON, "Which ones", "Które"));
struct oee_answer {
    kt_record rec;
    kt_date from, until;
    kt_lines rows, stops;
};
const kt_shape oee_answer_shape = KT_SHAPE(oee_answer, NULL, KT_FIELD(oee_answer, from, DATE, "From", "Od"),
    KT_FIELD(oee_answer, until, DATE, "Until", "Do"),
    KT_FIELD(oee_answer, rows, LINES, "By centre", "Według stanowisk", .lines = &oee_row_shape),
    KT_FIELD(oee_answer, stops, LINES, "Stops by reason", "Przestoje według powodów",
        .lines = &stop_row_shape,
        .help = {"What took longest first.", "Najpierw te, które trwały najdłużej."}));

static kt_str day_text(kt_tx *tx, kt_date day)
{
    int y, m, d;
    kt_date_parts(day, &y, &m, &d);
    return kt_format(tx, "%04d-%02d-%02d", y, m, d);
}

/* The time asked for; of one that is not over, what is gone. */
static void gone_by(kt_tx *tx, const struct oee *p, kt_time *from, kt_time *until)
{
    const kt_time ends = kt_instant(tx, kt_date_add(p->until, 1), 0), now = kt_now(tx);
    *from = kt_instant(tx, p->from, 0);
    *until = ends.ms < now.ms ? ends : now;
}

/* Minutes of the calendar, for all slots. */
static kt_error *working_minutes(
    kt_tx *tx, const struct centre *c, kt_time from, kt_time until, int64_t *minutes)
{
    const kt_calendars *calendars = kt_calendars_find(tx);
    *minutes = until.ms > from.ms ? (until.ms - from.ms) / 60000 : 0;
    if (calendars)
        KT_TRY(calendars->between(tx, c->calendar, from, until, minutes));
    *minutes *= c->slots;
    return NULL;
}

static void add_operation(struct oee_row *row, const struct operation *o)
{
    const kt_dec made = kt_dec_add(kt_dec_add(KT_DEC(0, 4), o->good), o->scrapped);
    row->worked = kt_dec_add(row->worked, o->actual_minutes);
    row->made = kt_dec_add(row->made, made);
    row->good = kt_dec_add(row->good, o->good);
    if (o->quantity.coef > 0 && o->machine_minutes.scale1)
        row->planned = kt_dec_add(row->planned, kt_dec_share(o->machine_minutes, made, o->quantity, 4));
}

static kt_error *add_operations(kt_tx *tx, struct oee_row *row)
{
    struct operation o = {KT_OF(operation)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &operation_shape, .filter = row->filter}, &cursor));
    while (kt_next(cursor, &o.rec))
        add_operation(row, &o);
    return kt_close(cursor);
}

static kt_str worked_within(kt_tx *tx, const struct oee *p)
{
    return kt_format(tx,
        "[\"started_at\",\"<=\",\"%s\"],[\"or\",[\"finished_at\",\"is_null\",true],[\"finished_at\",\">=\","
        "\"%s\"]]",
        day_text(tx, p->until).ptr, day_text(tx, p->from).ptr);
}

/* Of all operations at the centre, also those that are not finished. */
static kt_error *add_stops(
    kt_tx *tx, const struct oee *p, const struct centre *c, struct losses *stops, struct oee_row *row)
{
    const kt_where where[] = {KT_WHERE(operation, centre, KT_EQ, c->rec.id), {0}};
    const kt_query query = {
        .of = &operation_shape, .where = where, .filter = kt_format(tx, "[%s]", worked_within(tx, p).ptr)};
    struct operation o = {KT_OF(operation)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    memset(stops->of_kind, 0, sizeof stops->of_kind);
    KT_TRY(kt_open(tx, &query, &cursor));
    while (!error && kt_next(cursor, &o.rec))
        error = losses_add(tx, stops, c, &o);
    kt_error *end = kt_close(cursor);
    row->unplanned_stops = KT_DEC(stops->of_kind[UNPLANNED_STOP] * 100, 2);
    row->planned_stops = KT_DEC(stops->of_kind[PLANNED_STOP] * 100, 2);
    row->schedule_loss = KT_DEC(stops->of_kind[SCHEDULE_LOSS] * 100, 2);
    return error ? error : end;
}

/* Not set where nothing is known. */
static kt_dec percent(kt_dec of, kt_dec all)
{
    return all.scale1 && all.coef > 0 ? kt_dec_div(kt_dec_mul(of, KT_DEC(100, 0), 4), all, 2) : (kt_dec){0};
}

static kt_error *add_centre(
    kt_tx *tx, const struct oee *p, const struct centre *c, struct losses *stops, kt_lines *rows)
{
    const kt_dec none = KT_DEC(0, 4);
    int64_t busy;
    struct oee_row row = {KT_OF(oee_row), .centre = c->rec.id, .code = c->code, .name = c->name,
        .worked = none, .planned = none, .made = none, .good = none,
        .entity = KT_STR("production.operation")};
    row.filter = kt_format(tx,
        "[[\"centre\",\"=\",%llu],[\"state\",\"=\",\"done\"],[\"actual_minutes\",\">\",\"0\"],"
        "[\"finished_at\",\"between\",[\"%s\",\"%s\"]]]",
        (unsigned long long)c->rec.id.v, day_text(tx, p->from).ptr, day_text(tx, p->until).ptr);
    KT_TRY(working_minutes(tx, c, stops->from, stops->until, &busy));
    KT_TRY(add_stops(tx, p, c, stops, &row));
    KT_TRY(add_operations(tx, &row));
    busy -= stops->of_kind[SCHEDULE_LOSS];
    row.busy = KT_DEC(busy > 0 ? busy * 100 : 0, 2);
    row.availability = percent(row.worked, row.busy);
    row.performance = percent(row.planned, row.worked);
    row.quality = percent(row.good, row.made);
    if (row.availability.scale1 && row.performance.scale1 && row.quality.scale1)
        row.oee = percent(kt_dec_div(kt_dec_mul(row.planned, row.good, 4), row.made, 4), row.busy);
    row.worked = kt_dec_round(row.worked, 2);
    row.planned = kt_dec_round(row.planned, 2);
    return kt_line_add(tx, rows, &row.rec);
}

static kt_error *check_time(kt_tx *tx, struct oee *p)
{
    int y, m, d;
    kt_date_parts(p->until, &y, &m, &d);
    if (!p->from.day)
        p->from = kt_date_make(y, m, 1);
    return p->until.day < p->from.day
               ? kt_fail(tx, KT_VALIDATION, "until", "is before the first day", "jest przed pierwszym dniem")
               : NULL;
}

/* One centre, or all that are in use. */
static kt_error *find_centres(kt_tx *tx, const struct oee *p, kt_found *found)
{
    const kt_where one[] = {KT_WHERE(centre, rec.id, KT_EQ, p->centre), {0}},
                   active[] = {KT_WHERE(centre, active, KT_EQ, true), {0}};
    const kt_query query = {.of = &centre_shape, .where = p->centre.v ? one : active, .sort = "code"};
    return kt_find(tx, &query, 0, found);
}

kt_error *centres_oee(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct oee p = *KT_SEE(oee, params);
    struct oee_answer *out = KT_AS(oee_answer, result);
    struct losses stops = {0};
    kt_found found;
    KT_TRY(check_time(tx, &p));
    gone_by(tx, &p, &stops.from, &stops.until);
    out->from = p.from;
    out->until = p.until;
    KT_TRY(find_centres(tx, &p, &found));
    for (size_t i = 0; i < found.count; i++) {
        struct centre c = {KT_OF(centre)};
        KT_TRY(kt_read(tx, found.ids[i], &c.rec));
        KT_TRY(add_centre(tx, &p, &c, &stops, &out->rows));
    }
    kt_str which = worked_within(tx, &p);
    if (p.centre.v)
        which = kt_format(tx, "%s,[\"centre\",\"=\",%llu]", which.ptr, (unsigned long long)p.centre.v);
    return losses_tell(tx, &stops, which, &out->stops);
}
