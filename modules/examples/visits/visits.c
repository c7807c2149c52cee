/* visits.c -- visits to customers: an entity with states and actions, an event handler, a role. */
#include <kontor.h>

enum visit_state { PLANNED = 1, HELD, CANCELLED };
static const kt_choice visit_states[] = {{PLANNED, "planned", {"Planned", "Zaplanowana"}, "open"},
    {HELD, "held", {"Held", "Odbyta"}, "won"}, {CANCELLED, "cancelled", {"Cancelled", "Odwołana"}, "lost"},
    {0}};
struct visit {
    kt_record rec;
    kt_str subject;
    kt_id party;
    kt_date day;
    int64_t minutes;
    kt_dec rate, price;
    enum visit_state state;
};
static const kt_shape visit_shape = KT_SHAPE(visit, "visits.visit",
    KT_FIELD(visit, subject, STRING, "Subject", "Temat", .required = true, .max = 250, .searchable = true),
    KT_FIELD(visit, party, REF, "Customer", "Klient", .target = "base.party", .required = true),
    KT_FIELD(visit, day, DATE, "Day", "Dzień", .initial = "today", .indexed = true),
    KT_FIELD(visit, minutes, INT, "Minutes", "Minuty", .computed = true),
    KT_FIELD(visit, rate, MONEY, "Rate per hour", "Stawka za godzinę", .scale = 2),
    KT_FIELD(visit, price, MONEY, "Price", "Cena", .scale = 2, .computed = true),
    KT_FIELD(visit, state, STATE, "State", "Stan", .choices = visit_states, .initial = "planned"));

static kt_error *visit_compute(kt_tx *tx, kt_record *self)
{
    struct visit *v = KT_AS(visit, self);
    (void)tx;
    v->price = kt_dec_div(kt_dec_mul(v->rate, KT_DEC(v->minutes, 0), 2), KT_DEC(60, 0), 2);
    return NULL;
}

struct hold {
    kt_record rec;
    int64_t minutes;
};
static const kt_shape hold_shape = KT_SHAPE(
    hold, NULL, KT_FIELD(hold, minutes, INT, "Minutes", "Minuty", .required = true));

static kt_error *visit_hold(kt_tx *tx, kt_record *self, const kt_record *params)
{
    int64_t minutes = KT_SEE(hold, params)->minutes;
    if (minutes < 1 || minutes > 1440)
        return kt_fail(tx, KT_VALIDATION, "minutes", "%lld is not between 1 and 1440",
            "%lld nie jest między 1 a 1440", (long long)minutes);
    KT_AS(visit, self)->minutes = minutes;
    return NULL;
}

struct party { /* what this module looks at in another's entity */
    kt_record rec;
    kt_str name;
    bool is_customer;
};
static const kt_shape party_shape = KT_SHAPE(party, "base.party", KT_BIND(party, name, STRING, "name"),
    KT_BIND(party, is_customer, BOOL, "is_customer"));

static kt_error *welcome(kt_tx *tx, const kt_event *event)
{
    const struct party *p = KT_SEE(party, event->after);
    if (!p->is_customer)
        return NULL;
    struct visit v = {KT_OF(visit), .party = p->rec.id, .day = kt_date_add(kt_today(tx), 7)};
    v.subject = kt_format(tx, "Welcome %s", p->name.ptr);
    return kt_create(tx, &v.rec); /* an error here aborts the new party too: one transaction */
}

static const kt_action visit_actions[] = {
    {"hold", {"Hold", "Odbyta"}, "update", KT_IN(PLANNED), HELD, &hold_shape, visit_hold},
    {"cancel", {"Cancel", "Odwołaj"}, "update", KT_IN(PLANNED), CANCELLED},
    {0},
};
const kt_module kontor_module = KT_MODULE("visits", "1.0.0", "Visits", "Wizyty", .needs = "base",
    .entities = KT_LIST(
        kt_entity, {&visit_shape, {"Visit", "Wizyta"}, {"Visits", "Wizyty"}, .title = "subject",
                       .indexes = "party day", .actions = visit_actions, .compute = visit_compute}),
    .handlers = KT_LIST(kt_handler, {"base.party.created", &party_shape, welcome}),
    .roles = KT_LIST(
        kt_role, {"visitor", {"Visitor", "Odwiedzający"}, "visits.visit:*@own; base.party:read"}));
