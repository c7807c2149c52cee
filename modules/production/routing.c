/* Work centres, and routings: operations in their order, each at a centre or at any of a group. */
#include "routing.h"

#include <stdlib.h>
#include <string.h>

#include "bom/bom.h"

#define RATE_HELP                                                                                            \
    .group = "cost", .help = {"Of an hour, in the company's currency.", "Za godzinę, w walucie firmy."}
const kt_shape centre_shape = KT_SHAPE(centre, "production.work_centre",
    KT_FIELD(centre, code, STRING, "Code", "Kod", .required = true, .unique = true, .max = 40,
        .searchable = true, .priority = 1),
    KT_FIELD(centre, name, STRING, "Name", "Nazwa", .required = true, .max = 200, .searchable = true,
        .priority = 2),
    KT_FIELD(centre, group, STRING, "Group", "Grupa", .max = 40, .indexed = true, .priority = 3,
        .help = {"Centres of one group can stand in for each other.",
            "Stanowiska jednej grupy są zamienne."}),
    KT_FIELD(centre, calendar, REF, "Calendar", "Kalendarz", .target = "base.calendar", .priority = 4,
        .help = {"Empty: the company's; if there is none, it works round the clock.",
            "Puste: kalendarz firmy; bez niego pracuje całą dobę."}),
    KT_FIELD(centre, slots, INT, "Works on at once", "Równolegle", .initial = "1", .priority = 5,
        .help = {"How many operations run side by side.", "Ile operacji biegnie równocześnie."}),
    KT_FIELD(centre, efficiency, PERCENT, "Efficiency, %", "Wydajność, %", .scale = 2, .initial = "100"),
    KT_FIELD(centre, machine_rate, PRICE, "Machine, an hour", "Maszyna, godzina", .scale = 4, RATE_HELP),
    KT_FIELD(centre, labour_rate, PRICE, "Labour, an hour", "Robocizna, godzina", .scale = 4, RATE_HELP),
    KT_FIELD(centre, overhead_rate, PRICE, "Overhead, an hour", "Narzut, godzina", .scale = 4, RATE_HELP),
    KT_FIELD(centre, active, BOOL, "Active", "Aktywne", .initial = "true"));

const kt_shape step_shape = KT_SHAPE(step, NULL,
    KT_FIELD(step, sequence, INT, "Number", "Numer", .required = true, .priority = 1),
    KT_FIELD(step, name, STRING, "Operation", "Operacja", .required = true, .max = 200, .priority = 2),
    KT_FIELD(step, centre, REF, "Work centre", "Stanowisko", .target = "production.work_centre",
        .in_use = true, .priority = 3),
    KT_FIELD(step, group, STRING, "Any of group", "Dowolne z grupy", .max = 40,
        .help = {"Instead of one centre.", "Zamiast jednego stanowiska."}),
    KT_FIELD(step, setup_minutes, QUANTITY, "Set-up, min", "Przezbrojenie, min", .scale = 4, .priority = 4),
    KT_FIELD(step, run_minutes, QUANTITY, "Run, min", "Praca, min", .scale = 4, .priority = 5),
    KT_FIELD(step, labour_minutes, QUANTITY, "Of people, min", "Ludzi, min", .scale = 4,
        .help = {"Empty: as long as the machine runs.", "Puste: tyle, ile pracuje maszyna."}),
    KT_FIELD(step, per, QUANTITY, "For so many", "Na ilość", .scale = 4, .initial = "1",
        .help = {"The run time is of this many.", "Czas pracy jest na tyle sztuk."}),
    KT_FIELD(step, after, STRING, "After", "Po", .max = 200,
        .help = {"Numbers of the operations it waits for, as 10 20; empty: the one before; 0: none.",
            "Numery operacji, na które czeka, np. 10 20; puste: poprzednia; 0: żadna."}),
    KT_FIELD(step, note, TEXT, "Instructions", "Instrukcja"));

const kt_shape routing_shape = KT_SHAPE(routing, "production.routing",
    KT_FIELD(routing, code, STRING, "Code", "Kod", .required = true, .unique = true, .max = 40,
        .searchable = true, .priority = 1),
    KT_FIELD(routing, name, STRING, "Name", "Nazwa", .required = true, .max = 200, .searchable = true,
        .priority = 2),
    KT_FIELD(routing, active, BOOL, "Active", "Aktywna", .initial = "true"),
    KT_FIELD(routing, steps, LINES, "Operations", "Operacje", .lines = &step_shape, .max = 200));

const struct step *step_at(const struct routing *routing, size_t i)
{
    return KT_SEE(step, kt_line(&routing->steps, i));
}

/* ---- What is entered ---- */

static kt_error *not_below_zero(kt_tx *tx, const char *path, kt_dec value)
{
    if (!value.scale1 || value.coef >= 0)
        return NULL;
    return kt_fail(tx, KT_VALIDATION, path, "is not below zero", "nie może być ujemne");
}

kt_error *centre_compute(kt_tx *tx, kt_record *self)
{
    const struct centre *c = KT_AS(centre, self);
    kt_error *all = NULL;
    if (c->slots < 1 || c->slots > 1000)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "slots", "%lld is not within 1 to 1000",
                          "%lld nie mieści się między 1 a 1000", (long long)c->slots));
    if (!c->efficiency.scale1 || c->efficiency.coef <= 0)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "efficiency", "must be above zero", "musi być większa od zera"));
    kt_also(&all, not_below_zero(tx, "machine_rate", c->machine_rate));
    kt_also(&all, not_below_zero(tx, "labour_rate", c->labour_rate));
    kt_also(&all, not_below_zero(tx, "overhead_rate", c->overhead_rate));
    return all ? all : bom_book_forget(tx);
}

/* The numbers that a text lists; false: it lists something else. */
enum { AFTER_MAX = 40 };
static bool read_after(kt_str text, long numbers[AFTER_MAX], size_t *count)
{
    const char *at = text.ptr ? text.ptr : "";
    for (*count = 0; *at && *count < AFTER_MAX; (*count)++) {
        char *end;
        numbers[*count] = strtol(at, &end, 10);
        if (end == at || numbers[*count] < 0)
            return false;
        at = end + strspn(end, " ,");
    }
    return !*at;
}

static size_t step_with(const struct routing *r, int64_t sequence)
{
    size_t i = 0;
    while (i < r->steps.count && step_at(r, i)->sequence != sequence)
        i++;
    return i;
}

bool step_waits_for(const struct routing *r, size_t step, size_t before)
{
    long numbers[AFTER_MAX];
    size_t count = 0;
    if (!step_at(r, step)->after.len)
        return before + 1 == step;
    (void)read_after(step_at(r, step)->after, numbers, &count);
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == step_at(r, before)->sequence)
            return true;
    return false;
}

static const char *path_of(kt_tx *tx, size_t i, const char *field)
{
    kt_str path = kt_format(tx, "steps[%zu].%s", i, field);
    return path.ptr ? path.ptr : "steps";
}

/* A step waits for steps that stand before it alone: so there is no circle. */
static kt_error *after_is_before(kt_tx *tx, const struct routing *r, size_t i)
{
    long numbers[AFTER_MAX];
    size_t count = 0;
    const char *path = path_of(tx, i, "after");
    if (!read_after(step_at(r, i)->after, numbers, &count))
        return kt_hint(kt_fail(tx, KT_VALIDATION, path, "\"%s\" lists no operations",
                           "„%s” nie wymienia operacji", step_at(r, i)->after.ptr),
            "Write numbers with blanks between them, as 10 20.",
            "Wpisz numery oddzielone spacją, np. 10 20.");
    for (size_t n = 0; n < count; n++)
        if (numbers[n] && step_with(r, numbers[n]) >= i)
            return kt_fail(tx, KT_VALIDATION, path, "operation %ld does not stand before this one",
                "operacja %ld nie stoi przed tą", numbers[n]);
    return NULL;
}

static kt_error *step_compute(kt_tx *tx, const struct routing *r, size_t i)
{
    const struct step *s = step_at(r, i);
    kt_error *all = NULL;
    if (step_with(r, s->sequence) != i || s->sequence < 1)
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, path_of(tx, i, "sequence"),
                "the number must be above zero and used once", "numer musi być większy od zera i użyty raz"));
    if (!s->centre.v == !s->group.len)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, path_of(tx, i, "centre"),
                      "either a work centre or a group is needed", "potrzebne jest stanowisko albo grupa"));
    kt_also(&all, not_below_zero(tx, path_of(tx, i, "setup_minutes"), s->setup_minutes));
    kt_also(&all, not_below_zero(tx, path_of(tx, i, "run_minutes"), s->run_minutes));
    kt_also(&all, not_below_zero(tx, path_of(tx, i, "labour_minutes"), s->labour_minutes));
    if (!s->per.scale1 || s->per.coef <= 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, path_of(tx, i, "per"), "must be above zero",
                          "musi być większe od zera"));
    kt_also(&all, after_is_before(tx, r, i));
    return all;
}

kt_error *routing_compute(kt_tx *tx, kt_record *self)
{
    const struct routing *r = KT_AS(routing, self);
    kt_error *all = NULL;
    for (size_t i = 0; i < r->steps.count; i++)
        kt_also(&all, step_compute(tx, r, i));
    return all ? all : bom_book_forget(tx);
}

/* ---- Time and what it costs ---- */

static kt_dec or_zero(kt_dec value)
{
    return value.scale1 ? value : KT_DEC(0, 0);
}

void step_minutes(const struct step *s, kt_dec quantity, kt_dec *machine, kt_dec *labour)
{
    kt_dec setup = or_zero(s->setup_minutes), run = or_zero(s->run_minutes);
    kt_dec people = s->labour_minutes.scale1 ? s->labour_minutes : run;
    *machine = kt_dec_round(kt_dec_add(setup, kt_dec_share(run, quantity, s->per, 4)), 4);
    *labour = kt_dec_round(kt_dec_add(setup, kt_dec_share(people, quantity, s->per, 4)), 4);
}

static kt_dec for_minutes(kt_dec rate, kt_dec minutes)
{
    return kt_dec_div(kt_dec_mul(or_zero(rate), minutes, 6), KT_DEC(60, 0), 6);
}

struct time_costs centre_costs(const struct centre *c, kt_dec machine, kt_dec labour)
{
    return (struct time_costs){.machine = for_minutes(c->machine_rate, machine),
        .labour = for_minutes(c->labour_rate, labour),
        .overhead = for_minutes(c->overhead_rate, machine)};
}

/* *found: the first of a group by code that is in use */
static kt_error *first_of_group(kt_tx *tx, const kt_str *group, struct centre *centre, bool *found)
{
    const kt_where where[] = {
        {offsetof(struct centre, group), KT_EQ, group}, KT_WHERE(centre, active, KT_EQ, true), {0}};
    kt_cursor *cursor;
    *centre = (struct centre){KT_OF(centre)};
    KT_TRY(
        kt_open(tx, &(kt_query){.of = &centre_shape, .where = where, .sort = "code", .limit = 1}, &cursor));
    *found = kt_next(cursor, &centre->rec);
    return kt_close(cursor);
}

kt_error *step_centre(kt_tx *tx, const struct step *step, struct centre *centre)
{
    bool found;
    *centre = (struct centre){KT_OF(centre)};
    if (step->centre.v)
        return kt_read(tx, step->centre, &centre->rec);
    KT_TRY(first_of_group(tx, &step->group, centre, &found));
    return found ? NULL
                 : kt_fail(tx, KT_RULE, "steps", "no work centre is of group \"%s\"",
                       "żadne stanowisko nie należy do grupy „%s”", step->group.ptr);
}

kt_error *step_possible(kt_tx *tx, const struct step *step, bool *possible)
{
    struct centre centre = {KT_OF(centre)};
    if (!step->centre.v)
        return first_of_group(tx, &step->group, &centre, possible);
    KT_TRY(kt_read(tx, step->centre, &centre.rec));
    *possible = centre.active;
    return NULL;
}

/* *step: the first by which nobody works now; the count: there is none */
static kt_error *first_impossible(kt_tx *tx, const struct routing *routing, size_t *step)
{
    bool possible = true;
    for (*step = 0; *step < routing->steps.count; (*step)++) {
        KT_TRY(step_possible(tx, step_at(routing, *step), &possible));
        if (!possible)
            break;
    }
    return NULL;
}

kt_error *routing_workable(kt_tx *tx, const struct routing *routing, bool *workable)
{
    size_t step;
    KT_TRY(first_impossible(tx, routing, &step));
    *workable = step == routing->steps.count;
    return NULL;
}

#define HINDERED    "the work centre of operation %lld, %s, is not active"
#define HINDERED_PL "stanowisko operacji %lld, %s, nie jest w użyciu"

kt_error *routing_hindrance(kt_tx *tx, const struct routing *routing, kt_text *why)
{
    size_t at;
    *why = (kt_text){0};
    KT_TRY(first_impossible(tx, routing, &at));
    if (at == routing->steps.count)
        return NULL;
    const struct step *step = step_at(routing, at);
    const long long number = (long long)step->sequence;
    *why = (kt_text){kt_format(tx, HINDERED, number, step->name.ptr).ptr,
        kt_format(tx, HINDERED_PL, number, step->name.ptr).ptr};
    return NULL;
}

kt_error *routing_check(kt_tx *tx, const struct routing *routing)
{
    size_t step;
    KT_TRY(first_impossible(tx, routing, &step));
    if (step == routing->steps.count)
        return NULL;
    return kt_hint(kt_fail(tx, KT_RULE, "routing", HINDERED, HINDERED_PL,
                       (long long)step_at(routing, step)->sequence, step_at(routing, step)->name.ptr),
        "Name another routing or change this one, or set the work centre active again.",
        "Wskaż inną marszrutę albo zmień tę, albo ustaw stanowisko znowu jako aktywne.");
}
