/* overlay.h -- a request's write set: sorted by space and key, in the request's arena. A treap, so that ten
 * writes and a hundred thousand cost the same each. */
#pragma once
#include "store/engine.h"

typedef enum { OVERLAY_NOTHING, OVERLAY_PUT, OVERLAY_DELETED } overlay_state; /* NOTHING: taken back */

typedef struct {
    uint64_t first,
        second; /* the key's first bytes, big-endian, zeros behind its end: most keys differ in them */
    store_space space;
} overlay_head;

typedef struct overlay_node {
    struct overlay_node *left, *right;
    overlay_head head;
    uint32_t priority;
    overlay_state state;
    kt_str key;
    kt_str raw; /* framed */
} overlay_node;

typedef struct {
    overlay_node *node;
    overlay_state state;
    kt_str raw;
} overlay_undo;

typedef struct {
    arena *arena;
    overlay_node *root;
    overlay_undo *undo; /* what each write replaced */
    size_t undo_count, undo_size;
    uint64_t changes; /* counts writes and what takes them back */
    uint32_t random;
} overlay;

/* raw with ptr NULL: deleted. raw must stay; key is copied. returns false: no memory */
KT_MUST bool overlay_write(overlay *overlay, store_space space, kt_str key, kt_str raw);
/* NULL if the overlay says nothing about the key. */
const overlay_node *overlay_find(const overlay *overlay, store_space space, kt_str key);
/* The first node at or after (after) key within the space, or the last before it; nodes taken back are passed
 * over. key.ptr NULL: from the space's beginning (its end, for before). */
const overlay_node *overlay_at_or_after(const overlay *overlay, store_space space, kt_str key, bool after);
const overlay_node *overlay_before(const overlay *overlay, store_space space, kt_str key);
void overlay_back(overlay *overlay, size_t mark);
