/* Any bytes are a record or an error; a record that was read is written and read the same again. */
#include <assert.h>
#include <stdlib.h>

#include "model/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROW(n, t, ...)                                                                                       \
    {                                                                                                        \
        .name = n, .type = KT_##t, .label = {n, n}, __VA_ARGS__                                              \
    }
static const kt_field line_fields[] = {
    ROW("text", STRING, .personal = true), ROW("amount", MONEY, .scale = 2), {0}};
static const kt_shape line_shape = {NULL, 8, line_fields};
static const kt_choice choices[] = {{1, "a", {"A", "A"}, NULL}, {0}};
static const kt_field fields[] = {ROW("s", STRING, .searchable = true), ROW("t", TEXT), ROW("b", BOOL),
    ROW("i", INT), ROW("m", MONEY, .scale = 4), ROW("d", DATE), ROW("st", STATE, .choices = choices),
    ROW("r", REF, .target = "f.x"), ROW("any", REF, .target = "*"), ROW("rs", REFS, .target = "f.x"),
    ROW("l", LINES, .lines = &line_shape), ROW("j", JSON), ROW("p", STRING, .personal = true), {0}};
static const kt_shape shape = {"f.x", 8, fields};
static const kt_entity entities[] = {{.shape = &shape, .label = {"X", "X"}}, {0}};
static const kt_module module = {.abi = KT_ABI, .name = "f", .version = "1", .entities = entities};
static const uint8_t master_key[32] = {1};

static struct {
    arena *arena;
    store *store;
    kt_tx tx;
    const model_entity *entity;
} world;

static void open_world(void)
{
    world.arena = arena_open((size_t)1 << 28);
    model_catalogue *catalogue;
    if (!world.arena || store_open(world.arena, "mem:", &(store_options){0}, &world.store) ||
        store_read(world.store, world.arena, &world.tx.view) || store_make_writable(world.tx.view) ||
        model_catalogue_build(world.arena, world.tx.view,
            &(model_sources){.modules = (const kt_module *const[]){&module, NULL}}, &catalogue))
        abort();
    world.tx.catalogue = catalogue;
    world.tx.master_key = master_key;
    world.entity = model_entity_find(catalogue, KT_STR("f.x"));
}

static void assert_same(const model_record *a, const model_record *b)
{
    for (size_t i = 0; i < a->entity->field_count; i++)
        assert(model_value_equal(&a->entity->fields[i], &a->values[i], &b->values[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!world.store)
        open_world();
    world.tx.arena = arena_open((size_t)1 << 24);
    store_mark mark = store_mark_set(world.tx.view);
    model_record record = {0}, again = {0};
    kt_str bytes;
    if (!model_record_decode(&world.tx, world.entity, 1, (kt_str){(const char *)data, size}, &record) &&
        !model_record_encode(&world.tx, &record, &bytes)) {
        kt_error *error = model_record_decode(&world.tx, world.entity, 1, bytes, &again);
        assert(!error);
        assert_same(&record, &again);
    }
    if (store_mark_back(world.tx.view, mark))
        abort();
    arena_close(world.tx.arena);
    return 0;
}
