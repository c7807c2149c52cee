/* audience.h -- whom one may approach, who belongs together, who looked at what: shapes and rows of the module's
 * tables. */
#pragma once
#include <kontor/consents.h>

/* ---- consent.c ---- */

extern const kt_shape consent_shape, contact_rules_shape, may_contact_shape, may_contact_answer_shape;
extern const kt_choice consent_channels[], consent_states[];
extern const kt_action consent_actions[];
extern const kt_consents consents_service;
kt_error *consent_compute(kt_tx *tx, kt_record *self);
/* Somebody wants no more of this purpose by this channel; by: the letter that said so. */
KT_MUST kt_error *consent_refuse(
    kt_tx *tx, const kt_record *by, kt_id party, kt_channel channel, kt_str purpose, kt_str source);
kt_error *may_contact(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- interest.c ---- */

struct interest {
    kt_record rec;
    kt_id party, item;
    unsigned kind;
    int64_t times;
    kt_time first_at, last_at;
    kt_dec quantity;
    kt_str source;
};
extern const kt_shape interest_shape, interest_record_shape, interest_recorded_shape;
extern const kt_choice interest_kinds[];
kt_error *interest_record(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- segment.c ---- */

extern const kt_shape segment_shape, segment_member_shape;
extern const kt_shape segment_ask_shape, segment_query_shape, segment_count_shape, segment_counts_shape;
/* Does the customer belong to it now? On the module's own authority. */
KT_MUST kt_error *segment_has(kt_tx *tx, kt_id segment, kt_id party, bool *has);
kt_error *segment_compute(kt_tx *tx, kt_record *self);
kt_error *segment_query(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *segment_count(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *segment_counts(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- Rows of the module's tables ---- */

/* contact_rules_shape is of base.party: it extends it. */
#define AUDIENCE_ENTITIES                                                                                    \
    {&contact_rules_shape},                                                                                  \
        {&consent_shape, {"Consent", "Zgoda"}, {"Consents", "Zgody"}, .title = "purpose",                    \
            .indexes = "unique party purpose channel, state purpose party", .actions = consent_actions,      \
            .compute = consent_compute, .icon = "shield-check",                                              \
            .views = "[{\"kind\":\"list\",\"columns\":[\"party\",\"purpose\",\"channel\",\"state\","         \
                     "\"given_at\",\"withdrawn_at\",\"source\"],\"sort\":\"-id\"}]"},                        \
        {&interest_shape, {"Interest", "Zainteresowanie"}, {"Interests", "Zainteresowania"},                 \
            .indexes = "unique party item kind, party last_at, item party", .icon = "eye",                   \
            .views = "[{\"kind\":\"list\",\"columns\":[\"party\",\"item\",\"kind\",\"times\","               \
                     "\"last_at\"],\"sort\":\"-last_at\"}]"},                                                \
        {&segment_shape, {"Segment", "Segment"}, {"Segments", "Segmenty"}, .title = "name",                  \
            .compute = segment_compute, .icon = "pie-chart"},                                                \
    {                                                                                                        \
        &segment_member_shape, {"Member of a segment", "Członek segmentu"},                                  \
            {"Members of segments", "Członkowie segmentów"},                                                 \
            .indexes = "unique segment party, segment excluded party", .icon = "user-plus"                   \
    }

#define AUDIENCE_METHODS                                                                                     \
    {"may_contact", {"May somebody be contacted so", "Czy wolno się tak kontaktować"}, "base.party:read",    \
        false, &may_contact_shape, &may_contact_answer_shape, may_contact},                                  \
        {"interest.record", {"What customers looked at", "Co klienci oglądali"}, "crm.interest:create",      \
            true, &interest_record_shape, &interest_recorded_shape, interest_record},                        \
        {"segment.query", {"A segment as a filter", "Segment jako filtr"}, "crm.segment:read", false,        \
            &segment_ask_shape, &segment_query_shape, segment_query},                                        \
        {"segment.size", {"How many belong to it", "Ilu do niego należy"}, "crm.segment:read", false,        \
            &segment_ask_shape, &segment_count_shape, segment_count},                                        \
    {                                                                                                        \
        "segment.sizes", {"How many belong to each", "Ilu należy do każdego"}, "crm.segment:read", false,    \
            NULL, &segment_counts_shape, segment_counts                                                      \
    }

#define AUDIENCE_SERVICES                                                                                    \
    {                                                                                                        \
        "crm.consents", 1, &consents_service                                                                 \
    }

#define AUDIENCE_SELLER                                                                                      \
    "; crm.consent:read,create,update,withdraw; crm.interest:read; crm.segment:read; "                       \
    "crm.segment_member:read,create,update"
#define AUDIENCE_HEAD   "; crm.consent:*; crm.interest:read; crm.segment:*; crm.segment_member:*"
#define AUDIENCE_READER "; crm.consent:read; crm.interest:read; crm.segment:read; crm.segment_member:read"
/* A shop logs in with it. */
#define AUDIENCE_SHOP "crm.interest:read,create,update,delete; base.party:read; base.item:read"
