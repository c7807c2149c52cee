/* Click to call: the caller names a customer, and at most which contact; the number goes into the call's record,
 * which the telephone exchange reads. Whoever sees numbers masked calls all the same. */
#include "customer/customer.h"

const kt_shape call_dial_shape = KT_SHAPE(call_dial, NULL,
    KT_FIELD(call_dial, party, REF, "Customer", "Klient", .target = "base.party"),
    KT_FIELD(call_dial, lead, REF, "Lead", "Lead", .target = "crm.lead"),
    KT_FIELD(call_dial, contact, INT, "Contact", "Kontakt",
        .help = {"The id of a line of contacts; empty: the first telephone.",
            "Id wiersza kontaktów; puste: pierwszy telefon."}),
    KT_FIELD(call_dial, deal, REF, "Deal", "Szansa", .target = "crm.deal"));
const kt_shape call_dialled_shape = KT_SHAPE(
    call_dialled, NULL, KT_FIELD(call_dialled, call, REF, "Call", "Rozmowa", .target = "crm.call"));

struct reach { /* a line of base.party.contacts */
    kt_record rec;
    kt_str value;
    unsigned kind;
};
static const kt_shape reach_shape = KT_SHAPE(
    reach, NULL, KT_BIND(reach, value, STRING, "value"), KT_BIND(reach, kind, STATE, "kind"));
struct dialled {
    kt_record rec;
    kt_str phone;
    kt_lines contacts;
};
static const kt_shape dialled_shape = KT_SHAPE(dialled, "base.party",
    KT_BIND(dialled, phone, STRING, "phone"),
    KT_BIND(dialled, contacts, LINES, "contacts", .lines = &reach_shape));

static kt_error *number_of(kt_tx *tx, const struct call_dial *p, kt_str *number)
{
    enum { PHONE_KIND = 1 };
    struct dialled d = {KT_OF(dialled)};
    struct lead l = {KT_OF(lead)};
    if (!p->party.v == !p->lead.v)
        return kt_fail(tx, KT_VALIDATION, "party", "a customer or a lead is required, not both",
            "wymagany jest klient albo lead, nie oba");
    if (p->lead.v) {
        KT_TRY(kt_read(tx, p->lead, &l.rec));
        *number = l.phone;
        return NULL;
    }
    KT_TRY(kt_read(tx, p->party, &d.rec));
    *number = p->contact ? (kt_str){0} : d.phone;
    for (size_t i = 0; p->contact && i < d.contacts.count; i++) {
        const struct reach *r = KT_AS(reach, kt_line(&d.contacts, i));
        if ((int64_t)r->rec.id.v == p->contact && r->kind == PHONE_KIND)
            *number = r->value;
    }
    return NULL;
}

kt_error *call_dial(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct call_dial *p = KT_SEE(call_dial, params);
    struct call c = {KT_OF(call), .party = p->party, .lead = p->lead, .deal = p->deal, .direction = OUTGOING,
        .state = C_INITIATED, .owner = kt_user(tx), .started_at = kt_now(tx)};
    KT_TRY(number_of(tx, p, &c.phone));
    if (!c.phone.len)
        return kt_fail(tx, KT_VALIDATION,
            p->contact   ? "contact"
            : p->party.v ? "party"
                         : "lead",
            "there is no telephone number", "nie ma numeru telefonu");
    KT_TRY(kt_create(tx, &c.rec));
    KT_AS(call_dialled, result)->call = c.rec.id;
    return NULL;
}
