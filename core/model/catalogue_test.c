#include <stdlib.h>

#include "model/house_test.h"

static void declared_entities_are_found_by_name_and_number(void **state)
{
    (void)state;
    house h = house_open();
    const model_entity *deal = house_entity(&h, "t.deal");
    assert_ptr_equal(model_entity_by_number(h.catalogue, deal->number), deal);
    assert_int_equal(model_entity_count(h.catalogue), 4);
    assert_null(model_entity_find(h.catalogue, KT_STR("t.none")));
    assert_int_equal(model_field_find(deal, KT_STR("title"))->position, MODEL_OWN);
    assert_ptr_equal(model_field_find(deal, KT_STR("party"))->target, house_entity(&h, "t.party"));
    assert_ptr_equal(deal->title, model_field_find(deal, KT_STR("title")));
    assert_non_null(deal->state);
    assert_non_null(model_action_find(deal, KT_STR("win")));
    assert_ptr_equal(
        model_action_find(deal, KT_STR("lose"))->params, model_shape_entity(h.catalogue, &win_shape));
    const model_field *contacts = model_field_find(house_entity(&h, "t.party"), KT_STR("contacts"));
    assert_string_equal(contacts->lines->fields[0].name.ptr, "id");
    assert_true(house_entity(&h, "t.party")->has_personal);
    house_close(&h);
}

static void every_reference_has_an_index_and_its_referrers(void **state)
{
    (void)state;
    house h = house_open();
    const model_entity *party = house_entity(&h, "t.party");
    assert_int_equal(party->internals->referrer_count, 2);                     /* parent, a deal's party */
    assert_int_equal(house_entity(&h, "t.tag")->internals->referrer_count, 2); /* tags, contacts.tag */
    size_t any;
    (void)model_any_referrers(h.catalogue, &any);
    assert_int_equal(any, 1);
    house_close(&h);
}

static const kt_shape extra = {"t.extra", 8, TABLE(ROW("x", INT))};
static const kt_shape wider = {"t.deal", 8,
    TABLE(ROW("added", INT, .indexed = true), ROW("amount", MONEY, .scale = 4, .indexed = true),
        ROW("title", TEXT))};

static void numbers_stay_when_declarations_change(void **state)
{
    (void)state;
    house h = house_open();
    static const kt_entity entities[] = {
        {.shape = &extra, .label = {"E", "E"}}, {.shape = &wider, .label = {"D", "D"}}, {0}};
    static const kt_module next = {.abi = KT_ABI, .name = "t", .version = "2", .entities = entities};
    const model_catalogue *other = house_build(h.arena, h.tx->view, (const kt_module *const[]){&next, NULL});
    const model_entity *was = house_entity(&h, "t.deal"), *is = model_entity_find(other, KT_STR("t.deal"));
    assert_int_equal(was->number, is->number);
    assert_int_equal(
        model_field_find(was, KT_STR("amount"))->tag, model_field_find(is, KT_STR("amount"))->tag);
    uint16_t added = model_field_find(is, KT_STR("added"))->tag;
    for (size_t i = 0; i < was->field_count; i++)
        assert_int_not_equal(was->fields[i].tag, added);
    model_catalogue_release(other);
    house_close(&h);
}

static const kt_shape bad = {"t.bad", 8,
    TABLE({.name = "Upper", .type = KT_INT, .label = {"a", "a"}},
        {.name = "x", .type = KT_REF, .label = {"a", "a"}},
        {.name = "company", .type = KT_INT, .label = {"a", "a"}},
        {.name = "y", .type = KT_INT, .label = {"a", NULL}}, ROW("z", INT, .scale = 2), ROW("s", STATE),
        ROW("d", DATE, .initial = "tomorrow"), ROW("d", INT), ROW("t", TEXT, .indexed = true),
        ROW("r", REF, .target = "t.nowhere"))};

static void all_mistakes_of_a_declaration_are_told_at_once(void **state)
{
    (void)state;
    house h = house_open();
    static const kt_action actions[] = {{.name = "update", .label = {"a", "a"}}, {0}};
    static const kt_entity entities[] = {
        {.shape = &bad, .label = {"B", "B"}, .indexes = "nothing, x x", .title = "none", .actions = actions},
        {0}};
    static const kt_module module = {.abi = KT_ABI, .name = "t", .version = "2", .entities = entities};
    model_catalogue *made;
    kt_error *error = model_catalogue_build(
        h.arena, h.tx->view, &(model_sources){.modules = (const kt_module *const[]){&module, NULL}}, &made);
    assert_non_null(error);
    assert_null(made);
    assert_true(error->count >= 14);
    const char *wanted[] = {"t.bad.Upper", "t.bad.x", "t.bad.company", "t.bad.y", "t.bad.z", "t.bad.s",
        "tomorrow", "declared twice", "t.bad.t", "nothing", "title", "t.bad.update", "t.bad.r"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!strstr(error_text(error), wanted[i]))
            fail_msg("%s is not in: %s", wanted[i], error_text(error));
    house_close(&h);
}

static const kt_shape narrow = {
    "t.deal", 8, TABLE(ROW("amount", MONEY, .scale = 1), ROW("title", INT), ROW("count", MONEY, .scale = 2))};

static void a_field_cannot_become_narrower(void **state)
{
    (void)state;
    house h = house_open();
    static const kt_entity entities[] = {{.shape = &narrow, .label = {"D", "D"}}, {0}};
    static const kt_module module = {.abi = KT_ABI, .name = "t", .version = "2", .entities = entities};
    model_catalogue *made;
    kt_error *error = model_catalogue_build(
        h.arena, h.tx->view, &(model_sources){.modules = (const kt_module *const[]){&module, NULL}}, &made);
    assert_non_null(error);
    assert_int_equal(error->count, 2); /* an integer may become a decimal */
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(declared_entities_are_found_by_name_and_number),
        cmocka_unit_test(every_reference_has_an_index_and_its_referrers),
        cmocka_unit_test(numbers_stay_when_declarations_change),
        cmocka_unit_test(all_mistakes_of_a_declaration_are_told_at_once),
        cmocka_unit_test(a_field_cannot_become_narrower),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
