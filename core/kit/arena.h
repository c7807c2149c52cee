/* arena.h -- memory by lifetime: everything a request allocates goes at once, with its end hooks. */
#pragma once
#include <stdarg.h>

#include <kontor.h>

typedef struct arena arena;

/* Opens an arena that hands out at most limit bytes in all. returns NULL: out of memory */
KT_MUST arena *arena_open(size_t limit);
/* Runs the end hooks, last first, and frees everything. arena may be NULL. */
void arena_close(arena *arena);
/* As after arena_open, keeping the first block. */
void arena_reset(arena *arena);
/* Zeroed, aligned for any type. returns NULL past the limit or out of memory */
KT_MUST void *arena_alloc(arena *arena, size_t size);
/* As arena_alloc, but not zeroed: for what is written over at once. */
KT_MUST void *arena_bytes(arena *arena, size_t size);
/* Grows the newest allocation in place where it can, else copies. */
KT_MUST void *arena_grow(arena *arena, void *old, size_t old_size, size_t new_size);
/* Runs hook(object) when the arena ends: for a library's own objects. returns false: no memory; hook was not
 * kept */
KT_MUST bool arena_at_end(arena *arena, void (*hook)(void *object), void *object);
size_t arena_used(const arena *arena);
/* Bytes that it may still hand out. */
size_t arena_left(const arena *arena);

/* Copies; the copy is NUL-terminated. .ptr is NULL past the limit. */
kt_str arena_str(arena *arena, kt_str s);
KT_PRINTF(2, 0) kt_str arena_vformat(arena *arena, const char *format, va_list arguments);
KT_PRINTF(2, 3) kt_str arena_format(arena *arena, const char *format, ...);

#define ARENA_NEW(arena, T)      ((T *)arena_alloc((arena), sizeof(T)))
#define ARENA_ARRAY(arena, T, n) ((T *)arena_alloc((arena), sizeof(T) * (n)))
