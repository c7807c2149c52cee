/* tx.c -- what a transaction offers to everybody: errors, memory, the clock, the caller. */
#include "kit/log.h"
#include "model/internal.h"

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

kt_id kt_user(const kt_tx *tx)
{
    return (kt_id){tx->user};
}

kt_id kt_company(const kt_tx *tx)
{
    return (kt_id){tx->company};
}

bool kt_may(const kt_tx *tx, const char *right)
{
    return !tx->guard || !tx->guard->may || tx->guard->may(tx, right);
}
