/* Operations: what one work centre does for one order. Whoever works starts, pauses and finishes them; the clock
 * tells the time that it took, and what that costs goes to the order. */
#include <stdlib.h>
#include <string.h>

#include "order/order.h"

const kt_choice operation_states[] = {
    {BLOCKED, "blocked", {"Blocked", "Zablokowana"}, "blocked"},
    {READY, "ready", {"Ready", "Gotowa"}, "open"},
    {RUNNING, "in_progress", {"In progress", "W toku"}, "open"},
    {PAUSED, "paused", {"Paused", "Wstrzymana"}, "open"},
    {FINISHED, "done", {"Done", "Wykonana"}, "won"},
    {DROPPED, "cancelled", {"Cancelled", "Anulowana"}, "lost"},
    {0},
};

const kt_shape stint_shape = KT_SHAPE(stint, NULL, KT_FIELD(stint, from, TIME, "From", "Od", .priority = 1),
    KT_FIELD(stint, until, TIME, "Until", "Do", .priority = 2),
    KT_FIELD(stint, person, REF, "Who", "Kto", .target = "access.user", .on_delete = KT_CLEAR, .priority = 3),
    KT_FIELD(stint, minutes, QUANTITY, "Minutes", "Minuty", .scale = 2, .priority = 4),
    KT_FIELD(stint, downtime, REF, "Downtime reason", "Powód przestoju",
        .target = "production.downtime_reason", .priority = 5),
    KT_FIELD(stint, reason, STRING, "Remark on the stop", "Uwaga do przestoju", .max = 200));

#define REPORTED .computed = true, .recorded = true /* by the actions; the cost of the order goes with it */
#define PLANNED_RATE(m, en, pl)                                                                              \
    KT_FIELD(operation, m, PRICE, en, pl, .scale = 4, .computed = true, .group = "cost")
const kt_shape operation_shape = KT_SHAPE(operation, "production.operation",
    KT_FIELD(operation, name, STRING, "Operation", "Operacja", .required = true, .max = 200,
        .searchable = true, .priority = 1),
    KT_FIELD(operation, order, REF, "Production order", "Zlecenie", .target = "production.order",
        .required = true, .on_delete = KT_CASCADE, .fixed = true, .indexed = true, .priority = 2),
    KT_FIELD(operation, item, REF, "Item", "Wyrób", .target = "base.item", .seldom = true, .priority = 3),
    KT_FIELD(operation, sequence, INT, "Number", "Numer", .required = true),
    KT_FIELD(operation, centre, REF, "Work centre", "Stanowisko", .target = "production.work_centre",
        .in_use = true, .priority = 4),
    KT_FIELD(operation, group, STRING, "Any of group", "Dowolne z grupy", .max = 40),
    KT_FIELD(operation, state, STATE, "State", "Stan", .choices = operation_states, .initial = "blocked",
        .priority = 5),
    KT_FIELD(operation, waits_for, STRING, "After", "Po", .max = 400),
    KT_FIELD(operation, person, REF, "Assigned to", "Przydzielona", .target = "access.user",
        .on_delete = KT_CLEAR, .priority = 6),
    KT_FIELD(operation, deadline, DATE, "Deadline", "Termin", .priority = 7),
    KT_FIELD(operation, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .priority = 8),
    KT_FIELD(operation, good, QUANTITY, "Good", "Dobre", .scale = 4, REPORTED),
    KT_FIELD(operation, scrapped, QUANTITY, "Scrapped", "Braki", .scale = 4, REPORTED),
    KT_FIELD(operation, machine_minutes, QUANTITY, "Machine, min", "Maszyna, min", .scale = 4),
    KT_FIELD(operation, labour_minutes, QUANTITY, "People, min", "Ludzie, min", .scale = 4),
    KT_FIELD(operation, setup_minutes, QUANTITY, "Of it set-up, min", "W tym przezbrojenie, min", .scale = 4),
    PLANNED_RATE(machine_rate, "Machine, an hour, as planned", "Maszyna, godzina, w planie"),
    PLANNED_RATE(labour_rate, "Labour, an hour, as planned", "Robocizna, godzina, w planie"),
    PLANNED_RATE(overhead_rate, "Overhead, an hour, as planned", "Narzut, godzina, w planie"),
    KT_FIELD(operation, actual_minutes, QUANTITY, "Worked, min", "Przepracowano, min", .scale = 4, REPORTED),
    KT_FIELD(operation, begins, TIME, "Begins", "Początek", .priority = 9),
    KT_FIELD(operation, ends, TIME, "Ends", "Koniec"),
    KT_FIELD(operation, running_since, TIME, "Runs since", "Trwa od", .computed = true),
    KT_FIELD(operation, started_at, TIME, "Started", "Rozpoczęto", REPORTED),
    KT_FIELD(operation, finished_at, TIME, "Finished", "Zakończono", REPORTED),
    KT_FIELD(operation, cost, MONEY, "Cost", "Koszt", .scale = 2, .group = "cost", REPORTED),
    KT_FIELD(
        operation, stints, LINES, "Work done", "Przebieg pracy", .lines = &stint_shape, .computed = true),
    KT_FIELD(operation, late, BOOL, "Late", "Opóźniona", .computed = true, .indexed = true));

kt_error *operation_compute(kt_tx *tx, kt_record *self)
{
    struct operation *p = KT_AS(operation, self);
    bool open = p->state != FINISHED && p->state != DROPPED;
    const kt_date today = kt_today(tx), ends = local_day(tx, (kt_time){p->ends.ms - 1});
    p->late = open && p->deadline.day && p->ends.ms &&
              (ends.day > p->deadline.day || today.day > p->deadline.day);
    return p->rec.id.v ? floor_forget(tx) : NULL; /* a new one was placed before it is written */
}

/* What is asked of the order of each new operation. */
struct ending {
    kt_record rec;
    enum order_state state;
};
static const kt_shape ending_shape = KT_SHAPE(
    ending, "production.order", KT_BIND(ending, state, STATE, "state"));

/* At commit, for an order's own operations are written before it is. */
kt_error *operation_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct operation *p = after ? KT_SEE(operation, after) : NULL;
    struct ending o = {KT_OF(ending)};
    if (before || p->state == FINISHED || p->state == DROPPED)
        return NULL;
    KT_TRY(kt_read(tx, p->order, &o.rec));
    return o.state < DONE ? NULL
                          : kt_fail(tx, KT_BAD_STATE, "order", "%s has ended: nothing more is done for it",
                                "%s jest zakończone: nic więcej się dla niego nie robi", o.rec.number.ptr);
}

/* ---- Of one order ---- */

kt_error *operations_of(kt_tx *tx, kt_id order, struct operation **found, size_t *count)
{
    const kt_where where[] = {KT_WHERE(operation, order, KT_EQ, order), {0}};
    const kt_query query = {.of = &operation_shape, .where = where, .sort = "sequence,id"};
    kt_cursor *cursor;
    uint64_t room;
    *count = 0;
    KT_TRY(kt_count(tx, &query, &room));
    *found = kt_alloc(tx, (size_t)(room + 1) * sizeof **found);
    if (!*found)
        return kt_no_memory();
    KT_TRY(kt_open(tx, &query, &cursor));
    for (; *count < room; (*count)++) {
        (*found)[*count] = (struct operation){KT_OF(operation)};
        if (!kt_next(cursor, &(*found)[*count].rec))
            break;
    }
    return kt_close(cursor);
}

/* The numbers of the steps that a step waits for, as in its routing, " 10 20 ". */
static kt_str waits_for(kt_tx *tx, const struct placed *placed, size_t step)
{
    kt_str text = KT_STR("");
    for (size_t i = 0; i < placed->count && i < step; i++)
        if (step_waits_for(placed->routing, step, i))
            text = kt_format(tx, "%s %lld", text.ptr, (long long)placed->steps[i].step->sequence);
    return text.len ? kt_format(tx, "%s ", text.ptr) : (kt_str){0};
}

static void fill(struct operation *p, const struct order *o, const struct placed_step *s)
{
    p->centre = s->centre.rec.id;
    p->quantity = o->quantity;
    p->machine_minutes = s->machine_minutes;
    p->labour_minutes = s->labour_minutes;
    p->setup_minutes = s->step->setup_minutes;
    p->machine_rate = s->centre.machine_rate;
    p->labour_rate = s->centre.labour_rate;
    p->overhead_rate = s->centre.overhead_rate;
    p->begins = s->begins;
    p->ends = s->ends;
    p->deadline = o->due;
}

static kt_error *write_new(kt_tx *tx, const struct order *o, const struct placed *placed, size_t i)
{
    const struct placed_step *s = &placed->steps[i];
    struct operation p = {KT_OF(operation), .order = o->rec.id, .item = o->item,
        .sequence = s->step->sequence, .name = s->step->name, .group = s->step->group,
        .waits_for = waits_for(tx, placed, i), .person = {0}, .state = READY};
    if (p.waits_for.len)
        p.state = BLOCKED;
    fill(&p, o, s);
    return kt_create(tx, &p.rec);
}

kt_error *operations_create(kt_tx *tx, const struct order *o, const struct placed *placed)
{
    for (size_t i = 0; i < placed->count; i++)
        KT_TRY(write_new(tx, o, placed, i));
    return NULL;
}

kt_error *operations_write(kt_tx *tx, const struct order *o, const struct placed *placed)
{
    struct operation *old;
    size_t count;
    if (!placed->count)
        return NULL;
    KT_TRY(operations_of(tx, o->rec.id, &old, &count));
    for (size_t i = 0; i < placed->count; i++) {
        struct operation *p = NULL;
        for (size_t n = 0; n < count; n++)
            if (old[n].sequence == placed->steps[i].step->sequence && old[n].state != DROPPED)
                p = &old[n];
        if (!p) {
            KT_TRY(write_new(tx, o, placed, i));
        } else if (p->state == BLOCKED || p->state == READY) {
            fill(p, o, &placed->steps[i]);
            KT_TRY(kt_update(tx, &p->rec));
        } else if (p->state != FINISHED) { /* it stays where it is, of whatever the order makes now */
            p->quantity = o->quantity;
            p->machine_minutes = placed->steps[i].machine_minutes;
            p->labour_minutes = placed->steps[i].labour_minutes;
            KT_TRY(kt_update(tx, &p->rec));
        }
    }
    return NULL;
}

kt_error *operations_drop(kt_tx *tx, kt_id order)
{
    struct operation *all;
    size_t count;
    KT_TRY(operations_of(tx, order, &all, &count));
    for (size_t i = 0; i < count; i++) {
        if (all[i].state == FINISHED || all[i].state == DROPPED)
            continue;
        all[i].state = DROPPED;
        KT_TRY(kt_update(tx, &all[i].rec));
    }
    return NULL;
}

static kt_dec people_minutes(const struct operation *p, kt_dec machine)
{
    return p->machine_minutes.coef > 0 && p->labour_minutes.scale1
               ? kt_dec_share(machine, p->labour_minutes, p->machine_minutes, 4)
               : machine;
}

static kt_dec allowed_of(kt_dec minutes, kt_dec setup, kt_dec done, kt_dec quantity)
{
    return kt_dec_add(setup, kt_dec_share(kt_dec_sub(minutes, setup), done, quantity, 4));
}

void operation_allows(const struct operation *p, kt_dec done, kt_dec quantity, struct minutes *allowed)
{
    const kt_dec none = KT_DEC(0, 4), setup = kt_dec_add(none, p->setup_minutes);
    *allowed = (struct minutes){none, none};
    if (done.coef > 0)
        *allowed = (struct minutes){allowed_of(p->machine_minutes, setup, done, quantity),
            allowed_of(p->labour_minutes, setup, done, quantity)};
}

void operation_took(const struct operation *p, const struct minutes *allowed, struct minutes *took)
{
    const bool reported = p->actual_minutes.coef || p->state != FINISHED;
    const kt_dec machine = kt_dec_add(KT_DEC(0, 4), p->actual_minutes);
    *took = reported ? (struct minutes){machine, people_minutes(p, machine)} : *allowed;
}

/* ---- Actions ---- */

static kt_error *read_order(kt_tx *tx, const struct operation *p, struct order *o)
{
    *o = (struct order){KT_OF(order)};
    KT_TRY(kt_read(tx, p->order, &o->rec));
    if (o->state == CONFIRMED || o->state == RESERVED || o->state == IN_PROGRESS)
        return NULL;
    return kt_fail(tx, KT_BAD_STATE, "order", "%s is not released for work",
        "%s nie jest przekazane do pracy", o->rec.number.ptr);
}

/* Those that waited for this one are ready if they wait for no other. */
static kt_error *unblock(kt_tx *tx, const struct operation *done)
{
    struct operation *all;
    size_t count;
    KT_TRY(operations_of(tx, done->order, &all, &count));
    for (size_t i = 0; i < count; i++) {
        bool waits = false;
        if (all[i].state != BLOCKED)
            continue;
        for (size_t n = 0; n < count; n++) {
            kt_str number = kt_format(tx, " %lld ", (long long)all[n].sequence);
            bool open = all[n].state != FINISHED && all[n].rec.id.v != done->rec.id.v;
            waits = waits || (open && strstr(all[i].waits_for.ptr ? all[i].waits_for.ptr : "", number.ptr));
        }
        if (waits)
            continue;
        all[i].state = READY;
        KT_TRY(kt_update(tx, &all[i].rec));
    }
    return NULL;
}

#define AT_HELP                                                                                              \
    .help = {"Empty: now. For what is reported later: not before what was reported last.",                   \
        "Puste: teraz. Gdy zgłasza się później: nie wcześniej niż to, co zgłoszono ostatnio."}
/* When something that is reported was.
 *   returns  validation at "at": it lies ahead, or before what was reported last */
static kt_error *moment(kt_tx *tx, const struct operation *p, kt_time given, kt_time *at)
{
    kt_time last = p->running_since;
    *at = given.ms ? given : kt_now(tx);
    if (!last.ms && p->stints.count)
        last = KT_SEE(stint, kt_line(&p->stints, p->stints.count - 1))->until;
    if (at->ms > kt_now(tx).ms)
        return kt_fail(tx, KT_VALIDATION, "at", "lies ahead", "jest w przyszłości");
    if (at->ms < last.ms)
        return kt_fail(tx, KT_VALIDATION, "at", "is before what was reported last",
            "jest wcześniej niż to, co zgłoszono ostatnio");
    return NULL;
}

const kt_shape start_shape = KT_SHAPE(start, NULL, KT_FIELD(start, at, TIME, "When", "Kiedy", AT_HELP),
    KT_FIELD(start, person, REF, "Who", "Kto", .target = "access.user",
        .help = {"Empty: who is assigned, else the caller.", "Puste: przydzielony, a inaczej wywołujący."}));

static kt_error *start_within(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct operation *p = KT_AS(operation, self);
    struct order o;
    kt_time at;
    KT_TRY(read_order(tx, p, &o));
    KT_TRY(moment(tx, p, KT_SEE(start, params)->at, &at));
    if (KT_SEE(start, params)->person.v)
        p->person = KT_SEE(start, params)->person;
    if (!p->person.v)
        p->person = kt_user(tx);
    p->running_since = at;
    if (!p->started_at.ms)
        p->started_at = p->running_since;
    if (o.state == IN_PROGRESS)
        return NULL;
    o.state = IN_PROGRESS;
    o.started_at = at;
    o.steps++;
    return kt_update(tx, &o.rec);
}

/* Ends a stretch of work, and charges the order with it.
 *   s  when it ended and why; its minutes not set: as the clock says */
static kt_error *end_stint(kt_tx *tx, struct operation *p, struct order *o, struct stint s)
{
    struct centre centre = {KT_OF(centre)};
    kt_dec cost, minutes = s.minutes;
    if (!minutes.scale1)
        minutes = kt_dec_div(KT_DEC(s.until.ms - p->running_since.ms, 0), KT_DEC(60000, 0), 2);
    if (minutes.coef < 0)
        return kt_fail(tx, KT_VALIDATION, "minutes", "is not below zero", "nie może być ujemne");
    s.from = p->running_since;
    s.person = p->person;
    s.minutes = minutes;
    p->running_since = (kt_time){0};
    p->actual_minutes = kt_dec_add(p->actual_minutes, minutes);
    KT_TRY(kt_read(tx, p->centre, &centre.rec));
    KT_TRY(cost_of_time(tx, o, &centre, minutes, people_minutes(p, minutes), &cost));
    p->cost = kt_dec_add(p->cost, cost);
    return kt_line_add(tx, &p->stints, &s.rec);
}

#define MINUTES_HELP .help = {"Empty: as the clock says.", "Puste: według zegara."}
const kt_shape pause_shape = KT_SHAPE(pause, NULL,
    KT_FIELD(
        pause, downtime, REF, "Downtime reason", "Powód przestoju", .target = "production.downtime_reason"),
    KT_FIELD(pause, reason, STRING, "Remark", "Uwaga", .max = 200,
        .help = {"The code or name of a downtime reason stands for it.",
            "Kod albo nazwa powodu przestoju wskazuje ten powód."}),
    KT_FIELD(pause, minutes, QUANTITY, "Minutes worked", "Przepracowane minuty", .scale = 2, MINUTES_HELP),
    KT_FIELD(pause, at, TIME, "When", "Kiedy", AT_HELP));

static kt_error *pause_within(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct operation *p = KT_AS(operation, self);
    const struct pause *given = KT_SEE(pause, params);
    struct stint s = {
        KT_OF(stint), .downtime = given->downtime, .reason = given->reason, .minutes = given->minutes};
    struct order o;
    KT_TRY(read_order(tx, p, &o));
    KT_TRY(moment(tx, p, given->at, &s.until));
    KT_TRY(downtime_check(tx, s.downtime));
    if (!s.downtime.v) {
        KT_TRY(downtime_named(tx, s.reason, &s.downtime));
        s.reason = s.downtime.v ? (kt_str){0} : s.reason;
    }
    KT_TRY(end_stint(tx, p, &o, s));
    o.steps++;
    return kt_update(tx, &o.rec);
}

const kt_shape finish_operation_shape = KT_SHAPE(finish_operation, NULL,
    KT_FIELD(finish_operation, good, QUANTITY, "Good", "Dobre", .scale = 4,
        .help = {"Empty: all.", "Puste: wszystkie."}),
    KT_FIELD(finish_operation, scrapped, QUANTITY, "Scrapped", "Braki", .scale = 4,
        .help = {"At the last operation it counts on the order, too.",
            "Przy ostatniej operacji liczą się też w zleceniu."}),
    KT_FIELD(finish_operation, reason, STRING, "Reason of scrap", "Powód braków", .max = 300),
    KT_FIELD(finish_operation, minutes, QUANTITY, "Minutes worked", "Przepracowane minuty", .scale = 2,
        MINUTES_HELP),
    KT_FIELD(finish_operation, at, TIME, "When", "Kiedy", AT_HELP));

static kt_error *is_last(kt_tx *tx, const struct operation *p, bool *last)
{
    struct operation *all;
    size_t count;
    KT_TRY(operations_of(tx, p->order, &all, &count));
    for (size_t i = 0; i < count; i++)
        if (all[i].state != DROPPED)
            *last = all[i].rec.id.v == p->rec.id.v;
    return NULL;
}

static kt_error *finish_within(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct operation *p = KT_AS(operation, self);
    const struct finish_operation *given = KT_SEE(finish_operation, params);
    struct stint s = {KT_OF(stint), .minutes = given->minutes};
    struct order o;
    bool last = false;
    KT_TRY(read_order(tx, p, &o));
    KT_TRY(moment(tx, p, given->at, &s.until));
    KT_TRY(check_pieces(tx, o.item, given->good, "good"));
    KT_TRY(check_pieces(tx, o.item, given->scrapped, "scrapped"));
    p->scrapped = kt_dec_add(KT_DEC(0, 4), given->scrapped);
    p->good = given->good.scale1 ? given->good : kt_dec_sub(p->quantity, p->scrapped);
    if (p->good.coef < 0 || p->scrapped.coef < 0 ||
        kt_dec_cmp(kt_dec_add(p->good, p->scrapped), p->quantity) > 0)
        return kt_fail(tx, KT_VALIDATION, "good", "good and scrapped exceed the quantity",
            "dobre i braki przekraczają ilość");
    if (p->running_since.ms)
        KT_TRY(end_stint(tx, p, &o, s));
    else if (s.minutes.scale1)
        return kt_hint(kt_fail(tx, KT_VALIDATION, "minutes", "nobody works at it: it is paused",
                           "nikt przy niej nie pracuje: jest wstrzymana"),
            "Start it again, or tell the minutes when it is paused.",
            "Rozpocznij ją znowu albo podaj minuty przy wstrzymaniu.");
    p->finished_at = s.until;
    o.steps++;
    KT_TRY(is_last(tx, p, &last));
    KT_TRY(last && p->scrapped.coef ? scrap_told(tx, &o, p->scrapped, given->reason) : kt_update(tx, &o.rec));
    return unblock(tx, p);
}

struct assign {
    kt_record rec;
    kt_id person;
    kt_date deadline;
};
static const kt_shape assign_shape = KT_SHAPE(assign, NULL,
    KT_FIELD(assign, person, REF, "Who", "Kto", .target = "access.user", .required = true),
    KT_FIELD(assign, deadline, DATE, "Until", "Do dnia"));

static kt_error *operation_assign(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct operation *p = KT_AS(operation, self);
    const struct assign *given = KT_SEE(assign, params);
    (void)tx;
    p->person = given->person;
    if (given->deadline.day)
        p->deadline = given->deadline;
    return NULL;
}

static kt_error *operation_start(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return on_own_authority(tx, start_within, self, params);
}

static kt_error *operation_pause(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return on_own_authority(tx, pause_within, self, params);
}

static kt_error *operation_finish(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return on_own_authority(tx, finish_within, self, params);
}

const kt_action operation_actions[] = {
    {"start", {"Start", "Rozpocznij"}, "work", .from = KT_IN(READY) | KT_IN(PAUSED), .to = RUNNING,
        .params = &start_shape, .run = operation_start},
    {"pause", {"Pause", "Wstrzymaj"}, "work", .from = KT_IN(RUNNING), .to = PAUSED, .params = &pause_shape,
        .run = operation_pause},
    {"finish", {"Finish", "Zakończ"}, "work", .from = KT_IN(RUNNING) | KT_IN(PAUSED), .to = FINISHED,
        .params = &finish_operation_shape, .run = operation_finish},
    {"assign", {"Assign", "Przydziel"}, "assign", .from = KT_IN(BLOCKED) | KT_IN(READY) | KT_IN(PAUSED),
        .params = &assign_shape, .run = operation_assign},
    {0},
};
