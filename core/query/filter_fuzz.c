/* Any bytes as a wire filter and sort: reading never fails but with an error, and what the planner counts is
 * what a look at every record counts. */
#include "model/variant_test.h"
#include "query/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DEALS = 12, DEPTH = 20 };

typedef struct {
    arena *arena;
    const uint8_t *at, *end;
} bytes;

static uint8_t next(bytes *b)
{
    return b->at < b->end ? *b->at++ : 0;
}

static kt_str next_text(bytes *b)
{
    static const char *const words[] = {"title", "amount", "party", "party.name", "party.contacts.kind",
        "state", "day", "id", "at", "count", "code", "number", "=", "!=", "<", ">=", "in", "not_in", "ilike",
        "like", "starts_with", "between", "is_null", "any", "or", "and", "not", "|", "!", "open",
        "2026-11-23", "today-3", "1.50", "Deal 3", "%e%", ">=amount", "party.tags", "mine"};
    uint8_t n = next(b);
    if (n < sizeof words / sizeof *words)
        return str_of(words[n]);
    size_t len = n % 24, left = (size_t)(b->end - b->at);
    len = len < left ? len : left;
    kt_str text = len ? arena_str(b->arena, (kt_str){(const char *)b->at, len}) : KT_STR("");
    b->at += len;
    return text;
}

static void next_variant(bytes *b, unsigned depth, variant *out)
{
    uint8_t kind = next(b);
    *out = (variant){.kind = (variant_kind)(kind % (VARIANT_OBJECT + 1))};
    size_t count = kind >> 5;
    switch (out->kind) {
    case VARIANT_NULL:
        break;
    case VARIANT_BOOL:
        out->as.boolean = kind >> 7;
        break;
    case VARIANT_INT:
        out->as.integer = (int8_t)next(b);
        break;
    case VARIANT_REAL:
    case VARIANT_STRING:
        out->as.string = next_text(b);
        break;
    case VARIANT_ARRAY: {
        variant *items = ARENA_ARRAY(b->arena, variant, count + 1);
        for (size_t i = 0; depth && i < count; i++)
            next_variant(b, depth - 1, &items[i]);
        out->as.array.items = items;
        out->as.array.count = depth ? count : 0;
        break;
    }
    case VARIANT_OBJECT: {
        variant_member *members = ARENA_ARRAY(b->arena, variant_member, count + 1);
        for (size_t i = 0; depth && i < count; i++) {
            variant *value = ARENA_NEW(b->arena, variant);
            members[i].name = next_text(b);
            next_variant(b, depth - 1, value);
            members[i].value = value;
        }
        out->as.object.members = members;
        out->as.object.count = depth ? count : 0;
        break;
    }
    }
}

static void fill(house *h)
{
    static const char *const states[] = {"open", "won", "lost"};
    house_put(h, "t.tag", 1, wire(h, "{'name': 'vip'}"));
    house_put(h, "t.party", 1, wire(h, "{'name': 'Acme', 'tags': [1], 'contacts': [{'kind': 'mail'}]}"));
    for (unsigned i = 1; i <= DEALS; i++)
        house_put(h, "t.deal", i,
            wire_format(h,
                "{'title': 'Deal %u', 'amount': '%u.50', 'state': '%s', 'party': %s, 'day': '2026-11-%02u',"
                "'code': 'C%u'}",
                i, i % 4, states[i % 3], i % 2 ? "1" : "null", 20 + i % 5, i));
}

static void compare(kt_tx *tx, const model_entity *deal, query_filter *filter, const variant *sort)
{
    uint64_t counted = 0, seen = 0;
    const query_request query = {.entity = deal, .filter = filter, .sort = sort};
    if (query_count(tx, &query, &counted))
        abort();
    for (uint64_t id = 1; id <= DEALS; id++) {
        model_record record;
        bool found, matches = false;
        if (model_load(tx, deal, id, &record, &found) || query_filter_matches(tx, filter, &record, &matches))
            abort();
        seen += matches;
    }
    if (seen != counted)
        abort();
    buffer out;
    buffer_open(&out, 1 << 20);
    json j = json_to(&out);
    kt_error *error = query_list(tx, &query, &j); /* the sort may be nonsense */
    if (error && error->first->kind != KT_VALIDATION && error->first->kind != KT_LIMIT)
        abort();
    buffer_close(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static house h;
    if (!h.arena) {
        h = house_open();
        fill(&h);
    }
    arena *own = arena_open(64 << 20);
    if (!own)
        return 0;
    bytes b = {own, data, data + size};
    variant from, sort;
    query_filter *filter;
    const model_entity *deal = house_entity(&h, "t.deal");
    h.tx->arena = own;
    next_variant(&b, DEPTH, &from);
    next_variant(&b, 2, &sort);
    kt_error *error = query_filter_read(h.tx, deal, &from, &filter);
    if (error)
        (void)error_text(error);
    else
        compare(h.tx, deal, filter, &sort);
    arena_close(own);
    h.tx->arena = h.arena;
    return 0;
}
