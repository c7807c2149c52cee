/* finance.setup: a ready chart of accounts with journals, purposes, terms of payment and a fiscal year. Run again, for the
 * next year say, it adds what is missing and leaves alone what is there, whatever became of it. */
#include <string.h>

#include "invoice/invoice.h"
#include "payment/payment.h"

enum chart { INTERNATIONAL = 1, POLISH };
static const kt_choice charts[] = {
    {INTERNATIONAL, "international", {"International", "Międzynarodowy"}},
    {POLISH, "polish", {"Polish", "Polski"}},
    {0},
};
struct setup {
    kt_record rec;
    enum chart chart;
    kt_date year;
};
const kt_shape setup_shape = KT_SHAPE(setup, NULL,
    KT_FIELD(
        setup, chart, STATE, "Chart of accounts", "Plan kont", .choices = charts, .initial = "international"),
    KT_FIELD(setup, year, DATE, "The fiscal year begins on", "Rok obrotowy zaczyna się",
        .help = {"Empty: with this calendar year.", "Puste: z bieżącym rokiem kalendarzowym."}));
struct setup_made {
    kt_record rec;
    int64_t accounts, journals, purposes, terms, years;
};
const kt_shape setup_made_shape = KT_SHAPE(setup_made, NULL,
    KT_FIELD(setup_made, accounts, INT, "Accounts", "Konta"),
    KT_FIELD(setup_made, journals, INT, "Journals", "Dzienniki"),
    KT_FIELD(setup_made, purposes, INT, "Purposes", "Przeznaczenia"),
    KT_FIELD(setup_made, terms, INT, "Terms of payment", "Warunki płatności"),
    KT_FIELD(setup_made, years, INT, "Fiscal years", "Lata obrotowe"));

static kt_str row_id(kt_tx *tx, kt_id company, const char *what, const char *code)
{
    return kt_format(tx, "setup-%llu-%s-%s", (unsigned long long)company.v, what, code);
}

/* A row that is there already, by what it is known by, stays as it is. */
static kt_error *add(kt_tx *tx, kt_record *rec, const kt_where *key, int64_t *made)
{
    kt_found found;
    KT_TRY(kt_find(tx, &(kt_query){rec->of, key, "id"}, 1, &found));
    if (found.count) {
        rec->id = found.ids[0];
        return NULL;
    }
    ++*made;
    return kt_create(tx, rec);
}

static kt_error *make_accounts(
    kt_tx *tx, kt_id company, const char *name, const struct chart_row *chart, kt_id *ids, int64_t *made)
{
    for (size_t i = 0; chart[i].code; i++) {
        const struct chart_row *r = &chart[i];
        struct account a = {KT_OF(account), .code = kt_format(tx, "%s", r->code),
            .name = kt_format(tx, "%s", r->en), .name_pl = kt_format(tx, "%s", r->pl), .kind = r->kind,
            .cash = r->cash, .group = r->group, .open_items = r->open_items, .active = true};
        for (size_t k = 0; r->parent && k < i; k++)
            if (strcmp(chart[k].code, r->parent) == 0)
                a.parent = ids[k];
        a.rec.external_id = row_id(tx, company, name, r->code);
        const kt_where key[] = {KT_WHERE(account, code, KT_EQ, a.code), {0}};
        KT_TRY(add(tx, &a.rec, key, made));
        ids[i] = a.rec.id;
    }
    return NULL;
}

static kt_error *make_purposes(kt_tx *tx, kt_id company, const struct chart_row *chart, const kt_id *ids,
    kt_id *by_purpose, int64_t *made)
{
    for (size_t i = 0; chart[i].code; i++) {
        const struct chart_row *r = &chart[i];
        if (!r->purpose)
            continue;
        struct purpose_row row = {KT_OF(purpose_row), .purpose = r->purpose, .account = ids[i]};
        row.rec.external_id = row_id(tx, company, "purpose", purposes[r->purpose - 1].name);
        const kt_where key[] = {KT_WHERE(purpose_row, purpose, KT_EQ, r->purpose),
            KT_WHERE(purpose_row, category, KT_EQ, {0}), {0}};
        KT_TRY(add(tx, &row.rec, key, made));
        by_purpose[r->purpose] = ids[i];
    }
    return NULL;
}

static kt_error *make_journals(kt_tx *tx, kt_id company, const kt_id *by_purpose, int64_t *made)
{
    static const struct {
        const char *code;
        kt_text name;
        enum journal_kind kind;
        enum purpose account;
    } rows[] = {
        {"GEN", {"General journal", "Dziennik ogólny"}, GENERAL, NO_PURPOSE},
        {"SAL", {"Sales", "Sprzedaż"}, SALES, NO_PURPOSE},
        {"PUR", {"Purchases", "Zakupy"}, PURCHASING, NO_PURPOSE},
        {"BNK", {"Bank", "Bank"}, BANKING, BANK},
        {"CSH", {"Cash desk", "Kasa"}, CASHING, PETTY_CASH},
        {"STK", {"Stock", "Magazyn"}, STOCKING, NO_PURPOSE},
        {"OPN", {"Opening balances", "Bilans otwarcia"}, OPENINGS, NO_PURPOSE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct journal j = {KT_OF(journal), .code = kt_format(tx, "%s", rows[i].code), .kind = rows[i].kind,
            .name = kt_say(tx, rows[i].name), .account = by_purpose[rows[i].account], .active = true};
        j.rec.external_id = row_id(tx, company, "journal", rows[i].code);
        const kt_where key[] = {KT_WHERE(journal, code, KT_EQ, j.code), {0}};
        KT_TRY(add(tx, &j.rec, key, made));
    }
    return NULL;
}

static kt_error *make_terms(kt_tx *tx, kt_id company, int64_t *made)
{
    static const struct {
        const char *code;
        kt_text name;
        int64_t days;
        bool initial;
    } rows[] = {
        {"cash", {"Cash", "Gotówka"}, 0, false},
        {"net14", {"Net 14 days", "Przelew 14 dni"}, 14, true},
        {"net30", {"Net 30 days", "Przelew 30 dni"}, 30, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct terms t = {KT_OF(terms), .code = kt_format(tx, "%s", rows[i].code),
            .name = kt_say(tx, rows[i].name), .initial = rows[i].initial};
        struct part p = {KT_OF(part), .percent = KT_DEC(10000, 2), .days = rows[i].days};
        KT_TRY(kt_line_add(tx, &t.parts, &p.rec));
        t.rec.external_id = row_id(tx, company, "terms", rows[i].code);
        const kt_where key[] = {KT_WHERE(terms, code, KT_EQ, t.code), {0}};
        KT_TRY(add(tx, &t.rec, key, made));
    }
    return NULL;
}

/* Two charts side by side would be none. */
static kt_error *check_other_chart(kt_tx *tx, kt_id company, const char *name, const struct chart_row *chart)
{
    uint64_t accounts, ours;
    kt_str root = kt_format(
        tx, "[[\"external_id\",\"=\",\"%s\"]]", row_id(tx, company, name, chart[0].code).ptr);
    KT_TRY(kt_count(tx, &(kt_query){&account_shape, NULL, NULL, 1}, &accounts));
    KT_TRY(kt_count(tx, &(kt_query){&account_shape, NULL, NULL, 1, root}, &ours));
    if (!accounts || ours)
        return NULL;
    return kt_hint(kt_fail(tx, KT_CONFLICT, "chart", "the company has another chart of accounts already",
                       "firma ma już inny plan kont"),
        "Run it with that chart, or add years and accounts by hand.",
        "Uruchom z tamtym planem albo dodaj lata i konta ręcznie.");
}

/* source: ustawa o VAT art. 31a ust. 1: the rate of the last working day before the tax point; art. 99 ust. 1: by month */
static kt_error *make_setting(kt_tx *tx, kt_id company, enum chart chart)
{
    struct setting s;
    KT_TRY(setting_of(tx, &s));
    if (s.rec.id.v)
        return NULL;
    s.rate_before = chart == POLISH;
    s.tax_every = chart == POLISH ? TAX_MONTHLY : 0;
    s.rec.external_id = row_id(tx, company, "setting", "initial");
    return kt_create(tx, &s.rec);
}

kt_error *finance_setup(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct setup *p = KT_SEE(setup, params);
    struct setup_made *out = KT_AS(setup_made, result);
    const struct chart_row *chart = p->chart == POLISH ? polish_chart : international_chart;
    const char *name = charts[p->chart - 1].name;
    struct house house;
    kt_id by_purpose[PURPOSES] = {{0}};
    int year, month, day;
    bool made;
    KT_TRY(house_of(tx, &house));
    size_t rows = 0;
    while (chart[rows].code)
        rows++;
    kt_id *ids = kt_alloc(tx, sizeof *ids * (rows + 1));
    if (!ids)
        return kt_no_memory();
    kt_date_parts(kt_today(tx), &year, &month, &day);
    KT_TRY(check_other_chart(tx, house.company, name, chart));
    KT_TRY(make_accounts(tx, house.company, name, chart, ids, &out->accounts));
    KT_TRY(make_purposes(tx, house.company, chart, ids, by_purpose, &out->purposes));
    KT_TRY(make_journals(tx, house.company, by_purpose, &out->journals));
    KT_TRY(make_terms(tx, house.company, &out->terms));
    KT_TRY(make_setting(tx, house.company, p->chart));
    KT_TRY(year_make(tx, p->year.day ? p->year : kt_date_make(year, 1, 1), &made));
    out->years = made;
    return NULL;
}
