/* crm.lead.convert: a lead becomes a customer with a deal, in one act, with links both ways. */
#include <string.h>

#include <kontor/parties.h>

#include "crm.h"

struct lead_convert { /* the parameters */
    kt_record rec;
    kt_id party, pipeline, owner, currency;
    int64_t stage;
    kt_str title;
    kt_dec amount;
    kt_date expected_close;
    bool create_deal, create_party;
};
const kt_shape lead_convert_shape = KT_SHAPE(lead_convert, NULL,
    KT_FIELD(lead_convert, party, REF, "Into this customer", "W tego klienta", .target = "base.party",
        .help = {"Empty: a new one is made.", "Puste: powstaje nowy."}),
    KT_FIELD(lead_convert, create_party, BOOL, "A new customer in spite of duplicates",
        "Nowy klient mimo duplikatów"),
    KT_FIELD(lead_convert, create_deal, BOOL, "With a deal", "Z szansą", .initial = "true"),
    KT_FIELD(lead_convert, title, STRING, "Deal's title", "Tytuł szansy", .max = 200,
        .help = {"Empty: the lead's.", "Puste: taki jak leada."}),
    KT_FIELD(lead_convert, pipeline, REF, "Pipeline", "Lejek", .target = "crm.pipeline"),
    KT_FIELD(lead_convert, stage, INT, "Stage", "Etap"),
    KT_FIELD(lead_convert, amount, MONEY, "Amount", "Kwota", .scale = 2),
    KT_FIELD(lead_convert, currency, REF, "Currency", "Waluta", .target = "base.currency"),
    KT_FIELD(lead_convert, expected_close, DATE, "Expected close", "Spodziewane zamknięcie"),
    KT_FIELD(lead_convert, owner, REF, "Owner", "Opiekun", .target = "access.user"));

struct lead_converted {
    kt_record rec;
    int64_t id, version;
    kt_str state;
    kt_id party, deal;
};
const kt_shape lead_converted_shape = KT_SHAPE(lead_converted, NULL,
    KT_FIELD(lead_converted, id, INT, "Lead", "Lead"),
    KT_FIELD(lead_converted, version, INT, "Version", "Wersja"),
    KT_FIELD(lead_converted, state, STRING, "State", "Stan"),
    KT_FIELD(lead_converted, party, REF, "Customer", "Klient", .target = "base.party"),
    KT_FIELD(lead_converted, deal, REF, "Deal", "Szansa", .target = "crm.deal"));

/* What this file fills in of base.party and base.relation. */
enum party_kind { PERSON = 1, ORGANISATION };

struct contact {
    kt_record rec;
    enum reach_kind kind;
    enum reach_use use;
    kt_str value, note;
    bool primary;
};
static const kt_shape contact_shape = KT_SHAPE(contact, NULL, KT_BIND(contact, kind, STATE, "kind"),
    KT_BIND(contact, use, STATE, "use"), KT_BIND(contact, value, STRING, "value"),
    KT_BIND(contact, note, STRING, "note"), KT_BIND(contact, primary, BOOL, "primary"));
struct address {
    kt_record rec;
    kt_str street, street2, postal_code, city, region_name;
    kt_id country;
};
static const kt_shape address_shape = KT_SHAPE(address, NULL, KT_BIND(address, street, STRING, "street"),
    KT_BIND(address, street2, STRING, "street2"), KT_BIND(address, postal_code, STRING, "postal_code"),
    KT_BIND(address, city, STRING, "city"), KT_BIND(address, region_name, STRING, "region_name"),
    KT_BIND(address, country, REF, "country"));
struct customer {
    kt_record rec;
    kt_str name, tax_id, position, title, first_name, middle_name, last_name;
    enum party_kind kind;
    kt_date birth_date;
    bool is_customer;
    kt_id owner, parent;
    kt_lines contacts, addresses;
};
static const kt_shape customer_shape = KT_SHAPE(customer, "base.party",
    KT_BIND(customer, name, STRING, "name"), KT_BIND(customer, kind, STATE, "kind"),
    KT_BIND(customer, tax_id, STRING, "tax_id"), KT_BIND(customer, position, STRING, "position"),
    KT_BIND(customer, title, STRING, "title"), KT_BIND(customer, first_name, STRING, "first_name"),
    KT_BIND(customer, middle_name, STRING, "middle_name"), KT_BIND(customer, last_name, STRING, "last_name"),
    KT_BIND(customer, birth_date, DATE, "birth_date"), KT_BIND(customer, is_customer, BOOL, "is_customer"),
    KT_BIND(customer, owner, REF, "owner"), KT_BIND(customer, parent, REF, "parent"),
    KT_BIND(customer, contacts, LINES, "contacts", .lines = &contact_shape),
    KT_BIND(customer, addresses, LINES, "addresses", .lines = &address_shape));

struct relation {
    kt_record rec;
    kt_id party, other;
    kt_str role;
    bool primary;
};
static const kt_shape relation_shape = KT_SHAPE(relation, "base.relation",
    KT_BIND(relation, party, REF, "party"), KT_BIND(relation, other, REF, "other"),
    KT_BIND(relation, role, STRING, "role"), KT_BIND(relation, primary, BOOL, "primary"));

static kt_error *refuse_duplicates(kt_tx *tx, const struct lead *l)
{
    const kt_parties *parties = kt_parties_find(tx);
    if (!parties)
        return NULL;
    kt_party_match found[KT_PARTY_MATCHES_MAX];
    size_t count = 0;
    const kt_party_probe probe = {.name = l->company_name.ptr ? l->company_name : l->name,
        .tax_id = l->tax_id,
        .phone = l->phone,
        .email = l->email};
    KT_TRY(parties->duplicates(tx, &probe, found, &count));
    kt_error *all = NULL;
    for (size_t i = 0; i < count; i++)
        kt_also(&all,
            kt_hint(
                kt_fail(tx, KT_CONFLICT, "party", "\"%s\" (id %llu) looks the same by %s",
                    "„%s” (id %llu) wygląda tak samo według: %s", found[i].name.ptr ? found[i].name.ptr : "",
                    (unsigned long long)found[i].id.v, found[i].matched),
                "Give it as party to convert into it, or create_party: true for a new one.",
                "Podaj go jako party, by przekształcić w niego, albo create_party: true dla nowego."));
    return all;
}

static kt_error *add_first(
    kt_tx *tx, struct customer *c, enum reach_kind kind, enum reach_use use, kt_str value)
{
    if (!value.ptr)
        return NULL;
    const struct contact line = {KT_OF(contact), .kind = kind, .use = use, .value = value, .primary = true};
    return kt_line_add(tx, &c->contacts, &line.rec);
}

static kt_error *add_reach(kt_tx *tx, const struct lead *l, struct customer *c)
{
    KT_TRY(add_first(tx, c, PHONE, l->phone_use, l->phone));
    KT_TRY(add_first(tx, c, EMAIL, l->email_use, l->email));
    for (size_t i = 0; i < l->contacts.count; i++) {
        const struct lead_contact *more = KT_AS(lead_contact, kt_line(&l->contacts, i));
        const struct contact line = {
            KT_OF(contact), .kind = more->kind, .use = more->use, .value = more->value, .note = more->note};
        KT_TRY(kt_line_add(tx, &c->contacts, &line.rec));
    }
    return NULL;
}

static kt_error *add_address(kt_tx *tx, const struct lead *l, struct customer *c)
{
    const struct address line = {KT_OF(address), .street = l->street, .street2 = l->street2,
        .postal_code = l->postal_code, .city = l->city, .region_name = l->region_name, .country = l->country};
    bool any = l->street.ptr || l->street2.ptr || l->postal_code.ptr || l->city.ptr || l->region_name.ptr ||
               l->country.v;
    return any ? kt_line_add(tx, &c->addresses, &line.rec) : NULL;
}

static void name_person(const struct lead *l, struct customer *c)
{
    c->kind = PERSON;
    c->name = l->name.ptr ? l->name : l->title;
    c->title = l->honorific;
    c->first_name = l->first_name;
    c->middle_name = l->middle_name;
    c->last_name = l->last_name;
    c->birth_date = l->birth_date;
    c->position = l->position;
}

/* The firm, with the person beside it; or the person alone. */
static kt_error *make_party(kt_tx *tx, const struct lead *l, kt_id owner, kt_id *party)
{
    bool firm = l->company_name.ptr != NULL;
    struct customer made = {KT_OF(customer), .name = l->company_name, .kind = ORGANISATION,
        .tax_id = l->tax_id, .is_customer = true, .owner = owner};
    if (!firm)
        name_person(l, &made);
    if (!firm || !l->name.ptr)
        KT_TRY(add_reach(tx, l, &made));
    KT_TRY(add_address(tx, l, &made));
    KT_TRY(kt_create(tx, &made.rec));
    *party = made.rec.id;
    if (!firm || !l->name.ptr)
        return NULL;
    struct customer person = {KT_OF(customer), .owner = owner, .parent = made.rec.id};
    name_person(l, &person);
    KT_TRY(add_reach(tx, l, &person));
    KT_TRY(kt_create(tx, &person.rec));
    struct relation link = {KT_OF(relation), .party = made.rec.id, .other = person.rec.id,
        .role = l->position.ptr ? l->position : KT_STR("contact"), .primary = true};
    return kt_create(tx, &link.rec);
}

static kt_error *make_deal(
    kt_tx *tx, const struct lead *l, const struct lead_convert *p, kt_id owner, kt_id *deal)
{
    struct deal d = {KT_OF(deal), .title = p->title.ptr ? p->title : l->title, .party = l->party,
        .pipeline = p->pipeline, .stage = p->stage, .amount = p->amount.scale1 ? p->amount : l->amount,
        .currency = p->currency.v ? p->currency : l->currency, .expected_close = p->expected_close,
        .owner = owner, .source = l->source, .campaign = l->campaign, .utm_source = l->utm_source,
        .utm_medium = l->utm_medium, .utm_campaign = l->utm_campaign, .utm_content = l->utm_content,
        .utm_term = l->utm_term, .lead = l->rec.id};
    KT_TRY(lead_lines_hand_over(tx, l, &d));
    KT_TRY(kt_create(tx, &d.rec));
    *deal = d.rec.id;
    return NULL;
}

/* What was said and planned with the lead belongs to the customer and the deal from now on. */
static kt_error *carry_activities(kt_tx *tx, const struct lead *l)
{
    enum { AT_ONCE = 200 };
    kt_found said;
    const kt_where where[] = {KT_WHERE(activity, lead, KT_EQ, l->rec.id), {0}};
    KT_TRY(kt_find(tx, &(kt_query){&activity_shape, where, "-id"}, AT_ONCE, &said));
    struct activity a = {KT_OF(activity)};
    for (size_t i = 0; i < said.count; i++) {
        KT_TRY(kt_read(tx, said.ids[i], &a.rec));
        a.party = l->party;
        a.deal = l->deal;
        KT_TRY(kt_update(tx, &a.rec));
    }
    return NULL;
}

kt_error *lead_convert(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct lead *l = KT_AS(lead, self);
    const struct lead_convert *p = KT_SEE(lead_convert, params);
    kt_id owner = p->owner.v ? p->owner : l->owner.v ? l->owner : kt_user(tx);
    if (p->party.v)
        l->party = p->party;
    if (l->party.v) {
        struct customer c = {KT_OF(customer)};
        KT_TRY(kt_read(tx, l->party, &c.rec));
        if (!c.is_customer) {
            c.is_customer = true;
            KT_TRY(kt_update(tx, &c.rec));
        }
    } else {
        if (!p->create_party)
            KT_TRY(refuse_duplicates(tx, l));
        KT_TRY(make_party(tx, l, owner, &l->party));
    }
    if (p->create_deal)
        KT_TRY(make_deal(tx, l, p, owner, &l->deal));
    l->converted_at = kt_now(tx);
    return carry_activities(tx, l);
}

kt_error *lead_converted_answer(kt_tx *tx, const kt_record *self, kt_record *result)
{
    const struct lead *l = KT_SEE(lead, self);
    struct lead_converted *out = KT_AS(lead_converted, result);
    out->id = (int64_t)l->rec.id.v;
    out->version = l->rec.version;
    out->state = kt_format(tx, "%s", lead_states[l->state ? l->state - 1 : 0].name);
    out->party = l->party;
    out->deal = l->deal;
    return NULL;
}
