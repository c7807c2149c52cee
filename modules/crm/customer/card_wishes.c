/* What a customer agreed to, and which goods they looked at or put aside: on the card and its timeline. */
#include "crm.h"
#include "customer/audience.h"

enum { CONSENTS_MAX = 100, INTERESTS_MAX = 50 }; /* the newest */

/* One struct is read from the entity and shown on the card. */
struct card_consent {
    kt_record rec;
    kt_id party;
    int64_t id;
    kt_str purpose, source;
    unsigned channel, state;
    kt_time given_at, withdrawn_at;
    kt_date valid_until;
};
static const kt_shape kept_consent_shape = KT_SHAPE(card_consent, "crm.consent",
    KT_BIND(card_consent, party, REF, "party"), KT_BIND(card_consent, purpose, STRING, "purpose"),
    KT_BIND(card_consent, source, STRING, "source"), KT_BIND(card_consent, channel, STATE, "channel"),
    KT_BIND(card_consent, state, STATE, "state"), KT_BIND(card_consent, given_at, TIME, "given_at"),
    KT_BIND(card_consent, withdrawn_at, TIME, "withdrawn_at"),
    KT_BIND(card_consent, valid_until, DATE, "valid_until"));
const kt_shape card_consent_shape = KT_SHAPE(card_consent, NULL, KT_FIELD(card_consent, id, INT, "Id", "Id"),
    KT_FIELD(card_consent, purpose, STRING, "Purpose", "Cel"),
    KT_FIELD(card_consent, channel, STATE, "Channel", "Kanał", .choices = consent_channels),
    KT_FIELD(card_consent, state, STATE, "State", "Stan", .choices = consent_states),
    KT_FIELD(card_consent, given_at, TIME, "Given at", "Udzielono"),
    KT_FIELD(card_consent, withdrawn_at, TIME, "Withdrawn at", "Wycofano"),
    KT_FIELD(card_consent, valid_until, DATE, "Valid until", "Ważna do"),
    KT_FIELD(card_consent, source, STRING, "Source", "Źródło"));

struct card_interest {
    kt_record rec;
    kt_id party, item;
    kt_str name, source;
    unsigned kind;
    int64_t times;
    kt_time last_at;
    kt_dec quantity;
};
static const kt_shape kept_interest_shape = KT_SHAPE(card_interest, "crm.interest",
    KT_BIND(card_interest, party, REF, "party"), KT_BIND(card_interest, item, REF, "item"),
    KT_BIND(card_interest, name, STRING, "item.name"), KT_BIND(card_interest, source, STRING, "source"),
    KT_BIND(card_interest, kind, STATE, "kind"), KT_BIND(card_interest, times, INT, "times"),
    KT_BIND(card_interest, last_at, TIME, "last_at"), KT_BIND(card_interest, quantity, QUANTITY, "quantity"));
const kt_shape card_interest_shape = KT_SHAPE(card_interest, NULL,
    KT_FIELD(card_interest, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(card_interest, name, STRING, "Name", "Nazwa"),
    KT_FIELD(card_interest, kind, STATE, "Kind", "Rodzaj", .choices = interest_kinds),
    KT_FIELD(card_interest, times, INT, "Times", "Razy"),
    KT_FIELD(card_interest, last_at, TIME, "Last at", "Ostatni raz"),
    KT_FIELD(card_interest, quantity, QUANTITY, "Quantity", "Ilość", .scale = 3),
    KT_FIELD(card_interest, source, STRING, "Source", "Źródło"));

static kt_str name_of(kt_tx *tx, const kt_choice *choices, unsigned value)
{
    return value ? kt_format(tx, "%s", choices[value - 1].name) : (kt_str){0};
}

static kt_error *add_consent(kt_tx *tx, const struct card_consent *c, timeline *t, kt_lines *rows)
{
    struct card_consent row = *c;
    row.rec = (kt_record){.of = &card_consent_shape};
    row.id = (int64_t)c->rec.id.v;
    KT_TRY(kt_line_add(tx, rows, &row.rec));
    struct timeline_entry entry = {.at = c->given_at,
        .kind = KT_STR("consent"),
        .entity = KT_STR("crm.consent"),
        .id = row.id,
        .title = c->purpose,
        .text = name_of(tx, consent_channels, c->channel),
        .by = c->rec.created_by,
        .state = KT_STR("given")};
    if (c->given_at.ms)
        KT_TRY(timeline_add(t, &entry));
    if (!c->withdrawn_at.ms)
        return NULL;
    entry.at = c->withdrawn_at;
    entry.by = c->rec.updated_by;
    entry.state = KT_STR("withdrawn");
    return timeline_add(t, &entry);
}

kt_error *card_consents(kt_tx *tx, kt_id party, timeline *t, kt_lines *rows)
{
    kt_cursor *cursor;
    kt_error *error = NULL;
    if (!kt_may(tx, "crm.consent:read"))
        return NULL;
    const kt_where where[] = {KT_WHERE(card_consent, party, KT_EQ, party), {0}};
    KT_TRY(kt_open(tx, &(kt_query){&kept_consent_shape, where, "-id", CONSENTS_MAX}, &cursor));
    struct card_consent c = {.rec.of = &kept_consent_shape};
    while (!error && kt_next(cursor, &c.rec))
        error = add_consent(tx, &c, t, rows);
    kt_also(&error, kt_close(cursor));
    return error;
}

kt_error *card_interests(kt_tx *tx, kt_id party, timeline *t, kt_lines *rows)
{
    kt_cursor *cursor;
    kt_error *error = NULL;
    if (!kt_may(tx, "crm.interest:read"))
        return NULL;
    const kt_where where[] = {KT_WHERE(card_interest, party, KT_EQ, party), {0}};
    KT_TRY(kt_open(tx, &(kt_query){&kept_interest_shape, where, "-last_at,-id", INTERESTS_MAX}, &cursor));
    struct card_interest i = {.rec.of = &kept_interest_shape};
    while (!error && kt_next(cursor, &i.rec)) {
        struct card_interest row = i;
        row.rec = (kt_record){.of = &card_interest_shape};
        error = kt_line_add(tx, rows, &row.rec);
        const struct timeline_entry entry = {.at = i.last_at,
            .kind = KT_STR("interest"),
            .entity = KT_STR("crm.interest"),
            .id = (int64_t)i.rec.id.v,
            .title = i.name,
            .text = i.source,
            .state = name_of(tx, interest_kinds, i.kind)};
        if (!error)
            error = timeline_add(t, &entry);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}
