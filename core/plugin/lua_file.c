/* lua_file.c -- runs a Lua file that declares a module, in a bare state: no io, os, package, load or
 * patterns; a bounded heap and a bounded number of instructions. It runs once, at loading; nothing of the
 * state is kept. */
#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>

#include "kit/memory.h"
#include "plugin/lua_tables.h"

#define HOOK_STEPS 10000

typedef struct {
    lua_reading reading;
    size_t heap, steps;
    kt_str text;
    const char *name; /* "@visits.lua": as Lua names it in messages */
    const kt_module *module;
} running;

static void *allocate(void *context, void *old, size_t old_size, size_t new_size)
{
    running *run = context;
    size_t before = old ? old_size : 0;
    if (new_size == 0) {
        run->heap -= before;
        memory_free(old);
        return NULL;
    }
    if (run->heap - before + new_size > MODULE_LUA_HEAP_MAX)
        return NULL;
    void *block = memory_grow(old, new_size);
    if (block)
        run->heap = run->heap - before + new_size;
    return block;
}

static void count_steps(lua_State *L, lua_Debug *at)
{
    running *run = *(running **)lua_getextraspace(L);
    run->steps += HOOK_STEPS;
    if (run->steps <= MODULE_LUA_STEPS_MAX)
        return;
    lua_getinfo(L, "Sl", at);
    luaL_error(L, "%s:%d: more than %d instructions", at->short_src, at->currentline, MODULE_LUA_STEPS_MAX);
}

/* ---- What the file sees ---- */

static void mark_line(lua_State *L)
{
    lua_Debug at;
    if (lua_getstack(L, 1, &at) && lua_getinfo(L, "l", &at) && at.currentline > 0) {
        lua_pushinteger(L, at.currentline);
        lua_setfield(L, 1, LUA_MARK_LINE);
    }
}

static int field(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_setfield(L, 1, LUA_MARK_TYPE);
    mark_line(L);
    return 1;
}

static int module(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_pushboolean(L, true);
    lua_setfield(L, 1, LUA_MARK_IS);
    mark_line(L);
    return 1;
}

static void forget(lua_State *L, const char *table, const char *const *names)
{
    lua_getglobal(L, table);
    for (; *names; names++) {
        lua_pushnil(L);
        lua_setfield(L, -2, *names);
    }
    lua_pop(L, 1);
}

static void open_libraries(lua_State *L)
{
    static const luaL_Reg libraries[] = {{LUA_GNAME, luaopen_base}, {LUA_STRLIBNAME, luaopen_string},
        {LUA_TABLIBNAME, luaopen_table}, {LUA_MATHLIBNAME, luaopen_math}, {LUA_UTF8LIBNAME, luaopen_utf8},
        {0}};
    static const char *const base[] = {
        "dofile", "loadfile", "load", "require", "collectgarbage", "print", "warn", NULL};
    /* A pattern may take for ever in one instruction. */
    static const char *const string[] = {"dump", "find", "match", "gmatch", "gsub", "rep", NULL};
    static const char *const math[] = {"random", "randomseed", NULL};
    for (const luaL_Reg *l = libraries; l->name; l++) {
        luaL_requiref(L, l->name, l->func, 1);
        lua_pop(L, 1);
    }
    forget(L, LUA_GNAME, base);
    forget(L, LUA_STRLIBNAME, string);
    forget(L, LUA_MATHLIBNAME, math);
}

static void open_kontor(lua_State *L)
{
    lua_newtable(L);
    lua_newtable(L);
    for (const lua_type_row *t = lua_types; t->name; t++) {
        lua_pushinteger(L, t->type);
        lua_pushcclosure(L, field, 1);
        lua_setfield(L, -2, t->name);
    }
    lua_setfield(L, -2, "field");
    lua_pushcfunction(L, module);
    lua_setfield(L, -2, "module");
    lua_setglobal(L, "kontor");
}

/* ---- Running ---- */

/* Protected: an error of the file, of memory or of the limits leaves by lua_error. */
static int run_file(lua_State *L)
{
    running *run = lua_touserdata(L, 1);
    open_libraries(L);
    open_kontor(L);
    if (luaL_loadbufferx(L, run->text.ptr, run->text.len, run->name, "t"))
        return lua_error(L);
    lua_call(L, 0, 1);
    bool is_module = lua_istable(L, -1) && lua_getfield(L, -1, LUA_MARK_IS) == LUA_TBOOLEAN;
    if (!is_module) {
        lua_problem(&run->reading, 0, "returns no kontor.module {..}", "nie zwraca kontor.module {..}");
        return 0;
    }
    lua_pop(L, 1);
    run->module = lua_module_tables(&run->reading);
    return 0;
}

/* "visits.lua:7: text" -> line 7. */
static long line_in(const char *message)
{
    const char *colon = strchr(message, ':');
    long line = 0;
    for (const char *c = colon ? colon + 1 : ""; *c >= '0' && *c <= '9' && line < 1000000; c++)
        line = line * 10 + (*c - '0');
    return line;
}

static kt_error *run_all(running *run, lua_State *L)
{
    lua_reading *r = &run->reading;
    *(running **)lua_getextraspace(L) = run;
    r->L = L;
    lua_sethook(L, count_steps, LUA_MASKCOUNT, HOOK_STEPS);
    lua_pushcfunction(L, run_file);
    lua_pushlightuserdata(L, run);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
        const char *message = lua_tostring(L, -1);
        const char *kept = arena_str(r->arena, str_of(message ? message : "an error without a text")).ptr;
        lua_problem(r, kept ? line_in(kept) : 0, "%s", "%s", kept ? kept : "out of memory");
    }
    return r->all ? r->all : r->no_memory ? error_no_memory() : NULL;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

kt_error *lua_module_read(arena *arena, const char *file, const char *name, kt_str text, loaded **out)
{
    running run = {.reading = {.arena = arena, .file = file}, .text = text};
    run.name = arena_format(arena, "@%s", file_name(file)).ptr;
    *out = ARENA_NEW(arena, loaded);
    run.reading.own = arena_open(MODULE_TABLES_MAX);
    lua_State *L = run.reading.own && run.name && *out ? lua_newstate(allocate, &run) : NULL;
    kt_error *e = L ? run_all(&run, L) : error_no_memory();
    if (L)
        lua_close(L);
    if (!e)
        e = descriptor_check(arena, file, name, run.module);
    if (e) {
        arena_close(run.reading.own);
        return e;
    }
    **out = (loaded){.module = run.module, .kind = MODULE_LUA, .arena = run.reading.own};
    return NULL;
}

kt_error *lua_module_load(arena *arena, const char *path, const char *name, loaded **out)
{
    FILE *file = fopen(path, "re");
    char *bytes = arena_alloc(arena, MODULE_LUA_MAX + 1);
    kt_error *e = NULL;
    if (!bytes)
        e = error_no_memory();
    else if (!file)
        e = error_make(arena, KT_VALIDATION, path, "cannot be opened (error %d)",
            "nie da się otworzyć (błąd %d)", errno);
    size_t length = e ? 0 : fread(bytes, 1, MODULE_LUA_MAX + 1, file);
    if (!e && ferror(file))
        e = error_make(arena, KT_VALIDATION, path, "cannot be read", "nie da się odczytać");
    else if (!e && length > MODULE_LUA_MAX)
        e = error_make(
            arena, KT_LIMIT, path, "is larger than %d bytes", "jest większy niż %d bajtów", MODULE_LUA_MAX);
    if (file)
        fclose(file);
    return e ? e : lua_module_read(arena, path, name, (kt_str){bytes, length}, out);
}
