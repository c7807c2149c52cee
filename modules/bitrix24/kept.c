/* What Bitrix24 keeps and crm has no field for: fields of this module on the entities of others. What people filter
 * by is a field of its own, the rest are members of one object. */
#include "directory.h"

typedef struct kept_party {
    kt_record rec;
    kt_str b24_type, b24_source, b24_employees, b24_originator, b24_more;
    kt_dec b24_revenue;
    kt_lines b24_links;
} kept_party;

#define HIDDEN .show_if = "false"
#define MORE(T)                                                                                              \
    KT_FIELD(T, b24_more, JSON, "Bitrix24: other fields", "Bitrix24: inne pola", .personal = true, HIDDEN,   \
        .help = {"As its REST interface writes them.", "Tak, jak zapisuje je jego interfejs REST."})
#define LINKS(T, english, ...)                                                                               \
    KT_FIELD(T, b24_links, REFS, english, __VA_ARGS__, .target = "base.party", .on_delete = KT_CLEAR, HIDDEN)
#define ORIGINATOR(T)                                                                                        \
    KT_FIELD(T, b24_originator, STRING, "Bitrix24: external source", "Bitrix24: źródło zewnętrzne",          \
        .max = 255, HIDDEN)

static const kt_shape kept_party_shape = KT_SHAPE(kept_party, "base.party",
    KT_FIELD(kept_party, b24_type, STRING, "Bitrix24: type", "Bitrix24: typ", .max = 50, HIDDEN),
    KT_FIELD(kept_party, b24_source, STRING, "Bitrix24: source", "Bitrix24: źródło", .max = 50, HIDDEN),
    KT_FIELD(kept_party, b24_employees, STRING, "Bitrix24: employees", "Bitrix24: liczba pracowników",
        .max = 50, HIDDEN),
    KT_FIELD(kept_party, b24_revenue, MONEY, "Bitrix24: revenue", "Bitrix24: obrót", .scale = 2, HIDDEN),
    ORIGINATOR(kept_party), MORE(kept_party),
    LINKS(kept_party, "Bitrix24: more companies", "Bitrix24: dalsze firmy"));

typedef struct kept_deal {
    kt_record rec;
    kt_str b24_type, b24_originator, b24_more;
    kt_date b24_begin;
} kept_deal;
static const kt_shape kept_deal_shape = KT_SHAPE(kept_deal, "crm.deal",
    KT_FIELD(kept_deal, b24_type, STRING, "Bitrix24: type", "Bitrix24: typ", .max = 50, HIDDEN),
    KT_FIELD(kept_deal, b24_begin, DATE, "Bitrix24: start date", "Bitrix24: data rozpoczęcia", HIDDEN),
    ORIGINATOR(kept_deal), MORE(kept_deal));

typedef struct kept_lead {
    kt_record rec;
    kt_str b24_originator, b24_more;
    kt_lines b24_links;
} kept_lead;
static const kt_shape kept_lead_shape = KT_SHAPE(kept_lead, "crm.lead", ORIGINATOR(kept_lead),
    MORE(kept_lead), LINKS(kept_lead, "Bitrix24: more contacts", "Bitrix24: dalsze kontakty"));

typedef struct kept_quote {
    kt_record rec;
    kt_str b24_more;
    kt_lines b24_links;
} kept_quote;
static const kt_shape kept_quote_shape = KT_SHAPE(kept_quote, "crm.quotation", MORE(kept_quote),
    LINKS(kept_quote, "Bitrix24: more contacts", "Bitrix24: dalsze kontakty"));

typedef struct kept_activity {
    kt_record rec;
    kt_str b24_more;
} kept_activity;
static const kt_shape kept_activity_shape = KT_SHAPE(kept_activity, "crm.activity", MORE(kept_activity));

typedef struct kept_pipeline {
    kt_record rec;
    int64_t b24_sort;
} kept_pipeline;
static const kt_shape kept_pipeline_shape = KT_SHAPE(kept_pipeline, "crm.pipeline",
    KT_FIELD(kept_pipeline, b24_sort, INT, "Bitrix24: position", "Bitrix24: kolejność", HIDDEN));

const kt_entity own_entities[] = {
    {&directory_word_shape, {"Word of a directory", "Hasło słownika"},
        {"Words of directories", "Hasła słowników"}, .title = "name", .indexes = "unique directory code",
        .shared = true},
    {&kept_party_shape},
    {&kept_deal_shape},
    {&kept_lead_shape},
    {&kept_quote_shape},
    {&kept_activity_shape},
    {&kept_pipeline_shape},
    {0},
};
