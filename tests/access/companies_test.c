/* companies_test.c -- several companies in one database: their boundary stands before all grants. */
#include "office.h"

struct firm {
    kt_record rec;
    kt_str name, zone;
};
static const kt_shape firm_shape = KT_SHAPE(firm, "base.company",
    KT_FIELD(firm, name, STRING, "Name", "Nazwa", .required = true),
    KT_FIELD(firm, zone, STRING, "Zone", "Strefa"));
static const kt_shape party_shape = KT_SHAPE(
    firm, "base.party", KT_FIELD(firm, name, STRING, "Name", "Nazwa", .required = true));
static const kt_entity base_entities[] = {
    {&party_shape, {"Party", "Kontrahent"}, {"Parties", "Kontrahenci"}, .title = "name"},
    {&firm_shape, {"Company", "Firma"}, {"Companies", "Firmy"}, .title = "name", .shared = true}, {0}};
static const kt_module base_module = KT_MODULE(
    "base", "1.0.0", "Base", "Podstawa", .entities = base_entities);
static const kt_module *const modules[] = {&base_module, &office_module, NULL};

static kt_str hired(house *h, const char *name, const char *companies)
{
    static int64_t role;
    kt_str admin = house_token(h);
    if (strcmp(name, "ann") == 0)
        role = office_make(h, "access.role", "{\"name\":\"all\",\"grants\":\"*:*\"}");
    int64_t user = office_make(h, "access.user",
        text_of("{\"name\":\"%s\",\"roles\":[%d],\"companies\":%s}", name, (int)role, companies));
    (void)house_result(h, "access.password", "{\"user\":%d,\"new\":\"" OFFICE_PASSWORD "\"}", (int)user);
    kt_str token = house_login(h, name, OFFICE_PASSWORD);
    house_as(h, admin);
    return token;
}

static int64_t cases(house *h, kt_str token)
{
    house_as(h, token);
    int64_t listed = (int64_t)house_at(house_result(h, "office.case.list", "{}"), "rows")->as.array.count;
    assert_int_equal(house_result(h, "office.case.count", "{}")->as.integer, listed);
    return listed;
}

static void a_company_is_a_boundary_that_no_grant_crosses(void **state)
{
    (void)state;
    house *h = house_open(modules);
    kt_str admin = house_token(h);
    int64_t north = office_make(h, "base.company", "{\"name\":\"North\",\"zone\":\"Europe/Warsaw\"}");
    int64_t south = office_make(h, "base.company", "{\"name\":\"South\"}");
    kt_str ann = hired(h, "ann", text_of("[%d]", (int)north)),
           bob = hired(h, "bob", text_of("[%d,%d]", (int)north, (int)south));
    house_as(h, ann);
    int64_t of_north = office_make(h, "office.case", "{\"title\":\"north\"}");
    house_as(h, bob);
    assert_string_equal(house_refusal(h, "session.company", "{\"company\":77}"), "not_found");
    (void)house_result(h, "session.company", "{\"company\":%d}", (int)south);
    assert_int_equal(house_int(house_result(h, "session.whoami", "{}"), "company"), south);
    int64_t of_south = office_make(h, "office.case", "{\"title\":\"south\"}");
    assert_int_equal(cases(h, ann), 1);
    assert_int_equal(cases(h, bob), 1);
    assert_int_equal(cases(h, admin), 2);
    house_as(h, ann);
    assert_string_equal(house_refusal(h, "office.case.get", "{\"id\":%d}", (int)of_south), "not_found");
    assert_string_equal(house_refusal(h, "office.case.history", "{\"id\":%d}", (int)of_south), "not_found");
    assert_string_equal(house_refusal(h, "office.case.delete", "{\"id\":%d}", (int)of_south), "not_found");
    assert_string_equal(house_refusal(h, "session.company", "{\"company\":%d}", (int)south), "not_found");
    const variant *feed = house_result(
        h, "journal.since", "{\"seq\":0,\"filter\":{\"entities\":[\"office.case\"]}}");
    assert_int_equal(house_at(feed, "entries")->as.array.count, 1);
    house_as(h, bob);
    (void)house_result(h, "session.company", "{\"company\":null}");
    assert_null(house_refusal(h, "office.case.get", "{\"id\":%d}", (int)of_north));
    house_as(h, admin);
    const variant *why = house_result(h, "access.explain",
        "{\"user\":\"ann\",\"entity\":\"office.case\",\"id\":%d,\"action\":\"read\"}", (int)of_south);
    assert_string_equal(house_text(why, "missing"), "company");
    house_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_company_is_a_boundary_that_no_grant_crosses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
