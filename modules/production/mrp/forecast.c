/* Forecasts, and what customers' orders take of them. The orders are another module's: read as they lie in the file,
 * whether or not sales are switched on. */
#include <string.h>

#include <kontor/units.h>

#include "list.h"
#include "mrp/consume.h"
#include "mrp/run.h"
#include "order/order.h"

enum { YEAR = 366, BACK_UNLESS_TOLD = 30, ROWS_MAX = 5000 };

const kt_shape forecast_shape = KT_SHAPE(forecast, "production.forecast",
    KT_FIELD(forecast, item, REF, "Item", "Towar", .target = "base.item", .required = true, .indexed = true,
        .priority = 1),
    KT_FIELD(forecast, day, DATE, "Day", "Dzień", .required = true, .indexed = true, .priority = 2,
        .help = {"On which it is needed, the first of its time.",
            "Na który jest potrzebna, pierwszy jej okresu."}),
    KT_FIELD(forecast, until, DATE, "Until", "Do dnia", .priority = 3,
        .help = {"The last day of its time: orders due within it take of it. Empty: that day alone.",
            "Ostatni dzień okresu: zamówienia z terminem w okresie zużywają prognozę. Puste: ten jeden "
            "dzień."}),
    KT_FIELD(forecast, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .required = true, .priority = 4),
    KT_FIELD(forecast, note, STRING, "Note", "Uwagi", .max = 200));

static kt_date last_day(const struct forecast *f)
{
    return f->until.day ? f->until : f->day;
}

kt_error *forecast_compute(kt_tx *tx, kt_record *self)
{
    const struct forecast *f = KT_AS(forecast, self);
    kt_error *all = NULL;
    if (f->quantity.coef <= 0)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "quantity", "must be above zero", "musi być większe od zera"));
    if (f->day.day && last_day(f).day < f->day.day)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "until", "is before the first day",
                          "jest wcześniej niż pierwszy dzień"));
    if (f->day.day && last_day(f).day - f->day.day >= YEAR)
        kt_also(&all, kt_hint(kt_fail(tx, KT_VALIDATION, "until", "is more than a year after the first day",
                                  "jest ponad rok po pierwszym dniu"),
                          "Enter one forecast for each time.", "Wpisz osobną prognozę na każdy okres."));
    return all;
}

/* ---- Items that something is foreseen of ---- */

struct seen_item {
    kt_record rec;
    kt_id unit;
    kt_dec forecast_back, forecast_forward;
};
static const kt_shape seen_item_shape = KT_SHAPE(seen_item, "base.item",
    KT_BIND(seen_item, unit, REF, "unit"), KT_BIND(seen_item, forecast_back, QUANTITY, "forecast_back"),
    KT_BIND(seen_item, forecast_forward, QUANTITY, "forecast_forward"));

struct foreseeing {
    id_map index;
    struct list ids, units, windows, known; /* of each item; the last three once one of its orders was met */
    struct list forecasts, orders;
    kt_date today;
    int32_t first; /* the first day of all forecasts that still hold */
};

/* The number of an item among those that something is foreseen of. */
static kt_error *item_number(kt_tx *tx, struct foreseeing *f, kt_id item, uint32_t *number)
{
    if (id_map_find(&f->index, item, number))
        return NULL;
    kt_id *id = list_add(tx, &f->ids, sizeof *id);
    kt_id *unit = list_add(tx, &f->units, sizeof *unit);
    struct consume_window *window = list_add(tx, &f->windows, sizeof *window);
    bool *known = list_add(tx, &f->known, sizeof *known);
    if (!id || !unit || !window || !known)
        return kt_no_memory();
    *id = item;
    *unit = (kt_id){0};
    *window = (struct consume_window){0};
    *known = false;
    *number = (uint32_t)(f->ids.count - 1);
    return id_map_put(tx, &f->index, item, *number);
}

static int32_t days_of(kt_dec days, int32_t unless_told)
{
    return days.scale1 ? (int32_t)kt_dec_round(days, 0).coef : unless_told;
}

static kt_error *know_item(kt_tx *tx, struct foreseeing *f, uint32_t number)
{
    struct seen_item i = {KT_OF(seen_item)};
    bool *known = (bool *)f->known.items + number;
    if (*known)
        return NULL;
    KT_TRY(kt_read(tx, ((const kt_id *)f->ids.items)[number], &i.rec));
    ((kt_id *)f->units.items)[number] = i.unit;
    ((struct consume_window *)f->windows.items)[number] = (struct consume_window){
        days_of(i.forecast_back, BACK_UNLESS_TOLD), days_of(i.forecast_forward, 0)};
    *known = true;
    return NULL;
}

/* ---- Forecasts: those that hold, and past ones, of which the orders of their time took ---- */

static kt_error *add_forecast(kt_tx *tx, struct foreseeing *f, const struct forecast *row)
{
    uint32_t item;
    KT_TRY(item_number(tx, f, row->item, &item));
    struct foreseen *one = list_add(tx, &f->forecasts, sizeof *one);
    if (!one)
        return kt_no_memory();
    *one = (struct foreseen){.item = item,
        .from = row->day.day,
        .until = last_day(row).day,
        .id = row->rec.id.v,
        .quantity = kt_dec_round(row->quantity, 4).coef};
    one->left = one->quantity;
    if (one->until >= f->today.day && one->from < f->first)
        f->first = one->from;
    return NULL;
}

/* item not set: of all */
static kt_error *read_forecasts(kt_tx *tx, struct foreseeing *f, kt_id item)
{
    const kt_date from = kt_date_add(f->today, -YEAR);
    const kt_where where[] = {{offsetof(struct forecast, day), KT_GE, &from},
        {offsetof(struct forecast, item), KT_EQ, item.v ? &item : NULL}, {0}};
    struct forecast row = {KT_OF(forecast)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &forecast_shape, .where = where}, &cursor));
    while (!error && kt_next(cursor, &row.rec))
        error = add_forecast(tx, f, &row);
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

/* ---- Customers' orders ---- */

struct sold_line {
    kt_record rec;
    kt_id item, unit;
    kt_date asked, promised, actual;
    kt_dec quantity, delivered, given_up;
};
static const kt_shape sold_line_shape = KT_SHAPE(sold_line, NULL, KT_BIND(sold_line, item, REF, "item"),
    KT_BIND(sold_line, unit, REF, "unit"), KT_BIND(sold_line, asked, DATE, "asked"),
    KT_BIND(sold_line, promised, DATE, "promised"), KT_BIND(sold_line, actual, DATE, "actual"),
    KT_BIND(sold_line, quantity, QUANTITY, "quantity"), KT_BIND(sold_line, delivered, QUANTITY, "delivered"),
    KT_BIND(sold_line, given_up, QUANTITY, "given_up"));
struct sold {
    kt_record rec;
    kt_date day, asked;
    unsigned state;
    kt_lines lines;
};
static const kt_shape sold_shape = KT_SHAPE(sold, "crm.order", KT_BIND(sold, day, DATE, "day"),
    KT_BIND(sold, asked, DATE, "asked"), KT_BIND(sold, state, STATE, "state"),
    KT_BIND(sold, lines, LINES, "lines", .lines = &sold_line_shape));

/* Wished for, else promised, else delivered on that day; else nobody said when, and it is due with its order. */
static kt_date due_day(const struct sold *s, const struct sold_line *line)
{
    const kt_date days[] = {line->asked, s->asked, line->promised, line->actual};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        if (days[i].day)
            return days[i];
    return s->day;
}

static kt_error *add_order(kt_tx *tx, struct foreseeing *f, const struct sold *s, bool closed)
{
    for (size_t i = 0; i < s->lines.count; i++) {
        const struct sold_line *line = KT_SEE(sold_line, kt_line(&s->lines, i));
        kt_dec quantity = closed ? line->delivered : kt_dec_sub(line->quantity, line->given_up), own;
        uint32_t item;
        if (quantity.coef <= 0 || !id_map_find(&f->index, line->item, &item))
            continue;
        KT_TRY(know_item(tx, f, item));
        KT_TRY(kt_in_unit(tx, line->item, quantity, line->unit, ((const kt_id *)f->units.items)[item], &own));
        struct ordered *one = list_add(tx, &f->orders, sizeof *one);
        if (!one)
            return kt_no_memory();
        *one = (struct ordered){.item = item,
            .day = due_day(s, line).day,
            .document = kt_any(tx, sold_shape.name, s->rec.id).v,
            .line = line->rec.id.v,
            .quantity = own.coef};
    }
    return NULL;
}

static kt_error *read_orders(kt_tx *tx, struct foreseeing *f, kt_str filter, bool closed)
{
    struct sold s = {KT_OF(sold)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &sold_shape, .filter = filter}, &cursor));
    while (!error && kt_next(cursor, &s.rec))
        error = add_order(tx, f, &s, closed);
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

/* What is confirmed; and what was delivered of orders that are through, since forecasts that hold began, and as long
 * before as a window reaches. */
static kt_error *read_sold(kt_tx *tx, struct foreseeing *f)
{
    const kt_str since = say_day(tx, (kt_date){f->first - WINDOW_MAX});
    if (!since.len)
        return kt_no_memory();
    if (!f->forecasts.count || !kt_any(tx, sold_shape.name, (kt_id){1}).v)
        return NULL;
    KT_TRY(read_orders(tx, f,
        KT_STR("[[\"state\",\"in\",[\"confirmed\",\"on_hold\"]],[\"delivery_status\",\"!=\",\"full\"]]"),
        false));
    KT_TRY(read_orders(tx, f,
        kt_format(tx,
            "[[\"state\",\"in\",[\"confirmed\",\"on_hold\",\"closed\"]],[\"delivered_on\",\">=\",\"%s\"]]",
            since.ptr),
        true));
    return read_orders(
        tx, f, KT_STR("[[\"state\",\"=\",\"closed\"],[\"delivery_status\",\"=\",\"partial\"]]"), true);
}

/* ---- The one taken of the other ---- */

static void *take_memory(void *context, size_t size)
{
    return kt_alloc(context, size);
}

/* item not set: of all */
static kt_error *foresee(
    kt_tx *tx, kt_id item, struct foreseeing *f, struct consumed **taken, size_t *taken_count)
{
    const memory own = {take_memory, tx};
    *f = (struct foreseeing){.today = kt_today(tx), .first = kt_today(tx).day};
    *taken = NULL;
    *taken_count = 0;
    KT_TRY(read_forecasts(tx, f, item));
    KT_TRY(read_sold(tx, f));
    return consume_forecasts(&own, f->forecasts.items, f->forecasts.count, f->orders.items, f->orders.count,
               f->windows.items, taken, taken_count)
               ? NULL
               : kt_no_memory();
}

kt_error *forecasts_left(kt_tx *tx, struct forecast_left **left, size_t *count, int64_t *consumed)
{
    struct foreseeing f;
    struct consumed *taken;
    size_t taken_count;
    KT_TRY(foresee(tx, (kt_id){0}, &f, &taken, &taken_count));
    const struct foreseen *all = f.forecasts.items;
    *count = 0;
    *consumed = 0;
    *left = kt_alloc(tx, (f.forecasts.count + 1) * sizeof **left);
    if (!*left)
        return kt_no_memory();
    for (size_t i = 0; i < f.forecasts.count; i++) {
        if (all[i].until < f.today.day)
            continue;
        *consumed += all[i].left < all[i].quantity;
        if (all[i].left > 0)
            (*left)[(*count)++] = (struct forecast_left){.forecast = {all[i].id},
                .item = ((const kt_id *)f.ids.items)[all[i].item],
                .day = {all[i].from},
                .quantity = KT_DEC(all[i].left, 4)};
    }
    return NULL;
}

/* ---- production.mrp.consumption: which orders took what of which forecast ---- */

struct consumption {
    kt_record rec;
    kt_id item;
    kt_date from, until;
};
const kt_shape consumption_shape = KT_SHAPE(consumption, NULL,
    KT_FIELD(consumption, item, REF, "Item", "Towar", .target = "base.item",
        .help = {"Empty: of all.", "Puste: wszystkich."}),
    KT_FIELD(consumption, from, DATE, "From", "Od",
        .help = {"Forecasts that still hold then. Empty: today.",
            "Prognozy obowiązujące jeszcze w tym dniu. Puste: dzisiaj."}),
    KT_FIELD(consumption, until, DATE, "Until", "Do",
        .help = {"Forecasts that begin by then. Empty: all.",
            "Prognozy rozpoczynające się do tego dnia. Puste: wszystkie."}));
struct consumption_row {
    kt_record rec;
    kt_id item, forecast, document;
    kt_date day, until, due;
    kt_dec foreseen, quantity, left;
    int64_t line;
};
const kt_shape consumption_row_shape = KT_SHAPE(consumption_row, NULL,
    KT_FIELD(consumption_row, forecast, REF, "Forecast", "Prognoza", .target = "production.forecast"),
    KT_FIELD(consumption_row, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(consumption_row, day, DATE, "Day", "Dzień"),
    KT_FIELD(consumption_row, until, DATE, "Until", "Do dnia"),
    KT_FIELD(consumption_row, foreseen, QUANTITY, "Foreseen", "Prognozowano", .scale = 4),
    KT_FIELD(consumption_row, document, REF, "Taken by", "Zużyło", .target = "*",
        .help = {"Empty: no order took of it.", "Puste: nie zużyło jej żadne zamówienie."}),
    KT_FIELD(consumption_row, line, INT, "Line", "Pozycja"),
    KT_FIELD(consumption_row, due, DATE, "Due on", "Termin"),
    KT_FIELD(consumption_row, quantity, QUANTITY, "Taken", "Zużyto", .scale = 4),
    KT_FIELD(consumption_row, left, QUANTITY, "Left then", "Zostało", .scale = 4,
        .help = {"What planning still meets, once this order took its part.",
            "Co po tym zamówieniu planowanie nadal pokrywa."}));
struct consumption_answer {
    kt_record rec;
    kt_lines rows;
};
const kt_shape consumption_answer_shape = KT_SHAPE(consumption_answer, NULL,
    KT_FIELD(consumption_answer, rows, LINES, "Forecasts", "Prognozy", .lines = &consumption_row_shape));

struct told { /* which of the taken each forecast has, in the order in which they took: MRP_NOTHING ends it */
    const struct consumed *taken;
    uint32_t *first, *next;
};

static kt_error *told_by_forecast(
    kt_tx *tx, const struct foreseeing *f, const struct consumed *taken, size_t count, struct told *told)
{
    *told = (struct told){.taken = taken};
    told->first = kt_alloc(tx, (f->forecasts.count + 1) * sizeof *told->first);
    told->next = kt_alloc(tx, (count + 1) * sizeof *told->next);
    if (!told->first || !told->next)
        return kt_no_memory();
    memset(told->first, 0xff, f->forecasts.count * sizeof *told->first);
    for (size_t i = count; i-- > 0;) {
        told->next[i] = told->first[taken[i].forecast];
        told->first[taken[i].forecast] = (uint32_t)i;
    }
    return NULL;
}

static kt_error *tell_forecast(
    kt_tx *tx, const struct foreseeing *f, size_t at, const struct told *told, kt_lines *rows)
{
    const struct foreseen *one = (const struct foreseen *)f->forecasts.items + at;
    struct consumption_row row = {KT_OF(consumption_row), .item = ((const kt_id *)f->ids.items)[one->item],
        .forecast = {one->id}, .day = {one->from}, .until = {one->until},
        .foreseen = KT_DEC(one->quantity, 4), .left = KT_DEC(one->left, 4)};
    if (told->first[at] == MRP_NOTHING)
        return kt_line_add(tx, rows, &row.rec);
    for (uint32_t i = told->first[at]; i != MRP_NOTHING; i = told->next[i]) {
        const struct ordered *by = (const struct ordered *)f->orders.items + told->taken[i].order;
        row.document = (kt_id){by->document};
        row.line = (int64_t)by->line;
        row.due = (kt_date){by->day};
        row.quantity = KT_DEC(told->taken[i].quantity, 4);
        row.left = KT_DEC(told->taken[i].left, 4);
        KT_TRY(kt_line_add(tx, rows, &row.rec));
    }
    return NULL;
}

/* A forecast that is named tells its item. */
static kt_error *foresee_asked(
    kt_tx *tx, kt_id item, kt_id forecast, struct foreseeing *f, struct consumed **taken, size_t *taken_count)
{
    struct forecast named = {KT_OF(forecast), .item = item};
    if (forecast.v)
        KT_TRY(kt_read(tx, forecast, &named.rec));
    return foresee(tx, named.item, f, taken, taken_count);
}

kt_error *consumption_tell(kt_tx *tx, kt_id item, kt_date from, kt_date until, kt_id forecast, kt_lines *rows)
{
    struct foreseeing f;
    struct consumed *taken;
    struct told told;
    size_t count;
    kt_authority before = kt_own_authority(tx); /* the orders are told as far as planning looks at them */
    kt_error *error = foresee_asked(tx, item, forecast, &f, &taken, &count);
    kt_callers_authority(tx, before);
    if (error)
        return error;
    KT_TRY(told_by_forecast(tx, &f, taken, count, &told));
    for (size_t i = 0; i < f.forecasts.count && rows->count < ROWS_MAX; i++) {
        const struct foreseen *one = (const struct foreseen *)f.forecasts.items + i;
        if (one->until >= from.day && (!until.day || one->from <= until.day) &&
            (!forecast.v || one->id == forecast.v))
            KT_TRY(tell_forecast(tx, &f, i, &told, rows));
    }
    return NULL;
}

kt_error *mrp_consumption(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct consumption *p = KT_SEE(consumption, params);
    return consumption_tell(tx, p->item, p->from.day ? p->from : kt_today(tx), p->until, (kt_id){0},
        &KT_AS(consumption_answer, result)->rows);
}
