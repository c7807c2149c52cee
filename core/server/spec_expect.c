/* spec_expect.c -- see spec_expect.h. */
#include "server/spec_expect.h"

#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 256, DEPTH_MAX = 16 };

/* Where the first difference is, "lines.1.quantity", and in the registry what is there and what was expected. */
typedef struct {
    char path[PATH_BYTES];
} difference;

#define IS     "kontor.is"
#define WANTED "kontor.wanted"

/* A figure that an answer has as a text is expected by its value: expect(line.quantity, 7), or dec "2.5". */
static bool same_figure(lua_State *L, int actual, int expected)
{
    size_t n;
    kt_dec figure;
    if (lua_type(L, actual) != LUA_TSTRING ||
        (!lua_isinteger(L, expected) && !luaL_testudata(L, expected, LUA_DECIMAL)))
        return false;
    const char *text = lua_tolstring(L, actual, &n);
    return text_dec((kt_str){text, n}, &figure) && kt_dec_cmp(figure, check_dec(L, expected)) == 0;
}

static bool differs(lua_State *L, int actual, int expected, difference *d)
{
    d->path[0] = '\0';
    lua_pushvalue(L, actual);
    lua_setfield(L, LUA_REGISTRYINDEX, IS);
    lua_pushvalue(L, expected);
    lua_setfield(L, LUA_REGISTRYINDEX, WANTED);
    return false;
}

/* The difference is in the member whose key is at index. */
static void lies_in(lua_State *L, int key, difference *d)
{
    char path[PATH_BYTES];
    (void)snprintf(
        path, sizeof path, "%.90s%s%.160s", luaL_tolstring(L, key, NULL), d->path[0] ? "." : "", d->path);
    memcpy(d->path, path, sizeof path);
    lua_pop(L, 1);
}

static bool same(lua_State *L, int a, int b, int depth, difference *d)
{
    if (lua_type(L, a) != LUA_TTABLE || lua_type(L, b) != LUA_TTABLE || depth > DEPTH_MAX)
        return lua_compare(L, a, b, LUA_OPEQ) || same_figure(L, a, b) || differs(L, a, b, d);
    if (lua_rawlen(L, b) && lua_rawlen(L, a) != lua_rawlen(L, b))
        return differs(L, a, b, d);
    luaL_checkstack(L, 8, "too deep");
    for (lua_pushnil(L); lua_next(L, b); lua_pop(L, 2)) {
        const int value = lua_gettop(L);
        lua_pushvalue(L, value - 1);
        lua_gettable(L, a);
        if (!same(L, value + 1, value, depth + 1, d)) {
            lies_in(L, value - 1, d);
            lua_settop(L, value - 2);
            return false;
        }
    }
    return true;
}

static const char *shown(lua_State *L, const char *which)
{
    lua_getfield(L, LUA_REGISTRYINDEX, which);
    if (lua_istable(L, -1)) {
        lua_getfield(L, LUA_REGISTRYINDEX, "kontor.encode");
        lua_pushvalue(L, -2);
        if (lua_pcall(L, 1, 1, 0) == LUA_OK)
            return lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    return luaL_tolstring(L, -1, NULL);
}

int spec_expect(lua_State *L)
{
    difference d;
    lua_settop(L, 2);
    if (same(L, 1, 2, 0, &d))
        return 0;
    const char *is = shown(L, IS), *wanted = shown(L, WANTED);
    luaL_where(L, 1);
    lua_pushfstring(L, "%s%sis %s, expected %s", d.path, d.path[0] ? " " : "", is, wanted);
    lua_concat(L, 2);
    return lua_error(L);
}
