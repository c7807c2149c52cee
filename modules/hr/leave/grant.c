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

/* ---- What is due, and from when on ---- */

enum { WHOLE_YEAR, INSTALMENTS = POLISH_MONTHS + 1 };
struct instalment {
    kt_dec hours;
    kt_date day; /* on which it is there to be taken */
};
struct due { /* of a year: at once, and by months */
    const struct employee *e;
    const struct leave_type *t;
    int year, first, last; /* which of the instalments are looked at */
    struct instalment of[INSTALMENTS];
};

static kt_dec hours_of(kt_dec days)
{
    return kt_dec_mul(days, KT_DEC(LEAVE_DAY_HOURS, 0), 2);
}

static kt_date last_of(int year, int month)
{
    return kt_date_add(
        month == POLISH_MONTHS ? kt_date_make(year + 1, 1, 1) : kt_date_make(year, month + 1, 1), -1);
}

static int month_of(kt_date day)
{
    int y, m, d;
    kt_date_parts(day, &y, &m, &d);
    return m;
}

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

/* ---- Months that give no annual leave ---- */

enum away { HERE, UNPAID, KEEPS_ANNUAL };
struct year_away { /* by days, the first the one before the year */
    int32_t from, days;
    enum away of[368];
};

static kt_error *mark_away(kt_tx *tx, kt_id employee, enum away kind, struct year_away *y)
{
    const kt_date first = {y->from}, last = {y->from + y->days - 1};
    const kt_where where[] = {KT_WHERE(leave, employee, KT_EQ, employee), KT_WHERE(leave, from, KT_LE, last),
        KT_WHERE(leave, until, KT_GE, first), KT_WHERE(leave, state, KT_EQ, L_APPROVED), {0}};
    const kt_query query = {.of = &leave_shape,
        .where = where,
        .filter = kt_format(tx, "[[\"type.unpaid\",\"=\",true],[\"type.keeps_annual\",\"=\",%s]]",
            kind == KEEPS_ANNUAL ? "true" : "false")};
    struct leave l = {KT_OF(leave)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &query, &cursor));
    while (kt_next(cursor, &l.rec))
        for (int32_t i = 0; i < y->days; i++)
            if (y->from + i >= l.from.day && y->from + i <= l.until.day)
                y->of[i] = kind;
    return kt_close(cursor);
}

/* Who was away when the year began has leave for the months after coming back. What begins within the year lessens its
 * leave only if it ends within it, and child-raising leave not even then (art. 155(2) par. 1 and 2). */
static void keep_what_lessens(struct year_away *y)
{
    for (int32_t from = 0, until; from < y->days; from = until + 1) {
        for (until = from; until < y->days && y->of[until]; until++) {
        }
        const bool before = from == 0, back = until < y->days;
        for (int32_t i = from; i < until; i++)
            if (!before && (!back || y->of[i] == KEEPS_ANNUAL))
                y->of[i] = HERE;
    }
}

static kt_error *months_away(kt_tx *tx, kt_id employee, int year, bool away[POLISH_MONTHS])
{
    const kt_date first = kt_date_make(year, 1, 1);
    struct year_away y = {first.day - 1, kt_date_make(year + 1, 1, 1).day - first.day + 1, {HERE}};
    KT_TRY(mark_away(tx, employee, UNPAID, &y));
    KT_TRY(mark_away(tx, employee, KEEPS_ANNUAL, &y));
    keep_what_lessens(&y);
    for (int m = 1; m <= POLISH_MONTHS; m++) {
        away[m - 1] = true;
        for (int32_t day = kt_date_make(year, m, 1).day; day <= last_of(year, m).day; day++)
            away[m - 1] = away[m - 1] && y.of[day - y.from];
    }
    return NULL;
}

/* ---- Polish annual leave ---- */

/* What was taken already is not taken back (art. 155(2) par. 2). */
static kt_error *not_below_taken(kt_tx *tx, struct due *d)
{
    const kt_where where[] = {KT_WHERE(leave_entry, employee, KT_EQ, d->e->rec.id),
        KT_WHERE(leave_entry, type, KT_EQ, d->t->rec.id), KT_WHERE(leave_entry, year, KT_EQ, d->year), {0}};
    kt_dec used, total = KT_DEC(0, 2);
    KT_TRY(kt_sum(tx,
        &(kt_query){.of = &leave_entry_shape,
            .where = where,
            .filter = KT_STR("[[\"kind\",\"in\",[\"taken\",\"returned\"]]]")},
        offsetof(struct leave_entry, hours), &used));
    for (int i = 0; i < INSTALMENTS; i++)
        total = kt_dec_add(total, d->of[i].hours);
    kt_dec lacking = kt_dec_sub(kt_dec_neg(used), total);
    if (lacking.coef > 0)
        d->of[WHOLE_YEAR].hours = kt_dec_add(d->of[WHOLE_YEAR].hours, lacking);
    return NULL;
}

static void first_job_due(const struct polish_case *c, struct due *d)
{
    const kt_date end = kt_date_make(d->year, 12, 31),
                  last = c->left.day && c->left.day < end.day ? c->left : end;
    kt_dec before = KT_DEC(0, 2);
    for (int n = 1; n <= POLISH_MONTHS; n++) {
        const kt_date after = polish_months_after(c->hired, n);
        const kt_dec by_then = hours_of(polish_first_job_days(c, n));
        if (after.day > last.day + 1)
            break;
        d->of[n] = (struct instalment){kt_dec_sub(by_then, before), after};
        before = by_then;
    }
}

/* The longer leave is due from the day on which seniority is reached (art. 158). */
static void annual_due(const struct polish_case *c, struct due *d)
{
    const kt_date first = kt_date_make(d->year, 1, 1), last = kt_date_make(d->year, 12, 31),
                  begins = c->hired.day > first.day ? c->hired : first, longer = polish_long_from(c);
    const kt_dec at_once = hours_of(polish_annual_days(c, d->year, begins)),
                 in_all = hours_of(polish_annual_days(c, d->year, last));
    d->of[WHOLE_YEAR] = (struct instalment){at_once, begins};
    if (kt_dec_cmp(in_all, at_once) > 0)
        d->of[month_of(longer)] = (struct instalment){kt_dec_sub(in_all, at_once), longer};
}

static kt_error *polish_due(kt_tx *tx, struct due *d)
{
    const struct employee *e = d->e;
    struct polish_case c = {.hired = e->hired,
        .left = e->left,
        .seniority_from = e->seniority_from,
        .counted_elsewhere = e->counted_elsewhere};
    struct polish_share *shares;
    int y, m, day;
    KT_TRY(shares_until(tx, e, d->year, &shares, &c.share_count));
    c.shares = shares;
    kt_date_parts(e->hired, &y, &m, &day);
    if (e->first_job && y == d->year) {
        first_job_due(&c, d);
    } else {
        KT_TRY(months_away(tx, e->rec.id, d->year, c.away));
        annual_due(&c, d);
    }
    return not_below_taken(tx, d);
}

/* ---- Other leave ---- */

static bool employed_within(const struct employee *e, kt_date first, kt_date last)
{
    return e->hired.day <= last.day && (!e->left.day || e->left.day >= first.day);
}

/* By the hour an hour begun is an hour (art. 148(1) par. 4). */
static kt_dec whole_hours(kt_dec hours)
{
    kt_dec whole = kt_dec_round(hours, 0);
    return kt_dec_cmp(whole, hours) < 0 ? kt_dec_add(whole, KT_DEC(1, 0)) : whole;
}

static kt_error *other_due(kt_tx *tx, struct due *d)
{
    const bool monthly = d->t->accrual == MONTHLY;
    kt_dec share;
    KT_TRY(share_in(tx, d->e, d->year, &share));
    kt_dec days = kt_dec_div(kt_dec_mul(d->t->days, share, 4), KT_DEC(100, 0), 4);
    if (monthly)
        days = kt_dec_div(days, KT_DEC(POLISH_MONTHS, 0), 2);
    const kt_dec hours = d->t->by_hour ? whole_hours(hours_of(days)) : hours_of(days);
    for (int i = d->first; i <= d->last; i++) {
        const kt_date first = kt_date_make(d->year, monthly ? i : 1, 1),
                      last = last_of(d->year, monthly ? i : POLISH_MONTHS);
        if (employed_within(d->e, first, last))
            d->of[i] = (struct instalment){hours, monthly ? last : first};
    }
    return NULL;
}

/* ---- Once ---- */

static kt_date expiry(const struct leave_type *t, int year)
{
    if (t->accrual == POLISH_ANNUAL)
        return polish_expires(year);
    int month = 12 + (int)t->kept_months;
    int y = year + (month - 1) / 12, m = (month - 1) % 12 + 1;
    return kt_date_add(m == 12 ? kt_date_make(y + 1, 1, 1) : kt_date_make(y, m + 1, 1), -1);
}

struct so_far {
    kt_dec hours[INSTALMENTS];
    bool any[INSTALMENTS];
};

/* What was granted so far. What somebody entered by hand is of another kind, and theirs. */
static kt_error *granted_so_far(kt_tx *tx, const struct due *d, struct so_far *s)
{
    const kt_where where[] = {KT_WHERE(leave_entry, employee, KT_EQ, d->e->rec.id),
        KT_WHERE(leave_entry, type, KT_EQ, d->t->rec.id), KT_WHERE(leave_entry, year, KT_EQ, d->year),
        KT_WHERE(leave_entry, kind, KT_EQ, GRANTED), {0}};
    struct leave_entry e = {KT_OF(leave_entry)};
    kt_cursor *cursor;
    *s = (struct so_far){0};
    KT_TRY(kt_open(tx, &(kt_query){.of = &leave_entry_shape, .where = where}, &cursor));
    while (kt_next(cursor, &e.rec)) {
        const int64_t at = e.month > 0 && e.month < INSTALMENTS ? e.month : WHOLE_YEAR;
        s->hours[at] = kt_dec_add(s->hours[at], e.hours);
        s->any[at] = true;
    }
    return kt_close(cursor);
}

static kt_error *grant_due(kt_tx *tx, const struct due *d, struct granted *out)
{
    const kt_date begins = kt_date_make(d->year, 1, 1);
    struct so_far s;
    KT_TRY(granted_so_far(tx, d, &s));
    for (int i = d->first; i <= d->last; i++) {
        kt_dec more = kt_dec_sub(kt_dec_add(KT_DEC(0, 2), d->of[i].hours), s.hours[i]);
        if (!more.coef)
            continue;
        struct leave_entry entry = {KT_OF(leave_entry), .employee = d->e->rec.id, .owner = d->e->owner,
            .type = d->t->rec.id, .year = d->year, .month = i, .kind = GRANTED,
            .day = d->of[i].day.day ? d->of[i].day : begins, .hours = kt_dec_round(more, 2),
            .expires = expiry(d->t, d->year)};
        out->entries += !s.any[i];
        out->corrected += s.any[i];
        KT_TRY(kt_create(tx, &entry.rec));
    }
    return NULL;
}

static kt_error *grant_type(kt_tx *tx, const struct employee *e, const struct leave_type *t,
    const struct grant *p, struct granted *out)
{
    struct due d = {.e = e, .t = t, .year = (int)p->year};
    if (t->accrual == POLISH_ANNUAL) {
        d.last = POLISH_MONTHS;
        KT_TRY(polish_due(tx, &d));
    } else {
        d.first = t->accrual == MONTHLY ? 1 : WHOLE_YEAR;
        d.last = t->accrual == MONTHLY ? (int)p->month : WHOLE_YEAR;
        KT_TRY(other_due(tx, &d));
    }
    return grant_due(tx, &d, out);
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
    bool keeps_annual;
    const char *part_of; /* code of the leave that it is taken out of */
} presets[] = {
    /* source: Kodeks pracy, the articles named */
    {"annual", "Annual leave", "Urlop wypoczynkowy", false, false, false, POLISH_ANNUAL, 0}, /* 152-155 */
    {"on_demand", "Leave on demand", "Urlop na żądanie", false, false, false, NO_ACCRUAL, 4,
        .part_of = "annual"},                                                                 /* 167(2) */
    {"unpaid", "Unpaid leave", "Urlop bezpłatny", true, true, false, NO_ACCRUAL, 0},          /* 174 */
    {"sick", "Sick leave", "Zwolnienie lekarskie", false, true, false, NO_ACCRUAL, 0},        /* 92 */
    {"force_majeure", "Urgent family matters", "Siła wyższa", false, false, true, YEARLY, 2}, /* 148(1) */
    {"care", "Care of a relative", "Urlop opiekuńczy", true, false, false, YEARLY, 5},        /* 173(1) */
    {"child_care", "Care of a child to 14", "Opieka nad dzieckiem do 14 lat", false, false, true, NO_ACCRUAL,
        2}, /* 188 */
    {"occasional", "Occasional leave", "Urlop okolicznościowy", false, true, false, NO_ACCRUAL, 0},
    {"maternity", "Maternity leave", "Urlop macierzyński", false, true, false, NO_ACCRUAL, 0}, /* 180 */
    {"paternity", "Paternity leave", "Urlop ojcowski", false, true, false, NO_ACCRUAL, 0},     /* 182(3) */
    {"parental", "Parental leave", "Urlop rodzicielski", false, true, false, NO_ACCRUAL, 0},   /* 182(1a) */
    {"parental_unpaid", "Child-raising leave", "Urlop wychowawczy", true, true, false, NO_ACCRUAL, 0,
        .keeps_annual = true}, /* 186 */
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

static kt_error *type_of_code(kt_tx *tx, kt_str code, kt_id *id)
{
    const kt_where where[] = {KT_WHERE(leave_type, code, KT_EQ, code), {0}};
    kt_found found;
    KT_TRY(kt_find(tx, &(kt_query){.of = &leave_type_shape, .where = where}, 1, &found));
    *id = found.count ? found.ids[0] : (kt_id){0};
    return NULL;
}

static kt_error *make_preset(kt_tx *tx, const struct preset *p)
{
    struct leave_type t = {KT_OF(leave_type), .code = kt_format(tx, "%s", p->code),
        .name = kt_format(tx, "%s", p->name), .name_pl = kt_format(tx, "%s", p->name_pl), .unpaid = p->unpaid,
        .unlimited = p->unlimited, .by_hour = p->by_hour, .accrual = p->accrual,
        .keeps_annual = p->keeps_annual, .active = true};
    kt_id known;
    if (p->days)
        t.days = KT_DEC(p->days * 100, 2);
    if (p->part_of)
        KT_TRY(type_of_code(tx, kt_format(tx, "%s", p->part_of), &t.part_of));
    KT_TRY(type_of_code(tx, t.code, &known));
    return known.v ? NULL : kt_create(tx, &t.rec);
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
