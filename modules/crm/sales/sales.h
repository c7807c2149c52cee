/* sales.h -- what the files of this folder show each other and the module's tables: one shape of lines and
 * one routine of totals under deals, quotations, orders and templates. */
#pragma once
#include <kontor/documents.h>
#include <kontor/supply.h>
#include <kontor/web.h>
#include <kontor/work.h>

/* ---- document.c ---- */

enum sold { GOODS = 1, SERVICE, FREE_TEXT };
extern const kt_choice sold_kinds[];

struct sale_line {
    kt_record rec;
    kt_id item, unit, tax_category, price_list;
    kt_str name, tax_label;
    enum sold kind;
    int64_t source_line;
    kt_dec quantity, price, list_price, discount_percent, discount_amount, tax_rate, discount, net, tax,
        gross;
    bool optional, taken;                               /* quotations */
    kt_date asked, promised, first_promised, actual;    /* orders: dates of delivery */
    kt_dec delivered, given_up, invoiced, cost, margin; /* orders */
};

/* The fields that every kind of line has; each shape of struct sale_line adds its own behind. */
#define SALE_LINE_FIELDS                                                                                     \
    KT_FIELD(sale_line, item, REF, "Item", "Towar lub usługa", .target = "base.item", .priority = 1,         \
        .help = {"Empty: the line is free text.", "Puste: pozycja opisowa."}),                               \
        KT_FIELD(sale_line, name, STRING, "Description", "Opis", .max = 400, .priority = 2,                  \
            .help = {"Empty: the item's name.", "Puste: nazwa towaru."}),                                    \
        KT_FIELD(sale_line, kind, STATE, "Kind", "Rodzaj", .choices = sold_kinds, .computed = true),         \
        KT_FIELD(                                                                                            \
            sale_line, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .initial = "1", .priority = 3),  \
        KT_FIELD(sale_line, unit, REF, "Unit", "Jednostka", .target = "base.unit", .priority = 4),           \
        KT_FIELD(sale_line, price, PRICE, "Price", "Cena", .scale = 4, .priority = 5,                        \
            .explain = "crm.price.explain",                                                                  \
            .help = {"Of one unit, as the document states prices. Empty: by price list.",                    \
                "Za jednostkę, tak jak dokument podaje ceny. Puste: według cennika."}),                      \
        KT_FIELD(                                                                                            \
            sale_line, list_price, PRICE, "List price", "Cena z cennika", .scale = 4, .computed = true),     \
        KT_FIELD(sale_line, price_list, REF, "From price list", "Z cennika", .target = "crm.price_list",     \
            .on_delete = KT_CLEAR, .computed = true),                                                        \
        KT_FIELD(                                                                                            \
            sale_line, discount_percent, PERCENT, "Discount, %", "Rabat, %", .scale = 2, .priority = 6),     \
        KT_FIELD(sale_line, discount_amount, MONEY, "Discount, amount", "Rabat kwotowy", .scale = 4,         \
            .help = {"Off the whole line.", "Od całej pozycji."}),                                           \
        KT_FIELD(sale_line, tax_category, REF, "Tax category", "Kategoria podatkowa",                        \
            .target = "base.tax_category", .help = {"Empty: the item's.", "Puste: według towaru."}),         \
        KT_FIELD(sale_line, tax_label, STRING, "Tax", "Podatek", .max = 80, .computed = true, .priority = 7, \
            .explain = "base.tax.explain"),                                                                  \
        KT_FIELD(                                                                                            \
            sale_line, tax_rate, PERCENT, "Tax rate, %", "Stawka podatku, %", .scale = 3, .computed = true), \
        KT_FIELD(                                                                                            \
            sale_line, discount, MONEY, "Discount in all", "Rabat razem", .scale = 4, .computed = true),     \
        KT_FIELD(sale_line, net, MONEY, "Net", "Netto", .scale = 4, .computed = true, .priority = 8),        \
        KT_FIELD(sale_line, tax, MONEY, "Tax amount", "Kwota podatku", .scale = 4, .computed = true),        \
        KT_FIELD(sale_line, gross, MONEY, "Gross", "Brutto", .scale = 4, .computed = true, .priority = 9),   \
        KT_FIELD(sale_line, source_line, INT, "Copied from line", "Skopiowana z pozycji", .computed = true)

extern const kt_shape plain_line_shape; /* leads, deals and templates */
/* deal_lines.c: the same lines on another record. */
KT_MUST kt_error *plain_lines_copy(kt_tx *tx, const kt_lines *from, kt_lines *to);

/* What prices and taxes of a document's lines depend on, and what they come to. */
struct terms {
    kt_id company, party, currency, price_list, position;
    kt_date day;
    kt_tax_rounding rounding;   /* receives the company's if it is not set; currency alike */
    bool tax_included, drafted; /* drafted: prices that came from a list follow it */
    kt_dec given;
    kt_lines *lines, *taxes;
    const kt_lines *before; /* the lines as they are stored; NULL: a new document */
    kt_id tax_position;     /* receives, as all below */
    kt_dec net, tax, gross;
    struct price_book *book; /* opened when the first line asks for a price */
    kt_dec discount_most;    /* per cent off the list price, of the line with the greatest discount */
    size_t discount_line;
};
/* Fills in names, units, prices, taxes and amounts. Problems are at "lines[i].field". */
KT_MUST kt_error *terms_compute(kt_tx *tx, struct terms *t);
/* "lines[2].price" */
const char *line_path(kt_tx *tx, size_t line, const char *field);
/* Reads what a field refers to; a problem at the path, in the core's own words, if it cannot be seen. */
KT_MUST kt_error *read_ref(kt_tx *tx, const char *path, kt_id id, kt_record *rec);
const struct sale_line *sale_line_at(const kt_lines *lines, size_t i);
/* The line with this id; NULL: there is none. */
const struct sale_line *sale_line_with(const kt_lines *lines, kt_id id);
bool same_dec(kt_dec a, kt_dec b);
bool same_str(kt_str a, kt_str b);

/* ---- price_list.c, price_find.c ---- */

struct price_list {
    kt_record rec;
    kt_str name;
    kt_id currency, base, segment;
    kt_date valid_from, valid_to;
    int64_t priority;
    bool initial, tax_included, active;
    kt_dec percent, round_to, ending;
    kt_lines parties, tags;
};
extern const kt_shape price_list_shape;
kt_error *price_list_compute(kt_tx *tx, kt_record *self);
kt_error *price_list_check(kt_tx *tx, const kt_record *before, const kt_record *after);
struct price {
    kt_record rec;
    kt_id list, item, category, unit;
    kt_dec quantity, price, percent;
    kt_date valid_from, valid_to;
};
extern const kt_shape price_shape;
kt_error *price_compute(kt_tx *tx, kt_record *self);

struct terms_of_price {
    kt_id party, currency, list; /* any may be not set */
    kt_date day;
};
/* The price lists as one document sees them: read once, asked for each line. */
struct price_book;
KT_MUST kt_error *price_book_open(kt_tx *tx, const struct terms_of_price *of, struct price_book **book);
struct price_found {
    kt_id list, row;
    kt_dec price;    /* not set: there is none */
    bool included;   /* the list's prices have the tax in them */
    bool other_unit; /* a price is known, but per a unit that does not convert into the one that is sold */
    kt_lines why;    /* the steps, of price_step */
};
struct price_ask {
    kt_id item, unit; /* unit: that is sold; not set: the item's own */
    kt_dec quantity;  /* of that unit */
};
/* The price of one unit. */
KT_MUST kt_error *price_find(struct price_book *book, const struct price_ask *ask, struct price_found *found);
extern const kt_shape price_explain_shape, price_explained_shape;
kt_error *price_explain(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- discount.c ---- */

enum over_limit { REFUSE = 1, ASK };
struct discount_limit {
    kt_record rec;
    kt_id role;
    kt_dec percent;
    enum over_limit over;
};
extern const kt_shape discount_limit_shape;
kt_error *discount_limit_compute(kt_tx *tx, kt_record *self);
enum approval { NOT_NEEDED = 1, NEEDED, GIVEN };
extern const kt_choice approvals[];
/* May the caller give this discount? A refusal is a problem at the line; *ask: it needs the head's approval.
 */
KT_MUST kt_error *discount_judge(kt_tx *tx, const struct terms *t, bool *ask);

/* ---- sale.c: what quotations and orders have in common ---- */

enum progress { NONE = 1, PARTIAL, FULL };
enum quotation_state { Q_DRAFT = 1, Q_SENT, Q_ACCEPTED, Q_REJECTED, Q_EXPIRED, Q_CANCELLED };
enum order_state { O_DRAFT = 1, O_CONFIRMED, O_CLOSED, O_CANCELLED, O_ON_HOLD };

struct sale {
    kt_record rec;
    kt_str title, reference, source, terms, tax_note, reason, accepted_by;
    kt_id party, contact, bill_to, ship_to, owner, deal, currency, price_list, position, tax_position;
    kt_id approved_by;
    unsigned state;
    kt_tax_rounding rounding;
    enum approval approval;
    kt_date day;
    bool tax_included;
    kt_dec tax_given, net, tax, gross, discount_most, approved_discount;
    kt_lines lines, taxes, addresses;
    int64_t revision;
    /* quotations */
    kt_date valid_until;
    kt_time sent_at, accepted_at;
    kt_str token;
    kt_id previous, superseded_by, order;
    /* orders */
    kt_id quotation, template, warehouse;
    kt_date period, asked;
    kt_time confirmed_at;
    enum progress delivery_status, billing_status;
    int64_t fulfilments;
    kt_lines amendments, leftovers;
    kt_date promised, delivered_on;
    bool late;
    kt_dec cost, margin;
};

#define SALE_FIELDS(lines_of)                                                                                \
    KT_FIELD(sale, title, STRING, "Title", "Tytuł", .max = 200, .searchable = true, .priority = 1,           \
        .help = {"Empty: the customer's name.", "Puste: nazwa klienta."}),                                   \
        KT_FIELD(sale, party, REF, "Customer", "Klient", .target = "base.party", .required = true,           \
            .priority = 2),                                                                                  \
        KT_FIELD(sale, contact, REF, "Contact person", "Osoba kontaktowa", .target = "base.party",           \
            .on_delete = KT_CLEAR),                                                                          \
        KT_FIELD(sale, bill_to, REF, "Bill to", "Nabywca na fakturze", .target = "base.party",               \
            .help = {"Empty: the customer.", "Puste: klient."}),                                             \
        KT_FIELD(sale, ship_to, REF, "Ship to", "Odbiorca", .target = "base.party",                          \
            .help = {"Empty: the customer.", "Puste: klient."}),                                             \
        KT_FIELD(sale, day, DATE, "Date", "Data", .initial = "today", .required = true, .indexed = true,     \
            .priority = 3),                                                                                  \
        KT_FIELD(sale, owner, REF, "Owner", "Opiekun", .target = "access.user", .initial = "me",             \
            .on_delete = KT_CLEAR, .priority = 7),                                                           \
        KT_FIELD(sale, deal, REF, "Deal", "Szansa sprzedaży", .target = "crm.deal", .on_delete = KT_CLEAR),  \
        KT_FIELD(sale, reference, STRING, "Customer's reference", "Numer u klienta", .max = 80,              \
            .searchable = true, .indexed = true),                                                            \
        KT_FIELD(sale, source, STRING, "Source", "Źródło", .max = 80, .indexed = true),                      \
        KT_FIELD(sale, currency, REF, "Currency", "Waluta", .target = "base.currency", .priority = 5,        \
            .help = {"Empty: the company's.", "Puste: waluta firmy."}),                                      \
        KT_FIELD(sale, price_list, REF, "Price list", "Cennik", .target = "crm.price_list",                  \
            .help = {"Empty: the customer's.", "Puste: właściwy dla klienta."}),                             \
        KT_FIELD(sale, tax_included, BOOL, "Prices include tax", "Ceny z podatkiem"),                        \
        KT_FIELD(sale, rounding, STATE, "Rounding of tax", "Zaokrąglanie podatku",                           \
            .choices = sale_roundings, .fixed = true,                                                        \
            .help = {"Fixed when the document is made; empty: as the company's setting says.",               \
                "Ustalane przy tworzeniu dokumentu; puste: według ustawienia firmy."}),                      \
        KT_FIELD(sale, position, REF, "Fiscal position", "Pozycja podatkowa", .target = "base.tax_position", \
            .help = {"Only to overrule the customer's.", "Tylko gdy inna niż u klienta."}),                  \
        KT_FIELD(sale, tax_position, REF, "Fiscal position in force", "Zastosowana pozycja podatkowa",       \
            .target = "base.tax_position", .computed = true),                                                \
        KT_FIELD(sale, tax_note, TEXT, "Note on tax", "Adnotacja podatkowa", .computed = true),              \
        KT_FIELD(sale, tax_given, MONEY, "Tax from elsewhere", "Podatek z innego systemu", .scale = 4,       \
            .help = {"The whole tax as another system computed it: spread over the lines, not computed.",    \
                "Cały podatek policzony w innym systemie: rozkładany na pozycje, nie liczony."}),            \
        KT_FIELD(sale, lines, LINES, "Lines", "Pozycje", .lines = &(lines_of), .max = 500),                  \
        KT_FIELD(sale, taxes, LINES, "Tax by rate", "Podatek według stawek", .lines = &kt_tax_row_shape,     \
            .computed = true),                                                                               \
        KT_FIELD(                                                                                            \
            sale, net, MONEY, "Net", "Netto", .scale = 4, .computed = true, .indexed = true, .priority = 4), \
        KT_FIELD(sale, tax, MONEY, "Tax", "Podatek", .scale = 4, .computed = true),                          \
        KT_FIELD(sale, gross, MONEY, "Gross", "Brutto", .scale = 4, .computed = true, .priority = 6),        \
        KT_FIELD(sale, addresses, LINES, "Addresses", "Adresy", .lines = &sale_address_shape,                \
            .computed = true,                                                                                \
            .help = {"As they were when the document was made.", "Takie, jak przy tworzeniu dokumentu."}),   \
        KT_FIELD(sale, terms, TEXT, "Terms", "Warunki"),                                                     \
        KT_FIELD(sale, discount_most, PERCENT, "Greatest discount, %", "Największy rabat, %", .scale = 2,    \
            .computed = true),                                                                               \
        KT_FIELD(sale, approval, STATE, "Approval of discount", "Zgoda na rabat", .choices = approvals,      \
            .computed = true, .indexed = true),                                                              \
        KT_FIELD(sale, approved_by, REF, "Approved by", "Zgodę dał", .target = "access.user",                \
            .on_delete = KT_CLEAR, .computed = true),                                                        \
        KT_FIELD(sale, approved_discount, PERCENT, "Discount approved, %", "Rabat zaakceptowany, %",         \
            .scale = 2, .computed = true),                                                                   \
        KT_FIELD(sale, revision, INT, "Revision", "Wersja dokumentu", .computed = true),                     \
        KT_FIELD(sale, reason, STRING, "Reason", "Powód", .max = 200,                                        \
            .help = {"Of the hold, the rejection or the cancelling.",                                        \
                "Wstrzymania, odrzucenia albo anulowania."})

extern const kt_choice sale_roundings[];
extern const kt_shape sale_address_shape;

/* The record as it is stored; *found is false for a new one. */
KT_MUST kt_error *sale_stored(kt_tx *tx, const struct sale *s, struct sale *stored, bool *found);
/* Computes an open document, or refuses changes to one that is fixed. stored: NULL for a new one. */
KT_MUST kt_error *sale_compute(kt_tx *tx, struct sale *s, const struct sale *stored, bool open, bool drafted);
/* Copies what a document of one kind hands to another: customer, terms, lines; untaken: also the optional
 * lines that nobody took. */
KT_MUST kt_error *sale_copy(
    kt_tx *tx, const struct sale *from, struct sale *to, const kt_shape *line_shape, bool untaken);
kt_error *sale_approve(kt_tx *tx, kt_record *self, const kt_record *params);
KT_MUST kt_error *sale_approved(kt_tx *tx, const struct sale *s);
struct reason {
    kt_record rec;
    kt_str reason;
};
extern const kt_shape reason_shape;

/* What differs between two sets of lines, one row a field. */
/* copied: `after` is a copied document's, whose lines name their source. */
KT_MUST kt_error *lines_differ(
    kt_tx *tx, const kt_lines *before, const kt_lines *after, bool copied, kt_revision *mark, kt_lines *rows);
/* What differs outside the lines. */
KT_MUST kt_error *terms_differ(
    kt_tx *tx, const struct sale *before, const struct sale *after, kt_revision *mark, kt_lines *rows);

/* ---- quotation.c ---- */

extern const kt_choice quotation_states[], order_states[];
extern const kt_shape quotation_shape;
extern const kt_action quotation_actions[];
kt_error *quotation_compute(kt_tx *tx, kt_record *self);
struct option {
    kt_record rec;
    int64_t line;
};
struct accept { /* the parameters of crm.quotation.accept */
    kt_record rec;
    kt_str accepted_by;
    kt_time at;
    kt_lines taken;
    bool create_order;
};
extern const kt_shape option_shape, accept_shape;
/* offer_page.c: the customer looks at an offer and accepts it, without a login. */
kt_error *offer_answer(kt_tx *tx, const kt_web_request *request, kt_web_response *response);
#define OFFER_ROUTES                                                                                         \
    {                                                                                                        \
        "/q/", form_read, offer_answer, form_refuse, .open = true                                            \
    }
extern const kt_shape expire_shape, expired_shape;
kt_error *quotations_expire(kt_tx *tx, const kt_record *params, kt_record *result);
extern const kt_shape compare_shape, compared_shape;
kt_error *quotation_compare(kt_tx *tx, const kt_record *params, kt_record *result);
struct made { /* the answer of an action that makes another document */
    kt_record rec;
    int64_t id, version, made;
    kt_str state;
};
extern const kt_shape made_shape;
extern const kt_shape put_aside_shape;
/* put_aside.c: adds the goods that the customer put aside as lines of line_shape. */
KT_MUST kt_error *quotation_add_put_aside(
    kt_tx *tx, struct sale *s, const kt_shape *line_shape, const kt_record *params);
/* A draft with what a deal says: customer, currency, lines. */
KT_MUST kt_error *quotation_from_deal(kt_tx *tx, const struct sale *from, kt_id *made);

/* ---- order.c, supply.c, amend.c, fulfil.c, template.c ---- */

extern const kt_shape order_shape, order_line_shape;
extern const kt_action order_actions[];
kt_error *order_compute(kt_tx *tx, kt_record *self);
extern const kt_shape amend_shape;
kt_error *order_amend(kt_tx *tx, kt_record *self, const kt_record *params);
kt_error *order_amended(kt_tx *tx, const kt_record *self, kt_record *result);
/* supply.c: each covers, or lets go of, what the order asks of other departments, and dates and costs it. */
KT_MUST kt_error *order_cover(kt_tx *tx, struct sale *s);
/* Asks for what is open and nobody asks for.
 *   asked  receives whether there was any */
KT_MUST kt_error *order_ask_again(kt_tx *tx, struct sale *s, bool *asked);
KT_MUST kt_error *order_follow(kt_tx *tx, struct sale *s); /* as s is now, against as it is stored */
KT_MUST kt_error *order_release(kt_tx *tx, struct sale *s);
/* So much of the line went out. */
KT_MUST kt_error *order_used(kt_tx *tx, const struct sale *s, const struct sale_line *line, kt_dec quantity);
/* So much of it nobody waits for any more. */
KT_MUST kt_error *order_let_go(kt_tx *tx, struct sale *s, const struct sale_line *line, kt_dec quantity);
/* What of a line is sold and not given up. */
kt_dec sale_line_wanted(const struct sale_line *line);
kt_error *order_promise_moved(kt_tx *tx, const kt_event *event);
struct leftover { /* what a change could not undo */
    kt_record rec;
    kt_id item, supply;
    kt_dec quantity;
    unsigned kind;
    kt_str reason;
};
extern const kt_shape leftover_shape, promise_shape, planned_order_shape;
/* cash.c: what falls due for what the order still bills and for what its plan buys, by day; none without the books. lacks
 * receives what is not known of it; not set: nothing. */
extern const kt_shape cash_day_shape;
KT_MUST kt_error *order_cash(
    kt_tx *tx, const struct sale *s, const kt_plan *plan, kt_lines *days, kt_str *lacks);
kt_error *order_planned(kt_tx *tx, const kt_record *self, kt_record *result);
extern const kt_shape deliver_shape, bill_shape;
kt_error *order_deliver(kt_tx *tx, kt_record *self, const kt_record *params);
kt_error *order_bill(kt_tx *tx, kt_record *self, const kt_record *params);
void order_progress(struct sale *s);
struct kt_orders;
extern const kt_work orders_catch_up;
kt_error *orders_covered(kt_tx *tx, const kt_event *event); /* of "base.supply.joined" */
kt_error *orders_enabled(kt_tx *tx, const kt_event *event); /* of "crm.enabled" */
kt_error *order_hears(kt_tx *tx, const kt_event *event);    /* of "crm.order.release", "crm.order.reopen" */
extern const struct kt_orders orders_service;
extern const kt_shape order_template_shape;
extern const kt_action order_template_actions[];
kt_error *order_template_compute(kt_tx *tx, kt_record *self);
extern const kt_shape recur_shape, recurred_shape;
kt_error *templates_run(kt_tx *tx, const kt_record *params, kt_record *result);
