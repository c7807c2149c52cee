/* Approvals: so many of these people agree to something, by a time, or they do not. Each of them has a task.
 * Whoever asks never decides. What a decision sets going is the business of whoever asked: a rule goes on
 * (`approve` in rules), a module hears base.approval.approve. */
#include "base.h"
#include "task.h"

enum approval_state { A_PENDING = 1, A_APPROVED, A_REJECTED, A_LAPSED, A_WITHDRAWN };
static const kt_choice approval_states[] = {
    {A_PENDING, "pending", {"Pending", "Czeka"}, "open"},
    {A_APPROVED, "approved", {"Approved", "Zaakceptowano"}, "won"},
    {A_REJECTED, "rejected", {"Rejected", "Odrzucono"}, "lost"},
    {A_LAPSED, "lapsed", {"Lapsed", "Minął termin"}, "lost"},
    {A_WITHDRAWN, "withdrawn", {"Withdrawn", "Wycofano"}, "lost"},
    {0},
};

struct vote { /* a line */
    kt_record rec;
    kt_id by;
    bool agreed;
    kt_time at;
    kt_str remark;
};
static const kt_shape vote_shape = KT_SHAPE(vote, NULL,
    KT_FIELD(vote, by, REF, "Who", "Kto", .target = "access.user", .on_delete = KT_CLEAR, .priority = 1),
    KT_FIELD(vote, agreed, BOOL, "Agreed", "Zgoda", .priority = 2), KT_FIELD(vote, at, TIME, "At", "Kiedy"),
    KT_FIELD(vote, remark, TEXT, "Remark", "Uwaga", .personal = true, .priority = 3));

struct approval {
    kt_record rec;
    kt_str title, text;
    enum approval_state state;
    kt_id about, author, substitute;
    kt_lines approvers, votes;
    int64_t needed, agreed;
    kt_time due, decided_at;
    bool passed_on;
};
const kt_shape approval_shape = KT_SHAPE(approval, "base.approval",
    KT_FIELD(approval, title, STRING, "Title", "Tytuł", .required = true, .max = 200, .searchable = true,
        .fixed = true, .personal = true, .priority = 1),
    KT_FIELD(
        approval, state, STATE, "State", "Stan", .choices = approval_states, .indexed = true, .priority = 2),
    KT_FIELD(approval, about, REF, "About", "Dotyczy", .target = "*", .on_delete = KT_CASCADE, .fixed = true,
        .indexed = true, .priority = 3),
    KT_FIELD(approval, text, TEXT, "Reason", "Uzasadnienie", .personal = true),
    KT_FIELD(approval, author, REF, "Asked by", "Wnioskuje", .target = "access.user", .initial = "me",
        .computed = true, .on_delete = KT_CLEAR, .priority = 4),
    KT_FIELD(approval, approvers, REFS, "Who may approve", "Kto może zaakceptować", .target = "access.user",
        .fixed = true, .on_delete = KT_CLEAR, .priority = 5),
    KT_FIELD(approval, needed, INT, "How many of them", "Ilu z nich", .initial = "1", .fixed = true),
    KT_FIELD(approval, due, TIME, "Due", "Termin", .indexed = true, .priority = 6),
    KT_FIELD(approval, substitute, REF, "Substitute", "Zastępca", .target = "access.user",
        .on_delete = KT_CLEAR,
        .help = {"Asked when the time is over, and given as long again.",
            "Pytany po upływie terminu; ma tyle samo czasu."}),
    KT_FIELD(approval, passed_on, BOOL, "Passed on", "Przekazano zastępcy", .computed = true),
    KT_FIELD(approval, votes, LINES, "Votes", "Głosy", .lines = &vote_shape, .computed = true, .max = 50),
    KT_FIELD(approval, agreed, INT, "Agreed", "Za", .computed = true),
    KT_FIELD(approval, decided_at, TIME, "Decided at", "Rozstrzygnięto", .computed = true));

/* ---- Who ---- */

static bool is_asked(const struct approval *a, kt_id user)
{
    const kt_id *ids = a->approvers.items;
    bool found = a->passed_on && a->substitute.v == user.v;
    for (size_t i = 0; i < a->approvers.count; i++)
        found = found || ids[i].v == user.v;
    return found && user.v != a->author.v;
}

static size_t asked_count(const struct approval *a)
{
    const kt_id *ids = a->approvers.items;
    size_t n = 0;
    for (size_t i = 0; i < a->approvers.count; i++) {
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again = again || ids[k].v == ids[i].v;
        n += !again && ids[i].v != a->author.v;
    }
    return n + (a->passed_on && a->substitute.v);
}

kt_error *approval_compute(kt_tx *tx, kt_record *self)
{
    struct approval *a = KT_AS(approval, self);
    kt_error *all = NULL;
    if (!a->rec.id.v)
        a->author = kt_user(tx);
    if (a->state != A_PENDING)
        return NULL;
    if (a->needed < 1 || (size_t)a->needed > asked_count(a))
        kt_also(&all, kt_hint(kt_fail(tx, KT_VALIDATION, "needed",
                                  "%lld must agree, and %zu may: whoever asks does not decide",
                                  "musi się zgodzić %lld, a może %zu: kto pyta, ten nie rozstrzyga",
                                  (long long)a->needed, asked_count(a)),
                          "Name more people in approvers.", "Podaj więcej osób w approvers."));
    if (a->substitute.v && is_asked(a, a->substitute) && !a->passed_on)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "substitute", "is one of the approvers already",
                          "już należy do akceptujących"));
    if (a->substitute.v && a->substitute.v == a->author.v)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "substitute", "whoever asks does not decide",
                          "kto pyta, ten nie rozstrzyga"));
    return all;
}

/* ---- Tasks ---- */

static kt_error *ask(kt_tx *tx, const struct approval *a, kt_id user)
{
    struct task t = {KT_OF(task), .title = kt_format(tx, "%s", a->title.ptr), .text = a->text, .state = TODO,
        .owner = user, .due = a->due, .about = kt_any(tx, approval_shape.name, a->rec.id)};
    return user.v == a->author.v ? NULL : kt_create(tx, &t.rec);
}

/* The tasks of everybody asked, or of one, are over. */
static kt_error *close_tasks(kt_tx *tx, const struct approval *a, kt_id of)
{
    enum { MOST = 100 };
    const kt_where where[] = {KT_WHERE(task, about, KT_EQ, kt_any(tx, approval_shape.name, a->rec.id)), {0}};
    kt_id ids[MOST];
    size_t n = 0;
    struct task t = {KT_OF(task)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &task_shape, .where = where}, &cursor));
    while (n < MOST && kt_next(cursor, &t.rec))
        if (t.state != DONE && t.state != CANCELLED && (!of.v || t.owner.v == of.v))
            ids[n++] = t.rec.id;
    KT_TRY(kt_close(cursor));
    for (size_t i = 0; i < n; i++) {
        KT_TRY(kt_read(tx, ids[i], &t.rec));
        KT_TRY(kt_act(tx, &t.rec, of.v ? "finish" : "cancel", NULL));
    }
    return NULL;
}

static kt_error *ask_all(kt_tx *tx, const struct approval *a)
{
    const kt_id *ids = a->approvers.items;
    for (size_t i = 0; i < a->approvers.count; i++) {
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again = again || ids[k].v == ids[i].v;
        if (!again)
            KT_TRY(ask(tx, a, ids[i]));
    }
    return NULL;
}

kt_error *approval_asked(kt_tx *tx, const kt_event *event)
{
    kt_authority before = kt_own_authority(tx); /* whoever is asked has the task, whatever the asker may */
    kt_error *error = ask_all(tx, KT_SEE(approval, event->after));
    kt_callers_authority(tx, before);
    return error;
}

/* ---- Deciding ---- */

struct remark {
    kt_record rec;
    kt_str remark;
};
static const kt_shape remark_shape = KT_SHAPE(
    remark, NULL, KT_FIELD(remark, remark, TEXT, "Remark", "Uwaga", .max = 2000, .priority = 1));

static kt_error *may_decide(kt_tx *tx, const struct approval *a)
{
    kt_id me = kt_user(tx);
    if (me.v == a->author.v)
        return kt_fail(tx, KT_RULE, NULL, "whoever asks does not decide", "kto pyta, ten nie rozstrzyga");
    if (!is_asked(a, me))
        return kt_fail(tx, KT_RULE, NULL, "this is for others to decide", "rozstrzygają to inne osoby");
    for (size_t i = 0; i < a->votes.count; i++)
        if (KT_AS(vote, kt_line(&a->votes, i))->by.v == me.v)
            return kt_fail(tx, KT_RULE, NULL, "you have decided already", "już rozstrzygnięto przez Ciebie");
    return NULL;
}

static kt_error *close_under_authority(kt_tx *tx, const struct approval *a)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = close_tasks(tx, a, kt_user(tx));
    if (!error && a->state != A_PENDING)
        error = close_tasks(tx, a, (kt_id){0});
    kt_callers_authority(tx, before);
    return error;
}

static kt_error *decide(kt_tx *tx, struct approval *a, const kt_record *params, bool agreed)
{
    KT_TRY(may_decide(tx, a));
    const struct vote line = {KT_OF(vote), .by = kt_user(tx), .agreed = agreed, .at = kt_now(tx),
        .remark = KT_SEE(remark, params)->remark};
    KT_TRY(kt_line_add(tx, &a->votes, &line.rec));
    a->agreed += agreed;
    if (agreed && a->agreed < a->needed)
        return close_under_authority(tx, a);
    a->state = agreed ? A_APPROVED : A_REJECTED;
    a->decided_at = kt_now(tx);
    return close_under_authority(tx, a);
}

static kt_error *approval_approve(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return decide(tx, KT_AS(approval, self), params, true);
}

static kt_error *approval_reject(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return decide(tx, KT_AS(approval, self), params, false);
}

static kt_error *approval_withdraw(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct approval *a = KT_AS(approval, self);
    if (a->author.v != kt_user(tx).v)
        return kt_fail(
            tx, KT_RULE, NULL, "only whoever asked may withdraw it", "wycofać może tylko wnioskujący");
    a->state = A_WITHDRAWN;
    return close_under_authority(tx, a);
}

/* The time is over: the substitute is asked, and given as long again; after that it is decided by nobody. */
static kt_error *approval_lapse(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct approval *a = KT_AS(approval, self);
    if (!a->due.ms || a->due.ms > kt_now(tx).ms)
        return kt_fail(tx, KT_RULE, NULL, "its time is not over", "termin jeszcze nie minął");
    if (!a->substitute.v || a->passed_on) {
        a->state = A_LAPSED;
        a->decided_at = kt_now(tx);
        return close_under_authority(tx, a);
    }
    a->passed_on = true;
    a->due.ms = kt_now(tx).ms + (a->due.ms - a->rec.created_at.ms);
    kt_authority before = kt_own_authority(tx);
    kt_error *error = ask(tx, a, a->substitute);
    kt_callers_authority(tx, before);
    return error;
}

const kt_action approval_actions[] = {
    {"approve", {"Approve", "Zaakceptuj"}, "decide", KT_IN(A_PENDING), .params = &remark_shape,
        .run = approval_approve},
    {"reject", {"Reject", "Odrzuć"}, "decide", KT_IN(A_PENDING), .params = &remark_shape,
        .run = approval_reject},
    {"withdraw", {"Withdraw", "Wycofaj"}, "decide", KT_IN(A_PENDING), .run = approval_withdraw},
    {"lapse", {"Time is over", "Termin minął"}, "lapse", KT_IN(A_PENDING), .run = approval_lapse},
    {0},
};
