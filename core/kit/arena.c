/* Memory by lifetime. Blocks double from a page pair up to a quarter megabyte; a bigger wish gets a block of
 * its own. The arena itself lies at the front of its first block, so that opening one costs one malloc. */
#include "kit/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include "kit/memory.h"

enum {
    ALIGN = alignof(max_align_t),
    BLOCK_FIRST = 8192 - 64,
    BLOCK_MAX = 256 * 1024,
};

/* Under the address sanitizer what an arena has not handed out, or took back, may not be touched. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define CLOSE_OFF(at, size) ASAN_POISON_MEMORY_REGION((at), (size))
#define HAND_OUT(at, size)  ASAN_UNPOISON_MEMORY_REGION((at), (size))
#else
#define CLOSE_OFF(at, size) ((void)(at), (void)(size))
#define HAND_OUT(at, size)  ((void)(at), (void)(size))
#endif

typedef struct block {
    struct block *older;
    size_t size, used; /* of bytes */
    size_t most;       /* that may be handed out: all, or what the arena's limit leaves */
    alignas(max_align_t) char bytes[];
} block;

typedef struct hook {
    void (*run)(void *object);
    void *object;
    struct hook *older;
} hook;

struct arena {
    block *newest;
    hook *hooks;
    size_t limit, before; /* before: handed out of the older blocks */
    size_t next_size;
};

static_assert(sizeof(block) + BLOCK_FIRST <= MEMORY_FIRST, "a first block is one of memory_take");

enum { OWN = (sizeof(struct arena) + ALIGN - 1) / ALIGN * ALIGN }; /* what the arena itself takes */

static size_t round_up(size_t size)
{
    return (size + ALIGN - 1) / ALIGN * ALIGN;
}

/* What a wish takes; of nothing the least that has an address of its own. */
static size_t room_for(size_t size)
{
    return round_up(size + (size == 0));
}

/* left: what may still be handed out */
static block *block_open(size_t size, size_t left)
{
    block *made = size == BLOCK_FIRST ? memory_take() : memory_alloc(sizeof(block) + size);
    if (made) {
        made->older = NULL;
        made->size = size;
        made->used = 0;
        made->most = size < left ? size : left;
        CLOSE_OFF(made->bytes, size);
    }
    return made;
}

static void block_close(block *b)
{
    HAND_OUT(b->bytes, b->size);
    if (b->size == BLOCK_FIRST)
        memory_give(b);
    else
        memory_free(b);
}

/* The next bytes of a block, which has them. */
static void *block_take(block *b, size_t size)
{
    void *bytes = b->bytes + b->used;
    HAND_OUT(bytes, size);
    b->used += size;
    return bytes;
}

static void end(arena *arena)
{
    while (arena->hooks) {
        hook *last = arena->hooks;
        arena->hooks = last->older; /* first, so that a hook may use the arena */
        last->run(last->object);
    }
}

arena *arena_open(size_t limit)
{
    block *first = block_open(BLOCK_FIRST, limit < BLOCK_FIRST ? OWN + limit : BLOCK_FIRST);
    if (!first)
        return NULL;
    arena *made = block_take(first, OWN);
    *made = (arena){.newest = first, .limit = limit, .next_size = 2 * BLOCK_FIRST};
    return made;
}

void arena_close(arena *arena)
{
    if (!arena)
        return;
    end(arena);
    for (block *b = arena->newest; b;) { /* the first block, which holds the arena, goes last */
        block *older = b->older;
        block_close(b);
        b = older;
    }
}

void arena_reset(arena *arena)
{
    end(arena);
    while (arena->newest->older) {
        block *older = arena->newest->older;
        block_close(arena->newest);
        arena->newest = older;
    }
    block *first = arena->newest;
    first->used = OWN;
    CLOSE_OFF(first->bytes + first->used, first->size - first->used);
    arena->before = 0;
    arena->next_size = 2 * BLOCK_FIRST;
}

static void *take_from_new(arena *arena, size_t size)
{
    const size_t room = room_for(size), left = arena_left(arena);
    if (size > SIZE_MAX / 2 || room > left)
        return NULL;
    block *b = block_open(room > arena->next_size ? room : arena->next_size, left);
    if (!b)
        return NULL;
    b->older = arena->newest;
    arena->before += arena->newest->used;
    arena->newest = b;
    if (arena->next_size < BLOCK_MAX)
        arena->next_size *= 2;
    return block_take(b, room);
}

void *arena_bytes(arena *arena, size_t size)
{
    block *b = arena->newest;
    const size_t room = room_for(size);
    return room >= size && room <= b->most - b->used ? block_take(b, room) : take_from_new(arena, size);
}

void *arena_alloc(arena *arena, size_t size)
{
    void *bytes = arena_bytes(arena, size);
    return bytes ? memset(bytes, 0, room_for(size)) : NULL;
}

void *arena_grow(arena *arena, void *old, size_t old_size, size_t new_size)
{
    if (!old)
        return arena_alloc(arena, new_size);
    if (new_size <= old_size)
        return old;
    size_t had = room_for(old_size);
    if (new_size <= had)
        return old; /* the padding was zeroed with the rest */
    block *b = arena->newest;
    if (b->used >= had && (char *)old == b->bytes + b->used - had && new_size < SIZE_MAX / 2) {
        size_t more = round_up(new_size) - had;
        if (more <= b->most - b->used) {
            memset(block_take(b, more), 0, more);
            return old;
        }
    }
    void *grown = arena_alloc(arena, new_size);
    if (grown)
        memcpy(grown, old, old_size);
    return grown;
}

bool arena_at_end(arena *arena, void (*run)(void *object), void *object)
{
    hook *added = ARENA_NEW(arena, hook);
    if (!added)
        return false;
    *added = (hook){run, object, arena->hooks};
    arena->hooks = added;
    return true;
}

size_t arena_used(const arena *arena)
{
    return arena->before + arena->newest->used - OWN;
}

size_t arena_left(const arena *arena)
{
    return arena->limit - arena_used(arena);
}

kt_str arena_str(arena *arena, kt_str s)
{
    if (!s.ptr || s.len == SIZE_MAX)
        return (kt_str){0};
    char *copy = arena_bytes(arena, s.len + 1);
    if (!copy)
        return (kt_str){0};
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = 0;
    return (kt_str){copy, s.len};
}

kt_str arena_vformat(arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    char brief[256];
    int length = vsnprintf(brief, sizeof brief, format, arguments);
    kt_str made = {0};
    if (length >= 0 && (size_t)length < sizeof brief) {
        made = arena_str(arena, (kt_str){brief, (size_t)length});
    } else if (length >= 0) {
        size_t size = (size_t)length + 1;
        char *text = arena_alloc(arena, size);
        if (text && vsnprintf(text, size, format, again) == length)
            made = (kt_str){text, (size_t)length};
    }
    va_end(again);
    return made;
}

kt_str arena_format(arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    kt_str made = arena_vformat(arena, format, arguments);
    va_end(arguments);
    return made;
}
