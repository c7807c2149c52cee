/* catalogue.c -- finding things in a compiled catalogue, and how long it lives. */
#include <stdlib.h>

#include "record/internal.h"

uint32_t name_hash(kt_str name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (uint8_t)name.ptr[i]) * 16777619u;
    return hash;
}

const model_catalogue *model_catalogue_hold(const model_catalogue *catalogue)
{
    /* The counter is the one mutable part. */
    atomic_fetch_add((_Atomic unsigned *)(uintptr_t)&catalogue->holders, 1u);
    return catalogue;
}

void model_catalogue_release(const model_catalogue *catalogue)
{
    if (catalogue && atomic_fetch_sub((_Atomic unsigned *)(uintptr_t)&catalogue->holders, 1u) == 1)
        arena_close(catalogue->arena);
}

const model_entity *model_entity_find(const model_catalogue *catalogue, kt_str name)
{
    if (!catalogue->name_slots)
        return NULL;
    size_t mask = catalogue->name_slots - 1;
    for (size_t i = name_hash(name) & mask; catalogue->by_name[i]; i = (i + 1) & mask) {
        const model_entity *entity = catalogue->entities[catalogue->by_name[i] - 1];
        if (str_eq(entity->name, name))
            return entity;
    }
    return NULL;
}

const model_entity *model_entity_by_number(const model_catalogue *catalogue, uint16_t number)
{
    return number < catalogue->number_count ? catalogue->by_number[number] : NULL;
}

size_t model_entity_count(const model_catalogue *catalogue)
{
    return catalogue->entity_count;
}

const model_entity *model_entity_at(const model_catalogue *catalogue, size_t i)
{
    return catalogue->entities[i];
}

const model_field *model_field_find(const model_entity *entity, kt_str name)
{
    const model_internals *internals = entity->internals;
    if (!internals->name_slots)
        return NULL;
    size_t mask = internals->name_slots - 1;
    for (size_t i = name_hash(name) & mask; internals->by_name[i] != NO_POSITION; i = (i + 1) & mask) {
        const model_field *field = &entity->fields[internals->by_name[i]];
        if (str_eq(field->name, name))
            return field;
    }
    return NULL;
}

const model_action *model_action_find(const model_entity *entity, kt_str name)
{
    for (size_t i = 0; i < entity->action_count; i++)
        if (str_eq(entity->actions[i].name, name))
            return &entity->actions[i];
    return NULL;
}

static int shape_order(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)((const struct shape_row *)a)->shape;
    uintptr_t y = (uintptr_t)((const struct shape_row *)b)->shape;
    return (x > y) - (x < y);
}

const model_entity *model_shape_entity(const model_catalogue *catalogue, const kt_shape *shape)
{
    if (shape->name)
        return model_entity_find(catalogue, str_of(shape->name));
    struct shape_row wanted = {.shape = shape};
    const struct shape_row *row = catalogue->shape_count
                                      ? bsearch(&wanted, catalogue->shapes, catalogue->shape_count,
                                            sizeof *catalogue->shapes, shape_order)
                                      : NULL;
    return row ? row->entity : NULL;
}

const void *model_service_find(const model_catalogue *catalogue, const char *name, unsigned version)
{
    for (const kt_module *const *module = catalogue->sources.modules; module && *module; module++)
        for (const kt_service *service = (*module)->services; service && service->name; service++)
            if (service->version == version && strcmp(service->name, name) == 0)
                return service->table;
    return NULL;
}

const model_referrer *model_any_referrers(const model_catalogue *catalogue, size_t *count)
{
    *count = catalogue->any_referrer_count;
    return catalogue->any_referrers;
}

const model_sources *model_catalogue_sources(const model_catalogue *catalogue)
{
    return &catalogue->sources;
}

struct shape_table *model_shapes(const model_catalogue *catalogue)
{
    return catalogue->bindings;
}

bool model_can_be_covered(const model_field *field)
{
    return field && !field->personal && !is_text(field->type) && !is_any(field) && field->type != KT_LINES &&
           field->type != KT_REFS && field->position != MODEL_ID;
}

bool model_is_legible(const model_index *index)
{
    size_t i = 0;
    while (i < index->count && model_can_be_covered(index->fields[i]))
        i++;
    return !index->unique && i == index->count;
}
