/* task.h -- tasks, shared by task.c and task_repeat.c. */
#pragma once
#include <kontor.h>

enum task_state { TODO = 1, IN_PROGRESS, REVIEW, DONE, CANCELLED };
enum repeat_unit { EVERY_DAY = 1, EVERY_WEEK, EVERY_MONTH, EVERY_YEAR };
enum repeat_by { BY_DATE = 1, BY_DONE };

struct check_point { /* a line of a task's checklist */
    kt_record rec;
    kt_str text;
    bool done;
    kt_time done_at;
    kt_id done_by;
};
extern const kt_shape check_point_shape;
struct task {
    kt_record rec;
    kt_str title, text;
    enum task_state state;
    unsigned priority;
    kt_id owner, about, party, delegated_by, held_by, next;
    kt_time due, remind_at, started_at, done_at, next_at;
    kt_lines observers, checklist, delegations;
    enum repeat_unit repeat;
    enum repeat_by repeat_by;
    int64_t repeat_every;
    kt_date repeat_until;
};

/* Checks what a task says of its repeating, and sets when the next one is to be made. */
KT_MUST kt_error *task_repeat_compute(kt_tx *tx, struct task *t);
/* Makes the next task of a series, once; nothing if the task does not repeat or its series is over. */
KT_MUST kt_error *task_repeat_next(kt_tx *tx, struct task *t);
