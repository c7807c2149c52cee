/* Set-offs: a party that both owes us and is owed has the two cleared against one another, as far as the smaller sum goes, by one
 * document in one currency. Its entry has an opposite line for each item, at the value that this is in the books for: so nothing
 * but the entry itself realises a difference of exchange. source: kodeks cywilny art. 498, 499; IAS 21 par. 28 */
#include <kontor/documents.h>

#include "payment/payment.h"

const kt_choice set_off_states[] = {
    {SET_OFF_DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {SET_OFF_POSTED, "posted", {"Posted", "Zaksięgowana"}, "won"},
    {SET_OFF_REVERSED, "reversed", {"Reversed", "Wystornowana"}, "lost"},
    {0},
};
static const kt_shape cleared_shape = KT_SHAPE(cleared, NULL,
    KT_FIELD(cleared, item, REF, "Open item", "Rozrachunek", .target = "finance.open_item", .required = true,
        .priority = 1),
    KT_FIELD(cleared, amount, MONEY, "Amount", "Kwota", .scale = 2, .priority = 2,
        .help = {"Empty: as much as is open, and as the other side bears.",
            "Puste: tyle, ile otwarte i ile pokrywa druga strona."}));
const kt_shape set_off_shape = KT_SHAPE(set_off, "finance.set_off",
    KT_FIELD(
        set_off, party, REF, "Party", "Kontrahent", .target = "base.party", .required = true, .priority = 1),
    KT_FIELD(set_off, day, DATE, "Date", "Data", .required = true, .initial = "today", .indexed = true,
        .priority = 2),
    KT_FIELD(set_off, amount, MONEY, "Amount", "Kwota", .scale = 2, .priority = 3,
        .help = {"On each side. Empty: the smaller of both sums.", "Po każdej stronie. Puste: mniejsza z obu "
                                                                   "sum."}),
    KT_FIELD(set_off, currency, REF, "Currency", "Waluta", .target = "base.currency", .priority = 4,
        .help = {"Empty: the company's.", "Puste: waluta firmy."}),
    KT_FIELD(set_off, text, STRING, "Text", "Tytuł", .max = 200, .searchable = true),
    KT_FIELD(set_off, allocations, LINES, "What is cleared", "Co się kompensuje", .lines = &cleared_shape,
        .max = 500,
        .help = {"Receivables and payables. Empty: the oldest of both.",
            "Należności i zobowiązania. Puste: najstarsze z obu."}),
    KT_FIELD(set_off, state, STATE, "State", "Stan", .choices = set_off_states, .initial = "draft",
        .indexed = true, .priority = 5),
    KT_FIELD(set_off, entry, REF, "Entry", "Zapis", .target = "finance.entry", .computed = true));

static struct cleared *cleared_at(const struct set_off *s, size_t i)
{
    return KT_AS(cleared, kt_line(&s->allocations, i));
}

static const char *path_of(kt_tx *tx, size_t i, const char *field)
{
    return kt_format(tx, "allocations[%zu].%s", i, field).ptr;
}

static kt_dec smaller_of(kt_dec a, kt_dec b)
{
    return kt_dec_cmp(a, b) < 0 ? a : b;
}

kt_error *set_off_compute(kt_tx *tx, kt_record *self)
{
    struct set_off *s = KT_AS(set_off, self);
    struct house house;
    if (s->state != SET_OFF_DRAFT)
        return NULL;
    KT_TRY(keep_company(tx, self));
    KT_TRY(house_of(tx, &house));
    if (!s->currency.v)
        s->currency = house.currency;
    return s->amount.scale1 && sign_of(s->amount) <= 0
               ? kt_fail(tx, KT_VALIDATION, "amount", "must be above zero", "musi być większa od zera")
               : NULL;
}

static kt_error *is_posted(kt_tx *tx, const char *path)
{
    return kt_hint(kt_fail(tx, KT_BAD_STATE, path, "the set-off is posted: it does not change any more",
                       "kompensata jest zaksięgowana: już się nie zmienia"),
        "Reverse it and enter it anew.", "Wystornuj ją i wprowadź ponownie.");
}

kt_error *set_off_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    static const char *const since[] = {"state", NULL};
    const struct set_off *was = before ? KT_SEE(set_off, before) : NULL,
                         *is = after ? KT_SEE(set_off, after) : NULL;
    if (was && was->state != SET_OFF_DRAFT)
        return is ? posted_stays(tx, before, after, since, is_posted) : is_posted(tx, NULL);
    return is && is->state != SET_OFF_DRAFT && !is->entry.v
               ? kt_fail(tx, KT_RULE, "state", "a set-off is posted by finance.set_off.post alone",
                     "kompensatę księguje tylko finance.set_off.post")
               : NULL;
}

/* ---- What it clears ---- */

typedef struct {
    kt_tx *tx;
    struct set_off *s;
    struct house house;
    kt_id self;
    struct open_item *items; /* as s->allocations has them */
    kt_dec most[2];          /* of what they owe, and of what we owe, in the set-off's currency */
} clearing;

/* The oldest of what is open on one side: 0: they owe us, 1: we owe them. */
static kt_error *choose_side(clearing *c, int side)
{
    kt_id account;
    KT_TRY(account_for(c->tx, side ? PAYABLE : RECEIVABLE, (kt_id){0}, &account));
    const kt_where where[] = {KT_WHERE(open_item, party, KT_EQ, c->s->party),
        KT_WHERE(open_item, closed, KT_EQ, {0}), KT_WHERE(open_item, account, KT_EQ, account),
        KT_WHERE(open_item, currency, KT_EQ, c->s->currency), KT_WHERE(open_item, day, KT_LE, c->s->day),
        KT_WHERE(open_item, open, side ? KT_LT : KT_GT, KT_DEC(0, 2)), {0}};
    kt_cursor *cursor;
    struct open_item item = {KT_OF(open_item)};
    kt_error *error = NULL;
    KT_TRY(kt_open(c->tx, &(kt_query){&open_item_shape, where, "due,id", 250}, &cursor));
    while (!error && kt_next(cursor, &item.rec)) {
        const struct cleared row = {KT_OF(cleared), .item = item.rec.id};
        error = kt_line_add(c->tx, &c->s->allocations, &row.rec);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *check_item(const clearing *c, const struct open_item *item, size_t i)
{
    kt_tx *tx = c->tx;
    const struct set_off *s = c->s;
    const struct cleared *row = cleared_at(s, i);
    for (size_t k = 0; k < i; k++)
        if (cleared_at(s, k)->item.v == row->item.v)
            return kt_fail(
                tx, KT_VALIDATION, path_of(tx, i, "item"), "is named twice", "jest podany dwa razy");
    if (item->party.v != s->party.v || item->currency.v != s->currency.v || !item->open.coef)
        return kt_hint(
            kt_fail(tx, KT_RULE, path_of(tx, i, "item"), "is nothing that this set-off could clear",
                "to nic, co ta kompensata mogłaby rozliczyć"),
            "Choose what is open of this party in the set-off's currency.",
            "Wybierz otwarte rozrachunki tego kontrahenta w walucie kompensaty.");
    if (item->day.day > s->day.day)
        return kt_fail(tx, KT_RULE, path_of(tx, i, "item"), "is of %s, after the set-off",
            "jest z %s, po kompensacie", kt_date_text(tx, item->day).ptr);
    if (row->amount.scale1 && (sign_of(row->amount) <= 0 || kt_dec_cmp(row->amount, size_of(item->open)) > 0))
        return kt_fail(tx, KT_RULE, path_of(tx, i, "amount"), "must be above zero and at most the %s open",
            "musi być większa od zera i najwyżej tyle, ile otwarte: %s",
            kt_dec_text(tx, size_of(item->open), 2).ptr);
    return digits_fit(tx, path_of(tx, i, "amount"), row->amount, s->currency);
}

static kt_error *read_items(clearing *c)
{
    const struct set_off *s = c->s;
    kt_error *all = NULL;
    c->items = kt_alloc(c->tx, sizeof *c->items * (s->allocations.count + 1));
    if (!c->items)
        return kt_no_memory();
    c->most[0] = c->most[1] = money(0);
    for (size_t i = 0; i < s->allocations.count; i++) {
        const struct cleared *row = cleared_at(s, i);
        struct open_item *item = &c->items[i];
        *item = (struct open_item){KT_OF(open_item)};
        KT_TRY(kt_read(c->tx, row->item, &item->rec));
        kt_also(&all, check_item(c, item, i));
        kt_dec *most = &c->most[item->open.coef < 0];
        *most = kt_dec_add(*most, row->amount.scale1 ? row->amount : size_of(item->open));
    }
    return all;
}

/* Both sides bear the same. */
static kt_error *find_amount(clearing *c)
{
    kt_tx *tx = c->tx;
    const kt_dec most = smaller_of(c->most[0], c->most[1]);
    if (!most.coef)
        return kt_hint(
            kt_fail(tx, KT_RULE, "allocations", "there is nothing to set off: they owe %s, we owe %s",
                "nie ma czego kompensować: należności %s, zobowiązania %s",
                kt_dec_text(tx, c->most[0], 2).ptr, kt_dec_text(tx, c->most[1], 2).ptr),
            "The party owes us and is owed, in one currency, on the day.",
            "Kontrahent ma w tym dniu i należności, i zobowiązania w jednej walucie.");
    if (c->s->amount.scale1 && kt_dec_cmp(c->s->amount, most) > 0)
        return kt_fail(tx, KT_RULE, "amount", "is more than the smaller side, %s",
            "jest większa niż mniejsza ze stron, %s", kt_dec_text(tx, most, 2).ptr);
    if (!c->s->amount.scale1)
        c->s->amount = most;
    return digits_fit(tx, "amount", c->s->amount, c->s->currency);
}

/* Gives each item its part, in their order; what gets none is no part of the set-off. */
static kt_error *cut(clearing *c)
{
    kt_tx *tx = c->tx;
    kt_dec left[2] = {c->s->amount, c->s->amount};
    kt_lines kept = {0};
    size_t count = 0;
    for (size_t i = 0; i < c->s->allocations.count; i++) {
        struct cleared row = *cleared_at(c->s, i);
        kt_dec *side = &left[c->items[i].open.coef < 0];
        kt_dec most = row.amount.scale1 ? row.amount : size_of(c->items[i].open);
        kt_dec much = smaller_of(most, *side);
        if (row.amount.scale1 && kt_dec_cmp(much, row.amount) < 0)
            return kt_fail(tx, KT_RULE, path_of(tx, i, "amount"),
                "is more than the %s that are left of the set-off",
                "jest większa niż %s, które zostało z kompensaty", kt_dec_text(tx, *side, 2).ptr);
        if (!much.coef)
            continue;
        *side = kt_dec_sub(*side, much);
        row.amount = much;
        c->items[count++] = c->items[i];
        KT_TRY(kt_line_add(tx, &kept, &row.rec));
    }
    c->s->allocations = kept;
    return NULL;
}

/* ---- Posting ---- */

static kt_error *post_entry(clearing *c, struct entry *e)
{
    kt_tx *tx = c->tx;
    const struct set_off *s = c->s;
    const bool foreign = s->currency.v != c->house.currency.v;
    kt_dec gap = money(0);
    *e = (struct entry){KT_OF(entry), .day = s->day, .currency = s->currency, .origin = c->self,
        .reference = s->rec.number,
        .text = s->text.ptr ? s->text : kt_say(tx, (kt_text){"Set-off", "Kompensata"})};
    for (size_t i = 0; i < s->allocations.count; i++) {
        const struct open_item *item = &c->items[i];
        const bool we_owe = item->open.coef < 0;
        const kt_dec amount = cleared_at(s, i)->amount, value = open_item_value(item, amount);
        const struct entry_line like = {
            .account = item->account, .party = item->party, .text = item->reference};
        KT_TRY(entry_add(tx, e, &like, we_owe ? value : kt_dec_neg(value),
            !foreign ? (kt_dec){0}
            : we_owe ? amount
                     : kt_dec_neg(amount)));
        gap = we_owe ? kt_dec_sub(gap, value) : kt_dec_add(gap, value);
    }
    struct entry_line other = {0};
    if (gap.coef)
        KT_TRY(account_for(tx, gap.coef < 0 ? EXCHANGE_GAIN : EXCHANGE_LOSS, (kt_id){0}, &other.account));
    KT_TRY(entry_add(tx, e, &other, gap, (kt_dec){0}));
    return entry_post(tx, e);
}

static kt_error *post(clearing *c)
{
    kt_tx *tx = c->tx;
    struct set_off *s = c->s;
    struct entry e;
    if (!s->allocations.count) {
        KT_TRY(choose_side(c, 0));
        KT_TRY(choose_side(c, 1));
    }
    KT_TRY(read_items(c));
    KT_TRY(find_amount(c));
    KT_TRY(cut(c));
    KT_TRY(kt_number(tx, &s->rec, "KOMP/{year}/{seq:6}", s->day));
    KT_TRY(post_entry(c, &e));
    s->entry = e.rec.id;
    for (size_t i = 0; i < s->allocations.count; i++) {
        const struct open_item *item = &c->items[i];
        const kt_dec amount = cleared_at(s, i)->amount;
        const bool we_owe = item->open.coef < 0;
        struct open_item own;
        KT_TRY(open_item_of(tx, e.rec.id, (int64_t)kt_line(&e.lines, i)->id.v, &own));
        KT_TRY(items_match(tx, we_owe ? own.rec.id : item->rec.id, we_owe ? item->rec.id : own.rec.id, amount,
            amount, s->day, c->self));
    }
    return NULL;
}

static kt_error *set_off_post(kt_tx *tx, kt_record *self, const kt_record *params)
{
    clearing c = {.tx = tx, .s = KT_AS(set_off, self)};
    (void)params;
    c.self = kt_any(tx, "finance.set_off", c.s->rec.id);
    KT_TRY(house_of(tx, &c.house));
    KT_TRY(period_open(tx, "day", c.s->day));
    kt_authority before = kt_own_authority(tx);
    kt_error *error = post(&c);
    kt_callers_authority(tx, before);
    return error;
}

struct set_off_back {
    kt_record rec;
    kt_date day;
};
static const kt_shape set_off_back_shape = KT_SHAPE(
    set_off_back, NULL, KT_FIELD(set_off_back, day, DATE, "Date", "Data", .initial = "today"));

static kt_error *set_off_reverse(kt_tx *tx, kt_record *self, const kt_record *params)
{
    const struct set_off *s = KT_AS(set_off, self);
    const kt_date day = KT_SEE(set_off_back, params)->day;
    KT_TRY(not_before(tx, day, s->day));
    KT_TRY(period_open(tx, "day", day));
    return matched_reverse(tx, kt_any(tx, "finance.set_off", s->rec.id), day);
}

const kt_action set_off_actions[] = {
    {"post", {"Post", "Zaksięguj"}, "post", .from = KT_IN(SET_OFF_DRAFT), .to = SET_OFF_POSTED,
        .run = set_off_post, .preview = true, .counter = "reverse"},
    {"reverse", {"Reverse", "Wystornuj"}, "reverse", .from = KT_IN(SET_OFF_POSTED), .to = SET_OFF_REVERSED,
        .params = &set_off_back_shape, .run = set_off_reverse},
    {0},
};
