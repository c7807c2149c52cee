/* Consents and preferences: may somebody be approached this way, for this?
 * source: GDPR art. 6, 7 and 21; Prawo komunikacji elektronicznej art. 398 (consent by channel) */
#include <string.h>

#include "customer/audience.h"

const kt_choice consent_channels[] = {
    {KT_BY_ANY, "any", {"Any", "Dowolny"}},
    {KT_BY_EMAIL, "email", {"E-mail", "E-mail"}},
    {KT_BY_PHONE, "phone", {"Telephone", "Telefon"}},
    {KT_BY_SMS, "sms", {"Text message", "SMS"}},
    {KT_BY_POST, "post", {"Post", "Poczta"}},
    {KT_BY_MESSENGER, "messenger", {"Messenger", "Komunikator"}},
    {0},
};

enum consent_state { GIVEN = 1, WITHDRAWN };
const kt_choice consent_states[] = {
    {GIVEN, "given", {"Given", "Udzielona"}, "open"},
    {WITHDRAWN, "withdrawn", {"Withdrawn", "Wycofana"}, "lost"},
    {0},
};

struct consent {
    kt_record rec;
    kt_id party, document;
    kt_str purpose, source, evidence;
    kt_channel channel;
    enum consent_state state;
    kt_time given_at, withdrawn_at;
    kt_date valid_until;
};
const kt_shape consent_shape = KT_SHAPE(consent, "crm.consent",
    KT_FIELD(consent, party, REF, "Customer", "Klient", .target = "base.party", .required = true,
        .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(consent, purpose, STRING, "Purpose", "Cel", .required = true, .max = 60, .initial = "marketing",
        .priority = 2,
        .help = {"marketing, newsletter, survey, partners, ..",
            "marketing, newsletter, survey, partners, .."}),
    KT_FIELD(consent, channel, STATE, "Channel", "Kanał", .choices = consent_channels, .initial = "any",
        .priority = 3),
    KT_FIELD(
        consent, state, STATE, "State", "Stan", .choices = consent_states, .indexed = true, .priority = 4),
    KT_FIELD(consent, given_at, TIME, "Given at", "Udzielono", .priority = 5),
    KT_FIELD(consent, withdrawn_at, TIME, "Withdrawn at", "Wycofano", .priority = 6),
    KT_FIELD(consent, valid_until, DATE, "Valid until", "Ważna do"),
    KT_FIELD(consent, source, STRING, "Source", "Źródło", .max = 200, .priority = 7,
        .help = {"A form, a call, a letter.", "Formularz, rozmowa, pismo."}),
    KT_FIELD(consent, evidence, TEXT, "Evidence", "Dowód",
        .help = {"The text that was agreed to, an address, a recording's number.",
            "Treść, na którą wyrażono zgodę, adres, numer nagrania."}),
    KT_FIELD(
        consent, document, REF, "Document", "Dokument", .target = "base.attachment", .on_delete = KT_CLEAR));

kt_error *consent_compute(kt_tx *tx, kt_record *self)
{
    struct consent *c = KT_AS(consent, self);
    if (c->state != WITHDRAWN && !c->given_at.ms)
        c->given_at = kt_now(tx);
    if (c->state == WITHDRAWN && !c->withdrawn_at.ms)
        c->withdrawn_at = kt_now(tx);
    if (c->withdrawn_at.ms && c->given_at.ms && c->withdrawn_at.ms < c->given_at.ms)
        return kt_fail(tx, KT_VALIDATION, "withdrawn_at", "it was withdrawn before it was given",
            "wycofano ją przed udzieleniem");
    return NULL;
}

struct decide { /* parameters of both actions */
    kt_record rec;
    kt_time at;
    kt_str source, evidence;
};
static const kt_shape decide_shape = KT_SHAPE(decide, NULL,
    KT_FIELD(decide, at, TIME, "At", "Kiedy", .initial = "now"),
    KT_FIELD(decide, source, STRING, "Source", "Źródło", .max = 200),
    KT_FIELD(decide, evidence, TEXT, "Evidence", "Dowód"));

static void take_evidence(struct consent *c, const struct decide *d)
{
    if (d->source.ptr)
        c->source = d->source;
    if (d->evidence.ptr)
        c->evidence = d->evidence;
}

static kt_error *consent_withdraw(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    struct consent *c = KT_AS(consent, self);
    c->withdrawn_at = KT_SEE(decide, params)->at;
    take_evidence(c, KT_SEE(decide, params));
    return NULL;
}

static kt_error *consent_give(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    struct consent *c = KT_AS(consent, self);
    c->given_at = KT_SEE(decide, params)->at;
    c->withdrawn_at = (kt_time){0};
    c->valid_until = (kt_date){0};
    take_evidence(c, KT_SEE(decide, params));
    return NULL;
}

const kt_action consent_actions[] = {
    {"withdraw", {"Withdraw", "Wycofaj"}, "update", KT_IN(GIVEN), WITHDRAWN, &decide_shape, consent_withdraw},
    {"give", {"Give again", "Udziel ponownie"}, "update", KT_IN(WITHDRAWN), GIVEN, &decide_shape,
        consent_give},
    {0},
};

/* What was consented to by mail is withdrawn; where there was no record, there is one now. */
kt_error *consent_refuse(
    kt_tx *tx, const kt_record *by, kt_id party, kt_channel channel, kt_str purpose, kt_str source)
{
    const kt_where where[] = {KT_WHERE(consent, party, KT_EQ, party),
        KT_WHERE(consent, purpose, KT_EQ, purpose), KT_WHERE(consent, channel, KT_EQ, channel), {0}};
    const struct decide now = {KT_OF(decide), .at = kt_now(tx), .source = source};
    struct consent c = {KT_OF(consent)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &consent_shape, .where = where, .limit = 1}, &cursor));
    bool found = kt_next(cursor, &c.rec);
    KT_TRY(kt_close(cursor));
    if (!found) {
        c = (struct consent){KT_OF(consent), .party = party, .purpose = purpose, .channel = channel,
            .source = source, .state = GIVEN};
        c.rec.company = by->company;
        KT_TRY(kt_create(tx, &c.rec));
    }
    return c.state == GIVEN ? kt_act(tx, &c.rec, "withdraw", &now.rec) : NULL;
}

/* ---- What the party's own card says ---- */

struct contact_rules { /* extends base.party */
    kt_record rec;
    bool active, do_not_contact;
    int64_t email_consent;
    kt_channel preferred_channel;
    kt_str contact_hours;
};
const kt_shape contact_rules_shape = KT_SHAPE(contact_rules, "base.party",
    KT_BIND(contact_rules, active, BOOL, "active"),
    KT_BIND(contact_rules, email_consent, INT, "email_consent"),
    KT_FIELD(contact_rules, do_not_contact, BOOL, "Do not contact", "Nie kontaktować", .indexed = true,
        .help = {"Whatever consents say; only what a contract demands goes out.",
            "Bez względu na zgody; wychodzi tylko to, czego wymaga umowa."}),
    KT_FIELD(
        contact_rules, preferred_channel, STATE, "Prefers", "Preferowany kanał", .choices = consent_channels),
    KT_FIELD(contact_rules, contact_hours, STRING, "When to contact", "Kiedy kontaktować", .max = 100));

/* ---- The answer ---- */

static bool is_same(kt_str a, kt_str b)
{
    return a.len == b.len && (!a.len || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* A refusal outweighs any consent; one for the channel or for any speaks for it. */
static kt_error *ask_consents(
    kt_tx *tx, kt_id party, kt_channel channel, kt_str purpose, kt_contact_answer *answer)
{
    kt_cursor *cursor;
    const kt_where where[] = {KT_WHERE(consent, party, KT_EQ, party), {0}};
    KT_TRY(kt_open(tx, &(kt_query){&consent_shape, where, "id", 0}, &cursor));
    struct consent c = {KT_OF(consent)};
    while (kt_next(cursor, &c.rec)) {
        if (!is_same(c.purpose, purpose) ||
            (c.channel != channel && c.channel != KT_BY_ANY && channel != KT_BY_ANY))
            continue;
        bool expired = c.valid_until.day && c.valid_until.day < kt_today(tx).day;
        if (c.state == WITHDRAWN) {
            *answer = (kt_contact_answer){false, "withdrawn", c.rec.id};
            break;
        }
        if (!answer->allowed)
            *answer = (kt_contact_answer){!expired, expired ? "expired" : "consent", c.rec.id};
    }
    return kt_close(cursor);
}

static kt_error *judge(kt_tx *tx, kt_id party, kt_channel channel, kt_str purpose, kt_contact_answer *answer)
{
    struct contact_rules p = {KT_OF(contact_rules)};
    KT_TRY(kt_read(tx, party, &p.rec));
    *answer = (kt_contact_answer){false, "no_consent", {0}};
    if (is_same(purpose, KT_STR("service"))) {
        *answer = (kt_contact_answer){true, "contract", {0}};
        return NULL;
    }
    if (p.do_not_contact || !p.active) {
        answer->reason = p.do_not_contact ? "do_not_contact" : "inactive";
        return NULL;
    }
    KT_TRY(ask_consents(tx, p.rec.id, channel, purpose, answer));
    if (!answer->consent.v && channel == KT_BY_EMAIL && p.email_consent > 0)
        *answer = (kt_contact_answer){true, "consent", {0}};
    return NULL;
}

static kt_error *ask(kt_tx *tx, kt_id party, kt_channel channel, kt_str purpose, kt_contact_answer *answer)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = judge(tx, party, channel, purpose, answer);
    kt_callers_authority(tx, before);
    return error;
}

const kt_consents consents_service = {ask};

/* ---- crm.may_contact ---- */

struct may_contact {
    kt_record rec;
    kt_id party;
    kt_channel channel;
    kt_str purpose;
};
const kt_shape may_contact_shape = KT_SHAPE(may_contact, NULL,
    KT_FIELD(may_contact, party, REF, "Customer", "Klient", .target = "base.party", .required = true),
    KT_FIELD(may_contact, channel, STATE, "Channel", "Kanał", .choices = consent_channels, .initial = "any"),
    KT_FIELD(may_contact, purpose, STRING, "Purpose", "Cel", .initial = "marketing",
        .help = {"service: what a contract demands needs no consent.",
            "service: to, czego wymaga umowa, nie potrzebuje zgody."}));
struct may_contact_answer {
    kt_record rec;
    bool allowed;
    kt_str reason;
    kt_id consent;
};
const kt_shape may_contact_answer_shape = KT_SHAPE(may_contact_answer, NULL,
    KT_FIELD(may_contact_answer, allowed, BOOL, "Allowed", "Wolno"),
    KT_FIELD(may_contact_answer, reason, STRING, "Why", "Dlaczego",
        .help = {"consent, contract; do_not_contact, inactive, withdrawn, expired, no_consent.",
            "consent, contract; do_not_contact, inactive, withdrawn, expired, no_consent."}),
    KT_FIELD(may_contact_answer, consent, REF, "Consent", "Zgoda", .target = "crm.consent"));

kt_error *may_contact(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct may_contact *p = KT_SEE(may_contact, params);
    struct may_contact_answer *out = KT_AS(may_contact_answer, result);
    struct contact_rules seen = {KT_OF(contact_rules)};
    kt_contact_answer answer;
    KT_TRY(kt_read(tx, p->party, &seen.rec)); /* whoever asks must see the party */
    KT_TRY(ask(tx, p->party, p->channel, p->purpose, &answer));
    out->allowed = answer.allowed;
    out->reason = kt_format(tx, "%s", answer.reason);
    out->consent = answer.consent;
    return NULL;
}
