/* rate.c -- see rate.h. A window is counted in sixty slices, the one that is under way and sixty before it: so it is
 * never shorter than it says. The counts begin anew with the server. */
#include "outbox/rate.h"

#include "kit/str.h"

static const struct {
    const char *name;
    int64_t ms;
} windows[] = {{"minute", 60000}, {"hour", 3600000}, {"day", 86400000}};

enum { PER_MINUTE = 1, PER_HOUR, PER_DAY, MOST_MAX = 1000000 };
static const kt_choice periods[] = {
    {PER_MINUTE, "minute", {"Minute", "Minuta"}},
    {PER_HOUR, "hour", {"Hour", "Godzina"}},
    {PER_DAY, "day", {"Day", "Doba"}},
    {0},
};

struct limit_row {
    kt_record rec;
    kt_str target;
    int64_t most;
    unsigned per;
};
const kt_shape limit_row_shape = KT_SHAPE(limit_row, "outbox.limit",
    KT_FIELD(limit_row, target, STRING, "Target", "Cel", .required = true, .unique = true,
        .max = RATE_TARGET_MAX - 1, .priority = 1,
        .help = {"mail, sms, webhook, file, or a webhook's host: api.example.com.",
            "mail, sms, webhook, file albo serwer webhooka: api.example.com."}),
    KT_FIELD(limit_row, most, INT, "At most", "Najwyżej", .required = true, .priority = 2),
    KT_FIELD(limit_row, per, STATE, "Each", "Na", .choices = periods, .initial = "hour", .priority = 3));

kt_error *limit_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    (void)before;
    if (!after || (KT_SEE(limit_row, after)->most >= 1 && KT_SEE(limit_row, after)->most <= MOST_MAX))
        return NULL;
    return kt_fail(tx, KT_VALIDATION, "most", "is 1 to %d", "wynosi od 1 do %d", (int)MOST_MAX);
}

bool outbox_rate_read(kt_str text, outbox_rate *out)
{
    size_t i = 0;
    *out = (outbox_rate){0};
    for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9' && out->most <= MOST_MAX; i++)
        out->most = out->most * 10 + (uint32_t)(text.ptr[i] - '0');
    kt_str unit = {text.ptr + i + 1, i < text.len ? text.len - i - 1 : 0};
    for (size_t k = 0; i < text.len && text.ptr[i] == '/' && k < sizeof windows / sizeof *windows; k++)
        if (str_is(unit, windows[k].name))
            out->window_ms = windows[k].ms;
    return out->window_ms && out->most >= 1 && out->most <= MOST_MAX;
}

kt_error *rates_read(kt_tx *tx, const outbox_options *o, outbox_rate **list, size_t *count)
{
    struct limit_row row = {KT_OF(limit_row)};
    kt_cursor *cursor;
    *count = 0;
    *list = ARENA_ARRAY(tx->arena, outbox_rate, RATES_MAX);
    if (!*list)
        return error_no_memory();
    for (const outbox_rate *r = o->rates; r && r->target && *count < RATES_MAX; r++)
        (*list)[(*count)++] = *r;
    KT_TRY(kt_open(tx, &(kt_query){.of = &limit_row_shape, .sort = "id"}, &cursor));
    while (*count < RATES_MAX && kt_next(cursor, &row.rec))
        (*list)[(*count)++] = (outbox_rate){
            arena_str(tx->arena, row.target).ptr, (uint32_t)row.most, windows[row.per - PER_MINUTE].ms};
    return kt_close(cursor);
}

static bool is_of(const rate *r, const outbox_rate *wanted)
{
    return r->window_ms == wanted->window_ms && strcmp(r->target, wanted->target) == 0;
}

void rates_set(rates *all, const outbox_rate *list, size_t count)
{
    rates fresh = {.count = 0};
    for (size_t i = 0; i < count && fresh.count < RATES_MAX; i++) {
        rate *r = &fresh.list[fresh.count];
        size_t n = list[i].target ? strlen(list[i].target) : 0;
        if (!n || n >= RATE_TARGET_MAX)
            continue;
        memcpy(r->target, list[i].target, n + 1);
        r->window_ms = list[i].window_ms;
        for (size_t k = 0; k < all->count; k++)
            if (is_of(&all->list[k], &list[i]))
                *r = all->list[k];
        r->most = list[i].most;
        fresh.count++;
    }
    *all = fresh;
}

static uint64_t sent_in_window(const rate *r, int64_t slice)
{
    uint64_t sum = 0;
    for (int64_t back = 0; back < RATE_SLICES; back++) {
        int64_t at = r->slice - back;
        if (at >= 0 && at > slice - RATE_SLICES)
            sum += r->sent[at % RATE_SLICES];
    }
    return sum;
}

/* A slice longer than the window's sixtieth: with the one under way they reach back at least the window. */
static int64_t slice_of(const rate *r, int64_t now_ms)
{
    return now_ms / (r->window_ms / (RATE_SLICES - 1) + 1);
}

bool rates_may(const rates *all, const char *target, int64_t now_ms)
{
    for (size_t i = 0; i < all->count; i++) {
        const rate *r = &all->list[i];
        if (strcmp(r->target, target) == 0 && sent_in_window(r, slice_of(r, now_ms)) >= r->most)
            return false;
    }
    return true;
}

void rates_note(rates *all, const char *target, int64_t now_ms)
{
    for (size_t i = 0; i < all->count; i++) {
        rate *r = &all->list[i];
        int64_t slice = slice_of(r, now_ms);
        if (strcmp(r->target, target) != 0)
            continue;
        for (int64_t at = r->slice + 1; at <= slice && at <= r->slice + RATE_SLICES; at++)
            r->sent[at % RATE_SLICES] = 0;
        r->slice = slice;
        r->sent[slice % RATE_SLICES]++;
    }
}
