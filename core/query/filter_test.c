/* What filters say, and how they are refused. */
#include "model/variant_test.h"
#include "query/internal.h"

static house h;

static int open_house(void **state)
{
    (void)state;
    h = house_open();
    house_put(&h, "t.tag", 1, wire(&h, "{'name': 'vip', 'rank': 5}"));
    house_put(&h, "t.tag", 2, wire(&h, "{'name': 'old'}"));
    house_put(&h, "t.party", 1,
        wire(&h, "{'name': 'Łódź Meble', 'kind': 'firm', 'active': true, 'tags': [1, 2],"
                 "'contacts': [{'kind': 'phone', 'value': '+48 601 234 567'},"
                 "{'kind': 'mail', 'value': 'biuro@meble.pl', 'tag': 1}]}"));
    house_put(&h, "t.party", 2, wire(&h, "{'name': '100% Wool', 'kind': 'firm', 'parent': 1}"));
    house_put(&h, "t.deal", 1,
        wire(&h, "{'title': 'Chairs', 'party': 1, 'amount': '1200.50', 'state': 'open',"
                 "'day': '2026-11-23', 'at': '2026-11-23T22:30:00Z', 'count': 3}"));
    house_put(
        &h, "t.deal", 2, wire(&h, "{'title': 'chairs', 'party': 2, 'state': 'won', 'day': '2026-11-30'}"));
    house_put(&h, "t.note", 1, wire(&h, "{'text': 'call', 'about': {'entity': 't.deal', 'id': 2}}"));
    return 0;
}

static int close_house(void **state)
{
    (void)state;
    house_close(&h);
    return 0;
}

static void conditions_mean_what_they_say(void **state)
{
    (void)state;
    static const struct {
        const char *entity, *filter;
        uint64_t id;
        bool matches;
    } cases[] = {
        {"t.deal", "[]", 1, true},
        {"t.deal", "null", 1, true},
        {"t.deal", "['title', '=', 'Chairs']", 1, true},
        {"t.deal", "['title', '=', 'chairs']", 1, false},
        {"t.deal", "[['title', 'ilike', 'CHAIRS']]", 1, true},
        {"t.deal", "[['title', 'like', 'chair']]", 1, false},
        {"t.deal", "[['title', 'like', '_hair_']]", 1, true},
        {"t.deal", "[['title', 'not_ilike', 'hair']]", 1, false},
        {"t.party", "[['name', 'ilike', 'lodz']]", 1, true},
        {"t.party", "[['name', 'starts_with', 'LOD']]", 1, true},
        {"t.party", "[['name', 'ilike', '100\\\\% wool']]", 2, true},
        {"t.party", "[['name', 'ilike', '1\\\\%']]", 2, false},
        {"t.party", "[['name', 'ilike', '%%l']]", 2, true},
        {"t.deal", "[['amount', '=', '1200.5']]", 1, true},
        {"t.deal", "[['amount', '>', 1200]]", 1, true},
        {"t.deal", "[['amount', '!=', '7.00']]", 2, true}, /* not set is not 7.00 */
        {"t.deal", "[['amount', '<', '7.00']]", 2, false},
        {"t.deal", "[['amount', 'is_null']]", 2, true},
        {"t.deal", "[['amount', '=', null]]", 2, true},
        {"t.deal", "[['amount', 'in', ['1', null]]]", 2, true},
        {"t.deal", "[['amount', 'in', []]]", 2, false},
        {"t.deal", "[['amount', 'not_in', ['1']]]", 2, true},
        {"t.deal", "[['state', '=', 'open'], ['day', '<', '2026-12-01']]", 1, true},
        {"t.deal", "[['or', ['state', '=', 'won'], ['day', '<', '2026-11-25']]]", 1, true},
        {"t.deal", "['not', ['state', '=', 'won']]", 1, true},
        {"t.deal", "['|', ['state', '=', 'won'], '!', ['count', '=', 3]]", 1, false},
        {"t.deal", "[['OR', [['state', '=', 'won']], [['count', '=', 3], ['title', '=', 'Chairs']]]]", 1,
            true},
        {"t.deal", "{'>=amount': '1000', 'state': 'open'}", 1, true},
        {"t.deal", "{'!state': 'open'}", 1, false},
        {"t.deal", "{'@state': ['open', 'won'], '><day': ['2026-11-01', '2026-11-25']}", 1, true},
        {"t.deal", "{'%title': 'hai', '0': {'LOGIC': 'OR', 'count': 3, 'state': 'lost'}}", 1, true},
        {"t.deal", "{'or': [['state', '=', 'won'], ['count', '=', 3]]}", 1, true},
        {"t.deal", "[['party.name', '=', 'Łódź Meble']]", 1, true},
        {"t.deal", "[['party.parent.name', 'ilike', 'meble']]", 2, true},
        {"t.deal", "[['party', 'ilike', 'meble']]", 1, true}, /* by the title it leads to */
        {"t.deal", "[['party', 'any', [['kind', '=', 'firm'], ['active', '=', true]]]]", 1, true},
        {"t.deal", "[['party.contacts.kind', '=', 'mail']]", 1, true},
        {"t.deal", "[['party.contacts.kind', '=', 'mail']]", 2, false},
        {"t.party", "[['contacts', 'any', [['kind', '=', 'phone'], ['value', 'ilike', 'meble']]]]", 1, false},
        {"t.party", "[['contacts', 'any', [['kind', '=', 'mail'], ['value', 'ilike', 'meble']]]]", 1, true},
        {"t.party", "[['contacts.tag.name', '=', 'vip']]", 1, true},
        {"t.party", "[['contacts', 'is_null', true]]", 2, true},
        {"t.party", "[['tags', '=', 2]]", 1, true},
        {"t.party", "[['tags', '=', 'vip']]", 1, true}, /* by its unique name */
        {"t.party", "[['tags.rank', '>', 4]]", 1, true},
        {"t.party", "[['tags', 'is_null', true]]", 2, true},
        {"t.party", "[['active', '=', false]]", 2, true},
        {"t.deal", "[['at', '=', '2026-11-23']]", 1, true}, /* the whole day */
        {"t.deal", "[['at', '<=', '2026-11-23']]", 1, true},
        {"t.deal", "[['at', '>', '2026-11-23']]", 1, false},
        {"t.deal", "[['at', 'between', ['2026-11-23', '2026-11-23']]]", 1, true},
        {"t.deal", "[['at', '<', '2026-11-23T22:30:00Z']]", 1, false},
        {"t.deal", "[['day', '=', 'today']]", 1, true},
        {"t.deal", "[['day', '>', 'today+6']]", 2, true},
        {"t.deal", "[['day', '>', 'today-1']]", 1, true},
        {"t.note", "[['about', '=', {'entity': 't.deal', 'id': 2}]]", 1, true},
        {"t.note", "[['about', '=', {'entity': 't.party', 'id': 2}]]", 1, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool found, matches = false;
        model_record record;
        const model_entity *entity = house_entity(&h, cases[i].entity);
        query_filter *filter = house_filter(&h, entity, cases[i].filter);
        assert_null(model_load(h.tx, entity, cases[i].id, &record, &found));
        assert_null(query_filter_matches(h.tx, filter, &record, &matches));
        if (matches != cases[i].matches)
            print_message("%s %s\n", cases[i].entity, cases[i].filter);
        assert_int_equal(matches, cases[i].matches);
    }
}

static void wrong_filters_name_every_problem_and_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *filter, *said;
    } cases[] = {
        {"[['amont', '=', '1'], ['state', '=', 'open'], ['count', '~', 1]]",
            "filter[0]: t.deal has no field \"amont\"; filter[2]: unknown operator \"~\""},
        {"[['state', '=', 'opn']]", "filter[0]: expected one of: open, won, lost, got \"opn\""},
        {"['or', ['count', '=', 'x'], ['day', '=', '2026-13-01']]",
            "filter[1]: expected an integer, got \"x\"; filter[2]: expected a date such as \"2026-11-23\", "
            "got "
            "\"2026-13-01\""},
        {"[['amount', '=', 12.5]]", "filter[0]: expected a decimal, got \"12.5\""},
        {"[['count', 'in', [1, 'a', 2, 'b']]]", "filter[0][2][1]: expected an integer, got \"a\"; "
                                                "filter[0][2][3]: expected an integer, got \"b\""},
        {"[['state', '<', 'open']]", "filter[0]: \"<\" cannot be used with \"state\""},
        {"[['count', 'ilike', '1']]", "filter[0]: \"ilike\" cannot be used with \"count\""},
        {"[['count', '<', null]]", "filter[0]: this operator needs a value"},
        {"[['count', '=', [1]]]", "filter[0]: expected one value, got an array"},
        {"[['count', 'between', [1]]]", "filter[0]: \"between\" needs an array of two values"},
        {"[['title.x', '=', 1]]", "filter[0]: \"title\" is no reference: nothing follows it"},
        {"{'>=amuont': '1', 'count': true}", "filter.>=amuont: t.deal has no field \"amuont\"; filter.count: "
                                             "expected an integer, got true or false"},
        {"['|', ['count', '=', 1]]", "filter: a condition is missing at the end"},
        {"['or']", "filter: \"or\" needs a condition"},
        {"[['count']]", "filter[0]: expected [field, operator, value], got 1 items"},
        {"'count'", "filter: expected a condition, got a string"},
        {"[['', '=', 1]]", "filter[0]: t.deal has no field \"\""},
        {"[['party..name', '=', 'x']]", "filter[0]: t.party has no field \"\""},
        {"[['party.parent.parent.parent.parent.parent.name', '=', 'x']]",
            "filter[0]: a path has at most 6 names"},
    };
    const model_entity *deal = house_entity(&h, "t.deal");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        query_filter *filter;
        kt_error *error = query_filter_read(h.tx, deal, wire(&h, cases[i].filter), &filter);
        assert_string_equal(said(error), cases[i].said);
    }
    query_filter *filter;
    kt_error *error = query_filter_read(h.tx, deal, wire(&h, "[['amont', '=', '1']]"), &filter);
    assert_string_equal(error->first->hint.en, "Did you mean \"amount\"?");
    error = query_filter_read(h.tx, deal, wire(&h, "[['state', '<', 'open']]"), &filter);
    assert_string_equal(error->first->hint.en, "It takes = != in not_in is_null.");
    error = query_filter_read(h.tx, deal, wire(&h, "[['amount', '=', 12.5]]"), &filter);
    assert_non_null(strstr(error->first->hint.en, "\"1234.50\""));
}

static void depth_and_size_are_limited(void **state)
{
    (void)state;
    query_filter *filter;
    char text[4000];
    size_t n = 0;
    for (size_t i = 0; i < 40; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "[");
    for (size_t i = 0; i < 40; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "]");
    kt_error *error = query_filter_read(h.tx, house_entity(&h, "t.deal"), wire(&h, text), &filter);
    assert_int_equal(error->first->kind, KT_LIMIT);
    variant one = *wire(&h, "['count', '=', 1]");
    variant *items = ARENA_ARRAY(h.arena, variant, 600);
    for (size_t i = 0; i < 600; i++)
        items[i] = one;
    variant many = {.kind = VARIANT_ARRAY, .as.array = {items, 600}};
    error = query_filter_read(h.tx, house_entity(&h, "t.deal"), &many, &filter);
    assert_int_equal(error->first->kind, KT_LIMIT);
}

static void patterns_match_in_little_time(void **state)
{
    (void)state;
    filter_pattern pattern;
    char text[2001];
    memset(text, 'a', 2000);
    text[2000] = 0;
    assert_null(
        filter_pattern_read(h.arena, KT_STR("%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%b"), false, &pattern));
    assert_false(filter_pattern_matches(&pattern, str_of(text)));
    assert_null(filter_pattern_read(h.arena, KT_STR("a_c%"), false, &pattern));
    assert_true(filter_pattern_matches(&pattern, KT_STR("ałc")));
    assert_false(filter_pattern_matches(&pattern, KT_STR("ac")));
}

/* ---- Rights ---- */

static bool hide_amount(kt_tx *tx, const model_field *field, const model_entity *entity, bool write)
{
    (void)tx;
    (void)write;
    (void)entity;
    return !str_is(field->name, "amount") && !str_is(field->name, "pesel") && !str_is(field->name, "value");
}

static void a_hidden_field_is_unknown_everywhere(void **state)
{
    (void)state;
    static const model_guard guard = {.field = hide_amount};
    const model_entity *deal = house_entity(&h, "t.deal");
    query_filter *filter;
    query_sort sort;
    h.tx->guard = &guard;
    assert_string_equal(said(query_filter_read(h.tx, deal, wire(&h, "[['amount', '>', 1]]"), &filter)),
        "filter[0]: t.deal has no field \"amount\"");
    kt_error *error = query_filter_read(h.tx, deal, wire(&h, "[['amont', '>', 1]]"), &filter);
    assert_null(error->first->hint.en); /* no hint that it exists */
    assert_string_equal(said(query_sort_read(h.tx, deal, wire(&h, "'-amount'"), &sort)),
        "sort: t.deal has no field \"amount\"");
    model_path *paths;
    size_t count;
    assert_string_equal(
        said(model_paths_resolve(h.tx, deal, wire(&h, "['title', 'amount']"), &paths, &count)),
        "fields[1]: t.deal has no field \"amount\"");
    query_request query = {.entity = deal};
    buffer out;
    buffer_open(&out, 1 << 16);
    json j = json_to(&out);
    assert_string_equal(
        said(query_aggregate(h.tx, &query, wire(&h, "['amount']"), wire(&h, "{'x': 'sum:amount'}"), &j)),
        "group[0]: t.deal has no field \"amount\"; measures.x: t.deal has no field \"amount\"");
    buffer_clear(&out);
    j = json_to(&out);
    json_object(&j);
    assert_null(query_list(h.tx, &query, &j));
    json_object_end(&j);
    assert_null(strstr(arena_str(h.arena, buffer_str(&out)).ptr, "amount"));
    buffer_clear(&out);
    j = json_to(&out);
    query.entity = house_entity(&h, "t.party");
    json_object(&j);
    assert_null(query_list(h.tx, &query, &j));
    json_object_end(&j);
    const char *text = arena_str(h.arena, buffer_str(&out)).ptr;
    assert_null(strstr(text, "+48")); /* a hidden field of lines */
    assert_non_null(strstr(text, "\"kind\":\"phone\""));
    buffer_clear(&out);
    j = json_to(&out);
    json_object(&j);
    assert_null(query_search(h.tx, KT_STR("601234567"), NULL, 0, &j));
    json_object_end(&j);
    assert_string_equal(arena_str(h.arena, buffer_str(&out)).ptr, "{\"rows\":[]}");
    buffer_close(&out);
    h.tx->guard = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_mean_what_they_say),
        cmocka_unit_test(wrong_filters_name_every_problem_and_its_place),
        cmocka_unit_test(depth_and_size_are_limited),
        cmocka_unit_test(patterns_match_in_little_time),
        cmocka_unit_test(a_hidden_field_is_unknown_everywhere),
    };
    return cmocka_run_group_tests(tests, open_house, close_house);
}
