/* Who gets what: rules that give leads, deals and requests to people -- in turn, by territory, by load. A rule
 * remembers its turn in its own record, so that it survives restarts and is on the journal. */
#include "crm.h"
#include "customer/customer.h"
#include "work/work.h"

enum entity { LEADS = 1, DEALS, REQUESTS };
static const kt_choice entities[] = {
    {LEADS, "crm.lead", {"Leads", "Leady"}},
    {DEALS, "crm.deal", {"Deals", "Szanse sprzedaży"}},
    {REQUESTS, "crm.request", {"Requests", "Zgłoszenia"}},
    {0},
};
enum way { ROUND_ROBIN = 1, TERRITORY, LOAD };
static const kt_choice ways[] = {
    {ROUND_ROBIN, "round_robin", {"In turn", "Po kolei"}},
    {TERRITORY, "territory", {"By territory", "Według terytorium"}},
    {LOAD, "load", {"By load", "Według obciążenia"}},
    {0},
};

struct candidate { /* a line of a rule */
    kt_record rec;
    kt_id user, territory;
    int64_t weight, most;
    bool away;
};
static const kt_shape candidate_shape = KT_SHAPE(candidate, NULL,
    KT_FIELD(candidate, user, REF, "User", "Użytkownik", .target = "access.user", .required = true,
        .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(candidate, weight, INT, "Share", "Udział", .initial = "1", .priority = 2,
        .help = {"2 gets twice as much as 1.", "2 dostaje dwa razy tyle co 1."}),
    KT_FIELD(candidate, territory, REF, "Territory", "Terytorium", .target = "base.territory",
        .on_delete = KT_CLEAR, .priority = 3,
        .help = {"Empty: where no other fits.", "Puste: gdy żadne inne nie pasuje."}),
    KT_FIELD(candidate, most, INT, "At most open", "Najwyżej otwartych", .priority = 4,
        .help = {"Empty: any number.", "Puste: bez ograniczeń."}),
    KT_FIELD(candidate, away, BOOL, "Away", "Nieobecny", .priority = 5));

struct assignment {
    kt_record rec;
    kt_str name, source;
    enum entity entity;
    enum way way;
    kt_id pipeline;
    int64_t turn;
    bool on_create, active;
    kt_lines users;
};
const kt_shape assignment_shape = KT_SHAPE(assignment, "crm.assignment",
    KT_FIELD(assignment, name, STRING, "Name", "Nazwa", .required = true, .unique = true, .max = 100,
        .priority = 1),
    KT_FIELD(assignment, entity, STATE, "Gives away", "Przydziela", .choices = entities,
        .initial = "crm.lead", .indexed = true, .priority = 2),
    KT_FIELD(assignment, way, STATE, "How", "Jak", .choices = ways, .initial = "round_robin", .priority = 3),
    KT_FIELD(assignment, users, LINES, "To whom", "Komu", .lines = &candidate_shape, .required = true,
        .max = 200, .priority = 4),
    KT_FIELD(assignment, on_create, BOOL, "As soon as they are created", "Od razu po utworzeniu",
        .priority = 5,
        .help = {"What somebody creates for another person stays with that person.",
            "To, co ktoś tworzy dla innej osoby, zostaje u tej osoby."}),
    KT_FIELD(assignment, pipeline, REF, "Of this pipeline only", "Tylko z tego lejka",
        .target = "crm.pipeline", .on_delete = KT_CLEAR, .show_if = "[[\"entity\",\"=\",\"crm.deal\"]]"),
    KT_FIELD(assignment, source, STRING, "Of this source only", "Tylko z tego źródła", .max = 80),
    KT_FIELD(assignment, active, BOOL, "Active", "Aktywna", .initial = "true"),
    KT_FIELD(assignment, turn, INT, "Given so far", "Dotąd przydzielono", .computed = true));

kt_error *assignment_compute(kt_tx *tx, kt_record *self)
{
    const struct assignment *a = KT_AS(assignment, self);
    kt_error *all = NULL;
    for (size_t i = 0; i < a->users.count; i++) {
        const struct candidate *c = KT_AS(candidate, kt_line(&a->users, i));
        kt_str path = kt_format(tx, "users[%zu].weight", i);
        if (c->weight < 1 || c->weight > 100)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, path.ptr, "%lld is not within 1 to 100",
                              "%lld nie mieści się między 1 a 100", (long long)c->weight));
    }
    return all;
}

/* ---- What is given away ---- */

struct given {
    enum entity entity;
    kt_id id, owner, created_by, territory, pipeline;
    kt_str source;
};

struct assign_lead {
    kt_record rec;
    kt_id owner, territory;
    kt_str source;
};
const kt_shape assign_lead_shape = KT_SHAPE(assign_lead, "crm.lead",
    KT_BIND(assign_lead, owner, REF, "owner"), KT_BIND(assign_lead, territory, REF, "party.territory"),
    KT_BIND(assign_lead, source, STRING, "source"));
struct assign_deal {
    kt_record rec;
    kt_id owner, territory, pipeline;
    kt_str source;
};
const kt_shape assign_deal_shape = KT_SHAPE(assign_deal, "crm.deal",
    KT_BIND(assign_deal, owner, REF, "owner"), KT_BIND(assign_deal, territory, REF, "party.territory"),
    KT_BIND(assign_deal, pipeline, REF, "pipeline"), KT_BIND(assign_deal, source, STRING, "source"));
struct assign_request {
    kt_record rec;
    kt_id owner, territory;
};
const kt_shape assign_request_shape = KT_SHAPE(assign_request, "crm.request",
    KT_BIND(assign_request, owner, REF, "owner"), KT_BIND(assign_request, territory, REF, "party.territory"));

static struct given of_lead(const struct assign_lead *l)
{
    return (struct given){LEADS, l->rec.id, l->owner, l->rec.created_by, l->territory, {0}, l->source};
}

static struct given of_deal(const struct assign_deal *d)
{
    return (struct given){
        DEALS, d->rec.id, d->owner, d->rec.created_by, d->territory, d->pipeline, d->source};
}

static struct given of_request(const struct assign_request *r)
{
    return (struct given){REQUESTS, r->rec.id, r->owner, r->rec.created_by, r->territory, {0}, {0}};
}

static kt_error *give(kt_tx *tx, const struct given *g, kt_id user)
{
    struct assign_lead l = {KT_OF(assign_lead)};
    struct assign_deal d = {KT_OF(assign_deal)};
    struct assign_request r = {KT_OF(assign_request)};
    switch (g->entity) {
    case LEADS:
        KT_TRY(kt_read(tx, g->id, &l.rec));
        l.owner = user;
        return kt_update(tx, &l.rec);
    case DEALS:
        KT_TRY(kt_read(tx, g->id, &d.rec));
        d.owner = user;
        return kt_update(tx, &d.rec);
    case REQUESTS:
        KT_TRY(kt_read(tx, g->id, &r.rec));
        r.owner = user;
        return kt_update(tx, &r.rec);
    }
    return NULL;
}

/* ---- Choosing ---- */

static kt_error *open_count(kt_tx *tx, enum entity entity, kt_id user, int64_t *count)
{
    uint64_t found = 0;
    const kt_where leads[] = {KT_WHERE(assign_lead, owner, KT_EQ, user), {0}};
    const kt_where deals[] = {KT_WHERE(assign_deal, owner, KT_EQ, user), {0}};
    const kt_where requests[] = {KT_WHERE(assign_request, owner, KT_EQ, user), {0}};
    static const char *const open[] = {[LEADS] = "[[\"state\",\"in\",[\"new\",\"contacted\",\"qualified\"]]]",
        [DEALS] = "[[\"semantic\",\"=\",\"open\"]]",
        [REQUESTS] = "[[\"state\",\"in\",[\"new\",\"in_progress\",\"waiting\"]]]"};
    const kt_query query = {entity == LEADS   ? &assign_lead_shape
                            : entity == DEALS ? &assign_deal_shape
                                              : &assign_request_shape,
        entity == LEADS   ? leads
        : entity == DEALS ? deals
                          : requests,
        NULL, 0, kt_format(tx, "%s", open[entity])};
    KT_TRY(kt_count(tx, &query, &found));
    *count = (int64_t)found;
    return NULL;
}

static kt_error *has_room(kt_tx *tx, const struct assignment *a, const struct candidate *c, bool *room)
{
    int64_t count = 0;
    *room = !c->away;
    if (!*room || !c->most)
        return NULL;
    KT_TRY(open_count(tx, a->entity, c->user, &count));
    *room = count < c->most;
    return NULL;
}

/* Whose turn is number `turn`, where each has as many turns in a row of all as is their share. */
static const struct candidate *in_turn(const struct assignment *a, int64_t turn)
{
    int64_t all = 0;
    for (size_t i = 0; i < a->users.count; i++)
        all += KT_AS(candidate, kt_line(&a->users, i))->weight;
    turn %= all;
    for (size_t i = 0; i < a->users.count; i++) {
        const struct candidate *c = KT_AS(candidate, kt_line(&a->users, i));
        if (turn < c->weight)
            return c;
        turn -= c->weight;
    }
    return NULL;
}

static kt_error *choose_in_turn(kt_tx *tx, struct assignment *a, const struct candidate **chosen)
{
    int64_t all = 0;
    *chosen = NULL;
    for (size_t i = 0; i < a->users.count; i++)
        all += KT_AS(candidate, kt_line(&a->users, i))->weight;
    for (int64_t tried = 0; tried < all && !*chosen; tried++) {
        const struct candidate *c = in_turn(a, a->turn++);
        bool room;
        KT_TRY(has_room(tx, a, c, &room));
        *chosen = room ? c : NULL;
    }
    return NULL;
}

struct area {
    kt_record rec;
    kt_id parent;
};
static const kt_shape area_shape = KT_SHAPE(area, "base.territory", KT_BIND(area, parent, REF, "parent"));

/* The territory's own people, else those of what it is a part of, else whoever has none. */
static kt_error *choose_by_territory(
    kt_tx *tx, struct assignment *a, kt_id territory, const struct candidate **chosen)
{
    enum { DEPTH_MAX = 50 };
    *chosen = NULL;
    for (int depth = 0; depth < DEPTH_MAX && !*chosen; depth++) {
        size_t fitting = 0;
        for (size_t i = 0; i < a->users.count; i++)
            fitting += KT_AS(candidate, kt_line(&a->users, i))->territory.v == territory.v;
        for (size_t n = 0; n < fitting && !*chosen; n++) {
            size_t nth = (size_t)(a->turn++) % fitting, at = 0;
            for (size_t i = 0; i < a->users.count; i++) {
                const struct candidate *c = KT_AS(candidate, kt_line(&a->users, i));
                bool room = false;
                if (c->territory.v != territory.v || at++ != nth)
                    continue;
                KT_TRY(has_room(tx, a, c, &room));
                *chosen = room ? c : NULL;
            }
        }
        if (*chosen || !territory.v)
            return NULL;
        struct area t = {KT_OF(area)};
        KT_TRY(kt_read(tx, territory, &t.rec));
        territory = t.parent;
    }
    return NULL;
}

/* The one with the least for their share; the first of several. */
static kt_error *choose_by_load(kt_tx *tx, struct assignment *a, const struct candidate **chosen)
{
    int64_t least = 0;
    *chosen = NULL;
    for (size_t i = 0; i < a->users.count; i++) {
        const struct candidate *c = KT_AS(candidate, kt_line(&a->users, i));
        int64_t count;
        if (c->away)
            continue;
        KT_TRY(open_count(tx, a->entity, c->user, &count));
        if (c->most && count >= c->most)
            continue;
        if (!*chosen || count * (*chosen)->weight < least * c->weight) {
            *chosen = c;
            least = count;
        }
    }
    a->turn++;
    return NULL;
}

static kt_error *choose(
    kt_tx *tx, struct assignment *a, const struct given *g, const struct candidate **chosen)
{
    switch (a->way) {
    case ROUND_ROBIN:
        return choose_in_turn(tx, a, chosen);
    case TERRITORY:
        return choose_by_territory(tx, a, g->territory, chosen);
    case LOAD:
        return choose_by_load(tx, a, chosen);
    }
    return NULL;
}

static bool is_same(kt_str a, kt_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (a.ptr[i] != b.ptr[i])
            return false;
    return true;
}

static bool fits(const struct assignment *a, const struct given *g)
{
    return a->active && a->entity == g->entity && (!a->pipeline.v || a->pipeline.v == g->pipeline.v) &&
           (!a->source.ptr || is_same(a->source, g->source));
}

/* The first rule that fits; rule.rec.id not set: there is none. */
static kt_error *find_rule(kt_tx *tx, const struct given *g, bool new, struct assignment *rule)
{
    kt_cursor *cursor;
    const kt_where where[] = {KT_WHERE(assignment, entity, KT_EQ, g->entity), {0}};
    KT_TRY(kt_open(tx, &(kt_query){&assignment_shape, where, "id", 0}, &cursor));
    while (kt_next(cursor, &rule->rec)) {
        if (fits(rule, g) && (!new || rule->on_create))
            return kt_close(cursor);
    }
    rule->rec.id = (kt_id){0};
    return kt_close(cursor);
}

/* Rules are the company's: whoever creates a lead need not be allowed to read them, or to give work to others.
 *   user  not set: nobody has room */
static kt_error *run_rule(kt_tx *tx, struct assignment *rule, const struct given *g, kt_id *user)
{
    const struct candidate *chosen = NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *error = choose(tx, rule, g, &chosen);
    *user = chosen ? chosen->user : (kt_id){0};
    if (!error)
        error = kt_update(tx, &rule->rec); /* its turn */
    if (!error && user->v && user->v != g->owner.v)
        error = give(tx, g, *user);
    kt_callers_authority(tx, before);
    return error;
}

/* ---- As soon as they are created ---- */

static kt_error *assign_new(kt_tx *tx, const struct given *g)
{
    struct assignment rule = {KT_OF(assignment)};
    kt_id user;
    if (g->owner.v && g->owner.v != g->created_by.v)
        return NULL; /* somebody was chosen */
    kt_authority before = kt_own_authority(tx);
    kt_error *error = find_rule(tx, g, true, &rule);
    kt_callers_authority(tx, before);
    KT_TRY(error);
    return rule.rec.id.v ? run_rule(tx, &rule, g, &user) : NULL;
}

kt_error *assign_new_lead(kt_tx *tx, const kt_event *event)
{
    const struct given g = of_lead(KT_SEE(assign_lead, event->after));
    return assign_new(tx, &g);
}

kt_error *assign_new_deal(kt_tx *tx, const kt_event *event)
{
    const struct given g = of_deal(KT_SEE(assign_deal, event->after));
    return assign_new(tx, &g);
}

kt_error *assign_new_request(kt_tx *tx, const kt_event *event)
{
    const struct given g = of_request(KT_SEE(assign_request, event->after));
    return assign_new(tx, &g);
}

/* ---- crm.assign ---- */

struct assign {
    kt_record rec;
    enum entity entity;
    int64_t id;
    kt_id rule;
};
const kt_shape assign_shape = KT_SHAPE(assign, NULL,
    KT_FIELD(assign, entity, STATE, "Entity", "Encja", .choices = entities, .required = true),
    KT_FIELD(assign, id, INT, "Record", "Rekord", .required = true),
    KT_FIELD(assign, rule, REF, "Rule", "Reguła", .target = "crm.assignment",
        .help = {"Empty: the first that fits.", "Puste: pierwsza pasująca."}));
struct assigned {
    kt_record rec;
    kt_id owner, rule;
};
const kt_shape assigned_shape = KT_SHAPE(assigned, NULL,
    KT_FIELD(assigned, owner, REF, "Owner", "Opiekun", .target = "access.user"),
    KT_FIELD(assigned, rule, REF, "Rule", "Reguła", .target = "crm.assignment"));

/* Reading it, and writing it unchanged, asks for the caller's right to do so. */
static kt_error *take(kt_tx *tx, const struct assign *p, struct given *g)
{
    const kt_id id = {(uint64_t)p->id};
    struct assign_lead l = {KT_OF(assign_lead)};
    struct assign_deal d = {KT_OF(assign_deal)};
    struct assign_request r = {KT_OF(assign_request)};
    switch (p->entity) {
    case LEADS:
        KT_TRY(kt_read(tx, id, &l.rec));
        *g = of_lead(&l);
        return kt_update(tx, &l.rec);
    case DEALS:
        KT_TRY(kt_read(tx, id, &d.rec));
        *g = of_deal(&d);
        return kt_update(tx, &d.rec);
    case REQUESTS:
        KT_TRY(kt_read(tx, id, &r.rec));
        *g = of_request(&r);
        return kt_update(tx, &r.rec);
    }
    return NULL;
}

kt_error *assign(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct assign *p = KT_SEE(assign, params);
    struct assigned *out = KT_AS(assigned, result);
    struct assignment rule = {KT_OF(assignment)};
    struct given g = {.id = {0}};
    KT_TRY(take(tx, p, &g));
    if (p->rule.v)
        KT_TRY(kt_read(tx, p->rule, &rule.rec));
    else
        KT_TRY(find_rule(tx, &g, false, &rule));
    if (!rule.rec.id.v || rule.entity != p->entity)
        return kt_hint(kt_fail(tx, KT_RULE, "rule", "no rule gives away a %s",
                           "żadna reguła nie przydziela: %s", entities[p->entity - 1].name),
            "Make one in crm.assignment.", "Utwórz ją w crm.assignment.");
    KT_TRY(run_rule(tx, &rule, &g, &out->owner));
    if (!out->owner.v)
        return kt_fail(tx, KT_RULE, "rule", "nobody of rule \"%s\" can take more",
            "nikt z reguły „%s” nie może przyjąć więcej", rule.name.ptr);
    out->rule = rule.rec.id;
    return NULL;
}
