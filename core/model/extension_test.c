#include "model/variant_test.h"

/* A second module extends the first one's parties, hears of its deals and may be switched off. */

struct graded {
    kt_record rec;
    kt_str name, grade;
    kt_id adviser;
};
static const kt_shape graded_shape = KT_SHAPE(graded, "t.party", KT_BIND(graded, name, STRING, "name"),
    KT_FIELD(graded, grade, STRING, "Grade", "Ocena", .indexed = true, .searchable = true),
    KT_FIELD(graded, adviser, REF, "Adviser", "Doradca", .target = "x.adviser"));
struct adviser {
    kt_record rec;
    kt_str name;
};
static const kt_shape adviser_shape = KT_SHAPE(
    adviser, "x.adviser", KT_FIELD(adviser, name, STRING, "Name", "Nazwa", .required = true));
struct absent {
    kt_record rec;
    kt_str anything;
};
static const kt_shape absent_shape = KT_SHAPE(
    absent, "y.nobody", KT_BIND(absent, anything, STRING, "anything"));

static kt_error *grade_new(kt_tx *tx, const kt_event *event)
{
    struct graded g = *KT_SEE(graded, event->after);
    if (g.grade.len)
        return NULL;
    g.grade = KT_STR("fresh");
    return kt_update(tx, &g.rec);
}

static kt_error *never(kt_tx *tx, const kt_event *event)
{
    (void)event;
    return kt_fail(tx, KT_RULE, NULL, "never", "nigdy");
}

static const kt_entity entities[] = {
    {.shape = &adviser_shape, .label = {"Adviser", "Doradca"}, .title = "name"}, {0}};
static const kt_handler handlers[] = {
    {"t.party.created", &graded_shape, grade_new}, {"y.nobody.created", &absent_shape, never}, {0}};
static const kt_module extra = {.abi = KT_ABI,
    .name = "x",
    .version = "1.0.0",
    .label = {"Extra", "Dodatek"},
    .entities = entities,
    .handlers = handlers};

static void shout(void *context, const char *finding)
{
    (void)context;
    fail_msg("%s", finding);
}

static void rebuild(house *h, bool enabled)
{
    const model_catalogue *was = h->catalogue;
    model_catalogue *now;
    model_sources sources = {.modules = enabled ? (const kt_module *const[]){&house_module, &extra, NULL}
                                                : (const kt_module *const[]){&house_module, NULL},
        .disabled = enabled ? NULL : (const kt_module *const[]){&extra, NULL},
        .master_key = house_master_key};
    assert_string_equal(said(model_catalogue_build(h->arena, h->tx->view, &sources, &now)), "");
    h->catalogue = h->tx->catalogue = now;
    model_catalogue_release(was);
    assert_string_equal(said(model_check(h->tx, shout, NULL)), "");
}

static house with_party(void)
{
    house h = house_open_with((const kt_module *const[]){&house_module, &extra, NULL});
    model_record record;
    assert_string_equal(
        said(model_create(h.tx, house_entity(&h, "x.adviser"), wire(&h, "{'name': 'Ada'}"), &record)), "");
    assert_string_equal(said(model_create(h.tx, house_entity(&h, "t.party"),
                            wire(&h, "{'name': 'Nowak', 'adviser': 1}"), &record)),
        "");
    assert_string_equal(house_value(&record, "grade")->as.s.ptr, "fresh");
    return h;
}

static void a_module_extends_anothers_entity(void **state)
{
    (void)state;
    house h = with_party();
    const model_field *grade = model_field_find(house_entity(&h, "t.party"), KT_STR("grade"));
    assert_string_equal(grade->module.ptr, "x");
    assert_null(model_field_find(house_entity(&h, "t.party"), KT_STR("anything")));
    kt_error *error = model_delete(h.tx, house_entity(&h, "x.adviser"), 1, 0);
    assert_int_equal(error->first->kind, KT_CONFLICT);
    house_close(&h);
}

static void a_disabled_modules_data_stays_and_comes_back(void **state)
{
    (void)state;
    house h = with_party();
    model_record record;
    rebuild(&h, false);
    const model_entity *adviser = house_entity(&h, "x.adviser");
    assert_false(adviser->enabled);
    assert_null(model_read(h.tx, adviser, 1, &record));
    assert_string_equal(house_value(&record, "name")->as.s.ptr, "Ada");
    kt_error *error = model_create(h.tx, adviser, wire(&h, "{'name': 'Eve'}"), &record);
    assert_int_equal(error->first->kind, KT_UNAVAILABLE);
    assert_int_equal(model_delete(h.tx, adviser, 1, 0)->first->kind, KT_UNAVAILABLE);
    const model_entity *party = house_entity(&h, "t.party");
    assert_null(model_field_find(party, KT_STR("grade")));
    assert_null(model_update(h.tx, party, 1, 0, wire(&h, "{'name': 'Kowalska'}"), &record));
    assert_null(model_create(h.tx, party, wire(&h, "{'name': 'Other'}"), &record)); /* no handler now */
    rebuild(&h, true);
    party = house_entity(&h, "t.party");
    assert_null(model_read(h.tx, party, 1, &record));
    assert_string_equal(house_value(&record, "grade")->as.s.ptr, "fresh");
    assert_int_equal(house_value(&record, "adviser")->as.i, 1);
    assert_null(model_read(h.tx, party, 2, &record));
    assert_false(house_value(&record, "grade")->set);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_module_extends_anothers_entity),
        cmocka_unit_test(a_disabled_modules_data_stays_and_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
