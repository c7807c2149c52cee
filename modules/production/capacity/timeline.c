#include "capacity/timeline.h"

void timeline_count(struct span *spans, size_t count)
{
    int64_t before = 0;
    for (size_t i = 0; i < count; i++) {
        spans[i].before = before;
        before += spans[i].until - spans[i].from;
    }
}

/* The first span that ends after an instant; count: there is none. */
static size_t span_after(const timeline *t, int64_t at)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->spans[middle].until > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

int64_t timeline_next(const timeline *t, int64_t at)
{
    if (!t->count)
        return at;
    size_t i = span_after(t, at);
    if (i == t->count)
        return NEVER;
    return t->spans[i].from > at ? t->spans[i].from : at;
}

/* Minutes worked from the beginning until an instant. */
static int64_t counted(const timeline *t, int64_t at)
{
    size_t i = span_after(t, at);
    if (i < t->count)
        return t->spans[i].before + (t->spans[i].from < at ? at - t->spans[i].from : 0);
    const struct span *last = &t->spans[t->count - 1];
    return last->before + last->until - last->from;
}

/* The span in which the minute number `worked` is worked, from 0; count: past the end. */
static size_t span_with(const timeline *t, int64_t worked)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->spans[middle].before + t->spans[middle].until - t->spans[middle].from > worked)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

int64_t timeline_end(const timeline *t, int64_t from, int64_t need)
{
    if (from == NEVER || !t->count || need <= 0)
        return from == NEVER ? NEVER : from + (need > 0 ? need : 0);
    int64_t last = counted(t, from) + need - 1; /* the number of the last minute */
    size_t i = span_with(t, last);
    return i == t->count ? NEVER : t->spans[i].from + last - t->spans[i].before + 1;
}

int64_t timeline_begin(const timeline *t, int64_t until, int64_t need)
{
    if (until == NEVER || !t->count || need <= 0)
        return until == NEVER ? NEVER : until - (need > 0 ? need : 0);
    int64_t first = counted(t, until) - need;
    if (first < 0)
        return NEVER;
    size_t i = span_with(t, first);
    return t->spans[i].from + first - t->spans[i].before;
}

int64_t timeline_worked(const timeline *t, int64_t from, int64_t until)
{
    if (until <= from)
        return 0;
    return t->count ? counted(t, until) - counted(t, from) : until - from;
}
