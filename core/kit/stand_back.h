/* stand_back.h -- long work that nobody waits for, beside work that somebody waits for. */
#pragma once

/* From now on this thread, and every thread it starts, takes what the others leave of the processor, and in short
 * turns: who wakes up beside it need not wait for the end of a long one (Linux 6.12 and later; before, waking up is
 * enough). There is no way back without privilege, so it is for threads and processes made for the work. */
void stand_back(void);
