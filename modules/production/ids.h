/* ids.h -- a map from ids to small numbers, in the transaction's memory. */
#pragma once
#include <kontor.h>

typedef struct {
    uint64_t *keys; /* 0: free */
    uint32_t *values;
    size_t room, count;
} id_map; /* all zero: empty */

/* false: it is not in there. */
bool id_map_find(const id_map *map, kt_id id, uint32_t *value);
/* Puts an id, which is not in there yet. */
KT_MUST kt_error *id_map_put(kt_tx *tx, id_map *map, kt_id id, uint32_t value);
