/* disk.h -- bytes that must be on the disk, not only on their way to it. */
#pragma once
#include <kontor.h>

/* Writes all of it. returns 0, or errno: then part of it may be written. */
int disk_write(int fd, const void *bytes, size_t len);
/* The same, and flushes the file. */
int disk_save(int fd, const void *bytes, size_t len);
/* Copies one file to its end into another and flushes that. What was written goes to the disk piece by piece: were all
 * of it left for the end, every other flush on the same file system would wait for it.
 *   progress(context, bytes)  is told all bytes so far, after every piece; may be NULL
 *   returns                   0, or errno: then the copy is not whole */
int disk_copy(int from, int to, void (*progress)(void *context, uint64_t bytes), void *context);
/* Makes the names in a directory last. returns 0, or errno. */
int disk_flush_names(const char *directory);
