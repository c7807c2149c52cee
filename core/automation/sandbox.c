/* sandbox.c -- the Lua that rules see. The process is the boundary; this keeps one rule from disturbing the
 * next and turns most attacks into errors before the deadline has to kill the worker.
 *
 * Nothing that a rule can reach outlives its run: the environment is fresh, all that lies below it is
 * read-only, and functions that could look behind a metatable do not exist. */
#include <lualib.h>

#include "automation/worker.h"
#include "kit/memory.h"

#define HOOK_STEPS  1000
#define REPEAT_MAX  ((lua_Integer)1 << 20) /* bytes that string.rep may make */
#define STACK_SLOTS 4000
#define MOVE_MAX    ((lua_Integer)1 << 20)
#define GC_PAUSE    1000 /* per cent: runs leave little, and marking the libraries is most of a collection */
#define BASE_KEY    "kontor.base"

/* ---- Memory and time ---- */

static void *allocate(void *context, void *old, size_t old_size, size_t new_size)
{
    worker *w = context;
    size_t before = old ? old_size : 0;
    if (new_size == 0) {
        w->heap -= before;
        memory_free(old);
        return NULL;
    }
    if (new_size > before && w->heap - before + new_size > WORKER_HEAP_MAX)
        return NULL;
    void *block = memory_grow(old, new_size);
    if (block)
        w->heap = w->heap - before + new_size;
    return block;
}

/* Once over the limit the hook comes at every instruction, so that no pcall can go on. */
static void count_steps(lua_State *L, lua_Debug *at)
{
    worker *w = worker_of(L);
    (void)at;
    if (w->steps <= w->steps_max) {
        w->steps += HOOK_STEPS;
        if (w->steps <= w->steps_max)
            return;
        lua_sethook(L, count_steps, LUA_MASKCOUNT, 1);
    }
    luaL_error(L, "the rule takes more than %I steps", (LUAI_UACINT)w->steps_max);
}

void sandbox_begin(worker *w, int64_t steps_max)
{
    w->steps = 0;
    w->steps_max = steps_max;
    lua_sethook(w->L, count_steps, LUA_MASKCOUNT, HOOK_STEPS);
}

void sandbox_widen(lua_State *L)
{
    luaL_checkstack(L, STACK_SLOTS, "no memory for the stack");
}

int64_t sandbox_steps(worker *w)
{
    return w->steps;
}

/* ---- Libraries ---- */

static int read_only(lua_State *L)
{
    return luaL_error(L, "the standard library cannot be changed");
}

/* A finaliser would run outside all limits. */
static int set_metatable(lua_State *L)
{
    static const char *const refused[] = {"__gc", "__close", "__metatable", "__mode", NULL};
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table");
    for (const char *const *name = refused; *name && lua_istable(L, 2); name++) {
        lua_pushstring(L, *name);
        if (lua_rawget(L, 2) != LUA_TNIL)
            return luaL_error(L, "%s is not allowed in a rule's metatable", *name);
        lua_pop(L, 1);
    }
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "cannot change a protected metatable");
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

static int string_rep(lua_State *L)
{
    size_t n, between;
    (void)luaL_checklstring(L, 1, &n);
    lua_Integer times = luaL_checkinteger(L, 2);
    (void)luaL_optlstring(L, 3, "", &between);
    if (times > 0 && (times > REPEAT_MAX || (lua_Integer)(n + between) > REPEAT_MAX / times))
        return luaL_error(L, "string.rep makes at most %d bytes", (int)REPEAT_MAX);
    lua_settop(L, 3);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 3, 1);
    return 1;
}

static int table_move(lua_State *L)
{
    lua_Integer from = luaL_checkinteger(L, 2), to = luaL_checkinteger(L, 3);
    if (to >= from && (from < -MOVE_MAX || to > MOVE_MAX || to - from > MOVE_MAX))
        return luaL_error(L, "table.move moves at most %d values", (int)MOVE_MAX);
    int count = lua_gettop(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, count, 1);
    return 1;
}

/* Insert and its kin trust __len, which may lie. */
static int table_plain(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (luaL_getmetafield(L, 1, "__len") != LUA_TNIL)
        return luaL_argerror(L, 1, "a table with __len");
    int count = lua_gettop(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, count, LUA_MULTRET);
    return lua_gettop(L);
}

/* Replaces field name of the table on top by a guard around it. */
static void guard(lua_State *L, const char *name, lua_CFunction guarded)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, guarded, 1);
    lua_setfield(L, -2, name);
}

static void forget(lua_State *L, const char *const *names)
{
    for (; *names; names++) {
        lua_pushnil(L);
        lua_setfield(L, -2, *names);
    }
}

/* Replaces the table on top by an empty one that shows it and cannot be changed. */
static void seal(lua_State *L)
{
    lua_newtable(L);
    lua_newtable(L);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, read_only);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_remove(L, -2);
}

static void open_library(lua_State *L, const char *name, lua_CFunction open, const char *const *without)
{
    luaL_requiref(L, name, open, 0);
    forget(L, without);
}

static void open_libraries(lua_State *L)
{
    static const char *const string[] = {"dump", NULL}, *const none[] = {NULL};
    static const char *const math[] = {"random", "randomseed", NULL}; /* a rule must replay */
    open_library(L, LUA_STRLIBNAME, luaopen_string, string);
    guard(L, "rep", string_rep);
    seal(L);
    lua_setfield(L, -2, LUA_STRLIBNAME);
    open_library(L, LUA_TABLIBNAME, luaopen_table, none);
    guard(L, "move", table_move);
    guard(L, "insert", table_plain);
    guard(L, "remove", table_plain);
    guard(L, "concat", table_plain);
    guard(L, "sort", table_plain);
    guard(L, "unpack", table_plain);
    seal(L);
    lua_setfield(L, -2, LUA_TABLIBNAME);
    open_library(L, LUA_MATHLIBNAME, luaopen_math, math);
    seal(L);
    lua_setfield(L, -2, LUA_MATHLIBNAME);
    open_library(L, LUA_UTF8LIBNAME, luaopen_utf8, none);
    seal(L);
    lua_setfield(L, -2, LUA_UTF8LIBNAME);
}

/* The base table: what every environment shows. */
static void open_base(lua_State *L)
{
    static const char *const base[] = {"assert", "error", "ipairs", "next", "pairs", "pcall", "rawequal",
        "rawget", "rawlen", "select", "tonumber", "tostring", "type", "xpcall", NULL};
    lua_newtable(L);
    luaL_requiref(L, LUA_GNAME, luaopen_base, 0);
    for (const char *const *name = base; *name; name++) {
        lua_getfield(L, -1, *name);
        lua_setfield(L, -3, *name);
    }
    lua_pop(L, 1);
    lua_pushcfunction(L, set_metatable);
    lua_setfield(L, -2, "setmetatable");
    open_libraries(L);
    luaL_setfuncs(L, rule_functions, 0);
    luaL_setfuncs(L, value_functions, 0);
    luaL_setfuncs(L, api_functions, 0);
    lua_newtable(L);
    luaL_setfuncs(L, json_functions, 0);
    seal(L);
    lua_setfield(L, -2, "json");
}

/* The metatable that all environments share. Protected: it raises errors for want of memory. */
static int open_all(lua_State *L)
{
    lua_gc(L, LUA_GCINC, GC_PAUSE, 0, 0);
    values_open(L);
    lua_newtable(L);
    open_base(L);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_setfield(L, LUA_REGISTRYINDEX, BASE_KEY);
    /* luaopen_base set it; nothing uses it. Never nil: lua_load reads this slot of the registry's array part,
     * which a rehash would cut off behind its last value. */
    lua_pushboolean(L, false);
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    return 0;
}

void sandbox_environment(lua_State *L)
{
    lua_newtable(L);
    lua_getfield(L, LUA_REGISTRYINDEX, BASE_KEY);
    lua_setmetatable(L, -2);
}

lua_State *sandbox_open(worker *w)
{
    lua_State *L = lua_newstate(allocate, w);
    if (!L)
        return NULL;
    *(worker **)lua_getextraspace(L) = w;
    w->L = L;
    lua_pushcfunction(L, open_all);
    if (lua_pcall(L, 0, 0, 0) == LUA_OK)
        return L;
    lua_close(L);
    return NULL;
}
