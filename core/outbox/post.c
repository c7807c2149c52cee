/* post.c -- the post office: one thread sorts, a few carry. The sorter reads what is due into a table of
 * slots, carriers deliver from it, the sorter puts many results on record in one transaction.
 *
 * What has left but is not on record when the process dies is delivered again, under the same identifier: at
 * least once. A target that is slow or down leaves OTHERS carriers to the rest; what failed waits longer each
 * time. */
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "kit/clock.h"
#include "kit/log.h"
#include "kit/memory.h"
#include "kit/text.h"
#include "outbox/delivery.h"
#include "outbox/effect.h"
#include "outbox/files.h"
#include "outbox/rate.h"
#include "outbox/secret.h"

enum {
    SLOTS = 512,
    SHARE = 128,       /* slots that one kind may hold, so that no other waits for its backlog */
    TARGET_SHARE = 32, /* webhooks to one host, likewise */
    PASSED_MAX = 400,  /* due, but for a target that has its share: more are not looked at */
    WORKERS_MAX = 16,
    WORKERS = 6,
    OTHERS = 2,        /* carriers that one target cannot hold */
    MAKING_MS = 500,   /* between looks at documents that are being made */
    REST_MS = 15000,   /* looked at again, though nobody said that anything changed */
    FIRST_WAIT_S = 30, /* then twice as long each time */
    WAIT_MAX_S = 4 * 3600,
    TRIES_MAX = 14, /* about a day */
    SLOT_ARENA = 32 << 20,
    SORT_ARENA = 64 << 20,
};

typedef enum { FREE, READY, CARRIED, BACK } slot_state;
typedef struct {
    slot_state state;
    arena *arena; /* of parcel */
    parcel parcel;
    delivery delivery;
    const char *kind; /* of outbox_kinds */
    char target[RATE_TARGET_MAX];
} slot;

struct outbox {
    outbox_options options;
    pthread_t sorter, carriers[WORKERS_MAX];
    unsigned carriers_started;
    bool sorter_started;
    pthread_mutex_t lock; /* of what follows; held across no call into another room */
    pthread_cond_t to_sort, to_carry;
    atomic_bool stop; /* closing, for those who are delivering */
    bool changed, closing;
    size_t back; /* slots that came back */
    slot slots[SLOTS];
    rates rates;
};

/* ---- Carrying ---- */

static bool may_carry(outbox *o, const slot *s, int64_t now_ms)
{
    unsigned busy = 0;
    bool apart = strcmp(s->kind, s->target) != 0;
    if (!rates_may(&o->rates, s->kind, now_ms) || (apart && !rates_may(&o->rates, s->target, now_ms)))
        return false;
    for (size_t i = 0; i < SLOTS; i++)
        busy += o->slots[i].state == CARRIED && strcmp(o->slots[i].target, s->target) == 0;
    return busy == 0 || busy + OTHERS < o->carriers_started;
}

static slot *take_ready(outbox *o)
{
    int64_t now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < SLOTS; i++) {
        slot *s = &o->slots[i];
        if (s->state != READY || !may_carry(o, s, now_ms))
            continue;
        s->state = CARRIED;
        rates_note(&o->rates, s->kind, now_ms);
        if (strcmp(s->kind, s->target) != 0)
            rates_note(&o->rates, s->target, now_ms);
        return s;
    }
    return NULL;
}

static void *carry(void *context)
{
    outbox *o = context;
    delivery_line line;
    bool open = delivery_line_open(&line, &o->stop);
    pthread_mutex_lock(&o->lock);
    while (!o->closing && open) {
        slot *s = take_ready(o);
        if (!s) {
            struct timespec until;
            clock_gettime(CLOCK_MONOTONIC, &until);
            until.tv_sec += 1; /* a limit's window moves on without a signal */
            pthread_cond_timedwait(&o->to_carry, &o->lock, &until);
            continue;
        }
        pthread_mutex_unlock(&o->lock);
        parcel_deliver(&line, s->arena, &o->options, &s->parcel, &s->delivery);
        secrets_wipe(&s->parcel);
        pthread_mutex_lock(&o->lock);
        s->state = BACK;
        o->back++;
        pthread_cond_signal(&o->to_sort);
    }
    pthread_mutex_unlock(&o->lock);
    delivery_line_close(&line);
    return NULL;
}

/* ---- Reading what is due ---- */

/* Makes a parcel of an effect. One that cannot be read comes back at once, with the reason. */
static void pack(kt_tx *tx, outbox *o, slot *s, const struct effect *e)
{
    s->arena = arena_open(SLOT_ARENA);
    if (!s->arena)
        return;
    s->parcel = (parcel){
        .id = e->rec.id.v, .kind = arena_str(s->arena, e->kind), .created_at = e->rec.created_at};
    kt_error *error = parcel_params(s->arena, e->params, &s->parcel.params);
    if (!error)
        error = files_read(tx, s->arena, o->options.data_directory, &s->parcel);
    if (!error && (str_is(e->kind, "webhook") || str_is(e->kind, "sms") || str_is(e->kind, "chat")))
        error = secrets_fill(tx, s->arena, &o->options, e->rec.company.v, &s->parcel);
    s->delivery = (delivery){.outcome = DELIVERY_NEVER};
    if (error)
        (void)snprintf(s->delivery.text, sizeof s->delivery.text, "%s", error_text(error));
    pthread_mutex_lock(&o->lock);
    s->state = error ? BACK : READY;
    o->back += error != NULL;
    pthread_mutex_unlock(&o->lock);
}

/* Slots are freed and filled by the sorter alone: it may look for a free one without the lock. */
static slot *free_slot(outbox *o, uint64_t id, bool *known)
{
    slot *found = NULL;
    *known = false;
    for (size_t i = 0; i < SLOTS && !*known; i++) {
        *known = o->slots[i].arena && o->slots[i].parcel.id == id;
        found = found || o->slots[i].arena ? found : &o->slots[i];
    }
    return found;
}

typedef struct {
    outbox *outbox;
    kt_time next; /* when something more is due; not set: nothing that is known */
    bool waits;   /* something is due whose documents are not made yet */
} sorting;

/* How many slots hold parcels of a kind, and for a target. */
static void count_held(
    const outbox *o, const char *kind, const char *target, unsigned *of_kind, unsigned *of_target)
{
    *of_kind = *of_target = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        bool held = o->slots[i].arena && o->slots[i].kind == kind;
        *of_kind += held;
        *of_target += held && strcmp(o->slots[i].target, target) == 0;
    }
}

static kt_error *set_target(kt_tx *tx, const char *kind, const struct effect *e, char target[RATE_TARGET_MAX])
{
    parcel p = {.kind = e->kind};
    kt_error *error = strcmp(kind, "webhook") == 0 ? parcel_params(tx->arena, e->params, &p.params) : NULL;
    kt_str text = error ? e->kind : parcel_target(tx->arena, &p);
    size_t n = text.len < RATE_TARGET_MAX - 1 ? text.len : RATE_TARGET_MAX - 1;
    memcpy(target, text.ptr, n);
    target[n] = 0;
    return error && error->first->kind == KT_STORAGE ? error
                                                     : NULL; /* what is wrong is told when it is packed */
}

typedef enum { TAKEN, PASSED, FULL } taking;

static kt_error *take_due(kt_tx *tx, sorting *w, const char *kind, const struct effect *e, taking *how)
{
    char target[RATE_TARGET_MAX];
    unsigned of_kind, of_target;
    bool known = false, made = true;
    slot *s = free_slot(w->outbox, e->rec.id.v, &known);
    *how = TAKEN;
    if (known)
        return NULL;
    KT_TRY(set_target(tx, kind, e, target));
    count_held(w->outbox, kind, target, &of_kind, &of_target);
    *how = !s || of_kind >= SHARE ? FULL : PASSED;
    if (*how == FULL || (of_target >= TARGET_SHARE && strcmp(kind, target) != 0))
        return NULL;
    KT_TRY(files_made(tx, e->params, &made));
    w->waits = w->waits || !made;
    if (!made)
        return NULL;
    *how = TAKEN;
    s->kind = kind;
    memcpy(s->target, target, sizeof target);
    pack(tx, w->outbox, s, e);
    return NULL;
}

static kt_error *load_kind(kt_tx *tx, sorting *w, const char *kind)
{
    const kt_where waiting[] = {
        KT_WHERE(effect, state, KT_EQ, EFFECT_WAITING), KT_WHERE(effect, kind, KT_EQ, str_of(kind)), {0}};
    struct effect e = {KT_OF(effect)};
    kt_cursor *cursor = NULL;
    kt_error *error = NULL;
    taking how = TAKEN;
    unsigned passed = 0;
    KT_TRY(kt_open(tx, &(kt_query){.of = &effect_shape, .where = waiting, .sort = "due,id"}, &cursor));
    while (!error && how != FULL && passed < PASSED_MAX && kt_next(cursor, &e.rec)) {
        if (e.due.ms > tx->now.ms) {
            w->next = !w->next.ms || e.due.ms < w->next.ms ? e.due : w->next;
            break;
        }
        error = take_due(tx, w, kind, &e, &how);
        passed += how == PASSED;
    }
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

static kt_error *load(kt_tx *tx, void *context)
{
    sorting *w = context;
    outbox_rate *list;
    size_t count;
    rates recalled;
    KT_TRY(rates_read(tx, &w->outbox->options, &list, &count));
    KT_TRY(rates_recall(tx, list, count, clock_monotonic_ms(), &recalled));
    pthread_mutex_lock(&w->outbox->lock);
    rates_set(&w->outbox->rates, &recalled);
    pthread_mutex_unlock(&w->outbox->lock);
    for (const char *const *kind = outbox_kinds; *kind; kind++)
        KT_TRY(load_kind(tx, w, *kind));
    return NULL;
}

/* ---- Putting results on record ---- */

/* Half a minute, then twice as long each time, up to four hours; a fifth more or less, so that what failed
 * together does not come back together. */
static kt_time next_try(kt_time now, int64_t attempts)
{
    int64_t wait_s = FIRST_WAIT_S;
    for (int64_t i = 1; i < attempts && wait_s < WAIT_MAX_S; i++)
        wait_s *= 2;
    wait_s = wait_s < WAIT_MAX_S ? wait_s : WAIT_MAX_S;
    int64_t spread = (int64_t)random_below((uint64_t)(wait_s * 400)) - wait_s * 200;
    return (kt_time){now.ms + wait_s * 1000 + spread};
}

/* What another server says is shown to people: one line of text, whatever it sent. */
static kt_str one_line(kt_tx *tx, const char *said)
{
    kt_str text = arena_str(tx->arena, str_of(said));
    char *to = arena_alloc(tx->arena, text.len + 1);
    size_t n = 0, step;
    for (size_t i = 0; to && i < text.len; i += step) {
        size_t length = text_sequence(text.ptr + i, text.len - i);
        step = length ? length : 1;
        bool plain = length && (unsigned char)text.ptr[i] >= 32 && text.ptr[i] != 127;
        if (plain)
            memcpy(to + n, text.ptr + i, step);
        else
            to[n] = ' ';
        n += plain ? step : 1;
    }
    return (kt_str){to, n};
}

static kt_error *record_one(kt_tx *tx, const slot *s)
{
    struct effect e = {KT_OF(effect)};
    kt_error *error = kt_read(tx, (kt_id){s->parcel.id}, &e.rec);
    if (error || e.state != EFFECT_WAITING)
        return error && error->first->kind != KT_NOT_FOUND ? error
                                                           : NULL; /* cancelled or deleted meanwhile */
    e.attempts++;
    e.tried_at = tx->now;
    e.code = s->delivery.code;
    e.message = one_line(tx, s->delivery.text);
    if (s->delivery.outcome == DELIVERY_DONE)
        e.state = EFFECT_DELIVERED;
    else if (s->delivery.outcome == DELIVERY_NEVER || e.attempts >= TRIES_MAX)
        e.state = EFFECT_DEAD;
    else
        e.due = next_try(tx->now, e.attempts);
    return kt_update(tx, &e.rec);
}

typedef struct {
    slot *slots[SLOTS];
    size_t count;
    rates rates; /* what was counted, those under way included */
} returns;

static kt_error *record(kt_tx *tx, void *context)
{
    const returns *r = context;
    for (size_t i = 0; i < r->count; i++)
        KT_TRY(record_one(tx, r->slots[i]));
    return rates_keep(&r->rates, tx->view, tx->now);
}

/* ---- Sorting ---- */

static void take_returns(outbox *o, returns *r)
{
    r->count = 0;
    for (size_t i = 0; i < SLOTS; i++)
        if (o->slots[i].state == BACK)
            r->slots[r->count++] = &o->slots[i];
    r->rates = o->rates;
}

static void free_slots(outbox *o, const returns *r)
{
    for (size_t i = 0; i < r->count; i++) {
        arena_close(r->slots[i]->arena);
        pthread_mutex_lock(&o->lock);
        *r->slots[i] = (slot){.state = FREE};
        o->back--;
        pthread_mutex_unlock(&o->lock);
    }
}

/* What came back goes on record, what is due becomes parcels. *next: when there is more to do. returns false:
 * the store takes nothing now */
static bool sort(outbox *o, returns *r, kt_time *next)
{
    arena *arena = arena_open(SORT_ARENA);
    errand e = {
        .rooms = o->options.rooms, .arena = arena, .origin = MODEL_JOB, .request_id = KT_STR("outbox")};
    sorting w = {.outbox = o};
    kt_error *error = arena ? NULL : error_no_memory();
    if (!error && r->count)
        error = errand_write(&e, record, r);
    if (!error)
        free_slots(o, r);
    if (!error && next)
        error = errand_read(&e, load, &w);
    if (error)
        log_line(KT_LOG_WARN, "outbox", "sorting_failed reason=\"%s\"", error_text(error));
    bool good = !error;
    arena_close(arena);
    if (next)
        *next = w.waits ? (kt_time){clock_now().ms + MAKING_MS} : w.next;
    return good;
}

static void wait_for_work(outbox *o, kt_time next, bool good)
{
    int64_t ms = next.ms ? next.ms - clock_now().ms : REST_MS;
    ms = !good ? 1000 : ms < 10 ? 10 : ms > REST_MS ? REST_MS : ms;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (!o->closing && !o->changed && !(good && o->back))
        if (pthread_cond_timedwait(&o->to_sort, &o->lock, &until) != 0)
            break;
    o->changed = false;
}

static void *sort_all(void *context)
{
    outbox *o = context;
    returns r;
    kt_time next;
    pthread_mutex_lock(&o->lock);
    do {
        take_returns(o, &r);
        pthread_mutex_unlock(&o->lock);
        bool good = sort(o, &r, &next);
        pthread_mutex_lock(&o->lock);
        pthread_cond_broadcast(&o->to_carry);
        if (!o->closing)
            wait_for_work(o, next, good);
    } while (!o->closing);
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

/* ---- Opening and closing ---- */

static void open_conditions(outbox *o)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->to_sort, &monotonic);
    pthread_cond_init(&o->to_carry, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

kt_error *outbox_open(const outbox_options *options, outbox **out)
{
    outbox *o = memory_alloc(sizeof *o);
    if (!o || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        memory_free(o);
        return error_no_memory();
    }
    memset(o, 0, sizeof *o);
    o->options = *options;
    open_conditions(o);
    *out = o;
    return NULL;
}

kt_error *outbox_start(outbox *o)
{
    unsigned wanted = o->options.workers ? o->options.workers : WORKERS;
    wanted = wanted < WORKERS_MAX ? wanted : WORKERS_MAX;
    pthread_mutex_lock(&o->lock); /* carriers look at their number */
    while (o->carriers_started < wanted &&
           pthread_create(&o->carriers[o->carriers_started], NULL, carry, o) == 0)
        o->carriers_started++;
    o->sorter_started = o->carriers_started && pthread_create(&o->sorter, NULL, sort_all, o) == 0;
    pthread_mutex_unlock(&o->lock);
    return o->sorter_started ? NULL : error_no_memory();
}

void outbox_changed(outbox *o, const model_change *changes)
{
    bool ours = false;
    for (const model_change *c = changes; c && !ours; c = c->next)
        ours = str_is(c->entity->name, effect_shape.name) || str_is(c->entity->name, limit_row_shape.name);
    if (!ours)
        return;
    pthread_mutex_lock(&o->lock);
    o->changed = true;
    pthread_cond_signal(&o->to_sort);
    pthread_mutex_unlock(&o->lock);
}

void outbox_stop(outbox *o)
{
    returns r;
    if (!o)
        return;
    pthread_mutex_lock(&o->lock);
    o->closing = true;
    atomic_store(&o->stop, true);
    pthread_cond_broadcast(&o->to_sort);
    pthread_cond_broadcast(&o->to_carry);
    pthread_mutex_unlock(&o->lock);
    for (; o->carriers_started; o->carriers_started--)
        pthread_join(o->carriers[o->carriers_started - 1], NULL);
    if (o->sorter_started)
        pthread_join(o->sorter, NULL);
    o->sorter_started = false;
    take_returns(o, &r);
    if (r.count && !sort(o, &r, NULL))
        log_line(KT_LOG_WARN, "outbox", "unrecorded count=%zu", r.count);
}

void outbox_close(outbox *o)
{
    outbox_stop(o);
    if (!o)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        arena_close(o->slots[i].arena);
    pthread_mutex_destroy(&o->lock);
    pthread_cond_destroy(&o->to_sort);
    pthread_cond_destroy(&o->to_carry);
    curl_global_cleanup();
    memory_free(o);
}
