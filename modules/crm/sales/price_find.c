/* Which price: the lists that fit the customer are asked in turn -- one that names the customer, one that
 * names a tag or a segment of theirs, one for everybody; in a list a row of the item goes before one of its nearest
 * category, a higher break before a lower one, a later date before an earlier one; then the list's formula;
 * at last the price on the item's own card. Every step is kept: that is the explanation. */
#include <stdlib.h>

#include <kontor/currency.h>

#include "customer/audience.h"
#include "sales/sales.h"
#include "sales/unit_price.h"

enum step {
    BY_ROW = 1,
    BY_FORMULA,
    BY_CARD,
    NOT_HERE,
    CONVERTED_BY_RATE,
    NO_RATE,
    NO_PRICE,
    PER_UNIT,
    OTHER_UNIT
};
static const kt_choice steps[] = {
    {BY_ROW, "row", {"A row of the list", "Wiersz cennika"}},
    {BY_FORMULA, "formula", {"The list's formula", "Formuła cennika"}},
    {BY_CARD, "item", {"The price on the item's card", "Cena z karty towaru"}},
    {NOT_HERE, "not_here", {"The list says nothing of it", "Cennik o nim milczy"}},
    {CONVERTED_BY_RATE, "converted", {"Converted by the day's rate", "Przeliczono po kursie dnia"}},
    {NO_RATE, "no_rate", {"In another currency, and there is no rate", "W innej walucie, a nie ma kursu"}},
    {NO_PRICE, "no_price", {"Nobody has a price", "Nikt nie ma ceny"}},
    {PER_UNIT, "unit", {"For the unit that is sold", "Za jednostkę, która jest sprzedawana"}},
    {OTHER_UNIT, "other_unit",
        {"Stated for a unit that does not convert", "Podana za jednostkę, która się nie przelicza"}},
    {0},
};
struct price_step {
    kt_record rec;
    enum step step;
    kt_id list, row;
    kt_str list_name;
    kt_dec price, quantity, percent;
};
static const kt_shape price_step_shape = KT_SHAPE(price_step, NULL,
    KT_FIELD(price_step, step, STATE, "Step", "Krok", .choices = steps),
    KT_FIELD(price_step, list, REF, "Price list", "Cennik", .target = "crm.price_list"),
    KT_FIELD(price_step, list_name, STRING, "Its name", "Jego nazwa"),
    KT_FIELD(price_step, row, REF, "Row", "Wiersz", .target = "crm.price"),
    KT_FIELD(price_step, quantity, QUANTITY, "From quantity", "Od ilości", .scale = 4),
    KT_FIELD(price_step, percent, PERCENT, "Change, %", "Zmiana, %", .scale = 2),
    KT_FIELD(price_step, price, PRICE, "Price", "Cena", .scale = 4));

struct priced_item {
    kt_record rec;
    kt_id category, currency, unit;
    kt_dec price;
};
static const kt_shape priced_item_shape = KT_SHAPE(priced_item, "base.item",
    KT_BIND(priced_item, category, REF, "category"), KT_BIND(priced_item, currency, REF, "currency"),
    KT_BIND(priced_item, unit, REF, "unit"), KT_BIND(priced_item, price, PRICE, "price"));
struct item_group {
    kt_record rec;
    kt_id parent;
};
static const kt_shape item_group_shape = KT_SHAPE(
    item_group, "base.item_category", KT_BIND(item_group, parent, REF, "parent"));
struct tagged_party {
    kt_record rec;
    kt_lines tags;
};
static const kt_shape tagged_party_shape = KT_SHAPE(
    tagged_party, "base.party", KT_BIND(tagged_party, tags, REFS, "tags"));

enum { CATEGORIES_MAX = 16, CATEGORIES_KNOWN = 100, DEPTH_MAX = 10 };

typedef struct {
    struct price_list list;
    int fit; /* 0: not for this customer */
} candidate;

typedef struct {
    kt_id id, parent;
    kt_lines rows; /* of struct price */
} known_category;

struct price_book {
    kt_tx *tx;
    struct terms_of_price of;
    candidate *lists; /* all that are, those that fit best first */
    size_t list_count;
    known_category *categories; /* that were looked at so far */
    size_t category_count;
};

typedef struct {
    kt_tx *tx;
    struct price_book *book;
    kt_dec quantity;
    kt_id unit; /* that is sold */
    struct price_found *found;
    struct priced_item item;
    kt_lines rows;                               /* of the item itself, in all lists */
    const known_category *above[CATEGORIES_MAX]; /* its categories, from the nearest up */
    size_t above_count;
} search;

static kt_error *note(search *s, const struct price_step *step)
{
    return kt_line_add(s->tx, &s->found->why, &step->rec);
}

static bool holds(kt_date from, kt_date to, kt_date day)
{
    return from.day <= day.day && (!to.day || to.day >= day.day);
}

static bool has_id(const kt_lines *ids, kt_id id)
{
    const kt_id *all = ids->items;
    for (size_t i = 0; i < ids->count; i++)
        if (all[i].v == id.v)
            return true;
    return false;
}

static bool share_id(const kt_lines *a, const kt_lines *b)
{
    const kt_id *all = a->items;
    for (size_t i = 0; i < a->count; i++)
        if (has_id(b, all[i]))
            return true;
    return false;
}

/* ---- A row ---- */

static bool is_better(const struct price *row, const struct price *best)
{
    if (!best->rec.id.v)
        return true;
    int by_quantity = kt_dec_cmp(row->quantity, best->quantity);
    return by_quantity > 0 || (by_quantity == 0 && row->valid_from.day > best->valid_from.day);
}

static kt_id unit_of(const search *s, const struct price *row)
{
    return row->unit.v ? row->unit : s->item.unit;
}

/* Is enough sold for the row's break, counted in the row's units? */
static kt_error *reaches(const search *s, const struct price *row, bool *enough)
{
    kt_dec many;
    *enough = true;
    if (!row->quantity.scale1)
        return NULL;
    KT_TRY(units_in(s->tx, s->item.rec.id, s->unit, unit_of(s, row), &many));
    *enough = many.scale1 && kt_dec_cmp(row->quantity, kt_dec_mul(s->quantity, many, 6)) <= 0;
    return NULL;
}

static kt_error *best_row(const search *s, const kt_lines *rows, kt_id list, struct price *best)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct price *row = KT_AS(price, kt_line(rows, i));
        bool enough;
        if (row->list.v != list.v || !holds(row->valid_from, row->valid_to, s->book->of.day))
            continue;
        KT_TRY(reaches(s, row, &enough));
        if (enough && is_better(row, best))
            *best = *row;
    }
    return NULL;
}

static kt_error *find_row(const search *s, kt_id list, struct price *best)
{
    KT_TRY(best_row(s, &s->rows, list, best));
    for (size_t i = 0; i < s->above_count && !best->rec.id.v; i++)
        KT_TRY(best_row(s, &s->above[i]->rows, list, best));
    return NULL;
}

/* A price per one unit, for the unit that is sold. */
static kt_error *for_unit(search *s, kt_id stated, kt_dec *price)
{
    kt_dec before = *price;
    if (!price->scale1)
        return NULL;
    KT_TRY(price_per_unit(s->tx, s->item.rec.id, stated, s->unit, price));
    s->found->other_unit |= !price->scale1;
    const struct price_step step = {
        KT_OF(price_step), .step = price->scale1 ? PER_UNIT : OTHER_UNIT, .price = *price};
    return kt_dec_cmp(before, *price) == 0 ? NULL : note(s, &step);
}

/* ---- A list ---- */

static kt_dec change(kt_dec price, kt_dec percent)
{
    kt_dec factor = kt_dec_add(KT_DEC(10000, 2), percent);
    factor.scale1 = (uint8_t)(factor.scale1 + 2); /* a hundredth of it */
    return kt_dec_mul(price, factor, 4);
}

static kt_dec by_formula(const struct price_list *l, kt_dec price)
{
    if (l->percent.scale1)
        price = change(price, l->percent);
    if (l->round_to.coef > 0)
        price = kt_dec_round(kt_dec_mul(kt_dec_div(price, l->round_to, 0), l->round_to, 4), 4);
    price = kt_dec_sub(price, l->ending);
    return price.coef < 0 ? KT_DEC(0, 4) : price;
}

/* A price of another currency, in that of the document. */
static kt_error *convert(search *s, kt_id from, kt_id to, kt_dec *price)
{
    const kt_currencies *currencies = kt_currencies_find(s->tx);
    struct price_step step = {KT_OF(price_step), .step = CONVERTED_BY_RATE};
    if (!price->scale1 || !from.v || !to.v || from.v == to.v)
        return NULL;
    if (currencies)
        KT_TRY(currencies->convert(s->tx, *price, from, to, s->book->of.day, 4, price));
    else
        *price = (kt_dec){0};
    if (!price->scale1)
        step.step = NO_RATE;
    step.price = *price;
    return note(s, &step);
}

static kt_error *from_card(search *s, kt_id currency, kt_dec *price)
{
    struct price_step step = {KT_OF(price_step), .step = BY_CARD, .price = s->item.price};
    *price = s->item.price;
    if (!price->scale1)
        step.step = NO_PRICE;
    KT_TRY(note(s, &step));
    KT_TRY(for_unit(s, s->item.unit, price));
    return convert(s, s->item.currency, currency, price);
}

static bool has_formula(const struct price_list *l)
{
    return l->base.v || l->percent.scale1 || l->round_to.scale1 || l->ending.scale1;
}

/* What the list is based on: a price by the item's card, or by another list. Recursion ends with the list's
 * check, which allows fewer levels than DEPTH_MAX. */
static kt_error *from_list(search *s, const struct price_list *l, int depth, kt_dec *price);

static kt_error *from_base(search *s, const struct price_list *l, int depth, kt_dec *price)
{
    if (!l->base.v || depth == DEPTH_MAX)
        return from_card(s, l->currency, price);
    for (size_t i = 0; i < s->book->list_count; i++) {
        const struct price_list *base = &s->book->lists[i].list;
        if (base->rec.id.v != l->base.v)
            continue;
        KT_TRY(from_list(s, base, depth + 1, price));
        KT_TRY(convert(s, base->currency, l->currency, price));
    }
    return price->scale1 ? NULL : from_card(s, l->currency, price);
}

static kt_error *from_list(search *s, const struct price_list *l, int depth, kt_dec *price)
{
    struct price row = {KT_OF(price)};
    struct price_step step = {KT_OF(price_step), .step = NOT_HERE, .list = l->rec.id, .list_name = l->name};
    KT_TRY(find_row(s, l->rec.id, &row));
    if (row.rec.id.v) {
        *price = row.price;
        KT_TRY(for_unit(s, unit_of(s, &row), price));
        if (!price->scale1)
            KT_TRY(from_base(s, l, depth, price));
        if (row.percent.scale1 && price->scale1)
            *price = change(*price, row.percent);
        step.step = BY_ROW;
        step.row = row.rec.id;
        step.quantity = row.quantity;
        step.percent = row.percent;
        if (depth == 0)
            s->found->row = row.rec.id;
    } else if (has_formula(l)) {
        KT_TRY(from_base(s, l, depth, price));
        if (price->scale1)
            *price = by_formula(l, *price);
        step.step = BY_FORMULA;
        step.percent = l->percent;
    }
    step.price = *price;
    return note(s, &step);
}

static kt_error *try_list(search *s, const struct price_list *l)
{
    kt_dec price = {0};
    KT_TRY(from_list(s, l, 0, &price));
    if (!price.scale1)
        return NULL;
    s->found->price = price;
    s->found->list = l->rec.id;
    s->found->included = l->tax_included;
    return NULL;
}

/* ---- What is read once for a document ---- */

static kt_error *fit_of(struct price_book *b, const struct tagged_party *party, candidate *c)
{
    const struct terms_of_price *of = &b->of;
    const struct price_list *l = &c->list;
    if (of->currency.v && l->currency.v != of->currency.v)
        return NULL;
    if (of->list.v) {
        c->fit = l->rec.id.v == of->list.v;
        return NULL;
    }
    if (!l->active || !holds(l->valid_from, l->valid_to, of->day))
        return NULL;
    bool chosen = share_id(&party->tags, &l->tags), named = of->party.v && has_id(&l->parties, of->party);
    if (!chosen && !named && l->segment.v && of->party.v)
        KT_TRY(segment_has(b->tx, l->segment, of->party, &chosen));
    c->fit = named ? 3 : chosen ? 2 : l->initial ? 1 : 0;
    return NULL;
}

static int by_fit(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (x->fit != y->fit)
        return y->fit - x->fit;
    if (x->list.priority != y->list.priority)
        return x->list.priority > y->list.priority ? -1 : 1;
    return (x->list.rec.id.v > y->list.rec.id.v) - (x->list.rec.id.v < y->list.rec.id.v);
}

static kt_error *read_lists(struct price_book *b)
{
    kt_cursor *cursor;
    kt_error *error = NULL;
    kt_lines lists = {0};
    struct tagged_party party = {KT_OF(tagged_party)};
    if (b->of.party.v)
        KT_TRY(read_ref(b->tx, "party", b->of.party, &party.rec));
    KT_TRY(kt_open(b->tx, &(kt_query){&price_list_shape, NULL, "id", 0}, &cursor));
    struct price_list l = {KT_OF(price_list)};
    while (!error && kt_next(cursor, &l.rec))
        error = kt_line_add(b->tx, &lists, &l.rec);
    kt_also(&error, kt_close(cursor));
    if (error)
        return error;
    b->lists = kt_alloc(b->tx, sizeof *b->lists * (lists.count + 1));
    if (!b->lists)
        return kt_no_memory();
    for (; b->list_count < lists.count; b->list_count++) {
        const struct price_list *one = KT_AS(price_list, kt_line(&lists, b->list_count));
        b->lists[b->list_count] = (candidate){.list = *one};
        KT_TRY(fit_of(b, &party, &b->lists[b->list_count]));
    }
    qsort(b->lists, b->list_count, sizeof *b->lists, by_fit);
    return NULL;
}

kt_error *price_book_open(kt_tx *tx, const struct terms_of_price *of, struct price_book **book)
{
    struct price_book *b = *book = kt_alloc(tx, sizeof *b);
    if (!b)
        return kt_no_memory();
    *b = (struct price_book){.tx = tx, .of = *of};
    b->categories = kt_alloc(tx, sizeof *b->categories * CATEGORIES_KNOWN);
    return b->categories ? read_lists(b) : kt_no_memory();
}

static kt_error *read_rows(kt_tx *tx, const kt_where *where, kt_lines *rows)
{
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){&price_shape, where, "id", 0}, &cursor));
    struct price row = {KT_OF(price)};
    while (!error && kt_next(cursor, &row.rec))
        error = kt_line_add(tx, rows, &row.rec);
    kt_also(&error, kt_close(cursor));
    return error;
}

/* NULL: too many categories are known already; the price is then found without this one. */
static kt_error *read_category(struct price_book *b, kt_id id, const known_category **found)
{
    *found = NULL;
    for (size_t i = 0; i < b->category_count && !*found; i++)
        if (b->categories[i].id.v == id.v)
            *found = &b->categories[i];
    if (*found || b->category_count == CATEGORIES_KNOWN)
        return NULL;
    struct item_group group = {KT_OF(item_group)};
    known_category *c = &b->categories[b->category_count];
    const kt_where where[] = {KT_WHERE(price, category, KT_EQ, id), {0}};
    KT_TRY(kt_read(b->tx, id, &group.rec));
    *c = (known_category){.id = id, .parent = group.parent};
    KT_TRY(read_rows(b->tx, where, &c->rows));
    b->category_count++;
    *found = c;
    return NULL;
}

static kt_error *read_item(search *s, kt_id item)
{
    const kt_where where[] = {KT_WHERE(price, item, KT_EQ, item), {0}};
    KT_TRY(kt_read(s->tx, item, &s->item.rec));
    s->unit = s->unit.v ? s->unit : s->item.unit;
    KT_TRY(read_rows(s->tx, where, &s->rows));
    for (kt_id at = s->item.category; at.v && s->above_count < CATEGORIES_MAX;) {
        const known_category *c;
        KT_TRY(read_category(s->book, at, &c));
        if (!c)
            break;
        s->above[s->above_count++] = c;
        at = c->parent;
    }
    return NULL;
}

kt_error *price_find(struct price_book *book, const struct price_ask *ask, struct price_found *found)
{
    const kt_dec quantity = ask->quantity;
    search s = {.tx = book->tx,
        .book = book,
        .found = found,
        .unit = ask->unit,
        .item = {KT_OF(priced_item)},
        .quantity = !quantity.scale1    ? KT_DEC(1, 0)
                    : quantity.coef < 0 ? kt_dec_neg(quantity) /* a credit is priced as the sale was */
                                        : quantity};
    *found = (struct price_found){0};
    KT_TRY(read_item(&s, ask->item));
    for (size_t i = 0; i < book->list_count && book->lists[i].fit && !found->price.scale1; i++)
        KT_TRY(try_list(&s, &book->lists[i].list));
    return found->price.scale1 ? NULL : from_card(&s, book->of.currency, &found->price);
}

/* ---- Why ---- */

struct price_explain { /* the parameters of crm.price.explain */
    kt_record rec;
    kt_id item, party, currency, price_list, unit;
    kt_dec quantity;
    kt_date day;
};
const kt_shape price_explain_shape = KT_SHAPE(price_explain, NULL,
    KT_FIELD(price_explain, item, REF, "Item", "Towar lub usługa", .target = "base.item", .required = true),
    KT_FIELD(price_explain, party, REF, "Customer", "Klient", .target = "base.party"),
    KT_FIELD(price_explain, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .initial = "1"),
    KT_FIELD(price_explain, unit, REF, "Unit", "Jednostka", .target = "base.unit",
        .help = {"That is sold. Empty: the item's own.", "Która jest sprzedawana. Puste: jednostka towaru."}),
    KT_FIELD(price_explain, day, DATE, "Day", "Dzień", .initial = "today"),
    KT_FIELD(price_explain, currency, REF, "Currency", "Waluta", .target = "base.currency"),
    KT_FIELD(price_explain, price_list, REF, "Price list", "Cennik", .target = "crm.price_list",
        .help = {"Only this one is asked.", "Pytany jest tylko ten."}));
struct price_explained {
    kt_record rec;
    kt_dec price;
    kt_id price_list, row;
    bool tax_included;
    kt_lines why;
};
const kt_shape price_explained_shape = KT_SHAPE(price_explained, NULL,
    KT_FIELD(price_explained, price, PRICE, "Price", "Cena", .scale = 4),
    KT_FIELD(price_explained, price_list, REF, "Price list", "Cennik", .target = "crm.price_list"),
    KT_FIELD(price_explained, row, REF, "Row", "Wiersz", .target = "crm.price"),
    KT_FIELD(price_explained, tax_included, BOOL, "Prices include tax", "Ceny z podatkiem"),
    KT_FIELD(price_explained, why, LINES, "Steps", "Kroki", .lines = &price_step_shape,
        .help = {"In the order in which they were taken; the last price is the answer.",
            "W kolejności wykonania; ostatnia cena jest odpowiedzią."}));

kt_error *price_explain(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct price_explain *p = KT_SEE(price_explain, params);
    struct price_explained *out = KT_AS(price_explained, result);
    struct price_found found;
    struct price_book *book;
    const struct terms_of_price of = {
        .party = p->party, .currency = p->currency, .list = p->price_list, .day = p->day};
    KT_TRY(price_book_open(tx, &of, &book));
    KT_TRY(price_find(book, &(struct price_ask){p->item, p->unit, p->quantity}, &found));
    out->price = found.price;
    out->price_list = found.list;
    out->row = found.row;
    out->tax_included = found.included;
    out->why = found.why;
    return NULL;
}
