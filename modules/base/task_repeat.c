/* Tasks that repeat: the next one is made when one is done, or when its date comes. */
#include "base.h"
#include "task.h"

enum { EVERY_MAX = 366 };

/* A month later; the 31st becomes the last day of a shorter month. */
static kt_date months_later(kt_date day, int64_t months)
{
    int year, month, of_month;
    kt_date_parts(day, &year, &month, &of_month);
    int64_t count = (int64_t)year * 12 + month - 1 + months;
    kt_date later = {0};
    for (; !later.day && of_month > 0; of_month--)
        later = kt_date_make((int)(count / 12), (int)(count % 12) + 1, of_month);
    return later;
}

/* At the same time of the company's day. */
static kt_time later(kt_tx *tx, const struct task *t, kt_time from)
{
    int minute;
    kt_date day = kt_local(tx, from, &minute);
    switch (t->repeat) {
    case EVERY_DAY:
        day = kt_date_add(day, (int32_t)t->repeat_every);
        break;
    case EVERY_WEEK:
        day = kt_date_add(day, (int32_t)t->repeat_every * 7);
        break;
    case EVERY_MONTH:
        day = months_later(day, t->repeat_every);
        break;
    case EVERY_YEAR:
        day = months_later(day, t->repeat_every * 12);
        break;
    }
    return kt_instant(tx, day, minute);
}

/* When the next one is due: counted from the date, or from the day when this one was done at the hour that it
 * had been due. */
static kt_time next_due(kt_tx *tx, const struct task *t)
{
    if (t->repeat_by == BY_DATE)
        return later(tx, t, t->due);
    int done_minute, minute = 0;
    kt_date day = kt_local(tx, t->done_at.ms ? t->done_at : kt_now(tx), &done_minute);
    if (t->due.ms)
        (void)kt_local(tx, t->due, &minute);
    return later(tx, t, kt_instant(tx, day, t->due.ms ? minute : done_minute));
}

static bool is_over(kt_tx *tx, const struct task *t, kt_time due)
{
    int unused;
    return t->repeat_until.day && kt_local(tx, due, &unused).day > t->repeat_until.day;
}

kt_error *task_repeat_compute(kt_tx *tx, struct task *t)
{
    kt_error *all = NULL;
    t->next_at = (kt_time){0};
    if (!t->repeat)
        return NULL;
    if (t->repeat_every < 1 || t->repeat_every > EVERY_MAX)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "repeat_every", "%lld is not within 1 to %d",
                          "%lld nie mieści się między 1 a %d", (long long)t->repeat_every, EVERY_MAX));
    if (t->repeat_by == BY_DATE && !t->due.ms)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "due", "a task that repeats by its date needs one",
                          "zadanie powtarzane według terminu musi go mieć"));
    bool waits = t->repeat_by == BY_DATE && !t->next.v && t->state != DONE && t->state != CANCELLED;
    if (!all && waits && !is_over(tx, t, next_due(tx, t)))
        t->next_at = t->due;
    return all;
}

static kt_error *copy_checklist(kt_tx *tx, const struct task *t, struct task *next)
{
    for (size_t i = 0; i < t->checklist.count; i++) {
        const struct check_point *c = KT_AS(check_point, kt_line(&t->checklist, i));
        const struct check_point fresh = {KT_OF(check_point), .text = c->text};
        KT_TRY(kt_line_add(tx, &next->checklist, &fresh.rec));
    }
    return NULL;
}

kt_error *task_repeat_next(kt_tx *tx, struct task *t)
{
    if (!t->repeat || t->next.v)
        return NULL;
    kt_time due = next_due(tx, t);
    if (is_over(tx, t, due))
        return NULL;
    struct task next = {.rec.of = &task_shape,
        .title = t->title,
        .text = t->text,
        .priority = t->priority,
        .owner = t->owner,
        .about = t->about,
        .party = t->party,
        .observers = t->observers,
        .due = due,
        .repeat = t->repeat,
        .repeat_by = t->repeat_by,
        .repeat_every = t->repeat_every,
        .repeat_until = t->repeat_until};
    if (t->remind_at.ms && t->due.ms)
        next.remind_at.ms = due.ms - (t->due.ms - t->remind_at.ms);
    KT_TRY(copy_checklist(tx, t, &next));
    KT_TRY(kt_create(tx, &next.rec));
    t->next = next.rec.id;
    return NULL;
}

/* ---- base.task.recur ---- */

struct recur {
    kt_record rec;
    kt_time until;
};
const kt_shape recur_shape = KT_SHAPE(recur, NULL,
    KT_FIELD(recur, until, TIME, "Until", "Do", .initial = "now",
        .help = {"Tasks whose date came by then get their next one.",
            "Zadania, których termin do tej chwili nadszedł, otrzymują następne."}));
struct recurred {
    kt_record rec;
    int64_t made;
    bool more;
};
const kt_shape recurred_shape = KT_SHAPE(recurred, NULL,
    KT_FIELD(recurred, made, INT, "Tasks made", "Utworzone zadania"),
    KT_FIELD(
        recurred, more, BOOL, "More are due", "Są kolejne", .help = {"Call again.", "Wywołaj ponownie."}));

enum { RECUR_MAX = 500, SERIES_MAX = 400 };

kt_error *task_recur(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct recur *p = KT_SEE(recur, params);
    struct recurred *out = KT_AS(recurred, result);
    kt_found due;
    const kt_where where[] = {{offsetof(struct task, next_at), KT_LE, (const kt_time[]){p->until}}, {0}};
    KT_TRY(kt_find(tx, &(kt_query){&task_shape, where, "next_at"}, RECUR_MAX, &due));
    struct task t = {.rec.of = &task_shape};
    out->more = due.more;
    for (size_t i = 0; i < due.count; i++) {
        kt_id id = due.ids[i];
        for (int n = 0; id.v && n < SERIES_MAX; n++) { /* all that the calendar asks for by now */
            KT_TRY(kt_read(tx, id, &t.rec));
            if (!t.next_at.ms || t.next_at.ms > p->until.ms)
                break;
            KT_TRY(task_repeat_next(tx, &t));
            KT_TRY(kt_update(tx, &t.rec));
            out->made += t.next.v != 0;
            id = t.next;
        }
    }
    return NULL;
}
