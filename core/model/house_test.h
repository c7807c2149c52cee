/* house_test.h -- what the tests of this room share: a small module, and a transaction over `mem:`. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kit/clock.h"
#include "model/internal.h"

/* ---- A house with parties, deals and tags ---- */

static const kt_choice deal_states[] = {{1, "open", {"Open", "Otwarta"}, "open"},
    {2, "won", {"Won", "Wygrana"}, "won"}, {3, "lost", {"Lost", "Przegrana"}, "lost"}, {0}};
static const kt_choice kinds[] = {
    {1, "person", {"Person", "Osoba"}, NULL}, {2, "firm", {"Firm", "Firma"}, NULL}, {0}};

#define ROW(n, t, ...)                                                                                       \
    {                                                                                                        \
        .name = n, .type = KT_##t, .label = {n, n}, __VA_ARGS__                                              \
    }
#define TABLE(...) ((const kt_field[]){__VA_ARGS__, {0}})

static const kt_shape contact_shape = {NULL, 8,
    TABLE(ROW("kind", STRING, .max = 20), ROW("value", STRING, .searchable = true, .personal = true),
        ROW("tag", REF, .target = "t.tag"), ROW("weight", QUANTITY, .scale = 1))};
static const kt_shape tag_shape = {
    "t.tag", 8, TABLE(ROW("name", STRING, .required = true, .unique = true), ROW("rank", INT))};
static const kt_shape party_shape = {"t.party", 8,
    TABLE(ROW("name", STRING, .required = true, .searchable = true, .indexed = true, .max = 80),
        ROW("kind", STATE, .choices = kinds, .initial = "firm", .indexed = true),
        ROW("pesel", STRING, .personal = true, .indexed = true), ROW("active", BOOL, .initial = "true"),
        ROW("birth", DATE, .personal = true), ROW("tags", REFS, .target = "t.tag", .on_delete = KT_CLEAR),
        ROW("parent", REF, .target = "t.party", .on_delete = KT_CLEAR, .seldom = true),
        ROW("contacts", LINES, .lines = &contact_shape), ROW("notes", TEXT, .searchable = true),
        ROW("attributes", JSON))};
static const kt_shape deal_shape = {"t.deal", 8,
    TABLE(ROW("title", STRING, .required = true, .searchable = true), ROW("party", REF, .target = "t.party"),
        ROW("amount", MONEY, .scale = 2, .indexed = true), ROW("weight", QUANTITY, .scale = 3),
        ROW("day", DATE, .initial = "today", .indexed = true), ROW("at", TIME, .initial = "now"),
        ROW("state", STATE, .choices = deal_states, .indexed = true), ROW("count", INT, .initial = "7"),
        ROW("code", STRING, .fixed = true), ROW("sum", MONEY, .scale = 2, .computed = true))};
static const kt_shape note_shape = {"t.note", 8,
    TABLE(ROW("text", TEXT, .required = true),
        ROW("about", REF, .target = "*", .on_delete = KT_CASCADE, .seldom = true))};
struct lose {
    kt_record rec;
    kt_str reason;
};
static const kt_shape win_shape = KT_SHAPE(
    lose, NULL, KT_FIELD(lose, reason, STRING, "Reason", "Powód", .required = true));

static const kt_action deal_actions[] = {
    {.name = "win", .label = {"Win", "Wygraj"}, .right = "update", .from = KT_IN(1), .to = 2},
    {.name = "lose",
        .label = {"Lose", "Przegraj"},
        .right = "lose",
        .from = KT_IN(1),
        .to = 3,
        .params = &win_shape},
    {0}};
static const kt_entity house_entities[] = {
    {.shape = &tag_shape, .label = {"Tag", "Etykieta"}, .title = "name", .shared = true},
    {.shape = &party_shape,
        .label = {"Party", "Kontrahent"},
        .title = "name",
        .indexes = "contacts.tag contacts.weight kind parent"},
    {.shape = &deal_shape,
        .label = {"Deal", "Szansa"},
        .title = "title",
        .number = "D/{year}/{seq:4}",
        .indexes = "party day, unique code party",
        .actions = deal_actions},
    {.shape = &note_shape, .label = {"Note", "Notatka"}}, {0}};
static const kt_module house_module = {
    .abi = KT_ABI, .name = "t", .version = "1.0.0", .label = {"Test", "Test"}, .entities = house_entities};

typedef struct {
    arena *arena;
    store *store;
    const model_catalogue *catalogue;
    kt_tx *tx;
} house;

static uint8_t house_master_key[32] = {1, 2, 3};

static const char *said(const kt_error *error)
{
    return error ? error_text(error) : "";
}

/* Builds the catalogue of modules over what the store holds. */
static const model_catalogue *house_build(arena *arena, store_view *view, const kt_module *const *modules)
{
    model_catalogue *catalogue;
    assert_string_equal(
        said(model_catalogue_build(
            arena, view, &(model_sources){.modules = modules, .master_key = house_master_key}, &catalogue)),
        "");
    return catalogue;
}

static house house_open_with(const kt_module *const *modules)
{
    house h = {.arena = arena_open((size_t)1 << 30)};
    clock_set((kt_time){1795435200000}); /* 2026-11-23T12:00:00Z */
    assert_non_null(h.arena);
    assert_string_equal(said(store_open(h.arena, "mem:", &(store_options){0}, &h.store)), "");
    h.tx = ARENA_NEW(h.arena, kt_tx);
    assert_string_equal(said(store_read(h.store, h.arena, &h.tx->view)), "");
    assert_string_equal(said(store_make_writable(h.tx->view)), "");
    h.catalogue = house_build(h.arena, h.tx->view, modules);
    h.tx->arena = h.arena;
    h.tx->catalogue = h.catalogue;
    h.tx->lang = "en";
    h.tx->user = 1;
    h.tx->company = 1;
    h.tx->now = clock_now();
    h.tx->master_key = house_master_key;
    h.tx->writes = true;
    return h;
}

static inline house house_open(void)
{
    return house_open_with((const kt_module *const[]){&house_module, NULL});
}

static inline void house_close(house *h)
{
    store_end(h->tx->view);
    store_close(h->store);
    model_catalogue_release(h->catalogue);
    arena_close(h->arena);
    clock_real();
}

static inline const model_entity *house_entity(const house *h, const char *name)
{
    const model_entity *entity = model_entity_find(h->catalogue, str_of(name));
    assert_non_null(entity);
    return entity;
}

static inline model_value *house_value(const model_record *record, const char *field)
{
    const model_field *f = model_field_find(record->entity, str_of(field));
    assert_non_null(f);
    return &record->values[f->position];
}
