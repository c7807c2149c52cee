/* What was really earned: income and cost of goods as they were posted, told apart by what, to whom, by whom or for which
 * order it was sold. The books know items, parties and dimensions by their lines; orders by the documents that made the
 * entries, and from an order who sold it. */
#include <stdlib.h>
#include <string.h>

#include <kontor/list.h>
#include <kontor/orders.h>

#include "invoice/invoice.h"
#include "report/report.h"

enum margin_by { BY_ORDER = 1, BY_ITEM, BY_PARTY, BY_OWNER, BY_DIMENSION };
static const kt_choice margin_by[] = {
    {BY_ORDER, "order", {"Order", "Zamówienie"}},
    {BY_ITEM, "item", {"Item", "Towar"}},
    {BY_PARTY, "party", {"Party", "Kontrahent"}},
    {BY_OWNER, "owner", {"Salesperson", "Handlowiec"}},
    {BY_DIMENSION, "dimension", {"Dimension", "Wymiar"}},
    {0},
};
struct margin {
    kt_record rec;
    kt_date from, to;
    enum margin_by by;
};
const kt_shape margin_shape = KT_SHAPE(margin, NULL,
    KT_FIELD(margin, from, DATE, "From", "Od",
        .help = {"Empty: the beginning of the fiscal year.", "Puste: początek roku obrotowego."}),
    KT_FIELD(margin, to, DATE, "To", "Do", .initial = "today"),
    KT_FIELD(margin, by, STATE, "Told apart by", "Według", .choices = margin_by, .initial = "order"));

struct margin_row {
    kt_record rec;
    kt_id of;
    kt_str name, filter;
    kt_dec income, cost, margin, percent;
};
static const kt_shape margin_row_shape = KT_SHAPE(margin_row, NULL,
    KT_FIELD(margin_row, of, REF, "Of", "Czego dotyczy", .target = "*",
        .help = {"Empty: of none that the books know.", "Puste: nieznane księgom."}),
    KT_FIELD(margin_row, name, STRING, "Name", "Nazwa"),
    KT_FIELD(margin_row, income, MONEY, "Income", "Przychód", .scale = 2),
    KT_FIELD(margin_row, cost, MONEY, "Cost of goods", "Koszt własny", .scale = 2),
    KT_FIELD(margin_row, margin, MONEY, "Margin", "Marża", .scale = 2),
    KT_FIELD(margin_row, percent, PERCENT, "Margin, %", "Marża, %", .scale = 2),
    KT_FIELD(margin_row, filter, JSON, "Entries", "Zapisy",
        .help = {"Empty: more than 100,000 are behind all of the rows; ask for fewer days.",
            "Puste: za wszystkimi wierszami jest ich ponad 100 000; podaj mniej dni."}));
struct margin_answer {
    kt_record rec;
    kt_lines rows;
    kt_dec income, cost, margin, percent;
};
const kt_shape margin_answer_shape = KT_SHAPE(margin_answer, NULL,
    KT_FIELD(margin_answer, rows, LINES, "Rows", "Wiersze", .lines = &margin_row_shape),
    KT_FIELD(margin_answer, income, MONEY, "Income", "Przychód", .scale = 2),
    KT_FIELD(margin_answer, cost, MONEY, "Cost of goods", "Koszt własny", .scale = 2),
    KT_FIELD(margin_answer, margin, MONEY, "Margin", "Marża", .scale = 2),
    KT_FIELD(margin_answer, percent, PERCENT, "Margin, %", "Marża, %", .scale = 2));

struct named {
    kt_record rec;
    kt_str name;
};
#define NAMED(shape, entity, field)                                                                          \
    static const kt_shape shape = KT_SHAPE(named, entity, KT_BIND(named, name, STRING, field))
NAMED(item_shape, "base.item", "name");
NAMED(party_shape, "base.party", "name");
NAMED(user_shape, "access.user", "full_name");
NAMED(dimension_name_shape, "finance.dimension", "name");

struct sold_by { /* of crm.order */
    kt_record rec;
    kt_id owner;
};
static const kt_shape sold_by_shape = KT_SHAPE(sold_by, "crm.order", KT_BIND(sold_by, owner, REF, "owner"));

/* ---- The accounts ---- */

enum { ACCOUNTS_MOST = 400 };
struct sides { /* the accounts of income and of cost of goods */
    kt_id accounts[ACCOUNTS_MOST];
    bool is_cost[ACCOUNTS_MOST];
    size_t count;
};

static kt_error *find_accounts(kt_tx *tx, struct sides *all)
{
    struct purpose_row row = {KT_OF(purpose_row)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &purpose_row_shape, .sort = "id"}, &cursor));
    while (all->count < ACCOUNTS_MOST && kt_next(cursor, &row.rec))
        if (row.purpose == SALES_GOODS || row.purpose == SALES_SERVICES || row.purpose == COST_OF_GOODS) {
            all->accounts[all->count] = row.account;
            all->is_cost[all->count++] = row.purpose == COST_OF_GOODS;
        }
    return kt_close(cursor);
}

static size_t side_of(const struct sides *all, kt_id account)
{
    size_t at = 0;
    while (at < all->count && all->accounts[at].v != account.v)
        at++;
    return at;
}

/* ---- Sums: appended, and put together when there is no more room ---- */

struct earned {
    kt_id of; /* of kt_any; not set: of none */
    kt_dec income, cost;
};
struct behind { /* an entry of which something is in a row */
    kt_id of, entry;
};
enum { BEHIND_MOST = 100000 }; /* entries that an answer lists */
struct earnings {
    kt_tx *tx;
    enum margin_by by;
    bool orders; /* are there any? */
    struct sides sides;
    struct earned *items;
    size_t count, room;
    struct behind
        *behind; /* where the lines of entries do not name what they are told apart by; by `of`, entry */
    size_t behind_count, behind_room;
};

static int by_what(const void *a, const void *b)
{
    const struct earned *x = a, *y = b;
    return (x->of.v > y->of.v) - (x->of.v < y->of.v);
}

static void put_together(struct earnings *e)
{
    size_t kept = 0;
    if (e->count > 1)
        qsort(e->items, e->count, sizeof *e->items, by_what);
    for (size_t i = 0; i < e->count; i++)
        if (kept && e->items[kept - 1].of.v == e->items[i].of.v) {
            e->items[kept - 1].income = kt_dec_add(e->items[kept - 1].income, e->items[i].income);
            e->items[kept - 1].cost = kt_dec_add(e->items[kept - 1].cost, e->items[i].cost);
        } else
            e->items[kept++] = e->items[i];
    e->count = kept;
}

/* Do the lines of entries name it? */
static bool is_named(enum margin_by by)
{
    return by == BY_ITEM || by == BY_DIMENSION;
}

static int by_entry(const void *a, const void *b)
{
    const struct behind *x = a, *y = b;
    return x->of.v != y->of.v ? (x->of.v > y->of.v) - (x->of.v < y->of.v)
                              : (x->entry.v > y->entry.v) - (x->entry.v < y->entry.v);
}

static kt_error *keep_behind(struct earnings *e, kt_id of, kt_id entry)
{
    const struct behind *last = e->behind_count ? &e->behind[e->behind_count - 1] : NULL;
    if (is_named(e->by) || e->behind_count > BEHIND_MOST)
        return NULL;
    if (last && last->of.v == of.v && last->entry.v == entry.v)
        return NULL;
    struct behind *rows = kt_grow(e->tx, e->behind, e->behind_count, &e->behind_room, sizeof *rows);
    if (!rows)
        return kt_no_memory();
    e->behind = rows;
    e->behind[e->behind_count++] = (struct behind){of, entry};
    return NULL;
}

static kt_error *append(struct earnings *e, const struct earned *item, kt_id entry)
{
    KT_TRY(keep_behind(e, item->of, entry));
    if (e->count == e->room) {
        put_together(e);
        if (2 * e->count >= e->room) {
            struct earned *items = kt_grow(e->tx, e->items, e->room, &e->room, sizeof *items);
            if (!items)
                return kt_no_memory();
            e->items = items;
        }
    }
    e->items[e->count++] = *item;
    return NULL;
}

/* ---- Whose a line is ---- */

struct about { /* what the document says that made an entry */
    kt_id order, party;
};

/* An order made it, or an invoice did. */
static kt_error *about_of(struct earnings *e, kt_id origin, struct about *about)
{
    const char *entity = kt_any_entity(e->tx, origin);
    struct invoice v = {KT_OF(invoice)};
    *about = (struct about){0};
    if (entity && strcmp(entity, sold_by_shape.name) == 0)
        about->order = origin;
    if (!entity || strcmp(entity, invoice_shape.name) != 0)
        return NULL;
    KT_TRY(kt_read(e->tx, kt_any_id(origin), &v.rec));
    *about = (struct about){v.order, v.party};
    return NULL;
}

static kt_error *owner_of(struct earnings *e, kt_id order, kt_id *owner)
{
    struct sold_by o = {KT_OF(sold_by)};
    const char *entity = kt_any_entity(e->tx, order);
    *owner = (kt_id){0};
    if (!e->orders || !entity || strcmp(entity, sold_by_shape.name) != 0)
        return NULL;
    KT_TRY(kt_read(e->tx, kt_any_id(order), &o.rec));
    *owner = kt_any(e->tx, "access.user", o.owner);
    return NULL;
}

static kt_error *whose(
    struct earnings *e, const struct entry_line *line, const struct about *about, kt_id *of)
{
    switch (e->by) {
    case BY_ITEM:
        *of = kt_any(e->tx, "base.item", line->item);
        return NULL;
    case BY_PARTY:
        *of = kt_any(e->tx, "base.party", line->party.v ? line->party : about->party);
        return NULL;
    case BY_DIMENSION:
        *of = kt_any(e->tx, "finance.dimension", line->dimension);
        return NULL;
    case BY_OWNER:
        return owner_of(e, about->order, of);
    case BY_ORDER:
        break;
    }
    *of = about->order;
    return NULL;
}

/* A supplier's goods that went straight to customers are their orders'. */
static kt_error *add_straight(
    struct earnings *e, const struct entry *entry, const struct entry_line *line, kt_dec cost, bool *are)
{
    struct cost_parts parts;
    KT_TRY(cost_of_straight(e->tx, entry->origin, line->item, cost, &parts));
    *are = parts.count > 0;
    for (size_t i = 0; i < parts.count; i++) {
        const struct about about = {parts.items[i].order, parts.items[i].party};
        struct entry_line of = *line;
        struct earned item = {.income = money(0), .cost = parts.items[i].cost};
        of.party = about.party;
        if (!item.cost.coef)
            continue;
        KT_TRY(whose(e, &of, &about, &item.of));
        KT_TRY(append(e, &item, entry->rec.id));
    }
    return NULL;
}

static kt_error *add_entry(struct earnings *e, const struct entry *entry)
{
    struct about about;
    KT_TRY(about_of(e, entry->origin, &about));
    for (size_t i = 0; i < entry->lines.count; i++) {
        const struct entry_line *line = KT_AS(entry_line, kt_line(&entry->lines, i));
        size_t side = side_of(&e->sides, line->account);
        if (side == e->sides.count)
            continue;
        kt_dec debit = kt_dec_sub(known(line->debit), known(line->credit));
        struct earned item = {.income = e->sides.is_cost[side] ? money(0) : kt_dec_neg(debit),
            .cost = e->sides.is_cost[side] ? debit : money(0)};
        bool straight = false;
        if (e->sides.is_cost[side])
            KT_TRY(add_straight(e, entry, line, debit, &straight));
        if (straight)
            continue;
        KT_TRY(whose(e, line, &about, &item.of));
        KT_TRY(append(e, &item, entry->rec.id));
    }
    return NULL;
}

static kt_error *add_entries(struct earnings *e, const struct margin *p)
{
    const kt_where where[] = {KT_WHERE(entry, state, KT_EQ, ENTRY_POSTED),
        KT_WHERE(entry, day, KT_GE, p->from), KT_WHERE(entry, day, KT_LE, p->to),
        KT_WHERE(entry, kind, KT_NE, CLOSING_ENTRY), {0}};
    struct entry entry = {KT_OF(entry)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(e->tx, &(kt_query){.of = &entry_shape, .where = where}, &cursor));
    while (!error && kt_next(cursor, &entry.rec))
        error = add_entry(e, &entry);
    kt_also(&error, kt_close(cursor));
    put_together(e);
    return error;
}

/* ---- The answer ---- */

static kt_error *name_of(kt_tx *tx, enum margin_by by, kt_id of, kt_str *name)
{
    static const kt_shape *const shapes[] = {[BY_ITEM] = &item_shape,
        [BY_PARTY] = &party_shape,
        [BY_OWNER] = &user_shape,
        [BY_DIMENSION] = &dimension_name_shape};
    struct sold_by order = {KT_OF(sold_by)};
    if (!of.v || (by == BY_ORDER && !kt_orders_find(tx)))
        return NULL;
    if (by == BY_ORDER) {
        KT_TRY(kt_read(tx, kt_any_id(of), &order.rec));
        *name = order.rec.number;
        return NULL;
    }
    struct named n = {.rec.of = shapes[by]};
    KT_TRY(kt_read(tx, kt_any_id(of), &n.rec));
    *name = n.name;
    return NULL;
}

/* The entries of a row by their ids. */
static kt_error *entries_behind(const struct earnings *e, kt_id of, kt_str *filter)
{
    struct ids ids = {.ids = NULL};
    size_t at = 0, end = e->behind_count;
    *filter = (kt_str){0};
    if (e->behind_count > BEHIND_MOST)
        return NULL;
    while (at < end) { /* its first one */
        size_t middle = at + (end - at) / 2;
        if (e->behind[middle].of.v < of.v)
            at = middle + 1;
        else
            end = middle;
    }
    for (; at < e->behind_count && e->behind[at].of.v == of.v; at++)
        KT_TRY(ids_add(e->tx, &ids, e->behind[at].entry));
    *filter = ids_filter(e->tx, &ids);
    return NULL;
}

/* The entries of a row: those whose lines name it, or else those that its documents made. */
static kt_error *entries_of(const struct earnings *e, const struct margin *p, kt_id of, kt_str *filter)
{
    const char *field = p->by == BY_ITEM ? "item" : "dimension";
    if (!is_named(p->by))
        return entries_behind(e, of, filter);
    kt_str accounts = kt_format(e->tx, "%llu", (unsigned long long)e->sides.accounts[0].v);
    for (size_t i = 1; i < e->sides.count; i++)
        accounts = kt_format(e->tx, "%s,%llu", accounts.ptr, (unsigned long long)e->sides.accounts[i].v);
    kt_str id = of.v ? kt_format(e->tx, "%llu", (unsigned long long)kt_any_id(of).v) : KT_STR("null");
    *filter = kt_format(e->tx,
        "[[\"state\",\"=\",\"posted\"],[\"day\",\"between\",[\"%s\",\"%s\"]],[\"kind\",\"!=\",\"closing\"],"
        "[\"lines\",\"any\",[[\"account\",\"in\",[%s]],[\"%s\",\"=\",%s]]]]",
        iso_date(e->tx, p->from).ptr, iso_date(e->tx, p->to).ptr, accounts.ptr, field, id.ptr);
    return NULL;
}

static kt_dec percent_of(kt_dec margin, kt_dec income)
{
    return income.coef > 0 ? kt_dec_div(kt_dec_mul(margin, KT_DEC(100, 0), 4), income, 2) : (kt_dec){0};
}

static int by_margin(const void *a, const void *b)
{
    const struct earned *x = a, *y = b;
    int order = kt_dec_cmp(kt_dec_sub(y->income, y->cost), kt_dec_sub(x->income, x->cost));
    return order ? order : by_what(a, b);
}

static kt_error *margin_within(kt_tx *tx, const kt_record *params, kt_record *result)
{
    enum { ROWS_MOST = 5000 };
    struct margin p = *KT_SEE(margin, params);
    struct margin_answer *out = KT_AS(margin_answer, result);
    struct earnings e = {.tx = tx, .by = p.by, .orders = kt_orders_find(tx) != NULL};
    if (!p.from.day)
        KT_TRY(year_start(tx, p.to, &p.from));
    out->income = out->cost = money(0);
    KT_TRY(find_accounts(tx, &e.sides));
    KT_TRY(add_entries(&e, &p));
    if (e.count > ROWS_MOST)
        return kt_fail(tx, KT_LIMIT, "from", "%zu rows are more than %d: ask for fewer days",
            "%zu wierszy to więcej niż %d: podaj mniej dni", e.count, ROWS_MOST);
    if (e.count > 1)
        qsort(e.items, e.count, sizeof *e.items, by_margin);
    if (e.behind_count > 1)
        qsort(e.behind, e.behind_count, sizeof *e.behind, by_entry);
    for (size_t i = 0; i < e.count; i++) {
        kt_dec margin = kt_dec_sub(e.items[i].income, e.items[i].cost);
        struct margin_row row = {KT_OF(margin_row), .of = e.items[i].of, .income = e.items[i].income,
            .cost = e.items[i].cost, .margin = margin, .percent = percent_of(margin, e.items[i].income)};
        KT_TRY(entries_of(&e, &p, row.of, &row.filter));
        KT_TRY(name_of(tx, p.by, row.of, &row.name));
        out->income = kt_dec_add(out->income, row.income);
        out->cost = kt_dec_add(out->cost, row.cost);
        KT_TRY(kt_line_add(tx, &out->rows, &row.rec));
    }
    out->margin = kt_dec_sub(out->income, out->cost);
    out->percent = percent_of(out->margin, out->income);
    return NULL;
}

/* Whose order it is, and what things are called, on the module's own authority: the caller may read the books. */
kt_error *real_margin(kt_tx *tx, const kt_record *params, kt_record *result)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = margin_within(tx, params, result);
    kt_callers_authority(tx, before);
    return error;
}
