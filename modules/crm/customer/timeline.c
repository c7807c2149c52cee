/* The timeline of a customer: everything that happened, from whatever entity, in one order. */
#include <stdlib.h>
#include <string.h>

#include "crm.h"

const kt_shape timeline_entry_shape = KT_SHAPE(timeline_entry, NULL,
    KT_FIELD(timeline_entry, at, TIME, "At", "Kiedy"),
    KT_FIELD(timeline_entry, kind, STRING, "Kind", "Rodzaj",
        .help = {"call meeting mail note chat task file stage deal lead quotation order request consent "
                 "interest, "
                 "and papers of the books",
            "call meeting mail note chat task file stage deal lead quotation order request consent interest "
            "oraz dokumenty księgowe"}),
    KT_FIELD(timeline_entry, entity, STRING, "Entity", "Encja"),
    KT_FIELD(timeline_entry, id, INT, "Id", "Id"), KT_FIELD(timeline_entry, title, STRING, "Title", "Tytuł"),
    KT_FIELD(timeline_entry, text, TEXT, "Text", "Treść"),
    KT_FIELD(timeline_entry, by, REF, "By", "Kto", .target = "access.user"),
    KT_FIELD(timeline_entry, by_name, STRING, "By (name)", "Kto (nazwa)"),
    KT_FIELD(timeline_entry, state, STRING, "State", "Stan"),
    KT_FIELD(timeline_entry, pinned, BOOL, "Pinned", "Przypięty"));

enum {
    SOURCE_MAX = 2000, /* records of one kind, newest first */
    ABOUT_AT_ONCE = 16 /* one query for so many: each of its ranges is looked at when it is planned */
};

/* Entries hang on a list while they come in: how many there will be is not known. */
typedef struct node {
    struct timeline_entry entry;
    struct node *next;
} node;
struct timeline {
    kt_tx *tx;
    kt_time before;
    node *first;
    size_t limit, count;
    kt_id about[ABOUT_AT_ONCE]; /* not asked yet */
    size_t about_count;
};

timeline *timeline_open(kt_tx *tx, kt_time before, size_t limit)
{
    timeline *t = kt_alloc(tx, sizeof *t);
    if (t)
        *t = (timeline){.tx = tx, .before = before, .limit = limit};
    return t;
}

kt_str timeline_older(const timeline *t)
{
    enum { DAY_MS = 86400000, HOUR_MS = 3600000, MINUTE_MS = 60000, SECOND_MS = 1000 };
    int64_t of_day = (t->before.ms % DAY_MS + DAY_MS) % DAY_MS;
    int year, month, day;
    if (!t->before.ms)
        return (kt_str){0};
    kt_date on = {(int32_t)((t->before.ms - of_day) / DAY_MS) + kt_date_make(1970, 1, 1).day};
    kt_date_parts(on, &year, &month, &day);
    return kt_format(t->tx, "[[\"created_at\",\"<\",\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"]]", year, month,
        day, (int)(of_day / HOUR_MS), (int)(of_day / MINUTE_MS % 60), (int)(of_day / SECOND_MS % 60),
        (int)(of_day % SECOND_MS));
}

static kt_error *no_memory(kt_tx *tx)
{
    return kt_hint(kt_fail(tx, KT_LIMIT, NULL, "the card's entries need more memory than there is",
                       "wpisy karty potrzebują więcej pamięci, niż jest"),
        "Ask for a part of it with before and limit.", "Poproś o część: before i limit.");
}

kt_error *timeline_add(timeline *t, const struct timeline_entry *entry)
{
    if (t->before.ms && entry->at.ms >= t->before.ms)
        return NULL;
    node *n = kt_alloc(t->tx, sizeof *n);
    if (!n)
        return no_memory(t->tx);
    n->entry = *entry;
    n->entry.rec.of = &timeline_entry_shape;
    n->next = t->first;
    t->first = n;
    t->count++;
    return NULL;
}

static kt_str either(kt_str first, kt_str second)
{
    return first.ptr ? first : second;
}

static kt_str choice_name(kt_tx *tx, const kt_choice *choices, unsigned value)
{
    return value ? kt_format(tx, "%s", choices[value - 1].name) : (kt_str){0};
}

/* ---- What base keeps: notes, tasks, files ---- */

struct note {
    kt_record rec;
    kt_str text, by_name, by_login;
    kt_id party, about;
    bool pinned;
};
static const kt_shape note_shape = KT_SHAPE(note, "base.note", KT_BIND(note, text, TEXT, "text"),
    KT_BIND(note, party, REF, "party"), KT_BIND(note, about, REF, "about"),
    KT_BIND(note, pinned, BOOL, "pinned"), KT_BIND(note, by_name, STRING, "created_by.full_name"),
    KT_BIND(note, by_login, STRING, "created_by.name"));

struct file {
    kt_record rec;
    kt_str name, type, by_name, by_login;
    kt_id party, about;
};
static const kt_shape file_shape = KT_SHAPE(file, "base.attachment", KT_BIND(file, name, STRING, "name"),
    KT_BIND(file, type, STRING, "type"), KT_BIND(file, party, REF, "party"),
    KT_BIND(file, about, REF, "about"), KT_BIND(file, by_name, STRING, "created_by.full_name"),
    KT_BIND(file, by_login, STRING, "created_by.name"));

enum task_state { TASK_TODO = 1, TASK_IN_PROGRESS, TASK_REVIEW, TASK_DONE, TASK_CANCELLED };
static const char *const task_states[] = {"", "todo", "in_progress", "review", "done", "cancelled"};
struct task {
    kt_record rec;
    kt_str title, text, by_name, by_login;
    enum task_state state;
    kt_id party, about;
    kt_time done_at;
};
static const kt_shape task_shape = KT_SHAPE(task, "base.task", KT_BIND(task, title, STRING, "title"),
    KT_BIND(task, text, TEXT, "text"), KT_BIND(task, state, STATE, "state"),
    KT_BIND(task, party, REF, "party"), KT_BIND(task, about, REF, "about"),
    KT_BIND(task, done_at, TIME, "done_at"), KT_BIND(task, by_name, STRING, "created_by.full_name"),
    KT_BIND(task, by_login, STRING, "created_by.name"));

static kt_error *add_notes(timeline *t, const kt_where *where, kt_str filter)
{
    kt_cursor *cursor;
    kt_error *error = NULL;
    if (!kt_may(t->tx, "base.note:read"))
        return NULL;
    KT_TRY(kt_open(t->tx, &(kt_query){&note_shape, where, "-id", SOURCE_MAX, filter}, &cursor));
    struct note n = {KT_OF(note)};
    while (!error && kt_next(cursor, &n.rec))
        error = timeline_add(t, &(struct timeline_entry){.at = n.rec.created_at,
                                    .kind = KT_STR("note"),
                                    .entity = KT_STR("base.note"),
                                    .id = (int64_t)n.rec.id.v,
                                    .text = n.text,
                                    .by = n.rec.created_by,
                                    .by_name = either(n.by_name, n.by_login),
                                    .pinned = n.pinned});
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *add_files(timeline *t, const kt_where *where, kt_str filter)
{
    kt_cursor *cursor;
    kt_error *error = NULL;
    if (!kt_may(t->tx, "base.attachment:read"))
        return NULL;
    KT_TRY(kt_open(t->tx, &(kt_query){&file_shape, where, "-id", SOURCE_MAX, filter}, &cursor));
    struct file f = {KT_OF(file)};
    while (!error && kt_next(cursor, &f.rec))
        error = timeline_add(t, &(struct timeline_entry){.at = f.rec.created_at,
                                    .kind = KT_STR("file"),
                                    .entity = KT_STR("base.attachment"),
                                    .id = (int64_t)f.rec.id.v,
                                    .title = f.name,
                                    .text = f.type,
                                    .by = f.rec.created_by,
                                    .by_name = either(f.by_name, f.by_login)});
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *add_tasks(timeline *t, const kt_where *where, kt_str filter)
{
    kt_cursor *cursor;
    kt_error *error = NULL;
    if (!kt_may(t->tx, "base.task:read"))
        return NULL;
    KT_TRY(kt_open(t->tx, &(kt_query){&task_shape, where, "-id", SOURCE_MAX, filter}, &cursor));
    struct task k = {KT_OF(task)};
    while (!error && kt_next(cursor, &k.rec))
        error = timeline_add(
            t, &(struct timeline_entry){.at = k.done_at.ms ? k.done_at : k.rec.created_at,
                   .kind = KT_STR("task"),
                   .entity = KT_STR("base.task"),
                   .id = (int64_t)k.rec.id.v,
                   .title = k.title,
                   .text = k.text,
                   .by = k.rec.created_by,
                   .by_name = either(k.by_name, k.by_login),
                   .state = kt_format(t->tx, "%s", task_states[k.state <= TASK_CANCELLED ? k.state : 0])});
    kt_also(&error, kt_close(cursor));
    return error;
}

kt_error *timeline_of_party(timeline *t, kt_id party)
{
    const kt_str all = {0};
    KT_TRY(add_notes(t, (const kt_where[]){KT_WHERE(note, party, KT_EQ, party), {0}}, all));
    KT_TRY(add_tasks(t, (const kt_where[]){KT_WHERE(task, party, KT_EQ, party), {0}}, all));
    return add_files(t, (const kt_where[]){KT_WHERE(file, party, KT_EQ, party), {0}}, all);
}

/* What is about the records that were named since the last time. */
static kt_error *ask_about(timeline *t)
{
    kt_str ids = KT_STR("");
    if (!t->about_count)
        return NULL;
    for (size_t i = 0; i < t->about_count && ids.ptr; i++)
        ids = kt_format(t->tx, "%s%s{\"entity\":\"%s\",\"id\":%llu}", ids.ptr, i ? "," : "",
            kt_any_entity(t->tx, t->about[i]), (unsigned long long)kt_any_id(t->about[i]).v);
    t->about_count = 0;
    kt_str filter = ids.ptr ? kt_format(t->tx, "[[\"about\",\"in\",[%s]]]", ids.ptr) : ids;
    if (!filter.ptr)
        return no_memory(t->tx);
    KT_TRY(add_notes(t, NULL, filter));
    KT_TRY(add_tasks(t, NULL, filter));
    return add_files(t, NULL, filter);
}

kt_error *timeline_about(timeline *t, kt_id about)
{
    t->about[t->about_count++] = about;
    return t->about_count == ABOUT_AT_ONCE ? ask_about(t) : NULL;
}

/* ---- What crm keeps ---- */

struct done { /* an activity with the name of who made it */
    kt_record rec;
    kt_str subject, text, by_name, by_login;
    enum activity_kind kind;
    enum activity_state state;
    kt_id party, owner;
    kt_time planned_at, done_at;
};
static const kt_shape done_shape = KT_SHAPE(done, "crm.activity", KT_BIND(done, subject, STRING, "subject"),
    KT_BIND(done, text, TEXT, "text"), KT_BIND(done, kind, STATE, "kind"),
    KT_BIND(done, state, STATE, "state"), KT_BIND(done, party, REF, "party"),
    KT_BIND(done, owner, REF, "owner"), KT_BIND(done, planned_at, TIME, "planned_at"),
    KT_BIND(done, done_at, TIME, "done_at"), KT_BIND(done, by_name, STRING, "owner.full_name"),
    KT_BIND(done, by_login, STRING, "owner.name"));

static kt_error *add_activities(timeline *t, const kt_query *query)
{
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(t->tx, query, &cursor));
    struct done a = {KT_OF(done)};
    while (!error && kt_next(cursor, &a.rec))
        error = timeline_add(t, &(struct timeline_entry){.at = a.done_at.ms      ? a.done_at
                                                               : a.planned_at.ms ? a.planned_at
                                                                                 : a.rec.created_at,
                                    .kind = choice_name(t->tx, activity_kinds, a.kind),
                                    .entity = KT_STR("crm.activity"),
                                    .id = (int64_t)a.rec.id.v,
                                    .title = a.subject,
                                    .text = a.text,
                                    .by = a.owner,
                                    .by_name = either(a.by_name, a.by_login),
                                    .state = choice_name(t->tx, activity_states, a.state)});
    kt_also(&error, kt_close(cursor));
    return error;
}

/* Those that were done, as many as are shown, in the order of their index; and those that were not. */
kt_error *timeline_activities(timeline *t, kt_id party)
{
    const kt_where until[] = {
        KT_WHERE(done, party, KT_EQ, party), KT_WHERE(done, done_at, KT_LT, t->before), {0}};
    const kt_where ever[] = {KT_WHERE(done, party, KT_EQ, party), {0}};
    if (!kt_may(t->tx, "crm.activity:read"))
        return NULL;
    KT_TRY(add_activities(t, &(kt_query){&done_shape, t->before.ms ? until : ever, "-done_at",
                                 (uint32_t)t->limit + 1, KT_STR("[[\"done_at\",\"is_null\",false]]")}));
    return add_activities(
        t, &(kt_query){&done_shape, ever, "-id", SOURCE_MAX, KT_STR("[[\"done_at\",\"is_null\",true]]")});
}

kt_error *timeline_deal(timeline *t, const struct deal *d)
{
    for (size_t i = 0; i < d->history.count; i++) {
        const struct stage_move *m = (const struct stage_move *)(const void *)kt_line(&d->history, i);
        KT_TRY(timeline_add(t, &(struct timeline_entry){.at = m->at,
                                   .kind = i ? KT_STR("stage") : KT_STR("deal"),
                                   .entity = KT_STR("crm.deal"),
                                   .id = (int64_t)d->rec.id.v,
                                   .title = d->title,
                                   .text = m->stage_name,
                                   .by = m->by,
                                   .state = choice_name(t->tx, semantics, m->semantic)}));
    }
    return timeline_about(t, kt_any(t->tx, "crm.deal", d->rec.id));
}

kt_error *timeline_lead(timeline *t, const struct lead *l)
{
    struct timeline_entry entry = {.at = l->rec.created_at,
        .kind = KT_STR("lead"),
        .entity = KT_STR("crm.lead"),
        .id = (int64_t)l->rec.id.v,
        .title = l->title,
        .text = l->source,
        .by = l->rec.created_by,
        .state = KT_STR("new")};
    KT_TRY(timeline_add(t, &entry));
    if (l->state != NEW) {
        entry.at = l->converted_at.ms ? l->converted_at : l->rec.updated_at;
        entry.by = l->rec.updated_by;
        entry.state = choice_name(t->tx, lead_states, l->state);
        KT_TRY(timeline_add(t, &entry));
    }
    return timeline_about(t, kt_any(t->tx, "crm.lead", l->rec.id));
}

/* ---- Order ---- */

static int text_order(kt_str a, kt_str b)
{
    return strcmp(a.ptr ? a.ptr : "", b.ptr ? b.ptr : "");
}

/* Newest first; then by entity and id, so that the same card always reads the same. */
static int order(const void *left, const void *right)
{
    const struct timeline_entry *a = &(*(const node *const *)left)->entry,
                                *b = &(*(const node *const *)right)->entry;
    if (a->at.ms != b->at.ms)
        return a->at.ms > b->at.ms ? -1 : 1;
    int by_entity = text_order(a->entity, b->entity);
    if (by_entity)
        return by_entity;
    if (a->id != b->id)
        return a->id > b->id ? -1 : 1;
    int by_kind = text_order(a->kind, b->kind);
    int by_text = by_kind ? by_kind : text_order(a->text, b->text);
    return by_text ? by_text
                   : text_order(a->state, b->state); /* two states within one instant are two entries */
}

kt_error *timeline_close(timeline *t, kt_lines *entries, bool *more)
{
    KT_TRY(ask_about(t));
    node **sorted = kt_alloc(t->tx, sizeof(node *) * (t->count + 1));
    if (!sorted)
        return no_memory(t->tx);
    size_t n = 0, taken = 0;
    for (node *at = t->first; at; at = at->next)
        sorted[n++] = at;
    qsort(sorted, n, sizeof *sorted, order);
    *more = false;
    for (size_t i = 0; i < n; i++) {
        if (i && order(&sorted[i], &sorted[i - 1]) == 0)
            continue; /* reached both by its party and by what it is about */
        if (taken == t->limit) {
            *more = true;
            break;
        }
        KT_TRY(kt_line_add(t->tx, entries, &sorted[i]->entry.rec));
        taken++;
    }
    return NULL;
}
