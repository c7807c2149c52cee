/* The ledger of leave: what was granted for a year, what was taken, what expired. Hours, because a day of leave is
 * eight of them however long a day's work is. Leave that expires first is taken first. */
#include <kontor/documents.h>

#include "hr.h"
#include "leave/polish.h"

static const kt_choice accruals[] = {
    {NO_ACCRUAL, "none", {"Not granted", "Nie przyznawany"}},
    {YEARLY, "yearly", {"Each year", "Co roku"}},
    {MONTHLY, "monthly", {"Each month", "Co miesiąc"}},
    {POLISH_ANNUAL, "polish_annual", {"Polish annual leave", "Urlop wypoczynkowy (KP)"}},
    {0},
};
const kt_shape leave_type_shape = KT_SHAPE(leave_type, "hr.leave_type",
    KT_FIELD(
        leave_type, code, STRING, "Code", "Kod", .required = true, .unique = true, .max = 40, .priority = 1),
    KT_FIELD(leave_type, name, STRING, "Name", "Nazwa", .required = true, .max = 120, .priority = 2),
    KT_FIELD(leave_type, name_pl, STRING, "Polish name", "Nazwa polska", .max = 120),
    KT_FIELD(leave_type, unpaid, BOOL, "Unpaid", "Bezpłatny"),
    KT_FIELD(leave_type, unlimited, BOOL, "Without a balance", "Bez puli",
        .help = {"Otherwise only as much as is left may be taken.",
            "W przeciwnym razie można wziąć tylko tyle, ile zostało."}),
    KT_FIELD(leave_type, negative, BOOL, "May go below zero", "Może zejść poniżej zera"),
    KT_FIELD(leave_type, by_hour, BOOL, "By the hour", "Na godziny"),
    KT_FIELD(leave_type, keeps_annual, BOOL, "Leaves the year's annual leave whole",
        "Nie zmniejsza urlopu wypoczynkowego z tego roku",
        .help = {"Of unpaid leave that begins within the year: as child-raising leave (art. 155(2) par. 2).",
            "Gdy urlop bezpłatny zaczyna się w ciągu roku: jak urlop wychowawczy (art. 155(2) § 2 KP)."}),
    KT_FIELD(leave_type, part_of, REF, "Taken out of", "Z puli urlopu", .target = "hr.leave_type",
        .help = {"Has no balance of its own; at most the days a year are taken of the other one.",
            "Bez własnej puli; najwyżej podaną liczbę dni w roku bierze się z tamtej."}),
    KT_FIELD(leave_type, accrual, STATE, "Granted", "Przyznawany", .choices = accruals, .initial = "none",
        .priority = 3),
    KT_FIELD(leave_type, days, QUANTITY, "Days a year", "Dni w roku", .scale = 2, .priority = 4,
        .required_if = "[[\"accrual\",\"in\",[\"yearly\",\"monthly\"]]]"),
    KT_FIELD(leave_type, kept_months, INT, "Kept after the year, months", "Zachowany po roku, miesiące",
        .help = {"0: what is left at the end of the year is lost.", "0: reszta przepada z końcem roku."}),
    KT_FIELD(leave_type, active, BOOL, "Active", "Aktywny", .initial = "true"));

static const kt_choice entry_kinds[] = {{GRANTED, "granted", {"Granted", "Przyznano"}},
    {CARRIED, "carried", {"Brought in", "Przeniesiono"}}, {EXPIRED, "expired", {"Expired", "Przepadło"}},
    {TAKEN, "taken", {"Taken", "Wykorzystano"}}, {RETURNED, "returned", {"Given back", "Zwrócono"}},
    {CORRECTED, "corrected", {"Corrected", "Skorygowano"}}, {0}};
const kt_shape leave_entry_shape = KT_SHAPE(leave_entry, "hr.leave_entry",
    KT_FIELD(leave_entry, employee, REF, "Employee", "Pracownik", .target = "hr.employee", .required = true,
        .fixed = true, .priority = 1),
    KT_FIELD(leave_entry, owner, REF, "User", "Użytkownik", .target = "access.user", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(leave_entry, type, REF, "Leave", "Rodzaj urlopu", .target = "hr.leave_type", .required = true,
        .fixed = true, .priority = 2),
    KT_FIELD(leave_entry, year, INT, "Year", "Rok", .required = true, .fixed = true, .priority = 3),
    KT_FIELD(leave_entry, month, INT, "Month", "Miesiąc", .fixed = true),
    KT_FIELD(leave_entry, kind, STATE, "Kind", "Rodzaj", .choices = entry_kinds, .initial = "corrected",
        .fixed = true, .priority = 4),
    KT_FIELD(leave_entry, day, DATE, "Day", "Dzień", .initial = "today", .fixed = true, .priority = 5,
        .help = {"Of what was granted: from which day on it is there.",
            "Tego, co przyznano: od którego dnia przysługuje."}),
    KT_FIELD(leave_entry, hours, QUANTITY, "Hours", "Godziny", .scale = 2, .required = true, .fixed = true,
        .priority = 6, .help = {"Below zero: taken.", "Poniżej zera: wykorzystane."}),
    KT_FIELD(leave_entry, expires, DATE, "Expires on", "Przepada dnia", .fixed = true,
        .help = {"Of what was granted; empty: never.", "Tego, co przyznano; puste: nigdy."}),
    KT_FIELD(leave_entry, leave, REF, "Request", "Wniosek", .target = "hr.leave", .fixed = true,
        .on_delete = KT_CASCADE),
    KT_FIELD(leave_entry, note, STRING, "Note", "Uwaga", .max = 200));

static const kt_dec no_hours = {0, 3};

kt_error *leave_type_compute(kt_tx *tx, kt_record *self)
{
    const struct leave_type *t = KT_AS(leave_type, self);
    kt_error *all = NULL;
    if (t->days.scale1 && (t->days.coef < 0 || kt_dec_cmp(t->days, KT_DEC(366, 0)) > 0))
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, "days", "days of a year are 0 to 366", "dni w roku to 0 do 366"));
    if (t->kept_months < 0 || t->kept_months > 120)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "kept_months", "months are 0 to 120", "miesiące to 0 do 120"));
    if (t->part_of.v && t->part_of.v == t->rec.id.v)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "part_of", "is no part of itself", "nie jest częścią siebie"));
    return all;
}

/* ---- Years that hours are left of ---- */

struct seen_entry {
    int64_t year;
    enum entry_kind kind;
    kt_date day, expires;
    kt_dec hours;
};
struct ledger { /* of an employee and a kind of leave, by year */
    struct seen_entry *items;
    size_t count;
};
struct pot {
    int64_t year;
    kt_date expires; /* not set: never */
    kt_dec granted, taken;
};
enum { POTS = 40 };
struct pots {
    struct pot items[POTS];
    size_t count;
};

static int year_of(kt_date day)
{
    int y, m, d;
    kt_date_parts(day, &y, &m, &d);
    return y;
}

static kt_error *read_ledger(kt_tx *tx, kt_id employee, kt_id type, struct ledger *l)
{
    const kt_where where[] = {
        KT_WHERE(leave_entry, employee, KT_EQ, employee), KT_WHERE(leave_entry, type, KT_EQ, type), {0}};
    const kt_query query = {.of = &leave_entry_shape, .where = where, .sort = "year,id"};
    struct leave_entry e = {KT_OF(leave_entry)};
    uint64_t room;
    kt_cursor *cursor;
    KT_TRY(kt_count(tx, &query, &room));
    *l = (struct ledger){kt_alloc(tx, (size_t)(room + 1) * sizeof *l->items), 0};
    if (!l->items)
        return kt_no_memory();
    KT_TRY(kt_open(tx, &query, &cursor));
    while (l->count < room && kt_next(cursor, &e.rec))
        l->items[l->count++] = (struct seen_entry){e.year, e.kind, e.day, e.expires, e.hours};
    return kt_close(cursor);
}

static struct pot *pot_of(struct pots *p, int64_t year)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->items[i].year == year)
            return &p->items[i];
    if (p->count == POTS)
        return NULL;
    p->items[p->count] = (struct pot){.year = year, .granted = no_hours, .taken = no_hours};
    return &p->items[p->count++];
}

static bool is_use(enum entry_kind kind)
{
    return kind == TAKEN || kind == RETURNED;
}

/* Is it there on a day? What was entered by hand is in its year. */
static bool is_there(const struct seen_entry *e, kt_date day)
{
    return is_use(e->kind) || (e->kind == GRANTED ? e->day.day <= day.day : e->year <= year_of(day));
}

static void pots_on(const struct ledger *l, kt_date day, struct pots *p)
{
    p->count = 0;
    for (size_t i = 0; i < l->count; i++) {
        const struct seen_entry *e = &l->items[i];
        struct pot *pot = is_there(e, day) ? pot_of(p, e->year) : NULL;
        if (!pot)
            continue;
        if (is_use(e->kind))
            pot->taken = kt_dec_sub(pot->taken, e->hours);
        else
            pot->granted = kt_dec_add(pot->granted, e->hours);
        if (e->expires.day > pot->expires.day)
            pot->expires = e->expires;
    }
}

static kt_dec left_of(const struct pot *p, kt_date day)
{
    bool over = p->expires.day && p->expires.day < day.day;
    kt_dec left = kt_dec_sub(p->granted, p->taken);
    return over && left.coef > 0 ? no_hours : left;
}

kt_error *balance_left(kt_tx *tx, kt_id employee, kt_id type, kt_date day, kt_dec *hours)
{
    struct ledger l;
    struct pots p;
    KT_TRY(read_ledger(tx, employee, type, &l));
    pots_on(&l, day, &p);
    *hours = no_hours;
    for (size_t i = 0; i < p.count; i++)
        *hours = kt_dec_add(*hours, left_of(&p.items[i], day));
    return NULL;
}

/* ---- What a leave takes ---- */

struct taking {
    kt_id type; /* out of whose ledger */
    struct ledger ledger;
    struct pots of;
    kt_dec lacking;
};

/* Hours of one day, from the years that expire first. */
static void take_on(struct taking *t, kt_date day, kt_dec hours)
{
    struct pots p;
    pots_on(&t->ledger, day, &p);
    for (size_t i = 0; i < p.count && hours.coef > 0; i++) {
        struct pot *mine = pot_of(&t->of, p.items[i].year);
        if (!mine)
            break;
        kt_dec some = kt_dec_sub(left_of(&p.items[i], day), mine->taken);
        if (some.coef <= 0)
            continue;
        some = kt_dec_cmp(some, hours) < 0 ? some : hours;
        mine->taken = kt_dec_add(mine->taken, some);
        hours = kt_dec_sub(hours, some);
    }
    t->lacking = kt_dec_add(t->lacking, hours);
}

/* Day by day, as the hours were counted; what the plan changed since then falls on the last one. */
static kt_error *take_days(kt_tx *tx, const struct leave *l, struct taking *t)
{
    kt_dec rest = l->hours;
    int64_t minutes = 0, planned;
    for (kt_date day = l->from; day.day < l->until.day && rest.coef > 0; day = kt_date_add(day, 1)) {
        KT_TRY(planned_minutes(tx, l->employee, day, &planned));
        minutes += planned;
        kt_dec by_then = kt_dec_div(KT_DEC(minutes, 0), KT_DEC(60, 0), 2),
               some = kt_dec_sub(by_then, kt_dec_sub(l->hours, rest));
        some = kt_dec_cmp(some, rest) < 0 ? some : rest;
        take_on(t, day, some);
        rest = kt_dec_sub(rest, some);
    }
    take_on(t, l->until, rest);
    return NULL;
}

static kt_error *too_few(kt_tx *tx, kt_dec lacking)
{
    lacking = kt_dec_round(lacking, 2);
    return kt_hint(kt_fail(tx, KT_RULE, "until", "%lld.%02lld hours more than there are on these days",
                       "o %lld,%02lld godzin więcej, niż przysługuje w te dni",
                       (long long)(lacking.coef / 100), (long long)(lacking.coef % 100)),
        "See hr.leave_balance, or choose another kind of leave.",
        "Zobacz hr.leave_balance albo wybierz inny rodzaj urlopu.");
}

/* Of leave that is taken out of another one there are so many days a year. */
static kt_error *check_part(kt_tx *tx, const struct leave *l, const struct leave_type *type)
{
    const int year = year_of(l->from);
    const kt_date first = kt_date_make(year, 1, 1), last = kt_date_make(year, 12, 31);
    const kt_where where[] = {KT_WHERE(leave, employee, KT_EQ, l->employee),
        KT_WHERE(leave, type, KT_EQ, l->type), KT_WHERE(leave, from, KT_GE, first),
        KT_WHERE(leave, from, KT_LE, last), {0}};
    struct leave other = {KT_OF(leave)};
    kt_dec days = l->days;
    kt_cursor *cursor;
    KT_TRY(kt_open(tx,
        &(kt_query){.of = &leave_shape,
            .where = where,
            .filter = KT_STR("[[\"state\",\"in\",[\"submitted\",\"approved\"]]]")},
        &cursor));
    while (kt_next(cursor, &other.rec))
        if (other.rec.id.v != l->rec.id.v)
            days = kt_dec_add(days, other.days);
    KT_TRY(kt_close(cursor));
    if (!type->days.scale1 || kt_dec_cmp(days, type->days) <= 0)
        return NULL;
    return kt_fail(tx, KT_RULE, "until", "with this request %s days of the year; at most %s may be",
        "z tym wnioskiem %s dni w roku; może być najwyżej %s", kt_dec_text(tx, days, 0).ptr,
        kt_dec_text(tx, type->days, 0).ptr);
}

/* t->type is not set where nothing is counted. */
static kt_error *work_out(kt_tx *tx, const struct leave *l, struct taking *t)
{
    struct leave_type type = {KT_OF(leave_type)}, whole = {KT_OF(leave_type)};
    *t = (struct taking){.lacking = no_hours};
    KT_TRY(kt_read(tx, l->type, &type.rec));
    if (type.part_of.v) {
        KT_TRY(check_part(tx, l, &type));
        KT_TRY(kt_read(tx, type.part_of, &whole.rec));
    } else {
        whole = type;
    }
    if (whole.unlimited)
        return NULL;
    t->type = whole.rec.id;
    KT_TRY(read_ledger(tx, l->employee, t->type, &t->ledger));
    KT_TRY(take_days(tx, l, t));
    return whole.negative || t->lacking.coef <= 0 ? NULL : too_few(tx, t->lacking);
}

kt_error *balance_check(kt_tx *tx, const struct leave *l)
{
    struct taking t;
    return work_out(tx, l, &t);
}

static kt_error *write_entry(
    kt_tx *tx, const struct leave *l, kt_id type, int64_t year, enum entry_kind kind, kt_dec hours)
{
    struct leave_entry e = {KT_OF(leave_entry), .employee = l->employee, .owner = l->owner, .type = type,
        .year = year, .kind = kind, .day = l->from, .hours = hours, .leave = l->rec.id};
    return hours.coef ? kt_create(tx, &e.rec) : NULL;
}

kt_error *balance_take(kt_tx *tx, const struct leave *l)
{
    struct taking t;
    KT_TRY(work_out(tx, l, &t));
    if (!t.type.v)
        return NULL;
    for (size_t i = 0; i < t.of.count; i++)
        KT_TRY(write_entry(tx, l, t.type, t.of.items[i].year, TAKEN, kt_dec_neg(t.of.items[i].taken)));
    return write_entry(tx, l, t.type, year_of(l->from), TAKEN, kt_dec_neg(t.lacking));
}

kt_error *balance_return(kt_tx *tx, const struct leave *l)
{
    const kt_where where[] = {KT_WHERE(leave_entry, leave, KT_EQ, l->rec.id), {0}};
    struct leave_entry e = {KT_OF(leave_entry)};
    struct pots p = {0};
    kt_id type = {0};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &leave_entry_shape, .where = where, .sort = "id"}, &cursor));
    while (kt_next(cursor, &e.rec)) {
        struct pot *pot = pot_of(&p, e.year);
        if (pot)
            pot->taken = kt_dec_sub(pot->taken, e.hours);
        type = e.type;
    }
    KT_TRY(kt_close(cursor));
    for (size_t i = 0; i < p.count; i++)
        KT_TRY(write_entry(tx, l, type, p.items[i].year, RETURNED, p.items[i].taken));
    return NULL;
}

/* ---- hr.leave_balance ---- */

struct balance {
    kt_record rec;
    kt_id employee, type;
    kt_date day;
};
const kt_shape balance_shape = KT_SHAPE(balance, NULL,
    KT_FIELD(balance, employee, REF, "Employee", "Pracownik", .target = "hr.employee",
        .help = {"Empty: you.", "Puste: Ty."}),
    KT_FIELD(balance, type, REF, "Leave", "Rodzaj urlopu", .target = "hr.leave_type"),
    KT_FIELD(balance, day, DATE, "On", "Na dzień", .initial = "today"));
struct balance_row {
    kt_record rec;
    kt_id type;
    kt_str name;
    int64_t year;
    kt_dec granted, taken, left, days;
    kt_date expires;
    bool overdue;
};
static const kt_shape balance_row_shape = KT_SHAPE(balance_row, NULL,
    KT_FIELD(balance_row, type, REF, "Leave", "Rodzaj urlopu", .target = "hr.leave_type"),
    KT_FIELD(balance_row, name, STRING, "Name", "Nazwa"),
    KT_FIELD(balance_row, year, INT, "Of the year", "Za rok"),
    KT_FIELD(balance_row, granted, QUANTITY, "Granted, hours", "Przyznano, godziny", .scale = 2),
    KT_FIELD(balance_row, taken, QUANTITY, "Taken, hours", "Wykorzystano, godziny", .scale = 2),
    KT_FIELD(balance_row, left, QUANTITY, "Left, hours", "Zostało, godziny", .scale = 2),
    KT_FIELD(balance_row, days, QUANTITY, "Left, days", "Zostało, dni", .scale = 2),
    KT_FIELD(balance_row, expires, DATE, "Expires on", "Przepada dnia"),
    KT_FIELD(balance_row, overdue, BOOL, "Should have been taken", "Zaległy",
        .help = {"Leave of a past year after 30 September (art. 168).",
            "Urlop z minionego roku po 30 września (art. 168 KP)."}));
struct balance_found {
    kt_record rec;
    kt_lines rows;
};
const kt_shape balance_found_shape = KT_SHAPE(balance_found, NULL,
    KT_FIELD(balance_found, rows, LINES, "Balance", "Saldo", .lines = &balance_row_shape));

static kt_error *show_pots(kt_tx *tx, kt_id employee, const struct leave_type *t, kt_date day, kt_lines *rows)
{
    struct ledger l;
    struct pots p;
    KT_TRY(read_ledger(tx, employee, t->rec.id, &l));
    pots_on(&l, day, &p);
    for (size_t i = 0; i < p.count; i++) {
        const struct pot *pot = &p.items[i];
        struct balance_row row = {KT_OF(balance_row), .type = t->rec.id,
            .name = kt_say(tx, (kt_text){t->name.ptr, t->name_pl.ptr ? t->name_pl.ptr : t->name.ptr}),
            .year = pot->year, .granted = pot->granted, .taken = pot->taken, .left = left_of(pot, day),
            .expires = pot->expires};
        row.days = kt_dec_div(row.left, KT_DEC(LEAVE_DAY_HOURS, 0), 2);
        row.overdue = t->accrual == POLISH_ANNUAL && row.left.coef > 0 &&
                      day.day >= polish_overdue_from((int)pot->year).day;
        KT_TRY(kt_line_add(tx, rows, &row.rec));
    }
    return NULL;
}

kt_error *leave_balance(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct balance *p = KT_SEE(balance, params);
    struct employee e;
    struct leave_type t = {KT_OF(leave_type)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(employee_read(tx, p->employee, &e));
    KT_TRY(kt_open(tx, &(kt_query){.of = &leave_type_shape, .sort = "id"}, &cursor));
    while (!error && kt_next(cursor, &t.rec))
        if (!p->type.v || p->type.v == t.rec.id.v)
            error = show_pots(tx, e.rec.id, &t, p->day, &KT_AS(balance_found, result)->rows);
    kt_also(&error, kt_close(cursor));
    return error;
}
