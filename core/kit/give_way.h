/* give_way.h -- letting in who waits for this processor. A scheduler that owes a thread time lets it go on past whoever wakes
 * up meanwhile; a thread with much to do lets short work in by itself. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct { /* all zero at first; one thread's at a time */
    int64_t until_us, pause_us;
} give_way_state;

/* Lets others run, unless who was let in last computed for longer than two milliseconds: then not for a while, longer each time,
 * so that on a machine that computes the thread keeps its share.
 *   returns  false: nobody was let in */
bool give_way(give_way_state *state);
