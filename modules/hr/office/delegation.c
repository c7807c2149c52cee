/* Somebody stands in for somebody: the open tasks go over for a time and come back; where it is said, rights too. One's
 * own rights anybody may lend, those of others who administers users. */
#include "hr.h"

static const kt_choice delegation_states[] = {
    {D_PLANNED, "planned", {"Planned", "Zaplanowane"}, "open"},
    {D_RUNNING, "running", {"Running", "Trwa"}, "open"},
    {D_ENDED, "ended", {"Ended", "Zakończone"}, "won"},
    {0},
};
const kt_shape delegation_shape = KT_SHAPE(delegation, "hr.delegation",
    KT_FIELD(delegation, from, REF, "For", "Za kogo", .target = "access.user", .required = true,
        .fixed = true, .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(delegation, to, REF, "Stands in", "Zastępca", .target = "access.user", .required = true,
        .fixed = true, .on_delete = KT_CASCADE, .priority = 2),
    KT_FIELD(delegation, owner, REF, "Whose it is", "Czyje", .target = "access.user", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(delegation, since, DATE, "From", "Od", .required = true, .initial = "today", .priority = 3),
    KT_FIELD(delegation, until, DATE, "Until", "Do", .required = true, .priority = 4),
    KT_FIELD(delegation, tasks, BOOL, "Open tasks", "Otwarte zadania", .initial = "true"),
    KT_FIELD(delegation, rights, BOOL, "Rights", "Uprawnienia", .group = "rights",
        .help =
            {"The roles of whom they stand in for, as long as it lasts; not those that were lent to them.",
                "Role zastępowanej osoby na czas zastępstwa, bez tych, które jej użyczono."}),
    KT_FIELD(delegation, state, STATE, "State", "Stan", .choices = delegation_states, .initial = "planned",
        .indexed = true, .priority = 5),
    KT_FIELD(delegation, leave, REF, "Leave", "Urlop", .target = "hr.leave", .on_delete = KT_CASCADE),
    KT_FIELD(delegation, roles, REFS, "Roles lent", "Użyczone role", .target = "access.role",
        .computed = true, .on_delete = KT_CLEAR),
    KT_FIELD(delegation, moved, REFS, "Tasks lent", "Przekazane zadania", .target = "base.task",
        .computed = true, .on_delete = KT_CLEAR));

kt_error *delegation_compute(kt_tx *tx, kt_record *self)
{
    struct delegation *d = KT_AS(delegation, self);
    d->owner = d->from;
    if (d->from.v && d->from.v == d->to.v)
        return kt_fail(
            tx, KT_VALIDATION, "to", "nobody stands in for themselves", "nikt nie zastępuje sam siebie");
    if (d->state != D_ENDED && d->until.day && d->until.day < d->since.day && d->state == D_PLANNED &&
        !d->leave.v)
        return kt_fail(tx, KT_VALIDATION, "until", "is before the first day", "jest przed pierwszym dniem");
    if (d->rights && d->state == D_PLANNED && d->from.v != kt_user(tx).v &&
        !kt_may(tx, "access.user:password")) /* who may not give rights may lend none but their own */
        return kt_fail(tx, KT_FORBIDDEN, "rights",
            "lending the rights of others needs the right access.user:password",
            "użyczenie cudzych uprawnień wymaga prawa access.user:password");
    return NULL;
}

/* ---- Tasks ---- */

struct task {
    kt_record rec;
    kt_id owner;
};
static const kt_shape task_shape = KT_SHAPE(task, "base.task", KT_BIND(task, owner, REF, "owner"));

enum { TASKS_MAX = 1000 };

static kt_error *lend_tasks(kt_tx *tx, struct delegation *d)
{
    const kt_where where[] = {KT_WHERE(task, owner, KT_EQ, d->from), {0}};
    struct task t = {KT_OF(task)};
    kt_found open;
    KT_TRY(kt_find(tx,
        &(kt_query){.of = &task_shape,
            .where = where,
            .sort = "id",
            .filter = KT_STR("[[\"state\",\"in\",[\"todo\",\"in_progress\",\"review\"]]]")},
        TASKS_MAX, &open));
    for (size_t i = 0; i < open.count; i++) {
        KT_TRY(kt_read(tx, open.ids[i], &t.rec));
        t.owner = d->to;
        KT_TRY(kt_update(tx, &t.rec));
    }
    d->moved = (kt_lines){.items = open.ids, .count = open.count};
    return NULL;
}

/* What the substitute still has of them comes back; what they finished or passed on stays. */
static kt_error *return_tasks(kt_tx *tx, struct delegation *d)
{
    const kt_id *ids = d->moved.items;
    for (size_t i = 0; i < d->moved.count; i++) {
        struct task t = {KT_OF(task)};
        kt_error *e = kt_read(tx, ids[i], &t.rec);
        if (e && kt_problem_at(e, 0).kind == KT_NOT_FOUND)
            continue; /* deleted meanwhile */
        KT_TRY(e);
        if (t.owner.v != d->to.v)
            continue;
        t.owner = d->from;
        KT_TRY(kt_update(tx, &t.rec));
    }
    return NULL;
}

/* ---- Rights ---- */

struct holder {
    kt_record rec;
    kt_lines roles;
};
static const kt_shape holder_shape = KT_SHAPE(holder, "access.user", KT_BIND(holder, roles, REFS, "roles"));

static bool has(const kt_lines *ids, kt_id id)
{
    const kt_id *items = ids->items;
    for (size_t i = 0; i < ids->count; i++)
        if (items[i].v == id.v)
            return true;
    return false;
}

static kt_error *with_room(kt_tx *tx, const kt_lines *a, const kt_lines *b, kt_lines *both)
{
    kt_id *ids = kt_alloc(tx, (a->count + b->count + 1) * sizeof *ids);
    if (!ids)
        return kt_no_memory();
    for (size_t i = 0; i < a->count; i++)
        ids[i] = ((const kt_id *)a->items)[i];
    *both = (kt_lines){.items = ids, .count = a->count};
    return NULL;
}

/* Takes the roles away that others lend to a user now: what is lent is not lent on. */
static kt_error *without_lent(kt_tx *tx, kt_id user, kt_lines *roles)
{
    const kt_where where[] = {
        KT_WHERE(delegation, to, KT_EQ, user), KT_WHERE(delegation, state, KT_EQ, D_RUNNING), {0}};
    const kt_lines all = *roles, none = {0};
    struct delegation d = {KT_OF(delegation)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &delegation_shape, .where = where}, &cursor));
    kt_error *e = with_room(tx, &none, &all, roles);
    kt_id *kept = roles->items;
    for (size_t i = 0; !e && i < all.count; i++)
        kept[roles->count++] = ((const kt_id *)all.items)[i];
    while (!e && kt_next(cursor, &d.rec)) {
        size_t n = 0;
        for (size_t i = 0; i < roles->count; i++)
            if (!has(&d.roles, kept[i]))
                kept[n++] = kept[i];
        roles->count = n;
    }
    kt_also(&e, kt_close(cursor));
    return e;
}

static kt_error *lend_rights(kt_tx *tx, struct delegation *d)
{
    struct holder from = {KT_OF(holder)}, to = {KT_OF(holder)};
    const kt_lines none = {0};
    kt_lines all;
    KT_TRY(kt_read(tx, d->from, &from.rec));
    KT_TRY(without_lent(tx, d->from, &from.roles));
    KT_TRY(kt_read(tx, d->to, &to.rec));
    KT_TRY(with_room(tx, &to.roles, &from.roles, &all));
    KT_TRY(with_room(tx, &none, &from.roles, &d->roles));
    for (size_t i = 0; i < from.roles.count; i++) {
        kt_id role = ((const kt_id *)from.roles.items)[i];
        if (has(&to.roles, role))
            continue;
        ((kt_id *)all.items)[all.count++] = role;
        ((kt_id *)d->roles.items)[d->roles.count++] = role;
    }
    to.roles = all;
    return kt_update(tx, &to.rec);
}

static kt_error *return_rights(kt_tx *tx, struct delegation *d)
{
    struct holder to = {KT_OF(holder)};
    const kt_lines none = {0};
    kt_lines kept;
    if (!d->roles.count)
        return NULL;
    KT_TRY(kt_read(tx, d->to, &to.rec));
    KT_TRY(with_room(tx, &none, &to.roles, &kept));
    for (size_t i = 0; i < to.roles.count; i++)
        if (!has(&d->roles, ((const kt_id *)to.roles.items)[i]))
            ((kt_id *)kept.items)[kept.count++] = ((const kt_id *)to.roles.items)[i];
    to.roles = kept;
    return kt_update(tx, &to.rec);
}

/* ---- Beginning and ending ---- */

static kt_error *begin(kt_tx *tx, struct delegation *d)
{
    if (d->tasks)
        KT_TRY(lend_tasks(tx, d));
    if (d->rights)
        KT_TRY(lend_rights(tx, d));
    d->state = D_RUNNING;
    return NULL;
}

static kt_error *end(kt_tx *tx, struct delegation *d)
{
    if (d->state == D_RUNNING) {
        KT_TRY(return_tasks(tx, d));
        KT_TRY(return_rights(tx, d));
    }
    d->state = D_ENDED;
    return NULL;
}

kt_error *delegation_step(kt_tx *tx, struct delegation *d)
{
    kt_date today = kt_today(tx);
    if (d->state == D_PLANNED && d->since.day <= today.day && d->until.day >= today.day)
        KT_TRY(begin(tx, d));
    else if (d->state != D_ENDED && d->until.day < today.day)
        KT_TRY(end(tx, d));
    else
        return NULL;
    return kt_update(tx, &d->rec);
}

kt_error *delegations_cut(kt_tx *tx, kt_id user)
{
    const kt_query query = {.of = &delegation_shape,
        .sort = "id",
        .filter = kt_format(tx,
            "[[\"state\",\"!=\",\"ended\"],[\"or\",[\"from\",\"=\",%llu],[\"to\",\"=\",%llu]]]",
            (unsigned long long)user.v, (unsigned long long)user.v)};
    struct delegation d = {KT_OF(delegation)};
    kt_found found;
    KT_TRY(kt_find(tx, &query, 0, &found));
    for (size_t i = 0; i < found.count; i++) {
        KT_TRY(kt_read(tx, found.ids[i], &d.rec));
        KT_TRY(end(tx, &d));
        KT_TRY(kt_update(tx, &d.rec));
    }
    return NULL;
}

static kt_error *end_now(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = end(tx, KT_AS(delegation, self));
    kt_callers_authority(tx, before);
    return e;
}

static kt_error *begin_now(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct delegation *d = KT_AS(delegation, self);
    kt_authority before = kt_own_authority(tx);
    kt_error *e = begin(tx, d);
    kt_callers_authority(tx, before);
    return e;
}

const kt_action delegation_actions[] = {
    {"begin", {"Begin", "Rozpocznij"}, "update", .from = KT_IN(D_PLANNED), .to = D_RUNNING, .run = begin_now},
    {"end", {"End", "Zakończ"}, "update", .from = KT_IN(D_PLANNED) | KT_IN(D_RUNNING), .to = D_ENDED,
        .run = end_now},
    {0},
};

/* ---- hr.delegations_run: once a day ---- */

struct run_params {
    kt_record rec;
};
const kt_shape delegations_run_shape = KT_SHAPE(run_params, NULL, {0});
struct delegations_ran {
    kt_record rec;
    int64_t changed;
};
const kt_shape delegations_ran_shape = KT_SHAPE(delegations_ran, NULL,
    KT_FIELD(delegations_ran, changed, INT, "Begun or ended", "Rozpoczęte lub zakończone", .required = true));

static kt_error *run_all(kt_tx *tx, int64_t *changed)
{
    const kt_query query = {.of = &delegation_shape,
        .sort = "id",
        .filter = KT_STR("[[\"state\",\"in\",[\"planned\",\"running\"]]]")};
    struct delegation d = {KT_OF(delegation)};
    kt_found found;
    KT_TRY(kt_find(tx, &query, 0, &found));
    for (size_t i = 0; i < found.count; i++) {
        KT_TRY(kt_read(tx, found.ids[i], &d.rec));
        enum delegation_state was = d.state;
        KT_TRY(delegation_step(tx, &d));
        *changed += d.state != was;
    }
    return NULL;
}

kt_error *delegations_run(kt_tx *tx, const kt_record *params, kt_record *result)
{
    (void)params;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = run_all(tx, &KT_AS(delegations_ran, result)->changed);
    kt_callers_authority(tx, before);
    return e;
}
