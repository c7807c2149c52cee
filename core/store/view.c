/* view.c -- reading and writing through a view: overlay and snapshot merged, frames put on and taken off. */
#include "store/view.h"

#include <endian.h>
#include <stdatomic.h>

#include "kit/error.h"

kt_error *engine_error(arena *arena, engine_code code, const char *doing)
{
    switch (code) {
    case ENGINE_MEMORY:
        return error_no_memory();
    case ENGINE_FULL:
    case ENGINE_NO_SPACE:
        return kt_hint(error_make(arena, KT_STORAGE, NULL, "the disk is full (%s); nothing was changed",
                           "dysk jest pełny (%s); nic nie zmieniono", doing),
            "Free some space: writing then works again by itself.",
            "Zwolnij miejsce: zapis zadziała wtedy sam.");
    case ENGINE_BUSY:
        return error_make(arena, KT_UNAVAILABLE, NULL, "the store is busy (%s); try again",
            "baza danych jest zajęta (%s); spróbuj ponownie", doing);
    case ENGINE_TOO_LARGE:
        return error_make(arena, KT_LIMIT, NULL, "too much for one transaction (%s); nothing was changed",
            "za dużo jak na jedną transakcję (%s); nic nie zmieniono", doing);
    case ENGINE_UNKNOWN:
        return error_make(arena, KT_STORAGE, NULL,
            "input/output error (%s): it is not known whether the change was saved",
            "błąd wejścia-wyjścia (%s): nie wiadomo, czy zmiana została zapisana", doing);
    case ENGINE_DAMAGED:
        return kt_hint(error_make(arena, KT_STORAGE, NULL, "the data files are damaged (%s)",
                           "pliki danych są uszkodzone (%s)", doing),
            "Run `kontor check` and restore the last backup.",
            "Uruchom `kontor check` i odtwórz ostatnią kopię zapasową.");
    case ENGINE_OK:
    case ENGINE_ABSENT:
    case ENGINE_IO:
    case ENGINE_BROKEN:
        break;
    }
    return error_make(arena, KT_STORAGE, NULL,
        "input/output error of the data files (%s); nothing was changed",
        "błąd wejścia-wyjścia plików danych (%s); nic nie zmieniono", doing);
}

static kt_error *damaged(arena *arena, store_space space, kt_str key)
{
    char hex[2 * 24 + 1];
    size_t n = key.len < 24 ? key.len : 24;
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        hex[2 * i] = digits[(unsigned char)key.ptr[i] >> 4];
        hex[2 * i + 1] = digits[key.ptr[i] & 15];
    }
    hex[2 * n] = 0;
    kt_error *error = error_make(arena, KT_STORAGE, NULL,
        "damaged data: the value under key %s (%s) fails its checksum",
        "uszkodzone dane: wartość pod kluczem %s (%s) ma błędną sumę kontrolną", hex,
        engine_space_name(space));
    return kt_hint(error, "Run `kontor check` and restore the last backup.",
        "Uruchom `kontor check` i odtwórz ostatnią kopię zapasową.");
}

static kt_error *bad_key(arena *arena, kt_str key)
{
    return error_make(arena, KT_LIMIT, NULL, "a key of %zu bytes: 1 to %d are possible",
        "klucz ma %zu bajtów: możliwe jest od 1 do %d", key.len, STORE_KEY_MAX);
}

kt_error *store_make_writable(store_view *view)
{
    if (view->writes)
        return NULL;
    overlay *made = overlay_open(SIZE_MAX); /* store_put keeps to STORE_WRITES_MAX */
    bool held = made && overlay_hold(made, view->first);
    overlay_release(made);
    if (!held)
        return error_no_memory();
    view->writes = made;
    return NULL;
}

arena *store_read_into(store_view *view, arena *memory)
{
    arena *before = view->arena;
    view->arena = memory;
    return before;
}

void store_end(store_view *view)
{
    if (!view)
        return;
    if (view->txn && !view->borrowed_txn)
        view->engine->ops->end(view->txn);
    view->txn = NULL;
}

/* What a node of the overlay says, without its frame; not set: nothing, or that it was deleted. */
static kt_str word_of(const overlay_node *node)
{
    return node && node->state == OVERLAY_PUT ? (kt_str){node->raw.ptr, node->raw.len - FRAME_BYTES}
                                              : (kt_str){0};
}

/* What the engine holds, in its frame; *raw not set: nothing. */
static kt_error *engine_get(store_view *view, store_space space, kt_str key, kt_str *raw)
{
    *raw = (kt_str){0};
    engine_code code = view->engine->ops->get(view->txn, space, key, raw);
    return code == ENGINE_OK || code == ENGINE_ABSENT ? NULL : engine_error(view->arena, code, "reading");
}

/* The overlay's word, if it has one (*node), or else what the engine holds; *raw not set: nothing. */
static kt_error *look_up(
    store_view *view, store_space space, kt_str key, const overlay_node **node, kt_str *raw)
{
    *raw = (kt_str){0};
    *node = NULL;
    if (key.len == 0 || key.len > STORE_KEY_MAX)
        return bad_key(view->arena, key);
    *node = view->writes ? overlay_find(view->writes, space, key) : NULL;
    return *node ? NULL : engine_get(view, space, key, raw);
}

kt_error *store_has(store_view *view, store_space space, kt_str key, bool *there)
{
    const overlay_node *node;
    kt_str raw;
    *there = false;
    KT_TRY(look_up(view, space, key, &node, &raw));
    *there = node ? node->state == OVERLAY_PUT : raw.ptr != NULL;
    return NULL;
}

/* What the engine holds, without its frame; *value not set: nothing. */
static kt_error *unframe(store_view *view, store_space space, kt_str key, kt_str raw, kt_str *value)
{
    *value = (kt_str){0};
    if (!raw.ptr || frame_open(space, key, raw, value))
        return NULL;
    *value = (kt_str){0};
    return damaged(view->arena, space, key);
}

kt_error *store_get(store_view *view, store_space space, kt_str key, kt_str *value)
{
    const overlay_node *node;
    kt_str raw;
    *value = (kt_str){0};
    KT_TRY(look_up(view, space, key, &node, &raw));
    *value = word_of(node);
    if (node || !raw.ptr)
        return NULL;
    KT_TRY(unframe(view, space, key, raw, value));
    if (view->borrowed_txn) {
        *value = arena_str(view->arena, *value);
        if (!value->ptr)
            return error_no_memory();
    }
    return NULL;
}

bool store_written(const store_view *view, store_space space, kt_str key, kt_str *value)
{
    const overlay_node *node = view->writes ? overlay_find(view->writes, space, key) : NULL;
    *value = word_of(node);
    return node != NULL;
}

/* ---- Memos: 40 bits of the snapshot, 24 of the number ---- */

enum { MEMO_BITS = 24 };

/* 0: none that others have too */
static uint64_t shared_snapshot(const store_view *view)
{
    return view->writes || view->borrowed_txn ? 0 : view->engine->ops->snapshot(view->txn) << MEMO_BITS;
}

bool store_memo_find(const store_memo *memo, const store_view *view, uint64_t *number)
{
    uint64_t snapshot = shared_snapshot(view), seen = atomic_load_explicit(&memo->seen, memory_order_relaxed);
    *number = seen & (((uint64_t)1 << MEMO_BITS) - 1);
    return snapshot && seen - *number == snapshot;
}

void store_memo_keep(store_memo *memo, const store_view *view, uint64_t number)
{
    uint64_t snapshot = shared_snapshot(view);
    if (snapshot && number >> MEMO_BITS == 0)
        atomic_store_explicit(&memo->seen, snapshot | number, memory_order_relaxed);
}

/* ---- Cursors: the engine's next key and the overlay's next key, the smaller one first ---- */

struct store_cursor {
    store_view *view;
    arena *arena; /* the view's may be another by the time that it moves on */
    engine_cursor *engine;
    kt_error *error;
    store_space space;
    kt_str from, to; /* to.ptr NULL: the end of the space */
    bool reverse, begun, engine_done;
    bool counts;     /* hands nothing out: no checksum is needed, which would cost more than the step */
    kt_str key, raw; /* the engine's candidate, not yet handed out; key.ptr NULL: fetch one */
    const overlay_node *ahead; /* the overlay's candidate as it was after so many changes of the overlay */
    uint64_t ahead_at;
    bool ahead_known;
    char last[STORE_KEY_MAX]; /* the last key handed out, for the overlay's side */
    size_t last_len;
    bool has_last;
};

kt_error *store_scan(
    store_view *view, store_space space, kt_str from, kt_str to, bool reverse, store_cursor **cursor)
{
    store_cursor *c = ARENA_NEW(view->arena, store_cursor);
    *cursor = c;
    if (!c)
        return error_no_memory();
    c->view = view;
    c->arena = view->arena;
    c->space = space;
    c->reverse = reverse;
    c->from = from.ptr ? arena_str(view->arena, from) : (kt_str){0};
    c->to = to.ptr ? arena_str(view->arena, to) : (kt_str){0};
    if ((from.ptr && !c->from.ptr) || (to.ptr && !c->to.ptr))
        return error_no_memory();
    engine_code code = view->engine->ops->cursor(view->txn, space, view->arena, &c->engine);
    return code == ENGINE_OK ? NULL : engine_error(view->arena, code, "scanning");
}

static bool in_range(const store_cursor *c, kt_str key)
{
    return str_cmp(key, c->from) >= 0 && (!c->to.ptr || str_cmp(key, c->to) < 0);
}

/* A step forward only leaves the range at its end, a step back only at its beginning. */
static bool step_in_range(const store_cursor *c, kt_str key)
{
    return c->reverse ? !c->from.len || str_cmp(key, c->from) >= 0 : !c->to.ptr || str_cmp(key, c->to) < 0;
}

/* Brings the engine's next candidate into c->key. */
static void advance_engine(store_cursor *c)
{
    const engine_ops *ops = c->view->engine->ops;
    engine_code code;
    bool begun = c->begun;
    if (c->engine_done || c->key.ptr)
        return;
    if (begun)
        code = ops->step(c->engine, c->reverse, &c->key, &c->raw);
    else
        code = c->to.ptr && !c->to.len ? ENGINE_ABSENT /* nothing lies below the empty key */
               : c->reverse            ? ops->seek(c->engine, SEEK_BEFORE, c->to, &c->key, &c->raw)
                                       : ops->seek(c->engine, SEEK_AT_OR_AFTER, c->from, &c->key, &c->raw);
    c->begun = true;
    if (code == ENGINE_OK && (begun ? step_in_range(c, c->key) : in_range(c, c->key)))
        return;
    c->engine_done = true;
    c->key = (kt_str){0};
    if (code != ENGINE_OK && code != ENGINE_ABSENT)
        c->error = engine_error(c->arena, code, "scanning");
}

static void expect(store_cursor *c, const overlay_node *node)
{
    c->ahead = node && in_range(c, node->key) ? node : NULL;
    c->ahead_at = c->view->writes->changes;
    c->ahead_known = true;
}

static const overlay_node *overlay_candidate(store_cursor *c)
{
    const overlay *o = c->view->writes;
    kt_str last = {c->last, c->last_len};
    if (!o || !o->changes)
        return NULL;
    if (c->ahead_known && c->ahead_at == o->changes)
        return c->ahead;
    expect(c, c->reverse ? overlay_before(o, c->space, c->has_last ? last : c->to)
                         : overlay_at_or_after(o, c->space, c->has_last ? last : c->from, c->has_last));
    return c->ahead;
}

static void remember(store_cursor *c, kt_str key)
{
    if (!c->view->writes)
        return;
    memcpy(c->last, key.ptr, key.len);
    c->last_len = key.len;
    c->has_last = true;
}

bool store_next(store_cursor *c, kt_str *key, kt_str *value)
{
    while (c && !c->error) {
        advance_engine(c);
        if (c->error)
            return false;
        const overlay_node *node = overlay_candidate(c);
        if (!node && !c->key.ptr)
            return false;
        int order = !node ? 1 : !c->key.ptr ? -1 : str_cmp(node->key, c->key) * (c->reverse ? -1 : 1);
        if (order > 0) {
            *key = c->key;
            c->key = (kt_str){0};
            remember(c, *key);
            if (c->counts || frame_open(c->space, *key, c->raw, value))
                return true;
            c->error = damaged(c->arena, c->space, *key);
            return false;
        }
        if (order == 0)
            c->key = (kt_str){0}; /* the overlay's word counts */
        remember(c, node->key);
        expect(c, c->reverse ? overlay_previous(node) : overlay_next(node));
        if (node->state == OVERLAY_PUT) {
            *key = node->key;
            *value = word_of(node);
            return true;
        }
    }
    return false;
}

kt_error *store_scan_end(store_cursor *c)
{
    if (!c)
        return NULL;
    if (c->engine)
        c->view->engine->ops->cursor_end(c->engine);
    c->engine = NULL;
    return c->error;
}

/* The rest of a long range, whose next key is fetched: its last key is looked up once and then known by its address,
 * which is the same for every cursor of a snapshot. To compare each key with the end costs half as much as the step. */
static void count_rest(store_cursor *c, uint64_t most, uint64_t *count)
{
    const engine_ops *ops = c->view->engine->ops;
    engine_cursor *end = NULL;
    kt_str last = {0}, raw;
    engine_code code = ops->cursor(c->view->txn, c->space, c->arena, &end);
    if (code == ENGINE_OK)
        code = ops->seek(end, SEEK_BEFORE, c->to, &last, &raw);
    while (code == ENGINE_OK && ++*count < most && c->key.ptr != last.ptr)
        code = ops->step(c->engine, false, &c->key, &c->raw);
    if (end)
        ops->cursor_end(end);
    if (code != ENGINE_OK)
        c->error = engine_error(c->arena, code, "counting");
}

kt_error *store_count(
    store_view *view, store_space space, kt_str from, kt_str to, uint64_t most, uint64_t *count)
{
    enum { COMPARED = 256 };
    store_cursor *cursor;
    kt_str key, value;
    *count = 0;
    KT_TRY(store_scan(view, space, from, to, false, &cursor));
    cursor->counts = true;
    if (view->writes && view->writes->changes) {
        while (*count < most && store_next(cursor, &key, &value))
            ++*count;
        return store_scan_end(cursor);
    }
    for (advance_engine(cursor); cursor->key.ptr && *count < most; advance_engine(cursor)) {
        if (*count == COMPARED) {
            count_rest(cursor, most, count);
            break;
        }
        ++*count;
        cursor->key = (kt_str){0};
    }
    return store_scan_end(cursor);
}

/* ---- Writing ---- */

static kt_error *read_only(arena *arena)
{
    return error_make(
        arena, KT_STORAGE, NULL, "a write on a read-only view", "zapis w widoku tylko do odczytu");
}

static kt_error *may_write(const store_view *view, kt_str key)
{
    if (!view->writes)
        return read_only(view->arena);
    if (key.len == 0 || key.len > STORE_KEY_MAX)
        return bad_key(view->arena, key);
    /* what nobody commits, such as the past, may be larger */
    size_t most = view->borrowed_txn ? STORE_WRITES_MAX : 4 * STORE_WRITES_MAX;
    if (arena_used(view->writes->arena) - view->begun_at < most)
        return NULL;
    return kt_hint(error_make(view->arena, KT_LIMIT, NULL, "one transaction would write more than %zu MB",
                       "jedna transakcja zapisałaby ponad %zu MB", most >> 20),
        "Do it in several parts.", "Zrób to w kilku częściach.");
}

/* Puts a value into its frame and its node. */
static kt_error *set_value(store_view *view, overlay_node *node, kt_str value)
{
    char *raw = arena_bytes(view->writes->arena, value.len + FRAME_BYTES);
    if (!raw)
        return error_no_memory();
    if (value.len)
        memcpy(raw, value.ptr, value.len);
    frame_seal(node->space, node->hash, raw, value.len);
    return overlay_set(view->writes, node, (kt_str){raw, value.len + FRAME_BYTES}) ? NULL : error_no_memory();
}

kt_error *store_put(store_view *view, store_space space, kt_str key, kt_str value)
{
    KT_TRY(may_write(view, key));
    if (value.len > STORE_VALUE_MAX)
        return error_make(view->arena, KT_LIMIT, NULL, "a value of %zu bytes: at most %d are possible",
            "wartość ma %zu bajtów: możliwe jest najwyżej %d", value.len, STORE_VALUE_MAX);
    overlay_node *node = overlay_node_of(view->writes, space, key);
    return node ? set_value(view, node, value) : error_no_memory();
}

kt_error *store_delete(store_view *view, store_space space, kt_str key)
{
    KT_TRY(may_write(view, key));
    return overlay_write(view->writes, space, key, (kt_str){0}) ? NULL : error_no_memory();
}

/* What a key has now, whose node in the overlay it is. */
static kt_error *number_at(
    store_view *view, store_space space, kt_str key, const overlay_node *node, uint64_t *number)
{
    kt_str raw, value = word_of(node);
    *number = 0;
    if (node->state == OVERLAY_NOTHING) {
        KT_TRY(engine_get(view, space, key, &raw));
        KT_TRY(unframe(view, space, key, raw, &value));
    }
    if (value.len == sizeof *number)
        memcpy(number, value.ptr, sizeof *number);
    *number = be64toh(*number);
    return NULL;
}

kt_error *store_add(store_view *view, store_space space, kt_str key, int64_t change, uint64_t *number)
{
    *number = 0;
    KT_TRY(may_write(view, key));
    overlay_node *node = overlay_node_of(view->writes, space, key);
    if (!node)
        return error_no_memory();
    KT_TRY(number_at(view, space, key, node, number));
    *number += (uint64_t)change;
    const uint64_t bytes = htobe64(*number);
    if (*number)
        return set_value(view, node, (kt_str){(const char *)&bytes, sizeof bytes});
    return overlay_set(view->writes, node, (kt_str){0}) ? NULL : error_no_memory();
}

store_mark store_mark_set(store_view *view)
{
    return (store_mark){view->writes ? view->writes->undo_count : 0};
}

kt_error *store_mark_back(store_view *view, store_mark mark)
{
    if (!view->writes)
        return read_only(view->arena);
    overlay_back(view->writes, mark.mark);
    return NULL;
}

void store_mark_settle(store_view *view)
{
    if (view->writes && !view->borrowed_txn) /* a job of the writer's may yet fail */
        overlay_settle(view->writes);
}

void store_overlay_each(const store_view *view,
    void (*each)(void *context, store_space space, kt_str key, kt_str value), void *context)
{
    if (!view->writes)
        return;
    for (store_space space = STORE_DATA; space < STORE_SPACES; space++) {
        const overlay_node *node = overlay_at_or_after(view->writes, space, (kt_str){0}, false);
        for (; node; node = overlay_next(node))
            if (node->job == view->writes->job)
                each(context, space, node->key, word_of(node));
    }
}
