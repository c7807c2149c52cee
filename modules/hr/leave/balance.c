/* The ledger of leave: what was granted for a year, what was taken, what expired. Hours, because a day of leave is
 * eight of them however long a day's work is. Leave that expires first is taken first. */
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
    KT_FIELD(leave_type, accrual, STATE, "Granted", "Przyznawany", .choices = accruals, .initial = "none",
        .priority = 3),
    KT_FIELD(leave_type, days, QUANTITY, "Days a year", "Dni w roku", .scale = 2, .priority = 4),
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
    KT_FIELD(leave_entry, day, DATE, "Day", "Dzień", .initial = "today", .fixed = true, .priority = 5),
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
    if ((t->accrual == YEARLY || t->accrual == MONTHLY) && !t->days.scale1)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "days", "is required: how many days are granted",
                          "jest wymagane: ile dni się przyznaje"));
    if (t->kept_months < 0 || t->kept_months > 120)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "kept_months", "months are 0 to 120", "miesiące to 0 do 120"));
    return all;
}

/* ---- Years that hours are left of ---- */

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

static kt_error *read_pots(kt_tx *tx, kt_id employee, kt_id type, struct pots *p)
{
    const kt_where where[] = {
        KT_WHERE(leave_entry, employee, KT_EQ, employee), KT_WHERE(leave_entry, type, KT_EQ, type), {0}};
    struct leave_entry e = {KT_OF(leave_entry)};
    kt_cursor *cursor;
    *p = (struct pots){0};
    KT_TRY(kt_open(tx, &(kt_query){.of = &leave_entry_shape, .where = where, .sort = "year,id"}, &cursor));
    while (kt_next(cursor, &e.rec)) {
        struct pot *pot = pot_of(p, e.year);
        bool used = e.kind == TAKEN || e.kind == RETURNED;
        if (!pot)
            break;
        if (used)
            pot->taken = kt_dec_sub(pot->taken, e.hours);
        else
            pot->granted = kt_dec_add(pot->granted, e.hours);
        if (e.expires.day > pot->expires.day)
            pot->expires = e.expires;
    }
    return kt_close(cursor);
}

static kt_dec left_of(const struct pot *p, kt_date day)
{
    bool over = p->expires.day && p->expires.day < day.day;
    kt_dec left = kt_dec_sub(p->granted, p->taken);
    return over && left.coef > 0 ? no_hours : left;
}

kt_error *balance_left(kt_tx *tx, kt_id employee, kt_id type, kt_date day, kt_dec *hours)
{
    struct pots p;
    KT_TRY(read_pots(tx, employee, type, &p));
    *hours = no_hours;
    for (size_t i = 0; i < p.count; i++)
        *hours = kt_dec_add(*hours, left_of(&p.items[i], day));
    return NULL;
}

/* ---- Taking and giving back ---- */

static kt_error *write_entry(
    kt_tx *tx, const struct leave *l, int64_t year, enum entry_kind kind, kt_dec hours)
{
    struct leave_entry e = {KT_OF(leave_entry), .employee = l->employee, .owner = l->owner, .type = l->type,
        .year = year, .kind = kind, .day = l->from, .hours = hours, .leave = l->rec.id};
    return hours.coef ? kt_create(tx, &e.rec) : NULL;
}

static kt_error *too_few(kt_tx *tx, const struct leave *l, kt_dec left)
{
    kt_dec need = kt_dec_round(l->hours, 2), have = kt_dec_round(left, 2);
    return kt_hint(kt_fail(tx, KT_RULE, "until", "%lld.%02lld hours are asked for, %lld.%02lld are left",
                       "wniosek dotyczy %lld,%02lld godzin, zostało %lld,%02lld",
                       (long long)(need.coef / 100), (long long)(need.coef % 100),
                       (long long)(have.coef / 100), (long long)(have.coef < 0 ? 0 : have.coef % 100)),
        "See hr.leave_balance, or choose another kind of leave.",
        "Zobacz hr.leave_balance albo wybierz inny rodzaj urlopu.");
}

static int year_of(kt_date day)
{
    int y, m, d;
    kt_date_parts(day, &y, &m, &d);
    return y;
}

kt_error *balance_take(kt_tx *tx, const struct leave *l, const struct leave_type *type)
{
    struct pots p;
    kt_dec rest = l->hours, left;
    if (type->unlimited)
        return NULL;
    KT_TRY(balance_left(tx, l->employee, l->type, l->from, &left));
    if (!type->negative && kt_dec_cmp(left, l->hours) < 0)
        return too_few(tx, l, left);
    KT_TRY(read_pots(tx, l->employee, l->type, &p));
    for (size_t i = 0; i < p.count && rest.coef > 0; i++) { /* by year: the one that expires first */
        kt_dec some = left_of(&p.items[i], l->until);
        if (some.coef <= 0)
            continue;
        some = kt_dec_cmp(some, rest) < 0 ? some : rest;
        KT_TRY(write_entry(tx, l, p.items[i].year, TAKEN, kt_dec_neg(some)));
        rest = kt_dec_sub(rest, some);
    }
    return rest.coef > 0 ? write_entry(tx, l, year_of(l->from), TAKEN, kt_dec_neg(rest)) : NULL;
}

kt_error *balance_return(kt_tx *tx, const struct leave *l)
{
    const kt_where where[] = {KT_WHERE(leave_entry, leave, KT_EQ, l->rec.id), {0}};
    struct leave_entry e = {KT_OF(leave_entry)};
    struct pots p = {0};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &leave_entry_shape, .where = where, .sort = "id"}, &cursor));
    while (kt_next(cursor, &e.rec)) {
        struct pot *pot = pot_of(&p, e.year);
        if (pot)
            pot->taken = kt_dec_sub(pot->taken, e.hours);
    }
    KT_TRY(kt_close(cursor));
    for (size_t i = 0; i < p.count; i++)
        KT_TRY(write_entry(tx, l, p.items[i].year, RETURNED, p.items[i].taken));
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
    struct pots p;
    KT_TRY(read_pots(tx, employee, t->rec.id, &p));
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
