/* variant_test.h -- wire values in tests: JSON text, with ' allowed for ", into variants; and answers back.
 */
#pragma once
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/entries.h"
#include "model/house_test.h"

typedef struct {
    arena *arena;
    const char *at;
} variant_text;

static const variant *variant_parse(variant_text *t);

static char variant_peek(variant_text *t)
{
    while (isspace((unsigned char)*t->at))
        t->at++;
    return *t->at;
}

static kt_str variant_quoted(variant_text *t)
{
    char quote = *t->at++, text[4000];
    size_t n = 0;
    while (*t->at && *t->at != quote) {
        if (*t->at == '\\' && t->at[1])
            t->at++;
        assert_true(n < sizeof text);
        text[n++] = *t->at++;
    }
    assert_int_equal(*t->at, quote);
    t->at++;
    return arena_str(t->arena, (kt_str){text, n});
}

static void variant_items(variant_text *t, char end, variant *made)
{
    bool is_object = end == '}';
    size_t n = 0, room = 4, size = sizeof(variant);
    if (is_object)
        size = sizeof(variant_member);
    char *items = arena_alloc(t->arena, room * size);
    t->at++;
    while (variant_peek(t) != end) {
        variant_member member = {0};
        assert_true(*t->at);
        if (n == room) {
            char *grown = arena_alloc(t->arena, 2 * room * size);
            memcpy(grown, items, n * size);
            items = grown;
            room *= 2;
        }
        if (is_object) {
            member.name = variant_quoted(t);
            assert_int_equal(variant_peek(t), ':');
            t->at++;
        }
        member.value = variant_parse(t);
        const void *item = &member;
        if (!is_object)
            item = member.value;
        memcpy(items + n++ * size, item, size);
        if (variant_peek(t) == ',')
            t->at++;
    }
    t->at++;
    if (is_object) {
        made->as.object.members = (const variant_member *)(const void *)items;
        made->as.object.count = n;
    } else {
        made->as.array.items = (const variant *)(const void *)items;
        made->as.array.count = n;
    }
}

static bool variant_word(variant_text *t, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(t->at, word, n) != 0)
        return false;
    t->at += n;
    return true;
}

static const variant *variant_parse(variant_text *t)
{
    variant *made = ARENA_NEW(t->arena, variant);
    char c = variant_peek(t);
    if (c == '\'' || c == '"') {
        made->kind = VARIANT_STRING;
        made->as.string = variant_quoted(t);
    } else if (c == '[' || c == '{') {
        made->kind = c == '[' ? VARIANT_ARRAY : VARIANT_OBJECT;
        variant_items(t, c == '[' ? ']' : '}', made);
    } else if (variant_word(t, "true") || variant_word(t, "false")) {
        made->kind = VARIANT_BOOL;
        made->as.boolean = t->at[-2] == 'u';
    } else if (!variant_word(t, "null")) {
        size_t n = strspn(t->at, "+-0123456789.eE");
        assert_true(n > 0);
        kt_str text = arena_str(t->arena, (kt_str){t->at, n});
        t->at += n;
        if (strpbrk(text.ptr, ".eE")) {
            made->kind = VARIANT_REAL;
            made->as.string = text;
        } else {
            made->kind = VARIANT_INT;
            made->as.integer = strtoll(text.ptr, NULL, 10);
        }
    }
    return made;
}

/* The value of a JSON text. */
static inline const variant *wire(house *h, const char *text)
{
    variant_text t = {h->arena, text};
    const variant *made = variant_parse(&t);
    assert_int_equal(variant_peek(&t), 0);
    return made;
}

KT_PRINTF(2, 3) static inline const variant *wire_format(house *h, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    kt_str text = arena_vformat(h->arena, format, arguments);
    va_end(arguments);
    return wire(h, text.ptr);
}

/* Stores a record as the write path would, without asking anything: {..} of wire values; id, company,
 * number and external_id may be among them. */
static inline void house_put(house *h, const char *entity_name, uint64_t id, const variant *values)
{
    const model_entity *entity = house_entity(h, entity_name);
    model_record record;
    kt_str bytes;
    key at;
    assert_null(model_record_new(h->tx, entity, &record));
    record.values[MODEL_ID] = (model_value){.set = true, .as.i = (int64_t)id};
    record.values[MODEL_VERSION] = (model_value){.set = true, .as.i = 1};
    if (!entity->shared)
        record.values[MODEL_COMPANY] = (model_value){.set = true, .as.i = 1};
    for (size_t i = 0; i < values->as.object.count; i++) {
        const variant_member *member = &values->as.object.members[i];
        const model_field *field = model_field_find(entity, member->name);
        assert_non_null(field);
        assert_string_equal(said(query_value_read(h->tx, entity, field, member->value, member->name.ptr,
                                &record.values[field->position])),
            "");
        model_value *value = &record.values[field->position];
        for (size_t k = 0; field->lines && value->set && k < value->as.lines.count; k++)
            value->as.lines.items[k].values[MODEL_ID] = (model_value){.set = true, .as.i = (int64_t)k + 1};
    }
    assert_string_equal(said(model_record_encode(h->tx, &record, &bytes)), "");
    key_record(&at, entity, id);
    assert_null(store_put(h->tx->view, STORE_DATA, key_str(&at), bytes));
    assert_null(entries_write(h->tx, NULL, &record, NULL));
    assert_null(words_write(h->tx, NULL, &record, NULL));
}

static inline void house_remove(house *h, const char *entity_name, uint64_t id)
{
    const model_entity *entity = house_entity(h, entity_name);
    model_record record;
    bool found;
    key at;
    assert_null(model_load(h->tx, entity, id, &record, &found));
    assert_true(found);
    assert_null(entries_write(h->tx, &record, NULL, NULL));
    assert_null(words_write(h->tx, &record, NULL, NULL));
    key_record(&at, entity, id);
    assert_null(store_delete(h->tx->view, STORE_DATA, key_str(&at)));
}

static inline query_filter *house_filter(house *h, const model_entity *entity, const char *text)
{
    query_filter *filter;
    assert_string_equal(said(query_filter_read(h->tx, entity, wire(h, text), &filter)), "");
    return filter;
}

/* Runs a list and gives its answer as a value. */
static inline const variant *house_list(house *h, const query_request *query)
{
    buffer out;
    buffer_open(&out, 16 << 20);
    json j = json_to(&out);
    json_object(&j);
    assert_string_equal(said(query_list(h->tx, query, &j)), "");
    json_object_end(&j);
    kt_str text = arena_str(h->arena, buffer_str(&out));
    buffer_close(&out);
    return wire(h, text.ptr);
}
