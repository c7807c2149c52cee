/* buffer.h -- bytes that grow up to a stated maximum. After a failed append the buffer is `full`, keeps what
 * it had and refuses more: check once, at the end. `starved` tells that it was memory that ran out, and not
 * the stated maximum. */
#pragma once
#include <stdarg.h>

#include <kontor.h>

typedef struct buffer {
    char *ptr;
    size_t len, size, max;
    bool full, starved;
} buffer;

/* An empty buffer that grows to at most max bytes; end it with buffer_close. buffer_clear keeps its memory.
 */
void buffer_open(buffer *buffer, size_t max);
void buffer_close(buffer *buffer);
void buffer_clear(buffer *buffer);
/* buffer_room where there is none left. */
char *buffer_more(buffer *buffer, size_t n);
/* Room for n more bytes; NULL when full. The caller then advances len. */
static inline char *buffer_room(buffer *b, size_t n)
{
    bool fits = !b->full && b->ptr && n <= b->size - b->len;
    return fits ? b->ptr + b->len : buffer_more(b, n);
}
void buffer_add(buffer *buffer, const void *bytes, size_t n);
void buffer_add_str(buffer *buffer, kt_str s);
static inline void buffer_add_char(buffer *b, char c)
{
    char *room = buffer_room(b, 1);
    if (room) {
        *room = c;
        b->len++;
    }
}
KT_PRINTF(2, 3) void buffer_add_format(buffer *buffer, const char *format, ...);
static inline kt_str buffer_str(const buffer *b)
{
    return (kt_str){b->ptr, b->len};
}
