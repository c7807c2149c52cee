/* answers.c -- exactly once: the answer is written in the same commit as its effect, so that a repeated
 * request finds both or neither. Old ones are forgotten by the way, a few with each commit. */
#include "store/answers.h"

#include "kit/clock.h"
#include "kit/error.h"
#include "store/view.h"

enum { HEAD_BYTES = 12, FIRST_MAX = STORE_VALUE_MAX - HEAD_BYTES };

typedef struct {
    char bytes[STORE_KEY_MAX];
} key_room;

static void put_number(char *out, uint64_t n, size_t bytes)
{
    for (size_t i = bytes; i-- > 0; n >>= 8)
        out[i] = (char)(n & 255);
}

static uint64_t get_number(const char *in, size_t bytes)
{
    uint64_t n = 0;
    for (size_t i = 0; i < bytes; i++)
        n = n << 8 | (unsigned char)in[i];
    return n;
}

/* part 0: the first, which the others follow */
static kt_str key_of_part(key_room *room, kt_str key, size_t part)
{
    room->bytes[0] = part ? 'r' : 'q';
    memcpy(room->bytes + 1, key.ptr, key.len);
    if (!part)
        return (kt_str){room->bytes, key.len + 1};
    put_number(room->bytes + 1 + key.len, part, 2);
    return (kt_str){room->bytes, key.len + 3};
}

static size_t parts_of(size_t len)
{
    return len <= FIRST_MAX ? 1 : 1 + (len - FIRST_MAX + STORE_VALUE_MAX - 1) / STORE_VALUE_MAX;
}

static kt_error *incomplete(arena *arena)
{
    return error_make(arena, KT_STORAGE, NULL, "damaged data: a kept answer is not complete",
        "uszkodzone dane: zapamiętana odpowiedź jest niepełna");
}

kt_error *answers_find(store_view *view, kt_str key, kt_str *answer)
{
    key_room room;
    kt_str value;
    *answer = (kt_str){0};
    if (key.len > ANSWERS_KEY_MAX)
        return error_make(view->arena, KT_LIMIT, "idempotency_key", "a key of %zu bytes: at most %d",
            "klucz ma %zu bajtów: najwyżej %d", key.len, ANSWERS_KEY_MAX);
    KT_TRY(store_get(view, STORE_META, key_of_part(&room, key, 0), &value));
    if (!value.ptr)
        return NULL;
    if (value.len < HEAD_BYTES)
        return incomplete(view->arena);
    size_t len = (size_t)get_number(value.ptr + 8, 4), at = value.len - HEAD_BYTES;
    char *all = at <= len ? arena_alloc(view->arena, len + 1) : NULL;
    if (!all)
        return at <= len ? error_no_memory() : incomplete(view->arena);
    memcpy(all, value.ptr + HEAD_BYTES, at);
    for (size_t part = 1; at < len; part++) {
        KT_TRY(store_get(view, STORE_META, key_of_part(&room, key, part), &value));
        if (!value.ptr || value.len == 0 || value.len > len - at)
            return incomplete(view->arena);
        memcpy(all + at, value.ptr, value.len);
        at += value.len;
    }
    *answer = (kt_str){all, len};
    return NULL;
}

kt_error *answers_keep(store_view *view, kt_str key, kt_str answer)
{
    key_room room;
    size_t parts = parts_of(answer.len), first = answer.len < FIRST_MAX ? answer.len : FIRST_MAX;
    if (parts > UINT16_MAX)
        return error_make(view->arena, KT_LIMIT, "idempotency_key", "an answer of %zu bytes cannot be kept",
            "odpowiedzi o długości %zu bajtów nie można zapamiętać", answer.len);
    char *value = arena_bytes(view->arena, HEAD_BYTES + first);
    if (!value)
        return error_no_memory();
    put_number(value, (uint64_t)clock_now().ms, 8);
    put_number(value + 8, answer.len, 4);
    if (first)
        memcpy(value + HEAD_BYTES, answer.ptr, first);
    KT_TRY(store_put(view, STORE_META, key_of_part(&room, key, 0), (kt_str){value, HEAD_BYTES + first}));
    for (size_t part = 1, at = first; at < answer.len; part++) {
        size_t len = answer.len - at < STORE_VALUE_MAX ? answer.len - at : STORE_VALUE_MAX;
        KT_TRY(store_put(view, STORE_META, key_of_part(&room, key, part), (kt_str){answer.ptr + at, len}));
        at += len;
    }
    return NULL;
}

static kt_error *forget(store_view *view, kt_str kept_key, kt_str value)
{
    key_room room;
    kt_str key = {kept_key.ptr + 1, kept_key.len - 1};
    size_t parts = parts_of((size_t)get_number(value.ptr + 8, 4));
    for (size_t part = 0; part < parts; part++)
        KT_TRY(store_delete(view, STORE_META, key_of_part(&room, key, part)));
    return NULL;
}

kt_error *answers_forget(store_view *view, answers_sweep *sweep, size_t most, int64_t keep_ms)
{
    store_cursor *cursor;
    kt_str key, value, from = sweep->at_len ? (kt_str){sweep->at, sweep->at_len} : KT_STR("q");
    kt_error *error = NULL;
    int64_t now = clock_now().ms;
    bool more = true;
    KT_TRY(store_scan(view, STORE_META, from, KT_STR("r"), false, &cursor));
    for (size_t i = 0; i < most && !error && (more = store_next(cursor, &key, &value)); i++) {
        memcpy(sweep->at, key.ptr, key.len);
        sweep->at_len = key.len;
        if (value.len >= HEAD_BYTES && now - (int64_t)get_number(value.ptr, 8) > keep_ms)
            error = forget(view, key, value);
    }
    if (!more)
        sweep->at_len = 0;
    else if (sweep->at_len < STORE_KEY_MAX)
        sweep->at[sweep->at_len++] = 0; /* the least key behind it */
    kt_error *ended = store_scan_end(cursor);
    return error ? error : ended;
}
