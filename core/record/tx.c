/* tx.c -- what a transaction offers to everybody: errors, memory, the clock, the caller. */
#include "kit/clock.h"
#include "kit/log.h"
#include "kit/text.h"
#include "record/internal.h"

kt_error *kt_no_memory(void)
{
    return error_no_memory();
}

kt_error *kt_fail(kt_tx *tx, kt_kind kind, const char *path, const char *en, const char *pl, ...)
{
    va_list arguments;
    va_start(arguments, pl);
    kt_error *error = error_vmake(tx->arena, kind, path, en, pl, arguments);
    va_end(arguments);
    return error;
}

void *kt_alloc(kt_tx *tx, size_t size)
{
    return arena_alloc(tx->arena, size);
}

struct model_kept {
    const void *key;
    void *thing;
    struct model_kept *next;
};

static struct model_kept *kept_find(const kt_tx *tx, const void *key)
{
    struct model_kept *k = tx->kept;
    while (k && k->key != key)
        k = k->next;
    return k;
}

kt_error *kt_keep(kt_tx *tx, const void *key, void *thing)
{
    struct model_kept *k = kept_find(tx, key);
    if (!k) {
        k = ARENA_NEW(model_lasting(tx), struct model_kept);
        if (!k)
            return error_no_memory();
        *k = (struct model_kept){.key = key, .next = tx->kept};
        tx->kept = k;
    }
    k->thing = thing;
    return NULL;
}

void *kt_kept(const kt_tx *tx, const void *key)
{
    const struct model_kept *k = kept_find(tx, key);
    return k ? k->thing : NULL;
}

kt_str kt_token(kt_tx *tx)
{
    uint64_t random[2];
    random_bytes(random, sizeof random);
    return arena_format(
        tx->arena, "%016llx%016llx", (unsigned long long)random[0], (unsigned long long)random[1]);
}

kt_str kt_format(kt_tx *tx, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    kt_str text = arena_vformat(tx->arena, format, arguments);
    va_end(arguments);
    return text;
}

void kt_log(const kt_tx *tx, kt_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    kt_str text = arena_vformat(tx->arena, format, arguments);
    va_end(arguments);
    log_line(level, "module", "%s user=%llu", text.ptr ? text.ptr : format, (unsigned long long)tx->user);
}

kt_date kt_today(const kt_tx *tx)
{
    return zone_date(tx->zone, tx->now);
}

kt_time kt_now(const kt_tx *tx)
{
    return tx->now;
}

kt_date kt_local(const kt_tx *tx, kt_time time, int *minute)
{
    enum { DAY_MS = 86400000, MINUTE_MS = 60000 };
    int64_t local = time.ms + (int64_t)zone_offset_s(tx->zone, time) * 1000;
    int64_t of_day = local % DAY_MS;
    *minute = (int)((of_day < 0 ? of_day + DAY_MS : of_day) / MINUTE_MS);
    return zone_date(tx->zone, time);
}

kt_time kt_instant(const kt_tx *tx, kt_date day, int minute)
{
    kt_time midnight = zone_midnight(tx->zone, day);
    kt_time at = {midnight.ms + (int64_t)minute * 60000};
    int was = zone_offset_s(tx->zone, midnight), is = zone_offset_s(tx->zone, at);
    kt_time moved = {at.ms - (int64_t)(is - was) * 1000};
    return zone_offset_s(tx->zone, moved) == is ? moved : at; /* else the clocks pass over that minute */
}

kt_str kt_say(const kt_tx *tx, kt_text text)
{
    return str_of(tx->lang && tx->lang[0] == 'p' && text.pl ? text.pl : text.en);
}

kt_str kt_why(kt_tx *tx, const kt_error *error)
{
    const kt_problem p = kt_problem_at(error, 0);
    if (!p.kind)
        return (kt_str){0};
    kt_str text = text_cut(kt_say(tx, p.text), 300), path = text_cut(str_of(p.path), 90);
    return kt_format(tx, "%.*s%s%.*s", STR_ARG(text), path.len ? ": " : "", STR_ARG(path));
}

kt_str kt_fold(kt_tx *tx, kt_str text)
{
    return text.ptr ? text_fold(tx->arena, text) : (kt_str){0};
}

kt_id kt_user(const kt_tx *tx)
{
    return (kt_id){tx->user};
}

bool kt_joining(const kt_tx *tx)
{
    return tx->joining;
}

kt_id kt_company(const kt_tx *tx)
{
    return (kt_id){tx->company};
}

kt_id kt_set_company(kt_tx *tx, kt_id company)
{
    kt_id before = {tx->company};
    tx->company = company.v;
    return before;
}

kt_authority kt_own_authority(kt_tx *tx)
{
    kt_authority before = {tx->guard};
    tx->guard = NULL;
    return before;
}

void kt_callers_authority(kt_tx *tx, kt_authority before)
{
    tx->guard = before.guard;
}

bool kt_may(const kt_tx *tx, const char *right)
{
    return !tx->guard || !tx->guard->may || tx->guard->may(tx, right);
}

bool kt_shows(kt_tx *tx, const char *entity, const char *field)
{
    const model_entity *e = model_entity_find(tx->catalogue, str_of(entity));
    const model_field *f = e ? model_field_find(e, str_of(field)) : NULL;
    return f && (!tx->guard || !tx->guard->field || tx->guard->field(tx, f, e, false));
}
