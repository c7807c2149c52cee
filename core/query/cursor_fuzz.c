/* Any place in a list as a cursor, whole but for its check, which a client can make as well: what follows it is refused,
 * or rows of the list, none of them twice, and the pages come to an end. */
#include "kit/decode.h"
#include "model/variant_test.h"
#include "query/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DEALS = 12, PAGE = 3, SORTS = 8, KEY_BYTES_MAX = STORE_KEY_MAX - 32 };

static const char *const sorts[SORTS] = {"'amount'", "'-amount'", "'day,title'", "['party.name', '-code']",
    "'state'", "'id'", "'-id'", "['-day', 'amount', 'title']"};

typedef struct {
    house house;
    const variant *sorts[SORTS];
    query_request query;
    kt_str cursor;
} world;

static void fill(world *w)
{
    static const char *const states[] = {"open", "won", "lost"};
    house *h = &w->house;
    house_put(h, "t.party", 1, wire(h, "{'name': 'Acme'}"));
    for (unsigned i = 1; i <= DEALS; i++)
        house_put(h, "t.deal", i,
            wire_format(h,
                "{'title': 'Deal %u', 'amount': '%u.50', 'state': '%s', 'party': %s, 'day': '2026-11-%02u',"
                "'code': 'C%u'}",
                i, i % 4, states[i % 3], i % 2 ? "1" : "null", 20 + i % 5, i));
    for (size_t i = 0; i < SORTS; i++)
        w->sorts[i] = wire(h, sorts[i]);
}

/* The rest of data as a place: flags, id, a length for each field (or where it ends, which may be anywhere), then their
 * bytes. */
static query_place place_of(const query_sort *sort, const uint8_t *data, size_t size)
{
    query_place place = {.set = true, .back = data[0] & 1, .inclusive = data[0] & 2};
    size_t head = 2 + sort->count, left = size > head ? size - head : 0, end = 0;
    left = left < KEY_BYTES_MAX ? left : KEY_BYTES_MAX;
    place.key.id = data[1];
    for (size_t i = 0; left && i < sort->count; i++) {
        end += data[2 + i];
        end = end < left ? end : left;
        place.key.end[i] = (uint16_t)(data[0] & 4 ? data[2 + i] * 257u : end);
    }
    if (left)
        place.key.bytes = (kt_str){(const char *)data + head, data[0] & 4 ? left : end};
    return place;
}

/* A page; notes its rows. returns the place of the next, not set: there is none */
static kt_str turn(world *w, kt_str cursor, bool seen[DEALS + 1])
{
    buffer out;
    kt_tx *tx = w->house.tx;
    buffer_open(&out, 1 << 20);
    json j = json_to(&out);
    w->query.cursor = cursor;
    json_object(&j);
    kt_error *error = query_list(tx, &w->query, &j);
    json_object_end(&j);
    if (error && error->first->kind != KT_VALIDATION)
        abort();
    const variant *answer = NULL;
    if (!error &&
        decode_json(tx->arena, arena_str(tx->arena, buffer_str(&out)), &(decode_limits){64, 100000}, &answer))
        abort();
    buffer_close(&out);
    const variant *rows = answer ? variant_get(answer, "rows") : NULL;
    for (size_t i = 0; rows && i < rows->as.array.count; i++) {
        int64_t id = variant_get(&rows->as.array.items[i], "id")->as.integer;
        if (id < 1 || id > DEALS || seen[id])
            abort();
        seen[id] = true;
    }
    return answer ? variant_get_str(answer, "next") : (kt_str){0};
}

static void follow(world *w, kt_str cursor)
{
    bool seen[DEALS + 1] = {false};
    for (size_t pages = 0; cursor.len; pages++) {
        if (pages > DEALS)
            abort();
        cursor = turn(w, cursor, seen);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static world w;
    if (!w.house.arena) {
        w.house = house_open();
        fill(&w);
    }
    arena *own = size > 2 ? arena_open(64 << 20) : NULL;
    if (!own)
        return 0;
    query_sort sort;
    buffer text;
    w.house.tx->arena = own;
    w.query = (query_request){
        .entity = house_entity(&w.house, "t.deal"), .sort = w.sorts[data[0] >> 5], .limit = PAGE};
    if (query_sort_read(w.house.tx, w.query.entity, w.query.sort, &sort))
        abort();
    query_place place = place_of(&sort, data, size);
    buffer_open(&text, 4096);
    json j = json_to(&text);
    query_cursor_write(&sort, &place, &j);
    follow(&w, arena_str(own, (kt_str){text.ptr + 1, text.len - 2})); /* without its quotes */
    follow(&w, arena_str(own, (kt_str){(const char *)data, size}));
    buffer_close(&text);
    arena_close(own);
    w.house.tx->arena = w.house.arena;
    return 0;
}
