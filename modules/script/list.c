/* Call lists: whom to call, how often, and what came of it. An operator asks for the next one; call-backs that
 * are due come first, then those who waited longest. */
#include <kontor/consents.h>
#include <kontor/value.h>

#include "script.h"

enum { L_OPEN = 1, L_PAUSED, L_CLOSED };
static const kt_choice list_states[] = {
    {L_OPEN, "open", {"Open", "Otwarta"}, "open"},
    {L_PAUSED, "paused", {"Paused", "Wstrzymana"}, "blocked"},
    {L_CLOSED, "closed", {"Closed", "Zamknięta"}, "won"},
    {0},
};
enum member_state { WAITING = 1, CALL_BACK, CALLING, M_DONE, EXHAUSTED, EXCLUDED };
static const kt_choice member_states[] = {
    {WAITING, "waiting", {"Waiting", "Czeka"}, "open"},
    {CALL_BACK, "callback", {"To be called back", "Do oddzwonienia"}, "open"},
    {CALLING, "calling", {"Being called", "W rozmowie"}, "open"},
    {M_DONE, "done", {"Done", "Załatwione"}, "won"},
    {EXHAUSTED, "exhausted", {"Attempts used up", "Wyczerpane próby"}, "lost"},
    {EXCLUDED, "excluded", {"Must not be called", "Nie wolno dzwonić"}, "lost"},
    {0},
};

struct list {
    kt_record rec;
    kt_str name, purpose;
    kt_id script;
    unsigned state;
    int64_t attempts_max, pause_minutes, from_minute, until_minute;
};
const kt_shape list_shape = KT_SHAPE(list, "script.list",
    KT_FIELD(
        list, name, STRING, "Name", "Nazwa", .required = true, .max = 120, .searchable = true, .priority = 1),
    KT_FIELD(
        list, script, REF, "Script", "Skrypt", .target = "script.script", .required = true, .priority = 2),
    KT_FIELD(list, state, STATE, "State", "Stan", .choices = list_states, .initial = "open", .indexed = true,
        .priority = 3),
    KT_FIELD(list, purpose, STRING, "Purpose", "Cel", .max = 40, .initial = "marketing",
        .help = {"As consents name it; service: no consent is needed.",
            "Jak w zgodach; service: zgoda niepotrzebna."}),
    KT_FIELD(list, attempts_max, INT, "Attempts at most", "Najwięcej prób", .initial = "3"),
    KT_FIELD(list, pause_minutes, INT, "Minutes between attempts", "Minuty między próbami", .initial = "120"),
    KT_FIELD(
        list, from_minute, INT, "Call from, minute of the day", "Dzwonić od, minuta dnia", .initial = "540"),
    KT_FIELD(list, until_minute, INT, "Call until, minute of the day", "Dzwonić do, minuta dnia",
        .initial = "1140"));
struct member {
    kt_record rec;
    kt_id list, party, session, operator_;
    enum member_state state;
    int64_t attempts;
    kt_time next_at, last_at;
    kt_str outcome;
};
const kt_shape member_shape = KT_SHAPE(member, "script.member",
    KT_FIELD(member, list, REF, "List", "Lista", .target = "script.list", .required = true,
        .on_delete = KT_CASCADE, .fixed = true, .priority = 1),
    KT_FIELD(member, party, REF, "Customer", "Klient", .target = "base.party", .required = true,
        .on_delete = KT_CASCADE, .fixed = true, .priority = 2),
    KT_FIELD(
        member, state, STATE, "State", "Stan", .choices = member_states, .initial = "waiting", .priority = 3),
    KT_FIELD(member, attempts, INT, "Attempts", "Próby", .computed = true, .priority = 4),
    KT_FIELD(member, next_at, TIME, "Not before", "Nie wcześniej", .initial = "now", .priority = 5),
    KT_FIELD(member, last_at, TIME, "Last called at", "Ostatnia próba", .computed = true),
    KT_FIELD(member, outcome, STRING, "Outcome", "Zakończenie", .max = 80, .computed = true, .priority = 6),
    {KT_AT(member, operator_, REF), .name = "operator", .label = {"Operator", "Operator"},
        .target = "access.user", .computed = true, .on_delete = KT_CLEAR},
    KT_FIELD(member, session, REF, "Last call", "Ostatnia rozmowa", .target = "script.session",
        .computed = true, .on_delete = KT_CLEAR));

kt_error *list_compute(kt_tx *tx, kt_record *self)
{
    const struct list *l = KT_AS(list, self);
    kt_error *all = NULL;
    if (l->attempts_max < 1 || l->attempts_max > 100)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "attempts_max", "attempts are 1 to 100", "próby to 1 do 100"));
    if (l->from_minute < 0 || l->until_minute > 1440 || l->from_minute >= l->until_minute)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "until_minute", "the hours of calling must end after they begin",
                      "godziny dzwonienia muszą kończyć się po rozpoczęciu"));
    return all;
}

const kt_action list_actions[] = {
    {"pause", {"Pause", "Wstrzymaj"}, "update", .from = KT_IN(L_OPEN), .to = L_PAUSED},
    {"open", {"Open", "Otwórz"}, "update", .from = KT_IN(L_PAUSED) | KT_IN(L_CLOSED), .to = L_OPEN},
    {"close", {"Close", "Zamknij"}, "update", .from = KT_IN(L_OPEN) | KT_IN(L_PAUSED), .to = L_CLOSED},
    {0},
};

/* ---- An attempt without a conversation ---- */

static kt_error *attempted(kt_tx *tx, struct member *m, kt_str outcome)
{
    struct list l = {KT_OF(list)};
    KT_TRY(kt_read(tx, m->list, &l.rec));
    m->attempts++;
    m->last_at = kt_now(tx);
    m->outcome = outcome;
    m->next_at.ms = kt_now(tx).ms + l.pause_minutes * 60000;
    m->state = m->attempts >= l.attempts_max ? EXHAUSTED : WAITING;
    return NULL;
}

struct missed {
    kt_record rec;
    kt_str outcome;
};
static const kt_shape missed_shape = KT_SHAPE(missed, NULL,
    KT_FIELD(missed, outcome, STRING, "Outcome", "Zakończenie", .required = true, .max = 80,
        .help = {"no_answer, busy, voicemail ..", "no_answer, busy, voicemail .."}));

static kt_error *run_missed(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return attempted(tx, KT_AS(member, self), KT_SEE(missed, params)->outcome);
}

const kt_action member_actions[] = {
    {"missed", {"Nobody reached", "Nie dodzwoniono się"}, "update", .from = KT_IN(CALLING),
        .params = &missed_shape, .run = run_missed},
    {"exclude", {"Do not call", "Nie dzwonić"}, "update",
        .from = KT_IN(WAITING) | KT_IN(CALL_BACK) | KT_IN(CALLING), .to = EXCLUDED},
    {0},
};

/* A session that ended with a call-back is to be continued; every other one is done. */
kt_error *member_finished(kt_tx *tx, const struct session *s)
{
    struct member m = {KT_OF(member)};
    if (!s->member.v)
        return NULL;
    KT_TRY(kt_read(tx, s->member, &m.rec));
    KT_TRY(attempted(tx, &m, s->outcome));
    if (s->rec.id.v)
        m.session = s->rec.id;
    if (s->callback_at.ms && m.state != EXHAUSTED) {
        m.state = CALL_BACK;
        m.next_at = s->callback_at;
    } else if (s->state == FINISHED)
        m.state = M_DONE;
    return kt_update(tx, &m.rec);
}

/* ---- script.list.fill ---- */

struct fill {
    kt_record rec;
    kt_id list;
    kt_str filter;
};
const kt_shape fill_shape = KT_SHAPE(fill, NULL,
    KT_FIELD(fill, list, REF, "List", "Lista", .target = "script.list", .required = true),
    KT_FIELD(fill, filter, JSON, "Customers", "Klienci", .required = true,
        .help = {"Conditions on base.party: [[\"is_customer\", \"=\", true]]",
            "Warunki na base.party: [[\"is_customer\", \"=\", true]]"}));
struct filled {
    kt_record rec;
    int64_t added, there, excluded;
};
const kt_shape filled_shape = KT_SHAPE(filled, NULL,
    KT_FIELD(filled, added, INT, "Added", "Dodani", .required = true),
    KT_FIELD(filled, there, INT, "There already", "Już na liście", .required = true),
    KT_FIELD(filled, excluded, INT, "Must not be called", "Nie wolno dzwonić", .required = true));
struct someone {
    kt_record rec;
};
static const kt_shape someone_shape = KT_SHAPE(someone, "base.party", {0});

static kt_error *may_call(kt_tx *tx, const struct list *l, kt_id party, bool *yes)
{
    const kt_consents *consents = kt_consents_find(tx);
    kt_contact_answer answer = {.allowed = true};
    if (consents)
        KT_TRY(consents->may_contact(tx, party, KT_BY_PHONE, l->purpose, &answer));
    *yes = answer.allowed;
    return NULL;
}

static kt_error *add_member(kt_tx *tx, const struct list *l, kt_id party, struct filled *out)
{
    const kt_where where[] = {
        KT_WHERE(member, list, KT_EQ, l->rec.id), KT_WHERE(member, party, KT_EQ, party), {0}};
    uint64_t known;
    bool may;
    KT_TRY(kt_count(tx, &(kt_query){.of = &member_shape, .where = where}, &known));
    out->there += known > 0;
    if (known)
        return NULL;
    KT_TRY(may_call(tx, l, party, &may));
    out->excluded += !may;
    out->added += may;
    struct member m = {
        KT_OF(member), .list = l->rec.id, .party = party, .state = WAITING, .next_at = kt_now(tx)};
    return may ? kt_create(tx, &m.rec) : NULL;
}

kt_error *list_fill(kt_tx *tx, const kt_record *params, kt_record *result)
{
    enum { AT_ONCE = 10000 };
    const struct fill *p = KT_SEE(fill, params);
    struct list l = {KT_OF(list)};
    uint64_t count = 0;
    kt_found customers;
    const kt_query query = {.of = &someone_shape, .sort = "id", .filter = p->filter};
    KT_TRY(kt_read(tx, p->list, &l.rec));
    KT_TRY(kt_count(tx, &query, &count));
    if (count > AT_ONCE)
        return kt_hint(kt_fail(tx, KT_LIMIT, "filter", "%llu customers at once; at most %d",
                           "%llu klientów naraz; najwyżej %d", (unsigned long long)count, AT_ONCE),
            "Narrow the conditions and fill in parts.", "Zawęź warunki i wypełniaj częściami.");
    KT_TRY(kt_find(tx, &query, 0, &customers));
    for (size_t i = 0; i < customers.count; i++)
        KT_TRY(add_member(tx, &l, customers.ids[i], KT_AS(filled, result)));
    return NULL;
}

/* ---- script.list.next ---- */

struct next {
    kt_record rec;
    kt_id list;
};
const kt_shape next_shape = KT_SHAPE(
    next, NULL, KT_FIELD(next, list, REF, "List", "Lista", .target = "script.list", .required = true));
struct next_found {
    kt_record rec;
    kt_id member, party, script;
    int64_t attempts, waiting;
};
const kt_shape next_found_shape = KT_SHAPE(next_found, NULL,
    KT_FIELD(next_found, member, REF, "Member", "Pozycja", .target = "script.member"),
    KT_FIELD(next_found, party, REF, "Customer", "Klient", .target = "base.party"),
    KT_FIELD(next_found, script, REF, "Script", "Skrypt", .target = "script.script"),
    KT_FIELD(next_found, attempts, INT, "Attempts before", "Wcześniejsze próby", .required = true),
    KT_FIELD(next_found, waiting, INT, "Waiting still", "Jeszcze czeka", .required = true));

static kt_error *first_due(
    kt_tx *tx, const struct list *l, enum member_state state, struct member *m, bool *found)
{
    const kt_where where[] = {KT_WHERE(member, list, KT_EQ, l->rec.id), KT_WHERE(member, state, KT_EQ, state),
        KT_WHERE(member, next_at, KT_LE, kt_now(tx)), {0}};
    kt_cursor *cursor;
    KT_TRY(kt_open(
        tx, &(kt_query){.of = &member_shape, .where = where, .sort = "next_at,id", .limit = 1}, &cursor));
    *found = kt_next(cursor, &m->rec);
    return kt_close(cursor);
}

static kt_error *open_now(kt_tx *tx, const struct list *l)
{
    int minute;
    (void)kt_local(tx, kt_now(tx), &minute);
    if (l->state != L_OPEN)
        return kt_fail(tx, KT_BAD_STATE, "list", "the list is not open", "lista nie jest otwarta");
    if (minute < l->from_minute || minute >= l->until_minute)
        return kt_fail(tx, KT_RULE, "list", "the list is called from %lld:%02lld to %lld:%02lld",
            "z listy dzwoni się od %lld:%02lld do %lld:%02lld", (long long)(l->from_minute / 60),
            (long long)(l->from_minute % 60), (long long)(l->until_minute / 60),
            (long long)(l->until_minute % 60));
    return NULL;
}

/* Whoever must not be called any more is passed over and marked. */
static kt_error *take_next(kt_tx *tx, const struct list *l, struct member *m, bool *found)
{
    enum { PASSED_MAX = 200 };
    for (int passed = 0; passed < PASSED_MAX; passed++) {
        bool may;
        KT_TRY(first_due(tx, l, CALL_BACK, m, found));
        if (!*found)
            KT_TRY(first_due(tx, l, WAITING, m, found));
        if (!*found)
            return NULL;
        KT_TRY(may_call(tx, l, m->party, &may));
        m->state = may ? CALLING : EXCLUDED;
        m->operator_ = kt_user(tx);
        KT_TRY(kt_update(tx, &m->rec));
        if (may)
            return NULL;
    }
    *found = false;
    return NULL;
}

kt_error *list_next(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct next_found *out = KT_AS(next_found, result);
    struct list l = {KT_OF(list)};
    struct member m = {KT_OF(member)};
    bool found;
    uint64_t waiting;
    KT_TRY(kt_read(tx, KT_SEE(next, params)->list, &l.rec));
    KT_TRY(open_now(tx, &l));
    KT_TRY(take_next(tx, &l, &m, &found));
    const kt_where where[] = {KT_WHERE(member, list, KT_EQ, l.rec.id), {0}};
    KT_TRY(kt_count(tx,
        &(kt_query){.of = &member_shape,
            .where = where,
            .filter = KT_STR("[[\"state\",\"in\",[\"waiting\",\"callback\"]]]")},
        &waiting));
    out->waiting = (int64_t)waiting;
    if (!found)
        return NULL;
    out->member = m.rec.id;
    out->party = m.party;
    out->script = l.script;
    out->attempts = m.attempts;
    return NULL;
}
