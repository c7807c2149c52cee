/* sort.c -- the order of rows, and cursors.
 *
 * An order is the order of keys: each field as in an index (text folded and cut, not set first), then the id.
 * So a scan of an index, a sort in memory and a cursor agree by construction. A cursor holds the key of the
 * row it stands at, not a position: rows that come and go elsewhere do not move it. */
#include "query/internal.h"

enum { CURSOR_FORMAT = 1, CURSOR_BACK = 1, CURSOR_INCLUSIVE = 2, CURSOR_VALUE_ONLY = 4, CURSOR_MAX = 700 };

/* ---- Reading a sort ---- */

static kt_error *read_field(
    kt_tx *tx, const model_entity *entity, kt_str name, const char *at, query_sort *sort, bool *ended)
{
    bool down = name.len > 0 && name.ptr[0] == '-';
    size_t skip = down || (name.len > 0 && name.ptr[0] == '+');
    name = (kt_str){name.ptr + skip, name.len - skip};
    if (sort->count == QUERY_SORT_MAX && !*ended)
        return error_make(tx->arena, KT_LIMIT, at, "more than %d fields to sort by",
            "więcej niż %d pól sortowania", QUERY_SORT_MAX);
    model_path path;
    KT_TRY(path_read(tx, entity, name, at, &path));
    KT_TRY(mask_refuse(tx, &path, NULL, at));
    const model_field *last = path_last(&path);
    if (path.many || last->type == KT_LINES || last->type == KT_REFS || last->type == KT_JSON)
        return error_make(
            tx->arena, KT_VALIDATION, at, "\"%.*s\" has no order", "\"%.*s\" nie ma porządku", STR_ARG(name));
    if (*ended) /* behind the id nothing matters any more */
        return NULL;
    sort->down = down;
    if (path.count == 1 && last->position == MODEL_ID) {
        *ended = sort->by_id = true;
        return NULL;
    }
    sort->by[sort->count].path = path;
    sort->by[sort->count++].down = down;
    return NULL;
}

static kt_error *read_text(
    kt_tx *tx, const model_entity *entity, kt_str text, const char *at, query_sort *sort, bool *ended)
{
    kt_error *all = NULL;
    for (size_t from = 0; from <= text.len;) {
        const char *comma = memchr(text.ptr + from, ',', text.len - from);
        size_t to = comma ? (size_t)(comma - text.ptr) : text.len;
        kt_str name = {text.ptr + from, to - from};
        while (name.len && name.ptr[0] == ' ')
            name = (kt_str){name.ptr + 1, name.len - 1};
        while (name.len && name.ptr[name.len - 1] == ' ')
            name.len--;
        kt_also(&all, read_field(tx, entity, name, at, sort, ended));
        from = to + 1;
    }
    return all;
}

kt_error *query_sort_read(kt_tx *tx, const model_entity *entity, const variant *from, query_sort *sort)
{
    bool ended = false;
    sort->count = 0; /* what stands behind it is not looked at */
    sort->of = entity;
    sort->down = sort->by_id = false;
    if (!from || from->kind == VARIANT_NULL)
        return NULL;
    if (from->kind == VARIANT_STRING)
        return from->as.string.len ? read_text(tx, entity, from->as.string, "sort", sort, &ended) : NULL;
    if (from->kind != VARIANT_ARRAY)
        return error_make(tx->arena, KT_VALIDATION, "sort", "expected \"-day,name\" or an array, got %s%.0s",
            "oczekiwano \"-day,name\" lub tablicy, jest: %.0s%s", VARIANT_KIND(from->kind));
    kt_error *all = NULL;
    for (size_t i = 0; i < from->as.array.count && i <= 2 * QUERY_SORT_MAX; i++) {
        const variant *item = &from->as.array.items[i];
        kt_str at = arena_format(tx->arena, "sort[%zu]", i);
        if (!at.ptr)
            return error_no_memory();
        if (item->kind == VARIANT_STRING)
            kt_also(&all, read_field(tx, entity, item->as.string, at.ptr, sort, &ended));
        else
            kt_also(&all, error_make(tx->arena, KT_VALIDATION, at.ptr, "expected a field's name, got %s%.0s",
                              "oczekiwano nazwy pola, jest: %.0s%s", VARIANT_KIND(item->kind)));
    }
    return all;
}

/* ---- Keys ---- */

kt_error *query_key_make(kt_tx *tx, path_follow *follow, const query_sort *sort, const model_record *record,
    key *room, query_key *made)
{
    room->len = 0;
    room->full = false;
    made->id = (uint64_t)record->values[MODEL_ID].as.i;
    for (size_t i = 0; i < sort->count; i++) {
        const model_value *value;
        KT_TRY(path_value(tx, follow, &sort->by[i].path, record, NULL, &value, NULL));
        key_value(room, path_last(&sort->by[i].path), value, false);
        made->end[i] = (uint16_t)room->len;
    }
    made->bytes = key_str(room);
    return room->full ? error_no_memory() : NULL;
}

int query_key_cmp(const query_sort *sort, const query_key *a, const query_key *b)
{
    for (size_t i = 0, from_a = 0, from_b = 0; i < sort->count; i++) {
        kt_str x = {a->bytes.ptr + from_a, a->end[i] - from_a};
        kt_str y = {b->bytes.ptr + from_b, b->end[i] - from_b};
        int c = str_cmp(x, y);
        if (c)
            return sort->by[i].down ? -c : c;
        from_a = a->end[i];
        from_b = b->end[i];
    }
    int c = (a->id > b->id) - (a->id < b->id);
    return sort->down ? -c : c;
}

/* ---- Cursors: format, flags, hash of the sort, id, ends of the fields, bytes, check; in base64url ---- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static uint32_t hash_bytes(uint32_t hash, const void *bytes, size_t n)
{
    const uint8_t *b = bytes;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ b[i]) * 16777619u; /* FNV-1a */
    return hash;
}

static uint32_t hash_field(uint32_t hash, kt_str name, bool down)
{
    return hash_bytes(hash_bytes(hash, name.ptr, name.len), down ? "-" : "+", 1);
}

/* What a cursor is bound to. */
static uint32_t hash_sort(const query_sort *sort)
{
    uint32_t hash = hash_bytes(2166136261u, sort->of->name.ptr, sort->of->name.len);
    for (size_t i = 0; i < sort->count; i++)
        hash = hash_field(hash, sort->by[i].path.name, sort->by[i].down);
    return sort->by_id ? hash_field(hash, sort->of->fields[MODEL_ID].name, sort->down) : hash;
}

static void put(uint8_t *out, size_t *len, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        out[(*len)++] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

static uint64_t take(const uint8_t *from, size_t *at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | from[(*at)++];
    return value;
}

void query_cursor_write(const query_sort *sort, const query_place *place, json *out)
{
    uint8_t raw[CURSOR_MAX];
    char text[CURSOR_MAX * 4 / 3 + 4];
    size_t len = 0, n = 0;
    put(raw, &len, CURSOR_FORMAT, 1);
    put(raw, &len,
        (place->back ? CURSOR_BACK : 0u) | (place->inclusive ? CURSOR_INCLUSIVE : 0u) |
            (place->value_only ? CURSOR_VALUE_ONLY : 0u),
        1);
    put(raw, &len, hash_sort(sort), 4);
    put(raw, &len, place->key.id, 8);
    for (size_t i = 0; i < sort->count; i++)
        put(raw, &len, place->key.end[i], 2);
    if (place->key.bytes.len)
        memcpy(raw + len, place->key.bytes.ptr, place->key.bytes.len);
    len += place->key.bytes.len;
    put(raw, &len, hash_bytes(2166136261u, raw, len), 4);
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        unsigned three = (unsigned)raw[i] << 16 | (left > 1 ? (unsigned)raw[i + 1] << 8 : 0u) |
                         (left > 2 ? raw[i + 2] : 0u);
        text[n++] = digits[three >> 18];
        text[n++] = digits[three >> 12 & 63];
        if (left > 1)
            text[n++] = digits[three >> 6 & 63];
        if (left > 2)
            text[n++] = digits[three & 63];
    }
    json_str(out, (kt_str){text, n});
}

/* Bytes of a base64url text, or SIZE_MAX. */
static size_t decode(kt_str text, uint8_t *out, size_t max)
{
    unsigned bits = 0, held = 0;
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *digit = text.ptr[i] ? strchr(digits, text.ptr[i]) : NULL;
        if (!digit || n == max)
            return SIZE_MAX;
        held = (held << 6 | (unsigned)(digit - digits)) & 0xffffu;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[n++] = (uint8_t)(held >> bits);
        }
    }
    return n;
}

static bool parse(const query_sort *sort, const uint8_t *raw, size_t len, query_place *place)
{
    size_t at = 0, head = 14 + 2 * sort->count;
    if (len < head + 4 || take(raw, &at, 1) != CURSOR_FORMAT)
        return false;
    size_t check_at = len - 4;
    if (take(raw, &check_at, 4) != hash_bytes(2166136261u, raw, len - 4))
        return false;
    uint64_t flags = take(raw, &at, 1);
    if (take(raw, &at, 4) != hash_sort(sort))
        return false;
    *place = (query_place){.set = true,
        .back = flags & CURSOR_BACK,
        .inclusive = flags & CURSOR_INCLUSIVE,
        .value_only = flags & CURSOR_VALUE_ONLY};
    place->key.id = take(raw, &at, 8);
    for (size_t i = 0; i < sort->count; i++) {
        place->key.end[i] = (uint16_t)take(raw, &at, 2);
        if (place->key.end[i] < (i ? place->key.end[i - 1] : 0))
            return false;
    }
    place->key.bytes = (kt_str){(const char *)raw + head, len - 4 - head};
    return (sort->count ? place->key.end[sort->count - 1] : 0) == place->key.bytes.len &&
           place->key.bytes.len <= STORE_KEY_MAX - 32;
}

kt_error *query_cursor_read(kt_tx *tx, const query_sort *sort, kt_str cursor, query_place *place)
{
    *place = (query_place){0};
    if (!cursor.len)
        return NULL;
    uint8_t *raw = arena_alloc(tx->arena, CURSOR_MAX);
    if (!raw)
        return error_no_memory();
    size_t len = decode(cursor, raw, CURSOR_MAX);
    if (len == SIZE_MAX || !parse(sort, raw, len, place))
        return kt_hint(error_make(tx->arena, KT_VALIDATION, "cursor", "not a cursor of this list and sort",
                           "to nie jest kursor tej listy i sortowania"),
            "Send \"next\" or \"prev\" of an answer as it is, with the same sort.",
            "Wyślij \"next\" lub \"prev\" z odpowiedzi bez zmian, z tym samym sortowaniem.");
    return NULL;
}
