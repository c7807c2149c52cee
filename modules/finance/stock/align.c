/* The books take over what the stores are worth: for goods that were there before the books were, and for what moved
 * while this module was off. Each account of stock gets what the goods of its categories are worth; what it gained or
 * lost stands on the account of revaluations, or on the one that the caller names: of openings, say. */
#include "stock/stock.h"

struct align {
    kt_record rec;
    kt_date day;
    kt_id account;
};
const kt_shape align_shape = KT_SHAPE(align, NULL,
    KT_FIELD(align, day, DATE, "Date", "Data", .initial = "today"),
    KT_FIELD(align, account, REF, "Against account", "Konto przeciwstawne", .target = "finance.account",
        .help = {"Empty: revaluation of stock.", "Puste: przeszacowanie zapasów."}));
struct aligned {
    kt_record rec;
    int64_t entry;
    kt_dec ledger, goods, difference;
};
const kt_shape aligned_shape = KT_SHAPE(aligned, NULL,
    KT_FIELD(aligned, ledger, MONEY, "Stock in the ledger before", "Zapasy w księdze przedtem", .scale = 2),
    KT_FIELD(aligned, goods, MONEY, "Stock in the stores", "Zapasy w magazynie", .scale = 2),
    KT_FIELD(aligned, difference, MONEY, "Posted", "Zaksięgowano", .scale = 2),
    KT_FIELD(aligned, entry, INT, "Entry", "Zapis"));

struct worth { /* of one account of stock */
    kt_id account;
    kt_dec goods;
};
struct worths {
    struct worth *items;
    size_t count;
};

static struct worth *worth_of(struct worths *all, kt_id account)
{
    size_t at = 0;
    while (at < all->count && all->items[at].account.v != account.v)
        at++;
    if (at == all->count)
        all->items[all->count++] = (struct worth){account, money(0)};
    return &all->items[at];
}

/* Every account named for stock, and what the goods that belong to it are worth. */
static kt_error *gather(kt_tx *tx, struct worths *all)
{
    const kt_where where[] = {KT_WHERE(purpose_row, purpose, KT_EQ, STOCK), {0}};
    const kt_query named = {&purpose_row_shape, where, "id", 0};
    struct purpose_row row = {KT_OF(purpose_row)};
    kt_cursor *cursor;
    uint64_t count;
    kt_table table;
    KT_TRY(kt_count(tx, &named, &count));
    all->items = kt_alloc(tx, sizeof *all->items * (size_t)(count + 1));
    if (!all->items)
        return kt_no_memory();
    KT_TRY(kt_open(tx, &named, &cursor));
    while (all->count < count && kt_next(cursor, &row.rec))
        (void)worth_of(all, row.account);
    KT_TRY(kt_close(cursor));
    KT_TRY(kt_aggregate(tx, "logistics.valuation",
        KT_STR("{\"group\":[\"item.category\"],\"limit\":10000,\"measures\":{\"value\":\"sum:value\"}}"),
        &table));
    for (size_t i = 0; i < table.rows; i++) {
        const kt_cell *cells = &table.cells[i * table.columns];
        kt_id account;
        KT_TRY(account_for(tx, STOCK, kt_cell_id(&cells[0]), &account));
        struct worth *w = worth_of(all, account);
        if (cells[1].number.scale1)
            w->goods = kt_dec_add(w->goods, kt_dec_round(cells[1].number, 2));
    }
    return NULL;
}

static kt_error *align(kt_tx *tx, const struct align *p, struct aligned *out)
{
    struct worths all = {0};
    kt_id other = p->account;
    struct house house;
    KT_TRY(house_of(tx, &house));
    struct entry e = {KT_OF(entry), .day = p->day, .origin = kt_any(tx, "base.company", house.company),
        .text = kt_say(tx, (kt_text){"Stock as the stores have it", "Zapasy według magazynu"})};
    KT_TRY(gather(tx, &all));
    if (!other.v)
        KT_TRY(account_for(tx, REVALUED, (kt_id){0}, &other));
    KT_TRY(journal_of(tx, STOCKING, &e.journal));
    for (size_t i = 0; i < all.count; i++) {
        kt_dec ledger;
        KT_TRY(balance_on(tx, all.items[i].account, kt_date_make(9000, 1, 1), &ledger, NULL));
        kt_dec gap = kt_dec_sub(all.items[i].goods, ledger);
        out->ledger = kt_dec_add(out->ledger, ledger);
        out->goods = kt_dec_add(out->goods, all.items[i].goods);
        KT_TRY(entry_add(tx, &e, &(struct entry_line){.account = all.items[i].account}, gap, (kt_dec){0}));
    }
    out->difference = kt_dec_sub(out->goods, out->ledger);
    KT_TRY(
        entry_add(tx, &e, &(struct entry_line){.account = other}, kt_dec_neg(out->difference), (kt_dec){0}));
    KT_TRY(entry_post(tx, &e));
    out->entry = (int64_t)e.rec.id.v;
    return NULL;
}

kt_error *stock_align(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct aligned *out = KT_AS(aligned, result);
    if (!stock_is_kept(tx))
        return kt_fail(
            tx, KT_UNAVAILABLE, NULL, "no module keeps stock now", "żaden moduł nie prowadzi teraz magazynu");
    KT_TRY(period_open(tx, "day", KT_SEE(align, params)->day));
    out->ledger = out->goods = money(0);
    kt_authority before = kt_own_authority(tx);
    kt_error *error = align(tx, KT_SEE(align, params), out);
    kt_callers_authority(tx, before);
    return error;
}
