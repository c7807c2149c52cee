/* overlay.h -- a write set: sorted by space and key, in memory of its own. A B+tree that only grows (what is taken
 * back stays, as nothing), so that ten writes and a hundred thousand cost about the same each. Its nodes are linked
 * in the order of their keys: a step to the next one costs nothing. A table by hash beside it tells of one key whether it
 * is there, which is asked most.
 *
 * A dry run has one of its own. The jobs of a batch share one, each behind those before it: what they all rewrite, such
 * as counters, goes to the engine once. A node says which job wrote it last. */
#pragma once
#include <stdatomic.h>

#include "store/engine.h"

typedef enum { OVERLAY_NOTHING, OVERLAY_PUT, OVERLAY_DELETED } overlay_state; /* NOTHING: taken back */

typedef struct overlay_node {
    struct overlay_node *next, *previous; /* within the space */
    overlay_state state;
    store_space space;
    uint32_t job;
    uint64_t hash; /* of the key: frame_key */
    kt_str key;
    kt_str raw; /* framed */
} overlay_node;

typedef struct overlay_page overlay_page;

typedef struct {
    overlay_page *root; /* NULL: empty */
    overlay_node *first, *last;
} overlay_tree;

typedef struct overlay_undo overlay_undo;

typedef struct {
    arena *arena;        /* it lies there itself */
    atomic_uint holders; /* whoever may still look at what was written; the last one lets it go */
    overlay_tree trees[STORE_SPACES];
    overlay_node **table; /* by hash, open; a power of two of places, at most half of them taken */
    size_t places, nodes;
    overlay_undo *undo, *spare; /* what each write replaced, in blocks, the newest first */
    size_t undo_count;
    uint32_t job;
    uint64_t changes; /* counts writes and what takes them back; 0: empty */
} overlay;

/* An empty one that the caller holds, and at most `most` bytes of it. NULL: no memory */
overlay *overlay_open(size_t most);
/* One more holder, until the arena ends. returns false: no memory */
KT_MUST bool overlay_hold(overlay *overlay, arena *until);
void overlay_release(overlay *overlay);

/* raw with ptr NULL: deleted. raw must stay; key is copied. returns false: no memory */
KT_MUST bool overlay_write(overlay *overlay, store_space space, kt_str key, kt_str raw);
/* The same in two steps, for who writes what hangs on what is there: the key's node, made if there is none, and then
 * its raw value. returns NULL, false: no memory */
overlay_node *overlay_node_of(overlay *overlay, store_space space, kt_str key);
KT_MUST bool overlay_set(overlay *overlay, overlay_node *node, kt_str raw);
/* NULL if the overlay says nothing about the key. */
const overlay_node *overlay_find(const overlay *overlay, store_space space, kt_str key);
/* The first node at or after (after) key within the space, or the last before it; nodes taken back are passed
 * over. key.ptr NULL: from the space's beginning (its end, for before). */
const overlay_node *overlay_at_or_after(const overlay *overlay, store_space space, kt_str key, bool after);
const overlay_node *overlay_before(const overlay *overlay, store_space space, kt_str key);
/* The nodes beside one, likewise; NULL: there are no more. */
const overlay_node *overlay_next(const overlay_node *node);
const overlay_node *overlay_previous(const overlay_node *node);
/* Takes back what was written since there were `mark` entries to undo. */
void overlay_back(overlay *overlay, size_t mark);
/* Forgets how to take back what was written so far. */
void overlay_settle(overlay *overlay);
