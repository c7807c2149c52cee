/* Entries of the ledger. An entry in state posted is checked, numbered and taken into the balances in one
 * transaction, whatever way it came there -- action, document, import -- and never changes again.
 *
 * Debits equal credits in the company's currency and, where the entry has another one, in that too.
 * source: Pacioli, Summa de arithmetica (1494), De computis; ustawa o rachunkowości art. 15, 23, 25. */
#include <string.h>

#include "payment/payment.h"
#include "stock/stock.h"

static const kt_choice entry_states[] = {
    {ENTRY_DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {ENTRY_POSTED, "posted", {"Posted", "Zaksięgowany"}, "won"},
    {0},
};
static const kt_choice entry_kinds[] = {
    {NORMAL, "normal", {"Normal", "Zwykły"}},
    {OPENING_ENTRY, "opening", {"Opening", "Otwarcie"}},
    {CLOSING_ENTRY, "closing", {"Closing", "Zamknięcie"}},
    {REVALUATION, "revaluation", {"Revaluation of currencies", "Wycena walut"}},
    {DIFFERENCE, "difference", {"Exchange difference", "Różnica kursowa"}},
    {0},
};
const kt_shape entry_line_shape = KT_SHAPE(entry_line, NULL,
    KT_FIELD(entry_line, account, REF, "Account", "Konto", .target = "finance.account", .required = true,
        .priority = 1),
    KT_FIELD(entry_line, debit, MONEY, "Debit", "Wn", .scale = 2, .priority = 2),
    KT_FIELD(entry_line, credit, MONEY, "Credit", "Ma", .scale = 2, .priority = 3),
    KT_FIELD(entry_line, party, REF, "Party", "Kontrahent", .target = "base.party", .priority = 4),
    KT_FIELD(entry_line, text, STRING, "Text", "Opis", .max = 200, .priority = 5),
    KT_FIELD(entry_line, amount, MONEY, "Amount in the entry's currency", "Kwota w walucie zapisu",
        .scale = 2,
        .help = {"Above zero: debit. Only where the entry has another currency than the company.",
            "Powyżej zera: Wn. Tylko gdy zapis ma inną walutę niż firma."}),
    KT_FIELD(entry_line, due, DATE, "Due", "Termin"),
    KT_FIELD(entry_line, discount_until, DATE, "Discount until", "Skonto do"),
    KT_FIELD(entry_line, discount, MONEY, "Discount for paying early", "Skonto", .scale = 2),
    KT_FIELD(entry_line, item, REF, "Item", "Towar lub usługa", .target = "base.item"),
    KT_FIELD(entry_line, dimension, REF, "Dimension", "Wymiar", .target = "finance.dimension",
        .help = {"A project, say.", "Na przykład projekt."}),
    KT_FIELD(entry_line, dimension2, REF, "Second dimension", "Drugi wymiar", .target = "finance.dimension",
        .help = {"A department, say.", "Na przykład dział."}),
    KT_FIELD(entry_line, reverses, INT, "Reverses line", "Storno pozycji", .computed = true));

const kt_shape entry_shape = KT_SHAPE(entry, "finance.entry",
    KT_FIELD(entry, day, DATE, "Date", "Data", .required = true, .initial = "today", .indexed = true,
        .priority = 1),
    KT_FIELD(entry, journal, REF, "Journal", "Dziennik", .target = "finance.journal", .priority = 2,
        .help = {"Empty: the general one.", "Puste: ogólny."}),
    KT_FIELD(entry, text, STRING, "Text", "Opis", .max = 200, .searchable = true, .priority = 3),
    KT_FIELD(entry, reference, STRING, "Reference", "Numer dokumentu", .max = 80, .searchable = true,
        .indexed = true),
    KT_FIELD(entry, document_day, DATE, "Date of the document", "Data dokumentu"),
    KT_FIELD(entry, currency, REF, "Currency", "Waluta", .target = "base.currency",
        .help = {"Empty: the company's.", "Puste: waluta firmy."}),
    KT_FIELD(
        entry, kind, STATE, "Kind", "Rodzaj", .choices = entry_kinds, .initial = "normal", .indexed = true),
    KT_FIELD(entry, state, STATE, "State", "Stan", .choices = entry_states, .initial = "draft",
        .indexed = true, .priority = 5),
    KT_FIELD(entry, total, MONEY, "Total", "Suma", .scale = 2, .computed = true, .priority = 4),
    KT_FIELD(entry, lines, LINES, "Lines", "Pozycje", .lines = &entry_line_shape, .max = 5000),
    KT_FIELD(entry, origin, REF, "Made by", "Dokument źródłowy", .target = "*", .computed = true),
    KT_FIELD(entry, reverses, REF, "Reverses", "Storno zapisu", .target = "finance.entry", .computed = true),
    KT_FIELD(entry, reversed_by, REF, "Reversed by", "Wystornowany przez", .target = "finance.entry",
        .computed = true));

static struct entry_line *line_at(const kt_lines *lines, size_t i)
{
    return KT_AS(entry_line, kt_line(lines, i));
}

static const char *line_path(kt_tx *tx, size_t i, const char *field)
{
    return kt_format(tx, "lines[%zu].%s", i, field).ptr;
}

/* ---- What a line must be ---- */

static kt_error *check_amounts(kt_tx *tx, const struct entry_line *line, size_t i)
{
    kt_error *all = NULL;
    if (sign_of(line->debit) < 0 || sign_of(line->credit) < 0)
        kt_also(&all,
            kt_hint(kt_fail(tx, KT_VALIDATION, line_path(tx, i, "debit"), "is below zero", "jest ujemne"),
                "Write it on the other side.", "Wpisz po drugiej stronie."));
    if (line->debit.coef && line->credit.coef)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, line_path(tx, i, "credit"),
                      "a line is debit or credit, not both", "pozycja jest po stronie Wn albo Ma, nie obu"));
    if (!line->debit.coef && !line->credit.coef && !line->amount.coef)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, line_path(tx, i, "debit"), "the line has no amount",
                          "pozycja nie ma kwoty"));
    if (sign_of(line->amount) * sign_of(kt_dec_sub(known(line->debit), known(line->credit))) < 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, line_path(tx, i, "amount"),
                          "is on the other side than the line", "jest po innej stronie niż pozycja"));
    return all;
}

static kt_error *check_account(kt_tx *tx, const struct entry *e, const struct entry_line *line, size_t i)
{
    struct account a = {KT_OF(account)};
    struct house house;
    const char *path = line_path(tx, i, "account");
    if (!line->account.v)
        return NULL; /* the core asks for it */
    kt_error *error = kt_read(tx, line->account, &a.rec);
    if (error)
        return kt_problem_at(error, 0).kind != KT_NOT_FOUND
                   ? error
                   : kt_fail(tx, KT_VALIDATION, path, "there is no such account", "nie ma takiego konta");
    if (a.group || !a.active)
        return kt_hint(
            kt_fail(tx, KT_VALIDATION, path, a.group ? "account %s is a group" : "account %s is not active",
                a.group ? "konto %s jest grupą" : "konto %s jest nieaktywne", a.code.ptr),
            "Choose an active account that is no group.", "Wybierz aktywne konto, które nie jest grupą.");
    if (a.open_items && !line->party.v)
        return kt_hint(kt_fail(tx, KT_VALIDATION, line_path(tx, i, "party"), "account %s needs a party",
                           "konto %s wymaga kontrahenta", a.code.ptr),
            "Say whose open item it is.", "Wskaż, czyj to rozrachunek.");
    KT_TRY(stock_account_free(tx, path, &a, e->origin));
    KT_TRY(house_of(tx, &house));
    if ((a.open_items || a.currency.v) && e->currency.v != house.currency.v && !line->amount.scale1)
        return kt_hint(kt_fail(tx, KT_VALIDATION, line_path(tx, i, "amount"), "is required", "jest wymagana"),
            "The entry is in another currency: say how much of it this line is.",
            "Zapis jest w innej walucie: podaj, ile jej dotyczy ta pozycja.");
    if (a.currency.v && e->currency.v != a.currency.v && e->kind != REVALUATION && e->kind != CLOSING_ENTRY)
        return kt_fail(tx, KT_VALIDATION, path, "account %s is kept in another currency",
            "konto %s jest prowadzone w innej walucie", a.code.ptr);
    return line->credit.coef ? cash_desk_holds(tx, e, i, &a, &house) : NULL;
}

static kt_error *unequal(kt_tx *tx, const char *path, kt_dec debit, kt_dec credit)
{
    kt_dec gap = kt_dec_sub(debit, credit);
    long long cents = (long long)(gap.coef < 0 ? -gap.coef : gap.coef);
    return kt_hint(kt_fail(tx, KT_RULE, path, "debits and credits differ by %lld.%02lld",
                       "Wn i Ma różnią się o %lld,%02lld", cents / 100, cents % 100),
        "An entry balances in the company's currency, and in its own.",
        "Zapis bilansuje się w walucie firmy i we własnej.");
}

/* Both sides are equal, in every currency of the entry. */
static kt_error *check_balanced(kt_tx *tx, const struct entry *e)
{
    kt_dec debit = money(0), credit = money(0), above = money(0), below = money(0);
    for (size_t i = 0; i < e->lines.count; i++) {
        const struct entry_line *line = line_at(&e->lines, i);
        debit = kt_dec_add(debit, line->debit);
        credit = kt_dec_add(credit, line->credit);
        if (sign_of(line->amount) > 0)
            above = kt_dec_add(above, line->amount);
        else
            below = kt_dec_sub(below, line->amount);
    }
    if (kt_dec_cmp(debit, credit) != 0)
        return unequal(tx, "lines", debit, credit);
    return kt_dec_cmp(above, below) == 0 ? NULL : unequal(tx, "lines.amount", above, below);
}

/* ---- Posting ---- */

static kt_error *give_number(kt_tx *tx, struct entry *e)
{
    struct journal j = {KT_OF(journal)};
    KT_TRY(kt_read(tx, e->journal, &j.rec));
    kt_str pattern = j.pattern.len ? j.pattern : kt_format(tx, "%s/{year}/{seq:6}", j.code.ptr);
    return kt_number(tx, &e->rec, pattern.ptr, e->day);
}

/* Opening balances come account by account: what they differ by stands on the account of openings. */
static kt_error *complete_opening(kt_tx *tx, struct entry *e)
{
    kt_dec sum = money(0), amount = money(0);
    struct entry_line line = {KT_OF(entry_line)};
    for (size_t i = 0; i < e->lines.count; i++) {
        const struct entry_line *of = line_at(&e->lines, i);
        sum = kt_dec_add(sum, kt_dec_sub(known(of->debit), known(of->credit)));
        amount = kt_dec_add(amount, known(of->amount));
    }
    if (e->kind != OPENING_ENTRY || !sum.coef)
        return NULL;
    KT_TRY(account_for(tx, OPENING, (kt_id){0}, &line.account));
    return entry_add(tx, e, &line, kt_dec_neg(sum), amount.coef ? kt_dec_neg(amount) : (kt_dec){0});
}

/* Kinds that make no open items are the house's: what they stand for has its own document. */
static kt_error *check_kind(kt_tx *tx, const struct entry *e)
{
    if (e->kind <= OPENING_ENTRY || e->origin.v)
        return NULL;
    return kt_hint(
        kt_fail(tx, KT_VALIDATION, "kind", "entries of this kind are made by their documents alone",
            "zapisy tego rodzaju tworzą tylko ich dokumenty"),
        "Post an entry of kind normal or opening.", "Zaksięguj zapis rodzaju zwykły albo otwarcie.");
}

/* What is written by hand has the digits of its currency, as what documents post has. */
static kt_error *check_digits(kt_tx *tx, const struct entry *e)
{
    struct house house;
    kt_error *all = NULL;
    if (e->origin.v || e->reverses.v)
        return NULL;
    KT_TRY(house_of(tx, &house));
    for (size_t i = 0; i < e->lines.count; i++) {
        const struct entry_line *line = line_at(&e->lines, i);
        kt_also(&all, digits_fit(tx, line_path(tx, i, "debit"), line->debit, house.currency));
        kt_also(&all, digits_fit(tx, line_path(tx, i, "credit"), line->credit, house.currency));
        kt_also(&all, digits_fit(tx, line_path(tx, i, "amount"), line->amount, e->currency));
    }
    return all;
}

static kt_error *make_ready(kt_tx *tx, struct entry *e)
{
    kt_error *all = check_kind(tx, e);
    kt_also(&all, check_digits(tx, e));
    KT_TRY(complete_opening(tx, e));
    if (e->lines.count < 2)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "lines", "an entry has at least two lines",
                          "zapis ma co najmniej dwie pozycje"));
    for (size_t i = 0; i < e->lines.count; i++)
        kt_also(&all, check_account(tx, e, line_at(&e->lines, i), i));
    kt_also(&all, check_balanced(tx, e));
    if (e->kind != CLOSING_ENTRY) /* a year is closed after its last period is */
        kt_also(&all, period_open(tx, "day", e->day));
    if (all)
        return all;
    kt_authority before = kt_own_authority(tx);
    all = give_number(tx, e);
    kt_callers_authority(tx, before);
    return all;
}

kt_error *entry_compute(kt_tx *tx, kt_record *self)
{
    struct entry *e = KT_AS(entry, self);
    struct house house;
    kt_error *all = NULL;
    if (e->state == ENTRY_POSTED && e->rec.number.len && e->rec.id.v)
        return NULL; /* entry_check sees that nothing changes */
    KT_TRY(keep_company(tx, self));
    KT_TRY(house_of(tx, &house));
    if (!e->currency.v)
        e->currency = house.currency;
    if (!e->journal.v)
        KT_TRY(journal_of(tx, e->kind == OPENING_ENTRY ? OPENINGS : GENERAL, &e->journal));
    e->total = money(0);
    for (size_t i = 0; i < e->lines.count; i++) {
        struct entry_line *line = line_at(&e->lines, i);
        if (e->currency.v == house.currency.v)
            line->amount = (kt_dec){0};
        kt_also(&all, check_amounts(tx, line, i));
        e->total = kt_dec_add(e->total, known(line->debit));
    }
    if (all || e->state != ENTRY_POSTED)
        return all;
    return make_ready(tx, e);
}

/* What hangs on a posted entry: balances, open items, the mark on what it reverses. */
static kt_error *take_into_books(kt_tx *tx, const struct entry *e)
{
    KT_TRY(balances_add(tx, e));
    if (e->kind != REVALUATION && e->kind != DIFFERENCE && e->kind != CLOSING_ENTRY)
        KT_TRY(open_items_make(tx, e));
    if (!e->reverses.v)
        return NULL;
    struct entry first = {KT_OF(entry)};
    KT_TRY(kt_read(tx, e->reverses, &first.rec));
    first.reversed_by = e->rec.id;
    return kt_update(tx, &first.rec);
}

static kt_error *posted(kt_tx *tx, const struct entry *e)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = take_into_books(tx, e);
    kt_callers_authority(tx, before);
    return error;
}

kt_error *entry_created(kt_tx *tx, const kt_event *event)
{
    const struct entry *e = KT_SEE(entry, event->after);
    return e->state == ENTRY_POSTED ? posted(tx, e) : NULL;
}

kt_error *entry_updated(kt_tx *tx, const kt_event *event)
{
    const struct entry *e = KT_SEE(entry, event->after);
    return e->state == ENTRY_POSTED && KT_SEE(entry, event->before)->state != ENTRY_POSTED ? posted(tx, e)
                                                                                           : NULL;
}

/* ---- What is posted stays ---- */

static kt_error *is_posted(kt_tx *tx, const char *path)
{
    return kt_hint(kt_fail(tx, KT_BAD_STATE, path, "the entry is posted: it does not change any more",
                       "zapis jest zaksięgowany: już się nie zmienia"),
        "Reverse it (finance.entry.reverse) and post it anew.",
        "Wystornuj go (finance.entry.reverse) i zaksięguj ponownie.");
}

kt_error *entry_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct entry *was = before ? KT_SEE(entry, before) : NULL;
    const struct entry *is = after ? KT_SEE(entry, after) : NULL;
    static const char *const since[] = {"reversed_by", NULL};
    if (was && was->state == ENTRY_POSTED)
        return is ? posted_stays(tx, before, after, was->reversed_by.v ? since + 1 : since, is_posted)
                  : is_posted(tx, NULL);
    return is && is->state == ENTRY_POSTED ? check_balanced(tx, is) : NULL;
}

/* ---- Entries that the house makes ---- */

kt_error *entry_add(kt_tx *tx, struct entry *e, const struct entry_line *like, kt_dec value, kt_dec amount)
{
    struct entry_line line = *like;
    line.rec = (kt_record){.of = &entry_line_shape};
    line.debit = line.credit = (kt_dec){0};
    if (!value.coef && !amount.coef)
        return NULL;
    if (value.coef > 0 || (!value.coef && amount.coef > 0))
        line.debit = kt_dec_round(value, 2);
    else
        line.credit = kt_dec_round(kt_dec_neg(value), 2);
    line.amount = amount.scale1 ? kt_dec_round(amount, 2) : amount;
    return kt_line_add(tx, &e->lines, &line.rec);
}

kt_error *entry_post(kt_tx *tx, struct entry *e)
{
    if (!e->lines.count)
        return NULL;
    e->state = ENTRY_POSTED;
    if (!e->kind)
        e->kind = NORMAL;
    kt_authority before = kt_own_authority(tx);
    kt_error *error = kt_create(tx, &e->rec);
    kt_callers_authority(tx, before);
    return error;
}

static kt_error *opposite(kt_tx *tx, const struct entry *of, struct entry *e)
{
    for (size_t i = 0; i < of->lines.count; i++) {
        struct entry_line line = *line_at(&of->lines, i);
        line.reverses = (int64_t)line.rec.id.v;
        line.due = line.discount_until = (kt_date){0};
        line.discount = (kt_dec){0};
        kt_dec value = kt_dec_sub(known(line.credit), known(line.debit));
        KT_TRY(entry_add(tx, e, &line, value, line.amount.scale1 ? kt_dec_neg(line.amount) : line.amount));
    }
    return NULL;
}

kt_error *entry_reverse(kt_tx *tx, kt_id entry, kt_date day, kt_str text, kt_id *made)
{
    struct entry of = {KT_OF(entry)};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = kt_read(tx, entry, &of.rec);
    kt_callers_authority(tx, before);
    KT_TRY(error);
    if (of.state != ENTRY_POSTED || of.reversed_by.v)
        return kt_fail(tx, KT_BAD_STATE, "state",
            of.reversed_by.v ? "the entry is reversed already" : "the entry is not posted",
            of.reversed_by.v ? "zapis już wystornowano" : "zapis nie jest zaksięgowany");
    struct entry e = {KT_OF(entry), .day = day, .journal = of.journal, .currency = of.currency,
        .kind = of.kind, .reverses = entry, .origin = of.origin, .reference = of.rec.number,
        .text = text.ptr ? text
                         : kt_format(tx, "%s %s", kt_say(tx, (kt_text){"Reversal of", "Storno"}).ptr,
                               of.rec.number.ptr)};
    KT_TRY(opposite(tx, &of, &e));
    KT_TRY(entry_post(tx, &e));
    *made = e.rec.id;
    return open_items_cancel(tx, &of, &e);
}

struct reversal {
    kt_record rec;
    kt_date day;
    kt_str text;
};
static const kt_shape reversal_shape = KT_SHAPE(reversal, NULL,
    KT_FIELD(reversal, day, DATE, "Date", "Data", .initial = "today"),
    KT_FIELD(reversal, text, STRING, "Text", "Opis", .max = 200));
struct reversed {
    kt_record rec;
    int64_t id, made;
};
static const kt_shape reversed_shape = KT_SHAPE(reversed, NULL, KT_FIELD(reversed, id, INT, "Id", "Id"),
    KT_FIELD(reversed, made, INT, "The reversal's id", "Id storna"));

static kt_error *reverse_by_hand(kt_tx *tx, kt_record *self, const kt_record *params)
{
    const struct reversal *p = KT_SEE(reversal, params);
    struct entry *e = KT_AS(entry, self);
    KT_TRY(not_before(tx, p->day, e->day));
    KT_TRY(period_open(tx, "day", p->day));
    if (e->origin.v)
        return kt_hint(
            kt_fail(tx, KT_RULE, "origin", "the entry belongs to a document", "zapis należy do dokumentu"),
            "Reverse the document: it takes its entry along.",
            "Wystornuj dokument: pociągnie za sobą zapis.");
    KT_TRY(matches_undo_of(tx, e, p->day)); /* what it settled is open again */
    return entry_reverse(tx, e->rec.id, p->day, p->text, &e->reversed_by);
}

static kt_error *reversal_made(kt_tx *tx, const kt_record *self, kt_record *result)
{
    struct reversed *out = KT_AS(reversed, result);
    (void)tx;
    out->id = (int64_t)self->id.v;
    out->made = (int64_t)KT_SEE(entry, self)->reversed_by.v;
    return NULL;
}

const kt_action entry_actions[] = {
    {"post", {"Post", "Zaksięguj"}, "post", .from = KT_IN(ENTRY_DRAFT), .to = ENTRY_POSTED, .preview = true,
        .counter = "reverse"},
    {"reverse", {"Reverse", "Wystornuj"}, "reverse", .from = KT_IN(ENTRY_POSTED), .params = &reversal_shape,
        .run = reverse_by_hand, .result = &reversed_shape, .answer = reversal_made},
    {0},
};
