/* A growing buffer: doubles, never past its maximum, and remembers that an append failed. */
#include "kit/buffer.h"

#include <stdio.h>
#include <string.h>

#include "kit/memory.h"

enum { SIZE_FIRST = 1024 };

void buffer_open(buffer *buffer, size_t max)
{
    *buffer = (struct buffer){.max = max};
}

void buffer_close(buffer *buffer)
{
    memory_free(buffer->ptr);
    *buffer = (struct buffer){.max = buffer->max};
}

void buffer_clear(buffer *buffer)
{
    buffer->len = 0;
    buffer->full = buffer->starved = false;
}

char *buffer_more(buffer *buffer, size_t n)
{
    if (buffer->full)
        return NULL;
    n = n ? n : 1;
    if (n > buffer->max - buffer->len) {
        buffer->full = true;
        return NULL;
    }
    size_t needed = buffer->len + n;
    size_t size = buffer->size ? buffer->size : SIZE_FIRST;
    while (size < needed)
        size = size > buffer->max / 2 ? buffer->max : size * 2;
    if (size > buffer->max)
        size = buffer->max;
    char *grown = memory_grow(buffer->ptr, size);
    if (!grown) {
        buffer->full = buffer->starved = true;
        return NULL;
    }
    buffer->ptr = grown;
    buffer->size = size;
    return grown + buffer->len;
}

void buffer_add(buffer *buffer, const void *bytes, size_t n)
{
    if (n == 0)
        return;
    char *room = buffer_room(buffer, n);
    if (room) {
        memcpy(room, bytes, n);
        buffer->len += n;
    }
}

void buffer_add_str(buffer *buffer, kt_str s)
{
    buffer_add(buffer, s.ptr, s.len);
}

void buffer_add_format(buffer *buffer, const char *format, ...)
{
    char brief[512];
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(brief, sizeof brief, format, arguments);
    if (length < 0) {
        buffer->full = true;
    } else if ((size_t)length < sizeof brief) {
        buffer_add(buffer, brief, (size_t)length);
    } else { /* one byte more than is kept: vsnprintf ends with a NUL */
        char *room = buffer_room(buffer, (size_t)length + 1);
        if (room && vsnprintf(room, (size_t)length + 1, format, again) == length)
            buffer->len += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}
