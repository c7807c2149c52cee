/* Journals, and fiscal years with their periods and locks. A soft lock keeps people out who may not pass it; a
 * hard one keeps everybody out and is never taken away: what was reported stays as it was reported. */
#include <kontor/documents.h>

#include "finance.h"

/* ---- Journals ---- */

const kt_choice journal_kinds[] = {
    {GENERAL, "general", {"General", "Ogólny"}},
    {SALES, "sale", {"Sales", "Sprzedaż"}},
    {PURCHASING, "purchase", {"Purchases", "Zakupy"}},
    {BANKING, "bank", {"Bank", "Bank"}},
    {CASHING, "cash", {"Cash desk", "Kasa"}},
    {STOCKING, "stock", {"Stock", "Magazyn"}},
    {OPENINGS, "opening", {"Opening", "Bilans otwarcia"}},
    {0},
};
const kt_shape journal_shape = KT_SHAPE(journal, "finance.journal",
    KT_FIELD(
        journal, code, STRING, "Code", "Kod", .required = true, .max = 10, .searchable = true, .priority = 1),
    KT_FIELD(journal, name, STRING, "Name", "Nazwa", .required = true, .max = 80, .searchable = true,
        .priority = 2),
    KT_FIELD(journal, kind, STATE, "Kind", "Rodzaj", .choices = journal_kinds, .required = true,
        .indexed = true, .priority = 3),
    KT_FIELD(journal, pattern, STRING, "Numbers", "Numeracja", .max = 40,
        .help = {"Of its entries: {year}, {month}, {day}, {seq:5}. Empty: CODE/{year}/{seq:6}.",
            "Jego zapisów: {year}, {month}, {day}, {seq:5}. Puste: KOD/{year}/{seq:6}."}),
    KT_FIELD(journal, account, REF, "Account", "Konto", .target = "finance.account",
        .help = {"Of the bank account or the cash desk.", "Rachunku bankowego albo kasy."}),
    KT_FIELD(journal, currency, REF, "Currency", "Waluta", .target = "base.currency",
        .help = {"Empty: the company's.", "Puste: waluta firmy."}),
    KT_FIELD(journal, active, BOOL, "Active", "Aktywny", .initial = "true"));

kt_error *journal_compute(kt_tx *tx, kt_record *self)
{
    const struct journal *j = KT_AS(journal, self);
    KT_TRY(keep_company(tx, self));
    if ((j->kind == BANKING || j->kind == CASHING) && !j->account.v)
        return kt_hint(kt_fail(tx, KT_VALIDATION, "account", "is required", "jest wymagane"),
            "A bank or cash journal posts to an account of its own.",
            "Dziennik banku lub kasy księguje na własnym koncie.");
    struct account a = {KT_OF(account)};
    if (j->account.v)
        KT_TRY(kt_read(tx, j->account, &a.rec));
    if (!a.group && !a.open_items)
        return NULL;
    return kt_hint(kt_fail(tx, KT_VALIDATION, "account", "account %s is no bank account or cash desk",
                       "konto %s nie jest rachunkiem ani kasą", a.code.ptr),
        "Choose an account that is no group and has no open items.",
        "Wybierz konto, które nie jest grupą i nie prowadzi rozrachunków.");
}

kt_error *journal_of(kt_tx *tx, enum journal_kind kind, kt_id *journal)
{
    const kt_where where[] = {
        KT_WHERE(journal, kind, KT_EQ, kind), KT_WHERE(journal, active, KT_EQ, true), {0}};
    kt_cursor *cursor;
    struct journal j = {KT_OF(journal)};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = kt_open(tx, &(kt_query){&journal_shape, where, "id", 1}, &cursor);
    if (!error) {
        *journal = kt_next(cursor, &j.rec) ? j.rec.id : (kt_id){0};
        error = kt_close(cursor);
    }
    kt_callers_authority(tx, before);
    KT_TRY(error);
    return journal->v ? NULL
                      : kt_hint(kt_fail(tx, KT_RULE, "journal", "there is no journal of kind %s",
                                    "nie ma dziennika rodzaju %s", journal_kinds[kind - 1].name),
                            "Run finance.setup, or enter one in finance.journal.",
                            "Uruchom finance.setup albo wpisz go w finance.journal.");
}

/* ---- Years ---- */

static const kt_choice locks[] = {
    {UNLOCKED, "open", {"Open", "Otwarty"}},
    {SOFT, "soft", {"Soft lock", "Blokada miękka"}},
    {HARD, "hard", {"Hard lock", "Blokada twarda"}},
    {0},
};
static const kt_choice year_states[] = {
    {YEAR_OPEN, "open", {"Open", "Otwarty"}, "open"},
    {YEAR_CLOSED, "closed", {"Closed", "Zamknięty"}, "won"},
    {0},
};
const kt_shape period_shape = KT_SHAPE(period, NULL,
    KT_FIELD(period, name, STRING, "Name", "Nazwa", .required = true, .max = 40, .priority = 1),
    KT_FIELD(period, start, DATE, "From", "Od", .required = true, .priority = 2),
    KT_FIELD(period, end, DATE, "To", "Do", .required = true, .priority = 3),
    KT_FIELD(period, lock, STATE, "Lock", "Blokada", .choices = locks, .initial = "open", .priority = 4));
const kt_shape year_shape = KT_SHAPE(year, "finance.year",
    KT_FIELD(
        year, name, STRING, "Name", "Nazwa", .required = true, .max = 40, .searchable = true, .priority = 1),
    KT_FIELD(
        year, start, DATE, "From", "Od", .required = true, .indexed = true, .fixed = true, .priority = 2),
    KT_FIELD(year, end, DATE, "To", "Do", .required = true, .priority = 3),
    KT_FIELD(year, state, STATE, "State", "Stan", .choices = year_states, .initial = "open", .priority = 4),
    KT_FIELD(year, periods, LINES, "Periods", "Okresy", .lines = &period_shape, .max = 60),
    KT_FIELD(year, closing, REF, "Closing entry", "Zapis zamknięcia", .target = "finance.entry",
        .computed = true));

static struct period *period_at(const kt_lines *periods, size_t i)
{
    return KT_AS(period, kt_line(periods, i));
}

static kt_error *check_periods(kt_tx *tx, const struct year *y)
{
    kt_error *all = NULL;
    kt_date next = y->start;
    for (size_t i = 0; i < y->periods.count; i++) {
        const struct period *p = period_at(&y->periods, i);
        if (p->start.day != next.day || p->end.day < p->start.day)
            kt_also(
                &all, kt_hint(kt_fail(tx, KT_VALIDATION, kt_format(tx, "periods[%zu].start", i).ptr,
                                  "does not follow the period before", "nie następuje po poprzednim okresie"),
                          "Periods cover the year without gaps.", "Okresy pokrywają rok bez przerw."));
        next = kt_date_add(p->end, 1);
    }
    if (y->periods.count && next.day != y->end.day + 1)
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, "periods", "do not end with the year", "nie kończą się z rokiem"));
    return all;
}

kt_error *year_compute(kt_tx *tx, kt_record *self)
{
    struct year *y = KT_AS(year, self);
    KT_TRY(keep_company(tx, self));
    if (!y->start.day || y->end.day < y->start.day)
        return y->start.day && y->end.day
                   ? kt_fail(tx, KT_VALIDATION, "end", "is before the beginning", "jest przed początkiem")
                   : NULL;
    if (y->periods.count)
        return check_periods(tx, y);
    int year, month, day;
    for (kt_date start = y->start; start.day <= y->end.day;) {
        kt_date_parts(start, &year, &month, &day);
        kt_date next = month == 12 ? kt_date_make(year + 1, 1, 1) : kt_date_make(year, month + 1, 1);
        struct period p = {KT_OF(period), .start = start, .lock = UNLOCKED,
            .end = next.day > y->end.day ? y->end : kt_date_add(next, -1),
            .name = kt_format(tx, "%04d-%02d", year, month)};
        KT_TRY(kt_line_add(tx, &y->periods, &p.rec));
        start = next;
    }
    return NULL;
}

static const struct period *period_with(const kt_lines *periods, kt_date day)
{
    for (size_t i = 0; i < periods->count; i++) {
        const struct period *p = period_at(periods, i);
        if (p->start.day <= day.day && day.day <= p->end.day)
            return p;
    }
    return NULL;
}

/* Every day that something was posted on stays within the year. */
static kt_error *check_posted(kt_tx *tx, const struct year *was, const struct year *is)
{
    const struct {
        kt_date from, to;
    } gone[] = {{was->start, is ? kt_date_add(is->start, -1) : was->end},
        {is ? kt_date_add(is->end, 1) : kt_date_add(was->end, 1), was->end}};
    for (size_t i = 0; i < 2; i++) {
        const kt_where where[] = {KT_WHERE(balance, span, KT_EQ, DAILY),
            KT_WHERE(balance, start, KT_GE, gone[i].from), KT_WHERE(balance, start, KT_LE, gone[i].to), {0}};
        uint64_t used = 0;
        if (gone[i].from.day <= gone[i].to.day)
            KT_TRY(kt_count(tx, &(kt_query){&balance_shape, where, NULL, 1}, &used));
        if (used)
            return kt_fail(tx, KT_CONFLICT, is ? "end" : NULL, "something was posted on days of year %s",
                "w dniach roku %s coś zaksięgowano", was->name.ptr);
    }
    return NULL;
}

/* Years do not overlap; a hard lock stays. */
kt_error *year_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct year *was = before ? KT_SEE(year, before) : NULL;
    const struct year *is = after ? KT_SEE(year, after) : NULL;
    kt_error *all = NULL;
    for (size_t i = 0; was && i < was->periods.count; i++) {
        const struct period *p = period_at(&was->periods, i);
        const struct period *now = is ? period_with(&is->periods, p->start) : NULL;
        if (p->lock == HARD && (!now || now->lock != HARD || now->end.day != p->end.day))
            kt_also(
                &all, kt_fail(tx, KT_BAD_STATE, kt_format(tx, "periods[%zu].lock", i).ptr,
                          "period %s is locked for good", "okres %s jest zablokowany na stałe", p->name.ptr));
    }
    if (was)
        kt_also(&all, check_posted(tx, was, is));
    if (!is)
        return all;
    const kt_where where[] = {
        KT_WHERE(year, start, KT_LE, is->end), KT_WHERE(year, end, KT_GE, is->start), {0}};
    uint64_t count;
    KT_TRY(kt_count(tx, &(kt_query){&year_shape, where, NULL, 2}, &count));
    if (count > 1)
        kt_also(&all, kt_fail(tx, KT_CONFLICT, "start", "another fiscal year has some of these days",
                          "inny rok obrotowy zawiera część tych dni"));
    return all;
}

kt_error *year_make(kt_tx *tx, kt_date start, bool *made)
{
    int year, month, day;
    uint64_t count;
    kt_date_parts(start, &year, &month, &day);
    kt_date end = kt_date_add(kt_date_make(year + 1, month, 1), -1);
    const kt_where where[] = {KT_WHERE(year, start, KT_LE, end), KT_WHERE(year, end, KT_GE, start), {0}};
    KT_TRY(kt_count(tx, &(kt_query){&year_shape, where, NULL, 1}, &count));
    *made = !count;
    if (count)
        return NULL;
    struct year y = {KT_OF(year), .start = start, .end = end, .state = YEAR_OPEN,
        .name = month == 1 ? kt_format(tx, "%04d", year) : kt_format(tx, "%04d/%04d", year, year + 1)};
    return kt_create(tx, &y.rec);
}

/* The year with this day; id not set: none. */
static kt_error *find_year(kt_tx *tx, kt_date day, struct year *y)
{
    const kt_where where[] = {KT_WHERE(year, start, KT_LE, day), {0}};
    kt_cursor *cursor;
    struct year found = {KT_OF(year)};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = kt_open(tx, &(kt_query){&year_shape, where, "-start", 1}, &cursor);
    if (!error) {
        if (kt_next(cursor, &found.rec) && found.end.day >= day.day)
            *y = found;
        error = kt_close(cursor);
    }
    kt_callers_authority(tx, before);
    return error;
}

static kt_error *judge_period(kt_tx *tx, const char *path, kt_date day, bool may_pass)
{
    struct year y = {KT_OF(year)};
    KT_TRY(find_year(tx, day, &y));
    const struct period *p = y.rec.id.v ? period_with(&y.periods, day) : NULL;
    if (!p)
        return kt_hint(
            kt_fail(tx, KT_RULE, path, "no fiscal year has this day", "żaden rok obrotowy nie ma tego dnia"),
            "Enter the year in finance.year.", "Wpisz rok w finance.year.");
    if (p->lock == UNLOCKED || (p->lock == SOFT && may_pass))
        return NULL;
    return kt_hint(
        kt_fail(tx, KT_RULE, path, "period %s is locked", "okres %s jest zablokowany", p->name.ptr),
        p->lock == SOFT ? "Post into an open period, or ask the chief accountant."
                        : "Post into an open period: this one is closed for good.",
        p->lock == SOFT ? "Księguj w otwartym okresie albo poproś głównego księgowego."
                        : "Księguj w otwartym okresie: ten zamknięto na stałe.");
}

kt_error *period_open(kt_tx *tx, const char *path, kt_date day)
{
    return judge_period(tx, path, day, kt_may(tx, "finance.year:override"));
}

kt_error *period_open_to_all(kt_tx *tx, const char *path, kt_date day)
{
    return judge_period(tx, path, day, false);
}

kt_error *year_has(kt_tx *tx, kt_date day, bool *has)
{
    struct year y = {KT_OF(year)};
    KT_TRY(find_year(tx, day, &y));
    *has = y.rec.id.v != 0;
    return NULL;
}

kt_error *year_start(kt_tx *tx, kt_date day, kt_date *start)
{
    struct year y = {KT_OF(year)};
    int year, month, unused;
    KT_TRY(find_year(tx, day, &y));
    kt_date_parts(day, &year, &month, &unused);
    *start = y.rec.id.v ? y.start : kt_date_make(year, 1, 1);
    return NULL;
}

/* ---- Actions ---- */

struct lock {
    kt_record rec;
    kt_date until;
    enum period_lock lock;
};
static const kt_shape lock_shape = KT_SHAPE(lock, NULL,
    KT_FIELD(lock, until, DATE, "Up to", "Do dnia", .required = true,
        .help = {"All periods that end on this day or before.",
            "Wszystkie okresy kończące się do tego dnia."}),
    KT_FIELD(lock, lock, STATE, "Lock", "Blokada", .choices = locks, .initial = "soft"));

static kt_error *year_lock(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct year *y = KT_AS(year, self);
    const struct lock *p = KT_SEE(lock, params);
    size_t met = 0;
    for (size_t i = 0; i < y->periods.count; i++) {
        struct period *period = period_at(&y->periods, i);
        if (period->end.day > p->until.day)
            continue;
        met++;
        if (period->lock != HARD)
            period->lock = p->lock;
    }
    return met ? NULL
               : kt_fail(tx, KT_VALIDATION, "until", "no period ends by this day",
                     "żaden okres nie kończy się do tego dnia");
}

/* Income and expense of the year go to its result; then nothing can be posted into it any more. */
static kt_error *closing_entry(kt_tx *tx, struct year *y)
{
    struct turnover *rows;
    size_t count;
    kt_id result;
    kt_dec sum = money(0);
    struct entry e = {KT_OF(entry), .day = y->end, .kind = CLOSING_ENTRY,
        .text = kt_format(
            tx, "%s %s", kt_say(tx, (kt_text){"Closing of", "Zamknięcie roku"}).ptr, y->name.ptr),
        .origin = kt_any(tx, "finance.year", y->rec.id)};
    KT_TRY(account_for(tx, RESULT, (kt_id){0}, &result));
    KT_TRY(turnovers(tx, y->start, y->end, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        struct account a = {KT_OF(account)};
        KT_TRY(kt_read(tx, rows[i].account, &a.rec));
        if (a.kind != INCOME && a.kind != EXPENSE)
            continue;
        kt_dec left = kt_dec_sub(rows[i].debit, rows[i].credit);
        sum = kt_dec_add(sum, left);
        KT_TRY(entry_add(tx, &e, &(struct entry_line){.account = a.rec.id}, kt_dec_neg(left), (kt_dec){0}));
    }
    KT_TRY(entry_add(tx, &e, &(struct entry_line){.account = result}, sum, (kt_dec){0}));
    KT_TRY(entry_post(tx, &e));
    y->closing = e.rec.id;
    return NULL;
}

static kt_error *year_close(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct year *y = KT_AS(year, self);
    (void)params;
    if (kt_today(tx).day <= y->end.day)
        return kt_hint(kt_fail(tx, KT_RULE, "end", "the year is not over yet: it ends on %s",
                           "rok jeszcze się nie skończył: kończy się %s", kt_date_text(tx, y->end).ptr),
            "Close it from the next day on. What is over may be locked before: finance.year.lock.",
            "Zamknij go od następnego dnia. Co już minęło, można zablokować wcześniej: finance.year.lock.");
    const kt_where where[] = {
        KT_WHERE(year, end, KT_LT, y->start), KT_WHERE(year, state, KT_EQ, YEAR_OPEN), {0}};
    uint64_t before;
    KT_TRY(kt_count(tx, &(kt_query){&year_shape, where, NULL, 1}, &before));
    if (before)
        return kt_fail(
            tx, KT_RULE, NULL, "an earlier year is still open", "wcześniejszy rok jest jeszcze otwarty");
    KT_TRY(closing_entry(tx, y));
    for (size_t i = 0; i < y->periods.count; i++)
        period_at(&y->periods, i)->lock = HARD;
    return NULL;
}

const kt_action year_actions[] = {
    {"lock", {"Lock periods", "Zablokuj okresy"}, "lock", .from = KT_IN(YEAR_OPEN), .params = &lock_shape,
        .run = year_lock},
    {"close", {"Close the year", "Zamknij rok"}, "close", .from = KT_IN(YEAR_OPEN), .to = YEAR_CLOSED,
        .run = year_close, .preview = true},
    {0},
};
