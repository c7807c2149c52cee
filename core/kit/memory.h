/* memory.h -- the one door to malloc for arenas and buffers, so that a test can make any block fail. */
#pragma once
#include <kontor.h>

/* returns NULL: out of memory, or the test hook struck. Not zeroed. Yours to end with memory_free. */
KT_MUST void *memory_alloc(size_t size);
/* A block of the size that arenas begin with, likewise. A thread keeps a few that it gave back: they are opened by the
 * thousand, and malloc looks long for a block of two pages. */
enum { MEMORY_FIRST = 8192 - 16 };
KT_MUST void *memory_take(void);
void memory_give(void *block);
KT_MUST void *memory_grow(void *old, size_t size);
void memory_free(void *block);
/* Tests: the nth block from now on (1: the next) fails in this thread, and every one after it if `onwards`.
 * nth 0: none fails. */
void memory_fail_at(uint64_t nth, bool onwards);
/* Blocks asked for in this thread since memory_fail_at: so a test knows how many to make fail. */
uint64_t memory_asked(void);
