/* fill_mark.h -- how far a new index is filled: until it is whole, the records from the mark on are not in it. */
#pragma once
#include "record/record.h"

/* The name of a mark about an index, in STORE_META; it lies in *room. */
typedef struct {
    char bytes[40];
    size_t len;
} index_mark;
kt_str index_mark_name(index_mark *room, const char *prefix, uint16_t entity, uint16_t index);

/* Ids below *next are in it; UINT64_MAX: all. */
KT_MUST kt_error *fill_mark_read(
    store_view *view, uint16_t entity, uint16_t index, bool *found, uint64_t *next);
KT_MUST kt_error *fill_mark_write(store_view *view, uint16_t entity, uint16_t index, uint64_t next);
KT_MUST kt_error *fill_mark_remove(store_view *view, uint16_t entity, uint16_t index);
