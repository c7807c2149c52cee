/* catalogue.c -- what the server says of an entity: types of fields, and the columns that people look at. */
#include <stdio.h>
#include <string.h>

#include "tool.h"

enum { COLUMNS_MAX = 8 };

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* What describe says of the entity; asked once. NULL: it is unknown or may not be seen. Borrowed */
static const json_t *entity_of(tool *t, const char *entity)
{
    if (!t->catalogue)
        t->catalogue = json_object();
    json_t *known = json_object_get(t->catalogue, entity), *answer;
    if (!known) {
        kontor_outcome outcome = kontor_client_call(
            t->client, "system.describe", json_pack("{s:[s]}", "entities", entity), &tool_reading, &answer);
        known = json_array_get(json_object_get(answer, "entities"), 0);
        json_object_set(t->catalogue, entity, outcome == KONTOR_OK && known ? known : json_null());
        json_decref(answer);
        known = json_object_get(t->catalogue, entity);
    }
    return json_is_object(known) ? known : NULL;
}

static const json_t *field_of(const json_t *entity, const char *name)
{
    const json_t *fields = json_object_get(entity, "fields"), *field = NULL;
    for (size_t i = 0; (field = json_array_get(fields, i)) && strcmp(text_of(field, "name"), name) != 0; i++)
        ;
    return field;
}

const char *catalogue_type(tool *t, const char *entity, const char *name)
{
    return text_of(field_of(entity_of(t, entity), name), "type");
}

/* A reference is shown as what people call its record: party becomes party.name. */
static void add_column(tool *t, json_t *columns, const json_t *entity, const char *name)
{
    const json_t *field = field_of(entity, name);
    const char *type = text_of(field, "type"), *target = text_of(field, "target");
    const char *title = type && target && strcmp(type, "ref") == 0 && strcmp(target, "*") != 0
                            ? text_of(entity_of(t, target), "title")
                            : NULL;
    json_array_append_new(columns, title ? json_sprintf("%s.%s", name, title) : json_string(name));
}

/* Fields by their priority, 1 first: entities without a list of their own are shown by these. */
static void add_by_priority(tool *t, json_t *columns, const json_t *entity)
{
    const json_t *fields = json_object_get(entity, "fields"), *field;
    for (json_int_t wanted = 1; wanted <= COLUMNS_MAX; wanted++)
        for (size_t i = 0; (field = json_array_get(fields, i)); i++)
            if (json_integer_value(json_object_get(field, "priority")) == wanted &&
                strcmp(text_of(field, "type"), "lines") != 0 && json_array_size(columns) < COLUMNS_MAX)
                add_column(t, columns, entity, text_of(field, "name"));
}

/* The first view that is a list; NULL: the entity declares none. */
static const json_t *list_view(const json_t *entity)
{
    const json_t *views = json_object_get(entity, "views"), *view = NULL;
    for (size_t i = 0; (view = json_array_get(views, i)) && strcmp(text_of(view, "kind"), "list") != 0; i++)
        ;
    return view;
}

json_t *catalogue_columns(tool *t, const char *name)
{
    const json_t *entity = entity_of(t, name), *column;
    const json_t *listed = json_object_get(list_view(entity), "columns");
    json_t *columns = json_pack("[s]", "id");
    for (size_t i = 0; (column = json_array_get(listed, i)); i++)
        if (strcmp(json_string_value(column), "id") != 0)
            add_column(t, columns, entity, json_string_value(column));
    if (json_array_size(columns) == 1)
        add_by_priority(t, columns, entity);
    if (json_array_size(columns) > 1)
        return columns;
    json_decref(columns);
    return NULL;
}
