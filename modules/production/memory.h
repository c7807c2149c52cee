/* memory.h -- where the pure planning files get their memory: whoever calls them says so. */
#pragma once
#include <stddef.h>

typedef struct {
    void *(*take)(
        void *context, size_t size); /* zeroed; NULL: there is no more. It is given back all at once. */
    void *context;
} memory;

static inline void *memory_array(const memory *m, size_t count, size_t size)
{
    return m->take(m->context, (count + (count == 0)) * size);
}
#define MEMORY_ARRAY(m, T, n) ((T *)memory_array((m), (n), sizeof(T)))
