/* overlay.h -- a request's write set: sorted by space and key, in memory of its own. A B+tree that only grows
 * (what is taken back stays, as nothing), so that ten writes and a hundred thousand cost about the same each. Its
 * nodes are linked in the order of their keys: a step to the next one costs nothing. */
#pragma once
#include "store/engine.h"

typedef enum { OVERLAY_NOTHING, OVERLAY_PUT, OVERLAY_DELETED } overlay_state; /* NOTHING: taken back */

typedef struct overlay_node {
    struct overlay_node *next, *previous; /* within the space */
    overlay_state state;
    kt_str key;
    kt_str raw; /* framed */
} overlay_node;

typedef struct overlay_page overlay_page;

typedef struct {
    overlay_page *root; /* NULL: empty */
    overlay_node *first, *last;
} overlay_tree;

typedef struct {
    overlay_node *node;
    overlay_state state;
    kt_str raw;
} overlay_undo;

typedef struct {
    arena *arena;
    overlay_tree trees[STORE_SPACES];
    overlay_undo *undo; /* what each write replaced */
    size_t undo_count, undo_size;
    uint64_t changes; /* counts writes and what takes them back; 0: empty */
} overlay;

/* raw with ptr NULL: deleted. raw must stay; key is copied. returns false: no memory */
KT_MUST bool overlay_write(overlay *overlay, store_space space, kt_str key, kt_str raw);
/* NULL if the overlay says nothing about the key. */
const overlay_node *overlay_find(const overlay *overlay, store_space space, kt_str key);
/* The first node at or after (after) key within the space, or the last before it; nodes taken back are passed
 * over. key.ptr NULL: from the space's beginning (its end, for before). */
const overlay_node *overlay_at_or_after(const overlay *overlay, store_space space, kt_str key, bool after);
const overlay_node *overlay_before(const overlay *overlay, store_space space, kt_str key);
/* The nodes beside one, likewise; NULL: there are no more. */
const overlay_node *overlay_next(const overlay_node *node);
const overlay_node *overlay_previous(const overlay_node *node);
void overlay_back(overlay *overlay, size_t mark);
