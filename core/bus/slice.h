/* slice.h -- how long the threads that answer run at a time. */
#pragma once
#include <stdint.h>

/* From here on threads that the calling one starts get short slices of the processor: until slice_restore. */
uint64_t slice_shorten(void);
void slice_restore(uint64_t before_ns); /* what slice_shorten gave */
