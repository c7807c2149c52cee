/* Suppliers' answers side by side: what each line costs with its share of the charges, in the company's currency; and
 * the award, which makes a purchase order of what was chosen from each. */
#include <stdlib.h>

#include "purchase/purchase.h"

/* ---- One answer to one line ---- */

struct quote {                      /* what an answer sells for so much of a line */
    const struct answer_line *line; /* the price break; NULL: it sells none */
    kt_dec quantity;                /* by minimum and multiple, in the inquiry's unit */
    kt_dec worth;                   /* in the answer's currency, scale 4 */
};
struct bid {
    const struct rfq_line *asked;
    const struct answer *answer;
    struct quote quote;
    kt_dec landed; /* of one unit, with its share of the charges, company's currency, scale 6 */
    kt_dec total;  /* of all that has to be bought, scale 2; not set: there is no rate */
    kt_date day;   /* there, if it is ordered today */
    int64_t rank;
    bool late, expired;
};
struct bids {
    struct bid *items;
    size_t count;
};

/* Of several price breaks the one by which it costs least: that may be more than is wanted. */
static struct quote quote_for(const struct answer *a, const struct rfq_line *asked, kt_dec wanted)
{
    struct quote best = {0};
    for (size_t i = 0; i < a->lines.count; i++) {
        const struct answer_line *line = KT_AS(answer_line, kt_line(&a->lines, i));
        struct quote quote = {line, to_be_bought(wanted, line->minimum, line->multiple), ZERO};
        if (line->line != (int64_t)asked->rec.id.v)
            continue;
        quote.worth = kt_dec_mul(line->price, quote.quantity, 4);
        if (!best.line || kt_dec_cmp(quote.worth, best.worth) < 0)
            best = quote;
    }
    return best;
}

static int64_t lead_days(const struct answer *a, const struct quote *quote)
{
    return quote->line->lead_days ? quote->line->lead_days : a->lead_days;
}

static const struct rfq_line *asked_line(const struct rfq *r, int64_t id)
{
    for (size_t i = 0; i < r->lines.count; i++)
        if ((int64_t)kt_line(&r->lines, i)->id.v == id)
            return KT_AS(rfq_line, kt_line(&r->lines, i));
    return NULL;
}

/* What a bid costs: all that is bought of it, at the rate of the day on which it would be ordered. */
static kt_error *cost_bid(kt_tx *tx, struct bid *b, kt_dec charges)
{
    const kt_dec whole = kt_dec_add(b->quote.worth, charges);
    kt_dec own;
    KT_TRY(in_own_currency(tx, whole, b->answer->currency, kt_today(tx), 6, &own));
    KT_TRY(delivery_day(tx, kt_today(tx), lead_days(b->answer, &b->quote), &b->day));
    b->landed = own.scale1 ? kt_dec_div(own, b->quote.quantity, 6) : own;
    b->total = kt_dec_round(own, 2);
    b->late = b->asked->needed.day && b->day.day > b->asked->needed.day;
    return NULL;
}

/* All bids of an answer; the charges are spread over them by what they cost. */
static kt_error *bids_of(kt_tx *tx, const struct rfq *r, const struct answer *a, struct bids *all)
{
    struct bid *first = all->items + all->count;
    size_t n = 0, room = a->lines.count + 1;
    kt_dec *worth = kt_alloc(tx, room * sizeof *worth), *share = kt_alloc(tx, room * sizeof *share);
    if (!worth || !share)
        return kt_no_memory();
    for (size_t i = 0; i < r->lines.count; i++) {
        const struct rfq_line *asked = KT_AS(rfq_line, kt_line(&r->lines, i));
        const struct quote quote = quote_for(a, asked, asked->quantity);
        if (!quote.line)
            continue;
        worth[n] = quote.worth;
        first[n++] = (struct bid){.asked = asked,
            .answer = a,
            .quote = quote,
            .expired = a->valid_to.day && a->valid_to.day < kt_today(tx).day};
    }
    all->count += n;
    kt_dec_split(a->charges.scale1 ? kt_dec_round(a->charges, 4) : ZERO, worth, n, share);
    for (size_t i = 0; i < n; i++)
        KT_TRY(cost_bid(tx, &first[i], share[i]));
    return NULL;
}

/* By what is paid for all that has to be bought; at the same price who delivers first. */
static int by_cost(const void *a, const void *b)
{
    const struct bid *x = a, *y = b;
    if (x->asked != y->asked)
        return x->asked->rec.id.v < y->asked->rec.id.v ? -1 : 1;
    if (x->expired != y->expired)
        return x->expired ? 1 : -1;
    if (!x->total.scale1 != !y->total.scale1)
        return x->total.scale1 ? -1 : 1;
    if (kt_dec_cmp(x->total, y->total) != 0)
        return kt_dec_cmp(x->total, y->total);
    if (x->day.day != y->day.day)
        return x->day.day < y->day.day ? -1 : 1;
    return (x->answer->rec.id.v > y->answer->rec.id.v) - (x->answer->rec.id.v < y->answer->rec.id.v);
}

static kt_error *answers_of(kt_tx *tx, kt_id rfq, kt_lines *answers)
{
    const kt_where where[] = {KT_WHERE(answer, rfq, KT_EQ, rfq), {0}};
    struct answer a = {KT_OF(answer)};
    kt_error *e = NULL;
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &answer_shape, .where = where, .sort = "id"}, &cursor));
    while (!e && kt_next(cursor, &a.rec))
        e = kt_line_add(tx, answers, &a.rec);
    kt_also(&e, kt_close(cursor));
    return e;
}

/* All bids, line by line, the best of each line first. */
static kt_error *bids_find(kt_tx *tx, const struct rfq *r, kt_lines *answers, struct bids *all)
{
    size_t room = 0;
    KT_TRY(answers_of(tx, r->rec.id, answers));
    for (size_t i = 0; i < answers->count; i++)
        room += KT_AS(answer, kt_line(answers, i))->lines.count;
    *all = (struct bids){.items = kt_alloc(tx, (room + 1) * sizeof *all->items)};
    if (!all->items)
        return kt_no_memory();
    for (size_t i = 0; i < answers->count; i++)
        KT_TRY(bids_of(tx, r, KT_AS(answer, kt_line(answers, i)), all));
    qsort(all->items, all->count, sizeof *all->items, by_cost);
    for (size_t i = 0; i < all->count; i++)
        all->items[i].rank = i && all->items[i].asked == all->items[i - 1].asked ? all->items[i - 1].rank + 1
                                                                                 : 1;
    return NULL;
}

/* ---- logistics.rfq.compare ---- */

struct compare {
    kt_record rec;
    kt_id rfq;
};
const kt_shape compare_shape = KT_SHAPE(compare, NULL,
    KT_FIELD(compare, rfq, REF, "Inquiry", "Zapytanie", .target = "logistics.rfq", .required = true));
struct compare_row {
    kt_record rec;
    int64_t line, rank, lead_days;
    kt_id item, answer, party, currency;
    kt_str name, supplier;
    kt_dec asked, quantity, price, landed, total, minimum;
    kt_date day;
    bool late, expired;
};
static const kt_shape compare_row_shape = KT_SHAPE(compare_row, NULL,
    KT_FIELD(compare_row, line, INT, "Line", "Pozycja"),
    KT_FIELD(compare_row, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(compare_row, name, STRING, "Description", "Opis"),
    KT_FIELD(compare_row, rank, INT, "Rank", "Miejsce"),
    KT_FIELD(compare_row, answer, REF, "Answer", "Odpowiedź", .target = "logistics.rfq_answer"),
    KT_FIELD(compare_row, party, REF, "Supplier", "Dostawca", .target = "base.party"),
    KT_FIELD(compare_row, supplier, STRING, "Supplier's name", "Nazwa dostawcy"),
    KT_FIELD(compare_row, asked, QUANTITY, "Asked for", "Zapytana ilość", .scale = 4),
    KT_FIELD(compare_row, quantity, QUANTITY, "To be ordered", "Do zamówienia", .scale = 4,
        .help = {"By minimum, multiple and price break.",
            "Według minimum, wielokrotności i progu cenowego."}),
    KT_FIELD(compare_row, minimum, QUANTITY, "At least", "Najmniej", .scale = 4),
    KT_FIELD(compare_row, price, PRICE, "Price", "Cena", .scale = 4,
        .help = {"Of a unit, by the price break, in the answer's currency.",
            "Za jednostkę, według progu cenowego, w walucie odpowiedzi."}),
    KT_FIELD(compare_row, currency, REF, "Currency", "Waluta", .target = "base.currency"),
    KT_FIELD(compare_row, landed, PRICE, "Landed price, company's currency", "Cena z kosztami, waluta firmy",
        .scale = 6),
    KT_FIELD(compare_row, total, MONEY, "In all, company's currency", "Razem, waluta firmy", .scale = 2,
        .help =
            {"All that has to be ordered, with its charges, at the rate of today: by this they are ranked.",
                "Całość do zamówienia z opłatami, po dzisiejszym kursie: według tego jest miejsce."}),
    KT_FIELD(compare_row, lead_days, INT, "Lead time, days", "Czas dostawy, dni", .required = true),
    KT_FIELD(compare_row, day, DATE, "There on", "Będzie dnia",
        .help = {"Ordered today; of two that cost the same the earlier one goes first.",
            "Zamówione dziś; z dwóch równie drogich pierwsza jest wcześniejsza."}),
    KT_FIELD(compare_row, late, BOOL, "Comes too late", "Przyjdzie za późno"),
    KT_FIELD(compare_row, expired, BOOL, "No longer valid", "Już nieważna"));
struct compared {
    kt_record rec;
    kt_lines rows;
    int64_t answers;
};
const kt_shape compared_shape = KT_SHAPE(compared, NULL,
    KT_FIELD(compared, answers, INT, "Answers", "Odpowiedzi", .required = true),
    KT_FIELD(compared, rows, LINES, "Line by line, best first", "Pozycjami, od najlepszej",
        .lines = &compare_row_shape));

kt_error *rfq_compare(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct compared *out = KT_AS(compared, result);
    struct rfq r = {KT_OF(rfq)};
    kt_lines answers = {0};
    struct bids bids;
    KT_TRY(kt_read(tx, KT_SEE(compare, params)->rfq, &r.rec));
    KT_TRY(bids_find(tx, &r, &answers, &bids));
    out->answers = (int64_t)answers.count;
    for (size_t i = 0; i < bids.count; i++) {
        const struct bid *b = &bids.items[i];
        struct compare_row row = {KT_OF(compare_row), .line = (int64_t)b->asked->rec.id.v,
            .item = b->asked->item, .name = b->asked->name, .rank = b->rank, .answer = b->answer->rec.id,
            .party = b->answer->party, .asked = b->asked->quantity, .quantity = b->quote.quantity,
            .minimum = b->quote.line->minimum, .price = b->quote.line->price, .currency = b->answer->currency,
            .landed = b->landed, .total = b->total, .lead_days = lead_days(b->answer, &b->quote),
            .day = b->day, .late = b->late, .expired = b->expired};
        KT_TRY(party_name(tx, b->answer->party, &row.supplier));
        KT_TRY(kt_line_add(tx, &out->rows, &row.rec));
    }
    return NULL;
}

/* ---- The award ---- */

struct award_row {
    kt_record rec;
    int64_t line;
    kt_id answer;
    kt_dec quantity;
};
static const kt_shape award_row_shape = KT_SHAPE(award_row, NULL,
    KT_FIELD(award_row, line, INT, "Inquiry's line", "Pozycja zapytania", .required = true),
    KT_FIELD(
        award_row, answer, REF, "Answer", "Odpowiedź", .target = "logistics.rfq_answer", .required = true),
    KT_FIELD(award_row, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4,
        .help = {"Of a line that several have: how much of it; empty: all that was asked for.",
            "Pozycji dla kilku dostawców: ile z niej; puste: cała zapytana ilość."}));
struct award {
    kt_record rec;
    kt_lines lines;
    kt_id answer;
};
const kt_shape award_shape = KT_SHAPE(award, NULL,
    KT_FIELD(award, answer, REF, "All to this answer", "Wszystko z tej odpowiedzi",
        .target = "logistics.rfq_answer",
        .help = {"Neither this nor lines: each line to its best.",
            "Bez tego i bez pozycji: każda do najlepszej."}),
    KT_FIELD(award, lines, LINES, "Line by line", "Pozycjami", .lines = &award_row_shape));

/* The row that gives the line to this answer; *named: rows give the line to somebody. */
static const struct award_row *row_of(const struct award *p, const struct bid *b, bool *named)
{
    *named = false;
    for (size_t i = 0; i < p->lines.count; i++) {
        const struct award_row *row = KT_AS(award_row, kt_line(&p->lines, i));
        if (row->line != (int64_t)b->asked->rec.id.v)
            continue;
        *named = true;
        if (row->answer.v == b->answer->rec.id.v)
            return row;
    }
    return NULL;
}

static bool is_chosen(const struct award *p, const struct bid *b)
{
    bool named;
    if (!b->total.scale1 || b->expired)
        return false;
    const struct award_row *row = row_of(p, b, &named);
    if (named)
        return row != NULL;
    return p->answer.v ? p->answer.v == b->answer->rec.id.v : p->lines.count == 0 && b->rank == 1;
}

/* What the answer is to bring: a part of the line that several have, or all of it. */
static struct quote awarded(const struct award *p, const struct bid *b)
{
    bool named;
    const struct award_row *row = row_of(p, b, &named);
    return row && row->quantity.scale1 ? quote_for(b->answer, b->asked, row->quantity) : b->quote;
}

/* Another order brings a part of what was asked for: what the first does not bring is waited for there. */
static kt_error *share_request(
    kt_tx *tx, const struct po *o, struct request *r, kt_dec brings, const struct po_line *line)
{
    const kt_supply *supply = kt_supply_find(tx);
    struct po first = {KT_OF(po)};
    struct goods item;
    kt_str name;
    kt_dec there;
    KT_TRY(kt_read(tx, r->order, &first.rec));
    const struct po_line *of = po_line_with(&first.lines, (kt_id){(uint64_t)r->order_line});
    KT_TRY(goods_read(tx, r->item, &item));
    KT_TRY(kt_in_unit(tx, r->item, of->quantity, of->unit, item.unit, &there));
    kt_dec over = smaller(brings, larger(ZERO, kt_dec_sub(r->waiting, there)));
    struct request part = {KT_OF(request), .item = r->item, .warehouse = r->warehouse, .quantity = brings,
        .waiting = over, .needed = r->needed, .day = line->expected, .origin = BY_ORDER, .owner = r->owner,
        .party = o->party, .order = o->rec.id, .order_line = (int64_t)line->rec.id.v, .rfq = o->rfq};
    KT_TRY(kt_create(tx, &part.rec));
    if (over.coef <= 0)
        return NULL;
    r->waiting = kt_dec_sub(r->waiting, over);
    r->quantity = kt_dec_sub(r->quantity, over);
    r->bookings++;
    KT_TRY(kt_update(tx, &r->rec));
    KT_TRY(party_name(tx, o->party, &name));
    return supply ? supply->shared(tx, request_any(tx, r), request_any(tx, &part), over, line->expected,
                        (kt_text){kt_format(tx, "%s delivers a part of it", name.ptr).ptr,
                            kt_format(tx, "część dostarcza %s", name.ptr).ptr})
                  : NULL;
}

/* The request goes with the first order of its line; of a line that several have, every other one has a request of its own, and
 * who waits for more than the first brings waits for that. */
static kt_error *link_request(
    kt_tx *tx, const struct po *o, const struct award *p, const struct bid *b, const struct po_line *line)
{
    struct request r = {KT_OF(request)};
    struct goods item;
    kt_dec brings;
    if (!b->asked->request.v)
        return NULL;
    KT_TRY(kt_read(tx, b->asked->request, &r.rec));
    KT_TRY(goods_read(tx, r.item, &item));
    KT_TRY(kt_in_unit(tx, r.item, awarded(p, b).quantity, b->asked->unit, item.unit, &brings));
    if (r.order.v)
        return share_request(tx, o, &r, brings, line);
    r.quantity = larger(r.waiting, brings);
    r.party = o->party;
    r.order = o->rec.id;
    r.order_line = (int64_t)line->rec.id.v;
    r.rfq = o->rfq;
    return kt_update(tx, &r.rec);
}

/* An order of all that was chosen of one answer. */
static kt_error *order_answer(
    kt_tx *tx, struct rfq *r, const struct answer *a, const struct award *p, const struct bids *bids)
{
    struct po o = {KT_OF(po), .party = a->party, .currency = a->currency, .warehouse = r->warehouse,
        .day = kt_today(tx), .owner = kt_user(tx), .rfq = r->rec.id, .state = PO_DRAFT, .title = r->title};
    for (size_t i = 0; i < bids->count; i++) {
        const struct bid *b = &bids->items[i];
        if (b->answer != a || !is_chosen(p, b))
            continue;
        const struct quote quote = awarded(p, b);
        struct po_line line = {KT_OF(po_line), .item = b->asked->item, .name = b->asked->name,
            .unit = b->asked->unit, .quantity = quote.quantity, .price = quote.line->price,
            .asked = b->asked->needed};
        KT_TRY(delivery_day(tx, kt_today(tx), lead_days(a, &quote), &line.expected));
        line.rec.id.v = o.lines.count + 1;
        KT_TRY(kt_line_add(tx, &o.lines, &line.rec));
    }
    if (!o.lines.count)
        return NULL;
    if (a->charges.coef > 0) {
        struct po_line charges = {KT_OF(po_line), .quantity = KT_DEC(1, 0), .price = a->charges,
            .name = kt_say(tx, (kt_text){"Freight and other charges", "Transport i inne opłaty"})};
        charges.rec.id.v = o.lines.count + 1;
        KT_TRY(kt_line_add(tx, &o.lines, &charges.rec));
    }
    KT_TRY(kt_create(tx, &o.rec));
    uint64_t at = 0;
    for (size_t i = 0; i < bids->count; i++)
        if (bids->items[i].answer == a && is_chosen(p, &bids->items[i]))
            KT_TRY(link_request(tx, &o, p, &bids->items[i], po_line_at(&o.lines, at++)));
    kt_id *orders = kt_alloc(tx, (r->orders.count + 1) * sizeof *orders);
    if (!orders)
        return kt_no_memory();
    for (size_t i = 0; i < r->orders.count; i++)
        orders[i] = ((const kt_id *)r->orders.items)[i];
    orders[r->orders.count++] = o.rec.id;
    r->orders.items = orders;
    return NULL;
}

/* line: of the inquiry; 0: any */
static kt_error *check_award(kt_tx *tx, const struct bids *bids, const char *path, kt_id answer, int64_t line)
{
    const struct bid *found = NULL;
    for (size_t i = 0; i < bids->count && !found; i++) {
        const struct bid *b = &bids->items[i];
        if (b->answer->rec.id.v == answer.v && (!line || (int64_t)b->asked->rec.id.v == line))
            found = b;
    }
    if (!found)
        return kt_fail(tx, KT_VALIDATION, path, "is no answer to this", "nie jest odpowiedzią na to");
    if (!found->expired)
        return NULL;
    return kt_hint(kt_fail(tx, KT_RULE, path, "was valid to %s", "była ważna do %s",
                       day_words(tx, found->answer->valid_to)),
        "Ask the supplier, and give the answer another day.",
        "Zapytaj dostawcę i zmień termin ważności odpowiedzi.");
}

/* A line may go to several, of each so much. */
static kt_error *check_row(kt_tx *tx, const struct award *p, size_t i)
{
    const struct award_row *row = KT_AS(award_row, kt_line(&p->lines, i));
    const char *path = path_of(tx, "lines", i, "quantity");
    bool several = false;
    for (size_t k = 0; k < p->lines.count; k++) {
        const struct award_row *other = KT_AS(award_row, kt_line(&p->lines, k));
        if (k == i || other->line != row->line)
            continue;
        several = true;
        if (k < i && other->answer.v == row->answer.v)
            return kt_fail(tx, KT_VALIDATION, path_of(tx, "lines", i, "answer"),
                "has this line already, by lines[%zu]", "ma już tę pozycję, według lines[%zu]", k);
    }
    if (row->quantity.scale1)
        return not_below(tx, path, row->quantity, true);
    return several ? kt_fail(tx, KT_VALIDATION, path, "line %lld goes to several: how much of it",
                         "pozycja %lld jest dla kilku dostawców: podaj ilość", (long long)row->line)
                   : NULL;
}

static kt_error *check_awards(kt_tx *tx, const struct rfq *r, const struct award *p, const struct bids *bids)
{
    kt_error *all = p->answer.v ? check_award(tx, bids, "answer", p->answer, 0) : NULL;
    for (size_t i = 0; i < p->lines.count; i++) {
        const struct award_row *row = KT_AS(award_row, kt_line(&p->lines, i));
        kt_also(&all, check_row(tx, p, i));
        kt_also(&all,
            asked_line(r, row->line)
                ? check_award(tx, bids, path_of(tx, "lines", i, "answer"), row->answer, row->line)
                : kt_fail(tx, KT_VALIDATION, path_of(tx, "lines", i, "line"), "the inquiry has no line %lld",
                      "zapytanie nie ma pozycji %lld", (long long)row->line));
    }
    return all;
}

/* What was asked for is bought once: its request may have been ordered in another way, or given up. */
static kt_error *check_wanted(kt_tx *tx, const struct award *p, const struct bids *bids)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < bids->count; i++) {
        const struct bid *b = &bids->items[i];
        struct request r = {KT_OF(request)};
        if (!is_chosen(p, b) || !b->asked->request.v)
            continue;
        KT_TRY(kt_read(tx, b->asked->request, &r.rec));
        if (r.state != PR_OPEN)
            kt_also(&all,
                kt_hint(kt_fail(tx, KT_RULE, "lines", "line %llu: request %s is not open any more",
                            "pozycja %llu: zapotrzebowanie %s nie jest już otwarte",
                            (unsigned long long)b->asked->rec.id.v, r.rec.number.ptr ? r.rec.number.ptr : ""),
                    "Award the lines that are still wanted.",
                    "Rozstrzygnij pozycje, które są jeszcze potrzebne."));
    }
    return all;
}

/* Who waits for more of a request than its orders bring is covered anew. */
static kt_error *cover_the_rest(kt_tx *tx, const struct rfq *r)
{
    const kt_id *orders = r->orders.items;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = NULL;
    for (size_t i = 0; i < r->orders.count && !e; i++) {
        struct po o = {KT_OF(po)};
        e = kt_read(tx, orders[i], &o.rec);
        for (size_t k = 0; k < o.lines.count && !e; k++)
            if (po_line_at(&o.lines, k)->kind == PO_GOODS)
                e = po_cut_requests(tx, &o, po_line_at(&o.lines, k),
                    (kt_text){"its order brings less of it", "zamówiono u niego mniej"});
    }
    kt_callers_authority(tx, before);
    return e;
}

kt_error *rfq_award(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct rfq *r = KT_AS(rfq, self);
    const struct award *p = KT_SEE(award, params);
    kt_lines answers = {0};
    struct bids bids;
    KT_TRY(bids_find(tx, r, &answers, &bids));
    KT_TRY(check_awards(tx, r, p, &bids));
    KT_TRY(check_wanted(tx, p, &bids));
    for (size_t i = 0; i < answers.count; i++)
        KT_TRY(order_answer(tx, r, KT_AS(answer, kt_line(&answers, i)), p, &bids));
    if (r->orders.count)
        return cover_the_rest(tx, r);
    return kt_hint(kt_fail(tx, KT_RULE, "lines", "nothing was chosen", "nic nie wybrano"),
        "Name answers that are valid, in a currency with a rate.",
        "Wskaż odpowiedzi, które są ważne, w walucie, która ma kurs.");
}
