/* Open addressing over a power of two, at most half full. */
#include "ids.h"

static size_t slot_of(const id_map *map, uint64_t id)
{
    uint64_t mixed = (id ^ id >> 29) * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(mixed >> 20) & (map->room - 1);
    while (map->keys[at] && map->keys[at] != id)
        at = (at + 1) & (map->room - 1);
    return at;
}

bool id_map_find(const id_map *map, kt_id id, uint32_t *value)
{
    if (!map->room || !id.v)
        return false;
    size_t at = slot_of(map, id.v);
    if (!map->keys[at])
        return false;
    *value = map->values[at];
    return true;
}

static kt_error *grow(kt_tx *tx, id_map *map)
{
    id_map larger = {.room = map->room ? map->room * 2 : 64, .count = map->count};
    larger.keys = kt_alloc(tx, larger.room * sizeof *larger.keys);
    larger.values = kt_alloc(tx, larger.room * sizeof *larger.values);
    if (!larger.keys || !larger.values)
        return kt_no_memory();
    for (size_t i = 0; i < map->room; i++)
        if (map->keys[i]) {
            size_t at = slot_of(&larger, map->keys[i]);
            larger.keys[at] = map->keys[i];
            larger.values[at] = map->values[i];
        }
    *map = larger;
    return NULL;
}

kt_error *id_map_put(kt_tx *tx, id_map *map, kt_id id, uint32_t value)
{
    if (map->count * 2 >= map->room)
        KT_TRY(grow(tx, map));
    size_t at = slot_of(map, id.v);
    map->keys[at] = id.v;
    map->values[at] = value;
    map->count++;
    return NULL;
}
