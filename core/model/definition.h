/* definition.h -- entities and fields that an integrator defines at run time: as they came over the wire, as
 * they are stored, and as the rows that a module would have declared. */
#pragma once
#include "model/model.h"

typedef struct definition_row {
    kt_str key; /* under which it is stored, behind the prefix of its kind */
    const variant *definition;
    struct definition_row *next;
} definition_row;

/* A variant as bytes, and back. */
KT_MUST kt_error *definition_write(arena *arena, const variant *from, kt_str *bytes);
KT_MUST kt_error *definition_read(arena *arena, kt_str bytes, const variant **to);

/* Reads {name, type, label, ...} into a row; everything in the arena. Problems are under path. */
KT_MUST kt_error *definition_field(arena *arena, const variant *from, const char *path, kt_field *row);
/* Reads {name, label, fields, actions, ...}. */
KT_MUST kt_error *definition_entity(arena *arena, const variant *from, const char *path, kt_entity *entity);
