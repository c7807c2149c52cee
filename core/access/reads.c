/* reads.c -- the methods about a day's reads: how much a user may still read, who reads more than usual. */
#include <stdlib.h>

#include "access/methods.h"
#include "access/usual.h"

enum { USERS_MAX = 10000 };

int64_t actor_read_limit(const access_actor *actor, kt_date day)
{
    if (!actor->read_limit)
        return 0;
    return actor->read_limit + (actor->reads_extra_on.day == day.day ? actor->reads_extra : 0);
}

int64_t reveal_limit_of(const model_record *user)
{
    const model_value *limit = record_value(user, "daily_reveal_limit");
    return limit && limit->set ? limit->as.i : REVEALS_DEFAULT;
}

static kt_error *reads_answer(kt_tx *tx, uint64_t user, json *j)
{
    const access_actor *caller = actor_of(tx);
    access_actor *other = NULL;
    int64_t seen = 0;
    if (user != caller->user)
        KT_TRY(actor_compile(caller->control, tx, user, 0, 0, &other));
    const access_actor *of = user == caller->user ? caller : other;
    kt_date today = zone_date(of ? of->zone : NULL, tx->now);
    int64_t limit = of ? actor_read_limit(of, today) : 0;
    kt_error *error = limit ? read_budget_seen(caller->control->budget, tx, BUDGET_READS, today, user, &seen)
                            : NULL;
    access_actor_release(other);
    if (error)
        return error;
    json_object(j);
    json_key(j, "day");
    json_date(j, today);
    json_key(j, "limit");
    if (limit)
        json_int(j, limit);
    else
        json_null(j);
    json_key(j, "seen");
    if (limit)
        json_int(j, seen);
    else
        json_null(j); /* without a limit nothing is counted */
    json_object_end(j);
    return NULL;
}

kt_error *reads_show(method_call *call)
{
    uint64_t user;
    KT_TRY(user_param(call->tx, variant_get(call->params, "user"), &user));
    return reads_answer(call->tx, user, call->answer);
}

/* ---- Lists of users ---- */

/* Every user that the caller may see, until USERS_MAX of them are taken. */
static kt_error *each_user(
    kt_tx *tx, kt_error *(*take)(void *context, const model_record *user), void *context, const size_t *taken)
{
    query_rows *rows = NULL;
    model_record user = {0};
    KT_TRY(query_open(tx,
        &(query_request){.entity = model_entity_find(tx->catalogue, KT_STR("access.user")), .right = "read"},
        &rows));
    kt_error *error = NULL;
    while (!error && *taken < USERS_MAX && query_next(rows, &user))
        error = take(context, &user);
    kt_also(&error, query_end(rows));
    return error;
}

static void list_begin(json *j)
{
    json_object(j);
    json_key(j, "rows");
    json_array(j);
}

static void list_end(json *j)
{
    json_array_end(j);
    json_object_end(j);
}

/* ---- access.reads.near ---- */

typedef struct {
    uint64_t user;
    kt_str login;
    int64_t limit, seen, reveals, reveal_limit;
} near_row;

static int64_t share_of(const near_row *r)
{
    int64_t reads = r->limit ? 100 * r->seen / r->limit : 0;
    int64_t reveals = r->reveal_limit ? 100 * r->reveals / r->reveal_limit : r->reveals ? 100 : 0;
    return reads > reveals ? reads : reveals;
}

static int nearer(const void *a, const void *b)
{
    int64_t x = share_of(a), y = share_of(b);
    return (x < y) - (x > y);
}

/* The day on which a user's reads count: by the clock of the user's first company; of none, by the caller's. */
static kt_error *day_of(kt_tx *tx, const model_record *user, kt_date *day)
{
    const model_value *companies = record_value(user, "companies");
    zone *of = NULL;
    *day = zone_date(tx->zone, tx->now);
    if (!companies || !companies->set || !companies->as.refs.count)
        return NULL;
    KT_TRY(model_company_zone(tx, companies->as.refs.ids[0], &of));
    *day = zone_date(of, tx->now);
    zone_close(of);
    return NULL;
}

static kt_error *near_read(kt_tx *tx, const access_control *control, const model_record *user, near_row *row)
{
    kt_date today;
    KT_TRY(day_of(tx, user, &today));
    int64_t extra = record_int(user, "reads_extra_on") == today.day ? record_int(user, "reads_extra") : 0;
    *row = (near_row){.user = (uint64_t)user->values[MODEL_ID].as.i,
        .login = arena_str(tx->arena, record_str(user, "name")),
        .limit = record_int(user, "daily_read_limit"),
        .reveal_limit = reveal_limit_of(user)};
    row->limit += row->limit ? extra : 0;
    KT_TRY(read_budget_seen(control->budget, tx, BUDGET_REVEALS, today, row->user, &row->reveals));
    return row->limit ? read_budget_seen(control->budget, tx, BUDGET_READS, today, row->user, &row->seen)
                      : NULL;
}

static void near_answer(const near_row *r, json *j)
{
    json_object(j);
    json_member_int(j, "user", (int64_t)r->user);
    json_member_str(j, "login", r->login);
    json_key(j, "limit");
    if (r->limit)
        json_int(j, r->limit);
    else
        json_null(j);
    json_member_int(j, "seen", r->seen);
    json_member_int(j, "reveal_limit", r->reveal_limit);
    json_member_int(j, "reveals", r->reveals);
    json_member_int(j, "percent", share_of(r));
    json_object_end(j);
}

typedef struct {
    method_call *call;
    int64_t least;
    near_row *rows;
    size_t count;
} near_list;

static kt_error *near_take(void *context, const model_record *user)
{
    near_list *l = context;
    near_row *row = &l->rows[l->count];
    KT_TRY(near_read(l->call->tx, actor_of(l->call->tx)->control, user, row));
    l->count += share_of(row) >= l->least;
    return NULL;
}

/* Who has used most of today's budgets, nearest to the end first. */
kt_error *reads_near(method_call *call)
{
    const variant *from = variant_get(call->params, "percent");
    near_list l = {.call = call,
        .least = from ? from->as.integer : 1,
        .rows = ARENA_ARRAY(call->tx->arena, near_row, USERS_MAX)};
    if (!l.rows)
        return error_no_memory();
    KT_TRY(each_user(call->tx, near_take, &l, &l.count));
    qsort(l.rows, l.count, sizeof *l.rows, nearer);
    list_begin(call->answer);
    for (size_t i = 0; i < l.count; i++)
        near_answer(&l.rows[i], call->answer);
    list_end(call->answer);
    return NULL;
}

/* ---- access.reads.unusual ---- */

typedef struct {
    uint64_t user;
    kt_str login;
    usual_figures figures;
} unusual_row;

static int more_unusual(const void *a, const void *b)
{
    const usual_figures *x = &((const unusual_row *)a)->figures, *y = &((const unusual_row *)b)->figures;
    int64_t left = x->today * (y->usual + 1), right = y->today * (x->usual + 1);
    return (left < right) - (left > right);
}

static void unusual_answer(const unusual_row *r, json *j)
{
    json_object(j);
    json_member_int(j, "user", (int64_t)r->user);
    json_member_str(j, "login", r->login);
    json_member_int(j, "today", r->figures.today);
    json_member_int(j, "usual", r->figures.usual);
    json_member_int(j, "days", r->figures.days);
    json_object_end(j);
}

static kt_error *unusual_params(const method_call *call, int64_t *factor, int64_t *least)
{
    const variant *f = variant_get(call->params, "factor"), *l = variant_get(call->params, "least");
    kt_error *wrong = NULL;
    *factor = f ? f->as.integer : USUAL_FACTOR;
    *least = l ? l->as.integer : USUAL_LEAST;
    if (*factor < 1 || *factor > 1000)
        kt_also(&wrong, error_make(call->tx->arena, KT_VALIDATION, "factor", "1 to 1000 were expected",
                            "oczekiwano od 1 do 1000"));
    if (*least < 1)
        kt_also(&wrong, error_make(call->tx->arena, KT_VALIDATION, "least",
                            "a number above zero was expected", "oczekiwano liczby większej od zera"));
    return wrong;
}

typedef struct {
    kt_tx *tx;
    int64_t factor, least;
    unusual_row *rows;
    size_t count;
} unusual_list;

static kt_error *unusual_take(void *context, const model_record *user)
{
    unusual_list *l = context;
    unusual_row *r = &l->rows[l->count];
    *r = (unusual_row){.user = (uint64_t)user->values[MODEL_ID].as.i,
        .login = arena_str(l->tx->arena, record_str(user, "name"))};
    KT_TRY(usual_read(l->tx, r->user, zone_date(NULL, l->tx->now), &r->figures));
    l->count += usual_exceeded(&r->figures, l->factor, l->least);
    return NULL;
}

/* Who was shown far more records today than is usual for them, the farthest first. */
kt_error *reads_unusual(method_call *call)
{
    unusual_list l = {.tx = call->tx};
    KT_TRY(unusual_params(call, &l.factor, &l.least));
    l.rows = ARENA_ARRAY(call->tx->arena, unusual_row, USERS_MAX);
    if (!l.rows)
        return error_no_memory();
    KT_TRY(each_user(call->tx, unusual_take, &l, &l.count));
    qsort(l.rows, l.count, sizeof *l.rows, more_unusual);
    list_begin(call->answer);
    for (size_t i = 0; i < l.count; i++)
        unusual_answer(&l.rows[i], call->answer);
    list_end(call->answer);
    return NULL;
}

/* ---- access.reads.raise ---- */

/* More for today alone, kept on the user, so that the journal tells who allowed it. */
kt_error *reads_raise(method_call *call)
{
    kt_tx *tx = call->tx;
    uint64_t user;
    KT_TRY(user_param(tx, variant_get(call->params, "user"), &user));
    int64_t more = variant_get(call->params, "records")->as.integer;
    if (more < 1)
        return error_make(tx->arena, KT_VALIDATION, "records", "a number above zero was expected",
            "oczekiwano liczby większej od zera");
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("access.user"));
    model_record record = {0};
    bool found;
    char text[DATE_TEXT_MAX];
    KT_TRY(system_read(tx, entity, user, &record, &found));
    kt_date today;
    KT_TRY(day_of(tx, &record, &today));
    bool again = record_int(&record, "reads_extra_on") == today.day;
    const variant extra = {.kind = VARIANT_INT,
                      .as.integer = more + (again ? record_int(&record, "reads_extra") : 0)},
                  day = {.kind = VARIANT_STRING, .as.string = {text, date_text(today, text)}};
    const variant_member members[] = {{KT_STR("reads_extra"), &extra}, {KT_STR("reads_extra_on"), &day}};
    const variant values = {.kind = VARIANT_OBJECT, .as.object = {members, 2}};
    const model_guard *guard = tx->guard;
    tx->guard = NULL; /* the method's own right suffices */
    kt_error *error = model_update(tx, entity, user, 0, &values, &record);
    tx->guard = guard;
    return error ? error : reads_answer(tx, user, call->answer);
}
