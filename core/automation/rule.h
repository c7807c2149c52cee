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
    const model_filter *filter; /* of the rule's conditions, for this entity; NULL: none */
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
const rule_function *rule_function_find(const rule *r, kt_str name);

/* One trigger's text, "crm.lead.created". */
KT_MUST kt_error *trigger_read(kt_tx *tx, kt_str text, trigger *out);
/* "every day at 9:00", "cron 0 9 * * 1-5". */
KT_MUST kt_error *schedule_read(kt_tx *tx, kt_str text, schedule *out);

/* The first instant after this one; not set: none within years. */
kt_time schedule_next(const schedule *s, const zone *zone, kt_time after);

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
    subscriptions *by_entity; /* by entity number */
    subscriptions others;     /* events, schedules, webhooks, dates */
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

struct automation {
    automation_options options;
    arena *arena;
    workers *workers;
    pthread_mutex_t lock; /* of current and of loading one */
    ruleset *current;
    uint64_t generations;
};

/* ---- fire.c ---- */

/* What a transaction remembers of the rules that ran in it. */
typedef struct fired fired;

/* Something that rules may run on. */
typedef struct {
    const char *event; /* "crm.lead.created" */
    const model_entity *entity;
    const model_record *before, *after;
    kt_str payload; /* JSON; or not set */
} occasion;

/* What a run did, for its log. */
typedef struct {
    kt_str changes; /* JSON object: fields that it assigned */
    buffer effects; /* JSON members: what else it did */
    bool comma;
    unsigned effect_count;
    int64_t us;
} run_report;

/* Runs functions of rules, which have the same rights, on one record in one exchange, and carries out what
 * they propose. failed: the rule whose error it is. */
typedef struct {
    const rule *rule;
    const trigger *trigger;
    kt_str function;
} planned;
KT_MUST kt_error *fire_run(
    kt_tx *tx, const planned *plans, size_t count, const occasion *on, run_report *reports, size_t *failed);
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
} serving;
/* Answers one request, 'Q' being read already, into channel->out. An error: the worker said what no worker
 * says. */
KT_MUST kt_error *serve_request(serving *s, pack_reader *in);
/* Packs a record; sent NULL: whatever the caller may see. */
void serve_record(kt_tx *tx, const model_record *record, const bool *sent, buffer *out);
/* Values for an entity: records given for references become their ids. */
const variant *serve_values(kt_tx *tx, const model_entity *entity, const variant *values);

/* ---- module.c: automation.rule ---- */

struct rule_row {
    kt_record rec;
    kt_str name, text, label, on, moment, rights, source, problem;
    unsigned state;
    int64_t order, failures;
    kt_id owner;
};
extern const kt_shape rule_row_shape;
