#include "exchange/person.h"
#include "model/variant_test.h"

static const variant *call(house *h, kt_error *(*run)(method_call *call), const char *params)
{
    buffer out;
    buffer_open(&out, 100000);
    json answer = json_to(&out);
    method_call c = {.tx = h->tx, .arena = h->arena, .params = wire(h, params), .answer = &answer};
    assert_string_equal(said(run(&c)), "");
    const variant *read = wire(h, arena_str(h->arena, buffer_str(&out)).ptr);
    buffer_close(&out);
    return read;
}

static house with_person(void)
{
    house h = house_open();
    model_record record;
    assert_null(model_create(h.tx, house_entity(&h, "t.party"),
        wire(
            &h, "{'name': 'Nowak', 'pesel': '44051401359', 'contacts': [{'kind': 'phone', 'value': '600'}]}"),
        &record));
    assert_null(
        model_create(h.tx, house_entity(&h, "t.deal"), wire(&h, "{'title': 'Sale', 'party': 1}"), &record));
    assert_string_equal(
        said(model_create(h.tx, house_entity(&h, "t.note"),
            wire(&h, "{'text': 'calls often', 'about': {'entity': 't.party', 'id': 1}}"), &record)),
        "");
    return h;
}

static void an_export_has_the_record_and_all_that_points_to_it(void **state)
{
    (void)state;
    house h = with_person();
    const variant *all = call(&h, person_export, "{'entity': 't.party', 'id': 1}");
    assert_string_equal(variant_get_str(variant_get(all, "record"), "pesel").ptr, "44051401359");
    const variant *related = variant_get(all, "related");
    assert_int_equal(related->as.array.count, 2);
    assert_string_equal(variant_get_str(&related->as.array.items[0], "entity").ptr, "t.deal");
    assert_string_equal(variant_get_str(&related->as.array.items[1], "entity").ptr, "t.note");
    house_close(&h);
}

static void an_erasure_tells_which_fields_are_empty_now_and_what_is_left(void **state)
{
    (void)state;
    house h = with_person();
    const variant *done = call(&h, person_erase, "{'entity': 't.party', 'id': 1}");
    const variant *erased = variant_get(done, "erased");
    assert_int_equal(erased->as.array.count, 3);
    assert_string_equal(erased->as.array.items[2].as.string.ptr, "contacts.value");
    const variant *left = variant_get(done, "left");
    assert_int_equal(left->as.array.count, 2);
    for (size_t i = 0; i < 2; i++) {
        static const char *const entities[] = {"t.deal", "t.note"};
        assert_string_equal(variant_get_str(&left->as.array.items[i], "entity").ptr, entities[i]);
        assert_int_equal(variant_get(&left->as.array.items[i], "count")->as.integer, 1);
    }
    const variant *all = call(&h, person_export, "{'entity': 't.party', 'id': 1}");
    assert_int_equal(variant_get(variant_get(all, "record"), "pesel")->kind, VARIANT_NULL);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_export_has_the_record_and_all_that_points_to_it),
        cmocka_unit_test(an_erasure_tells_which_fields_are_empty_now_and_what_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
