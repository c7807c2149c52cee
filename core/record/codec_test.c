#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/dice.h"
#include "model/house_test.h"
#include "record/seal.h"

static uint64_t seed;

static kt_str random_text(house *h, size_t most)
{
    char text[200];
    size_t n = (size_t)random_below(most);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)(random_below(20) ? 'a' + (char)random_below(26) : ' ');
    return arena_str(h->arena, (kt_str){text, n});
}

static void fill_record(house *h, const model_entity *entity, model_record *record);

static void fill_lines(house *h, const model_field *field, model_value *value)
{
    size_t n = 1 + (size_t)random_below(4);
    value->as.lines.items = ARENA_ARRAY(h->arena, model_record, n);
    value->as.lines.count = n;
    for (size_t i = 0; i < n; i++)
        fill_record(h, field->lines, &value->as.lines.items[i]);
}

static void fill_value(house *h, const model_field *field, model_value *value)
{
    value->set = true;
    if (is_text(field->type))
        value->as.s = random_text(h, 100);
    else if (is_decimal(field->type))
        value->as.d = KT_DEC((int64_t)(random_below(UINT64_MAX) - UINT64_MAX / 2), field->scale);
    else if (field->type == KT_LINES)
        fill_lines(h, field, value);
    else if (field->type == KT_REFS) {
        size_t n = 1 + (size_t)random_below(5);
        uint64_t *ids = ARENA_ARRAY(h->arena, uint64_t, n);
        for (size_t i = 0; i < n; i++)
            ids[i] = random_below(UINT64_MAX >> random_below(60));
        value->as.refs.ids = ids;
        value->as.refs.count = n;
    } else if (is_any(field)) {
        value->as.any.entity = (uint16_t)random_below(65536);
        value->as.any.id = random_below(1 << 20);
    } else if (field->type == KT_BOOL)
        value->as.i = 1;
    else
        value->as.i = (int64_t)random_below(UINT64_MAX >> random_below(60));
}

static void fill_record(house *h, const model_entity *entity, model_record *record)
{
    assert_null(model_record_new(h->tx, entity, record));
    for (size_t i = entity->lines_only ? 0 : 1; i < entity->field_count; i++)
        if (random_below(3))
            fill_value(h, &entity->fields[i], &record->values[i]);
}

static void assert_same(const model_record *a, const model_record *b)
{
    for (size_t i = 0; i < a->entity->field_count; i++)
        if (!model_value_equal(&a->entity->fields[i], &a->values[i], &b->values[i]))
            fail_msg("%s differs, seed %llu", a->entity->fields[i].name.ptr, (unsigned long long)seed);
}

static void random_records_read_as_they_were_written(void **state)
{
    (void)state;
    house h = house_open();
    for (int i = 0; i < 2000; i++) {
        const model_entity *entity = model_entity_at(h.catalogue, (size_t)random_below(4));
        uint64_t id = 1 + random_below(1 << 20);
        model_record record, read = {0};
        fill_record(&h, entity, &record);
        record.values[MODEL_ID] = (model_value){.set = true, .as.i = (int64_t)id};
        kt_str bytes, again;
        assert_null(model_record_encode(h.tx, &record, &bytes));
        assert_null(model_record_decode(h.tx, entity, id, bytes, &read));
        assert_same(&record, &read);
        assert_int_equal(read.rest.len + read.sealed_rest.len, 0);
        assert_null(model_record_encode(h.tx, &read, &again));
        assert_true(str_eq(bytes, again)); /* also the sealed part */
    }
    house_close(&h);
}

static const kt_shape wider = {"t.deal", 8,
    TABLE(ROW("added", STRING), ROW("amount", MONEY, .scale = 4), ROW("title", TEXT),
        ROW("count", MONEY, .scale = 2), ROW("party", REFS, .target = "t.deal"))};

static void an_older_record_reads_under_a_newer_catalogue(void **state)
{
    (void)state;
    house h = house_open();
    const model_entity *deal = house_entity(&h, "t.deal");
    model_record record, read = {0};
    assert_null(model_record_new(h.tx, deal, &record));
    *house_value(&record, "title") = (model_value){.set = true, .as.s = KT_STR("Sale")};
    *house_value(&record, "amount") = (model_value){.set = true, .as.d = KT_DEC(1250, 2)};
    *house_value(&record, "count") = (model_value){.set = true, .as.i = 3};
    *house_value(&record, "party") = (model_value){.set = true, .as.i = 9};
    *house_value(&record, "code") = (model_value){.set = true, .as.s = KT_STR("gone")};
    kt_str bytes, again;
    assert_null(model_record_encode(h.tx, &record, &bytes));
    static const kt_entity entities[] = {{.shape = &wider, .label = {"D", "D"}}, {0}};
    static const kt_module next = {.abi = KT_ABI, .name = "t", .version = "2", .entities = entities};
    const model_catalogue *other = house_build(h.arena, h.tx->view, (const kt_module *const[]){&next, NULL});
    h.tx->catalogue = other;
    deal = model_entity_find(other, KT_STR("t.deal"));
    assert_null(model_record_decode(h.tx, deal, 5, bytes, &read));
    assert_false(house_value(&read, "added")->set);
    assert_int_equal(house_value(&read, "amount")->as.d.coef, 125000);
    assert_int_equal(house_value(&read, "count")->as.d.coef, 300);
    assert_string_equal(house_value(&read, "title")->as.s.ptr, "Sale");
    assert_int_equal(house_value(&read, "party")->as.refs.ids[0], 9);
    assert_true(read.rest.len > 0); /* the code, which is declared no more */
    assert_null(model_record_encode(h.tx, &read, &again));
    h.tx->catalogue = h.catalogue;
    model_record back = {0};
    assert_null(model_record_decode(h.tx, house_entity(&h, "t.deal"), 5, again, &back));
    assert_string_equal(house_value(&back, "code")->as.s.ptr, "gone");
    model_catalogue_release(other);
    house_close(&h);
}

static void cut_or_changed_bytes_are_an_error_or_a_record(void **state)
{
    (void)state;
    house h = house_open();
    const model_entity *party = house_entity(&h, "t.party");
    model_record record;
    fill_record(&h, party, &record);
    record.values[MODEL_ID] = (model_value){.set = true, .as.i = 4};
    kt_str bytes;
    assert_null(model_record_encode(h.tx, &record, &bytes));
    for (size_t i = 0; i < bytes.len; i++) {
        char *copy = malloc(bytes.len);
        memcpy(copy, bytes.ptr, bytes.len);
        copy[i] ^= (char)(1 + random_below(255));
        model_record read = {0};
        (void)!model_record_decode(h.tx, party, 4, (kt_str){copy, bytes.len}, &read);
        read = (model_record){0};
        char *cut = malloc(i + 1);
        memcpy(cut, bytes.ptr, i);
        (void)!model_record_decode(h.tx, party, 4, (kt_str){cut, i}, &read);
        free(copy);
        free(cut);
    }
    house_close(&h);
}

static void personal_fields_are_not_in_the_bytes(void **state)
{
    (void)state;
    house h = house_open();
    const model_entity *party = house_entity(&h, "t.party");
    model_record record, read = {0};
    assert_null(model_record_new(h.tx, party, &record));
    record.values[MODEL_ID] = (model_value){.set = true, .as.i = 4};
    *house_value(&record, "pesel") = (model_value){.set = true, .as.s = KT_STR("44051401359")};
    kt_str bytes;
    assert_null(model_record_encode(h.tx, &record, &bytes));
    assert_null(memmem(bytes.ptr, bytes.len, "44051401359", 11));
    assert_null(model_record_decode(h.tx, party, 4, bytes, &read));
    assert_string_equal(house_value(&read, "pesel")->as.s.ptr, "44051401359");
    /* nothing that was sealed a moment ago outlives its key */
    bool destroyed;
    kt_str after;
    assert_null(seal_destroy(h.tx, party, 4, &destroyed));
    assert_true(destroyed);
    assert_null(model_record_decode(h.tx, party, 4, bytes, &read));
    assert_true(read.erased);
    assert_false(house_value(&read, "pesel")->set);
    assert_null(model_record_encode(h.tx, &record, &after));
    assert_null(model_record_decode(h.tx, party, 4, bytes, &read));
    assert_true(read.erased);
    assert_null(model_record_decode(h.tx, party, 4, after, &read));
    assert_string_equal(house_value(&read, "pesel")->as.s.ptr, "44051401359");
    /* nor the memory in which it was */
    arena *passing = arena_open(1 << 20);
    kt_memory before = model_memory_in(h.tx, passing);
    assert_null(model_record_encode(h.tx, &record, &bytes));
    kt_str kept = arena_str(h.arena, bytes);
    assert_null(model_memory_back(h.tx, before, NULL));
    arena_close(passing);
    assert_null(model_record_decode(h.tx, party, 4, kept, &read));
    assert_string_equal(house_value(&read, "pesel")->as.s.ptr, "44051401359");
    bytes = kept;
    /* the sealed part belongs to its record */
    kt_error *error = model_record_decode(h.tx, party, 5, bytes, &read);
    assert_null(error);
    assert_false(house_value(&read, "pesel")->set);
    house_close(&h);
}

int main(void)
{
    seed = dice_seed();
    random_seed(seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_records_read_as_they_were_written),
        cmocka_unit_test(an_older_record_reads_under_a_newer_catalogue),
        cmocka_unit_test(cut_or_changed_bytes_are_an_error_or_a_record),
        cmocka_unit_test(personal_fields_are_not_in_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
