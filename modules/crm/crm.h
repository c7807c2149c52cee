/* crm.h -- what the files of this module show each other: shapes for crm.c's tables, structs that several
 * files fill, and the pipeline's stages. */
#pragma once
#include <kontor.h>

/* ---- pipeline.c ---- */

enum semantic { OPEN = 1, WON, LOST };
extern const kt_choice semantics[];
struct stage {
    kt_record rec;
    kt_str name, code, colour, needs;
    enum semantic semantic;
    kt_dec probability;
    int64_t position;
};
extern const kt_shape stage_shape;
struct pipeline {
    kt_record rec;
    kt_str name;
    kt_lines stages;
    bool initial, active;
};
extern const kt_shape pipeline_shape;
kt_error *pipeline_compute(kt_tx *tx, kt_record *self);
kt_error *pipeline_check(kt_tx *tx, const kt_record *before, const kt_record *after);
/* needs.c: is each word that a stage needs a field; does a deal have those that crm knows; at commit, all others. */
struct deal;
kt_error *needs_known(kt_tx *tx, const struct stage *s, const char *path);
kt_error *needs_met(kt_tx *tx, const struct deal *d, const struct stage *s);
kt_error *deal_check(kt_tx *tx, const kt_record *before, const kt_record *after);
/* The pipeline for what names none: the initial one, else the oldest. *id is not set if there is none. */
KT_MUST kt_error *pipeline_default(kt_tx *tx, kt_id *id);
/* NULL: the pipeline has no such stage. */
const struct stage *pipeline_stage(const struct pipeline *p, int64_t stage);
/* By name, in whatever case and accents, unless one is called exactly so; by its code; by its meaning: "won" is the
 * first that is. */
const struct stage *pipeline_stage_named(kt_tx *tx, const struct pipeline *p, kt_str name);
/* The first by position with this meaning; NULL: there is none. */
const struct stage *pipeline_first(const struct pipeline *p, enum semantic semantic);

/* What the link or advertisement said that brought somebody: kept from lead to deal. */
#define UTM_FIELDS(T)                                                                                        \
    KT_FIELD(T, utm_source, STRING, "UTM source", "Źródło UTM", .max = 200),                                 \
        KT_FIELD(T, utm_medium, STRING, "UTM medium", "Medium UTM", .max = 200),                             \
        KT_FIELD(T, utm_campaign, STRING, "UTM campaign", "Kampania UTM", .max = 200),                       \
        KT_FIELD(T, utm_content, STRING, "UTM content", "Treść UTM", .max = 200),                            \
        KT_FIELD(T, utm_term, STRING, "UTM term", "Słowo kluczowe UTM", .max = 200)

/* columns.c: how columns of files from elsewhere are called */
extern const char lead_columns[], deal_columns[];

/* ---- deal.c ---- */

struct stage_move { /* a line of a deal's history */
    kt_record rec;
    kt_id pipeline, by;
    int64_t stage;
    kt_str stage_name;
    enum semantic semantic;
    kt_time at;
    kt_dec stayed; /* seconds; not set: it stands there still */
};
extern const kt_shape stage_move_shape;
struct deal {
    kt_record rec;
    kt_str title, stage_name, source, campaign, lost_reason, text;
    kt_str utm_source, utm_medium, utm_campaign, utm_content, utm_term;
    kt_id party, contact, pipeline, currency, owner, lead, price_list, quotation;
    int64_t stage;
    enum semantic semantic;
    bool amount_manual, tax_included;
    kt_dec amount, probability, weighted, net, tax, gross, cycle_days;
    kt_date expected_close;
    kt_time closed_at, stage_since;
    kt_lines history, lines, parties;
};
extern const kt_shape deal_shape;
extern const kt_action deal_actions[];
kt_error *deal_compute(kt_tx *tx, kt_record *self);

/* ---- sales/deal_lines.c ---- */

struct deal_party {
    kt_record rec;
    kt_id party;
    kt_str role, note;
};
extern const kt_shape deal_party_shape;
KT_MUST kt_error *deal_lines_compute(kt_tx *tx, struct deal *d);
kt_error *deal_quote(kt_tx *tx, kt_record *self, const kt_record *params);
kt_error *deal_quoted(kt_tx *tx, const kt_record *self, kt_record *result);

/* ---- lead.c, convert.c ---- */

enum lead_state { NEW = 1, CONTACTED, QUALIFIED, CONVERTED, UNQUALIFIED };
extern const kt_choice lead_states[];
enum reach_use { AT_WORK = 1, MOBILE, AT_HOME, OTHER_USE }; /* as base.party's contacts */
struct lead {
    kt_record rec;
    kt_str title, name, honorific, first_name, middle_name, last_name, company_name, position, phone, email,
        phone_normal, tax_id, street, street2, postal_code, city, region_name, source, campaign, text;
    kt_str utm_source, utm_medium, utm_campaign, utm_content, utm_term;
    kt_str unqualified_reason;
    enum lead_state state;
    enum reach_use phone_use, email_use;
    kt_date birth_date;
    kt_id owner, currency, party, deal, country;
    bool amount_manual, tax_included;
    kt_dec amount;
    kt_time converted_at;
    kt_lines lines, contacts;
};
enum reach_kind { PHONE = 1, EMAIL, SITE, MESSENGER, FAX };
struct lead_contact { /* a line: a telephone, address .. besides the first ones */
    kt_record rec;
    enum reach_kind kind;
    enum reach_use use;
    kt_str value, note;
};
extern const kt_shape lead_contact_shape;
/* sales/deal_lines.c: lines make the amount; a deal takes over those of its lead */
KT_MUST kt_error *lead_lines_compute(kt_tx *tx, struct lead *l);
KT_MUST kt_error *lead_lines_hand_over(kt_tx *tx, const struct lead *l, struct deal *d);
extern const kt_shape lead_shape;
extern const kt_action lead_actions[];
kt_error *lead_compute(kt_tx *tx, kt_record *self);
extern const kt_shape lead_convert_shape, lead_converted_shape;
kt_error *lead_convert(kt_tx *tx, kt_record *self, const kt_record *params);
kt_error *lead_converted_answer(kt_tx *tx, const kt_record *self, kt_record *result);

/* ---- work/activity.c ---- */

enum activity_kind { CALL = 1, MEETING, MAIL, NOTE, CHAT };
extern const kt_choice activity_kinds[];
enum activity_state { PLANNED = 1, DONE, CANCELLED };
extern const kt_choice activity_states[];
enum direction { INCOMING = 1, OUTGOING };
struct activity {
    kt_record rec;
    enum activity_kind kind;
    enum direction direction;
    enum activity_state state;
    kt_str subject, text, outcome;
    kt_time planned_at, done_at, remind_at;
    int64_t duration_s;
    kt_id party, contact, deal, lead, owner;
};
extern const kt_shape activity_shape;
extern const kt_action activity_actions[];
kt_error *activity_compute(kt_tx *tx, kt_record *self);
extern const kt_shape reminders_shape, reminders_found_shape;
kt_error *activity_reminders(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- customer/timeline.c ---- */

struct timeline_entry {
    kt_record rec;
    kt_time at;
    kt_str kind, entity, title, text, by_name, state;
    int64_t id;
    kt_id by;
    bool pinned;
};
extern const kt_shape timeline_entry_shape;
typedef struct timeline timeline;
/* The newest `limit` entries before this moment; not set: of all. returns NULL past the memory limit */
timeline *timeline_open(kt_tx *tx, kt_time before, size_t limit);
/* The filter of records that were made before that moment. */
kt_str timeline_older(const timeline *t);
KT_MUST kt_error *timeline_add(timeline *t, const struct timeline_entry *entry);
/* Notes, tasks and files whose `party` is this one. */
KT_MUST kt_error *timeline_of_party(timeline *t, kt_id party);
/* Notes, tasks and files about a record: about is made by kt_any. */
KT_MUST kt_error *timeline_about(timeline *t, kt_id about);
KT_MUST kt_error *timeline_activities(timeline *t, kt_id party);
KT_MUST kt_error *timeline_deal(timeline *t, const struct deal *d);
KT_MUST kt_error *timeline_lead(timeline *t, const struct lead *l);
/* Newest first; *more: there are older ones. */
KT_MUST kt_error *timeline_close(timeline *t, kt_lines *entries, bool *more);

/* ---- customer/card.c, sales/card_documents.c ---- */

struct card_document { /* a quotation or an order */
    kt_record rec;
    int64_t id;
    kt_str number, title, state;
    kt_date day, until;
    kt_dec net, gross;
    kt_id currency, owner;
};
extern const kt_shape card_document_shape;
/* The open ones as rows, all on the timeline; what the caller may not read is left out. */
KT_MUST kt_error *card_documents(kt_tx *tx, kt_id party, timeline *t, kt_lines *quotations, kt_lines *orders);
extern const kt_shape card_paper_shape;
/* Invoices, receipts and payments, and what is open of the party: out of the books, if a module keeps them. */
KT_MUST kt_error *card_papers(kt_tx *tx, kt_id party, timeline *t, kt_lines *rows, kt_dec *owes);
/* customer/card_wishes.c: what they agreed to, and which goods they looked at or put aside */
extern const kt_shape card_consent_shape, card_interest_shape;
KT_MUST kt_error *card_consents(kt_tx *tx, kt_id party, timeline *t, kt_lines *rows);
KT_MUST kt_error *card_interests(kt_tx *tx, kt_id party, timeline *t, kt_lines *rows);

/* customer/card_own.c: the customer's fields of the integrator's own, as a JSON object; not set: there are none */
KT_MUST kt_error *card_own(kt_tx *tx, kt_id party, kt_str *own);
/* customer/card_readers.c: who was shown the customer lately, for callers who may read the log of that */
extern const kt_shape card_reader_shape;
KT_MUST kt_error *card_readers(kt_tx *tx, kt_id party, kt_lines *rows);

extern const kt_shape card_shape, card_answer_shape;
kt_error *card(kt_tx *tx, const kt_record *params, kt_record *result);
