/* The log of telephone calls, as an exchange tells of them: registered when they begin, answered, finished.
 * Whoever calls is found by the number; a call that nobody took becomes a task to call back. */
#include <kontor/parties.h>

#include "customer/customer.h"

const kt_choice call_states[] = {
    {C_INITIATED, "initiated", {"Initiated", "Zainicjowane"}, "open"},
    {C_RINGING, "ringing", {"Ringing", "Dzwoni"}, "open"},
    {C_IN_PROGRESS, "in_progress", {"In progress", "W toku"}, "open"},
    {C_COMPLETED, "completed", {"Completed", "Zakończone"}, "won"},
    {C_FAILED, "failed", {"Failed", "Nieudane"}, "lost"},
    {C_BUSY, "busy", {"Busy", "Zajęte"}, "lost"},
    {C_NO_ANSWER, "no_answer", {"No answer", "Bez odpowiedzi"}, "lost"},
    {C_QUEUED, "queued", {"Queued", "W kolejce"}, "open"},
    {C_CANCELLED, "cancelled", {"Cancelled", "Anulowane"}, "lost"},
    {0},
};
static const kt_choice directions[] = {
    {INCOMING, "in", {"Incoming", "Przychodzące"}}, {OUTGOING, "out", {"Outgoing", "Wychodzące"}}, {0}};

const kt_shape call_shape = KT_SHAPE(call, "crm.call",
    KT_FIELD(call, phone, STRING, "Number", "Numer", .mask = "contact", .max = 40, .personal = true,
        .searchable = true, .priority = 1, .help = {"Empty: withheld.", "Puste: zastrzeżony."}),
    KT_FIELD(call, state, STATE, "State", "Stan", .choices = call_states, .indexed = true, .priority = 2),
    KT_FIELD(call, direction, STATE, "Direction", "Kierunek", .choices = directions, .initial = "in",
        .priority = 3),
    KT_FIELD(call, phone_normal, STRING, "Number, digits", "Numer, cyfry", .mask = "contact", .max = 40,
        .computed = true, .indexed = true, .personal = true),
    KT_FIELD(call, party, REF, "Customer", "Klient", .target = "base.party", .on_delete = KT_CLEAR,
        .priority = 4, .help = {"Empty: found by the number.", "Puste: znaleziony po numerze."}),
    KT_FIELD(call, deal, REF, "Deal", "Szansa", .target = "crm.deal", .on_delete = KT_CLEAR),
    KT_FIELD(call, lead, REF, "Lead", "Lead", .target = "crm.lead", .on_delete = KT_CLEAR),
    KT_FIELD(call, owner, REF, "Talks", "Rozmawia", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR, .priority = 6),
    KT_FIELD(
        call, started_at, TIME, "Started at", "Początek", .initial = "now", .indexed = true, .priority = 5),
    KT_FIELD(call, answered_at, TIME, "Answered at", "Odebrano"),
    KT_FIELD(call, ended_at, TIME, "Ended at", "Koniec"),
    KT_FIELD(
        call, duration_s, INT, "Duration, s", "Czas trwania, s", .help = {"Of the talk.", "Samej rozmowy."}),
    KT_FIELD(call, recording, STRING, "Recording", "Nagranie", .max = 500,
        .help = {"Its address at the exchange.", "Adres w centrali."}),
    KT_FIELD(call, text, TEXT, "Text", "Treść", .searchable = true, .personal = true),
    KT_FIELD(call, task, REF, "Call back", "Oddzwonić", .target = "base.task", .computed = true,
        .on_delete = KT_CLEAR));

/* The party that has the number, not set if none; *normal: the number as contacts are indexed. */
static kt_error *find_party(kt_tx *tx, const char *path, kt_str number, kt_str *normal, kt_id *party)
{
    const kt_parties *parties = kt_parties_find(tx);
    kt_party_match found[KT_PARTY_MATCHES_MAX];
    size_t count;
    if (!parties)
        return kt_fail(
            tx, KT_UNAVAILABLE, NULL, "numbers cannot be looked up now", "nie można teraz wyszukać numeru");
    *normal = parties->phone_normal(tx, number);
    if (!normal->ptr)
        return kt_fail(tx, KT_VALIDATION, path, "\"%s\" is no telephone number", "„%s” to nie numer telefonu",
            number.ptr ? number.ptr : "");
    KT_TRY(parties->duplicates(tx, &(kt_party_probe){.phone = number}, found, &count));
    *party = count ? found[0].id : (kt_id){0};
    return NULL;
}

kt_error *call_compute(kt_tx *tx, kt_record *self)
{
    struct call *c = KT_AS(call, self);
    kt_id party = {0};
    c->phone_normal = (kt_str){0};
    if (c->duration_s < 0)
        return kt_fail(
            tx, KT_VALIDATION, "duration_s", "a duration is not below zero", "czas trwania nie jest ujemny");
    if (!c->phone.ptr)
        return NULL;
    KT_TRY(find_party(tx, "phone", c->phone, &c->phone_normal, &party));
    if (!c->party.v)
        c->party = party;
    return NULL;
}

struct call_answer {
    kt_record rec;
    kt_id owner;
    kt_time at;
};
static const kt_shape call_answer_shape = KT_SHAPE(call_answer, NULL,
    KT_FIELD(call_answer, owner, REF, "Who", "Kto", .target = "access.user", .initial = "me"),
    KT_FIELD(call_answer, at, TIME, "At", "Kiedy", .initial = "now"));

static kt_error *call_answer(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    struct call *c = KT_AS(call, self);
    c->owner = KT_SEE(call_answer, params)->owner;
    c->answered_at = KT_SEE(call_answer, params)->at;
    return NULL;
}

struct call_finish {
    kt_record rec;
    enum call_state outcome;
    int64_t duration_s;
    kt_time at;
    kt_str recording, text;
};
static const kt_shape call_finish_shape = KT_SHAPE(call_finish, NULL,
    KT_FIELD(call_finish, outcome, STATE, "How it ended", "Jak się skończyło", .choices = call_states,
        .help = {"Empty: completed if it was answered, else no_answer.",
            "Puste: completed, jeśli odebrano, inaczej no_answer."}),
    KT_FIELD(call_finish, at, TIME, "At", "Kiedy", .initial = "now"),
    KT_FIELD(call_finish, duration_s, INT, "Duration, s", "Czas trwania, s",
        .help = {"Empty: since it was answered.", "Puste: od odebrania."}),
    KT_FIELD(call_finish, recording, STRING, "Recording", "Nagranie", .max = 500),
    KT_FIELD(call_finish, text, TEXT, "Text", "Treść"));

struct call_back {
    kt_record rec;
    kt_str title;
    kt_id owner, party, about;
    kt_time due;
};
static const kt_shape call_back_shape = KT_SHAPE(call_back, "base.task",
    KT_BIND(call_back, title, STRING, "title"), KT_BIND(call_back, owner, REF, "owner"),
    KT_BIND(call_back, party, REF, "party"), KT_BIND(call_back, about, REF, "about"),
    KT_BIND(call_back, due, TIME, "due"));

static kt_error *call_missed(kt_tx *tx, struct call *c)
{
    const kt_text title = {"Call back", "Oddzwoń"};
    struct call_back t = {KT_OF(call_back),
        .title = kt_format(tx, "%s: %s", kt_say(tx, title).ptr, c->phone.ptr), .owner = c->owner,
        .party = c->party, .about = kt_any(tx, "crm.call", c->rec.id), .due = kt_now(tx)};
    KT_TRY(kt_create(tx, &t.rec));
    c->task = t.rec.id;
    return NULL;
}

static kt_error *call_finish(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct call *c = KT_AS(call, self);
    const struct call_finish *p = KT_SEE(call_finish, params);
    if (p->outcome && (KT_IN(p->outcome) & CALL_OPEN))
        return kt_fail(tx, KT_VALIDATION, "outcome", "\"%s\" is no end of a call", "„%s” nie kończy rozmowy",
            call_states[p->outcome - 1].name);
    c->state = p->outcome ? p->outcome : c->answered_at.ms ? C_COMPLETED : C_NO_ANSWER;
    c->ended_at = p->at;
    c->duration_s = p->duration_s;
    if (!c->duration_s && c->answered_at.ms && p->at.ms > c->answered_at.ms)
        c->duration_s = (p->at.ms - c->answered_at.ms) / 1000;
    if (p->recording.ptr)
        c->recording = p->recording;
    if (p->text.ptr)
        c->text = p->text;
    bool missed = c->direction == INCOMING && c->state != C_COMPLETED && c->phone.ptr;
    return missed ? call_missed(tx, c) : NULL;
}

const kt_action call_actions[] = {
    {"ring", {"Ring", "Dzwoni"}, "update", KT_IN(C_INITIATED) | KT_IN(C_QUEUED), C_RINGING},
    {"queue", {"Queue", "Do kolejki"}, "update", KT_IN(C_INITIATED) | KT_IN(C_RINGING), C_QUEUED},
    {"answer", {"Answer", "Odbierz"}, "update", CALL_OPEN & ~KT_IN(C_IN_PROGRESS), C_IN_PROGRESS,
        &call_answer_shape, call_answer},
    {"finish", {"Finish", "Zakończ"}, "update", CALL_OPEN, .params = &call_finish_shape, .run = call_finish},
    {0},
};

/* ---- crm.call.register, crm.call.lookup ---- */

const kt_shape call_lookup_shape = KT_SHAPE(
    call_lookup, NULL, KT_FIELD(call_lookup, number, STRING, "Number", "Numer", .required = true, .max = 40));
static const kt_shape caller_deal_shape = KT_SHAPE(caller_deal, NULL,
    KT_FIELD(caller_deal, deal, REF, "Deal", "Szansa", .target = "crm.deal"),
    KT_FIELD(caller_deal, title, STRING, "Title", "Tytuł"),
    KT_FIELD(caller_deal, stage_name, STRING, "Stage", "Etap"),
    KT_FIELD(caller_deal, owner, REF, "Owner", "Opiekun", .target = "access.user"));
const kt_shape caller_shape = KT_SHAPE(caller, NULL,
    KT_FIELD(caller, call, REF, "Call", "Rozmowa", .target = "crm.call"),
    KT_FIELD(caller, made, BOOL, "Registered now", "Zarejestrowano teraz"),
    KT_FIELD(caller, party, REF, "Customer", "Klient", .target = "base.party"),
    KT_FIELD(caller, name, STRING, "Name", "Nazwa"),
    KT_FIELD(caller, owner, REF, "Owner", "Opiekun", .target = "access.user"),
    KT_FIELD(caller, lead, REF, "Lead", "Lead", .target = "crm.lead"),
    KT_FIELD(caller, deals, LINES, "Open deals", "Otwarte szanse", .lines = &caller_deal_shape));

struct who {
    kt_record rec;
    kt_str name;
    kt_id owner;
};
static const kt_shape who_shape = KT_SHAPE(
    who, "base.party", KT_BIND(who, name, STRING, "name"), KT_BIND(who, owner, REF, "owner"));

static kt_error *fill_caller(kt_tx *tx, kt_id party, struct caller *out)
{
    enum { DEALS_MAX = 20 };
    struct who w = {KT_OF(who)};
    struct deal d = {KT_OF(deal)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    if (!party.v)
        return NULL;
    KT_TRY(kt_read(tx, party, &w.rec));
    out->party = party;
    out->name = w.name;
    out->owner = w.owner;
    if (!kt_may(tx, "crm.deal:read"))
        return NULL;
    const kt_where where[] = {KT_WHERE(deal, semantic, KT_EQ, OPEN), {0}};
    kt_str theirs = kt_format(tx, "[[\"or\",[\"party\",\"=\",%llu],[\"contact\",\"=\",%llu]]]",
        (unsigned long long)party.v, (unsigned long long)party.v);
    KT_TRY(kt_open(tx, &(kt_query){&deal_shape, where, "-id", DEALS_MAX, theirs}, &cursor));
    while (!error && kt_next(cursor, &d.rec)) {
        const struct caller_deal line = {KT_OF(caller_deal), .deal = d.rec.id, .title = d.title,
            .stage_name = d.stage_name, .owner = d.owner};
        error = kt_line_add(tx, &out->deals, &line.rec);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

kt_error *call_lookup(kt_tx *tx, const kt_record *params, kt_record *result)
{
    kt_str normal;
    kt_id party;
    KT_TRY(kt_asks(tx, "base.party", "contacts.normal", KT_SEE(call_lookup, params)->number));
    KT_TRY(find_party(tx, "number", KT_SEE(call_lookup, params)->number, &normal, &party));
    return fill_caller(tx, party, KT_AS(caller, result));
}

const kt_shape call_register_shape = KT_SHAPE(call_register, NULL,
    KT_FIELD(call_register, external_id, STRING, "The exchange's key", "Klucz centrali", .required = true,
        .max = 200, .help = {"The same key twice is one call.", "Ten sam klucz dwa razy to jedna rozmowa."}),
    KT_FIELD(call_register, number, STRING, "Number", "Numer", .max = 40),
    KT_FIELD(
        call_register, direction, STATE, "Direction", "Kierunek", .choices = directions, .initial = "in"),
    KT_FIELD(call_register, at, TIME, "At", "Kiedy", .initial = "now"),
    KT_FIELD(call_register, owner, REF, "Who", "Kto", .target = "access.user",
        .help = {"Empty: the customer's owner, else the caller.",
            "Puste: opiekun klienta, inaczej wywołujący."}),
    KT_FIELD(call_register, lead, BOOL, "Lead of a stranger", "Lead dla nieznanego",
        .help = {"An unknown number becomes a lead.", "Nieznany numer staje się leadem."}));

struct keyed {
    kt_record rec;
    kt_str key;
};
static const kt_shape keyed_shape = KT_SHAPE(keyed, "crm.call", KT_BIND(keyed, key, STRING, "external_id"));

static kt_error *call_known(kt_tx *tx, kt_str key, struct call *c, bool *known)
{
    kt_cursor *cursor;
    struct keyed k = {KT_OF(keyed)};
    const kt_where where[] = {KT_WHERE(keyed, key, KT_EQ, key), {0}};
    KT_TRY(kt_open(tx, &(kt_query){&keyed_shape, where, NULL, 1}, &cursor));
    *known = kt_next(cursor, &k.rec);
    KT_TRY(kt_close(cursor));
    return *known ? kt_read(tx, k.rec.id, &c->rec) : NULL;
}

static kt_error *stranger(kt_tx *tx, struct call *c)
{
    const kt_text title = {"Call from", "Telefon od"};
    struct lead l = {KT_OF(lead), .title = kt_format(tx, "%s %s", kt_say(tx, title).ptr, c->phone.ptr),
        .phone = c->phone, .source = KT_STR("call"), .owner = c->owner};
    KT_TRY(kt_create(tx, &l.rec));
    c->lead = l.rec.id;
    return NULL;
}

kt_error *call_register(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct call_register *p = KT_SEE(call_register, params);
    struct caller *out = KT_AS(caller, result);
    struct call c = {KT_OF(call)};
    kt_str normal;
    bool known;
    KT_TRY(call_known(tx, p->external_id, &c, &known));
    if (!known) {
        c = (struct call){KT_OF(call), .phone = p->number, .direction = p->direction, .started_at = p->at,
            .state = C_RINGING};
        c.rec.external_id = p->external_id;
        if (p->number.ptr)
            KT_TRY(find_party(tx, "number", p->number, &normal, &c.party));
    }
    KT_TRY(fill_caller(tx, c.party, out));
    if (!known) {
        c.owner = p->owner.v ? p->owner : out->owner.v ? out->owner : kt_user(tx);
        if (p->lead && !c.party.v && p->number.ptr)
            KT_TRY(stranger(tx, &c));
        KT_TRY(kt_create(tx, &c.rec));
    }
    out->call = c.rec.id;
    out->lead = c.lead;
    out->made = !known;
    return NULL;
}

kt_error *timeline_calls(kt_tx *tx, timeline *t, kt_id party)
{
    enum { ON_CARD = 500 }; /* the newest */
    kt_cursor *cursor;
    kt_error *error = NULL;
    if (!kt_may(tx, "crm.call:read"))
        return NULL;
    const kt_where where[] = {KT_WHERE(call, party, KT_EQ, party), {0}};
    KT_TRY(kt_open(tx, &(kt_query){&call_shape, where, "-started_at", ON_CARD}, &cursor));
    struct call c = {KT_OF(call)};
    while (!error && kt_next(cursor, &c.rec)) {
        const struct timeline_entry entry = {.at = c.started_at,
            .kind = KT_STR("call"),
            .entity = KT_STR("crm.call"),
            .id = (int64_t)c.rec.id.v,
            .title = c.phone,
            .text = c.text,
            .by = c.owner,
            .state = kt_format(tx, "%s", call_states[c.state - 1].name)};
        error = timeline_add(t, &entry);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}
