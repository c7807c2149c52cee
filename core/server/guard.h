/* guard.h -- against starting again and again on damaged files: a page that makes no sense may end the
 * process, whoever supervises it starts it anew, and so on. */
#pragma once
#include "kit/arena.h"

/* Counts a start in DATA/starts. From the third on that neither ended nor lasted a minute, the files are
 * verified first, in child processes. returns storage: they are damaged, and where */
KT_MUST kt_error *guard_start(arena *arena, const char *directory, const char *store_url);
/* It has lasted, or is about to end in order: the count begins anew. */
void guard_settle(const char *directory);
