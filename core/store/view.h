/* view.h -- a snapshot, and for writers an overlay above it. */
#pragma once
#include "store/overlay.h"

struct store_view {
    arena *arena; /* for what is read, and errors */
    arena *first; /* lasts as long as the view */
    engine *engine;
    engine_txn *txn;
    overlay *writes;   /* NULL: read only */
    size_t begun_at;   /* bytes that were in it before this view */
    bool borrowed_txn; /* the writer's: store_end leaves it alone; values are copied, for its pages move */
    store *store;
};
