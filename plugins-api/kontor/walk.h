/* walk.h -- something that is done with each record of a kind, in the order of their ids or in another one: where they are
 * few at once, in the caller's transaction; else as a work (work.h), some in each commit, other calls going on in between.
 * Only records that there were at its beginning are met, each in its own company, on the module's own authority, and with
 * memory that is given back behind it. A module offers a kt_work that hands its walks to kt_walk_list, or to kt_walk_prepare
 * if all go by ids, and to kt_walk_on, and begins one by its place. */
#pragma once
#include <kontor.h>
#include <kontor/value.h>
#include <kontor/work.h>

enum { KT_WALK_AT_ONCE = 500, KT_WALK_STEP = 50 }; /* records in a transaction */

typedef struct {
    kt_text title; /* of the job */
    const kt_shape *of;
    const char *filter; /* JSON; NULL: all of them */
    kt_error *(*each)(kt_tx *tx, kt_record *rec);
    size_t about;     /* offset of the reference to what the walk is about; 0: it is about nothing */
    const char *sort; /* NULL: by id; else `each` leaves a record none of those that are meant */
} kt_walk;

typedef struct { /* which records of a walk; what is not set is any */
    const kt_walk *walk;
    kt_id about, behind, until;
} kt_walk_part;

typedef struct { /* one of them */
    const kt_walk_part *part;
    kt_id id;
} kt_walk_place;

static inline kt_str kt_walk_filter(const kt_walk *walk)
{
    size_t len = 0;
    while (walk->filter && walk->filter[len])
        len++;
    return (kt_str){walk->filter, len};
}

/* The record may have gone meanwhile, or be no longer one that is meant. */
static inline kt_error *kt_walk_read(kt_tx *tx, const kt_walk_place *place, kt_record *rec, bool *found)
{
    const kt_walk *walk = place->part->walk;
    const kt_where where[] = {{offsetof(kt_record, id), KT_EQ, &place->id}, {0}};
    const kt_query query = {.of = walk->of, .where = where, .filter = kt_walk_filter(walk), .limit = 1};
    kt_cursor *cursor;
    rec->of = walk->of;
    KT_TRY(kt_open(tx, &query, &cursor));
    *found = kt_next(cursor, rec);
    return kt_close(cursor);
}

static inline kt_error *kt_walk_one(kt_tx *tx, void *context)
{
    const kt_walk_place *place = (const kt_walk_place *)context;
    const kt_walk *walk = place->part->walk;
    kt_record *rec = (kt_record *)kt_alloc(tx, walk->of->size);
    bool found = false;
    if (!rec)
        return kt_no_memory();
    KT_TRY(kt_walk_read(tx, place, rec, &found));
    if (!found)
        return NULL;
    const kt_id before = kt_set_company(tx, rec->company);
    kt_error *e = walk->each(tx, rec);
    (void)kt_set_company(tx, before);
    return e;
}

static inline kt_error *kt_walk_over(kt_tx *tx, const kt_walk_part *part, const kt_found *found)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = NULL;
    for (size_t i = 0; i < found->count && !e; i++) {
        kt_walk_place place = {part, found->ids[i]};
        e = kt_step(tx, kt_walk_one, &place);
    }
    kt_callers_authority(tx, before);
    return e;
}

static inline kt_error *kt_walk_find(
    kt_tx *tx, const kt_walk_part *part, const char *sort, size_t most, kt_found *found)
{
    kt_where where[4] = {{0}};
    size_t count = 0;
    if (part->about.v)
        where[count++] = (kt_where){part->walk->about, KT_EQ, &part->about};
    if (part->behind.v)
        where[count++] = (kt_where){offsetof(kt_record, id), KT_GT, &part->behind};
    if (part->until.v)
        where[count] = (kt_where){offsetof(kt_record, id), KT_LE, &part->until};
    const kt_query query = {
        .of = part->walk->of, .where = where, .sort = sort, .filter = kt_walk_filter(part->walk)};
    kt_authority before = kt_own_authority(tx);
    kt_error *e = kt_find(tx, &query, most, found);
    kt_callers_authority(tx, before);
    return e;
}

/* Begins the walk walks[which] over what refers to `about`, and ends it where the records are few.
 *   service  under which the module offers the kt_work of its walks */
KT_MUST static inline kt_error *kt_walk_begin_about(
    kt_tx *tx, const char *service, const kt_walk *walks, unsigned which, kt_id about)
{
    const kt_walk_part part = {.walk = &walks[which], .about = about};
    kt_found found, last;
    kt_id job;
    KT_TRY(kt_walk_find(tx, &part, part.walk->sort ? part.walk->sort : "id", KT_WALK_AT_ONCE, &found));
    if (!found.more)
        return kt_walk_over(tx, &part, &found);
    KT_TRY(kt_walk_find(tx, &part, "-id", 1, &last));
    return kt_work_start(tx, service, kt_say(tx, part.walk->title),
        kt_format(tx, "{\"walk\":%u,\"about\":%llu,\"until\":%llu}", which, (unsigned long long)about.v,
            (unsigned long long)last.ids[0].v),
        &job);
}

/* The same of a walk that is about nothing. */
KT_MUST static inline kt_error *kt_walk_begin(
    kt_tx *tx, const char *service, const kt_walk *walks, unsigned which)
{
    return kt_walk_begin_about(tx, service, walks, which, (kt_id){0});
}

/* Which walk a work is. */
KT_MUST static inline kt_error *kt_walk_read_part(
    kt_tx *tx, const kt_walk *walks, size_t count, const kt_work_run *run, kt_walk_part *part)
{
    const kt_value *params, *which, *about, *until;
    KT_TRY(kt_json_read(tx, run->params, &params));
    which = kt_value_get(params, "walk");
    about = kt_value_get(params, "about");
    until = kt_value_get(params, "until");
    if (!which || !until || (uint64_t)which->as.integer >= count)
        return kt_fail(tx, KT_VALIDATION, "params", "name no walk", "nie wskazują przejścia");
    *part = (kt_walk_part){.walk = &walks[which->as.integer],
        .about = {about ? (uint64_t)about->as.integer : 0},
        .until = {(uint64_t)until->as.integer}};
    return NULL;
}

typedef struct { /* the records of a walk that does not go by their ids, those that are done not among them */
    int64_t done;
    size_t count;
    kt_id ids[];
} kt_walk_listed;

/* Lists them once: what the module's kt_work prepares. */
KT_MUST static inline kt_error *kt_walk_list(kt_tx *tx, const kt_walk *walks, size_t count, kt_work_run *run)
{
    kt_walk_part part;
    kt_found found;
    KT_TRY(kt_walk_read_part(tx, walks, count, run, &part));
    if (!part.walk->sort || run->context)
        return NULL;
    KT_TRY(kt_walk_find(tx, &part, part.walk->sort, 0, &found));
    kt_walk_listed *list = (kt_walk_listed *)run->keep(run, sizeof *list + found.count * sizeof *list->ids);
    if (!list)
        return kt_no_memory();
    list->done = run->position;
    list->count = found.count;
    for (size_t i = 0; i < found.count; i++)
        list->ids[i] = found.ids[i];
    run->context = list;
    return NULL;
}

/* The next of those that are listed. */
KT_MUST static inline kt_error *kt_walk_on_listed(kt_tx *tx, const kt_walk_part *part, kt_work_run *run)
{
    kt_walk_listed *list = (kt_walk_listed *)run->context;
    if (!list)
        return kt_fail(tx, KT_BAD_STATE, "params", "the walk is not listed", "przejście nie ma listy");
    const size_t at = (size_t)(run->position - list->done), left = list->count - at;
    const kt_found found = {.ids = list->ids + at, .count = left < KT_WALK_STEP ? left : KT_WALK_STEP};
    KT_TRY(kt_walk_over(tx, part, &found));
    run->total = list->done + (int64_t)list->count;
    run->position += (int64_t)found.count;
    run->finished = run->position == run->total;
    return NULL;
}

/* The next records of a walk that is a work: what the module's kt_work applies. */
KT_MUST static inline kt_error *kt_walk_on(kt_tx *tx, const kt_walk *walks, size_t count, kt_work_run *run)
{
    kt_walk_part part;
    kt_found found;
    KT_TRY(kt_walk_read_part(tx, walks, count, run, &part));
    if (part.walk->sort)
        return kt_walk_on_listed(tx, &part, run);
    part.behind = (kt_id){(uint64_t)run->position};
    KT_TRY(kt_walk_find(tx, &part, "id", KT_WALK_STEP, &found));
    KT_TRY(kt_walk_over(tx, &part, &found));
    run->total = (int64_t)part.until.v;
    run->position = found.more ? (int64_t)found.ids[found.count - 1].v : run->total;
    run->finished = !found.more;
    return NULL;
}

/* Nothing is planned before a step. */
static inline kt_error *kt_walk_prepare(kt_tx *tx, kt_work_run *run)
{
    (void)tx;
    (void)run;
    return NULL;
}
