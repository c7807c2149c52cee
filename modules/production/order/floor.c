/* Work centres as machines: their calendars, and the operations that take them already. */
#include <stdlib.h>
#include <string.h>

#include <kontor/calendars.h>
#include <kontor/list.h>
#include <kontor/staff.h>

#include "order/order.h"

enum { MINUTE_MS = 60000, DAY_MS = 86400000 };

static void *take(void *context, size_t size)
{
    return kt_alloc((kt_tx *)context, size);
}

static void *take_lasting(void *context, size_t size)
{
    kt_tx *tx = context;
    kt_memory before = kt_lasting_memory(tx);
    void *taken = kt_alloc(tx, size);
    kt_error *none = kt_callers_memory(tx, before, NULL);
    return none ? NULL : taken;
}

int64_t to_minutes(kt_time at)
{
    return (at.ms + MINUTE_MS - 1) / MINUTE_MS;
}

kt_time from_minutes(int64_t at)
{
    return (kt_time){at * MINUTE_MS};
}

int64_t taken_minutes(const struct centre *centre, kt_dec machine_minutes)
{
    kt_dec exact = kt_dec_div(kt_dec_mul(machine_minutes, KT_DEC(100, 0), 4), centre->efficiency, 4);
    kt_dec whole = kt_dec_round(exact, 0);
    return whole.coef + (kt_dec_cmp(whole, exact) < 0);
}

void floor_open(kt_tx *tx, struct floor *floor, kt_time from, int64_t days)
{
    *floor = (struct floor){.memory = {take, tx}, .from = from, .days = days};
}

static const char shared_key;

kt_error *floor_shared(kt_tx *tx, int64_t days, struct floor **floor)
{
    *floor = kt_kept(tx, &shared_key);
    if (*floor && (*floor)->days >= days)
        return NULL;
    *floor = take_lasting(tx, sizeof **floor);
    if (!*floor)
        return kt_no_memory();
    **floor = (struct floor){.memory = {take_lasting, tx}, .from = kt_now(tx), .days = days, .shared = true};
    return kt_keep(tx, &shared_key, *floor);
}

kt_error *floor_forget(kt_tx *tx)
{
    return kt_kept(tx, &shared_key) ? kt_keep(tx, &shared_key, NULL) : NULL;
}

/* ---- Calendars ---- */

static kt_error *read_calendar(kt_tx *tx, const struct floor *floor, kt_id calendar, timeline *time)
{
    const kt_calendars *calendars = kt_calendars_find(tx);
    size_t room = (size_t)floor->days * 4 + 8, count = 0;
    kt_span *spans = kt_alloc(tx, room * sizeof *spans);
    struct span *own = MEMORY_ARRAY(&floor->memory, struct span, room);
    *time = (timeline){0};
    if (!spans || !own)
        return kt_no_memory();
    if (!calendars)
        return NULL;
    kt_time until = {floor->from.ms + floor->days * DAY_MS};
    KT_TRY(calendars->spans(tx, calendar, floor->from, until, spans, room, &count));
    if (count == 1 && spans[0].from.ms == floor->from.ms && spans[0].until.ms == until.ms)
        return NULL; /* round the clock */
    if (!count)
        own[count++] = (struct span){0, 1, 0}; /* it works never: nothing fits */
    else
        for (size_t i = 0; i < count; i++)
            own[i] = (struct span){to_minutes(spans[i].from), spans[i].until.ms / MINUTE_MS, 0};
    timeline_count(own, count);
    *time = (timeline){own, count};
    return NULL;
}

/* ---- People ---- */

struct steps { /* how many people are there: present[i] from begins[i] until begins[i + 1] */
    int64_t *begins, *present;
    size_t count;
};

/* The working time of one slot: without the times at which no more people are there than slots before it. */
static kt_error *cut_steps(
    const struct floor *floor, const timeline *whole, const struct steps *s, int64_t slot, timeline *out)
{
    const int64_t *begins = s->begins, *present = s->present;
    const struct span always = {begins[0], begins[s->count], 0};
    const struct span *spans = whole->count ? whole->spans : &always;
    size_t count = whole->count ? whole->count : 1, kept = 0, d = 0;
    struct span *own = MEMORY_ARRAY(&floor->memory, struct span, count + s->count + 1);
    if (!own)
        return kt_no_memory();
    for (size_t i = 0; i < count; i++)
        for (int64_t at = spans[i].from, end; at < spans[i].until; at = end) {
            while (d + 1 < s->count && begins[d + 1] <= at)
                d++;
            end = d + 1 < s->count && begins[d + 1] < spans[i].until ? begins[d + 1] : spans[i].until;
            if (present[d] <= slot)
                continue;
            if (kept && own[kept - 1].until == at)
                own[kept - 1].until = end;
            else
                own[kept++] = (struct span){at, end, 0};
        }
    if (!kept)
        own[kept++] = (struct span){0, 1, 0}; /* nobody is ever there */
    timeline_count(own, kept);
    *out = (timeline){own, kept};
    return NULL;
}

/* Where the first half of a day's working time ends. */
static kt_error *middle(kt_tx *tx, kt_id calendar, kt_date day, int64_t *at)
{
    const kt_calendars *calendars = kt_calendars_find(tx);
    kt_time begins = kt_instant(tx, day, 0), ends = kt_instant(tx, kt_date_add(day, 1), 0), half = begins;
    int64_t minutes = 0;
    if (calendars)
        KT_TRY(calendars->between(tx, calendar, begins, ends, &minutes));
    if (minutes)
        KT_TRY(calendars->add(tx, calendar, begins, minutes / 2, &half));
    *at = to_minutes(half);
    return NULL;
}

/* Where the halves of days begin; of a day on which as many are there before noon as after it the first is empty. */
static kt_error *half_days(
    kt_tx *tx, kt_id calendar, kt_date first, const int64_t *present, size_t days, int64_t *begins)
{
    for (size_t i = 0; i <= days; i++) {
        kt_date day = kt_date_add(first, (int32_t)i);
        begins[2 * i] = to_minutes(kt_instant(tx, day, 0));
        if (i == days)
            break;
        begins[2 * i + 1] = begins[2 * i];
        if (present[2 * i] != present[2 * i + 1])
            KT_TRY(middle(tx, calendar, day, &begins[2 * i + 1]));
    }
    return NULL;
}

/* Parts the step within which an instant falls. */
static void split_at(struct steps *s, int64_t at)
{
    size_t i = 0;
    while (i < s->count && s->begins[i + 1] <= at)
        i++;
    if (i == s->count || s->begins[i] >= at)
        return;
    memmove(&s->begins[i + 2], &s->begins[i + 1], (s->count - i) * sizeof *s->begins);
    memmove(&s->present[i + 1], &s->present[i], (s->count - i) * sizeof *s->present);
    s->begins[i + 1] = at;
    s->count++;
}

static void take_gap(struct steps *s, const kt_gap *gap)
{
    const int64_t from = gap->from.ms / MINUTE_MS, until = to_minutes(gap->until);
    split_at(s, from);
    split_at(s, until);
    for (size_t i = 0; i < s->count; i++)
        s->present[i] -= s->begins[i] >= from && s->begins[i + 1] <= until;
}

static kt_error *read_steps(
    kt_tx *tx, const struct floor *floor, const struct centre *c, bool *needed, struct steps *s)
{
    const kt_staff *staff = kt_staff_find(tx);
    const size_t days = (size_t)floor->days + 2;
    const kt_date first = local_day(tx, floor->from);
    kt_present p;
    *needed = false;
    if (!staff)
        return NULL;
    KT_TRY(staff->present(tx, kt_any(tx, centre_shape.name, c->rec.id), first, days, &p));
    *needed = p.needed;
    if (!p.needed)
        return NULL;
    const size_t room = 2 * days + 2 * p.gap_count;
    *s = (struct steps){
        kt_alloc(tx, (room + 1) * sizeof *s->begins), kt_alloc(tx, room * sizeof *s->present), 2 * days};
    if (!s->begins || !s->present)
        return kt_no_memory();
    memcpy(s->present, p.halves, 2 * days * sizeof *s->present);
    KT_TRY(half_days(tx, c->calendar, first, p.halves, days, s->begins));
    for (size_t i = 0; i < p.gap_count; i++)
        take_gap(s, &p.gaps[i]);
    return NULL;
}

/* Where a centre needs qualified people, no more slots work than people are there. */
static kt_error *limit_by_people(
    kt_tx *tx, const struct floor *floor, const struct centre *c, struct machine *m)
{
    struct steps s;
    bool needed;
    KT_TRY(read_steps(tx, floor, c, &needed, &s));
    for (unsigned slot = 0; needed && slot < m->slot_count; slot++) {
        bool same = slot > 0;
        for (size_t i = 0; i < s.count && same; i++)
            same = s.present[i] != slot;
        if (same) /* as many are there for this one as for the one before */
            m->slots[slot].time = m->slots[slot - 1].time;
        else
            KT_TRY(cut_steps(floor, &m->time, &s, slot, &m->slots[slot].time));
    }
    return NULL;
}

/* ---- What is placed already ---- */

/* An index of operations begins with the centre and has all of this, and in its order nothing is sorted and no record
 * read: a centre may have thousands to do. */
struct booking {
    kt_record rec;
    kt_id order, centre;
    enum operation_state state;
    kt_time begins, ends;
};
static const kt_shape booking_shape = KT_SHAPE(booking, "production.operation",
    KT_BIND(booking, order, REF, "order"), KT_BIND(booking, centre, REF, "centre"),
    KT_BIND(booking, state, STATE, "state"), KT_BIND(booking, begins, TIME, "begins"),
    KT_BIND(booking, ends, TIME, "ends"));

static int by_begin(const void *a, const void *b)
{
    const struct busy *x = a, *y = b;
    return x->from != y->from ? (x->from < y->from ? -1 : 1) : (x->until > y->until) - (x->until < y->until);
}

static kt_error *read_bookings(
    kt_tx *tx, const kt_query *query, kt_id except, struct busy **booked, size_t *count)
{
    struct booking b = {KT_OF(booking)};
    kt_cursor *cursor;
    size_t room = 0;
    bool enough = true;
    *count = 0;
    *booked = NULL;
    KT_TRY(kt_open(tx, query, &cursor));
    while (enough && kt_next(cursor, &b.rec)) {
        if ((b.order.v == except.v && b.state <= READY) || b.state == FINISHED || b.state == DROPPED)
            continue;
        *booked = kt_grow(tx, *booked, *count, &room, sizeof **booked);
        if ((enough = *booked))
            (*booked)[(*count)++] = (struct busy){b.begins.ms / MINUTE_MS, to_minutes(b.ends)};
    }
    KT_TRY(kt_close(cursor));
    return enough ? NULL : kt_no_memory();
}

/* By their beginnings: so the first slot that is free is always good enough, and as many slots are taken as there
 * are operations at once. */
static kt_error *book_open(
    kt_tx *tx, const struct floor *floor, kt_id centre, kt_id except, struct machine *m)
{
    const kt_where where[] = {
        KT_WHERE(booking, centre, KT_EQ, centre), KT_WHERE(booking, ends, KT_GT, floor->from), {0}};
    struct busy *booked;
    size_t count;
    const kt_query open = {
        .of = &booking_shape, .where = where, .sort = "ends,begins,state,order", .slim = true};
    KT_TRY(read_bookings(tx, &open, except, &booked, &count));
    if (count)
        qsort(booked, count, sizeof *booked, by_begin);
    for (size_t i = 0; i < count; i++)
        if (!machine_book(&floor->memory, m, booked[i].from, booked[i].until))
            return kt_no_memory();
    return NULL;
}

/* ---- Machines ---- */

/* In the floor's own memory. */
static void *grown(const struct floor *floor, void *items, size_t *room, size_t size)
{
    return kt_grow_from(floor->memory.take, floor->memory.context, items, floor->count, room, size);
}

static kt_error *make_room(struct floor *floor)
{
    size_t room = floor->room;
    struct machine *machines = grown(floor, floor->machines, &room, sizeof *machines);
    if (!machines)
        return kt_no_memory();
    floor->machines = machines;
    struct centre *centres = grown(floor, floor->centres, &floor->room, sizeof *centres);
    if (!centres)
        return kt_no_memory();
    floor->centres = centres;
    return NULL;
}

static kt_error *add_machine(kt_tx *tx, struct floor *floor, kt_id centre, kt_id except, bool empty)
{
    timeline time;
    KT_TRY(make_room(floor));
    struct centre *c = &floor->centres[floor->count];
    struct machine *m = &floor->machines[floor->count];
    *c = (struct centre){KT_OF(centre)};
    KT_TRY(kt_read(tx, centre, &c->rec));
    KT_TRY(read_calendar(tx, floor, c->calendar, &time));
    if (!machine_open(&floor->memory, time, (unsigned)c->slots, m))
        return kt_no_memory();
    KT_TRY(limit_by_people(tx, floor, c, m));
    if (!empty)
        KT_TRY(book_open(tx, floor, centre, except, m));
    KT_TRY(id_map_put(tx, &floor->index, centre, (uint32_t)floor->count));
    floor->count++;
    return NULL;
}

kt_error *floor_machine(
    kt_tx *tx, struct floor *floor, kt_id centre, kt_id except, bool empty, unsigned *machine)
{
    uint32_t at;
    if (!id_map_find(&floor->index, centre, &at)) {
        at = (uint32_t)floor->count;
        kt_memory before = floor->shared ? kt_lasting_memory(tx) : (kt_memory){0};
        kt_error *error = add_machine(tx, floor, centre, except, empty);
        KT_TRY(floor->shared ? kt_callers_memory(tx, before, error) : error);
    }
    *machine = at;
    return NULL;
}

static kt_error *read_group(kt_tx *tx, const kt_where *where, kt_id *ids, size_t room, size_t *count)
{
    struct centre c = {KT_OF(centre)};
    kt_cursor *cursor;
    *count = 0;
    KT_TRY(kt_open(tx,
        &(kt_query){.of = &centre_shape, .where = where, .sort = "code", .limit = (uint32_t)room}, &cursor));
    while (kt_next(cursor, &c.rec))
        ids[(*count)++] = c.rec.id;
    return kt_close(cursor);
}

/* Those in use; what is under way goes on where none of a group is. */
static kt_error *of_group(kt_tx *tx, kt_str group, kt_id *ids, size_t room, size_t *count)
{
    const kt_where all[] = {{offsetof(struct centre, group), KT_EQ, &group}, {0}};
    const kt_where in_use[] = {all[0], KT_WHERE(centre, active, KT_EQ, true), {0}};
    KT_TRY(read_group(tx, in_use, ids, room, count));
    if (!*count)
        KT_TRY(read_group(tx, all, ids, room, count));
    return *count ? NULL
                  : kt_fail(tx, KT_RULE, "routing", "no work centre is of group \"%s\"",
                        "żadne stanowisko nie należy do grupy „%s”", group.ptr ? group.ptr : "");
}

kt_error *floor_choice(kt_tx *tx, struct floor *floor, kt_id centre, kt_str group, kt_id except, bool empty,
    unsigned **machines, size_t *count)
{
    enum { GROUP_MAX = 100 };
    kt_id ids[GROUP_MAX] = {centre};
    *count = 1;
    if (!centre.v)
        KT_TRY(of_group(tx, group, ids, GROUP_MAX, count));
    *machines = kt_alloc(tx, *count * sizeof **machines);
    if (!*machines)
        return kt_no_memory();
    for (size_t i = 0; i < *count; i++)
        KT_TRY(floor_machine(tx, floor, ids[i], except, empty, &(*machines)[i]));
    return NULL;
}
