/* search.c -- words and parts of words over all entities.
 *
 * The rarest word of the question leads: its entries in the token index are candidates; each candidate's
 * record is read and all words are looked for in what the caller may see of it. So a hidden field finds
 * nothing, and ranking needs no statistics: whole words before beginnings before parts, titles first. If
 * whole words and beginnings find too little, the vocabulary is walked for words that contain the leading
 * one. Both walks are bounded in number and in time: search answers while people type. */
#include "query/search.h"

#include <stdlib.h>

#include "kit/clock.h"
#include "kit/text.h"

enum {
    LIMIT_DEFAULT = 20,
    LIMIT_MAX = 100,
    TEXT_MAX = 200,
    POSTINGS_MAX = 20000, /* candidates looked at */
    PROBE = 2000,         /* entries counted to find the rarest word */
    TIME_US = 15000,
    PARTS_TIME_US = 8000, /* for parts of words, where something was found already */
    PART_MIN = 3,         /* characters of a part of a word */
    HITS_FACTOR = 5,      /* hits ranked for each one answered */
    SCRATCH_BYTES = 8 << 20,
};

typedef struct {
    const model_entity *entity;
    uint64_t id;
    unsigned score;
    size_t place; /* of its entity, as wanted has it */
    kt_str title, number, matched;
} hit;

struct searching {
    kt_tx *tx;
    arena *scratch;
    int64_t deadline_us;
    size_t *
        wanted; /* by entity number: its place in the question, else in the catalogue, from 1; 0: not wanted */
    size_t wanted_count;
    search_words words;
    kt_str lead;
    query_table *seen;
    hit *hits;
    size_t hit_count, hit_max, postings;
};

/* ---- Which entities ---- */

static bool has_searchable(const model_entity *entity)
{
    for (size_t i = 0; i < entity->field_count; i++)
        if (entity->fields[i].searchable ||
            (entity->fields[i].lines && has_searchable(entity->fields[i].lines)))
            return true;
    return false;
}

static bool may_read(kt_tx *tx, const model_entity *entity)
{
    return !tx->guard || !tx->guard->entity || !tx->guard->entity(tx, entity, "read");
}

static kt_error *want_named(searching *s, const variant *names)
{
    kt_error *all = NULL;
    if (names->kind != VARIANT_ARRAY)
        return error_make(s->tx->arena, KT_VALIDATION, "entities", "expected an array of names, got %s%.0s",
            "oczekiwano tablicy nazw, jest: %.0s%s", VARIANT_KIND(names->kind));
    for (size_t i = 0; i < names->as.array.count; i++) {
        const variant *name = &names->as.array.items[i];
        const model_entity *entity = name->kind == VARIANT_STRING
                                         ? model_entity_find(s->tx->catalogue, name->as.string)
                                         : NULL;
        kt_str at = arena_format(s->tx->arena, "entities[%zu]", i);
        if (!at.ptr)
            return error_no_memory();
        if (!entity || entity->lines_only || !may_read(s->tx, entity))
            kt_also(&all, error_make(s->tx->arena, KT_VALIDATION, at.ptr, "there is no such entity to search",
                              "nie ma takiej encji do przeszukania"));
        else
            s->wanted[entity->number] = i + 1;
    }
    return all;
}

static kt_error *want(searching *s, const variant *names)
{
    size_t count = model_entity_count(s->tx->catalogue);
    for (size_t i = 0; i < count; i++) {
        size_t number = model_entity_at(s->tx->catalogue, i)->number;
        s->wanted_count = number >= s->wanted_count ? number + 1 : s->wanted_count;
    }
    s->wanted = ARENA_ARRAY(s->tx->arena, size_t, s->wanted_count + 1);
    if (!s->wanted)
        return error_no_memory();
    if (names && names->kind != VARIANT_NULL)
        return want_named(s, names);
    for (size_t i = 0; i < count; i++) {
        const model_entity *entity = model_entity_at(s->tx->catalogue, i);
        if (!entity->lines_only && has_searchable(entity) && may_read(s->tx, entity))
            s->wanted[entity->number] = i + 1;
    }
    return NULL;
}

/* ---- Hits ---- */

static int worse(const hit *a, const hit *b)
{
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    if (a->place != b->place) /* whom one deals with before what is kept of them: base comes before finance */
        return a->place < b->place ? -1 : 1;
    return (a->id < b->id) - (a->id > b->id); /* the newer first */
}

static kt_error *keep_hit(searching *s, const model_record *record, unsigned score, kt_str matched)
{
    const model_entity *entity = record->entity;
    hit *h = NULL;
    if (s->hit_count < s->hit_max)
        h = &s->hits[s->hit_count++];
    for (size_t i = 0; !h && i < s->hit_max; i++) /* in place of one that ranks lower */
        if (s->hits[i].score < score)
            h = &s->hits[i];
    if (!h)
        return NULL;
    *h = (hit){.entity = entity,
        .id = (uint64_t)record->values[MODEL_ID].as.i,
        .score = score,
        .place = s->wanted[entity->number]};
    const model_value *number = &record->values[MODEL_NUMBER];
    kt_str title = {0};
    if (!entity->title || path_field_visible(s->tx, entity->title, entity))
        title = model_title(s->tx, record);
    bool numbered = number->set && path_field_visible(s->tx, &entity->fields[MODEL_NUMBER], entity);
    h->title = title.ptr ? arena_str(s->tx->arena, title) : title;
    h->number = numbered ? arena_str(s->tx->arena, number->as.s) : (kt_str){0};
    h->matched = matched.ptr ? arena_str(s->tx->arena, matched) : matched;
    return NULL;
}

/* Looks at one record, once. whole: it is what was asked for by number or id: no words needed. */
static kt_error *consider(searching *s, const model_entity *entity, uint64_t id, const char *whole)
{
    struct {
        uint64_t id;
        uint64_t entity;
    } name = {id, entity->number};
    size_t at;
    bool added;
    KT_TRY(query_table_add(s->seen, (kt_str){(const char *)&name, sizeof name}, &at, &added));
    if (!added)
        return NULL;
    s->postings++;
    arena_reset(s->scratch);
    const model_record *record = NULL;
    unsigned score = 0;
    kt_str matched = whole ? str_of(whole) : (kt_str){0};
    kt_memory before = model_memory_in(s->tx, s->scratch);
    kt_error *error = path_follow_get(s->tx, NULL, entity, id, &record);
    if (!error && record && !whole)
        error = search_score(s->tx, record, &s->words, &score, &matched);
    error = model_memory_back(s->tx, before, error);
    if (error || !record || (!whole && !score))
        return error;
    return keep_hit(s, record, whole ? UINT32_MAX : score, matched);
}

static bool is_enough(const searching *s)
{
    return s->hit_count == s->hit_max || s->postings >= POSTINGS_MAX || clock_monotonic_us() > s->deadline_us;
}

/* ---- Walks ---- */

/* Entries of words in [from, to): 't' word, 00 01, entity, id. */
static kt_error *walk_tokens(searching *s, const key *from, const key *to)
{
    kt_str at, value;
    store_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(store_scan(s->tx->view, STORE_DATA, key_str(from), key_str(to), false, &cursor));
    while (!error && store_next(cursor, &at, &value)) {
        const uint8_t *tail = (const uint8_t *)at.ptr + at.len - 10;
        if (at.len < 13)
            continue;
        uint16_t number = (uint16_t)(tail[0] << 8 | tail[1]);
        if (number >= s->wanted_count || !s->wanted[number])
            continue;
        const model_entity *entity = model_entity_by_number(s->tx->catalogue, number);
        if (entity)
            error = consider(s, entity, key_last_u64(at), NULL);
        if (is_enough(s))
            break;
    }
    kt_error *ended = store_scan_end(cursor);
    return error ? error : ended;
}

static void token_range(kt_str word, key *from, key *to)
{
    size_t n = word.len < KEY_TEXT_MAX ? word.len : KEY_TEXT_MAX;
    key_open(from, KEY_TOKEN);
    memcpy(from->bytes + from->len, word.ptr, n);
    from->len += n;
    *to = *from;
    key_after(to);
}

static bool is_number(kt_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return true;
}

static kt_error *walk_parts(searching *s)
{
    key from, to;
    kt_str at, value;
    store_cursor *cursor;
    kt_error *error = NULL;
    unsigned seen = 0;
    key_open(&from, KEY_VOCABULARY);
    to = from;
    key_after(&to);
    if (is_number(s->lead)) { /* parts of numbers are in numbers */
        from.bytes[from.len++] = '0';
        to = from;
        to.bytes[to.len - 1] = '9' + 1;
    }
    KT_TRY(store_scan(s->tx->view, STORE_DATA, key_str(&from), key_str(&to), false, &cursor));
    while (!error && store_next(cursor, &at, &value)) {
        if ((++seen & 1023) == 0 && clock_monotonic_us() > s->deadline_us)
            break;
        kt_str word = {at.ptr + 1, at.len > 3 ? at.len - 3 : 0};
        if (word.len <= s->lead.len || str_starts(word, s->lead) ||
            !memmem(word.ptr, word.len, s->lead.ptr, s->lead.len))
            continue;
        key token, end;
        key_open(&token, KEY_TOKEN);
        key_bytes(&token, word);
        end = token;
        key_after(&end);
        error = walk_tokens(s, &token, &end);
        if (is_enough(s))
            break;
    }
    kt_error *ended = store_scan_end(cursor);
    return error ? error : ended;
}

/* The word with the fewest entries leads. */
static kt_error *choose_lead(searching *s)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < s->words.count; i++) {
        key from, to;
        uint64_t count;
        token_range(s->words.items[i], &from, &to);
        KT_TRY(store_count(s->tx->view, STORE_DATA, key_str(&from), key_str(&to), PROBE, &count));
        if (count < least || (count == least && s->words.items[i].len > s->lead.len)) {
            least = count;
            s->lead = s->words.items[i];
        }
    }
    return NULL;
}

/* A human number or an external id, as it stands. */
static kt_error *walk_names(searching *s, kt_str text)
{
    for (size_t i = 0; i < model_entity_count(s->tx->catalogue); i++) {
        const model_entity *entity = model_entity_at(s->tx->catalogue, i);
        if (entity->lines_only || !s->wanted[entity->number])
            continue;
        uint64_t id = 0;
        if (entity->number_pattern.ptr && path_field_visible(s->tx, &entity->fields[MODEL_NUMBER], entity)) {
            KT_TRY(model_find_number(s->tx, entity, text, &id));
            if (id)
                KT_TRY(consider(s, entity, id, "number"));
        }
        if (!path_field_visible(s->tx, &entity->fields[MODEL_EXTERNAL_ID], entity))
            continue;
        KT_TRY(model_find_external(s->tx, entity, text, &id));
        if (id)
            KT_TRY(consider(s, entity, id, "external_id"));
    }
    return NULL;
}

/* ---- The answer ---- */

static int compare_hits(const void *a, const void *b)
{
    return worse(a, b);
}

static void write_hits(searching *s, size_t limit, json *answer)
{
    if (s->hit_count)
        qsort(s->hits, s->hit_count, sizeof *s->hits, compare_hits);
    json_key(answer, "rows");
    json_array(answer);
    for (size_t i = 0; i < s->hit_count && i < limit; i++) {
        const hit *h = &s->hits[i];
        model_shown(s->tx, h->entity, h->id, "read");
        json_object(answer);
        json_member_str(answer, "entity", h->entity->name);
        json_member_int(answer, "id", (int64_t)h->id);
        json_member_str(answer, "title", h->title);
        if (h->number.ptr)
            json_member_str(answer, "number", h->number);
        json_member_str(answer, "matched", h->matched);
        json_object_end(answer);
    }
    json_array_end(answer);
}

static kt_error *search_open(searching *s, const variant *entities, uint32_t limit)
{
    KT_TRY(want(s, entities));
    KT_TRY(query_table_open(s->tx->arena, &s->seen));
    s->hit_max = (size_t)limit * HITS_FACTOR;
    s->hits = ARENA_ARRAY(s->tx->arena, hit, s->hit_max);
    s->scratch = arena_open(SCRATCH_BYTES);
    if (!s->hits || !s->scratch)
        return error_no_memory();
    s->deadline_us = clock_monotonic_us() + TIME_US;
    return NULL;
}

static kt_error *walk(searching *s, kt_str text, uint32_t limit)
{
    KT_TRY(walk_names(s, text));
    if (!s->words.count)
        return NULL;
    KT_TRY(choose_lead(s));
    key from, to;
    token_range(s->lead, &from, &to);
    KT_TRY(walk_tokens(s, &from, &to));
    if (s->hit_count < limit && text_chars(s->lead) >= PART_MIN) {
        int64_t soon = clock_monotonic_us() + PARTS_TIME_US;
        if (s->hit_count && soon < s->deadline_us)
            s->deadline_us = soon;
        KT_TRY(walk_parts(s));
    }
    return NULL;
}

kt_error *query_search(kt_tx *tx, kt_str text, const variant *entities, uint32_t limit, json *answer)
{
    searching s = {.tx = tx};
    limit = limit ? limit : LIMIT_DEFAULT;
    if (limit > LIMIT_MAX)
        return error_make(tx->arena, KT_VALIDATION, "limit", "%u hits exceed the %d allowed",
            "%u wyników przekracza dozwolone %d", limit, LIMIT_MAX);
    while (text.len && text.ptr[0] == ' ')
        text = (kt_str){text.ptr + 1, text.len - 1};
    while (text.len && text.ptr[text.len - 1] == ' ')
        text.len--;
    if (text.len > TEXT_MAX || !text_is_utf8(text))
        return error_make(tx->arena, KT_VALIDATION, "text", "expected up to %d bytes of text",
            "oczekiwano do %d bajtów tekstu", TEXT_MAX);
    KT_TRY(search_words_read(tx, text, &s.words));
    kt_error *error = search_open(&s, entities, limit);
    if (!error && text.len)
        error = walk(&s, text, limit);
    if (!error)
        write_hits(&s, limit, answer);
    arena_close(s.scratch);
    return error;
}
