/* Granting leave for a year, or a month: once for each employee and kind, however often it is run. Ready kinds of leave
 * of the Polish Labour Code. */
#include <string.h>

#include "hr.h"
#include "leave/polish.h"

struct grant {
    kt_record rec;
    int64_t year, month;
    kt_id employee;
};
const kt_shape grant_shape = KT_SHAPE(grant, NULL,
    KT_FIELD(grant, year, INT, "Year", "Rok", .required = true),
    KT_FIELD(grant, month, INT, "Until month", "Do miesiąca", .initial = "12",
        .help = {"Of leave that grows each month.", "Dla urlopu narastającego co miesiąc."}),
    KT_FIELD(grant, employee, REF, "Employee", "Pracownik", .target = "hr.employee",
        .help = {"Empty: all.", "Puste: wszyscy."}));
struct granted {
    kt_record rec;
    int64_t entries, corrected;
};
const kt_shape granted_shape = KT_SHAPE(granted, NULL,
    KT_FIELD(granted, entries, INT, "Granted", "Przyznano", .required = true),
    KT_FIELD(granted, corrected, INT, "Corrected", "Skorygowano", .required = true,
        .help = {
            "Where less or more is due than was granted: somebody left, or works another part of full time.",
            "Gdy należy się mniej lub więcej niż przyznano: ktoś odszedł albo ma inny wymiar etatu."}));

/* ---- How much ---- */

static kt_error *share_in(kt_tx *tx, const struct employee *e, int year, kt_dec *share)
{
    struct term t;
    bool found;
    KT_TRY(term_on(tx, e->rec.id, kt_date_make(year, 12, 31), &t, &found));
    *share = found && t.time_share.scale1 ? t.time_share : KT_DEC(100, 0);
    return NULL;
}

/* What part of full time held from when on, until the year ends. */
static kt_error *shares_until(
    kt_tx *tx, const struct employee *e, int year, struct polish_share **shares, size_t *count)
{
    const kt_where where[] = {KT_WHERE(term, employee, KT_EQ, e->rec.id),
        KT_WHERE(term, valid_from, KT_LE, kt_date_make(year, 12, 31)), {0}};
    const kt_query query = {.of = &term_shape, .where = where, .sort = "valid_from"};
    struct term t = {KT_OF(term)};
    uint64_t room;
    kt_cursor *cursor;
    KT_TRY(kt_count(tx, &query, &room));
    *shares = kt_alloc(tx, (room + 1) * sizeof **shares);
    *count = 0;
    if (!*shares)
        return kt_no_memory();
    KT_TRY(kt_open(tx, &query, &cursor));
    while (*count < room && kt_next(cursor, &t.rec))
        (*shares)[(*count)++] = (struct polish_share){t.valid_from, t.time_share};
    return kt_close(cursor);
}

static int days_in(int year, int month)
{
    kt_date next = month == POLISH_MONTHS ? kt_date_make(year + 1, 1, 1) : kt_date_make(year, month + 1, 1);
    return next.day - kt_date_make(year, month, 1).day;
}

/* Adds the days of each month that a leave takes. */
static void add_days(const struct leave *l, int year, int days[POLISH_MONTHS])
{
    for (int m = 1; m <= POLISH_MONTHS; m++) {
        kt_date first = kt_date_make(year, m, 1), last = kt_date_add(first, days_in(year, m) - 1);
        int32_t from = l->from.day > first.day ? l->from.day : first.day,
                until = l->until.day < last.day ? l->until.day : last.day;
        days[m - 1] += until >= from ? until - from + 1 : 0;
    }
}

/* Which months of the year are unpaid leave from end to end. */
static kt_error *months_away(kt_tx *tx, kt_id employee, int year, bool away[POLISH_MONTHS])
{
    const kt_where where[] = {KT_WHERE(leave, employee, KT_EQ, employee),
        KT_WHERE(leave, from, KT_LE, kt_date_make(year, 12, 31)),
        KT_WHERE(leave, until, KT_GE, kt_date_make(year, 1, 1)), KT_WHERE(leave, state, KT_EQ, L_APPROVED),
        {0}};
    const kt_query query = {
        .of = &leave_shape, .where = where, .filter = KT_STR("[[\"type.unpaid\",\"=\",true]]")};
    int days[POLISH_MONTHS] = {0};
    struct leave l = {KT_OF(leave)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &query, &cursor));
    while (kt_next(cursor, &l.rec))
        add_days(&l, year, days);
    KT_TRY(kt_close(cursor));
    for (int m = 1; m <= POLISH_MONTHS; m++)
        away[m - 1] = days[m - 1] >= days_in(year, m);
    return NULL;
}

/* Days due for the year; month 1 to 12: for this month of it. */
static kt_error *days_due(
    kt_tx *tx, const struct employee *e, const struct leave_type *t, int year, kt_dec *days)
{
    struct polish_case c = {
        .hired = e->hired, .left = e->left, .seniority_from = e->seniority_from, .first_job = e->first_job};
    struct polish_share *shares;
    KT_TRY(share_in(tx, e, year, &c.share));
    if (t->accrual == POLISH_ANNUAL) {
        KT_TRY(shares_until(tx, e, year, &shares, &c.share_count));
        c.shares = shares;
        KT_TRY(months_away(tx, e->rec.id, year, c.away));
        *days = polish_annual_days(&c, year);
        return NULL;
    }
    bool there = e->hired.day <= kt_date_make(year, 12, 31).day &&
                 (!e->left.day || e->left.day >= kt_date_make(year, 1, 1).day);
    *days = there ? kt_dec_div(kt_dec_mul(t->days, c.share, 4), KT_DEC(100, 0), 2) : KT_DEC(0, 2);
    if (t->accrual == MONTHLY)
        *days = kt_dec_div(*days, KT_DEC(12, 0), 2);
    return NULL;
}

static kt_date expiry(const struct leave_type *t, int year)
{
    if (t->accrual == POLISH_ANNUAL)
        return polish_expires(year);
    int month = 12 + (int)t->kept_months;
    int y = year + (month - 1) / 12, m = (month - 1) % 12 + 1;
    return kt_date_add(m == 12 ? kt_date_make(y + 1, 1, 1) : kt_date_make(y, m + 1, 1), -1);
}

/* ---- Once ---- */

struct due {
    const struct employee *e;
    const struct leave_type *t;
    int year, month;
    kt_dec hours;
};

/* What was granted and corrected so far. */
static kt_error *granted_so_far(kt_tx *tx, const struct due *d, kt_dec *hours, bool *any)
{
    const kt_where where[] = {KT_WHERE(leave_entry, employee, KT_EQ, d->e->rec.id),
        KT_WHERE(leave_entry, type, KT_EQ, d->t->rec.id), KT_WHERE(leave_entry, year, KT_EQ, d->year),
        d->month ? (kt_where)KT_WHERE(leave_entry, month, KT_EQ, d->month) : (kt_where){0}, {0}};
    const kt_query query = {.of = &leave_entry_shape,
        .where = where,
        .filter = KT_STR("[[\"kind\",\"in\",[\"granted\",\"corrected\"]]]")};
    uint64_t count;
    KT_TRY(kt_count(tx, &query, &count));
    *any = count > 0;
    return kt_sum(tx, &query, offsetof(struct leave_entry, hours), hours);
}

static kt_error *grant_one(kt_tx *tx, const struct due *d, struct granted *out)
{
    kt_dec so_far;
    bool any;
    KT_TRY(granted_so_far(tx, d, &so_far, &any));
    kt_dec more = kt_dec_sub(d->hours, so_far);
    if (!more.coef)
        return NULL;
    struct leave_entry entry = {KT_OF(leave_entry), .employee = d->e->rec.id, .owner = d->e->owner,
        .type = d->t->rec.id, .year = d->year, .month = d->month, .kind = any ? CORRECTED : GRANTED,
        .day = kt_today(tx), .hours = kt_dec_round(more, 2), .expires = expiry(d->t, d->year)};
    out->entries += !any;
    out->corrected += any;
    return kt_create(tx, &entry.rec);
}

/* What was taken already is not taken back (art. 155(2) par. 1 point 6). */
static kt_error *not_below_taken(kt_tx *tx, struct due *d)
{
    const kt_where where[] = {KT_WHERE(leave_entry, employee, KT_EQ, d->e->rec.id),
        KT_WHERE(leave_entry, type, KT_EQ, d->t->rec.id), KT_WHERE(leave_entry, year, KT_EQ, d->year), {0}};
    kt_dec used;
    KT_TRY(kt_sum(tx,
        &(kt_query){.of = &leave_entry_shape,
            .where = where,
            .filter = KT_STR("[[\"kind\",\"in\",[\"taken\",\"returned\"]]]")},
        offsetof(struct leave_entry, hours), &used));
    if (kt_dec_cmp(kt_dec_neg(used), d->hours) > 0)
        d->hours = kt_dec_neg(used);
    return NULL;
}

static bool employed_in(const struct employee *e, int year, int month)
{
    kt_date first = kt_date_make(year, month, 1),
            next = month == 12 ? kt_date_make(year + 1, 1, 1) : kt_date_make(year, month + 1, 1);
    return e->hired.day < next.day && (!e->left.day || e->left.day >= first.day);
}

static kt_error *grant_type(kt_tx *tx, const struct employee *e, const struct leave_type *t,
    const struct grant *p, struct granted *out)
{
    struct due d = {.e = e, .t = t, .year = (int)p->year};
    kt_dec days;
    KT_TRY(days_due(tx, e, t, d.year, &days));
    d.hours = kt_dec_mul(days, KT_DEC(LEAVE_DAY_HOURS, 0), 2);
    if (t->accrual == POLISH_ANNUAL)
        KT_TRY(not_below_taken(tx, &d));
    if (t->accrual != MONTHLY)
        return grant_one(tx, &d, out);
    for (d.month = 1; d.month <= p->month; d.month++)
        if (employed_in(e, d.year, d.month))
            KT_TRY(grant_one(tx, &d, out));
    return NULL;
}

/* ---- hr.leave_grant ---- */

static kt_error *grant_types(kt_tx *tx, const struct employee *e, const struct grant *p, struct granted *out)
{
    const kt_where where[] = {KT_WHERE(leave_type, active, KT_EQ, true), {0}};
    struct leave_type types[64];
    size_t count = 0;
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &leave_type_shape, .where = where, .sort = "id"}, &cursor));
    for (struct leave_type t = {KT_OF(leave_type)}; count < 64 && kt_next(cursor, &t.rec);)
        if (t.accrual != NO_ACCRUAL)
            types[count++] = t;
    KT_TRY(kt_close(cursor));
    for (size_t i = 0; i < count; i++)
        KT_TRY(grant_type(tx, e, &types[i], p, out));
    return NULL;
}

static kt_error *everybody(kt_tx *tx, const struct grant *p, kt_id **ids, uint64_t *n)
{
    struct employee e = {KT_OF(employee)};
    const kt_query query = {.of = &employee_shape, .sort = "id"};
    uint64_t count;
    kt_cursor *cursor;
    KT_TRY(kt_count(tx, &query, &count));
    *ids = kt_alloc(tx, (size_t)count * sizeof **ids + sizeof **ids);
    if (!*ids)
        return kt_no_memory();
    *n = 0;
    if (p->employee.v) {
        (*ids)[(*n)++] = p->employee;
        return NULL;
    }
    KT_TRY(kt_open(tx, &query, &cursor));
    while (*n < count && kt_next(cursor, &e.rec))
        (*ids)[(*n)++] = e.rec.id;
    return kt_close(cursor);
}

kt_error *leave_grant(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct grant *p = KT_SEE(grant, params);
    struct employee e = {KT_OF(employee)};
    kt_id *ids;
    uint64_t n = 0;
    if (p->year < 1990 || p->year > 2200 || p->month < 1 || p->month > 12)
        return kt_fail(tx, KT_VALIDATION, "year", "is no year and month", "to nie rok i miesiąc");
    KT_TRY(everybody(tx, p, &ids, &n));
    for (uint64_t i = 0; i < n; i++) {
        KT_TRY(kt_read(tx, ids[i], &e.rec));
        KT_TRY(grant_types(tx, &e, p, KT_AS(granted, result)));
    }
    return NULL;
}

/* ---- hr.leave_presets ---- */

static const struct preset {
    const char *code, *name, *name_pl;
    bool unpaid, unlimited, by_hour;
    enum accrual accrual;
    int64_t days;
} presets[] = {
    /* source: Kodeks pracy, the articles named */
    {"annual", "Annual leave", "Urlop wypoczynkowy", false, false, false, POLISH_ANNUAL, 0},  /* 152-155 */
    {"unpaid", "Unpaid leave", "Urlop bezpłatny", true, true, false, NO_ACCRUAL, 0},          /* 174 */
    {"sick", "Sick leave", "Zwolnienie lekarskie", false, true, false, NO_ACCRUAL, 0},        /* 92 */
    {"force_majeure", "Urgent family matters", "Siła wyższa", false, false, true, YEARLY, 2}, /* 148(1) */
    {"care", "Care of a relative", "Urlop opiekuńczy", true, false, false, YEARLY, 5},        /* 173(1) */
    {"child_care", "Care of a child to 14", "Opieka nad dzieckiem do 14 lat", false, false, true, NO_ACCRUAL,
        2}, /* 188 */
    {"occasional", "Occasional leave", "Urlop okolicznościowy", false, true, false, NO_ACCRUAL, 0},
    {"maternity", "Maternity leave", "Urlop macierzyński", false, true, false, NO_ACCRUAL, 0}, /* 180 */
    {"parental", "Parental leave", "Urlop rodzicielski", false, true, false, NO_ACCRUAL, 0},   /* 182(1a) */
    {"parental_unpaid", "Child-raising leave", "Urlop wychowawczy", true, true, false, NO_ACCRUAL,
        0}, /* 186 */
};
struct presets {
    kt_record rec;
    kt_str country;
};
const kt_shape presets_shape = KT_SHAPE(
    presets, NULL, KT_FIELD(presets, country, STRING, "Country", "Kraj", .max = 2, .initial = "PL"));
struct presets_made {
    kt_record rec;
    int64_t types;
};
const kt_shape presets_made_shape = KT_SHAPE(presets_made, NULL,
    KT_FIELD(presets_made, types, INT, "Kinds of leave", "Rodzaje urlopów", .required = true));

static kt_error *make_preset(kt_tx *tx, const struct preset *p)
{
    struct leave_type t = {KT_OF(leave_type), .code = kt_format(tx, "%s", p->code),
        .name = kt_format(tx, "%s", p->name), .name_pl = kt_format(tx, "%s", p->name_pl), .unpaid = p->unpaid,
        .unlimited = p->unlimited, .by_hour = p->by_hour, .accrual = p->accrual, .active = true};
    if (p->days)
        t.days = KT_DEC(p->days * 100, 2);
    const kt_where where[] = {KT_WHERE(leave_type, code, KT_EQ, t.code), {0}};
    uint64_t known;
    KT_TRY(kt_count(tx, &(kt_query){.of = &leave_type_shape, .where = where}, &known));
    return known ? NULL : kt_create(tx, &t.rec);
}

kt_error *leave_presets(kt_tx *tx, const kt_record *params, kt_record *result)
{
    kt_str country = KT_SEE(presets, params)->country;
    if (country.len != 2 || memcmp(country.ptr, "PL", 2) != 0)
        return kt_hint(kt_fail(tx, KT_VALIDATION, "country", "there are ready kinds of leave for PL",
                           "są gotowe rodzaje urlopów dla PL"),
            "Enter those of other countries in hr.leave_type.",
            "Rodzaje innych krajów wpisz w hr.leave_type.");
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        KT_TRY(make_preset(tx, &presets[i]));
    KT_AS(presets_made, result)->types = (int64_t)(sizeof presets / sizeof *presets);
    return NULL;
}
