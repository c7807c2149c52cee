/* Inquiries to several suppliers (RFQ) and what they answered. */
#include "purchase/purchase.h"

static const kt_choice rfq_states[] = {
    {RFQ_DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {RFQ_SENT, "sent", {"Sent", "Wysłane"}, "open"},
    {RFQ_AWARDED, "awarded", {"Awarded", "Rozstrzygnięte"}, "won"},
    {RFQ_CANCELLED, "cancelled", {"Cancelled", "Anulowane"}, "lost"},
    {0},
};
const kt_shape rfq_line_shape = KT_SHAPE(rfq_line, NULL,
    KT_FIELD(rfq_line, item, REF, "Item", "Towar lub usługa", .target = "base.item", .priority = 1),
    KT_FIELD(rfq_line, name, STRING, "Description", "Opis", .max = 400, .priority = 2),
    KT_FIELD(rfq_line, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .priority = 3),
    KT_FIELD(rfq_line, unit, REF, "Unit", "Jednostka", .target = "base.unit"),
    KT_FIELD(rfq_line, needed, DATE, "Needed on", "Potrzebne na", .priority = 4),
    KT_FIELD(rfq_line, request, REF, "Request", "Zapotrzebowanie", .target = "logistics.purchase_request",
        .on_delete = KT_CLEAR, .help = {"Gives item and quantity.", "Podaje towar i ilość."}));
const kt_shape rfq_shape = KT_SHAPE(rfq, "logistics.rfq",
    KT_FIELD(rfq, title, STRING, "Title", "Tytuł", .max = 200, .searchable = true, .required = true,
        .priority = 1),
    KT_FIELD(
        rfq, suppliers, REFS, "Suppliers asked", "Pytani dostawcy", .target = "base.party", .priority = 2),
    KT_FIELD(rfq, lines, LINES, "Lines", "Pozycje", .lines = &rfq_line_shape, .max = 500),
    KT_FIELD(rfq, answer_by, DATE, "Answers by", "Odpowiedzi do", .priority = 3),
    KT_FIELD(rfq, warehouse, REF, "Warehouse", "Magazyn", .target = "logistics.warehouse",
        .on_delete = KT_CLEAR, .in_use = true),
    KT_FIELD(rfq, owner, REF, "Buyer", "Zaopatrzeniowiec", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR),
    KT_FIELD(rfq, note, TEXT, "Note", "Uwagi"),
    KT_FIELD(rfq, orders, REFS, "Orders made", "Utworzone zamówienia", .target = "logistics.purchase_order",
        .on_delete = KT_CLEAR, .computed = true),
    KT_FIELD(rfq, state, STATE, "State", "Stan", .choices = rfq_states, .initial = "draft", .indexed = true,
        .priority = 4));

const kt_shape answer_line_shape = KT_SHAPE(answer_line, NULL,
    KT_FIELD(answer_line, line, INT, "Inquiry's line", "Pozycja zapytania", .required = true, .priority = 1,
        .help = {"Several lines for one of the inquiry's are price breaks, each from its least quantity.",
            "Kilka wierszy do jednej pozycji zapytania to progi cenowe, każdy od swojej najmniejszej "
            "ilości."}),
    KT_FIELD(answer_line, price, PRICE, "Price", "Cena", .scale = 4, .required = true, .priority = 2,
        .help = {"Net, of the inquiry's unit.", "Netto, za jednostkę zapytania."}),
    KT_FIELD(answer_line, minimum, QUANTITY, "At least", "Najmniej", .scale = 4),
    KT_FIELD(answer_line, multiple, QUANTITY, "In multiples of", "Wielokrotność", .scale = 4),
    KT_FIELD(answer_line, lead_days, INT, "Lead time, days", "Czas dostawy, dni",
        .help = {"0: the answer's.", "0: jak w odpowiedzi."}),
    KT_FIELD(answer_line, note, STRING, "Note", "Uwagi", .max = 200));
const kt_shape answer_shape = KT_SHAPE(answer, "logistics.rfq_answer",
    KT_FIELD(answer, rfq, REF, "Inquiry", "Zapytanie", .target = "logistics.rfq", .required = true,
        .fixed = true, .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(answer, party, REF, "Supplier", "Dostawca", .target = "base.party", .required = true,
        .fixed = true, .priority = 2),
    KT_FIELD(answer, currency, REF, "Currency", "Waluta", .target = "base.currency",
        .help = {"Empty: the company's.", "Puste: waluta firmy."}),
    KT_FIELD(answer, day, DATE, "Date", "Data", .initial = "today"),
    KT_FIELD(answer, valid_to, DATE, "Valid to", "Ważna do"),
    KT_FIELD(answer, lead_days, INT, "Lead time, days", "Czas dostawy, dni", .priority = 3),
    KT_FIELD(answer, charges, MONEY, "Freight and other charges", "Transport i inne opłaty", .scale = 4,
        .help = {"Of all lines together: spread over them by value.",
            "Wszystkich pozycji razem: rozkładane według wartości."}),
    KT_FIELD(answer, lines, LINES, "Lines", "Pozycje", .lines = &answer_line_shape, .max = 500),
    KT_FIELD(answer, note, TEXT, "Note", "Uwagi"));

/* ---- The inquiry ---- */

static kt_error *complete_line(kt_tx *tx, struct rfq_line *line, size_t i)
{
    struct goods item = {KT_OF(goods)};
    struct request r = {KT_OF(request)};
    if (line->request.v) {
        KT_TRY(kt_read(tx, line->request, &r.rec));
        line->item = r.item;
        line->quantity = line->quantity.scale1 ? line->quantity : r.quantity;
        line->needed = line->needed.day ? line->needed : r.needed;
    }
    if (line->item.v) {
        KT_TRY(kt_read(tx, line->item, &item.rec));
        line->name = line->name.ptr ? line->name : item.name;
        line->unit = line->unit.v ? line->unit : item.unit;
    }
    if (!line->name.ptr)
        return kt_fail(tx, KT_VALIDATION, path_of(tx, "lines", i, "name"), "is required", "jest wymagane");
    line->quantity = line->quantity.scale1 ? line->quantity : KT_DEC(1, 0);
    KT_TRY(not_below(tx, path_of(tx, "lines", i, "quantity"), line->quantity, true));
    return line->request.v ? NULL
                           : check_whole_of(tx, line->item, line->quantity, line->unit,
                                 path_of(tx, "lines", i, "quantity"));
}

kt_error *rfq_compute(kt_tx *tx, kt_record *self)
{
    struct rfq *r = KT_AS(rfq, self);
    kt_error *all = NULL;
    if (r->state == RFQ_AWARDED)
        return NULL;
    for (size_t i = 0; i < r->lines.count; i++)
        kt_also(&all, complete_line(tx, KT_AS(rfq_line, kt_line(&r->lines, i)), i));
    return all;
}

static kt_error *send(kt_tx *tx, kt_record *self, const kt_record *params)
{
    const struct rfq *r = KT_AS(rfq, self);
    kt_error *all = NULL;
    (void)params;
    if (!r->lines.count)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "lines", "nothing is asked for", "o nic się nie pyta"));
    if (!r->suppliers.count)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "suppliers", "nobody is asked", "nikt nie jest pytany"));
    return all;
}

const kt_action rfq_actions[] = {
    {"send", {"Send", "Wyślij"}, "update", .from = KT_IN(RFQ_DRAFT), .to = RFQ_SENT, .run = send},
    {"award", {"Award", "Rozstrzygnij"}, "award", .from = KT_IN(RFQ_SENT), .to = RFQ_AWARDED,
        .params = &award_shape, .run = rfq_award, .preview = true},
    {"cancel", {"Cancel", "Anuluj"}, "update", .from = KT_IN(RFQ_DRAFT) | KT_IN(RFQ_SENT),
        .to = RFQ_CANCELLED},
    {0},
};

/* ---- The answer ---- */

static bool asks(const struct rfq *r, int64_t line)
{
    for (size_t i = 0; i < r->lines.count; i++)
        if ((int64_t)kt_line(&r->lines, i)->id.v == line)
            return true;
    return false;
}

static kt_error *check_answer_line(kt_tx *tx, const struct rfq *r, const struct answer_line *line, size_t i)
{
    kt_error *all = NULL;
    if (!asks(r, line->line))
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, path_of(tx, "lines", i, "line"), "the inquiry has no line %lld",
                      "zapytanie nie ma pozycji %lld", (long long)line->line));
    kt_also(&all, not_below(tx, path_of(tx, "lines", i, "price"), line->price, false));
    kt_also(&all, not_below(tx, path_of(tx, "lines", i, "minimum"), line->minimum, false));
    kt_also(&all, not_below(tx, path_of(tx, "lines", i, "multiple"), line->multiple, true));
    if (line->lead_days < 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, path_of(tx, "lines", i, "lead_days"),
                          "must not be below zero", "nie może być ujemne"));
    return all;
}

kt_error *answer_compute(kt_tx *tx, kt_record *self)
{
    struct answer *a = KT_AS(answer, self);
    struct rfq r = {KT_OF(rfq)};
    kt_error *all = NULL;
    if (!a->rfq.v || !a->party.v)
        return NULL; /* the core asks for them */
    KT_TRY(kt_read(tx, a->rfq, &r.rec));
    const kt_id *asked = r.suppliers.items;
    bool known = false;
    for (size_t i = 0; i < r.suppliers.count; i++)
        known = known || asked[i].v == a->party.v;
    if (!known)
        kt_also(&all, kt_hint(kt_fail(tx, KT_VALIDATION, "party", "the supplier was not asked",
                                  "tego dostawcy nie pytano"),
                          "Add it to the inquiry's suppliers.", "Dodaj go do dostawców w zapytaniu."));
    if (r.state != RFQ_SENT)
        kt_also(&all, kt_fail(tx, KT_BAD_STATE, "rfq", "the inquiry is not out for answers",
                          "zapytanie nie czeka na odpowiedzi"));
    kt_also(&all, not_below(tx, "charges", a->charges, false));
    for (size_t i = 0; i < a->lines.count; i++)
        kt_also(&all, check_answer_line(tx, &r, KT_AS(answer_line, kt_line(&a->lines, i)), i));
    if (!a->currency.v)
        KT_TRY(own_currency(tx, &a->currency));
    return all;
}
