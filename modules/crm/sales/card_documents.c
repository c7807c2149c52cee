/* Quotations and orders on the customer's card: the open ones as rows, all of them on the timeline. Read by
 * small shapes: a card needs no lines. */
#include <kontor/accounts.h>

#include "crm.h"
#include "sales/sales.h"

const kt_shape card_document_shape = KT_SHAPE(card_document, NULL,
    KT_FIELD(card_document, id, INT, "Id", "Id"), KT_FIELD(card_document, number, STRING, "Number", "Numer"),
    KT_FIELD(card_document, title, STRING, "Title", "Tytuł"),
    KT_FIELD(card_document, state, STRING, "State", "Stan"),
    KT_FIELD(card_document, day, DATE, "Date", "Data"),
    KT_FIELD(card_document, until, DATE, "Valid until, or asked for", "Ważna do albo życzony termin"),
    KT_FIELD(card_document, net, MONEY, "Net", "Netto", .scale = 4),
    KT_FIELD(card_document, gross, MONEY, "Gross", "Brutto", .scale = 4),
    KT_FIELD(card_document, currency, REF, "Currency", "Waluta", .target = "base.currency"),
    KT_FIELD(card_document, owner, REF, "Owner", "Opiekun", .target = "access.user"));

struct document {
    kt_record rec;
    kt_str title;
    unsigned state;
    kt_date day, until;
    kt_dec net, gross;
    kt_id party, currency, owner;
    kt_time first, second; /* sent and accepted; confirmed */
};
#define DOCUMENT_FIELDS                                                                                      \
    KT_BIND(document, title, STRING, "title"), KT_BIND(document, state, STATE, "state"),                     \
        KT_BIND(document, day, DATE, "day"), KT_BIND(document, net, MONEY, "net"),                           \
        KT_BIND(document, gross, MONEY, "gross"), KT_BIND(document, party, REF, "party"),                    \
        KT_BIND(document, currency, REF, "currency"), KT_BIND(document, owner, REF, "owner")
static const kt_shape offer_shape = KT_SHAPE(document, "crm.quotation", DOCUMENT_FIELDS,
    KT_BIND(document, until, DATE, "valid_until"), KT_BIND(document, first, TIME, "sent_at"),
    KT_BIND(document, second, TIME, "accepted_at"));
static const kt_shape purchase_shape = KT_SHAPE(document, "crm.order", DOCUMENT_FIELDS,
    KT_BIND(document, until, DATE, "asked"), KT_BIND(document, first, TIME, "confirmed_at"));

typedef struct {
    const kt_shape *shape;
    const char *entity, *kind, *first; /* first: the state that the first instant marks */
    const kt_choice *states;
    uint32_t open;
} document_kind;

static kt_error *on_timeline(kt_tx *tx, timeline *t, const document_kind *k, const struct document *d)
{
    struct timeline_entry entry = {.at = d->rec.created_at,
        .kind = kt_format(tx, "%s", k->kind),
        .entity = kt_format(tx, "%s", k->entity),
        .id = (int64_t)d->rec.id.v,
        .title = d->title,
        .text = d->rec.number,
        .by = d->rec.created_by,
        .state = KT_STR("draft")};
    KT_TRY(timeline_add(t, &entry));
    if (d->first.ms) {
        entry.at = d->first;
        entry.state = kt_format(tx, "%s", k->first);
        KT_TRY(timeline_add(t, &entry));
    }
    if (d->second.ms) {
        entry.at = d->second;
        entry.state = KT_STR("accepted");
        KT_TRY(timeline_add(t, &entry));
    }
    return timeline_about(t, kt_any(tx, k->entity, d->rec.id));
}

static kt_error *fill(kt_tx *tx, const document_kind *k, kt_id party, timeline *t, kt_lines *rows)
{
    enum { DOCUMENTS_MAX = 100 }; /* the newest */
    kt_cursor *cursor;
    kt_error *error = NULL;
    const kt_where where[] = {KT_WHERE(document, party, KT_EQ, party), {0}};
    if (!kt_may(tx, kt_format(tx, "%s:read", k->entity).ptr))
        return NULL;
    KT_TRY(kt_open(tx, &(kt_query){k->shape, where, "-day", DOCUMENTS_MAX}, &cursor));
    struct document d = {.rec.of = k->shape};
    while (!error && kt_next(cursor, &d.rec)) {
        struct card_document row = {KT_OF(card_document), .id = (int64_t)d.rec.id.v, .number = d.rec.number,
            .title = d.title, .day = d.day, .until = d.until, .net = d.net, .gross = d.gross,
            .currency = d.currency, .owner = d.owner,
            .state = kt_format(tx, "%s", k->states[d.state ? d.state - 1 : 0].name)};
        if (k->open & KT_IN(d.state))
            error = kt_line_add(tx, rows, &row.rec);
        if (!error)
            error = on_timeline(tx, t, k, &d);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

kt_error *card_documents(kt_tx *tx, kt_id party, timeline *t, kt_lines *quotations, kt_lines *orders)
{
    const document_kind offers = {
        &offer_shape, "crm.quotation", "quotation", "sent", quotation_states, KT_IN(Q_DRAFT) | KT_IN(Q_SENT)};
    const document_kind purchases = {&purchase_shape, "crm.order", "order", "confirmed", order_states,
        KT_IN(O_DRAFT) | KT_IN(O_CONFIRMED) | KT_IN(O_ON_HOLD)};
    KT_TRY(fill(tx, &offers, party, t, quotations));
    return fill(tx, &purchases, party, t, orders);
}

/* ---- What the books say, if a module keeps them ---- */

struct card_paper {
    kt_record rec;
    kt_id document, currency;
    kt_str kind, number, state;
    kt_date day, due;
    kt_dec amount, open;
};
const kt_shape card_paper_shape = KT_SHAPE(card_paper, NULL,
    KT_FIELD(card_paper, document, REF, "Document", "Dokument", .target = "*"),
    KT_FIELD(card_paper, kind, STRING, "Kind", "Rodzaj"),
    KT_FIELD(card_paper, number, STRING, "Number", "Numer"),
    KT_FIELD(card_paper, state, STRING, "State", "Stan"), KT_FIELD(card_paper, day, DATE, "Date", "Data"),
    KT_FIELD(card_paper, due, DATE, "Due", "Termin"),
    KT_FIELD(card_paper, amount, MONEY, "Amount", "Kwota", .scale = 4),
    KT_FIELD(card_paper, open, MONEY, "Open", "Pozostaje", .scale = 4),
    KT_FIELD(card_paper, currency, REF, "Currency", "Waluta", .target = "base.currency"));

kt_error *card_papers(kt_tx *tx, kt_id party, timeline *t, kt_lines *rows, kt_dec *owes)
{
    enum { PAPERS_MAX = 50 }; /* the newest invoices, and payments */
    const kt_accounts *accounts = kt_accounts_find(tx);
    kt_account_paper *papers;
    size_t count;
    if (!accounts)
        return NULL;
    KT_TRY(accounts->owes(tx, party, owes));
    KT_TRY(accounts->papers(tx, party, PAPERS_MAX, &papers, &count));
    for (size_t i = 0; i < count; i++) {
        const kt_account_paper *p = &papers[i];
        struct card_paper row = {KT_OF(card_paper), .document = p->document, .currency = p->currency,
            .kind = kt_format(tx, "%s", p->kind), .number = p->number, .state = kt_format(tx, "%s", p->state),
            .day = p->day, .due = p->due, .amount = p->amount, .open = p->open};
        KT_TRY(kt_line_add(tx, rows, &row.rec));
        const char *entity = kt_any_entity(tx, p->document);
        const struct timeline_entry entry = {.at = kt_instant(tx, p->day, 0), /* books know days alone */
            .kind = row.kind,
            .entity = entity ? kt_format(tx, "%s", entity) : (kt_str){0},
            .id = (int64_t)kt_any_id(p->document).v,
            .title = p->number,
            .state = row.state};
        KT_TRY(timeline_add(t, &entry));
    }
    return NULL;
}
