/* crm.card: one call that gives a customer with everything on it. */
#include "crm.h"
#include "customer/customer.h"

struct card { /* the parameters */
    kt_record rec;
    kt_id party;
    int64_t limit;
    kt_time before;
};
const kt_shape card_shape = KT_SHAPE(card, NULL,
    KT_FIELD(card, party, REF, "Customer", "Klient", .target = "base.party", .required = true),
    KT_FIELD(card, limit, INT, "Entries of the timeline", "Wpisów osi czasu", .initial = "100",
        .help = {"1 to 1000.", "Od 1 do 1000."}),
    KT_FIELD(card, before, TIME, "Only entries before", "Tylko wpisy sprzed",
        .help = {"To go on where an answer with `more` ended: the time of its last entry.",
            "Aby czytać dalej po odpowiedzi z `more`: czas jej ostatniego wpisu."}));

/* The lines of the answer are read from base.party by the same shapes. */
struct reach {
    kt_record rec;
    unsigned kind, use;
    kt_str value, normal, note;
    bool primary;
};
static const kt_choice reach_kinds[] = {
    {1, "phone", {"Telephone", "Telefon"}},
    {2, "email", {"E-mail", "E-mail"}},
    {3, "site", {"Site", "Strona WWW"}},
    {4, "messenger", {"Messenger", "Komunikator"}},
    {5, "fax", {"Fax", "Faks"}},
    {0},
};
static const kt_choice reach_uses[] = {
    {1, "work", {"Work", "Służbowy"}},
    {2, "mobile", {"Mobile", "Komórkowy"}},
    {3, "home", {"Home", "Domowy"}},
    {4, "other", {"Other", "Inny"}},
    {0},
};
static const kt_shape reach_shape = KT_SHAPE(reach, NULL,
    KT_FIELD(reach, kind, STATE, "Kind", "Rodzaj", .choices = reach_kinds),
    KT_FIELD(reach, use, STATE, "Use", "Użycie", .choices = reach_uses),
    KT_FIELD(reach, value, STRING, "Number or address", "Numer lub adres"),
    KT_FIELD(reach, normal, STRING, "Normal form", "Postać znormalizowana"),
    KT_FIELD(reach, primary, BOOL, "Primary", "Podstawowy"), KT_FIELD(reach, note, STRING, "Note", "Uwaga"));

struct place {
    kt_record rec;
    unsigned use;
    kt_str street, street2, postal_code, city, region_name;
    kt_id region, country;
    kt_dec latitude, longitude;
};
static const kt_choice place_uses[] = {
    {1, "main", {"Main", "Główny"}},
    {2, "billing", {"Billing", "Do faktury"}},
    {3, "shipping", {"Shipping", "Dostawy"}},
    {4, "home", {"Home", "Domowy"}},
    {5, "other", {"Other", "Inny"}},
    {0},
};
static const kt_shape place_shape = KT_SHAPE(place, NULL,
    KT_FIELD(place, use, STATE, "Use", "Rodzaj", .choices = place_uses),
    KT_FIELD(place, street, STRING, "Street", "Ulica"),
    KT_FIELD(place, street2, STRING, "Second line", "Druga linia"),
    KT_FIELD(place, postal_code, STRING, "Postal code", "Kod pocztowy"),
    KT_FIELD(place, city, STRING, "City", "Miejscowość"),
    KT_FIELD(place, region, REF, "Region", "Region", .target = "base.region"),
    KT_FIELD(place, region_name, STRING, "Region (as text)", "Region (opisowo)"),
    KT_FIELD(place, country, REF, "Country", "Kraj", .target = "base.country"),
    KT_FIELD(place, latitude, RATE, "Latitude", "Szerokość geograficzna", .scale = 6),
    KT_FIELD(place, longitude, RATE, "Longitude", "Długość geograficzna", .scale = 6));

static const kt_choice party_kinds[] = {
    {1, "person", {"Person", "Osoba"}}, {2, "organisation", {"Organisation", "Organizacja"}}, {0}};
struct person { /* what this file reads of base.party */
    kt_record rec;
    kt_str name, legal_name, tax_id, regon, phone, email, city, position, industry, website, notes;
    unsigned kind;
    kt_id owner, parent;
    bool is_customer, is_supplier, active, do_not_contact;
    kt_lines contacts, addresses;
};
static const kt_shape person_shape = KT_SHAPE(person, "base.party", KT_BIND(person, name, STRING, "name"),
    KT_BIND(person, legal_name, STRING, "legal_name"), KT_BIND(person, tax_id, STRING, "tax_id"),
    KT_BIND(person, regon, STRING, "regon"), KT_BIND(person, phone, STRING, "phone"),
    KT_BIND(person, email, STRING, "email"), KT_BIND(person, city, STRING, "city"),
    KT_BIND(person, position, STRING, "position"), KT_BIND(person, industry, STRING, "industry"),
    KT_BIND(person, website, STRING, "website"), KT_BIND(person, notes, TEXT, "notes"),
    KT_BIND(person, kind, STATE, "kind"), KT_BIND(person, owner, REF, "owner"),
    KT_BIND(person, parent, REF, "parent"), KT_BIND(person, is_customer, BOOL, "is_customer"),
    KT_BIND(person, is_supplier, BOOL, "is_supplier"), KT_BIND(person, active, BOOL, "active"),
    KT_BIND(person, do_not_contact, BOOL, "do_not_contact"),
    KT_BIND(person, contacts, LINES, "contacts", .lines = &reach_shape),
    KT_BIND(person, addresses, LINES, "addresses", .lines = &place_shape));

struct relation {
    kt_record rec;
    kt_id party, other;
    kt_str role;
    kt_date until;
};
static const kt_shape relation_shape = KT_SHAPE(relation, "base.relation",
    KT_BIND(relation, party, REF, "party"), KT_BIND(relation, other, REF, "other"),
    KT_BIND(relation, role, STRING, "role"), KT_BIND(relation, until, DATE, "until"));

struct related {
    kt_record rec;
    kt_id party;
    kt_str name, role, phone, email, position;
    kt_date until;
};
static const kt_shape related_shape = KT_SHAPE(related, NULL,
    KT_FIELD(related, party, REF, "Party", "Strona", .target = "base.party"),
    KT_FIELD(related, name, STRING, "Name", "Nazwa"), KT_FIELD(related, role, STRING, "Role", "Rola"),
    KT_FIELD(related, phone, STRING, "Telephone", "Telefon"),
    KT_FIELD(related, email, STRING, "E-mail", "E-mail"),
    KT_FIELD(related, position, STRING, "Position", "Stanowisko"),
    KT_FIELD(related, until, DATE, "Until", "Do"));

struct card_deal {
    kt_record rec;
    int64_t id;
    kt_str number, title, stage_name;
    enum semantic semantic;
    kt_dec amount, probability;
    kt_id currency, owner;
    kt_date expected_close;
};
static const kt_shape card_deal_shape = KT_SHAPE(card_deal, NULL, KT_FIELD(card_deal, id, INT, "Id", "Id"),
    KT_FIELD(card_deal, number, STRING, "Number", "Numer"),
    KT_FIELD(card_deal, title, STRING, "Title", "Tytuł"),
    KT_FIELD(card_deal, stage_name, STRING, "Stage", "Etap"),
    KT_FIELD(card_deal, semantic, STATE, "Outcome", "Wynik", .choices = semantics),
    KT_FIELD(card_deal, amount, MONEY, "Amount", "Kwota", .scale = 2),
    KT_FIELD(card_deal, currency, REF, "Currency", "Waluta", .target = "base.currency"),
    KT_FIELD(card_deal, probability, PERCENT, "Probability, %", "Prawdopodobieństwo, %", .scale = 2),
    KT_FIELD(card_deal, expected_close, DATE, "Expected close", "Spodziewane zamknięcie"),
    KT_FIELD(card_deal, owner, REF, "Owner", "Opiekun", .target = "access.user"));

struct card_lead {
    kt_record rec;
    int64_t id;
    kt_str number, title, source;
    enum lead_state state;
    kt_id owner, deal;
};
static const kt_shape card_lead_shape = KT_SHAPE(card_lead, NULL, KT_FIELD(card_lead, id, INT, "Id", "Id"),
    KT_FIELD(card_lead, number, STRING, "Number", "Numer"),
    KT_FIELD(card_lead, title, STRING, "Title", "Tytuł"),
    KT_FIELD(card_lead, state, STATE, "State", "Stan", .choices = lead_states),
    KT_FIELD(card_lead, source, STRING, "Source", "Źródło"),
    KT_FIELD(card_lead, owner, REF, "Owner", "Opiekun", .target = "access.user"),
    KT_FIELD(card_lead, deal, REF, "Deal", "Szansa", .target = "crm.deal"));

struct card_plan { /* an open task or a planned activity */
    kt_record rec;
    kt_str entity, kind, title, state;
    int64_t id;
    kt_time due;
    kt_id owner;
    bool overdue;
};
static const kt_shape card_plan_shape = KT_SHAPE(card_plan, NULL,
    KT_FIELD(card_plan, entity, STRING, "Entity", "Encja"), KT_FIELD(card_plan, id, INT, "Id", "Id"),
    KT_FIELD(card_plan, kind, STRING, "Kind", "Rodzaj"), KT_FIELD(card_plan, title, STRING, "Title", "Tytuł"),
    KT_FIELD(card_plan, state, STRING, "State", "Stan"), KT_FIELD(card_plan, due, TIME, "Due", "Termin"),
    KT_FIELD(card_plan, overdue, BOOL, "Overdue", "Po terminie"),
    KT_FIELD(card_plan, owner, REF, "Owner", "Opiekun", .target = "access.user"));

struct task {
    kt_record rec;
    kt_str title;
    unsigned state;
    kt_time due;
    kt_id party, owner;
};
static const kt_shape task_shape = KT_SHAPE(task, "base.task", KT_BIND(task, title, STRING, "title"),
    KT_BIND(task, state, STATE, "state"), KT_BIND(task, due, TIME, "due"), KT_BIND(task, party, REF, "party"),
    KT_BIND(task, owner, REF, "owner"));

struct card_answer {
    kt_record rec;
    kt_id party, owner, parent;
    kt_str name, legal_name, tax_id, regon, phone, email, city, position, industry, website, notes, own;
    unsigned kind;
    bool is_customer, is_supplier, active, do_not_contact, no_next_activity, more;
    int64_t deals_open, deals_won, deals_lost;
    kt_time last_contact_at, next_activity_at;
    kt_lines contacts, addresses, related, deals, leads, quotations, orders, papers, planned, timeline,
        consents, interests, readers;
    kt_dec owes;
};
const kt_shape card_answer_shape = KT_SHAPE(card_answer, NULL,
    KT_FIELD(card_answer, party, REF, "Customer", "Klient", .target = "base.party"),
    KT_FIELD(card_answer, name, STRING, "Name", "Nazwa"),
    KT_FIELD(card_answer, kind, STATE, "Kind", "Rodzaj", .choices = party_kinds),
    KT_FIELD(card_answer, legal_name, STRING, "Legal name", "Nazwa prawna"),
    KT_FIELD(card_answer, tax_id, STRING, "Tax id", "NIP / numer VAT"),
    KT_FIELD(card_answer, regon, STRING, "REGON", "REGON"),
    KT_FIELD(card_answer, phone, STRING, "Telephone", "Telefon"),
    KT_FIELD(card_answer, email, STRING, "E-mail", "E-mail"),
    KT_FIELD(card_answer, city, STRING, "City", "Miejscowość"),
    KT_FIELD(card_answer, position, STRING, "Position", "Stanowisko"),
    KT_FIELD(card_answer, industry, STRING, "Industry", "Branża"),
    KT_FIELD(card_answer, website, STRING, "Website", "Strona WWW"),
    KT_FIELD(card_answer, notes, TEXT, "Remarks", "Uwagi"),
    KT_FIELD(card_answer, own, JSON, "Fields of your own", "Własne pola"),
    KT_FIELD(card_answer, owner, REF, "Owner", "Opiekun", .target = "access.user"),
    KT_FIELD(card_answer, parent, REF, "Belongs to", "Należy do", .target = "base.party"),
    KT_FIELD(card_answer, is_customer, BOOL, "Customer", "Klient"),
    KT_FIELD(card_answer, is_supplier, BOOL, "Supplier", "Dostawca"),
    KT_FIELD(card_answer, active, BOOL, "Active", "Aktywny"),
    KT_FIELD(card_answer, do_not_contact, BOOL, "Do not contact", "Nie kontaktować"),
    KT_FIELD(card_answer, deals_open, INT, "Open deals", "Otwarte szanse"),
    KT_FIELD(card_answer, deals_won, INT, "Deals won", "Wygrane szanse"),
    KT_FIELD(card_answer, deals_lost, INT, "Deals lost", "Przegrane szanse"),
    KT_FIELD(card_answer, last_contact_at, TIME, "Last contact", "Ostatni kontakt"),
    KT_FIELD(card_answer, next_activity_at, TIME, "Next activity", "Następna aktywność"),
    KT_FIELD(card_answer, no_next_activity, BOOL, "Nothing planned", "Nic nie zaplanowano",
        .help = {"There are open deals and nothing is planned.",
            "Są otwarte szanse, a nic nie zaplanowano."}),
    KT_FIELD(card_answer, contacts, LINES, "Contacts", "Kontakty", .lines = &reach_shape),
    KT_FIELD(card_answer, addresses, LINES, "Addresses", "Adresy", .lines = &place_shape),
    KT_FIELD(card_answer, related, LINES, "Related people", "Powiązane osoby", .lines = &related_shape),
    KT_FIELD(card_answer, deals, LINES, "Open deals", "Otwarte szanse", .lines = &card_deal_shape),
    KT_FIELD(card_answer, leads, LINES, "Leads", "Leady", .lines = &card_lead_shape),
    KT_FIELD(
        card_answer, quotations, LINES, "Open quotations", "Otwarte oferty", .lines = &card_document_shape),
    KT_FIELD(card_answer, orders, LINES, "Open orders", "Otwarte zamówienia", .lines = &card_document_shape),
    KT_FIELD(card_answer, papers, LINES, "Invoices, receipts, payments", "Faktury, paragony, płatności",
        .lines = &card_paper_shape),
    KT_FIELD(card_answer, owes, MONEY, "Owes", "Saldo rozrachunków", .scale = 2,
        .help = {"In the company's currency; below zero we owe them.",
            "W walucie firmy; poniżej zera to nasze zobowiązanie."}),
    KT_FIELD(card_answer, consents, LINES, "Consents", "Zgody", .lines = &card_consent_shape),
    KT_FIELD(card_answer, interests, LINES, "Goods looked at and put aside", "Towary oglądane i odłożone",
        .lines = &card_interest_shape),
    KT_FIELD(card_answer, readers, LINES, "Who looked at it", "Kto oglądał", .lines = &card_reader_shape,
        .help = {"Newest first; for those who may read access.read_log.",
            "Od najnowszych; dla tych, którzy mogą czytać access.read_log."}),
    KT_FIELD(card_answer, planned, LINES, "Planned", "Zaplanowane", .lines = &card_plan_shape),
    KT_FIELD(card_answer, timeline, LINES, "Timeline", "Oś czasu", .lines = &timeline_entry_shape),
    KT_FIELD(card_answer, more, BOOL, "There are older entries", "Są starsze wpisy"));

enum { RELATED_MAX = 100, OPEN_MAX = 300, CLOSED_MAX = 100, LEADS_MAX = 200, PLANNED_MAX = 200 };

static void fill_party(const struct person *p, struct card_answer *out)
{
    out->party = p->rec.id;
    out->name = p->name;
    out->kind = p->kind;
    out->legal_name = p->legal_name;
    out->tax_id = p->tax_id;
    out->regon = p->regon;
    out->phone = p->phone;
    out->email = p->email;
    out->city = p->city;
    out->position = p->position;
    out->industry = p->industry;
    out->website = p->website;
    out->notes = p->notes;
    out->owner = p->owner;
    out->parent = p->parent;
    out->is_customer = p->is_customer;
    out->is_supplier = p->is_supplier;
    out->active = p->active;
    out->do_not_contact = p->do_not_contact;
    out->contacts = p->contacts;
    out->addresses = p->addresses;
}

/* One related party, if the caller may see it and it is not there yet. */
static kt_error *add_related(kt_tx *tx, kt_id party, kt_str role, kt_date until, struct card_answer *out)
{
    for (size_t i = 0; i < out->related.count; i++)
        if (KT_AS(related, kt_line(&out->related, i))->party.v == party.v)
            return NULL;
    const kt_where where[] = {{offsetof(struct person, rec.id), KT_EQ, (const kt_id[]){party}}, {0}};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){&person_shape, where, NULL, 1}, &cursor));
    struct person p = {KT_OF(person)};
    kt_error *error = NULL;
    if (kt_next(cursor, &p.rec)) {
        struct related line = {KT_OF(related), .party = party, .name = p.name, .role = role, .phone = p.phone,
            .email = p.email, .position = p.position, .until = until};
        error = kt_line_add(tx, &out->related, &line.rec);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *add_relations(kt_tx *tx, const kt_where *where, kt_id self, struct card_answer *out)
{
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){&relation_shape, where, "id", RELATED_MAX}, &cursor));
    struct relation r = {KT_OF(relation)};
    kt_error *error = NULL;
    while (!error && kt_next(cursor, &r.rec))
        if (!r.until.day || r.until.day >= kt_today(tx).day) /* what ended is told by base.party.relations */
            error = add_related(tx, r.party.v == self.v ? r.other : r.party, r.role, r.until, out);
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *fill_related(kt_tx *tx, kt_id party, struct card_answer *out)
{
    if (kt_may(tx, "base.relation:read")) {
        KT_TRY(
            add_relations(tx, (const kt_where[]){KT_WHERE(relation, party, KT_EQ, party), {0}}, party, out));
        KT_TRY(
            add_relations(tx, (const kt_where[]){KT_WHERE(relation, other, KT_EQ, party), {0}}, party, out));
    }
    kt_cursor *cursor;
    const kt_where where[] = {KT_WHERE(person, parent, KT_EQ, party), {0}};
    KT_TRY(kt_open(tx, &(kt_query){&person_shape, where, "id", RELATED_MAX}, &cursor));
    struct person p = {KT_OF(person)};
    kt_error *error = NULL;
    while (!error && kt_next(cursor, &p.rec))
        error = add_related(tx, p.rec.id, p.position, (kt_date){0}, out);
    kt_also(&error, kt_close(cursor));
    return error;
}

/* The newest deals of one outcome, in the order of their index; the count is of all. Of those that are closed the
 * ones that were made before the moment at which the timeline ends, so that paging reaches all of them. */
static kt_error *add_deals(
    kt_tx *tx, const kt_where *where, uint32_t most, timeline *t, struct card_answer *out, int64_t *count)
{
    kt_cursor *cursor;
    kt_str older = most == CLOSED_MAX ? timeline_older(t) : (kt_str){0};
    KT_TRY(kt_open(tx, &(kt_query){&deal_shape, where, "-id", most, older}, &cursor));
    struct deal d = {KT_OF(deal)};
    kt_error *error = NULL;
    uint64_t all = 0;
    for (; !error && kt_next(cursor, &d.rec); all++) {
        struct card_deal line = {KT_OF(card_deal), .id = (int64_t)d.rec.id.v, .number = d.rec.number,
            .title = d.title, .stage_name = d.stage_name, .semantic = d.semantic, .amount = d.amount,
            .probability = d.probability, .currency = d.currency, .owner = d.owner,
            .expected_close = d.expected_close};
        if (d.semantic == OPEN)
            error = kt_line_add(tx, &out->deals, &line.rec);
        if (!error)
            error = timeline_deal(t, &d);
    }
    kt_also(&error, kt_close(cursor));
    if (!error && (all == most || older.len))
        error = kt_count(tx, &(kt_query){.of = &deal_shape, .where = where}, &all);
    *count = (int64_t)all;
    return error;
}

static kt_error *fill_deals(kt_tx *tx, kt_id party, timeline *t, struct card_answer *out)
{
    const struct {
        enum semantic semantic;
        uint32_t most;
        int64_t *count;
    } each[] = {{OPEN, OPEN_MAX, &out->deals_open}, {WON, CLOSED_MAX, &out->deals_won},
        {LOST, CLOSED_MAX, &out->deals_lost}};
    for (size_t i = 0; kt_may(tx, "crm.deal:read") && i < sizeof each / sizeof *each; i++) {
        const kt_where where[] = {
            KT_WHERE(deal, party, KT_EQ, party), KT_WHERE(deal, semantic, KT_EQ, each[i].semantic), {0}};
        KT_TRY(add_deals(tx, where, each[i].most, t, out, each[i].count));
    }
    return NULL;
}

static kt_error *fill_leads(kt_tx *tx, kt_id party, timeline *t, struct card_answer *out)
{
    if (!kt_may(tx, "crm.lead:read"))
        return NULL;
    kt_cursor *cursor;
    const kt_where where[] = {KT_WHERE(lead, party, KT_EQ, party), {0}};
    KT_TRY(kt_open(tx, &(kt_query){&lead_shape, where, "-id", LEADS_MAX, timeline_older(t)}, &cursor));
    struct lead l = {KT_OF(lead)};
    kt_error *error = NULL;
    while (!error && kt_next(cursor, &l.rec)) {
        struct card_lead line = {KT_OF(card_lead), .id = (int64_t)l.rec.id.v, .number = l.rec.number,
            .title = l.title, .source = l.source, .state = l.state, .owner = l.owner, .deal = l.deal};
        error = kt_line_add(tx, &out->leads, &line.rec);
        if (!error)
            error = timeline_lead(t, &l);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *add_plan(kt_tx *tx, struct card_plan *line, struct card_answer *out)
{
    line->rec.of = &card_plan_shape;
    line->overdue = line->due.ms && line->due.ms < kt_now(tx).ms;
    if (line->due.ms && (!out->next_activity_at.ms || line->due.ms < out->next_activity_at.ms))
        out->next_activity_at = line->due;
    return kt_line_add(tx, &out->planned, &line->rec);
}

static kt_error *plan_tasks(kt_tx *tx, kt_id party, struct card_answer *out)
{
    static const char *const open[] = {"", "todo", "in_progress", "review"};
    kt_cursor *cursor;
    const kt_where where[] = {KT_WHERE(task, party, KT_EQ, party), {0}};
    KT_TRY(kt_open(tx, &(kt_query){&task_shape, where, "due", PLANNED_MAX}, &cursor));
    struct task t = {KT_OF(task)};
    kt_error *error = NULL;
    while (!error && kt_next(cursor, &t.rec)) {
        if (!t.state || t.state >= sizeof open / sizeof *open)
            continue; /* done or cancelled */
        error = add_plan(tx,
            &(struct card_plan){.entity = KT_STR("base.task"),
                .id = (int64_t)t.rec.id.v,
                .kind = KT_STR("task"),
                .title = t.title,
                .state = kt_format(tx, "%s", open[t.state]),
                .due = t.due,
                .owner = t.owner},
            out);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *find_last_contact(kt_tx *tx, kt_id party, struct card_answer *out)
{
    kt_cursor *cursor;
    const kt_where where[] = {KT_WHERE(activity, party, KT_EQ, party), {0}};
    struct activity a = {KT_OF(activity)};
    KT_TRY(kt_open(tx,
        &(kt_query){&activity_shape, where, "-done_at", 1, KT_STR("[[\"done_at\",\"is_null\",false]]")},
        &cursor));
    if (kt_next(cursor, &a.rec))
        out->last_contact_at = a.done_at;
    return kt_close(cursor);
}

static kt_error *plan_activities(kt_tx *tx, kt_id party, struct card_answer *out)
{
    kt_cursor *cursor;
    const kt_where where[] = {
        KT_WHERE(activity, party, KT_EQ, party), KT_WHERE(activity, state, KT_EQ, PLANNED), {0}};
    KT_TRY(kt_open(tx,
        &(kt_query){&activity_shape, where, NULL, PLANNED_MAX, KT_STR("[[\"done_at\",\"is_null\",true]]")},
        &cursor));
    struct activity a = {KT_OF(activity)};
    kt_error *error = NULL;
    while (!error && out->planned.count < PLANNED_MAX && kt_next(cursor, &a.rec))
        error = add_plan(tx,
            &(struct card_plan){.entity = KT_STR("crm.activity"),
                .id = (int64_t)a.rec.id.v,
                .kind = kt_format(tx, "%s", activity_kinds[a.kind ? a.kind - 1 : 0].name),
                .title = a.subject,
                .state = KT_STR("planned"),
                .due = a.planned_at,
                .owner = a.owner},
            out);
    kt_also(&error, kt_close(cursor));
    return error;
}

kt_error *card(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct card *p = KT_SEE(card, params);
    struct card_answer *out = KT_AS(card_answer, result);
    if (p->limit < 1 || p->limit > 1000)
        return kt_fail(tx, KT_VALIDATION, "limit", "%lld is not within 1 to 1000",
            "%lld nie mieści się między 1 a 1000", (long long)p->limit);
    struct person party = {KT_OF(person)};
    KT_TRY(kt_read(tx, p->party, &party.rec));
    fill_party(&party, out);
    KT_TRY(card_own(tx, p->party, &out->own));
    timeline *t = timeline_open(tx, p->before, (size_t)p->limit);
    if (!t)
        return kt_no_memory();
    KT_TRY(fill_related(tx, p->party, out));
    KT_TRY(fill_deals(tx, p->party, t, out));
    KT_TRY(fill_leads(tx, p->party, t, out));
    KT_TRY(card_documents(tx, p->party, t, &out->quotations, &out->orders));
    KT_TRY(card_papers(tx, p->party, t, &out->papers, &out->owes));
    KT_TRY(card_consents(tx, p->party, t, &out->consents));
    KT_TRY(card_interests(tx, p->party, t, &out->interests));
    KT_TRY(card_readers(tx, p->party, &out->readers));
    if (kt_may(tx, "base.task:read"))
        KT_TRY(plan_tasks(tx, p->party, out));
    if (kt_may(tx, "crm.activity:read")) {
        KT_TRY(plan_activities(tx, p->party, out));
        KT_TRY(find_last_contact(tx, p->party, out));
    }
    out->no_next_activity = out->deals_open && !out->planned.count;
    KT_TRY(timeline_calls(tx, t, p->party));
    KT_TRY(timeline_requests(tx, t, p->party));
    KT_TRY(timeline_activities(t, p->party));
    KT_TRY(timeline_of_party(t, p->party));
    KT_TRY(timeline_about(t, kt_any(tx, "base.party", p->party)));
    return timeline_close(t, &out->timeline, &out->more);
}
