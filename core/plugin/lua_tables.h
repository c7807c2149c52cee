/* lua_tables.h -- from the table that a Lua file returns to the tables of kontor.h. Inside the room only. */
#pragma once
#include <lua.h>

#include "plugin/loader.h"

/* Members that the functions of kontor.field and kontor.module leave in their tables. */
#define LUA_MARK_TYPE "\1type" /* kt_type of a field */
#define LUA_MARK_LINE "\1line" /* where in the file it stands */
#define LUA_MARK_IS   "\1module"

typedef struct {
    lua_State *L;
    arena *arena; /* of the problems */
    arena *own;   /* of the tables made */
    const char *file;
    kt_error *all;
    bool no_memory;
} lua_reading;

typedef struct {
    const char *name; /* "string" in kontor.field.string */
    kt_type type;
} lua_type_row;
extern const lua_type_row lua_types[]; /* ended by {0} */

/* Adds a problem at this line of the file; 0: the file as a whole. */
KT_PRINTF(3, 5)
KT_PRINTF(4, 5) void lua_problem(lua_reading *r, long line, const char *en, const char *pl, ...);
/* Reads the module at the top of the stack. What is wrong is added to r->all. May raise Lua errors. */
const kt_module *lua_module_tables(lua_reading *r);
