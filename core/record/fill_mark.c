/* fill_mark.c -- in STORE_META: "model/filling/" entity index holds the id up to which the index is filled. */
#include "record/fill_mark.h"

#include "record/key.h"

#define FILLING_PREFIX "model/filling/"

kt_str index_mark_name(index_mark *room, const char *prefix, uint16_t entity, uint16_t index)
{
    const uint8_t tail[] = {(uint8_t)(entity >> 8), (uint8_t)entity, (uint8_t)(index >> 8), (uint8_t)index};
    room->len = strlen(prefix);
    memcpy(room->bytes, prefix, room->len);
    memcpy(room->bytes + room->len, tail, sizeof tail);
    room->len += sizeof tail;
    return (kt_str){room->bytes, room->len};
}

kt_error *fill_mark_read(store_view *view, uint16_t entity, uint16_t index, bool *found, uint64_t *next)
{
    index_mark name;
    kt_str value;
    KT_TRY(store_get(view, STORE_META, index_mark_name(&name, FILLING_PREFIX, entity, index), &value));
    *found = value.len == 8;
    *next = *found ? key_last_u64(value) : 0;
    return NULL;
}

kt_error *fill_mark_write(store_view *view, uint16_t entity, uint16_t index, uint64_t next)
{
    index_mark name;
    key value = {0};
    key_u64(&value, next);
    return store_put(
        view, STORE_META, index_mark_name(&name, FILLING_PREFIX, entity, index), key_str(&value));
}

kt_error *fill_mark_remove(store_view *view, uint16_t entity, uint16_t index)
{
    index_mark name;
    return store_delete(view, STORE_META, index_mark_name(&name, FILLING_PREFIX, entity, index));
}
