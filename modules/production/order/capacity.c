/* How full the work centres are, when something more could be made, and everything placed anew in a better
 * sequence. */
#include <string.h>

#include <kontor/calendars.h>
#include <kontor/list.h>

#include "capacity/shop.h"
#include "order/order.h"

/* ---- production.capacity.load ---- */

struct load {
    kt_record rec;
    kt_date from, until;
    kt_id centre;
};
const kt_shape load_shape = KT_SHAPE(load, NULL, KT_FIELD(load, from, DATE, "From", "Od", .initial = "today"),
    KT_FIELD(load, until, DATE, "Until", "Do", .help = {"Empty: 14 days.", "Puste: 14 dni."}),
    KT_FIELD(load, centre, REF, "Work centre", "Stanowisko", .target = "production.work_centre",
        .help = {"Empty: all active ones.", "Puste: wszystkie aktywne."}));
struct load_row {
    kt_record rec;
    kt_id centre;
    kt_str code;
    kt_date day;
    int64_t available, taken, operations;
    kt_dec percent;
};
static const kt_shape load_row_shape = KT_SHAPE(load_row, NULL,
    KT_FIELD(load_row, centre, REF, "Work centre", "Stanowisko", .target = "production.work_centre"),
    KT_FIELD(load_row, code, STRING, "Code", "Kod"), KT_FIELD(load_row, day, DATE, "Day", "Dzień"),
    KT_FIELD(load_row, available, INT, "Minutes there are", "Dostępne minuty", .required = true),
    KT_FIELD(load_row, taken, INT, "Minutes taken", "Zajęte minuty", .required = true),
    KT_FIELD(load_row, operations, INT, "Operations", "Operacje", .required = true),
    KT_FIELD(load_row, percent, PERCENT, "Load, %", "Obciążenie, %", .scale = 1));
struct load_answer {
    kt_record rec;
    kt_lines rows;
};
const kt_shape load_answer_shape = KT_SHAPE(load_answer, NULL,
    KT_FIELD(
        load_answer, rows, LINES, "By centre and day", "Według stanowisk i dni", .lines = &load_row_shape));

static kt_error *load_of(kt_tx *tx, const struct load *p, struct floor *floor, kt_id centre, kt_lines *rows)
{
    unsigned at;
    KT_TRY(floor_machine(tx, floor, centre, (kt_id){0}, false, &at));
    const struct machine *m = &floor->machines[at];
    for (kt_date day = p->from; day.day <= p->until.day; day = kt_date_add(day, 1)) {
        int64_t from = to_minutes(kt_instant(tx, day, 0)),
                until = to_minutes(kt_instant(tx, kt_date_add(day, 1), 0));
        struct load_row row = {
            KT_OF(load_row), .centre = centre, .code = floor->centres[at].code, .day = day};
        for (unsigned s = 0; s < m->slot_count; s++) {
            row.available += timeline_worked(&m->slots[s].time, from, until);
            for (size_t i = 0; i < m->slots[s].count; i++) {
                const struct busy *b = &m->slots[s].busy[i];
                int64_t worked = timeline_worked(
                    &m->slots[s].time, b->from > from ? b->from : from, b->until < until ? b->until : until);
                row.taken += worked;
                row.operations += worked > 0;
            }
        }
        if (row.available)
            row.percent = kt_dec_div(KT_DEC(row.taken * 100, 0), KT_DEC(row.available, 0), 1);
        if (row.available || row.taken)
            KT_TRY(kt_line_add(tx, rows, &row.rec));
    }
    return NULL;
}

kt_error *capacity_load(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct load p = *KT_SEE(load, params);
    struct load_answer *out = KT_AS(load_answer, result);
    const kt_where where[] = {KT_WHERE(centre, active, KT_EQ, true), {0}};
    struct centre c = {KT_OF(centre)};
    struct floor floor;
    kt_cursor *cursor;
    kt_error *error = NULL;
    if (!p.until.day)
        p.until = kt_date_add(p.from, 13);
    if (p.until.day < p.from.day || p.until.day - p.from.day > 400)
        return kt_fail(tx, KT_VALIDATION, "until", "is not within 400 days after the first",
            "nie mieści się w 400 dniach od pierwszego");
    floor_open(tx, &floor, kt_instant(tx, p.from, 0), p.until.day - p.from.day + 1);
    if (p.centre.v)
        return load_of(tx, &p, &floor, p.centre, &out->rows);
    KT_TRY(kt_open(tx, &(kt_query){.of = &centre_shape, .where = where, .sort = "code"}, &cursor));
    while (!error && kt_next(cursor, &c.rec))
        error = load_of(tx, &p, &floor, c.rec.id, &out->rows);
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

/* ---- production.capacity.promise ---- */

struct promise_ask {
    kt_record rec;
    kt_id item;
    kt_dec quantity;
    kt_date from;
};
const kt_shape promise_ask_shape = KT_SHAPE(promise_ask, NULL,
    KT_FIELD(promise_ask, item, REF, "Item", "Towar", .target = "base.item", .required = true),
    KT_FIELD(promise_ask, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .initial = "1"),
    KT_FIELD(promise_ask, from, DATE, "Not before", "Nie wcześniej niż", .initial = "today"));
struct promise_step {
    kt_record rec;
    kt_str name, centre;
    kt_time begins, ends;
    int64_t minutes;
};
static const kt_shape promise_step_shape = KT_SHAPE(promise_step, NULL,
    KT_FIELD(promise_step, name, STRING, "Operation", "Operacja"),
    KT_FIELD(promise_step, centre, STRING, "Work centre", "Stanowisko"),
    KT_FIELD(promise_step, begins, TIME, "Begins", "Początek"),
    KT_FIELD(promise_step, ends, TIME, "Ends", "Koniec"),
    KT_FIELD(promise_step, minutes, INT, "Minutes", "Minuty", .required = true));
struct promise_answer {
    kt_record rec;
    kt_date day;
    kt_time begins, ends;
    kt_lines steps;
};
const kt_shape promise_answer_shape = KT_SHAPE(promise_answer, NULL,
    KT_FIELD(promise_answer, day, DATE, "Ready on", "Gotowe dnia",
        .help = {"By machines alone, the components being there.",
            "Według samych maszyn, gdy są składniki."}),
    KT_FIELD(promise_answer, begins, TIME, "Begins", "Początek"),
    KT_FIELD(promise_answer, ends, TIME, "Ends", "Koniec"),
    KT_FIELD(promise_answer, steps, LINES, "Operations", "Operacje", .lines = &promise_step_shape));

kt_error *capacity_promise(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct promise_ask *p = KT_SEE(promise_ask, params);
    struct promise_answer *out = KT_AS(promise_answer, result);
    struct bom_book book = {.day = p->from};
    struct bom_entry *entry;
    struct placed placed;
    KT_TRY(bom_book_made(tx, &book, p->item, p->quantity, &entry));
    if (entry->routing)
        KT_TRY(routing_check(tx, entry->routing));
    KT_TRY(place_steps(tx, entry->routing, p->quantity,
        p->from.day > kt_today(tx).day ? kt_instant(tx, p->from, 0) : kt_now(tx), (kt_time){0}, (kt_id){0},
        false, &placed));
    for (size_t i = 0; i < placed.count; i++) {
        const struct placed_step *s = &placed.steps[i];
        struct promise_step row = {KT_OF(promise_step), .name = s->step->name, .centre = s->centre.name,
            .begins = s->begins, .ends = s->ends, .minutes = taken_minutes(&s->centre, s->machine_minutes)};
        KT_TRY(kt_line_add(tx, &out->steps, &row.rec));
    }
    if (!placed.fits)
        return NULL;
    out->begins = placed.begins;
    out->ends = placed.ends;
    out->day = local_day(tx, (kt_time){placed.ends.ms - (placed.count != 0)});
    return NULL;
}

/* ---- production.capacity.level: every operation that has not begun is placed anew ---- */

struct level {
    kt_record rec;
    kt_date from;
    int64_t rounds;
};
const kt_shape level_shape = KT_SHAPE(level, NULL,
    KT_FIELD(level, from, DATE, "Not before", "Nie wcześniej niż", .initial = "today"),
    KT_FIELD(level, rounds, INT, "Swaps to try", "Ile zamian próbować", .initial = "2000",
        .help = {"0: by deadline alone.", "0: tylko według terminów."}));
struct level_answer {
    kt_record rec;
    int64_t operations, orders, late_before, late;
    kt_time ends_before, ends;
};
const kt_shape level_answer_shape = KT_SHAPE(level_answer, NULL,
    KT_FIELD(level_answer, operations, INT, "Operations placed", "Umieszczone operacje", .required = true),
    KT_FIELD(level_answer, orders, INT, "Orders moved", "Przesunięte zlecenia", .required = true),
    KT_FIELD(level_answer, late_before, INT, "Late before", "Opóźnione przedtem", .required = true),
    KT_FIELD(level_answer, late, INT, "Late now", "Opóźnione teraz", .required = true),
    KT_FIELD(level_answer, ends_before, TIME, "All done before", "Koniec wszystkiego przedtem"),
    KT_FIELD(level_answer, ends, TIME, "All done now", "Koniec wszystkiego teraz"));

enum { LEVEL_MAX = 20000, LEVEL_DAYS = 1100 };

struct range {
    size_t from, until;
};
struct levelled {
    struct operation *operations;
    struct task *tasks;
    size_t *sequence;
    size_t count;
    struct order *orders;
    size_t order_count;
    struct range *own; /* of each order: its operations */
    struct floor floor;
};

/* Orders that have not begun, those needed first before the others, what goes into them before that. */
static kt_error *read_orders(kt_tx *tx, struct levelled *l)
{
    const kt_query query = {.of = &order_shape,
        .sort = "due,-level,id",
        .filter = KT_STR("[[\"state\",\"in\",[\"confirmed\",\"reserved\"]]]")};
    kt_cursor *cursor;
    uint64_t room;
    KT_TRY(kt_count(tx, &query, &room));
    l->orders = kt_alloc(tx, (size_t)(room + 1) * sizeof *l->orders);
    if (!l->orders)
        return kt_no_memory();
    KT_TRY(kt_open(tx, &query, &cursor));
    for (; l->order_count < room; l->order_count++) {
        l->orders[l->order_count] = (struct order){KT_OF(order)};
        if (!kt_next(cursor, &l->orders[l->order_count].rec))
            break;
    }
    return kt_close(cursor);
}

static kt_error *read_operations(kt_tx *tx, struct levelled *l)
{
    size_t room = 0;
    l->own = kt_alloc(tx, (l->order_count + 1) * sizeof *l->own);
    if (!l->own)
        return kt_no_memory();
    for (size_t i = 0; i < l->order_count; i++) {
        struct operation *some;
        size_t count;
        KT_TRY(operations_of(tx, l->orders[i].rec.id, &some, &count));
        if (l->count + count > LEVEL_MAX)
            return kt_fail(
                tx, KT_LIMIT, NULL, "more than %d operations", "więcej niż %d operacji", LEVEL_MAX);
        l->own[i].from = l->count;
        for (size_t n = 0; n < count; n++) {
            if ((some[n].state != BLOCKED && some[n].state != READY) || !some[n].centre.v)
                continue; /* what no work centre does takes none of their time */
            l->operations = kt_grow(tx, l->operations, l->count, &room, sizeof *some);
            if (!l->operations)
                return kt_no_memory();
            l->operations[l->count++] = some[n];
        }
        l->own[i].until = l->count;
    }
    return NULL;
}

static const struct order *order_of(const struct levelled *l, kt_id id)
{
    for (size_t i = 0; i < l->order_count; i++)
        if (l->orders[i].rec.id.v == id.v)
            return &l->orders[i];
    return NULL;
}

/* Is a component made by orders whose operations are levelled too, all of it? Then it comes before by itself. */
static bool is_levelled(
    const kt_tx *tx, const struct levelled *l, const struct order *o, const struct component *c)
{
    const kt_id document = order_any(tx, o);
    kt_dec made = KT_DEC(0, 4);
    for (size_t i = 0; i < l->order_count; i++) {
        const struct order *below = &l->orders[i];
        if (below->demand.v == document.v && (uint64_t)below->demand_line == c->rec.id.v &&
            l->own[i].until > l->own[i].from)
            made = kt_dec_add(made, below->quantity);
    }
    return made.coef && kt_dec_cmp(made, kt_dec_sub(c->quantity, c->issued)) >= 0;
}

/* The operations that one comes after: of its own order those that it waits for; if it waits for none, all of the
 * orders that go into its order. */
static kt_error *find_before(
    kt_tx *tx, const struct levelled *l, size_t i, const struct order *o, struct task *t)
{
    const struct operation *p = &l->operations[i];
    const struct range *own = &l->own[o - l->orders];
    const kt_id document = order_any(tx, o);
    size_t room = i - own->from + 1;
    for (size_t b = 0; b < l->order_count; b++)
        room += l->orders[b].demand.v == document.v ? l->own[b].until - l->own[b].from : 0;
    size_t *after = kt_alloc(tx, room * sizeof *after);
    if (!after)
        return kt_no_memory();
    t->after = after;
    for (size_t n = own->from; n < i; n++) {
        kt_str number = kt_format(tx, " %lld ", (long long)l->operations[n].sequence);
        if (p->waits_for.ptr && strstr(p->waits_for.ptr, number.ptr))
            after[t->after_count++] = n;
    }
    if (t->after_count)
        return NULL;
    for (size_t b = 0; b < l->order_count; b++)
        for (size_t n = l->own[b].from; n < l->own[b].until && l->orders[b].demand.v == document.v; n++)
            after[t->after_count++] = n;
    return NULL;
}

static kt_error *task_of(kt_tx *tx, struct levelled *l, size_t i, kt_time from, const struct order *o)
{
    const struct operation *p = &l->operations[i];
    struct task *t = &l->tasks[i];
    unsigned *machine = kt_alloc(tx, sizeof *machine);
    int64_t *need = kt_alloc(tx, sizeof *need);
    if (!machine || !need)
        return kt_no_memory();
    KT_TRY(floor_machine(tx, &l->floor, p->centre, (kt_id){0}, true, machine));
    *need = taken_minutes(&l->floor.centres[*machine], p->machine_minutes);
    *t = (struct task){.order = (size_t)p->order.v,
        .machines = machine,
        .needs = need,
        .machine_count = 1,
        .earliest = to_minutes(from),
        .due = NEVER};
    for (size_t n = 0; n < o->components.count; n++) {
        const struct component *c = component_at(o, n);
        kt_time at = is_levelled(tx, l, o, c) ? (kt_time){0} : component_there(tx, c);
        int64_t there = at.ms ? to_minutes(at) : 0;
        t->earliest = there > t->earliest ? there : t->earliest;
    }
    if (o->due.day)
        t->due = to_minutes(kt_instant(tx, o->due, 1440));
    l->sequence[i] = i;
    return find_before(tx, l, i, o, t);
}

/* What has begun stays where it is, and so does what is left of an order that has begun. */
static kt_error *book_begun(kt_tx *tx, struct levelled *l)
{
    const kt_query query = {.of = &operation_shape,
        .sort = "begins,id",
        .filter = KT_STR("[[\"state\",\"in\",[\"blocked\",\"ready\",\"in_progress\",\"paused\"]]]")};
    struct operation p = {KT_OF(operation)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &query, &cursor));
    while (!error && kt_next(cursor, &p.rec)) {
        unsigned at;
        if (!p.centre.v || (p.state <= READY && order_of(l, p.order)))
            continue; /* nowhere to book, or placed anew */
        error = floor_machine(tx, &l->floor, p.centre, (kt_id){0}, true, &at);
        if (!error &&
            !machine_book(&l->floor.memory, &l->floor.machines[at], p.begins.ms / 60000, to_minutes(p.ends)))
            error = kt_no_memory();
    }
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

/* The order's dates are those of its operations. Has its day changed? */
static kt_error *write_order(
    kt_tx *tx, const struct levelled *l, struct order *o, struct level_answer *out, bool *moved)
{
    kt_date was = o->day;
    kt_time begins = {0}, ends = {0};
    for (size_t i = 0; i < l->count; i++) {
        const struct operation *p = &l->operations[i];
        if (p->order.v != o->rec.id.v)
            continue;
        begins = !begins.ms || p->begins.ms < begins.ms ? p->begins : begins;
        ends = p->ends.ms > ends.ms ? p->ends : ends;
    }
    if (!ends.ms || (ends.ms == o->ends.ms && begins.ms == o->begins.ms))
        return NULL;
    o->begins = begins;
    o->ends = ends;
    o->day = was.day ? local_day(tx, (kt_time){ends.ms - 1}) : was;
    o->steps++;
    out->orders++;
    *moved = o->day.day != was.day;
    if (o->day.day) {
        const char *first = say_day(tx, local_day(tx, begins)).ptr, *last = say_day(tx, o->day).ptr;
        o->why = kt_format(tx, "the work centres were levelled: work goes from %s to %s", first, last);
        o->why_pl = kt_format(tx, "wyrównano obciążenie stanowisk: praca trwa od %s do %s", first, last);
    }
    return kt_update(tx, &o->rec);
}

/* All is written: whoever waits reads what holds now. */
static kt_error *tell_levelled(kt_tx *tx, const struct levelled *l, const kt_time *was, const bool *moved)
{
    const kt_supply *supply = kt_supply_find(tx);
    const kt_text why = {"the work centres were levelled", "wyrównano obciążenie stanowisk"};
    for (size_t n = 0; n < l->order_count; n++)
        KT_TRY(order_ends_moved(tx, &l->orders[n], was[n], !moved[n]));
    for (size_t n = 0; n < l->order_count && supply; n++)
        if (moved[n])
            KT_TRY(supply->moved(tx, order_any(tx, &l->orders[n]), l->orders[n].day, why));
    return NULL;
}

static kt_error *write_levelled(kt_tx *tx, struct levelled *l, struct level_answer *out)
{
    bool *moved = kt_alloc(tx, (l->order_count + 1) * sizeof *moved);
    kt_time *was = kt_alloc(tx, (l->order_count + 1) * sizeof *was);
    if (!moved || !was)
        return kt_no_memory();
    for (size_t i = 0; i < l->count; i++) {
        struct operation *p = &l->operations[i];
        const struct place *place = &l->tasks[i].place;
        if (place->begin == NEVER)
            continue;
        p->begins = from_minutes(place->begin);
        p->ends = from_minutes(place->end);
        out->ends = p->ends.ms > out->ends.ms ? p->ends : out->ends;
        KT_TRY(kt_update(tx, &p->rec));
    }
    for (size_t n = 0; n < l->order_count; n++) {
        out->late_before += l->orders[n].late;
        was[n] = l->orders[n].ends;
        KT_TRY(write_order(tx, l, &l->orders[n], out, &moved[n]));
        out->late += l->orders[n].late;
    }
    return tell_levelled(tx, l, was, moved);
}

static kt_error *level_within(kt_tx *tx, const struct level *p, struct level_answer *out)
{
    struct levelled l = {0};
    kt_time from = p->from.day > kt_today(tx).day ? kt_instant(tx, p->from, 0) : kt_now(tx);
    floor_open(tx, &l.floor, from, LEVEL_DAYS);
    KT_TRY(read_orders(tx, &l));
    KT_TRY(read_operations(tx, &l));
    KT_TRY(book_begun(tx, &l));
    l.tasks = kt_alloc(tx, (l.count + 1) * sizeof *l.tasks);
    l.sequence = kt_alloc(tx, (l.count + 1) * sizeof *l.sequence);
    if (!l.tasks || !l.sequence)
        return kt_no_memory();
    for (size_t i = 0; i < l.count; i++) {
        KT_TRY(task_of(tx, &l, i, from, order_of(&l, l.operations[i].order)));
        if (l.operations[i].ends.ms > out->ends_before.ms)
            out->ends_before = l.operations[i].ends;
    }
    struct shop_search search = {.rounds = (unsigned)p->rounds, .rounds_idle = (unsigned)p->rounds};
    if (p->rounds && !shop_sequence(&l.floor.memory, l.floor.machines, l.floor.count, l.tasks, l.count,
                         &search, l.sequence))
        return kt_no_memory();
    if (!place_all(&l.floor.memory, l.floor.machines, l.tasks, l.sequence, l.count))
        return kt_no_memory();
    out->operations = (int64_t)l.count;
    return write_levelled(tx, &l, out);
}

kt_error *capacity_level(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct level *p = KT_SEE(level, params);
    if (p->rounds < 0 || p->rounds > 100000)
        return kt_fail(
            tx, KT_VALIDATION, "rounds", "is not within 0 to 100000", "nie mieści się między 0 a 100000");
    kt_authority before = kt_own_authority(tx);
    kt_error *error = level_within(tx, p, KT_AS(level_answer, result));
    kt_callers_authority(tx, before);
    return error;
}
