/* Payments: money in or out, entered on bank or cash, and set off against what is open: of one item or many, in
 * part, with a discount for paying early, with a small rest written off, in another currency. What is left of it
 * stays open as a credit of the party. */
#include "payment/payment.h"

static const kt_choice directions[] = {
    {MONEY_IN, "in", {"Received", "Wpływ"}},
    {MONEY_OUT, "out", {"Paid out", "Wypłata"}},
    {0},
};
const kt_choice payment_states[] = {
    {PAYMENT_DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {PAYMENT_POSTED, "posted", {"Posted", "Zaksięgowana"}, "open"},
    {PAYMENT_RECONCILED, "reconciled", {"Reconciled", "Rozliczona"}, "won"},
    {PAYMENT_REVERSED, "reversed", {"Reversed", "Wystornowana"}, "lost"},
    {0},
};
const kt_shape allocation_shape = KT_SHAPE(allocation, NULL,
    KT_FIELD(allocation, item, REF, "Open item", "Rozrachunek", .target = "finance.open_item",
        .required = true, .priority = 1),
    KT_FIELD(allocation, amount, MONEY, "Amount", "Kwota", .scale = 2, .priority = 2,
        .help = {"In the payment's currency. Empty: what is open, or left of the payment.",
            "W walucie płatności. Puste: tyle, ile otwarte, albo ile zostało."}),
    KT_FIELD(allocation, discount, MONEY, "Early discount", "Skonto", .scale = 2, .priority = 3,
        .help = {"In the item's currency.", "W walucie rozrachunku."}),
    KT_FIELD(allocation, write_off, BOOL, "Write off the rest", "Odpisz resztę", .priority = 4),
    KT_FIELD(allocation, settles, MONEY, "Settles", "Rozlicza", .scale = 2,
        .help = {"In the item's currency, as the bank has changed it. Empty: what the amount is at the rate "
                 "of the day.",
            "W walucie rozrachunku, jak przeliczył bank. Puste: tyle, ile wynosi kwota po kursie dnia."}),
    KT_FIELD(allocation, written_off, MONEY, "Written off", "Odpisano", .scale = 2, .computed = true));
const kt_shape payment_shape = KT_SHAPE(payment, "finance.payment",
    KT_FIELD(payment, direction, STATE, "Direction", "Kierunek", .choices = directions, .initial = "in",
        .fixed = true, .indexed = true, .priority = 1),
    KT_FIELD(
        payment, party, REF, "Party", "Kontrahent", .target = "base.party", .required = true, .priority = 2),
    KT_FIELD(payment, day, DATE, "Date", "Data", .required = true, .initial = "today", .indexed = true,
        .priority = 3),
    KT_FIELD(payment, amount, MONEY, "Amount", "Kwota", .scale = 2, .required = true, .priority = 4),
    KT_FIELD(payment, journal, REF, "Bank or cash desk", "Bank lub kasa", .target = "finance.journal",
        .help = {"Empty: the first bank.", "Puste: pierwszy bank."}),
    KT_FIELD(payment, currency, REF, "Currency", "Waluta", .target = "base.currency",
        .help = {"Empty: the journal's, or the company's.", "Puste: dziennika albo firmy."}),
    KT_FIELD(payment, rate_day, DATE, "Day of the exchange rate", "Dzień kursu",
        .help = {"Empty: the payment's, or the day before it, as finance.setting says.",
            "Puste: dzień płatności albo poprzedni, według finance.setting."}),
    KT_FIELD(payment, account, REF, "Account of the party", "Konto rozrachunkowe",
        .target = "finance.account",
        .help = {"Empty: the items', or receivables for money in and payables for money out; where only the "
                 "other side is "
                 "open, the oldest is settled there.",
            "Puste: konto rozrachunków, a bez nich należności dla wpływu i zobowiązania dla wypłaty; gdy "
            "otwarta jest "
            "tylko druga strona, tam rozlicza się najstarsze."}),
    KT_FIELD(payment, text, STRING, "Text", "Tytuł", .max = 200, .searchable = true),
    KT_FIELD(payment, reference, STRING, "Reference", "Numer obcy", .max = 80, .searchable = true,
        .indexed = true),
    KT_FIELD(payment, oldest, BOOL, "Settle the oldest", "Rozlicz najstarsze",
        .help = {"Without allocations: what is open and oldest is settled first.",
            "Bez wskazań: najpierw rozlicza się najstarsze."}),
    KT_FIELD(
        payment, allocations, LINES, "Allocations", "Rozliczenia", .lines = &allocation_shape, .max = 500),
    KT_FIELD(payment, state, STATE, "State", "Stan", .choices = payment_states, .initial = "draft",
        .indexed = true, .priority = 6),
    KT_FIELD(payment, open, MONEY, "Left", "Pozostaje", .scale = 2, .computed = true, .priority = 5),
    KT_FIELD(payment, entry, REF, "Entry", "Zapis", .target = "finance.entry", .computed = true));

static struct allocation *allocation_at(const struct payment *p, size_t i)
{
    return KT_AS(allocation, kt_line(&p->allocations, i));
}

static const char *path_of(kt_tx *tx, size_t i, const char *field)
{
    return kt_format(tx, "allocations[%zu].%s", i, field).ptr;
}

kt_error *payment_compute(kt_tx *tx, kt_record *self)
{
    struct payment *p = KT_AS(payment, self);
    struct house house;
    struct journal j = {KT_OF(journal)};
    if (p->rec.number.len || p->state != PAYMENT_DRAFT)
        return NULL;
    KT_TRY(keep_company(tx, self));
    if (p->amount.scale1 && sign_of(p->amount) <= 0)
        return kt_hint(kt_fail(tx, KT_VALIDATION, "amount", "must be above zero", "musi być większa od zera"),
            "Money the other way is a payment of the other direction.",
            "Przepływ w drugą stronę to płatność w drugim kierunku.");
    KT_TRY(house_of(tx, &house));
    if (!p->journal.v)
        KT_TRY(journal_of(tx, BANKING, &p->journal));
    KT_TRY(kt_read(tx, p->journal, &j.rec));
    if (j.kind != BANKING && j.kind != CASHING)
        return kt_fail(
            tx, KT_VALIDATION, "journal", "is no bank and no cash desk", "nie jest bankiem ani kasą");
    if (!p->currency.v)
        p->currency = j.currency.v ? j.currency : house.currency;
    p->open = p->amount;
    return digits_fit(tx, "amount", p->amount, p->currency);
}

static kt_error *is_posted(kt_tx *tx, const char *path)
{
    return kt_hint(kt_fail(tx, KT_BAD_STATE, path, "the payment is posted: it does not change any more",
                       "płatność jest zaksięgowana: już się nie zmienia"),
        "Reverse it and enter it anew.", "Wystornuj ją i wprowadź ponownie.");
}

kt_error *payment_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    static const char *const since[] = {"open", "state", NULL};
    const struct payment *was = before ? KT_SEE(payment, before) : NULL,
                         *is = after ? KT_SEE(payment, after) : NULL;
    if (was && was->state != PAYMENT_DRAFT)
        return is ? posted_stays(tx, before, after, since, is_posted) : is_posted(tx, NULL);
    return is && is->state != PAYMENT_DRAFT && !is->entry.v
               ? kt_fail(tx, KT_RULE, "state", "a payment is posted by finance.payment.post alone",
                     "płatność księguje tylko finance.payment.post")
               : NULL;
}

/* ---- What it settles ---- */

/* Of the party's open items on an account, those that the payment could settle, the oldest first. */
static kt_error *open_what_it_settles(
    kt_tx *tx, const struct payment *p, kt_id account, uint32_t limit, kt_cursor **cursor)
{
    kt_op side = p->direction == MONEY_IN ? KT_GT : KT_LT;
    const kt_where where[] = {KT_WHERE(open_item, party, KT_EQ, p->party),
        KT_WHERE(open_item, closed, KT_EQ, {0}), KT_WHERE(open_item, account, KT_EQ, account),
        KT_WHERE(open_item, currency, KT_EQ, p->currency), KT_WHERE(open_item, open, side, KT_DEC(0, 2)),
        {0}};
    return kt_open(tx, &(kt_query){&open_item_shape, where, "due,id", limit}, cursor);
}

/* Without allocations, the oldest of them. */
static kt_error *choose_oldest(kt_tx *tx, struct payment *p, kt_id account)
{
    kt_cursor *cursor;
    kt_dec left = p->amount;
    struct open_item item = {KT_OF(open_item)};
    kt_error *error = NULL;
    KT_TRY(open_what_it_settles(tx, p, account, 500, &cursor));
    while (!error && left.coef > 0 && kt_next(cursor, &item.rec)) {
        kt_dec open = size_of(item.open);
        struct allocation a = {
            KT_OF(allocation), .item = item.rec.id, .amount = kt_dec_cmp(open, left) < 0 ? open : left};
        left = kt_dec_sub(left, a.amount);
        error = kt_line_add(tx, &p->allocations, &a.rec);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

/* What is left of the item after payment and discount, written off if it is small. */
static kt_error *judge_rest(kt_tx *tx, const struct payment *p, struct allocation *a,
    const struct open_item *item, size_t i, bool any_rest)
{
    struct setting s;
    struct house house;
    kt_dec rest = kt_dec_sub(kt_dec_sub(size_of(item->open), a->settles), known(a->discount)), value;
    if (sign_of(rest) < 0)
        return kt_fail(
            tx, KT_RULE, path_of(tx, i, "amount"), "is more than is open", "jest większa niż otwarte");
    a->written_off = (kt_dec){0};
    if (!a->write_off || !rest.coef)
        return NULL;
    KT_TRY(setting_of(tx, &s));
    KT_TRY(house_of(tx, &house));
    KT_TRY(to_house(tx, &house, "rate_day", rest, item->currency, p->rate_day, &value));
    if (kt_dec_cmp(value, s.tolerance) > 0 && !any_rest)
        return kt_hint(kt_fail(tx, KT_RULE, path_of(tx, i, "write_off"), "the rest is above the tolerance",
                           "reszta przekracza tolerancję"),
            "See finance.setting, or let somebody write it off who may.",
            "Zobacz finance.setting albo poproś o odpis kogoś uprawnionego.");
    a->written_off = rest;
    return NULL;
}

/* The bank's own rate is not that of the day, but near it: else a debt would be given away as an exchange loss. */
static kt_error *judge_settled(kt_tx *tx, const struct payment *p, struct allocation *a,
    const struct open_item *item, size_t i, kt_dec at_rate, bool any_rest)
{
    enum { GAP_MOST = 10 }; /* a tenth */
    if (!a->settles.scale1)
        a->settles = at_rate;
    kt_dec gap = size_of(kt_dec_sub(a->settles, at_rate));
    bool far = kt_dec_cmp(kt_dec_mul(gap, KT_DEC(GAP_MOST, 0), 2), at_rate) > 0;
    bool beyond = p->currency.v == item->currency.v ? gap.coef != 0 : far && !any_rest;
    if (sign_of(a->settles) > 0 && !beyond)
        return NULL;
    return kt_hint(
        kt_fail(tx, KT_RULE, path_of(tx, i, "settles"), "is not what was paid", "to nie tyle, ile zapłacono"),
        "In another currency it is what the bank made of the amount, within a tenth of the day's rate; in "
        "the "
        "payment's own leave it empty.",
        "W innej walucie to kwota po przeliczeniu przez bank, do jednej dziesiątej od kursu dnia; w walucie "
        "płatności zostaw puste.");
}

/* What the allocations before this one leave of the item. */
static kt_error *read_left(kt_tx *tx, const struct payment *p, size_t i, struct open_item *item)
{
    kt_id id = allocation_at(p, i)->item;
    *item = (struct open_item){KT_OF(open_item)};
    KT_TRY(kt_read(tx, id, &item->rec));
    for (size_t k = 0; k < i; k++) {
        const struct allocation *a = allocation_at(p, k);
        kt_dec taken = kt_dec_add(kt_dec_add(known(a->settles), known(a->discount)), known(a->written_off));
        if (a->item.v == id.v)
            item->open = p->direction == MONEY_IN ? kt_dec_sub(item->open, taken)
                                                  : kt_dec_add(item->open, taken);
    }
    return NULL;
}

/* account: of the party, on which the payment is booked */
static kt_error *judge(kt_tx *tx, const struct payment *p, kt_id account, size_t i, kt_dec *left,
    struct open_item *item, bool any_rest)
{
    kt_dec open;
    struct allocation *a = allocation_at(p, i);
    KT_TRY(read_left(tx, p, i, item));
    if (item->party.v == p->party.v && item->account.v != account.v)
        return kt_hint(kt_fail(tx, KT_RULE, path_of(tx, i, "item"), "is on another account than the payment",
                           "jest na innym koncie niż płatność"),
            "Make a payment for each account of the party, or leave the account empty.",
            "Wprowadź płatność dla każdego konta kontrahenta albo zostaw konto puste.");
    if (item->party.v != p->party.v || sign_of(item->open) != (p->direction == MONEY_IN ? 1 : -1))
        return kt_hint(
            kt_fail(tx, KT_RULE, path_of(tx, i, "item"), "is nothing that this payment could settle",
                "to nic, co ta płatność mogłaby rozliczyć"),
            "Choose an open item of this party: owed to us for money in, by us for money out.",
            "Wybierz otwarty rozrachunek tego kontrahenta: należność dla wpływu, zobowiązanie dla wypłaty.");
    kt_dec wanted = kt_dec_sub(size_of(item->open), known(a->discount)), at_rate;
    KT_TRY(exchange(tx, "rate_day", wanted, item->currency, p->currency, p->rate_day, &open));
    if (!a->amount.scale1)
        a->amount = kt_dec_cmp(open, *left) < 0 && !a->settles.scale1 ? open : *left;
    if (kt_dec_cmp(a->amount, *left) > 0 || sign_of(a->amount) <= 0)
        return kt_fail(tx, KT_RULE, path_of(tx, i, "amount"), "is more than is left of the payment",
            "jest większa niż pozostało z płatności");
    KT_TRY(exchange(tx, "rate_day", a->amount, p->currency, item->currency, p->rate_day, &at_rate));
    if (kt_dec_cmp(a->amount, open) == 0)
        at_rate = wanted;
    KT_TRY(judge_settled(tx, p, a, item, i, at_rate, any_rest));
    KT_TRY(digits_fit(tx, path_of(tx, i, "amount"), a->amount, p->currency));
    KT_TRY(digits_fit(tx, path_of(tx, i, "discount"), a->discount, item->currency));
    *left = kt_dec_sub(*left, a->amount);
    KT_TRY(discount_judge(tx, p, a, item, path_of(tx, i, "discount")));
    return judge_rest(tx, p, a, item, i, any_rest);
}

/* ---- Posting ---- */

typedef struct {
    kt_tx *tx;
    struct payment *p;
    struct house house;
    kt_id account, self;
    int side;      /* 1: money in */
    bool any_rest; /* may the caller write off more than the tolerance? */
} paying;

static kt_error *post_money(paying *y)
{
    struct payment *p = y->p;
    struct journal j = {KT_OF(journal)};
    kt_dec value, booked, amount = y->side > 0 ? p->amount : kt_dec_neg(p->amount);
    bool foreign = p->currency.v != y->house.currency.v;
    KT_TRY(kt_read(y->tx, p->journal, &j.rec));
    KT_TRY(to_house(y->tx, &y->house, "rate_day", amount, p->currency, p->rate_day, &value));
    KT_TRY(held_value(y->tx, j.account, p->day, amount, value, &booked));
    kt_dec gap = kt_dec_sub(value, booked);
    struct entry_line cash = {.account = j.account}, party = {.account = y->account, .party = p->party},
                      other = {0};
    struct entry e = {KT_OF(entry), .day = p->day, .journal = p->journal, .currency = p->currency,
        .origin = y->self, .reference = p->rec.number, .text = p->text};
    KT_TRY(entry_add(y->tx, &e, &cash, booked, foreign ? amount : (kt_dec){0}));
    KT_TRY(entry_add(y->tx, &e, &party, kt_dec_neg(value), foreign ? kt_dec_neg(amount) : (kt_dec){0}));
    if (gap.coef)
        KT_TRY(
            account_for(y->tx, sign_of(gap) < 0 ? EXCHANGE_GAIN : EXCHANGE_LOSS, (kt_id){0}, &other.account));
    KT_TRY(entry_add(y->tx, &e, &other, gap, (kt_dec){0}));
    KT_TRY(entry_post(y->tx, &e));
    p->entry = e.rec.id;
    return NULL;
}

/* Closes so much of an item by an entry of its own: a discount, or a rest that nobody will pay. Its value is what it is in the
 * books for: on what is not paid no exchange difference is realised. source: IAS 21 par. 28 */
static kt_error *post_rest(paying *y, const struct open_item *of, kt_dec amount, enum purpose purpose)
{
    kt_id account;
    struct open_item made, now = {KT_OF(open_item)}, *item = &now;
    if (!amount.coef)
        return NULL;
    KT_TRY(kt_read(y->tx, of->rec.id, &now.rec)); /* the payment has lessened it */
    bool foreign = item->currency.v != y->house.currency.v;
    kt_dec sided = y->side > 0 ? amount : kt_dec_neg(amount);
    kt_dec value = open_item_value(item, amount);
    if (y->side < 0)
        value = kt_dec_neg(value);
    KT_TRY(account_for(y->tx, purpose, (kt_id){0}, &account));
    kt_date day = y->p->day.day < item->day.day ? item->day
                                                : y->p->day; /* nothing is taken off before it is there */
    struct entry e = {KT_OF(entry), .day = day, .currency = item->currency, .origin = y->self,
        .reference = item->reference, .text = kt_say(y->tx, purposes[purpose - 1].label)};
    KT_TRY(entry_add(y->tx, &e, &(struct entry_line){.account = item->account, .party = item->party},
        kt_dec_neg(value), foreign ? kt_dec_neg(sided) : (kt_dec){0}));
    if (purpose == WRITE_OFF)
        KT_TRY(entry_add(
            y->tx, &e, &(struct entry_line){.account = account}, value, foreign ? sided : (kt_dec){0}));
    else
        KT_TRY(discount_book(y->tx,
            &(struct discounted){.by = y->p,
                .item = item,
                .house = &y->house,
                .account = account,
                .amount = sided,
                .value = value},
            &e));
    KT_TRY(entry_post(y->tx, &e));
    KT_TRY(open_item_of(y->tx, e.rec.id, (int64_t)kt_line(&e.lines, 0)->id.v, &made));
    return items_match(y->tx, y->side > 0 ? item->rec.id : made.rec.id,
        y->side > 0 ? made.rec.id : item->rec.id, amount, amount, y->p->day, y->self);
}

static kt_error *settle(paying *y, const struct allocation *a, const struct open_item *item)
{
    struct open_item *own;
    size_t count, at = 0;
    KT_TRY(open_items_of(y->tx, y->self, &own, &count));
    while (at < count && own[at].entry.v != y->p->entry.v)
        at++;
    if (at == count)
        return kt_fail(y->tx, KT_RULE, "account", "has no open items", "nie prowadzi rozrachunków");
    if (y->side > 0)
        KT_TRY(items_match(y->tx, item->rec.id, own[at].rec.id, a->settles, a->amount, y->p->day, y->self));
    else
        KT_TRY(items_match(y->tx, own[at].rec.id, item->rec.id, a->amount, a->settles, y->p->day, y->self));
    KT_TRY(post_rest(y, item, known(a->discount), y->side > 0 ? DISCOUNT_GIVEN : DISCOUNT_TAKEN));
    return post_rest(y, item, known(a->written_off), WRITE_OFF);
}

static kt_error *has_open(const paying *y, kt_id account, bool *any)
{
    struct open_item item = {KT_OF(open_item)};
    kt_cursor *cursor;
    KT_TRY(open_what_it_settles(y->tx, y->p, account, 1, &cursor));
    *any = kt_next(cursor, &item.rec);
    return kt_close(cursor);
}

/* What is paid back to a customer, or by a supplier, settles what they had too much where nothing is owed on the usual side. */
static kt_error *usual_account(paying *y)
{
    const bool in = y->side > 0;
    kt_id other;
    bool owed = true, back = false;
    KT_TRY(account_for(y->tx, in ? RECEIVABLE : PAYABLE, (kt_id){0}, &y->account));
    if (!y->p->oldest)
        return NULL;
    KT_TRY(account_for(y->tx, in ? PAYABLE : RECEIVABLE, (kt_id){0}, &other));
    KT_TRY(has_open(y, y->account, &owed));
    if (!owed)
        KT_TRY(has_open(y, other, &back));
    if (back)
        y->account = other;
    return NULL;
}

static kt_error *choose_account(paying *y)
{
    struct payment *p = y->p;
    y->account = p->account;
    if (!y->account.v && p->allocations.count) {
        struct open_item first = {KT_OF(open_item)};
        KT_TRY(kt_read(y->tx, allocation_at(p, 0)->item, &first.rec));
        y->account = first.account;
    }
    if (!y->account.v)
        KT_TRY(usual_account(y));
    struct account a = {KT_OF(account)};
    KT_TRY(kt_read(y->tx, y->account, &a.rec));
    return a.open_items ? NULL
                        : kt_hint(kt_fail(y->tx, KT_RULE, "account", "account %s has no open items",
                                      "konto %s nie prowadzi rozrachunków", a.code.ptr),
                              "A payment is a party's; enter others in finance.entry.",
                              "Płatność jest kontrahenta; inne wpisz w finance.entry.");
}

/* The papers of each desk, and of each bank, count for themselves: none is missing in a cash report. */
static kt_error *give_number(paying *y)
{
    struct payment *p = y->p;
    struct journal j = {KT_OF(journal)};
    KT_TRY(kt_read(y->tx, p->journal, &j.rec));
    kt_str pattern = kt_format(y->tx, "%s/%s/{year}/{seq:6}", y->side > 0 ? "KP" : "KW", j.code.ptr);
    return kt_number(y->tx, &p->rec, pattern.ptr, p->day);
}

static kt_error *post(paying *y)
{
    kt_tx *tx = y->tx;
    struct payment *p = y->p;
    kt_error *all = NULL;
    kt_dec left = p->amount;
    KT_TRY(choose_account(y));
    if (p->oldest && !p->allocations.count)
        KT_TRY(choose_oldest(tx, p, y->account));
    struct open_item *items = kt_alloc(tx, sizeof *items * (p->allocations.count + 1));
    if (!items)
        return kt_no_memory();
    for (size_t i = 0; i < p->allocations.count; i++)
        kt_also(&all, judge(tx, p, y->account, i, &left, &items[i], y->any_rest));
    if (all)
        return all;
    KT_TRY(give_number(y));
    KT_TRY(post_money(y));
    for (size_t i = 0; i < p->allocations.count; i++)
        KT_TRY(settle(y, allocation_at(p, i), &items[i]));
    p->open = left;
    return NULL;
}

static kt_error *payment_post(kt_tx *tx, kt_record *self, const kt_record *params)
{
    paying y = {.tx = tx, .p = KT_AS(payment, self)};
    struct setting setting;
    (void)params;
    y.any_rest = kt_may(tx, "finance.payment:override");
    y.side = y.p->direction == MONEY_IN ? 1 : -1;
    y.self = kt_any(tx, "finance.payment", y.p->rec.id);
    KT_TRY(house_of(tx, &y.house));
    KT_TRY(period_open(tx, "day", y.p->day));
    KT_TRY(setting_of(tx, &setting));
    if (!y.p->rate_day.day) /* source: ustawa o rachunkowości art. 30 ust. 2 pkt 2 */
        y.p->rate_day = kt_date_add(y.p->day, setting.rate_before ? -1 : 0);
    kt_authority before = kt_own_authority(tx);
    kt_error *error = post(&y);
    kt_callers_authority(tx, before);
    KT_TRY(error);
    y.p->state = y.p->open.coef ? PAYMENT_POSTED : PAYMENT_RECONCILED;
    return NULL;
}

static kt_error *follow(kt_tx *tx, kt_id id)
{
    struct payment p = {KT_OF(payment)};
    struct open_item *items;
    size_t count;
    KT_TRY(kt_read(tx, id, &p.rec));
    if (p.state != PAYMENT_POSTED && p.state != PAYMENT_RECONCILED)
        return NULL; /* it is being posted, or taken back */
    KT_TRY(open_items_of(tx, kt_any(tx, "finance.payment", id), &items, &count));
    for (size_t i = 0; i < count; i++)
        if (items[i].entry.v == p.entry.v)
            p.open = size_of(items[i].open);
    p.state = p.open.coef ? PAYMENT_POSTED : PAYMENT_RECONCILED;
    return kt_update(tx, &p.rec);
}

kt_error *payment_follow(kt_tx *tx, kt_id payment)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = follow(tx, payment);
    kt_callers_authority(tx, before);
    return error;
}

/* ---- Reversal ---- */

struct reverse {
    kt_record rec;
    kt_date day;
};
static const kt_shape reverse_shape = KT_SHAPE(
    reverse, NULL, KT_FIELD(reverse, day, DATE, "Date", "Data", .initial = "today"));

static kt_error *reverse_all(kt_tx *tx, struct payment *p, kt_date day)
{
    KT_TRY(discount_undo(tx, p->rec.id, day));
    KT_TRY(matched_reverse(tx, kt_any(tx, "finance.payment", p->rec.id), day));
    p->open = money(0);
    return NULL;
}

static kt_error *payment_reverse(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct payment *p = KT_AS(payment, self);
    kt_date day = KT_SEE(reverse, params)->day;
    KT_TRY(not_before(tx, day, p->day));
    KT_TRY(period_open(tx, "day", day));
    kt_authority before = kt_own_authority(tx);
    kt_error *error = reverse_all(tx, p, day);
    kt_callers_authority(tx, before);
    return error;
}

const kt_action payment_actions[] = {
    {"post", {"Post", "Zaksięguj"}, "post", .from = KT_IN(PAYMENT_DRAFT), .run = payment_post,
        .preview = true, .counter = "reverse"},
    {"reverse", {"Reverse", "Wystornuj"}, "reverse",
        .from = KT_IN(PAYMENT_POSTED) | KT_IN(PAYMENT_RECONCILED), .to = PAYMENT_REVERSED,
        .params = &reverse_shape, .run = payment_reverse},
    {0},
};
