/* What is called how. One row a field: their name, our path, how the value is converted. */
#include <string.h>

#include "b24.h"

static const name_pair lead_statuses[] = {{"NEW", "new"}, {"IN_PROCESS", "contacted"},
    {"PROCESSED", "qualified"}, {"CONVERTED", "converted"}, {"JUNK", "unqualified"}, {0}};
static const name_pair lead_semantics[] = {
    {"P", "new"}, {"P", "contacted"}, {"P", "qualified"}, {"S", "converted"}, {"F", "unqualified"}, {0}};
static const name_pair deal_semantics[] = {{"P", "open"}, {"S", "won"}, {"F", "lost"}, {0}};
static const name_pair closed[] = {{"N", "open"}, {"Y", "won"}, {"Y", "lost"}, {0}};

#define KEPT_FIELD(theirs, initial)                                                                          \
    {                                                                                                        \
        theirs, KEPT, AS_KEPT, NULL, initial                                                                 \
    }
#define ORIGINATOR                                                                                           \
    {                                                                                                        \
        "ORIGINATOR_ID", "b24_originator", AS_TEXT                                                           \
    }
#define STAMPS                                                                                               \
    {"CREATED_BY_ID", "created_by", AS_ID, "createdBy", .fixed = true},                                      \
        {"MODIFY_BY_ID", "updated_by", AS_ID, "updatedBy", .fixed = true},                                   \
        {"DATE_CREATE", "created_at", AS_TIME, "createdTime", .fixed = true},                                \
        {"DATE_MODIFY", "updated_at", AS_TIME, "updatedTime", .fixed = true},                                \
        {"ORIGIN_ID", "external_id", AS_TEXT}, KEPT_FIELD("OPENED", "Y"),                                    \
    {                                                                                                        \
        "LAST_ACTIVITY_TIME", "updated_at", AS_TIME, .fixed = true                                           \
    }
#define MONEY                                                                                                \
    {"OPPORTUNITY", "amount", AS_DECIMAL}, {"CURRENCY_ID", "currency", AS_CODE, NULL, "base.currency"},      \
    {                                                                                                        \
        "IS_MANUAL_OPPORTUNITY", "amount_manual", AS_FLAG                                                    \
    }
#define UTM                                                                                                  \
    {"UTM_SOURCE", "utm_source", AS_TEXT}, {"UTM_MEDIUM", "utm_medium", AS_TEXT},                            \
        {"UTM_CAMPAIGN", "utm_campaign", AS_TEXT}, {"UTM_CONTENT", "utm_content", AS_TEXT},                  \
    {                                                                                                        \
        "UTM_TERM", "utm_term", AS_TEXT                                                                      \
    }
#define MULTI                                                                                                \
    {"PHONE", "contacts", AS_MULTI, NULL, "phone"}, {"EMAIL", "contacts", AS_MULTI, NULL, "email"},          \
        {"WEB", "contacts", AS_MULTI, NULL, "site"},                                                         \
    {                                                                                                        \
        "IM", "contacts", AS_MULTI, NULL, "messenger"                                                        \
    }
#define ADDRESS                                                                                              \
    {"ADDRESS", "addresses", AS_ADDRESS, NULL, "street"},                                                    \
        {"ADDRESS_2", "addresses", AS_ADDRESS, NULL, "street2"},                                             \
        {"ADDRESS_CITY", "addresses", AS_ADDRESS, NULL, "city"},                                             \
        {"ADDRESS_POSTAL_CODE", "addresses", AS_ADDRESS, NULL, "postal_code"},                               \
        {"ADDRESS_REGION", "addresses", AS_ADDRESS, NULL, "region_name"},                                    \
    {                                                                                                        \
        "ADDRESS_COUNTRY_CODE", "addresses", AS_ADDRESS, NULL, "country"                                     \
    }

#define KEPT_UTM                                                                                             \
    KEPT_FIELD("UTM_SOURCE", NULL), KEPT_FIELD("UTM_MEDIUM", NULL), KEPT_FIELD("UTM_CAMPAIGN", NULL),        \
        KEPT_FIELD("UTM_CONTENT", NULL), KEPT_FIELD("UTM_TERM", NULL)

/* What contacts and companies have alike. */
#define PARTY                                                                                                \
    {"ASSIGNED_BY_ID", "owner", AS_ID}, STAMPS, ORIGINATOR, KEPT_FIELD("ORIGIN_VERSION", NULL),              \
        {"COMMENTS", "notes", AS_TEXT}, MULTI, ADDRESS, KEPT_UTM

#define NAMES                                                                                                \
    {"NAME", "first_name", AS_NAME_PART}, {"SECOND_NAME", "middle_name", AS_NAME_PART},                      \
    {                                                                                                        \
        "LAST_NAME", "last_name", AS_NAME_PART                                                               \
    }

static const row lead_rows[] = {
    {"ID", "id", AS_ID, .fixed = true},
    {"TITLE", "title", AS_TEXT, .required = true},
    {"HONORIFIC", "honorific", AS_TEXT},
    NAMES,
    {"BIRTHDATE", "birth_date", AS_DATE},
    {"COMPANY_TITLE", "company_name", AS_TEXT},
    {"POST", "position", AS_TEXT},
    {"STATUS_ID", "state", AS_STATE, "stageId", .names = lead_statuses},
    {"STATUS_SEMANTIC_ID", "state", AS_NAME, "stageSemanticId", .names = lead_semantics, .fixed = true},
    {"STATUS_DESCRIPTION", "unqualified_reason", AS_TEXT},
    {"SOURCE_ID", "source", AS_TEXT},
    {"SOURCE_DESCRIPTION", "campaign", AS_TEXT},
    MONEY,
    {"ASSIGNED_BY_ID", "owner", AS_ID},
    STAMPS,
    ORIGINATOR,
    {"DATE_CLOSED", "converted_at", AS_TIME, .fixed = true},
    {"COMPANY_ID", "party", AS_COMPANY},
    {"CONTACT_ID", "party", AS_CONTACT},
    {"CONTACT_IDS", MORE_LINKS, AS_LINKS, "contactIds", "CONTACT_ID", "party"},
    KEPT_FIELD("IS_RETURN_CUSTOMER", "N"),
    {"ADDRESS", "street", AS_TEXT},
    {"ADDRESS_2", "street2", AS_TEXT},
    {"ADDRESS_CITY", "city", AS_TEXT},
    {"ADDRESS_POSTAL_CODE", "postal_code", AS_TEXT},
    {"ADDRESS_REGION", "region_name", AS_TEXT},
    {"ADDRESS_COUNTRY_CODE", "country", AS_CODE, NULL, "base.country"},
    KEPT_FIELD("ADDRESS_COUNTRY", NULL),
    KEPT_FIELD("ADDRESS_PROVINCE", NULL),
    {"PHONE", "contacts", AS_MULTI, NULL, "phone", "phone"},
    {"EMAIL", "contacts", AS_MULTI, NULL, "email", "email"},
    {"WEB", "contacts", AS_MULTI, NULL, "site"},
    {"IM", "contacts", AS_MULTI, NULL, "messenger"},
    {"COMMENTS", "text", AS_TEXT},
    UTM,
    {0},
};

static const row deal_rows[] = {
    {"ID", "id", AS_ID, .fixed = true},
    {"TITLE", "title", AS_TEXT, .required = true},
    {"TYPE_ID", "b24_type", AS_TEXT},
    {"CATEGORY_ID", "pipeline", AS_CATEGORY},
    {"STAGE_ID", "stage", AS_STAGE},
    {"STAGE_SEMANTIC_ID", "semantic", AS_NAME, .names = deal_semantics, .fixed = true},
    {"CLOSED", "semantic", AS_CLOSED, .names = closed},
    {"PROBABILITY", "probability", AS_DECIMAL},
    MONEY,
    {"TAX_VALUE", "tax", AS_DECIMAL, .fixed = true},
    {"COMPANY_ID", "party", AS_COMPANY},
    {"CONTACT_ID", "contact", AS_CONTACT},
    {"CONTACT_IDS", "parties", AS_LINKS, "contactIds", "CONTACT_ID", "contact"},
    {"QUOTE_ID", "quotation", AS_ID, .fixed = true},
    {"LEAD_ID", "lead", AS_ID},
    {"BEGINDATE", "b24_begin", AS_DATE, "begindate"},
    {"CLOSEDATE", "expected_close", AS_DATE, "closedate"},
    {"ASSIGNED_BY_ID", "owner", AS_ID},
    STAMPS,
    ORIGINATOR,
    KEPT_FIELD("IS_NEW", "N"),
    KEPT_FIELD("IS_RECURRING", "N"),
    KEPT_FIELD("IS_RETURN_CUSTOMER", "N"),
    KEPT_FIELD("IS_REPEATED_APPROACH", "N"),
    KEPT_FIELD("ADDITIONAL_INFO", NULL),
    KEPT_FIELD("LOCATION_ID", NULL),
    KEPT_FIELD("OBSERVERS", NULL),
    {"DATE_CLOSED", "closed_at", AS_TIME, .fixed = true},
    {"MOVED_TIME", "stage_since", AS_TIME, .fixed = true},
    {"SOURCE_ID", "source", AS_TEXT},
    {"SOURCE_DESCRIPTION", "campaign", AS_TEXT},
    {"COMMENTS", "text", AS_TEXT},
    {"LOST_REASON", "lost_reason", AS_TEXT},
    UTM,
    {0},
};

static const row contact_rows[] = {
    {"ID", "id", AS_ID, .fixed = true},
    {"HONORIFIC", "title", AS_TEXT},
    NAMES,
    {"FULL_NAME", "name", AS_TEXT, .fixed = true},
    {"POST", "position", AS_TEXT},
    {"BIRTHDATE", "birth_date", AS_DATE},
    {"TYPE_ID", "b24_type", AS_TEXT},
    {"SOURCE_ID", "b24_source", AS_TEXT},
    KEPT_FIELD("SOURCE_DESCRIPTION", NULL),
    KEPT_FIELD("EXPORT", "Y"),
    {"COMPANY_ID", "parent", AS_ID},
    {"COMPANY_IDS", MORE_LINKS, AS_LINKS, "companyIds", "COMPANY_ID", "parent"},
    KEPT_FIELD("LEAD_ID", NULL),
    PARTY,
    {0},
};

static const row company_rows[] = {
    {"ID", "id", AS_ID, .fixed = true},
    {"TITLE", "name", AS_TEXT, .required = true},
    {"COMPANY_TYPE", "b24_type", AS_TEXT, "typeId"},
    {"INDUSTRY", "industry", AS_TEXT},
    {"EMPLOYEES", "b24_employees", AS_TEXT},
    {"REVENUE", "b24_revenue", AS_DECIMAL},
    KEPT_FIELD("CURRENCY_ID", NULL),
    KEPT_FIELD("BANKING_DETAILS", NULL),
    KEPT_FIELD("IS_MY_COMPANY", "N"),
    KEPT_FIELD("LEAD_ID", NULL),
    PARTY,
    {0},
};

/* A lead may be set back, as theirs may. */
static const move lead_moves[] = {
    {"new", "contacted", "restart"},
    {"new", "qualified", "restart"},
    {"new", "unqualified", "reopen"},
    {"contacted", "new", "contact"},
    {"contacted", "qualified", "restart"},
    {"contacted", "unqualified", "reopen"},
    {"qualified", "new", "qualify"},
    {"qualified", "contacted", "qualify"},
    {"qualified", "unqualified", "reopen"},
    {"unqualified", "new", "disqualify", .reason = true},
    {"unqualified", "contacted", "disqualify", .reason = true},
    {"unqualified", "qualified", "disqualify", .reason = true},
    {"converted", "new", "convert", .flag = "create_deal"},
    {"converted", "contacted", "convert", .flag = "create_deal"},
    {"converted", "qualified", "convert", .flag = "create_deal"},
    {"converted", "unqualified", "reopen"},
    {0},
};

static const name_pair quote_statuses[] = {{"DRAFT", "draft"}, {"SENT", "sent"}, {"APPROVED", "accepted"},
    {"DECLAINED", "rejected"}, {"EXPIRED", "expired"}, {"CANCELLED", "cancelled"}, {0}};
static const name_pair quote_closed[] = {{"N", "draft"}, {"N", "sent"}, {"Y", "accepted"}, {"Y", "rejected"},
    {"Y", "expired"}, {"Y", "cancelled"}, {0}};

static const row quote_rows[] = {
    {"ID", "id", AS_ID, .fixed = true},
    {"QUOTE_NUMBER", "number", AS_TEXT, .fixed = true},
    {"TITLE", "title", AS_TEXT},
    {"STATUS_ID", "state", AS_STATE, "stageId", .names = quote_statuses},
    {"CLOSED", "state", AS_NAME, .names = quote_closed, .fixed = true},
    {"OPPORTUNITY", "gross", AS_DECIMAL, .fixed = true},
    {"TAX_VALUE", "tax", AS_DECIMAL, .fixed = true},
    {"CURRENCY_ID", "currency", AS_CODE, NULL, "base.currency"},
    {"COMPANY_ID", "party", AS_COMPANY},
    {"CONTACT_ID", "contact", AS_CONTACT},
    {"CONTACT_IDS", MORE_LINKS, AS_LINKS, "contactIds", "CONTACT_ID", "contact"},
    {"DEAL_ID", "deal", AS_ID},
    {"ASSIGNED_BY_ID", "owner", AS_ID},
    {"BEGINDATE", "day", AS_DATE, "begindate"},
    {"CLOSEDATE", "valid_until", AS_DATE, "closedate"},
    {"TERMS", "terms", AS_TEXT},
    STAMPS,
    KEPT_FIELD("COMMENTS", NULL),
    KEPT_FIELD("CONTENT", NULL),
    KEPT_FIELD("MYCOMPANY_ID", NULL),
    KEPT_FIELD("LEAD_ID", NULL),
    KEPT_FIELD("ACTUAL_DATE", NULL),
    KEPT_FIELD("PERSON_TYPE_ID", NULL),
    KEPT_FIELD("LOCATION_ID", NULL),
    KEPT_FIELD("CLIENT_TITLE", NULL),
    KEPT_FIELD("CLIENT_ADDR", NULL),
    KEPT_FIELD("CLIENT_CONTACT", NULL),
    KEPT_FIELD("CLIENT_EMAIL", NULL),
    KEPT_FIELD("CLIENT_PHONE", NULL),
    KEPT_FIELD("CLIENT_TP_ID", NULL),
    KEPT_FIELD("CLIENT_TPA_ID", NULL),
    KEPT_UTM,
    {0},
};
static const move quote_moves[] = {
    {"sent", "draft", "send"},
    {"accepted", "draft", "accept"},
    {"accepted", "sent", "accept"},
    {"rejected", "draft", "send"},
    {"rejected", "sent", "reject", .reason = true},
    {"cancelled", "draft", "cancel", .reason = true},
    {"cancelled", "sent", "cancel", .reason = true},
    {"expired", "sent", "expire"},
    {0},
};

static const name_pair activity_types[] = {
    {"1", "meeting"}, {"2", "call"}, {"4", "mail"}, {"3", "note"}, {"6", "chat"}, {0}};
static const name_pair activity_statuses[] = {{"1", "planned"}, {"2", "done"}, {"3", "cancelled"}, {0}};
static const name_pair activity_completed[] = {{"N", "planned"}, {"Y", "done"}, {"Y", "cancelled"}, {0}};
static const name_pair activity_directions[] = {{"1", "in"}, {"2", "out"}, {0}};

static const row activity_rows[] = {
    {"ID", "id", AS_ID, .fixed = true},
    {"OWNER_ID", "party", AS_OWNER},
    {"OWNER_TYPE_ID", "party", AS_OWNER_TYPE},
    {"TYPE_ID", "kind", AS_NAME, .names = activity_types, .required = true},
    {"SUBJECT", "subject", AS_TEXT, .required = true},
    {"START_TIME", "planned_at", AS_TIME},
    {"DEADLINE", "planned_at", AS_TIME},
    {"END_TIME", "done_at", AS_TIME, .fixed = true},
    {"STATUS", "state", AS_STATE, .names = activity_statuses},
    {"COMPLETED", "state", AS_STATE, .names = activity_completed},
    {"DIRECTION", "direction", AS_NAME, .names = activity_directions},
    {"DESCRIPTION", "text", AS_TEXT},
    KEPT_FIELD("DESCRIPTION_TYPE", "1"),
    KEPT_FIELD("PRIORITY", "2"),
    KEPT_FIELD("COMMUNICATIONS", NULL),
    KEPT_FIELD("LOCATION", NULL),
    KEPT_FIELD("NOTIFY_TYPE", NULL),
    KEPT_FIELD("NOTIFY_VALUE", NULL),
    KEPT_FIELD("PROVIDER_ID", NULL),
    KEPT_FIELD("PROVIDER_TYPE_ID", NULL),
    KEPT_FIELD("SETTINGS", NULL),
    KEPT_FIELD("RESULT_MARK", NULL),
    KEPT_FIELD("ORIGINATOR_ID", NULL),
    {"RESPONSIBLE_ID", "owner", AS_ID},
    {"AUTHOR_ID", "created_by", AS_ID, .fixed = true},
    {"EDITOR_ID", "updated_by", AS_ID, .fixed = true},
    {"CREATED", "created_at", AS_TIME, .fixed = true},
    {"LAST_UPDATED", "updated_at", AS_TIME, .fixed = true},
    {"ORIGIN_ID", "external_id", AS_TEXT},
    {0},
};
static const move activity_moves[] = {
    {"done", "planned", "finish"},
    {"done", "cancelled", "reopen"},
    {"planned", "done", "reopen"},
    {"planned", "cancelled", "reopen"},
    {"cancelled", "planned", "cancel"},
    {"cancelled", "done", "reopen"},
    {0},
};

const entity entities[] = {
    {"crm.lead", "crm.lead", 1, "L", "Lead", .rows = lead_rows, .moves = lead_moves,
        .has = HAS_ROWS | HAS_CONTACTS | HAS_USERFIELDS | HAS_ITEMS},
    {"crm.deal", "crm.deal", 2, "D", "Deal", .rows = deal_rows,
        .has = HAS_ROWS | HAS_CONTACTS | HAS_USERFIELDS | HAS_ITEMS},
    {"crm.quote", "crm.quotation", 7, "Q", "Quote", .rows = quote_rows, .moves = quote_moves,
        .has = HAS_ROWS | HAS_CONTACTS | HAS_USERFIELDS | HAS_ITEMS},
    {"crm.activity", "crm.activity", 0, "A", "Activity", .rows = activity_rows, .moves = activity_moves},
    {"crm.contact", "base.party", 3, "C", "Contact", {"kind", "person"}, contact_rows,
        .has = HAS_COMPANIES | HAS_USERFIELDS | HAS_ITEMS},
    {"crm.company", "base.party", 4, "CO", "Company", {"kind", "organisation"}, company_rows,
        .has = HAS_CONTACTS | HAS_USERFIELDS | HAS_ITEMS},
    {0},
};

const entity *entity_named(kt_str name)
{
    for (const entity *e = entities; e->name; e++)
        if (b24_is(name, e->name))
            return e;
    return NULL;
}

const entity *entity_of_type(int64_t type)
{
    for (const entity *e = entities; e->name; e++)
        if (e->type && e->type == type)
            return e;
    return NULL;
}
