/* rule.h -- inside the room: a rule as compiled and bound to a catalogue, and the set of all of them. */
#pragma once
#include <pthread.h>
#include <stdatomic.h>

#include "access/access.h"
#include "automation/automation.h"
#include "automation/workers.h"

/* ---- Triggers ---- */

typedef enum {
    ON_CREATED = 1,
    ON_UPDATED, /* of these fields, or of any */
    ON_DELETED,
    ON_ACTION,
    ON_ENTERS, /* a field takes a value, at creation too */
    ON_LEAVES,
    ON_EVENT, /* a module's own */
    ON_DATE,  /* a date field and so much before or after it */
    ON_SCHEDULE,
    ON_WEBHOOK,
} trigger_kind;

/* Minutes, hours, days, months, weekdays as bits; a schedule of cron's five fields. */
typedef struct {
    uint64_t minutes;
    uint32_t hours, days, months, weekdays; /* weekdays: bit 0 Sunday */
    bool any_day, any_weekday;              /* "*": the other one decides alone */
    uint32_t every_minutes;                 /* instead: from midnight; 0: not */
} schedule;

typedef struct {
    trigger_kind kind;
    kt_str text;                /* as written */
    kt_str name;                /* of the event or webhook */
    const model_entity *entity; /* NULL: the rule is about no record */
    const model_action *action;
    const model_field *field; /* entered, left, or the date */
    model_value value;        /* entered or left */
    const uint16_t *fields;   /* whose change counts */
    size_t field_count;       /* 0: any */
    int64_t offset_ms;        /* of ON_DATE */
    schedule when;
    const query_filter *filter; /* of the rule's conditions, for this entity; NULL: none */
    const bool *sent;           /* by position: fields that the rule names; NULL: no record */
} trigger;

typedef enum { RULE_DRAFT = 1, RULE_ON, RULE_SHADOW, RULE_OFF } rule_state;

typedef struct {
    kt_str name;              /* "run" */
    int64_t line, last;       /* in the text */
    kt_str parameter, second; /* of the function: the record, and as it was */
} rule_function;

/* What a text touches beside its own record, as far as it names it: for the graph. */
typedef struct {
    kt_str what; /* "crm.lead.created", "base.task.updated", "mail" */
    long line;
} rule_touch;

typedef struct rule {
    uint64_t id;
    uint32_t version;
    kt_str name, text, rights, label;
    rule_state state;
    bool after; /* the commit; else in the transaction */
    bool as_caller;
    bool waits; /* its text calls after */
    int64_t order;
    uint64_t owner, company;
    const trigger *triggers;
    size_t trigger_count;
    const rule_function *functions;
    size_t function_count;
    const kt_str *writes; /* own fields that the text assigns */
    size_t write_count;
    const rule_touch *touches;
    size_t touch_count;
    const access_actor *actor; /* of declared rights, made at need, under the room's lock */
} rule;

/* ---- compile.c, trigger.c, scan.c ---- */

/* Compiles a text in a worker and binds it to the transaction's catalogue: what it declares, its triggers,
 * its conditions, the fields that it names. All problems at once, with the line where there is one.
 *   r        id, version, name and text are given; the rest is filled in
 *   memory   in arena */
KT_MUST kt_error *rule_compile(automation *a, kt_tx *tx, arena *arena, rule *r);
/* What a worker's 'E' says of a text, at "text" with its line. */
KT_MUST kt_error *rule_declined(kt_tx *tx, pack_reader *in, kt_str name);
const rule_function *rule_function_find(const rule *r, kt_str name);

/* One trigger's text, "crm.lead.created". */
KT_MUST kt_error *trigger_read(kt_tx *tx, kt_str text, trigger *out);
/* "every day at 9:00", "cron 0 9 * * 1-5". */
KT_MUST kt_error *schedule_read(kt_tx *tx, kt_str text, schedule *out);

/* The first instant after this one; not set: none within years. */
kt_time schedule_next(const schedule *s, const zone *zone, kt_time after);
/* The last instant before this one; not set: none within years. */
kt_time schedule_last(const schedule *s, const zone *zone, kt_time before);

typedef struct {
    kt_str parameter, name; /* lead.owner */
    long line;
    bool assigned;
} scan_field;
typedef struct {
    kt_str function, argument; /* create("base.task", ..); argument not set: no text was given */
    long line;
} scan_call;
typedef struct {
    scan_field *fields;
    size_t field_count, field_room;
    scan_call *calls;
    size_t call_count, call_room;
    bool full; /* no memory */
} scan;
/* Looks over a Lua text, without running it, for NAME.FIELD and for calls with a text as first argument. */
void scan_text(arena *arena, kt_str text, scan *found);

/* ---- declared.c ---- */

/* What a worker told of the rule's text; not set: none did, or the text has changed since. */
KT_MUST kt_error *declared_find(kt_tx *tx, arena *arena, const rule *r, kt_str *told);
KT_MUST kt_error *declared_keep(kt_tx *tx, const rule *r, kt_str told);
KT_MUST kt_error *declared_forget(kt_tx *tx, uint64_t rule);

/* ---- ruleset.c ---- */

typedef struct {
    const rule *rule;
    const trigger *trigger;
} subscription;
typedef struct {
    const subscription *items;
    size_t count;
} subscriptions;

typedef struct ruleset {
    model_watch watch; /* first: what a transaction points to */
    automation *of;
    arena *arena;
    atomic_uint held;
    uint64_t epoch, generation; /* generation: for workers' caches; never the same twice */
    const model_catalogue *catalogue;
    rule *rules; /* in order */
    size_t count;
    subscriptions *by_entity;     /* by entity number */
    subscriptions others;         /* events, schedules, webhooks, dates */
    const model_entity *approval; /* decisions have rules go on; NULL: there are none */
    uint8_t *waiting;             /* by entity number: runs may wait for its records */
    kt_str unread;                /* one that is on, and that no worker could be asked about yet */
    kt_text unread_why;
    bool partial;    /* a rule is missing for that reason: the set is made anew soon */
    int64_t made_ms; /* by the steady clock */
} ruleset;

static inline const ruleset *ruleset_of(const kt_tx *tx)
{
    return (const ruleset *)tx->watch;
}
/* The set that belongs to the transaction's view and catalogue, held. */
KT_MUST kt_error *ruleset_hold(automation *a, kt_tx *tx, ruleset **set);
void ruleset_release(ruleset *set);
const rule *ruleset_find(const ruleset *set, uint64_t id);
/* Makes every set stale, from this transaction on. */
KT_MUST kt_error *ruleset_advance(store_view *view);

enum { NOTES_MAX = 16 };
typedef struct {
    uint64_t rule;
    char text[300];
} failure_note;

struct automation {
    automation_options options;
    arena *arena;
    workers *workers;
    workers *writers;     /* for templates, which may take longer */
    pthread_mutex_t lock; /* of current and of loading one, and of actors */
    ruleset *current;
    uint64_t generations;
    pthread_mutex_t wake_lock; /* of what follows; held across nothing */
    pthread_cond_t wake;
    pthread_t thread;
    bool started, ending, work;
    kt_time looked_at; /* when schedules and dates were looked at; the runner's own */
    failure_note notes[NOTES_MAX];
    size_t note_count;
};

/* ---- fire.c ---- */

/* What a transaction remembers of the rules that ran in it. */
typedef struct fired {
    struct fired_row *rows; /* each rule at most once for a record and an event */
    unsigned runs;
    unsigned depth;  /* of runs after commits that caused each other */
    uint64_t by, of; /* the rule whose run this is, and its record: it does not set itself off */
    bool queued;     /* somebody has to look at the queue after the commit */
} fired;
fired *fired_of(kt_tx *tx); /* NULL: no memory */

/* Something that rules may run on. */
typedef struct {
    const char *event; /* "crm.lead.created" */
    const model_entity *entity;
    uint64_t id; /* of the record */
    const model_record *before, *after;
    kt_str payload; /* JSON; or not set */
} occasion;

/* A function of a rule that shall run, for this trigger. */
typedef struct {
    const rule *rule;
    const trigger *trigger;
    kt_str function;
} planned;

/* What a run did, for its log. */
typedef struct {
    kt_str changes; /* JSON object: fields that it assigned */
    buffer effects; /* JSON members: what else it did */
    bool refused;   /* it ended the transaction with a message: no failure */
    int64_t us;
} run_report;

/* Runs functions of rules, which have the same rights, on one record in one exchange, and carries out what
 * they propose. failed: the rule whose error it is. */
KT_MUST kt_error *fire_run(
    kt_tx *tx, const planned *plans, size_t count, const occasion *on, run_report *reports, size_t *failed);
/* Is this what the trigger waits for? Conditions are judged apart. */
bool fire_hits(const trigger *t, const model_seen *seen);
/* Do the rule's conditions hold for the record? Past the caller's rights. */
KT_MUST kt_error *fire_holds(kt_tx *tx, const trigger *t, const model_record *record, bool *holds);
/* model_watch.seen */
kt_error *fire_seen(kt_tx *tx, const model_seen *seen);

/* ---- keep.c ---- */

/* Compiles a stored rule and keeps what it declares in its record. */
KT_MUST kt_error *rule_store_compiled(automation *a, kt_tx *tx, kt_id id);

/* ---- serve.c ---- */

typedef struct {
    kt_tx *tx;
    const ruleset *set;
    channel *channel;
    const planned *plans;
    size_t count;
    const occasion *on;
    run_report *reports;
    const automation_template *template; /* NULL: rules run */
    buffer *text;                        /* what it wrote */
} serving;
/* Answers one request, 'Q' being read already, into channel->out. An error: the worker said what no worker
 * says. */
KT_MUST kt_error *serve_request(serving *s, pack_reader *in);
/* The name of a state's value; not set: it has none. */
kt_str serve_state(const model_field *field, int64_t value);
/* Packs a record; sent NULL: whatever the caller may see. */
void serve_record(kt_tx *tx, const model_record *record, const bool *sent, buffer *out);
/* Packs a record for a template, or a record that it can read: references are links. */
void serve_linked(kt_tx *tx, const model_record *record, buffer *out);
void serve_link(const model_entity *entity, uint64_t id, buffer *out);
/* Values for an entity: records given for references become their ids. */
const variant *serve_values(kt_tx *tx, const model_entity *entity, const variant *values);

/* ---- write.c ---- */

/* Runs a template in a worker of a pool, whose deadline holds. text: may be NULL for one that is checked alone. */
KT_MUST kt_error *write_run(
    workers *pool, int64_t steps, kt_tx *tx, const automation_template *t, buffer *text);

/* ---- queue.c: runs that wait for their time ---- */

/* A row of the queue. Kept in STORE_META under "Rq", due, sequence. */
typedef struct {
    kt_time due;
    uint64_t seq;
    uint64_t rule, id, user, company; /* id: of the record; user: who caused the event */
    kt_str function, trigger, event, entity, payload, before; /* before: an encoded record */
    kt_str field; /* it waits while this field keeps its value; not set: whatever happens */
    unsigned depth, tries;
    bool shadow;
} queue_row;
/* Puts a run into the queue, in the transaction that causes it. wait: it is cancelled when the record leaves
 * the state that it is in. */
KT_MUST kt_error *queue_add(kt_tx *tx, const planned *plan, const occasion *on, kt_time due, bool wait);
KT_MUST kt_error *queue_put(store_view *view, queue_row *row); /* seq 0: the next one */
KT_MUST kt_error *queue_get(
    store_view *view, arena *arena, kt_time due, uint64_t seq, queue_row *row, bool *found);
KT_MUST kt_error *queue_remove(kt_tx *tx, const queue_row *row);
/* The first row; found false: the queue is empty. */
KT_MUST kt_error *queue_first(store_view *view, arena *arena, queue_row *row, bool *found);
/* Keeps a run of the rule's `approved` or `rejected` until base.approval's record is decided; queue_decided
 * queues it then. */
KT_MUST kt_error *queue_hold(kt_tx *tx, const planned *plan, const occasion *on, uint64_t approval);
KT_MUST kt_error *queue_decided(kt_tx *tx, const model_seen *seen);
/* Cancels what waits for a record whose field has changed. */
KT_MUST kt_error *queue_cancel(kt_tx *tx, const model_seen *seen);
/* Keeps a run that failed, of this number in its rule's log, until it is asked for again or forgotten with its entry. */
KT_MUST kt_error *queue_keep(store_view *view, const queue_row *row, uint64_t number);
KT_MUST kt_error *queue_forget(store_view *view, uint64_t rule, uint64_t number);
/* found: false: no run of this number failed, or it was asked for again already */
KT_MUST kt_error *queue_again(kt_tx *tx, uint64_t rule, uint64_t number, bool *found);

/* ---- log.c: what runs did ---- */

/* Keeps a run in the rule's log, which holds the last LOG_KEEP runs. outcome: "done", "failed", "shadow". */
enum { LOG_KEEP = 500 };
KT_MUST kt_error *log_run(kt_tx *tx, const planned *plan, const occasion *on, const run_report *report,
    const char *outcome, const kt_error *error);
/* Members "rows", newest first. */
KT_MUST kt_error *log_count(store_view *view, uint64_t rule, uint64_t *count); /* of runs that were logged */
KT_MUST kt_error *log_list(store_view *view, arena *arena, uint64_t rule, uint32_t limit, json *out);
/* A failure: counted in the rule's record; after FAILURES_MAX in a row it is switched off and its owner gets
 * a task. */
enum { FAILURES_MAX = 5 };
KT_MUST kt_error *log_failure(kt_tx *tx, uint64_t rule, kt_str problem);

/* ---- runner.c: the queue's thread ---- */

/* A failure in a transaction that will leave nothing: written down by the runner. */
void runner_note_failure(automation *a, const rule *r, const kt_error *error);
void runner_wake(automation *a);

/* ---- timer.c: schedules and dates ---- */

/* Queues what is due by schedules and dates up to tx->now, or so much of it as fits a transaction. */
KT_MUST kt_error *timer_queue(kt_tx *tx, const ruleset *set, bool *more);
/* When a schedule is next due, or a date has to be looked at; not set: never. */
kt_time timer_next(const ruleset *set, kt_time now);

/* ---- module.c: automation.rule ---- */

struct rule_row {
    kt_record rec;
    kt_str name, text, label, on, moment, rights, source, problem;
    unsigned state;
    int64_t order, failures;
    kt_id owner;
};
extern const kt_shape rule_row_shape;

/* ---- setting.c: automation.setting ---- */

extern const kt_shape setting_row_shape;
KT_MUST kt_error *setting_check(kt_tx *tx, const kt_record *before, const kt_record *after);
