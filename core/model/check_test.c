#include <sodium.h>
#include <stdio.h>

#include "kit/dice.h"
#include "model/entries.h"
#include "model/house_test.h"

static uint64_t seed;

static void shout(void *context, const char *finding)
{
    int *findings = context;
    ++*findings;
    print_message("%s\n", finding);
}

static void assert_sound(house *h)
{
    int findings = 0;
    assert_string_equal(said(model_check(h->tx, shout, &findings)), "");
    if (findings)
        fail_msg("seed %llu", (unsigned long long)seed);
}

static void hash_write(void *context, store_space space, kt_str name, kt_str value)
{
    crypto_generichash_update(context, (const uint8_t *)&space, sizeof space);
    crypto_generichash_update(context, (const uint8_t *)name.ptr, name.len);
    crypto_generichash_update(context, (const uint8_t *)(value.ptr ? "+" : "-"), 1);
    crypto_generichash_update(context, (const uint8_t *)value.ptr, value.len);
}

typedef struct {
    uint8_t bytes[16];
} digest;

static digest digest_of(house *h)
{
    digest d;
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof d.bytes);
    store_overlay_each(h->tx->view, hash_write, &state);
    crypto_generichash_final(&state, d.bytes, sizeof d.bytes);
    return d;
}

/* ---- Random records, now and then with something wrong ---- */

static const char *const names[] = {
    "Żółw", "Nowak", "Kowalska", "ACME Sp. z o.o.", "Łódź", "", "a b c d", "x\ny"};

static kt_str any_name(void)
{
    return str_of(names[random_below(sizeof names / sizeof *names)]);
}

static uint64_t any_id(void)
{
    return random_below(12);
}

static void random_value(house *h, const model_field *field, model_value *value);

static void random_lines(house *h, const model_field *field, model_value *value)
{
    size_t n = (size_t)random_below(4);
    value->as.lines.items = ARENA_ARRAY(h->arena, model_record, n);
    value->as.lines.count = n;
    for (size_t i = 0; i < n; i++) {
        assert_null(model_record_new(h->tx, field->lines, &value->as.lines.items[i]));
        for (size_t k = 1; k < field->lines->field_count; k++)
            random_value(h, &field->lines->fields[k], &value->as.lines.items[i].values[k]);
    }
}

static void random_refs(house *h, model_value *value)
{
    size_t n = (size_t)random_below(4);
    uint64_t *ids = ARENA_ARRAY(h->arena, uint64_t, n);
    for (size_t i = 0; i < n; i++)
        ids[i] = 1 + any_id();
    value->as.refs.ids = ids;
    value->as.refs.count = n;
}

static void random_value(house *h, const model_field *field, model_value *value)
{
    *value = (model_value){.set = random_below(4) != 0};
    if (!value->set)
        return;
    if (is_text(field->type))
        value->as.s = any_name();
    else if (is_decimal(field->type))
        value->as.d = KT_DEC((int64_t)random_below(1000) - 500, field->scale);
    else if (field->type == KT_LINES)
        random_lines(h, field, value);
    else if (field->type == KT_REFS)
        random_refs(h, value);
    else if (is_any(field)) {
        value->as.any.entity = model_entity_at(h->catalogue, (size_t)random_below(4))->number;
        value->as.any.id = 1 + any_id();
    } else if (field->type == KT_STATE)
        value->as.i = 1 + (int64_t)random_below(2);
    else
        value->as.i = (int64_t)any_id();
}

static kt_error *random_create(house *h, const model_entity *entity)
{
    model_record record;
    assert_null(model_record_new(h->tx, entity, &record));
    for (size_t i = MODEL_OWN; i < entity->field_count; i++)
        if (random_below(2))
            random_value(h, &entity->fields[i], &record.values[i]);
    if (!random_below(4))
        record.values[MODEL_EXTERNAL_ID] = (model_value){.set = true, .as.s = any_name()};
    return model_store_new(h->tx, &record);
}

static kt_error *random_update(house *h, const model_entity *entity, model_record *before)
{
    model_record after;
    assert_null(model_record_copy(h->tx, before, &after));
    for (int i = 0; i < 3; i++) {
        size_t at = MODEL_OWN + (size_t)random_below(entity->field_count - MODEL_OWN);
        random_value(h, &entity->fields[at], &after.values[at]);
    }
    return model_store_changed(h->tx, before, &after);
}

typedef struct {
    const model_entity *entity;
    uint64_t id;
    kt_str bytes;
} past;

static kt_error *random_step(house *h, past *kept)
{
    const model_entity *entity = model_entity_at(h->catalogue, (size_t)random_below(4));
    uint64_t id = 1 + any_id();
    model_record before;
    bool found;
    assert_null(model_load(h->tx, entity, id, &before, &found));
    switch (found ? random_below(8) : 0) {
    case 0:
        return random_create(h, entity);
    case 1:
        *kept = (past){entity, id, {0}};
        assert_null(model_load_bytes(h->tx, entity, id, &kept->bytes));
        return NULL;
    case 2:
        return model_store_gone(h->tx, &before);
    case 3:
        return entity->has_personal ? model_erase(h->tx, entity, id) : NULL;
    default:
        return random_update(h, entity, &before);
    }
}

static void every_step_leaves_all_invariants_and_a_refused_one_nothing(void **state)
{
    (void)state;
    house h = house_open();
    past kept = {0};
    int refused = 0;
    for (int i = 0; i < 1500; i++) {
        digest before = digest_of(&h);
        size_t changes = 0;
        for (const model_change *c = h.tx->changes; c; c = c->next)
            changes++;
        kt_error *error = random_step(&h, &kept);
        if (error && !h.tx->doomed) {
            digest after = digest_of(&h);
            refused++;
            if (memcmp(&before, &after, sizeof before) != 0)
                fail_msg(
                    "a refused step left something, seed %llu: %s", (unsigned long long)seed, said(error));
            for (const model_change *c = h.tx->changes; c; c = c->next)
                changes--;
            assert_int_equal(changes, 0);
        }
        assert_null(h.tx->doomed);
        if (i % 50 == 0)
            assert_sound(&h);
    }
    assert_true(refused > 100);
    assert_sound(&h);
    house_close(&h);
}

static void what_is_wrong_is_found(void **state)
{
    (void)state;
    house h = house_open();
    model_record party;
    assert_null(model_record_new(h.tx, house_entity(&h, "t.party"), &party));
    *house_value(&party, "name") = (model_value){.set = true, .as.s = KT_STR("Nowak")};
    assert_null(model_store_new(h.tx, &party));
    assert_sound(&h);
    key name;
    int findings;
    for (size_t i = 0; i < party.entity->index_count; i++) { /* each index entry, one by one */
        kt_str value;
        entries all;
        assert_null(entries_in(h.tx, &party.entity->indexes[i], &party, &all));
        if (!all.count)
            continue;
        assert_null(store_get(h.tx->view, STORE_DATA, all.items[0], &value));
        if (!value.ptr)
            continue;
        store_mark mark = store_mark_set(h.tx->view);
        assert_null(store_delete(h.tx->view, STORE_DATA, all.items[0]));
        findings = 0;
        assert_null(model_check(h.tx, shout, &findings));
        assert_int_equal(findings, 1);
        assert_null(store_mark_back(h.tx->view, mark));
    }
    key_record(&name, party.entity, 1);
    assert_null(store_delete(h.tx->view, STORE_DATA, key_str(&name)));
    findings = 0;
    assert_null(model_check(h.tx, shout, &findings));
    assert_true(findings > 3);
    house_close(&h);
}

static const kt_shape indexed_shape = {"t.deal", 8,
    TABLE(ROW("title", STRING, .required = true, .searchable = true, .indexed = true),
        ROW("party", REF, .target = "t.party"), ROW("amount", MONEY, .scale = 4, .indexed = true),
        ROW("count", INT, .initial = "7", .unique = false, .indexed = true),
        ROW("code", STRING, .searchable = true), ROW("state", STATE, .choices = deal_states))};
static const kt_entity indexed_entities[] = {
    {.shape = &tag_shape, .label = {"Tag", "Etykieta"}, .shared = true},
    {.shape = &party_shape, .label = {"P", "P"}},
    {.shape = &indexed_shape, .label = {"D", "D"}, .indexes = "title amount"},
    {.shape = &note_shape, .label = {"N", "N"}}, {0}};
static const kt_module indexed_module = {
    .abi = KT_ABI, .name = "t", .version = "2", .label = {"T", "T"}, .entities = indexed_entities};

static void a_new_index_is_filled_from_the_records_that_exist(void **state)
{
    (void)state;
    house h = house_open();
    for (int i = 0; i < 600; i++)
        (void)!random_create(&h, model_entity_at(h.catalogue, (size_t)random_below(4)));
    assert_sound(&h);
    const model_catalogue *was = h.catalogue;
    h.catalogue = h.tx->catalogue = house_build(
        h.arena, h.tx->view, (const kt_module *const[]){&indexed_module, NULL});
    assert_sound(&h);
    model_catalogue_release(was);
    house_close(&h);
}

/* Two findings in one error, as a module's audit has them. */
static kt_error *count_tags(kt_tx *tx)
{
    static const kt_field nothing[] = {{0}};
    static const kt_shape tags_shape = {"t.tag", sizeof(kt_record), nothing};
    uint64_t count;
    kt_error *all = NULL;
    KT_TRY(kt_count(tx, &(kt_query){.of = &tags_shape}, &count));
    for (uint64_t i = 0; i < count; i++)
        kt_also(&all, kt_fail(tx, KT_RULE, "tag", "there is tag %d", "jest etykieta %d", (int)i));
    return all;
}

static void what_modules_audit_is_checked_too(void **state)
{
    (void)state;
    kt_module audited = house_module;
    audited.audit = count_tags;
    house h = house_open_with((const kt_module *const[]){&audited, NULL});
    assert_sound(&h);
    for (int i = 0; i < 2; i++) {
        model_record tag;
        assert_null(model_record_new(h.tx, house_entity(&h, "t.tag"), &tag));
        *house_value(&tag, "name") = (model_value){.set = true, .as.s = i ? KT_STR("a") : KT_STR("b")};
        assert_null(model_store_new(h.tx, &tag));
    }
    int findings = 0;
    assert_null(model_check(h.tx, shout, &findings));
    assert_int_equal(findings, 2);
    house_close(&h);
}

/* Looks at every tag, which a call of a client's may not do for as long as it likes. */
static kt_error *walk_tags(kt_tx *tx)
{
    static const kt_field nothing[] = {{0}};
    static const kt_shape tags_shape = {"t.tag", sizeof(kt_record), nothing};
    const kt_query query = {.of = &tags_shape, .sort = "rank,id"};
    kt_found found;
    return kt_find(tx, &query, 0, &found);
}

static kt_error *give_up(kt_tx *tx)
{
    return kt_fail(tx, KT_LIMIT, NULL, "there is too much", "tego jest za dużo");
}

static void what_cannot_be_looked_at_is_no_finding(void **state)
{
    (void)state;
    enum { TAGS = 1100 }; /* the clock is looked at once in a thousand rows */
    kt_module walked = house_module, given_up = house_module;
    walked.audit = walk_tags;
    given_up.audit = give_up;
    house h = house_open_with((const kt_module *const[]){&walked, NULL});
    for (int i = 0; i < TAGS; i++) {
        model_record tag;
        assert_null(model_record_new(h.tx, house_entity(&h, "t.tag"), &tag));
        *house_value(&tag, "name") = (model_value){.set = true, .as.s = arena_format(h.arena, "T%d", i)};
        assert_null(model_store_new(h.tx, &tag));
    }
    h.tx->deadline_ms = 1; /* long past */
    int findings = 0;
    assert_non_null(walk_tags(h.tx));
    assert_string_equal(said(model_check(h.tx, shout, &findings)), "");
    assert_int_equal(findings, 0);
    house_close(&h);
    h = house_open_with((const kt_module *const[]){&given_up, NULL});
    assert_string_equal(said(model_check(h.tx, shout, &findings)), "there is too much");
    assert_int_equal(findings, 0);
    house_close(&h);
}

int main(void)
{
    seed = dice_seed();
    random_seed(seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_leaves_all_invariants_and_a_refused_one_nothing),
        cmocka_unit_test(what_is_wrong_is_found),
        cmocka_unit_test(a_new_index_is_filled_from_the_records_that_exist),
        cmocka_unit_test(what_modules_audit_is_checked_too),
        cmocka_unit_test(what_cannot_be_looked_at_is_no_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
