/* timeline.h -- working time: instants are whole minutes, spans of work are counted along a calendar. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NEVER INT64_MAX /* past the last span: nobody knows */

struct span {
    int64_t from, until; /* minutes; until is not within */
    int64_t before;      /* minutes worked before it: timeline_close counts them */
};
typedef struct {
    const struct span *spans; /* in order, none touching another */
    size_t count;             /* 0: every minute is worked */
} timeline;

/* Counts `before`. The spans are in order. */
void timeline_count(struct span *spans, size_t count);
/* The first working minute at or after an instant. NEVER: there is none. */
int64_t timeline_next(const timeline *t, int64_t at);
/* The instant at which `need` minutes have been worked since `from`; need 0: `from` itself. */
int64_t timeline_end(const timeline *t, int64_t from, int64_t need);
/* The last instant from which `need` minutes are worked until `until`; NEVER: the calendar begins later. */
int64_t timeline_begin(const timeline *t, int64_t until, int64_t need);
int64_t timeline_worked(const timeline *t, int64_t from, int64_t until);
