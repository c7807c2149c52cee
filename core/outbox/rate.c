/* rate.c -- see rate.h. A window is counted in sixty slices, the one that is under way and sixty before it: so it is
 * never shorter than it says. The steady clock counts; what is kept over a restart is dated by the calendar's.
 *
 *   "Or" window (i64) target  in STORE_META: when it was kept (i64, ms since 1970), what left in each slice (u32),
 *                             the newest first */
#include "outbox/rate.h"

#include "kit/str.h"

static const struct {
    const char *name;
    int64_t ms;
} windows[] = {{"minute", 60000}, {"hour", 3600000}, {"day", 86400000}};

#define WINDOW_MAX_MS INT64_C(86400000)
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
        .help = {"mail, sms, chat, webhook, file, or a webhook's host: api.example.com.",
            "mail, sms, chat, webhook, file albo serwer webhooka: api.example.com."}),
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

static bool is_of(const rate *r, const rate *wanted)
{
    return r->window_ms == wanted->window_ms && strcmp(r->target, wanted->target) == 0;
}

/* ---- Over a restart ---- */

enum { KEY_MAX = 2 + sizeof(int64_t) + RATE_TARGET_MAX };
struct kept_counts {
    int64_t at_ms;
    uint32_t sent[RATE_SLICES];
};

static kt_str key_of(const char *target, int64_t window_ms, char bytes[KEY_MAX])
{
    size_t n = strlen(target);
    memcpy(bytes, "Or", 2);
    memcpy(bytes + 2, &window_ms, sizeof window_ms);
    memcpy(bytes + 2 + sizeof window_ms, target, n);
    return (kt_str){bytes, 2 + sizeof window_ms + n};
}

/* A slice longer than the window's sixtieth: with the one under way they reach back at least the window. Before the
 * machine started there was time, too. */
static int64_t slice_ms(const rate *r)
{
    return r->window_ms / (RATE_SLICES - 1) + 1;
}

static int64_t slice_of(const rate *r, int64_t now_ms)
{
    return (now_ms + 2 * WINDOW_MAX_MS) / slice_ms(r);
}

kt_error *rates_keep(const rates *all, store_view *view, kt_time now)
{
    for (size_t i = 0; i < all->count; i++) {
        const rate *r = &all->list[i];
        struct kept_counts kept = {.at_ms = now.ms};
        char key[KEY_MAX];
        for (int64_t back = 0; r->slice && back < RATE_SLICES; back++)
            kept.sent[back] = r->sent[(r->slice - back) % RATE_SLICES];
        if (r->slice)
            KT_TRY(store_put(view, STORE_META, key_of(r->target, r->window_ms, key),
                (kt_str){(const char *)&kept, sizeof kept}));
    }
    return NULL;
}

/* A calendar that went back counts as if no time had passed. */
static void recall(rate *r, kt_str value, kt_time now, int64_t now_ms)
{
    struct kept_counts kept;
    if (value.len != sizeof kept)
        return;
    memcpy(&kept, value.ptr, sizeof kept);
    int64_t passed = now.ms > kept.at_ms ? (now.ms - kept.at_ms) / slice_ms(r) : 0;
    r->slice = slice_of(r, now_ms);
    for (int64_t back = 0; back + passed < RATE_SLICES; back++)
        r->sent[(r->slice - passed - back) % RATE_SLICES] = kept.sent[back];
}

kt_error *rates_recall(kt_tx *tx, const outbox_rate *list, size_t count, int64_t now_ms, rates *kept)
{
    *kept = (rates){.count = 0};
    for (size_t i = 0; i < count && kept->count < RATES_MAX; i++) {
        rate *r = &kept->list[kept->count];
        size_t n = list[i].target ? strlen(list[i].target) : 0;
        char key[KEY_MAX];
        kt_str value;
        if (!n || n >= RATE_TARGET_MAX)
            continue;
        memcpy(r->target, list[i].target, n + 1);
        r->window_ms = list[i].window_ms;
        r->most = list[i].most;
        KT_TRY(store_get(tx->view, STORE_META, key_of(r->target, r->window_ms, key), &value));
        recall(r, value, tx->now, now_ms);
        kept->count++;
    }
    return NULL;
}

/* ---- What holds ---- */

void rates_set(rates *all, const rates *fresh)
{
    rates old = *all;
    *all = *fresh;
    for (size_t i = 0; i < all->count; i++)
        for (size_t k = 0; k < old.count; k++)
            if (is_of(&old.list[k], &all->list[i])) {
                const uint32_t most = all->list[i].most;
                all->list[i] = old.list[k];
                all->list[i].most = most;
            }
}

static uint64_t sent_in_window(const rate *r, int64_t slice)
{
    uint64_t sum = 0;
    for (int64_t back = 0; back < RATE_SLICES; back++) {
        int64_t at = r->slice - back;
        if (at > slice - RATE_SLICES)
            sum += r->sent[at % RATE_SLICES];
    }
    return sum;
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
