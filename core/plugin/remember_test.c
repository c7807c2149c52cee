/* remember_test.c -- a disabled module's declaration comes back from the store as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kit/clock.h"
#include "plugin/loader.h"

static const kt_choice states[] = {
    {1, "open", {"Open", "Otwarta"}, "open"}, {2, "won", {"Won", "Wygrana"}, "won"}, {0}};
static const kt_field step_fields[] = {{.name = "text", .type = KT_TEXT, .label = {"Text", "Tekst"}}, {0}};
static const kt_shape step_shape = {NULL, 64, step_fields};
static const kt_field deal_fields[] = {{.name = "title",
                                           .type = KT_STRING,
                                           .label = {"Title", "Tytu\xc5\x82"},
                                           .required = true,
                                           .searchable = true,
                                           .max = 80},
    {.name = "amount",
        .type = KT_MONEY,
        .label = {"Amount", "Kwota"},
        .scale = 2,
        .indexed = true,
        .group = "money"},
    {.name = "party",
        .type = KT_REF,
        .label = {"Party", "Kontrahent"},
        .target = "base.party",
        .on_delete = KT_CASCADE},
    {.name = "state", .type = KT_STATE, .label = {"State", "Stan"}, .choices = states},
    {.name = "steps", .type = KT_LINES, .label = {"Steps", "Kroki"}, .lines = &step_shape}, {0}};
static const kt_shape deal_shape = {"crm.deal", 400, deal_fields};
static const kt_entity entities[] = {{.shape = &deal_shape,
                                         .label = {"Deal", "Szansa"},
                                         .title = "title",
                                         .indexes = "party state",
                                         .log_reads = true},
    {0}};
static const kt_module crm = {
    .name = "crm", .version = "1.2.0", .label = {"Sales", "Sprzeda\xc5\xbc"}, .entities = entities};

typedef struct {
    arena *arena;
    store *store;
    store_view *view;
} place;

static place place_open(void)
{
    place p = {.arena = arena_open((size_t)1 << 26)};
    assert_null(store_open(p.arena, "mem:", &(store_options){0}, &p.store));
    assert_null(store_read(p.store, p.arena, &p.view));
    assert_null(store_make_writable(p.view));
    return p;
}

static void place_close(place *p)
{
    store_end(p->view);
    store_close(p->store);
    arena_close(p->arena);
}

static void write_crm(place *p, bool enabled, const kt_module *declaration)
{
    remembered state = {.name = "crm", .enabled = enabled, .version = KT_STR("1.2.0"), .label = crm.label};
    assert_null(remembered_write(p->arena, p->view, &state, declaration));
}

static void a_declaration_returns_as_it_was(void **state)
{
    (void)state;
    place p = place_open();
    remembered found = {0};
    bool known = false;
    write_crm(&p, true, &crm);
    write_crm(&p, false, NULL);
    assert_null(remembered_find(p.arena, p.view, "crm", &found, &known));
    assert_true(known && !found.enabled);
    const kt_module *back = NULL;
    assert_null(remembered_module(p.arena, p.view, &found, &back));
    assert_string_equal(back->version, "1.2.0");
    const kt_entity *e = back->entities;
    assert_null(e[1].shape);
    assert_string_equal(e->shape->name, "crm.deal");
    assert_string_equal(e->indexes, "party state");
    assert_true(e->log_reads && !e->shared);
    const kt_field *f = e->shape->fields;
    for (size_t i = 0; deal_fields[i].type; i++) {
        assert_string_equal(f[i].name, deal_fields[i].name);
        assert_int_equal(f[i].type, deal_fields[i].type);
        assert_string_equal(f[i].label.pl, deal_fields[i].label.pl);
        assert_int_equal(f[i].scale, deal_fields[i].scale);
        assert_int_equal(f[i].required, deal_fields[i].required);
        assert_int_equal(f[i].on_delete, deal_fields[i].on_delete);
    }
    assert_int_equal(f[5].type, 0);
    assert_string_equal(f[3].choices[1].semantic, "won");
    assert_string_equal(f[4].lines->fields[0].name, "text");
    place_close(&p);
}

static void the_first_start_is_told_from_later_ones(void **state)
{
    (void)state;
    place p = place_open();
    remembered *all = NULL;
    size_t count = 9;
    bool first = false;
    assert_null(remembered_read(p.arena, p.view, &all, &count, &first));
    assert_true(first && count == 0);
    write_crm(&p, true, &crm);
    assert_null(generation_write(p.view, 1));
    assert_null(remembered_read(p.arena, p.view, &all, &count, &first));
    assert_true(!first && count == 1);
    assert_string_equal(all[0].name, "crm");
    assert_true(all[0].enabled);
    place_close(&p);
}

static void damaged_bytes_are_an_error(void **state)
{
    (void)state;
    place p = place_open();
    kt_str key = KT_STR("plugin/entity/crm/0000"), value = {0};
    remembered found = {.name = "crm"};
    write_crm(&p, true, &crm);
    assert_null(store_get(p.view, STORE_META, key, &value));
    value = arena_str(p.arena, value);
    random_seed(11);
    for (int i = 0; i < 2000; i++) {
        const kt_module *back = NULL;
        kt_str cut = {value.ptr, (size_t)random_below(value.len)};
        assert_null(store_put(p.view, STORE_META, key, cut));
        kt_error *e = remembered_module(p.arena, p.view, &found, &back);
        assert_non_null(e);
        char *flipped = arena_alloc(p.arena, value.len);
        assert_non_null(flipped);
        memcpy(flipped, value.ptr, value.len);
        flipped[random_below(value.len)] ^= (char)(1 << random_below(8));
        assert_null(store_put(p.view, STORE_META, key, (kt_str){flipped, value.len}));
        e = remembered_module(p.arena, p.view, &found, &back);
        (void)e; /* may still be sound */
    }
    random_seed(0);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_declaration_returns_as_it_was),
        cmocka_unit_test(the_first_start_is_told_from_later_ones),
        cmocka_unit_test(damaged_bytes_are_an_error)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
