/* What an order does to cash, day by day: what the customer will pay for what is still to be billed, and what the goods
 * that are bought for it cost, each by the terms of payment of who pays. Both with tax, as they will be paid. */
#include <stdlib.h>
#include <string.h>

#include <kontor/accounts.h>
#include <kontor/currency.h>
#include <kontor/list.h>

#include "sales/sales.h"

struct cash_day {
    kt_record rec;
    kt_date day;
    kt_dec received, paid, balance;
};
const kt_shape cash_day_shape = KT_SHAPE(cash_day, NULL, KT_FIELD(cash_day, day, DATE, "Day", "Dzień"),
    KT_FIELD(cash_day, received, MONEY, "Received", "Wpływ", .scale = 2),
    KT_FIELD(cash_day, paid, MONEY, "Paid", "Wydatek", .scale = 2),
    KT_FIELD(cash_day, balance, MONEY, "Together so far", "Razem do tego dnia", .scale = 2));

struct asked_of { /* logistics.purchase_request: of whom it will be bought */
    kt_record rec;
    kt_id party, demand;
    kt_dec free, unit_cost;
};
static const kt_shape asked_of_shape = KT_SHAPE(asked_of, "logistics.purchase_request",
    KT_BIND(asked_of, party, REF, "party"), KT_BIND(asked_of, demand, REF, "demand"),
    KT_BIND(asked_of, free, QUANTITY, "free"), KT_BIND(asked_of, unit_cost, PRICE, "unit_cost"));

struct billed { /* on a day, by or to a party; after that, what falls due on a day */
    kt_id party, item;
    kt_date day;
    kt_dec amount; /* in the company's currency; below zero: we pay */
};
struct bills {
    struct billed *rows;
    size_t count, room;
};

static kt_error *add(kt_tx *tx, struct bills *all, struct billed row)
{
    struct billed *rows = kt_grow(tx, all->rows, all->count, &all->room, sizeof row);
    if (!rows)
        return kt_no_memory();
    all->rows = rows;
    all->rows[all->count++] = row;
    return NULL;
}

static int by_party(const void *x, const void *y)
{
    const struct billed *a = x, *b = y;
    int c = (a->party.v > b->party.v) - (a->party.v < b->party.v);
    if (!c)
        c = (a->day.day > b->day.day) - (a->day.day < b->day.day);
    return c ? c : (a->amount.coef > 0) - (b->amount.coef > 0);
}

/* One row for each party, day and direction. */
static void put_together(struct bills *all)
{
    size_t kept = 0;
    if (all->count)
        qsort(all->rows, all->count, sizeof *all->rows, by_party);
    for (size_t i = 0; i < all->count; i++)
        if (kept && by_party(&all->rows[kept - 1], &all->rows[i]) == 0)
            all->rows[kept - 1].amount = kt_dec_add(all->rows[kept - 1].amount, all->rows[i].amount);
        else
            all->rows[kept++] = all->rows[i];
    all->count = kept;
}

static kt_date not_past(kt_tx *tx, kt_date day)
{
    return day.day > kt_today(tx).day ? day : kt_today(tx);
}

static kt_dec unbilled(const struct sale_line *line)
{
    kt_dec none = KT_DEC(0, 4), gross = kt_dec_round(line->gross, 2), parts[3];
    kt_dec weights[3] = {kt_dec_sub(sale_line_wanted(line), line->invoiced), kt_dec_add(none, line->invoiced),
        kt_dec_add(none, line->given_up)};
    if (!weights[1].coef && !weights[2].coef)
        return gross;
    if (weights[0].coef < 0 || weights[1].coef < 0)
        return KT_DEC(0, 2);
    kt_dec_split(gross, weights, 3, parts);
    return parts[0];
}

/* known: receives false where there is no rate for what the customer pays */
static kt_error *add_sales(kt_tx *tx, const struct sale *s, kt_id own, struct bills *all, bool *known)
{
    const kt_currencies *currencies = kt_currencies_find(tx);
    for (size_t i = 0; i < s->lines.count; i++) {
        const struct sale_line *line = sale_line_at(&s->lines, i);
        kt_dec amount = unbilled(line);
        if (!amount.coef)
            continue;
        if (currencies)
            KT_TRY(currencies->convert(tx, amount, s->currency, own, kt_today(tx), 2, &amount));
        kt_date day = line->promised.day ? line->promised : line->asked.day ? line->asked : s->asked;
        *known = *known && amount.scale1;
        if (*known)
            KT_TRY(add(tx, all,
                (struct billed){.party = s->bill_to.v ? s->bill_to : s->party,
                    .day = not_past(tx, day),
                    .amount = amount}));
    }
    return NULL;
}

/* What is bought of one supplier, as his bill will have it: with the tax that he charges. */
static kt_error *tax_bill(kt_tx *tx, kt_id company, kt_id own, struct billed *rows, size_t count)
{
    const kt_taxes *taxes = kt_taxes_find(tx);
    kt_tax_line *lines = kt_alloc(tx, sizeof *lines * (count + 1));
    kt_tax_document d = {.company = company,
        .party = rows[0].party,
        .currency = own,
        .day = kt_today(tx),
        .lines = lines,
        .line_count = count};
    if (!lines)
        return kt_no_memory();
    for (size_t i = 0; i < count; i++)
        lines[i] = (kt_tax_line){.item = rows[i].item, .quantity = KT_DEC(1, 0), .price = rows[i].amount};
    if (taxes) {
        KT_TRY(taxes->assign(tx, &d));
        KT_TRY(taxes->compute(tx, &d));
    }
    for (size_t i = 0; i < count; i++)
        rows[i].amount = kt_dec_neg(taxes ? kt_dec_round(lines[i].gross, 2) : rows[i].amount);
    return NULL;
}

/* Is the order, or what is made for it, what a document stands for? */
static bool is_within(kt_tx *tx, const struct sale *s, const kt_plan *plan, kt_id document)
{
    bool found = document.v == kt_any(tx, s->rec.of->name, s->rec.id).v;
    for (size_t i = 0; i < plan->count && !found; i++)
        found = plan->parts[i].kind == KT_FROM_MAKING && plan->parts[i].document.v == document.v;
    return found;
}

/* What a part of the plan costs, and with the first part of a request that was made for the order what that has to bring
 * beyond who waits for it: least quantities and multiples are paid by whom they are bought for. */
static kt_error *price_part(
    kt_tx *tx, const struct sale *s, const kt_plan *plan, size_t at, struct billed *row)
{
    const kt_cover *part = &plan->parts[at];
    const char *entity = kt_any_entity(tx, part->document);
    struct asked_of request = {KT_OF(asked_of)};
    bool first = true;
    *row = (struct billed){.item = part->item,
        .day = not_past(tx, part->day.day ? part->day : part->needed),
        .amount = part->cost};
    if (!entity || strcmp(entity, asked_of_shape.name) != 0)
        return NULL;
    KT_TRY(kt_read(tx, kt_any_id(part->document), &request.rec));
    row->party = request.party;
    for (size_t i = 0; i < at && first; i++)
        first = plan->parts[i].document.v != part->document.v;
    if (first && request.demand.v && request.unit_cost.scale1 && is_within(tx, s, plan, request.demand))
        row->amount = kt_dec_add(row->amount, kt_dec_mul(request.unit_cost, request.free, 2));
    return NULL;
}

static kt_error *add_purchases(
    kt_tx *tx, const struct sale *s, const kt_plan *plan, kt_id own, struct bills *all)
{
    struct bills bought = {0};
    for (size_t i = 0; i < plan->count; i++) {
        struct billed row;
        if (plan->parts[i].kind != KT_FROM_BUYING || !plan->parts[i].cost.coef)
            continue;
        KT_TRY(price_part(tx, s, plan, i, &row));
        KT_TRY(add(tx, &bought, row));
    }
    if (bought.count)
        qsort(bought.rows, bought.count, sizeof *bought.rows, by_party);
    for (size_t i = 0, end; i < bought.count; i = end) {
        for (end = i + 1; end < bought.count && bought.rows[end].party.v == bought.rows[i].party.v;)
            end++;
        KT_TRY(tax_bill(tx, s->rec.company, own, &bought.rows[i], end - i));
    }
    for (size_t i = 0; i < bought.count; i++)
        KT_TRY(add(tx, all, bought.rows[i]));
    return NULL;
}

/* What is billed falls due by terms, those of each party read once. */
static kt_error *fall_due(
    kt_tx *tx, const kt_accounts *accounts, const struct bills *billed, struct bills *due)
{
    kt_account_due *rows = kt_alloc(tx, sizeof *rows * (billed->count + 1)), *parts;
    if (!rows)
        return kt_no_memory();
    for (size_t i = 0; i < billed->count;) {
        size_t count = 0, cut;
        kt_id party = billed->rows[i].party;
        for (; i < billed->count && billed->rows[i].party.v == party.v; i++)
            rows[count++] = (kt_account_due){billed->rows[i].day, billed->rows[i].amount};
        KT_TRY(accounts->expected(tx, party, rows, count, &parts, &cut));
        for (size_t k = 0; k < cut; k++)
            KT_TRY(add(tx, due, (struct billed){.day = parts[k].day, .amount = parts[k].amount}));
    }
    put_together(due);
    return NULL;
}

/* Where it is not known what is received, no day can tell, nor what is together there. */
static kt_error *show(kt_tx *tx, const struct bills *due, bool known, kt_lines *days)
{
    kt_dec balance = KT_DEC(0, 2);
    for (size_t i = 0; i < due->count;) {
        struct cash_day row = {
            KT_OF(cash_day), .day = due->rows[i].day, .received = KT_DEC(0, 2), .paid = KT_DEC(0, 2)};
        for (; i < due->count && due->rows[i].day.day == row.day.day; i++) {
            kt_dec amount = kt_dec_round(due->rows[i].amount, 2);
            balance = kt_dec_add(balance, amount);
            if (amount.coef > 0)
                row.received = kt_dec_add(row.received, amount);
            else
                row.paid = kt_dec_sub(row.paid, amount);
        }
        row.balance = balance;
        if (!known)
            row.received = row.balance = (kt_dec){0};
        KT_TRY(kt_line_add(tx, days, &row.rec));
    }
    return NULL;
}

struct paid_in { /* base.currency */
    kt_record rec;
    kt_str code;
};
static const kt_shape paid_in_shape = KT_SHAPE(
    paid_in, "base.currency", KT_BIND(paid_in, code, STRING, "code"));

static kt_error *say_no_rate(kt_tx *tx, const struct sale *s, kt_str *lacks)
{
    struct paid_in currency = {KT_OF(paid_in)};
    KT_TRY(kt_read(tx, s->currency, &currency.rec));
    const kt_str day = kt_date_text(tx, kt_today(tx));
    *lacks = kt_say(
        tx, (kt_text){
                kt_format(tx, "there is no rate of %s for %s: what the customer pays is not known; enter one",
                    currency.code.ptr, day.ptr)
                    .ptr,
                kt_format(tx, "nie ma kursu %s na %s: nie wiadomo, ile zapłaci klient; wpisz go",
                    currency.code.ptr, day.ptr)
                    .ptr});
    return NULL;
}

static kt_error *find_days(
    kt_tx *tx, const struct sale *s, const kt_plan *plan, kt_lines *days, kt_str *lacks)
{
    const kt_accounts *accounts = kt_accounts_find(tx);
    const kt_currencies *currencies = kt_currencies_find(tx);
    struct bills billed = {0}, due = {0};
    bool known = true;
    kt_id own = {0};
    if (!accounts)
        return NULL;
    if (currencies)
        KT_TRY(currencies->own(tx, &own));
    KT_TRY(add_sales(tx, s, own.v ? own : s->currency, &billed, &known));
    KT_TRY(add_purchases(tx, s, plan, own, &billed));
    put_together(&billed);
    KT_TRY(fall_due(tx, accounts, &billed, &due));
    if (!known)
        KT_TRY(say_no_rate(tx, s, lacks));
    return show(tx, &due, known, days);
}

kt_error *order_cash(kt_tx *tx, const struct sale *s, const kt_plan *plan, kt_lines *days, kt_str *lacks)
{
    kt_authority before = kt_own_authority(tx); /* days and sums alone are told */
    kt_error *error = find_days(tx, s, plan, days, lacks);
    kt_callers_authority(tx, before);
    return error;
}
